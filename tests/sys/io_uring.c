/*
 * io_uring by its bare system calls: requests whose form differs between arm64
 * and x86-64, paths, vectors, waits with a mask, wild addresses.
 */
#include "sys/test.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

static struct {
    int fd;
    struct io_uring_params p;
    unsigned *sq_tail, *sq_array, *cq_head, *cq_tail, sq_mask, cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
} ring;

static int ring_make(unsigned flags)
{
    memset(&ring, 0, sizeof(ring));
    ring.p.flags = flags;
    ring.fd = (int)syscall(SYS_io_uring_setup, 8, &ring.p);
    if (ring.fd < 0)
        return -errno;
    size_t bytes = ring.p.cq_off.cqes + ring.p.cq_entries * sizeof(struct io_uring_cqe);
    char *r = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQ_RING);
    ring.sqes = mmap(NULL, ring.p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
                     MAP_SHARED, ring.fd, IORING_OFF_SQES);
    if (r == MAP_FAILED || ring.sqes == MAP_FAILED)
        return -errno;
    ring.sq_tail = (void *)(r + ring.p.sq_off.tail);
    ring.sq_array = (void *)(r + ring.p.sq_off.array);
    ring.sq_mask = *(unsigned *)(r + ring.p.sq_off.ring_mask);
    ring.cq_head = (void *)(r + ring.p.cq_off.head);
    ring.cq_tail = (void *)(r + ring.p.cq_off.tail);
    ring.cq_mask = *(unsigned *)(r + ring.p.cq_off.ring_mask);
    ring.cqes = (void *)(r + ring.p.cq_off.cqes);
    return 0;
}

static struct io_uring_sqe *put(struct io_uring_sqe sqe)
{
    unsigned tail = *ring.sq_tail, slot = tail & ring.sq_mask;
    ring.sqes[slot] = sqe;
    ring.sq_array[slot] = slot;
    __atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
    return &ring.sqes[slot];
}

static int take(uint64_t *data)
{
    unsigned head = *ring.cq_head;
    if (head == __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE))
        return -1000000;
    struct io_uring_cqe *c = &ring.cqes[head & ring.cq_mask];
    int res = c->res;
    if (data)
        *data = c->user_data;
    __atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
    return res;
}

static int one(struct io_uring_sqe sqe)
{
    put(sqe);
    long n = RAW(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 8);
    return n == 1 ? take(NULL) : (int)(-2000000 + n);
}

static uint64_t address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static int absent;

TEST(a_ring)
{
    int rc = ring_make(0);
    if (rc == -ENOSYS || rc == -EPERM) {
        absent = 1;
        SKIP("no io_uring for this user on this kernel");
    }
    CHECK_EQ(rc, 0);
    uint64_t data = 0;
    put((struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = 0x1122334455667788});
    put((struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = 2});
    CHECK_EQ(RAW(SYS_io_uring_enter, ring.fd, 2, 2, IORING_ENTER_GETEVENTS, NULL, 8), 2);
    CHECK_EQ(take(&data), 0);
    CHECK_EQ(data, 0x1122334455667788);
    CHECK_EQ(take(&data), 0);
    CHECK_EQ(RAW(SYS_io_uring_enter, ring.fd, 0, 0, 0, NULL, 8), 0);
    CHECK_EQ(RAW(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 8), -EBADF);
    CHECK_EQ(RAW(SYS_io_uring_setup, 8, 1ul << 60), -EFAULT);
    CHECK_EQ(RAW(SYS_io_uring_setup, 0, &(struct io_uring_params){0}), -EINVAL);
}

TEST(open_flags)
{
    if (absent)
        SKIP("no ring");
    char name[] = "/tmp/uring.XXXXXX";
    close(mkstemp(name));
    struct io_uring_sqe sqe = {.opcode = IORING_OP_OPENAT,
                               .fd = AT_FDCWD,
                               .addr = address(name),
                               .open_flags = O_DIRECTORY};
    CHECK_EQ(one(sqe), -ENOTDIR);
    CHECK_EQ(ring.sqes[(*ring.sq_tail - 1) & ring.sq_mask].open_flags, O_DIRECTORY);
    CHECK_EQ(ring.sqes[(*ring.sq_tail - 1) & ring.sq_mask].addr, address(name));
    sqe.open_flags = O_RDWR;
    int fd = one(sqe);
    if (CHECK(fd >= 0)) {
        struct iovec v = {"written", 7};
        char buf[8] = "";
        CHECK_EQ(one((struct io_uring_sqe){
                     .opcode = IORING_OP_WRITEV, .fd = fd, .addr = address(&v), .len = 1}),
                 7);
        CHECK_EQ(one((struct io_uring_sqe){
                     .opcode = IORING_OP_READ, .fd = fd, .addr = address(buf), .len = 7}),
                 7);
        CHECK(!memcmp(buf, "written", 7));
        CHECK_EQ(one((struct io_uring_sqe){
                     .opcode = IORING_OP_READ, .fd = fd, .addr = 1ul << 60, .len = 7}),
                 -EFAULT);
        CHECK_EQ(one((struct io_uring_sqe){.opcode = IORING_OP_FSYNC, .fd = fd}), 0);
        CHECK_EQ(one((struct io_uring_sqe){.opcode = IORING_OP_CLOSE, .fd = fd}), 0);
        CHECK_ERR(close(fd), EBADF);
    }
    struct {
        uint64_t flags, mode, resolve;
    } how = {O_DIRECTORY | O_NOFOLLOW, 0, 0};
    sqe = (struct io_uring_sqe){.opcode = IORING_OP_OPENAT2,
                                .fd = AT_FDCWD,
                                .addr = address("/tmp"),
                                .off = address(&how),
                                .len = sizeof(how)};
    fd = one(sqe);
    CHECK(fd >= 0);
    struct stat st;
    CHECK(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode));
    close(fd);
    CHECK_EQ(one((struct io_uring_sqe){
                 .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = address(name)}),
             0);
    CHECK_EQ(one((struct io_uring_sqe){
                 .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = address(name)}),
             -ENOENT);
    CHECK_EQ(
        one((struct io_uring_sqe){.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = 1ul << 60}),
        -EFAULT);
    /* The running program, by its own name for itself. */
    CHECK_EQ(one((struct io_uring_sqe){
                 .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = address("/proc/self/exe")}),
             fd);
    char own[20] = "";
    CHECK_EQ(pread(fd, own, 20, 0), 20);
    CHECK_EQ(own[18] | own[19] << 8, 183);
    close(fd);
}

TEST(epoll_events)
{
    if (absent)
        SKIP("no ring");
    int ep = epoll_create1(0), ev = eventfd(1, 0);
    struct epoll_event e = {EPOLLIN, {.u64 = 0x0123456789abcdef}}, got;
    struct io_uring_sqe sqe = {.opcode = IORING_OP_EPOLL_CTL,
                               .fd = ep,
                               .len = EPOLL_CTL_ADD,
                               .off = (uint64_t)ev,
                               .addr = address(&e)};
    CHECK_EQ(one(sqe), 0);
    CHECK_EQ(epoll_wait(ep, &got, 1, 0), 1);
    CHECK_EQ(got.data.u64, 0x0123456789abcdef);
    sqe.len = EPOLL_CTL_DEL;
    sqe.addr = 0;
    CHECK_EQ(one(sqe), 0);
    sqe.len = EPOLL_CTL_ADD;
    sqe.addr = 1ul << 60;
    CHECK(one(sqe) < 0);
    close(ev);
    close(ep);
}

static volatile sig_atomic_t caught;
static void on_signal(int sig)
{
    caught = sig;
}

TEST(a_wait_under_a_mask)
{
    if (absent)
        SKIP("no ring");
    sigset_t block, none, now;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    CHECK_EQ(RAW(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS, &none, 8), -EINTR);
    CHECK_EQ(caught, SIGUSR1);
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK_EQ(sigismember(&now, SIGUSR1), 1);
    struct timespec soon = {0, 10000000};
    struct io_uring_getevents_arg arg = {.ts = address(&soon)};
    CHECK_EQ(RAW(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                 &arg, sizeof(arg)),
             -ETIME);
    CHECK_EQ(RAW(SYS_io_uring_enter, ring.fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
                 &arg, 8),
             -EINVAL);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
}

TEST(registered_buffers)
{
    if (absent)
        SKIP("no ring");
    static char page[4096] __attribute__((aligned(4096)));
    struct iovec v = {page, sizeof(page)};
    int p[2];
    CHECK_EQ(pipe(p), 0);
    long rc = RAW(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &v, 1);
    if (rc == 0) {
        strcpy(page, "fixed");
        CHECK_EQ(one((struct io_uring_sqe){
                     .opcode = IORING_OP_WRITE_FIXED, .fd = p[1], .addr = address(page), .len = 5}),
                 5);
        CHECK_EQ(RAW(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_BUFFERS, NULL, 0), 0);
    }
    v.iov_base = (void *)(1ul << 60);
    CHECK_EQ(RAW(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &v, 1), -EFAULT);
    CHECK_EQ(one((struct io_uring_sqe){
                 .opcode = IORING_OP_POLL_ADD, .fd = p[1], .poll32_events = POLLOUT}),
             POLLOUT);
    close(p[0]);
    close(p[1]);
}

TEST_MAIN()
