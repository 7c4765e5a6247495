/*
 * The files of /proc that show a process and a processor: they tell of the
 * guest's own mappings, signals, program and machine, by whatever path they
 * are reached.
 */
#include "sys/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* Above this no mapping of a program lies, on any arm64 Linux with 48-bit addresses. */
#define TOP (1ull << 48)

static char text[1 << 20];

/* The whole file as a string, read in pieces that do not fit its lines. */
static const char *slurp_at(int dirfd, const char *path)
{
    int fd = openat(dirfd, path, O_RDONLY);
    size_t used = 0;

    text[0] = '\0';
    if (fd < 0)
        return text;
    for (ssize_t n; (n = read(fd, text + used, 1021)) > 0; used += n)
        ;
    text[used] = '\0';
    close(fd);
    return text;
}

static const char *slurp(const char *path)
{
    return slurp_at(AT_FDCWD, path);
}

struct line {
    unsigned long start, end, offset, inode;
    char prot[5], name[PATH_MAX];
};

/* The line of `maps` (already read) that holds p. */
static int find_line(const char *maps, const void *p, struct line *l)
{
    while (*maps) {
        int n = 0;

        l->name[0] = '\0';
        if (sscanf(maps, "%lx-%lx %4s %lx %*x:%*x %lu%n", &l->start, &l->end, l->prot, &l->offset,
                   &l->inode, &n) != 5)
            return 0;
        if ((unsigned long)p >= l->start && (unsigned long)p < l->end) {
            maps += n + strspn(maps + n, " ");
            snprintf(l->name, sizeof(l->name), "%.*s", (int)strcspn(maps, "\n"), maps);
            return 1;
        }
        maps = strchr(maps, '\n') + 1;
    }
    return 0;
}

TEST(maps_show_protection_and_file)
{
    struct line l;
    struct stat st;
    char name[PATH_MAX];
    int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char *p;

    CHECK_EQ(ftruncate(fd, 5 * 4096), 0);
    fstat(fd, &st);
    p = mmap(NULL, 4 * 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 4096);
    CHECK(p != MAP_FAILED);
    CHECK_EQ(mprotect(p + 4096, 4096, PROT_READ), 0);
    CHECK_EQ(mprotect(p + 2 * 4096, 4096, PROT_READ | PROT_WRITE), 0);
    CHECK_EQ(mprotect(p + 3 * 4096, 4096, PROT_NONE), 0);
    const char *maps = slurp("/proc/self/maps");
    static const char *const want[] = {"r-xp", "r--p", "rw-p", "---p"};
    for (int i = 0; i < 4; i++) {
        CHECK(find_line(maps, p + i * 4096, &l));
        CHECK(!strcmp(l.prot, want[i]));
        CHECK_EQ(l.start, (unsigned long)p + i * 4096);
        CHECK_EQ(l.end - l.start, 4096);
        CHECK_EQ(l.offset, 4096 + i * 4096);
        CHECK_EQ(l.inode, st.st_ino);
        CHECK(realpath("mapped", name) && !strcmp(l.name, name));
    }
    munmap(p, 4 * 4096);
    p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(find_line(slurp("/proc/self/maps"), p, &l) && !strcmp(l.prot, "r--s"));
    unlink("mapped");
    CHECK(find_line(slurp("/proc/self/maps"), p, &l) && strstr(l.name, "/mapped (deleted)"));
    munmap(p, 4096);
    CHECK(!find_line(slurp("/proc/self/maps"), p, &l));
    close(fd);
    p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(find_line(slurp("/proc/self/maps"), p, &l) && !strcmp(l.prot, "rwxp") && !l.inode &&
          !l.name[0]);
    munmap(p, 4096);
}

static int data = 1;

TEST(maps_name_the_parts_of_a_program)
{
    struct line l;
    char exe[PATH_MAX], on_stack;
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    void *brk = sbrk(4096);

    exe[n > 0 ? n : 0] = '\0';
    const char *maps = slurp("/proc/self/maps");
    CHECK(find_line(maps, (void *)find_line, &l) && !strcmp(l.prot, "r-xp") &&
          !strcmp(l.name, exe));
    CHECK(find_line(maps, &data, &l) && !strcmp(l.prot, "rw-p"));
    CHECK(find_line(maps, &on_stack, &l) && !strcmp(l.name, "[stack]") && l.prot[1] == 'w');
    CHECK(find_line(maps, brk, &l) && !strcmp(l.name, "[heap]"));
    CHECK(find_line(maps, (void *)getauxval(AT_SYSINFO_EHDR), &l) && !strcmp(l.name, "[vdso]") &&
          !strcmp(l.prot, "r-xp"));
    unsigned long last = 0;
    int ordered = 1, below = 1;
    for (const char *p = maps; *p; p = strchr(p, '\n') + 1) {
        unsigned long start, end;

        if (sscanf(p, "%lx-%lx", &start, &end) != 2)
            break;
        ordered &= start >= last && end > start;
        below &= end <= TOP;
        last = end;
    }
    CHECK(ordered);
    CHECK(below);
}

TEST(smaps_belong_to_maps)
{
    char *p = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0),
         key[64];
    unsigned long size = 0, rss = 0;

    memset(p, 1, 3 * 4096);
    mprotect(p, 4096, PROT_READ);
    sprintf(key, "%lx-%lx rwxp", (unsigned long)p + 4096, (unsigned long)p + 8 * 4096);
    const char *at = strstr(slurp("/proc/self/smaps"), key);
    if (!CHECK(at != NULL))
        return;
    CHECK(sscanf(strstr(at, "\nSize:"), "\nSize: %lu kB", &size) == 1 && size == 28);
    CHECK(sscanf(strstr(at, "\nRss:"), "\nRss: %lu kB", &rss) == 1 && rss == 8);
    CHECK(strstr(strstr(at, "\nVmFlags:"), " ex") != NULL);
    munmap(p, 8 * 4096);
}

static void handler(int sig)
{
}

static unsigned long long status_mask(const char *name)
{
    const char *at = strstr(text, name);
    unsigned long long mask = 0;

    return at && sscanf(at + strlen(name), ":\t%llx", &mask) == 1 ? mask : ~0ull;
}

#define BIT(sig) (1ull << ((sig)-1))

TEST(status_shows_the_guests_signals)
{
    sigset_t set, old;
    unsigned long long inherited;

    /* A parent's posix_spawn may have left signals ignored, the C library's own among them. */
    slurp("/proc/self/status");
    inherited = status_mask("SigIgn");
    signal(SIGSEGV, handler);
    signal(SIGUSR1, handler);
    signal(SIGFPE, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGBUS);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_SETMASK, &set, &old);
    raise(SIGWINCH);
    slurp("/proc/self/status");
    CHECK_EQ(status_mask("SigCgt"), BIT(SIGSEGV) | BIT(SIGUSR1));
    CHECK_EQ(status_mask("SigIgn"), inherited | BIT(SIGFPE) | BIT(SIGUSR2));
    CHECK_EQ(status_mask("SigBlk"), BIT(SIGBUS) | BIT(SIGWINCH));
    CHECK_EQ(status_mask("SigPnd") | status_mask("ShdPnd"), BIT(SIGWINCH));
    CHECK(!strstr(text, "x86"));
    CHECK(strstr(text, "\nTracerPid:\t0\n") && strstr(text, "\nThreads:\t1\n"));
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGFPE, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
}

/* The numbers after the name in stat: field[3] is the parent. */
static int stat_fields(const char *path, unsigned long long *field)
{
    char *at = strrchr(slurp(path), ')');
    int n = 3;

    if (!at)
        return 0;
    for (at += 3; n < 52 && *at; n++)
        field[n + 1] = strtoull(at + 1, &at, 10);
    return n;
}

TEST(stat_shows_the_guest)
{
    unsigned long long field[60] = {0};
    char on_stack;

    CHECK_EQ(stat_fields("/proc/self/stat", field), 52);
    CHECK_EQ(field[4], getppid());
    CHECK_EQ(field[20], 1);
    CHECK(field[23] % 4096 == 0 && field[23] > 0 && field[23] < 1ull << 30);
    CHECK(field[26] <= (unsigned long)stat_fields && (unsigned long)stat_fields < field[27]);
    CHECK(field[28] > (unsigned long)&on_stack && field[28] - (unsigned long)&on_stack < 1 << 20);
    CHECK(field[45] <= (unsigned long)&data && (unsigned long)&data < field[46]);
    CHECK(field[47] <= (unsigned long)sbrk(0));
    CHECK(field[48] > field[28] && field[49] >= field[48] && field[50] == field[49] &&
          field[51] > field[50]);
}

TEST(the_size_of_a_process_is_its_own)
{
    unsigned long long before[60] = {0}, after[60] = {0};
    size_t bytes = 64 << 20;

    stat_fields("/proc/self/stat", before);
    char *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stat_fields("/proc/self/stat", after);
    CHECK_EQ(after[23] - before[23], bytes);
    unsigned long pages = 0, text_pages = 0;
    CHECK_EQ(sscanf(slurp("/proc/self/statm"), "%lu %*u %*u %lu 0 %*u 0", &pages, &text_pages), 2);
    CHECK_EQ(pages, after[23] / 4096);
    CHECK(text_pages > 10 && text_pages < pages);
    munmap(p, bytes);
}

TEST(the_processor_is_arm64)
{
    struct utsname u;

    slurp("/proc/cpuinfo");
    CHECK(strstr(text, "CPU implementer\t: 0x") && strstr(text, "CPU architecture: 8"));
    CHECK(strstr(text, "Features\t: fp asimd "));
    CHECK(!strstr(text, "vendor_id") && !strstr(text, "flags"));
    CHECK(!strncmp(text, "processor\t: 0\n", 14));
    int processors = 0;
    for (const char *p = text; (p = strstr(p, "processor\t:")); p++)
        processors++;
    CHECK_EQ(processors, sysconf(_SC_NPROCESSORS_ONLN));
    uname(&u);
    CHECK(!strcmp(u.machine, "aarch64"));
    slurp("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
    CHECK(!strncmp(text, "0x00000000", 10) && strlen(text) == 19);
}

TEST(the_program_by_its_link)
{
    char exe[PATH_MAX], magic[4] = "", other[64];
    struct stat by_link, by_name, link;
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    CHECK(n > 0);
    exe[n > 0 ? n : 0] = '\0';
    CHECK_EQ(stat("/proc/self/exe", &by_link), 0);
    CHECK_EQ(stat(exe, &by_name), 0);
    CHECK(by_link.st_ino == by_name.st_ino && by_link.st_dev == by_name.st_dev);
    CHECK_EQ(lstat("/proc/self/exe", &link), 0);
    CHECK(S_ISLNK(link.st_mode));
    int fd = open("/proc/self/exe", O_RDONLY);
    CHECK(read(fd, magic, 4) == 4 && !memcmp(magic, "\177ELF", 4));
    CHECK(pread(fd, magic, 2, 18) == 2 && magic[0] == (char)183);
    close(fd);
    CHECK_EQ(access("/proc/self/exe", R_OK | X_OK), 0);
    CHECK_EQ(readlink("/proc/self/exe", other, 4), 4);
    CHECK_ERR(readlink("/proc/self/exe", other, 0), EINVAL);
    CHECK_ERR(open("/proc/self/exe", O_RDONLY | O_NOFOLLOW), ELOOP);
}

/* Every way to one file. */
TEST(all_paths_lead_to_the_view)
{
    char path[128], exe[PATH_MAX], cwd[PATH_MAX];
    struct line l;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY),
        self = open("/proc/self", O_RDONLY | O_DIRECTORY);
    char *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(find_line(slurp("/proc/self/maps"), p, &l) && l.prot[2] == 'x');
    CHECK(find_line(slurp("/proc//self/./maps"), p, &l) && l.prot[2] == 'x');
    CHECK(find_line(slurp("/proc/self/../self/maps"), p, &l) && l.prot[2] == 'x');
    CHECK(find_line(slurp("/proc/thread-self/maps"), p, &l) && l.prot[2] == 'x');
    sprintf(path, "/proc/%d/maps", getpid());
    CHECK(find_line(slurp(path), p, &l) && l.prot[2] == 'x');
    sprintf(path, "/proc/self/task/%ld/maps", syscall(SYS_gettid));
    CHECK(find_line(slurp(path), p, &l) && l.prot[2] == 'x');
    CHECK(find_line(slurp_at(proc, "self/maps"), p, &l) && l.prot[2] == 'x');
    CHECK(find_line(slurp_at(self, "maps"), p, &l) && l.prot[2] == 'x');
    CHECK(readlinkat(self, "exe", exe, sizeof(exe)) > 0 && exe[0] == '/');
    if (!getcwd(cwd, sizeof(cwd)))
        cwd[0] = '\0';
    CHECK_EQ(chdir("/proc/self"), 0);
    CHECK(find_line(slurp("maps"), p, &l) && l.prot[2] == 'x');
    CHECK(readlink("exe", exe, sizeof(exe)) > 0 && exe[0] == '/');
    CHECK_EQ(chdir(cwd), 0);
    close(proc);
    close(self);
    munmap(p, 4096);
}

TEST(a_view_is_a_file)
{
    char a[64], b[64];
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC), copy = dup(fd);
    struct pollfd p = {fd, POLLIN, 0};

    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a));
    CHECK_EQ(lseek(copy, 0, SEEK_CUR), sizeof(a));
    CHECK_EQ(lseek(copy, 0, SEEK_SET), 0);
    CHECK_EQ(read(copy, b, sizeof(b)), sizeof(b));
    CHECK(!memcmp(a, b, sizeof(a)));
    CHECK_EQ(pread(fd, b, 8, 4), 8);
    CHECK(!memcmp(a + 4, b, 8));
    CHECK(poll(&p, 1, 0) == 1 && p.revents & POLLIN);
    CHECK_ERR(write(fd, "x", 1), EBADF);
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
    close(fd);
    CHECK_EQ(open("/proc/self/status", O_RDONLY | O_NONBLOCK), fd);
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
    CHECK_EQ(fcntl(fd, F_GETFD), 0);
    close(fd);
    close(copy);
    CHECK_ERR(open("/proc/self/maps", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERR(open("/proc/self/maps/x", O_RDONLY), ENOTDIR);
}

/* Who keeps a file open and goes back to its start sees what there is now. */
TEST(a_view_read_again_is_new)
{
    static char before[1 << 16], after[1 << 16];
    int fd = open("/proc/self/maps", O_RDONLY);
    long n = read(fd, before, sizeof(before) - 1), m;
    char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), line[32];

    CHECK(n > 0);
    snprintf(line, sizeof(line), "%lx-", (long)page);
    CHECK(!strstr(before, line));
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    m = read(fd, after, sizeof(after) - 1);
    CHECK(m > n && strstr(after, line));
    munmap(page, 4096);
    close(fd);
}

static void *thread(void *arg)
{
    char path[64], name[32], *p;

    prctl(PR_SET_NAME, "second");
    sprintf(path, "/proc/self/task/%ld/comm", syscall(SYS_gettid));
    CHECK(!strcmp(slurp(path), "second\n"));
    CHECK(!strcmp(slurp("/proc/thread-self/comm"), "second\n"));
    sigset_t set;
    sigfillset(&set);
    sigdelset(&set, SIGSEGV);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    sprintf(path, "/proc/self/task/%ld/status", syscall(SYS_gettid));
    slurp(path);
    p = strchr(text, '\n');
    snprintf(name, sizeof(name), "%.*s", (int)(p ? p - text : 0), text);
    CHECK(!strcmp(name, "Name:\tsecond"));
    unsigned long long blocked = status_mask("SigBlk");
    CHECK(!(blocked & (BIT(SIGSEGV) | BIT(SIGKILL))) && blocked & BIT(SIGBUS));
    return NULL;
}

TEST(threads_are_listed)
{
    pthread_t t;

    pthread_create(&t, NULL, thread, NULL);
    pthread_join(t, NULL);
    slurp("/proc/self/status");
    CHECK_EQ(status_mask("SigBlk"), 0);
}

/* Another process of this kind, seen from outside. */
TEST(other_processes_show_their_program)
{
    char mine[PATH_MAX], theirs[PATH_MAX], path[64];
    ssize_t n = readlink("/proc/self/exe", mine, sizeof(mine));
    int go[2];
    pid_t child;

    CHECK_EQ(pipe(go), 0);
    child = fork();
    if (child == 0) {
        char c;

        close(go[1]);
        _exit(read(go[0], &c, 1) != 0);
    }
    sprintf(path, "/proc/%d/exe", child);
    CHECK(readlink(path, theirs, sizeof(theirs)) == n && !memcmp(mine, theirs, n));
    struct stat a, b;
    CHECK(stat(path, &a) == 0 && stat("/proc/self/exe", &b) == 0 && a.st_ino == b.st_ino);
    sprintf(path, "/proc/%d/maps", child);
    slurp(path);
    CHECK(strstr(text, "[stack]\n") && strstr(text, "[vdso]\n"));
    int below = 1;
    for (const char *p = text; *p; p = strchr(p, '\n') + 1)
        below &= strtoull(p, NULL, 16) < TOP;
    CHECK(below);
    sprintf(path, "/proc/%d/status", child);
    for (int tries = 0; tries < 1000 && !strstr(slurp(path), "\nState:\tS"); tries++)
        usleep(1000);
    CHECK(strstr(text, "\nState:\tS") && !strstr(text, "x86"));
    unsigned long long field[60] = {0}, own[60] = {0};
    stat_fields("/proc/self/stat", own);
    sprintf(path, "/proc/%d/stat", child);
    CHECK_EQ(stat_fields(path, field), 52);
    CHECK(field[4] == (unsigned)getpid() && field[23] <= own[23] && field[23] > own[23] / 2);
    sprintf(path, "/proc/%d/cmdline", child);
    CHECK(strstr(slurp(path), "procfs") != NULL);
    close(go[1]);
    waitpid(child, NULL, 0);
    close(go[0]);
}

/* In a chroot without /proc, through a descriptor of it: what a sandbox does to see that nothing is left open. */
static int lists_only_open_descriptors(const char *dir)
{
    int proc = open("/proc", O_RDONLY | O_DIRECTORY), listed = 0;

    if (chroot(dir) < 0 && (unshare(CLONE_NEWUSER) < 0 || chroot(dir) < 0))
        return 77;
    DIR *d = fdopendir(openat(proc, "self/fd", O_RDONLY | O_DIRECTORY));
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') {
            listed++;
            if (fcntl(atoi(e->d_name), F_GETFD) < 0)
                return 1;
        }
    return listed > 2 ? 0 : 2;
}

TEST(descriptors_are_listed_the_same_in_a_chroot)
{
    char dir[] = "/tmp/chroot.XXXXXX";
    CHECK(mkdtemp(dir) != NULL);
    int status = IN_CHILD(lists_only_open_descriptors(dir));

    rmdir(dir);
    if (WEXITSTATUS(status) == 77)
        SKIP("no chroot here");
    CHECK_EQ(status, 0);
}

TEST_MAIN()
