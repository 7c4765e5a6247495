/*
 * User notifications of seccomp on a host with other system-call numbers
 * (seccomp_unotify(2)). The guest's filters are run by kernel/seccomp.c; what
 * one of them leaves to a listener is made a call of the host with a number of
 * no call, NOTIFY_FIRST and the guest's own number, for which a filter of the
 * host's asks the listener. So the listener is the host kernel's: its
 * descriptor, poll, the ids, signals and deaths on either side.
 *
 *   guest call --USER_NOTIF--> syscall(NOTIFY_FIRST + nr) --host filter--> listener
 *                                     result <-----------------------------  SEND
 *
 * The listener's process, another elver, sees the guest's number and
 * architecture. A host kernel could not go on with such a call, so "continue"
 * goes back as an error of its own. The address of the instruction is not told.
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/syscalls.h"
#include "host/host_internal.h"

#define NOTIFY_FIRST 0x7e000000u

_Static_assert(sizeof(struct seccomp_notif) == 80 && sizeof(struct seccomp_notif_resp) == 24,
               "the sizes that SECCOMP_GET_NOTIF_SIZES tells are the guest's too");

long host_notify_listen(uint32_t flags)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NOTIFY_FIRST, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NOTIFY_FIRST + LINUX_SYS_COUNT, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {ARRAY_LEN(code), code};

    return raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, (uint64_t)&prog, 0, 0, 0);
}

long host_notify(long nr, const uint64_t *a)
{
    return host_window_syscall(host_self->poll, (long)NOTIFY_FIRST + nr, a[0], a[1], a[2], a[3],
                               a[4], a[5]);
}

static long receive(host_enter_fn *enter, long nr, uint64_t *a)
{
    struct seccomp_notif *to = (struct seccomp_notif *)a[2];
    struct seccomp_data data;
    long rc = enter(nr, a);

    if (rc < 0)
        return rc;
    if (host_copy(&data, &to->data, sizeof(data)))
        return -LINUX_EFAULT;
    data.nr -= (int)NOTIFY_FIRST;
    data.arch = AUDIT_ARCH_AARCH64;
    data.instruction_pointer = 0;
    return host_copy(&to->data, &data, sizeof(data)) ? -LINUX_EFAULT : rc;
}

static long answer(host_enter_fn *enter, long nr, uint64_t *a)
{
    struct seccomp_notif_resp resp;

    if (host_copy(&resp, (const void *)a[2], sizeof(resp)))
        return -LINUX_EFAULT;
    if (resp.flags == SECCOMP_USER_NOTIF_FLAG_CONTINUE && !resp.error && !resp.val) {
        resp.flags = 0;
        resp.error = HOST_NOTIFY_CONTINUE;
    }
    a[2] = (uint64_t)&resp;
    return enter(nr, a);
}

long host_notify_ioctl(host_enter_fn *enter, long nr, uint64_t *a)
{
    switch ((uint32_t)a[1]) {
    case (uint32_t)SECCOMP_IOCTL_NOTIF_RECV: return receive(enter, nr, a);
    case (uint32_t)SECCOMP_IOCTL_NOTIF_SEND: return answer(enter, nr, a);
    default: return enter(nr, a);
    }
}
