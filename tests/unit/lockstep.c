/*
 * --lockstep finds an error of the translator: a loop runs compared, then one
 * byte of its host code is changed, so that a register or a store is wrong, and
 * the next run must die by SIGABRT with a report that names the place.
 */
#include "insn/machine.h" /* before headers whose macros would break abi/structs.h */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "engine/jit/jit.h"

static struct cpu *const cpu = &machine_cpu;

static const uint32_t code[] = {
    0xd2800000, /* mov x0, #0 */
    0xd2800141, /* mov x1, #10 */
    0x8b010000, /* loop: add x0, x0, x1 */
    0xf9000040, /* str x0, [x2] */
    0xf1000421, /* subs x1, x1, #1 */
    0x54ffffa1, /* b.ne loop */
    0x91001403, /* add x3, x0, #5 */
    INSN_BRK,
};

static void run_loop(void)
{
    struct trap trap;

    cpu->pc = INSN_CODE;
    cpu->x[2] = INSN_DATA;
    do
        engine_jit.run(cpu, &trap);
    while (trap.kind == TRAP_INTERRUPT);
    if (trap.kind != TRAP_BREAKPOINT || cpu->x[3] != 60 || *(uint64_t *)INSN_DATA != 55)
        _exit(3);
}

/* In a process of its own: the loop, then once more with the bytes `from` of its code changed to `to`. */
static void child(int log, const uint8_t *from, const uint8_t *to, size_t bytes)
{
    static const struct engine_names names;
    const struct engine_options options = {.lockstep = true, .names = &names};

    log_to(log);
    if (engine_jit.process_init(&options) < 0)
        _exit(77);
    machine_init("max", 0);
    engine_interp.thread_exit(cpu);
    if (engine_jit.thread_init(cpu) < 0)
        _exit(2);
    cpu->engine = &engine_jit;
    engine_jit.map(gva_of(INSN_CODE_BASE), MACHINE_CODE_BYTES, LINUX_PROT_READ | LINUX_PROT_EXEC);
    memcpy((void *)INSN_CODE, code, sizeof(code));
    host_fault_set_hook(NULL);
    run_loop();
    if (to) {
        uint8_t *at =
            memmem(jit.first_region, (size_t)(jit.emit.p - jit.first_region), from, bytes);

        if (!at)
            _exit(4);
        memcpy(at, to, bytes);
    }
    run_loop();
    _exit(0);
}

/* The wait status of such a process, and what it wrote to its log. */
static int outcome(const uint8_t *from, const uint8_t *to, size_t bytes, char *text, size_t room)
{
    size_t used = 0;
    int pipes[2], status;
    ssize_t n;

    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        child(pipes[1], from, to, bytes);
    }
    close(pipes[1]);
    while ((n = read(pipes[0], text + used, room - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    return status;
}

static char text[1 << 16];

static void test_right_code(void **state)
{
    (void)state;
    assert_int_equal(outcome(NULL, NULL, 0, text, sizeof(text)), 0);
    assert_null(strstr(text, "lockstep"));
}

static void test_wrong_register(void **state)
{
    static const uint8_t right[] = {0x4c, 0x8d, 0x47, 0x05}, /* lea r8, [rdi + 5] */
        wrong[] = {0x4c, 0x8d, 0x47, 0x04};

    (void)state;
    int status = outcome(right, wrong, sizeof(right), text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "x3: the interpreter has 000000000000003c, translated code "
                                 "000000000000003b"));
    assert_non_null(strstr(text, "lockstep: region"));
    assert_non_null(strstr(text, "add x3, x0, #5"));
    assert_non_null(strstr(text, "lea r8, [rdi + 4]"));
}

static void test_wrong_store(void **state)
{
    static const uint8_t right[] = {0x48, 0x89, 0x3b},
                         wrong[] = {0x48, 0x89, 0x33}; /* mov [rbx], */

    (void)state;
    int status = outcome(right, wrong, sizeof(right), text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "byte 0: the interpreter has 0000000000000037, translated code "
                                 "0000000000000001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_code),
        cmocka_unit_test(test_wrong_register),
        cmocka_unit_test(test_wrong_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
