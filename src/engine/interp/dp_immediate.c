/*
 * Data processing with an immediate (Arm ARM C4.1.86): PC-relative addresses,
 * add and subtract, minimum and maximum, logical, move wide, bitfield, extract.
 */
#include "engine/interp/alu.h"

EXEC(adr)
{
    set_xr(cpu, rd(word), cpu->pc + (uint64_t)(sbits(word, 23, 5) * 4 + bits(word, 30, 29)));
}

EXEC(adrp)
{
    int64_t page = sbits(word, 23, 5) * 4 + bits(word, 30, 29);

    set_xr(cpu, rd(word), (cpu->pc & ~0xfffull) + ((uint64_t)page << 12));
}

/* imm12, shifted left by 12 if sh. */
static inline uint64_t add_sub_operand(uint32_t word)
{
    return (uint64_t)bits(word, 21, 10) << (bit(word, 22) * 12);
}

EXEC(add_imm)
{
    uint64_t r = xsp(cpu, rn(word)) + add_sub_operand(word);

    set_xsp(cpu, rd(word), alu_width(r, bit(word, 31)));
}

EXEC(sub_imm)
{
    uint64_t r = xsp(cpu, rn(word)) - add_sub_operand(word);

    set_xsp(cpu, rd(word), alu_width(r, bit(word, 31)));
}

EXEC(adds_imm)
{
    uint64_t x = xsp(cpu, rn(word)), y = add_sub_operand(word);

    set_xr(cpu, rd(word), add_with_carry(x, y, false, bit(word, 31), &cpu->nzcv));
}

EXEC(subs_imm)
{
    uint64_t x = xsp(cpu, rn(word)), y = add_sub_operand(word);

    set_xr(cpu, rd(word), add_with_carry(x, ~y, true, bit(word, 31), &cpu->nzcv));
}

/* SMAX, SMIN (C6.2): imm8 is signed; UMAX, UMIN: unsigned. */
static inline void min_max_signed(struct cpu *cpu, uint32_t word, bool max)
{
    bool sf = bit(word, 31);
    int64_t x = sf ? (int64_t)xr(cpu, rn(word)) : (int32_t)wr(cpu, rn(word));
    int64_t y = sbits(word, 17, 10);

    set_xr(cpu, rd(word), alu_width((uint64_t)((x > y) == max ? x : y), sf));
}

static inline void min_max_unsigned(struct cpu *cpu, uint32_t word, bool max)
{
    uint64_t x = alu_width(xr(cpu, rn(word)), bit(word, 31)), y = bits(word, 17, 10);

    set_xr(cpu, rd(word), (x > y) == max ? x : y);
}

EXEC(smax_imm)
{
    min_max_signed(cpu, word, true);
}

EXEC(umax_imm)
{
    min_max_unsigned(cpu, word, true);
}

EXEC(smin_imm)
{
    min_max_signed(cpu, word, false);
}

EXEC(umin_imm)
{
    min_max_unsigned(cpu, word, false);
}

/* n ones, 1 <= n <= 64. */
static inline uint64_t ones(unsigned n)
{
    return ~0ull >> (64 - n);
}

/* DecodeBitMasks' wmask for the logical instructions (J1.3); reserved encodings are holes of a64.def. */
static inline uint64_t logical_mask(uint32_t word)
{
    unsigned n = bit(word, 22), immr = bits(word, 21, 16), imms = bits(word, 15, 10);
    unsigned len = 31 - (unsigned)__builtin_clz(n << 6 | (~imms & 63));
    unsigned esize = 1u << len, s = imms & (esize - 1), r = immr & (esize - 1);
    uint64_t elem = ones(s + 1);

    if (r)
        elem = (elem >> r | elem << (esize - r)) & ones(esize);
    for (; esize < 64; esize *= 2)
        elem |= elem << esize;
    return alu_width(elem, bit(word, 31));
}

EXEC(and_imm)
{
    set_xsp(cpu, rd(word), xr(cpu, rn(word)) & logical_mask(word));
}

EXEC(orr_imm)
{
    set_xsp(cpu, rd(word), alu_width(xr(cpu, rn(word)) | logical_mask(word), bit(word, 31)));
}

EXEC(eor_imm)
{
    set_xsp(cpu, rd(word), alu_width(xr(cpu, rn(word)) ^ logical_mask(word), bit(word, 31)));
}

EXEC(ands_imm)
{
    uint64_t r = xr(cpu, rn(word)) & logical_mask(word);

    cpu->nzcv = alu_nz(r, bit(word, 31));
    set_xr(cpu, rd(word), r);
}

EXEC(movz)
{
    set_xr(cpu, rd(word), (uint64_t)bits(word, 20, 5) << (bits(word, 22, 21) * 16));
}

EXEC(movn)
{
    uint64_t v = (uint64_t)bits(word, 20, 5) << (bits(word, 22, 21) * 16);

    set_xr(cpu, rd(word), alu_width(~v, bit(word, 31)));
}

EXEC(movk)
{
    unsigned pos = bits(word, 22, 21) * 16;
    uint64_t v = xr(cpu, rd(word)) & ~(0xffffull << pos);

    v |= (uint64_t)bits(word, 20, 5) << pos;
    set_xr(cpu, rd(word), alu_width(v, bit(word, 31)));
}

/*
 * SBFM, BFM, UBFM (C6.2): with imms >= immr, bits imms..immr go to the bottom;
 * else bits imms..0 go to position width - immr.
 */
struct bitfield {
    uint64_t value, mask; /* the bits in their place, and where that is */
    unsigned top;         /* position of the field's highest bit */
};

static inline struct bitfield bitfield_move(struct cpu *cpu, uint32_t word)
{
    unsigned r = bits(word, 21, 16), s = bits(word, 15, 10), width = bit(word, 31) ? 64 : 32;
    uint64_t src = xr(cpu, rn(word));

    if (s >= r) {
        uint64_t mask = ones(s - r + 1);

        return (struct bitfield){src >> r & mask, mask, s - r};
    } else {
        uint64_t mask = ones(s + 1) << (width - r);

        return (struct bitfield){src << (width - r) & mask, mask, s + width - r};
    }
}

EXEC(sbfm)
{
    struct bitfield f = bitfield_move(cpu, word);
    uint64_t v = (uint64_t)((int64_t)(f.value << (63 - f.top)) >> (63 - f.top));

    set_xr(cpu, rd(word), alu_width(v, bit(word, 31)));
}

EXEC(bfm)
{
    struct bitfield f = bitfield_move(cpu, word);
    uint64_t v = (xr(cpu, rd(word)) & ~f.mask) | f.value;

    set_xr(cpu, rd(word), alu_width(v, bit(word, 31)));
}

EXEC(ubfm)
{
    set_xr(cpu, rd(word), bitfield_move(cpu, word).value);
}

EXEC(extr)
{
    unsigned lsb = bits(word, 15, 10);
    uint64_t hi = xr(cpu, rn(word)), lo = xr(cpu, rm(word));

    if (!bit(word, 31))
        set_xr(cpu, rd(word), (uint32_t)((hi << 32 | (uint32_t)lo) >> lsb));
    else
        set_xr(cpu, rd(word), lsb ? hi << (64 - lsb) | lo >> lsb : lo);
}
