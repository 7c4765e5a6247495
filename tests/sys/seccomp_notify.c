/*
 * seccomp's user notifications (seccomp_unotify(2)): a listener in another
 * process answers calls, sees arm64's numbers and architecture, lets calls go
 * on, hands descriptors over, and is told when the other side is gone. The
 * filter goes over fork and exec.
 */
#include "sys/test.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND 2
#endif

enum { ANSWERED = SYS_getppid, OTHER = SYS_getpgid };

/* A filter that leaves `nr` to a listener: its descriptor or -errno. */
static long listen_to(int nr, unsigned flags)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {4, code};

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static int receive(int fd, struct seccomp_notif *n)
{
    memset(n, 0, sizeof *n);
    return ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, n);
}

static int answer(int fd, uint64_t id, long value, int error, unsigned flags)
{
    struct seccomp_notif_resp r = {.id = id, .val = value, .error = error, .flags = flags};
    return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

TEST(sizes_and_flags)
{
    struct seccomp_notif_sizes s = {0};
    uint32_t action = SECCOMP_RET_USER_NOTIF;

    CHECK_EQ(RAW(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &s), 0);
    CHECK(s.seccomp_notif == 80 && s.seccomp_notif_resp == 24 && s.seccomp_data == 64);
    CHECK_EQ(RAW(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 1, &s), -EINVAL);
    CHECK_EQ(RAW(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action), 0);
    CHECK_EQ(listen_to(OTHER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC),
             -EINVAL);
    CHECK_EQ(listen_to(OTHER, 1 << 5), -EINVAL); /* WAIT_KILLABLE_RECV alone */
    CHECK_EQ(RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, NULL),
             -EFAULT);
}

/* What the child's calls give. */
static int asks(void)
{
    if (syscall(ANSWERED, 1, 2, 3, 4, 5, 6) != 77)
        return 1;
    if (syscall(ANSWERED) != -1 || errno != EXDEV)
        return 2;
    if (syscall(ANSWERED) != getpid() + 1000)
        return 3;
    return getppid() > 0 ? 0 : 4; /* let through */
}

TEST(answers)
{
    int status = IN_CHILD(({
        struct seccomp_notif n;
        int fd = (int)listen_to(ANSWERED, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        int bad = test_failed;

        CHECK(fd >= 0);
        CHECK_EQ(listen_to(OTHER, SECCOMP_FILTER_FLAG_NEW_LISTENER), -EBUSY);
        pid_t child = fork();
        if (child == 0)
            _exit(asks());
        struct pollfd p = {fd, POLLIN, 0};
        CHECK_EQ(poll(&p, 1, 5000), 1);
        CHECK_EQ(receive(fd, &n), 0);
        CHECK_EQ(n.pid, child);
        CHECK_EQ(n.flags, 0);
        CHECK_EQ(n.data.nr, ANSWERED);
        CHECK_EQ(n.data.arch, AUDIT_ARCH_AARCH64);
        for (int i = 0; i < 6; i++)
            CHECK_EQ(n.data.args[i], i + 1);
        CHECK_EQ(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id), 0);
        CHECK_ERR(answer(fd, n.id, 1, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), EINVAL);
        CHECK_ERR(answer(fd, n.id, 1, 0, 8), EINVAL);
        CHECK_EQ(answer(fd, n.id, 77, 0, 0), 0);
        CHECK_EQ(answer(fd, n.id, 77, 0, 0), -1); /* ENOENT, or EINPROGRESS until it woke */
        CHECK_EQ(receive(fd, &n), 0);
        CHECK_EQ(answer(fd, n.id, 5, -EXDEV, 0), 0);
        CHECK_EQ(receive(fd, &n), 0);
        CHECK_EQ(answer(fd, n.id, child + 1000, 0, 0), 0);
        CHECK_EQ(receive(fd, &n), 0);
        CHECK_EQ(answer(fd, n.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), 0);
        int child_status;
        CHECK_EQ(waitpid(child, &child_status, 0), child);
        CHECK_EQ(child_status, 0);
        fflush(stdout);
        test_failed != bad;
    }));
    CHECK_EQ(status, 0);
}

static void on_signal(int sig)
{
}

/* A handler without SA_RESTART ends the wait, and the notification with it. */
TEST(a_signal_ends_the_wait)
{
    int status = IN_CHILD(({
        struct seccomp_notif n;
        struct sigaction sa = {.sa_handler = on_signal};
        int fd = (int)listen_to(ANSWERED, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        int bad = test_failed;

        pid_t child = fork();
        if (child == 0) {
            sigaction(SIGUSR1, &sa, NULL);
            _exit(syscall(ANSWERED) == -1 && errno == EINTR ? 0 : 1);
        }
        CHECK_EQ(receive(fd, &n), 0);
        kill(child, SIGUSR1);
        int child_status;
        CHECK_EQ(waitpid(child, &child_status, 0), child);
        CHECK_EQ(child_status, 0);
        CHECK_ERR(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id), ENOENT);
        fflush(stdout);
        test_failed != bad;
    }));
    CHECK_EQ(status, 0);
}

/* Without its listener the call is not there. */
TEST(a_closed_listener)
{
    int status = IN_CHILD(({
        int fd = (int)listen_to(ANSWERED, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        close(fd);
        syscall(ANSWERED) == -1 && errno == ENOSYS ? 0 : 1;
    }));
    CHECK_EQ(status, 0);
    CHECK_EQ(
        IN_CHILD(listen_to(ANSWERED, 0) == 0 && syscall(ANSWERED) == -1 && errno == ENOSYS ? 0 : 1),
        0);
}

static int executed; /* this image was started by the test below */

TEST(over_exec_with_a_descriptor)
{
    if (executed) {
        int fd = (int)syscall(ANSWERED);
        char c = 0;
        CHECK(fd > 2 && read(fd, &c, 1) == 1 && c == 'x');
        return;
    }
    int status = IN_CHILD(({
        struct seccomp_notif n;
        int fd = (int)listen_to(ANSWERED, SECCOMP_FILTER_FLAG_NEW_LISTENER), pair[2];
        int bad = test_failed;
        char *argv[] = {"seccomp_notify", "over_exec_with_a_descriptor", "executed", NULL};

        pid_t child = fork();
        if (child == 0) {
            execv("/proc/self/exe", argv);
            _exit(1);
        }
        CHECK_EQ(pipe(pair), 0);
        CHECK_EQ(write(pair[1], "x", 1), 1);
        CHECK_EQ(receive(fd, &n), 0);
        CHECK_EQ(n.data.nr, ANSWERED);
        struct seccomp_notif_addfd add = {
            .id = n.id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (unsigned)pair[0]};
        CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add) > 2);
        int child_status;
        CHECK_EQ(waitpid(child, &child_status, 0), child);
        CHECK_EQ(child_status, 0);
        fflush(stdout);
        test_failed != bad;
    }));
    CHECK_EQ(status, 0);
}

int main(int argc, char **argv)
{
    executed = argc == 3;
    return test_main(executed ? 2 : argc, argv);
}
