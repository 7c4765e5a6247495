/*
 * engine_jit, the face that engine.h describes: run() goes from C into
 * translated code and back, and serves what that code asks for. Here too: the
 * calls from translated code into C, threads, changes of guest memory, fork.
 *
 * A thread in translated code (jit_thread.inside) holds no lock. Code that was
 * dropped is only unlinked, so it may be left at leisure; a full arena is
 * emptied when everybody is outside. Who was outside meanwhile sees that
 * jit.epoch moved and forgets its remembered code addresses before going in.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/platform/x86.h>

#include "a64/feature.h"
#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "base/log.h"
#include "engine/exec_map.h"
#include "engine/interp/interp.h"
#include "engine/jit/jit.h"
#include "engine/jit/lockstep.h"
#include "engine/jit/state.h"
#include "engine/raise.h"
#include "host/host.h"

/* ---- what a thread remembers ---- */

/* Of a table of zeros: a branch to 0 is a miss, too. It looks at these two. */
static void hash_empty(struct jit_thread *th)
{
    th->hash[0] = th->hash[1] = (struct jit_entry){0, jit.thunk.miss + jit.emit.to_exec};
}

static void thread_forget(struct jit_thread *th)
{
    struct cpu *cpu = th->cpu;
    memset(th->hash, 0, sizeof(struct jit_entry) << HASH_BITS);
    hash_empty(th);
    cpu->engine_word[JW_SHADOW_SP] = cpu->engine_word[JW_SHADOW_TOP];
    th->epoch = jit.epoch;
}

static void thread_remember(struct jit_thread *th, uint64_t pc, const uint8_t *code)
{
    struct jit_entry *first = &th->hash[jit_hash(pc)], *second = &th->hash[jit_hash(pc) ^ 1];
    if (first->pc != pc)
        *second = *first;
    *first = (struct jit_entry){pc, code + jit.emit.to_exec};
}

/* Other threads leave translated code soon. Under jit.lock. */
static void threads_kick(const struct jit_thread *but)
{
    for (struct jit_thread *t = jit.threads; t; t = t->next)
        if (t != but)
            __atomic_store_n(&t->cpu->poll, 1, __ATOMIC_SEQ_CST);
}

/* ---- inside and outside ---- */

/* MEMBARRIER_CMD_ of linux/membarrier.h */
enum { BARRIER_PRIVATE_EXPEDITED = 1 << 3, BARRIER_REGISTER_PRIVATE_EXPEDITED = 1 << 4 };

/*
 * A thread says that it is inside before it looks whether it may be, and who
 * empties the arena looks after having forbidden it: store, then load, on both
 * sides. The rare side pays for both, by a barrier in every thread.
 */
static void thread_goes_in(struct jit_thread *th)
{
    th->inside = 1;
    if (unlikely(!jit.barriers))
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void thread_is_out(struct jit_thread *th)
{
    __atomic_store_n(&th->inside, 0, __ATOMIC_RELEASE);
}

static void threads_barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (jit.barriers)
        (void)host_syscall(LINUX_SYS_membarrier, BARRIER_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0);
}

/* ---- finding code ---- */

/* The arena is full: everybody out, then everything anew. Under jit.lock, outside translated code. */
static void arena_empty(struct jit_thread *self)
{
    __atomic_store_n(&jit.emptying, 1, __ATOMIC_SEQ_CST);
    threads_kick(self);
    threads_barrier();
    for (struct jit_thread *t = jit.threads; t; t = t->next)
        while (__atomic_load_n(&t->inside, __ATOMIC_SEQ_CST))
            (void)host_syscall(LINUX_SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    cache_reset();
    __atomic_add_fetch(&jit.epoch, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&jit.emptying, 0, __ATOMIC_SEQ_CST);
}

/* Instruction fetch ignores the tag of an address in the lower half. */
static uint64_t without_tag(uint64_t pc)
{
    return pc & (uint64_t)((int64_t)(pc << 8) >> 8);
}

/* Counts that control came to a place that is not translated. True: often enough. */
static bool heat_up(uint64_t pc)
{
    uint8_t *heat = &jit.heat[pc * 0x9e3779b97f4a7c15ull >> (64 - HEAT_BITS)];
    uint8_t now = __atomic_load_n(heat, __ATOMIC_RELAXED);
    if (now >= jit.heat_enough)
        return true;
    __atomic_store_n(heat, now + 1, __ATOMIC_RELAXED);
    return false;
}

/*
 * Code for cpu->pc, translated if need be; if from is given it is linked to it.
 * What is cold or cannot be fetched leads to a thunk that leaves. At the end the thread is inside.
 */
static const uint8_t *code_for(struct cpu *cpu, struct link *from, struct region *from_region)
{
    struct jit_thread *th = jit_thread_of(cpu);
    struct region *r = NULL;
    uint64_t flushes = jit.count_flushes;
    const uint8_t *code, *otherwise = jit.thunk.cold;

    cpu->pc = without_tag(cpu->pc);
    thread_is_out(th);
    lock_acquire(&jit.lock);
    code = cache_find(cpu->pc | th->mode, &r);
    if (!code && heat_up(cpu->pc)) {
        otherwise = jit.thunk.fetch;
        if (!cache_has_room())
            arena_empty(th);
        r = region_translate(cpu->pc, cpu, th->mode);
        code = r ? r->code : NULL;
    }
    if (code && from && flushes == jit.count_flushes && !from_region->dead && !from->to &&
        !jit.no_link) {
        from->to = r;
        from->next = r->incoming;
        r->incoming = from;
        x_link(from->at, code);
        jit.count_links++;
    }
    if (th->epoch != jit.epoch)
        thread_forget(th);
    if (code && !jit.lockstep)
        thread_remember(th, cpu->pc, code);
    thread_goes_in(th);
    lock_release(&jit.lock);
    return code ? code : otherwise;
}

const uint8_t *jit_link(struct cpu *cpu, uint32_t number)
{
    struct region *r = jit.regions[number >> 8];
    struct link *k = &r->link[number & 255];

    cpu->pc = k->pc;
    if (unlikely(jit.lockstep))
        return jit.thunk.cold + jit.emit.to_exec;
    return code_for(cpu, k, r) + jit.emit.to_exec;
}

const uint8_t *jit_lookup(struct cpu *cpu)
{
    if (unlikely(jit.lockstep)) {
        cpu->pc = without_tag(cpu->pc);
        return jit.thunk.cold + jit.emit.to_exec;
    }
    return code_for(cpu, NULL, NULL) + jit.emit.to_exec;
}

/* ---- the interpreter's part ---- */

void jit_flags_pack(struct cpu *cpu)
{
    uint32_t f = cpu->nzcv;
    uint16_t ah = (f & NZCV_N ? 0x80 : 0) | (f & NZCV_Z ? 0x40 : 0) | (f & NZCV_C ? 0 : 1);
    cpu->engine_word[JW_FLAGS] = (uint64_t)(ah << 8 | (f & NZCV_V ? 1 : 0));
}

void jit_flags_unpack(struct cpu *cpu)
{
    uint64_t w = cpu->engine_word[JW_FLAGS];
    cpu->nzcv = (w & 0x8000 ? NZCV_N : 0) | (w & 0x4000 ? NZCV_Z : 0) | (w & 0x100 ? 0 : NZCV_C) |
                (w & 1 ? NZCV_V : 0);
}

/*
 * MXCSR of translated code, and of C that does no arithmetic: changing what is masked costs more than the way
 * into C and back. Its flags, which only accumulate, are part of FPSR. The interpreter wants the default.
 */
enum { MXCSR_GUEST = 0x1f00, MXCSR_HOST = 0x1f80, MXCSR_INVALID_MASK = 0x80 };
enum {
    FPSR_FROM_MXCSR = 0x1e
}; /* DZC OFC UFC IXC, a place higher in MXCSR; what is invalid traps */

void jit_fpsr_collect(struct cpu *cpu)
{
    uint32_t mxcsr = __builtin_ia32_stmxcsr();
    if (!(mxcsr & MXCSR_INVALID_MASK))
        cpu->fpsr |= mxcsr >> 1 & FPSR_FROM_MXCSR;
}

static void fp_to_host(struct cpu *cpu)
{
    jit_fpsr_collect(cpu);
    __builtin_ia32_ldmxcsr(MXCSR_HOST);
}

void jit_fp_to_guest(void)
{
    __builtin_ia32_ldmxcsr(MXCSR_GUEST);
}

/* Vector and floating-point data processing (C4.1: op0 = x111), and system registers. */
static bool looks_at_fp(uint32_t word)
{
    return (word & 0x0e000000) == 0x0e000000 || (word & 0xff000000) == 0xd5000000;
}

void jit_exec(struct cpu *cpu, uint32_t word, uint32_t op)
{
    bool fp = looks_at_fp(word);
    cpu->next = cpu->pc + 4;
    if (unlikely(jit.stats))
        __atomic_add_fetch(&jit.fallback[op].calls, 1, __ATOMIC_RELAXED);
    jit_flags_unpack(cpu);
    if (fp)
        fp_to_host(cpu);
    interp_exec[op](cpu, word);
    if (fp)
        jit_fp_to_guest();
    jit_flags_pack(cpu);
}

void jit_by_interp(struct cpu *cpu, struct trap *trap, void (*how)(struct cpu *, struct trap *))
{
    struct jit_thread *th = jit_thread_of(cpu);
    thread_is_out(th);
    cpu->engine_thread = th->interp_thread;
    fp_to_host(cpu);
    how(cpu, trap);
    jit_fp_to_guest();
    cpu->engine_thread = th;
}

/* The same in the middle of run(): true if it trapped. */
static bool interpret(struct cpu *cpu, struct trap *trap, void (*how)(struct cpu *, struct trap *))
{
    jit_flags_unpack(cpu);
    jit_by_interp(cpu, trap, how);
    jit_flags_pack(cpu);
    cpu->raised = trap;
    return trap->kind != TRAP_STEP;
}

/* Everything translated from guest code in the range goes. Under jit.lock. */
static void code_drop(uint64_t addr, uint64_t len)
{
    cache_drop(addr, len);
    __atomic_add_fetch(&jit.epoch, 1, __ATOMIC_SEQ_CST);
    threads_kick(NULL);
}

void jit_count_mended(struct cpu *cpu, uint64_t pc)
{
    struct jit_thread *th = jit_thread_of(cpu);
    struct jit_mended *m = &th->mended[(pc >> 2) % MENDED_SITES];
    jit.count_mended++;
    if (m->pc != pc)
        *m = (struct jit_mended){.pc = pc};
    if (++m->count != MENDED_OFTEN)
        return;
    lock_acquire(&jit.lock);
    cache_make_slow(pc);
    code_drop(pc, 4);
    lock_release(&jit.lock);
}

/* ---- run ---- */

static uint8_t fp_mode(const struct cpu *cpu)
{
    return cpu->fpcr != 0;
}

/* The thread's floating-point mode may have changed: code of the other mode is not for it. */
static void thread_set_mode(struct jit_thread *th)
{
    uint8_t mode = fp_mode(th->cpu);
    if (th->mode != mode) {
        th->mode = mode;
        thread_forget(th);
    }
}

static const uint8_t *code_now(struct cpu *cpu)
{
    struct jit_thread *th = jit_thread_of(cpu);
    const struct jit_entry *h = &th->hash[jit_hash(cpu->pc)];

    if (h->pc == cpu->pc && cpu->pc) {
        thread_goes_in(th);
        if (likely(!jit.emptying && th->epoch == jit.epoch))
            return h->code;
    }
    return code_for(cpu, NULL, NULL) + jit.emit.to_exec;
}

const uint8_t *jit_code_now(struct cpu *cpu, struct region **r)
{
    const uint8_t *code = code_now(cpu);
    lock_acquire(&jit.lock);
    if (!cache_find(cpu->pc | jit_thread_of(cpu)->mode, r))
        *r = NULL;
    lock_release(&jit.lock);
    return code;
}

void jit_thread_in(struct cpu *cpu)
{
    thread_goes_in(jit_thread_of(cpu));
}

void jit_thread_out(struct cpu *cpu)
{
    thread_is_out(jit_thread_of(cpu));
}

static bool is_warm(struct cpu *cpu, uint64_t pc)
{
    return cache_may_have(pc | fp_mode(cpu)) || heat_up(pc);
}

static void interp_cold(struct cpu *cpu, struct trap *trap)
{
    interp_run_cold(cpu, trap, is_warm);
}

/* The interpreter runs what is not worth translating yet. True: it ended with a trap. */
static bool run_cold(struct cpu *cpu, struct trap *trap)
{
    bool trapped = interpret(cpu, trap, interp_cold);
    /* It came back from a call that translated code had made. */
    const uint64_t *frame = (const uint64_t *)cpu->engine_word[JW_SHADOW_SP];
    if (frame[1] == cpu->pc)
        cpu->engine_word[JW_SHADOW_SP] = (uint64_t)(frame + 2);
    return trapped;
}

/* Into translated code; in a storm of polls it leaves at the first. A poll that others ask for is told from ours. */
static uint32_t enter(struct cpu *cpu)
{
    enum { STORM = 2 };
    uint32_t none = 0, ours = STORM;
    const uint8_t *code = code_now(cpu);
    if (likely(!jit.poll_storm))
        return jit.thunk.enter(cpu, code);
    __atomic_compare_exchange_n(&cpu->poll, &none, STORM, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    uint32_t exit = jit.thunk.enter(cpu, code);
    __atomic_compare_exchange_n(&cpu->poll, &ours, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return exit;
}

static void run_loop(struct cpu *cpu, struct trap *trap)
{
    struct jit_thread *th = jit_thread_of(cpu);

    while (!cpu->poll) {
        uint64_t at;
        if (unlikely(jit.lockstep)) {
            if (lockstep_run(cpu, trap))
                return;
            thread_set_mode(th);
            continue;
        }
        uint64_t from = cpu->pc;
        uint32_t exit = enter(cpu);
        thread_is_out(th);
        switch (exit & 0xff) {
        case EXIT_SVC:
            *trap = (struct trap){
                .kind = TRAP_SYSCALL, .imm = exit >> 8, .esr = 0x56000000u | exit >> 8};
            return;
        case EXIT_REPLAY:
        case EXIT_FETCH:
            at = cpu->pc;
            if (interpret(cpu, trap, engine_interp.step))
                return;
            if ((exit & 0xff) == EXIT_REPLAY)
                jit_count_mended(cpu, at);
            thread_set_mode(th);
            break;
        case EXIT_COLD:
            if (run_cold(cpu, trap))
                return;
            thread_set_mode(th);
            break;
        case EXIT_LOOKUP: thread_set_mode(th); break;
        case EXIT_POLL:
            if (jit.poll_storm && cpu->pc == from) { /* a loop's head must be left some time */
                if (interpret(cpu, trap, engine_interp.step))
                    return;
                thread_set_mode(th);
            }
            break;
        }
    }
    *trap = (struct trap){.kind = TRAP_INTERRUPT};
}

static void jit_step(struct cpu *cpu, struct trap *trap)
{
    jit_by_interp(cpu, trap, engine_interp.step);
}

static void jit_run(struct cpu *cpu, struct trap *trap)
{
    if (cpu->single_step) {
        jit_by_interp(cpu, trap, engine_interp.run);
        return;
    }
    struct jit_thread *th = jit_thread_of(cpu);
    struct host_catch *outer = host_self->catcher, here;
    cpu->excl_size = 0;
    cpu->raised = trap;
    jit_flags_pack(cpu);
    thread_set_mode(th);
    if (host_catch(&here) == 0) {
        if (th->fpsr != cpu->fpsr)
            jit_fp_to_guest();
        run_loop(cpu, trap);
        jit_fpsr_collect(cpu);
    } else {
        thread_is_out(th);
        jit_fpsr_collect(cpu);
        jit_fp_to_guest();
        if (cpu->raised)
            raise_host_fault(trap, false);
    }
    th->fpsr = cpu->fpsr;
    host_self->catcher = outer;
    cpu->raised = NULL;
    jit_flags_unpack(cpu);
}

/* ---- threads ---- */

static void jit_thread_free(struct jit_thread *th)
{
    if (th->hash)
        mem_pages_free(th->hash, sizeof(struct jit_entry) << HASH_BITS);
    if (th->shadow)
        mem_pages_free(th->shadow, SHADOW_BYTES);
    mem_free(th);
}

static uint64_t *shadow_top(const struct jit_thread *th)
{
    return (uint64_t *)(void *)(th->shadow + SHADOW_BYTES) - 2 * SHADOW_SENTINELS;
}

static bool shadow_make(struct jit_thread *th)
{
    th->shadow = mem_pages(SHADOW_BYTES, PROT_READ | PROT_WRITE);
    if (!th->shadow ||
        host_syscall(LINUX_SYS_mprotect, (uint64_t)th->shadow, GUEST_PAGE, 0, 0, 0, 0) < 0)
        return false;
    uint64_t *top = shadow_top(th);
    for (unsigned i = 0; i < SHADOW_SENTINELS; i++) {
        top[2 * i] = (uint64_t)(jit.thunk.underflow + jit.emit.to_exec);
        top[2 * i + 1] = 1; /* no instruction is there */
    }
    return true;
}

static struct jit_thread *jit_thread_make(struct cpu *cpu)
{
    if (engine_interp.thread_init(cpu) < 0)
        return NULL;
    struct jit_thread *th = mem_alloc(sizeof *th);
    if (th) {
        th->interp_thread = cpu->engine_thread;
        th->hash = mem_pages(sizeof(struct jit_entry) << HASH_BITS, PROT_READ | PROT_WRITE);
        if (th->hash && shadow_make(th)) {
            hash_empty(th);
            th->epoch = jit.epoch;
            return th;
        }
        jit_thread_free(th);
    }
    engine_interp.thread_exit(cpu);
    return NULL;
}

static struct jit_thread *spare_take(void)
{
    lock_acquire(&jit.lock);
    struct jit_thread *th = jit.spare;
    if (th) {
        jit.spare = th->next;
        jit.spares--;
    }
    lock_release(&jit.lock);
    return th;
}

static int jit_thread_init(struct cpu *cpu)
{
    struct jit_thread *th = spare_take();
    if (!th)
        th = jit_thread_make(cpu);
    if (!th)
        return -LINUX_ENOMEM;
    th->cpu = cpu;
    th->fpsr = ~0u; /* MXCSR is whatever */
    cpu->engine_thread = th;
    cpu->engine_word[JW_HASH] = (uint64_t)th->hash;
    cpu->engine_word[JW_SHADOW_TOP] = cpu->engine_word[JW_SHADOW_SP] = (uint64_t)shadow_top(th);
    lock_acquire(&jit.lock);
    if (jit.lockstep && jit.threads) {
        log_line("lockstep: there is a second thread, from here on nothing is compared");
        jit.lockstep = false;
    }
    if (th->epoch != jit.epoch)
        thread_forget(th);
    th->next = jit.threads;
    jit.threads = th;
    lock_release(&jit.lock);
    return 0;
}

static void jit_thread_exit(struct cpu *cpu)
{
    struct jit_thread *th = jit_thread_of(cpu);
    lock_acquire(&jit.lock);
    for (struct jit_thread **at = &jit.threads; *at; at = &(*at)->next) {
        if (*at == th) {
            *at = th->next;
            break;
        }
    }
    bool spare = jit.spares < SPARE_THREADS;
    cpu->engine_thread = th->interp_thread;
    if (spare) {
        th->next = jit.spare;
        jit.spare = th;
        jit.spares++;
    }
    lock_release(&jit.lock);
    if (!spare) {
        engine_interp.thread_exit(cpu);
        jit_thread_free(th);
    }
    cpu->engine_thread = NULL;
}

static void jit_kick(struct cpu *cpu)
{
    __atomic_store_n(&cpu->poll, 1, __ATOMIC_SEQ_CST);
}

/* ---- changes of guest memory ---- */

static void jit_flush(gva addr, uint64_t len)
{
    if (!len)
        return;
    engine_interp.flush(addr, len);
    lock_acquire(&jit.lock);
    if (cache_has_code(addr.a, len))
        code_drop(addr.a, len);
    lock_release(&jit.lock);
}

/* Was any of it executable? */
static bool exec_changed(gva addr, uint64_t len, int prot)
{
    bool was = exec_map_set(addr, len, prot & LINUX_PROT_EXEC);
    if (was || prot & LINUX_PROT_EXEC)
        __atomic_add_fetch(&jit.changes, 1, __ATOMIC_RELAXED);
    return was;
}

static void jit_map(gva addr, uint64_t len, int prot)
{
    if (exec_changed(addr, len, prot))
        jit_flush(addr, len);
}

static void jit_unmap(gva addr, uint64_t len)
{
    jit_map(addr, len, 0);
}

/* What stays executable keeps its contents; a guest that writes there says so by IC IVAU. */
static void jit_protect(gva addr, uint64_t len, int prot)
{
    if (exec_changed(addr, len, prot) && !(prot & LINUX_PROT_EXEC))
        jit_flush(addr, len);
}

/* ---- fork ---- */

static void jit_fork_prepare(void)
{
    lock_acquire(&jit.lock);
    cache_fork_prepare();
}

static void jit_fork_parent(void)
{
    cache_fork_parent();
    lock_release(&jit.lock);
}

static void jit_fork_child(struct cpu *cpu)
{
    struct jit_thread *th = jit_thread_of(cpu);
    th->next = NULL;
    jit.threads = th;
    cache_fork_child();
    lock_reinit(&jit.lock);
    jit_perf_forked();
}

/* ---- start ---- */

static bool word_in(const char *words, const char *word)
{
    const char *at = words ? strstr(words, word) : NULL;
    return at != NULL;
}

static int jit_process_init(const struct engine_options *opt)
{
    if (!CPU_FEATURE_ACTIVE(AVX2) || !CPU_FEATURE_ACTIVE(BMI2) || !CPU_FEATURE_ACTIVE(FMA)) {
        log_line("the translator needs a processor with AVX2, BMI2 and FMA (x86-64-v3)");
        return -LINUX_ENOSYS;
    }
    /* "avx2" is the first processor that had it: nothing of what came later. */
    bool newer = !(opt->host_cpu && strcmp(opt->host_cpu, "avx2") == 0);
    jit.avx512 = newer && CPU_FEATURE_ACTIVE(AVX512VL) && CPU_FEATURE_ACTIVE(AVX512BW) &&
                 CPU_FEATURE_ACTIVE(AVX512DQ);
    jit.gfni = newer && CPU_FEATURE_ACTIVE(GFNI);
    jit.vnni = jit.avx512 && CPU_FEATURE_ACTIVE(AVX512_VNNI);
    jit.bitalg = jit.avx512 && CPU_FEATURE_ACTIVE(AVX512_BITALG);
    jit.sha = newer && CPU_FEATURE_ACTIVE(SHA);
    jit.aes = CPU_FEATURE_ACTIVE(AES);
    jit.pclmul = CPU_FEATURE_ACTIVE(PCLMULQDQ);
    jit.one_insn = word_in(opt->debug, "one-insn");
    jit.poll_storm = word_in(opt->debug, "poll-storm");
    jit.no_link = word_in(opt->debug, "no-link");
    /* Tests of translated code want it at once. */
    jit.heat_enough = opt->debug || opt->lockstep ? 0 : HEAT_ENOUGH;
    jit.lockstep = opt->lockstep;
    jit.stats = opt->stats;
    jit.dump = opt->dump;
    jit.perf_map = opt->perf_map;
    jit.jitdump = opt->jitdump;
    jit.names = opt->names;
    if (opt->lockstep && !lockstep_init())
        return -LINUX_ENOMEM;
    int err = engine_interp.process_init(opt);
    if (err)
        return err;
    if (cache_init(word_in(opt->debug, "tiny") ? 1 << 20 : opt->cache_bytes,
                   word_in(opt->debug, "dual")) < 0) {
        log_line("no memory for the code cache");
        return -LINUX_ENOMEM;
    }
    jit_pins_init(jit.avx512);
    emit_forget(&jit.emit);
    emit_pool(&jit.emit);
    jit_thunks_make();
    jit.first_region = jit.emit.p;
    jit.barriers =
        host_syscall(LINUX_SYS_membarrier, BARRIER_REGISTER_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0) == 0;
    jit.ready = true;
    return 0;
}

static uint64_t jit_slow_features(void)
{
    return jit.sha ? 0 : A64_FEAT_BIT(SHA1) | A64_FEAT_BIT(SHA256);
}

const struct engine engine_jit = {
    .name = "jit",
    .process_init = jit_process_init,
    .slow_features = jit_slow_features,
    .thread_init = jit_thread_init,
    .thread_exit = jit_thread_exit,
    .run = jit_run,
    .step = jit_step,
    .kick = jit_kick,
    .map = jit_map,
    .unmap = jit_unmap,
    .protect = jit_protect,
    .flush = jit_flush,
    .fork_prepare = jit_fork_prepare,
    .fork_parent = jit_fork_parent,
    .fork_child = jit_fork_child,
    .host_fault = jit_host_fault,
    .print_stats = jit_print_stats,
};
