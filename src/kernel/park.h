/*
 * Stopping all other threads of the process for good, at points where their
 * registers are exact, so that a core file can be written (debug/core.h).
 */
#ifndef KERNEL_PARK_H
#define KERNEL_PARK_H

#include "kernel/task.h"

/* Signals whose default action writes a core file (signal(7)). */
#define PARK_CORE_SIGNALS                                                                         \
    (LINUX_SIGMASK(LINUX_SIGQUIT) | LINUX_SIGMASK(LINUX_SIGILL) | LINUX_SIGMASK(LINUX_SIGTRAP) |  \
     LINUX_SIGMASK(LINUX_SIGABRT) | LINUX_SIGMASK(LINUX_SIGBUS) | LINUX_SIGMASK(LINUX_SIGFPE) |   \
     LINUX_SIGMASK(LINUX_SIGSEGV) | LINUX_SIGMASK(LINUX_SIGXCPU) | LINUX_SIGMASK(LINUX_SIGXFSZ) | \
     LINUX_SIGMASK(LINUX_SIGSYS))

/*
 * Returns when every other thread waits for the end, in park_here or in a system
 * call from which it will go there. A second caller stays in it. The group's
 * lock is held from then on.
 */
void park_others(struct task *t);

/* A thread that was asked to park never comes back. */
void park_here(struct task *t) noreturn_fn;

#endif
