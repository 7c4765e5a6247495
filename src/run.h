/*
 * The loop of a guest thread: engine, trap, system call or signal, engine.
 */
#ifndef RUN_H
#define RUN_H

#include "kernel/task.h"

/*
 * The life of a task on its own host thread; never returns. Before: the
 * engine's process_init and, in this thread, thread_init; group->run and
 * group->forked set to run_task and run_forked.
 */
void run_task(struct task *t) noreturn_fn;
void run_forked(struct task *t);

#endif
