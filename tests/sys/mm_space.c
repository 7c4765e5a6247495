/*
 * The address space as a whole: arguments and their errors, placement, fixed addresses, large
 * reservations, many mappings, the maps file, sibling threads, brk and the stack (MEMORY.md R24, R26
 * to R30).
 *
 * test: timeout=120
 */
#include "mm.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define TOP (1UL << 47)

static long raw_mmap(uintptr_t addr, size_t len, int prot, int flags, int fd, long offset)
{
    return RAW(SYS_mmap, addr, len, prot, flags, fd, offset);
}

TEST(r26_arguments_of_mmap)
{
    int fd = stamped_fd(2, O_RDWR);
    CHECK_EQ(raw_mmap(0, PAGE, PROT_READ, 0, fd, 0), -EINVAL);
    CHECK_EQ(raw_mmap(0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), -EINVAL);
    CHECK_EQ(raw_mmap(0, PAGE, PROT_READ, MAP_SHARED, -1, 0), -EBADF);
    CHECK_EQ(raw_mmap(0, 0, PROT_READ, MAP_SHARED, -1, 0), -EBADF);
    CHECK_EQ(raw_mmap(0, 0, PROT_READ, MAP_SHARED, fd, 0), -EINVAL);
    CHECK_EQ(raw_mmap(0, PAGE, PROT_READ, MAP_SHARED, -1, 7), -EINVAL);
    CHECK_EQ(raw_mmap(0, PAGE, PROT_READ, 3 /* SHARED_VALIDATE */ | 0x200, fd, 0), -EOPNOTSUPP);
    char *valid = map(PAGE, PROT_READ, 3, fd, 0);
    CHECK(valid != MAP_FAILED && stamps_right(valid, 0, 1) == 1);
    munmap(valid, PAGE);
    CHECK_EQ(raw_mmap(0, -1UL, PROT_READ, ANON, -1, 0), -ENOMEM);
    CHECK_EQ(raw_mmap(0, -1UL, PROT_READ, MAP_PRIVATE, -1, 0), -EBADF);
    CHECK_EQ(raw_mmap(0, 1UL << 60, PROT_READ, ANON, -1, 0), -ENOMEM);
    CHECK_EQ(raw_mmap(0, 1UL << 60, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0), -EBADF);
    CHECK_EQ(raw_mmap(0, 4 * PAGE, PROT_READ, MAP_SHARED, fd, -4096L), -EOVERFLOW);
    CHECK_EQ(raw_mmap(0x10001, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), -EINVAL);
    CHECK_EQ(raw_mmap(1UL << 60, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), -ENOMEM);
    CHECK_EQ(raw_mmap(-PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), -ENOMEM);
    CHECK_EQ(raw_mmap(0, PAGE, PROT_READ, MAP_SHARED | MAP_GROWSDOWN, fd, 0), -EINVAL);
    close(fd);
}

TEST(r26_arguments_of_mprotect_and_munmap)
{
    char *p = anon(4 * PAGE, PROT_READ | PROT_WRITE);
    CHECK_EQ(RAW(SYS_mprotect, p + 1, PAGE, PROT_READ), -EINVAL);
    CHECK_EQ(RAW(SYS_mprotect, p + 1, 0, PROT_READ), -EINVAL);
    CHECK_EQ(RAW(SYS_mprotect, p, 0, 0x4000), 0);
    CHECK_EQ(RAW(SYS_mprotect, p, -1UL, PROT_READ), -ENOMEM);
    CHECK_EQ(RAW(SYS_mprotect, p, PAGE, 0x4000), -EINVAL);
    CHECK_EQ(RAW(SYS_mprotect, p, PAGE, 0x3000000 /* GROWSDOWN | GROWSUP */), -EINVAL);
    CHECK_EQ(RAW(SYS_mprotect, p, PAGE, PROT_READ | 0x1000000 /* GROWSDOWN */), -EINVAL);
    CHECK_EQ(RAW(SYS_mprotect, p, 1UL << 60, PROT_READ | 0x1000000 /* GROWSDOWN */), -EINVAL);
    CHECK_EQ(RAW(SYS_munmap, p + 1, PAGE), -EINVAL);
    CHECK_EQ(RAW(SYS_munmap, p, 0), -EINVAL);
    CHECK_EQ(RAW(SYS_munmap, p, -1UL), -EINVAL);
    CHECK_EQ(RAW(SYS_munmap, 1UL << 52, PAGE), -EINVAL);
    CHECK_EQ(munmap(p + 2 * PAGE, PAGE), 0);
    CHECK_EQ(munmap(p + 2 * PAGE, PAGE), 0); /* a hole already */
    /* Over a hole: what comes before it has changed. */
    CHECK_ERR(mprotect(p, 4 * PAGE, PROT_READ), ENOMEM);
    CHECK_FAULT(store(p), SIGSEGV, SEGV_ACCERR, p);
    CHECK_FAULT(store(p + PAGE), SIGSEGV, SEGV_ACCERR, p + PAGE);
    CHECK_NO_FAULT(store(p + 3 * PAGE));
    CHECK_ERR(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ), ENOMEM);
    CHECK_NO_FAULT(store(p + 3 * PAGE));
    CHECK_FAULT(load(p + 2 * PAGE), SIGSEGV, SEGV_MAPERR, p + 2 * PAGE);
    munmap(p, 4 * PAGE);
}

TEST(r29_hints)
{
    char *p = anon(8 * PAGE, PROT_READ);
    munmap(p, 8 * PAGE);
    CHECK(mmap(p + 2 * PAGE + 5, PAGE, PROT_READ, ANON, -1, 0) == p + 2 * PAGE);
    char *elsewhere = mmap(p + 2 * PAGE, PAGE, PROT_READ, ANON, -1, 0);
    CHECK(elsewhere != MAP_FAILED && elsewhere != p + 2 * PAGE);
    char *straddles = mmap(p + PAGE, 2 * PAGE, PROT_READ, ANON, -1, 0);
    CHECK(straddles != MAP_FAILED && straddles != p + PAGE);
    char *high = mmap((void *)(TOP * 2 - PAGE), PAGE, PROT_READ, ANON, -1, 0);
    CHECK(high != MAP_FAILED);
    munmap(high, PAGE);
    munmap(p + 2 * PAGE, PAGE);
    munmap(elsewhere, PAGE);
    munmap(straddles, 2 * PAGE);
    char *far = mmap((void *)0x2345678a9000, PAGE, PROT_READ, ANON, -1, 0);
    CHECK_EQ((uintptr_t)far, 0x2345678a9000);
    munmap(far, PAGE);
}

/* First fit from the top: neighbours in time are neighbours in space, and a hole is used again. */
TEST(r29_placement_is_top_down)
{
    char *a = anon(3 * PAGE, PROT_READ), *b = anon(3 * PAGE, PROT_NONE),
         *c = anon(3 * PAGE, PROT_READ);
    if (b != a - 3 * PAGE)
        SKIP("bottom-up layout, or the address space has holes");
    CHECK(c == b - 3 * PAGE);
    munmap(b, 3 * PAGE);
    CHECK(anon(2 * PAGE, PROT_WRITE) == b + PAGE);
    CHECK(anon(PAGE, PROT_NONE) == b);
    munmap(c, 9 * PAGE);
}

TEST(r29_fixed)
{
    char *p = anon(6 * PAGE, PROT_READ | PROT_WRITE);
    memset(p, 'k', 6 * PAGE);
    CHECK_EQ(raw_mmap((uintptr_t)p + PAGE, PAGE, PROT_READ, ANON | MAP_FIXED_NOREPLACE, -1, 0),
             -EEXIST);
    CHECK_EQ(p[PAGE], 'k');
    CHECK_EQ(
        raw_mmap((uintptr_t)p + 5 * PAGE, 2 * PAGE, PROT_READ, ANON | MAP_FIXED_NOREPLACE, -1, 0),
        -EEXIST);
    munmap(p + PAGE, PAGE);
    CHECK(mmap(p + PAGE, PAGE, PROT_READ, ANON | MAP_FIXED_NOREPLACE, -1, 0) == p + PAGE);
    CHECK(mmap(p + 2 * PAGE, 2 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) == p + 2 * PAGE);
    CHECK(p[0] == 'k' && p[2 * PAGE] == 0 && p[4 * PAGE] == 'k');
    munmap(p, 6 * PAGE);
}

TEST(r29_growsdown)
{
    /* Room for growth and the guard gap of 256 pages. */
    char *room = anon(1024 * PAGE, PROT_NONE), *at = room + 1000 * PAGE;
    munmap(room, 1024 * PAGE);
    CHECK(mmap(at, PAGE, PROT_READ | PROT_WRITE, ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0) == at);
    CHECK_NO_FAULT(store(at - 8));
    CHECK_NO_FAULT(store(at - 20 * PAGE));
    CHECK(is_mapped(at - 20 * PAGE) && is_mapped(at - 3 * PAGE) && !is_mapped(at - 21 * PAGE));
    /* What has grown is like the rest of it. */
    CHECK_EQ(mprotect(at - 10 * PAGE, 5 * PAGE, PROT_READ), 0);
    CHECK_FAULT(store(at - 7 * PAGE), SIGSEGV, SEGV_ACCERR, at - 7 * PAGE);
    CHECK_NO_FAULT(store(at - 3 * PAGE));
    char *moved =
        mremap(at - 4 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 3 * PAGE);
    CHECK(moved == room + 3 * PAGE);
    CHECK_EQ(moved[PAGE], 'w');
    CHECK(!is_mapped(at - 4 * PAGE) && is_mapped(at - 2 * PAGE));
    /* Near the guard gap of a neighbour it stops. */
    CHECK(mmap(at - 300 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) == at - 300 * PAGE);
    CHECK_NO_FAULT(store(at - 40 * PAGE));
    CHECK_FAULT(store(at - 100 * PAGE), SIGSEGV, SEGV_MAPERR, at - 100 * PAGE);
    munmap(room, 1024 * PAGE);
}

TEST(r29_populate_locked_noreserve)
{
    unsigned char in_core[4] = {0};
    char *p = map(4 * PAGE, PROT_READ | PROT_WRITE, ANON | MAP_POPULATE, -1, 0);
    CHECK_EQ(mincore(p, 4 * PAGE, in_core), 0);
    CHECK(in_core[0] & in_core[1] & in_core[2] & in_core[3] & 1);
    munmap(p, 4 * PAGE);
    p = map(4 * PAGE, PROT_READ | PROT_WRITE, ANON | MAP_LOCKED, -1, 0);
    CHECK(p != MAP_FAILED);
    memset(in_core, 0, sizeof(in_core));
    CHECK_EQ(mincore(p, 4 * PAGE, in_core), 0);
    CHECK(in_core[0] & in_core[3] & 1);
    munmap(p, 4 * PAGE);
    p = map(64 * MIB, PROT_READ | PROT_WRITE, ANON | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK_NO_FAULT(store(p + 63 * MIB));
    munmap(p, 64 * MIB);
}

static size_t resident(void)
{
    unsigned long size = 0, rss = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%lu %lu", &size, &rss) != 2)
            rss = 0;
        fclose(f);
    }
    return rss * PAGE;
}

/* What Go, V8, the JVM and the sanitizers reserve. */
TEST(r29_large_reservations)
{
    static const size_t sizes[] = {32UL << 30, 256UL << 30, 1UL << 40};
    size_t before = resident();
    for (int i = 0; i < 3; i++) {
        char *p = map(sizes[i], PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
        if (!CHECK(p != MAP_FAILED))
            continue;
        char *mid = p + sizes[i] / 2;
        CHECK_EQ(mprotect(mid, MIB, PROT_READ | PROT_WRITE), 0);
        CHECK_NO_FAULT(store(mid + 5000));
        CHECK_FAULT(load(mid - 1), SIGSEGV, SEGV_ACCERR, mid - 1);
        CHECK(mmap(mid, MIB, PROT_NONE, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0) == mid);
        CHECK_FAULT(load(mid), SIGSEGV, SEGV_ACCERR, mid);
        CHECK_EQ(munmap(p, sizes[i]), 0);
    }
    CHECK(resident() < before + 16 * MIB);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double best_of_mapping(size_t len)
{
    double best = 1;
    for (int i = 0; i < 30; i++) {
        double start = now();
        void *p = map(len, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
        munmap(p, len);
        double took = now() - start;
        best = took < best ? took : best;
    }
    return best;
}

TEST(r27_tens_of_thousands_of_mappings)
{
    enum { COUNT = 30000 };
    static char *page[COUNT];
    size_t before = resident(), failed = 0, wrong = 0;
    for (size_t i = 0; i < COUNT; i++) {
        page[i] = anon(PAGE, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
        failed += page[i] == MAP_FAILED;
    }
    CHECK_EQ(failed, 0);
    for (size_t i = 0; i < COUNT; i += 999)
        wrong += is_mapped(page[i]) == 0;
    for (size_t i = 0; i < COUNT; i += 3)
        failed += munmap(page[i], PAGE) != 0;
    for (size_t i = 0; i < COUNT; i += 999)
        wrong += is_mapped(page[i]) != (i % 3 != 0);
    for (size_t i = 0; i < COUNT; i++)
        failed += munmap(page[i], PAGE) != 0;
    CHECK_EQ(failed, 0);
    CHECK_EQ(wrong, 0);
    CHECK(resident() < before + 32 * MIB);
    CHECK(best_of_mapping(1UL << 34) < 20 * best_of_mapping(PAGE));
}

/* At vm.max_map_count Linux refuses, and what is there stays. */
TEST(r27_the_kernel_limit)
{
    char *p = anon(2 * 70000 * PAGE, PROT_NONE);
    size_t made = 0;
    if (!CHECK(p != MAP_FAILED))
        return;
    while (made < 70000 && mprotect(p + 2 * made * PAGE, PAGE, PROT_READ) == 0)
        made++;
    if (made < 70000) {
        CHECK_EQ(errno, ENOMEM);
        CHECK_FAULT(load(p + 2 * made * PAGE), SIGSEGV, SEGV_ACCERR, p + 2 * made * PAGE);
        CHECK_NO_FAULT(load(p + 2 * (made - 1) * PAGE));
    }
    CHECK(made > 30000);
    CHECK_EQ(munmap(p, 2 * 70000 * PAGE), 0);
    CHECK(!is_mapped(p) && !is_mapped(p + 70000 * PAGE));
}

TEST(r28_maps)
{
    char path[64];
    struct map_line m;
    struct stat st;
    int writer = stamped_file(path, 4), fd = open(path, O_RDONLY);
    char *room = anon(8 * PAGE, PROT_NONE), *p = room + 2 * PAGE;
    CHECK(mmap(p, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, PAGE) == p);
    CHECK(map_line_of(p, &m));
    CHECK(!strcmp(m.perms, "r--s") && !strcmp(m.path, path));
    CHECK(m.start == (uintptr_t)p && m.end == (uintptr_t)p + 2 * PAGE && m.offset == PAGE);
    fstat(fd, &st);
    CHECK(m.inode == st.st_ino && m.major == major(st.st_dev) && m.minor == minor(st.st_dev));
    CHECK(map_line_of(room, &m));
    CHECK(!strcmp(m.perms, "---p") && m.end == (uintptr_t)p && m.inode == 0 && !m.path[0]);
    unlink(path);
    CHECK(map_line_of(p + PAGE, &m) && strstr(m.path, " (deleted)"));
    CHECK_EQ(mprotect(p, PAGE, PROT_EXEC), 0);
    CHECK(map_line_of(p, &m) && !strcmp(m.perms, "--xs"));
    munmap(room, 8 * PAGE);
    close(fd);
    close(writer);
    CHECK(map_line_of(&path, &m) && !strcmp(m.path, "[stack]"));
}

/* Every line of the maps file is the program's own: its image, heap, stack, the vDSO, or without a name. */
TEST(r28_nothing_else_is_shown)
{
    char line[512], exe[256] = "", *name;
    FILE *f = fopen("/proc/self/maps", "r");
    int others = 0, images = 0;
    if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0 || !f)
        CHECK(!"proc is there");
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        name = strpbrk(line, "/[");
        if (name && !strcmp(name, exe))
            images++;
        else if (name && strcmp(name, "[heap]") && strcmp(name, "[stack]") &&
                 strcmp(name, "[vdso]") && strncmp(name, "[vvar", 5) &&
                 strncmp(name, "[vsyscall", 9))
            others += printf("not ours: %s\n", line) > 0;
    }
    if (f)
        fclose(f);
    CHECK(images >= 2);
    CHECK_EQ(others, 0);
}

/* ---- R24 ---- */

static volatile int sibling_stop;
static volatile unsigned long sibling_rounds;

static void *sibling(void *arg)
{
    volatile char *p = arg;
    while (!sibling_stop) {
        p[0]++;
        p[PAGE + 1]++;
        sibling_rounds++;
    }
    return NULL;
}

TEST(r24_siblings_never_fault)
{
    pthread_t thread;
    char *p = anon(8 * PAGE, PROT_READ | PROT_WRITE);
    CHECK_EQ(pthread_create(&thread, NULL, sibling, p + 3 * PAGE), 0);
    while (!sibling_rounds)
        ;
    for (int i = 0; i < 3000; i++) {
        mprotect(p, 3 * PAGE, i % 2 ? PROT_NONE : PROT_READ | PROT_WRITE);
        /* The same rights again, over the pages in use. */
        mprotect(p, 8 * PAGE, PROT_READ | PROT_WRITE);
        munmap(p + 5 * PAGE, 3 * PAGE);
        mmap(p + 5 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0);
        /* Replaced while in use: never a moment without a page. */
        mmap(p + 3 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0);
        void *q = mremap(p, PAGE, 20 * PAGE, MREMAP_MAYMOVE);
        munmap(q, 20 * PAGE);
        mmap(p, PAGE, PROT_READ | PROT_WRITE, ANON | MAP_FIXED, -1, 0);
    }
    sibling_stop = 1;
    pthread_join(thread, NULL);
    CHECK(sibling_rounds > 0);
    munmap(p, 8 * PAGE);
}

/* ---- R30 ---- */

static uintptr_t brk_to(uintptr_t to)
{
    return (uintptr_t)syscall(SYS_brk, to);
}

static int brk_in_child(void)
{
    uintptr_t start = brk_to(0), page = (start + PAGE - 1) & ~(PAGE - 1);
    int bad = 0;
    bad |= (brk_to(page + 3 * PAGE + 7) != page + 3 * PAGE + 7) << 0;
    memset((void *)page, 'b', 3 * PAGE);
    bad |= !!((char *)page)[3 * PAGE] << 1;
    bad |= (brk_to(page + PAGE) != page + PAGE) << 2;
    bad |= is_mapped((void *)(page + PAGE)) << 3;
    bad |= (brk_to(page + 2 * PAGE) != page + 2 * PAGE) << 4;
    bad |= !!*(char *)(page + PAGE) << 5; /* new pages are zero */
    /* It does not run into another mapping, nor take the page before it. */
    char *wall = (char *)page + 8 * PAGE;
    bad |= (mmap(wall, PAGE, PROT_READ, ANON | MAP_FIXED_NOREPLACE, -1, 0) != wall) << 6;
    bad |= (brk_to((uintptr_t)wall) != page + 2 * PAGE) << 7;
    bad |= (brk_to((uintptr_t)wall - PAGE) != (uintptr_t)wall - PAGE) << 7;
    bad |= (brk_to(1UL << 60) != (uintptr_t)wall - PAGE) << 7;
    bad |= (brk_to(page - 64 * MIB) != (uintptr_t)wall - PAGE) << 7; /* below its start */
    return bad;
}

TEST(r30_brk)
{
    CHECK_EQ(IN_CHILD(brk_in_child()), 0);
}

static int brk_limited(void)
{
    struct rlimit limit = {1 * MIB, 1 * MIB};
    uintptr_t start = brk_to(0);
    setrlimit(RLIMIT_DATA, &limit);
    return brk_to(start + 64 * MIB) != start || brk_to(start + PAGE) == start + 64 * MIB;
}

TEST(r30_brk_obeys_rlimit_data)
{
    CHECK_EQ(IN_CHILD(brk_limited()), 0);
}

static uintptr_t deepest;

static __attribute__((noinline)) int recurse(int depth)
{
    volatile char frame[2048];
    frame[0] = (char)depth;
    deepest = (uintptr_t)frame;
    return depth == 1 << 30 ? 0 : recurse(depth + 1) + frame[0];
}

/* Recursion until the limit; the distance it came, in KiB rounded up to 64, is the exit status. */
static int overflow_at(rlim_t bytes)
{
    static char altstack[64 * 1024];
    stack_t ss = {.ss_sp = altstack, .ss_size = sizeof(altstack)};
    struct rlimit limit;
    char here;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = bytes;
    if (setrlimit(RLIMIT_STACK, &limit))
        return 254;
    sigaltstack(&ss, NULL);
    fault_catch(1);
    if (!sigsetjmp(fault_exit, 1))
        return recurse(0);
    uintptr_t addr = (uintptr_t)fault_seen.addr;
    if (fault_seen.sig != SIGSEGV || fault_seen.code != SEGV_MAPERR || addr > deepest + 4096 ||
        addr < deepest - 16384)
        return 255;
    return (int)(((uintptr_t)&here - addr + 65535) / 65536);
}

TEST(r30_stack_grows_to_its_limit)
{
    int small = IN_CHILD(overflow_at(1 * MIB)), large = IN_CHILD(overflow_at(7 * MIB));
    CHECK(WIFEXITED(small) && WIFEXITED(large));
    /* Less what was above main: arguments, environment, libc's frames. */
    CHECK(WEXITSTATUS(small) >= 13 && WEXITSTATUS(small) <= 16);
    CHECK(WEXITSTATUS(large) >= 109 && WEXITSTATUS(large) <= 112);
}

static int overflow_without_handler(void)
{
    struct rlimit core = {0, 0}, stack = {1 * MIB, 1 * MIB};
    signal(SIGSEGV, SIG_DFL);
    setrlimit(RLIMIT_CORE, &core);
    setrlimit(RLIMIT_STACK, &stack);
    return recurse(0);
}

TEST(r30_no_handler_no_stack_is_sigsegv)
{
    int status = IN_CHILD(overflow_without_handler());
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* A mapping placed in the gap stops the stack a guard gap above it. */
static int stack_meets_mapping(void)
{
    char here;
    uintptr_t page = (uintptr_t)&here & ~(PAGE - 1);
    struct map_line m;
    if (!map_line_of(&here, &m))
        return 1;
    char *wall = (char *)page - 4 * MIB;
    if (m.start < (uintptr_t)wall || mmap(wall, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) != wall)
        return 2;
    int got = overflow_at(8 * MIB);
    /* 4 MiB less the gap of 1 MiB. */
    return got >= 47 && got <= 49 ? 0 : got;
}

TEST(r30_stack_stops_above_a_mapping)
{
    CHECK_EQ(IN_CHILD(stack_meets_mapping()), 0);
}

TEST_MAIN()
