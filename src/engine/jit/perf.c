/*
 * What perf(1) reads of translated code. /tmp/perf-PID.map names it, a line
 * for each region (tools/perf/Documentation/jit-interface.txt of Linux);
 * /tmp/jit-PID.dump holds its bytes too (jitdump-specification.txt), for
 * `perf inject --jit`, which finds the file by the event of its being mapped
 * executable. A file that cannot be written is done without. Under jit.lock.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "engine/jit/jit.h"
#include "host/host.h"

enum { NAME_BYTES = 256 };

static void write_all(long fd, const void *data, size_t bytes)
{
    (void)host_syscall(LINUX_SYS_write, (uint64_t)fd, (uint64_t)data, bytes, 0, 0, 0);
}

static uint32_t process(void)
{
    return (uint32_t)host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);
}

/* The file of this process, made when there is none; *made: just now. -1: none. */
static long file_of(enum host_fd which, const char *form, bool *made)
{
    long fd = host_fd(which);
    char name[64];

    *made = fd < 0;
    if (fd >= 0)
        return fd;
    snprintf(name, sizeof name, form, process());
    fd = host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD, (uint64_t)name,
                      LINUX_O_RDWR | LINUX_O_CREAT | LINUX_O_TRUNC | LINUX_O_CLOEXEC |
                          LINUX_O_NOFOLLOW,
                      0600, 0, 0);
    return fd < 0 ? -1 : host_fd_reserve(which, (int)fd);
}

static void map_add(const struct region *r, const char *name)
{
    char line[NAME_BYTES + 64];
    bool made;
    long fd = file_of(HOST_FD_PERF_MAP, "/tmp/perf-%u.map", &made);
    if (fd < 0)
        return;
    int n =
        snprintf(line, sizeof line, "%lx %lx %s\n", (uint64_t)r->code + (uint64_t)jit.emit.to_exec,
                 (uint64_t)(r->code_end - r->code), name);
    write_all(fd, line, (size_t)n);
}

/* The clock of `perf record -k mono`. */
static uint64_t timestamp(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void dump_begin(long fd)
{
    const struct {
        uint32_t magic, version, bytes, machine, pad, pid;
        uint64_t time, flags;
    } head = {0x4a695444, 1, sizeof head, EM_X86_64, 0, process(), timestamp(), 0};
    _Static_assert(sizeof head == 40, "jitdump's header");
    write_all(fd, &head, sizeof head);
    /* perf sees this mapping and so the file's name. It lies above the guest's range and stays for good. */
    void *at = mem_pages(GUEST_PAGE, PROT_NONE);
    if (at)
        (void)host_syscall(LINUX_SYS_mmap, (uint64_t)at, GUEST_PAGE, PROT_READ | PROT_EXEC,
                           LINUX_MAP_PRIVATE | LINUX_MAP_FIXED, (uint64_t)fd, 0);
}

static void dump_add(const struct region *r, const char *name)
{
    struct {
        uint32_t id, bytes;
        uint64_t time;
        uint32_t pid, tid;
        uint64_t vma, code, code_bytes, index;
    } load = {.time = timestamp(), .pid = process()};
    _Static_assert(sizeof load == 56, "jitdump's JIT_CODE_LOAD");
    bool made;
    long fd = file_of(HOST_FD_JITDUMP, "/tmp/jit-%u.dump", &made);
    if (fd < 0)
        return;
    if (made)
        dump_begin(fd);
    size_t name_bytes = strlen(name) + 1;
    load.code_bytes = (uint64_t)(r->code_end - r->code);
    load.bytes = (uint32_t)(sizeof load + name_bytes + load.code_bytes);
    load.tid = (uint32_t)host_syscall(LINUX_SYS_gettid, 0, 0, 0, 0, 0, 0);
    load.vma = load.code = (uint64_t)r->code + (uint64_t)jit.emit.to_exec;
    load.index = jit.perf_index++;
    write_all(fd, &load, sizeof load);
    write_all(fd, name, name_bytes);
    write_all(fd, r->code, load.code_bytes);
}

void jit_perf_add(const struct region *r)
{
    char name[NAME_BYTES];
    jit.names->of(r->pc, jit.changes, name, sizeof name);
    if (jit.perf_map)
        map_add(r, name);
    if (jit.jitdump)
        dump_add(r, name);
}

void jit_perf_forked(void)
{
    if (!jit.perf_map && !jit.jitdump)
        return;
    host_fd_release(HOST_FD_PERF_MAP);
    host_fd_release(HOST_FD_JITDUMP);
    for (uint32_t i = 0; i < jit.region_count; i++)
        if (!jit.regions[i]->dead)
            jit_perf_add(jit.regions[i]);
}
