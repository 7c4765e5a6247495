/*
 * CRC32 and CRC32C (Arm ARM C6.2, Poly32Mod2 of J1.1): the accumulator and the
 * data enter bit-reversed, so this is the usual reflected division, a nibble
 * at a time.
 */
#include "engine/interp/exec.h"

static uint32_t crc_step(uint32_t crc, uint64_t data, unsigned bytes, uint32_t reflected_poly)
{
    for (unsigned i = 0; i < bytes; i++) {
        crc ^= (uint8_t)(data >> (8 * i));
        for (unsigned k = 0; k < 8; k++)
            crc = crc >> 1 ^ (reflected_poly & -(crc & 1));
    }
    return crc;
}

enum { POLY_CRC32 = 0xedb88320u, POLY_CRC32C = 0x82f63b78u };

EXEC(crc32)
{
    unsigned bytes = 1u << bits(word, 11, 10);

    set_xr(cpu, rd(word), crc_step(wr(cpu, rn(word)), xr(cpu, rm(word)), bytes, POLY_CRC32));
}

EXEC(crc32x)
{
    set_xr(cpu, rd(word), crc_step(wr(cpu, rn(word)), xr(cpu, rm(word)), 8, POLY_CRC32));
}

EXEC(crc32c)
{
    unsigned bytes = 1u << bits(word, 11, 10);

    set_xr(cpu, rd(word), crc_step(wr(cpu, rn(word)), xr(cpu, rm(word)), bytes, POLY_CRC32C));
}

EXEC(crc32cx)
{
    set_xr(cpu, rd(word), crc_step(wr(cpu, rn(word)), xr(cpu, rm(word)), 8, POLY_CRC32C));
}
