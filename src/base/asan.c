/*
 * The runtime of make SAN=address: the compiler instruments elver as it would
 * a kernel (-fsanitize=kernel-address), and this is what its calls mean. The
 * libraries that come with compilers put their shadow where the guest's memory
 * is and want malloc, pthreads and the signal handlers for themselves.
 *
 *   shadow of a = (a >> 3) + SHADOW_OFFSET, for the runtime's half of the
 *   address space [2^46, 2^47) only: what the guest owns is nobody's business.
 *
 * A byte of the shadow is 0 (its eight bytes may be touched), 1 to 7 (so many
 * of them), or one of the marks below. A bad access is a bug of ours and is
 * reported as one, with a backtrace by the fault room. This file itself is not
 * instrumented, and empty in other builds.
 */
#ifdef SANITIZE_SHADOW
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/sanitize.h"

enum { GRANULE = 8, QUARANTINE = 1024 };
/* The marks of the stack are the compiler's own. */
enum mark {
    MARK_STACK_LEFT = 0xf1,
    MARK_STACK_MID = 0xf2,
    MARK_STACK_RIGHT = 0xf3,
    MARK_LEFT = 0xf8,
    MARK_GLOBAL = 0xf9,
    MARK_HEAP = 0xfa,
    MARK_FREED = 0xfd,
};

#define RUNTIME_END 0x800000000000ull
#define SHADOW_OFFSET ((uintptr_t)SANITIZE_SHADOW) /* the Makefile tells the compiler the same */

static bool ready;

static uint8_t *shadow_of(uintptr_t at)
{
    return (uint8_t *)((at >> 3) + SHADOW_OFFSET);
}

/* Before anything of ours runs. Untouched shadow costs nothing. */
static void shadow_map(void)
{
    uint8_t *first = shadow_of(GUEST_MAX);
    size_t bytes = (size_t)(shadow_of(RUNTIME_END) - first);
    void *got = mmap(first, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

    if (got != first) {
        log_launch_error("SAN=address: there is no room for the shadow (a limit of memory?)");
        _Exit(126);
    }
    madvise(first, bytes, MADV_DONTDUMP);
    madvise(first, bytes, MADV_NOHUGEPAGE);
    ready = true;
}

__attribute__((section(".preinit_array"), used)) static void (*const at_start)(void) = shadow_map;

/* ---- checks ---- */

static bool noticed(uintptr_t at, size_t bytes)
{
    return ready && bytes && at >= GUEST_MAX && at < RUNTIME_END && bytes <= RUNTIME_END - at;
}

/* The last byte of [at, at + bytes) lies in one granule with its first. */
static bool granule_ok(uintptr_t last)
{
    uint8_t s = *shadow_of(last);

    return s == 0 || (s < GRANULE && (last & (GRANULE - 1)) < s);
}

static const char *mark_name(uint8_t mark)
{
    switch (mark) {
    case MARK_HEAP: return "behind a block of the heap";
    case MARK_FREED: return "in a freed block of the heap";
    case MARK_GLOBAL: return "behind a global variable";
    case MARK_STACK_LEFT:
    case MARK_STACK_MID:
    case MARK_STACK_RIGHT: return "beside a variable on the stack";
    case MARK_LEFT: return "in a variable whose block was left";
    default: return "partly outside its object";
    }
}

static void noreturn_fn report(const char *what, uintptr_t at, size_t bytes, uintptr_t bad)
{
    if (log_fd() < 0)
        log_to(2);
    log_line("bug: sanitizer: %s of %zu bytes at 0x%lx: byte 0x%lx lies %s", what, bytes,
             (unsigned long)at, (unsigned long)bad, mark_name(*shadow_of(bad)));
    __builtin_trap();
}

static inline void check(const char *what, uintptr_t at, size_t bytes)
{
    if (!noticed(at, bytes))
        return;
    uintptr_t last = at + bytes - 1;

    /* Every granule but the last must be whole. */
    for (uintptr_t g = at & ~(uintptr_t)(GRANULE - 1); g + GRANULE <= last; g += GRANULE) {
        if (unlikely(*shadow_of(g)))
            report(what, at, bytes, g < at ? at : g);
    }
    if (unlikely(!granule_ok(last)))
        report(what, at, bytes, last);
}

/* What the compiler calls before each access; "noabort" is its word for "may return". */
#define ACCESS(bytes)                                 \
    void __asan_load##bytes##_noabort(uintptr_t at);  \
    void __asan_store##bytes##_noabort(uintptr_t at); \
    void __asan_load##bytes##_noabort(uintptr_t at)   \
    {                                                 \
        check("load", at, bytes);                     \
    }                                                 \
    void __asan_store##bytes##_noabort(uintptr_t at)  \
    {                                                 \
        check("store", at, bytes);                    \
    }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __asan_loadN_noabort(uintptr_t at, size_t bytes);
void __asan_storeN_noabort(uintptr_t at, size_t bytes);
void __asan_handle_no_return(void);

void __asan_loadN_noabort(uintptr_t at, size_t bytes)
{
    check("load", at, bytes);
}

void __asan_storeN_noabort(uintptr_t at, size_t bytes)
{
    check("store", at, bytes);
}

/* Frames that never end die with their stack, whose memory starts anew when it is mapped again. */
void __asan_handle_no_return(void)
{
}

/* ---- marks ---- */

static void mark(uintptr_t at, size_t bytes, uint8_t value)
{
    if (noticed(at, bytes))
        memset(shadow_of(at), value, (bytes + GRANULE - 1) / GRANULE);
}

/* at: at a granule. The bytes that follow in the last granule are no part of it. */
static void allow(uintptr_t at, size_t bytes)
{
    mark(at, bytes & ~(size_t)(GRANULE - 1), 0);
    if (bytes % GRANULE && noticed(at, bytes))
        *shadow_of(at + bytes) = bytes % GRANULE;
}

void sanitize_forget(const void *at, size_t bytes)
{
    uintptr_t down = (uintptr_t)at & ~(uintptr_t)(GRANULE - 1);

    mark(down, bytes + ((uintptr_t)at - down), 0);
}

/* Large variables whose block is entered or left. */
void __asan_poison_stack_memory(uintptr_t at, size_t bytes);
void __asan_unpoison_stack_memory(uintptr_t at, size_t bytes);

void __asan_poison_stack_memory(uintptr_t at, size_t bytes)
{
    mark(at, bytes, MARK_LEFT);
}

void __asan_unpoison_stack_memory(uintptr_t at, size_t bytes)
{
    allow(at, bytes);
}

/* The compiler's description of a global variable. */
struct global {
    uintptr_t at;
    size_t bytes, bytes_with_redzone;
    const char *name, *module;
    uintptr_t dynamic, location, odr;
};

void __asan_register_globals(const struct global *globals, size_t count);
void __asan_unregister_globals(const struct global *globals, size_t count);

void __asan_register_globals(const struct global *globals, size_t count)
{
    for (const struct global *g = globals; g < globals + count; g++) {
        mark(g->at, g->bytes_with_redzone, MARK_GLOBAL);
        allow(g->at, g->bytes);
    }
}

void __asan_unregister_globals(const struct global *globals, size_t count)
{
}

/* ---- the heap ---- */

static size_t *size_word(const void *block, size_t capacity)
{
    return (size_t *)((uintptr_t)block + capacity) - 1;
}

void sanitize_block(void *block, size_t capacity, size_t bytes)
{
    mark((uintptr_t)block, capacity, MARK_HEAP);
    allow((uintptr_t)block, bytes);
    *size_word(block, capacity) = bytes;
}

size_t sanitize_asked(const void *block, size_t capacity)
{
    return *size_word(block, capacity);
}

void *sanitize_retire(void *block, size_t capacity)
{
    static struct {
        void *block;
        size_t capacity;
    } retired[QUARANTINE];
    static unsigned next;
    void *old = retired[next].block;

    if (*shadow_of((uintptr_t)block) == MARK_FREED)
        report("second free", (uintptr_t)block, capacity, (uintptr_t)block);
    mark((uintptr_t)block, capacity, MARK_FREED);
    if (old)
        mark((uintptr_t)old, retired[next].capacity, 0);
    retired[next].block = block;
    retired[next].capacity = capacity;
    next = (next + 1) % QUARANTINE;
    return old;
}

/* ---- the host libc's functions that are handed memory of ours: linked with --wrap ---- */

void *__real_memcpy(void *to, const void *from, size_t bytes);
void *__real_memmove(void *to, const void *from, size_t bytes);
void *__real_memset(void *to, int value, size_t bytes);
int __real_memcmp(const void *a, const void *b, size_t bytes);
size_t __real_strlen(const char *s);
int __real_vsnprintf(char *to, size_t bytes, const char *fmt, va_list ap);
void *__wrap_memcpy(void *to, const void *from, size_t bytes);
void *__wrap_memmove(void *to, const void *from, size_t bytes);
void *__wrap_memset(void *to, int value, size_t bytes);
int __wrap_memcmp(const void *a, const void *b, size_t bytes);
size_t __wrap_strlen(const char *s);
int __wrap_vsnprintf(char *to, size_t bytes, const char *fmt, va_list ap);
int __wrap_snprintf(char *to, size_t bytes, const char *fmt, ...);

void *__wrap_memcpy(void *to, const void *from, size_t bytes)
{
    check("memcpy to", (uintptr_t)to, bytes);
    check("memcpy from", (uintptr_t)from, bytes);
    return __real_memcpy(to, from, bytes);
}

void *__wrap_memmove(void *to, const void *from, size_t bytes)
{
    check("memmove to", (uintptr_t)to, bytes);
    check("memmove from", (uintptr_t)from, bytes);
    return __real_memmove(to, from, bytes);
}

void *__wrap_memset(void *to, int value, size_t bytes)
{
    check("memset", (uintptr_t)to, bytes);
    return __real_memset(to, value, bytes);
}

int __wrap_memcmp(const void *a, const void *b, size_t bytes)
{
    check("memcmp", (uintptr_t)a, bytes);
    check("memcmp", (uintptr_t)b, bytes);
    return __real_memcmp(a, b, bytes);
}

size_t __wrap_strlen(const char *s)
{
    size_t len = __real_strlen(s);

    check("strlen", (uintptr_t)s, len + 1);
    return len;
}

/* The whole buffer must be there, not only what is used of it this time. */
int __wrap_vsnprintf(char *to, size_t bytes, const char *fmt, va_list ap)
{
    check("snprintf to", (uintptr_t)to, bytes);
    return __real_vsnprintf(to, bytes, fmt, ap);
}

int __wrap_snprintf(char *to, size_t bytes, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = __wrap_vsnprintf(to, bytes, fmt, ap);
    va_end(ap);
    return n;
}

#endif
