/*
 * Building blocks of the Advanced SIMD lifters: see vec.h. x86-64 has no
 * shifts of bytes, no arithmetic shift of 64-bit lanes below AVX-512 and few
 * unsigned comparisons; what stands in for them is here and nowhere else.
 */
#include "engine/jit/vec.h"

const struct lanes lanes_add = {{VPADDB, VPADDW, VPADDD, VPADDQ}};
const struct lanes lanes_sub = {{VPSUBB, VPSUBW, VPSUBD, VPSUBQ}};
const struct lanes lanes_cmpeq = {{VPCMPEQB, VPCMPEQW, VPCMPEQD, VPCMPEQQ}};
const struct lanes lanes_cmpgt = {{VPCMPGTB, VPCMPGTW, VPCMPGTD, VPCMPGTQ}};
const struct lanes lanes_unpack_low = {{VPUNPCKLBW, VPUNPCKLWD, VPUNPCKLDQ, VPUNPCKLQDQ}};
const struct lanes lanes_unpack_high = {{VPUNPCKHBW, VPUNPCKHWD, VPUNPCKHDQ, VPUNPCKHQDQ}};

const struct lanes lanes_mins = {{VPMINSB, VPMINSW, VPMINSD, 0}};
const struct lanes lanes_maxs = {{VPMAXSB, VPMAXSW, VPMAXSD, 0}};
const struct lanes lanes_minu = {{VPMINUB, VPMINUW, VPMINUD, 0}};
const struct lanes lanes_maxu = {{VPMAXUB, VPMAXUW, VPMAXUD, 0}};

const uint16_t vec_sign[4] = {K_SIGN_16B, K_SIGN_8H, K_SIGN_4S, K_SIGN_2D};
const uint16_t vec_max[4] = {K_MAX_16B, K_MAX_8H, K_ABS_4S, K_ABS_2D};

const struct lanes lanes_broadcast = {{VPBROADCASTB, VPBROADCASTW, VPBROADCASTD, VPBROADCASTQ}};
const struct lanes lanes_insert = {{VPINSRB, VPINSRW, VPINSRD, VPINSRQ}};
const struct lanes lanes_extract = {{VPEXTRB, VPEXTRW, VPEXTRD, VPEXTRQ}};

static const uint32_t shift_imm[4] = {0, VPSHIFTW_I, VPSHIFTD_I, VPSHIFTQ_I};

void vec_op(struct lift *l, uint32_t op, int d, unsigned n, unsigned m)
{
    if (op & VOP_EVEX) {
        int a = vreg_read(l, n, XMM_T0);
        x_v(&l->e, op, d, a, vreg(m));
    } else {
        int a = vreg_read_low(l, n, XMM_T0);
        x_v(&l->e, op, d, a, vreg_low(l, m, XMM_T1));
    }
}

int vec_dest(uint32_t op, unsigned n, int t)
{
    return op & VOP_EVEX ? vreg_dest(n, t) : vreg_dest_low(n, t);
}

void vec_commit(struct lift *l, uint32_t w, int x)
{
    if (IS_Q(w))
        vreg_commit(l, RD(w), x, 0);
    else
        vreg_commit_d(l, RD(w), x);
}

void vec_result(struct lift *l, uint32_t w, enum shape shape, unsigned size, int x)
{
    if (shape == VECTOR) {
        vec_commit(l, w, x);
    } else if (size == 3) {
        vreg_commit_d(l, RD(w), x);
    } else {
        int d = vreg_dest(RD(w), x);
        x_v(&l->e, VPAND, d, x, rm_const(K_LANE + 16 * size));
        vreg_commit(l, RD(w), d, 96);
    }
}

void vec_keep(struct lift *l, uint32_t w, enum shape shape, unsigned size, int x)
{
    if (shape == SCALAR)
        x_v(&l->e, VPAND, x, x, rm_const(K_LANE + 16 * size));
    else if (!IS_Q(w))
        x_v(&l->e, VMOVQ_LD, x, 0, rm_reg(x));
}

void vec_commit_narrow(struct lift *l, uint32_t w, int x)
{
    if (!IS_Q(w)) {
        vreg_commit_d(l, RD(w), x);
        return;
    }
    int d = vreg_dest(RD(w), XMM_T0 == x ? XMM_T1 : XMM_T0);
    x_v(&l->e, VPUNPCKLQDQ, d, vreg_read(l, RD(w), d), rm_reg(x));
    vreg_commit(l, RD(w), d, 0);
}

void vec_const32(struct lift *l, int x, uint32_t v)
{
    x_imm(&l->e, RAX, v);
    x_v(&l->e, VMOVD_LD, x, 0, rm_reg(RAX));
    x_vi(&l->e, VPSHUFD, x, 0, rm_reg(x), 0);
}

void vec_const64(struct lift *l, int x, uint64_t v)
{
    if (v == 0) {
        vec_zero(l, x);
    } else if (v == UINT64_MAX) {
        vec_ones(l, x);
    } else if ((uint32_t)v == v >> 32) {
        vec_const32(l, x, (uint32_t)v);
    } else {
        x_imm(&l->e, RAX, v);
        x_v(&l->e, VMOVQ_FROM_R, x, 0, rm_reg(RAX));
        x_v(&l->e, VPUNPCKLQDQ, x, x, rm_reg(x));
    }
}

void vec_not(struct lift *l, int x)
{
    x_v(&l->e, VPXOR, x, x, rm_const(K_ONES));
}

void vec_abs(struct lift *l, unsigned size, int d, int s)
{
    static const uint32_t op[3] = {VPABSB, VPABSW, VPABSD};
    if (size < 3) {
        x_v(&l->e, op[size], d, 0, rm_reg(s));
        return;
    }
    vec_zero(l, XMM_T1);
    x_v(&l->e, VPCMPGTQ, XMM_T1, XMM_T1, rm_reg(s));
    x_v(&l->e, VPXOR, d, XMM_T1, rm_reg(s));
    x_v(&l->e, VPSUBQ, d, d, rm_reg(XMM_T1));
}

void vec_shl(struct lift *l, unsigned size, int d, int s, unsigned count)
{
    if (size) {
        x_vi(&l->e, shift_imm[size], VSH_SLL, d, rm_reg(s), count);
        return;
    }
    x_vi(&l->e, VPSHIFTW_I, VSH_SLL, d, rm_reg(s), count);
    x_v(&l->e, VPAND, d, d, rm_const(K_SHL_BYTES + 16 * count));
}

/* Arithmetic shift of 64-bit lanes: below AVX-512 the sign is a comparison with zero. */
static void sar64(struct lift *l, int d, int s, unsigned count, int t)
{
    if (count == 0) {
        x_v(&l->e, VMOVAPS, d, 0, rm_reg(s));
        return;
    }
    if (jit.avx512) {
        x_vi(&l->e, VPSRAQ_I, VSH_SRA, d, rm_reg(s), count < 64 ? count : 63);
        return;
    }
    vec_zero(l, t);
    x_v(&l->e, VPCMPGTQ, t, t, rm_reg(s));
    if (count < 64)
        x_vi(&l->e, VPSHIFTQ_I, VSH_SLL, t, rm_reg(t), 64 - count);
    x_vi(&l->e, VPSHIFTQ_I, VSH_SRL, d, rm_reg(s), count);
    x_v(&l->e, VPOR, d, d, rm_reg(t));
}

void vec_shr(struct lift *l, unsigned size, bool is_signed, int d, int s, unsigned count, int t)
{
    if (size == 3 && is_signed) {
        sar64(l, d, s, count, t);
        return;
    }
    if (size) {
        x_vi(&l->e, shift_imm[size], is_signed ? VSH_SRA : VSH_SRL, d, rm_reg(s), count);
        return;
    }
    if (is_signed && count > 7)
        count = 7;
    x_vi(&l->e, VPSHIFTW_I, VSH_SRL, d, rm_reg(s), count);
    x_v(&l->e, VPAND, d, d, rm_const(K_SHR_BYTES + 16 * count));
    if (is_signed) {
        /* (x ^ s) - s extends the sign from where it is now. */
        x_v(&l->e, VPXOR, d, d, rm_const(K_SAR_BYTES + 16 * count));
        x_v(&l->e, VPSUBB, d, d, rm_const(K_SAR_BYTES + 16 * count));
    }
}

void vec_shr_rounded(struct lift *l, unsigned size, bool is_signed, int d, int s, unsigned count)
{
    struct emit *e = &l->e;
    unsigned lane = 8u << size;
    struct rm sign = rm_const(K_SIGN_16B);
    if (is_signed && count == lane) {
        vec_zero(l, d); /* less than half a unit */
    } else if (size == 1 && is_signed) {
        x_v(e, VPMULHRSW, d, s, rm_const(K_SHIFT_MUL + 16 * (count - 1)));
    } else if (size < 2) {
        /* The mean of it and zero, rounded, is the last step; that of bytes with a sign is taken with an offset. */
        vec_shr(l, size, is_signed, XMM_T3, s, count - 1, XMM_T1);
        if (is_signed) {
            x_v(e, VPXOR, XMM_T3, XMM_T3, sign);
            x_v(e, VPAVGB, XMM_T3, XMM_T3, sign);
            x_v(e, VPXOR, d, XMM_T3, sign);
        } else {
            vec_zero(l, XMM_T1);
            x_v(e, size ? VPAVGW : VPAVGB, d, XMM_T3, rm_reg(XMM_T1));
        }
    } else {
        /* The last bit that is shifted out is added. */
        vec_shl(l, size, XMM_T3, s, lane - count);
        vec_shr(l, size, false, XMM_T3, XMM_T3, lane - 1, XMM_T1);
        vec_shr(l, size, is_signed, d, s, count, XMM_T1);
        x_v(e, lanes_add.op[size], d, d, rm_reg(XMM_T3));
    }
}

void vec_widen(struct lift *l, uint32_t w, unsigned size, bool is_signed, int d, unsigned n)
{
    static const uint32_t extend[2][3] = {{VPMOVZXBW, VPMOVZXWD, VPMOVZXDQ},
                                          {VPMOVSXBW, VPMOVSXWD, VPMOVSXDQ}};
    if (IS_Q(w)) {
        x_vi(&l->e, VPSHUFD, d, 0, vreg(n), 0xee);
        x_v(&l->e, extend[is_signed][size], d, 0, rm_reg(d));
    } else {
        x_v(&l->e, extend[is_signed][size], d, 0, vreg(n));
    }
}

void vec_truncate(struct lift *l, unsigned size, int x)
{
    if (size < 2)
        x_v(&l->e, VPSHUFB, x, x, rm_const(K_HALVES + 16 * size));
    else
        x_vi(&l->e, VPSHUFD, x, 0, rm_reg(x), 0x88);
}

/* Small lanes are gathered to the halves of each operand first. */
void vec_unzip(struct lift *l, unsigned size, int even, int odd, int a, int b)
{
    struct emit *e = &l->e;
    if (size == 2) {
        x_vi(e, VSHUFPS, odd, a, rm_reg(b), 0xdd);
        x_vi(e, VSHUFPS, even, a, rm_reg(b), 0x88);
        return;
    }
    if (size < 2) {
        x_v(e, VPSHUFB, a, a, rm_const(K_HALVES + 16 * size));
        x_v(e, VPSHUFB, b, b, rm_const(K_HALVES + 16 * size));
    }
    x_v(e, VPUNPCKHQDQ, odd, a, rm_reg(b));
    x_v(e, VPUNPCKLQDQ, even, a, rm_reg(b));
}

/* It overflows if the operands' signs (their difference's complement) agree and the result's does not. */
void vec_saturating(struct lift *l, unsigned size, bool subtract, int a, int b)
{
    struct emit *e = &l->e;
    uint32_t blend = size == 2 ? VBLENDVPS : VBLENDVPD;
    x_v(e, (subtract ? lanes_sub : lanes_add).op[size], XMM_T2, a, rm_reg(b));
    x_v(e, VPXOR, XMM_T3, a, rm_reg(subtract ? b : XMM_T2));
    x_v(e, VPXOR, XMM_T0, subtract ? a : b, rm_reg(XMM_T2));
    x_v(e, VPAND, XMM_T3, XMM_T3, rm_reg(XMM_T0));
    x_v(e, VMOVDQU_LD, XMM_T0, 0, rm_const(vec_sign[size]));
    x_vi(e, blend, XMM_T0, XMM_T0, rm_const(vec_max[size]), XMM_T2 << 4);
    x_vi(e, blend, XMM_T0, XMM_T2, rm_reg(XMM_T0), XMM_T3 << 4);
}

#define FPSR_QC (1 << 27)

uint8_t *vec_qc_ask(struct lift *l)
{
    flags_clobber(l);
    x_test_imm(&l->e, false, CPU_SLOT(fpsr), FPSR_QC);
    return x_jcc(&l->e, CC_NE);
}

void vec_qc_tell(struct lift *l, uint8_t *known, int x)
{
    x_v(&l->e, VPTEST, x, 0, rm_reg(x));
    l->e.clobbered = true;
    uint8_t *none = x_jcc8(&l->e, CC_E);
    x_alu_imm(&l->e, ALU_OR, false, CPU_SLOT(fpsr), FPSR_QC);
    x_bind8(&l->e, none);
    x_bind(&l->e, known);
}
