/*
 * LINUX_<name> for every flag and value of flags.def, and the few composed
 * ones. Values are of an enumeration wide enough for 64 bits.
 */
#ifndef ABI_FLAGS_H
#define ABI_FLAGS_H

#include <stdint.h>

#define BITS(set, name, value) LINUX_##name = (value),
#define VALUE(set, name, value) LINUX_##name = (value),
enum linux_flag {
#include "abi/flags.def"
    LINUX_O_SYNC = LINUX_O_SYNC_BIT | LINUX_O_DSYNC,
    LINUX_O_TMPFILE = LINUX_O_TMPFILE_BIT | LINUX_O_DIRECTORY,
    LINUX_SOCK_CLOEXEC = LINUX_O_CLOEXEC,
    LINUX_SOCK_NONBLOCK = LINUX_O_NONBLOCK,
    LINUX_EFD_SEMAPHORE = 1,
    LINUX_NSIG = 64,
    LINUX_SIGSET_BYTES = 8,
    LINUX_MINSIGSTKSZ = 5120,
};
#undef BITS
#undef VALUE

#define LINUX_RLIM_INFINITY UINT64_MAX
/* What seccomp, audit and ptrace call this architecture. */
#define LINUX_AUDIT_ARCH_AARCH64 0xc00000b7u

/* The sets of flags.def, for the tracer and for argument kinds. */
enum flag_set {
    FLAGS_NONE,
#define FLAG_SET(name) FLAGS_##name,
#include "abi/flagsets.def"
#undef FLAG_SET
};

struct flag_name {
    const char *name; /* without LINUX_ */
    uint64_t value;
    uint8_t set;  /* enum flag_set */
    uint8_t bits; /* 1: may be or-ed with others of its set; 0: stands alone */
};

/* All rows of flags.def in order; ends with a NULL name. */
extern const struct flag_name flag_names[];

#endif
