/*
 * Random changes of a window of pages, each foretold by a plain model: what is mapped, with which
 * rights, holding which value; whether a hint is free, a fixed address taken, a range full of holes,
 * a page's code executable, and the same in a child.
 *
 * test: timeout=120
 */
#include "mm.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGES 48
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static char *window;
static struct {
    int mapped, prot;
    uint32_t value; /* of the page's first word, an instruction or 0 */
} page[PAGES];

static unsigned random_seed;

static unsigned dice(unsigned n)
{
    random_seed = random_seed * 1103515245 + 12345;
    return (random_seed >> 16) % n;
}

static int random_prot(void)
{
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
                                PROT_READ | PROT_WRITE | PROT_EXEC};
    return prots[dice(5)];
}

static char *at(unsigned p)
{
    return window + p * PAGE;
}

static int count_mapped(unsigned from, unsigned to)
{
    int n = 0;
    for (unsigned p = from; p < to; p++)
        n += page[p].mapped;
    return n;
}

static void set(unsigned from, unsigned to, int mapped, int prot)
{
    for (unsigned p = from; p < to; p++) {
        page[p].mapped = mapped;
        page[p].prot = prot;
        page[p].value = 0;
    }
}

#ifdef __aarch64__
#define RETURN(n) (0x52800000u | (uint32_t)(n) << 5) /* mov w0, #n */
static void put_return(char *p, int n)
{
    ((volatile uint32_t *)p)[0] = RETURN(n);
    ((volatile uint32_t *)p)[1] = 0xd65f03c0; /* ret */
}
#else
#define RETURN(n) (0xb8u | (uint32_t)(n) << 8) /* mov eax, n; ret */
static void put_return(char *p, int n)
{
    ((volatile uint32_t *)p)[0] = RETURN(n);
    ((volatile uint32_t *)p)[1] = 0xc300;
}
#endif

static struct fault expected_fault(unsigned p, int need)
{
    if (!page[p].mapped)
        return (struct fault){SIGSEGV, SEGV_MAPERR, at(p)};
    if ((page[p].prot & need) != need)
        return (struct fault){SIGSEGV, SEGV_ACCERR, at(p)};
    return (struct fault){0, 0, NULL};
}

static int same_fault(struct fault a, struct fault b)
{
    return a.sig == b.sig && a.code == b.code && a.addr == b.addr;
}

/* Loads, stores, or calls: 1 when it came out as the model says. */
static int probe_load(unsigned p)
{
    volatile uint32_t got = 0;
    struct fault f = FAULT_OF(got = *(volatile uint32_t *)at(p));
    return same_fault(f, expected_fault(p, PROT_READ)) && (f.sig || got == page[p].value);
}

static int probe_store(unsigned p)
{
    int n = 1 + (int)dice(200);
    struct fault want = expected_fault(p, PROT_WRITE), f = FAULT_OF(put_return(at(p), n));
    if (!f.sig) {
        __builtin___clear_cache(at(p), at(p) + 8);
        page[p].value = RETURN(n);
    }
    return same_fault(f, want);
}

static int probe_call(unsigned p)
{
    volatile int got = 0;
    if (page[p].mapped && (page[p].prot & PROT_EXEC) && !page[p].value)
        return 1; /* nothing there to call */
    struct fault f = FAULT_OF(got = ((int (*)(void))at(p))());
    return same_fault(f, expected_fault(p, PROT_EXEC)) && (f.sig || RETURN(got) == page[p].value);
}

static int probe_all(void)
{
    int right = 0;
    for (unsigned p = 0; p < PAGES; p++)
        right += probe_load(p) && probe_call(p);
    return right == PAGES;
}

static int try_map(unsigned from, unsigned to)
{
    int prot = random_prot(), taken = count_mapped(from, to) > 0;
    size_t len = (to - from) * PAGE;
    char *got;
    switch (dice(3)) {
    case 0:
        got = mmap(at(from), len, prot, ANON | MAP_FIXED, -1, 0);
        break;
    case 1:
        got = mmap(at(from), len, prot, ANON | MAP_FIXED_NOREPLACE, -1, 0);
        if (taken)
            return got == MAP_FAILED && errno == EEXIST;
        break;
    default:
        got = mmap(at(from), len, prot, ANON, -1, 0);
        if (taken) {
            int fine = got != MAP_FAILED && (got >= at(PAGES) || got + len <= window);
            return munmap(got, len) == 0 && fine;
        }
    }
    if (got == at(from))
        set(from, to, 1, prot);
    return got == at(from);
}

static int try_protect(unsigned from, unsigned to)
{
    int prot = random_prot(), hole = count_mapped(from, to) != (int)(to - from);
    int got = mprotect(at(from), (to - from) * PAGE, prot);
    for (unsigned p = from; p < to && page[p].mapped; p++)
        page[p].prot = prot;
    return hole ? got == -1 && errno == ENOMEM : got == 0;
}

/* One page moved onto another place of the window. */
static int try_move(unsigned from, unsigned to)
{
    if (from == to)
        return 1;
    char *got = mremap(at(from), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(to));
    if (!page[from].mapped) {
        /* Linux may have emptied the destination or not: make it certain. */
        int fine = got == MAP_FAILED && errno == EFAULT;
        set(to, to + 1, 0, 0);
        return munmap(at(to), PAGE) == 0 && fine;
    }
    page[to] = page[from];
    set(from, from + 1, 0, 0);
    __builtin___clear_cache(at(to), at(to) + 8);
    return got == at(to);
}

/* One page grown in place. */
static int try_grow(unsigned from, unsigned to)
{
    int room = count_mapped(from + 1, to) == 0, prot = page[from].prot;
    void *got = mremap(at(from), PAGE, (to - from) * PAGE, 0);
    if (!page[from].mapped)
        return got == MAP_FAILED && errno == EFAULT;
    if (!room)
        return got == MAP_FAILED && errno == ENOMEM;
    set(from + 1, to, 1, prot);
    return got == at(from);
}

static int try_dontneed(unsigned from, unsigned to)
{
    int hole = count_mapped(from, to) != (int)(to - from);
    int got = madvise(at(from), (to - from) * PAGE, MADV_DONTNEED);
    for (unsigned p = from; p < to; p++)
        page[p].value = 0;
    return hole ? got == -1 && errno == ENOMEM : got == 0;
}

static int step(void)
{
    unsigned from = dice(PAGES), to = from + 1 + dice(6);
    to = to > PAGES ? PAGES : to;
    switch (dice(12)) {
    case 0:
    case 1: return try_map(from, to);
    case 2: set(from, to, 0, 0); return munmap(at(from), (to - from) * PAGE) == 0;
    case 3: return try_protect(from, to);
    case 4: return try_move(from, dice(PAGES));
    case 5: return try_grow(from, to);
    case 6: return try_dontneed(from, to);
    case 7: return probe_load(from);
    case 8:
    case 9: return probe_store(from);
    default: return probe_call(from);
    }
}

static void run(unsigned seed, int steps)
{
    random_seed = seed;
    window = anon(3 * PAGES * PAGE, PROT_NONE);
    munmap(window, 3 * PAGES * PAGE);
    window += PAGES * PAGE;
    set(0, PAGES, 0, 0);
    for (int i = 0; i < steps; i++) {
        if (!step()) {
            test_report(0, __LINE__, "seed %u, step %d is not as foretold (errno %d)", seed, i, errno);
            break;
        }
        if (i % 500 == 0)
            CHECK(probe_all());
        if (i % 2000 == 1000)
            CHECK_EQ(IN_CHILD(!probe_all() || !step() || !probe_all()), 0);
    }
    munmap(window, PAGES * PAGE);
}

TEST(random_changes)
{
    for (unsigned seed = 1; seed <= 8; seed++)
        run(seed, 6000);
}

TEST_MAIN()
