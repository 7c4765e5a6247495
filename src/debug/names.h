/*
 * Names of guest code, as engines ask for them (struct engine_names): the
 * symbol and the file that a region of code comes from. Remembers the symbols
 * of every file it has seen, and the mappings until `changes` moves.
 */
#ifndef DEBUG_NAMES_H
#define DEBUG_NAMES_H

#include "base/types.h"

/* The contracts of struct engine_names. One thread at a time: the engine's lock is held. */
void names_of(uint64_t pc, uint64_t changes, char *out, size_t bytes);
bool names_match(uint64_t pc, uint64_t end, uint64_t changes, const char *what);

#endif
