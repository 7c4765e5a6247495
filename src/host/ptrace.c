/*
 * The host's part of the guest's ptrace on Linux x86-64: see ptrace.h. A
 * tracee's struct host_thread is found through its fs base, since host_self
 * lies at the same place in the TLS of every thread of this image.
 */
#include "host/ptrace.h"

#include <sys/syscall.h>
#include <sys/user.h>

#include "abi/errno.h"
#include "host/raw_x86_64.h"

enum { REQUEST_PEEKDATA = 2, REQUEST_GETREGS = 12, BLOCK_ALL = 2, SIGSET_BYTES = 8 };

static void raw_mask(uint64_t mask, uint64_t *old)
{
    raw_syscall(SYS_rt_sigprocmask, BLOCK_ALL, (uint64_t)&mask, (uint64_t)old, SIGSET_BYTES, 0, 0);
}

void host_trap_fill(struct linux_siginfo *info, enum host_trap what, uint64_t value)
{
    *info = (struct linux_siginfo){
        .si_signo = LINUX_SIGTRAP, .si_code = (int32_t)what, .rt.value = value};
}

void host_trap_stop(void)
{
    struct linux_siginfo info;
    uint64_t mask = 0;
    long pid = raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
    long tid = raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);

    host_trap_fill(&info, HOST_TRAP_STOP, 0);
    raw_mask(~LINUX_SIGMASK(LINUX_SIGTRAP), &mask);
    raw_syscall(SYS_rt_tgsigqueueinfo, (uint64_t)pid, (uint64_t)tid, LINUX_SIGTRAP, (uint64_t)&info,
                0, 0);
    raw_mask(mask, NULL);
}

static long peek(int tid, uint64_t at, uint64_t *word)
{
    return raw_syscall(SYS_ptrace, REQUEST_PEEKDATA, (uint64_t)tid, at, (uint64_t)word, 0, 0);
}

long host_traced_self(int tid, uint64_t *self)
{
    struct user_regs_struct regs;
    uint64_t offset = (uint64_t)&host_self - (uint64_t)__builtin_thread_pointer(), mark;
    long rc = raw_syscall(SYS_ptrace, REQUEST_GETREGS, (uint64_t)tid, 0, (uint64_t)&regs, 0, 0);

    if (rc < 0)
        return rc;
    *self = 0;
    if (!regs.fs_base || peek(tid, regs.fs_base + offset, self) < 0 || !*self ||
        peek(tid, *self + offsetof(struct host_thread, mark), &mark) < 0 ||
        mark != HOST_THREAD_MARK)
        *self = 0;
    return 0;
}
