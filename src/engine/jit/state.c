/*
 * The pin tables. General registers: the eleven that gcc-built programs use
 * most (86 % of operands on average). SP is RBP, x0-x3 sit where no REX is
 * needed for 32-bit work.
 */
#include "engine/jit/state.h"

#include "engine/jit/vops.h"

const int8_t pin_of_gpr[32] = {
    [0] = RDI,    [1] = RSI,      [2] = RBX,    [3] = R8,     [4] = R9,     [5] = R10,
    [6] = R11,    [7] = NOREG,    [8] = NOREG,  [9] = NOREG,  [10] = NOREG, [11] = NOREG,
    [12] = NOREG, [13] = NOREG,   [14] = NOREG, [15] = NOREG, [16] = NOREG, [17] = NOREG,
    [18] = NOREG, [19] = R14,     [20] = R12,   [21] = NOREG, [22] = R13,   [23] = NOREG,
    [24] = NOREG, [25] = NOREG,   [26] = NOREG, [27] = NOREG, [28] = NOREG, [29] = NOREG,
    [30] = NOREG, [GPR_SP] = RBP,
};

int8_t pin_of_vreg[32];

void jit_pins_init(bool avx512)
{
    for (int n = 0; n < 32; n++)
        pin_of_vreg[n] = (int8_t)(n < 12 ? n : n < 28 && avx512 ? n + 4 : NOREG);
}

void emit_save_pins(struct emit *e)
{
    for (unsigned n = 0; n < 32; n++)
        if (pin_of_gpr[n] != NOREG)
            x_store(e, true, gpr_slot(n), pin_of_gpr[n]);
    for (unsigned n = 0; n < 32; n++)
        if (pin_of_vreg[n] != NOREG)
            x_v(e, VMOVDQU_ST, pin_of_vreg[n], 0, vreg_slot(n));
}

void emit_load_pins(struct emit *e)
{
    for (unsigned n = 0; n < 32; n++)
        if (pin_of_gpr[n] != NOREG)
            x_load(e, true, pin_of_gpr[n], gpr_slot(n));
    for (unsigned n = 0; n < 32; n++)
        if (pin_of_vreg[n] != NOREG)
            x_v(e, VMOVDQU_LD, pin_of_vreg[n], 0, vreg_slot(n));
}

void emit_pool(struct emit *e)
{
    static const uint64_t pool[K_POOL_BYTES / 8] = {
        [K_ABS_D / 8] = 0x7fffffffffffffff,
        [K_SIGN_D / 8] = 0x8000000000000000,
        [K_ABS_S / 8] = 0x7fffffff,
        [K_SIGN_S / 8] = 0x80000000,
        [K_ABS_2D / 8] = 0x7fffffffffffffff,
        0x7fffffffffffffff,
        [K_SIGN_2D / 8] = 0x8000000000000000,
        0x8000000000000000,
        [K_ABS_4S / 8] = 0x7fffffff7fffffff,
        0x7fffffff7fffffff,
        [K_SIGN_4S / 8] = 0x8000000080000000,
        0x8000000080000000,
        [K_TWO63_D / 8] = 0x43e0000000000000,
        [K_TWO63_S / 8] = 0x5f000000,
        [K_EVEN_BYTES / 8] = 0x00ff00ff00ff00ff,
        0x00ff00ff00ff00ff,
        [K_NIBBLES / 8] = 0x0f0f0f0f0f0f0f0f,
        0x0f0f0f0f0f0f0f0f,
        [K_BYTES_10 / 8] = 0x1010101010101010,
        0x1010101010101010,
        [K_BYTES_70 / 8] = 0x7070707070707070,
        0x7070707070707070,
        [K_BITS / 8] = 0x0302020102010100,
        0x0403030203020201,
        [K_REVERSE / 8] = 0x0607040502030001,
        0x0e0f0c0d0a0b0809,
        0x0405060700010203,
        0x0c0d0e0f08090a0b,
        0x0504070601000302,
        0x0d0c0f0e09080b0a,
        0x0001020304050607,
        0x08090a0b0c0d0e0f,
        0x0100030205040706,
        0x09080b0a0d0c0f0e,
        0x0302010007060504,
        0x0b0a09080f0e0d0c,
        [K_CRC32 / 8] = 0xb4e5b025f7011641,
        0x00000001db710641,
        [K_SHA1 / 8] = 0xa57d8667a57d8667,
        0xa57d8667a57d8667,
        0x9126145f9126145f,
        0x9126145f9126145f,
        0x70e4432470e44324,
        0x70e4432470e44324,
    };
    e->pool = e->p;
    for (unsigned i = 0; i < ARRAY_LEN(pool); i++)
        e64(e, pool[i]);
}
