/*
 * The two immediates that floating-point and Advanced SIMD instructions
 * encode in eight bits (Arm ARM J1.3: VFPExpandImm, AdvSIMDExpandImm).
 */
#ifndef A64_SIMD_IMM_H
#define A64_SIMD_IMM_H

#include "base/types.h"

/* abcdefgh as a number of `width` bits: sign a, exponent NOT(b) bbb... cd, fraction efgh 0... */
static inline uint64_t a64_fp_imm(uint32_t imm8, unsigned width)
{
    unsigned exp_bits = width == 16 ? 5 : width == 32 ? 8 : 11;
    unsigned frac_bits = width - 1 - exp_bits;
    uint64_t b = imm8 >> 6 & 1;
    uint64_t exp =
        (b ^ 1) << (exp_bits - 1) | (b ? (1ull << (exp_bits - 3)) - 1 : 0) << 2 | (imm8 >> 4 & 3);

    return (uint64_t)(imm8 >> 7) << (width - 1) | exp << frac_bits |
           (uint64_t)(imm8 & 15) << (frac_bits - 4);
}

/*
 * The 64 bits, repeated over the vector, that op (bit 29), cmode (15..12), o2
 * (11) and abcdefgh of a word stand for.
 */
static inline uint64_t a64_simd_imm(uint32_t word)
{
    uint32_t imm8 = (word >> 16 & 7) << 5 | (word >> 5 & 31);
    uint32_t cmode = word >> 12 & 15;
    bool op = word >> 29 & 1, o2 = word >> 11 & 1;
    uint64_t v = imm8;

    switch (cmode >> 1) {
    case 0:
    case 1:
    case 2:
    case 3: v <<= 8 * (cmode >> 1); break;
    case 4:
    case 5: return (v << 8 * (cmode >> 1 & 1)) * 0x0001000100010001;
    case 6: v = cmode & 1 ? v << 16 | 0xffff : v << 8 | 0xff; break;
    default:
        if (cmode & 1) {
            if (o2)
                return a64_fp_imm(imm8, 16) * 0x0001000100010001;
            if (op)
                return a64_fp_imm(imm8, 64);
            v = a64_fp_imm(imm8, 32);
            break;
        }
        if (!op)
            return v * 0x0101010101010101;
        v = 0;
        for (unsigned i = 0; i < 8; i++) /* a bit for each byte */
            v |= (imm8 >> i & 1 ? 0xffull : 0) << 8 * i;
        return v;
    }
    return v << 32 | v;
}

#endif
