/*
 * Hints, barriers, cache maintenance, system registers (Arm ARM C5). What is
 * rare or has effects beyond registers is left to the interpreter's functions.
 */
#include "a64/model.h"
#include "engine/jit/lifters.h"

bool lift_hint(struct lift *l, uint32_t w)
{
    if (bits(w, 11, 5) == 1) { /* YIELD: PAUSE */
        e8(&l->e, 0xf3);
        e8(&l->e, 0x90);
    }
    return true;
}

/* Pointer authentication in hint space does nothing on a model without it. */
bool lift_pac_hint(struct lift *l, uint32_t w)
{
    return !(l->cpu->model->features & A64_FEAT_BIT(PAUTH));
}

static void full_barrier(struct lift *l)
{
    flags_clobber(l);
    emit_barrier(&l->e);
}

bool lift_dmb(struct lift *l, uint32_t w)
{
    unsigned kind = bits(w, 9, 8);
    if (kind != 1 && kind != 2)
        full_barrier(l);
    return true;
}

bool lift_dsb(struct lift *l, uint32_t w)
{
    full_barrier(l);
    return true;
}

/* Who changed code has set poll before this thread can know of it. */
bool lift_isb(struct lift *l, uint32_t w)
{
    flags_clobber(l);
    x_alu_imm(&l->e, ALU_CMP, false, CPU_SLOT(poll), 0);
    cold_add(l, COLD_POLL, x_jcc(&l->e, CC_NE))->pc = l->pc + 4;
    return true;
}

bool lift_clrex(struct lift *l, uint32_t w)
{
    x_store_imm(&l->e, true, CPU_SLOT(excl_size), 0);
    return true;
}

bool lift_mrs_tpidr(struct lift *l, uint32_t w)
{
    if (RD(w) == 31)
        return true;
    int dest = gpr_dest(RD(w), RAX);
    x_load(&l->e, true, dest, CPU_SLOT(tpidr_el0));
    gpr_commit(l, RD(w), dest);
    return true;
}

bool lift_msr_tpidr(struct lift *l, uint32_t w)
{
    x_store(&l->e, true, CPU_SLOT(tpidr_el0), gpr_read_z(l, RD(w), RAX));
    return true;
}

/* Linux leaves it zero for EL0. */
bool lift_mrs_tpidrro(struct lift *l, uint32_t w)
{
    gpr_set(l, RD(w), 0);
    return true;
}

bool lift_mrs_cntfrq(struct lift *l, uint32_t w)
{
    gpr_set(l, RD(w), A64_COUNTER_HZ);
    return true;
}

/* CF is the complement of C after a subtraction and C itself after an addition: it is read the other way from here. */
bool lift_cfinv(struct lift *l, uint32_t w)
{
    flags_consume(l, FL_SUB);
    flags_set(l, FL_ADD);
    return true;
}

bool lift_mrs_ctr(struct lift *l, uint32_t w)
{
    gpr_set(l, RD(w), A64_CTR_EL0);
    return true;
}

bool lift_mrs_dczid(struct lift *l, uint32_t w)
{
    gpr_set(l, RD(w), A64_DCZID_EL0);
    return true;
}

bool lift_mrs_fpcr(struct lift *l, uint32_t w)
{
    if (RD(w) == 31)
        return true;
    x_load(&l->e, false, RAX, CPU_SLOT(fpcr));
    gpr_commit(l, RD(w), RAX);
    return true;
}

bool lift_mrs_nzcv(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    if (RD(w) == 31)
        return true;
    if (l->flags != FL_MEM && !l->flags_saved)
        emit_flags_save(e, l->flags);
    l->flags = FL_MEM;
    l->flags_saved = false;
    /* AH bits 7 6 0, AL bit 0 to bits 31 30 29 28; carry is kept inverted. */
    x_movzx16(e, RAX, word_slot(JW_FLAGS));
    x_mov32(e, RCX, RAX);
    x_alu_imm(e, ALU_AND, false, rm_reg(RCX), 0xc000);
    x_shift(e, SH_SHL, false, rm_reg(RCX), 16);
    x_mov32(e, RDX, RAX);
    x_alu_imm(e, ALU_AND, false, rm_reg(RDX), 0x100);
    x_alu_imm(e, ALU_XOR, false, rm_reg(RDX), 0x100);
    x_shift(e, SH_SHL, false, rm_reg(RDX), 21);
    x_alu(e, ALU_OR, false, RCX, rm_reg(RDX));
    x_alu_imm(e, ALU_AND, false, rm_reg(RAX), 1);
    x_shift(e, SH_SHL, false, rm_reg(RAX), 28);
    x_alu(e, ALU_OR, false, RCX, rm_reg(RAX));
    gpr_commit(l, RD(w), RCX);
    return true;
}

bool lift_dc_zva(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    flags_clobber(l);
    gpr_copy_z(l, true, RAX, RD(w));
    x_alu_imm(e, ALU_AND, true, rm_reg(RAX), -(int32_t)A64_LINE);
    x_v(e, VPXOR, XMM_T0, XMM_T0, rm_reg(XMM_T0));
    may_fault(l);
    for (unsigned i = 0; i < A64_LINE; i += 32)
        x_v(e, VMOVDQU_ST | VOP_256, XMM_T0, 0, rm_mem(RAX, (int32_t)i));
    return true;
}
