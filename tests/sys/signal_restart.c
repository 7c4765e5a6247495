/*
 * What a handler does to a call that waits: signal(7)'s two lists, call by
 * call. Each is struck three times while it waits. With SA_RESTART a
 * restartable call goes on and ends by itself; without, and for those that
 * are never restarted, it fails with EINTR at the first stroke.
 */
#include "test.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

static volatile int strokes;
static int pipe_fd[2], pair[2], full_pipe[2], listener, epoll, msgid, semid;
static char fifo_name[64], lock_name[64], unix_name[64];
static int futex_word;
static pid_t child;
static mqd_t queue = -1;

static void stroke(int sig)
{
    strokes++;
}

/* One wait each; what ends it is end_wait below, 60 ms after the start. */
static long do_read(void)
{
    char c;
    return read(pipe_fd[0], &c, 1);
}
static long do_readv(void)
{
    char c;
    return syscall(SYS_readv, pipe_fd[0], (uint64_t[]){(uint64_t)&c, 1}, 1);
}
static long do_write(void)
{
    static char big[4096];
    return write(full_pipe[1], big, sizeof big);
}
static long do_recv(void)
{
    char c;
    return recv(pair[0], &c, 1, 0);
}
static long do_recvmsg(void)
{
    char c;
    struct iovec v = {&c, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    return recvmsg(pair[0], &m, 0);
}
static long do_accept(void)
{
    return accept(listener, NULL, NULL);
}
static long do_open_fifo(void)
{
    return open(fifo_name, O_RDONLY);
}
static long do_waitpid(void)
{
    return waitpid(child, NULL, 0);
}
static long do_waitid(void)
{
    siginfo_t i;
    return waitid(P_PID, child, &i, WEXITED);
}
static long do_flock(void)
{
    int fd = open(lock_name, O_RDWR);
    return flock(fd, LOCK_EX);
}
static long do_setlkw(void)
{
    struct flock f = {.l_type = F_WRLCK};
    return fcntl(open(lock_name, O_RDWR), F_SETLKW, &f);
}
static long do_futex(void)
{
    return syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, NULL, NULL, 0);
}
static long do_mq(void)
{
    char c[8];
    return mq_receive(queue, c, sizeof c, NULL);
}
static long do_poll(void)
{
    struct pollfd p = {pipe_fd[0], POLLIN, 0};
    return poll(&p, 1, 2000);
}
static long do_ppoll(void)
{
    struct pollfd p = {pipe_fd[0], POLLIN, 0};
    struct timespec t = {.tv_sec = 2};
    sigset_t none;
    sigemptyset(&none);
    return ppoll(&p, 1, &t, &none);
}
static long do_select(void)
{
    fd_set s;
    FD_ZERO(&s);
    FD_SET(pipe_fd[0], &s);
    return select(pipe_fd[0] + 1, &s, NULL, NULL, NULL);
}
static long do_epoll(void)
{
    struct epoll_event e;
    return epoll_wait(epoll, &e, 1, -1);
}
static long do_nanosleep(void)
{
    return nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
}
static long do_clock_nanosleep(void)
{
    int rc = clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_sec = 2}, NULL);
    errno = rc;
    return rc ? -1 : 0;
}
static long do_pause(void)
{
    return pause();
}
static long do_sigtimedwait(void)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    return sigtimedwait(&s, NULL, &(struct timespec){.tv_sec = 2});
}
static long do_msgrcv(void)
{
    struct {
        long t;
        char c;
    } m;
    return msgrcv(msgid, &m, 1, 0, 0);
}
static long do_semop(void)
{
    return semop(semid, &(struct sembuf){0, -1, 0}, 1);
}
static long do_futex_timeout(void)
{
    return syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, &(struct timespec){.tv_sec = 2}, NULL, 0);
}

static const struct {
    const char *name;
    long (*wait)(void);
    char
        ends_by; /* p pipe, w drain, s socket, c connect, f fifo, x child, l lock, u futex, q mq, L a holder that ends, - nothing */
    int restarts;
} table[] = {
    {"read", do_read, 'p', 1},
    {"readv", do_readv, 'p', 1},
    {"write", do_write, 'w', 1},
    {"recv", do_recv, 's', 1},
    {"recvmsg", do_recvmsg, 's', 1},
    {"accept", do_accept, 'c', 1},
    {"open", do_open_fifo, 'f', 1},
    {"waitpid", do_waitpid, 'x', 1},
    {"waitid", do_waitid, 'x', 1},
    {"flock", do_flock, 'l', 1},
    {"F_SETLKW", do_setlkw, 'L', 1},
    {"FUTEX_WAIT", do_futex, 'u', 1},
    {"mq_receive", do_mq, 'q', 1},
    {"poll", do_poll, '-', 0},
    {"ppoll", do_ppoll, '-', 0},
    {"select", do_select, '-', 0},
    {"epoll_wait", do_epoll, '-', 0},
    {"nanosleep", do_nanosleep, '-', 0},
    {"clock_nanosleep", do_clock_nanosleep, '-', 0},
    {"pause", do_pause, '-', 0},
    {"sigtimedwait", do_sigtimedwait, '-', 0},
    {"msgrcv", do_msgrcv, '-', 0},
    {"semop", do_semop, '-', 0},
    {"FUTEX_WAIT with a time", do_futex_timeout, '-', 0},
};

static void nap(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000l}, NULL);
}

/* Until the process sleeps, however busy the machine is. */
static void await_sleep(pid_t pid)
{
    char name[32], text[256], state = 0;

    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    for (int i = 0; i < 5000 && state != 'S'; i++) {
        FILE *f = fopen(name, "r");
        char *end = f && fgets(text, sizeof text, f) ? strrchr(text, ')') : NULL;
        state = end ? end[2] : 0;
        if (f)
            fclose(f);
        nap(1);
    }
}

/* In a process of its own, so that no thread of the test can take the strokes. */
static pid_t striker(char ends_by, int lock_fd)
{
    pid_t parent = getpid(), pid = fork();
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    static char drain[65536];

    if (pid)
        return pid;
    for (int i = 0; i < 3; i++) {
        nap(5);
        await_sleep(parent);
        nap(5);
        kill(parent, SIGUSR1);
    }
    nap(20);
    await_sleep(parent);
    switch (ends_by) {
    case 'p': write(pipe_fd[1], "x", 1); break;
    case 'w': read(full_pipe[0], drain, sizeof drain); break;
    case 's': send(pair[1], "x", 1, 0); break;
    case 'c':
        strcpy(un.sun_path, unix_name);
        connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&un, sizeof un);
        nap(20);
        break;
    case 'f': open(fifo_name, O_WRONLY); break;
    case 'x': kill(child, SIGKILL); break;
    case 'q': mq_send(queue, "x", 1, 0); break;
    case 'l': flock(lock_fd, LOCK_UN); break;
    }
    _exit(0);
}

/* FUTEX_WAKE across processes needs shared memory; a thread with the signal blocked does as well. */
static void *waker(void *unused)
{
    nap(120);
    syscall(SYS_futex, &futex_word, FUTEX_WAKE, 1, NULL, NULL, 0);
    return NULL;
}

static void prepare(void)
{
    struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 8};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    char template[] = "/tmp/elver-restart-XXXXXX";
    static char page[4096];

    CHECK(mkdtemp(template) != NULL);
    snprintf(fifo_name, sizeof fifo_name, "%s/fifo", template);
    snprintf(lock_name, sizeof lock_name, "%s/lock", template);
    snprintf(unix_name, sizeof unix_name, "%s/sock", template);
    CHECK(mkfifo(fifo_name, 0600) == 0);
    close(open(lock_name, O_CREAT | O_RDWR, 0600));
    CHECK(pipe(pipe_fd) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
          pipe(full_pipe) == 0);
    fcntl(full_pipe[1], F_SETFL, O_NONBLOCK);
    while (write(full_pipe[1], page, sizeof page) > 0)
        ;
    fcntl(full_pipe[1], F_SETFL, 0);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(un.sun_path, unix_name);
    CHECK(bind(listener, (void *)&un, sizeof un) == 0 && listen(listener, 8) == 0);
    epoll = epoll_create1(0);
    msgid = msgget(IPC_PRIVATE, 0600);
    semid = semget(IPC_PRIVATE, 1, 0600);
    mq_unlink("/elver-restart");
    queue = mq_open("/elver-restart", O_CREAT | O_RDWR, 0600, &attr);
    mq_unlink("/elver-restart");
}

static void tidy(void)
{
    unlink(fifo_name);
    unlink(lock_name);
    unlink(unix_name);
    *strrchr(unix_name, '/') = 0;
    rmdir(unix_name);
    msgctl(msgid, IPC_RMID, NULL);
    semctl(semid, 0, IPC_RMID);
}

static void strike(unsigned i, int flags)
{
    struct sigaction sa = {.sa_handler = stroke, .sa_flags = flags};
    int goes_on = table[i].restarts && flags & SA_RESTART, lock_fd = -1;
    pthread_t thread;

    if (table[i].ends_by == 'q' && queue < 0)
        return;
    sigaction(SIGUSR1, &sa, NULL);
    if (table[i].ends_by == 'x') {
        child = fork();
        if (child == 0) {
            for (;;)
                pause();
        }
    }
    if (table[i].ends_by == 'l') {
        lock_fd = open(lock_name, O_RDWR);
        flock(lock_fd, LOCK_EX);
    }
    pid_t holder = 0;
    if (table[i].ends_by == 'L') {
        holder = fork();
        if (holder == 0) {
            struct flock f = {.l_type = F_WRLCK};
            fcntl(open(lock_name, O_RDWR), F_SETLK, &f);
            nap(150);
            _exit(0);
        }
        nap(10);
    }
    strokes = 0;
    pid_t pid = striker(goes_on ? table[i].ends_by : '-', lock_fd);
    if (goes_on && table[i].ends_by == 'u') {
        sigset_t s, old;
        sigfillset(&s);
        pthread_sigmask(SIG_BLOCK, &s, &old);
        pthread_create(&thread, NULL, waker, NULL);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    errno = 0;
    long rc = table[i].wait();
    int err = errno;
    if (goes_on) {
        test_report(rc >= 0 && strokes == 3, __LINE__,
                    "%s with SA_RESTART: %ld, errno %d, %d strokes", table[i].name, rc, err,
                    strokes);
    } else {
        test_report(rc == -1 && err == EINTR && strokes == 1, __LINE__,
                    "%s %s: %ld, errno %d, %d strokes", table[i].name,
                    flags ? "with SA_RESTART" : "without", rc, err, strokes);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (goes_on && table[i].ends_by == 'u')
        pthread_join(thread, NULL);
    if (holder)
        while (waitpid(holder, NULL, 0) < 0 && errno == EINTR)
            ;
    if (lock_fd >= 0)
        close(lock_fd);
    if (table[i].ends_by == 'x' && !goes_on) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
}

TEST(calls_that_wait)
{
    prepare();
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        strike(i, 0);
        strike(i, SA_RESTART);
    }
    tidy();
}

/* The handler of a restarted read sees no trace of it, and its own calls work. */
static volatile long inner;

static void calls_inside(int sig)
{
    char c = 0;

    strokes++;
    inner += write(pair[1], "y", 1) == 1 && read(pair[0], &c, 1) == 1 && c == 'y';
}

TEST(handlers_may_call_what_they_interrupt)
{
    struct sigaction sa = {.sa_handler = calls_inside, .sa_flags = SA_RESTART};
    char c = 0;

    CHECK(pipe(pipe_fd) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    sigaction(SIGUSR1, &sa, NULL);
    strokes = 0;
    inner = 0;
    pid_t pid = striker('p', -1);
    CHECK_EQ(read(pipe_fd[0], &c, 1), 1);
    CHECK_EQ(c, 'x');
    CHECK_EQ(strokes, 3);
    CHECK_EQ(inner, 3);
    waitpid(pid, NULL, 0);
}

TEST(nanosleep_tells_what_is_left)
{
    struct sigaction sa = {.sa_handler = stroke};
    struct timespec want = {.tv_sec = 2}, left = {0};

    sigaction(SIGUSR1, &sa, NULL);
    strokes = 0;
    pid_t pid = striker('-', -1);
    CHECK_ERR(nanosleep(&want, &left), EINTR);
    CHECK(left.tv_sec == 1 && left.tv_nsec > 0);
    while (waitpid(pid, NULL, 0) < 0)
        ;
}

TEST(a_sleep_of_centuries_can_be_interrupted)
{
    struct sigaction sa = {.sa_handler = stroke};
    struct timespec want = {.tv_sec = INT64_MAX}, left = {0};

    sigaction(SIGUSR1, &sa, NULL);
    strokes = 0;
    pid_t pid = striker('-', -1);
    CHECK_ERR(nanosleep(&want, &left), EINTR);
    CHECK(left.tv_sec > 9000000000);
    while (waitpid(pid, NULL, 0) < 0)
        ;
}

TEST(ignored_signals_interrupt_nothing)
{
    struct timespec start, end, want = {.tv_nsec = 150000000};

    signal(SIGUSR1, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    pid_t pid = striker('-', -1);
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK_EQ(nanosleep(&want, NULL), 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 149);
    waitpid(pid, NULL, 0);
}

/* Stopped and continued without a handler, a wait goes on as if nothing had been. */
TEST(stop_and_continue_restart_everything)
{
    int p[2];

    CHECK(pipe(p) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct timespec t = {.tv_nsec = 200000000};
        struct pollfd pf = {p[0], POLLIN, 0};
        int ok = nanosleep(&t, NULL) == 0;
        ok &= poll(&pf, 1, 100) == 0;
        _exit(ok ? 0 : 1);
    }
    for (int i = 0; i < 4; i++) {
        nap(30);
        kill(pid, SIGSTOP);
        nap(20);
        kill(pid, SIGCONT);
    }
    int status;
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_MAIN()
