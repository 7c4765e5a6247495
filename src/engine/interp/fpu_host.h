/*
 * Where the host's own unit provably gives Arm's result, with no flag that is
 * not set already: round to nearest, no flushing, IXC set, and a normal result
 * that is not the smallest normal one (which may have been tiny before
 * rounding, where Arm detects underflow). Such a result has no NaN or infinity
 * among its operands, and denormal operands are exact. The host's MXCSR is in
 * its default state while the interpreter runs. Included by fpu*.c only.
 */
#ifndef INTERP_FPU_HOST_H
#define INTERP_FPU_HOST_H

#include <string.h>
#include <sys/platform/x86.h>

#include "engine/interp/fpu.h"

static inline bool host_usable(const struct fpu *f)
{
    return (f->fpcr & (3u << 22 | FPCR_FZ)) == 0 && f->fpsr & FPSR_IXC;
}

static inline double as_double(uint64_t raw)
{
    double d;
    memcpy(&d, &raw, sizeof(d));
    return d;
}

static inline float as_float(uint64_t raw)
{
    uint32_t low = (uint32_t)raw;
    float s;
    memcpy(&s, &low, sizeof(s));
    return s;
}

static inline uint64_t from_double(double d)
{
    uint64_t raw;
    memcpy(&raw, &d, sizeof(raw));
    return raw;
}

static inline uint64_t from_float(float s)
{
    uint32_t raw;
    memcpy(&raw, &s, sizeof(raw));
    return raw;
}

/* Exponent field from 2 to the last but one: see above. */
static inline bool plain_double(uint64_t raw)
{
    return (raw >> 52 & 0x7ff) - 2 < 0x7ff - 2;
}

static inline bool plain_float(uint64_t raw)
{
    return (raw >> 23 & 0xff) - 2 < 0xff - 2;
}

/* Kept out of the functions that try the host first, whose prologue would pay for it. */
#define long_way __attribute__((noinline))

#define TRY_HOST(f, fmt, double_raw, float_raw)  \
    do {                                         \
        if (likely(host_usable(f))) {            \
            if (fmt == FPU_D) {                  \
                uint64_t host_ = double_raw;     \
                if (likely(plain_double(host_))) \
                    return host_;                \
            } else if (fmt == FPU_S) {           \
                uint64_t host_ = float_raw;      \
                if (likely(plain_float(host_)))  \
                    return host_;                \
            }                                    \
        }                                        \
    } while (0)

/* Hosts without the instruction would round twice. */
static inline bool host_has_fma(void)
{
    return CPU_FEATURE_ACTIVE(FMA);
}

static inline __attribute__((target("fma"))) uint64_t host_fma_double(uint64_t n, uint64_t a,
                                                                      uint64_t b)
{
    return from_double(__builtin_fma(as_double(a), as_double(b), as_double(n)));
}

static inline __attribute__((target("fma"))) uint64_t host_fma_float(uint64_t n, uint64_t a,
                                                                     uint64_t b)
{
    return from_float(__builtin_fmaf(as_float(a), as_float(b), as_float(n)));
}

/* A single as a double: exact, but for a NaN's payload. */
static inline double host_value(enum fpu_fmt fmt, uint64_t raw)
{
    return fmt == FPU_D ? as_double(raw) : as_float(raw);
}

/* Ordered operands: true, and *relation is their order as -1, 0 or 1. */
static inline bool host_compares(const struct fpu *f, enum fpu_fmt fmt, uint64_t a, uint64_t b,
                                 int *relation)
{
    if (fmt < FPU_S || f->fpcr & FPCR_FZ)
        return false;
    double x = host_value(fmt, a), y = host_value(fmt, b);
    *relation = (x > y) - (x < y);
    return x == x && y == y;
}

/* a rounded towards zero, if that fits int_bits; may set IXC. */
static inline bool host_truncates(struct fpu *f, enum fpu_fmt fmt, uint64_t a, bool is_unsigned,
                                  unsigned int_bits, uint64_t *result)
{
    if (fmt < FPU_S || f->fpcr & FPCR_FZ)
        return false;
    double x = host_value(fmt, a), back;
    double limit = (double)(1ull << (int_bits - 1)) * (is_unsigned ? 2 : 1);
    if (!(x >= (is_unsigned ? 0 : -limit) && x < limit))
        return false;
    if (is_unsigned) {
        *result = (uint64_t)x;
        back = (double)*result;
    } else {
        *result = (uint64_t)(int64_t)x & UINT64_MAX >> (64 - int_bits);
        back = (double)(int64_t)x;
    }
    if (back != x)
        f->fpsr |= FPSR_IXC;
    return true;
}

#endif
