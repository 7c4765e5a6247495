/*
 * Host signals on Linux x86-64: one handler, on an alternate stack, for every
 * signal that the guest handles and for those that the runtime itself needs.
 * It records one signal, sets the thread's poll word and leaves everything
 * blocked; it never runs guest code. Delivery is kernel/signal.c's. The host
 * kernel keeps masks, queues, default actions and stops (signal(7)).
 *
 *   kernel --handler--> taken_sig, poll=1, mask full --run.c--> guest frame --> host_signal_mask(new mask)
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "abi/errno.h"
#include "base/alloc.h"
#include "base/log.h"
#include "host/host_internal.h"
#include "host/ptrace.h"

_Static_assert(SIGSYS == LINUX_SIGSYS && SIGBUS == LINUX_SIGBUS && SIGCHLD == LINUX_SIGCHLD,
               "signal numbers");
_Static_assert(sizeof(siginfo_t) == sizeof(struct linux_siginfo), "siginfo");

#ifndef TRAP_PERF
#define TRAP_PERF 6
#endif
enum { HOST_SA_RESTORER = 0x04000000, KERNEL_SIGSET = 8 };

extern const char host_window_begin[], host_window_call[], host_window_end[],
    host_window_not_entered[], host_window_restart[];
void host_signal_restorer(void);

static const uint8_t sync_signal[HOST_SYNC_COUNT] = {
    [HOST_SYNC_ILL] = LINUX_SIGILL,   [HOST_SYNC_TRAP] = LINUX_SIGTRAP,
    [HOST_SYNC_BUS] = LINUX_SIGBUS,   [HOST_SYNC_FPE] = LINUX_SIGFPE,
    [HOST_SYNC_SEGV] = LINUX_SIGSEGV,
};

static bool is_sync(int sig)
{
    return HOST_SYNC_MASK & LINUX_SIGMASK(sig);
}

/* Raised by the instruction at hand? A performance event's SIGTRAP comes when its counter says so. */
static bool from_instruction(const struct linux_siginfo *info)
{
    return info->si_code > 0 && !(info->si_signo == LINUX_SIGTRAP && info->si_code == TRAP_PERF);
}

static unsigned sync_index(int sig)
{
    unsigned i = 0;

    while (sync_signal[i] != sig)
        i++;
    return i;
}

/* Does the kernel's entry leave the return address in rcx? Not with FRED (Intel SDM, flexible return). */
static bool entry_marks_rcx;

static bool probe_rcx(void)
{
    long rc = SYS_getpid;
    uint64_t rcx = 0;

    __asm__ volatile("syscall" : "+a"(rc), "+c"(rcx) : : "r11", "memory");
    return rcx != 0;
}

/* Closes the window between the test of *poll and the kernel (window_x86_64.S). */
static void leave_window(ucontext_t *uc)
{
    greg_t *reg = uc->uc_mcontext.gregs;
    const char *pc = (const char *)reg[REG_RIP];

    if (pc < host_window_begin || pc >= host_window_end)
        return;
    bool entered = pc == host_window_call &&
                   (!entry_marks_rcx || (const char *)reg[REG_RCX] == host_window_end);

    reg[REG_RIP] = (greg_t)(entered ? host_window_restart : host_window_not_entered);
}

/* Hands `sig` to run.c; from here to its frame the mask is full. */
static void take(struct host_thread *self, int sig, const struct linux_siginfo *info,
                 ucontext_t *uc)
{
    uint64_t full = ~HOST_SYNC_MASK;

    BUG_ON(self->taken_sig);
    self->taken_info = *info;
    self->taken_sig = (uint32_t)sig;
    memcpy(&uc->uc_sigmask, &full, sizeof full);
}

/* A word from the tracer's runtime, or from another thread of ours. False: it is none. */
static bool heed(struct host_thread *self, const struct linux_siginfo *info, ucontext_t *uc)
{
    int sig = (int)info->rt.value;

    switch (info->si_code) {
    case HOST_TRAP_STOP: return true; /* nobody traces any more */
    case HOST_TRAP_KICK: self->kicked = (uint32_t)sig; break;
    case HOST_TRAP_CARRY:
        if (sig != LINUX_SIGSTOP) {
            take(self, sig, &self->carried_info, uc);
        } else {
            self->stop_info = self->carried_info;
            self->sync_pending |= LINUX_SIGMASK(LINUX_SIGSTOP);
        }
        break;
    default:
        if (self->kicked != HOST_KICK_PARK)
            return false;
    }
    *self->poll = 1;
    leave_window(uc);
    return true;
}

static void on_signal(int sig, siginfo_t *host_info, void *context)
{
    struct host_thread *self = host_self;
    struct linux_siginfo info;
    ucontext_t *uc = context;

    memcpy(&info, host_info, sizeof info);
    if (sig == LINUX_SIGTRAP && self && heed(self, &info, uc))
        return;
    if (is_sync(sig)) {
        if (from_instruction(&info)) {
            host_fault_handle(self, sig, &info, uc);
            return;
        }
        if (!(self->sync_pending & LINUX_SIGMASK(sig))) {
            self->sync_info[sync_index(sig)] = info;
            self->sync_pending |= LINUX_SIGMASK(sig);
        }
    } else {
        take(self, sig, &info, uc);
    }
    *self->poll = 1;
    leave_window(uc);
}

void host_altstack_use(const struct host_thread *self)
{
    stack_t ss = {.ss_sp = self->altstack, .ss_size = self->altstack_bytes};

    raw_syscall(SYS_sigaltstack, (uint64_t)&ss, 0, 0, 0, 0, 0);
}

int host_signal_raw_action(int sig, enum host_sigaction what, uint32_t linux_sa_flags)
{
    struct raw_sigaction act = {.restorer = host_signal_restorer, .mask = ~0ull};

    act.flags = HOST_SA_RESTORER | (linux_sa_flags & (LINUX_SA_NOCLDSTOP | LINUX_SA_NOCLDWAIT));
    if (what == HOST_SIG_CATCH) {
        act.handler = (void *)on_signal;
        act.flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    } else {
        act.handler = what == HOST_SIG_IGN ? (void *)SIG_IGN : (void *)SIG_DFL;
    }
    return (int)raw_syscall(SYS_rt_sigaction, (uint64_t)sig, (uint64_t)&act, 0, KERNEL_SIGSET, 0,
                            0);
}

int host_signal_action(int sig, enum host_sigaction what, uint32_t linux_sa_flags)
{
    return is_sync(sig) ? 0 : host_signal_raw_action(sig, what, linux_sa_flags);
}

void host_signal_sync_install(void)
{
    for (unsigned i = 0; i < HOST_SYNC_COUNT; i++)
        BUG_ON(host_signal_raw_action(sync_signal[i], HOST_SIG_CATCH, 0) < 0);
}

static void raw_mask(uint64_t mask, uint64_t *old)
{
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (uint64_t)&mask, (uint64_t)old, KERNEL_SIGSET, 0,
                0);
}

/* Through the window, so that a signal taken meanwhile keeps the mask full. */
static bool window_mask(struct host_thread *self, uint64_t mask)
{
    while (!self->taken_sig) {
        if (host_window_syscall(&self->taken_sig, SYS_rt_sigprocmask, SIG_SETMASK, (uint64_t)&mask,
                                0, KERNEL_SIGSET, 0, 0) == 0)
            return true;
    }
    return false;
}

bool host_signal_mask(uint64_t mask)
{
    return window_mask(host_self, mask & ~HOST_SYNC_MASK);
}

bool host_signal_hold(void)
{
    return window_mask(host_self, ~0ull);
}

int host_signal_init(struct host_thread *self, uint64_t *ignored, uint64_t *blocked)
{
    entry_marks_rcx = probe_rcx();
    self->altstack_bytes = host_altstack_bytes();
    self->block_bytes = self->altstack_bytes;
    self->block = self->altstack = mem_pages(self->block_bytes, PROT_READ | PROT_WRITE);
    if (!self->altstack)
        return -LINUX_ENOMEM;
    host_self = self;
    host_altstack_use(self);

    raw_mask(~0ull, blocked);
    *ignored = 0;
    for (int sig = 1; sig <= LINUX_NSIG; sig++) {
        struct raw_sigaction old = {.handler = (void *)SIG_DFL};

        raw_syscall(SYS_rt_sigaction, (uint64_t)sig, 0, (uint64_t)&old, KERNEL_SIGSET, 0, 0);
        if (old.handler == (void *)SIG_IGN)
            *ignored |= LINUX_SIGMASK(sig);
    }
    host_signal_sync_install();
    raw_mask(*blocked & ~HOST_SYNC_MASK, NULL);
    return 0;
}

static int take_sync(struct host_thread *self, uint64_t wanted, struct linux_siginfo *info)
{
    if (unlikely(self->sync_pending & wanted & LINUX_SIGMASK(LINUX_SIGSTOP))) {
        *info = self->stop_info;
        __atomic_fetch_and(&self->sync_pending, ~LINUX_SIGMASK(LINUX_SIGSTOP), __ATOMIC_SEQ_CST);
        return LINUX_SIGSTOP;
    }
    for (unsigned i = 0; i < HOST_SYNC_COUNT; i++) {
        int sig = sync_signal[i];

        if (!(self->sync_pending & wanted & LINUX_SIGMASK(sig)))
            continue;
        /* While the bit is set the handler leaves the slot alone. */
        *info = self->sync_info[i];
        __atomic_fetch_and(&self->sync_pending, ~LINUX_SIGMASK(sig), __ATOMIC_SEQ_CST);
        return sig;
    }
    return 0;
}

int host_signal_take(struct host_thread *self, uint64_t blocked, struct linux_siginfo *info)
{
    while (!self->taken_sig) {
        if (!(self->sync_pending & ~blocked))
            return 0;
        if (host_signal_hold())
            return take_sync(self, ~blocked, info);
    }
    int sig = (int)self->taken_sig;

    *info = self->taken_info;
    self->taken_sig = 0;
    return sig;
}

int host_signal_take_sync(struct host_thread *self, uint64_t set, struct linux_siginfo *info)
{
    return take_sync(self, set, info);
}

bool host_signal_exec_begin(uint64_t blocked, uint64_t ignored)
{
    if (!host_signal_hold())
        return false;
    for (unsigned i = 0; i < HOST_SYNC_COUNT; i++) {
        /* The host's execve makes SIG_DFL of a handler, which until then also hears the tracer. */
        if (ignored & LINUX_SIGMASK(sync_signal[i]))
            BUG_ON(host_signal_raw_action(sync_signal[i], HOST_SIG_IGN, 0) < 0);
    }
    /* A signal taken from here on makes host_guest_syscall refuse to enter execve. */
    raw_mask(blocked, NULL);
    return true;
}

void host_signal_exec_failed(void)
{
    struct host_thread *self = host_self;
    uint64_t mask;

    host_signal_sync_install();
    raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (uint64_t) & (uint64_t){HOST_SYNC_MASK},
                (uint64_t)&mask, KERNEL_SIGSET, 0, 0);
    /* The kernel's masks never hold these two. */
    mask |= LINUX_SIGMASK(LINUX_SIGKILL) | LINUX_SIGMASK(LINUX_SIGSTOP);
    BUG_ON(self->taken_sig && ~mask & ~HOST_SYNC_MASK);
}

void host_die(int sig)
{
    uint64_t only = ~LINUX_SIGMASK(sig);

    raw_mask(~0ull, NULL);
    if (host_self)
        host_self->passing = (uint32_t)sig;
    host_signal_raw_action(sig, HOST_SIG_DFL, 0);
    long pid = raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
    long tid = raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);

    raw_syscall(SYS_tgkill, (uint64_t)pid, (uint64_t)tid, (uint64_t)sig, 0, 0, 0);
    raw_mask(only, NULL);
    host_group_exit(128 + sig);
}
