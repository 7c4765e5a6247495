/*
 * Classic BPF as seccomp uses it: checks a program once, runs it on the
 * description of one system call. Knows neither tasks nor guest memory.
 */
#ifndef KERNEL_BPF_H
#define KERNEL_BPF_H

#include "abi/seccomp.h"
#include "base/types.h"

/*
 * May this program be attached? Known opcodes only, loads aligned and inside
 * struct linux_seccomp_data, jumps forward and inside, scratch words written
 * before they are read, ends in a return (kernel: bpf_check_classic,
 * seccomp_check_filter). len: 1..LINUX_BPF_MAXINSNS instructions.
 */
bool bpf_check(const struct linux_sock_filter *prog, unsigned len);

/* The value a checked program returns for one call. */
uint32_t bpf_run(const struct linux_sock_filter *prog, const struct linux_seccomp_data *data);

#endif
