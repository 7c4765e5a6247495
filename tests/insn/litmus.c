/*
 * Memory order and atomics between threads: for each shape two or four
 * threads run a few instructions on shared variables many thousand times from
 * a common start, and the outcome that the Arm memory model (B2.3) forbids
 * must never be seen. The counters at the end want every increment. (qemu's own
 * translator fails store buffering: it lets a load-acquire pass a store-release.)
 *
 *   litmus [ROUNDS]       default 16000 of each shape
 *
 * test: timeout=120
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2048, MAX_THREADS = 4 };

/* One instance of the variables; each in a cache line of its own. */
struct vars {
    _Alignas(64) uint64_t x;
    _Alignas(64) uint64_t y;
};

static struct vars vars[BATCH];
static uint64_t result[BATCH][MAX_THREADS][2]; /* what each thread read */

static uint64_t load(const uint64_t *p)
{
    uint64_t v;

    __asm__ volatile("ldr %0, %1" : "=r"(v) : "m"(*p) : "memory");
    return v;
}

static void store(uint64_t *p, uint64_t v)
{
    __asm__ volatile("str %1, %0" : "=m"(*p) : "r"(v) : "memory");
}

static uint64_t load_acquire(const uint64_t *p)
{
    uint64_t v;

    __asm__ volatile("ldar %0, %1" : "=r"(v) : "Q"(*p) : "memory");
    return v;
}

static void store_release(uint64_t *p, uint64_t v)
{
    __asm__ volatile("stlr %1, %0" : "=Q"(*p) : "r"(v) : "memory");
}

static uint64_t load_acquire_exclusive(uint64_t *p)
{
    uint64_t v;

    __asm__ volatile("ldaxr %0, %1\n\tclrex" : "=r"(v) : "Q"(*p) : "memory");
    return v;
}

static void store_release_exclusive(uint64_t *p, uint64_t v)
{
    uint64_t old;
    uint32_t failed;

    __asm__ volatile("1: ldxr %0, %2\n\tstlxr %w1, %3, %2\n\tcbnz %w1, 1b"
                     : "=&r"(old), "=&r"(failed), "+Q"(*p)
                     : "r"(v)
                     : "memory");
}

static uint64_t swap_acquire_release(uint64_t *p, uint64_t v)
{
    uint64_t old;

    __asm__ volatile("swpal %1, %0, %2" : "=r"(old) : "r"(v), "Q"(*p) : "memory");
    return old;
}

static void barrier(void)
{
    __asm__ volatile("dmb ish" : : : "memory");
}

/* ---- the shapes: thread t on instance v, into r ---- */

static void message_passing(unsigned t, struct vars *v, uint64_t *r)
{
    if (t == 0) {
        store(&v->x, 1);
        store_release(&v->y, 1);
    } else {
        r[0] = load_acquire(&v->y);
        r[1] = load(&v->x);
    }
}

static void message_passing_swap(unsigned t, struct vars *v, uint64_t *r)
{
    if (t == 0) {
        store(&v->x, 1);
        swap_acquire_release(&v->y, 1);
    } else {
        r[0] = load_acquire(&v->y);
        r[1] = load(&v->x);
    }
}

static void message_passing_exclusive(unsigned t, struct vars *v, uint64_t *r)
{
    if (t == 0) {
        store(&v->x, 1);
        store_release_exclusive(&v->y, 1);
    } else {
        r[0] = load_acquire_exclusive(&v->y);
        r[1] = load(&v->x);
    }
}

static int message_passing_bad(uint64_t r[][2])
{
    return r[1][0] == 1 && r[1][1] == 0;
}

static void message_passing_dmb(unsigned t, struct vars *v, uint64_t *r)
{
    if (t == 0) {
        store(&v->x, 1);
        __asm__ volatile("dmb ishst" : : : "memory");
        store(&v->y, 1);
    } else {
        r[0] = load(&v->y);
        __asm__ volatile("dmb ishld" : : : "memory");
        r[1] = load(&v->x);
    }
}

/* STLR then LDAR stay in order: the one thing that plain moves do not give on TSO. */
static void store_buffering(unsigned t, struct vars *v, uint64_t *r)
{
    store_release(t ? &v->y : &v->x, 1);
    r[0] = load_acquire(t ? &v->x : &v->y);
}

static int store_buffering_bad(uint64_t r[][2])
{
    return r[0][0] == 0 && r[1][0] == 0;
}

static void store_buffering_dmb(unsigned t, struct vars *v, uint64_t *r)
{
    store(t ? &v->y : &v->x, 1);
    barrier();
    r[0] = load(t ? &v->x : &v->y);
}

static void store_buffering_exclusive(unsigned t, struct vars *v, uint64_t *r)
{
    store_release_exclusive(t ? &v->y : &v->x, 1);
    r[0] = load_acquire_exclusive(t ? &v->x : &v->y);
}

static void store_buffering_swap(unsigned t, struct vars *v, uint64_t *r)
{
    swap_acquire_release(t ? &v->y : &v->x, 1);
    r[0] = load_acquire(t ? &v->x : &v->y);
}

/* A plain exclusive load may pass the store; the acquiring one may not. */
static void store_buffering_mixed(unsigned t, struct vars *v, uint64_t *r)
{
    store_release(t ? &v->y : &v->x, 1);
    r[0] = load_acquire_exclusive(t ? &v->x : &v->y);
}

static void store_buffering_unscaled(unsigned t, struct vars *v, uint64_t *r)
{
    uint64_t *at = t ? &v->y : &v->x;

    __asm__ volatile("stlur %1, [%0]" : : "r"(at), "r"(1ul) : "memory");
    r[0] = load_acquire(t ? &v->x : &v->y);
}

/* Between the two the thread goes into the kernel. */
static void store_buffering_call(unsigned t, struct vars *v, uint64_t *r)
{
    uint64_t ignored;

    store_release(t ? &v->y : &v->x, 1);
    if ((v - vars) % 2)
        sched_yield();
    else /* Linux does it for the program */
        __asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(ignored));
    r[0] = load_acquire(t ? &v->x : &v->y);
}

static void load_buffering(unsigned t, struct vars *v, uint64_t *r)
{
    r[0] = load_acquire(t ? &v->y : &v->x);
    store(t ? &v->x : &v->y, 1);
}

static void load_buffering_exclusive(unsigned t, struct vars *v, uint64_t *r)
{
    r[0] = load_acquire_exclusive(t ? &v->y : &v->x);
    store_release_exclusive(t ? &v->x : &v->y, 1);
}

static int load_buffering_bad(uint64_t r[][2])
{
    return r[0][0] == 1 && r[1][0] == 1;
}

/* Two writers, two readers: both readers see the writes in one order. */
static void iriw(unsigned t, struct vars *v, uint64_t *r)
{
    if (t < 2) {
        store_release(t ? &v->y : &v->x, 1);
    } else {
        r[0] = load_acquire(t == 2 ? &v->x : &v->y);
        r[1] = load_acquire(t == 2 ? &v->y : &v->x);
    }
}

static void iriw_exclusive(unsigned t, struct vars *v, uint64_t *r)
{
    if (t < 2) {
        store_release_exclusive(t ? &v->y : &v->x, 1);
    } else {
        r[0] = load_acquire_exclusive(t == 2 ? &v->x : &v->y);
        r[1] = load_acquire_exclusive(t == 2 ? &v->y : &v->x);
    }
}

static void iriw_swap(unsigned t, struct vars *v, uint64_t *r)
{
    if (t < 2) {
        swap_acquire_release(t ? &v->y : &v->x, 1);
    } else {
        r[0] = load_acquire(t == 2 ? &v->x : &v->y);
        r[1] = load_acquire(t == 2 ? &v->y : &v->x);
    }
}

static int iriw_bad(uint64_t r[][2])
{
    return r[2][0] == 1 && r[2][1] == 0 && r[3][0] == 1 && r[3][1] == 0;
}

/* Coherence: reads of one location do not go back. */
static void coherence(unsigned t, struct vars *v, uint64_t *r)
{
    if (t == 0) {
        store(&v->x, 1);
        store(&v->x, 2);
    } else {
        r[0] = load(&v->x);
        r[1] = load(&v->x);
    }
}

static int coherence_bad(uint64_t r[][2])
{
    return r[1][0] > r[1][1];
}

static const struct shape {
    const char *name;
    unsigned threads;
    void (*run)(unsigned t, struct vars *v, uint64_t *r);
    int (*bad)(uint64_t r[][2]);
} shapes[] = {
    {"message passing", 2, message_passing, message_passing_bad},
    {"message passing, dmb", 2, message_passing_dmb, message_passing_bad},
    {"message passing, exclusives", 2, message_passing_exclusive, message_passing_bad},
    {"message passing, swap", 2, message_passing_swap, message_passing_bad},
    {"store buffering", 2, store_buffering, store_buffering_bad},
    {"store buffering, dmb", 2, store_buffering_dmb, store_buffering_bad},
    {"store buffering, exclusives", 2, store_buffering_exclusive, store_buffering_bad},
    {"store buffering, swap", 2, store_buffering_swap, store_buffering_bad},
    {"store buffering, STLR and LDAXR", 2, store_buffering_mixed, store_buffering_bad},
    {"store buffering, STLUR", 2, store_buffering_unscaled, store_buffering_bad},
    {"store buffering, something between", 2, store_buffering_call, store_buffering_bad},
    {"load buffering", 2, load_buffering, load_buffering_bad},
    {"load buffering, exclusives", 2, load_buffering_exclusive, load_buffering_bad},
    {"IRIW", 4, iriw, iriw_bad},
    {"IRIW, exclusives", 4, iriw_exclusive, iriw_bad},
    {"IRIW, swap", 4, iriw_swap, iriw_bad},
    {"coherence", 2, coherence, coherence_bad},
};

/* ---- running them ---- */

static const struct shape *shape;
static unsigned batches;
static _Alignas(64) atomic_uint arrived;

/*
 * All threads and main meet for the n-th time. They spin, because threads that
 * are woken one after the other have nothing left to race about.
 */
static void meet(unsigned n)
{
    unsigned all = n * (shape->threads + 1);

    atomic_fetch_add(&arrived, 1);
    for (unsigned spins = 0; atomic_load(&arrived) < all; spins++)
        if (spins > 2000)
            sched_yield();
}

/*
 * Before each instance the threads look at each other, briefly: more than that
 * would be waiting for one that does not run.
 */
static struct {
    _Alignas(64) volatile unsigned at;
} progress[MAX_THREADS];

static void keep_step(unsigned t, unsigned i)
{
    progress[t].at = i;
    for (unsigned other = 0; other < shape->threads; other++)
        for (unsigned spins = 0; progress[other].at < i && spins < 100; spins++)
            ;
}

static void *worker(void *arg)
{
    unsigned t = (unsigned)(uintptr_t)arg;

    for (unsigned b = 0; b < batches; b++) {
        meet(3 * b + 1);
        for (unsigned i = 0; i < BATCH; i++) {
            keep_step(t, b * BATCH + i);
            shape->run(t, &vars[i], result[i][t]);
        }
        meet(3 * b + 2);
        meet(3 * b + 3); /* main looks and clears */
    }
    return NULL;
}

static unsigned long run_shape(void)
{
    pthread_t thread[MAX_THREADS];
    unsigned long bad = 0;

    arrived = 0;
    for (unsigned t = 0; t < MAX_THREADS; t++)
        progress[t].at = 0;
    memset(vars, 0, sizeof(vars));
    memset(result, 0, sizeof(result));
    for (unsigned t = 0; t < shape->threads; t++)
        pthread_create(&thread[t], NULL, worker, (void *)(uintptr_t)t);
    for (unsigned b = 0; b < batches; b++) {
        meet(3 * b + 1);
        meet(3 * b + 2);
        for (unsigned i = 0; i < BATCH; i++)
            bad += (unsigned long)shape->bad(result[i]);
        memset(vars, 0, sizeof(vars));
        memset(result, 0, sizeof(result));
        meet(3 * b + 3);
    }
    for (unsigned t = 0; t < shape->threads; t++)
        pthread_join(thread[t], NULL);
    return bad;
}

/* ---- counters: each of four threads adds one in eight ways ---- */

enum { WAYS = 8 };

static _Alignas(64) uint64_t counter[WAYS][2];
static unsigned long increments;

static void add_exclusive(uint64_t *p)
{
    uint64_t v;
    uint32_t failed;

    __asm__ volatile("1: ldxr %0, %2\n\tadd %0, %0, #1\n\tstxr %w1, %0, %2\n\tcbnz %w1, 1b"
                     : "=&r"(v), "=&r"(failed), "+Q"(*p)
                     :
                     : "memory");
}

/* Bytes: the other half of the pair must come through unharmed. */
static void add_exclusive_byte(uint8_t *p)
{
    uint32_t v, failed;

    __asm__ volatile("1: ldaxrb %w0, %2\n\tadd %w0, %w0, #1\n\tstlxrb %w1, %w0, %2\n\tcbnz %w1, 1b"
                     : "=&r"(v), "=&r"(failed), "+Q"(*p)
                     :
                     : "memory");
}

static void add_exclusive_pair(uint64_t *p)
{
    uint64_t a, b;
    uint32_t failed;

    __asm__ volatile("1: ldaxp %0, %1, %3\n\tadd %0, %0, #1\n\tsub %1, %1, #1\n\t"
                     "stlxp %w2, %0, %1, %3\n\tcbnz %w2, 1b"
                     : "=&r"(a), "=&r"(b), "=&r"(failed), "+Q"(*(unsigned __int128 *)p)
                     :
                     : "memory");
}

static void add_cas(uint64_t *p)
{
    uint64_t old = load(p), seen, want;

    for (;;) {
        seen = old;
        want = old + 1;
        __asm__ volatile("casal %0, %2, %1" : "+r"(seen), "+Q"(*p) : "r"(want) : "memory");
        if (seen == old)
            return;
        old = seen;
    }
}

static void add_casp(uint64_t *p)
{
    uint64_t old0 = p[0], old1 = p[1];

    for (;;) {
        register uint64_t x0 __asm__("x0") = old0, x1 __asm__("x1") = old1;
        register uint64_t x2 __asm__("x2") = old0 + 1, x3 __asm__("x3") = old1 - 1;

        __asm__ volatile("caspal x0, x1, x2, x3, %2"
                         : "+r"(x0), "+r"(x1), "+Q"(*(unsigned __int128 *)p)
                         : "r"(x2), "r"(x3)
                         : "memory");
        if (x0 == old0 && x1 == old1)
            return;
        old0 = x0;
        old1 = x1;
    }
}

static void *adder(void *arg)
{
    for (unsigned long i = 0; i < increments; i++) {
        uint64_t one = 1, ignored;

        add_exclusive(&counter[0][0]);
        add_exclusive_byte((uint8_t *)&counter[1][0] + ((uintptr_t)arg & 3));
        add_exclusive_pair(counter[2]);
        add_cas(&counter[3][0]);
        add_casp(counter[4]);
        __asm__ volatile("ldadd %1, %0, %2"
                         : "=r"(ignored)
                         : "r"(one), "Q"(counter[5][0])
                         : "memory");
        __asm__ volatile("stadd %w0, %1" : : "r"(one), "Q"(counter[6][0]) : "memory");
        __asm__ volatile("ldumaxal %1, %0, %2"
                         : "=r"(ignored)
                         : "r"(i + 1), "Q"(counter[7][0])
                         : "memory");
    }
    return NULL;
}

static int check_counters(void)
{
    pthread_t thread[4];
    uint64_t all = 4 * increments, bytes = 0;
    int bad;

    for (uintptr_t t = 0; t < 4; t++)
        pthread_create(&thread[t], NULL, adder, (void *)t);
    for (unsigned t = 0; t < 4; t++)
        pthread_join(thread[t], NULL);
    for (unsigned t = 0; t < 4; t++)
        bytes |= (increments & 0xff) << (8 * t);
    bad = counter[0][0] != all || counter[1][0] != bytes || counter[2][0] != all ||
          counter[2][1] != -all || counter[3][0] != all || counter[4][0] != all ||
          counter[4][1] != -all || counter[5][0] != all || counter[6][0] != (uint32_t)all ||
          counter[7][0] != increments;
    if (bad)
        for (unsigned w = 0; w < WAYS; w++)
            printf("counter %u: %lx %lx of %lx\n", w, counter[w][0], counter[w][1], all);
    return bad;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 16000;
    int failed = 0;

    batches = (unsigned)(rounds / BATCH) + 1;
    for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        unsigned long bad;

        shape = &shapes[i];
        bad = run_shape();
        if (bad) {
            printf("%s: the forbidden outcome %lu times\n", shape->name, bad);
            failed = 1;
        }
    }
    increments = rounds;
    failed |= check_counters();
    return failed;
}
