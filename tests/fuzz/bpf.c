/*
 * kernel/bpf: a program that is accepted runs to its end, whatever it is given;
 * and what is accepted is what the host's kernel accepts, which is asked with
 * no descriptor left for the listener, so that nothing is ever attached.
 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/bpf.h"

enum { PROGRAM_MAX = 128, DATA_BYTES = sizeof(struct linux_seccomp_data) };

static bool kernel_tells;

/* 1: accepted, 0: refused, -1: cannot tell. */
static int ask_kernel(const struct linux_sock_filter *prog, unsigned len)
{
    struct sock_fprog p = {(unsigned short)len, (struct sock_filter *)prog};
    struct rlimit none, old;
    long rc;

    getrlimit(RLIMIT_NOFILE, &old);
    none = old;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
    int error = rc < 0 ? errno : 0;
    setrlimit(RLIMIT_NOFILE, &old);
    return error == EMFILE ? 1 : error == EINVAL ? 0 : -1;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct linux_sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    static const struct linux_sock_filter nothing = {0xffff, 0, 0, 0};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    kernel_tells = ask_kernel(&allow, 1) == 1 && ask_kernel(&nothing, 1) == 0;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct linux_sock_filter prog[PROGRAM_MAX];
    struct linux_seccomp_data call;

    if (bytes < DATA_BYTES + sizeof(prog[0]))
        return 0;
    unsigned len = (unsigned)((bytes - DATA_BYTES) / sizeof(prog[0]));
    len = len < PROGRAM_MAX ? len : PROGRAM_MAX;
    memcpy(&call, data, DATA_BYTES);
    memcpy(prog, data + DATA_BYTES, len * sizeof(prog[0]));
    bool good = bpf_check(prog, len);
    if (kernel_tells)
        FUZZ_CHECK(ask_kernel(prog, len) == good);
    if (good)
        (void)bpf_run(prog, &call);
    return 0;
}

size_t fuzz_seed(unsigned n, uint8_t *to, size_t room)
{
    static const struct sock_filter programs[][8] = {
        {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)},
        {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc00000b7, 1, 0),
         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
         BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 400, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0x50026),
         BPF_STMT(BPF_RET | BPF_A, 0)},
        {BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TAX, 0),
         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), BPF_STMT(BPF_ST, 3),
         BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), BPF_STMT(BPF_LD | BPF_MEM, 3),
         BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 31), BPF_STMT(BPF_RET | BPF_A, 0)},
        {BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
         BPF_STMT(BPF_ALU | BPF_NEG, 0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, 0),
         BPF_STMT(BPF_JMP | BPF_JA, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0), BPF_STMT(BPF_STX, 15),
         BPF_STMT(BPF_RET | BPF_K, 0x7ff00000)},
    };
    size_t len = 0;

    if (n >= sizeof(programs) / sizeof(*programs))
        return 0;
    while (len < 8 && (len == 0 || programs[n][len].code))
        len++;
    memset(to, 0x5a, DATA_BYTES);
    memcpy(to + DATA_BYTES, programs[n], len * sizeof(programs[n][0]));
    return DATA_BYTES + len * sizeof(programs[n][0]);
}
