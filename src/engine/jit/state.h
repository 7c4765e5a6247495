/*
 * How guest state lies in the host while translated code runs: R15 points into
 * struct cpu, eleven general and up to twenty-eight vector registers of the
 * guest are pinned, everything else is in its slot of struct cpu. The same
 * at every point of every region, so that links, faults and exits need no maps.
 *
 *   RAX RCX RDX      scratch within one guest instruction
 *   RSP              the thread's shadow call stack (run.c), 16-aligned between instructions
 *   R15              &cpu + STATE_BIAS: X0..X30 and SP are in reach of a disp8
 *   XMM12..XMM15     scratch; V0-V7, V28-V31 in XMM0-11, with AVX-512VL V12-V27 in XMM16-31
 */
#ifndef ENGINE_JIT_STATE_H
#define ENGINE_JIT_STATE_H

#include "a64/cpu.h"
#include "engine/jit/emit.h"
#include "engine/jit/pool.h"

#define STATE_BIAS 128

/* cpu->engine_word[]: what translated code keeps for itself. */
enum jit_word {
    JW_FLAGS, /* 16 bits: AH as LAHF gives it, AL = overflow; carry means "no borrow" inverted (as after SUB) */
    JW_HASH,       /* struct jit_entry *: the thread's table of indirect targets */
    JW_SHADOW_SP,  /* RSP while the thread is outside translated code */
    JW_SHADOW_TOP, /* its value when empty */
    JW_HOST_SP,    /* RSP of the C code that entered */
    JW_TEMP,
    JW_PENDING, /* 32 bits: a store-release that no barrier followed (lift_atomic.c); 0 outside translated code */
    JW_SPILL, /* 32 bytes: a vector that the scratch registers have no room for */
    JW_SPILL_LAST = JW_SPILL + 3,
    JW_COUNT
};

_Static_assert(JW_COUNT <= CPU_ENGINE_WORDS, "struct cpu has too few engine words");

static inline struct rm slot(size_t offset)
{
    return rm_mem(R15, (int32_t)offset - STATE_BIAS);
}

#define CPU_SLOT(field) slot(offsetof(struct cpu, field))

static inline struct rm word_slot(enum jit_word w)
{
    return slot(offsetof(struct cpu, engine_word) + 8 * w);
}

/* Guest registers whose pins are lent for a moment, RBX and R14; they wait in their slots (lift_atomic.c). */
enum { LENT_RBX = 2, LENT_R14 = 19 };

/* The guest register SP among general registers; 31 is XZR where an instruction says so. */
#define GPR_SP 31

/* Host register of guest X0..X30 or GPR_SP, or NOREG when it lives in its slot. */
extern const int8_t pin_of_gpr[32];

/* XMM of a guest V register or NOREG; set once by jit_pins_init. */
extern int8_t pin_of_vreg[32];

#define XMM_T0 12 /* scratch of the lifters */
#define XMM_T1 13
#define XMM_T2 14
#define XMM_T3 15

void jit_pins_init(bool avx512);

static inline struct rm gpr_slot(unsigned n)
{
    return n == GPR_SP ? CPU_SLOT(sp) : slot(offsetof(struct cpu, x) + 8 * n);
}

static inline struct rm vreg_slot(unsigned n)
{
    return slot(offsetof(struct cpu, v) + 16 * n);
}

/* What TSO lacks, store before load: a locked operation on a line of the thread's own. Changes EFLAGS. */
void emit_barrier(struct emit *e);

/* All pinned registers to their slots, and back. Change no EFLAGS. */
void emit_save_pins(struct emit *e);
void emit_load_pins(struct emit *e);

#endif
