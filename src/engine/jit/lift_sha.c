/*
 * SHA-1 and SHA-256 by the host's instructions (Arm ARM C4.1.96, cryptographic
 * SHA). Both machines do four rounds of SHA-1 and two or four of SHA-256 at a
 * time, but order and split the state differently: Arm has a..d and e..h with a
 * in the lowest word, x86 a,b,e,f and c,d,g,h with a in the highest. What the
 * guest gives as message words has the round constants added; x86 adds those
 * of SHA-1 itself. The host's instructions have no VEX form, and SHA256RNDS2
 * takes its words from XMM0, which is pinned.
 */
#include "engine/jit/vec.h"

#define SHA1RNDS4 (0xcc | OP_0F3A)
#define SHA1MSG2 (0xca | OP_0F38)
#define SHA256RNDS2 (0xcb | OP_0F38)
#define SHA256MSG1 (0xcc | OP_0F38)
#define SHA256MSG2 (0xcd | OP_0F38)

#define REVERSED 0x1b /* the words of a VPSHUFD in opposite order */

static void copy(struct lift *l, int d, unsigned n)
{
    x_v(&l->e, VMOVDQU_LD, d, 0, vreg(n));
}

/* ---- SHA-1 ---- */

enum sha1_mix { SHA1_CHOOSE, SHA1_PARITY, SHA1_MAJORITY };

static bool sha1_rounds(struct lift *l, uint32_t w, enum sha1_mix mix)
{
    struct emit *e = &l->e;
    if (!jit.sha)
        return false;
    int d = vreg_dest(RD(w), XMM_T0), hash_e = vreg_read(l, RN(w), XMM_T0);
    x_vi(e, VPSHIFTQ_I, VSH_SLLDQ, XMM_T1, rm_reg(hash_e), 12);
    x_v(e, VMOVDQU_LD, XMM_T2, 0, rm_const(K_SHA1 + 16 * mix));
    x_v(e, VPADDD, XMM_T2, XMM_T2, vreg(RM(w)));
    x_vi(e, VPSHUFD, XMM_T2, 0, rm_reg(XMM_T2), REVERSED);
    x_v(e, VPADDD, XMM_T1, XMM_T1, rm_reg(XMM_T2));
    x_vi(e, VPSHUFD, XMM_T2, 0, vreg(RD(w)), REVERSED);
    x_rm(e, false, SHA1RNDS4, XMM_T2, rm_reg(XMM_T1));
    e8(e, (uint8_t)mix);
    x_vi(e, VPSHUFD, d, 0, rm_reg(XMM_T2), REVERSED);
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_sha1c(struct lift *l, uint32_t w)
{
    return sha1_rounds(l, w, SHA1_CHOOSE);
}

bool lift_sha1p(struct lift *l, uint32_t w)
{
    return sha1_rounds(l, w, SHA1_PARITY);
}

bool lift_sha1m(struct lift *l, uint32_t w)
{
    return sha1_rounds(l, w, SHA1_MAJORITY);
}

/* d = x, each word rotated left. */
static void rotate_words(struct lift *l, int d, int x, unsigned count, int t)
{
    x_vi(&l->e, VPSHIFTD_I, VSH_SRL, t, rm_reg(x), 32 - count);
    x_vi(&l->e, VPSHIFTD_I, VSH_SLL, d, rm_reg(x), count);
    x_v(&l->e, VPOR, d, d, rm_reg(t));
}

bool lift_sha1h(struct lift *l, uint32_t w)
{
    int d = vreg_dest(RD(w), XMM_T0);
    rotate_words(l, XMM_T0, vreg_read(l, RN(w), XMM_T0), 30, XMM_T1);
    x_vi(&l->e, VINSERTPS, d, XMM_T0, rm_reg(XMM_T0), 0x0e);
    vreg_commit(l, RD(w), d, 96);
    return true;
}

bool lift_sha1su0(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    int d = vreg_read(l, RD(w), XMM_T0), out = vreg_dest(RD(w), XMM_T0);
    x_vi(e, VSHUFPD, XMM_T1, d, vreg(RN(w)), 1);
    x_v(e, VPXOR, XMM_T1, XMM_T1, vreg(RM(w)));
    x_v(e, VPXOR, out, d, rm_reg(XMM_T1));
    vreg_commit(l, RD(w), out, 0);
    return true;
}

bool lift_sha1su1(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    if (!jit.sha)
        return false;
    int d = vreg_dest(RD(w), XMM_T0);
    x_vi(e, VPSHUFD, XMM_T0, 0, vreg(RD(w)), REVERSED);
    x_vi(e, VPSHUFD, XMM_T1, 0, vreg(RN(w)), REVERSED);
    x_rm(e, false, SHA1MSG2, XMM_T0, rm_reg(XMM_T1));
    x_vi(e, VPSHUFD, d, 0, rm_reg(XMM_T0), REVERSED);
    vreg_commit(l, RD(w), d, 0);
    return true;
}

/* ---- SHA-256 ---- */

#define HALF_AB_EF 0x11 /* VSHUFPS y, x: f e b a; of the state's halves after the rounds: e f g h */
#define HALF_CD_GH 0xbb /* h g d c; a b c d */

/* Four rounds on V[x] = a..d and V[y] = e..h; V[Rd] = one of them, as `half` says. */
static bool sha256_rounds(struct lift *l, uint32_t w, unsigned x, unsigned y, unsigned half)
{
    struct emit *e = &l->e;
    if (!jit.sha)
        return false;
    int efgh = vreg_read(l, y, XMM_T0), d = vreg_dest(RD(w), XMM_T0);
    x_vi(e, VSHUFPS, XMM_T1, efgh, vreg(x), HALF_AB_EF);
    x_vi(e, VSHUFPS, XMM_T2, efgh, vreg(x), HALF_CD_GH);
    x_v(e, VMOVAPS, XMM_T3, 0, rm_reg(0));
    copy(l, XMM_T0, RM(w));
    x_v(e, VMOVAPS, 0, 0, rm_reg(XMM_T0));
    x_rm(e, false, SHA256RNDS2, XMM_T2, rm_reg(XMM_T1));
    x_vi(e, VPSHUFD, 0, 0, rm_reg(XMM_T0), 0xee);
    x_rm(e, false, SHA256RNDS2, XMM_T1, rm_reg(XMM_T2));
    x_v(e, VMOVAPS, 0, 0, rm_reg(XMM_T3));
    x_vi(e, VSHUFPS, d, XMM_T1, rm_reg(XMM_T2), half);
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_sha256h(struct lift *l, uint32_t w)
{
    return sha256_rounds(l, w, RD(w), RN(w), HALF_CD_GH);
}

bool lift_sha256h2(struct lift *l, uint32_t w)
{
    return sha256_rounds(l, w, RN(w), RD(w), HALF_AB_EF);
}

bool lift_sha256su0(struct lift *l, uint32_t w)
{
    if (!jit.sha)
        return false;
    copy(l, XMM_T0, RD(w));
    copy(l, XMM_T1, RN(w));
    x_rm(&l->e, false, SHA256MSG1, XMM_T0, rm_reg(XMM_T1));
    vreg_commit(l, RD(w), XMM_T0, 0);
    return true;
}

bool lift_sha256su1(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    if (!jit.sha)
        return false;
    copy(l, XMM_T1, RM(w));
    x_vi(e, VPALIGNR, XMM_T0, XMM_T1, vreg(RN(w)), 4);
    x_v(e, VPADDD, XMM_T0, XMM_T0, vreg(RD(w)));
    x_rm(e, false, SHA256MSG2, XMM_T0, rm_reg(XMM_T1));
    vreg_commit(l, RD(w), XMM_T0, 0);
    return true;
}
