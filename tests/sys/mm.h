/*
 * For the memory tests (mm_*.c): files whose pages carry their number, loads
 * and stores that may fault, lines of /proc/self/maps. MEMORY.md's rules R1
 * to R30 are named in the tests that hold them.
 */
#ifndef TESTS_SYS_MM_H
#define TESTS_SYS_MM_H

#include "test.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096UL
#define MIB (1024UL * 1024)

/* ---- faults ---- */

struct fault {
    int sig, code; /* sig 0: none */
    void *addr;
};

static __thread sigjmp_buf fault_exit;
static __thread struct fault fault_seen;

static void fault_handler(int sig, siginfo_t *info, void *context)
{
    fault_seen = (struct fault){sig, info->si_code, info->si_addr};
    siglongjmp(fault_exit, 1);
}

static void fault_catch(int on_altstack)
{
    struct sigaction sa = {.sa_sigaction = fault_handler,
                           .sa_flags = SA_SIGINFO | (on_altstack ? SA_ONSTACK : 0)};
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
}

/* Runs the statement; the fault that ended it, if one did. */
#define FAULT_OF(statement)                      \
    ({                                           \
        fault_catch(0);                          \
        fault_seen = (struct fault){0, 0, NULL}; \
        if (!sigsetjmp(fault_exit, 1)) {         \
            statement;                           \
        }                                        \
        fault_seen;                              \
    })

__attribute__((unused)) static struct fault load(const void *p)
{
    return FAULT_OF((void)*(const volatile char *)p);
}

__attribute__((unused)) static struct fault store(void *p)
{
    return FAULT_OF(*(volatile char *)p = 'w');
}

#define CHECK_FAULT(f, s, c, p)                                                          \
    ({                                                                                   \
        struct fault f_ = (f);                                                           \
        test_report(f_.sig == (s) && f_.code == (c) && f_.addr == (void *)(p), __LINE__, \
                    "%s: signal %d code %d at %p", #f, f_.sig, f_.code, f_.addr);        \
    })
#define CHECK_NO_FAULT(f) CHECK_FAULT(f, 0, 0, NULL)

/* ---- files ---- */

/* A new file of so many pages, each beginning with its number and a mark; its name in path. */
__attribute__((unused)) static int stamped_file(char path[64], size_t pages)
{
    const char *dir = getenv("TMPDIR");
    snprintf(path, 64, "%.40s/mm-XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0 || ftruncate(fd, (off_t)(pages * PAGE)) < 0) {
        printf("no temporary file: %s\n", strerror(errno));
        exit(1);
    }
    for (size_t i = 0; i < pages; i++) {
        uint64_t stamp[2] = {i, 0x5eed5eed5eed5eed};
        if (pwrite(fd, stamp, sizeof(stamp), (off_t)(i * PAGE)) != sizeof(stamp)) {
            printf("cannot write: %s\n", strerror(errno));
            exit(1);
        }
    }
    return fd;
}

/* The same, reopened with the flags given; the name is gone. */
__attribute__((unused)) static int stamped_fd(size_t pages, int flags)
{
    char path[64];
    int made = stamped_file(path, pages);
    int fd = open(path, flags);
    close(made);
    unlink(path);
    return fd;
}

/* How many of the pages at p carry the numbers first, first + 1... */
__attribute__((unused)) static size_t stamps_right(const void *p, size_t first, size_t pages)
{
    size_t right = 0;
    for (size_t i = 0; i < pages; i++) {
        const uint64_t *stamp = (const uint64_t *)((const char *)p + i * PAGE);
        right += stamp[0] == first + i && stamp[1] == 0x5eed5eed5eed5eed;
    }
    return right;
}

/* ---- the address space ---- */

__attribute__((unused)) static void *map(size_t len, int prot, int flags, int fd, off_t offset)
{
    return mmap(NULL, len, prot, flags, fd, offset);
}

__attribute__((unused)) static void *anon(size_t len, int prot)
{
    return map(len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

__attribute__((unused)) static int is_mapped(const void *p)
{
    unsigned char in_core;
    return mincore((void *)((uintptr_t)p & ~(PAGE - 1)), PAGE, &in_core) == 0;
}

/* The line of /proc/self/maps that holds p: 1 and its fields, or 0. */
struct map_line {
    unsigned long start, end, offset, inode;
    unsigned major, minor;
    char perms[8], path[256];
};

__attribute__((unused)) static int map_line_of(const void *p, struct map_line *m)
{
    char line[512];
    FILE *f = fopen("/proc/self/maps", "r");
    int found = 0;
    while (f && !found && fgets(line, sizeof(line), f)) {
        m->path[0] = 0;
        found = sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %255[^\n]", &m->start, &m->end, m->perms,
                       &m->offset, &m->major, &m->minor, &m->inode, m->path) >= 7 &&
                (uintptr_t)p >= m->start && (uintptr_t)p < m->end;
    }
    if (f)
        fclose(f);
    return found;
}

#endif
