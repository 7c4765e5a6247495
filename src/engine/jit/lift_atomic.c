/*
 * Ordered, exclusive and atomic accesses (Arm ARM C4.1.88, B2.3, B2.9). Plain
 * host accesses are already acquire and release; STLR is an exchange, as
 * STLR before LDAR is the one order that TSO does not keep. Exclusives compare
 * with the value that was loaded (struct cpu, excl_*). A misaligned address, or
 * a monitor that is not open on the very address, goes to the interpreter.
 */
#include "engine/jit/lifters.h"

/* The address of an access of 1 << size bytes, checked for alignment; *odd is the detour to be given its end. */
static int aligned_base(struct lift *l, uint32_t w, unsigned size, struct cold **odd)
{
    int base = gpr_read(l, RN(w), RCX);
    *odd = NULL;
    if (size) {
        x_test_imm(&l->e, false, rm_reg(base), (1 << size) - 1);
        *odd = exec_if(l, CC_NE);
    }
    return base;
}

static void end_detour(struct lift *l, struct cold *c)
{
    if (c)
        c->back = l->e.p;
}

/* op [base], reg of 1 << size bytes; op is the opcode of the wide form, one above that of bytes. */
static void sized(struct emit *e, uint32_t op, unsigned size, int reg, int base)
{
    if (size == 0)
        x_rm(e, false, (op - 1) | OP_BYTE, reg, rm_mem(base, 0));
    else
        x_rm(e, size == 3, size == 1 ? op | OP_66 : op, reg, rm_mem(base, 0));
}

/* LOCK goes before the operand-size prefix or after it alike. */
static void locked(struct lift *l, uint32_t op, unsigned size, int reg, int base)
{
    x_lock(&l->e);
    sized(&l->e, op, size, reg, base);
}

#define OP_XCHG 0x87
#define OP_XADD (0xc1 | OP_0F)
#define OP_CMPXCHG (0xb1 | OP_0F)

static void load_zero(struct emit *e, unsigned size, int d, int base)
{
    if (size == 0)
        x_movzx8(e, d, rm_mem(base, 0));
    else if (size == 1)
        x_movzx16(e, d, rm_mem(base, 0));
    else
        x_load(e, size == 3, d, rm_mem(base, 0));
}

static void zero_extend(struct emit *e, unsigned size, int r)
{
    if (size == 0)
        x_movzx8(e, r, rm_reg(r));
    else if (size == 1)
        x_movzx16(e, r, rm_reg(r));
    else if (size == 2)
        x_mov32(e, r, r);
}

static void commit_z(struct lift *l, unsigned n, int r)
{
    if (n != 31)
        gpr_commit(l, n, r);
}

bool lift_ldar(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, size, &odd), dest = RD(w) == 31 ? RAX : gpr_dest(RD(w), RAX);
    may_fault(l);
    load_zero(&l->e, size, dest, base);
    commit_z(l, RD(w), dest);
    end_detour(l, odd);
    return true;
}

bool lift_stlr(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, size, &odd);
    gpr_copy_z(l, true, RAX, RD(w));
    may_fault(l);
    sized(&l->e, OP_XCHG, size, RAX, base);
    end_detour(l, odd);
    return true;
}

bool lift_ldxr(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, size, &odd);
    may_fault(l);
    load_zero(e, size, RAX, base);
    x_store(e, true, CPU_SLOT(excl_value), RAX);
    x_store(e, true, CPU_SLOT(excl_addr), base);
    x_store_imm(e, true, CPU_SLOT(excl_size), 1 << size);
    commit_z(l, RD(w), RAX);
    end_detour(l, odd);
    return true;
}

bool lift_stxr(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    unsigned size = w >> 30;
    flags_clobber(l);
    int base = gpr_read(l, RN(w), RCX);
    x_alu_store(e, ALU_CMP, true, CPU_SLOT(excl_addr), base);
    struct cold *other = exec_if(l, CC_NE);
    x_alu_imm(e, ALU_CMP, true, CPU_SLOT(excl_size), 1 << size);
    struct cold *closed = exec_if(l, CC_NE);
    x_load(e, true, RAX, CPU_SLOT(excl_value));
    int src = gpr_read_z(l, RD(w), RDX);
    may_fault(l);
    locked(l, OP_CMPXCHG, size, src, base);
    x_setcc(e, CC_NE, rm_reg(RAX));
    x_movzx8(e, RAX, rm_reg(RAX));
    x_store_imm(e, true, CPU_SLOT(excl_size), 0);
    commit_z(l, RM(w), RAX);
    end_detour(l, other);
    end_detour(l, closed);
    return true;
}

bool lift_cas(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, size, &odd), src = gpr_read_z(l, RD(w), RDX);
    gpr_copy_z(l, true, RAX, RM(w));
    may_fault(l);
    locked(l, OP_CMPXCHG, size, src, base);
    zero_extend(&l->e, size, RAX);
    commit_z(l, RM(w), RAX);
    end_detour(l, odd);
    return true;
}

bool lift_swp(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, size, &odd);
    gpr_copy_z(l, true, RAX, RM(w));
    may_fault(l);
    sized(&l->e, OP_XCHG, size, RAX, base);
    zero_extend(&l->e, size, RAX);
    commit_z(l, RD(w), RAX);
    end_detour(l, odd);
    return true;
}

bool lift_ldadd(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, size, &odd);
    gpr_copy_z(l, true, RAX, RM(w));
    may_fault(l);
    locked(l, RD(w) == 31 ? 0x01 : OP_XADD, size, RAX, base);
    if (RD(w) != 31) {
        zero_extend(&l->e, size, RAX);
        gpr_commit(l, RD(w), RAX);
    }
    end_detour(l, odd);
    return true;
}

enum rmw { RMW_CLR, RMW_EOR, RMW_SET, RMW_SMAX, RMW_SMIN, RMW_UMAX, RMW_UMIN };

/* RDX = new value from RAX, the old one, and X[s]. */
static void modify(struct lift *l, enum rmw op, unsigned size, unsigned s)
{
    static const uint8_t keep_old[] = {
        [RMW_SMAX] = CC_G, [RMW_SMIN] = CC_L, [RMW_UMAX] = CC_A, [RMW_UMIN] = CC_B};
    static const uint8_t alu[] = {[RMW_CLR] = ALU_AND, [RMW_EOR] = ALU_XOR, [RMW_SET] = ALU_OR};
    struct emit *e = &l->e;
    gpr_copy_z(l, true, RDX, s);
    if (op >= RMW_SMAX) {
        x_alu(e, ALU_CMP, size == 3, RAX, rm_reg(RDX));
        x_cmov(e, keep_old[op], size == 3, RDX, rm_reg(RAX));
        return;
    }
    if (op == RMW_CLR)
        x_un(e, UN_NOT, true, rm_reg(RDX));
    x_alu(e, alu[op], true, RDX, rm_reg(RAX));
}

static bool read_modify_write(struct lift *l, uint32_t w, enum rmw op)
{
    static const uint8_t opcode[] = {[RMW_CLR] = 0x21, [RMW_EOR] = 0x31, [RMW_SET] = 0x09};
    struct emit *e = &l->e;
    unsigned size = w >> 30;
    struct cold *odd;
    if (op >= RMW_SMAX && size < 2)
        return false;
    flags_clobber(l);
    int base = aligned_base(l, w, size, &odd);
    if (RD(w) == 31 && op < RMW_SMAX) {
        gpr_copy_z(l, true, RAX, RM(w));
        if (op == RMW_CLR)
            x_un(e, UN_NOT, true, rm_reg(RAX));
        may_fault(l);
        locked(l, opcode[op], size, RAX, base);
    } else {
        may_fault(l);
        load_zero(e, size, RAX, base);
        emit_forget(e);
        uint8_t *again = e->p;
        modify(l, op, size, RM(w));
        locked(l, OP_CMPXCHG, size, RDX, base);
        x_jcc_to(e, CC_NE, again);
        commit_z(l, RD(w), RAX);
    }
    end_detour(l, odd);
    return true;
}

bool lift_ldclr(struct lift *l, uint32_t w)
{
    return read_modify_write(l, w, RMW_CLR);
}

bool lift_ldeor(struct lift *l, uint32_t w)
{
    return read_modify_write(l, w, RMW_EOR);
}

bool lift_ldset(struct lift *l, uint32_t w)
{
    return read_modify_write(l, w, RMW_SET);
}

bool lift_ldsmax(struct lift *l, uint32_t w)
{
    return read_modify_write(l, w, RMW_SMAX);
}

bool lift_ldsmin(struct lift *l, uint32_t w)
{
    return read_modify_write(l, w, RMW_SMIN);
}

bool lift_ldumax(struct lift *l, uint32_t w)
{
    return read_modify_write(l, w, RMW_UMAX);
}

bool lift_ldumin(struct lift *l, uint32_t w)
{
    return read_modify_write(l, w, RMW_UMIN);
}
