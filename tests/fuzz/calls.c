/*
 * System calls whose arguments lead to more arguments: addresses and messages
 * of sockets with their control data, options, ioctl, vectors. One call on one
 * of some fresh descriptors, with any registers and any memory behind them:
 * there is a result, and the runtime is as it was. Nothing reaches the network
 * or needs a privilege.
 *
 * An input: struct head, then what the guest's memory holds.
 */
/* Before the host's headers, whose macros would break abi/structs.h. */
#include "abi/syscalls.h"
#include "kernel/options.h"
#include "kernel/path.h"
#include "kernel/task.h"
#include "sys/table.h"

#include "fuzz/guest.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MEMORY = 16 << 10, ARGS = 5, FDS = 8 };

struct head {
    uint8_t call, fd;
    uint8_t pointer; /* bits: these of arg[] are offsets into the guest's memory */
    uint8_t unused[5];
    uint64_t arg[ARGS]; /* after the descriptor */
};

static const uint16_t calls[] = {LINUX_SYS_bind,
                                 LINUX_SYS_connect,
                                 LINUX_SYS_sendto,
                                 LINUX_SYS_sendmsg,
                                 LINUX_SYS_recvmsg,
                                 LINUX_SYS_sendmmsg,
                                 LINUX_SYS_recvmmsg,
                                 LINUX_SYS_getsockname,
                                 LINUX_SYS_recvfrom,
                                 LINUX_SYS_getpeername,
                                 LINUX_SYS_setsockopt,
                                 LINUX_SYS_getsockopt,
                                 LINUX_SYS_ioctl,
                                 LINUX_SYS_writev,
                                 LINUX_SYS_readv,
                                 LINUX_SYS_epoll_ctl,
                                 LINUX_SYS_fcntl,
                                 LINUX_SYS_preadv2,
                                 LINUX_SYS_fstat,
                                 LINUX_SYS_getdents64,
                                 LINUX_SYS_newfstatat,
                                 LINUX_SYS_statx,
                                 LINUX_SYS_name_to_handle_at};

static uint8_t *memory;
static struct task *task;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct options options = {.sysroot = "/usr"};

    memory = guest_memory(MEMORY);
    /* Where nobody else is: no network, no rights. */
    if (geteuid() == 0)
        FUZZ_CHECK(unshare(CLONE_NEWNET) == 0 && syscall(SYS_setgroups, 0, NULL) == 0 &&
                   setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
    FUZZ_CHECK(path_init(&options) == 0);
    task = guest_task(&options);
    return 0;
}

/* None of them blocks. */
static void open_some(int *fd)
{
    struct epoll_event event = {EPOLLIN, {0}};

    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd) == 0);
    fd[2] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    fd[3] = geteuid() ? socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0) : dup(fd[2]);
    fd[4] = eventfd(0, EFD_NONBLOCK);
    fd[5] = epoll_create1(0);
    fd[6] = open("/dev/ptmx", O_RDWR | O_NONBLOCK | O_NOCTTY);
    fd[7] = open("/usr", O_RDONLY | O_DIRECTORY);
    epoll_ctl(fd[5], EPOLL_CTL_ADD, fd[0], &event);
    (void)!write(fd[1], "datagram", 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct head h;
    int fd[FDS];

    if (bytes < sizeof(h))
        return 0;
    memcpy(&h, data, sizeof(h));
    bytes -= sizeof(h);
    memset(memory, 0, MEMORY);
    memcpy(memory, data + sizeof(h), bytes < MEMORY ? bytes : MEMORY);
    open_some(fd);
    task->sys_nr = calls[h.call % (sizeof(calls) / sizeof(*calls))];
    task->sys_arg[0] = (uint64_t)fd[h.fd % FDS];
    for (int i = 0; i < ARGS; i++)
        task->sys_arg[i + 1] =
            h.pointer & 1 << i ? FUZZ_GUEST + h.arg[i] % (MEMORY + 64) : h.arg[i];
    long result = sys_dispatch(task);
    FUZZ_CHECK(result >= -4095);
    FUZZ_CHECK(task->sys_nr != CALL_NONE && host_self == &task->host);
    for (int i = 0; i < FDS; i++)
        close(fd[i]);
    /* F_DUPFD and received descriptors. */
    close_range((unsigned)fd[0], 999, 0);
    return 0;
}

/* What a message carries: an address, two parts, one descriptor. */
struct message {
    struct msghdr m;
    uint32_t len, pad;
    struct iovec part[2];
    struct {
        size_t len;
        int level, type, fd, pad;
    } control;
    char address[32];
};

#define AT(field) (FUZZ_GUEST + offsetof(struct message, field))

size_t fuzz_seed(unsigned n, uint8_t *to, size_t room)
{
    const struct message message = {
        .m = {.msg_name = (void *)AT(address),
              .msg_namelen = n & 1 ? 0 : 20,
              .msg_iov = (void *)AT(part),
              .msg_iovlen = 2,
              .msg_control = n & 2 ? NULL : (void *)AT(control),
              .msg_controllen = n & 2 ? 0 : sizeof(struct cmsghdr) + 4},
        .part = {{(void *)FUZZ_GUEST, 5}, {(void *)(FUZZ_GUEST + 100), 50}},
        .control = {sizeof(struct cmsghdr) + 4, SOL_SOCKET, SCM_RIGHTS, 2, 0},
        .address = "\1\0/tmp/nowhere",
    };
    struct head h = {.call = (uint8_t)(n / 4), .fd = (uint8_t)(n % 4), .pointer = 1};

    if (n >= 4 * sizeof(calls) / sizeof(*calls) || room < sizeof(h) + sizeof(message))
        return 0;
    switch (calls[n / 4]) {
    case LINUX_SYS_sendmmsg:
    case LINUX_SYS_recvmmsg: h.arg[1] = 1; break;
    case LINUX_SYS_bind:
    case LINUX_SYS_connect:
        h.arg[0] = offsetof(struct message, address);
        h.arg[1] = 14 + n % 2;
        break;
    case LINUX_SYS_sendto:
    case LINUX_SYS_recvfrom:
        h.pointer = 1 | 8;
        h.arg[1] = 10;
        h.arg[3] = offsetof(struct message, address);
        h.arg[4] = 14;
        break;
    case LINUX_SYS_getsockname:
    case LINUX_SYS_getpeername:
        h.pointer = 3;
        h.arg[0] = 64;
        h.arg[1] = offsetof(struct message, m.msg_namelen);
        break;
    case LINUX_SYS_setsockopt:
    case LINUX_SYS_getsockopt:
        h.pointer = 4 | 8;
        h.arg[0] = SOL_SOCKET;
        h.arg[1] = 1 + n % 4 * 6;
        h.arg[3] = n % 2 ? 4 : offsetof(struct message, m.msg_namelen);
        break;
    case LINUX_SYS_ioctl:
        h.pointer = 2;
        h.fd = 6;
        h.arg[0] = (const uint64_t[]){0x5401, 0x5413, 0x80045430, 0x541b}[n % 4];
        break;
    case LINUX_SYS_writev:
    case LINUX_SYS_readv:
    case LINUX_SYS_preadv2:
        h.arg[0] = offsetof(struct message, part);
        h.arg[1] = 2;
        break;
    case LINUX_SYS_epoll_ctl:
        h.pointer = 4;
        h.fd = 5;
        h.arg[0] = 1 + n % 3;
        h.arg[1] = 3;
        break;
    case LINUX_SYS_fcntl:
        h.pointer = 2;
        h.arg[0] = (const uint64_t[]){5, 6, 36, 15}[n % 4];
        break;
    default:
        h.pointer = 1 | 4;
        h.fd = 7;
        h.arg[0] = offsetof(struct message, address) + 2;
        h.arg[1] = 0x1000;
        h.arg[2] = 200;
    }
    memcpy(to, &h, sizeof(h));
    memcpy(to + sizeof(h), &message, sizeof(message));
    return sizeof(h) + sizeof(message);
}
