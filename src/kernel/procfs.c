/*
 * The views: see procfs.h. Here: which paths they are, how they are opened,
 * the links, and the listing of descriptors. The texts are made in
 * procfs_maps.c and procfs_status.c.
 *
 * A path is recognised by its text when it is absolute, else by the text of
 * its directory; a symlink from elsewhere into /proc is not seen through.
 */
#include "kernel/procfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "a64/model.h"
#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "host/host.h"
#include "kernel/path.h"
#include "kernel/procfs_text.h"
#include "kernel/task.h"

/* ---- which paths ---- */

static const char *const patterns[] = {
    [VIEW_NONE] = "",
#define VIEW(kind, pattern) [VIEW_##kind] = pattern,
#include "kernel/procfs.def"
#undef VIEW
};

static long digits(const char **at)
{
    char *end;
    long n;

    if (**at < '0' || **at > '9')
        return -1;
    n = strtol(*at, &end, 10);
    *at = end;
    return n;
}

/* A process as it stands in a path, with its task/TID. */
static bool match_process(const char **at, struct view *v)
{
    const char *p = *at;
    long n;

    if (strncmp(p, "self", 4) == 0 && (p[4] == '/' || p[4] == '\0')) {
        v->pid = (int)host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);
        p += 4;
    } else if (strncmp(p, "thread-self", 11) == 0) {
        v->pid = (int)host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);
        v->tid = (int)host_syscall(LINUX_SYS_gettid, 0, 0, 0, 0, 0, 0);
        p += 11;
    } else {
        n = digits(&p);
        if (n <= 0 || n > INT32_MAX)
            return false;
        v->pid = (int)n;
    }
    if (strncmp(p, "/task/", 6) == 0) {
        p += 6;
        n = digits(&p);
        if (n <= 0 || n > INT32_MAX)
            return false;
        v->tid = (int)n;
    }
    *at = p;
    return true;
}

static bool match(const char *pattern, const char *path, struct view *v)
{
    while (*pattern) {
        if (*path == '/' && path[1] == '/') {
            path++;
        } else if (strncmp(pattern, "PID", 3) == 0) {
            if (!match_process(&path, v))
                return false;
            pattern += 3;
        } else if (strncmp(pattern, "CPU", 3) == 0) {
            v->cpu = (int)digits(&path);
            if (v->cpu < 0)
                return false;
            pattern += 3;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

/* Is the last component the last one of a pattern? Most paths end here. */
static bool worth_a_look(const char *name)
{
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;

    for (unsigned k = VIEW_NONE + 1; k < ARRAY_LEN(patterns); k++)
        if (strcmp(strrchr(patterns[k], '/') + 1, last) == 0)
            return true;
    return false;
}

/* The absolute text of a path: its own, or that of its directory before it. False: it is elsewhere. */
static const char *absolute(int dirfd, const char *name, char *buf, size_t cap)
{
    char link[32];
    long n;

    if (name[0] == '/')
        return name;
    if (dirfd == LINUX_AT_FDCWD) {
        n = host_syscall(LINUX_SYS_getcwd, (uintptr_t)buf, cap, 0, 0, 0, 0) - 1;
    } else {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
        n = host_syscall(LINUX_SYS_readlinkat, LINUX_AT_FDCWD, (uintptr_t)link, (uintptr_t)buf, cap,
                         0, 0);
    }
    if (n <= 0 || (strncmp(buf, "/proc", 5) != 0 && strncmp(buf, "/sys", 4) != 0))
        return NULL;
    if ((size_t)n + 1 + strlen(name) >= cap)
        return NULL;
    buf[n] = '/';
    strcpy(buf + n + 1, name);
    return buf;
}

bool procfs_lookup(struct view *v, int dirfd, const char *name)
{
    char buf[PATH_CAP];
    const char *path;

    v->kind = VIEW_NONE;
    if (!worth_a_look(name))
        return false;
    path = absolute(dirfd, name, buf, sizeof(buf));
    if (!path || (strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0))
        return false;
    for (unsigned k = VIEW_NONE + 1; k < ARRAY_LEN(patterns); k++) {
        v->pid = v->tid = v->cpu = 0;
        if (match(patterns[k], path, v)) {
            v->kind = k;
            return true;
        }
    }
    return false;
}

/* ---- whose ---- */

bool procfs_own(const struct view *v)
{
    struct group *g = current->group;
    bool own = v->pid == host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);

    lock_acquire(&g->lock);
    for (struct task *t = g->tasks; t && !own; t = t->next)
        own = t->tid == v->pid;
    lock_release(&g->lock);
    return own;
}

void procfs_host_path(const struct view *v, const char *name, char *buf, size_t cap)
{
    if (v->tid)
        snprintf(buf, cap, "/proc/%d/task/%d/%s", v->pid, v->tid, name);
    else
        snprintf(buf, cap, "/proc/%d/%s", v->pid, name);
}

static long read_link(const char *link, char *buf, size_t cap)
{
    return host_syscall(LINUX_SYS_readlinkat, LINUX_AT_FDCWD, (uintptr_t)link, (uintptr_t)buf, cap,
                        0, 0);
}

bool procfs_is_elver(const struct view *v)
{
    char link[64], mine[PATH_CAP], theirs[PATH_CAP];
    long n, m;

    procfs_host_path(v, "exe", link, sizeof(link));
    n = read_link("/proc/self/exe", mine, sizeof(mine));
    m = read_link(link, theirs, sizeof(theirs));
    return n > 0 && n == m && memcmp(mine, theirs, n) == 0;
}

/* ---- links ---- */

static long read_own_exe(char *buf, size_t cap)
{
    const struct image *im = &current->group->image;
    char link[32];
    long n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", host_fd(HOST_FD_EXE));
    n = read_link(link, buf, cap - 1);
    if (n < 0)
        return snprintf(buf, cap, "%s", im->path);
    buf[n] = '\0';
    return (long)path_to_guest(buf);
}

long procfs_readlink(const struct view *v, char *buf, size_t cap)
{
    char path[PATH_CAP];
    long n;

    if (v->kind != VIEW_EXE)
        return PROCFS_NATIVE;
    if (procfs_own(v))
        n = read_own_exe(path, sizeof(path));
    else if (procfs_is_elver(v))
        n = procfs_other_exe(v, path, sizeof(path));
    else
        return PROCFS_NATIVE;
    if (n < 0)
        return n;
    if (!procfs_own(v))
        n = (long)path_to_guest(path);
    if (n > (long)cap)
        n = (long)cap;
    memcpy(buf, path, n);
    return n;
}

bool procfs_exe_path(const struct view *v, char *buf, size_t cap)
{
    char path[PATH_CAP];
    long n;

    if (procfs_own(v)) {
        snprintf(buf, cap, "/proc/self/fd/%d", host_fd(HOST_FD_EXE));
        return true;
    }
    if (!procfs_is_elver(v))
        return false;
    n = procfs_other_exe(v, path, sizeof(path));
    if (n < 0 || (size_t)n >= cap)
        return false;
    memcpy(buf, path, n + 1);
    return true;
}

/* ---- files ---- */

static int show_arch(const struct view *v, struct procfs_text *out)
{
    (void)v;
    procfs_text_printf(out, "aarch64\n");
    return 0;
}

static int show_midr(const struct view *v, struct procfs_text *out)
{
    (void)v;
    procfs_text_printf(out, "0x%016llx\n", (unsigned long long)current->cpu.model->midr);
    return 0;
}

static int show_revidr(const struct view *v, struct procfs_text *out)
{
    (void)v;
    procfs_text_printf(out, "0x%016x\n", 0);
    return 0;
}

static procfs_generator *const generators[] = {
    [VIEW_MAPS] = procfs_maps,
    [VIEW_SMAPS] = procfs_smaps,
    [VIEW_NUMA_MAPS] = procfs_numa_maps,
    [VIEW_STAT] = procfs_stat,
    [VIEW_STATM] = procfs_statm,
    [VIEW_STATUS] = procfs_status,
    [VIEW_CPUINFO] = procfs_cpuinfo,
    [VIEW_ARCH] = show_arch,
    [VIEW_MIDR] = show_midr,
    [VIEW_REVIDR] = show_revidr,
};

/* The same file by a descriptor of its own. -LINUX_Exxx without /proc. */
static long open_again(long fd, int flags)
{
    char link[32];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
    return host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)link, flags | LINUX_O_CLOEXEC,
                        0, 0, 0);
}

/* The memfd as who opens a file to read it gets it: F_GETFL tells programs that check. Keeps the number. */
static long make_read_only(long fd, int flags)
{
    long again = open_again(fd, LINUX_O_RDONLY | (flags & LINUX_O_NONBLOCK));

    if (again < 0)
        return again;
    fd = host_syscall(LINUX_SYS_dup3, again, fd, flags & LINUX_O_CLOEXEC, 0, 0, 0);
    host_syscall(LINUX_SYS_close, again, 0, 0, 0, 0, 0);
    return fd;
}

/* The whole text into an empty file. */
static long put_text(long fd, const struct procfs_text *t)
{
    for (size_t done = 0; done < t->len;) {
        long n =
            host_syscall(LINUX_SYS_pwrite64, fd, (uintptr_t)t->p + done, t->len - done, done, 0, 0);

        if (n <= 0)
            return n < 0 ? n : -LINUX_ENOMEM;
        done += n;
    }
    return 0;
}

static void close_fd(long fd)
{
    host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
}

/* What a file of a view is called: the path, by which procfs_rewind knows what it shows. */
static void view_name(const struct view *v, char *buf, size_t cap)
{
    const char *last = strrchr(patterns[v->kind], '/') + 1;

    if (v->pid)
        procfs_host_path(v, last, buf, cap);
    else
        snprintf(buf, cap, "%s", last);
}

/* A read-only descriptor of the text, at offset 0. Where it cannot be opened anew it is sealed instead. */
static long text_to_fd(const struct procfs_text *t, const struct view *v, int flags)
{
    char name[64];

    view_name(v, name, sizeof(name));
    long fd = host_syscall(
        LINUX_SYS_memfd_create, (uintptr_t)name,
        LINUX_MFD_ALLOW_SEALING | (flags & LINUX_O_CLOEXEC ? LINUX_MFD_CLOEXEC : 0), 0, 0, 0, 0);

    if (fd < 0)
        return fd;
    long err = put_text(fd, t);
    if (err < 0) {
        close_fd(fd);
        return err;
    }
    long reader = make_read_only(fd, flags);
    if (reader >= 0)
        return reader;
    host_syscall(LINUX_SYS_fcntl, fd, LINUX_F_ADD_SEALS,
                 LINUX_F_SEAL_SEAL | LINUX_F_SEAL_SHRINK | LINUX_F_SEAL_GROW | LINUX_F_SEAL_WRITE,
                 0, 0, 0);
    return fd;
}

long procfs_open(const struct view *v, int flags)
{
    struct procfs_text text = {0};
    long result;

    if (v->kind == VIEW_MEM && (flags & LINUX_O_ACCMODE) != LINUX_O_RDONLY)
        current->group->writes_memory = true;
    if (v->kind >= ARRAY_LEN(generators) || !generators[v->kind] || (flags & LINUX_O_PATH) ||
        (flags & LINUX_O_ACCMODE) != LINUX_O_RDONLY)
        return PROCFS_NATIVE;
    if (flags & LINUX_O_DIRECTORY)
        return -LINUX_ENOTDIR;
    result = generators[v->kind](v, &text);
    if (result == 0)
        result = text.failed ? -LINUX_ENOMEM : text_to_fd(&text, v, flags);
    procfs_text_free(&text);
    if (result >= 0)
        current->group->has_views = true;
    return result;
}

void procfs_rewind(int fd)
{
    static const char prefix[] = "/memfd:/proc/", suffix[] = " (deleted)";
    struct procfs_text text = {0};
    struct view v;
    char link[32], name[96];
    long n, writer;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = read_link(link, name, sizeof(name) - 1) - (long)strlen(suffix);
    if (n < 0 || strncmp(name, prefix, strlen(prefix)) != 0)
        return;
    name[n] = '\0';
    if (!procfs_lookup(&v, LINUX_AT_FDCWD, strchr(name, ':') + 1) || !generators[v.kind])
        return;
    writer = open_again(fd, LINUX_O_RDWR);
    if (writer < 0)
        return;
    /* Of a process that is gone the text becomes empty, as a read of its file gives ESRCH. */
    if (generators[v.kind](&v, &text) < 0)
        text.len = 0;
    host_syscall(LINUX_SYS_ftruncate, writer, 0, 0, 0, 0, 0);
    if (put_text(writer, &text) < 0)
        host_syscall(LINUX_SYS_ftruncate, writer, 0, 0, 0, 0, 0);
    close_fd(writer);
    procfs_text_free(&text);
}

/* ---- listings ---- */

struct dirent64 {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
};

/* Without a /proc at its place (a sandbox's chroot): in /proc/self/fd the number of a listing leads to it. */
static bool leads_to_itself(int fd)
{
    struct linux_stat listing, target;
    char name[16];

    snprintf(name, sizeof(name), "%d", fd);
    return host_syscall(LINUX_SYS_fstat, fd, (uintptr_t)&listing, 0, 0, 0, 0) == 0 &&
           host_syscall(LINUX_SYS_newfstatat, fd, (uintptr_t)name, (uintptr_t)&target, 0, 0, 0) ==
               0 &&
           listing.st_dev == target.st_dev && listing.st_ino == target.st_ino;
}

static bool lists_own_descriptors(int fd)
{
    char link[32], path[64];
    struct view v = {0};
    const char *p = path + strlen("/proc/");
    long n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = read_link(link, path, sizeof(path) - 1);
    if (n <= 0)
        return leads_to_itself(fd);
    path[n] = '\0';
    return strncmp(path, "/proc/", 6) == 0 && match_process(&p, &v) &&
           (strcmp(p, "/fd") == 0 || strcmp(p, "/fdinfo") == 0) && procfs_own(&v);
}

static bool names_reserved(const struct dirent64 *d)
{
    const char *at = d->name;
    long n = digits(&at);

    return n > 0 && n <= INT32_MAX && *at == '\0' && host_fd_is_reserved((int)n);
}

long procfs_filter_dents(int fd, void *buf, long n)
{
    char *from = buf, *end = from + n;
    bool known = false;

    while (from < end) {
        struct dirent64 *d = (struct dirent64 *)from;
        size_t len = d->reclen;

        if (!names_reserved(d)) {
            from += len;
            continue;
        }
        if (!known && !lists_own_descriptors(fd))
            return n;
        known = true;
        memmove(from, from + len, end - from - len);
        end -= len;
    }
    return end - (char *)buf;
}

/* ---- text ---- */

static bool make_room(struct procfs_text *t, size_t more)
{
    size_t cap = t->cap ? t->cap : 4096;
    char *p;

    if (t->failed)
        return false;
    while (cap - t->len <= more)
        cap *= 2;
    if (cap == t->cap)
        return true;
    p = mem_realloc(t->p, cap);
    if (!p) {
        t->failed = true;
        return false;
    }
    t->p = p;
    t->cap = cap;
    return true;
}

void procfs_text_add(struct procfs_text *t, const char *bytes, size_t len)
{
    if (!make_room(t, len))
        return;
    memcpy(t->p + t->len, bytes, len);
    t->len += len;
}

void procfs_text_printf(struct procfs_text *t, const char *fmt, ...)
{
    char line[PATH_CAP + 256];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n > 0)
        procfs_text_add(t, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

void procfs_text_free(struct procfs_text *t)
{
    mem_free(t->p);
}

int procfs_text_read_file(struct procfs_text *t, const char *path)
{
    long fd = host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)path,
                           LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0, 0, 0);
    long n = 1;

    if (fd < 0)
        return (int)fd;
    while (n > 0 && make_room(t, 4096)) {
        n = host_syscall(LINUX_SYS_read, fd, (uintptr_t)t->p + t->len, t->cap - t->len - 1, 0, 0,
                         0);
        t->len += n > 0 ? n : 0;
    }
    host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
    if (t->failed)
        return -LINUX_ENOMEM;
    t->p[t->len] = '\0';
    return n < 0 ? (int)n : 0;
}

char *procfs_text_line(char **at, char **line_end, const char *end)
{
    char *line = *at;

    if (line >= end)
        return NULL;
    *line_end = memchr(line, '\n', end - line);
    if (!*line_end)
        return NULL;
    *at = *line_end + 1;
    return line;
}
