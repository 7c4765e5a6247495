/*
 * What one image of the runtime tells the next across exec, in a sealed memfd:
 * the program found, the options, and what must be put back. argv and environment are
 * the guest's own, so that /proc and the host kernel's limits see those.
 *
 * The new image knows its own descriptor from AT_EXECFN ("/dev/fd/N", which
 * the host kernel makes of execveat(N, "", AT_EMPTY_PATH)) and looks for the
 * memfd around N.
 */
#ifndef KERNEL_HANDOVER_H
#define KERNEL_HANDOVER_H

#include "base/types.h"
#include "kernel/options.h"
#include "kernel/program.h"
#include "kernel/ptrace.h"

struct handover {
    bool
        program; /* fd, interp_fd, exe, execfn, prefix and options are told; else: start again from argv */
    int fd, interp_fd;    /* open, not close-on-exec */
    int log_fd;           /* or -1 */
    uint64_t stack_limit; /* the soft RLIMIT_STACK to be put back, 0: none */
    unsigned prefix_count;
    const char *prefix[PREFIX_MAX]; /* first to last */
    const char *exe, *execfn;
    struct ptrace_handover ptrace;
    const void *filters; /* of seccomp_save */
    uint32_t filter_bytes;
};

/* Writes the memfd: its descriptor, the caller's to close, or -LINUX_Exxx. h's strings are not needed afterwards. */
long handover_write(const struct handover *h, const struct options *o,
                    const char *sysroot) must_check;

/*
 * Executes the runtime's own image with argv and envp (values of host
 * pointers, the guest's or ours): does not return on success, else
 * -LINUX_Exxx with everything as before. Allocates nothing. memfd, the image
 * and h's descriptors are inheritable meanwhile.
 */
long handover_exec(int memfd, const struct handover *h, uint64_t argv, uint64_t envp);

/*
 * In a fresh image: true when an image before this one left a memfd; fills
 * *h and the carried options *o (the strings live on), and adopts image and
 * memfd. err: not 0 when what was found cannot be used.
 */
bool handover_take(struct handover *h, struct options *o, int *err) must_check;

#endif
