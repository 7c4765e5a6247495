/*
 * kernel/sigframe: a frame with anything in it is read or refused, and what was
 * read from it is what the registers then are; a frame that is written for
 * these registers is read back as them.
 */
#include "fuzz/guest.h"

#include <string.h>

#include "a64/model.h"
#include "abi/signal.h"
#include "kernel/sigframe.h"

enum { MEMORY = 64 << 10, FRAME_AT = MEMORY - (16 << 10) };

static uint8_t *memory;
static struct group group;
static struct task task = {.group = &group};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    memory = guest_memory(MEMORY);
    task.cpu.model = model_find("max");
    return 0;
}

/* The registers after a commit, written as a frame and read again, are the same. */
static void there_and_back(void)
{
    const struct linux_sigaction action = {.handler = 0x1000, .flags = LINUX_SA_SIGINFO};
    const struct linux_siginfo info = {.si_signo = 1};
    struct sigframe_state got;
    struct cpu before;

    task.cpu.sp = FUZZ_GUEST + MEMORY - 64;
    before = task.cpu;
    FUZZ_CHECK(sigframe_setup(&task, &action, &info, 0x1234) == 0);
    FUZZ_CHECK(sigframe_read(&task, &got) == 0);
    FUZZ_CHECK(got.mask == 0x1234);
    sigframe_commit(&task, &got);
    FUZZ_CHECK(memcmp(before.x, task.cpu.x, sizeof(before.x)) == 0);
    FUZZ_CHECK(memcmp(before.v, task.cpu.v, sizeof(before.v)) == 0);
    FUZZ_CHECK(before.sp == task.cpu.sp && before.pc == task.cpu.pc);
    FUZZ_CHECK(before.nzcv == task.cpu.nzcv && before.btype == task.cpu.btype);
    FUZZ_CHECK(before.fpcr == task.cpu.fpcr && before.fpsr == task.cpu.fpsr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct sigframe_state got;

    if (bytes < 2)
        return 0;
    /* The first two bytes choose where: well inside, before the hole, or unaligned. */
    uint64_t at = FUZZ_GUEST + FRAME_AT + (data[0] & 1 ? data[1] : 0) +
                  (data[0] & 2 ? (uint64_t)data[1] * 63 : 0);
    size_t room = FUZZ_GUEST + MEMORY - at;
    bytes -= 2;
    memset(memory + FRAME_AT, 0, MEMORY - FRAME_AT);
    memcpy((void *)at, data + 2, bytes < room ? bytes : room);
    memset(&task.cpu.x, 0, sizeof(task.cpu.x));
    task.cpu.sp = at;
    if (sigframe_read(&task, &got) < 0)
        return 0;
    sigframe_commit(&task, &got);
    FUZZ_CHECK(task.cpu.sp == got.sp && task.cpu.pc == got.pc);
    there_and_back();
    return 0;
}

/* A frame as it is written, and the same with its records moved behind an extra_context. */
size_t fuzz_seed(unsigned n, uint8_t *to, size_t room)
{
    struct linux_rt_sigframe *frame = (struct linux_rt_sigframe *)(void *)(to + 16);
    const size_t records = offsetof(struct linux_rt_sigframe, uc.uc_mcontext.reserved);
    struct linux_fpsimd_context fp = {.head = {LINUX_FPSIMD_MAGIC, sizeof(fp)}};
    size_t used = 16 + records;

    if (n > 1 || room < 16384)
        return 0;
    memset(to, 0, room);
    frame->uc.uc_mcontext.sp = FUZZ_GUEST;
    frame->uc.uc_mcontext.pc = 0x400000;
    frame->uc.uc_mcontext.pstate = 0x60000000;
    if (n == 1) {
        struct linux_extra_context extra = {.head = {LINUX_EXTRA_MAGIC, sizeof(extra)}};
        uint64_t at = FUZZ_GUEST + FRAME_AT + records + sizeof(extra) + 16;

        extra.datap = at;
        extra.size = sizeof(fp) + 16;
        memcpy(to + used, &extra, sizeof(extra));
        used += sizeof(extra) + 16;
    }
    memcpy(to + used, &fp, sizeof(fp));
    memmove(to + 2, to + 16, used + sizeof(fp));
    to[0] = to[1] = 0;
    return 2 + used - 16 + sizeof(fp) + 16;
}
