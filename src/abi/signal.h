/*
 * Numbers of Linux/arm64 signals (include/uapi/asm-generic/signal.h and
 * siginfo.h, arch/arm64/include/uapi/asm/sigcontext.h): signal numbers,
 * action flags, si_code values, and the records of the signal frame. Signal
 * numbers and si_codes are the same on x86-64, which host/ asserts.
 */
#ifndef ABI_SIGNAL_H
#define ABI_SIGNAL_H

#include <stdint.h>

enum linux_signal {
    LINUX_SIGHUP = 1,
    LINUX_SIGINT,
    LINUX_SIGQUIT,
    LINUX_SIGILL,
    LINUX_SIGTRAP,
    LINUX_SIGABRT,
    LINUX_SIGBUS,
    LINUX_SIGFPE,
    LINUX_SIGKILL,
    LINUX_SIGUSR1,
    LINUX_SIGSEGV,
    LINUX_SIGUSR2,
    LINUX_SIGPIPE,
    LINUX_SIGALRM,
    LINUX_SIGTERM,
    LINUX_SIGSTKFLT,
    LINUX_SIGCHLD,
    LINUX_SIGCONT,
    LINUX_SIGSTOP,
    LINUX_SIGTSTP,
    LINUX_SIGTTIN,
    LINUX_SIGTTOU,
    LINUX_SIGURG,
    LINUX_SIGXCPU,
    LINUX_SIGXFSZ,
    LINUX_SIGVTALRM,
    LINUX_SIGPROF,
    LINUX_SIGWINCH,
    LINUX_SIGIO,
    LINUX_SIGPWR,
    LINUX_SIGSYS,
    LINUX_SIGRTMIN,
    LINUX_NSIG = 64,
};

#define LINUX_SIG_DFL 0ull
#define LINUX_SIG_IGN 1ull

#define LINUX_SA_NOCLDSTOP 0x00000001u
#define LINUX_SA_NOCLDWAIT 0x00000002u
#define LINUX_SA_SIGINFO 0x00000004u
#define LINUX_SA_EXPOSE_TAGBITS 0x00000800u
#define LINUX_SA_RESTORER 0x04000000u
#define LINUX_SA_ONSTACK 0x08000000u
#define LINUX_SA_RESTART 0x10000000u
#define LINUX_SA_NODEFER 0x40000000u
#define LINUX_SA_RESETHAND 0x80000000u

#define LINUX_SS_ONSTACK 1
#define LINUX_SS_DISABLE 2
#define LINUX_SS_AUTODISARM (1u << 31)
#define LINUX_MINSIGSTKSZ 5120

#define LINUX_SIG_BLOCK 0
#define LINUX_SIG_UNBLOCK 1
#define LINUX_SIG_SETMASK 2

/* si_code: positive from the kernel, <= 0 from a process. */
#define LINUX_SI_USER 0
#define LINUX_SI_KERNEL 0x80
#define LINUX_SI_QUEUE (-1)
#define LINUX_SI_TIMER (-2)
#define LINUX_SI_MESGQ (-3)
#define LINUX_SI_ASYNCIO (-4)
#define LINUX_SI_SIGIO (-5)
#define LINUX_SI_TKILL (-6)

#define LINUX_ILL_ILLOPC 1
#define LINUX_FPE_INTDIV 1
#define LINUX_SEGV_MAPERR 1
#define LINUX_SEGV_ACCERR 2
#define LINUX_BUS_ADRALN 1
#define LINUX_BUS_ADRERR 2
#define LINUX_BUS_OBJERR 3
#define LINUX_BUS_MCEERR_AR 4
#define LINUX_BUS_MCEERR_AO 5
#define LINUX_TRAP_BRKPT 1
#define LINUX_TRAP_TRACE 2
#define LINUX_TRAP_HWBKPT 4
#define LINUX_SYS_SECCOMP 1

/*
 * Results that mean "interrupted by a signal"; the guest never sees them,
 * run.c resolves them.
 */
#define LINUX_ERESTARTSYS 512    /* again if the handler has SA_RESTART, else EINTR */
#define LINUX_ERESTARTNOINTR 513 /* always again */
#define LINUX_ERESTARTNOHAND 514 /* EINTR if a handler runs, else again */

/* Records in uc_mcontext.__reserved. */
#define LINUX_FPSIMD_MAGIC 0x46508001u
#define LINUX_ESR_MAGIC 0x45535201u
#define LINUX_EXTRA_MAGIC 0x45585401u

struct linux_ctx_head {
    uint32_t magic;
    uint32_t size;
};

struct linux_fpsimd_context {
    struct linux_ctx_head head;
    uint32_t fpsr;
    uint32_t fpcr;
    unsigned __int128 vregs[32];
};

struct linux_esr_context {
    struct linux_ctx_head head;
    uint64_t esr;
};

struct linux_extra_context {
    struct linux_ctx_head head;
    uint64_t datap; /* 16-byte aligned, straight behind the terminator that follows this record */
    uint32_t size;
    uint32_t reserved[3];
};

struct linux_sigcontext {
    uint64_t fault_address;
    uint64_t regs[31];
    uint64_t sp;
    uint64_t pc;
    uint64_t pstate;
    uint8_t reserved[4096] __attribute__((aligned(16)));
};

struct linux_ucontext {
    uint64_t uc_flags;
    uint64_t uc_link;
    uint64_t ss_sp;
    int32_t ss_flags;
    int32_t pad;
    uint64_t ss_size;
    uint64_t sigmask;
    uint8_t unused[120];
    struct linux_sigcontext uc_mcontext;
};

/* A sigframe starts with the 128 bytes of siginfo. */
struct linux_rt_sigframe {
    uint8_t info[128];
    struct linux_ucontext uc;
};

_Static_assert(sizeof(struct linux_sigcontext) == 4384, "sigcontext");
_Static_assert(sizeof(struct linux_ucontext) == 4560, "ucontext");
_Static_assert(sizeof(struct linux_rt_sigframe) == 4688, "rt_sigframe");
_Static_assert(sizeof(struct linux_fpsimd_context) == 528, "fpsimd_context");
_Static_assert(sizeof(struct linux_extra_context) == 32, "extra_context");

#endif
