/*
 * LINUX_Exxx: error numbers as the guest knows them. Results all over the
 * runtime are >= 0 or one of these, negated. Rows: errno.def.
 */
#ifndef ABI_ERRNO_H
#define ABI_ERRNO_H

#define ERR(name, number, sentence) LINUX_##name = (number),
enum linux_errno {
#include "abi/errno.def"
    LINUX_EWOULDBLOCK = LINUX_EAGAIN,
    LINUX_EDEADLOCK = LINUX_EDEADLK,
    LINUX_ENOTSUP = LINUX_EOPNOTSUPP,
};
#undef ERR

/* The kernel takes results in [-LINUX_MAX_ERRNO, -1] for errors. */
#define LINUX_MAX_ERRNO 4095
#define LINUX_IS_ERROR(result) ((unsigned long)(result) >= (unsigned long)-LINUX_MAX_ERRNO)

/* "ENOENT" and "No such file or directory"; NULL for a number that is none. */
const char *errno_name(int number);
const char *errno_sentence(int number);

#endif
