/*
 * ptrace(2) and the calls that tell of a tracee's stops, wait4(2) and
 * waitid(2) (kernel/ptrace.h). Both are the host's; a stop that is the
 * runtimes' own affair is dealt with here, and waiting goes on.
 */
#include "kernel/ptrace.h"

#include "abi/flags.h"
#include "sys/sys.h"

#define STATUS_IS_STOP(status) (((status) & 0xff) == 0x7f)
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
    if (rc == 0 && info.a && put_info(info, &told) < 0)
        return -LINUX_EFAULT;
    return rc;
}
