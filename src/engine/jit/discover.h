/*
 * The first half of a translation: which instructions belong to the region,
 * its blocks and their edges, and where NZCV is live. Private to region.c.
 */
#ifndef ENGINE_JIT_DISCOVER_H
#define ENGINE_JIT_DISCOVER_H

#include "engine/jit/lift.h"

/* Fills insn[] and block[] from l->base on; false if not even the first instruction can be fetched. */
bool region_discover(struct lift *l);

/* Reads guest code that may be unmapped any time: words that could be had, at most to the end of the page. */
unsigned code_fetch(uint64_t pc, uint32_t *words, unsigned count);

/* Where a direct branch goes. */
uint64_t branch_target(uint32_t word, enum a64_op op, uint64_t pc);

/* The block that starts at a guest address of this region, or NULL. */
struct block *block_at(struct lift *l, uint64_t pc);

#endif
