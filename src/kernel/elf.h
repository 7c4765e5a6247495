/*
 * ELF files of arm64 programs: reading with every check before anything
 * changes, then mapping (elf(5), Linux fs/binfmt_elf.c).
 */
#ifndef KERNEL_ELF_H
#define KERNEL_ELF_H

#include <elf.h>

#include "base/types.h"
#include "mm/space.h"

struct elf_file {
    uint16_t type; /* ET_EXEC or ET_DYN */
    uint16_t phnum;
    Elf64_Phdr *phdr;    /* phnum rows; freed by elf_free */
    char *interp;        /* PT_INTERP's path, or NULL; freed by elf_free */
    uint64_t entry;      /* all addresses as in the file: add the bias of the mapping */
    uint64_t phdr_vaddr; /* where the program headers are mapped; 0: nowhere */
    uint64_t low, high;  /* pages that the PT_LOADs span: [low, high); both 0 without any */
    uint64_t align;      /* largest p_align, a power of two, at least a page */
    bool exec_stack;     /* PT_GNU_STACK asks for an executable stack */
};

enum elf_role { ELF_PROGRAM, ELF_INTERPRETER };

/* What sort of file the first bytes promise. */
enum elf_kind { ELF_NONE, ELF_ARM64, ELF_FOREIGN };
enum elf_kind elf_identify(const void *head, size_t bytes);

/*
 * Reads and checks the file at fd (any offset, not moved). 0, or what Linux
 * says of such a file: -LINUX_ENOEXEC, EINVAL, ENOMEM, EPERM, EFAULT, EIO; for an interpreter
 * -LINUX_ELIBBAD in place of ENOEXEC. Only after 0 is there something to free. May sleep.
 */
int elf_read(struct elf_file *e, int fd, enum elf_role role) must_check;
void elf_free(struct elf_file *e);

/*
 * Maps the PT_LOADs at the place Linux would give to this role and type;
 * *bias is what is to be added to the file's addresses. 0 or -LINUX_Exxx
 * (something of it may then be mapped: the caller gives the space up).
 */
int elf_map(struct space *s, const struct elf_file *e, int fd, enum elf_role role,
            uint64_t *bias) must_check;

#endif
