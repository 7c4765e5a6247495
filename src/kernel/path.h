/*
 * The one resolver of the guest's paths. No handler rewrites a path on its
 * own: it resolves, and passes dirfd and name on.
 *
 * Without a sysroot a path goes to the host as it is, but for the files of
 * /proc and /sys that would show the runtime or the host's processor (views,
 * kernel/procfs.h). With `--sysroot DIR` the guest's tree is DIR laid over the
 * host's: an absolute path is looked up in DIR, then on the host
 * (--sysroot-only: never there); symlinks and `..` are walked here, component
 * by component, so that neither leaves the guest's root. /proc, /dev and /sys
 * are always the host's. What does not exist yet is created on the host,
 * unless its directory exists in DIR only. A relative path prefers the side
 * its directory is on.
 *
 * The walk opens no descriptor, so the guest's next open still gets the lowest
 * free number.
 */
#ifndef KERNEL_PATH_H
#define KERNEL_PATH_H

#include "base/types.h"
#include "kernel/procfs.h"

struct options;

#define PATH_CAP 4096 /* LINUX_PATH_MAX */

enum path_how {
    PATH_FOLLOW = 0,
    PATH_NOFOLLOW =
        1, /* a symlink that is the last component is meant itself (lstat, readlink, unlink, rename...) */
    PATH_CREATE =
        2, /* the last component may be missing (open O_CREAT, mkdir, link's and rename's target...) */
    PATH_NO_DIRFD =
        4, /* the call has no dirfd argument: name alone must do (chdir, truncate, statfs...) */
};

struct path {
    int dirfd; /* for the *at call, or AT_FDCWD */
    const char
        *name; /* the guest's own string where nothing had to change, else buf; a host pointer */
    struct view view; /* view.kind != VIEW_NONE: a file that procfs.h serves */
    char buf[PATH_CAP];
};

/*
 * Resolves the string at `name` relative to dirfd (AT_FDCWD where the call has
 * none) for a call of the kind `how`. 0, or -LINUX_EFAULT, -LINUX_ENAMETOOLONG,
 * -LINUX_ELOOP, -LINUX_ENOENT, -LINUX_ENOTDIR, -LINUX_EACCES. An empty path and
 * a null pointer pass unchanged: the host kernel knows what they mean. No lock
 * is held or needed; nothing is to be released afterwards.
 */
int path_resolve(struct path *p, int dirfd, gva name, unsigned how) must_check;

/* The same for a path of the runtime's own making (exec's interpreters, a bound socket's name): a host string. */
int path_resolve_str(struct path *p, int dirfd, const char *name, unsigned how) must_check;

/*
 * What the host says a path is (getcwd, readlink of /proc links, maps) as the
 * guest knows it: takes a leading sysroot off in place. The new length.
 */
size_t path_to_guest(char *host_path);

/* Once at start; afterwards options->sysroot is not looked at again. 0 or -LINUX_Exxx when DIR cannot be opened. */
int path_init(const struct options *opt) must_check;

/* After a chroot or pivot_root of the guest succeeded: the new root is the whole tree, the sysroot ends. */
void path_root_changed(void);

/* Does this path lead to something that lies in the sysroot? */
bool path_in_sysroot(const char *name);

/* The sysroot in force (for exec's options), or NULL. */
const char *path_sysroot(void);

#endif
