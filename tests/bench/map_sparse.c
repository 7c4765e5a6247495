/* One page in every 256 KiB of a large anonymous mapping touched, dropped and touched again. */
#include <stdio.h>
#include <sys/mman.h>

int main(void)
{
    const size_t len = 4ul << 30, step = 256ul << 10;
    unsigned long sum = 0;
    char *p =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    madvise(p, len, MADV_NOHUGEPAGE);
    for (int turn = 0; turn < 12; turn++) {
        for (size_t at = 0; at < len; at += step)
            sum += (unsigned char)(p[at] += (char)turn);
        madvise(p, len, MADV_DONTNEED);
    }
    printf("%lu\n", sum);
    return 0;
}
