/*
 * Ordered, exclusive and atomic accesses (Arm ARM C4.1.88, B2.3, B2.9). Plain
 * host accesses are already acquire and release. What TSO lacks is that a
 * load-acquire stays behind an earlier store-release: STLR only notes that in
 * JW_PENDING, and the next LDAR or LDAXR of the thread makes the barrier first
 * (as does whoever leaves translated code, thunks.c; LDAPR need not). Locked
 * instructions are barriers themselves. Exclusives compare with the value that
 * was loaded (struct cpu, excl_*). A misaligned address, or a monitor that is
 * not open on the very address, goes to the interpreter.
 */
#include "engine/interp/interp.h"
#include "engine/jit/discover.h"
#include "engine/jit/lifters.h"

/* In place of the interpreter's function when the access belongs to a function that was taken in (lift_outlined). */
static void cold_outlined(struct lift *l, struct cold *c)
{
    call_here(l, c->pc);
    x_jmp_to(&l->e, c->back);
}

static struct cold *detour_if(struct lift *l, int cc)
{
    struct cold *c = exec_if(l, cc);
    if (l->outlined) {
        c->fn = cold_outlined;
        c->pc = l->outlined;
    }
    return c;
}

static void end_detour(struct lift *l, struct cold *c)
{
    if (c)
        c->back = l->e.p;
}

/* The address of an access of so many bytes, checked for alignment; *odd is the detour to be given its end. */
static int aligned_base(struct lift *l, uint32_t w, unsigned bytes, struct cold **odd)
{
    int base = gpr_read(l, RN(w), RCX);
    *odd = NULL;
    if (bytes > 1) {
        x_test_imm(&l->e, false, rm_reg(base), (int32_t)bytes - 1);
        *odd = detour_if(l, CC_NE);
    }
    return base;
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

#define OP_MOV 0x89
#define OP_XCHG 0x87
#define OP_XADD (0xc1 | OP_0F)
#define OP_CMPXCHG (0xb1 | OP_0F)
#define OP_CMPXCHG16B (0xc7 | OP_0F) /* with 1 as its reg */

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

/* ---- ordered ---- */

static void cold_barrier(struct lift *l, struct cold *c)
{
    emit_barrier(&l->e);
    x_jmp_to(&l->e, c->back);
}

/* Before a load-acquire. */
static void after_release(struct lift *l)
{
    x_alu_imm(&l->e, ALU_CMP, false, word_slot(JW_PENDING), 0);
    struct cold *c = cold_add(l, COLD_FN, x_jcc(&l->e, CC_NE));
    c->fn = cold_barrier;
    c->back = l->e.p;
}

static bool load_acquire(struct lift *l, uint32_t w, bool barrier)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    if (barrier)
        after_release(l);
    int base = aligned_base(l, w, 1u << size, &odd),
        dest = RD(w) == 31 ? RAX : gpr_dest(RD(w), RAX);
    may_fault(l);
    load_zero(&l->e, size, dest, base);
    commit_z(l, RD(w), dest);
    end_detour(l, odd);
    return true;
}

bool lift_ldar(struct lift *l, uint32_t w)
{
    return load_acquire(l, w, true);
}

/* RCpc: it may pass an earlier store-release. */
bool lift_ldapr(struct lift *l, uint32_t w)
{
    return load_acquire(l, w, false);
}

static void store_release(struct lift *l, unsigned size, int base)
{
    may_fault(l);
    sized(&l->e, OP_MOV, size, RAX, base);
    x_store_imm(&l->e, false, word_slot(JW_PENDING), 1);
}

bool lift_stlr(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, 1u << size, &odd);
    gpr_copy_z(l, true, RAX, RD(w));
    store_release(l, size, base);
    end_detour(l, odd);
    return true;
}

/* RCX = address with an unscaled offset, checked for alignment. */
static struct cold *unscaled_base(struct lift *l, uint32_t w, unsigned size)
{
    x_lea(&l->e, true, RCX, rm_mem(gpr_read(l, RN(w), RCX), (int32_t)sbits(w, 20, 12)));
    if (size == 0)
        return NULL;
    x_test_imm(&l->e, false, rm_reg(RCX), (1 << size) - 1);
    return detour_if(l, CC_NE);
}

bool lift_ldapur(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    flags_clobber(l);
    struct cold *odd = unscaled_base(l, w, size);
    may_fault(l);
    load_zero(&l->e, size, RAX, RCX);
    commit_z(l, RD(w), RAX);
    end_detour(l, odd);
    return true;
}

bool lift_ldapurs(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    bool wide = !bit(w, 22);
    flags_clobber(l);
    struct cold *odd = unscaled_base(l, w, size);
    may_fault(l);
    if (size == 0)
        x_movsx8(&l->e, wide, RAX, rm_mem(RCX, 0));
    else if (size == 1)
        x_movsx16(&l->e, wide, RAX, rm_mem(RCX, 0));
    else
        x_movsxd(&l->e, RAX, rm_mem(RCX, 0));
    commit_z(l, RD(w), RAX);
    end_detour(l, odd);
    return true;
}

bool lift_stlur(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    flags_clobber(l);
    struct cold *odd = unscaled_base(l, w, size);
    gpr_copy_z(l, true, RAX, RD(w));
    store_release(l, size, RCX);
    end_detour(l, odd);
    return true;
}

/* ---- exclusive ---- */

#define IS_ACQUIRE(w) bit(w, 15)

static void open_monitor(struct lift *l, int base, unsigned bytes)
{
    x_store(&l->e, true, CPU_SLOT(excl_addr), base);
    x_store_imm(&l->e, true, CPU_SLOT(excl_size), (int32_t)bytes);
}

bool lift_ldxr(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    if (IS_ACQUIRE(w))
        after_release(l);
    int base = aligned_base(l, w, 1u << size, &odd);
    may_fault(l);
    load_zero(&l->e, size, RAX, base);
    x_store(&l->e, true, CPU_SLOT(excl_value), RAX);
    open_monitor(l, base, 1u << size);
    commit_z(l, RD(w), RAX);
    end_detour(l, odd);
    return true;
}

bool lift_ldxp(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    bool wide = bit(w, 30);
    unsigned bytes = wide ? 16 : 8;
    struct cold *odd;
    flags_clobber(l);
    if (IS_ACQUIRE(w))
        after_release(l);
    int base = aligned_base(l, w, bytes, &odd);
    may_fault(l);
    if (wide) { /* an aligned vector move is one access */
        x_v(e, VMOVDQU_LD, XMM_T0, 0, rm_mem(base, 0));
        x_v(e, VMOVDQU_ST, XMM_T0, 0, CPU_SLOT(excl_value));
        open_monitor(l, base, bytes);
        x_v(e, VMOVQ_TO_R, XMM_T0, 0, rm_reg(RAX));
        x_vi(e, VPEXTRQ, XMM_T0, 0, rm_reg(RDX), 1);
    } else {
        x_load(e, true, RDX, rm_mem(base, 0));
        x_store(e, true, CPU_SLOT(excl_value), RDX);
        open_monitor(l, base, bytes);
        x_mov32(e, RAX, RDX);
        x_shift(e, SH_SHR, true, rm_reg(RDX), 32);
    }
    commit_z(l, RD(w), RAX);
    commit_z(l, RA(w), RDX);
    end_detour(l, odd);
    return true;
}

/* The two ways to the interpreter from a store-exclusive whose monitor is not open on base. */
static void check_monitor(struct lift *l, int base, unsigned bytes, struct cold *closed[2])
{
    x_alu_store(&l->e, ALU_CMP, true, CPU_SLOT(excl_addr), base);
    closed[0] = detour_if(l, CC_NE);
    x_alu_imm(&l->e, ALU_CMP, true, CPU_SLOT(excl_size), (int32_t)bytes);
    closed[1] = detour_if(l, CC_NE);
}

/* X[status] = was it stored? ZF says so; the monitor is closed. */
static void commit_status(struct lift *l, unsigned status, struct cold *const closed[2])
{
    x_setcc(&l->e, CC_NE, rm_reg(RAX));
    x_movzx8(&l->e, RAX, rm_reg(RAX));
    x_store_imm(&l->e, true, CPU_SLOT(excl_size), 0);
    commit_z(l, status, RAX);
    end_detour(l, closed[0]);
    end_detour(l, closed[1]);
}

bool lift_stxr(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *closed[2];
    flags_clobber(l);
    int base = gpr_read(l, RN(w), RCX);
    check_monitor(l, base, 1u << size, closed);
    x_load(&l->e, true, RAX, CPU_SLOT(excl_value));
    int src = gpr_read_z(l, RD(w), RDX);
    may_fault(l);
    locked(l, OP_CMPXCHG, size, src, base);
    commit_status(l, RM(w), closed);
    return true;
}

/* ---- pairs ---- */

/*
 * CMPXCHG16B wants RBX besides the scratch registers, and a base that is none
 * of them: two pins are lent. Their guest registers wait in their slots, from
 * where the exit of a fault takes them meanwhile (FAULT_LENT).
 */
#define PAIR_BASE R14

_Static_assert(LENT_RBX == 2 && LENT_R14 == 19, "as in pin_of_gpr");

static struct rm waiting(unsigned n)
{
    return n == LENT_RBX || n == LENT_R14 ? gpr_slot(n) : gpr(n);
}

static void load_waiting(struct lift *l, int r, unsigned n)
{
    if (n == 31)
        x_imm(&l->e, r, 0);
    else
        x_load(&l->e, true, r, waiting(n));
}

static void lend(struct lift *l, unsigned base)
{
    x_store(&l->e, true, gpr_slot(LENT_RBX), RBX);
    x_store(&l->e, true, gpr_slot(LENT_R14), R14);
    x_load(&l->e, true, PAIR_BASE, waiting(base));
}

/* [PAIR_BASE] is compared with RDX:RAX and becomes X[t2]:X[t] if equal. */
static void exchange16(struct lift *l, unsigned t, unsigned t2)
{
    load_waiting(l, RBX, t);
    load_waiting(l, RCX, t2);
    may_fault_as(l, FAULT_LENT);
    x_lock(&l->e);
    x_rm(&l->e, true, OP_CMPXCHG16B, 1, rm_mem(PAIR_BASE, 0));
    emit_forget(&l->e);
    x_load(&l->e, true, RBX, gpr_slot(LENT_RBX));
    x_load(&l->e, true, R14, gpr_slot(LENT_R14));
}

/* r = W[high]:W[low]; t is lost. */
static void join(struct lift *l, int r, unsigned low, unsigned high, int t)
{
    gpr_copy_z(l, false, r, low);
    gpr_copy_z(l, false, t, high);
    x_shift(&l->e, SH_SHL, true, rm_reg(t), 32);
    x_alu(&l->e, ALU_OR, true, r, rm_reg(t));
}

bool lift_stxp(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    bool wide = bit(w, 30);
    struct cold *closed[2];
    flags_clobber(l);
    check_monitor(l, gpr_read(l, RN(w), RCX), wide ? 16 : 8, closed);
    if (wide) {
        struct rm high = CPU_SLOT(excl_value);
        high.disp += 8;
        lend(l, RN(w));
        x_load(e, true, RAX, CPU_SLOT(excl_value));
        x_load(e, true, RDX, high);
        exchange16(l, RD(w), RA(w));
    } else {
        join(l, RDX, RD(w), RA(w), RCX);
        x_load(e, true, RAX, CPU_SLOT(excl_value));
        int base = gpr_read(l, RN(w), RCX);
        may_fault(l);
        locked(l, OP_CMPXCHG, 3, RDX, base);
    }
    commit_status(l, RM(w), closed);
    return true;
}

bool lift_casp(struct lift *l, uint32_t w)
{
    bool wide = bit(w, 30);
    struct cold *odd;
    flags_clobber(l);
    aligned_base(l, w, wide ? 16 : 8, &odd);
    if (wide) {
        lend(l, RN(w));
        load_waiting(l, RAX, RM(w));
        load_waiting(l, RDX, RM(w) + 1);
        exchange16(l, RD(w), RD(w) + 1);
    } else {
        join(l, RAX, RM(w), RM(w) + 1, RCX);
        join(l, RDX, RD(w), RD(w) + 1, RCX);
        int base = gpr_read(l, RN(w), RCX);
        may_fault(l);
        locked(l, OP_CMPXCHG, 3, RDX, base);
        x_mov(&l->e, RDX, RAX);
        x_shift(&l->e, SH_SHR, true, rm_reg(RDX), 32);
        x_mov32(&l->e, RAX, RAX);
    }
    commit_z(l, RM(w), RAX);
    commit_z(l, RM(w) + 1, RDX);
    end_detour(l, odd);
    return true;
}

/* ---- read, modify, write ---- */

bool lift_cas(struct lift *l, uint32_t w)
{
    unsigned size = w >> 30;
    struct cold *odd;
    flags_clobber(l);
    int base = aligned_base(l, w, 1u << size, &odd), src = gpr_read_z(l, RD(w), RDX);
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
    int base = aligned_base(l, w, 1u << size, &odd);
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
    int base = aligned_base(l, w, 1u << size, &odd);
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
    static const uint32_t compare[] = {0x3a | OP_BYTE, 0x3b | OP_66, 0x3b, 0x3b};
    struct emit *e = &l->e;
    gpr_copy_z(l, true, RDX, s);
    if (op >= RMW_SMAX) {
        x_rm(e, size == 3, compare[size], RAX, rm_reg(RDX));
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
    flags_clobber(l);
    int base = aligned_base(l, w, 1u << size, &odd);
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

/* ---- the compiler's out-of-line helpers ---- */

/* The bits that matter of a helper's instructions: whether there are LSE atomics, the atomic, return. */
static const struct {
    uint32_t mask, bits;
} helper_shape[] = {
    {0x9f00001f, 0x90000010}, /* adrp x16, page */
    {0xffc003ff, 0x39400210}, /* ldrb w16, [x16, #offset] */
    {0xff00001f, 0x34000010}, /* cbz w16, without */
    {0, 0},                   /* the atomic */
    {0xffffffff, 0xd65f03c0}, /* ret */
};
#define BTI_C 0xd503245f

static bool is_atomic(enum a64_op op)
{
    return op == A64_cas || op == A64_swp || op == A64_ldadd || op == A64_ldclr ||
           op == A64_ldeor || op == A64_ldset;
}

/*
 * A call of such a helper becomes the atomic instruction, with what the helper
 * leaves in X16 and X30. Everything else, a fault included, is an ordinary call:
 * doing the call again changes nothing that was not changed already.
 */
bool lift_outlined(struct lift *l, uint64_t target)
{
    struct emit *e = &l->e;
    uint32_t words[ARRAY_LEN(helper_shape) + 1], *w = words;
    unsigned n = code_fetch(target, words, ARRAY_LEN(words));
    uint64_t pc = target;
    if (jit.lockstep) /* every call leaves its region then */
        return false;
    if (n && *w == BTI_C) {
        w++;
        n--;
        pc += 4;
    }
    if (n < ARRAY_LEN(helper_shape))
        return false;
    for (unsigned i = 0; i < ARRAY_LEN(helper_shape); i++)
        if ((w[i] & helper_shape[i].mask) != helper_shape[i].bits)
            return false;
    enum a64_op op = interp_decode(l->cpu->model, w[3]);
    if (!is_atomic(op) || RN(w[3]) == 30 || RM(w[3]) == 30 || RD(w[3]) == 30 ||
        !region_takes_in(l, target, pc + 4 * ARRAY_LEN(helper_shape)))
        return false;

    uint64_t page = (uint64_t)(sbits(w[0], 23, 5) << 2 | bits(w[0], 30, 29)) << 12;
    x_imm(e, RAX, (pc & ~0xfffull) + page + bits(w[1], 21, 10));
    may_fault(l);
    x_movzx8(e, RAX, rm_mem(RAX, 0));
    x_test(e, false, RAX, rm_reg(RAX));
    l->outlined = target;
    struct cold *without = detour_if(l, CC_E);
    gpr_commit(l, 16, RAX);
    gpr_set(l, 30, l->pc + 4);
    lift_rows[op].lift(l, w[3]);
    l->outlined = 0;
    l->upper64 = l->upper32 = 0;
    without->back = e->p;
    return true;
}
