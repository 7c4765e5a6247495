/*
 * Core files: see core.h. The order of the notes and the rules of what memory
 * is written are Linux's (fs/binfmt_elf.c: fill_note_info, fs/coredump.c:
 * vma_dump_size, format_corename). The memory map is the host's smaps below
 * GUEST_MAX, for it knows what was written to (Anonymous) and MADV_DONTDUMP.
 *
 *   | ELF header | program headers | notes | pad to a page | memory, a hole for each page that was never there |
 */
#include "debug/core.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "base/log.h"
#include "kernel/park.h"
#include "kernel/path.h"
#include "kernel/procfs_text.h"
#include "kernel/regset.h"
#include "mm/uaccess.h"

enum {
    FILTER_ANON_PRIVATE = 1,
    FILTER_ANON_SHARED = 2,
    FILTER_FILE_PRIVATE = 4,
    FILTER_FILE_SHARED = 8,
    FILTER_ELF_HEADERS = 16,
    FILTER_DEFAULT = 0x33,
    CHUNK = 64 << 10,
};

/* linux/elfcore.h, on arm64. */
struct prstatus {
    int32_t si_signo, si_code, si_errno;
    int16_t cursig;
    uint64_t sigpend, sighold;
    int32_t pid, ppid, pgrp, sid;
    uint64_t times[8];
    struct linux_user_pt_regs reg;
    int32_t fpvalid;
};

struct prpsinfo {
    char state, sname, zomb, nice;
    uint64_t flag;
    uint32_t uid, gid;
    int32_t pid, ppid, pgrp, sid;
    char fname[16];
    char psargs[80];
};

_Static_assert(sizeof(struct prstatus) == 392 && sizeof(struct prpsinfo) == 136, "elfcore.h");

struct area {
    uint64_t start, end, offset, inode;
    uint64_t anonymous, rss, swap; /* KiB */
    char prot[5];
    bool dont_dump;
    char name[PATH_CAP];
};

struct core {
    int fd;
    uint64_t limit; /* bytes that may still be in the file: RLIMIT_CORE */
    uint32_t filter;
    struct procfs_text smaps, notes, headers, files;
    unsigned loads;
};

static long number(long nr)
{
    return host_syscall(nr, 0, 0, 0, 0, 0, 0);
}

/* ---- the memory map ---- */

static bool parse_header(const char *line, struct area *a)
{
    unsigned long long start, end, offset, inode;
    int used = 0;

    if (sscanf(line, "%llx-%llx %4s %llx %*s %llu%n", &start, &end, a->prot, &offset, &inode,
               &used) != 5)
        return false;
    while (line[used] == ' ')
        used++;
    a->start = start;
    a->end = end;
    a->offset = offset;
    a->inode = inode;
    snprintf(a->name, sizeof(a->name), "%.*s", (int)strcspn(line + used, "\n"), line + used);
    return true;
}

static void parse_detail(const char *line, struct area *a)
{
    unsigned long long kib = 0;

    if (strncmp(line, "VmFlags:", 8) == 0) {
        const char *end = strchr(line, '\n'), *flag = strstr(line, " dd");

        a->dont_dump = flag && (!end || flag < end);
    } else if (sscanf(line, "Anonymous: %llu", &kib) == 1) {
        a->anonymous = kib;
    } else if (sscanf(line, "Rss: %llu", &kib) == 1) {
        a->rss = kib;
    } else if (sscanf(line, "Swap: %llu", &kib) == 1) {
        a->swap = kib;
    }
}

/* The next area of the guest's; *at goes on behind it. */
static bool next_area(struct core *c, char **at, struct area *a)
{
    char *end = c->smaps.p + c->smaps.len, *line, *line_end;
    bool found = false;

    memset(a, 0, sizeof(*a));
    while ((line = *at) < end && (line_end = memchr(line, '\n', end - line))) {
        if (*line >= 'A' && *line <= 'Z') {
            parse_detail(line, a);
        } else {
            if (found)
                break;
            found = parse_header(line, a) && a->end <= GUEST_MAX;
        }
        *at = line_end + 1;
    }
    return found;
}

static bool starts_with_elf(const struct area *a)
{
    char magic[SELFMAG];

    return a->offset == 0 && uaccess_read(magic, gva_of(a->start), sizeof(magic)) == 0 &&
           memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* How much of an area is written. */
static uint64_t dump_bytes(const struct core *c, const struct area *a)
{
    bool shared = a->prot[3] == 's', file = a->inode != 0;
    uint64_t whole = a->end - a->start;

    if (a->dont_dump)
        return 0;
    if (shared)
        return c->filter & (file && a->name[0] == '/' && !strstr(a->name, "(deleted)")
                                ? FILTER_FILE_SHARED
                                : FILTER_ANON_SHARED)
                   ? whole
                   : 0;
    if ((!file || a->anonymous) && c->filter & FILTER_ANON_PRIVATE)
        return whole;
    if (!file)
        return 0;
    if (c->filter & FILTER_FILE_PRIVATE)
        return whole;
    return c->filter & FILTER_ELF_HEADERS && starts_with_elf(a) ? GUEST_PAGE : 0;
}

static uint32_t segment_flags(const struct task *t, const struct area *a)
{
    struct mapping m;

    if (!space_next(t->group->space, gva_of(a->start), &m) || m.start.a > a->start)
        return PF_R;
    return (m.prot & LINUX_PROT_READ ? PF_R : 0) | (m.prot & LINUX_PROT_WRITE ? PF_W : 0) |
           (m.prot & LINUX_PROT_EXEC ? PF_X : 0);
}

/* ---- notes ---- */

static void add_note(struct core *c, const char *name, uint32_t type, const void *desc,
                     size_t bytes)
{
    static const char zero[8];
    Elf64_Nhdr head = {
        .n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = (uint32_t)bytes, .n_type = type};

    procfs_text_add(&c->notes, (const char *)&head, sizeof(head));
    procfs_text_add(&c->notes, name, head.n_namesz);
    procfs_text_add(&c->notes, zero, -head.n_namesz & 3);
    procfs_text_add(&c->notes, desc, bytes);
    procfs_text_add(&c->notes, zero, -bytes & 3);
}

static void add_prstatus(struct core *c, const struct task *t, const struct regset_view *v,
                         const struct linux_siginfo *info)
{
    struct prstatus s = {
        .si_signo = info->si_signo,
        .cursig = (int16_t)info->si_signo,
        .sighold = t->blocked,
        .pid = t->tid,
        .ppid = (int32_t)number(LINUX_SYS_getppid),
        .pgrp = (int32_t)number(LINUX_SYS_getpgid),
        .sid = (int32_t)number(LINUX_SYS_getsid),
        .fpvalid = 1,
    };

    regset_get(v, NT_PRSTATUS, &s.reg);
    add_note(c, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

static void add_psinfo(struct core *c, const struct task *t)
{
    struct prpsinfo p = {
        .sname = 'R',
        .uid = (uint32_t)number(LINUX_SYS_getuid),
        .gid = (uint32_t)number(LINUX_SYS_getgid),
        .pid = (int32_t)number(LINUX_SYS_getpid),
        .ppid = (int32_t)number(LINUX_SYS_getppid),
        .pgrp = (int32_t)number(LINUX_SYS_getpgid),
        .sid = (int32_t)number(LINUX_SYS_getsid),
    };
    const struct image *im = &t->group->image;
    uint64_t bytes = im->arg_end.a - im->arg_start.a;

    host_syscall(LINUX_SYS_prctl, LINUX_PR_GET_NAME, (uint64_t)p.fname, 0, 0, 0, 0);
    if (bytes >= sizeof(p.psargs))
        bytes = sizeof(p.psargs) - 1;
    if (uaccess_read(p.psargs, im->arg_start, bytes) < 0)
        bytes = 0;
    for (uint64_t i = 0; i + 1 < bytes; i++)
        if (!p.psargs[i])
            p.psargs[i] = ' ';
    add_note(c, "CORE", NT_PRPSINFO, &p, sizeof(p));
}

static void add_auxv(struct core *c, const struct task *t)
{
    const struct image *im = &t->group->image;
    void *auxv = mem_alloc(im->auxv_bytes + 1);

    if (auxv && uaccess_read(auxv, im->auxv, im->auxv_bytes) == 0)
        add_note(c, "CORE", NT_AUXV, auxv, im->auxv_bytes);
    mem_free(auxv);
}

/* NT_FILE: how many, page size, then start, end and page offset of each, then their names. */
static void add_files(struct core *c)
{
    struct procfs_text desc = {0}, names = {0};
    struct area *a = mem_alloc(sizeof(*a));
    uint64_t head[2] = {0, GUEST_PAGE};
    char *at = c->smaps.p;

    while (a && next_area(c, &at, a)) {
        uint64_t row[3] = {a->start, a->end, a->offset / GUEST_PAGE};

        if (!a->inode || a->name[0] != '/')
            continue;
        path_to_guest(a->name);
        procfs_text_add(&desc, (const char *)row, sizeof(row));
        procfs_text_add(&names, a->name, strlen(a->name) + 1);
        head[0]++;
    }
    procfs_text_add(&c->files, (const char *)head, sizeof(head));
    procfs_text_add(&c->files, desc.p, desc.len);
    procfs_text_add(&c->files, names.p, names.len);
    if (!c->files.failed)
        add_note(c, "CORE", NT_FILE, c->files.p, c->files.len);
    procfs_text_free(&desc);
    procfs_text_free(&names);
    mem_free(a);
}

static void add_sets(struct core *c, const struct regset_view *v)
{
    static const struct {
        const char *name;
        uint32_t type;
    } sets[] = {{"CORE", NT_PRFPREG},          {"LINUX", NT_ARM_TLS},
                {"LINUX", NT_ARM_HW_BREAK},    {"LINUX", NT_ARM_HW_WATCH},
                {"LINUX", NT_ARM_SYSTEM_CALL}, {"LINUX", NT_ARM_PAC_MASK}};
    uint8_t set[REGSET_BYTES_MAX] __attribute__((aligned(16)));
    size_t unit;

    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        regset_get(v, sets[i].type, set);
        add_note(c, sets[i].name, sets[i].type, set, regset_size(sets[i].type, &unit));
    }
}

/* The one that crashed first, with what is the process' behind its own status. */
static void add_thread(struct core *c, const struct task *t, const struct linux_siginfo *info,
                       bool first)
{
    struct regset_view v = {.cpu = t->cpu, .sys_nr = t->sys_nr};

    add_prstatus(c, t, &v, info);
    if (first) {
        add_psinfo(c, t);
        add_note(c, "CORE", NT_SIGINFO, info, sizeof(*info));
        add_auxv(c, t);
        add_files(c);
    }
    add_sets(c, &v);
}

/* ---- writing ---- */

/* Short at the limit, as Linux cuts a core there. */
static bool put(struct core *c, const void *bytes, size_t len)
{
    if (len > c->limit)
        len = c->limit;
    c->limit -= len;
    for (size_t done = 0; done < len;) {
        long n = host_syscall(LINUX_SYS_write, (uint64_t)c->fd, (uint64_t)bytes + done, len - done,
                              0, 0, 0);

        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return c->limit > 0;
}

static bool leave_hole(struct core *c, uint64_t len)
{
    if (len > c->limit)
        len = c->limit;
    c->limit -= len;
    host_syscall(LINUX_SYS_lseek, (uint64_t)c->fd, len, LINUX_SEEK_CUR, 0, 0, 0);
    return c->limit > 0;
}

static long open_own(const char *name)
{
    return host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)name,
                        LINUX_O_RDONLY | LINUX_O_CLOEXEC, 0, 0, 0);
}

/* Which of up to CHUNK / GUEST_PAGE pages are there; all, when that cannot be told or a file is behind them. */
static uint32_t pages_there(long pagemap, const struct area *a, uint64_t at, unsigned count)
{
    uint64_t entry[CHUNK / GUEST_PAGE];
    uint32_t there = 0;

    if (a->inode || host_syscall(LINUX_SYS_pread64, (uint64_t)pagemap, (uint64_t)entry,
                                 count * 8ull, at / GUEST_PAGE * 8, 0, 0) != (long)count * 8)
        return ~0u;
    for (unsigned i = 0; i < count; i++)
        there |= (uint32_t)(entry[i] >> 62 != 0) << i;
    return there;
}

static bool put_memory(struct core *c, const struct area *a, uint64_t bytes, long mem, long pagemap)
{
    uint8_t page[GUEST_PAGE];

    if (!a->inode && !a->rss && !a->swap)
        return leave_hole(c, bytes);
    for (uint64_t at = a->start; at < a->start + bytes; at += CHUNK) {
        uint64_t left = a->start + bytes - at;
        unsigned count = (unsigned)((left < CHUNK ? left : CHUNK) / GUEST_PAGE);
        uint32_t there = pages_there(pagemap, a, at, count);

        for (unsigned i = 0; i < count; i++) {
            bool good =
                there >> i & 1 && host_syscall(LINUX_SYS_pread64, (uint64_t)mem, (uint64_t)page,
                                               GUEST_PAGE, at + i * GUEST_PAGE, 0, 0) == GUEST_PAGE;

            if (good ? !put(c, page, GUEST_PAGE) : !leave_hole(c, GUEST_PAGE))
                return false;
        }
    }
    return true;
}

static void add_headers(struct core *c, const struct task *t, struct area *a)
{
    uint64_t table = sizeof(Elf64_Ehdr) + (c->loads + 1) * sizeof(Elf64_Phdr);
    uint64_t offset = page_up(table + c->notes.len);
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_AARCH64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(e),
        .e_ehsize = sizeof(e),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (uint16_t)(c->loads + 1),
    };
    Elf64_Phdr p = {.p_type = PT_NOTE, .p_offset = table, .p_filesz = c->notes.len};
    char *at = c->smaps.p;

    procfs_text_add(&c->headers, (const char *)&e, sizeof(e));
    procfs_text_add(&c->headers, (const char *)&p, sizeof(p));
    for (unsigned i = 0; i < c->loads && next_area(c, &at, a); i++) {
        p = (Elf64_Phdr){
            .p_type = PT_LOAD,
            .p_flags = segment_flags(t, a),
            .p_offset = offset,
            .p_vaddr = a->start,
            .p_filesz = dump_bytes(c, a),
            .p_memsz = a->end - a->start,
            .p_align = GUEST_PAGE,
        };
        offset += p.p_filesz;
        procfs_text_add(&c->headers, (const char *)&p, sizeof(p));
    }
}

/* An ELF header counts to 65535; a process with more mappings loses the last ones. */
static unsigned count_areas(struct core *c, struct area *a)
{
    char *at = c->smaps.p;
    unsigned n = 0;

    while (n < PN_XNUM - 1 && next_area(c, &at, a))
        n++;
    return n;
}

static void write_all(struct core *c, struct task *t, struct area *a)
{
    long mem = open_own("/proc/self/mem"), pagemap = open_own("/proc/self/pagemap");
    char *at = c->smaps.p;
    bool room;

    c->loads = count_areas(c, a);
    add_headers(c, t, a);
    if (c->headers.failed || c->notes.failed)
        return;
    room = put(c, c->headers.p, c->headers.len) && put(c, c->notes.p, c->notes.len) &&
           leave_hole(c, -(c->headers.len + c->notes.len) & (GUEST_PAGE - 1));
    for (unsigned i = 0; room && i < c->loads && next_area(c, &at, a); i++)
        room = put_memory(c, a, dump_bytes(c, a), mem, pagemap);
    /* A hole at the end is part of the file. */
    host_syscall(
        LINUX_SYS_ftruncate, (uint64_t)c->fd,
        (uint64_t)host_syscall(LINUX_SYS_lseek, (uint64_t)c->fd, 0, LINUX_SEEK_CUR, 0, 0, 0), 0, 0,
        0, 0);
}

/* ---- name and permission ---- */

static long read_number(const char *path, int base, long otherwise)
{
    struct procfs_text t = {0};
    long n = procfs_text_read_file(&t, path) == 0 ? strtol(t.p, NULL, base) : otherwise;

    procfs_text_free(&t);
    return n;
}

static void add_word(struct procfs_text *out, const char *word)
{
    /* A name has no slash of its own (cn_vprintf). */
    for (; *word; word++)
        procfs_text_add(out, *word == '/' ? "!" : word, 1);
}

static void add_percent(struct procfs_text *out, char what, const struct task *t, int sig)
{
    struct linux_utsname uts = {.nodename = ""};
    char comm[16] = "";
    struct linux_timespec now = {0};

    switch (what) {
    case '%': procfs_text_add(out, "%", 1); return;
    case 'p':
    case 'P': procfs_text_printf(out, "%ld", number(LINUX_SYS_getpid)); return;
    case 'i':
    case 'I': procfs_text_printf(out, "%d", t->tid); return;
    case 'u': procfs_text_printf(out, "%ld", number(LINUX_SYS_getuid)); return;
    case 'g': procfs_text_printf(out, "%ld", number(LINUX_SYS_getgid)); return;
    case 'd': procfs_text_add(out, "1", 1); return;
    case 's': procfs_text_printf(out, "%d", sig); return;
    case 't':
        host_syscall(LINUX_SYS_clock_gettime, LINUX_CLOCK_REALTIME, (uint64_t)&now, 0, 0, 0, 0);
        procfs_text_printf(out, "%lld", (long long)now.tv_sec);
        return;
    case 'h':
        host_syscall(LINUX_SYS_uname, (uint64_t)&uts, 0, 0, 0, 0, 0);
        add_word(out, uts.nodename);
        return;
    case 'e':
        host_syscall(LINUX_SYS_prctl, LINUX_PR_GET_NAME, (uint64_t)comm, 0, 0, 0, 0);
        add_word(out, comm);
        return;
    case 'f': add_word(out, strrchr(t->group->image.path, '/') + 1); return;
    case 'E': add_word(out, t->group->image.path); return;
    default: return;
    }
}

/* The file's name from the core pattern; false: the pattern is a pipe, a socket or nothing. */
static bool make_name(struct procfs_text *out, const struct task *t, int sig)
{
    struct procfs_text pattern = {0};
    bool pid_seen = false;

    if (procfs_text_read_file(&pattern, "/proc/sys/kernel/core_pattern") < 0)
        return false;
    for (const char *p = pattern.p; *p && *p != '\n'; p++) {
        if (*p != '%') {
            procfs_text_add(out, p, 1);
        } else if (*++p) {
            pid_seen |= *p == 'p';
            add_percent(out, *p, t, sig);
        } else {
            break;
        }
    }
    if (!pid_seen && read_number("/proc/sys/kernel/core_uses_pid", 10, 0))
        procfs_text_printf(out, ".%ld", number(LINUX_SYS_getpid));
    bool file = pattern.p[0] && !strchr("|@\n", pattern.p[0]);

    procfs_text_free(&pattern);
    procfs_text_add(out, "", 1);
    return file && !out->failed;
}

static struct linux_rlimit core_limit(void)
{
    struct linux_rlimit limit = {0};

    host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_CORE, 0, (uintptr_t)&limit, 0, 0);
    return limit;
}

/* A file that others may see into or that is none is not written to (coredump_file). */
static long open_core(const char *name)
{
    long fd = host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)name,
                           LINUX_O_CREAT | LINUX_O_RDWR | LINUX_O_NOFOLLOW | LINUX_O_CLOEXEC |
                               LINUX_O_NONBLOCK,
                           0600, 0, 0);
    struct linux_stat st;

    if (fd < 0)
        return fd;
    if (host_syscall(LINUX_SYS_fstat, (uint64_t)fd, (uint64_t)&st, 0, 0, 0, 0) < 0 ||
        (st.st_mode & LINUX_S_IFMT) != LINUX_S_IFREG || st.st_nlink != 1 ||
        host_syscall(LINUX_SYS_ftruncate, (uint64_t)fd, 0, 0, 0, 0, 0) < 0) {
        host_syscall(LINUX_SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
        return -LINUX_EPERM;
    }
    return fd;
}

void core_write(struct task *t, const struct linux_siginfo *info)
{
    struct linux_rlimit limit = core_limit();
    struct procfs_text name = {0};
    struct core c = {.limit = limit.rlim_cur};
    struct area *a = mem_alloc(sizeof(*a));

    if (!(PARK_CORE_SIGNALS & LINUX_SIGMASK(info->si_signo)) || limit.rlim_cur < GUEST_PAGE || !a ||
        host_syscall(LINUX_SYS_prctl, LINUX_PR_GET_DUMPABLE, 0, 0, 0, 0, 0) != 1 ||
        !make_name(&name, t, info->si_signo))
        return;
    park_others(t);
    limit.rlim_cur = 0;
    host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_CORE, (uintptr_t)&limit, 0, 0, 0);
    c.filter = (uint32_t)read_number("/proc/self/coredump_filter", 16, FILTER_DEFAULT);
    if (procfs_text_read_file(&c.smaps, "/proc/self/smaps") < 0)
        return;
    c.fd = (int)open_core(name.p);
    if (c.fd < 0) {
        log_line("core file %s: error %d", name.p, -c.fd);
        return;
    }
    add_thread(&c, t, info, true);
    for (struct task *other = t->group->tasks; other; other = other->next)
        if (other != t && other->tid)
            add_thread(&c, other, info, false);
    write_all(&c, t, a);
    host_syscall(LINUX_SYS_close, (uint64_t)c.fd, 0, 0, 0, 0, 0);
}
