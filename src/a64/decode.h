/*
 * Bits to instruction. The rows of a64.def (one per encoding; named as the
 * functions that execute and lift it) are the only list of instructions in
 * the house: the decoder, the interpreter's and the translator's dispatch,
 * feature checks and the fuzzers are all made from it.
 *
 *   I(add_imm, "z0010001 0siiiiii iiiiiinn nnnddddd", BASE)
 *   U("0xx10010 01xxxxxx xxxxxxxx xxxxxxxx")
 *
 * In a pattern '0' and '1' are fixed bits, any letter is a field, blanks are
 * ignored. The third word is the feature the instruction belongs to
 * (A64_FEAT_ of a64/feature.h). Where two patterns match a word, the one with
 * more fixed bits wins; two that overlap with the same number of fixed bits
 * fail the build. A hole U says that the words it matches are unallocated
 * whatever rows match them too. What remains unallocated inside a row is
 * refused by its exec function.
 */
#ifndef A64_DECODE_H
#define A64_DECODE_H

#include "a64/feature.h"
#include "base/types.h"

enum a64_op {
#define I(name, pattern, feature) A64_##name,
#include "a64/a64.def"
#undef I
    A64_undefined, /* unallocated, or not in the CPU model */
    A64_OP_COUNT
};

struct a64_row {
    const char *name;
    const char *pattern;
    uint32_t mask, value; /* fixed bits */
    uint16_t feature;     /* enum a64_feature */
};

extern const struct a64_row a64_rows[A64_OP_COUNT];

/* Which row a word is, whatever the CPU model. */
enum a64_op a64_decode(uint32_t word);

#endif
