/*
 * The resolver: see path.h. With a sysroot a path is walked here by its
 * components. The walk keeps the guest's path of what it has reached so far,
 * always canonical (no symlink, no `.` or `..`), and asks readlinkat about
 * each next component on the sides where it may lie:
 *
 *   DIR    the sysroot's descriptor + the canonical path
 *   host   "/" + the canonical path
 *
 * A canonical path under that descriptor cannot leave DIR. Magic links of
 * /proc/PID (fd, cwd, root, exe...) are the host kernel's to follow: the rest
 * of the path goes to it as it is.
 */
#include "kernel/path.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/log.h"
#include "host/host.h"
#include "kernel/options.h"
#include "kernel/task.h"
#include "mm/uaccess.h"

#define LINKS_MAX 40

static struct {
    const char *dir; /* canonical host path, or NULL: no sysroot */
    size_t dir_len;
    bool only;
} sysroot;

enum side { SIDE_DIR, SIDE_HOST, SIDE_NONE };

struct walk {
    char at[PATH_CAP]; /* canonical guest path reached, "/a/b"; "" is the root */
    size_t at_len;
    char rest[2 * PATH_CAP]; /* what is still to be walked; begins at `next` */
    char *next;
    enum side prefer; /* where a relative path started */
    enum side found;  /* where `at` lies */
    unsigned links;
    bool follow_last;
};

/* /proc, /dev and /sys are always the host's. */
static bool host_only(const char *at)
{
    static const char *const tops[] = {"/proc", "/dev", "/sys"};

    for (size_t i = 0; i < ARRAY_LEN(tops); i++) {
        size_t len = strlen(tops[i]);

        if (strncmp(at, tops[i], len) == 0 && (at[len] == '/' || at[len] == '\0'))
            return true;
    }
    return false;
}

/*
 * What stands at w->at on one side: the length of a symlink's text in `target`,
 * -LINUX_EINVAL for anything that exists and is no symlink, or another error.
 */
static long look(const struct walk *w, enum side side, char *target, size_t cap)
{
    const char *name = w->at[0] ? w->at : "/";
    int dirfd = LINUX_AT_FDCWD;

    if (side == SIDE_DIR) {
        dirfd = host_fd(HOST_FD_SYSROOT);
        name = w->at[0] ? w->at + 1 : ".";
    }
    return host_syscall(LINUX_SYS_readlinkat, dirfd, (uintptr_t)name, (uintptr_t)target, cap, 0, 0);
}

/* Looks on the allowed sides, the preferred one first; w->found is where. */
static long look_both(struct walk *w, char *target, size_t cap)
{
    enum side first = w->prefer, second = first == SIDE_DIR ? SIDE_HOST : SIDE_DIR;
    long n;

    if (host_only(w->at)) {
        w->found = SIDE_HOST;
        return look(w, SIDE_HOST, target, cap);
    }
    if (sysroot.only) {
        w->found = SIDE_DIR;
        return look(w, SIDE_DIR, target, cap);
    }
    w->found = first;
    n = look(w, first, target, cap);
    if (n == -LINUX_ENOENT || n == -LINUX_ENOTDIR) {
        long m = look(w, second, target, cap);

        if (m >= 0 || m == -LINUX_EINVAL) {
            w->found = second;
            n = m;
        }
    }
    return n;
}

/* Puts `text` in front of what is still to be walked. */
static int push(struct walk *w, const char *text, size_t len)
{
    size_t room = w->next - w->rest;

    if (room < len + 1)
        return -LINUX_ENAMETOOLONG;
    /* No slash behind the last name: it would ask for a directory. */
    if (*w->next && *w->next != '/')
        *--w->next = '/';
    w->next -= len;
    memcpy(w->next, text, len);
    return 0;
}

/* A symlink of /proc/PID/... stands for an object, not for its text. */
static bool magic_link(const char *at)
{
    return strncmp(at, "/proc/", 6) == 0 && strchr(at + 6, '/');
}

/* w->at is what the host calls a directory that a walk starts from: as the guest knows it, and its side. */
static void side_of_start(struct walk *w)
{
    w->at_len = strlen(w->at);
    w->prefer = SIDE_HOST;
    if (strncmp(w->at, sysroot.dir, sysroot.dir_len) == 0 &&
        (w->at[sysroot.dir_len] == '/' || w->at[sysroot.dir_len] == '\0')) {
        w->prefer = SIDE_DIR;
        w->at_len = path_to_guest(w->at);
    }
    if (w->at_len == 1)
        w->at[w->at_len = 0] = '\0';
}

/*
 * The magic link at w->at names a directory that the walk can go on in, so
 * that no link inside it is followed by the host: what its text says is the
 * very same object (not in another namespace, not deleted). The last component
 * is the host's to open, but for the root, which the guest knows as another.
 * False: it is the host's.
 */
static bool enter_magic(struct walk *w, char *target, long len, bool last)
{
    struct linux_stat link, named;
    bool root = w->at_len > 5 && strcmp(w->at + w->at_len - 5, "/root") == 0;

    target[len] = '\0';
    if (target[0] != '/' || (last && !root) ||
        host_syscall(LINUX_SYS_newfstatat, LINUX_AT_FDCWD, (uintptr_t)w->at, (uintptr_t)&link, 0, 0,
                     0) < 0 ||
        host_syscall(LINUX_SYS_newfstatat, LINUX_AT_FDCWD, (uintptr_t)target, (uintptr_t)&named, 0,
                     0, 0) < 0 ||
        link.st_dev != named.st_dev || link.st_ino != named.st_ino ||
        (link.st_mode & LINUX_S_IFMT) != LINUX_S_IFDIR)
        return false;
    memcpy(w->at, target, (size_t)len + 1);
    side_of_start(w);
    if (root && !w->at_len)
        w->prefer = SIDE_DIR;
    w->found = w->prefer;
    return true;
}

static void go_up(struct walk *w)
{
    while (w->at_len && w->at[w->at_len - 1] != '/')
        w->at_len--;
    if (w->at_len)
        w->at_len--;
    w->at[w->at_len] = '\0';
}

static int append(struct walk *w, const char *name, size_t len)
{
    if (w->at_len + 1 + len >= sizeof(w->at))
        return -LINUX_ENAMETOOLONG;
    w->at[w->at_len++] = '/';
    memcpy(w->at + w->at_len, name, len);
    w->at_len += len;
    w->at[w->at_len] = '\0';
    return 0;
}

static bool is_directory(struct walk *w)
{
    char target[8];
    long n;

    if (w->at_len == 0 || w->at_len + 2 > sizeof(w->at))
        return true;
    memcpy(w->at + w->at_len, "/", 2);
    n = look(w, w->found, target, sizeof(target));
    w->at[w->at_len] = '\0';
    return n == -LINUX_EINVAL;
}

/* The symlink at w->at is to be followed: its text comes next. */
static int follow(struct walk *w, const char *target, long len)
{
    int err;

    if (++w->links > LINKS_MAX)
        return -LINUX_ELOOP;
    if (len == 0)
        return -LINUX_ENOENT;
    err = push(w, target, len);
    if (err < 0)
        return err;
    if (target[0] == '/') {
        w->at_len = 0;
        w->at[0] = '\0';
        w->prefer = SIDE_DIR;
    } else {
        go_up(w);
    }
    return 0;
}

/*
 * Walks to the end. 0: w->at is the object, or what is to be created; its
 * side is w->found (SIDE_NONE: it exists nowhere). A rest left at w->next is
 * for the host kernel.
 */
static int walk(struct walk *w)
{
    char target[PATH_CAP];
    bool climbed = false; /* w->at was reached by `..`: which side it lies on is not known yet */

    w->found = w->prefer;
    for (;;) {
        size_t len;
        bool last, followed;
        long n;
        int err;

        w->next += strspn(w->next, "/");
        len = strcspn(w->next, "/");
        if (len == 0) {
            if (climbed)
                look_both(w, target, sizeof(target));
            return 0;
        }
        last = w->next[len + strspn(w->next + len, "/")] == '\0';
        if (len == 1 && w->next[0] == '.') {
            w->next += len;
            continue;
        }
        if (len == 2 && w->next[0] == '.' && w->next[1] == '.') {
            if (!is_directory(w))
                return -LINUX_ENOTDIR;
            go_up(w);
            w->next += len;
            climbed = true;
            continue;
        }
        climbed = false;
        err = append(w, w->next, len);
        if (err < 0)
            return err;
        n = look_both(w, target, sizeof(target));
        if (n >= (long)sizeof(target))
            return -LINUX_ENAMETOOLONG;
        /* A slash after the last name asks for what it points to. */
        followed = !last || w->follow_last || w->next[len] == '/';
        if (n >= 0 && followed && magic_link(w->at) && enter_magic(w, target, n, last)) {
            w->next += len;
            climbed = true;
            continue;
        }
        if ((n >= 0 && magic_link(w->at)) || (n < 0 && n != -LINUX_EINVAL && host_only(w->at))) {
            w->next += len;
            return 0;
        }
        if (n >= 0 && followed) {
            w->next += len;
            err = follow(w, target, n);
            if (err < 0)
                return err;
            climbed = true;
            continue;
        }
        if (n < 0 && n != -LINUX_EINVAL) {
            if (!last || n != -LINUX_ENOENT)
                return (int)n;
            w->found = SIDE_NONE;
        }
        w->next += len;
    }
}

/* Where a new object goes: see path.h. The directory of w->at exists. */
static enum side creation_side(struct walk *w)
{
    char target[8], name[PATH_CAP];
    size_t at_len = w->at_len;
    long n;

    if (host_only(w->at) || sysroot.only)
        return host_only(w->at) ? SIDE_HOST : SIDE_DIR;
    if (w->prefer == SIDE_DIR && !strchr(w->at + 1, '/'))
        return SIDE_HOST;
    memcpy(name, w->at, w->at_len + 1);
    go_up(w);
    n = look(w, SIDE_HOST, target, sizeof(target));
    memcpy(w->at, name, at_len + 1);
    w->at_len = at_len;
    return n == -LINUX_EINVAL ? SIDE_HOST : SIDE_DIR;
}

/*
 * The guest's absolute path of a directory that a relative path starts from,
 * into w->at, and the side it lies on. False: the host kernel knows better
 * (not a directory, deleted, outside of the root, no /proc).
 */
static bool start_at(struct walk *w, int dirfd)
{
    char link[64];
    long n;

    if (dirfd == LINUX_AT_FDCWD) {
        n = host_syscall(LINUX_SYS_getcwd, (uintptr_t)w->at, sizeof(w->at), 0, 0, 0, 0);
    } else {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
        n = host_syscall(LINUX_SYS_readlinkat, LINUX_AT_FDCWD, (uintptr_t)link, (uintptr_t)w->at,
                         sizeof(w->at) - 1, 0, 0);
        if (n >= 0)
            w->at[n] = '\0';
    }
    if (n < 0 || w->at[0] != '/')
        return false;
    size_t len = strlen(w->at);
    if (len > 10 && strcmp(w->at + len - 10, " (deleted)") == 0)
        return false;
    side_of_start(w);
    return true;
}

/* Writes what the walk found into p->buf, as a path for the host. */
static int finish(struct path *p, struct walk *w, enum side side, unsigned how, bool slash)
{
    const char *dir = side == SIDE_DIR && (how & PATH_NO_DIRFD) ? sysroot.dir : "";
    const char *at = w->at;
    int n;

    p->dirfd = LINUX_AT_FDCWD;
    if (side == SIDE_DIR && !(how & PATH_NO_DIRFD)) {
        p->dirfd = host_fd(HOST_FD_SYSROOT);
        at = w->at[0] ? w->at + 1 : ".";
    } else if (!w->at[0] && !*dir) {
        at = "/";
    }
    n = snprintf(p->buf, sizeof(p->buf), "%s%s%s%s", dir, at, w->next,
                 slash && !*w->next ? "/" : "");
    if (n >= (int)sizeof(p->buf))
        return -LINUX_ENAMETOOLONG;
    p->name = p->buf;
    return 0;
}

static int resolve_in_sysroot(struct path *p, int dirfd, unsigned how)
{
    size_t len = strlen(p->buf);
    /* "name/" and "name/." ask for a directory; the host kernel checks it when the slash stays. */
    bool slash =
        len > 1 && (p->buf[len - 1] == '/' || (p->buf[len - 1] == '.' && p->buf[len - 2] == '/'));
    struct walk w;
    enum side side;
    int err;

    w.links = 0;
    w.follow_last = !(how & PATH_NOFOLLOW);
    w.next = w.rest + sizeof(w.rest) - len - 1;
    memcpy(w.next, p->buf, len + 1);
    if (p->buf[0] == '/') {
        w.at[w.at_len = 0] = '\0';
        w.prefer = SIDE_DIR;
    } else if (!start_at(&w, dirfd)) {
        return 0;
    }
    err = walk(&w);
    if (err < 0)
        return err;
    side = w.found;
    if (side == SIDE_NONE) {
        if (!(how & PATH_CREATE))
            return -LINUX_ENOENT;
        side = w.prefer == SIDE_DIR && p->buf[0] != '/' ? SIDE_DIR : creation_side(&w);
    }
    return finish(p, &w, side, how, slash);
}

static int resolve(struct path *p, int dirfd, unsigned how)
{
    if (p->buf[0] == '\0')
        return 0;
    if (path_sysroot()) {
        int err = resolve_in_sysroot(p, dirfd, how);

        if (err < 0)
            return err;
    }
    procfs_lookup(&p->view, p->dirfd, p->name);
    /* Calls that follow the link of the running program mean the guest's file. */
    if (p->view.kind == VIEW_EXE && !(how & PATH_NOFOLLOW)) {
        if (procfs_exe_path(&p->view, p->buf, sizeof(p->buf))) {
            p->dirfd = LINUX_AT_FDCWD;
            p->name = p->buf;
        }
        p->view.kind = VIEW_NONE;
    }
    return 0;
}

int path_resolve(struct path *p, int dirfd, gva name, unsigned how)
{
    long n;

    p->dirfd = dirfd;
    p->name = (const char *)(uintptr_t)name.a;
    p->view.kind = VIEW_NONE;
    if (name.a == 0)
        return 0;
    n = uaccess_str(p->buf, name, sizeof(p->buf));
    if (n < 0)
        return (int)n;
    return resolve(p, dirfd, how);
}

int path_resolve_str(struct path *p, int dirfd, const char *name, unsigned how)
{
    size_t len = strlen(name);

    if (len >= sizeof(p->buf))
        return -LINUX_ENAMETOOLONG;
    memcpy(p->buf, name, len + 1);
    p->dirfd = dirfd;
    p->name = p->buf;
    p->view.kind = VIEW_NONE;
    return resolve(p, dirfd, how);
}

bool path_in_sysroot(const char *name)
{
    struct path p;

    return path_sysroot() && path_resolve_str(&p, LINUX_AT_FDCWD, name, PATH_FOLLOW) == 0 &&
           p.dirfd == host_fd(HOST_FD_SYSROOT);
}

size_t path_to_guest(char *host_path)
{
    size_t len = strlen(host_path);

    if (!path_sysroot() || strncmp(host_path, sysroot.dir, sysroot.dir_len) != 0 ||
        (host_path[sysroot.dir_len] != '/' && host_path[sysroot.dir_len] != '\0'))
        return len;
    if (len == sysroot.dir_len) {
        strcpy(host_path, "/");
        return 1;
    }
    memmove(host_path, host_path + sysroot.dir_len, len - sysroot.dir_len + 1);
    return len - sysroot.dir_len;
}

int path_init(const struct options *opt)
{
    static char canonical[PATH_CAP];
    char link[64];
    long fd, n;

    if (!opt->sysroot)
        return 0;
    fd = host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)opt->sysroot,
                      LINUX_O_PATH | LINUX_O_DIRECTORY | LINUX_O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return (int)fd;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
    n = host_syscall(LINUX_SYS_readlinkat, LINUX_AT_FDCWD, (uintptr_t)link, (uintptr_t)canonical,
                     sizeof(canonical) - 1, 0, 0);
    if (n < 0)
        n = snprintf(canonical, sizeof(canonical), "%s", opt->sysroot);
    canonical[n] = '\0';
    if (n >= (long)sizeof(canonical) - 1) {
        host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
        return -LINUX_ENAMETOOLONG;
    }
    /* The whole machine as a sysroot is none. */
    if (strcmp(canonical, "/") == 0) {
        host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
        return 0;
    }
    fd = host_fd_reserve(HOST_FD_SYSROOT, (int)fd);
    if (fd < 0)
        return (int)fd;
    sysroot.dir = canonical;
    sysroot.dir_len = strlen(canonical);
    sysroot.only = opt->sysroot_only;
    return 0;
}

void path_root_changed(void)
{
    /* Of this process alone: a child of vfork shares the memory, but not the root. */
    current->group->own_root = true;
    host_fd_release(HOST_FD_SYSROOT);
}

const char *path_sysroot(void)
{
    return host_self && current->group->own_root ? NULL : sysroot.dir;
}
