/*
 * Structures that are not whole registers one after another (Arm ARM C4.1.88):
 * one lane (LD1, ST1 single structure) and interleaved pairs (LD2, ST2).
 * As in lift_mem.c, guest registers change only after the last access.
 */
#include "engine/jit/vec.h"

/* The lane that LD1 and ST1 (single structure) move: log2 of its bytes and its number. */
static unsigned lane_of(uint32_t w, unsigned *lane)
{
    unsigned all = bit(w, 30) << 3 | bits(w, 12, 10); /* Q:S:size */
    unsigned size = bits(w, 15, 14);
    if (size == 2 && bit(w, 10))
        size = 3;
    *lane = all >> size;
    return size;
}

bool lift_ld_single(struct lift *l, uint32_t w)
{
    unsigned lane, size = lane_of(w, &lane);
    if (bit(w, 21) || bit(w, 13)) /* LD2 to LD4 of one structure */
        return false;
    int base = gpr_read(l, RN(w), RCX), d = vreg_dest(RD(w), XMM_T0),
        s = vreg_read(l, RD(w), XMM_T0);
    may_fault(l);
    x_vi(&l->e, lanes_insert.op[size], d, s, rm_mem(base, 0), lane);
    address_post_index(l, w, base, 1u << size);
    vreg_commit(l, RD(w), d, 0);
    return true;
}

bool lift_st_single(struct lift *l, uint32_t w)
{
    unsigned lane, size = lane_of(w, &lane);
    if (bit(w, 21) || bit(w, 13))
        return false;
    int base = gpr_read(l, RN(w), RCX), s = vreg_read(l, RD(w), XMM_T0);
    may_fault(l);
    x_vi(&l->e, lanes_extract.op[size], s, 0, rm_mem(base, 0), lane);
    address_post_index(l, w, base, 1u << size);
    return true;
}

bool lift_ld2(struct lift *l, uint32_t w)
{
    unsigned size = bits(w, 11, 10);
    if (!bit(w, 30))
        return false;
    int base = gpr_read(l, RN(w), RCX);
    may_fault(l);
    x_v(&l->e, VMOVDQU_LD, XMM_T0, 0, rm_mem(base, 0));
    x_v(&l->e, VMOVDQU_LD, XMM_T1, 0, rm_mem(base, 16));
    vec_unzip(l, size, XMM_T0, XMM_T3, XMM_T0, XMM_T1, XMM_T2);
    address_post_index(l, w, base, 32);
    vreg_commit(l, RD(w), XMM_T0, 0);
    vreg_commit(l, (RD(w) + 1) & 31, XMM_T3, 0);
    return true;
}

bool lift_st2(struct lift *l, uint32_t w)
{
    unsigned size = bits(w, 11, 10);
    if (!bit(w, 30))
        return false;
    int base = gpr_read(l, RN(w), RCX);
    int a = vreg_read(l, RD(w), XMM_T0), b = vreg_read(l, (RD(w) + 1) & 31, XMM_T1);
    may_fault(l);
    x_v(&l->e, lanes_unpack_low.op[size], XMM_T2, a, rm_reg(b));
    x_v(&l->e, lanes_unpack_high.op[size], XMM_T3, a, rm_reg(b));
    x_v(&l->e, VMOVDQU_ST, XMM_T2, 0, rm_mem(base, 0));
    x_v(&l->e, VMOVDQU_ST, XMM_T3, 0, rm_mem(base, 16));
    address_post_index(l, w, base, 32);
    return true;
}
