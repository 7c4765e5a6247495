/*
 * Decodes a region: from its first instruction along fall-through and direct
 * branches, within a window, not into what is translated already. Then blocks,
 * and one backward pass for NZCV (repeated while loops change it).
 */
#include "engine/jit/discover.h"

#include <string.h>

#include "engine/exec_map.h"
#include "engine/interp/interp.h"
#include "host/host.h"

unsigned code_fetch(uint64_t pc, uint32_t *words, unsigned count)
{
    unsigned room = (unsigned)((GUEST_PAGE - (pc & (GUEST_PAGE - 1))) / 4);
    if (pc & 3 || !gva_range_ok(gva_of(pc), 4) || !exec_map_test(gva_of(pc)))
        return 0;
    if (count > room)
        count = room;
    return host_copy(words, (const void *)pc, count * 4ul) == 0 ? count : 0;
}

uint64_t branch_target(uint32_t w, enum a64_op op, uint64_t pc)
{
    switch (op) {
    case A64_b:
    case A64_bl: return pc + (uint64_t)(sbits(w, 25, 0) * 4);
    case A64_tbz:
    case A64_tbnz: return pc + (uint64_t)(sbits(w, 18, 5) * 4);
    default: /* b_cond, bc_cond, cbz, cbnz */ return pc + (uint64_t)(sbits(w, 23, 5) * 4);
    }
}

bool insn_is_conditional(enum a64_op op)
{
    return op == A64_b_cond || op == A64_bc_cond || op == A64_cbz || op == A64_cbnz ||
           op == A64_tbz || op == A64_tbnz;
}

bool flags_live_at(struct lift *l, uint64_t pc)
{
    uint32_t words[8];
    unsigned have = 0, at = 0;
    if (jit.one_insn || jit.lockstep) /* what a region keeps of NZCV shall be exact then */
        return true;
    for (unsigned steps = 0; steps < 10; steps++) {
        if (at == have) {
            have = code_fetch(pc, words, ARRAY_LEN(words));
            at = 0;
            if (!have)
                return true;
        }
        uint32_t w = words[at++];
        enum a64_op op = a64_decode(w);
        uint8_t attr = lift_rows[op].attr;
        if (attr & LF_READS)
            return true;
        if (attr & LF_WRITES)
            return false;
        if (op == A64_b || op == A64_bl) {
            pc = branch_target(w, op, pc);
            have = at = 0;
            continue;
        }
        if ((attr & LF_ENDS) || insn_is_conditional(op))
            return true;
        pc += 4;
    }
    return true;
}

struct discovery {
    struct lift *l;
    uint32_t words[REGION_WINDOW];
    uint8_t fetched[REGION_WINDOW];
    uint16_t work[REGION_INSNS * 2 + 4];
    unsigned works, count;
};

static bool word_at(struct discovery *d, unsigned i)
{
    if (d->fetched[i])
        return true;
    unsigned n = i + 32 <= REGION_WINDOW ? 32 : REGION_WINDOW - i;
    n = code_fetch(d->l->base + 4ul * i, &d->words[i], n);
    for (unsigned k = 0; k < n; k++)
        d->fetched[i + k] = 1;
    return n != 0;
}

/* A place that code of the region goes to: taken in if it is near and not yet translated elsewhere. */
static void want(struct discovery *d, uint64_t pc)
{
    uint64_t i = (pc - d->l->base) / 4;
    if (i >= REGION_WINDOW)
        return;
    if (d->l->insn[i].present) {
        d->l->insn[i].leader = true;
        return;
    }
    if (jit.one_insn || (i != 0 && cache_find(pc | d->l->mode, NULL)))
        return;
    if (d->works < ARRAY_LEN(d->work))
        d->work[d->works++] = (uint16_t)i;
}

static void walk(struct discovery *d, unsigned i)
{
    struct lift *l = d->l;
    if (l->window <= i)
        l->window = i + 1;
    if (!l->insn[i].present && d->count < REGION_INSNS)
        l->insn[i].leader = true;
    for (; i < REGION_WINDOW && d->count < (jit.one_insn ? 1 : REGION_INSNS); i++) {
        struct insn *in = &l->insn[i];
        if (in->present || !word_at(d, i))
            return;
        uint64_t pc = l->base + 4ul * i;
        in->word = d->words[i];
        in->op = (uint16_t)interp_decode(l->cpu->model, in->word);
        in->by_interp = cache_is_slow(pc);
        in->present = true;
        d->count++;
        if (l->window <= i)
            l->window = i + 1;
        if (insn_is_conditional(in->op)) {
            want(d, branch_target(in->word, in->op, pc));
            want(d, pc + 4);
            return;
        }
        if (in->op == A64_bl || in->op == A64_blr) {
            want(d, pc + 4);
            return;
        }
        if (in->op == A64_b) {
            want(d, branch_target(in->word, in->op, pc));
            return;
        }
        if (lift_rows[in->op].attr & LF_ENDS)
            return;
    }
}

struct block *block_at(struct lift *l, uint64_t pc)
{
    uint64_t i = (pc - l->base) / 4;
    if (i >= REGION_WINDOW || !l->insn[i].present)
        return NULL;
    struct block *b = &l->block[l->insn[i].block];
    return b->first == i ? b : NULL;
}

/* The one or two successors of a block inside the region; NULL: outside or none. */
struct successors {
    struct block *taken, *next;
    uint64_t taken_pc, next_pc; /* 0: there is no such edge */
    bool call;                  /* taken is a call: next is entered by the return */
    bool unknown;               /* indirect, or the kernel */
};

static struct successors successors_of(struct lift *l, const struct block *b)
{
    const struct insn *in = &l->insn[b->last];
    uint64_t pc = l->base + 4ul * b->last;
    struct successors s = {0};
    if (insn_is_conditional(in->op) || in->op == A64_b || in->op == A64_bl)
        s.taken_pc = branch_target(in->word, in->op, pc);
    s.call = in->op == A64_bl || in->op == A64_blr;
    if (insn_is_conditional(in->op) || s.call || !(lift_rows[in->op].attr & LF_ENDS))
        s.next_pc = pc + 4;
    s.unknown = !s.taken_pc && (lift_rows[in->op].attr & LF_ENDS);
    if (s.taken_pc && !s.call)
        s.taken = block_at(l, s.taken_pc);
    if (s.next_pc)
        s.next = block_at(l, s.next_pc);
    return s;
}

static void make_blocks(struct lift *l)
{
    struct block *b = NULL;
    for (unsigned i = 0; i < l->window; i++) {
        struct insn *in = &l->insn[i];
        if (!in->present) {
            b = NULL;
            continue;
        }
        if (!b || in->leader) {
            b = &l->block[l->blocks++];
            *b = (struct block){.first = (uint16_t)i};
        }
        b->last = (uint16_t)i;
        in->block = (uint16_t)(b - l->block);
        if (insn_is_conditional(in->op) || (lift_rows[in->op].attr & LF_ENDS))
            b = NULL;
    }
    l->block[0].canonical = true;
    for (unsigned k = 0; k < l->blocks; k++) {
        b = &l->block[k];
        struct successors s = successors_of(l, b);
        struct block *to[2] = {s.taken, s.next};
        for (int n = 0; n < 2; n++) {
            if (!to[n])
                continue;
            to[n]->preds++;
            if (to[n] <= b) {
                to[n]->back_target = true;
                to[n]->canonical = true;
            }
        }
        if (s.call && s.next)
            s.next->canonical = true;
    }
    for (unsigned k = 0; k < l->blocks; k++)
        if (l->block[k].preds != 1)
            l->block[k].canonical = true;
}

/*
 * Which blocks no loop goes through without meeting a poll elsewhere: nothing
 * but BR, which polls, SVC and RET comes after them. A return takes a frame
 * off the shadow stack; who put it there and comes by again without end is in
 * a loop of his own. Where the epilogue of a function stands before code that
 * jumps to it this spares the poll.
 */
static void make_ends(struct lift *l)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (unsigned k = l->blocks; k-- > 0;) {
            struct block *b = &l->block[k];
            struct successors s = successors_of(l, b);
            uint16_t op = l->insn[b->last].op;
            bool leaves = (s.taken_pc && !s.taken && !s.call) || (s.next_pc && !s.next) ||
                          (s.unknown && !s.call && op != A64_ret && op != A64_br && op != A64_svc);
            if (b->ends || leaves || (s.taken && !s.taken->ends) || (s.next && !s.next->ends))
                continue;
            b->ends = changed = true;
        }
    }
}

/* NZCV live at the end of a block. exit_live: what flags_live_at said of its edges that leave, 2 = not asked yet. */
static bool live_at_end(struct lift *l, const struct block *b, uint8_t exit_live[2])
{
    struct successors s = successors_of(l, b);
    if (s.unknown)
        return true;
    bool live = false;
    if (s.taken) {
        live |= s.taken->live_in;
    } else if (s.taken_pc) {
        if (exit_live[0] == 2)
            exit_live[0] = flags_live_at(l, s.taken_pc);
        live |= exit_live[0];
    }
    if (s.call)
        return live; /* the callee's answer: its own code is asked, and what it calls counts as reading */
    if (s.next) {
        live |= s.next->live_in;
    } else if (s.next_pc) {
        if (exit_live[1] == 2)
            exit_live[1] = flags_live_at(l, s.next_pc);
        live |= exit_live[1];
    }
    return live;
}

/* Loads and stores (C4.1: op0 = x1x0), and what the interpreter's functions do. */
static bool may_raise(const struct insn *in)
{
    return (in->word & 0x0a000000) == 0x08000000 || !lift_rows[in->op].lift;
}

/*
 * What may fault shows NZCV to a signal handler: that counts as reading, but
 * only inside the block that sets them, or every loop would store flags that are dead.
 */
static void make_liveness(struct lift *l)
{
    uint8_t exit_live[REGION_INSNS + 1][2];
    bool writer = false;
    for (unsigned i = 0; i < l->window; i++)
        if (l->insn[i].present && (lift_rows[l->insn[i].op].attr & LF_WRITES))
            writer = true;
    if (!writer) /* NZCV stays in memory throughout */
        return;
    memset(exit_live, 2, sizeof exit_live);
    for (bool changed = true; changed;) {
        changed = false;
        for (unsigned k = l->blocks; k-- > 0;) {
            struct block *b = &l->block[k];
            bool live = live_at_end(l, b, exit_live[k]), shown = false;
            for (int i = b->last; i >= b->first; i--) {
                uint8_t attr = lift_rows[l->insn[i].op].attr;
                l->insn[i].live_out = live;
                l->insn[i].shown = shown || (!(attr & LF_WRITES) && may_raise(&l->insn[i]));
                if (attr & LF_WRITES)
                    live = shown = false;
                if (attr & LF_READS)
                    live = true;
                shown |= may_raise(&l->insn[i]);
            }
            changed |= live != b->live_in;
            b->live_in = live;
        }
    }
}

bool region_discover(struct lift *l)
{
    struct discovery d;
    memset(d.fetched, 0, sizeof d.fetched);
    d.l = l;
    d.work[0] = 0;
    d.works = 1;
    d.count = 0;
    while (d.works) {
        unsigned i = d.work[--d.works];
        walk(&d, i);
    }
    if (!l->insn[0].present)
        return false;
    make_blocks(l);
    make_ends(l);
    make_liveness(l);
    return true;
}
