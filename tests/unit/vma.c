/*
 * mm/vma against a table of pages: random maps, unmaps, protections, flags
 * and copies; after each, every page has the attributes that the model says,
 * equal neighbours are one area, and no change took more memory than reserved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/flags.h"
#include "mm/vma.h"

#define PAGES 200
#define LOW GUEST_MIN

struct page {
    bool mapped;
    struct vma_attr attr;
};

static struct page model[PAGES];
static const char *const names[] = {NULL, "[heap]", "[stack]"};

static uint64_t at(unsigned page)
{
    return LOW + page * GUEST_PAGE;
}

static struct vma_attr random_attr(void)
{
    struct vma_attr a = {
        .prot = rand() % 8,
        .may_prot = rand() % 3 ? 7 : 5,
        .flags = rand() % 2 ? LINUX_MAP_SHARED : LINUX_MAP_PRIVATE,
        .name = names[rand() % 3],
    };
    if (rand() % 8 == 0)
        a.flags |= LINUX_MAP_GROWSDOWN;
    return a;
}

static bool equal(const struct vma_attr *a, const struct vma_attr *b)
{
    return a->prot == b->prot && a->may_prot == b->may_prot && a->flags == b->flags &&
           a->base == b->base && a->name == b->name;
}

static void check(const struct vma_set *set)
{
    const struct vma *prev = NULL;
    for (const struct vma *v = vma_above(set, 0); v; prev = v, v = vma_next(v))
        if (prev && prev->node.end == v->node.start)
            assert_false(equal(&prev->attr, &v->attr));
    for (unsigned p = 0; p < PAGES; p++) {
        const struct vma *v = vma_at(set, at(p) + 123);
        assert_int_equal(v != NULL, model[p].mapped);
        if (v)
            assert_true(equal(&v->attr, &model[p].attr));
    }
}

static void random_map(struct vma_set *set, unsigned first, unsigned last)
{
    struct vma_attr a = random_attr();
    vma_map(set, at(first), at(last), &a);
    for (unsigned p = first; p < last; p++)
        model[p] = (struct page){true, a};
}

static void random_copy(struct vma_set *set, unsigned first, unsigned last)
{
    unsigned n = last - first, to = (unsigned)rand() % (PAGES - n + 1);
    if (to < last && first < to + n)
        return;
    assert_int_equal(vma_reserve(set, VMA_RESERVE_CHANGE + vma_count(set, at(first), at(last))), 0);
    vma_copy(set, at(first), n * GUEST_PAGE, at(to));
    memmove(&model[to], &model[first], n * sizeof(*model));
}

static void random_step(struct vma_set *set)
{
    unsigned first = (unsigned)rand() % PAGES, last = first + 1 + (unsigned)rand() % 30;
    last = last > PAGES ? PAGES : last;
    int kind = rand() % 6, prot = rand() % 8;
    size_t before;

    assert_int_equal(vma_reserve(set, VMA_RESERVE_CHANGE), 0);
    before = set->spares;
    switch (kind) {
    case 0:
    case 1: random_map(set, first, last); break;
    case 2:
        vma_unmap(set, at(first), at(last));
        for (unsigned p = first; p < last; p++)
            model[p].mapped = false;
        break;
    case 3:
        vma_protect(set, at(first), at(last), prot);
        for (unsigned p = first; p < last; p++)
            model[p].attr.prot = prot;
        break;
    case 4:
        vma_flag(set, at(first), at(last), VMA_DONTFORK, 0);
        for (unsigned p = first; p < last; p++)
            model[p].attr.flags |= VMA_DONTFORK;
        break;
    default: random_copy(set, first, last); return;
    }
    assert_true(set->spares + VMA_RESERVE_CHANGE >= before);
}

static void random_against_pages(void **state)
{
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct vma_set set;
        srand(seed);
        memset(model, 0, sizeof(model));
        vma_init(&set, LOW, GUEST_MAX);
        for (int step = 0; step < 1000; step++) {
            random_step(&set);
            check(&set);
        }
        vma_destroy(&set);
    }
}

/* R19: areas that differ only in what they may become stay two; a split inherits. */
static void caps_keep_areas_apart(void **state)
{
    struct vma_set set;
    struct vma_attr read_only = {.prot = 1, .may_prot = 5, .flags = LINUX_MAP_SHARED};
    struct vma_attr open = {.prot = 1, .may_prot = 7, .flags = LINUX_MAP_SHARED};
    vma_init(&set, LOW, GUEST_MAX);
    assert_int_equal(vma_reserve(&set, 20), 0);
    vma_map(&set, at(0), at(4), &read_only);
    vma_map(&set, at(4), at(8), &open);
    vma_map(&set, at(8), at(9), &open);
    assert_int_equal(vma_count(&set, 0, GUEST_MAX), 2);
    vma_protect(&set, at(2), at(6), 0);
    assert_int_equal(vma_count(&set, 0, GUEST_MAX), 4);
    assert_int_equal(vma_at(&set, at(3))->attr.may_prot, 5);
    assert_int_equal(vma_at(&set, at(5))->attr.may_prot, 7);
    vma_destroy(&set);
}

static void shared_segments_know_their_base_after_a_move(void **state)
{
    struct vma_set set;
    struct vma_attr shm = {.prot = 3, .may_prot = 7, .flags = VMA_SHM, .base = at(10)};
    vma_init(&set, LOW, GUEST_MAX);
    assert_int_equal(vma_reserve(&set, 20), 0);
    vma_map(&set, at(10), at(14), &shm);
    vma_copy(&set, at(12), 2 * GUEST_PAGE, at(42));
    assert_int_equal(vma_at(&set, at(42))->attr.base, at(40));
    vma_destroy(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_against_pages),
        cmocka_unit_test(caps_keep_areas_apart),
        cmocka_unit_test(shared_segments_know_their_base_after_a_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
