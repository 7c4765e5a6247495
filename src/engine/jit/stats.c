/*
 * Ways to look at the translator: statistics in the log at exit, and the map
 * by which perf names translated code.
 */
#include <stdio.h>
#include <string.h>

#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/log.h"
#include "engine/jit/lift.h"
#include "host/host.h"

#define FALLBACKS_SHOWN 24

void jit_print_stats(void)
{
    uint64_t insns = jit.count_insns ? jit.count_insns : 1;
    log_line("jit: %lu regions, %lu instructions, %lu bytes (%.1f a byte), %lu links, %lu dropped, "
             "%lu flushes, "
             "%.3f us an instruction",
             jit.count_regions, jit.count_insns, jit.count_bytes,
             (double)jit.count_bytes / (double)(4 * insns), jit.count_links, jit.count_dropped,
             jit.count_flushes, (double)jit.nanoseconds / 1000 / (double)insns);
    uint64_t below = UINT64_MAX;
    for (unsigned shown = 0; shown < FALLBACKS_SHOWN; shown++) {
        uint64_t best = 0;
        for (unsigned op = 0; op < A64_OP_COUNT; op++)
            if (jit.fallback[op] < below && jit.fallback[op] > best)
                best = jit.fallback[op];
        if (!best)
            break;
        for (unsigned op = 0; op < A64_OP_COUNT; op++)
            if (jit.fallback[op] == best)
                log_line("jit: %8lu by the interpreter: %s", best, a64_rows[op].name);
        below = best;
    }
}

/* perf looks for /tmp/perf-PID.map: start, size, name of each piece of code. */
void jit_perf_map(const struct region *r)
{
    long fd = host_fd(HOST_FD_PERF_MAP);
    char line[128];
    if (fd < 0) {
        snprintf(line, sizeof line, "/tmp/perf-%ld.map",
                 host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0));
        fd = host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD, (uint64_t)line,
                          LINUX_O_WRONLY | LINUX_O_CREAT | LINUX_O_APPEND | LINUX_O_CLOEXEC, 0600,
                          0, 0);
        if (fd < 0)
            return;
        fd = host_fd_reserve(HOST_FD_PERF_MAP, (int)fd);
        if (fd < 0)
            return;
    }
    int n = snprintf(line, sizeof line, "%lx %lx guest_%lx\n",
                     (uint64_t)r->code + (uint64_t)jit.emit.to_exec,
                     (uint64_t)(r->code_end - r->code), r->pc);
    (void)host_syscall(LINUX_SYS_write, (uint64_t)fd, (uint64_t)line, (uint64_t)n, 0, 0, 0);
}
