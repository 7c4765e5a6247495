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

/* ---- halving ---- */

/*
 * The host has the rounded mean of unsigned bytes and halfwords. The others are
 * that of the operands with some bits inverted (all: complement; the sign:
 * numbers with a sign), the result's too. NONE: as it is.
 */
enum inverted { NONE, SIGN, BUT_SIGN, ALL };

struct halving {
    enum inverted a, b, result;
    bool subtract, rounded, is_signed;
};

static void invert(struct lift *l, unsigned size, int d, int s, enum inverted which)
{
    unsigned mask = which == ALL ? K_ONES : which == SIGN ? vec_sign[size] : vec_max[size];
    if (which != NONE)
        x_v(&l->e, VPXOR, d, s, rm_const(mask));
}

static bool halve(struct lift *l, uint32_t w, const struct halving *h)
{
    struct emit *e = &l->e;
    unsigned size = LANE(w);
    int a = vreg_read(l, RN(w), XMM_T0), b = vreg_read(l, RM(w), XMM_T1);
    if (size < 2) {
        invert(l, size, XMM_T0, a, h->a);
        invert(l, size, XMM_T1, b, h->b);
        x_v(e, size ? VPAVGW : VPAVGB, XMM_T0, h->a ? XMM_T0 : a, rm_reg(h->b ? XMM_T1 : b));
        invert(l, size, XMM_T0, XMM_T0, h->result);
    } else {
        /* What both have in common and half of what one has; less what only b has; or what any has, less half. */
        x_v(e, VPXOR, XMM_T2, a, rm_reg(b));
        x_vi(e, VPSHIFTD_I, h->is_signed ? VSH_SRA : VSH_SRL, XMM_T2, rm_reg(XMM_T2), 1);
        x_v(e, h->subtract ? VPANDN : h->rounded ? VPOR : VPAND, XMM_T3, a, rm_reg(b));
        if (h->rounded)
            x_v(e, VPSUBD, XMM_T0, XMM_T3, rm_reg(XMM_T2));
        else
            x_v(e, h->subtract ? VPSUBD : VPADDD, XMM_T0, XMM_T2, rm_reg(XMM_T3));
    }
    vec_commit(l, w, XMM_T0);
    return true;
}

#define HALVE(name, a, b, result, ...)                               \
    bool lift_##name##_vec(struct lift *l, uint32_t w)               \
    {                                                                \
        static const struct halving h = {a, b, result, __VA_ARGS__}; \
        return halve(l, w, &h);                                      \
    }

HALVE(shadd, BUT_SIGN, BUT_SIGN, BUT_SIGN, false, false, true)
HALVE(uhadd, ALL, ALL, ALL, false, false, false)
HALVE(srhadd, SIGN, SIGN, SIGN, false, true, true)
HALVE(urhadd, NONE, NONE, NONE, false, true, false)
HALVE(shsub, SIGN, BUT_SIGN, SIGN, true, false, true)
HALVE(uhsub, NONE, ALL, SIGN, true, false, false)

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

/* ---- bits ---- */

/* T1, T3 = the upper and the lower halves of the bytes of n. */
static void halves_of_bytes(struct lift *l, int n)
{
    x_vi(&l->e, VPSHIFTW_I, VSH_SRL, XMM_T1, rm_reg(n), 4);
    x_v(&l->e, VPAND, XMM_T1, XMM_T1, rm_const(K_NIBBLES));
    x_v(&l->e, VPAND, XMM_T3, n, rm_const(K_NIBBLES));
}

/* T0 = what two tables of the pool have for both halves of the bytes of n, combined. */
static void look_up_halves(struct lift *l, int n, unsigned upper, unsigned lower, uint32_t combine)
{
    struct emit *e = &l->e;
    halves_of_bytes(l, n);
    x_v(e, VMOVDQU_LD, XMM_T0, 0, rm_const(upper));
    x_v(e, VPSHUFB, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    x_v(e, VMOVDQU_LD, XMM_T1, 0, rm_const(lower));
    x_v(e, VPSHUFB, XMM_T1, XMM_T1, rm_reg(XMM_T3));
    x_v(e, combine, XMM_T0, XMM_T0, rm_reg(XMM_T1));
}

bool lift_cnt_vec(struct lift *l, uint32_t w)
{
    int n = vreg_read(l, RN(w), XMM_T0);
    if (jit.bitalg)
        x_v(&l->e, VPOPCNTB, XMM_T0, 0, rm_reg(n));
    else
        look_up_halves(l, n, K_BITS, K_BITS, VPADDB);
    vec_commit(l, w, XMM_T0);
    return true;
}

bool lift_rbit_vec(struct lift *l, uint32_t w)
{
    int n = vreg_read(l, RN(w), XMM_T0);
    if (jit.gfni)
        x_vi(&l->e, VGF2P8AFFINEQB, XMM_T0, n, rm_const(K_RBIT), 0);
    else
        look_up_halves(l, n, K_RBIT_HIGH, K_RBIT_LOW, VPOR);
    vec_commit(l, w, XMM_T0);
    return true;
}

/* T0 = the leading zeros of the lanes of n, those of bytes first: the lower half counts if the upper one is zero. */
static void leading_zeros(struct lift *l, unsigned size, int n)
{
    struct emit *e = &l->e;
    static const uint16_t lower[2] = {K_EVEN_BYTES, K_EVEN_HALVES};
    look_up_halves(l, n, K_CLZ_HIGH, K_CLZ_LOW, VPMINUB);
    for (unsigned s = 0; s < size && s < ARRAY_LEN(lower); s++) {
        vec_shr(l, s + 1, false, XMM_T1, XMM_T0, 8u << s, XMM_T3);
        x_v(e, lanes_cmpeq.op[s + 1], XMM_T3, XMM_T1, rm_const(K_WIDTH + 16 * s));
        x_v(e, VPAND, XMM_T0, XMM_T0, rm_reg(XMM_T3));
        x_v(e, VPAND, XMM_T0, XMM_T0, rm_const(lower[s]));
        x_v(e, lanes_add.op[s + 1], XMM_T0, XMM_T0, rm_reg(XMM_T1));
    }
}

bool lift_clz_vec(struct lift *l, uint32_t w)
{
    leading_zeros(l, LANE(w), vreg_read(l, RN(w), XMM_T0));
    vec_commit(l, w, XMM_T0);
    return true;
}

/* Bits that differ from their neighbour above: all behind the leading copies of the sign. */
bool lift_cls_vec(struct lift *l, uint32_t w)
{
    int n = vreg_read(l, RN(w), XMM_T0);
    vec_shr(l, LANE(w), true, XMM_T2, n, 1, XMM_T1);
    x_v(&l->e, VPXOR, XMM_T2, XMM_T2, rm_reg(n));
    leading_zeros(l, LANE(w), XMM_T2);
    x_v(&l->e, lanes_add.op[LANE(w)], XMM_T0, XMM_T0, rm_const(K_ONES));
    vec_commit(l, w, XMM_T0);
    return true;
}
