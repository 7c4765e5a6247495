/*
 * Arm floating point in integers: the functions of the manual's shared
 * pseudocode (DDI 0487, J1.3 "shared/functions/float") on raw bit patterns of
 * half, single and double precision. Exact for every FPCR (rounding, FZ, FZ16,
 * DN, AHP) and for the cumulative bits of FPSR; FEAT_AFP's bits (AH, FIZ, NEP)
 * and trapped exceptions do not exist here. Knows no registers: callers
 * bring a struct fpu made from FPCR and FPSR and put fpsr back afterwards.
 */
#ifndef INTERP_FPU_H
#define INTERP_FPU_H

#include "base/types.h"

#define FPCR_AHP (1u << 26)
#define FPCR_DN (1u << 25)
#define FPCR_FZ (1u << 24)
#define FPCR_RMODE(fpcr) ((enum fpu_round)((fpcr) >> 22 & 3))
#define FPCR_FZ16 (1u << 19)

#define FPSR_QC (1u << 27)
#define FPSR_IDC (1u << 7)
#define FPSR_IXC (1u << 4)
#define FPSR_UFC (1u << 3)
#define FPSR_OFC (1u << 2)
#define FPSR_DZC (1u << 1)
#define FPSR_IOC (1u << 0)

/* Formats, numbered by log2 of the bytes, except bfloat16 (only ever a result). */
enum fpu_fmt { FPU_BF16 = 0, FPU_H = 1, FPU_S = 2, FPU_D = 3 };

/* The first four as FPCR.RMode has them. */
enum fpu_round { FPU_TIEEVEN, FPU_POSINF, FPU_NEGINF, FPU_ZERO, FPU_TIEAWAY, FPU_ODD };

struct fpu {
    uint32_t fpcr;
    uint32_t fpsr; /* the old bits are in it: some fast paths need to know that IXC is set */
};

/* Arithmetic (fpu.c). FPMax and FPMin with _num are FPMaxNum and FPMinNum. */
uint64_t fpu_add(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_sub(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_mul(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_mulx(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_div(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_sqrt(struct fpu *f, enum fpu_fmt fmt, uint64_t a);
/* addend + a * b, rounded once. */
uint64_t fpu_muladd(struct fpu *f, enum fpu_fmt fmt, uint64_t addend, uint64_t a, uint64_t b);
/* FPMulAddH: single addend, half factors. */
uint64_t fpu_muladd_half(struct fpu *f, uint64_t addend, uint64_t a, uint64_t b);
uint64_t fpu_max(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_min(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_max_num(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_min_num(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);

/* FPCompare: NZCV in bits 31..28. */
uint32_t fpu_compare(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b, bool signal_nans);
bool fpu_eq(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
bool fpu_ge(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
bool fpu_gt(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);

/* FPAbs and FPNeg: the sign bit, NaN or not. */
static inline uint64_t fpu_sign_bit(enum fpu_fmt fmt)
{
    return 1ull << ((8u << fmt) - 1);
}

static inline uint64_t fpu_abs(enum fpu_fmt fmt, uint64_t a)
{
    return a & ~fpu_sign_bit(fmt);
}

static inline uint64_t fpu_neg(enum fpu_fmt fmt, uint64_t a)
{
    return a ^ fpu_sign_bit(fmt);
}

/* Estimates and Newton steps (fpu_estimate.c). */
uint64_t fpu_recip_estimate(struct fpu *f, enum fpu_fmt fmt, uint64_t a);
uint64_t fpu_rsqrt_estimate(struct fpu *f, enum fpu_fmt fmt, uint64_t a);
uint64_t fpu_recip_exponent(struct fpu *f, enum fpu_fmt fmt, uint64_t a);
uint64_t fpu_recip_step(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint64_t fpu_rsqrt_step(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b);
uint32_t fpu_recip_estimate_u32(uint32_t a);
uint32_t fpu_rsqrt_estimate_u32(uint32_t a);

/* Conversions (fpu_convert.c). */
uint64_t fpu_convert(struct fpu *f, enum fpu_fmt to, enum fpu_fmt from, uint64_t a,
                     enum fpu_round round);
uint64_t fpu_round_int(struct fpu *f, enum fpu_fmt fmt, uint64_t a, enum fpu_round round,
                       bool exact);
/* FPRoundIntN: to a floating-point number that fits a signed integer of int_bits (32 or 64). */
uint64_t fpu_round_int_n(struct fpu *f, enum fpu_fmt fmt, uint64_t a, enum fpu_round round,
                         unsigned int_bits);
/* a * 2^fbits as an integer of int_bits (saturated); the bits above int_bits are zero. */
uint64_t fpu_to_fixed(struct fpu *f, enum fpu_fmt fmt, uint64_t a, unsigned fbits, bool is_unsigned,
                      enum fpu_round round, unsigned int_bits);
/* a / 2^fbits; a is sign- or zero-extended to 64 bits by the caller. */
uint64_t fpu_from_fixed(struct fpu *f, enum fpu_fmt fmt, uint64_t a, unsigned fbits,
                        bool is_unsigned);
/* FPToFixedJS of a double; *z: the value was an int32_t and not -0. */
uint32_t fpu_to_int32_js(struct fpu *f, uint64_t a, bool *z);
/* Narrows a double or single to bfloat16 (FPConvertBF). */
uint64_t fpu_to_bfloat(struct fpu *f, uint64_t single);

/*
 * BFDotAdd without FEAT_EBF16 on pairs of bfloat16, low one first: round to
 * odd, denormals are zero, no flags.
 */
uint32_t fpu_bfdot(uint32_t addend, uint32_t pair_a, uint32_t pair_b);

#endif
