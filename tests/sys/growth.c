/*
 * What is done over and over leaves nothing behind: after some rounds neither
 * the process's private mappings nor its resident memory grow any more.
 * test: timeout=120
 */
#include "sys/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

enum { ROUNDS = 200, BATCHES = 8, SLACK_KIB = 64 };

/* Private mappings and resident anonymous memory, in KiB. */
static size_t memory(void)
{
    static char text[8192];
    size_t data = 0, anon = 0;
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    char *at = strstr(text, "VmData:");
    CHECK(at && sscanf(at, "VmData: %zu", &data) == 1);
    at = strstr(text, "RssAnon:");
    CHECK(at && sscanf(at, "RssAnon: %zu", &anon) == 1);
    return data + anon;
}

/* What runs the program may learn from the first batches, and take memory for it, once. */
static void stays(void (*round)(int))
{
    size_t before, after;
    int batches = 0;

    if (test_memory_is_watched())
        SKIP("freed memory is kept for a while to be watched");
    do {
        before = memory();
        for (int i = 0; i < ROUNDS; i++)
            round(i);
        after = memory();
    } while (after > before + SLACK_KIB && ++batches < BATCHES);
    test_report(batches < BATCHES, __LINE__, "%d rounds: from %zu to %zu KiB", ROUNDS, before,
                after);
}

static void *nothing(void *arg)
{
    return arg;
}

static void a_thread(int i)
{
    pthread_t t;
    if (pthread_create(&t, NULL, nothing, NULL) == 0)
        pthread_join(t, NULL);
}

TEST(threads)
{
    stays(a_thread);
}

static void a_process(int i)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
}

TEST(processes)
{
    stays(a_process);
}

static void some_maps(int i)
{
    char *p = mmap(NULL, 64 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int k = 0; k < 64; k += 2)
        mprotect(p + (k << 12), 4096, i & 1 ? PROT_READ : PROT_READ | PROT_EXEC);
    mprotect(p, 64 << 12, PROT_READ | PROT_WRITE);
    p[1 << 12] = 1;
    p = mremap(p, 64 << 12, 128 << 12, MREMAP_MAYMOVE);
    munmap(p + (32 << 12), 8 << 12);
    munmap(p, 128 << 12);
}

TEST(maps)
{
    stays(some_maps);
}

static volatile int taken;

static void take(int sig)
{
    taken++;
}

static void some_signals(int i)
{
    struct itimerspec soon = {.it_value.tv_nsec = 1};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    stack_t alt = {.ss_sp = malloc(32768), .ss_size = 32768}, off = {.ss_flags = SS_DISABLE};
    timer_t timer;
    int before = taken;

    signal(SIGUSR1, take);
    sigaltstack(&alt, NULL);
    raise(SIGUSR1);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0) {
        timer_settime(timer, 0, &soon, NULL);
        while (taken < before + 2)
            usleep(10);
        timer_delete(timer);
    }
    sigaltstack(&off, NULL);
    free(alt.ss_sp);
}

TEST(signals)
{
    stays(some_signals);
}

static void some_descriptors(int i)
{
    int s[2], e = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {0}};

    socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
    epoll_ctl(e, EPOLL_CTL_ADD, s[0], &event);
    close(open("/proc/self/maps", O_RDONLY));
    close(open("/proc/cpuinfo", O_RDONLY));
    if (write(s[1], "x", 1) == 1)
        epoll_wait(e, &event, 1, -1);
    close(s[0]);
    close(s[1]);
    close(e);
}

TEST(descriptors)
{
    stays(some_descriptors);
}

TEST_MAIN()
