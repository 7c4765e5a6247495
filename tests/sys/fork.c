/*
 * New processes and their ends: fork, vfork, posix_spawn, clone3, exec's
 * failures as the parent learns them, wait in its forms, orphans, pidfds.
 */
#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern char **environ;

struct clone3 {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
        set_tid_size, cgroup;
};
#define CLEAR_SIGHAND 0x100000000ull

TEST(fork_copies)
{
    static int data = 1;
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t parent = getpid();
    int status =
        IN_CHILD((data = 2, *shared = 3, getppid() == parent && getpid() != parent ? 4 : 5));

    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 4);
    CHECK_EQ(data, 1);
    CHECK_EQ(*shared, 3);
    munmap(shared, 4096);
}

TEST(forks_of_forks)
{
    int status = IN_CHILD(({
        int inner = IN_CHILD(({
            int innermost = IN_CHILD(1);
            WEXITSTATUS(innermost) + 1;
        }));
        WEXITSTATUS(inner) + 1;
    }));
    CHECK_EQ(WEXITSTATUS(status), 3);
}

TEST(many_children)
{
    enum { COUNT = 200 };
    int sum = 0, status;

    for (int i = 0; i < COUNT; i++) {
        if (fork() == 0)
            _exit(i % 100);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(wait(&status) > 0);
        sum += WEXITSTATUS(status);
    }
    CHECK_EQ(sum, 2 * 4950);
    CHECK_ERR(wait(NULL), ECHILD);
}

static volatile int touched;

TEST(vfork_shares_and_waits)
{
    touched = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        touched = 1;
        usleep(20000);
        touched = 2;
        _exit(6);
    }
    CHECK_EQ(touched, 2);
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 6);
}

TEST(vfork_tells_why_exec_failed)
{
    volatile int why = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        execl("/nonexistent/program", "x", NULL);
        why = errno;
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    CHECK_EQ(why, ENOENT);
    CHECK_EQ(WEXITSTATUS(status), 127);
}

TEST(vfork_child_changes_only_its_own_signals)
{
    struct sigaction sa;

    signal(SIGUSR1, SIG_IGN);
    pid_t pid = vfork();
    if (pid == 0) {
        signal(SIGUSR1, SIG_DFL);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    sigaction(SIGUSR1, NULL, &sa);
    CHECK(sa.sa_handler == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
}

TEST(many_vforks)
{
    int status;
    volatile int good = 0;

    for (volatile int i = 0; i < 200; i++) {
        pid_t pid = vfork();
        if (pid == 0)
            _exit(i & 63);
        waitpid(pid, &status, 0);
        good += WIFEXITED(status) && WEXITSTATUS(status) == (i & 63);
    }
    CHECK_EQ(good, 200);
}

TEST(posix_spawn_gives_the_childs_error)
{
    char *args[] = {"x", "--exit", "12", NULL};
    pid_t pid;
    int status;

    CHECK_EQ(posix_spawn(&pid, "/nonexistent/program", NULL, NULL, args, environ), ENOENT);
    CHECK_EQ(posix_spawn(&pid, "/etc", NULL, NULL, args, environ), EACCES);
    CHECK_EQ(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, args, environ), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 12);
}

static int child_of_clone(void *arg)
{
    touched = *(int *)arg;
    return 9;
}

TEST(clone_with_a_stack_of_its_own)
{
    static char stack[64 << 10] __attribute__((aligned(16)));
    int value = 77, status;

    touched = 0;
    pid_t pid =
        clone(child_of_clone, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &value);
    CHECK(pid > 0);
    CHECK_EQ(touched, 77);
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
    /* Without CLONE_VM the stack is the child's copy. */
    touched = 0;
    pid = clone(child_of_clone, stack + sizeof stack, SIGCHLD, &value);
    waitpid(pid, &status, 0);
    CHECK_EQ(touched, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
    /* CLONE_VM alone: both run. */
    pid = clone(child_of_clone, stack + sizeof stack, CLONE_VM | SIGCHLD, &value);
    waitpid(pid, &status, 0);
    CHECK_EQ(touched, 77);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static void ignore_this(int sig)
{
}

TEST(clone3_gives_a_pidfd_and_clears_handlers)
{
    int pidfd = -1, child_tid = 0, parent_tid = 0;
    struct clone3 a = {
        .flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLEAR_SIGHAND,
        .pidfd = (uint64_t)&pidfd,
        .parent_tid = (uint64_t)&parent_tid,
        .child_tid = (uint64_t)&child_tid,
        .exit_signal = SIGCHLD,
    };
    siginfo_t info = {0};

    signal(SIGUSR1, ignore_this);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGSEGV, ignore_this);
    long pid = RAW(435, &a, sizeof a);
    if (pid == 0) {
        struct sigaction one, two, segv;
        sigaction(SIGUSR1, NULL, &one);
        sigaction(SIGUSR2, NULL, &two);
        sigaction(SIGSEGV, NULL, &segv);
        _exit(one.sa_handler == SIG_DFL && two.sa_handler == SIG_IGN &&
                      segv.sa_handler == SIG_DFL && child_tid == getpid()
                  ? 8
                  : 1);
    }
    if (!CHECK(pid > 0))
        return;
    CHECK_EQ(parent_tid, pid);
    CHECK_EQ(child_tid, 0);
    CHECK(pidfd >= 0);
    CHECK_EQ(waitid(3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED), 0);
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_status, 8);
    CHECK_EQ(info.si_code, CLD_EXITED);
    close(pidfd);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
}

TEST(faults_work_after_clear_sighand)
{
    struct clone3 a = {.flags = CLEAR_SIGHAND, .exit_signal = SIGCHLD};
    int status;

    long pid = RAW(435, &a, sizeof a);
    if (pid == 0) {
        /* EFAULT is a fault that the runtime catches. */
        _exit(RAW(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8) == -EFAULT ? 4 : 5);
    }
    waitpid((pid_t)pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 4);
}

TEST(wait_forms)
{
    siginfo_t info = {0};
    struct rusage ru;
    int status, go[2];
    char c;

    CHECK(pipe(go) == 0);
    pid_t pid = fork();

    if (pid == 0) {
        close(go[1]);
        read(go[0], &c, 1); /* until it was seen alive */
        do {                /* until a tick of the clock has met it */
            for (volatile int i = 0; i < 200000; i++)
                ;
            getrusage(RUSAGE_SELF, &ru);
        } while (ru.ru_utime.tv_sec == 0 && ru.ru_utime.tv_usec == 0);
        _exit(2);
    }
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
    close(go[0]);
    close(go[1]);
    CHECK_EQ(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    CHECK_EQ(info.si_status, 2);
    CHECK_EQ(wait4(pid, &status, 0, &ru), pid);
    CHECK(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec > 0);
    CHECK_ERR(waitpid(pid, &status, 0), ECHILD);
    CHECK_ERR(waitid(P_PID, (id_t)pid, &info, 0), EINVAL);
    CHECK_EQ(RAW(SYS_wait4, -1, 8, 0, 0), -ECHILD);
    pid = fork();
    if (pid == 0)
        _exit(0);
    CHECK_EQ(RAW(SYS_wait4, pid, 8, 0, 0), -EFAULT);
}

TEST(death_of_the_parent_is_told)
{
    int p[2];
    char c;

    CHECK(pipe(p) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(p[0]);
            write(p[1], "r", 1);
            for (;;)
                pause();
        }
        close(p[1]);
        read(p[0], &c, 1);
        _exit(0);
    }
    close(p[1]);
    waitpid(pid, NULL, 0);
    /* End of file when the grandchild is gone too. */
    while (read(p[0], &c, 1) > 0)
        ;
    CHECK(1);
    close(p[0]);
}

TEST(subreaper_inherits_orphans)
{
    int status, found = 0;

    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            usleep(30000);
            _exit(55);
        }
        _exit(1);
    }
    for (int i = 0; i < 2; i++) {
        wait(&status);
        found |= WIFEXITED(status) && WEXITSTATUS(status) == 55;
    }
    CHECK(found);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(sessions_and_groups)
{
    int status = IN_CHILD(({
        int ok = setpgid(0, 0) == 0 && getpgrp() == getpid();
        ok &= setsid() == -1 && errno == EPERM;
        ok;
    }));
    CHECK_EQ(WEXITSTATUS(status), 1);
    status = IN_CHILD((setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid()));
    CHECK_EQ(WEXITSTATUS(status), 1);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--exit"))
        return atoi(argv[2]);
    return test_main(argc, argv);
}
