/*
 * Advanced SIMD: neighbouring lanes with each other, and all lanes of a
 * register with each other (Arm ARM C4.1.94, integers).
 */
#include "engine/jit/vec.h"

/* ---- sums of neighbours, twice as wide ---- */

/* T0 = the sums of neighbouring lanes of V[Rn]; uses T1. */
static void add_neighbours(struct lift *l, uint32_t w, bool is_signed)
{
    static const uint16_t even[3] = {0, K_EVEN_HALVES, K_EVEN_WORDS};
    struct emit *e = &l->e;
    unsigned size = LANE(w);
    int n = vreg_read(l, RN(w), XMM_T0);
    if (size == 0 &&
        is_signed) { /* the first operand of PMADDUBSW is unsigned, the second signed */
        x_v(e, VMOVDQU_LD, XMM_T1, 0, rm_const(K_BYTES_01));
        x_v(e, VPMADDUBSW, XMM_T0, XMM_T1, rm_reg(n));
    } else if (size == 0) {
        x_v(e, VPMADDUBSW, XMM_T0, n, rm_const(K_BYTES_01));
    } else if (size == 1 && is_signed) {
        x_v(e, VPMADDWD, XMM_T0, n, rm_const(K_HALVES_01));
    } else {
        vec_shr(l, size + 1, false, XMM_T1, n, 8u << size, XMM_T1);
        if (is_signed) {
            x_v(e, VPMULDQ, XMM_T1, XMM_T1, rm_const(K_DOUBLES_01));
            x_v(e, VPMULDQ, XMM_T0, n, rm_const(K_DOUBLES_01));
        } else {
            x_v(e, VPAND, XMM_T0, n, rm_const(even[size]));
        }
        x_v(e, lanes_add.op[size + 1], XMM_T0, XMM_T0, rm_reg(XMM_T1));
    }
}

static bool pairwise_long(struct lift *l, uint32_t w, bool is_signed, bool accumulate)
{
    add_neighbours(l, w, is_signed);
    if (accumulate)
        x_v(&l->e, lanes_add.op[LANE(w) + 1], XMM_T0, XMM_T0, vreg(RD(w)));
    vec_commit(l, w, XMM_T0);
    return true;
}

#define PAIRWISE_LONG(row, is_signed, accumulate)          \
    bool lift_##row(struct lift *l, uint32_t w)            \
    {                                                      \
        return pairwise_long(l, w, is_signed, accumulate); \
    }

PAIRWISE_LONG(saddlp_vec, true, false)
PAIRWISE_LONG(uaddlp_vec, false, false)
PAIRWISE_LONG(sadalp_vec, true, true)
PAIRWISE_LONG(uadalp_vec, false, true)

/* ---- pairs ---- */

/* x = the combined bytes of each halfword of V[n], as halfwords. */
static void pairwise_bytes(struct lift *l, int x, unsigned n, uint32_t op)
{
    int v = vreg_read(l, n, XMM_T2);
    x_vi(&l->e, VPSHIFTW_I, VSH_SRL, x, rm_reg(v), 8);
    x_v(&l->e, op, x, x, rm_reg(v));
    x_v(&l->e, VPAND, x, x, rm_const(K_EVEN_BYTES));
}

/* Even and odd lanes of Vn followed by Vm, combined. */
static bool pairwise(struct lift *l, uint32_t w, const struct lanes *combine)
{
    unsigned size = LANE(w);
    if (!combine->op[size])
        return false;
    if (IS_Q(w) && size == 0) {
        /* What string functions end in. */
        int b = RN(w) == RM(w) ? XMM_T0 : XMM_T1, d = vreg_dest(RD(w), XMM_T0);
        pairwise_bytes(l, XMM_T0, RN(w), combine->op[0]);
        if (b == XMM_T1)
            pairwise_bytes(l, XMM_T1, RM(w), combine->op[0]);
        x_v(&l->e, VPACKUSWB, d, XMM_T0, rm_reg(b));
        vreg_commit(l, RD(w), d, 0);
        return true;
    }
    if (IS_Q(w)) {
        x_v(&l->e, VMOVDQU_LD, XMM_T0, 0, vreg(RN(w)));
        x_v(&l->e, VMOVDQU_LD, XMM_T1, 0, vreg(RM(w)));
    } else {
        x_v(&l->e, VPUNPCKLQDQ, XMM_T0, vreg_read(l, RN(w), XMM_T0), vreg(RM(w)));
        x_v(&l->e, VMOVAPS, XMM_T1, 0, rm_reg(XMM_T0));
    }
    vec_unzip(l, size, XMM_T0, XMM_T3, XMM_T0, XMM_T1);
    x_v(&l->e, combine->op[size], XMM_T0, XMM_T0, rm_reg(XMM_T3));
    vec_commit(l, w, XMM_T0);
    return true;
}

#define PAIRWISE(row, lanes)                    \
    bool lift_##row(struct lift *l, uint32_t w) \
    {                                           \
        return pairwise(l, w, &(lanes));        \
    }

PAIRWISE(addp_vec, lanes_add)
PAIRWISE(smaxp_vec, lanes_maxs)
PAIRWISE(sminp_vec, lanes_mins)
PAIRWISE(umaxp_vec, lanes_maxu)
PAIRWISE(uminp_vec, lanes_minu)

bool lift_addp_scalar(struct lift *l, uint32_t w)
{
    int n = vreg_read(l, RN(w), XMM_T0);
    x_vi(&l->e, VPSHUFD, XMM_T1, 0, rm_reg(n), 0xee);
    x_v(&l->e, VPADDQ, XMM_T0, n, rm_reg(XMM_T1));
    vreg_commit_d(l, RD(w), XMM_T0);
    return true;
}

/* ---- across lanes ---- */

/* V[Rd] = the lanes of x combined: the upper half is folded onto the lower one until one lane is left. */
static bool across(struct lift *l, uint32_t w, unsigned size, int x, const struct lanes *combine)
{
    for (unsigned bytes = IS_Q(w) ? 8 : 4; bytes >= 1u << size; bytes /= 2) {
        x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, XMM_T1, rm_reg(x), bytes);
        x_v(&l->e, combine->op[size], XMM_T0, x, rm_reg(XMM_T1));
        x = XMM_T0;
    }
    vec_result(l, w, SCALAR, size, x);
    return true;
}

#define ACROSS(row, lanes)                                                   \
    bool lift_##row(struct lift *l, uint32_t w)                              \
    {                                                                        \
        return across(l, w, LANE(w), vreg_read(l, RN(w), XMM_T0), &(lanes)); \
    }

ACROSS(addv, lanes_add)
ACROSS(smaxv, lanes_maxs)
ACROSS(sminv, lanes_mins)
ACROSS(umaxv, lanes_maxu)
ACROSS(uminv, lanes_minu)

bool lift_saddlv(struct lift *l, uint32_t w)
{
    add_neighbours(l, w, true);
    return across(l, w, LANE(w) + 1, XMM_T0, &lanes_add);
}

bool lift_uaddlv(struct lift *l, uint32_t w)
{
    if (LANE(w) != 0) {
        add_neighbours(l, w, false);
        return across(l, w, LANE(w) + 1, XMM_T0, &lanes_add);
    }
    vec_zero(l, XMM_T1);
    x_v(&l->e, VPSADBW, XMM_T0, XMM_T1, vreg(RN(w)));
    if (IS_Q(w)) {
        x_vi(&l->e, VPSHUFD, XMM_T1, 0, rm_reg(XMM_T0), 0xee);
        x_v(&l->e, VPADDD, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    }
    vec_result(l, w, SCALAR, 1, XMM_T0);
    return true;
}
