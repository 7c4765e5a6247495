/*
 * Files and descriptors, where the host's own call is not enough: opening
 * and reading links of views, what the guest's working directory is called
 * under a sysroot, and calls over ranges of descriptors, which must not meet
 * the runtime's own. Everything else about files is PASS in syscalls.def.
 */
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "host/host.h"
#include "kernel/path.h"
#include "sys/sys.h"

/* ---- opening ---- */

static unsigned open_how(uint64_t flags)
{
    unsigned how = 0;

    if (flags & LINUX_O_CREAT)
        how |= PATH_CREATE;
    if (flags & LINUX_O_NOFOLLOW ||
        (flags & (LINUX_O_CREAT | LINUX_O_EXCL)) == (LINUX_O_CREAT | LINUX_O_EXCL))
        how |= PATH_NOFOLLOW;
    return how;
}

long sys_openat(int dirfd, gva name, uint32_t flags, uint32_t mode)
{
    struct path path;
    long rc = sys_path(&path, dirfd, name, open_how(flags));

    if (rc < 0)
        return rc;
    if (path.view.kind != VIEW_NONE) {
        long fd = procfs_open(&path.view, (int)flags);
        if (fd != PROCFS_NATIVE)
            return fd;
    }
    return SYS_HOST(path.dirfd, path.name, flags, mode);
}

/* A structure longer than ours may only say nothing more (copy_struct_from_user). */
static long rest_is_zero(gva at, uint64_t bytes)
{
    uint8_t rest[64];

    while (bytes) {
        size_t n = bytes < sizeof(rest) ? bytes : sizeof(rest);
        if (uaccess_read(rest, at, n))
            return -LINUX_EFAULT;
        for (size_t i = 0; i < n; i++) {
            if (rest[i])
                return -LINUX_E2BIG;
        }
        at = gva_add(at, n);
        bytes -= n;
    }
    return 0;
}

/*
 * With RESOLVE_BENEATH or RESOLVE_IN_ROOT the walk is tied to the guest's own
 * dirfd, and the host kernel's walk is the only right one.
 */
long sys_openat2(int dirfd, gva name, gva how_at, uint64_t size)
{
    struct linux_open_how how;
    struct path path;

    if (size < sizeof(how))
        return -LINUX_EINVAL;
    if (size > GUEST_PAGE)
        return -LINUX_E2BIG;
    if (UGET(&how, how_at))
        return -LINUX_EFAULT;
    long rc = rest_is_zero(gva_add(how_at, sizeof(how)), size - sizeof(how));
    if (rc < 0)
        return rc;
    if (how.resolve & (LINUX_RESOLVE_BENEATH | LINUX_RESOLVE_IN_ROOT))
        return SYS_HOST(dirfd, name.a, &how, sizeof(how));

    rc = sys_path(&path, dirfd, name, open_how(how.flags));
    if (rc < 0)
        return rc;
    if (path.view.kind != VIEW_NONE && !(how.resolve & LINUX_RESOLVE_NO_MAGICLINKS)) {
        long fd = procfs_open(&path.view, (int)how.flags);
        if (fd != PROCFS_NATIVE)
            return fd;
    }
    return SYS_HOST(path.dirfd, path.name, &how, sizeof(how));
}

/* A file of /proc is made anew for who reads it again from its start. */
long sys_lseek(int fd, int64_t offset, uint32_t whence)
{
    long at = SYS_HOST(fd, offset, whence);

    if (unlikely(at == 0 && current->group->has_views))
        procfs_rewind(fd);
    return at;
}

/* ---- names ---- */

/* Hands out a host path of n bytes with its NUL, as the guest knows it. */
static long put_path(gva buf, uint64_t size, char *path, size_t n, bool nul)
{
    n = path_to_guest(path) + (nul ? 1 : 0);
    if (n > size) {
        if (nul)
            return -LINUX_ERANGE;
        n = size;
    }
    return uaccess_write(buf, path, n) ? -LINUX_EFAULT : (long)n;
}

long sys_getcwd(gva buf, uint64_t size)
{
    char path[PATH_CAP];

    if (!path_sysroot())
        return SYS_HOST(sys_pointer(buf.a, sys_span(size)), size);
    long n = SYS_HOST(path, sizeof(path));
    return n < 0 ? n : put_path(buf, size, path, (size_t)n, true);
}

/* A link of /proc says where a file is on the host; other links' texts are the guest's own words. */
static bool tells_host_path(const struct path *path)
{
    return path_sysroot() && path->dirfd == LINUX_AT_FDCWD && !strncmp(path->name, "/proc/", 6);
}

long sys_readlinkat(int dirfd, gva name, gva buf, int size)
{
    struct path path;
    char text[PATH_CAP];
    long rc = sys_path(&path, dirfd, name, PATH_NOFOLLOW);

    if (rc < 0)
        return rc;
    if (path.view.kind != VIEW_NONE) {
        long n = procfs_readlink(&path.view, text, sizeof(text));
        if (n != PROCFS_NATIVE) {
            if (n < 0)
                return n;
            if (size <= 0)
                return -LINUX_EINVAL;
            n = n < size ? n : size;
            return uaccess_write(buf, text, (size_t)n) ? -LINUX_EFAULT : n;
        }
    }
    if (!tells_host_path(&path))
        return SYS_HOST(path.dirfd, path.name, buf.a, size);
    if (size <= 0)
        return -LINUX_EINVAL;
    long n = SYS_HOST(path.dirfd, path.name, text, sizeof(text) - 1);
    if (n < 0)
        return n;
    text[n] = 0;
    return put_path(buf, (uint64_t)size, text, (size_t)n, false);
}

long sys_chroot(gva name)
{
    struct path path;
    long rc = sys_path(&path, LINUX_AT_FDCWD, name, PATH_NO_DIRFD);

    if (rc < 0)
        return rc;
    long done = SYS_HOST(path.name);
    if (done == 0)
        path_root_changed();
    return done;
}

long sys_pivot_root(gva new_root, gva put_old)
{
    struct path to, old;
    long rc = sys_path(&to, LINUX_AT_FDCWD, new_root, PATH_NO_DIRFD);

    if (rc < 0)
        return rc;
    rc = sys_path(&old, LINUX_AT_FDCWD, put_old, PATH_NO_DIRFD);
    if (rc < 0)
        return rc;
    long done = SYS_HOST(to.name, old.name);
    if (done == 0)
        path_root_changed();
    return done;
}

#define MOUNT_PROPAGATION \
    (LINUX_MS_UNBINDABLE | LINUX_MS_PRIVATE | LINUX_MS_SLAVE | LINUX_MS_SHARED)

/* Is this host path the sysroot itself, which is no mount point of its own? */
static bool is_sysroot(const char *path)
{
    const char *root = path_sysroot();
    size_t n = root ? strlen(root) : 0;

    return root && !strncmp(path, root, n) && !path[n + strspn(path + n, "/")];
}

/* What is bound or moved is a path too; and how mounts under / spread is said of the host's root. */
long sys_mount(gva source, gva target, gva type, uint64_t flags, gva data)
{
    struct path from, to;
    long rc = sys_path(&to, LINUX_AT_FDCWD, target, PATH_NO_DIRFD);

    if (rc < 0)
        return rc;
    if (!path_sysroot())
        return SYS_HOST(source.a, to.name, type.a, flags, data.a);
    if (flags & MOUNT_PROPAGATION && to.name != (const char *)(uintptr_t)SYS_BAD_POINTER &&
        is_sysroot(to.name))
        to.name = "/";
    if (flags & (LINUX_MS_BIND | LINUX_MS_MOVE) && !(flags & LINUX_MS_REMOUNT)) {
        rc = sys_path(&from, LINUX_AT_FDCWD, source, PATH_NO_DIRFD);
        if (rc < 0)
            return rc;
        source = gva_of((uint64_t)from.name);
    }
    return SYS_HOST(source.a, to.name, type.a, flags, data.a);
}

/* ---- descriptors ---- */

long sys_dup3(int from, int to, uint32_t flags)
{
    if (to >= 0 && host_fd_is_reserved(to)) {
        int rc = host_fd_yield(to);
        if (rc < 0)
            return rc;
    }
    return SYS_HOST(from, to, flags);
}

/* The host's call for each stretch between two descriptors of the runtime. */
long sys_close_range(uint32_t first, uint32_t last, uint32_t flags)
{
    long rc;

    if (first > last || flags & ~(uint32_t)(LINUX_CLOSE_RANGE_UNSHARE | LINUX_CLOSE_RANGE_CLOEXEC))
        return -LINUX_EINVAL;
    if (flags & LINUX_CLOSE_RANGE_UNSHARE) {
        rc = host_syscall(LINUX_SYS_unshare, LINUX_CLONE_FILES, 0, 0, 0, 0, 0);
        if (rc < 0)
            return rc;
        flags &= ~(uint32_t)LINUX_CLOSE_RANGE_UNSHARE;
    }
    while (first <= last) {
        int ours = first > INT_MAX ? INT_MAX : host_fd_next_reserved((int)first);
        uint32_t end = ours == INT_MAX || (uint32_t)ours > last ? last : (uint32_t)ours - 1;
        if ((uint32_t)ours != first) {
            rc = host_syscall(LINUX_SYS_close_range, first, end, flags, 0, 0, 0);
            if (rc < 0)
                return rc;
        }
        if (end == last)
            break;
        first = (uint32_t)ours + 1;
    }
    return 0;
}

/* What a command's third argument points at: bytes, or 0 for a value. */
static unsigned fcntl_pointee(uint32_t command)
{
    switch (command) {
    case LINUX_F_GETLK:
    case LINUX_F_SETLK:
    case LINUX_F_SETLKW:
    case LINUX_F_OFD_GETLK:
    case LINUX_F_OFD_SETLK:
    case LINUX_F_OFD_SETLKW: return sizeof(struct linux_flock);
    case LINUX_F_SETOWN_EX:
    case LINUX_F_GETOWN_EX:
    case LINUX_F_GETOWNER_UIDS:
    case LINUX_F_GET_RW_HINT:
    case LINUX_F_SET_RW_HINT:
    case LINUX_F_GET_FILE_RW_HINT:
    case LINUX_F_SET_FILE_RW_HINT: return 8;
    default: return 0;
    }
}

long sys_fcntl(int fd, uint32_t command, uint64_t arg)
{
    unsigned bytes = fcntl_pointee(command);

    return SYS_HOST(fd, command, bytes ? sys_pointer(arg, bytes) : arg);
}

/* ---- directories ---- */

#define PROC_SUPER_MAGIC 0x9fa0
enum { TYPE_LINK = 10 }; /* DT_LNK */

/* Links with numbers for names: what a listing of /proc/PID/fd has behind `.` and `..`. */
static bool looks_like_descriptors(gva buf, long n)
{
    uint8_t head[LINUX_DIRENT64_NAME + 1]; /* and the first character of the name */
    uint16_t length;

    for (int i = 0; i < 3 && n > (long)sizeof(head); i++) {
        if (uaccess_read(head, buf, sizeof(head)))
            return false;
        uint8_t type = head[offsetof(struct linux_dirent64, d_type)],
                name = head[LINUX_DIRENT64_NAME];
        if (type == TYPE_LINK && name >= '0' && name <= '9')
            return true;
        memcpy(&length, head + offsetof(struct linux_dirent64, d_reclen), sizeof(length));
        n -= length;
        buf = gva_add(buf, length);
    }
    return false;
}

static bool is_proc(int fd)
{
    struct linux_statfs fs;

    return host_syscall(LINUX_SYS_fstatfs, (uint64_t)fd, (uint64_t)&fs, 0, 0, 0, 0) == 0 &&
           fs.f_type == PROC_SUPER_MAGIC;
}

/* Takes our own descriptors out of n bytes of entries; what is left, in a buffer of ours meanwhile. */
static long filter_entries(int fd, gva buf, long n)
{
    char *list = mem_alloc((size_t)n);
    long left = -LINUX_ENOMEM;

    if (list && uaccess_read(list, buf, (size_t)n) == 0) {
        left = procfs_filter_dents(fd, list, n);
        if (left > 0 && uaccess_write(buf, list, (size_t)left))
            left = -LINUX_EFAULT;
    }
    mem_free(list);
    return left;
}

/* A part of a listing that has nothing but ours would look like its end: the next one is taken. */
long sys_getdents64(int fd, gva buf, uint32_t size)
{
    for (;;) {
        long n = SYS_HOST(fd, buf.a, size);
        if (n <= 0 || !looks_like_descriptors(buf, n) || !is_proc(fd))
            return n;
        n = filter_entries(fd, buf, n);
        if (n)
            return n;
    }
}
