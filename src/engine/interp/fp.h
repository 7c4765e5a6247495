/*
 * Operands of the scalar floating-point instructions (Arm ARM C4.1.95).
 */
#ifndef INTERP_FP_H
#define INTERP_FP_H

#include "engine/interp/simd.h"

/* The format that ftype (bits 23..22) names: 00 single, 01 double, 11 half. */
static inline enum fpu_fmt fp_type(uint32_t ftype)
{
    return ftype == 0 ? FPU_S : ftype == 1 ? FPU_D : FPU_H;
}

static inline enum fpu_fmt fp_fmt(uint32_t word)
{
    return fp_type(bits(word, 23, 22));
}

/* H, S or D n as raw bits. */
static inline uint64_t fr(const struct cpu *cpu, unsigned n, enum fpu_fmt fmt)
{
    return cpu->v[n].d[0] & UINT64_MAX >> (64 - (8u << fmt));
}

static inline void set_fr(struct cpu *cpu, unsigned n, uint64_t value)
{
    cpu->v[n] = (union vreg){.d = {value, 0}};
}

/*
 * Single and double share one row, half precision has another (_h) with the
 * same function: fp_fmt tells them apart.
 */
#define EXEC_FP(fn, row, ...)       \
    EXEC(row)                       \
    {                               \
        fn(cpu, word, __VA_ARGS__); \
    }                               \
    EXEC(row##_h)                   \
    {                               \
        fn(cpu, word, __VA_ARGS__); \
    }

#endif
