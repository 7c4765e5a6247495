/*
 * Integer data processing (Arm ARM C4.1.86, C4.1.89). Additions become LEA
 * where flags do not matter, so that they pass between a comparison and its
 * consumer; everything else is the x86 instruction of the same meaning.
 */
#include "engine/jit/lifters.h"

/* ---- shapes ---- */

static bool is_commutative(enum alu op)
{
    return op != ALU_SUB && op != ALU_SBB;
}

/* X[d] (GPR_SP: SP) = X[n] op m. Changes EFLAGS. m may be RCX or a guest register. */
static void alu3(struct lift *l, enum alu op, bool w, unsigned d, struct rm n, struct rm m)
{
    int dest = gpr_dest(d, RAX);
    if (rm_is_reg(m) && m.reg == dest && !(rm_is_reg(n) && n.reg == dest)) {
        if (is_commutative(op)) {
            m = n;
        } else {
            x_load(&l->e, w, RAX, n);
            dest = RAX;
        }
    } else if (!rm_is_reg(n) || n.reg != dest) {
        x_load(&l->e, w, dest, n);
    }
    x_alu(&l->e, op, w, dest, m);
    gpr_commit(l, d, dest);
}

/* X[n] as an operand, RDX := 0 for the zero register. */
static struct rm operand_n(struct lift *l, unsigned n)
{
    if (n != 31)
        return gpr(n);
    x_imm(&l->e, RDX, 0);
    return rm_reg(RDX);
}

/* The shifted register operand; RCX when it must be computed (then EFLAGS change unless it is a rotation). */
static struct rm operand_shifted(struct lift *l, bool w, uint32_t word)
{
    static const uint8_t shifts[4] = {SH_SHL, SH_SHR, SH_SAR, SH_ROR};
    unsigned m = RM(word), amount = bits(word, 15, 10), kind = bits(word, 23, 22);
    if (m == 31) {
        x_imm(&l->e, RCX, 0);
        return rm_reg(RCX);
    }
    if (!amount)
        return gpr(m);
    if (kind == 3) {
        x_rorx(&l->e, w, RCX, gpr(m), amount);
    } else {
        x_load(&l->e, w, RCX, gpr(m));
        x_shift(&l->e, shifts[kind], w, rm_reg(RCX), amount);
    }
    return rm_reg(RCX);
}

/* The extended register operand of add_ext and its like before its shift: in RCX or where it is. EFLAGS stay. */
static int operand_unshifted(struct lift *l, bool w, uint32_t word)
{
    struct emit *e = &l->e;
    unsigned m = RM(word), option = bits(word, 15, 13);
    if (m == 31) {
        x_imm(e, RCX, 0);
        return RCX;
    }
    switch (option) {
    case 0: x_movzx8(e, RCX, gpr(m)); break;
    case 1: x_movzx16(e, RCX, gpr(m)); break;
    case 4: x_movsx8(e, w, RCX, gpr(m)); break;
    case 5: x_movsx16(e, w, RCX, gpr(m)); break;
    case 6:
        if (w) {
            x_movsxd(e, RCX, gpr(m));
            break;
        }
        return gpr_read(l, m, RCX);
    case 2:
        if (w) {
            x_load(e, false, RCX, gpr(m));
            break;
        }
        return gpr_read(l, m, RCX);
    default: return gpr_read(l, m, RCX);
    }
    return RCX;
}

/* The whole operand; a shift is done in RCX and changes EFLAGS. */
static struct rm operand_extended(struct lift *l, bool w, uint32_t word)
{
    unsigned amount = bits(word, 12, 10);
    int m = operand_unshifted(l, w, word);
    if (amount) {
        x_mov(&l->e, RCX, m);
        x_shift(&l->e, SH_SHL, w, rm_reg(RCX), amount);
        m = RCX;
    }
    return rm_reg(m);
}

/* ---- add and subtract ---- */

static int32_t add_operand(uint32_t w)
{
    int32_t imm = (int32_t)(bits(w, 21, 10) << (bit(w, 22) ? 12 : 0));
    return bit(w, 30) ? -imm : imm;
}

/* Two additions to one register, as the offsets of thread-local variables are added, are one. */
static bool add_constant(struct lift *l, uint32_t w)
{
    unsigned d = RD(w), n = RN(w);
    int32_t imm = add_operand(w);
    bool wide = bit(w, 31);
    const struct insn *next = &l->insn[l->at + 1];
    if (l->at < l->block[l->insn[l->at].block].last && wide && bit(next->word, 31) &&
        (next->op == A64_add_imm || next->op == A64_sub_imm) && RD(next->word) == d &&
        RN(next->word) == d) {
        imm += add_operand(next->word);
        l->skip = 1;
    }
    if (imm == 0 && wide) {
        gpr_move(l, d, n);
        return true;
    }
    int dest = gpr_dest(d, RAX);
    if (imm == 0) {
        x_load(&l->e, false, dest, gpr(n));
    } else {
        int src = gpr_read(l, n, RAX);
        x_lea(&l->e, wide, dest, rm_mem(src, imm));
    }
    gpr_commit(l, d, dest);
    return true;
}

bool lift_add_imm(struct lift *l, uint32_t w)
{
    return add_constant(l, w);
}

bool lift_sub_imm(struct lift *l, uint32_t w)
{
    return add_constant(l, w);
}

/* Sets NZCV from n op m; the result goes to X[d] unless that is XZR. */
static bool alu_flags(struct lift *l, enum alu op, bool w, unsigned d, struct rm n, struct rm m)
{
    struct emit *e = &l->e;
    if (d != 31) {
        alu3(l, op, w, d, n, m);
    } else if (op == ALU_SUB && rm_is_reg(n)) {
        x_alu(e, ALU_CMP, w, n.reg, m);
    } else if (op == ALU_SUB && rm_is_reg(m)) {
        x_alu_store(e, ALU_CMP, w, n, m.reg);
    } else {
        x_load(e, w, RAX, n);
        x_alu(e, op == ALU_SUB ? ALU_CMP : op, w, RAX, m);
    }
    flags_set(l, op == ALU_SUB ? FL_SUB : FL_ADD);
    return true;
}

static bool constant_flags(struct lift *l, uint32_t w, enum alu op)
{
    unsigned d = RD(w), n = RN(w);
    int32_t imm = (int32_t)(bits(w, 21, 10) << (bit(w, 22) ? 12 : 0));
    bool wide = bit(w, 31);
    if (d == 31 && op == ALU_SUB) {
        if (imm == 0 && rm_is_reg(gpr(n))) {
            /* cmp x, #0: like SUB, TEST leaves CF clear, which is no borrow */
            x_test(&l->e, wide, gpr(n).reg, gpr(n));
        } else {
            x_alu_imm(&l->e, ALU_CMP, wide, gpr(n), imm);
        }
    } else {
        int dest = d == 31 ? RAX : gpr_dest(d, RAX);
        if (!rm_is_reg(gpr(n)) || gpr(n).reg != dest)
            x_load(&l->e, wide, dest, gpr(n));
        x_alu_imm(&l->e, op, wide, dest == RAX ? rm_reg(RAX) : rm_reg(dest), imm);
        if (d != 31)
            gpr_commit(l, d, dest);
    }
    flags_set(l, op == ALU_SUB ? FL_SUB : FL_ADD);
    return true;
}

bool lift_adds_imm(struct lift *l, uint32_t w)
{
    return constant_flags(l, w, ALU_ADD);
}

bool lift_subs_imm(struct lift *l, uint32_t w)
{
    return constant_flags(l, w, ALU_SUB);
}

bool lift_add_reg(struct lift *l, uint32_t w)
{
    unsigned d = RD(w), n = RN(w), m = RM(w), amount = bits(w, 15, 10);
    bool wide = bit(w, 31);
    if (d == 31)
        return true;
    if (bits(w, 23, 22) == 0 && amount <= 3 && n != 31 && m != 31) {
        int a = gpr_read(l, n, RAX), b = gpr_read(l, m, RCX), dest = gpr_dest(d, RAX);
        x_lea(&l->e, wide, dest, rm_sib(a, b, (int)amount, 0));
        gpr_commit(l, d, dest);
        return true;
    }
    flags_clobber(l);
    alu3(l, ALU_ADD, wide, d, operand_n(l, n), operand_shifted(l, wide, w));
    return true;
}

bool lift_sub_reg(struct lift *l, uint32_t w)
{
    unsigned d = RD(w);
    bool wide = bit(w, 31);
    if (d == 31)
        return true;
    if (flags_busy(l) && RM(w) != 31 && !bits(w, 15, 10)) { /* n - m is n + ~m + 1 */
        int dest = gpr_dest(d, RAX);
        gpr_copy(l, wide, RCX, RM(w));
        x_un(&l->e, UN_NOT, wide, rm_reg(RCX));
        x_lea(&l->e, wide, dest,
              RN(w) == 31 ? rm_mem(RCX, 1) : rm_sib(gpr_read(l, RN(w), RAX), RCX, 0, 1));
        gpr_commit(l, d, dest);
        return true;
    }
    flags_clobber(l);
    if (RN(w) == 31 && RM(w) != 31 && !bits(w, 15, 10)) {
        int dest = gpr_dest(d, RAX);
        x_load(&l->e, wide, dest, gpr(RM(w)));
        x_un(&l->e, UN_NEG, wide, rm_reg(dest));
        gpr_commit(l, d, dest);
        return true;
    }
    alu3(l, ALU_SUB, wide, d, operand_n(l, RN(w)), operand_shifted(l, wide, w));
    return true;
}

bool lift_adds_reg(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 31);
    struct rm n = operand_n(l, RN(w));
    return alu_flags(l, ALU_ADD, wide, RD(w), n, operand_shifted(l, wide, w));
}

bool lift_subs_reg(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 31);
    struct rm n = operand_n(l, RN(w));
    return alu_flags(l, ALU_SUB, wide, RD(w), n, operand_shifted(l, wide, w));
}

static bool extended(struct lift *l, uint32_t w, enum alu op)
{
    flags_clobber(l);
    struct rm m = operand_extended(l, bit(w, 31), w);
    alu3(l, op, bit(w, 31), RD(w), gpr(RN(w)), m);
    return true;
}

/* With a shift that an address can do it is LEA, and flags stay. */
bool lift_add_ext(struct lift *l, uint32_t w)
{
    unsigned d = RD(w), amount = bits(w, 12, 10);
    if (amount > 3)
        return extended(l, w, ALU_ADD);
    int m = operand_unshifted(l, bit(w, 31), w), n = gpr_read(l, RN(w), RAX),
        dest = gpr_dest(d, RAX);
    x_lea(&l->e, bit(w, 31), dest, rm_sib(n, m, (int)amount, 0));
    gpr_commit(l, d, dest);
    return true;
}

bool lift_sub_ext(struct lift *l, uint32_t w)
{
    return extended(l, w, ALU_SUB);
}

bool lift_adds_ext(struct lift *l, uint32_t w)
{
    struct rm m = operand_extended(l, bit(w, 31), w);
    return alu_flags(l, ALU_ADD, bit(w, 31), RD(w), gpr(RN(w)), m);
}

bool lift_subs_ext(struct lift *l, uint32_t w)
{
    struct rm m = operand_extended(l, bit(w, 31), w);
    return alu_flags(l, ALU_SUB, bit(w, 31), RD(w), gpr(RN(w)), m);
}

/* ---- with carry: x86 has the same two, each with its own idea of the carry ---- */

static bool with_carry(struct lift *l, uint32_t w, enum alu op, bool sets)
{
    unsigned d = RD(w), n = RN(w), m = RM(w);
    bool wide = bit(w, 31);
    flags_consume(l, op == ALU_SBB ? FL_SUB : FL_ADD);
    gpr_copy_z(l, wide, RDX, n);
    if (m == 31)
        x_imm(&l->e, RCX, 0);
    x_alu(&l->e, op, wide, RDX, m == 31 ? rm_reg(RCX) : gpr(m));
    if (d != 31)
        gpr_commit(l, d, RDX);
    if (sets)
        flags_set(l, op == ALU_SBB ? FL_SUB : FL_ADD);
    return true;
}

bool lift_adc(struct lift *l, uint32_t w)
{
    return with_carry(l, w, ALU_ADC, false);
}

bool lift_adcs(struct lift *l, uint32_t w)
{
    return with_carry(l, w, ALU_ADC, true);
}

bool lift_sbc(struct lift *l, uint32_t w)
{
    return with_carry(l, w, ALU_SBB, false);
}

bool lift_sbcs(struct lift *l, uint32_t w)
{
    return with_carry(l, w, ALU_SBB, true);
}

/* ---- logic ---- */

/* DecodeBitMasks (J1.1); the decoder has refused what is reserved. */
static uint64_t logic_constant(uint32_t w)
{
    unsigned n = bit(w, 22), immr = bits(w, 21, 16), imms = bits(w, 15, 10);
    unsigned len = 31 - (unsigned)__builtin_clz(n << 6 | (~imms & 0x3f));
    unsigned size = 1u << len, s = imms & (size - 1), r = immr & (size - 1);
    uint64_t ones = s == 63 ? ~0ull : (1ull << (s + 1)) - 1;
    uint64_t mask = size == 64 ? ~0ull : (1ull << size) - 1;
    uint64_t v = r ? (ones >> r | ones << (size - r)) & mask : ones;
    for (unsigned k = size; k < 64; k *= 2)
        v |= v << k;
    return bit(w, 31) ? v : (uint32_t)v;
}

static bool fits(bool wide, uint64_t v)
{
    return !wide || (int64_t)v == (int32_t)v;
}

static bool logic_imm(struct lift *l, uint32_t w, enum alu op)
{
    unsigned d = RD(w), n = RN(w);
    bool wide = bit(w, 31);
    uint64_t v = logic_constant(w);
    if (n == 31 && op == ALU_OR) {
        if (pin_of_gpr[d] != NOREG)
            x_imm(&l->e, pin_of_gpr[d], v);
        else {
            x_imm(&l->e, RAX, v);
            gpr_commit(l, d, RAX);
        }
        return true;
    }
    if (op == ALU_AND && n != 31 && (v == 0xff || v == 0xffff || v == 0xffffffff)) {
        int dest = gpr_dest(d, RAX);
        if (v == 0xff)
            x_movzx8(&l->e, dest, gpr(n));
        else if (v == 0xffff)
            x_movzx16(&l->e, dest, gpr(n));
        else
            x_load(&l->e, false, dest, gpr(n));
        gpr_commit(l, d, dest);
        return true;
    }
    flags_clobber(l);
    int dest = gpr_dest(d, RAX);
    if (!fits(wide, v))
        x_imm(&l->e, RCX, v);
    if (n == 31)
        x_imm(&l->e, dest, 0);
    else if (!rm_is_reg(gpr(n)) || gpr(n).reg != dest)
        x_load(&l->e, wide, dest, gpr(n));
    if (fits(wide, v))
        x_alu_imm(&l->e, op, wide, rm_reg(dest), (int32_t)v);
    else
        x_alu(&l->e, op, wide, dest, rm_reg(RCX));
    gpr_commit(l, d, dest);
    return true;
}

bool lift_and_imm(struct lift *l, uint32_t w)
{
    return logic_imm(l, w, ALU_AND);
}

bool lift_orr_imm(struct lift *l, uint32_t w)
{
    return logic_imm(l, w, ALU_OR);
}

bool lift_eor_imm(struct lift *l, uint32_t w)
{
    return logic_imm(l, w, ALU_XOR);
}

bool lift_ands_imm(struct lift *l, uint32_t w)
{
    unsigned d = RD(w), n = RN(w);
    bool wide = bit(w, 31);
    uint64_t v = logic_constant(w);
    struct emit *e = &l->e;
    struct rm src = operand_n(l, n);
    if (!fits(wide, v))
        x_imm(e, RCX, v);
    if (d == 31) {
        if (fits(wide, v))
            x_test_imm(e, wide, src, (int32_t)v);
        else
            x_test(e, wide, RCX, src);
    } else {
        int dest = gpr_dest(d, RAX);
        if (!rm_is_reg(src) || src.reg != dest)
            x_load(e, wide, dest, src);
        if (fits(wide, v))
            x_alu_imm(e, ALU_AND, wide, rm_reg(dest), (int32_t)v);
        else
            x_alu(e, ALU_AND, wide, dest, rm_reg(RCX));
        gpr_commit(l, d, dest);
    }
    flags_set(l, FL_ADD);
    return true;
}

static bool logic_reg(struct lift *l, uint32_t w, enum alu op, bool invert)
{
    unsigned d = RD(w), n = RN(w);
    bool wide = bit(w, 31);
    if (d == 31)
        return true;
    if (op == ALU_OR && n == 31 && !bits(w, 15, 10) && !invert && wide && RM(w) != 31) {
        gpr_move(l, d, RM(w));
        return true;
    }
    if (op == ALU_OR && n == 31 && !bits(w, 15, 10)) { /* MOV, MVN */
        int dest = gpr_dest(d, RAX);
        if (RM(w) == 31)
            x_imm(&l->e, dest, 0);
        else
            x_load(&l->e, wide, dest, gpr(RM(w)));
        if (invert)
            x_un(&l->e, UN_NOT, wide, rm_reg(dest));
        gpr_commit(l, d, dest);
        return true;
    }
    flags_clobber(l);
    struct rm m = operand_shifted(l, wide, w), src = operand_n(l, n);
    if (invert && op == ALU_AND) {
        if (!rm_is_reg(m)) {
            x_load(&l->e, wide, RCX, m);
            m = rm_reg(RCX);
        }
        int dest = gpr_dest(d, RAX);
        x_andn(&l->e, wide, dest, m.reg, src);
        gpr_commit(l, d, dest);
        return true;
    }
    if (invert) {
        if (!rm_is_reg(m) || m.reg != RCX)
            x_load(&l->e, wide, RCX, m);
        x_un(&l->e, UN_NOT, wide, rm_reg(RCX));
        m = rm_reg(RCX);
    }
    alu3(l, op, wide, d, src, m);
    return true;
}

bool lift_and_reg(struct lift *l, uint32_t w)
{
    return logic_reg(l, w, ALU_AND, false);
}

bool lift_bic_reg(struct lift *l, uint32_t w)
{
    return logic_reg(l, w, ALU_AND, true);
}

bool lift_orr_reg(struct lift *l, uint32_t w)
{
    return logic_reg(l, w, ALU_OR, false);
}

bool lift_orn_reg(struct lift *l, uint32_t w)
{
    return logic_reg(l, w, ALU_OR, true);
}

bool lift_eor_reg(struct lift *l, uint32_t w)
{
    return logic_reg(l, w, ALU_XOR, false);
}

bool lift_eon_reg(struct lift *l, uint32_t w)
{
    return logic_reg(l, w, ALU_XOR, true);
}

bool lift_ands_reg(struct lift *l, uint32_t w)
{
    unsigned d = RD(w);
    bool wide = bit(w, 31);
    struct rm m = operand_shifted(l, wide, w), n = operand_n(l, RN(w));
    if (d != 31) {
        alu3(l, ALU_AND, wide, d, n, m);
    } else if (rm_is_reg(n)) {
        x_test(&l->e, wide, n.reg, m);
    } else if (rm_is_reg(m)) {
        x_test(&l->e, wide, m.reg, n);
    } else {
        x_load(&l->e, wide, RAX, n);
        x_test(&l->e, wide, RAX, m);
    }
    flags_set(l, FL_ADD);
    return true;
}

bool lift_bics_reg(struct lift *l, uint32_t w)
{
    unsigned d = RD(w);
    bool wide = bit(w, 31);
    struct rm m = operand_shifted(l, wide, w), n = operand_n(l, RN(w));
    if (!rm_is_reg(m)) {
        x_load(&l->e, wide, RCX, m);
        m = rm_reg(RCX);
    }
    int dest = d == 31 ? RAX : gpr_dest(d, RAX);
    x_andn(&l->e, wide, dest, m.reg, n);
    if (d != 31)
        gpr_commit(l, d, dest);
    flags_set(l, FL_ADD);
    return true;
}

/* ---- constants and addresses ---- */

/* MOVZ or MOVN and the MOVKs that follow it are one constant. */
static bool move_wide(struct lift *l, uint32_t w, bool invert)
{
    unsigned shift = bits(w, 22, 21) * 16;
    uint64_t v = (uint64_t)bits(w, 20, 5) << shift;
    if (invert)
        v = ~v;
    if (!bit(w, 31))
        v = (uint32_t)v;
    const struct block *b = &l->block[l->insn[l->at].block];
    for (unsigned i = l->at + 1u; i <= b->last; i++) {
        uint32_t k = l->insn[i].word;
        if (l->insn[i].op != A64_movk || RD(k) != RD(w) || bit(k, 31) != bit(w, 31))
            break;
        unsigned s = bits(k, 22, 21) * 16;
        v = (v & ~(0xffffull << s)) | (uint64_t)bits(k, 20, 5) << s;
        l->skip++;
    }
    gpr_set(l, RD(w), v);
    return true;
}

bool lift_movz(struct lift *l, uint32_t w)
{
    return move_wide(l, w, false);
}

bool lift_movn(struct lift *l, uint32_t w)
{
    return move_wide(l, w, true);
}

/* May the instruction write X[d]? What is not known to write only what its fields say, may. */
static bool may_write(uint32_t w, unsigned d)
{
    bool processing = (w & 0x1c000000) == 0x10000000 || (w & 0x0e000000) == 0x0a000000 ||
                      (w & 0x0e000000) == 0x0e000000;
    bool pair = (w & 0x3a000000) == 0x28000000;
    bool single = (w & 0x3b000000) == 0x39000000 || (w & 0x3b200000) == 0x38000000 ||
                  (w & 0x3b200c00) == 0x38200800;
    if (RD(w) == d || !(processing || pair || single))
        return true;
    return !processing && (RN(w) == d || (pair && RA(w) == d));
}

bool gpr_constant(const struct lift *l, unsigned d, bool wide, uint64_t *value)
{
    unsigned known = 0; /* halfwords */
    *value = 0;
    for (unsigned i = l->at; i-- > l->block[l->insn[l->at].block].first;) {
        const struct insn *in = &l->insn[i];
        uint32_t w = in->word;
        bool whole = in->op == A64_movz || in->op == A64_movn;
        if ((whole || in->op == A64_movk) && RD(w) == d) {
            uint64_t v = (uint64_t)bits(w, 20, 5) << bits(w, 22, 21) * 16;
            if (bit(w, 31) != wide)
                return false;
            if (in->op == A64_movn)
                v = wide ? ~v : (uint32_t)~v;
            for (unsigned h = 0; h < 4; h++)
                if (!(known >> h & 1) && (whole || h == bits(w, 22, 21)))
                    *value |= v & 0xffffull << 16 * h;
            known |= 1u << bits(w, 22, 21);
            if (whole)
                return true;
        } else if (may_write(w, d)) {
            return false;
        }
    }
    return false;
}

bool lift_movk(struct lift *l, uint32_t w)
{
    unsigned d = RD(w), shift = bits(w, 22, 21) * 16;
    uint64_t v = (uint64_t)bits(w, 20, 5) << shift, before;
    if (d == 31)
        return true;
    if (gpr_constant(l, d, bit(w, 31), &before)) {
        gpr_set(l, d, (before & ~(0xffffull << shift)) | v);
        return true;
    }
    flags_clobber(l);
    if (!rm_is_reg(gpr(d))) {
        /* Sixteen bits of the slot would make the next read wait for the store. */
        x_load(&l->e, true, RAX, gpr(d));
    }
    int dest = gpr_dest(d, RAX);
    if (!bit(w, 31)) {
        x_alu_imm(&l->e, ALU_AND, false, rm_reg(dest), (int32_t) ~(0xffffu << shift));
        x_alu_imm(&l->e, ALU_OR, false, rm_reg(dest), (int32_t)v);
    } else {
        x_imm(&l->e, RCX, ~(0xffffull << shift));
        x_alu(&l->e, ALU_AND, true, dest, rm_reg(RCX));
        x_imm(&l->e, RCX, v);
        x_alu(&l->e, ALU_OR, true, dest, rm_reg(RCX));
    }
    gpr_commit(l, d, dest);
    return true;
}

static int64_t adr_offset(uint32_t w)
{
    return sbits(w, 23, 5) * 4 + bits(w, 30, 29);
}

bool lift_adr(struct lift *l, uint32_t w)
{
    gpr_set(l, RD(w), l->pc + (uint64_t)adr_offset(w));
    return true;
}

/* ADRP and an ADD of the low bits to the same register are one constant. */
bool lift_adrp(struct lift *l, uint32_t w)
{
    uint64_t v = (l->pc & ~0xfffull) + (uint64_t)adr_offset(w) * 4096;
    const struct block *b = &l->block[l->insn[l->at].block];
    const struct insn *next = &l->insn[l->at + 1];
    if (l->at < b->last && next->op == A64_add_imm && bit(next->word, 31) &&
        RD(next->word) == RD(w) && RN(next->word) == RD(w) && RD(w) != 31) {
        v += (uint64_t)bits(next->word, 21, 10) << (bit(next->word, 22) ? 12 : 0);
        l->skip = 1;
    }
    gpr_set(l, RD(w), v);
    return true;
}
