/*
 * One guest thread on the interpreter without a kernel around it, for host
 * tests: the code and data regions of case.h at their own addresses, and
 * running one instruction from one state to the signal that Linux would send.
 */
#ifndef INSN_MACHINE_H
#define INSN_MACHINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "a64/model.h"
#include "abi/flags.h"
#include "abi/signal.h"
#include "engine/engine.h"
#include "host/host.h"
#include "insn/case.h"

static struct host_thread machine_thread;
static struct cpu machine_cpu;

#define MACHINE_CODE_BYTES (2 * INSN_CODE_MARGIN + (size_t)INSN_MAX_CASES * INSN_SLOT)

static void machine_map(uint64_t addr, size_t bytes)
{
    void *p = mmap((void *)addr, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (p != (void *)addr) {
        perror("mmap");
        exit(1);
    }
}

/* without: features that the model shall lack. */
static inline void machine_init(const char *model, uint64_t without)
{
    static struct cpu_model machine_model;
    const size_t code_bytes = MACHINE_CODE_BYTES;
    uint32_t *code = (uint32_t *)INSN_CODE_BASE;
    uint64_t ignored, blocked;

    machine_thread.poll = &machine_cpu.poll;
    if (host_signal_init(&machine_thread, &ignored, &blocked) < 0)
        exit(1);
    machine_model = *model_find(model);
    machine_model.features &= ~without;
    machine_cpu.model = &machine_model;
    machine_cpu.engine = &engine_interp;
    if (engine_interp.thread_init(&machine_cpu) < 0)
        exit(1);
    machine_map(INSN_DATA, INSN_DATA_BYTES);
    machine_map(INSN_CODE_BASE, code_bytes);
    for (size_t i = 0; i < code_bytes / 4; i++)
        code[i] = INSN_BRK;
    engine_interp.map(gva_of(INSN_CODE_BASE), code_bytes, LINUX_PROT_READ | LINUX_PROT_EXEC);
}

/* prot: PROT_READ while cases run, so that a stray store faults as it does elsewhere. */
static inline void machine_protect_code(int prot)
{
    if (mprotect((void *)INSN_CODE_BASE, MACHINE_CODE_BYTES, prot) < 0) {
        perror("mprotect");
        exit(1);
    }
}

/* Runs from the state at a slot to the next trap, which is told as a signal in *after. */
static inline void machine_run(uint32_t slot, const struct insn_state *before,
                               struct insn_state *after)
{
    struct cpu *cpu = &machine_cpu;
    struct trap trap;

    memcpy(cpu->x, before->x, sizeof(cpu->x));
    memcpy(cpu->v, before->v, sizeof(cpu->v));
    cpu->sp = before->sp;
    cpu->pc = INSN_CODE + (uint64_t)slot * INSN_SLOT;
    cpu->nzcv = before->nzcv;
    cpu->fpcr = before->fpcr;
    cpu->fpsr = before->fpsr;
    cpu->dit = cpu->ssbs = 0;
    memset((char *)INSN_DATA, 0, INSN_DATA_BYTES);
    memcpy((char *)INSN_DATA + before->window, before->mem, INSN_WINDOW);

    cpu->engine->run(cpu, &trap);

    memset(after, 0, sizeof(*after));
    memcpy(after->x, cpu->x, sizeof(cpu->x));
    memcpy(after->v, cpu->v, sizeof(cpu->v));
    after->sp = cpu->sp;
    after->pc = cpu->pc;
    after->nzcv = cpu->nzcv;
    after->fpcr = cpu->fpcr;
    after->fpsr = cpu->fpsr;
    after->window = before->window;
    memcpy(after->mem, (char *)INSN_DATA + before->window, INSN_WINDOW);
    after->sig = trap.kind == TRAP_SYSCALL ? LINUX_SIGSYS : trap.sig;
    after->code = trap.code;
    after->addr = trap.addr;
}

#endif
