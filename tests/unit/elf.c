/*
 * kernel/elf: what is refused and with which error, before anything is
 * mapped; then many thousands of damaged headers, of which each that is
 * accepted must keep the promises that elf_map relies on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "kernel/elf.h"

#define FILE_BYTES 8192
#define ROUNDS 40000

static int file;
static union {
    char bytes[FILE_BYTES];
    struct {
        Elf64_Ehdr h;
        Elf64_Phdr p[4];
    };
} image;

static Elf64_Phdr load(uint64_t vaddr, uint64_t offset, uint64_t filesz, uint64_t memsz, int flags)
{
    return (Elf64_Phdr){PT_LOAD, flags, offset, vaddr, vaddr, filesz, memsz, 4096};
}

/* A good program of two segments, with an interpreter. */
static void good(int type)
{
    memset(&image, 0, sizeof(image));
    memcpy(image.h.e_ident, "\177ELF\2\1\1", 7);
    image.h.e_type = type;
    image.h.e_machine = EM_AARCH64;
    image.h.e_version = 1;
    image.h.e_phoff = sizeof(Elf64_Ehdr);
    image.h.e_phentsize = sizeof(Elf64_Phdr);
    image.h.e_phnum = 4;
    image.h.e_entry = 0x400100;
    uint64_t base = type == ET_EXEC ? 0x400000 : 0;
    image.p[0] = load(base, 0, 0x1000, 0x1000, PF_R | PF_X);
    image.p[1] = load(base + 0x11000, 0x1000, 0x800, 0x3000, PF_R | PF_W);
    image.p[2] = (Elf64_Phdr){PT_INTERP, PF_R, 0x400, base + 0x400, 0, 7, 7, 1};
    image.p[3] = (Elf64_Phdr){PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16};
    memcpy(image.bytes + 0x400, "/ld.so", 7);
}

static int read_image(struct elf_file *e, enum elf_role role)
{
    assert_int_equal(pwrite(file, &image, sizeof(image), 0), sizeof(image));
    return elf_read(e, file, role);
}

static void good_programs_are_read(void **state)
{
    struct elf_file e;

    good(ET_EXEC);
    assert_int_equal(read_image(&e, ELF_PROGRAM), 0);
    assert_string_equal(e.interp, "/ld.so");
    assert_int_equal(e.low, 0x400000);
    assert_int_equal(e.high, 0x414000);
    assert_int_equal(e.phdr_vaddr, 0x400040);
    assert_int_equal(e.align, 4096);
    assert_false(e.exec_stack);
    elf_free(&e);
    good(ET_DYN);
    image.p[1].p_align = 0x200000;
    image.p[3].p_flags |= PF_X;
    assert_int_equal(read_image(&e, ELF_PROGRAM), 0);
    assert_int_equal(e.low, 0);
    assert_int_equal(e.align, 0x200000);
    assert_true(e.exec_stack);
    elf_free(&e);
}

/* An interpreter's own PT_INTERP is not looked at. */
static void interpreters_are_read(void **state)
{
    struct elf_file e;

    good(ET_DYN);
    image.p[2].p_filesz = 1;
    assert_int_equal(read_image(&e, ELF_INTERPRETER), 0);
    assert_null(e.interp);
    elf_free(&e);
}

#define REFUSED(role, error, ...)                       \
    do {                                                \
        struct elf_file e_;                             \
        good(ET_EXEC);                                  \
        __VA_ARGS__;                                    \
        assert_int_equal(read_image(&e_, role), error); \
    } while (0)

static void bad_headers_are_refused(void **state)
{
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_ident[EI_CLASS] = ELFCLASS32);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_ident[EI_DATA] = ELFDATA2MSB);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_type = ET_REL);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_phnum = 0);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_phnum = 1171);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_phnum = 1170, image.h.e_phoff = 64);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_phentsize = 55);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.h.e_phoff = UINT64_MAX);
    REFUSED(ELF_INTERPRETER, -LINUX_ELIBBAD, image.h.e_machine = EM_X86_64);
    REFUSED(ELF_INTERPRETER, -LINUX_ELIBBAD, image.h.e_phnum = 0);
    REFUSED(ELF_PROGRAM, -LINUX_ENOEXEC, image.p[2].p_filesz = 6);
    REFUSED(ELF_PROGRAM, -LINUX_EIO, image.p[2].p_offset = FILE_BYTES - 3);
}

static void bad_segments_are_refused(void **state)
{
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[0].p_filesz = 0x2000);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[1].p_memsz = UINT64_MAX);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[1].p_vaddr = UINT64_MAX - 0x1000);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[1].p_vaddr = GUEST_MAX);
    REFUSED(ELF_INTERPRETER, -LINUX_ENOMEM, image.p[1].p_vaddr = GUEST_MAX);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[1].p_offset = 0x1001);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[1].p_offset = UINT64_MAX - 0xfff);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[1].p_vaddr = 0x400000);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.p[1].p_vaddr = 0x3ff000);
    REFUSED(ELF_PROGRAM, -LINUX_EPERM, image.p[0].p_vaddr = 0x1000);
    REFUSED(ELF_PROGRAM, -LINUX_EFAULT, image.p[1].p_offset = 0x100000);
    REFUSED(ELF_PROGRAM, -LINUX_EINVAL, image.h.e_type = ET_DYN,
            image.p[0].p_type = image.p[1].p_type = PT_NULL);
    REFUSED(ELF_PROGRAM, -LINUX_ENOMEM, image.h.e_type = ET_DYN, image.p[1].p_align = 1ull << 60);
}

/* Segments may share a page, as those of small programs do. */
static void segments_may_share_a_page(void **state)
{
    struct elf_file e;

    good(ET_EXEC);
    image.p[0].p_filesz = image.p[0].p_memsz = 0x800;
    image.p[1] = load(0x400800, 0x800, 0x100, 0x100, PF_R | PF_W);
    assert_int_equal(read_image(&e, ELF_PROGRAM), 0);
    elf_free(&e);
}

/* What elf_map relies on, whatever the file says. */
static void check_promises(const struct elf_file *e)
{
    assert_true(e->type == ET_EXEC || e->type == ET_DYN);
    assert_true(e->align >= GUEST_PAGE && (e->align & (e->align - 1)) == 0);
    assert_true(e->low <= e->high && e->high <= GUEST_MAX);
    assert_true(e->low % GUEST_PAGE == 0 && e->high % GUEST_PAGE == 0);
    assert_true(e->type == ET_EXEC || (e->high > e->low && e->high - e->low <= GUEST_MAX / 4));
    assert_true(e->type == ET_DYN || e->high == 0 || e->low >= GUEST_MIN);
    for (int i = 0; i < e->phnum; i++) {
        const Elf64_Phdr *p = &e->phdr[i];

        if (p->p_type != PT_LOAD || p->p_memsz == 0)
            continue;
        assert_true(p->p_filesz <= p->p_memsz && p->p_vaddr >= e->low &&
                    p->p_memsz <= e->high - p->p_vaddr);
        assert_true(!p->p_filesz || (p->p_vaddr - p->p_offset) % GUEST_PAGE == 0);
        for (int j = 0; j < i; j++) {
            const Elf64_Phdr *q = &e->phdr[j];

            if (q->p_type == PT_LOAD && q->p_memsz)
                assert_true(p->p_vaddr >= q->p_vaddr + q->p_memsz ||
                            q->p_vaddr >= p->p_vaddr + p->p_memsz);
        }
    }
}

static uint64_t tempting(void)
{
    static const uint64_t values[] = {0,
                                      1,
                                      0xfff,
                                      0x1000,
                                      0x1001,
                                      0xffff,
                                      0x10000,
                                      0x400000,
                                      1ull << 31,
                                      1ull << 32,
                                      GUEST_MAX - 1,
                                      GUEST_MAX,
                                      1ull << 47,
                                      1ull << 62,
                                      INT64_MAX,
                                      1ull << 63,
                                      UINT64_MAX - 0xfff,
                                      UINT64_MAX};

    return rand() % 4 ? values[rand() % ARRAY_LEN(values)]
                      : ((uint64_t)rand() << 32 | (uint32_t)rand()) >> rand() % 64;
}

static void damage(void)
{
    size_t at = rand() % (sizeof(image.h) + sizeof(image.p) - 8);

    switch (rand() % 3) {
    case 0: image.bytes[at] ^= 1 << rand() % 8; break;
    case 1: {
        uint64_t value = tempting();

        memcpy(image.bytes + at / 8 * 8, &value, 8);
        break;
    }
    default: image.bytes[at] = (char)rand();
    }
}

static void damaged_files_break_no_promise(void **state)
{
    static const int errors[] = {LINUX_ENOEXEC, LINUX_EINVAL, LINUX_ENOMEM, LINUX_EPERM,
                                 LINUX_EFAULT,  LINUX_EIO,    LINUX_ELIBBAD};
    unsigned accepted = 0;

    srand(7);
    for (int round = 0; round < ROUNDS; round++) {
        struct elf_file e;
        bool known = false;

        good(rand() % 2 ? ET_EXEC : ET_DYN);
        for (int n = rand() % 4 + 1; n > 0; n--)
            damage();
        int err = read_image(&e, rand() % 2 ? ELF_PROGRAM : ELF_INTERPRETER);
        if (err == 0) {
            check_promises(&e);
            elf_free(&e);
            accepted++;
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(errors); i++)
            known |= err == -errors[i];
        assert_true(known);
    }
    /* Both ways were taken often enough to mean something. */
    assert_in_range(accepted, ROUNDS / 20, ROUNDS * 19 / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_programs_are_read),
        cmocka_unit_test(interpreters_are_read),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(bad_segments_are_refused),
        cmocka_unit_test(segments_may_share_a_page),
        cmocka_unit_test(damaged_files_break_no_promise),
    };

    file = memfd_create("elf", 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
