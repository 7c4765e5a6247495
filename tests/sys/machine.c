/*
 * What the process is told about itself and the machine: uname, ids, limits,
 * prctl, clocks, timers, scheduling, capabilities; and calls that do not exist. test: quick
 */
#include "sys/test.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>

TEST(an_arm64_machine)
{
    struct utsname u;
    int major = 0, minor = 0;
    CHECK_EQ(uname(&u), 0);
    CHECK(!strcmp(u.sysname, "Linux"));
    CHECK(!strcmp(u.machine, "aarch64"));
    CHECK_EQ(sscanf(u.release, "%d.%d", &major, &minor), 2);
    CHECK(major > 6 || (major == 6 && minor >= 1));
    CHECK_EQ(RAW(SYS_uname, 16), -EFAULT);
    struct sysinfo si;
    CHECK_EQ(sysinfo(&si), 0);
    CHECK(si.totalram > 0 && si.mem_unit > 0 && si.uptime >= 0);
}

TEST(no_such_call)
{
    CHECK_EQ(RAW(244), -ENOSYS);
    CHECK_EQ(RAW(300), -ENOSYS);
    CHECK_EQ(RAW(423), -ENOSYS);
    CHECK_EQ(RAW(600), -ENOSYS);
    CHECK_EQ(RAW(18, 0, 0, 0), -ENOSYS);
    CHECK_EQ(RAW(-1), -ENOSYS);
}

TEST(ids)
{
    uid_t r, e, s;
    CHECK_EQ(getresuid(&r, &e, &s), 0);
    CHECK_EQ(r, getuid());
    CHECK_EQ(e, geteuid());
    CHECK_EQ(RAW(SYS_getresuid, 16, &e, &s), -EFAULT);
    CHECK_EQ(RAW(SYS_gettid), getpid());
    CHECK_EQ(getpgid(0), getpgrp());
    CHECK(getsid(0) >= 0);
    gid_t groups[65536 / 4];
    int n = getgroups(0, NULL);
    CHECK_EQ(getgroups(65536 / 4, groups), n);
    CHECK_EQ(RAW(SYS_getgroups, -1, groups), -EINVAL);
    mode_t old = umask(022);
    CHECK_EQ(umask(old), 022);
}

TEST(limits)
{
    struct rlimit lim, old;
    struct rusage use;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
    lim = old;
    lim.rlim_cur = 128;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &lim), 0);
    CHECK_EQ(sysconf(_SC_OPEN_MAX), 128);
    CHECK_ERR(dup2(0, 128), EBADF);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
    CHECK_EQ(RAW(SYS_getrlimit, 99, &lim), -EINVAL);
    CHECK_EQ(RAW(SYS_prlimit64, 0, RLIMIT_CORE, NULL, 16), -EFAULT);
    CHECK_EQ(getrusage(RUSAGE_SELF, &use), 0);
    CHECK(use.ru_maxrss > 0);
    struct tms t;
    CHECK(times(&t) != -1);
}

TEST(process_controls)
{
    char name[16] = "";
    int value = -1;
    CHECK_EQ(prctl(PR_SET_NAME, "a rather long name"), 0);
    CHECK_EQ(prctl(PR_GET_NAME, name), 0);
    CHECK(!strcmp(name, "a rather long n"));
    CHECK_EQ(prctl(PR_SET_PDEATHSIG, SIGUSR1), 0);
    CHECK_EQ(prctl(PR_GET_PDEATHSIG, &value), 0);
    CHECK_EQ(value, SIGUSR1);
    CHECK_EQ(prctl(PR_SET_PDEATHSIG, 0), 0);
    CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
    CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    CHECK_EQ(prctl(PR_GET_CHILD_SUBREAPER, &value), 0);
    CHECK_EQ(value, 1);
    CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
    CHECK(prctl(PR_GET_TIMERSLACK) > 0);
    CHECK_ERR(prctl(PR_GET_NAME, 1ul << 60), EFAULT);
    CHECK_ERR(prctl(PR_GET_ENDIAN, &value), EINVAL);
    CHECK_ERR(prctl(PR_SET_FPEXC, 0), EINVAL);
    CHECK_ERR(prctl(0x7ead), EINVAL);
    CHECK_EQ(prctl(PR_SET_TAGGED_ADDR_CTRL, 0, 0, 0, 0), 0);
    CHECK_EQ(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0), 0);
    CHECK_EQ(IN_CHILD(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
                      prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1),
             0);
    CHECK_EQ(personality(0xffffffff), PER_LINUX);
}

TEST(clocks)
{
    struct timespec a, b, r;
    static const clockid_t clocks[] = {CLOCK_REALTIME,           CLOCK_MONOTONIC,
                                       CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
                                       CLOCK_MONOTONIC_RAW,      CLOCK_REALTIME_COARSE,
                                       CLOCK_MONOTONIC_COARSE,   CLOCK_BOOTTIME};
    for (unsigned i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
        CHECK_EQ(RAW(SYS_clock_gettime, clocks[i], &a), 0);
        CHECK_EQ(clock_gettime(clocks[i], &b), 0);
        CHECK(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
        CHECK_EQ(clock_getres(clocks[i], &r), 0);
        CHECK(r.tv_sec == 0 && r.tv_nsec > 0);
    }
    CHECK_EQ(RAW(SYS_clock_gettime, 77, &a), -EINVAL);
    CHECK_EQ(RAW(SYS_clock_gettime, CLOCK_REALTIME, 1ul << 60), -EFAULT);
    struct timeval tv;
    CHECK_EQ(RAW(SYS_gettimeofday, &tv, NULL), 0);
    CHECK_EQ(clock_gettime(CLOCK_REALTIME, &a), 0);
    CHECK(a.tv_sec - tv.tv_sec <= 1);
    clock_gettime(CLOCK_MONOTONIC, &a);
    CHECK_EQ(nanosleep(&(struct timespec){0, 20000000}, NULL), 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    CHECK((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 20000000);
    CHECK_ERR(nanosleep(&(struct timespec){0, 1000000000}, NULL), EINVAL);
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL), 0);
}

static volatile sig_atomic_t alarms, alarm_value;

static void on_alarm(int sig, siginfo_t *info, void *uc)
{
    alarms++;
    alarm_value = info->si_code == SI_TIMER ? info->si_value.sival_int : 0;
}

TEST(timers)
{
    struct sigaction sa = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};
    sigaction(SIGALRM, &sa, NULL);
    struct itimerval it = {{0, 0}, {0, 10000}}, now;
    CHECK_EQ(setitimer(ITIMER_REAL, &it, NULL), 0);
    CHECK_ERR(pause(), EINTR);
    CHECK_EQ(alarms, 1);
    CHECK_EQ(getitimer(ITIMER_REAL, &now), 0);
    CHECK_EQ(now.it_value.tv_usec, 0);

    struct sigevent ev = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value.sival_int = 1234};
    struct itimerspec set = {{0, 5000000}, {0, 5000000}}, left;
    int id = -1;
    CHECK_EQ(RAW(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), 0);
    CHECK_EQ(RAW(SYS_timer_settime, id, 0, &set, NULL), 0);
    while (alarms < 4)
        pause();
    CHECK_EQ(alarm_value, 1234);
    CHECK_EQ(RAW(SYS_timer_gettime, id, &left), 0);
    CHECK_EQ(left.it_interval.tv_nsec, 5000000);
    CHECK(RAW(SYS_timer_getoverrun, id) >= 0);
    CHECK_EQ(RAW(SYS_timer_delete, id), 0);
    CHECK_EQ(RAW(SYS_timer_delete, id), -EINVAL);
    CHECK_EQ(RAW(SYS_timer_create, CLOCK_MONOTONIC, 1ul << 60, &id), -EFAULT);
}

TEST(scheduling)
{
    cpu_set_t set;
    struct sched_param p = {0};
    unsigned cpu, node;
    CHECK(RAW(SYS_sched_getaffinity, 0, sizeof(set), &set) > 0);
    CHECK_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
    CHECK_EQ(RAW(SYS_sched_getaffinity, 0, sizeof(set), 1ul << 60), -EFAULT);
    CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
    CHECK_EQ(sched_getparam(0, &p), 0);
    CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
    CHECK_EQ(getcpu(&cpu, &node), 0);
    CHECK_EQ(sched_yield(), 0);
    int nice_before = getpriority(PRIO_PROCESS, 0);
    CHECK_EQ(RAW(SYS_getpriority, PRIO_PROCESS, 0), 20 - nice_before);
    CHECK_EQ(setpriority(PRIO_PROCESS, 0, nice_before + 1), 0);
    CHECK_EQ(RAW(SYS_getpriority, PRIO_PROCESS, 0), 20 - (nice_before < 19 ? nice_before + 1 : 19));
    CHECK(RAW(SYS_membarrier, 0, 0, 0) > 0);
    CHECK_EQ(RAW(SYS_membarrier, 77, 0, 0), -EINVAL);
}

TEST(capabilities)
{
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct d[2];
    CHECK_EQ(RAW(SYS_capget, &h, d), 0);
    h.version = 1;
    CHECK_EQ(RAW(SYS_capget, &h, NULL), 0);
    CHECK_EQ(h.version, _LINUX_CAPABILITY_VERSION_3);
    CHECK_EQ(RAW(SYS_capget, 16, NULL), -EFAULT);
}

TEST(randomness)
{
    unsigned char a[64] = {0}, b[64] = {0};
    CHECK_EQ(getrandom(a, 64, 0), 64);
    CHECK_EQ(getrandom(b, 64, GRND_NONBLOCK), 64);
    CHECK(memcmp(a, b, 64) != 0);
    CHECK_ERR(getrandom(a, 64, 0x80), EINVAL);
    CHECK_EQ(RAW(SYS_getrandom, 1ul << 60, 8, 0), -EFAULT);
}

TEST_MAIN()
