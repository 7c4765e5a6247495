/*
 * The host room by itself: threads with a TLS of their own, catches, copies
 * that survive faults, the window around a system call, held and taken
 * signals, the runtime's heap under several threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "abi/flags.h"
#include "abi/errno.h"
#include "base/alloc.h"
#include "base/lock.h"
#include "host/host.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct host_thread main_thread;
static volatile uint32_t main_poll;

static int setup(void **state)
{
    uint64_t ignored, blocked;

    host_init(environ);
    main_thread.poll = &main_poll;
    return host_signal_init(&main_thread, &ignored, &blocked);
}

/* Signals that waited are thrown away, the mask is empty again. */
static int open_signals(void **state)
{
    struct linux_siginfo info;

    /* The test library takes these for itself before each test. */
    host_signal_sync_install();
    do {
        while (host_signal_take(host_self, 0, &info))
            ;
    } while (!host_signal_mask(0));
    main_poll = 0;
    return 0;
}

static void heap_blocks_are_zero_and_apart(void **state)
{
    static const size_t sizes[] = {1, 16, 17, 100, 1000, 16320, 16321, 70000, 3 << 20};
    char *block[ARRAY_LEN(sizes)];

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            block[i] = mem_alloc(sizes[i]);
            assert_non_null(block[i]);
            assert_int_equal((uintptr_t)block[i] % 16, 0);
            assert_true((uintptr_t)block[i] >= GUEST_MAX);
            for (size_t b = 0; b < sizes[i]; b++)
                assert_int_equal(block[i][b], 0);
            memset(block[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            assert_int_equal(block[i][sizes[i] - 1], i + 1);
            block[i] = mem_realloc(block[i], sizes[i] * 2);
            assert_int_equal(block[i][0], i + 1);
            assert_int_equal(block[i][sizes[i] - 1], i + 1);
            mem_free(block[i]);
        }
    }
}

static void copies_stop_at_the_hole(void **state)
{
    char *p =
        mmap(NULL, 2 * GUEST_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char buf[256];
    uint32_t word;

    open_signals(state);
    munmap(p + GUEST_PAGE, GUEST_PAGE);
    memset(p, 'a', GUEST_PAGE);
    for (size_t n = 0; n < 200; n++) {
        memset(buf, 0, sizeof buf);
        assert_int_equal(host_copy(buf, p + GUEST_PAGE - n, n), 0);
        assert_int_equal(strlen(buf), n);
        assert_int_equal(host_copy(buf, p + GUEST_PAGE - n, n + 1), -LINUX_EFAULT);
        assert_int_equal(host_copy(p + GUEST_PAGE - n, buf, n + 1), -LINUX_EFAULT);
        memset(p, 'a', GUEST_PAGE);
    }
    p[GUEST_PAGE - 1] = 0;
    assert_int_equal(host_copy_str(buf, p + GUEST_PAGE - 10, sizeof buf), 9);
    assert_int_equal(host_copy_str(buf, p + GUEST_PAGE - 10, 5), 5);
    p[GUEST_PAGE - 1] = 'a';
    assert_int_equal(host_copy_str(buf, p + GUEST_PAGE - 10, sizeof buf), -LINUX_EFAULT);
    assert_int_equal(host_load32((uint32_t *)(p + GUEST_PAGE), &word), -LINUX_EFAULT);
    assert_int_equal(host_load32((uint32_t *)p, &word), 0);
    assert_int_equal(word, 0x61616161);
    assert_int_equal(host_cas32((uint32_t *)p, word, 7, &word), 0);
    assert_int_equal(word, 0x61616161);
    assert_int_equal(host_cas32((uint32_t *)p, 8, 9, &word), 0);
    assert_int_equal(word, 7);
    assert_int_equal(host_cas32((uint32_t *)(p + GUEST_PAGE), 8, 9, &word), -LINUX_EFAULT);
    munmap(p, GUEST_PAGE);
}

static void a_catch_receives_throws_and_faults(void **state)
{
    struct host_catch c;
    volatile int visits = 0;
    char *volatile none = mmap(NULL, GUEST_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    open_signals(state);
    switch (host_catch(&c)) {
    case 0: visits += 1; host_throw(&c);
    case 1: visits += 10;
    }
    assert_int_equal(visits, 11);
    assert_null(host_self->catcher);
    for (volatile int i = 0; i < 2; i++) {
        switch (host_catch(&c)) {
        case 0:
            none[12] = 1;
            fail();
            break;
        case 2: visits += 100; break;
        }
        assert_int_equal(host_fault_last()->sig, LINUX_SIGSEGV);
        assert_int_equal(host_fault_last()->code, LINUX_SEGV_ACCERR);
        assert_int_equal(host_fault_last()->addr, (uint64_t)none + 12);
        assert_true(host_fault_last()->write);
    }
    assert_int_equal(visits, 211);
    munmap(none, GUEST_PAGE);
}

static void a_set_poll_word_keeps_calls_out(void **state)
{
    volatile uint32_t poll = 1;

    assert_int_equal(host_window_syscall(&poll, SYS_getpid, 0, 0, 0, 0, 0, 0),
                     -LINUX_ERESTARTNOINTR);
    poll = 0;
    assert_int_equal(host_window_syscall(&poll, SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
}

static void send_later(int sig, long us)
{
    struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
    struct itimerspec at = {.it_value.tv_nsec = us * 1000};
    int id;

    assert_int_equal(syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), 0);
    assert_int_equal(syscall(SYS_timer_settime, id, 0, &at, NULL), 0);
}

static void an_interrupted_call_says_how(void **state)
{
    struct timespec second = {.tv_sec = 5};
    struct linux_siginfo info;
    int p[2];
    char byte;

    open_signals(state);
    assert_int_equal(pipe(p), 0);
    assert_int_equal(host_signal_action(LINUX_SIGUSR1, HOST_SIG_CATCH, 0), 0);

    send_later(SIGUSR1, 20000);
    assert_int_equal(host_window_syscall(&main_poll, SYS_read, p[0], (uint64_t)&byte, 1, 0, 0, 0),
                     -LINUX_ERESTARTSYS);
    assert_int_equal(main_poll, 1);
    /* Taken and everything held: a second one stays with the host. */
    kill(getpid(), SIGUSR1);
    assert_false(host_signal_hold());
    assert_false(host_signal_mask(0));
    assert_int_equal(host_signal_take(host_self, 0, &info), LINUX_SIGUSR1);
    assert_int_equal(info.si_code, LINUX_SI_TIMER);
    assert_int_equal(host_signal_take(host_self, 0, &info), 0);
    assert_true(host_signal_mask(0));
    assert_int_equal(host_signal_take(host_self, 0, &info), LINUX_SIGUSR1);
    assert_int_equal(info.si_code, LINUX_SI_USER);

    open_signals(state);
    send_later(SIGUSR1, 20000);
    assert_int_equal(
        host_window_syscall(&main_poll, SYS_nanosleep, (uint64_t)&second, 0, 0, 0, 0, 0),
        -LINUX_EINTR);
    open_signals(state);
    close(p[0]);
    close(p[1]);
}

/* However a signal falls between test and call, it is seen: the read would last for ever. */
static void no_signal_is_lost_in_the_window(void **state)
{
    struct linux_siginfo info;
    int p[2], seen = 0;
    char byte;

    assert_int_equal(pipe(p), 0);
    host_signal_action(LINUX_SIGUSR1, HOST_SIG_CATCH, 0);
    for (int i = 0; i < 3000; i++) {
        open_signals(state);
        send_later(SIGUSR1, 1 + i % 23);
        long rc = host_window_syscall(&main_poll, SYS_read, p[0], (uint64_t)&byte, 1, 0, 0, 0);

        assert_true(rc == -LINUX_ERESTARTSYS || rc == -LINUX_ERESTARTNOINTR);
        seen += host_signal_take(host_self, 0, &info) == LINUX_SIGUSR1;
    }
    assert_int_equal(seen, 3000);
    open_signals(state);
    close(p[0]);
    close(p[1]);
}

static void sent_synchronous_signals_wait_apart(void **state)
{
    struct linux_siginfo info;

    open_signals(state);
    kill(getpid(), SIGSEGV);
    kill(getpid(), SIGFPE);
    kill(getpid(), SIGFPE);
    assert_int_equal(main_poll, 1);
    assert_int_equal(host_self->sync_pending,
                     LINUX_SIGMASK(LINUX_SIGSEGV) | LINUX_SIGMASK(LINUX_SIGFPE));
    assert_int_equal(host_signal_take(host_self, LINUX_SIGMASK(LINUX_SIGFPE), &info),
                     LINUX_SIGSEGV);
    assert_int_equal(host_signal_take(host_self, LINUX_SIGMASK(LINUX_SIGFPE), &info), 0);
    assert_int_equal(host_signal_take_sync(host_self, LINUX_SIGMASK(LINUX_SIGFPE), &info),
                     LINUX_SIGFPE);
    assert_int_equal(info.si_signo, LINUX_SIGFPE);
    assert_int_equal(host_self->sync_pending, 0);
    open_signals(state);
}

/* ---- threads ---- */

static __thread int tls_word = 7;
static struct lock counter_lock = LOCK_INIT(LOCK_GROUP);
static int counter;

struct worker {
    struct host_thread host;
    volatile uint32_t poll;
    volatile uint32_t tid; /* cleared by the host kernel at the end */
    bool ok;
};

static void worker_main(void *arg)
{
    struct worker *w = arg;
    char text[32];
    void *block[64];

    w->ok = host_self == &w->host && tls_word == 7;
    tls_word = 8;
    snprintf(text, sizeof text, "%d %s %.2f", 42, "x", 1.5);
    w->ok &= !strcmp(text, "42 x 1.50");
    for (int i = 0; i < 200; i++) {
        for (size_t n = 0; n < ARRAY_LEN(block); n++) {
            block[n] = mem_alloc(16 + n * 40);
            memset(block[n], (int)n, 16);
        }
        for (size_t n = 0; n < ARRAY_LEN(block); n++) {
            w->ok &= *(char *)block[n] == (char)n;
            mem_free(block[n]);
        }
        lock_acquire(&counter_lock);
        counter++;
        lock_release(&counter_lock);
    }
    host_thread_exit(w->host.block, w->host.block_bytes, 0);
}

static void threads_run_and_leave_nothing(void **state)
{
    enum { WORKERS = 16, ROUNDS = 20 };
    static struct worker worker[WORKERS];

    open_signals(state);
    counter = 0;
    for (int round = 0; round < ROUNDS; round++) {
        assert_true(host_signal_hold());
        for (int i = 0; i < WORKERS; i++) {
            struct worker *w = &worker[i];
            struct linux_clone_args a = {
                .flags = LINUX_CLONE_VM | LINUX_CLONE_FS | LINUX_CLONE_FILES | LINUX_CLONE_SIGHAND |
                         LINUX_CLONE_THREAD | LINUX_CLONE_SYSVSEM | LINUX_CLONE_CHILD_CLEARTID |
                         LINUX_CLONE_PARENT_SETTID,
                .child_tid = (uint64_t)&w->tid,
                .parent_tid = (uint64_t)&w->tid,
            };

            memset(w, 0, sizeof *w);
            w->tid = 1;
            w->host.poll = &w->poll;
            assert_true(host_clone(&a, worker_main, w, &w->host) > 0);
        }
        assert_true(host_signal_mask(0));
        for (int i = 0; i < WORKERS; i++) {
            uint32_t tid;

            while ((tid = worker[i].tid))
                syscall(SYS_futex, &worker[i].tid, 0 /* FUTEX_WAIT */, tid, NULL, NULL, 0);
            assert_true(worker[i].ok);
        }
    }
    assert_int_equal(counter, WORKERS * ROUNDS * 200);
    assert_int_equal(tls_word, 7);
}

static void reserved_descriptors_move_away(void **state)
{
    int fd = host_fd_reserve(HOST_FD_EXE, dup(1));

    assert_true(fd >= 100);
    assert_true(host_fd_is_reserved(fd));
    assert_false(host_fd_is_reserved(1));
    assert_int_equal(host_fd_yield(fd), 0);
    assert_false(host_fd_is_reserved(fd));
    assert_true(host_fd(HOST_FD_EXE) > 0 && host_fd(HOST_FD_EXE) != fd);
    assert_true(host_fd_is_reserved(host_fd(HOST_FD_IMAGE)));
    assert_int_equal(host_fd_yield(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_blocks_are_zero_and_apart),
        cmocka_unit_test(copies_stop_at_the_hole),
        cmocka_unit_test(a_catch_receives_throws_and_faults),
        cmocka_unit_test(a_set_poll_word_keeps_calls_out),
        cmocka_unit_test(an_interrupted_call_says_how),
        cmocka_unit_test(no_signal_is_lost_in_the_window),
        cmocka_unit_test(sent_synchronous_signals_wait_apart),
        cmocka_unit_test(threads_run_and_leave_nothing),
        cmocka_unit_test(reserved_descriptors_move_away),
    };

    return cmocka_run_group_tests_name("host", tests, setup, NULL);
}
