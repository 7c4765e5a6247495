/*
 * Views: the files and links of /proc and /sys that would show the guest the
 * runtime or the host's processor, made anew from the guest's side. One table
 * (procfs.c): path pattern -> generator. A view of a file is a memfd with the
 * text, so reading, seeking, polling and dup work as on any file.
 * Everything not in the table is the host's own. See proc(5).
 */
#ifndef KERNEL_PROCFS_H
#define KERNEL_PROCFS_H

#include "base/types.h"

struct path;

enum view_kind {
    VIEW_NONE,
#define VIEW(kind, pattern) VIEW_##kind,
#include "kernel/procfs.def"
#undef VIEW
};

struct view {
    enum view_kind kind;
    int pid, tid; /* the process meant; tid = 0 outside task/ */
    int cpu;      /* .../cpuN/... */
};

/*
 * Does this path, relative to dirfd, name a view? Called by the resolver
 * with the path's text; cheap for paths that do not.
 */
bool procfs_lookup(struct view *v, int dirfd, const char *name);

/* The host file meant by PROCFS_NATIVE: go on with the host's own call. */
#define PROCFS_NATIVE (-0x10000)

/* openat of a view with the guest's LINUX_O_* flags: a descriptor, -LINUX_Exxx, or PROCFS_NATIVE. */
long procfs_open(const struct view *v, int flags);

/* The guest went back to the start of fd: if it shows a view, the next read sees what there is now. */
void procfs_rewind(int fd);

/* readlinkat of a view into buf (cap bytes, no NUL): the length, -LINUX_Exxx, or PROCFS_NATIVE. */
long procfs_readlink(const struct view *v, char *buf, size_t cap);

/* A host path that leads to the program meant by a VIEW_EXE, for calls that follow the link; false: the host's own will do. */
bool procfs_exe_path(const struct view *v, char *buf, size_t cap);

/*
 * After getdents64 on fd put n bytes into buf: takes the runtime's own
 * descriptors out of a listing of /proc/PID/fd or fdinfo. The bytes left.
 */
long procfs_filter_dents(int fd, void *buf, long n);

#endif
