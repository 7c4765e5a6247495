/*
 * What the instruction tests share: the state before and after some
 * instructions, and where its code and data lie. A case file is a struct
 * insn_file, then struct insn_case in a row; a result file holds a struct
 * insn_state for each case.
 *
 *   INSN_CODE + 64 * i   the instructions of case i, then BRK
 *   all around           BRK, 1 MiB to both sides
 *   INSN_DATA            INSN_DATA_BYTES, unmapped to both sides; state.mem is the window
 *                        at INSN_DATA + state.window, the rest is zero
 */
#ifndef INSN_CASE_H
#define INSN_CASE_H

#include <stdint.h>

#define INSN_DATA 0x200000000000ull
#define INSN_DATA_BYTES 0x10000u
#define INSN_WINDOW 512u
#define INSN_CODE_BASE 0x201000000000ull
#define INSN_CODE_MARGIN 0x100000ull
#define INSN_CODE (INSN_CODE_BASE + INSN_CODE_MARGIN)
#define INSN_SLOT 64u
#define INSN_SLOT_WORDS 16u
#define INSN_MAX_CASES 0x10000u
#define INSN_BRK 0xd4200000u

struct insn_state {
    uint64_t x[31], sp, pc;
    uint32_t nzcv, fpcr, fpsr;
    uint32_t window; /* offset of mem in the data region, a multiple of 16 */
    unsigned __int128 v[32];
    uint8_t mem[INSN_WINDOW];
    /* results only: the signal that ended the case */
    int32_t sig, code;
    uint64_t addr;
};

struct insn_case {
    uint32_t word[INSN_SLOT_WORDS]; /* the rest is BRK */
    struct insn_state in;
};

struct insn_file {
    uint32_t count;
    uint32_t pad[3];
};

#endif
