/*
 * `elver doctor`: see doctor.h. First the machine, then a program: how it is
 * loaded, and each library that its DT_NEEDED entries ask for, looked for
 * where ld.so(8) looks, through the same resolver as the guest's own opens.
 */
#include "debug/doctor.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/platform/x86.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "host/host.h"
#include "kernel/path.h"
#include "kernel/program.h"

#define LIBRARIES_MAX 512
#define STRINGS_MAX (16u << 20)
#define SMALL_FILE 4096

struct examination {
    int missing;
    unsigned count;
    char *name[LIBRARIES_MAX];
};

static void say(const char *fmt, ...) printf_like(1, 2);
static void say(const char *fmt, ...)
{
    char line[PATH_CAP + 256];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n > 0)
        host_syscall(LINUX_SYS_write, 1, (uintptr_t)line,
                     n < (int)sizeof(line) ? n : (int)sizeof(line) - 1, 0, 0, 0);
}

static void close_fd(long fd)
{
    host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
}

/* ---- the machine ---- */

/* The first line of a small file of the host; "" when it cannot be read. */
static void read_line(const char *path, char *buf, size_t cap)
{
    long fd = host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)path,
                           LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0, 0, 0);
    long n = fd < 0 ? 0 : host_syscall(LINUX_SYS_read, fd, (uintptr_t)buf, cap - 1, 0, 0, 0);

    buf[n > 0 ? n : 0] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    if (fd >= 0)
        close_fd(fd);
}

static int examine_machine(void)
{
    char release[SMALL_FILE], min_addr[SMALL_FILE], legacy[SMALL_FILE], bits[SMALL_FILE];
    bool v3 = CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(BMI2) && CPU_FEATURE_ACTIVE(FMA);
    int bad = 0;

    read_line("/proc/sys/kernel/osrelease", release, sizeof(release));
    read_line("/proc/sys/vm/mmap_min_addr", min_addr, sizeof(min_addr));
    read_line("/proc/sys/vm/legacy_va_layout", legacy, sizeof(legacy));
    read_line("/proc/sys/vm/mmap_rnd_bits", bits, sizeof(bits));
    say("elver        %s\n", ELVER_VERSION);
    if (!release[0]) {
        say("host         /proc is not mounted here: the guest's /proc/self views and deleted "
            "programs are not served\n");
        bad++;
    } else {
        say("host         Linux %s, mmap_rnd_bits %s\n", release, bits[0] ? bits : "unknown");
    }
    say("processor    AVX2, BMI2 and FMA: %s%s\n",
        v3 ? "present" : "not all present, so the interpreter runs guest code",
        v3 && CPU_FEATURE_ACTIVE(AVX512VL) ? "; AVX-512VL too" : "");
    if (strcmp(legacy, "1") == 0) {
        say("layout       vm.legacy_va_layout is 1, and elver's place is taken: sysctl -w "
            "vm.legacy_va_layout=0\n");
        bad++;
    }
    say("addresses    lowest mapping %s (a guest that maps lower needs vm.mmap_min_addr)\n",
        min_addr[0] ? min_addr : "unknown");
    return bad;
}

static void examine_calls(void)
{
    char line[SMALL_FILE];
    size_t used = 0;

    line[0] = '\0';
    for (int nr = 0; nr < LINUX_SYS_COUNT; nr++)
        if (syscall_rows[nr].way == WAY_NOSYS && used < sizeof(line))
            used += snprintf(line + used, sizeof(line) - used, "%s%s", used ? ", " : "",
                             syscall_rows[nr].name);
    say("not served   system calls that answer ENOSYS: %s\n", used ? line : "none");
}

/* ---- libraries ---- */

static bool known(struct examination *x, const char *name)
{
    for (unsigned i = 0; i < x->count; i++)
        if (strcmp(x->name[i], name) == 0)
            return true;
    return false;
}

/* Opens name in one directory of the guest's, if it is an arm64 library there. */
static long open_library(const char *dir, size_t dir_len, const char *name, struct elf_file *e)
{
    char text[PATH_CAP];
    struct path path;
    long fd;

    if (snprintf(text, sizeof(text), "%.*s%s%s", (int)dir_len, dir, dir_len ? "/" : "", name) >=
            (int)sizeof(text) ||
        path_resolve_str(&path, LINUX_AT_FDCWD, text, PATH_FOLLOW) < 0)
        return -LINUX_ENOENT;
    fd = host_syscall(LINUX_SYS_openat, path.dirfd, (uintptr_t)path.name,
                      LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0, 0, 0);
    if (fd >= 0 && elf_read(e, (int)fd, ELF_INTERPRETER) < 0) {
        close_fd(fd);
        return -LINUX_ENOENT;
    }
    return fd;
}

static long open_in_list(const char *list, const char *name, struct elf_file *e)
{
    while (list && *list) {
        size_t len = strcspn(list, ":");
        long fd = len ? open_library(list, len, name, e) : -LINUX_ENOENT;

        if (fd >= 0)
            return fd;
        list += len + (list[len] == ':');
    }
    return -LINUX_ENOENT;
}

static bool file_offset(const struct elf_file *e, uint64_t vaddr, uint64_t *offset)
{
    for (int i = 0; i < e->phnum; i++) {
        const Elf64_Phdr *p = &e->phdr[i];

        if (p->p_type == PT_LOAD && vaddr >= p->p_vaddr && vaddr - p->p_vaddr < p->p_filesz) {
            *offset = vaddr - p->p_vaddr + p->p_offset;
            return true;
        }
    }
    return false;
}

/* A piece of a file in the heap with a NUL behind it, or NULL. */
static void *read_piece(int fd, uint64_t offset, uint64_t bytes)
{
    char *p = bytes <= STRINGS_MAX ? mem_alloc(bytes + 1) : NULL;

    if (p &&
        host_syscall(LINUX_SYS_pread64, fd, (uintptr_t)p, bytes, offset, 0, 0) != (long)bytes) {
        mem_free(p);
        return NULL;
    }
    return p;
}

struct dynamic {
    Elf64_Dyn *entry;
    size_t count;
    char *strings;
    uint64_t strings_bytes;
};

static uint64_t dynamic_value(const struct dynamic *d, int64_t tag, uint64_t none)
{
    for (size_t i = 0; i < d->count && d->entry[i].d_tag != DT_NULL; i++)
        if (d->entry[i].d_tag == tag)
            return d->entry[i].d_un.d_val;
    return none;
}

static const char *dynamic_string(const struct dynamic *d, uint64_t at)
{
    return at < d->strings_bytes ? d->strings + at : NULL;
}

static bool read_dynamic(struct dynamic *d, const struct elf_file *e, int fd)
{
    uint64_t offset;

    memset(d, 0, sizeof(*d));
    for (int i = 0; i < e->phnum; i++)
        if (e->phdr[i].p_type == PT_DYNAMIC && !d->entry) {
            d->entry = read_piece(fd, e->phdr[i].p_offset, e->phdr[i].p_filesz);
            d->count = e->phdr[i].p_filesz / sizeof(Elf64_Dyn);
        }
    if (!d->entry)
        return false;
    d->strings_bytes = dynamic_value(d, DT_STRSZ, 0);
    if (file_offset(e, dynamic_value(d, DT_STRTAB, 0), &offset))
        d->strings = read_piece(fd, offset, d->strings_bytes);
    if (!d->strings)
        mem_free(d->entry);
    return d->strings != NULL;
}

static void examine_needed(struct examination *x, const struct elf_file *e, int fd,
                           const char *who);

static void examine_library(struct examination *x, const char *name, const char *runpath,
                            const char *who)
{
    static const char usual[] =
        "/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib:"
        "/usr/local/lib/aarch64-linux-gnu:/usr/local/lib";
    struct elf_file e;
    long fd;

    if (known(x, name) || x->count == LIBRARIES_MAX)
        return;
    x->name[x->count] = mem_strdup(name);
    if (!x->name[x->count])
        return;
    x->count++;
    fd = strchr(name, '/') ? open_library("", 0, name, &e) : open_in_list(runpath, name, &e);
    if (fd < 0)
        fd = open_in_list(usual, name, &e);
    if (fd < 0) {
        say("library      %s, needed by %s: missing\n", name, who);
        x->missing++;
        return;
    }
    say("library      %s: found\n", name);
    examine_needed(x, &e, (int)fd, name);
    elf_free(&e);
    close_fd(fd);
}

static void examine_needed(struct examination *x, const struct elf_file *e, int fd, const char *who)
{
    struct dynamic d;
    const char *runpath;

    if (!read_dynamic(&d, e, fd))
        return;
    runpath =
        dynamic_string(&d, dynamic_value(&d, DT_RUNPATH, dynamic_value(&d, DT_RPATH, UINT64_MAX)));
    for (size_t i = 0; i < d.count && d.entry[i].d_tag != DT_NULL; i++) {
        const char *name =
            d.entry[i].d_tag == DT_NEEDED ? dynamic_string(&d, d.entry[i].d_un.d_val) : NULL;

        if (name && *name)
            examine_library(x, name, runpath, who);
    }
    mem_free(d.entry);
    mem_free(d.strings);
}

/* ---- the program ---- */

static void advise(const struct options *o)
{
    say("to mend it   give an arm64 system's directory: elver --sysroot DIR ...\n"
        "             a whole one: mmdebstrap --arch=arm64 --variant=minbase trixie DIR\n"
        "             the C library alone: apt-get install libc6-arm64-cross; --sysroot "
        "/usr/aarch64-linux-gnu%s%s\n",
        o->sysroot ? "\n             in use now: --sysroot " : "", o->sysroot ? o->sysroot : "");
}

static int examine_program(const struct options *o, const char *name)
{
    struct examination x = {0};
    struct program p;
    int err = program_find(&p, LINUX_AT_FDCWD, name, 0);

    if (err < 0) {
        say("program      %s: %s%s%s\n", name, p.exe, p.exe[0] ? ": " : "", errno_sentence(-err));
        if (err == -LINUX_ENOENT && p.exe[0])
            advise(o);
        return 1;
    }
    if (p.for_host) {
        say("program      %s is not an arm64 program: the host kernel executes it\n", name);
        return 0;
    }
    say("program      %s: arm64, %s%s%s\n", p.exe,
        p.elf.type == ET_EXEC ? "fixed address" : "position-independent",
        p.elf.interp ? ", interpreter " : ", static", p.elf.interp ? p.elf.interp : "");
    if (p.elf.interp)
        examine_needed(&x, &p.elf, p.fd, name);
    program_release(&p);
    if (x.missing)
        advise(o);
    else
        say("result       nothing is missing\n");
    for (unsigned i = 0; i < x.count; i++)
        mem_free(x.name[i]);
    return x.missing ? 1 : 0;
}

int doctor_run(const struct options *o, const char *program)
{
    int bad = examine_machine();

    examine_calls();
    if (program)
        bad += examine_program(o, program);
    return bad ? 1 : 0;
}
