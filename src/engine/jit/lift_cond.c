/*
 * Conditional select and conditional compare (Arm ARM C4.1.89). A select is
 * CMOV or SETcc. A compare that only a branch reads becomes one more branch, as
 * compilers would write it for the host; any other is a jump around, to code
 * that loads the constant NZCV into EFLAGS.
 */
#include "engine/jit/discover.h"
#include "engine/jit/lifters.h"

/* ---- select ---- */

enum select { SEL_PLAIN, SEL_INC, SEL_INV, SEL_NEG };

/* RAX = what CSEL and its like give when the condition fails. Flags stay. */
static void select_else(struct lift *l, bool w, unsigned m, enum select how)
{
    struct emit *e = &l->e;
    gpr_copy_z(l, w, RAX, m);
    if (how == SEL_INV || how == SEL_NEG)
        x_un(e, UN_NOT, w, rm_reg(RAX));
    if (how == SEL_INC || how == SEL_NEG)
        x_lea(e, w, RAX, rm_mem(RAX, 1));
}

/* X[n], with the zero register in RAX. */
static struct rm operand(struct lift *l, unsigned n)
{
    if (n != 31)
        return gpr(n);
    x_imm(&l->e, RAX, 0);
    return rm_reg(RAX);
}

static bool select(struct lift *l, uint32_t w, enum select how)
{
    struct emit *e = &l->e;
    bool wide = bit(w, 31);
    unsigned d = RD(w), n = RN(w), m = RM(w), cond = bits(w, 15, 12);
    if (d == 31)
        return true;
    if (cond >= 14) {
        gpr_copy_z(l, wide, RAX, n);
        gpr_commit(l, d, RAX);
        return true;
    }
    flags_read(l);
    struct hcond c = flags_cond(l, cond);
    if (c.cc2 < 0 && n == 31 && m == 31 && how == SEL_INC) { /* CSET */
        x_setcc(e, c.cc ^ 1, rm_reg(RAX));
        int dest = gpr_dest(d, RAX);
        x_movzx8(e, dest, rm_reg(RAX));
        gpr_commit(l, d, dest);
        return true;
    }
    if (c.cc2 < 0 && how == SEL_PLAIN && rm_is_reg(gpr(d))) {
        int dest = gpr_dest(d, RAX);
        if (m == d) {
            x_cmov(e, c.cc, wide, dest, operand(l, n));
        } else {
            struct rm otherwise = operand(l, m);
            if (n != d)
                gpr_copy_z(l, wide, dest, n);
            x_cmov(e, c.cc ^ 1, wide, dest, otherwise);
        }
        return true;
    }
    /* RAX = otherwise, RCX = then; or the other way round when the pair of conditions says "neither". */
    select_else(l, wide, m, how);
    if (!c.negate) {
        if (n == 31)
            x_imm(e, RCX, 0);
        struct rm then = n == 31 ? rm_reg(RCX) : gpr(n);
        x_cmov(e, c.cc, wide, RAX, then);
        if (c.cc2 >= 0)
            x_cmov(e, c.cc2, wide, RAX, then);
        gpr_commit(l, d, RAX);
    } else {
        gpr_copy_z(l, wide, RCX, n);
        x_cmov(e, c.cc, wide, RCX, rm_reg(RAX));
        x_cmov(e, c.cc2, wide, RCX, rm_reg(RAX));
        gpr_commit(l, d, RCX);
    }
    return true;
}

bool lift_csel(struct lift *l, uint32_t w)
{
    return select(l, w, SEL_PLAIN);
}

bool lift_csinc(struct lift *l, uint32_t w)
{
    return select(l, w, SEL_INC);
}

bool lift_csinv(struct lift *l, uint32_t w)
{
    return select(l, w, SEL_INV);
}

bool lift_csneg(struct lift *l, uint32_t w)
{
    return select(l, w, SEL_NEG);
}

/* ---- compare ---- */

/* The fields of CCMP and CCMN. */
struct compare {
    bool wide, negative, constant;
    unsigned n, m, cond, nzcv;
};

static struct compare compare_of(uint32_t w)
{
    return (struct compare){bit(w, 31), !bit(w, 30),     bit(w, 11),   RN(w),
                            RM(w),      bits(w, 15, 12), bits(w, 3, 0)};
}

/* The comparison itself. */
static enum flags_at compare_emit(struct lift *l, struct compare c)
{
    struct emit *e = &l->e;
    enum alu op = c.negative ? ALU_ADD : ALU_CMP;
    struct rm n = gpr(c.n), m = gpr(c.m);
    if (c.negative || c.n == 31 || (!c.constant && (c.m == 31 || !rm_is_reg(n)))) {
        gpr_copy_z(l, c.wide, RAX, c.n);
        n = rm_reg(RAX);
    }
    if (!c.constant && c.m == 31) {
        x_imm(e, RCX, 0);
        m = rm_reg(RCX);
    }
    if (!c.constant)
        x_alu(e, op, c.wide, n.reg, m);
    else if (!c.m && !c.negative && rm_is_reg(n))
        x_test(e, c.wide, n.reg, n); /* like SUB of 0: no borrow */
    else
        x_alu_imm(e, op, c.wide, n, (int32_t)c.m);
    return c.negative ? FL_ADD : FL_SUB;
}

/* ConditionHolds() of the Arm ARM. */
static bool holds(unsigned cond, unsigned nzcv)
{
    bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1;
    bool result[8] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
    return result[cond >> 1] != (cond & 1);
}

#define CHAIN 3 /* jumps over so many comparisons are short */

/* How many of the instructions from here are conditional compares, up to CHAIN, before the end of the block. */
static unsigned compares_here(const struct lift *l)
{
    const struct insn *in = &l->insn[l->at];
    unsigned count = 0;
    while (l->at + count < l->block[in->block].last && count < CHAIN &&
           (in[count].op == A64_ccmp_imm || in[count].op == A64_ccmp_reg ||
            in[count].op == A64_ccmn_imm || in[count].op == A64_ccmn_reg) &&
           compare_of(in[count].word).cond < 14)
        count++;
    return count;
}

/*
 * Comparisons that only the B.cond behind them reads: a jump for each. Where a condition fails NZCV is a constant, so
 * that it is known where to go: to the target, to a later comparison or past the branch.
 */
static bool compares_and_branch(struct lift *l)
{
    const struct insn *in = &l->insn[l->at];
    unsigned count = compares_here(l), jumps[CHAIN + 1] = {0}, cond = in[count].word & 15;
    uint8_t *jump[CHAIN + 1][2 * CHAIN];
    if (in[count].op != A64_b_cond || cond >= 14 || in[count].live_out)
        return false;
    uint64_t target = branch_target(in[count].word, A64_b_cond, l->pc + 4ul * count);
    flags_read(l);
    for (unsigned i = 0; i < count; i++) {
        struct compare c = compare_of(in[i].word);
        struct hcond fails = flags_negated(flags_cond(l, c.cond));
        unsigned nzcv = c.nzcv, to = i + 1;
        for (; to < count && !holds(compare_of(in[to].word).cond, nzcv); to++)
            nzcv = compare_of(in[to].word).nzcv;
        l->flags = FL_MEM; /* dead on all ways */
        if (to == count && holds(cond, nzcv))
            branch_if(l, fails, target);
        else
            jumps[to] += flags_jump8(&l->e, fails, &jump[to][jumps[to]]);
        for (unsigned k = 0; k < jumps[i]; k++)
            x_bind8(&l->e, jump[i][k]);
        flags_set(l, compare_emit(l, c));
    }
    struct hcond taken = flags_cond(l, cond);
    l->flags = FL_MEM;
    branch_if(l, taken, target);
    for (unsigned k = 0; k < jumps[count]; k++)
        x_bind8(&l->e, jump[count][k]);
    l->skip = (uint16_t)count;
    return true;
}

static bool ccmp(struct lift *l, uint32_t w)
{
    struct emit *e = &l->e;
    struct compare c = compare_of(w);
    if (c.cond >= 14) {
        flags_set(l, compare_emit(l, c));
        return true;
    }
    if (compares_and_branch(l))
        return true;
    flags_read(l);
    uint8_t *to_const[2], *done;
    unsigned jumps = flags_jump8(e, flags_negated(flags_cond(l, c.cond)), to_const);
    if (compare_emit(l, c) == FL_ADD)
        x_cmc(e);
    done = x_jmp8(e);
    for (unsigned i = 0; i < jumps; i++)
        x_bind8(e, to_const[i]);
    emit_flags_const(e, c.nzcv);
    x_bind8(e, done);
    flags_set(l, FL_SUB);
    return true;
}

bool lift_ccmp_reg(struct lift *l, uint32_t w)
{
    return ccmp(l, w);
}

bool lift_ccmp_imm(struct lift *l, uint32_t w)
{
    return ccmp(l, w);
}

bool lift_ccmn_reg(struct lift *l, uint32_t w)
{
    return ccmp(l, w);
}

bool lift_ccmn_imm(struct lift *l, uint32_t w)
{
    return ccmp(l, w);
}
