/*
 * Advanced SIMD: shifts by a register (Arm ARM C4.1.94, three registers of one
 * type). A lane's count is the signed low byte of Vm's lane: left, or right if
 * negative, rounded or not, saturated or not. The host shifts left and right
 * by counts of its lanes, which it takes as unsigned: what is too large, and so
 * a negative one, gives zero or copies of the sign. It has lanes of words and
 * doublewords, and of halfwords with AVX-512: narrower ones become the upper
 * part of such lanes in 32 bytes.
 */
#include "engine/jit/vec.h"

struct shifts {
    bool is_signed, rounded, saturated;
};

/* The host's lanes and how to get there: `top` bits above which the guest's lane lies. */
struct host_lanes {
    unsigned size; /* log2 of bytes */
    unsigned top;
    uint32_t wide; /* VOP_256 or 0 */
    uint16_t unit;
};

/* False: the interpreter's. */
static bool host_lanes(struct host_lanes *h, unsigned size, const struct shifts *s)
{
    static const struct host_lanes same[4] = {
        {0}, {1, 0, 0, K_HALVES_01}, {2, 0, 0, K_WORDS_01}, {3, 0, 0, K_DOUBLES_01}};
    *h = same[size];
    if (size == 0)
        *h = (struct host_lanes){1, 8, VOP_256, K_UNIT_16B};
    else if (size == 1 && !jit.avx512)
        *h = (struct host_lanes){2, 16, VOP_256, K_UNIT_8H};
    return jit.avx512 || size == 1 || size == 2 || (size == 3 && !s->is_signed && !s->saturated);
}

static void shift_imm(struct lift *l, const struct host_lanes *h, unsigned kind, int d, int s,
                      unsigned count)
{
    static const uint32_t op[4] = {0, VPSHIFTW_I, VPSHIFTD_I, VPSHIFTQ_I};
    bool sar64 = kind == VSH_SRA && h->size == 3;
    x_vi(&l->e, (sar64 ? VPSRAQ_I : op[h->size]) | h->wide, kind, d, rm_reg(s), count);
}

static void shift_by(struct lift *l, const struct host_lanes *h, unsigned kind, int d, int s,
                     int count)
{
    static const uint32_t sll[4] = {0, VPSLLVW, VPSLLVD, VPSLLVQ},
                          srl[4] = {0, VPSRLVW, VPSRLVD, VPSRLVQ},
                          sra[4] = {0, VPSRAVW, VPSRAVD, VPSRAVQ};
    const uint32_t *op = kind == VSH_SLL ? sll : kind == VSH_SRL ? srl : sra;
    x_v(&l->e, op[h->size] | h->wide, d, s, rm_reg(count));
}

/* x = the lanes of V[n], each in the upper part of a lane of the host. */
static void load_lanes(struct lift *l, const struct host_lanes *h, int x, unsigned n)
{
    if (!h->wide) {
        x_v(&l->e, VMOVDQU_LD, x, 0, vreg(n));
        return;
    }
    x_v(&l->e, (h->size == 1 ? VPMOVZXBW : VPMOVZXWD) | VOP_256, x, 0, vreg(n));
    shift_imm(l, h, VSH_SLL, x, x, h->top);
}

/* x = the counts, all bits of a lane: with its sign, or (without AVX-512) as an unsigned byte, which is too large then. */
static void load_counts(struct lift *l, const struct host_lanes *h, int x, unsigned m)
{
    unsigned up = (8u << h->size) - 8;
    int s = x;
    if (h->wide)
        x_v(&l->e, (h->size == 1 ? VPMOVZXBW : VPMOVZXWD) | VOP_256, x, 0, vreg(m));
    else
        s = vreg_read(l, m, x);
    shift_imm(l, h, VSH_SLL, x, s, up);
    shift_imm(l, h, h->size == 3 && !jit.avx512 ? VSH_SRL : VSH_SRA, x, x, up);
}

/* T2 = V[Rn] shifted left, saturated: where the shift back does not give it again. The spilled vector says where it does. */
static void saturate_left(struct lift *l, const struct host_lanes *h, bool is_signed)
{
    struct emit *e = &l->e;
    struct rm spill = word_slot(JW_SPILL);
    shift_by(l, h, is_signed ? VSH_SRA : VSH_SRL, XMM_T3, XMM_T2, XMM_T1);
    x_v(e, lanes_cmpeq.op[h->size] | h->wide, XMM_T3, XMM_T3, rm_reg(XMM_T0));
    x_v(e, VMOVDQU_ST | h->wide, XMM_T3, 0, spill);
    if (is_signed) {
        shift_imm(l, h, VSH_SRA, XMM_T1, XMM_T0, (8u << h->size) - 1);
        x_v(e, VPXOR | h->wide, XMM_T1, XMM_T1, rm_const(vec_max[h->size]));
        x_vi(e, VPBLENDVB | h->wide, XMM_T2, XMM_T1, rm_reg(XMM_T2), XMM_T3 << 4);
    } else {
        x_v(e, VPXOR | h->wide, XMM_T3, XMM_T3, rm_const(K_ONES));
        x_v(e, VPOR | h->wide, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    }
}

/* T0 = T2 where the sign of T3 is set, else T0; uses T3. */
static void choose(struct lift *l, const struct host_lanes *h)
{
    static const uint32_t op[4] = {0, VPBLENDVB, VBLENDVPS, VBLENDVPD};
    if (h->size == 1)
        shift_imm(l, h, VSH_SRA, XMM_T3, XMM_T3, 15);
    x_vi(&l->e, op[h->size] | h->wide, XMM_T0, XMM_T0, rm_reg(XMM_T2), XMM_T3 << 4);
}

/* x = the upper parts of its lanes, as the guest has them. */
static void unload_lanes(struct lift *l, const struct host_lanes *h, int x)
{
    struct emit *e = &l->e;
    if (!h->wide)
        return;
    shift_imm(l, h, VSH_SRL, x, x, h->top);
    if (h->size == 1) {
        x_v(e, VPMOVWB | VOP_256, x, 0, rm_reg(x));
    } else {
        x_v(e, VPACKUSDW | VOP_256, x, x, rm_reg(x));
        x_vi(e, VPERMQ | VOP_256, x, 0, rm_reg(x), 0x08);
    }
}

/* QC: a lane was shifted left and did not come back. */
static void tell_lost(struct lift *l, uint32_t w, enum shape shape, const struct host_lanes *h)
{
    struct emit *e = &l->e;
    uint8_t *known = vec_qc_ask(l);
    load_counts(l, h, XMM_T1, RM(w));
    shift_imm(l, h, VSH_SRA, XMM_T1, XMM_T1, (8u << h->size) - 1);
    x_v(e, VPOR | h->wide, XMM_T1, XMM_T1, word_slot(JW_SPILL));
    x_v(e, VPXOR | h->wide, XMM_T1, XMM_T1, rm_const(K_ONES));
    unload_lanes(l, h, XMM_T1);
    vec_keep(l, w, shape, LANE(w), XMM_T1);
    vec_qc_tell(l, known, XMM_T1);
}

static bool by_register(struct lift *l, uint32_t w, enum shape shape, const struct shifts *s)
{
    struct emit *e = &l->e;
    unsigned size = LANE(w), right = s->is_signed ? VSH_SRA : VSH_SRL;
    struct host_lanes h;
    if (!host_lanes(&h, size, s))
        return false;
    load_lanes(l, &h, XMM_T0, RN(w));
    load_counts(l, &h, XMM_T1, RM(w));
    shift_by(l, &h, VSH_SLL, XMM_T2, XMM_T0, XMM_T1);
    if (s->saturated) {
        saturate_left(l, &h, s->is_signed);
        load_counts(l, &h, XMM_T1, RM(w));
    }
    /* Right by one less than asked for, which is the complement, then by one: the last bit rounds. */
    x_v(e, VPXOR | h.wide, XMM_T3, XMM_T1,
        rm_const(size == 3 && !jit.avx512 ? K_LOW_BYTE_2D : K_ONES));
    shift_by(l, &h, right, XMM_T0, XMM_T0, XMM_T3);
    if (s->rounded)
        x_v(e, VPAND | h.wide, XMM_T1, XMM_T0, rm_const(h.unit));
    shift_imm(l, &h, right, XMM_T0, XMM_T0, 1);
    if (s->rounded)
        x_v(e, lanes_add.op[h.size] | h.wide, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    if (s->is_signed || s->saturated)
        choose(l, &h);
    else
        x_v(e, VPOR | h.wide, XMM_T0, XMM_T0, rm_reg(XMM_T2));
    unload_lanes(l, &h, XMM_T0);
    if (s->saturated)
        tell_lost(l, w, shape, &h);
    if (h.wide)
        x_vzeroupper(e);
    vec_result(l, w, shape, size, XMM_T0);
    return true;
}

#define BY_REGISTER(name, ...)                              \
    static const struct shifts shifts_##name = __VA_ARGS__; \
    bool lift_##name##_vec(struct lift *l, uint32_t w)      \
    {                                                       \
        return by_register(l, w, VECTOR, &shifts_##name);   \
    }                                                       \
    bool lift_##name##_scalar(struct lift *l, uint32_t w)   \
    {                                                       \
        w = AS_SCALAR(w);                                   \
        return by_register(l, w, SCALAR, &shifts_##name);   \
    }

BY_REGISTER(sshl, {true, false, false})
BY_REGISTER(ushl, {false, false, false})
BY_REGISTER(srshl, {true, true, false})
BY_REGISTER(urshl, {false, true, false})
BY_REGISTER(sqshl, {true, false, true})
BY_REGISTER(uqshl, {false, false, true})
BY_REGISTER(sqrshl, {true, true, true})
BY_REGISTER(uqrshl, {false, true, true})
