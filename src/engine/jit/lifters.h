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

/* A call of one of the compiler's helpers for atomics, done in place (lift_atomic.c); false: it is none. */
bool lift_outlined(struct lift *l, uint64_t target);

/* X[n] or SP += imm after an access, where host register base holds its old value. */
void address_writeback(struct lift *l, unsigned n, int base, int64_t imm);
/* The post-index of LD1 to ST4, if the word has one: by the bytes transferred, or by a register. Uses RDX. */
void address_post_index(struct lift *l, uint32_t w, int base, unsigned bytes);

#endif
