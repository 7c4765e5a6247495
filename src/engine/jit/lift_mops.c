/*
 * Memory copy and memory set (FEAT_MOPS). Compilers and libraries write the
 * three instructions one behind the other; here they are one piece of code
 * that copies blocks which do not overlap, without a loop up to 64 bytes. The
 * registers change at its end, so that a fault in the middle begins anew from
 * the prologue, in the interpreter. Overlaps, and blocks so large that a
 * signal should not wait for them, are the interpreter's from the start.
 */
#include "engine/jit/lifters.h"

#define LARGE (1 << 20)

/* The main part and the epilogue follow and name the same registers. */
static bool triple(struct lift *l, uint32_t w)
{
    const struct block *b = &l->block[l->insn[l->at].block];
    const uint32_t fields = 0x001f0000 | 0x3ff;
    unsigned d = RD(w), n = RN(w), s = RM(w);
    if (l->at + 2u > b->last || d == n || d == s || n == s || d == 31 || n == 31)
        return false;
    for (unsigned i = 1; i <= 2; i++) {
        const struct insn *in = &l->insn[l->at + i];
        if (in->op != l->insn[l->at].op + i || ((in->word ^ w) & fields))
            return false;
    }
    return true;
}

/* The three functions, each of which may not go on to the next. */
static void cold_triple(struct lift *l, struct cold *c)
{
    struct emit *e = &l->e;
    uint64_t pc = l->pc;
    for (unsigned i = 0; i < 3; i++, pc += 4) {
        const struct insn *in = &l->insn[c->insn + i];
        x_imm(e, RAX, in->word);
        x_imm(e, RCX, in->op);
        x_imm(e, RDX, pc);
        x_link(x_call(e), jit.thunk.exec);
        x_load(e, true, RAX, CPU_SLOT(next));
        x_imm(e, RCX, pc + 4);
        x_alu(e, ALU_CMP, true, RAX, rm_reg(RCX));
        x_jcc_to(e, CC_NE, jit.thunk.indirect);
    }
    x_jmp_to(e, c->back);
}

static struct cold *detour(struct lift *l, int cc)
{
    struct cold *c = cold_add(l, COLD_FN, x_jcc(&l->e, cc));
    c->fn = cold_triple;
    return c;
}

/* How a piece of so many bytes goes through a vector register. */
struct piece {
    unsigned bytes;
    uint32_t load, store;
    bool imm;
};

static const struct piece pieces[] = {
    {32, VMOVDQU_LD | VOP_256, VMOVDQU_ST | VOP_256, false},
    {16, VMOVDQU_LD, VMOVDQU_ST, false},
    {8, VMOVQ_LD, VMOVQ_ST, false},
    {4, VMOVD_LD, VMOVD_ST, false},
    {2, VPINSRW, VPEXTRW, true},
    {1, VPINSRB, VPEXTRB, true},
};

static void piece_load(struct emit *e, const struct piece *p, int x, struct rm m)
{
    x_v(e, p->load, x, p->imm ? x : 0, m);
    if (p->imm)
        e8(e, 0);
}

static void piece_store(struct emit *e, const struct piece *p, struct rm m, int x)
{
    x_v(e, p->store, x, 0, m);
    if (p->imm)
        e8(e, 0);
}

/* Up to twice a piece: its first and its last bytes. RAX to, RDX from (copy only), RCX size. */
static void two_pieces(struct emit *e, const struct piece *p, bool copy)
{
    int32_t back = -(int32_t)p->bytes;
    if (copy) {
        piece_load(e, p, XMM_T0, rm_mem(RDX, 0));
        piece_load(e, p, XMM_T1, rm_sib(RDX, RCX, 0, back));
    }
    piece_store(e, p, rm_mem(RAX, 0), XMM_T0);
    piece_store(e, p, rm_sib(RAX, RCX, 0, back), copy ? XMM_T1 : XMM_T0);
}

/* More than 64 bytes: blocks of 64, and the last 64 bytes, taken first, at the end. */
static void many(struct emit *e, bool copy)
{
    const struct piece *p = &pieces[0];
    if (copy) {
        piece_load(e, p, XMM_T2, rm_sib(RDX, RCX, 0, -64));
        piece_load(e, p, XMM_T3, rm_sib(RDX, RCX, 0, -32));
    }
    x_lea(e, true, RCX, rm_sib(RAX, RCX, 0, -64));
    emit_forget(e);
    uint8_t *again = e->p;
    if (copy) {
        piece_load(e, p, XMM_T0, rm_mem(RDX, 0));
        piece_load(e, p, XMM_T1, rm_mem(RDX, 32));
        x_alu_imm(e, ALU_SUB, true, rm_reg(RDX), -64);
    }
    piece_store(e, p, rm_mem(RAX, 0), XMM_T0);
    piece_store(e, p, rm_mem(RAX, 32), copy ? XMM_T1 : XMM_T0);
    x_alu_imm(e, ALU_SUB, true, rm_reg(RAX), -64);
    x_alu(e, ALU_CMP, true, RAX, rm_reg(RCX));
    x_jcc_to(e, CC_B, again);
    piece_store(e, p, rm_mem(RCX, 0), copy ? XMM_T2 : XMM_T0);
    piece_store(e, p, rm_mem(RCX, 32), copy ? XMM_T3 : XMM_T0);
}

/* All sizes above 0; leaves the 256-bit halves of the scratch registers zero. */
static void by_size(struct emit *e, bool copy)
{
    uint8_t *done[ARRAY_LEN(pieces) + 1];
    unsigned ends = 0;
    x_alu_imm(e, ALU_CMP, true, rm_reg(RCX), 64);
    uint8_t *large = x_jcc(e, CC_A);
    for (unsigned i = 0; i < ARRAY_LEN(pieces); i++) {
        const struct piece *p = &pieces[i];
        uint8_t *smaller = NULL;
        if (p->bytes > 1) {
            x_alu_imm(e, ALU_CMP, true, rm_reg(RCX), (int32_t)p->bytes);
            smaller = x_jcc(e, CC_B);
        }
        two_pieces(e, p, copy);
        if (p->bytes == 32)
            x_vzeroupper(e);
        if (smaller) {
            done[ends++] = x_jmp(e);
            x_bind(e, smaller);
        }
    }
    done[ends++] = x_jmp(e);
    x_bind(e, large);
    many(e, copy);
    x_vzeroupper(e);
    for (unsigned i = 0; i < ends; i++)
        x_bind(e, done[i]);
}

/* Xd (and Xs) += Xn; Xn = 0; NZCV = 0010. */
static void finish(struct lift *l, uint32_t w, bool copy)
{
    struct emit *e = &l->e;
    int n = gpr_read(l, RN(w), RCX);
    x_alu_store(e, ALU_ADD, true, gpr(RD(w)), n);
    if (copy)
        x_alu_store(e, ALU_ADD, true, gpr(RM(w)), n);
    gpr_set(l, RN(w), 0);
    x_store_imm(e, true, word_slot(JW_FLAGS), 0);
}

static void begin(struct lift *l)
{
    l->flags = FL_MEM;
    l->flags_saved = false;
    l->skip = 2;
}

static bool copy(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    if (!triple(l, w))
        return false;
    begin(l);
    gpr_copy(l, true, RCX, RN(w));
    gpr_copy(l, true, RAX, RD(w));
    gpr_copy(l, true, RDX, RM(w));
    x_alu_imm(e, ALU_CMP, true, rm_reg(RCX), LARGE);
    struct cold *large = detour(l, CC_A);
    x_alu(e, ALU_SUB, true, RAX, rm_reg(RDX));
    x_alu(e, ALU_CMP, true, RAX, rm_reg(RCX));
    struct cold *above = detour(l, CC_B);
    x_un(e, UN_NEG, true, rm_reg(RAX));
    x_alu(e, ALU_CMP, true, RAX, rm_reg(RCX));
    struct cold *below = detour(l, CC_B);
    gpr_copy(l, true, RAX, RD(w));
    x_test(e, true, RCX, rm_reg(RCX));
    uint8_t *nothing = x_jcc(e, CC_E);
    may_fault(l);
    by_size(e, true);
    x_bind(e, nothing);
    finish(l, w, true);
    large->back = above->back = below->back = e->p;
    return true;
}

bool lift_cpyf_p(struct lift *l, uint32_t w)
{
    return RM(w) != 31 && copy(l, w);
}

bool lift_cpy_p(struct lift *l, uint32_t w)
{
    return RM(w) != 31 && copy(l, w);
}

bool lift_set_p(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    if (!triple(l, w))
        return false;
    begin(l);
    gpr_copy(l, true, RCX, RN(w));
    gpr_copy(l, true, RAX, RD(w));
    gpr_copy_z(l, false, RDX, RM(w));
    x_v(e, VMOVD_LD, XMM_T0, 0, rm_reg(RDX));
    x_v(e, VPBROADCASTB | VOP_256, XMM_T0, 0, rm_reg(XMM_T0));
    x_alu_imm(e, ALU_CMP, true, rm_reg(RCX), LARGE);
    struct cold *large = detour(l, CC_A);
    x_test(e, true, RCX, rm_reg(RCX));
    uint8_t *nothing = x_jcc(e, CC_E);
    may_fault(l);
    by_size(e, false);
    x_bind(e, nothing);
    finish(l, w, false);
    large->back = e->p;
    return true;
}
