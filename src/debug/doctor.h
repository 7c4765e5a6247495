/*
 * `elver doctor`: what this machine can do for a guest, and what a given
 * program will need. Writes to standard output; changes nothing.
 */
#ifndef DEBUG_DOCTOR_H
#define DEBUG_DOCTOR_H

#include "kernel/options.h"

/* program: a path, or NULL. The exit status: 0 when nothing is missing, 1 otherwise. */
int doctor_run(const struct options *o, const char *program);

#endif
