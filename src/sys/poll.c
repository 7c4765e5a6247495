/*
 * Waiting with a signal mask of its own: ppoll, pselect6, epoll_pwait and
 * io_pgetevents. The host's mask is the guest's (kernel/signal.h), so the host
 * kernel swaps it itself; what is added is that a handler that ends the wait
 * runs under the waiting mask, and that its frame brings the old one back.
 */
#include "host/host.h"
#include "kernel/signal.h"
#include "sys/sys.h"

/* 0 with nothing changed when mask is null; *host is what the host call shall be given. */
static long mask_begin(gva mask, uint64_t size, linux_sigset *host)
{
    linux_sigset set;

    if (!mask.a)
        return 0;
    if (size != sizeof(set))
        return -LINUX_EINVAL;
    if (UGET(&set, mask))
        return -LINUX_EFAULT;
    *host = set & ~HOST_SYNC_MASK;
    return signal_wait_begin(current, set);
}

/* Linux reads the time to wait before it looks at the mask. */
static long timeout_readable(gva timeout)
{
    struct linux_timespec t;

    return timeout.a && UGET(&t, timeout) ? -LINUX_EFAULT : 0;
}

static long mask_end(gva mask, long result)
{
    return mask.a ? signal_wait_end(current, result) : result;
}

/* Of poll and select EINTR is for a handler; without one they go on with the time that the host says is left. */
static long select_end(gva mask, long result)
{
    if (mask.a)
        return signal_wait_end(current, result);
    return result == -LINUX_EINTR ? -LINUX_ERESTARTNOHAND : result;
}

long sys_ppoll(gva fds, uint32_t count, gva timeout, gva mask, uint64_t size)
{
    linux_sigset set = 0;
    long rc = timeout_readable(timeout);

    if (rc == 0)
        rc = mask_begin(mask, size, &set);
    if (rc < 0)
        return rc;
    return select_end(mask, SYS_HOST(fds.a, count, timeout.a, mask.a ? &set : NULL, sizeof(set)));
}

/* The argument of pselect6 and io_pgetevents: a set by pointer and length. */
static long mask_argument(gva at, struct linux_sigset_arg *arg)
{
    *arg = (struct linux_sigset_arg){0, sizeof(linux_sigset)};
    return at.a && UGET(arg, at) ? -LINUX_EFAULT : 0;
}

long sys_pselect6(int count, gva in, gva out, gva except, gva timeout, gva mask_at)
{
    struct linux_sigset_arg arg;
    linux_sigset set = 0;
    long rc = mask_argument(mask_at, &arg);
    gva mask = gva_of(arg.set);

    if (rc == 0)
        rc = mask_begin(mask, arg.size, &set);
    if (rc < 0)
        return rc;

    uint64_t bytes = ((uint64_t)(count > 0 ? count : 0) + 63) / 64 * 8;
    struct linux_sigset_arg host = {mask.a ? (uint64_t)(uintptr_t)&set : 0, sizeof(set)};
    return select_end(mask, SYS_HOST(count, sys_pointer(in.a, bytes), sys_pointer(out.a, bytes),
                                     sys_pointer(except.a, bytes), timeout.a, &host));
}

long sys_epoll_pwait(int fd, gva events, int count, int timeout, gva mask, uint64_t size)
{
    linux_sigset set = 0;
    long rc = mask_begin(mask, size, &set);

    if (rc < 0)
        return rc;
    return mask_end(mask,
                    SYS_HOST(fd, events.a, count, timeout, mask.a ? &set : NULL, sizeof(set)));
}

long sys_epoll_pwait2(int fd, gva events, int count, gva timeout, gva mask, uint64_t size)
{
    linux_sigset set = 0;
    long rc = timeout_readable(timeout);

    if (rc == 0)
        rc = mask_begin(mask, size, &set);
    if (rc < 0)
        return rc;
    return mask_end(mask,
                    SYS_HOST(fd, events.a, count, timeout.a, mask.a ? &set : NULL, sizeof(set)));
}

long sys_io_pgetevents(uint64_t context, int64_t least, int64_t most, gva events, gva timeout,
                       gva mask_at)
{
    struct linux_sigset_arg arg;
    linux_sigset set = 0;
    long rc = mask_argument(mask_at, &arg);
    gva mask = gva_of(arg.set);

    if (rc == 0)
        rc = mask_begin(mask, arg.size, &set);
    if (rc < 0)
        return rc;

    struct linux_sigset_arg host = {mask.a ? (uint64_t)(uintptr_t)&set : 0, sizeof(set)};
    return mask_end(mask, SYS_HOST(context, least, most, events.a, timeout.a, &host));
}
