/*
 * nanosleep(2), clock_nanosleep(2) and restart_syscall(2). A signal that no
 * handler sees (a tracer's stop, an ignored one) does not end a sleep: what
 * is left of it is slept by restart_syscall, up to the moment at which the
 * first call would have ended (kernel/time/hrtimer.c). The host says EINTR in
 * any case, since the runtime has a handler.
 */
#include "host/host.h"
#include "sys/sys.h"

#define SECOND 1000000000ll

static int64_t nanoseconds(const struct linux_timespec *ts)
{
    return ts->tv_sec * SECOND + ts->tv_nsec;
}

static int64_t now(int clock)
{
    struct linux_timespec ts = {0};

    host_syscall(LINUX_SYS_clock_gettime, (uint64_t)clock, (uint64_t)&ts, 0, 0, 0, 0);
    return nanoseconds(&ts);
}

/* Interrupted with `left` nanoseconds to go. */
static long interrupted(struct task *t, int clock, int64_t left, gva rest)
{
    struct linux_timespec ts = {left / SECOND, left % SECOND};

    if (rest.a && UPUT(rest, &ts) < 0)
        return -LINUX_EFAULT;
    t->sleeping.clock = clock;
    /* A sleep of centuries ends with time itself (ktime_add_safe). */
    if (__builtin_add_overflow(now(clock), left, &t->sleeping.until))
        t->sleeping.until = INT64_MAX;
    t->sleeping.left = rest;
    return -LINUX_ERESTART_RESTARTBLOCK;
}

static long sleep_for(int clock, int flags, gva time, gva rest)
{
    struct linux_timespec left;
    long rc = host_guest_syscall(LINUX_SYS_clock_nanosleep, (uint64_t)clock, (uint64_t)flags,
                                 time.a, (uint64_t)&left, 0, 0);

    if (rc != -LINUX_EINTR)
        return rc;
    if (flags & LINUX_TIMER_ABSTIME)
        return -LINUX_ERESTARTNOHAND;
    /* A relative sleep does not follow the setting of the clock. */
    return interrupted(current, clock == LINUX_CLOCK_REALTIME ? LINUX_CLOCK_MONOTONIC : clock,
                       nanoseconds(&left), rest);
}

long sys_nanosleep(gva time, gva rest)
{
    return sleep_for(LINUX_CLOCK_MONOTONIC, 0, time, rest);
}

long sys_clock_nanosleep(int clock, int flags, gva time, gva rest)
{
    return sleep_for(clock, flags, time, rest);
}

long sys_restart_syscall(void)
{
    struct task *t = current;
    int clock = t->sleeping.clock;
    struct linux_timespec until = {t->sleeping.until / SECOND, t->sleeping.until % SECOND};
    int64_t left;
    long rc;

    if (!t->sleeping.until)
        return -LINUX_EINTR;
    rc = host_guest_syscall(LINUX_SYS_clock_nanosleep, (uint64_t)clock, LINUX_TIMER_ABSTIME,
                            (uint64_t)&until, 0, 0, 0);
    if (rc == -LINUX_EINTR) {
        left = t->sleeping.until - now(clock);
        return left > 0 ? interrupted(t, clock, left, t->sleeping.left) : 0;
    }
    if (rc != -LINUX_ERESTARTNOINTR)
        t->sleeping.until = 0;
    return rc;
}
