/*
 * Facts of seccomp(2) and of the classic BPF it speaks
 * (include/uapi/linux/seccomp.h, filter.h and bpf_common.h); the structures
 * stand in abi/structs.h.
 */
#ifndef ABI_SECCOMP_H
#define ABI_SECCOMP_H

#include "abi/structs.h"

enum {
    LINUX_SECCOMP_MODE_DISABLED = 0,
    LINUX_SECCOMP_MODE_STRICT = 1,
    LINUX_SECCOMP_MODE_FILTER = 2,

    LINUX_BPF_MAXINSNS = 4096,
    LINUX_BPF_MEMWORDS = 16,
};

#define LINUX_SECCOMP_FILTER_FLAG_TSYNC 1u
#define LINUX_SECCOMP_FILTER_FLAG_LOG 2u
#define LINUX_SECCOMP_FILTER_FLAG_SPEC_ALLOW 4u
#define LINUX_SECCOMP_FILTER_FLAG_NEW_LISTENER 8u
#define LINUX_SECCOMP_FILTER_FLAG_TSYNC_ESRCH 16u
#define LINUX_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV 32u

#define LINUX_SECCOMP_RET_KILL_PROCESS 0x80000000u
#define LINUX_SECCOMP_RET_KILL_THREAD 0x00000000u
#define LINUX_SECCOMP_RET_TRAP 0x00030000u
#define LINUX_SECCOMP_RET_ERRNO 0x00050000u
#define LINUX_SECCOMP_RET_USER_NOTIF 0x7fc00000u
#define LINUX_SECCOMP_RET_TRACE 0x7ff00000u
#define LINUX_SECCOMP_RET_LOG 0x7ffc0000u
#define LINUX_SECCOMP_RET_ALLOW 0x7fff0000u
#define LINUX_SECCOMP_RET_ACTION_FULL 0xffff0000u
#define LINUX_SECCOMP_RET_DATA 0x0000ffffu

/* Classic BPF opcodes: class, then size and mode, or operation and source. */
enum {
    BPF_CLASS_LD = 0x00,
    BPF_CLASS_LDX = 0x01,
    BPF_CLASS_ST = 0x02,
    BPF_CLASS_STX = 0x03,
    BPF_CLASS_ALU = 0x04,
    BPF_CLASS_JMP = 0x05,
    BPF_CLASS_RET = 0x06,
    BPF_CLASS_MISC = 0x07,
    BPF_CLASS_MASK = 0x07,

    BPF_MODE_IMM = 0x00,
    BPF_MODE_ABS = 0x20,
    BPF_MODE_MEM = 0x60,
    BPF_MODE_LEN = 0x80,

    BPF_SRC_X = 0x08,
    BPF_OP_MASK = 0xf0,
    BPF_OP_ADD = 0x00,
    BPF_OP_SUB = 0x10,
    BPF_OP_MUL = 0x20,
    BPF_OP_DIV = 0x30,
    BPF_OP_OR = 0x40,
    BPF_OP_AND = 0x50,
    BPF_OP_LSH = 0x60,
    BPF_OP_RSH = 0x70,
    BPF_OP_NEG = 0x80,
    BPF_OP_XOR = 0xa0,
    BPF_OP_JA = 0x00,
    BPF_OP_JEQ = 0x10,
    BPF_OP_JGT = 0x20,
    BPF_OP_JGE = 0x30,
    BPF_OP_JSET = 0x40,

    BPF_RET_K = 0x00,
    BPF_RET_A = 0x10,
    BPF_MISC_TAX = 0x00,
    BPF_MISC_TXA = 0x80,
};

#endif
