/* Integer arithmetic in registers: multiplications, rotations and flags, no memory. */
#include <stdint.h>
#include <stdio.h>

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdull;
    h ^= h << 13 | h >> 51;
    h += h >> 7 ? h % 1021 : 3;
    return h;
}

int main(void)
{
    uint64_t h = 1, n = 0;
    for (uint64_t i = 0; i < 60000000; i++) {
        h = mix(h + i);
        n += __builtin_clzll(h | 1) > 2;
    }
    printf("%llx %llu\n", (unsigned long long)h, (unsigned long long)n);
    return 0;
}
