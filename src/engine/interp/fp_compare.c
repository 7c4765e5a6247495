/*
 * Scalar floating-point compare, conditional compare and select, and moves
 * (Arm ARM C4.1.95).
 */
#include "a64/simd_imm.h"
#include "engine/interp/fp.h"

/* Bit 4 of the word makes it the form that signals quiet NaNs too (FCMPE, FCCMPE). */
static inline void compare(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt, uint64_t b)
{
    struct fpu f = fpu_begin(cpu);

    cpu->nzcv = fpu_compare(&f, fmt, fr(cpu, rn(word), fmt), b, bit(word, 4));
    fpu_end(cpu, &f);
}

static inline void compare_reg(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    compare(cpu, word, fmt, fr(cpu, rm(word), fmt));
}

static inline void compare_zero(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    compare(cpu, word, fmt, 0);
}

static inline void compare_if(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    if (condition_holds(cpu, bits(word, 15, 12)))
        compare_reg(cpu, word, fmt);
    else
        cpu->nzcv = bits(word, 3, 0) << 28;
}

EXEC_FP(compare_reg, fcmp, fp_fmt(word))
EXEC_FP(compare_zero, fcmp_zero, fp_fmt(word))
EXEC_FP(compare_if, fccmp, fp_fmt(word))

static inline void select_if(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    set_fr(cpu, rd(word),
           fr(cpu, condition_holds(cpu, bits(word, 15, 12)) ? rn(word) : rm(word), fmt));
}

EXEC_FP(select_if, fcsel, fp_fmt(word))

/* ---- moves ---- */

static inline void move_imm(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    set_fr(cpu, rd(word), a64_fp_imm(bits(word, 20, 13), 8u << fmt));
}

EXEC_FP(move_imm, fmov_imm_scalar, fp_fmt(word))

static inline void move_to_gen(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    set_xr(cpu, rd(word), fr(cpu, rn(word), fmt));
}

static inline void move_from_gen(struct cpu *cpu, uint32_t word, enum fpu_fmt fmt)
{
    set_fr(cpu, rd(word), xr(cpu, rn(word)) & UINT64_MAX >> (64 - (8u << fmt)));
}

EXEC_FP(move_to_gen, fmov_to_gen, fp_fmt(word))
EXEC_FP(move_from_gen, fmov_from_gen, fp_fmt(word))

EXEC(fmov_top_to_gen)
{
    set_xr(cpu, rd(word), cpu->v[rn(word)].d[1]);
}

EXEC(fmov_top_from_gen)
{
    cpu->v[rd(word)].d[1] = xr(cpu, rn(word)); /* the lower half stays */
}
