/*
 * The code cache: one private arena shared by all threads (fork keeps it
 * warm), the table from guest address to code, which pages hold translated
 * guest code. All of it is changed under jit.lock only; translated code itself finds targets in its thread's own
 * table and never comes here on a hit. A full arena is emptied as a whole
 * (run.c makes sure that nobody is inside).
 */
#include "engine/jit/jit.h"

#include <string.h>
#include <sys/mman.h>

#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "engine/jit/lift.h"
#include "host/host.h"

struct jit jit = {.lock = LOCK_INIT(LOCK_CODE)};

#define DEFAULT_ARENA (256ul << 20)
#define ARENA_PIECE (1ul << 20)
#define HUGE_PAGE (2ul << 20)

/* ---- guest address -> code: open addressing, a power of two in size ---- */

struct code_slot {
    uint64_t key; /* 0 never used, 1 deleted */
    const uint8_t *code;
    struct region *region;
};

static struct {
    struct code_slot *slot;
    size_t size, used; /* used counts deleted ones too */
} table;

static size_t table_hash(uint64_t key, size_t size)
{
    return (size_t)(key * 0x9e3779b97f4a7c15ull >> 20) & (size - 1);
}

/* A bit for each hash that was ever put: most questions end here, without a miss of the host's cache. */
#define SEEN_BITS 19
static uint64_t seen[(1 << SEEN_BITS) / 64];

static uint64_t seen_hash(uint64_t key)
{
    return key * 0x9e3779b97f4a7c15ull >> (64 - SEEN_BITS);
}

static void table_put(uint64_t key, const uint8_t *code, struct region *r)
{
    uint64_t bit = seen_hash(key);
    uint64_t *word = &seen[bit / 64];
    __atomic_store_n(word, *word | 1ull << bit % 64, __ATOMIC_RELAXED);
    size_t i = table_hash(key, table.size);
    while (table.slot[i].key > 1 && table.slot[i].key != key)
        i = (i + 1) & (table.size - 1);
    if (table.slot[i].key == 0)
        table.used++;
    table.slot[i] = (struct code_slot){key, code, r};
}

static bool table_grow(size_t more)
{
    if (table.slot && (table.used + more) * 2 < table.size)
        return true;
    size_t old_size = table.size, size = old_size ? old_size * 2 : 1024;
    struct code_slot *old = table.slot, *slot = mem_alloc(size * sizeof *slot);
    if (!slot)
        return false;
    table.slot = slot;
    table.size = size;
    table.used = 0;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].key > 1)
            table_put(old[i].key, old[i].code, old[i].region);
    mem_free(old);
    return true;
}

bool cache_may_have(uint64_t key)
{
    uint64_t bit = seen_hash(key);
    return __atomic_load_n(&seen[bit / 64], __ATOMIC_RELAXED) >> bit % 64 & 1;
}

static struct code_slot *table_find(uint64_t key)
{
    if (!cache_may_have(key))
        return NULL;
    for (size_t i = table_hash(key, table.size); table.slot[i].key; i = (i + 1) & (table.size - 1))
        if (table.slot[i].key == key)
            return &table.slot[i];
    return NULL;
}

const uint8_t *cache_find(uint64_t key, struct region **region)
{
    const struct code_slot *s = key > 1 ? table_find(key) : NULL;
    if (!s)
        return NULL;
    if (region)
        *region = s->region;
    return s->code;
}

/* ---- guest page -> regions with code from it ---- */

struct page_node {
    uint64_t page;
    struct region *region;
    struct page_node *next;
};

#define PAGE_BUCKETS 4096
static struct page_node *pages[PAGE_BUCKETS];
static size_t page_nodes;

static bool page_add(uint64_t page, struct region *r)
{
    struct page_node *n = mem_alloc(sizeof *n);
    if (!n)
        return false;
    struct page_node **bucket = &pages[page % PAGE_BUCKETS];
    *n = (struct page_node){page, r, *bucket};
    *bucket = n;
    page_nodes++;
    return true;
}

bool cache_add(struct region *r)
{
    if (!table_grow(r->entries))
        return false;
    if (jit.region_count == jit.region_room) {
        uint32_t room = jit.region_room ? jit.region_room * 2 : 1024;
        struct region **list = mem_alloc(room * sizeof *list);
        if (!list)
            return false;
        if (jit.region_count)
            memcpy(list, jit.regions, jit.region_count * sizeof *list);
        /* A fault handler may be reading the old list: it is never freed (all of them are as large as the last). */
        __atomic_store_n(&jit.regions, list, __ATOMIC_RELEASE);
        jit.region_room = room;
    }
    for (uint64_t p = r->pc / GUEST_PAGE; p <= (r->end - 1) / GUEST_PAGE; p++)
        if (!page_add(p, r))
            return false;
    for (uint64_t p = r->also / GUEST_PAGE; r->also_end && p <= (r->also_end - 1) / GUEST_PAGE; p++)
        if (!page_add(p, r))
            return false;
    r->index = jit.region_count;
    jit.regions[r->index] = r;
    __atomic_store_n(&jit.region_count, r->index + 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < r->entries; i++)
        if (!cache_find(r->entry[i].key, NULL))
            table_put(r->entry[i].key, r->entry[i].code, r);
    return true;
}

struct region *cache_region_at(const uint8_t *code)
{
    uint32_t lo = 0, hi = __atomic_load_n(&jit.region_count, __ATOMIC_ACQUIRE);
    struct region **list = __atomic_load_n(&jit.regions, __ATOMIC_ACQUIRE);
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (code < list[mid]->code)
            hi = mid;
        else if (code >= list[mid]->code_end)
            lo = mid + 1;
        else
            return list[mid];
    }
    return NULL;
}

/* Nobody goes into the region any more; who is inside leaves at the next poll. */
static void region_kill(struct region *r)
{
    r->dead = true;
    jit.count_dropped++;
    for (struct link *k = r->incoming; k; k = k->next) {
        k->to = NULL;
        x_link(k->at, k->stub);
    }
    r->incoming = NULL;
    for (unsigned i = 0; i < r->entries; i++) {
        struct code_slot *s = table_find(r->entry[i].key);
        if (s && s->region == r)
            s->key = 1;
    }
}

static bool overlaps(const struct region *r, uint64_t addr, uint64_t len)
{
    return (r->pc < addr + len && addr < r->end) || (r->also < addr + len && addr < r->also_end);
}

static void bucket_sweep(struct page_node **at, uint64_t addr, uint64_t len)
{
    while (*at) {
        struct page_node *n = *at;
        if (!n->region->dead && overlaps(n->region, addr, len))
            region_kill(n->region);
        if (n->region->dead) {
            *at = n->next;
            mem_free(n);
            page_nodes--;
        } else {
            at = &n->next;
        }
    }
}

void cache_drop(uint64_t addr, uint64_t len)
{
    uint64_t first = addr / GUEST_PAGE, last = (addr + len - 1) / GUEST_PAGE;
    if (last - first >= PAGE_BUCKETS) {
        for (unsigned i = 0; i < PAGE_BUCKETS; i++)
            bucket_sweep(&pages[i], addr, len);
        return;
    }
    for (uint64_t p = first; p <= last; p++)
        bucket_sweep(&pages[p % PAGE_BUCKETS], addr, len);
}

bool cache_has_code(uint64_t addr, uint64_t len)
{
    if (!page_nodes || !len)
        return false;
    uint64_t first = addr / GUEST_PAGE, last = (addr + len - 1) / GUEST_PAGE;
    if (last - first >= PAGE_BUCKETS)
        return true;
    for (uint64_t p = first; p <= last; p++)
        for (const struct page_node *n = pages[p % PAGE_BUCKETS]; n; n = n->next)
            if (!n->region->dead && overlaps(n->region, addr, len))
                return true;
    return false;
}

void cache_reset(void)
{
    for (unsigned i = 0; i < PAGE_BUCKETS; i++) {
        while (pages[i]) {
            struct page_node *n = pages[i];
            pages[i] = n->next;
            mem_free(n);
        }
    }
    page_nodes = 0;
    if (table.slot)
        memset(table.slot, 0, table.size * sizeof *table.slot);
    table.used = 0;
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < jit.region_count; i++) {
        mem_free(jit.regions[i]->shape);
        mem_free(jit.regions[i]);
    }
    jit.region_count = 0;
    jit.emit.p = jit.first_region;
    jit.count_flushes++;
}

/* ---- instructions that the interpreter does although they could be lifted ---- */

/* Open addressing; a power of two in size, at most half full. */
static struct {
    uint64_t *pc;
    size_t size, used;
} slow;

static uint64_t *slow_slot(uint64_t pc)
{
    size_t i = table_hash(pc, slow.size);
    while (slow.pc[i] && slow.pc[i] != pc)
        i = (i + 1) & (slow.size - 1);
    return &slow.pc[i];
}

bool cache_is_slow(uint64_t pc)
{
    return slow.used && *slow_slot(pc) == pc;
}

void cache_make_slow(uint64_t pc)
{
    if ((slow.used + 1) * 2 > slow.size) {
        uint64_t *old = slow.pc;
        size_t old_size = slow.size, size = old_size ? old_size * 2 : 64;
        uint64_t *bigger = mem_alloc(size * sizeof *bigger);
        if (!bigger)
            return;
        slow.pc = bigger;
        slow.size = size;
        for (size_t i = 0; i < old_size; i++)
            if (old[i])
                *slow_slot(old[i]) = old[i];
        mem_free(old);
    }
    uint64_t *slot = slow_slot(pc);
    slow.used += *slot != pc;
    *slot = pc;
}

/* ---- the arena ---- */

static long map_fixed(uint8_t *at, size_t bytes, int prot, long fd)
{
    return host_syscall(LINUX_SYS_mmap, (uint64_t)at, bytes, (uint64_t)prot,
                        LINUX_MAP_SHARED | LINUX_MAP_FIXED, (uint64_t)fd, 0);
}

/* A file of the arena's size with the code there is; -1 when the host has none. */
static long file_make(void)
{
    size_t keep = jit.emit.p ? (size_t)(jit.emit.p - jit.arena) : 0;
    long fd = host_syscall(LINUX_SYS_memfd_create, (uint64_t) "elver-code", 1 /* MFD_CLOEXEC */, 0,
                           0, 0, 0);
    bool ok = fd >= 0 &&
              host_syscall(LINUX_SYS_ftruncate, (uint64_t)fd, jit.arena_bytes, 0, 0, 0, 0) == 0;
    for (size_t done = 0; ok && done < keep;) {
        long n = host_syscall(LINUX_SYS_pwrite64, (uint64_t)fd, (uint64_t)(jit.arena + done),
                              keep - done, done, 0, 0);
        ok = n > 0;
        done += ok ? (size_t)n : 0;
    }
    return ok ? fd : -1;
}

/* The file seen at jit.arena to write and at exec_view to execute; it needs no descriptor then. */
static bool views_make(long fd, uint8_t *exec_view)
{
    bool ok = fd >= 0 && map_fixed(jit.arena, jit.arena_bytes, PROT_READ | PROT_WRITE, fd) >= 0 &&
              map_fixed(exec_view, jit.arena_bytes, PROT_READ | PROT_EXEC, fd) >= 0;
    if (fd >= 0)
        (void)host_syscall(LINUX_SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    return ok;
}

/*
 * The arena is opened a piece at a time: what a stray pointer of the guest finds
 * above the guest's range shall be little. A host that comes to refuse it
 * (PR_SET_MDWE) leaves the arena as large as it is. From the second huge page
 * on a piece is one: much code runs faster there, and little need not pay for it.
 */
static bool arena_open_more(void)
{
    uint64_t begin = (uint64_t)jit.emit.end, arena = (uint64_t)jit.arena;
    uint64_t huge = ((arena + HUGE_PAGE - 1) & -HUGE_PAGE) + HUGE_PAGE;
    uint64_t left = arena + jit.arena_bytes - begin;
    uint64_t piece = begin >= huge                ? HUGE_PAGE
                     : huge - begin < ARENA_PIECE ? huge - begin
                                                  : ARENA_PIECE;
    if (piece > left)
        piece = left;
    if (!piece || host_syscall(LINUX_SYS_mprotect, begin, piece, PROT_READ | PROT_WRITE | PROT_EXEC,
                               0, 0, 0) < 0)
        return false;
    if (begin >= huge)
        (void)host_syscall(LINUX_SYS_madvise, begin, piece, LINUX_MADV_HUGEPAGE, 0, 0, 0);
    jit.emit.end += piece;
    return true;
}

bool cache_has_room(void)
{
    return jit.emit.p + REGION_CODE <= jit.emit.end ||
           (!jit.emit.to_exec && arena_open_more() && jit.emit.p + REGION_CODE <= jit.emit.end);
}

/* Where the host forbids memory that is writable and executable at once the arena is mapped twice. */
static bool arena_make(bool dual)
{
    jit.arena = jit.emit.p = jit.emit.end = mem_pages(jit.arena_bytes, PROT_NONE);
    if (!jit.arena)
        return false;
    if (!dual && arena_open_more())
        return true;
    uint8_t *exec_view = mem_pages(jit.arena_bytes, PROT_NONE);
    if (!exec_view || !views_make(file_make(), exec_view))
        return false;
    jit.emit.to_exec = exec_view - jit.arena;
    jit.emit.end = jit.arena + jit.arena_bytes;
    return true;
}

/* The views are shared with the parent: the child gets a copy, taken before the fork, at the same places. */
static long fork_file = -1;

void cache_fork_prepare(void)
{
    if (jit.emit.to_exec)
        fork_file = file_make();
}

void cache_fork_parent(void)
{
    if (fork_file >= 0)
        (void)host_syscall(LINUX_SYS_close, (uint64_t)fork_file, 0, 0, 0, 0, 0);
    fork_file = -1;
}

void cache_fork_child(void)
{
    if (jit.emit.to_exec)
        BUG_ON(!views_make(fork_file, jit.arena + jit.emit.to_exec));
    fork_file = -1;
}

int cache_init(size_t bytes, bool dual)
{
    jit.arena_bytes = bytes ? page_up(bytes) : DEFAULT_ARENA;
    if (jit.arena_bytes < 4 * REGION_CODE)
        jit.arena_bytes = 4 * REGION_CODE;
    jit.lift = mem_pages(sizeof *jit.lift, PROT_READ | PROT_WRITE);
    jit.fallback = mem_alloc(A64_OP_COUNT * sizeof *jit.fallback);
    if (!jit.lift || !jit.fallback || !arena_make(dual))
        return -1;
    return 0;
}
