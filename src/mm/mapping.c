/*
 * The calls of the mmap family. Each one picks an address where Linux would,
 * asks the host to do it at exactly that address, and then writes into the
 * tree what the host has done; so a refusal leaves the tree as it was, and
 * other threads never see a page missing in between (the host replaces and
 * moves atomically). The checks of arguments are the host kernel's own, in
 * its own order: where we have no address to offer, the host is asked at one
 * where it must fail (NOWHERE), and any earlier error comes first.
 */
#include "mm/space_internal.h"

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/types.h"
#include "host/host.h"

#define PROT_ALL (LINUX_PROT_READ | LINUX_PROT_WRITE | LINUX_PROT_EXEC)
#define PAGE_OFFSET (GUEST_PAGE - 1)

/* The size of huge pages wanted with MAP_HUGETLB, as a power of two; 0: the default. */
#define MAP_HUGE_SHIFT 26
#define MAP_HUGE_MASK 0x3f
#define HUGE_PAGE (2ull << 20)
#define HUGETLBFS_MAGIC 0x958458f6u

/*
 * PROT_EXEC stays on the host's mapping: so noexec mounts, sealed memfds and security modules
 * refuse what they refuse natively, and the host's own maps file shows the guest's rights. An
 * execute-only page must still be readable, for engines fetch by reading; on arm64 it is as well.
 */
static uint64_t host_prot(int prot)
{
    return (uint64_t)((prot & PROT_ALL) == LINUX_PROT_EXEC ? prot | LINUX_PROT_READ : prot);
}

static bool has_code(const struct space *s, uint64_t start, uint64_t len)
{
    return vma_any(&s->vmas, start, start + len, LINUX_PROT_EXEC, 0);
}

/* ---- mmap ---- */

/* MEMORY.md's cap: what Linux's do_mmap leaves of VM_MAY*. The host enforces it; this is its record. */
static int cap_of(int prot, int flags, int fd)
{
    int type = flags & LINUX_MAP_TYPE;
    if ((flags & LINUX_MAP_ANONYMOUS) ||
        (type != LINUX_MAP_SHARED && type != LINUX_MAP_SHARED_VALIDATE))
        return PROT_ALL;
    long mode = host_syscall(LINUX_SYS_fcntl, (uint64_t)fd, LINUX_F_GETFL, 0, 0, 0, 0);
    if (mode >= 0 && (mode & LINUX_O_ACCMODE) == LINUX_O_RDONLY)
        return PROT_ALL & ~LINUX_PROT_WRITE;
    if (prot & LINUX_PROT_WRITE)
        return PROT_ALL;
    long seals = host_syscall(LINUX_SYS_fcntl, (uint64_t)fd, LINUX_F_GET_SEALS, 0, 0, 0, 0);
    return seals >= 0 && (seals & (LINUX_F_SEAL_WRITE | LINUX_F_SEAL_FUTURE_WRITE))
               ? PROT_ALL & ~LINUX_PROT_WRITE
               : PROT_ALL;
}

/* Every mapping of a file has a base of its own, so that it never merges with another file's. */
static struct vma_attr attr_of(struct space *s, int prot, int flags, int fd)
{
    int type = flags & LINUX_MAP_TYPE;
    bool shared = type == LINUX_MAP_SHARED || type == LINUX_MAP_SHARED_VALIDATE;
    return (struct vma_attr){
        .prot = prot & PROT_ALL,
        .may_prot = cap_of(prot, flags, fd),
        .flags = (uint32_t)((shared ? LINUX_MAP_SHARED : LINUX_MAP_PRIVATE) |
                            (flags & (LINUX_MAP_ANONYMOUS | LINUX_MAP_GROWSDOWN))),
        .base = flags & LINUX_MAP_ANONYMOUS ? 0 : ++s->file_serial,
    };
}

/* The granule of a mapping's length and address, as far as the arguments tell. */
static uint64_t granule_of(int flags)
{
    if (!(flags & LINUX_MAP_HUGETLB))
        return GUEST_PAGE;
    unsigned shift = ((unsigned)flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
    return shift > 12 && shift < 46 ? 1ull << shift : HUGE_PAGE;
}

/* A file on hugetlbfs is mapped in its own granule, which no flag tells. */
static uint64_t file_granule(int fd)
{
    struct linux_statfs fs;
    if (host_syscall(LINUX_SYS_fstatfs, (uint64_t)fd, (uintptr_t)&fs, 0, 0, 0, 0) < 0 ||
        (uint32_t)fs.f_type != HUGETLBFS_MAGIC)
        return GUEST_PAGE;
    return (uint64_t)fs.f_bsize;
}

struct map_request {
    uint64_t addr, len;
    int prot, flags, fd;
    uint64_t offset;
    uint64_t bytes, granule; /* what the tree books */
};

static long host_mmap(const struct map_request *r, uint64_t at, int more_flags)
{
    return host_syscall(LINUX_SYS_mmap, at, r->len, host_prot(r->prot & PROT_ALL),
                        (uint64_t)(r->flags | more_flags), (uint64_t)r->fd, r->offset);
}

static long map_fixed(struct space *s, const struct map_request *r)
{
    bool fits = r->bytes && r->bytes <= GUEST_MAX && r->addr <= GUEST_MAX - r->bytes;
    if (fits && r->addr < GUEST_MIN && !(r->addr & PAGE_OFFSET)) {
        long got = host_mmap(r, NOWHERE, LINUX_MAP_FIXED);
        return got == -LINUX_ENOMEM ? -LINUX_EPERM : got; /* below vm.mmap_min_addr */
    }
    if (!fits || space_foreign(s, r->addr, r->bytes))
        return host_mmap(r, NOWHERE, LINUX_MAP_FIXED);
    return host_mmap(r, r->addr, space_future_flags(s));
}

/*
 * Linux puts anonymous mappings of whole huge pages at a boundary where it
 * can use them, if the guest has no wish of its own.
 */
static uint64_t choose_place(const struct space *s, const struct map_request *r)
{
    uint64_t hint = page_down(r->addr);
    if (!hint && (r->flags & LINUX_MAP_ANONYMOUS) && r->granule == GUEST_PAGE &&
        (r->flags & LINUX_MAP_TYPE) == LINUX_MAP_PRIVATE && r->bytes % HUGE_PAGE == 0) {
        uint64_t at = space_place(s, 0, r->bytes, HUGE_PAGE);
        if (at != NOWHERE)
            return at;
    }
    return space_place(s, hint, r->bytes, r->granule);
}

/*
 * A place for a call that replaces what it finds (mremap, MAP_FIXED), so
 * nothing that the tree does not know may be there: below an area that grows
 * down, the host is asked first.
 */
static uint64_t place_to_replace(struct space *s, uint64_t hint, uint64_t bytes)
{
    uint64_t at = space_place(s, hint, bytes, GUEST_PAGE);
    struct vma *above = at == NOWHERE ? NULL : vma_above(&s->vmas, at);
    if (at == NOWHERE || (!s->bottom_up && !(above && (above->attr.flags & LINUX_MAP_GROWSDOWN))))
        return at;
    if (above)
        space_sync_grown(s, above);
    if (s->bottom_up && space_adopt(s, at, 0) < 0)
        return NOWHERE;
    return space_place(s, hint, bytes, GUEST_PAGE);
}

static long map_anywhere(struct space *s, const struct map_request *r)
{
    /* MAP_SHARED_VALIDATE does not know MAP_FIXED_NOREPLACE. */
    if ((r->flags & LINUX_MAP_TYPE) == LINUX_MAP_SHARED_VALIDATE)
        return host_mmap(r, place_to_replace(s, page_down(r->addr), r->bytes),
                         LINUX_MAP_FIXED | space_future_flags(s));
    for (;;) {
        uint64_t at = choose_place(s, r);
        long got = host_mmap(r, at, LINUX_MAP_FIXED_NOREPLACE | space_future_flags(s));
        if (got != -LINUX_EEXIST)
            return got;
        /* Something is there that the tree does not know: each turn adds at least that to it. */
        int err = space_adopt(s, at, r->bytes);
        if (err)
            return err;
    }
}

/*
 * Some files choose their place themselves and refuse any that is asked for
 * (rings of io_uring); they can be told to choose in the guest's range.
 */
static long map_where_the_file_wants(struct space *s, const struct map_request *r)
{
    long got = host_mmap_low(r->len, host_prot(r->prot & PROT_ALL), r->flags, r->fd, r->offset);
    if (got < 0)
        return got;
    uint64_t at = (uint64_t)got;
    struct vma *v = vma_above(&s->vmas, at);
    if (gva_range_ok(gva_of(at), r->bytes) && (!v || v->node.start >= at + r->bytes))
        return got;
    host_syscall(LINUX_SYS_munmap, at, r->bytes, 0, 0, 0, 0);
    return -LINUX_EINVAL;
}

long space_mmap(struct space *s, gva addr, uint64_t len, int prot, int flags, int fd,
                uint64_t offset)
{
    struct map_request r = {addr.a, len, prot, flags, fd, offset, 0, granule_of(flags)};
    bool fixed = flags & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE);
    r.bytes = (len + r.granule - 1) & ~(r.granule - 1);

    lock_acquire(&s->lock);
    long got = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    if (!got)
        got = fixed ? map_fixed(s, &r) : map_anywhere(s, &r);
    if (got == -LINUX_EINVAL && !fixed && len && !(flags & LINUX_MAP_ANONYMOUS) &&
        (r.granule = file_granule(fd)) > GUEST_PAGE) {
        r.bytes = (len + r.granule - 1) & ~(r.granule - 1);
        got = map_anywhere(s, &r);
    }
    if (got == -LINUX_EINVAL && !fixed && len && !(flags & LINUX_MAP_ANONYMOUS))
        got = map_where_the_file_wants(s, &r);
    if (got >= 0) {
        uint64_t at = (uint64_t)got;
        struct vma_attr attr = attr_of(s, space_prot(s, prot), flags, fd);
        bool had_code = has_code(s, at, r.bytes);
        vma_map(&s->vmas, at, at + r.bytes, &attr);
        space_tell_map(s, at, r.bytes, attr.prot, had_code);
        space_lock_new(s, at, r.bytes);
    }
    lock_release(&s->lock);
    return got;
}

/* ---- munmap ---- */

long space_munmap(struct space *s, gva addr, uint64_t len)
{
    uint64_t bytes = page_up(len);
    if ((addr.a & PAGE_OFFSET) || len > GUEST_MAX || addr.a > GUEST_MAX - len || !bytes)
        return -LINUX_EINVAL;

    lock_acquire(&s->lock);
    long got = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    if (!got)
        got = space_foreign(s, addr.a, bytes)
                  ? -LINUX_EINVAL
                  : host_syscall(LINUX_SYS_munmap, addr.a, bytes, 0, 0, 0, 0);
    if (got >= 0) {
        bool had_code = has_code(s, addr.a, bytes);
        vma_unmap(&s->vmas, addr.a, addr.a + bytes);
        space_tell_unmap(s, addr.a, bytes, had_code);
    }
    lock_release(&s->lock);
    return got;
}

/* ---- mprotect ---- */

/* The host found all of [start, end) mapped: holes in the tree are stacks that have grown. */
static void fill_grown(struct space *s, uint64_t start, uint64_t end)
{
    while (start < end) {
        struct vma *v = vma_above(&s->vmas, start);
        if (!v)
            return;
        if (v->node.start > start && (v->attr.flags & LINUX_MAP_GROWSDOWN))
            vma_grow_down(&s->vmas, v, start);
        start = v->node.end;
    }
}

static void note_protect(struct space *s, uint64_t start, uint64_t end, int prot)
{
    fill_grown(s, start, end);
    prot = space_prot(s, prot);
    bool had_code = has_code(s, start, end - start);
    vma_protect(&s->vmas, start, end, prot & PROT_ALL);
    if (!s->engine->protect)
        return;
    if (prot & LINUX_PROT_EXEC) {
        start = space_code_start(s, start);
        s->engine->protect(gva_of(start), end - start, prot & PROT_ALL);
    } else if (had_code || s->code_ahead) {
        s->engine->protect(gva_of(start), end - start, prot & PROT_ALL);
    }
}

static long host_mprotect(uint64_t start, uint64_t end, int prot)
{
    return host_syscall(LINUX_SYS_mprotect, start, end - start, host_prot(prot), 0, 0, 0);
}

/*
 * The host refused somewhere in the range and kept what it had done before
 * that. Area by area the same request ends at the same place and tells where.
 */
static long protect_stepwise(struct space *s, uint64_t start, uint64_t end, int prot)
{
    while (start < end) {
        struct vma *v = vma_above(&s->vmas, start);
        if (!v || v->node.start >= end ||
            (v->node.start > start && !(v->attr.flags & LINUX_MAP_GROWSDOWN)) ||
            (v->attr.flags & VMA_FOREIGN))
            return -LINUX_ENOMEM;
        uint64_t to = v->node.end < end ? v->node.end : end;
        long got = host_mprotect(start, to, prot);
        if (got >= 0)
            got = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
        if (got < 0)
            return got;
        note_protect(s, start, to, prot);
        start = to;
    }
    return -LINUX_ENOMEM;
}

/* Does the range hold what is not the guest's, so that the host must not be given all of it? */
static bool beyond_guest(const struct space *s, uint64_t start, uint64_t end)
{
    return end > GUEST_MAX || space_foreign(s, start, end - start);
}

static bool covered_by_one(const struct space *s, uint64_t start, uint64_t end)
{
    const struct vma *v = vma_at(&s->vmas, start);
    return v && v->node.end >= end;
}

/* PROT_GROWSDOWN means the whole area that grows down, from wherever it starts now. */
static long protect_growsdown(struct space *s, uint64_t start, uint64_t end, int prot)
{
    struct vma *v = vma_above(&s->vmas, start);
    if (!v || v->node.start >= end)
        return -LINUX_ENOMEM;
    if (!(v->attr.flags & LINUX_MAP_GROWSDOWN))
        return -LINUX_EINVAL;
    if (v->node.start < start)
        start = v->node.start;
    if (beyond_guest(s, start, end))
        return protect_stepwise(s, start, end, prot & ~LINUX_PROT_GROWSDOWN);
    long got = host_mprotect(start, end, prot);
    if (got >= 0)
        note_protect(s, start, end, prot & ~LINUX_PROT_GROWSDOWN);
    return got;
}

long space_mprotect(struct space *s, gva addr, uint64_t len, int prot)
{
    const int grows = LINUX_PROT_GROWSDOWN | LINUX_PROT_GROWSUP;
    uint64_t start = addr.a, end = start + page_up(len);

    if ((prot & grows) == grows || (start & PAGE_OFFSET))
        return -LINUX_EINVAL;
    if (!len)
        return 0;
    if (end <= start)
        return -LINUX_ENOMEM;
    if (prot & ~(PROT_ALL | LINUX_PROT_SEM | grows))
        return -LINUX_EINVAL;
    if (start >= GUEST_MAX)
        return -LINUX_ENOMEM;

    lock_acquire(&s->lock);
    long got = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    if (got) {
        /* nothing was done */
    } else if (prot & LINUX_PROT_GROWSUP) {
        got =
            vma_at(&s->vmas, start) ? -LINUX_EINVAL : -LINUX_ENOMEM; /* no area grows up on arm64 */
    } else if (prot & LINUX_PROT_GROWSDOWN) {
        got = protect_growsdown(s, start, end, prot);
    } else if (beyond_guest(s, start, end)) {
        got = protect_stepwise(s, start, end, prot);
    } else {
        got = host_mprotect(start, end, prot);
        if (got >= 0)
            note_protect(s, start, end, prot);
        else if (!covered_by_one(s, start, end))
            got = protect_stepwise(s, start, end, prot);
    }
    lock_release(&s->lock);
    return got;
}

/* ---- mremap ---- */

struct move {
    uint64_t from, old_bytes, to, new_bytes;
    int flags;
};

static long host_mremap(const struct move *m, uint64_t old, int flags, uint64_t new)
{
    return host_syscall(LINUX_SYS_mremap, old, m->old_bytes, m->new_bytes, (uint64_t)flags, new, 0);
}

/* The host grew or shrank the mapping where it is. */
static void note_resize(struct space *s, const struct move *m)
{
    uint64_t old_end = m->from + m->old_bytes, new_end = m->from + m->new_bytes;
    const struct vma *v = vma_at(&s->vmas, m->from);

    if (new_end > old_end && v) {
        struct vma_attr attr = v->attr;
        vma_map(&s->vmas, old_end, new_end, &attr);
        space_tell_map(s, old_end, new_end - old_end, attr.prot, false);
    } else if (new_end < old_end) {
        bool had_code = has_code(s, new_end, old_end - new_end);
        vma_unmap(&s->vmas, new_end, old_end);
        space_tell_unmap(s, new_end, old_end - new_end, had_code);
    }
}

/* Tells the engine of each area by itself. */
static void tell_areas(struct space *s, uint64_t start, uint64_t end)
{
    for (struct vma *v = vma_above(&s->vmas, start); v && v->node.start < end; v = vma_next(v)) {
        uint64_t lo = v->node.start > start ? v->node.start : start;
        uint64_t hi = v->node.end < end ? v->node.end : end;
        space_tell_map(s, lo, hi - lo, v->attr.prot, false);
    }
}

/* What note_move takes, beside a node for each area moved: a copy, a grown tail, a removal. */
#define RESERVE_MOVE (3 * VMA_RESERVE_CHANGE)

/* The host moved (or, with old_bytes 0 or DONTUNMAP, doubled) the mapping. */
static void note_move(struct space *s, const struct move *m)
{
    uint64_t keep = m->old_bytes < m->new_bytes ? m->old_bytes : m->new_bytes;
    bool had_code = has_code(s, m->to, m->new_bytes);

    if (keep) {
        fill_grown(s, m->from, m->from + m->old_bytes);
        vma_copy(&s->vmas, m->from, keep, m->to);
    }
    const struct vma *v = vma_at(&s->vmas, keep ? m->to + keep - 1 : m->from);
    struct vma_attr attr = v ? v->attr : (struct vma_attr){.flags = LINUX_MAP_PRIVATE};
    if (!keep && (attr.flags & VMA_SHM))
        attr.base += m->to - m->from;
    if (m->new_bytes > keep)
        vma_map(&s->vmas, m->to + keep, m->to + m->new_bytes, &attr);

    bool moved_code = has_code(s, m->to, m->new_bytes);
    space_tell_unmap(s, m->to, m->new_bytes, had_code);
    if (moved_code)
        tell_areas(s, m->to, m->to + m->new_bytes);
    if (m->old_bytes && !(m->flags & LINUX_MREMAP_DONTUNMAP))
        vma_unmap(&s->vmas, m->from, m->from + m->old_bytes);
    space_tell_unmap(s, m->from, m->old_bytes, moved_code);
}

/* The first area of [start, end) that the tree has and the host has lost; its part of the range in *lo, *hi. */
static bool find_lost(struct space *s, uint64_t start, uint64_t end, uint64_t *lo, uint64_t *hi)
{
    for (struct vma *v = vma_above(&s->vmas, start); v && v->node.start < end; v = vma_next(v)) {
        *lo = v->node.start > start ? v->node.start : start;
        *hi = v->node.end < end ? v->node.end : end;
        if (!space_host_has(*lo))
            return true;
    }
    return false;
}

/*
 * A refused mremap may have emptied the destination, cut the source's tail or
 * (Linux 6.17, several areas at once) moved a part, as it does natively.
 */
static void note_failed_move(struct space *s, const struct move *m)
{
    uint64_t keep = m->old_bytes < m->new_bytes ? m->old_bytes : m->new_bytes, lo, hi;

    while (find_lost(s, m->to, m->to + m->new_bytes, &lo, &hi)) {
        bool had_code = has_code(s, lo, hi - lo);
        vma_unmap(&s->vmas, lo, hi);
        space_tell_unmap(s, lo, hi - lo, had_code);
    }
    while (find_lost(s, m->from + keep, m->from + m->old_bytes, &lo, &hi))
        note_resize(s, &(struct move){.from = lo, .old_bytes = hi - lo});
    while (find_lost(s, m->from, m->from + keep, &lo, &hi)) {
        if (vma_reserve(&s->vmas, RESERVE_MOVE + vma_count(&s->vmas, lo, hi)) < 0)
            return;
        note_move(s, &(struct move){lo, hi - lo, lo - m->from + m->to, hi - lo, 0});
    }
}

static long move_to(struct space *s, struct move *m)
{
    long got = host_mremap(m, m->from, m->flags | LINUX_MREMAP_FIXED, m->to);
    if (got >= 0) {
        note_move(s, m);
        space_lock_new(s, m->to, m->new_bytes);
    } else {
        note_failed_move(s, m);
    }
    return got;
}

/* old is the guest's and the lengths fit into its range. */
static long remap(struct space *s, struct move *m)
{
    const int moving = LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP;
    size_t areas = vma_count(&s->vmas, m->from, m->from + m->old_bytes);
    long got = vma_reserve(&s->vmas, RESERVE_MOVE + areas);
    if (got < 0)
        return got;
    if (m->flags & LINUX_MREMAP_FIXED)
        return move_to(s, m);

    bool may_stay = !(m->flags & moving) && (m->old_bytes || !(m->flags & LINUX_MREMAP_MAYMOVE));
    if (may_stay) {
        got = m->from > GUEST_MAX - m->new_bytes
                  ? -LINUX_ENOMEM
                  : host_mremap(m, m->from, m->flags & ~LINUX_MREMAP_MAYMOVE, 0);
        if (got >= 0)
            note_resize(s, m);
        if (got != -LINUX_ENOMEM || !(m->flags & LINUX_MREMAP_MAYMOVE))
            return got;
    }
    /* MREMAP_DONTUNMAP takes the new address for a hint, even without MREMAP_FIXED. */
    uint64_t hint = m->flags & LINUX_MREMAP_DONTUNMAP ? m->to : 0;
    m->to = place_to_replace(s, hint, m->new_bytes);
    if (m->to == NOWHERE)
        return -LINUX_ENOMEM;
    return move_to(s, m);
}

long space_mremap(struct space *s, gva old, uint64_t old_len, uint64_t new_len, int flags,
                  gva new_addr)
{
    struct move m = {old.a, page_up(old_len), new_addr.a, page_up(new_len), flags};
    const int known = LINUX_MREMAP_MAYMOVE | LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP;
    bool fixed = flags & LINUX_MREMAP_FIXED;

    if ((flags & ~known) || (m.from & PAGE_OFFSET) || !m.new_bytes || m.new_bytes > GUEST_MAX)
        return -LINUX_EINVAL;
    if ((flags & ~LINUX_MREMAP_MAYMOVE) && !(flags & LINUX_MREMAP_MAYMOVE))
        return -LINUX_EINVAL;
    if ((flags & LINUX_MREMAP_DONTUNMAP) && m.old_bytes != m.new_bytes)
        return -LINUX_EINVAL;
    if ((flags & ~LINUX_MREMAP_MAYMOVE) &&
        ((m.to & PAGE_OFFSET) || m.to > GUEST_MAX - m.new_bytes ||
         (m.to < m.from + m.old_bytes && m.from < m.to + m.new_bytes)))
        return -LINUX_EINVAL;

    lock_acquire(&s->lock);
    long got;
    if (m.from >= GUEST_MAX || m.from < GUEST_MIN ||
        space_foreign(s, m.from, m.old_bytes ? m.old_bytes : 1))
        got = -LINUX_EFAULT;
    else if (m.old_bytes > GUEST_MAX - m.from || page_up(old_len) < old_len)
        got = vma_at(&s->vmas, m.from) ? -LINUX_EINVAL : -LINUX_EFAULT;
    else if (fixed && m.to < GUEST_MIN)
        got = vma_at(&s->vmas, m.from) ? -LINUX_EPERM : -LINUX_EFAULT;
    else if (fixed && space_foreign(s, m.to, m.new_bytes))
        got = -LINUX_EINVAL;
    else
        got = remap(s, &m);
    lock_release(&s->lock);
    return got;
}

/* ---- advice and other calls on ranges ---- */

long space_range_call(long nr, gva addr, uint64_t len, uint64_t a2, uint64_t a3, uint64_t a4,
                      uint64_t a5)
{
    uint64_t bytes = page_up(len + (addr.a & PAGE_OFFSET));
    bool wraps = bytes < len || addr.a + bytes < addr.a;

    /* Wrapping ranges are refused by the host before it looks at memory. */
    if (wraps || gva_range_ok(addr, bytes))
        return host_syscall(nr, addr.a, len, a2, a3, a4, a5);
    /* Nothing of it is the guest's: the host gets a page that is never mapped. */
    if (addr.a >= GUEST_MAX)
        return host_syscall(nr, addr.a & PAGE_OFFSET, len ? GUEST_PAGE : 0, a2, a3, a4, a5);
    long got = host_syscall(nr, addr.a, GUEST_MAX - addr.a, a2, a3, a4, a5);
    return got < 0 ? got : -LINUX_ENOMEM;
}

static long advise_fork(struct space *s, gva addr, uint64_t len, int advice)
{
    lock_acquire(&s->lock);
    int unready = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    long got = unready ? unready
                       : space_range_call(LINUX_SYS_madvise, addr, len, (uint64_t)advice, 0, 0, 0);
    /* ENOMEM of the host's: done where something is mapped. */
    if (!unready && (got >= 0 || got == -LINUX_ENOMEM)) {
        uint32_t on = advice == LINUX_MADV_DONTFORK ? VMA_DONTFORK : 0;
        vma_flag(&s->vmas, addr.a, addr.a + page_up(len), on, VMA_DONTFORK & ~on);
    }
    lock_release(&s->lock);
    return got;
}

long space_madvise(struct space *s, gva addr, uint64_t len, int advice)
{
    if (advice == LINUX_MADV_DONTFORK || advice == LINUX_MADV_DOFORK)
        return advise_fork(s, addr, len, advice);

    long got = space_range_call(LINUX_SYS_madvise, addr, len, (uint64_t)advice, 0, 0, 0);
    bool changes_contents = advice == LINUX_MADV_DONTNEED || advice == LINUX_MADV_DONTNEED_LOCKED ||
                            advice == LINUX_MADV_FREE || advice == LINUX_MADV_REMOVE;
    if (changes_contents && s->engine->flush && addr.a < GUEST_MAX) {
        uint64_t bytes = len > GUEST_MAX - addr.a ? GUEST_MAX - addr.a : page_up(len);
        lock_acquire(&s->lock);
        bool code = has_code(s, addr.a, bytes);
        lock_release(&s->lock);
        if (code)
            s->engine->flush(addr, bytes);
    }
    return got;
}

/* One host call on each area of the guest, until one is refused. */
static long each_area(struct space *s, long nr, uint64_t arg)
{
    long got = 0;
    for (struct vma *v = vma_above(&s->vmas, 0); v && got >= 0; v = vma_next(v))
        if (!(v->attr.flags & VMA_FOREIGN))
            got = host_syscall(nr, v->node.start, v->node.end - v->node.start, arg, 0, 0, 0);
    return got;
}

static long lock_areas(struct space *s, int flags)
{
    /* Without faulting in, the only errors are the limit's. */
    long got = each_area(s, LINUX_SYS_mlock2, LINUX_MLOCK_ONFAULT);
    if (got < 0) {
        /* Which of them were locked before is known to the host alone: Linux would keep those. */
        (void)each_area(s, LINUX_SYS_munlock, 0);
        return got;
    }
    if (flags & LINUX_MCL_ONFAULT)
        return 0;
    /* Areas that cannot be faulted in (PROT_NONE, past the end of a file) stay locked: no error in Linux. */
    for (struct vma *v = vma_above(&s->vmas, 0); v; v = vma_next(v))
        if (!(v->attr.flags & VMA_FOREIGN))
            (void)host_syscall(LINUX_SYS_mlock, v->node.start, v->node.end - v->node.start, 0, 0, 0,
                               0);
    return 0;
}

long space_mlockall(struct space *s, int flags)
{
    const int known = LINUX_MCL_CURRENT | LINUX_MCL_FUTURE | LINUX_MCL_ONFAULT;
    if (!flags || (flags & ~known) || flags == LINUX_MCL_ONFAULT)
        return -LINUX_EINVAL;

    lock_acquire(&s->lock);
    long got = host_syscall(LINUX_SYS_mlock, 0, 0, 0, 0, 0, 0); /* EPERM: may not lock at all */
    if (got >= 0 && (flags & LINUX_MCL_CURRENT))
        got = lock_areas(s, flags);
    if (got >= 0)
        s->lock_future = flags & ~LINUX_MCL_CURRENT;
    lock_release(&s->lock);
    return got;
}

long space_munlockall(struct space *s)
{
    lock_acquire(&s->lock);
    (void)each_area(s, LINUX_SYS_munlock, 0);
    s->lock_future = 0;
    lock_release(&s->lock);
    return 0;
}

/* ---- System V shared memory ---- */

/* The segment's size, or the error that shmat gives as well. */
static long segment_bytes(int shmid)
{
    struct linux_shmid_ds ds;
    long got =
        host_syscall(LINUX_SYS_shmctl, (uint64_t)shmid, LINUX_IPC_STAT, (uintptr_t)&ds, 0, 0, 0);
    return got < 0 ? got : (long)page_up(ds.shm_segsz);
}

/* at: wanted address, page aligned, when `wanted`. */
static long attach(struct space *s, int shmid, bool wanted, uint64_t at, uint64_t bytes, int flags)
{
    if (wanted && at < GUEST_MIN)
        return -LINUX_EPERM; /* below vm.mmap_min_addr */
    if (wanted && !gva_range_ok(gva_of(at), bytes))
        return -LINUX_ENOMEM;
    if (wanted && space_foreign(s, at, bytes))
        return -LINUX_EINVAL;
    if (!wanted)
        at = place_to_replace(s, 0, bytes);
    if (at == NOWHERE)
        return -LINUX_ENOMEM;
    return host_syscall(LINUX_SYS_shmat, (uint64_t)shmid, at, (uint64_t)flags, 0, 0, 0);
}

long space_shmat(struct space *s, int shmid, gva addr, int flags)
{
    bool unaligned = addr.a & PAGE_OFFSET;
    uint64_t wanted = page_down(addr.a);
    if (shmid < 0 || (!wanted && (flags & LINUX_SHM_REMAP)) ||
        (unaligned && !(flags & LINUX_SHM_RND)))
        return -LINUX_EINVAL;

    long bytes = segment_bytes(shmid);
    if (bytes < 0)
        return bytes;
    lock_acquire(&s->lock);
    long got = vma_reserve(&s->vmas, VMA_RESERVE_CHANGE);
    if (!got)
        got = attach(s, shmid, addr.a != 0, wanted, (uint64_t)bytes, flags);
    if (got >= 0) {
        uint64_t at = (uint64_t)got;
        struct vma_attr attr = {
            .prot = LINUX_PROT_READ | (flags & LINUX_SHM_RDONLY ? 0 : LINUX_PROT_WRITE) |
                    (flags & LINUX_SHM_EXEC ? LINUX_PROT_EXEC : 0),
            .may_prot = flags & LINUX_SHM_RDONLY ? PROT_ALL & ~LINUX_PROT_WRITE : PROT_ALL,
            .flags = LINUX_MAP_SHARED | VMA_SHM,
            .base = at,
        };
        bool had_code = has_code(s, at, (uint64_t)bytes);
        vma_map(&s->vmas, at, at + (uint64_t)bytes, &attr);
        space_tell_map(s, at, (uint64_t)bytes, attr.prot, had_code);
    }
    lock_release(&s->lock);
    return got;
}

long space_shmdt(struct space *s, gva addr)
{
    if (addr.a >= GUEST_MAX)
        return -LINUX_EINVAL;
    lock_acquire(&s->lock);
    long got = host_syscall(LINUX_SYS_shmdt, addr.a, 0, 0, 0, 0, 0);
    struct vma *v = got >= 0 ? vma_above(&s->vmas, addr.a) : NULL;
    while (v) {
        struct vma *next = vma_next(v);
        if ((v->attr.flags & VMA_SHM) && v->attr.base == addr.a) {
            uint64_t start = v->node.start, len = v->node.end - start;
            bool had_code = v->attr.prot & LINUX_PROT_EXEC;
            vma_unmap(&s->vmas, start, start + len);
            space_tell_unmap(s, start, len, had_code);
        }
        v = next;
    }
    lock_release(&s->lock);
    return got;
}
