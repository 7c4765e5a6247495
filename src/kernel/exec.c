/*
 * exec: see exec.h. The way of an execve of the guest:
 *
 *   old image   program_find: every error that the files can cause
 *               handover_exec: memfd with what was found; execveat of elver's
 *               own image with the guest's argv and envp
 *   host        point of no return: ends siblings, closes close-on-exec
 *               descriptors, resets handlers, keeps mask and pending signals
 *   new image   main.c: handover_take, then exec_load
 *
 * Set-user-ID programs run without the change of identity: the host kernel
 * executes our image, not theirs.
 */
#include "kernel/exec.h"

#include <string.h>
#include <sys/auxv.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "base/log.h"
#include "host/host.h"
#include "kernel/handover.h"
#include "kernel/options.h"
#include "kernel/seccomp.h"
#include "kernel/stack.h"
#include "kernel/vdso.h"
#include "mm/uaccess.h"

/* ---- execve in the old image ---- */

/* What one execve needs while it can still fail; freed before it succeeds. */
struct attempt {
    char name[PATH_CAP];
    struct program program;
};

static void attempt_free(struct attempt *a)
{
    elf_free(&a->program.elf);
    elf_free(&a->program.interp);
    mem_free(a);
}

/* argv or envp: every pointer must lead into the guest's range; the host kernel counts and reads the rest. */
static int check_vector(gva vector)
{
    if (vector.a == 0)
        return 0;
    for (;; vector.a += sizeof(uint64_t)) {
        uint64_t p;

        if (UGET(&p, vector) < 0 || p >= GUEST_MAX)
            return -LINUX_EFAULT;
        if (p == 0)
            return 0;
    }
}

static uint64_t ignored_signals(struct sighand *s)
{
    uint64_t set = 0;

    lock_acquire(&s->lock);
    for (int sig = 1; sig <= LINUX_NSIG; sig++)
        if (s->action[sig].handler == LINUX_SIG_IGN)
            set |= LINUX_SIGMASK(sig);
    lock_release(&s->lock);
    return set;
}

/* Gives the host kernel the masks and actions that the next image shall find. */
static bool begin(struct task *t)
{
    uint64_t ignored = ignored_signals(t->group->sighand);

    if (t->group->is_tracer && ignored & LINUX_SIGMASK(LINUX_SIGCHLD))
        BUG_ON(host_signal_action(LINUX_SIGCHLD, HOST_SIG_IGN, 0) < 0);
    return host_signal_exec_begin(t->blocked, ignored);
}

/* execve came back. An interrupted one is made again whatever the handler's flags are (prepare_bprm_creds). */
static long end(long err)
{
    host_signal_exec_failed();
    return err == -LINUX_ERESTARTSYS ? -LINUX_ERESTARTNOINTR : err;
}

/* Frees the attempt. */
static long exec_self(struct task *t, struct attempt *a, gva argv, gva envp)
{
    struct program *p = &a->program;
    struct handover h = {
        .program = true,
        .fd = p->fd,
        .interp_fd = p->interp_fd,
        .log_fd = log_fd(),
        .prefix_count = p->prefix_count,
        .exe = p->exe,
        .execfn = p->execfn,
    };
    long memfd = -LINUX_ENOMEM, err;

    memcpy(h.prefix, p->prefix, sizeof(h.prefix));
    ptrace_exec_save(t, &h.ptrace);
    h.filter_bytes = (uint32_t)seccomp_save(t, NULL);
    void *filters = mem_alloc(h.filter_bytes + 1);
    if (filters) {
        seccomp_save(t, filters);
        h.filters = filters;
        memfd = handover_write(&h, t->group->options, path_sysroot());
    }
    mem_free(filters);
    attempt_free(a);
    err = memfd;
    if (memfd >= 0) {
        err = -LINUX_ERESTARTNOINTR;
        if (begin(t))
            err = end(handover_exec((int)memfd, &h, argv.a, envp.a));
        host_syscall(LINUX_SYS_close, memfd, 0, 0, 0, 0, 0);
    }
    host_syscall(LINUX_SYS_close, h.fd, 0, 0, 0, 0, 0);
    if (h.interp_fd >= 0)
        host_syscall(LINUX_SYS_close, h.interp_fd, 0, 0, 0, 0, 0);
    return err;
}

long exec_host(const struct path *path, uint64_t argv, uint64_t envp, unsigned flags)
{
    uint64_t name = (uintptr_t)path->name;

    /* Before the first task there is no guest, and no signal for it. */
    if (!host_self)
        return host_syscall(LINUX_SYS_execveat, path->dirfd, name, argv, envp, flags, 0);
    return host_guest_syscall(LINUX_SYS_execveat, path->dirfd, name, argv, envp, flags, 0);
}

/* A program for the host kernel. Frees the attempt. */
static long exec_foreign(struct task *t, struct attempt *a, int dirfd, gva argv, gva envp,
                         unsigned flags)
{
    struct path path;
    long err = path_resolve_str(&path, dirfd, a->name,
                                flags & LINUX_AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0);

    attempt_free(a);
    if (err < 0)
        return err;
    if (!begin(t))
        return -LINUX_ERESTARTNOINTR;
    return end(exec_host(&path, argv.a, envp.a, flags));
}

/* AT_EXECVE_CHECK looks at permissions alone, which the host knows. Frees the attempt. */
static long check_only(struct attempt *a, int dirfd, gva argv, gva envp, unsigned flags)
{
    struct path path;
    long err = check_vector(argv);

    if (err == 0)
        err = check_vector(envp);
    if (err == 0)
        err = path_resolve_str(&path, dirfd, a->name,
                               flags & LINUX_AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : 0);
    attempt_free(a);
    return err < 0 ? err : exec_host(&path, argv.a, envp.a, flags);
}

long exec_guest(struct task *t, int dirfd, gva path, gva argv, gva envp, unsigned flags)
{
    struct attempt *a;
    long err;

    if (flags &
        ~(unsigned)(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_EMPTY_PATH | LINUX_AT_EXECVE_CHECK))
        return -LINUX_EINVAL;
    a = mem_alloc(sizeof(*a));
    if (!a)
        return -LINUX_ENOMEM;
    a->program.fd = a->program.interp_fd = -1;
    err = uaccess_str(a->name, path, sizeof(a->name));
    if (err >= 0 && flags & LINUX_AT_EXECVE_CHECK)
        return check_only(a, dirfd, argv, envp, flags);
    if (err >= 0)
        err = program_find(&a->program, dirfd, a->name, flags);
    if (err == 0)
        err = check_vector(argv);
    if (err == 0)
        err = check_vector(envp);
    if (err == 0)
        return a->program.for_host ? exec_foreign(t, a, dirfd, argv, envp, flags)
                                   : exec_self(t, a, argv, envp);
    program_release(&a->program);
    mem_free(a);
    return err;
}

/* ---- the new image ---- */

/* Under PR_SET_MDWE nothing that was written becomes executable, but a file's private mapping may be. */
static long map_vdso_file(struct space *s, gva at, uint64_t bytes)
{
    long fd =
        host_syscall(LINUX_SYS_memfd_create, (uintptr_t) "[vdso]", LINUX_MFD_CLOEXEC, 0, 0, 0, 0);

    if (fd < 0)
        return fd;
    long err = host_syscall(LINUX_SYS_pwrite64, fd, (uintptr_t)vdso_image, bytes, 0, 0, 0);
    if (err >= 0)
        err = err < (long)bytes
                  ? -LINUX_ENOMEM
                  : space_mmap(s, at, page_up(bytes), LINUX_PROT_READ | LINUX_PROT_EXEC,
                               LINUX_MAP_PRIVATE | LINUX_MAP_FIXED, (int)fd, 0);
    host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
    return err < 0 ? err : 0;
}

static int map_vdso(struct space *s, struct image *im)
{
    uint64_t bytes = vdso_image_end - vdso_image, span = page_up(bytes);
    long at =
        space_map_special(s, gva_of(0), span, LINUX_PROT_READ | LINUX_PROT_WRITE, 0, "[vdso]");
    long err;

    if (at < 0)
        return (int)at;
    im->vdso = gva_of(at);
    err = uaccess_write(im->vdso, vdso_image, bytes);
    if (err == 0)
        err = space_mprotect(s, im->vdso, span, LINUX_PROT_READ | LINUX_PROT_EXEC);
    if (err == -LINUX_EACCES)
        err = map_vdso_file(s, im->vdso, bytes);
    return (int)err;
}

/* The ranges of code and data as /proc/PID/stat shows them, and the end of all segments. */
static uint64_t note_ranges(struct image *im, const struct elf_file *e, uint64_t bias)
{
    uint64_t code = UINT64_MAX, code_end = 0, data = 0, data_end = 0, end = 0;

    for (int i = 0; i < e->phnum; i++) {
        const Elf64_Phdr *p = &e->phdr[i];

        if (p->p_type != PT_LOAD)
            continue;
        if ((p->p_flags & PF_X) && p->p_vaddr < code)
            code = p->p_vaddr;
        if ((p->p_flags & PF_X) && p->p_vaddr + p->p_filesz > code_end)
            code_end = p->p_vaddr + p->p_filesz;
        if (p->p_vaddr > data)
            data = p->p_vaddr;
        if (p->p_vaddr + p->p_filesz > data_end)
            data_end = p->p_vaddr + p->p_filesz;
        if (p->p_vaddr + p->p_memsz > end)
            end = p->p_vaddr + p->p_memsz;
    }
    im->start_code = gva_of(bias + (code_end ? code : 0));
    im->end_code = gva_of(bias + code_end);
    im->start_data = gva_of(bias + data);
    im->end_data = gva_of(bias + data_end);
    return bias + end;
}

static int map_files(struct space *s, struct image *im, const struct program *p, gva *start)
{
    uint64_t bias, interp_bias, end;
    int err = elf_map(s, &p->elf, p->fd, ELF_PROGRAM, &bias);

    if (err < 0)
        return err;
    im->entry = gva_of(bias + p->elf.entry);
    im->phdr = gva_of(bias + p->elf.phdr_vaddr);
    end = note_ranges(im, &p->elf, bias);
    *start = im->entry;
    if (p->interp_fd >= 0) {
        err = elf_map(s, &p->interp, p->interp_fd, ELF_INTERPRETER, &interp_bias);
        if (err < 0)
            return err;
        im->interp_base = gva_of(interp_bias);
        *start = gva_of(interp_bias + p->interp.entry);
    } else if (p->elf.type == ET_DYN) {
        /* A static position-independent program lies in the mmap area, where a heap has no room to grow. */
        end = space_program_base(s).a;
    }
    im->start_brk = space_set_brk(s, gva_of(end));
    return 0;
}

/* prctl(PR_SET_MM, PR_SET_MM_MAP): the host's own cmdline, environ, auxv and stat show the guest's. */
static void tell_host(const struct image *im, gva sp)
{
    struct {
        uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
        uint64_t arg_start, arg_end, env_start, env_end, auxv;
        uint32_t auxv_bytes;
        int32_t exe_fd;
    } map = {
        im->start_code.a,
        im->end_code.a,
        im->start_data.a,
        im->end_data.a,
        im->start_brk.a,
        im->start_brk.a,
        sp.a,
        im->arg_start.a,
        im->arg_end.a,
        im->env_start.a,
        im->env_end.a,
        im->auxv.a,
        (uint32_t)im->auxv_bytes,
        -1,
    };
    long err = host_syscall(LINUX_SYS_prctl, LINUX_PR_SET_MM, LINUX_PR_SET_MM_MAP, (uintptr_t)&map,
                            sizeof(map), 0, 0);

    if (err < 0)
        log_line(
            "the host does not take PR_SET_MM_MAP (%ld): /proc/self shows elver's own arguments",
            err);
}

static void set_name(const char *execfn, const char *exe)
{
    const char *name = strncmp(execfn, "/dev/fd/", 8) == 0 ? exe : execfn,
               *slash = strrchr(name, '/');

    host_syscall(LINUX_SYS_prctl, LINUX_PR_SET_NAME, (uintptr_t)(slash ? slash + 1 : name), 0, 0, 0,
                 0);
}

/* The program's file stays open for /proc/self/exe. */
static int keep_exe(struct image *im, struct program *p)
{
    long fd = host_fd_reserve(HOST_FD_EXE, p->fd);

    if (fd < 0)
        return (int)fd;
    p->fd = -1;
    im->path = mem_strdup(p->exe);
    return im->path ? 0 : -LINUX_ENOMEM;
}

int exec_load(struct task *t, struct program *p, char *const *argv, char *const *envp)
{
    struct image *im = &t->group->image;
    struct space *s = t->group->space;
    struct stack_args args = {
        .argv = p->prefix_count && *argv ? argv + 1 : argv,
        .envp = envp,
        .prefix = p->prefix,
        .prefix_count = p->prefix_count,
        .execfn = p->execfn,
        .model = t->cpu.model,
        .phnum = p->elf.phnum,
        .secure = getauxval(AT_SECURE),
    };
    struct linux_rlimit limit;
    gva start = {0}, sp = {0};
    int err;

    host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_STACK, 0, (uintptr_t)&limit, 0, 0);
    im->stack_top = space_stack_top(s);
    err = (int)space_map_stack(s, im->stack_top, limit.rlim_cur, p->elf.exec_stack);
    if (err == 0)
        err = map_files(s, im, p, &start);
    if (err == 0)
        err = map_vdso(s, im);
    if (err == 0)
        err = stack_build(im, &args, &sp);
    if (err == 0)
        err = keep_exe(im, p);
    program_release(p);
    if (err < 0)
        return err;
    set_name(p->execfn, p->exe);
    tell_host(im, sp);
    t->cpu.sp = sp.a;
    t->cpu.pc = start.a;
    t->cpu.vdso_page = t->group->image.vdso.a;
    return 0;
}
