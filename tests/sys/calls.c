/*
 * Every row of the system-call table with arguments that should work, and then
 * with each argument spoilt in every way that its kind has: a result comes
 * back each time, and which one it is is printed, a line for each row.
 * tests/sys/native.sh compares the lines with those of the same program built
 * for this machine and run without elver: the kernel is the same. On a kernel
 * of another version some differ, so they are no facts for check-real.
 *
 * Each call is made by a child of its own, as nobody, with an alarm.
 *
 *     calls [ROW]...    test: all host timeout=200
 */
#include "sys/calls.h"

#include <grp.h>
#include <signal.h>
#include <sys/time.h>

static int failures;

static void on_alarm(int sig)
{
}

/* The calls that end or replace the process, or wait for nothing but a signal that it does not get. */
static int left_out(const char *name)
{
    static const char *const names[] = {
        "exit",    "exit_group",      "rt_sigreturn", "seccomp",    "reboot",
        "vhangup", "clone",           "clone3",       "kexec_load", "sync",
        "syncfs",  "restart_syscall", "ptrace",       "nfsservctl", "lookup_dcookie",
    };
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcmp(names[i], name))
            return 1;
    }
    return 0;
}

static void become_nobody(void)
{
    if (getuid() == 0 &&
        (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
        _exit(9);
}

static void child(const struct row *r, const long *a, volatile long *result)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    struct itimerval soon = {{0, 5000}, {0, 5000}};

    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    *result = RAW(row_number(r), a[0], a[1], a[2], a[3], a[4], a[5]);
    _exit(0);
}

static void show(long result, int status, const char *what)
{
    if (WIFSIGNALED(status))
        printf(" %s:SIG%s", what, sigabbrev_np(WTERMSIG(status)));
    else if (result == NO_RESULT)
        printf(" %s:gone", what);
    else if (result < 0 && result >= -4095)
        printf(" %s:%s", what, strerrorname_np((int)-result) ?: "E?");
    else
        printf(" %s:%s", what, result ? "+" : "0");
}

/* Calls that may send a signal to their child, or take away the memory that it stands on. */
static int may_kill(const char *name)
{
    static const char *const names[] = {
        "rt_sigqueueinfo", "rt_tgsigqueueinfo", "kill",         "tkill", "tgkill", "brk", "munmap",
        "mremap",          "mprotect",          "pkey_mprotect"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcmp(names[i], name))
            return 1;
    }
    return 0;
}

/* One call; `what` names what was spoilt. */
static void call(const struct row *r, const struct spoil *spoil, volatile long *result)
{
    int status = 0;
    char what[64];

    *result = NO_RESULT;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        long a[6];

        setsid();
        become_nobody();
        calls_prepare();
        calls_arguments(r, a);
        if (spoil->argument >= 0)
            a[spoil->argument] = spoil->value;
        child(r, a, result);
    }
    waitpid(pid, &status, 0);
    if (spoil->argument < 0)
        strcpy(what, "plain");
    else
        snprintf(what, sizeof what, "%d=%s", spoil->argument, spoil->name);
    show(*result, status, what);
    if (WIFSIGNALED(status) && !may_kill(r->name))
        failures++;
}

static int wanted(const struct row *r, char **names)
{
    if (!*names)
        return !left_out(r->name);
    for (; *names; names++) {
        if (!strcmp(*names, r->name))
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    volatile long *result =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct spoil spoils[SPOILS];
    unsigned rows_done = 0;

    calls_init();
    for (unsigned i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];

        if (!wanted(r, argv + 1))
            continue;
        printf("# %s", r->name);
        call(r, &(struct spoil){-1, NULL, 0}, result);
        for (int n = 0; n < 6 && r->kind[n] != KIND_NONE; n++) {
            unsigned count = calls_spoils(r, n, spoils);
            for (unsigned s = 0; s < count; s++)
                call(r, &spoils[s], result);
        }
        printf("\n");
        rows_done++;
    }
    printf("%u passed, %d failed\n", rows_done - (failures > 0), failures);
    return failures != 0 || !rows_done;
}
