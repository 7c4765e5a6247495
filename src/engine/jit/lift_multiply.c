/*
 * Advanced SIMD: products of integers (Arm ARM C4.1.94), by lanes and by an
 * element, of the same and of twice the width, saturating, and dot products.
 */
#include "engine/jit/vec.h"

/* x = V[n] * V[m] in lanes of 1 << size bytes; uses T1, T2 (and T3 for bytes). False: no such product. */
static void product(struct lift *l, unsigned size, int x, unsigned n, unsigned m)
{
    struct emit *e = &l->e;
    if (size) {
        vec_op(l, size == 1 ? VPMULLW : VPMULLD, x, n, m);
        return;
    }
    int a = vreg_read(l, n, XMM_T1), b = vreg_read(l, m, XMM_T2);
    x_v(e, VPMULLW, x, a, rm_reg(b)); /* even bytes are right */
    x_vi(e, VPSHIFTW_I, VSH_SRL, XMM_T3, rm_reg(a), 8);
    x_vi(e, VPSHIFTW_I, VSH_SRL, XMM_T2, rm_reg(b), 8);
    x_v(e, VPMULLW, XMM_T3, XMM_T3, rm_reg(XMM_T2));
    x_vi(e, VPSHIFTW_I, VSH_SLL, XMM_T3, rm_reg(XMM_T3), 8);
    x_vi(e, VPSHIFTW_I, VSH_SLL, x, rm_reg(x), 8);
    x_vi(e, VPSHIFTW_I, VSH_SRL, x, rm_reg(x), 8);
    x_v(e, VPOR, x, x, rm_reg(XMM_T3));
}

bool lift_mul_vec(struct lift *l, uint32_t w)
{
    product(l, LANE(w), XMM_T0, RN(w), RM(w));
    vec_commit(l, w, XMM_T0);
    return true;
}

bool lift_mla_vec(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    product(l, LANE(w), XMM_T0, RN(w), RM(w));
    x_v(&l->e, lanes_add.op[LANE(w)], d, XMM_T0, vreg(RD(w)));
    vec_commit(l, w, d);
    return true;
}

bool lift_mls_vec(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    product(l, LANE(w), XMM_T0, RN(w), RM(w));
    x_v(&l->e, lanes_sub.op[LANE(w)], d, vreg_read(l, RD(w), XMM_T1), rm_reg(XMM_T0));
    vec_commit(l, w, d);
    return true;
}

/* x = V[Rm<index>] in every lane of `size` (H or S). */
static void element(struct lift *l, uint32_t w, unsigned size, int x)
{
    unsigned m = size == 1 ? bits(w, 19, 16) : RM(w);
    unsigned index = size == 1 ? bit(w, 11) << 2 | bits(w, 21, 20) : bit(w, 11) << 1 | bit(w, 21);
    if (size == 2) {
        x_vi(&l->e, VPSHUFD, x, 0, vreg(m), index * 0x55);
    } else {
        x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, x, rm_reg(vreg_read(l, m, x)), 2 * index);
        x_v(&l->e, VPBROADCASTW, x, 0, rm_reg(x));
    }
}

static bool multiply_element(struct lift *l, uint32_t w, const struct lanes *combine)
{
    unsigned size = LANE(w);
    int d = vreg_dest(RD(w), XMM_T0);
    element(l, w, size, XMM_T1);
    x_v(&l->e, size == 1 ? VPMULLW : VPMULLD, XMM_T1, XMM_T1, vreg(RN(w)));
    if (combine)
        x_v(&l->e, combine->op[size], d, vreg_read(l, RD(w), XMM_T0), rm_reg(XMM_T1));
    vec_commit(l, w, combine ? d : XMM_T1);
    return true;
}

bool lift_mul_elem(struct lift *l, uint32_t w)
{
    return multiply_element(l, w, NULL);
}

bool lift_mla_elem(struct lift *l, uint32_t w)
{
    return multiply_element(l, w, &lanes_add);
}

bool lift_mls_elem(struct lift *l, uint32_t w)
{
    return multiply_element(l, w, &lanes_sub);
}

/* T0 = the wide products of a and b, of the half of their lanes that Q names; a and b may be T1, T2. */
static void product_long(struct lift *l, uint32_t w, bool is_signed, int a, int b)
{
    struct emit *e = &l->e;
    switch (LANE(w)) {
    case 0: {
        uint32_t extend = is_signed ? VPMOVSXBW : VPMOVZXBW;
        if (IS_Q(w)) {
            x_vi(e, VPSHUFD, XMM_T0, 0, rm_reg(a), 0xee);
            x_vi(e, VPSHUFD, XMM_T3, 0, rm_reg(b), 0xee);
            a = XMM_T0;
            b = XMM_T3;
        }
        x_v(e, extend, XMM_T0, 0, rm_reg(a));
        x_v(e, extend, XMM_T3, 0, rm_reg(b));
        x_v(e, VPMULLW, XMM_T0, XMM_T0, rm_reg(XMM_T3));
        break;
    }
    case 1:
        x_v(e, is_signed ? VPMULHW : VPMULHUW, XMM_T3, a, rm_reg(b));
        x_v(e, VPMULLW, XMM_T0, a, rm_reg(b));
        x_v(e, IS_Q(w) ? VPUNPCKHWD : VPUNPCKLWD, XMM_T0, XMM_T0, rm_reg(XMM_T3));
        break;
    default: {
        unsigned spread = IS_Q(w) ? 0xfa : 0x50;
        x_vi(e, VPSHUFD, XMM_T0, 0, rm_reg(a), spread);
        x_vi(e, VPSHUFD, XMM_T3, 0, rm_reg(b), spread);
        x_v(e, is_signed ? VPMULDQ : VPMULUDQ, XMM_T0, XMM_T0, rm_reg(XMM_T3));
        break;
    }
    }
}

static bool multiply_long(struct lift *l, uint32_t w, bool is_signed, bool by_element,
                          const struct lanes *combine)
{
    int d = vreg_dest(RD(w), XMM_T0), a = vreg_read(l, RN(w), XMM_T1), b = XMM_T2;
    if (by_element)
        element(l, w, LANE(w), XMM_T2);
    else
        b = vreg_read(l, RM(w), XMM_T2);
    product_long(l, w, is_signed, a, b);
    if (combine)
        x_v(&l->e, combine->op[LANE(w) + 1], d, vreg_read(l, RD(w), XMM_T1), rm_reg(XMM_T0));
    vreg_commit(l, RD(w), combine ? d : XMM_T0, 0);
    return true;
}

#define MULTIPLY_LONG(name, combine)                       \
    bool lift_s##name##_vec(struct lift *l, uint32_t w)    \
    {                                                      \
        return multiply_long(l, w, true, false, combine);  \
    }                                                      \
    bool lift_u##name##_vec(struct lift *l, uint32_t w)    \
    {                                                      \
        return multiply_long(l, w, false, false, combine); \
    }                                                      \
    bool lift_s##name##_elem(struct lift *l, uint32_t w)   \
    {                                                      \
        return multiply_long(l, w, true, true, combine);   \
    }                                                      \
    bool lift_u##name##_elem(struct lift *l, uint32_t w)   \
    {                                                      \
        return multiply_long(l, w, false, true, combine);  \
    }

MULTIPLY_LONG(mull, NULL)
MULTIPLY_LONG(mlal, &lanes_add)
MULTIPLY_LONG(mlsl, &lanes_sub)

/* ---- products of fractions: doubled, and saturated where both are the least number ---- */

/* T2 = the upper halves of 2ab, rounded or not; a may be T0, b T1. Uses T0 and T3. */
static void doubled_high(struct lift *l, unsigned size, bool rounded, int a, int b)
{
    struct emit *e = &l->e;
    if (size == 1 && rounded) {
        x_v(e, VPMULHRSW, XMM_T2, a, rm_reg(b));
        return;
    }
    if (size == 1) {
        x_v(e, VPMULLW, XMM_T3, a, rm_reg(b));
        x_v(e, VPMULHW, XMM_T2, a, rm_reg(b));
        x_vi(e, VPSHIFTW_I, VSH_SRL, XMM_T3, rm_reg(XMM_T3), 15);
        x_v(e, VPADDW, XMM_T2, XMM_T2, rm_reg(XMM_T2));
        x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
        return;
    }
    x_v(e, VPMULDQ, XMM_T2, a, rm_reg(b));
    x_vi(e, VPSHIFTQ_I, VSH_SRL, XMM_T3, rm_reg(a), 32);
    x_vi(e, VPSHIFTQ_I, VSH_SRL, XMM_T0, rm_reg(b), 32);
    x_v(e, VPMULDQ, XMM_T3, XMM_T3, rm_reg(XMM_T0));
    if (rounded) {
        x_v(e, VPADDQ, XMM_T2, XMM_T2, rm_const(K_ROUND_S));
        x_v(e, VPADDQ, XMM_T3, XMM_T3, rm_const(K_ROUND_S));
    }
    x_vi(e, VPSHIFTQ_I, VSH_SRL, XMM_T2, rm_reg(XMM_T2), 31);
    x_v(e, VPADDQ, XMM_T3, XMM_T3, rm_reg(XMM_T3));
    x_vi(e, VPBLENDD, XMM_T2, XMM_T2, rm_reg(XMM_T3), 0x0a);
}

/* V[Rm] or its element, the latter in x. */
static int second_source(struct lift *l, uint32_t w, bool by_element, int x)
{
    if (!by_element)
        return vreg_read(l, RM(w), x);
    element(l, w, LANE(w), x);
    return x;
}

/* The least number, which no other product gives, becomes the largest, and sets QC. Uses T3. */
static void saturate_least(struct lift *l, uint32_t w, enum shape shape, unsigned size, int x)
{
    x_v(&l->e, lanes_cmpeq.op[size], XMM_T3, x, rm_const(vec_sign[size]));
    x_v(&l->e, VPXOR, x, x, rm_reg(XMM_T3));
    uint8_t *known = vec_qc_ask(l);
    vec_keep(l, w, shape, size, XMM_T3);
    vec_qc_tell(l, known, XMM_T3);
}

static bool multiply_high(struct lift *l, uint32_t w, enum shape shape, bool by_element,
                          bool rounded)
{
    int a = vreg_read(l, RN(w), XMM_T0), b = second_source(l, w, by_element, XMM_T1);
    doubled_high(l, LANE(w), rounded, a, b);
    saturate_least(l, w, shape, LANE(w), XMM_T2);
    vec_result(l, w, shape, LANE(w), XMM_T2);
    return true;
}

enum accumulate { NOTHING, ADD, SUBTRACT };

static bool multiply_doubled(struct lift *l, uint32_t w, enum shape shape, bool by_element,
                             enum accumulate how)
{
    unsigned wide = LANE(w) + 1;
    uint32_t whole = w | 1u << 30; /* Q names the sources' half; the result has all lanes */
    int a = vreg_read(l, RN(w), XMM_T1), b = second_source(l, w, by_element, XMM_T2);
    product_long(l, w, true, a, b);
    x_v(&l->e, lanes_add.op[wide], XMM_T0, XMM_T0, rm_reg(XMM_T0));
    saturate_least(l, whole, shape, wide, XMM_T0);
    if (how != NOTHING) {
        vec_saturating(l, wide, how == SUBTRACT, vreg_read(l, RD(w), XMM_T1), XMM_T0);
        uint8_t *known = vec_qc_ask(l);
        x_v(&l->e, VPXOR, XMM_T3, XMM_T0, rm_reg(XMM_T2));
        vec_keep(l, whole, shape, wide, XMM_T3);
        vec_qc_tell(l, known, XMM_T3);
    }
    vec_result(l, whole, shape, wide, XMM_T0);
    return true;
}

/* x = the words that the halfwords of V[Rd] are as upper halves, halved: what products have one sign bit more for. */
static void accumulator(struct lift *l, uint32_t w, bool high, int x)
{
    vec_zero(l, x);
    x_v(&l->e, high ? VPUNPCKHWD : VPUNPCKLWD, x, x, vreg(RD(w)));
    x_vi(&l->e, VPSHIFTD_I, VSH_SRA, x, rm_reg(x), 1);
}

/* SQRDMLAH, SQRDMLSH of halfwords: (acc * 2^15 +- ab + 2^14) >> 15 fits words. Those of words are the interpreter's. */
static bool multiply_accumulate_high(struct lift *l, uint32_t w, enum shape shape, bool by_element,
                                     bool subtract)
{
    struct emit *e = &l->e;
    if (LANE(w) != 1)
        return false;
    int a = vreg_read(l, RN(w), XMM_T0), b = second_source(l, w, by_element, XMM_T1);
    uint32_t combine = subtract ? VPSUBD : VPADDD;
    x_v(e, VPMULHW, XMM_T2, a, rm_reg(b));
    x_v(e, VPMULLW, XMM_T3, a, rm_reg(b));
    x_v(e, VPUNPCKLWD, XMM_T0, XMM_T3, rm_reg(XMM_T2));
    x_v(e, VPUNPCKHWD, XMM_T3, XMM_T3, rm_reg(XMM_T2));
    accumulator(l, w, false, XMM_T1);
    accumulator(l, w, true, XMM_T2);
    x_v(e, combine, XMM_T0, XMM_T1, rm_reg(XMM_T0));
    x_v(e, combine, XMM_T3, XMM_T2, rm_reg(XMM_T3));
    x_v(e, VPADDD, XMM_T0, XMM_T0, rm_const(K_ROUND_H));
    x_v(e, VPADDD, XMM_T3, XMM_T3, rm_const(K_ROUND_H));
    x_vi(e, VPSHIFTD_I, VSH_SRA, XMM_T0, rm_reg(XMM_T0), 15);
    x_vi(e, VPSHIFTD_I, VSH_SRA, XMM_T3, rm_reg(XMM_T3), 15);
    x_v(e, VPACKSSDW, XMM_T2, XMM_T0, rm_reg(XMM_T3));
    uint8_t *known = vec_qc_ask(l);
    /* What the words have beyond the halfwords. */
    x_v(e, VPMOVSXWD, XMM_T1, 0, rm_reg(XMM_T2));
    x_v(e, VPXOR, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    if (shape == SCALAR) {
        vec_keep(l, w, shape, 2, XMM_T0);
    } else if (IS_Q(w)) {
        x_vi(e, VPSHUFD, XMM_T1, 0, rm_reg(XMM_T2), 0xee);
        x_v(e, VPMOVSXWD, XMM_T1, 0, rm_reg(XMM_T1));
        x_v(e, VPXOR, XMM_T1, XMM_T1, rm_reg(XMM_T3));
        x_v(e, VPOR, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    }
    vec_qc_tell(l, known, XMM_T0);
    vec_result(l, w, shape, 1, XMM_T2);
    return true;
}

#define FRACTIONS(name, function, how)                         \
    bool lift_##name##_vec(struct lift *l, uint32_t w)         \
    {                                                          \
        return function(l, w, VECTOR, false, how);             \
    }                                                          \
    bool lift_##name##_scalar(struct lift *l, uint32_t w)      \
    {                                                          \
        return function(l, AS_SCALAR(w), SCALAR, false, how);  \
    }                                                          \
    bool lift_##name##_elem(struct lift *l, uint32_t w)        \
    {                                                          \
        return function(l, w, VECTOR, true, how);              \
    }                                                          \
    bool lift_##name##_elem_scalar(struct lift *l, uint32_t w) \
    {                                                          \
        return function(l, AS_SCALAR(w), SCALAR, true, how);   \
    }

FRACTIONS(sqdmulh, multiply_high, false)
FRACTIONS(sqrdmulh, multiply_high, true)
FRACTIONS(sqdmull, multiply_doubled, NOTHING)
FRACTIONS(sqdmlal, multiply_doubled, ADD)
FRACTIONS(sqdmlsl, multiply_doubled, SUBTRACT)
FRACTIONS(sqrdmlah, multiply_accumulate_high, false)
FRACTIONS(sqrdmlsh, multiply_accumulate_high, true)

/* ---- dot products of four bytes ---- */

/* x = the even or odd bytes of n as halfwords. */
static void widen_bytes(struct lift *l, int x, int n, bool is_signed, bool odd)
{
    struct emit *e = &l->e;
    if (odd) {
        x_vi(e, VPSHIFTW_I, is_signed ? VSH_SRA : VSH_SRL, x, rm_reg(n), 8);
    } else if (is_signed) {
        x_vi(e, VPSHIFTW_I, VSH_SLL, x, rm_reg(n), 8);
        x_vi(e, VPSHIFTW_I, VSH_SRA, x, rm_reg(x), 8);
    } else {
        x_v(e, VPAND, x, n, rm_const(K_EVEN_BYTES));
    }
}

/* T2 = the sums; a may be T0, b T1. */
static void dot_by_halves(struct lift *l, int a, bool a_signed, int b, bool b_signed)
{
    struct emit *e = &l->e;
    widen_bytes(l, XMM_T2, a, a_signed, true);
    widen_bytes(l, XMM_T3, b, b_signed, true);
    x_v(e, VPMADDWD, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    widen_bytes(l, XMM_T0, a, a_signed, false);
    widen_bytes(l, XMM_T3, b, b_signed, false);
    x_v(e, VPMADDWD, XMM_T0, XMM_T0, rm_reg(XMM_T3));
    x_v(e, VPADDD, XMM_T2, XMM_T2, rm_reg(XMM_T0));
}

/* The same by VPDPBUSD, whose first source is unsigned and second signed: (a + 128) b - 128 b, a (b - 128) + 2 a 64. */
static void dot_by_vnni(struct lift *l, int a, bool a_signed, int b, bool b_signed)
{
    struct emit *e = &l->e;
    vec_zero(l, XMM_T2);
    if (a_signed && b_signed) {
        x_v(e, VMOVDQU_LD, XMM_T3, 0, rm_const(K_SIGN_16B));
        x_v(e, VPDPBUSD, XMM_T2, XMM_T3, rm_reg(b));
        x_v(e, VPXOR, XMM_T0, a, rm_reg(XMM_T3));
        vec_zero(l, XMM_T3);
        x_v(e, VPDPBUSD, XMM_T3, XMM_T0, rm_reg(b));
        x_v(e, VPSUBD, XMM_T2, XMM_T3, rm_reg(XMM_T2));
    } else if (!a_signed && !b_signed) {
        x_v(e, VPXOR, XMM_T3, b, rm_const(K_SIGN_16B));
        x_v(e, VPDPBUSD, XMM_T2, a, rm_reg(XMM_T3));
        x_v(e, VPDPBUSD, XMM_T2, a, rm_const(K_BYTES_40));
        x_v(e, VPDPBUSD, XMM_T2, a, rm_const(K_BYTES_40));
    } else {
        x_v(e, VPDPBUSD, XMM_T2, a_signed ? b : a, rm_reg(a_signed ? a : b));
    }
}

static bool dot(struct lift *l, uint32_t w, bool a_signed, bool b_signed, bool by_element)
{
    int d = vreg_dest(RD(w), XMM_T0), a = vreg_read(l, RN(w), XMM_T0), b = XMM_T1;
    if (by_element)
        element(l, w, 2, XMM_T1);
    else
        b = vreg_read(l, RM(w), XMM_T1);
    (jit.vnni ? dot_by_vnni : dot_by_halves)(l, a, a_signed, b, b_signed);
    x_v(&l->e, VPADDD, d, XMM_T2, vreg(RD(w)));
    vec_commit(l, w, d);
    return true;
}

#define DOT(name, a_signed, b_signed, by_element)         \
    bool lift_##name(struct lift *l, uint32_t w)          \
    {                                                     \
        return dot(l, w, a_signed, b_signed, by_element); \
    }

DOT(sdot_vec, true, true, false)
DOT(udot_vec, false, false, false)
DOT(usdot_vec, false, true, false)
DOT(sdot_elem, true, true, true)
DOT(udot_elem, false, false, true)
DOT(usdot_elem, false, true, true)
DOT(sudot_elem, true, false, true)
