/* Indirect jumps: a bytecode machine by switch, and calls through a table of functions. */
#include <stdint.h>
#include <stdio.h>

enum { PUSH, ADD, MUL, XOR, DUP, SWAP, DEC, JNZ, POP, HALT };

static uint64_t run(const uint8_t *code, uint64_t count)
{
    uint64_t stack[16] = {1}, *sp = stack, n = count;
    for (const uint8_t *pc = code;;) {
        switch (*pc++) {
        case PUSH: *++sp = *pc++; break;
        case ADD:
            sp--;
            *sp += sp[1];
            break;
        case MUL:
            sp--;
            *sp *= sp[1];
            break;
        case XOR:
            sp--;
            *sp ^= sp[1];
            break;
        case DUP:
            sp++;
            *sp = sp[-1];
            break;
        case SWAP: {
            uint64_t t = *sp;
            *sp = sp[-1];
            sp[-1] = t;
            break;
        }
        case DEC: n--; break;
        case JNZ: pc = n ? code : pc + 1; break;
        case POP: sp--; break;
        case HALT: return *sp;
        }
    }
}

static uint64_t f0(uint64_t x)
{
    return x + 3;
}
static uint64_t f1(uint64_t x)
{
    return x * 5;
}
static uint64_t f2(uint64_t x)
{
    return x ^ x >> 9;
}
static uint64_t f3(uint64_t x)
{
    return x << 1 | x >> 63;
}

int main(void)
{
    static const uint8_t code[] = {PUSH, 7,   ADD,  DUP, PUSH, 31,  MUL, XOR, PUSH, 5,   SWAP,
                                   POP,  DUP, PUSH, 2,   ADD,  ADD, DEC, JNZ, 0,    HALT};
    static uint64_t (*const volatile table[])(uint64_t) = {f0, f1, f2, f3, f2, f1, f0, f3};
    uint64_t x = run(code, 8000000);
    for (int i = 0; i < 40000000; i++)
        x = table[(x >> 3 ^ (uint64_t)i) & 7](x);
    printf("%llx\n", (unsigned long long)x);
    return 0;
}
