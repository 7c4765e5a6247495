/*
 * SM3 and SM4 (Arm ARM C4.1.96 "Cryptographic three-register", "four-register",
 * "two-register SHA 512"; GB/T 32905, GB/T 32907).
 */
#include "engine/interp/simd.h"

static inline uint32_t rol(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

/* ---- SM3 ---- */

EXEC(sm3ss1)
{
    uint32_t n = cpu->v[rn(word)].s[3], m = cpu->v[rm(word)].s[3], a = cpu->v[ra(word)].s[3];

    set_vr(cpu, rd(word), (union lanes){.u32 = {0, 0, 0, rol(rol(n, 12) + m + a, 7)}}, 16);
}

/* The word of the message schedule that bits 13..12 select. */
static uint32_t schedule_word(const struct cpu *cpu, uint32_t word)
{
    return cpu->v[rm(word)].s[bits(word, 13, 12)];
}

static uint32_t parity(union lanes d)
{
    return d.u32[1] ^ d.u32[2] ^ d.u32[3];
}

static uint32_t majority(union lanes d)
{
    return (d.u32[3] & d.u32[1]) | (d.u32[3] & d.u32[2]) | (d.u32[1] & d.u32[2]);
}

static uint32_t choose(union lanes d)
{
    return (d.u32[3] & d.u32[2]) | (~d.u32[3] & d.u32[1]);
}

static void sm3tt1(struct cpu *cpu, uint32_t word, uint32_t mixed)
{
    union lanes d = vr(cpu, rd(word));
    uint32_t tt1 =
        mixed + d.u32[0] + (cpu->v[rn(word)].s[3] ^ rol(d.u32[3], 12)) + schedule_word(cpu, word);

    set_vr(cpu, rd(word), (union lanes){.u32 = {d.u32[1], rol(d.u32[2], 9), d.u32[3], tt1}}, 16);
}

static void sm3tt2(struct cpu *cpu, uint32_t word, uint32_t mixed)
{
    union lanes d = vr(cpu, rd(word));
    uint32_t tt2 = mixed + d.u32[0] + cpu->v[rn(word)].s[3] + schedule_word(cpu, word);

    tt2 ^= rol(tt2, 9) ^ rol(tt2, 17);
    set_vr(cpu, rd(word), (union lanes){.u32 = {d.u32[1], rol(d.u32[2], 19), d.u32[3], tt2}}, 16);
}

EXEC(sm3tt1a)
{
    sm3tt1(cpu, word, parity(vr(cpu, rd(word))));
}

EXEC(sm3tt1b)
{
    sm3tt1(cpu, word, majority(vr(cpu, rd(word))));
}

EXEC(sm3tt2a)
{
    sm3tt2(cpu, word, parity(vr(cpu, rd(word))));
}

EXEC(sm3tt2b)
{
    sm3tt2(cpu, word, choose(vr(cpu, rd(word))));
}

EXEC(sm3partw1)
{
    union lanes r = vr(cpu, rd(word)), m = vr(cpu, rm(word));

    r.u128 ^= vr(cpu, rn(word)).u128;
    for (unsigned i = 0; i < 4; i++) {
        r.u32[i] ^= rol(i < 3 ? m.u32[i + 1] : r.u32[0], 15);
        r.u32[i] ^= rol(r.u32[i], 15) ^ rol(r.u32[i], 23);
    }
    set_vr(cpu, rd(word), r, 16);
}

EXEC(sm3partw2)
{
    union lanes r = vr(cpu, rd(word)), t = vr(cpu, rn(word)), m = vr(cpu, rm(word));

    for (unsigned i = 0; i < 4; i++)
        t.u32[i] ^= rol(m.u32[i], 7);
    r.u128 ^= t.u128;
    uint32_t last = rol(t.u32[0], 15);
    r.u32[3] ^= last ^ rol(last, 15) ^ rol(last, 23);
    set_vr(cpu, rd(word), r, 16);
}

/* ---- SM4 ---- */

static const uint8_t sm4_box[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
    0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
    0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
    0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
    0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
    0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
    0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
    0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
    0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
    0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48,
};

/* Four rounds on state with the words of key; turns: the linear step's rotations, 0 ends them. */
static union lanes sm4_rounds(union lanes state, union lanes key, const uint8_t *turns)
{
    for (unsigned i = 0; i < 4; i++) {
        union lanes t = {.u32 = {state.u32[1] ^ state.u32[2] ^ state.u32[3] ^ key.u32[i]}};
        for (unsigned k = 0; k < 4; k++)
            t.u8[k] = sm4_box[t.u8[k]];
        uint32_t next = state.u32[0] ^ t.u32[0];
        for (const uint8_t *turn = turns; *turn != 0; turn++)
            next ^= rol(t.u32[0], *turn);
        state = (union lanes){.u32 = {state.u32[1], state.u32[2], state.u32[3], next}};
    }
    return state;
}

EXEC(sm4e)
{
    static const uint8_t turns[] = {2, 10, 18, 24, 0};

    set_vr(cpu, rd(word), sm4_rounds(vr(cpu, rd(word)), vr(cpu, rn(word)), turns), 16);
}

EXEC(sm4ekey)
{
    static const uint8_t turns[] = {13, 23, 0};

    set_vr(cpu, rd(word), sm4_rounds(vr(cpu, rn(word)), vr(cpu, rm(word)), turns), 16);
}
