/*
 * Hints, barriers, cache maintenance and system registers (Arm ARM C5, C4.1.87)
 * as EL0 has them under Linux. Registers that Linux traps and does not emulate
 * have no row in a64.def and are undefined.
 */
#include "abi/syscalls.h"
#include "a64/model.h"
#include "engine/interp/mem.h"
#include "host/host.h"

/* ---- hints: NOP, YIELD, WFE, WFI, SEV, DGH, ESB, CSDB, BTI and the unallocated ones ---- */

EXEC(hint)
{
    if (bits(word, 11, 5) == 1) /* YIELD */
        _mm_pause();
}

/* ---- barriers ---- */

/* Only a store followed by a load can be seen out of order on the host; a locked no-op on the stack keeps them apart. */
static inline void full_barrier(void)
{
    __asm__ volatile("lock orl $0, -64(%%rsp)" : : : "memory", "cc");
}

/* CRm<1:0>: 1 orders loads before all, 2 stores before stores; TSO does both. */
EXEC(dmb)
{
    if ((bits(word, 9, 8) & 3) != 1 && (bits(word, 9, 8) & 3) != 2)
        full_barrier();
}

EXEC(dsb)
{
    full_barrier();
}

/* The run loop looks at changed code behind an ISB. */
EXEC(isb)
{
}

EXEC(sb)
{
    _mm_lfence();
}

EXEC(clrex)
{
    cpu->excl_size = 0;
}

/* ---- cache maintenance (Xt is a virtual address) ---- */

EXEC(ic_ivau)
{
    uint64_t addr = mem_untag(xr(cpu, rd(word))) & ~(uint64_t)(A64_LINE - 1);

    if (gva_range_ok(gva_of(addr), A64_LINE))
        cpu->engine->flush(gva_of(addr), A64_LINE);
}

/* Caches are coherent; what is left of a clean is that its address must be readable. */
static inline void dc_clean(struct cpu *cpu, uint32_t word)
{
    (void)mem_read8(cpu, xr(cpu, rd(word)));
}

EXEC(dc_cvac)
{
    dc_clean(cpu, word);
}

EXEC(dc_cvau)
{
    dc_clean(cpu, word);
}

EXEC(dc_civac)
{
    dc_clean(cpu, word);
}

EXEC(dc_cvap)
{
    dc_clean(cpu, word);
}

EXEC(dc_cvadp)
{
    dc_clean(cpu, word);
}

/* Zeroes the aligned block of DCZID_EL0's size that holds the address. */
EXEC(dc_zva)
{
    uint64_t addr = xr(cpu, rd(word)) & ~(uint64_t)(A64_LINE - 1);

    for (unsigned i = 0; i < A64_LINE; i += 16)
        mem_write128(cpu, addr + i, 0);
}

/* ---- identification ---- */

EXEC(mrs_id)
{
    uint64_t value;

    if (!model_id_register(cpu->model, bits(word, 11, 8), bits(word, 7, 5), &value))
        raise_undefined(cpu, word);
    set_xr(cpu, rd(word), value);
}

EXEC(mrs_ctr)
{
    set_xr(cpu, rd(word), A64_CTR_EL0);
}

EXEC(mrs_dczid)
{
    set_xr(cpu, rd(word), A64_DCZID_EL0);
}

/* ---- PSTATE ---- */

EXEC(mrs_nzcv)
{
    set_xr(cpu, rd(word), cpu->nzcv);
}

EXEC(msr_nzcv)
{
    cpu->nzcv = wr(cpu, rd(word)) & (NZCV_N | NZCV_Z | NZCV_C | NZCV_V);
}

enum { PSTATE_DIT = 1 << 24, PSTATE_SSBS = 1 << 12 };

EXEC(mrs_dit)
{
    set_xr(cpu, rd(word), cpu->dit ? PSTATE_DIT : 0);
}

EXEC(msr_dit)
{
    cpu->dit = (xr(cpu, rd(word)) & PSTATE_DIT) != 0;
}

EXEC(msr_dit_imm)
{
    cpu->dit = bit(word, 8);
}

EXEC(mrs_ssbs)
{
    set_xr(cpu, rd(word), cpu->ssbs ? PSTATE_SSBS : 0);
}

EXEC(msr_ssbs)
{
    cpu->ssbs = (xr(cpu, rd(word)) & PSTATE_SSBS) != 0;
}

EXEC(msr_ssbs_imm)
{
    cpu->ssbs = bit(word, 8);
}

/* ---- floating-point control and status ---- */

/* AHP, DN, FZ, RMode; FZ16 if there is half precision. The rest is RES0: no model traps or has short vectors. */
#define FPCR_BITS (0x7u << 24 | 3u << 22)
#define FPCR_FZ16 (1u << 19)
#define FPSR_BITS (1u << 27 | 0x9fu)

EXEC(mrs_fpcr)
{
    set_xr(cpu, rd(word), cpu->fpcr);
}

EXEC(msr_fpcr)
{
    cpu->fpcr = wr(cpu, rd(word)) & (FPCR_BITS | (FEATURE(cpu, FP16) ? FPCR_FZ16 : 0));
}

EXEC(mrs_fpsr)
{
    set_xr(cpu, rd(word), cpu->fpsr);
}

EXEC(msr_fpsr)
{
    cpu->fpsr = wr(cpu, rd(word)) & FPSR_BITS;
}

/* ---- thread pointers ---- */

EXEC(mrs_tpidr)
{
    set_xr(cpu, rd(word), cpu->tpidr_el0);
}

EXEC(msr_tpidr)
{
    cpu->tpidr_el0 = xr(cpu, rd(word));
}

/* Linux leaves 0 there for 64-bit programs. */
EXEC(mrs_tpidrro)
{
    set_xr(cpu, rd(word), 0);
}

/* ---- the generic timer: nanoseconds of the monotonic clock ---- */

enum { CLOCK_MONOTONIC_ID = 1 };

EXEC(mrs_cntfrq)
{
    set_xr(cpu, rd(word), A64_COUNTER_HZ);
}

EXEC(mrs_cntvct)
{
    struct linux_timespec ts = {0, 0};

    if (host_clock_gettime(CLOCK_MONOTONIC_ID, &ts) == 0)
        set_xr(cpu, rd(word), (uint64_t)ts.tv_sec * A64_COUNTER_HZ + (uint64_t)ts.tv_nsec);
}

EXEC(mrs_cntvctss)
{
    exec_mrs_cntvct(cpu, word);
}

/* ---- random numbers: NZCV = 0000 with a number, Z and 0 without ---- */

EXEC(mrs_rndr)
{
    uint64_t value = 0;
    long got = host_syscall(LINUX_SYS_getrandom, (uint64_t)&value, sizeof(value), 0, 0, 0, 0);
    bool ok = got == (long)sizeof(value);

    cpu->nzcv = ok ? 0 : NZCV_Z;
    set_xr(cpu, rd(word), ok ? value : 0);
}

EXEC(mrs_rndrrs)
{
    exec_mrs_rndr(cpu, word);
}
