/*
 * Structures that are not whole registers one after another (Arm ARM C4.1.88):
 * LD2 to LD4 and ST2 to ST4, of all lanes, of one lane, and replicated. Memory
 * is moved in rows of 16 bytes and the lanes sorted in registers. As in
 * lift_mem.c, guest registers change only after the last access.
 */
#include "engine/jit/vec.h"

/* ---- all lanes ---- */

/* Scratch register i = row i of memory; the last one may be half a row. */
static void load_rows(struct lift *l, int base, unsigned bytes)
{
    may_fault(l);
    for (unsigned i = 0; 16 * i < bytes; i++)
        x_v(&l->e, bytes - 16 * i < 16 ? VMOVQ_LD : VMOVDQU_LD, XMM_T0 + (int)i, 0,
            rm_mem(base, (int32_t)(16 * i)));
}

static void store_row(struct lift *l, int base, unsigned row, int x)
{
    x_v(&l->e, VMOVDQU_ST, x, 0, rm_mem(base, (int32_t)(16 * row)));
}

/* V[t + i] = x or the half of x; x is then free. */
static void commit_whole(struct lift *l, uint32_t w, unsigned i, int x)
{
    vreg_commit(l, (RD(w) + i) & 31, x, 0);
}

static void commit_low(struct lift *l, uint32_t w, unsigned i, int x)
{
    vreg_commit_d(l, (RD(w) + i) & 31, x);
}

static void commit_high(struct lift *l, uint32_t w, unsigned i, int x)
{
    unsigned n = (RD(w) + i) & 31;
    int d = vreg_dest(n, XMM_T3);
    x_vi(&l->e, VPSHIFTQ_I, VSH_SRLDQ, d, rm_reg(x), 8);
    vreg_commit(l, n, d, 64);
}

/* x = its lanes in the order that `orders` has for bytes and halfwords; words only for even and odd. */
static void sort_lanes(struct lift *l, unsigned size, int x, unsigned orders)
{
    if (size < 2)
        x_v(&l->e, VPSHUFB, x, x, rm_const(orders + 16 * size));
    else if (orders == K_HALVES)
        x_vi(&l->e, VPSHUFD, x, 0, rm_reg(x), 0xd8);
}

bool lift_ld2(struct lift *l, uint32_t w)
{
    unsigned size = bits(w, 11, 10), bytes = IS_Q(w) ? 32 : 16;
    int base = gpr_read(l, RN(w), RCX);
    load_rows(l, base, bytes);
    address_post_index(l, w, base, bytes);
    if (IS_Q(w)) {
        vec_unzip(l, size, XMM_T0, XMM_T2, XMM_T0, XMM_T1);
        commit_whole(l, w, 0, XMM_T0);
        commit_whole(l, w, 1, XMM_T2);
    } else {
        sort_lanes(l, size, XMM_T0, K_HALVES);
        commit_low(l, w, 0, XMM_T0);
        commit_high(l, w, 1, XMM_T0);
    }
    return true;
}

bool lift_st2(struct lift *l, uint32_t w)
{
    unsigned size = bits(w, 11, 10);
    int base = gpr_read(l, RN(w), RCX);
    int a = vreg_read(l, RD(w), XMM_T0), b = vreg_read(l, (RD(w) + 1) & 31, XMM_T1);
    x_v(&l->e, lanes_unpack_low.op[size], XMM_T2, a, rm_reg(b));
    if (IS_Q(w))
        x_v(&l->e, lanes_unpack_high.op[size], XMM_T3, a, rm_reg(b));
    may_fault(l);
    store_row(l, base, 0, XMM_T2);
    if (IS_Q(w))
        store_row(l, base, 1, XMM_T3);
    address_post_index(l, w, base, IS_Q(w) ? 32 : 16);
    return true;
}

/*
 * Three registers: what each result takes from each of the rows (or registers)
 * is picked by PSHUFB, which leaves zero elsewhere, and put together. T0, T1
 * and the spilled vector are the sources, T2 the result.
 */
static void pick_three(struct lift *l, unsigned orders, unsigned sources)
{
    struct emit *e = &l->e;
    x_v(e, VPSHUFB, XMM_T2, XMM_T0, rm_const(orders));
    x_v(e, VPSHUFB, XMM_T3, XMM_T1, rm_const(orders + 16));
    x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
    if (sources < 3)
        return;
    x_v(e, VMOVDQU_LD, XMM_T3, 0, word_slot(JW_SPILL));
    x_v(e, VPSHUFB, XMM_T3, XMM_T3, rm_const(orders + 32));
    x_v(e, VPOR, XMM_T2, XMM_T2, rm_reg(XMM_T3));
}

bool lift_ld3(struct lift *l, uint32_t w)
{
    unsigned size = bits(w, 11, 10), bytes = IS_Q(w) ? 48 : 24;
    int base = gpr_read(l, RN(w), RCX);
    load_rows(l, base, bytes);
    if (IS_Q(w))
        x_v(&l->e, VMOVDQU_ST, XMM_T2, 0, word_slot(JW_SPILL));
    address_post_index(l, w, base, bytes);
    for (unsigned i = 0; i < 3; i++) {
        pick_three(l, K_SPLIT3 + 144 * size + 48 * i, IS_Q(w) ? 3 : 2);
        if (IS_Q(w))
            commit_whole(l, w, i, XMM_T2);
        else
            commit_low(l, w, i, XMM_T2);
    }
    return true;
}

bool lift_st3(struct lift *l, uint32_t w)
{
    unsigned size = bits(w, 11, 10), bytes = IS_Q(w) ? 48 : 24;
    int base = gpr_read(l, RN(w), RCX);
    x_v(&l->e, VMOVDQU_LD, XMM_T0, 0, vreg((RD(w) + 2) & 31));
    x_v(&l->e, VMOVDQU_ST, XMM_T0, 0, word_slot(JW_SPILL));
    x_v(&l->e, VMOVDQU_LD, XMM_T0, 0, vreg(RD(w)));
    x_v(&l->e, VMOVDQU_LD, XMM_T1, 0, vreg((RD(w) + 1) & 31));
    may_fault(l);
    for (unsigned row = 0; 16 * row < bytes; row++) {
        pick_three(l, K_MERGE3 + 144 * size + 48 * row, 3);
        if (bytes - 16 * row < 16)
            x_v(&l->e, VMOVQ_ST, XMM_T2, 0, rm_mem(base, (int32_t)(16 * row)));
        else
            store_row(l, base, row, XMM_T2);
    }
    address_post_index(l, w, base, bytes);
    return true;
}

/* V[n] = the low halves of a and b, V[n + 1] = the high ones; a and b, two of T0 to T3, are then free. */
static void commit_pair(struct lift *l, unsigned n, int a, int b)
{
    struct emit *e = &l->e;
    unsigned n2 = (n + 1) & 31;
    struct rm low = rm_reg(b);
    int d = vreg_dest(n, a), d2 = vreg_dest(n2, b);
    if (d == a) {
        low = word_slot(JW_SPILL);
        x_v(e, VMOVDQU_ST, b, 0, low);
        x_v(e, VPUNPCKHQDQ, d2, a, rm_reg(b));
        x_v(e, VPUNPCKLQDQ, d, a, low);
    } else {
        x_v(e, VPUNPCKLQDQ, d, a, low);
        x_v(e, VPUNPCKHQDQ, d2, a, rm_reg(b));
    }
    vreg_commit(l, n, d, 0);
    vreg_commit(l, n2, d2, 0);
}

bool lift_ld4(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    unsigned size = bits(w, 11, 10), rows = IS_Q(w) ? 4 : 2;
    unsigned t = RD(w), t2 = (t + 2) & 31;
    int base = gpr_read(l, RN(w), RCX);
    load_rows(l, base, 16 * rows);
    address_post_index(l, w, base, 16 * rows);
    if (size == 3) {
        commit_pair(l, t, XMM_T0, XMM_T2);
        commit_pair(l, t2, XMM_T1, XMM_T3);
        return true;
    }
    /* Each row becomes one word for every register. */
    for (unsigned i = 0; i < rows; i++)
        sort_lanes(l, size, XMM_T0 + (int)i, K_QUARTERS);
    if (IS_Q(w)) {
        struct rm spill = word_slot(JW_SPILL);
        x_v(e, VMOVDQU_ST, XMM_T3, 0, spill);
        x_v(e, VPUNPCKHDQ, XMM_T3, XMM_T0, rm_reg(XMM_T1));
        x_v(e, VPUNPCKLDQ, XMM_T0, XMM_T0, rm_reg(XMM_T1));
        x_v(e, VPUNPCKLDQ, XMM_T1, XMM_T2, spill);
        x_v(e, VPUNPCKHDQ, XMM_T2, XMM_T2, spill);
        commit_pair(l, t, XMM_T0, XMM_T1);
        commit_pair(l, t2, XMM_T3, XMM_T2);
    } else {
        x_v(e, VPUNPCKHDQ, XMM_T2, XMM_T0, rm_reg(XMM_T1));
        x_v(e, VPUNPCKLDQ, XMM_T0, XMM_T0, rm_reg(XMM_T1));
        commit_low(l, w, 0, XMM_T0);
        commit_high(l, w, 1, XMM_T0);
        commit_low(l, w, 2, XMM_T2);
        commit_high(l, w, 3, XMM_T2);
    }
    return true;
}

bool lift_st4(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    unsigned size = bits(w, 11, 10), t = RD(w), row = 0;
    int base = gpr_read(l, RN(w), RCX);
    may_fault(l);
    for (unsigned half = 0; half <= IS_Q(w); half++) {
        const struct lanes *unpack = half ? &lanes_unpack_high : &lanes_unpack_low;
        vec_op(l, unpack->op[size], XMM_T2, t, (t + 1) & 31);
        vec_op(l, unpack->op[size], XMM_T3, (t + 2) & 31, (t + 3) & 31);
        if (size == 3) {
            store_row(l, base, row++, XMM_T2);
            store_row(l, base, row++, XMM_T3);
        } else {
            x_v(e, lanes_unpack_low.op[size + 1], XMM_T0, XMM_T2, rm_reg(XMM_T3));
            store_row(l, base, row++, XMM_T0);
            x_v(e, lanes_unpack_high.op[size + 1], XMM_T0, XMM_T2, rm_reg(XMM_T3));
            store_row(l, base, row++, XMM_T0);
        }
    }
    address_post_index(l, w, base, 16 * row);
    return true;
}

/* ---- one lane ---- */

/* How many registers take part. */
static unsigned single_count(uint32_t w)
{
    return (bit(w, 13) << 1 | bit(w, 21)) + 1;
}

/* The lane that is moved: log2 of its bytes and its number. */
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
    unsigned lane, size = lane_of(w, &lane), count = single_count(w);
    int base = gpr_read(l, RN(w), RCX), d[4];
    may_fault(l);
    for (unsigned i = 0; i < count; i++) {
        unsigned n = (RD(w) + i) & 31;
        int t = XMM_T0 + (int)i, s = vreg_read(l, n, t);
        d[i] = i + 1 == count ? vreg_dest(n, t) : t;
        x_vi(&l->e, lanes_insert.op[size], d[i], s, rm_mem(base, (int32_t)(i << size)), lane);
    }
    address_post_index(l, w, base, count << size);
    for (unsigned i = 0; i < count; i++)
        vreg_commit(l, (RD(w) + i) & 31, d[i], 0);
    return true;
}

bool lift_st_single(struct lift *l, uint32_t w)
{
    unsigned lane, size = lane_of(w, &lane), count = single_count(w);
    int base = gpr_read(l, RN(w), RCX);
    may_fault(l);
    for (unsigned i = 0; i < count; i++) {
        int s = vreg_read(l, (RD(w) + i) & 31, XMM_T0);
        x_vi(&l->e, lanes_extract.op[size], s, 0, rm_mem(base, (int32_t)(i << size)), lane);
    }
    address_post_index(l, w, base, count << size);
    return true;
}

/* ---- replicated ---- */

bool lift_ld_replicate(struct lift *l, uint32_t w)
{
    unsigned size = bits(w, 11, 10), count = single_count(w);
    int base = gpr_read(l, RN(w), RCX), d[4];
    may_fault(l);
    for (unsigned i = 0; i < count; i++) {
        int t = XMM_T0 + (int)i;
        d[i] = i + 1 == count ? vreg_dest((RD(w) + i) & 31, t) : t;
        x_v(&l->e, lanes_broadcast.op[size], d[i], 0, rm_mem(base, (int32_t)(i << size)));
    }
    address_post_index(l, w, base, count << size);
    for (unsigned i = count; i-- > 0;) {
        if (IS_Q(w))
            vreg_commit(l, (RD(w) + i) & 31, d[i], 0);
        else
            vreg_commit_d(l, (RD(w) + i) & 31, d[i]);
    }
    return true;
}
