/*
 * What the files of the Linux x86-64 host share among themselves.
 */
#ifndef HOST_HOST_INTERNAL_H
#define HOST_HOST_INTERNAL_H

#include <ucontext.h>

#include "host/host.h"
#include "host/raw_x86_64.h"

/* host.c: alternate stacks' size on this machine, the handler's own need included. */
size_t host_altstack_bytes(void);

/* signal.c: makes the calling thread's altstack the one in self. */
void host_altstack_use(const struct host_thread *self);
/* signal.c: installs a disposition, whatever the signal. 0 or -LINUX_Exxx. */
int host_signal_raw_action(int sig, enum host_sigaction what, uint32_t linux_sa_flags);

/* fault.c: a synchronous signal raised by an instruction. Returns to go on with the context in uc. */
void host_fault_handle(struct host_thread *self, int sig, const struct linux_siginfo *info,
                       ucontext_t *uc);

/* linux_x86_64.c: how a converter enters the host kernel, directly or through the window that a signal can close. */
typedef long host_enter_fn(long nr, const uint64_t *a);

/* notify_x86_64.c: an ioctl of a listener for seccomp's notifications. May change a[]. */
long host_notify_ioctl(host_enter_fn *enter, long nr, uint64_t *a);

/* thread.c: keeps a copy of the first thread's TLS for all later ones. */
void host_tls_capture(void);

/* reserve.c */
void host_reserve_init(void);
/* For a new thread that shares memory; own_table: its descriptors are its own (vfork). */
void host_fds_inherit(struct host_thread *child, bool own_table);
/* In the child of a fork. */
void host_fds_forked(void);

#endif
