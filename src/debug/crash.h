/*
 * The crash report: what a maintainer needs when the guest dies of a fault or
 * meets something that is not supported. Written to the log (--log, ELVER_LOG)
 * and nowhere else; costs nothing when there is no log. No lock needed; called
 * on the thread that died, whose cpu is exact.
 */
#ifndef DEBUG_CRASH_H
#define DEBUG_CRASH_H

#include "kernel/task.h"

/*
 * sig: the signal that kills the process. trap: what the engine said, or NULL
 * when the signal came from elsewhere. Prints registers, the mapping that was
 * hit, the instructions around pc, a backtrace by frame pointers, the last
 * system calls, and the command line that runs the program again.
 */
void crash_report(struct task *t, int sig, const struct trap *trap);

#endif
