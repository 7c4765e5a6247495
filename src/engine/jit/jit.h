/*
 * The translator's own structures: regions of translated code, the links
 * between them, what each thread keeps, and the functions by which its files
 * call each other. run.c is the engine's face; region.c forms and emits;
 * cache.c owns the arena and everything found by guest address.
 */
#ifndef ENGINE_JIT_JIT_H
#define ENGINE_JIT_JIT_H

#include "base/lock.h"
#include "engine/engine.h"
#include "engine/jit/emit.h"

#define REGION_INSNS 128        /* a region holds at most so many guest instructions */
#define REGION_WINDOW 512       /* all within so many words after its first */
#define REGION_CODE (96 * 1024) /* room that must be left in the arena before one is begun */

/* Where NZCV is at some point of translated code. */
enum flags_at {
    FL_MEM,  /* in JW_FLAGS, or dead */
    FL_SUB,  /* in EFLAGS, CF = !C */
    FL_ADD,  /* in EFLAGS, CF = C */
    FL_FCMP, /* in EFLAGS as UCOMIS leaves a comparison */
    FL_KINDS
};

/* A way out of a region to a fixed guest address. */
struct link {
    uint64_t pc;
    uint8_t *at;   /* rel32 of the jump or call */
    uint8_t *stub; /* what it goes to while not linked */
    struct region *to;
    struct link *next; /* among the links into `to` */
};

/* What a fault finds: NZCV at one of those places; or in memory, while pins are lent (state.h). */
enum { FAULT_LENT = FL_KINDS, FAULT_KINDS };

/* An instruction that may fault, by the first byte of its code. */
struct fault_point {
    uint32_t host; /* offset from region->code */
    uint16_t insn; /* words from region->pc */
    uint8_t flags; /* enum flags_at or FAULT_LENT */
};

struct region_entry {
    uint64_t key; /* guest address | mode */
    uint8_t *code;
};

struct region {
    uint64_t pc,
        end; /* guest addresses [pc, end): the window that was translated, holes included */
    uint64_t also, also_end; /* code from elsewhere that was taken in, if also_end is not 0 */
    uint8_t *code, *code_end;
    uint32_t insns;
    uint32_t index; /* in jit.regions */
    uint16_t entries, links, faults;
    bool dead;
    uint8_t mode;
    struct link *incoming;
    struct region_entry *entry;
    struct link *link;
    struct fault_point *fault;
    struct region_shape *shape; /* with --lockstep only */
};

/* Indirect targets, found by translated code itself. */
#define HASH_BITS 12
struct jit_entry {
    uint64_t pc;
    const uint8_t *code;
};

/* How often the interpreter mended the instruction at pc. */
struct jit_mended {
    uint64_t pc;
    uint32_t count;
};

#define SPARE_THREADS 16

#define MENDED_SITES 64
#define MENDED_OFTEN 16

struct jit_thread {
    struct cpu *cpu;
    struct jit_thread *next;
    volatile uint32_t inside; /* may be in translated code, or return to it */
    uint32_t epoch;           /* jit.epoch when hash and shadow stack were last known good */
    uint8_t mode;             /* 1: FPCR is not 0, code whose floating point is the interpreter's */
    uint32_t fpsr;            /* FPSR when the thread last left run(): MXCSR holds no more */
    struct jit_entry *hash;   /* 1 << HASH_BITS */
    uint8_t *shadow;          /* guard page, stack, sentinels */
    struct jit_mended mended[MENDED_SITES]; /* by address */
    void *interp_thread;                    /* cpu->engine_thread as the interpreter wants it */
};

#define SHADOW_BYTES (128 * 1024)
#define SHADOW_SENTINELS 32 /* frames of 16 bytes above the top that match no return */

/* What run() is told when translated code ends. */
enum jit_exit {
    EXIT_LOOKUP, /* go on at cpu->pc */
    EXIT_POLL,   /* cpu->poll was seen at cpu->pc */
    EXIT_SVC,    /* operand in bits 31..8 */
    EXIT_REPLAY, /* the instruction at cpu->pc met a host fault: the interpreter does it */
    EXIT_FETCH,  /* nothing executable at cpu->pc */
    EXIT_COLD,   /* the code at cpu->pc has hardly run and is not translated */
};

/* Addresses of the common pieces of code at the start of the arena (thunks.c). */
struct jit_thunks {
    uint32_t (*enter)(struct cpu *cpu, const uint8_t *code); /* returns enum jit_exit */
    uint8_t *exit;                                           /* EAX: enum jit_exit, pc stored */
    uint8_t *exit_pc;                                        /* the same, RDX: pc to store */
    uint8_t *link;                                           /* EAX: link number */
    uint8_t *indirect;  /* RAX: guest target; through hash and lookup */
    uint8_t *miss;      /* RAX: guest target that the hash does not have; what empty entries hold */
    uint8_t *ret_miss;  /* RAX: guest target of a RET that the shadow stack does not know */
    uint8_t *underflow; /* a sentinel was returned to */
    uint8_t *exec; /* EAX: word, ECX: enum a64_op, RDX: pc; the interpreter's function, then back */
    uint8_t *cold; /* with EXIT_COLD, pc stored */
    uint8_t *fetch;              /* with EXIT_FETCH, pc stored */
    uint8_t *fault[FAULT_KINDS]; /* an interrupted instruction, by where NZCV was; pc stored */
};

/*
 * How often places that are not translated were reached, by a hash of their
 * address: a program's start is mostly code that runs once or twice, and to
 * interpret an instruction that often costs less than to translate it.
 */
#define HEAT_BITS 15
#define HEAT_ENOUGH 8

/* The interpreter's function of a row as translated code uses it; calls are counted for --jit-stats only. */
struct jit_fallback {
    uint64_t places, calls;
};

struct jit {
    struct lock lock;
    bool ready, avx512, gfni, vnni, bitalg, aes, pclmul, sha;
    bool barriers;    /* the host has membarrier(2) */
    const char *dump; /* regions with code of it are printed: engine_options.dump */
    const struct engine_names *names;
    uint64_t changes;    /* of the mappings of code */
    uint64_t perf_index; /* of the next region in the jitdump file */
    bool one_insn, no_link, poll_storm, lockstep, stats, perf_map, jitdump;
    uint8_t heat_enough;          /* a place that was reached so often is translated */
    uint8_t heat[1 << HEAT_BITS]; /* written by all threads, and an increment may be lost */
    struct lift *lift;            /* scratch of the translation under way */
    size_t arena_bytes;
    struct emit emit; /* next free byte */
    uint8_t *arena;   /* as written; executed at arena + emit.to_exec */
    uint8_t *first_region;
    struct jit_thunks thunk;
    volatile uint32_t epoch;    /* counts what makes remembered code addresses stale */
    volatile uint32_t emptying; /* a full arena waits for everybody to be outside */
    struct jit_thread *threads;
    struct jit_thread
        *spare; /* of threads that ended, with their tables; no more than SPARE_THREADS */
    unsigned spares;

    struct region **regions; /* by index, in order of code */
    volatile uint32_t region_count;
    uint32_t region_room;

    /* statistics */
    uint64_t count_regions, count_insns, count_bytes, count_links, count_flushes, count_dropped;
    uint64_t nanoseconds;
    uint64_t count_mended; /* host faults that were none of the guest's; an increment may be lost */
    struct jit_fallback *fallback; /* by op */
};

extern struct jit jit;

/* ---- thunks.c ---- */
void jit_thunks_make(void);
/* RAX: guest target. ZF if it is in the thread's hash, where the code's address is then at jit_hash_code. */
void jit_hash_emit(struct emit *e);
#define jit_hash_code rm_sib(RCX, RDX, 2, offsetof(struct jit_entry, code))

/* ---- cache.c: under jit.lock unless it says otherwise ---- */
int cache_init(size_t bytes, bool dual);
/* Is there room for a region? */
bool cache_has_room(void);
void cache_fork_prepare(void);
void cache_fork_parent(void);
void cache_fork_child(void);
/* Code for a guest address | floating-point mode if translated, else NULL. */
const uint8_t *cache_find(uint64_t key, struct region **region);
/* Registers entries and pages of a finished region. */
bool cache_add(struct region *r);
/* Is there a chance that cache_find has it? Without the lock. */
bool cache_may_have(uint64_t key);
void cache_drop(uint64_t addr, uint64_t len);
bool cache_has_code(uint64_t addr, uint64_t len);
/*
 * Instructions whose lifted form keeps faulting for what the interpreter then
 * mends (a tagged address, a result that only Arm defines): they are its own.
 */
void cache_make_slow(uint64_t pc);
bool cache_is_slow(uint64_t pc);
/* Forgets everything; no thread is inside. */
void cache_reset(void);
/* Which region holds a host code address; any thread, async-signal-safe. */
struct region *cache_region_at(const uint8_t *code);

/* ---- region.c: translates at pc; NULL if its first instruction cannot be fetched. Under jit.lock. ---- */
struct region *region_translate(uint64_t pc, const struct cpu *cpu, uint8_t mode);

/* ---- called from thunks, on the host stack, with the guest's state in cpu ---- */
void jit_exec(struct cpu *cpu, uint32_t word, uint32_t op);
const uint8_t *jit_link(struct cpu *cpu, uint32_t number);
const uint8_t *jit_lookup(struct cpu *cpu);

/* JW_FLAGS and cpu->nzcv. */
void jit_flags_pack(struct cpu *cpu);
void jit_flags_unpack(struct cpu *cpu);

/* ---- fault.c ---- */
bool jit_host_fault(struct cpu *cpu, void *uc, const struct trap *trap);

/* ---- run.c, for lockstep.c ---- */
/* Code for cpu->pc as thunk.enter takes it, and its region, NULL if nothing is executable there; the thread is inside. */
const uint8_t *jit_code_now(struct cpu *cpu, struct region **r);
void jit_thread_in(struct cpu *cpu);
void jit_thread_out(struct cpu *cpu);
/* MXCSR for translated code, its flags clear; and its flags into cpu->fpsr. */
void jit_fp_to_guest(void);
void jit_fpsr_collect(struct cpu *cpu);
/* Lets the interpreter do one instruction, or run until a trap: it has its own data for the thread, which is out then. */
void jit_by_interp(struct cpu *cpu, struct trap *trap, void (*how)(struct cpu *, struct trap *));
/* The instruction at pc met a host fault that was none of the guest's: when that becomes a habit it is not lifted. */
void jit_count_mended(struct cpu *cpu, uint64_t pc);

/* ---- dump.c ---- */
struct lift;
void jit_dump(const struct region *r, const struct lift *l);
/* The guest's words of a region and its host code, whatever --dump says. */
void jit_dump_code(const struct region *r);

/* ---- perf.c ---- */
void jit_perf_add(const struct region *r);
/* In the child of a fork: it has files of its own. */
void jit_perf_forked(void);

/* ---- stats.c ---- */
void jit_print_stats(void);

static inline struct jit_thread *jit_thread_of(const struct cpu *cpu)
{
    return cpu->engine_thread;
}

/* Functions are aligned, to a cache line in some programs: higher bits take part. As jit_hash_emit does it. */
static inline unsigned jit_hash(uint64_t pc)
{
    return ((uint32_t)pc ^ (uint32_t)pc >> 8) >> 2 & ((1u << HASH_BITS) - 1);
}

#endif
