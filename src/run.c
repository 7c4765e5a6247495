/*
 * The way of one event through the house, on one page:
 *
 *   engine->run ── TRAP_SYSCALL ──> sys_dispatch ──> x0, or set up for a restart ─┐
 *        ▲      ── TRAP_FAULT.. ──> signal_force ─────────────────────────────────┤
 *        │      ── TRAP_INTERRUPT ────────────────────────────────────────────────┤
 *        └──────────────────────── signals that wait are delivered <──────────────┘
 *
 * Restart codes are resolved here and in signal_deliver and seen nowhere else.
 */
#include "run.h"

#include "abi/errno.h"
#include "abi/syscalls.h"
#include "debug/core.h"
#include "debug/crash.h"
#include "debug/strace.h"
#include "kernel/options.h"
#include "kernel/ptrace.h"
#include "kernel/signal.h"
#include "sys/table.h"

enum { SVC_BYTES = 4, EC_PC_ALIGN = 0x22, EC_SP_ALIGN = 0x26 };

static bool tracing(const struct task *t)
{
    return unlikely(t->group->options->trace);
}

/* What became of a signal: told to the tracer; deadly ones end the process. */
static void settle(struct task *t, enum signal_outcome outcome, const struct linux_siginfo *info,
                   const struct trap *trap)
{
    if (tracing(t) && outcome != SIGNAL_DROPPED)
        strace_signal(t, info, outcome == SIGNAL_HANDLER);
    if (outcome != SIGNAL_KILL)
        return;
    crash_report(t, info->si_signo, trap);
    core_write(t, info);
    if (tracing(t))
        strace_exit(t, 0, info->si_signo);
    host_die(info->si_signo);
}

/* Everything that waits, oldest first: each further frame stands on the one before. */
static void serve_signals(struct task *t)
{
    struct linux_siginfo info;
    enum signal_outcome outcome;

    while (t->cpu.poll) {
        t->cpu.poll = 0;
        if (unlikely(t->host.kicked))
            ptrace_service(t);
        while ((outcome = signal_deliver(t, &info)) != SIGNAL_NONE)
            settle(t, outcome, &info, NULL);
    }
    /* No handler came: the rest of the call is another call (setup_restart_syscall). */
    if (unlikely(t->restart == LINUX_ERESTART_RESTARTBLOCK))
        t->cpu.x[8] = LINUX_SYS_restart_syscall;
    t->restart = 0;
}

/* A signal that this very instruction or call raises. False: an older one waits, the instruction is done again. */
static bool raise_signal(struct task *t, struct linux_siginfo *info, const struct trap *trap)
{
    if (signal_hold(t) < 0)
        return false;
    settle(t, signal_force(t, info), info, trap);
    return true;
}

/* x0 still holds the first argument. */
static void again(struct task *t, int code)
{
    t->cpu.pc -= SVC_BYTES;
    t->restart = code;
}

static void finish_call(struct task *t, long result)
{
    if (t->raise.si_signo) {
        struct linux_siginfo info = t->raise;

        t->raise.si_signo = 0;
        if (!raise_signal(t, &info, NULL))
            again(t, LINUX_ERESTARTNOINTR);
        return;
    }
    if (t->sys_nr == CALL_NONE)
        return;
    switch (result) {
    case -LINUX_ERESTARTSYS:
    case -LINUX_ERESTARTNOINTR:
    case -LINUX_ERESTARTNOHAND:
    case -LINUX_ERESTART_RESTARTBLOCK: again(t, (int)-result); break;
    default: t->cpu.x[0] = (uint64_t)result;
    }
}

/* The call between its tracer's two looks at it. */
static long serve_traced(struct task *t)
{
    long result = (long)t->cpu.x[0];

    if (ptrace_call_enter(t)) {
        if (!t->seccomp.mode || seccomp_allows(t, &result))
            result = sys_dispatch(t);
    } else {
        result = (long)t->cpu.x[0];
    }
    return t->tracing.on ? ptrace_call_leave(t, result) : result;
}

static void serve_call(struct task *t)
{
    struct cpu *cpu = &t->cpu;
    long result;

    t->sys_nr = (int)cpu->x[8];
    for (int i = 0; i < 6; i++)
        t->sys_arg[i] = cpu->x[i];
    task_note_call(t);
    if (tracing(t))
        strace_enter(t);
    if (unlikely(cpu->poll))
        result = -LINUX_ERESTARTNOINTR;
    else if (unlikely(t->tracing.on))
        result = serve_traced(t);
    else if (likely(!t->seccomp.mode) || seccomp_allows(t, &result))
        result = sys_dispatch(t);
    task_note_result(t, result);
    if (tracing(t) && t->sys_nr != CALL_NONE)
        strace_leave(t, result);
    finish_call(t, result);
    t->sys_nr = CALL_NONE;
}

/* The words that the signal frame shows of a fault; SP and PC alignment leave no address (arm64_notify_die). */
static void note_fault(struct task *t, const struct trap *trap)
{
    unsigned ec = trap->esr >> 26;

    t->fault_address = ec == EC_PC_ALIGN || ec == EC_SP_ALIGN ? 0 : trap->addr;
    t->fault_esr = trap->esr;
}

static void serve_trap(struct task *t, const struct trap *trap)
{
    struct linux_siginfo info;

    switch (trap->kind) {
    case TRAP_SYSCALL:
        serve_call(t);
        if (likely(!t->cpu.single_step))
            return;
        /* Linux tells of the step itself, and the processor does so once more (ptrace_step_due). */
        t->tracing.step_due = true;
        signal_fault_info(&info, LINUX_SIGTRAP, LINUX_SI_USER, 0);
        break;
    case TRAP_FAULT:
        note_fault(t, trap);
        signal_fault_info(&info, trap->sig, trap->code, trap->addr);
        break;
    case TRAP_UNDEFINED:
        t->fault_address = t->fault_esr = 0;
        signal_fault_info(&info, LINUX_SIGILL, LINUX_ILL_ILLOPC, t->cpu.pc);
        break;
    case TRAP_BREAKPOINT:
        signal_fault_info(&info, LINUX_SIGTRAP, LINUX_TRAP_BRKPT, t->cpu.pc);
        break;
    case TRAP_STEP: signal_fault_info(&info, LINUX_SIGTRAP, LINUX_TRAP_TRACE, t->cpu.pc); break;
    case TRAP_INTERRUPT: return;
    }
    raise_signal(t, &info, trap);
}

void run_task(struct task *t)
{
    const struct engine *engine = t->group->engine;
    struct trap trap;

    for (;;) {
        serve_signals(t);
        if (unlikely(t->cpu.single_step) && ptrace_step_due(t))
            trap = (struct trap){.kind = TRAP_STEP};
        else
            engine->run(&t->cpu, &trap);
        serve_trap(t, &trap);
    }
}

void run_forked(struct task *t)
{
    if (tracing(t))
        strace_fork_child(t->group->options);
}
