#!/bin/bash
# test: needs=base timeout=60
# --trace: strace's shapes, to a file per process or to one, by class; nothing of it on the guest's stderr.
. "$TOP/tests/cli/lib.sh"
build p <<'EOT'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
static void on(int sig) { }
int main(void)
{
    struct sockaddr_un sa = {AF_UNIX, "/nonexistent/socket"};
    int s[2];
    struct sigaction act = {.sa_handler = on, .sa_flags = SA_RESTART};
    open("exclusive", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s);
    connect(s[0], (void *)&sa, sizeof sa);
    write(s[0], "tab\tquote\"\0001\n", 13);
    read(s[1], (char[99]){0}, 99);
    sigaction(SIGUSR1, &act, NULL);
    sigaction(SIGCHLD, &act, NULL);
    raise(SIGUSR1);
    if (fork() == 0) { execl("/nonexistent/x", "x", "two words", NULL); _exit(7); }
    wait(NULL);
    return 3;
}
EOT
status 3 elver --trace=sys,sig -o trace ./p
[ ! -s out ] && [ ! -s err ] || die "words of the trace: $(cat out err)"
contains trace '^[0-9]+ execve\("[^"]*/p", \["./p"\], .*\) = 0$'
contains trace ' openat\(AT_FDCWD, "exclusive", O_RDWR\|O_CREAT\|O_EXCL\|O_CLOEXEC, 0640\) = '
contains trace ' mmap\(NULL, 8192, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) = 0x[0-9a-f]+$'
contains trace ' socketpair\(AF_UNIX, SOCK_STREAM\|SOCK_CLOEXEC, 0, \[[0-9]+, [0-9]+\]\) = 0$'
contains trace ' connect\([0-9]+, \{sa_family=AF_UNIX, sun_path="/nonexistent/socket"\}, 110\) = -1 (EISCONN|ENOENT) \('
contains trace ' write\([0-9]+, "tab\\tquote\\"\\0001\\n", 13\) = 13$'
contains trace ' read\([0-9]+, "tab\\tquote\\"\\0001\\n", 99\) = 13$'
contains trace ' rt_sigaction\(SIGUSR1, \{sa_handler=0x[0-9a-f]+, sa_mask=\[\], sa_flags=SA_RESTART\}, NULL, 8\) = 0$'
contains trace ' --- SIGUSR1 \{si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=[0-9]+, si_uid=[0-9]+\} ---$'
contains trace ' --- SIGCHLD \{si_signo=SIGCHLD, si_code=CLD_EXITED, '
contains trace ' execve\("/nonexistent/x", \["x", "two words"\], 0x[0-9a-f]+\) = -1 ENOENT \(No such file or directory\)$'
contains trace ' exit_group\(7\) = \?$'
contains trace ' wait4\(-1, NULL, 0, NULL\) = [0-9]+$'
contains trace '\+\+\+ exited with 3 \+\+\+$'
[ "$(cut -d' ' -f1 trace | sort -u | wc -l)" = 2 ] || die "not two processes in one file"
status 3 elver --trace=mm,exec -o mm ./p
contains mm ' mmap\('
lacks mm ' (openat|write|read|rt_sigaction)\('
status 3 elver --trace=all -o 'each.%p' ./p
[ "$(ls each.* | wc -l)" = 2 ] || die "not a file for each process"
for f in each.*; do [ "$(cut -d' ' -f1 "$f" | sort -u | wc -l)" = 1 ] || die "$f has lines of others"; done
# Into the log where no file is named, and through an exec.
ELVER_LOG=$PWD/log status 0 elver --trace=sys --sysroot "$DEBIAN" /usr/bin/bash -c 'exec true'
contains log 'execve\("/usr/bin/bash"'
contains log 'execve\("/usr/bin/true", \["true"\]'
# Without a log either, to whoever asked: standard error; unasked, nothing.
unset ELVER_LOG
status 0 elver --trace=sys --sysroot "$DEBIAN" /usr/bin/bash -c 'exec true'
contains err 'execve\("/usr/bin/true", \["true"\]'
status 0 elver --jit-stats --engine=jit --sysroot "$DEBIAN" /usr/bin/true
contains err 'jit: [0-9]+ regions'
status 0 elver --sysroot "$DEBIAN" /usr/bin/true
[ ! -s err ] || die "words unasked: $(cat err)"
