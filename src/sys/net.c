/*
 * Sockets, where the host's own call is not enough: addresses of AF_UNIX are
 * paths and go through the resolver; messages carry pointers that are looked
 * over first (vector.c says how). Options, names and plain transfers are PASS:
 * every number and structure is asm-generic's on both machines.
 */
#include <string.h>

#include "host/host.h"
#include "kernel/path.h"
#include "sys/sys.h"

/* struct sockaddr_un: two bytes of family, the path. */
enum { UNIX_PATH = 2, UNIX_PATH_MAX = 108, UNIX_MAX = UNIX_PATH + UNIX_PATH_MAX };

/*
 * The address to give to the host: the guest's own, or for a path that the
 * resolver moved, `copy` filled anew. *len is changed along. Returns the
 * address, or -LINUX_Exxx.
 */
static long unix_address(gva addr, int *len, uint8_t copy[UNIX_MAX + 1], unsigned how)
{
    uint16_t family;
    struct path path;

    if (!path_sysroot() || *len <= UNIX_PATH || *len > UNIX_MAX)
        return (long)addr.a;
    if (uaccess_read(copy, addr, (size_t)*len))
        return (long)addr.a;
    memcpy(&family, copy, sizeof(family));
    if (family != LINUX_AF_UNIX || copy[UNIX_PATH] == 0)
        return (long)addr.a;
    copy[*len] = 0;
    char *name = (char *)copy + UNIX_PATH;
    int rc = path_resolve_str(&path, LINUX_AT_FDCWD, name, how | PATH_NO_DIRFD);
    if (rc < 0)
        return rc;
    if (path.name == name)
        return (long)addr.a;
    size_t n = strlen(path.name);
    if (n > UNIX_PATH_MAX)
        return -LINUX_ENAMETOOLONG;
    memmove(name, path.name, n);
    *len = (int)(UNIX_PATH + n);
    return (long)(uintptr_t)copy;
}

long sys_bind(int fd, gva addr, int len)
{
    uint8_t copy[UNIX_MAX + 1];
    long to = unix_address(addr, &len, copy, PATH_CREATE | PATH_NOFOLLOW);

    return LINUX_IS_ERROR(to) ? to : SYS_HOST(fd, to, len);
}

long sys_connect(int fd, gva addr, int len)
{
    uint8_t copy[UNIX_MAX + 1];
    long to = unix_address(addr, &len, copy, PATH_FOLLOW);

    return LINUX_IS_ERROR(to) ? to : SYS_HOST(fd, to, len);
}

long sys_sendto(int fd, gva buf, uint64_t size, uint32_t flags, gva addr, int len)
{
    uint8_t copy[UNIX_MAX + 1];
    long to = unix_address(addr, &len, copy, PATH_FOLLOW);

    return LINUX_IS_ERROR(to) ? to : SYS_HOST(fd, buf.a, size, flags, to, len);
}

/* ---- messages ---- */

static bool message_ok(const struct linux_msghdr *m)
{
    return gva_range_ok(gva_of(m->name), m->namelen > 0 ? (uint64_t)m->namelen : 0) &&
           gva_range_ok(gva_of(m->control), m->controllen) && gva_range_ok(gva_of(m->iov), m->iovlen * 16) &&
           sys_iovec(m->iov, m->iovlen) != SYS_BAD_POINTER;
}

long sys_sendmsg(int fd, gva message, uint32_t flags)
{
    uint8_t copy[UNIX_MAX + 1];
    struct linux_msghdr m;

    if (UGET(&m, message))
        return SYS_HOST(fd, SYS_BAD_POINTER, flags);
    if (!message_ok(&m))
        return SYS_HOST(fd, SYS_BAD_POINTER, flags);
    long to = unix_address(gva_of(m.name), &m.namelen, copy, PATH_FOLLOW);
    if (LINUX_IS_ERROR(to))
        return to;
    if ((uint64_t)to == m.name)
        return SYS_HOST(fd, message.a, flags);
    m.name = (uint64_t)to;
    return SYS_HOST(fd, &m, flags);
}

long sys_recvmsg(int fd, gva message, uint32_t flags)
{
    struct linux_msghdr m;

    if (UGET(&m, message) || !message_ok(&m))
        message = gva_of(SYS_BAD_POINTER);
    return SYS_HOST(fd, message.a, flags);
}

/* How many of the messages may be given to the host: all before the first bad one. */
static uint32_t messages_ok(gva list, uint32_t count)
{
    struct linux_mmsghdr m;

    count = count < 1024 ? count : 1024;
    for (uint32_t i = 0; i < count; i++) {
        if (UGET(&m, gva_add(list, i * sizeof(m))))
            return count; /* the host says EFAULT, and when */
        if (!message_ok(&m.hdr))
            return i;
    }
    return count;
}

/* Paths of AF_UNIX are not looked up under a sysroot here: datagrams to many named sockets in one call. */
long sys_sendmmsg(int fd, gva list, uint32_t count, uint32_t flags)
{
    uint32_t ok = messages_ok(list, count);

    if (ok == 0 && count > 0)
        return SYS_HOST(fd, SYS_BAD_POINTER, count, flags);
    return SYS_HOST(fd, list.a, ok, flags);
}

long sys_recvmmsg(int fd, gva list, uint32_t count, uint32_t flags, gva timeout)
{
    uint32_t ok = messages_ok(list, count);

    if (ok == 0 && count > 0)
        return SYS_HOST(fd, SYS_BAD_POINTER, count, flags, timeout.a);
    return SYS_HOST(fd, list.a, ok, flags, timeout.a);
}
