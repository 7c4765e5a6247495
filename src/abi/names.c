/*
 * The tables of abi/ as data: names of errors and flags, kinds, and the row of
 * each system call. Facts only; nothing here decides anything.
 */
#include "abi/errno.h"
#include "abi/syscalls.h"

#include <stddef.h>

struct errno_row {
    const char *name, *sentence;
};

#define ERR(name, number, sentence) [number] = {#name, sentence},
static const struct errno_row errno_rows[] = {
#include "abi/errno.def"
};
#undef ERR

static const struct errno_row *errno_row(int number)
{
    if (number < 0 || (size_t)number >= sizeof(errno_rows) / sizeof(errno_rows[0]))
        return NULL;
    return &errno_rows[number];
}

const char *errno_name(int number)
{
    const struct errno_row *row = errno_row(number);
    return row ? row->name : NULL;
}

const char *errno_sentence(int number)
{
    const struct errno_row *row = errno_row(number);
    return row ? row->sentence : NULL;
}

#define BITS(set, name, value) {#name, (uint64_t)(value), FLAGS_##set, 1},
#define VALUE(set, name, value) {#name, (uint64_t)(value), FLAGS_##set, 0},
const struct flag_name flag_names[] = {
#include "abi/flags.def"
    {NULL, 0, 0, 0},
};
#undef BITS
#undef VALUE

#define KIND(name, ctype, class, bytes, format, set) \
    [KIND_##name] = {#name, CLASS_##class, FORMAT_##format, FLAGS_##set, (bytes)},
const struct kind_row kind_rows[KIND_COUNT] = {
#include "abi/kinds.def"
};
#undef KIND

/* ROW_KINDS(FD, PATH) is 2, {KIND_FD, KIND_PATH}: the number of arguments picks the macro that names them. */
#define COUNT(...) COUNT_(_ __VA_OPT__(, ) __VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define COUNT_(_, a, b, c, d, e, f, n, ...) n
#define KINDS_0() KIND_NONE
#define KINDS_1(a) KIND_##a
#define KINDS_2(a, b) KIND_##a, KIND_##b
#define KINDS_3(a, b, c) KINDS_2(a, b), KIND_##c
#define KINDS_4(a, b, c, d) KINDS_3(a, b, c), KIND_##d
#define KINDS_5(a, b, c, d, e) KINDS_4(a, b, c, d), KIND_##e
#define KINDS_6(a, b, c, d, e, f) KINDS_5(a, b, c, d, e), KIND_##f
#define KINDS(n, ...) KINDS__(n, __VA_ARGS__)
#define KINDS__(n, ...) KINDS_##n(__VA_ARGS__)
#define ROW(nr, name, way, ...) \
    [nr] = {#name, way, COUNT(__VA_ARGS__), {KINDS(COUNT(__VA_ARGS__), __VA_ARGS__)}},
#define SYS(nr, name, ...) ROW(nr, name, WAY_SYS, __VA_ARGS__)
#define PASS(nr, name, ...) ROW(nr, name, WAY_PASS, __VA_ARGS__)
#define NOSYS(nr, name, ...) ROW(nr, name, WAY_NOSYS, __VA_ARGS__)
const struct syscall_row syscall_rows[LINUX_SYS_COUNT] = {
#include "abi/syscalls.def"
};
