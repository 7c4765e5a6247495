/*
 * The beginning and the end of tasks: clone, clone3, fork, vfork, exit
 * (clone(2), exit_group(2)). All are for the calling thread's own task.
 */
#ifndef KERNEL_CLONE_H
#define KERNEL_CLONE_H

#include "kernel/task.h"

/*
 * Makes a task as `args` says (in our memory, sizes and stack already
 * checked; args->stack + stack_size is the new SP, 0 = the caller's). The
 * pid; 0 in the child of a fork, which shares no memory; -LINUX_Exxx, among
 * them -LINUX_ERESTARTNOINTR.
 */
long clone_task(struct task *t, const struct linux_clone_args *args);

/* exit(2): ends this thread. Returns only -LINUX_ERESTARTNOINTR. */
long clone_exit(struct task *t, int status);

/* exit_group(2). */
void clone_exit_group(struct task *t, int status) noreturn_fn;

#endif
