/*
 * abi/: the rows of the system calls against the kernel's own list (numbers of
 * arm64 are asm-generic's), and what a row must have so that the dispatcher's
 * checks make sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "abi/syscalls.h"

/* x86-64's numbers go, arm64's come. */
#include <asm/bitsperlong.h>
#undef __SYSCALL
#define __SYSCALL(number, function)
#define __ARCH_WANT_RENAMEAT
#define __ARCH_WANT_SET_GET_RLIMIT
#define __ARCH_WANT_MEMFD_SECRET
#define __ARCH_WANT_SYS_CLONE3
#define __ARCH_WANT_NEW_STAT
#include <asm-generic/unistd.h>

/* A name that these headers do not know yet stays a word. */
#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x
static const struct {
    const char *name, *number;
    int ours;
} generic[] = {
#define SYS(nr, name, ...) {#name, TEXT(__NR_##name), nr},
#define PASS SYS
#define NOSYS SYS
#include "abi/syscalls.def"
#undef SYS
#undef PASS
#undef NOSYS
};
#define ROWS (sizeof(generic) / sizeof(*generic))

static void numbers_are_the_kernels(void **state)
{
    unsigned known = 0;

    for (unsigned i = 0; i < ROWS; i++) {
        char *end;
        long number = strtol(generic[i].number, &end, 10);
        if (*end)
            continue;
        known++;
        if (number != generic[i].ours)
            fail_msg("%s is %ld, not %d", generic[i].name, number, generic[i].ours);
    }
    assert_true(known > 290);
}

/* Every number of the headers has a row; only 244 to 259 and 295 to 423 are nobody's. */
static void no_row_is_missing(void **state)
{
    for (int nr = 0; nr < LINUX_SYS_COUNT; nr++) {
        bool gap = (nr >= 244 && nr <= 259) || (nr >= 295 && nr <= 423);
        if (gap != (syscall_rows[nr].name == NULL))
            fail_msg("number %d", nr);
    }
}

static void kinds_have_what_they_need(void **state)
{
    for (int nr = 0; nr < LINUX_SYS_COUNT; nr++) {
        const struct syscall_row *row = &syscall_rows[nr];
        unsigned paths = 0;
        for (unsigned i = 0; i < 6; i++) {
            const struct kind_row *kind = &kind_rows[row->kind[i]];
            assert_true((i < row->args) == (row->kind[i] != KIND_NONE));
            if (kind->class_ == CLASS_PREV && i == 0)
                fail_msg("%s: its first argument counts on one before it", row->name);
            if (kind->class_ == CLASS_NEXT && i + 1 >= row->args)
                fail_msg("%s: its last argument counts on one after it", row->name);
            paths += kind->class_ == CLASS_PATH;
        }
        if (paths > 2)
            fail_msg("%s: more paths than the dispatcher has room for", row->name);
    }
}

static void names_do_not_repeat(void **state)
{
    for (unsigned i = 0; i < ROWS; i++) {
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(generic[i].name, generic[j].name);
    }
}

static void errors_have_names(void **state)
{
    assert_string_equal(errno_name(LINUX_ENOENT), "ENOENT");
    assert_string_equal(errno_sentence(LINUX_EAGAIN), "Resource temporarily unavailable");
    assert_null(errno_name(-1));
    assert_null(errno_name(41));
    assert_null(errno_name(100000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_the_kernels),   cmocka_unit_test(no_row_is_missing),
        cmocka_unit_test(kinds_have_what_they_need), cmocka_unit_test(names_do_not_repeat),
        cmocka_unit_test(errors_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
