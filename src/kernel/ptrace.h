/*
 * ptrace(2) for the guest. Tracer and tracee are two processes of this
 * runtime; the host's ptrace joins them, and does what is its own: who may
 * trace whom, wait and its statuses, stops by job control, the events of fork
 * and exit, death. What a guest sees of a stopped thread is in that thread's
 * struct task, which the tracer's runtime finds through the host (host/ptrace.h).
 *
 * A host stop may find a thread inside translated code, where there are no
 * registers to show. So the guest's stops are made by the thread itself, at
 * the points of run.c where its registers are exact:
 *
 *   tracee                                       tracer
 *   a signal comes ---- host stop -------------> ptrace_filter: the guest is not told;
 *                                                CARRY: the signal goes to the thread's run.c
 *   run.c is about to deliver it: ptrace_signal
 *     host_trap_stop -- host stop -------------> ptrace_filter: wait4 tells the guest
 *                                                PEEK, GETREGSET...: read from struct task
 *   goes on with what the tracer chose <-------- ptrace_resume
 *
 * A system call's two stops, a step, exec's and seccomp's events are made in
 * the same way. Stops that the host makes on its own account (events of fork
 * and exit, group stops) are told to the guest as they are where registers are
 * exact; elsewhere the thread is kicked to such a point first.
 *
 * A tracee that is none of ours (an x86-64 program that a guest executed) is
 * followed with the host's stops and without registers.
 */
#ifndef KERNEL_PTRACE_H
#define KERNEL_PTRACE_H

#include "kernel/task.h"

enum ptrace_stop_kind {
    PTRACE_RUNNING,
    PTRACE_SIGNAL, /* about to deliver code; the tracer may change it */
    PTRACE_CALL,   /* before or after a system call */
    PTRACE_EVENT,  /* exec, seccomp, a step into a handler */
    PTRACE_GROUP,  /* a group stop or PTRACE_INTERRUPT reached this thread */
};

/* The number that a tracer puts in place of a system call's so that none is made. */
enum { PTRACE_SKIP_CALL = -1 };

/* The messages of system-call stops, as PTRACE_GETEVENTMSG gives them. */
enum ptrace_call_at { PTRACE_CALL_NONE, PTRACE_CALL_ENTRY, PTRACE_CALL_EXIT };

/* ---- of the calling thread, a tracee (ptrace_stop.c) ---- */

/* PTRACE_TRACEME: 0, or -LINUX_EPERM when the parent is not a guest of ours. */
long ptrace_traceme(struct task *t) must_check;

/*
 * A signal is about to be delivered: the number that the tracer wants, 0 for
 * none; *info is the one to deliver. All signals are held.
 */
int ptrace_signal(struct task *t, struct linux_siginfo *info) must_check;

/*
 * Before the call of t->sys_nr, which the tracer may change with its
 * arguments; false: it is not made, and x0 is its result.
 */
bool ptrace_call_enter(struct task *t) must_check;
/* After it: the result, which the tracer may change. */
long ptrace_call_leave(struct task *t, long result) must_check;

/* seccomp's RET_TRACE: false when nobody traces that, so that the call fails with ENOSYS. */
bool ptrace_seccomp(struct task *t, uint32_t data) must_check;

/* What a debugger's kick asks for, and the pages that it wrote. Where a thread comes by with t->cpu.poll set. */
void ptrace_service(struct task *t);

/*
 * A step over a system call stops twice at the same place on arm64: once by
 * the kernel and, as the processor's own step is then still open, at once
 * again. True for that second one.
 */
bool ptrace_step_due(struct task *t) must_check;

/* A stepped thread has entered a handler. */
void ptrace_stepped_into_handler(struct task *t);

/* Is a child made with these clone flags and this exit signal a tracee from its first moment? */
bool ptrace_follows(const struct task *t, const struct linux_clone_args *args);
/* Makes child what that said; in the child of a fork t is child. */
void ptrace_child(struct task *child, const struct task *t, bool follows);

/* What exec hands to the new image: 0 bytes when not traced. */
struct ptrace_handover {
    int32_t on, seized, resume, tid;
    uint32_t options;
};
void ptrace_exec_save(const struct task *t, struct ptrace_handover *h);
/* In the new image, all of it in place: exec's stops. */
void ptrace_exec_done(struct task *t, const struct ptrace_handover *h);

/* ---- the calling thread is a tracer (ptrace.c) ---- */

/*
 * The host told of a stop of `tid` with this wait status. True: it is the
 * guest's to know, with *status as the guest's kernel would tell it. False: the
 * thread runs on, wait again.
 */
bool ptrace_filter(int tid, int *status);

/*
 * SIGCHLD came to a tracer. True: it told only of stops that are the runtimes'
 * affair, which is thereby done. So a tracee goes on although its tracer does not wait.
 */
bool ptrace_heard(const struct linux_siginfo *info);

/* Every request but TRACEME, with the guest's unchecked arguments: the result or -LINUX_Exxx. */
long ptrace_request(long request, int tid, uint64_t addr, uint64_t data);

/* Process pid's text may have changed in [addr, addr + len), by other ways than ptrace. */
void ptrace_wrote(int pid, uint64_t addr, uint64_t len);

#endif
