/*
 * execve and execveat: what the new program finds, what survives, scripts,
 * descriptors instead of paths, and every error before the point of no
 * return. The program executes itself: with a first argument "child:NAME" it
 * is the child of a test and answers by its exit status or on its output.
 */
#include "sys/test.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

extern char **environ;
static char self[PATH_MAX];

static long execveat_raw(int fd, const char *path, char *const *argv, char *const *envp, int flags)
{
    return syscall(SYS_execveat, fd, path, argv, envp, flags);
}

/* ---- children ---- */

static char *read_all(const char *path, size_t *n)
{
    static char buf[1 << 16];
    int fd = open(path, O_RDONLY);
    ssize_t got;

    for (*n = 0; (got = read(fd, buf + *n, sizeof(buf) - *n)) > 0; *n += got)
        ;
    close(fd);
    return buf;
}

static int child_arguments(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    printf("\n");
    return 0;
}

/* The stack as the ABI has it, and the auxiliary vector's entries against what else is known. */
static int child_stack(int argc, char **argv)
{
    char **envp = argv + argc + 1;
    Elf64_auxv_t *aux;
    size_t n, count = 0;
    int bad = 0;

    bad |= argv[argc] != NULL;
    bad |= ((uintptr_t)(argv - 1) % 16 != 0) << 1;
    for (int i = 0; i + 1 < argc; i++)
        bad |= (argv[i + 1] != argv[i] + strlen(argv[i]) + 1) << 2;
    while (envp[count])
        count++;
    bad |= (count && envp[0] != argv[argc - 1] + strlen(argv[argc - 1]) + 1) << 3;
    aux = (Elf64_auxv_t *)(envp + count + 1);
    bad |= (aux[0].a_type != AT_SYSINFO_EHDR || memcmp((void *)aux[0].a_un.a_val, ELFMAG, SELFMAG))
           << 4;
    for (count = 0; aux[count].a_type != AT_NULL; count++)
        ;
    char *shown = read_all("/proc/self/auxv", &n);
    bad |= (n < (count + 1) * sizeof(*aux) || memcmp(shown, aux, (count + 1) * sizeof(*aux))) << 5;
    return bad;
}

static int child_auxv(int argc, char **argv)
{
    extern const Elf64_Ehdr __ehdr_start;
    extern void _start(void);
    const Elf64_Phdr *phdr = (void *)getauxval(AT_PHDR);
    int bad = 0;

    bad |= getauxval(AT_PAGESZ) != 4096;
    bad |= (getauxval(AT_CLKTCK) != 100) << 1;
    bad |= ((const char *)phdr != (const char *)&__ehdr_start + __ehdr_start.e_phoff ||
            getauxval(AT_PHNUM) != __ehdr_start.e_phnum || getauxval(AT_PHENT) != sizeof(*phdr))
           << 2;
    bad |= (getauxval(AT_ENTRY) != (unsigned long)_start || getauxval(AT_BASE) != 0) << 3;
    bad |= (strcmp((char *)getauxval(AT_PLATFORM), "aarch64") != 0) << 4;
    bad |= (strcmp((char *)getauxval(AT_EXECFN), argv[2]) != 0) << 5;
    bad |=
        (getauxval(AT_UID) != getuid() || getauxval(AT_EGID) != getegid() || getauxval(AT_SECURE))
        << 6;
    bad |= ((getauxval(AT_HWCAP) & 3) != 3 || getauxval(AT_MINSIGSTKSZ) < 4720 ||
            !getauxval(AT_RANDOM))
           << 7;
    return bad;
}

static int child_views(int argc, char **argv)
{
    char link[PATH_MAX], name[17] = "";
    size_t n;
    int bad = 0;
    char *text = read_all("/proc/self/cmdline", &n);
    size_t want = argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0];

    bad |= n != want || memcmp(text, argv[0], n) != 0;
    text = read_all("/proc/self/environ", &n);
    bad |= (n != strlen("A=1") + 1 + strlen("B=2") + 1 || memcmp(text, "A=1\0B=2", n) != 0) << 1;
    ssize_t len = readlink("/proc/self/exe", link, sizeof(link) - 1);
    link[len > 0 ? len : 0] = '\0';
    bad |= (strcmp(link, argv[2]) != 0) << 2;
    prctl(PR_GET_NAME, name);
    bad |= (strncmp(name, strrchr(argv[2], '/') + 1, 15) != 0) << 3;
    text = read_all("/proc/self/comm", &n);
    bad |= (n != strlen(name) + 1 || memcmp(text, name, n - 1) != 0) << 4;
    text = read_all("/proc/self/maps", &n);
    text[n] = '\0';
    bad |= (!strstr(text, "[stack]\n") || !strstr(text, "[vdso]\n") || !strstr(text, argv[2])) << 5;
    return bad;
}

static int child_signals(int argc, char **argv)
{
    struct sigaction ign, dfl;
    sigset_t mask, pending;
    stack_t alt;
    int bad = 0;

    sigaction(SIGUSR1, NULL, &ign);
    sigaction(SIGUSR2, NULL, &dfl);
    bad |= ign.sa_handler != SIG_IGN;
    bad |= (dfl.sa_handler != SIG_DFL) << 1;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    bad |= (!sigismember(&mask, SIGWINCH) || !sigismember(&mask, SIGSEGV) ||
            sigismember(&mask, SIGINT))
           << 2;
    sigpending(&pending);
    bad |= (!sigismember(&pending, SIGWINCH)) << 3;
    sigaltstack(NULL, &alt);
    bad |= (alt.ss_flags != SS_DISABLE) << 4;
    sigaction(SIGSEGV, NULL, &ign);
    sigaction(SIGTRAP, NULL, &dfl);
    bad |= (ign.sa_handler != SIG_IGN || dfl.sa_handler != SIG_DFL) << 5;
    return bad;
}

static int child_descriptors(int argc, char **argv)
{
    int kept = atoi(argv[2]), closed = atoi(argv[3]);

    return (fcntl(kept, F_GETFD) != 0) | (fcntl(closed, F_GETFD) != -1) << 1 |
           (open("/dev/null", O_RDONLY) != closed) << 2;
}

static int child_thread(int argc, char **argv)
{
    size_t n;
    char *text = read_all("/proc/self/stat", &n), *p;
    int bad = getpid() != atoi(argv[2]) || getpid() != syscall(SYS_gettid);

    text[n] = '\0';
    p = strrchr(text, ')');
    for (int field = 2; p && field < 20; field++)
        p = strchr(p + 1, ' ');
    return bad | (!p || atoi(p) != 1) << 1;
}

static volatile sig_atomic_t storm_seen;

static void storm_handler(int sig)
{
    storm_seen++;
}

/* Executes itself again and again, each time with a handler, until the count is down. */
static int child_storm(int argc, char **argv)
{
    char count[16], *again[] = {"exec-test", "child:storm", count, NULL};
    struct sigaction sa = {.sa_handler = storm_handler, .sa_flags = SA_RESTART};

    if (atoi(argv[2]) == 0)
        return 0;
    sprintf(count, "%d", atoi(argv[2]) - 1);
    sigaction(SIGWINCH, &sa, NULL);
    for (int tries = 0; tries < 1000 && !storm_seen; tries++)
        usleep(100);
    execv(self, again);
    return 1;
}

static int child_null(int argc, char **argv)
{
    return 0;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} children[] = {
    {"child:arguments", child_arguments}, {"child:stack", child_stack},
    {"child:auxv", child_auxv},           {"child:views", child_views},
    {"child:signals", child_signals},     {"child:descriptors", child_descriptors},
    {"child:thread", child_thread},       {"child:storm", child_storm},
    {"child:null", child_null},
};

/* Executes this program in a forked child; the wait status. */
#define EXEC(...)                                         \
    ({                                                    \
        char *args_[] = {"exec-test", __VA_ARGS__, NULL}; \
        IN_CHILD((execv(self, args_), 99));               \
    })

/* What a child that executes `path` with these arguments prints. */
static const char *output_of(const char *path, char *const *argv)
{
    static char text[4096];
    int p[2];

    text[0] = '\0';
    if (pipe(p) != 0)
        return text;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(p[1], 1);
        execv(path, argv);
        dprintf(1, "errno %d", errno);
        _exit(99);
    }
    close(p[1]);
    size_t used = 0;
    for (ssize_t n; (n = read(p[0], text + used, sizeof(text) - 1 - used)) > 0; used += n)
        ;
    text[used] = '\0';
    close(p[0]);
    waitpid(child, NULL, 0);
    return text;
}

static void write_file(const char *name, const char *text, size_t bytes, mode_t mode)
{
    unlink(name);
    int fd = open(name, O_WRONLY | O_CREAT, 0600);
    CHECK_EQ(write(fd, text, bytes), bytes);
    fchmod(fd, mode);
    close(fd);
}

/* A copy of this program's file in a new descriptor. */
static int copy_self(int to)
{
    char buf[65536];
    int from = open(self, O_RDONLY);

    for (ssize_t n; (n = read(from, buf, sizeof(buf))) > 0;)
        if (write(to, buf, n) != n)
            return -1;
    close(from);
    return to;
}

/* ---- what the new program finds ---- */

TEST(stack_and_auxv)
{
    CHECK_EQ(EXEC("child:stack", "one", "two three", ""), 0);
    CHECK_EQ(EXEC("child:auxv", self), 0);
}

TEST(proc_shows_the_program)
{
    char *argv[] = {"exec-test", "child:views", self, "", "last", NULL},
         *envp[] = {"A=1", "B=2", NULL};

    CHECK_EQ(IN_CHILD((execve(self, argv, envp), 99)), 0);
}

TEST(no_arguments_become_an_empty_one)
{
    /* argv = NULL and argv = {NULL}: Linux passes one empty string. */
    char *none[] = {NULL}, *envp[] = {"EXEC_TEST=count", NULL};

    CHECK_EQ(IN_CHILD((execve(self, none, envp), 99)) >> 8, 41);
    CHECK_EQ(IN_CHILD((syscall(SYS_execve, self, NULL, envp), 99)) >> 8, 41);
}

static void handler(int sig)
{
}

TEST(signals_over_exec)
{
    int status = IN_CHILD(({
        sigset_t set;
        stack_t alt = {.ss_sp = malloc(65536), .ss_size = 65536};
        char *argv[] = {"exec-test", "child:signals", NULL};

        signal(SIGUSR1, SIG_IGN);
        signal(SIGUSR2, handler);
        signal(SIGSEGV, SIG_IGN);
        signal(SIGTRAP, handler);
        signal(SIGWINCH, handler);
        sigaltstack(&alt, NULL);
        sigemptyset(&set);
        sigaddset(&set, SIGWINCH);
        sigaddset(&set, SIGSEGV);
        sigprocmask(SIG_SETMASK, &set, NULL);
        raise(SIGWINCH);
        execv(self, argv);
        99;
    }));
    CHECK_EQ(status, 0);
}

TEST(descriptors_over_exec)
{
    char kept[16], closed[16];
    int k = open("/dev/null", O_RDONLY), c = open("/dev/null", O_RDONLY | O_CLOEXEC);

    sprintf(kept, "%d", k);
    sprintf(closed, "%d", c);
    CHECK_EQ(EXEC("child:descriptors", kept, closed), 0);
    close(k);
    close(c);
}

static void *exec_thread(void *arg)
{
    execv(self, arg);
    return NULL;
}

static void *idle_thread(void *arg)
{
    for (;;)
        pause();
    return NULL;
}

TEST(exec_of_a_thread_ends_the_others)
{
    int status = IN_CHILD(({
        char pid[16];
        char *argv[] = {"exec-test", "child:thread", pid, NULL};
        pthread_t t;

        sprintf(pid, "%d", getpid());
        for (int i = 0; i < 3; i++)
            pthread_create(&t, NULL, idle_thread, NULL);
        pthread_create(&t, NULL, exec_thread, argv);
        pthread_join(t, NULL);
        99;
    }));
    CHECK_EQ(status, 0);
}

TEST(limits_hold_over_exec)
{
    int status = IN_CHILD(({
        struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
        char *argv[] = {"exec-test", "child:stack", NULL};

        setrlimit(RLIMIT_STACK, &small);
        execv(self, argv);
        99;
    }));
    CHECK_EQ(status, 0);
    status = IN_CHILD(({
        struct rlimit old, now = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
        char *argv[] = {"exec-test", "child:stack", NULL};

        getrlimit(RLIMIT_STACK, &old);
        if (old.rlim_max == RLIM_INFINITY)
            setrlimit(RLIMIT_STACK, &now);
        execv(self, argv);
        99;
    }));
    CHECK_EQ(status, 0);
}

/* A signal that arrives at any moment of an exec neither breaks it nor kills: its default action is to be ignored. */
TEST(exec_in_a_storm_of_signals)
{
    char *argv[] = {"exec-test", "child:storm", "60", NULL};
    int status = -1;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execv(self, argv);
        _exit(99);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        kill(child, SIGWINCH);
        usleep(20);
    }
    CHECK_EQ(status, 0);
}

/* ---- vfork ---- */

/* Private memory of this process in KiB; elver's own is in it. */
static size_t private_memory(void)
{
    size_t n, kib = 0;
    char *text = read_all("/proc/self/status", &n), *at;

    text[n] = '\0';
    at = strstr(text, "VmData:");
    if (at)
        sscanf(at, "VmData: %zu", &kib);
    return kib;
}

static void spawn_and_fail(void)
{
    char *argv[] = {"exec-test", "child:null", NULL};
    pid_t child;
    int status = -1;

    CHECK_EQ(posix_spawn(&child, self, NULL, NULL, argv, environ), 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(posix_spawn(&child, "/no/such/file", NULL, NULL, argv, environ), ENOENT);
}

TEST(vfork_children_leave_no_trace)
{
    size_t before, after = 0;
    int batches = 0;

    if (test_memory_is_watched())
        SKIP("freed memory is kept for a while to be watched");
    /* What runs the program may learn from the first ones, and take memory for it, once. */
    do {
        before = private_memory();
        for (int i = 0; i < 40; i++)
            spawn_and_fail();
        after = private_memory();
    } while (after != before && ++batches < 5);
    CHECK_EQ(after, before);
}

TEST(a_vfork_child_may_use_any_descriptor)
{
    char *argv[] = {"exec-test", "child:null", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;

    posix_spawn_file_actions_init(&actions);
    for (int fd = 995; fd < 1010; fd++)
        posix_spawn_file_actions_adddup2(&actions, 1, fd);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(posix_spawn(&child, self, &actions, NULL, argv, environ), 0);
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
    }
    for (int fd = 995; fd < 1010; fd++)
        CHECK_ERR(fcntl(fd, F_GETFD), EBADF);
    CHECK_EQ(EXEC("child:null"), 0);
    posix_spawn_file_actions_destroy(&actions);
}

/* vfork, exec and a failing exec while a timer's signals go on arriving. */
TEST(vfork_in_a_storm_of_signals)
{
    struct itimerval fast = {{0, 300}, {0, 300}}, off = {{0, 0}, {0, 0}};
    struct sigaction sa = {.sa_handler = storm_handler, .sa_flags = SA_RESTART}, old;
    char *argv[] = {"exec-test", "child:null", NULL};
    volatile int bad = 0, i;
    int status;

    sigaction(SIGALRM, &sa, &old);
    setitimer(ITIMER_REAL, &fast, NULL);
    for (i = 0; i < 40; i++) {
        pid_t child = vfork();
        if (child == 0) {
            execv(i % 2 ? "/no/such/program" : self, argv);
            _exit(7);
        }
        status = -1;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        bad += status != (i % 2 ? 7 << 8 : 0);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &old, NULL);
    CHECK_EQ(bad, 0);
}

/* ---- scripts ---- */

#define SCRIPT(name, text) write_file(name, text, sizeof(text) - 1, 0755)

static void interpreter_link(void)
{
    unlink("interp");
    CHECK_EQ(symlink(self, "interp"), 0);
}

TEST(script_arguments)
{
    char *argv[] = {"dropped", "a", "b", NULL};

    interpreter_link();
    SCRIPT("s1", "#!interp child:arguments\n");
    CHECK(!strcmp(output_of("./s1", argv), "[interp][child:arguments][./s1][a][b]\n"));
    SCRIPT("s1", "#! \t interp   child:arguments \t \nrest");
    CHECK(!strcmp(output_of("./s1", argv), "[interp][child:arguments][./s1][a][b]\n"));
    SCRIPT("s2", "#!./s1\n");
    SCRIPT("s1", "#!interp child:arguments\n");
    CHECK(!strcmp(output_of("./s2", argv), "[interp][child:arguments][./s1][./s2][a][b]\n"));
    SCRIPT("s1", "#!interp child:arguments");
    CHECK(!strcmp(output_of("./s1", argv), "[interp][child:arguments][./s1][a][b]\n"));
}

TEST(script_errors)
{
    char *argv[] = {"x", NULL}, text[400];

    SCRIPT("s", "#!\n");
    CHECK_ERR(execv("./s", argv), ENOEXEC);
    SCRIPT("s", "#!   \t \n");
    CHECK_ERR(execv("./s", argv), ENOEXEC);
    SCRIPT("s", "#!/no/such/interpreter\n");
    CHECK_ERR(execv("./s", argv), ENOENT);
    SCRIPT("s", "#!./s\n");
    CHECK_ERR(execv("./s", argv), ELOOP);
    SCRIPT("s", "#!.\n");
    CHECK_ERR(execv("./s", argv), EACCES);
    /* An interpreter's name that does not end within 256 bytes. */
    memset(text, 'x', sizeof(text));
    memcpy(text, "#!/", 3);
    write_file("s", text, sizeof(text), 0755);
    CHECK_ERR(execv("./s", argv), ENOEXEC);
    /* A long argument is cut. */
    interpreter_link();
    snprintf(text, sizeof(text), "#!interp child:arguments");
    memset(text + strlen(text), ' ', sizeof(text) - strlen(text));
    write_file("s", text, sizeof(text), 0755);
    CHECK(!strcmp(output_of("./s", argv), "[interp][child:arguments][./s]\n"));
    SCRIPT("s", "#");
    CHECK_ERR(execv("./s", argv), ENOEXEC);
}

TEST(script_depth)
{
    char name[8], text[32], *argv[] = {"x", NULL};

    interpreter_link();
    SCRIPT("d0", "#!interp child:null\n");
    for (int i = 1; i < 8; i++) {
        sprintf(name, "d%d", i);
        int n = sprintf(text, "#!./d%d\n", i - 1);
        write_file(name, text, n, 0755);
    }
    CHECK_EQ(IN_CHILD((execv("./d4", argv), 99)), 0);
    CHECK_ERR(execv("./d6", argv), ELOOP);
}

/* ---- descriptors ---- */

TEST(execveat_of_descriptors)
{
    char *argv[] = {"exec-test", "child:null", NULL};
    int fd = open(self, O_RDONLY), path = open(self, O_PATH),
        dir = open(".", O_RDONLY | O_DIRECTORY);

    interpreter_link();
    CHECK_EQ(IN_CHILD((execveat_raw(fd, "", argv, environ, AT_EMPTY_PATH), 99)), 0);
    CHECK_EQ(IN_CHILD((execveat_raw(path, "", argv, environ, AT_EMPTY_PATH), 99)), 0);
    CHECK_EQ(IN_CHILD((execveat_raw(dir, "interp", argv, environ, 0), 99)), 0);
    CHECK_EQ(IN_CHILD((execveat_raw(-1, self, argv, environ, 0), 99)), 0);
    CHECK_ERR(execveat_raw(dir, "interp", argv, environ, AT_SYMLINK_NOFOLLOW), ELOOP);
    CHECK_ERR(execveat_raw(fd, "", argv, environ, 0), ENOENT);
    CHECK_ERR(execveat_raw(fd, "x", argv, environ, 0), ENOTDIR);
    CHECK_ERR(execveat_raw(dir, "", argv, environ, AT_EMPTY_PATH), EACCES);
    CHECK_ERR(execveat_raw(-1, "x", argv, environ, 0), EBADF);
    CHECK_ERR(execveat_raw(dir, "interp", argv, environ, 0x8000), EINVAL);
    close(fd);
    close(path);
    close(dir);
}

TEST(programs_without_a_name)
{
    char *argv[] = {"exec-test", "child:null", NULL};
    int fd = copy_self(memfd_create("program", MFD_CLOEXEC));

    CHECK_EQ(IN_CHILD((fexecve(fd, argv, environ), 99)), 0);
    close(fd);
    fd = copy_self(open("copy", O_WRONLY | O_CREAT, 0700));
    close(fd);
    fd = open("copy", O_RDONLY | O_CLOEXEC);
    CHECK_EQ(unlink("copy"), 0);
    CHECK_EQ(IN_CHILD((fexecve(fd, argv, environ), 99)), 0);
    close(fd);
}

TEST(a_running_program_may_be_deleted_and_run_again)
{
    char *argv[] = {"exec-test", "child:again", NULL};

    close(copy_self(open("copy", O_WRONLY | O_CREAT, 0700)));
    CHECK_EQ(IN_CHILD((execv("./copy", argv), 99)), 0);
    CHECK_ERR(access("copy", F_OK), ENOENT);
}

TEST(scripts_by_descriptor)
{
    char *argv[] = {"x", NULL};

    interpreter_link();
    SCRIPT("s", "#!interp child:null\n");
    int fd = open("s", O_RDONLY | O_CLOEXEC);
    CHECK_ERR(execveat_raw(fd, "", argv, environ, AT_EMPTY_PATH), ENOENT);
    fcntl(fd, F_SETFD, 0);
    CHECK_EQ(IN_CHILD((execveat_raw(fd, "", argv, environ, AT_EMPTY_PATH), 99)), 0);
    close(fd);
}

/* ---- errors ---- */

TEST(path_errors)
{
    char *argv[] = {"x", NULL}, longer[PATH_MAX + 2];

    write_file("plain", "text", 4, 0644);
    write_file("text", "text", 4, 0755);
    write_file("empty", "", 0, 0755);
    unlink("loop");
    CHECK_EQ(symlink("loop", "loop"), 0);
    memset(longer, 'a', sizeof(longer));
    longer[PATH_MAX] = '\0';
    CHECK_ERR(execv("nothing", argv), ENOENT);
    CHECK_ERR(execv("", argv), ENOENT);
    CHECK_ERR(execv("plain", argv), EACCES);
    CHECK_ERR(execv("text", argv), ENOEXEC);
    CHECK_ERR(execv("empty", argv), ENOEXEC);
    CHECK_ERR(execv(".", argv), EACCES);
    CHECK_ERR(execv("/dev/null", argv), EACCES);
    CHECK_ERR(execv("plain/x", argv), ENOTDIR);
    CHECK_ERR(execv("loop", argv), ELOOP);
    CHECK_ERR(execv(longer, argv), ENAMETOOLONG);
    CHECK_ERR(syscall(SYS_execve, 8, argv, environ), EFAULT);
    CHECK_ERR(syscall(SYS_execve, self, 8, environ), EFAULT);
    CHECK_ERR(syscall(SYS_execve, self, argv, 8), EFAULT);
    mkfifo("fifo", 0777);
    CHECK_ERR(execv("fifo", argv), EACCES);
}

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

/* Linux 6.14: may it be executed? */
TEST(check_without_executing)
{
    char *argv[] = {"x", NULL};

    if (execveat_raw(AT_FDCWD, self, argv, environ, AT_EXECVE_CHECK) != 0 && errno == EINVAL)
        SKIP("this kernel knows no AT_EXECVE_CHECK");
    write_file("plain", "text", 4, 0644);
    write_file("text", "text", 4, 0755);
    CHECK_EQ(execveat_raw(AT_FDCWD, "text", argv, environ, AT_EXECVE_CHECK), 0);
    CHECK_ERR(execveat_raw(AT_FDCWD, "plain", argv, environ, AT_EXECVE_CHECK), EACCES);
    CHECK_ERR(execveat_raw(AT_FDCWD, "nothing", argv, environ, AT_EXECVE_CHECK), ENOENT);
    int fd = open("text", O_WRONLY);
    CHECK_ERR(execveat_raw(AT_FDCWD, "text", argv, environ, AT_EXECVE_CHECK), ETXTBSY);
    CHECK_ERR(execv("./text", argv), ETXTBSY);
    close(fd);
    CHECK_ERR(execv("./text", argv), ENOEXEC);
}

TEST(argument_limits)
{
    size_t bytes = 131072;
    char *big = malloc(bytes + 1), *argv[] = {"exec-test", "child:null", big, NULL}, **many;
    struct rlimit limit;

    memset(big, 'a', bytes);
    big[bytes - 1] = '\0';
    CHECK_EQ(IN_CHILD((execv(self, argv), 99)), 0);
    big[bytes - 1] = 'a';
    big[bytes] = '\0';
    CHECK_ERR(execv(self, argv), E2BIG);
    /* More than a quarter of the stack. */
    getrlimit(RLIMIT_STACK, &limit);
    big[bytes - 1] = '\0';
    many = calloc(80, sizeof(*many));
    for (int i = 0; i < 60; i++)
        many[i] = big;
    CHECK_ERR(execv(self, many), E2BIG);
    many[0] = many[1] = "small";
    many[2] = (char *)8;
    many[3] = NULL;
    CHECK_ERR(execv(self, many), EFAULT);
    free(many);
    free(big);
}

/* A whole program file that only its header makes wrong. */
TEST(elf_errors)
{
    static char file[4096];
    Elf64_Ehdr *h = (void *)file;
    Elf64_Phdr *p = (void *)(file + sizeof(*h));
    char *argv[] = {"x", NULL};

#define REFUSED(errno_, ...)                                                         \
    do {                                                                             \
        memset(file, 0, sizeof(file));                                               \
        memcpy(h->e_ident, "\177ELF\2\1\1", 7);                                      \
        h->e_type = ET_EXEC;                                                         \
        h->e_machine = EM_AARCH64;                                                   \
        h->e_version = 1;                                                            \
        h->e_phoff = sizeof(*h);                                                     \
        h->e_ehsize = sizeof(*h);                                                    \
        h->e_phentsize = sizeof(*p);                                                 \
        h->e_phnum = 1;                                                              \
        h->e_entry = 0x400100;                                                       \
        p[0] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, 4096, 4096, 4096}; \
        __VA_ARGS__;                                                                 \
        write_file("elf", file, sizeof(file), 0755);                                 \
        CHECK_ERR(execv("elf", argv), errno_);                                       \
    } while (0)

    REFUSED(ENOEXEC, h->e_ident[0] = 'x');
    REFUSED(ENOEXEC, h->e_machine = EM_S390);
    REFUSED(ENOEXEC, h->e_type = ET_REL);
    REFUSED(ENOEXEC, h->e_type = ET_CORE);
    REFUSED(ENOEXEC, h->e_phentsize = 32);
    REFUSED(ENOEXEC, h->e_phnum = 0);
    REFUSED(ENOEXEC, h->e_phnum = 65535);
    REFUSED(ENOEXEC, h->e_phoff = 1ull << 62);
    REFUSED(ENOEXEC, h->e_phoff = 4090);
    REFUSED(ENOEXEC, p[0].p_type = PT_INTERP, p[0].p_filesz = 1);
    REFUSED(ENOEXEC, p[0].p_type = PT_INTERP, p[0].p_filesz = 5000);
    REFUSED(ENOEXEC, p[0].p_type = PT_INTERP, p[0].p_filesz = 4, p[0].p_offset = 0);
    REFUSED(ENOENT, p[0].p_type = PT_INTERP, p[0].p_filesz = 8, p[0].p_offset = 512,
            memcpy(file + 512, "/no/ld!", 8));
    REFUSED(EACCES, p[0].p_type = PT_INTERP, p[0].p_filesz = 2, p[0].p_offset = 512,
            memcpy(file + 512, "/", 2));
    write_file("text",
               "text that is no ELF file, and long enough to hold a header of one: 64 bytes", 76,
               0755);
    REFUSED(ELIBBAD, p[0].p_type = PT_INTERP, p[0].p_filesz = 7, p[0].p_offset = 512,
            memcpy(file + 512, "./text", 7));
}

/* ---- this program as its own child ---- */

static int again(void)
{
    char *argv[] = {"exec-test", "child:null", NULL};

    if (unlink("./copy") != 0)
        return 98;
    execv("/proc/self/exe", argv);
    return 97;
}

int main(int argc, char **argv)
{
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    const char *count = getenv("EXEC_TEST");

    self[n > 0 ? n : 0] = '\0';
    if (count && !strcmp(count, "count"))
        return 40 + argc + (argv[0][0] != '\0') * 10;
    for (size_t i = 0; argc > 1 && i < sizeof(children) / sizeof(children[0]); i++)
        if (!strcmp(argv[1], children[i].name))
            return children[i].run(argc, argv);
    if (argc > 1 && !strcmp(argv[1], "child:again"))
        return again();
    return test_main(argc, argv);
}
