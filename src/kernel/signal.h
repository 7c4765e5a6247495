/*
 * Signals as the guest sees them: actions, masks, the alternate stack, and
 * the way of one signal from the host handler to a frame on the guest's stack
 * (signal(7), sigaction(2), kernel/signal.c of Linux). Queues, default
 * actions and stops are the host kernel's. All calls are for the calling
 * thread's own task.
 */
#ifndef KERNEL_SIGNAL_H
#define KERNEL_SIGNAL_H

#include "kernel/task.h"

/*
 * At the start of a program image, on the first thread: the host's handlers,
 * and in the task what exec left (ignored signals, the mask). 0 or -LINUX_Exxx.
 */
int signal_init(struct task *t) must_check;

/* rt_sigaction: new or old may be NULL. 0 or -LINUX_EINVAL. */
int signal_action(struct task *t, int sig, const struct linux_sigaction *new,
                  struct linux_sigaction *old);

/* The group has become a tracer: the host shall hand over SIGCHLD whatever its action is. */
void signal_hear_children(struct task *t);

/* Every action that is not SIG_IGN becomes SIG_DFL (clone with CLONE_CLEAR_SIGHAND); the host's already did. */
void signal_clear_handlers(struct sighand *s);

/* Sets the guest's mask. 0, or -LINUX_ERESTARTNOINTR when a signal waits that is older than the call. */
long signal_set_blocked(struct task *t, uint64_t mask) must_check;

/*
 * Holds all signals back while a system call does what must not be cut in two
 * (fork, exit, exec): 0, or -LINUX_ERESTARTNOINTR when one waits already.
 */
long signal_hold(struct task *t) must_check;
void signal_release(struct task *t);

/*
 * Around a host call that takes a mask of its own (ppoll, pselect6,
 * epoll_pwait...). begin tells what the mask is meanwhile (0, or the error to
 * return); end takes the call's result, and returns it.
 */
long signal_wait_begin(struct task *t, uint64_t mask) must_check;
long signal_wait_end(struct task *t, long result);

/* rt_sigsuspend. */
long signal_suspend(struct task *t, uint64_t mask);

/* sigaltstack(2) with stacks in our memory; either may be NULL. 0 or -LINUX_Exxx. */
int signal_altstack(struct task *t, const struct linux_stack *new, struct linux_stack *old);

enum signal_outcome {
    SIGNAL_NONE,    /* none waits */
    SIGNAL_DROPPED, /* ignored, or left to the host's default action */
    SIGNAL_HANDLER, /* a frame was made: registers are the handler's */
    SIGNAL_KILL,    /* the process dies of info->si_signo; host_die is the caller's */
};

/* Delivers one waiting signal, which is told in *info. */
enum signal_outcome signal_deliver(struct task *t, struct linux_siginfo *info);

/* A signal that an instruction raised: delivered at once; kills when blocked or ignored. */
enum signal_outcome signal_force(struct task *t, struct linux_siginfo *info);

/* What signal_force is given for a fault of the guest's instruction at cpu->pc. */
void signal_fault_info(struct linux_siginfo *info, int sig, int code, uint64_t addr);

/*
 * rt_sigreturn: 0 with registers, mask and alternate stack restored;
 * -LINUX_ERESTARTNOINTR; or -LINUX_EFAULT for a bad frame, which the caller
 * answers with signal_force(SIGSEGV at SP).
 */
long signal_return(struct task *t) must_check;

#endif
