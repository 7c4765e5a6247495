/*
 * /proc/PID/maps, smaps and numa_maps (proc(5)): the host's own files without
 * what lies above the guest's range. Of the calling process the space knows
 * what the guest asked for, and the names of the areas that we made: one area
 * of the host may be several of the guest's then, and is shown as such. Of
 * another elver process only the host's files and the auxiliary vector can be
 * read.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "kernel/path.h"
#include "kernel/procfs_text.h"
#include "kernel/task.h"

#define NAME_COLUMN 73 /* where Linux starts the name: 25 + 6 * 8 */

/* One line of maps. */
struct area {
    uint64_t start, end, offset;
    char prot[5];
    char device[32]; /* "08:01 1234" */
    char name[PATH_CAP];
};

static bool parse_area(const char *line, const char *line_end, struct area *a)
{
    unsigned long long start, end, offset;
    char major[12], minor[12], inode[24];
    int used = 0;
    size_t len;

    if (sscanf(line, "%llx-%llx %4s %llx %11[0-9a-f]:%11[0-9a-f] %23[0-9]%n", &start, &end, a->prot,
               &offset, major, minor, inode, &used) != 7)
        return false;
    a->start = start;
    a->end = end;
    a->offset = offset;
    if (snprintf(a->device, sizeof(a->device), "%s:%s %s", major, minor, inode) >=
        (int)sizeof(a->device))
        return false;
    for (line += used; line < line_end && *line == ' '; line++)
        ;
    len = line_end - line;
    if (len >= sizeof(a->name))
        return false;
    memcpy(a->name, line, len);
    a->name[len] = '\0';
    return true;
}

static void print_area(struct procfs_text *out, struct area *a)
{
    size_t before = out->len;

    procfs_text_printf(out, "%08llx-%08llx %s %08llx %s", (unsigned long long)a->start,
                       (unsigned long long)a->end, a->prot, (unsigned long long)a->offset,
                       a->device);
    if (a->name[0] == '/')
        path_to_guest(a->name);
    if (a->name[0]) {
        do
            procfs_text_add(out, " ", 1);
        while (!out->failed && out->len - before < NAME_COLUMN);
        procfs_text_add(out, a->name, strlen(a->name));
    } else {
        procfs_text_add(out, " ", 1);
    }
    procfs_text_add(out, "\n", 1);
}

/*
 * The part of the host's area at a->start that is one area of the guest's:
 * cuts a, fills in what the space knows; false: none of it is the guest's.
 */
static bool narrow(struct space *s, struct area *a)
{
    struct mapping m;

    if (!space_next(s, gva_of(a->start), &m) || m.start.a >= a->end)
        return false;
    if (m.start.a > a->start) {
        if (strncmp(a->device, "00:00", 5) != 0)
            a->offset += m.start.a - a->start;
        a->start = m.start.a;
    }
    if (m.start.a + m.len < a->end)
        a->end = m.start.a + m.len;
    a->prot[0] = m.prot & LINUX_PROT_READ ? 'r' : '-';
    a->prot[1] = m.prot & LINUX_PROT_WRITE ? 'w' : '-';
    a->prot[2] = m.prot & LINUX_PROT_EXEC ? 'x' : '-';
    if (m.name)
        snprintf(a->name, sizeof(a->name), "%s", m.name);
    return true;
}

/* Calls back for each area of the guest's in the host's one. rest: the lines after it that belong to it (smaps). */
typedef void show_area(struct procfs_text *out, struct area *part, bool first, const char *rest,
                       size_t rest_bytes);

static void show_parts(struct procfs_text *out, struct area *a, show_area *show, const char *rest,
                       size_t bytes)
{
    struct area part = *a;
    bool first = true;

    while (part.start < a->end && narrow(current->group->space, &part)) {
        uint64_t next = part.end;

        show(out, &part, first, rest, bytes);
        first = false;
        part.offset = strncmp(a->device, "00:00", 5) != 0 ? a->offset + (next - a->start) : 0;
        part.start = next;
        part.end = a->end;
        memcpy(part.prot, a->prot, sizeof(part.prot));
        memcpy(part.name, a->name, sizeof(part.name));
    }
}

static bool is_header(const char *line)
{
    return (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f');
}

/* One entry of a process's auxiliary vector; 0 when it has none or may not be read. */
static uint64_t auxv_value(const struct view *v, uint64_t type)
{
    struct procfs_text auxv = {0};
    uint64_t pair[2], value = 0;
    char path[64];

    procfs_host_path(v, "auxv", path, sizeof(path));
    if (procfs_text_read_file(&auxv, path) == 0)
        for (size_t i = 0; i + sizeof(pair) <= auxv.len; i += sizeof(pair)) {
            memcpy(pair, auxv.p + i, sizeof(pair));
            if (pair[0] == type)
                value = pair[1];
        }
    procfs_text_free(&auxv);
    return value;
}

/* maps or smaps of the host, area by area, as far as the guest's range goes. */
static int show_all(const struct view *v, const char *file, struct procfs_text *out,
                    show_area *show)
{
    struct procfs_text host = {0};
    char path[64], *at, *end, *line, *line_end;
    bool own = procfs_own(v);
    uint64_t vdso;
    struct area a;
    int err;

    if (!own && !procfs_is_elver(v))
        return PROCFS_NATIVE;
    vdso = own ? 0 : auxv_value(v, AT_SYSINFO_EHDR);
    procfs_host_path(v, file, path, sizeof(path));
    err = procfs_text_read_file(&host, path);
    at = host.p;
    end = host.p + host.len;
    while (err == 0 && (line = procfs_text_line(&at, &line_end, end))) {
        char *rest = at;

        while (at < end && !is_header(at))
            if (!procfs_text_line(&at, &(char *){0}, end))
                break;
        if (!parse_area(line, line_end, &a) || a.start >= GUEST_MAX)
            continue;
        if (a.start == vdso && !a.name[0])
            strcpy(a.name, "[vdso]");
        if (own)
            show_parts(out, &a, show, rest, at - rest);
        else
            show(out, &a, true, rest, at - rest);
    }
    procfs_text_free(&host);
    return err;
}

static void show_maps_area(struct procfs_text *out, struct area *part, bool first, const char *rest,
                           size_t rest_bytes)
{
    print_area(out, part);
}

int procfs_maps(const struct view *v, struct procfs_text *out)
{
    return show_all(v, "maps", out, show_maps_area);
}

/*
 * The figures of the host's area go to its first part; the others have their
 * size alone, and their pages are counted with the first.
 */
static void show_smaps_area(struct procfs_text *out, struct area *part, bool first,
                            const char *rest, size_t rest_bytes)
{
    const char *end = rest + rest_bytes, *line, *newline;

    print_area(out, part);
    for (line = rest; line < end && (newline = memchr(line, '\n', end - line));
         line = newline + 1) {
        const char *colon = memchr(line, ':', newline - line);
        int key = colon ? (int)(colon - line) : 0;

        if (strncmp(line, "Size:", 5) == 0)
            procfs_text_printf(out, "Size:           %8llu kB\n",
                               (unsigned long long)(part->end - part->start) / 1024);
        else if (strncmp(line, "VmFlags:", 8) == 0 && part->prot[2] == 'x')
            procfs_text_printf(out, "%.*s ex\n", (int)(newline - line), line);
        else if (first || strncmp(newline - 3, " kB", 3) != 0 ||
                 strncmp(line, "KernelPageSize:", 15) == 0 ||
                 strncmp(line, "MMUPageSize:", 12) == 0)
            procfs_text_add(out, line, newline + 1 - line);
        else
            procfs_text_printf(out, "%.*s:%*d kB\n", key, line, 23 - key, 0);
    }
}

int procfs_smaps(const struct view *v, struct procfs_text *out)
{
    return show_all(v, "smaps", out, show_smaps_area);
}

/* Lines begin with an address; nothing in them is about protection. */
int procfs_numa_maps(const struct view *v, struct procfs_text *out)
{
    struct procfs_text host = {0};
    char path[64], *at, *line, *line_end;
    int err;

    if (!procfs_own(v) && !procfs_is_elver(v))
        return PROCFS_NATIVE;
    procfs_host_path(v, "numa_maps", path, sizeof(path));
    err = procfs_text_read_file(&host, path);
    at = host.p;
    while (err == 0 && (line = procfs_text_line(&at, &line_end, host.p + host.len)))
        if (strtoull(line, NULL, 16) < GUEST_MAX)
            procfs_text_add(out, line, line_end + 1 - line);
    procfs_text_free(&host);
    return err;
}

/* The program headers are in the program's first mapped page: whose file is that? */
long procfs_other_exe(const struct view *v, char *buf, size_t cap)
{
    struct procfs_text maps = {0};
    char path[64], *at, *line, *line_end;
    uint64_t phdr = auxv_value(v, AT_PHDR);
    struct area a;
    int err;

    procfs_host_path(v, "maps", path, sizeof(path));
    err = procfs_text_read_file(&maps, path);
    at = maps.p;
    if (err == 0)
        err = -LINUX_ENOENT;
    while (err == -LINUX_ENOENT && maps.p &&
           (line = procfs_text_line(&at, &line_end, maps.p + maps.len)))
        if (parse_area(line, line_end, &a) && a.start <= phdr && phdr < a.end && a.name[0] == '/')
            err = 0;
    procfs_text_free(&maps);
    if (err < 0)
        return err;
    return snprintf(buf, cap, "%s", a.name);
}

uint64_t procfs_other_bytes(const struct view *v)
{
    struct procfs_text maps = {0};
    char path[64], *at, *line, *line_end;
    uint64_t bytes = 0;
    struct area a;

    procfs_host_path(v, "maps", path, sizeof(path));
    if (procfs_text_read_file(&maps, path) == 0)
        for (at = maps.p; (line = procfs_text_line(&at, &line_end, maps.p + maps.len));)
            if (parse_area(line, line_end, &a) && a.start < GUEST_MAX)
                bytes += a.end - a.start;
    procfs_text_free(&maps);
    return bytes;
}
