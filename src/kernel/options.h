/*
 * What the user asked for: filled by main.c from argv, ELVER_* and the config
 * file, carried over exec unchanged, read-only afterwards.
 */
#ifndef KERNEL_OPTIONS_H
#define KERNEL_OPTIONS_H

#include "base/types.h"
#include "engine/engine.h"

enum trace_class { TRACE_SYS = 1, TRACE_SIG = 2, TRACE_MM = 4, TRACE_EXEC = 8, TRACE_INSN = 16 };

struct options {
    const char *sysroot; /* absolute host path without trailing slash, or NULL */
    bool sysroot_only;
    const char *cpu;     /* model's name */
    const char *engine;  /* "interp", "jit"... or NULL for the default */
    struct engine_options engine_options;
    unsigned trace;      /* enum trace_class bits */
    const char *trace_file; /* with %p, or NULL = the log */
    const char *log_file;
    bool verbose;
};

#endif
