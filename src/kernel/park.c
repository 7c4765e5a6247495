/*
 * Parking: see park.h. A thread is asked in the way of a tracer's kick
 * (host/ptrace.h), so it leaves translated code and system calls alike.
 */
#include "kernel/park.h"

#include "abi/syscalls.h"
#include "host/ptrace.h"

static void wait_word(uint32_t *word, uint32_t value)
{
    host_syscall(LINUX_SYS_futex, (uint64_t)word, LINUX_FUTEX_WAIT | LINUX_FUTEX_PRIVATE_FLAG,
                 value, 0, 0, 0);
}

void park_here(struct task *t)
{
    struct group *g = t->group;
    uint32_t forever = 0;

    t->parked = true;
    __atomic_fetch_add(&g->parked, 1, __ATOMIC_SEQ_CST);
    host_syscall(LINUX_SYS_futex, (uint64_t)&g->parked, LINUX_FUTEX_WAKE | LINUX_FUTEX_PRIVATE_FLAG,
                 INT32_MAX, 0, 0, 0);
    for (;;)
        wait_word(&forever, 0);
}

static bool all_wait(const struct task *t)
{
    for (const struct task *o = t->group->tasks; o; o = o->next)
        if (o != t && o->tid && !o->parked && o->sys_nr == CALL_NONE)
            return false;
    return true;
}

void park_others(struct task *t)
{
    struct group *g = t->group;
    uint64_t pid = (uint64_t)host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);

    if (__atomic_exchange_n(&g->parking, true, __ATOMIC_SEQ_CST))
        park_here(t);
    lock_acquire(&g->lock);
    for (struct task *o = g->tasks; o; o = o->next) {
        if (o == t || !o->tid)
            continue;
        o->host.kicked = HOST_KICK_PARK;
        host_syscall(LINUX_SYS_tgkill, pid, (uint64_t)o->tid, LINUX_SIGTRAP, 0, 0, 0);
    }
    for (;;) {
        uint32_t seen = __atomic_load_n(&g->parked, __ATOMIC_SEQ_CST);

        if (all_wait(t))
            return;
        wait_word(&g->parked, seen);
    }
}
