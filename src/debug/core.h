/*
 * The core file of a guest that dies by a signal (core(5)): an arm64 one, as
 * Linux on arm64 would write it, where the host would have written the runtime's.
 */
#ifndef DEBUG_CORE_H
#define DEBUG_CORE_H

#include "kernel/task.h"

/*
 * Called by the thread that the signal kills, before it does. When
 * RLIMIT_CORE, the core pattern and the process' dumpable flag want a file,
 * stops all other threads for good and writes it; the host writes none then.
 * A pattern that is a pipe is left to the host, with the runtime's image.
 */
void core_write(struct task *t, const struct linux_siginfo *info);

#endif
