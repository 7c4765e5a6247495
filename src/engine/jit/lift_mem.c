/*
 * Loads and stores (Arm ARM C4.1.88). Guest address is host address, so an
 * access is the host's own, with its addressing mode; base writeback and
 * loaded registers change after the last access, so that a fault finds the
 * state of before. A tagged address faults in the host and is done by the
 * interpreter (fault.c).
 */
#include "engine/jit/lifters.h"

/* How a register is loaded: log2 of bytes, and what the rest of it becomes. */
enum extend { EXT_ZERO, EXT_SIGN64, EXT_SIGN32 };

static void emit_load(struct emit *e, unsigned size, enum extend ext, int d, struct rm m)
{
    bool w = ext == EXT_SIGN64;
    switch (size) {
    case 0:
        if (ext == EXT_ZERO)
            x_movzx8(e, d, m);
        else
            x_movsx8(e, w, d, m);
        break;
    case 1:
        if (ext == EXT_ZERO)
            x_movzx16(e, d, m);
        else
            x_movsx16(e, w, d, m);
        break;
    case 2:
        if (ext == EXT_SIGN64)
            x_movsxd(e, d, m);
        else
            x_load(e, false, d, m);
        break;
    default: x_load(e, true, d, m); break;
    }
}

static void emit_store(struct emit *e, unsigned size, struct rm m, int s)
{
    if (size == 0)
        x_store8(e, m, s);
    else if (size == 1)
        x_store16(e, m, s);
    else
        x_store(e, size == 3, m, s);
}

void address_writeback(struct lift *l, unsigned n, int base, int64_t imm)
{
    if (!imm)
        return;
    int dest = gpr_dest(n, base);
    x_lea(&l->e, true, dest, rm_mem(base, (int32_t)imm));
    gpr_commit(l, n, dest);
}

enum mode { MODE_OFFSET, MODE_PRE, MODE_POST };

static bool load_imm(struct lift *l, uint32_t w, enum extend ext, enum mode mode, int64_t imm)
{
    unsigned t = RD(w), n = RN(w);
    if (mode != MODE_OFFSET && t == n && n != 31)
        return false;
    int base = gpr_read(l, n, RCX), dest = t == 31 ? RAX : gpr_dest(t, RAX);
    may_fault(l);
    emit_load(&l->e, w >> 30, ext, dest, rm_mem(base, mode == MODE_POST ? 0 : (int32_t)imm));
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, imm);
    if (t != 31)
        gpr_commit(l, t, dest);
    return true;
}

static bool store_imm(struct lift *l, uint32_t w, enum mode mode, int64_t imm)
{
    unsigned t = RD(w), n = RN(w), size = w >> 30;
    if (mode != MODE_OFFSET && t == n && n != 31)
        return false;
    int base = gpr_read(l, n, RCX), src = gpr_read_z(l, t, RAX);
    may_fault(l);
    emit_store(&l->e, size, rm_mem(base, mode == MODE_POST ? 0 : (int32_t)imm), src);
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, imm);
    return true;
}

static int64_t scaled(uint32_t w)
{
    return (int64_t)bits(w, 21, 10) << (w >> 30);
}

static enum extend sign_of(uint32_t w)
{
    return bit(w, 22) ? EXT_SIGN32 : EXT_SIGN64;
}

bool lift_str_imm(struct lift *l, uint32_t w)
{
    return store_imm(l, w, MODE_OFFSET, scaled(w));
}

bool lift_ldr_imm(struct lift *l, uint32_t w)
{
    return load_imm(l, w, EXT_ZERO, MODE_OFFSET, scaled(w));
}

bool lift_ldrs_imm(struct lift *l, uint32_t w)
{
    return load_imm(l, w, sign_of(w), MODE_OFFSET, scaled(w));
}

bool lift_stur(struct lift *l, uint32_t w)
{
    return store_imm(l, w, MODE_OFFSET, sbits(w, 20, 12));
}

bool lift_ldur(struct lift *l, uint32_t w)
{
    return load_imm(l, w, EXT_ZERO, MODE_OFFSET, sbits(w, 20, 12));
}

bool lift_ldurs(struct lift *l, uint32_t w)
{
    return load_imm(l, w, sign_of(w), MODE_OFFSET, sbits(w, 20, 12));
}

bool lift_str_post(struct lift *l, uint32_t w)
{
    return store_imm(l, w, MODE_POST, sbits(w, 20, 12));
}

bool lift_ldr_post(struct lift *l, uint32_t w)
{
    return load_imm(l, w, EXT_ZERO, MODE_POST, sbits(w, 20, 12));
}

bool lift_ldrs_post(struct lift *l, uint32_t w)
{
    return load_imm(l, w, sign_of(w), MODE_POST, sbits(w, 20, 12));
}

bool lift_str_pre(struct lift *l, uint32_t w)
{
    return store_imm(l, w, MODE_PRE, sbits(w, 20, 12));
}

bool lift_ldr_pre(struct lift *l, uint32_t w)
{
    return load_imm(l, w, EXT_ZERO, MODE_PRE, sbits(w, 20, 12));
}

bool lift_ldrs_pre(struct lift *l, uint32_t w)
{
    return load_imm(l, w, sign_of(w), MODE_PRE, sbits(w, 20, 12));
}

/* [Xn, Rm, extend #shift]; uses RCX and RDX. size: log2 of the access, at most 3 for the host's scale. */
struct rm address_indexed(struct lift *l, uint32_t w, unsigned size)
{
    unsigned m = RM(w), option = bits(w, 15, 13), shift = bit(w, 12) ? size : 0;
    int base = gpr_read(l, RN(w), RCX), index = RDX;
    if (m == 31)
        x_imm(&l->e, RDX, 0);
    else if (option == 2)
        x_load(&l->e, false, RDX, gpr(m));
    else if (option == 6)
        x_movsxd(&l->e, RDX, gpr(m));
    else
        index = gpr_read(l, m, RDX);
    if (shift == 4) {
        x_lea(&l->e, true, RDX, rm_sib(index, index, 0, 0));
        index = RDX;
        shift = 3;
    }
    return rm_sib(base, index, (int)shift, 0);
}

bool lift_str_reg(struct lift *l, uint32_t w)
{
    struct rm m = address_indexed(l, w, w >> 30);
    int src = gpr_read_z(l, RD(w), RAX);
    may_fault(l);
    emit_store(&l->e, w >> 30, m, src);
    return true;
}

static bool load_reg(struct lift *l, uint32_t w, enum extend ext)
{
    struct rm m = address_indexed(l, w, w >> 30);
    int dest = RD(w) == 31 ? RAX : gpr_dest(RD(w), RAX);
    may_fault(l);
    emit_load(&l->e, w >> 30, ext, dest, m);
    if (RD(w) != 31)
        gpr_commit(l, RD(w), dest);
    return true;
}

bool lift_ldr_reg(struct lift *l, uint32_t w)
{
    return load_reg(l, w, EXT_ZERO);
}

bool lift_ldrs_reg(struct lift *l, uint32_t w)
{
    return load_reg(l, w, sign_of(w));
}

/* PRFM's operation in Rt: of loads by cache level or streaming, of stores; of instructions none. */
static bool prefetch(struct lift *l, uint32_t w, struct rm m)
{
    static const uint8_t levels[4] = {1, 2, 3, 0}; /* PREFETCHT0, T1, T2, NTA */
    switch (RD(w) >> 3) {
    case 0: x_rm(&l->e, false, 0x18 | OP_0F, RD(w) & 1 ? 0 : levels[RD(w) >> 1 & 3], m); break;
    case 2: x_rm(&l->e, false, 0x0d | OP_0F, 1, m); break; /* PREFETCHW */
    default: break;
    }
    return true;
}

bool lift_prfm_lit(struct lift *l, uint32_t w)
{
    return true;
}

bool lift_prfm_imm(struct lift *l, uint32_t w)
{
    return prefetch(l, w, rm_mem(gpr_read(l, RN(w), RCX), (int32_t)bits(w, 21, 10) * 8));
}

bool lift_prfum(struct lift *l, uint32_t w)
{
    return prefetch(l, w, rm_mem(gpr_read(l, RN(w), RCX), (int32_t)sbits(w, 20, 12)));
}

bool lift_prfm_reg(struct lift *l, uint32_t w)
{
    return prefetch(l, w, address_indexed(l, w, 3));
}

static bool load_literal(struct lift *l, uint32_t w, unsigned size, enum extend ext)
{
    unsigned t = RD(w);
    int dest = t == 31 ? RAX : gpr_dest(t, RAX);
    x_imm(&l->e, RCX, l->pc + (uint64_t)(sbits(w, 23, 5) * 4));
    may_fault(l);
    emit_load(&l->e, size, ext, dest, rm_mem(RCX, 0));
    if (t != 31)
        gpr_commit(l, t, dest);
    return true;
}

bool lift_ldr_lit(struct lift *l, uint32_t w)
{
    return load_literal(l, w, 2 + bit(w, 30), EXT_ZERO);
}

bool lift_ldrsw_lit(struct lift *l, uint32_t w)
{
    return load_literal(l, w, 2, EXT_SIGN64);
}

/* ---- pairs ---- */

static bool store_pair(struct lift *l, uint32_t w, enum mode mode)
{
    unsigned t = RD(w), t2 = RA(w), n = RN(w), size = 2 + bit(w, 31);
    int64_t imm = sbits(w, 21, 15) * (1 << size);
    if (mode != MODE_OFFSET && n != 31 && (t == n || t2 == n))
        return false;
    int base = gpr_read(l, n, RCX), s1 = gpr_read_z(l, t, RAX), s2 = gpr_read_z(l, t2, RDX);
    int32_t disp = mode == MODE_POST ? 0 : (int32_t)imm;
    may_fault(l);
    x_store(&l->e, size == 3, rm_mem(base, disp), s1);
    x_store(&l->e, size == 3, rm_mem(base, disp + (1 << size)), s2);
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, imm);
    return true;
}

static bool load_pair(struct lift *l, uint32_t w, unsigned size, enum extend ext, enum mode mode)
{
    unsigned t = RD(w), t2 = RA(w), n = RN(w);
    int64_t imm = sbits(w, 21, 15) * (1 << size);
    if (t == t2 || (mode != MODE_OFFSET && n != 31 && (t == n || t2 == n)))
        return false;
    int base = gpr_read(l, n, RCX), d2 = t2 == 31 ? RDX : gpr_dest(t2, RDX);
    int32_t disp = mode == MODE_POST ? 0 : (int32_t)imm;
    may_fault(l);
    emit_load(&l->e, size, ext, RAX, rm_mem(base, disp));
    emit_load(&l->e, size, ext, d2, rm_mem(base, disp + (1 << size)));
    if (mode != MODE_OFFSET)
        address_writeback(l, n, base, imm);
    if (t != 31)
        gpr_commit(l, t, RAX);
    if (t2 != 31)
        gpr_commit(l, t2, d2);
    return true;
}

bool lift_stp(struct lift *l, uint32_t w)
{
    return store_pair(l, w, MODE_OFFSET);
}

bool lift_stp_pre(struct lift *l, uint32_t w)
{
    return store_pair(l, w, MODE_PRE);
}

bool lift_stp_post(struct lift *l, uint32_t w)
{
    return store_pair(l, w, MODE_POST);
}

bool lift_ldp(struct lift *l, uint32_t w)
{
    return load_pair(l, w, 2 + bit(w, 31), EXT_ZERO, MODE_OFFSET);
}

bool lift_ldp_pre(struct lift *l, uint32_t w)
{
    return load_pair(l, w, 2 + bit(w, 31), EXT_ZERO, MODE_PRE);
}

bool lift_ldp_post(struct lift *l, uint32_t w)
{
    return load_pair(l, w, 2 + bit(w, 31), EXT_ZERO, MODE_POST);
}

bool lift_ldpsw(struct lift *l, uint32_t w)
{
    return load_pair(l, w, 2, EXT_SIGN64, MODE_OFFSET);
}

bool lift_ldpsw_pre(struct lift *l, uint32_t w)
{
    return load_pair(l, w, 2, EXT_SIGN64, MODE_PRE);
}

bool lift_ldpsw_post(struct lift *l, uint32_t w)
{
    return load_pair(l, w, 2, EXT_SIGN64, MODE_POST);
}
