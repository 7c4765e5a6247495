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
