/*
 * The runtime's own words. One line is one write(2), so that lines of several
 * threads and processes never mix; what is too long is cut. No buffer is kept
 * and no lock taken: a line may come from a signal handler.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static int log_target = -1;

void log_to(int fd)
{
    log_target = fd;
}

int log_fd(void)
{
    return log_target;
}

static void line_to(int fd, const char *fmt, va_list ap)
{
    char line[LINE_MAX_BYTES] = "elver: ";
    size_t used = strlen(line);
    int n = vsnprintf(line + used, sizeof line - used - 1, fmt, ap);

    if (n > 0)
        used += (size_t)n < sizeof line - used - 1 ? (size_t)n : sizeof line - used - 2;
    line[used++] = '\n';
    /* A log that cannot be written has nobody to be told. */
    if (write(fd, line, used) < 0)
        return;
}

void log_line(const char *fmt, ...)
{
    va_list ap;

    if (log_target < 0)
        return;
    va_start(ap, fmt);
    line_to(log_target, fmt, ap);
    va_end(ap);
}

void log_launch_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    line_to(STDERR_FILENO, fmt, ap);
    va_end(ap);
}

void log_bug(const char *file, int line, const char *what)
{
    /* Our own bug is the one thing worse than a foreign word on the guest's stderr. */
    if (log_target < 0)
        log_target = STDERR_FILENO;
    log_line("bug: %s:%d: %s", file, line, what);
    /* An illegal instruction: the fault room reports the registers and dies by the signal. */
    __builtin_trap();
}
