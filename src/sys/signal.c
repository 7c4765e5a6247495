/*
 * System calls about signals that need the table of actions, the mask or the
 * frame (kernel/signal.h). Sending, signalfd's reads and timers are the host's.
 */
#include "kernel/signal.h"

#include "sys/sys.h"

long sys_rt_sigaction(int sig, gva new, gva old, uint64_t size)
{
    struct linux_sigaction act, was;

    if (size != LINUX_SIGSET_BYTES)
        return -LINUX_EINVAL;
    if (new.a && UGET(&act, new) < 0)
        return -LINUX_EFAULT;
    int rc = signal_action(current, sig, new.a ? &act : NULL, &was);

    if (rc < 0)
        return rc;
    return old.a ? UPUT(old, &was) : 0;
}

long sys_rt_sigprocmask(int how, gva new, gva old, uint64_t size)
{
    struct task *t = current;
    linux_sigset was = t->blocked, set;

    if (size != LINUX_SIGSET_BYTES)
        return -LINUX_EINVAL;
    if (new.a) {
        if (UGET(&set, new) < 0)
            return -LINUX_EFAULT;
        switch (how) {
        case LINUX_SIG_BLOCK: set |= was; break;
        case LINUX_SIG_UNBLOCK: set = was & ~set; break;
        case LINUX_SIG_SETMASK: break;
        default: return -LINUX_EINVAL;
        }
        long rc = set == was ? 0 : signal_set_blocked(t, set);

        if (rc < 0)
            return rc;
    }
    return old.a ? UPUT(old, &was) : 0;
}

long sys_rt_sigpending(gva set, uint64_t size)
{
    linux_sigset pending = 0;

    if (size > sizeof pending)
        return -LINUX_EINVAL;
    long rc = host_syscall(LINUX_SYS_rt_sigpending, (uint64_t)&pending, sizeof pending, 0, 0, 0, 0);

    if (rc < 0)
        return rc;
    pending |= current->host.sync_pending & current->blocked;
    return size ? uaccess_write(set, &pending, size) : 0;
}

long sys_rt_sigsuspend(gva set, uint64_t size)
{
    linux_sigset mask;

    if (size != sizeof mask)
        return -LINUX_EINVAL;
    if (UGET(&mask, set) < 0)
        return -LINUX_EFAULT;
    return signal_suspend(current, mask);
}

long sys_rt_sigtimedwait(gva set, gva info, gva timeout, uint64_t size)
{
    struct linux_siginfo taken;
    linux_sigset wanted;

    if (size != sizeof wanted)
        return -LINUX_EINVAL;
    if (UGET(&wanted, set) < 0)
        return -LINUX_EFAULT;
    /* What the host handler keeps for us is not in the host's queue. */
    int sig = host_signal_take_sync(&current->host, wanted, &taken);

    if (!sig)
        return SYS_HOST(&wanted, info.a, timeout.a, sizeof wanted);
    if (info.a && UPUT(info, &taken) < 0)
        return -LINUX_EFAULT;
    return sig;
}

long sys_signalfd4(int fd, gva set, uint64_t size, uint32_t flags)
{
    if (host_fd_is_reserved(fd))
        return -LINUX_EBADF;
    return SYS_HOST(fd, set.a, size, flags);
}

long sys_sigaltstack(gva new, gva old)
{
    struct linux_stack ss, was;

    if (new.a && UGET(&ss, new) < 0)
        return -LINUX_EFAULT;
    int rc = signal_altstack(current, new.a ? &ss : NULL, &was);

    if (rc < 0)
        return rc;
    return old.a ? UPUT(old, &was) : 0;
}

long sys_rt_sigreturn(void)
{
    struct task *t = current;
    long rc = signal_return(t);

    if (rc == -LINUX_ERESTARTNOINTR)
        return rc;
    if (rc < 0) {
        /* arm64_notify_segfault: it asks whether anything is mapped there or above. */
        struct mapping above;
        int code = space_next(t->group->space, gva_of(t->cpu.sp), &above) ? LINUX_SEGV_ACCERR
                                                                          : LINUX_SEGV_MAPERR;

        signal_fault_info(&t->raise, LINUX_SIGSEGV, code, t->cpu.sp);
    }
    /* x0 is the interrupted code's, not a result. */
    t->sys_nr = CALL_NONE;
    return 0;
}
