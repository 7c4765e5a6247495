/*
 * Floating point in the lanes of vectors (Arm ARM C4.1.94), on the host's unit
 * as lift_fp.c has it: code of mode 0 only, invalid operation traps and is the
 * interpreter's, the other exceptions accumulate in MXCSR. Lanes that do not
 * take part must not raise any: 64-bit forms and scalars work on copies of
 * their lanes in all of the register.
 */
#include "engine/jit/vfp.h"

enum {
    CMP_EQ = 0,
    CMP_LT_S = 1,
    CMP_LE_S = 2,
    CMP_UNORD = 3,
    CMP_GE_S = 13,
    CMP_GT_S = 14,
};

int vfp_operand(struct lift *l, uint32_t w, enum shape shape, unsigned n, int t)
{
    if (shape == VECTOR && IS_Q(w))
        return vreg_read(l, n, t);
    if (shape == VECTOR || is_double(w))
        x_v(&l->e, VMOVDDUP, t, 0, vreg(n));
    else
        x_v(&l->e, VPBROADCASTD, t, 0, vreg(n));
    return t;
}

int vfp_operand_low(struct lift *l, uint32_t w, enum shape shape, unsigned n, int t)
{
    int x = vfp_operand(l, w, shape, n, t);
    if (x < 16)
        return x;
    x_v(&l->e, VMOVAPS, t, 0, rm_reg(x));
    return t;
}

static void commit(struct lift *l, uint32_t w, enum shape shape, int x)
{
    vec_result(l, w, shape, 2 + is_double(w), x);
}

/* Where a result may be computed that commit takes without a copy. */
static int dest(uint32_t w, enum shape shape, int t)
{
    return shape == VECTOR && IS_Q(w) ? vreg_dest(RD(w), t) : t;
}

/* V[Rm<index>] in all lanes of x. */
static int element(struct lift *l, uint32_t w, int x)
{
    if (is_double(w))
        x_vi(&l->e, VPSHUFD, x, 0, vreg(RM(w)), bit(w, 11) ? 0xee : 0x44);
    else
        x_vi(&l->e, VPSHUFD, x, 0, vreg(RM(w)), (bit(w, 11) << 1 | bit(w, 21)) * 0x55);
    return x;
}

/* ---- two operands ---- */

static bool combine(struct lift *l, uint32_t w, enum shape shape, unsigned op, int a, int b)
{
    int d = dest(w, shape, XMM_T2);
    may_fault(l);
    x_v(&l->e, VFP(op, is_double(w), true), d, a, rm_reg(b));
    commit(l, w, shape, d);
    return true;
}

static bool binary(struct lift *l, uint32_t w, unsigned op)
{
    if (l->mode)
        return false;
    int a = vfp_operand(l, w, VECTOR, RN(w), XMM_T0), b = vfp_operand(l, w, VECTOR, RM(w), XMM_T1);
    return combine(l, w, VECTOR, op, a, b);
}

bool lift_fadd_vec(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_ADD);
}

bool lift_fsub_vec(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_SUB);
}

bool lift_fmul_vec(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_MUL);
}

bool lift_fdiv_vec(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_DIV);
}

static bool multiply_element(struct lift *l, uint32_t w, enum shape shape)
{
    if (l->mode)
        return false;
    int a = vfp_operand(l, w, shape, RN(w), XMM_T0);
    return combine(l, w, shape, FP_MUL, a, element(l, w, XMM_T1));
}

bool lift_fmul_elem(struct lift *l, uint32_t w)
{
    return multiply_element(l, w, VECTOR);
}

bool lift_fmul_elem_scalar(struct lift *l, uint32_t w)
{
    return multiply_element(l, w, SCALAR);
}

bool lift_fmulx_scalar(struct lift *l, uint32_t w)
{
    if (l->mode)
        return false;
    int a = vfp_operand(l, w, SCALAR, RN(w), XMM_T0), b = vfp_operand(l, w, SCALAR, RM(w), XMM_T1);
    return combine(l, w, SCALAR, FP_MUL, a, b);
}

static bool difference(struct lift *l, uint32_t w, enum shape shape)
{
    if (l->mode)
        return false;
    int a = vfp_operand(l, w, shape, RN(w), XMM_T0), b = vfp_operand(l, w, shape, RM(w), XMM_T1);
    may_fault(l);
    x_v(&l->e, VFP(FP_SUB, is_double(w), true), XMM_T2, a, rm_reg(b));
    x_v(&l->e, VPAND, XMM_T2, XMM_T2, rm_const(is_double(w) ? K_ABS_2D : K_ABS_4S));
    commit(l, w, shape, XMM_T2);
    return true;
}

bool lift_fabd_vec(struct lift *l, uint32_t w)
{
    return difference(l, w, VECTOR);
}

bool lift_fabd_scalar(struct lift *l, uint32_t w)
{
    return difference(l, w, SCALAR);
}

/*
 * T2 = the larger or smaller of a and b. Of two zeros x86 returns the second,
 * Arm the lesser or greater: the sign is put together from both orders. A NaN traps. Uses T3.
 */
static void choose(struct lift *l, bool dbl, bool packed, unsigned op, int a, int b)
{
    x_v(&l->e, VFP(op, dbl, packed), XMM_T2, a, rm_reg(b));
    x_v(&l->e, VFP(op, dbl, packed), XMM_T3, b, rm_reg(a));
    x_v(&l->e, op == FP_MIN ? VPOR : VPAND, XMM_T2, XMM_T2, rm_reg(XMM_T3));
}

static bool minmax(struct lift *l, uint32_t w, enum shape shape, unsigned op, int a, int b)
{
    may_fault(l);
    choose(l, is_double(w), true, op, a, b);
    commit(l, w, shape, XMM_T2);
    return true;
}

/* A scalar needs no repeated lanes: the host has the operation for one. */
static bool minmax_two(struct lift *l, uint32_t w, enum shape shape, unsigned op)
{
    if (l->mode)
        return false;
    if (shape == VECTOR) {
        int a = vfp_operand(l, w, shape, RN(w), XMM_T0),
            b = vfp_operand(l, w, shape, RM(w), XMM_T1);
        return minmax(l, w, shape, op, a, b);
    }
    int a = vreg_read(l, RN(w), XMM_T0), b = vreg_read(l, RM(w), XMM_T1);
    may_fault(l);
    choose(l, is_double(w), false, op, a, b);
    commit(l, w, shape, XMM_T2);
    return true;
}

BOTH(fmax, minmax_two(l, w, shape, FP_MAX))
BOTH(fmin, minmax_two(l, w, shape, FP_MIN))

/* ---- fused multiply-add: any NaN is the interpreter's ---- */

/* The instruction is the interpreter's if a lane of x is a NaN; t = scratch. Flags are free. */
static struct cold *interpret_nan(struct lift *l, bool dbl, int x, int t)
{
    x_vi(&l->e, VCMP(dbl, true), t, x, rm_reg(x), CMP_UNORD);
    x_v(&l->e, VPTEST, t, 0, rm_reg(t));
    l->e.clobbered = true;
    return exec_if(l, CC_NE);
}

static bool fused(struct lift *l, uint32_t w, enum shape shape, unsigned kind, bool by_element)
{
    if (l->mode)
        return false;
    struct emit *e = &l->e;
    bool dbl = is_double(w);
    flags_clobber(l);
    int n = vfp_operand(l, w, shape, RN(w), XMM_T1);
    int m = by_element ? element(l, w, XMM_T2) : vfp_operand(l, w, shape, RM(w), XMM_T2);
    int d = vfp_operand(l, w, shape, RD(w), XMM_T0);
    if (d != XMM_T0)
        x_v(e, VMOVAPS, XMM_T0, 0, rm_reg(d));
    may_fault(l);
    x_v(e, VFMA(FMA_231, kind, dbl, true), XMM_T0, n, rm_reg(m));
    struct cold *nan = interpret_nan(l, dbl, XMM_T0, XMM_T1);
    commit(l, w, shape, XMM_T0);
    nan->back = e->p;
    return true;
}

bool lift_fmla_vec(struct lift *l, uint32_t w)
{
    return fused(l, w, VECTOR, FMA_ADD, false);
}

bool lift_fmls_vec(struct lift *l, uint32_t w)
{
    return fused(l, w, VECTOR, FMA_NADD, false);
}

bool lift_fmla_elem(struct lift *l, uint32_t w)
{
    return fused(l, w, VECTOR, FMA_ADD, true);
}

bool lift_fmls_elem(struct lift *l, uint32_t w)
{
    return fused(l, w, VECTOR, FMA_NADD, true);
}

bool lift_fmla_elem_scalar(struct lift *l, uint32_t w)
{
    return fused(l, w, SCALAR, FMA_ADD, true);
}

bool lift_fmls_elem_scalar(struct lift *l, uint32_t w)
{
    return fused(l, w, SCALAR, FMA_NADD, true);
}

/* ---- pairwise ---- */

/* T0, T1 = the even and the odd lanes of Vn followed by Vm. */
static void pairs(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    int n = vreg_read(l, RN(w), XMM_T2);
    if (is_double(w)) {
        x_v(e, VPUNPCKLQDQ, XMM_T0, n, vreg(RM(w)));
        x_v(e, VPUNPCKHQDQ, XMM_T1, n, vreg(RM(w)));
    } else if (IS_Q(w)) {
        x_vi(e, VSHUFPS, XMM_T0, n, vreg(RM(w)), 0x88);
        x_vi(e, VSHUFPS, XMM_T1, n, vreg(RM(w)), 0xdd);
    } else {
        x_v(e, VPUNPCKLQDQ, XMM_T2, n, vreg(RM(w)));
        x_vi(e, VPSHUFD, XMM_T0, 0, rm_reg(XMM_T2), 0x88);
        x_vi(e, VPSHUFD, XMM_T1, 0, rm_reg(XMM_T2), 0xdd);
    }
}

/* T0, T1 = the lowest two lanes of Vn, each everywhere. */
static void pair(struct lift *l, uint32_t w)
{
    bool dbl = is_double(w);
    x_vi(&l->e, VPSHUFD, XMM_T0, 0, vreg(RN(w)), dbl ? 0x44 : 0x00);
    x_vi(&l->e, VPSHUFD, XMM_T1, 0, vreg(RN(w)), dbl ? 0xee : 0x55);
}

bool lift_faddp_vec(struct lift *l, uint32_t w)
{
    if (l->mode)
        return false;
    pairs(l, w);
    return combine(l, w, VECTOR, FP_ADD, XMM_T0, XMM_T1);
}

bool lift_faddp_scalar(struct lift *l, uint32_t w)
{
    if (l->mode)
        return false;
    pair(l, w);
    return combine(l, w, SCALAR, FP_ADD, XMM_T0, XMM_T1);
}

static bool minmax_pairs(struct lift *l, uint32_t w, enum shape shape, unsigned op)
{
    if (l->mode)
        return false;
    if (shape == VECTOR)
        pairs(l, w);
    else
        pair(l, w);
    return minmax(l, w, shape, op, XMM_T0, XMM_T1);
}

bool lift_fmaxp_vec(struct lift *l, uint32_t w)
{
    return minmax_pairs(l, w, VECTOR, FP_MAX);
}

bool lift_fminp_vec(struct lift *l, uint32_t w)
{
    return minmax_pairs(l, w, VECTOR, FP_MIN);
}

bool lift_fmaxp_scalar(struct lift *l, uint32_t w)
{
    return minmax_pairs(l, w, SCALAR, FP_MAX);
}

bool lift_fminp_scalar(struct lift *l, uint32_t w)
{
    return minmax_pairs(l, w, SCALAR, FP_MIN);
}

/* ---- across the four singles ---- */

static bool minmax_across(struct lift *l, uint32_t w, unsigned op)
{
    if (l->mode)
        return false;
    int n = vreg_read(l, RN(w), XMM_T0);
    may_fault(l);
    x_vi(&l->e, VPSHUFD, XMM_T1, 0, rm_reg(n), 0x4e);
    choose(l, false, true, op, n, XMM_T1);
    x_v(&l->e, VMOVAPS, XMM_T0, 0, rm_reg(XMM_T2));
    x_vi(&l->e, VPSHUFD, XMM_T1, 0, rm_reg(XMM_T2), 0xb1);
    choose(l, false, true, op, XMM_T0, XMM_T1);
    commit(l, w, SCALAR, XMM_T2);
    return true;
}

bool lift_fmaxv(struct lift *l, uint32_t w)
{
    return minmax_across(l, w, FP_MAX);
}

bool lift_fminv(struct lift *l, uint32_t w)
{
    return minmax_across(l, w, FP_MIN);
}

/* ---- steps of Newton's method ---- */

/* FRECPS: 2 - ab. */
static bool reciprocal_step(struct lift *l, uint32_t w, enum shape shape)
{
    struct emit *e = &l->e;
    bool dbl = is_double(w);
    if (l->mode)
        return false;
    flags_clobber(l);
    int a = vfp_operand(l, w, shape, RN(w), XMM_T0), b = vfp_operand(l, w, shape, RM(w), XMM_T1);
    x_v(e, VMOVDQU_LD, XMM_T2, 0, rm_const(dbl ? K_TWO_2D : K_TWO_4S));
    may_fault(l);
    x_v(e, VFMA(FMA_231, FMA_NADD, dbl, true), XMM_T2, a, rm_reg(b));
    struct cold *nan = interpret_nan(l, dbl, XMM_T2, XMM_T1);
    commit(l, w, shape, XMM_T2);
    nan->back = e->p;
    return true;
}

/*
 * FRSQRTS: (3 - ab) / 2, rounded once, as halving is exact. But 3 - ab must not
 * overflow: large operands, infinities and NaNs are the interpreter's.
 */
static bool root_step(struct lift *l, uint32_t w, enum shape shape)
{
    struct emit *e = &l->e;
    bool dbl = is_double(w);
    struct rm magnitude = rm_const(dbl ? K_ABS_2D : K_ABS_4S),
              large = rm_const(dbl ? K_LARGE_2D : K_LARGE_4S);
    if (l->mode)
        return false;
    flags_clobber(l);
    int a = vfp_operand(l, w, shape, RN(w), XMM_T0), b = vfp_operand(l, w, shape, RM(w), XMM_T1);
    x_v(e, VPAND, XMM_T2, a, magnitude);
    x_v(e, VPAND, XMM_T3, b, magnitude);
    x_v(e, lanes_cmpgt.op[2 + dbl], XMM_T2, XMM_T2, large);
    x_v(e, lanes_cmpgt.op[2 + dbl], XMM_T3, XMM_T3, large);
    x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    x_v(e, VPTEST, XMM_T2, 0, rm_reg(XMM_T2));
    e->clobbered = true;
    struct cold *c = exec_if(l, CC_NE);
    x_v(e, VMOVDQU_LD, XMM_T2, 0, rm_const(dbl ? K_THREE_2D : K_THREE_4S));
    may_fault(l);
    x_v(e, VFMA(FMA_231, FMA_NADD, dbl, true), XMM_T2, a, rm_reg(b));
    x_v(e, VFP(FP_MUL, dbl, true), XMM_T2, XMM_T2, rm_const(dbl ? K_HALF_2D : K_HALF_4S));
    commit(l, w, shape, XMM_T2);
    c->back = e->p;
    return true;
}

BOTH(frecps, reciprocal_step(l, w, shape))
BOTH(frsqrts, root_step(l, w, shape))

/* ---- comparison ---- */

static bool compare(struct lift *l, uint32_t w, enum shape shape, unsigned predicate, bool absolute)
{
    if (l->mode)
        return false;
    bool dbl = is_double(w);
    int a = vfp_operand_low(l, w, shape, RN(w), XMM_T0),
        b = vfp_operand_low(l, w, shape, RM(w), XMM_T1);
    if (absolute) {
        struct rm mask = rm_const(dbl ? K_ABS_2D : K_ABS_4S);
        x_v(&l->e, VPAND, XMM_T0, a, mask);
        x_v(&l->e, VPAND, XMM_T1, b, mask);
        a = XMM_T0;
        b = XMM_T1;
    }
    may_fault(l);
    x_vi(&l->e, VCMP(dbl, true), XMM_T2, a, rm_reg(b), predicate);
    commit(l, w, shape, XMM_T2);
    return true;
}

static bool compare_zero(struct lift *l, uint32_t w, enum shape shape, unsigned predicate)
{
    if (l->mode)
        return false;
    int a = vfp_operand_low(l, w, shape, RN(w), XMM_T0);
    vec_zero(l, XMM_T1);
    may_fault(l);
    x_vi(&l->e, VCMP(is_double(w), true), XMM_T2, a, rm_reg(XMM_T1), predicate);
    commit(l, w, shape, XMM_T2);
    return true;
}

BOTH(fcmeq, compare(l, w, shape, CMP_EQ, false))
BOTH(fcmge, compare(l, w, shape, CMP_GE_S, false))
BOTH(fcmgt, compare(l, w, shape, CMP_GT_S, false))
BOTH(facge, compare(l, w, shape, CMP_GE_S, true))
BOTH(facgt, compare(l, w, shape, CMP_GT_S, true))
BOTH(fcmeq_zero, compare_zero(l, w, shape, CMP_EQ))
BOTH(fcmge_zero, compare_zero(l, w, shape, CMP_GE_S))
BOTH(fcmgt_zero, compare_zero(l, w, shape, CMP_GT_S))
BOTH(fcmle_zero, compare_zero(l, w, shape, CMP_LE_S))
BOTH(fcmlt_zero, compare_zero(l, w, shape, CMP_LT_S))

/* ---- one operand ---- */

bool lift_fneg_vec(struct lift *l, uint32_t w)
{
    int n = vreg_read(l, RN(w), XMM_T0), d = vreg_dest(RD(w), XMM_T0);
    x_v(&l->e, VPXOR, d, n, rm_const(is_double(w) ? K_SIGN_2D : K_SIGN_4S));
    vec_commit(l, w, d);
    return true;
}

bool lift_fabs_vec(struct lift *l, uint32_t w)
{
    int n = vreg_read(l, RN(w), XMM_T0), d = vreg_dest(RD(w), XMM_T0);
    x_v(&l->e, VPAND, d, n, rm_const(is_double(w) ? K_ABS_2D : K_ABS_4S));
    vec_commit(l, w, d);
    return true;
}

bool lift_fsqrt_vec(struct lift *l, uint32_t w)
{
    if (l->mode)
        return false;
    int n = vfp_operand(l, w, VECTOR, RN(w), XMM_T0), d = dest(w, VECTOR, XMM_T1);
    may_fault(l);
    x_v(&l->e, VFP(FP_SQRT, is_double(w), true), d, 0, rm_reg(n));
    vec_commit(l, w, d);
    return true;
}

static bool round_to(struct lift *l, uint32_t w, enum shape shape, unsigned imm)
{
    bool dbl = is_double(w);
    if (l->mode)
        return false;
    if (shape == VECTOR) {
        int n = vfp_operand(l, w, shape, RN(w), XMM_T0), d = dest(w, shape, XMM_T1);
        may_fault(l);
        x_vi(&l->e, VROUND(dbl, true), d, 0, rm_reg(n), imm);
        vec_commit(l, w, d);
        return true;
    }
    int d = vreg_dest(RD(w), XMM_T1);
    vec_zero(l, XMM_T0);
    may_fault(l);
    x_vi(&l->e, VROUND(dbl, false), d, XMM_T0, vreg(RN(w)), imm);
    vreg_commit(l, RD(w), d, dbl ? 64 : 96);
    return true;
}

BOTH(frintn, round_to(l, w, shape, ROUND_NEAREST | ROUND_QUIET))
BOTH(frintm, round_to(l, w, shape, ROUND_DOWN | ROUND_QUIET))
BOTH(frintp, round_to(l, w, shape, ROUND_UP | ROUND_QUIET))
BOTH(frintz, round_to(l, w, shape, ROUND_ZERO | ROUND_QUIET))
BOTH(frintx, round_to(l, w, shape, ROUND_MODE))
BOTH(frinti, round_to(l, w, shape, ROUND_MODE | ROUND_QUIET))
