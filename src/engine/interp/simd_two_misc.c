/*
 * Integer operations of one vector: Arm ARM C4.1.96 "Advanced SIMD two-register
 * miscellaneous" and its scalar forms, and "across lanes". Comparisons with
 * zero are in simd_three_same.c.
 */
#include "engine/interp/simd.h"

static const union lanes none; /* the second operand of an operation that has one */

static void vec(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size)
{
    simd_apply(cpu, word, op, size, vec_bytes(word), none);
}

#define VEC(name)                                    \
    EXEC(name##_vec)                                 \
    {                                                \
        vec(cpu, word, op_##name, size_field(word)); \
    }
#define SCALAR(name)                                                                      \
    EXEC(name##_scalar)                                                                   \
    {                                                                                     \
        simd_apply(cpu, word, op_##name, size_field(word), 1u << size_field(word), none); \
    }

/* ---- order of bits, bytes and lanes ---- */

static uint8_t reversed(uint8_t v)
{
    v = (uint8_t)(v >> 4 | v << 4);
    v = (uint8_t)((v >> 2 & 0x33) | (v & 0x33) << 2);
    return (uint8_t)((v >> 1 & 0x55) | (v & 0x55) << 1);
}

LANE_OP(rbit, u, reversed((uint8_t)a))
LANE_OP(not, u, ~a)

EXEC(rbit_vec)
{
    vec(cpu, word, op_rbit, 0);
}

EXEC(not_vec)
{
    vec(cpu, word, op_not, 3);
}

/* Lanes of `size` change places inside containers of `container`, both log2 bytes. */
static void reverse(struct cpu *cpu, uint32_t word, unsigned container)
{
    unsigned size = size_field(word), flip = (1u << (container - size)) - 1;
    union lanes x = vr(cpu, rn(word)), r;

    for (unsigned i = 0; i < 16u >> size; i++)
        set_lane(&r, size, i, lane(&x, size, i ^ flip));
    set_vr(cpu, rd(word), r, vec_bytes(word));
}

EXEC(rev16_vec)
{
    reverse(cpu, word, 1);
}

EXEC(rev32_vec)
{
    reverse(cpu, word, 2);
}

EXEC(rev64_vec)
{
    reverse(cpu, word, 3);
}

/* ---- counts ---- */

/* Leading zeros of the low BITS of v. */
#define LEADING(v) ((v) == 0 ? BITS : __builtin_clzll((uint64_t)(v)) - (64 - BITS))

LANE_OP(clz, u, LEADING(a))
LANE_OP(cls, s, LEADING(a < 0 ? ~a : a) - 1)
LANE_OP(cnt, u, __builtin_popcountll(a))
VEC(clz)
VEC(cls)
VEC(cnt)

/* ---- sign ---- */

LANE_OP(abs, s, a < 0 ? -(uint64_t)a : (uint64_t)a)
LANE_OP(neg, u, -(uint64_t)a)
LANE_OP(sqabs, s, sat_s(a < 0 ? -(wide)a : a, BITS, &sat))
LANE_OP(sqneg, s, sat_s(-(wide)a, BITS, &sat))
VEC(abs)
SCALAR(abs)
VEC(neg)
SCALAR(neg)
VEC(sqabs)
SCALAR(sqabs)
VEC(sqneg)
SCALAR(sqneg)

/* Accumulate lanes of the other signedness. */
LANE_OP(suqadd, s, sat_s((wide)d + (wide)((uint64_t)a & UINT64_MAX >> (64 - BITS)), BITS, &sat))
LANE_OP(usqadd, u,
        sat_u((wide)d + ((int64_t)((uint64_t)a << (64 - BITS)) >> (64 - BITS)), BITS, &sat))
VEC(suqadd)
SCALAR(suqadd)
VEC(usqadd)
SCALAR(usqadd)

/* ---- neighbours added into lanes twice as wide: a is both of them ---- */

#define LOW_S(a) ((int64_t)((uint64_t)(a) << (64 - BITS / 2)) >> (64 - BITS / 2))
#define LOW_U(a) ((a)&UINT64_MAX >> (64 - BITS / 2))

LANE_OP(saddlp, s, LOW_S(a) + (a >> BITS / 2))
LANE_OP(uaddlp, u, LOW_U(a) + (a >> BITS / 2))
LANE_OP(sadalp, s, (uint64_t)d + (uint64_t)(LOW_S(a) + (a >> BITS / 2)))
LANE_OP(uadalp, u, d + LOW_U(a) + (a >> BITS / 2))

#define ADD_LONG_PAIRS(name)                             \
    EXEC(name##_vec)                                     \
    {                                                    \
        vec(cpu, word, op_##name, size_field(word) + 1); \
    }

ADD_LONG_PAIRS(saddlp)
ADD_LONG_PAIRS(uaddlp)
ADD_LONG_PAIRS(sadalp)
ADD_LONG_PAIRS(uadalp)

/* ---- width ---- */

NARROW_OP(xtn, u, a)
NARROW_OP(sqxtn, s, sat_s(a, BITS, &sat))
NARROW_OP(uqxtn, u, sat_u(a, BITS, &sat))
NARROW_OP(sqxtun, s, sat_u(a, BITS, &sat))

EXEC(xtn)
{
    simd_narrow(cpu, word, op_xtn, size_field(word), none);
}

#define NARROW_SATURATING(name)                                           \
    EXEC(name##_vec)                                                      \
    {                                                                     \
        simd_narrow(cpu, word, op_##name, size_field(word), none);        \
    }                                                                     \
    EXEC(name##_scalar)                                                   \
    {                                                                     \
        simd_narrow_scalar(cpu, word, op_##name, size_field(word), none); \
    }

NARROW_SATURATING(sqxtn)
NARROW_SATURATING(uqxtn)
NARROW_SATURATING(sqxtun)

LONG_OP(shll, u, a << BITS)

EXEC(shll)
{
    simd_long(cpu, word, op_shll, size_field(word), none);
}

/* ---- estimates of unsigned fractions ---- */

LANE_OP(urecpe, u, fpu_recip_estimate_u32((uint32_t)a))
LANE_OP(ursqrte, u, fpu_rsqrt_estimate_u32((uint32_t)a))

EXEC(urecpe)
{
    vec(cpu, word, op_urecpe, 2);
}

EXEC(ursqrte)
{
    vec(cpu, word, op_ursqrte, 2);
}

/* ---- across lanes ---- */

static int64_t lane_s(const union lanes *x, unsigned size, unsigned i)
{
    unsigned unused = 64 - (8u << size);

    return (int64_t)(lane(x, size, i) << unused) >> unused;
}

static void sum_across(struct cpu *cpu, uint32_t word, bool is_signed, unsigned result_size)
{
    unsigned size = size_field(word);
    union lanes x = vr(cpu, rn(word)), r = {0};
    uint64_t sum = 0;

    for (unsigned i = 0; i < vec_bytes(word) >> size; i++)
        sum += is_signed ? (uint64_t)lane_s(&x, size, i) : lane(&x, size, i);
    set_lane(&r, result_size, 0, sum);
    set_vr(cpu, rd(word), r, 16);
}

EXEC(addv)
{
    sum_across(cpu, word, false, size_field(word));
}

EXEC(saddlv)
{
    sum_across(cpu, word, true, size_field(word) + 1);
}

EXEC(uaddlv)
{
    sum_across(cpu, word, false, size_field(word) + 1);
}

static void extreme_across(struct cpu *cpu, uint32_t word, bool is_signed, bool largest)
{
    unsigned size = size_field(word), best = 0;
    union lanes x = vr(cpu, rn(word)), r = {0};

    for (unsigned i = 1; i < vec_bytes(word) >> size; i++) {
        bool greater = is_signed ? lane_s(&x, size, i) > lane_s(&x, size, best)
                                 : lane(&x, size, i) > lane(&x, size, best);
        if (greater == largest)
            best = i;
    }
    set_lane(&r, size, 0, lane(&x, size, best));
    set_vr(cpu, rd(word), r, 16);
}

EXEC(smaxv)
{
    extreme_across(cpu, word, true, true);
}

EXEC(sminv)
{
    extreme_across(cpu, word, true, false);
}

EXEC(umaxv)
{
    extreme_across(cpu, word, false, true);
}

EXEC(uminv)
{
    extreme_across(cpu, word, false, false);
}
