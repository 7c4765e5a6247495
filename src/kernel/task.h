/*
 * Guest threads and processes. A task is a guest thread and is a host thread;
 * a group is a guest process and is a host process (CLONE_VM children such as
 * vfork's are groups of their own that share the space). Host pids, host
 * descriptors, host signal masks are the guest's own.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "a64/cpu.h"
#include "base/lock.h"
#include "host/host.h"
#include "kernel/seccomp.h"
#include "mm/space.h"

struct options;
struct io_ring;
struct view;

/* Signal actions of one process (CLONE_SIGHAND shares them). */
struct sighand {
    struct lock lock; /* LOCK_SIGHAND */
    uint32_t refs;
    struct linux_sigaction action[65]; /* [1..64] */
};

/* What the guest executes, for the views, the vDSO and exec. */
struct image {
    char *path; /* absolute guest path of the program: /proc/self/exe */
    gva entry, phdr, vdso, interp_base;
    gva stack_top, arg_start, arg_end, env_start, env_end, auxv;
    uint64_t auxv_bytes;
    gva start_code, end_code, start_data, end_data, start_brk;
};

/* Pages of text that a debugger wrote: the engine is told by the next thread that comes by. */
#define PATCH_RING 64
struct patches {
    uint32_t written; /* by the writer */
    uint32_t seen;    /* by this process, group->lock held */
    uint64_t page[PATCH_RING];
};

struct group {
    struct lock lock;   /* LOCK_GROUP: tasks */
    uint32_t refs;      /* one for each task */
    struct task *tasks; /* linked by task->next */
    struct space *space;
    struct sighand *sighand;
    struct image image;
    const struct options *options;
    const struct engine *engine;
    uint64_t
        refused[8]; /* by number: system calls refused with ENOSYS and already named in the log */

    struct patches patches; /* kernel/ptrace_stop.c */

    struct io_ring *rings; /* sys/io_uring.c: those that this process made */

    uint32_t parked; /* kernel/park.c: how many; a futex */
    bool parking;    /* asked for */
    bool
        catches_core; /* RLIMIT_CORE was not 0 at start: signals that write a core come to signal.c */
    bool is_tracer;   /* kernel/ptrace.c */
    bool writes_memory; /* a /proc/PID/mem was opened for writing (sys/ptrace.c) */
    bool
        has_views; /* a view was opened, so going back to the start of a file may mean a new one (procfs.c) */
    bool own_root; /* chroot or pivot_root was called: the sysroot ended (path.c) */

    /* What the loop above this room does: run.c's. */
    void (*run)(struct task *t) noreturn_fn; /* the life of a new thread */
    void (*forked)(struct task *t);          /* in the child of a fork, before it returns */
};

/* The last system calls of a thread, for the crash report: a ring, call[count % CALL_RING] is written next. */
#define CALL_RING 32
#define CALL_UNFINISHED INT64_MIN
struct call_ring {
    uint32_t count;
    struct {
        long nr, result; /* CALL_UNFINISHED until it returned */
        uint64_t arg[6];
    } call[CALL_RING];
};

#define CALL_NONE INT64_MIN

/*
 * A traced thread, as its tracer's runtime finds it (kernel/ptrace.h). Written
 * by the thread itself while it runs, by the tracer's runtime while it is stopped.
 */
struct tracing {
    bool on, seized;
    bool safe;       /* registers are exact although the host stops the thread on its own account */
    bool answered;   /* the tracer let the stop below end; false: nobody traces any more */
    bool step_due;   /* the step that a system call ended is still to be told by the processor */
    bool new_mask;   /* it changed task->blocked */
    uint8_t stop;    /* enum ptrace_stop_kind; PTRACE_RUNNING outside a stop of ours */
    uint8_t call_at; /* in a stop in a system call: enum ptrace_call_at */
    uint32_t options; /* LINUX_PTRACE_O_* */
    int resume; /* how it goes on: LINUX_PTRACE_CONT, SYSCALL, SINGLESTEP, SYSEMU, SYSEMU_SINGLESTEP */
    int signal;       /* what it goes on with; 0: none */
    uint32_t code;    /* of the stop: signal, and the event << 8 */
    uint64_t message; /* PTRACE_GETEVENTMSG */
    struct linux_siginfo info;
};

struct task {
    struct host_thread host; /* first: host_self points here */
    struct cpu cpu;
    struct task *next;
    struct group *group;
    int tid;

    /* signals (kernel/signal.c) */
    uint64_t blocked;       /* the guest's mask; the host's is the same without HOST_SYNC_MASK */
    uint64_t saved_blocked; /* what the next frame saves instead, when restore_blocked */
    bool restore_blocked;   /* sigsuspend, ppoll... ended by a signal under their own mask */
    struct linux_stack altstack;
    struct seccomp seccomp; /* kernel/seccomp.c */
    uint64_t
        fault_address; /* of the last fault, as every later frame shows them (Linux keeps them too) */
    uint32_t fault_esr;
    struct {
        int clock;     /* of `until` */
        int64_t until; /* nanoseconds */
        gva left;      /* where the guest wants to read what is left of its sleep, or 0 */
    } sleeping;        /* what restart_syscall(2) goes on with (sys/sleep.c) */
    int restart; /* LINUX_ERESTARTxxx: pc and x0 are set for a restart that a handler may turn into EINTR */

    bool parked; /* kernel/park.c */
    bool
        vfork_child; /* made with CLONE_VFORK|CLONE_VM: the parent frees this struct and the host block */

    struct linux_siginfo
        raise; /* si_signo != 0: the call being served raises this (bad sigreturn, seccomp) */

    struct tracing tracing; /* kernel/ptrace_stop.c */

    /* the system call being served, for restart and for the tracer */
    long sys_nr; /* CALL_NONE outside a call; a handler that replaced all registers sets it so */
    uint64_t sys_arg[6]; /* x0..x5 at entry */
    struct call_ring calls;
};

/* Called by run.c with sys_nr and sys_arg set, and again with the result. */
static inline void task_note_call(struct task *t)
{
    unsigned i = t->calls.count % CALL_RING;
    t->calls.call[i].nr = t->sys_nr;
    t->calls.call[i].result = CALL_UNFINISHED;
    for (int n = 0; n < 6; n++)
        t->calls.call[i].arg[n] = t->sys_arg[n];
    t->calls.count++;
}

static inline void task_note_result(struct task *t, long result)
{
    t->calls.call[(t->calls.count - 1) % CALL_RING].result = result;
}

#define current ((struct task *)host_self)

/* ---- task.c ---- */

/* An empty process: no space, no image, every action SIG_DFL, no task. NULL: no memory. */
struct group *group_new(const struct options *options, const struct engine *engine) must_check;
/* Drops one task's reference; the last frees group, sighand and the reference to the space. */
void group_put(struct group *g);

struct sighand *sighand_new(const struct sighand *from) must_check;
void sighand_put(struct sighand *s);

/* A task of g (takes a reference), not on its list yet; engine and poll word set. NULL: no memory. */
struct task *task_new(struct group *g) must_check;
/* Frees a task that is not on its group's list, and drops its reference. */
void task_free(struct task *t);

/* On and off the group's list. remove: true when it was the last. */
void task_add(struct task *t);
bool task_remove(struct task *t);

#endif
