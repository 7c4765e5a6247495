/*
 * The interval tree of itree.h: a treap (a search tree by address, a heap by
 * random priority, so its expected depth is logarithmic whatever the order of
 * insertions), threaded by prev/next, augmented with the largest gap below
 * any node of a subtree. The free space after the last range belongs to no
 * node and is looked at separately.
 */
#include "base/itree.h"

#include "base/types.h"

/* Alignments up to a guest page cost nothing: every bound is page aligned already. */
static uint64_t slack(uint64_t align)
{
    return align > GUEST_PAGE ? align - GUEST_PAGE : 0;
}

void itree_init(struct itree *t, uint64_t low, uint64_t high)
{
    *t = (struct itree){.low = low, .high = high, .seed = 0x9e3779b9u};
}

static uint32_t next_priority(struct itree *t)
{
    t->seed ^= t->seed << 13;
    t->seed ^= t->seed >> 17;
    t->seed ^= t->seed << 5;
    return t->seed;
}

static uint64_t gap_low(const struct itree *t, const struct itree_node *n)
{
    return n->prev ? n->prev->end : t->low;
}

static void update_max(struct itree_node *n)
{
    uint64_t max = n->gap;
    if (n->left && n->left->max_gap > max)
        max = n->left->max_gap;
    if (n->right && n->right->max_gap > max)
        max = n->right->max_gap;
    n->max_gap = max;
}

static void update_gap(const struct itree *t, struct itree_node *n)
{
    uint64_t room = n->start - gap_low(t, n);
    n->gap = room > n->guard ? room - n->guard : 0;
}

/* Brings the path from root to n up to date after n's gap changed. */
static void refresh_path(struct itree_node *root, struct itree_node *n)
{
    if (root != n)
        refresh_path(n->start < root->start ? root->left : root->right, n);
    update_max(root);
}

static void refresh(struct itree *t, struct itree_node *n)
{
    if (!n)
        return;
    update_gap(t, n);
    refresh_path(t->root, n);
}

/* Splits the subtree n by address into those below and those at or above it. */
static void split(struct itree_node *n, uint64_t at, struct itree_node **below,
                  struct itree_node **above)
{
    if (!n) {
        *below = *above = NULL;
    } else if (n->start < at) {
        split(n->right, at, &n->right, above);
        update_max(n);
        *below = n;
    } else {
        split(n->left, at, below, &n->left);
        update_max(n);
        *above = n;
    }
}

static struct itree_node *join(struct itree_node *below, struct itree_node *above)
{
    if (!below || !above)
        return below ? below : above;
    if (below->priority > above->priority) {
        below->right = join(below->right, above);
        update_max(below);
        return below;
    }
    above->left = join(below, above->left);
    update_max(above);
    return above;
}

static struct itree_node *insert_under(struct itree_node *root, struct itree_node *n)
{
    if (!root || n->priority > root->priority) {
        split(root, n->start, &n->left, &n->right);
        root = n;
    } else if (n->start < root->start) {
        root->left = insert_under(root->left, n);
    } else {
        root->right = insert_under(root->right, n);
    }
    update_max(root);
    return root;
}

static struct itree_node *remove_under(struct itree_node *root, struct itree_node *n)
{
    if (root == n)
        return join(n->left, n->right);
    if (n->start < root->start)
        root->left = remove_under(root->left, n);
    else
        root->right = remove_under(root->right, n);
    update_max(root);
    return root;
}

void itree_insert(struct itree *t, struct itree_node *n)
{
    struct itree_node *next = itree_above(t, n->start);
    struct itree_node *prev = next ? next->prev : t->last;

    n->next = next;
    n->prev = prev;
    *(prev ? &prev->next : &t->first) = n;
    *(next ? &next->prev : &t->last) = n;
    n->priority = next_priority(t);
    update_gap(t, n);
    t->root = insert_under(t->root, n);
    refresh(t, next);
}

void itree_remove(struct itree *t, struct itree_node *n)
{
    t->root = remove_under(t->root, n);
    *(n->prev ? &n->prev->next : &t->first) = n->next;
    *(n->next ? &n->next->prev : &t->last) = n->prev;
    refresh(t, n->next);
}

void itree_resize(struct itree *t, struct itree_node *n, uint64_t start, uint64_t end)
{
    n->start = start;
    n->end = end;
    refresh(t, n);
    refresh(t, n->next);
}

struct itree_node *itree_above(const struct itree *t, uint64_t addr)
{
    struct itree_node *best = NULL, *n = t->root;
    while (n) {
        if (n->end > addr) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    return best;
}

/* The highest (lowest) place for len bytes in the free space [lo, hi) cut to the wanted window. */
static bool fit_high(uint64_t lo, uint64_t hi, uint64_t len, uint64_t align, uint64_t *a)
{
    if (hi <= lo || hi - lo < len)
        return false;
    *a = (hi - len) & ~(align - 1);
    return *a >= lo;
}

static bool fit_low(uint64_t lo, uint64_t hi, uint64_t len, uint64_t align, uint64_t *a)
{
    *a = (lo + align - 1) & ~(align - 1);
    return *a >= lo && *a < hi && hi - *a >= len;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

struct search {
    const struct itree *tree;
    uint64_t from, to, len, align, need;
};

/*
 * A subtree is entered only if its largest gap suffices and it touches the
 * window; only the two paths along the window's edges can disappoint.
 */
static bool highest_under(const struct search *s, const struct itree_node *n, uint64_t *a)
{
    if (!n || n->max_gap < s->need)
        return false;
    if (n->end < s->to && highest_under(s, n->right, a))
        return true;
    uint64_t lo = gap_low(s->tree, n);
    if (n->gap >= s->need &&
        fit_high(max_u64(lo, s->from), min_u64(lo + n->gap, s->to), s->len, s->align, a))
        return true;
    return lo > s->from && highest_under(s, n->left, a);
}

static bool lowest_under(const struct search *s, const struct itree_node *n, uint64_t *a)
{
    if (!n || n->max_gap < s->need)
        return false;
    uint64_t lo = gap_low(s->tree, n);
    if (lo > s->from && lowest_under(s, n->left, a))
        return true;
    if (n->gap >= s->need &&
        fit_low(max_u64(lo, s->from), min_u64(lo + n->gap, s->to), s->len, s->align, a))
        return true;
    return n->end < s->to && lowest_under(s, n->right, a);
}

bool itree_highest_gap(const struct itree *t, uint64_t from, uint64_t to, uint64_t len,
                       uint64_t align, uint64_t *a)
{
    struct search s = {t, from, to, len, align, len + slack(align)};
    uint64_t tail = t->last ? t->last->end : t->low;
    if (s.need < len)
        return false;
    if (fit_high(max_u64(tail, from), min_u64(t->high, to), len, align, a))
        return true;
    return highest_under(&s, t->root, a);
}

bool itree_lowest_gap(const struct itree *t, uint64_t from, uint64_t to, uint64_t len,
                      uint64_t align, uint64_t *a)
{
    struct search s = {t, from, to, len, align, len + slack(align)};
    uint64_t tail = t->last ? t->last->end : t->low;
    if (s.need < len)
        return false;
    if (lowest_under(&s, t->root, a))
        return true;
    return fit_low(max_u64(tail, from), min_u64(t->high, to), len, align, a);
}
