/*
 * Where a guest address is: the mapping it lies in, as the host's maps file
 * has it, and the symbol of the ELF file mapped there. For reports only: reads
 * files, allocates, is slow. No lock held or needed.
 */
#ifndef DEBUG_WHERE_H
#define DEBUG_WHERE_H

#include "base/types.h"

struct where {
    uint64_t start, end; /* of the mapping */
    uint64_t offset;     /* in the file, of start */
    char perms[5];       /* "r-xp" */
    char file[256];      /* path, [name] or "" */
    char symbol[128];    /* or "" */
    uint64_t into;       /* addr minus the symbol's address */
};

/* false: nothing is mapped at addr, or the host has no /proc. */
bool where_is(gva addr, struct where *out);

#endif
