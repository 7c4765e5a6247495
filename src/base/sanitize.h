/*
 * What a sanitized build (make SAN=address) must be told: stack frames that a
 * throw leaves without their ends, and mappings that were used before, carry
 * stale marks. Nothing in other builds.
 */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#include <stddef.h>

#ifdef __SANITIZE_ADDRESS__
void __asan_unpoison_memory_region(const volatile void *at, size_t bytes);
#define sanitize_forget(at, bytes) __asan_unpoison_memory_region((at), (bytes))
#else
#define sanitize_forget(at, bytes) ((void)(at), (void)(bytes))
#endif

#endif
