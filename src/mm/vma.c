/*
 * The areas of one address space (vma.h). Two neighbours with equal
 * attributes are always one area, except for System V segments, whose base
 * differs, and mappings of files. Nodes come from slabs that live as long as
 * the set.
 */
#include "mm/vma.h"

#include "abi/errno.h"
#include "abi/flags.h"
#include "base/alloc.h"
#include "base/types.h"

#define SLAB_NODES 60

struct vma_slab {
    struct vma_slab *next;
    struct vma node[SLAB_NODES];
};

static struct vma *vma_of(const struct itree_node *n)
{
    return n ? container_of(n, struct vma, node) : NULL;
}

void vma_init(struct vma_set *set, uint64_t low, uint64_t high)
{
    *set = (struct vma_set){0};
    itree_init(&set->tree, low, high);
}

void vma_destroy(struct vma_set *set)
{
    struct vma_slab *slab = set->slabs;
    while (slab) {
        struct vma_slab *next = slab->next;
        mem_free(slab);
        slab = next;
    }
    *set = (struct vma_set){0};
}

/* The spare list is linked through node.next. */
static void put_spare(struct vma_set *set, struct vma *v)
{
    v->node.next = set->spare ? &set->spare->node : NULL;
    set->spare = v;
    set->spares++;
}

static struct vma *take_spare(struct vma_set *set)
{
    struct vma *v = set->spare;
    set->spare = vma_of(v->node.next);
    set->spares--;
    return v;
}

int vma_reserve(struct vma_set *set, size_t n)
{
    while (set->spares < n) {
        struct vma_slab *slab = mem_alloc(sizeof(*slab));
        if (!slab)
            return -LINUX_ENOMEM;
        slab->next = set->slabs;
        set->slabs = slab;
        for (size_t i = 0; i < SLAB_NODES; i++)
            put_spare(set, &slab->node[i]);
    }
    return 0;
}

struct vma *vma_above(const struct vma_set *set, uint64_t addr)
{
    return vma_of(itree_above(&set->tree, addr));
}

struct vma *vma_next(const struct vma *v)
{
    return vma_of(v->node.next);
}

struct vma *vma_at(const struct vma_set *set, uint64_t addr)
{
    struct vma *v = vma_above(set, addr);
    return v && v->node.start <= addr ? v : NULL;
}

size_t vma_count(const struct vma_set *set, uint64_t start, uint64_t end)
{
    size_t n = 0;
    for (struct vma *v = vma_above(set, start); v && v->node.start < end; v = vma_next(v))
        n++;
    return n;
}

bool vma_any(const struct vma_set *set, uint64_t start, uint64_t end, int prot, uint32_t flags)
{
    for (struct vma *v = vma_above(set, start); v && v->node.start < end; v = vma_next(v))
        if ((v->attr.prot & prot) || (v->attr.flags & flags))
            return true;
    return false;
}

static void insert(struct vma_set *set, uint64_t start, uint64_t end, const struct vma_attr *attr)
{
    struct vma *v = take_spare(set);
    v->attr = *attr;
    v->node.start = start;
    v->node.end = end;
    v->node.guard = attr->flags & LINUX_MAP_GROWSDOWN ? VMA_STACK_GUARD : 0;
    itree_insert(&set->tree, &v->node);
}

static void drop(struct vma_set *set, struct vma *v)
{
    itree_remove(&set->tree, &v->node);
    put_spare(set, v);
}

/* Makes addr a boundary between areas. */
static void split_at(struct vma_set *set, uint64_t addr)
{
    struct vma *v = vma_at(set, addr);
    if (!v || v->node.start == addr)
        return;
    uint64_t end = v->node.end;
    itree_resize(&set->tree, &v->node, v->node.start, addr);
    insert(set, addr, end, &v->attr);
}

static bool same_attr(const struct vma_attr *a, const struct vma_attr *b)
{
    return a->prot == b->prot && a->may_prot == b->may_prot && a->flags == b->flags &&
           a->base == b->base && a->name == b->name;
}

/* Joins equal neighbours among the areas that touch [start, end]. */
static void merge(struct vma_set *set, uint64_t start, uint64_t end)
{
    struct vma *v = vma_above(set, start ? start - 1 : 0);
    while (v && v->node.start <= end) {
        struct vma *next = vma_next(v);
        if (next && next->node.start == v->node.end && same_attr(&v->attr, &next->attr)) {
            uint64_t to = next->node.end;
            drop(set, next);
            itree_resize(&set->tree, &v->node, v->node.start, to);
        } else {
            v = next;
        }
    }
}

static void clear(struct vma_set *set, uint64_t start, uint64_t end)
{
    split_at(set, start);
    split_at(set, end);
    struct vma *v = vma_above(set, start);
    while (v && v->node.start < end) {
        struct vma *next = vma_next(v);
        drop(set, v);
        v = next;
    }
}

void vma_map(struct vma_set *set, uint64_t start, uint64_t end, const struct vma_attr *attr)
{
    clear(set, start, end);
    insert(set, start, end, attr);
    merge(set, start, end);
}

void vma_unmap(struct vma_set *set, uint64_t start, uint64_t end)
{
    clear(set, start, end);
}

void vma_protect(struct vma_set *set, uint64_t start, uint64_t end, int prot)
{
    split_at(set, start);
    split_at(set, end);
    for (struct vma *v = vma_above(set, start); v && v->node.start < end; v = vma_next(v))
        v->attr.prot = prot;
    merge(set, start, end);
}

void vma_flag(struct vma_set *set, uint64_t start, uint64_t end, uint32_t on, uint32_t off)
{
    split_at(set, start);
    split_at(set, end);
    for (struct vma *v = vma_above(set, start); v && v->node.start < end; v = vma_next(v))
        v->attr.flags = (v->attr.flags & ~off) | on;
    merge(set, start, end);
}

void vma_copy(struct vma_set *set, uint64_t from, uint64_t len, uint64_t to)
{
    uint64_t end = from + len;
    clear(set, to, to + len);
    for (struct vma *v = vma_above(set, from); v && v->node.start < end; v = vma_next(v)) {
        uint64_t lo = v->node.start > from ? v->node.start : from;
        uint64_t hi = v->node.end < end ? v->node.end : end;
        struct vma_attr attr = v->attr;
        if (attr.flags & VMA_SHM)
            attr.base += to - from;
        insert(set, lo - from + to, hi - from + to, &attr);
    }
    merge(set, to, to + len);
}

void vma_grow_down(struct vma_set *set, struct vma *v, uint64_t start)
{
    itree_resize(&set->tree, &v->node, start, v->node.end);
}
