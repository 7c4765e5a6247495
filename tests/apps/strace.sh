#!/bin/bash
# test: needs=base,debug timeout=120
# strace and ltrace inside elver: calls, signals, children, threads, counting, attaching.
. "$TOP/tests/apps/lib.sh"

cat >threads.c <<'EOT'
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static void *body(void *arg)
{
    char *argv[] = {"true", NULL};
    for (int i = 0; i < 3; i++) {
        pid_t p;
        int st;
        if (posix_spawnp(&p, "true", NULL, NULL, argv, environ) || waitpid(p, &st, 0) != p || st)
            puts("spawn failed");
        p = fork();
        if (p == 0)
            _exit(3);
        if (waitpid(p, &st, 0) != p || st != 3 << 8)
            puts("fork failed");
    }
    return arg;
}
int main(int argc, char **argv)
{
    pthread_t t[6];
    for (int i = 0; i < 6; i++)
        pthread_create(&t[i], NULL, body, NULL);
    for (int i = 0; i < 6; i++)
        pthread_join(t[i], NULL);
    while (argc > 1)
        sleep(1);
    puts("done");
}
EOT
aarch64-linux-gnu-gcc -g -O1 -pthread -o threads threads.c

guest strace -o out /usr/bin/echo hello >said
expect hello cat said
grep -q '^execve("/usr/bin/echo", \["/usr/bin/echo", "hello"\]' out || die "no execve"
grep -q '^write(1, "hello\\n", 6) *= 6$' out || die "no write"
grep -q '^+++ exited with 0 +++$' out || die "no exit"

guest strace -f -o out /usr/bin/sh -c 'kill -USR1 $$' && die "the signal was lost"
grep -q -- '--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER' out || die "no signal"
grep -q '+++ killed by SIGUSR1 +++' out || die "no death"

# 36 children, each seen from its first call to its end.
expect "done" guest strace -f -o out "$PWD/threads"
expect 43 grep -c '+++ exited with' out
expect 18 grep -c '+++ exited with 3 +++' out
guest strace -f -c -o count "$PWD/threads" >/dev/null
grep -Eq ' (clone|clone3)$' count || die "clones are not counted"

# A call that the tracer changes: fault injection goes through NT_ARM_SYSTEM_CALL and x0.
guest strace -e inject=write:error=ENOSPC:when=1 -o out /usr/bin/echo hello >said 2>err && die "echo saw no error"
grep -q 'No space left on device' err || die "no injected error"
expect '' cat said

"${RUNNER[@]}" "$PWD/threads" wait &
wait_for pgrep -x threads
pid=$(pgrep -nx threads)
sleep 1
(sleep 2 && kill -TERM "$pid") &
guest strace -f -p "$pid" -o out 2>err || true
grep -q 'resuming interrupted clock_nanosleep' out || die "the sleep was not seen to go on"
grep -q '+++ killed by SIGTERM +++' out || die "its end was not seen"

guest ltrace -o out -e puts "$PWD/threads" >said
grep -q "puts(\"done\")" out || die "ltrace saw no call"

# /proc/PID/exe of a tracee out of the sysroot is the guest's file, not this machine's of the same name.
guest ltrace -o out /usr/bin/true
grep -q '+++ exited (status 0) +++' out || die "ltrace does not run /usr/bin/true"
