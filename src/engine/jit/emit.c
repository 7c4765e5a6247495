/*
 * The bytes behind emit.h: prefixes, ModRM and SIB, VEX and EVEX. See Intel
 * SDM vol. 2, chapter 2. Nothing here decides what to emit.
 */
#include "engine/jit/emit.h"

void emit_modrm(struct emit *e, int reg, struct rm m, bool wide)
{
    uint8_t r = (uint8_t)((reg & 7) << 3);
    if (rm_is_reg(m)) {
        e8(e, 0xc0 | r | (m.reg & 7));
        return;
    }
    if (m.base == BASE_POOL) {
        e8(e, r | RBP);
        e32(e, (uint32_t)(e->pool + m.disp - (e->p + 4 + m.scale)));
        return;
    }
    bool sib = m.index != NOREG || (m.base & 7) == RSP;
    uint8_t mod;
    if (m.disp == 0 && (m.base & 7) != RBP)
        mod = 0;
    else if (m.disp >= -128 && m.disp <= 127 && !wide)
        mod = 0x40;
    else
        mod = 0x80;
    e8(e, mod | r | (sib ? 4 : (m.base & 7)));
    if (sib)
        e8(e, (uint8_t)(m.scale << 6 | (m.index == NOREG ? 4 : (m.index & 7)) << 3 | (m.base & 7)));
    if (mod == 0x40)
        e8(e, (uint8_t)m.disp);
    else if (mod == 0x80)
        e32(e, (uint32_t)m.disp);
}

/* Does the instruction only read its r/m operand? */
static bool reads_rm(uint32_t opcode, int reg)
{
    uint8_t op = (uint8_t)opcode;
    if (opcode & (OP_0F38 | OP_0F3A))
        return false;
    if (opcode & OP_0F)
        return op == 0xb6 || op == 0xb7 || op == 0xbe || op == 0xbf || op == 0xaf ||
               (op & 0xf0) == 0x40;
    return (op & 0xc7) == 0x03 || op == 0x39 || op == 0x85 || op == 0x8b || op == 0x63 ||
           ((op == 0x81 || op == 0x83) && reg == ALU_CMP) || (op == 0xf7 && reg == 0);
}

/* Is the reg field of the instruction no destination? When in doubt it is one. */
static bool reg_is_kept(uint32_t opcode)
{
    uint8_t op = (uint8_t)opcode;
    return !(opcode & (OP_0F | OP_0F38 | OP_0F3A)) &&
           (op == 0x89 || op == 0x88 || op == 0x39 || op == 0x3b || op == 0x85 || op == 0x81 ||
            op == 0x83 || op == 0xc7);
}

/* Keeps e->held true; *m becomes a register if that holds the slot. */
static void follow(struct emit *e, uint32_t opcode, int reg, struct rm *m)
{
    bool slot = !rm_is_reg(*m) && m->base == R15 && m->index == NOREG,
         reads = reads_rm(opcode, reg);
    uint32_t op = opcode & (OP_0F | 0xff);
    for (int r = RAX; r <= RDX && slot; r++) {
        if (reads && e->held[r] == m->disp) {
            *m = rm_reg(r);
            break;
        }
        if (!reads && e->held[r] != HELD_NONE && e->held[r] > m->disp - 8 &&
            e->held[r] < m->disp + 8)
            e->held[r] = HELD_NONE;
    }
    if (!reg_is_kept(opcode))
        emit_written(e, reg);
    if (rm_is_reg(*m) && !reads)
        emit_written(e, m->reg);
    if (op == 0xf7 && reg >= UN_MUL)
        e->held[RAX] = e->held[RDX] = HELD_NONE;
    if (op == (0xb1 | OP_0F) || op == (0xb0 | OP_0F)) /* CMPXCHG */
        e->held[RAX] = HELD_NONE;
    if (op == 0xff)
        emit_forget(e);
}

void x_rm(struct emit *e, bool w, uint32_t opcode, int reg, struct rm m)
{
    bool load = opcode == 0x8b && w && !rm_is_reg(m);
    if (load && m.base == R15 && m.index == NOREG && reg <= RDX && e->held[reg] == m.disp)
        return;
    follow(e, opcode, reg, &m);
    if (opcode & OP_66)
        e8(e, 0x66);
    if (opcode & OP_F2)
        e8(e, 0xf2);
    if (opcode & OP_F3)
        e8(e, 0xf3);
    uint8_t rex = (w ? 8 : 0) | (reg >= 8 ? 4 : 0);
    bool force = false;
    if (rm_is_reg(m)) {
        rex |= m.reg >= 8;
        force = (opcode & OP_BYTE) && m.reg >= 4;
    } else {
        rex |= (m.index >= 8 ? 2 : 0) | (m.base >= 8);
    }
    /* A byte register in the reg field; MOVZX and MOVSX have a wide one there. */
    if ((opcode & OP_BYTE) && (opcode & 0x1f6) != 0x1b6 && reg >= 4)
        force = true;
    if (rex || force)
        e8(e, 0x40 | rex);
    if (opcode & (OP_0F | OP_0F38 | OP_0F3A))
        e8(e, 0x0f);
    if (opcode & OP_0F38)
        e8(e, 0x38);
    if (opcode & OP_0F3A)
        e8(e, 0x3a);
    e8(e, (uint8_t)opcode);
    emit_modrm(e, reg, m, false);
}

void x_imm(struct emit *e, int d, uint64_t v)
{
    emit_written(e, d);
    if (v <= UINT32_MAX) {
        if (d >= 8)
            e8(e, 0x41);
        e8(e, 0xb8 | (d & 7));
        e32(e, (uint32_t)v);
    } else if ((int64_t)v == (int32_t)v) {
        x_rm(e, true, 0xc7, 0, rm_reg(d));
        e32(e, (uint32_t)v);
    } else {
        e8(e, 0x48 | (d >= 8));
        e8(e, 0xb8 | (d & 7));
        e64(e, v);
    }
}

void x_store_imm(struct emit *e, bool w, struct rm m, int32_t v)
{
    x_rm(e, w, 0xc7, 0, m);
    e32(e, (uint32_t)v);
}

void x_alu_imm(struct emit *e, enum alu op, bool w, struct rm m, int32_t v)
{
    e->clobbered = true;
    bool small = v >= -128 && v <= 127;
    x_rm(e, w, small ? 0x83 : 0x81, op, m);
    if (small)
        e8(e, (uint8_t)v);
    else
        e32(e, (uint32_t)v);
}

void x_test_imm(struct emit *e, bool w, struct rm m, int32_t v)
{
    e->clobbered = true;
    x_rm(e, w, 0xf7, 0, m);
    e32(e, (uint32_t)v);
}

void x_shift(struct emit *e, enum shift op, bool w, struct rm m, unsigned count)
{
    e->clobbered = true;
    if (count == 1) {
        x_rm(e, w, 0xd1, op, m);
    } else {
        x_rm(e, w, 0xc1, op, m);
        e8(e, (uint8_t)count);
    }
}

/* The three-byte VEX prefix serves the BMI instructions too; pp: 0 none, 1 66, 2 F3, 3 F2. */
static void vex(struct emit *e, int reg, int vvvv, struct rm m, unsigned map, unsigned pp, bool w,
                bool l)
{
    emit_written(e, reg);
    emit_written(e, vvvv);
    emit_written(e, m.reg);
    bool r = reg >= 8, x = !rm_is_reg(m) && m.index >= 8,
         b = rm_is_reg(m) ? m.reg >= 8 : m.base >= 8;
    uint8_t tail = (uint8_t)((~vvvv & 15) << 3 | (l ? 4 : 0) | pp);
    if (!x && !b && !w && map == 1) {
        e8(e, 0xc5);
        e8(e, (r ? 0 : 0x80) | tail);
        return;
    }
    e8(e, 0xc4);
    e8(e, (uint8_t)((r ? 0 : 0x80) | (x ? 0 : 0x40) | (b ? 0 : 0x20) | map));
    e8(e, (w ? 0x80 : 0) | tail);
}

void x_shiftx(struct emit *e, enum shiftx op, bool w, int d, struct rm m, int count)
{
    static const uint8_t pp[] = {[SHX_SHL] = 1, [SHX_SAR] = 2, [SHX_SHR] = 3};
    vex(e, d, count, m, 2, pp[op], w, false);
    e8(e, 0xf7);
    emit_modrm(e, d, m, false);
}

void x_rorx(struct emit *e, bool w, int d, struct rm m, unsigned count)
{
    vex(e, d, 0, m, 3, 3, w, false);
    e8(e, 0xf0);
    emit_modrm(e, d, m, false);
    e8(e, (uint8_t)count);
}

void x_andn(struct emit *e, bool w, int d, int a, struct rm m)
{
    e->clobbered = true;
    vex(e, d, a, m, 2, 0, w, false);
    e8(e, 0xf2);
    emit_modrm(e, d, m, false);
}

void x_mulx(struct emit *e, bool w, int hi, int lo, struct rm m)
{
    vex(e, hi, lo, m, 2, 3, w, false);
    e8(e, 0xf6);
    emit_modrm(e, hi, m, false);
}

void x_nops(struct emit *e, unsigned bytes)
{
    static const uint8_t nop[4][3] = {{0}, {0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}};
    BUG_ON(bytes > 3);
    for (unsigned i = 0; i < bytes; i++)
        e8(e, nop[bytes][i]);
}

static uint8_t *rel32(struct emit *e)
{
    e32(e, 0);
    return e->p - 4;
}

/* What is patched while it runs lies in one aligned quadword: such a store is seen as a whole. */
static void align_after(struct emit *e, unsigned opcode_bytes)
{
    unsigned at = (unsigned)((uintptr_t)e->p + opcode_bytes) & 7;
    x_nops(e, at > 4 ? 8 - at : 0);
}

uint8_t *x_jmp(struct emit *e)
{
    e8(e, 0xe9);
    return rel32(e);
}

uint8_t *x_jcc(struct emit *e, int cc)
{
    e8(e, 0x0f);
    e8(e, 0x80 | (uint8_t)cc);
    return rel32(e);
}

uint8_t *x_call(struct emit *e)
{
    emit_forget(e);
    e8(e, 0xe8);
    return rel32(e);
}

uint8_t *x_jmp_aligned(struct emit *e)
{
    align_after(e, 1);
    return x_jmp(e);
}

uint8_t *x_jcc_aligned(struct emit *e, int cc)
{
    align_after(e, 2);
    return x_jcc(e, cc);
}

uint8_t *x_call_aligned(struct emit *e)
{
    align_after(e, 1);
    return x_call(e);
}

void x_link(uint8_t *at, const uint8_t *target)
{
    ptrdiff_t d = target - (at + 4);
    int32_t d32 = (int32_t)d;
    unsigned in_quad = (unsigned)((uintptr_t)at & 7);
    BUG_ON(d != d32);
    if (in_quad <= 4) {
        uint64_t *quad = (uint64_t *)(void *)(at - in_quad), bytes = *quad;
        __builtin_memcpy((uint8_t *)&bytes + in_quad, &d32, 4);
        __atomic_store_n(quad, bytes, __ATOMIC_RELEASE);
    } else {
        __builtin_memcpy(at, &d32, 4);
    }
}

static void evex(struct emit *e, uint32_t vop, int d, int a, struct rm m)
{
    emit_written(e, d);
    emit_written(e, m.reg);
    bool x = rm_is_reg(m) ? m.reg & 16 : m.index >= 8;
    bool b = rm_is_reg(m) ? m.reg & 8 : m.base >= 8;
    e8(e, 0x62);
    e8(e, (uint8_t)((d & 8 ? 0 : 0x80) | (x ? 0 : 0x40) | (b ? 0 : 0x20) | (d & 16 ? 0 : 0x10) |
                    (vop >> 8 & 3)));
    e8(e, (uint8_t)((vop & VOP_EW ? 0x80 : 0) | (~a & 15) << 3 | 4 | (vop >> 10 & 3)));
    e8(e, (uint8_t)((vop & VOP_256 ? 0x20 : 0) | (a & 16 ? 0 : 8)));
}

void x_v(struct emit *e, uint32_t vop, int d, int a, struct rm m)
{
    bool high = d >= 16 || a >= 16 || m.reg >= 16;
    if (high || (vop & VOP_ONLY)) {
        BUG_ON(!(vop & VOP_EVEX));
        evex(e, vop, d, a, m);
    } else {
        vex(e, d, a, m, vop >> 8 & 3, vop >> 10 & 3, vop & VOP_W, vop & VOP_256);
    }
    e8(e, (uint8_t)vop);
    emit_modrm(e, d, m, high || (vop & VOP_ONLY));
}
