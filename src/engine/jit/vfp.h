/*
 * What the lifters of floating point in lanes share (lift_vfp.c, lift_convert.c):
 * operands whose lanes all take part, so that none raises what the guest's do not.
 */
#ifndef ENGINE_JIT_VFP_H
#define ENGINE_JIT_VFP_H

#include "engine/jit/vec.h"

/* ROUNDPS: to zero; ROUND_QUIET: without the precision exception. */
enum { ROUND_NEAREST, ROUND_DOWN, ROUND_UP, ROUND_ZERO, ROUND_MODE, ROUND_QUIET = 8 };

static inline bool is_double(uint32_t w)
{
    return bit(w, 22);
}

/* V[n], in t with its lanes repeated if not all of them take part; _low: below XMM16. */
int vfp_operand(struct lift *l, uint32_t w, enum shape shape, unsigned n, int t);
int vfp_operand_low(struct lift *l, uint32_t w, enum shape shape, unsigned n, int t);

/* Lifters of a vector and a scalar row; the call sees `shape`. */
#define BOTH(name, call)                                  \
    bool lift_##name##_vec(struct lift *l, uint32_t w)    \
    {                                                     \
        const enum shape shape = VECTOR;                  \
        return call;                                      \
    }                                                     \
    bool lift_##name##_scalar(struct lift *l, uint32_t w) \
    {                                                     \
        const enum shape shape = SCALAR;                  \
        return call;                                      \
    }

#endif
