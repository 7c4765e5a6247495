/*
 * The soft FPU's conversions: between formats, to and from integers and
 * fixed point, rounding to integral values, JavaScript's conversion, and
 * bfloat16 (DDI 0487 J1.3: FPConvert, FPToFixed, FixedToFP, FPRoundInt,
 * FPRoundIntN, FPToFixedJS, FPConvertBF, BFDotAdd).
 */
#include "engine/interp/fpu.h"

#include "engine/interp/fpu_core.h"
#include "engine/interp/fpu_host.h"

/* FPConvertNaN: sign and the top of the payload stay, the result is quiet. */
static uint64_t convert_nan(enum fpu_fmt to, enum fpu_fmt from, bool sign, uint64_t raw)
{
    const struct fpn_format *tf = &fpn_formats[from], *tt = &fpn_formats[to];
    uint64_t frac = raw << (64 - tf->frac_bits); /* to the top of 64 bits */

    return fpn_sign(to, sign) | tt->inf | fpn_quiet_bit(to) | frac >> (64 - tt->frac_bits);
}

static long_way uint64_t convert(struct fpu *f, enum fpu_fmt to, enum fpu_fmt from, uint64_t a,
                                 enum fpu_round round)
{
    struct fpn n = fpn_unpack_cv(f, from, a);
    bool alternative = to == FPU_H && f->fpcr & FPCR_AHP; /* has neither NaN nor infinity */

    switch (n.cls) {
    case FPN_ZERO: return fpn_sign(to, n.sign);
    case FPN_FINITE: return fpn_round_cv(f, to, n.sign, n.exp, n.frac, round);
    case FPN_INF:
        if (!alternative)
            return fpn_inf(to, n.sign);
        f->fpsr |= FPSR_IOC;
        return fpn_sign(to, n.sign) | 0x7fff;
    default: break;
    }
    if (n.cls == FPN_SNAN || alternative)
        f->fpsr |= FPSR_IOC;
    if (alternative)
        return fpn_sign(to, n.sign);
    return f->fpcr & FPCR_DN ? fpn_default_nan(to) : convert_nan(to, from, n.sign, a);
}

uint64_t fpu_convert(struct fpu *f, enum fpu_fmt to, enum fpu_fmt from, uint64_t a,
                     enum fpu_round round)
{
    if (from == FPU_S && to == FPU_D && plain_float(a))
        return from_double(as_float(a));
    if (from == FPU_D && to == FPU_S && round == FPU_TIEEVEN && host_usable(f)) {
        uint64_t single = from_float((float)as_double(a));
        if (plain_float(single))
            return single;
    }
    return convert(f, to, from, a, round);
}

uint64_t fpu_to_bfloat(struct fpu *f, uint64_t single)
{
    struct fpn n = fpn_unpack(f, FPU_S, single);

    switch (n.cls) {
    case FPN_ZERO: return fpn_sign(FPU_BF16, n.sign);
    case FPN_FINITE: return fpn_round(f, FPU_BF16, n.sign, n.exp, n.frac, FPCR_RMODE(f->fpcr));
    case FPN_INF: return fpn_inf(FPU_BF16, n.sign);
    default: break;
    }
    if (n.cls == FPN_SNAN)
        f->fpsr |= FPSR_IOC;
    return f->fpcr & FPCR_DN ? fpn_default_nan(FPU_BF16)
                             : convert_nan(FPU_BF16, FPU_S, n.sign, single);
}

/*
 * The magnitude frac / 2^63 * 2^exp rounded to an integer below 2^64; larger ones
 * give *huge. *inexact: something was rounded away.
 */
static uint64_t round_magnitude(struct fpn n, enum fpu_round round, bool *inexact, bool *huge)
{
    uint64_t units, rem;

    *huge = n.exp > 63;
    *inexact = false;
    if (n.exp >= 63)
        return n.frac;
    if (n.exp >= 0) {
        units = n.frac >> (63 - n.exp);
        rem = n.frac << (n.exp + 1);
    } else {
        units = 0;
        rem = n.exp == -1 ? n.frac : 1; /* below a half only non-zero counts */
    }
    *inexact = rem != 0;

    const uint64_t half = 1ull << 63;
    bool up = false;
    switch (round) {
    case FPU_TIEEVEN: up = rem > half || (rem == half && units & 1); break;
    case FPU_TIEAWAY: up = rem >= half; break;
    case FPU_POSINF: up = rem != 0 && !n.sign; break;
    case FPU_NEGINF: up = rem != 0 && n.sign; break;
    default: break;
    }
    return units + up; /* cannot wrap: exp < 63 left a bit free */
}

uint64_t fpu_round_int(struct fpu *f, enum fpu_fmt fmt, uint64_t a, enum fpu_round round,
                       bool exact)
{
    struct fpn n = fpn_unpack(f, fmt, a);
    bool inexact, huge;

    if (fpn_is_nan(n))
        return fpn_process_nan(f, fmt, n, a);
    if (n.cls == FPN_ZERO)
        return fpn_sign(fmt, n.sign);
    if (n.cls == FPN_INF || n.exp >= fpn_formats[fmt].frac_bits)
        return a;

    uint64_t units = round_magnitude(n, round, &inexact, &huge);
    if (inexact && exact)
        f->fpsr |= FPSR_IXC;
    if (units == 0)
        return fpn_sign(fmt, n.sign);
    int shift = __builtin_clzll(units);
    return fpn_round(f, fmt, n.sign, 63 - shift, units << shift, FPU_ZERO);
}

uint64_t fpu_round_int_n(struct fpu *f, enum fpu_fmt fmt, uint64_t a, enum fpu_round round,
                         unsigned int_bits)
{
    struct fpn n = fpn_unpack(f, fmt, a);
    const struct fpn_format *t = &fpn_formats[fmt];
    uint64_t lowest = fpn_sign(fmt, true) | (uint64_t)(t->bias + (int)int_bits - 1) << t->frac_bits;
    bool inexact, huge;

    if (n.cls == FPN_ZERO)
        return fpn_sign(fmt, n.sign);
    if (n.cls != FPN_FINITE) {
        f->fpsr |= FPSR_IOC;
        return lowest;
    }
    uint64_t units = round_magnitude(n, round, &inexact, &huge);
    uint64_t limit = (1ull << (int_bits - 1)) - !n.sign;
    if (huge || units > limit) {
        f->fpsr |= FPSR_IOC;
        return lowest;
    }
    if (inexact)
        f->fpsr |= FPSR_IXC;
    if (units == 0)
        return fpn_sign(fmt, n.sign);
    int shift = __builtin_clzll(units);
    return fpn_round(f, fmt, n.sign, 63 - shift, units << shift, FPU_ZERO);
}

static long_way uint64_t to_fixed(struct fpu *f, enum fpu_fmt fmt, uint64_t a, unsigned fbits,
                                  bool is_unsigned, enum fpu_round round, unsigned int_bits)
{
    struct fpn n = fpn_unpack(f, fmt, a);
    uint64_t mask = UINT64_MAX >> (64 - int_bits);
    bool inexact, huge;

    if (n.cls == FPN_ZERO)
        return 0;
    if (fpn_is_nan(n)) {
        f->fpsr |= FPSR_IOC;
        return 0;
    }
    uint64_t max =
        is_unsigned ? n.sign ? 0 : mask : (mask >> 1) + n.sign; /* largest magnitude of this sign */
    n.exp += (int)fbits;
    uint64_t units = n.cls == FPN_INF ? 0 : round_magnitude(n, round, &inexact, &huge);
    if (n.cls == FPN_INF || huge || units > max) {
        f->fpsr |= FPSR_IOC;
        units = max;
    } else if (inexact) {
        f->fpsr |= FPSR_IXC;
    }
    return (n.sign ? -units : units) & mask;
}

uint64_t fpu_to_fixed(struct fpu *f, enum fpu_fmt fmt, uint64_t a, unsigned fbits, bool is_unsigned,
                      enum fpu_round round, unsigned int_bits)
{
    uint64_t result;

    if (round == FPU_ZERO && fbits == 0 &&
        host_truncates(f, fmt, a, is_unsigned, int_bits, &result))
        return result;
    return to_fixed(f, fmt, a, fbits, is_unsigned, round, int_bits);
}

uint64_t fpu_from_fixed(struct fpu *f, enum fpu_fmt fmt, uint64_t a, unsigned fbits,
                        bool is_unsigned)
{
    bool sign = !is_unsigned && a >> 63;
    uint64_t magnitude = sign ? -a : a;

    if (magnitude == 0)
        return 0;
    if (fmt == FPU_D && fbits == 0 && magnitude < 1ull << 53)
        return from_double((double)magnitude) | fpn_sign(fmt, sign);
    int shift = __builtin_clzll(magnitude);
    return fpn_round(f, fmt, sign, 63 - shift - (int)fbits, magnitude << shift,
                     FPCR_RMODE(f->fpcr));
}

uint32_t fpu_to_int32_js(struct fpu *f, uint64_t a, bool *z)
{
    struct fpn n = fpn_unpack(f, FPU_D, a);
    bool inexact, huge;

    *z = a == 0;
    if (n.cls == FPN_ZERO)
        return 0;
    if (n.cls != FPN_FINITE) {
        f->fpsr |= FPSR_IOC;
        return 0;
    }
    uint64_t units = round_magnitude(n, FPU_ZERO, &inexact, &huge);
    uint64_t limit = (1ull << 31) - !n.sign;
    if (huge || units > limit)
        f->fpsr |= FPSR_IOC;
    else if (inexact)
        f->fpsr |= FPSR_IXC;
    else
        *z = true;
    /* Modulo 2^32; a huge significand has exp - 63 zero bits below it. */
    if (huge)
        units = n.exp - 63 < 32 ? units << (n.exp - 63) : 0;
    return (uint32_t)(n.sign ? -units : units);
}

/* ---- bfloat16 dot product: no FPCR, no flags ---- */

static struct fpn bf_unpack(uint32_t raw)
{
    struct fpu quiet = {.fpcr = FPCR_FZ};
    return fpn_unpack(&quiet, FPU_S, raw);
}

/* BFRound of frac / 2^127 * 2^exp. */
static uint32_t bf_round(bool sign, int exp, fpu_u128 frac)
{
    uint64_t high = (uint64_t)(frac >> 64);
    int shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)frac);

    frac <<= shift;
    exp -= shift;
    if (exp < -126)
        return (uint32_t)fpn_sign(FPU_S, sign);
    if (exp > 127)
        return (uint32_t)fpn_inf(FPU_S, sign);
    uint32_t units = (uint32_t)(frac >> 104); /* 24 bits */
    if (frac << 24 != 0)
        units |= 1; /* to odd */
    return (uint32_t)fpn_sign(FPU_S, sign) | (uint32_t)(exp + 127) << 23 | (units & 0x7fffff);
}

/* BFMul of two bfloat16 at the tops of singles. */
static uint32_t bf_mul(uint32_t a, uint32_t b)
{
    struct fpn x = bf_unpack(a), y = bf_unpack(b);
    bool sign = x.sign != y.sign;

    if (fpn_is_nan(x) || fpn_is_nan(y))
        return (uint32_t)fpn_default_nan(FPU_S);
    if (x.cls == FPN_INF || y.cls == FPN_INF)
        return (uint32_t)(x.cls == FPN_ZERO || y.cls == FPN_ZERO ? fpn_default_nan(FPU_S)
                                                                 : fpn_inf(FPU_S, sign));
    if (x.cls == FPN_ZERO || y.cls == FPN_ZERO)
        return (uint32_t)fpn_sign(FPU_S, sign);
    return bf_round(sign, x.exp + y.exp + 1, (fpu_u128)x.frac * y.frac);
}

/* BFAdd of two singles. */
static uint32_t bf_add(uint32_t a, uint32_t b)
{
    struct fpn x = bf_unpack(a), y = bf_unpack(b);

    if (fpn_is_nan(x) || fpn_is_nan(y))
        return (uint32_t)fpn_default_nan(FPU_S);
    if (x.cls == FPN_INF || y.cls == FPN_INF) {
        if (x.cls == y.cls && x.sign != y.sign)
            return (uint32_t)fpn_default_nan(FPU_S);
        return (uint32_t)fpn_inf(FPU_S, x.cls == FPN_INF ? x.sign : y.sign);
    }
    if (x.cls == FPN_ZERO && y.cls == FPN_ZERO)
        return (uint32_t)fpn_sign(FPU_S, x.sign && y.sign);
    if (x.cls == FPN_ZERO || y.cls == FPN_ZERO)
        return x.cls == FPN_ZERO ? b : a;

    if (x.exp < y.exp || (x.exp == y.exp && x.frac < y.frac)) {
        struct fpn t = x;
        x = y;
        y = t;
    }
    fpu_u128 large = (fpu_u128)x.frac << 63, small = (fpu_u128)y.frac << 63;
    small = fpn_shift_right_jam(small, (unsigned)(x.exp - y.exp));
    fpu_u128 total = x.sign == y.sign ? large + small : large - small;
    return total == 0 ? 0 : bf_round(x.sign, x.exp + 1, total);
}

uint32_t fpu_bfdot(uint32_t addend, uint32_t pair_a, uint32_t pair_b)
{
    uint32_t low = bf_mul(pair_a << 16, pair_b << 16);
    uint32_t high = bf_mul(pair_a & 0xffff0000, pair_b & 0xffff0000);

    return bf_add(addend, bf_add(low, high));
}
