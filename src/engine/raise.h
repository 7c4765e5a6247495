/*
 * How an instruction that cannot be completed ends: each engine's run() arms
 * host_catch, sets cpu->raised to the trap it shall return, and is thrown back
 * to by these calls or by a host fault in guest memory. After the throw
 * cpu->raised is NULL if one of these calls was the reason; otherwise
 * raise_host_fault tells what the host said.
 *
 * ESR values are the ones Linux shows in the signal frame (Arm ARM D19.2.37).
 */
#ifndef ENGINE_RAISE_H
#define ENGINE_RAISE_H

#include "engine/engine.h"

/* UNDEFINED: SIGILL/ILL_ILLOPC at cpu->pc. */
void raise_undefined(struct cpu *cpu, uint32_t word) noreturn_fn;

/* A data access outside the guest's range: SIGSEGV/SEGV_MAPERR at addr (untagged). */
void raise_unmapped(struct cpu *cpu, uint64_t addr, bool write) noreturn_fn;

/* An access whose address is not aligned as the instruction wants: SIGBUS/BUS_ADRALN. */
void raise_unaligned(struct cpu *cpu, uint64_t addr, bool write) noreturn_fn;

/* SP used as a base without 16-byte alignment (SCTLR_EL1.SA0 = 1 under Linux), and PC off a word. */
void raise_sp_unaligned(struct cpu *cpu) noreturn_fn;
void raise_pc_unaligned(struct cpu *cpu) noreturn_fn;

/* Instruction fetch at cpu->pc: SIGSEGV with SEGV_MAPERR or SEGV_ACCERR. */
void raise_fetch(struct cpu *cpu, int code) noreturn_fn;

/* Fills *trap from the calling thread's last host fault; fetch: the access was an instruction fetch. */
void raise_host_fault(struct trap *trap, bool fetch);

#endif
