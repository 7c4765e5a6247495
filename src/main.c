/*
 * From argv to the first instruction of the guest. Read main() from top to
 * bottom: what was handed over by exec or asked for by the user, the program,
 * the engine, the first task. Launch errors are said here: 127 for a program
 * that is not there, 126 for one that cannot be run.
 */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "a64/model.h"
#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "base/log.h"
#include "debug/doctor.h"
#include "debug/names.h"
#include "debug/strace.h"
#include "host/host.h"
#include "kernel/exec.h"
#include "kernel/handover.h"
#include "kernel/options.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"
#include "run.h"

enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

/* AT_FLAGS: binfmt_misc with its P flag puts the program's path before the program's own argv[0]. */
#define AT_FLAGS_PRESERVE_ARGV0 1

static const struct engine_names names = {.of = names_of, .match = names_match};

static struct {
    struct options options;
    struct launch launch;
    struct handover handover;
    struct program program;
    struct cpu_model model;
} start;

static const struct engine *const engines[] = {&engine_jit, &engine_interp};

/* ---- the runtime's own place ---- */

/*
 * The host lays this image and its mappings out from the bottom when the
 * stack is unlimited or ADDR_COMPAT_LAYOUT is set, and they land in the
 * guest's range: starts again with a layout that does not.
 */
static bool layout_is_good(void)
{
    return (uintptr_t)&start >= GUEST_MAX && (uintptr_t) & (char){0} >= GUEST_MAX;
}

static int restart_above(char **argv, char **envp, bool again)
{
    struct handover h = {.fd = -1, .interp_fd = -1, .log_fd = -1};
    long err;

    err = again ? -LINUX_ENOMEM : handover_write(&h, &start.options, NULL);
    if (err >= 0)
        err = handover_exec((int)err, &h, (uintptr_t)argv, (uintptr_t)envp);
    log_launch_error(
        "the host placed elver inside the guest's address range, and it cannot start again (%s); "
        "is vm.legacy_va_layout set?",
        errno_sentence((int)-err));
    return EXIT_CANNOT_RUN;
}

/* ---- the program ---- */

static const char *variable(char **envp, const char *name)
{
    size_t len = strlen(name);

    for (; *envp; envp++)
        if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
            return *envp + len + 1;
    return NULL;
}

/* The first executable of that name in the guest's PATH. in_sysroot: of this machine's own programs none is taken. */
static int search_path(struct program *p, const char *name, const char *path, bool in_sysroot)
{
    int err = -LINUX_ENOENT;

    while (path && *path) {
        char candidate[PATH_CAP];
        size_t len = strcspn(path, ":");
        int n = snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)len, path, len ? "/" : "",
                         name);
        int found = -LINUX_ENOENT;

        if (n < (int)sizeof(candidate) && (!in_sysroot || path_in_sysroot(candidate)))
            found = program_find(p, LINUX_AT_FDCWD, candidate, 0);
        if (found != -LINUX_ENOENT && found != -LINUX_ENOTDIR)
            err = found;
        if (found == 0)
            return 0;
        path += len + (path[len] == ':');
    }
    return err;
}

/* A name without a slash is a file here, else a program in PATH; one of the sysroot rather than this machine's. */
static int find_program(struct program *p, const char *name, char **envp)
{
    const char *path = variable(envp, "PATH");
    int err = program_find(p, LINUX_AT_FDCWD, name, 0);

    if (strchr(name, '/') || (err != -LINUX_ENOENT && err != -LINUX_EACCES))
        return err;
    err = search_path(p, name, path, true);
    return err == 0 ? 0 : search_path(p, name, path, false);
}

/* What went wrong, and what to do about it. The exit status. */
static int say_why(const struct program *p, const char *name, int err)
{
    const char *sysroot = start.options.sysroot;

    if (p->exe[0] && err == -LINUX_ENOENT && !sysroot)
        log_launch_error(
            "%s needs %s, which is not on this machine: give the directory of an arm64 system with "
            "--sysroot DIR (Debian: apt-get install libc6-arm64-cross; --sysroot "
            "/usr/aarch64-linux-gnu)",
            name, p->exe);
    else if (p->exe[0] && err == -LINUX_ENOENT)
        log_launch_error("%s needs %s, which is neither in %s nor on this machine", name, p->exe,
                         sysroot);
    else if (p->exe[0])
        log_launch_error("%s needs %s: %s", name, p->exe, errno_sentence(-err));
    else if (err == -LINUX_ENOENT)
        log_launch_error("%s: there is no such program%s%s", name, sysroot ? " here nor in " : "",
                         sysroot ? sysroot : "");
    else if (err == -LINUX_ENOEXEC)
        log_launch_error("%s: not an executable file for arm64 nor for this machine", name);
    else if (err == -LINUX_EACCES)
        log_launch_error(
            "%s: not permitted to execute it (is it a file with the x permission, readable?)",
            name);
    else
        log_launch_error("%s: %s", name, errno_sentence(-err));
    return err == -LINUX_ENOENT && !p->exe[0] ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static bool same_variable(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");

    return strncmp(a, b, len) == 0 && (b[len] == '=' || b[len] == '\0');
}

/* The guest's environment: envp with --clear-env, --set-env and --unset-env applied. NULL: no memory. */
static char **edit_environment(const struct launch *l, char **envp)
{
    size_t count = 0, used = 0;
    char **env;

    while (envp[count])
        count++;
    env = mem_alloc((count + l->edits + 1) * sizeof(*env));
    if (!env)
        return NULL;
    for (size_t i = 0; i < count && !l->clear_env; i++)
        env[used++] = envp[i];
    for (unsigned e = 0; e < l->edits; e++) {
        size_t kept = 0;

        for (size_t i = 0; i < used; i++)
            if (!same_variable(l->edit[e], env[i]))
                env[kept++] = env[i];
        used = kept;
        if (strchr(l->edit[e], '='))
            env[used++] = (char *)l->edit[e];
    }
    env[used] = NULL;
    return env;
}

/* ---- the first task ---- */

/*
 * The engine of that name, or without one the first that can run on this
 * machine, made ready. NULL: none of that name (*err 0), or *err is why it cannot.
 */
static const struct engine *start_engine(const struct options *o, int *err)
{
    struct engine_options options = o->engine_options;

    options.names = &names;
    *err = 0;
    for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
        if (o->engine && strcmp(engines[i]->name, o->engine) != 0)
            continue;
        *err = engines[i]->process_init(&options);
        if (*err == 0)
            return engines[i];
        if (o->verbose || o->engine)
            log_line("the engine '%s' cannot run on this machine: %s", engines[i]->name,
                     errno_sentence(-*err));
    }
    return NULL;
}

/* A host fault is the engine's if it lies in code that the engine made. */
static bool engine_takes_fault(struct host_thread *self, void *uc, const struct host_fault *f)
{
    struct cpu *cpu = &((struct task *)self)->cpu;
    const struct trap trap = {.kind = TRAP_FAULT, .sig = f->sig, .code = f->code, .addr = f->addr};

    return cpu->engine->host_fault(cpu, uc, &trap);
}

static struct task *first_task(const struct options *o, const struct engine *engine,
                               const struct cpu_model *model)
{
    struct group *g = group_new(o, engine);
    struct task *t = g ? task_new(g) : NULL;

    if (!t)
        return NULL;
    g->space = space_new(engine);
    g->run = run_task;
    g->forked = run_forked;
    t->cpu.model = model;
    if (engine->host_fault)
        host_fault_set_hook(engine_takes_fault);
    t->tid = (int)host_syscall(LINUX_SYS_gettid, 0, 0, 0, 0, 0, 0);
    if (!g->space || signal_init(t) < 0 || engine->thread_init(&t->cpu) < 0)
        return NULL;
    task_add(t);
    return t;
}

/* Loads and runs start.program. Returns only an exit status for a launch that failed. */
static int run_program(const char *name, char **argv, char **envp, bool fresh)
{
    const struct options *o = &start.options;
    const struct cpu_model *model = model_find(o->cpu);
    const struct engine *engine;
    struct task *t;
    int err;

    if (!model) {
        log_launch_error("there is no processor '%s' (elver --cpu help lists them)", o->cpu);
        return EXIT_CANNOT_RUN;
    }
    engine = start_engine(o, &err);
    if (!engine) {
        if (err < 0)
            log_launch_error("the engine '%s' cannot run on this machine: %s", o->engine,
                             errno_sentence(-err));
        else
            log_launch_error("there is no engine '%s' (elver --help)", o->engine);
        return EXIT_CANNOT_RUN;
    }
    start.model = *model;
    if (!o->cpu && engine->slow_features)
        start.model.quiet = engine->slow_features();
    t = first_task(o, engine, &start.model);
    err = t ? seccomp_load(t, start.handover.filters, start.handover.filter_bytes) : -LINUX_ENOMEM;
    if (err == 0)
        err = exec_load(t, &start.program, argv, envp);
    if (err < 0) {
        /* After an exec the program that asked for it is gone: as Linux, no status but a signal. */
        if (!fresh)
            host_die(LINUX_SIGSEGV);
        log_launch_error("%s: cannot be loaded: %s", name, errno_sentence(-err));
        return EXIT_CANNOT_RUN;
    }
    if (o->trace) {
        strace_init(o, fresh);
        strace_exec(t);
    }
    ptrace_exec_done(t, &start.handover.ptrace);
    run_task(t);
}

static void open_log(const struct options *o)
{
    const char *name = o->log_file;
    long fd;

    if (!name)
        return;
    if (strspn(name, "0123456789") == strlen(name)) {
        int number = 0;

        for (; *name && number < 1 << 20; name++)
            number = number * 10 + (*name - '0');
        fd = host_syscall(LINUX_SYS_fcntl, number, LINUX_F_DUPFD_CLOEXEC, 0, 0, 0, 0);
    } else {
        fd = host_syscall(LINUX_SYS_openat, LINUX_AT_FDCWD, (uintptr_t)name,
                          LINUX_O_WRONLY | LINUX_O_CREAT | LINUX_O_APPEND | LINUX_O_CLOEXEC |
                              LINUX_O_NOCTTY,
                          0666, 0, 0);
    }
    if (fd >= 0)
        fd = host_fd_reserve(HOST_FD_LOG, (int)fd);
    if (fd < 0)
        log_launch_error("--log %s: %s", o->log_file, errno_sentence((int)-fd));
}

/* ---- the two ways to start ---- */

/* An image before this one found the program. */
static int start_handed_over(char **argv, char **envp)
{
    struct handover *h = &start.handover;
    struct program *p = &start.program;
    int err;

    if (h->log_fd >= 0)
        host_fd_adopt(HOST_FD_LOG, h->log_fd);
    p->fd = h->fd;
    p->interp_fd = h->interp_fd;
    p->prefix_count = h->prefix_count;
    memcpy(p->prefix, h->prefix, sizeof(p->prefix));
    snprintf(p->exe, sizeof(p->exe), "%s", h->exe);
    snprintf(p->execfn, sizeof(p->execfn), "%s", h->execfn);
    err = elf_read(&p->elf, p->fd, ELF_PROGRAM);
    if (err == 0 && p->interp_fd >= 0)
        err = elf_read(&p->interp, p->interp_fd, ELF_INTERPRETER);
    if (err < 0 || path_init(&start.options) < 0)
        host_die(LINUX_SIGSEGV);
    return run_program(p->exe, argv, envp, false);
}

static int help_cpu(void)
{
    char line[256];

    for (const struct cpu_model *m = cpu_models; m->name; m++) {
        int n = snprintf(line, sizeof(line), "%-12s %s\n", m->name, m->help);

        host_syscall(LINUX_SYS_write, 1, (uintptr_t)line, n, 0, 0, 0);
    }
    return 0;
}

static int change_directory(const char *guest_path)
{
    struct path path;
    int err = path_resolve_str(&path, LINUX_AT_FDCWD, guest_path, PATH_NO_DIRFD);

    return err < 0 ? err : (int)host_syscall(LINUX_SYS_chdir, (uintptr_t)path.name, 0, 0, 0, 0, 0);
}

/*
 * --workdir; or, where the host's directories do not exist for the guest, the
 * one of the same name in the sysroot, or its root. False: said why.
 */
static bool enter_directory(const char *workdir)
{
    char cwd[PATH_CAP];
    int err;

    if (!workdir) {
        if (!start.options.sysroot_only ||
            host_syscall(LINUX_SYS_getcwd, (uintptr_t)cwd, sizeof(cwd), 0, 0, 0, 0) < 0 ||
            path_to_guest(cwd) == 0 || change_directory(cwd) == 0)
            return true;
        workdir = "/";
    }
    err = change_directory(workdir);
    if (err < 0)
        log_launch_error("--workdir %s: %s", workdir, errno_sentence(-err));
    return err >= 0;
}

/* binfmt_misc: argv is [elver, path, argv0, arguments...] with P, [elver, path, arguments...] without. */
static char **binfmt_arguments(char **argv)
{
    if (!(getauxval(AT_FLAGS) & AT_FLAGS_PRESERVE_ARGV0) || !argv[0] || !argv[1] || !argv[2])
        return NULL;
    start.launch.argv0 = argv[2];
    argv[2] = argv[1];
    return argv + 2;
}

static int start_from_argv(char **argv, char **envp)
{
    static const char version[] = "elver " ELVER_VERSION "\n";
    struct launch *l = &start.launch;
    char *no_options[] = {argv[0], NULL};
    bool binfmt = getauxval(AT_FLAGS) & AT_FLAGS_PRESERVE_ARGV0;
    const char *name;
    struct path path;
    int err;

    if (!options_parse(&start.options, l, binfmt ? no_options : argv, envp))
        return EXIT_CANNOT_RUN;
    if (binfmt)
        l->argv = binfmt_arguments(argv);
    switch (l->command) {
    case LAUNCH_HELP: options_help(1); return 0;
    case LAUNCH_VERSION:
        host_syscall(LINUX_SYS_write, 1, (uintptr_t)version, sizeof(version) - 1, 0, 0, 0);
        return 0;
    case LAUNCH_CPU_HELP: return help_cpu();
    case LAUNCH_RUN:
    case LAUNCH_DOCTOR: break;
    }
    open_log(&start.options);
    err = path_init(&start.options);
    if (err < 0) {
        log_launch_error("--sysroot %s: %s", start.options.sysroot, errno_sentence(-err));
        return EXIT_CANNOT_RUN;
    }
    if (l->command == LAUNCH_DOCTOR)
        return doctor_run(&start.options, l->argv[0]);
    name = l->argv ? l->argv[0] : NULL;
    if (!name) {
        log_launch_error("which program? elver [options] program [arguments...] (elver --help)");
        return EXIT_CANNOT_RUN;
    }
    envp = edit_environment(l, envp);
    if (!envp)
        return EXIT_CANNOT_RUN;
    if (!enter_directory(l->workdir))
        return EXIT_CANNOT_RUN;
    err = find_program(&start.program, name, envp);
    if (err == 0 && l->argv0)
        l->argv[0] = (char *)l->argv0;
    if (err == 0 && start.program.for_host) {
        err = path_resolve_str(&path, LINUX_AT_FDCWD, start.program.execfn, 0);
        if (err == 0)
            err = (int)exec_host(&path, (uintptr_t)l->argv, (uintptr_t)envp, 0);
    }
    if (err < 0)
        return say_why(&start.program, name, err);
    return run_program(name, l->argv, envp, true);
}

int main(int argc, char **argv, char **envp)
{
    int err = 0;
    bool handed_over;

    host_init(envp);
    handed_over = handover_take(&start.handover, &start.options, &err);
    if (err < 0)
        host_die(LINUX_SIGSEGV);
    if (!layout_is_good())
        return restart_above(argv, envp, handed_over);
    if (handed_over && start.handover.program)
        return start_handed_over(argv, envp);
    return start_from_argv(argv, envp);
}
