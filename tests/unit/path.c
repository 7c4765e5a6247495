/*
 * The resolver against a sysroot and a "host" directory made for the test:
 * which side a path leads to, where new objects go, and that nothing leaves
 * the guest's root.
 *
 *   DIR/usr/bin/tool, DIR/bin -> usr/bin, DIR/etc/conf, DIR/only/dir/
 *   DIR/abs -> /etc/conf, DIR/up -> ../../../etc/conf, DIR/out -> /proc/self/root/etc
 *   DIR/loop -> loop, DIR/hostlink -> HOST/file (absolute, not in DIR)
 *   HOST/file, HOST/rel -> file, HOST/toetc -> /etc/conf
 */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "kernel/options.h"
#include "kernel/path.h"

static char top[PATH_MAX], dir[PATH_MAX], host[PATH_MAX];
static char answer[2 * PATH_MAX];

static void in(const char *base, const char *name, const char *link)
{
    char path[2 * PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", base, name);
    if (link)
        assert_int_equal(symlink(link, path), 0);
    else if (name[strlen(name) - 1] == '/')
        assert_int_equal(mkdir(path, 0755), 0);
    else
        close(open(path, O_CREAT | O_WRONLY, 0644));
}

static int setup(void **state)
{
    char path[2 * PATH_MAX];
    static struct options o;

    assert_non_null(getcwd(path, sizeof(path)));
    snprintf(top, sizeof(top), "%.4000s/path-XXXXXX", path);
    assert_non_null(mkdtemp(top));
    snprintf(dir, sizeof(dir), "%.4000s/dir", top);
    snprintf(host, sizeof(host), "%.4000s/host", top);
    mkdir(dir, 0755);
    mkdir(host, 0755);
    in(dir, "usr/", NULL);
    in(dir, "usr/bin/", NULL);
    in(dir, "usr/bin/tool", NULL);
    in(dir, "bin", "usr/bin");
    in(dir, "etc/", NULL);
    in(dir, "etc/conf", NULL);
    in(dir, "only/", NULL);
    in(dir, "only/dir/", NULL);
    in(dir, "abs", "/etc/conf");
    in(dir, "up", "../../../etc/conf");
    in(dir, "loop", "loop");
    in(dir, "chain", "abs");
    in(host, "file", NULL);
    in(host, "rel", "file");
    in(host, "toetc", "/etc/conf");
    snprintf(path, sizeof(path), "%s/file", host);
    in(dir, "hostlink", path);
    o.sysroot = dir;
    assert_int_equal(path_init(&o), 0);
    return 0;
}

static int teardown(void **state)
{
    char command[PATH_MAX + 16];

    snprintf(command, sizeof(command), "rm -rf '%s'", top);
    return chdir("/") || system(command);
}

/* "DIR:usr/bin/tool", "HOST:/etc/passwd" (the test's own host directory as "HOST:H/file") or "-2". */
static const char *where_at(int dirfd, const char *name, unsigned how)
{
    struct path p;
    int err = path_resolve_str(&p, dirfd, name, how);
    size_t len = strlen(host);

    if (err < 0)
        snprintf(answer, sizeof(answer), "%d", err);
    else if (p.dirfd != LINUX_AT_FDCWD && p.dirfd != dirfd)
        snprintf(answer, sizeof(answer), "DIR:%s", p.name);
    else if (strncmp(p.name, host, len) == 0)
        snprintf(answer, sizeof(answer), "HOST:H%s", p.name + len);
    else
        snprintf(answer, sizeof(answer), "HOST:%s", p.name);
    return answer;
}

static const char *where(const char *name, unsigned how)
{
    return where_at(LINUX_AT_FDCWD, name, how);
}

static const char *where_host(const char *name, unsigned how)
{
    char path[2 * PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", host, name);
    return where(path, how);
}

#define LEADS(path, how, to) assert_string_equal(where(path, how), to)

static void sysroot_comes_first(void **state)
{
    LEADS("/usr/bin/tool", 0, "DIR:usr/bin/tool");
    LEADS("/etc/conf", 0, "DIR:etc/conf");
    LEADS("//etc///conf", 0, "DIR:etc/conf");
    LEADS("/etc/./conf", 0, "DIR:etc/conf");
    LEADS("/", 0, "DIR:.");
    LEADS("/usr/", 0, "DIR:usr/");
    LEADS("/usr/bin/", 0, "DIR:usr/bin/");
    LEADS("/usr/bin/.", 0, "DIR:usr/bin/");
}

static void host_comes_second(void **state)
{
    assert_string_equal(where_host("file", 0), "HOST:H/file");
    assert_string_equal(where_host("rel", 0), "HOST:H/file");
    assert_string_equal(where_host("rel", PATH_NOFOLLOW), "HOST:H/rel");
    LEADS("/etc/passwd", 0, "HOST:/etc/passwd");
}

static void links_stay_in_the_guest(void **state)
{
    LEADS("/bin/tool", 0, "DIR:usr/bin/tool");
    LEADS("/bin", 0, "DIR:usr/bin");
    LEADS("/bin", PATH_NOFOLLOW, "DIR:bin");
    LEADS("/bin/", PATH_NOFOLLOW, "DIR:usr/bin/");
    LEADS("/abs", 0, "DIR:etc/conf");
    LEADS("/chain", 0, "DIR:etc/conf");
    LEADS("/chain", PATH_NOFOLLOW, "DIR:chain");
    LEADS("/up", 0, "DIR:etc/conf");
    LEADS("/hostlink", 0, where_host("file", 0));
    assert_string_equal(where_host("toetc", 0), "DIR:etc/conf");
    LEADS("/loop", 0, "-40");
    LEADS("/loop", PATH_NOFOLLOW, "DIR:loop");
    LEADS("/loop/x", PATH_NOFOLLOW, "-40");
}

static void dotdot_stops_at_the_root(void **state)
{
    LEADS("/../etc/conf", 0, "DIR:etc/conf");
    LEADS("/../../../../../../etc/conf", 0, "DIR:etc/conf");
    LEADS("/usr/bin/../../etc/conf", 0, "DIR:etc/conf");
    LEADS("/bin/../../etc/conf", 0, "DIR:etc/conf");
    LEADS("/only/..", 0, "DIR:.");
    LEADS("/proc/../etc/conf", 0, "DIR:etc/conf");
    LEADS("/etc/conf/..", 0, "-20");
    LEADS("/etc/conf/../conf", 0, "-20");
}

static void errors_are_the_kernels(void **state)
{
    LEADS("/no/such/thing", 0, "-2");
    LEADS("/etc/nothing-here", 0, "-2");
    LEADS("/etc/conf/x", 0, "-20");
    char *big = malloc(PATH_CAP + 1);
    memset(big, 'a', PATH_CAP);
    big[0] = '/';
    big[PATH_CAP] = '\0';
    LEADS(big, 0, "-36");
    free(big);
}

static void new_objects_go_to_the_host_unless_only_the_sysroot_has_their_directory(void **state)
{
    LEADS("/etc/new", PATH_CREATE, "HOST:/etc/new");
    LEADS("/only/new", PATH_CREATE, "DIR:only/new");
    LEADS("/only/dir/new", PATH_CREATE, "DIR:only/dir/new");
    LEADS("/only/new/", PATH_CREATE, "DIR:only/new/");
    LEADS("/only/nodir/new", PATH_CREATE, "-2");
    LEADS("/newtop", PATH_CREATE, "HOST:/newtop");
    LEADS("/etc/conf", PATH_CREATE, "DIR:etc/conf");
    assert_string_equal(where_host("new", PATH_CREATE), "HOST:H/new");
}

static void proc_dev_and_sys_are_the_hosts(void **state)
{
    LEADS("/dev/null", 0, "HOST:/dev/null");
    LEADS("/proc", 0, "HOST:/proc");
    LEADS("/sys/kernel", 0, "HOST:/sys/kernel");
    LEADS("/proc/1/fd/0", PATH_CREATE, "HOST:/proc/1/fd/0");
    LEADS("/dev/nothing/x", 0, "HOST:/dev/nothing/x");
    LEADS("/proc/sys/..", 0, "HOST:/proc");
    LEADS("/dev/../dev/.", 0, "HOST:/dev/");
    LEADS("/process", PATH_CREATE, "HOST:/process");
}

static void relative_paths_stay_on_their_side(void **state)
{
    char etc[2 * PATH_MAX];

    snprintf(etc, sizeof(etc), "%s/etc", dir);
    int fd = open(etc, O_PATH | O_DIRECTORY);
    assert_string_equal(where_at(fd, "conf", 0), "DIR:etc/conf");
    assert_string_equal(where_at(fd, "new", PATH_CREATE), "DIR:etc/new");
    assert_string_equal(where_at(fd, "../usr/bin/tool", 0), "DIR:usr/bin/tool");
    assert_string_equal(where_at(fd, "../../../../etc/conf", 0), "DIR:etc/conf");
    assert_string_equal(where_at(fd, "../../host/file", 0), "-2");
    close(fd);
    assert_int_equal(chdir(etc), 0);
    LEADS("conf", 0, "DIR:etc/conf");
    LEADS(".", 0, "DIR:etc");
    LEADS("..", 0, "DIR:.");
    assert_int_equal(chdir(host), 0);
    LEADS("file", 0, "HOST:H/file");
    LEADS("new", PATH_CREATE, "HOST:H/new");
    LEADS("toetc", 0, "DIR:etc/conf");
}

static void calls_without_dirfd_get_a_whole_path(void **state)
{
    char want[2 * PATH_MAX];

    snprintf(want, sizeof(want), "HOST:%s/etc/conf", dir);
    LEADS("/etc/conf", PATH_NO_DIRFD, want);
    snprintf(want, sizeof(want), "HOST:%s", dir);
    LEADS("/", PATH_NO_DIRFD, want);
    LEADS("/dev/null", PATH_NO_DIRFD, "HOST:/dev/null");
}

static void host_paths_become_the_guests(void **state)
{
    char path[2 * PATH_MAX];

    snprintf(path, sizeof(path), "%s/etc/conf", dir);
    assert_int_equal(path_to_guest(path), strlen("/etc/conf"));
    assert_string_equal(path, "/etc/conf");
    snprintf(path, sizeof(path), "%s", dir);
    assert_int_equal(path_to_guest(path), 1);
    assert_string_equal(path, "/");
    snprintf(path, sizeof(path), "%s-not/etc", dir);
    size_t len = strlen(path);
    assert_int_equal(path_to_guest(path), len);
}

/* Directories that links of /proc name are walked like all others: a link inside them is the guest's to follow. */
static void magic_links_stay_in_the_guest(void **state)
{
    char cwd[PATH_MAX];

    assert_non_null(getcwd(cwd, sizeof(cwd)));
    assert_int_equal(chdir(dir), 0);
    LEADS("/proc/self/cwd/up", 0, "DIR:etc/conf");
    LEADS("/proc/self/cwd/usr/bin/../../abs", 0, "DIR:etc/conf");
    LEADS("/proc/self/root", 0, "DIR:.");
    LEADS("/proc/self/root/", 0, "DIR:./");
    LEADS("/proc/self/root/etc/conf", 0, "DIR:etc/conf");
    assert_int_equal(chdir(cwd), 0);
}

/* Random paths of pieces that tempt: whatever is found by the sysroot's side lies beneath DIR. */
static void nothing_escapes(void **state)
{
    static const char *const pieces[] = {"..",    ".",  "usr",  "bin",      "etc",  "conf",
                                         "abs",   "up", "loop", "tool",     "only", "dir",
                                         "chain", "",   "...",  "hostlink", "new"};
    char path[PATH_MAX], real[PATH_MAX], link[64];
    struct path p;

    srand(1);
    for (int i = 0; i < 20000; i++) {
        path[0] = '\0';
        for (int n = rand() % 8 + 1; n > 0; n--) {
            strcat(path, "/");
            strcat(path, pieces[rand() % ARRAY_LEN(pieces)]);
        }
        if (path_resolve_str(&p, LINUX_AT_FDCWD, path, rand() % 4) < 0 || p.dirfd == LINUX_AT_FDCWD)
            continue;
        int fd = openat(p.dirfd, p.name, O_PATH | O_NOFOLLOW);
        if (fd < 0)
            continue;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, real, sizeof(real) - 1);
        close(fd);
        assert_true(n > 0);
        real[n] = '\0';
        assert_int_equal(strncmp(real, dir, strlen(dir)), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sysroot_comes_first),
        cmocka_unit_test(host_comes_second),
        cmocka_unit_test(links_stay_in_the_guest),
        cmocka_unit_test(dotdot_stops_at_the_root),
        cmocka_unit_test(errors_are_the_kernels),
        cmocka_unit_test(new_objects_go_to_the_host_unless_only_the_sysroot_has_their_directory),
        cmocka_unit_test(proc_dev_and_sys_are_the_hosts),
        cmocka_unit_test(relative_paths_stay_on_their_side),
        cmocka_unit_test(calls_without_dirfd_get_a_whole_path),
        cmocka_unit_test(host_paths_become_the_guests),
        cmocka_unit_test(magic_links_stay_in_the_guest),
        cmocka_unit_test(nothing_escapes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
