/*
 * Advanced SIMD that saturates (Arm ARM C4.1.94): sums and differences, left
 * shifts by an immediate, absolute values and narrowing. FPSR.QC is found by
 * comparing with what the lanes were or would be without saturation. Products
 * that saturate are in lift_multiply.c, shifts by a register in lift_vshift.c.
 */
#include "engine/jit/vec.h"

/* ---- sums and differences ---- */

struct sum {
    struct lanes op; /* the host's, for bytes and halfwords */
    bool subtract, is_signed;
};

static const struct sum sum_sqadd = {{{VPADDSB, VPADDSW, 0, 0}}, false, true};
static const struct sum sum_uqadd = {{{VPADDUSB, VPADDUSW, 0, 0}}, false, false};
static const struct sum sum_sqsub = {{{VPSUBSB, VPSUBSW, 0, 0}}, true, true};
static const struct sum sum_uqsub = {{{VPSUBUSB, VPSUBUSW, 0, 0}}, true, false};

/* T2 = unsigned words or doublewords a + b = min(a, ~b) + b, or a - b = max(a, b) - b. */
static void saturate_unsigned(struct lift *l, unsigned size, bool subtract, int a, int b)
{
    struct emit *e = &l->e;
    if (subtract) {
        x_v(e, size == 2 ? VPMAXUD : VPMAXUQ, XMM_T2, a, rm_reg(b));
    } else {
        x_v(e, VPXOR, XMM_T2, b, rm_const(K_ONES));
        x_v(e, size == 2 ? VPMINUD : VPMINUQ, XMM_T2, XMM_T2, rm_reg(a));
    }
    x_v(e, (subtract ? lanes_sub : lanes_add).op[size], XMM_T2, XMM_T2, rm_reg(b));
}

/* V[Rd] = a and b combined; offset: a was moved by half its range to do with the other kind of number. */
static bool saturate_sum(struct lift *l, uint32_t w, enum shape shape, unsigned size,
                         const struct sum *sum, int a, int b, bool offset)
{
    struct emit *e = &l->e;
    int x = XMM_T2;
    if (size < 2) {
        x_v(e, sum->op.op[size], x, a, rm_reg(b));
    } else if (sum->is_signed) {
        vec_saturating(l, size, sum->subtract, a, b);
        x = XMM_T0;
    } else {
        saturate_unsigned(l, size, sum->subtract, a, b);
    }
    uint8_t *known = vec_qc_ask(l);
    if (x == XMM_T2)
        x_v(e, (sum->subtract ? lanes_sub : lanes_add).op[size], XMM_T3, a, rm_reg(b));
    x_v(e, VPXOR, XMM_T3, x == XMM_T2 ? XMM_T3 : XMM_T0, rm_reg(XMM_T2));
    vec_keep(l, w, shape, size, XMM_T3);
    vec_qc_tell(l, known, XMM_T3);
    if (offset)
        x_v(e, VPXOR, x, x, rm_const(vec_sign[size]));
    vec_result(l, w, shape, size, x);
    return true;
}

/* The host compares unsigned doublewords with AVX-512 only. */
static bool lacks(unsigned size, const struct sum *sum)
{
    return size == 3 && !sum->is_signed && !jit.avx512;
}

static bool two_sources(struct lift *l, uint32_t w, enum shape shape, const struct sum *sum)
{
    if (lacks(LANE(w), sum))
        return false;
    int a = vreg_read(l, RN(w), XMM_T0), b = vreg_read(l, RM(w), XMM_T1);
    return saturate_sum(l, w, shape, LANE(w), sum, a, b, false);
}

/* SUQADD, USQADD: V[Rd] and V[Rn], of which one is signed. */
static bool mixed(struct lift *l, uint32_t w, enum shape shape, const struct sum *sum)
{
    if (lacks(LANE(w), sum))
        return false;
    x_v(&l->e, VPXOR, XMM_T0, vreg_read(l, RD(w), XMM_T0), rm_const(vec_sign[LANE(w)]));
    return saturate_sum(l, w, shape, LANE(w), sum, XMM_T0, vreg_read(l, RN(w), XMM_T1), true);
}

#define BOTH(name, call)                                     \
    bool lift_##name##_vec(struct lift *l, uint32_t w)       \
    {                                                        \
        const enum shape shape = VECTOR;                     \
        return call;                                         \
    }                                                        \
    bool lift_##name##_scalar(struct lift *l, uint32_t word) \
    {                                                        \
        const enum shape shape = SCALAR;                     \
        uint32_t w = AS_SCALAR(word);                        \
        return call;                                         \
    }

BOTH(sqadd, two_sources(l, w, shape, &sum_sqadd))
BOTH(uqadd, two_sources(l, w, shape, &sum_uqadd))
BOTH(sqsub, two_sources(l, w, shape, &sum_sqsub))
BOTH(uqsub, two_sources(l, w, shape, &sum_uqsub))
BOTH(suqadd, mixed(l, w, shape, &sum_uqadd))
BOTH(usqadd, mixed(l, w, shape, &sum_sqadd))

/* ---- SQABS, SQNEG: only the least number has no opposite ---- */

static bool opposite(struct lift *l, uint32_t w, enum shape shape, bool absolute)
{
    struct emit *e = &l->e;
    unsigned size = LANE(w);
    int n = vreg_read_low(l, RN(w), XMM_T0);
    if (absolute) {
        vec_abs(l, size, XMM_T2, n);
    } else {
        vec_zero(l, XMM_T2);
        x_v(e, lanes_sub.op[size], XMM_T2, XMM_T2, rm_reg(n));
    }
    x_v(e, lanes_cmpeq.op[size], XMM_T3, XMM_T2, rm_const(vec_sign[size]));
    x_v(e, VPXOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    uint8_t *known = vec_qc_ask(l);
    vec_keep(l, w, shape, size, XMM_T3);
    vec_qc_tell(l, known, XMM_T3);
    vec_result(l, w, shape, size, XMM_T2);
    return true;
}

BOTH(sqabs, opposite(l, w, shape, true))
BOTH(sqneg, opposite(l, w, shape, false))

/* ---- left shifts by an immediate: what does not come back was lost ---- */

enum numbers { SIGNED, UNSIGNED, TO_UNSIGNED };

/* x = n < 0 */
static void negative(struct lift *l, unsigned size, int x, int n)
{
    vec_zero(l, x);
    x_v(&l->e, lanes_cmpgt.op[size], x, x, rm_reg(n));
}

static bool shift_left(struct lift *l, uint32_t w, enum shape shape, enum numbers kind)
{
    struct emit *e = &l->e;
    unsigned size = imm_size(w), count = count_left(w);
    int n = vreg_read_low(l, RN(w), XMM_T0);
    if (kind == TO_UNSIGNED) {
        negative(l, size, XMM_T1, n);
        x_v(e, VPANDN, XMM_T0, XMM_T1, rm_reg(n));
        n = XMM_T0;
    }
    vec_shl(l, size, XMM_T2, n, count);
    vec_shr(l, size, kind == SIGNED, XMM_T3, XMM_T2, count, XMM_T1);
    x_v(e, lanes_cmpeq.op[size], XMM_T3, XMM_T3, rm_reg(n));
    if (kind == SIGNED) {
        negative(l, size, XMM_T1, n);
        x_v(e, VPXOR, XMM_T1, XMM_T1, rm_const(vec_max[size]));
        x_vi(e, VPBLENDVB, XMM_T2, XMM_T1, rm_reg(XMM_T2), XMM_T3 << 4);
        vec_not(l, XMM_T3);
    } else {
        vec_not(l, XMM_T3);
        x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    }
    uint8_t *known = vec_qc_ask(l);
    if (kind == TO_UNSIGNED)
        x_v(e, VPOR, XMM_T3, XMM_T3, rm_reg(XMM_T1));
    vec_keep(l, w, shape, size, XMM_T3);
    vec_qc_tell(l, known, XMM_T3);
    vec_result(l, w, shape, size, XMM_T2);
    return true;
}

BOTH(sqshl_imm, shift_left(l, w, shape, SIGNED))
BOTH(uqshl_imm, shift_left(l, w, shape, UNSIGNED))
BOTH(sqshlu, shift_left(l, w, shape, TO_UNSIGNED))

/* ---- narrowing ---- */

/* Low half of T0 = the doublewords of T2 as words; uses T1 and T3. */
static void narrow_doublewords(struct lift *l, enum numbers kind)
{
    struct emit *e = &l->e;
    if (jit.avx512) {
        int s = XMM_T2;
        if (kind == TO_UNSIGNED) {
            vec_zero(l, XMM_T0);
            x_v(e, VPMAXSQ, XMM_T0, XMM_T0, rm_reg(XMM_T2));
            s = XMM_T0;
        }
        x_v(e, kind == SIGNED ? VPMOVSQD : VPMOVUSQD, s, 0, rm_reg(XMM_T0));
        return;
    }
    x_vi(e, VPSHUFD, XMM_T0, 0, rm_reg(XMM_T2), 0x88);
    x_vi(e, VPSHUFD, XMM_T1, 0, rm_reg(XMM_T2), 0xdd);
    if (kind == SIGNED) {
        /* It fits if the upper words are copies of the lower ones' signs. */
        x_vi(e, VPSHIFTD_I, VSH_SRA, XMM_T3, rm_reg(XMM_T0), 31);
        x_v(e, VPCMPEQD, XMM_T3, XMM_T3, rm_reg(XMM_T1));
        x_vi(e, VPSHIFTD_I, VSH_SRA, XMM_T1, rm_reg(XMM_T1), 31);
        x_v(e, VPXOR, XMM_T1, XMM_T1, rm_const(K_ABS_4S));
        x_vi(e, VBLENDVPS, XMM_T0, XMM_T1, rm_reg(XMM_T0), XMM_T3 << 4);
        return;
    }
    vec_zero(l, XMM_T3);
    x_v(e, VPCMPEQD, XMM_T3, XMM_T3, rm_reg(XMM_T1));
    vec_not(l, XMM_T3);
    x_v(e, VPOR, XMM_T0, XMM_T0, rm_reg(XMM_T3));
    if (kind == TO_UNSIGNED) {
        x_vi(e, VPSHIFTD_I, VSH_SRA, XMM_T1, rm_reg(XMM_T1), 31);
        x_v(e, VPANDN, XMM_T0, XMM_T1, rm_reg(XMM_T0));
    }
}

/* V[Rd] = the lanes of T2, twice as wide as size says, narrowed. */
static bool narrow(struct lift *l, uint32_t w, enum shape shape, unsigned size, enum numbers kind)
{
    static const uint32_t pack[2][2] = {{VPACKSSWB, VPACKUSWB}, {VPACKSSDW, VPACKUSDW}};
    static const uint32_t extend[2][3] = {{VPMOVZXBW, VPMOVZXWD, VPMOVZXDQ},
                                          {VPMOVSXBW, VPMOVSXWD, VPMOVSXDQ}};
    struct emit *e = &l->e;
    int s = XMM_T2;
    if (size == 2) {
        narrow_doublewords(l, kind);
    } else {
        /* The host's packs take signed numbers. */
        if (kind == UNSIGNED) {
            s = XMM_T0;
            x_v(e, size ? VPMINUD : VPMINUW, s, XMM_T2,
                rm_const(size ? K_EVEN_HALVES : K_EVEN_BYTES));
        }
        x_v(e, pack[size][kind != SIGNED], XMM_T0, s, rm_reg(s));
    }
    uint8_t *known = vec_qc_ask(l);
    x_v(e, extend[kind == SIGNED][size], XMM_T3, 0, rm_reg(XMM_T0));
    x_v(e, VPXOR, XMM_T3, XMM_T3, rm_reg(XMM_T2));
    if (shape == SCALAR)
        vec_keep(l, w, shape, size + 1, XMM_T3);
    vec_qc_tell(l, known, XMM_T3);
    if (shape == SCALAR)
        vec_result(l, w, shape, size, XMM_T0);
    else
        vec_commit_narrow(l, w, XMM_T0);
    return true;
}

static bool extract(struct lift *l, uint32_t w, enum shape shape, enum numbers kind)
{
    x_v(&l->e, VMOVDQU_LD, XMM_T2, 0, vreg(RN(w)));
    return narrow(l, w, shape, LANE(w), kind);
}

BOTH(sqxtn, extract(l, w, shape, SIGNED))
BOTH(uqxtn, extract(l, w, shape, UNSIGNED))
BOTH(sqxtun, extract(l, w, shape, TO_UNSIGNED))

static bool shift_narrow(struct lift *l, uint32_t w, enum shape shape, enum numbers kind,
                         bool rounded)
{
    unsigned size = imm_size(w), count = count_right(w);
    int n = vreg_read(l, RN(w), XMM_T0);
    if (rounded)
        vec_shr_rounded(l, size + 1, kind != UNSIGNED, XMM_T2, n, count);
    else
        vec_shr(l, size + 1, kind != UNSIGNED, XMM_T2, n, count, XMM_T1);
    return narrow(l, w, shape, size, kind);
}

BOTH(sqshrn, shift_narrow(l, w, shape, SIGNED, false))
BOTH(sqrshrn, shift_narrow(l, w, shape, SIGNED, true))
BOTH(uqshrn, shift_narrow(l, w, shape, UNSIGNED, false))
BOTH(uqrshrn, shift_narrow(l, w, shape, UNSIGNED, true))
BOTH(sqshrun, shift_narrow(l, w, shape, TO_UNSIGNED, false))
BOTH(sqrshrun, shift_narrow(l, w, shape, TO_UNSIGNED, true))
