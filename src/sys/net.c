/*
 * Sockets, where the host's own call is not enough: addresses of AF_UNIX are
 * paths and go through the resolver; messages carry pointers that are looked
 * over first (vector.c says how). Options, names and plain transfers are PASS:
 * every number and structure is asm-generic's on both machines.
 */
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "kernel/path.h"
#include "sys/sys.h"

/* struct sockaddr_un: two bytes of family, the path. */
enum { UNIX_PATH = 2, UNIX_PATH_MAX = 108, UNIX_MAX = UNIX_PATH + UNIX_PATH_MAX };

/* An address on its way to the host: the guest's own, or a copy with the path that the resolver found. */
struct address {
    uint64_t at;
    int len;
    int dir; /* descriptor that a path too long for a socket's name goes through, or -1 */
    uint8_t copy[UNIX_MAX + 1];
};

/* A socket's name holds 108 bytes; a longer path is said as its directory's descriptor and the last component. */
static long shorten(struct address *a, const char *path, char *name)
{
    const char *slash = strrchr(path, '/');
    char dir[PATH_CAP];

    if (!slash || (size_t)(slash - path) >= sizeof(dir) - 1)
        return -LINUX_ENAMETOOLONG;
    memcpy(dir, path, (size_t)(slash - path) + 1);
    dir[slash - path + 1] = 0;
    long fd = host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD, (uint64_t)(uintptr_t)dir,
                           LINUX_O_PATH | LINUX_O_DIRECTORY | LINUX_O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return fd;
    a->dir = (int)fd;
    int n = snprintf(name, UNIX_PATH_MAX + 1, "/proc/self/fd/%ld%s", fd, slash);
    return n <= UNIX_PATH_MAX ? n : -LINUX_ENAMETOOLONG;
}

static void address_end(struct address *a)
{
    if (a->dir >= 0)
        host_syscall(LINUX_SYS_close, (uint64_t)a->dir, 0, 0, 0, 0, 0);
}

/* The address to give to the host. 0, or -LINUX_Exxx; address_end follows in either case. */
static long address_begin(struct address *a, uint64_t at, int len, unsigned how)
{
    uint16_t family;
    struct path path;
    char *name = (char *)a->copy + UNIX_PATH;

    a->at = at;
    a->len = len;
    a->dir = -1;
    if (!path_sysroot() || len <= UNIX_PATH || len > UNIX_MAX ||
        uaccess_read(a->copy, gva_of(at), (size_t)len))
        return 0;
    memcpy(&family, a->copy, sizeof(family));
    if (family != LINUX_AF_UNIX || !*name)
        return 0;
    a->copy[len] = 0;
    int rc = path_resolve_str(&path, LINUX_AT_FDCWD, name, how | PATH_NO_DIRFD);
    if (rc < 0)
        return rc;
    if (path.name == name)
        return 0;
    long n = (long)strlen(path.name);
    if (n <= UNIX_PATH_MAX)
        memmove(name, path.name, (size_t)n);
    else
        n = shorten(a, path.name, name);
    if (n < 0)
        return n;
    a->at = (uint64_t)(uintptr_t)a->copy;
    a->len = (int)(UNIX_PATH + n);
    return 0;
}

long sys_bind(int fd, gva addr, int len)
{
    struct address a;
    long rc = address_begin(&a, addr.a, len, PATH_CREATE | PATH_NOFOLLOW);

    if (rc == 0)
        rc = SYS_HOST(fd, a.at, a.len);
    address_end(&a);
    return rc;
}

long sys_connect(int fd, gva addr, int len)
{
    struct address a;
    long rc = address_begin(&a, addr.a, len, PATH_FOLLOW);

    if (rc == 0)
        rc = SYS_HOST(fd, a.at, a.len);
    address_end(&a);
    return rc;
}

long sys_sendto(int fd, gva buf, uint64_t size, uint32_t flags, gva addr, int len)
{
    struct address a;
    long rc = address_begin(&a, addr.a, addr.a ? len : 0, PATH_FOLLOW);

    if (rc == 0)
        rc = SYS_HOST(fd, buf.a, size, flags, a.at, a.len);
    address_end(&a);
    return rc;
}

/*
 * A name on its way back: a path inside the sysroot loses that part. The guest
 * gave `room` bytes for it, and *len_at says how long it was on the host.
 */
static long name_to_guest(long result, gva addr, gva len_at, int room)
{
    struct {
        uint16_t family;
        char path[UNIX_PATH_MAX + 1];
    } name = {0};
    int len;

    if (result < 0 || !path_sysroot() || !addr.a || UGET(&len, len_at) || len <= UNIX_PATH ||
        len > room || uaccess_read(&name, addr, (size_t)(len < UNIX_MAX ? len : UNIX_MAX)))
        return result;
    if (name.family != LINUX_AF_UNIX || name.path[0] != '/')
        return result;
    len = (int)(UNIX_PATH + path_to_guest(name.path) + 1);
    return uaccess_write(addr, &name, (size_t)len) || UPUT(len_at, &len) ? -LINUX_EFAULT : result;
}

static int room_for_name(gva len_at)
{
    int room;

    return !path_sysroot() || !len_at.a || UGET(&room, len_at) ? 0 : room;
}

long sys_getsockname(int fd, gva addr, gva len)
{
    int room = room_for_name(len);

    return name_to_guest(SYS_HOST(fd, addr.a, len.a), addr, len, room);
}

long sys_getpeername(int fd, gva addr, gva len)
{
    int room = room_for_name(len);

    return name_to_guest(SYS_HOST(fd, addr.a, len.a), addr, len, room);
}

long sys_recvfrom(int fd, gva buf, uint64_t size, uint32_t flags, gva addr, gva len)
{
    int room = room_for_name(len);

    return name_to_guest(SYS_HOST(fd, buf.a, size, flags, addr.a, len.a), addr, len, room);
}

/* ---- messages ---- */

static bool message_ok(const struct linux_msghdr *m)
{
    return gva_range_ok(gva_of(m->name), m->namelen > 0 ? (uint64_t)m->namelen : 0) &&
           gva_range_ok(gva_of(m->control), m->controllen) &&
           gva_range_ok(gva_of(m->iov), m->iovlen * 16) &&
           sys_iovec(m->iov, m->iovlen) != SYS_BAD_POINTER;
}

long sys_sendmsg(int fd, gva message, uint32_t flags)
{
    struct address a;
    struct linux_msghdr m;

    if (UGET(&m, message) || !message_ok(&m))
        return SYS_HOST(fd, SYS_BAD_POINTER, flags);
    long rc = address_begin(&a, m.name, m.namelen, PATH_FOLLOW);
    if (rc == 0 && a.at == m.name) {
        rc = SYS_HOST(fd, message.a, flags);
    } else if (rc == 0) {
        m.name = a.at;
        m.namelen = a.len;
        rc = SYS_HOST(fd, &m, flags);
    }
    address_end(&a);
    return rc;
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
