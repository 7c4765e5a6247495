/*
 * Tasks begin and end here. The host kernel makes the thread or process with
 * the guest's own flags and pointers, so thread ids, TID words, robust lists,
 * namespaces and the wait of vfork are its business; ours are the registers
 * of the child, and what the two share (clone(2)):
 *
 *   CLONE_THREAD             the same group
 *   CLONE_VM                 another group in the same space (vfork: the parent waits, then frees it)
 *   neither                  a copy of everything by the host's fork; the other threads do not exist there
 *
 * A fork holds every lock of the runtime, in the order of base/lock.h.
 */
#include "kernel/clone.h"

#include "abi/errno.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "base/log.h"
#include "kernel/options.h"
#include "kernel/ptrace.h"
#include "kernel/signal.h"

/* What the child's registers and signal state have that the parent's have not. */
static void child_state(struct task *child, const struct linux_clone_args *args)
{
    struct cpu *cpu = &child->cpu;

    cpu->x[0] = 0;
    if (args->stack)
        cpu->sp = args->stack + args->stack_size;
    if (args->flags & LINUX_CLONE_SETTLS)
        cpu->tpidr_el0 = args->tls;
    cpu->poll = 0;
    cpu->excl_size = 0;
    if ((args->flags & (LINUX_CLONE_VM | LINUX_CLONE_VFORK)) == LINUX_CLONE_VM)
        child->altstack = (struct linux_stack){.ss_flags = LINUX_SS_DISABLE};
    child->host.sync_pending = 0;
    child->restore_blocked = false;
    child->sys_nr = CALL_NONE;
    child->restart = 0;
}

/* The group of a child that is a process of its own in the parent's space. */
static struct group *group_sharing(struct group *from, uint64_t flags)
{
    struct group *g = group_new(from->options, from->engine);

    if (!g)
        return NULL;
    sighand_put(g->sighand);
    lock_acquire(&from->sighand->lock);
    if (flags & LINUX_CLONE_SIGHAND) {
        g->sighand = from->sighand;
        __atomic_add_fetch(&g->sighand->refs, 1, __ATOMIC_RELAXED);
    } else {
        g->sighand = sighand_new(from->sighand);
    }
    lock_release(&from->sighand->lock);
    g->image = from->image;
    g->image.path = from->image.path ? mem_strdup(from->image.path) : NULL;
    g->own_root = from->own_root;
    g->has_views = from->has_views;
    g->catches_core = from->catches_core;
    g->run = from->run;
    g->forked = from->forked;
    g->space = space_get(from->space);
    if (!g->sighand || (from->image.path && !g->image.path)) {
        g->refs = 1;
        group_put(g);
        return NULL;
    }
    if (flags & LINUX_CLONE_CLEAR_SIGHAND)
        signal_clear_handlers(g->sighand);
    return g;
}

static struct task *child_task(struct task *t, const struct linux_clone_args *args)
{
    struct group *g = t->group;

    if (!(args->flags & LINUX_CLONE_THREAD)) {
        g = group_sharing(g, args->flags);
        if (!g)
            return NULL;
    }
    struct task *child = task_new(g);

    if (!child) {
        if (g != t->group) {
            g->refs = 1;
            group_put(g);
        }
        return NULL;
    }
    void *engine_thread = child->cpu.engine_thread;
    volatile uint32_t *poll = child->host.poll;

    child->cpu = t->cpu;
    child->cpu.engine_thread = engine_thread;
    child->host.poll = poll;
    child->blocked = t->blocked;
    child->altstack = t->altstack;
    child->fault_address = t->fault_address;
    child->fault_esr = t->fault_esr;
    seccomp_inherit(child, t);
    child_state(child, args);
    ptrace_child(child, t, ptrace_follows(t, args));
    child->vfork_child = args->flags & LINUX_CLONE_VFORK && !(args->flags & LINUX_CLONE_THREAD);
    return child;
}

/* The first of our code on a new host thread; signals are held. */
static void thread_main(void *arg)
{
    struct task *t = arg;

    t->tid = (int)host_syscall(LINUX_SYS_gettid, 0, 0, 0, 0, 0, 0);
    if (t->group->engine->thread_init(&t->cpu) < 0) {
        /* Out of memory in a thread that the guest believes to exist. */
        log_line("no memory for the engine's part of thread %d", t->tid);
        host_die(LINUX_SIGKILL);
    }
    signal_release(t);
    t->group->run(t);
}

static long clone_sharing(struct task *t, const struct linux_clone_args *args)
{
    struct task *child = child_task(t, args);

    if (!child)
        return -LINUX_ENOMEM;
    bool waits = child->vfork_child;

    task_add(child);
    long rc = host_clone(args, thread_main, child, &child->host);

    if (rc < 0 || waits) {
        if (rc >= 0) {
            /* Gone by exec or exit_group, it had no time to give this back. */
            if (child->cpu.engine_thread)
                t->group->engine->thread_exit(&child->cpu);
            host_thread_drop(&child->host);
        }
        task_remove(child);
        task_free(child);
    }
    return rc;
}

static void fork_lock(struct group *g)
{
    lock_acquire(&g->lock);
    lock_acquire(&g->sighand->lock);
    space_fork_lock(g->space);
    g->engine->fork_prepare();
    mem_fork_lock();
}

static void fork_unlock(struct group *g, struct cpu *cpu, bool in_child)
{
    mem_fork_unlock(in_child);
    if (in_child)
        g->engine->fork_child(cpu);
    else
        g->engine->fork_parent();
    space_fork_unlock(g->space, in_child);
    if (in_child) {
        lock_reinit(&g->sighand->lock);
        lock_reinit(&g->lock);
    } else {
        lock_release(&g->sighand->lock);
        lock_release(&g->lock);
    }
}

/* In the child: this thread is the only one; what the others had is a copy that nobody uses. */
static void become_only_task(struct task *t)
{
    struct group *g = t->group;
    struct task *next;

    for (struct task *other = g->tasks; other; other = next) {
        next = other->next;
        if (other == t)
            continue;
        host_thread_drop(&other->host);
        mem_free(other);
    }
    g->tasks = t;
    g->refs = 1;
    g->sighand->refs = 1;
    t->next = NULL;
    t->vfork_child = false;
}

static long clone_fork(struct task *t, const struct linux_clone_args *args)
{
    struct group *g = t->group;

    bool follows = ptrace_follows(t, args);

    fork_lock(g);
    long rc = host_clone(args, NULL, NULL, NULL);

    fork_unlock(g, &t->cpu, rc == 0);
    if (rc != 0)
        return rc;
    become_only_task(t);
    t->tid = (int)host_syscall(LINUX_SYS_gettid, 0, 0, 0, 0, 0, 0);
    child_state(t, args);
    ptrace_child(t, t, follows);
    if (args->flags & LINUX_CLONE_CLEAR_SIGHAND)
        signal_clear_handlers(g->sighand);
    if (g->forked)
        g->forked(t);
    return 0;
}

long clone_task(struct task *t, const struct linux_clone_args *args)
{
    /* CLONE_THREAD without what it needs is refused by the host; nothing is shared before. */
    bool shares = args->flags & LINUX_CLONE_VM;
    long rc;

    if (args->flags & LINUX_CLONE_THREAD && !shares)
        return -LINUX_EINVAL;
    rc = signal_hold(t);
    if (rc < 0)
        return rc;
    rc = shares ? clone_sharing(t, args) : clone_fork(t, args);
    signal_release(t);
    return rc;
}

static void print_stats(const struct group *g)
{
    if (g->options->engine_options.stats && g->engine->print_stats)
        g->engine->print_stats();
}

long clone_exit(struct task *t, int status)
{
    struct group *g = t->group;
    long rc = signal_hold(t);

    if (rc < 0)
        return rc;
    void *block = t->host.block;
    size_t bytes = t->host.block_bytes;

    g->engine->thread_exit(&t->cpu);
    if (t->vfork_child) {
        /* The parent, awake from now on, frees what this thread still stands on. */
        host_thread_exit(NULL, 0, status);
    }
    if (task_remove(t)) {
        /* The process ends with the status of its first thread, which the host keeps. */
        print_stats(g);
        host_thread_exit(NULL, 0, status);
    }
    task_free(t);
    host_thread_exit(block, bytes, status);
}

void clone_exit_group(struct task *t, int status)
{
    print_stats(t->group);
    host_group_exit(status);
}
