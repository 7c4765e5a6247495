/*
 * The prototypes of all lifters, from the list in lifters.def.
 */
#ifndef ENGINE_JIT_LIFTERS_H
#define ENGINE_JIT_LIFTERS_H

#include "engine/jit/lift.h"

#define L(row, attr) lift_fn lift_##row;
#define LA(row, lifter, attr) lift_fn lift_##lifter;
#define N(row, attr)
#include "engine/jit/lifters.def"
#undef L
#undef LA
#undef N

/* The operand [Xn, Rm, extend #shift] of an access of 1 << size bytes (lift_mem.c); uses RCX and RDX. */
struct rm address_indexed(struct lift *l, uint32_t w, unsigned size);

#endif
