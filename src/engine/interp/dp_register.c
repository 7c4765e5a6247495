/*
 * Data processing on registers (Arm ARM C4.1.89): two, one and three sources,
 * logical and arithmetic with shifted or extended operands, carries, flag
 * manipulation, conditional compare and select.
 */
#include "engine/interp/alu.h"

/* ---- two sources ---- */

EXEC(udiv)
{
    uint64_t x = xr(cpu, rn(word)), y = xr(cpu, rm(word));

    if (!bit(word, 31)) {
        x = (uint32_t)x;
        y = (uint32_t)y;
    }
    set_xr(cpu, rd(word), y ? x / y : 0);
}

EXEC(sdiv)
{
    uint64_t x = xr(cpu, rn(word)), y = xr(cpu, rm(word)), r;

    /* The quotient of the smallest number and -1 does not fit: it wraps to the smallest number. */
    if (bit(word, 31))
        r = !y ? 0 : y == ~0ull ? -x : (uint64_t)((int64_t)x / (int64_t)y);
    else
        r = !(uint32_t)y                  ? 0
            : (uint32_t)y == ~(uint32_t)0 ? (uint32_t)-x
                                          : (uint32_t)((int32_t)x / (int32_t)y);
    set_xr(cpu, rd(word), r);
}

static inline void shift_variable(struct cpu *cpu, uint32_t word, unsigned type)
{
    bool sf = bit(word, 31);
    unsigned amount = (unsigned)xr(cpu, rm(word)) & (sf ? 63 : 31);

    set_xr(cpu, rd(word), shift_value(xr(cpu, rn(word)), type, amount, sf));
}

EXEC(lslv)
{
    shift_variable(cpu, word, 0);
}

EXEC(lsrv)
{
    shift_variable(cpu, word, 1);
}

EXEC(asrv)
{
    shift_variable(cpu, word, 2);
}

EXEC(rorv)
{
    shift_variable(cpu, word, 3);
}

/* SMAX, SMIN, UMAX, UMIN of two registers. */
static inline void min_max(struct cpu *cpu, uint32_t word, bool is_signed, bool max)
{
    bool sf = bit(word, 31), greater;
    uint64_t x = alu_width(xr(cpu, rn(word)), sf), y = alu_width(xr(cpu, rm(word)), sf);
    unsigned unused = sf ? 0 : 32;

    greater = is_signed ? (int64_t)(x << unused) > (int64_t)(y << unused) : x > y;
    set_xr(cpu, rd(word), greater == max ? x : y);
}

EXEC(smax_reg)
{
    min_max(cpu, word, true, true);
}

EXEC(umax_reg)
{
    min_max(cpu, word, false, true);
}

EXEC(smin_reg)
{
    min_max(cpu, word, true, false);
}

EXEC(umin_reg)
{
    min_max(cpu, word, false, false);
}

/* ---- one source ---- */

static uint64_t reverse_bits(uint64_t v)
{
    v = (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
    v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0f) | (v & 0x0f0f0f0f0f0f0f0f) << 4;
    return __builtin_bswap64(v);
}

EXEC(rbit)
{
    uint64_t v = reverse_bits(xr(cpu, rn(word)));

    set_xr(cpu, rd(word), bit(word, 31) ? v : v >> 32);
}

EXEC(rev16)
{
    uint64_t v = xr(cpu, rn(word));

    v = (v >> 8 & 0x00ff00ff00ff00ff) | (v & 0x00ff00ff00ff00ff) << 8;
    set_xr(cpu, rd(word), alu_width(v, bit(word, 31)));
}

EXEC(rev32)
{
    uint64_t v = xr(cpu, rn(word));
    uint64_t high = (uint64_t)__builtin_bswap32((uint32_t)(v >> 32)) << 32;

    set_xr(cpu, rd(word), (bit(word, 31) ? high : 0) | __builtin_bswap32((uint32_t)v));
}

EXEC(rev64)
{
    set_xr(cpu, rd(word), __builtin_bswap64(xr(cpu, rn(word))));
}

/* Leading zeroes of a value of 64 or 32 bits. */
static unsigned leading_zeroes(uint64_t v, bool sf)
{
    if (sf)
        return v ? (unsigned)__builtin_clzll(v) : 64;
    return (uint32_t)v ? (unsigned)__builtin_clz((uint32_t)v) : 32;
}

EXEC(clz)
{
    set_xr(cpu, rd(word), leading_zeroes(xr(cpu, rn(word)), bit(word, 31)));
}

/* Bits after the sign bit that equal it: the leading zeroes of each bit XOR the one above, less one. */
EXEC(cls)
{
    bool sf = bit(word, 31);
    uint64_t v = xr(cpu, rn(word));
    uint64_t sign = sf ? (uint64_t)((int64_t)v >> 63) : (uint64_t)(int64_t)((int32_t)v >> 31);

    set_xr(cpu, rd(word), leading_zeroes(v ^ sign, sf) - 1);
}

EXEC(ctz)
{
    uint64_t v = alu_width(xr(cpu, rn(word)), bit(word, 31));

    set_xr(cpu, rd(word), v ? (uint64_t)__builtin_ctzll(v) : bit(word, 31) ? 64 : 32);
}

EXEC(cnt)
{
    uint64_t v = alu_width(xr(cpu, rn(word)), bit(word, 31));

    set_xr(cpu, rd(word), (uint64_t)__builtin_popcountll(v));
}

EXEC(abs)
{
    bool sf = bit(word, 31);
    uint64_t v = xr(cpu, rn(word));
    bool negative = v >> (sf ? 63 : 31) & 1;

    set_xr(cpu, rd(word), alu_width(negative ? -v : v, sf));
}

/* ---- logical with a shifted register ---- */

static inline uint64_t shifted_operand(struct cpu *cpu, uint32_t word)
{
    uint64_t v = xr(cpu, rm(word));

    if (likely(!(word & 0xc0fc00u))) /* LSL #0 */
        return alu_width(v, bit(word, 31));
    return shift_value(v, bits(word, 23, 22), bits(word, 15, 10), bit(word, 31));
}

static inline void logical(struct cpu *cpu, uint32_t word, uint64_t result)
{
    set_xr(cpu, rd(word), alu_width(result, bit(word, 31)));
}

EXEC(and_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) & shifted_operand(cpu, word));
}

EXEC(bic_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) & ~shifted_operand(cpu, word));
}

EXEC(orr_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) | shifted_operand(cpu, word));
}

EXEC(orn_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) | ~shifted_operand(cpu, word));
}

EXEC(eor_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) ^ shifted_operand(cpu, word));
}

EXEC(eon_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) ^ ~shifted_operand(cpu, word));
}

static inline void logical_flags(struct cpu *cpu, uint32_t word, uint64_t result)
{
    cpu->nzcv = alu_nz(result, bit(word, 31));
    logical(cpu, word, result);
}

EXEC(ands_reg)
{
    logical_flags(cpu, word, xr(cpu, rn(word)) & shifted_operand(cpu, word));
}

EXEC(bics_reg)
{
    logical_flags(cpu, word, xr(cpu, rn(word)) & ~shifted_operand(cpu, word));
}

/* ---- add and subtract ---- */

EXEC(add_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) + shifted_operand(cpu, word));
}

EXEC(sub_reg)
{
    logical(cpu, word, xr(cpu, rn(word)) - shifted_operand(cpu, word));
}

EXEC(adds_reg)
{
    uint64_t x = xr(cpu, rn(word)), y = shifted_operand(cpu, word);

    set_xr(cpu, rd(word), add_with_carry(x, y, false, bit(word, 31), &cpu->nzcv));
}

EXEC(subs_reg)
{
    uint64_t x = xr(cpu, rn(word)), y = shifted_operand(cpu, word);

    set_xr(cpu, rd(word), add_with_carry(x, ~y, true, bit(word, 31), &cpu->nzcv));
}

static inline uint64_t extended_operand(struct cpu *cpu, uint32_t word)
{
    return extend_value(xr(cpu, rm(word)), bits(word, 15, 13), bits(word, 12, 10));
}

EXEC(add_ext)
{
    uint64_t r = xsp(cpu, rn(word)) + extended_operand(cpu, word);

    set_xsp(cpu, rd(word), alu_width(r, bit(word, 31)));
}

EXEC(sub_ext)
{
    uint64_t r = xsp(cpu, rn(word)) - extended_operand(cpu, word);

    set_xsp(cpu, rd(word), alu_width(r, bit(word, 31)));
}

EXEC(adds_ext)
{
    uint64_t x = xsp(cpu, rn(word)), y = extended_operand(cpu, word);

    set_xr(cpu, rd(word), add_with_carry(x, y, false, bit(word, 31), &cpu->nzcv));
}

EXEC(subs_ext)
{
    uint64_t x = xsp(cpu, rn(word)), y = extended_operand(cpu, word);

    set_xr(cpu, rd(word), add_with_carry(x, ~y, true, bit(word, 31), &cpu->nzcv));
}

static inline void add_carry(struct cpu *cpu, uint32_t word, uint64_t y, uint32_t *nzcv)
{
    bool carry = cpu->nzcv & NZCV_C;

    set_xr(cpu, rd(word), add_with_carry(xr(cpu, rn(word)), y, carry, bit(word, 31), nzcv));
}

EXEC(adc)
{
    uint32_t unused;

    add_carry(cpu, word, xr(cpu, rm(word)), &unused);
}

EXEC(adcs)
{
    add_carry(cpu, word, xr(cpu, rm(word)), &cpu->nzcv);
}

EXEC(sbc)
{
    uint32_t unused;

    add_carry(cpu, word, ~xr(cpu, rm(word)), &unused);
}

EXEC(sbcs)
{
    add_carry(cpu, word, ~xr(cpu, rm(word)), &cpu->nzcv);
}

/* ---- flag manipulation ---- */

EXEC(rmif)
{
    uint32_t rotated = (uint32_t)ror64(xr(cpu, rn(word)), bits(word, 20, 15)) << 28;
    uint32_t mask = word << 28;

    cpu->nzcv = (cpu->nzcv & ~mask) | (rotated & mask);
}

/* SETF8, SETF16: N and Z of a narrow value, V where the bit above it differs from its sign. */
static inline void set_flags_narrow(struct cpu *cpu, uint32_t word, unsigned width)
{
    uint32_t v = wr(cpu, rn(word)) << (32 - width);
    uint32_t above = wr(cpu, rn(word)) << (31 - width);

    cpu->nzcv =
        (cpu->nzcv & NZCV_C) | (v & NZCV_N) | (v ? 0 : NZCV_Z) | ((v ^ above) >> 31 ? NZCV_V : 0);
}

EXEC(setf8)
{
    set_flags_narrow(cpu, word, 8);
}

EXEC(setf16)
{
    set_flags_narrow(cpu, word, 16);
}

EXEC(cfinv)
{
    cpu->nzcv ^= NZCV_C;
}

/* XAFLAG and AXFLAG: between Arm's flags of a floating-point compare and the other convention. */
EXEC(xaflag)
{
    bool c = cpu->nzcv & NZCV_C, z = cpu->nzcv & NZCV_Z;

    cpu->nzcv = (!c && !z ? NZCV_N : 0) | (z && c ? NZCV_Z : 0) | (c || z ? NZCV_C : 0) |
                (!c && z ? NZCV_V : 0);
}

EXEC(axflag)
{
    bool c = cpu->nzcv & NZCV_C, z = cpu->nzcv & NZCV_Z, v = cpu->nzcv & NZCV_V;

    cpu->nzcv = (z || v ? NZCV_Z : 0) | (c && !v ? NZCV_C : 0);
}

/* ---- conditional compare and select ---- */

static inline void conditional_compare(struct cpu *cpu, uint32_t word, uint64_t y, bool subtract)
{
    if (condition_holds(cpu, bits(word, 15, 12)))
        add_with_carry(xr(cpu, rn(word)), subtract ? ~y : y, subtract, bit(word, 31), &cpu->nzcv);
    else
        cpu->nzcv = word << 28;
}

EXEC(ccmn_reg)
{
    conditional_compare(cpu, word, xr(cpu, rm(word)), false);
}

EXEC(ccmn_imm)
{
    conditional_compare(cpu, word, rm(word), false);
}

EXEC(ccmp_reg)
{
    conditional_compare(cpu, word, xr(cpu, rm(word)), true);
}

EXEC(ccmp_imm)
{
    conditional_compare(cpu, word, rm(word), true);
}

static inline void conditional_select(struct cpu *cpu, uint32_t word, uint64_t otherwise)
{
    uint64_t v = condition_holds(cpu, bits(word, 15, 12)) ? xr(cpu, rn(word)) : otherwise;

    set_xr(cpu, rd(word), alu_width(v, bit(word, 31)));
}

EXEC(csel)
{
    conditional_select(cpu, word, xr(cpu, rm(word)));
}

EXEC(csinc)
{
    conditional_select(cpu, word, xr(cpu, rm(word)) + 1);
}

EXEC(csinv)
{
    conditional_select(cpu, word, ~xr(cpu, rm(word)));
}

EXEC(csneg)
{
    conditional_select(cpu, word, -xr(cpu, rm(word)));
}

/* ---- three sources ---- */

EXEC(madd)
{
    uint64_t r = xr(cpu, ra(word)) + xr(cpu, rn(word)) * xr(cpu, rm(word));

    set_xr(cpu, rd(word), alu_width(r, bit(word, 31)));
}

EXEC(msub)
{
    uint64_t r = xr(cpu, ra(word)) - xr(cpu, rn(word)) * xr(cpu, rm(word));

    set_xr(cpu, rd(word), alu_width(r, bit(word, 31)));
}

static inline uint64_t product_signed(struct cpu *cpu, uint32_t word)
{
    return (uint64_t)((int64_t)(int32_t)wr(cpu, rn(word)) * (int32_t)wr(cpu, rm(word)));
}

static inline uint64_t product_unsigned(struct cpu *cpu, uint32_t word)
{
    return (uint64_t)wr(cpu, rn(word)) * wr(cpu, rm(word));
}

EXEC(smaddl)
{
    set_xr(cpu, rd(word), xr(cpu, ra(word)) + product_signed(cpu, word));
}

EXEC(smsubl)
{
    set_xr(cpu, rd(word), xr(cpu, ra(word)) - product_signed(cpu, word));
}

EXEC(umaddl)
{
    set_xr(cpu, rd(word), xr(cpu, ra(word)) + product_unsigned(cpu, word));
}

EXEC(umsubl)
{
    set_xr(cpu, rd(word), xr(cpu, ra(word)) - product_unsigned(cpu, word));
}

EXEC(smulh)
{
    __int128 p = (__int128)(int64_t)xr(cpu, rn(word)) * (int64_t)xr(cpu, rm(word));

    set_xr(cpu, rd(word), (uint64_t)(p >> 64));
}

EXEC(umulh)
{
    unsigned __int128 p = (unsigned __int128)xr(cpu, rn(word)) * xr(cpu, rm(word));

    set_xr(cpu, rd(word), (uint64_t)(p >> 64));
}
