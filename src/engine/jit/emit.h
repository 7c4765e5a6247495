/*
 * x86-64 machine code, one function per shape of instruction. Writes bytes and
 * nothing else: knows no guest, allocates no registers, chooses no sequences.
 * General instructions follow the Intel SDM vol. 2 encodings; vector
 * instructions are VEX, and EVEX when a register above XMM15 takes part.
 */
#ifndef ENGINE_JIT_EMIT_H
#define ENGINE_JIT_EMIT_H

#include "base/log.h"
#include "base/types.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NOREG = -1 };

/* Condition codes of Jcc, SETcc, CMOVcc; cc ^ 1 is the opposite. */
enum {
    CC_O,
    CC_NO,
    CC_B,
    CC_AE,
    CC_E,
    CC_NE,
    CC_BE,
    CC_A,
    CC_S,
    CC_NS,
    CC_P,
    CC_NP,
    CC_L,
    CC_GE,
    CC_LE,
    CC_G
};

/* Where the next byte goes. The code runs at p + to_exec (0 unless the cache is mapped twice). */
struct emit {
    uint8_t *p, *end;
    ptrdiff_t to_exec;
    const uint8_t *pool; /* constants that rm_const() names */
    bool
        clobbered; /* an instruction that changes EFLAGS was written; cleared by who cares (lift.c) */
    /*
     * Displacement from R15 of the slot whose 64 bits RAX, RCX, RDX are known to equal, or HELD_NONE: a read of that
     * slot becomes a read of the register. Everything here that writes a register or a slot keeps this true.
     */
    int32_t held[3];
};

/* A register or memory operand (the r/m of ModRM). */
struct rm {
    int8_t reg; /* register, or -1 for memory */
    int8_t base;
    int8_t index;  /* -1: none */
    uint8_t scale; /* log2 */
    int32_t disp;
};

static inline struct rm rm_reg(int r)
{
    return (struct rm){(int8_t)r, NOREG, NOREG, 0, 0};
}

static inline struct rm rm_mem(int base, int32_t disp)
{
    return (struct rm){NOREG, (int8_t)base, NOREG, 0, disp};
}

static inline struct rm rm_sib(int base, int index, int scale, int32_t disp)
{
    return (struct rm){NOREG, (int8_t)base, (int8_t)index, (uint8_t)scale, disp};
}

/* RIP-relative: a constant at an offset in the pool. */
#define BASE_POOL (-2)

static inline struct rm rm_const(unsigned offset)
{
    return (struct rm){NOREG, BASE_POOL, NOREG, 0, (int32_t)offset};
}

static inline bool rm_is_reg(struct rm m)
{
    return m.reg >= 0;
}

#define HELD_NONE INT32_MAX

/* Nothing is known of the scratch registers: where control comes together, behind calls. */
static inline void emit_forget(struct emit *e)
{
    e->held[RAX] = e->held[RCX] = e->held[RDX] = HELD_NONE;
}

static inline void emit_hold(struct emit *e, int r, int32_t disp)
{
    if (r <= RDX)
        e->held[r] = disp;
}

static inline void emit_written(struct emit *e, int r)
{
    if (r >= RAX && r <= RDX)
        e->held[r] = HELD_NONE;
}

static inline void e8(struct emit *e, uint8_t b)
{
    *e->p++ = b;
}

static inline void e32(struct emit *e, uint32_t v)
{
    __builtin_memcpy(e->p, &v, 4);
    e->p += 4;
}

static inline void e64(struct emit *e, uint64_t v)
{
    __builtin_memcpy(e->p, &v, 8);
    e->p += 8;
}

/* ModRM, SIB and displacement. wide: no disp8 (EVEX would scale it). */
void emit_modrm(struct emit *e, int reg, struct rm m, bool wide);

/* Opcode maps and mandatory prefixes, ORed to the opcode byte given to x_rm. */
#define OP_0F 0x100u
#define OP_0F38 0x200u
#define OP_0F3A 0x400u
#define OP_66 0x1000u
#define OP_F2 0x2000u
#define OP_F3 0x4000u
#define OP_BYTE 0x8000u /* an 8-bit register takes part: SPL..DIL need a REX */

/* [prefix] [REX] opcode ModRM. w: 64-bit operands. */
void x_rm(struct emit *e, bool w, uint32_t opcode, int reg, struct rm m);

/* ---- moves ---- */

static inline void x_load(struct emit *e, bool w, int d, struct rm m)
{
    x_rm(e, w, 0x8b, d, m);
}

static inline void x_store(struct emit *e, bool w, struct rm m, int s)
{
    x_rm(e, w, 0x89, s, m);
}

/* 64-bit copy; nothing for a copy onto itself. */
static inline void x_mov(struct emit *e, int d, int s)
{
    if (d != s)
        x_rm(e, true, 0x8b, d, rm_reg(s));
}

/* 32-bit copy: always written, as it clears the upper half. */
static inline void x_mov32(struct emit *e, int d, int s)
{
    x_rm(e, false, 0x8b, d, rm_reg(s));
}

/* Any 64-bit constant in the shortest form that leaves the flags alone. */
void x_imm(struct emit *e, int d, uint64_t v);
/* mov r/m, imm32 (sign-extended when w) */
void x_store_imm(struct emit *e, bool w, struct rm m, int32_t v);

static inline void x_lea(struct emit *e, bool w, int d, struct rm m)
{
    x_rm(e, w, 0x8d, d, m);
}

static inline void x_movzx8(struct emit *e, int d, struct rm m)
{
    x_rm(e, false, 0xb6 | OP_0F | OP_BYTE, d, m);
}

static inline void x_movzx16(struct emit *e, int d, struct rm m)
{
    x_rm(e, false, 0xb7 | OP_0F, d, m);
}

static inline void x_movsx8(struct emit *e, bool w, int d, struct rm m)
{
    x_rm(e, w, 0xbe | OP_0F | OP_BYTE, d, m);
}

static inline void x_movsx16(struct emit *e, bool w, int d, struct rm m)
{
    x_rm(e, w, 0xbf | OP_0F, d, m);
}

static inline void x_movsxd(struct emit *e, int d, struct rm m)
{
    x_rm(e, true, 0x63, d, m);
}

static inline void x_store8(struct emit *e, struct rm m, int s)
{
    x_rm(e, false, 0x88 | OP_BYTE, s, m);
}

static inline void x_store16(struct emit *e, struct rm m, int s)
{
    x_rm(e, false, 0x89 | OP_66, s, m);
}

static inline void x_push(struct emit *e, int r)
{
    if (r >= 8)
        e8(e, 0x41);
    e8(e, 0x50 | (r & 7));
}

static inline void x_pop(struct emit *e, int r)
{
    emit_written(e, r);
    if (r >= 8)
        e8(e, 0x41);
    e8(e, 0x58 | (r & 7));
}

/* ---- arithmetic; every one of these changes EFLAGS unless it says otherwise ---- */

enum alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };

/* d op= m */
static inline void x_alu(struct emit *e, enum alu op, bool w, int d, struct rm m)
{
    e->clobbered = true;
    x_rm(e, w, (uint32_t)op << 3 | 3, d, m);
}

/* m op= s */
static inline void x_alu_store(struct emit *e, enum alu op, bool w, struct rm m, int s)
{
    e->clobbered = true;
    x_rm(e, w, (uint32_t)op << 3 | 1, s, m);
}

void x_alu_imm(struct emit *e, enum alu op, bool w, struct rm m, int32_t v);

static inline void x_test(struct emit *e, bool w, int a, struct rm m)
{
    e->clobbered = true;
    x_rm(e, w, 0x85, a, m);
}

void x_test_imm(struct emit *e, bool w, struct rm m, int32_t v);

/* not (leaves EFLAGS), neg, mul (RDX:RAX), imul (RDX:RAX), div, idiv */
enum unary { UN_NOT = 2, UN_NEG, UN_MUL, UN_IMUL, UN_DIV, UN_IDIV };

static inline void x_un(struct emit *e, enum unary op, bool w, struct rm m)
{
    e->clobbered |= op != UN_NOT;
    x_rm(e, w, 0xf7, op, m);
}

static inline void x_imul(struct emit *e, bool w, int d, struct rm m)
{
    e->clobbered = true;
    x_rm(e, w, 0xaf | OP_0F, d, m);
}

enum shift { SH_ROL, SH_ROR, SH_SHL = 4, SH_SHR, SH_SAR = 7 };

void x_shift(struct emit *e, enum shift op, bool w, struct rm m, unsigned count);

/* Shifts that leave EFLAGS alone (BMI2): d = m shifted by count register (modulo its width). */
enum shiftx { SHX_SHL = 1, SHX_SAR = 2, SHX_SHR = 3 };
void x_shiftx(struct emit *e, enum shiftx op, bool w, int d, struct rm m, int count);
/* d = m rotated right; leaves EFLAGS alone */
void x_rorx(struct emit *e, bool w, int d, struct rm m, unsigned count);
/* d = ~a & m */
void x_andn(struct emit *e, bool w, int d, int a, struct rm m);
/* hi:lo = RDX * m; leaves EFLAGS alone */
void x_mulx(struct emit *e, bool w, int hi, int lo, struct rm m);

static inline void x_shrd(struct emit *e, bool w, struct rm m, int s, unsigned count)
{
    e->clobbered = true;
    x_rm(e, w, 0xac | OP_0F, s, m);
    e8(e, (uint8_t)count);
}

static inline void x_bswap(struct emit *e, bool w, int r)
{
    emit_written(e, r);
    if (w || r >= 8)
        e8(e, 0x40 | (w ? 8 : 0) | (r >= 8));
    e8(e, 0x0f);
    e8(e, 0xc8 | (r & 7));
}

static inline void x_bt_imm(struct emit *e, bool w, struct rm m, unsigned bit)
{
    e->clobbered = true;
    x_rm(e, w, 0xba | OP_0F, 4, m);
    e8(e, (uint8_t)bit);
}

static inline void x_setcc(struct emit *e, int cc, struct rm m)
{
    x_rm(e, false, (0x90u | (unsigned)cc) | OP_0F | OP_BYTE, 0, m);
}

static inline void x_cmov(struct emit *e, int cc, bool w, int d, struct rm m)
{
    x_rm(e, w, (0x40u | (unsigned)cc) | OP_0F, d, m);
}

/* ---- control ---- */

static inline uint64_t emit_pc(const struct emit *e)
{
    return (uint64_t)(e->p + e->to_exec);
}

/* Jump whose rel32 is filled in later by x_bind; returns its place. */
uint8_t *x_jmp(struct emit *e);
uint8_t *x_jcc(struct emit *e, int cc);
uint8_t *x_call(struct emit *e);
/* The same with rel32 inside an aligned quadword, so that it can be patched while it runs. */
uint8_t *x_jmp_aligned(struct emit *e);
uint8_t *x_jcc_aligned(struct emit *e, int cc);
uint8_t *x_call_aligned(struct emit *e);
/* rel32 at `at` := target. Both are addresses of writable bytes, so to_exec cancels out. */
void x_link(uint8_t *at, const uint8_t *target);

static inline void x_bind(struct emit *e, uint8_t *at)
{
    emit_forget(e);
    x_link(at, e->p);
}

static inline void x_jmp_to(struct emit *e, const uint8_t *target)
{
    x_link(x_jmp(e), target);
}

static inline void x_jcc_to(struct emit *e, int cc, const uint8_t *target)
{
    x_link(x_jcc(e, cc), target);
}

/* Short forward jump over less than 128 bytes; returns the place of its rel8. */
static inline uint8_t *x_jcc8(struct emit *e, int cc)
{
    e8(e, 0x70 | (uint8_t)cc);
    e8(e, 0);
    return e->p - 1;
}

static inline uint8_t *x_jmp8(struct emit *e)
{
    e8(e, 0xeb);
    e8(e, 0);
    return e->p - 1;
}

static inline void x_bind8(struct emit *e, uint8_t *at)
{
    ptrdiff_t d = e->p - (at + 1);
    BUG_ON(d > 127);
    emit_forget(e);
    *at = (uint8_t)d;
}

static inline void x_jmp_rm(struct emit *e, struct rm m)
{
    x_rm(e, false, 0xff, 4, m);
}

static inline void x_call_rm(struct emit *e, struct rm m)
{
    x_rm(e, false, 0xff, 2, m);
}

static inline void x_ret(struct emit *e)
{
    e8(e, 0xc3);
}

static inline void x_cmc(struct emit *e)
{
    e8(e, 0xf5);
}

static inline void x_lahf(struct emit *e)
{
    emit_written(e, RAX);
    e8(e, 0x9f);
}

static inline void x_sahf(struct emit *e)
{
    e->clobbered = true;
    e8(e, 0x9e);
}

static inline void x_lock(struct emit *e)
{
    e8(e, 0xf0);
}

void x_nops(struct emit *e, unsigned bytes);

/* ---- vectors (vops.h names the operations) ---- */

/*
 * A vector operation: opcode | map << 8 (1 0F, 2 0F38, 3 0F3A) | pp << 10 (0 none, 1 66, 2 F3, 3 F2)
 * | VOP_W (VEX.W) | VOP_EW (EVEX.W) | VOP_EVEX (an EVEX form exists) | VOP_ONLY (no VEX form).
 */
#define VOP_W 0x1000u
#define VOP_EW 0x2000u
#define VOP_EVEX 0x4000u
#define VOP_ONLY 0x8000u
#define VOP_256 0x10000u

/* op d, a, m. a is 0 for two-operand forms. Registers above XMM15 only with VOP_EVEX operations. */
void x_v(struct emit *e, uint32_t vop, int d, int a, struct rm m);

static inline void x_vi(struct emit *e, uint32_t vop, int d, int a, struct rm m, unsigned imm)
{
    if (m.base == BASE_POOL)
        m.scale = 1; /* bytes of the instruction behind the displacement */
    x_v(e, vop, d, a, m);
    e8(e, (uint8_t)imm);
}

#endif
