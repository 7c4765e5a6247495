/*
 * seccomp(2): strict mode, every filter action, priority among filters,
 * inheritance over fork, threads and exec, TSYNC, and what is refused.
 */
#include "sys/test.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>

#define NR offsetof(struct seccomp_data, nr)
#define ARCH offsetof(struct seccomp_data, arch)
#define ARG0 offsetof(struct seccomp_data, args[0])

static long attach(struct sock_filter *f, unsigned n, unsigned flags)
{
    struct sock_fprog prog = {(unsigned short)n, f};
    return RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* A filter that gives `verdict` for one system call and allows the rest. */
static long deny(long nr, unsigned verdict, unsigned flags)
{
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARCH),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, verdict),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return attach(f, sizeof(f) / sizeof(f[0]), flags);
}

static void no_new_privs(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

TEST(strict_allows_four_calls)
{
    int st = IN_CHILD(({
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        write(1, "", 0);
        syscall(SYS_exit, 7);
        0;
    }));
    CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 7);
    st = IN_CHILD(({
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        getppid();
        0;
    }));
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

TEST(errno_and_its_bounds)
{
    int st = IN_CHILD(({
        no_new_privs();
        int bad = deny(SYS_getppid, SECCOMP_RET_ERRNO | 77, 0) != 0;
        bad |= RAW(SYS_getppid) != -77;
        bad |= RAW(SYS_getpid) <= 0;
        bad |= deny(SYS_getuid, SECCOMP_RET_ERRNO | 0xffff, 0) != 0;
        bad |= RAW(SYS_getuid) != -4095;
        bad |= deny(SYS_getgid, SECCOMP_RET_ERRNO, 0) != 0;
        bad |= RAW(SYS_getgid) != 0;
        bad |= prctl(PR_GET_SECCOMP) != 2;
        bad;
    }));
    CHECK_EQ(st, 0);
}

TEST(newest_wins_only_among_equals)
{
    int st = IN_CHILD(({
        no_new_privs();
        deny(SYS_getppid, SECCOMP_RET_ERRNO | 1, 0);
        deny(SYS_getppid, SECCOMP_RET_ERRNO | 2, 0);
        deny(SYS_getppid, SECCOMP_RET_LOG, 0);
        RAW(SYS_getppid) != -2;
    }));
    CHECK_EQ(st, 0);
}

TEST(kill_process_and_unknown_action)
{
    unsigned kills[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, 0x12340000};
    for (int i = 0; i < 3; i++) {
        int st = IN_CHILD(({
            no_new_privs();
            deny(SYS_getppid, kills[i], 0);
            syscall(SYS_getppid);
            0;
        }));
        CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSYS);
    }
}

static void *call_getppid(void *unused)
{
    syscall(SYS_getppid);
    return unused;
}

TEST(kill_thread_spares_siblings)
{
    int st = IN_CHILD(({
        pthread_t th;
        no_new_privs();
        deny(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0);
        pthread_create(&th, NULL, call_getppid, NULL);
        usleep(200000);
        9;
    }));
    CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 9);
}

static siginfo_t seen;
static volatile unsigned long seen_x0, seen_x8;

static void on_sigsys(int sig, siginfo_t *info, void *ctx)
{
    ucontext_t *uc = ctx;
    seen = *info;
    seen_x0 = uc->uc_mcontext.regs[0];
    seen_x8 = uc->uc_mcontext.regs[8];
    uc->uc_mcontext.regs[0] = 4242;
}

TEST(trap_tells_the_handler)
{
    int st = IN_CHILD(({
        struct sigaction sa = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
        sigaction(SIGSYS, &sa, NULL);
        no_new_privs();
        deny(SYS_setuid, SECCOMP_RET_TRAP | 33, 0);
        long r = syscall(SYS_setuid, 555);
        int bad = 0;
        bad |= (r != 4242) << 0;
        bad |= (seen.si_signo != SIGSYS || seen.si_code != 1 || seen.si_errno != 33) << 1;
        bad |= (seen.si_syscall != SYS_setuid) << 2;
        bad |= (seen.si_arch != AUDIT_ARCH_AARCH64) << 3;
        bad |= (seen.si_call_addr == NULL) << 4;
        bad |= (seen_x0 != 555) << 5;
        bad |= (seen_x8 != SYS_setuid) << 6;
        bad;
    }));
    CHECK_EQ(st, 0);
}

TEST(trace_without_tracer_is_enosys)
{
    int st = IN_CHILD(({
        no_new_privs();
        deny(SYS_getppid, SECCOMP_RET_TRACE, 0);
        RAW(SYS_getppid) != -ENOSYS;
    }));
    CHECK_EQ(st, 0);
}

TEST(arguments_are_seen)
{
    int st = IN_CHILD(({
        struct sock_filter f[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1234, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 5),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        no_new_privs();
        int bad = attach(f, 6, 0) != 0;
        bad |= RAW(SYS_close, 1234) != -5;
        bad |= RAW(SYS_close, 1235) != -EBADF;
        bad;
    }));
    CHECK_EQ(st, 0);
}

TEST(inherited_by_fork_and_exec)
{
    int st = IN_CHILD(({
        no_new_privs();
        deny(SYS_getppid, SECCOMP_RET_ERRNO | 99, 0);
        int inner = IN_CHILD(RAW(SYS_getppid) != -99);
        char *argv[] = {(char *)"seccomp", (char *)"--getppid", NULL};
        if (inner == 0)
            execv("/proc/self/exe", argv);
        1;
    }));
    CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 99);
}

static int gate[2];
static void *wait_then_getppid(void *unused)
{
    char c;
    (void)!read(gate[0], &c, 1);
    return (void *)-RAW(SYS_getppid);
}

TEST(tsync_reaches_siblings)
{
    int st = IN_CHILD(({
        pthread_t th;
        void *got = NULL;
        (void)!pipe(gate);
        no_new_privs();
        pthread_create(&th, NULL, wait_then_getppid, NULL);
        int bad = deny(SYS_getppid, SECCOMP_RET_ERRNO | 44, SECCOMP_FILTER_FLAG_TSYNC) != 0;
        (void)!write(gate[1], "x", 1);
        pthread_join(th, &got);
        bad | ((long)got != 44) << 1;
    }));
    CHECK_EQ(st, 0);
}

TEST(refused_programs)
{
    int st = IN_CHILD(({
        no_new_privs();
        struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        struct sock_filter past_data[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), allow};
        struct sock_filter unaligned[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), allow};
        struct sock_filter bytes[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), allow};
        struct sock_filter far_jump[] = {BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), allow};
        struct sock_filter no_ret[] = {BPF_STMT(BPF_LD | BPF_IMM, 0)};
        struct sock_filter div0[] = {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), allow};
        struct sock_filter unwritten[] = {BPF_STMT(BPF_LD | BPF_MEM, 3), allow};
        int bad = 0;
        bad |= (attach(past_data, 2, 0) != -EINVAL) << 0;
        bad |= (attach(unaligned, 2, 0) != -EINVAL) << 1;
        bad |= (attach(bytes, 2, 0) != -EINVAL) << 2;
        bad |= (attach(far_jump, 2, 0) != -EINVAL) << 3;
        bad |= (attach(no_ret, 1, 0) != -EINVAL) << 4;
        bad |= (attach(div0, 2, 0) != -EINVAL) << 5;
        bad |= (attach(unwritten, 2, 0) != -EINVAL) << 6;
        bad |= (attach(&allow, 0, 0) != -EINVAL) << 7;
        bad;
    }));
    CHECK_EQ(st, 0);
    CHECK_EQ(RAW(SYS_seccomp, 99, 0, NULL), -EINVAL);
    CHECK_EQ(RAW(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL), -EINVAL);
    CHECK_EQ(RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1u << 20, NULL), -EINVAL);
    st = IN_CHILD(({
        no_new_privs();
        RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 8) != -EFAULT;
    }));
    CHECK_EQ(st, 0);
}

TEST(actions_available)
{
    unsigned known[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                        SECCOMP_RET_ERRNO,        SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,
                        SECCOMP_RET_ALLOW};
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        CHECK_EQ(RAW(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &known[i]), 0);
    unsigned unknown = 0x12340000;
    CHECK_EQ(RAW(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &unknown), -EOPNOTSUPP);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--getppid"))
        return (int)-RAW(SYS_getppid);
    return test_main(argc, argv);
}
