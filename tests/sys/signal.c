/*
 * Sending, masking, queueing and handling signals (signal(7), sigaction(2)):
 * what the handler is told, on which stack and under which mask it runs, in
 * which order signals come, what the default actions do.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

static volatile int calls, last_sig, last_code;
static volatile long last_value;
static volatile int last_pid;
static sigset_t mask_in_handler;
static void *volatile sp_in_handler;

static void note(int sig, siginfo_t *info, void *uc)
{
    int here;

    calls++;
    last_sig = sig;
    last_code = info->si_code;
    last_pid = info->si_pid;
    last_value = (long)info->si_value.sival_ptr;
    sp_in_handler = &here;
    sigprocmask(SIG_BLOCK, NULL, &mask_in_handler);
}

static void handle(int sig, int flags, void (*fn)(int, siginfo_t *, void *))
{
    struct sigaction sa = {.sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags};

    CHECK(sigaction(sig, &sa, NULL) == 0);
    calls = 0;
}

static sigset_t set_of(int a, int b)
{
    sigset_t s;

    sigemptyset(&s);
    sigaddset(&s, a);
    if (b)
        sigaddset(&s, b);
    return s;
}

static void mask(int how, int sig)
{
    sigset_t s = set_of(sig, 0);

    CHECK(sigprocmask(how, &s, NULL) == 0);
}

TEST(handler_is_told_who_sent_it)
{
    union sigval v = {.sival_ptr = (void *)0x123456789abcdef};

    handle(SIGUSR1, 0, note);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK_EQ(calls, 1);
    CHECK_EQ(last_sig, SIGUSR1);
    CHECK_EQ(last_code, SI_USER);
    CHECK_EQ(last_pid, getpid());
    CHECK(raise(SIGUSR1) == 0);
    CHECK_EQ(last_code, SI_TKILL);
    CHECK(sigqueue(getpid(), SIGUSR1, v) == 0);
    CHECK_EQ(last_code, SI_QUEUE);
    CHECK_EQ(last_value, 0x123456789abcdef);
    CHECK_EQ(calls, 3);
}

TEST(mask_in_handler_is_sa_mask_and_the_signal)
{
    struct sigaction sa = {
        .sa_sigaction = note, .sa_flags = SA_SIGINFO, .sa_mask = set_of(SIGHUP, SIGTERM)};
    sigset_t after;

    CHECK(sigaction(SIGUSR1, &sa, NULL) == 0);
    raise(SIGUSR1);
    CHECK(sigismember(&mask_in_handler, SIGUSR1) == 1);
    CHECK(sigismember(&mask_in_handler, SIGHUP) == 1);
    CHECK(sigismember(&mask_in_handler, SIGTERM) == 1);
    CHECK(sigismember(&mask_in_handler, SIGUSR2) == 0);
    sigprocmask(SIG_BLOCK, NULL, &after);
    CHECK(sigismember(&after, SIGUSR1) == 0);
    CHECK(sigismember(&after, SIGHUP) == 0);
    sa.sa_flags |= SA_NODEFER;
    CHECK(sigaction(SIGUSR1, &sa, NULL) == 0);
    raise(SIGUSR1);
    CHECK(sigismember(&mask_in_handler, SIGUSR1) == 0);
    CHECK(sigismember(&mask_in_handler, SIGHUP) == 1);
}

TEST(resethand_resets)
{
    struct sigaction sa;

    handle(SIGUSR1, SA_RESETHAND, note);
    raise(SIGUSR1);
    CHECK_EQ(calls, 1);
    CHECK(sigaction(SIGUSR1, NULL, &sa) == 0);
    CHECK(sa.sa_handler == SIG_DFL);
    int status = IN_CHILD((raise(SIGUSR1), 0));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

TEST(action_is_given_back)
{
    struct sigaction sa = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER},
                     old;

    sa.sa_mask = set_of(SIGKILL, SIGHUP);
    CHECK(sigaction(SIGUSR2, &sa, NULL) == 0);
    CHECK(sigaction(SIGUSR2, NULL, &old) == 0);
    CHECK(old.sa_sigaction == note);
    CHECK_EQ(old.sa_flags & ~0x04000000, SA_SIGINFO | SA_RESTART | SA_NODEFER);
    CHECK(sigismember(&old.sa_mask, SIGHUP) == 1);
    CHECK(sigismember(&old.sa_mask, SIGKILL) == 0);
    CHECK_ERR(sigaction(SIGKILL, &sa, NULL), EINVAL);
    CHECK_ERR(sigaction(SIGSTOP, &sa, NULL), EINVAL);
    CHECK_EQ(RAW(SYS_rt_sigaction, 65, NULL, NULL, 8), -EINVAL);
    CHECK_EQ(RAW(SYS_rt_sigaction, 0, NULL, NULL, 8), -EINVAL);
    CHECK_EQ(RAW(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4), -EINVAL);
    CHECK_EQ(RAW(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8), -EFAULT);
    CHECK_EQ(RAW(SYS_rt_sigprocmask, 3, &(long){0}, NULL, 8), -EINVAL);
    CHECK_EQ(RAW(SYS_rt_sigprocmask, 3, NULL, NULL, 8), 0);
    CHECK_EQ(RAW(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8), -EFAULT);
}

static volatile int order[64], ordered;

static void note_order(int sig, siginfo_t *info, void *uc)
{
    if (ordered < 64)
        order[ordered++] = sig * 100 + (int)(long)info->si_value.sival_ptr;
}

TEST(realtime_signals_queue_in_order)
{
    sigset_t set = set_of(SIGRTMIN, SIGRTMIN + 1), all;

    handle(SIGRTMIN, 0, note_order);
    handle(SIGRTMIN + 1, 0, note_order);
    ordered = 0;
    sigfillset(&all);
    /* Handlers hold everything, so the lowest number is seen first. */
    for (int s = SIGRTMIN; s <= SIGRTMIN + 1; s++) {
        struct sigaction sa = {.sa_sigaction = note_order, .sa_flags = SA_SIGINFO, .sa_mask = all};
        sigaction(s, &sa, NULL);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 5; i++) {
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i});
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
    }
    CHECK_EQ(ordered, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK_EQ(ordered, 10);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(order[i], SIGRTMIN * 100 + i);
        CHECK_EQ(order[5 + i], (SIGRTMIN + 1) * 100 + i);
    }
}

TEST(without_masks_the_last_frame_runs_first)
{
    sigset_t set = set_of(SIGRTMIN, SIGRTMIN + 1);

    handle(SIGRTMIN, 0, note_order);
    handle(SIGRTMIN + 1, 0, note_order);
    ordered = 0;
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1});
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 2});
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK_EQ(ordered, 2);
    CHECK_EQ(order[0], (SIGRTMIN + 1) * 100 + 2);
    CHECK_EQ(order[1], SIGRTMIN * 100 + 1);
}

TEST(standard_signals_are_pending_once)
{
    sigset_t pending;

    handle(SIGUSR1, 0, note);
    mask(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < 3; i++)
        kill(getpid(), SIGUSR1);
    CHECK(sigpending(&pending) == 0);
    CHECK(sigismember(&pending, SIGUSR1) == 1);
    CHECK(sigismember(&pending, SIGUSR2) == 0);
    CHECK_EQ(calls, 0);
    mask(SIG_UNBLOCK, SIGUSR1);
    CHECK_EQ(calls, 1);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) == 0);
}

TEST(ignoring_discards_what_is_pending)
{
    const int sigs[] = {SIGUSR1, SIGSEGV, SIGTRAP, SIGRTMIN};

    for (int i = 0; i < 4; i++) {
        handle(sigs[i], 0, note);
        mask(SIG_BLOCK, sigs[i]);
        kill(getpid(), sigs[i]);
        signal(sigs[i], SIG_IGN);
        handle(sigs[i], 0, note);
        mask(SIG_UNBLOCK, sigs[i]);
        CHECK_EQ(calls, 0);
        signal(sigs[i], SIG_DFL);
    }
}

/* Those that a fault can raise are signals like others when somebody sends them. */
TEST(sent_fault_signals_are_signals)
{
    static const int sigs[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    sigset_t pending, set;
    siginfo_t info;

    for (int i = 0; i < 5; i++) {
        int s = sigs[i];

        handle(s, 0, note);
        kill(getpid(), s);
        CHECK_EQ(calls, 1);
        CHECK_EQ(last_sig, s);
        CHECK_EQ(last_code, SI_USER);
        mask(SIG_BLOCK, s);
        kill(getpid(), s);
        CHECK_EQ(calls, 1);
        sigpending(&pending);
        CHECK(sigismember(&pending, s) == 1);
        mask(SIG_UNBLOCK, s);
        CHECK_EQ(calls, 2);
        mask(SIG_BLOCK, s);
        kill(getpid(), s);
        set = set_of(s, 0);
        CHECK_EQ(sigwaitinfo(&set, &info), s);
        CHECK_EQ(info.si_pid, getpid());
        mask(SIG_UNBLOCK, s);
        CHECK_EQ(calls, 2);
        signal(s, SIG_IGN);
        kill(getpid(), s);
        signal(s, SIG_DFL);
        int status = IN_CHILD((kill(getpid(), s), 0));
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == s);
    }
}

TEST(sigsuspend_waits_under_its_mask)
{
    sigset_t during = set_of(SIGUSR2, 0), now;

    handle(SIGUSR1, 0, note);
    handle(SIGUSR2, 0, note);
    mask(SIG_BLOCK, SIGUSR1);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    CHECK_EQ(calls, 1);
    CHECK_ERR(sigsuspend(&during), EINTR);
    CHECK_EQ(calls, 2);
    CHECK_EQ(last_sig, SIGUSR1);
    /* The handler ran under sigsuspend's mask and its own signal. */
    CHECK(sigismember(&mask_in_handler, SIGUSR2) == 1);
    CHECK(sigismember(&mask_in_handler, SIGUSR1) == 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1) == 1);
    CHECK(sigismember(&now, SIGUSR2) == 0);
    mask(SIG_UNBLOCK, SIGUSR1);
    CHECK_EQ(RAW(SYS_rt_sigsuspend, 8, 8), -EFAULT);
    CHECK_EQ(RAW(SYS_rt_sigsuspend, &during, 4), -EINVAL);
}

TEST(sigtimedwait_takes_and_times_out)
{
    sigset_t set = set_of(SIGUSR1, SIGRTMIN + 2);
    struct timespec t = {.tv_nsec = 30000000}, bad = {.tv_nsec = -1};
    siginfo_t info;

    handle(SIGUSR1, 0, note);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK_ERR(sigtimedwait(&set, &info, &t), EAGAIN);
    CHECK_ERR(sigtimedwait(&set, &info, &bad), EINVAL);
    sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = 77});
    kill(getpid(), SIGUSR1);
    CHECK_EQ(sigtimedwait(&set, &info, &t), SIGUSR1);
    CHECK_EQ(info.si_code, SI_USER);
    CHECK_EQ(sigtimedwait(&set, &info, &t), SIGRTMIN + 2);
    CHECK_EQ(info.si_value.sival_int, 77);
    CHECK_EQ(calls, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

TEST(signalfd_reads_what_is_blocked)
{
    sigset_t set = set_of(SIGUSR1, 0);
    struct signalfd_siginfo si;

    mask(SIG_BLOCK, SIGUSR1);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_ERR(read(fd, &si, sizeof si), EAGAIN);
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 5});
    CHECK_EQ(read(fd, &si, sizeof si), sizeof si);
    CHECK_EQ(si.ssi_signo, SIGUSR1);
    CHECK_EQ(si.ssi_int, 5);
    CHECK_EQ(si.ssi_pid, getpid());
    close(fd);
    mask(SIG_UNBLOCK, SIGUSR1);
}

/* ---- alternate stack ---- */

static stack_t in_handler_stack;
static volatile int change_on_stack;

static void note_stack(int sig, siginfo_t *info, void *uc)
{
    stack_t other = {.ss_flags = SS_DISABLE};

    note(sig, info, uc);
    sigaltstack(NULL, &in_handler_stack);
    change_on_stack = sigaltstack(&other, NULL) == 0 ? 0 : errno;
}

TEST(handler_runs_on_the_alternate_stack)
{
    enum { BYTES = 64 << 10 };
    char *stack = malloc(BYTES);
    stack_t ss = {.ss_sp = stack, .ss_size = BYTES}, old;

    CHECK(sigaltstack(&ss, NULL) == 0);
    CHECK(sigaltstack(NULL, &old) == 0);
    CHECK(old.ss_sp == stack && old.ss_size == BYTES && old.ss_flags == 0);
    handle(SIGUSR1, SA_ONSTACK, note_stack);
    raise(SIGUSR1);
    CHECK((char *)sp_in_handler > stack && (char *)sp_in_handler < stack + BYTES);
    CHECK_EQ(in_handler_stack.ss_flags, SS_ONSTACK);
    CHECK_EQ(change_on_stack, EPERM);
    handle(SIGUSR1, 0, note_stack);
    raise(SIGUSR1);
    CHECK(!((char *)sp_in_handler > stack && (char *)sp_in_handler < stack + BYTES));
    CHECK_EQ(in_handler_stack.ss_flags, SS_DISABLE * change_on_stack);
    CHECK_EQ(change_on_stack, 0);

    ss.ss_flags = SS_AUTODISARM;
    CHECK(sigaltstack(&ss, NULL) == 0);
    sigaltstack(NULL, &old);
    CHECK_EQ(old.ss_flags, (int)SS_AUTODISARM);
    handle(SIGUSR1, SA_ONSTACK, note_stack);
    raise(SIGUSR1);
    CHECK((char *)sp_in_handler > stack && (char *)sp_in_handler < stack + BYTES);
    CHECK_EQ(in_handler_stack.ss_flags, SS_DISABLE);
    CHECK_EQ(change_on_stack, 0);
    sigaltstack(NULL, &old);
    CHECK(old.ss_sp == stack && old.ss_flags == (int)SS_AUTODISARM);

    ss.ss_flags = 0;
    ss.ss_size = 5119;
    CHECK_ERR(sigaltstack(&ss, NULL), ENOMEM);
    ss.ss_size = 5120;
    CHECK(sigaltstack(&ss, NULL) == 0);
    ss.ss_flags = 77;
    CHECK_ERR(sigaltstack(&ss, NULL), EINVAL);
    ss.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&ss, NULL) == 0);
    sigaltstack(NULL, &old);
    CHECK_EQ(old.ss_flags, SS_DISABLE);
    CHECK_EQ(RAW(SYS_sigaltstack, 8, NULL), -EFAULT);
    free(stack);
}

static volatile int depth, deepest;

static void nest(int sig, siginfo_t *info, void *uc)
{
    if (++depth > deepest)
        deepest = depth;
    if (depth < 20)
        raise(sig);
    depth--;
}

TEST(handlers_nest)
{
    handle(SIGUSR1, SA_NODEFER, nest);
    depth = deepest = 0;
    raise(SIGUSR1);
    CHECK_EQ(deepest, 20);
    CHECK_EQ(depth, 0);
}

/* ---- default actions ---- */

TEST(default_actions)
{
    static const struct {
        int sig;
        char what; /* T terminate, C core, I ignore, S stop */
    } table[] = {
        {SIGHUP, 'T'},    {SIGINT, 'T'},  {SIGQUIT, 'C'},  {SIGILL, 'C'},  {SIGTRAP, 'C'},
        {SIGABRT, 'C'},   {SIGBUS, 'C'},  {SIGFPE, 'C'},   {SIGKILL, 'T'}, {SIGUSR1, 'T'},
        {SIGSEGV, 'C'},   {SIGUSR2, 'T'}, {SIGPIPE, 'T'},  {SIGALRM, 'T'}, {SIGTERM, 'T'},
        {SIGSTKFLT, 'T'}, {SIGCHLD, 'I'}, {SIGCONT, 'I'},  {SIGSTOP, 'S'}, {SIGTSTP, 'S'},
        {SIGTTIN, 'S'},   {SIGTTOU, 'S'}, {SIGURG, 'I'},   {SIGXCPU, 'C'}, {SIGXFSZ, 'C'},
        {SIGVTALRM, 'T'}, {SIGPROF, 'T'}, {SIGWINCH, 'I'}, {SIGIO, 'T'},   {SIGPWR, 'T'},
        {SIGSYS, 'C'},    {34, 'T'},      {64, 'T'},
    };
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        int sig = table[i].sig, status;
        pid_t pid = fork();

        if (pid == 0) {
            setpgid(0, 0);
            signal(sig, SIG_DFL);
            kill(getpid(), sig);
            _exit(42);
        }
        waitpid(pid, &status, WUNTRACED);
        switch (table[i].what) {
        case 'I': CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42); break;
        case 'S':
            /* An orphaned group is not stopped by the terminal's signals. */
            if (sig == SIGSTOP)
                CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == sig);
            if (WIFSTOPPED(status)) {
                kill(pid, SIGCONT);
                waitpid(pid, &status, 0);
            }
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
            break;
        default:
            if (!CHECK(WIFSIGNALED(status) && WTERMSIG(status) == sig))
                printf("  signal %d status %x\n", sig, status);
        }
    }
}

TEST(stop_and_continue_are_reported)
{
    siginfo_t info;
    int status, go[2];
    char c;

    CHECK(pipe(go) == 0);
    pid_t pid = fork();

    if (pid == 0) {
        close(go[1]);
        raise(SIGSTOP);
        /* A child that has ended is no longer one that continued. */
        read(go[0], &c, 1);
        _exit(3);
    }
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGCONT);
    CHECK(waitid(P_PID, pid, &info, WCONTINUED) == 0);
    CHECK_EQ(info.si_code, CLD_CONTINUED);
    close(go[0]);
    close(go[1]);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

TEST(sigchld_tells_of_the_child)
{
    handle(SIGCHLD, 0, note);
    pid_t pid = fork();

    if (pid == 0)
        _exit(9);
    while (!calls)
        usleep(1000);
    CHECK_EQ(last_code, CLD_EXITED);
    CHECK_EQ(last_pid, pid);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
    /* Ignored: children leave nothing to wait for. */
    signal(SIGCHLD, SIG_IGN);
    pid = fork();
    if (pid == 0)
        _exit(9);
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

TEST(ignored_and_blocked_survive_exec)
{
    signal(SIGUSR1, SIG_IGN);
    signal(SIGSEGV, SIG_IGN);
    mask(SIG_BLOCK, SIGTERM);
    mask(SIG_BLOCK, SIGTRAP);
    handle(SIGUSR2, 0, note);
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        execl("/proc/self/exe", "signal", "--inherited", NULL);
        _exit(99);
    }
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (WIFEXITED(status) && WEXITSTATUS(status))
        printf("  exec'd program says %d\n", WEXITSTATUS(status));
    signal(SIGUSR1, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    mask(SIG_UNBLOCK, SIGTERM);
    mask(SIG_UNBLOCK, SIGTRAP);
}

static int inherited(void)
{
    struct sigaction sa;
    sigset_t now;
    int bad = 0;

    sigaction(SIGUSR1, NULL, &sa);
    bad |= sa.sa_handler != SIG_IGN;
    sigaction(SIGSEGV, NULL, &sa);
    bad |= (sa.sa_handler != SIG_IGN) << 1;
    sigaction(SIGUSR2, NULL, &sa);
    bad |= (sa.sa_handler != SIG_DFL) << 2;
    sigprocmask(SIG_BLOCK, NULL, &now);
    bad |= (sigismember(&now, SIGTERM) != 1) << 3;
    bad |= (sigismember(&now, SIGTRAP) != 1) << 4;
    bad |= (sigismember(&now, SIGUSR2) != 0) << 5;
    return bad;
}

static volatile int storm_seen;

static void count_storm(int sig, siginfo_t *info, void *uc)
{
    storm_seen++;
}

/* Nothing lost, nothing doubled: queued signals from a child while this one works and calls. */
TEST(storm_of_queued_signals)
{
    enum { COUNT = 5000 };
    char buf[64];
    int status;

    handle(SIGRTMIN + 3, SA_RESTART, count_storm);
    storm_seen = 0;
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < COUNT; i++) {
            while (sigqueue(getppid(), SIGRTMIN + 3, (union sigval){.sival_int = i}) < 0)
                usleep(100);
        }
        _exit(0);
    }
    volatile double x = 1;
    while (storm_seen < COUNT) {
        x = x * 1.0000001 + snprintf(buf, sizeof buf, "%d", storm_seen);
        getppid();
        if (waitpid(pid, &status, WNOHANG) == pid && storm_seen < COUNT) {
            usleep(100000);
            break;
        }
    }
    CHECK_EQ(storm_seen, COUNT);
    waitpid(pid, &status, 0);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--inherited"))
        return inherited();
    return test_main(argc, argv);
}
