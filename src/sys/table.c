/*
 * From a row of abi/syscalls.def to the one who serves it. For every argument
 * the kind says what is checked: descriptors of the runtime do not exist,
 * pointers lead to the guest's memory or to nothing, paths go through the one
 * resolver (kernel/path.h). PASS rows then are one call of the host.
 *
 * A wild pointer is not refused here but replaced by one that the host
 * refuses, so that EBADF before EFAULT, partial transfers and zero lengths
 * come out as on Linux.
 */
#include "sys/table.h"

#include "base/log.h"
#include "kernel/path.h"
#include "sys/sys.h"

/* ---- typed calls of the handlers ---- */

#define KIND(name, ctype, class, bytes, format, set) \
    static inline arg_##name to_##name(uint64_t raw) \
    {                                                \
        union {                                      \
            uint64_t raw;                            \
            arg_##name value;                        \
        } u = {raw};                                 \
        return u.value;                              \
    }
#include "abi/kinds.def"
#undef KIND

#define VALUES(...) SYS_PASTE(VALUES_, SYS_COUNT_ARGS(__VA_ARGS__))(__VA_ARGS__)
#define VALUES_0()
#define VALUES_1(a) to_##a(arg[0])
#define VALUES_2(a, b) VALUES_1(a), to_##b(arg[1])
#define VALUES_3(a, b, c) VALUES_2(a, b), to_##c(arg[2])
#define VALUES_4(a, b, c, d) VALUES_3(a, b, c), to_##d(arg[3])
#define VALUES_5(a, b, c, d, e) VALUES_4(a, b, c, d), to_##e(arg[4])
#define VALUES_6(a, b, c, d, e, f) VALUES_5(a, b, c, d, e), to_##f(arg[5])

typedef long call_fn(const uint64_t *arg);

#define PASS(nr, name, ...)
#define NOSYS(nr, name, ...)
#define SYS(nr, name, ...)                       \
    static long call_##name(const uint64_t *arg) \
    {                                            \
        return sys_##name(VALUES(__VA_ARGS__));  \
    }
#include "abi/syscalls.def"
#undef SYS

static call_fn *const handlers[LINUX_SYS_COUNT] = {
#define SYS(nr, name, ...) [nr] = call_##name,
#include "abi/syscalls.def"
#undef SYS
};
#undef PASS
#undef NOSYS

/* ---- checks ---- */

static uint64_t scaled(uint64_t count, uint64_t bytes)
{
    uint64_t product;
    return __builtin_mul_overflow(count, bytes, &product) ? UINT64_MAX : product;
}

/* A pointer that was refused keeps its place in the page: whether it is aligned may be asked first. */
static uint64_t keep_offset(uint64_t checked, uint64_t given)
{
    return likely(checked == given) ? checked : checked | (given & (GUEST_PAGE - 1));
}

/* Makes arg[] safe to hand on; true when the row has paths, which are the caller's to resolve. */
static bool check_arguments(const struct syscall_row *row, uint64_t *arg)
{
    bool paths = false;

    for (unsigned i = 0; i < row->args; i++) {
        const struct kind_row *kind = &kind_rows[row->kind[i]];

        switch ((enum kind_class)kind->class_) {
        case CLASS_VALUE: break;
        case CLASS_FD:
            if (unlikely(host_fd_is_reserved((int)arg[i])))
                arg[i] = (uint64_t)-1;
            break;
        case CLASS_FIXED:
        case CLASS_STRING: arg[i] = keep_offset(sys_pointer(arg[i], kind->bytes), arg[i]); break;
        case CLASS_NEXT:
            arg[i] = sys_pointer(arg[i],
                                 sys_span(scaled(i + 1 < row->args ? arg[i + 1] : 1, kind->bytes)));
            break;
        case CLASS_PREV:
            arg[i] = sys_pointer(arg[i], sys_span(scaled(i ? arg[i - 1] : 0, kind->bytes)));
            break;
        case CLASS_PATH:
            arg[i] = sys_pointer(arg[i], 1);
            paths = true;
            break;
        }
    }
    return paths;
}

/* Flag arguments that change whether a PATH's last symbolic link is followed. */
static const struct {
    uint8_t kind;
    uint32_t nofollow;
} follow_flags[] = {
    {KIND_ATFLAGS, LINUX_AT_SYMLINK_NOFOLLOW},
    {KIND_UMOUNTFLAGS, LINUX_UMOUNT_NOFOLLOW},
    {KIND_INOTIFY, LINUX_IN_DONT_FOLLOW},
    {KIND_FANMARK, LINUX_FAN_MARK_DONT_FOLLOW},
};

static unsigned path_how(const struct syscall_row *row, const uint64_t *arg, unsigned i)
{
    unsigned how = PATH_FOLLOW;
    uint32_t follow = 0;

    if (row->kind[i] == KIND_LPATH)
        return PATH_NOFOLLOW | PATH_CREATE;
    for (unsigned j = 0; j < row->args; j++) {
        if (row->kind[j] == KIND_ATFLAGS)
            follow = (uint32_t)arg[j] & LINUX_AT_SYMLINK_FOLLOW;
        for (unsigned k = 0; k < ARRAY_LEN(follow_flags); k++) {
            if (row->kind[j] == follow_flags[k].kind && arg[j] & follow_flags[k].nofollow)
                how |= PATH_NOFOLLOW;
        }
    }
    if (row->kind[i] == KIND_XPATH && !follow)
        how |= PATH_NOFOLLOW;
    return how;
}

long sys_path(struct path *p, int dirfd, gva name, unsigned how)
{
    int rc = path_resolve(p, dirfd, name, how);

    if (rc != -LINUX_EFAULT && (rc != -LINUX_ENAMETOOLONG || path_sysroot()))
        return rc;
    p->dirfd = dirfd;
    p->name = (const char *)(uintptr_t)(rc == -LINUX_EFAULT ? SYS_BAD_POINTER : name.a);
    p->view.kind = VIEW_NONE;
    return 0;
}

/* No row has more than two paths. Apart from the others: it needs a stack of pages. */
static __attribute__((noinline)) long pass_with_paths(long nr, const struct syscall_row *row,
                                                      uint64_t *arg)
{
    struct path path[2];
    unsigned n = 0;

    for (unsigned i = 0; i < row->args; i++) {
        if (kind_rows[row->kind[i]].class_ != CLASS_PATH)
            continue;
        uint64_t *dirfd = i > 0 && row->kind[i - 1] == KIND_DFD ? &arg[i - 1] : NULL;
        unsigned how = path_how(row, arg, i) | (dirfd ? 0 : PATH_NO_DIRFD);
        long rc = sys_path(&path[n], dirfd ? (int)*dirfd : LINUX_AT_FDCWD, gva_of(arg[i]), how);
        if (rc < 0)
            return rc;
        arg[i] = (uint64_t)path[n].name;
        if (dirfd)
            *dirfd = (uint64_t)(int64_t)path[n].dirfd;
        n++;
    }
    return host_guest_syscall(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/* Says once per process and call that something asked for is not there. */
static long refuse(struct task *t, long nr)
{
    uint64_t bit = 1ull << (nr % 64);
    uint64_t *word = &t->group->refused[nr / 64];

    if (!(__atomic_fetch_or(word, bit, __ATOMIC_RELAXED) & bit) && log_fd() >= 0)
        log_line("system call %s (%ld) is not served: ENOSYS", syscall_rows[nr].name, nr);
    return -LINUX_ENOSYS;
}

long sys_dispatch(struct task *t)
{
    long nr = (int)t->sys_nr;
    uint64_t *from = t->sys_arg;
    uint64_t arg[6] = {from[0], from[1], from[2], from[3], from[4], from[5]};

    if (unlikely((unsigned long)nr >= LINUX_SYS_COUNT))
        return -LINUX_ENOSYS;

    const struct syscall_row *row = &syscall_rows[nr];
    bool paths = row->args && check_arguments(row, arg);

    switch ((enum syscall_way)row->way) {
    case WAY_PASS:
        if (unlikely(paths))
            return pass_with_paths(nr, row, arg);
        return host_guest_syscall(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
    case WAY_SYS: return handlers[nr](arg);
    case WAY_NOSYS: return refuse(t, nr);
    case WAY_NONE: break;
    }
    return -LINUX_ENOSYS;
}
