/*
 * The crash report of crash.h, from top to bottom as a reader wants it: what
 * killed the process, what was hit, the registers, the code, who called whom,
 * what it asked the system last, and how to run it again. Everything is read
 * through uaccess and the host's files, since a crashed guest's memory may be
 * anything. capstone is set up here, on first need, on the runtime's own heap.
 */
#include "debug/crash.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "debug/format.h"
#include "debug/where.h"
#include "kernel/options.h"
#include "mm/uaccess.h"

#define CODE_BEFORE 8
#define CODE_AFTER 4
#define FRAMES 32

static void put(struct text *line)
{
    text_write(line, log_fd());
}

static void *zeroed(size_t count, size_t bytes)
{
    return mem_alloc(count * bytes);
}

static void *plain(size_t bytes)
{
    return mem_alloc(bytes);
}

/* "  0x4005d4 in main+0x14 (/usr/bin/true+0x5d4)" */
static void add_where(struct text *line, uint64_t addr)
{
    struct where w;
    text_add(line, "%#llx", (unsigned long long)addr);
    if (!where_is(gva_of(addr), &w)) {
        text_add(line, " (not mapped)");
        return;
    }
    if (w.symbol[0])
        text_add(line, " in %s+%#llx", w.symbol, (unsigned long long)w.into);
    text_add(line, " (%s+%#llx)", w.file[0] ? w.file : "anonymous memory",
             (unsigned long long)(addr - w.start + w.offset));
}

static void print_cause(const struct task *t, int sig, const struct trap *trap)
{
    struct text line = {0};
    struct linux_siginfo info = {.si_signo = sig};
    text_add(&line, "elver: crash: %s, thread %d: killed by ",
             t->group->image.path ? t->group->image.path : "?", t->tid);
    format_signal(&line, sig);
    if (trap && trap->kind == TRAP_FAULT) {
        info.si_code = trap->code;
        info.fault.addr = trap->addr;
        text_add(&line, " ");
        format_siginfo(&line, &info);
    } else if (trap && trap->kind == TRAP_UNDEFINED) {
        text_add(&line, ": instruction %08x is undefined on the CPU model %s", trap->word,
                 t->group->options->cpu ? t->group->options->cpu : "in use");
    } else if (trap && trap->kind == TRAP_BREAKPOINT) {
        text_add(&line, ": BRK #%u", trap->imm);
    }
    put(&line);
}

/* What lies at an address, or around it when nothing does. */
static void print_mapping(const struct task *t, const char *what, uint64_t addr)
{
    struct text line = {0};
    struct mapping m;
    text_add(&line, "  %s ", what);
    add_where(&line, addr);
    put(&line);
    if (!space_next(t->group->space, gva_of(addr), &m)) {
        text_add(&line, "      above every mapping");
    } else if (m.start.a > addr) {
        text_add(&line, "      the next mapping starts %#llx bytes above, at %#llx",
                 (unsigned long long)(m.start.a - addr), (unsigned long long)m.start.a);
    } else {
        text_add(&line, "      mapping %#llx-%#llx %c%c%c, may become %c%c%c, %s",
                 (unsigned long long)m.start.a, (unsigned long long)(m.start.a + m.len),
                 m.prot & LINUX_PROT_READ ? 'r' : '-', m.prot & LINUX_PROT_WRITE ? 'w' : '-',
                 m.prot & LINUX_PROT_EXEC ? 'x' : '-', m.may_prot & LINUX_PROT_READ ? 'r' : '-',
                 m.may_prot & LINUX_PROT_WRITE ? 'w' : '-',
                 m.may_prot & LINUX_PROT_EXEC ? 'x' : '-',
                 m.flags & LINUX_MAP_SHARED ? "shared" : "private");
    }
    put(&line);
}

static void print_registers(const struct cpu *cpu)
{
    struct text line = {0};
    for (int i = 0; i < 31; i++) {
        text_add(&line, "  x%-2d %016llx", i, (unsigned long long)cpu->x[i]);
        if (i % 4 == 3)
            put(&line);
    }
    text_add(&line, "  sp  %016llx", (unsigned long long)cpu->sp);
    put(&line);
    text_add(&line, "  pc  %016llx  nzcv %c%c%c%c  fpcr %08x  fpsr %08x  tpidr %016llx",
             (unsigned long long)cpu->pc, cpu->nzcv & NZCV_N ? 'N' : 'n',
             cpu->nzcv & NZCV_Z ? 'Z' : 'z', cpu->nzcv & NZCV_C ? 'C' : 'c',
             cpu->nzcv & NZCV_V ? 'V' : 'v', cpu->fpcr, cpu->fpsr,
             (unsigned long long)cpu->tpidr_el0);
    put(&line);
}

static void print_code(uint64_t pc)
{
    csh cs;
    cs_opt_mem memory = {plain, zeroed, mem_realloc, mem_free, vsnprintf};
    struct text line = {0};
    cs_insn *insn;
    if (cs_option(0, CS_OPT_MEM, (size_t)&memory) ||
        cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &cs))
        return;
    for (int i = -CODE_BEFORE; i <= CODE_AFTER; i++) {
        uint64_t at = pc + (uint64_t)(int64_t)(i * 4);
        uint32_t word;
        if (UGET(&word, gva_of(at)))
            continue;
        text_add(&line, "  %s %#llx  %08x  ", i ? "  " : "=>", (unsigned long long)at, word);
        if (cs_disasm(cs, (const uint8_t *)&word, sizeof(word), at, 1, &insn) == 1) {
            text_add(&line, "%s %s", insn->mnemonic, insn->op_str);
            cs_free(insn, 1);
        } else {
            text_add(&line, ".inst");
        }
        put(&line);
    }
    cs_close(&cs);
}

/* AAPCS64: x29 points at {caller's x29, return address}. */
static void print_backtrace(const struct cpu *cpu)
{
    struct text line = {0};
    uint64_t fp = cpu->x[29], frame[2];
    text_add(&line, "  #0 ");
    add_where(&line, cpu->pc);
    put(&line);
    /* A function without a frame of its own has its caller in x30 alone. */
    text_add(&line, "  lr ");
    add_where(&line, cpu->x[30]);
    put(&line);
    for (int i = 1; i < FRAMES; i++) {
        if (!fp || (fp & 7) || UGET(&frame, gva_of(fp)) || !frame[1])
            return;
        text_add(&line, "  #%d ", i);
        add_where(&line, frame[1] - 4);
        put(&line);
        if (frame[0] <= fp)
            return;
        fp = frame[0];
    }
}

static void print_calls(const struct task *t)
{
    struct text line = {0};
    uint32_t count = t->calls.count, first = count > CALL_RING ? count - CALL_RING : 0;
    for (uint32_t i = first; i != count; i++) {
        long nr = t->calls.call[i % CALL_RING].nr, result = t->calls.call[i % CALL_RING].result;
        const uint64_t *arg = t->calls.call[i % CALL_RING].arg;
        text_add(&line, "  ");
        if (nr >= 0 && nr < LINUX_SYS_COUNT && syscall_rows[nr].name)
            format_call(&line, &syscall_rows[nr], arg, false, 0);
        else
            text_add(&line, "syscall_%ld(...)", nr);
        if (result != CALL_UNFINISHED)
            format_result(&line, nr, result);
        put(&line);
    }
}

/* The guest's own argument strings, quoted for a shell, after elver's options. */
static void print_command(const struct task *t)
{
    struct text line = {0};
    const struct options *o = t->group->options;
    gva p = t->group->image.arg_start;
    char word[256];
    text_add(&line, "  elver");
    if (o->engine)
        text_add(&line, " --engine=%s", o->engine);
    if (o->engine_options.debug)
        text_add(&line, " --jit-debug=%s", o->engine_options.debug);
    if (o->cpu)
        text_add(&line, " --cpu=%s", o->cpu);
    if (o->sysroot)
        text_add(&line, " --sysroot%s '%s'", o->sysroot_only ? "-only" : "", o->sysroot);
    text_add(&line, " -0");
    for (int i = 0; p.a < t->group->image.arg_end.a; i++) {
        long len = uaccess_str(word, p, sizeof(word));
        if (len < 0) {
            text_add(&line, " ...");
            break;
        }
        text_add(&line, " '");
        for (const char *c = word; *c; c++)
            text_add(&line, "%s%c", *c == '\'' ? "'\\'" : "", *c);
        text_add(&line, "'");
        if (i == 0)
            text_add(&line, " '%s'", t->group->image.path ? t->group->image.path : word);
        p = gva_add(p, (uint64_t)len + 1);
    }
    put(&line);
}

void crash_report(struct task *t, int sig, const struct trap *trap)
{
    if (log_fd() < 0)
        return;
    print_cause(t, sig, trap);
    if (trap && trap->kind == TRAP_FAULT)
        print_mapping(t, "hit", trap->addr);
    print_mapping(t, "pc", t->cpu.pc);
    print_mapping(t, "sp", t->cpu.sp);
    log_line("registers:");
    print_registers(&t->cpu);
    log_line("code:");
    print_code(t->cpu.pc);
    log_line("backtrace:");
    print_backtrace(&t->cpu);
    log_line("last system calls (of %u):", t->calls.count);
    print_calls(t);
    log_line("run it again with:");
    print_command(t);
}
