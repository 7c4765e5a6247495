/*
 * What the SIMD and floating-point functions share: lanes of a register,
 * the generators of lane-wise operations, and the drivers that fetch operands,
 * run such an operation and write the result with the rest of the register
 * zeroed (as AArch64 always does).
 *
 * A lane operation works on whole 16-byte registers. For 64-bit vectors and
 * scalars the drivers clear the unused lanes of the operands (no saturating
 * operation saturates on zeros) and of the result.
 */
#ifndef INTERP_SIMD_H
#define INTERP_SIMD_H

#include "engine/interp/exec.h"
#include "engine/interp/fpu.h"

union lanes {
    union vreg v;
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
    int8_t s8[16];
    int16_t s16[8];
    int32_t s32[4];
    int64_t s64[2];
    unsigned __int128 u128;
};

/* ---- registers ---- */

static inline union lanes vr(const struct cpu *cpu, unsigned n)
{
    return (union lanes){.v = cpu->v[n]};
}

/* Bytes of a vector by Q. */
static inline unsigned vec_bytes(uint32_t word)
{
    return 8u << bit(word, 30);
}

static inline unsigned size_field(uint32_t word)
{
    return bits(word, 23, 22);
}

/* The low `bytes` of x (1, 2, 4, 8 or 16), the rest zero. */
static inline union lanes low_bytes(union lanes x, unsigned bytes)
{
    if (bytes < 16) {
        x.u64[1] = 0;
        if (bytes < 8)
            x.u64[0] &= (1ull << bytes * 8) - 1;
    }
    return x;
}

static inline void set_vr(struct cpu *cpu, unsigned d, union lanes x, unsigned bytes)
{
    cpu->v[d] = low_bytes(x, bytes).v;
}

/* Lane i of size log2 bytes, zero-extended. */
static inline uint64_t lane(const union lanes *x, unsigned size, unsigned i)
{
    switch (size) {
    case 0: return x->u8[i];
    case 1: return x->u16[i];
    case 2: return x->u32[i];
    default: return x->u64[i];
    }
}

static inline void set_lane(union lanes *x, unsigned size, unsigned i, uint64_t value)
{
    switch (size) {
    case 0: x->u8[i] = (uint8_t)value; break;
    case 1: x->u16[i] = (uint16_t)value; break;
    case 2: x->u32[i] = (uint32_t)value; break;
    default: x->u64[i] = value;
    }
}

static inline union lanes lanes_of(unsigned size, uint64_t value)
{
    union lanes x;

    for (unsigned i = 0; i < 16u >> size; i++)
        set_lane(&x, size, i, value);
    return x;
}

/* The half of a register that a long or wide operation reads: upper for the "2" forms (Q). */
static inline union lanes half(union lanes x, bool upper)
{
    return (union lanes){.u64 = {x.u64[upper], 0}};
}

static inline void set_vr_half(struct cpu *cpu, unsigned d, uint64_t value, bool upper)
{
    cpu->v[d].d[upper] = value;
    if (!upper)
        cpu->v[d].d[1] = 0;
}

/* ---- integer lane operations ---- */

/*
 * r: the destination's old lanes, then the result. size: log2 bytes of a lane.
 * Returns whether a lane saturated.
 */
typedef bool lane_op(union lanes *r, const union lanes *x, const union lanes *y, unsigned size);

/*
 * LANE_OP(name, s, expr) defines op_name: for every lane of each size, expr of
 * a, b (operands) and d (the old result), all of the signed (s) or unsigned (u)
 * type of the lane, which has BITS bits; expr may set sat.
 * LONG_OP: lanes of a and b have BITS bits, d and the result twice as many.
 * WIDE_OP: of b alone. NARROW_OP: the result has BITS bits, a and b twice as
 * many. In these three a, b and d have the wider type.
 * Where a signed sum or product could overflow, expr widens it.
 */
#define LANE_CASE(size_, n, bits_, W_, rm_, xm_, ym_, expr) \
    case size_: {                                           \
        enum { BITS = bits_ };                              \
        typedef __typeof__(r->W_[0]) W;                     \
        for (unsigned i = 0; i < n; i++) {                  \
            W a __attribute__((unused)) = (W)x->xm_[i];     \
            W b __attribute__((unused)) = (W)y->ym_[i];     \
            W d __attribute__((unused)) = (W)r->rm_[i];     \
            r->rm_[i] = (__typeof__(r->rm_[0]))(expr);      \
        }                                                   \
        break;                                              \
    }

#define LANE_FUNCTION(name, case_b, case_h, case_s, case_d)                             \
    static bool op_##name(union lanes *r, const union lanes *x __attribute__((unused)), \
                          const union lanes *y __attribute__((unused)), unsigned size)  \
    {                                                                                   \
        bool sat = false;                                                               \
        switch (size) {                                                                 \
            case_b case_h case_s case_d                                                 \
        }                                                                               \
        return sat;                                                                     \
    }

#define LANE_OP(name, s, expr)                                             \
    LANE_FUNCTION(name, LANE_CASE(0, 16, 8, s##8, s##8, s##8, s##8, expr), \
                  LANE_CASE(1, 8, 16, s##16, s##16, s##16, s##16, expr),   \
                  LANE_CASE(2, 4, 32, s##32, s##32, s##32, s##32, expr),   \
                  LANE_CASE(3, 2, 64, s##64, s##64, s##64, s##64, expr))

#define LONG_OP(name, s, expr)                                              \
    LANE_FUNCTION(name, LANE_CASE(0, 8, 8, s##16, s##16, s##8, s##8, expr), \
                  LANE_CASE(1, 4, 16, s##32, s##32, s##16, s##16, expr),    \
                  LANE_CASE(2, 2, 32, s##64, s##64, s##32, s##32, expr), )

#define WIDE_OP(name, s, expr)                                               \
    LANE_FUNCTION(name, LANE_CASE(0, 8, 8, s##16, s##16, s##16, s##8, expr), \
                  LANE_CASE(1, 4, 16, s##32, s##32, s##32, s##16, expr),     \
                  LANE_CASE(2, 2, 32, s##64, s##64, s##64, s##32, expr), )

#define NARROW_OP(name, s, expr)                                             \
    LANE_FUNCTION(name, LANE_CASE(0, 8, 8, s##16, s##8, s##16, s##16, expr), \
                  LANE_CASE(1, 4, 16, s##32, s##16, s##32, s##32, expr),     \
                  LANE_CASE(2, 2, 32, s##64, s##32, s##64, s##64, expr), )

typedef __int128 wide;

/* SignedSatQ and UnsignedSatQ. */
static inline int64_t sat_s(wide v, unsigned width, bool *sat)
{
    int64_t max = (int64_t)(UINT64_MAX >> (65 - width));

    if (v > max || v < -max - 1) {
        *sat = true;
        return v > 0 ? max : -max - 1;
    }
    return (int64_t)v;
}

static inline uint64_t sat_u(wide v, unsigned width, bool *sat)
{
    uint64_t max = UINT64_MAX >> (64 - width);

    if (v < 0 || v > (wide)max) {
        *sat = true;
        return v < 0 ? 0 : max;
    }
    return (uint64_t)v;
}

/* v shifted left, or right when by is negative (round: halves up); saturates no lane that holds it. */
static inline wide shifted(wide v, int by, bool round)
{
    const wide lowest = (wide)1 << 126; /* of either sign, beyond what any lane holds */

    if (by >= 64)
        return v == 0 ? 0 : v > 0 ? lowest : -lowest;
    if (by >= 0)
        return v * ((wide)1 << by);
    unsigned n = by < -66 ? 66 : (unsigned)-by; /* the sign alone, or 0 when rounding */
    return (v + (round ? (wide)1 << (n - 1) : 0)) >> n;
}

/* ---- drivers (simd.c) ---- */

/* Vd = op(Vn, y) on the low `bytes`; sets QC. */
void simd_apply(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, unsigned bytes,
                union lanes y);
/* The same with y = Vm, and the usual size field: a vector by Q, or one lane. */
void simd_vec(struct cpu *cpu, uint32_t word, lane_op *op);
void simd_scalar(struct cpu *cpu, uint32_t word, lane_op *op);
/* With the element of Vm that H:L:M select, in every lane. */
void simd_elem(struct cpu *cpu, uint32_t word, lane_op *op);
void simd_elem_scalar(struct cpu *cpu, uint32_t word, lane_op *op);
/* Vd = op(half of Vn, y), result lanes of twice the size. */
void simd_long(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, union lanes y);
/* Half of Vd = op(Vn, y), result lanes of the size; the other half stays for the "2" forms. */
void simd_narrow(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, union lanes y);

/* One lane of it. */
void simd_narrow_scalar(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, union lanes y);

/* The element of Vm that H:L:M select, as wide as size says (1 to 3), in every lane. */
union lanes simd_element(const struct cpu *cpu, uint32_t word, unsigned size);

/* Even (part 0) or odd (part 1) lanes of x followed by those of y; both have `bytes`. */
union lanes simd_unzip(const union lanes *x, const union lanes *y, unsigned size, unsigned bytes,
                       unsigned part);

/* ---- floating-point lanes ---- */

/* A lane from the operands a and b and the destination's old lane d. */
typedef uint64_t fp_op(struct fpu *f, enum fpu_fmt fmt, uint64_t d, uint64_t a, uint64_t b);

/* Vd = op(Vd, x, y) on the low `bytes`. */
void simd_fp_apply(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt, unsigned bytes,
                   const union lanes *x, const union lanes *y);

/* Defines op_name by an expression of f, fmt, d, a and b. A comparison gives a lane of ones. */
#define FP_OP(name, expr)                                                                          \
    static uint64_t op_##name(struct fpu *f, enum fpu_fmt fmt, uint64_t d, uint64_t a, uint64_t b) \
    {                                                                                              \
        return expr;                                                                               \
    }
#define ALL_ONES_IF(cond) ((cond) ? UINT64_MAX : 0)

/* The forms of op_name, by the file's own apply(cpu, word, op, fmt, bytes). */
#define FP_VEC(name)                                                   \
    EXEC(name##_vec)                                                   \
    {                                                                  \
        apply(cpu, word, op_##name, fmt_field(word), vec_bytes(word)); \
    }
#define FP_VEC_H(name)                                       \
    EXEC(name##_vec_h)                                       \
    {                                                        \
        apply(cpu, word, op_##name, FPU_H, vec_bytes(word)); \
    }
#define FP_SCALAR(name)                                                      \
    EXEC(name##_scalar)                                                      \
    {                                                                        \
        apply(cpu, word, op_##name, fmt_field(word), 1u << fmt_field(word)); \
    }                                                                        \
    EXEC(name##_scalar_h)                                                    \
    {                                                                        \
        apply(cpu, word, op_##name, FPU_H, 1u << FPU_H);                     \
    }

static inline struct fpu fpu_begin(const struct cpu *cpu)
{
    return (struct fpu){cpu->fpcr, cpu->fpsr};
}

/* Written seldom: a store here would stall the next fpu_begin, which loads both words at once. */
static inline void fpu_end(struct cpu *cpu, const struct fpu *f)
{
    if (unlikely(cpu->fpsr != f->fpsr))
        cpu->fpsr = f->fpsr;
}

/* Single or double by the low bit of the size field. */
static inline enum fpu_fmt fmt_field(uint32_t word)
{
    return bit(word, 22) ? FPU_D : FPU_S;
}

#endif
