/*
 * Integer shifts by an immediate: Arm ARM C4.1.96 "Advanced SIMD shift by
 * immediate" and its scalar forms. immh (bits 22..19) names the lane's size by
 * its highest set bit and, with immb below it, the distance. In an operation
 * b is the distance.
 */
#include "engine/interp/simd.h"

/* log2 bytes of a lane; of the narrow one where widths differ. */
static unsigned lane_size(uint32_t word)
{
    return 31 - (unsigned)__builtin_clz(bits(word, 22, 19));
}

/* Right: 1 to the lane's bits. Left: 0 to the lane's bits - 1. */
static unsigned right_by(uint32_t word)
{
    return (16u << lane_size(word)) - bits(word, 22, 16);
}

static unsigned left_by(uint32_t word)
{
    return bits(word, 22, 16) - (8u << lane_size(word));
}

static void vec(struct cpu *cpu, uint32_t word, lane_op *op, unsigned by)
{
    unsigned size = lane_size(word);

    simd_apply(cpu, word, op, size, vec_bytes(word), lanes_of(size, by));
}

static void scalar(struct cpu *cpu, uint32_t word, lane_op *op, unsigned by)
{
    unsigned size = lane_size(word);

    simd_apply(cpu, word, op, size, 1u << size, lanes_of(size, by));
}

#define SHIFT(row, name, direction)                    \
    EXEC(row##_vec)                                    \
    {                                                  \
        vec(cpu, word, op_##name, direction(word));    \
    }                                                  \
    EXEC(row##_scalar)                                 \
    {                                                  \
        scalar(cpu, word, op_##name, direction(word)); \
    }

/* ---- right ---- */

#define SHR_S(a, b) ((a) >> ((b) == BITS ? BITS - 1 : (b)))
#define SHR_U(a, b) ((b) == BITS ? 0 : (a) >> (b))
#define ONES (UINT64_MAX >> (64 - BITS))

LANE_OP(sshr, s, SHR_S(a, b))
LANE_OP(ushr, u, SHR_U(a, b))
LANE_OP(ssra, s, (uint64_t)d + (uint64_t)SHR_S(a, b))
LANE_OP(usra, u, d + SHR_U(a, b))
LANE_OP(srshr, s, shifted(a, -(int)b, true))
LANE_OP(urshr, u, shifted(a, -(int)b, true))
LANE_OP(srsra, s, (uint64_t)d + (uint64_t)shifted(a, -(int)b, true))
LANE_OP(ursra, u, d + (uint64_t)shifted(a, -(int)b, true))
LANE_OP(sri, u, (d & ~SHR_U(ONES, b)) | SHR_U(a, b))
SHIFT(sshr, sshr, right_by)
SHIFT(ushr, ushr, right_by)
SHIFT(ssra, ssra, right_by)
SHIFT(usra, usra, right_by)
SHIFT(srshr, srshr, right_by)
SHIFT(urshr, urshr, right_by)
SHIFT(srsra, srsra, right_by)
SHIFT(ursra, ursra, right_by)
SHIFT(sri, sri, right_by)

/* ---- left ---- */

LANE_OP(shl, u, (uint64_t)a << b)
LANE_OP(sli, u, (d & ~(ONES << b)) | (uint64_t)a << b)
LANE_OP(sqshl, s, sat_s(shifted(a, (int)b, false), BITS, &sat))
LANE_OP(uqshl, u, sat_u(shifted(a, (int)b, false), BITS, &sat))
LANE_OP(sqshlu, s, sat_u(shifted(a, (int)b, false), BITS, &sat))
SHIFT(shl, shl, left_by)
SHIFT(sli, sli, left_by)
SHIFT(sqshl_imm, sqshl, left_by)
SHIFT(uqshl_imm, uqshl, left_by)
SHIFT(sqshlu, sqshlu, left_by)

/* ---- right, to half the width ---- */

static union lanes narrow_by(uint32_t word)
{
    return lanes_of(lane_size(word) + 1, right_by(word));
}

NARROW_OP(shrn, u, a >> b)
NARROW_OP(rshrn, u, shifted(a, -(int)b, true))
NARROW_OP(sqshrn, s, sat_s(shifted(a, -(int)b, false), BITS, &sat))
NARROW_OP(uqshrn, u, sat_u(shifted(a, -(int)b, false), BITS, &sat))
NARROW_OP(sqshrun, s, sat_u(shifted(a, -(int)b, false), BITS, &sat))
NARROW_OP(sqrshrn, s, sat_s(shifted(a, -(int)b, true), BITS, &sat))
NARROW_OP(uqrshrn, u, sat_u(shifted(a, -(int)b, true), BITS, &sat))
NARROW_OP(sqrshrun, s, sat_u(shifted(a, -(int)b, true), BITS, &sat))

#define NARROW(row, name)                                                    \
    EXEC(row)                                                                \
    {                                                                        \
        simd_narrow(cpu, word, op_##name, lane_size(word), narrow_by(word)); \
    }
#define NARROW_SATURATING(name)                                                     \
    NARROW(name##_vec, name)                                                        \
    EXEC(name##_scalar)                                                             \
    {                                                                               \
        simd_narrow_scalar(cpu, word, op_##name, lane_size(word), narrow_by(word)); \
    }

NARROW(shrn, shrn)
NARROW(rshrn, rshrn)
NARROW_SATURATING(sqshrn)
NARROW_SATURATING(uqshrn)
NARROW_SATURATING(sqshrun)
NARROW_SATURATING(sqrshrn)
NARROW_SATURATING(uqrshrn)
NARROW_SATURATING(sqrshrun)

/* ---- left, to twice the width ---- */

LONG_OP(sshll, s, a *((int64_t)1 << b))
LONG_OP(ushll, u, (uint64_t)a << b)

EXEC(sshll)
{
    simd_long(cpu, word, op_sshll, lane_size(word), lanes_of(lane_size(word), left_by(word)));
}

EXEC(ushll)
{
    simd_long(cpu, word, op_ushll, lane_size(word), lanes_of(lane_size(word), left_by(word)));
}
