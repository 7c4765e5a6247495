/*
 * Bitfields, shifts, multiplication, division, bit counting, CRC (Arm ARM
 * C4.1.86 and C4.1.89).
 */
#include "engine/jit/lifters.h"

/* ---- bitfields ---- */

/* dest = X[n], ready to be changed in place. */
static int start(struct lift *l, bool w, unsigned d, unsigned n)
{
    int dest = gpr_dest(d, RAX);
    if (n == 31)
        x_imm(&l->e, dest, 0);
    else if (!rm_is_reg(gpr(n)) || gpr(n).reg != dest || !w)
        x_load(&l->e, w, dest, gpr(n));
    return dest;
}

/* dest &= (1 << width) - 1 */
static void keep_low(struct emit *e, bool w, int dest, unsigned width)
{
    unsigned size = w ? 64 : 32;
    if (width == 8) {
        x_movzx8(e, dest, rm_reg(dest));
    } else if (width == 16) {
        x_movzx16(e, dest, rm_reg(dest));
    } else if (width == 32) {
        x_mov32(e, dest, dest);
    } else if (width < 32) {
        x_alu_imm(e, ALU_AND, false, rm_reg(dest), (int32_t)((1u << width) - 1));
    } else if (width < size) {
        x_shift(e, SH_SHL, w, rm_reg(dest), size - width);
        x_shift(e, SH_SHR, w, rm_reg(dest), size - width);
    }
}

/* X[d] = X[n] shifted left, then right; EFLAGS stay. */
static bool bitfield_flagless(struct lift *l, bool w, unsigned d, unsigned n, unsigned left,
                              unsigned right, enum shiftx how)
{
    struct emit *e = &l->e;
    int dest = gpr_dest(d, RAX);
    struct rm from = gpr(n);
    if (left) {
        x_imm(e, RCX, left);
        x_shiftx(e, SHX_SHL, w, dest, from, RCX);
        from = rm_reg(dest);
    }
    x_imm(e, RCX, right);
    x_shiftx(e, how, w, dest, from, RCX);
    gpr_commit(l, d, dest);
    return true;
}

bool lift_ubfm(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    bool wide = bit(w, 31);
    unsigned d = RD(w), n = RN(w), r = bits(w, 21, 16), s = bits(w, 15, 10), size = wide ? 64 : 32;
    if (d == 31)
        return true;
    if (n != 31 && r == 0 &&
        (s == 7 || s == 15 || s == 31)) { /* UXTB, UXTH, and the like: flags stay */
        int dest = gpr_dest(d, RAX);
        if (s == 7)
            x_movzx8(e, dest, gpr(n));
        else if (s == 15)
            x_movzx16(e, dest, gpr(n));
        else
            x_load(e, false, dest, gpr(n));
        gpr_commit(l, d, dest);
        return true;
    }
    unsigned left = size - 1 - s, right = s >= r ? left + r : r - s - 1;
    if (flags_busy(l) && n != 31)
        return bitfield_flagless(l, wide, d, n, left, right, SHX_SHR);
    flags_clobber(l);
    int dest = start(l, wide, d, n);
    if (s >= r) { /* LSR, UBFX */
        if (r)
            x_shift(e, SH_SHR, wide, rm_reg(dest), r);
        if (s + 1 < size)
            keep_low(e, wide, dest, s - r + 1);
    } else { /* LSL, UBFIZ */
        unsigned lsb = size - r;
        if (lsb + s + 1 < size)
            keep_low(e, wide, dest, s + 1);
        x_shift(e, SH_SHL, wide, rm_reg(dest), lsb);
    }
    gpr_commit(l, d, dest);
    return true;
}

bool lift_sbfm(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    bool wide = bit(w, 31);
    unsigned d = RD(w), n = RN(w), r = bits(w, 21, 16), s = bits(w, 15, 10), size = wide ? 64 : 32;
    if (d == 31)
        return true;
    if (n != 31 && r == 0 && (s == 7 || s == 15 || (s == 31 && wide))) { /* SXTB, SXTH, SXTW */
        int dest = gpr_dest(d, RAX);
        if (s == 7)
            x_movsx8(e, wide, dest, gpr(n));
        else if (s == 15)
            x_movsx16(e, wide, dest, gpr(n));
        else
            x_movsxd(e, dest, gpr(n));
        gpr_commit(l, d, dest);
        return true;
    }
    unsigned left = size - 1 - s, right = s >= r ? left + r : r - s - 1;
    if (flags_busy(l) && n != 31)
        return bitfield_flagless(l, wide, d, n, left, right, SHX_SAR);
    flags_clobber(l);
    int dest = start(l, wide, d, n);
    if (s >= r) {
        if (s + 1 < size)
            x_shift(e, SH_SHL, wide, rm_reg(dest), size - 1 - s);
        x_shift(e, SH_SAR, wide, rm_reg(dest), size - 1 - s + r);
    } else {
        x_shift(e, SH_SHL, wide, rm_reg(dest), size - 1 - s);
        x_shift(e, SH_SAR, wide, rm_reg(dest), r - s - 1);
    }
    gpr_commit(l, d, dest);
    return true;
}

/* Inserts by difference: d ^= (d ^ field) & mask. */
bool lift_bfm(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    bool wide = bit(w, 31);
    unsigned d = RD(w), n = RN(w), r = bits(w, 21, 16), s = bits(w, 15, 10), size = wide ? 64 : 32;
    if (d == 31)
        return true;
    flags_clobber(l);
    unsigned width = s >= r ? s - r + 1 : s + 1, lsb = s >= r ? 0 : size - r;
    uint64_t ones = width == 64 ? ~0ull : (1ull << width) - 1, mask = ones << lsb;
    gpr_copy_z(l, wide, RAX, n);
    if (s >= r && r)
        x_shift(e, SH_SHR, wide, rm_reg(RAX), r);
    if (lsb)
        x_shift(e, SH_SHL, wide, rm_reg(RAX), lsb);
    x_alu(e, ALU_XOR, wide, RAX, gpr(d));
    if (!wide || (int64_t)mask == (int32_t)mask) {
        x_alu_imm(e, ALU_AND, wide, rm_reg(RAX), (int32_t)mask);
    } else {
        x_imm(e, RCX, mask);
        x_alu(e, ALU_AND, true, RAX, rm_reg(RCX));
    }
    x_alu(e, ALU_XOR, wide, RAX, gpr(d));
    gpr_commit(l, d, RAX);
    return true;
}

bool lift_extr(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 31);
    unsigned d = RD(w), n = RN(w), m = RM(w), lsb = bits(w, 15, 10);
    if (d == 31)
        return true;
    if (n == m && n != 31) {
        int dest = gpr_dest(d, RAX);
        x_rorx(&l->e, wide, dest, gpr(n), lsb);
        gpr_commit(l, d, dest);
        return true;
    }
    flags_clobber(l);
    gpr_copy_z(l, wide, RAX, m);
    int high = gpr_read_z(l, n, RCX);
    if (lsb)
        x_shrd(&l->e, wide, rm_reg(RAX), high, lsb);
    gpr_commit(l, d, RAX);
    return true;
}

/* ---- shifts by a register: BMI2, flags stay ---- */

static bool shift_reg(struct lift *l, uint32_t w, enum shiftx op)
{
    bool wide = bit(w, 31);
    unsigned d = RD(w);
    if (d == 31)
        return true;
    int count = gpr_read_z(l, RM(w), RCX), dest = gpr_dest(d, RAX);
    if (RN(w) == 31)
        x_imm(&l->e, RAX, 0);
    x_shiftx(&l->e, op, wide, dest, RN(w) == 31 ? rm_reg(RAX) : gpr(RN(w)), count);
    gpr_commit(l, d, dest);
    return true;
}

bool lift_lslv(struct lift *l, uint32_t w)
{
    return shift_reg(l, w, SHX_SHL);
}

bool lift_lsrv(struct lift *l, uint32_t w)
{
    return shift_reg(l, w, SHX_SHR);
}

bool lift_asrv(struct lift *l, uint32_t w)
{
    return shift_reg(l, w, SHX_SAR);
}

bool lift_rorv(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 31);
    if (RD(w) == 31)
        return true;
    flags_clobber(l);
    gpr_copy_z(l, true, RCX, RM(w));
    gpr_copy_z(l, wide, RAX, RN(w));
    x_rm(&l->e, wide, 0xd3, SH_ROR, rm_reg(RAX));
    gpr_commit(l, RD(w), RAX);
    return true;
}

/* ---- multiply, divide ---- */

/* X[d] = X[a] + or - product, a scratch register; a 31: zero. EFLAGS stay. */
static void add_product(struct lift *l, bool wide, unsigned d, unsigned a, int product,
                        bool subtract)
{
    struct emit *e = &l->e;
    int dest = gpr_dest(d, product);
    if (subtract)
        x_un(e, UN_NOT, wide, rm_reg(product)); /* -x is ~x + 1 */
    if (a == 31)
        x_lea(e, wide, dest, rm_mem(product, subtract));
    else
        x_lea(e, wide, dest, rm_sib(gpr_read(l, a, RDX), product, 0, subtract));
    gpr_commit(l, d, dest);
}

/* X[d] = X[a] + or - X[n] * X[m], without EFLAGS. */
static bool multiply_flagless(struct lift *l, uint32_t w, bool subtract)
{
    bool wide = bit(w, 31);
    gpr_copy(l, wide, RDX, RN(w));
    x_mulx(&l->e, wide, RAX, RCX, gpr(RM(w)));
    add_product(l, wide, RD(w), RA(w), RCX, subtract);
    return true;
}

static bool multiply_add(struct lift *l, uint32_t w, bool subtract)
{
    bool wide = bit(w, 31), plain = RA(w) == 31 && !subtract;
    unsigned d = RD(w), n = RN(w), m = RM(w);
    if (d == 31)
        return true;
    if (plain && (n == 31 || m == 31)) {
        gpr_set(l, d, 0);
        return true;
    }
    if (flags_busy(l) && n != 31 && m != 31)
        return multiply_flagless(l, w, subtract);
    flags_clobber(l);
    if (plain && rm_is_reg(gpr(d)) && (m == d || n == d)) {
        x_imul(&l->e, wide, gpr(d).reg, gpr(m == d ? n : m));
        return true;
    }
    int product = plain ? gpr_dest(d, RAX) : RAX;
    gpr_copy_z(l, wide, product, n);
    if (m == 31)
        x_imm(&l->e, product, 0);
    else
        x_imul(&l->e, wide, product, gpr(m));
    if (plain)
        gpr_commit(l, d, product);
    else
        add_product(l, wide, d, RA(w), product, subtract);
    return true;
}

bool lift_madd(struct lift *l, uint32_t w)
{
    return multiply_add(l, w, false);
}

bool lift_msub(struct lift *l, uint32_t w)
{
    return multiply_add(l, w, true);
}

static void extend_word(struct lift *l, int t, unsigned n, bool sign)
{
    if (n == 31)
        x_imm(&l->e, t, 0);
    else if (sign)
        x_movsxd(&l->e, t, gpr(n));
    else
        x_load(&l->e, false, t, gpr(n));
}

static bool multiply_long(struct lift *l, uint32_t w, bool sign, bool subtract)
{
    unsigned d = RD(w), a = RA(w);
    bool plain = a == 31 && !subtract;
    if (d == 31)
        return true;
    bool flagless = flags_busy(l);
    int product = flagless || !plain ? RCX : gpr_dest(d, RAX);
    extend_word(l, RDX, RM(w), sign);
    extend_word(l, product, RN(w), sign);
    if (flagless) {
        x_mulx(&l->e, true, RAX, product, rm_reg(product));
    } else {
        flags_clobber(l);
        x_imul(&l->e, true, product, rm_reg(RDX));
    }
    if (plain)
        gpr_commit(l, d, product);
    else
        add_product(l, true, d, a, product, subtract);
    return true;
}

bool lift_smaddl(struct lift *l, uint32_t w)
{
    return multiply_long(l, w, true, false);
}

bool lift_smsubl(struct lift *l, uint32_t w)
{
    return multiply_long(l, w, true, true);
}

bool lift_umaddl(struct lift *l, uint32_t w)
{
    return multiply_long(l, w, false, false);
}

bool lift_umsubl(struct lift *l, uint32_t w)
{
    return multiply_long(l, w, false, true);
}

bool lift_smulh(struct lift *l, uint32_t w)
{
    if (RD(w) == 31)
        return true;
    if (RM(w) == 31) {
        gpr_set(l, RD(w), 0);
        return true;
    }
    flags_clobber(l);
    gpr_copy_z(l, true, RAX, RN(w));
    x_un(&l->e, UN_IMUL, true, gpr(RM(w)));
    gpr_commit(l, RD(w), RDX);
    return true;
}

bool lift_umulh(struct lift *l, uint32_t w)
{
    if (RD(w) == 31)
        return true;
    if (RM(w) == 31) {
        gpr_set(l, RD(w), 0);
        return true;
    }
    int dest = gpr_dest(RD(w), RAX);
    gpr_copy_z(l, true, RDX, RN(w));
    x_mulx(&l->e, true, dest, RCX, gpr(RM(w)));
    gpr_commit(l, RD(w), dest);
    return true;
}

/* Division by zero gives zero, the one signed overflow gives the dividend: neither may reach DIV. */
static bool divide(struct lift *l, uint32_t w, bool sign)
{
    struct emit *e = &l->e;
    bool wide = bit(w, 31);
    if (RD(w) == 31)
        return true;
    flags_clobber(l);
    gpr_copy_z(l, wide, RCX, RM(w));
    gpr_copy_z(l, wide, RAX, RN(w));
    uint8_t *minus_one = NULL, *negated = NULL;
    if (sign) {
        x_alu_imm(e, ALU_CMP, wide, rm_reg(RCX), -1);
        minus_one = x_jcc8(e, CC_E);
    }
    x_test(e, wide, RCX, rm_reg(RCX));
    uint8_t *zero = x_jcc8(e, CC_E);
    if (sign) {
        if (wide)
            e8(e, 0x48);
        e8(e, 0x99); /* cdq, cqo */
    } else {
        x_imm(e, RDX, 0);
    }
    x_un(e, sign ? UN_IDIV : UN_DIV, wide, rm_reg(RCX));
    uint8_t *done = x_jmp8(e);
    if (sign) {
        x_bind8(e, minus_one);
        x_un(e, UN_NEG, wide, rm_reg(RAX));
        negated = x_jmp8(e);
    }
    x_bind8(e, zero);
    x_imm(e, RAX, 0);
    x_bind8(e, done);
    if (sign)
        x_bind8(e, negated);
    gpr_commit(l, RD(w), RAX);
    return true;
}

bool lift_udiv(struct lift *l, uint32_t w)
{
    return divide(l, w, false);
}

bool lift_sdiv(struct lift *l, uint32_t w)
{
    return divide(l, w, true);
}

/* ---- bits and bytes of one register ---- */

#define OP_LZCNT (0xbd | OP_0F | OP_F3)
#define OP_TZCNT (0xbc | OP_0F | OP_F3)
#define OP_POPCNT (0xb8 | OP_0F | OP_F3)

static bool count_bits(struct lift *l, uint32_t w, uint32_t op)
{
    bool wide = bit(w, 31);
    if (RD(w) == 31)
        return true;
    flags_clobber(l);
    int dest = gpr_dest(RD(w), RAX);
    if (RN(w) == 31)
        x_imm(&l->e, RAX, 0);
    l->e.clobbered = true;
    x_rm(&l->e, wide, op, dest, RN(w) == 31 ? rm_reg(RAX) : gpr(RN(w)));
    gpr_commit(l, RD(w), dest);
    return true;
}

bool lift_clz(struct lift *l, uint32_t w)
{
    return count_bits(l, w, OP_LZCNT);
}

bool lift_ctz(struct lift *l, uint32_t w)
{
    return count_bits(l, w, OP_TZCNT);
}

bool lift_cnt(struct lift *l, uint32_t w)
{
    return count_bits(l, w, OP_POPCNT);
}

bool lift_cls(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 31);
    if (RD(w) == 31)
        return true;
    flags_clobber(l);
    gpr_copy_z(l, wide, RAX, RN(w));
    x_mov(&l->e, RCX, RAX);
    x_shift(&l->e, SH_SAR, wide, rm_reg(RCX), wide ? 63 : 31);
    x_alu(&l->e, ALU_XOR, wide, RAX, rm_reg(RCX));
    x_rm(&l->e, wide, OP_LZCNT, RAX, rm_reg(RAX));
    x_lea(&l->e, wide, RAX, rm_mem(RAX, -1));
    gpr_commit(l, RD(w), RAX);
    return true;
}

/* Swaps neighbouring groups of `bits_` bits in RAX; RCX, RDX are used. */
static void swap_groups(struct emit *e, bool w, unsigned count, uint64_t mask)
{
    x_mov(e, RCX, RAX);
    x_shift(e, SH_SHR, w, rm_reg(RCX), count);
    x_imm(e, RDX, w ? mask : (uint32_t)mask);
    x_alu(e, ALU_AND, w, RCX, rm_reg(RDX));
    x_alu(e, ALU_AND, w, RAX, rm_reg(RDX));
    x_shift(e, SH_SHL, w, rm_reg(RAX), count);
    x_alu(e, ALU_OR, w, RAX, rm_reg(RCX));
}

/* X[d] = the bits of the register or slot m in reverse order. Uses RAX, without GFNI also RCX and RDX. */
static void reverse_bits(struct lift *l, bool wide, unsigned d, struct rm m)
{
    struct emit *e = &l->e;
    if (jit.gfni) {
        int dest = gpr_dest(d, RAX);
        x_v(e, wide ? rm_is_reg(m) ? VMOVQ_FROM_R : VMOVQ_LD : VMOVD_LD, XMM_T0, 0, m);
        x_vi(e, VGF2P8AFFINEQB, XMM_T0, XMM_T0, rm_const(K_RBIT), 0);
        x_v(e, wide ? VMOVQ_TO_R : VMOVD_ST, XMM_T0, 0, rm_reg(dest));
        x_bswap(e, wide, dest);
        gpr_commit(l, d, dest);
        return;
    }
    x_load(e, wide, RAX, m);
    x_bswap(e, wide, RAX);
    swap_groups(e, wide, 4, 0x0f0f0f0f0f0f0f0full);
    swap_groups(e, wide, 2, 0x3333333333333333ull);
    swap_groups(e, wide, 1, 0x5555555555555555ull);
    gpr_commit(l, d, RAX);
}

/* RBIT, and with a CLZ of its result behind it a count of trailing zeros. */
bool lift_rbit(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 31);
    unsigned d = RD(w), n = RN(w);
    const struct insn *next = &l->insn[l->at + 1];
    bool counts = l->at < l->block[l->insn[l->at].block].last && next->op == A64_clz &&
                  bit(next->word, 31) == wide && RN(next->word) == d && RD(next->word) != 31;
    if (d == 31)
        return true;
    if (n == 31) {
        gpr_set(l, d, 0);
        return true;
    }
    if (d == n && RD(next->word) != d) /* both results are wanted, one in the operand's place */
        counts = false;
    if (counts || !jit.gfni)
        flags_clobber(l);
    if (!counts || RD(next->word) != d)
        reverse_bits(l, wide, d, gpr(n));
    if (counts) {
        int dest = gpr_dest(RD(next->word), RAX);
        l->e.clobbered = true;
        x_rm(&l->e, wide, OP_TZCNT, dest, gpr(n));
        gpr_commit(l, RD(next->word), dest);
        l->skip = 1;
    }
    return true;
}

bool lift_rev16(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 31);
    if (RD(w) == 31)
        return true;
    flags_clobber(l);
    gpr_copy_z(l, wide, RAX, RN(w));
    swap_groups(&l->e, wide, 8, 0x00ff00ff00ff00ffull);
    gpr_commit(l, RD(w), RAX);
    return true;
}

static bool reverse(struct lift *l, uint32_t w, bool wide, bool halves)
{
    if (RD(w) == 31)
        return true;
    int dest = gpr_dest(RD(w), RAX);
    gpr_copy_z(l, wide, dest, RN(w));
    x_bswap(&l->e, wide, dest);
    if (halves)
        x_rorx(&l->e, true, dest, rm_reg(dest), 32);
    gpr_commit(l, RD(w), dest);
    return true;
}

bool lift_rev32(struct lift *l, uint32_t w)
{
    return reverse(l, w, bit(w, 31), bit(w, 31));
}

bool lift_rev64(struct lift *l, uint32_t w)
{
    return reverse(l, w, true, false);
}
