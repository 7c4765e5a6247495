/*
 * The tracee's side of ptrace: see ptrace.h. Everything here is for the
 * calling thread's own task, at points where its registers are exact. The
 * order of stops, and what each of them shows, is Linux's
 * (kernel/ptrace.c, kernel/signal.c, arch/arm64/kernel/ptrace.c).
 */
#include "abi/errno.h"
#include "abi/syscalls.h"
#include "host/ptrace.h"
#include "kernel/park.h"
#include "kernel/procfs_text.h"
#include "kernel/ptrace.h"
#include "kernel/signal.h"

enum { CALL_STOP_REGISTER = 7 };

static long host_ptrace(long request, int tid)
{
    return host_syscall(LINUX_SYS_ptrace, (uint64_t)request, (uint64_t)tid, 0, 0, 0, 0);
}

long ptrace_traceme(struct task *t)
{
    struct view parent = {.pid = (int)host_syscall(LINUX_SYS_getppid, 0, 0, 0, 0, 0, 0)};
    long rc;

    if (!procfs_is_elver(&parent))
        return -LINUX_EPERM;
    rc = host_ptrace(LINUX_PTRACE_TRACEME, 0);
    if (rc == 0)
        t->tracing = (struct tracing){.on = true, .resume = LINUX_PTRACE_CONT};
    return rc;
}

/* ---- pages that a debugger wrote ---- */

static void flush_all(struct group *g)
{
    struct mapping m = {0};

    for (gva at = {0}; space_next(g->space, at, &m); at = gva_add(m.start, m.len))
        g->engine->flush(m.start, m.len);
}

static void flush_patches(struct group *g)
{
    struct patches *p = &g->patches;

    for (;;) {
        uint64_t page[PATCH_RING];

        lock_acquire(&g->lock);
        uint32_t seen = p->seen, written = __atomic_load_n(&p->written, __ATOMIC_ACQUIRE);

        for (uint32_t i = 0; i < PATCH_RING; i++)
            page[i] = p->page[i];
        p->seen = written;
        lock_release(&g->lock);
        if (seen == written)
            return;
        if (written - seen > PATCH_RING)
            flush_all(g);
        else
            for (; seen != written; seen++)
                g->engine->flush(gva_of(page[seen % PATCH_RING]), GUEST_PAGE);
    }
}

/* ---- stops ---- */

static void stop_tracing(struct task *t)
{
    t->tracing = (struct tracing){0};
    t->cpu.single_step = 0;
}

/* False: nobody traces. t->tracing's kind, code, message and info are set. */
static bool stop(struct task *t, enum ptrace_stop_kind kind)
{
    struct tracing *tr = &t->tracing;

    tr->stop = kind;
    tr->answered = false;
    tr->safe = true;
    host_trap_stop();
    tr->safe = false;
    tr->stop = PTRACE_RUNNING;
    flush_patches(t->group);
    if (!tr->answered)
        stop_tracing(t);
    return tr->answered;
}

/* What PTRACE_GETSIGINFO shows of a stop that no signal made (ptrace_do_notify). */
static void fill_notice(struct task *t, uint32_t code)
{
    t->tracing.code = code;
    t->tracing.info = (struct linux_siginfo){
        .si_signo = LINUX_SIGTRAP,
        .si_code = (int32_t)code,
        .rt = {.pid = t->tid, .uid = (uint32_t)host_syscall(LINUX_SYS_getuid, 0, 0, 0, 0, 0, 0)}};
}

/* A signal that the tracer adds at a stop which is not a signal's: it is sent, and stops again when it is its turn. */
static void send_added(struct task *t)
{
    struct linux_siginfo info = {.si_signo = t->tracing.signal, .si_code = LINUX_SI_KERNEL};
    long pid = host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);

    if (info.si_signo)
        host_syscall(LINUX_SYS_rt_tgsigqueueinfo, (uint64_t)pid, (uint64_t)t->tid,
                     (uint64_t)info.si_signo, (uint64_t)&info, 0, 0);
}

static bool stop_with_event(struct task *t, uint32_t event, uint64_t message)
{
    fill_notice(t, LINUX_SIGTRAP | event << 8);
    t->tracing.message = message;
    return stop(t, PTRACE_EVENT);
}

int ptrace_signal(struct task *t, struct linux_siginfo *info)
{
    struct tracing *tr = &t->tracing;
    uint64_t pc = t->cpu.pc;

    if (info->si_signo == LINUX_SIGKILL)
        return LINUX_SIGKILL;
    tr->code = (uint32_t)info->si_signo;
    tr->message = 0;
    tr->info = *info;
    if (!stop(t, PTRACE_SIGNAL))
        return info->si_signo;
    *info = tr->info;
    tr->new_mask = false; /* the mask is set behind every delivery */
    if (t->cpu.pc != pc)
        t->restart = 0;
    return tr->signal;
}

/* After a stop outside signal delivery. */
static void use_new_mask(struct task *t)
{
    if (!t->tracing.new_mask)
        return;
    t->tracing.new_mask = false;
    signal_release(t);
}

static bool stops_at_calls(const struct task *t)
{
    switch (t->tracing.resume) {
    case LINUX_PTRACE_SYSCALL:
    case LINUX_PTRACE_SYSEMU:
    case LINUX_PTRACE_SYSEMU_SINGLESTEP: return true;
    default: return false;
    }
}

/* x7 tells entry from exit at these two stops alone (arch/arm64/kernel/ptrace.c: report_syscall). */
static bool stop_at_call(struct task *t, enum ptrace_call_at at)
{
    uint64_t x7 = t->cpu.x[CALL_STOP_REGISTER];

    fill_notice(t, LINUX_SIGTRAP | (t->tracing.options & LINUX_PTRACE_O_TRACESYSGOOD ? 0x80u : 0));
    t->tracing.message = at;
    t->tracing.call_at = (uint8_t)at;
    t->cpu.x[CALL_STOP_REGISTER] = at == PTRACE_CALL_EXIT;
    bool traced = stop(t, PTRACE_CALL);

    t->tracing.call_at = PTRACE_CALL_NONE;
    t->cpu.x[CALL_STOP_REGISTER] = x7;
    if (traced) {
        use_new_mask(t);
        send_added(t);
    }
    return traced;
}

bool ptrace_call_enter(struct task *t)
{
    if (!stops_at_calls(t))
        return true;
    bool emulated = t->tracing.resume != LINUX_PTRACE_SYSCALL;

    if (t->sys_nr == PTRACE_SKIP_CALL)
        t->cpu.x[0] = (uint64_t)-LINUX_ENOSYS;
    if (!stop_at_call(t, PTRACE_CALL_ENTRY))
        return true;
    for (int i = 0; i < 6; i++)
        t->sys_arg[i] = t->cpu.x[i];
    return !emulated && t->sys_nr != PTRACE_SKIP_CALL;
}

long ptrace_call_leave(struct task *t, long result)
{
    uint64_t x0 = t->cpu.x[0];

    if (t->tracing.resume != LINUX_PTRACE_SYSCALL)
        return result;
    /* rt_sigreturn replaced all registers: x0 is no result. */
    if (t->sys_nr == CALL_NONE) {
        (void)stop_at_call(t, PTRACE_CALL_EXIT);
        return result;
    }
    t->cpu.x[0] = (uint64_t)result;
    (void)stop_at_call(t, PTRACE_CALL_EXIT);
    result = (long)t->cpu.x[0];
    t->cpu.x[0] = x0;
    return result;
}

bool ptrace_seccomp(struct task *t, uint32_t data)
{
    if (!t->tracing.on || !(t->tracing.options & LINUX_PTRACE_O_TRACESECCOMP))
        return false;
    t->tracing.call_at = PTRACE_CALL_ENTRY;
    bool traced = stop_with_event(t, LINUX_PTRACE_EVENT_SECCOMP, data);

    t->tracing.call_at = PTRACE_CALL_NONE;
    if (!traced)
        return false;
    use_new_mask(t);
    for (int i = 0; i < 6; i++)
        t->sys_arg[i] = t->cpu.x[i];
    return true;
}

void ptrace_service(struct task *t)
{
    uint32_t sig = __atomic_exchange_n(&t->host.kicked, 0, __ATOMIC_RELAXED);

    if (sig == HOST_KICK_PARK)
        park_here(t);
    flush_patches(t->group);
    if (!sig || !t->tracing.on)
        return;
    t->tracing.code = sig;
    t->tracing.message = 0;
    if (stop(t, PTRACE_GROUP))
        use_new_mask(t);
}

bool ptrace_step_due(struct task *t)
{
    bool due = t->tracing.step_due;

    t->tracing.step_due = false;
    return due;
}

void ptrace_stepped_into_handler(struct task *t)
{
    fill_notice(t, LINUX_SIGTRAP);
    t->tracing.message = 0;
    if (stop(t, PTRACE_EVENT))
        use_new_mask(t);
}

/* ---- children and exec ---- */

bool ptrace_follows(const struct task *t, const struct linux_clone_args *args)
{
    uint32_t option = args->flags & LINUX_CLONE_VFORK      ? LINUX_PTRACE_O_TRACEVFORK
                      : args->exit_signal != LINUX_SIGCHLD ? LINUX_PTRACE_O_TRACECLONE
                                                           : LINUX_PTRACE_O_TRACEFORK;

    if (!t->tracing.on)
        return false;
    return args->flags & LINUX_CLONE_PTRACE ||
           (!(args->flags & LINUX_CLONE_UNTRACED) && t->tracing.options & option);
}

void ptrace_child(struct task *child, const struct task *t, bool follows)
{
    struct tracing tracing = {.resume = LINUX_PTRACE_CONT};

    if (follows) {
        tracing.on = true;
        tracing.seized = t->tracing.seized;
        tracing.options = t->tracing.options;
    }
    child->tracing = tracing;
    child->cpu.single_step = 0;
    child->host.kicked = child->host.passing = 0;
}

void ptrace_exec_save(const struct task *t, struct ptrace_handover *h)
{
    *h = (struct ptrace_handover){.on = t->tracing.on,
                                  .seized = t->tracing.seized,
                                  .resume = t->tracing.resume,
                                  .tid = t->tid,
                                  .options = t->tracing.options};
}

void ptrace_exec_done(struct task *t, const struct ptrace_handover *h)
{
    struct tracing *tr = &t->tracing;

    if (!h->on)
        return;
    *tr = (struct tracing){
        .on = true, .seized = h->seized, .resume = h->resume, .options = h->options};
    t->cpu.single_step = h->resume == LINUX_PTRACE_SINGLESTEP;
    t->sys_nr = LINUX_SYS_execve;
    if (h->options & LINUX_PTRACE_O_TRACEEXEC) {
        if (stop_with_event(t, LINUX_PTRACE_EVENT_EXEC, (uint64_t)h->tid))
            use_new_mask(t);
    } else if (!h->seized) {
        struct linux_siginfo *info = &t->host.sync_info[HOST_SYNC_TRAP];

        fill_notice(t, LINUX_SI_USER);
        *info = tr->info;
        t->host.sync_pending |= LINUX_SIGMASK(LINUX_SIGTRAP);
        t->cpu.poll = 1;
    }
    if (tr->on)
        t->cpu.x[0] = (uint64_t)ptrace_call_leave(t, 0);
    t->sys_nr = CALL_NONE;
}
