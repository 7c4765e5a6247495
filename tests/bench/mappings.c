/* mmap, mprotect, munmap, page faults and fork: the cost of the guest's memory. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    unsigned long sum = 0;
    for (int i = 0; i < 30000; i++) {
        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int k = 0; k < 1 << 20; k += 1 << 17)
            p[k] = 1;
        mprotect(p, 1 << 16, PROT_READ);
        sum += (unsigned long)p[0];
        munmap(p, 1 << 20);
    }
    for (int i = 0; i < 300; i++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0)
            _exit(3);
        waitpid(pid, &status, 0);
        sum += (unsigned long)WEXITSTATUS(status);
    }
    printf("%lu\n", sum);
    return 0;
}
