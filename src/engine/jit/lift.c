/*
 * What all lifters share: access to the guest's registers, and NZCV, which is
 * kept in EFLAGS from the instruction that sets it to the one that reads it and
 * is stored only when something between would destroy it (lift.h, state.h).
 */
#include "engine/jit/lift.h"

int gpr_read(struct lift *l, unsigned n, int t)
{
    if (pin_of_gpr[n] != NOREG)
        return pin_of_gpr[n];
    x_load(&l->e, true, t, gpr_slot(n));
    emit_hold(&l->e, t, gpr_slot(n).disp);
    return t;
}

int gpr_read_z(struct lift *l, unsigned n, int t)
{
    if (n != 31)
        return gpr_read(l, n, t);
    x_imm(&l->e, t, 0);
    return t;
}

void gpr_copy(struct lift *l, bool w, int t, unsigned n)
{
    x_load(&l->e, w, t, gpr(n));
}

void gpr_copy_z(struct lift *l, bool w, int t, unsigned n)
{
    if (n == 31)
        x_imm(&l->e, t, 0);
    else
        gpr_copy(l, w, t, n);
}

int gpr_dest(unsigned n, int t)
{
    return pin_of_gpr[n] != NOREG ? pin_of_gpr[n] : t;
}

void gpr_commit(struct lift *l, unsigned n, int r)
{
    if (pin_of_gpr[n] != NOREG) {
        x_mov(&l->e, pin_of_gpr[n], r);
        return;
    }
    x_store(&l->e, true, gpr_slot(n), r);
    emit_hold(&l->e, r, gpr_slot(n).disp);
}

void gpr_move(struct lift *l, unsigned d, unsigned n)
{
    if (pin_of_gpr[d] == NOREG && pin_of_gpr[n] != NOREG)
        x_store(&l->e, true, gpr_slot(d), pin_of_gpr[n]);
    else if (d != n)
        gpr_commit(l, d, gpr_read(l, n, gpr_dest(d, RAX)));
}

void gpr_set(struct lift *l, unsigned n, uint64_t v)
{
    if (n == 31)
        return;
    int r = gpr_dest(n, RAX);
    x_imm(&l->e, r, v);
    gpr_commit(l, n, r);
}

int vreg_read(struct lift *l, unsigned n, int t)
{
    if (pin_of_vreg[n] != NOREG)
        return pin_of_vreg[n];
    x_v(&l->e, VMOVDQU_LD, t, 0, vreg_slot(n));
    return t;
}

int vreg_read_low(struct lift *l, unsigned n, int t)
{
    if (pin_of_vreg[n] != NOREG && pin_of_vreg[n] < 16)
        return pin_of_vreg[n];
    x_v(&l->e, VMOVDQU_LD, t, 0, vreg(n));
    return t;
}

struct rm vreg_low(struct lift *l, unsigned n, int t)
{
    if (pin_of_vreg[n] < 16)
        return vreg(n);
    return rm_reg(vreg_read_low(l, n, t));
}

int vreg_dest(unsigned n, int t)
{
    return pin_of_vreg[n] != NOREG ? pin_of_vreg[n] : t;
}

int vreg_dest_low(unsigned n, int t)
{
    return pin_of_vreg[n] != NOREG && pin_of_vreg[n] < 16 ? pin_of_vreg[n] : t;
}

static void vreg_know(struct lift *l, unsigned n, unsigned upper)
{
    uint32_t b = 1u << n;
    l->upper64 = upper >= 64 ? l->upper64 | b : l->upper64 & ~b;
    l->upper32 = upper >= 96 ? l->upper32 | b : l->upper32 & ~b;
}

void vreg_commit(struct lift *l, unsigned n, int x, unsigned upper)
{
    if (pin_of_vreg[n] == NOREG)
        x_v(&l->e, VMOVDQU_ST, x, 0, vreg_slot(n));
    else if (pin_of_vreg[n] != x)
        x_v(&l->e, VMOVAPS, pin_of_vreg[n], 0, rm_reg(x));
    vreg_know(l, n, upper);
}

void vreg_commit_d(struct lift *l, unsigned n, int x)
{
    int d = vreg_dest(n, XMM_T3);
    x_v(&l->e, VMOVQ_LD, d, 0, rm_reg(x));
    vreg_commit(l, n, d, 64);
}

void emit_flags_save(struct emit *e, enum flags_at kind)
{
    if (kind == FL_FCMP) {
        static const struct {
            int cc;
            uint32_t ax;
        } outcome[] = {{CC_P, 0x0001}, {CC_B, 0x8100}, {CC_E, 0x4000}};
        uint8_t *done[ARRAY_LEN(outcome)];
        for (unsigned i = 0; i < ARRAY_LEN(outcome); i++) {
            x_imm(e, RAX, outcome[i].ax);
            done[i] = x_jcc8(e, outcome[i].cc);
        }
        x_imm(e, RAX, 0);
        for (unsigned i = 0; i < ARRAY_LEN(outcome); i++)
            x_bind8(e, done[i]);
    } else {
        if (kind == FL_ADD)
            x_cmc(e);
        x_lahf(e);
        x_setcc(e, CC_O, rm_reg(RAX));
    }
    x_store16(e, word_slot(JW_FLAGS), RAX);
}

static void flags_save(struct lift *l)
{
    emit_flags_save(&l->e, l->flags);
    if (l->flags == FL_ADD)
        l->flags = FL_SUB;
    l->flags_saved = true;
}

void flags_clobber(struct lift *l)
{
    if (l->flags == FL_MEM)
        return;
    if (l->live_out && !l->flags_saved)
        flags_save(l);
    l->flags = FL_MEM;
    l->flags_saved = false;
}

void flags_set(struct lift *l, enum flags_at kind)
{
    l->flags = kind;
    l->flags_saved = false;
    l->flags_here = true;
    l->e.clobbered = false;
}

static void flags_load(struct lift *l)
{
    bool clobbered = l->e.clobbered;
    x_movzx16(&l->e, RAX, word_slot(JW_FLAGS));
    /* AL is 0 or 1: adding 0x7f overflows for 1, and SAHF leaves OF alone. */
    e8(&l->e, 0x04);
    e8(&l->e, 0x7f);
    x_sahf(&l->e);
    l->e.clobbered = clobbered;
    l->flags = FL_SUB;
    l->flags_saved = true;
}

void flags_read(struct lift *l)
{
    if (l->flags == FL_MEM)
        flags_load(l);
}

void flags_consume(struct lift *l, enum flags_at carry)
{
    if (l->flags == FL_FCMP && carry != FL_MEM) {
        flags_save(l);
        l->flags = FL_MEM;
    }
    if (l->flags != FL_MEM && l->live_out && !l->flags_saved)
        flags_save(l);
    flags_read(l);
    if (carry != FL_MEM && l->flags != carry)
        x_cmc(&l->e);
    l->flags = FL_MEM;
    l->flags_saved = false;
}

void emit_flags_const(struct emit *e, unsigned nzcv)
{
    unsigned ah = (nzcv & 8 ? 0x80 : 0) | (nzcv & 4 ? 0x40 : 0) | (nzcv & 2 ? 0 : 1);
    x_imm(e, RAX, ah << 8 | (nzcv & 1));
    e8(e, 0x04);
    e8(e, 0x7f);
    x_sahf(e);
}

struct hcond flags_cond(struct lift *l, unsigned cond)
{
    static const int8_t plain[14] = {CC_E,  CC_NE, CC_AE, CC_B,  CC_S, CC_NS, CC_O,
                                     CC_NO, CC_A,  CC_BE, CC_GE, CC_L, CC_G,  CC_LE};
    static const struct hcond fcmp[14] = {
        {CC_NE, CC_P, true},  {CC_NE, CC_P, false}, /* EQ NE */
        {CC_AE, CC_P, false}, {CC_AE, CC_P, true},  /* CS CC: unordered sets C */
        {CC_AE, CC_P, true},  {CC_AE, CC_P, false}, /* MI PL */
        {CC_P, -1, false},    {CC_NP, -1, false},   /* VS VC */
        {CC_A, CC_P, false},  {CC_A, CC_P, true},   /* HI LS */
        {CC_AE, -1, false},   {CC_B, -1, false},    /* GE LT */
        {CC_A, -1, false},    {CC_BE, -1, false},   /* GT LE */
    };

    BUG_ON(cond >= 14 || l->flags == FL_MEM);
    if (l->flags == FL_FCMP)
        return fcmp[cond];
    if (l->flags == FL_ADD && (cond >> 1) == 4) {
        x_cmc(&l->e);
        l->flags = FL_SUB;
    }
    int8_t cc = plain[cond];
    if (l->flags == FL_ADD && (cond >> 1) == 1)
        cc ^= 1;
    return (struct hcond){cc, -1, false};
}

struct hcond flags_negated(struct hcond c)
{
    if (c.cc2 < 0)
        c.cc ^= 1;
    else
        c.negate = !c.negate;
    return c;
}

unsigned flags_jump8(struct emit *e, struct hcond c, uint8_t *to[2])
{
    if (c.cc2 < 0) {
        to[0] = x_jcc8(e, c.cc);
        return 1;
    }
    if (!c.negate) {
        to[0] = x_jcc8(e, c.cc);
        to[1] = x_jcc8(e, c.cc2);
        return 2;
    }
    uint8_t *no = x_jcc8(e, c.cc), *no2 = x_jcc8(e, c.cc2);
    to[0] = x_jmp8(e);
    x_bind8(e, no);
    x_bind8(e, no2);
    return 1;
}
