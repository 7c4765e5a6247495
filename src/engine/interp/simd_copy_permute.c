/*
 * Moves of lanes: Arm ARM C4.1.96 "Advanced SIMD copy", "permute", "extract",
 * "table lookup" and "modified immediate".
 */
#include "a64/simd_imm.h"
#include "engine/interp/simd.h"

/* ---- copy: the lowest set bit of imm5 names the size, the bits above it the lane ---- */

static unsigned imm5_size(uint32_t word)
{
    return (unsigned)__builtin_ctz(bits(word, 20, 16));
}

static unsigned imm5_index(uint32_t word)
{
    return bits(word, 20, 16) >> (imm5_size(word) + 1);
}

static uint64_t imm5_lane(const struct cpu *cpu, uint32_t word)
{
    union lanes x = vr(cpu, rn(word));

    return lane(&x, imm5_size(word), imm5_index(word));
}

EXEC(dup_elem)
{
    set_vr(cpu, rd(word), lanes_of(imm5_size(word), imm5_lane(cpu, word)), vec_bytes(word));
}

EXEC(dup_gen)
{
    set_vr(cpu, rd(word), lanes_of(imm5_size(word), xr(cpu, rn(word))), vec_bytes(word));
}

EXEC(dup_scalar)
{
    cpu->v[rd(word)] = (union vreg){.d = {imm5_lane(cpu, word), 0}};
}

EXEC(umov)
{
    set_xr(cpu, rd(word), imm5_lane(cpu, word));
}

EXEC(smov)
{
    unsigned unused = 64 - (8u << imm5_size(word));
    int64_t v = (int64_t)(imm5_lane(cpu, word) << unused) >> unused;

    set_xr(cpu, rd(word), bit(word, 30) ? (uint64_t)v : (uint32_t)v);
}

static void insert(struct cpu *cpu, uint32_t word, uint64_t value)
{
    union lanes r = vr(cpu, rd(word));

    set_lane(&r, imm5_size(word), imm5_index(word), value);
    set_vr(cpu, rd(word), r, 16);
}

EXEC(ins_gen)
{
    insert(cpu, word, xr(cpu, rn(word)));
}

EXEC(ins_elem)
{
    union lanes x = vr(cpu, rn(word));

    insert(cpu, word, lane(&x, imm5_size(word), bits(word, 14, 11) >> imm5_size(word)));
}

/* ---- permute ---- */

static void unzip(struct cpu *cpu, uint32_t word, unsigned part)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word));
    unsigned bytes = vec_bytes(word);

    set_vr(cpu, rd(word), simd_unzip(&x, &y, size_field(word), bytes, part), bytes);
}

static void zip(struct cpu *cpu, uint32_t word, unsigned part)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r;
    unsigned size = size_field(word), pairs = vec_bytes(word) >> (size + 1);

    for (unsigned i = 0; i < pairs; i++) {
        set_lane(&r, size, 2 * i, lane(&x, size, part * pairs + i));
        set_lane(&r, size, 2 * i + 1, lane(&y, size, part * pairs + i));
    }
    set_vr(cpu, rd(word), r, vec_bytes(word));
}

static void transpose(struct cpu *cpu, uint32_t word, unsigned part)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r;
    unsigned size = size_field(word), pairs = vec_bytes(word) >> (size + 1);

    for (unsigned i = 0; i < pairs; i++) {
        set_lane(&r, size, 2 * i, lane(&x, size, 2 * i + part));
        set_lane(&r, size, 2 * i + 1, lane(&y, size, 2 * i + part));
    }
    set_vr(cpu, rd(word), r, vec_bytes(word));
}

EXEC(uzp1)
{
    unzip(cpu, word, 0);
}

EXEC(uzp2)
{
    unzip(cpu, word, 1);
}

EXEC(zip1)
{
    zip(cpu, word, 0);
}

EXEC(zip2)
{
    zip(cpu, word, 1);
}

EXEC(trn1)
{
    transpose(cpu, word, 0);
}

EXEC(trn2)
{
    transpose(cpu, word, 1);
}

EXEC(ext)
{
    union lanes x = vr(cpu, rn(word)), y = vr(cpu, rm(word)), r;
    unsigned bytes = vec_bytes(word), from = bits(word, 14, 11);

    for (unsigned i = 0; i < bytes; i++)
        r.u8[i] = from + i < bytes ? x.u8[from + i] : y.u8[from + i - bytes];
    set_vr(cpu, rd(word), r, bytes);
}

/* ---- table: one to four registers from Vn on; an index beyond them leaves r's byte ---- */

static void table(struct cpu *cpu, uint32_t word, union lanes r)
{
    union lanes index = vr(cpu, rm(word));
    unsigned entries = 16 * (bits(word, 14, 13) + 1);

    for (unsigned i = 0; i < 16; i++) {
        unsigned j = index.u8[i];
        if (j < entries)
            r.u8[i] = cpu->v[(rn(word) + j / 16) % 32].b[j % 16];
    }
    set_vr(cpu, rd(word), r, vec_bytes(word));
}

EXEC(tbl)
{
    table(cpu, word, (union lanes){0});
}

EXEC(tbx)
{
    table(cpu, word, vr(cpu, rd(word)));
}

/* ---- modified immediate: what to do with it is the row, the value is a64_simd_imm ---- */

static void set_imm(struct cpu *cpu, uint32_t word, uint64_t imm)
{
    set_vr(cpu, rd(word), (union lanes){.u64 = {imm, imm}}, vec_bytes(word));
}

#define MODIFIED_IMMEDIATE(row, value)     \
    EXEC(row)                              \
    {                                      \
        uint64_t imm = a64_simd_imm(word); \
        set_imm(cpu, word, value);         \
    }

MODIFIED_IMMEDIATE(movi_b, imm)
MODIFIED_IMMEDIATE(movi_h, imm)
MODIFIED_IMMEDIATE(movi_s, imm)
MODIFIED_IMMEDIATE(movi_d, imm)
MODIFIED_IMMEDIATE(movi_msl, imm)
MODIFIED_IMMEDIATE(fmov_imm_vec_h, imm)
MODIFIED_IMMEDIATE(fmov_imm_vec_s, imm)
MODIFIED_IMMEDIATE(fmov_imm_vec_d, imm)
MODIFIED_IMMEDIATE(mvni_h, ~imm)
MODIFIED_IMMEDIATE(mvni_s, ~imm)
MODIFIED_IMMEDIATE(mvni_msl, ~imm)

static void combine_imm(struct cpu *cpu, uint32_t word, bool clear)
{
    uint64_t imm = a64_simd_imm(word);
    union lanes r = vr(cpu, rd(word));

    for (unsigned i = 0; i < 2; i++)
        r.u64[i] = clear ? r.u64[i] & ~imm : r.u64[i] | imm;
    set_vr(cpu, rd(word), r, vec_bytes(word));
}

#define COMBINE_IMMEDIATE(row, clear)  \
    EXEC(row)                          \
    {                                  \
        combine_imm(cpu, word, clear); \
    }

COMBINE_IMMEDIATE(orr_imm_h, false)
COMBINE_IMMEDIATE(orr_imm_s, false)
COMBINE_IMMEDIATE(bic_imm_h, true)
COMBINE_IMMEDIATE(bic_imm_s, true)
