/*
 * What machine this is: uname and personality.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "sys/sys.h"

/* What the guest's libc may demand of a kernel whose interface is this table's; an older host says this release. */
#define LEAST_RELEASE "6.1.0"

static bool release_before(const char *release, long major, long minor)
{
    char *end;
    long first = strtol(release, &end, 10);
    long second = *end == '.' ? strtol(end + 1, NULL, 10) : 0;

    return first < major || (first == major && second < minor);
}

long sys_uname(gva to)
{
    struct linux_utsname name;
    long rc = SYS_HOST(&name);

    if (rc < 0)
        return rc;
    if (release_before(name.release, 6, 1))
        strcpy(name.release, LEAST_RELEASE);
    memset(name.machine, 0, sizeof(name.machine));
    strcpy(name.machine, "aarch64");
    return UPUT(to, &name);
}

#define PER_MASK 0xff
#define PER_LINUX32 8
#define PER_QUERY 0xffffffff

/* 32-bit programs do not run here, so their personality is refused as on a processor without AArch32. */
long sys_personality(uint64_t persona)
{
    if ((uint32_t)persona != PER_QUERY && (persona & PER_MASK) == PER_LINUX32)
        return -LINUX_EINVAL;
    long old = SYS_HOST(persona);
    if (old >= 0 && (uint32_t)persona != PER_QUERY)
        space_set_personality(current->group->space, persona);
    return old;
}
