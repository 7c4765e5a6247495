/*
 * Register sets: see regset.h. A row for each note type. Debug registers are
 * shown as a machine that has none, so that debuggers step and compare instead.
 */
#include "kernel/regset.h"

#include <elf.h>
#include <string.h>

#include "abi/errno.h"

#define PSTATE_SSBS (1ull << 12)
#define PSTATE_DIT (1ull << 24)
#define PSTATE_TCO (1ull << 25)
#define PSTATE_NZCV (0xfull << 28)
#define PSTATE_BTYPE_SHIFT 10
#define HW_DEBUG_BYTES 264 /* struct user_hwdebug_state */
#define DEBUG_ARCH_V8 (6 << 8)

uint64_t regset_pstate(const struct cpu *cpu)
{
    return cpu->nzcv | (cpu->ssbs ? PSTATE_SSBS : 0) | (cpu->dit ? PSTATE_DIT : 0) |
           (cpu->tco ? PSTATE_TCO : 0) | (uint64_t)cpu->btype << PSTATE_BTYPE_SHIFT;
}

void regset_set_pstate(struct cpu *cpu, uint64_t pstate)
{
    cpu->nzcv = pstate & PSTATE_NZCV;
    cpu->ssbs = !!(pstate & PSTATE_SSBS);
    cpu->dit = !!(pstate & PSTATE_DIT);
    cpu->tco = !!(pstate & PSTATE_TCO);
    cpu->btype = pstate >> PSTATE_BTYPE_SHIFT & 3;
}

typedef void get_fn(const struct regset_view *v, void *set);
typedef int put_fn(struct regset_view *v, const void *set);

static void get_general(const struct regset_view *v, void *set)
{
    struct linux_user_pt_regs *r = set;

    memcpy(r->regs, v->cpu.x, sizeof r->regs);
    r->sp = v->cpu.sp;
    r->pc = v->cpu.pc;
    r->pstate = regset_pstate(&v->cpu);
}

static int put_general(struct regset_view *v, const void *set)
{
    const struct linux_user_pt_regs *r = set;

    if (r->pstate & REGSET_PSTATE_FORBIDDEN)
        return -LINUX_EINVAL;
    memcpy(v->cpu.x, r->regs, sizeof r->regs);
    v->cpu.sp = r->sp;
    v->cpu.pc = r->pc;
    regset_set_pstate(&v->cpu, r->pstate);
    return 0;
}

static void get_fp(const struct regset_view *v, void *set)
{
    struct linux_user_fpsimd_state *f = set;

    memcpy(f->vregs, v->cpu.v, sizeof f->vregs);
    f->fpsr = v->cpu.fpsr;
    f->fpcr = v->cpu.fpcr;
    f->reserved[0] = f->reserved[1] = 0;
}

static int put_fp(struct regset_view *v, const void *set)
{
    const struct linux_user_fpsimd_state *f = set;

    memcpy(v->cpu.v, f->vregs, sizeof f->vregs);
    v->cpu.fpsr = f->fpsr;
    v->cpu.fpcr = f->fpcr;
    return 0;
}

static void get_tls(const struct regset_view *v, void *set)
{
    const uint64_t tls[2] = {v->cpu.tpidr_el0, v->cpu.tpidr2_el0};

    memcpy(set, tls, sizeof tls);
}

static int put_tls(struct regset_view *v, const void *set)
{
    memcpy(&v->cpu.tpidr_el0, set, sizeof v->cpu.tpidr_el0);
    return 0;
}

static void get_call(const struct regset_view *v, void *set)
{
    int32_t nr = v->sys_nr == CALL_NONE ? -1 : (int32_t)v->sys_nr;

    memcpy(set, &nr, sizeof nr);
}

static int put_call(struct regset_view *v, const void *set)
{
    int32_t nr;

    memcpy(&nr, set, sizeof nr);
    if (v->sys_nr != CALL_NONE)
        v->sys_nr = nr;
    return 0;
}

static void get_debug(const struct regset_view *v, void *set)
{
    const uint32_t none = DEBUG_ARCH_V8;

    memset(set, 0, HW_DEBUG_BYTES);
    memcpy(set, &none, sizeof none);
}

/* Bits of a pointer that hold its authentication code: above the address, but for bit 55 (ptrauth_user_pac_mask). */
static void get_pac_mask(const struct regset_view *v, void *set)
{
    const uint64_t mask = 0x007f000000000000ull, both[2] = {mask, mask};

    memcpy(set, both, sizeof both);
}

static const struct row {
    uint32_t type;
    uint16_t unit, bytes;
    get_fn *get;
    put_fn *put; /* NULL: read only */
} rows[] = {
    {NT_PRSTATUS, 8, sizeof(struct linux_user_pt_regs), get_general, put_general},
    {NT_PRFPREG, 4, sizeof(struct linux_user_fpsimd_state), get_fp, put_fp},
    {NT_ARM_TLS, 8, 16, get_tls, put_tls},
    {NT_ARM_SYSTEM_CALL, 4, 4, get_call, put_call},
    {NT_ARM_HW_BREAK, 4, HW_DEBUG_BYTES, get_debug, NULL},
    {NT_ARM_HW_WATCH, 4, HW_DEBUG_BYTES, get_debug, NULL},
    {NT_ARM_PAC_MASK, 8, 16, get_pac_mask, NULL},
};

static const struct row *find(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].type == type)
            return &rows[i];
    return NULL;
}

size_t regset_size(uint32_t type, size_t *unit)
{
    const struct row *row = find(type);

    if (!row)
        return 0;
    *unit = row->unit;
    return row->bytes;
}

void regset_get(const struct regset_view *v, uint32_t type, void *set)
{
    find(type)->get(v, set);
}

int regset_put(struct regset_view *v, uint32_t type, const void *set, size_t bytes)
{
    const struct row *row = find(type);
    uint8_t whole[REGSET_BYTES_MAX] __attribute__((aligned(16)));

    if (!row)
        return -LINUX_EINVAL;
    if (!row->put)
        return bytes > 8 ? -LINUX_ENOSPC : 0;
    row->get(v, whole);
    memcpy(whole, set, bytes);
    return row->put(v, whole);
}
