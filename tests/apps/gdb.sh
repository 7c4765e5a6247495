#!/bin/bash
# test: needs=base,debug timeout=180
# gdb and gdbserver inside elver: breakpoints, steps, watchpoints, calls, threads, forks, attaching.
. "$TOP/tests/apps/lib.sh"

cat >prog.c <<'EOT'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
volatile int global, go;
volatile long spins[4];
int add(int a, int b)
{
    global += a;
    return a + b;
}
static void *spin(void *arg)
{
    while (!go)
        spins[(long)arg]++;
    return NULL;
}
int main(int argc, char **argv)
{
    int sum = 0;
    pthread_t t[4];
    for (int i = 0; i < 5; i++)
        sum = add(sum, i);
    for (long i = 0; argc > 1 && i < 4; i++)
        pthread_create(&t[i], NULL, spin, (void *)i);
    for (int i = 0; argc > 1 && i < 4; i++)
        pthread_join(t[i], NULL);
    printf("%d %d\n", sum, global);
    return 3;
}
EOT
aarch64-linux-gnu-gcc -g -O0 -pthread -o prog prog.c
export SHELL=/bin/sh
gdb() { guest gdb -nx -batch "$@" 2>&1; }
holds() { grep -Fq -- "$1" out || die "gdb said nothing like '$1': $(cat out)"; }

gdb -ex 'break add' -ex run -ex bt -ex 'info registers pc' -ex stepi -ex 'p $_siginfo.si_code' -ex finish \
    -ex delete -ex 'p add(40, 2)' -ex 'watch global' -ex continue -ex delete -ex continue "$PWD/prog" >out
holds 'Breakpoint 1, add (a=0, b=0)'
holds ' in main (argc=1'
holds 'Value returned is $2 = 0'
holds '$3 = 42'
holds 'Old value = '
holds 'exited with code 03'

gdb -ex 'break spin' -ex run -ex 'info threads' -ex 'thread apply all bt 1' -ex delete \
    -ex 'set var go = 1' -ex continue --args "$PWD/prog" threads >out
holds 'hit Breakpoint 1, spin'
holds 'exited with code 03'

"${RUNNER[@]}" "$PWD/prog" threads >said &
job=$!
wait_for pgrep -x prog
sleep 1
gdb -p "$(pgrep -nx prog)" -ex 'info threads' -ex 'p spins[3] > 0' -ex 'set var go = 1' -ex detach >out
expect 5 grep -c 'LWP.*) "prog"' out
expect 4 grep -c ' spin (' out
holds '$1 = 1'
wait $job && die "exit status 0" || expect 3 echo $?
expect '10 10' cat said

gdb -ex 'set breakpoint pending on' -ex 'set follow-fork-mode child' -ex 'catch exec' -ex run -ex 'break write' -ex continue -ex bt -ex delete \
    -ex continue --args /bin/sh -c '/usr/bin/echo from a child; true' >out
holds 'Catchpoint 1 (exec'
holds 'write'
holds 'from a child'

port=$(free_port)
guest gdbserver --once "127.0.0.1:$port" "$PWD/prog" >said 2>&1 &
wait_for grep -q Listening said
gdb -ex "target remote 127.0.0.1:$port" -ex 'break add' -ex continue -ex bt -ex delete -ex continue "$PWD/prog" >out
holds 'Breakpoint 1, add (a=0, b=0)'
holds 'exited with code 03'
