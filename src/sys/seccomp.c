/*
 * seccomp(2): argument checks before kernel/seccomp.c. prctl's two older
 * doors to the same rooms are in the prctl handler.
 */
#include "abi/errno.h"
#include "abi/flags.h"
#include "kernel/seccomp.h"
#include "sys/sys.h"

long sys_seccomp(uint32_t operation, uint32_t flags, gva args)
{
    switch (operation) {
    case LINUX_SECCOMP_SET_MODE_STRICT:
        return flags || args.a ? -LINUX_EINVAL : seccomp_set_strict(current);
    case LINUX_SECCOMP_SET_MODE_FILTER: return seccomp_set_filter(current, flags, args);
    case LINUX_SECCOMP_GET_ACTION_AVAIL:
        return flags ? -LINUX_EINVAL : seccomp_action_available(args);
    case LINUX_SECCOMP_GET_NOTIF_SIZES: return SYS_HOST(operation, flags, args.a);
    default: return -LINUX_EINVAL;
    }
}
