/*
 * Words for what the guest passes to system calls: an argument by its kind
 * (abi/kinds.def), flags by their set, results, signals. Made into a bounded
 * text, so that a line of a trace is one write. Reads guest memory by uaccess
 * and prints a plain pointer where there is none. No locks, no allocation.
 */
#ifndef DEBUG_FORMAT_H
#define DEBUG_FORMAT_H

#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/types.h"

/* A line in the making; what does not fit is left out, and the line ends in "..." then. */
struct text {
    size_t len;
    char buf[4096];
};

void text_add(struct text *t, const char *fmt, ...) printf_like(2, 3);

/* Writes the text and a newline by one write to fd, and empties it. */
void text_write(struct text *t, int fd);

/*
 * name(arguments): row is that of the call, arg its six registers. out: the call has succeeded, so what it
 * writes to memory may be shown; result says how much of it.
 */
void format_call(struct text *t, const struct syscall_row *row, const uint64_t *arg, bool out,
                 long result);

/* " = 3", " = -1 ENOENT (No such file or directory)", " = 0x7f0000000000". */
void format_result(struct text *t, long nr, long result);

/* "SIGSEGV", "SIGRT_3". */
void format_signal(struct text *t, int sig);

/* {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=7, ...} */
void format_siginfo(struct text *t, const struct linux_siginfo *info);

#endif
