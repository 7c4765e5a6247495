/*
 * The soft FPU's arithmetic: unpack, operate exactly on 64- or 128-bit
 * significands, round once (DDI 0487 J1.3: FPUnpack, FPRound, FPAdd, FPMul,
 * FPDiv, FPSqrt, FPMulAdd, FPMax, FPCompare...).
 */
#include "engine/interp/fpu.h"

#include "a64/cpu.h"
#include "engine/interp/fpu_core.h"
#include "engine/interp/fpu_host.h"

const struct fpn_format fpn_formats[4] = {
    [FPU_BF16] = {16, 7, 127, 0x7f80},
    [FPU_H] = {16, 10, 15, 0x7c00},
    [FPU_S] = {32, 23, 127, 0x7f800000},
    [FPU_D] = {64, 52, 1023, 0x7ff0000000000000},
};

static struct fpn unpack(struct fpu *f, enum fpu_fmt fmt, uint64_t raw, uint32_t fpcr)
{
    const struct fpn_format *t = &fpn_formats[fmt];
    struct fpn n = {.sign = raw >> (t->bits - 1) & 1};
    uint64_t frac = raw & ((1ull << t->frac_bits) - 1);
    uint64_t field = (raw & t->inf) >> t->frac_bits;

    if (field == 0) {
        if (frac != 0 && fpcr & (fmt == FPU_H ? FPCR_FZ16 : FPCR_FZ)) {
            if (fmt != FPU_H)
                f->fpsr |= FPSR_IDC; /* flushing a half tells nobody */
            frac = 0;
        }
        if (frac == 0) {
            n.cls = FPN_ZERO;
            return n;
        }
        int shift = __builtin_clzll(frac);
        n.cls = FPN_FINITE;
        n.frac = frac << shift;
        n.exp = 1 - t->bias + (63 - shift) - t->frac_bits;
        return n;
    }
    if ((raw & t->inf) == t->inf && !(fmt == FPU_H && fpcr & FPCR_AHP)) {
        n.cls = frac == 0 ? FPN_INF : frac & fpn_quiet_bit(fmt) ? FPN_QNAN : FPN_SNAN;
        return n;
    }
    n.cls = FPN_FINITE;
    n.frac = 1ull << 63 | frac << (63 - t->frac_bits);
    n.exp = (int)field - t->bias;
    return n;
}

struct fpn fpn_unpack(struct fpu *f, enum fpu_fmt fmt, uint64_t raw)
{
    return unpack(f, fmt, raw, f->fpcr & ~FPCR_AHP);
}

struct fpn fpn_unpack_cv(struct fpu *f, enum fpu_fmt fmt, uint64_t raw)
{
    return unpack(f, fmt, raw, f->fpcr & ~FPCR_FZ16);
}

/* Does a magnitude with the given lowest bit and remainder (fraction of 2^64) go up? */
static bool rounds_up(enum fpu_round round, bool sign, bool odd, uint64_t rem)
{
    const uint64_t half = 1ull << 63;

    switch (round) {
    case FPU_TIEEVEN: return rem > half || (rem == half && odd);
    case FPU_POSINF: return rem != 0 && !sign;
    case FPU_NEGINF: return rem != 0 && sign;
    case FPU_TIEAWAY: return rem >= half;
    default: return false;
    }
}

/* FPRoundBase. */
static uint64_t round_base(struct fpu *f, enum fpu_fmt fmt, bool sign, int exp, uint64_t frac,
                           enum fpu_round round, uint32_t fpcr)
{
    const struct fpn_format *t = &fpn_formats[fmt];
    int min_exp = 1 - t->bias;
    bool denormal = exp < min_exp;
    unsigned shift = 63 - t->frac_bits;

    if (denormal && fpcr & (fmt == FPU_H ? FPCR_FZ16 : FPCR_FZ)) {
        f->fpsr |= FPSR_UFC;
        return fpn_sign(fmt, sign);
    }
    if (denormal)
        shift += (unsigned)(min_exp - exp);

    /* Units in the last place, and what is left of one as a fraction of 2^64. */
    uint64_t units = shift < 64 ? frac >> shift : 0;
    uint64_t rem = shift < 64    ? frac << (64 - shift)
                   : shift == 64 ? frac
                                 : 1; /* less than half, but not nothing */
    bool inexact = rem != 0;
    if (denormal && inexact)
        f->fpsr |= FPSR_UFC;

    if (rounds_up(round, sign, units & 1, rem))
        units++;
    else if (round == FPU_ODD && inexact)
        units |= 1;

    /* Adding instead of or-ing lets a carry go into the exponent, from denormal to normal too. */
    uint64_t result = denormal ? units : ((uint64_t)(exp - min_exp) << t->frac_bits) + units;
    if (fmt == FPU_H && fpcr & FPCR_AHP) {
        if (exp > 16 || result > 0x7fff) {
            f->fpsr |= FPSR_IOC;
            return fpn_sign(fmt, sign) | 0x7fff;
        }
    } else if (exp > t->bias || result >= t->inf) {
        bool to_inf = round == FPU_TIEEVEN || round == FPU_TIEAWAY ||
                      (round == FPU_POSINF && !sign) || (round == FPU_NEGINF && sign);
        f->fpsr |= FPSR_OFC | FPSR_IXC;
        return to_inf ? fpn_inf(fmt, sign) : fpn_max_normal(fmt, sign);
    }
    if (inexact)
        f->fpsr |= FPSR_IXC;
    return fpn_sign(fmt, sign) | result;
}

uint64_t fpn_round(struct fpu *f, enum fpu_fmt fmt, bool sign, int exp, uint64_t frac,
                   enum fpu_round round)
{
    return round_base(f, fmt, sign, exp, frac, round, f->fpcr & ~FPCR_AHP);
}

uint64_t fpn_round_cv(struct fpu *f, enum fpu_fmt fmt, bool sign, int exp, uint64_t frac,
                      enum fpu_round round)
{
    return round_base(f, fmt, sign, exp, frac, round, f->fpcr & ~FPCR_FZ16);
}

uint64_t fpn_round128(struct fpu *f, enum fpu_fmt fmt, bool sign, int exp, fpu_u128 frac)
{
    uint64_t high = (uint64_t)(frac >> 64);
    int shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)frac);

    frac <<= shift;
    return fpn_round(f, fmt, sign, exp - shift, (uint64_t)(frac >> 64) | ((uint64_t)frac != 0),
                     FPCR_RMODE(f->fpcr));
}

uint64_t fpn_process_nan(struct fpu *f, enum fpu_fmt fmt, struct fpn n, uint64_t raw)
{
    if (n.cls == FPN_SNAN)
        f->fpsr |= FPSR_IOC;
    return f->fpcr & FPCR_DN ? fpn_default_nan(fmt) : raw | fpn_quiet_bit(fmt);
}

bool fpn_process_nans(struct fpu *f, enum fpu_fmt fmt, struct fpn a, struct fpn b, uint64_t raw_a,
                      uint64_t raw_b, uint64_t *out)
{
    if (!fpn_is_nan(a) && !fpn_is_nan(b))
        return false;
    if (a.cls == FPN_SNAN || (b.cls != FPN_SNAN && a.cls == FPN_QNAN))
        *out = fpn_process_nan(f, fmt, a, raw_a);
    else
        *out = fpn_process_nan(f, fmt, b, raw_b);
    return true;
}

/* ---- sums and products ---- */

/* (-1)^sign * frac / 2^126 * 2^exp: room for a carry above, and for a product below. */
struct term {
    bool sign;
    int exp;
    fpu_u128 frac;
};

static struct term term_of(struct fpn n)
{
    return (struct term){n.sign, n.exp, (fpu_u128)n.frac << 63};
}

/* a + b, both non-zero, times 2^scale. */
static uint64_t sum(struct fpu *f, enum fpu_fmt fmt, struct term a, struct term b, int scale)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.frac < b.frac)) {
        struct term t = a;
        a = b;
        b = t;
    }
    fpu_u128 small = fpn_shift_right_jam(b.frac, (unsigned)(a.exp - b.exp));
    fpu_u128 frac = a.sign == b.sign ? a.frac + small : a.frac - small;
    if (frac == 0)
        return fpn_exact_zero(f, fmt);
    return fpn_round128(f, fmt, a.sign, a.exp + 1 + scale, frac);
}

uint64_t fpn_fused(struct fpu *f, enum fpu_fmt fmt, struct fpn addend, struct fpn a, struct fpn b,
                   int scale)
{
    fpu_u128 product = (fpu_u128)a.frac * b.frac; /* 2^126 stands for 1 */
    struct term p = {a.sign != b.sign, a.exp + b.exp, product};

    if (product >> 127) { /* sum() wants the top bit free; the lowest bits of a product are zero */
        p.frac >>= 1;
        p.exp++;
    }
    if (addend.cls == FPN_ZERO)
        return fpn_round128(f, fmt, p.sign, p.exp + 1 + scale, p.frac);
    return sum(f, fmt, p, term_of(addend), scale);
}

static long_way uint64_t add(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b, bool negate_b)
{
    struct fpn x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);
    uint64_t result;

    if (fpn_process_nans(f, fmt, x, y, a, b, &result))
        return result;
    y.sign ^= negate_b;
    if (x.cls == FPN_INF && y.cls == FPN_INF && x.sign != y.sign)
        return fpn_invalid(f, fmt);
    if (x.cls == FPN_INF || y.cls == FPN_INF)
        return fpn_inf(fmt, x.cls == FPN_INF ? x.sign : y.sign);
    if (x.cls == FPN_ZERO && y.cls == FPN_ZERO)
        return x.sign == y.sign ? fpn_sign(fmt, x.sign) : fpn_exact_zero(f, fmt);
    if (x.cls == FPN_ZERO || y.cls == FPN_ZERO) {
        struct fpn n = x.cls == FPN_ZERO ? y : x;
        return fpn_round(f, fmt, n.sign, n.exp, n.frac, FPCR_RMODE(f->fpcr));
    }
    return sum(f, fmt, term_of(x), term_of(y), 0);
}

uint64_t fpu_add(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    TRY_HOST(f, fmt, from_double(as_double(a) + as_double(b)),
             from_float(as_float(a) + as_float(b)));
    return add(f, fmt, a, b, false);
}

uint64_t fpu_sub(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    TRY_HOST(f, fmt, from_double(as_double(a) - as_double(b)),
             from_float(as_float(a) - as_float(b)));
    return add(f, fmt, a, b, true);
}

/* FPMul, and FPMulX where zero times infinity is two. */
static long_way uint64_t mul(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b, bool extended)
{
    struct fpn x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);
    bool sign = x.sign != y.sign;
    uint64_t result;

    if (fpn_process_nans(f, fmt, x, y, a, b, &result))
        return result;
    if (x.cls == FPN_INF || y.cls == FPN_INF) {
        if (x.cls != FPN_ZERO && y.cls != FPN_ZERO)
            return fpn_inf(fmt, sign);
        if (!extended)
            return fpn_invalid(f, fmt);
        return fpn_sign(fmt, sign) | (uint64_t)(fpn_formats[fmt].bias + 1)
                                         << fpn_formats[fmt].frac_bits;
    }
    if (x.cls == FPN_ZERO || y.cls == FPN_ZERO)
        return fpn_sign(fmt, sign);
    return fpn_round128(f, fmt, sign, x.exp + y.exp + 1, (fpu_u128)x.frac * y.frac);
}

uint64_t fpu_mul(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    TRY_HOST(f, fmt, from_double(as_double(a) * as_double(b)),
             from_float(as_float(a) * as_float(b)));
    return mul(f, fmt, a, b, false);
}

uint64_t fpu_mulx(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    return mul(f, fmt, a, b, true);
}

static long_way uint64_t divide(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    struct fpn x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);
    bool sign = x.sign != y.sign;
    uint64_t result;

    if (fpn_process_nans(f, fmt, x, y, a, b, &result))
        return result;
    if (x.cls == y.cls && x.cls != FPN_FINITE) /* inf/inf, 0/0 */
        return fpn_invalid(f, fmt);
    if (x.cls == FPN_INF || y.cls == FPN_ZERO) {
        if (x.cls != FPN_INF)
            f->fpsr |= FPSR_DZC;
        return fpn_inf(fmt, sign);
    }
    if (x.cls == FPN_ZERO || y.cls == FPN_INF)
        return fpn_sign(fmt, sign);

    fpu_u128 dividend = (fpu_u128)x.frac << 63;
    uint64_t quotient = (uint64_t)(dividend / y.frac); /* 2^63 stands for 1; above 2^62 */
    uint64_t sticky = dividend % y.frac != 0;
    return fpn_round128(f, fmt, sign, x.exp - y.exp, (fpu_u128)quotient << 64 | sticky);
}

uint64_t fpu_div(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    TRY_HOST(f, fmt, from_double(as_double(a) / as_double(b)),
             from_float(as_float(a) / as_float(b)));
    return divide(f, fmt, a, b);
}

static long_way uint64_t root_of(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    struct fpn x = fpn_unpack(f, fmt, a);
    if (fpn_is_nan(x))
        return fpn_process_nan(f, fmt, x, a);
    if (x.cls == FPN_ZERO)
        return fpn_sign(fmt, x.sign);
    if (x.sign)
        return fpn_invalid(f, fmt);
    if (x.cls == FPN_INF)
        return fpn_inf(fmt, false);

    /* sqrt(frac / 2^63) with 63 fraction bits, bit by bit; an odd exponent lends a factor of 2. */
    fpu_u128 square = (fpu_u128)x.frac << (x.exp & 1 ? 64 : 63);
    uint64_t root = 0;
    for (uint64_t bit = 1ull << 63; bit != 0; bit >>= 1) {
        uint64_t trial = root | bit;
        if ((fpu_u128)trial * trial <= square)
            root = trial;
    }
    uint64_t sticky = (fpu_u128)root * root != square;
    return fpn_round(f, fmt, false, (x.exp - (x.exp & 1)) / 2, root | sticky, FPCR_RMODE(f->fpcr));
}

uint64_t fpu_sqrt(struct fpu *f, enum fpu_fmt fmt, uint64_t a)
{
    TRY_HOST(f, fmt, from_double(__builtin_sqrt(as_double(a))),
             from_float(__builtin_sqrtf(as_float(a))));
    return root_of(f, fmt, a);
}

/* What FPMulAdd does after NaNs: the product has format-independent operands a and b. */
static uint64_t muladd_numbers(struct fpu *f, enum fpu_fmt fmt, struct fpn n, struct fpn a,
                               struct fpn b)
{
    bool inf_product = a.cls == FPN_INF || b.cls == FPN_INF;
    bool zero_product = a.cls == FPN_ZERO || b.cls == FPN_ZERO;
    bool sign = a.sign != b.sign;

    if ((inf_product && zero_product) || (n.cls == FPN_INF && inf_product && n.sign != sign))
        return fpn_invalid(f, fmt);
    if (n.cls == FPN_INF)
        return fpn_inf(fmt, n.sign);
    if (inf_product)
        return fpn_inf(fmt, sign);
    if (zero_product) {
        if (n.cls == FPN_ZERO)
            return n.sign == sign ? fpn_sign(fmt, sign) : fpn_exact_zero(f, fmt);
        return fpn_round(f, fmt, n.sign, n.exp, n.frac, FPCR_RMODE(f->fpcr));
    }
    return fpn_fused(f, fmt, n, a, b, 0);
}

static bool is_inf_times_zero(struct fpn a, struct fpn b)
{
    return (a.cls == FPN_INF && b.cls == FPN_ZERO) || (a.cls == FPN_ZERO && b.cls == FPN_INF);
}

static long_way uint64_t muladd(struct fpu *f, enum fpu_fmt fmt, uint64_t addend, uint64_t a,
                                uint64_t b)
{
    struct fpn n = fpn_unpack(f, fmt, addend), x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);
    uint64_t result;

    if (n.cls == FPN_QNAN && is_inf_times_zero(x, y))
        return fpn_invalid(f, fmt);
    /* FPProcessNaNs3: the addend is the first operand, and signalling NaNs come first. */
    if (n.cls == FPN_SNAN || (n.cls == FPN_QNAN && x.cls != FPN_SNAN && y.cls != FPN_SNAN))
        return fpn_process_nan(f, fmt, n, addend);
    if (fpn_process_nans(f, fmt, x, y, a, b, &result))
        return result;
    return muladd_numbers(f, fmt, n, x, y);
}

uint64_t fpu_muladd(struct fpu *f, enum fpu_fmt fmt, uint64_t addend, uint64_t a, uint64_t b)
{
    if (host_has_fma())
        TRY_HOST(f, fmt, host_fma_double(addend, a, b), host_fma_float(addend, a, b));
    return muladd(f, fmt, addend, a, b);
}

uint64_t fpu_muladd_half(struct fpu *f, uint64_t addend, uint64_t a, uint64_t b)
{
    struct fpn n = fpn_unpack(f, FPU_S, addend), x = fpn_unpack(f, FPU_H, a),
               y = fpn_unpack(f, FPU_H, b);
    uint64_t nan;

    if (n.cls == FPN_QNAN && is_inf_times_zero(x, y))
        return fpn_invalid(f, FPU_S);
    if (n.cls == FPN_SNAN || (n.cls == FPN_QNAN && x.cls != FPN_SNAN && y.cls != FPN_SNAN))
        return fpn_process_nan(f, FPU_S, n, addend);
    if (fpn_process_nans(f, FPU_H, x, y, a, b,
                         &nan)) /* FPConvertNaN: the payload moves to the top */
        return (nan & 0x8000) << 16 | fpn_formats[FPU_S].inf | (nan & 0x3ff) << 13;
    return muladd_numbers(f, FPU_S, n, x, y);
}

/* ---- maximum, minimum, comparison ---- */

/* -1, 0 or 1; neither is a NaN. */
static int order(struct fpn a, struct fpn b)
{
    if (a.cls == FPN_ZERO && b.cls == FPN_ZERO)
        return 0;
    bool a_negative = a.cls != FPN_ZERO && a.sign, b_negative = b.cls != FPN_ZERO && b.sign;
    if (a_negative != b_negative)
        return a_negative ? -1 : 1;

    int magnitude;
    if (a.cls != b.cls)
        magnitude = a.cls > b.cls ? 1 : -1; /* zero < finite < infinite */
    else if (a.cls == FPN_INF)
        magnitude = 0;
    else if (a.exp != b.exp)
        magnitude = a.exp > b.exp ? 1 : -1;
    else
        magnitude = (a.frac > b.frac) - (a.frac < b.frac);
    return a_negative ? -magnitude : magnitude;
}

/* FPMax (want = 1) and FPMin (want = -1). */
static uint64_t extreme(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b, int want)
{
    struct fpn x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);
    uint64_t result;

    if (fpn_process_nans(f, fmt, x, y, a, b, &result))
        return result;
    if (x.cls == FPN_ZERO && y.cls == FPN_ZERO) /* +0 is the larger */
        return fpn_sign(fmt, want > 0 ? x.sign && y.sign : x.sign || y.sign);
    bool first = order(x, y) == want;
    struct fpn n = first ? x : y;
    if (n.cls == FPN_ZERO)
        return fpn_sign(fmt, n.sign); /* perhaps a flushed denormal */
    return first ? a : b;
}

uint64_t fpu_max(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    return extreme(f, fmt, a, b, 1);
}

uint64_t fpu_min(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    return extreme(f, fmt, a, b, -1);
}

/* FPMaxNum and FPMinNum: a single quiet NaN loses against any number. */
static uint64_t extreme_num(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b, int want)
{
    struct fpn x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);

    if (x.cls == FPN_QNAN && y.cls != FPN_QNAN)
        a = fpn_inf(fmt, want > 0);
    else if (x.cls != FPN_QNAN && y.cls == FPN_QNAN)
        b = fpn_inf(fmt, want > 0);
    return extreme(f, fmt, a, b, want);
}

uint64_t fpu_max_num(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    return extreme_num(f, fmt, a, b, 1);
}

uint64_t fpu_min_num(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    return extreme_num(f, fmt, a, b, -1);
}

/* Unpacks for a comparison; true when one is a NaN, with IOC if it signals or all do. */
static bool unordered(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b, bool signal_nans,
                      int *relation)
{
    if (host_compares(f, fmt, a, b, relation))
        return false;
    struct fpn x = fpn_unpack(f, fmt, a), y = fpn_unpack(f, fmt, b);
    if (!fpn_is_nan(x) && !fpn_is_nan(y)) {
        *relation = order(x, y);
        return false;
    }
    if (signal_nans || x.cls == FPN_SNAN || y.cls == FPN_SNAN)
        f->fpsr |= FPSR_IOC;
    return true;
}

uint32_t fpu_compare(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b, bool signal_nans)
{
    int relation;

    if (unordered(f, fmt, a, b, signal_nans, &relation))
        return NZCV_C | NZCV_V;
    return relation == 0 ? NZCV_Z | NZCV_C : relation < 0 ? NZCV_N : NZCV_C;
}

bool fpu_eq(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    int relation;
    return !unordered(f, fmt, a, b, false, &relation) && relation == 0;
}

bool fpu_ge(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    int relation;
    return !unordered(f, fmt, a, b, true, &relation) && relation >= 0;
}

bool fpu_gt(struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b)
{
    int relation;
    return !unordered(f, fmt, a, b, true, &relation) && relation > 0;
}
