/*
 * /proc/PID/stat and status, /proc/cpuinfo (proc(5)): the host's lines, with
 * the fields that would tell of the runtime put right. Of another elver
 * process that is its size; what it does with signals only itself knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "a64/model.h"
#include "abi/errno.h"
#include "abi/signal.h"
#include "kernel/procfs_text.h"
#include "kernel/task.h"

/* What the guest's own mappings of a process of ours add up to. */
static unsigned long long guest_bytes(const struct view *v, bool own)
{
    struct mapping m = {0};
    uint64_t bytes = 0;

    if (!own)
        return procfs_other_bytes(v);
    for (gva at = {0}; space_next(current->group->space, at, &m); at = gva_add(m.start, m.len))
        bytes += m.len;
    return bytes;
}

struct masks {
    uint64_t blocked, ignored, caught;
};

/* Signals as the guest set them: of the synchronous ones the host knows only the runtime's handlers. */
static struct masks guest_masks(const struct view *v)
{
    struct group *g = current->group;
    struct sighand *s = g->sighand;
    struct masks m = {.blocked = current->blocked};

    lock_acquire(&g->lock);
    for (struct task *t = g->tasks; t; t = t->next)
        if (t->tid == (v->tid ? v->tid : v->pid))
            m.blocked = t->blocked;
    lock_release(&g->lock);
    lock_acquire(&s->lock);
    for (int sig = 1; sig <= LINUX_NSIG; sig++) {
        if (s->action[sig].handler == LINUX_SIG_IGN)
            m.ignored |= LINUX_SIGMASK(sig);
        else if (s->action[sig].handler != LINUX_SIG_DFL)
            m.caught |= LINUX_SIGMASK(sig);
    }
    lock_release(&s->lock);
    return m;
}

static int read_host(const struct view *v, const char *name, struct procfs_text *host)
{
    char path[64];

    procfs_host_path(v, name, path, sizeof(path));
    return procfs_text_read_file(host, path);
}

/* Fields of stat, counted from 1; the signal sets are cut to 31 bits there, as Linux does. */
enum { STAT_COMM = 2, STAT_VSIZE = 23, STAT_BLOCKED = 32, STAT_IGNORED = 33, STAT_CAUGHT = 34 };

int procfs_stat(const struct view *v, struct procfs_text *out)
{
    struct procfs_text host = {0};
    bool own = procfs_own(v);
    struct masks m = own ? guest_masks(v) : (struct masks){0};
    char *at, *paren;
    int err;

    if (!own && !procfs_is_elver(v))
        return PROCFS_NATIVE;
    err = read_host(v, "stat", &host);
    paren = err == 0 ? strrchr(host.p, ')') : NULL;
    if (!paren) {
        procfs_text_free(&host);
        return err < 0 ? err : PROCFS_NATIVE;
    }
    procfs_text_add(out, host.p, paren + 1 - host.p);
    at = paren + 1;
    for (int field = STAT_COMM + 1; *at == ' '; field++) {
        size_t len = 1 + strcspn(at + 1, " \n");

        if (field == STAT_VSIZE)
            procfs_text_printf(out, " %llu", guest_bytes(v, own));
        else if (own && field == STAT_BLOCKED)
            procfs_text_printf(out, " %llu", (unsigned long long)m.blocked & 0x7fffffff);
        else if (own && field == STAT_IGNORED)
            procfs_text_printf(out, " %llu", (unsigned long long)m.ignored & 0x7fffffff);
        else if (own && field == STAT_CAUGHT)
            procfs_text_printf(out, " %llu", (unsigned long long)m.caught & 0x7fffffff);
        else
            procfs_text_add(out, at, len);
        at += len;
    }
    procfs_text_add(out, "\n", 1);
    procfs_text_free(&host);
    return 0;
}

/* size resident shared text lib data dt, in pages: the size is the guest's own, and of this process the text. */
int procfs_statm(const struct view *v, struct procfs_text *out)
{
    const struct image *im = &current->group->image;
    unsigned long long resident, shared, text, data;
    struct procfs_text host = {0};
    bool own = procfs_own(v);
    int err;

    if (!own && !procfs_is_elver(v))
        return PROCFS_NATIVE;
    err = read_host(v, "statm", &host);
    if (err == 0 &&
        sscanf(host.p, "%*u %llu %llu %llu %*u %llu", &resident, &shared, &text, &data) != 4)
        err = PROCFS_NATIVE;
    if (own)
        text = (page_up(im->end_code.a) - page_down(im->start_code.a)) / GUEST_PAGE;
    if (err == 0)
        procfs_text_printf(out, "%llu %llu %llu %llu 0 %llu 0\n", guest_bytes(v, own) / GUEST_PAGE,
                           resident, shared, text, data);
    procfs_text_free(&host);
    return err;
}

int procfs_status(const struct view *v, struct procfs_text *out)
{
    struct procfs_text host = {0};
    char *at, *line, *line_end;
    bool own = procfs_own(v), ours = own || procfs_is_elver(v);
    struct masks m = own ? guest_masks(v) : (struct masks){0};
    int err = read_host(v, "status", &host);

    at = host.p;
    while (err == 0 && (line = procfs_text_line(&at, &line_end, host.p + host.len))) {
        size_t key = strcspn(line, ":");

        if (strncmp(line, "x86_", 4) == 0)
            continue;
        if (ours && key == 6 && strncmp(line, "VmSize", key) == 0)
            procfs_text_printf(out, "VmSize:\t%8llu kB\n", guest_bytes(v, own) / 1024);
        else if (own && key == 6 && strncmp(line, "SigBlk", key) == 0)
            procfs_text_printf(out, "SigBlk:\t%016llx\n", (unsigned long long)m.blocked);
        else if (own && key == 6 && strncmp(line, "SigIgn", key) == 0)
            procfs_text_printf(out, "SigIgn:\t%016llx\n", (unsigned long long)m.ignored);
        else if (own && key == 6 && strncmp(line, "SigCgt", key) == 0)
            procfs_text_printf(out, "SigCgt:\t%016llx\n", (unsigned long long)m.caught);
        else if (own && key == 7 && strncmp(line, "Seccomp", key) == 0)
            procfs_text_printf(out, "Seccomp:\t%d\n", current->seccomp.mode);
        else
            procfs_text_add(out, line, line_end + 1 - line);
    }
    procfs_text_free(&host);
    return err;
}

/* One block for each processor that the host has on line, under its number. */
int procfs_cpuinfo(const struct view *v, struct procfs_text *out)
{
    struct procfs_text host = {0};
    char *at, *line, *line_end, block[4096];
    int err = procfs_text_read_file(&host, "/proc/cpuinfo");

    at = host.p;
    while (err == 0 && (line = procfs_text_line(&at, &line_end, host.p + host.len))) {
        char *number = memchr(line, ':', line_end - line);
        int n;

        if (strncmp(line, "processor", 9) != 0 || !number)
            continue;
        n = model_cpuinfo(current->cpu.model, (unsigned)strtoul(number + 1, NULL, 10), block,
                          sizeof(block));
        if (n > 0 && n < (int)sizeof(block))
            procfs_text_add(out, block, n);
    }
    procfs_text_free(&host);
    return err;
}
