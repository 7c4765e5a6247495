/*
 * The tracer's side of ptrace: see ptrace.h. Which stops of the host the guest
 * is told of, and the requests on stopped threads (ptrace(2), kernel/ptrace.c
 * of Linux). Nothing about tracees is kept here: the host knows who is traced
 * by whom, and the rest is read from the tracee each time, so that it survives
 * the tracer's own exec, and costs nothing without a tracee.
 *
 * As on Linux only the thread that traces may make requests; stops must be
 * waited for by it as well.
 */
#include "kernel/ptrace.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/errno.h"
#include "abi/ptrace.h"
#include "abi/syscalls.h"
#include "base/log.h"
#include "host/ptrace.h"
#include "kernel/procfs_text.h"
#include "kernel/regset.h"
#include "kernel/signal.h"
#include "mm/uaccess.h"

#define STATUS_STOPPED 0x7fu
#define STATUS_SIGNAL(status) ((uint32_t)(status) >> 8 & 0xff)
#define STATUS_EVENT(status) ((uint32_t)(status) >> 16)
#define DEFERRED_MAX 8

#define ALL_OPTIONS                                                                         \
    (LINUX_PTRACE_O_TRACESYSGOOD | LINUX_PTRACE_O_TRACEFORK | LINUX_PTRACE_O_TRACEVFORK |   \
     LINUX_PTRACE_O_TRACECLONE | LINUX_PTRACE_O_TRACEEXEC | LINUX_PTRACE_O_TRACEVFORKDONE | \
     LINUX_PTRACE_O_TRACEEXIT | LINUX_PTRACE_O_TRACESECCOMP | LINUX_PTRACE_O_EXITKILL)
/* The rest is made by the tracee itself. */
#define HOST_OPTIONS                                                                    \
    (LINUX_PTRACE_O_TRACEFORK | LINUX_PTRACE_O_TRACEVFORK | LINUX_PTRACE_O_TRACECLONE | \
     LINUX_PTRACE_O_TRACEVFORKDONE | LINUX_PTRACE_O_TRACEEXIT | LINUX_PTRACE_O_EXITKILL)

/* A stopped thread. */
struct tracee {
    int tid;
    uint64_t
        task; /* its struct task in its memory; 0: a starting image of ours, or a program of the host */
    struct tracing tracing;
};

static long host_ptrace(long request, int tid, uint64_t addr, const void *data)
{
    return host_syscall(LINUX_SYS_ptrace, (uint64_t)request, (uint64_t)tid, addr, (uint64_t)data, 0,
                        0);
}

static long go_on(int tid, long request, int sig)
{
    return host_ptrace(request, tid, 0, (void *)(uintptr_t)sig);
}

static bool is_ours(int tid)
{
    struct view v = {.pid = tid};

    return procfs_is_elver(&v);
}

/* ---- the tracee's memory ---- */

static long transfer(long call, int tid, void *local, uint64_t at, size_t bytes)
{
    struct linux_iovec here = {(uint64_t)local, bytes}, there = {at, bytes};
    long rc = host_syscall(call, (uint64_t)tid, (uint64_t)&here, 1, (uint64_t)&there, 1, 0);

    if (rc < 0)
        return rc;
    return rc == (long)bytes ? 0 : -LINUX_EFAULT;
}

static long fetch(int tid, void *local, uint64_t at, size_t bytes)
{
    return transfer(LINUX_SYS_process_vm_readv, tid, local, at, bytes);
}

static long store(int tid, uint64_t at, const void *local, size_t bytes)
{
    return transfer(LINUX_SYS_process_vm_writev, tid, (void *)(uintptr_t)local, at, bytes);
}

#define FETCH(v, member, local) \
    fetch((v)->tid, (local), (v)->task + offsetof(struct task, member), sizeof *(local))
#define STORE(v, member, local) \
    store((v)->tid, (v)->task + offsetof(struct task, member), (local), sizeof *(local))

/* -LINUX_ESRCH: it is not stopped, or not ours to ask. */
static long find(int tid, struct tracee *v)
{
    long rc = host_traced_self(tid, &v->task);

    v->tid = tid;
    v->tracing = (struct tracing){0};
    if (rc == 0 && v->task)
        rc = FETCH(v, tracing, &v->tracing);
    return rc;
}

/* ---- which stops the guest is told of ---- */

/* To this very thread. */
static void send(int tid, const struct linux_siginfo *info)
{
    struct procfs_text status = {0};
    char path[32];
    const char *tgid;

    snprintf(path, sizeof(path), "/proc/%d/status", tid);
    if (procfs_text_read_file(&status, path) == 0 && (tgid = strstr(status.p, "\nTgid:\t")))
        host_syscall(LINUX_SYS_rt_tgsigqueueinfo, (uint64_t)atoi(tgid + strlen("\nTgid:\t")),
                     (uint64_t)tid, (uint64_t)info->si_signo, (uint64_t)info, 0, 0);
    procfs_text_free(&status);
}

/* Asks a thread to come to where its registers are exact, and to stop there with `sig`. */
static bool kick(const struct tracee *v, uint32_t sig)
{
    struct linux_siginfo info;

    host_trap_fill(&info, HOST_TRAP_KICK, sig);
    send(v->tid, &info);
    go_on(v->tid, LINUX_PTRACE_CONT, 0);
    return false;
}

/* The host's SIGTRAP at the end of an execve, and its other notices: of no use here. */
static bool is_notice(const struct linux_siginfo *info)
{
    return info->si_signo == LINUX_SIGTRAP && info->si_code >= LINUX_SI_USER;
}

/*
 * A program of ours that is not yet so far as to hear its tracer. One that
 * was traced before its execve knows by itself. Else it is led on, call by
 * call, and meanwhile signals wait with us.
 */
static bool meet_starting(struct tracee *v, uint32_t event)
{
    struct linux_siginfo kept[DEFERRED_MAX], info;
    unsigned count = 0;

    if (!event && host_ptrace(LINUX_PTRACE_GETSIGINFO, v->tid, 0, &info) == 0 && is_notice(&info)) {
        go_on(v->tid, LINUX_PTRACE_CONT, 0);
        return false;
    }
    do {
        if (host_ptrace(LINUX_PTRACE_GETSIGINFO, v->tid, 0, &info) == 0 && !is_notice(&info) &&
            count < DEFERRED_MAX)
            kept[count++] = info;
        go_on(v->tid, LINUX_PTRACE_SYSCALL, 0);
        /* Its end is left for the guest to find. */
        if (host_syscall(LINUX_SYS_waitid, LINUX_P_PID, (uint64_t)v->tid, (uint64_t)&info,
                         LINUX_WEXITED | LINUX_WUNTRACED | LINUX_WNOWAIT | LINUX_WALL, 0, 0) < 0 ||
            find(v->tid, v) < 0)
            return false;
    } while (!v->task);
    for (unsigned i = 0; i < count; i++) {
        /* Others may not claim to be the kernel. */
        if (kept[i].si_code >= 0 || kept[i].si_code == LINUX_SI_TKILL)
            kept[i].si_code = LINUX_SI_QUEUE;
        send(v->tid, &kept[i]);
    }
    if (event)
        return kick(v, LINUX_SIGTRAP);
    go_on(v->tid, LINUX_PTRACE_CONT, 0);
    return false;
}

/* The thread has stopped by itself. */
static bool meet_stop(const struct tracee *v, int *status)
{
    if (v->tracing.stop == PTRACE_GROUP && v->tracing.seized) {
        /* Where it is now the host's own stop can be told, with all that LISTEN needs. */
        host_ptrace(LINUX_PTRACE_INTERRUPT, v->tid, 0, NULL);
        go_on(v->tid, LINUX_PTRACE_CONT, 0);
        return false;
    }
    *status = (int)(v->tracing.code << 8 | STATUS_STOPPED);
    return true;
}

/* A signal on its way to a thread that may be anywhere: run.c shall have it, whatever the host's action is. */
static bool carry(const struct tracee *v, const struct linux_siginfo *info)
{
    struct linux_siginfo trap;
    uint32_t passing = 0;

    host_trap_fill(&trap, HOST_TRAP_CARRY, (uint64_t)info->si_signo);
    if (FETCH(v, host.passing, &passing) == 0 && passing == (uint32_t)info->si_signo) {
        passing = 0;
        STORE(v, host.passing, &passing);
        go_on(v->tid, LINUX_PTRACE_CONT, info->si_signo);
    } else if (HOST_SYNC_MASK & LINUX_SIGMASK(info->si_signo)) {
        go_on(v->tid, LINUX_PTRACE_CONT, info->si_signo);
    } else if (STORE(v, host.carried_info, info) == 0 &&
               host_ptrace(LINUX_PTRACE_SETSIGINFO, v->tid, 0, &trap) == 0) {
        go_on(v->tid, LINUX_PTRACE_CONT, LINUX_SIGTRAP);
    }
    return false;
}

static bool meet(struct tracee *v, int *status)
{
    struct linux_siginfo info;
    bool by_signal =
        STATUS_EVENT(*status) == 0 && host_ptrace(LINUX_PTRACE_GETSIGINFO, v->tid, 0, &info) == 0;

    if (!v->tracing.on) {
        v->tracing.on = true;
        v->tracing.resume = LINUX_PTRACE_CONT;
        STORE(v, tracing, &v->tracing);
    }
    if (by_signal && info.si_signo == LINUX_SIGTRAP && info.si_code == HOST_TRAP_STOP)
        return meet_stop(v, status);
    if (by_signal)
        return carry(v, &info);
    if (!v->tracing.safe)
        return kick(v, STATUS_SIGNAL(*status));
    if (v->tracing.stop != PTRACE_RUNNING) {
        v->tracing.stop = PTRACE_RUNNING;
        STORE(v, tracing.stop, &v->tracing.stop);
    }
    return true;
}

static void become_tracer(struct task *t)
{
    if (t->group->is_tracer)
        return;
    t->group->is_tracer = true;
    signal_hear_children(t);
}

bool ptrace_filter(int tid, int *status)
{
    struct tracee v;

    if (STATUS_EVENT(*status) && STATUS_EVENT(*status) != LINUX_PTRACE_EVENT_STOP)
        return true;
    if (find(tid, &v) < 0)
        return true;
    become_tracer(current);
    if (v.task)
        return meet(&v, status);
    return is_ours(tid) ? meet_starting(&v, STATUS_EVENT(*status)) : true;
}

bool ptrace_heard(const struct linux_siginfo *info)
{
    bool own_affair = false;

    while (info->si_code == LINUX_CLD_TRAPPED || info->si_code == LINUX_CLD_STOPPED) {
        struct linux_siginfo w = {0};

        if (host_syscall(LINUX_SYS_waitid, LINUX_P_ALL, 0, (uint64_t)&w,
                         LINUX_WUNTRACED | LINUX_WNOHANG | LINUX_WNOWAIT | LINUX_WALL, 0, 0) < 0 ||
            !w.chld.pid)
            break;
        int status = (int)((uint32_t)w.chld.status << 8 | STATUS_STOPPED);

        if (w.si_code != LINUX_CLD_TRAPPED || ptrace_filter(w.chld.pid, &status))
            return false;
        own_affair = true;
    }
    return own_affair;
}

/* ---- going on ---- */

static bool steps(long request)
{
    return request == LINUX_PTRACE_SINGLESTEP || request == LINUX_PTRACE_SYSEMU_SINGLESTEP;
}

/* A signal other than the one that stopped it comes from the tracer (ptrace_signal of Linux). */
static void answer(struct tracing *tr, long request, int sig)
{
    if (tr->stop == PTRACE_SIGNAL && sig && sig != tr->info.si_signo)
        tr->info = (struct linux_siginfo){
            .si_signo = sig,
            .si_code = LINUX_SI_USER,
            .rt = {.pid = (int32_t)host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0),
                   .uid = (uint32_t)host_syscall(LINUX_SYS_getuid, 0, 0, 0, 0, 0, 0)}};
    tr->answered = true;
    tr->signal = sig;
    tr->resume = (int)request;
    if (!steps(request))
        tr->step_due = false;
    if (request == LINUX_PTRACE_DETACH) {
        tr->on = tr->seized = false;
        tr->options = 0;
        tr->resume = LINUX_PTRACE_CONT;
    }
}

static long resume(long request, int tid, uint64_t data)
{
    struct tracee v;
    long host_request = request == LINUX_PTRACE_DETACH ? LINUX_PTRACE_DETACH : LINUX_PTRACE_CONT;
    long rc = find(tid, &v);

    if (rc < 0)
        return rc;
    if (data > LINUX_NSIG)
        return -LINUX_EIO;
    if (!v.task)
        return go_on(tid, steps(request) ? request : host_request, (int)data);

    bool by_itself = v.tracing.stop != PTRACE_RUNNING;
    uint8_t step = steps(request);

    answer(&v.tracing, request, (int)data);
    rc = STORE(&v, cpu.single_step, &step);
    if (rc == 0)
        rc = STORE(&v, tracing, &v.tracing);
    if (rc < 0)
        return rc;
    return go_on(tid, host_request, by_itself ? 0 : (int)data);
}

/* ---- memory and text ---- */

/* The process of v is told that its translations of these pages are of no use. */
static void note_patch(const struct tracee *v, uint64_t addr, uint64_t len)
{
    struct group *group;
    struct patches p;
    uint64_t page = page_down(addr), at;

    if (FETCH(v, group, &group) < 0)
        return;
    at = (uint64_t)group + offsetof(struct group, patches);
    if (fetch(v->tid, &p, at, sizeof p) < 0)
        return;
    if (len / GUEST_PAGE > PATCH_RING)
        p.written += PATCH_RING + 1;
    else
        for (; page < addr + len; page += GUEST_PAGE)
            p.page[p.written++ % PATCH_RING] = page;
    store(v->tid, at + offsetof(struct patches, page), p.page, sizeof p.page);
    store(v->tid, at + offsetof(struct patches, written), &p.written, sizeof p.written);
}

void ptrace_wrote(int pid, uint64_t addr, uint64_t len)
{
    struct tracee v;

    if (len && find(pid, &v) == 0 && v.task)
        note_patch(&v, addr, len);
}

static long peek(int tid, uint64_t addr, uint64_t data)
{
    uint64_t word;
    long rc;

    if (!gva_range_ok(gva_of(addr), sizeof word))
        return -LINUX_EIO;
    rc = host_ptrace(LINUX_PTRACE_PEEKDATA, tid, addr, &word);
    return rc < 0 ? rc : UPUT(gva_of(data), &word);
}

static long poke(int tid, uint64_t addr, uint64_t data)
{
    long rc;

    if (!gva_range_ok(gva_of(addr), sizeof data))
        return -LINUX_EIO;
    rc = host_ptrace(LINUX_PTRACE_POKEDATA, tid, addr, (void *)(uintptr_t)data);
    if (rc == 0)
        ptrace_wrote(tid, addr, sizeof data);
    return rc;
}

/* ---- requests on a tracee of ours ---- */

static long get_siginfo(struct tracee *v, uint64_t addr, uint64_t data)
{
    struct linux_siginfo info = v->tracing.info;
    long rc = 0;

    if (v->tracing.stop == PTRACE_GROUP)
        rc = -LINUX_EINVAL;
    else if (v->tracing.stop == PTRACE_RUNNING)
        rc = host_ptrace(LINUX_PTRACE_GETSIGINFO, v->tid, 0, &info);
    return rc < 0 ? rc : UPUT(gva_of(data), &info);
}

static long set_siginfo(struct tracee *v, uint64_t addr, uint64_t data)
{
    struct linux_siginfo info;

    if (UGET(&info, gva_of(data)) < 0)
        return -LINUX_EFAULT;
    if (v->tracing.stop == PTRACE_GROUP)
        return -LINUX_EINVAL;
    if (v->tracing.stop == PTRACE_RUNNING)
        return host_ptrace(LINUX_PTRACE_SETSIGINFO, v->tid, 0, &info);
    return STORE(v, tracing.info, &info);
}

static long get_event_message(struct tracee *v, uint64_t addr, uint64_t data)
{
    uint64_t message = v->tracing.message;
    long rc = 0;

    if (v->tracing.stop == PTRACE_RUNNING)
        rc = host_ptrace(LINUX_PTRACE_GETEVENTMSG, v->tid, 0, &message);
    return rc < 0 ? rc : UPUT(gva_of(data), &message);
}

static long set_options(struct tracee *v, uint64_t addr, uint64_t data)
{
    long rc;

    if (data & ~(uint64_t)ALL_OPTIONS)
        return -LINUX_EINVAL;
    rc = host_ptrace(LINUX_PTRACE_SETOPTIONS, v->tid, 0, (void *)(uintptr_t)(data & HOST_OPTIONS));
    if (rc < 0)
        return rc;
    v->tracing.options = (uint32_t)data;
    if (!v->task)
        return 0;
    return STORE(v, tracing.options, &v->tracing.options);
}

static long get_mask(struct tracee *v, uint64_t addr, uint64_t data)
{
    uint64_t mask;
    long rc;

    if (addr != sizeof mask)
        return -LINUX_EINVAL;
    rc = FETCH(v, blocked, &mask);
    return rc < 0 ? rc : UPUT(gva_of(data), &mask);
}

static long set_mask(struct tracee *v, uint64_t addr, uint64_t data)
{
    const bool changed = true;
    uint64_t mask;

    if (addr != sizeof mask)
        return -LINUX_EINVAL;
    if (UGET(&mask, gva_of(data)) < 0)
        return -LINUX_EFAULT;
    mask &= ~(LINUX_SIGMASK(LINUX_SIGKILL) | LINUX_SIGMASK(LINUX_SIGSTOP));
    long rc = STORE(v, blocked, &mask);

    return rc < 0 ? rc : STORE(v, tracing.new_mask, &changed);
}

static long view_of(struct tracee *v, struct regset_view *view)
{
    long rc = FETCH(v, cpu, &view->cpu);

    return rc < 0 ? rc : FETCH(v, sys_nr, &view->sys_nr);
}

/* GETREGSET and SETREGSET: addr is the note type, data an iovec whose length is that of what is there. */
static long regset(struct tracee *v, bool put, uint64_t type, uint64_t data)
{
    uint8_t set[REGSET_BYTES_MAX] __attribute__((aligned(16)));
    struct regset_view view;
    struct linux_iovec iov;
    size_t unit, bytes = regset_size((uint32_t)type, &unit);
    long rc;

    if (UGET(&iov, gva_of(data)) < 0)
        return -LINUX_EFAULT;
    if (!bytes || iov.len % unit)
        return -LINUX_EINVAL;
    if (iov.len > bytes)
        iov.len = bytes;
    rc = view_of(v, &view);
    if (rc < 0)
        return rc;
    if (put) {
        if (uaccess_read(set, gva_of(iov.base), iov.len) < 0)
            return -LINUX_EFAULT;
        rc = regset_put(&view, (uint32_t)type, set, iov.len);
        if (rc == 0)
            rc = STORE(v, cpu, &view.cpu);
        if (rc == 0)
            rc = STORE(v, sys_nr, &view.sys_nr);
        /* Linux sets the stepping state anew with the registers. */
        if (rc == 0 && type == NT_PRSTATUS)
            rc = STORE(v, tracing.step_due, &(bool){false});
    } else {
        regset_get(&view, (uint32_t)type, set);
        if (uaccess_write(gva_of(iov.base), set, iov.len) < 0)
            return -LINUX_EFAULT;
    }
    return rc < 0 ? rc : UPUT(gva_of(data), &iov);
}

static long get_regset(struct tracee *v, uint64_t addr, uint64_t data)
{
    return regset(v, false, addr, data);
}

static long set_regset(struct tracee *v, uint64_t addr, uint64_t data)
{
    return regset(v, true, addr, data);
}

/* Fills what belongs to the kind of stop; the bytes of the structure that do. */
static size_t call_info(const struct tracee *v, const struct regset_view *view,
                        struct linux_ptrace_syscall_info *info)
{
    const struct cpu *cpu = &view->cpu;

    *info = (struct linux_ptrace_syscall_info){.op = LINUX_PTRACE_SYSCALL_INFO_NONE,
                                               .arch = LINUX_AUDIT_ARCH_AARCH64,
                                               .instruction_pointer = cpu->pc,
                                               .stack_pointer = cpu->sp};
    if (v->tracing.stop == PTRACE_CALL && v->tracing.call_at == PTRACE_CALL_EXIT) {
        int64_t rval = (int64_t)cpu->x[0];

        info->op = LINUX_PTRACE_SYSCALL_INFO_EXIT;
        info->exit.rval = rval;
        info->exit.is_error = rval < 0 && rval >= -4095;
        return offsetof(struct linux_ptrace_syscall_info, exit.is_error) + 1;
    }
    if (v->tracing.call_at != PTRACE_CALL_ENTRY)
        return offsetof(struct linux_ptrace_syscall_info, entry);
    info->op = LINUX_PTRACE_SYSCALL_INFO_ENTRY;
    info->entry.nr = (uint64_t)view->sys_nr;
    memcpy(info->entry.args, cpu->x, sizeof info->entry.args);
    if (v->tracing.stop == PTRACE_CALL)
        return offsetof(struct linux_ptrace_syscall_info, seccomp.ret_data);
    info->op = LINUX_PTRACE_SYSCALL_INFO_SECCOMP;
    info->seccomp.ret_data = (uint32_t)v->tracing.message;
    return offsetof(struct linux_ptrace_syscall_info, seccomp.ret_data) + sizeof(uint32_t);
}

/* addr is the caller's size; the result the size of what there is. */
static long get_call_info(struct tracee *v, uint64_t addr, uint64_t data)
{
    struct linux_ptrace_syscall_info info;
    struct regset_view view;
    long rc = view_of(v, &view);

    if (rc < 0)
        return rc;
    size_t bytes = call_info(v, &view, &info);

    if (uaccess_write(gva_of(data), &info, addr < bytes ? addr : bytes) < 0)
        return -LINUX_EFAULT;
    return (long)bytes;
}

/* rseq(2) is not there, so nobody registered any. */
static long get_rseq(struct tracee *v, uint64_t addr, uint64_t data)
{
    const struct linux_ptrace_rseq_configuration none = {0};

    if (addr != sizeof none)
        return -LINUX_EINVAL;
    return UPUT(gva_of(data), &none) < 0 ? -LINUX_EFAULT : (long)sizeof none;
}

static long peek_siginfo(struct tracee *v, uint64_t addr, uint64_t data)
{
    struct linux_ptrace_peeksiginfo_args args;

    if (UGET(&args, gva_of(addr)) < 0)
        return -LINUX_EFAULT;
    if (args.nr > 0 &&
        !gva_range_ok(gva_of(data), (uint64_t)args.nr * sizeof(struct linux_siginfo)))
        return -LINUX_EFAULT;
    return host_ptrace(LINUX_PTRACE_PEEKSIGINFO, v->tid, (uint64_t)&args, (void *)(uintptr_t)data);
}

static const struct request {
    int number;
    bool of_foreign; /* programs of the host have it too */
    long (*serve)(struct tracee *v, uint64_t addr, uint64_t data);
} requests[] = {
    {LINUX_PTRACE_SETOPTIONS, true, set_options},
    {LINUX_PTRACE_GETEVENTMSG, true, get_event_message},
    {LINUX_PTRACE_GETSIGINFO, true, get_siginfo},
    {LINUX_PTRACE_SETSIGINFO, true, set_siginfo},
    {LINUX_PTRACE_PEEKSIGINFO, true, peek_siginfo},
    {LINUX_PTRACE_GETREGSET, false, get_regset},
    {LINUX_PTRACE_SETREGSET, false, set_regset},
    {LINUX_PTRACE_GETSIGMASK, false, get_mask},
    {LINUX_PTRACE_SETSIGMASK, false, set_mask},
    {LINUX_PTRACE_GET_SYSCALL_INFO, false, get_call_info},
    {LINUX_PTRACE_GET_RSEQ_CONFIGURATION, false, get_rseq},
};

/* ---- beginning ---- */

static long refuse_foreign(int tid)
{
    if (host_syscall(LINUX_SYS_kill, (uint64_t)tid, 0, 0, 0, 0, 0) == -LINUX_ESRCH)
        return -LINUX_ESRCH;
    log_line("ptrace: process %d is none of elver's: EPERM", tid);
    return -LINUX_EPERM;
}

/* The host does not stop who is seized; it is stopped here for a moment, to be told. */
static long tell_seized(int tid, uint32_t options)
{
    struct linux_siginfo info;
    struct tracee v;
    long rc = host_ptrace(LINUX_PTRACE_INTERRUPT, tid, 0, NULL);

    if (rc == 0)
        rc = host_syscall(LINUX_SYS_waitid, LINUX_P_PID, (uint64_t)tid, (uint64_t)&info,
                          LINUX_WEXITED | LINUX_WUNTRACED | LINUX_WNOWAIT | LINUX_WALL, 0, 0);
    if (rc < 0 || find(tid, &v) < 0)
        return 0; /* it has ended, which the guest finds out */
    while (!v.task && is_ours(tid))
        if (meet_starting(&v, 0) || find(tid, &v) < 0)
            return 0;
    if (!v.task)
        return 0;
    v.tracing = (struct tracing){
        .on = true, .seized = true, .resume = LINUX_PTRACE_CONT, .options = options};
    STORE(&v, tracing, &v.tracing);

    int status = (int)((uint32_t)info.chld.status << 8 | STATUS_STOPPED);

    if (STATUS_EVENT(status) == LINUX_PTRACE_EVENT_STOP && STATUS_SIGNAL(status) == LINUX_SIGTRAP)
        go_on(tid, LINUX_PTRACE_CONT, 0);
    else
        ptrace_filter(tid,
                      &status); /* what it keeps for the guest is still there to be waited for */
    return 0;
}

static long attach(long request, int tid, uint64_t addr, uint64_t data)
{
    long rc;

    if (request == LINUX_PTRACE_SEIZE && (addr || data & ~(uint64_t)ALL_OPTIONS))
        return -LINUX_EIO;
    if (!is_ours(tid))
        return refuse_foreign(tid);
    become_tracer(current);
    rc = host_ptrace(request, tid, 0,
                     (void *)(uintptr_t)(request == LINUX_PTRACE_SEIZE ? data & HOST_OPTIONS : 0));
    return rc < 0 || request == LINUX_PTRACE_ATTACH ? rc : tell_seized(tid, (uint32_t)data);
}

long ptrace_request(long request, int tid, uint64_t addr, uint64_t data)
{
    struct tracee v;
    long rc;

    switch (request) {
    case LINUX_PTRACE_ATTACH:
    case LINUX_PTRACE_SEIZE: return attach(request, tid, addr, data);
    case LINUX_PTRACE_KILL:
    case LINUX_PTRACE_LISTEN:
    case LINUX_PTRACE_INTERRUPT: return host_ptrace(request, tid, 0, NULL);
    case LINUX_PTRACE_CONT:
    case LINUX_PTRACE_SYSCALL:
    case LINUX_PTRACE_SINGLESTEP:
    case LINUX_PTRACE_SYSEMU:
    case LINUX_PTRACE_SYSEMU_SINGLESTEP:
    case LINUX_PTRACE_DETACH: return resume(request, tid, data);
    case LINUX_PTRACE_PEEKTEXT:
    case LINUX_PTRACE_PEEKDATA: return peek(tid, addr, data);
    case LINUX_PTRACE_POKETEXT:
    case LINUX_PTRACE_POKEDATA: return poke(tid, addr, data);
    default: break;
    }
    rc = find(tid, &v);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        if (requests[i].number == request && (v.task || requests[i].of_foreign))
            return requests[i].serve(&v, addr, data);
    return -LINUX_EIO;
}
