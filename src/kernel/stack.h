/*
 * The first stack of a program as Linux arm64 lays it out: strings, platform,
 * random bytes, auxiliary vector, environment, arguments, argc (fs/binfmt_elf.c,
 * create_elf_tables; getauxval(3)).
 */
#ifndef KERNEL_STACK_H
#define KERNEL_STACK_H

#include "a64/model.h"
#include "base/types.h"
#include "kernel/task.h"

struct stack_args {
    const char *const
        *prefix; /* strings that come before argv (a script's interpreters), and how many */
    unsigned prefix_count;
    char *const *argv; /* both NULL-terminated, in our memory */
    char *const *envp;
    const char *execfn;
    const struct cpu_model *model;
    unsigned phnum;
    bool secure;
};

/*
 * Writes the stack below im->stack_top, which is mapped; fills im's arg_start
 * to auxv_bytes from what it wrote and reads im's entry, phdr, interp_base and
 * vdso for the auxiliary vector. *sp is the first stack pointer. 0, -LINUX_E2BIG when it does not
 * fit the stack, -LINUX_ENOMEM.
 */
int stack_build(struct image *im, const struct stack_args *a, gva *sp) must_check;

#endif
