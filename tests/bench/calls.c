/* Calls and returns: doubly recursive functions and a mutual pair. */
#include <stdio.h>

static __attribute__((noinline)) unsigned fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static unsigned odd(unsigned n);

static __attribute__((noinline)) unsigned even(unsigned n)
{
    return n == 0 ? 1 : odd(n - 1) + 1;
}

static __attribute__((noinline)) unsigned odd(unsigned n)
{
    return n == 0 ? 0 : even(n - 1) + 2;
}

int main(void)
{
    unsigned long sum = fib(40);
    for (int i = 0; i < 40000; i++)
        sum += even(1000 + (unsigned)i % 7);
    printf("%lu\n", sum);
    return 0;
}
