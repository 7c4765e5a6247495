/*
 * The seam to the machine below: the Linux arm64 system-call ABI. Everything
 * above asks the host with arm64 numbers, flags and structures and gets
 * >= 0 or -LINUX_Exxx; host/linux_x86_64 renumbers and converts what differs.
 * The only room with OS #ifdefs and with errno.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "abi/signal.h"
#include "abi/structs.h"
#include "base/types.h"

/*
 * For the runtime's own needs. nr: arm64 number (LINUX_SYS_xxx). Pointers are
 * host pointers (on Linux hosts guest addresses are host addresses). Not
 * interrupted by guest signals: restarted by the host or EINTR.
 */
long host_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                  uint64_t a5);

/*
 * For system calls made on behalf of the guest. As host_syscall, but a signal
 * with a guest handler never slips in between the test for it and the wait:
 *   -LINUX_ERESTARTNOINTR  *host_self->poll was set, or a signal was taken,
 *                          before the host kernel was entered: nothing was done
 *   -LINUX_ERESTARTSYS     a signal interrupted a call that Linux restarts
 *   -LINUX_EINTR           a signal interrupted a call that Linux does not restart
 * run.c resolves the first two.
 */
long host_guest_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                        uint64_t a5);

/*
 * A request of io_uring, which the host kernel reads from memory: changed in
 * place from arm64's form to the host's, with what it points at in *extra,
 * which must stay until the request was taken. 1 when it was changed, 0 when it
 * is the same, -LINUX_EFAULT when what it points at cannot be read,
 * -LINUX_EINVAL for a request whose result could not be converted.
 */
struct host_uring_extra {
    uint8_t bytes[32];
};
int host_uring_request(struct linux_io_uring_sqe *sqe, struct host_uring_extra *extra);

/*
 * What host_guest_syscall is made of (window_x86_64.S): tests *poll and makes
 * the host's own system call nr as one step to a signal handler, which moves a
 * PC that it finds inside to the return. Results as above, host numbers else.
 */
long host_window_syscall(const volatile uint32_t *poll, long nr, uint64_t a0, uint64_t a1,
                         uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

/*
 * A listener for the calls of this thread, and of those it makes, that host_notify makes; flags of
 * SECCOMP_SET_MODE_FILTER. Its descriptor, the guest's, or -LINUX_Exxx.
 */
long host_notify_listen(uint32_t flags);

/*
 * Asks the listener about the guest's call nr: what it answered, HOST_NOTIFY_CONTINUE to make the
 * call after all, -LINUX_ENOSYS without a listener, or a restart code as host_guest_syscall.
 */
#define HOST_NOTIFY_CONTINUE (-0x534e00)
long host_notify(long nr, const uint64_t *arg);

/* mmap of a file at a place that the host chooses in the low 2 GiB: the address or -LINUX_Exxx. */
long host_mmap_low(uint64_t len, int prot, int flags, int fd, uint64_t offset);

/* A place to come back to from a fault or host_throw: callee-saved registers, sp, pc. */
struct host_catch {
    uint64_t reg[8];
};

struct host_fault {
    int sig, code; /* LINUX numbers */
    uint64_t addr; /* si_addr; 0 when the host does not tell (non-canonical) */
    bool write;
};

/* The signals that the runtime itself must see: never blocked on the host, always caught there. */
enum host_sync {
    HOST_SYNC_ILL,
    HOST_SYNC_TRAP,
    HOST_SYNC_BUS,
    HOST_SYNC_FPE,
    HOST_SYNC_SEGV,
    HOST_SYNC_COUNT
};
#define HOST_SYNC_MASK                                                                          \
    (LINUX_SIGMASK(LINUX_SIGILL) | LINUX_SIGMASK(LINUX_SIGTRAP) | LINUX_SIGMASK(LINUX_SIGBUS) | \
     LINUX_SIGMASK(LINUX_SIGFPE) | LINUX_SIGMASK(LINUX_SIGSEGV))

/* The runtime's own descriptors: its image (for exec), the program's file, the sysroot, the log, the trace, perf's map. */
enum host_fd {
    HOST_FD_IMAGE,
    HOST_FD_EXE,
    HOST_FD_SYSROOT,
    HOST_FD_LOG,
    HOST_FD_TRACE,
    HOST_FD_PERF_MAP,
    HOST_FD_JITDUMP,
    HOST_FD_COUNT
};

struct host_fds {
    int fd[HOST_FD_COUNT]; /* 0 = none: standard input is never ours */
    int lowest; /* no number below it was ever ours: one comparison for nearly every call */
};

/*
 * What the host side keeps for one host thread running one guest thread. The
 * first member of struct task, reachable in signal handlers as host_self.
 */
struct host_thread {
    volatile uint32_t *poll; /* &cpu->poll; set by the handler */
    struct host_catch
        *catcher;            /* innermost armed catch, or NULL (offset known to fault_x86_64.S) */
    struct host_fault fault; /* the last one that a catch received */

    /*
     * A signal taken by the host handler and not yet delivered to the guest.
     * At most one: while it waits here, all signals but HOST_SYNC_MASK stay
     * blocked on the host, so the host kernel keeps the order and the queue.
     */
    volatile uint32_t taken_sig; /* 0 = none */
    struct linux_siginfo taken_info;

    /* Sent (not raised by a fault) signals of HOST_SYNC_MASK, one of each: bit n-1 for signal n. */
    volatile uint64_t sync_pending;
    struct linux_siginfo sync_info[HOST_SYNC_COUNT];

    /* Of a tracee (host/ptrace.h): written by its tracer's runtime, but for stop_info. */
    uint64_t mark;                     /* HOST_THREAD_MARK */
    struct linux_siginfo carried_info; /* of the signal that HOST_TRAP_CARRY hands over */
    struct linux_siginfo stop_info;    /* of SIGSTOP, whose bit is in sync_pending too */
    volatile uint32_t kicked;          /* by HOST_TRAP_KICK or _PARK, to what end; 0 = no */
    volatile uint32_t passing; /* a signal that this thread sends itself for its default action */

    void *
        block; /* stack, alternate stack and TLS in one mapping; of the first thread: the alternate stack */
    size_t block_bytes;
    void *altstack;
    size_t altstack_bytes;

    struct host_fds *fds; /* NULL: the process's; else those of a child of vfork */
    struct host_fds own_fds;
};

extern __thread struct host_thread *host_self __attribute__((tls_model("local-exec")));

/*
 * Once, before anything else, on the first thread: TLS template, the traces of
 * the host libc's start (its rseq area, robust list, tid address) removed.
 */
void host_init(char **envp);

/* ---- threads and processes (host/thread.c) ---- */

/*
 * clone(2) with the guest's own flags and pointers, passed through
 * (CLONE_SETTLS is taken off: guest TLS is a register in struct cpu). With
 * CLONE_VM the child starts on a new host stack in entry(arg) with host_self =
 * child, its signal stack in place; entry never returns. Without CLONE_VM the
 * child returns 0 from this call on its copy of the caller's stack, like fork,
 * with host_self unchanged. args: already checked, in our memory (stack fields
 * ignored); args->set_tid is a guest pointer. Returns the child's pid or -LINUX_Exxx.
 * The caller holds all signals (host_signal_hold), and so does the child.
 */
long host_clone(const struct linux_clone_args *args, void (*entry)(void *), void *arg,
                struct host_thread *child);

/*
 * Ends the calling thread only and gives back its block. All signals are
 * held; struct host_thread may be freed already, its block is passed.
 */
void host_thread_exit(void *block, size_t block_bytes, int status) noreturn_fn;
void host_group_exit(int status) noreturn_fn;

/* Frees the block of a thread that is not running: a sibling's copy in the child of a fork. */
void host_thread_drop(struct host_thread *t);

/* Dies by a signal with its default action, core flag included. */
void host_die(int sig) noreturn_fn;

/* ---- signals (host/signal.c) ---- */

enum host_sigaction { HOST_SIG_DFL, HOST_SIG_IGN, HOST_SIG_CATCH };

/*
 * Sets host_self, the alternate stack and the handlers of HOST_SYNC_MASK; once
 * per program image, on the first thread. ignored: set of the signals that were
 * ignored at start; blocked: the mask at start. Afterwards HOST_SYNC_MASK is
 * unblocked and the rest of the mask as it was.
 */
int host_signal_init(struct host_thread *self, uint64_t *ignored, uint64_t *blocked) must_check;

/*
 * Installs for one signal what the host kernel shall do. linux_sa_flags: of
 * these SA_NOCLDSTOP and SA_NOCLDWAIT are handed on; SA_RESTART, SA_ONSTACK and
 * SA_SIGINFO are always set for CATCH. For HOST_SYNC_MASK nothing changes.
 */
int host_signal_action(int sig, enum host_sigaction what, uint32_t linux_sa_flags);

/* The handlers of HOST_SYNC_MASK again: in a child made with CLONE_CLEAR_SIGHAND. */
void host_signal_sync_install(void);

/*
 * Sets the calling thread's host mask to `mask` without HOST_SYNC_MASK. False,
 * and nothing done, when a taken signal waits: it is to be delivered first.
 */
bool host_signal_mask(uint64_t mask) must_check;

/*
 * Blocks every signal without exception, so that none is taken until the next
 * host_signal_mask. False, and nothing done, when one waits already.
 */
bool host_signal_hold(void) must_check;

/*
 * Takes one waiting signal out: the taken one, else a sent synchronous one
 * that is not in `blocked`. Its number, and everything is held until
 * host_signal_mask; or 0.
 */
int host_signal_take(struct host_thread *self, uint64_t blocked, struct linux_siginfo *info);

/* Takes a waiting synchronous signal of `set` (sigtimedwait), blocked or not; its number, or 0. */
int host_signal_take_sync(struct host_thread *self, uint64_t set, struct linux_siginfo *info);

/*
 * Around the host's execve: what the new image shall inherit, HOST_SYNC_MASK
 * included; and, if the call returned, everything back as the runtime needs it.
 * begin: false, and nothing done, when a taken signal waits.
 */
bool host_signal_exec_begin(uint64_t blocked, uint64_t ignored) must_check;
void host_signal_exec_failed(void);

/* ---- faults (host/fault.c) ---- */

/*
 * Arms a catch: 0 when armed; 1 after host_throw; 2 after a fault that neither
 * a copy below nor the hook owned, which is then in host_self->fault. It is
 * disarmed by each return but the first. Nest by saving host_self->catcher
 * before and putting it back after.
 */
int host_catch(struct host_catch *c) __attribute__((returns_twice));
void host_throw(struct host_catch *c) noreturn_fn;

/* Of the calling thread; valid after host_catch returned 2. */
static inline const struct host_fault *host_fault_last(void)
{
    return &host_self->fault;
}

/*
 * Asked first for every synchronous host signal: the engine's chance to own
 * it. Returns true when the host context was changed and execution may go on.
 */
typedef bool host_fault_hook(struct host_thread *self, void *uc, const struct host_fault *f);
void host_fault_set_hook(host_fault_hook *hook);

/*
 * Copies that survive faults: 0 or -LINUX_EFAULT (a partial copy may have
 * happened). For mm/uaccess only.
 */
long host_copy(void *dst, const void *src, size_t bytes);
/* Length of the string without its NUL, copied to dst; -LINUX_EFAULT, or cap when no NUL within cap bytes. */
long host_copy_str(char *dst, const char *src, size_t cap);
/* Atomic 32-bit compare-exchange and load on guest memory that survive faults: 0 or -LINUX_EFAULT. */
long host_load32(const uint32_t *p, uint32_t *value);
long host_cas32(uint32_t *p, uint32_t expect, uint32_t desired, uint32_t *seen);

/* ---- the runtime's own descriptors (host/reserve.c) ---- */

/*
 * Moves fd out of the guest's way, near descriptor 1000 (or the limit, where
 * that is lower), close-on-exec, and hides it; what was there of its kind is
 * closed. The new number or -LINUX_Exxx (fd is then still open).
 */
int host_fd_reserve(enum host_fd which, int fd) must_check;
/* A descriptor that the image before exec left where it is: now ours, hidden and close-on-exec. */
void host_fd_adopt(enum host_fd which, int fd);
/* Closes it; nothing when there is none. */
void host_fd_release(enum host_fd which);
/* Its number now, or -1: it may move, so it is asked for each time. */
int host_fd(enum host_fd which);
bool host_fd_is_reserved(int fd);
/* The lowest reserved descriptor that is not below `from`, or INT_MAX. */
int host_fd_next_reserved(int from);
/* A guest call wants this very number (dup3): moves ours elsewhere. 0 or -LINUX_Exxx. */
int host_fd_yield(int fd) must_check;

/* ---- what is mapped (host/maps.c) ---- */

/* One line of /proc/self/maps, without its newline; anything but 0 ends the reading. */
typedef int host_maps_fn(void *context, const char *line);
/* What `each` returned last, or -LINUX_Exxx when there is no list (no /proc). Takes no lock. */
int host_maps_each(host_maps_fn *each, void *context);

/* Time for the guest's vDSO without a trap: fills *ts, 0 or -LINUX_EINVAL. */
struct linux_timespec;
long host_clock_gettime(int clock, struct linux_timespec *ts);

#endif
