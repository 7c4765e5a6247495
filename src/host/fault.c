/*
 * The one owner of the host's SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP as
 * raised by an instruction. In this order: a copy of guest bytes ends with
 * EFAULT; the engine's code is the engine's; an armed catch receives it; else
 * it is a bug of ours, which is reported and dies by that very signal.
 */
#include <string.h>

#include "base/log.h"
#include "base/sanitize.h"
#include "host/host_internal.h"

_Static_assert(offsetof(struct host_thread, catcher) == 8, "CATCHER of fault_x86_64.S");

extern const char host_copy_begin[], host_copy_end[], host_copy_fault[];
extern const char host_copy_str_begin[], host_copy_str_end[];
extern const char host_word_begin[], host_word_end[];
extern const char host_catch_fault[];
void host_throw_to(struct host_catch *c) noreturn_fn;
extern const char __executable_start[], etext[];

enum { TRAP_PAGE_FAULT = 14, PAGE_FAULT_WRITE = 2, STACK_WORDS = 256, REPORT_WORDS = 24 };

static host_fault_hook *engine_hook;

void host_fault_set_hook(host_fault_hook *hook)
{
    engine_hook = hook;
}

/* The frames between sp and the catch end here. */
static void leave_frames(const struct host_catch *c, uint64_t sp)
{
    enum { CATCH_SP = 6 };

    sanitize_forget((const char *)sp, c->reg[CATCH_SP] - sp);
}

void host_throw(struct host_catch *c)
{
    leave_frames(c, (uint64_t)__builtin_frame_address(0));
    host_throw_to(c);
}

static bool leave_copy(greg_t *reg)
{
    static const struct {
        const char *begin, *end;
    } copies[] = {
        {(const char *)host_copy, host_copy_end},
        {host_copy_str_begin, host_copy_str_end},
        {host_word_begin, host_word_end},
    };
    const char *pc = (const char *)reg[REG_RIP];

    for (size_t i = 0; i < ARRAY_LEN(copies); i++) {
        if (pc >= copies[i].begin && pc < copies[i].end) {
            reg[REG_RIP] = (greg_t)host_copy_fault;
            return true;
        }
    }
    return false;
}

/* Words on the stack that point into our text: a backtrace good enough for addr2line. */
static void report_stack(const greg_t *reg)
{
    const char *text = __executable_start;
    unsigned shown = 0;

    for (unsigned i = 0; i < STACK_WORDS && shown < REPORT_WORDS; i++) {
        uint64_t word;

        if (host_copy(&word, (const uint64_t *)reg[REG_RSP] + i, sizeof word) < 0)
            return;
        if (word >= (uint64_t)text && word < (uint64_t)etext) {
            log_line("  +0x%lx", (unsigned long)(word - (uint64_t)text));
            shown++;
        }
    }
}

static void noreturn_fn report_and_die(const struct host_fault *f, const greg_t *reg)
{
    static uint32_t reporting;

    if (log_fd() < 0)
        log_to(2);
    if (!__atomic_exchange_n(&reporting, 1, __ATOMIC_RELAXED)) {
        log_line("bug: signal %d code %d at address 0x%lx, pc +0x%lx (0x%lx) sp 0x%lx", f->sig,
                 f->code, (unsigned long)f->addr,
                 (unsigned long)((uint64_t)reg[REG_RIP] - (uint64_t)__executable_start),
                 (unsigned long)reg[REG_RIP], (unsigned long)reg[REG_RSP]);
        report_stack(reg);
    }
    host_die(f->sig);
}

void host_fault_handle(struct host_thread *self, int sig, const struct linux_siginfo *info,
                       ucontext_t *uc)
{
    greg_t *reg = uc->uc_mcontext.gregs;
    struct host_fault f = {.sig = sig, .code = info->si_code, .addr = info->fault.addr};

    if (leave_copy(reg))
        return;
    f.write = reg[REG_TRAPNO] == TRAP_PAGE_FAULT && reg[REG_ERR] & PAGE_FAULT_WRITE;
    if (f.code == LINUX_SI_KERNEL) {
        /* A general protection fault: a non-canonical address, which the host does not tell. */
        f.addr = 0;
        if (sig == LINUX_SIGSEGV)
            f.code = LINUX_SEGV_MAPERR;
    }
    if (engine_hook && self && engine_hook(self, uc, &f))
        return;
    if (!self || !self->catcher || sig == LINUX_SIGILL || sig == LINUX_SIGTRAP)
        report_and_die(&f, reg);
    self->fault = f;
    leave_frames(self->catcher, (uint64_t)reg[REG_RSP]);
    reg[REG_RDI] = (greg_t)self->catcher;
    reg[REG_RIP] = (greg_t)host_catch_fault;
}
