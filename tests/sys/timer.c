/*
 * Timers that end in a signal: POSIX timers by process and by thread,
 * setitimer and alarm, their si_code, values, overruns and what is left.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

static volatile int calls, code, value, tid;

static void note(int sig, siginfo_t *info, void *uc)
{
    calls++;
    code = info->si_code;
    value = info->si_value.sival_int;
    tid = (int)syscall(SYS_gettid);
}

static void handle(int sig)
{
    struct sigaction sa = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

    sigaction(sig, &sa, NULL);
    calls = 0;
}

static long ms_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void wait_calls(int n)
{
    for (int i = 0; i < 2000 && calls < n; i++)
        usleep(1000);
}

TEST(a_timer_signals_once_or_often)
{
    struct sigevent ev = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 4711};
    struct itimerspec once = {.it_value.tv_nsec = 20000000}, every = {{0, 5000000}, {0, 5000000}},
                      left;
    struct timespec start;
    timer_t id;

    handle(SIGRTMIN);
    CHECK(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0);
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK(timer_settime(id, 0, &once, NULL) == 0);
    CHECK(timer_gettime(id, &left) == 0);
    CHECK(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 20000000);
    wait_calls(1);
    CHECK(ms_since(&start) >= 19);
    CHECK_EQ(calls, 1);
    CHECK_EQ(code, SI_TIMER);
    CHECK_EQ(value, 4711);
    CHECK(timer_settime(id, 0, &every, NULL) == 0);
    wait_calls(10);
    CHECK(calls >= 10);
    CHECK(timer_delete(id) == 0);
    CHECK_ERR(timer_gettime(id, &left), EINVAL);
}

TEST(blocked_expirations_are_counted)
{
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    struct itimerspec every = {{0, 1000000}, {0, 1000000}};
    sigset_t s;
    timer_t id;

    handle(SIGRTMIN);
    sigemptyset(&s);
    sigaddset(&s, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &s, NULL);
    timer_create(CLOCK_MONOTONIC, &ev, &id);
    timer_settime(id, 0, &every, NULL);
    usleep(30000);
    siginfo_t info;
    CHECK_EQ(sigwaitinfo(&s, &info), SIGRTMIN);
    CHECK_EQ(info.si_code, SI_TIMER);
    CHECK(info.si_overrun >= 5);
    CHECK(timer_getoverrun(id) >= 5);
    timer_delete(id);
    while (sigtimedwait(&s, &info, &(struct timespec){0}) > 0)
        ;
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

static volatile int worker_tid, stop;

static void *worker(void *arg)
{
    worker_tid = (int)syscall(SYS_gettid);
    while (!stop)
        usleep(1000);
    return NULL;
}

TEST(a_timer_may_aim_at_a_thread)
{
    struct itimerspec once = {.it_value.tv_nsec = 10000000};
    struct {
        uint64_t value;
        int signo, notify, tid, pad[11];
    } ev = {.signo = SIGRTMIN, .notify = 4 /* SIGEV_THREAD_ID */};
    pthread_t t;
    int id;

    stop = worker_tid = 0;
    pthread_create(&t, NULL, worker, NULL);
    while (!worker_tid)
        usleep(1000);
    handle(SIGRTMIN);
    ev.tid = worker_tid;
    CHECK_EQ(RAW(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), 0);
    CHECK_EQ(RAW(SYS_timer_settime, id, 0, &once, NULL), 0);
    wait_calls(1);
    CHECK_EQ(tid, worker_tid);
    CHECK_EQ(RAW(SYS_timer_delete, id), 0);
    stop = 1;
    pthread_join(t, NULL);
}

TEST(interval_timers)
{
    struct itimerval every = {{0, 5000}, {0, 5000}}, none = {0}, left;

    handle(SIGALRM);
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
    wait_calls(5);
    CHECK(calls >= 5);
    CHECK(setitimer(ITIMER_REAL, &none, &left) == 0);
    CHECK_EQ(left.it_interval.tv_usec, 5000);
    CHECK_EQ(code, SI_KERNEL);
    handle(SIGVTALRM);
    CHECK(setitimer(ITIMER_VIRTUAL, &every, NULL) == 0);
    while (calls < 3)
        ;
    CHECK(setitimer(ITIMER_VIRTUAL, &none, NULL) == 0);
    handle(SIGPROF);
    CHECK(setitimer(ITIMER_PROF, &every, NULL) == 0);
    while (calls < 3)
        getppid();
    CHECK(setitimer(ITIMER_PROF, &none, NULL) == 0);
}

TEST(alarm_wakes_pause)
{
    handle(SIGALRM);
    CHECK_EQ(alarm(1), 0);
    CHECK_ERR(pause(), EINTR);
    CHECK_EQ(calls, 1);
    CHECK_EQ(alarm(0), 0);
}

TEST(timers_do_not_survive_fork_but_pending_exec_does)
{
    struct itimerval soon = {.it_value.tv_usec = 30000};

    handle(SIGALRM);
    setitimer(ITIMER_REAL, &soon, NULL);
    int status = IN_CHILD(({
        struct itimerval left;
        getitimer(ITIMER_REAL, &left);
        left.it_value.tv_usec == 0 && left.it_value.tv_sec == 0;
    }));
    CHECK_EQ(WEXITSTATUS(status), 1);
    wait_calls(1);
    CHECK_EQ(calls, 1);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGALRM, SIG_DFL);
        setitimer(ITIMER_REAL, &soon, NULL);
        execl("/proc/self/exe", "timer", "--wait", NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}

TEST(timerfd_counts)
{
    struct itimerspec every = {{0, 2000000}, {0, 2000000}};
    uint64_t n = 0;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

    CHECK(fd >= 0);
    CHECK(timerfd_settime(fd, 0, &every, NULL) == 0);
    usleep(20000);
    CHECK_EQ(read(fd, &n, sizeof n), sizeof n);
    CHECK(n >= 5);
    close(fd);
}

/* A signal wakes a wait at once, not at the next round of some loop. */
TEST(wakes_are_prompt)
{
    enum { ROUNDS = 100 };
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec once = {.it_value.tv_nsec = 1000000};
    struct timespec start;
    long late = 0;
    timer_t id;

    handle(SIGUSR1);
    timer_create(CLOCK_MONOTONIC, &ev, &id);
    for (int i = 0; i < ROUNDS; i++) {
        clock_gettime(CLOCK_MONOTONIC, &start);
        timer_settime(id, 0, &once, NULL);
        CHECK_ERR(nanosleep(&(struct timespec){.tv_sec = 1}, NULL), EINTR);
        late += ms_since(&start) > 20;
    }
    CHECK(late < ROUNDS / 4);
    timer_delete(id);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--wait")) {
        for (;;)
            pause();
    }
    return test_main(argc, argv);
}
