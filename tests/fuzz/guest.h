/*
 * Guest memory for fuzz targets, and the fault room for what lies beside it:
 * copies end with EFAULT. Any other fault is a crash, which libFuzzer sees.
 */
#ifndef TESTS_FUZZ_GUEST_H
#define TESTS_FUZZ_GUEST_H

/* Before the host's headers, whose macros would break abi/structs.h. */
#include "host/host_internal.h"
#include "kernel/task.h"

#include "fuzz/fuzz.h"

#include <signal.h>
#include <sys/mman.h>

#define FUZZ_GUEST 0x10000000ul

static void guest_fault(int sig, siginfo_t *info, void *uc)
{
    if ((uint64_t)(uintptr_t)info->si_addr >= GUEST_MAX)
        abort();
    host_fault_handle(host_self, sig, (const struct linux_siginfo *)info, uc);
}

/* The guest's memory [FUZZ_GUEST, FUZZ_GUEST + bytes), before a hole. */
__attribute__((unused)) static uint8_t *guest_memory(size_t bytes)
{
    const struct sigaction act = {.sa_sigaction = guest_fault, .sa_flags = SA_SIGINFO};
    void *p = mmap((void *)FUZZ_GUEST, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    FUZZ_CHECK(p == (void *)FUZZ_GUEST);
    FUZZ_CHECK(sigaction(SIGSEGV, &act, NULL) == 0 && sigaction(SIGBUS, &act, NULL) == 0);
    return p;
}

/* The thread that the rooms take for theirs. */
__attribute__((unused)) static struct task *guest_task(const struct options *options)
{
    struct group *group = group_new(options, &engine_interp);
    struct task *task = group ? task_new(group) : NULL;

    FUZZ_CHECK(task);
    group->space = space_new(&engine_interp);
    FUZZ_CHECK(group->space);
    host_self = &task->host;
    return task;
}

#endif
