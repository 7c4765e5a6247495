/*
 * Floating-point operations of one vector: Arm ARM C4.1.96 "Advanced SIMD
 * two-register miscellaneous", its FP16 and scalar forms, and the fixed-point
 * conversions of "shift by immediate".
 */
#include "engine/interp/simd.h"

/* Operations of lane a; b is the number of fraction bits where there are any. */

#define MODE FPCR_RMODE(f->fpcr)

static void apply(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt, unsigned bytes)
{
    union lanes x = vr(cpu, rn(word));

    simd_fp_apply(cpu, word, op, fmt, bytes, &x, &(union lanes){0});
}

/* ---- sign, root, estimates ---- */

FP_OP(fabs, fpu_abs(fmt, a))
FP_OP(fneg, fpu_neg(fmt, a))
FP_OP(fsqrt, fpu_sqrt(f, fmt, a))
FP_OP(frecpe, fpu_recip_estimate(f, fmt, a))
FP_OP(frsqrte, fpu_rsqrt_estimate(f, fmt, a))
FP_OP(frecpx, fpu_recip_exponent(f, fmt, a))
FP_VEC(fabs)
FP_VEC_H(fabs)
FP_VEC(fneg)
FP_VEC_H(fneg)
FP_VEC(fsqrt)
FP_VEC_H(fsqrt)
FP_VEC(frecpe)
FP_VEC_H(frecpe)
FP_SCALAR(frecpe)
FP_VEC(frsqrte)
FP_VEC_H(frsqrte)
FP_SCALAR(frsqrte)
FP_SCALAR(frecpx)

/* ---- comparison with zero ---- */

FP_OP(fcmeq_zero, ALL_ONES_IF(fpu_eq(f, fmt, a, 0)))
FP_OP(fcmge_zero, ALL_ONES_IF(fpu_ge(f, fmt, a, 0)))
FP_OP(fcmgt_zero, ALL_ONES_IF(fpu_gt(f, fmt, a, 0)))
FP_OP(fcmle_zero, ALL_ONES_IF(fpu_ge(f, fmt, 0, a)))
FP_OP(fcmlt_zero, ALL_ONES_IF(fpu_gt(f, fmt, 0, a)))
FP_VEC(fcmeq_zero)
FP_VEC_H(fcmeq_zero)
FP_SCALAR(fcmeq_zero)
FP_VEC(fcmge_zero)
FP_VEC_H(fcmge_zero)
FP_SCALAR(fcmge_zero)
FP_VEC(fcmgt_zero)
FP_VEC_H(fcmgt_zero)
FP_SCALAR(fcmgt_zero)
FP_VEC(fcmle_zero)
FP_VEC_H(fcmle_zero)
FP_SCALAR(fcmle_zero)
FP_VEC(fcmlt_zero)
FP_VEC_H(fcmlt_zero)
FP_SCALAR(fcmlt_zero)

/* ---- to integral values ---- */

FP_OP(frintn, fpu_round_int(f, fmt, a, FPU_TIEEVEN, false))
FP_OP(frinta, fpu_round_int(f, fmt, a, FPU_TIEAWAY, false))
FP_OP(frintp, fpu_round_int(f, fmt, a, FPU_POSINF, false))
FP_OP(frintm, fpu_round_int(f, fmt, a, FPU_NEGINF, false))
FP_OP(frintz, fpu_round_int(f, fmt, a, FPU_ZERO, false))
FP_OP(frintx, fpu_round_int(f, fmt, a, MODE, true))
FP_OP(frinti, fpu_round_int(f, fmt, a, MODE, false))
FP_OP(frint32z, fpu_round_int_n(f, fmt, a, FPU_ZERO, 32))
FP_OP(frint32x, fpu_round_int_n(f, fmt, a, MODE, 32))
FP_OP(frint64z, fpu_round_int_n(f, fmt, a, FPU_ZERO, 64))
FP_OP(frint64x, fpu_round_int_n(f, fmt, a, MODE, 64))
FP_VEC(frintn)
FP_VEC_H(frintn)
FP_VEC(frinta)
FP_VEC_H(frinta)
FP_VEC(frintp)
FP_VEC_H(frintp)
FP_VEC(frintm)
FP_VEC_H(frintm)
FP_VEC(frintz)
FP_VEC_H(frintz)
FP_VEC(frintx)
FP_VEC_H(frintx)
FP_VEC(frinti)
FP_VEC_H(frinti)
FP_VEC(frint32z)
FP_VEC(frint32x)
FP_VEC(frint64z)
FP_VEC(frint64x)

/* ---- to and from integers of the lane's size ---- */

#define TO_INT(name, is_unsigned, mode) \
    FP_OP(name, fpu_to_fixed(f, fmt, a, 0, is_unsigned, mode, 8u << fmt))

TO_INT(fcvtns, false, FPU_TIEEVEN)
TO_INT(fcvtnu, true, FPU_TIEEVEN)
TO_INT(fcvtas, false, FPU_TIEAWAY)
TO_INT(fcvtau, true, FPU_TIEAWAY)
TO_INT(fcvtps, false, FPU_POSINF)
TO_INT(fcvtpu, true, FPU_POSINF)
TO_INT(fcvtms, false, FPU_NEGINF)
TO_INT(fcvtmu, true, FPU_NEGINF)
TO_INT(fcvtzs, false, FPU_ZERO)
TO_INT(fcvtzu, true, FPU_ZERO)
FP_VEC(fcvtns)
FP_VEC_H(fcvtns)
FP_SCALAR(fcvtns)
FP_VEC(fcvtnu)
FP_VEC_H(fcvtnu)
FP_SCALAR(fcvtnu)
FP_VEC(fcvtas)
FP_VEC_H(fcvtas)
FP_SCALAR(fcvtas)
FP_VEC(fcvtau)
FP_VEC_H(fcvtau)
FP_SCALAR(fcvtau)
FP_VEC(fcvtps)
FP_VEC_H(fcvtps)
FP_SCALAR(fcvtps)
FP_VEC(fcvtpu)
FP_VEC_H(fcvtpu)
FP_SCALAR(fcvtpu)
FP_VEC(fcvtms)
FP_VEC_H(fcvtms)
FP_SCALAR(fcvtms)
FP_VEC(fcvtmu)
FP_VEC_H(fcvtmu)
FP_SCALAR(fcvtmu)
FP_VEC(fcvtzs)
FP_VEC_H(fcvtzs)
FP_SCALAR(fcvtzs)
FP_VEC(fcvtzu)
FP_VEC_H(fcvtzu)
FP_SCALAR(fcvtzu)

static uint64_t sign_extend(enum fpu_fmt fmt, uint64_t a)
{
    unsigned unused = 64 - (8u << fmt);

    return (uint64_t)((int64_t)(a << unused) >> unused);
}

/* Without a fraction b is zero, and the same operation serves both. */
FP_OP(scvtf, fpu_from_fixed(f, fmt, sign_extend(fmt, a), (unsigned)b, false))
FP_OP(ucvtf, fpu_from_fixed(f, fmt, a, (unsigned)b, true))
FP_OP(fcvtzs_fixed, fpu_to_fixed(f, fmt, a, (unsigned)b, false, FPU_ZERO, 8u << fmt))
FP_OP(fcvtzu_fixed, fpu_to_fixed(f, fmt, a, (unsigned)b, true, FPU_ZERO, 8u << fmt))
FP_VEC(scvtf)
FP_VEC_H(scvtf)
FP_SCALAR(scvtf)
FP_VEC(ucvtf)
FP_VEC_H(ucvtf)
FP_SCALAR(ucvtf)

/* immh:immb is twice the lane's bits minus the fraction bits; immh's top bit names the lane. */
static void fixed(struct cpu *cpu, uint32_t word, fp_op *op, bool scalar)
{
    enum fpu_fmt fmt = (enum fpu_fmt)(31 - __builtin_clz(bits(word, 22, 19)));
    union lanes x = vr(cpu, rn(word)), fbits = lanes_of(fmt, (16u << fmt) - bits(word, 22, 16));

    simd_fp_apply(cpu, word, op, fmt, scalar ? 1u << fmt : vec_bytes(word), &x, &fbits);
}

#define FIXED(name, op)              \
    EXEC(name##_vec)                 \
    {                                \
        fixed(cpu, word, op, false); \
    }                                \
    EXEC(name##_vec_h)               \
    {                                \
        fixed(cpu, word, op, false); \
    }                                \
    EXEC(name##_scalar)              \
    {                                \
        fixed(cpu, word, op, true);  \
    }                                \
    EXEC(name##_scalar_h)            \
    {                                \
        fixed(cpu, word, op, true);  \
    }

FIXED(scvtf_fixed, op_scvtf)
FIXED(ucvtf_fixed, op_ucvtf)
FIXED(fcvtzs_fixed, op_fcvtzs_fixed)
FIXED(fcvtzu_fixed, op_fcvtzu_fixed)

/* ---- to another format; the "2" forms read or write the upper half ---- */

EXEC(fcvtl)
{
    struct fpu f = fpu_begin(cpu);
    enum fpu_fmt to = fmt_field(word), from = (enum fpu_fmt)(to - 1);
    union lanes x = half(vr(cpu, rn(word)), bit(word, 30)), r;

    for (unsigned i = 0; i < 16u >> to; i++)
        set_lane(&r, to, i, fpu_convert(&f, to, from, lane(&x, from, i), FPCR_RMODE(f.fpcr)));
    set_vr(cpu, rd(word), r, 16);
    fpu_end(cpu, &f);
}

static void narrow(struct cpu *cpu, uint32_t word, enum fpu_round round)
{
    struct fpu f = fpu_begin(cpu);
    enum fpu_fmt from = fmt_field(word), to = (enum fpu_fmt)(from - 1);
    union lanes x = vr(cpu, rn(word)), r;

    for (unsigned i = 0; i < 16u >> from; i++)
        set_lane(&r, to, i, fpu_convert(&f, to, from, lane(&x, from, i), round));
    set_vr_half(cpu, rd(word), r.u64[0], bit(word, 30));
    fpu_end(cpu, &f);
}

EXEC(fcvtn)
{
    narrow(cpu, word, FPCR_RMODE(cpu->fpcr));
}

EXEC(fcvtxn_vec)
{
    narrow(cpu, word, FPU_ODD);
}

EXEC(fcvtxn_scalar)
{
    struct fpu f = fpu_begin(cpu);
    union lanes r = {.u64 = {fpu_convert(&f, FPU_S, FPU_D, cpu->v[rn(word)].d[0], FPU_ODD), 0}};

    set_vr(cpu, rd(word), r, 16);
    fpu_end(cpu, &f);
}

EXEC(bfcvtn)
{
    struct fpu f = fpu_begin(cpu);
    union lanes x = vr(cpu, rn(word)), r;

    for (unsigned i = 0; i < 4; i++)
        r.u16[i] = (uint16_t)fpu_to_bfloat(&f, x.u32[i]);
    set_vr_half(cpu, rd(word), r.u64[0], bit(word, 30));
    fpu_end(cpu, &f);
}
