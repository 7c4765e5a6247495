/*
 * FPSR's cumulative flags: they outlive system calls and forks, stand in the
 * frame of a signal, come back from it as the handler left them, and what was
 * cleared stays clear. test: quick
 */
#include "sys/test.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

enum { DZC = 2, IXC = 16 };

static uint64_t fpsr(void)
{
    uint64_t v;

    __asm__ volatile("mrs %0, fpsr" : "=r"(v));
    return v;
}

static void set_fpsr(uint64_t v)
{
    __asm__ volatile("msr fpsr, %0" ::"r"(v));
}

static void divide(double a, double b)
{
    __asm__ volatile("fdiv %d0, %d0, %d1" : "+w"(a) : "w"(b));
}

static uint64_t in_frame;

static struct fpsimd_context *fpsimd_of(ucontext_t *u)
{
    struct _aarch64_ctx *c = (struct _aarch64_ctx *)u->uc_mcontext.__reserved;

    while (c->magic != FPSIMD_MAGIC)
        c = (struct _aarch64_ctx *)((char *)c + c->size);
    return (struct fpsimd_context *)c;
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    struct fpsimd_context *f = fpsimd_of(context);

    in_frame = f->fpsr;
    f->fpsr = 0;
    divide(1, 3);
}

TEST(over_system_calls)
{
    set_fpsr(0);
    divide(1, 3);
    getppid();
    CHECK_EQ(fpsr(), IXC);
    getppid();
    divide(1, 0);
    getppid();
    CHECK_EQ(fpsr(), IXC | DZC);
    set_fpsr(0);
    getppid();
    CHECK_EQ(fpsr(), 0);
    divide(1, 2);
    getppid();
    CHECK_EQ(fpsr(), 0);
}

TEST(in_the_frame_of_a_signal)
{
    struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    set_fpsr(0);
    divide(1, 0);
    raise(SIGUSR1);
    CHECK_EQ(in_frame, DZC);
    CHECK_EQ(fpsr(), 0);
    getppid();
    CHECK_EQ(fpsr(), 0);
}

TEST(over_fork)
{
    int status;

    set_fpsr(0);
    divide(1, 3);
    pid_t child = fork();
    if (child == 0) {
        bool kept = fpsr() == IXC;
        set_fpsr(0);
        getppid();
        _exit(kept && fpsr() == 0 ? 0 : 1);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(fpsr(), IXC);
}

TEST_MAIN()
