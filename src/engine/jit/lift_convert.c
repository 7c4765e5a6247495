/*
 * Conversions: to and from integers and fixed point, in vectors and in general
 * registers, between the sizes of floating point in vectors, and rounding with
 * ties away from zero (Arm ARM C4.1.93, C4.1.94). As in lift_vfp.c, what is invalid traps and is the
 * interpreter's; so that nothing is inexact before that is known, lanes which
 * may not fit are asked for first where a step of its own rounds.
 */
#include "engine/jit/vfp.h"

#define ROUND_AWAY 5

/*
 * T1 = x rounded to nearest with ties away from zero: its integral part, and
 * one more if what is left is a half or more. Both steps are exact. x is not T1, T2, T3.
 */
static void round_away(struct lift *l, bool dbl, int x, unsigned quiet)
{
    struct emit *e = &l->e;
    enum { CMP_GE = 29 };
    x_vi(e, VROUND(dbl, true), XMM_T1, 0, rm_reg(x), ROUND_ZERO | quiet);
    x_v(e, VFP(FP_SUB, dbl, true), XMM_T2, x, rm_reg(XMM_T1));
    x_v(e, VPAND, XMM_T2, XMM_T2, rm_const(dbl ? K_ABS_2D : K_ABS_4S));
    x_vi(e, VCMP(dbl, true), XMM_T2, XMM_T2, rm_const(dbl ? K_HALF_2D : K_HALF_4S), CMP_GE);
    x_v(e, VPAND, XMM_T2, XMM_T2, rm_const(dbl ? K_ONE_2D : K_ONE_4S));
    x_v(e, VPAND, XMM_T3, x, rm_const(dbl ? K_SIGN_2D : K_SIGN_4S));
    x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    x_v(e, VFP(FP_ADD, dbl, true), XMM_T1, XMM_T1, rm_reg(XMM_T2));
}

static bool frinta(struct lift *l, uint32_t w, enum shape shape)
{
    if (l->mode)
        return false;
    int n = vfp_operand(l, w, shape, RN(w), XMM_T0);
    may_fault(l);
    round_away(l, is_double(w), n, ROUND_QUIET);
    vec_result(l, w, shape, 2 + is_double(w), XMM_T1);
    return true;
}

BOTH(frinta, frinta(l, w, shape))

/* ---- to integers in lanes ---- */

/* Without AVX-512, doubles go through RAX: T1 = both lanes of x, which is not T1 to T3. */
static void truncate_doubles(struct lift *l, int x)
{
    struct emit *e = &l->e;
    x_vi(e, VPSHUFD, XMM_T2, 0, rm_reg(x), 0xee);
    x_v(e, VCVTTSD2SI(1), RAX, 0, rm_reg(x));
    x_v(e, VMOVQ_FROM_R, XMM_T1, 0, rm_reg(RAX));
    x_v(e, VCVTTSD2SI(1), RAX, 0, rm_reg(XMM_T2));
    x_vi(e, VPINSRQ, XMM_T1, XMM_T1, rm_reg(RAX), 1);
}

static void truncate(struct lift *l, bool dbl, bool is_unsigned, int x)
{
    if (!jit.avx512 && dbl) {
        truncate_doubles(l, x);
        return;
    }
    uint32_t to_signed = dbl ? VCVTTPD2QQ : VCVTTPS2DQ,
             to_unsigned = dbl ? VCVTTPD2UQQ : VCVTTPS2UDQ;
    x_v(&l->e, is_unsigned && jit.avx512 ? to_unsigned : to_signed, XMM_T1, 0, rm_reg(x));
}

/* The interpreter's, if a lane of x (below XMM16) is negative or (without AVX-512) too large for signed ones. */
static struct cold *ask_unsigned(struct lift *l, bool dbl, int x)
{
    struct emit *e = &l->e;
    struct rm sign = rm_const(dbl ? K_SIGN_2D : K_SIGN_4S);
    flags_clobber(l);
    if (jit.avx512) {
        x_v(e, VPTEST, x, 0, sign);
    } else {
        /* As integers, doubles are in order. */
        x_v(e, lanes_cmpgt.op[2 + dbl], XMM_T2, x, rm_const(dbl ? K_BELOW63_2D : K_BELOW31_4S));
        x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(x));
        x_v(e, VPTEST, XMM_T2, 0, sign);
    }
    e->clobbered = true;
    return exec_if(l, CC_NE);
}

static bool to_integer(struct lift *l, uint32_t w, enum shape shape, unsigned rounding,
                       bool is_unsigned)
{
    struct emit *e = &l->e;
    struct cold *c = NULL;
    bool dbl = is_double(w);
    if (l->mode)
        return false;
    int x = vfp_operand_low(l, w, shape, RN(w), XMM_T0);
    if (is_unsigned && (rounding != ROUND_ZERO || !jit.avx512))
        c = ask_unsigned(l, dbl, x);
    may_fault(l);
    if (rounding == ROUND_AWAY)
        round_away(l, dbl, x, 0);
    else if (rounding != ROUND_ZERO)
        x_vi(e, VROUND(dbl, true), XMM_T1, 0, rm_reg(x), rounding);
    if (rounding != ROUND_ZERO) {
        x_v(e, VMOVAPS, XMM_T0, 0, rm_reg(XMM_T1));
        x = XMM_T0;
    }
    truncate(l, dbl, is_unsigned, x);
    vec_result(l, w, shape, 2 + dbl, XMM_T1);
    if (c)
        c->back = e->p;
    return true;
}

BOTH(fcvtzs, to_integer(l, w, shape, ROUND_ZERO, false))
BOTH(fcvtns, to_integer(l, w, shape, ROUND_NEAREST, false))
BOTH(fcvtms, to_integer(l, w, shape, ROUND_DOWN, false))
BOTH(fcvtps, to_integer(l, w, shape, ROUND_UP, false))
BOTH(fcvtas, to_integer(l, w, shape, ROUND_AWAY, false))
BOTH(fcvtzu, to_integer(l, w, shape, ROUND_ZERO, true))
BOTH(fcvtnu, to_integer(l, w, shape, ROUND_NEAREST, true))
BOTH(fcvtmu, to_integer(l, w, shape, ROUND_DOWN, true))
BOTH(fcvtpu, to_integer(l, w, shape, ROUND_UP, true))
BOTH(fcvtau, to_integer(l, w, shape, ROUND_AWAY, true))

/* T3 = 2 to the power, which has the exponent alone, in every lane. */
static void power_of_two(struct lift *l, bool dbl, int power)
{
    uint64_t bits = dbl ? (uint64_t)(1023 + power) << 52 : (uint64_t)(127 + power) << 23;
    vec_const64(l, XMM_T3, dbl ? bits : bits << 32 | bits);
}

/* Multiplied first, by a power of two: what is too large anyway is clipped so that this does not overflow. */
static bool to_fixed(struct lift *l, uint32_t w, enum shape shape, bool is_unsigned)
{
    struct emit *e = &l->e;
    struct cold *c = NULL;
    bool dbl = is_double(w);
    if (l->mode)
        return false;
    int x = vfp_operand_low(l, w, shape, RN(w), XMM_T0);
    power_of_two(l, dbl, (int)count_right(w));
    if (is_unsigned && !jit.avx512)
        flags_clobber(l);
    may_fault(l);
    x_v(e, VFP(FP_MIN, dbl, true), XMM_T0, x, rm_const(dbl ? K_CLIP_2D : K_CLIP_4S));
    x_v(e, VFP(FP_MAX, dbl, true), XMM_T0, XMM_T0, rm_const(dbl ? K_NCLIP_2D : K_NCLIP_4S));
    x_v(e, VFP(FP_MUL, dbl, true), XMM_T0, XMM_T0, rm_reg(XMM_T3));
    if (is_unsigned && !jit.avx512)
        c = ask_unsigned(l, dbl, XMM_T0);
    truncate(l, dbl, is_unsigned, XMM_T0);
    vec_result(l, w, shape, 2 + dbl, XMM_T1);
    if (c)
        c->back = e->p;
    return true;
}

BOTH(fcvtzs_fixed, to_fixed(l, w, shape, false))
BOTH(fcvtzu_fixed, to_fixed(l, w, shape, true))

/* ---- from integers in lanes ---- */

/* T1 = the words of x as singles: both halves are exact. Uses T2. */
static void unsigned_words(struct lift *l, int x)
{
    struct emit *e = &l->e;
    x_vi(e, VPSHIFTD_I, VSH_SRL, XMM_T2, rm_reg(x), 16);
    x_v(e, VPAND, XMM_T1, x, rm_const(K_EVEN_HALVES));
    x_v(e, VCVTDQ2PS, XMM_T2, 0, rm_reg(XMM_T2));
    x_v(e, VCVTDQ2PS, XMM_T1, 0, rm_reg(XMM_T1));
    x_v(e, VFP(FP_MUL, false, true), XMM_T2, XMM_T2, rm_const(K_TWO16_4S));
    x_v(e, VFP(FP_ADD, false, true), XMM_T1, XMM_T1, rm_reg(XMM_T2));
}

/* Doublewords: the halves as mantissas of 2^84 + high * 2^32 and 2^52 + low; only the last sum rounds. */
static void unsigned_doublewords(struct lift *l, int x)
{
    struct emit *e = &l->e;
    x_vi(e, VPSHIFTQ_I, VSH_SRL, XMM_T2, rm_reg(x), 32);
    x_v(e, VPAND, XMM_T1, x, rm_const(K_EVEN_WORDS));
    x_v(e, VPOR, XMM_T2, XMM_T2, rm_const(K_TWO84_2D));
    x_v(e, VPOR, XMM_T1, XMM_T1, rm_const(K_TWO52_2D));
    x_v(e, VFP(FP_SUB, true, true), XMM_T2, XMM_T2, rm_const(K_TWO84_52_2D));
    x_v(e, VFP(FP_ADD, true, true), XMM_T1, XMM_T1, rm_reg(XMM_T2));
}

static void signed_doublewords(struct lift *l, int x)
{
    struct emit *e = &l->e;
    x_vi(e, VPEXTRQ, x, 0, rm_reg(RAX), 1);
    vec_zero(l, XMM_T2);
    x_v(e, VCVTSI2SD(1), XMM_T2, XMM_T2, rm_reg(RAX));
    x_v(e, VMOVQ_TO_R, x, 0, rm_reg(RAX));
    vec_zero(l, XMM_T1);
    x_v(e, VCVTSI2SD(1), XMM_T1, XMM_T1, rm_reg(RAX));
    x_v(e, VPUNPCKLQDQ, XMM_T1, XMM_T1, rm_reg(XMM_T2));
}

/* fraction: bits behind the point; the division by their power of two is exact. */
static bool from_integer(struct lift *l, uint32_t w, enum shape shape, bool is_unsigned,
                         unsigned fraction)
{
    bool dbl = is_double(w);
    if (l->mode)
        return false;
    int x = vfp_operand(l, w, shape, RN(w), XMM_T0);
    if (jit.avx512 || (!dbl && !is_unsigned)) {
        uint32_t op = is_unsigned ? (dbl ? VCVTUQQ2PD : VCVTUDQ2PS) : (dbl ? VCVTQQ2PD : VCVTDQ2PS);
        x_v(&l->e, op, XMM_T1, 0, rm_reg(x));
    } else if (!dbl) {
        unsigned_words(l, x);
    } else if (is_unsigned) {
        unsigned_doublewords(l, x);
    } else {
        signed_doublewords(l, x);
    }
    if (fraction) {
        power_of_two(l, dbl, -(int)fraction);
        x_v(&l->e, VFP(FP_MUL, dbl, true), XMM_T1, XMM_T1, rm_reg(XMM_T3));
    }
    vec_result(l, w, shape, 2 + dbl, XMM_T1);
    return true;
}

BOTH(scvtf, from_integer(l, w, shape, false, 0))
BOTH(ucvtf, from_integer(l, w, shape, true, 0))
BOTH(scvtf_fixed, from_integer(l, w, shape, false, count_right(w)))
BOTH(ucvtf_fixed, from_integer(l, w, shape, true, count_right(w)))

/* ---- to general registers ---- */

/* X[d] or W[d] = truncated x; what does not fit traps. */
static void truncate_to(struct lift *l, uint32_t w, struct rm x, bool is_unsigned)
{
    bool dbl = is_double(w), wide = bit(w, 31);
    int dest = RD(w) == 31 ? RAX : gpr_dest(RD(w), RAX);
    uint32_t op;
    if (is_unsigned && jit.avx512)
        op = dbl ? VCVTTSD2USI(wide) : VCVTTSS2USI(wide);
    else if (is_unsigned) /* what was asked for fits a signed doubleword */
        op = dbl ? VCVTTSD2SI(1) : VCVTTSS2SI(1);
    else
        op = dbl ? VCVTTSD2SI(wide) : VCVTTSS2SI(wide);
    x_v(&l->e, op, dest, 0, x);
    if (RD(w) != 31)
        gpr_commit(l, RD(w), dest);
}

/* The number from which on rounding, in any direction, may not fit; as bits. */
static uint64_t limit(bool dbl, bool wide, bool is_unsigned)
{
    unsigned power = wide ? (is_unsigned && jit.avx512 ? 64 : 63) : is_unsigned ? 32 : 31;
    if (!dbl)
        return (127ull + power) << 23;
    /* Doubles have a fraction below 2^31: one less. */
    uint64_t v = (1023ull + power) << 52;
    return wide ? v : v - (1ull << (52 - power));
}

/* The interpreter's, if the low element of x is a NaN, not below `most`, or negative where that is not wanted. */
static struct cold *ask_below(struct lift *l, int x, bool dbl, bool is_unsigned, uint64_t most)
{
    struct emit *e = &l->e;
    x_v(e, dbl ? VMOVQ_TO_R : VMOVD_ST, x, 0, rm_reg(RAX));
    if (!is_unsigned) { /* without its sign */
        x_alu(e, ALU_ADD, dbl, RAX, rm_reg(RAX));
        most <<= 1;
    }
    if (dbl) {
        x_imm(e, RCX, most);
        x_alu(e, ALU_CMP, true, RAX, rm_reg(RCX));
    } else {
        x_alu_imm(e, ALU_CMP, false, rm_reg(RAX), (int32_t)most);
    }
    return exec_if(l, CC_AE);
}

static bool to_general(struct lift *l, uint32_t w, unsigned rounding, bool is_unsigned)
{
    struct emit *e = &l->e;
    struct cold *c = NULL;
    bool dbl = is_double(w);
    if (l->mode)
        return false;
    int x = vreg_read(l, RN(w), XMM_T0);
    if (rounding != ROUND_ZERO || (is_unsigned && !jit.avx512)) {
        flags_clobber(l);
        c = ask_below(l, x, dbl, is_unsigned, limit(dbl, bit(w, 31), is_unsigned));
    }
    if (rounding == ROUND_AWAY)
        x = vfp_operand(l, w, SCALAR, RN(w), XMM_T0);
    may_fault(l);
    if (rounding == ROUND_AWAY)
        round_away(l, dbl, x, 0);
    else if (rounding != ROUND_ZERO)
        x_vi(e, VROUND(dbl, false), XMM_T1, XMM_T1, rm_reg(x), rounding);
    truncate_to(l, w, rm_reg(rounding == ROUND_ZERO ? x : XMM_T1), is_unsigned);
    if (c)
        c->back = e->p;
    return true;
}

#define TO_GENERAL(name, rounding)                      \
    bool lift_##name##s_gen(struct lift *l, uint32_t w) \
    {                                                   \
        return to_general(l, w, rounding, false);       \
    }                                                   \
    bool lift_##name##u_gen(struct lift *l, uint32_t w) \
    {                                                   \
        return to_general(l, w, rounding, true);        \
    }

TO_GENERAL(fcvtz, ROUND_ZERO)
TO_GENERAL(fcvtn, ROUND_NEAREST)
TO_GENERAL(fcvtm, ROUND_DOWN)
TO_GENERAL(fcvtp, ROUND_UP)
TO_GENERAL(fcvta, ROUND_AWAY)

/* Bits behind the point in the forms with general registers. */
#define FRACTION(w) (64 - bits(w, 15, 10))

static bool to_fixed_general(struct lift *l, uint32_t w, bool is_unsigned)
{
    struct emit *e = &l->e;
    bool dbl = is_double(w);
    if (l->mode || (is_unsigned && !jit.avx512))
        return false;
    int x = vreg_read(l, RN(w), XMM_T0);
    power_of_two(l, dbl, (int)FRACTION(w));
    may_fault(l);
    x_v(e, VFP(FP_MIN, dbl, false), XMM_T0, x, rm_const(dbl ? K_CLIP_2D : K_CLIP_4S));
    x_v(e, VFP(FP_MAX, dbl, false), XMM_T0, XMM_T0, rm_const(dbl ? K_NCLIP_2D : K_NCLIP_4S));
    x_v(e, VFP(FP_MUL, dbl, false), XMM_T0, XMM_T0, rm_reg(XMM_T3));
    truncate_to(l, w, rm_reg(XMM_T0), is_unsigned);
    return true;
}

bool lift_fcvtzs_fixed(struct lift *l, uint32_t w)
{
    return to_fixed_general(l, w, false);
}

bool lift_fcvtzu_fixed(struct lift *l, uint32_t w)
{
    return to_fixed_general(l, w, true);
}

/* ---- to JavaScript's integers: modulo 2^32 ---- */

/* Does not fit a word: invalid, even if inexact too; something was lost. */
static void cold_wraps(struct lift *l, struct cold *c)
{
    x_alu_imm(&l->e, ALU_OR, false, CPU_SLOT(fpsr), 1);
    x_imm(&l->e, RCX, 1);
    x_jmp_to(&l->e, c->back);
}

/* NZCV is Z if nothing was lost, not even the sign of a zero. RCX: was something? */
bool lift_fjcvtzs(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    if (l->mode)
        return false;
    l->flags = FL_MEM; /* all four are written */
    l->flags_saved = false;
    int x = vreg_read(l, RN(w), XMM_T1);
    struct cold *huge = ask_below(l, x, true, false, limit(true, true, false));
    x_vi(e, VROUND(true, false), XMM_T0, x, rm_reg(x), ROUND_ZERO | ROUND_QUIET);
    x_v(e, VCVTTSD2SI(1), RAX, 0, rm_reg(XMM_T0));
    x_movsxd(e, RCX, rm_reg(RAX));
    x_alu(e, ALU_CMP, true, RCX, rm_reg(RAX));
    struct cold *wraps = cold_add(l, COLD_FN, x_jcc(e, CC_NE));
    wraps->fn = cold_wraps;
    x_v(e, VCVTTSD2SI(0), RAX, 0, rm_reg(x)); /* says if it is inexact */
    x_v(e, VCVTSI2SD(0), XMM_T0, XMM_T0, rm_reg(RAX));
    x_v(e, VMOVQ_TO_R, XMM_T0, 0, rm_reg(RCX));
    x_v(e, VMOVQ_TO_R, x, 0, rm_reg(RDX));
    x_alu(e, ALU_SUB, true, RCX, rm_reg(RDX));
    x_setcc(e, CC_NE, rm_reg(RCX));
    x_movzx8(e, RCX, rm_reg(RCX));
    wraps->back = e->p;
    emit_forget(e);
    x_mov32(e, RAX, RAX);
    if (RD(w) != 31)
        gpr_commit(l, RD(w), RAX);
    uint8_t *done = x_jmp8(e);
    huge->back = e->p;
    emit_forget(e);
    x_movzx16(e, RCX, word_slot(JW_FLAGS));
    x_shift(e, SH_SHR, false, rm_reg(RCX), 14);
    x_un(e, UN_NOT, false, rm_reg(RCX));
    x_alu_imm(e, ALU_AND, false, rm_reg(RCX), 1);
    x_bind8(e, done);
    x_test(e, false, RCX, rm_reg(RCX));
    flags_set(l, FL_ADD);
    return true;
}

/* ---- integral values that would fit an integer ---- */

static bool round_within(struct lift *l, uint32_t w, bool wide, unsigned rounding)
{
    bool dbl = is_double(w);
    if (l->mode)
        return false;
    flags_clobber(l);
    int x = vreg_read(l, RN(w), XMM_T1), dest = vreg_dest(RD(w), XMM_T1);
    struct cold *large = ask_below(l, x, dbl, false, limit(dbl, wide, false));
    vec_zero(l, XMM_T0);
    x_vi(&l->e, VROUND(dbl, false), dest, XMM_T0, rm_reg(x), rounding);
    vreg_commit(l, RD(w), dest, dbl ? 64 : 96);
    large->back = l->e.p;
    return true;
}

bool lift_frint32z_scalar(struct lift *l, uint32_t w)
{
    return round_within(l, w, false, ROUND_ZERO);
}

bool lift_frint32x_scalar(struct lift *l, uint32_t w)
{
    return round_within(l, w, false, ROUND_MODE);
}

bool lift_frint64z_scalar(struct lift *l, uint32_t w)
{
    return round_within(l, w, true, ROUND_ZERO);
}

bool lift_frint64x_scalar(struct lift *l, uint32_t w)
{
    return round_within(l, w, true, ROUND_MODE);
}

/* ---- from general registers ---- */

static bool from_general(struct lift *l, uint32_t w, bool is_unsigned, unsigned fraction)
{
    struct emit *e = &l->e;
    bool dbl = is_double(w), wide = bit(w, 31);
    if (l->mode || (is_unsigned && wide && !dbl && !jit.avx512))
        return false;
    int dest = vreg_dest(RD(w), XMM_T1);
    struct rm src = RN(w) == 31 ? rm_reg(RCX) : gpr(RN(w));
    if (RN(w) == 31 || (is_unsigned && !wide)) {
        gpr_copy_z(l, wide, RCX, RN(w));
        src = rm_reg(RCX);
    }
    vec_zero(l, XMM_T0);
    if (is_unsigned && wide && !jit.avx512) {
        x_v(e, VMOVQ_FROM_R, XMM_T0, 0, src);
        unsigned_doublewords(l, XMM_T0);
        x_v(e, VMOVQ_LD, dest, 0, rm_reg(XMM_T1));
    } else if (is_unsigned && wide) {
        x_v(e, dbl ? VCVTUSI2SD(1) : VCVTUSI2SS(1), dest, XMM_T0, src);
    } else {
        wide |= is_unsigned; /* a word fits a signed doubleword */
        x_v(e, dbl ? VCVTSI2SD(wide) : VCVTSI2SS(wide), dest, XMM_T0, src);
    }
    if (fraction) {
        power_of_two(l, dbl, -(int)fraction);
        x_v(e, VFP(FP_MUL, dbl, false), dest, dest, rm_reg(XMM_T3));
    }
    vreg_commit(l, RD(w), dest, dbl ? 64 : 96);
    return true;
}

bool lift_scvtf_gen(struct lift *l, uint32_t w)
{
    return from_general(l, w, false, 0);
}

bool lift_ucvtf_gen(struct lift *l, uint32_t w)
{
    return from_general(l, w, true, 0);
}

bool lift_scvtf_fixed(struct lift *l, uint32_t w)
{
    return from_general(l, w, false, FRACTION(w));
}

bool lift_ucvtf_fixed(struct lift *l, uint32_t w)
{
    return from_general(l, w, true, FRACTION(w));
}

/* ---- between the sizes of floating point ---- */

/* Other lanes must be zero, as theirs are converted too. To double it goes by way of single, which is exact. */
static void from_half(struct lift *l, uint32_t w, int dest, bool to_dbl)
{
    struct emit *e = &l->e;
    x_vi(e, VPEXTRW, vreg_read(l, RN(w), XMM_T1), 0, rm_reg(RAX), 0);
    x_v(e, VMOVD_LD, XMM_T1, 0, rm_reg(RAX));
    may_fault(l);
    x_v(e, VCVTPH2PS, to_dbl ? XMM_T1 : dest, 0, rm_reg(XMM_T1));
    if (to_dbl)
        x_v(e, VCVTSS2SD, dest, XMM_T0, rm_reg(XMM_T1));
}

/* Between half, single and double; bits 16..15 say what the result is: 3, 0, 1. Double to half would round twice. */
bool lift_fcvt_scalar(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    unsigned from = bits(w, 23, 22), to = bits(w, 16, 15);
    bool to_dbl = to == 1;
    if (l->mode || from == to || (from == 1 && to == 3))
        return false;
    int dest = vreg_dest(RD(w), XMM_T1);
    vec_zero(l, XMM_T0);
    if (from == 3) {
        from_half(l, w, dest, to_dbl);
    } else if (to == 3) {
        int n = vreg_read(l, RN(w), XMM_T1);
        x_vi(e, VINSERTPS, XMM_T1, n, rm_reg(n), 0x0e);
        may_fault(l);
        x_vi(e, VCVTPS2PH, XMM_T1, 0, rm_reg(dest), ROUND_NEAREST);
    } else {
        may_fault(l);
        x_v(e, to_dbl ? VCVTSS2SD : VCVTSD2SS, dest, XMM_T0, vreg(RN(w)));
    }
    vreg_commit(l, RD(w), dest, to_dbl ? 64 : 96);
    return true;
}

bool lift_fcvtl(struct lift *l, uint32_t w)
{
    if (l->mode)
        return false;
    int d = vreg_dest(RD(w), XMM_T0), n = vreg_read_low(l, RN(w), XMM_T0);
    if (IS_Q(w)) {
        x_vi(&l->e, VPSHUFD, XMM_T0, 0, rm_reg(n), 0xee);
        n = XMM_T0;
    }
    may_fault(l);
    x_v(&l->e, is_double(w) ? VCVTPS2PD : VCVTPH2PS, d, 0, rm_reg(n));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_fcvtn(struct lift *l, uint32_t w)
{
    if (l->mode)
        return false;
    int n = vreg_read(l, RN(w), XMM_T0);
    may_fault(l);
    if (is_double(w))
        x_v(&l->e, VCVTPD2PS, XMM_T2, 0, rm_reg(n));
    else
        x_vi(&l->e, VCVTPS2PH, n, 0, rm_reg(XMM_T2), ROUND_NEAREST);
    vec_commit_narrow(l, w, XMM_T2);
    return true;
}
