/*
 * For guest tests: a program of checks that goes on after a failure, prints
 * "N passed, N failed" and exits with 0 only if something was checked and
 * nothing failed. Every test must pass on a real arm64 kernel first.
 *
 *     TEST(pipe_is_first_in_first_out)
 *     {
 *         CHECK(pipe(p) == 0);
 *         CHECK_EQ(write(p[1], "ab", 2), 2);
 *         CHECK_ERR(write(-1, "a", 1), EBADF);
 *     }
 *     TEST_MAIN()
 *
 * A TEST registers itself; program arguments select tests by name. A test
 * that the machine cannot run says SKIP("why") and returns.
 */
#ifndef TESTS_SYS_TEST_H
#define TESTS_SYS_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct test {
    const char *name;
    void (*run)(void);
    struct test *next;
};

__attribute__((unused)) static struct test *test_first, **test_last = &test_first;
static int test_passed, test_failed, test_skipped;
static const char *test_now = "";

#define TEST(id)                                                 \
    static void test_##id(void);                                 \
    __attribute__((constructor)) static void test_add_##id(void) \
    {                                                            \
        static struct test t = {#id, test_##id, NULL};           \
        *test_last = &t;                                         \
        test_last = &t.next;                                     \
    }                                                            \
    static void test_##id(void)

__attribute__((unused, format(printf, 3, 4))) static int test_report(int ok, int line,
                                                                     const char *fmt, ...)
{
    __builtin_va_list ap;
    if (ok) {
        test_passed++;
        return 1;
    }
    test_failed++;
    printf("FAIL %s:%d: ", test_now, line);
    __builtin_va_start(ap, fmt);
    vprintf(fmt, ap);
    __builtin_va_end(ap);
    printf("\n");
    fflush(stdout);
    return 0;
}

/* Each gives 1 when it held. */
#define CHECK(cond)                                                \
    ({                                                             \
        int ok_ = !!(cond);                                        \
        test_report(ok_, __LINE__, "%s (errno %d)", #cond, errno); \
    })

#define CHECK_EQ(got, want)                                                                        \
    ({                                                                                             \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        test_report(got_ == want_, __LINE__, "%s is %lld (0x%llx), not %lld (0x%llx)", #got, got_, \
                    got_, want_, want_);                                                           \
    })

/* The call fails with -1 and this errno. */
#define CHECK_ERR(call, want)                                                                    \
    ({                                                                                           \
        errno = 0;                                                                               \
        long long got_ = (long long)(call);                                                      \
        int e_ = errno;                                                                          \
        test_report(got_ == -1 && e_ == (want), __LINE__,                                        \
                    "%s gives %lld, errno %d (%s), not errno %d", #call, got_, e_, strerror(e_), \
                    (want));                                                                     \
    })

/* For raw syscall numbers where libc is in the way; the result as the kernel gives it: >= 0 or -errno. */
#define RAW(...) test_raw(syscall(__VA_ARGS__))
__attribute__((unused)) static long test_raw(long result)
{
    return result == -1 ? -errno : result;
}

#define SKIP(why)                               \
    do {                                        \
        test_skipped++;                         \
        printf("skip %s: %s\n", test_now, why); \
        return;                                 \
    } while (0)

/* Set by tools/run-tests for a checking build of what runs this program: it needs memory that a real kernel does not. */
__attribute__((unused)) static int test_memory_is_watched(void)
{
    return getenv("TEST_MEMORY_WATCHED") != NULL;
}

/* Runs body in a forked child that leaves with body's value; gives the wait status. */
#define IN_CHILD(body)                \
    ({                                \
        int status_ = -1;             \
        fflush(stdout);               \
        pid_t child_ = fork();        \
        if (child_ == 0)              \
            _exit(body);              \
        waitpid(child_, &status_, 0); \
        status_;                      \
    })

__attribute__((unused)) static int test_main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (struct test *t = test_first; t; t = t->next) {
        int wanted = argc < 2;
        for (int i = 1; i < argc; i++)
            wanted |= !strcmp(argv[i], t->name);
        if (!wanted)
            continue;
        test_now = t->name;
        t->run();
    }
    printf("%d passed, %d failed", test_passed, test_failed);
    if (test_skipped)
        printf(", %d skipped", test_skipped);
    printf("\n");
    return test_failed || !(test_passed || test_skipped);
}

#define TEST_MAIN()                   \
    int main(int argc, char **argv)   \
    {                                 \
        return test_main(argc, argv); \
    }

#endif
