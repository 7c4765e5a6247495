/*
 * Memory copy and memory set, FEAT_MOPS (Arm ARM C6.2 CPYFP.., CPYP.., SETP..).
 *
 * Of the two formats that the architecture allows for the registers between
 * prologue, main and epilogue this is option B: Xd and Xs are where to go on
 * and Xn what is left; PSTATE.C is 1, PSTATE.N is 1 for a copy downwards (Xd and Xs are then the
 * ends). The prologue copies nothing, the main part everything, the epilogue what is left, page
 * by page with the registers committed after each, so that a fault or an
 * interrupt finds an exact state from which the same instruction goes on.
 *
 * A main part or epilogue that finds the other format (C = 0: somebody
 * changed the flags) is sent back to the prologue, as Linux does on the
 * memory-copy exception (arch/arm64/include/asm/traps.h).
 */
#include <string.h>

#include "engine/interp/mem.h"

enum { SIZE_MAX_CPY_SHIFT = 55 };

/* Rd, Rs and Rn must differ and not be 31 (Rs of a set may be XZR): else UNDEFINED is chosen. */
static void check_registers(struct cpu *cpu, uint32_t word, bool set)
{
    unsigned d = rd(word), s = rm(word), n = rn(word);

    if (s == n || s == d || n == d || d == 31 || n == 31 || (s == 31 && !set))
        raise_undefined(cpu, word);
}

static inline uint64_t to_page_end(uint64_t addr)
{
    return GUEST_PAGE - (addr & (GUEST_PAGE - 1));
}

/* From a page's start to addr, which is an end and so belongs to the page below. */
static inline uint64_t to_page_start(uint64_t addr)
{
    return ((addr - 1) & (GUEST_PAGE - 1)) + 1;
}

static inline uint64_t min3(uint64_t a, uint64_t b, uint64_t c)
{
    a = a < b ? a : b;
    return a < c ? a : c;
}

/*
 * One step inside one page of each side. The byte that the architecture would
 * access first is copied alone, so that a fault names its address.
 */
static void copy_step(struct cpu *cpu, uint64_t *to, uint64_t *from, uint64_t *left)
{
    uint64_t n = min3(*left, to_page_end(*to), to_page_end(*from));

    mem_write8(cpu, *to, mem_read8(cpu, *from));
    memmove(mem_host(cpu, *to, (unsigned)n, true), mem_host(cpu, *from, (unsigned)n, false), n);
    MEM_BARRIER();
    *to += n;
    *from += n;
    *left -= n;
}

static void copy_step_down(struct cpu *cpu, uint64_t *to, uint64_t *from, uint64_t *left)
{
    uint64_t n = min3(*left, to_page_start(*to), to_page_start(*from));

    mem_write8(cpu, *to - 1, mem_read8(cpu, *from - 1));
    memmove(mem_host(cpu, *to - n, (unsigned)n, true), mem_host(cpu, *from - n, (unsigned)n, false),
            n);
    MEM_BARRIER();
    *to -= n;
    *from -= n;
    *left -= n;
}

/* Another format than ours: back to the prologue, which is `distance` bytes before, with its registers. */
static void restart_copy(struct cpu *cpu, uint32_t word, unsigned distance)
{
    uint64_t size = cpu->x[rn(word)];

    if (size >> 63) { /* option A, upwards: ends and a negative count */
        cpu->x[rd(word)] += size;
        cpu->x[rm(word)] += size;
        cpu->x[rn(word)] = -size;
    }
    cpu->next = cpu->pc - distance;
}

static void copy_prologue_forward(struct cpu *cpu, uint32_t word)
{
    check_registers(cpu, word, false);
    if (cpu->x[rn(word)] >> 63)
        cpu->x[rn(word)] = INT64_MAX;
    cpu->nzcv = NZCV_C;
}

/* The direction that overlapping blocks need; upwards when both do. Addresses without their tags. */
static bool copy_is_down(uint64_t to, uint64_t from, uint64_t size)
{
    const uint64_t address = (1ull << 56) - 1;

    to &= address;
    from &= address;
    return from < to && to < from + size;
}

static void copy_prologue(struct cpu *cpu, uint32_t word)
{
    uint64_t *to = &cpu->x[rd(word)], *from = &cpu->x[rm(word)], *size = &cpu->x[rn(word)];

    check_registers(cpu, word, false);
    if (*size >> SIZE_MAX_CPY_SHIFT)
        *size = (1ull << SIZE_MAX_CPY_SHIFT) - 1;
    cpu->nzcv = NZCV_C;
    if (copy_is_down(*to, *from, *size)) {
        cpu->nzcv |= NZCV_N;
        *to += *size;
        *from += *size;
    }
}

/* Main part and epilogue. An interrupt leaves with this instruction still to do. */
static void copy_rest(struct cpu *cpu, uint32_t word, unsigned distance)
{
    uint64_t *to = &cpu->x[rd(word)], *from = &cpu->x[rm(word)], *left = &cpu->x[rn(word)];

    check_registers(cpu, word, false);
    if (!(cpu->nzcv & NZCV_C)) {
        restart_copy(cpu, word, distance);
        return;
    }
    while (*left) {
        if (cpu->nzcv & NZCV_N)
            copy_step_down(cpu, to, from, left);
        else
            copy_step(cpu, to, from, left);
        if (cpu->poll && *left) {
            cpu->next = cpu->pc;
            return;
        }
    }
}

enum { MAIN_TO_PROLOGUE = 4, EPILOGUE_TO_PROLOGUE = 8 };

EXEC(cpyf_p)
{
    copy_prologue_forward(cpu, word);
}

EXEC(cpyf_m)
{
    copy_rest(cpu, word, MAIN_TO_PROLOGUE);
}

EXEC(cpyf_e)
{
    copy_rest(cpu, word, EPILOGUE_TO_PROLOGUE);
}

EXEC(cpy_p)
{
    copy_prologue(cpu, word);
}

EXEC(cpy_m)
{
    copy_rest(cpu, word, MAIN_TO_PROLOGUE);
}

EXEC(cpy_e)
{
    copy_rest(cpu, word, EPILOGUE_TO_PROLOGUE);
}

/* ---- set ---- */

EXEC(set_p)
{
    check_registers(cpu, word, true);
    if (cpu->x[rn(word)] >> 63)
        cpu->x[rn(word)] = INT64_MAX;
    cpu->nzcv = NZCV_C;
}

static void set_rest(struct cpu *cpu, uint32_t word, unsigned distance)
{
    uint64_t *to = &cpu->x[rd(word)], *left = &cpu->x[rn(word)];
    uint8_t byte = (uint8_t)xr(cpu, rm(word));

    check_registers(cpu, word, true);
    if (!(cpu->nzcv & NZCV_C)) {
        if (*left >> 63) {
            *to += *left;
            *left = -*left;
        }
        cpu->next = cpu->pc - distance;
        return;
    }
    while (*left) {
        uint64_t n = min3(*left, to_page_end(*to), GUEST_PAGE);

        mem_write8(cpu, *to, byte);
        memset(mem_host(cpu, *to, (unsigned)n, true), byte, n);
        MEM_BARRIER();
        *to += n;
        *left -= n;
        if (cpu->poll && *left) {
            cpu->next = cpu->pc;
            return;
        }
    }
}

EXEC(set_m)
{
    set_rest(cpu, word, MAIN_TO_PROLOGUE);
}

EXEC(set_e)
{
    set_rest(cpu, word, EPILOGUE_TO_PROLOGUE);
}
