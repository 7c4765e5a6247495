/*
 * Functions that return NZCV, which the procedure call standard does not know
 * but assembler programmers do: they are called often by code that does not
 * look at NZCV, so that they are translated, and then by code that does, for
 * the first time and again; directly, through a register, and by a tail call.
 */
#include <stdio.h>

long flags_compare(long a, long b), flags_compare_tail(long a, long b);
unsigned flags_direct(long a, long b), flags_register(long a, long b), flags_tail(long a, long b);

__asm__(".text\n"
        ".global flags_compare, flags_compare_tail, flags_direct, flags_register, flags_tail\n"
        "flags_compare: cmp x0, x1\n"
        "        add x0, x0, x1\n"
        "        lsr x2, x0, #3\n"
        "        and x0, x2, #0xff\n"
        "        ret\n"
        "flags_compare_tail: add x0, x0, #1\n"
        "        add x1, x1, #1\n"
        "        b flags_compare\n"
        "flags_direct: stp x29, x30, [sp, #-16]!\n"
        "        bl flags_compare\n"
        "        cset w0, lo\n"
        "        cset w1, eq\n"
        "        add w0, w0, w1, lsl #1\n"
        "        ldp x29, x30, [sp], #16\n"
        "        ret\n"
        "flags_register: stp x29, x30, [sp, #-16]!\n"
        "        adr x3, flags_compare\n"
        "        blr x3\n"
        "        mov w0, wzr\n"
        "        b.hs 1f\n"
        "        mov w0, #1\n"
        "1:      b.ne 2f\n"
        "        orr w0, w0, #2\n"
        "2:      ldp x29, x30, [sp], #16\n"
        "        ret\n"
        "flags_tail: stp x29, x30, [sp, #-16]!\n"
        "        bl flags_compare_tail\n"
        "        cset w0, lo\n"
        "        cset w1, eq\n"
        "        add w0, w0, w1, lsl #1\n"
        "        ldp x29, x30, [sp], #16\n"
        "        ret\n");

static int wrong(const char *name, unsigned (*f)(long, long))
{
    /* Not computed: that would leave the same NZCV behind. */
    static const struct {
        long a, b;
        unsigned lower_equal;
    } cases[] = {{1, 2, 1}, {2, 1, 0}, {3, 3, 2}, {-5, 1, 0}, {0, -5, 1}};
    for (unsigned round = 0; round < 40; round++) {
        unsigned k = round % 5, got = f(cases[k].a, cases[k].b);
        if (got != cases[k].lower_equal) {
            printf("%s, round %u: %u for %ld and %ld\n", name, round, got, cases[k].a, cases[k].b);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    long sum = 0;
    (void)argv;
    for (long i = 0; i < 1000; i++)
        sum += flags_compare(i, 77) + flags_compare_tail(i, 78);
    if (argc == 1 && wrong("called", flags_direct))
        return 1;
    return sum == 0 || wrong("through a register", flags_register) ||
           wrong("tail call", flags_tail);
}
