/*
 * seccomp for the guest: strict mode, and filters in classic BPF over arm64
 * system-call numbers and AUDIT_ARCH_AARCH64. The host's own seccomp never
 * sees guest filters (its numbers are another architecture's). A thread
 * points at its newest filter, each filter at the one below it; they are
 * counted, never changed once attached, inherited by clone and carried
 * through exec (seccomp_save, seccomp_load).
 * Source: Documentation/userspace-api/seccomp_filter.rst, kernel/seccomp.c.
 */
#ifndef KERNEL_SECCOMP_H
#define KERNEL_SECCOMP_H

#include "base/types.h"

struct task;
struct seccomp_filter;

/* What a task carries; zeroed = disabled. mode: LINUX_SECCOMP_MODE_*. */
struct seccomp {
    int mode;
    struct seccomp_filter *filter;
};

/*
 * Asked before every system call of a task whose mode is not DISABLED, with
 * t->sys_nr and t->sys_arg set and cpu.pc behind the SVC. False: the call must
 * not be made; *result is what it returns instead, or t->raise holds the
 * SIGSYS of RET_TRAP. Kills do not return.
 */
bool seccomp_allows(struct task *t, long *result);

/* prctl(PR_SET_SECCOMP) and seccomp(2), unchecked arguments: 0 or -LINUX_Exxx. */
long seccomp_set_strict(struct task *t);
long seccomp_set_filter(struct task *t, uint32_t flags, gva fprog);
long seccomp_action_available(gva action);

/* A new task inherits: takes a reference. Dropped when the task ends. */
void seccomp_inherit(struct task *child, const struct task *parent);
void seccomp_drop(struct task *t);

/*
 * The filters as bytes for the state that exec hands to the new image:
 * bytes needed when buf is NULL; and back. load: 0, -LINUX_ENOMEM or
 * -LINUX_EINVAL for bytes that save did not make.
 */
size_t seccomp_save(const struct task *t, void *buf);
int seccomp_load(struct task *t, const void *buf, size_t bytes);

#endif
