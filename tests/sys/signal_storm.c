/*
 * test: timeout=120 args=3
 * Signals from several processes and timers at once, while threads compute,
 * call, fault, map and fork: nothing is lost, doubled or torn. Queued signals
 * carry numbers, so that each sender's are seen to arrive once and in order.
 * The argument is how many seconds it lasts.
 */
#include "test.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

enum { SENDERS = 3, WORKERS = 4 };

static struct shared {
    volatile int stop;
    volatile int sent[SENDERS];
} * shared;

static int seconds = 1;
static volatile int next_value[SENDERS], out_of_order, timer_hits, faults;

/* Only the first thread lets these in, and its handler holds them all back. */
static void queued(int sig, siginfo_t *info, void *uc)
{
    int who = sig - (SIGRTMIN + 1);

    if (info->si_code != SI_QUEUE || info->si_value.sival_int != next_value[who])
        out_of_order++;
    next_value[who]++;
}

static void tick(int sig)
{
    __atomic_fetch_add(&timer_hits, 1, __ATOMIC_RELAXED);
}

static __thread sigjmp_buf back;

static void fault(int sig, siginfo_t *info, void *uc)
{
    __atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
    siglongjmp(back, 1);
}

static __attribute__((noinline)) void touch_nothing(void)
{
    if (!sigsetjmp(back, 1))
        *(volatile char *)0x7000 = 1;
}

static void *work(void *arg)
{
    uint64_t bad = 0, x = (uint64_t)(long)arg + 1, rounds = 0;
    double d = 1.0;

    while (!shared->stop) {
        uint64_t y = x, e = (uint64_t)d;
        char text[40];

        /* Integers, flags, vectors and memory through some thousand instructions. */
        for (int i = 0; i < 200; i++) {
            y = y * 6364136223846793005u + 1442695040888963407u;
            d = d * 1.5 - d * 0.5;
        }
        for (int i = 0; i < 200; i++)
            y = (y - 1442695040888963407u) * 0xc097ef87329e28a5u;
        bad += y != x || (uint64_t)d != e;
        snprintf(text, sizeof text, "%d %.3f", 4711, 0.125);
        bad += strcmp(text, "4711 0.125") != 0;
        touch_nothing();
        if (rounds++ % 64 == (uint64_t)(long)arg * 16) {
            char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memset(p, 0x5a, 65536);
            bad += p[65535] != 0x5a;
            munmap(p, 65536);
        }
        x++;
    }
    return (void *)bad;
}

static pid_t sender(int who, pid_t to)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    for (int n = 0; !shared->stop; n++) {
        while (sigqueue(to, SIGRTMIN + 1 + who, (union sigval){.sival_int = n}) < 0) {
            if (shared->stop)
                _exit(0);
            usleep(50);
        }
        shared->sent[who] = n + 1;
        if (n % 4 == 0)
            usleep(1000);
    }
    _exit(0);
}

TEST(storm)
{
    struct sigaction sa = {.sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec every = {{0, 1000000}, {0, 1000000}};
    pid_t pid[SENDERS];
    pthread_t thread[WORKERS];
    sigset_t ours;
    timer_t timer;
    int forks = 0, good = 0, total = 0;

    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigemptyset(&ours);
    for (int i = 0; i < SENDERS; i++)
        sigaddset(&ours, SIGRTMIN + 1 + i);
    sa.sa_mask = ours;
    sa.sa_sigaction = queued;
    for (int i = 0; i < SENDERS; i++)
        sigaction(SIGRTMIN + 1 + i, &sa, NULL);
    sa.sa_sigaction = fault;
    sigaction(SIGSEGV, &sa, NULL);
    sa.sa_handler = tick;
    sa.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &sa, NULL);

    sigprocmask(SIG_BLOCK, &ours, NULL);
    for (long i = 0; i < WORKERS; i++)
        pthread_create(&thread[i], NULL, work, (void *)i);
    for (int i = 0; i < SENDERS; i++)
        pid[i] = sender(i, getpid());
    timer_create(CLOCK_MONOTONIC, &ev, &timer);
    timer_settime(timer, 0, &every, NULL);
    sigprocmask(SIG_UNBLOCK, &ours, NULL);

    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        int status = IN_CHILD(({
            char *p = malloc(5000);
            memset(p, 1, 5000);
            p[4999] + 6;
        }));
        forks++;
        good += WIFEXITED(status) && WEXITSTATUS(status) == 7;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - start.tv_sec < seconds);
    shared->stop = 1;
    timer_delete(timer);
    for (int i = 0; i < SENDERS; i++)
        while (waitpid(pid[i], NULL, 0) < 0)
            ;
    for (int i = 0; i < WORKERS; i++) {
        void *bad;
        pthread_join(thread[i], &bad);
        CHECK_EQ((long)bad, 0);
    }
    CHECK_EQ(good, forks);
    CHECK_EQ(out_of_order, 0);
    for (int i = 0; i < SENDERS; i++) {
        /* The last one may have been queued and not yet counted by its sender. */
        CHECK(next_value[i] == shared->sent[i] || next_value[i] == shared->sent[i] + 1);
        total += next_value[i];
    }
    CHECK(total > 0 && timer_hits > 0 && faults > 0);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        seconds = atoi(argv[1]);
    return test_main(1, argv);
}
