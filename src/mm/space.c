/*
 * The address space: its life, its layout (arm64's mm/mmap.c with a task size
 * of GUEST_MAX), the choice of free addresses, brk, the first stack, and what
 * views ask. The calls of the mmap family are in mapping.c. All
 * memory is mapped by the host kernel at the very address the guest sees; the
 * host's own choice of an address is never used.
 *
 * The stack is a host MAP_GROWSDOWN area: the host grows it on a touch by any
 * thread, obeys RLIMIT_STACK as it is at that moment and keeps the guard gap.
 * So an area that grows down may reach lower than the tree knows. The tree
 * learns of it when it matters (space_adopt).
 */
#include "mm/space_internal.h"

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "base/types.h"
#include "host/host.h"

#include <stdio.h>
#include <string.h>

/* Bits of randomness in pages: the mmap base and ET_DYN programs; the stack's top; brk (1 GiB). */
#define RANDOM_MMAP_BITS 28
#define RANDOM_STACK_BITS 18
#define RANDOM_BRK_BITS 18

#define MIN_STACK_GAP (128ull << 20)
#define MAX_STACK_GAP (GUEST_MAX / 6 * 5)
#define INITIAL_STACK 0x21000ull
#define UNMAPPED_BASE (GUEST_MAX / 4)

/* ---- layout ---- */

static uint64_t random_pages(const uint64_t *entropy, int which, unsigned bits)
{
    return (entropy[which] & ((1ull << bits) - 1)) * GUEST_PAGE;
}

/* The first byte of a one-line file of the kernel's settings, or fallback. */
static char kernel_setting(const char *path, char fallback)
{
    char c = fallback;
    long fd = host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD, (uintptr_t)path,
                           LINUX_O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return fallback;
    if (host_syscall(LINUX_SYS_read, (uint64_t)fd, (uintptr_t)&c, 1, 0, 0, 0) != 1)
        c = fallback;
    (void)host_syscall(LINUX_SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    return c;
}

static void choose_layout(struct space *s)
{
    uint64_t entropy[4] = {0};
    long persona = host_syscall(LINUX_SYS_personality, 0xffffffff, 0, 0, 0, 0, 0);
    char randomize = kernel_setting("/proc/sys/kernel/randomize_va_space", '2');
    if (!(persona & LINUX_ADDR_NO_RANDOMIZE) && randomize != '0' &&
        host_syscall(LINUX_SYS_getrandom, (uintptr_t)entropy, sizeof(entropy), 0, 0, 0, 0) < 0)
        memset(entropy, 0, sizeof(entropy));

    struct linux_rlimit stack = {0};
    (void)host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_STACK, 0, (uintptr_t)&stack, 0, 0);

    uint64_t rnd = random_pages(entropy, 0, RANDOM_MMAP_BITS);
    uint64_t pad = VMA_STACK_GUARD + (GUEST_PAGE << RANDOM_STACK_BITS);
    uint64_t gap = stack.rlim_cur + pad < pad ? stack.rlim_cur : stack.rlim_cur + pad;
    gap = gap < MIN_STACK_GAP ? MIN_STACK_GAP : gap > MAX_STACK_GAP ? MAX_STACK_GAP : gap;

    s->stack_top = GUEST_MAX - random_pages(entropy, 1, RANDOM_STACK_BITS);
    s->read_implies_exec = persona & LINUX_READ_IMPLIES_EXEC;
    s->bottom_up = (persona & LINUX_ADDR_COMPAT_LAYOUT) || stack.rlim_cur == LINUX_RLIM_INFINITY;
    s->mmap_base = s->bottom_up ? UNMAPPED_BASE + rnd : page_up(GUEST_MAX - gap - rnd);
    s->program_base = page_down(GUEST_MAX / 3 * 2) + random_pages(entropy, 2, RANDOM_MMAP_BITS);
    s->brk_random = randomize == '2' ? random_pages(entropy, 3, RANDOM_BRK_BITS) : 0;
}

struct space *space_new(const struct engine *engine)
{
    struct space *s = mem_alloc(sizeof(*s));
    if (!s)
        return NULL;
    s->lock = (struct lock)LOCK_INIT(LOCK_SPACE);
    s->refs = 1;
    s->engine = engine;
    vma_init(&s->vmas, GUEST_MIN, GUEST_MAX);
    choose_layout(s);
    /* Only a host that lays out bottom-up as well can have put the runtime below GUEST_MAX. */
    if (s->bottom_up && space_adopt(s, 0, 0) < 0) {
        space_put(s);
        return NULL;
    }
    return s;
}

struct space *space_get(struct space *s)
{
    __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void space_put(struct space *s)
{
    if (__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
        return;
    vma_destroy(&s->vmas);
    mem_free(s);
}

void space_fork_lock(struct space *s)
{
    lock_acquire(&s->lock);
}

/* The host drops MADV_DONTFORK areas from a child, and a child inherits no memory locks. */
static void forget_unforked(struct space *s)
{
    struct vma *v = vma_above(&s->vmas, 0);
    while (v) {
        struct vma *next = vma_next(v);
        if (v->attr.flags & VMA_DONTFORK)
            vma_unmap(&s->vmas, v->node.start, v->node.end);
        v = next;
    }
    s->lock_future = 0;
}

void space_fork_unlock(struct space *s, bool in_child)
{
    if (in_child) {
        s->refs = 1;
        forget_unforked(s);
        lock_reinit(&s->lock);
    } else {
        lock_release(&s->lock);
    }
}

/* ---- free addresses ---- */

static bool hint_is_free(const struct space *s, uint64_t hint, uint64_t len)
{
    if (hint > GUEST_MAX - len)
        return false;
    const struct vma *next = vma_above(&s->vmas, hint);
    return !next ||
           (next->node.start >= hint + len && next->node.start - hint - len >= next->node.guard);
}

uint64_t space_place(const struct space *s, uint64_t hint, uint64_t len, uint64_t align)
{
    const struct itree *t = &s->vmas.tree;
    uint64_t a;

    if (!len || len > GUEST_MAX - GUEST_MIN)
        return NOWHERE;
    if (hint) {
        hint = hint < GUEST_MIN ? GUEST_MIN : (hint + align - 1) & ~(align - 1);
        if (hint_is_free(s, hint, len))
            return hint;
    }
    if (s->bottom_up)
        return itree_lowest_gap(t, s->mmap_base, GUEST_MAX, len, align, &a) ? a : NOWHERE;
    if (itree_highest_gap(t, GUEST_MIN, s->mmap_base, len, align, &a))
        return a;
    return itree_lowest_gap(t, UNMAPPED_BASE, GUEST_MAX, len, align, &a) ? a : NOWHERE;
}

bool space_foreign(const struct space *s, uint64_t start, uint64_t len)
{
    return vma_any(&s->vmas, start, start + len, 0, VMA_FOREIGN);
}

bool space_host_has(uint64_t page)
{
    unsigned char in_core;
    return host_syscall(LINUX_SYS_mincore, page, GUEST_PAGE, (uintptr_t)&in_core, 0, 0, 0) >= 0;
}

void space_sync_grown(struct space *s, struct vma *v)
{
    if (!(v->attr.flags & LINUX_MAP_GROWSDOWN))
        return;
    /* Between floor and start the host has nothing but what the area grew by, at the upper end. */
    uint64_t floor = v->node.prev ? v->node.prev->end : GUEST_MIN, mapped = v->node.start;
    uint64_t step = GUEST_PAGE;
    while (mapped - floor >= step && space_host_has(mapped - step)) {
        mapped -= step;
        step *= 2;
    }
    for (; step >= GUEST_PAGE; step /= 2)
        if (mapped - floor >= step && space_host_has(mapped - step))
            mapped -= step;
    if (mapped != v->node.start)
        vma_grow_down(&s->vmas, v, mapped);
}

int space_prot(const struct space *s, int prot)
{
    return s->read_implies_exec && (prot & LINUX_PROT_READ) ? prot | LINUX_PROT_EXEC : prot;
}

uint32_t space_barriers(struct space *s, uint32_t add)
{
    return __atomic_or_fetch(&s->barriers, add, __ATOMIC_SEQ_CST);
}

void space_set_personality(struct space *s, uint64_t persona)
{
    lock_acquire(&s->lock);
    s->read_implies_exec = persona & LINUX_READ_IMPLIES_EXEC;
    lock_release(&s->lock);
}

static const struct vma_attr foreign_attr = {.flags = VMA_FOREIGN};

/* One range that the host has mapped: what the tree lacks of it is taken in. */
static int adopt_range(struct space *s, uint64_t start, uint64_t end)
{
    while (start < end) {
        struct vma *v = vma_above(&s->vmas, start);
        uint64_t hole_end = v && v->node.start < end ? v->node.start : end;
        if (hole_end > start) {
            int err = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
            if (err)
                return err;
            if (v && v->node.start == hole_end && (v->attr.flags & LINUX_MAP_GROWSDOWN))
                vma_grow_down(&s->vmas, v, start);
            else
                vma_map(&s->vmas, start, hole_end, &foreign_attr);
        }
        start = v && v->node.end > hole_end ? v->node.end : hole_end;
    }
    return 0;
}

/* Lines of /proc/self/maps begin "START-END "; those at or above GUEST_MAX are not our business. */
static int adopt_line(void *s, const char *line)
{
    unsigned long long start, end;
    if (sscanf(line, "%llx-%llx ", &start, &end) != 2 || start >= GUEST_MAX || end <= GUEST_MIN)
        return 0;
    return adopt_range(s, start < GUEST_MIN ? GUEST_MIN : start, end > GUEST_MAX ? GUEST_MAX : end);
}

int space_adopt(struct space *s, uint64_t unknown, uint64_t len)
{
    int err = host_maps_each(adopt_line, s);

    return err == -LINUX_ENOMEM ? err : err ? adopt_range(s, unknown, unknown + len) : 0;
}

/* ---- what every change of the space shares ---- */

void space_tell_unmap(struct space *s, uint64_t start, uint64_t len, bool had_code)
{
    if ((had_code || s->code_ahead) && s->engine->unmap)
        s->engine->unmap(gva_of(start), len);
}

#define CODE_REACH (1ull << 30)

uint64_t space_code_start(struct space *s, uint64_t start)
{
    const struct vma *v = vma_at(&s->vmas, start);
    if (!v || v->node.start != start || !(v->attr.flags & LINUX_MAP_GROWSDOWN))
        return start;
    s->code_ahead = true;
    uint64_t floor = v->node.prev ? v->node.prev->end : GUEST_MIN;
    return start - floor > CODE_REACH ? start - CODE_REACH : floor;
}

void space_tell_map(struct space *s, uint64_t start, uint64_t len, int prot, bool had_code)
{
    space_tell_unmap(s, start, len, had_code);
    if ((prot & LINUX_PROT_EXEC) && s->engine->map) {
        uint64_t from = space_code_start(s, start);
        s->engine->map(gva_of(from), start + len - from, prot);
    }
}

int space_future_flags(const struct space *s)
{
    return (s->lock_future & LINUX_MCL_FUTURE) && !(s->lock_future & LINUX_MCL_ONFAULT)
               ? LINUX_MAP_LOCKED
               : 0;
}

void space_lock_new(const struct space *s, uint64_t start, uint64_t len)
{
    if ((s->lock_future & LINUX_MCL_FUTURE) && (s->lock_future & LINUX_MCL_ONFAULT))
        (void)host_syscall(LINUX_SYS_mlock2, start, len, LINUX_MLOCK_ONFAULT, 0, 0, 0);
}

/* Anonymous private memory at a place known to be free for it. */
static long map_own(struct space *s, uint64_t start, uint64_t len, int host_flags,
                    const struct vma_attr *attr)
{
    long got = host_syscall(LINUX_SYS_mmap, start, len, (uint64_t)attr->prot,
                            (uint64_t)(LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS | host_flags),
                            (uint64_t)-1, 0);
    if (got < 0)
        return got;
    bool had_code = vma_any(&s->vmas, start, start + len, LINUX_PROT_EXEC, 0);
    struct vma_attr real = *attr;
    real.prot = space_prot(s, attr->prot);
    vma_map(&s->vmas, start, start + len, &real);
    space_tell_map(s, start, len, real.prot, had_code);
    return got;
}

/* ---- for the loader ---- */

gva space_stack_top(struct space *s)
{
    return gva_of(s->stack_top);
}

gva space_program_base(struct space *s)
{
    return gva_of(s->program_base);
}

#define PROT_ALL (LINUX_PROT_READ | LINUX_PROT_WRITE | LINUX_PROT_EXEC)

long space_map_special(struct space *s, gva addr, uint64_t len, int prot, int flags,
                       const char *name)
{
    struct vma_attr attr = {
        .prot = prot,
        .may_prot = PROT_ALL,
        .flags = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS,
        .name = name,
    };
    lock_acquire(&s->lock);
    long got = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    len = page_up(len);
    uint64_t at = flags & LINUX_MAP_FIXED ? addr.a : space_place(s, addr.a, len, GUEST_PAGE);
    if (!got)
        got = map_own(s, at, len,
                      flags & LINUX_MAP_FIXED ? LINUX_MAP_FIXED : LINUX_MAP_FIXED_NOREPLACE, &attr);
    lock_release(&s->lock);
    return got;
}

long space_map_stack(struct space *s, gva top, uint64_t limit, bool executable)
{
    struct vma_attr attr = {
        .prot = LINUX_PROT_READ | LINUX_PROT_WRITE | (executable ? LINUX_PROT_EXEC : 0),
        .may_prot = PROT_ALL,
        .flags = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS | LINUX_MAP_GROWSDOWN,
        .name = "[stack]",
    };
    uint64_t len = page_up(limit) && limit < INITIAL_STACK ? page_up(limit) : INITIAL_STACK;

    lock_acquire(&s->lock);
    long got = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    if (!got)
        got = map_own(s, top.a - len, len,
                      LINUX_MAP_FIXED_NOREPLACE | LINUX_MAP_GROWSDOWN | LINUX_MAP_STACK |
                          LINUX_MAP_NORESERVE,
                      &attr);
    lock_release(&s->lock);
    return got < 0 ? got : 0;
}

/* ---- brk ---- */

gva space_set_brk(struct space *s, gva start)
{
    lock_acquire(&s->lock);
    s->start_brk = page_up(start.a) + s->brk_random;
    s->brk = s->start_brk;
    lock_release(&s->lock);
    return gva_of(s->start_brk);
}

static bool data_limit_allows(const struct space *s, uint64_t brk)
{
    struct linux_rlimit data;
    if (host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_DATA, 0, (uintptr_t)&data, 0, 0) < 0)
        return true;
    return brk - s->start_brk <= data.rlim_cur;
}

static int brk_grow(struct space *s, uint64_t from, uint64_t to)
{
    static const struct vma_attr attr = {
        .prot = LINUX_PROT_READ | LINUX_PROT_WRITE,
        .may_prot = PROT_ALL,
        .flags = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS,
        .name = "[heap]",
    };
    /* Linux keeps one page free above the heap. */
    if (to > GUEST_MAX - GUEST_PAGE || !hint_is_free(s, from, to + GUEST_PAGE - from))
        return -LINUX_ENOMEM;
    int err = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    if (err)
        return err;
    long got =
        map_own(s, from, to - from, LINUX_MAP_FIXED_NOREPLACE | space_future_flags(s), &attr);
    if (got >= 0)
        space_lock_new(s, from, to - from);
    return got < 0 ? (int)got : 0;
}

static int brk_shrink(struct space *s, uint64_t from, uint64_t to)
{
    int err = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    if (err)
        return err;
    long got = host_syscall(LINUX_SYS_munmap, to, from - to, 0, 0, 0, 0);
    if (got < 0)
        return (int)got;
    bool had_code = vma_any(&s->vmas, to, from, LINUX_PROT_EXEC, 0);
    vma_unmap(&s->vmas, to, from);
    space_tell_unmap(s, to, from - to, had_code);
    return 0;
}

long space_brk(struct space *s, gva brk)
{
    lock_acquire(&s->lock);
    uint64_t old_end = page_up(s->brk), new_end = page_up(brk.a);
    if (brk.a >= s->start_brk && brk.a < GUEST_MAX && data_limit_allows(s, brk.a)) {
        int err = new_end > old_end   ? brk_grow(s, old_end, new_end)
                  : new_end < old_end ? brk_shrink(s, old_end, new_end)
                                      : 0;
        if (!err)
            s->brk = brk.a;
    }
    long now = (long)s->brk;
    lock_release(&s->lock);
    return now;
}

/* ---- for views ---- */

bool space_next(struct space *s, gva addr, struct mapping *out)
{
    lock_acquire(&s->lock);
    struct vma *v = vma_above(&s->vmas, addr.a);
    while (v && (v->attr.flags & VMA_FOREIGN))
        v = vma_next(v);
    if (v)
        space_sync_grown(s, v);
    if (v)
        *out = (struct mapping){
            .start = gva_of(v->node.start),
            .len = v->node.end - v->node.start,
            .prot = v->attr.prot,
            .may_prot = v->attr.may_prot,
            .flags = (int)(v->attr.flags & ~(VMA_SHM | VMA_DONTFORK)),
            .name = v->attr.name,
        };
    lock_release(&s->lock);
    return v != NULL;
}
