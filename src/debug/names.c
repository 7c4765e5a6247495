/*
 * The answers of names.h, from the host's maps file and the symbol tables of
 * the files mapped there. A file is read when its code is first asked for.
 */
#include "debug/names.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "debug/symbols.h"
#include "host/host.h"

struct file {
    struct file *next;
    struct symbols *symbols; /* NULL: has none */
    const char *base;        /* the name without its directories */
    char path[];
};

/* Executable memory of a file. */
struct module {
    uint64_t start, end, offset;
    struct file *file;
};

static struct {
    struct file *files;
    struct module *module;
    size_t count, room;
    uint64_t changes;
    bool read;
} names;

static struct file *file_of(const char *path)
{
    for (struct file *f = names.files; f; f = f->next)
        if (!strcmp(f->path, path))
            return f;
    struct file *f = mem_alloc(sizeof *f + strlen(path) + 1);
    if (!f)
        return NULL;
    strcpy(f->path, path);
    f->base = strrchr(f->path, '/') + 1;
    f->symbols = symbols_load(path);
    f->next = names.files;
    return names.files = f;
}

static int add_line(void *context, const char *line)
{
    unsigned long long start, end, offset;
    char perms[5];
    int name = 0;
    if (sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, perms, &offset, &name) < 4 ||
        start >= GUEST_MAX || perms[2] != 'x' || !name || line[name] != '/')
        return 0;
    if (names.count == names.room) {
        size_t room = names.room ? 2 * names.room : 64;
        struct module *more = mem_realloc(names.module, room * sizeof *more);
        if (!more)
            return 1;
        names.module = more;
        names.room = room;
    }
    names.module[names.count++] = (struct module){start, end, offset, file_of(line + name)};
    return 0;
}

static const struct module *module_of(uint64_t pc, uint64_t changes)
{
    if (!names.read || names.changes != changes) {
        names.count = 0;
        names.read = true;
        names.changes = changes;
        (void)host_maps_each(add_line, NULL);
    }
    for (size_t i = 0; i < names.count; i++)
        if (pc >= names.module[i].start && pc < names.module[i].end)
            return names.module[i].file ? &names.module[i] : NULL;
    return NULL;
}

static bool linked_at(const struct module *m, uint64_t pc, uint64_t *linked)
{
    return m->file->symbols && symbols_linked(m->file->symbols, pc - m->start + m->offset, linked);
}

void names_of(uint64_t pc, uint64_t changes, char *out, size_t bytes)
{
    const struct module *m = module_of(pc, changes);
    uint64_t linked, into;
    const char *symbol =
        m && linked_at(m, pc, &linked) ? symbols_at(m->file->symbols, linked, &into) : NULL;
    if (symbol)
        snprintf(out, bytes, "%s [%s]", symbol, m->file->base);
    else if (m)
        snprintf(out, bytes, "%s+0x%lx", m->file->base, pc - m->start + m->offset);
    else
        snprintf(out, bytes, "guest_%lx", pc);
}

bool names_match(uint64_t pc, uint64_t end, uint64_t changes, const char *what)
{
    const struct module *m = module_of(pc, changes);
    const char *colon = strchr(what, ':');
    uint64_t linked;
    if (!m || !linked_at(m, pc, &linked))
        return false;
    /* C++ names as they are in the file have no colon. */
    if (colon) {
        size_t len = (size_t)(colon - what);
        if (strlen(m->file->base) != len || memcmp(m->file->base, what, len) != 0)
            return false;
        what = colon + 1;
        if (!*what)
            return true;
    }
    return symbols_overlap(m->file->symbols, linked, linked + (end - pc), what);
}
