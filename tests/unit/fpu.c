/*
 * The soft FPU against the host's unit, which agrees with Arm wherever no NaN
 * is made or chosen: all rounding modes, results and cumulative flags (but
 * for underflow, which x86 detects after rounding and Arm before it). Half
 * precision against double, where its sums and products are exact. And its
 * short cuts through the host against the long way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <immintrin.h>

#include "engine/interp/fpu.h"

#define ROUNDS 200000

static uint64_t seed = 1;

static uint64_t rnd(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static const unsigned frac_bits[] = {0, 10, 23, 52};
static const unsigned exp_bits[] = {0, 5, 8, 11};

/* A finite number: any, of middling size, of few bits, or next to a power of two. */
static uint64_t operand(enum fpu_fmt fmt)
{
    unsigned fb = frac_bits[fmt], eb = exp_bits[fmt];
    uint64_t frac = rnd() & ((1ull << fb) - 1), exp = rnd() % ((1u << eb) - 1);

    switch (rnd() % 5) {
    case 0: break;
    case 1: exp = (1u << (eb - 1)) - 1 + rnd() % 8 - 4; break;
    case 2: frac &= ~0ull << rnd() % (fb + 1); break;
    case 3: frac = rnd() % 2 ? (1ull << fb) - 1 - rnd() % 2 : rnd() % 2; break;
    default: exp = rnd() % 4 == 0 ? 0 : exp < fb ? exp : exp % fb; break;
    }
    return (rnd() & 1) << (fb + eb) | exp << fb | frac;
}

enum operation { ADD, SUB, MUL, DIV, SQRT, FMA, OPERATIONS };

static uint64_t soft(struct fpu *f, enum fpu_fmt fmt, enum operation op, const uint64_t v[3])
{
    switch (op) {
    case ADD: return fpu_add(f, fmt, v[0], v[1]);
    case SUB: return fpu_sub(f, fmt, v[0], v[1]);
    case MUL: return fpu_mul(f, fmt, v[0], v[1]);
    case DIV: return fpu_div(f, fmt, v[0], v[1]);
    case SQRT: return fpu_sqrt(f, fmt, v[0]);
    default: return fpu_muladd(f, fmt, v[2], v[0], v[1]);
    }
}

static __attribute__((target("fma"))) uint64_t host_double(enum operation op, const uint64_t v[3])
{
    __m128d a, b, c, r;
    uint64_t raw[2];

    a = _mm_castsi128_pd(_mm_set1_epi64x((long long)v[0]));
    b = _mm_castsi128_pd(_mm_set1_epi64x((long long)v[1]));
    c = _mm_castsi128_pd(_mm_set1_epi64x((long long)v[2]));
    /* The compiler moves nothing volatile across these, and knows no rounding mode otherwise. */
    __asm__ volatile("" : "+x"(a), "+x"(b), "+x"(c)::"memory");
    switch (op) {
    case ADD: r = _mm_add_pd(a, b); break;
    case SUB: r = _mm_sub_pd(a, b); break;
    case MUL: r = _mm_mul_pd(a, b); break;
    case DIV: r = _mm_div_pd(a, b); break;
    case SQRT: r = _mm_sqrt_pd(a); break;
    default: r = _mm_fmadd_pd(a, b, c); break;
    }
    __asm__ volatile("" : "+x"(r)::"memory");
    memcpy(raw, &r, sizeof(raw));
    return raw[0];
}

static __attribute__((target("fma"))) uint64_t host_single(enum operation op, const uint64_t v[3])
{
    __m128 a, b, c, r;
    uint32_t raw[4];

    a = _mm_castsi128_ps(_mm_set1_epi32((int)v[0]));
    b = _mm_castsi128_ps(_mm_set1_epi32((int)v[1]));
    c = _mm_castsi128_ps(_mm_set1_epi32((int)v[2]));
    __asm__ volatile("" : "+x"(a), "+x"(b), "+x"(c)::"memory");
    switch (op) {
    case ADD: r = _mm_add_ps(a, b); break;
    case SUB: r = _mm_sub_ps(a, b); break;
    case MUL: r = _mm_mul_ps(a, b); break;
    case DIV: r = _mm_div_ps(a, b); break;
    case SQRT: r = _mm_sqrt_ps(a); break;
    default: r = _mm_fmadd_ps(a, b, c); break;
    }
    __asm__ volatile("" : "+x"(r)::"memory");
    memcpy(raw, &r, sizeof(raw));
    return raw[0];
}

static bool is_nan(enum fpu_fmt fmt, uint64_t raw)
{
    uint64_t inf = ((1ull << exp_bits[fmt]) - 1) << frac_bits[fmt];

    return fpu_abs(fmt, raw) > inf;
}

/* MXCSR: all exceptions masked; modes in the order of FPCR.RMode. */
#define MXCSR_DEFAULT 0x1f80u
static const uint32_t mxcsr_modes[] = {0, 2u << 13, 1u << 13, 3u << 13};

static uint32_t host_flags(void)
{
    uint32_t e = _mm_getcsr();

    return (e & 1 ? FPSR_IOC : 0) | (e & 4 ? FPSR_DZC : 0) | (e & 8 ? FPSR_OFC : 0) |
           (e & 16 ? FPSR_UFC : 0) | (e & 32 ? FPSR_IXC : 0);
}

static void against_host(enum fpu_fmt fmt)
{
    uint64_t smallest_normal = 1ull << frac_bits[fmt];

    for (unsigned i = 0; i < ROUNDS * OPERATIONS; i++) {
        enum operation op = (enum operation)(i % OPERATIONS);
        uint32_t mode = (uint32_t)rnd() % 4;
        uint64_t v[3] = {operand(fmt), operand(fmt), operand(fmt)};
        struct fpu f = {.fpcr = mode << 22};
        uint64_t ours = soft(&f, fmt, op, v), theirs;
        uint32_t flags;

        _mm_setcsr(MXCSR_DEFAULT | mxcsr_modes[mode]);
        theirs = fmt == FPU_D ? host_double(op, v) : host_single(op, v);
        flags = host_flags();
        _mm_setcsr(MXCSR_DEFAULT);
        if (is_nan(fmt, theirs)) { /* the default NaN's sign differs */
            assert_true(is_nan(fmt, ours));
            assert_int_equal(f.fpsr, FPSR_IOC);
            continue;
        }
        if (fpu_abs(fmt, ours) == smallest_normal)
            flags = (flags & ~FPSR_UFC) | (f.fpsr & FPSR_UFC);
        if (ours != theirs || f.fpsr != flags)
            fail_msg("fmt %d op %d mode %u: %lx %lx %lx: ours %lx flags %x, host %lx flags %x", fmt,
                     op, mode, v[0], v[1], v[2], ours, f.fpsr, theirs, flags);
    }
}

static void double_as_the_host(void **state)
{
    if (!__builtin_cpu_supports("fma"))
        skip();
    against_host(FPU_D);
}

static void single_as_the_host(void **state)
{
    if (!__builtin_cpu_supports("fma"))
        skip();
    against_host(FPU_S);
}

/* Rounding an exact double once is what the half operation does. */
static void half_as_rounded_double(void **state)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t fpcr = ((uint32_t)rnd() % 4) << 22;
        uint64_t a = operand(FPU_H), b = operand(FPU_H);
        struct fpu exact = {0};
        uint64_t x = fpu_convert(&exact, FPU_D, FPU_H, a, FPU_TIEEVEN);
        uint64_t y = fpu_convert(&exact, FPU_D, FPU_H, b, FPU_TIEEVEN);

        for (enum operation op = ADD; op <= MUL; op++) {
            struct fpu half = {.fpcr = fpcr}, twice = {.fpcr = fpcr};
            uint64_t v[3] = {a, b, 0}, w[3] = {x, y, 0};
            uint64_t ours = soft(&half, FPU_H, op, v);
            uint64_t wide = soft(&twice, FPU_D, op, w);

            assert_int_equal(twice.fpsr, 0);
            assert_int_equal(ours, fpu_convert(&twice, FPU_H, FPU_D, wide, FPCR_RMODE(fpcr)));
            assert_int_equal(half.fpsr, twice.fpsr);
        }
        assert_int_equal(exact.fpsr, 0);
    }
}

/* With IXC set the host may be asked; nothing else may depend on that. */
static void short_cuts_change_nothing(void **state)
{
    for (unsigned i = 0; i < ROUNDS * OPERATIONS; i++) {
        enum operation op = (enum operation)(i % OPERATIONS);
        enum fpu_fmt fmt = rnd() % 2 ? FPU_S : FPU_D;
        uint64_t v[3] = {operand(fmt), operand(fmt), operand(fmt)};
        struct fpu slow = {.fpsr = 0}, fast = {.fpsr = FPSR_IXC};

        if (rnd() % 8 == 0) /* infinities and NaNs */
            v[rnd() % 3] |= ((1ull << exp_bits[fmt]) - 1) << frac_bits[fmt];
        assert_int_equal(soft(&slow, fmt, op, v), soft(&fast, fmt, op, v));
        assert_int_equal(slow.fpsr | FPSR_IXC, fast.fpsr);
    }
}

/* With FZ the host is never asked, and without denormal operands it makes no other difference here. */
static void comparisons_and_integers_the_long_way(void **state)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        enum fpu_fmt fmt = rnd() % 2 ? FPU_S : FPU_D;
        uint64_t inf = ((1ull << exp_bits[fmt]) - 1) << frac_bits[fmt];
        uint64_t a = operand(fmt), b = rnd() % 4 ? operand(fmt) : a ^ rnd() % 2;
        bool is_unsigned = rnd() % 2, signal = rnd() % 2;
        unsigned int_bits = rnd() % 2 ? 32 : 64;
        struct fpu fast = {0}, slow = {.fpcr = FPCR_FZ};

        if (rnd() % 16 == 0) /* an infinity or a NaN */
            a |= inf;
        if ((a & inf) == 0 || (b & inf) == 0)
            continue;
        assert_int_equal(fpu_compare(&fast, fmt, a, b, signal),
                         fpu_compare(&slow, fmt, a, b, signal));
        assert_int_equal(fpu_to_fixed(&fast, fmt, a, 0, is_unsigned, FPU_ZERO, int_bits),
                         fpu_to_fixed(&slow, fmt, a, 0, is_unsigned, FPU_ZERO, int_bits));
        assert_int_equal(fast.fpsr, slow.fpsr);
    }
}

static void formats_with_and_without_the_host(void **state)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        enum fpu_fmt from = rnd() % 2 ? FPU_S : FPU_D, to = from == FPU_S ? FPU_D : FPU_S;
        struct fpu slow = {.fpsr = 0}, fast = {.fpsr = FPSR_IXC}, back = {0};
        uint64_t a = operand(from), wide = fpu_convert(&slow, to, from, a, FPU_TIEEVEN);

        assert_int_equal(wide, fpu_convert(&fast, to, from, a, FPU_TIEEVEN));
        assert_int_equal(slow.fpsr | FPSR_IXC, fast.fpsr);
        if (to == FPU_D) {
            assert_int_equal(slow.fpsr, 0);
            assert_int_equal(fpu_convert(&back, FPU_S, FPU_D, wide, FPU_ODD), a);
            assert_int_equal(back.fpsr, 0);
        }
    }
}

static void integers_there_and_back(void **state)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t n = rnd() >> rnd() % 64;
        unsigned fbits = (unsigned)(rnd() % 64);
        struct fpu f = {.fpcr = ((uint32_t)rnd() % 4) << 22};
        uint64_t d = fpu_from_fixed(&f, FPU_D, n, fbits, true);
        bool exact = n == 0 || (n >> __builtin_ctzll(n)) < 1ull << 53;

        assert_int_equal(f.fpsr, exact ? 0 : FPSR_IXC);
        f.fpsr = 0;
        if (exact) {
            assert_int_equal(fpu_to_fixed(&f, FPU_D, d, fbits, true, FPU_ZERO, 64), n);
            assert_int_equal(f.fpsr, 0);
        }
    }
}

/* Any bit pattern; conversions to integers are defined for all of them. */
static void to_int32_as_the_host(void **state)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t raw = rnd() % 2 ? operand(FPU_D) : rnd();
        struct fpu f = {0};
        double d;
        memcpy(&d, &raw, sizeof(d));
        int64_t whole = d != d ? 0 : d >= 1e18 ? INT64_MAX : d <= -1e18 ? INT64_MIN : (int64_t)d;
        int64_t want = whole > INT32_MAX ? INT32_MAX : whole < INT32_MIN ? INT32_MIN : whole;
        uint32_t flags = want != whole || d != d ? FPSR_IOC : (double)whole != d ? FPSR_IXC : 0;

        assert_int_equal(fpu_to_fixed(&f, FPU_D, raw, 0, false, FPU_ZERO, 32), (uint32_t)want);
        assert_int_equal(f.fpsr, flags);
    }
}

/* NaN selection, the manual's FPProcessNaNs and FPMulAdd. */
static void nans_in_order(void **state)
{
    const uint64_t q1 = 0xfff8000000000111, q2 = 0x7ff8000000000222, s1 = 0x7ff0000000000333,
                   one = 0x3ff0000000000000, inf = 0x7ff0000000000000, quiet = 1ull << 51,
                   default_nan = 0x7ff8000000000000;
    struct fpu f = {0};

    assert_int_equal(fpu_add(&f, FPU_D, q1, q2), q1);
    assert_int_equal(f.fpsr, 0);
    assert_int_equal(fpu_add(&f, FPU_D, q1, s1), s1 | quiet);
    assert_int_equal(f.fpsr, FPSR_IOC);
    f.fpsr = 0;
    assert_int_equal(fpu_muladd(&f, FPU_D, q1, one, q2), q1);
    assert_int_equal(fpu_muladd(&f, FPU_D, one, q1, q2), q1);
    assert_int_equal(f.fpsr, 0);
    assert_int_equal(fpu_muladd(&f, FPU_D, q1, 0, inf), default_nan);
    assert_int_equal(f.fpsr, FPSR_IOC);
    assert_int_equal(fpu_muladd(&f, FPU_D, q1, one, s1), s1 | quiet);
    f.fpcr = FPCR_DN;
    assert_int_equal(fpu_add(&f, FPU_D, q1, one), default_nan);
    f = (struct fpu){0};
    assert_int_equal(fpu_max_num(&f, FPU_D, q1, one), one);
    assert_int_equal(fpu_max(&f, FPU_D, q1, one), q1);
    assert_int_equal(f.fpsr, 0);
}

static void flushing_tells_what_it_did(void **state)
{
    struct fpu f = {.fpcr = FPCR_FZ | FPCR_FZ16};
    const uint64_t denormal = 1, smallest = 0x0010000000000000, half = 0x3fe0000000000000;

    assert_int_equal(fpu_add(&f, FPU_D, denormal, 0), 0);
    assert_int_equal(f.fpsr, FPSR_IDC);
    f.fpsr = 0;
    assert_int_equal(fpu_mul(&f, FPU_D, smallest, half), 0);
    assert_int_equal(f.fpsr, FPSR_UFC);
    f.fpsr = 0;
    assert_int_equal(fpu_add(&f, FPU_H, denormal, 0), 0);
    assert_int_equal(f.fpsr, 0);
    assert_int_equal(fpu_convert(&f, FPU_S, FPU_H, denormal, FPU_TIEEVEN), 0x33800000);
    assert_int_equal(f.fpsr, 0);
}

/* FPToFixedJS: modulo 2^32, and Z only for an int32_t that is not -0 or a flushed denormal. */
static void javascript_conversion(void **state)
{
    static const struct {
        uint64_t from;
        uint32_t fpcr, to, fpsr;
        bool z;
    } cases[] = {
        {0x0000000000000000, 0, 0, 0, true},
        {0x8000000000000000, 0, 0, 0, false},
        {0x3ff0000000000000, 0, 1, 0, true},
        {0xc1e0000000000000, 0, 0x80000000, 0, true},
        {0x41e0000000000000, 0, 0x80000000, FPSR_IOC, false},
        {0x41f0000000100000, 0, 1, FPSR_IOC, false},
        {0xc1f0000000100000, 0, 0xffffffff, FPSR_IOC, false},
        {0x43f0000000000001, 0, 4096, FPSR_IOC, false},
        {0x3fe0000000000000, 0, 0, FPSR_IXC, false},
        {0x7ff0000000000000, 0, 0, FPSR_IOC, false},
        {0x7ff8000000000000, 0, 0, FPSR_IOC, false},
        {0x0000000000000001, 0, 0, FPSR_IXC, false},
        {0x0000000000000001, FPCR_FZ, 0, FPSR_IDC, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fpu f = {.fpcr = cases[i].fpcr};
        bool z;

        assert_int_equal(fpu_to_int32_js(&f, cases[i].from, &z), cases[i].to);
        assert_int_equal(f.fpsr, cases[i].fpsr);
        assert_int_equal(z, cases[i].z);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(double_as_the_host),
        cmocka_unit_test(single_as_the_host),
        cmocka_unit_test(half_as_rounded_double),
        cmocka_unit_test(short_cuts_change_nothing),
        cmocka_unit_test(comparisons_and_integers_the_long_way),
        cmocka_unit_test(formats_with_and_without_the_host),
        cmocka_unit_test(integers_there_and_back),
        cmocka_unit_test(to_int32_as_the_host),
        cmocka_unit_test(nans_in_order),
        cmocka_unit_test(flushing_tells_what_it_did),
        cmocka_unit_test(javascript_conversion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
