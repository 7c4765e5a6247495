/*
 * --trace: lines shaped like strace -f -o's, one per event, with the thread's
 * id in front. What a call's arguments look like is format.c's; here is where
 * lines go and which events make one. A call is printed when it has returned,
 * so that one line tells all of it; only those that do not return are printed
 * before. Called by run.c; never writes to the guest's own descriptors.
 */
#include "debug/strace.h"

#include <stdio.h>

#include "abi/flags.h"
#include "abi/errno.h"
#include "base/log.h"
#include "debug/format.h"
#include "kernel/options.h"
#include "mm/uaccess.h"

/* Where lines go: set before the guest runs and in the child of a fork, by its only thread. */

/* Which of --trace's words, besides sys, a call belongs to. */
static unsigned class_of(long nr)
{
    switch (nr) {
    case LINUX_SYS_brk:
    case LINUX_SYS_mmap:
    case LINUX_SYS_munmap:
    case LINUX_SYS_mremap:
    case LINUX_SYS_mprotect:
    case LINUX_SYS_pkey_mprotect:
    case LINUX_SYS_madvise:
    case LINUX_SYS_msync:
    case LINUX_SYS_mlock:
    case LINUX_SYS_mlock2:
    case LINUX_SYS_munlock:
    case LINUX_SYS_mlockall:
    case LINUX_SYS_munlockall:
    case LINUX_SYS_mincore:
    case LINUX_SYS_mseal:
    case LINUX_SYS_remap_file_pages:
    case LINUX_SYS_process_madvise:
    case LINUX_SYS_shmat:
    case LINUX_SYS_shmdt: return TRACE_MM;
    case LINUX_SYS_kill:
    case LINUX_SYS_tkill:
    case LINUX_SYS_tgkill:
    case LINUX_SYS_pidfd_send_signal:
    case LINUX_SYS_sigaltstack:
    case LINUX_SYS_signalfd4:
    case LINUX_SYS_rt_sigsuspend:
    case LINUX_SYS_rt_sigaction:
    case LINUX_SYS_rt_sigprocmask:
    case LINUX_SYS_rt_sigpending:
    case LINUX_SYS_rt_sigtimedwait:
    case LINUX_SYS_rt_sigqueueinfo:
    case LINUX_SYS_rt_tgsigqueueinfo:
    case LINUX_SYS_rt_sigreturn: return TRACE_SIG;
    case LINUX_SYS_execve:
    case LINUX_SYS_execveat:
    case LINUX_SYS_clone:
    case LINUX_SYS_clone3:
    case LINUX_SYS_exit:
    case LINUX_SYS_exit_group: return TRACE_EXEC;
    default: return 0;
    }
}

static bool wanted(const struct task *t, unsigned classes)
{
    return (t->group->options->trace & classes) && (host_fd(HOST_FD_TRACE) >= 0 || log_fd() >= 0);
}

static void start_line(struct text *line, const struct task *t)
{
    line->len = 0;
    text_add(line, "%d ", t->tid);
}

static void end_line(struct text *line)
{
    text_write(line, host_fd(HOST_FD_TRACE) >= 0 ? host_fd(HOST_FD_TRACE) : log_fd());
}

/* The name of -o with each %p replaced by the process id; false: it does not fit. */
static bool file_name(char *out, size_t cap, const char *pattern)
{
    size_t n = 0;
    for (const char *p = pattern; *p; p++) {
        if (p[0] == '%' && p[1] == 'p') {
            long pid = host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);
            n += (size_t)snprintf(out + n, cap - n, "%ld", pid);
            p++;
        } else {
            out[n++] = *p;
        }
        if (n + 1 >= cap)
            return false;
    }
    out[n] = 0;
    return true;
}

static bool has_pid(const char *pattern)
{
    for (; *pattern; pattern++)
        if (pattern[0] == '%' && pattern[1] == 'p')
            return true;
    return false;
}

void strace_init(const struct options *opt, bool fresh)
{
    char name[4096];
    if (!opt->trace || !opt->trace_file)
        return;
    if (!file_name(name, sizeof(name), opt->trace_file)) {
        log_line("the trace's file name is too long");
        return;
    }
    uint64_t flags =
        LINUX_O_WRONLY | LINUX_O_CREAT | LINUX_O_APPEND | LINUX_O_CLOEXEC | LINUX_O_NOCTTY;
    long fd = host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD, (uintptr_t)name,
                           flags | (fresh ? LINUX_O_TRUNC : 0), 0644, 0, 0);
    if (fd >= 0)
        fd = host_fd_reserve(HOST_FD_TRACE, (int)fd);
    if (fd < 0)
        log_line("cannot write the trace to %s: %s", name, errno_sentence((int)-fd));
}

void strace_fork_child(const struct options *opt)
{
    if (!opt->trace || !opt->trace_file || !has_pid(opt->trace_file))
        return;
    host_fd_release(HOST_FD_TRACE);
    strace_init(opt, true);
}

void strace_enter(const struct task *t)
{
    struct text line;
    if (!wanted(t, TRACE_SYS | class_of(t->sys_nr)))
        return;
    switch (t->sys_nr) {
    case LINUX_SYS_exit:
    case LINUX_SYS_exit_group:
    case LINUX_SYS_rt_sigreturn:
        start_line(&line, t);
        format_call(&line, &syscall_rows[t->sys_nr], t->sys_arg, false, 0);
        text_add(&line, " = ?");
        end_line(&line);
        if (t->sys_nr == LINUX_SYS_exit_group)
            strace_exit(t, (int)t->sys_arg[0], 0);
        break;
    default: break;
    }
}

void strace_leave(const struct task *t, long result)
{
    struct text line;
    long nr = t->sys_nr;
    bool known = nr >= 0 && nr < LINUX_SYS_COUNT && syscall_rows[nr].name;
    if (!wanted(t, TRACE_SYS | class_of(nr)) || nr == LINUX_SYS_rt_sigreturn)
        return;
    /* The parent's line tells of a new process; the child has made no call yet. */
    if ((nr == LINUX_SYS_clone || nr == LINUX_SYS_clone3) && result == 0)
        return;
    start_line(&line, t);
    if (known)
        format_call(&line, &syscall_rows[nr], t->sys_arg, !LINUX_IS_ERROR(result), result);
    else
        text_add(&line, "syscall_%ld(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx)", nr,
                 (unsigned long long)t->sys_arg[0], (unsigned long long)t->sys_arg[1],
                 (unsigned long long)t->sys_arg[2], (unsigned long long)t->sys_arg[3],
                 (unsigned long long)t->sys_arg[4], (unsigned long long)t->sys_arg[5]);
    format_result(&line, nr, result);
    if (known && syscall_rows[nr].way == WAY_NOSYS)
        text_add(&line, " [not supported by elver]");
    end_line(&line);
}

void strace_signal(const struct task *t, const struct linux_siginfo *info, bool handler)
{
    struct text line;
    if (!wanted(t, TRACE_SIG))
        return;
    start_line(&line, t);
    text_add(&line, "--- ");
    format_signal(&line, info->si_signo);
    text_add(&line, " ");
    format_siginfo(&line, info);
    text_add(&line, handler ? " ---" : " --- (default action)");
    end_line(&line);
}

/* The strings between two addresses, as exec laid them out. */
static void add_strings(struct text *line, gva p, gva end)
{
    char word[256];
    const char *sep = "";
    text_add(line, "[");
    while (p.a < end.a) {
        long len = uaccess_str(word, p, sizeof(word));
        if (len < 0) {
            text_add(line, "%s...", sep);
            break;
        }
        text_add(line, "%s\"%s\"", sep, word);
        sep = ", ";
        p = gva_add(p, (uint64_t)len + 1);
    }
    text_add(line, "]");
}

void strace_exec(const struct task *t)
{
    struct text line;
    const struct image *image = &t->group->image;
    if (!wanted(t, TRACE_EXEC | TRACE_SYS))
        return;
    start_line(&line, t);
    text_add(&line, "execve(\"%s\", ", image->path ? image->path : "?");
    add_strings(&line, image->arg_start, image->arg_end);
    text_add(&line, ", %#llx) = 0", (unsigned long long)image->env_start.a);
    end_line(&line);
    if (!wanted(t, TRACE_EXEC))
        return;
    start_line(&line, t);
    text_add(&line, "    entry=%#llx phdr=%#llx interp=%#llx vdso=%#llx stack=%#llx",
             (unsigned long long)image->entry.a, (unsigned long long)image->phdr.a,
             (unsigned long long)image->interp_base.a, (unsigned long long)image->vdso.a,
             (unsigned long long)image->stack_top.a);
    end_line(&line);
}

void strace_exit(const struct task *t, int status, int sig)
{
    struct text line;
    if (!wanted(t, TRACE_EXEC | TRACE_SYS))
        return;
    start_line(&line, t);
    if (sig) {
        text_add(&line, "+++ killed by ");
        format_signal(&line, sig);
        text_add(&line, " +++");
    } else {
        text_add(&line, "+++ exited with %d +++", status & 0xff);
    }
    end_line(&line);
}
