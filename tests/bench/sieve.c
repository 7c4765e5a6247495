/* Integer and byte stores: primes below 20 million, several times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 20000000

int main(void)
{
    char *composite = malloc(LIMIT);
    unsigned count = 0;
    for (int round = 0; round < 4; round++) {
        memset(composite, 0, LIMIT);
        count = 0;
        for (unsigned i = 2; i < LIMIT; i++) {
            if (composite[i])
                continue;
            count++;
            for (unsigned long j = (unsigned long)i * i; j < LIMIT; j += i)
                composite[j] = 1;
        }
    }
    printf("%u\n", count);
    return 0;
}
