/*
 * ELF files: see elf.h. Everything that can be known from the file is checked
 * by elf_read, which exec calls while the old program can still be told of
 * an error; elf_map then fails only for want of memory. Sums of the file's
 * numbers are made after their terms are known to be below GUEST_MAX.
 *
 * Refused although Linux tries it (and kills the program for it): segments
 * whose bytes overlap, and addresses beyond the guest's range.
 */
#include "kernel/elf.h"

#include <string.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "host/host.h"
#include "mm/uaccess.h"

#define PHDRS_MAX_BYTES 65536
#define INTERP_MAX 4096

/* A range this large is tried on the host before the old program is given up. */
#define PROBE_BYTES (1ull << 30)

enum elf_kind elf_identify(const void *head, size_t bytes)
{
    const Elf64_Ehdr *h = head;

    if (bytes < SELFMAG || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return ELF_NONE;
    if (bytes < sizeof(*h) || h->e_machine != EM_AARCH64)
        return ELF_FOREIGN;
    return ELF_ARM64;
}

/* Exactly `bytes` at `offset`: 0, -LINUX_EIO for a short file, or the read's error. */
static int read_at(int fd, void *buf, size_t bytes, uint64_t offset)
{
    long n = host_syscall(LINUX_SYS_pread64, fd, (uintptr_t)buf, bytes, offset, 0, 0);

    if (n < 0)
        return (int)n;
    return (size_t)n == bytes ? 0 : -LINUX_EIO;
}

static int read_header(int fd, Elf64_Ehdr *h, enum elf_role role)
{
    int bad = role == ELF_INTERPRETER ? -LINUX_ELIBBAD : -LINUX_ENOEXEC;
    int err = read_at(fd, h, sizeof(*h), 0);

    if (err == -LINUX_EIO)
        return role == ELF_INTERPRETER ? -LINUX_EIO : -LINUX_ENOEXEC;
    if (err < 0)
        return err;
    if (elf_identify(h, sizeof(*h)) != ELF_ARM64 || h->e_ident[EI_CLASS] != ELFCLASS64 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB || (h->e_type != ET_EXEC && h->e_type != ET_DYN))
        return bad;
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 ||
        h->e_phnum * sizeof(Elf64_Phdr) > PHDRS_MAX_BYTES)
        return bad;
    return 0;
}

static int read_interp(struct elf_file *e, int fd, const Elf64_Phdr *p)
{
    int err;

    if (p->p_filesz < 2 || p->p_filesz > INTERP_MAX)
        return -LINUX_ENOEXEC;
    e->interp = mem_alloc(p->p_filesz);
    if (!e->interp)
        return -LINUX_ENOMEM;
    err = read_at(fd, e->interp, p->p_filesz, p->p_offset);
    if (err < 0)
        return err;
    return e->interp[p->p_filesz - 1] == '\0' ? 0 : -LINUX_ENOEXEC;
}

/* The bytes between the end of a segment's file data and the end of that page are cleared: they must be there. */
static int check_tail(const Elf64_Phdr *p, uint64_t file_bytes)
{
    uint64_t end = p->p_offset + p->p_filesz;

    if (p->p_filesz == 0 || p->p_memsz == p->p_filesz || !(p->p_flags & PF_W) ||
        end % GUEST_PAGE == 0)
        return 0;
    return page_down(end) < file_bytes ? 0 : -LINUX_EFAULT;
}

static int check_segment(const Elf64_Phdr *p, enum elf_role role)
{
    if (p->p_filesz > p->p_memsz || p->p_memsz > GUEST_MAX || p->p_vaddr > GUEST_MAX - p->p_memsz)
        return role == ELF_INTERPRETER ? -LINUX_ENOMEM : -LINUX_EINVAL;
    if (p->p_offset > INT64_MAX - GUEST_PAGE - p->p_filesz)
        return -LINUX_EINVAL;
    if (p->p_filesz && (p->p_vaddr - p->p_offset) % GUEST_PAGE)
        return -LINUX_EINVAL;
    return 0;
}

static bool bytes_overlap(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
    return a->p_memsz && b->p_memsz && a->p_vaddr < b->p_vaddr + b->p_memsz &&
           b->p_vaddr < a->p_vaddr + a->p_memsz;
}

/* Segments come in ascending order in every file a linker makes, so this is one comparison for each. */
static int check_overlap(const struct elf_file *e)
{
    const Elf64_Phdr *highest = NULL;

    for (int i = 0; i < e->phnum; i++) {
        const Elf64_Phdr *p = &e->phdr[i];

        if (p->p_type != PT_LOAD || p->p_memsz == 0)
            continue;
        if (!highest || p->p_vaddr >= highest->p_vaddr + highest->p_memsz) {
            highest = p;
            continue;
        }
        for (int j = 0; j < i; j++)
            if (e->phdr[j].p_type == PT_LOAD && bytes_overlap(p, &e->phdr[j]))
                return -LINUX_EINVAL;
    }
    return 0;
}

/* Would the host give this much? What it refuses is better known before exec's point of no return. */
static int probe_memory(uint64_t bytes)
{
    long at;

    if (bytes < PROBE_BYTES)
        return 0;
    at = host_syscall(LINUX_SYS_mmap, 0, bytes, LINUX_PROT_READ | LINUX_PROT_WRITE,
                      LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS, (uint64_t)-1, 0);
    if (at < 0)
        return (int)at;
    return (int)host_syscall(LINUX_SYS_munmap, at, bytes, 0, 0, 0, 0);
}

static int check_loads(struct elf_file *e, uint64_t phoff, uint64_t file_bytes, enum elf_role role)
{
    uint64_t low = UINT64_MAX, high = 0, zeroed = 0;

    for (int i = 0; i < e->phnum; i++) {
        const Elf64_Phdr *p = &e->phdr[i];
        int err;

        if (p->p_type != PT_LOAD)
            continue;
        err = check_segment(p, role);
        if (err == 0)
            err = check_tail(p, file_bytes);
        if (err < 0)
            return err;
        if (p->p_offset <= phoff && phoff < p->p_offset + p->p_filesz)
            e->phdr_vaddr = phoff - p->p_offset + p->p_vaddr;
        if (p->p_align > e->align && (p->p_align & (p->p_align - 1)) == 0)
            e->align = p->p_align;
        if (p->p_memsz == 0)
            continue;
        zeroed += p->p_memsz - p->p_filesz;
        low = page_down(p->p_vaddr) < low ? page_down(p->p_vaddr) : low;
        high = page_up(p->p_vaddr + p->p_memsz) > high ? page_up(p->p_vaddr + p->p_memsz) : high;
        if (zeroed > GUEST_MAX)
            return -LINUX_ENOMEM;
    }
    if (high == 0)
        return e->type == ET_DYN ? -LINUX_EINVAL : 0;
    e->low = low;
    e->high = high;
    if (high > GUEST_MAX)
        return -LINUX_ENOMEM;
    if (e->type == ET_EXEC && low < GUEST_MIN)
        return -LINUX_EPERM;
    /* A third of the range lies above the place where position-independent programs go. */
    if (e->type == ET_DYN && (high - low > GUEST_MAX / 4 || e->align > GUEST_MAX / 8))
        return -LINUX_ENOMEM;
    if (probe_memory(zeroed) < 0)
        return -LINUX_ENOMEM;
    return check_overlap(e);
}

static int read_program_headers(struct elf_file *e, int fd, const Elf64_Ehdr *h, enum elf_role role)
{
    int bad = role == ELF_INTERPRETER ? -LINUX_ELIBBAD : -LINUX_ENOEXEC;
    struct linux_stat st;
    int err;

    e->phdr = mem_alloc(h->e_phnum * sizeof(Elf64_Phdr));
    if (!e->phdr)
        return -LINUX_ENOMEM;
    if (h->e_phoff > INT64_MAX - PHDRS_MAX_BYTES ||
        read_at(fd, e->phdr, h->e_phnum * sizeof(Elf64_Phdr), h->e_phoff) < 0)
        return bad;
    e->phnum = h->e_phnum;
    for (int i = 0; i < e->phnum; i++) {
        const Elf64_Phdr *p = &e->phdr[i];

        err = 0;
        if (p->p_type == PT_INTERP && role == ELF_PROGRAM && !e->interp)
            err = read_interp(e, fd, p);
        else if (p->p_type == PT_GNU_STACK)
            e->exec_stack = p->p_flags & PF_X;
        if (err < 0)
            return err;
    }
    err = (int)host_syscall(LINUX_SYS_fstat, fd, (uintptr_t)&st, 0, 0, 0, 0);
    if (err < 0)
        return err;
    return check_loads(e, h->e_phoff, st.st_size, role);
}

int elf_read(struct elf_file *e, int fd, enum elf_role role)
{
    Elf64_Ehdr h;
    int err;

    memset(e, 0, sizeof(*e));
    err = read_header(fd, &h, role);
    if (err < 0)
        return err;
    e->type = h.e_type;
    e->entry = h.e_entry;
    e->align = GUEST_PAGE;
    err = read_program_headers(e, fd, &h, role);
    if (err < 0)
        elf_free(e);
    return err;
}

void elf_free(struct elf_file *e)
{
    mem_free(e->phdr);
    mem_free(e->interp);
    e->phdr = NULL;
    e->interp = NULL;
}

static int prot_of(const Elf64_Phdr *p)
{
    return (p->p_flags & PF_R ? LINUX_PROT_READ : 0) | (p->p_flags & PF_W ? LINUX_PROT_WRITE : 0) |
           (p->p_flags & PF_X ? LINUX_PROT_EXEC : 0);
}

static int map_segment(struct space *s, const Elf64_Phdr *p, int fd, uint64_t bias)
{
    const int fixed = LINUX_MAP_PRIVATE | LINUX_MAP_FIXED;
    uint64_t start = bias + p->p_vaddr, file_end = start + p->p_filesz, end = start + p->p_memsz;
    uint64_t in_page = start % GUEST_PAGE, zeroes = page_down(start);
    long at;

    if (p->p_filesz) {
        at = space_mmap(s, gva_of(start - in_page), page_up(p->p_filesz + in_page), prot_of(p),
                        fixed, fd, p->p_offset - in_page);
        if (at < 0)
            return (int)at;
        zeroes = page_up(file_end);
        if (end > file_end && (p->p_flags & PF_W) && zeroes > file_end &&
            uaccess_clear(gva_of(file_end), zeroes - file_end) < 0)
            return -LINUX_EFAULT;
    }
    if (end <= file_end || page_up(end) <= zeroes)
        return 0;
    at = space_mmap(s, gva_of(zeroes), page_up(end) - zeroes,
                    LINUX_PROT_READ | LINUX_PROT_WRITE | (prot_of(p) & LINUX_PROT_EXEC),
                    fixed | LINUX_MAP_ANONYMOUS, -1, 0);
    return at < 0 ? (int)at : 0;
}

/*
 * Where the pages go. Position-independent programs that name an interpreter
 * go to the program base, far from the mmap area; interpreters and static
 * programs go to where mmap places them.
 */
static long choose_base(struct space *s, const struct elf_file *e, enum elf_role role)
{
    const int reserve = LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS | LINUX_MAP_NORESERVE;
    uint64_t span = e->high - e->low, room = span, skew = e->low & (e->align - 1), base;
    long at, err;

    if (e->type == ET_EXEC) {
        at = space_mmap(s, gva_of(e->low), room, LINUX_PROT_NONE,
                        reserve | LINUX_MAP_FIXED_NOREPLACE, -1, 0);
    } else if (role == ELF_PROGRAM && e->interp) {
        base = (space_program_base(s).a & ~(e->align - 1)) + skew;
        at = space_mmap(s, gva_of(base), room, LINUX_PROT_NONE, reserve | LINUX_MAP_FIXED_NOREPLACE,
                        -1, 0);
    } else {
        room += e->align - GUEST_PAGE;
        at = space_mmap(s, gva_of(0), room, LINUX_PROT_NONE, reserve, -1, 0);
    }
    if (at < 0)
        return at;
    /* Known to be free: holes between segments stay unmapped, as on Linux. */
    err = space_munmap(s, gva_of(at), room);
    if (err < 0)
        return err;
    return e->type == ET_DYN ? (long)(at + ((skew - (uint64_t)at) & (e->align - 1))) : at;
}

int elf_map(struct space *s, const struct elf_file *e, int fd, enum elf_role role, uint64_t *bias)
{
    long base;

    *bias = 0;
    if (e->high == 0)
        return 0;
    base = choose_base(s, e, role);
    if (base < 0)
        return (int)base;
    *bias = (uint64_t)base - e->low;
    for (int i = 0; i < e->phnum; i++) {
        int err = 0;

        if (e->phdr[i].p_type == PT_LOAD)
            err = map_segment(s, &e->phdr[i], fd, *bias);
        if (err < 0)
            return err;
    }
    return 0;
}
