/*
 * --lockstep, the translator beside the interpreter: lockstep.c. One thread,
 * not under jit.lock unless it says so.
 */
#ifndef ENGINE_JIT_LOCKSTEP_H
#define ENGINE_JIT_LOCKSTEP_H

#include "engine/jit/jit.h"

struct lift;

bool lockstep_init(void);

/* The shape of a region that was just lifted. Under jit.lock. */
void lockstep_note_region(struct region *r, const struct lift *l);

/* Runs and compares what is at cpu->pc until control leaves its region. True: it trapped. NZCV is in JW_FLAGS. */
bool lockstep_run(struct cpu *cpu, struct trap *trap);

/* Nothing without --lockstep. */
void lockstep_print_stats(void);

#endif
