/*
 * Threads: many at once, many in a row, their thread-local storage, ids and
 * signals; the ends of a process that has several (exit_group with busy
 * siblings, exec from another thread, fork among allocating threads); mutexes
 * that outlive their owners.
 */
#include "test.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

static __thread int tls = 5;
static __thread char tls_zero[100];
static int atomic_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long plain_count;

static void *add(void *arg)
{
    int ok = tls == 5 && tls_zero[99] == 0;

    tls = (int)(long)arg;
    tls_zero[99] = 1;
    for (int i = 0; i < 100; i++) {
        __atomic_fetch_add(&atomic_count, 1, __ATOMIC_SEQ_CST);
        pthread_mutex_lock(&mutex);
        plain_count++;
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(long)(ok && tls == (int)(long)arg);
}

static pthread_barrier_t all_here;

static void *wait_for_all(void *arg)
{
    pthread_barrier_wait(&all_here);
    return add(arg);
}

TEST(five_hundred_at_once)
{
    enum { COUNT = 500 };
    static pthread_t thread[COUNT];
    pthread_attr_t attr;
    int good = 0;

    pthread_attr_init(&attr);
    CHECK_EQ(pthread_attr_setstacksize(&attr, 128 << 10), 0);
    pthread_barrier_init(&all_here, NULL, COUNT);
    atomic_count = 0;
    plain_count = 0;
    for (long i = 0; i < COUNT; i++) {
        if (!CHECK(pthread_create(&thread[i], &attr, wait_for_all, (void *)i) == 0))
            return;
    }
    for (int i = 0; i < COUNT; i++) {
        void *ok;
        pthread_join(thread[i], &ok);
        good += ok != NULL;
    }
    CHECK_EQ(good, COUNT);
    CHECK_EQ(atomic_count, COUNT * 100);
    CHECK_EQ(plain_count, COUNT * 100);
    CHECK_EQ(tls, 5);
}

static void *nothing(void *arg)
{
    return arg;
}

TEST(thousands_in_a_row)
{
    long sum = 0;

    for (long i = 0; i < 3000; i++) {
        pthread_t t;
        void *back;
        if (!CHECK(pthread_create(&t, NULL, nothing, (void *)i) == 0))
            return;
        pthread_join(t, &back);
        sum += (long)back;
    }
    CHECK_EQ(sum, 3000l * 2999 / 2);
}

TEST(detached_threads_leave_nothing)
{
    pthread_attr_t attr;
    char line[256];
    long before = 0, after = 0;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 500; i++) {
            pthread_t t;
            while (pthread_create(&t, &attr, nothing, NULL))
                usleep(1000);
        }
        usleep(50000);
        FILE *f = fopen("/proc/self/status", "r");
        while (f && fgets(line, sizeof line, f)) {
            if (sscanf(line, "VmRSS: %ld", round ? &after : &before))
                break;
        }
        if (f)
            fclose(f);
    }
    CHECK(after < before + 4096);
}

/* ---- ids and signals ---- */

static volatile int hit_tid;

static void note_tid(int sig)
{
    hit_tid = (int)syscall(SYS_gettid);
}

static sem_t go, done;
static volatile int thread_tid;

static void *obey(void *arg)
{
    thread_tid = (int)syscall(SYS_gettid);
    sem_post(&done);
    while (sem_wait(&go) < 0)
        ;
    return (void *)(long)(getpid() == (pid_t)(long)arg);
}

TEST(a_signal_goes_to_its_thread)
{
    pthread_t t;
    void *ok;

    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    signal(SIGUSR1, note_tid);
    pthread_create(&t, NULL, obey, (void *)(long)getpid());
    sem_wait(&done);
    CHECK(thread_tid != getpid());
    hit_tid = 0;
    CHECK_EQ(syscall(SYS_tgkill, getpid(), thread_tid, SIGUSR1), 0);
    for (int i = 0; i < 1000 && !hit_tid; i++)
        usleep(1000);
    CHECK_EQ(hit_tid, thread_tid);
    /* One sent to the process goes to whoever lets it in. */
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    hit_tid = 0;
    kill(getpid(), SIGUSR1);
    for (int i = 0; i < 1000 && !hit_tid; i++)
        usleep(1000);
    CHECK_EQ(hit_tid, thread_tid);
    sem_post(&go);
    pthread_join(t, &ok);
    CHECK(ok != NULL);
    /* The join may be a little ahead of the kernel's own end of the thread. */
    for (int i = 0; i < 1000 && syscall(SYS_tgkill, getpid(), thread_tid, 0) == 0; i++)
        usleep(1000);
    CHECK_ERR(syscall(SYS_tgkill, getpid(), thread_tid, SIGUSR1), ESRCH);
    pthread_sigmask(SIG_UNBLOCK, &s, NULL);
}

static void *spin_until_cancelled(void *arg)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;)
        ;
    return NULL;
}

static void *sleep_until_cancelled(void *arg)
{
    for (;;)
        pause();
    return NULL;
}

TEST(cancel_reaches_running_and_waiting_threads)
{
    pthread_t t;
    void *result;

    pthread_create(&t, NULL, spin_until_cancelled, NULL);
    usleep(20000);
    CHECK_EQ(pthread_cancel(t), 0);
    pthread_join(t, &result);
    CHECK(result == PTHREAD_CANCELED);
    pthread_create(&t, NULL, sleep_until_cancelled, NULL);
    usleep(20000);
    CHECK_EQ(pthread_cancel(t), 0);
    pthread_join(t, &result);
    CHECK(result == PTHREAD_CANCELED);
}

static __thread sigjmp_buf fault_back;
static volatile int faults;

static void jump_back(int sig, siginfo_t *info, void *uc)
{
    __atomic_fetch_add(&faults, info->si_addr == (void *)(long)0x5000, __ATOMIC_SEQ_CST);
    siglongjmp(fault_back, 1);
}

static void *fault_often(void *arg)
{
    for (volatile int i = 0; i < 200; i++) {
        if (!sigsetjmp(fault_back, 1))
            *(volatile int *)0x5000 = 1;
    }
    return NULL;
}

TEST(each_thread_gets_its_own_faults)
{
    struct sigaction sa = {.sa_sigaction = jump_back, .sa_flags = SA_SIGINFO};
    pthread_t t[8];

    sigaction(SIGSEGV, &sa, NULL);
    faults = 0;
    for (int i = 0; i < 8; i++)
        pthread_create(&t[i], NULL, fault_often, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(t[i], NULL);
    CHECK_EQ(faults, 1600);
    signal(SIGSEGV, SIG_DFL);
}

static volatile int stop_storm;

static void *be_struck(void *arg)
{
    uint64_t bad = 0;

    while (!stop_storm) {
        char text[32];
        snprintf(text, sizeof text, "%d %g", 12345, 0.5);
        bad += strcmp(text, "12345 0.5") != 0;
        getppid();
    }
    return (void *)bad;
}

static volatile int strikes;

static void count(int sig)
{
    __atomic_fetch_add(&strikes, 1, __ATOMIC_SEQ_CST);
}

TEST(signals_among_threads_disturb_nothing)
{
    struct sigaction sa = {.sa_handler = count, .sa_flags = SA_RESTART};
    pthread_t t[4];
    int sent = 0;

    sigaction(SIGRTMIN + 5, &sa, NULL);
    stop_storm = strikes = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, be_struck, NULL);
    for (int i = 0; i < 2000; i++) {
        while (pthread_kill(t[i % 4], SIGRTMIN + 5) == EAGAIN)
            usleep(100);
        sent++;
    }
    for (int i = 0; i < 2000 && strikes < sent; i++)
        usleep(1000);
    CHECK_EQ(strikes, sent);
    stop_storm = 1;
    for (int i = 0; i < 4; i++) {
        void *bad;
        pthread_join(t[i], &bad);
        CHECK_EQ((long)bad, 0);
    }
}

/* ---- the ends of a process ---- */

static void *spin(void *arg)
{
    for (;;)
        __atomic_fetch_add(&atomic_count, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void *block(void *arg)
{
    for (;;)
        pause();
    return NULL;
}

static void busy_siblings(void)
{
    pthread_t t;

    for (int i = 0; i < 4; i++) {
        pthread_create(&t, NULL, spin, NULL);
        pthread_create(&t, NULL, block, NULL);
    }
    usleep(10000);
}

TEST(exit_group_ends_busy_siblings)
{
    int status = IN_CHILD((busy_siblings(), 17));

    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 17);
}

static void *exit_from_here(void *arg)
{
    _exit(18);
}

TEST(any_thread_ends_the_process)
{
    int status = IN_CHILD(({
        pthread_t t;
        busy_siblings();
        pthread_create(&t, NULL, exit_from_here, NULL);
        pause();
        1;
    }));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 18);
}

static void *late_exit(void *arg)
{
    usleep(50000);
    /* The process lived on without its first thread; the last one gives the status (Linux 6.0 and later). */
    syscall(SYS_exit, 3);
    return NULL;
}

TEST(the_first_thread_may_leave_first)
{
    int status = IN_CHILD(({
        pthread_t t;
        pthread_create(&t, NULL, late_exit, NULL);
        syscall(SYS_exit, 21);
        1;
    }));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void *die_here(void *arg)
{
    *(volatile char *)8 = 1;
    return NULL;
}

TEST(a_fault_in_a_thread_kills_all)
{
    int status = IN_CHILD(({
        pthread_t t;
        busy_siblings();
        pthread_create(&t, NULL, die_here, NULL);
        pause();
        1;
    }));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void *exec_here(void *arg)
{
    char pid[16];

    snprintf(pid, sizeof pid, "%d", getpid());
    execl("/proc/self/exe", "thread", "--pid", pid, NULL);
    _exit(99);
}

TEST(exec_from_another_thread)
{
    int status = IN_CHILD(({
        pthread_t t;
        busy_siblings();
        pthread_create(&t, NULL, exec_here, NULL);
        pause();
        1;
    }));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 33);
}

static volatile int stop_allocating;

static void *allocate(void *arg)
{
    while (!stop_allocating) {
        char *p = malloc(1000 + (size_t)(long)arg * 100000);
        p[0] = 1;
        free(p);
        munmap(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192);
    }
    return NULL;
}

TEST(fork_while_others_allocate)
{
    pthread_t t[3];
    int good = 0;

    stop_allocating = 0;
    for (long i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, allocate, (void *)i);
    for (int i = 0; i < 60; i++) {
        int status = IN_CHILD(({
            char *p = malloc(200000);
            pthread_t mine;
            void *back = NULL;
            memset(p, 1, 200000);
            free(p);
            /* The child has one thread, and may make more. */
            pthread_create(&mine, NULL, nothing, (void *)7);
            pthread_join(mine, &back);
            back == (void *)7 ? 5 : 6;
        }));
        good += WIFEXITED(status) && WEXITSTATUS(status) == 5;
    }
    CHECK_EQ(good, 60);
    stop_allocating = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
}

/* ---- mutexes ---- */

static void *lock_and_die(void *m)
{
    pthread_mutex_lock(m);
    return NULL;
}

TEST(robust_mutex_tells_of_a_dead_owner)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t *m =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_t t;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    CHECK_EQ(pthread_mutex_init(m, &attr), 0);
    pthread_create(&t, NULL, lock_and_die, m);
    pthread_join(t, NULL);
    CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_consistent(m), 0);
    CHECK_EQ(pthread_mutex_unlock(m), 0);
    IN_CHILD((pthread_mutex_lock(m), kill(getpid(), SIGKILL), 0));
    CHECK_EQ(pthread_mutex_lock(m), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_unlock(m), 0);
    CHECK_EQ(pthread_mutex_lock(m), ENOTRECOVERABLE);
}

TEST(shared_mutex_and_condition_across_fork)
{
    struct shared {
        pthread_mutex_t m;
        pthread_cond_t c;
        int turn, sum;
    } *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t ma;
    pthread_condattr_t ca;

    pthread_mutexattr_init(&ma);
    pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&ca);
    pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->m, &ma);
    pthread_cond_init(&s->c, &ca);
    pid_t pid = fork();
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&s->m);
        while (s->turn != !pid)
            pthread_cond_wait(&s->c, &s->m);
        s->turn = !s->turn;
        s->sum++;
        pthread_cond_broadcast(&s->c);
        pthread_mutex_unlock(&s->m);
    }
    if (!pid)
        _exit(0);
    waitpid(pid, NULL, 0);
    CHECK_EQ(s->sum, 1000);
}

static pthread_mutex_t pi;

static void *hold_pi(void *arg)
{
    pthread_mutex_lock(&pi);
    sem_post(&done);
    usleep(80000);
    pthread_mutex_unlock(&pi);
    return NULL;
}

TEST(priority_inheritance_waits_through_signals)
{
    pthread_mutexattr_t attr;
    struct itimerspec every = {.it_interval.tv_nsec = 10000000, .it_value.tv_nsec = 10000000};
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct sigaction sa = {.sa_handler = count};
    pthread_t t;
    timer_t timer;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
    CHECK_EQ(pthread_mutex_init(&pi, &attr), 0);
    sem_init(&done, 0, 0);
    pthread_create(&t, NULL, hold_pi, NULL);
    while (sem_wait(&done) < 0)
        ;
    sigaction(SIGUSR1, &sa, NULL);
    timer_create(CLOCK_MONOTONIC, &ev, &timer);
    timer_settime(timer, 0, &every, NULL);
    /* FUTEX_LOCK_PI is made again after any handler, SA_RESTART or not. */
    CHECK_EQ(pthread_mutex_lock(&pi), 0);
    timer_delete(timer);
    CHECK_EQ(pthread_mutex_unlock(&pi), 0);
    pthread_join(t, NULL);
}

/* ---- raw clone ---- */

TEST(clone_refuses_what_linux_refuses)
{
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
            set_tid_size, cgroup, more;
    } a = {.flags = 0};

    CHECK_EQ(RAW(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0), -EINVAL);
    CHECK_EQ(RAW(435 /* clone3 */, &a, 63), -EINVAL);
    CHECK_EQ(RAW(435, &a, 5000), -E2BIG);
    CHECK_EQ(RAW(435, 8, 88), -EFAULT);
    a.more = 1;
    CHECK_EQ(RAW(435, &a, sizeof a), -E2BIG);
    a.more = 0;
    a.exit_signal = 65;
    CHECK_EQ(RAW(435, &a, 88), -EINVAL);
    a.exit_signal = SIGCHLD;
    a.stack = 0x10000;
    CHECK_EQ(RAW(435, &a, 88), -EINVAL);
    a.stack = 0;
    a.stack_size = 1;
    CHECK_EQ(RAW(435, &a, 88), -EINVAL);
    a.stack_size = 0;
    a.flags = CLONE_THREAD;
    CHECK_EQ(RAW(435, &a, 88), -EINVAL);
    a.flags = 1ull << 40;
    CHECK_EQ(RAW(435, &a, 88), -EINVAL);
    a.flags = 0;
    a.set_tid = (uint64_t)&a;
    CHECK_EQ(RAW(435, &a, 88), -EINVAL);
    CHECK_EQ(RAW(SYS_set_tid_address, 8), getpid());
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--pid"))
        return atoi(argv[2]) == getpid() && syscall(SYS_gettid) == getpid() ? 33 : 34;
    return test_main(argc, argv);
}
