/*
 * Loads and stores of SIMD&FP registers (Arm ARM C4.1.94): literal, pairs,
 * one register in every addressing mode, and the structures of LD1 to LD4
 * and ST1 to ST4.
 *
 * As in load_store.c, memory is accessed first and registers are written after
 * it, so that a fault leaves them as they were. A structure travels through a
 * buffer in pieces of eight bytes, each of which holds whole elements.
 */
#include "engine/interp/mem.h"
#include "engine/interp/simd.h"

enum { SIZE_Q = 4 };

/* size: log2 of bytes, 0 to 4. */
static inline union vreg read_vreg(struct cpu *cpu, uint64_t addr, unsigned size)
{
    union vreg v = {.q = 0};

    if (size == SIZE_Q)
        v.q = mem_read128(cpu, addr);
    else
        v.d[0] = mem_read(cpu, addr, size);
    return v;
}

static inline void write_vreg(struct cpu *cpu, uint64_t addr, unsigned size, union vreg v)
{
    if (size == SIZE_Q)
        mem_write128(cpu, addr, v.q);
    else
        mem_write(cpu, addr, size, v.d[0]);
}

/* ---- one register ---- */

static inline void load(struct cpu *cpu, uint32_t word, unsigned size, uint64_t addr)
{
    cpu->v[rd(word)] = read_vreg(cpu, addr, size);
}

static inline void store(struct cpu *cpu, uint32_t word, unsigned size, uint64_t addr)
{
    write_vreg(cpu, addr, size, cpu->v[rd(word)]);
}

static inline uint64_t offset9(uint32_t word)
{
    return (uint64_t)sbits(word, 20, 12);
}

/* Rm extended by option, shifted by the size if S. */
static inline uint64_t offset_reg(struct cpu *cpu, uint32_t word, unsigned size)
{
    uint64_t v = xr(cpu, rm(word));

    switch (bits(word, 15, 13)) {
    case 2: v = (uint32_t)v; break;
    case 6: v = (uint64_t)(int32_t)v; break;
    default: break;
    }
    return v << (bit(word, 12) ? size : 0);
}

/* One function for each addressing mode of an access. */
#define MODES(access, row, size)                                                        \
    EXEC(row##_uimm)                                                                    \
    {                                                                                   \
        access(cpu, word, size,                                                         \
               mem_base(cpu, rn(word)) + ((uint64_t)bits(word, 21, 10) << (size)));     \
    }                                                                                   \
    EXEC(row##_unscaled)                                                                \
    {                                                                                   \
        access(cpu, word, size, mem_base(cpu, rn(word)) + offset9(word));               \
    }                                                                                   \
    EXEC(row##_post)                                                                    \
    {                                                                                   \
        uint64_t base = mem_base(cpu, rn(word));                                        \
        access(cpu, word, size, base);                                                  \
        set_xsp(cpu, rn(word), base + offset9(word));                                   \
    }                                                                                   \
    EXEC(row##_pre)                                                                     \
    {                                                                                   \
        uint64_t addr = mem_base(cpu, rn(word)) + offset9(word);                        \
        access(cpu, word, size, addr);                                                  \
        set_xsp(cpu, rn(word), addr);                                                   \
    }                                                                                   \
    EXEC(row##_reg)                                                                     \
    {                                                                                   \
        access(cpu, word, size, mem_base(cpu, rn(word)) + offset_reg(cpu, word, size)); \
    }

MODES(load, ldr_simd, word >> 30)
MODES(load, ldr_simd_q, SIZE_Q)
MODES(store, str_simd, word >> 30)
MODES(store, str_simd_q, SIZE_Q)

/* ---- literal and pairs: bits 31..30 are S, D or Q ---- */

static inline unsigned size_sdq(uint32_t word)
{
    return 2 + (word >> 30);
}

EXEC(ldr_simd_lit)
{
    load(cpu, word, size_sdq(word), cpu->pc + (uint64_t)(sbits(word, 23, 5) * 4));
}

static inline uint64_t offset7(uint32_t word)
{
    return (uint64_t)sbits(word, 21, 15) << size_sdq(word);
}

static inline void load_pair(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    unsigned size = size_sdq(word);
    union vreg first = read_vreg(cpu, addr, size);
    union vreg second = read_vreg(cpu, addr + (1u << size), size);

    cpu->v[rd(word)] = first;
    cpu->v[ra(word)] = second; /* Rt2 stands where Ra does */
}

static inline void store_pair(struct cpu *cpu, uint32_t word, uint64_t addr)
{
    unsigned size = size_sdq(word);

    write_vreg(cpu, addr, size, cpu->v[rd(word)]);
    write_vreg(cpu, addr + (1u << size), size, cpu->v[ra(word)]);
}

#define PAIR_MODES(access, row, row_np)                             \
    EXEC(row##_off)                                                 \
    {                                                               \
        access(cpu, word, mem_base(cpu, rn(word)) + offset7(word)); \
    }                                                               \
    EXEC(row_np)                                                    \
    {                                                               \
        access(cpu, word, mem_base(cpu, rn(word)) + offset7(word)); \
    }                                                               \
    EXEC(row##_post)                                                \
    {                                                               \
        uint64_t base = mem_base(cpu, rn(word));                    \
        access(cpu, word, base);                                    \
        set_xsp(cpu, rn(word), base + offset7(word));               \
    }                                                               \
    EXEC(row##_pre)                                                 \
    {                                                               \
        uint64_t addr = mem_base(cpu, rn(word)) + offset7(word);    \
        access(cpu, word, addr);                                    \
        set_xsp(cpu, rn(word), addr);                               \
    }

PAIR_MODES(load_pair, ldp_simd, ldnp_simd)
PAIR_MODES(store_pair, stp_simd, stnp_simd)

/* ---- structures ---- */

/* Post-index by what was accessed, or by a register. */
static void step_base(struct cpu *cpu, uint32_t word, uint64_t base, unsigned bytes)
{
    if (bit(word, 23))
        set_xsp(cpu, rn(word), base + (rm(word) == 31 ? bytes : cpu->x[rm(word)]));
}

static void read_bytes(struct cpu *cpu, uint64_t addr, uint64_t *buffer, unsigned bytes)
{
    for (unsigned i = 0; i < bytes / 8; i++)
        buffer[i] = mem_read64(cpu, addr + 8 * i);
}

static void write_bytes(struct cpu *cpu, uint64_t addr, const uint64_t *buffer, unsigned bytes)
{
    for (unsigned i = 0; i < bytes / 8; i++)
        mem_write64(cpu, addr + 8 * i, buffer[i]);
}

/* Element i of register t of an interleaved structure is element i * regs + t of the buffer. */
union structure {
    uint64_t d[8];
    uint8_t b[64];
    union lanes v[4];
};

static uint64_t structure_element(const union structure *s, unsigned size, unsigned i)
{
    return lane(&s->v[i >> (4 - size)], size, i & ((16u >> size) - 1));
}

static void load_interleaved(struct cpu *cpu, uint32_t word, unsigned regs)
{
    unsigned size = bits(word, 11, 10), bytes = vec_bytes(word);
    uint64_t base = mem_base(cpu, rn(word));
    union structure s = {.d = {0}};

    read_bytes(cpu, base, s.d, regs * bytes);
    for (unsigned t = 0; t < regs; t++) {
        union lanes r = {0};
        for (unsigned i = 0; i < bytes >> size; i++)
            set_lane(&r, size, i, structure_element(&s, size, i * regs + t));
        cpu->v[(rd(word) + t) % 32] = r.v;
    }
    step_base(cpu, word, base, regs * bytes);
}

static void store_interleaved(struct cpu *cpu, uint32_t word, unsigned regs)
{
    unsigned size = bits(word, 11, 10), bytes = vec_bytes(word);
    uint64_t base = mem_base(cpu, rn(word));
    union structure s;

    for (unsigned t = 0; t < regs; t++) {
        union lanes x = vr(cpu, (rd(word) + t) % 32);
        for (unsigned i = 0; i < bytes >> size; i++) {
            unsigned at = i * regs + t;
            set_lane(&s.v[at >> (4 - size)], size, at & ((16u >> size) - 1), lane(&x, size, i));
        }
    }
    write_bytes(cpu, base, s.d, regs * bytes);
    step_base(cpu, word, base, regs * bytes);
}

/* LD1 and ST1 of several registers: one after the other. */
static void load_registers(struct cpu *cpu, uint32_t word, unsigned regs)
{
    unsigned doubles = vec_bytes(word) / 8;
    uint64_t base = mem_base(cpu, rn(word));
    union structure s;

    read_bytes(cpu, base, s.d, regs * doubles * 8);
    for (unsigned t = 0; t < regs; t++)
        cpu->v[(rd(word) + t) % 32] = (union vreg){
            .d = {s.d[t * doubles], doubles == 2 ? s.d[t * 2 + 1] : 0},
        };
    step_base(cpu, word, base, regs * doubles * 8);
}

static void store_registers(struct cpu *cpu, uint32_t word, unsigned regs)
{
    unsigned doubles = vec_bytes(word) / 8;
    uint64_t base = mem_base(cpu, rn(word));
    union structure s;

    for (unsigned i = 0; i < regs * doubles; i++)
        s.d[i] = cpu->v[(rd(word) + i / doubles) % 32].d[i % doubles];
    write_bytes(cpu, base, s.d, regs * doubles * 8);
    step_base(cpu, word, base, regs * doubles * 8);
}

#define STRUCTURE(row, access, regs) \
    EXEC(row)                        \
    {                                \
        access(cpu, word, regs);     \
    }

STRUCTURE(ld1x1, load_registers, 1)
STRUCTURE(ld1x2, load_registers, 2)
STRUCTURE(ld1x3, load_registers, 3)
STRUCTURE(ld1x4, load_registers, 4)
STRUCTURE(ld2, load_interleaved, 2)
STRUCTURE(ld3, load_interleaved, 3)
STRUCTURE(ld4, load_interleaved, 4)
STRUCTURE(st1x1, store_registers, 1)
STRUCTURE(st1x2, store_registers, 2)
STRUCTURE(st1x3, store_registers, 3)
STRUCTURE(st1x4, store_registers, 4)
STRUCTURE(st2, store_interleaved, 2)
STRUCTURE(st3, store_interleaved, 3)
STRUCTURE(st4, store_interleaved, 4)

/* ---- one element of each of one to four registers ---- */

/* opcode<0>:R + 1 */
static unsigned single_regs(uint32_t word)
{
    return (bit(word, 13) << 1 | bit(word, 21)) + 1;
}

/* opcode<2:1> is the size, except that 32 and 64 bits share one and differ in size<0>. */
static unsigned single_size(uint32_t word)
{
    return bits(word, 15, 14) == 2 && bit(word, 10) ? 3 : bits(word, 15, 14);
}

/* Q:S:size without the bits that the size takes. */
static unsigned single_index(uint32_t word)
{
    return (bit(word, 30) << 3 | bits(word, 12, 10)) >> single_size(word);
}

static void read_elements(struct cpu *cpu, uint64_t addr, unsigned size, unsigned n,
                          uint64_t *value)
{
    for (unsigned t = 0; t < n; t++)
        value[t] = mem_read(cpu, addr + ((uint64_t)t << size), size);
}

EXEC(ld_single)
{
    unsigned size = single_size(word), regs = single_regs(word);
    uint64_t base = mem_base(cpu, rn(word)), value[4];

    read_elements(cpu, base, size, regs, value);
    for (unsigned t = 0; t < regs; t++) {
        union lanes r = vr(cpu, (rd(word) + t) % 32);
        set_lane(&r, size, single_index(word), value[t]);
        cpu->v[(rd(word) + t) % 32] = r.v;
    }
    step_base(cpu, word, base, regs << size);
}

EXEC(st_single)
{
    unsigned size = single_size(word), regs = single_regs(word);
    uint64_t base = mem_base(cpu, rn(word));

    for (unsigned t = 0; t < regs; t++) {
        union lanes x = vr(cpu, (rd(word) + t) % 32);
        mem_write(cpu, base + ((uint64_t)t << size), size, lane(&x, size, single_index(word)));
    }
    step_base(cpu, word, base, regs << size);
}

EXEC(ld_replicate)
{
    unsigned size = bits(word, 11, 10), regs = single_regs(word);
    uint64_t base = mem_base(cpu, rn(word)), value[4];

    read_elements(cpu, base, size, regs, value);
    for (unsigned t = 0; t < regs; t++)
        set_vr(cpu, (rd(word) + t) % 32, lanes_of(size, value[t]), vec_bytes(word));
    step_base(cpu, word, base, regs << size);
}
