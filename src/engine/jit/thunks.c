/*
 * The common pieces of code at the start of the arena: the way in from C and
 * out to it, the calls back into C, indirect branches and returns that were
 * not predicted. Written by the emitter at start, as they depend on how many
 * registers are pinned.
 */
#include "engine/jit/jit.h"
#include "engine/jit/lift.h"
#include "engine/jit/state.h"
#include "engine/jit/vops.h"

static const uint8_t callee_saved[] = {RBX, RBP, R12, R13, R14, R15};

/* From translated code to the host stack, everything of the guest in its slot but MXCSR. RAX, RDX are kept. */
static void emit_leave(struct emit *e)
{
    emit_save_pins(e);
    x_store(e, true, word_slot(JW_SHADOW_SP), RSP);
    x_load(e, true, RSP, word_slot(JW_HOST_SP));
    x_alu_imm(e, ALU_CMP, false, word_slot(JW_PENDING), 0);
    uint8_t *none = x_jcc8(e, CC_E);
    emit_barrier(e);
    x_bind8(e, none);
}

static void emit_return(struct emit *e)
{
    x_load(e, true, RSP, word_slot(JW_SHADOW_SP));
    emit_load_pins(e);
}

static void emit_call_c(struct emit *e, const void *fn)
{
    x_lea(e, true, RDI, rm_mem(R15, -STATE_BIAS));
    x_imm(e, RAX, (uint64_t)fn);
    x_call_rm(e, rm_reg(RAX));
}

static const void *make_enter(struct emit *e)
{
    const void *at = (const void *)emit_pc(e);
    for (unsigned i = 0; i < ARRAY_LEN(callee_saved); i++)
        x_push(e, callee_saved[i]);
    x_alu_imm(e, ALU_SUB, true, rm_reg(RSP), 8);
    x_lea(e, true, R15, rm_mem(RDI, STATE_BIAS));
    x_store(e, true, word_slot(JW_HOST_SP), RSP);
    x_mov(e, RAX, RSI);
    emit_return(e);
    x_jmp_rm(e, rm_reg(RAX));
    return at;
}

static void make_exits(struct emit *e)
{
    jit.thunk.exit_pc = e->p;
    x_store(e, true, CPU_SLOT(pc), RDX);
    jit.thunk.exit = e->p;
    emit_leave(e);
    x_alu_imm(e, ALU_ADD, true, rm_reg(RSP), 8);
    for (unsigned i = ARRAY_LEN(callee_saved); i-- > 0;)
        x_pop(e, callee_saved[i]);
    x_ret(e);

    jit.thunk.cold = e->p;
    x_imm(e, RAX, EXIT_COLD);
    x_jmp_to(e, jit.thunk.exit);
    jit.thunk.fetch = e->p;
    x_imm(e, RAX, EXIT_FETCH);
    x_jmp_to(e, jit.thunk.exit);

    for (unsigned kind = 0; kind < FAULT_KINDS; kind++) {
        jit.thunk.fault[kind] = e->p;
        /* NZCV that is dead was not kept; then EFLAGS say nothing and do no harm. */
        if (kind == FAULT_LENT) {
            x_load(e, true, RBX, gpr_slot(LENT_RBX));
            x_load(e, true, R14, gpr_slot(LENT_R14));
        } else if (kind != FL_MEM) {
            emit_flags_save(e, kind);
        }
        x_imm(e, RAX, EXIT_REPLAY);
        x_jmp_to(e, jit.thunk.exit);
    }
}

/* EAX: link number. Goes on where C says. */
static void make_link(struct emit *e)
{
    jit.thunk.link = e->p;
    emit_leave(e);
    x_mov32(e, RSI, RAX);
    emit_call_c(e, (const void *)jit_link);
    emit_return(e);
    x_jmp_rm(e, rm_reg(RAX));
}

void jit_hash_emit(struct emit *e)
{
    x_rorx(e, false, RDX, rm_reg(RAX), 8);
    x_alu(e, ALU_XOR, false, RDX, rm_reg(RAX));
    x_alu_imm(e, ALU_AND, false, rm_reg(RDX), ((1 << HASH_BITS) - 1) << 2);
    x_load(e, true, RCX, word_slot(JW_HASH));
    x_alu(e, ALU_CMP, true, RAX, rm_sib(RCX, RDX, 2, 0));
}

/*
 * RAX: guest address. Hash of the thread, then C. An entry that another target pushed
 * out of its place is in the one beside it, whose own target would be the next instruction.
 */
static void make_indirect(struct emit *e)
{
    jit.thunk.indirect = e->p;
    jit_hash_emit(e);
    uint8_t *miss = x_jcc8(e, CC_NE);
    x_jmp_rm(e, jit_hash_code);
    x_bind8(e, miss);
    x_alu_imm(e, ALU_XOR, false, rm_reg(RDX), 4);
    x_alu(e, ALU_CMP, true, RAX, rm_sib(RCX, RDX, 2, 0));
    miss = x_jcc8(e, CC_NE);
    x_jmp_rm(e, jit_hash_code);
    x_bind8(e, miss);
    jit.thunk.miss = e->p;
    x_store(e, true, CPU_SLOT(pc), RAX);
    emit_leave(e);
    emit_call_c(e, (const void *)jit_lookup);
    emit_return(e);
    x_jmp_rm(e, rm_reg(RAX));
}

/*
 * A return whose address is not the one on top of the shadow stack: frames
 * were left by longjmp or an exception (it is a little deeper), or stacks were
 * switched (it is not there).
 */
static void make_ret_miss(struct emit *e)
{
    uint8_t *found[8];

    jit.thunk.ret_miss = e->p;
    x_alu_imm(e, ALU_CMP, false, CPU_SLOT(poll), 0);
    uint8_t *poll = x_jcc(e, CC_NE);
    for (int i = 0; i < 8; i++) {
        x_alu(e, ALU_CMP, true, RAX, rm_mem(RSP, 8 + 16 * (i + 1)));
        found[i] = x_jcc(e, CC_E);
    }
    x_jmp_to(e, jit.thunk.indirect);
    for (int i = 0; i < 8; i++) {
        x_bind(e, found[i]);
        x_alu_imm(e, ALU_ADD, true, rm_reg(RSP), 16 * (i + 1));
        x_ret(e);
    }
    x_bind(e, poll);
    x_mov(e, RDX, RAX);
    x_imm(e, RAX, EXIT_POLL);
    x_jmp_to(e, jit.thunk.exit_pc);

    jit.thunk.underflow = e->p;
    x_load(e, true, RSP, word_slot(JW_SHADOW_TOP));
    x_jmp_to(e, jit.thunk.indirect);
}

/* EAX: word, ECX: op, RDX: pc; called. If the function throws, the shadow stack is as before the call. */
static void make_exec(struct emit *e)
{
    jit.thunk.exec = e->p;
    x_store(e, true, CPU_SLOT(pc), RDX);
    x_mov32(e, RDX, RCX);
    x_lea(e, true, RSP, rm_mem(RSP, 8));
    emit_leave(e);
    x_mov32(e, RSI, RAX);
    emit_call_c(e, (const void *)jit_exec);
    emit_return(e);
    x_lea(e, true, RSP, rm_mem(RSP, -8));
    x_ret(e);
}

void jit_thunks_make(void)
{
    struct emit *e = &jit.emit;
    const void *enter = make_enter(e);
    __builtin_memcpy(&jit.thunk.enter, &enter, sizeof enter);
    make_exits(e);
    make_link(e);
    make_indirect(e);
    make_ret_miss(e);
    make_exec(e);
}
