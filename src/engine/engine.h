/*
 * The seam between guest code and everything else. An engine only runs:
 * engine->run(cpu) executes guest instructions of the calling thread until
 * something happens that it cannot do, and says what in a struct trap.
 * Engines know neither mm nor kernel; mm tells them what changed through the
 * calls below. Implementations: engine/interp, engine/jit, engine/vm.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "a64/cpu.h"
#include "base/types.h"

enum trap_kind {
    TRAP_SYSCALL, /* SVC executed; cpu->pc is the instruction after it */
    TRAP_FAULT, /* data or instruction abort; cpu->pc is the culprit; sig, code, addr, esr are set */
    TRAP_UNDEFINED,  /* cpu->pc is the culprit, word its bits; SIGILL/ILL_ILLOPC */
    TRAP_BREAKPOINT, /* BRK: cpu->pc is the BRK, imm its operand */
    TRAP_STEP,       /* cpu->single_step asked for and one instruction done (debuggers) */
    TRAP_INTERRUPT,  /* cpu->poll was seen; cpu->pc is where to go on */
};

struct trap {
    enum trap_kind kind;
    int sig;       /* LINUX_SIGSEGV, LINUX_SIGBUS... (TRAP_FAULT) */
    int code;      /* si_code: SEGV_MAPERR, SEGV_ACCERR, BUS_ADRALN, BUS_ADRERR... */
    uint64_t addr; /* si_addr */
    uint32_t esr;  /* ESR_EL1 as Linux would put it into the signal frame */
    uint32_t imm;  /* SVC or BRK operand */
    uint32_t word; /* instruction bits (TRAP_UNDEFINED) */
};

/*
 * Names of guest code, for people who look at an engine's work. Both may be
 * called with the engine's locks held and take none of mm's. changes: moves
 * whenever mappings of code may have changed since the last call.
 */
struct engine_names {
    /* "symbol [file]", "file+0x123" or "guest_123" of pc, at most bytes - 1 characters. */
    void (*of)(uint64_t pc, uint64_t changes, char *out, size_t bytes);
    /* Is code of the symbol `what`, "SYMBOL", "FILE:SYMBOL" or "FILE:" for all, in [pc, end)? */
    bool (*match)(uint64_t pc, uint64_t end, uint64_t changes, const char *what);
};

struct engine_options {
    size_t cache_bytes;     /* bound of the code cache; 0 = the engine's default */
    const char *host_cpu;   /* "avx2", "avx512" or NULL = what the machine has */
    const char *debug;      /* engine-specific words: lockstep, no-link, tiny... or NULL */
    bool stats;             /* print statistics to the log at exit */
    bool lockstep;          /* compare everything with the interpreter */
    bool perf_map, jitdump; /* write what perf(1) reads */
    const char *dump; /* "0x" and an address, "SYMBOL" or "FILE:SYMBOL": print its translation */
    const struct engine_names *names;
};

struct engine {
    const char *name;

    /* Once per process image, before the first thread. 0 or -LINUX_Exxx with a sentence in the log. */
    int (*process_init)(const struct engine_options *opt);
    /* A64_FEAT_BITs for which this host has no instructions: guests do better with other code. NULL: none. */
    uint64_t (*slow_features)(void);

    /* In the thread itself, before its first run and after its last. */
    int (*thread_init)(struct cpu *cpu);
    void (*thread_exit)(struct cpu *cpu);

    /* Runs until a trap. All registers in cpu are exact on return. */
    void (*run)(struct cpu *cpu, struct trap *trap);

    /* Runs exactly one instruction (debuggers, frames that need it). */
    void (*step)(struct cpu *cpu, struct trap *trap);

    /* Makes a thread leave run() soon. Async-signal-safe, callable from any thread. */
    void (*kick)(struct cpu *cpu);

    /*
     * Address-space changes, told by mm after the host mapping changed and
     * with the space locked. prot is LINUX_PROT_*; executable contents of
     * [addr, addr+len) that were translated are dropped before return, and
     * no thread runs them once it has passed its next poll.
     */
    void (*map)(gva addr, uint64_t len, int prot);
    void (*unmap)(gva addr, uint64_t len);
    void (*protect)(gva addr, uint64_t len, int prot);

    /* IC IVAU and friends: code in the range was changed. Any thread, no lock held. */
    void (*flush)(gva addr, uint64_t len);

    /* Around a host fork: prepare takes the engine's locks, the others release them. */
    void (*fork_prepare)(void);
    void (*fork_parent)(void);
    void (*fork_child)(struct cpu *cpu);

    /*
     * A host fault (SIGSEGV, SIGBUS, SIGFPE, SIGILL) whose PC is inside code
     * this engine made: puts the exact guest state into cpu and changes the
     * host context so that run() returns `trap` (or execution goes on, for a
     * fault the engine mends itself). False: not my code. Async-signal-safe.
     * uc is the host's ucontext_t. NULL if the engine makes no code.
     */
    bool (*host_fault)(struct cpu *cpu, void *uc, const struct trap *trap);

    void (*print_stats)(void);
};

extern const struct engine engine_interp;
extern const struct engine engine_jit;

/*
 * The interpreter's function for one encoding: reads its operands from cpu
 * and word, writes its results to cpu. At entry cpu->pc is the instruction's
 * address and cpu->next that of the one after it; branches write cpu->next.
 * What cannot be completed leaves through engine_raise with nothing changed.
 * Shared with the translator, which calls them for rare instructions.
 */
typedef void exec_fn(struct cpu *cpu, uint32_t word);

/*
 * Ends the current instruction with a trap: control goes back to the run()
 * of the calling thread. Only from code called (directly or not) by run().
 */
void engine_raise(struct cpu *cpu, const struct trap *trap) noreturn_fn;

#endif
