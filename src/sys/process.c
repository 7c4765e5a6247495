/*
 * Threads and processes: the arguments of clone and clone3 are checked as
 * Linux does (kernel/fork.c), the rest is kernel/clone.h's. Waiting, ids,
 * priorities and limits pass to the host by the table.
 */
#include "kernel/clone.h"

#include "abi/flags.h"
#include "sys/sys.h"

enum { MAX_PID_NS_LEVEL = 32, CLONE_ARGS_MAX = 4096, CLONE_ARGS_SIZE_VER2 = 88 };

/* Words that the host kernel writes in the guest's memory, not in ours. */
static void keep_pointers(struct linux_clone_args *a)
{
    a->pidfd = sys_pointer(a->pidfd, sizeof(int));
    a->parent_tid = sys_pointer(a->parent_tid, sizeof(int));
    a->child_tid = sys_pointer(a->child_tid, sizeof(int));
    if (a->set_tid)
        a->set_tid = sys_pointer(a->set_tid, a->set_tid_size * sizeof(int));
}

long sys_clone(uint64_t flags, gva stack, gva parent_tid, gva tls, gva child_tid)
{
    struct linux_clone_args a = {
        .flags = (uint32_t)flags & ~LINUX_CSIGNAL,
        .pidfd = parent_tid.a,
        .child_tid = child_tid.a,
        .parent_tid = parent_tid.a,
        .exit_signal = flags & LINUX_CSIGNAL,
        .stack = stack.a,
        .tls = tls.a,
    };

    if (a.flags & LINUX_CLONE_PIDFD && a.flags & LINUX_CLONE_PARENT_SETTID)
        return -LINUX_EINVAL;
    keep_pointers(&a);
    return clone_task(current, &a);
}

/* A structure that may be shorter than ours, or longer if what we do not know is 0. */
static long read_args(struct linux_clone_args *a, gva from, uint64_t size)
{
    uint8_t rest[64];

    if (size > CLONE_ARGS_MAX)
        return -LINUX_E2BIG;
    if (size < LINUX_CLONE_ARGS_SIZE_VER0)
        return -LINUX_EINVAL;
    *a = (struct linux_clone_args){0};
    if (uaccess_read(a, from, size < sizeof *a ? size : sizeof *a) < 0)
        return -LINUX_EFAULT;
    for (uint64_t at = sizeof *a; at < size; at += sizeof rest) {
        size_t n = size - at < sizeof rest ? size - at : sizeof rest;

        if (uaccess_read(rest, gva_add(from, at), n) < 0)
            return -LINUX_EFAULT;
        for (size_t i = 0; i < n; i++) {
            if (rest[i])
                return -LINUX_E2BIG;
        }
    }
    return 0;
}

static bool args_valid(const struct linux_clone_args *a, uint64_t size)
{
    uint64_t known = 0xffffffffull | LINUX_CLONE_CLEAR_SIGHAND | LINUX_CLONE_INTO_CGROUP;
    uint64_t both = LINUX_CLONE_SIGHAND | LINUX_CLONE_CLEAR_SIGHAND;

    if (a->set_tid_size > MAX_PID_NS_LEVEL || !a->set_tid != !a->set_tid_size)
        return false;
    if (a->exit_signal & ~LINUX_CSIGNAL || a->exit_signal > LINUX_NSIG)
        return false;
    if (a->flags & LINUX_CLONE_INTO_CGROUP &&
        (a->cgroup > INT32_MAX || size < CLONE_ARGS_SIZE_VER2))
        return false;
    if (a->flags & ~known || a->flags & LINUX_CLONE_DETACHED ||
        a->flags & LINUX_CSIGNAL & ~LINUX_CLONE_NEWTIME || (a->flags & both) == both)
        return false;
    if (a->flags & (LINUX_CLONE_THREAD | LINUX_CLONE_PARENT) && a->exit_signal)
        return false;
    if (!a->stack)
        return !a->stack_size;
    return a->stack_size && gva_range_ok(gva_of(a->stack), a->stack_size);
}

long sys_clone3(gva args, uint64_t size)
{
    struct linux_clone_args a;
    long rc = read_args(&a, args, size);

    if (rc < 0)
        return rc;
    if (!args_valid(&a, size))
        return -LINUX_EINVAL;
    keep_pointers(&a);
    return clone_task(current, &a);
}

long sys_exit(int status)
{
    return clone_exit(current, status);
}

long sys_exit_group(int status)
{
    clone_exit_group(current, status);
}

long sys_set_tid_address(gva p)
{
    return host_syscall(LINUX_SYS_set_tid_address, p.a, 0, 0, 0, 0, 0);
}

/* Which of its arguments are addresses is the operation's; one that is none is left alone. */
long sys_futex(gva word, int op, uint32_t value, gva time_or_count, gva word2, uint32_t value3)
{
    int command = op & ~(LINUX_FUTEX_PRIVATE_FLAG | LINUX_FUTEX_CLOCK_REALTIME);
    bool timed = false, pi = false;

    switch (command) {
    case LINUX_FUTEX_LOCK_PI:
    case LINUX_FUTEX_LOCK_PI2:
    case LINUX_FUTEX_WAIT_REQUEUE_PI:
        pi = true;
        /* fallthrough */
    case LINUX_FUTEX_WAIT:
    case LINUX_FUTEX_WAIT_BITSET: timed = true;
    }
    if (timed && time_or_count.a)
        time_or_count.a = sys_pointer(time_or_count.a, sizeof(struct linux_timespec));
    long rc = SYS_HOST(word.a, op, value, time_or_count.a, word2.a, value3);

    /* Linux makes these again whatever the handler's flags are, and glibc knows no EINTR from them. */
    return pi && rc == -LINUX_ERESTARTSYS ? -LINUX_ERESTARTNOINTR : rc;
}
