/*
 * The calls whose one argument says what the others are: every command of
 * fcntl, prctl, keyctl, futex, the System V and io_uring controls, and every
 * option of the common levels of sockets, with nothing, a number, memory,
 * memory that is not there and memory that may not be written. As in
 * tests/sys/calls.c the results are compared with the same program's on the
 * host (tests/sys/native.sh).
 *
 *     commands [CALL]...    test: all host timeout=200
 */
#include "sys/calls.h"

#include <grp.h>
#include <signal.h>
#include <sys/time.h>

/* In which argument the command stands, its range, and what the others are: 'f' a descriptor, 'x' what varies. */
static const struct family {
    const char *name;
    int nr, command, first, last;
    long fixed
        [6]; /* FILE_FD...: see below; VARIES: each value in turn, in all such arguments at once */
} families[] = {
#define VARIES 0x7abcdef0
#define A_FILE 0x7abcdef1
#define A_STREAM 0x7abcdef2
#define A_DATAGRAM 0x7abcdef3
#define A_PIPE 0x7abcdef4
#define A_WORD 0x7abcdef5
    {"fcntl.file", SYS_fcntl, 1, 0, 40, {A_FILE, 0, VARIES}},
    {"fcntl.file.1024", SYS_fcntl, 1, 1020, 1045, {A_FILE, 0, VARIES}},
    {"fcntl.pipe.1024", SYS_fcntl, 1, 1020, 1045, {A_PIPE, 0, VARIES}},
    {"prctl", SYS_prctl, 0, 0, 90, {0, VARIES, 0, 0, 0}},
    {"prctl.2", SYS_prctl, 0, 0, 90, {0, 1, VARIES, 0, 0}},
    {"keyctl", SYS_keyctl, 0, 0, 34, {0, -3, VARIES, 8, 0}},
    {"keyctl.string", SYS_keyctl, 0, 0, 34, {0, VARIES, 0, 0, 0}},
    {"futex", SYS_futex, 1, 0, 15, {A_WORD, 0, 1, VARIES, A_WORD, 0}},
    {"futex.private", SYS_futex, 1, 128, 143, {VARIES, 0, 1, 0, A_WORD, 0}},
    {"futex.realtime", SYS_futex, 1, 256, 271, {A_WORD, 0, 1, VARIES, A_WORD, 1}},
    {"shmctl", SYS_shmctl, 1, 0, 16, {0, 0, VARIES}},
    {"semctl", SYS_semctl, 2, 0, 21, {0, 0, 0, VARIES}},
    {"msgctl", SYS_msgctl, 1, 0, 14, {0, 0, VARIES}},
    {"getsockopt.socket", SYS_getsockopt, 2, 0, 90, {A_STREAM, 1, 0, VARIES, A_WORD}},
    {"setsockopt.socket", SYS_setsockopt, 2, 0, 90, {A_STREAM, 1, 0, VARIES, 4}},
    {"setsockopt.socket.1", SYS_setsockopt, 2, 0, 90, {A_STREAM, 1, 0, A_WORD, VARIES}},
    {"getsockopt.ip", SYS_getsockopt, 2, 0, 64, {A_DATAGRAM, 0, 0, VARIES, A_WORD}},
    {"setsockopt.ip", SYS_setsockopt, 2, 0, 64, {A_DATAGRAM, 0, 0, VARIES, 4}},
    {"getsockopt.udp", SYS_getsockopt, 2, 0, 110, {A_DATAGRAM, 17, 0, VARIES, A_WORD}},
    {"getsockopt.level", SYS_getsockopt, 1, 0, 300, {A_STREAM, 0, 3, VARIES, A_WORD}},
    {"clock_gettime", SYS_clock_gettime, 0, -20, 16, {0, VARIES}},
    {"clock_getres", SYS_clock_getres, 0, -20, 16, {0, VARIES}},
    {"timer_create", SYS_timer_create, 0, -8, 16, {0, 0, VARIES}},
    {"timerfd_create", SYS_timerfd_create, 0, -2, 16, {0, 0}},
    {"getrlimit", SYS_getrlimit, 0, -1, 20, {0, VARIES}},
    {"getrusage", SYS_getrusage, 0, -3, 3, {0, VARIES}},
    {"getitimer", SYS_getitimer, 0, -1, 4, {0, VARIES}},
    {"waitid", SYS_waitid, 0, -1, 6, {0, 1, VARIES, 5, 0}},
    {"madvise", SYS_madvise, 2, -2, 40, {VARIES, PAGE, 0}},
    {"membarrier", SYS_membarrier, 0, 0, 16, {0, 0, 0}},
    {"sched_setscheduler", SYS_sched_setscheduler, 1, -1, 9, {0, 0, VARIES}},
    {"ioprio_get", SYS_ioprio_get, 0, -1, 5, {0, 0}},
    {"getpriority", SYS_getpriority, 0, -1, 4, {0, 0}},
    {"socket.unix", SYS_socket, 1, -1, 12, {1, 0, 0}},
    {"socket.inet", SYS_socket, 1, -1, 12, {2, 0, 0}},
    {"socket.family", SYS_socket, 0, -1, 50, {0, 1, 0}},
    {"lseek", SYS_lseek, 2, -1, 8, {A_FILE, 0, 0}},
    {"fadvise64", SYS_fadvise64, 3, -1, 8, {A_FILE, 0, 0, 0}},
    {"fallocate", SYS_fallocate, 1, 0, 130, {A_FILE, 0, 0, 8192}},
    {"memfd_create", SYS_memfd_create, 1, 0, 40, {VARIES, 0}},
    {"eventfd2", SYS_eventfd2, 1, 0, 4, {0, 0}},
    {"epoll_ctl", SYS_epoll_ctl, 1, -1, 5, {11, 0, A_STREAM, VARIES}},
    {"io_uring_register", SYS_io_uring_register, 1, 0, 36, {A_FILE, 0, VARIES, 1}},
    {"pidfd_open", SYS_pidfd_open, 1, 0, 8, {1, 0}},
    {"getrandom", SYS_getrandom, 2, 0, 9, {VARIES, 8, 0}},
    {"inotify_init1", SYS_inotify_init1, 0, 0, 4, {0}},
    {"mlockall", SYS_mlockall, 0, 0, 9, {0}},
    {"flock", SYS_flock, 1, -1, 33, {A_FILE, 0}},
    {"syslog", SYS_syslog, 0, 6, 12, {0, VARIES, 0}},
    {"quotactl", SYS_quotactl, 0, 0x800001, 0x800009, {0, VARIES, 0, 0}},
    {"landlock", SYS_landlock_create_ruleset, 2, 0, 5, {VARIES, 8, 0}},
};

/*
 * Not the same on both: two commands of io_uring that are refused, ring or not; and prctl's commands of one architecture (unaligned access, FP modes, the TSC, vector
 * lengths, pointer authentication, tags, shadow stacks, speculation), and what the runtime itself needs
 * (dispatch of calls).
 */
static int left_out(const struct family *f, int command)
{
    static const int other[] = {5,  6,  9,  10, 11, 12, 13, 14, 19, 20, 21, 22, 25, 26,
                                33, 34, 35, 36, 43, 44, 45, 46, 50, 51, 52, 53, 54, 55,
                                56, 59, 60, 61, 63, 64, 69, 70, 71, 72, 73, 74, 75, 76};
    if (f->nr == SYS_io_uring_register && (command == 20 || command == 33))
        return 1;
    if (f->nr != SYS_prctl)
        return 0;
    for (unsigned i = 0; i < sizeof(other) / sizeof(*other); i++) {
        if (other[i] == command)
            return 1;
    }
    return 0;
}

/* The first ends the wait; a call that is made again whatever comes ends with the process. */
static void on_alarm(int sig)
{
    static int count;

    if (++count > 4)
        _exit(0);
}

static long argument(long fixed, long value)
{
    switch (fixed) {
    case VARIES: return value;
    case A_FILE: return have.file;
    case A_STREAM: return have.stream[0];
    case A_DATAGRAM: return have.datagram;
    case A_PIPE: return have.pipe[0];
    case A_WORD: return (long)have.memory + 256;
    default: return fixed;
    }
}

static void one(const struct family *f, int command, long value, volatile long *result)
{
    struct sigaction sa = {.sa_handler = on_alarm};
    struct itimerval soon = {{0, 5000}, {0, 5000}};
    long a[6];

    setsid();
    if (getuid() == 0 &&
        (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
        _exit(9);
    calls_prepare();
    *(int *)(have.memory + 256) = 64;
    for (int i = 0; i < 6; i++)
        a[i] = argument(f->fixed[i], value);
    a[f->command] = command;
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    *result = RAW(f->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    _exit(0);
}

static void try(const struct family *f, int command, volatile long *result)
{
    const long values[] = {
        0, 1, -1, (long)have.memory, (long)have.read_only, (long)have.memory + 2 * PAGE - 2};
    int varies = 0, status;

    for (int i = 0; i < 6; i++)
        varies |= f->fixed[i] == VARIES;
    printf("# %s %d=", f->name, command);
    for (unsigned v = 0; v < (varies ? sizeof(values) / sizeof(*values) : 1); v++) {
        *result = NO_RESULT;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            one(f, command, values[v], result);
        waitpid(pid, &status, 0);
        if (WIFSIGNALED(status))
            printf(",SIG%s", sigabbrev_np(WTERMSIG(status)));
        else if (*result < 0 && *result >= -4095)
            printf(",%s", strerrorname_np((int)-*result) ?: "E?");
        else
            printf(",%s", *result == NO_RESULT ? "gone" : *result ? "+" : "0");
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    volatile long *result =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned done = 0;

    calls_init();
    for (unsigned i = 0; i < sizeof(families) / sizeof(*families); i++) {
        const struct family *f = &families[i];

        if (argc > 1 && strcmp(argv[1], f->name))
            continue;
        for (int command = f->first; command <= f->last; command++) {
            if (left_out(f, command))
                continue;
            try(f, command, result);
            done++;
        }
    }
    printf("%u passed, 0 failed\n", done);
    return done == 0;
}
