/*
 * Advanced SIMD: shifts, narrowing and widening (Arm ARM C4.1.94, shift by
 * immediate and three different). Those that saturate are in lift_saturate.c.
 */
#include "engine/jit/vec.h"

static void shift_right(struct lift *l, unsigned size, bool is_signed, bool rounded, int d, int n,
                        unsigned count)
{
    if (rounded)
        vec_shr_rounded(l, size, is_signed, d, n, count);
    else
        vec_shr(l, size, is_signed, d, n, count, XMM_T1);
}

static bool right(struct lift *l, uint32_t w, bool is_signed, bool rounded, bool accumulate)
{
    unsigned size = imm_size(w);
    shift_right(l, size, is_signed, rounded, XMM_T0, vreg_read(l, RN(w), XMM_T0), count_right(w));
    if (accumulate)
        x_v(&l->e, lanes_add.op[size], XMM_T0, XMM_T0, vreg(RD(w)));
    vec_commit(l, w, XMM_T0);
    return true;
}

#define RIGHT(name, is_signed, rounded, accumulate)                    \
    bool lift_##name##_vec(struct lift *l, uint32_t w)                 \
    {                                                                  \
        return right(l, w, is_signed, rounded, accumulate);            \
    }                                                                  \
    bool lift_##name##_scalar(struct lift *l, uint32_t w)              \
    {                                                                  \
        return right(l, AS_SCALAR(w), is_signed, rounded, accumulate); \
    }

RIGHT(sshr, true, false, false)
RIGHT(ushr, false, false, false)
RIGHT(ssra, true, false, true)
RIGHT(usra, false, false, true)
RIGHT(srshr, true, true, false)
RIGHT(urshr, false, true, false)
RIGHT(srsra, true, true, true)
RIGHT(ursra, false, true, true)

static bool left(struct lift *l, uint32_t w)
{
    vec_shl(l, imm_size(w), XMM_T0, vreg_read(l, RN(w), XMM_T0), count_left(w));
    vec_commit(l, w, XMM_T0);
    return true;
}

bool lift_shl_vec(struct lift *l, uint32_t w)
{
    return left(l, w);
}

bool lift_shl_scalar(struct lift *l, uint32_t w)
{
    return left(l, AS_SCALAR(w));
}

/* A lane's constant in 64 bits. */
static uint64_t every_lane(unsigned size, uint64_t v)
{
    for (unsigned bytes = 1u << size; bytes < 8; bytes *= 2)
        v |= v << 8 * bytes;
    return v;
}

/* T0 = a shifted V[n] | what `keep` (bits of a lane) says of V[d]. */
static bool insert(struct lift *l, uint32_t w, uint64_t keep)
{
    vec_const64(l, XMM_T1, every_lane(imm_size(w), keep));
    x_v(&l->e, VPAND, XMM_T1, XMM_T1, vreg(RD(w)));
    x_v(&l->e, VPOR, XMM_T0, XMM_T0, rm_reg(XMM_T1));
    vec_commit(l, w, XMM_T0);
    return true;
}

static bool insert_left(struct lift *l, uint32_t w)
{
    vec_shl(l, imm_size(w), XMM_T0, vreg_read(l, RN(w), XMM_T0), count_left(w));
    return insert(l, w, (1ull << count_left(w)) - 1);
}

static bool insert_right(struct lift *l, uint32_t w)
{
    unsigned lane = 8u << imm_size(w), count = count_right(w);
    uint64_t all = UINT64_MAX >> (64 - lane);
    vec_shr(l, imm_size(w), false, XMM_T0, vreg_read(l, RN(w), XMM_T0), count, XMM_T1);
    return insert(l, w, count == lane ? all : all & ~(all >> count));
}

bool lift_sli_vec(struct lift *l, uint32_t w)
{
    return insert_left(l, w);
}

bool lift_sli_scalar(struct lift *l, uint32_t w)
{
    return insert_left(l, AS_SCALAR(w));
}

bool lift_sri_vec(struct lift *l, uint32_t w)
{
    return insert_right(l, w);
}

bool lift_sri_scalar(struct lift *l, uint32_t w)
{
    return insert_right(l, AS_SCALAR(w));
}

/* ---- narrowing ---- */

bool lift_xtn(struct lift *l, uint32_t w)
{
    x_v(&l->e, VMOVDQU_LD, XMM_T2, 0, vreg(RN(w)));
    vec_truncate(l, LANE(w), XMM_T2);
    vec_commit_narrow(l, w, XMM_T2);
    return true;
}

static bool shift_narrow(struct lift *l, uint32_t w, bool rounded)
{
    unsigned size = imm_size(w);
    shift_right(l, size + 1, false, rounded, XMM_T0, vreg_read(l, RN(w), XMM_T0), count_right(w));
    vec_truncate(l, size, XMM_T0);
    vec_commit_narrow(l, w, XMM_T0);
    return true;
}

bool lift_shrn(struct lift *l, uint32_t w)
{
    return shift_narrow(l, w, false);
}

bool lift_rshrn(struct lift *l, uint32_t w)
{
    return shift_narrow(l, w, true);
}

/* The upper halves of sums or differences of wide lanes. */
static bool high_narrow(struct lift *l, uint32_t w, const struct lanes *combine, bool rounded)
{
    unsigned size = LANE(w), lane = 8u << size;
    vec_op(l, combine->op[size + 1], XMM_T2, RN(w), RM(w));
    if (rounded)
        x_v(&l->e, lanes_add.op[size + 1], XMM_T2, XMM_T2, rm_const(K_HIGH_HALF + 16 * size));
    vec_shr(l, size + 1, false, XMM_T2, XMM_T2, lane, XMM_T1);
    vec_truncate(l, size, XMM_T2);
    vec_commit_narrow(l, w, XMM_T2);
    return true;
}

bool lift_addhn(struct lift *l, uint32_t w)
{
    return high_narrow(l, w, &lanes_add, false);
}

bool lift_raddhn(struct lift *l, uint32_t w)
{
    return high_narrow(l, w, &lanes_add, true);
}

bool lift_subhn(struct lift *l, uint32_t w)
{
    return high_narrow(l, w, &lanes_sub, false);
}

bool lift_rsubhn(struct lift *l, uint32_t w)
{
    return high_narrow(l, w, &lanes_sub, true);
}

/* ---- widening ---- */

static bool shift_long(struct lift *l, uint32_t w, bool is_signed)
{
    unsigned size = imm_size(w), count = count_left(w);
    int d = vreg_dest(RD(w), XMM_T0);
    vec_widen(l, w, size, is_signed, d, RN(w));
    if (count)
        vec_shl(l, size + 1, d, d, count);
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_sshll(struct lift *l, uint32_t w)
{
    return shift_long(l, w, true);
}

bool lift_ushll(struct lift *l, uint32_t w)
{
    return shift_long(l, w, false);
}

/* SHLL: by the lane's own width. */
bool lift_shll(struct lift *l, uint32_t w)
{
    vec_widen(l, w, LANE(w), false, XMM_T0, RN(w));
    vec_shl(l, LANE(w) + 1, XMM_T0, XMM_T0, 8u << LANE(w));
    vreg_commit(l, RD(w), XMM_T0, 0);
    return true;
}

static bool add_long(struct lift *l, uint32_t w, bool is_signed, bool wide,
                     const struct lanes *combine)
{
    unsigned size = LANE(w);
    int d = vreg_dest(RD(w), XMM_T0), a = XMM_T1;
    if (wide)
        a = vreg_read(l, RN(w), XMM_T1);
    else
        vec_widen(l, w, size, is_signed, XMM_T1, RN(w));
    vec_widen(l, w, size, is_signed, XMM_T2, RM(w));
    x_v(&l->e, combine->op[size + 1], d, a, rm_reg(XMM_T2));
    vreg_commit(l, RD(w), d, 0);
    return true;
}

#define ADD_LONG(name, wide, combine)                \
    bool lift_s##name(struct lift *l, uint32_t w)    \
    {                                                \
        return add_long(l, w, true, wide, combine);  \
    }                                                \
    bool lift_u##name(struct lift *l, uint32_t w)    \
    {                                                \
        return add_long(l, w, false, wide, combine); \
    }

ADD_LONG(addl, false, &lanes_add)
ADD_LONG(addw, true, &lanes_add)
ADD_LONG(subl, false, &lanes_sub)
ADD_LONG(subw, true, &lanes_sub)
