/*
 * Ranked locks on a futex word: three states, so that a release without
 * waiters costs no system call (futex(2)). No owner is recorded and nothing is
 * recursive. Debug builds (LOCK_CHECK) keep the ranks that a thread holds and
 * stop at the first lock taken out of order.
 */
#include "base/lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#ifdef LOCK_CHECK
static __thread uint32_t ranks_held __attribute__((tls_model("local-exec")));

static void rank_enter(uint32_t rank)
{
    BUG_ON(ranks_held >> rank);
    ranks_held |= 1u << rank;
}

static void rank_leave(uint32_t rank)
{
    BUG_ON(!(ranks_held & 1u << rank));
    ranks_held &= ~(1u << rank);
}
#else
static void rank_enter(uint32_t rank)
{
}

static void rank_leave(uint32_t rank)
{
}
#endif

bool lock_try(struct lock *l)
{
    uint32_t free_word = 0;

    if (!__atomic_compare_exchange_n(&l->word, &free_word, 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    rank_enter(l->rank);
    return true;
}

void lock_acquire(struct lock *l)
{
    if (lock_try(l))
        return;
    /* Whoever finds the lock held leaves 2 behind, so that its release wakes. */
    while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
        syscall(SYS_futex, &l->word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
    rank_enter(l->rank);
}

void lock_release(struct lock *l)
{
    rank_leave(l->rank);
    if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
        syscall(SYS_futex, &l->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void lock_reinit(struct lock *l)
{
#ifdef LOCK_CHECK
    ranks_held &= ~(1u << l->rank);
#endif
    __atomic_store_n(&l->word, 0, __ATOMIC_RELEASE);
}
