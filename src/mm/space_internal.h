/*
 * What space.c (layout, placing, brk, stack, views) and mapping.c (the calls
 * of the mmap family) share. For these two files only.
 */
#ifndef MM_SPACE_INTERNAL_H
#define MM_SPACE_INTERNAL_H

#include "base/lock.h"
#include "base/types.h"
#include "mm/space.h"
#include "mm/vma.h"

struct space {
    struct lock lock; /* LOCK_SPACE: everything below */
    uint32_t refs;
    const struct engine *engine;
    struct vma_set vmas;

    /* Chosen once (Linux's mm_struct fields of the same names). */
    uint64_t stack_top, mmap_base, program_base, brk_random;
    bool bottom_up;
    bool read_implies_exec; /* as personality(2) says now */
    bool
        code_ahead; /* the engine was told of code below an area, where it may grow to: space_code_start */

    uint64_t start_brk, brk;
    int lock_future;      /* MCL_FUTURE and MCL_ONFAULT of mlockall */
    uint32_t barriers;    /* what the guest registered for with membarrier(2) */
    uint64_t file_serial; /* last vma_attr.base given to a mapping of a file */
};

/* A host mmap at this address fails as one that finds no room, after all other checks. */
#define NOWHERE 0xfffffffffffff000ull

/*
 * A free place for len bytes (a multiple of the page, not 0), or NOWHERE. hint 0: none.
 * align: a power of two, at least the page. Linux's arch_get_unmapped_area*.
 */
uint64_t space_place(const struct space *s, uint64_t hint, uint64_t len, uint64_t align);

/*
 * Takes into the tree what the host has mapped in the guest's range and the
 * tree does not know: a stack that has grown, or memory of the runtime (when
 * the host lays out its addresses bottom-up). unknown is a range that the host
 * just refused as occupied; it is taken for foreign when the host cannot be asked.
 */
int space_adopt(struct space *s, uint64_t unknown, uint64_t len) must_check;

/* Brings an area that grows down up to date with what the host made of it. Other areas are left alone. */
void space_sync_grown(struct space *s, struct vma *v);

/* Is a page mapped on the host? */
bool space_host_has(uint64_t page);

/* The rights that a mapping really gets (READ_IMPLIES_EXEC); the host adds them by itself. */
int space_prot(const struct space *s, int prot);

/* Does the range touch memory that is not the guest's to change? */
bool space_foreign(const struct space *s, uint64_t start, uint64_t len);

/*
 * Told after the host and the tree changed, and only what concerns executable areas; had_code: there
 * were some in the range before.
 */
void space_tell_unmap(struct space *s, uint64_t start, uint64_t len, bool had_code);
void space_tell_map(struct space *s, uint64_t start, uint64_t len, int prot, bool had_code);

/*
 * From where on a range that starts at start counts as executable: lower, if
 * the area there grows down, because nobody tells when it does. From then on
 * the engine hears of every change, as no tree says where such places are.
 */
uint64_t space_code_start(struct space *s, uint64_t start);

/* MAP_LOCKED when mlockall(MCL_FUTURE) holds, and what is left to do after the mapping was made. */
int space_future_flags(const struct space *s);
void space_lock_new(const struct space *s, uint64_t start, uint64_t len);

#endif
