/*
 * The soft FPU's reciprocal and reciprocal square root estimates, to the bit
 * as DDI 0487 J1.3 defines them (FPRecipEstimate, FPRSqrtEstimate,
 * FPRecpX, UnsignedRecipEstimate...), and the Newton-Raphson steps FRECPS and
 * FRSQRTS.
 */
#include "engine/interp/fpu.h"
#include "engine/interp/fpu_core.h"

/* RecipEstimate: 256 <= a < 512, a / 512 in [0.5, 1); result in the same range. */
static unsigned recip_estimate(unsigned a)
{
    a = a * 2 + 1;
    return ((1u << 19) / a + 1) / 2;
}

/* RecipSqrtEstimate: 128 <= a < 512. */
static unsigned rsqrt_estimate(unsigned a)
{
    if (a < 256)
        a = a * 2 + 1;
    else
        a = (a / 2 * 2 + 1) * 2;
    unsigned b = 512;
    while ((uint64_t)a * (b + 1) * (b + 1) < 1u << 28)
        b++;
    return (b + 1) / 2;
}

uint32_t fpu_recip_estimate_u32(uint32_t a)
{
    return a >> 31 ? recip_estimate(a >> 23) << 23 : UINT32_MAX;
}

uint32_t fpu_rsqrt_estimate_u32(uint32_t a)
{
    return a >> 30 ? rsqrt_estimate(a >> 23) << 23 : UINT32_MAX;
}

/* FPRecipEstimate for a magnitude so small that its reciprocal overflows. */
static uint64_t recip_overflow(struct fpu *f, enum fpu_fmt fmt, bool sign)
{
    enum fpu_round round = FPCR_RMODE(f->fpcr);
    bool to_inf = round == FPU_TIEEVEN || round == (sign ? FPU_NEGINF : FPU_POSINF);

    f->fpsr |= FPSR_OFC | FPSR_IXC;
    return to_inf ? fpn_inf(fmt, sign) : fpn_max_normal(fmt, sign);
}

uint64_t fpu_recip_estimate(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    const struct fpn_format *t = &fpn_formats[fmt];
    struct fpn n = fpn_unpack(f, fmt, a);

    if (fpn_is_nan(n))
        return fpn_process_nan(f, fmt, n, a);
    if (n.cls == FPN_INF)
        return fpn_sign(fmt, n.sign);
    if (n.cls == FPN_ZERO) {
        f->fpsr |= FPSR_DZC;
        return fpn_inf(fmt, n.sign);
    }
    if (n.exp < -t->bias - 1)
        return recip_overflow(f, fmt, n.sign);
    if (n.exp >= t->bias - 1 && f->fpcr & (fmt == FPU_H ? FPCR_FZ16 : FPCR_FZ)) {
        f->fpsr |= FPSR_UFC; /* the result would be denormal */
        return fpn_sign(fmt, n.sign);
    }

    uint64_t estimate = recip_estimate((unsigned)(n.frac >> 55)); /* 1.xxxxxxxx */
    int exp = -n.exp - 1;                                         /* 1/[1,2) is in (0.5, 1] */
    uint64_t frac = (estimate & 0xff) << (t->frac_bits - 8);
    int field = exp + t->bias;
    if (field <= 0) {
        frac = (frac | 1ull << t->frac_bits) >> (1 - field);
        field = 0;
    }
    return fpn_sign(fmt, n.sign) | (uint64_t)field << t->frac_bits | frac;
}

uint64_t fpu_rsqrt_estimate(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    const struct fpn_format *t = &fpn_formats[fmt];
    struct fpn n = fpn_unpack(f, fmt, a);

    if (fpn_is_nan(n))
        return fpn_process_nan(f, fmt, n, a);
    if (n.cls == FPN_ZERO) {
        f->fpsr |= FPSR_DZC;
        return fpn_inf(fmt, n.sign);
    }
    if (n.sign)
        return fpn_invalid(f, fmt);
    if (n.cls == FPN_INF)
        return 0;

    /* As [0.25, 1) times an even power of 2: an even exponent e gives [0.25, 0.5) and e + 2. */
    bool odd = n.exp & 1;
    uint64_t estimate = rsqrt_estimate((unsigned)(n.frac >> (odd ? 55 : 56)));
    int exp = odd ? -(n.exp + 1) / 2 : -(n.exp + 2) / 2;
    return (uint64_t)(exp + t->bias) << t->frac_bits | (estimate & 0xff) << (t->frac_bits - 8);
}

uint64_t fpu_recip_exponent(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    const struct fpn_format *t = &fpn_formats[fmt];
    struct fpn n = fpn_unpack(f, fmt, a);

    if (fpn_is_nan(n))
        return fpn_process_nan(f, fmt, n, a);
    uint64_t field = a & t->inf;
    return fpn_sign(fmt, n.sign) | (field ? field ^ t->inf : t->inf - (1ull << t->frac_bits));
}

/*
 * (constant - a * b) * 2^scale rounded once. Infinity times zero counts as
 * zero; bare: the result without a product.
 */
static uint64_t newton_step(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b,
                            struct fpn constant, int scale, uint64_t bare)
{
    a = fpu_neg(fmt, a);
    struct fpn x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);
    uint64_t result;

    if (fpn_process_nans(f, fmt, x, y, a, b, &result))
        return result;
    if (x.cls == FPN_ZERO || y.cls == FPN_ZERO)
        return bare;
    if (x.cls == FPN_INF || y.cls == FPN_INF)
        return fpn_inf(fmt, x.sign != y.sign);
    return fpn_fused(f, fmt, constant, x, y, scale);
}

uint64_t fpu_recip_step(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    const struct fpn_format *t = &fpn_formats[fmt];
    const struct fpn two = {FPN_FINITE, false, 1, 1ull << 63};

    return newton_step(f, fmt, a, b, two, 0, (uint64_t)(t->bias + 1) << t->frac_bits);
}

uint64_t fpu_rsqrt_step(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    const struct fpn_format *t = &fpn_formats[fmt];
    const struct fpn three = {FPN_FINITE, false, 1, 3ull << 62};

    return newton_step(f, fmt, a, b, three, -1,
                       (uint64_t)t->bias << t->frac_bits | fpn_quiet_bit(fmt));
}
