/*
 * Random changes of a window of pages, each foretold by a plain model: what is mapped, with which
 * rights, holding which value; whether a hint is free, a fixed address taken, a range full of holes,
 * a page's code executable, and the same in a child. By one thread, and by several at once, each in a
 * window of its own.
 *
 * test: timeout=120
 */
#include "mm.h"

#include <pthread.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGES 48
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static int
    several; /* threads: then nobody maps without a fixed address, which may fall into another's hole */
static __thread char *window;
static __thread struct {
    int mapped, prot;
    uint32_t value; /* of the page's first word, an instruction or 0 */
} page[PAGES];

static __thread unsigned random_seed;

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

/* Does [p, p+len) touch no mapped page of the window? */
static int only_free(const char *p, size_t len)
{
    for (unsigned i = 0; i < PAGES; i++)
        if (page[i].mapped && at(i) + PAGE > p && at(i) < p + len)
            return 0;
    return 1;
}

static int try_map(unsigned from, unsigned to)
{
    int prot = random_prot(), taken = count_mapped(from, to) > 0;
    size_t len = (to - from) * PAGE;
    char *got;
    switch (dice(3)) {
    case 0: got = mmap(at(from), len, prot, ANON | MAP_FIXED, -1, 0); break;
    case 1:
        got = mmap(at(from), len, prot, ANON | MAP_FIXED_NOREPLACE, -1, 0);
        if (taken)
            return got == MAP_FAILED && errno == EEXIST;
        break;
    default:
        if (taken && several)
            return 1;
        got = mmap(at(from), len, prot, ANON, -1, 0);
        if (taken) {
            int fine = got != MAP_FAILED && got != at(from) && only_free(got, len);
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

static char *new_window(void)
{
    char *p = anon(3 * PAGES * PAGE, PROT_NONE);
    munmap(p + PAGES * PAGE, PAGES * PAGE);
    return p + PAGES * PAGE;
}

/* 0, or the number of the first step that did not come out as foretold. */
static int run(char *mine, unsigned seed, int steps)
{
    window = mine;
    random_seed = seed;
    set(0, PAGES, 0, 0);
    for (int i = 1; i <= steps; i++) {
        if (!step() || (i % 500 == 0 && !probe_all()) ||
            (i % 2000 == 1000 && IN_CHILD(!probe_all() || !step() || !probe_all())))
            return i;
    }
    return 0;
}

TEST(random_changes)
{
    for (unsigned seed = 1; seed <= 8; seed++) {
        char *mine = new_window();
        CHECK_EQ(run(mine, seed, 6000), 0);
        munmap(mine - PAGES * PAGE, 3 * PAGES * PAGE);
    }
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *ready;
    char *mine;
    unsigned seed;
    int wrong;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    pthread_barrier_wait(w->ready);
    w->wrong = run(w->mine, w->seed, 4000);
    return NULL;
}

TEST(random_changes_by_threads)
{
    enum { THREADS = 4 };
    struct worker worker[THREADS];
    pthread_barrier_t ready;
    pthread_barrier_init(&ready, NULL, THREADS + 1);
    for (unsigned i = 0; i < THREADS; i++) {
        worker[i] = (struct worker){.ready = &ready, .seed = 100 + i};
        CHECK_EQ(pthread_create(&worker[i].thread, NULL, work, &worker[i]), 0);
    }
    several = 1;
    for (unsigned i = 0; i < THREADS; i++)
        worker[i].mine = new_window();
    pthread_barrier_wait(&ready);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(worker[i].thread, NULL);
        CHECK_EQ(worker[i].wrong, 0);
        munmap(worker[i].mine - PAGES * PAGE, 3 * PAGES * PAGE);
    }
}

TEST_MAIN()
