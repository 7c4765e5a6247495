/*
 * What the files of the soft FPU share: a number taken apart, the way back
 * (FPUnpack and FPRound of the manual), and NaN selection. Included by fpu*.c
 * only.
 */
#ifndef INTERP_FPU_CORE_H
#define INTERP_FPU_CORE_H

#include "engine/interp/fpu.h"

typedef unsigned __int128 fpu_u128;

enum fpn_class { FPN_ZERO, FPN_FINITE, FPN_INF, FPN_QNAN, FPN_SNAN };

/* Finite: (-1)^sign * frac / 2^63 * 2^exp with bit 63 of frac set. */
struct fpn {
    enum fpn_class cls;
    bool sign;
    int exp;
    uint64_t frac;
};

struct fpn_format {
    uint8_t bits, frac_bits;
    int16_t bias;
    uint64_t inf; /* also the exponent field's mask */
};

extern const struct fpn_format fpn_formats[4];

static inline bool fpn_is_nan(struct fpn n)
{
    return n.cls >= FPN_QNAN;
}

static inline uint64_t fpn_sign(enum fpu_fmt fmt, bool sign)
{
    return (uint64_t)sign << (fpn_formats[fmt].bits - 1);
}

static inline uint64_t fpn_inf(enum fpu_fmt fmt, bool sign)
{
    return fpn_sign(fmt, sign) | fpn_formats[fmt].inf;
}

static inline uint64_t fpn_max_normal(enum fpu_fmt fmt, bool sign)
{
    return fpn_inf(fmt, sign) - 1;
}

static inline uint64_t fpn_quiet_bit(enum fpu_fmt fmt)
{
    return 1ull << (fpn_formats[fmt].frac_bits - 1);
}

static inline uint64_t fpn_default_nan(enum fpu_fmt fmt)
{
    return fpn_formats[fmt].inf | fpn_quiet_bit(fmt);
}

/* The result of an operation that has none: default NaN and IOC. */
static inline uint64_t fpn_invalid(struct fpu *f, enum fpu_fmt fmt)
{
    f->fpsr |= FPSR_IOC;
    return fpn_default_nan(fmt);
}

/* The sign of an exact zero sum of operands of different sign. */
static inline uint64_t fpn_exact_zero(const struct fpu *f, enum fpu_fmt fmt)
{
    return fpn_sign(fmt, FPCR_RMODE(f->fpcr) == FPU_NEGINF);
}

static inline fpu_u128 fpn_shift_right_jam(fpu_u128 v, unsigned n)
{
    if (n == 0)
        return v;
    if (n > 127)
        return v != 0;
    return v >> n | (v << (128 - n) != 0);
}

/* FPUnpack; FPUnpackCV takes the same with FZ16 cleared and AHP honoured. */
struct fpn fpn_unpack(struct fpu *f, enum fpu_fmt fmt, uint64_t raw);
struct fpn fpn_unpack_cv(struct fpu *f, enum fpu_fmt fmt, uint64_t raw);

/*
 * FPRound of frac / 2^63 * 2^exp, where bit 63 of frac is set and bit 0 also
 * stands for anything below it. The variant _cv as above.
 */
uint64_t fpn_round(struct fpu *f, enum fpu_fmt fmt, bool sign, int exp, uint64_t frac,
                   enum fpu_round round);
uint64_t fpn_round_cv(struct fpu *f, enum fpu_fmt fmt, bool sign, int exp, uint64_t frac,
                      enum fpu_round round);
/* As fpn_round in FPCR's mode, for frac / 2^127 and any non-zero frac. */
uint64_t fpn_round128(struct fpu *f, enum fpu_fmt fmt, bool sign, int exp, fpu_u128 frac);

/* FPProcessNaN for an operand that is one. */
uint64_t fpn_process_nan(struct fpu *f, enum fpu_fmt fmt, struct fpn n, uint64_t raw);
/* FPProcessNaNs: true when one of the operands is a NaN, and the result is in *out. */
bool fpn_process_nans(struct fpu *f, enum fpu_fmt fmt, struct fpn a, struct fpn b, uint64_t raw_a,
                      uint64_t raw_b, uint64_t *out);

/* (addend + a * b) * 2^scale rounded once; a and b finite, not zero; addend finite or zero. */
uint64_t fpn_fused(struct fpu *f, enum fpu_fmt fmt, struct fpn addend, struct fpn a, struct fpn b,
                   int scale);

#endif
