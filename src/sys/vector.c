/*
 * Calls with vectors: readv and its family, vmsplice, process_vm_*, aio. The host kernel reads the guest's vectors itself; here
 * they are only looked over, so that none of their pointers leads to the
 * runtime's memory. A vector that has one is replaced by a pointer that the
 * host refuses, which gives EFAULT after the checks that Linux makes before.
 *
 * A guest that changes a vector while its call runs can still harm itself;
 * the runtime is no wall against its own guest.
 */
#include "host/host.h"
#include "kernel/ptrace.h"
#include "sys/sys.h"

#define IOV_LIMIT 1024 /* UIO_MAXIOV; longer ones are EINVAL in the host */

uint64_t sys_iovec(uint64_t iov, uint64_t count)
{
    struct linux_iovec part[16];
    gva at = gva_of(iov);

    if (count > IOV_LIMIT)
        return iov;
    while (count) {
        size_t n = count < ARRAY_LEN(part) ? count : ARRAY_LEN(part);
        /* The host reads it too, and says EFAULT itself where that is due. */
        if (uaccess_read(part, at, n * sizeof(*part)))
            return iov;
        for (size_t i = 0; i < n; i++) {
            if ((int64_t)part[i].len >= 0 &&
                !gva_range_ok(gva_of(part[i].base), sys_span(part[i].len)))
                return SYS_BAD_POINTER;
        }
        count -= n;
        at = gva_add(at, n * sizeof(*part));
    }
    return iov;
}

/* ---- readv and its family; pos is in two halves on 32-bit machines only, the second is ignored ---- */

long sys_readv(int fd, gva iov, uint64_t count)
{
    return SYS_HOST(fd, sys_iovec(iov.a, count), count);
}

long sys_writev(int fd, gva iov, uint64_t count)
{
    return sys_wrote(fd, -1, SYS_HOST(fd, sys_iovec(iov.a, count), count));
}

long sys_preadv(int fd, gva iov, uint64_t count, uint64_t pos, uint64_t pos_high)
{
    return SYS_HOST(fd, sys_iovec(iov.a, count), count, pos, pos_high);
}

long sys_pwritev(int fd, gva iov, uint64_t count, uint64_t pos, uint64_t pos_high)
{
    return sys_wrote(fd, (int64_t)pos, SYS_HOST(fd, sys_iovec(iov.a, count), count, pos, pos_high));
}

long sys_preadv2(int fd, gva iov, uint64_t count, uint64_t pos, uint64_t pos_high, int flags)
{
    return SYS_HOST(fd, sys_iovec(iov.a, count), count, pos, pos_high, flags);
}

long sys_pwritev2(int fd, gva iov, uint64_t count, uint64_t pos, uint64_t pos_high, int flags)
{
    return sys_wrote(fd, (int64_t)pos,
                     SYS_HOST(fd, sys_iovec(iov.a, count), count, pos, pos_high, flags));
}

long sys_vmsplice(int fd, gva iov, uint64_t count, uint32_t flags)
{
    return SYS_HOST(fd, sys_iovec(iov.a, count), count, flags);
}

/* Another process' addresses are held to the same range: it may be one of ours. */
long sys_process_vm_readv(int pid, gva local, uint64_t local_count, gva remote,
                          uint64_t remote_count, uint64_t flags)
{
    return SYS_HOST(pid, sys_iovec(local.a, local_count), local_count,
                    sys_iovec(remote.a, remote_count), remote_count, flags);
}

/* A process whose text was written so is told. */
static void tell_parts(int pid, gva remote, uint64_t count)
{
    struct linux_iovec part;

    for (; count && !UGET(&part, remote); count--, remote = gva_add(remote, sizeof(part)))
        ptrace_wrote(pid, part.base, part.len);
}

long sys_process_vm_writev(int pid, gva local, uint64_t local_count, gva remote,
                           uint64_t remote_count, uint64_t flags)
{
    long rc = SYS_HOST(pid, sys_iovec(local.a, local_count), local_count,
                       sys_iovec(remote.a, remote_count), remote_count, flags);

    if (rc > 0 && current->group->is_tracer)
        tell_parts(pid, remote, remote_count);
    return rc;
}

/* ---- aio ---- */

enum { IOCB_PREAD = 0, IOCB_PWRITE = 1, IOCB_PREADV = 7, IOCB_PWRITEV = 8 };

static bool iocb_ok(gva at)
{
    struct linux_iocb cb;

    if (UGET(&cb, at))
        return true; /* the host says EFAULT, and when */
    switch (cb.aio_lio_opcode) {
    case IOCB_PREAD:
    case IOCB_PWRITE: return gva_range_ok(gva_of(cb.aio_buf), cb.aio_nbytes);
    case IOCB_PREADV:
    case IOCB_PWRITEV: return sys_iovec(cb.aio_buf, cb.aio_nbytes) != SYS_BAD_POINTER;
    default: return true;
    }
}

/* Control blocks before the first bad one are submitted; a bad one at the front is EFAULT. */
long sys_io_submit(uint64_t context, int64_t count, gva list)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t cb;
        if (UGET(&cb, gva_add(list, (uint64_t)i * sizeof(cb))))
            break;
        if (!gva_range_ok(gva_of(cb), sizeof(struct linux_iocb)) || !iocb_ok(gva_of(cb))) {
            if (i == 0)
                list = gva_of(SYS_BAD_POINTER);
            else
                count = i;
            break;
        }
    }
    return SYS_HOST(context, count, list.a);
}
