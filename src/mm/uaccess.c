/*
 * The door to the guest's bytes (uaccess.h). On Linux hosts a guest address
 * is the host address, so all that is left to do is to refuse what is not the
 * guest's and to survive a fault; the copies that survive one are host/'s.
 */
#include "mm/uaccess.h"

#include "abi/errno.h"
#include "base/types.h"
#include "host/host.h"

static void *host_pointer(gva p)
{
    return (void *)(uintptr_t)p.a;
}

void *uaccess_host(gva p, uint64_t bytes)
{
    return gva_range_ok(p, bytes) ? host_pointer(p) : NULL;
}

int uaccess_read(void *dst, gva src, size_t bytes)
{
    if (!gva_range_ok(src, bytes))
        return -LINUX_EFAULT;
    return (int)host_copy(dst, host_pointer(src), bytes);
}

int uaccess_write(gva dst, const void *src, size_t bytes)
{
    if (!gva_range_ok(dst, bytes))
        return -LINUX_EFAULT;
    return (int)host_copy(host_pointer(dst), src, bytes);
}

int uaccess_clear(gva dst, size_t bytes)
{
    static const char zeros[512];
    int err = gva_range_ok(dst, bytes) ? 0 : -LINUX_EFAULT;
    while (!err && bytes) {
        size_t n = bytes < sizeof(zeros) ? bytes : sizeof(zeros);
        err = (int)host_copy(host_pointer(dst), zeros, n);
        dst = gva_add(dst, n);
        bytes -= n;
    }
    return err;
}

long uaccess_str(char *dst, gva src, size_t cap)
{
    if (!gva_range_ok(src, 0))
        return -LINUX_EFAULT;
    /* The string must end before the guest's range does: what follows is the runtime's. */
    uint64_t room = GUEST_MAX - src.a;
    size_t limit = cap < room ? cap : room;
    long n = host_copy_str(dst, host_pointer(src), limit);
    if (n < 0 || (size_t)n < limit)
        return n;
    return limit == cap ? -LINUX_ENAMETOOLONG : -LINUX_EFAULT;
}
