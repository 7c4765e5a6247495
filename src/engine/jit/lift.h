/*
 * What a lifter sees: one lifter per row of a64.def, named lift_<row>, which
 * writes the x86-64 code of one guest instruction. A lifter that cannot do an
 * encoding (reserved, rare) returns false before it has emitted anything; the
 * interpreter's function is then called in its place.
 *
 * Rules for lifters:
 * - RAX RCX RDX and XMM_T0..T3 are free; all else is guest state at fixed places (state.h).
 * - The guest's registers change only after the last access that may fault.
 * - Before anything that changes EFLAGS: flags_clobber(), unless the instruction sets NZCV.
 */
#ifndef ENGINE_JIT_LIFT_H
#define ENGINE_JIT_LIFT_H

#include "a64/decode.h"
#include "engine/jit/jit.h"
#include "engine/jit/state.h"
#include "engine/jit/vops.h"

struct block {
    uint16_t first, last; /* words from the region's first, inclusive */
    uint16_t preds;
    bool canonical;   /* entered with NZCV in memory and nothing known */
    bool back_target; /* target of a backward branch: polls, unless */
    bool ends;        /* all ways from it lead to a return, an indirect branch or the kernel */
    bool live_in;     /* NZCV is read before it is written */
    /* for a block with one predecessor: the state at its end */
    uint8_t flags;
    bool flags_saved;
    uint32_t upper64, upper32;
    uint8_t *label;
    uint16_t fixups; /* 1 + index of the first jump to it, 0 none */
};

/* A decoded guest instruction. */
struct insn {
    uint32_t word;
    uint16_t op;    /* enum a64_op */
    bool present;   /* in the region */
    bool by_interp; /* not lifted: it faults too often */
    bool leader;    /* starts a block */
    bool live_out;  /* NZCV is read after it before it is written */
    uint8_t *code;  /* where its own begins; NULL: another instruction's does its work */
    bool shown;     /* it, or something after it in the block before NZCV is written, may fault */
    uint16_t block;
};

enum cold_kind {
    COLD_EDGE, /* save flags, poll if backward, go to a guest address */
    COLD_LINK, /* stub of a link */
    COLD_POLL, /* leave with EXIT_POLL at pc */
    COLD_CALL, /* RAX: guest target of BLR not in the hash: call indirect, come back */
    COLD_FN,   /* a lifter's own */
};

struct lift;

struct cold {
    enum cold_kind kind;
    uint8_t *at;   /* rel32 to bind to this piece */
    uint8_t *back; /* where it goes on */
    uint64_t pc;
    uint8_t flags; /* state at the jump */
    bool save, poll;
    uint16_t link;
    uint16_t insn;
    uint32_t word;
    void (*fn)(struct lift *l, struct cold *c);
};

#define REGION_COLD 512
#define REGION_LINKS 250
#define REGION_FIXUPS 512

struct fixup {
    uint8_t *at;
    uint16_t next;
};

struct lift {
    struct emit e;
    const struct cpu *cpu;
    uint8_t mode;  /* not 0: floating-point arithmetic is not lifted, FPCR is not the default */
    uint64_t base; /* guest address of word 0 */
    uint64_t pc;   /* of the instruction being lifted */
    uint16_t at;   /* its index in insn[] */
    uint64_t
        outlined; /* not 0: what is lifted is part of the function there, called at pc (lift_atomic.c) */
    uint64_t also, also_end; /* of struct region */
    uint16_t skip;           /* following instructions that the lifter did too */
    bool live_out;           /* NZCV live after it */
    enum flags_at flags;
    bool flags_saved; /* EFLAGS and memory both hold NZCV */
    bool flags_here;  /* NZCV was set in this block */
    uint32_t upper64; /* V registers known to be zero in bits 127..64 */
    uint32_t upper32; /* ... in bits 127..32 */
    bool ended;       /* control does not go on to the next instruction */
    uint8_t *code;    /* first byte of the region */
    uint8_t *hot_end; /* from here on what is off the hot path */

    unsigned window; /* so many of insn[] are in use; the rest is zero */
    struct insn insn[REGION_WINDOW];
    struct block block[REGION_INSNS + 1];
    unsigned blocks;
    struct cold cold[REGION_COLD];
    unsigned colds;
    struct link link[REGION_LINKS];
    unsigned links;
    struct fixup fixup[REGION_FIXUPS];
    unsigned fixups;
    struct fault_point fault[REGION_COLD + 2 * REGION_INSNS];
    unsigned faults;
    struct region_entry entry[REGION_INSNS + 1];
    unsigned entries;
};

typedef bool lift_fn(struct lift *l, uint32_t w);

/* NZCV use of a row, for liveness. */
#define LF_READS 1
#define LF_WRITES 2 /* all four, always */
#define LF_ENDS 4   /* ends its block */
#define LF_LEAVES \
    8 /* the interpreter's function may change where control goes: cpu->next afterwards */
#define LF_SYNC \
    16 /* after the interpreter's function run() looks around: code or the floating-point mode changed */

struct lift_row {
    lift_fn *lift; /* NULL: the interpreter's function */
    uint8_t attr;
};

extern const struct lift_row lift_rows[A64_OP_COUNT];

/* ---- fields ---- */

static inline uint32_t bits(uint32_t w, unsigned hi, unsigned lo)
{
    return (w >> lo) & (uint32_t)((1ull << (hi - lo + 1)) - 1);
}

static inline uint32_t bit(uint32_t w, unsigned n)
{
    return (w >> n) & 1;
}

static inline int64_t sbits(uint32_t w, unsigned hi, unsigned lo)
{
    return (int64_t)((uint64_t)w << (63 - hi)) >> (63 - hi + lo);
}

#define RD(w) ((w)&31)
#define RN(w) ((w) >> 5 & 31)
#define RM(w) ((w) >> 16 & 31)
#define RA(w) ((w) >> 10 & 31)

/* ---- general registers (lift.c) ---- */

/* Operand of X0..X30 (31: SP). */
static inline struct rm gpr(unsigned n)
{
    return pin_of_gpr[n] != NOREG ? rm_reg(pin_of_gpr[n]) : gpr_slot(n);
}

/* The host register holding X[n] or SP, loaded into scratch t when it has no pin. 64 bits are valid. */
int gpr_read(struct lift *l, unsigned n, int t);
/* The same where 31 is XZR: t is then zeroed (by mov, flags stay). */
int gpr_read_z(struct lift *l, unsigned n, int t);
/* t = X[n] (or zero for 31) as a copy that may be changed; w false: the low 32 bits, zero-extended. */
void gpr_copy_z(struct lift *l, bool w, int t, unsigned n);
void gpr_copy(struct lift *l, bool w, int t, unsigned n);
/* Where a result for X[n] (31: SP) is computed: its pin or scratch t; gpr_commit stores what is not pinned. */
int gpr_dest(unsigned n, int t);
void gpr_commit(struct lift *l, unsigned n, int r);
/* X[d] = X[n], all 64 bits (31: SP). */
void gpr_move(struct lift *l, unsigned d, unsigned n);
/* X[n] = constant (31: nothing). */
void gpr_set(struct lift *l, unsigned n, uint64_t v);

/*
 * The constant that MOVZ or MOVN and MOVKs of this block have put into X[d] (W[d]) before the current instruction,
 * with others between them, as compilers schedule them (lift_int.c).
 */
bool gpr_constant(const struct lift *l, unsigned d, bool wide, uint64_t *value);

/* ---- vector registers (lift.c) ---- */

static inline struct rm vreg(unsigned n)
{
    return pin_of_vreg[n] != NOREG ? rm_reg(pin_of_vreg[n]) : vreg_slot(n);
}

/* XMM holding V[n], loaded into t when not pinned. _low: below 16, for operations without EVEX. */
int vreg_read(struct lift *l, unsigned n, int t);
int vreg_read_low(struct lift *l, unsigned n, int t);
struct rm vreg_low(struct lift *l, unsigned n, int t);
/* Where a result for V[n] is computed, and the store of what is not pinned (or was computed elsewhere). */
int vreg_dest(unsigned n, int t);
int vreg_dest_low(unsigned n, int t);
/* V[n] = x; upper: bits known zero in it, 0, 64 (127..64) or 96 (127..32). */
void vreg_commit(struct lift *l, unsigned n, int x, unsigned upper);
/* V[n] = low 64 bits of x, rest zero. */
void vreg_commit_d(struct lift *l, unsigned n, int x);

/* ---- NZCV (lift.c) ---- */

/* Before code that changes EFLAGS: keeps NZCV if somebody reads it later. */
void flags_clobber(struct lift *l);
/* EFLAGS alone hold NZCV that is read later: a form that leaves them alone is worth an instruction or two. */
static inline bool flags_busy(const struct lift *l)
{
    return l->flags != FL_MEM && l->live_out && !l->flags_saved;
}

/* The code just emitted left NZCV in EFLAGS. */
void flags_set(struct lift *l, enum flags_at kind);
/* Makes EFLAGS hold NZCV, for an instruction that reads and does not change them. Uses RAX. */
void flags_read(struct lift *l);
/* The same, before an instruction that reads and then changes EFLAGS. carry: FL_SUB or FL_ADD, or FL_MEM for any. */
void flags_consume(struct lift *l, enum flags_at carry);
/* Emits the store of NZCV from EFLAGS (RAX is lost, EFLAGS are kept but for CF after FL_ADD). */
void emit_flags_save(struct emit *e, enum flags_at kind);
/* NZCV known: puts it into EFLAGS as FL_SUB. Uses RAX. */
void emit_flags_const(struct emit *e, unsigned nzcv);

/* How an Arm condition is tested on EFLAGS of a kind: true if cc (or cc2) when !negate, else if neither. */
struct hcond {
    int8_t cc, cc2; /* cc2 -1: none */
    bool negate;    /* only with cc2 */
};
/* May emit CMC (then *kind of l->flags changes). EFLAGS must hold NZCV. cond 0..13. */
struct hcond flags_cond(struct lift *l, unsigned cond);
struct hcond flags_negated(struct hcond c);
/* Short jumps if the condition holds, at most two places, which the caller binds. */
unsigned flags_jump8(struct emit *e, struct hcond c, uint8_t *to[2]);

/* ---- control (region.c) ---- */

/* The current instruction may fault in the host from here on (every memory access, FP that may be invalid). */
void may_fault(struct lift *l);
/* The same with its kind said: what is lifted has changed something. */
void may_fault_as(struct lift *l, uint8_t kind);
/* Calls the interpreter's function for the current instruction. */
void lift_fallback(struct lift *l);
/*
 * If cc, the interpreter's function does the current instruction off the hot
 * path and goes on at ->back, which the caller sets behind its code. NZCV must not be pending.
 */
struct cold *exec_if(struct lift *l, int cc);
/* Go to a guest address, now or if cc. */
void branch_to(struct lift *l, uint64_t target);
void branch_if(struct lift *l, struct hcond c, uint64_t taken);
/* A direct call's link. */
void call_to(struct lift *l, uint64_t target);
/* The whole of BL to target. NZCV must not be pending. */
void call_here(struct lift *l, uint64_t target);
/* The region holds code from [from, to), elsewhere, too, and goes when that changes. False: it cannot. */
bool region_takes_in(struct lift *l, uint64_t from, uint64_t to);
struct cold *cold_add(struct lift *l, enum cold_kind kind, uint8_t *at);
/* Leave with an exit code; pc is stored. */
void exit_at(struct lift *l, uint64_t pc, uint32_t code);
/* Does a row branch or go on? */
bool insn_is_conditional(enum a64_op op);
/* Is NZCV read at pc before it is written? Looks a few instructions ahead. */
bool flags_live_at(struct lift *l, uint64_t pc);

#endif
