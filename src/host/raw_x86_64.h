/*
 * A system call of the x86-64 host with the host's own number and structures,
 * without errno: for host/ alone.
 */
#ifndef HOST_RAW_X86_64_H
#define HOST_RAW_X86_64_H

#include <stdint.h>

static inline long raw_syscall(long nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
                               uint64_t a4, uint64_t a5)
{
    long rc;
    register uint64_t r10 __asm__("r10") = a3;
    register uint64_t r8 __asm__("r8") = a4;
    register uint64_t r9 __asm__("r9") = a5;

    __asm__ volatile("syscall"
                     : "=a"(rc)
                     : "a"(nr), "D"(a0), "S"(a1), "d"(a2), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return rc;
}

/* The kernel's struct sigaction, which is not the C library's. */
struct raw_sigaction {
    void *handler;
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
};

#endif
