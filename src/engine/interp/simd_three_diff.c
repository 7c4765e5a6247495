/*
 * Integer operations of lanes of different widths: Arm ARM C4.1.96 "Advanced
 * SIMD three different", the scalar forms, and the long ones by element.
 * The "2" forms (Q) read the upper halves, or write the upper half.
 */
#include "engine/interp/simd.h"

/* Both operands narrow. */
#define LONG(row, name)                                                                            \
    EXEC(row)                                                                                      \
    {                                                                                              \
        simd_long(cpu, word, op_##name, size_field(word), half(vr(cpu, rm(word)), bit(word, 30))); \
    }
#define LONG_ELEM(row, name)                                  \
    EXEC(row)                                                 \
    {                                                         \
        simd_long(cpu, word, op_##name, size_field(word),     \
                  simd_element(cpu, word, size_field(word))); \
    }

/* ---- sums and differences ---- */

LONG_OP(saddl, s, a + b)
LONG_OP(uaddl, u, a + b)
LONG_OP(ssubl, s, a - b)
LONG_OP(usubl, u, a - b)
LONG_OP(sabdl, s, a > b ? a - b : b - a)
LONG_OP(uabdl, u, a > b ? a - b : b - a)
LONG_OP(sabal, s, (uint64_t)d + (uint64_t)(a > b ? a - b : b - a))
LONG_OP(uabal, u, d + (a > b ? a - b : b - a))
LONG(saddl, saddl)
LONG(uaddl, uaddl)
LONG(ssubl, ssubl)
LONG(usubl, usubl)
LONG(sabdl, sabdl)
LONG(uabdl, uabdl)
LONG(sabal, sabal)
LONG(uabal, uabal)

static void wide_first(struct cpu *cpu, uint32_t word, lane_op *op)
{
    union lanes r = {0}, x = vr(cpu, rn(word)), y = half(vr(cpu, rm(word)), bit(word, 30));

    op(&r, &x, &y, size_field(word));
    set_vr(cpu, rd(word), r, 16);
}

#define WIDE(name)                        \
    EXEC(name)                            \
    {                                     \
        wide_first(cpu, word, op_##name); \
    }

WIDE_OP(saddw, s, (uint64_t)a + (uint64_t)b)
WIDE_OP(uaddw, u, a + b)
WIDE_OP(ssubw, s, (uint64_t)a - (uint64_t)b)
WIDE_OP(usubw, u, a - b)
WIDE(saddw)
WIDE(uaddw)
WIDE(ssubw)
WIDE(usubw)

/* ---- the high halves of sums ---- */

#define NARROW(name)                                                            \
    EXEC(name)                                                                  \
    {                                                                           \
        simd_narrow(cpu, word, op_##name, size_field(word), vr(cpu, rm(word))); \
    }

NARROW_OP(addhn, u, (a + b) >> BITS)
NARROW_OP(subhn, u, (a - b) >> BITS)
NARROW_OP(raddhn, u, (a + b + (1ull << (BITS - 1))) >> BITS)
NARROW_OP(rsubhn, u, (a - b + (1ull << (BITS - 1))) >> BITS)
NARROW(addhn)
NARROW(subhn)
NARROW(raddhn)
NARROW(rsubhn)

/* ---- products ---- */

LONG_OP(smull, s, a *b)
LONG_OP(umull, u, (uint64_t)a *b)
LONG_OP(smlal, s, (uint64_t)d + (uint64_t)(a * b))
LONG_OP(umlal, u, d + (uint64_t)a * b)
LONG_OP(smlsl, s, (uint64_t)d - (uint64_t)(a * b))
LONG_OP(umlsl, u, d - (uint64_t)a * b)
LONG(smull_vec, smull)
LONG_ELEM(smull_elem, smull)
LONG(umull_vec, umull)
LONG_ELEM(umull_elem, umull)
LONG(smlal_vec, smlal)
LONG_ELEM(smlal_elem, smlal)
LONG(umlal_vec, umlal)
LONG_ELEM(umlal_elem, umlal)
LONG(smlsl_vec, smlsl)
LONG_ELEM(smlsl_elem, smlsl)
LONG(umlsl_vec, umlsl)
LONG_ELEM(umlsl_elem, umlsl)

/* The product is saturated, then the sum. */
#define DOUBLED sat_s(2 * (wide)a * b, 2 * BITS, &sat)

LONG_OP(sqdmull, s, DOUBLED)
LONG_OP(sqdmlal, s, sat_s((wide)d + DOUBLED, 2 * BITS, &sat))
LONG_OP(sqdmlsl, s, sat_s((wide)d - DOUBLED, 2 * BITS, &sat))

/* One lane. */
static void long_scalar(struct cpu *cpu, uint32_t word, lane_op *op, union lanes y)
{
    unsigned size = size_field(word), bytes = 1u << size;
    union lanes r = low_bytes(vr(cpu, rd(word)), bytes * 2),
                x = low_bytes(vr(cpu, rn(word)), bytes);

    y = low_bytes(y, bytes);
    if (op(&r, &x, &y, size))
        cpu->fpsr |= FPSR_QC;
    set_vr(cpu, rd(word), r, bytes * 2);
}

#define LONG_SATURATING(name)                                                         \
    LONG(name##_vec, name)                                                            \
    LONG_ELEM(name##_elem, name)                                                      \
    EXEC(name##_scalar)                                                               \
    {                                                                                 \
        long_scalar(cpu, word, op_##name, vr(cpu, rm(word)));                         \
    }                                                                                 \
    EXEC(name##_elem_scalar)                                                          \
    {                                                                                 \
        long_scalar(cpu, word, op_##name, simd_element(cpu, word, size_field(word))); \
    }

LONG_SATURATING(sqdmull)
LONG_SATURATING(sqdmlal)
LONG_SATURATING(sqdmlsl)

/* ---- polynomial products ---- */

static uint64_t poly_mul(uint64_t a, uint64_t b, unsigned width)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < width; i++)
        r ^= b >> i & 1 ? a << i : 0;
    return r;
}

LONG_OP(pmull, u, poly_mul(a, b, BITS))

EXEC(pmull_b)
{
    simd_long(cpu, word, op_pmull, 0, half(vr(cpu, rm(word)), bit(word, 30)));
}

EXEC(pmull_d)
{
    uint64_t a = cpu->v[rn(word)].d[bit(word, 30)], b = cpu->v[rm(word)].d[bit(word, 30)];
    union lanes r = {.u128 = 0};

    for (unsigned i = 0; i < 64; i++)
        r.u128 ^= b >> i & 1 ? (unsigned __int128)a << i : 0;
    set_vr(cpu, rd(word), r, 16);
}
