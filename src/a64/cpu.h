/*
 * The registers of one guest thread, as Linux on arm64 shows them to EL0, and
 * the few words beside them that engines need. One struct per thread; only
 * its own thread writes it, except `poll`, which anyone may set.
 *
 * The layout of the hot part is known to the translator (offsets are taken
 * with offsetof, so order here is free; keep hot fields in the first 256 bytes).
 */
#ifndef A64_CPU_H
#define A64_CPU_H

#include "base/types.h"

struct engine;
struct cpu_model;
struct trap;

union vreg {
    uint64_t d[2];
    uint32_t s[4];
    uint16_t h[8];
    uint8_t b[16];
    unsigned __int128 q;
} __attribute__((aligned(16)));

/* PSTATE.NZCV as in the architecture: bits 31..28 of a word. */
#define NZCV_N (1u << 31)
#define NZCV_Z (1u << 30)
#define NZCV_C (1u << 29)
#define NZCV_V (1u << 28)

#define CPU_ENGINE_WORDS 12

struct cpu {
    uint64_t x[31]; /* X0..X30 */
    uint64_t sp;
    uint64_t pc;            /* the instruction being executed; exact in every trap */
    uint64_t next;          /* where control goes after it; exec functions that branch write it */
    uint32_t nzcv;          /* canonical: only bits 31..28 may be set */
    volatile uint32_t poll; /* non-zero: leave guest code with TRAP_INTERRUPT at the next chance */
    uint32_t fpcr;
    uint32_t fpsr;
    uint64_t tpidr_el0;
    uint64_t tpidr2_el0;
    union vreg v[32];

    /* Local exclusive monitor (Arm ARM B2.9): address, size in bytes (0 = open) and the value loaded. */
    uint64_t excl_addr;
    uint64_t excl_size;
    union vreg excl_value;

    uint8_t ssbs, dit, btype, tco; /* PSTATE bits of which user space sees something */

    uint64_t vdso_page; /* page of the guest's vDSO: HLT #0x1e5 there is its clock call; 0 = none */
    uint8_t single_step; /* run() does one instruction and ends with TRAP_STEP */

    const struct cpu_model *model;
    const struct engine *engine;
    void *engine_thread; /* the engine's own data for this thread */
    struct trap
        *raised; /* run()'s: where engine_raise puts its trap; NULL once it did (engine/raise.h) */

    /* Told of each store of the interpreter just before it, by address and bytes; mostly NULL. */
    void (*on_store)(struct cpu *cpu, uint64_t addr, unsigned bytes);

    /* Words that the running engine keeps for itself where its code reaches them from the registers. */
    uint64_t engine_word[CPU_ENGINE_WORDS];
};

#endif
