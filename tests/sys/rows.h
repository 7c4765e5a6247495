/*
 * The rows of the system-call table for guest tests: number, name and the
 * kinds of the arguments, from the same files as the dispatcher.
 */
#ifndef TESTS_SYS_ROWS_H
#define TESTS_SYS_ROWS_H

#include <sys/syscall.h>

enum kind {
    KIND_NONE,
#define KIND(name, ctype, class, bytes, format, set) KIND_##name,
#include "abi/kinds.def"
#undef KIND
};

enum class { VALUE, FD, FIXED, NEXT, PREV, STRING, PATH };
static const unsigned char class_of[] = {
    VALUE,
#define KIND(name, ctype, class, bytes, format, set) class,
#include "abi/kinds.def"
#undef KIND
};

struct row {
    int nr;
    const char *name;
    unsigned char kind[6];
};

#define COUNT(...) COUNT_(_ __VA_OPT__(, ) __VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define COUNT_(_, a, b, c, d, e, f, n, ...) n
#define K0() 0
#define K1(a) KIND_##a
#define K2(a, b) K1(a), KIND_##b
#define K3(a, b, c) K2(a, b), KIND_##c
#define K4(a, b, c, d) K3(a, b, c), KIND_##d
#define K5(a, b, c, d, e) K4(a, b, c, d), KIND_##e
#define K6(a, b, c, d, e, f) K5(a, b, c, d, e), KIND_##f
#define KINDS(n, ...) KINDS_(n, __VA_ARGS__)
#define KINDS_(n, ...) K##n(__VA_ARGS__)
#define SYS(nr, name, ...) {nr, #name, {KINDS(COUNT(__VA_ARGS__), __VA_ARGS__)}},
#define PASS SYS
#define NOSYS SYS
static const struct row rows[] = {
#include "abi/syscalls.def"
};
#undef SYS
enum { ROWS = sizeof(rows) / sizeof(*rows) };

/* The number on the machine that this is compiled for: the table's are arm64's, which others share from 424 on. */
static inline int row_number(const struct row *r)
{
#ifdef __aarch64__
    return r->nr;
#else
#define SYSCALLS_BEFORE_COMMON
#define SYS(nr, name, ...) [nr] = __NR_##name,
    static const short own[424] = {
#include "abi/syscalls.def"
    };
#undef SYS
    return r->nr < 424 ? own[r->nr] : r->nr;
#endif
}
#undef PASS
#undef NOSYS

#endif
