/*
 * SHA-1, SHA-256, SHA-512 and SHA-3 (Arm ARM C4.1.96 "Cryptographic three-
 * register SHA", "two-register SHA", "SHA 512", "four-register"; FIPS 180-4,
 * FIPS 202). SHA-1 and SHA-256 work on two vectors x and y whose words move
 * round as one queue of eight.
 */
#include "engine/interp/simd.h"

static inline uint32_t ror32(uint32_t v, unsigned n)
{
    return v >> n | v << (32 - n);
}

static inline uint64_t ror64(uint64_t v, unsigned n)
{
    return v >> n | v << (-n & 63);
}

static uint64_t choose(uint64_t x, uint64_t y, uint64_t z)
{
    return ((y ^ z) & x) ^ z;
}

static uint64_t majority(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) | ((x | y) & z);
}

static uint64_t parity(uint64_t x, uint64_t y, uint64_t z)
{
    return x ^ y ^ z;
}

/* ---- SHA-1 ---- */

static void sha1_rounds(struct cpu *cpu, uint32_t word,
                        uint64_t (*mix)(uint64_t, uint64_t, uint64_t))
{
    union lanes x = vr(cpu, rd(word)), w = vr(cpu, rm(word));
    uint32_t e = cpu->v[rn(word)].s[0];

    for (unsigned i = 0; i < 4; i++) {
        uint32_t mixed = (uint32_t)mix(x.u32[1], x.u32[2], x.u32[3]);
        uint32_t next = e + ror32(x.u32[0], 27) + mixed + w.u32[i];
        e = x.u32[3];
        x = (union lanes){.u32 = {next, x.u32[0], ror32(x.u32[1], 2), x.u32[2]}};
    }
    set_vr(cpu, rd(word), x, 16);
}

EXEC(sha1c)
{
    sha1_rounds(cpu, word, choose);
}

EXEC(sha1p)
{
    sha1_rounds(cpu, word, parity);
}

EXEC(sha1m)
{
    sha1_rounds(cpu, word, majority);
}

EXEC(sha1h)
{
    set_vr(cpu, rd(word), (union lanes){.u32 = {ror32(cpu->v[rn(word)].s[0], 2)}}, 16);
}

EXEC(sha1su0)
{
    union lanes d = vr(cpu, rd(word)), n = vr(cpu, rn(word)), r = {.u64 = {d.u64[1], n.u64[0]}};

    r.u128 ^= d.u128 ^ vr(cpu, rm(word)).u128;
    set_vr(cpu, rd(word), r, 16);
}

EXEC(sha1su1)
{
    union lanes t = vr(cpu, rd(word));

    t.u128 ^= vr(cpu, rn(word)).u128 >> 32;
    uint32_t first = t.u32[0];
    for (unsigned i = 0; i < 4; i++)
        t.u32[i] = ror32(t.u32[i], 31);
    t.u32[3] ^= ror32(first, 30);
    set_vr(cpu, rd(word), t, 16);
}

/* ---- SHA-256 ---- */

/* Four rounds on a..d in x and e..h in y. */
static void sha256_rounds(union lanes *x, union lanes *y, union lanes w)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t a = x->u32[0], e = y->u32[0];
        uint32_t t = y->u32[3] + (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
                     (uint32_t)choose(e, y->u32[1], y->u32[2]) + w.u32[i];
        uint32_t next_a = t + (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) +
                          (uint32_t)majority(a, x->u32[1], x->u32[2]);
        *y = (union lanes){.u32 = {x->u32[3] + t, e, y->u32[1], y->u32[2]}};
        *x = (union lanes){.u32 = {next_a, a, x->u32[1], x->u32[2]}};
    }
}

EXEC(sha256h)
{
    union lanes x = vr(cpu, rd(word)), y = vr(cpu, rn(word));

    sha256_rounds(&x, &y, vr(cpu, rm(word)));
    set_vr(cpu, rd(word), x, 16);
}

EXEC(sha256h2)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rd(word));

    sha256_rounds(&x, &y, vr(cpu, rm(word)));
    set_vr(cpu, rd(word), y, 16);
}

EXEC(sha256su0)
{
    union lanes d = vr(cpu, rd(word)), n = vr(cpu, rn(word)), r;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t v = i < 3 ? d.u32[i + 1] : n.u32[0];
        r.u32[i] = d.u32[i] + (ror32(v, 7) ^ ror32(v, 18) ^ v >> 3);
    }
    set_vr(cpu, rd(word), r, 16);
}

EXEC(sha256su1)
{
    union lanes d = vr(cpu, rd(word)), n = vr(cpu, rn(word)), m = vr(cpu, rm(word)), r;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t v = i < 2 ? m.u32[i + 2] : r.u32[i - 2];
        r.u32[i] =
            d.u32[i] + (i < 3 ? n.u32[i + 1] : m.u32[0]) + (ror32(v, 17) ^ ror32(v, 19) ^ v >> 10);
    }
    set_vr(cpu, rd(word), r, 16);
}

/* ---- SHA-512: two rounds at a time, the later one in the low lane ---- */

static uint64_t big_sigma0(uint64_t v)
{
    return ror64(v, 28) ^ ror64(v, 34) ^ ror64(v, 39);
}

static uint64_t big_sigma1(uint64_t v)
{
    return ror64(v, 14) ^ ror64(v, 18) ^ ror64(v, 41);
}

static uint64_t small_sigma0(uint64_t v)
{
    return ror64(v, 1) ^ ror64(v, 8) ^ v >> 7;
}

static uint64_t small_sigma1(uint64_t v)
{
    return ror64(v, 19) ^ ror64(v, 61) ^ v >> 6;
}

EXEC(sha512h)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r = vr(cpu, rd(word));

    r.u64[1] += choose(y.u64[1], x.u64[0], x.u64[1]) + big_sigma1(y.u64[1]);
    uint64_t e = r.u64[1] + y.u64[0];
    r.u64[0] += choose(e, y.u64[1], x.u64[0]) + big_sigma1(e);
    set_vr(cpu, rd(word), r, 16);
}

EXEC(sha512h2)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r = vr(cpu, rd(word));

    r.u64[1] += majority(x.u64[0], y.u64[1], y.u64[0]) + big_sigma0(y.u64[0]);
    r.u64[0] += majority(r.u64[1], y.u64[0], y.u64[1]) + big_sigma0(r.u64[1]);
    set_vr(cpu, rd(word), r, 16);
}

EXEC(sha512su0)
{
    union lanes r = vr(cpu, rd(word)), x = vr(cpu, rn(word));

    r.u64[0] += small_sigma0(r.u64[1]);
    r.u64[1] += small_sigma0(x.u64[0]);
    set_vr(cpu, rd(word), r, 16);
}

EXEC(sha512su1)
{
    union lanes r = vr(cpu, rd(word)), x = vr(cpu, rn(word)), y = vr(cpu, rm(word));

    for (unsigned i = 0; i < 2; i++)
        r.u64[i] += small_sigma1(x.u64[i]) + y.u64[i];
    set_vr(cpu, rd(word), r, 16);
}

/* ---- SHA-3: lane-wise logic ---- */

#define SHA3(name, expr)                                                                    \
    EXEC(name)                                                                              \
    {                                                                                       \
        union lanes r, x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), z = vr(cpu, ra(word)); \
        for (unsigned i = 0; i < 2; i++) {                                                  \
            uint64_t n = x.u64[i], m = y.u64[i], a __attribute__((unused)) = z.u64[i];      \
            r.u64[i] = expr;                                                                \
        }                                                                                   \
        set_vr(cpu, rd(word), r, 16);                                                       \
    }

SHA3(eor3, n ^ m ^ a)
SHA3(bcax, n ^ (m & ~a))
SHA3(rax1, n ^ ror64(m, 63))
SHA3(xar, ror64(n ^ m, bits(word, 15, 10)))
