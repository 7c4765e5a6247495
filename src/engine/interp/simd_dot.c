/*
 * Products that are summed over several lanes: integer dot products and
 * matrix products (FEAT_DotProd, FEAT_I8MM), bfloat16 (FEAT_BF16), half
 * precision into single (FEAT_FHM) and complex numbers (FEAT_FCMA), of vectors
 * and by element (Arm ARM C4.1.96).
 */
#include "engine/interp/simd.h"

/* ---- four bytes with four bytes into 32 bits ---- */

static uint32_t byte_product(union lanes x, unsigned i, bool x_signed, union lanes y, unsigned j,
                             bool y_signed)
{
    int a = x_signed ? x.s8[i] : x.u8[i], b = y_signed ? y.s8[j] : y.u8[j];

    return (uint32_t)(a * b);
}

static void dot(struct cpu *cpu, uint32_t word, union lanes y, bool x_signed, bool y_signed)
{
    union lanes x = vr(cpu, rn(word)), r = vr(cpu, rd(word));

    for (unsigned i = 0; i < 16; i++)
        r.u32[i / 4] += byte_product(x, i, x_signed, y, i, y_signed);
    set_vr(cpu, rd(word), r, vec_bytes(word));
}

#define DOT(name, x_signed, y_signed)                                   \
    EXEC(name##_elem)                                                   \
    {                                                                   \
        dot(cpu, word, simd_element(cpu, word, 2), x_signed, y_signed); \
    }
#define DOT_VEC(name, x_signed, y_signed)                      \
    EXEC(name##_vec)                                           \
    {                                                          \
        dot(cpu, word, vr(cpu, rm(word)), x_signed, y_signed); \
    }

DOT(sdot, true, true)
DOT_VEC(sdot, true, true)
DOT(udot, false, false)
DOT_VEC(udot, false, false)
DOT(usdot, false, true)
DOT_VEC(usdot, false, true)
DOT(sudot, true, false)

/* Two rows of eight bytes each, times the transpose of such, added to two rows of two sums. */
static void matrix(struct cpu *cpu, uint32_t word, bool x_signed, bool y_signed)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r = vr(cpu, rd(word));

    for (unsigned row = 0; row < 2; row++)
        for (unsigned column = 0; column < 2; column++)
            for (unsigned k = 0; k < 8; k++)
                r.u32[2 * row + column] +=
                    byte_product(x, 8 * row + k, x_signed, y, 8 * column + k, y_signed);
    set_vr(cpu, rd(word), r, 16);
}

EXEC(smmla)
{
    matrix(cpu, word, true, true);
}

EXEC(ummla)
{
    matrix(cpu, word, false, false);
}

EXEC(usmmla)
{
    matrix(cpu, word, false, true);
}

/* ---- bfloat16 ---- */

static void bfdot(struct cpu *cpu, uint32_t word, union lanes y)
{
    union lanes x = vr(cpu, rn(word)), r = vr(cpu, rd(word));

    for (unsigned i = 0; i < 4; i++)
        r.u32[i] = fpu_bfdot(r.u32[i], x.u32[i], y.u32[i]);
    set_vr(cpu, rd(word), r, vec_bytes(word));
}

EXEC(bfdot_vec)
{
    bfdot(cpu, word, vr(cpu, rm(word)));
}

EXEC(bfdot_elem)
{
    bfdot(cpu, word, simd_element(cpu, word, 2));
}

/* Rows of four bfloat16, summed two products at a time. */
EXEC(bfmmla)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r = vr(cpu, rd(word));

    for (unsigned row = 0; row < 2; row++)
        for (unsigned column = 0; column < 2; column++)
            for (unsigned k = 0; k < 2; k++) {
                uint32_t *sum = &r.u32[2 * row + column];
                *sum = fpu_bfdot(*sum, x.u32[2 * row + k], y.u32[2 * column + k]);
            }
    set_vr(cpu, rd(word), r, 16);
}

/* BFMLALB takes the even lanes, BFMLALT (Q) the odd ones; a bfloat16 is the top of a single. */
static void bfmlal(struct cpu *cpu, uint32_t word, union lanes y)
{
    struct fpu f = fpu_begin(cpu);
    union lanes x = vr(cpu, rn(word)), r = vr(cpu, rd(word));
    unsigned top = bit(word, 30);

    for (unsigned i = 0; i < 4; i++)
        r.u32[i] = (uint32_t)fpu_muladd(&f, FPU_S, r.u32[i], (uint32_t)x.u16[2 * i + top] << 16,
                                        (uint32_t)y.u16[2 * i + top] << 16);
    set_vr(cpu, rd(word), r, 16);
    fpu_end(cpu, &f);
}

EXEC(bfmlal_vec)
{
    bfmlal(cpu, word, vr(cpu, rm(word)));
}

EXEC(bfmlal_elem)
{
    bfmlal(cpu, word, simd_element(cpu, word, 1));
}

/* ---- half precision into single ---- */

/* upper: the second half of the vector's lanes (the "2" forms); y_upper: of y's too. */
static void fmlal(struct cpu *cpu, uint32_t word, bool subtract, bool upper, union lanes y)
{
    struct fpu f = fpu_begin(cpu);
    union lanes x = vr(cpu, rn(word)), r = vr(cpu, rd(word));
    unsigned n = vec_bytes(word) / 4, first = upper ? n : 0;

    for (unsigned i = 0; i < n; i++) {
        uint64_t a = x.u16[first + i];
        if (subtract)
            a = fpu_neg(FPU_H, a);
        r.u32[i] = (uint32_t)fpu_muladd_half(&f, r.u32[i], a, y.u16[first + i]);
    }
    set_vr(cpu, rd(word), r, vec_bytes(word));
    fpu_end(cpu, &f);
}

#define FMLAL(name, subtract, upper)                                   \
    EXEC(name##_vec)                                                   \
    {                                                                  \
        fmlal(cpu, word, subtract, upper, vr(cpu, rm(word)));          \
    }                                                                  \
    EXEC(name##_elem)                                                  \
    {                                                                  \
        fmlal(cpu, word, subtract, upper, simd_element(cpu, word, 1)); \
    }

FMLAL(fmlal, false, false)
FMLAL(fmlal2, false, true)
FMLAL(fmlsl, true, false)
FMLAL(fmlsl2, true, true)

/* ---- complex numbers: even lanes real, odd lanes imaginary ---- */

/* d += a * b for one half of a complex product, after turning b by rot * 90 degrees. */
static void fcmla(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt, unsigned rot, union lanes y)
{
    struct fpu f = fpu_begin(cpu);
    union lanes x = vr(cpu, rn(word)), r = vr(cpu, rd(word));

    for (unsigned i = 0; i < vec_bytes(word) >> fmt; i += 2) {
        uint64_t a = lane(&x, fmt, i + (rot & 1));
        uint64_t re = lane(&y, fmt, i + (rot & 1)), im = lane(&y, fmt, i + !(rot & 1));
        if (rot == 1 || rot == 2)
            re = fpu_neg(fmt, re);
        if (rot == 2 || rot == 3)
            im = fpu_neg(fmt, im);
        set_lane(&r, fmt, i, fpu_muladd(&f, fmt, lane(&r, fmt, i), a, re));
        set_lane(&r, fmt, i + 1, fpu_muladd(&f, fmt, lane(&r, fmt, i + 1), a, im));
    }
    set_vr(cpu, rd(word), r, vec_bytes(word));
    fpu_end(cpu, &f);
}

EXEC(fcmla_vec)
{
    fcmla(cpu, word, fmt_field(word), bits(word, 12, 11), vr(cpu, rm(word)));
}

EXEC(fcmla_vec_h)
{
    fcmla(cpu, word, FPU_H, bits(word, 12, 11), vr(cpu, rm(word)));
}

/* The element is a pair: H of two singles each, or H:L of two halves each. */
EXEC(fcmla_elem)
{
    union lanes y = vr(cpu, rm(word));

    fcmla(cpu, word, FPU_S, bits(word, 14, 13), lanes_of(3, y.u64[bit(word, 11)]));
}

EXEC(fcmla_elem_h)
{
    union lanes y = vr(cpu, rm(word));

    fcmla(cpu, word, FPU_H, bits(word, 14, 13),
          lanes_of(2, y.u32[bit(word, 11) << 1 | bit(word, 21)]));
}

static void fcadd(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    struct fpu f = fpu_begin(cpu);
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r;
    bool by_270 = bit(word, 12);

    for (unsigned i = 0; i < vec_bytes(word) >> fmt; i += 2) {
        uint64_t re = lane(&y, fmt, i + 1), im = lane(&y, fmt, i);
        if (by_270)
            im = fpu_neg(fmt, im);
        else
            re = fpu_neg(fmt, re);
        set_lane(&r, fmt, i, fpu_add(&f, fmt, lane(&x, fmt, i), re));
        set_lane(&r, fmt, i + 1, fpu_add(&f, fmt, lane(&x, fmt, i + 1), im));
    }
    set_vr(cpu, rd(word), r, vec_bytes(word));
    fpu_end(cpu, &f);
}

EXEC(fcadd_vec)
{
    fcadd(cpu, word, fmt_field(word));
}

EXEC(fcadd_vec_h)
{
    fcadd(cpu, word, FPU_H);
}
