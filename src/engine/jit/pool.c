/*
 * What the pool of constants holds: see pool.h. Numbers and masks are the same
 * in every lane, orders for PSHUFB are listed or follow from a rule.
 */
#include "engine/jit/pool.h"

#include <string.h>

#include "engine/interp/fpu.h"

/* A number in every lane of 1 << size bytes. */
static const struct lanes_of {
    uint16_t at;
    uint8_t size;
    uint64_t value;
} every_lane[] = {
    {K_ABS_2D, 3, 0x7fffffffffffffff},
    {K_SIGN_2D, 3, 0x8000000000000000},
    {K_ABS_4S, 2, 0x7fffffff},
    {K_SIGN_4S, 2, 0x80000000},
    {K_EVEN_BYTES, 1, 0xff},
    {K_NIBBLES, 0, 0x0f},
    {K_BYTES_10, 0, 0x10},
    {K_BYTES_70, 0, 0x70},
    {K_ONES, 3, UINT64_MAX},
    {K_EVEN_HALVES, 2, 0xffff},
    {K_EVEN_WORDS, 3, 0xffffffff},
    {K_BYTES_01, 0, 1},
    {K_HALVES_01, 1, 1},
    {K_WORDS_01, 2, 1},
    {K_DOUBLES_01, 3, 1},
    {K_SIGN_16B, 0, 0x80},
    {K_SIGN_8H, 1, 0x8000},
    {K_MAX_16B, 0, 0x7f},
    {K_MAX_8H, 1, 0x7fff},
    {K_ROUND_H, 2, 0x4000},
    {K_ROUND_S, 3, 0x40000000},
    {K_LOW_BYTE_2D, 3, 0xff},
    {K_BYTES_40, 0, 0x40},
    {K_WIDTH, 1, 8},
    {K_WIDTH + 16, 2, 16},
    {K_ABS_4S + 16, 2, 0x7fffffff},
    {K_MAX_8H + 16, 1, 0x7fff},
    {K_ONES + 16, 3, UINT64_MAX},
    {K_UNIT_16B, 1, 0x100},
    {K_UNIT_16B + 16, 1, 0x100},
    {K_UNIT_8H, 2, 0x10000},
    {K_UNIT_8H + 16, 2, 0x10000},
    {K_LEAST_2D, 3, 0x0010000000000000},
    {K_LEAST_4S, 2, 0x00800000},
    {K_RECIP_2D, 3, 0x7fcfffffffffffff},
    {K_RECIP_4S, 2, 0x7e7fffff},
    {K_FINITE_2D, 3, 0x7fefffffffffffff},
    {K_FINITE_4S, 2, 0x7f7fffff},
    {K_EXPONENT_2D, 3, 0x7ff0000000000000},
    {K_EXPONENT_4S, 2, 0x7f800000},
    {K_RECIP_FROM_2D, 3, 2045ull << 52},
    {K_RECIP_FROM_4S, 2, 253ull << 23},
    {K_ROOT_FROM_2D, 3, 3068ull << 52},
    {K_ROOT_FROM_4S, 2, 380ull << 23},
    {K_TABLE, 0, 0x0f},
    {K_TABLE + 16, 0, 0x1f},
    {K_TABLE + 32, 0, 0x2f},
    {K_TABLE + 48, 0, 0x3f},
    {K_HIGH_HALF, 1, 0x80},
    {K_HIGH_HALF + 16, 2, 0x8000},
    {K_HIGH_HALF + 32, 3, 0x80000000},
    {K_HALF_2D, 3, 0x3fe0000000000000},
    {K_HALF_4S, 2, 0x3f000000},
    {K_ONE_2D, 3, 0x3ff0000000000000},
    {K_ONE_4S, 2, 0x3f800000},
    {K_TWO_2D, 3, 0x4000000000000000},
    {K_TWO_4S, 2, 0x40000000},
    {K_THREE_2D, 3, 0x4008000000000000},
    {K_THREE_4S, 2, 0x40400000},
    {K_LARGE_2D, 3, 0x5fe0000000000000},
    {K_LARGE_4S, 2, 0x5f000000},
    {K_CLIP_2D, 3, 0x47f0000000000000},
    {K_CLIP_4S, 2, 0x5f000000},
    {K_NCLIP_2D, 3, 0xc7f0000000000000},
    {K_NCLIP_4S, 2, 0xdf000000},
    {K_BELOW63_2D, 3, 0x43dfffffffffffff},
    {K_BELOW31_4S, 2, 0x4effffff},
    {K_TWO16_4S, 2, 0x47800000},
    {K_TWO52_2D, 3, 0x4330000000000000},
    {K_TWO84_2D, 3, 0x4530000000000000},
    {K_TWO84_52_2D, 3, 0x4530000000100000},
    {K_SHA1, 2, 0xa57d8667},
    {K_SHA1 + 16, 2, 0x9126145f},
    {K_SHA1 + 32, 2, 0x70e44324},
    {K_RBIT, 3, 0x8040201008040201},
};

/* Sixteen bytes as they are. */
static const struct pair {
    uint16_t at;
    uint64_t low, high;
} pairs[] = {
    {K_ABS_D, 0x7fffffffffffffff, 0},
    {K_SIGN_D, 0x8000000000000000, 0},
    {K_ABS_S, 0x7fffffff, 0},
    {K_SIGN_S, 0x80000000, 0},
    {K_BITS, 0x0302020102010100, 0x0403030203020201},
    {K_CLZ_LOW, 0x0505050506060708, 0x0404040404040404},
    {K_CLZ_HIGH, 0x01010101020203ff, 0},
    {K_RBIT_LOW, 0xe060a020c0408000, 0xf070b030d0509010},
    {K_RBIT_HIGH, 0x0e060a020c040800, 0x0f070b030d050901},
    {K_REVERSE, 0x0607040502030001, 0x0e0f0c0d0a0b0809},
    {K_REVERSE + 16, 0x0405060700010203, 0x0c0d0e0f08090a0b},
    {K_REVERSE + 32, 0x0504070601000302, 0x0d0c0f0e09080b0a},
    {K_REVERSE + 48, 0x0001020304050607, 0x08090a0b0c0d0e0f},
    {K_REVERSE + 64, 0x0100030205040706, 0x09080b0a0d0c0f0e},
    {K_REVERSE + 80, 0x0302010007060504, 0x0b0a09080f0e0d0c},
    {K_CRC32, 0xb4e5b025f7011641, 0x1db710641},
    {K_LANE, 0xff, 0},
    {K_LANE + 16, 0xffff, 0},
    {K_LANE + 32, 0xffffffff, 0},
    {K_LANE + 48, UINT64_MAX, 0},
};

static void put_lanes(uint8_t *to, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < 16; i += 1u << size)
        memcpy(to + i, &value, 1u << size);
}

/* Every 1 << step-th lane of 1 << size bytes, from the first, then from the second... */
static void put_strided(uint8_t *to, unsigned size, unsigned step)
{
    unsigned lanes = 16u >> size, phases = 1u << step;
    for (unsigned i = 0; i < 16; i++) {
        unsigned lane = i >> size, per_phase = lanes / phases;
        unsigned from = lane % per_phase * phases + lane / per_phase;
        to[i] = (uint8_t)(from << size | (i & ((1u << size) - 1)));
    }
}

/* Memory holds lane 0 of three registers, lane 1 of them...; rows are 16 bytes of it. 0x80 is no byte. */
static void put_threes(uint8_t *pool, unsigned size)
{
    uint8_t *split = pool + K_SPLIT3 + 144 * size, *merge = pool + K_MERGE3 + 144 * size;
    memset(split, 0x80, 144);
    memset(merge, 0x80, 144);
    for (unsigned byte = 0; byte < 48; byte++) {
        unsigned lane = byte >> size, row = byte / 16, reg = lane % 3;
        unsigned in_reg = lane / 3 << size | (byte & ((1u << size) - 1));
        split[16 * (3 * reg + row) + in_reg] = byte % 16;
        merge[16 * (3 * row + reg) + byte % 16] = (uint8_t)in_reg;
    }
}

/* The estimates of Arm ARM J1.3 (RecipEstimate, RecipSqrtEstimate); an even field has the odd exponent. */
static void put_estimates(uint8_t *pool)
{
    for (uint32_t i = 0; i < 512; i++) {
        uint32_t fraction = i & 255, a = i < 256 ? 256 + fraction : 128 + fraction / 2;
        uint32_t recip = fpu_recip_estimate_u32((256 + fraction) << 23) >> 23,
                 root = fpu_rsqrt_estimate_u32(a << 23) >> 23;
        recip = (recip & 255) << 15;
        root = (root & 255) << 15;
        if (i < 256)
            memcpy(pool + K_RECIP_TABLE + 4ul * i, &recip, 4);
        memcpy(pool + K_ROOT_TABLE + 4ul * i, &root, 4);
    }
}

void emit_pool(struct emit *e)
{
    uint8_t *pool = e->p;
    e->pool = pool;
    e->p += K_POOL_BYTES;
    for (unsigned i = 0; i < ARRAY_LEN(every_lane); i++)
        put_lanes(pool + every_lane[i].at, every_lane[i].size, every_lane[i].value);
    for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
        memcpy(pool + pairs[i].at, &pairs[i].low, 8);
        memcpy(pool + pairs[i].at + 8, &pairs[i].high, 8);
    }
    for (unsigned count = 0; count <= 8; count++) {
        put_lanes(pool + K_SHL_BYTES + 16 * count, 0, 0xffu << count & 0xff);
        put_lanes(pool + K_SHR_BYTES + 16 * count, 0, 0xffu >> count);
        put_lanes(pool + K_SAR_BYTES + 16 * count, 0, 0x80u >> count);
    }
    for (unsigned count = 1; count <= 15; count++)
        put_lanes(pool + K_SHIFT_MUL + 16 * (count - 1), 1, 0x8000u >> count);
    for (unsigned size = 0; size <= 1; size++) {
        put_strided(pool + K_HALVES + 16 * size, size, 1);
        put_strided(pool + K_QUARTERS + 16 * size, size, 2);
    }
    for (unsigned size = 0; size <= 3; size++)
        put_threes(pool, size);
    put_estimates(pool);
}
