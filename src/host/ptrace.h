/*
 * What ptrace(2) of the host gives the guest's ptrace: stopping this thread
 * so that its tracer's runtime sees it, and finding a stopped thread's
 * struct host_thread from the tracer's side. The requests themselves are host_syscall's.
 *
 * The runtimes of tracer and tracee talk by SIGTRAP with an si_code that no
 * kernel and no debugger uses.
 */
#ifndef HOST_PTRACE_H
#define HOST_PTRACE_H

#include "host/host.h"

/*
 * What a code above 0 says is never lost: the host keeps no count of such
 * signals (RLIMIT_SIGPENDING), but takes them from the thread itself only.
 */
enum host_trap {
    HOST_TRAP_STOP = 0x656c01,  /* tracee to tracer: the guest has stopped */
    HOST_TRAP_CARRY = 0x656c02, /* tracer to tracee: take carried_info; rt.value is its number */
    HOST_TRAP_KICK =
        -0x656c03, /* tracer to tracee: come to a safe point; rt.value is the signal of that stop */
};

/* In host_thread.kicked, where else the signal of a kick is: put there by another thread, which then sends SIGTRAP. */
#define HOST_KICK_PARK 0x100

/* struct host_thread starts to be readable by a tracer when `mark` has this value. */
#define HOST_THREAD_MARK 0x7265766c65310001ull

/*
 * The calling thread stops as a tracee: returns when the tracer lets it go
 * on, or at once when nobody traces it. Signals that arrive meanwhile wait.
 */
void host_trap_stop(void);

/* Puts into *info what the tracer's SIGTRAP says. */
void host_trap_fill(struct linux_siginfo *info, enum host_trap what, uint64_t value);

/*
 * Of a thread of this very image that is ptrace-stopped by the caller: the address of its struct
 * host_thread in its memory, in *self; 0 while it has none yet. 0 or -LINUX_Exxx.
 */
long host_traced_self(int tid, uint64_t *self) must_check;

#endif
