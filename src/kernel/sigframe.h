/*
 * The frame of a handler on the guest's stack, written and read back
 * (arch/arm64/kernel/signal.c of Linux; uapi sigcontext.h).
 */
#ifndef KERNEL_SIGFRAME_H
#define KERNEL_SIGFRAME_H

#include "kernel/task.h"

/*
 * Puts the frame of `info` on the stack and sets the registers to enter the
 * handler. mask: what sigreturn shall restore. 0, or -LINUX_EFAULT with the
 * registers unchanged.
 */
int sigframe_setup(struct task *t, const struct linux_sigaction *action,
                   const struct linux_siginfo *info, uint64_t mask) must_check;

/* What a frame restores. */
struct sigframe_state {
    uint64_t x[31], sp, pc, pstate, mask;
    struct linux_stack altstack;
    struct linux_fpsimd_context fp;
};

/* Reads and checks the frame at SP: 0, or -LINUX_EFAULT. */
int sigframe_read(const struct task *t, struct sigframe_state *state) must_check;
/* Makes the registers those of `state` (mask and altstack are the caller's). */
void sigframe_commit(struct task *t, const struct sigframe_state *state);

/* sigaltstack(2)'s view: is the guest running on its alternate stack? */
bool sigframe_on_altstack(const struct task *t);

#endif
