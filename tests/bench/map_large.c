/* A GiB reserved, made usable, taken back and unmapped: the cost must not depend on the length. */
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
    const size_t len = 1ul << 30;
    unsigned long sum = 0;
    for (int i = 0; i < 3000; i++) {
        char *p = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        sum += p != MAP_FAILED;
        sum += (unsigned)mprotect(p, len, PROT_READ | PROT_WRITE);
        sum += (unsigned)mprotect(p + len / 2, len / 4, PROT_NONE);
        munmap(p, len);
    }
    printf("%lu\n", sum);
    return 0;
}
