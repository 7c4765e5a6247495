/*
 * The answers of where.h. The maps file is the host's own, /proc/self/maps, of
 * which only guest addresses are ever asked for. A file that is not what it was
 * when it was mapped yields no symbol, or a wrong one.
 */
#include "debug/where.h"

#include <stdio.h>
#include <string.h>

#include "debug/symbols.h"
#include "host/host.h"

/* What is asked of the maps file, and the answer. */
struct wanted {
    uint64_t addr;
    struct where *out;
};

static int parse_line(void *context, const char *line)
{
    struct wanted *want = context;
    struct where *out = want->out;
    unsigned long long start, end, offset;
    int name = 0;
    if (sscanf(line, "%llx-%llx %4s %llx %*s %*s %n", &start, &end, out->perms, &offset, &name) < 4)
        return 0;
    if (want->addr < start || want->addr >= end)
        return 0;
    out->start = start;
    out->end = end;
    out->offset = offset;
    snprintf(out->file, sizeof(out->file), "%s", name ? line + name : "");
    return 1;
}

static bool find_mapping(uint64_t addr, struct where *out)
{
    return host_maps_each(parse_line, &(struct wanted){addr, out}) == 1;
}

static void find_symbol(uint64_t addr, struct where *out)
{
    struct symbols *s = symbols_load(out->file);
    uint64_t linked;
    if (s && symbols_linked(s, addr - out->start + out->offset, &linked)) {
        const char *name = symbols_at(s, linked, &out->into);
        snprintf(out->symbol, sizeof(out->symbol), "%s", name ? name : "");
    }
    symbols_free(s);
}

bool where_is(gva addr, struct where *out)
{
    memset(out, 0, sizeof(*out));
    if (!find_mapping(addr.a, out))
        return false;
    if (out->file[0] == '/')
        find_symbol(addr.a, out);
    return true;
}
