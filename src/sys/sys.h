/*
 * Handlers of the system calls that need more than the host kernel: the
 * prototype of sys_<name> for each SYS row of abi/syscalls.def, and what they
 * share. A handler gets its arguments narrowed to their kinds, with pointers,
 * paths and descriptors already checked as kinds.def says; it returns >= 0,
 * -LINUX_Exxx or a restart code. The calling task is `current`.
 */
#ifndef SYS_SYS_H
#define SYS_SYS_H

#include "abi/errno.h"
#include "abi/syscalls.h"
#include "kernel/task.h"
#include "mm/uaccess.h"

/* The C type of each kind of argument: arg_FD, arg_PATH... */
#define KIND(name, ctype, class, bytes, format, set) typedef ctype arg_##name;
#include "abi/kinds.def"
#undef KIND

/* SYS_TYPES(FD, PTR) is arg_FD, arg_PTR; SYS_COUNT_ARGS counts 0 to 6. */
#define SYS_COUNT_ARGS(...) SYS_COUNT_(_ __VA_OPT__(, ) __VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define SYS_COUNT_(_, a, b, c, d, e, f, n, ...) n
#define SYS_PASTE(a, b) SYS_PASTE_(a, b)
#define SYS_PASTE_(a, b) a##b
#define SYS_TYPES(...) SYS_PASTE(SYS_TYPES_, SYS_COUNT_ARGS(__VA_ARGS__))(__VA_ARGS__)
#define SYS_TYPES_0() void
#define SYS_TYPES_1(a) arg_##a
#define SYS_TYPES_2(a, b) arg_##a, arg_##b
#define SYS_TYPES_3(a, b, c) SYS_TYPES_2(a, b), arg_##c
#define SYS_TYPES_4(a, b, c, d) SYS_TYPES_3(a, b, c), arg_##d
#define SYS_TYPES_5(a, b, c, d, e) SYS_TYPES_4(a, b, c, d), arg_##e
#define SYS_TYPES_6(a, b, c, d, e, f) SYS_TYPES_5(a, b, c, d, e), arg_##f

#define SYS(nr, name, ...) long sys_##name(SYS_TYPES(__VA_ARGS__));
#define PASS(nr, name, ...)
#define NOSYS(nr, name, ...)
#include "abi/syscalls.def"
#undef SYS
#undef PASS
#undef NOSYS

/*
 * What takes the place of a pointer that does not lead to the guest's memory:
 * an address that the host kernel and uaccess refuse with EFAULT, at the
 * moment and in the order in which Linux would find it out.
 */
#define SYS_BAD_POINTER (1ull << 63)

static inline uint64_t sys_pointer(uint64_t p, uint64_t bytes)
{
    return likely(gva_range_ok(gva_of(p), bytes)) ? p : SYS_BAD_POINTER;
}

/*
 * How much of a buffer of a length that the caller gives is looked at: lengths may be larger than what
 * is there, and nothing is mapped for 2^46 bytes behind the guest's range, so the host goes no further.
 */
static inline uint64_t sys_span(uint64_t bytes)
{
    return bytes < GUEST_PAGE ? bytes : GUEST_PAGE;
}

/* Calls the host with the current call's own number and these arguments. */
#define SYS_HOST(...) SYS_HOST_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_HOST_(a, b, c, d, e, f, ...)                                             \
    host_guest_syscall(current->sys_nr, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), \
                       (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))

struct path;

/*
 * path_resolve for a handler that goes on to a host call with p->dirfd and
 * p->name: a path that cannot be read is handed on as it is, so that the host
 * says EFAULT when it is its turn.
 */
long sys_path(struct path *p, int dirfd, gva name, unsigned how) must_check;

/*
 * After a call that wrote `bytes` bytes to fd, at `offset` or, if that is -1, before the file's own: when it is
 * another process' memory, that one is told.
 */
void sys_wrote_memory(int fd, int64_t offset, long bytes);

static inline long sys_wrote(int fd, int64_t offset, long bytes)
{
    if (unlikely(current->group->writes_memory) && bytes > 0)
        sys_wrote_memory(fd, offset, bytes);
    return bytes;
}

/* The guest mapped fd, which may be a ring of io_uring: tells where its requests are. */
void sys_uring_mapped(int fd, uint64_t offset, gva at);

/*
 * Looks a vector of the guest's over: gives it back, or SYS_BAD_POINTER when
 * one of its parts does not lie in the guest's range.
 */
uint64_t sys_iovec(uint64_t iov, uint64_t count);

#endif
