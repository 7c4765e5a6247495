/*
 * The words of format.h. How an argument is shown depends on its row in
 * abi/kinds.def alone (the format column); a new kind of argument is a row
 * there and, if no format suits it, a function here. Called by strace.c and
 * crash.c. The shapes are strace(1)'s, so that its users can read them.
 */
#include "debug/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi/errno.h"
#include "host/host.h"
#include "mm/uaccess.h"

/* As much of a string, of a buffer and of an array as a line shows. */
#define SHOW_STRING 256
#define SHOW_BYTES 32
#define SHOW_ITEMS 16

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->buf + t->len, sizeof(t->buf) - t->len, fmt, ap);
    va_end(ap);
    t->len = (size_t)n < sizeof(t->buf) - t->len ? t->len + (size_t)n : sizeof(t->buf) - 1;
}

void text_write(struct text *t, int fd)
{
    if (t->len == sizeof(t->buf) - 1)
        memcpy(t->buf + t->len - 3, "...", 3);
    t->buf[t->len] = '\n';
    host_syscall(LINUX_SYS_write, (uint64_t)fd, (uintptr_t)t->buf, t->len + 1, 0, 0, 0);
    t->len = 0;
}

/* ---- names ---- */

static const char *flag_name_of(enum flag_set set, uint64_t value)
{
    for (const struct flag_name *f = flag_names; f->name; f++)
        if (f->set == set && !f->bits && f->value == value)
            return f->name;
    return NULL;
}

/* The bits of value that have names, joined by "|" after `sep`; returns those that have none. */
static uint64_t add_bits(struct text *t, enum flag_set set, uint64_t value, const char **sep)
{
    for (const struct flag_name *f = flag_names; f->name; f++) {
        if (f->set != set || !f->bits || !f->value || (value & f->value) != f->value)
            continue;
        /* One bit of a composed flag is called by the flag's own name. */
        size_t len = strlen(f->name);
        if (len > 4 && !strcmp(f->name + len - 4, "_BIT"))
            len -= 4;
        text_add(t, "%s%.*s", *sep, (int)len, f->name);
        *sep = "|";
        value &= ~f->value;
    }
    return value;
}

static void add_flags(struct text *t, enum flag_set set, uint64_t value)
{
    const char *sep = "";
    const char *whole = flag_name_of(set, value);
    if (whole) {
        text_add(t, "%s", whole);
        return;
    }
    uint64_t rest = add_bits(t, set, value, &sep);
    if (rest || !*sep)
        text_add(t, rest ? "%s%#llx" : "%s%llu", sep, (unsigned long long)rest);
}

static void add_enum(struct text *t, enum flag_set set, uint64_t value)
{
    const char *name = flag_name_of(set, value);
    if (name)
        text_add(t, "%s", name);
    else
        add_flags(t, set, value);
}

void format_signal(struct text *t, int sig)
{
    const char *name = flag_name_of(FLAGS_SIG, (uint64_t)sig);
    if (name)
        text_add(t, "%s", name);
    else if (sig >= 32 && sig <= LINUX_NSIG)
        text_add(t, "SIGRT_%d", sig - 32);
    else
        text_add(t, "%d", sig);
}

static void add_sigset(struct text *t, uint64_t set)
{
    const char *sep = "";
    bool most = __builtin_popcountll(set) > 32;
    text_add(t, most ? "~[" : "[");
    for (int sig = 1; sig <= LINUX_NSIG; sig++) {
        if (!(set & LINUX_SIGMASK(sig)) == !most)
            continue;
        const char *name = flag_name_of(FLAGS_SIG, (uint64_t)sig);
        if (name)
            text_add(t, "%s%s", sep, name + strlen("SIG"));
        else
            text_add(t, "%sRT_%d", sep, sig - 32);
        sep = " ";
    }
    text_add(t, "]");
}

/* Sets that are not one plain list of bits or of values. */
static void add_set(struct text *t, const struct syscall_row *row, enum flag_set set,
                    uint64_t value)
{
    const char *sep = "";
    switch (set) {
    case FLAGS_OFLAGS:
        /* eventfd, pipe2... have flags of open, but no access mode. */
        if (row->kind[1] == KIND_PATH || (value & LINUX_O_ACCMODE)) {
            text_add(t, "%s", flag_name_of(FLAGS_ACCMODE, value & LINUX_O_ACCMODE));
            value &= ~(uint64_t)LINUX_O_ACCMODE;
            sep = "|";
        }
        value = add_bits(t, set, value, &sep);
        if (value || !*sep)
            text_add(t, "%s%#llo", sep, (unsigned long long)value);
        return;
    case FLAGS_PROT:
        text_add(t, value ? "" : "PROT_NONE");
        if (value)
            add_flags(t, set, value);
        return;
    case FLAGS_MAPFLAGS:
        if ((value & LINUX_MAP_SHARED_VALIDATE) == LINUX_MAP_SHARED_VALIDATE) {
            text_add(t, "MAP_SHARED_VALIDATE");
            value &= ~(uint64_t)LINUX_MAP_SHARED_VALIDATE;
            sep = "|";
        }
        value = add_bits(t, set, value, &sep);
        if (value || !*sep)
            text_add(t, "%s%#llx", sep, (unsigned long long)value);
        return;
    case FLAGS_CLONE:
        sep = "";
        value = add_bits(t, set, value, &sep);
        if (value & 0xff) {
            text_add(t, "%s", sep);
            format_signal(t, (int)(value & 0xff));
        } else if (!*sep) {
            text_add(t, "0");
        }
        return;
    case FLAGS_FUTEX:
        add_enum(t, set, value & 127);
        sep = "|";
        add_bits(t, FLAGS_FUTEXFLAG, value, &sep);
        return;
    case FLAGS_SIG: format_signal(t, (int)value); return;
    case FLAGS_ACCESS:
        if (!value)
            text_add(t, "F_OK");
        else
            add_flags(t, set, value);
        return;
    default: add_flags(t, set, value); return;
    }
}

/* ---- guest memory ---- */

static void add_pointer(struct text *t, uint64_t value)
{
    if (value)
        text_add(t, "%#llx", (unsigned long long)value);
    else
        text_add(t, "NULL");
}

static void add_quoted(struct text *t, const char *bytes, size_t len)
{
    text_add(t, "\"");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool digit_follows = i + 1 < len && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';
        if (c == '\n')
            text_add(t, "\\n");
        else if (c == '\t')
            text_add(t, "\\t");
        else if (c == '\r')
            text_add(t, "\\r");
        else if (c == '"' || c == '\\')
            text_add(t, "\\%c", c);
        else if (c >= ' ' && c < 127)
            text_add(t, "%c", c);
        else
            text_add(t, digit_follows ? "\\%03o" : "\\%o", c);
    }
    text_add(t, "\"");
}

static void add_bytes(struct text *t, uint64_t addr, uint64_t len)
{
    char bytes[SHOW_BYTES];
    size_t shown = len < sizeof(bytes) ? (size_t)len : sizeof(bytes);
    if (!addr || uaccess_read(bytes, gva_of(addr), shown)) {
        add_pointer(t, addr);
        return;
    }
    add_quoted(t, bytes, shown);
    if (len > shown)
        text_add(t, "...");
}

static void add_string(struct text *t, uint64_t addr)
{
    char bytes[SHOW_STRING];
    long len = addr ? uaccess_str(bytes, gva_of(addr), sizeof(bytes)) : -LINUX_EFAULT;
    if (len >= 0)
        add_quoted(t, bytes, (size_t)len);
    else if (len == -LINUX_ENAMETOOLONG && !uaccess_read(bytes, gva_of(addr), sizeof(bytes)))
        add_quoted(t, bytes, sizeof(bytes));
    else
        add_pointer(t, addr);
    if (len == -LINUX_ENAMETOOLONG)
        text_add(t, "...");
}

static void add_argv(struct text *t, uint64_t addr)
{
    uint64_t item;
    if (!addr || UGET(&item, gva_of(addr))) {
        add_pointer(t, addr);
        return;
    }
    text_add(t, "[");
    for (int i = 0; item; i++) {
        text_add(t, i ? ", " : "");
        if (i == SHOW_ITEMS) {
            text_add(t, "...");
            break;
        }
        add_string(t, item);
        addr += sizeof(item);
        if (UGET(&item, gva_of(addr)))
            break;
    }
    text_add(t, "]");
}

/* left: how many bytes the call moved, for an iovec that it filled. */
static void add_iovec(struct text *t, uint64_t addr, uint64_t count, uint64_t left)
{
    if (!addr || count > 1024) {
        add_pointer(t, addr);
        return;
    }
    text_add(t, "[");
    for (uint64_t i = 0; i < count; i++, addr += 16) {
        uint64_t item[2];
        text_add(t, i ? ", " : "");
        if (i == SHOW_ITEMS || UGET(&item, gva_of(addr))) {
            text_add(t, "...");
            break;
        }
        text_add(t, "{iov_base=");
        add_bytes(t, item[0], item[1] < left ? item[1] : left);
        text_add(t, ", iov_len=%llu}", (unsigned long long)item[1]);
        left -= item[1] < left ? item[1] : left;
    }
    text_add(t, "]");
}

static void add_sockaddr(struct text *t, uint64_t addr, uint64_t len)
{
    union {
        uint16_t family;
        uint8_t b[110];
    } sa;
    if (!addr || len < 2 || len > sizeof(sa) || uaccess_read(&sa, gva_of(addr), (size_t)len)) {
        add_pointer(t, addr);
        return;
    }
    text_add(t, "{sa_family=");
    add_enum(t, FLAGS_SOCKFAMILY, sa.family);
    unsigned port = (unsigned)sa.b[2] << 8 | sa.b[3];
    if (sa.family == LINUX_AF_UNIX) {
        text_add(t, ", sun_path=");
        size_t bytes = (size_t)len - 2;
        add_quoted(t, (char *)sa.b + 2, sa.b[2] ? strnlen((char *)sa.b + 2, bytes) : bytes);
    } else if (sa.family == LINUX_AF_INET && len >= 8) {
        text_add(t, ", sin_port=htons(%u), sin_addr=%u.%u.%u.%u", port, sa.b[4], sa.b[5], sa.b[6],
                 sa.b[7]);
    } else if (sa.family == LINUX_AF_INET6 && len >= 24) {
        text_add(t, ", sin6_port=htons(%u), sin6_addr=", port);
        for (int i = 8; i < 24; i += 2)
            text_add(t, i > 8 ? ":%x" : "%x", (unsigned)sa.b[i] << 8 | sa.b[i + 1]);
    }
    text_add(t, "}");
}

static void add_pollfds(struct text *t, uint64_t addr, uint64_t count, bool out)
{
    text_add(t, "[");
    for (uint64_t i = 0; i < count; i++) {
        struct {
            int32_t fd;
            uint16_t events, revents;
        } item;
        text_add(t, i ? ", " : "");
        if (i == SHOW_ITEMS || UGET(&item, gva_of(addr + i * sizeof(item)))) {
            text_add(t, "...");
            break;
        }
        text_add(t, out ? "{fd=%d, events=%#x, revents=%#x}" : "{fd=%d, events=%#x}", item.fd,
                 item.events, item.revents);
    }
    text_add(t, "]");
}

static void add_epoll_events(struct text *t, uint64_t addr, uint64_t count)
{
    text_add(t, "[");
    for (uint64_t i = 0; i < count; i++) {
        uint64_t item[2];
        text_add(t, i ? ", " : "");
        if (i == SHOW_ITEMS || UGET(&item, gva_of(addr + i * sizeof(item)))) {
            text_add(t, "...");
            break;
        }
        text_add(t, "{events=%#x, data=%#llx}", (uint32_t)item[0], (unsigned long long)item[1]);
    }
    text_add(t, "]");
}

static void add_msghdr(struct text *t, uint64_t addr, bool out, long result)
{
    struct linux_msghdr m;
    if (!addr || UGET(&m, gva_of(addr))) {
        add_pointer(t, addr);
        return;
    }
    text_add(t, "{msg_name=");
    add_sockaddr(t, m.name, (uint32_t)m.namelen);
    text_add(t, ", msg_iov=");
    add_iovec(t, m.iov, m.iovlen, out ? (uint64_t)result : UINT64_MAX);
    text_add(t, ", msg_controllen=%llu, msg_flags=", (unsigned long long)m.controllen);
    add_flags(t, FLAGS_MSGFLAGS, (uint32_t)m.flags);
    text_add(t, "}");
}

static void add_stat(struct text *t, const struct linux_stat *st)
{
    static const char *const types[16] = {
        [1] = "S_IFIFO", [2] = "S_IFCHR",  [4] = "S_IFDIR",   [6] = "S_IFBLK",
        [8] = "S_IFREG", [10] = "S_IFLNK", [12] = "S_IFSOCK",
    };
    const char *type = types[st->st_mode >> 12 & 15];
    text_add(t, "{st_mode=%s|%#o, st_size=%lld, ...}", type ? type : "0", st->st_mode & 07777,
             (long long)st->st_size);
}

static void add_limit(struct text *t, const char *name, uint64_t value)
{
    if (value == LINUX_RLIM_INFINITY)
        text_add(t, "%s=RLIM64_INFINITY", name);
    else
        text_add(t, "%s=%llu", name, (unsigned long long)value);
}

void format_siginfo(struct text *t, const struct linux_siginfo *info)
{
    static const struct {
        int sig;
        enum flag_set codes;
    } codes[] = {
        {LINUX_SIGILL, FLAGS_ILL},     {LINUX_SIGFPE, FLAGS_FPE},   {LINUX_SIGSEGV, FLAGS_SEGV},
        {LINUX_SIGBUS, FLAGS_BUS},     {LINUX_SIGTRAP, FLAGS_TRAP}, {LINUX_SIGCHLD, FLAGS_CLD},
        {LINUX_SIGSYS, FLAGS_SYSCODE},
    };
    bool kernel = info->si_code > 0 && info->si_code < LINUX_SI_KERNEL;
    enum flag_set set = FLAGS_SICODE;
    for (size_t i = 0; kernel && i < ARRAY_LEN(codes); i++)
        if (codes[i].sig == info->si_signo)
            set = codes[i].codes;
    const char *code = flag_name_of(set, (uint64_t)(int64_t)info->si_code);
    text_add(t, "{si_signo=");
    format_signal(t, info->si_signo);
    if (code)
        text_add(t, ", si_code=%s", code);
    else
        text_add(t, ", si_code=%d", info->si_code);
    if (kernel && set == FLAGS_CLD)
        text_add(t, ", si_pid=%d, si_uid=%u, si_status=%d", info->chld.pid, info->chld.uid,
                 info->chld.status);
    else if (kernel && set != FLAGS_SICODE && set != FLAGS_SYSCODE)
        text_add(t, ", si_addr=%#llx", (unsigned long long)info->fault.addr);
    else if (info->si_code <= 0 && info->si_code != LINUX_SI_TIMER)
        text_add(t, ", si_pid=%d, si_uid=%u", info->rt.pid, info->rt.uid);
    text_add(t, "}");
}

/* An object of the guest's memory that is shown whole; false: it is not there. */
static bool add_object(struct text *t, enum kind_format format, uint64_t addr)
{
    union {
        int32_t word;
        int32_t pair[2];
        uint64_t set;
        struct linux_timespec ts;
        struct linux_stat st;
        struct linux_sigaction sa;
        struct linux_siginfo info;
        struct linux_rlimit limit;
        uint64_t event[2];
    } u;
    static const uint8_t bytes[] = {
        [FORMAT_I32_OUT] = 4,       [FORMAT_FDS_OUT] = 8,        [FORMAT_TIMESPEC_IN] = 16,
        [FORMAT_TIMESPEC_OUT] = 16, [FORMAT_TIMEVAL_IN] = 16,    [FORMAT_TIMEVAL_OUT] = 16,
        [FORMAT_STAT_OUT] = 128,    [FORMAT_SIGSET_IN] = 8,      [FORMAT_SIGSET_OUT] = 8,
        [FORMAT_SIGACTION_IN] = 32, [FORMAT_SIGACTION_OUT] = 32, [FORMAT_SIGINFO_IN] = 128,
        [FORMAT_SIGINFO_OUT] = 128, [FORMAT_RLIMIT_IN] = 16,     [FORMAT_RLIMIT_OUT] = 16,
        [FORMAT_EPOLL_IN] = 16,
    };
    if (!addr || format >= ARRAY_LEN(bytes) || !bytes[format] ||
        uaccess_read(&u, gva_of(addr), bytes[format]))
        return false;
    switch (format) {
    case FORMAT_I32_OUT: text_add(t, "[%d]", u.word); break;
    case FORMAT_FDS_OUT: text_add(t, "[%d, %d]", u.pair[0], u.pair[1]); break;
    case FORMAT_TIMESPEC_IN:
    case FORMAT_TIMESPEC_OUT:
        text_add(t, "{tv_sec=%lld, tv_nsec=%lld}", (long long)u.ts.tv_sec, (long long)u.ts.tv_nsec);
        break;
    case FORMAT_TIMEVAL_IN:
    case FORMAT_TIMEVAL_OUT:
        text_add(t, "{tv_sec=%lld, tv_usec=%lld}", (long long)u.ts.tv_sec, (long long)u.ts.tv_nsec);
        break;
    case FORMAT_STAT_OUT: add_stat(t, &u.st); break;
    case FORMAT_SIGSET_IN:
    case FORMAT_SIGSET_OUT: add_sigset(t, u.set); break;
    case FORMAT_SIGACTION_IN:
    case FORMAT_SIGACTION_OUT:
        text_add(t, "{sa_handler=");
        if (u.sa.handler <= LINUX_SIG_IGN)
            add_enum(t, FLAGS_SIGDISP, u.sa.handler);
        else
            add_pointer(t, u.sa.handler);
        text_add(t, ", sa_mask=");
        add_sigset(t, u.sa.mask);
        text_add(t, ", sa_flags=");
        add_flags(t, FLAGS_SA, u.sa.flags);
        text_add(t, "}");
        break;
    case FORMAT_SIGINFO_IN:
    case FORMAT_SIGINFO_OUT: format_siginfo(t, &u.info); break;
    case FORMAT_RLIMIT_IN:
    case FORMAT_RLIMIT_OUT:
        add_limit(t, "{rlim_cur", u.limit.rlim_cur);
        add_limit(t, ", rlim_max", u.limit.rlim_max);
        text_add(t, "}");
        break;
    default:
        text_add(t, "{events=%#x, data=%#llx}", (uint32_t)u.event[0],
                 (unsigned long long)u.event[1]);
        break;
    }
    return true;
}

/* ---- calls ---- */

static bool written_by_the_call(enum kind_format format)
{
    switch (format) {
    case FORMAT_BYTES_OUT:
    case FORMAT_IOVEC_OUT:
    case FORMAT_I32_OUT:
    case FORMAT_FDS_OUT:
    case FORMAT_TIMESPEC_OUT:
    case FORMAT_TIMEVAL_OUT:
    case FORMAT_STAT_OUT:
    case FORMAT_SIGSET_OUT:
    case FORMAT_SIGACTION_OUT:
    case FORMAT_SIGINFO_OUT:
    case FORMAT_RLIMIT_OUT:
    case FORMAT_EPOLL_OUT: return true;
    default: return false;
    }
}

static void add_value(struct text *t, const struct syscall_row *row, const struct kind_row *kind,
                      uint64_t value)
{
    long long v = (long long)value;
    switch ((enum kind_format)kind->format) {
    case FORMAT_DEC: text_add(t, "%d", (int)value); break;
    case FORMAT_UDEC: text_add(t, "%u", (unsigned)value); break;
    case FORMAT_DEC64: text_add(t, "%lld", v); break;
    case FORMAT_UDEC64: text_add(t, "%llu", (unsigned long long)v); break;
    case FORMAT_HEX: text_add(t, value ? "%#llx" : "%llu", (unsigned long long)v); break;
    case FORMAT_OCT: text_add(t, "%#o", (unsigned)value); break;
    case FORMAT_FLAGS: add_set(t, row, (enum flag_set)kind->set, (uint32_t)value); break;
    case FORMAT_ENUM:
        if (kind->set == FLAGS_SIG || kind->set == FLAGS_FUTEX)
            add_set(t, row, (enum flag_set)kind->set, (uint32_t)value);
        else
            add_enum(t, (enum flag_set)kind->set, (uint32_t)value);
        break;
    case FORMAT_SOCKTYPE:
        add_enum(t, FLAGS_SOCKTYPE, value & 15);
        text_add(t, value & LINUX_SOCK_CLOEXEC ? "|SOCK_CLOEXEC" : "");
        text_add(t, value & LINUX_SOCK_NONBLOCK ? "|SOCK_NONBLOCK" : "");
        break;
    case FORMAT_FD:
        if ((int)value == LINUX_AT_FDCWD && kind->set == FLAGS_DFD)
            text_add(t, "AT_FDCWD");
        else
            text_add(t, "%d", (int)value);
        break;
    default: add_pointer(t, value); break;
    }
}

static void add_argument(struct text *t, const struct syscall_row *row, const uint64_t *arg, int i,
                         bool out, long result)
{
    const struct kind_row *kind = &kind_rows[row->kind[i]];
    enum kind_format format = (enum kind_format)kind->format;
    uint64_t value = arg[i], next = i < 5 ? arg[i + 1] : 0;
    uint64_t moved = result > 0 ? (uint64_t)result : 0;

    if (kind->class_ == CLASS_VALUE || kind->class_ == CLASS_FD) {
        add_value(t, row, kind, value);
        return;
    }
    if (!out && written_by_the_call(format)) {
        add_pointer(t, value);
        return;
    }
    switch (format) {
    case FORMAT_STR: add_string(t, value); break;
    case FORMAT_BYTES_IN: add_bytes(t, value, next); break;
    case FORMAT_BYTES_OUT: add_bytes(t, value, moved < next ? moved : next); break;
    case FORMAT_IOVEC_IN: add_iovec(t, value, next, UINT64_MAX); break;
    case FORMAT_IOVEC_OUT: add_iovec(t, value, next, moved); break;
    case FORMAT_ARGV: add_argv(t, value); break;
    case FORMAT_SOCKADDR: add_sockaddr(t, value, next); break;
    case FORMAT_POLLFDS: add_pollfds(t, value, next, out); break;
    case FORMAT_EPOLL_OUT: add_epoll_events(t, value, moved); break;
    case FORMAT_MSGHDR: add_msghdr(t, value, out, result); break;
    default:
        if (!add_object(t, format, value))
            add_pointer(t, value);
        break;
    }
}

void format_call(struct text *t, const struct syscall_row *row, const uint64_t *arg, bool out,
                 long result)
{
    text_add(t, "%s(", row->name);
    for (int i = 0; i < row->args; i++) {
        /* open's mode counts only when a file may be made. */
        if (row->kind[i] == KIND_MODE && i && row->kind[i - 1] == KIND_OFLAGS &&
            !(arg[i - 1] & (LINUX_O_CREAT | LINUX_O_TMPFILE_BIT)))
            break;
        text_add(t, i ? ", " : "");
        add_argument(t, row, arg, i, out, result);
    }
    text_add(t, ")");
}

void format_result(struct text *t, long nr, long result)
{
    if (LINUX_IS_ERROR(result)) {
        const char *name = errno_name((int)-result);
        const char *sentence = errno_sentence((int)-result);
        text_add(t, " = %s %s (%s)", result <= -LINUX_ERESTARTSYS ? "?" : "-1", name ? name : "?",
                 sentence ? sentence : "?");
    } else if (nr == LINUX_SYS_mmap || nr == LINUX_SYS_mremap || nr == LINUX_SYS_brk ||
               nr == LINUX_SYS_shmat) {
        text_add(t, " = %#lx", result);
    } else {
        text_add(t, " = %ld", result);
    }
}
