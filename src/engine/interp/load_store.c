/*
 * Loads and stores of general registers (Arm ARM C4.1.88): literal, pairs,
 * and one register in every addressing mode; prefetch. Exclusive, ordered and
 * atomic accesses are in atomic.c, memory copy in mops.c.
 *
 * Each function accesses memory first and writes registers after it, so that
 * a fault leaves everything as it was. Where a load with writeback names its
 * base as its target (CONSTRAINED UNPREDICTABLE) the base wins.
 */
#include "engine/interp/mem.h"

/* size: log2 of bytes. opc<0> of a sign-extending load: to 32 bits, the upper half zero. */
static inline uint64_t load_signed(struct cpu *cpu, uint64_t addr, unsigned size, bool to_w)
{
    unsigned unused = 64 - (8u << size);
    int64_t v = (int64_t)(mem_read(cpu, addr, size) << unused) >> unused;

    return to_w ? (uint32_t)v : (uint64_t)v;
}

static inline unsigned size_of(uint32_t word)
{
    return word >> 30;
}

/* imm9, unscaled. */
static inline uint64_t offset9(uint32_t word)
{
    return (uint64_t)sbits(word, 20, 12);
}

/* imm12, scaled by the size. */
static inline uint64_t offset12(uint32_t word)
{
    return (uint64_t)bits(word, 21, 10) << size_of(word);
}

/* Rm extended by option, shifted by the size if S. */
static inline uint64_t offset_reg(struct cpu *cpu, uint32_t word)
{
    uint64_t v = xr(cpu, rm(word));

    switch (bits(word, 15, 13)) {
    case 2: v = (uint32_t)v; break;
    case 6: v = (uint64_t)(int32_t)v; break;
    }
    return v << (bit(word, 12) ? size_of(word) : 0);
}

/* ---- one register ---- */

static inline void store(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    mem_write(cpu, addr, size_of(word), xr(cpu, rd(word)));
}

static inline void load(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    set_xr(cpu, rd(word), mem_read(cpu, addr, size_of(word)));
}

static inline void load_s(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    set_xr(cpu, rd(word), load_signed(cpu, addr, size_of(word), bit(word, 22)));
}

/* One function for each kind of access in each addressing mode. */
#define MODES(access, name_imm, name_unscaled, name_post, name_unpriv, name_pre, name_reg) \
    EXEC(name_imm)                                                                         \
    {                                                                                      \
        access(cpu, word, mem_base(cpu, rn(word)) + offset12(word));                       \
    }                                                                                      \
    EXEC(name_unscaled)                                                                    \
    {                                                                                      \
        access(cpu, word, mem_base(cpu, rn(word)) + offset9(word));                        \
    }                                                                                      \
    EXEC(name_post)                                                                        \
    {                                                                                      \
        uint64_t base = mem_base(cpu, rn(word));                                           \
        access(cpu, word, base);                                                           \
        set_xsp(cpu, rn(word), base + offset9(word));                                      \
    }                                                                                      \
    EXEC(name_unpriv)                                                                      \
    {                                                                                      \
        access(cpu, word, mem_base(cpu, rn(word)) + offset9(word));                        \
    }                                                                                      \
    EXEC(name_pre)                                                                         \
    {                                                                                      \
        uint64_t addr = mem_base(cpu, rn(word)) + offset9(word);                           \
        access(cpu, word, addr);                                                           \
        set_xsp(cpu, rn(word), addr);                                                      \
    }                                                                                      \
    EXEC(name_reg)                                                                         \
    {                                                                                      \
        access(cpu, word, mem_base(cpu, rn(word)) + offset_reg(cpu, word));                \
    }

MODES(store, str_imm, stur, str_post, sttr, str_pre, str_reg)
MODES(load, ldr_imm, ldur, ldr_post, ldtr, ldr_pre, ldr_reg)
MODES(load_s, ldrs_imm, ldurs, ldrs_post, ldtrs, ldrs_pre, ldrs_reg)
#undef MODES

/* ---- literal ---- */

static inline uint64_t literal(struct cpu *cpu, uint32_t word)
{
    return cpu->pc + (uint64_t)(sbits(word, 23, 5) * 4);
}

EXEC(ldr_lit)
{
    uint64_t addr = literal(cpu, word);

    set_xr(cpu, rd(word), bit(word, 30) ? mem_read64(cpu, addr) : mem_read32(cpu, addr));
}

EXEC(ldrsw_lit)
{
    set_xr(cpu, rd(word), (uint64_t)(int32_t)mem_read32(cpu, literal(cpu, word)));
}

/* A prefetch never faults; the host needs no hint from an interpreter. */
EXEC(prfm_lit)
{
}

EXEC(prfm_imm)
{
}

EXEC(prfm_reg)
{
}

EXEC(prfum)
{
}

/* ---- pairs ---- */

/* imm7, scaled by 4 or 8. */
static inline uint64_t offset7(uint32_t word)
{
    return (uint64_t)sbits(word, 21, 15) << (2 + bit(word, 31));
}

static inline unsigned rt2(uint32_t word)
{
    return ra(word);
}

static inline void store_pair(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    uint64_t a = xr(cpu, rd(word)), b = xr(cpu, rt2(word));

    if (bit(word, 31))
        mem_write128(cpu, addr, (unsigned __int128)b << 64 | a);
    else
        mem_write64(cpu, addr, b << 32 | (uint32_t)a);
}

static inline void load_pair(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    uint64_t a, b;

    if (bit(word, 31)) {
        unsigned __int128 v = mem_read128(cpu, addr);

        a = (uint64_t)v;
        b = (uint64_t)(v >> 64);
    } else {
        uint64_t v = mem_read64(cpu, addr);

        a = (uint32_t)v;
        b = v >> 32;
    }
    set_xr(cpu, rd(word), a);
    set_xr(cpu, rt2(word), b);
}

static inline void load_pair_sw(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    uint64_t v = mem_read64(cpu, addr);

    set_xr(cpu, rd(word), (uint64_t)(int32_t)v);
    set_xr(cpu, rt2(word), (uint64_t)((int64_t)v >> 32));
}

#define PAIR_MODES(access, name, name_post, name_pre)               \
    EXEC(name)                                                      \
    {                                                               \
        access(cpu, word, mem_base(cpu, rn(word)) + offset7(word)); \
    }                                                               \
    EXEC(name_post)                                                 \
    {                                                               \
        uint64_t base = mem_base(cpu, rn(word));                    \
        access(cpu, word, base);                                    \
        set_xsp(cpu, rn(word), base + offset7(word));               \
    }                                                               \
    EXEC(name_pre)                                                  \
    {                                                               \
        uint64_t addr = mem_base(cpu, rn(word)) + offset7(word);    \
        access(cpu, word, addr);                                    \
        set_xsp(cpu, rn(word), addr);                               \
    }

PAIR_MODES(store_pair, stp, stp_post, stp_pre)
PAIR_MODES(load_pair, ldp, ldp_post, ldp_pre)
PAIR_MODES(load_pair_sw, ldpsw, ldpsw_post, ldpsw_pre)
#undef PAIR_MODES

/* Non-temporal pairs differ in a cache hint only. */
EXEC(stnp)
{
    exec_stp(cpu, word);
}

EXEC(ldnp)
{
    exec_ldp(cpu, word);
}
