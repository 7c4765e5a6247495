/*
 * ptrace(2): a tracer and the child that it traces; each kind of stop, what
 * the stop shows, and each request. One child for one test.
 */
#include "sys/ptrace.h"

#include <fcntl.h>
#include <pthread.h>

/* ---- memory ---- */

static long shared_word = 0x1122334455667788;

static __attribute__((noinline)) int forty_two(void)
{
    __asm__ volatile("");
    return 42;
}

TEST(peek_and_poke)
{
    shared_word = 0x1122334455667788;
    pid_t pid = TRACED(shared_word == 5 ? 7 : 8);
    CHECK_EQ(word_at(pid, &shared_word), 0x1122334455667788);
    CHECK_EQ(PT(PTRACE_POKEDATA, pid, &shared_word, 5), 0);
    CHECK_EQ(word_at(pid, &shared_word), 5);
    long word;
    CHECK_ERR(PT(PTRACE_PEEKDATA, pid, 8, &word), EIO);
    CHECK_ERR(PT(PTRACE_PEEKUSR, pid, 0, &word), EIO);
    CHECK_ERR(PT(PTRACE_PEEKDATA, pid, &shared_word, 8), EFAULT);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_EXIT(wait_for(pid), 7);
    CHECK_EQ(shared_word, 0x1122334455667788);
}

TEST(text_that_ran_already_is_changed)
{
    /* Three calls are enough to have it translated; then the constant becomes 43. */
    pid_t pid = TRACED(({
        int sum = 0;
        for (int i = 0; i < 1000; i++)
            sum += forty_two();
        raise(SIGUSR1);
        sum == 42000 ? forty_two() : 1;
    }));
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGUSR1, 0);
    uint32_t *at = (uint32_t *)(uintptr_t)forty_two;
    while (*at != 0x52800540) /* mov w0, #42 */
        at++;
    uintptr_t aligned = (uintptr_t)at & ~7ul;
    union {
        long word;
        uint32_t insn[2];
    } u = {word_at(pid, (void *)aligned)};
    u.insn[(uintptr_t)at >> 2 & 1] = 0x52800560; /* mov w0, #43 */
    CHECK_EQ(PT(PTRACE_POKETEXT, pid, aligned, u.word), 0);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_EXIT(wait_for(pid), 43);
    CHECK_EQ(forty_two(), 42);
}

TEST(memory_by_other_ways)
{
    shared_word = 1;
    int sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += forty_two();
    CHECK_EQ(sum, 42000);
    pid_t pid = TRACED(shared_word == 3 ? forty_two() : 8);
    long got = 0, two = 2, three = 3;
    struct iovec mine = {&got, sizeof(got)}, theirs = {&shared_word, sizeof(shared_word)};
    CHECK_EQ(process_vm_readv(pid, &mine, 1, &theirs, 1, 0), 8);
    CHECK_EQ(got, 1);
    mine.iov_base = &two;
    CHECK_EQ(process_vm_writev(pid, &mine, 1, &theirs, 1, 0), 8);
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/mem", pid);
    int fd = open(name, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ(pread(fd, &got, sizeof(got), (long)&shared_word), 8);
    CHECK_EQ(got, 2);
    CHECK_EQ(pwrite(fd, &three, sizeof(three), (long)&shared_word), 8);
    /* Text, read-only there, can be written too. */
    uint32_t *at = (uint32_t *)(uintptr_t)forty_two, to_44 = 0x52800580;
    while (*at != 0x52800540)
        at++;
    CHECK_EQ(pwrite(fd, &to_44, sizeof(to_44), (long)at), 4);
    close(fd);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_EXIT(wait_for(pid), 44);
}

/* ---- system calls ---- */

TEST(call_stops)
{
    struct __ptrace_syscall_info {
        uint8_t op, pad[3];
        uint32_t arch;
        uint64_t ip, sp;
        union {
            struct {
                uint64_t nr, args[6];
            } entry;
            struct {
                int64_t rval;
                uint8_t is_error;
            } exit;
        };
    } info;
    pid_t pid = TRACED(syscall(SYS_getppid, 11, 12, 13) == 77 ? 7 : 8);
    CHECK_EQ(PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
    CHECK_ERR(PT(PTRACE_SETOPTIONS, pid, 0, 0x40000000), EINVAL);
    struct gpr r;
    do {
        CHECK_EQ(PT(PTRACE_SYSCALL, pid, 0, 0), 0);
        if (!CHECK_STOP(wait_for(pid), STOP_SYSGOOD, 0))
            return;
        CHECK_EQ(get_regs(pid, &r), 0);
    } while (r.x[8] != SYS_getppid);
    CHECK_EQ(r.x[7], 0);
    CHECK_EQ(r.x[0], 11);
    CHECK_EQ(r.x[2], 13);
    CHECK_EQ(word_at(pid, (void *)((r.pc - 4) & ~7ul)) >> ((r.pc - 4) & 4 ? 32 : 0) & 0xffffffff,
             0xd4000001);
    memset(&info, 0xff, sizeof(info));
    CHECK_EQ(PT(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info), 80);
    CHECK_EQ(info.op, 1);
    CHECK_EQ(info.arch, 0xc00000b7);
    CHECK_EQ(info.ip, r.pc);
    CHECK_EQ(info.sp, r.sp);
    CHECK_EQ(info.entry.nr, SYS_getppid);
    CHECK_EQ(info.entry.args[1], 12);
    unsigned long message = 0;
    CHECK_EQ(PT(PTRACE_GETEVENTMSG, pid, 0, &message), 0);
    CHECK_EQ(message, 1);
    siginfo_t si;
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_signo, SIGTRAP);
    CHECK_EQ(si.si_code, STOP_SYSGOOD);
    CHECK_EQ(si.si_pid, pid);
    int nr = 0;
    struct iovec iov = {&nr, sizeof(nr)};
    CHECK_EQ(PT(PTRACE_GETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov), 0);
    CHECK_EQ(nr, SYS_getppid);

    CHECK_EQ(PT(PTRACE_SYSCALL, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), STOP_SYSGOOD, 0);
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(r.x[7], 1);
    CHECK_EQ(r.x[0], getpid());
    CHECK_EQ(PT(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info), 33);
    CHECK_EQ(info.op, 2);
    CHECK_EQ(info.exit.rval, getpid());
    CHECK_EQ(info.exit.is_error, 0);
    CHECK_EQ(PT(PTRACE_GETEVENTMSG, pid, 0, &message), 0);
    CHECK_EQ(message, 2);
    r.x[0] = 77;
    CHECK_EQ(set_regs(pid, &r), 0);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_EXIT(wait_for(pid), 7);
}

/* The next entry of this call. */
static int run_to_call(pid_t pid, unsigned nr, struct gpr *r)
{
    for (int i = 0; i < 100; i++) {
        PT(PTRACE_SYSCALL, pid, 0, 0);
        if (!CHECK(WIFSTOPPED(wait_for(pid))))
            return 0;
        get_regs(pid, r);
        if (r->x[8] == nr && r->x[7] == 0)
            return 1;
    }
    return CHECK(0);
}

TEST(call_is_replaced_and_skipped)
{
    struct gpr r;
    int nr = SYS_getppid;
    struct iovec iov = {&nr, sizeof(nr)};
    pid_t pid = TRACED((syscall(SYS_getuid) == getppid()) + 2 * (syscall(SYS_getgid) == 55) +
                       4 * (syscall(SYS_geteuid) == -1 && errno == ENOSYS));
    CHECK(run_to_call(pid, SYS_getuid, &r));
    CHECK_EQ(PT(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov), 0);
    nr = -1;
    CHECK(run_to_call(pid, SYS_getgid, &r));
    CHECK_EQ(PT(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov), 0);
    r.x[0] = 55;
    CHECK_EQ(set_regs(pid, &r), 0);
    CHECK(run_to_call(pid, SYS_geteuid, &r));
    CHECK_EQ(PT(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov), 0);
    r.x[0] = (uint64_t)-ENOSYS;
    CHECK_EQ(set_regs(pid, &r), 0);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(sysemu_makes_no_call)
{
    struct gpr r;
    pid_t pid = TRACED(syscall(SYS_getppid) == 1234 ? 7 : 8);
    CHECK_EQ(PT(PTRACE_SYSEMU, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    /* raise() restores the mask first: let that and what else comes before be done. */
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(get_regs(pid, &r), 0);
        if (r.x[8] == SYS_getppid)
            break;
        r.x[0] = 0;
        CHECK_EQ(set_regs(pid, &r), 0);
        CHECK_EQ(PT(PTRACE_SYSEMU, pid, 0, 0), 0);
        CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    }
    r.x[0] = 1234;
    CHECK_EQ(set_regs(pid, &r), 0);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_EXIT(wait_for(pid), 7);
}

/* ---- signals ---- */

static volatile int handled;
static volatile int handled_pid;

static void handler(int sig, siginfo_t *info, void *context)
{
    handled = sig;
    handled_pid = info->si_pid;
}

static int handle(int sig)
{
    struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    return sigaction(sig, &sa, NULL);
}

TEST(signal_is_dropped_changed_delivered)
{
    pid_t pid = TRACED(({
        handle(SIGUSR1);
        handle(SIGUSR2);
        raise(SIGUSR1);
        int a = handled;
        raise(SIGUSR1);
        int b = handled;
        kill(getpid(), SIGUSR1);
        int c = handled;
        a == 0 && b == SIGUSR2 &&c == SIGUSR1 &&handled_pid == 4321 ? 7 : 8;
    }));
    siginfo_t si;
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGUSR1, 0);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, SI_TKILL);
    CHECK_EQ(si.si_pid, pid);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGUSR1, 0);
    PT(PTRACE_CONT, pid, 0, SIGUSR2);
    CHECK_STOP(wait_for(pid), SIGUSR1, 0);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, SI_USER);
    si.si_pid = 4321;
    CHECK_EQ(PT(PTRACE_SETSIGINFO, pid, 0, &si), 0);
    CHECK_ERR(PT(PTRACE_CONT, pid, 0, 65), EIO);
    PT(PTRACE_CONT, pid, 0, SIGUSR1);
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(ignored_and_default_signals_stop_too)
{
    pid_t pid = TRACED(({
        signal(SIGUSR1, SIG_IGN);
        raise(SIGUSR1);
        raise(SIGCHLD);
        raise(SIGTERM);
        9;
    }));
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGUSR1, 0);
    PT(PTRACE_CONT, pid, 0, SIGUSR1);
    CHECK_STOP(wait_for(pid), SIGCHLD, 0);
    PT(PTRACE_CONT, pid, 0, SIGCHLD);
    CHECK_STOP(wait_for(pid), SIGTERM, 0);
    PT(PTRACE_CONT, pid, 0, SIGTERM);
    int st = wait_for(pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
}

TEST(fault_stops_with_its_address)
{
    pid_t pid = TRACED(*(volatile char *)0x10 = 1);
    siginfo_t si;
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGSEGV, 0);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, SEGV_MAPERR);
    CHECK(si.si_addr == (void *)0x10);
    PT(PTRACE_CONT, pid, 0, SIGSEGV);
    int st = wait_for(pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
}

TEST(group_stop)
{
    pid_t pid = TRACED(({
        raise(SIGSTOP);
        7;
    }));
    siginfo_t si;
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGSTOP, 0);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    PT(PTRACE_CONT, pid, 0, SIGSTOP);
    CHECK_STOP(wait_for(pid), SIGSTOP, 0);
    CHECK_ERR(PT(PTRACE_GETSIGINFO, pid, 0, &si), EINVAL);
    struct gpr r;
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK(r.pc != 0);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(mask)
{
    pid_t pid = TRACED(({
        sigset_t set;
        sigprocmask(SIG_BLOCK, NULL, &set);
        sigismember(&set, SIGUSR2) && !sigismember(&set, SIGHUP) ? 7 : 8;
    }));
    uint64_t mask = ~0ull;
    CHECK_ERR(PT(PTRACE_GETSIGMASK, pid, 4, &mask), EINVAL);
    CHECK_EQ(PT(PTRACE_GETSIGMASK, pid, 8, &mask), 0);
    CHECK(!(mask & 1ull << (SIGUSR2 - 1)));
    mask = 1ull << (SIGUSR2 - 1) | 1ull << (SIGKILL - 1);
    CHECK_EQ(PT(PTRACE_SETSIGMASK, pid, 8, &mask), 0);
    CHECK_EQ(PT(PTRACE_GETSIGMASK, pid, 8, &mask), 0);
    CHECK_EQ(mask, 1ull << (SIGUSR2 - 1));
    PT(PTRACE_CONT, pid, 0, 0);
    int st = wait_for(pid);
    /* raise() puts the old mask back behind the stop. */
    CHECK(WIFEXITED(st));
}

/* ---- steps and breakpoints ---- */

TEST(single_step)
{
    struct gpr r, before;
    siginfo_t si;
    pid_t pid = TRACED(({
        __asm__ volatile("brk #5\n nop\n mov x9, #1\n mov x9, #2" ::: "x9");
        7;
    }));
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, TRAP_BRKPT);
    CHECK_EQ(get_regs(pid, &before), 0);
    CHECK(si.si_addr == (void *)before.pc);
    before.pc += 4;
    CHECK_EQ(set_regs(pid, &before), 0);
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(PT(PTRACE_SINGLESTEP, pid, 0, 0), 0);
        CHECK_STOP(wait_for(pid), SIGTRAP, 0);
        CHECK_EQ(get_regs(pid, &r), 0);
        CHECK_EQ(r.pc, before.pc + 4 * i);
        CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
        CHECK_EQ(si.si_code, TRAP_TRACE);
        CHECK(si.si_addr == (void *)r.pc);
    }
    CHECK_EQ(r.x[9], 2);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(step_over_a_call_and_into_a_handler)
{
    struct gpr r, before;
    siginfo_t si;
    pid_t pid = TRACED(({
        handle(SIGUSR1);
        register long x8 __asm__("x8") = SYS_getpid;
        register long x0 __asm__("x0") = 0;
        __asm__ volatile("brk #5\n svc #0\n nop\n nop" : "+r"(x0) : "r"(x8) : "memory");
        handled == SIGUSR1 ? 7 : 8;
    }));
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    CHECK_EQ(get_regs(pid, &before), 0);
    before.pc += 4;
    CHECK_EQ(set_regs(pid, &before), 0);
    CHECK_EQ(PT(PTRACE_SINGLESTEP, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(r.pc, before.pc + 4);
    CHECK_EQ(r.x[0], pid);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, SI_USER);
    /* The processor's own step is still open: it ends at once. */
    CHECK_EQ(PT(PTRACE_SINGLESTEP, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(r.pc, before.pc + 4);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, TRAP_TRACE);
    CHECK_EQ(PT(PTRACE_SINGLESTEP, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(r.pc, before.pc + 8);
    CHECK_EQ(kill(pid, SIGUSR1), 0);
    CHECK_EQ(PT(PTRACE_SINGLESTEP, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGUSR1, 0);
    CHECK_EQ(PT(PTRACE_SINGLESTEP, pid, 0, SIGUSR1), 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(r.pc, (uintptr_t)handler);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EXIT(wait_for(pid), 7);
}

/* ---- register sets ---- */

TEST(register_sets)
{
    pid_t pid = TRACED(({
        uint64_t tls, back = 0;
        __asm__ volatile("mrs %0, tpidr_el0" : "=r"(tls));
        __asm__ volatile("movi v9.16b, #0x5a\n brk #1\n umov %0, v9.d[1]" : "=r"(back)::"v9");
        tls &&back == 0x0123456789abcdef ? 7 : 8;
    }));
    struct {
        __uint128_t v[32];
        uint32_t fpsr, fpcr, reserved[2];
    } fp;
    uint64_t tls[2] = {0, 0}, wide[80];
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, 0);
    struct iovec iov = {wide, sizeof(wide)};
    CHECK_EQ(PT(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov), 0);
    CHECK_EQ(iov.iov_len, 272);
    iov = (struct iovec){wide, 12};
    CHECK_ERR(PT(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov), EINVAL);
    iov = (struct iovec){wide, 16};
    CHECK_EQ(PT(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov), 0);
    CHECK_ERR(PT(PTRACE_GETREGSET, pid, 0x7777, &iov), EINVAL);
    iov = (struct iovec){tls, sizeof(tls)};
    CHECK_EQ(PT(PTRACE_GETREGSET, pid, NT_ARM_TLS, &iov), 0);
    uint64_t mine;
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(mine));
    CHECK_EQ(tls[0], mine);
    iov = (struct iovec){&fp, sizeof(fp)};
    CHECK_EQ(PT(PTRACE_GETREGSET, pid, NT_PRFPREG, &iov), 0);
    CHECK_EQ(iov.iov_len, 528);
    CHECK_EQ((uint64_t)fp.v[9], 0x5a5a5a5a5a5a5a5a);
    fp.v[9] = (__uint128_t)0x0123456789abcdef << 64;
    CHECK_EQ(PT(PTRACE_SETREGSET, pid, NT_PRFPREG, &iov), 0);
    struct gpr r;
    CHECK_EQ(get_regs(pid, &r), 0);
    r.pc += 4;
    /* EL1 is not for a tracer to give. */
    r.pstate |= 4;
    CHECK_ERR(set_regs(pid, &r), EINVAL);
    r.pstate &= ~4ul;
    CHECK_EQ(set_regs(pid, &r), 0);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EXIT(wait_for(pid), 7);
}

/* ---- children and exec ---- */

TEST(fork_is_followed)
{
    pid_t pid = TRACED(({
        pid_t child = fork();
        if (child == 0)
            _exit(5);
        int st;
        waitpid(child, &st, 0);
        WEXITSTATUS(st) + 2;
    }));
    unsigned long message = 0;
    CHECK_EQ(PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL), 0);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, PTRACE_EVENT_FORK);
    CHECK_EQ(PT(PTRACE_GETEVENTMSG, pid, 0, &message), 0);
    siginfo_t si;
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, SIGTRAP | PTRACE_EVENT_FORK << 8);
    CHECK_STOP(wait_for((pid_t)message), SIGSTOP, 0);
    struct gpr r;
    CHECK_EQ(get_regs((pid_t)message, &r), 0);
    CHECK_EQ(r.x[0], 0);
    PT(PTRACE_CONT, (pid_t)message, 0, 0);
    CHECK_EXIT(wait_for((pid_t)message), 5);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGCHLD, 0);
    PT(PTRACE_CONT, pid, 0, SIGCHLD);
    CHECK_EXIT(wait_for(pid), 7);
}

static void *thread_body(void *arg)
{
    return (void *)((intptr_t)arg + 1);
}

TEST(threads_are_followed)
{
    pid_t pid = TRACED(({
        pthread_t t;
        void *got = NULL;
        pthread_create(&t, NULL, thread_body, (void *)6);
        pthread_join(t, &got);
        (int)(intptr_t)got;
    }));
    unsigned long message = 0;
    CHECK_EQ(PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE), 0);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, PTRACE_EVENT_CLONE);
    CHECK_EQ(PT(PTRACE_GETEVENTMSG, pid, 0, &message), 0);
    CHECK_STOP(wait_for((pid_t)message), SIGSTOP, 0);
    struct gpr r;
    CHECK_EQ(get_regs((pid_t)message, &r), 0);
    CHECK_EQ(r.x[0], 0);
    PT(PTRACE_CONT, (pid_t)message, 0, 0);
    CHECK_EXIT(wait_for((pid_t)message), 0);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(exec_stops)
{
    char *argv[] = {"self", "exec-target", NULL};
    for (int options = 0; options < 2; options++) {
        pid_t pid = TRACED(({
            execv("/proc/self/exe", argv);
            9;
        }));
        unsigned long message = 0;
        if (options)
            CHECK_EQ(PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC), 0);
        PT(PTRACE_CONT, pid, 0, 0);
        CHECK_STOP(wait_for(pid), SIGTRAP, options ? PTRACE_EVENT_EXEC : 0);
        if (options) {
            CHECK_EQ(PT(PTRACE_GETEVENTMSG, pid, 0, &message), 0);
            CHECK_EQ(message, pid);
        } else {
            siginfo_t si;
            CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
            CHECK_EQ(si.si_code, SI_USER);
        }
        struct gpr r;
        CHECK_EQ(get_regs(pid, &r), 0);
        CHECK_EQ(r.x[0], 0);
        CHECK(r.pc && r.sp);
        CHECK_EQ(word_at(pid, (void *)r.sp), 2); /* argc */
        PT(PTRACE_CONT, pid, 0, 0);
        CHECK_EXIT(wait_for(pid), 17);
    }
}

TEST(exec_ends_with_a_call_stop)
{
    char *argv[] = {"self", "exec-target", NULL};
    struct gpr r;
    pid_t pid = TRACED(({
        execv("/proc/self/exe", argv);
        9;
    }));
    CHECK_EQ(PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC), 0);
    CHECK(run_to_call(pid, SYS_execve, &r));
    PT(PTRACE_SYSCALL, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, PTRACE_EVENT_EXEC);
    PT(PTRACE_SYSCALL, pid, 0, 0);
    CHECK_STOP(wait_for(pid), STOP_SYSGOOD, 0);
    int nr = 0;
    struct iovec iov = {&nr, sizeof(nr)};
    CHECK_EQ(PT(PTRACE_GETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov), 0);
    CHECK_EQ(nr, SYS_execve);
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(r.x[0], 0);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EXIT(wait_for(pid), 17);
}

TEST(exit_event)
{
    unsigned long message = 0;
    struct gpr r;
    pid_t pid = TRACED(7);
    CHECK_EQ(PT(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT), 0);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, PTRACE_EVENT_EXIT);
    CHECK_EQ(PT(PTRACE_GETEVENTMSG, pid, 0, &message), 0);
    CHECK_EQ(message, 7 << 8);
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(r.x[8], SYS_exit_group);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(waitid_tells_of_stops)
{
    pid_t pid = TRACED(({
        raise(SIGUSR1);
        7;
    }));
    siginfo_t si;
    PT(PTRACE_CONT, pid, 0, 0);
    memset(&si, 0, sizeof(si));
    CHECK_EQ(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WEXITED | WNOWAIT), 0);
    CHECK_EQ(si.si_code, CLD_TRAPPED);
    CHECK_EQ(si.si_status, SIGUSR1);
    memset(&si, 0, sizeof(si));
    CHECK_EQ(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WEXITED), 0);
    CHECK_EQ(si.si_pid, pid);
    CHECK_EQ(si.si_status, SIGUSR1);
    PT(PTRACE_CONT, pid, 0, 0);
    CHECK_EQ(waitid(P_PID, (id_t)pid, &si, WEXITED), 0);
    CHECK_EQ(si.si_code, CLD_EXITED);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "exec-target"))
        return 17;
    return test_main(argc, argv);
}
