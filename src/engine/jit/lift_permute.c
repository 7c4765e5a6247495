/*
 * Advanced SIMD: copies between lanes and general registers, permutations,
 * tables, reversals and immediates (Arm ARM C4.1.94). One or two host shuffles
 * each.
 */
#include "engine/jit/vec.h"

/* imm5: the lowest set bit is the lane size, what is above it the index. */
static unsigned lane_size(uint32_t imm5)
{
    return (unsigned)__builtin_ctz(imm5);
}

/* ---- copies ---- */

bool lift_dup_elem(struct lift *l, uint32_t w)
{
    unsigned imm = bits(w, 20, 16), size = lane_size(imm), index = imm >> (size + 1);
    int d = vreg_dest(RD(w), XMM_T0);
    if (size == 2) {
        x_vi(&l->e, VPSHUFD, d, 0, vreg(RN(w)), index * 0x55);
    } else if (index) {
        x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, XMM_T0, rm_reg(vreg_read(l, RN(w), XMM_T0)),
             index << size);
        x_v(&l->e, lanes_broadcast.op[size], d, 0, rm_reg(XMM_T0));
    } else {
        x_v(&l->e, lanes_broadcast.op[size], d, 0, vreg(RN(w)));
    }
    vec_commit(l, w, d);
    return true;
}

bool lift_dup_gen(struct lift *l, uint32_t w)
{
    unsigned size = lane_size(bits(w, 20, 16));
    int d = vreg_dest(RD(w), XMM_T0);
    if (RN(w) == 31) {
        vec_zero(l, XMM_T0);
        d = XMM_T0;
    } else {
        if (size == 3)
            x_v(&l->e, VMOVQ_FROM_R, XMM_T0, 0, gpr(RN(w)));
        else
            x_v(&l->e, VMOVD_LD, XMM_T0, 0, gpr(RN(w)));
        x_v(&l->e, lanes_broadcast.op[size], d, 0, rm_reg(XMM_T0));
    }
    vec_commit(l, w, d);
    return true;
}

/* eax or rax = a lane, zero-extended. */
static void extract(struct lift *l, unsigned size, unsigned index, int r, unsigned n)
{
    int x = vreg_read(l, n, XMM_T0);
    if (index == 0 && size >= 2)
        x_v(&l->e, size == 3 ? VMOVQ_TO_R : VMOVD_ST, x, 0, rm_reg(r));
    else
        x_vi(&l->e, lanes_extract.op[size], x, 0, rm_reg(r), index);
}

bool lift_umov(struct lift *l, uint32_t w)
{
    unsigned imm = bits(w, 20, 16), size = lane_size(imm);
    if (RD(w) == 31)
        return true;
    int d = gpr_dest(RD(w), RAX);
    extract(l, size, imm >> (size + 1), d, RN(w));
    gpr_commit(l, RD(w), d);
    return true;
}

bool lift_smov(struct lift *l, uint32_t w)
{
    unsigned imm = bits(w, 20, 16), size = lane_size(imm);
    if (RD(w) == 31)
        return true;
    int d = gpr_dest(RD(w), RAX);
    extract(l, size, imm >> (size + 1), RAX, RN(w));
    if (size == 0)
        x_movsx8(&l->e, IS_Q(w), d, rm_reg(RAX));
    else if (size == 1)
        x_movsx16(&l->e, IS_Q(w), d, rm_reg(RAX));
    else
        x_movsxd(&l->e, d, rm_reg(RAX));
    gpr_commit(l, RD(w), d);
    return true;
}

bool lift_ins_gen(struct lift *l, uint32_t w)
{
    unsigned imm = bits(w, 20, 16), size = lane_size(imm);
    int d = vreg_dest(RD(w), XMM_T0), s = vreg_read(l, RD(w), XMM_T0),
        r = gpr_read_z(l, RN(w), RAX);
    x_vi(&l->e, lanes_insert.op[size], d, s, rm_reg(r), imm >> (size + 1));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_ins_elem(struct lift *l, uint32_t w)
{
    unsigned imm = bits(w, 20, 16), size = lane_size(imm), to = imm >> (size + 1),
             from = bits(w, 14, 11) >> size;
    int d = vreg_dest(RD(w), XMM_T0), s = vreg_read(l, RD(w), XMM_T0);
    if (size == 3 && to == 0) {
        int n = vreg_read(l, RN(w), XMM_T1);
        x_vi(&l->e, VSHUFPD, d, n, rm_reg(s), from | 2);
    } else if (size == 3) {
        x_vi(&l->e, VSHUFPD, d, s, vreg(RN(w)), from << 1);
    } else if (size == 2) {
        x_vi(&l->e, VINSERTPS, d, s, rm_reg(vreg_read(l, RN(w), XMM_T1)), from << 6 | to << 4);
    } else {
        int n = vreg_read(l, RN(w), XMM_T1);
        x_vi(&l->e, size ? VPEXTRW : VPEXTRB, n, 0, rm_reg(RAX), from);
        x_vi(&l->e, lanes_insert.op[size], d, s, rm_reg(RAX), to);
    }
    vreg_commit(l, RD(w), d, 0);
    return true;
}

/* One lane to the lowest, the rest zero. */
bool lift_dup_scalar(struct lift *l, uint32_t w)
{
    unsigned imm = bits(w, 20, 16), size = lane_size(imm), index = imm >> (size + 1);
    int d = vreg_dest(RD(w), XMM_T0), n = vreg_read(l, RN(w), XMM_T1);
    if (size == 3 && index)
        x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, d, rm_reg(n), 8);
    else if (size == 3)
        x_v(&l->e, VMOVQ_LD, d, 0, rm_reg(n));
    else if (size == 2)
        x_vi(&l->e, VINSERTPS, d, n, rm_reg(n), index << 6 | 0x0e);
    else {
        x_vi(&l->e, size ? VPEXTRW : VPEXTRB, n, 0, rm_reg(RAX), index);
        x_v(&l->e, VMOVD_LD, d, 0, rm_reg(RAX));
    }
    vreg_commit(l, RD(w), d, size == 3 ? 64 : 96);
    return true;
}

/* ---- permutations ---- */

static bool zip(struct lift *l, uint32_t w, bool second)
{
    const struct lanes *unpack = second && IS_Q(w) ? &lanes_unpack_high : &lanes_unpack_low;
    int d = vreg_dest(RD(w), XMM_T0);
    vec_op(l, unpack->op[LANE(w)], d, RN(w), RM(w));
    if (second && !IS_Q(w))
        x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, d, rm_reg(d), 8);
    vec_commit(l, w, d);
    return true;
}

bool lift_zip1(struct lift *l, uint32_t w)
{
    return zip(l, w, false);
}

bool lift_zip2(struct lift *l, uint32_t w)
{
    return zip(l, w, true);
}

static bool unzip(struct lift *l, uint32_t w, bool second)
{
    if (IS_Q(w)) {
        x_v(&l->e, VMOVDQU_LD, XMM_T0, 0, vreg(RN(w)));
        x_v(&l->e, VMOVDQU_LD, XMM_T1, 0, vreg(RM(w)));
    } else {
        x_v(&l->e, VPUNPCKLQDQ, XMM_T0, vreg_read(l, RN(w), XMM_T0), vreg(RM(w)));
        x_v(&l->e, VMOVAPS, XMM_T1, 0, rm_reg(XMM_T0));
    }
    vec_unzip(l, LANE(w), XMM_T0, XMM_T3, XMM_T0, XMM_T1);
    vec_commit(l, w, second ? XMM_T3 : XMM_T0);
    return true;
}

bool lift_uzp1(struct lift *l, uint32_t w)
{
    return unzip(l, w, false);
}

bool lift_uzp2(struct lift *l, uint32_t w)
{
    return unzip(l, w, true);
}

/* Even (or odd) lanes of Vn stay or go even, those of Vm go odd. */
static bool transpose(struct lift *l, uint32_t w, bool second)
{
    struct emit *e = &l->e;
    unsigned size = LANE(w), lane = 8u << size;
    if (size == 3) {
        int d = vreg_dest(RD(w), XMM_T0);
        vec_op(l, second ? VPUNPCKHQDQ : VPUNPCKLQDQ, d, RN(w), RM(w));
        vec_commit(l, w, d);
        return true;
    }
    int n = vreg_read_low(l, RN(w), XMM_T0), m = vreg_read_low(l, RM(w), XMM_T1);
    if (second) {
        vec_shr(l, size + 1, false, XMM_T2, n, lane, XMM_T3);
        n = XMM_T2;
    } else {
        vec_shl(l, size + 1, XMM_T2, m, lane);
        m = XMM_T2;
    }
    if (size == 2) {
        x_vi(e, VPBLENDD, XMM_T0, n, rm_reg(m), 0x0a);
    } else if (size == 1) {
        x_vi(e, VPBLENDW, XMM_T0, n, rm_reg(m), 0xaa);
    } else {
        x_v(e, VMOVDQU_LD, XMM_T3, 0, rm_const(K_EVEN_BYTES));
        x_vi(e, VPBLENDVB, XMM_T0, m, rm_reg(n), XMM_T3 << 4);
    }
    vec_commit(l, w, XMM_T0);
    return true;
}

bool lift_trn1(struct lift *l, uint32_t w)
{
    return transpose(l, w, false);
}

bool lift_trn2(struct lift *l, uint32_t w)
{
    return transpose(l, w, true);
}

bool lift_ext(struct lift *l, uint32_t w)
{
    unsigned from = bits(w, 14, 11);
    int d = vreg_dest(RD(w), XMM_T0);
    if (IS_Q(w)) {
        int m = vreg_read(l, RM(w), XMM_T1);
        x_vi(&l->e, VPALIGNR, d, m, vreg(RN(w)), from);
    } else {
        vec_op(l, VPUNPCKLQDQ, d, RN(w), RM(w));
        x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, d, rm_reg(d), from);
    }
    vec_commit(l, w, d);
    return true;
}

/* The lanes of every 1 << group bytes reversed; the orders stand in the pool by group and lane size. */
static bool reverse(struct lift *l, uint32_t w, unsigned group)
{
    unsigned order = group * (group - 1) / 2 + LANE(w);
    int d = vreg_dest(RD(w), XMM_T0), n = vreg_read(l, RN(w), XMM_T0);
    x_v(&l->e, VPSHUFB, d, n, rm_const(K_REVERSE + 16 * order));
    vec_commit(l, w, d);
    return true;
}

bool lift_rev64_vec(struct lift *l, uint32_t w)
{
    return reverse(l, w, 3);
}

bool lift_rev32_vec(struct lift *l, uint32_t w)
{
    return reverse(l, w, 2);
}

bool lift_rev16_vec(struct lift *l, uint32_t w)
{
    return reverse(l, w, 1);
}

/* ---- tables ---- */

/*
 * PSHUFB gives zero where bit 7 of an index is set: adding 0x70 with
 * saturation sets it for 16 and more. Each further register looks up indexes
 * lower by 16. T1 = what was found, T2 = the indexes, T3 = scratch.
 */
static void look_up(struct lift *l, uint32_t w, unsigned count)
{
    struct emit *e = &l->e;
    x_v(e, VMOVDQU_LD, XMM_T2, 0, vreg(RM(w)));
    for (unsigned i = 0; i < count; i++) {
        int table = vreg_read(l, (RN(w) + i) & 31, XMM_T0);
        x_v(e, VPADDUSB, XMM_T3, XMM_T2, rm_const(K_BYTES_70));
        if (i == 0) {
            x_v(e, VPSHUFB, XMM_T1, table, rm_reg(XMM_T3));
        } else {
            x_v(e, VPSHUFB, XMM_T3, table, rm_reg(XMM_T3));
            x_v(e, VPOR, XMM_T1, XMM_T1, rm_reg(XMM_T3));
        }
        if (i + 1 < count)
            x_v(e, VPSUBB, XMM_T2, XMM_T2, rm_const(K_BYTES_10));
    }
}

bool lift_tbl(struct lift *l, uint32_t w)
{
    look_up(l, w, bits(w, 14, 13) + 1);
    vec_commit(l, w, XMM_T1);
    return true;
}

bool lift_tbx(struct lift *l, uint32_t w)
{
    unsigned count = bits(w, 14, 13) + 1;
    look_up(l, w, count);
    /* Where the index is below the table's size: what was found; else Vd stays. */
    x_v(&l->e, VMOVDQU_LD, XMM_T3, 0, rm_const(K_TABLE + 16 * (count - 1)));
    x_v(&l->e, VPMINUB, XMM_T3, XMM_T3, vreg(RM(w)));
    x_v(&l->e, VPCMPEQB, XMM_T3, XMM_T3, vreg_low(l, RM(w), XMM_T2));
    int d = vreg_read_low(l, RD(w), XMM_T0);
    x_vi(&l->e, VPBLENDVB, XMM_T0, d, rm_reg(XMM_T1), XMM_T3 << 4);
    vec_commit(l, w, XMM_T0);
    return true;
}

/* ---- immediates ---- */

/* AdvSIMDExpandImm (Arm ARM shared/functions/vector). */
static uint64_t expand_imm(uint32_t w)
{
    uint64_t imm = bits(w, 18, 16) << 5 | bits(w, 9, 5);
    unsigned cmode = bits(w, 15, 12);
    bool op = bit(w, 29);
    uint64_t v;
    if (cmode < 8) {
        v = imm << 8 * (cmode >> 1);
        return v << 32 | v;
    }
    if (cmode < 12)
        return (imm << 8 * (cmode >> 1 & 1)) * 0x0001000100010001ull;
    if (cmode < 14) {
        v = cmode & 1 ? imm << 16 | 0xffff : imm << 8 | 0xff;
        return v << 32 | v;
    }
    if (cmode == 14 && !op)
        return imm * 0x0101010101010101ull;
    if (cmode == 14) {
        v = 0;
        for (unsigned i = 0; i < 8; i++)
            v |= imm >> i & 1 ? 0xffull << 8 * i : 0;
        return v;
    }
    uint64_t sign = imm >> 7, exp = imm >> 6 & 1, low = imm & 0x3f;
    if (op)
        return sign << 63 | (exp ? 0x3fc0ull : 0x4000ull) << 48 | low << 48;
    v = sign << 31 | (exp ? 0x3e0ull : 0x400ull) << 20 | low << 19;
    return v << 32 | v;
}

static bool immediate(struct lift *l, uint32_t w, bool invert)
{
    uint64_t v = expand_imm(w);
    int d = vreg_dest_low(RD(w), XMM_T0);
    vec_const64(l, d, invert ? ~v : v);
    if (!IS_Q(w) && v == (invert ? UINT64_MAX : 0))
        vreg_commit(l, RD(w), d, 96);
    else
        vec_commit(l, w, d);
    return true;
}

bool lift_movi(struct lift *l, uint32_t w)
{
    return immediate(l, w, false);
}

bool lift_mvni(struct lift *l, uint32_t w)
{
    return immediate(l, w, true);
}

bool lift_orr_imm_s(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    vec_const64(l, XMM_T1, expand_imm(w));
    x_v(&l->e, VPOR, d, XMM_T1, vreg(RD(w)));
    vec_commit(l, w, d);
    return true;
}

bool lift_bic_imm_s(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    vec_const64(l, XMM_T1, expand_imm(w));
    x_v(&l->e, VPANDN, d, XMM_T1, vreg(RD(w)));
    vec_commit(l, w, d);
    return true;
}
