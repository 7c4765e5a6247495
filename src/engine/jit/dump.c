/*
 * --dump=PC or SYMBOL: each region with code from there is printed in the log:
 * instruction by instruction, the guest's and what it became, by capstone, and
 * between them what the translator knows: blocks and how they are entered,
 * where NZCV is live, which registers have a place of their own.
 */
#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/jit/lift.h"

struct disassemblers {
    csh a64, x86;
};

static bool wanted(const struct region *r)
{
    if (strncmp(jit.dump, "0x", 2) == 0) {
        uint64_t pc = strtoul(jit.dump, NULL, 16);
        return pc >= r->pc && pc < r->end;
    }
    return jit.names->match(r->pc, r->end, jit.changes, jit.dump);
}

static void print_code(csh handle, const char *indent, const uint8_t *bytes, size_t length,
                       uint64_t address)
{
    cs_insn *insn;
    size_t count = cs_disasm(handle, bytes, length, address, 0, &insn);
    for (size_t i = 0; i < count; i++)
        log_line("%s%lx  %s %s", indent, insn[i].address, insn[i].mnemonic, insn[i].op_str);
    if (count)
        cs_free(insn, count);
}

static void print_x86(const struct disassemblers *d, const uint8_t *from, const uint8_t *to)
{
    print_code(d->x86, "        ", from, (size_t)(to - from),
               (uint64_t)from + (uint64_t)jit.emit.to_exec);
}

/* "x0=rdi x1=rsi ... v0-v11=xmm0-xmm11 v12-v27=xmm16-xmm31", the rest in struct cpu. */
static void print_pins(void)
{
    static const char *const host[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                         "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    char line[512];
    int n = 0;
    for (unsigned i = 0; i < 32; i++)
        if (pin_of_gpr[i] != NOREG && i == GPR_SP)
            n += snprintf(line + n, sizeof line - (size_t)n, " sp=%s", host[pin_of_gpr[i]]);
        else if (pin_of_gpr[i] != NOREG)
            n += snprintf(line + n, sizeof line - (size_t)n, " x%u=%s", i, host[pin_of_gpr[i]]);
    for (unsigned i = 0, end; i < 32; i = end) {
        for (end = i + 1; end < 32 && pin_of_vreg[end] == pin_of_vreg[i] + (int)(end - i); end++)
            ;
        if (pin_of_vreg[i] != NOREG)
            n += snprintf(line + n, sizeof line - (size_t)n, " v%u-v%u=xmm%d-xmm%d", i, end - 1,
                          pin_of_vreg[i], pin_of_vreg[end - 1]);
    }
    log_line(" %s; the others are in struct cpu at r15-%d", line, STATE_BIAS);
}

static void print_block(const struct lift *l, const struct block *b)
{
    log_line("  block %lx..%lx: %s, NZCV %s at its start%s", l->base + 4ul * b->first,
             l->base + 4ul * (b->last + 1u),
             b->canonical ? "may be entered from anywhere" : "entered by one edge",
             b->live_in ? "live" : "dead",
             b->back_target && !b->ends ? ", a loop: looks at cpu->poll" : "");
}

static void print_insn(const struct lift *l, unsigned i, const struct disassemblers *d)
{
    const struct insn *in = &l->insn[i];
    uint64_t pc = l->base + 4ul * i;
    uint32_t word = in->word;
    cs_insn *text;
    size_t count = cs_disasm(d->a64, (const uint8_t *)&word, sizeof word, pc, 1, &text);
    log_line("    %lx  %08x  %s %s    [%s%s%s%s]", pc, word, count ? text->mnemonic : "?",
             count ? text->op_str : "", a64_rows[in->op].name, in->live_out ? ", NZCV live" : "",
             in->shown ? ", NZCV shown to faults" : "",
             !lift_rows[in->op].lift || in->by_interp ? ", by the interpreter" : "");
    if (count)
        cs_free(text, count);
}

/* Where the code of the instruction after i begins: the next one of the region that has code of its own. */
static const uint8_t *next_code(const struct lift *l, unsigned i)
{
    for (i++; i < l->window; i++)
        if (l->insn[i].present && l->insn[i].code)
            return l->insn[i].code;
    return l->hot_end;
}

static void print_region(const struct region *r, const struct lift *l,
                         const struct disassemblers *d)
{
    char name[256];
    jit.names->of(r->pc, jit.changes, name, sizeof name);
    log_line("region %lx..%lx, %s: %u instructions, %u blocks, %lu bytes of code at %lx, %s", r->pc,
             r->end, name, r->insns, l->blocks, (uint64_t)(r->code_end - r->code),
             (uint64_t)r->code + (uint64_t)jit.emit.to_exec,
             r->mode ? "FPCR is not 0" : "FPCR is 0");
    print_pins();
    for (unsigned k = 0; k < l->blocks; k++) {
        const struct block *b = &l->block[k];
        print_block(l, b);
        print_x86(d, b->label, l->insn[b->first].code ? l->insn[b->first].code : b->label);
        for (unsigned i = b->first; i <= b->last; i++) {
            print_insn(l, i, d);
            if (l->insn[i].code)
                print_x86(d, l->insn[i].code, next_code(l, i));
        }
    }
    log_line("  off the hot path:");
    print_x86(d, l->hot_end, r->code_end);
}

static bool open_both(struct disassemblers *d)
{
    if (cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &d->a64) != CS_ERR_OK)
        return false;
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &d->x86) != CS_ERR_OK) {
        cs_close(&d->a64);
        return false;
    }
    cs_option(d->a64, CS_OPT_SKIPDATA, CS_OPT_ON);
    cs_option(d->x86, CS_OPT_SKIPDATA, CS_OPT_ON);
    return true;
}

static void close_both(struct disassemblers *d)
{
    cs_close(&d->x86);
    cs_close(&d->a64);
}

void jit_dump(const struct region *r, const struct lift *l)
{
    struct disassemblers d;
    if (!wanted(r) || !open_both(&d))
        return;
    print_region(r, l, &d);
    close_both(&d);
}

void jit_dump_code(const struct region *r)
{
    struct disassemblers d;
    if (!open_both(&d))
        return;
    log_line("  guest code:");
    print_code(d.a64, "    ", (const uint8_t *)r->pc, r->end - r->pc, r->pc);
    log_line("  host code:");
    print_x86(&d, r->code, r->code_end);
    close_both(&d);
}
