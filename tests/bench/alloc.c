/* malloc and free of mixed sizes from two threads at once. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SLOTS 2000

static void *work(void *arg)
{
    char **slot = calloc(SLOTS, sizeof(*slot));
    uint32_t random = (uint32_t)(uintptr_t)arg;
    uintptr_t sum = 0;
    for (int i = 0; i < 12000000; i++) {
        random = random * 1664525 + 1013904223;
        unsigned s = random >> 8 & 1023;
        free(slot[s]);
        size_t bytes = (random >> 20 & 255) * ((random & 0xf00) == 0 ? 64 : 1) + 8;
        slot[s] = malloc(bytes);
        slot[s][0] = (char)i;
        sum += bytes;
    }
    for (int i = 0; i < SLOTS; i++)
        free(slot[i]);
    free(slot);
    return (void *)sum;
}

int main(void)
{
    pthread_t t[2];
    uintptr_t sum = 0;
    for (uintptr_t i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < 2; i++) {
        void *part;
        pthread_join(t[i], &part);
        sum += (uintptr_t)part;
    }
    printf("%lu\n", (unsigned long)sum);
    return 0;
}
