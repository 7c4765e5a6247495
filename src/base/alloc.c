/*
 * The heap of the runtime: size classes carved from 64 KiB spans that are cut
 * from 1 MiB arenas, each span headed by its class, so that free needs the
 * address alone. Blocks beyond the largest class are mappings of their own
 * behind the same header. One lock; fork holds it, so a child may allocate at
 * once. Everything lies above the guest's range.
 */
#include "base/alloc.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/sanitize.h"

enum {
    SPAN_BYTES = 64 << 10,
    ARENA_BYTES = 1 << 20,
    HEAD_BYTES = 64,
    LARGE = 0xffff,
};

/* Block sizes; multiples of 16, at most a quarter of a span. */
static const uint16_t class_bytes[] = {
    16,  32,  48,   64,   80,   96,   112,  128,  160,  192,  224,  256,  320,   384,   448,   512,
    640, 768, 1024, 1280, 1536, 2048, 2560, 3072, 4096, 5120, 6144, 8192, 10240, 12288, 16320,
};
enum { CLASSES = ARRAY_LEN(class_bytes) };

/* At the start of each span, and of each large block's mapping. */
struct span {
    uint32_t class; /* index into class_bytes, or LARGE */
    uint32_t unused;
    size_t mapped; /* LARGE: bytes of the mapping */
};

struct free_block {
    struct free_block *next;
};

static struct {
    struct lock lock;
    struct free_block *free[CLASSES];
    /* The part of the newest span of each class that was never handed out (still zero). */
    char *fresh[CLASSES], *fresh_end[CLASSES];
    char *arena, *arena_end;
    /* Where the next mapping is tried when the host's own choice lies in the guest's range. */
    uintptr_t hint;
} heap = {.lock = LOCK_INIT(LOCK_ALLOC), .hint = GUEST_MAX + ((uintptr_t)4 << 40)};

/*
 * The host maps below its own stack, far above the guest, except in its
 * legacy layout (unlimited stack), which starts at a third of the address
 * space; there the address is chosen by us.
 */
static char *map_above_guest(size_t bytes, int prot)
{
    char *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    if ((uintptr_t)p >= GUEST_MAX) {
        sanitize_forget(p, bytes);
        return p;
    }
    munmap(p, bytes);
    for (int tries = 0; tries < 1024; tries++) {
        uintptr_t want =
            __atomic_fetch_add(&heap.hint, page_up(bytes) + SPAN_BYTES, __ATOMIC_RELAXED);

        p = mmap((void *)want, bytes, prot,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        if (p == (char *)want)
            return p;
        /* A kernel before 4.17 takes the address for a wish. */
        if (p != MAP_FAILED)
            munmap(p, bytes);
    }
    return NULL;
}

void *mem_pages(size_t bytes, int prot)
{
    return map_above_guest(page_up(bytes), prot);
}

void mem_pages_free(void *pages, size_t bytes)
{
    if (pages)
        munmap(pages, page_up(bytes));
}

/* Mapped memory aligned to a span. bytes: whole pages. */
static char *map_spans(size_t bytes)
{
    char *raw = map_above_guest(bytes + SPAN_BYTES, PROT_READ | PROT_WRITE);

    if (!raw)
        return NULL;
    uintptr_t at = ((uintptr_t)raw + SPAN_BYTES - 1) & ~(uintptr_t)(SPAN_BYTES - 1);
    size_t before = at - (uintptr_t)raw;

    if (before)
        munmap(raw, before);
    munmap((char *)at + bytes, SPAN_BYTES - before);
    return (char *)at;
}

static struct span *span_of(void *block)
{
    return (struct span *)((uintptr_t)block & ~(uintptr_t)(SPAN_BYTES - 1));
}

static size_t block_capacity(void *block)
{
    const struct span *s = span_of(block);

    return s->class == LARGE ? s->mapped - HEAD_BYTES : class_bytes[s->class];
}

static unsigned class_for(size_t bytes)
{
    unsigned lo = 0, hi = CLASSES - 1;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (class_bytes[mid] < bytes)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* A new span for a class; lock held. */
static bool refill(unsigned class)
{
    if (heap.arena == heap.arena_end) {
        char *arena = map_spans(ARENA_BYTES);

        if (!arena)
            return false;
        heap.arena = arena;
        heap.arena_end = arena + ARENA_BYTES;
    }
    struct span *s = (struct span *)heap.arena;

    heap.arena += SPAN_BYTES;
    s->class = class;
    heap.fresh[class] = (char *)s + HEAD_BYTES;
    heap.fresh_end[class] = (char *)s + SPAN_BYTES;
    return true;
}

static void *alloc_large(size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t mapped = page_up(bytes + HEAD_BYTES + SANITIZE_TAIL);
    struct span *s = (struct span *)map_spans(mapped);

    if (!s)
        return NULL;
    s->class = LARGE;
    s->mapped = mapped;
    return (char *)s + HEAD_BYTES;
}

static void *alloc_small(size_t bytes)
{
    unsigned class = class_for(bytes);
    size_t size = class_bytes[class];
    void *block = NULL;

    lock_acquire(&heap.lock);
    if (heap.free[class]) {
        block = heap.free[class];
        heap.free[class] = heap.free[class]->next;
        lock_release(&heap.lock);
        return memset(block, 0, size);
    }
    if ((size_t)(heap.fresh_end[class] - heap.fresh[class]) >= size || refill(class)) {
        block = heap.fresh[class];
        heap.fresh[class] += size;
    }
    lock_release(&heap.lock);
    return block;
}

void *mem_alloc(size_t bytes)
{
    bool large = bytes > (size_t)class_bytes[CLASSES - 1] - SANITIZE_TAIL;
    void *block = large ? alloc_large(bytes) : alloc_small(bytes + SANITIZE_TAIL);

    if (block)
        sanitize_block(block, block_capacity(block), bytes);
    return block;
}

void mem_free(void *block)
{
    if (!block)
        return;
    struct span *s = span_of(block);

    if (s->class == LARGE) {
        munmap(s, s->mapped);
        return;
    }
    BUG_ON(s->class >= CLASSES);
    lock_acquire(&heap.lock);
    block = sanitize_retire(block, class_bytes[s->class]);
    if (block) {
        uint32_t class = span_of(block)->class;

        ((struct free_block *)block)->next = heap.free[class];
        heap.free[class] = block;
    }
    lock_release(&heap.lock);
}

void *mem_realloc(void *block, size_t bytes)
{
    size_t capacity = block ? block_capacity(block) : 0;
    size_t old = block ? sanitize_asked(block, capacity) : 0;

    if (block && bytes <= old && bytes > old / 2) {
        sanitize_block(block, capacity, bytes);
        return block;
    }
    void *new = mem_alloc(bytes);

    if (new &&block) {
        memcpy(new, block, old < bytes ? old : bytes);
        mem_free(block);
    }
    return new;
}

char *mem_strdup(const char *s)
{
    size_t bytes = strlen(s) + 1;
    char *copy = mem_alloc(bytes);

    return copy ? memcpy(copy, s, bytes) : NULL;
}

void mem_fork_lock(void)
{
    lock_acquire(&heap.lock);
}

void mem_fork_unlock(bool in_child)
{
    if (in_child)
        lock_reinit(&heap.lock);
    else
        lock_release(&heap.lock);
}
