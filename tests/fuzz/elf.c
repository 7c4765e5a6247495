/*
 * kernel/elf: any bytes as a program and as an interpreter are refused or read,
 * and what was read is mapped inside the guest's range or refused again.
 */
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/flags.h"
#include "kernel/elf.h"

enum { FILE_MAX = 16384, PHDRS = 4 };

static int file;

static void nothing_to_do(gva start, uint64_t len, int prot)
{
}

static void nothing_to_forget(gva start, uint64_t len)
{
}

static const struct engine engine = {.name = "none",
                                     .map = nothing_to_do,
                                     .unmap = nothing_to_forget,
                                     .protect = nothing_to_do,
                                     .flush = nothing_to_forget};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    file = memfd_create("elf", 0);
    FUZZ_CHECK(file >= 0);
    return 0;
}

static void unmap_all(struct space *s)
{
    struct mapping m;

    while (space_next(s, gva_of(0), &m)) {
        FUZZ_CHECK(m.start.a >= GUEST_MIN && m.len <= GUEST_MAX && m.start.a <= GUEST_MAX - m.len);
        FUZZ_CHECK(space_munmap(s, m.start, m.len) == 0);
    }
}

static void as(enum elf_role role)
{
    struct elf_file e;
    uint64_t bias;

    if (elf_read(&e, file, role) < 0)
        return;
    FUZZ_CHECK(e.low <= e.high && e.high <= GUEST_MAX);
    FUZZ_CHECK(e.align >= GUEST_PAGE && !(e.align & (e.align - 1)));
    /* Gibibytes of .bss are right, and slow: the rest is as good with less. */
    if (e.high - e.low < 64 << 20) {
        struct space *s = space_new(&engine);

        FUZZ_CHECK(s);
        (void)!elf_map(s, &e, file, role, &bias);
        unmap_all(s);
        space_put(s);
    }
    elf_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    bytes = bytes < FILE_MAX ? bytes : FILE_MAX;
    elf_identify((const void *)data, bytes);
    FUZZ_CHECK(ftruncate(file, 0) == 0);
    FUZZ_CHECK(pwrite(file, data, bytes, 0) == (ssize_t)bytes);
    as(ELF_PROGRAM);
    as(ELF_INTERPRETER);
    return 0;
}

/* Two segments, an interpreter and a stack note: at a fixed place, anywhere, with a large alignment. */
size_t fuzz_seed(unsigned n, uint8_t *to, size_t room)
{
    uint64_t base = n == 0 ? 0x400000 : 0;
    Elf64_Ehdr h = {.e_ident = "\177ELF\2\1\1",
                    .e_type = n == 0 ? ET_EXEC : ET_DYN,
                    .e_machine = EM_AARCH64,
                    .e_version = 1,
                    .e_entry = base + 0x100,
                    .e_phoff = sizeof(h),
                    .e_ehsize = sizeof(h),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = PHDRS};
    const Elf64_Phdr p[PHDRS] = {
        {PT_LOAD, PF_R | PF_X, 0, base, base, 0x300, 0x300, 0x1000},
        {PT_LOAD, PF_R | PF_W, 0x300, base + 0x11300, base + 0x11300, 0x100, 0x3000,
         n == 2 ? 0x200000 : 0x1000},
        {PT_INTERP, PF_R, 0x200, base + 0x200, 0, 7, 7, 1},
        {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
    };

    if (n > 2 || room < 0x400)
        return 0;
    memset(to, 0, 0x400);
    memcpy(to, &h, sizeof(h));
    memcpy(to + sizeof(h), p, sizeof(p));
    memcpy(to + 0x200, "/ld.so", 7);
    return 0x400;
}
