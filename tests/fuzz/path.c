/*
 * kernel/path with --sysroot-only: no name leads out of the sysroot, whatever
 * links, dots and views of /proc are on its way; the machine's own files are
 * seen through /proc, /dev and /sys alone. Each byte of an input is a piece of
 * a name.
 *
 *   DIR/usr/bin/tool, DIR/bin -> usr/bin, DIR/abs -> /usr/bin, DIR/up -> ../../../etc,
 *   DIR/loop -> loop, DIR/etc/self -> /proc/self/cwd, DIR/usr/out -> MACHINE'S OWN DIRECTORY
 */
#include "fuzz/guest.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/options.h"
#include "kernel/path.h"

static char dir[64], outside[64];
static int inner, remove_at_end;

static void make_link(const char *to, const char *name)
{
    FUZZ_CHECK(symlinkat(to, inner, name) == 0);
}

static void remove_all(void)
{
    char command[256];

    /* A child of the fuzzer does not tidy up for its parent. */
    if (getpid() != remove_at_end)
        return;
    snprintf(command, sizeof(command), "rm -rf '%s' '%s'", dir, outside);
    (void)!system(command);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct options o = {.sysroot = dir, .sysroot_only = true};

    strcpy(dir, "/tmp/fuzz-path-in-XXXXXX");
    strcpy(outside, "/tmp/fuzz-path-out-XXXXXX");
    FUZZ_CHECK(mkdtemp(dir) && mkdtemp(outside));
    remove_at_end = getpid();
    atexit(remove_all);
    inner = dup2(open(dir, O_PATH | O_DIRECTORY), 100);
    FUZZ_CHECK(mkdirat(inner, "usr", 0755) == 0 && mkdirat(inner, "usr/bin", 0755) == 0 &&
               mkdirat(inner, "etc", 0755) == 0);
    close(openat(inner, "usr/bin/tool", O_CREAT | O_WRONLY, 0755));
    make_link("usr/bin", "bin");
    make_link("/usr/bin", "abs");
    make_link("../../../etc", "up");
    make_link("loop", "loop");
    make_link("/proc/self/cwd", "etc/self");
    make_link(outside, "usr/out");
    FUZZ_CHECK(chdir(dir) == 0);
    FUZZ_CHECK(path_init(&o) == 0);
    guest_task(&o);
    return 0;
}

static const char *const pieces[] = {
    "/",    "/",      "/",           "..",   "..",        "usr", "bin",  "abs",  "up",
    "loop", "etc",    "self",        "out",  "tool",      ".",   "proc", "self", "root",
    "fd",   "100",    "cwd",         "exe",  "task",      "dev", "x",    "tmp",  "thread-",
    "0",    "/../..", "/proc/self/", "sys/", "/dev/fd/0", "1",   "map_", "files"};

static void spell(char *name, size_t room, const uint8_t *data, size_t bytes)
{
    size_t used = 0;

    for (size_t i = 0; i < bytes; i++) {
        const char *piece = pieces[data[i] % (sizeof(pieces) / sizeof(*pieces))];

        if (used + strlen(piece) + 1 >= room)
            break;
        strcpy(name + used, piece);
        used += strlen(piece);
    }
    name[used] = 0;
}

static bool below(const char *path, const char *top)
{
    size_t len = strlen(top);

    return strncmp(path, top, len) == 0 && (path[len] == 0 || path[len] == '/');
}

/* Where the host comes to, told by the name of what it opened. */
static bool leads_outside(const struct path *p, const char *name, unsigned how)
{
    char link[64], real[PATH_MAX];
    int fd = openat(p->dirfd, p->name, O_PATH | O_CLOEXEC | (how & PATH_NOFOLLOW ? O_NOFOLLOW : 0));

    if (fd < 0)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, real, sizeof(real) - 1);
    close(fd);
    if (n <= 0)
        return false;
    real[n] = 0;
    if (real[0] != '/' || below(real, dir) || below(real, "/proc") || below(real, "/dev") ||
        below(real, "/sys"))
        return false;
    fprintf(stderr, "'%s' (how %u) leads to %s by '%s'\n", name, how, real, p->name);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static char name[PATH_CAP + 64];
    struct path p;

    if (bytes < 1)
        return 0;
    unsigned how = data[0] % 8 & ~PATH_NO_DIRFD;
    int from = data[0] & 8 ? inner : AT_FDCWD;
    spell(name, sizeof(name), data + 1, bytes - 1);
    if (path_resolve_str(&p, from, name, how) < 0)
        return 0;
    FUZZ_CHECK(p.name && (p.name != p.buf || memchr(p.buf, 0, sizeof(p.buf))));
    if (p.view.kind == VIEW_NONE)
        FUZZ_CHECK(!leads_outside(&p, name, how));
    return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *to, size_t room)
{
    static const char *const names[] = {"/usr/bin/tool",
                                        "/../../etc/self/usr",
                                        "/proc/self/cwd/up",
                                        "abs/../out",
                                        "/usr/out",
                                        "../../..",
                                        "loop",
                                        "/proc/self/root/tmp",
                                        "/proc/self/exe"};
    size_t used = 1;

    if (n >= sizeof(names) / sizeof(*names) || room < 64)
        return 0;
    to[0] = 0;
    for (const char *at = names[n]; *at;) {
        size_t best = 0;
        unsigned which = 0;

        for (unsigned i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
            size_t len = strlen(pieces[i]);

            if (len > best && strncmp(at, pieces[i], len) == 0) {
                best = len;
                which = i;
            }
        }
        FUZZ_CHECK(best);
        to[used++] = (uint8_t)which;
        at += best;
    }
    return used;
}
