/*
 * Vectors of buffers: readv and its family, vmsplice, process_vm_readv, aio,
 * and what wild pointers in them give. test: quick
 */
#include "sys/test.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sys/mman.h>
#include <sys/uio.h>

/* No user address on any machine: beyond 48 bits; and one that 39, 47 or 48-bit kernels may have unmapped. */
#define WILD ((void *)(1ul << 60))
#define KERNEL ((void *)~0xffful)

static int scratch(void)
{
    char name[] = "/tmp/vectors.XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    return fd;
}

TEST(scatter_and_gather)
{
    int fd = scratch();
    char a[4] = "", b[8] = "";
    struct iovec out[3] = {{"ab", 2}, {NULL, 0}, {"cdef", 4}}, in[2] = {{a, 3}, {b, 8}};
    CHECK_EQ(writev(fd, out, 3), 6);
    CHECK_EQ(pwritev(fd, out, 3, 6), 6);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQ(readv(fd, in, 2), 11);
    CHECK_EQ(memcmp(a, "abc", 3), 0);
    CHECK_EQ(memcmp(b, "defabcde", 8), 0);
    CHECK_EQ(preadv(fd, in, 2, 10), 2);
    CHECK_EQ(preadv2(fd, in, 2, 1, 0), 11);
    CHECK_EQ(pwritev2(fd, out, 1, 0, 0), 2);
    CHECK_EQ(RAW(SYS_preadv, fd, in, 2, -1L, 0), -EINVAL);
    close(fd);
}

TEST(wild_vectors)
{
    int fd = scratch();
    char a[4];
    struct iovec v[2] = {{a, 4}, {WILD, 4}};
    CHECK_EQ(write(fd, "12345678", 8), 8);
    CHECK_ERR(writev(fd, v, 2), EFAULT);
    CHECK_ERR(preadv(fd, v, 2, 0), EFAULT);
    CHECK_ERR(readv(-1, v, 2), EBADF);
    v[1].iov_base = KERNEL;
    CHECK_ERR(preadv(fd, v, 2, 0), EFAULT);
    v[1] = (struct iovec){a, (size_t)-1};
    CHECK_ERR(readv(fd, v, 2), EINVAL);
    CHECK_EQ(RAW(SYS_readv, fd, WILD, 1), -EFAULT);
    CHECK_EQ(RAW(SYS_readv, fd, v, 1025), -EINVAL);
    CHECK_EQ(RAW(SYS_readv, fd, v, -1), -EINVAL);
    CHECK_EQ(RAW(SYS_readv, fd, 0, 0), 0);
    CHECK_EQ(RAW(SYS_read, fd, WILD, 4), -EFAULT);
    CHECK_EQ(RAW(SYS_write, fd, KERNEL, 4), -EFAULT);
    CHECK_EQ(RAW(SYS_write, -1, KERNEL, 4), -EBADF);
    CHECK_EQ(RAW(SYS_pread64, fd, 16, 4, 0), -EFAULT);
    close(fd);
}

/* A buffer that ends in unmapped memory takes what fits. */
TEST(partial_transfer)
{
    int fd = scratch();
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
         big[8192] = "";
    munmap(page + 4096, 4096);
    CHECK_EQ(write(fd, big, sizeof(big)), sizeof(big));
    struct iovec v[2] = {{page, 4096}, {page + 4096, 4096}};
    CHECK_EQ(preadv(fd, v, 2, 0), 4096);
    CHECK_EQ(pwritev(fd, v, 2, 0), 4096);
    CHECK_ERR(preadv(fd, v + 1, 1, 0), EFAULT);
    int p[2];
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(write(p[1], big, 100), 100);
    CHECK_EQ(read(p[0], page + 4090, 6), 6);
    munmap(page, 4096);
    close(p[0]);
    close(p[1]);
    close(fd);
}

TEST(pages_into_a_pipe)
{
    int p[2];
    char buf[8] = "";
    struct iovec v = {"spliced", 7};
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(vmsplice(p[1], &v, 1, 0), 7);
    CHECK_EQ(read(p[0], buf, 8), 7);
    CHECK_EQ(memcmp(buf, "spliced", 7), 0);
    v.iov_base = WILD;
    CHECK_ERR(vmsplice(p[1], &v, 1, 0), EFAULT);
    close(p[0]);
    close(p[1]);
}

TEST(memory_of_another_process)
{
    static char text[16] = "parent's text";
    int ready[2];
    char c;
    CHECK_EQ(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        strcpy(text, "child's text!");
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(0);
    }
    CHECK_EQ(read(ready[0], &c, 1), 1);
    char got[16] = "";
    struct iovec local = {got, 13}, remote = {text, 13};
    long n = process_vm_readv(child, &local, 1, &remote, 1, 0);
    if (CHECK_EQ(n, 13))
        CHECK_EQ(memcmp(got, "child's text!", 13), 0);
    strcpy(got, "written into!");
    CHECK_EQ(process_vm_writev(child, &local, 1, &remote, 1, 0), 13);
    memset(got, 0, sizeof(got));
    CHECK_EQ(process_vm_readv(child, &local, 1, &remote, 1, 0), 13);
    CHECK_EQ(memcmp(got, "written into!", 13), 0);
    CHECK_EQ(memcmp(text, "parent's text", 13), 0);
    remote.iov_base = WILD;
    CHECK_ERR(process_vm_readv(child, &local, 1, &remote, 1, 0), EFAULT);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

TEST(asynchronous_io)
{
    aio_context_t ctx = 0;
    long rc = RAW(SYS_io_setup, 8, &ctx);
    if (rc == -ENOSYS)
        SKIP("no aio in this kernel");
    CHECK_EQ(rc, 0);
    int fd = scratch();
    char buf[8] = "";
    struct iovec v = {buf, 4};
    struct iocb write_cb = {.aio_data = 1,
                            .aio_lio_opcode = IOCB_CMD_PWRITE,
                            .aio_fildes = (unsigned)fd,
                            .aio_buf = (uint64_t)(uintptr_t) "asyncio",
                            .aio_nbytes = 7};
    struct iocb read_cb = {.aio_data = 2,
                           .aio_lio_opcode = IOCB_CMD_PREADV,
                           .aio_fildes = (unsigned)fd,
                           .aio_buf = (uint64_t)(uintptr_t)&v,
                           .aio_nbytes = 1,
                           .aio_offset = 1};
    struct iocb bad_cb = {.aio_lio_opcode = IOCB_CMD_PREAD,
                          .aio_fildes = (unsigned)fd,
                          .aio_buf = 1ul << 60,
                          .aio_nbytes = 4};
    struct iocb *list[2] = {&write_cb, &bad_cb};
    struct io_event events[4];
    CHECK_EQ(RAW(SYS_io_submit, ctx, 1, list), 1);
    CHECK_EQ(RAW(SYS_io_getevents, ctx, 1, 4, events, NULL), 1);
    CHECK_EQ(events[0].data, 1);
    CHECK_EQ(events[0].res, 7);
    CHECK_EQ(events[0].obj, (uintptr_t)&write_cb);
    list[0] = &read_cb;
    CHECK_EQ(RAW(SYS_io_submit, ctx, 2, list), 1);
    CHECK_EQ(RAW(SYS_io_getevents, ctx, 1, 4, events, NULL), 1);
    CHECK_EQ(memcmp(buf, "sync", 4), 0);
    CHECK_EQ(RAW(SYS_io_submit, ctx, 1, list + 1), -EFAULT);
    CHECK_EQ(RAW(SYS_io_submit, ctx, 1, WILD), -EFAULT);
    CHECK_EQ(RAW(SYS_io_destroy, ctx), 0);
    CHECK_EQ(RAW(SYS_io_destroy, ctx), -EINVAL);
    close(fd);
}

TEST_MAIN()
