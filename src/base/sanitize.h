/*
 * What an address-sanitized build (make SAN=address, base/asan.c)
 * must be told: blocks of our own heap, stack frames that a throw leaves
 * without their ends, and memory that was used before. Nothing in other builds.
 */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#include "base/types.h"

#ifdef SANITIZE_SHADOW
/* Bytes behind each block of the heap: no one's, and the size that was asked for. */
#define SANITIZE_TAIL 16

/* [at, at + bytes) may be touched. */
void sanitize_forget(const void *at, size_t bytes);

/* A block of the heap of `capacity` bytes was given to who asked for `bytes`, at most capacity - SANITIZE_TAIL. */
void sanitize_block(void *block, size_t capacity, size_t bytes);

/* How many bytes a block's owner asked for. */
size_t sanitize_asked(const void *block, size_t capacity);

/*
 * Takes a freed block; nobody may touch it for a while. Returns one that was
 * freed long ago and may be given out again, or NULL. The heap's lock is held.
 */
void *sanitize_retire(void *block, size_t capacity);

#else
#define SANITIZE_TAIL 0

static inline void sanitize_forget(const void *at, size_t bytes)
{
}

static inline void sanitize_block(void *block, size_t capacity, size_t bytes)
{
}

static inline size_t sanitize_asked(const void *block, size_t capacity)
{
    return capacity;
}

static inline void *sanitize_retire(void *block, size_t capacity)
{
    return block;
}
#endif

#endif
