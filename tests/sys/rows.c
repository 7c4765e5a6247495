/*
 * Every row of the system-call table once with nothing, once with wild
 * pointers, once with a file for every descriptor: a result comes back.
 * Which error comes first is part of the interface, but differs between
 * versions of the kernel, so it is printed ("# name: nothing wild file") to
 * be compared by hand with a real kernel of the host's version. Each call is
 * made by a child of its own, as nobody. test: quick
 */
#include "sys/rows.h"
#include "sys/test.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

enum way { NOTHING, WILD, A_FILE, WAYS };
static int a_file;

static long argument(unsigned char kind, enum way way)
{
    switch (class_of[kind]) {
    case FD: return way == A_FILE ? a_file : -1;
    case FIXED:
    case NEXT:
    case PREV:
    case STRING:
    case PATH: return way == WILD ? 1l << 60 : 0;
    default: return 0;
    }
}

static void on_alarm(int sig)
{
}

static void call(const struct row *r, enum way way, volatile long *result)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    struct itimerval soon = {{0, 20000}, {0, 20000}};
    long a[6];

    for (int i = 0; i < 6; i++)
        a[i] = argument(r->kind[i], way);
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    *result = RAW(r->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* These end the process, by what they are or by the frame that is not there. */
static int may_end(const struct row *r)
{
    static const char *const names[] = {"exit", "exit_group", "rt_sigreturn", "seccomp"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcmp(r->name, names[i]))
            return 1;
    }
    return 0;
}

static void try_row(const struct row *r, enum way way, volatile long *result)
{
    enum { NONE = 1 << 20 };
    int status;

    *result = NONE;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        call(r, way, result);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status))
        printf(" signal%d", WTERMSIG(status));
    else if (*result == NONE)
        printf(" gone");
    else
        printf(" %s", *result >= 0 ? "ok" : strerrorname_np((int)-*result));
    if (!may_end(r) &&
        !test_report(WIFEXITED(status) && *result != NONE, __LINE__, "%s way %d", r->name, way))
        printf("# %s:", r->name);
}

int main(int argc, char **argv)
{
    volatile long *result =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    test_now = "rows";
    if (getuid() == 0 &&
        (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
        return 1;
    a_file = open("/proc/self/comm", O_RDWR);
    for (unsigned i = 0; i < ROWS; i++) {
        if ((argc > 1 && strcmp(argv[1], rows[i].name)) ||
            !strcmp(rows[i].name, "msgget")) /* its queue would stay */
            continue;
        printf("# %s:", rows[i].name);
        for (enum way way = NOTHING; way < WAYS; way++)
            try_row(&rows[i], way, result);
        printf("\n");
    }
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
