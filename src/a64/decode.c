/*
 * The decoder: a walk down the decision tree that tools/gen/decode.c makes
 * from a64.def. No state, no CPU model: a64_rows[op].feature tells what a
 * model must have. Arm ARM C4.1.
 */
#include "a64/decode.h"

#include "decode.inc"

enum a64_op a64_decode(uint32_t word)
{
    uint32_t at = 0;

    do {
        uint32_t shift = tree[at] >> 8, width = tree[at] & 0xff;

        at = tree[at + 1 + (word >> shift & ((1u << width) - 1))];
    } while (!(at & TREE_LEAF));
    return (enum a64_op)(at & ~TREE_LEAF);
}
