/*
 * The architecture extensions that an instruction may belong to and a CPU
 * model may have: A64_FEAT_xxx, one per row of feature.def. No more of
 * Arm's feature list than user space sees.
 */
#ifndef A64_FEATURE_H
#define A64_FEATURE_H

enum a64_feature {
#define F(name, word, bit, cpuinfo, idreg, lsb, value) A64_FEAT_##name,
#include "a64/feature.def"
    A64_FEAT_COUNT
};

/* A set of features, as in struct cpu_model: bit A64_FEAT_xxx. */
#define A64_FEAT_BIT(name) (1ull << A64_FEAT_##name)
_Static_assert(A64_FEAT_COUNT <= 64, "a feature set is one 64-bit word");

#endif
