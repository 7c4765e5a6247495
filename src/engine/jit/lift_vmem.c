/*
 * Loads and stores of vector registers (Arm ARM C4.1.94): one register, pairs,
 * ST1 and LD1 of whole registers. Registers change after the last
 * access, as in lift_mem.c.
 */
#include "engine/jit/vec.h"

/* size: log2 of bytes, 0 to 4. The rest of the register becomes zero. */
static void v_load(struct emit *e, unsigned size, int x, struct rm m)
{
    switch (size) {
    case 0:
        x_movzx8(e, RAX, m);
        x_v(e, VMOVD_LD, x, 0, rm_reg(RAX));
        break;
    case 1:
        x_movzx16(e, RAX, m);
        x_v(e, VMOVD_LD, x, 0, rm_reg(RAX));
        break;
    case 2: x_v(e, VMOVD_LD, x, 0, m); break;
    case 3: x_v(e, VMOVQ_LD, x, 0, m); break;
    default: x_v(e, VMOVDQU_LD, x, 0, m); break;
    }
}

static void v_store(struct emit *e, unsigned size, struct rm m, int x)
{
    switch (size) {
    case 0: x_vi(e, VPEXTRB, x, 0, m, 0); break;
    case 1: x_vi(e, VPEXTRW, x, 0, m, 0); break;
    case 2: x_v(e, VMOVD_ST, x, 0, m); break;
    case 3: x_v(e, VMOVQ_ST, x, 0, m); break;
    default: x_v(e, VMOVDQU_ST, x, 0, m); break;
    }
}

static unsigned upper_of(unsigned size)
{
    return size <= 2 ? 96 : size == 3 ? 64 : 0;
}

enum mode { MODE_OFFSET, MODE_PRE, MODE_POST };

static bool load_one(struct lift *l, uint32_t w, unsigned size, enum mode mode, int64_t imm)
{
    unsigned t = RD(w), n = RN(w);
    int base = gpr_read(l, n, RCX), dest = vreg_dest(t, XMM_T0);
    may_fault(l);
    v_load(&l->e, size, dest, rm_mem(base, mode == MODE_POST ? 0 : (int32_t)imm));
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, (int32_t)imm);
    vreg_commit(l, t, dest, upper_of(size));
    return true;
}

static bool store_one(struct lift *l, uint32_t w, unsigned size, enum mode mode, int64_t imm)
{
    unsigned n = RN(w);
    int base = gpr_read(l, n, RCX), src = vreg_read(l, RD(w), XMM_T0);
    may_fault(l);
    v_store(&l->e, size, rm_mem(base, mode == MODE_POST ? 0 : (int32_t)imm), src);
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, (int32_t)imm);
    return true;
}

static bool load_indexed(struct lift *l, uint32_t w, unsigned size)
{
    struct rm m = address_indexed(l, w, size);
    int dest = vreg_dest(RD(w), XMM_T0);
    may_fault(l);
    v_load(&l->e, size, dest, m);
    vreg_commit(l, RD(w), dest, upper_of(size));
    return true;
}

static bool store_indexed(struct lift *l, uint32_t w, unsigned size)
{
    struct rm m = address_indexed(l, w, size);
    int src = vreg_read(l, RD(w), XMM_T0);
    may_fault(l);
    v_store(&l->e, size, m, src);
    return true;
}

#define ONE_REGISTER(suffix, size)                                                     \
    bool lift_str_simd_##suffix##uimm(struct lift *l, uint32_t w)                      \
    {                                                                                  \
        return store_one(l, w, size, MODE_OFFSET, (int64_t)bits(w, 21, 10) << (size)); \
    }                                                                                  \
    bool lift_ldr_simd_##suffix##uimm(struct lift *l, uint32_t w)                      \
    {                                                                                  \
        return load_one(l, w, size, MODE_OFFSET, (int64_t)bits(w, 21, 10) << (size));  \
    }                                                                                  \
    bool lift_str_simd_##suffix##unscaled(struct lift *l, uint32_t w)                  \
    {                                                                                  \
        return store_one(l, w, size, MODE_OFFSET, sbits(w, 20, 12));                   \
    }                                                                                  \
    bool lift_ldr_simd_##suffix##unscaled(struct lift *l, uint32_t w)                  \
    {                                                                                  \
        return load_one(l, w, size, MODE_OFFSET, sbits(w, 20, 12));                    \
    }                                                                                  \
    bool lift_str_simd_##suffix##post(struct lift *l, uint32_t w)                      \
    {                                                                                  \
        return store_one(l, w, size, MODE_POST, sbits(w, 20, 12));                     \
    }                                                                                  \
    bool lift_ldr_simd_##suffix##post(struct lift *l, uint32_t w)                      \
    {                                                                                  \
        return load_one(l, w, size, MODE_POST, sbits(w, 20, 12));                      \
    }                                                                                  \
    bool lift_str_simd_##suffix##pre(struct lift *l, uint32_t w)                       \
    {                                                                                  \
        return store_one(l, w, size, MODE_PRE, sbits(w, 20, 12));                      \
    }                                                                                  \
    bool lift_ldr_simd_##suffix##pre(struct lift *l, uint32_t w)                       \
    {                                                                                  \
        return load_one(l, w, size, MODE_PRE, sbits(w, 20, 12));                       \
    }                                                                                  \
    bool lift_str_simd_##suffix##reg(struct lift *l, uint32_t w)                       \
    {                                                                                  \
        return store_indexed(l, w, size);                                              \
    }                                                                                  \
    bool lift_ldr_simd_##suffix##reg(struct lift *l, uint32_t w)                       \
    {                                                                                  \
        return load_indexed(l, w, size);                                               \
    }

ONE_REGISTER(, w >> 30)
ONE_REGISTER(q_, 4)
#undef ONE_REGISTER

bool lift_ldr_simd_lit(struct lift *l, uint32_t w)
{
    unsigned size = 2 + (w >> 30);
    if (size > 4)
        return false;
    int dest = vreg_dest(RD(w), XMM_T0);
    x_imm(&l->e, RCX, l->pc + (uint64_t)(sbits(w, 23, 5) * 4));
    may_fault(l);
    v_load(&l->e, size, dest, rm_mem(RCX, 0));
    vreg_commit(l, RD(w), dest, upper_of(size));
    return true;
}

/* ---- pairs ---- */

static bool store_two(struct lift *l, uint32_t w, enum mode mode)
{
    unsigned n = RN(w), size = 2 + (w >> 30);
    if (size > 4)
        return false;
    int32_t imm = (int32_t)sbits(w, 21, 15) * (1 << size), disp = mode == MODE_POST ? 0 : imm;
    int base = gpr_read(l, n, RCX), s1 = vreg_read(l, RD(w), XMM_T0),
        s2 = vreg_read(l, RA(w), XMM_T1);
    may_fault(l);
    v_store(&l->e, size, rm_mem(base, disp), s1);
    v_store(&l->e, size, rm_mem(base, disp + (1 << size)), s2);
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, imm);
    return true;
}

static bool load_two(struct lift *l, uint32_t w, enum mode mode)
{
    unsigned t = RD(w), t2 = RA(w), n = RN(w), size = 2 + (w >> 30);
    if (size > 4 || t == t2)
        return false;
    int32_t imm = (int32_t)sbits(w, 21, 15) * (1 << size), disp = mode == MODE_POST ? 0 : imm;
    int base = gpr_read(l, n, RCX), d2 = vreg_dest(t2, XMM_T1);
    may_fault(l);
    v_load(&l->e, size, XMM_T0, rm_mem(base, disp));
    v_load(&l->e, size, d2, rm_mem(base, disp + (1 << size)));
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, imm);
    vreg_commit(l, t, XMM_T0, upper_of(size));
    vreg_commit(l, t2, d2, upper_of(size));
    return true;
}

bool lift_stp_simd_off(struct lift *l, uint32_t w)
{
    return store_two(l, w, MODE_OFFSET);
}

bool lift_stp_simd_pre(struct lift *l, uint32_t w)
{
    return store_two(l, w, MODE_PRE);
}

bool lift_stp_simd_post(struct lift *l, uint32_t w)
{
    return store_two(l, w, MODE_POST);
}

bool lift_ldp_simd_off(struct lift *l, uint32_t w)
{
    return load_two(l, w, MODE_OFFSET);
}

bool lift_ldp_simd_pre(struct lift *l, uint32_t w)
{
    return load_two(l, w, MODE_PRE);
}

bool lift_ldp_simd_post(struct lift *l, uint32_t w)
{
    return load_two(l, w, MODE_POST);
}

/* ---- ST1 and LD1 of one to four whole registers ---- */

static bool post_index_ok(uint32_t w)
{
    return bit(w, 23) || RM(w) == 0;
}

void address_post_index(struct lift *l, uint32_t w, int base, unsigned bytes)
{
    unsigned n = RN(w), m = RM(w);
    if (!bit(w, 23))
        return;
    if (m == 31) {
        address_writeback(l, n, base, (int32_t)bytes);
        return;
    }
    int dest = gpr_dest(n, base), step = gpr_read(l, m, RDX);
    x_lea(&l->e, true, dest, rm_sib(base, step, 0, 0));
    gpr_commit(l, n, dest);
}

static bool store_whole(struct lift *l, uint32_t w, unsigned count)
{
    unsigned size = 3 + bit(w, 30), bytes = 1u << size;
    if (!post_index_ok(w))
        return false;
    int base = gpr_read(l, RN(w), RCX);
    may_fault(l);
    for (unsigned i = 0; i < count; i++) {
        int src = vreg_read(l, (RD(w) + i) & 31, XMM_T0);
        v_store(&l->e, size, rm_mem(base, (int32_t)(i * bytes)), src);
    }
    address_post_index(l, w, base, count * bytes);
    return true;
}

static bool load_whole(struct lift *l, uint32_t w, unsigned count)
{
    unsigned size = 3 + bit(w, 30), bytes = 1u << size;
    if (!post_index_ok(w))
        return false;
    int base = gpr_read(l, RN(w), RCX);
    may_fault(l);
    for (unsigned i = 0; i < count; i++)
        v_load(&l->e, size, XMM_T0 + (int)i, rm_mem(base, (int32_t)(i * bytes)));
    address_post_index(l, w, base, count * bytes);
    for (unsigned i = 0; i < count; i++)
        vreg_commit(l, (RD(w) + i) & 31, XMM_T0 + (int)i, upper_of(size));
    return true;
}

#define WHOLE(count)                                  \
    bool lift_st1x##count(struct lift *l, uint32_t w) \
    {                                                 \
        return store_whole(l, w, count);              \
    }                                                 \
    bool lift_ld1x##count(struct lift *l, uint32_t w) \
    {                                                 \
        return load_whole(l, w, count);               \
    }

WHOLE(1)
WHOLE(2)
WHOLE(3)
WHOLE(4)
#undef WHOLE
