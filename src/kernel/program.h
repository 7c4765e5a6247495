/*
 * From a path to a program that can be loaded: opening with the checks that
 * execve(2) makes, `#!` scripts down to their interpreter, the ELF file and
 * its PT_INTERP. Nothing of the running program changes here, so every error
 * can still be told to it.
 */
#ifndef KERNEL_PROGRAM_H
#define KERNEL_PROGRAM_H

#include "base/types.h"
#include "kernel/elf.h"
#include "kernel/path.h"

#define SCRIPT_HEAD 256 /* BINPRM_BUF_SIZE: how much of a file decides what it is */
#define SCRIPT_DEPTH 5  /* scripts whose interpreter is a script, and so on */
#define PREFIX_MAX (1 + 2 * (SCRIPT_DEPTH + 1))

struct program {
    bool
        for_host; /* not an arm64 program: the host kernel is to execute the path as it is; nothing is open */
    int fd;        /* the ELF file */
    int interp_fd; /* the file of its PT_INTERP, or -1 */
    struct elf_file elf, interp;

    /*
     * What replaces argv[0] when the path was a script's: interpreter, its
     * argument, the script. prefix_count 0: nothing.
     */
    unsigned prefix_count;
    const char *prefix[PREFIX_MAX];
    char prefix_text[(SCRIPT_DEPTH + 1) * SCRIPT_HEAD];

    /* The ELF file's absolute guest path: /proc/self/exe. After an error: the interpreter that it is about, or "". */
    char exe[PATH_CAP];
    char execfn[PATH_CAP + 32]; /* AT_EXECFN, and the script's own name for its interpreter */
};

/*
 * dirfd, name and flags (AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW) as of execveat(2),
 * name in our memory. 0, or -LINUX_Exxx with nothing left open: what Linux
 * answers for this path, and additionally what its loader dies of (elf.h). An execute-only file that cannot be read is
 * EACCES.
 */
int program_find(struct program *p, int dirfd, const char *name, unsigned flags) must_check;

/* Closes and frees what program_find opened. */
void program_release(struct program *p);

#endif
