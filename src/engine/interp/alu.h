/*
 * The integer arithmetic that several classes of instructions share: the
 * manual's AddWithCarry, ShiftReg, ExtendReg and flag setting (J1.3, J1.1).
 * `sf` is the word's bit 31: 64 bits when set, else 32 with the result
 * zero-extended.
 */
#ifndef INTERP_ALU_H
#define INTERP_ALU_H

#include "engine/interp/exec.h"

static inline uint64_t alu_width(uint64_t value, bool sf)
{
    return sf ? value : (uint32_t)value;
}

/* N and Z of a result; C and V zero. */
static inline uint32_t alu_nz(uint64_t result, bool sf)
{
    uint32_t top = sf ? (uint32_t)(result >> 32) : (uint32_t)result;

    return (top & NZCV_N) | (alu_width(result, sf) == 0 ? NZCV_Z : 0);
}

/* x + y + carry with its flags. */
static inline uint64_t add_with_carry64(uint64_t x, uint64_t y, bool carry, uint32_t *nzcv)
{
    uint64_t sum, r;
    bool c = __builtin_add_overflow(x, y, &sum);

    c |= __builtin_add_overflow(sum, (uint64_t)carry, &r);
    *nzcv = alu_nz(r, true) | (c ? NZCV_C : 0) | (((x ^ r) & (y ^ r)) >> 63 ? NZCV_V : 0);
    return r;
}

static inline uint64_t add_with_carry32(uint32_t x, uint32_t y, bool carry, uint32_t *nzcv)
{
    uint64_t sum = (uint64_t)x + y + carry;
    uint32_t r = (uint32_t)sum;

    *nzcv = alu_nz(r, false) | (sum >> 32 ? NZCV_C : 0) | (((x ^ r) & (y ^ r)) >> 31 ? NZCV_V : 0);
    return r;
}

static inline uint64_t add_with_carry(uint64_t x, uint64_t y, bool carry, bool sf, uint32_t *nzcv)
{
    return sf ? add_with_carry64(x, y, carry, nzcv)
              : add_with_carry32((uint32_t)x, (uint32_t)y, carry, nzcv);
}

static inline uint64_t ror64(uint64_t v, unsigned n)
{
    return v >> (n & 63) | v << (-n & 63);
}

static inline uint32_t ror32(uint32_t v, unsigned n)
{
    return v >> (n & 31) | v << (-n & 31);
}

/* type: 0 LSL, 1 LSR, 2 ASR, 3 ROR; amount below the width. */
static inline uint64_t shift_value(uint64_t v, unsigned type, unsigned amount, bool sf)
{
    switch (type) {
    case 0: return alu_width(v << amount, sf);
    case 1: return alu_width(v, sf) >> amount;
    case 2:
        return sf ? (uint64_t)((int64_t)v >> amount) : (uint32_t)((int32_t)(uint32_t)v >> amount);
    default: return sf ? ror64(v, amount) : ror32((uint32_t)v, amount);
    }
}

/* ExtendReg: option 0..7 = UXTB UXTH UXTW UXTX SXTB SXTH SXTW SXTX, then left by shift. */
static inline uint64_t extend_value(uint64_t v, unsigned option, unsigned shift)
{
    unsigned unused = 64 - (8u << (option & 3));
    uint64_t r = v << unused;

    r = option & 4 ? (uint64_t)((int64_t)r >> unused) : r >> unused;
    return r << shift;
}

#endif
