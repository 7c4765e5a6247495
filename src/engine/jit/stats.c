/*
 * --jit-stats: what the translator did, in the log at exit. After a fork parent
 * and child both count on from what there was.
 */
#include "base/log.h"
#include "engine/jit/lift.h"
#include "engine/jit/lockstep.h"

enum { FALLBACKS_SHOWN = 24 };

/* The row with the most calls of the interpreter that was not shown; places decide among equals. */
static unsigned next_fallback(const bool *shown)
{
    unsigned best = A64_OP_COUNT;
    for (unsigned op = 0; op < A64_OP_COUNT; op++) {
        const struct jit_fallback *f = &jit.fallback[op], *b = &jit.fallback[best];
        if (f->places && !shown[op] &&
            (best == A64_OP_COUNT || f->calls > b->calls ||
             (f->calls == b->calls && f->places > b->places)))
            best = op;
    }
    return best;
}

void jit_print_stats(void)
{
    bool shown[A64_OP_COUNT] = {false};
    lockstep_print_stats();
    uint64_t insns = jit.count_insns ? jit.count_insns : 1;
    log_line("jit: %lu regions of %lu instructions, %lu links, %lu regions dropped, "
             "%lu times emptied",
             jit.count_regions, jit.count_insns, jit.count_links, jit.count_dropped,
             jit.count_flushes);
    log_line("jit: %lu bytes of host code, %.2f for a byte of the guest's", jit.count_bytes,
             (double)jit.count_bytes / (double)(4 * insns));
    log_line("jit: %.3f ms translating, %.3f us an instruction", (double)jit.nanoseconds / 1e6,
             (double)jit.nanoseconds / 1e3 / (double)insns);
    log_line("jit: %lu host faults mended by the interpreter", jit.count_mended);
    for (unsigned n = 0; n < FALLBACKS_SHOWN; n++) {
        unsigned op = next_fallback(shown);
        if (op == A64_OP_COUNT)
            break;
        shown[op] = true;
        log_line("jit: by the interpreter: %-20s %6lu places %10lu times", a64_rows[op].name,
                 jit.fallback[op].places, jit.fallback[op].calls);
    }
}
