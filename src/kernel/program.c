/*
 * Finding and checking a program: see program.h; execve(2), fs/exec.c,
 * fs/binfmt_script.c. A descriptor opened here is close-on-exec; exec hands
 * over the ones that the new image shall have.
 *
 * Whether a file may be executed the host kernel is asked (AT_EXECVE_CHECK).
 * One before 6.14 cannot tell that a file is open for writing: ETXTBSY is
 * then not reported.
 */
#include "kernel/program.h"

#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "host/host.h"

#define MODE_TYPE 0170000
#define MODE_REGULAR 0100000
#define MODE_LINK 0120000
#define MODE_ANY_X 0111

static void close_fd(int fd)
{
    if (fd >= 0)
        host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
}

/* May the caller execute the open file? As inode_permission and path_noexec do. */
static int check_executable(int fd)
{
    static const char *const no_arguments[] = {"", NULL};
    struct linux_stat st;
    long err = host_syscall(LINUX_SYS_fstat, fd, (uintptr_t)&st, 0, 0, 0, 0);

    if (err < 0)
        return (int)err;
    if ((st.st_mode & MODE_TYPE) != MODE_REGULAR)
        return -LINUX_EACCES;
    err =
        host_syscall(LINUX_SYS_execveat, fd, (uintptr_t) "", (uintptr_t)no_arguments,
                     (uintptr_t)(no_arguments + 1), LINUX_AT_EMPTY_PATH | LINUX_AT_EXECVE_CHECK, 0);
    if (err != -LINUX_EINVAL)
        return (int)err;
    err = host_syscall(LINUX_SYS_faccessat2, fd, (uintptr_t) "", LINUX_X_OK,
                       LINUX_AT_EMPTY_PATH | LINUX_AT_EACCESS, 0, 0);
    if (err == -LINUX_ENOSYS)
        err = st.st_mode & MODE_ANY_X ? 0 : -LINUX_EACCES;
    return (int)err;
}

/* A second descriptor of what the guest's fd means, to read from. */
static long open_same(int fd)
{
    char link[32];
    long n = host_syscall(LINUX_SYS_fcntl, fd, LINUX_F_GETFL, 0, 0, 0, 0);

    if (n < 0)
        return n;
    if (!(n & LINUX_O_PATH) && (n & LINUX_O_ACCMODE) != LINUX_O_WRONLY)
        return host_syscall(LINUX_SYS_fcntl, fd, LINUX_F_DUPFD_CLOEXEC, 0, 0, 0, 0);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    return host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)link,
                        LINUX_O_RDONLY | LINUX_O_CLOEXEC | LINUX_O_NONBLOCK, 0, 0, 0);
}

/* Opens a file to execute it: the descriptor or -LINUX_Exxx. */
static long open_exec(int dirfd, const char *name, unsigned flags)
{
    struct path path;
    struct linux_stat st;
    long fd;
    int err;

    if (name[0] == '\0') {
        fd = flags & LINUX_AT_EMPTY_PATH ? open_same(dirfd) : -LINUX_ENOENT;
    } else {
        err = path_resolve_str(&path, dirfd, name,
                               flags & LINUX_AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : PATH_FOLLOW);
        if (err < 0)
            return err;
        /* Looked at before it is opened: opening a FIFO or a device does something. */
        err = (int)host_syscall(LINUX_SYS_newfstatat, path.dirfd, (uintptr_t)path.name,
                                (uintptr_t)&st, flags & LINUX_AT_SYMLINK_NOFOLLOW, 0, 0);
        if (err < 0)
            return err;
        if ((st.st_mode & MODE_TYPE) != MODE_REGULAR)
            return (st.st_mode & MODE_TYPE) == MODE_LINK ? -LINUX_ELOOP : -LINUX_EACCES;
        fd = host_syscall(LINUX_SYS_openat, path.dirfd, (uintptr_t)path.name,
                          LINUX_O_RDONLY | LINUX_O_CLOEXEC | LINUX_O_NONBLOCK | LINUX_O_NOCTTY, 0,
                          0, 0);
    }
    if (fd < 0)
        return fd;
    err = check_executable((int)fd);
    if (err < 0) {
        close_fd((int)fd);
        return err;
    }
    return fd;
}

/* ---- scripts ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* [*s, end) without blanks at both ends. */
static size_t trim(char **s, char *end)
{
    while (*s < end && is_blank(**s))
        ++*s;
    while (end > *s && is_blank(end[-1]))
        end--;
    return end - *s;
}

/*
 * "#! name argument": both as strings inside head (argument NULL: none).
 * A line longer than the head is cut, unless that cuts the name itself.
 */
static bool parse_script(char head[SCRIPT_HEAD + 1], char **name, char **argument)
{
    char *line = head + 2, *end = memchr(head, '\n', SCRIPT_HEAD), *p;
    bool whole = end != NULL;
    size_t len;

    if (!end)
        end = head + SCRIPT_HEAD - 1;
    len = trim(&line, end);
    if (len == 0)
        return false;
    line[len] = '\0';
    *name = line;
    for (p = line; *p && !is_blank(*p); p++)
        ;
    /* The head was full to its end: where the name stops is not known. */
    if (p == head + SCRIPT_HEAD - 1 && !whole)
        return false;
    *argument = NULL;
    if (*p) {
        *p++ = '\0';
        while (is_blank(*p))
            p++;
        *argument = *p ? p : NULL;
    }
    return **name != '\0';
}

static const char *keep(struct program *p, size_t *used, const char *s)
{
    size_t bytes = strlen(s) + 1;
    char *at = p->prefix_text + *used;

    memcpy(at, s, bytes);
    *used += bytes;
    return at;
}

/*
 * A script's first line becomes arguments, and its interpreter is what to open
 * next: NULL when the line names none.
 */
static const char *add_script(struct program *p, size_t *used, char head[SCRIPT_HEAD + 1])
{
    char *name, *argument;

    if (!parse_script(head, &name, &argument))
        return NULL;
    if (p->prefix_count == 0)
        p->prefix[p->prefix_count++] = p->execfn;
    if (argument)
        p->prefix[p->prefix_count++] = keep(p, used, argument);
    return p->prefix[p->prefix_count++] = keep(p, used, name);
}

static void name_program(struct program *p, int dirfd, const char *name)
{
    if (dirfd == LINUX_AT_FDCWD || name[0] == '/')
        snprintf(p->execfn, sizeof(p->execfn), "%s", name);
    else
        snprintf(p->execfn, sizeof(p->execfn), "/dev/fd/%d%s%s", dirfd, *name ? "/" : "", name);
}

/* A script that is reached through a descriptor that exec closes cannot be opened by its interpreter. */
static bool unreachable(int dirfd, const char *name)
{
    return dirfd != LINUX_AT_FDCWD && name[0] != '/' &&
           (host_syscall(LINUX_SYS_fcntl, dirfd, LINUX_F_GETFD, 0, 0, 0, 0) & 1);
}

/* Opens name and what its scripts lead to; p->fd is then the file that is no script. */
static int follow_scripts(struct program *p, int dirfd, const char *name, unsigned flags,
                          char *head, long *head_bytes)
{
    size_t used = 0;
    long fd = open_exec(dirfd, name, flags);

    for (int depth = 0; fd >= 0; depth++) {
        const char *next;

        memset(head, 0, SCRIPT_HEAD + 1);
        *head_bytes = host_syscall(LINUX_SYS_pread64, fd, (uintptr_t)head, SCRIPT_HEAD, 0, 0, 0);
        if (*head_bytes < 0 || head[0] != '#' || head[1] != '!') {
            p->fd = (int)fd;
            return *head_bytes < 0 ? (int)*head_bytes : 0;
        }
        close_fd((int)fd);
        if (depth > SCRIPT_DEPTH)
            return -LINUX_ELOOP;
        next = add_script(p, &used, head);
        if (!next)
            return -LINUX_ENOEXEC;
        if (depth == 0 && unreachable(dirfd, name))
            return -LINUX_ENOENT;
        fd = open_exec(LINUX_AT_FDCWD, next, 0);
        if (fd < 0)
            snprintf(p->exe, sizeof(p->exe), "%s", next);
    }
    return (int)fd;
}

/* The guest's path of an open file. */
static void name_exe(struct program *p)
{
    char link[32];
    long n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", p->fd);
    n = host_syscall(LINUX_SYS_readlinkat, LINUX_AT_FDCWD, (uintptr_t)link, (uintptr_t)p->exe,
                     sizeof(p->exe) - 1, 0, 0);
    if (n < 0)
        n = snprintf(p->exe, sizeof(p->exe), "%s",
                     p->prefix_count ? p->prefix[p->prefix_count - 1] : p->execfn);
    p->exe[n < (long)sizeof(p->exe) ? n : (long)sizeof(p->exe) - 1] = '\0';
    path_to_guest(p->exe);
}

static int read_files(struct program *p)
{
    long fd;
    int err = elf_read(&p->elf, p->fd, ELF_PROGRAM);

    if (err < 0 || !p->elf.interp)
        return err;
    fd = open_exec(LINUX_AT_FDCWD, p->elf.interp, 0);
    err = (int)fd;
    if (fd >= 0) {
        p->interp_fd = (int)fd;
        err = elf_read(&p->interp, p->interp_fd, ELF_INTERPRETER);
    }
    if (err < 0)
        snprintf(p->exe, sizeof(p->exe), "%s", p->elf.interp);
    return err;
}

/* Scripts were met from the outermost on; arguments begin with the innermost interpreter. */
static void reverse_prefix(struct program *p)
{
    for (unsigned i = 0, j = p->prefix_count; i + 1 < j; i++) {
        const char *s = p->prefix[i];

        p->prefix[i] = p->prefix[--j];
        p->prefix[j] = s;
    }
}

int program_find(struct program *p, int dirfd, const char *name, unsigned flags)
{
    char head[SCRIPT_HEAD + 1];
    long head_bytes = 0;
    int err;

    memset(p, 0, offsetof(struct program, prefix));
    p->fd = p->interp_fd = -1;
    p->exe[0] = '\0';
    name_program(p, dirfd, name);
    err = follow_scripts(p, dirfd, name, flags, head, &head_bytes);
    if (err == 0 && elf_identify(head, head_bytes) != ELF_ARM64) {
        program_release(p);
        p->for_host = true;
        return 0;
    }
    if (err == 0)
        err = read_files(p);
    if (err < 0) {
        program_release(p);
        return err;
    }
    name_exe(p);
    reverse_prefix(p);
    return 0;
}

void program_release(struct program *p)
{
    close_fd(p->fd);
    close_fd(p->interp_fd);
    p->fd = p->interp_fd = -1;
    elf_free(&p->elf);
    elf_free(&p->interp);
}
