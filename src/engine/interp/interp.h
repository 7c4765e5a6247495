/*
 * The interpreter as other engines use it: which function does an instruction.
 */
#ifndef INTERP_INTERP_H
#define INTERP_INTERP_H

#include "a64/decode.h"
#include "a64/model.h"
#include "engine/engine.h"

/* By row; that of A64_undefined raises. */
extern exec_fn *const interp_exec[A64_OP_COUNT];

/*
 * Runs until a trap, or until control came by a branch to a place that is not for the interpreter any more: then the
 * trap is TRAP_STEP and cpu->pc that place. is_warm is asked at every branch taken.
 */
typedef bool interp_warm_fn(struct cpu *cpu, uint64_t pc);
void interp_run_cold(struct cpu *cpu, struct trap *trap, interp_warm_fn *is_warm);

/* The row of a word in a model: A64_undefined when the model lacks its feature. */
static inline enum a64_op interp_decode(const struct cpu_model *model, uint32_t word)
{
    enum a64_op op = a64_decode(word);

    return model->features >> a64_rows[op].feature & 1 ? op : A64_undefined;
}

#endif
