/*
 * Floating-point operations of two vectors lane by lane: Arm ARM C4.1.96
 * "Advanced SIMD three same" and its FP16 and scalar forms, by element, by
 * pairs and across lanes.
 */
#include "engine/interp/simd.h"

FP_OP(fadd, fpu_add(f, fmt, a, b))
FP_OP(fsub, fpu_sub(f, fmt, a, b))
FP_OP(fabd, fpu_abs(fmt, fpu_sub(f, fmt, a, b)))
FP_OP(fmul, fpu_mul(f, fmt, a, b))
FP_OP(fmulx, fpu_mulx(f, fmt, a, b))
FP_OP(fdiv, fpu_div(f, fmt, a, b))
FP_OP(fmla, fpu_muladd(f, fmt, d, a, b))
FP_OP(fmls, fpu_muladd(f, fmt, d, fpu_neg(fmt, a), b))
FP_OP(fmax, fpu_max(f, fmt, a, b))
FP_OP(fmin, fpu_min(f, fmt, a, b))
FP_OP(fmaxnm, fpu_max_num(f, fmt, a, b))
FP_OP(fminnm, fpu_min_num(f, fmt, a, b))
FP_OP(frecps, fpu_recip_step(f, fmt, a, b))
FP_OP(frsqrts, fpu_rsqrt_step(f, fmt, a, b))
FP_OP(fcmeq, ALL_ONES_IF(fpu_eq(f, fmt, a, b)))
FP_OP(fcmge, ALL_ONES_IF(fpu_ge(f, fmt, a, b)))
FP_OP(fcmgt, ALL_ONES_IF(fpu_gt(f, fmt, a, b)))
FP_OP(facge, ALL_ONES_IF(fpu_ge(f, fmt, fpu_abs(fmt, a), fpu_abs(fmt, b))))
FP_OP(facgt, ALL_ONES_IF(fpu_gt(f, fmt, fpu_abs(fmt, a), fpu_abs(fmt, b))))

/* ---- lane by lane ---- */

static void apply(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt, unsigned bytes)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word));

    simd_fp_apply(cpu, word, op, fmt, bytes, &x, &y);
}

FP_VEC(fadd)
FP_VEC_H(fadd)
FP_VEC(fsub)
FP_VEC_H(fsub)
FP_VEC(fabd)
FP_VEC_H(fabd)
FP_SCALAR(fabd)
FP_VEC(fmul)
FP_VEC_H(fmul)
FP_VEC(fmulx)
FP_VEC_H(fmulx)
FP_SCALAR(fmulx)
FP_VEC(fdiv)
FP_VEC_H(fdiv)
FP_VEC(fmla)
FP_VEC_H(fmla)
FP_VEC(fmls)
FP_VEC_H(fmls)
FP_VEC(fmax)
FP_VEC_H(fmax)
FP_VEC(fmin)
FP_VEC_H(fmin)
FP_VEC(fmaxnm)
FP_VEC_H(fmaxnm)
FP_VEC(fminnm)
FP_VEC_H(fminnm)
FP_VEC(frecps)
FP_VEC_H(frecps)
FP_SCALAR(frecps)
FP_VEC(frsqrts)
FP_VEC_H(frsqrts)
FP_SCALAR(frsqrts)
FP_VEC(fcmeq)
FP_VEC_H(fcmeq)
FP_SCALAR(fcmeq)
FP_VEC(fcmge)
FP_VEC_H(fcmge)
FP_SCALAR(fcmge)
FP_VEC(fcmgt)
FP_VEC_H(fcmgt)
FP_SCALAR(fcmgt)
FP_VEC(facge)
FP_VEC_H(facge)
FP_SCALAR(facge)
FP_VEC(facgt)
FP_VEC_H(facgt)
FP_SCALAR(facgt)

/* ---- by element ---- */

static void by_element(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt, unsigned bytes)
{
    union lanes x = vr(cpu, rn(word)), y = simd_element(cpu, word, fmt);

    simd_fp_apply(cpu, word, op, fmt, bytes, &x, &y);
}

#define ELEM(name)                                                                \
    EXEC(name##_elem)                                                             \
    {                                                                             \
        by_element(cpu, word, op_##name, fmt_field(word), vec_bytes(word));       \
    }                                                                             \
    EXEC(name##_elem_h)                                                           \
    {                                                                             \
        by_element(cpu, word, op_##name, FPU_H, vec_bytes(word));                 \
    }                                                                             \
    EXEC(name##_elem_scalar)                                                      \
    {                                                                             \
        by_element(cpu, word, op_##name, fmt_field(word), 1u << fmt_field(word)); \
    }                                                                             \
    EXEC(name##_elem_scalar_h)                                                    \
    {                                                                             \
        by_element(cpu, word, op_##name, FPU_H, 1u << FPU_H);                     \
    }

ELEM(fmla)
ELEM(fmls)
ELEM(fmul)
ELEM(fmulx)

/* ---- pairs: neighbours in Vn, then those in Vm; or the two lanes of Vn ---- */

static void pairwise(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt)
{
    unsigned bytes = vec_bytes(word);
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word));
    union lanes even = simd_unzip(&x, &y, fmt, bytes, 0), odd = simd_unzip(&x, &y, fmt, bytes, 1);

    simd_fp_apply(cpu, word, op, fmt, bytes, &even, &odd);
}

static void pair_of_lanes(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt)
{
    union lanes x = vr(cpu, rn(word)), second = lanes_of(fmt, lane(&x, fmt, 1));

    simd_fp_apply(cpu, word, op, fmt, 1u << fmt, &x, &second);
}

#define PAIRS(name, op)                                \
    EXEC(name##_vec)                                   \
    {                                                  \
        pairwise(cpu, word, op, fmt_field(word));      \
    }                                                  \
    EXEC(name##_vec_h)                                 \
    {                                                  \
        pairwise(cpu, word, op, FPU_H);                \
    }                                                  \
    EXEC(name##_scalar)                                \
    {                                                  \
        pair_of_lanes(cpu, word, op, fmt_field(word)); \
    }                                                  \
    EXEC(name##_scalar_h)                              \
    {                                                  \
        pair_of_lanes(cpu, word, op, FPU_H);           \
    }

PAIRS(faddp, op_fadd)
PAIRS(fmaxp, op_fmax)
PAIRS(fminp, op_fmin)
PAIRS(fmaxnmp, op_fmaxnm)
PAIRS(fminnmp, op_fminnm)

/* ---- across lanes: neighbours, then results of neighbours (NaNs make the order matter) ---- */

static void across(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt, unsigned bytes)
{
    struct fpu f = fpu_begin(cpu);
    union lanes x = vr(cpu, rn(word));

    for (unsigned n = bytes >> fmt; n > 1; n /= 2)
        for (unsigned i = 0; i < n / 2; i++)
            set_lane(&x, fmt, i, op(&f, fmt, 0, lane(&x, fmt, 2 * i), lane(&x, fmt, 2 * i + 1)));
    set_vr(cpu, rd(word), x, 1u << fmt);
    fpu_end(cpu, &f);
}

#define ACROSS(name, op)                               \
    EXEC(name)                                         \
    {                                                  \
        across(cpu, word, op, FPU_S, 16);              \
    }                                                  \
    EXEC(name##_h)                                     \
    {                                                  \
        across(cpu, word, op, FPU_H, vec_bytes(word)); \
    }

ACROSS(fmaxv, op_fmax)
ACROSS(fminv, op_fmin)
ACROSS(fmaxnmv, op_fmaxnm)
ACROSS(fminnmv, op_fminnm)
