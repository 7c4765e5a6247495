/*
 * Advanced SIMD, integer lanes: three registers of one type, two registers,
 * pairwise and across lanes (Arm ARM C4.1.94). A row is one host operation
 * where there is one; lane sizes without are the interpreter's.
 */
#include "engine/jit/vec.h"

/* ---- one host operation a lane size ---- */

static bool lanewise(struct lift *l, uint32_t w, uint32_t op)
{
    if (!op)
        return false;
    int d = vec_dest(op, RD(w), XMM_T0);
    vec_op(l, op, d, RN(w), RM(w));
    vec_commit(l, w, d);
    return true;
}

#define LANEWISE(row, b, h, s, d)                         \
    bool lift_##row(struct lift *l, uint32_t w)           \
    {                                                     \
        static const struct lanes lanes = {{b, h, s, d}}; \
        return lanewise(l, w, lanes.op[LANE(w)]);         \
    }

LANEWISE(add_vec, VPADDB, VPADDW, VPADDD, VPADDQ)
LANEWISE(sub_vec, VPSUBB, VPSUBW, VPSUBD, VPSUBQ)
LANEWISE(cmeq_vec, VPCMPEQB, VPCMPEQW, VPCMPEQD, VPCMPEQQ)
LANEWISE(cmgt_vec, VPCMPGTB, VPCMPGTW, VPCMPGTD, VPCMPGTQ)
LANEWISE(smax_vec, VPMAXSB, VPMAXSW, VPMAXSD, 0)
LANEWISE(smin_vec, VPMINSB, VPMINSW, VPMINSD, 0)
LANEWISE(umax_vec, VPMAXUB, VPMAXUW, VPMAXUD, 0)
LANEWISE(umin_vec, VPMINUB, VPMINUW, VPMINUD, 0)
LANEWISE(urhadd_vec, VPAVGB, VPAVGW, 0, 0)

bool lift_add_scalar(struct lift *l, uint32_t w)
{
    return lanewise(l, AS_SCALAR(w), VPADDQ);
}

bool lift_sub_scalar(struct lift *l, uint32_t w)
{
    return lanewise(l, AS_SCALAR(w), VPSUBQ);
}

bool lift_cmeq_scalar(struct lift *l, uint32_t w)
{
    return lanewise(l, AS_SCALAR(w), VPCMPEQQ);
}

bool lift_cmgt_scalar(struct lift *l, uint32_t w)
{
    return lanewise(l, AS_SCALAR(w), VPCMPGTQ);
}

/* ---- logic ---- */

bool lift_and_vec(struct lift *l, uint32_t w)
{
    return lanewise(l, w, VPAND);
}

bool lift_eor_vec(struct lift *l, uint32_t w)
{
    return lanewise(l, w, VPXOR);
}

bool lift_orr_vec(struct lift *l, uint32_t w)
{
    if (RN(w) != RM(w))
        return lanewise(l, w, VPOR);
    vec_commit(l, w, vreg_read(l, RN(w), XMM_T0));
    return true;
}

bool lift_bic_vec(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    vec_op(l, VPANDN, d, RM(w), RN(w));
    vec_commit(l, w, d);
    return true;
}

bool lift_orn_vec(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    vec_ones(l, XMM_T1);
    x_v(&l->e, VPXOR, XMM_T1, XMM_T1, vreg(RM(w)));
    x_v(&l->e, VPOR, d, XMM_T1, vreg(RN(w)));
    vec_commit(l, w, d);
    return true;
}

bool lift_not_vec(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    vec_ones(l, XMM_T1);
    x_v(&l->e, VPXOR, d, XMM_T1, vreg(RN(w)));
    vec_commit(l, w, d);
    return true;
}

/* One of a and b by bits: base ^ ((base ^ other) & mask), or & ~mask. */
static bool select_bits(struct lift *l, uint32_t w, unsigned base, unsigned other, unsigned mask,
                        bool invert)
{
    int d = vreg_dest(RD(w), XMM_T0), b = vreg_read(l, base, XMM_T1),
        m = vreg_read(l, mask, XMM_T2);
    x_v(&l->e, VPXOR, XMM_T3, b, vreg(other));
    if (invert)
        x_v(&l->e, VPANDN, XMM_T3, m, rm_reg(XMM_T3));
    else
        x_v(&l->e, VPAND, XMM_T3, XMM_T3, rm_reg(m));
    x_v(&l->e, VPXOR, d, b, rm_reg(XMM_T3));
    vec_commit(l, w, d);
    return true;
}

bool lift_bsl_vec(struct lift *l, uint32_t w)
{
    return select_bits(l, w, RM(w), RN(w), RD(w), false);
}

bool lift_bit_vec(struct lift *l, uint32_t w)
{
    return select_bits(l, w, RD(w), RN(w), RM(w), false);
}

bool lift_bif_vec(struct lift *l, uint32_t w)
{
    return select_bits(l, w, RD(w), RN(w), RM(w), true);
}

/* ---- comparisons ---- */

/* T0 = V[a] > V[b] of 64-bit lanes. */
static void greater64(struct lift *l, unsigned a, unsigned b, bool is_signed)
{
    x_v(&l->e, VMOVDQU_LD, XMM_T0, 0, vreg(a));
    x_v(&l->e, VMOVDQU_LD, XMM_T1, 0, vreg(b));
    if (!is_signed) {
        x_v(&l->e, VPXOR, XMM_T0, XMM_T0, rm_const(K_SIGN_2D));
        x_v(&l->e, VPXOR, XMM_T1, XMM_T1, rm_const(K_SIGN_2D));
    }
    x_v(&l->e, VPCMPGTQ, XMM_T0, XMM_T0, rm_reg(XMM_T1));
}

/* a >= b: the larger of both is a. */
static bool compare_ge(struct lift *l, uint32_t w, unsigned size, bool is_signed)
{
    if (size == 3) {
        greater64(l, RM(w), RN(w), is_signed);
        vec_not(l, XMM_T0);
    } else {
        int n = vreg_read_low(l, RN(w), XMM_T0);
        x_v(&l->e, (is_signed ? lanes_maxs : lanes_maxu).op[size], XMM_T1, n, vreg(RM(w)));
        x_v(&l->e, lanes_cmpeq.op[size], XMM_T0, n, rm_reg(XMM_T1));
    }
    vec_commit(l, w, XMM_T0);
    return true;
}

/* Unsigned a > b: not (the larger of both is b). */
static bool compare_hi(struct lift *l, uint32_t w, unsigned size)
{
    if (size == 3) {
        greater64(l, RN(w), RM(w), false);
    } else {
        int m = vreg_read_low(l, RM(w), XMM_T0);
        x_v(&l->e, lanes_maxu.op[size], XMM_T1, m, vreg(RN(w)));
        x_v(&l->e, lanes_cmpeq.op[size], XMM_T0, m, rm_reg(XMM_T1));
        vec_not(l, XMM_T0);
    }
    vec_commit(l, w, XMM_T0);
    return true;
}

static bool compare_tst(struct lift *l, uint32_t w, unsigned size)
{
    vec_op(l, VPAND, XMM_T0, RN(w), RM(w));
    vec_zero(l, XMM_T1);
    x_v(&l->e, lanes_cmpeq.op[size], XMM_T0, XMM_T0, rm_reg(XMM_T1));
    vec_not(l, XMM_T0);
    vec_commit(l, w, XMM_T0);
    return true;
}

/* With zero: eq, gt and lt are the host's; ge is > -1; le is not gt. */
enum zero_test { ZERO_EQ, ZERO_GT, ZERO_LT, ZERO_GE, ZERO_LE };

static bool compare_zero(struct lift *l, uint32_t w, unsigned size, enum zero_test test)
{
    int n = vreg_read_low(l, RN(w), XMM_T0);
    uint32_t gt = lanes_cmpgt.op[size];
    if (test == ZERO_GE)
        vec_ones(l, XMM_T1);
    else
        vec_zero(l, XMM_T1);
    switch (test) {
    case ZERO_EQ: x_v(&l->e, lanes_cmpeq.op[size], XMM_T0, n, rm_reg(XMM_T1)); break;
    case ZERO_LT: x_v(&l->e, gt, XMM_T0, XMM_T1, rm_reg(n)); break;
    default: x_v(&l->e, gt, XMM_T0, n, rm_reg(XMM_T1)); break;
    }
    if (test == ZERO_LE)
        vec_not(l, XMM_T0);
    vec_commit(l, w, XMM_T0);
    return true;
}

#define COMPARE(name, call_vec, call_scalar)                 \
    bool lift_##name##_vec(struct lift *l, uint32_t w)       \
    {                                                        \
        return call_vec;                                     \
    }                                                        \
    bool lift_##name##_scalar(struct lift *l, uint32_t word) \
    {                                                        \
        uint32_t w = AS_SCALAR(word);                        \
        return call_scalar;                                  \
    }

COMPARE(cmge, compare_ge(l, w, LANE(w), true), compare_ge(l, w, 3, true))
COMPARE(cmhs, compare_ge(l, w, LANE(w), false), compare_ge(l, w, 3, false))
COMPARE(cmhi, compare_hi(l, w, LANE(w)), compare_hi(l, w, 3))
COMPARE(cmtst, compare_tst(l, w, LANE(w)), compare_tst(l, w, 3))
COMPARE(cmeq_zero, compare_zero(l, w, LANE(w), ZERO_EQ), compare_zero(l, w, 3, ZERO_EQ))
COMPARE(cmgt_zero, compare_zero(l, w, LANE(w), ZERO_GT), compare_zero(l, w, 3, ZERO_GT))
COMPARE(cmge_zero, compare_zero(l, w, LANE(w), ZERO_GE), compare_zero(l, w, 3, ZERO_GE))
COMPARE(cmlt_zero, compare_zero(l, w, LANE(w), ZERO_LT), compare_zero(l, w, 3, ZERO_LT))
COMPARE(cmle_zero, compare_zero(l, w, LANE(w), ZERO_LE), compare_zero(l, w, 3, ZERO_LE))

/* ---- differences, halves, products ---- */

/* d = |V[n] - V[m]|: the larger less the smaller. Uses T0 and T1. */
static void absolute_difference(struct lift *l, uint32_t w, bool is_signed, int d)
{
    unsigned size = LANE(w);
    vec_op(l, (is_signed ? lanes_mins : lanes_minu).op[size], XMM_T1, RN(w), RM(w));
    int n = vreg_read(l, RN(w), XMM_T0);
    x_v(&l->e, (is_signed ? lanes_maxs : lanes_maxu).op[size], XMM_T0, n, vreg(RM(w)));
    x_v(&l->e, lanes_sub.op[size], d, XMM_T0, rm_reg(XMM_T1));
}

static bool difference(struct lift *l, uint32_t w, bool is_signed, bool accumulate)
{
    int d = vreg_dest(RD(w), XMM_T0);
    if (accumulate) {
        absolute_difference(l, w, is_signed, XMM_T0);
        x_v(&l->e, lanes_add.op[LANE(w)], d, XMM_T0, vreg(RD(w)));
    } else {
        absolute_difference(l, w, is_signed, d);
    }
    vec_commit(l, w, d);
    return true;
}

bool lift_sabd_vec(struct lift *l, uint32_t w)
{
    return difference(l, w, true, false);
}

bool lift_uabd_vec(struct lift *l, uint32_t w)
{
    return difference(l, w, false, false);
}

bool lift_saba_vec(struct lift *l, uint32_t w)
{
    return difference(l, w, true, true);
}

bool lift_uaba_vec(struct lift *l, uint32_t w)
{
    return difference(l, w, false, true);
}

/* The wide results of SABDL and the like are never negative. */
static bool difference_long(struct lift *l, uint32_t w, bool is_signed, bool accumulate)
{
    static const uint32_t extend[3] = {VPMOVZXBW, VPMOVZXWD, VPMOVZXDQ};
    unsigned size = LANE(w);
    int d = vreg_dest(RD(w), XMM_T0);
    absolute_difference(l, w, is_signed, XMM_T0);
    if (IS_Q(w))
        x_vi(&l->e, VPSHUFD, XMM_T0, 0, rm_reg(XMM_T0), 0xee);
    if (accumulate) {
        x_v(&l->e, extend[size], XMM_T0, 0, rm_reg(XMM_T0));
        x_v(&l->e, lanes_add.op[size + 1], d, XMM_T0, vreg(RD(w)));
    } else {
        x_v(&l->e, extend[size], d, 0, rm_reg(XMM_T0));
    }
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_sabdl(struct lift *l, uint32_t w)
{
    return difference_long(l, w, true, false);
}

bool lift_uabdl(struct lift *l, uint32_t w)
{
    return difference_long(l, w, false, false);
}

bool lift_sabal(struct lift *l, uint32_t w)
{
    return difference_long(l, w, true, true);
}

bool lift_uabal(struct lift *l, uint32_t w)
{
    return difference_long(l, w, false, true);
}

/* (a + b) >> 1 is the complement of the rounded mean of the complements. */
bool lift_uhadd_vec(struct lift *l, uint32_t w)
{
    unsigned size = LANE(w);
    if (size > 1)
        return false;
    vec_ones(l, XMM_T2);
    x_v(&l->e, VPXOR, XMM_T0, XMM_T2, vreg(RN(w)));
    x_v(&l->e, VPXOR, XMM_T1, XMM_T2, vreg(RM(w)));
    x_v(&l->e, size ? VPAVGW : VPAVGB, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    x_v(&l->e, VPXOR, XMM_T0, XMM_T0, rm_reg(XMM_T2));
    vec_commit(l, w, XMM_T0);
    return true;
}

/* ---- two registers ---- */

static bool negate(struct lift *l, uint32_t w, unsigned size)
{
    int d = vreg_dest(RD(w), XMM_T0);
    vec_zero(l, XMM_T1);
    x_v(&l->e, lanes_sub.op[size], d, XMM_T1, vreg(RN(w)));
    vec_commit(l, w, d);
    return true;
}

static bool absolute(struct lift *l, uint32_t w, unsigned size)
{
    int n = vreg_read_low(l, RN(w), XMM_T0);
    vec_abs(l, size, XMM_T0, n);
    vec_commit(l, w, XMM_T0);
    return true;
}

COMPARE(neg, negate(l, w, LANE(w)), negate(l, w, 3))
COMPARE(abs, absolute(l, w, LANE(w)), absolute(l, w, 3))

/* Bits of a byte: those of its halves, looked up. */
bool lift_cnt_vec(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    int n = vreg_read(l, RN(w), XMM_T0);
    x_vi(e, VPSHIFTW_I, VSH_SRL, XMM_T3, rm_reg(n), 4);
    x_v(e, VPAND, XMM_T3, XMM_T3, rm_const(K_NIBBLES));
    x_v(e, VPAND, XMM_T1, n, rm_const(K_NIBBLES));
    x_v(e, VMOVDQU_LD, XMM_T2, 0, rm_const(K_BITS));
    x_v(e, VPSHUFB, XMM_T3, XMM_T2, rm_reg(XMM_T3));
    x_v(e, VPSHUFB, XMM_T1, XMM_T2, rm_reg(XMM_T1));
    x_v(e, VPADDB, XMM_T0, XMM_T1, rm_reg(XMM_T3));
    vec_commit(l, w, XMM_T0);
    return true;
}

/* T0 = sums of neighbouring lanes of V[Rn] in lanes twice as wide; uses T1. */
static bool add_neighbours(struct lift *l, uint32_t w, bool is_signed)
{
    struct emit *e = &l->e;
    unsigned size = LANE(w), half = 8u << size;
    int n = vreg_read(l, RN(w), XMM_T0);
    if (size == 0) {
        vec_const32(l, XMM_T1, 0x01010101);
        /* The first operand of PMADDUBSW is unsigned, the second signed. */
        if (is_signed)
            x_v(e, VPMADDUBSW, XMM_T0, XMM_T1, rm_reg(n));
        else
            x_v(e, VPMADDUBSW, XMM_T0, n, rm_reg(XMM_T1));
        return true;
    }
    if (size == 1 && is_signed) {
        vec_const32(l, XMM_T1, 0x00010001);
        x_v(e, VPMADDWD, XMM_T0, n, rm_reg(XMM_T1));
        return true;
    }
    vec_shr(l, size + 1, is_signed, XMM_T2, n, half, XMM_T1);
    vec_shl(l, size + 1, XMM_T3, n, half);
    vec_shr(l, size + 1, is_signed, XMM_T0, XMM_T3, half, XMM_T1);
    x_v(e, lanes_add.op[size + 1], XMM_T0, XMM_T0, rm_reg(XMM_T2));
    return true;
}

static bool pairwise_long(struct lift *l, uint32_t w, bool is_signed, bool accumulate)
{
    if (LANE(w) == 2 && is_signed)
        return false; /* T1 holds a comparison that must not see V registers above XMM15 */
    add_neighbours(l, w, is_signed);
    if (accumulate)
        x_v(&l->e, lanes_add.op[LANE(w) + 1], XMM_T0, XMM_T0, vreg(RD(w)));
    vec_commit(l, w, XMM_T0);
    return true;
}

bool lift_saddlp_vec(struct lift *l, uint32_t w)
{
    return pairwise_long(l, w, true, false);
}

bool lift_uaddlp_vec(struct lift *l, uint32_t w)
{
    return pairwise_long(l, w, false, false);
}

bool lift_sadalp_vec(struct lift *l, uint32_t w)
{
    return pairwise_long(l, w, true, true);
}

bool lift_uadalp_vec(struct lift *l, uint32_t w)
{
    return pairwise_long(l, w, false, true);
}

/* ---- pairwise ---- */

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

bool lift_addp_vec(struct lift *l, uint32_t w)
{
    return pairwise(l, w, &lanes_add);
}

bool lift_smaxp_vec(struct lift *l, uint32_t w)
{
    return pairwise(l, w, &lanes_maxs);
}

bool lift_sminp_vec(struct lift *l, uint32_t w)
{
    return pairwise(l, w, &lanes_mins);
}

bool lift_umaxp_vec(struct lift *l, uint32_t w)
{
    return pairwise(l, w, &lanes_maxu);
}

bool lift_uminp_vec(struct lift *l, uint32_t w)
{
    return pairwise(l, w, &lanes_minu);
}

bool lift_addp_scalar(struct lift *l, uint32_t w)
{
    int n = vreg_read(l, RN(w), XMM_T0);
    x_vi(&l->e, VPSHUFD, XMM_T1, 0, rm_reg(n), 0xee);
    x_v(&l->e, VPADDQ, XMM_T0, n, rm_reg(XMM_T1));
    vreg_commit_d(l, RD(w), XMM_T0);
    return true;
}

/* ---- across lanes ---- */

/* V[Rd] = the lowest lane of x, the rest zero. */
static void commit_lane(struct lift *l, uint32_t w, unsigned size, int x)
{
    int d = vreg_dest(RD(w), XMM_T0);
    if (size == 0)
        x_vi(&l->e, VPEXTRB, x, 0, rm_reg(RAX), 0);
    else if (size == 1)
        x_vi(&l->e, VPEXTRW, x, 0, rm_reg(RAX), 0);
    else
        x_v(&l->e, VMOVD_ST, x, 0, rm_reg(RAX));
    x_v(&l->e, VMOVD_LD, d, 0, rm_reg(RAX));
    vreg_commit(l, RD(w), d, 96);
}

/* Folds the upper half onto the lower one until one lane is left. */
static bool across(struct lift *l, uint32_t w, const struct lanes *combine)
{
    unsigned size = LANE(w);
    int x = vreg_read(l, RN(w), XMM_T0);
    for (unsigned bytes = IS_Q(w) ? 8 : 4; bytes >= 1u << size; bytes /= 2) {
        x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, XMM_T1, rm_reg(x), bytes);
        x_v(&l->e, combine->op[size], XMM_T0, x, rm_reg(XMM_T1));
        x = XMM_T0;
    }
    commit_lane(l, w, size, x);
    return true;
}

bool lift_addv(struct lift *l, uint32_t w)
{
    return across(l, w, &lanes_add);
}

bool lift_smaxv(struct lift *l, uint32_t w)
{
    return across(l, w, &lanes_maxs);
}

bool lift_sminv(struct lift *l, uint32_t w)
{
    return across(l, w, &lanes_mins);
}

bool lift_umaxv(struct lift *l, uint32_t w)
{
    return across(l, w, &lanes_maxu);
}

bool lift_uminv(struct lift *l, uint32_t w)
{
    return across(l, w, &lanes_minu);
}

bool lift_uaddlv(struct lift *l, uint32_t w)
{
    if (LANE(w) != 0)
        return false;
    vec_zero(l, XMM_T1);
    x_v(&l->e, VPSADBW, XMM_T0, XMM_T1, vreg(RN(w)));
    if (IS_Q(w)) {
        x_vi(&l->e, VPSHUFD, XMM_T1, 0, rm_reg(XMM_T0), 0xee);
        x_v(&l->e, VPADDD, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    }
    commit_lane(l, w, 2, XMM_T0);
    return true;
}
