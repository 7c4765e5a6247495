/*
 * The seam to the machine below: the Linux arm64 system-call ABI. Everything
 * above asks the host with arm64 numbers, flags and structures and gets
 * >= 0 or -LINUX_Exxx; host/linux_x86_64 renumbers and converts what differs.
 * The only room with OS #ifdefs and with errno.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "abi/structs.h"
#include "base/types.h"

/*
 * For the runtime's own needs. nr: arm64 number (LINUX_SYS_xxx). Pointers are
 * host pointers (on Linux hosts guest addresses are host addresses). Not
 * interrupted by guest signals: restarted by the host or EINTR.
 */
long host_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

/*
 * For system calls made on behalf of the guest. As host_syscall, but if
 * *host_self->poll is set before the host kernel is entered, or a signal with
 * a guest handler interrupts a restartable call, it returns -LINUX_ERESTARTSYS
 * without side effects: the window between the test and the host's syscall
 * instruction is closed in assembly (the signal handler moves a PC found
 * inside it to the return). Calls that Linux does not restart return
 * -LINUX_EINTR as they do natively.
 */
long host_guest_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

/* A place to come back to from a fault or engine_raise: callee-saved registers. */
struct host_catch {
    uint64_t reg[8];
};

/*
 * What the host side keeps for one host thread running one guest thread. The
 * first member of struct task, reachable in signal handlers as host_self.
 */
struct host_thread {
    volatile uint32_t *poll; /* &cpu->poll */
    struct host_catch *catcher; /* innermost armed catch, or NULL */

    /*
     * A signal taken by the host handler and not yet delivered to the guest.
     * At most one: the handler leaves all signals blocked until the kernel
     * room has taken it (host_signal_take), so the host kernel keeps the
     * order and the queue.
     */
    volatile int taken_sig; /* 0 = none */
    struct linux_siginfo taken_info;

    void *stack; /* host stack of a thread that we made, NULL for the first */
    size_t stack_bytes;
    void *altstack; /* host's alternate signal stack */
    void *tls;      /* host TLS block of a thread that we made */
};

extern __thread struct host_thread *host_self __attribute__((tls_model("local-exec")));

/* Once, before anything else: auxiliary vector, page size, TLS template, reserved descriptors. */
void host_init(char **envp);

/* ---- threads and processes (host/thread.c) ---- */

/*
 * clone(2) with the guest's own flags and pointers, passed through
 * (CLONE_SETTLS is taken off: guest TLS is a register in struct cpu). With
 * CLONE_VM the child starts on a new host stack in entry(arg) with host_self =
 * child; entry never returns. Without CLONE_VM the child returns 0 from this
 * call on its copy of the caller's stack, like fork. args is the guest's
 * clone_args already checked (stack fields ignored). Returns the child's pid or
 * -LINUX_Exxx. All signals must be blocked by the caller and are blocked in
 * the child.
 */
long host_clone(const struct linux_clone_args *args, size_t size, void (*entry)(void *), void *arg, struct host_thread *child);

/* Ends the calling thread only: frees its host stack, TLS and altstack without touching them afterwards. */
void host_thread_exit(int status) noreturn_fn;
void host_group_exit(int status) noreturn_fn;

/* Dies by a signal with its default action, core flag included. */
void host_die(int sig) noreturn_fn;

/* ---- signals (host/signal.c) ---- */

enum host_sigaction { HOST_SIG_DFL, HOST_SIG_IGN, HOST_SIG_CATCH };

/* Alternate stack and mask of the calling thread; call first in each thread. */
int host_signal_thread_init(struct host_thread *self);

/*
 * Installs for one signal what the host kernel shall do. flags: SA_NOCLDSTOP,
 * SA_NOCLDWAIT as given by the guest; SA_RESTART, SA_ONSTACK and SA_SIGINFO
 * are always set by us for CATCH. SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP
 * are always caught by the runtime whatever is asked.
 */
int host_signal_action(int sig, enum host_sigaction what, uint32_t linux_sa_flags);

/* The calling thread's host mask (LINUX bit n-1 = signal n). The five synchronous signals are never blocked. */
void host_signal_mask(uint64_t mask);

/* ---- faults (host/fault.c) ---- */

/*
 * Arms a catch: returns 0 when armed, and 1 again after host_throw or after a
 * fault in guest memory outside any engine's code; the fault is then in
 * host_fault_last(). Nest by saving and restoring host_self->catcher.
 */
int host_catch(struct host_catch *c) __attribute__((returns_twice));
void host_throw(struct host_catch *c) noreturn_fn;

struct host_fault {
    int sig, code;   /* LINUX numbers */
    uint64_t addr;   /* si_addr; 0 when the host does not tell (non-canonical) */
    bool write;
};

/* Valid after host_catch returned 1 because of a fault; per thread. */
const struct host_fault *host_fault_last(void);

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

/* Moves fd to the top of the descriptor space, close-on-exec, and hides it; returns the new number. */
int host_fd_reserve(int fd);
bool host_fd_is_reserved(int fd);
/* A guest call wants this very number (dup3): moves ours elsewhere. */
int host_fd_yield(int fd);
/* elver's own image, for exec. */
int host_image_fd(void);

/* Time for the guest's vDSO without a trap: fills *ts, 0 or -LINUX_EINVAL. */
struct linux_timespec;
long host_clock_gettime(int clock, struct linux_timespec *ts);

#endif
