/*
 * FRECPE and FRSQRTE (Arm ARM J1.3, FPRecipEstimate and FPRSqrtEstimate): eight
 * bits of the fraction from a table, an exponent by subtraction. Operands that
 * are zero, denormal, infinite or NaNs, and those with denormal reciprocals or
 * without a root, are the interpreter's.
 */
#include "engine/jit/vfp.h"

struct estimate {
    bool root;
    uint16_t most[2], from[2], table; /* of singles and of doubles */
};

static const struct estimate reciprocal = {
    false, {K_RECIP_4S, K_RECIP_2D}, {K_RECIP_FROM_4S, K_RECIP_FROM_2D}, K_RECIP_TABLE};
static const struct estimate root = {
    true, {K_FINITE_4S, K_FINITE_2D}, {K_ROOT_FROM_4S, K_ROOT_FROM_2D}, K_ROOT_TABLE};

/* The interpreter's, if a lane of x is not from the least normal number to the largest that has an estimate here. */
static struct cold *ask_range(struct lift *l, bool dbl, int x, const struct estimate *k)
{
    struct emit *e = &l->e;
    uint32_t greater = lanes_cmpgt.op[2 + dbl];
    x_v(e, VMOVDQU_LD, XMM_T3, 0, rm_const(dbl ? K_LEAST_2D : K_LEAST_4S));
    x_v(e, greater, XMM_T3, XMM_T3, rm_reg(x));
    x_v(e, greater, XMM_T2, x, rm_const(k->most[dbl]));
    x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    x_v(e, VPTEST, XMM_T2, 0, rm_reg(XMM_T2));
    e->clobbered = true;
    return exec_if(l, CC_NE);
}

/* T2 = the table's fraction for each lane of x. Uses T1, T3 and RAX. */
static void look_up(struct lift *l, bool dbl, int x, const struct estimate *k)
{
    struct emit *e = &l->e;
    uint32_t shift = dbl ? VPSHIFTQ_I : VPSHIFTD_I;
    unsigned lane = dbl ? 64 : 32, fraction = dbl ? 52 : 23, index = k->root ? 9 : 8;
    unsigned above = lane - (fraction - 8) - index;
    x_vi(e, shift, VSH_SLL, XMM_T1, rm_reg(x), above);
    x_vi(e, shift, VSH_SRL, XMM_T1, rm_reg(XMM_T1), lane - index);
    vec_ones(l, XMM_T3);
    x_lea(e, true, RAX, rm_const(k->table));
    x_v(e, dbl ? VPGATHERQQ : VPGATHERDD, XMM_T2, XMM_T3, rm_sib(RAX, XMM_T1, 2, 0));
    if (dbl) { /* the word above is the next entry */
        x_vi(e, shift, VSH_SLL, XMM_T2, rm_reg(XMM_T2), 32);
        x_vi(e, shift, VSH_SRL, XMM_T2, rm_reg(XMM_T2), 3);
    }
}

static bool estimate(struct lift *l, uint32_t w, enum shape shape, const struct estimate *k)
{
    struct emit *e = &l->e;
    bool dbl = is_double(w);
    struct rm exponent = rm_const(dbl ? K_EXPONENT_2D : K_EXPONENT_4S);
    if (l->mode)
        return false;
    flags_clobber(l);
    int n = vfp_operand_low(l, w, shape, RN(w), XMM_T0), x = n;
    if (!k->root) {
        x = XMM_T1;
        x_v(e, VPAND, x, n, rm_const(dbl ? K_ABS_2D : K_ABS_4S));
    }
    struct cold *c = ask_range(l, dbl, x, k);
    look_up(l, dbl, n, k);
    x_v(e, VPAND, XMM_T1, n, exponent);
    x_v(e, VMOVDQU_LD, XMM_T3, 0, rm_const(k->from[dbl]));
    x_v(e, lanes_sub.op[2 + dbl], XMM_T1, XMM_T3, rm_reg(XMM_T1));
    if (k->root) {
        x_vi(e, dbl ? VPSHIFTQ_I : VPSHIFTD_I, VSH_SRL, XMM_T1, rm_reg(XMM_T1), 1);
        x_v(e, VPAND, XMM_T1, XMM_T1, exponent);
    } else { /* the sign stays */
        x_v(e, VPAND, XMM_T3, n, rm_const(dbl ? K_SIGN_2D : K_SIGN_4S));
        x_v(e, VPOR, XMM_T1, XMM_T1, rm_reg(XMM_T3));
    }
    x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T1));
    vec_result(l, w, shape, 2 + dbl, XMM_T2);
    c->back = e->p;
    return true;
}

BOTH(frecpe, estimate(l, w, shape, &reciprocal))
BOTH(frsqrte, estimate(l, w, shape, &root))
