/*
 * The dispatcher: one row of abi/syscalls.def decides who serves a system call
 * and what is checked before. Called by run.c only.
 */
#ifndef SYS_TABLE_H
#define SYS_TABLE_H

#include "kernel/task.h"

/*
 * Serves t->sys_nr with t->sys_arg (both as the guest gave them; left as they
 * are, for a restart). The result: >= 0, -LINUX_Exxx, or a restart code
 * that run.c resolves. Calls that replace or end the thread do not return.
 * Takes no lock itself; may sleep.
 */
long sys_dispatch(struct task *t);

#endif
