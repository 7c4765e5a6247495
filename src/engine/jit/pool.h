/*
 * The pool of constants at the start of the arena (pool.def): rm_const(K_NAME),
 * of a family rm_const(K_NAME + 16 * i). Written once by emit_pool.
 */
#ifndef ENGINE_JIT_POOL_H
#define ENGINE_JIT_POOL_H

#include "engine/jit/emit.h"

enum jit_const {
#define K(name, count) K_##name, K_##name##_LAST = K_##name + 16 * (count)-1,
#include "engine/jit/pool.def"
#undef K
    K_POOL_BYTES
};

/* Writes the pool at e->p and makes it the emitter's. */
void emit_pool(struct emit *e);

#endif
