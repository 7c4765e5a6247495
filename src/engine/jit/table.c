/*
 * The lifter and the properties of every row of a64.def, from lifters.def.
 */
#include "engine/jit/lifters.h"

const struct lift_row lift_rows[A64_OP_COUNT] = {
#define L(row, attr) [A64_##row] = {lift_##row, attr},
#define LA(row, lifter, attr) [A64_##row] = {lift_##lifter, attr},
#define N(row, attr) [A64_##row] = {NULL, attr},
#include "engine/jit/lifters.def"
#undef L
#undef LA
#undef N
};
