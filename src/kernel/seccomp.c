/*
 * seccomp for the guest. Filters are counted nodes, newest first; a node never
 * changes after it is attached, so a thread may run its chain while another
 * attaches more on top (TSYNC). The group's lock orders attachments.
 * Source: kernel/seccomp.c of Linux 6.18, seccomp(2).
 */
#include "kernel/seccomp.h"

#include <string.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "kernel/bpf.h"
#include "kernel/clone.h"
#include "kernel/ptrace.h"
#include "kernel/task.h"
#include "mm/uaccess.h"

struct seccomp_filter {
    struct seccomp_filter *below; /* attached earlier, or NULL */
    uint32_t refs;
    uint32_t len;
    uint32_t notifies; /* a listener was made for it */
    struct linux_sock_filter prog[];
};

/* Linux bounds the instructions of a whole chain, and charges 4 more for each filter. */
#define CHAIN_LIMIT 32768u
#define FILTER_CHARGE 4u

#define CAP_SYS_ADMIN_BIT (1u << 21)
#define LINUX_CAPABILITY_VERSION_3 0x20080522u

static struct seccomp_filter *filter_get(struct seccomp_filter *f)
{
    if (f)
        __atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
    return f;
}

static void filter_put(struct seccomp_filter *f)
{
    while (f && __atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        struct seccomp_filter *below = f->below;
        mem_free(f);
        f = below;
    }
}

/* ---- serving a call ---- */

/* Ends this thread; the last one of a process dies of the signal. Returns as clone_exit does. */
static long kill_thread(struct task *t, int sig)
{
    lock_acquire(&t->group->lock);
    bool alone = t->group->tasks == t && !t->next;
    lock_release(&t->group->lock);
    if (alone)
        host_die(sig);
    return clone_exit(t, 0);
}

static void raise_sigsys(struct task *t, uint32_t data)
{
    t->raise = (struct linux_siginfo){
        .si_signo = LINUX_SIGSYS,
        .si_errno = (int32_t)data,
        .si_code = LINUX_SYS_SECCOMP,
        .sys = {.call_addr = t->cpu.pc,
                .syscall = (int32_t)t->sys_nr,
                .arch = LINUX_AUDIT_ARCH_AARCH64},
    };
}

/*
 * Priority is the action as a signed number: kills are negative and win. Among
 * equals the newest filter's data counts; *judge is the filter that said it.
 */
static uint32_t chain_run(const struct seccomp_filter *f, const struct linux_seccomp_data *data,
                          const struct seccomp_filter **judge)
{
    uint32_t verdict = LINUX_SECCOMP_RET_ALLOW;
    for (; f; f = f->below) {
        uint32_t r = bpf_run(f->prog, data);
        if ((int32_t)(r & LINUX_SECCOMP_RET_ACTION_FULL) <
            (int32_t)(verdict & LINUX_SECCOMP_RET_ACTION_FULL)) {
            verdict = r;
            *judge = f;
        }
    }
    return verdict;
}

/* True: the listener lets the call go on. */
static bool listener_allows(struct task *t, const struct seccomp_filter *judge, long *result)
{
    long answer = judge->notifies ? host_notify(t->sys_nr, t->sys_arg) : -LINUX_ENOSYS;

    *result = answer;
    if (answer <= -LINUX_ERESTARTSYS && answer >= -LINUX_ERESTARTNOHAND && !t->cpu.poll) {
        /* The listener's own word, not a signal's: that number is what the guest sees. */
        t->cpu.x[0] = (uint64_t)answer;
        t->sys_nr = CALL_NONE;
    }
    return answer == HOST_NOTIFY_CONTINUE;
}

static bool strict_allows(long nr)
{
    return nr == LINUX_SYS_read || nr == LINUX_SYS_write || nr == LINUX_SYS_exit ||
           nr == LINUX_SYS_rt_sigreturn;
}

/* told: a tracer was asked already, and may have changed the call: RET_TRACE now means yes. */
static bool filter_allows(struct task *t, long *result, bool told)
{
    struct linux_seccomp_data data = {
        .nr = (int32_t)t->sys_nr,
        .arch = LINUX_AUDIT_ARCH_AARCH64,
        .instruction_pointer = t->cpu.pc,
    };
    memcpy(data.args, t->sys_arg, sizeof(data.args));
    const struct seccomp_filter *chain = __atomic_load_n(&t->seccomp.filter, __ATOMIC_ACQUIRE),
                                *judge = NULL;
    uint32_t verdict = chain_run(chain, &data, &judge);
    uint32_t low = verdict & LINUX_SECCOMP_RET_DATA;
    switch (verdict & LINUX_SECCOMP_RET_ACTION_FULL) {
    case LINUX_SECCOMP_RET_ALLOW:
    case LINUX_SECCOMP_RET_LOG: return true;
    case LINUX_SECCOMP_RET_ERRNO: *result = -(long)(low < 4095 ? low : 4095); return false;
    case LINUX_SECCOMP_RET_TRAP: raise_sigsys(t, low); return false;
    case LINUX_SECCOMP_RET_USER_NOTIF: return listener_allows(t, judge, result);
    case LINUX_SECCOMP_RET_TRACE:
        if (!told && ptrace_seccomp(t, low)) {
            *result = (long)t->cpu.x[0];
            return t->sys_nr != PTRACE_SKIP_CALL && filter_allows(t, result, true);
        }
        if (told)
            return true;
        *result = -LINUX_ENOSYS;
        return false;
    case LINUX_SECCOMP_RET_KILL_THREAD: *result = kill_thread(t, LINUX_SIGSYS); return false;
    default: /* KILL_PROCESS, and what no kernel knows */ host_die(LINUX_SIGSYS);
    }
}

bool seccomp_allows(struct task *t, long *result)
{
    if (t->seccomp.mode != LINUX_SECCOMP_MODE_STRICT)
        return filter_allows(t, result, false);
    if (strict_allows(t->sys_nr))
        return true;
    *result = kill_thread(t, LINUX_SIGKILL);
    return false;
}

/* ---- attaching ---- */

/* Linux wants no_new_privs, or CAP_SYS_ADMIN in the user namespace. */
static bool may_attach(void)
{
    if (host_syscall(LINUX_SYS_prctl, LINUX_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0, 0) == 1)
        return true;
    struct {
        uint32_t version;
        int32_t pid;
    } header = {LINUX_CAPABILITY_VERSION_3, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } caps[2] = {{0}};
    return host_syscall(LINUX_SYS_capget, (uintptr_t)&header, (uintptr_t)caps, 0, 0, 0, 0) == 0 &&
           caps[0].effective & CAP_SYS_ADMIN_BIT;
}

long seccomp_set_strict(struct task *t)
{
    if (t->seccomp.mode == LINUX_SECCOMP_MODE_FILTER)
        return -LINUX_EINVAL;
    t->seccomp.mode = LINUX_SECCOMP_MODE_STRICT;
    return 0;
}

/* A checked copy of the guest's program, or an error. */
static long filter_read(gva fprog, struct seccomp_filter **out)
{
    struct linux_sock_fprog head;
    if (UGET(&head, fprog) < 0)
        return -LINUX_EFAULT;
    if (head.len == 0 || head.len > LINUX_BPF_MAXINSNS)
        return -LINUX_EINVAL;
    if (!may_attach())
        return -LINUX_EACCES;
    size_t bytes = head.len * sizeof(struct linux_sock_filter);
    struct seccomp_filter *f = mem_alloc(sizeof(*f) + bytes);
    if (!f)
        return -LINUX_ENOMEM;
    f->refs = 1;
    f->len = head.len;
    f->notifies = 0;
    long r = uaccess_read(f->prog, gva_of(head.filter), bytes);
    if (r == 0 && !bpf_check(f->prog, f->len))
        r = -LINUX_EINVAL;
    if (r < 0)
        mem_free(f);
    else
        *out = f;
    return r;
}

static uint32_t chain_cost(const struct seccomp_filter *f)
{
    uint32_t cost = 0;
    for (; f; f = f->below)
        cost += f->len + FILTER_CHARGE;
    return cost;
}

static bool is_ancestor(const struct seccomp_filter *older, const struct seccomp_filter *f)
{
    if (!older)
        return true;
    while (f && f != older)
        f = f->below;
    return f != NULL;
}

/* The first sibling that cannot follow t's filters, or NULL. */
static struct task *tsync_hindrance(struct task *t)
{
    for (struct task *o = t->group->tasks; o; o = o->next) {
        bool follows = o->seccomp.mode == LINUX_SECCOMP_MODE_DISABLED ||
                       (o->seccomp.mode == LINUX_SECCOMP_MODE_FILTER &&
                        is_ancestor(o->seccomp.filter, t->seccomp.filter));
        if (o != t && !follows)
            return o;
    }
    return NULL;
}

static void attach(struct task *t, struct seccomp_filter *f)
{
    struct seccomp_filter *old = t->seccomp.filter;
    __atomic_store_n(&t->seccomp.filter, f, __ATOMIC_RELEASE);
    __atomic_store_n(&t->seccomp.mode, LINUX_SECCOMP_MODE_FILTER, __ATOMIC_RELEASE);
    /* A sibling may be running the old chain, which the new one keeps alive below it. */
    filter_put(old);
}

/*
 * Makes the listener before anything is attached: its descriptor. The host has
 * a filter for each that has one (EBUSY: one is enough for a chain), and what
 * the guest's filter does to siblings, its filter does.
 */
static long make_listener(uint32_t flags)
{
    return host_notify_listen(flags & ~LINUX_SECCOMP_FILTER_FLAG_LOG);
}

/* With the group's lock held. */
static long attach_locked(struct task *t, uint32_t flags, struct seccomp_filter *f)
{
    if (t->seccomp.mode == LINUX_SECCOMP_MODE_STRICT)
        return -LINUX_EINVAL;
    if (chain_cost(t->seccomp.filter) + f->len > CHAIN_LIMIT)
        return -LINUX_ENOMEM;
    if (flags & LINUX_SECCOMP_FILTER_FLAG_TSYNC) {
        struct task *o = tsync_hindrance(t);
        if (o)
            return flags & LINUX_SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -LINUX_ESRCH : o->tid;
    }
    long listener = 0;
    if (flags & LINUX_SECCOMP_FILTER_FLAG_NEW_LISTENER) {
        listener = make_listener(flags);
        if (listener < 0)
            return listener;
        f->notifies = 1;
    }
    f->below = filter_get(t->seccomp.filter);
    attach(t, f);
    if (flags & LINUX_SECCOMP_FILTER_FLAG_TSYNC)
        for (struct task *o = t->group->tasks; o; o = o->next)
            if (o != t)
                attach(o, filter_get(f));
    return listener;
}

/* A result has room for a thread's id or for a descriptor, not for both. */
static bool flags_valid(uint32_t flags)
{
    const uint32_t known =
        LINUX_SECCOMP_FILTER_FLAG_TSYNC | LINUX_SECCOMP_FILTER_FLAG_LOG |
        LINUX_SECCOMP_FILTER_FLAG_SPEC_ALLOW | LINUX_SECCOMP_FILTER_FLAG_NEW_LISTENER |
        LINUX_SECCOMP_FILTER_FLAG_TSYNC_ESRCH | LINUX_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    const uint32_t both = LINUX_SECCOMP_FILTER_FLAG_TSYNC | LINUX_SECCOMP_FILTER_FLAG_NEW_LISTENER;

    if (flags & ~known)
        return false;
    if ((flags & both) == both && !(flags & LINUX_SECCOMP_FILTER_FLAG_TSYNC_ESRCH))
        return false;
    return !(flags & LINUX_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) ||
           flags & LINUX_SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

long seccomp_set_filter(struct task *t, uint32_t flags, gva fprog)
{
    if (!flags_valid(flags))
        return -LINUX_EINVAL;
    struct seccomp_filter *f = NULL;
    long r = filter_read(fprog, &f);
    if (r < 0)
        return r;
    lock_acquire(&t->group->lock);
    r = attach_locked(t, flags, f);
    lock_release(&t->group->lock);
    if (t->seccomp.filter != f)
        mem_free(f);
    return r;
}

long seccomp_action_available(gva action)
{
    uint32_t a;
    if (UGET(&a, action) < 0)
        return -LINUX_EFAULT;
    switch (a) {
    case LINUX_SECCOMP_RET_KILL_PROCESS:
    case LINUX_SECCOMP_RET_KILL_THREAD:
    case LINUX_SECCOMP_RET_TRAP:
    case LINUX_SECCOMP_RET_ERRNO:
    case LINUX_SECCOMP_RET_USER_NOTIF:
    case LINUX_SECCOMP_RET_TRACE:
    case LINUX_SECCOMP_RET_LOG:
    case LINUX_SECCOMP_RET_ALLOW: return 0;
    }
    return -LINUX_EOPNOTSUPP;
}

/* ---- inheritance ---- */

void seccomp_inherit(struct task *child, const struct task *parent)
{
    child->seccomp.mode = parent->seccomp.mode;
    child->seccomp.filter = filter_get(parent->seccomp.filter);
}

void seccomp_drop(struct task *t)
{
    filter_put(t->seccomp.filter);
    t->seccomp = (struct seccomp){0};
}

/* How a filter is saved, its instructions behind it. */
struct saved_filter {
    uint32_t len, notifies;
};

/* mode, then the filters from the newest to the oldest. */
size_t seccomp_save(const struct task *t, void *buf)
{
    if (t->seccomp.mode == LINUX_SECCOMP_MODE_DISABLED)
        return 0;
    char *at = buf;
    size_t bytes = sizeof(uint32_t);
    if (at)
        memcpy(at, &t->seccomp.mode, sizeof(uint32_t));
    for (const struct seccomp_filter *f = t->seccomp.filter; f; f = f->below) {
        struct saved_filter saved = {f->len, f->notifies};
        size_t prog = f->len * sizeof(f->prog[0]);
        if (at) {
            memcpy(at + bytes, &saved, sizeof(saved));
            memcpy(at + bytes + sizeof(saved), f->prog, prog);
        }
        bytes += sizeof(saved) + prog;
    }
    return bytes;
}

int seccomp_load(struct task *t, const void *buf, size_t bytes)
{
    const char *at = buf, *end = at + bytes;
    struct seccomp_filter **link = &t->seccomp.filter;
    if (bytes < sizeof(uint32_t))
        return bytes ? -LINUX_EINVAL : 0;
    memcpy(&t->seccomp.mode, at, sizeof(uint32_t));
    at += sizeof(uint32_t);
    while (at < end) {
        struct saved_filter saved;
        if ((size_t)(end - at) < sizeof(saved))
            return -LINUX_EINVAL;
        memcpy(&saved, at, sizeof(saved));
        at += sizeof(saved);
        size_t prog = saved.len * sizeof(struct linux_sock_filter);
        if (saved.len > LINUX_BPF_MAXINSNS || (size_t)(end - at) < prog)
            return -LINUX_EINVAL;
        struct seccomp_filter *f = mem_alloc(sizeof(*f) + prog);
        if (!f)
            return -LINUX_ENOMEM;
        f->refs = 1;
        f->len = saved.len;
        f->notifies = saved.notifies;
        memcpy(f->prog, at, prog);
        if (!bpf_check(f->prog, f->len)) {
            mem_free(f);
            return -LINUX_EINVAL;
        }
        *link = f;
        link = &f->below;
        at += prog;
    }
    return 0;
}
