/*
 * Host threads and processes on Linux x86-64. A thread is made by clone(2)
 * with the guest's flags, and one mapping holds all that is ours:
 *
 *   | guard | alternate stack | host stack ... | TLS | TCB |
 *
 * TLS and TCB are a copy of the first thread's, taken at start, with its
 * self pointers moved: that is what compiled code and the host libc's string
 * and format functions read through fs. The libc knows nothing of these
 * threads, and nothing in it that would need to know is used. A few blocks of
 * threads that ended wait for the next ones: to map one, touch it and unmap it
 * interrupts every processor that runs a sibling.
 */
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "abi/flags.h"
#include "abi/errno.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/sanitize.h"
#include "host/host_internal.h"

long host_clone_call(uint64_t flags, void *stack, uint64_t ptid, uint64_t ctid, void *tls);
long host_clone3_call(const struct linux_clone_args *args, size_t size);
void host_exit_call(void *block, size_t bytes, int status, void **kept) noreturn_fn;

enum { STACK_BYTES = 256 << 10, TLS_ALIGN_MIN = 64 };

/* The head of the host libc's TCB (x86-64 psABI, TLS variant II): two words hold its own address. */
struct tcb_head {
    void *tcb;
    void *dtv;
    void *self;
};

/* The TCB's size, as glibc publishes it for debuggers. */
extern const uint32_t _thread_db_sizeof_pthread;

static struct {
    char *copy; /* tls_bytes below the thread pointer, then the TCB */
    size_t tls_bytes, tcb_bytes, align;
} tls;

/* One module's TLS lies somewhere below the thread pointer; there is one module when linked statically. */
static int tls_of_module(struct dl_phdr_info *info, size_t size, void *unused)
{
    size_t below = (size_t)((char *)__builtin_thread_pointer() - (char *)info->dlpi_tls_data);

    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

        if (ph->p_type != PT_TLS || !info->dlpi_tls_data)
            continue;
        tls.align = ph->p_align > tls.align ? ph->p_align : tls.align;
        tls.tls_bytes = below > tls.tls_bytes ? below : tls.tls_bytes;
    }
    return 0;
}

void host_tls_capture(void)
{
    tls.align = TLS_ALIGN_MIN;
    dl_iterate_phdr(tls_of_module, NULL);
    tls.tls_bytes = (tls.tls_bytes + tls.align - 1) & ~(tls.align - 1);
    tls.tcb_bytes = _thread_db_sizeof_pthread;
    tls.copy = mem_alloc(tls.tls_bytes + tls.tcb_bytes);
    BUG_ON(!tls.copy);
    memcpy(tls.copy, (char *)__builtin_thread_pointer() - tls.tls_bytes,
           tls.tls_bytes + tls.tcb_bytes);
}

/* What a new thread finds at the top of its stack. */
struct thread_start {
    void (*enter)(void *); /* popped and called by thread_x86_64.S */
    void *start;           /* its argument: this struct */
    void (*entry)(void *);
    void *arg;
    struct host_thread *self;
    bool sync_handlers_gone;
    uint8_t tail[7];
} __attribute__((aligned(16)));

static void thread_enter(void *arg)
{
    struct thread_start *start = arg;

    host_altstack_use(start->self);
    if (start->sync_handlers_gone)
        host_signal_sync_install();
    start->entry(start->arg);
    BUG_ON(true);
}

/* Blocks without a thread; all have the same size. A place is empty, awaits the block of a thread that ends, or has one. */
#define AWAITS_BLOCK ((void *)1)
static void *kept_block[16];

static char *block_kept(void)
{
    for (size_t i = 0; i < ARRAY_LEN(kept_block); i++) {
        void *block = __atomic_load_n(&kept_block[i], __ATOMIC_RELAXED);

        if (block && block != AWAITS_BLOCK &&
            __atomic_compare_exchange_n(&kept_block[i], &block, NULL, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return block;
    }
    return NULL;
}

/* A place for the block of the calling thread, or NULL. */
static void **block_place(void)
{
    for (size_t i = 0; i < ARRAY_LEN(kept_block); i++) {
        void *empty = NULL;

        if (__atomic_compare_exchange_n(&kept_block[i], &empty, AWAITS_BLOCK, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return &kept_block[i];
    }
    return NULL;
}

/* In the child of a fork: threads that were about to end do not exist here. */
static void blocks_forked(void)
{
    for (size_t i = 0; i < ARRAY_LEN(kept_block); i++)
        if (kept_block[i] == AWAITS_BLOCK)
            kept_block[i] = NULL;
}

static char *block_map(size_t bytes)
{
    char *block = mem_pages(bytes, PROT_READ | PROT_WRITE);

    if (block && mprotect(block, GUEST_PAGE, PROT_NONE) < 0) {
        mem_pages_free(block, bytes);
        return NULL;
    }
    return block;
}

/* Finds and fills a thread's block; returns its thread pointer and its first stack word. */
static void *block_new(struct host_thread *t, struct thread_start **start)
{
    size_t alt = host_altstack_bytes();
    size_t top = page_up(tls.tls_bytes + tls.tcb_bytes + tls.align);
    size_t bytes = GUEST_PAGE + alt + STACK_BYTES + top;
    char *block = block_kept();

    if (block)
        sanitize_forget(block, bytes);
    else
        block = block_map(bytes);
    if (!block)
        return NULL;
    t->block = block;
    t->block_bytes = bytes;
    t->altstack = block + GUEST_PAGE;
    t->altstack_bytes = alt;

    char *stack_top = block + GUEST_PAGE + alt + STACK_BYTES;
    char *tp = (char *)(((uintptr_t)stack_top + tls.tls_bytes + tls.align - 1) & ~(tls.align - 1));
    struct tcb_head *tcb = (struct tcb_head *)tp;
    ptrdiff_t self_offset = (char *)&host_self - (char *)__builtin_thread_pointer();

    memcpy(tp - tls.tls_bytes, tls.copy, tls.tls_bytes + tls.tcb_bytes);
    tcb->tcb = tcb->self = tp;
    memcpy(tp + self_offset, &t, sizeof t);
    *start = (struct thread_start *)stack_top - 1;
    return tp;
}

/* Does clone(2) have no room for what the guest asks? */
static bool needs_clone3(const struct linux_clone_args *a)
{
    return a->flags >> 32 || a->flags & LINUX_CSIGNAL || a->exit_signal & ~LINUX_CSIGNAL ||
           a->set_tid_size ||
           (a->flags & LINUX_CLONE_PIDFD && a->flags & LINUX_CLONE_PARENT_SETTID);
}

static uint64_t clone_parent_word(const struct linux_clone_args *a)
{
    return a->flags & LINUX_CLONE_PIDFD ? a->pidfd : a->parent_tid;
}

static long clone_fork(struct linux_clone_args *a)
{
    long rc;

    if (needs_clone3(a))
        rc = raw_syscall(SYS_clone3, (uint64_t)a, sizeof *a, 0, 0, 0, 0);
    else
        rc = raw_syscall(SYS_clone, a->flags | a->exit_signal, 0, clone_parent_word(a),
                         a->child_tid, 0, 0);
    if (rc == 0) {
        host_fds_forked();
        blocks_forked();
    }
    if (rc == 0 && a->flags & LINUX_CLONE_CLEAR_SIGHAND)
        host_signal_sync_install();
    return rc;
}

long host_clone(const struct linux_clone_args *args, void (*entry)(void *), void *arg,
                struct host_thread *child)
{
    struct linux_clone_args a = *args;
    struct thread_start *start;
    long rc;

    a.stack = a.stack_size = a.tls = 0;
    a.flags &= ~LINUX_CLONE_SETTLS;
    if (!(a.flags & LINUX_CLONE_VM))
        return clone_fork(&a);

    host_fds_inherit(child, !(a.flags & LINUX_CLONE_FILES));

    void *tp = block_new(child, &start);

    if (!tp)
        return -LINUX_ENOMEM;
    *start = (struct thread_start){
        .enter = thread_enter,
        .start = start,
        .entry = entry,
        .arg = arg,
        .self = child,
        .sync_handlers_gone = a.flags & LINUX_CLONE_CLEAR_SIGHAND,
    };
    a.flags |= LINUX_CLONE_SETTLS;
    if (needs_clone3(&a)) {
        a.tls = (uint64_t)tp;
        a.stack = (uint64_t)child->block;
        a.stack_size = (uint64_t)start - a.stack;
        rc = host_clone3_call(&a, sizeof a);
    } else {
        rc =
            host_clone_call(a.flags | a.exit_signal, start, clone_parent_word(&a), a.child_tid, tp);
    }
    if (rc < 0)
        host_thread_drop(child);
    return rc;
}

void host_thread_drop(struct host_thread *t)
{
    mem_pages_free(t->block, t->block_bytes);
    t->block = NULL;
}

void host_thread_exit(void *block, size_t block_bytes, int status)
{
    host_exit_call(block, block_bytes, status, block ? block_place() : NULL);
}

void host_group_exit(int status)
{
    for (;;)
        raw_syscall(SYS_exit_group, (uint64_t)status, 0, 0, 0, 0, 0);
}
