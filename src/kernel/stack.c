/*
 * The first stack: see stack.h. From im->stack_top downwards:
 *
 *   a null word
 *   the program's name as given to exec (AT_EXECFN)
 *   environment strings, last to first
 *   argument strings, last to first
 *   up to a page at random
 *   "aarch64" (AT_PLATFORM), 16 random bytes (AT_RANDOM)
 *   auxiliary vector, environment pointers, argument pointers
 *   argc                                   <- *sp, 16-byte aligned
 */
#include "kernel/stack.h"

#include <string.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "mm/uaccess.h"

#define PLATFORM "aarch64"
#define CLOCK_TICKS 100
#define PHDR_BYTES 56
#define AUXV_MAX 24
/* What the kernel calls signal_minsigstksz on a processor without SVE: the frame, its record and alignment. */
#define MINSIGSTKSZ_FRAME 4720
#define PERSONALITY_QUERY 0xffffffffu
#define LINUX_ADDR_NO_RANDOMIZE 0x0040000

struct auxv {
    uint64_t type, value;
};

/* Strings to be written upwards from `at`, and the table of their addresses. */
struct string_writer {
    uint64_t at;
    uint64_t *slot;
};

static size_t strings_bytes(char *const *list, unsigned *count)
{
    size_t bytes = 0;

    for (*count = 0; list[*count]; ++*count)
        bytes += strlen(list[*count]) + 1;
    return bytes;
}

static int put_string(struct string_writer *w, const char *s)
{
    size_t bytes = strlen(s) + 1;

    *w->slot++ = w->at;
    if (uaccess_write(gva_of(w->at), s, bytes) < 0)
        return -LINUX_E2BIG;
    w->at += bytes;
    return 0;
}

static uint64_t random_gap(uint64_t random)
{
    long pers = host_syscall(LINUX_SYS_personality, PERSONALITY_QUERY, 0, 0, 0, 0, 0);

    return pers >= 0 && (pers & LINUX_ADDR_NO_RANDOMIZE) ? 0 : random % GUEST_PAGE;
}

static unsigned fill_auxv(struct auxv *v, const struct image *im, const struct stack_args *a,
                          uint64_t platform, uint64_t random, uint64_t execfn)
{
    const struct auxv rows[] = {
        {LINUX_AT_SYSINFO_EHDR, im->vdso.a},
        {LINUX_AT_MINSIGSTKSZ, MINSIGSTKSZ_FRAME},
        {LINUX_AT_HWCAP, model_hwcap(a->model)},
        {LINUX_AT_PAGESZ, GUEST_PAGE},
        {LINUX_AT_CLKTCK, CLOCK_TICKS},
        {LINUX_AT_PHDR, im->phdr.a},
        {LINUX_AT_PHENT, PHDR_BYTES},
        {LINUX_AT_PHNUM, a->phnum},
        {LINUX_AT_BASE, im->interp_base.a},
        {LINUX_AT_FLAGS, 0},
        {LINUX_AT_ENTRY, im->entry.a},
        {LINUX_AT_UID, host_syscall(LINUX_SYS_getuid, 0, 0, 0, 0, 0, 0)},
        {LINUX_AT_EUID, host_syscall(LINUX_SYS_geteuid, 0, 0, 0, 0, 0, 0)},
        {LINUX_AT_GID, host_syscall(LINUX_SYS_getgid, 0, 0, 0, 0, 0, 0)},
        {LINUX_AT_EGID, host_syscall(LINUX_SYS_getegid, 0, 0, 0, 0, 0, 0)},
        {LINUX_AT_SECURE, a->secure},
        {LINUX_AT_RANDOM, random},
        {LINUX_AT_HWCAP2, model_hwcap2(a->model)},
        {LINUX_AT_EXECFN, execfn},
        {LINUX_AT_PLATFORM, platform},
        {LINUX_AT_NULL, 0},
    };

    _Static_assert(ARRAY_LEN(rows) <= AUXV_MAX, "the table has room for the auxiliary vector");
    memcpy(v, rows, sizeof(rows));
    return ARRAY_LEN(rows);
}

static int put_all(struct image *im, const struct stack_args *a, uint64_t strings, uint64_t *table,
                   unsigned argc, uint64_t *execfn)
{
    struct string_writer w = {strings, table + 1};
    int err = 0;

    table[0] = argc;
    im->arg_start = gva_of(w.at);
    for (unsigned i = 0; i < a->prefix_count && err == 0; i++)
        err = put_string(&w, a->prefix[i]);
    for (unsigned i = 0; a->argv[i] && err == 0; i++)
        err = put_string(&w, a->argv[i]);
    im->arg_end = im->env_start = gva_of(w.at);
    *w.slot++ = 0;
    for (unsigned i = 0; a->envp[i] && err == 0; i++)
        err = put_string(&w, a->envp[i]);
    im->env_end = gva_of(w.at);
    *w.slot = 0;
    if (err < 0)
        return err;
    *execfn = w.at;
    return uaccess_write(gva_of(w.at), a->execfn, strlen(a->execfn) + 1) < 0 ? -LINUX_E2BIG : 0;
}

int stack_build(struct image *im, const struct stack_args *a, gva *sp)
{
    struct {
        uint64_t random[2];
        char platform[sizeof(PLATFORM)];
    } fixed = {.platform = PLATFORM};
    uint64_t bytes, words, strings, at, execfn, seed, *table;
    unsigned argc, envc, auxc;
    int err;

    bytes = strings_bytes(a->argv, &argc) + strings_bytes(a->envp, &envc) + strlen(a->execfn) + 1;
    for (unsigned i = 0; i < a->prefix_count; i++)
        bytes += strlen(a->prefix[i]) + 1;
    argc += a->prefix_count;
    words = 1 + argc + 1 + envc + 1;
    table = mem_alloc(words * sizeof(*table) + AUXV_MAX * sizeof(struct auxv));
    if (!table)
        return -LINUX_ENOMEM;
    strings = im->stack_top.a - sizeof(uint64_t) - bytes;
    err = put_all(im, a, strings, table, argc, &execfn);
    if (err < 0)
        goto out;

    host_syscall(LINUX_SYS_getrandom, (uintptr_t)fixed.random, sizeof(fixed.random), 0, 0, 0, 0);
    host_syscall(LINUX_SYS_getrandom, (uintptr_t)&seed, sizeof(seed), 0, 0, 0, 0);
    at = ((strings - random_gap(seed)) & ~15ull) - ((sizeof(fixed) + 15) & ~15ull);
    auxc = fill_auxv((struct auxv *)(table + words), im, a, at + sizeof(fixed.random), at, execfn);
    err = uaccess_write(gva_of(at), &fixed, sizeof(fixed));
    if (err == 0) {
        im->auxv_bytes = auxc * sizeof(struct auxv);
        *sp = gva_of((at - words * sizeof(*table) - im->auxv_bytes) & ~15ull);
        im->auxv = gva_add(*sp, words * sizeof(*table));
        err = uaccess_write(*sp, table, words * sizeof(*table) + im->auxv_bytes);
    }
    if (err < 0)
        err = -LINUX_E2BIG;
out:
    mem_free(table);
    return err;
}
