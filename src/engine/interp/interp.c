/*
 * engine_interp: the run loop over predecoded lines of code.
 *
 * Each thread keeps the lines of code it ran lately (no locks, nothing
 * shared): one word per instruction, which function and the instruction's
 * bits, decoded when first reached. One counter, `generation`, moves whenever
 * code may have changed anywhere (IC IVAU, unmap, protect); a line of another
 * generation is compared with memory when it is next entered and keeps what
 * is unchanged. So aliases of one page need no bookkeeping. The counter and
 * cpu->poll are looked at on every backward or line-leaving step, which no
 * loop can avoid, and after ISB.
 *
 * Guest code is read as data; exec_map says what may be executed. A fetch
 * elsewhere is a SIGSEGV: MAPERR if it cannot be read either, else ACCERR.
 */
#include "engine/interp/interp.h"

#include <string.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/signal.h"
#include "base/alloc.h"
#include "base/log.h"
#include "engine/exec_map.h"
#include "engine/interp/mem.h"
#include "host/host.h"

exec_fn *const interp_exec[A64_OP_COUNT] = {
#define I(name, pattern, feature) [A64_##name] = exec_##name,
#include "a64/a64.def"
#undef I
    [A64_undefined] = exec_undefined,
};

/* A line is smaller than a page, as what runs of a page is mostly little; it never leaves its page. */
enum { LINE_BYTES = 512, LINE_WORDS = LINE_BYTES / 4, CACHED_LINES = 2048 };

/*
 * entry: the instruction's bits above, below the distance of its function from
 * the anchor; 0 = not decoded (the anchor itself executes no instruction).
 */
struct code_line {
    uint64_t addr;
    uint64_t generation;
    uint64_t entry[LINE_WORDS];
};

struct interp_thread {
    bool fetching;                        /* a host fault now is an instruction abort */
    struct code_line *line[CACHED_LINES]; /* direct-mapped by address */
};

static uint64_t generation = 1;

static uint64_t generation_now(void)
{
    return __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
}

static void generation_next(void)
{
    __atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
}

/*
 * ISB: what follows must be looked up anew. A tag on the next PC, which
 * instruction fetch ignores, makes the loop leave the line.
 */
static void resync(struct cpu *cpu, uint32_t word)
{
    exec_isb(cpu, word);
    cpu->next |= 1ull << 56;
}

static exec_fn *function_of(const struct cpu *cpu, uint32_t word)
{
    enum a64_op op = interp_decode(cpu->model, word);

    return op == A64_isb ? resync : interp_exec[op];
}

/* The anchor of entries: never itself an entry. */
static inline exec_fn *entry_function(uint64_t entry)
{
    return (exec_fn *)((char *)generation_next + (int32_t)entry);
}

static inline uint64_t entry_make(exec_fn *fn, uint32_t word)
{
    return (uint64_t)word << 32 | (uint32_t)((char *)fn - (char *)generation_next);
}

static uint64_t decode_entry(struct cpu *cpu, struct code_line *line, uint64_t pc)
{
    struct interp_thread *t = cpu->engine_thread;
    uint64_t entry;
    uint32_t word;

    t->fetching = true;
    word = mem_read32(cpu, pc);
    t->fetching = false;
    entry = entry_make(function_of(cpu, word), word);
    line->entry[(pc - line->addr) / 4] = entry;
    return entry;
}

/* Is pc a word of the line? */
static inline bool on_line(const struct code_line *line, uint64_t pc)
{
    return ((pc ^ line->addr) & ~(uint64_t)(LINE_BYTES - 4)) == 0;
}

/* Drops the entries whose instruction is no longer what memory holds. */
static void revalidate(struct code_line *line, uint64_t now)
{
    uint32_t word[LINE_WORDS];

    if (host_copy(word, (const void *)line->addr, sizeof(word)) < 0)
        memset(line->entry, 0, sizeof(line->entry));
    for (unsigned i = 0; i < LINE_WORDS; i++)
        if (line->entry[i] && line->entry[i] >> 32 != word[i])
            line->entry[i] = 0;
    line->generation = now;
}

/* A PC that may not be executed: which fault is it? */
static noreturn_fn void raise_not_executable(struct cpu *cpu, uint64_t pc)
{
    struct interp_thread *t = cpu->engine_thread;

    if (pc < GUEST_MIN || pc >= GUEST_MAX)
        raise_fetch(cpu, LINUX_SEGV_MAPERR);
    t->fetching = true;
    (void)mem_read8(cpu, pc); /* raises what the host says of an unmapped page */
    t->fetching = false;
    raise_fetch(cpu, LINUX_SEGV_ACCERR);
}

static struct code_line *line_fill(struct cpu *cpu, struct code_line **slot)
{
    uint64_t now = generation_now(), addr = cpu->pc & ~(uint64_t)(LINE_BYTES - 1);
    struct code_line *line = *slot;

    if (cpu->pc & 3)
        raise_pc_unaligned(cpu);
    if (!exec_map_test(gva_of(cpu->pc)))
        raise_not_executable(cpu, cpu->pc);
    if (line && line->addr == addr) {
        revalidate(line, now);
        return line;
    }
    if (line)
        memset(line->entry, 0, sizeof(line->entry));
    else
        line = mem_alloc(sizeof(*line));
    BUG_ON(!line);
    line->addr = addr;
    line->generation = now;
    *slot = line;
    return line;
}

/* The line of cpu->pc, whose tag is taken off; raises when there is nothing to execute. */
static inline struct code_line *line_enter(struct cpu *cpu)
{
    struct interp_thread *t = cpu->engine_thread;
    struct code_line **slot, *line;

    cpu->pc = mem_untag(cpu->pc);
    slot = &t->line[cpu->pc / LINE_BYTES % CACHED_LINES];
    line = *slot;
    if (likely(line && on_line(line, cpu->pc) && line->generation == generation_now()))
        return line;
    return line_fill(cpu, slot);
}

/* Executes the instruction at pc == cpu->pc; the result is where to go on. */
static inline uint64_t execute(struct cpu *cpu, struct code_line *line, uint64_t pc)
{
    uint64_t entry = line->entry[pc % LINE_BYTES / 4];

    if (unlikely(!entry))
        entry = decode_entry(cpu, line, pc);
    cpu->next = pc + 4;
    entry_function(entry)(cpu, (uint32_t)(entry >> 32));
    return cpu->next;
}

/* The bodies of a run: what is returned if nothing was raised. */
typedef enum trap_kind run_fn(struct cpu *cpu, interp_warm_fn *is_warm);

static enum trap_kind run_until_poll(struct cpu *cpu, interp_warm_fn *is_warm)
{
    while (!cpu->poll) {
        struct code_line *line = line_enter(cpu);
        uint64_t pc = cpu->pc, from, stale;

        do {
            from = pc;
            cpu->pc = pc;
            pc = execute(cpu, line, pc);
            stale = pc <= from && (cpu->poll || line->generation != generation_now());
        } while (likely(on_line(line, pc) && !stale));
        cpu->pc = pc;
    }
    return TRAP_INTERRUPT;
}

static enum trap_kind run_until_warm(struct cpu *cpu, interp_warm_fn *is_warm)
{
    while (!cpu->poll) {
        struct code_line *line = line_enter(cpu);
        uint64_t pc = cpu->pc, from;

        do {
            from = pc;
            cpu->pc = pc;
            pc = execute(cpu, line, pc);
        } while (likely(pc == from + 4 && on_line(line, pc)));
        cpu->pc = mem_untag(pc);
        if (pc != from + 4 && is_warm(cpu, cpu->pc))
            return TRAP_STEP;
    }
    return TRAP_INTERRUPT;
}

static enum trap_kind run_one(struct cpu *cpu, interp_warm_fn *is_warm)
{
    struct code_line *line = line_enter(cpu);

    cpu->pc = mem_untag(execute(cpu, line, cpu->pc));
    return TRAP_STEP;
}

/* Calls body under a catch. */
static void guarded(struct cpu *cpu, struct trap *trap, run_fn *body, interp_warm_fn *is_warm)
{
    struct interp_thread *t = cpu->engine_thread;
    struct host_catch *outer = host_self->catcher, here;

    t->fetching = false;
    cpu->raised = trap;
    if (host_catch(&here) == 0) {
        *trap = (struct trap){.kind = body(cpu, is_warm)};
    } else if (cpu->raised) {
        raise_host_fault(trap, t->fetching);
    }
    host_self->catcher = outer;
    cpu->raised = NULL;
}

static void interp_step(struct cpu *cpu, struct trap *trap)
{
    guarded(cpu, trap, run_one, NULL);
}

/* Coming from the kernel, an exception return, closes the monitor. */
static void interp_run(struct cpu *cpu, struct trap *trap)
{
    cpu->excl_size = 0;
    if (cpu->single_step)
        interp_step(cpu, trap);
    else
        guarded(cpu, trap, run_until_poll, NULL);
}

void interp_run_cold(struct cpu *cpu, struct trap *trap, interp_warm_fn *is_warm)
{
    guarded(cpu, trap, run_until_warm, is_warm);
}

/* ---- the rest of struct engine ---- */

static int interp_process_init(const struct engine_options *opt)
{
    return 0;
}

static int interp_thread_init(struct cpu *cpu)
{
    cpu->engine_thread = mem_alloc(sizeof(struct interp_thread));
    return cpu->engine_thread ? 0 : -LINUX_ENOMEM;
}

static void interp_thread_exit(struct cpu *cpu)
{
    struct interp_thread *t = cpu->engine_thread;

    for (unsigned i = 0; i < CACHED_LINES; i++)
        mem_free(t->line[i]);
    mem_free(t);
    cpu->engine_thread = NULL;
}

static void interp_kick(struct cpu *cpu)
{
    __atomic_store_n(&cpu->poll, 1, __ATOMIC_RELAXED);
}

static void interp_protect(gva addr, uint64_t len, int prot)
{
    if (exec_map_set(addr, len, prot & LINUX_PROT_EXEC))
        generation_next();
}

static void interp_unmap(gva addr, uint64_t len)
{
    interp_protect(addr, len, 0);
}

static void interp_flush(gva addr, uint64_t len)
{
    generation_next();
}

/* No lock is ever held, and the other threads' lines in a child are only memory. */
static void interp_fork(void)
{
}

static void interp_fork_child(struct cpu *cpu)
{
}

const struct engine engine_interp = {
    .name = "interp",
    .process_init = interp_process_init,
    .thread_init = interp_thread_init,
    .thread_exit = interp_thread_exit,
    .run = interp_run,
    .step = interp_step,
    .kick = interp_kick,
    .map = interp_protect,
    .unmap = interp_unmap,
    .protect = interp_protect,
    .flush = interp_flush,
    .fork_prepare = interp_fork,
    .fork_parent = interp_fork,
    .fork_child = interp_fork_child,
};
