/* Ten thousand mappings of a page that do not merge: made, found again, and removed out of order. */
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
    enum { COUNT = 10000 };
    static char *page[COUNT];
    unsigned long sum = 0;
    for (int turn = 0; turn < 6; turn++) {
        for (int i = 0; i < COUNT; i++)
            page[i] = mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i < COUNT; i += 2)
            sum += (unsigned char)(page[i][0] = (char)i);
        for (int i = 0; i < COUNT; i++)
            munmap(page[i * 7919l % COUNT], 4096);
    }
    printf("%lu\n", sum);
    return 0;
}
