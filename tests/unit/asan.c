/*
 * The checks of make SAN=address (base/asan.c) fail when they must: each way
 * to touch what is nobody's ends the process that does it, and nothing else does.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/sanitize.h"

static volatile int at = 100;
static char global[100];

/* A store of which the compiler knows nothing. */
static void put(char *p, int i)
{
    __asm__("" : "+r"(p));
    ((volatile char *)p)[i] = 1;
}

static void behind_block(void)
{
    put(mem_alloc(100), at);
}

static void freed_block(void)
{
    char *p = mem_alloc(100);

    mem_free(p);
    put(p, 0);
}

static void freed_twice(void)
{
    char *p = mem_alloc(100);

    mem_free(p);
    mem_free(p);
}

static void shrunk_block(void)
{
    put(mem_realloc(mem_alloc(150), 100), at);
}

static void behind_variable(void)
{
    char here[100];

    put(here, at);
}

static void behind_global(void)
{
    put(global, at);
}

static void left_variable(void)
{
    char *p;
    {
        char here[100];

        put(here, 0);
        __asm__("" : "=r"(p) : "0"(here));
    }
    put(p, 0);
}

static void copied_behind(void)
{
    char here[64];

    memset(here, 0, sizeof(here));
    memcpy(mem_alloc(50), here, (size_t)(at - 49));
}

static void printed_behind(void)
{
    char *p = mem_alloc(50);

    snprintf(p, (size_t)at, "x");
}

static void nothing_wrong(void)
{
    char *p = mem_alloc(100), *q;

    memset(p, 1, 100);
    mem_free(p);
    q = mem_realloc(mem_alloc(20000), 30000);
    memset(q, 1, 30000);
    mem_free(q);
    for (int i = 0; i < 5000; i++)
        mem_free(mem_alloc((size_t)i));
    global[at - 1] = 1;
}

/* The signal that ends a process which does this; 0: none. */
static int end_of(void (*deed)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        signal(SIGILL, SIG_DFL); /* cmocka has a handler */
        log_to(open("/dev/null", O_WRONLY));
        deed();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void every_way_out_is_seen(void **state)
{
    static void (*const deeds[])(void) = {behind_block,  freed_block,     freed_twice,
                                          shrunk_block,  behind_variable, behind_global,
                                          left_variable, copied_behind,   printed_behind};

    if (SANITIZE_TAIL == 0)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
        if (end_of(deeds[i]) != SIGILL)
            fail_msg("deed %zu goes unseen", i);
    }
}

static void what_is_right_is_let_be(void **state)
{
    assert_int_equal(end_of(nothing_wrong), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_out_is_seen),
        cmocka_unit_test(what_is_right_is_let_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
