/*
 * io_uring: requests stand in memory that the guest and the host kernel share,
 * so those whose form differs, or that name files, are changed there just
 * before io_uring_enter hands them over, and changed back after it (io_uring(7)).
 * The rings are found where the guest maps them; accesses go through
 * uaccess, as the guest may have unmapped them again.
 *
 * Refused with EINVAL, which libraries know to do without: a kernel thread
 * that takes requests by itself (IORING_SETUP_SQPOLL), rings named by a
 * registered number, rings that are resized.
 */
#include <string.h>

#include "base/alloc.h"
#include "host/host.h"
#include "kernel/path.h"
#include "kernel/signal.h"
#include "sys/sys.h"

/* What can be mapped of a ring, by offset. */
#define OFF_SQ_RING 0ull
#define OFF_SQES 0x10000000ull

struct io_ring {
    struct io_ring *next;
    int fd;
    uint32_t flags;   /* LINUX_IORING_SETUP_* */
    uint32_t entries; /* a power of two */
    struct linux_io_sqring_offsets off;
    gva ring, sqes; /* 0 until mapped */
};

/* ---- rings by descriptor ---- */

static struct io_ring *ring_find(int fd)
{
    struct io_ring *r = current->group->rings;

    while (r && r->fd != fd)
        r = r->next;
    return r;
}

/* A copy: another thread may make a new ring of the same number meanwhile. */
static bool ring_get(int fd, struct io_ring *copy)
{
    struct group *g = current->group;

    lock_acquire(&g->lock);
    struct io_ring *r = ring_find(fd);
    if (r)
        *copy = *r;
    lock_release(&g->lock);
    return r && r->ring.a && r->sqes.a;
}

/* Descriptors are closed without our seeing it; a number that comes again is a new ring's. */
static int ring_add(int fd, const struct linux_io_uring_params *p)
{
    struct group *g = current->group;
    struct io_ring *fresh = mem_alloc(sizeof(*fresh));

    if (!fresh)
        return -LINUX_ENOMEM;
    lock_acquire(&g->lock);
    struct io_ring *r = ring_find(fd);
    if (!r) {
        r = fresh;
        fresh = NULL;
        r->next = g->rings;
        g->rings = r;
    }
    r->fd = fd;
    r->flags = p->flags;
    r->entries = p->sq_entries;
    r->off = p->sq_off;
    r->ring = r->sqes = gva_of(0);
    if (p->flags & LINUX_IORING_SETUP_NO_MMAP) {
        r->ring = gva_of(p->cq_off.user_addr);
        r->sqes = gva_of(p->sq_off.user_addr);
    }
    lock_release(&g->lock);
    mem_free(fresh);
    return 0;
}

void sys_uring_mapped(int fd, uint64_t offset, gva at)
{
    struct group *g = current->group;

    lock_acquire(&g->lock);
    struct io_ring *r = ring_find(fd);
    if (r && offset == OFF_SQ_RING)
        r->ring = at;
    if (r && offset == OFF_SQES)
        r->sqes = at;
    lock_release(&g->lock);
}

long sys_io_uring_setup(uint32_t entries, gva params)
{
    struct linux_io_uring_params p;

    if (UGET(&p, params))
        return -LINUX_EFAULT;
    if (p.flags & LINUX_IORING_SETUP_SQPOLL)
        return -LINUX_EINVAL;
    if (p.flags & LINUX_IORING_SETUP_NO_MMAP) {
        p.sq_off.user_addr = sys_pointer(p.sq_off.user_addr, 1);
        p.cq_off.user_addr = sys_pointer(p.cq_off.user_addr, 1);
    }
    long fd = SYS_HOST(entries, &p);
    if (fd < 0)
        return fd;
    int rc = ring_add((int)fd, &p);
    if (rc == 0 && UPUT(params, &p))
        rc = -LINUX_EFAULT;
    if (rc < 0)
        host_syscall(LINUX_SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    return rc < 0 ? rc : fd;
}

/* ---- one request ---- */

enum field { IN_ADDR, IN_OFF, IN_ADDR3 };
enum dirfd { AT_CWD, AT_FD, AT_LEN };

/* Where a request has its paths; a second row of the same opcode is its second path. */
static const struct uring_path {
    uint8_t opcode, field, dirfd;
    uint8_t how;
} uring_paths[] = {
    {LINUX_IORING_OP_OPENAT, IN_ADDR, AT_FD, PATH_FOLLOW},
    {LINUX_IORING_OP_OPENAT2, IN_ADDR, AT_FD, PATH_FOLLOW},
    {LINUX_IORING_OP_STATX, IN_ADDR, AT_FD, PATH_FOLLOW},
    {LINUX_IORING_OP_RENAMEAT, IN_ADDR, AT_FD, PATH_NOFOLLOW},
    {LINUX_IORING_OP_RENAMEAT, IN_OFF, AT_LEN, PATH_NOFOLLOW | PATH_CREATE},
    {LINUX_IORING_OP_UNLINKAT, IN_ADDR, AT_FD, PATH_NOFOLLOW},
    {LINUX_IORING_OP_MKDIRAT, IN_ADDR, AT_FD, PATH_NOFOLLOW | PATH_CREATE},
    {LINUX_IORING_OP_SYMLINKAT, IN_OFF, AT_FD, PATH_NOFOLLOW | PATH_CREATE},
    {LINUX_IORING_OP_LINKAT, IN_ADDR, AT_FD, PATH_NOFOLLOW},
    {LINUX_IORING_OP_LINKAT, IN_OFF, AT_LEN, PATH_NOFOLLOW | PATH_CREATE},
    {LINUX_IORING_OP_SETXATTR, IN_ADDR3, AT_CWD, PATH_NO_DIRFD},
    {LINUX_IORING_OP_GETXATTR, IN_ADDR3, AT_CWD, PATH_NO_DIRFD},
};

/* Requests whose address is one of memory, and those of them whose length is in bytes. */
#define OP(name) (1ull << LINUX_IORING_OP_##name)
#define ADDRESSED                                                                                  \
    (OP(READV) | OP(WRITEV) | OP(READ_FIXED) | OP(WRITE_FIXED) | OP(SENDMSG) | OP(RECVMSG) |       \
     OP(TIMEOUT) | OP(ACCEPT) | OP(LINK_TIMEOUT) | OP(CONNECT) | OP(READ) | OP(WRITE) | OP(SEND) | \
     OP(RECV) | OP(PROVIDE_BUFFERS))
#define IN_BYTES (OP(READ_FIXED) | OP(WRITE_FIXED) | OP(READ) | OP(WRITE) | OP(SEND) | OP(RECV))

/* A request that was changed: what it was, and what it now points at. */
struct change {
    struct change *next;
    gva at;
    struct linux_io_uring_sqe before;
    struct host_uring_extra extra;
    struct path path[2];
};

static uint64_t *field_of(struct linux_io_uring_sqe *sqe, enum field field)
{
    return field == IN_ADDR ? &sqe->addr : field == IN_OFF ? &sqe->off : &sqe->addr3;
}

static unsigned path_how(const struct uring_path *row, const struct linux_io_uring_sqe *sqe)
{
    unsigned how = row->how;

    if (sqe->opcode == LINUX_IORING_OP_OPENAT && sqe->op_flags & LINUX_O_CREAT)
        how |= PATH_CREATE;
    if (sqe->opcode == LINUX_IORING_OP_OPENAT && sqe->op_flags & LINUX_O_NOFOLLOW)
        how |= PATH_NOFOLLOW;
    if (sqe->opcode == LINUX_IORING_OP_STATX && sqe->op_flags & LINUX_AT_SYMLINK_NOFOLLOW)
        how |= PATH_NOFOLLOW;
    return how;
}

/* Paths, addresses, the host's form: what of them changes sqe. 0 or -LINUX_Exxx. */
static long request_convert(struct linux_io_uring_sqe *sqe, struct change *c)
{
    unsigned paths = 0;

    for (unsigned i = 0; i < ARRAY_LEN(uring_paths); i++) {
        const struct uring_path *row = &uring_paths[i];
        if (row->opcode != sqe->opcode)
            continue;
        uint64_t *name = field_of(sqe, row->field);
        int dirfd = row->dirfd == AT_FD    ? sqe->fd
                    : row->dirfd == AT_LEN ? (int)sqe->len
                                           : LINUX_AT_FDCWD;
        struct path *p = &c->path[paths++];
        long rc = sys_path(p, dirfd, gva_of(sys_pointer(*name, 1)), path_how(row, sqe));
        if (rc < 0)
            return rc;
        *name = (uint64_t)p->name;
        if (row->dirfd == AT_FD)
            sqe->fd = p->dirfd;
        if (row->dirfd == AT_LEN)
            sqe->len = (uint32_t)p->dirfd;
    }
    if (sqe->opcode < 64 && ADDRESSED >> sqe->opcode & 1)
        sqe->addr = sys_pointer(sqe->addr, IN_BYTES >> sqe->opcode & 1 ? sqe->len : 1);
    return host_uring_request(sqe, &c->extra);
}

/* No request has this number: the host completes it with EINVAL. */
#define NO_OPCODE 0xff

static void request_visit(gva at, struct linux_io_uring_sqe sqe, struct change **changes)
{
    struct change *c = mem_alloc(sizeof(*c));

    if (!c)
        return;
    c->at = at;
    c->before = sqe;
    /* What cannot be converted is completed with an error of the host's, in its turn. */
    if (request_convert(&sqe, c) < 0)
        sqe.opcode = NO_OPCODE;
    if (!memcmp(&sqe, &c->before, sizeof(sqe)) || UPUT(at, &sqe)) {
        mem_free(c);
        return;
    }
    c->next = *changes;
    *changes = c;
}

/* Reads and writes, which most are, are only looked at; what may be changed is visited. */
static bool request_needs_visit(const struct linux_io_uring_sqe *sqe)
{
    if (sqe->opcode >= 64)
        return false;
    if (ADDRESSED >> sqe->opcode & 1)
        return !gva_range_ok(gva_of(sqe->addr), IN_BYTES >> sqe->opcode & 1 ? sqe->len : 1);
    return (OP(OPENAT) | OP(STATX) | OP(OPENAT2) | OP(EPOLL_CTL) | OP(RENAMEAT) | OP(UNLINKAT) |
            OP(MKDIRAT) | OP(SYMLINKAT) | OP(LINKAT) | OP(SETXATTR) | OP(GETXATTR) |
            OP(EPOLL_WAIT)) >>
               sqe->opcode &
           1;
}

/* The next `count` requests that the host kernel will take. */
static struct change *requests_convert(const struct io_ring *r, uint32_t count)
{
    struct change *changes = NULL;
    uint32_t head, tail, mask = r->entries - 1;
    unsigned shift = r->flags & LINUX_IORING_SETUP_SQE128 ? 7 : 6;

    if (UGET(&head, gva_add(r->ring, r->off.head)) || UGET(&tail, gva_add(r->ring, r->off.tail)))
        return NULL;
    count = count < tail - head ? count : tail - head;
    count = count < r->entries ? count : r->entries;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t slot = (head + i) & mask;
        struct linux_io_uring_sqe sqe;
        if (!(r->flags & LINUX_IORING_SETUP_NO_SQARRAY) &&
            UGET(&slot, gva_add(r->ring, r->off.array + slot * sizeof(slot))))
            break;
        gva at = gva_add(r->sqes, (uint64_t)slot << shift);
        if (slot <= mask && !UGET(&sqe, at) && request_needs_visit(&sqe))
            request_visit(at, sqe, &changes);
    }
    return changes;
}

/* The guest finds its requests as it left them, taken or not. */
static void requests_restore(struct change *changes)
{
    while (changes) {
        struct change *next = changes->next;
        int gone = UPUT(changes->at, &changes->before);
        (void)gone; /* unmapped meanwhile: nothing to restore */
        mem_free(changes);
        changes = next;
    }
}

/* ---- io_uring_enter ---- */

/* Reads the mask and the time to wait out of either form of the last two arguments. */
static long wait_argument(uint32_t flags, gva arg, uint64_t size,
                          struct linux_io_uring_getevents_arg *wait)
{
    *wait = (struct linux_io_uring_getevents_arg){.sigmask = arg.a, .sigmask_sz = (uint32_t)size};
    if (!(flags & LINUX_IORING_ENTER_GETEVENTS))
        wait->sigmask = 0; /* not looked at */
    if (!(flags & LINUX_IORING_ENTER_GETEVENTS) || !(flags & LINUX_IORING_ENTER_EXT_ARG) || !arg.a)
        return 0;
    if (size != sizeof(*wait))
        return -LINUX_EINVAL;
    if (UGET(wait, arg))
        return -LINUX_EFAULT;
    wait->ts = sys_pointer(wait->ts, sizeof(struct linux_timespec));
    return 0;
}

long sys_io_uring_enter(int fd, uint32_t submit, uint32_t wait_for, uint32_t flags, gva arg,
                        uint64_t size)
{
    struct linux_io_uring_getevents_arg wait;
    struct io_ring ring;
    struct change *changes = NULL;
    linux_sigset set = 0;
    long rc;

    if (flags & LINUX_IORING_ENTER_EXT_ARG_REG)
        return SYS_HOST(fd, submit, wait_for, flags, arg.a, size);
    rc = wait_argument(flags, arg, size, &wait);
    if (rc == 0 && wait.sigmask && wait.sigmask_sz != sizeof(set))
        rc = -LINUX_EINVAL;
    if (rc == 0 && wait.sigmask && UGET(&set, gva_of(wait.sigmask)))
        rc = -LINUX_EFAULT;
    if (rc < 0) {
        /* Whether there is a ring comes first. */
        long no_ring = SYS_HOST(fd, 0, 0, 0, 0, 0);
        return no_ring < 0 ? no_ring : rc;
    }
    if (wait.sigmask) {
        rc = signal_wait_begin(current, set);
        if (rc < 0)
            return rc;
        set &= ~HOST_SYNC_MASK;
    }

    bool masked = wait.sigmask != 0;
    wait.sigmask = masked ? (uint64_t)&set : 0;
    if (submit && ring_get(fd, &ring))
        changes = requests_convert(&ring, submit);
    if (flags & LINUX_IORING_ENTER_EXT_ARG && arg.a)
        rc = SYS_HOST(fd, submit, wait_for, flags, &wait, sizeof(wait));
    else
        rc = SYS_HOST(fd, submit, wait_for, flags, wait.sigmask, sizeof(set));
    requests_restore(changes);
    return masked ? signal_wait_end(current, rc) : rc;
}

/* ---- io_uring_register ---- */

long sys_io_uring_register(int fd, uint32_t opcode, gva arg, uint32_t count)
{
    uint64_t at = arg.a;

    /* Larger numbers carry a bit that says that fd is a registered one. */
    if (opcode == LINUX_IORING_REGISTER_RING_FDS || opcode == LINUX_IORING_REGISTER_RESIZE_RINGS ||
        opcode >> 31)
        return -LINUX_EINVAL;
    if (opcode == LINUX_IORING_REGISTER_BUFFERS)
        at = sys_iovec(at, count);
    return SYS_HOST(fd, opcode, at, count);
}
