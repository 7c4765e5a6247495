/*
 * The answers of where.h. The maps file is the host's own, /proc/self/maps, of
 * which only guest addresses are ever asked for; symbols are the functions and
 * objects of .symtab, or of .dynsym in a stripped file (ELF gABI, chapters
 * "Sections" and "Symbol Table"). A file that is not what it was when it was
 * mapped, or is damaged, yields no symbol; it can do no harm.
 */
#include "debug/where.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "abi/syscalls.h"
#include "base/alloc.h"
#include "host/host.h"

static long open_file(const char *path)
{
    return host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD, (uintptr_t)path,
                        LINUX_O_RDONLY | LINUX_O_CLOEXEC | LINUX_O_NOCTTY, 0, 0, 0);
}

static void close_file(long fd)
{
    host_syscall(LINUX_SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
}

static bool read_at(long fd, void *buf, uint64_t bytes, uint64_t offset)
{
    return host_syscall(LINUX_SYS_pread64, (uint64_t)fd, (uintptr_t)buf, bytes, offset, 0, 0) ==
           (long)bytes;
}

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

/* The address that the file was linked for, of the byte at a file offset. */
static bool linked_address(long fd, const Elf64_Ehdr *h, uint64_t offset, uint64_t *out)
{
    for (unsigned i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr ph;
        if (!read_at(fd, &ph, sizeof(ph), h->e_phoff + (uint64_t)i * sizeof(ph)))
            return false;
        /* The tail of a segment's last page is mapped, too. */
        uint64_t from = page_down(ph.p_offset);
        if (ph.p_type == PT_LOAD && offset >= from && offset < page_up(ph.p_offset + ph.p_filesz)) {
            *out = offset - ph.p_offset + ph.p_vaddr;
            return true;
        }
    }
    return false;
}

/* The last symbol at or below addr in one table; it must reach addr if it has a size. */
static void search_table(long fd, const Elf64_Shdr *symbols, const Elf64_Shdr *strings,
                         uint64_t addr, struct where *out)
{
    enum { BATCH = 256 };
    Elf64_Sym *batch = mem_alloc(BATCH * sizeof(*batch));
    uint64_t count = symbols->sh_size / sizeof(*batch), best = 0, best_name = 0;
    bool found = false;
    for (uint64_t i = 0; batch && i < count; i += BATCH) {
        uint64_t n = count - i < BATCH ? count - i : BATCH;
        if (!read_at(fd, batch, n * sizeof(*batch), symbols->sh_offset + i * sizeof(*batch)))
            break;
        for (const Elf64_Sym *s = batch; s < batch + n; s++) {
            unsigned type = ELF64_ST_TYPE(s->st_info);
            if ((type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE) || !s->st_shndx ||
                s->st_value > addr || (s->st_size && addr - s->st_value >= s->st_size))
                continue;
            /* $x and $d mark code and data for disassemblers; they are nobody's name. */
            char first = 0;
            if (type == STT_NOTYPE &&
                (!read_at(fd, &first, 1, strings->sh_offset + s->st_name) || first == '$'))
                continue;
            if (!found || s->st_value > best) {
                best = s->st_value;
                best_name = s->st_name;
                found = true;
            }
        }
    }
    mem_free(batch);
    if (!found || best_name >= strings->sh_size)
        return;
    uint64_t bytes = strings->sh_size - best_name;
    if (bytes > sizeof(out->symbol) - 1)
        bytes = sizeof(out->symbol) - 1;
    if (!read_at(fd, out->symbol, bytes, strings->sh_offset + best_name))
        bytes = 0;
    out->symbol[bytes] = 0;
    out->into = addr - best;
}

static void find_symbol(uint64_t addr, struct where *out)
{
    Elf64_Ehdr h;
    uint64_t linked;
    long fd = open_file(out->file);
    if (fd < 0)
        return;
    if (read_at(fd, &h, sizeof(h), 0) && !memcmp(h.e_ident, ELFMAG, SELFMAG) &&
        h.e_ident[EI_CLASS] == ELFCLASS64 &&
        linked_address(fd, &h, addr - out->start + out->offset, &linked)) {
        static const uint32_t tables[] = {SHT_SYMTAB, SHT_DYNSYM};
        for (size_t t = 0; t < ARRAY_LEN(tables) && !out->symbol[0]; t++) {
            for (unsigned i = 0; i < h.e_shnum; i++) {
                Elf64_Shdr symbols, strings;
                if (!read_at(fd, &symbols, sizeof(symbols), h.e_shoff + i * sizeof(symbols)))
                    break;
                if (symbols.sh_type == tables[t] && symbols.sh_link < h.e_shnum &&
                    read_at(fd, &strings, sizeof(strings),
                            h.e_shoff + symbols.sh_link * sizeof(strings)))
                    search_table(fd, &symbols, &strings, linked, out);
            }
        }
    }
    close_file(fd);
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
