/*
 * The symbols of one ELF file: functions and objects of .symtab, or of .dynsym
 * in a stripped file. A file that is damaged has none, or fewer; it can do no
 * harm. No locks but the heap's; reads files, so it is not for hot paths.
 */
#ifndef DEBUG_SYMBOLS_H
#define DEBUG_SYMBOLS_H

#include "base/types.h"

struct symbols;

/* NULL: not an ELF file of 64 bits, not readable, or no memory. */
struct symbols *symbols_load(const char *path);
void symbols_free(struct symbols *s);

/* The address that the file was linked for, of the byte at a file offset. */
bool symbols_linked(const struct symbols *s, uint64_t offset, uint64_t *linked);

/* The symbol that a linked address lies in, or NULL; *into: how far. */
const char *symbols_at(const struct symbols *s, uint64_t linked, uint64_t *into);

/* Does a symbol of that name begin or lie in [linked, end)? */
bool symbols_overlap(const struct symbols *s, uint64_t linked, uint64_t end, const char *name);

#endif
