/*
 * Mappings of files: what a descriptor's open mode allows for ever (MEMORY.md R1 to R15, R18 to R20,
 * R25), coherence, and that a refusal changes nothing.
 *
 * test: timeout=120
 */
#include "mm.h"

#include <sys/syscall.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_SEAL_WRITE 8
#endif

static void read_only_shows_file(size_t pages)
{
    char path[64], page[PAGE];
    int writer = stamped_file(path, pages), fd = open(path, O_RDONLY);
    char *a = map(pages * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char *b = map(pages * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(a != MAP_FAILED && b != MAP_FAILED && a != b);
    CHECK_EQ(stamps_right(a, 0, pages), pages);
    CHECK_EQ(memcmp(a, b, pages * PAGE), 0);
    CHECK_EQ(pread(fd, page, PAGE, (off_t)((pages - 1) * PAGE)), PAGE);
    CHECK_EQ(memcmp(page, a + (pages - 1) * PAGE, PAGE), 0);
    munmap(a, pages * PAGE);
    CHECK_EQ(stamps_right(b, 0, pages), pages);
    munmap(b, pages * PAGE);
    close(fd);
    close(writer);
    unlink(path);
}

TEST(r1_r2_read_only_shared_3_mib)
{
    read_only_shows_file(3 * MIB / PAGE);
}

TEST(r1_r2_read_only_shared_135_mib)
{
    read_only_shows_file(135 * MIB / PAGE);
}

/* The JVM's lib/modules: several processes at once, each through its own descriptor. */
TEST(r1_read_only_shared_by_processes)
{
    enum { PAGES = 135 * MIB / PAGE };
    char path[64];
    int status, writer = stamped_file(path, PAGES);
    pid_t child[3];
    for (int i = 0; i < 3; i++) {
        if ((child[i] = fork()) == 0) {
            int fd = open(path, O_RDONLY);
            void *p = map(PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);
            close(fd);
            _exit(p == MAP_FAILED || stamps_right(p, 0, PAGES) != PAGES);
        }
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(waitpid(child[i], &status, 0), child[i]);
        CHECK_EQ(status, 0);
    }
    close(writer);
    unlink(path);
}

TEST(r3_writable_shared_of_read_only_is_refused)
{
    int fd = stamped_fd(4, O_RDONLY), next = dup(fd);
    close(next);
    void *before = map(4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    munmap(before, 4 * PAGE);
    for (int i = 0; i < 1000; i++)
        if (map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED ||
            errno != EACCES)
            CHECK(!"refused with EACCES");
    CHECK_ERR((long)map(4 * PAGE, PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
    /* No address was used up, no descriptor opened. */
    void *after = map(4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_EQ((uintptr_t)after, (uintptr_t)before);
    CHECK_EQ(dup(fd), next);
    munmap(after, 4 * PAGE);
    close(next);
    close(fd);
}

TEST(r4_fixed_refusal_leaves_what_was_there)
{
    int fd = stamped_fd(4, O_RDONLY);
    char *p = anon(4 * PAGE, PROT_READ | PROT_WRITE);
    memset(p, 'x', 4 * PAGE);
    CHECK_ERR((long)mmap(p, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0),
              EACCES);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(p[i * PAGE + 17], 'x');
    CHECK_NO_FAULT(store(p));
    CHECK(mmap(p, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == p);
    CHECK_EQ(stamps_right(p, 0, 4), 4);
    munmap(p, 4 * PAGE);
    close(fd);
}

TEST(r5_r6_writable_descriptor_is_live)
{
    char path[64];
    int fd = stamped_file(path, 4), other = open(path, O_RDWR);
    char *r = map(4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char *w = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);
    char c;
    CHECK(r != MAP_FAILED && w != MAP_FAILED);
    CHECK_EQ(pwrite(other, "A", 1, 2 * PAGE + 100), 1);
    CHECK_EQ(r[2 * PAGE + 100], 'A');
    w[3 * PAGE + 5] = 'B';
    CHECK_EQ(r[3 * PAGE + 5], 'B');
    CHECK_EQ(pread(fd, &c, 1, 3 * PAGE + 5), 1);
    CHECK_EQ(c, 'B');
    int status = IN_CHILD((w[7] = 'C', r[3 * PAGE + 5] != 'B'));
    CHECK_EQ(status, 0);
    CHECK_EQ(r[7], 'C');
    munmap(r, 4 * PAGE);
    munmap(w, 4 * PAGE);
    close(fd);
    close(other);
    unlink(path);
}

TEST(r7_upgrade_of_writable_descriptor)
{
    char path[64], c = 0;
    int fd = stamped_file(path, 2);
    char *p = map(2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_FAULT(store(p + 9), SIGSEGV, SEGV_ACCERR, p + 9);
    CHECK_EQ(mprotect(p, 2 * PAGE, PROT_READ | PROT_WRITE), 0);
    p[PAGE + 9] = 'Z';
    CHECK_EQ(pread(fd, &c, 1, PAGE + 9), 1);
    CHECK_EQ(c, 'Z');
    munmap(p, 2 * PAGE);
    close(fd);
    unlink(path);
}

TEST(r8_r10_cap_of_read_only_descriptor)
{
    int fd = stamped_fd(4, O_RDONLY);
    char *p = map(4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_ERR(mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_ERR(mprotect(p + PAGE, PAGE, PROT_WRITE), EACCES);
    CHECK_EQ(stamps_right(p, 0, 4), 4);
    CHECK_FAULT(store(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE);
    CHECK_EQ(mprotect(p, 4 * PAGE, PROT_NONE), 0);
    CHECK_FAULT(load(p), SIGSEGV, SEGV_ACCERR, p);
    CHECK_EQ(mprotect(p, 4 * PAGE, PROT_READ), 0);
    CHECK_EQ(stamps_right(p, 0, 4), 4);
    CHECK_EQ(mprotect(p, 4 * PAGE, PROT_READ | PROT_EXEC), 0);
    munmap(p, 4 * PAGE);
    close(fd);
}

TEST(r9_r20_cap_over_a_span)
{
    int ro = stamped_fd(2, O_RDONLY);
    char *p = anon(6 * PAGE, PROT_READ);
    CHECK(mmap(p + 2 * PAGE, 2 * PAGE, PROT_NONE, MAP_SHARED | MAP_FIXED, ro, 0) == p + 2 * PAGE);
    CHECK_ERR(mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE), EACCES);
    /* Up to the first refused area the change is done, as in Linux. */
    CHECK_ERR(mprotect(p, 6 * PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_NO_FAULT(store(p));
    CHECK_NO_FAULT(store(p + PAGE));
    CHECK_FAULT(load(p + 2 * PAGE), SIGSEGV, SEGV_ACCERR, p + 2 * PAGE);
    CHECK_NO_FAULT(load(p + 4 * PAGE));
    CHECK_FAULT(store(p + 4 * PAGE), SIGSEGV, SEGV_ACCERR, p + 4 * PAGE);
    CHECK_EQ(mprotect(p, 6 * PAGE, PROT_READ), 0);
    CHECK_EQ(stamps_right(p + 2 * PAGE, 0, 2), 2);
    munmap(p, 6 * PAGE);
    close(ro);
}

TEST(r11_private_of_read_only_descriptor)
{
    char page[PAGE];
    int fd = stamped_fd(2, O_RDONLY);
    char *p = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *q = map(2 * PAGE, PROT_NONE, MAP_PRIVATE, fd, 0);
    CHECK(p != MAP_FAILED && q != MAP_FAILED);
    memset(p, 'p', 2 * PAGE);
    CHECK_EQ(mprotect(q, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
    CHECK_EQ(stamps_right(q, 0, 2), 2);
    q[0] = 'q';
    CHECK_EQ(pread(fd, page, PAGE, 0), PAGE);
    CHECK_EQ(stamps_right(page, 0, 1), 1);
    munmap(p, 2 * PAGE);
    munmap(q, 2 * PAGE);
    close(fd);
}

TEST(r12_write_only_descriptor_maps_nothing)
{
    static const int types[] = {MAP_SHARED, MAP_PRIVATE},
                     prots[] = {PROT_NONE, PROT_READ, PROT_WRITE};
    int fd = stamped_fd(2, O_WRONLY);
    for (int t = 0; t < 2; t++)
        for (int k = 0; k < 3; k++)
            CHECK_ERR((long)map(PAGE, prots[k], types[t], fd, 0), EACCES);
    close(fd);
}

TEST(r13_cap_survives_everything)
{
    char path[64], moved[80];
    int writer = stamped_file(path, 2), fd = open(path, O_RDONLY);
    char *p = map(2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    CHECK_EQ(fchmod(writer, 0777), 0);
    CHECK_ERR(mprotect(p, PAGE, PROT_WRITE), EACCES);
    snprintf(moved, sizeof(moved), "%s.moved", path);
    CHECK_EQ(rename(path, moved), 0);
    CHECK_EQ(unlink(moved), 0);
    CHECK_ERR(mprotect(p, PAGE, PROT_WRITE), EACCES);
    CHECK_EQ(stamps_right(p, 0, 2), 2);
    CHECK_EQ(pwrite(writer, "!", 1, 30), 1);
    CHECK_EQ(p[30], '!');
    munmap(p, 2 * PAGE);
    close(writer);
}

TEST(r14_store_through_read_only)
{
    char path[64], c = 0;
    int fd = stamped_file(path, 2), pipes[2];
    char *p = map(2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_EQ(pwrite(fd, "0", 1, 100), 1);
    CHECK_FAULT(store(p + 100), SIGSEGV, SEGV_ACCERR, p + 100);
    CHECK_EQ(pipe(pipes), 0);
    CHECK_EQ(write(pipes[1], "abc", 3), 3);
    CHECK_ERR(read(pipes[0], p + 100, 3), EFAULT);
    CHECK_EQ(pread(fd, &c, 1, 100), 1);
    CHECK_EQ(c, '0');
    close(pipes[0]);
    close(pipes[1]);
    munmap(p, 2 * PAGE);
    close(fd);
    unlink(path);
}

TEST(r15_read_only_sees_later_writes)
{
    char path[64];
    int writer = stamped_file(path, 2), fd = open(path, O_RDONLY);
    volatile char *p = map(2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK_EQ(p[PAGE + 50], 0);
    CHECK_EQ(IN_CHILD(pwrite(writer, "n", 1, PAGE + 50) != 1), 0);
    CHECK_EQ(p[PAGE + 50], 'n');
    munmap((void *)p, 2 * PAGE);
    close(fd);
    close(writer);
    unlink(path);
}

/* In a child of a child: content, coherence and cap are as they were. */
static int grandchild_sees(char *ro, char *shared, char *private, int writer)
{
    int ok = ro[5] == 'f' && mprotect(ro, PAGE, PROT_WRITE) == -1 && errno == EACCES;
    ok &= pwrite(writer, "g", 1, 6) == 1 && ro[6] == 'g';
    shared[1] = 'g';
    private[1] = 'g';
    return !ok;
}

TEST(r18_fork_keeps_cap_content_and_sharing)
{
    char path[64];
    int status, writer = stamped_file(path, 1), fd = open(path, O_RDONLY);
    char *ro = map(PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char *shared = map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *private = anon(PAGE, PROT_READ | PROT_WRITE);
    CHECK_EQ(pwrite(writer, "f", 1, 5), 1);
    pid_t child = fork();
    if (child == 0) {
        pid_t second = fork();
        if (second == 0)
            _exit(grandchild_sees(ro, shared, private, writer));
        waitpid(second, &status, 0);
        _exit(status || shared[1] != 'g' || private[1]);
    }
    waitpid(child, &status, 0);
    CHECK_EQ(status, 0);
    CHECK_EQ(shared[1], 'g');
    CHECK_EQ(private[1], 0);
    CHECK_EQ(ro[6], 'g');
    munmap(ro, PAGE);
    munmap(shared, PAGE);
    munmap(private, PAGE);
    close(fd);
    close(writer);
    unlink(path);
}

TEST(r19_different_caps_never_merge)
{
    char path[64];
    int rw = stamped_file(path, 4), ro = open(path, O_RDONLY);
    char *p = anon(4 * PAGE, PROT_NONE);
    CHECK(mmap(p, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, ro, 0) == p);
    CHECK(mmap(p + 2 * PAGE, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, rw, 2 * PAGE) ==
          p + 2 * PAGE);
    CHECK_EQ(stamps_right(p, 0, 4), 4);
    CHECK_EQ(mprotect(p + 3 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
    CHECK_ERR(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
    munmap(p, 4 * PAGE);
    close(rw);
    close(ro);
    unlink(path);
}

static int sealed_memfd(int seals, size_t pages)
{
    int fd = (int)syscall(SYS_memfd_create, "sealed", 2 /* MFD_ALLOW_SEALING */);
    if (fd >= 0 && ftruncate(fd, (off_t)(pages * PAGE)) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0)
        return fd;
    return -1;
}

TEST(r25_sealed_memfd)
{
    int fd = sealed_memfd(F_SEAL_WRITE, 2);
    if (!CHECK(fd >= 0))
        return;
    CHECK_ERR((long)map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
    char *p = map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(p != MAP_FAILED);
    CHECK_NO_FAULT(store(p));
    munmap(p, PAGE);
    close(fd);
}

/* A writable shared mapping keeps the seal away; F_SEAL_FUTURE_WRITE lets it live and caps later ones. */
TEST(r25_seal_and_mappings)
{
    int fd = sealed_memfd(0, 2);
    if (!CHECK(fd >= 0))
        return;
    char *w = map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    CHECK_EQ(fcntl(fd, F_ADD_SEALS, 0x10 /* F_SEAL_FUTURE_WRITE */), 0);
    char *r = map(PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(r != MAP_FAILED);
    CHECK_ERR(mprotect(r, PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_ERR((long)map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
    w[3] = 'w';
    CHECK_EQ(r[3], 'w');
    munmap(w, PAGE);
    munmap(r, PAGE);
    close(fd);
}

TEST_MAIN()
