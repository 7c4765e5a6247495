/*
 * The other calls on memory: executable pages, locks, mincore, System V segments, process_vm_*,
 * process_madvise, memfd, userfaultfd, mseal, policies, tagged addresses.
 */
#include "mm.h"

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/uio.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* ---- code ---- */

#ifdef __aarch64__
static const uint32_t return_42[] = {0x52800540, 0xd65f03c0}; /* mov w0, #42; ret */
static const uint32_t return_43[] = {0x52800560, 0xd65f03c0};
#else
static const uint8_t return_42[] = {0xb8, 42, 0, 0, 0, 0xc3};
static const uint8_t return_43[] = {0xb8, 43, 0, 0, 0, 0xc3};
#endif

static void put_code(void *at, const void *code)
{
    memcpy(at, code, sizeof(return_42));
    __builtin___clear_cache(at, (char *)at + sizeof(return_42));
}

static int call(void *at)
{
    return ((int (*)(void))at)();
}

TEST(code_needs_prot_exec)
{
    char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE);
    put_code(p + 64, return_42);
    CHECK_FAULT(FAULT_OF(call(p + 64)), SIGSEGV, SEGV_ACCERR, p + 64);
    CHECK_EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
    CHECK_EQ(call(p + 64), 42);
    CHECK_FAULT(store(p + 64), SIGSEGV, SEGV_ACCERR, p + 64);
    CHECK_EQ(mprotect(p, PAGE, PROT_READ), 0);
    CHECK_FAULT(FAULT_OF(call(p + 64)), SIGSEGV, SEGV_ACCERR, p + 64);
    CHECK_EQ(mprotect(p, PAGE, PROT_EXEC), 0);
    CHECK_EQ(call(p + 64), 42);
    munmap(p, PAGE);
    CHECK_FAULT(FAULT_OF(call(p + 64)), SIGSEGV, SEGV_MAPERR, p + 64);
    munmap(p, 2 * PAGE);
}

TEST(code_changes_with_its_mapping)
{
    char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), *q = p + PAGE;
    put_code(p, return_42);
    put_code(q, return_43);
    CHECK_EQ(call(p), 42);
    CHECK_EQ(call(q), 43);
    /* Moved over it. */
    CHECK(mremap(q, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
    CHECK_EQ(call(p), 43);
    CHECK_FAULT(FAULT_OF(call(q)), SIGSEGV, SEGV_MAPERR, q);
    /* Written anew. */
    put_code(p, return_42);
    CHECK_EQ(call(p), 42);
    /* Mapped from a file, and the file's page read again. */
    char path[64];
    int fd = stamped_file(path, 1);
    CHECK_EQ(pwrite(fd, return_43, sizeof(return_43), 0), (ssize_t)sizeof(return_43));
    CHECK(mmap(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) == p);
    CHECK_EQ(call(p), 43);
    put_code(p, return_42);
    CHECK_EQ(call(p), 42);
    CHECK_EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
    CHECK_EQ(call(p), 43);
    munmap(p, PAGE);
    close(fd);
    unlink(path);
}

/* The habit of JITs: two mappings of one memfd, one to write and one to run. */
TEST(code_through_two_mappings)
{
    int fd = (int)syscall(SYS_memfd_create, "jit", 0);
    if (!CHECK(fd >= 0) || !CHECK(ftruncate(fd, PAGE) == 0))
        return;
    char *w = map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *x = map(PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    CHECK(w != MAP_FAILED && x != MAP_FAILED);
    memcpy(w, return_42, sizeof(return_42));
    __builtin___clear_cache(x, x + sizeof(return_42));
    CHECK_EQ(call(x), 42);
    memcpy(w, return_43, sizeof(return_43));
    __builtin___clear_cache(x, x + sizeof(return_43));
    CHECK_EQ(call(x), 43);
    munmap(w, PAGE);
    munmap(x, PAGE);
    close(fd);
}

/* An executable area that grows down is executable where it has grown. */
TEST(code_on_a_grown_stack)
{
    char *room = anon(1024 * PAGE, PROT_NONE), *at = room + 1000 * PAGE;
    munmap(room, 1024 * PAGE);
    CHECK(mmap(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, ANON | MAP_GROWSDOWN | MAP_FIXED, -1,
               0) == at);
    put_code(at - 30 * PAGE, return_42);
    CHECK_EQ(call(at - 30 * PAGE), 42);
    munmap(room, 1024 * PAGE);
}

/* Where it might have grown, and where it was, is data again for who maps it. */
TEST(data_where_code_could_have_grown)
{
    char *room = anon(1024 * PAGE, PROT_NONE), *at = room + 1000 * PAGE;
    munmap(room, 1024 * PAGE);
    CHECK(mmap(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, ANON | MAP_GROWSDOWN | MAP_FIXED, -1,
               0) == at);
    CHECK(mmap(room, PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0) == room);
    put_code(room, return_42);
    CHECK_EQ(FAULT_OF(call(room)).code, SEGV_ACCERR);
    munmap(at, PAGE);
    char *low = at - 30 * PAGE;
    CHECK(mmap(low, PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0) == low);
    put_code(low, return_42);
    CHECK_EQ(FAULT_OF(call(low)).code, SEGV_ACCERR);
    CHECK_EQ(mprotect(low, PAGE, PROT_READ | PROT_EXEC), 0);
    CHECK_EQ(call(low), 42);
    munmap(room, 1024 * PAGE);
}

static int call_data(void)
{
    char *before = anon(PAGE, PROT_READ | PROT_WRITE);
    personality(READ_IMPLIES_EXEC);
    char *after = anon(PAGE, PROT_READ | PROT_WRITE);
    put_code(before, return_42);
    put_code(after, return_43);
    int bad = FAULT_OF(call(before)).code != SEGV_ACCERR;
    bad |= (call(after) != 43) << 1;
    mprotect(before, PAGE, PROT_READ);
    bad |= (call(before) != 42) << 2;
    personality(0);
    char *last = anon(PAGE, PROT_READ | PROT_WRITE);
    bad |= (FAULT_OF(call(last)).code != SEGV_ACCERR) << 3;
    return bad;
}

TEST(code_in_data_if_read_implies_exec)
{
    CHECK_EQ(IN_CHILD(call_data()), 0);
}

/* ---- locks and mincore ---- */

TEST(mlock_and_mincore)
{
    unsigned char in_core[4] = {0};
    char *p = anon(4 * PAGE, PROT_READ | PROT_WRITE);
    CHECK_EQ(mincore(p, 4 * PAGE, in_core), 0);
    CHECK_EQ(in_core[1] & 1, 0);
    CHECK_EQ(mlock(p + PAGE + 10, 10), 0);
    CHECK_EQ(mincore(p, 4 * PAGE, in_core), 0);
    CHECK(!(in_core[0] & 1) && (in_core[1] & 1) && !(in_core[2] & 1));
    CHECK_EQ(munlock(p, 4 * PAGE), 0);
    CHECK_ERR(syscall(SYS_mlock2, p, PAGE, 2), EINVAL);
    CHECK_EQ(syscall(SYS_mlock2, p, PAGE, 1), 0);
    CHECK_EQ(munmap(p + 2 * PAGE, PAGE), 0);
    CHECK_ERR(mlock(p, 4 * PAGE), ENOMEM);
    CHECK_ERR(mincore(p, 4 * PAGE, in_core), ENOMEM);
    CHECK_ERR(mincore(p + 1, PAGE, in_core), EINVAL);
    CHECK_ERR(mincore(p, PAGE, (unsigned char *)8), EFAULT);
    CHECK_ERR(mincore((void *)(1UL << 46), PAGE, in_core), ENOMEM);
    CHECK_ERR(mlock((void *)(1UL << 46), PAGE), ENOMEM);
    munmap(p, 4 * PAGE);
}

static int lock_all(void)
{
    unsigned char in_core = 0;
    int bad = 0;
    char *before = anon(PAGE, PROT_READ | PROT_WRITE);
    bad |= (mlockall(0) != -1 || errno != EINVAL) << 0;
    bad |= (mlockall(8) != -1 || errno != EINVAL) << 1;
    bad |= (mlockall(4) != -1 || errno != EINVAL) << 2;
    bad |= (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) << 3;
    mincore(before, PAGE, &in_core);
    bad |= !(in_core & 1) << 4;
    char *after = anon(PAGE, PROT_READ | PROT_WRITE);
    in_core = 0;
    mincore(after, PAGE, &in_core);
    bad |= !(in_core & 1) << 5;
    bad |= (munlockall() != 0) << 6;
    after = anon(PAGE, PROT_READ | PROT_WRITE);
    mincore(after, PAGE, &in_core);
    bad |= (in_core & 1) << 7;
    return bad;
}

TEST(mlockall_now_and_later)
{
    CHECK_EQ(IN_CHILD(lock_all()), 0);
}

/* ---- System V shared memory ---- */

TEST(shm_attach_and_detach)
{
    int id = shmget(IPC_PRIVATE, 3 * PAGE - 5, IPC_CREAT | 0600);
    if (!CHECK(id >= 0))
        return;
    char *p = shmat(id, NULL, 0), *r = shmat(id, NULL, SHM_RDONLY);
    CHECK(p != MAP_FAILED && r != MAP_FAILED && p != r);
    p[2 * PAGE] = 's';
    CHECK_EQ(r[2 * PAGE], 's');
    CHECK_FAULT(store(r), SIGSEGV, SEGV_ACCERR, r);
    CHECK_ERR(mprotect(r, PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_EQ(IN_CHILD((p[0] = 'c', shmdt(r) || is_mapped(r))), 0);
    CHECK_EQ(p[0], 'c');

    char *room = anon(8 * PAGE, PROT_NONE);
    CHECK_ERR((long)shmat(id, room, 0), EINVAL);
    CHECK(shmat(id, room + PAGE, SHM_REMAP) == room + PAGE);
    CHECK_EQ(room[PAGE + 2 * PAGE], 's');
    CHECK_ERR((long)shmat(id, room + 100, SHM_REMAP), EINVAL);
    CHECK(shmat(id, room + 100, SHM_REMAP | SHM_RND) == room);
    CHECK_ERR((long)shmat(id, NULL, SHM_REMAP), EINVAL);
    CHECK_ERR((long)shmat(-1, NULL, 0), EINVAL);
    /* A hole in it does not disturb the rest; all that is left of it goes at once. */
    CHECK_EQ(munmap(p + PAGE, PAGE), 0);
    CHECK_EQ(shmdt(p), 0);
    CHECK(!is_mapped(p) && !is_mapped(p + 2 * PAGE) && is_mapped(r));
    CHECK_ERR(shmdt(p), EINVAL);
    CHECK_EQ(shmdt(r), 0);
    CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0);
    munmap(room, 8 * PAGE);
    CHECK_ERR((long)shmat(id, NULL, 0), EINVAL);
}

TEST(shm_after_mremap)
{
    int id = shmget(IPC_PRIVATE, 2 * PAGE, IPC_CREAT | 0600);
    char *p = shmat(id, NULL, 0), *to = anon(2 * PAGE, PROT_NONE);
    CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0);
    CHECK(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    CHECK_ERR(shmdt(p), EINVAL);
    CHECK_EQ(shmdt(to), 0);
    CHECK(!is_mapped(to));
}

/* ---- other processes ---- */

TEST(process_vm_copies)
{
    char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE), out[16] = "";
    struct iovec local = {out, 8}, remote = {p + 3, 8};
    memcpy(p + 3, "abcdefg", 8);
    CHECK_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 8);
    CHECK(!strcmp(out, "abcdefg"));
    strcpy(out, "1234567");
    CHECK_EQ(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), 8);
    CHECK(!strcmp(p + 3, "1234567"));
    CHECK_ERR(process_vm_readv(getpid(), &local, 1, &remote, 1, 1), EINVAL);
    remote.iov_base = (void *)8;
    CHECK_ERR(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), EFAULT);
    remote.iov_base = (void *)(1UL << 46);
    CHECK_ERR(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), EFAULT);
    munmap(p, 2 * PAGE);
}

TEST(process_madvise_of_itself)
{
    char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE);
    struct iovec vec = {p, 2 * PAGE};
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    long got = RAW(SYS_process_madvise, fd, &vec, 1UL, 20 /* MADV_COLD */, 0);
    if (got == -ENOSYS)
        SKIP("no process_madvise");
    CHECK_EQ(got, 2 * PAGE);
    CHECK_EQ(RAW(SYS_process_madvise, fd, &vec, 1UL, 12345, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_process_madvise, -1, &vec, 1UL, 20, 0), -EBADF);
    close(fd);
    munmap(p, 2 * PAGE);
}

/* ---- memfd, userfaultfd, mseal, policies ---- */

TEST(memfd_grows_and_shrinks_under_a_mapping)
{
    int fd = (int)syscall(SYS_memfd_create, "memory", 1 /* MFD_CLOEXEC */);
    char *p = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK_FAULT(load(p), SIGBUS, BUS_ADRERR, p);
    CHECK_EQ(ftruncate(fd, PAGE), 0);
    CHECK_NO_FAULT(store(p));
    CHECK_FAULT(load(p + PAGE), SIGBUS, BUS_ADRERR, p + PAGE);
    CHECK_EQ(write(fd, "m", 1), 1);
    CHECK_EQ(p[0], 'm');
    munmap(p, 2 * PAGE);
    close(fd);
}

struct fault_server {
    int fd;
    char *page;
};

static void *serve_one_fault(void *arg)
{
    struct fault_server *s = arg;
    static char filled[PAGE] __attribute__((aligned(4096)));
    struct uffd_msg msg;
    if (read(s->fd, &msg, sizeof(msg)) != sizeof(msg) || msg.event != UFFD_EVENT_PAGEFAULT)
        return "no fault read";
    memset(filled, 'u', sizeof(filled));
    struct uffdio_copy copy = {msg.arg.pagefault.address & ~(PAGE - 1), (uintptr_t)filled, PAGE, 0,
                               0};
    return ioctl(s->fd, UFFDIO_COPY, &copy) ? "no copy" : NULL;
}

TEST(userfaultfd_serves_a_fault)
{
    struct fault_server s = {.page = anon(PAGE, PROT_READ | PROT_WRITE)};
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register reg = {{(uintptr_t)s.page, PAGE}, UFFDIO_REGISTER_MODE_MISSING, 0};
    pthread_t thread;
    void *problem;
    s.fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
    if (s.fd < 0)
        SKIP("userfaultfd is not allowed here");
    CHECK_EQ(ioctl(s.fd, UFFDIO_API, &api), 0);
    CHECK_EQ(ioctl(s.fd, UFFDIO_REGISTER, &reg), 0);
    CHECK_EQ(pthread_create(&thread, NULL, serve_one_fault, &s), 0);
    CHECK_EQ(*(volatile char *)(s.page + 77), 'u');
    pthread_join(thread, &problem);
    CHECK(problem == NULL);
    close(s.fd);
    munmap(s.page, PAGE);
}

TEST(mseal_keeps)
{
    char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE);
    long got = RAW(462 /* mseal */, p, PAGE, 0);
    if (got == -ENOSYS)
        SKIP("no mseal");
    CHECK_EQ(got, 0);
    CHECK_ERR(mprotect(p, PAGE, PROT_READ), EPERM);
    CHECK_ERR(munmap(p, 2 * PAGE), EPERM);
    CHECK_ERR((long)mmap(p, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), EPERM);
    CHECK_ERR((long)mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EPERM);
    CHECK_NO_FAULT(store(p));
    CHECK_NO_FAULT(store(p + PAGE));
    CHECK_EQ(munmap(p + PAGE, PAGE), 0);
}

TEST(policies)
{
    int mode = -1;
    char *p = anon(PAGE, PROT_READ | PROT_WRITE);
    long got = RAW(SYS_get_mempolicy, &mode, NULL, 0UL, NULL, 0UL);
    if (got == -ENOSYS)
        SKIP("no NUMA policies");
    CHECK_EQ(got, 0);
    CHECK_EQ(mode, 0);
    CHECK_EQ(RAW(SYS_mbind, p, PAGE, 0, NULL, 0UL, 0), 0);
    CHECK_EQ(RAW(SYS_mbind, p + 1, PAGE, 0, NULL, 0UL, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_mbind, 1UL << 46, PAGE, 0, NULL, 0UL, 0), -EFAULT);
    CHECK_EQ(RAW(SYS_get_mempolicy, &mode, NULL, 0UL, p, 2UL /* MPOL_F_ADDR */), 0);
    CHECK_EQ(RAW(SYS_get_mempolicy, &mode, NULL, 0UL, 1UL << 46, 2UL), -EFAULT);
    munmap(p, PAGE);
}

TEST(remap_file_pages_exchanges_pages)
{
    char path[64];
    int fd = stamped_file(path, 4);
    char *p = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK_EQ(remap_file_pages(p, PAGE, 0, 3, 0), 0);
    CHECK_EQ(stamps_right(p, 3, 1), 1);
    CHECK_EQ(stamps_right(p + PAGE, 1, 3), 3);
    CHECK_ERR(remap_file_pages(p, PAGE, PROT_READ, 3, 0), EINVAL);
    munmap(p, 4 * PAGE);
    close(fd);
    unlink(path);
}

/* A length that is no multiple of the huge page is booked as one, so that nothing else is put there. */
static void check_huge(char *p, size_t huge)
{
    char *next = anon(16 * PAGE, PROT_READ);
    CHECK(((uintptr_t)p & (huge - 1)) == 0);
    CHECK(next >= p + huge || next + 16 * PAGE <= p);
    CHECK_NO_FAULT(store(p + huge - 1));
    CHECK_ERR(munmap(p, PAGE), EINVAL);
    CHECK_EQ(munmap(p, huge), 0);
    munmap(next, 16 * PAGE);
}

TEST(huge_pages)
{
    char *p = map(PAGE, PROT_READ | PROT_WRITE, ANON | MAP_HUGETLB, -1, 0);
    if (p == MAP_FAILED)
        SKIP("no huge pages are set aside here");
    check_huge(p, 2 * MIB);
    int fd = (int)syscall(SYS_memfd_create, "huge", 4 /* MFD_HUGETLB */);
    CHECK_EQ(ftruncate(fd, 2 * MIB), 0);
    check_huge(map(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 2 * MIB);
    close(fd);
}

/* ---- limits ---- */

static int under_address_limit(void)
{
    struct rlimit limit = {1UL << 31, 1UL << 31};
    setrlimit(RLIMIT_AS, &limit);
    char *small = anon(64 * MIB, PROT_READ | PROT_WRITE);
    return small == MAP_FAILED || anon(3UL << 30, PROT_READ | PROT_WRITE) != MAP_FAILED ||
           errno != ENOMEM || store(small + 63 * MIB).sig;
}

TEST(rlimit_as_of_2_gib)
{
    if (test_memory_is_watched())
        SKIP("the record of what may be touched is larger than that");
    CHECK_EQ(IN_CHILD(under_address_limit()), 0);
}

#ifdef __aarch64__
#define TAGGED(p) ((uintptr_t)(p) | 0x5aUL << 56)

TEST(tagged_addresses)
{
    char *p = anon(2 * PAGE, PROT_READ | PROT_WRITE);
    *(volatile char *)TAGGED(p) = 't';
    CHECK_EQ(p[0], 't');
    CHECK_EQ(RAW(SYS_mprotect, TAGGED(p), PAGE, PROT_READ), 0);
    CHECK_FAULT(store(p), SIGSEGV, SEGV_ACCERR, p);
    CHECK_EQ(RAW(SYS_madvise, TAGGED(p), PAGE, MADV_DONTNEED), 0);
    CHECK_EQ(p[0], 0);
    CHECK_EQ(RAW(SYS_mmap, TAGGED(p), PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), -ENOMEM);
    CHECK_EQ(RAW(SYS_munmap, TAGGED(p), 2 * PAGE), 0);
    CHECK(!is_mapped(p));
}
#endif

TEST_MAIN()
