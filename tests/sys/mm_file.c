/*
 * Mappings and the end of file, mremap, msync and madvise (MEMORY.md R16,
 * R17, R20 to R23).
 */
#include "mm.h"

#define DONTUNMAP 4 /* MREMAP_DONTUNMAP */

TEST(r16_past_the_end)
{
    char path[64];
    int fd = stamped_file(path, 1);
    CHECK_EQ(ftruncate(fd, 100), 0);
    char *p = map(3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK_EQ(p[100], 0);
    CHECK_EQ(p[PAGE - 1], 0);
    CHECK_FAULT(load(p + PAGE + 12), SIGBUS, BUS_ADRERR, p + PAGE + 12);
    CHECK_FAULT(store(p + 2 * PAGE), SIGBUS, BUS_ADRERR, p + 2 * PAGE);
    CHECK_EQ(ftruncate(fd, 2 * PAGE), 0);
    CHECK_NO_FAULT(load(p + PAGE + 12));
    CHECK_NO_FAULT(store(p + PAGE));
    CHECK_FAULT(load(p + 2 * PAGE), SIGBUS, BUS_ADRERR, p + 2 * PAGE);
    CHECK_EQ(ftruncate(fd, 0), 0);
    CHECK_FAULT(load(p), SIGBUS, BUS_ADRERR, p);
    CHECK_FAULT(store(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
    munmap(p, 3 * PAGE);
    close(fd);
    unlink(path);
}

TEST(r16_past_the_end_in_a_system_call)
{
    char path[64];
    int fd = stamped_file(path, 2), pipes[2];
    char *p = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK_EQ(pipe(pipes), 0);
    CHECK_EQ(ftruncate(fd, 0), 0);
    CHECK_ERR(write(pipes[1], p, 10), EFAULT);
    CHECK_EQ(write(pipes[1], "abc", 3), 3);
    CHECK_ERR(read(pipes[0], p + PAGE, 3), EFAULT);
    CHECK_ERR(access(p, F_OK), EFAULT);
    CHECK_ERR(open(p + PAGE, O_RDONLY), EFAULT);

    CHECK_ERR(syscall(SYS_uname, p), EFAULT);
    CHECK_ERR(syscall(SYS_rt_sigprocmask, 0, p, NULL, 8), EFAULT);
    CHECK_ERR(syscall(SYS_nanosleep, p, NULL), EFAULT);
    munmap(p, 2 * PAGE);
    close(pipes[0]);
    close(pipes[1]);
    close(fd);
    unlink(path);
}

/* The default action of a SIGBUS ends the guest, as it does natively. */
TEST(r16_kills_with_sigbus)
{
    int fd = stamped_fd(1, O_RDWR);
    volatile char *p = map(2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    int status = IN_CHILD((signal(SIGBUS, SIG_DFL), p[PAGE]));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    munmap((void *)p, 2 * PAGE);
    close(fd);
}

TEST(r17_mremap_keeps_file_and_cap)
{
    int fd = stamped_fd(64, O_RDONLY);
    char *p = map(16 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char *q = mremap(p, 16 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED);
    CHECK_EQ(stamps_right(q, 0, 64), 64);
    CHECK_ERR(mprotect(q + 40 * PAGE, PAGE, PROT_WRITE), EACCES);
    CHECK(mremap(q, 64 * PAGE, 8 * PAGE, 0) == q);
    CHECK(is_mapped(q + 7 * PAGE) && !is_mapped(q + 8 * PAGE));

    char *to = anon(32 * PAGE, PROT_READ);
    CHECK(mremap(q, 8 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    CHECK_EQ(stamps_right(to, 0, 32), 32);
    CHECK(!is_mapped(q));
    CHECK_ERR(mprotect(to, 32 * PAGE, PROT_READ | PROT_WRITE), EACCES);
    munmap(to, 32 * PAGE);
    close(fd);
}

TEST(r17_mremap_stays_coherent)
{
    char path[64];
    int fd = stamped_file(path, 8);
    char *p = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *q = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), c = 0;
    q[6 * PAGE + 33] = 'm';
    CHECK_EQ(pread(fd, &c, 1, 6 * PAGE + 33), 1);
    CHECK_EQ(c, 'm');
    /* A shared mapping is doubled by an old length of 0. */
    char *twin = mremap(q, 0, 8 * PAGE, MREMAP_MAYMOVE);
    CHECK(twin != MAP_FAILED && twin != q);
    twin[1 * PAGE + 3] = 't';
    CHECK_EQ(q[1 * PAGE + 3], 't');
    munmap(twin, 8 * PAGE);
    munmap(q, 8 * PAGE);
    close(fd);
    unlink(path);
}

TEST(r17_mremap_anonymous)
{
    char *p = anon(4 * PAGE, PROT_READ | PROT_WRITE);
    memset(p, 'a', 4 * PAGE);
    char *q = mremap(p, 4 * PAGE, 4000 * PAGE, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED);
    CHECK(q[0] == 'a' && q[4 * PAGE - 1] == 'a' && q[4 * PAGE] == 0 && q[4000 * PAGE - 1] == 0);
    CHECK(q == p || !is_mapped(p));
    /* A neighbour stops growth in place. */
    char *wall =
        mmap(q + 8 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(wall == q + 8 * PAGE);
    CHECK_ERR((long)mremap(q, 8 * PAGE, 9 * PAGE, 0), ENOMEM);
    CHECK_EQ(q[0], 'a');
    munmap(q, 4000 * PAGE);
}

TEST(r17_mremap_dontunmap)
{
    char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE);
    memset(p, 'd', 2 * PAGE);
    char *q = (char *)syscall(SYS_mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, 0);
    CHECK(q != MAP_FAILED && q != p);
    CHECK_EQ(q[PAGE], 'd');
    CHECK_EQ(p[PAGE], 0);
    /* The new address is a hint. */
    char *hint = anon(2 * PAGE, PROT_NONE);
    munmap(hint, 2 * PAGE);
    CHECK_EQ(syscall(SYS_mremap, q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, hint),
             (uintptr_t)hint);
    CHECK_EQ(hint[PAGE], 'd');
    munmap(hint, 2 * PAGE);
    munmap(p, 2 * PAGE);
    munmap(q, 2 * PAGE);
}

TEST(r17_mremap_refusals)
{
    char *p = anon(4 * PAGE, PROT_READ | PROT_WRITE);
    p[0] = 'k';
    CHECK_ERR((long)mremap(p + 1, PAGE, PAGE, 0), EINVAL);
    CHECK_ERR((long)mremap(p, PAGE, 0, 0), EINVAL);
    CHECK_ERR((long)mremap(p, PAGE, PAGE, 8), EINVAL);
    CHECK_ERR((long)mremap(p, PAGE, PAGE, MREMAP_FIXED, p + 2 * PAGE), EINVAL);
    CHECK_ERR((long)mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE), EINVAL);
    CHECK_ERR((long)mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 2 * PAGE + 1), EINVAL);
    /* ENOMEM until Linux 6.16. */
    CHECK(mremap(p, PAGE, 1UL << 60, MREMAP_MAYMOVE) == MAP_FAILED &&
          (errno == EINVAL || errno == ENOMEM));
    CHECK_ERR((long)mremap(p, PAGE, 2 * PAGE, DONTUNMAP | MREMAP_MAYMOVE), EINVAL);
    CHECK_EQ(munmap(p + PAGE, PAGE), 0);
    CHECK_ERR((long)mremap(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    CHECK_ERR((long)mremap((void *)(1UL << 60), PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    CHECK_EQ(p[0], 'k');
    munmap(p, 4 * PAGE);
}

TEST(r21_msync)
{
    int fd = stamped_fd(4, O_RDONLY);
    char *p = map(4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_EQ(msync(p, 4 * PAGE, MS_SYNC), 0);
    CHECK_EQ(msync(p, 4 * PAGE, MS_ASYNC | MS_INVALIDATE), 0);
    CHECK_ERR(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    CHECK_ERR(msync(p + 1, PAGE, MS_SYNC), EINVAL);
    CHECK_ERR(msync(p, PAGE, 64), EINVAL);
    CHECK_EQ(msync(p, 0, MS_SYNC), 0);
    CHECK_EQ(munmap(p + PAGE, PAGE), 0);
    CHECK_ERR(msync(p, 4 * PAGE, MS_SYNC), ENOMEM);
    CHECK_ERR(msync((void *)(1UL << 46), PAGE, MS_SYNC), ENOMEM);
    munmap(p, 4 * PAGE);
    close(fd);
}

TEST(r21_madvise_dontneed)
{
    char path[64];
    int fd = stamped_file(path, 2);
    char *file = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *zero = anon(2 * PAGE, PROT_READ | PROT_WRITE);
    file[9] = zero[9] = 'x';
    CHECK_EQ(madvise(file, 2 * PAGE, MADV_DONTNEED), 0);
    CHECK_EQ(madvise(zero, 2 * PAGE, MADV_DONTNEED), 0);
    CHECK_EQ(stamps_right(file, 0, 2), 2);
    CHECK_EQ(zero[9], 0);
    CHECK_ERR(madvise(zero, PAGE, 12345), EINVAL);
    CHECK_ERR(madvise(zero + 1, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_EQ(munmap(zero, PAGE), 0);
    zero[PAGE] = 'y';
    CHECK_ERR(madvise(zero, 2 * PAGE, MADV_DONTNEED), ENOMEM);
    CHECK_EQ(zero[PAGE], 0); /* the mapped part was done */
    CHECK_ERR(madvise((void *)(1UL << 46), PAGE, MADV_DONTNEED), ENOMEM);
    munmap(file, 2 * PAGE);
    munmap(zero + PAGE, PAGE);
    close(fd);
    unlink(path);
}

TEST(madvise_fork)
{
    char *p = anon(3 * PAGE, PROT_READ | PROT_WRITE);
    memset(p, 'f', 3 * PAGE);
    CHECK_EQ(madvise(p + PAGE, PAGE, MADV_DONTFORK), 0);
    CHECK_EQ(madvise(p + 2 * PAGE, PAGE, MADV_WIPEONFORK), 0);
    /* The child may use the hole; the parent's page is still there. */
    CHECK_EQ(IN_CHILD(is_mapped(p + PAGE) || p[0] != 'f' || p[2 * PAGE] ||
                      mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != p + PAGE),
             0);
    CHECK_EQ(p[PAGE], 'f');
    CHECK_EQ(madvise(p + PAGE, PAGE, MADV_DOFORK), 0);
    CHECK_EQ(IN_CHILD(p[PAGE] != 'f'), 0);
    /* Over a hole: done where something is mapped. */
    munmap(p, PAGE);
    CHECK_ERR(madvise(p, 3 * PAGE, MADV_DONTFORK), ENOMEM);
    CHECK_EQ(IN_CHILD(mmap(p, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != p), 0);
    munmap(p, 3 * PAGE);
}

/* R22: across several 2 MiB blocks, made, changed, refused and removed as a whole. */
TEST(r22_across_blocks)
{
    enum { LEN = 9 * MIB };
    int fd = stamped_fd(LEN / PAGE, O_RDONLY);
    char *p = anon(LEN + 4 * MIB, PROT_NONE);
    char *at = (char *)(((uintptr_t)p + 2 * MIB - 1) & ~(2 * MIB - 1)) + 5 * PAGE;
    CHECK(mmap(at, LEN, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == at);
    CHECK_EQ(stamps_right(at, 0, LEN / PAGE), LEN / PAGE);
    CHECK_ERR(mprotect(at, LEN, PROT_READ | PROT_WRITE), EACCES);
    CHECK_EQ(stamps_right(at, 0, LEN / PAGE), LEN / PAGE);
    CHECK_FAULT(load(at - 1), SIGSEGV, SEGV_ACCERR, at - 1);
    CHECK_FAULT(load(at + LEN), SIGSEGV, SEGV_ACCERR, at + LEN);
    CHECK_EQ(munmap(at, LEN), 0);
    CHECK(!is_mapped(at) && !is_mapped(at + LEN - 1) && is_mapped(at + LEN));
    munmap(p, LEN + 4 * MIB);
    close(fd);
}

TEST(r23_any_page_aligned_offset_and_address)
{
    int fd = stamped_fd(16, O_RDONLY);
    char *room = anon(64 * PAGE, PROT_NONE);
    for (int offset = 0; offset < 6; offset++) {
        for (int at = 0; at < 5; at++) {
            char *p = mmap(room + at * PAGE, 3 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
                           (off_t)(offset * PAGE));
            CHECK(p == room + at * PAGE);
            CHECK_EQ(stamps_right(p, (size_t)offset, 3), 3);
        }
    }
    CHECK_ERR((long)map(PAGE, PROT_READ, MAP_SHARED, fd, 100), EINVAL);
    munmap(room, 64 * PAGE);
    close(fd);
}

TEST_MAIN()
