/*
 * Branches, calls and returns (Arm ARM C4.1.87). A call is a host call: the
 * shadow stack holds the guest's return address beneath the host's, and a
 * return that finds its address there is a host return, so that the host's
 * predictor works for the guest.
 */
#include "engine/jit/discover.h"
#include "engine/jit/lifters.h"

bool lift_b(struct lift *l, uint32_t w)
{
    branch_to(l, branch_target(w, A64_b, l->pc));
    return true;
}

bool lift_b_cond(struct lift *l, uint32_t w)
{
    uint64_t target = branch_target(w, A64_b_cond, l->pc);
    unsigned cond = w & 15;
    if (cond >= 14) {
        branch_to(l, target);
        return true;
    }
    flags_read(l);
    branch_if(l, flags_cond(l, cond), target);
    return true;
}

static bool compare_zero(struct lift *l, uint32_t w, int cc)
{
    bool wide = bit(w, 31);
    unsigned t = RD(w);
    uint64_t target = branch_target(w, A64_cbz, l->pc);
    if (t == 31) {
        if (cc == CC_E)
            branch_to(l, target);
        return true;
    }
    flags_clobber(l);
    if (rm_is_reg(gpr(t)))
        x_test(&l->e, wide, gpr(t).reg, gpr(t));
    else
        x_alu_imm(&l->e, ALU_CMP, wide, gpr(t), 0);
    branch_if(l, (struct hcond){(int8_t)cc, -1, false}, target);
    return true;
}

bool lift_cbz(struct lift *l, uint32_t w)
{
    return compare_zero(l, w, CC_E);
}

bool lift_cbnz(struct lift *l, uint32_t w)
{
    return compare_zero(l, w, CC_NE);
}

static bool test_bit(struct lift *l, uint32_t w, bool set)
{
    unsigned t = RD(w), b = bits(w, 23, 19) | bit(w, 31) << 5;
    uint64_t target = branch_target(w, A64_tbz, l->pc);
    int cc = set ? CC_NE : CC_E;
    if (t == 31) {
        if (!set)
            branch_to(l, target);
        return true;
    }
    flags_clobber(l);
    struct rm m = gpr(t);
    if (!rm_is_reg(m)) {
        m.disp += (int32_t)(b / 32 * 4);
        x_test_imm(&l->e, false, m, (int32_t)(1u << b % 32));
    } else if (b < 32) {
        x_test_imm(&l->e, false, m, (int32_t)(1u << b));
    } else {
        x_bt_imm(&l->e, true, m, b);
        cc = set ? CC_B : CC_AE;
    }
    branch_if(l, (struct hcond){(int8_t)cc, -1, false}, target);
    return true;
}

bool lift_tbz(struct lift *l, uint32_t w)
{
    return test_bit(l, w, false);
}

bool lift_tbnz(struct lift *l, uint32_t w)
{
    return test_bit(l, w, true);
}

static void poll(struct lift *l, uint64_t pc)
{
    x_alu_imm(&l->e, ALU_CMP, false, CPU_SLOT(poll), 0);
    cold_add(l, COLD_POLL, x_jcc(&l->e, CC_NE))->pc = pc;
}

/*
 * The return address: onto the shadow stack and into X30. Calls need no poll:
 * without end they fill the shadow stack, and its guard page looks (fault.c).
 */
static void push_return(struct lift *l, int t)
{
    x_imm(&l->e, t, l->pc + 4);
    may_fault(l);
    x_push(&l->e, t);
    gpr_commit(l, 30, t);
}

/* Behind the call: its return has popped the host's address, the guest's is still there. */
static void after_call(struct lift *l)
{
    x_pop(&l->e, RCX);
    l->upper64 = l->upper32 = 0;
}

void call_here(struct lift *l, uint64_t target)
{
    push_return(l, RAX);
    call_to(l, target);
    after_call(l);
}

bool lift_bl(struct lift *l, uint32_t w)
{
    uint64_t target = branch_target(w, A64_bl, l->pc);
    flags_clobber(l);
    if (!lift_outlined(l, target))
        call_here(l, target);
    return true;
}

bool lift_br(struct lift *l, uint32_t w)
{
    flags_clobber(l);
    poll(l, l->pc);
    gpr_copy_z(l, true, RAX, RN(w));
    jit_hash_emit(&l->e);
    x_jcc_to(&l->e, CC_NE, jit.thunk.indirect);
    x_jmp_rm(&l->e, jit_hash_code);
    l->ended = true;
    return true;
}

/* Code that was made at run time calls what is far away by a constant: as good as BL. */
static bool call_constant(struct lift *l, unsigned n)
{
    uint64_t target;
    if (!gpr_constant(l, n, true, &target) || target & 3)
        return false;
    l->live_out = l->live_out && flags_live_at(l, target);
    flags_clobber(l);
    push_return(l, RAX);
    call_to(l, target);
    after_call(l);
    return true;
}

bool lift_blr(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    if (call_constant(l, RN(w)))
        return true;
    flags_clobber(l);
    gpr_copy_z(l, true, RAX, RN(w));
    push_return(l, RCX);
    jit_hash_emit(e);
    struct cold *c = cold_add(l, COLD_CALL, x_jcc(e, CC_NE));
    x_call_rm(e, jit_hash_code);
    c->back = e->p;
    after_call(l);
    return true;
}

bool lift_ret(struct lift *l, uint32_t w)
{
    flags_clobber(l);
    gpr_copy_z(l, true, RAX, RN(w));
    x_alu(&l->e, ALU_CMP, true, RAX, rm_mem(RSP, 8));
    x_jcc_to(&l->e, CC_NE, jit.thunk.ret_miss);
    x_ret(&l->e);
    l->ended = true;
    return true;
}

bool lift_svc(struct lift *l, uint32_t w)
{
    exit_at(l, l->pc + 4, EXIT_SVC | bits(w, 20, 5) << 8);
    return true;
}
