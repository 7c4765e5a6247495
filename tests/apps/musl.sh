#!/bin/bash
# test: needs=toolchain timeout=120
# Programs linked with musl, statically and dynamically.
. "$TOP/tests/apps/lib.sh"
cat >m.c <<'EOT'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <spawn.h>
extern char **environ;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int n;
static volatile sig_atomic_t hits;
static void on(int s) { hits++; }
static void *run(void *p) { for (int i = 0; i < 1000; i++) { pthread_mutex_lock(&lock); n++; pthread_mutex_unlock(&lock); } return p; }
int main(void)
{
    pthread_t t[4]; pid_t pid; int st;
    for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, run, 0);
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
    signal(SIGUSR1, on); raise(SIGUSR1);
    char *argv[] = {"sh", "-c", "exit 6", 0};
    if (posix_spawnp(&pid, "sh", 0, 0, argv, environ)) return 1;
    waitpid(pid, &st, 0);
    int bad = posix_spawn(&pid, "/nonexistent", 0, 0, argv, environ);
    printf("%d %d %d %d\n", n, hits, WEXITSTATUS(st), bad);
    return 0;
}
EOT
guest musl-gcc -O1 -static -o ms m.c
guest musl-gcc -O1 -o md m.c
expect '4000 1 6 2' guest "$PWD/ms"
expect_like 'ld-musl-aarch64' readelf -l md
expect '4000 1 6 2' guest "$PWD/md"
