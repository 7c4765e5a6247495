/*
 * Messages of the runtime itself. They go to the descriptor or file chosen by
 * --log / ELVER_LOG and nowhere else: never to the guest's stderr, except
 * launch errors (log_launch_error), which are the only words elver says there.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/types.h"

/* fd: where messages go, or -1 for nowhere. */
void log_to(int fd);
int log_fd(void);

/* One line, "elver: " before and a newline after it. Async-signal-safe apart from the formatting of floats. */
void log_line(const char *fmt, ...) printf_like(1, 2);

/* A sentence on stderr before the guest runs, "elver: " before it. */
void log_launch_error(const char *fmt, ...) printf_like(1, 2);

/* A broken invariant of our own: says so, with file and line, and aborts. */
void log_bug(const char *file, int line, const char *what) noreturn_fn;
#define BUG_ON(cond)                            \
    do {                                        \
        if (unlikely(cond))                     \
            log_bug(__FILE__, __LINE__, #cond); \
    } while (0)

#endif
