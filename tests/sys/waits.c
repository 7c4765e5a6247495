/*
 * Waiting on descriptors: poll, select, epoll (whose event is 16 bytes here
 * and 12 on x86-64), eventfd, timerfd, inotify; masks that hold for the wait. test: quick
 */
#include "sys/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

static volatile sig_atomic_t caught;
static sigset_t mask_in_handler;

static void on_signal(int sig)
{
    caught = sig;
    pthread_sigmask(SIG_SETMASK, NULL, &mask_in_handler);
}

static void catch_signal(int sig, int flags)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(sig, &sa, NULL);
    caught = 0;
}

TEST(poll_tells_events)
{
    int p[2];
    CHECK_EQ(pipe(p), 0);
    struct pollfd f[3] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {-1, POLLIN, 99}};
    CHECK_EQ(poll(f, 3, 0), 1);
    CHECK_EQ(f[0].revents, 0);
    CHECK_EQ(f[1].revents, POLLOUT);
    CHECK_EQ(f[2].revents, 0);
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(poll(f, 1, 1000), 1);
    close(p[1]);
    CHECK_EQ(poll(f, 1, 0), 1);
    CHECK_EQ(f[0].revents, POLLIN | POLLHUP);
    f[0].fd = 999;
    CHECK_EQ(poll(f, 1, 0), 1);
    CHECK_EQ(f[0].revents, POLLNVAL);
    CHECK_EQ(RAW(SYS_ppoll, 1ul << 60, 1, NULL, NULL, 8), -EFAULT);
    CHECK_EQ(RAW(SYS_ppoll, f, 1, NULL, &(uint64_t){0}, 4), -EINVAL);
    struct timespec t = {0, -1};
    CHECK_ERR(ppoll(f, 1, &t, NULL), EINVAL);
    t = (struct timespec){0, 10000000};
    CHECK_EQ(ppoll(NULL, 0, &t, NULL), 0);
    close(p[0]);
}

TEST(select_tells_events)
{
    int p[2];
    fd_set in, out;
    CHECK_EQ(pipe(p), 0);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(p[0], &in);
    FD_SET(p[1], &out);
    struct timeval t = {0, 10000};
    CHECK_EQ(select(p[1] + 1, &in, &out, NULL, &t), 1);
    CHECK(!FD_ISSET(p[0], &in) && FD_ISSET(p[1], &out));
    FD_SET(p[0], &in);
    CHECK_EQ(select(p[0] + 1, &in, NULL, NULL, &t), 0);
    CHECK_EQ(t.tv_sec + t.tv_usec, 0);
    FD_SET(50, &in);
    CHECK_ERR(select(51, &in, NULL, NULL, &t), EBADF);
    CHECK_EQ(RAW(SYS_pselect6, 5, 1ul << 60, NULL, NULL, NULL, NULL), -EFAULT);
    CHECK_ERR(select(-1, NULL, NULL, NULL, &t), EINVAL);
    close(p[0]);
    close(p[1]);
}

/* The whole 64 bits of data come back, for more events than one page of them. */
TEST(epoll_gives_back_its_data)
{
    enum { N = 300 };
    static int fds[N];
    static struct epoll_event got[N + 1];
    int ep = epoll_create1(EPOLL_CLOEXEC), seen = 0, wrong = 0;
    for (int i = 0; i < N; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK);
        struct epoll_event e = {EPOLLIN, {.u64 = 0x123456780000abcdull + (uint64_t)i * 0x10001}};
        wrong += epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &e) != 0;
    }
    CHECK_EQ(wrong, 0);
    got[N].events = 0x5a5a5a5a;
    CHECK_EQ(epoll_wait(ep, got, N, 0), N);
    for (int i = 0; i < N; i++) {
        uint64_t d = got[i].data.u64 - 0x123456780000abcdull;
        wrong += got[i].events != EPOLLIN || d % 0x10001 || d / 0x10001 >= N;
        seen += (int)(d / 0x10001);
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(seen, N * (N - 1) / 2);
    CHECK_EQ(got[N].events, 0x5a5a5a5a);
    CHECK_EQ(epoll_wait(ep, got, 7, 0), 7);
    for (int i = 0; i < N; i++)
        close(fds[i]);
    CHECK_EQ(epoll_wait(ep, got, 7, 0), 0);
    close(ep);
}

TEST(epoll_changes_and_refusals)
{
    int ep = epoll_create1(0), ev = eventfd(0, 0);
    struct epoll_event e = {EPOLLIN | EPOLLONESHOT, {.u64 = 7}}, got;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e), 0);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e), EEXIST);
    CHECK_EQ(epoll_wait(ep, &got, 1, 10), 0);
    CHECK_EQ(eventfd_write(ev, 3), 0);
    CHECK_EQ(epoll_wait(ep, &got, 1, 1000), 1);
    CHECK_EQ(epoll_wait(ep, &got, 1, 0), 0);
    e.data.u64 = ~0ull;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, ev, &e), 0);
    CHECK_EQ(epoll_wait(ep, &got, 1, 0), 1);
    CHECK_EQ(got.data.u64, ~0ull);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_DEL, ev, NULL), 0);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_DEL, ev, NULL), ENOENT);
    CHECK_EQ(RAW(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, ev, 16), -EFAULT);
    CHECK_ERR(epoll_wait(ep, &got, 0, 0), EINVAL);
    CHECK_ERR(epoll_wait(ev, &got, 1, 0), EINVAL);
    CHECK_EQ(RAW(SYS_epoll_pwait, ep, 1ul << 60, 1, 0, NULL, 8), -EFAULT);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL);
    struct timespec t = {0, 1000000};
    long rc = RAW(SYS_epoll_pwait2, ep, &got, 1, &t, NULL, 8);
    CHECK(rc == 0 || rc == -ENOSYS);
    close(ev);
    close(ep);
}

/* A signal blocked outside and not in the wait ends it, and its handler runs under the wait's mask. */
static void waits_under_mask(const char *what, int (*wait)(const sigset_t *))
{
    sigset_t block, inside, now;
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigemptyset(&inside);
    sigaddset(&inside, SIGUSR2);
    sigprocmask(SIG_BLOCK, &block, NULL);
    catch_signal(SIGUSR1, SA_RESTART);
    raise(SIGUSR1);
    CHECK_EQ(caught, 0);
    int rc = wait(&inside), e = errno;
    if (!CHECK(rc == -1 && e == EINTR && caught == SIGUSR1))
        printf("  in %s: %d, errno %d, caught %d\n", what, rc, e, caught);
    CHECK_EQ(sigismember(&mask_in_handler, SIGUSR2), 1);
    CHECK_EQ(sigismember(&mask_in_handler, SIGUSR1), 1);
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK_EQ(sigismember(&now, SIGUSR1), 1);
    CHECK_EQ(sigismember(&now, SIGUSR2), 0);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
}

static int wait_ppoll(const sigset_t *set)
{
    struct timespec t = {5, 0};
    return ppoll(NULL, 0, &t, set);
}

static int wait_pselect(const sigset_t *set)
{
    struct timespec t = {5, 0};
    return pselect(0, NULL, NULL, NULL, &t, set);
}

static int wait_epoll(const sigset_t *set)
{
    struct epoll_event e;
    int ep = epoll_create1(0), rc = epoll_pwait(ep, &e, 1, 5000, set), saved = errno;
    close(ep);
    errno = saved;
    return rc;
}

static int wait_suspend(const sigset_t *set)
{
    return sigsuspend(set);
}

TEST(masks_for_the_wait)
{
    waits_under_mask("ppoll", wait_ppoll);
    waits_under_mask("pselect", wait_pselect);
    waits_under_mask("epoll_pwait", wait_epoll);
    waits_under_mask("sigsuspend", wait_suspend);
}

/* The mask is the old one again when nothing came. */
TEST(mask_after_a_timeout)
{
    sigset_t inside, now;
    struct timespec t = {0, 1000000};
    sigemptyset(&inside);
    sigaddset(&inside, SIGUSR2);
    CHECK_EQ(ppoll(NULL, 0, &t, &inside), 0);
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK_EQ(sigismember(&now, SIGUSR2), 0);
}

TEST(eventfd_counts)
{
    uint64_t v = 0;
    int e = eventfd(5, EFD_SEMAPHORE | EFD_NONBLOCK);
    CHECK_EQ(read(e, &v, 8), 8);
    CHECK_EQ(v, 1);
    CHECK_EQ(read(e, &v, 4), -1);
    close(e);
    CHECK_ERR(eventfd(0, 0x10), EINVAL);
}

TEST(timerfd_expires)
{
    struct itimerspec set = {{0, 5000000}, {0, 5000000}}, got;
    uint64_t n = 0;
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    CHECK_EQ(timerfd_settime(t, 0, &set, NULL), 0);
    CHECK_EQ(read(t, &n, 8), 8);
    CHECK(n >= 1);
    CHECK_EQ(timerfd_gettime(t, &got), 0);
    CHECK_EQ(got.it_interval.tv_nsec, 5000000);
    close(t);
}

TEST(inotify_watches)
{
    char dir[] = "/tmp/waits.XXXXXX", buf[512] __attribute__((aligned(8))), name[64];
    int in = inotify_init1(IN_NONBLOCK);
    CHECK(mkdtemp(dir) != NULL);
    int wd = inotify_add_watch(in, dir, IN_CREATE);
    CHECK(wd > 0);
    snprintf(name, sizeof(name), "%s/new", dir);
    close(open(name, O_CREAT | O_WRONLY, 0600));
    CHECK(read(in, buf, sizeof(buf)) > 0);
    struct inotify_event *e = (void *)buf;
    CHECK_EQ(e->wd, wd);
    CHECK(!strcmp(e->name, "new"));
    CHECK_ERR(read(in, buf, sizeof(buf)), EAGAIN);
    CHECK_ERR(inotify_add_watch(in, "/nowhere/at/all", IN_CREATE), ENOENT);
    unlink(name);
    rmdir(dir);
    close(in);
}

TEST(signalfd_reads_signals)
{
    sigset_t set;
    struct signalfd_siginfo info;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    CHECK(fd >= 0);
    CHECK_ERR(read(fd, &info, sizeof(info)), EAGAIN);
    union sigval v = {.sival_int = 77};
    CHECK_EQ(sigqueue(getpid(), SIGUSR1, v), 0);
    CHECK_EQ(read(fd, &info, sizeof(info)), sizeof(info));
    CHECK_EQ(info.ssi_signo, SIGUSR1);
    CHECK_EQ(info.ssi_int, 77);
    CHECK_EQ(info.ssi_pid, getpid());
    close(fd);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

TEST_MAIN()
