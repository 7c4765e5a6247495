/*
 * Scalar floating point (Arm ARM C4.1.93) on the host's unit. In code of mode 0
 * FPCR is the default, MXCSR rounds to nearest and leaves invalid operation
 * unmasked: where Arm and x86 differ (default NaN, signalling NaN, what is
 * saturated or minimal among NaNs) the host instruction traps and the
 * interpreter does it (fault.c). Quiet NaNs propagate alike if the operands
 * keep their order; fused multiply-add is the exception and is looked at.
 * The other exceptions accumulate in MXCSR and are read from it when the thread
 * leaves translated code (thunks.c). What has a vector form of the same shape
 * (minimum, maximum, rounding, conversions) is done with that.
 *
 * Bits 127..64 of a scalar result are zero. VEX scalar operations copy them
 * from the first source, so it matters whether they are known zero there.
 */
#include "engine/jit/lifters.h"

/* Single or double in default mode; half precision and other modes are not lifted. */
static bool plain(const struct lift *l, uint32_t w)
{
    return l->mode == 0 && bits(w, 23, 22) < 2;
}

static bool is_double(uint32_t w)
{
    return bit(w, 22);
}

static unsigned upper_of(bool dbl)
{
    return dbl ? 64 : 96;
}

static bool upper_known(const struct lift *l, unsigned n, bool dbl)
{
    return (dbl ? l->upper64 : l->upper32) >> n & 1;
}

/* V[d] = low element of x, rest zero. */
static void commit_scalar(struct lift *l, unsigned d, int x, bool dbl)
{
    int dest = vreg_dest(d, XMM_T3);
    if (dbl)
        x_v(&l->e, VMOVQ_LD, dest, 0, rm_reg(x));
    else
        x_vi(&l->e, VINSERTPS, dest, x, rm_reg(x), 0x0e);
    vreg_commit(l, d, dest, upper_of(dbl));
}

static int zero(struct lift *l, int x)
{
    x_v(&l->e, VPXOR, x, x, rm_reg(x));
    return x;
}

/* ---- two operands ---- */

static bool binary(struct lift *l, uint32_t w, unsigned op)
{
    if (!plain(l, w))
        return false;
    bool dbl = is_double(w);
    unsigned d = RD(w), n = RN(w);
    int a = vreg_read(l, n, XMM_T0);
    may_fault(l);
    if (upper_known(l, n, dbl)) {
        int dest = vreg_dest(d, XMM_T1);
        x_v(&l->e, VFP(op, dbl, false), dest, a, vreg(RM(w)));
        vreg_commit(l, d, dest, upper_of(dbl));
    } else {
        x_v(&l->e, VFP(op, dbl, false), XMM_T1, a, vreg(RM(w)));
        commit_scalar(l, d, XMM_T1, dbl);
    }
    return true;
}

bool lift_fadd_scalar(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_ADD);
}

bool lift_fsub_scalar(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_SUB);
}

bool lift_fmul_scalar(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_MUL);
}

bool lift_fdiv_scalar(struct lift *l, uint32_t w)
{
    return binary(l, w, FP_DIV);
}

bool lift_fnmul_scalar(struct lift *l, uint32_t w)
{
    if (!plain(l, w))
        return false;
    bool dbl = is_double(w);
    int a = vreg_read(l, RN(w), XMM_T0);
    may_fault(l);
    x_v(&l->e, VFP(FP_MUL, dbl, false), XMM_T1, a, vreg(RM(w)));
    x_v(&l->e, VPXOR, XMM_T1, XMM_T1, rm_const(dbl ? K_SIGN_D : K_SIGN_S));
    commit_scalar(l, RD(w), XMM_T1, dbl);
    return true;
}

/* ---- fused multiply-add ---- */

/* Which NaN comes out, and of what sign, differs: any NaN is the interpreter's. */
static bool fused(struct lift *l, uint32_t w, unsigned kind)
{
    if (!plain(l, w))
        return false;
    bool dbl = is_double(w);
    unsigned d = RD(w), a = RA(w);
    struct emit *e = &l->e;
    flags_clobber(l);
    int n = vreg_read(l, RN(w), XMM_T1);
    struct rm m = vreg(RM(w));
    x_v(e, VMOVDQU_LD, XMM_T0, 0, vreg(a));
    may_fault(l);
    x_v(e, VFMA(FMA_231, kind, dbl, false), XMM_T0, n, m);
    x_v(e, VUCOMI(dbl), XMM_T0, 0, rm_reg(XMM_T0));
    e->clobbered = true;
    struct cold *nan = exec_if(l, CC_P);
    if (upper_known(l, a, dbl))
        vreg_commit(l, d, XMM_T0, upper_of(dbl));
    else
        commit_scalar(l, d, XMM_T0, dbl);
    nan->back = e->p;
    return true;
}

bool lift_fmadd(struct lift *l, uint32_t w)
{
    return fused(l, w, FMA_ADD);
}

bool lift_fmsub(struct lift *l, uint32_t w)
{
    return fused(l, w, FMA_NADD);
}

bool lift_fnmadd(struct lift *l, uint32_t w)
{
    return fused(l, w, FMA_NSUB);
}

bool lift_fnmsub(struct lift *l, uint32_t w)
{
    return fused(l, w, FMA_SUB);
}

/* ---- one operand ---- */

bool lift_fsqrt_scalar(struct lift *l, uint32_t w)
{
    if (!plain(l, w))
        return false;
    bool dbl = is_double(w);
    int dest = vreg_dest(RD(w), XMM_T1);
    zero(l, XMM_T0);
    may_fault(l);
    x_v(&l->e, VFP(FP_SQRT, dbl, false), dest, XMM_T0, vreg(RN(w)));
    vreg_commit(l, RD(w), dest, upper_of(dbl));
    return true;
}

/* Moves and sign changes are the same in every mode. */
bool lift_fmov_scalar(struct lift *l, uint32_t w)
{
    if (bits(w, 23, 22) >= 2)
        return false;
    bool dbl = is_double(w);
    int a = vreg_read(l, RN(w), XMM_T0);
    if (upper_known(l, RN(w), dbl))
        vreg_commit(l, RD(w), a, upper_of(dbl));
    else
        commit_scalar(l, RD(w), a, dbl);
    return true;
}

bool lift_fabs_scalar(struct lift *l, uint32_t w)
{
    if (bits(w, 23, 22) >= 2)
        return false;
    bool dbl = is_double(w);
    int a = vreg_read(l, RN(w), XMM_T0), dest = vreg_dest(RD(w), XMM_T0);
    x_v(&l->e, VPAND, dest, a, rm_const(dbl ? K_ABS_D : K_ABS_S));
    vreg_commit(l, RD(w), dest, upper_of(dbl));
    return true;
}

bool lift_fneg_scalar(struct lift *l, uint32_t w)
{
    if (bits(w, 23, 22) >= 2)
        return false;
    bool dbl = is_double(w);
    int a = vreg_read(l, RN(w), XMM_T0);
    if (upper_known(l, RN(w), dbl)) {
        int dest = vreg_dest(RD(w), XMM_T0);
        x_v(&l->e, VPXOR, dest, a, rm_const(dbl ? K_SIGN_D : K_SIGN_S));
        vreg_commit(l, RD(w), dest, upper_of(dbl));
    } else {
        x_v(&l->e, VPXOR, XMM_T0, a, rm_const(dbl ? K_SIGN_D : K_SIGN_S));
        commit_scalar(l, RD(w), XMM_T0, dbl);
    }
    return true;
}

/* ---- moves to and from general registers; conversions are in lift_convert.c ---- */

/* FMOV between a general and a vector register: sf and type agree or it is half precision or reserved. */
static bool fmov_is_plain(uint32_t w)
{
    return bits(w, 23, 22) == bit(w, 31);
}

bool lift_fmov_to_gen(struct lift *l, uint32_t w)
{
    if (!fmov_is_plain(w))
        return false;
    if (RD(w) == 31)
        return true;
    int a = vreg_read(l, RN(w), XMM_T0), dest = gpr_dest(RD(w), RAX);
    x_v(&l->e, bit(w, 31) ? VMOVQ_TO_R : VMOVD_ST, a, 0, rm_reg(dest));
    gpr_commit(l, RD(w), dest);
    return true;
}

bool lift_fmov_from_gen(struct lift *l, uint32_t w)
{
    if (!fmov_is_plain(w))
        return false;
    bool dbl = bit(w, 31);
    int dest = vreg_dest(RD(w), XMM_T0);
    if (RN(w) == 31)
        x_v(&l->e, VPXOR, dest, dest, rm_reg(dest));
    else
        x_v(&l->e, dbl ? VMOVQ_FROM_R : VMOVD_LD, dest, 0, rm_reg(gpr_read(l, RN(w), RAX)));
    vreg_commit(l, RD(w), dest, upper_of(dbl));
    return true;
}

bool lift_fmov_top_to_gen(struct lift *l, uint32_t w)
{
    if (RD(w) == 31)
        return true;
    int a = vreg_read(l, RN(w), XMM_T0), dest = gpr_dest(RD(w), RAX);
    x_vi(&l->e, VPEXTRQ, a, 0, rm_reg(dest), 1);
    gpr_commit(l, RD(w), dest);
    return true;
}

bool lift_fmov_top_from_gen(struct lift *l, uint32_t w)
{
    int a = vreg_read(l, RD(w), XMM_T0), src = gpr_read_z(l, RN(w), RAX);
    x_vi(&l->e, VPINSRQ, a, a, rm_reg(src), 1);
    vreg_commit(l, RD(w), a, 0);
    return true;
}

/* VFPExpandImm (J1.1). */
bool lift_fmov_imm_scalar(struct lift *l, uint32_t w)
{
    if (bits(w, 23, 22) >= 2)
        return false;
    bool dbl = is_double(w);
    uint64_t imm = bits(w, 20, 13), sign = imm >> 7, exponent = imm >> 6 & 1, low = imm & 0x3f;
    uint64_t v = dbl ? sign << 63 | (exponent ? 0x3fc0000000000000 : 0x4000000000000000) | low << 48
                     : sign << 31 | (exponent ? 0x3e000000u : 0x40000000u) | low << 19;
    int dest = vreg_dest(RD(w), XMM_T0);
    x_imm(&l->e, RAX, v);
    x_v(&l->e, dbl ? VMOVQ_FROM_R : VMOVD_LD, dest, 0, rm_reg(RAX));
    vreg_commit(l, RD(w), dest, upper_of(dbl));
    return true;
}

/* ---- comparison and selection ---- */

/* EFLAGS = comparison. FCMPE is invalid for quiet NaNs too, which UCOMIS is not: told to FPSR off the hot path. */
static void cold_quiet_nan(struct lift *l, struct cold *c)
{
    x_alu_imm(&l->e, ALU_OR, false, CPU_SLOT(fpsr), 1);
    x_imm(&l->e, RAX, 0x4500); /* unordered: ZF PF CF */
    x_sahf(&l->e);
    x_jmp_to(&l->e, c->back);
}

static void compare(struct lift *l, uint32_t w, bool with_zero)
{
    struct emit *e = &l->e;
    bool dbl = is_double(w);
    int a = vreg_read(l, RN(w), XMM_T0);
    struct rm b = with_zero ? rm_reg(zero(l, XMM_T1)) : vreg(RM(w));
    may_fault(l);
    x_v(e, VUCOMI(dbl), a, 0, b);
    if (!bit(w, 4))
        return;
    struct cold *nan = cold_add(l, COLD_FN, x_jcc(e, CC_P));
    nan->fn = cold_quiet_nan;
    nan->back = e->p;
}

bool lift_fcmp(struct lift *l, uint32_t w)
{
    if (!plain(l, w))
        return false;
    compare(l, w, false);
    flags_set(l, FL_FCMP);
    return true;
}

bool lift_fcmp_zero(struct lift *l, uint32_t w)
{
    if (!plain(l, w))
        return false;
    compare(l, w, true);
    flags_set(l, FL_FCMP);
    return true;
}

/*
 * The comparison if the condition holds, else a constant. EFLAGS of a
 * floating-point comparison cannot say every constant, so both end as after SUB:
 * of 0 and 1, 0 and 0, or 1 and 0.
 */
bool lift_fccmp(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    unsigned cond = bits(w, 15, 12);
    uint8_t *to_const[2];
    if (!plain(l, w))
        return false;
    if (cond >= 14) {
        compare(l, w, false);
        flags_set(l, FL_FCMP);
        return true;
    }
    flags_read(l);
    unsigned jumps = flags_jump8(e, flags_negated(flags_cond(l, cond)), to_const);
    compare(l, w, false);
    uint8_t *unordered = x_jcc8(e, CC_P);
    x_setcc(e, CC_A, rm_reg(RAX));
    x_setcc(e, CC_B, rm_reg(RCX));
    x_rm(e, false, 0x3a | OP_BYTE, RAX, rm_reg(RCX)); /* cmp al, cl */
    uint8_t *ordered = x_jmp8(e);
    x_bind8(e, unordered);
    emit_flags_const(e, 3);
    uint8_t *done = x_jmp8(e);
    for (unsigned i = 0; i < jumps; i++)
        x_bind8(e, to_const[i]);
    emit_flags_const(e, w & 15);
    x_bind8(e, ordered);
    x_bind8(e, done);
    flags_set(l, FL_SUB);
    return true;
}

bool lift_fcsel(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    bool dbl = is_double(w);
    unsigned cond = bits(w, 15, 12);
    if (bits(w, 23, 22) >= 2 || cond >= 14)
        return false;
    flags_read(l);
    struct hcond c = flags_cond(l, cond);
    int n = vreg_read(l, RN(w), XMM_T0), m = vreg_read(l, RM(w), XMM_T1);
    uint32_t out = dbl ? VMOVQ_TO_R : VMOVD_ST;
    x_v(e, out, n, 0, rm_reg(c.negate ? RAX : RCX));
    x_v(e, out, m, 0, rm_reg(c.negate ? RCX : RAX));
    /* RAX unless one of the conditions holds, then RCX. */
    x_cmov(e, c.cc, dbl, RAX, rm_reg(RCX));
    if (c.cc2 >= 0)
        x_cmov(e, c.cc2, dbl, RAX, rm_reg(RCX));
    int dest = vreg_dest(RD(w), XMM_T0);
    x_v(e, dbl ? VMOVQ_FROM_R : VMOVD_LD, dest, 0, rm_reg(RAX));
    vreg_commit(l, RD(w), dest, upper_of(dbl));
    return true;
}
