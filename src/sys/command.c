/*
 * Calls whose first or second argument says what the others are: ioctl, prctl,
 * keyctl, semctl. What a command points at is a row here, so that no command
 * can lead the host kernel to the runtime's memory; prctl's rows also say
 * which commands arm64 does not have and which would change the runtime
 * itself. ioctl's conversions are the host room's.
 */
#include "a64/model.h"
#include "abi/seccomp.h"
#include "base/log.h"
#include "host/host.h"
#include "sys/sys.h"

/* ---- ioctl ---- */

#define IOC_SIZE(request) ((request) >> 16 & 0x3fff)
#define UFFDIO_REGISTER 0xaa00 /* its argument starts with the address and length of memory */

long sys_ioctl(int fd, uint64_t request64, uint64_t arg)
{
    uint32_t request = (uint32_t)request64;

    if ((request & 0xffff) == UFFDIO_REGISTER) {
        uint64_t range[2];
        if (UGET(&range, gva_of(arg)))
            return -LINUX_EFAULT;
        if (!gva_range_ok(gva_of(range[0]), range[1]))
            return -LINUX_EINVAL;
    }
    /* No value reaches beyond the guest's range; what does is a stray pointer. */
    return SYS_HOST(fd, request, sys_pointer(arg, IOC_SIZE(request)));
}

/* ---- keyctl ---- */

/* Which of the arguments 2 to 5 are pointers, as bits 0 to 3; all others are values. */
static const uint8_t keyctl_pointers[] = {
    [1] = 1,              /* JOIN_SESSION_KEYRING: name */
    [2] = 2,              /* UPDATE: payload */
    [6] = 2,              /* DESCRIBE: buffer */
    [10] = 2 | 4,         /* SEARCH: type, description */
    [11] = 2,             /* READ: buffer */
    [12] = 2,             /* INSTANTIATE: payload */
    [17] = 2,             /* GET_SECURITY: buffer */
    [20] = 2,             /* INSTANTIATE_IOV: vector */
    [23] = 1 | 2 | 8,     /* DH_COMPUTE: parameters, buffer, kdf */
    [24] = 4 | 8,         /* PKEY_QUERY: info, result */
    [25] = 1 | 2 | 4 | 8, /* PKEY_ENCRYPT */
    [26] = 1 | 2 | 4 | 8, /* PKEY_DECRYPT */
    [27] = 1 | 2 | 4 | 8, /* PKEY_SIGN */
    [28] = 1 | 2 | 4 | 8, /* PKEY_VERIFY */
    [29] = 2 | 4,         /* RESTRICT_KEYRING: type, restriction */
    [31] = 1,             /* CAPABILITIES: buffer */
    [32] = 2,             /* WATCH_KEY: none of it is followed */
};
enum { KEYCTL_INSTANTIATE_IOV = 20 };

long sys_keyctl(int command, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t arg[4] = {a, b, c, d};
    unsigned pointers =
        (unsigned)command < ARRAY_LEN(keyctl_pointers) ? keyctl_pointers[command] : 0;

    for (unsigned i = 0; i < ARRAY_LEN(arg); i++) {
        if (pointers & 1u << i)
            arg[i] = sys_pointer(arg[i], 1);
    }
    if (command == KEYCTL_INSTANTIATE_IOV)
        arg[1] = sys_iovec(arg[1], arg[2]);
    return SYS_HOST(command, arg[0], arg[1], arg[2], arg[3]);
}

/* ---- semctl ---- */

long sys_semctl(int id, int num, int command, uint64_t arg)
{
    return SYS_HOST(id, num, command,
                    command == LINUX_SETVAL ? arg
                                            : sys_pointer(arg, sizeof(struct linux_semid_ds)));
}

/* ---- prctl ---- */

enum prctl_rule {
    PRCTL_HOST,   /* the host's, with the pointers of the row checked */
    PRCTL_ABSENT, /* EINVAL: another architecture's, or an extension that no CPU model here has */
    PRCTL_REFUSE, /* EINVAL and a line in the log: it would change the runtime itself */
    PRCTL_OURS,   /* prctl_ours */
};

static const struct prctl_row {
    uint32_t option;
    uint8_t rule;
    uint8_t pointers; /* of arguments 2 to 5, as bits 0 to 3 */
    uint8_t bytes;    /* that each points at, at least */
} prctl_rows[] = {
    {LINUX_PR_SET_PDEATHSIG, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_PDEATHSIG, PRCTL_HOST, 1, 4},
    {LINUX_PR_GET_DUMPABLE, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_DUMPABLE, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_KEEPCAPS, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_KEEPCAPS, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_TIMING, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_TIMING, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_NAME, PRCTL_HOST, 1, 16},
    {LINUX_PR_GET_NAME, PRCTL_HOST, 1, 16},
    {LINUX_PR_CAPBSET_READ, PRCTL_HOST, 0, 0},
    {LINUX_PR_CAPBSET_DROP, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_SECUREBITS, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_SECUREBITS, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_TIMERSLACK, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_TIMERSLACK, PRCTL_HOST, 0, 0},
    {LINUX_PR_TASK_PERF_EVENTS_DISABLE, PRCTL_HOST, 0, 0},
    {LINUX_PR_TASK_PERF_EVENTS_ENABLE, PRCTL_HOST, 0, 0},
    {LINUX_PR_MCE_KILL, PRCTL_HOST, 0, 0},
    {LINUX_PR_MCE_KILL_GET, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_MM, PRCTL_HOST, 2, 1},
    {LINUX_PR_SET_PTRACER, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_CHILD_SUBREAPER, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_CHILD_SUBREAPER, PRCTL_HOST, 1, 4},
    {LINUX_PR_SET_NO_NEW_PRIVS, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_NO_NEW_PRIVS, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_TID_ADDRESS, PRCTL_HOST, 1, 8},
    {LINUX_PR_SET_THP_DISABLE, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_THP_DISABLE, PRCTL_HOST, 0, 0},
    {LINUX_PR_CAP_AMBIENT, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_SPECULATION_CTRL, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_SPECULATION_CTRL, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_IO_FLUSHER, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_IO_FLUSHER, PRCTL_HOST, 0, 0},
    {LINUX_PR_SCHED_CORE, PRCTL_HOST, 8, 8},
    {LINUX_PR_SET_MEMORY_MERGE, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_MEMORY_MERGE, PRCTL_HOST, 0, 0},
    {LINUX_PR_TIMER_CREATE_RESTORE_IDS, PRCTL_HOST, 0, 0},
    {LINUX_PR_FUTEX_HASH, PRCTL_HOST, 0, 0},
    /* What is mapped for the guest to execute is executable on the host too, and the code cache needs nothing new. */
    {LINUX_PR_SET_MDWE, PRCTL_HOST, 0, 0},
    {LINUX_PR_GET_MDWE, PRCTL_HOST, 0, 0},
    {LINUX_PR_SET_VMA, PRCTL_HOST, 2 | 8, 1},
    {LINUX_PR_GET_AUXV, PRCTL_HOST, 1, 1},

    /* what the runtime must keep for itself: its own rdtsc, its own system calls, its code cache */
    {LINUX_PR_SET_TSC, PRCTL_OURS, 0, 0},
    {LINUX_PR_GET_TSC, PRCTL_OURS, 0, 0},
    {LINUX_PR_SET_SYSCALL_USER_DISPATCH, PRCTL_REFUSE, 0, 0},

    {LINUX_PR_SET_TAGGED_ADDR_CTRL, PRCTL_OURS, 0, 0},
    {LINUX_PR_GET_TAGGED_ADDR_CTRL, PRCTL_OURS, 0, 0},
    {LINUX_PR_PAC_RESET_KEYS, PRCTL_OURS, 0, 0},
    {LINUX_PR_PAC_SET_ENABLED_KEYS, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_PAC_GET_ENABLED_KEYS, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SVE_SET_VL, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SVE_GET_VL, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SME_SET_VL, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SME_GET_VL, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_GET_SHADOW_STACK_STATUS, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SET_SHADOW_STACK_STATUS, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_LOCK_SHADOW_STACK_STATUS, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_GET_UNALIGN, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SET_UNALIGN, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_GET_FPEMU, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SET_FPEMU, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_GET_FPEXC, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SET_FPEXC, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_GET_ENDIAN, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SET_ENDIAN, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_MPX_ENABLE_MANAGEMENT, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_MPX_DISABLE_MANAGEMENT, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_GET_FP_MODE, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_SET_FP_MODE, PRCTL_ABSENT, 0, 0},
    {LINUX_PR_GET_SECCOMP, PRCTL_OURS, 0, 0},
    {LINUX_PR_SET_SECCOMP, PRCTL_OURS, 0, 0},
};

#define PR_TSC_ENABLE 1
#define PR_PAC_KEYS 0x1full /* APIA, APIB, APDA, APDB, APGA */

/* The commands that only the guest's own state answers. */
static long prctl_ours(struct task *t, uint32_t option, const uint64_t *arg)
{
    static const uint32_t tsc = PR_TSC_ENABLE;

    switch (option) {
    case LINUX_PR_GET_TSC: return UPUT(gva_of(arg[0]), &tsc);
    case LINUX_PR_SET_TSC: return arg[0] == PR_TSC_ENABLE ? 0 : -LINUX_EINVAL;
    /* As with sysctl abi.tagged_addr_disabled: system calls take no tagged pointers. */
    case LINUX_PR_SET_TAGGED_ADDR_CTRL:
        return arg[0] | arg[1] | arg[2] | arg[3] ? -LINUX_EINVAL : 0;
    case LINUX_PR_GET_TAGGED_ADDR_CTRL:
        return arg[0] | arg[1] | arg[2] | arg[3] ? -LINUX_EINVAL : 0;
    /* The keys of all programs are the same, as nothing rests on them being secret: a new one is the old one. */
    case LINUX_PR_PAC_RESET_KEYS:
        if (!(t->cpu.model->features & A64_FEAT_BIT(PAUTH)) || arg[0] & ~PR_PAC_KEYS ||
            arg[1] | arg[2] | arg[3])
            return -LINUX_EINVAL;
        return 0;
    case LINUX_PR_GET_SECCOMP: return t->seccomp.mode;
    case LINUX_PR_SET_SECCOMP:
        if (arg[0] == LINUX_SECCOMP_MODE_STRICT)
            return seccomp_set_strict(t);
        return arg[0] == LINUX_SECCOMP_MODE_FILTER ? seccomp_set_filter(t, 0, gva_of(arg[1]))
                                                   : -LINUX_EINVAL;
    default: return -LINUX_EINVAL;
    }
}

static const struct prctl_row *prctl_find(uint32_t option)
{
    for (unsigned i = 0; i < ARRAY_LEN(prctl_rows); i++) {
        if (prctl_rows[i].option == option)
            return &prctl_rows[i];
    }
    return NULL;
}

long sys_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t arg[4] = {a, b, c, d};
    const struct prctl_row *row = prctl_find((uint32_t)option);

    if (!row) {
        log_line("prctl 0x%x is not known: EINVAL", (unsigned)option);
        return -LINUX_EINVAL;
    }
    switch ((enum prctl_rule)row->rule) {
    case PRCTL_HOST:
        for (unsigned i = 0; i < ARRAY_LEN(arg); i++) {
            if (row->pointers & 1u << i)
                arg[i] = sys_pointer(arg[i], row->bytes);
        }
        return SYS_HOST(option, arg[0], arg[1], arg[2], arg[3]);
    case PRCTL_OURS: return prctl_ours(current, (uint32_t)option, arg);
    case PRCTL_REFUSE:
        log_line("prctl 0x%x is not served: EINVAL", (unsigned)option);
        return -LINUX_EINVAL;
    case PRCTL_ABSENT: break;
    }
    return -LINUX_EINVAL;
}
