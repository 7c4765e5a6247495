/*
 * Host faults inside translated code. The guest's registers are at fixed
 * places, so nothing is taken out of the signal context: the code is sent to
 * the exit thunk of the state it was in, and run() lets the interpreter do the
 * instruction again, which then raises the exact fault, takes a tag off an
 * address, or computes what the host's unit would not.
 */
#include <ucontext.h>

#include "engine/jit/jit.h"
#include "engine/jit/state.h"

static const struct fault_point *point_of(const struct region *r, uint32_t host)
{
    unsigned lo = 0, hi = r->faults;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (r->fault[mid].host <= host)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? &r->fault[lo - 1] : NULL;
}

bool jit_host_fault(struct cpu *cpu, void *context, const struct trap *trap)
{
    greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *at = (const uint8_t *)reg[REG_RIP] - jit.emit.to_exec;
    struct jit_thread *th = jit_thread_of(cpu);

    if (!jit.ready || at < jit.arena || at >= jit.arena + jit.arena_bytes || !th)
        return false;
    const struct region *r = cache_region_at(at);
    const struct fault_point *f = r ? point_of(r, (uint32_t)(at - r->code)) : NULL;
    /* The shadow call stack is full: it starts anew, older calls will return through the hash. */
    uint64_t guard = (uint64_t)th->shadow;
    if (trap->addr >= guard && trap->addr < guard + GUEST_PAGE) {
        reg[REG_RSP] = (greg_t)cpu->engine_word[JW_SHADOW_TOP];
        if (!cpu->poll || !f)
            return true;
    }
    if (!f)
        return false;
    cpu->pc = r->pc + 4ul * f->insn;
    reg[REG_RIP] = (greg_t)(jit.thunk.fault[f->flags] + jit.emit.to_exec);
    return true;
}
