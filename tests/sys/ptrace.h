/*
 * For the tests of ptrace(2): a child that is traced, waiting for its stops,
 * its registers and memory. linux/ptrace.h's names, which sys/ptrace.h excludes.
 */
#ifndef TESTS_SYS_PTRACE_H
#define TESTS_SYS_PTRACE_H

#include "sys/test.h"

#include <elf.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <sys/uio.h>

#define PT(request, pid, addr, data) syscall(SYS_ptrace, (long)(request), pid, addr, data)

struct gpr {
    uint64_t x[31], sp, pc, pstate;
};

#define STOP_SYSGOOD (SIGTRAP | 0x80)
#define STATUS_EVENT(st) ((st) >> 16)

__attribute__((unused)) static int wait_for(pid_t pid)
{
    int st = -1;
    CHECK_EQ(waitpid(pid, &st, __WALL), pid);
    return st;
}

#define CHECK_STOP(st, sig, event)                                                             \
    ({                                                                                         \
        int st_ = (st);                                                                        \
        test_report(WIFSTOPPED(st_) && WSTOPSIG(st_) == (sig) && STATUS_EVENT(st_) == (event), \
                    __LINE__, "status is %x, not a stop by %x with event %d", st_, (sig),      \
                    (event));                                                                  \
    })

#define CHECK_EXIT(st, code)                                                \
    ({                                                                      \
        int st_ = (st);                                                     \
        test_report(WIFEXITED(st_) && WEXITSTATUS(st_) == (code), __LINE__, \
                    "status is %x, not an exit with %d", st_, (code));      \
    })

__attribute__((unused)) static long get_regs(pid_t pid, struct gpr *r)
{
    struct iovec iov = {r, sizeof(*r)};
    return PT(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov);
}

__attribute__((unused)) static long set_regs(pid_t pid, struct gpr *r)
{
    struct iovec iov = {r, sizeof(*r)};
    return PT(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

/* A child that is traced and has stopped itself, then runs body. */
#define TRACED(body)                              \
    ({                                            \
        fflush(stdout);                           \
        pid_t child_ = fork();                    \
        if (child_ == 0) {                        \
            if (PT(PTRACE_TRACEME, 0, 0, 0))      \
                _exit(99);                        \
            raise(SIGSTOP);                       \
            _exit(body);                          \
        }                                         \
        CHECK_STOP(wait_for(child_), SIGSTOP, 0); \
        child_;                                   \
    })

__attribute__((unused)) static long word_at(pid_t pid, const void *at)
{
    long word = -1;
    CHECK_EQ(PT(PTRACE_PEEKDATA, pid, at, &word), 0);
    return word;
}

#endif
