/*
 * Scalar floating-point arithmetic (Arm ARM C4.1.95: data-processing, one,
 * two and three sources), the results' upper lanes zeroed.
 */
#include "engine/interp/fp.h"

/* ---- two sources ---- */

typedef uint64_t binary_fn(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);

static inline void binary(struct cpu *cpu, uint32_t word, binary_fn *fn)
{
    enum fpu_fmt fmt = fp_fmt(word);
    struct fpu f = fpu_begin(cpu);

    set_fr(cpu, rd(word), fn(&f, fmt, fr(cpu, rn(word), fmt), fr(cpu, rm(word), fmt)));
    fpu_end(cpu, &f);
}

static uint64_t negated_mul(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    return fpu_neg(fmt, fpu_mul(f, fmt, a, b)); /* a NaN is negated too */
}

EXEC_FP(binary, fadd_scalar, fpu_add)
EXEC_FP(binary, fsub_scalar, fpu_sub)
EXEC_FP(binary, fmul_scalar, fpu_mul)
EXEC_FP(binary, fnmul_scalar, negated_mul)
EXEC_FP(binary, fdiv_scalar, fpu_div)
EXEC_FP(binary, fmax_scalar, fpu_max)
EXEC_FP(binary, fmin_scalar, fpu_min)
EXEC_FP(binary, fmaxnm_scalar, fpu_max_num)
EXEC_FP(binary, fminnm_scalar, fpu_min_num)

/* ---- three sources: addend and product each with a sign ---- */

static inline void fused(struct cpu *cpu, uint32_t word, bool negate_addend, bool negate_product)
{
    enum fpu_fmt fmt = fp_fmt(word);
    struct fpu f = fpu_begin(cpu);
    uint64_t addend = fr(cpu, ra(word), fmt), a = fr(cpu, rn(word), fmt);

    if (negate_addend)
        addend = fpu_neg(fmt, addend);
    if (negate_product)
        a = fpu_neg(fmt, a);
    set_fr(cpu, rd(word), fpu_muladd(&f, fmt, addend, a, fr(cpu, rm(word), fmt)));
    fpu_end(cpu, &f);
}

EXEC_FP(fused, fmadd, false, false)
EXEC_FP(fused, fmsub, false, true)
EXEC_FP(fused, fnmadd, true, true)
EXEC_FP(fused, fnmsub, true, false)

/* ---- one source ---- */

typedef uint64_t unary_fn(struct fpu *f, enum fpu_fmt fmt, uint64_t a);

static inline void unary(struct cpu *cpu, uint32_t word, unary_fn *fn)
{
    enum fpu_fmt fmt = fp_fmt(word);
    struct fpu f = fpu_begin(cpu);

    set_fr(cpu, rd(word), fn(&f, fmt, fr(cpu, rn(word), fmt)));
    fpu_end(cpu, &f);
}

static uint64_t copy(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    return a;
}

static uint64_t absolute(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    return fpu_abs(fmt, a);
}

static uint64_t negative(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    return fpu_neg(fmt, a);
}

EXEC_FP(unary, fmov_scalar, copy)
EXEC_FP(unary, fabs_scalar, absolute)
EXEC_FP(unary, fneg_scalar, negative)
EXEC_FP(unary, fsqrt_scalar, fpu_sqrt)
