/*
 * LINUX_SYS_xxx, the kinds of arguments and the row of each system call, from
 * syscalls.def and kinds.def. Data only: who serves a row is sys/table.c's.
 */
#ifndef ABI_SYSCALLS_H
#define ABI_SYSCALLS_H

#include "abi/flags.h"

#define SYS(nr, name, ...) LINUX_SYS_##name = (nr),
#define PASS(nr, name, ...) LINUX_SYS_##name = (nr),
#define NOSYS(nr, name, ...) LINUX_SYS_##name = (nr),
enum linux_syscall {
#include "abi/syscalls.def"
    LINUX_SYS_COUNT,
};
#undef SYS
#undef PASS
#undef NOSYS

enum kind_class {
    CLASS_VALUE,
    CLASS_FD,
    CLASS_FIXED,
    CLASS_NEXT,
    CLASS_PREV,
    CLASS_STRING,
    CLASS_PATH
};

enum kind_format {
    FORMAT_DEC,
    FORMAT_UDEC,
    FORMAT_DEC64,
    FORMAT_UDEC64,
    FORMAT_HEX,
    FORMAT_OCT,
    FORMAT_FD,
    FORMAT_PTR,
    FORMAT_FLAGS,
    FORMAT_ENUM,
    FORMAT_SOCKTYPE,
    FORMAT_STR,
    FORMAT_BYTES_IN,
    FORMAT_BYTES_OUT,
    FORMAT_IOVEC_IN,
    FORMAT_IOVEC_OUT,
    FORMAT_POLLFDS,
    FORMAT_ARGV,
    FORMAT_SOCKADDR,
    FORMAT_I32_OUT,
    FORMAT_FDS_OUT,
    FORMAT_TIMESPEC_IN,
    FORMAT_TIMESPEC_OUT,
    FORMAT_TIMEVAL_IN,
    FORMAT_TIMEVAL_OUT,
    FORMAT_STAT_OUT,
    FORMAT_SIGSET_IN,
    FORMAT_SIGSET_OUT,
    FORMAT_SIGACTION_IN,
    FORMAT_SIGACTION_OUT,
    FORMAT_SIGINFO_IN,
    FORMAT_SIGINFO_OUT,
    FORMAT_RLIMIT_IN,
    FORMAT_RLIMIT_OUT,
    FORMAT_MSGHDR,
    FORMAT_EPOLL_IN,
    FORMAT_EPOLL_OUT,
};

/* KIND_NONE ends a row's arguments. */
#define KIND(name, ctype, class, bytes, format, set) KIND_##name,
enum kind {
    KIND_NONE,
#include "abi/kinds.def"
    KIND_COUNT,
};
#undef KIND

struct kind_row {
    const char *name;
    uint8_t class_; /* enum kind_class */
    uint8_t format; /* enum kind_format */
    uint8_t set;    /* enum flag_set */
    uint16_t bytes;
};
extern const struct kind_row kind_rows[KIND_COUNT];

enum syscall_way { WAY_NONE, WAY_SYS, WAY_PASS, WAY_NOSYS };

struct syscall_row {
    const char *name; /* NULL: no such number */
    uint8_t way;      /* enum syscall_way */
    uint8_t args;     /* how many */
    uint8_t kind[6];  /* enum kind */
};
extern const struct syscall_row syscall_rows[LINUX_SYS_COUNT];

#endif
