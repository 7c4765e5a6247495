/*
 * The frame that a signal handler of the guest finds on its stack
 * (arch/arm64/include/uapi/asm/sigcontext.h, ucontext.h). Signal numbers,
 * action flags and si_codes are in flags.h; restart codes in errno.h.
 */
#ifndef ABI_SIGNAL_H
#define ABI_SIGNAL_H

#include "abi/errno.h"
#include "abi/flags.h"

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
