/*
 * The signal frame of arm64 (arch/arm64/kernel/signal.c of Linux). From high
 * to low addresses:
 *
 *   frame record     x29, x30 of the interrupted code: unwinders go on there
 *   __reserved       fpsimd_context, esr_context after a fault, terminator
 *   mcontext         fault_address, x0..x30, sp, pc, pstate
 *   ucontext         alternate stack, mask
 *   siginfo          <- sp of the handler, 16-byte aligned
 *
 * Reading back accepts what Linux accepts: records in any order, one
 * extra_context, sizes and alignment checked, FPSIMD required.
 */
#include "kernel/sigframe.h"

#include <string.h>

#include "a64/feature.h"
#include "a64/model.h"
#include "abi/errno.h"
#include "kernel/regset.h"
#include "kernel/vdso.h"
#include "mm/uaccess.h"

enum { BTYPE_CALL = 2, RECORD_ALIGN = 16, TERMINATOR_BYTES = 16, FRAME_MAX = 256 << 10 };

struct frame_record {
    uint64_t fp, lr;
};

#define RESERVED_OFFSET offsetof(struct linux_rt_sigframe, uc.uc_mcontext.reserved)

/* The part of a frame that is written: all but the unused rest of __reserved. */
struct written {
    union {
        struct linux_rt_sigframe frame;
        struct {
            uint8_t head[RESERVED_OFFSET];
            struct linux_fpsimd_context fp;
            struct linux_esr_context esr;
            struct linux_ctx_head end;
        } records;
    };
};

/* Is sp inside the alternate stack, as far as SS_AUTODISARM lets it matter? */
static bool on_altstack(const struct task *t, uint64_t sp)
{
    const struct linux_stack *ss = &t->altstack;

    return !(ss->ss_flags & (int)LINUX_SS_AUTODISARM) && sp > ss->ss_sp &&
           sp - ss->ss_sp <= ss->ss_size;
}

bool sigframe_on_altstack(const struct task *t)
{
    return on_altstack(t, t->cpu.sp);
}

/* The records; returns how many bytes of the frame are to be written. */
static size_t write_records(const struct task *t, struct written *w)
{
    const struct cpu *cpu = &t->cpu;

    w->records.fp.head = (struct linux_ctx_head){LINUX_FPSIMD_MAGIC, sizeof w->records.fp};
    w->records.fp.fpsr = cpu->fpsr;
    w->records.fp.fpcr = cpu->fpcr;
    memcpy(w->records.fp.vregs, cpu->v, sizeof w->records.fp.vregs);

    struct linux_ctx_head *end = &w->records.esr.head;

    if (t->fault_esr) {
        w->records.esr.head = (struct linux_ctx_head){LINUX_ESR_MAGIC, sizeof w->records.esr};
        w->records.esr.esr = t->fault_esr;
        end = &w->records.end;
    }
    *end = (struct linux_ctx_head){0, 0};
    return (size_t)((char *)(end + 1) - (char *)w);
}

int sigframe_setup(struct task *t, const struct linux_sigaction *action,
                   const struct linux_siginfo *info, uint64_t mask)
{
    struct cpu *cpu = &t->cpu;
    struct frame_record record = {cpu->x[29], cpu->x[30]};
    struct written w;
    struct linux_ucontext *uc = &w.frame.uc;
    struct linux_sigcontext *mc = &uc->uc_mcontext;
    bool info_wanted = action->flags & LINUX_SA_SIGINFO;
    uint64_t top = cpu->sp;

    if (action->flags & LINUX_SA_ONSTACK && t->altstack.ss_size && !on_altstack(t, cpu->sp))
        top = t->altstack.ss_sp + t->altstack.ss_size;
    gva record_at = gva_of((top - sizeof record) & ~15ull);
    gva at = gva_of(record_at.a - sizeof(struct linux_rt_sigframe));

    memset(&w, 0, RESERVED_OFFSET);
    memcpy(w.frame.info, info, sizeof w.frame.info);
    uc->ss_sp = t->altstack.ss_sp;
    uc->ss_flags = t->altstack.ss_flags;
    uc->ss_size = t->altstack.ss_size;
    uc->sigmask = mask;
    mc->fault_address = t->fault_address;
    memcpy(mc->regs, cpu->x, sizeof mc->regs);
    mc->sp = cpu->sp;
    mc->pc = cpu->pc;
    mc->pstate = regset_pstate(cpu);
    size_t bytes = write_records(t, &w);
    size_t skip = info_wanted ? 0 : sizeof w.frame.info;

    if (uaccess_write(record_at, &record, sizeof record) < 0 ||
        uaccess_write(gva_add(at, skip), (char *)&w + skip, bytes - skip) < 0)
        return -LINUX_EFAULT;

    cpu->x[0] = (uint64_t)info->si_signo;
    if (info_wanted) {
        cpu->x[1] = at.a + offsetof(struct linux_rt_sigframe, info);
        cpu->x[2] = at.a + offsetof(struct linux_rt_sigframe, uc);
    }
    cpu->x[29] = record_at.a;
    cpu->x[30] = action->flags & LINUX_SA_RESTORER ? action->restorer
                                                   : vdso_sigreturn(t->group->image.vdso).a;
    cpu->sp = at.a;
    cpu->pc = action->handler;
    if (cpu->model->features & A64_FEAT_BIT(BTI))
        cpu->btype = BTYPE_CALL;
    cpu->tco = 0;
    return 0;
}

/* One area of records: __reserved, or the data of extra_context. */
struct area {
    gva base;
    uint64_t offset, limit;
};

static int read_fp(gva at, uint32_t size, struct sigframe_state *state, bool *have)
{
    if (*have || size != sizeof state->fp || UGET(&state->fp, at) < 0)
        return -LINUX_EFAULT;
    *have = true;
    return 0;
}

/* Goes over to the data of an extra_context, which must stand right behind the terminator after it. */
static int enter_extra(struct area *area, gva frame, uint32_t size)
{
    struct linux_extra_context extra;
    struct linux_ctx_head end;
    gva at = gva_add(area->base, area->offset);

    if (size < sizeof extra || UGET(&extra, at) < 0 ||
        area->limit - area->offset - size < TERMINATOR_BYTES)
        return -LINUX_EFAULT;
    at = gva_add(at, size);
    if (UGET(&end, at) < 0 || end.magic || end.size)
        return -LINUX_EFAULT;
    at = gva_add(at, TERMINATOR_BYTES);
    if (extra.datap % RECORD_ALIGN || extra.size % RECORD_ALIGN || extra.datap != at.a ||
        extra.size > frame.a + FRAME_MAX - at.a)
        return -LINUX_EFAULT;
    *area = (struct area){.base = at, .offset = 0, .limit = extra.size};
    return 0;
}

static int read_records(gva frame, struct sigframe_state *state)
{
    struct area area = {.base = gva_add(frame, RESERVED_OFFSET),
                        .limit = sizeof(((struct linux_sigcontext *)0)->reserved)};
    bool have_fp = false, have_extra = false;

    for (;;) {
        struct linux_ctx_head head;
        gva at = gva_add(area.base, area.offset);

        if (area.limit - area.offset < sizeof head || area.offset % RECORD_ALIGN ||
            UGET(&head, at) < 0 || head.size > area.limit - area.offset)
            return -LINUX_EFAULT;
        switch (head.magic) {
        case 0: return head.size == 0 && have_fp ? 0 : -LINUX_EFAULT;
        case LINUX_FPSIMD_MAGIC:
            if (read_fp(at, head.size, state, &have_fp) < 0)
                return -LINUX_EFAULT;
            break;
        case LINUX_ESR_MAGIC: break;
        case LINUX_EXTRA_MAGIC:
            if (have_extra || enter_extra(&area, frame, head.size) < 0)
                return -LINUX_EFAULT;
            have_extra = true;
            continue;
        default: return -LINUX_EFAULT;
        }
        if (head.size < sizeof head)
            return -LINUX_EFAULT;
        area.offset += head.size;
    }
}

int sigframe_read(const struct task *t, struct sigframe_state *state)
{
    gva frame = gva_of(t->cpu.sp);
    struct {
        struct linux_ucontext head;
    } uc;
    const struct linux_sigcontext *mc = &uc.head.uc_mcontext;

    if (frame.a % RECORD_ALIGN ||
        uaccess_read(&uc, gva_add(frame, offsetof(struct linux_rt_sigframe, uc)),
                     RESERVED_OFFSET - offsetof(struct linux_rt_sigframe, uc)) < 0)
        return -LINUX_EFAULT;
    memcpy(state->x, mc->regs, sizeof state->x);
    state->sp = mc->sp;
    state->pc = mc->pc;
    state->pstate = mc->pstate;
    state->mask = uc.head.sigmask;
    state->altstack = (struct linux_stack){
        .ss_sp = uc.head.ss_sp, .ss_flags = uc.head.ss_flags, .ss_size = uc.head.ss_size};
    if (state->pstate & REGSET_PSTATE_FORBIDDEN)
        return -LINUX_EFAULT;
    return read_records(frame, state);
}

void sigframe_commit(struct task *t, const struct sigframe_state *state)
{
    struct cpu *cpu = &t->cpu;

    memcpy(cpu->x, state->x, sizeof cpu->x);
    cpu->sp = state->sp;
    cpu->pc = state->pc;
    regset_set_pstate(cpu, state->pstate);
    cpu->fpsr = state->fp.fpsr;
    cpu->fpcr = state->fp.fpcr;
    memcpy(cpu->v, state->fp.vregs, sizeof cpu->v);
    /* An exception return clears the monitor (Arm ARM B2.9.1). */
    cpu->excl_size = 0;
}
