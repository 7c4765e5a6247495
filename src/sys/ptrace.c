/*
 * ptrace(2) and the calls that tell of a tracee's stops, wait4(2) and
 * waitid(2) (kernel/ptrace.h). Both are the host's; a stop that is the
 * runtimes' own affair is dealt with here, and waiting goes on. And writing
 * through /proc/PID/mem, which may change text that is translated already.
 */
#include "kernel/ptrace.h"

#include <stdio.h>
#include <string.h>

#include "abi/flags.h"
#include "sys/sys.h"

#define STATUS_IS_STOP(status) (((status)&0xff) == 0x7f)
enum { CLD_TRAPPED = 4 };

long sys_ptrace(int64_t request, int pid, uint64_t addr, uint64_t data)
{
    if (request == LINUX_PTRACE_TRACEME)
        return ptrace_traceme(current);
    return ptrace_request(request, pid, addr, data);
}

long sys_wait4(int pid, gva status, int options, gva usage)
{
    int told;
    long rc;

    do
        rc = SYS_HOST(pid, &told, options, usage.a);
    while (rc > 0 && STATUS_IS_STOP(told) && !ptrace_filter((int)rc, &told));
    if (rc > 0 && status.a && UPUT(status, &told) < 0)
        return -LINUX_EFAULT;
    return rc;
}

/* The kernel writes these fields one by one and leaves the rest of the guest's structure alone. */
static long put_info(gva to, const struct linux_siginfo *info)
{
    struct linux_siginfo out;

    if (UGET(&out, to) < 0)
        return -LINUX_EFAULT;
    out.si_signo = info->si_signo;
    out.si_errno = info->si_errno;
    out.si_code = info->si_code;
    out.chld.pid = info->chld.pid;
    out.chld.uid = info->chld.uid;
    out.chld.status = info->chld.status;
    return UPUT(to, &out);
}

long sys_waitid(int which, int pid, gva info, int options, gva usage)
{
    struct linux_siginfo told;
    bool again;
    long rc;

    do {
        told = (struct linux_siginfo){0};
        rc = SYS_HOST(which, pid, &told, options, usage.a);
        again = false;
        if (rc == 0 && told.si_code == CLD_TRAPPED) {
            int status = told.chld.status << 8 | 0x7f;

            again = !ptrace_filter(told.chld.pid, &status);
            told.chld.status = status >> 8;
        }
    } while (again);
    /* Whatever came out, the kernel writes it: a wait without result clears the fields. */
    if (info.a && rc != -LINUX_ERESTARTNOINTR && put_info(info, &told) < 0)
        return -LINUX_EFAULT;
    return rc;
}

/* ---- /proc/PID/mem ---- */

void sys_wrote_memory(int fd, int64_t offset, long bytes)
{
    char link[32], name[64];
    int pid, tid, parsed;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    long n = host_syscall(LINUX_SYS_readlinkat, LINUX_AT_FDCWD, (uintptr_t)link, (uintptr_t)name,
                          sizeof(name) - 1, 0, 0);

    if (n <= 0)
        return;
    name[n] = '\0';
    parsed = sscanf(name, "/proc/%d/task/%d/mem", &pid, &tid);
    if (parsed < 1 || (parsed == 1 && !strstr(name, "/mem")))
        return;
    if (offset == -1)
        offset = host_syscall(LINUX_SYS_lseek, (uint64_t)fd, 0, LINUX_SEEK_CUR, 0, 0, 0) - bytes;
    ptrace_wrote(parsed == 2 ? tid : pid, (uint64_t)offset, (uint64_t)bytes);
}

long sys_write(int fd, gva buf, uint64_t count)
{
    return sys_wrote(fd, -1, SYS_HOST(fd, buf.a, count));
}

long sys_pwrite64(int fd, gva buf, uint64_t count, int64_t offset)
{
    return sys_wrote(fd, offset, SYS_HOST(fd, buf.a, count, offset));
}
