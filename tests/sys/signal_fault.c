/*
 * Signals that an instruction raises, and the frame of arm64 that handlers
 * read and change: si_code and address, registers, FPSIMD and ESR records,
 * the frame record, the way back by rt_sigreturn.
 */
#include "test.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#ifndef SEGV_MAPERR
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#endif

static volatile int calls, last_sig, last_code;
static volatile uint64_t last_addr, last_pc, last_fault_address, last_esr;
static volatile int have_esr;
static sigjmp_buf back;

/* The record of this magic in the frame, or NULL. */
static struct _aarch64_ctx *record(ucontext_t *uc, uint32_t magic)
{
    char *at = (char *)uc->uc_mcontext.__reserved;

    for (;;) {
        struct _aarch64_ctx *head = (void *)at;

        if (head->magic == magic)
            return head;
        if (!head->magic)
            return NULL;
        at += head->size;
    }
}

static void keep(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    struct esr_context *esr = (void *)record(uc, ESR_MAGIC);

    calls++;
    last_sig = sig;
    last_code = info->si_code;
    last_addr = (uint64_t)info->si_addr;
    last_pc = uc->uc_mcontext.pc;
    last_fault_address = uc->uc_mcontext.fault_address;
    have_esr = !!esr;
    last_esr = esr ? esr->esr : 0;
}

static void jump(int sig, siginfo_t *info, void *context)
{
    keep(sig, info, context);
    siglongjmp(back, 1);
}

static void skip(int sig, siginfo_t *info, void *context)
{
    keep(sig, info, context);
    ((ucontext_t *)context)->uc_mcontext.pc += 4;
}

static void handle(int sig, void (*fn)(int, siginfo_t *, void *))
{
    struct sigaction sa = {.sa_sigaction = fn, .sa_flags = SA_SIGINFO};

    CHECK(sigaction(sig, &sa, NULL) == 0);
    calls = 0;
}

/* Runs the access; 1 if a handler jumped out of it. */
#define FAULTS(access)             \
    ({                             \
        volatile int jumped_ = 1;  \
        if (!sigsetjmp(back, 1)) { \
            access;                \
            jumped_ = 0;           \
        }                          \
        jumped_;                   \
    })

enum { EC_IABT = 0x20, EC_DABT = 0x24, ESR_WNR = 1 << 6, PAGE = 4096 };

TEST(loads_and_stores_fault_with_code_and_address)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    handle(SIGSEGV, jump);
    CHECK_EQ(
        p[5],
        0); /* present from now on: hardware tells a page that is not there from one that may not be written */
    CHECK(FAULTS(p[5] = 1));
    CHECK_EQ(last_code, SEGV_ACCERR);
    CHECK_EQ(last_addr, (uint64_t)p + 5);
    CHECK_EQ(last_fault_address, (uint64_t)p + 5);
    CHECK(have_esr);
    CHECK_EQ(last_esr >> 26, EC_DABT);
    CHECK(last_esr & ESR_WNR);
    CHECK_EQ(last_esr & 0x3c, 0xc); /* permission */
    mprotect(p, PAGE, PROT_NONE);
    CHECK(FAULTS(*(volatile char *)&p[6]));
    CHECK_EQ(last_code, SEGV_ACCERR);
    CHECK_EQ(last_addr, (uint64_t)p + 6);
    CHECK(!(last_esr & ESR_WNR));
    munmap(p, 2 * PAGE);
    CHECK(FAULTS(*(volatile char *)&p[7]));
    CHECK_EQ(last_code, SEGV_MAPERR);
    CHECK_EQ(last_addr, (uint64_t)p + 7);
    CHECK_EQ(last_esr & 0x3c, 0x4); /* translation */
    CHECK(FAULTS(*(volatile char *)8));
    CHECK_EQ(last_addr, 8);
    CHECK_EQ(calls, 4);
}

TEST(addresses_beyond_the_user_half_fault)
{
    static const uint64_t far[] = {0x0000400000000000, 0x0000800000000000, 0x00007fffffffe000,
                                   0x0001000000000000};

    handle(SIGSEGV, jump);
    for (int i = 0; i < 4; i++) {
        CHECK(FAULTS(*(volatile char *)far[i]));
        CHECK_EQ(last_code, SEGV_MAPERR);
        CHECK_EQ(last_addr, far[i]);
        CHECK(FAULTS(*(volatile char *)far[i] = 1));
        CHECK_EQ(last_addr, far[i]);
    }
}

TEST(handler_skips_the_instruction)
{
    uint64_t before, after;
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    handle(SIGSEGV, skip);
    __asm__ volatile("mov x9, #1\n\tstr x9, [%2]\n\tadd %0, x9, #1\n\tmov %1, x9"
                     : "=r"(after), "=r"(before)
                     : "r"(p)
                     : "x9", "memory");
    CHECK_EQ(calls, 1);
    CHECK_EQ(after, 2);
    CHECK_EQ(before, 1);
    munmap(p, PAGE);
}

static void make_writable(int sig, siginfo_t *info, void *context)
{
    keep(sig, info, context);
    mprotect((void *)(last_addr & ~(PAGE - 1ull)), PAGE, PROT_READ | PROT_WRITE);
}

TEST(handler_mends_and_the_store_is_done)
{
    volatile char *p = mmap(NULL, 64 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    handle(SIGSEGV, make_writable);
    for (int i = 0; i < 64; i++)
        p[i * PAGE + i] = (char)i;
    CHECK_EQ(calls, 64);
    for (int i = 0; i < 64; i++)
        CHECK_EQ(p[i * PAGE + i], i);
    munmap((void *)p, 64 * PAGE);
}

TEST(store_pair_across_pages_is_all_or_told)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t base = (uint64_t)p + PAGE - 8, after = base;

    mprotect(p + PAGE, PAGE, PROT_NONE);
    handle(SIGSEGV, skip);
    /* Writeback must not happen when the second half faults. */
    __asm__ volatile("stp xzr, xzr, [%0], #16" : "+r"(after) : : "memory");
    CHECK_EQ(calls, 1);
    CHECK_EQ(after, base);
    CHECK_EQ(last_addr, (uint64_t)p + PAGE);
    munmap(p, 2 * PAGE);
}

TEST(jump_to_nowhere_faults_at_the_target)
{
    void (*volatile none)(void) = (void *)0x1000;
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void (*volatile noexec)(void) = (void *)p;

    handle(SIGSEGV, jump);
    CHECK(FAULTS(none()));
    CHECK_EQ(last_code, SEGV_MAPERR);
    CHECK_EQ(last_addr, 0x1000);
    CHECK_EQ(last_pc, 0x1000);
    CHECK_EQ(last_esr >> 26, EC_IABT);
    *(uint32_t *)p = 0xd65f03c0; /* ret */
    CHECK(FAULTS(noexec()));
    CHECK_EQ(last_code, SEGV_ACCERR);
    CHECK_EQ(last_pc, (uint64_t)p);
    munmap(p, PAGE);
}

TEST(beyond_the_end_of_file_is_sigbus)
{
    char name[] = "/tmp/elver-bus-XXXXXX";
    int fd = mkstemp(name);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

    unlink(name);
    CHECK(ftruncate(fd, 100) == 0);
    handle(SIGBUS, jump);
    CHECK_EQ(p[200], 0);
    CHECK(FAULTS(*(volatile char *)&p[PAGE + 3]));
    CHECK_EQ(last_sig, SIGBUS);
    CHECK_EQ(last_code, BUS_ADRERR);
    CHECK_EQ(last_addr, (uint64_t)p + PAGE + 3);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(undefined_and_breakpoint)
{
    uint64_t at;

    handle(SIGILL, skip);
    __asm__ volatile("adr %0, 1f\n1:\tudf #0" : "=r"(at));
    CHECK_EQ(calls, 1);
    CHECK_EQ(last_code, ILL_ILLOPC);
    CHECK_EQ(last_addr, at);
    CHECK_EQ(last_pc, at);
    handle(SIGTRAP, skip);
    __asm__ volatile("adr %0, 1f\n1:\tbrk #0x3e8" : "=r"(at));
    CHECK_EQ(calls, 1);
    CHECK_EQ(last_code, TRAP_BRKPT);
    CHECK_EQ(last_addr, at);
}

TEST(misaligned_exclusive_and_stack)
{
    static uint64_t words[2];

    handle(SIGBUS, jump);
    CHECK(FAULTS(__asm__ volatile("ldxr x9, [%0]" : : "r"((char *)words + 12) : "x9", "memory")));
    CHECK_EQ(last_code, BUS_ADRALN);
    CHECK_EQ(last_addr, (uint64_t)words + 12);
}

TEST(blocked_or_ignored_faults_kill)
{
    sigset_t s;
    int status;

    sigemptyset(&s);
    sigaddset(&s, SIGSEGV);
    handle(SIGSEGV, skip);
    status = IN_CHILD((sigprocmask(SIG_BLOCK, &s, NULL), *(volatile char *)8 = 1, 0));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = IN_CHILD((signal(SIGSEGV, SIG_IGN), *(volatile char *)8 = 1, 0));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = IN_CHILD((signal(SIGSEGV, SIG_DFL), *(volatile char *)8 = 1, 0));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = IN_CHILD((signal(SIGTRAP, SIG_IGN), ({ __asm__ volatile("brk #1"); }), 0));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
}

TEST(no_stack_for_the_frame_kills)
{
    handle(SIGUSR1, keep);
    signal(SIGSEGV, SIG_DFL);
    int status = IN_CHILD(({
        uint64_t self = getpid();
        __asm__ volatile("mov x8, #129\n\tmov x0, %0\n\tmov x1, #10\n\t" /* kill(self, SIGUSR1) */
                         "mov x20, sp\n\tmov x9, #4096\n\tmov sp, x9\n\tsvc #0\n\tmov sp, x20"
                         :
                         : "r"(self)
                         : "x0", "x1", "x8", "x9", "x20", "memory");
        0;
    }));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static __attribute__((noinline)) void dive(char *top)
{
    __asm__ volatile("mov sp, %0\n1:\tstp xzr, xzr, [sp, #-16]!\n\tb 1b" : : "r"(top) : "memory");
}

TEST(overflow_is_handled_on_the_alternate_stack)
{
    static char stack[32 << 10];
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction sa = {.sa_sigaction = jump, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    char *small = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(small, PAGE, PROT_NONE);
    sigaltstack(&ss, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    calls = 0;
    CHECK(FAULTS(dive(small + 16 * PAGE)));
    CHECK_EQ(calls, 1);
    CHECK_EQ(last_addr & ~0xfull, (uint64_t)small + PAGE - 16);
    ss.ss_flags = SS_DISABLE;
    sigaltstack(&ss, NULL);
}

/* ---- the frame ---- */

static volatile uint64_t frame_fp, frame_lr, handler_x29[2], handler_sp;
static volatile unsigned __int128 frame_v8;
static volatile uint32_t frame_fpcr, frame_pstate;
static volatile int frame_fp_size;

static void look(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    struct fpsimd_context *fp = (void *)record(uc, FPSIMD_MAGIC);
    uint64_t *x29 = __builtin_frame_address(0);
    uint64_t *caller = (uint64_t *)x29[0]; /* the record below the interrupted code's */

    calls++;
    frame_fp_size = (int)fp->head.size;
    frame_v8 = fp->vregs[8];
    frame_fpcr = fp->fpcr;
    frame_pstate = (uint32_t)uc->uc_mcontext.pstate;
    frame_fp = uc->uc_mcontext.regs[29];
    frame_lr = uc->uc_mcontext.regs[30];
    handler_x29[0] = caller[0];
    handler_x29[1] = caller[1];
    handler_sp = (uint64_t)info;
    /* What is written here is what the interrupted code goes on with. */
    fp->vregs[9] = ((unsigned __int128)0x1122334455667788 << 64) | 0x99aabbccddeeff00;
    uc->uc_mcontext.regs[19] = 0x1919;
    uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & ~0xf0000000ull) | 0x60000000; /* Z and C */
    __asm__ volatile("movi v8.16b, #0xff\n\tmovi v9.16b, #0xff\n\tmovi v31.16b, #0xff"
                     :
                     :
                     : "v8", "v9", "v31");
}

TEST(frame_shows_and_restores_registers)
{
    uint64_t x19 = 19, nzcv, v31, fpcr = 1 << 22 /* round up */;
    uint64_t v8[2] = {0x0123456789abcdef, 0xfedcba9876543210}, v9[2];

    handle(SIGTRAP, look);
    struct sigaction sa = {.sa_sigaction = look, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &sa, NULL);
    uint64_t pid = getpid();
    __asm__ volatile("mov x8, #129\n\tmov x0, %[pid]\n\tmov x1, #10\n\t" /* kill(pid, SIGUSR1) */
                     "mov x19, %[x19]\n\t"
                     "ldr q8, [%[v8]]\n\t"
                     "movi v31.16b, #0x5a\n\t"
                     "mrs x20, fpcr\n\t"
                     "msr fpcr, %[fpcr]\n\t"
                     "mov x21, #1\n\t"
                     "cmp x21, #2\n\t" /* N */
                     "svc #0\n\t"
                     "mrs %[nzcv], nzcv\n\t"
                     "msr fpcr, x20\n\t"
                     "mov %[x19], x19\n\t"
                     "mov %[pid], x0\n\t"
                     "str q9, [%[v9]]\n\t"
                     "str q8, [%[v8]]\n\t"
                     "umov %[v31], v31.d[1]"
                     : [x19] "+r"(x19), [nzcv] "=&r"(nzcv), [v31] "=&r"(v31), [pid] "+r"(pid)
                     : [v8] "r"(v8), [v9] "r"(v9), [fpcr] "r"(fpcr)
                     : "x0", "x1", "x8", "x19", "x20", "x21", "v8", "v9", "v31", "memory", "cc");
    CHECK_EQ(calls, 1);
    CHECK_EQ(pid, 0);
    CHECK_EQ(x19, 0x1919);
    CHECK_EQ(nzcv, 0x60000000);
    CHECK_EQ(v9[0], 0x99aabbccddeeff00);
    CHECK_EQ(v9[1], 0x1122334455667788);
    CHECK_EQ(v8[0], 0x0123456789abcdef);
    CHECK_EQ(v31, 0x5a5a5a5a5a5a5a5a);
    CHECK_EQ((uint64_t)frame_v8, 0x0123456789abcdef);
    CHECK_EQ((uint64_t)(frame_v8 >> 64), 0xfedcba9876543210);
    CHECK_EQ(frame_fpcr, 1 << 22);
    CHECK_EQ(frame_pstate & 0xf0000000, 0x80000000);
    CHECK_EQ(frame_fp_size, 528);
    /* Unwinders go from the handler's record to the interrupted code's. */
    CHECK_EQ(handler_x29[0], frame_fp);
    CHECK_EQ(handler_x29[1], frame_lr);
    CHECK_EQ(handler_sp % 16, 0);
}

enum damage { NO_FPSIMD, BAD_SIZE, BAD_PSTATE, BAD_MAGIC, DOUBLE_FPSIMD, UNALIGNED };
static volatile enum damage damage;

static void spoil(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    struct fpsimd_context *fp = (void *)uc->uc_mcontext.__reserved;
    struct _aarch64_ctx *next = (void *)(fp + 1);

    switch (damage) {
    case NO_FPSIMD: fp->head.magic = fp->head.size = 0; break;
    case BAD_SIZE: fp->head.size -= 16; break;
    case BAD_PSTATE: uc->uc_mcontext.pstate |= 4; break;
    case BAD_MAGIC:
        next->magic = 0x12345678;
        next->size = 16;
        break;
    case DOUBLE_FPSIMD:
        memcpy(next, fp, sizeof *fp);
        memset((char *)next + sizeof *fp, 0, 16);
        break;
    case UNALIGNED:
        next->magic = ESR_MAGIC;
        next->size = 24;
        memset((char *)next + 24, 0, 16);
        break;
    }
}

TEST(bad_frames_are_refused)
{
    handle(SIGUSR1, spoil);
    signal(SIGSEGV, SIG_DFL);
    for (int d = NO_FPSIMD; d <= UNALIGNED; d++) {
        damage = d;
        int status = IN_CHILD((raise(SIGUSR1), 0));
        if (!CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV))
            printf("  damage %d status %x\n", d, status);
    }
}

/* What the SIGSEGV of a refused frame says: the frame's address, and why, as a fault there would (arm64_notify_segfault). */
static void refused_frame(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    int frame = (uint64_t)info->si_addr == uc->uc_mcontext.sp && uc->uc_mcontext.sp % 16 == 0;

    _exit(info->si_code == SEGV_ACCERR && frame ? 5 : 6);
}

TEST(a_refused_frame_is_an_access_error)
{
    struct sigaction segv = {.sa_sigaction = refused_frame, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    stack_t other = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};

    handle(SIGUSR1, spoil);
    damage = NO_FPSIMD;
    int status =
        IN_CHILD((sigaltstack(&other, NULL), sigaction(SIGSEGV, &segv, NULL), raise(SIGUSR1), 0));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
    free(other.ss_sp);
}

static void add_extra(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    char *at = (char *)uc->uc_mcontext.__reserved;
    struct fpsimd_context *fp = (void *)at;
    struct fpsimd_context keep_fp = *fp;
    struct extra_context *extra = (void *)at;

    /* FPSIMD moves into the extra area, behind extra_context and its terminator. */
    memset(at, 0, 2048);
    extra->head.magic = EXTRA_MAGIC;
    extra->head.size = sizeof *extra;
    extra->datap = (uint64_t)at + sizeof *extra + 16;
    extra->size = sizeof *fp + 16;
    memcpy((void *)extra->datap, &keep_fp, sizeof keep_fp);
    calls++;
}

TEST(extra_context_is_read)
{
    handle(SIGUSR1, add_extra);
    int status = IN_CHILD((raise(SIGUSR1), calls == 1 ? 7 : 8));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void no_info(int sig)
{
    calls++;
}

TEST(handler_without_siginfo)
{
    signal(SIGUSR1, no_info);
    calls = 0;
    raise(SIGUSR1);
    CHECK_EQ(calls, 1);
}

/* A timer strikes the loop at any instruction: flags, vectors and integers must survive. */
TEST(interrupted_code_notices_nothing)
{
    struct itimerspec every = {.it_interval.tv_nsec = 200000, .it_value.tv_nsec = 200000};
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    uint64_t bad = 0, sum = 0;
    timer_t id;

    signal(SIGALRM, no_info);
    calls = 0;
    CHECK(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0);
    CHECK(timer_settime(id, 0, &every, NULL) == 0);
    for (uint64_t i = 0; i < 300000 || calls < 20; i++) {
        uint64_t r, s;
        __asm__ volatile(
            "fmov d16, %2\n\tdup v17.2d, %2\n\tcmp %2, #0\n\tadd v17.2d, v17.2d, v17.2d\n\t"
            "cset x9, ne\n\tfmov %0, d17\n\tfmov x10, d16\n\tsub %0, %0, x10\n\tadd %1, x9, #0"
            : "=&r"(r), "=&r"(s)
            : "r"(i)
            : "x9", "x10", "v16", "v17", "cc");
        bad += r != i || s != (i != 0);
        sum += i;
    }
    timer_delete(id);
    CHECK_EQ(bad, 0);
    CHECK(calls >= 20);
    CHECK(sum > 0);
}

TEST_MAIN()
