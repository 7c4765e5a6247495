/*
 * Structures of ptrace(2) (include/uapi/linux/ptrace.h). Requests, options and
 * events are in flags.def.
 */
#ifndef ABI_PTRACE_H
#define ABI_PTRACE_H

#include <stdint.h>

enum linux_ptrace_syscall_op {
    LINUX_PTRACE_SYSCALL_INFO_NONE,
    LINUX_PTRACE_SYSCALL_INFO_ENTRY,
    LINUX_PTRACE_SYSCALL_INFO_EXIT,
    LINUX_PTRACE_SYSCALL_INFO_SECCOMP,
};

struct linux_ptrace_syscall_info {
    uint8_t op;
    uint8_t reserved;
    uint16_t flags;
    uint32_t arch;
    uint64_t instruction_pointer;
    uint64_t stack_pointer;
    union {
        struct {
            uint64_t nr;
            uint64_t args[6];
        } entry;
        struct {
            int64_t rval;
            uint8_t is_error;
        } exit;
        struct {
            uint64_t nr;
            uint64_t args[6];
            uint32_t ret_data;
            uint32_t reserved2;
        } seccomp;
    };
};

struct linux_ptrace_peeksiginfo_args {
    uint64_t off;
    uint32_t flags;
    int32_t nr;
};

struct linux_ptrace_rseq_configuration {
    uint64_t rseq_abi_pointer;
    uint32_t rseq_abi_size;
    uint32_t signature;
    uint32_t flags;
    uint32_t pad;
};

#endif
