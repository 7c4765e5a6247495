/*
 * Cyclic redundancy checks (Arm ARM C4.1.94, data processing with two sources).
 * The host has an instruction for CRC32C. The other polynomial divides by two
 * carry-less multiplications: a value times the polynomial's inverse modulo
 * x^64 is the quotient whose product with the polynomial clears its low 64
 * bits, and what that product has above them is the remainder (bits are
 * reflected, so "low" comes first). A shorter value is moved up to be cleared.
 */
#include "engine/jit/lifters.h"

static bool crc32(struct lift *l, uint32_t w, unsigned size)
{
    struct emit *e = &l->e;
    unsigned bits_in = 8u << size;
    if (!jit.pclmul)
        return false;
    if (RD(w) == 31)
        return true;
    flags_clobber(l);
    gpr_copy_z(l, false, RAX, RN(w));
    x_alu(e, ALU_XOR, size == 3, RAX, rm_reg(gpr_read_z(l, RM(w), RCX)));
    if (size < 3)
        x_shift(e, SH_SHL, true, rm_reg(RAX), 64 - bits_in);
    x_v(e, VMOVQ_FROM_R, XMM_T0, 0, rm_reg(RAX));
    x_vi(e, VPCLMULQDQ, XMM_T0, XMM_T0, rm_const(K_CRC32), 0x00);
    x_vi(e, VPCLMULQDQ, XMM_T0, XMM_T0, rm_const(K_CRC32), 0x10);
    x_vi(e, VPEXTRD, XMM_T0, 0, rm_reg(RAX), 2);
    if (size < 2) { /* what the data did not reach of the old value */
        gpr_copy_z(l, false, RCX, RN(w));
        x_shift(e, SH_SHR, false, rm_reg(RCX), bits_in);
        x_alu(e, ALU_XOR, false, RAX, rm_reg(RCX));
    }
    gpr_commit(l, RD(w), RAX);
    return true;
}

bool lift_crc32(struct lift *l, uint32_t w)
{
    return crc32(l, w, bits(w, 11, 10));
}

bool lift_crc32x(struct lift *l, uint32_t w)
{
    return crc32(l, w, 3);
}

static bool crc32c(struct lift *l, uint32_t w, unsigned size)
{
    struct emit *e = &l->e;
    if (RD(w) == 31)
        return true;
    gpr_copy_z(l, false, RAX, RN(w));
    int data = gpr_read_z(l, RM(w), RCX);
    uint32_t op = 0xf1 | OP_0F38 | OP_F2;
    if (size == 0) {
        if (data != RCX)
            x_mov(e, RCX, data);
        op = 0xf0 | OP_0F38 | OP_F2;
        data = RCX;
    }
    x_rm(e, size == 3, size == 1 ? op | OP_66 : op, RAX, rm_reg(data));
    gpr_commit(l, RD(w), RAX);
    return true;
}

bool lift_crc32c(struct lift *l, uint32_t w)
{
    return crc32c(l, w, bits(w, 11, 10));
}

bool lift_crc32cx(struct lift *l, uint32_t w)
{
    return crc32c(l, w, 3);
}
