/*
 * The runtime's own descriptors, one of each kind. They are kept out of the
 * numbers that a guest is likely to meet, in a part of the table that the host
 * kernel has anyway (a descriptor at the very limit would make it allocate
 * and, on every fork, copy a table of megabytes). Calls that close or replace
 * descriptors ask host_fd_is_reserved first.
 *
 * A child of vfork has a descriptor table of its own but shares this memory
 * with its parent: what moves in its table is noted in its struct host_thread.
 */
#include "host/host_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "abi/errno.h"
#include "base/log.h"

enum { RESERVE_FROM = 1000, RESERVE_SPARE = 16 };

static struct host_fds process_fds = {.lowest = INT_MAX};

static struct host_fds *own_fds(void)
{
    return host_self && host_self->fds ? host_self->fds : &process_fds;
}

int host_fd_next_reserved(int from)
{
    struct host_fds *own = own_fds();
    int next = INT_MAX;

    for (unsigned i = 0; i < HOST_FD_COUNT; i++) {
        int fd = __atomic_load_n(&own->fd[i], __ATOMIC_RELAXED);

        if (fd > 0 && fd >= from && fd < next)
            next = fd;
    }
    return next;
}

bool host_fd_is_reserved(int fd)
{
    struct host_fds *own = own_fds();

    if (likely(fd < __atomic_load_n(&own->lowest, __ATOMIC_RELAXED)))
        return false;
    for (unsigned i = 0; i < HOST_FD_COUNT; i++) {
        if (fd > 0 && __atomic_load_n(&own->fd[i], __ATOMIC_RELAXED) == fd)
            return true;
    }
    return false;
}

int host_fd(enum host_fd which)
{
    int fd = __atomic_load_n(&own_fds()->fd[which], __ATOMIC_RELAXED);

    return fd > 0 ? fd : -1;
}

static void note(enum host_fd which, int fd)
{
    struct host_fds *own = own_fds();

    if (fd > 0 && fd < __atomic_load_n(&own->lowest, __ATOMIC_RELAXED))
        __atomic_store_n(&own->lowest, fd, __ATOMIC_RELAXED);
    __atomic_store_n(&own->fd[which], fd, __ATOMIC_RELAXED);
    if (which == HOST_FD_LOG)
        log_to(fd > 0 ? fd : -1);
}

void host_fd_release(enum host_fd which)
{
    int fd = host_fd(which);

    if (fd < 0)
        return;
    note(which, 0);
    raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
}

void host_fd_adopt(enum host_fd which, int fd)
{
    host_fd_release(which);
    raw_syscall(SYS_fcntl, (uint64_t)fd, F_SETFD, FD_CLOEXEC, 0, 0, 0);
    note(which, fd);
}

/* The lowest free number from which on ours may be. */
static int reserve_base(void)
{
    struct rlimit limit = {.rlim_cur = 1024};

    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (uint64_t)&limit, 0, 0);
    if (limit.rlim_cur >= RESERVE_FROM + RESERVE_SPARE)
        return RESERVE_FROM;
    return limit.rlim_cur > 2 * RESERVE_SPARE ? (int)limit.rlim_cur - RESERVE_SPARE : 3;
}

static int move_up(int fd)
{
    return (int)raw_syscall(SYS_fcntl, (uint64_t)fd, F_DUPFD_CLOEXEC, (uint64_t)reserve_base(), 0,
                            0, 0);
}

int host_fd_reserve(enum host_fd which, int fd)
{
    int high = move_up(fd);

    if (high < 0)
        return high;
    host_fd_adopt(which, high);
    raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    return high;
}

int host_fd_yield(int fd)
{
    for (unsigned i = 0; i < HOST_FD_COUNT; i++) {
        if (fd <= 0 || host_fd(i) != fd)
            continue;
        int moved = move_up(fd);

        if (moved < 0)
            return moved;
        note(i, moved);
        raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
        return 0;
    }
    return 0;
}

void host_fds_inherit(struct host_thread *child, bool own_table)
{
    child->fds = host_self->fds;
    if (own_table) {
        child->own_fds = *own_fds();
        child->fds = &child->own_fds;
    }
}

void host_fds_forked(void)
{
    /* The table of a thread that is not in this process any more would be freed with it. */
    process_fds = *own_fds();
    host_self->fds = NULL;
}

/* The image is found without /proc too, by the name it was executed under. */
void host_reserve_init(void)
{
    uint64_t flags = O_PATH | O_CLOEXEC;
    int fd = (int)raw_syscall(SYS_openat, (uint64_t)AT_FDCWD, (uint64_t) "/proc/self/exe", flags, 0,
                              0, 0);

    if (fd < 0)
        fd = (int)raw_syscall(SYS_openat, (uint64_t)AT_FDCWD, getauxval(AT_EXECFN), flags, 0, 0, 0);
    if (fd >= 0 && host_fd_reserve(HOST_FD_IMAGE, fd) < 0)
        raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
}
