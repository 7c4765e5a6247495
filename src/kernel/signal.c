/*
 * From the host handler to the guest's: the table of actions, the masks, the
 * choice between handler, default and nothing, and the restart of interrupted
 * calls (signal(7); kernel/signal.c of Linux). One signal at a time is out of
 * the host's hands (host/signal.c); its frame is sigframe.c's.
 *
 * The host's mask is the guest's all the time, except that everything is held
 * from the moment a signal is taken until its frame stands.
 */
#include "kernel/signal.h"

#include "abi/errno.h"
#include "abi/syscalls.h"
#include "base/log.h"
#include "kernel/park.h"
#include "kernel/ptrace.h"
#include "kernel/sigframe.h"
#include "mm/uaccess.h"

#define IGNORED_BY_DEFAULT                                                                       \
    (LINUX_SIGMASK(LINUX_SIGCHLD) | LINUX_SIGMASK(LINUX_SIGCONT) | LINUX_SIGMASK(LINUX_SIGURG) | \
     LINUX_SIGMASK(LINUX_SIGWINCH))
#define UNBLOCKABLE (LINUX_SIGMASK(LINUX_SIGKILL) | LINUX_SIGMASK(LINUX_SIGSTOP))
#define ACTION_FLAGS                                                                        \
    (LINUX_SA_NOCLDSTOP | LINUX_SA_NOCLDWAIT | LINUX_SA_SIGINFO | LINUX_SA_EXPOSE_TAGBITS | \
     LINUX_SA_RESTORER | LINUX_SA_ONSTACK | LINUX_SA_RESTART | LINUX_SA_NODEFER |           \
     LINUX_SA_RESETHAND)

/* The host would write the runtime's core; debug/core.c writes the guest's. */
static void catch_core(struct task *t)
{
    struct sighand *s = t->group->sighand;
    struct linux_rlimit limit = {0};

    host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_CORE, 0, (uintptr_t)&limit, 0, 0);
    t->group->catches_core = limit.rlim_cur != 0;
    for (int sig = 1; t->group->catches_core && sig <= LINUX_NSIG; sig++)
        if (PARK_CORE_SIGNALS & LINUX_SIGMASK(sig) && s->action[sig].handler == LINUX_SIG_DFL)
            BUG_ON(host_signal_action(sig, HOST_SIG_CATCH, 0) < 0);
}

int signal_init(struct task *t)
{
    struct sighand *s = t->group->sighand;
    uint64_t ignored;
    int rc = host_signal_init(&t->host, &ignored, &t->blocked);

    if (rc < 0)
        return rc;
    for (int sig = 1; sig <= LINUX_NSIG; sig++) {
        if (ignored & LINUX_SIGMASK(sig))
            s->action[sig].handler = LINUX_SIG_IGN;
    }
    catch_core(t);
    return 0;
}

/* Lock held. */
static int host_install(const struct task *t, int sig, const struct linux_sigaction *a)
{
    enum host_sigaction what = a->handler == LINUX_SIG_DFL   ? HOST_SIG_DFL
                               : a->handler == LINUX_SIG_IGN ? HOST_SIG_IGN
                                                             : HOST_SIG_CATCH;
    uint32_t flags = (uint32_t)a->flags;

    if (what == HOST_SIG_DFL && t->group->catches_core && PARK_CORE_SIGNALS & LINUX_SIGMASK(sig))
        what = HOST_SIG_CATCH;
    /* A tracer hears of its tracees' stops whether it wants to or not (ptrace_heard). */
    if (sig == LINUX_SIGCHLD && t->group->is_tracer && what != HOST_SIG_CATCH) {
        flags |= what == HOST_SIG_IGN ? LINUX_SA_NOCLDWAIT : 0;
        what = HOST_SIG_CATCH;
    }
    return host_signal_action(sig, what, flags);
}

void signal_hear_children(struct task *t)
{
    struct sighand *s = t->group->sighand;

    lock_acquire(&s->lock);
    BUG_ON(host_install(t, LINUX_SIGCHLD, &s->action[LINUX_SIGCHLD]) < 0);
    lock_release(&s->lock);
}

int signal_action(struct task *t, int sig, const struct linux_sigaction *new,
                  struct linux_sigaction *old)
{
    struct sighand *s = t->group->sighand;
    struct linux_siginfo unused;
    int rc = 0;

    if (sig < 1 || sig > LINUX_NSIG || (new &&LINUX_SIGMASK(sig) & UNBLOCKABLE))
        return -LINUX_EINVAL;
    lock_acquire(&s->lock);
    if (old)
        *old = s->action[sig];
    if (new) {
        struct linux_sigaction a = *new;

        a.flags &= ACTION_FLAGS;
        a.mask &= ~UNBLOCKABLE;
        rc = host_install(t, sig, &a);
        if (rc == 0)
            s->action[sig] = a;
    }
    lock_release(&s->lock);
    /* An ignored signal does not stay pending; the host's own queue knows that by itself. */
    if (new &&rc == 0 && new->handler == LINUX_SIG_IGN)
        host_signal_take_sync(&t->host, LINUX_SIGMASK(sig), &unused);
    return rc;
}

void signal_clear_handlers(struct sighand *s)
{
    for (int sig = 1; sig <= LINUX_NSIG; sig++) {
        bool ignored = s->action[sig].handler == LINUX_SIG_IGN;

        s->action[sig] =
            (struct linux_sigaction){.handler = ignored ? LINUX_SIG_IGN : LINUX_SIG_DFL};
    }
}

/* A synchronous signal that others sent may have become deliverable with the mask. */
static void look_again(struct task *t)
{
    if (t->host.sync_pending & ~t->blocked)
        t->cpu.poll = 1;
}

long signal_set_blocked(struct task *t, uint64_t mask)
{
    mask &= ~UNBLOCKABLE;
    if (!host_signal_mask(mask))
        return -LINUX_ERESTARTNOINTR;
    t->blocked = mask;
    look_again(t);
    return 0;
}

long signal_hold(struct task *t)
{
    return host_signal_hold() ? 0 : -LINUX_ERESTARTNOINTR;
}

/* The end of a hold. A signal that the host hands over meanwhile is next. */
static void open_mask(struct task *t)
{
    if (!host_signal_mask(t->blocked))
        t->cpu.poll = 1;
    look_again(t);
}

void signal_release(struct task *t)
{
    open_mask(t);
}

long signal_wait_begin(struct task *t, uint64_t mask)
{
    mask &= ~UNBLOCKABLE;
    t->saved_blocked = t->blocked;
    t->blocked = mask;
    t->restore_blocked = true;
    if (!(t->host.sync_pending & ~mask))
        return 0;
    t->cpu.poll = 1;
    return -LINUX_ERESTARTNOHAND;
}

long signal_wait_end(struct task *t, long result)
{
    bool waits = t->host.taken_sig || t->host.kicked || t->host.sync_pending & ~t->blocked;

    /* EINTR is for a handler; a signal that comes to nothing lets the call go on. */
    if (result == -LINUX_EINTR && waits)
        return -LINUX_ERESTARTNOHAND;
    t->blocked = t->saved_blocked;
    t->restore_blocked = false;
    return result;
}

long signal_suspend(struct task *t, uint64_t mask)
{
    uint64_t host_mask = mask & ~HOST_SYNC_MASK;
    long rc = signal_wait_begin(t, mask);

    if (rc < 0)
        return rc;
    rc = host_guest_syscall(LINUX_SYS_rt_sigsuspend, (uint64_t)&host_mask, sizeof host_mask, 0, 0,
                            0, 0);
    return signal_wait_end(t, rc);
}

int signal_altstack(struct task *t, const struct linux_stack *new, struct linux_stack *old)
{
    bool on_it = sigframe_on_altstack(t);

    if (old) {
        *old = t->altstack;
        old->ss_flags = (!t->altstack.ss_size ? LINUX_SS_DISABLE
                         : on_it              ? LINUX_SS_ONSTACK
                                              : 0) |
                        (t->altstack.ss_flags & (int)LINUX_SS_AUTODISARM);
    }
    if (!new)
        return 0;

    int mode = new->ss_flags & ~(int)LINUX_SS_AUTODISARM;

    if (on_it)
        return -LINUX_EPERM;
    if (mode != LINUX_SS_DISABLE && mode != LINUX_SS_ONSTACK && mode != 0)
        return -LINUX_EINVAL;
    if (new->ss_sp == t->altstack.ss_sp &&new->ss_size == t->altstack.ss_size &&new->ss_flags ==
        t->altstack.ss_flags)
        return 0;
    struct linux_stack ss = {
        .ss_sp = new->ss_sp, .ss_flags = new->ss_flags, .ss_size = new->ss_size};

    if (mode == LINUX_SS_DISABLE)
        ss.ss_sp = ss.ss_size = 0;
    else if (ss.ss_size < LINUX_MINSIGSTKSZ)
        return -LINUX_ENOMEM;
    t->altstack = ss;
    return 0;
}

/* The call that the signal interrupted is made again, unless this handler wants EINTR (signal(7)). */
static void settle_restart(struct task *t, const struct linux_sigaction *action)
{
    if (t->restart == LINUX_ERESTARTNOHAND || t->restart == LINUX_ERESTART_RESTARTBLOCK ||
        (t->restart == LINUX_ERESTARTSYS && !(action->flags & LINUX_SA_RESTART))) {
        t->cpu.x[0] = (uint64_t)-LINUX_EINTR;
        t->cpu.pc += 4;
    }
    t->restart = 0;
}

/* Makes the frame; everything is held, and afterwards the mask is the handler's. */
static enum signal_outcome enter_handler(struct task *t, const struct linux_sigaction *action,
                                         struct linux_siginfo *info)
{
    uint64_t saved = t->restore_blocked ? t->saved_blocked : t->blocked;
    int sig = info->si_signo;

    settle_restart(t, action);
    if (sigframe_setup(t, action, info, saved) < 0) {
        t->restore_blocked = false;
        if (sig == LINUX_SIGSEGV)
            return SIGNAL_KILL;
        *info = (struct linux_siginfo){.si_signo = LINUX_SIGSEGV, .si_code = LINUX_SI_KERNEL};
        return signal_force(t, info);
    }
    t->restore_blocked = false;
    t->blocked |= action->mask;
    if (!(action->flags & LINUX_SA_NODEFER))
        t->blocked |= LINUX_SIGMASK(sig);
    if (t->altstack.ss_flags & (int)LINUX_SS_AUTODISARM)
        t->altstack = (struct linux_stack){.ss_flags = LINUX_SS_DISABLE};
    open_mask(t);
    if (unlikely(t->cpu.single_step) && t->tracing.on)
        ptrace_stepped_into_handler(t);
    return SIGNAL_HANDLER;
}

/* The action of a signal about to be delivered, SA_RESETHAND done. */
static struct linux_sigaction claim_action(struct task *t, int sig)
{
    struct sighand *s = t->group->sighand;

    lock_acquire(&s->lock);
    struct linux_sigaction a = s->action[sig];

    if (a.handler > LINUX_SIG_IGN && a.flags & LINUX_SA_RESETHAND) {
        s->action[sig].handler = LINUX_SIG_DFL;
        BUG_ON(host_install(t, sig, &s->action[sig]) < 0);
    }
    lock_release(&s->lock);
    return a;
}

/*
 * The action became SIG_DFL after the host had handed the signal to us: back
 * to the host, which now does what is to be done.
 */
static void hand_back(struct task *t, const struct linux_siginfo *info)
{
    uint64_t pid = (uint64_t)host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);
    long rc = host_syscall(LINUX_SYS_rt_tgsigqueueinfo, pid, (uint64_t)t->tid,
                           (uint64_t)info->si_signo, (uint64_t)info, 0, 0);

    if (rc < 0)
        log_line("signal %d is lost: error %ld", info->si_signo, -rc);
}

/* The same, and what it does is done on return; a tracee may be stopped by it here. */
static void leave_to_host(struct task *t, const struct linux_siginfo *info)
{
    if (t->tracing.on) {
        t->host.passing = (uint32_t)info->si_signo;
        t->tracing.safe = true;
    }
    hand_back(t, info);
    open_mask(t);
    t->tracing.safe = false;
}

/* All signals are held. */
static enum signal_outcome act_on(struct task *t, struct linux_siginfo *info)
{
    int sig = info->si_signo;
    struct linux_sigaction action = claim_action(t, sig);

    if (action.handler > LINUX_SIG_IGN)
        return enter_handler(t, &action, info);
    if (action.handler == LINUX_SIG_DFL) {
        if (HOST_SYNC_MASK & LINUX_SIGMASK(sig) ||
            (t->group->catches_core && PARK_CORE_SIGNALS & LINUX_SIGMASK(sig)))
            return SIGNAL_KILL;
        /* What nothing comes of does not go round once more, through the tracers. */
        if (IGNORED_BY_DEFAULT & LINUX_SIGMASK(sig))
            open_mask(t);
        else
            leave_to_host(t, info);
    } else {
        open_mask(t);
    }
    return SIGNAL_DROPPED;
}

/* The tracer's word on a signal. False: there is none to deliver any more. */
static bool tracer_wants(struct task *t, struct linux_siginfo *info)
{
    if (likely(!t->tracing.on))
        return true;
    int sig = ptrace_signal(t, info);

    if (sig && !(t->blocked & LINUX_SIGMASK(sig)))
        return true;
    if (sig)
        hand_back(t, info);
    open_mask(t);
    return false;
}

enum signal_outcome signal_deliver(struct task *t, struct linux_siginfo *info)
{
    int sig = host_signal_take(&t->host, t->blocked, info);

    if (!sig) {
        if (t->restore_blocked) {
            t->restore_blocked = false;
            t->blocked = t->saved_blocked;
            open_mask(t);
        }
        return SIGNAL_NONE;
    }
    if (unlikely(t->group->is_tracer) && sig == LINUX_SIGCHLD && ptrace_heard(info)) {
        open_mask(t);
        return SIGNAL_DROPPED;
    }
    return tracer_wants(t, info) ? act_on(t, info) : SIGNAL_DROPPED;
}

void signal_fault_info(struct linux_siginfo *info, int sig, int code, uint64_t addr)
{
    *info = (struct linux_siginfo){.si_signo = sig, .si_code = code, .fault.addr = addr};
}

enum signal_outcome signal_force(struct task *t, struct linux_siginfo *info)
{
    int sig = info->si_signo;

    if (unlikely(t->tracing.on)) {
        if (!tracer_wants(t, info))
            return SIGNAL_DROPPED;
        if (info->si_signo != sig)
            return act_on(t, info);
    }
    struct linux_sigaction action = claim_action(t, sig);

    if (action.handler <= LINUX_SIG_IGN || t->blocked & LINUX_SIGMASK(sig))
        return SIGNAL_KILL;
    return enter_handler(t, &action, info);
}

long signal_return(struct task *t)
{
    struct sigframe_state state;

    if (sigframe_read(t, &state) < 0)
        return -LINUX_EFAULT;
    long rc = signal_set_blocked(t, state.mask);

    if (rc < 0)
        return rc;
    sigframe_commit(t, &state);
    /* What is wrong with the stack is silently left out, as Linux does. */
    rc = signal_altstack(t, &state.altstack, NULL);
    return rc == -LINUX_EFAULT ? rc : 0;
}
