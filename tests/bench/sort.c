/* Branches that nobody can predict, and calls through a pointer: qsort and binary search. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define N 1000000

static uint32_t v[N];

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int main(void)
{
    uint32_t random = 1, found = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++)
            v[i] = random = random * 1664525 + 1013904223;
        qsort(v, N, sizeof(v[0]), compare);
        for (int i = 0; i < 1000000; i++) {
            random = random * 1664525 + 1013904223;
            unsigned low = 0, high = N;
            while (low < high) {
                unsigned middle = (low + high) / 2;
                if (v[middle] < random)
                    low = middle + 1;
                else
                    high = middle;
            }
            found += low;
        }
    }
    printf("%u %u\n", v[N / 2], found);
    return 0;
}
