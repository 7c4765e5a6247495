/* memcpy, memmove and memset of 16 bytes to 1 MiB. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *a = malloc(2 << 20), *b = malloc(2 << 20);
    uint64_t sum = 0;
    memset(a, 1, 2 << 20);
    memset(b, 2, 2 << 20);
    for (size_t size = 16; size <= 1 << 20; size *= 2) {
        size_t rounds = ((size_t)1 << 29) / (size + 64);
        for (size_t i = 0; i < rounds; i++) {
            memcpy(a, b + (i & 15), size);
            if (i % 4 == 0)
                memmove(b + 8, b, size);
            if (i % 8 == 0)
                memset(b, (int)i, size);
            sum += (unsigned char)a[i % size];
        }
    }
    printf("%llu\n", (unsigned long long)sum);
    return 0;
}
