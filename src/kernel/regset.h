/*
 * The registers of a thread as debuggers and core files see them: the notes
 * of arch/arm64/kernel/ptrace.c (user_regsets), and PSTATE.
 */
#ifndef KERNEL_REGSET_H
#define KERNEL_REGSET_H

#include "kernel/task.h"

struct linux_user_pt_regs {
    uint64_t regs[31];
    uint64_t sp;
    uint64_t pc;
    uint64_t pstate;
};

struct linux_user_fpsimd_state {
    union vreg vregs[32];
    uint32_t fpsr;
    uint32_t fpcr;
    uint32_t reserved[2];
};

/* The registers beside struct cpu that a set shows. */
struct regset_view {
    struct cpu cpu;
    long sys_nr; /* CALL_NONE outside a call */
};

#define REGSET_BYTES_MAX 544

/* The size of the set of a note type and that of one of its registers; 0: there is no such set. */
size_t regset_size(uint32_t type, size_t *unit);
/* Writes regset_size(type) bytes. */
void regset_get(const struct regset_view *v, uint32_t type, void *set);
/* Takes the first `bytes` bytes of a set, the rest stays: 0, or or -LINUX_EINVAL or -LINUX_ENOSPC with nothing changed. */
int regset_put(struct regset_view *v, uint32_t type, const void *set, size_t bytes) must_check;

/* Exception level, AArch32 and the interrupt masks: not for user space to set (valid_user_regs). */
#define REGSET_PSTATE_FORBIDDEN 0x3dfull

uint64_t regset_pstate(const struct cpu *cpu);
void regset_set_pstate(struct cpu *cpu, uint64_t pstate);

#endif
