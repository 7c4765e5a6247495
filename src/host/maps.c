/*
 * The host's own list of what is mapped, /proc/self/maps, line by line
 * (proc(5)). Without a heap: this also runs while the space is locked and
 * while a crash is reported.
 */
#include <string.h>

#include "abi/syscalls.h"
#include "host/host.h"

int host_maps_each(host_maps_fn *each, void *context)
{
    char buf[8192];
    size_t have = 0;
    int rc = 0;

    long fd = host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD,
                           (uintptr_t) "/proc/self/maps", LINUX_O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return (int)fd;
    while (!rc) {
        long n = host_syscall(LINUX_SYS_read, (uint64_t)fd, (uintptr_t)(buf + have),
                              sizeof(buf) - 1 - have, 0, 0, 0);
        if (n <= 0)
            break;
        have += (size_t)n;
        buf[have] = 0;
        char *line = buf, *end;
        for (; !rc && (end = strchr(line, '\n')); line = end + 1) {
            *end = 0;
            rc = each(context, line);
        }
        have -= (size_t)(line - buf);
        memmove(buf, line, have);
    }
    (void)host_syscall(LINUX_SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    return rc;
}
