/*
 * A set of ranges that do not overlap, in order of address, which finds the
 * first range above an address, and the highest or lowest gap of a wanted
 * size, in O(log n): a treap whose nodes also know the largest gap in their
 * subtree. Nodes live inside the caller's objects; nothing is allocated here.
 * No locks: the caller has its own.
 */
#ifndef BASE_ITREE_H
#define BASE_ITREE_H

#include "base/types.h"

struct itree_node {
    uint64_t start, end; /* [start, end); change them only through itree_resize */
    uint64_t guard;      /* bytes below start that gap searches leave free */
    struct itree_node *left, *right, *prev, *next;
    uint64_t gap;     /* usable bytes between prev (or the tree's low end) and start - guard */
    uint64_t max_gap; /* the largest gap of this subtree */
    uint32_t priority;
};

struct itree {
    struct itree_node *root, *first, *last;
    uint64_t low, high; /* all ranges lie in [low, high) */
    uint32_t seed;
};

void itree_init(struct itree *t, uint64_t low, uint64_t high);

/* n->start, n->end and n->guard are set, and the range is free. */
void itree_insert(struct itree *t, struct itree_node *n);
void itree_remove(struct itree *t, struct itree_node *n);

/* New bounds that do not reach into a neighbour. */
void itree_resize(struct itree *t, struct itree_node *n, uint64_t start, uint64_t end);

/* The first range that ends above addr, or NULL. */
struct itree_node *itree_above(const struct itree *t, uint64_t addr);

/*
 * The highest (lowest) address a, a multiple of align, such that [a, a+len)
 * is free and lies in [from, to). align is a power of two and len is not 0.
 * Returns false when there is none. With align above the page size a gap
 * smaller than len + align may be overlooked, as Linux overlooks it.
 */
bool itree_highest_gap(const struct itree *t, uint64_t from, uint64_t to, uint64_t len,
                       uint64_t align, uint64_t *a);
bool itree_lowest_gap(const struct itree *t, uint64_t from, uint64_t to, uint64_t len,
                      uint64_t align, uint64_t *a);

#endif
