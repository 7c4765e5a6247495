/*
 * Cryptography by the host's instructions (Arm ARM C4.1.93): one AES round is
 * split differently on Arm, so AESE followed by AESMC (and AESD by AESIMC) on
 * one register become a single host round.
 */
#include "engine/jit/vec.h"

/* The instruction after this one is `op` from V[d] to V[d], in the same block. */
static bool followed_by(struct lift *l, enum a64_op op, unsigned d)
{
    const struct insn *next = &l->insn[l->at + 1];
    return l->at + 1 < REGION_WINDOW && next->present && !next->leader && next->op == op &&
           RD(next->word) == d && RN(next->word) == d;
}

static bool aes(struct lift *l, uint32_t w, uint32_t last, uint32_t round, enum a64_op mix)
{
    if (!jit.aes)
        return false;
    int d = vreg_dest_low(RD(w), XMM_T0);
    bool fused = followed_by(l, mix, RD(w));
    vec_op(l, VPXOR, XMM_T0, RD(w), RN(w));
    vec_zero(l, XMM_T1);
    x_v(&l->e, fused ? round : last, d, XMM_T0, rm_reg(XMM_T1));
    vreg_commit(l, RD(w), d, 0);
    if (fused)
        l->skip = 1;
    return true;
}

bool lift_aese(struct lift *l, uint32_t w)
{
    return aes(l, w, VAESENCLAST, VAESENC, A64_aesmc);
}

/* AESDEC mixes before it adds its key, which is zero here. */
bool lift_aesd(struct lift *l, uint32_t w)
{
    return aes(l, w, VAESDECLAST, VAESDEC, A64_aesimc);
}

/* MixColumns alone: the last decryption round undoes the rest of an encryption round. */
bool lift_aesmc(struct lift *l, uint32_t w)
{
    if (!jit.aes)
        return false;
    int n = vreg_read_low(l, RN(w), XMM_T0), d = vreg_dest_low(RD(w), XMM_T0);
    vec_zero(l, XMM_T1);
    x_v(&l->e, VAESDECLAST, XMM_T0, n, rm_reg(XMM_T1));
    x_v(&l->e, VAESENC, d, XMM_T0, rm_reg(XMM_T1));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_aesimc(struct lift *l, uint32_t w)
{
    if (!jit.aes)
        return false;
    int d = vreg_dest_low(RD(w), XMM_T0);
    x_v(&l->e, VAESIMC, d, 0, vreg_low(l, RN(w), XMM_T0));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_pmull_d(struct lift *l, uint32_t w)
{
    if (!jit.pclmul)
        return false;
    int n = vreg_read_low(l, RN(w), XMM_T0), d = vreg_dest_low(RD(w), XMM_T0);
    x_vi(&l->e, VPCLMULQDQ, d, n, vreg_low(l, RM(w), XMM_T1), IS_Q(w) ? 0x11 : 0);
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_eor3(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    vec_op(l, VPXOR, XMM_T0, RN(w), RM(w));
    x_v(&l->e, VPXOR, d, XMM_T0, vreg(bits(w, 14, 10)));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_bcax(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0), a = vreg_read(l, bits(w, 14, 10), XMM_T0);
    x_v(&l->e, VPANDN, XMM_T0, a, vreg(RM(w)));
    x_v(&l->e, VPXOR, d, XMM_T0, vreg(RN(w)));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

/* d = x rotated right in 64-bit lanes; uses T1. */
static void rotate(struct lift *l, int d, int x, unsigned count)
{
    x_vi(&l->e, VPSHIFTQ_I, VSH_SRL, XMM_T1, rm_reg(x), count);
    x_vi(&l->e, VPSHIFTQ_I, VSH_SLL, d, rm_reg(x), 64 - count);
    x_v(&l->e, VPOR, d, d, rm_reg(XMM_T1));
}

bool lift_rax1(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T2);
    rotate(l, XMM_T2, vreg_read(l, RM(w), XMM_T0), 63);
    x_v(&l->e, VPXOR, d, XMM_T2, vreg(RN(w)));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_xar(struct lift *l, uint32_t w)
{
    vec_op(l, VPXOR, XMM_T0, RN(w), RM(w));
    rotate(l, XMM_T2, XMM_T0, bits(w, 15, 10));
    vreg_commit(l, RD(w), XMM_T2, 0);
    return true;
}
