/*
 * The traps that instructions raise, with the ESR that Linux would report
 * (Arm ARM D19.2.37: exception class in bits 31..26, IL in 25, syndrome below).
 * Shared by every engine; knows nothing of how run() is made.
 */
#include "engine/raise.h"

#include "abi/signal.h"
#include "host/host.h"

enum { EC_UNKNOWN = 0x00, EC_IABT = 0x20, EC_PC_ALIGN = 0x22, EC_DABT = 0x24, EC_SP_ALIGN = 0x26 };
enum {
    FSC_TRANSLATION_L3 = 0x07,
    FSC_PERMISSION_L3 = 0x0f,
    FSC_SYNC_EXTERNAL = 0x10,
    FSC_ALIGNMENT = 0x21
};

static uint32_t esr(uint32_t ec, bool write, uint32_t fsc)
{
    return ec << 26 | 1u << 25 | (uint32_t)write << 6 | fsc;
}

void engine_raise(struct cpu *cpu, const struct trap *trap)
{
    *cpu->raised = *trap;
    cpu->raised = NULL;
    host_throw(host_self->catcher);
}

static noreturn_fn void raise_fault(struct cpu *cpu, int sig, int code, uint64_t addr,
                                    uint32_t syndrome)
{
    engine_raise(cpu,
                 &(struct trap){
                     .kind = TRAP_FAULT, .sig = sig, .code = code, .addr = addr, .esr = syndrome});
}

void raise_undefined(struct cpu *cpu, uint32_t word)
{
    engine_raise(cpu, &(struct trap){.kind = TRAP_UNDEFINED,
                                     .sig = LINUX_SIGILL,
                                     .code = LINUX_ILL_ILLOPC,
                                     .addr = cpu->pc,
                                     .esr = esr(EC_UNKNOWN, false, 0),
                                     .word = word});
}

void raise_unmapped(struct cpu *cpu, uint64_t addr, bool write)
{
    raise_fault(cpu, LINUX_SIGSEGV, LINUX_SEGV_MAPERR, addr,
                esr(EC_DABT, write, FSC_TRANSLATION_L3));
}

void raise_unaligned(struct cpu *cpu, uint64_t addr, bool write)
{
    raise_fault(cpu, LINUX_SIGBUS, LINUX_BUS_ADRALN, addr, esr(EC_DABT, write, FSC_ALIGNMENT));
}

void raise_sp_unaligned(struct cpu *cpu)
{
    raise_fault(cpu, LINUX_SIGBUS, LINUX_BUS_ADRALN, cpu->sp, esr(EC_SP_ALIGN, false, 0));
}

void raise_pc_unaligned(struct cpu *cpu)
{
    raise_fault(cpu, LINUX_SIGBUS, LINUX_BUS_ADRALN, cpu->pc, esr(EC_PC_ALIGN, false, 0));
}

void raise_fetch(struct cpu *cpu, int code)
{
    uint32_t fsc = code == LINUX_SEGV_MAPERR ? FSC_TRANSLATION_L3 : FSC_PERMISSION_L3;

    raise_fault(cpu, LINUX_SIGSEGV, code, cpu->pc, esr(EC_IABT, false, fsc));
}

void raise_host_fault(struct trap *trap, bool fetch)
{
    const struct host_fault *f = host_fault_last();
    uint32_t fsc = f->sig == LINUX_SIGBUS         ? FSC_SYNC_EXTERNAL
                   : f->code == LINUX_SEGV_ACCERR ? FSC_PERMISSION_L3
                                                  : FSC_TRANSLATION_L3;

    *trap = (struct trap){.kind = TRAP_FAULT,
                          .sig = f->sig,
                          .code = f->code,
                          .addr = f->addr,
                          .esr = esr(fetch ? EC_IABT : EC_DABT, !fetch && f->write, fsc)};
}
