/*
 * Branches and exception generation (Arm ARM C4.1.87). A branch writes
 * cpu->next; the run loop follows it. Branches with pointer authentication
 * are in pauth.c.
 */
#include "abi/signal.h"
#include "engine/interp/mem.h"
#include "host/host.h"

EXEC(b)
{
    cpu->next = cpu->pc + (uint64_t)(sbits(word, 25, 0) * 4);
}

EXEC(bl)
{
    cpu->x[30] = cpu->pc + 4;
    cpu->next = cpu->pc + (uint64_t)(sbits(word, 25, 0) * 4);
}

EXEC(b_cond)
{
    if (condition_holds(cpu, bits(word, 3, 0)))
        cpu->next = cpu->pc + (uint64_t)(sbits(word, 23, 5) * 4);
}

/* BC.cond is B.cond with a hint for the predictor. */
EXEC(bc_cond)
{
    exec_b_cond(cpu, word);
}

static inline void branch_if(struct cpu *cpu, uint32_t word, bool taken)
{
    if (taken)
        cpu->next = cpu->pc + (uint64_t)(sbits(word, 23, 5) * 4);
}

EXEC(cbz)
{
    branch_if(cpu, word, !(bit(word, 31) ? xr(cpu, rd(word)) : wr(cpu, rd(word))));
}

EXEC(cbnz)
{
    branch_if(cpu, word, bit(word, 31) ? xr(cpu, rd(word)) : wr(cpu, rd(word)));
}

static inline bool test_bit(struct cpu *cpu, uint32_t word)
{
    return xr(cpu, rd(word)) >> (bit(word, 31) << 5 | bits(word, 23, 19)) & 1;
}

EXEC(tbz)
{
    if (!test_bit(cpu, word))
        cpu->next = cpu->pc + (uint64_t)(sbits(word, 18, 5) * 4);
}

EXEC(tbnz)
{
    if (test_bit(cpu, word))
        cpu->next = cpu->pc + (uint64_t)(sbits(word, 18, 5) * 4);
}

EXEC(br)
{
    cpu->next = xr(cpu, rn(word));
}

EXEC(blr)
{
    uint64_t target = xr(cpu, rn(word));

    cpu->x[30] = cpu->pc + 4;
    cpu->next = target;
}

EXEC(ret)
{
    cpu->next = xr(cpu, rn(word));
}

/* ---- exceptions ---- */

enum { EC_SVC64 = 0x15, EC_BRK64 = 0x3c, ESR_IL = 1 << 25 };

/* The exception is taken with the return address behind the SVC. */
EXEC(svc)
{
    uint32_t imm = bits(word, 20, 5);

    cpu->pc = cpu->next;
    engine_raise(cpu, &(struct trap){.kind = TRAP_SYSCALL,
                                     .imm = imm,
                                     .esr = (uint32_t)EC_SVC64 << 26 | ESR_IL | imm});
}

EXEC(brk)
{
    uint32_t imm = bits(word, 20, 5);

    engine_raise(cpu, &(struct trap){.kind = TRAP_BREAKPOINT,
                                     .sig = LINUX_SIGTRAP,
                                     .code = LINUX_TRAP_BRKPT,
                                     .addr = cpu->pc,
                                     .imm = imm,
                                     .esr = (uint32_t)EC_BRK64 << 26 | ESR_IL | imm});
}

/*
 * Undefined for EL0 under Linux, but for one: HLT #0x1e5 inside the vDSO page
 * is our vDSO asking for the time, clock_gettime(x0, x1) without leaving guest
 * code. The result is in x0.
 */
enum { HLT_VDSO_CLOCK = 0x1e5 };

EXEC(hlt)
{
    if (bits(word, 20, 5) != HLT_VDSO_CLOCK || !cpu->vdso_page ||
        page_down(cpu->pc) != cpu->vdso_page)
        raise_undefined(cpu, word);

    struct linux_timespec ts;
    uint64_t at = cpu->x[1];
    long result = host_clock_gettime((int)cpu->x[0], &ts);

    if (result >= 0) {
        mem_write64(cpu, at, (uint64_t)ts.tv_sec);
        mem_write64(cpu, at + 8, (uint64_t)ts.tv_nsec);
    }
    cpu->x[0] = (uint64_t)result;
}

EXEC(undefined)
{
    raise_undefined(cpu, word);
}
