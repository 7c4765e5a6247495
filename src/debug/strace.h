/*
 * --trace: what the guest does, shaped like strace's lines, made from the rows
 * of abi/syscalls.def. Lines go to the file of -o (%p is the process; one
 * write per line, appended, so that processes may share a file) or to the log.
 * run.c calls this only when options->trace is not 0. No lock needed.
 */
#ifndef DEBUG_STRACE_H
#define DEBUG_STRACE_H

#include "kernel/task.h"

/* Opens the file. fresh: the first program of this run, so that an old file is emptied first. */
void strace_init(const struct options *opt, bool fresh);

/* In the child of a fork, where %p is another file. */
void strace_fork_child(const struct options *opt);

/* Before the call in t->sys_nr and t->sys_arg: prints those that may never return. */
void strace_enter(const struct task *t);

/* After it; result as the guest sees it (>= 0, -LINUX_Exxx or a restart code). */
void strace_leave(const struct task *t, long result);

/* A signal is delivered: to a handler, or with its default action. */
void strace_signal(const struct task *t, const struct linux_siginfo *info, bool handler);

/* A new program stands in memory and is about to run. */
void strace_exec(const struct task *t);

/* The process ends: status as given to exit_group, or the killing signal. */
void strace_exit(const struct task *t, int status, int sig);

#endif
