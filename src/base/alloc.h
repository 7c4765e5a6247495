/*
 * The runtime's own heap: size classes over chunks mapped above the guest's
 * range, behind one lock that fork takes, so that a child may allocate at
 * once. The host libc's malloc is not used by the runtime: it does not know
 * our threads and would place memory where the guest may want it.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include "base/types.h"

/* Returns zeroed memory aligned to 16 bytes, or NULL when the host has none. */
void *mem_alloc(size_t bytes) must_check;

/* Grows or shrinks; the old block stays valid when NULL is returned. */
void *mem_realloc(void *block, size_t bytes) must_check;

/* NULL is allowed. */
void mem_free(void *block);

char *mem_strdup(const char *s) must_check;

/*
 * Whole zeroed pages outside the guest's range (code caches, host stacks).
 * prot: PROT_* of the host. Returns NULL when the host refuses.
 */
void *mem_pages(size_t bytes, int prot) must_check;
void mem_pages_free(void *pages, size_t bytes);

/* Around fork: hold the heap's lock in the parent, release it on both sides. */
void mem_fork_lock(void);
void mem_fork_unlock(bool in_child);

#endif
