/*
 * Translates one region: discover (discover.c), lift block by block in address
 * order, then the pieces off the hot path, then publish. Called under jit.lock
 * with room in the arena. Also the control-flow half of lift.h: edges between
 * blocks, links to other regions, calls of the interpreter's functions.
 */
#include "engine/jit/discover.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "engine/jit/lockstep.h"

/* ---- edges ---- */

struct cold *cold_add(struct lift *l, enum cold_kind kind, uint8_t *at)
{
    BUG_ON(l->colds == REGION_COLD);
    struct cold *c = &l->cold[l->colds++];
    *c = (struct cold){.kind = kind,
                       .at = at,
                       .insn = l->at,
                       .word = l->insn[l->at].word,
                       .flags = (uint8_t)l->flags};
    return c;
}

/* A patchable jump (cc), jump (-1) or call (-2) to a guest address outside; unlinked it goes to its stub. */
static void link_site(struct lift *l, int cc, uint64_t pc)
{
    BUG_ON(l->links == REGION_LINKS);
    struct link *k = &l->link[l->links];
    uint8_t *at = cc >= 0    ? x_jcc_aligned(&l->e, cc)
                  : cc == -1 ? x_jmp_aligned(&l->e)
                             : x_call_aligned(&l->e);
    *k = (struct link){.pc = pc, .at = at};
    cold_add(l, COLD_LINK, at)->link = (uint16_t)l->links++;
}

/* A jump (cc, or -1 always) to a block of this region. */
static void block_site(struct lift *l, int cc, struct block *b)
{
    uint8_t *at = cc >= 0 ? x_jcc(&l->e, cc) : x_jmp(&l->e);
    if (b->label) {
        x_link(at, b->label);
        return;
    }
    BUG_ON(l->fixups == REGION_FIXUPS);
    l->fixup[l->fixups] = (struct fixup){at, b->fixups};
    b->fixups = (uint16_t)++l->fixups;
}

static bool flags_pending(const struct lift *l)
{
    return l->flags != FL_MEM && !l->flags_saved;
}

static void state_hand_over(struct lift *l, struct block *b)
{
    b->flags = (uint8_t)l->flags;
    b->flags_saved = l->flags_saved;
    b->upper64 = l->upper64;
    b->upper32 = l->upper32;
}

static void poll_inline(struct emit *e)
{
    x_alu_imm(e, ALU_CMP, false, CPU_SLOT(poll), 0);
}

void branch_to(struct lift *l, uint64_t target)
{
    struct block *b = block_at(l, target);
    bool live = flags_pending(l) && (b ? b->live_in : l->live_out && flags_live_at(l, target));
    if ((!b || b->canonical) && live) {
        emit_flags_save(&l->e, l->flags);
        l->flags_saved = true;
    }
    l->ended = true;
    if (b) {
        if (!b->canonical)
            state_hand_over(l, b);
        block_site(l, -1, b);
        return;
    }
    if (target <= l->pc) {
        poll_inline(&l->e);
        cold_add(l, COLD_POLL, x_jcc(&l->e, CC_NE))->pc = target;
    }
    link_site(l, -1, target);
}

static void edge_site(struct lift *l, int cc, struct block *b, uint64_t target, bool save)
{
    if (b && !save) {
        block_site(l, cc, b);
    } else if (!b && !save && target > l->pc) {
        link_site(l, cc, target);
    } else {
        struct cold *c = cold_add(l, COLD_EDGE, cc >= 0 ? x_jcc(&l->e, cc) : x_jmp(&l->e));
        c->pc = target;
        c->save = save;
        c->poll = !b && target <= l->pc;
    }
}

void branch_if(struct lift *l, struct hcond c, uint64_t target)
{
    struct block *b = block_at(l, target);
    bool save = flags_pending(l) &&
                (b ? b->canonical && b->live_in : l->live_out && flags_live_at(l, target));
    if (b && !b->canonical)
        state_hand_over(l, b);
    if (c.cc2 < 0) {
        edge_site(l, c.cc, b, target, save);
    } else if (!c.negate) {
        edge_site(l, c.cc, b, target, save);
        edge_site(l, c.cc2, b, target, save);
    } else {
        uint8_t *no1 = x_jcc8(&l->e, c.cc), *no2 = x_jcc8(&l->e, c.cc2);
        edge_site(l, -1, b, target, save);
        x_bind8(&l->e, no1);
        x_bind8(&l->e, no2);
    }
}

void call_to(struct lift *l, uint64_t target)
{
    link_site(l, -2, target);
}

void exit_at(struct lift *l, uint64_t pc, uint32_t code)
{
    if (flags_pending(l) && l->live_out)
        emit_flags_save(&l->e, l->flags);
    x_imm(&l->e, RDX, pc);
    x_imm(&l->e, RAX, code);
    x_jmp_to(&l->e, jit.thunk.exit_pc);
    l->ended = true;
}

/* ---- instructions that may not be done in place ---- */

void may_fault(struct lift *l)
{
    may_fault_as(l, (uint8_t)(l->flags_saved ? FL_MEM : l->flags));
}

void may_fault_as(struct lift *l, uint8_t kind)
{
    uint32_t host = (uint32_t)(l->e.p - l->code);
    if (l->faults) {
        const struct fault_point *last = &l->fault[l->faults - 1];
        if (last->insn == l->at && last->flags == kind)
            return;
    }
    BUG_ON(l->faults == ARRAY_LEN(l->fault));
    l->fault[l->faults++] = (struct fault_point){host, l->at, kind};
}

static void emit_exec(struct lift *l)
{
    const struct insn *in = &l->insn[l->at];
    x_imm(&l->e, RAX, in->word);
    x_imm(&l->e, RCX, in->op);
    x_imm(&l->e, RDX, l->pc);
    x_link(x_call(&l->e), jit.thunk.exec);
}

static void cold_exec(struct lift *l, struct cold *c)
{
    emit_exec(l);
    x_jmp_to(&l->e, c->back);
}

struct cold *exec_if(struct lift *l, int cc)
{
    struct cold *c = cold_add(l, COLD_FN, x_jcc(&l->e, cc));
    c->fn = cold_exec;
    return c;
}

void lift_fallback(struct lift *l)
{
    const struct insn *in = &l->insn[l->at];
    uint8_t attr = lift_rows[in->op].attr;
    /* Even if dead: the function may fault, and then they are seen. */
    if (flags_pending(l))
        emit_flags_save(&l->e, l->flags);
    l->flags = FL_MEM;
    l->flags_saved = false;
    l->upper64 = l->upper32 = 0;
    emit_exec(l);
    jit.fallback[in->op].places++;
    if (attr & LF_SYNC) {
        exit_at(l, l->pc + 4, EXIT_LOOKUP);
    } else if (attr & (LF_LEAVES | LF_ENDS)) {
        x_load(&l->e, true, RAX, CPU_SLOT(next));
        if (attr & LF_ENDS) {
            x_jmp_to(&l->e, jit.thunk.indirect);
            l->ended = true;
        } else {
            x_imm(&l->e, RCX, l->pc + 4);
            x_alu(&l->e, ALU_CMP, true, RAX, rm_reg(RCX));
            x_jcc_to(&l->e, CC_NE, jit.thunk.indirect);
        }
    }
    l->e.clobbered = false;
}

/* ---- off the hot path ---- */

static void emit_cold(struct lift *l, struct cold *c, uint32_t region_index)
{
    struct emit *e = &l->e;
    uint8_t *start = e->p;
    emit_forget(e);
    l->at = c->insn;
    l->pc = l->base + 4ul * c->insn;
    l->flags = c->flags;
    l->flags_saved = !c->save;
    if (c->kind != COLD_LINK)
        x_bind(e, c->at);
    switch (c->kind) {
    case COLD_EDGE:
        if (c->save)
            emit_flags_save(e, c->flags);
        if (c->poll) {
            poll_inline(e);
            cold_add(l, COLD_POLL, x_jcc(e, CC_NE))->pc = c->pc;
        }
        if (block_at(l, c->pc))
            block_site(l, -1, block_at(l, c->pc));
        else
            link_site(l, -1, c->pc);
        break;
    case COLD_LINK:
        l->link[c->link].stub = start;
        x_link(c->at, start);
        x_imm(e, RAX, region_index << 8 | c->link);
        x_jmp_to(e, jit.thunk.link);
        break;
    case COLD_POLL:
        x_imm(e, RDX, c->pc);
        x_imm(e, RAX, EXIT_POLL);
        x_jmp_to(e, jit.thunk.exit_pc);
        break;
    case COLD_CALL:
        x_link(x_call(e), jit.thunk.indirect);
        x_jmp_to(e, c->back);
        break;
    case COLD_FN: c->fn(l, c); break;
    }
}

/* ---- blocks ---- */

static void begin_block(struct lift *l, struct block *b)
{
    bool falls_in = !l->ended;
    if (!falls_in || b->canonical)
        emit_forget(&l->e);
    l->flags_here = false;
    if (b->canonical) {
        if (falls_in && flags_pending(l) && b->live_in)
            emit_flags_save(&l->e, l->flags);
        l->flags = FL_MEM;
        l->flags_saved = false;
        l->upper64 = l->upper32 = 0;
    } else if (!falls_in) {
        /* Nothing was handed over by a branch that is never taken (CBNZ XZR): any state will do. */
        l->flags = b->flags;
        l->flags_saved = b->flags_saved;
        l->upper64 = b->upper64;
        l->upper32 = b->upper32;
    }
    b->label = l->e.p;
    for (unsigned f = b->fixups; f; f = l->fixup[f - 1].next)
        x_bind(&l->e, l->fixup[f - 1].at);
    if (b->canonical)
        l->entry[l->entries++] =
            (struct region_entry){(l->base + 4ul * b->first) | l->mode, l->e.p};
    if (b->back_target && !b->ends) {
        poll_inline(&l->e);
        cold_add(l, COLD_POLL, x_jcc(&l->e, CC_NE))->pc = l->base + 4ul * b->first;
    }
    l->ended = false;
}

static void lift_one(struct lift *l)
{
    const struct insn *in = &l->insn[l->at];
    const struct lift_row *row = &lift_rows[in->op];
    l->pc = l->base + 4ul * l->at;
    l->live_out = in->live_out || (in->shown && l->flags_here);
    l->e.clobbered = false;
    l->skip = 0;
    unsigned colds = l->colds;
    uint8_t *before = l->e.p;
    l->insn[l->at].code = before;
    if (!row->lift || in->by_interp || !row->lift(l, in->word)) {
        BUG_ON(l->e.p != before);
        lift_fallback(l);
    }
    for (; colds < l->colds; colds++) /* a detour comes back with other scratch registers */
        if (l->cold[colds].kind == COLD_FN || l->cold[colds].kind == COLD_CALL)
            emit_forget(&l->e);
    /* A lifter that forgot flags_clobber would lose NZCV silently. */
    BUG_ON(l->e.clobbered && flags_pending(l) && !l->ended && l->live_out);
}

static void lift_block(struct lift *l, struct block *b)
{
    begin_block(l, b);
    for (unsigned i = b->first; i <= b->last && !l->ended; i += 1u + l->skip) {
        l->at = (uint16_t)i;
        lift_one(l);
    }
    if (!l->ended) {
        uint64_t next = l->base + 4ul * (b->last + 1u);
        if (b + 1 == &l->block[l->blocks] || b[1].first != b->last + 1)
            branch_to(l, next);
    }
}

/* ---- the whole ---- */

#define TAKEN_IN_MAX \
    (64 << 10) /* from the first to the last byte: the pages of all of it count as the region's */

bool region_takes_in(struct lift *l, uint64_t from, uint64_t to)
{
    if (l->also_end) {
        from = l->also < from ? l->also : from;
        to = l->also_end > to ? l->also_end : to;
    }
    if (to - from > TAKEN_IN_MAX)
        return false;
    l->also = from;
    l->also_end = to;
    return true;
}

static struct region *region_publish(struct lift *l)
{
    size_t entries = sizeof(struct region_entry) * l->entries,
           links = sizeof(struct link) * l->links;
    size_t faults = sizeof(struct fault_point) * l->faults;
    struct region *r = mem_alloc(sizeof *r + entries + links + faults);
    if (!r)
        return NULL;
    r->entry = (struct region_entry *)(r + 1);
    r->link = (struct link *)((char *)r->entry + entries);
    r->fault = (struct fault_point *)((char *)r->link + links);
    memcpy(r->entry, l->entry, entries);
    memcpy(r->link, l->link, links);
    memcpy(r->fault, l->fault, faults);
    r->entries = (uint16_t)l->entries;
    r->links = (uint16_t)l->links;
    r->faults = (uint16_t)l->faults;
    r->mode = l->mode;
    r->code = l->code;
    r->code_end = l->e.p;
    r->pc = r->end = l->base;
    r->also = l->also;
    r->also_end = l->also_end;
    for (unsigned i = 0; i < l->window; i++) {
        if (l->insn[i].present) {
            r->end = l->base + 4ul * i + 4;
            r->insns++;
        }
    }
    if (!cache_add(r)) {
        mem_free(r);
        return NULL;
    }
    jit.emit.p = l->e.p + (-(uintptr_t)l->e.p & 15);
    return r;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct region *region_translate(uint64_t pc, const struct cpu *cpu, uint8_t mode)
{
    uint64_t begun = jit.stats ? now_ns() : 0;
    struct lift *l = jit.lift;
    memset(l->insn, 0, l->window * sizeof l->insn[0]);
    l->window = 0;
    l->blocks = l->colds = l->links = l->fixups = l->faults = l->entries = 0;
    l->e = jit.emit;
    emit_forget(&l->e);
    l->code = l->e.p;
    l->cpu = cpu;
    l->mode = mode;
    l->also = l->also_end = 0;
    l->base = pc;
    l->ended = true;
    if (!region_discover(l))
        return NULL;
    for (unsigned k = 0; k < l->blocks; k++)
        lift_block(l, &l->block[k]);
    l->hot_end = l->e.p;
    for (unsigned k = 0; k < l->colds; k++)
        emit_cold(l, &l->cold[k], jit.region_count);
    BUG_ON(l->e.p > l->e.end);
    struct region *r = region_publish(l);
    if (r && jit.lockstep)
        lockstep_note_region(r, l);
    if (r && jit.dump)
        jit_dump(r, l);
    if (r && (jit.perf_map || jit.jitdump))
        jit_perf_add(r);
    if (r && jit.stats) {
        jit.nanoseconds += now_ns() - begun;
        jit.count_regions++;
        jit.count_insns += r->insns;
        jit.count_bytes += (uint64_t)(r->code_end - r->code);
    }
    return r;
}
