/*
 * --lockstep: every entry of a region is run twice from the same state, first
 * by the interpreter, whose stores are recorded and then taken back, then as
 * translated; registers, flags, vectors, FPSR and the stored bytes must agree.
 * The interpreter's result is what counts. A difference is a bug of the
 * translator: both states, the guest's instructions and the host's code go to
 * the log and the process dies by SIGABRT.
 *
 * How the two end at the same place: regions are not linked, the table of
 * indirect targets and the shadow stack stay empty, so translated code comes
 * back wherever control leaves its region, and left_region() says where that is.
 * Not compared, and then the interpreter's alone: what reads time or random
 * numbers; a run that a signal interrupted (cpu->poll); one that the
 * interpreter had to mend (fault.c); one longer than RUN_INSNS. FPSR.UFC may
 * lack in translated code (docs/translator.md), NZCV in the frame of a fault.
 * A second thread, whose stores nobody records, ends the comparison, with a
 * line in the log.
 */
#include "engine/jit/lockstep.h"

#include <string.h>
#include <sys/mman.h>

#include "abi/flags.h"
#include "base/alloc.h"
#include "base/log.h"
#include "engine/interp/interp.h"
#include "engine/jit/lift.h"
#include "host/host.h"

enum { RUN_INSNS = 100000, STORES = 1 << 16, CHUNK = 16, FPSR_UFC = 1 << 3 };

/* At most CHUNK bytes that the interpreter wrote: as they were and, after its run, as they are. */
struct store {
    uint64_t addr;
    uint32_t bytes;
    uint8_t before[CHUNK], after[CHUNK];
};

/* Which words of a region are in it, and which of them begin a block. */
struct region_shape {
    uint64_t present[REGION_WINDOW / 64], start[REGION_WINDOW / 64];
};

static struct {
    struct store *store;
    unsigned stores;
    bool full;
    uint64_t compared, skipped;
} steps;

/* ---- what a region is ---- */

void lockstep_note_region(struct region *r, const struct lift *l)
{
    struct region_shape *s = mem_alloc(sizeof *s);
    BUG_ON(!s);
    for (unsigned i = 0; i < l->window; i++)
        if (l->insn[i].present)
            s->present[i / 64] |= 1ull << i % 64;
    for (unsigned k = 0; k < l->blocks; k++)
        s->start[l->block[k].first / 64] |= 1ull << l->block[k].first % 64;
    r->shape = s;
}

static bool in_set(const uint64_t *set, uint64_t word)
{
    return word < REGION_WINDOW && set[word / 64] >> word % 64 & 1;
}

/* After the instruction op at pc, control is at next: has it left the region? Mirrors region.c's edges. */
static bool left_region(const struct region *r, enum a64_op op, uint64_t pc, uint64_t next)
{
    uint8_t attr = lift_rows[op].attr;
    uint64_t word = (next - r->pc) / 4;
    if (op == A64_bl || op == A64_blr || (attr & LF_SYNC))
        return true;
    if ((attr & LF_ENDS) && op != A64_b && !insn_is_conditional(op))
        return true;
    if ((attr & LF_LEAVES) && next != pc + 4)
        return true;
    return !in_set(r->shape->present, word) || (next != pc + 4 && !in_set(r->shape->start, word));
}

/* Rows that do not give the same twice. */
static bool is_reproducible(enum a64_op op)
{
    return op != A64_mrs_cntvct && op != A64_mrs_cntvctss && op != A64_mrs_rndr &&
           op != A64_mrs_rndrrs && op != A64_hlt;
}

/* ---- stores ---- */

/* cpu->on_store: the interpreter is about to write. What cannot be read cannot be written either. */
static void record_store(struct cpu *cpu, uint64_t addr, unsigned bytes)
{
    while (bytes) {
        struct store *s = &steps.store[steps.stores];
        if (steps.stores == STORES) {
            steps.full = true;
            return;
        }
        s->addr = addr;
        s->bytes = bytes < CHUNK ? bytes : CHUNK;
        if (host_copy(s->before, (const void *)addr, s->bytes) < 0)
            return;
        steps.stores++;
        addr += s->bytes;
        bytes -= s->bytes;
    }
}

static void stores_note_result(void)
{
    for (unsigned i = 0; i < steps.stores; i++)
        (void)host_copy(steps.store[i].after, (const void *)steps.store[i].addr,
                        steps.store[i].bytes);
}

static void stores_undo(void)
{
    for (unsigned i = steps.stores; i-- > 0;)
        (void)host_copy((void *)steps.store[i].addr, steps.store[i].before, steps.store[i].bytes);
}

static void stores_redo(void)
{
    for (unsigned i = 0; i < steps.stores; i++)
        (void)host_copy((void *)steps.store[i].addr, steps.store[i].after, steps.store[i].bytes);
}

/* ---- the two runs ---- */

enum end {
    END_LEFT,   /* control left the region */
    END_TRAP,   /* an instruction trapped */
    END_NEITHER /* not to be compared; the state is good to go on from */
};

static enum end run_by_interp(struct cpu *cpu, const struct region *r, struct trap *trap)
{
    enum end end = END_NEITHER;
    steps.stores = 0;
    steps.full = false;
    cpu->on_store = record_store;
    for (unsigned n = 0; n < RUN_INSNS && !steps.full; n++) {
        uint64_t pc = cpu->pc;
        uint32_t word = 0;
        (void)host_copy(&word, (const void *)pc, sizeof word);
        enum a64_op op = interp_decode(cpu->model, word);
        jit_by_interp(cpu, trap, engine_interp.step);
        if (trap->kind != TRAP_STEP || !is_reproducible(op)) {
            end = trap->kind != TRAP_STEP && is_reproducible(op) ? END_TRAP : END_NEITHER;
            break;
        }
        if (left_region(r, op, pc, cpu->pc)) {
            end = END_LEFT;
            break;
        }
    }
    cpu->on_store = NULL;
    return steps.full ? END_NEITHER : end;
}

/* Everything but poll, which others write. */
static void state_copy(struct cpu *to, const struct cpu *from)
{
    size_t poll = offsetof(struct cpu, poll), after = poll + sizeof from->poll;
    memcpy(to, from, poll);
    memcpy((char *)to + after, (const char *)from + after, sizeof *to - after);
}

static enum end run_translated(struct cpu *cpu, const uint8_t *code)
{
    struct host_catch *outer = host_self->catcher, here;
    struct trap trap;
    volatile enum end end = END_TRAP;
    cpu->raised = &trap;
    cpu->engine_word[JW_SHADOW_SP] = cpu->engine_word[JW_SHADOW_TOP];
    jit_flags_pack(cpu);
    jit_fp_to_guest();
    if (host_catch(&here) == 0) {
        switch (jit.thunk.enter(cpu, code) & 0xff) {
        case EXIT_SVC:
        case EXIT_REPLAY: break;
        case EXIT_POLL: end = END_NEITHER; break;
        default: end = END_LEFT;
        }
    }
    host_self->catcher = outer;
    jit_fpsr_collect(cpu);
    jit_fp_to_guest();
    jit_flags_unpack(cpu);
    return end;
}

/* ---- the comparison ---- */

static unsigned differences;

static void differ(const char *what, unsigned n, uint64_t interp, uint64_t jit_value)
{
    log_line("  %s%u: the interpreter has %016lx, translated code %016lx", what, n, interp,
             jit_value);
    differences++;
}

static void compare_registers(const struct cpu *a, const struct cpu *b, bool flags)
{
    for (unsigned i = 0; i < 31; i++)
        if (a->x[i] != b->x[i])
            differ("x", i, a->x[i], b->x[i]);
    for (unsigned i = 0; i < 32; i++)
        for (unsigned half = 0; half < 2; half++)
            if (a->v[i].d[half] != b->v[i].d[half])
                differ(half ? "high half of v" : "low half of v", i, a->v[i].d[half],
                       b->v[i].d[half]);
    const struct {
        const char *name;
        uint64_t interp, jit_value;
    } word[] = {
        {"sp, register ", a->sp, b->sp},
        {"pc, register ", a->pc, b->pc},
        {"nzcv, register ", a->nzcv, flags ? b->nzcv : a->nzcv},
        {"fpsr, register ", a->fpsr | FPSR_UFC, b->fpsr | FPSR_UFC},
        {"fpcr, register ", a->fpcr, b->fpcr},
        {"tpidr_el0, register ", a->tpidr_el0, b->tpidr_el0},
    };
    for (unsigned i = 0; i < ARRAY_LEN(word); i++)
        if (word[i].interp != word[i].jit_value)
            differ(word[i].name, i, word[i].interp, word[i].jit_value);
}

static void compare_stores(void)
{
    for (unsigned i = 0; i < steps.stores; i++) {
        const struct store *s = &steps.store[i];
        uint8_t now[CHUNK];
        if (host_copy(now, (const void *)s->addr, s->bytes) < 0)
            continue;
        for (unsigned k = 0; k < s->bytes; k++)
            if (now[k] != s->after[k]) {
                log_line("  memory at %lx:", s->addr + k);
                differ("byte ", k, s->after[k], now[k]);
            }
    }
}

static noreturn_fn void report(const struct cpu *begin, const struct region *r)
{
    log_line("  the state at the entry of %lx:", begin->pc);
    for (unsigned i = 0; i < 31; i++)
        log_line("    x%u %016lx", i, begin->x[i]);
    log_line("    sp %016lx nzcv %08x fpcr %08x fpsr %08x", begin->sp, begin->nzcv, begin->fpcr,
             begin->fpsr);
    for (unsigned i = 0; i < 32; i++)
        log_line("    v%u %016lx_%016lx", i, begin->v[i].d[1], begin->v[i].d[0]);
    jit_dump_code(r);
    host_die(LINUX_SIGABRT);
}

static void compare(const struct cpu *begin, const struct cpu *interp, enum end interp_end,
                    const struct cpu *jit_cpu, enum end jit_end, const struct region *r)
{
    differences = 0;
    if (interp_end != jit_end)
        differ("how it ended (0 left the region, 1 trapped) ", 0, interp_end, jit_end);
    compare_registers(interp, jit_cpu, jit_end == END_LEFT);
    compare_stores();
    if (!differences)
        return;
    log_line("lockstep: region %lx..%lx entered at %lx: %u differences", r->pc, r->end, begin->pc,
             differences);
    report(begin, r);
}

/* ---- one entry ---- */

bool lockstep_run(struct cpu *cpu, struct trap *trap)
{
    static struct cpu begin, interp, translated;
    struct region *r = NULL;
    const uint8_t *code = jit_code_now(cpu, &r);
    if (!r) { /* nothing executable is there */
        jit_thread_out(cpu);
        jit_flags_unpack(cpu);
        jit_by_interp(cpu, trap, engine_interp.step);
        jit_flags_pack(cpu);
        return trap->kind != TRAP_STEP;
    }
    jit_flags_unpack(cpu);
    state_copy(&begin, cpu);
    enum end interp_end = run_by_interp(cpu, r, trap);
    steps.skipped++;
    if (interp_end != END_NEITHER) {
        state_copy(&interp, cpu);
        stores_note_result();
        stores_undo();
        state_copy(cpu, &begin);
        jit_thread_in(cpu);
        enum end jit_end = run_translated(cpu, code);
        jit_thread_out(cpu);
        state_copy(&translated, cpu);
        /* Sent to the interpreter where that found nothing wrong: it mends this (or has another trap). */
        bool mended = jit_end == END_TRAP && interp.pc != cpu->pc;
        if (jit_end != END_NEITHER && !mended) {
            compare(&begin, &interp, interp_end, &translated, jit_end, r);
            steps.compared++;
            steps.skipped--;
        }
        stores_redo();
        state_copy(cpu, &interp);
        if (mended)
            jit_count_mended(cpu, translated.pc);
    }
    jit_flags_pack(cpu);
    cpu->raised = trap;
    return interp_end == END_TRAP || trap->kind != TRAP_STEP;
}

void lockstep_print_stats(void)
{
    if (!steps.store)
        return;
    log_line("lockstep: %lu runs of regions compared, %lu by the interpreter alone", steps.compared,
             steps.skipped);
}

bool lockstep_init(void)
{
    steps.store = mem_pages(STORES * sizeof *steps.store, PROT_READ | PROT_WRITE);
    return steps.store != NULL;
}
