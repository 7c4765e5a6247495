/*
 * Sockets: streams and datagrams, messages with control data, many messages
 * at once, options, names. test: quick
 */
#include "sys/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

TEST(a_pair)
{
    int s[2];
    char buf[8];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s), 0);
    CHECK_EQ(fcntl(s[0], F_GETFD), FD_CLOEXEC);
    CHECK(fcntl(s[0], F_GETFL) & O_NONBLOCK);
    CHECK_ERR(recv(s[0], buf, 8, 0), EAGAIN);
    CHECK_EQ(send(s[1], "xyz", 3, 0), 3);
    CHECK_EQ(recv(s[0], buf, 8, MSG_PEEK), 3);
    CHECK_EQ(recv(s[0], buf, 8, 0), 3);
    CHECK_EQ(shutdown(s[1], SHUT_WR), 0);
    CHECK_EQ(recv(s[0], buf, 8, 0), 0);
    CHECK_EQ(RAW(SYS_sendto, s[0], 1ul << 60, 4, 0, NULL, 0), -EFAULT);
    close(s[0]);
    close(s[1]);
}

TEST(descriptors_and_credentials_travel)
{
    int s[2], p[2], on = 1;
    char data = 'd', control[256];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
    CHECK_EQ(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
    CHECK_EQ(pipe(p), 0);
    struct iovec v = {&data, 1};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = CMSG_SPACE(sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(c), &p[1], sizeof(int));
    CHECK_EQ(sendmsg(s[0], &m, 0), 1);

    memset(control, 0, sizeof(control));
    m = (struct msghdr){
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    data = 0;
    CHECK_EQ(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC), 1);
    CHECK_EQ(data, 'd');
    int got = -1, pid = 0;
    for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_type == SCM_RIGHTS)
            memcpy(&got, CMSG_DATA(c), sizeof(int));
        if (c->cmsg_type == SCM_CREDENTIALS)
            pid = ((struct ucred *)CMSG_DATA(c))->pid;
    }
    CHECK_EQ(pid, getpid());
    CHECK_EQ(write(got, "!", 1), 1);
    CHECK_EQ(read(p[0], &data, 1), 1);
    CHECK_EQ(fcntl(got, F_GETFD), FD_CLOEXEC);

    v.iov_base = (void *)(1ul << 60);
    CHECK_EQ(send(s[0], "a", 1, 0), 1);
    CHECK_ERR(recvmsg(s[1], &m, MSG_DONTWAIT), EFAULT);
    CHECK_EQ(RAW(SYS_recvmsg, s[1], 1ul << 60, 0), -EFAULT);
    CHECK_EQ(RAW(SYS_recvmsg, -1, 1ul << 60, 0), -EBADF);
    v.iov_base = &data;
    m.msg_control = (void *)(1ul << 60);
    m.msg_controllen = 64;
    CHECK_ERR(sendmsg(s[0], &m, 0), EFAULT);
    close(got);
    close(p[0]);
    close(p[1]);
    close(s[0]);
    close(s[1]);
}

TEST(many_messages)
{
    int s[2];
    char in[3][4];
    struct iovec out_v[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}},
                 in_v[3] = {{in[0], 4}, {in[1], 4}, {in[2], 4}};
    struct mmsghdr out[3] = {{{.msg_iov = &out_v[0], .msg_iovlen = 1}, 0},
                             {{.msg_iov = &out_v[1], .msg_iovlen = 1}, 0},
                             {{.msg_iov = &out_v[2], .msg_iovlen = 1}, 0}};
    struct mmsghdr get[3] = {{{.msg_iov = &in_v[0], .msg_iovlen = 1}, 0},
                             {{.msg_iov = &in_v[1], .msg_iovlen = 1}, 0},
                             {{.msg_iov = &in_v[2], .msg_iovlen = 1}, 0}};
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);
    CHECK_EQ(sendmmsg(s[0], out, 3, 0), 3);
    CHECK_EQ(out[2].msg_len, 3);
    CHECK_EQ(recvmmsg(s[1], get, 3, MSG_WAITFORONE, NULL), 3);
    CHECK_EQ(get[0].msg_len, 1);
    CHECK_EQ(get[1].msg_len, 2);
    CHECK_EQ(memcmp(in[2], "ccc", 3), 0);
    out_v[1].iov_base = (void *)(1ul << 60);
    CHECK_EQ(sendmmsg(s[0], out, 3, 0), 1);
    CHECK_ERR(sendmmsg(s[0], out + 1, 2, 0), EFAULT);
    CHECK_EQ(recvmmsg(s[1], get, 3, MSG_DONTWAIT, NULL), 1);
    struct timespec soon = {0, 20000000};
    CHECK_ERR(recvmmsg(s[1], get, 3, MSG_DONTWAIT, &soon), EAGAIN);
    close(s[0]);
    close(s[1]);
}

TEST(a_connection_over_loopback)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                       peer;
    socklen_t len = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0),
        on = 1, value = 0;
    CHECK_EQ(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    CHECK_EQ(bind(listener, (void *)&at, sizeof(at)), 0);
    CHECK_EQ(listen(listener, 4), 0);
    CHECK_EQ(getsockname(listener, (void *)&at, &len), 0);
    CHECK_EQ(connect(client, (void *)&at, sizeof(at)), 0);
    len = sizeof(peer);
    int served = accept4(listener, (void *)&peer, &len, SOCK_CLOEXEC);
    CHECK(served >= 0);
    CHECK_EQ(len, sizeof(peer));
    CHECK_EQ(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    CHECK_EQ(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    len = sizeof(value);
    CHECK_EQ(getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    CHECK_EQ(value, 1);
    struct timeval wait = {0, 30000};
    char c;
    CHECK_EQ(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    CHECK_ERR(recv(client, &c, 1, 0), EAGAIN);
    len = sizeof(value);
    CHECK_EQ(getsockopt(client, SOL_SOCKET, SO_TYPE, &value, &len), 0);
    CHECK_EQ(value, SOCK_STREAM);
    CHECK_EQ(send(served, "q", 1, 0), 1);
    CHECK_EQ(recv(client, &c, 1, 0), 1);
    close(served);
    CHECK_EQ(recv(client, &c, 1, 0), 0);
    close(client);
    client = socket(AF_INET, SOCK_STREAM, 0);
    close(listener);
    CHECK_ERR(connect(client, (void *)&at, sizeof(at)), ECONNREFUSED);
    close(client);
}

TEST(datagrams)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                       from;
    socklen_t len = sizeof(at);
    char buf[8];
    int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(bind(a, (void *)&at, sizeof(at)), 0);
    CHECK_EQ(getsockname(a, (void *)&at, &len), 0);
    CHECK_EQ(sendto(b, "dg", 2, 0, (void *)&at, sizeof(at)), 2);
    len = sizeof(from);
    CHECK_EQ(recvfrom(a, buf, 8, 0, (void *)&from, &len), 2);
    CHECK_EQ(from.sin_family, AF_INET);
    CHECK_EQ(len, sizeof(from));
    close(a);
    close(b);
}

TEST(named_unix_sockets)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX}, name;
    socklen_t len = sizeof(name);
    const char *dir = getenv("SOCKETS_DIR");
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/sockets.%d", dir ? dir : "/tmp", getpid());
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(bind(listener, (void *)&at, sizeof(at)), 0);
    CHECK_EQ(listen(listener, 1), 0);
    CHECK_EQ(connect(client, (void *)&at, sizeof(at)), 0);
    CHECK_EQ(getpeername(client, (void *)&name, &len), 0);
    CHECK(!strcmp(name.sun_path, at.sun_path));
    len = sizeof(name);
    CHECK_EQ(getsockname(listener, (void *)&name, &len), 0);
    CHECK(!strcmp(name.sun_path, at.sun_path));
    CHECK_EQ(len, 2 + strlen(at.sun_path) + 1);
    struct ucred cred;
    len = sizeof(cred);
    CHECK_EQ(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
    CHECK_EQ(cred.pid, getpid());
    close(client);
    close(listener);
    CHECK_EQ(unlink(at.sun_path), 0);
    int abstract = socket(AF_UNIX, SOCK_DGRAM, 0);
    memset(at.sun_path, 0, sizeof(at.sun_path));
    snprintf(at.sun_path + 1, 32, "sockets.%d", getpid());
    CHECK_EQ(bind(abstract, (void *)&at, 2 + 1 + 12), 0);
    close(abstract);
}

/* SOCKETS_DIR may be a directory that only a sysroot has. */
TEST(bound_and_found_by_path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *dir = getenv("SOCKETS_DIR");
    char c = 0;
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/found.%d", dir ? dir : "/tmp", getpid());
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ(bind(a, (void *)&at, sizeof(at)), 0);
    CHECK_EQ(sendto(b, "1", 1, 0, (void *)&at, sizeof(at)), 1);
    struct iovec v = {"2", 1};
    struct msghdr m = {.msg_name = &at, .msg_namelen = sizeof(at), .msg_iov = &v, .msg_iovlen = 1};
    CHECK_EQ(sendmsg(b, &m, 0), 1);
    CHECK_EQ(read(a, &c, 1), 1);
    CHECK_EQ(read(a, &c, 1), 1);
    CHECK_EQ(c, '2');
    CHECK_EQ(unlink(at.sun_path), 0);
    CHECK_ERR(connect(b, (void *)&at, sizeof(at)), ENOENT);
    close(a);
    close(b);
}

TEST(refusals)
{
    int fd = open("/dev/null", O_RDONLY);
    CHECK_ERR(listen(fd, 1), ENOTSOCK);
    CHECK_ERR(socket(255, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERR(socket(AF_INET, 77, 0), EINVAL);
    CHECK_ERR(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){0}), EOPNOTSUPP);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(RAW(SYS_bind, s, 1ul << 60, 16), -EFAULT);
    CHECK_EQ(RAW(SYS_bind, s, 16, 1000), -EINVAL);
    CHECK_EQ(RAW(SYS_getsockname, s, 16, &(int){16}), -EFAULT);
    close(s);
    close(fd);
}

TEST_MAIN()
