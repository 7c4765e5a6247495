/*
 * Integer operations of two vectors lane by lane: Arm ARM C4.1.96 "Advanced
 * SIMD three same", "scalar three same", "three same extra" (SQRDMLAH), and
 * their forms by element and by pairs.
 */
#include "engine/interp/simd.h"

#define VEC(name)                       \
    EXEC(name##_vec)                    \
    {                                   \
        simd_vec(cpu, word, op_##name); \
    }
#define SCALAR(name)                       \
    EXEC(name##_scalar)                    \
    {                                      \
        simd_scalar(cpu, word, op_##name); \
    }
#define ELEM(name)                       \
    EXEC(name##_elem)                    \
    {                                    \
        simd_elem(cpu, word, op_##name); \
    }
#define ELEM_SCALAR(name)                       \
    EXEC(name##_elem_scalar)                    \
    {                                           \
        simd_elem_scalar(cpu, word, op_##name); \
    }

/* ---- sums and differences ---- */

LANE_OP(add, u, a + b)
LANE_OP(sub, u, a - b)
VEC(add)
SCALAR(add)
VEC(sub)
SCALAR(sub)

/* Halves are taken before the sum; what the low bits would have carried is added or taken. */
LANE_OP(shadd, s, (a >> 1) + (b >> 1) + (a & b & 1))
LANE_OP(uhadd, u, (a >> 1) + (b >> 1) + (a & b & 1))
LANE_OP(srhadd, s, (a >> 1) + (b >> 1) + ((a | b) & 1))
LANE_OP(urhadd, u, (a >> 1) + (b >> 1) + ((a | b) & 1))
LANE_OP(shsub, s, (a >> 1) - (b >> 1) - (~a & b & 1))
LANE_OP(uhsub, u, (a >> 1) - (b >> 1) - (~a & b & 1))
VEC(shadd)
VEC(uhadd)
VEC(srhadd)
VEC(urhadd)
VEC(shsub)
VEC(uhsub)

LANE_OP(sqadd, s, sat_s((wide)a + b, BITS, &sat))
LANE_OP(uqadd, u, sat_u((wide)a + b, BITS, &sat))
LANE_OP(sqsub, s, sat_s((wide)a - b, BITS, &sat))
LANE_OP(uqsub, u, sat_u((wide)a - b, BITS, &sat))
VEC(sqadd)
SCALAR(sqadd)
VEC(uqadd)
SCALAR(uqadd)
VEC(sqsub)
SCALAR(sqsub)
VEC(uqsub)
SCALAR(uqsub)

LANE_OP(sabd, s, a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a)
LANE_OP(uabd, u, a > b ? a - b : b - a)
LANE_OP(saba, s, (uint64_t)d + (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a))
LANE_OP(uaba, u, d + (a > b ? a - b : b - a))
VEC(sabd)
VEC(uabd)
VEC(saba)
VEC(uaba)

/* ---- comparison ---- */

LANE_OP(cmgt, s, -(a > b))
LANE_OP(cmge, s, -(a >= b))
LANE_OP(cmhi, u, -(a > b))
LANE_OP(cmhs, u, -(a >= b))
LANE_OP(cmeq, u, -(a == b))
LANE_OP(cmtst, u, -((a & b) != 0))
VEC(cmgt)
SCALAR(cmgt)
VEC(cmge)
SCALAR(cmge)
VEC(cmhi)
SCALAR(cmhi)
VEC(cmhs)
SCALAR(cmhs)
VEC(cmeq)
SCALAR(cmeq)
VEC(cmtst)
SCALAR(cmtst)

LANE_OP(smax, s, a > b ? a : b)
LANE_OP(umax, u, a > b ? a : b)
LANE_OP(smin, s, a < b ? a : b)
LANE_OP(umin, u, a < b ? a : b)
VEC(smax)
VEC(umax)
VEC(smin)
VEC(umin)

/* ---- comparison with zero ---- */

LANE_OP(cmle, s, -(a <= b))
LANE_OP(cmlt, s, -(a < b))

#define WITH_ZERO(name)                                                                        \
    EXEC(name##_zero_vec)                                                                      \
    {                                                                                          \
        simd_apply(cpu, word, op_##name, size_field(word), vec_bytes(word), (union lanes){0}); \
    }                                                                                          \
    EXEC(name##_zero_scalar)                                                                   \
    {                                                                                          \
        simd_apply(cpu, word, op_##name, 3, 8, (union lanes){0});                              \
    }

WITH_ZERO(cmgt)
WITH_ZERO(cmge)
WITH_ZERO(cmeq)
WITH_ZERO(cmle)
WITH_ZERO(cmlt)

/* ---- shift by a register: the signed low byte of each lane, to the right when negative ---- */

LANE_OP(sshl, s, (int8_t)b >= BITS ? 0 : shifted(a, (int8_t)b, false))
LANE_OP(ushl, u, (int8_t)b >= BITS ? 0 : shifted(a, (int8_t)b, false))
LANE_OP(srshl, s, (int8_t)b >= BITS ? 0 : shifted(a, (int8_t)b, true))
LANE_OP(urshl, u, (int8_t)b >= BITS ? 0 : shifted(a, (int8_t)b, true))
LANE_OP(sqshl, s, sat_s(shifted(a, (int8_t)b, false), BITS, &sat))
LANE_OP(uqshl, u, sat_u(shifted(a, (int8_t)b, false), BITS, &sat))
LANE_OP(sqrshl, s, sat_s(shifted(a, (int8_t)b, true), BITS, &sat))
LANE_OP(uqrshl, u, sat_u(shifted(a, (int8_t)b, true), BITS, &sat))
VEC(sshl)
SCALAR(sshl)
VEC(ushl)
SCALAR(ushl)
VEC(srshl)
SCALAR(srshl)
VEC(urshl)
SCALAR(urshl)
VEC(sqshl)
SCALAR(sqshl)
VEC(uqshl)
SCALAR(uqshl)
VEC(sqrshl)
SCALAR(sqrshl)
VEC(uqrshl)
SCALAR(uqrshl)

/* ---- products ---- */

LANE_OP(mul, u, (uint64_t)a *b)
LANE_OP(mla, u, d + (uint64_t)a * b)
LANE_OP(mls, u, d - (uint64_t)a * b)
VEC(mul)
ELEM(mul)
VEC(mla)
ELEM(mla)
VEC(mls)
ELEM(mls)

static uint8_t poly_mul(uint8_t a, uint8_t b)
{
    unsigned r = 0;

    for (unsigned i = 0; i < 8; i++)
        r ^= b >> i & 1 ? (unsigned)a << i : 0;
    return (uint8_t)r;
}

LANE_OP(pmul, u, poly_mul((uint8_t)a, (uint8_t)b)) /* bytes only */
VEC(pmul)

/* The doubled product's high half; round: half a unit of it. Lanes of 16 and 32 bits only. */
#define HIGH_HALF(sum, round) \
    sat_s(((wide)(sum) + ((wide)(round) << (BITS - 1))) >> BITS, BITS, &sat)
#define DOUBLED(a, b) (2 * (wide)(a) * (b))

LANE_OP(sqdmulh, s, HIGH_HALF(DOUBLED(a, b), 0))
LANE_OP(sqrdmulh, s, HIGH_HALF(DOUBLED(a, b), 1))
LANE_OP(sqrdmlah, s, HIGH_HALF(d *((wide)1 << BITS) + DOUBLED(a, b), 1))
LANE_OP(sqrdmlsh, s, HIGH_HALF(d *((wide)1 << BITS) - DOUBLED(a, b), 1))
VEC(sqdmulh)
SCALAR(sqdmulh)
ELEM(sqdmulh)
ELEM_SCALAR(sqdmulh)
VEC(sqrdmulh)
SCALAR(sqrdmulh)
ELEM(sqrdmulh)
ELEM_SCALAR(sqrdmulh)
VEC(sqrdmlah)
SCALAR(sqrdmlah)
ELEM(sqrdmlah)
ELEM_SCALAR(sqrdmlah)
VEC(sqrdmlsh)
SCALAR(sqrdmlsh)
ELEM(sqrdmlsh)
ELEM_SCALAR(sqrdmlsh)

/* ---- pairs: neighbours in Vn, then those in Vm ---- */

static void pairwise(struct cpu *cpu, uint32_t word, lane_op *op)
{
    unsigned size = size_field(word), bytes = vec_bytes(word);
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r = {0};
    union lanes even = simd_unzip(&x, &y, size, bytes, 0), odd = simd_unzip(&x, &y, size, bytes, 1);

    op(&r, &even, &odd, size);
    set_vr(cpu, rd(word), r, bytes);
}

#define PAIRS(name, op)          \
    EXEC(name##_vec)             \
    {                            \
        pairwise(cpu, word, op); \
    }

PAIRS(addp, op_add)
PAIRS(smaxp, op_smax)
PAIRS(umaxp, op_umax)
PAIRS(sminp, op_smin)
PAIRS(uminp, op_umin)

EXEC(addp_scalar)
{
    cpu->v[rd(word)] = (union vreg){.d = {cpu->v[rn(word)].d[0] + cpu->v[rn(word)].d[1], 0}};
}

/* ---- bits ---- */

#define LOGIC(name, expr)                                                        \
    LANE_OP(name, u, expr)                                                       \
    EXEC(name##_vec)                                                             \
    {                                                                            \
        simd_apply(cpu, word, op_##name, 3, vec_bytes(word), vr(cpu, rm(word))); \
    }

LOGIC(and, a &b)
LOGIC(bic, a & ~b)
LOGIC(orr, a | b)
LOGIC(orn, a | ~b)
LOGIC(eor, a ^ b)
LOGIC(bsl, (a & d) | (b & ~d))
LOGIC(bit, (d & ~b) | (a & b))
LOGIC(bif, (d & b) | (a & ~b))
