/*
 * Code that changes: the habits of just-in-time compilers and loaders, each
 * with the cache maintenance that the architecture wants (Arm ARM B2.4.4) and
 * no more, or with the system call after which Linux does it.
 *
 * test: timeout=60
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "sys/test.h"

#define PAGE 4096

#define NOP 0xd503201fu
#define RET 0xd65f03c0u
#define ISB 0xd5033fdfu
#define MOV_W0(n) (0x52800000u | (uint32_t)(n) << 5)
#define B(words) (0x14000000u | ((uint32_t)(words)&0x3ffffff))

typedef int function(void);

static void sync_code(void *from, size_t bytes)
{
    __builtin___clear_cache((char *)from, (char *)from + bytes);
}

static uint32_t *map_code(int prot)
{
    void *p = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

/* A function that returns n. */
static void write_function(uint32_t *at, int n)
{
    at[0] = MOV_W0(n);
    at[1] = RET;
}

static int call(const void *code)
{
    return ((function *)(uintptr_t)code)();
}

#define ANY (PROT_READ | PROT_WRITE | PROT_EXEC)

/* MOVZ and three MOVKs with other instructions between them, then BLR. */
static void write_far_caller(uint32_t *at, const void *callee)
{
    uint64_t to = (uint64_t)callee;
    unsigned i = 0;

    at[i++] = 0xa9bf7bfd;                                      /* stp x29, x30, [sp, #-16]! */
    at[i++] = 0xd2800010 | (uint32_t)(to & 0xffff) << 5;       /* movz x16 */
    at[i++] = 0x910003fd;                                      /* mov x29, sp */
    at[i++] = 0xf2a00010 | (uint32_t)(to >> 16 & 0xffff) << 5; /* movk x16, lsl 16 */
    at[i++] = 0xf2e00010 | (uint32_t)(to >> 48) << 5;          /* movk x16, lsl 48 */
    at[i++] = 0xaa1f03e0;                                      /* mov x0, xzr */
    at[i++] = 0xf2c00010 | (uint32_t)(to >> 32 & 0xffff) << 5; /* movk x16, lsl 32 */
    at[i++] = 0xd63f0200;                                      /* blr x16 */
    at[i++] = 0x11000400;                                      /* add w0, w0, #1 */
    at[i++] = 0xa8c17bfd;                                      /* ldp x29, x30, [sp], #16 */
    at[i++] = RET;
}

TEST(calls_of_a_constant_that_changes)
{
    uint32_t *code = map_code(ANY), *far = map_code(ANY);
    int wrong = 0;

    for (int n = 0; n < 2; n++)
        write_function(far + 16 * n, 10 * n);
    sync_code(far, 128);
    for (int i = 0; i < 20; i++) {
        write_far_caller(code, far + 16 * (i % 2));
        sync_code(code, 64);
        for (int k = 0; k < 30; k++)
            wrong += call(code) != 10 * (i % 2) + 1;
    }
    CHECK_EQ(wrong, 0);
    write_function(far, 33);
    sync_code(far, 8);
    write_far_caller(code + 64, far);
    sync_code(code + 64, 64);
    for (int k = 0; k < 30; k++)
        wrong += call(code + 64) != 34;
    write_function(far, 44); /* the callee changes, its callers do not */
    sync_code(far, 8);
    CHECK_EQ(call(code + 64), 45);
    CHECK_EQ(wrong, 0);
}

TEST(written_and_called_again)
{
    uint32_t *code = map_code(ANY);
    int wrong = 0;

    for (int i = 0; i < 3000; i++) {
        uint32_t *at = code + i % 100 * 8;

        write_function(at, i);
        sync_code(at, 8);
        wrong += call(at) != i;
    }
    CHECK_EQ(wrong, 0);
    munmap(code, PAGE);
}

TEST(write_or_execute)
{
    uint32_t *code = map_code(PROT_READ | PROT_WRITE);
    int wrong = 0;

    for (int i = 0; i < 300; i++) {
        write_function(code, i);
        CHECK_EQ(mprotect(code, PAGE, PROT_READ | PROT_EXEC), 0);
        sync_code(code, 8);
        wrong += call(code) != i;
        CHECK_EQ(mprotect(code, PAGE, PROT_READ | PROT_WRITE), 0);
    }
    CHECK_EQ(wrong, 0);
    munmap(code, PAGE);
}

/* Two mappings of one memory: written through one, executed through the other, maintained through either. */
static void two_mappings(int through_writer)
{
    int fd = memfd_create("code", 0), wrong = 0;
    uint32_t *rw, *rx;

    CHECK_EQ(ftruncate(fd, PAGE), 0);
    rw = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    rx = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    for (int i = 0; i < 300; i++) {
        write_function(rw, i);
        sync_code(through_writer ? rw : rx, 8);
        wrong += call(rx) != i;
    }
    CHECK_EQ(wrong, 0);
    munmap(rw, PAGE);
    munmap(rx, PAGE);
    close(fd);
}

TEST(two_mappings_maintained_where_executed)
{
    two_mappings(0);
}

/* Promised by physically tagged instruction caches only: CTR_EL0.L1Ip. */
TEST(two_mappings_maintained_where_written)
{
    uint64_t ctr;

    __asm__("mrs %0, ctr_el0" : "=r"(ctr));
    if ((ctr >> 14 & 3) != 3) {
        SKIP("the instruction cache is not PIPT");
        return;
    }
    two_mappings(1);
}

/* New mappings need no maintenance by the program. */
TEST(unmapped_and_mapped_anew)
{
    void *where = map_code(ANY);
    int wrong = 0;

    for (int i = 0; i < 100; i++) {
        char name[] = "/tmp/changed-code-XXXXXX";
        int fd = mkstemp(name);
        uint32_t words[2];

        unlink(name);
        write_function(words, i);
        CHECK_EQ(write(fd, words, sizeof(words)), sizeof(words));
        if (i % 2)
            munmap(where, PAGE);
        CHECK(mmap(where, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) == where);
        wrong += call(where) != i;
        close(fd);
    }
    CHECK_EQ(wrong, 0);
    munmap(where, PAGE);
}

TEST(moved)
{
    uint32_t *one = map_code(ANY), *two = map_code(ANY), *three = map_code(PROT_NONE);

    write_function(one, 1);
    write_function(two, 2);
    sync_code(one, 8);
    sync_code(two, 8);
    CHECK_EQ(call(one), 1);
    CHECK_EQ(call(two), 2);
    CHECK(mremap(one, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, three) == three);
    CHECK(mremap(two, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, one) == one);
    CHECK_EQ(call(three), 1);
    CHECK_EQ(call(one), 2);
    munmap(one, PAGE);
    munmap(three, PAGE);
}

TEST(read_from_a_file)
{
    uint32_t *code = map_code(ANY), words[2];
    int pair[2], wrong = 0;

    CHECK_EQ(pipe(pair), 0);
    for (int i = 0; i < 100; i++) {
        write_function(words, i);
        CHECK_EQ(write(pair[1], words, sizeof(words)), sizeof(words));
        CHECK_EQ(read(pair[0], code, sizeof(words)), sizeof(words));
        sync_code(code, sizeof(words));
        wrong += call(code) != i;
    }
    CHECK_EQ(wrong, 0);
    close(pair[0]);
    close(pair[1]);
    munmap(code, PAGE);
}

/* Straight into code that was changed a moment before, with no branch between. */
TEST(changed_ahead)
{
    uint32_t *code = map_code(ANY);
    int wrong = 0;
    static const uint32_t routine[] = {
        0xb9000001,            /* str w1, [x0] */
        0xd50b7b20,            /* dc cvau, x0 */
        0xd5033b9f,            /* dsb ish */
        0xd50b7520,            /* ic ivau, x0 */
        0xd5033b9f,            /* dsb ish */
        ISB,        MOV_W0(0), /* the one that is changed */
        RET,
    };

    memcpy(code, routine, sizeof(routine));
    sync_code(code, sizeof(routine));
    for (int i = 0; i < 300; i++) {
        int (*run)(uint32_t *, uint32_t) = (int (*)(uint32_t *, uint32_t))(uintptr_t)code;

        wrong += run(&code[6], MOV_W0(i)) != i;
    }
    CHECK_EQ(wrong, 0);
    munmap(code, PAGE);
}

/* A loop whose branch is opened from a signal handler. */
static uint32_t *loop_code;

static void open_loop(int sig)
{
    loop_code[1] = NOP;
    sync_code(&loop_code[1], 4);
}

TEST(changed_by_a_handler)
{
    loop_code = map_code(ANY);
    signal(SIGALRM, open_loop);
    for (int i = 0; i < 5; i++) {
        loop_code[0] = MOV_W0(i);
        loop_code[1] = B(-1);
        loop_code[2] = RET;
        sync_code(loop_code, 12);
        ualarm(2000, 0);
        CHECK_EQ(call(loop_code), i);
    }
    munmap(loop_code, PAGE);
}

/* One word that others run meanwhile: they see the old or the new one, and the new one once they were told. */
static uint32_t *shared_code;
static atomic_int told, finished, wrong_values;

static void *runner(void *arg)
{
    while (!finished) {
        int least = told, got;

        __asm__ volatile("isb" : : : "memory");
        got = call(shared_code);
        if (got < least || got > told + 1)
            wrong_values++;
    }
    return NULL;
}

TEST(changed_under_other_threads)
{
    pthread_t thread[3];

    shared_code = map_code(ANY);
    write_function(shared_code, 0);
    sync_code(shared_code, 8);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, runner, NULL), 0);
    for (int i = 1; i <= 2000; i++) {
        __atomic_store_n(&shared_code[0], MOV_W0(i), __ATOMIC_RELAXED);
        sync_code(shared_code, 4);
        told = i;
        if (i % 16 == 0)
            sched_yield();
    }
    finished = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    CHECK_EQ(wrong_values, 0);
    munmap(shared_code, PAGE);
}

/* Functions made, called and thrown away by several threads at once. */
static void *maker(void *arg)
{
    uintptr_t wrong = 0;

    for (int i = 0; i < 300; i++) {
        uint32_t *code = map_code(ANY);
        int n = i + 1000 * (int)(uintptr_t)arg;

        write_function(code, n);
        sync_code(code, 8);
        wrong += call(code) != n;
        munmap(code, PAGE);
    }
    return (void *)wrong;
}

TEST(made_by_many_threads)
{
    pthread_t thread[4];
    void *wrong;

    for (uintptr_t i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, maker, (void *)i), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], &wrong);
        CHECK_EQ((uintptr_t)wrong, 0);
    }
}

TEST(changed_in_a_child)
{
    uint32_t *code = map_code(ANY);
    int status;
    pid_t child;

    write_function(code, 1);
    sync_code(code, 8);
    CHECK_EQ(call(code), 1);
    child = fork();
    if (child == 0) {
        if (call(code) != 1)
            _exit(10);
        write_function(code, 2);
        sync_code(code, 8);
        _exit(call(code));
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    CHECK_EQ(call(code), 1);
    munmap(code, PAGE);
}

TEST_MAIN()
