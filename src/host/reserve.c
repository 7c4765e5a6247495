/*
 * The runtime's own descriptors. They are kept out of the numbers that a
 * guest is likely to meet, in a part of the table that the host kernel has
 * anyway (a descriptor at the very limit would make it allocate and, on every
 * fork, copy a table of megabytes). Calls that close or replace descriptors
 * ask host_fd_is_reserved first.
 */
#include "host/host_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "abi/errno.h"
#include "base/log.h"

enum { RESERVE_MAX = 16, RESERVE_FROM = 1000, HOLDERS = 8 };

static struct {
    int fd[RESERVE_MAX]; /* 0 = unused: standard input is never ours */
    int lowest;          /* no number below it was ever ours: one comparison for nearly every call */
    int image;
    int *holder[HOLDERS]; /* variables that name one of ours */
} reserve = {.lowest = INT_MAX, .image = -1};

int host_fd_next_reserved(int from)
{
    int next = INT_MAX;

    for (unsigned i = 0; i < RESERVE_MAX; i++) {
        int fd = __atomic_load_n(&reserve.fd[i], __ATOMIC_RELAXED);

        if (fd > 0 && fd >= from && fd < next)
            next = fd;
    }
    return next;
}

static void note_lowest(int fd)
{
    if (fd < __atomic_load_n(&reserve.lowest, __ATOMIC_RELAXED))
        __atomic_store_n(&reserve.lowest, fd, __ATOMIC_RELAXED);
}

bool host_fd_is_reserved(int fd)
{
    if (likely(fd < __atomic_load_n(&reserve.lowest, __ATOMIC_RELAXED)))
        return false;
    for (unsigned i = 0; i < RESERVE_MAX; i++) {
        if (fd > 0 && __atomic_load_n(&reserve.fd[i], __ATOMIC_RELAXED) == fd)
            return true;
    }
    return false;
}

void host_fd_adopt(int fd)
{
    raw_syscall(SYS_fcntl, (uint64_t)fd, F_SETFD, FD_CLOEXEC, 0, 0, 0);
    note_lowest(fd);
    for (unsigned i = 0; i < RESERVE_MAX; i++) {
        int unused = 0;

        if (__atomic_compare_exchange_n(&reserve.fd[i], &unused, fd, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return;
    }
    BUG_ON(true);
}

/* The lowest free number from which on ours may be. */
static int reserve_base(void)
{
    struct rlimit limit = {.rlim_cur = 1024};

    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (uint64_t)&limit, 0, 0);
    if (limit.rlim_cur >= RESERVE_FROM + RESERVE_MAX)
        return RESERVE_FROM;
    return limit.rlim_cur > 2 * RESERVE_MAX ? (int)limit.rlim_cur - RESERVE_MAX : 3;
}

static int move_up(int fd)
{
    return (int)raw_syscall(SYS_fcntl, (uint64_t)fd, F_DUPFD_CLOEXEC, (uint64_t)reserve_base(), 0,
                            0, 0);
}

int host_fd_reserve(int fd)
{
    int high = move_up(fd);

    if (high < 0)
        return high;
    host_fd_adopt(high);
    raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    return high;
}

void host_fd_release(int fd)
{
    for (unsigned i = 0; i < RESERVE_MAX; i++) {
        if (reserve.fd[i] == fd && fd > 0) {
            raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
            __atomic_store_n(&reserve.fd[i], 0, __ATOMIC_RELAXED);
        }
    }
}

void host_fd_follow(int *holder)
{
    for (unsigned i = 0; i < HOLDERS; i++) {
        int *unused = NULL;

        if (reserve.holder[i] == holder ||
            __atomic_compare_exchange_n(&reserve.holder[i], &unused, holder, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return;
    }
    BUG_ON(true);
}

static void tell_holders(int from, int to)
{
    for (unsigned i = 0; i < HOLDERS && reserve.holder[i]; i++) {
        if (*reserve.holder[i] == from)
            __atomic_store_n(reserve.holder[i], to, __ATOMIC_RELAXED);
    }
}

int host_fd_yield(int fd)
{
    for (unsigned i = 0; i < RESERVE_MAX; i++) {
        if (reserve.fd[i] != fd || fd <= 0)
            continue;
        int moved = move_up(fd);

        if (moved < 0)
            return moved;
        note_lowest(moved);
        __atomic_store_n(&reserve.fd[i], moved, __ATOMIC_RELAXED);
        if (reserve.image == fd)
            reserve.image = moved;
        if (log_fd() == fd)
            log_to(moved);
        tell_holders(fd, moved);
        raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
        return 0;
    }
    return 0;
}

int host_image_fd(void)
{
    return reserve.image;
}

void host_image_set(int fd)
{
    if (reserve.image >= 0)
        host_fd_release(reserve.image);
    reserve.image = fd;
}

void host_reserve_init(void)
{
    int fd = (int)raw_syscall(SYS_openat, (uint64_t)AT_FDCWD, (uint64_t) "/proc/self/exe",
                              O_PATH | O_CLOEXEC, 0, 0, 0);

    if (fd < 0)
        return;
    int high = host_fd_reserve(fd);

    if (high >= 0)
        reserve.image = high;
    else
        raw_syscall(SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
}
