/*
 * What the files of the views share: a growing text, and whole host files.
 */
#ifndef KERNEL_PROCFS_TEXT_H
#define KERNEL_PROCFS_TEXT_H

#include "base/types.h"
#include "kernel/procfs.h"

struct task;

/* Zeroed: empty. Once memory failed nothing more is added. */
struct procfs_text {
    char *p;
    size_t len, cap;
    bool failed;
};

void procfs_text_add(struct procfs_text *t, const char *bytes, size_t len);
void procfs_text_printf(struct procfs_text *t, const char *fmt, ...) printf_like(2, 3);
void procfs_text_free(struct procfs_text *t);

/* Appends a whole file of the host: 0 or -LINUX_Exxx. The text is then NUL-terminated. */
int procfs_text_read_file(struct procfs_text *t, const char *path) must_check;

/* The next line of [*at, end) without its newline, and where it ends; NULL at the end. */
char *procfs_text_line(char **at, char **line_end, const char *end);

/* Is the process meant by v the calling one? Then *tid's task (the first one when v names none), or any of the group. */
bool procfs_own(const struct view *v);
/* "/proc/PID/name" or "/proc/PID/task/TID/name" of the host for v. */
void procfs_host_path(const struct view *v, const char *name, char *buf, size_t cap);
/* Is the process meant by v one of ours? */
bool procfs_is_elver(const struct view *v);

/* Generators: 0, -LINUX_Exxx or PROCFS_NATIVE. */
typedef int procfs_generator(const struct view *v, struct procfs_text *out);
procfs_generator procfs_maps, procfs_smaps, procfs_numa_maps, procfs_stat, procfs_statm,
    procfs_status, procfs_cpuinfo;

/* The host's path of the program of another elver process, from its auxv and maps: its length, or an error. */
long procfs_other_exe(const struct view *v, char *buf, size_t cap);
/* What the guest's part of another elver process's mappings adds up to; 0 when it may not be read. */
uint64_t procfs_other_bytes(const struct view *v);

#endif
