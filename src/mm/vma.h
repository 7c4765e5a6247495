/*
 * The areas of one address space: ranges with equal attributes, split and
 * merged as Linux does, over base/itree. No system calls and no lock here:
 * space.c holds the space's lock around changes and makes the host agree.
 * Memory is taken ahead of a change (vma_reserve), so that a change cannot
 * fail after the host has done its part.
 */
#ifndef MM_VMA_H
#define MM_VMA_H

#include "base/itree.h"
#include "base/types.h"

/* Beside LINUX_MAP_SHARED, PRIVATE, ANONYMOUS and GROWSDOWN an area has these flags. */
#define VMA_SHM (1u << 28)      /* a System V segment: base is where it was attached */
#define VMA_DONTFORK (1u << 29) /* MADV_DONTFORK: not in a child */
#define VMA_FOREIGN \
    (1u << 30) /* the runtime's own, in the guest's range: never touched, never shown */

/* Linux keeps 256 pages free below an area that grows down. */
#define VMA_STACK_GUARD (256 * GUEST_PAGE)

struct vma_attr {
    int prot;     /* LINUX_PROT_READ, WRITE, EXEC */
    int may_prot; /* the cap: what mprotect may ever give (Linux's VM_MAY*) */
    uint32_t flags;
    uint64_t base;    /* VMA_SHM: see there; else tells mappings of files apart */
    const char *name; /* compared by address */
};

struct vma {
    struct itree_node node;
    struct vma_attr attr;
};

struct vma_slab;

struct vma_set {
    struct itree tree;
    struct vma *spare;
    size_t spares;
    struct vma_slab *slabs;
};

void vma_init(struct vma_set *set, uint64_t low, uint64_t high);
void vma_destroy(struct vma_set *set);

/*
 * Makes sure that a change which adds up to n areas beyond those it replaces
 * has memory. 0 or -LINUX_ENOMEM. Every change below splits at most twice.
 */
int vma_reserve(struct vma_set *set, size_t n) must_check;
#define VMA_RESERVE_CHANGE 3

/* Makes [start, end) one area, replacing what was there. Needs VMA_RESERVE_CHANGE. */
void vma_map(struct vma_set *set, uint64_t start, uint64_t end, const struct vma_attr *attr);
/* Empties [start, end). */
void vma_unmap(struct vma_set *set, uint64_t start, uint64_t end);
/* New protection for whatever is mapped in [start, end). */
void vma_protect(struct vma_set *set, uint64_t start, uint64_t end, int prot);
/* Sets and clears flags of whatever is mapped in [start, end). */
void vma_flag(struct vma_set *set, uint64_t start, uint64_t end, uint32_t on, uint32_t off);
/*
 * The areas of [from, from+len) appear at to as well, which becomes free of
 * others; the ranges do not overlap. Needs VMA_RESERVE_CHANGE + vma_count.
 */
void vma_copy(struct vma_set *set, uint64_t from, uint64_t len, uint64_t to);
/* An area grew down to start; [start, v->node.start) is free. */
void vma_grow_down(struct vma_set *set, struct vma *v, uint64_t start);

/* The first area that ends above addr, or NULL; and the one after. */
struct vma *vma_above(const struct vma_set *set, uint64_t addr);
struct vma *vma_next(const struct vma *v);
/* The area that holds addr, or NULL. */
struct vma *vma_at(const struct vma_set *set, uint64_t addr);
/* How many areas touch [start, end). */
size_t vma_count(const struct vma_set *set, uint64_t start, uint64_t end);
/* Does any area in [start, end) allow prot, or have one of flags? */
bool vma_any(const struct vma_set *set, uint64_t start, uint64_t end, int prot, uint32_t flags);

#endif
