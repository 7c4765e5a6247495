/*
 * Which guest pages may be executed: one bit a page, told by mm through the
 * engine's map, unmap and protect, asked by instruction fetch. The host's
 * MMU cannot tell, as the host only ever reads guest code.
 *
 * Writers hold the address space's lock; readers need none. Survives fork as
 * it is, and is shared where the address space is.
 */
#ifndef ENGINE_EXEC_MAP_H
#define ENGINE_EXEC_MAP_H

#include "base/types.h"

/*
 * Marks the pages of [addr, addr + len) executable or not. Returns whether
 * any of them was executable before. Where the host has no memory for the
 * marks the pages stay not executable.
 */
bool exec_map_set(gva addr, uint64_t len, bool executable);

bool exec_map_test(gva addr);

#endif
