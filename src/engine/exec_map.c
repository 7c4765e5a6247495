/*
 * The bitmap of executable pages: a table of leaves of 1 GiB each, made when
 * the first executable page appears there, never freed (32 KiB per GiB that
 * ever held code).
 */
#include "engine/exec_map.h"

#include <sys/mman.h>

#include "base/alloc.h"

enum { LEAF_SHIFT = 30, PAGE_SHIFT = 12, WORD_BITS = 64 };
enum { LEAF_PAGES = 1 << (LEAF_SHIFT - PAGE_SHIFT), LEAVES = GUEST_MAX >> LEAF_SHIFT };

static uint64_t *leaves[LEAVES];

static uint64_t *leaf_get(uint64_t n, bool make)
{
    uint64_t *leaf = __atomic_load_n(&leaves[n], __ATOMIC_ACQUIRE);

    if (!leaf && make) {
        leaf = mem_pages(LEAF_PAGES / 8, PROT_READ | PROT_WRITE);
        __atomic_store_n(&leaves[n], leaf, __ATOMIC_RELEASE);
    }
    return leaf;
}

/* Pages [first, end) of one leaf. */
static bool leaf_set(uint64_t *leaf, uint64_t first, uint64_t end, bool executable)
{
    bool any = false;

    while (first < end) {
        uint64_t *word = &leaf[first / WORD_BITS], bit = first % WORD_BITS;
        uint64_t n = WORD_BITS - bit < end - first ? WORD_BITS - bit : end - first;
        uint64_t mask = (~0ull >> (WORD_BITS - n)) << bit;

        any |= *word & mask;
        __atomic_store_n(word, executable ? *word | mask : *word & ~mask, __ATOMIC_RELAXED);
        first += n;
    }
    return any;
}

bool exec_map_set(gva addr, uint64_t len, bool executable)
{
    uint64_t page = addr.a >> PAGE_SHIFT, end = (addr.a + len + GUEST_PAGE - 1) >> PAGE_SHIFT;
    bool any = false;

    if (!gva_range_ok(addr, len))
        return false;
    while (page < end) {
        uint64_t n = page / LEAF_PAGES, leaf_end = (n + 1) * LEAF_PAGES;
        uint64_t *leaf = leaf_get(n, executable);

        if (leaf_end > end)
            leaf_end = end;
        if (leaf)
            any |= leaf_set(leaf, page % LEAF_PAGES, leaf_end - n * LEAF_PAGES, executable);
        page = leaf_end;
    }
    return any;
}

bool exec_map_test(gva addr)
{
    uint64_t page = addr.a >> PAGE_SHIFT, bit = page % LEAF_PAGES;
    uint64_t *leaf;

    if (addr.a >= GUEST_MAX)
        return false;
    leaf = leaf_get(page / LEAF_PAGES, false);
    return leaf && __atomic_load_n(&leaf[bit / WORD_BITS], __ATOMIC_RELAXED) >> bit % WORD_BITS & 1;
}
