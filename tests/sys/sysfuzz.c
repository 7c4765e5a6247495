/*
 * Every row of the system-call table with hostile arguments, tens of thousands
 * of times: whatever is asked, a result comes back and the process lives. Made
 * from the rows themselves, so a new row is fuzzed at once.
 *
 * Children do it, as nobody where they may, in an empty directory. Left out
 * is what rightly ends or stops a process (fates below). A child that hangs is
 * killed and counts for nothing; a child that dies of a fault has failed.
 * args: [SEED [CHILDREN]]. test: timeout=300 args=1_24
 */
#include "sys/rows.h"
#include "sys/test.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

enum { CALLS = 600, SCRATCH = 1 << 20, PATIENCE_MS = 400, START_MS = 20000 };

/* ---- what is left out, and why ---- */

static const char *const fates[] = {
    "exit",         "exit_group",   "rt_sigreturn", /* they end the caller, or its registers */
    "clone",        "clone3",                       /* a thread on a random stack dies of it */
    "seccomp",      "ptrace",                       /* they may forbid or stop all else */
    "brk",          "setrlimit",    "prlimit64",    /* the libc's own memory, the stack */
    "rt_sigaction", "timer_create", "mq_notify", /* a random handler; SIGSEGV as a timer's signal */
    "reboot",       "kexec_load",   "kexec_file_load", "rseq", "msgget",
    "semget",       "shmget",       "mq_open", /* what they make outlives the process */
};

static int left_out(const struct row *r)
{
    for (unsigned i = 0; i < sizeof(fates) / sizeof(*fates); i++) {
        if (!strcmp(r->name, fates[i]))
            return 1;
    }
    return 0;
}

/* ---- arguments ---- */

static uint64_t state;

static uint64_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

#define PICK(array) ((array)[rnd() % (sizeof(array) / sizeof(*(array)))])

static char *scratch;

static uint64_t number(void)
{
    static const uint64_t edges[] = {
        0,          1,          2,           3,         4,         7,         8,     16,
        63,         64,         255,         4095,      4096,      4097,      65536, 0x7fffffff,
        0x80000000, 0xffffffff, 0x100000000, 1ul << 46, 1ul << 62, 1ul << 63, ~0ul,  ~0ul - 4095};
    return rnd() % 4 ? PICK(edges) : rnd() >> rnd() % 64;
}

static uint64_t size(void)
{
    static const uint64_t sizes[] = {0,  1,   4,   8,    12,    16,   24,       32,
                                     64, 100, 128, 4096, 65536, ~0ul, 1ul << 63};
    return PICK(sizes);
}

/* Never our own code, stack or heap: the scratch area, nothing, or far outside. */
static uint64_t pointer(void)
{
    static const uint64_t wild[] = {0,
                                    1,
                                    8,
                                    0xfff,
                                    0x10000,
                                    1ul << 46,
                                    (1ul << 46) - 1,
                                    0x7fffffffe000,
                                    0x7ffffffff000,
                                    0x800000000000,
                                    1ul << 48,
                                    1ul << 55,
                                    1ul << 60,
                                    1ul << 63,
                                    ~0ul,
                                    ~0ul - 4095};
    return rnd() % 3 ? (uint64_t)scratch + rnd() % (SCRATCH / 2) / 8 * (rnd() % 16 ? 8 : 7)
                     : PICK(wild);
}

static uint64_t argument(unsigned char kind)
{
    static const int fds[] = {-1, -100, 0,  1,  2,    10,   11,   12,        13,
                              14, 15,   16, 17, 1000, 1001, 5000, 0x7fffffff};
    static const int signals[] = {0, 65, -1, SIGURG, SIGCHLD, SIGWINCH};
    static const char *const paths[] = {"",
                                        ".",
                                        "x",
                                        "y/z",
                                        "/",
                                        "/nowhere",
                                        "/dev/null",
                                        "/proc/self/maps",
                                        "/proc/self/fd",
                                        "/proc/self/exe",
                                        "..//..//tmp",
                                        "/proc/self/fd/1000"};
    switch (class_of[kind]) {
    case FD: return (uint64_t)PICK(fds);
    case PATH:
    case STRING: return rnd() % 5 ? (uint64_t)PICK(paths) : pointer();
    case FIXED:
    case NEXT:
    case PREV: return pointer();
    default: break;
    }
    switch (kind) {
    case KIND_ADDR: return pointer() & ~0xffful;
    case KIND_SIZE: return size();
    case KIND_SIG: return (uint64_t)PICK(signals);
    case KIND_PID: return rnd() % 2 ? (uint64_t)getpid() : 0x7fffffff;
    case KIND_FCNTL: return rnd() % 40 == F_SETSIG ? F_GETSIG : rnd() % 40 + (rnd() % 3 ? 0 : 1024);
    case KIND_PRCTL: return rnd() % 80 == 22 ? 21 : rnd() % 80; /* not PR_SET_SECCOMP */
    default: return number();
    }
}

/* ---- a child ---- */

static struct progress {
    volatile int calls;
    volatile int nr;
    volatile uint64_t arg[6];
} * progress;

static void on_alarm(int sig)
{
}

/* Numbers 10 to 17 are one of each. */
static void open_some(void)
{
    int p[2], s[2];
    struct epoll_event e = {EPOLLIN, {0}};
    for (int fd = 0; fd < 3; fd++)
        dup2(open("/dev/null", O_RDWR), fd);
    if (pipe2(p, O_NONBLOCK) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s))
        _exit(1);
    const int fds[] = {memfd_create("m", 0),
                       p[0],
                       p[1],
                       s[0],
                       eventfd(0, EFD_NONBLOCK),
                       epoll_create1(0),
                       open(".", O_RDONLY | O_DIRECTORY),
                       open("/proc/self/maps", O_RDONLY)};
    epoll_ctl(fds[5], EPOLL_CTL_ADD, s[0], &e);
    for (int i = 0; i < 8; i++)
        dup2(fds[i], 10 + i);
}

static void child(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15ull + 1;
    setsid();
    if (getuid() == 0 &&
        (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
        _exit(1);
    for (int sig = 1; sig <= 64; sig++) {
        if (sig != SIGSEGV && sig != SIGBUS && sig != SIGILL && sig != SIGFPE && sig != SIGTRAP &&
            sig != SIGABRT)
            signal(sig, SIG_IGN);
    }
    struct sigaction sa = {.sa_handler = on_alarm};
    struct itimerval tick = {{0, 10000}, {0, 10000}};
    sigaction(SIGALRM, &sa, NULL);
    open_some();
    for (unsigned i = 0; i < SCRATCH / 8; i++)
        ((uint64_t *)scratch)[i] = rnd() % 3 ? number() : pointer();

    for (int i = 0; i < CALLS; i++) {
        const struct row *r = &rows[rnd() % ROWS];
        uint64_t a[6];
        for (int k = 0; k < 6; k++)
            a[k] = r->kind[k] ? argument(r->kind[k]) : number();
        if (left_out(r))
            continue;
        progress->nr = r->nr;
        for (int k = 0; k < 6; k++)
            progress->arg[k] = a[k];
        progress->calls = i;
        setitimer(ITIMER_REAL, &tick, NULL);
        syscall(r->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    _exit(0);
}

/* Waits, and kills a child that makes no progress; its wait status, or 0 for one that we killed. */
static int watch(pid_t pid)
{
    int status, last = -1, idle = 0;

    for (;;) {
        pid_t got = waitpid(pid, &status, WNOHANG | WUNTRACED);
        if (got == pid && !WIFSTOPPED(status))
            return status;
        idle = progress->calls == last ? idle + 5 : 0;
        last = progress->calls;
        if (idle > (last ? PATIENCE_MS : START_MS) || got == pid) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return 0;
        }
        usleep(5000);
    }
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    long children = argc > 2 ? strtol(argv[2], NULL, 0) : 24, made = 0;
    char dir[] = "/tmp/sysfuzz.XXXXXX";

    test_now = "sysfuzz";
    progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    scratch = mmap(NULL, 2 * SCRATCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!mkdtemp(dir) || chdir(dir) || chmod(".", 0777))
        return 1;
    for (long i = 0; i < children; i++) {
        progress->calls = 0;
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
            child(seed + (uint64_t)i);
        int status = watch(pid);
        made += progress->calls;
        test_report(
            status == 0, __LINE__,
            "seed %llu: status 0x%x after call %d: %d(%#llx, %#llx, %#llx, %#llx, %#llx, %#llx)",
            (unsigned long long)(seed + (uint64_t)i), (unsigned)status, progress->calls,
            progress->nr, (unsigned long long)progress->arg[0],
            (unsigned long long)progress->arg[1], (unsigned long long)progress->arg[2],
            (unsigned long long)progress->arg[3], (unsigned long long)progress->arg[4],
            (unsigned long long)progress->arg[5]);
    }
    if (chdir("/") == 0) {
        char command[64];
        snprintf(command, sizeof(command), "rm -rf %s", dir);
        if (system(command))
            printf("%s stays\n", dir);
    }
    printf("%ld calls by %ld children\n", made, children);
    CHECK(made > children * CALLS / 8);
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
