/*
 * Scalar floating-point conversions (Arm ARM C4.1.95): between formats, to
 * and from integers and fixed point, and to integral values.
 */
#include "engine/interp/fp.h"

#define FPCR_MODE(cpu) FPCR_RMODE((cpu)->fpcr)

/* ---- formats ---- */

EXEC(fcvt_scalar)
{
    enum fpu_fmt from = fp_fmt(word), to = fp_type(bits(word, 16, 15));
    struct fpu f = fpu_begin(cpu);

    set_fr(cpu, rd(word), fpu_convert(&f, to, from, fr(cpu, rn(word), from), FPCR_MODE(cpu)));
    fpu_end(cpu, &f);
}

EXEC(bfcvt_scalar)
{
    struct fpu f = fpu_begin(cpu);

    set_fr(cpu, rd(word), fpu_to_bfloat(&f, fr(cpu, rn(word), FPU_S)));
    fpu_end(cpu, &f);
}

/* ---- integral values ---- */

static inline void round_int(struct cpu *cpu, uint32_t word, enum fpu_round round, bool exact)
{
    enum fpu_fmt fmt = fp_fmt(word);
    struct fpu f = fpu_begin(cpu);

    set_fr(cpu, rd(word), fpu_round_int(&f, fmt, fr(cpu, rn(word), fmt), round, exact));
    fpu_end(cpu, &f);
}

EXEC_FP(round_int, frintn_scalar, FPU_TIEEVEN, false)
EXEC_FP(round_int, frintp_scalar, FPU_POSINF, false)
EXEC_FP(round_int, frintm_scalar, FPU_NEGINF, false)
EXEC_FP(round_int, frintz_scalar, FPU_ZERO, false)
EXEC_FP(round_int, frinta_scalar, FPU_TIEAWAY, false)
EXEC_FP(round_int, frintx_scalar, FPCR_MODE(cpu), true)
EXEC_FP(round_int, frinti_scalar, FPCR_MODE(cpu), false)

static inline void round_int_n(struct cpu *cpu, uint32_t word, enum fpu_round round,
                               unsigned int_bits)
{
    enum fpu_fmt fmt = fp_fmt(word);
    struct fpu f = fpu_begin(cpu);

    set_fr(cpu, rd(word), fpu_round_int_n(&f, fmt, fr(cpu, rn(word), fmt), round, int_bits));
    fpu_end(cpu, &f);
}

EXEC(frint32z_scalar)
{
    round_int_n(cpu, word, FPU_ZERO, 32);
}

EXEC(frint32x_scalar)
{
    round_int_n(cpu, word, FPCR_MODE(cpu), 32);
}

EXEC(frint64z_scalar)
{
    round_int_n(cpu, word, FPU_ZERO, 64);
}

EXEC(frint64x_scalar)
{
    round_int_n(cpu, word, FPCR_MODE(cpu), 64);
}

/* ---- general registers ---- */

static inline void to_gen(struct cpu *cpu, uint32_t word, unsigned fbits, bool is_unsigned,
                          enum fpu_round round)
{
    enum fpu_fmt fmt = fp_fmt(word);
    struct fpu f = fpu_begin(cpu);

    set_xr(cpu, rd(word),
           fpu_to_fixed(&f, fmt, fr(cpu, rn(word), fmt), fbits, is_unsigned, round,
                        bit(word, 31) ? 64 : 32));
    fpu_end(cpu, &f);
}

static inline void from_gen(struct cpu *cpu, uint32_t word, unsigned fbits, bool is_unsigned)
{
    struct fpu f = fpu_begin(cpu);
    uint64_t a = xr(cpu, rn(word));

    if (!bit(word, 31))
        a = is_unsigned ? (uint32_t)a : (uint64_t)(int32_t)a;
    set_fr(cpu, rd(word), fpu_from_fixed(&f, fp_fmt(word), a, fbits, is_unsigned));
    fpu_end(cpu, &f);
}

EXEC_FP(to_gen, fcvtns_gen, 0, false, FPU_TIEEVEN)
EXEC_FP(to_gen, fcvtnu_gen, 0, true, FPU_TIEEVEN)
EXEC_FP(to_gen, fcvtps_gen, 0, false, FPU_POSINF)
EXEC_FP(to_gen, fcvtpu_gen, 0, true, FPU_POSINF)
EXEC_FP(to_gen, fcvtms_gen, 0, false, FPU_NEGINF)
EXEC_FP(to_gen, fcvtmu_gen, 0, true, FPU_NEGINF)
EXEC_FP(to_gen, fcvtzs_gen, 0, false, FPU_ZERO)
EXEC_FP(to_gen, fcvtzu_gen, 0, true, FPU_ZERO)
EXEC_FP(to_gen, fcvtas_gen, 0, false, FPU_TIEAWAY)
EXEC_FP(to_gen, fcvtau_gen, 0, true, FPU_TIEAWAY)
EXEC_FP(from_gen, scvtf_gen, 0, false)
EXEC_FP(from_gen, ucvtf_gen, 0, true)

#define FBITS(word) (64 - bits(word, 15, 10))
EXEC_FP(to_gen, fcvtzs_fixed, FBITS(word), false, FPU_ZERO)
EXEC_FP(to_gen, fcvtzu_fixed, FBITS(word), true, FPU_ZERO)
EXEC_FP(from_gen, scvtf_fixed, FBITS(word), false)
EXEC_FP(from_gen, ucvtf_fixed, FBITS(word), true)

EXEC(fjcvtzs)
{
    struct fpu f = fpu_begin(cpu);
    bool z;

    set_xr(cpu, rd(word), fpu_to_int32_js(&f, fr(cpu, rn(word), FPU_D), &z));
    cpu->nzcv = z ? NZCV_Z : 0;
    fpu_end(cpu, &f);
}
