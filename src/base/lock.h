/*
 * Ranked locks. The one list of lock ranks of the whole runtime stands here:
 * a thread may take a lock only if its rank is higher than that of every lock
 * it holds (asserted in debug builds). A lock is a futex word: it works in
 * any thread, whether the host libc knows of it or not, and is reset in the
 * child of a fork by lock_reinit (the forking thread holds all of them).
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/types.h"

enum lock_rank {
    LOCK_GROUP = 1, /* kernel: thread list, exec and exit of one process */
    LOCK_SIGHAND,   /* kernel: signal actions of one process */
    LOCK_SPACE,     /* mm: the interval tree and brk of one address space */
    LOCK_CODE,      /* engine: translated code and its indexes */
    LOCK_TRACE,     /* debug: one line of output at a time */
    LOCK_ALLOC,     /* base: the runtime's own heap */
};

struct lock {
    uint32_t word; /* 0 free, 1 held, 2 held and waited for */
    uint32_t rank; /* enum lock_rank */
};

#define LOCK_INIT(r) \
    {                \
        0, (r)       \
    }

void lock_acquire(struct lock *l);
void lock_release(struct lock *l);
bool lock_try(struct lock *l);

/* In the child of a fork: makes the lock free whatever its state was. */
void lock_reinit(struct lock *l);

#endif
