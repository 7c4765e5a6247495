/*
 * base/itree against a plain bitmap of pages: random insertions, removals and
 * resizes, and after each the searches that mm relies on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/itree.h"

#define PAGES 512
#define LOW (16 * GUEST_PAGE)
#define HIGH (LOW + PAGES * GUEST_PAGE)

static struct itree_node node[PAGES];
static struct itree_node *owner[PAGES]; /* the model: who has each page */

static unsigned page_of(uint64_t a)
{
    return (unsigned)((a - LOW) / GUEST_PAGE);
}

static uint64_t address_of(unsigned page)
{
    return LOW + page * GUEST_PAGE;
}

static void own(struct itree_node *n, struct itree_node *who)
{
    for (unsigned p = page_of(n->start); p < page_of(n->end); p++)
        owner[p] = who;
}

/* Free for a search: not owned, and not in the guard below an owner. */
static bool usable(unsigned page)
{
    for (unsigned p = page; p < PAGES; p++) {
        if (owner[p])
            return p != page && owner[p]->start - address_of(page) > owner[p]->guard;
    }
    return true;
}

static bool fits(unsigned page, unsigned pages, uint64_t align)
{
    if (address_of(page) % align)
        return false;
    for (unsigned i = 0; i < pages; i++)
        if (page + i >= PAGES || !usable(page + i))
            return false;
    return true;
}

static bool model_gap(bool highest, uint64_t from, uint64_t to, unsigned pages, uint64_t align,
                      uint64_t *a)
{
    bool found = false;
    for (unsigned p = 0; p < PAGES && (highest || !found); p++) {
        if (address_of(p) >= from && address_of(p) + pages * GUEST_PAGE <= to &&
            fits(p, pages, align)) {
            *a = address_of(p);
            found = true;
        }
    }
    return found;
}

static void check_searches(const struct itree *t)
{
    unsigned page = (unsigned)rand() % PAGES;
    struct itree_node *expect = NULL;
    for (unsigned p = page; p < PAGES && !expect; p++)
        expect = owner[p];
    assert_ptr_equal(itree_above(t, address_of(page)), expect);
    assert_ptr_equal(itree_above(t, address_of(page) + GUEST_PAGE - 1), expect);

    uint64_t from = address_of((unsigned)rand() % PAGES), to = address_of((unsigned)rand() % PAGES);
    unsigned pages = 1 + (unsigned)rand() % (1u << (rand() % 8));
    for (int highest = 0; highest < 2; highest++) {
        uint64_t got = 0, want = 0;
        bool there = model_gap(highest, from, to, pages, GUEST_PAGE, &want);
        bool found = highest ? itree_highest_gap(t, from, to, pages * GUEST_PAGE, GUEST_PAGE, &got)
                             : itree_lowest_gap(t, from, to, pages * GUEST_PAGE, GUEST_PAGE, &got);
        assert_int_equal(found, there);
        if (found)
            assert_int_equal(got, want);

        /* With an alignment a place may be overlooked, but what is found is good. */
        uint64_t align = GUEST_PAGE << (1 + rand() % 4);
        found = highest ? itree_highest_gap(t, from, to, pages * GUEST_PAGE, align, &got)
                        : itree_lowest_gap(t, from, to, pages * GUEST_PAGE, align, &got);
        if (found)
            assert_true(got >= from && got + pages * GUEST_PAGE <= to &&
                        fits(page_of(got), pages, align));
        else
            assert_false(model_gap(highest, from, to, pages + (unsigned)(align / GUEST_PAGE) - 1,
                                   GUEST_PAGE, &want));
    }
}

static void check_order(const struct itree *t)
{
    uint64_t end = LOW;
    struct itree_node *prev = NULL;
    for (struct itree_node *n = t->first; n; prev = n, n = n->next) {
        assert_true(n->start >= end && n->end > n->start && n->prev == prev);
        end = n->end;
    }
    assert_ptr_equal(t->last, prev);
    assert_true(end <= HIGH);
}

static void try_insert(struct itree *t, struct itree_node *n)
{
    unsigned first = (unsigned)rand() % PAGES, pages = 1 + (unsigned)rand() % 12;
    for (unsigned p = first; p < first + pages; p++)
        if (p >= PAGES || owner[p])
            return;
    n->start = address_of(first);
    n->end = address_of(first + pages);
    n->guard = rand() % 4 ? 0 : (unsigned)(rand() % 6) * GUEST_PAGE;
    itree_insert(t, n);
    own(n, n);
}

static void try_resize(struct itree *t, struct itree_node *n)
{
    uint64_t low = n->prev ? n->prev->end : LOW, high = n->next ? n->next->start : HIGH;
    uint64_t start = low + (uint64_t)rand() % ((n->end - low) / GUEST_PAGE) * GUEST_PAGE;
    uint64_t end = start + (1 + (uint64_t)rand() % ((high - start) / GUEST_PAGE)) * GUEST_PAGE;
    own(n, NULL);
    itree_resize(t, n, start, end);
    own(n, n);
}

static void random_against_bitmap(void **state)
{
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct itree t;
        srand(seed);
        memset(owner, 0, sizeof(owner));
        memset(node, 0, sizeof(node));
        itree_init(&t, LOW, HIGH);
        unsigned live = 20 + seed * 10;
        for (int step = 0; step < 2000; step++) {
            struct itree_node *n = &node[(unsigned)rand() % live];
            bool in = n->end && owner[page_of(n->start)] == n;
            if (!in) {
                try_insert(&t, n);
            } else if (rand() % 3) {
                try_resize(&t, n);
            } else {
                own(n, NULL);
                itree_remove(&t, n);
            }
            check_order(&t);
            check_searches(&t);
        }
    }
}

/* Ascending insertions must not make a list of the tree, nor a search slow. */
static void depth_stays_logarithmic(void **state)
{
    static struct itree_node many[100000];
    struct itree t;
    itree_init(&t, LOW, UINT64_MAX / 2);
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i].start = LOW + 2 * i * GUEST_PAGE;
        many[i].end = many[i].start + GUEST_PAGE;
        itree_insert(&t, &many[i]);
    }
    size_t deepest = 0;
    for (size_t i = 0; i < ARRAY_LEN(many); i += 997) {
        size_t depth = 0;
        for (struct itree_node *n = t.root; n != &many[i]; depth++)
            n = many[i].start < n->start ? n->left : n->right;
        deepest = depth > deepest ? depth : deepest;
    }
    assert_true(deepest > 10 && deepest < 64);
}

static void empty_tree_gives_its_bounds(void **state)
{
    struct itree t;
    uint64_t a;
    itree_init(&t, LOW, HIGH);
    assert_true(itree_highest_gap(&t, 0, UINT64_MAX, GUEST_PAGE, GUEST_PAGE, &a));
    assert_int_equal(a, HIGH - GUEST_PAGE);
    assert_true(itree_lowest_gap(&t, 0, UINT64_MAX, HIGH - LOW, GUEST_PAGE, &a));
    assert_int_equal(a, LOW);
    assert_false(itree_lowest_gap(&t, 0, UINT64_MAX, HIGH - LOW + GUEST_PAGE, GUEST_PAGE, &a));
    assert_false(itree_highest_gap(&t, 0, UINT64_MAX, UINT64_MAX - 100, 2 << 20, &a));
    assert_null(itree_above(&t, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_tree_gives_its_bounds),
        cmocka_unit_test(random_against_bitmap),
        cmocka_unit_test(depth_stays_logarithmic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
