/*
 * The memfd between two images: see handover.h. Written whole, sealed, and
 * believed only when it names this process, this descriptor and its own
 * length: a memfd that leaked from elsewhere is not taken for ours.
 *
 * A child of vfork shares its parent's memory: nothing is left allocated here
 * when the host's execve succeeds.
 */
#include "kernel/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/structs.h"
#include "abi/syscalls.h"
#include "base/alloc.h"
#include "host/host.h"

#define MAGIC 0x31726576656c65ull /* "elever1" */
#define SEALS (LINUX_F_SEAL_SEAL | LINUX_F_SEAL_SHRINK | LINUX_F_SEAL_GROW | LINUX_F_SEAL_WRITE)
#define TEXT_MAX (1 << 20)
#define FD_SCAN 4096 /* how far above the image its memfd may be */

/*
 * The host puts its mappings below the stack's limit: with a huge one (and
 * with ADDR_COMPAT_LAYOUT) they would land in the guest's range, so our images
 * start with a small one.
 */
#define ADDR_COMPAT_LAYOUT 0x0200000
#define PERSONALITY_QUERY 0xffffffffu
#define STACK_LIMIT_HUGE (1ull << 44)
#define STACK_LIMIT_START (64ull << 20)

struct record {
    uint64_t magic;
    int32_t pid, image_fd;
    int32_t program, fd, interp_fd, log_fd;
    uint64_t stack_limit;
    uint32_t prefix_count;
    uint32_t text_bytes;   /* strings: exe, execfn, prefixes, then "id=value" for each option */
    uint32_t filter_bytes; /* after them: seccomp's filters */
    struct ptrace_handover ptrace;
};

struct text {
    char *at, *end;
};

static long fcntl_fd(int fd, int cmd, uint64_t arg)
{
    return host_syscall(LINUX_SYS_fcntl, fd, cmd, arg, 0, 0, 0);
}

static void close_fd(long fd)
{
    if (fd >= 0)
        host_syscall(LINUX_SYS_close, fd, 0, 0, 0, 0, 0);
}

static void put(struct text *t, const char *s)
{
    size_t bytes = strlen(s) + 1;

    if (t->at && (size_t)(t->end - t->at) >= bytes) {
        memcpy(t->at, s, bytes);
        t->at += bytes;
    } else {
        t->at = NULL;
    }
}

static void put_option(struct text *t, unsigned id, const char *value)
{
    char number[16];

    snprintf(number, sizeof(number), "%u=", id);
    put(t, number);
    if (t->at) {
        t->at--; /* the value goes on where the number's NUL is */
        put(t, value);
    }
}

/* All strings after r; their number of bytes, or 0 when they do not fit. */
static size_t put_all(struct text *t, const struct handover *h, const struct options *o,
                      const char *sysroot)
{
    char *begin = t->at;

    if (h->program) {
        put(t, h->exe);
        put(t, h->execfn);
        for (unsigned i = 0; i < h->prefix_count; i++)
            put(t, h->prefix[i]);
        for (unsigned id = 0; id < OPTION_COUNT; id++) {
            const char *value = id == OPTION_SYSROOT ? sysroot : o->text[id];

            /* After chroot there is no sysroot, and so no --sysroot-only. */
            if (options_carried(id) && value && (sysroot || id != OPTION_SYSROOT_ONLY))
                put_option(t, id, value);
        }
    }
    return t->at ? t->at - begin : 0;
}

/* The memfd lies right behind our image, where the new image looks first, unless the limit forbids. */
static long write_record(struct record *r)
{
    size_t bytes = sizeof(*r) + r->text_bytes + r->filter_bytes;
    long low = host_syscall(LINUX_SYS_memfd_create, (uintptr_t) "elver-exec",
                            LINUX_MFD_CLOEXEC | LINUX_MFD_ALLOW_SEALING, 0, 0, 0, 0);
    long fd;

    if (low < 0)
        return low;
    r->image_fd = host_fd(HOST_FD_IMAGE);
    if (host_syscall(LINUX_SYS_write, low, (uintptr_t)r, bytes, 0, 0, 0) != (long)bytes ||
        fcntl_fd((int)low, LINUX_F_ADD_SEALS, SEALS) < 0) {
        close_fd(low);
        return -LINUX_ENOMEM;
    }
    fd = fcntl_fd((int)low, LINUX_F_DUPFD_CLOEXEC, (uint64_t)r->image_fd + 1);
    if (fd < 0)
        return low;
    close_fd(low);
    return fd;
}

static void set_inherited(int memfd, const struct handover *h, bool on)
{
    const int fds[] = {host_fd(HOST_FD_IMAGE), memfd, h->fd, h->interp_fd, h->log_fd};

    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            fcntl_fd(fds[i], LINUX_F_SETFD, on ? 0 : LINUX_FD_CLOEXEC);
}

static struct linux_rlimit get_stack_limit(void)
{
    struct linux_rlimit limit = {0};

    host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_STACK, 0, (uintptr_t)&limit, 0, 0);
    return limit;
}

static void set_stack_limit(uint64_t soft)
{
    struct linux_rlimit limit = get_stack_limit();

    limit.rlim_cur = soft;
    host_syscall(LINUX_SYS_prlimit64, 0, LINUX_RLIMIT_STACK, (uintptr_t)&limit, 0, 0, 0);
}

long handover_write(const struct handover *h, const struct options *o, const char *sysroot)
{
    size_t cap = sizeof(struct record) + TEXT_MAX + h->filter_bytes;
    struct record *r = mem_pages(cap, LINUX_PROT_READ | LINUX_PROT_WRITE);
    struct text text;
    uint64_t soft = get_stack_limit().rlim_cur;
    long fd;

    if (!r)
        return -LINUX_ENOMEM;
    text = (struct text){(char *)(r + 1), (char *)(r + 1) + TEXT_MAX};
    *r = (struct record){
        .magic = MAGIC,
        .pid = (int)host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0),
        .program = h->program,
        .fd = h->fd,
        .interp_fd = h->interp_fd,
        .log_fd = h->log_fd,
        .stack_limit = soft >= STACK_LIMIT_HUGE ? soft : 0,
        .prefix_count = h->prefix_count,
        .filter_bytes = h->filter_bytes,
        .ptrace = h->ptrace,
    };
    r->text_bytes = (uint32_t)put_all(&text, h, o, sysroot);
    memcpy((char *)(r + 1) + r->text_bytes, h->filters, h->filter_bytes);
    fd = text.at ? write_record(r) : -LINUX_E2BIG;
    mem_pages_free(r, cap);
    return fd;
}

long handover_exec(int memfd, const struct handover *h, uint64_t argv, uint64_t envp)
{
    uint64_t soft = get_stack_limit().rlim_cur;
    long pers = host_syscall(LINUX_SYS_personality, PERSONALITY_QUERY, 0, 0, 0, 0, 0), err;
    bool compat = pers >= 0 && (pers & ADDR_COMPAT_LAYOUT);

    set_inherited(memfd, h, true);
    if (soft >= STACK_LIMIT_HUGE)
        set_stack_limit(STACK_LIMIT_START);
    if (compat)
        host_syscall(LINUX_SYS_personality, pers & ~ADDR_COMPAT_LAYOUT, 0, 0, 0, 0, 0);
    /* Before the first task there is no guest, and no signal for it. */
    err = (host_self ? host_guest_syscall
                     : host_syscall)(LINUX_SYS_execveat, (uint64_t)host_fd(HOST_FD_IMAGE),
                                     (uintptr_t) "", argv, envp, LINUX_AT_EMPTY_PATH, 0);
    if (compat)
        host_syscall(LINUX_SYS_personality, pers, 0, 0, 0, 0, 0);
    if (soft >= STACK_LIMIT_HUGE)
        set_stack_limit(soft);
    set_inherited(memfd, h, false);
    return err;
}

/* ---- the new image ---- */

static bool is_record(int fd, struct record *r, int image)
{
    return fcntl_fd(fd, LINUX_F_GET_SEALS, 0) == SEALS &&
           host_syscall(LINUX_SYS_pread64, fd, (uintptr_t)r, sizeof(*r), 0, 0, 0) == sizeof(*r) &&
           r->magic == MAGIC && r->image_fd == image &&
           r->pid == host_syscall(LINUX_SYS_getpid, 0, 0, 0, 0, 0, 0);
}

/* The memfd that belongs to this start: *r and its descriptor, or -1. */
static int find_record(struct record *r)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    long image;
    char *end;

    if (!name || strncmp(name, "/dev/fd/", 8) != 0)
        return -1;
    image = strtol(name + 8, &end, 10);
    if (*end || end == name + 8)
        return -1;
    for (int fd = (int)image + 1; fd <= image + FD_SCAN; fd++)
        if (is_record(fd, r, (int)image))
            return fd;
    for (int fd = (int)image - 1; fd >= 0; fd--)
        if (is_record(fd, r, (int)image))
            return fd;
    return -1;
}

/* The next string of [*at, end), or NULL. */
static const char *next_string(const char **at, const char *end)
{
    const char *s = *at;
    const char *nul = s < end ? memchr(s, '\0', end - s) : NULL;

    if (nul)
        *at = nul + 1;
    return nul ? s : NULL;
}

static int read_text(struct handover *h, struct options *o, const char *at, const char *end)
{
    const char *s;

    h->exe = next_string(&at, end);
    h->execfn = next_string(&at, end);
    for (unsigned i = 0; i < h->prefix_count; i++)
        if (!(h->prefix[i] = next_string(&at, end)))
            return -LINUX_EINVAL;
    while ((s = next_string(&at, end))) {
        char *value;
        unsigned long id = strtoul(s, &value, 10);

        if (*value != '=' || !options_carry(o, (unsigned)id, value + 1))
            return -LINUX_EINVAL;
    }
    return h->exe && h->execfn && at == end ? 0 : -LINUX_EINVAL;
}

bool handover_take(struct handover *h, struct options *o, int *err)
{
    struct record r;
    int fd = find_record(&r);
    size_t bytes;
    char *text;

    if (fd < 0)
        return false;
    memset(o, 0, sizeof(*o));
    *h = (struct handover){
        .program = r.program,
        .fd = r.fd,
        .interp_fd = r.interp_fd,
        .log_fd = r.log_fd,
        .stack_limit = r.stack_limit,
        .ptrace = r.ptrace,
        .prefix_count = r.prefix_count <= PREFIX_MAX ? r.prefix_count : 0,
    };
    host_fd_adopt(HOST_FD_IMAGE, r.image_fd);
    bytes = (size_t)r.text_bytes + r.filter_bytes;
    text = mem_alloc(bytes + 1);
    *err = text ? 0 : -LINUX_ENOMEM;
    if (text &&
        host_syscall(LINUX_SYS_pread64, fd, (uintptr_t)text, bytes, sizeof(r), 0, 0) != (long)bytes)
        *err = -LINUX_EINVAL;
    h->filters = text + r.text_bytes;
    h->filter_bytes = r.filter_bytes;
    if (*err == 0 && r.program)
        *err = read_text(h, o, text, text + r.text_bytes);
    if (*err == 0 && r.stack_limit)
        set_stack_limit(r.stack_limit);
    close_fd(fd);
    return true;
}
