/*
 * The arguments for tests/sys/calls.c: for each row of the table a set that
 * should work, from the kinds of its arguments or, where that is not enough,
 * by name; and how each kind is spoilt.
 */
#ifndef TESTS_SYS_CALLS_H
#define TESTS_SYS_CALLS_H

#include "sys/rows.h"
#include "sys/test.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#define NO_RESULT LONG_MIN

struct spoil {
    int argument; /* -1: none */
    const char *name;
    long value;
};
enum { SPOILS = 24, PAGE = 4096 };

/* What a child makes for itself. */
static struct {
    int file, dir, pipe[2], stream[2], datagram, epoll, event, timer, inotify, path_only;
    char *memory;    /* two pages, and behind them nothing */
    char *read_only; /* a page */
} have;

static void calls_init(void)
{
    if (getuid() == 0 && unshare(CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWUTS))
        printf("# no namespaces\n");
    /* What keys there are shall not depend on who runs beside: a session keyring of its own. */
    enum { JOIN_SESSION_KEYRING = 1 };
    if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL) < 0)
        printf("# no keyring\n");
    umask(0);
    close(open("file", O_CREAT | O_RDWR, 0666));
    mkdir("dir", 0777);
    mkdir("closed", 0700);
    close(open("closed/file", O_CREAT | O_RDWR, 0666));
    if (symlink("loop", "loop") || symlink("file", "link"))
        printf("# links are there\n");
    if (chmod(".", 0777))
        printf("# not ours\n");
    /* At the same place everywhere, because some calls take an address for a number. */
    have.memory = mmap((void *)0x20000000, 3 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    munmap(have.memory + 2 * PAGE, PAGE);
    have.read_only = mmap((void *)0x20100000, PAGE, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
}

static void calls_prepare(void)
{
    have.file = open("file", O_RDWR);
    have.dir = open("dir", O_RDONLY | O_DIRECTORY);
    have.path_only = open("file", O_PATH);
    if (pipe(have.pipe) || socketpair(AF_UNIX, SOCK_STREAM, 0, have.stream))
        _exit(8);
    have.datagram = socket(AF_INET, SOCK_DGRAM, 0);
    have.epoll = epoll_create1(0);
    have.event = eventfd(1, 0);
    have.timer = timerfd_create(CLOCK_MONOTONIC, 0);
    have.inotify = inotify_init();
    strcpy(have.memory + PAGE, "file");
}

static long by_kind(unsigned char kind)
{
    switch (class_of[kind]) {
    case FD: return kind == KIND_DFD ? AT_FDCWD : have.file;
    case PATH:
    case STRING: return (long)"file";
    case FIXED:
    case NEXT:
    case PREV: return (long)have.memory;
    default: break;
    }
    switch (kind) {
    case KIND_SIZE: return 16;
    case KIND_PID: return getpid();
    case KIND_CLOCK: return CLOCK_MONOTONIC;
    default: return 0;
    }
}

/* What kinds do not tell. TIME, MEMORY... are places for the row's own pointers. */
static const long *by_name(const char *name)
{
    static long a[6];
    long mem = (long)have.memory;
    const struct {
        const char *name;
        long a[6];
    } table[] = {
        {"dup3", {have.file, 100, O_CLOEXEC}},
        {"fcntl", {have.file, F_GETFL, 0}},
        {"ioctl", {have.stream[0], 0x541b /* FIONREAD */, mem}},
        {"mkdirat", {AT_FDCWD, (long)"new", 0777}},
        {"mknodat", {AT_FDCWD, (long)"new", S_IFREG | 0600, 0}},
        {"symlinkat", {(long)"file", AT_FDCWD, (long)"new"}},
        {"linkat", {AT_FDCWD, (long)"file", AT_FDCWD, (long)"new", 0}},
        {"unlinkat", {AT_FDCWD, (long)"none", 0}},
        {"renameat", {AT_FDCWD, (long)"none", AT_FDCWD, (long)"new"}},
        {"renameat2", {AT_FDCWD, (long)"none", AT_FDCWD, (long)"new", 0}},
        {"execve", {(long)"file", mem, mem}},
        {"execveat", {AT_FDCWD, (long)"file", mem, mem, 0}},
        {"chdir", {(long)"dir"}},
        {"fchdir", {have.dir}},
        {"getdents64", {have.dir, mem, 256}},
        {"getcwd", {mem, PATH_MAX}},
        {"readlinkat", {AT_FDCWD, (long)"link", mem, 64}},
        {"epoll_ctl", {have.epoll, 1, have.event, mem}},
        {"epoll_pwait", {have.epoll, mem, 4, 0, 0, 8}},
        {"epoll_pwait2", {have.epoll, mem, 4, mem, 0, 8}},
        {"inotify_add_watch", {have.inotify, (long)"file", 2}},
        {"inotify_rm_watch", {have.inotify, 1}},
        {"timerfd_settime", {have.timer, 0, mem, mem + 64}},
        {"timerfd_gettime", {have.timer, mem}},
        {"signalfd4", {-1, mem, 8, 0}},
        {"rt_sigprocmask", {0, mem, mem + 64, 8}},
        {"rt_sigaction", {10, 0, mem, 8}},
        {"rt_sigpending", {mem, 8}},
        {"rt_sigsuspend", {mem, 8}},
        {"rt_sigtimedwait", {mem, mem + 64, mem + 256, 8}},
        {"rt_sigqueueinfo", {getpid(), 0, mem}},
        {"rt_tgsigqueueinfo", {getpid(), getpid(), 0, mem}},
        {"ppoll", {mem, 0, mem, 0, 8}},
        {"pselect6", {0, mem, mem, mem, mem, 0}},
        {"readv", {have.file, mem, 1}},
        {"writev", {have.file, mem, 1}},
        {"preadv", {have.file, mem, 1, 0, 0}},
        {"pwritev", {have.file, mem, 1, 0, 0}},
        {"preadv2", {have.file, mem, 1, 0, 0, 0}},
        {"pwritev2", {have.file, mem, 1, 0, 0, 0}},
        {"vmsplice", {have.pipe[1], mem, 1, 2}},
        {"splice", {have.file, mem, have.pipe[1], 0, 16, 2}},
        {"tee", {have.pipe[0], have.pipe[1], 16, 2}},
        {"sendfile", {have.stream[0], have.file, mem, 16}},
        {"copy_file_range", {have.file, mem, have.file, mem + 64, 0, 0}},
        {"fallocate", {have.file, 0, 0, 4096}},
        {"ftruncate", {have.file, 0}},
        {"mmap", {0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
        {"munmap", {mem, PAGE}},
        {"mprotect", {mem, PAGE, PROT_READ}},
        {"pkey_mprotect", {mem, PAGE, PROT_READ, -1}},
        {"mremap", {mem, PAGE, PAGE, 0, 0}},
        {"madvise", {mem, PAGE, MADV_DONTNEED}},
        {"msync", {mem, PAGE, MS_SYNC}},
        {"mincore", {mem, PAGE, mem + PAGE}},
        {"mlock", {mem, PAGE}},
        {"mlock2", {mem, PAGE, 0}},
        {"munlock", {mem, PAGE}},
        {"mseal", {mem, 0, 0}},
        {"mlockall", {MCL_CURRENT}},
        {"brk", {0}},
        {"mbind", {mem, PAGE, 0, 0, 0, 0}},
        {"set_mempolicy", {0, 0, 0}},
        {"get_mempolicy", {mem, 0, 0, 0, 0}},
        {"remap_file_pages", {mem, PAGE, 0, 0, 0}},
        {"futex", {mem, 1, 1, 0, mem, 0}},
        {"futex_wake", {mem, 0xffffffff, 1, 2}},
        {"futex_wait", {mem, 1, 0xffffffff, 2, 0, 1}},
        {"sched_setaffinity", {0, 8, mem}},
        {"sched_getaffinity", {0, 128, mem}},
        {"sched_setparam", {0, mem}},
        {"sched_setscheduler", {0, 0, mem}},
        {"sched_getattr", {0, mem, 56, 0}},
        {"getpriority", {0, 0}},
        {"setpriority", {0, 0, 5}},
        {"wait4", {-1, mem, 1, mem + 64}},
        {"waitid", {0, 0, mem, 1 | 4, mem + 256}},
        {"kill", {getpid(), 0}},
        {"prlimit64", {0, 7, 0, mem}},
        {"getrlimit", {7, mem}},
        {"setrlimit", {7, mem}},
        {"getrusage", {0, mem}},
        {"socket", {AF_UNIX, SOCK_STREAM, 0}},
        {"socketpair", {AF_UNIX, SOCK_STREAM, 0, mem}},
        {"bind", {have.datagram, mem, 16}},
        {"connect", {have.datagram, mem, 16}},
        {"listen", {have.stream[0], 1}},
        {"accept", {have.stream[0], mem, mem + 256}},
        {"accept4", {have.stream[0], mem, mem + 256, 0}},
        {"getsockname", {have.datagram, mem, mem + 256}},
        {"getpeername", {have.stream[0], mem, mem + 256}},
        {"sendto", {have.stream[0], mem, 16, 0, 0, 0}},
        {"recvfrom", {have.stream[0], mem, 16, MSG_DONTWAIT, 0, 0}},
        {"sendmsg", {have.stream[0], mem, 0}},
        {"recvmsg", {have.stream[0], mem, MSG_DONTWAIT}},
        {"sendmmsg", {have.stream[0], mem, 1, 0}},
        {"recvmmsg", {have.stream[0], mem, 1, MSG_DONTWAIT, 0}},
        {"setsockopt", {have.stream[0], SOL_SOCKET, SO_KEEPALIVE, mem, 4}},
        {"getsockopt", {have.stream[0], SOL_SOCKET, SO_TYPE, mem, mem + 256}},
        {"shutdown", {have.stream[0], 2}},
        {"statx", {AT_FDCWD, (long)"file", 0, 0x7ff, mem}},
        {"faccessat2", {AT_FDCWD, (long)"file", 4, 0}},
        {"openat2", {AT_FDCWD, (long)"file", mem, 24}},
        {"getgroups", {8, mem}},
        {"shmget", {0, PAGE, 0600 | 01000}},
        {"semget", {0, 1, 0600 | 01000}},
        {"msgget", {0, 0600 | 01000}},
        {"timer_create", {1, 0, mem}},
        {"clock_nanosleep", {1, 0, mem, mem + 64}},
        {"prctl", {16 /* PR_GET_NAME */, mem}},
        {"getrandom", {mem, 16, 0}},
        {"memfd_create", {(long)"name", 0}},
        {"capget", {mem, 0}},
        {"io_setup", {4, mem}},
        {"process_vm_readv", {getpid(), mem, 1, mem, 1, 0}},
        {"process_vm_writev", {getpid(), mem, 1, mem, 1, 0}},
        {"setxattr", {(long)"file", (long)"user.a", mem, 4, 0}},
        {"getxattr", {(long)"file", (long)"user.a", mem, 64}},
        {"listxattr", {(long)"file", mem, 64}},
        {"name_to_handle_at", {AT_FDCWD, (long)"file", mem, mem + 256, 0}},
        {"kcmp", {getpid(), getpid(), 0, 0, 1}},
        {"pidfd_open", {getpid(), 0}},
        {"cachestat", {have.file, mem, mem + 64, 0}},
        {"userfaultfd", {1}},
        {"rseq", {mem, 32, 0, 0x53053053}},
        {"set_robust_list", {mem, 24}},
        {"get_robust_list", {0, mem, mem + 64}},
        {"io_uring_setup", {4, mem}},
        {"rt_sigpending", {mem, 8}},
    };
    for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (!strcmp(table[i].name, name)) {
            memcpy(a, table[i].a, sizeof a);
            return a;
        }
    }
    return NULL;
}

__attribute__((unused)) static void calls_arguments(const struct row *r, long *a)
{
    const long *named = by_name(r->name);

    for (int i = 0; i < 6; i++)
        a[i] = named ? named[i] : by_kind(r->kind[i]);
    /* Lengths of addresses, and a vector of one part. */
    *(int *)(have.memory + 256) = 16;
    if (class_of[r->kind[1]] == NEXT &&
        (r->kind[1] == KIND_IOVEC_IN || r->kind[1] == KIND_IOVEC_OUT))
        memcpy(have.memory, (long[]){(long)have.memory + 64, 16}, 16);
}

#define ADD(label, number) \
    (count < SPOILS ? spoils[count++] = (struct spoil){argument, label, (long)(number)} : spoils[0])

/* The ways in which an argument of a row is spoilt; how many. Descriptors are given by the child's numbers. */
__attribute__((unused)) static unsigned calls_spoils(const struct row *r, int argument,
                                                     struct spoil *spoils)
{
    static char long_name[300], long_path[5000];
    unsigned count = 0;

    memset(long_name, 'n', sizeof long_name - 1);
    memset(long_path, '/', sizeof long_path - 1);
    switch (class_of[r->kind[argument]]) {
    case FD:
        ADD("-1", -1);
        ADD("unused", 900);
        ADD("file", 3);
        ADD("dir", 4);
        ADD("opath", 5);
        ADD("pipe", 6);
        ADD("pipew", 7);
        ADD("stream", 8);
        ADD("epoll", 11);
        ADD("high", 0x7fffffff);
        ADD("wide", 0x100000003);
        break;
    case PATH:
        ADD("null", 0);
        ADD("one", 1);
        ADD("kernel", 1ul << 63);
        ADD("behind", have.memory + 2 * PAGE);
        ADD("empty", "");
        ADD("none", "nothing");
        ADD("none/", "nothing/x");
        ADD("file/", "file/x");
        ADD("dir", "dir");
        ADD("slash", "file/");
        ADD("loop", "loop");
        ADD("link", "link");
        ADD("closed", "closed/file");
        ADD("name", long_name);
        ADD("path", long_path);
        ADD("root", "/");
        break;
    case STRING:
    case FIXED:
    case NEXT:
    case PREV:
        ADD("null", 0);
        ADD("one", 1);
        ADD("wild", 1ul << 60);
        ADD("kernel", 1ul << 63);
        ADD("last", -1);
        ADD("behind", have.memory + 2 * PAGE);
        ADD("edge", have.memory + 2 * PAGE - 1);
        ADD("edge8", have.memory + 2 * PAGE - 8);
        ADD("odd", have.memory + 65);
        ADD("rdonly", have.read_only);
        break;
    default:
        ADD("0", 0);
        ADD("1", 1);
        ADD("3", 3);
        ADD("64", 64);
        ADD("4096", 4096);
        ADD("-1", -1);
        ADD("min", INT_MIN);
        ADD("max", INT_MAX);
        ADD("wide", 1ul << 32);
        ADD("top", 1ul << 63);
        break;
    }
    return count;
}
#undef ADD

#endif
