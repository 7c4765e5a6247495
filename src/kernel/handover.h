/*
 * What one image of the runtime tells the next across exec, in a sealed memfd:
 * the program found, the options, and what must be put back. argv and environment are
 * the guest's own, so that /proc and the host kernel's limits see those.
 *
 * The new image knows its own descriptor from AT_EXECFN ("/dev/fd/N", which
 * the host kernel makes of execveat(N, "", AT_EMPTY_PATH)) and looks for the
 * memfd below N.
 */
#ifndef KERNEL_HANDOVER_H
#define KERNEL_HANDOVER_H

#include "base/types.h"
#include "kernel/options.h"
#include "kernel/program.h"

struct handover {
    bool
        program; /* fd, interp_fd, exe, execfn, prefix and options are told; else: start again from argv */
    int fd, interp_fd;    /* open, not close-on-exec */
    int log_fd;           /* or -1 */
    uint64_t stack_limit; /* the soft RLIMIT_STACK to be put back, 0: none */
    unsigned prefix_count;
    const char *prefix[PREFIX_MAX]; /* first to last */
    const char *exe, *execfn;
    const void *filters; /* of seccomp_save */
    uint32_t filter_bytes;
};

/* What was written: the memfd and the copy of our image that belongs to it. */
struct handover_fds {
    int memfd, image;
};

/* Writes the memfd: 0 or -LINUX_Exxx. h's strings are not needed afterwards. */
int handover_write(struct handover_fds *f, const struct handover *h, const struct options *o,
                   const char *sysroot) must_check;

/*
 * Executes the runtime's own image with argv and envp (values of host
 * pointers, the guest's or ours): does not return on success, else
 * -LINUX_Exxx with everything as before. Allocates nothing. h's descriptors are made inheritable.
 */
long handover_exec(const struct handover_fds *f, const struct handover *h, uint64_t argv,
                   uint64_t envp);
void handover_close(const struct handover_fds *f);

/*
 * In a fresh image: true when an image before this one left a memfd; fills
 * *h and the carried options *o (the strings live on), and adopts image and
 * memfd. err: not 0 when what was found cannot be used.
 */
bool handover_take(struct handover *h, struct options *o, int *err) must_check;

#endif
