/*
 * The pin tables. General registers: the eleven that gcc-built programs use
 * most (86 % of operands on average). SP is RBP, x0-x3 sit where no REX is
 * needed for 32-bit work. Vector registers: gcc allocates from V31 down (V28 to
 * V31 are half of the operands of its programs), clang and arguments from V0 up;
 * V8 to V15 have to be saved by callees and are the rarest.
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
    for (int n = 0; n < 32; n++) {
        int x = n < 8 ? n : n >= 28 ? n - 20 : n >= 12 && avx512 ? n + 4 : NOREG;
        pin_of_vreg[n] = (int8_t)x;
    }
}

void emit_barrier(struct emit *e)
{
    x_lock(e);
    x_alu_imm(e, ALU_AND, false, word_slot(JW_PENDING), 0);
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
