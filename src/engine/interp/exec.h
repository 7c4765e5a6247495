/*
 * What every exec_ function needs: the prototypes (one per row of a64.def),
 * operand fields, registers and flags, in the words of the Arm manual's
 * pseudocode. Memory is in mem.h.
 */
#ifndef INTERP_EXEC_H
#define INTERP_EXEC_H

#include "a64/cpu.h"
#include "a64/feature.h"
#include "a64/model.h"
#include "engine/raise.h"

#define I(name, pattern, feature) exec_fn exec_##name;
#include "a64/a64.def"
#undef I
exec_fn exec_undefined;

/* Defines the function of row `name`. */
#define EXEC(name) void exec_##name(struct cpu *cpu, uint32_t word)

/* word<hi:lo>, unsigned and sign-extended. */
static inline uint32_t bits(uint32_t word, unsigned hi, unsigned lo)
{
    return (word >> lo) & (uint32_t)((1ull << (hi - lo + 1)) - 1);
}

static inline uint32_t bit(uint32_t word, unsigned n)
{
    return (word >> n) & 1;
}

static inline int64_t sbits(uint32_t word, unsigned hi, unsigned lo)
{
    return (int64_t)((uint64_t)word << (63 - hi)) >> (63 - hi + lo);
}

/* The usual register fields. */
static inline unsigned rd(uint32_t word)
{
    return word & 31;
}

static inline unsigned rn(uint32_t word)
{
    return (word >> 5) & 31;
}

static inline unsigned rm(uint32_t word)
{
    return (word >> 16) & 31;
}

static inline unsigned ra(uint32_t word)
{
    return (word >> 10) & 31;
}

/* X[n], where 31 is the zero register. */
static inline uint64_t xr(const struct cpu *cpu, unsigned n)
{
    return n == 31 ? 0 : cpu->x[n];
}

static inline uint32_t wr(const struct cpu *cpu, unsigned n)
{
    return (uint32_t)xr(cpu, n);
}

static inline void set_xr(struct cpu *cpu, unsigned n, uint64_t value)
{
    if (n != 31)
        cpu->x[n] = value;
}

/* X[n] or SP for 31. */
static inline uint64_t xsp(const struct cpu *cpu, unsigned n)
{
    return n == 31 ? cpu->sp : cpu->x[n];
}

static inline void set_xsp(struct cpu *cpu, unsigned n, uint64_t value)
{
    *(n == 31 ? &cpu->sp : &cpu->x[n]) = value;
}

/* Is the feature in the thread's CPU model? FEATURE(cpu, FP16) */
#define FEATURE(cpu, name) (((cpu)->model->features & A64_FEAT_BIT(name)) != 0)

/* ConditionHolds(cond), C1.2.4. */
static inline bool condition_holds(const struct cpu *cpu, unsigned cond)
{
    uint32_t f = cpu->nzcv;
    bool n = f & NZCV_N, z = f & NZCV_Z, c = f & NZCV_C, v = f & NZCV_V, result;

    switch (cond >> 1) {
    case 0: result = z; break;
    case 1: result = c; break;
    case 2: result = n; break;
    case 3: result = v; break;
    case 4: result = c && !z; break;
    case 5: result = n == v; break;
    case 6: result = n == v && !z; break;
    default: return true;
    }
    return result != (cond & 1);
}

#endif
