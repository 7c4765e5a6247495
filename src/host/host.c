/*
 * The start of the host side on Linux x86-64: takes back what the host libc
 * registered with the kernel for its own first thread (restartable sequences,
 * robust list, tid address), since a guest finds none of them after exec, and
 * lets the other files take what they need from the fresh process.
 */
#include <sys/auxv.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "host/host_internal.h"

__thread struct host_thread *host_self __attribute__((tls_model("local-exec")));

enum {
    RSEQ_BYTES = 32, /* what the host libc registers, whatever __rseq_size says */
    RSEQ_UNREGISTER = 1,
    ROBUST_HEAD_BYTES = 24,
    HANDLER_BYTES = 16 << 10,
};

size_t host_altstack_bytes(void)
{
    /* A kernel before 5.14 does not tell; 3.5 KiB were enough up to AVX-512. */
    size_t frame = getauxval(AT_MINSIGSTKSZ);

    return page_up((frame ? frame : 4096) + HANDLER_BYTES);
}

void host_init(char **envp)
{
    if (__rseq_size)
        raw_syscall(SYS_rseq, (uint64_t)__builtin_thread_pointer() + (uint64_t)__rseq_offset,
                    RSEQ_BYTES, RSEQ_UNREGISTER, RSEQ_SIG, 0, 0);
    raw_syscall(SYS_set_robust_list, 0, ROBUST_HEAD_BYTES, 0, 0, 0, 0);
    raw_syscall(SYS_set_tid_address, 0, 0, 0, 0, 0, 0);
    host_tls_capture();
    host_reserve_init();
}
