/*
 * An executable stack (PT_GNU_STACK with PF_X, which gcc asks for when a nested function's address is
 * taken): trampolines run at the top of the stack and where it has grown to.
 *
 * test: cflags=-Wl,-z,execstack
 */
#include "mm.h"

static __attribute__((noinline)) int apply(int (*f)(int), int x)
{
    __asm__ volatile("" : "+r"(f));
    return f(x);
}

static __attribute__((noinline)) int at_depth(int depth)
{
    volatile char frame[4096];
    int seen = 0;
    int add(int x)
    {
        seen++;
        return x + depth;
    }
    frame[depth % 4096] = 1;
    int got = apply(add, 1000);
    return (got == 1000 + depth && seen == 1) && (depth == 0 || at_depth(depth - 1)) &&
           frame[depth % 4096];
}

TEST(trampolines_on_the_stack)
{
    struct map_line m;
    char here;
    CHECK(map_line_of(&here, &m) && !strcmp(m.perms, "rwxp") && !strcmp(m.path, "[stack]"));
    CHECK_EQ(at_depth(0), 1);
    CHECK_EQ(at_depth(500), 1); /* 2 MiB */
}

/* Its rights may be taken away, as far as it reaches. */
static int without_exec(void)
{
    char here;
    void *page = (void *)((uintptr_t)&here & ~(PAGE - 1));
    mprotect(page, PAGE, PROT_READ | PROT_WRITE | 0x01000000 /* PROT_GROWSDOWN */);
    return FAULT_OF(at_depth(40)).code == SEGV_ACCERR ? 0 : 1;
}

TEST(stack_made_not_executable)
{
    CHECK_EQ(IN_CHILD(without_exec()), 0);
}

TEST_MAIN()
