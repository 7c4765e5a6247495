/*
 * Runs arm64 instructions from given states and tells the states after
 * them: `runner CASES RESULTS` (case.h). Everything happens in one signal
 * handler: each case ends in a signal (BRK behind the instructions, SIGILL, a
 * fault); the handler notes the interrupted state as the result, puts the
 * next case's state into the frame and returns into it. Runs on a real
 * kernel, under qemu-aarch64 and under elver alike.
 *
 * Without arguments it runs one addition, to see that it works at all.
 *
 * test: cflags=-O2
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "insn/case.h"

static struct insn_case *cases;
static struct insn_state *results;
static uint32_t count, at;
static uint64_t own_tls;
static const char *results_path;

static struct fpsimd_context *fpsimd(ucontext_t *uc)
{
    struct _aarch64_ctx *h = (struct _aarch64_ctx *)uc->uc_mcontext.__reserved;

    while (h->magic != FPSIMD_MAGIC)
        h = (struct _aarch64_ctx *)((char *)h + h->size);
    return (struct fpsimd_context *)h;
}

static void finish(void)
{
    int fd = open(results_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    size_t bytes = count * sizeof(*results), done = 0;

    while (fd >= 0 && done < bytes) {
        ssize_t n = write(fd, (char *)results + done, bytes - done);

        if (n <= 0)
            _exit(1);
        done += (size_t)n;
    }
    _exit(fd < 0);
}

static void note_result(ucontext_t *uc, const siginfo_t *info, struct insn_state *r)
{
    const struct fpsimd_context *f = fpsimd(uc);

    memcpy(r->x, uc->uc_mcontext.regs, sizeof(r->x));
    r->sp = uc->uc_mcontext.sp;
    r->pc = uc->uc_mcontext.pc;
    r->nzcv = (uint32_t)uc->uc_mcontext.pstate & 0xf0000000;
    r->fpcr = f->fpcr;
    r->fpsr = f->fpsr;
    memcpy(r->v, f->vregs, sizeof(r->v));
    r->window = cases[at].in.window;
    memcpy(r->mem, (char *)INSN_DATA + r->window, INSN_WINDOW);
    r->sig = info->si_signo;
    r->code = info->si_code;
    r->addr = (uint64_t)info->si_addr;
}

static void load_case(ucontext_t *uc, const struct insn_state *s)
{
    struct fpsimd_context *f = fpsimd(uc);

    memcpy(uc->uc_mcontext.regs, s->x, sizeof(s->x));
    uc->uc_mcontext.sp = s->sp;
    uc->uc_mcontext.pc = INSN_CODE + (uint64_t)at * INSN_SLOT;
    uc->uc_mcontext.pstate = s->nzcv;
    f->fpcr = s->fpcr;
    f->fpsr = s->fpsr;
    memcpy(f->vregs, s->v, sizeof(s->v));
    memset((char *)INSN_DATA, 0, INSN_DATA_BYTES);
    memcpy((char *)INSN_DATA + s->window, s->mem, INSN_WINDOW);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    static int started;
    ucontext_t *uc = context;

    __asm__ volatile("msr tpidr_el0, %0" : : "r"(own_tls));
    if (started) {
        note_result(uc, info, &results[at]);
        at++;
    }
    started = 1;
    if (at == count)
        finish();
    load_case(uc, &cases[at].in);
}

static void *map_at(uint64_t addr, size_t bytes, int prot)
{
    void *p =
        mmap((void *)addr, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (p != (void *)addr) {
        perror("mmap");
        exit(1);
    }
    return p;
}

static void make_code(void)
{
    size_t bytes = 2 * INSN_CODE_MARGIN + (size_t)INSN_MAX_CASES * INSN_SLOT;
    uint32_t *code = map_at(INSN_CODE_BASE, bytes, PROT_READ | PROT_WRITE);

    for (size_t i = 0; i < bytes / 4; i++)
        code[i] = INSN_BRK;
    for (uint32_t i = 0; i < count; i++)
        memcpy((char *)INSN_CODE + (uint64_t)i * INSN_SLOT, cases[i].word, INSN_SLOT);
    __builtin___clear_cache((char *)code, (char *)code + bytes);
    mprotect(code, bytes, PROT_READ | PROT_EXEC);
}

static void run(void)
{
    static uint8_t stack[65536] __attribute__((aligned(16)));
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    const int signals[] = {SIGTRAP, SIGILL, SIGSEGV, SIGBUS, SIGFPE};

    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
    sigfillset(&act.sa_mask);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &act, NULL);
    map_at(INSN_DATA, INSN_DATA_BYTES, PROT_READ | PROT_WRITE);
    make_code();
    results = calloc(count, sizeof(*results));
    __asm__("mrs %0, tpidr_el0" : "=r"(own_tls));
    __asm__ volatile("brk #0");
}

static int self_test(void)
{
    static struct insn_case one = {.word = {0x8b020020 /* add x0, x1, x2 */, INSN_BRK}};
    struct insn_state after;
    char path[] = "/tmp/insn-runner-XXXXXX";
    int fd = mkstemp(path), status = 1;
    pid_t child;

    one.in.x[1] = 40;
    one.in.x[2] = 2;
    one.in.sp = INSN_DATA;
    cases = &one;
    count = 1;
    results_path = path;
    child = fork();
    if (child == 0)
        run();
    if (waitpid(child, &status, 0) != child || status != 0)
        return 1;
    if (read(fd, &after, sizeof(after)) != sizeof(after))
        return 1;
    unlink(path);
    return !(after.x[0] == 42 && after.sig == SIGTRAP && after.pc == INSN_CODE + 4);
}

int main(int argc, char **argv)
{
    const struct insn_file *file;
    struct stat st;
    int fd;

    if (argc < 3)
        return self_test();
    fd = open(argv[1], O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return 1;
    file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED || file->count > INSN_MAX_CASES)
        return 1;
    count = file->count;
    cases = (struct insn_case *)(file + 1);
    results_path = argv[2];
    run();
    return 1;
}
