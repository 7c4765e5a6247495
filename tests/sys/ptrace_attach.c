/*
 * ptrace(2) of processes that run already: attach, seize, interrupt, listen,
 * detach, and tracers that go away.
 */
#include "sys/ptrace.h"

#include <sys/mman.h>
#include <time.h>

/* A child that counts until it is told to end. */
struct counter {
    volatile long count, end;
};

static pid_t start_counter(struct counter **c)
{
    *c = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        while (!(*c)->end)
            (*c)->count++;
        _exit(7);
    }
    while (!(*c)->count)
        usleep(1000);
    return pid;
}

TEST(attach_and_detach)
{
    struct counter *c;
    pid_t pid = start_counter(&c);
    char name[64], line[256];
    CHECK_EQ(PT(PTRACE_ATTACH, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGSTOP, 0);
    CHECK_ERR(PT(PTRACE_ATTACH, pid, 0, 0), EPERM);
    long seen = c->count, tracer = 0;
    usleep(20000);
    CHECK_EQ(c->count, seen);
    struct gpr r;
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK(r.pc > 0x1000);
    snprintf(name, sizeof(name), "/proc/%d/status", pid);
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof(line), f))
        sscanf(line, "TracerPid: %ld", &tracer);
    CHECK(f && fclose(f) == 0);
    CHECK_EQ(tracer, getpid());
    CHECK_EQ(PT(PTRACE_DETACH, pid, 0, 0), 0);
    CHECK_ERR(PT(PTRACE_CONT, pid, 0, 0), ESRCH);
    while (c->count == seen)
        usleep(1000);
    c->end = 1;
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(seize_interrupt_listen)
{
    struct counter *c;
    siginfo_t si;
    pid_t pid = start_counter(&c);
    CHECK_ERR(PT(PTRACE_SEIZE, pid, 1, 0), EIO);
    CHECK_EQ(PT(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
    long seen = c->count;
    while (c->count == seen)
        usleep(1000);
    CHECK_ERR(PT(PTRACE_CONT, pid, 0, 0), ESRCH);
    CHECK_EQ(PT(PTRACE_INTERRUPT, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, PTRACE_EVENT_STOP);
    seen = c->count;
    usleep(20000);
    CHECK_EQ(c->count, seen);
    CHECK_EQ(PT(PTRACE_GETSIGINFO, pid, 0, &si), 0);
    CHECK_EQ(si.si_code, SIGTRAP | PTRACE_EVENT_STOP << 8);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    kill(pid, SIGSTOP);
    CHECK_STOP(wait_for(pid), SIGSTOP, 0);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, SIGSTOP), 0);
    CHECK_STOP(wait_for(pid), SIGSTOP, PTRACE_EVENT_STOP);
    CHECK_EQ(PT(PTRACE_LISTEN, pid, 0, 0), 0);
    kill(pid, SIGCONT);
    int st = wait_for(pid);
    CHECK_STOP(st, SIGTRAP, PTRACE_EVENT_STOP);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGCONT, 0);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, SIGCONT), 0);
    seen = c->count;
    while (c->count == seen)
        usleep(1000);
    c->end = 1;
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(attach_to_a_sleeper)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct timespec half = {0, 500000000}, left = {0, 0};
        int rc = nanosleep(&half, &left);
        _exit(rc == 0 ? 7 : 8);
    }
    usleep(50000);
    CHECK_EQ(PT(PTRACE_SEIZE, pid, 0, 0), 0);
    CHECK_EQ(PT(PTRACE_INTERRUPT, pid, 0, 0), 0);
    CHECK_STOP(wait_for(pid), SIGTRAP, PTRACE_EVENT_STOP);
    struct gpr r;
    CHECK_EQ(get_regs(pid, &r), 0);
    CHECK_EQ(word_at(pid, (void *)(r.pc & ~7ul)) >> (r.pc & 4 ? 32 : 0) & 0xffffffff, 0xd4000001);
    CHECK_EQ(PT(PTRACE_CONT, pid, 0, 0), 0);
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(exitkill_and_a_tracer_that_goes)
{
    for (int kills = 0; kills < 2; kills++) {
        struct counter *c;
        pid_t pid = start_counter(&c);
        int st = IN_CHILD(({ PT(PTRACE_SEIZE, pid, 0, kills ? PTRACE_O_EXITKILL : 0) != 0; }));
        CHECK_EXIT(st, 0);
        if (kills) {
            st = wait_for(pid);
            CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
        } else {
            c->end = 1;
            CHECK_EXIT(wait_for(pid), 7);
        }
    }
}

TEST(a_stopped_tracee_survives_its_tracer)
{
    struct counter *c;
    pid_t pid = start_counter(&c);
    int st = IN_CHILD(({
        int status, bad = PT(PTRACE_ATTACH, pid, 0, 0) != 0;
        waitpid(pid, &status, __WALL);
        bad |= !WIFSTOPPED(status);
        bad |= PT(PTRACE_CONT, pid, 0, 0) != 0;
        bad;
    }));
    CHECK_EXIT(st, 0);
    c->end = 1;
    CHECK_EXIT(wait_for(pid), 7);
}

TEST(kill_and_errors)
{
    CHECK_ERR(PT(PTRACE_CONT, getppid(), 0, 0), ESRCH);
    CHECK_ERR(PT(PTRACE_ATTACH, getpid(), 0, 0), EPERM);
    CHECK_ERR(PT(PTRACE_ATTACH, 0x3ffffff, 0, 0), ESRCH);
    pid_t pid = TRACED(7);
    CHECK_ERR(PT(12345, pid, 0, 0), EIO);
    CHECK_EQ(PT(PTRACE_KILL, pid, 0, 0), 0);
    int st = wait_for(pid);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}

TEST_MAIN()
