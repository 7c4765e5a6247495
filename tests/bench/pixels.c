/* test: cflags=-O3 */
/* Vector integers: blending, saturation and sums over pixels, which the compiler vectorises. */
#include <stdint.h>
#include <stdio.h>

#define N (1 << 16)

static uint8_t src[N], dst[N];

int main(void)
{
    uint64_t total = 0;
    for (int i = 0; i < N; i++)
        src[i] = (uint8_t)(i * 31 >> 2);
    for (int round = 0; round < 24000; round++) {
        uint32_t sum = 0;
        for (int i = 0; i < N; i++) {
            int v = (src[i] * 180 + dst[i] * 76) >> 8;
            v += round & 15;
            dst[i] = (uint8_t)(v > 255 ? 255 : v);
        }
        for (int i = 0; i < N; i++)
            sum += dst[i];
        total += sum;
    }
    printf("%llu\n", (unsigned long long)total);
    return 0;
}
