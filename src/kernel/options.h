/*
 * What the user asked for, from argv, ELVER_* and the configuration files (the
 * first of them that says it wins), by the one table options.def. Carried over
 * exec unchanged, read-only afterwards.
 */
#ifndef KERNEL_OPTIONS_H
#define KERNEL_OPTIONS_H

#include "base/types.h"
#include "engine/engine.h"

enum trace_class { TRACE_SYS = 1, TRACE_SIG = 2, TRACE_MM = 4, TRACE_EXEC = 8, TRACE_INSN = 16 };

enum option_id {
#define OPTION(id, letter, name, argument, kind, carried, help) OPTION_##id,
#include "kernel/options.def"
#undef OPTION
    OPTION_COUNT
};

struct options {
    const char *sysroot; /* absolute host path without trailing slash, or NULL */
    bool sysroot_only;
    const char *cpu;    /* model's name */
    const char *engine; /* "interp", "jit"... or NULL for the default */
    struct engine_options engine_options;
    unsigned trace;         /* enum trace_class bits */
    const char *trace_file; /* absolute, with %p, or NULL = the log */
    const char *log_file;   /* absolute, or a descriptor's number */
    bool verbose;

    const char *text[OPTION_COUNT]; /* each option's value as given, NULL: not given */
};

/* What is asked of this start alone. */
enum launch_command { LAUNCH_RUN, LAUNCH_HELP, LAUNCH_VERSION, LAUNCH_DOCTOR, LAUNCH_CPU_HELP };

#define LAUNCH_EDITS 256
struct launch {
    enum launch_command command;
    char **argv; /* the program and its arguments, NULL-terminated; argv[0] NULL: none given */
    const char *argv0;   /* or NULL */
    const char *workdir; /* or NULL */
    bool clear_env;
    unsigned edits;                 /* changes to the environment, in order */
    const char *edit[LAUNCH_EDITS]; /* "NAME=VALUE" sets, "NAME" removes */
};

/*
 * Fills both from the configuration files, envp and argv (argv[0] is elver
 * itself). What they point to lives as long as argv, envp and the heap.
 * False after a sentence on stderr.
 */
bool options_parse(struct options *o, struct launch *l, char **argv, char **envp) must_check;

/* One option by its table row, for exec's hand-over: false when the value is no such thing. */
bool options_carry(struct options *o, unsigned id, const char *text) must_check;

/* Does the value of this option hold for the programs that the guest executes? */
bool options_carried(unsigned id);

/* --help, to a descriptor. */
void options_help(int fd);

#endif
