/*
 * The answers of symbols.h: program headers and one symbol table, read once,
 * sorted by address (ELF gABI, chapters "Sections" and "Symbol Table"). Every
 * number of the file is checked before it is used.
 */
#include "debug/symbols.h"

#include <elf.h>
#include <string.h>

#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "host/host.h"

enum { PHDRS_MAX = 64, TABLE_MAX = 256 << 20, BACK_MAX = 64 };

struct symbols {
    Elf64_Phdr phdr[PHDRS_MAX];
    unsigned phnum;
    Elf64_Sym *sym; /* sorted by st_value */
    size_t count;
    char *strings;
    size_t string_bytes; /* the last of them is 0 */
};

static bool read_at(long fd, void *buf, uint64_t bytes, uint64_t offset)
{
    return host_syscall(LINUX_SYS_pread64, (uint64_t)fd, (uintptr_t)buf, bytes, offset, 0, 0) ==
           (long)bytes;
}

/* A section's contents with a 0 behind; NULL: not to be had. */
static void *read_section(long fd, const Elf64_Shdr *section)
{
    char *p = section->sh_size < TABLE_MAX ? mem_alloc(section->sh_size + 1) : NULL;
    if (p && read_at(fd, p, section->sh_size, section->sh_offset))
        return p;
    mem_free(p);
    return NULL;
}

static bool find_section(long fd, const Elf64_Ehdr *h, uint32_t type, Elf64_Shdr *out)
{
    for (unsigned i = 0; i < h->e_shnum; i++)
        if (read_at(fd, out, sizeof *out, h->e_shoff + (uint64_t)i * sizeof *out) &&
            out->sh_type == type)
            return true;
    return false;
}

static bool is_named(const struct symbols *s, const Elf64_Sym *sym)
{
    unsigned type = ELF64_ST_TYPE(sym->st_info);
    if (!sym->st_shndx || sym->st_shndx >= SHN_LORESERVE || sym->st_name >= s->string_bytes)
        return false;
    /* $x and $d mark code and data for disassemblers; they are nobody's name. */
    const char *name = s->strings + sym->st_name;
    return type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC ||
           (type == STT_NOTYPE && *name && *name != '$');
}

/* Lets the symbol at `root` of a heap of n sink to its place. */
static void sink(Elf64_Sym *sym, size_t root, size_t n)
{
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && sym[child].st_value < sym[child + 1].st_value)
            child++;
        if (sym[root].st_value >= sym[child].st_value)
            return;
        Elf64_Sym swap = sym[root];
        sym[root] = sym[child];
        sym[child] = swap;
    }
}

/* Heapsort by address: the host libc's qsort allocates. */
static void sort(Elf64_Sym *sym, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sink(sym, i, n);
    while (n > 1) {
        Elf64_Sym last = sym[--n];
        sym[n] = sym[0];
        sym[0] = last;
        sink(sym, 0, n);
    }
}

static void read_symbols(struct symbols *s, long fd, const Elf64_Ehdr *h)
{
    Elf64_Shdr symbols, strings;
    if (!find_section(fd, h, SHT_SYMTAB, &symbols) && !find_section(fd, h, SHT_DYNSYM, &symbols))
        return;
    if (symbols.sh_link >= h->e_shnum ||
        !read_at(fd, &strings, sizeof strings,
                 h->e_shoff + (uint64_t)symbols.sh_link * sizeof strings))
        return;
    s->strings = read_section(fd, &strings);
    s->sym = s->strings ? read_section(fd, &symbols) : NULL;
    if (!s->sym)
        return;
    s->string_bytes = strings.sh_size;
    size_t all = symbols.sh_size / sizeof *s->sym;
    for (size_t i = 0; i < all; i++)
        if (is_named(s, &s->sym[i]))
            s->sym[s->count++] = s->sym[i];
    sort(s->sym, s->count);
}

struct symbols *symbols_load(const char *path)
{
    Elf64_Ehdr h;
    long fd = host_syscall(LINUX_SYS_openat, (uint64_t)LINUX_AT_FDCWD, (uintptr_t)path,
                           LINUX_O_RDONLY | LINUX_O_CLOEXEC | LINUX_O_NOCTTY, 0, 0, 0);
    struct symbols *s = NULL;
    if (fd < 0)
        return NULL;
    if (read_at(fd, &h, sizeof h, 0) && !memcmp(h.e_ident, ELFMAG, SELFMAG) &&
        h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_phnum <= PHDRS_MAX)
        s = mem_alloc(sizeof *s);
    if (s && read_at(fd, s->phdr, h.e_phnum * sizeof s->phdr[0], h.e_phoff)) {
        s->phnum = h.e_phnum;
        read_symbols(s, fd, &h);
    }
    host_syscall(LINUX_SYS_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    return s;
}

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    mem_free(s->sym);
    mem_free(s->strings);
    mem_free(s);
}

bool symbols_linked(const struct symbols *s, uint64_t offset, uint64_t *linked)
{
    for (unsigned i = 0; i < s->phnum; i++) {
        const Elf64_Phdr *p = &s->phdr[i];
        /* The tail of a segment's last page is mapped, too. */
        if (p->p_type == PT_LOAD && offset >= page_down(p->p_offset) &&
            offset < page_up(p->p_offset + p->p_filesz)) {
            *linked = offset - p->p_offset + p->p_vaddr;
            return true;
        }
    }
    return false;
}

/* How many symbols begin at or below an address. */
static size_t count_to(const struct symbols *s, uint64_t linked)
{
    size_t lo = 0, hi = s->count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (s->sym[mid].st_value <= linked)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const char *symbols_at(const struct symbols *s, uint64_t linked, uint64_t *into)
{
    /* A symbol with a size must reach the address; behind it, one around it may. */
    size_t from = count_to(s, linked), to = from > BACK_MAX ? from - BACK_MAX : 0;
    for (size_t i = from; i-- > to;) {
        const Elf64_Sym *sym = &s->sym[i];
        if (!sym->st_size || linked - sym->st_value < sym->st_size) {
            *into = linked - sym->st_value;
            return s->strings + sym->st_name;
        }
    }
    return NULL;
}

bool symbols_overlap(const struct symbols *s, uint64_t linked, uint64_t end, const char *name)
{
    size_t from = count_to(s, end - 1), to = count_to(s, linked);
    to = to > BACK_MAX ? to - BACK_MAX : 0;
    for (size_t i = from; i-- > to;) {
        const Elf64_Sym *sym = &s->sym[i];
        uint64_t size = sym->st_size ? sym->st_size : 1;
        if (sym->st_value + size > linked && !strcmp(s->strings + sym->st_name, name))
            return true;
    }
    return false;
}
