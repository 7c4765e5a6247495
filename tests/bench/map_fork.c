/* fork of a process with 4 GiB mapped, of which it has used a page in each MiB. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    const size_t len = 4ul << 30;
    unsigned long sum = 0;
    char *p =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    madvise(p, len, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < len; at += 1 << 20)
        p[at] = 1;
    for (int i = 0; i < 60; i++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0)
            _exit(p[(size_t)i << 20]);
        waitpid(pid, &status, 0);
        sum += (unsigned long)WEXITSTATUS(status);
    }
    printf("%lu\n", sum);
    return 0;
}
