/* The C library's string functions on short and long strings, and formatted printing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    static char text[1 << 16], line[256];
    unsigned long sum = 0;
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)('a' + i * i % 23);
    for (int round = 0; round < 6000; round++) {
        text[round] = 'z';
        sum += strlen(text + round);
        sum += (unsigned long)((char *)memchr(text + round + 1, 'z', sizeof(text) - 8000) != NULL);
        sum += (unsigned long)(strstr(text, "zzzzy") != NULL);
    }
    for (int i = 0; i < 1500000; i++) {
        int n = snprintf(line, sizeof(line), "%d:%s:%x", i, i & 1 ? "odd" : "even", i * 3);
        sum += (unsigned long)n + strtoul(line, NULL, 10) % 7;
        sum += (unsigned long)strcmp(line, "750000:even") > 0;
    }
    printf("%lu\n", sum);
    return 0;
}
