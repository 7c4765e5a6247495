/*
 * What threads of one process share, used by several at once: the heap, the
 * address space, translated code and the marks of executable pages, the list
 * of tasks. `make check-san` runs it under ThreadSanitizer, which cannot watch
 * elver itself: it wants addresses that are the guest's, and knows no threads
 * made by clone. So these threads are pthreads, and guest memory is not touched.
 */
#include "host/host_internal.h"
#include "abi/flags.h"
#include "a64/model.h"
#include "base/alloc.h"
#include "engine/exec_map.h"
#include "engine/jit/jit.h"
#include "kernel/options.h"
#include "kernel/task.h"
#include "mm/space.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 4000, CODE_PAGES = 16 };

#define CODE 0x10000000ul

static struct options options;
static struct group *group;

/* Counted, not asserted, in threads: cmocka's asserts belong to the first. */
static uint32_t wrong;

static void must(bool holds)
{
    if (!holds)
        __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void in_threads(void (*body)(uint32_t seed))
{
    pthread_t t[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&t[i], NULL, (void *(*)(void *))(void *)body, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(wrong, 0);
}

/* ---- the heap ---- */

static void use_heap(uint32_t seed)
{
    struct {
        uint8_t *at;
        size_t bytes;
    } block[32] = {{0}};
    uint32_t r = seed;

    for (int i = 0; i < 8 * ROUNDS; i++) {
        unsigned n = next_random(&r) % ARRAY_LEN(block);
        size_t bytes = 1 + next_random(&r) % (i % 64 ? 600 : 40000);

        if (block[n].at)
            must(block[n].at[0] == (uint8_t)n && block[n].at[block[n].bytes - 1] == (uint8_t)n);
        if (i % 3 == 0) {
            mem_free(block[n].at);
            block[n].at = mem_alloc(bytes);
        } else {
            uint8_t *moved = mem_realloc(block[n].at, bytes);

            block[n].at = moved;
        }
        block[n].bytes = bytes;
        memset(block[n].at, (int)n, bytes);
    }
    for (unsigned n = 0; n < ARRAY_LEN(block); n++)
        mem_free(block[n].at);
}

static void one_heap(void **state)
{
    in_threads(use_heap);
}

/* ---- the address space ---- */

static void use_space(uint32_t seed)
{
    struct space *s = space_get(group->space);
    const int anon = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS;
    uint32_t r = seed;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t len = (1 + next_random(&r) % 8) * GUEST_PAGE;
        long at = space_mmap(s, gva_of(0), len, LINUX_PROT_READ | LINUX_PROT_WRITE, anon, -1, 0);
        struct mapping m;

        must(at > 0);
        if (i % 4 == 0)
            must(space_mprotect(s, gva_of((uint64_t)at), GUEST_PAGE,
                                LINUX_PROT_READ | LINUX_PROT_EXEC) == 0);
        must(exec_map_test(gva_of((uint64_t)at)) == (i % 4 == 0));
        must(space_next(s, gva_of((uint64_t)at), &m) && m.start.a <= (uint64_t)at);
        must(space_munmap(s, gva_of((uint64_t)at), len) == 0);
    }
    space_put(s);
}

static void one_space(void **state)
{
    in_threads(use_space);
}

/* ---- translated code ---- */

/* Each thread has a page that it changes, and looks at everybody's. */
static void use_code(uint32_t seed)
{
    static __thread struct cpu cpu;
    uint32_t r = seed;

    cpu.model = model_find("max");
    must(engine_jit.thread_init(&cpu) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t pc = CODE + next_random(&r) % CODE_PAGES * GUEST_PAGE + next_random(&r) % 8 * 64;
        struct region *region = NULL;

        lock_acquire(&jit.lock);
        if (!cache_find(pc, &region)) {
            if (jit.emit.p + REGION_CODE > jit.emit.end)
                cache_reset();
            region = region_translate(pc, &cpu, 0);
            must(region && cache_region_at(region->code) == region);
        }
        lock_release(&jit.lock);
        (void)cache_may_have(pc); /* true or not: another one may have dropped it meanwhile */
        if (i % 8 == 0)
            engine_jit.flush(gva_of(CODE + seed % CODE_PAGES * GUEST_PAGE), GUEST_PAGE);
        if (i % 64 == 0)
            engine_jit.kick(&cpu);
    }
    engine_jit.thread_exit(&cpu);
}

static void one_code(void **state)
{
    in_threads(use_code);
}

/* ---- tasks ---- */

static void use_tasks(uint32_t seed)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct task *t = task_new(group);

        must(t);
        task_add(t);
        must(!task_remove(t));
        task_free(t);
    }
}

static void one_list_of_tasks(void **state)
{
    struct task *first = task_new(group);

    task_add(first);
    in_threads(use_tasks);
    must(task_remove(first));
    task_free(first);
}

static int setup(void **state)
{
    static const struct engine_options jit_options = {.cache_bytes = 4 << 20};
    uint32_t *word = mmap((void *)CODE, CODE_PAGES * GUEST_PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (word != (void *)CODE || engine_jit.process_init(&jit_options) != 0)
        return -1;
    for (unsigned i = 0; i < CODE_PAGES * GUEST_PAGE / 4; i++)
        word[i] = i % 16 == 15 ? 0xd65f03c0 : 0x91000400 | i % 31; /* add x, x0, #1...; ret */
    engine_jit.map(gva_of(CODE), CODE_PAGES * GUEST_PAGE, LINUX_PROT_READ | LINUX_PROT_EXEC);
    group = group_new(&options, &engine_jit);
    group->space = space_new(&engine_jit);
    return !group->space;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_heap),
        cmocka_unit_test(one_space),
        cmocka_unit_test(one_code),
        cmocka_unit_test(one_list_of_tasks),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
