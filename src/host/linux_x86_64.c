/*
 * The seam for a Linux host on x86-64: arm64 system-call numbers, flags and
 * structures in, the host kernel's out. Nearly all of the interface is the
 * same on both (asm-generic); what differs has one converter here:
 *
 *   numbers              all below 424
 *   open flags           O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_LARGEFILE sit elsewhere
 *   struct stat          order and sizes of fields
 *   struct epoll_event   packed to 12 bytes on x86-64 (include/uapi/linux/eventpoll.h)
 *   struct semid64_ds    padding words (arch/x86/include/uapi/asm/sembuf.h)
 *   ioctl                KVM and the like are refused, TIOCGPTPEER takes open flags, listeners of
 *                        seccomp tell numbers and architecture (notify_x86_64.c)
 *   PROT_BTI             unknown to the host, which refuses it in mprotect
 *   MAP_32BIT            x86-64's alone: what the guest means by that bit is nothing
 *
 * clone and exec are not served here (host/thread.c, kernel/exec.c).
 */
#include "abi/errno.h"
#include "abi/syscalls.h"
#include "host/host_internal.h"

#include <string.h>

#include <asm/stat.h>
#include <asm/unistd.h>

typedef host_enter_fn enter_fn;

static long enter_plain(long nr, const uint64_t *a)
{
    return raw_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long enter_window(long nr, const uint64_t *a)
{
    return host_window_syscall(host_self->poll, nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Changes a[], enters, and changes the result; a[] is its own copy. */
typedef long convert_fn(enter_fn *enter, long nr, uint64_t *a);

/* ---- open flags ---- */

/* Four flags have changed places in two pairs, so the same function serves both directions. */
#define OPEN_LOW (LINUX_O_DIRECTORY | LINUX_O_NOFOLLOW) /* the host's O_DIRECT | O_LARGEFILE */
#define OPEN_HIGH (LINUX_O_DIRECT | LINUX_O_LARGEFILE)  /* the host's O_DIRECTORY | O_NOFOLLOW */
_Static_assert(OPEN_LOW << 2 == OPEN_HIGH, "the pairs are two bits apart");

static uint64_t open_flags(uint64_t flags)
{
    uint64_t rest = flags & ~(uint64_t)(OPEN_LOW | OPEN_HIGH);
    return rest | (flags & OPEN_LOW) << 2 | (flags & OPEN_HIGH) >> 2;
}

static long convert_flags_1(enter_fn *enter, long nr, uint64_t *a)
{
    a[1] = open_flags(a[1]);
    return enter(nr, a);
}

static long convert_flags_2(enter_fn *enter, long nr, uint64_t *a)
{
    a[2] = open_flags(a[2]);
    return enter(nr, a);
}

static long convert_fcntl(enter_fn *enter, long nr, uint64_t *a)
{
    switch ((uint32_t)a[1]) {
    case LINUX_F_SETFL: return convert_flags_2(enter, nr, a);
    case LINUX_F_GETFL: {
        long rc = enter(nr, a);
        return rc < 0 ? rc : (long)open_flags((uint64_t)rc);
    }
    default: return enter(nr, a);
    }
}

/* openat2(dirfd, path, how, size): `how` has its first length; what it says more is refused above. */
static long convert_openat2(enter_fn *enter, long nr, uint64_t *a)
{
    struct linux_open_how how;

    if (a[3] != sizeof(how))
        return -LINUX_EINVAL;
    if (host_copy(&how, (const void *)a[2], sizeof(how)))
        return -LINUX_EFAULT;
    how.flags = open_flags(how.flags);
    a[2] = (uint64_t)&how;
    return enter(nr, a);
}

/* ---- struct stat ---- */

static void stat_from_host(struct linux_stat *to, const struct stat *from)
{
    *to = (struct linux_stat){
        .st_dev = from->st_dev,
        .st_ino = from->st_ino,
        .st_mode = from->st_mode,
        .st_nlink = (uint32_t)from->st_nlink,
        .st_uid = from->st_uid,
        .st_gid = from->st_gid,
        .st_rdev = from->st_rdev,
        .st_size = from->st_size,
        .st_blksize = (int32_t)from->st_blksize,
        .st_blocks = from->st_blocks,
        .st_atime = (int64_t)from->st_atime,
        .st_atime_nsec = from->st_atime_nsec,
        .st_mtime = (int64_t)from->st_mtime,
        .st_mtime_nsec = from->st_mtime_nsec,
        .st_ctime = (int64_t)from->st_ctime,
        .st_ctime_nsec = from->st_ctime_nsec,
    };
}

static long convert_stat(enter_fn *enter, long nr, uint64_t *a, unsigned where)
{
    struct stat host;
    struct linux_stat guest;
    void *to = (void *)a[where];

    a[where] = (uint64_t)&host;
    long rc = enter(nr, a);
    if (rc < 0)
        return rc;
    stat_from_host(&guest, &host);
    return host_copy(to, &guest, sizeof(guest));
}

static long convert_fstat(enter_fn *enter, long nr, uint64_t *a)
{
    return convert_stat(enter, nr, a, 1);
}

static long convert_newfstatat(enter_fn *enter, long nr, uint64_t *a)
{
    return convert_stat(enter, nr, a, 2);
}

/* ---- epoll ---- */

struct host_epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

static long convert_epoll_ctl(enter_fn *enter, long nr, uint64_t *a)
{
    struct linux_epoll_event guest;
    struct host_epoll_event host;

    if (a[1] == LINUX_EPOLL_CTL_DEL)
        return enter(nr, a);
    if (host_copy(&guest, (const void *)a[3], sizeof(guest)))
        return -LINUX_EFAULT;
    host.events = guest.events;
    host.data = guest.data;
    a[3] = (uint64_t)&host;
    return enter(nr, a);
}

/*
 * The host kernel fills the guest's own array, which has room enough; the
 * events are then spread out from the last to the first. So no size is too
 * large, and an event is never taken from the kernel without a place for it.
 */
static long convert_epoll_wait(enter_fn *enter, long nr, uint64_t *a)
{
    enum { CHUNK = 32 };
    struct host_epoll_event host[CHUNK];
    struct linux_epoll_event guest[CHUNK];
    char *array = (char *)a[1];
    long count = enter(nr, a);

    for (long left = count; left > 0;) {
        long n = left < CHUNK ? left : CHUNK;
        left -= n;
        if (host_copy(host, array + left * (long)sizeof(*host), (size_t)n * sizeof(*host)))
            return -LINUX_EFAULT;
        for (long i = 0; i < n; i++)
            guest[i] = (struct linux_epoll_event){.events = host[i].events, .data = host[i].data};
        if (host_copy(array + left * (long)sizeof(*guest), guest, (size_t)n * sizeof(*guest)))
            return -LINUX_EFAULT;
    }
    return count;
}

/* ---- io_uring ---- */

static int uring_openat2(struct linux_io_uring_sqe *sqe, struct host_uring_extra *extra)
{
    struct linux_open_how how;

    if (sqe->len != sizeof(how) || host_copy(&how, (const void *)sqe->off, sizeof(how)))
        return sqe->len != sizeof(how) ? -LINUX_EINVAL : -LINUX_EFAULT;
    how.flags = open_flags(how.flags);
    memcpy(extra->bytes, &how, sizeof(how));
    sqe->off = (uint64_t)extra->bytes;
    return 1;
}

static int uring_epoll_ctl(struct linux_io_uring_sqe *sqe, struct host_uring_extra *extra)
{
    struct linux_epoll_event guest;
    struct host_epoll_event host;

    if (sqe->len == LINUX_EPOLL_CTL_DEL)
        return 0;
    if (host_copy(&guest, (const void *)sqe->addr, sizeof(guest)))
        return -LINUX_EFAULT;
    host = (struct host_epoll_event){guest.events, guest.data};
    memcpy(extra->bytes, &host, sizeof(host));
    sqe->addr = (uint64_t)extra->bytes;
    return 1;
}

int host_uring_request(struct linux_io_uring_sqe *sqe, struct host_uring_extra *extra)
{
    switch (sqe->opcode) {
    case LINUX_IORING_OP_OPENAT: sqe->op_flags = (uint32_t)open_flags(sqe->op_flags); return 1;
    case LINUX_IORING_OP_OPENAT2: return uring_openat2(sqe, extra);
    case LINUX_IORING_OP_EPOLL_CTL: return uring_epoll_ctl(sqe, extra);
    /* Its events are written when it is done, long after anybody could spread them out. */
    case LINUX_IORING_OP_EPOLL_WAIT: return -LINUX_EINVAL;
    default: return 0;
    }
}

/* ---- System V semaphores ---- */

struct host_semid_ds {
    struct linux_ipc_perm sem_perm;
    int64_t sem_otime;
    uint64_t unused1;
    int64_t sem_ctime;
    uint64_t unused2;
    uint64_t sem_nsems;
    uint64_t unused3[2];
};

static long convert_semctl(enter_fn *enter, long nr, uint64_t *a)
{
    struct linux_semid_ds guest;
    struct host_semid_ds host = {0};
    void *buf = (void *)a[3];

    switch ((uint32_t)a[2]) {
    case LINUX_IPC_STAT:
    case LINUX_SEM_STAT:
    case LINUX_SEM_STAT_ANY: {
        a[3] = (uint64_t)&host;
        long rc = enter(nr, a);
        if (rc < 0)
            return rc;
        guest = (struct linux_semid_ds){.sem_perm = host.sem_perm,
                                        .sem_otime = host.sem_otime,
                                        .sem_ctime = host.sem_ctime,
                                        .sem_nsems = host.sem_nsems};
        return host_copy(buf, &guest, sizeof(guest)) ? -LINUX_EFAULT : rc;
    }
    case LINUX_IPC_SET:
        if (host_copy(&guest, buf, sizeof(guest)))
            return -LINUX_EFAULT;
        host.sem_perm = guest.sem_perm;
        a[3] = (uint64_t)&host;
        return enter(nr, a);
    default: return enter(nr, a);
    }
}

/* ---- memory ---- */

#define HOST_MAP_32BIT 0x40u
#define HOST_MAP_ABOVE4G 0x80u

static long convert_mprotect(enter_fn *enter, long nr, uint64_t *a)
{
    a[2] &= ~(uint64_t)LINUX_PROT_BTI;
    return enter(nr, a);
}

/* A type of MAP_SHARED_VALIDATE asks for unknown flags to be refused; the host does that for the same bits. */
static long convert_mmap(enter_fn *enter, long nr, uint64_t *a)
{
    a[2] &= ~(uint64_t)LINUX_PROT_BTI;
    if ((a[3] & LINUX_MAP_TYPE) != LINUX_MAP_SHARED_VALIDATE)
        a[3] &= ~(uint64_t)(HOST_MAP_32BIT | HOST_MAP_ABOVE4G);
    else if (a[3] & (HOST_MAP_32BIT | HOST_MAP_ABOVE4G))
        return -LINUX_EOPNOTSUPP;
    return enter(nr, a);
}

long host_mmap_low(uint64_t len, int prot, int flags, int fd, uint64_t offset)
{
    uint64_t a[6] = {0,     len, (uint64_t)prot, (uint64_t)flags | HOST_MAP_32BIT, (uint64_t)fd,
                     offset};
    return enter_plain(__NR_mmap, a);
}

/* ---- ioctl ---- */

/* Numbers and structures are the same but for these; [first, last] of the request's type and number. */
static const struct ioctl_row {
    uint16_t first, last;
    bool refused; /* the processor's own: ENOTTY, as if the device had no such request */
} ioctl_rows[] = {
    {0xae00, 0xaeff, true},  /* KVM: virtual machines of the host's architecture */
    {0x63a0, 0x63a1, true},  /* X86_IOC_RDMSR_REGS, X86_IOC_WRMSR_REGS */
    {0x5441, 0x5441, false}, /* TIOCGPTPEER: the argument is open flags */
};

#define SECCOMP_IOCTLS '!'

static long convert_ioctl(enter_fn *enter, long nr, uint64_t *a)
{
    if (((uint32_t)a[1] >> 8 & 0xff) == SECCOMP_IOCTLS)
        return host_notify_ioctl(enter, nr, a);
    for (unsigned i = 0; i < ARRAY_LEN(ioctl_rows); i++) {
        const struct ioctl_row *row = &ioctl_rows[i];
        uint16_t request = (uint16_t)a[1];

        if (request < row->first || request > row->last)
            continue;
        if (row->refused)
            return -LINUX_ENOTTY;
        a[2] = open_flags(a[2]);
    }
    return enter(nr, a);
}

/* ---- the tables ---- */

static convert_fn *const converters[LINUX_SYS_COUNT] = {
    [LINUX_SYS_openat] = convert_flags_2,
    [LINUX_SYS_open_by_handle_at] = convert_flags_2,
    [LINUX_SYS_mq_open] = convert_flags_1,
    [LINUX_SYS_pipe2] = convert_flags_1,
    [LINUX_SYS_fanotify_init] = convert_flags_1,
    [LINUX_SYS_openat2] = convert_openat2,
    [LINUX_SYS_fcntl] = convert_fcntl,
    [LINUX_SYS_fstat] = convert_fstat,
    [LINUX_SYS_newfstatat] = convert_newfstatat,
    [LINUX_SYS_epoll_ctl] = convert_epoll_ctl,
    [LINUX_SYS_epoll_pwait] = convert_epoll_wait,
    [LINUX_SYS_epoll_pwait2] = convert_epoll_wait,
    [LINUX_SYS_semctl] = convert_semctl,
    [LINUX_SYS_ioctl] = convert_ioctl,
    [LINUX_SYS_mmap] = convert_mmap,
    [LINUX_SYS_mprotect] = convert_mprotect,
    [LINUX_SYS_pkey_mprotect] = convert_mprotect,
};

/* Below 424 each architecture has numbers of its own; the names are the same. */
#define FIRST_COMMON 424
#define SYS(nr, name, ...) [nr] = __NR_##name,
#define PASS(nr, name, ...) [nr] = __NR_##name,
#define NOSYS(nr, name, ...) [nr] = __NR_##name,
static const uint16_t host_numbers[FIRST_COMMON] = {
#define SYSCALLS_BEFORE_COMMON
#include "abi/syscalls.def"
};
#undef SYS
#undef PASS
#undef NOSYS

static inline bool has_number(long nr)
{
    return likely((unsigned long)nr < LINUX_SYS_COUNT);
}

static inline long number_of(long nr)
{
    return nr < FIRST_COMMON ? host_numbers[nr] : nr;
}

/* Most calls need no converter, and their arguments stay in registers. */
long host_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                  uint64_t a5)
{
    if (!has_number(nr))
        return -LINUX_ENOSYS;
    if (unlikely(converters[nr]))
        return converters[nr](enter_plain, number_of(nr), (uint64_t[6]){a0, a1, a2, a3, a4, a5});
    return raw_syscall(number_of(nr), a0, a1, a2, a3, a4, a5);
}

long host_guest_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                        uint64_t a5)
{
    if (!has_number(nr))
        return -LINUX_ENOSYS;
    if (unlikely(converters[nr]))
        return converters[nr](enter_window, number_of(nr), (uint64_t[6]){a0, a1, a2, a3, a4, a5});
    return host_window_syscall(host_self->poll, number_of(nr), a0, a1, a2, a3, a4, a5);
}
