/*
 * The few words every room speaks: guest addresses, checked results, small
 * compile-time helpers. Nothing here has state or depends on an operating
 * system.
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A guest virtual address. One field, so that it can never be passed where a
 * host pointer is wanted, nor the other way round; only mm/uaccess and the
 * engines turn one into the other.
 */
typedef struct gva {
    uint64_t a;
} gva;

static inline gva gva_of(uint64_t a)
{
    return (gva){a};
}

static inline gva gva_add(gva base, uint64_t bytes)
{
    return (gva){base.a + bytes};
}

/* The guest owns [GUEST_MIN, GUEST_MAX); the runtime lives above it. */
#define GUEST_MIN 0x10000ull
#define GUEST_MAX 0x400000000000ull
#define GUEST_PAGE 4096ull

/* Is [p, p+len) wholly the guest's? A zero length only asks about p itself. */
static inline bool gva_range_ok(gva p, uint64_t len)
{
    return len <= GUEST_MAX && p.a <= GUEST_MAX - len;
}

/* A result is >= 0 or -LINUX_Exxx (abi/errno.h); nobody may drop it. */
#define must_check __attribute__((warn_unused_result))
#define noreturn_fn __attribute__((noreturn))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline uint64_t page_down(uint64_t a)
{
    return a & ~(GUEST_PAGE - 1);
}

/* Rounds up to a page; wraps to 0 for the last page of the address space. */
static inline uint64_t page_up(uint64_t a)
{
    return (a + GUEST_PAGE - 1) & ~(GUEST_PAGE - 1);
}

#endif
