/*
 * Random instructions, awkward operands: single words of a row of a64.def and
 * short blocks of any rows, with states in which they do something. The same
 * seed makes the same cases.
 */
#ifndef INSN_GENERATE_H
#define INSN_GENERATE_H

#include <stdbool.h>
#include <string.h>

#include "a64/decode.h"
#include "insn/case.h"

static uint64_t seed = 1;

static uint64_t rnd(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)(rnd() % n);
}

/* ---- words ---- */

static unsigned field(uint32_t word, unsigned hi, unsigned lo)
{
    return (word >> lo) & ((1u << (hi - lo + 1)) - 1);
}

/* Loads and stores, C4.1: op0 = x1x0. */
static bool is_memory(uint32_t word)
{
    return (word & 0x0a000000) == 0x08000000;
}

static bool is_pair(uint32_t word)
{
    return (word & 0x3a000000) == 0x28000000;
}

static bool is_unsigned_offset(uint32_t word)
{
    return (word & 0x3b000000) == 0x39000000;
}

static bool is_register_offset(uint32_t word)
{
    return (word & 0x3b200c00) == 0x38200800;
}

static bool is_structure(uint32_t word)
{
    return (word & 0xbe000000) == 0x0c000000;
}

/* Single structures and pairs of general registers, exclusives, atomics: must be aligned to be compared. */
static bool wants_alignment(uint32_t word)
{
    bool exclusive_or_ordered = (word & 0x3f000000) == 0x08000000;
    bool ordered_unscaled = (word & 0x3f000000) == 0x19000000;
    bool atomic = (word & 0x3b200c00) == 0x38200000;

    return exclusive_or_ordered || ordered_unscaled || atomic;
}

/* Cache maintenance by address. */
static bool is_dc(uint32_t word)
{
    return (word & 0xfffff000) == 0xd50b7000;
}

/* Memory copy and set: Rd and Rs are addresses, Rn the size. */
static bool is_mops(uint32_t word)
{
    return (word & 0xfb200c00) == 0x19000400;
}

/*
 * A word of the row. Offsets of loads and stores are kept small, so that the
 * access lies in the window; registers are chosen so that no CONSTRAINED UNPREDICTABLE case comes up.
 */
static uint32_t make_word(enum a64_op op)
{
    const struct a64_row *row = &a64_rows[op];

    for (unsigned tries = 0; tries < 10000; tries++) {
        uint32_t word = ((uint32_t)rnd() & ~row->mask) | row->value;
        unsigned t = field(word, 4, 0), n = field(word, 9, 5), t2 = field(word, 14, 10),
                 s = field(word, 20, 16);

        if (is_memory(word)) {
            if (is_pair(word))
                word = (word & ~(0x70u << 15)) | (word >> 21 & 1 ? 0x70u << 15 : 0);
            if (is_unsigned_offset(word))
                word &= ~(0xff0u << 10);
            if (t == n || t2 == n || s == n || t == s || t == t2 || s == t2)
                continue;
        }
        if (a64_decode(word) == op)
            return word;
    }
    return 0;
}

/* ---- states ---- */

static uint64_t make_integer(void)
{
    static const uint64_t special[] = {
        0,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x80000001,
        0x100000000,
        0x7fffffffffffffff,
        1ull << 63,
        ~0ull,
        ~0ull - 1,
        0xffffffff80000000,
        0x8000000080000000,
    };

    switch (below(4)) {
    case 0: return special[below(ARRAY_LEN(special))];
    case 1: return below(130);
    case 2: return rnd() >> below(64);
    default: return rnd();
    }
}

static uint64_t make_half(void)
{
    static const uint16_t special[] = {
        0x0000, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x7c01, 0xfd55, 0x0001,
        0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x3800, 0x3e00, 0x4100, 0x4248, 0x6400, 0x7800,
    };

    return below(3) ? special[below(ARRAY_LEN(special))] : rnd() & 0xffff;
}

static uint64_t make_single(void)
{
    static const uint32_t special[] = {
        0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
        0xffc12345, 0x7f800001, 0xffa55555, 0x00000001, 0x80000001, 0x007fffff, 0x00800000,
        0x80800000, 0x7f7fffff, 0xff7fffff, 0x3f000000, 0x3fc00000, 0x40200000, 0x4f000000,
        0xcf000000, 0x4effffff, 0x5f000000, 0xdf000000, 0x5f800000, 0x33800000, 0x38800000,
        0x477ff000, 0x47800000, 0x3f7fffff, 0x3f800001, 0x01000000, 0x7e800000, 0x42c80000,
    };

    switch (below(4)) {
    case 0: return rnd() & 0xffffffff;
    case 1: /* near 1.0 */ return 0x3f000000 + (rnd() & 0x80ffffff);
    default: return special[below(ARRAY_LEN(special))];
    }
}

static uint64_t make_double(void)
{
    static const uint64_t special[] = {
        0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
        0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000012345678,
        0x7ff0000000000001, 0xfff5555555555555, 0x0000000000000001, 0x8000000000000001,
        0x000fffffffffffff, 0x0010000000000000, 0x8010000000000000, 0x7fefffffffffffff,
        0xffefffffffffffff, 0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000,
        0x41e0000000000000, 0xc1e0000000000000, 0xc1e0000000200000, 0x41dfffffffc00000,
        0x43e0000000000000, 0xc3e0000000000000, 0x43f0000000000000, 0x47efffffe0000000,
        0x47effffff0000000, 0x3810000000000000, 0x380fffffffffffff, 0x36a0000000000000,
        0x3690000000000000, 0x3fefffffffffffff, 0x3ff0000000000001, 0x7fe0000000000000,
    };

    switch (below(4)) {
    case 0: return rnd();
    case 1: /* near 1.0 */ return 0x3fe0000000000000 + (rnd() & 0x801fffffffffffff);
    default: return special[below(ARRAY_LEN(special))];
    }
}

static unsigned __int128 make_vector(void)
{
    unsigned lane = below(5);
    unsigned bits = lane == 0 ? 16 : lane == 1 ? 32 : lane == 2 ? 64 : lane == 3 ? 64 : 8;
    unsigned __int128 v = 0;

    for (unsigned i = 0; i < 128 / bits; i++) {
        uint64_t e = lane == 0   ? make_half()
                     : lane == 1 ? make_single()
                     : lane == 2 ? make_double()
                     : lane == 3 ? make_integer()
                                 : (below(3) ? rnd() & 0xff : (below(2) ? 0x80 : 0x7f));

        v |= (unsigned __int128)e << (i * bits);
    }
    return v;
}

static uint32_t make_fpcr(void)
{
    uint32_t fpcr = 0;

    if (below(3) == 0)
        return 0;
    fpcr |= below(4) << 22; /* RMode */
    if (below(3) == 0)
        fpcr |= 1u << 24; /* FZ */
    if (below(4) == 0)
        fpcr |= 1u << 25; /* DN */
    if (below(4) == 0)
        fpcr |= 1u << 26; /* AHP */
    if (below(4) == 0)
        fpcr |= 1u << 19; /* FZ16 */
    return fpcr;
}

/* Branches into another case's instruction would compare that one, too. */
static bool enters_other_slot(uint32_t word, uint32_t slot)
{
    int64_t offset;
    uint64_t at = (uint64_t)slot * INSN_SLOT;

    if ((word & 0x7c000000) == 0x14000000) /* B, BL */
        offset = (int32_t)(word << 6) >> 6;
    else if ((word & 0xfe000000) == 0x54000000 ||
             (word & 0x7e000000) == 0x34000000) /* B.cond, CBZ */
        offset = (int32_t)(word << 8) >> 13;
    else if ((word & 0x7e000000) == 0x36000000) /* TBZ */
        offset = (int32_t)(word << 13) >> 18;
    else
        return false;
    at += (uint64_t)offset * 4;
    return at < INSN_MAX_CASES * INSN_SLOT && at % INSN_SLOT == 0;
}

/*
 * Points the base register of a load, store or cache maintenance into the
 * window, now and then to an edge of the region or with a tag.
 */
static void aim(uint32_t word, bool edges, struct insn_state *in)
{
    unsigned n = is_dc(word) ? field(word, 4, 0) : field(word, 9, 5), m = field(word, 20, 16);
    int64_t offset = INSN_DATA_BYTES / 2 + below(16), window;
    uint64_t addr;

    if (edges && below(20) == 0)
        offset = (below(2) ? INSN_DATA_BYTES : 0) + (int64_t)below(96) - 48;
    if ((wants_alignment(word) && !is_mops(word)) || n == 31)
        offset &= ~15ll;
    window = (offset & ~15ll) - INSN_WINDOW / 2;
    in->window = window < 0                               ? 0
                 : window > INSN_DATA_BYTES - INSN_WINDOW ? INSN_DATA_BYTES - INSN_WINDOW
                                                          : (uint32_t)window;
    addr = INSN_DATA + (uint64_t)offset;
    if (is_mops(word)) {
        if (n != 31)
            in->x[n] = below(200);
        if (field(word, 4, 0) != 31)
            in->x[field(word, 4, 0)] = addr;
        if (m != 31)
            in->x[m] = addr + below(64) - 32;
    } else if (n == 31)
        in->sp = addr;
    else
        in->x[n] = below(8) ? addr : addr | rnd() << 56;
    if ((is_register_offset(word) || is_structure(word)) && m != 31 && m != n)
        in->x[m] = below(2) && field(word, 15, 13) != 2 ? -(uint64_t)below(32) : below(32);
}

/* For BR, BLR, RET: a BRK, or nothing. Always aligned, as qemu sees the missing page first. */
static uint64_t make_target(void)
{
    if (below(2))
        return (rnd() << 56 & ~(1ull << 55)) | (INSN_CODE_BASE + 4 * below(INSN_CODE_MARGIN / 4));
    return (rnd() & ~3ull) | 1ull << 45;
}

static void make_state(struct insn_state *in)
{
    for (unsigned i = 0; i < 31; i++)
        in->x[i] = make_integer();
    for (unsigned i = 0; i < 32; i++)
        in->v[i] = make_vector();
    for (unsigned i = 0; i < INSN_WINDOW; i += 16) {
        unsigned __int128 v = make_vector();

        memcpy(in->mem + i, &v, 16);
    }
    in->sp = INSN_DATA + 16 * below(INSN_DATA_BYTES / 16);
    in->nzcv = below(16) << 28;
    in->fpcr = make_fpcr();
    in->fpsr = below(4) ? 0 : (uint32_t)rnd() & 0x0800009f;
}

static void put_words(struct insn_case *c, const uint32_t *word, unsigned n)
{
    for (unsigned i = 0; i < INSN_SLOT_WORDS; i++)
        c->word[i] = i < n ? word[i] : INSN_BRK;
}

/* One instruction of the row, to be run in the slot. */
static void make_case(enum a64_op op, uint32_t slot, struct insn_case *c)
{
    uint32_t word;

    memset(c, 0, sizeof(*c));
    do
        word = make_word(op);
    while (enters_other_slot(word, slot));
    put_words(c, &word, 1);
    make_state(&c->in);
    if (is_memory(word) || is_dc(word))
        aim(word, true, &c->in);
    if ((word & 0xfe000000) == 0xd6000000 && field(word, 9, 5) != 31)
        c->in.x[field(word, 9, 5)] = make_target();
}

/* ---- words that may be no instruction ---- */

/* Floating point and Advanced SIMD without loads and stores: registers are all they touch. */
static bool is_fp_simd(uint32_t word)
{
    return (word & 0x0e000000) == 0x0e000000;
}

/* A word one or two bits away from a row of that space: what is unallocated is mostly there. */
static void make_near_case(struct insn_case *c)
{
    uint32_t word;

    do {
        const struct a64_row *row = &a64_rows[below(A64_undefined)];

        word = (((uint32_t)rnd() & ~row->mask) | row->value) ^ 1u << below(32);
        if (below(2))
            word ^= 1u << below(32);
    } while (!is_fp_simd(word));
    memset(c, 0, sizeof(*c));
    put_words(c, &word, 1);
    make_state(&c->in);
}

/* ---- blocks ---- */

enum { BLOCK_BASE = 28 };

/* The direct branches, with the place of their offset. */
static bool is_direct_branch(uint32_t word, unsigned *lsb, unsigned *width)
{
    *lsb = 5;
    *width = 19;
    if ((word & 0x7c000000) == 0x14000000) {
        *lsb = 0;
        *width = 26;
        return true;
    }
    if ((word & 0x7e000000) == 0x36000000) {
        *width = 14;
        return true;
    }
    return (word & 0xfe000000) == 0x54000000 || (word & 0x7e000000) == 0x34000000;
}

/*
 * A word for place i of a block of n: loads and stores go through X28, which
 * nothing else writes, with indexes from a register that is the zero register or
 * whatever it is; branches go forward, to the block's end at most.
 */
static bool make_block_word(enum a64_op op, unsigned i, unsigned n, uint32_t *out)
{
    uint32_t word = make_word(op);
    unsigned lsb, width;

    if ((word & 0xfe000000) == 0xd6000000 || is_dc(word) ||
        is_mops(word)) /* X28 is not where they look */
        return false;
    if (is_memory(word) && (word & 0x3b000000) != 0x18000000)
        word = (word & ~(31u << 5)) | BLOCK_BASE << 5;
    if (is_register_offset(word) && below(4))
        word |= 31u << 16;
    if (is_direct_branch(word, &lsb, &width)) {
        uint32_t mask = ((1u << width) - 1) << lsb;

        word = (word & ~mask) | (1 + below(n - i)) << lsb;
    }
    if (field(word, 4, 0) == BLOCK_BASE || (is_memory(word) && (field(word, 14, 10) == BLOCK_BASE ||
                                                                field(word, 20, 16) == BLOCK_BASE)))
        return false;
    *out = word;
    return a64_decode(word) == op;
}

/* Rows that compilers write one behind the other, and that a translator may take together. */
static const uint16_t idioms[][2] = {
    {A64_rbit, A64_clz},          {A64_movz, A64_movk},         {A64_movn, A64_movk},
    {A64_movk, A64_movk},         {A64_adrp, A64_add_imm},      {A64_adrp, A64_ldr_imm},
    {A64_subs_imm, A64_ccmp_imm}, {A64_subs_reg, A64_ccmp_reg}, {A64_ands_imm, A64_ccmn_reg},
    {A64_ccmp_reg, A64_ccmp_imm}, {A64_ccmn_imm, A64_ccmp_reg}, {A64_ccmp_imm, A64_b_cond},
    {A64_ccmp_reg, A64_b_cond},   {A64_ccmn_imm, A64_b_cond},   {A64_ccmn_reg, A64_b_cond},
    {A64_add_imm, A64_add_imm},   {A64_sub_imm, A64_add_imm},   {A64_subs_reg, A64_csel},
    {A64_subs_reg, A64_b_cond},   {A64_adds_imm, A64_b_cond},   {A64_ccmp_imm, A64_csinc},
};

/* Data processing of general registers, C4.1: op0 = 100x, x101. */
static bool is_integer(uint32_t word)
{
    return (word & 0x1c000000) == 0x10000000 || (word & 0x0e000000) == 0x0a000000;
}

/* A word of a wanted row for place i. */
static uint32_t make_any_word(bool (*wanted)(const struct a64_row *), unsigned i, unsigned n)
{
    uint32_t word;
    enum a64_op op;

    do {
        op = (enum a64_op)below(A64_undefined);
    } while (!wanted(&a64_rows[op]) || !make_block_word(op, i, n, &word));
    return word;
}

/* The second word of an idiom, for place i: it reads, and often writes, what the first wrote. */
static bool make_partner(enum a64_op op, uint32_t first, unsigned i, unsigned n, uint32_t *out)
{
    unsigned lsb, width, d = field(first, 4, 0);
    uint32_t word;

    if (i >= n || !make_block_word(op, i, n, &word))
        return false;
    if (!is_direct_branch(word, &lsb, &width)) {
        word = (word & 0x7fffffff) | (first & 0x80000000);
        word = is_memory(word) ? word | 0x80000000 : (word & ~(31u << 5)) | d << 5;
        if (op == A64_movk || below(2))
            word = (word & ~31u) | d;
    }
    *out = word;
    return a64_decode(word) == op;
}

/* n instructions of rows that `wanted` lets pass, from one state; idioms whole or with a word between. */
static void make_block(unsigned n, bool (*wanted)(const struct a64_row *), struct insn_case *c)
{
    uint32_t word[INSN_SLOT_WORDS];

    memset(c, 0, sizeof(*c));
    for (unsigned i = 0; i < n; i++) {
        const uint16_t *idiom = idioms[below(ARRAY_LEN(idioms))];
        unsigned second = i + 1 + !below(3);
        uint32_t first;

        word[i] = make_any_word(wanted, i, n);
        if (below(3) || !wanted(&a64_rows[idiom[0]]) || !wanted(&a64_rows[idiom[1]]) ||
            second >= n || !make_block_word(idiom[0], i, n, &first) ||
            !make_partner(idiom[1], first, second, n, &word[second]))
            continue;
        word[i] = first;
        if (second == i + 2) { /* an integer instruction may be lifted otherwise when NZCV waits */
            do {
                word[i + 1] = make_any_word(wanted, i + 1, n);
            } while (i % 2 && !is_integer(word[i + 1]));
        }
        i = second;
    }
    put_words(c, word, n);
    make_state(&c->in);
    aim(0xf9400000 | BLOCK_BASE << 5, false, &c->in); /* ldr x0, [x28] */
}

#endif
