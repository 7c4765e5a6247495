/*
 * exec: execve(2) for the guest, and how a program found (program.h) becomes
 * the contents of a fresh image of the runtime.
 */
#ifndef KERNEL_EXEC_H
#define KERNEL_EXEC_H

#include "kernel/program.h"
#include "kernel/task.h"

/*
 * execveat(2) with the guest's arguments, unchecked. Does not return on
 * success; else -LINUX_Exxx (among them -LINUX_ERESTARTNOINTR) with nothing
 * changed. May sleep.
 */
long exec_guest(struct task *t, int dirfd, gva path, gva argv, gva envp, unsigned flags);

/*
 * Loads p, of which it takes the descriptors over, into t's empty space, as
 * the last act before t runs for the first time: mappings, vDSO, stack,
 * registers, and what the host shows of the process under /proc. argv and
 * envp are NULL-terminated, in our memory. 0 or -LINUX_Exxx; the space is then not usable.
 */
int exec_load(struct task *t, struct program *p, char *const *argv, char *const *envp) must_check;

/*
 * Hands a program that is not arm64 to the host kernel: execveat(2) of the
 * same path. argv and envp are host pointers' values. -LINUX_Exxx when it refuses.
 */
long exec_host(const struct path *path, uint64_t argv, uint64_t envp, unsigned flags);

#endif
