/*
 * mm/space on the host: what an engine is told, memory of the runtime in the guest's range and above
 * it that no guest call may reach, and refusals that leave the bookkeeping as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "abi/errno.h"
#include "abi/flags.h"
#include "abi/syscalls.h"
#include "mm/space.h"

#define ANON (LINUX_MAP_PRIVATE | LINUX_MAP_ANONYMOUS)
#define RW (LINUX_PROT_READ | LINUX_PROT_WRITE)
#define RX (LINUX_PROT_READ | LINUX_PROT_EXEC)

/* ---- an engine that writes down what it is told ---- */

static struct {
    char what;
    uint64_t start, len;
    int prot;
} told;
static int times_told;

static void note(char what, gva start, uint64_t len, int prot)
{
    told.what = what;
    told.start = start.a;
    told.len = len;
    told.prot = prot;
    times_told++;
}

static void on_map(gva start, uint64_t len, int prot)
{
    note('m', start, len, prot);
}

static void on_unmap(gva start, uint64_t len)
{
    note('u', start, len, 0);
}

static void on_protect(gva start, uint64_t len, int prot)
{
    note('p', start, len, prot);
}

static void on_flush(gva start, uint64_t len)
{
    note('f', start, len, 0);
}

static const struct engine engine = {
    .name = "none", .map = on_map, .unmap = on_unmap, .protect = on_protect, .flush = on_flush};

static void assert_told(char what, uint64_t start, uint64_t len, int prot)
{
    assert_true(times_told > 0);
    assert_int_equal(told.what, what);
    assert_int_equal(told.start, start);
    assert_int_equal(told.len, len);
    assert_int_equal(told.prot, prot);
    times_told = 0;
}

static uint64_t map_pages(struct space *s, unsigned pages, int prot)
{
    long got = space_mmap(s, gva_of(0), pages * GUEST_PAGE, prot, ANON, -1, 0);
    assert_true(got > 0 && (uint64_t)got < GUEST_MAX);
    return (uint64_t)got;
}

static void engine_is_told_of_code_only(void **state)
{
    struct space *s = space_new(&engine);
    times_told = 0;
    uint64_t data = map_pages(s, 4, RW);
    assert_int_equal(space_mprotect(s, gva_of(data), GUEST_PAGE, LINUX_PROT_READ), 0);
    assert_int_equal(space_madvise(s, gva_of(data), GUEST_PAGE, LINUX_MADV_DONTNEED), 0);
    assert_int_equal(times_told, 0);

    assert_int_equal(space_mprotect(s, gva_of(data + GUEST_PAGE), GUEST_PAGE, RX), 0);
    assert_told('p', data + GUEST_PAGE, GUEST_PAGE, RX);
    assert_int_equal(space_madvise(s, gva_of(data), 4 * GUEST_PAGE, LINUX_MADV_DONTNEED), 0);
    assert_told('f', data, 4 * GUEST_PAGE, 0);
    assert_int_equal(space_mprotect(s, gva_of(data), 4 * GUEST_PAGE, RW), 0);
    assert_told('p', data, 4 * GUEST_PAGE, RW);
    assert_int_equal(space_munmap(s, gva_of(data), 4 * GUEST_PAGE), 0);
    assert_int_equal(times_told, 0);

    uint64_t code = map_pages(s, 2, RX);
    assert_told('m', code, 2 * GUEST_PAGE, RX);
    /* Refused: nothing to tell. */
    assert_int_equal(space_mprotect(s, gva_of(code), 2 * GUEST_PAGE, 0x4000), -LINUX_EINVAL);
    assert_int_equal(times_told, 0);
    assert_int_equal(space_munmap(s, gva_of(code + GUEST_PAGE), GUEST_PAGE), 0);
    assert_told('u', code + GUEST_PAGE, GUEST_PAGE, 0);
    assert_int_equal(space_mmap(s, gva_of(code), GUEST_PAGE, RW, ANON | LINUX_MAP_FIXED, -1, 0),
                     code);
    assert_told('u', code, GUEST_PAGE, 0);
    assert_int_equal(space_munmap(s, gva_of(code), GUEST_PAGE), 0);
    space_put(s);
}

/* Memory of the runtime that stands where the next mapping would go. */
static void foreign_memory_is_stepped_around(void **state)
{
    struct space *s = space_new(&engine);
    uint64_t at = map_pages(s, 3, RW);
    assert_int_equal(space_munmap(s, gva_of(at), 3 * GUEST_PAGE), 0);
    char *ours = mmap((void *)(at + GUEST_PAGE), GUEST_PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_int_equal((uintptr_t)ours, at + GUEST_PAGE);
    memset(ours, 'r', GUEST_PAGE);

    uint64_t other = map_pages(s, 3, RW);
    assert_true(other + 3 * GUEST_PAGE <= at + GUEST_PAGE || other >= at + 2 * GUEST_PAGE);
    gva p = gva_of((uintptr_t)ours);
    assert_int_equal(space_munmap(s, p, GUEST_PAGE), -LINUX_EINVAL);
    assert_int_equal(space_mprotect(s, p, GUEST_PAGE, 0), -LINUX_ENOMEM);
    assert_int_equal(space_mmap(s, p, GUEST_PAGE, RW, ANON | LINUX_MAP_FIXED, -1, 0),
                     -LINUX_ENOMEM);
    assert_int_equal(
        space_mremap(s, p, GUEST_PAGE, 2 * GUEST_PAGE, LINUX_MREMAP_MAYMOVE, gva_of(0)),
        -LINUX_EFAULT);
    struct mapping m;
    for (gva from = gva_of(0); space_next(s, from, &m); from = gva_add(m.start, m.len))
        assert_false(m.start.a <= p.a && p.a < m.start.a + m.len);
    for (size_t i = 0; i < GUEST_PAGE; i++)
        assert_int_equal(ours[i], 'r');
    munmap(ours, GUEST_PAGE);
    space_munmap(s, gva_of(other), 3 * GUEST_PAGE);
    space_put(s);
}

static void assert_refused_everywhere(struct space *s, gva p, uint64_t len)
{
    static const int nr[] = {LINUX_SYS_msync, LINUX_SYS_mlock, LINUX_SYS_mseal, LINUX_SYS_madvise};
    static const uint64_t arg[] = {LINUX_MS_SYNC, 0, 0, LINUX_MADV_DONTNEED};
    assert_int_equal(space_munmap(s, p, len), -LINUX_EINVAL);
    assert_int_equal(space_mprotect(s, p, len, 0), -LINUX_ENOMEM);
    assert_int_equal(space_madvise(s, p, len, LINUX_MADV_DONTNEED), -LINUX_ENOMEM);
    assert_int_equal(space_madvise(s, p, len, LINUX_MADV_DONTFORK), -LINUX_ENOMEM);
    assert_int_equal(space_madvise(s, p, len, 12345), -LINUX_EINVAL);
    assert_int_equal(space_mmap(s, p, len, RW, ANON | LINUX_MAP_FIXED, -1, 0), -LINUX_ENOMEM);
    assert_int_equal(space_mremap(s, p, len, len + GUEST_PAGE, LINUX_MREMAP_MAYMOVE, gva_of(0)),
                     -LINUX_EFAULT);
    for (size_t i = 0; i < ARRAY_LEN(nr); i++)
        assert_int_equal(space_range_call(nr[i], p, len, arg[i], 0, 0, 0), -LINUX_ENOMEM);
}

/* The runtime lives above GUEST_MAX: no call reaches it, not even with a range that begins below. */
static void nothing_above_the_guest_is_reached(void **state)
{
    struct space *s = space_new(&engine);
    char *ours = mmap((void *)GUEST_MAX, 2 * GUEST_PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_int_equal((uintptr_t)ours, GUEST_MAX);
    memset(ours, 'r', 2 * GUEST_PAGE);
    assert_refused_everywhere(s, gva_of(GUEST_MAX), 2 * GUEST_PAGE);

    uint64_t last = GUEST_MAX - GUEST_PAGE;
    assert_int_equal(
        space_mmap(s, gva_of(last), GUEST_PAGE, RW, ANON | LINUX_MAP_FIXED_NOREPLACE, -1, 0), last);
    *(char *)last = 'g';
    assert_int_equal(space_madvise(s, gva_of(last), 2 * GUEST_PAGE, LINUX_MADV_DONTNEED),
                     -LINUX_ENOMEM);
    assert_int_equal(*(char *)last, 0); /* the guest's part of it was done */
    assert_int_equal(space_mprotect(s, gva_of(last), 2 * GUEST_PAGE, LINUX_PROT_READ),
                     -LINUX_ENOMEM);
    assert_int_equal(space_munmap(s, gva_of(last), 2 * GUEST_PAGE), -LINUX_EINVAL);
    assert_int_equal(space_mremap(s, gva_of(last), GUEST_PAGE, 2 * GUEST_PAGE, 0, gva_of(0)),
                     -LINUX_ENOMEM);
    for (size_t i = 0; i < 2 * GUEST_PAGE; i++)
        assert_int_equal(ours[i], 'r');
    ours[0] = 'w'; /* and it is still writable */

    assert_int_equal(space_munmap(s, gva_of(last), GUEST_PAGE), 0);
    munmap(ours, 2 * GUEST_PAGE);
    space_put(s);
}

static void low_addresses_are_refused(void **state)
{
    struct space *s = space_new(&engine);
    int fixed = ANON | LINUX_MAP_FIXED;
    assert_int_equal(space_mmap(s, gva_of(0), GUEST_PAGE, RW, fixed, -1, 0), -LINUX_EPERM);
    assert_int_equal(space_mmap(s, gva_of(0x8000), GUEST_PAGE, RW, fixed, -1, 0), -LINUX_EPERM);
    assert_int_equal(space_mmap(s, gva_of(0x8001), GUEST_PAGE, RW, fixed, -1, 0), -LINUX_EINVAL);
    /* What is wrong besides comes first. */
    assert_int_equal(
        space_mmap(s, gva_of(0), GUEST_PAGE, RW, LINUX_MAP_FIXED | LINUX_MAP_SHARED, -1, 0),
        -LINUX_EBADF);
    long got = space_mmap(s, gva_of(0x8000), GUEST_PAGE, RW, ANON, -1, 0);
    assert_int_equal(got, GUEST_MIN);
    assert_int_equal(space_munmap(s, gva_of((uint64_t)got), GUEST_PAGE), 0);
    space_put(s);
}

static void stack_and_special_areas_have_names(void **state)
{
    struct space *s = space_new(&engine);
    struct mapping m;
    gva top = space_stack_top(s);
    assert_int_equal(space_map_stack(s, top, 8 << 20, false), 0);
    *(volatile char *)(top.a - (1 << 20)) = 1; /* it grows */
    assert_true(space_next(s, gva_of(top.a - 1), &m));
    assert_string_equal(m.name, "[stack]");
    assert_true(m.start.a <= top.a - (1 << 20) && m.start.a > top.a - (1 << 20) - GUEST_PAGE);
    assert_int_equal(m.start.a + m.len, top.a);

    long vdso = space_map_special(s, gva_of(0), 100, RX, 0, "[vdso]");
    assert_true(vdso > 0);
    assert_true(space_next(s, gva_of((uint64_t)vdso), &m));
    assert_int_equal(m.len, GUEST_PAGE);
    assert_string_equal(m.name, "[vdso]");
    assert_int_equal(space_munmap(s, gva_of((uint64_t)vdso), GUEST_PAGE), 0);
    assert_int_equal(space_munmap(s, gva_of(top.a - (8 << 20)), 8 << 20), 0);
    assert_false(space_next(s, gva_of(0), &m));
    space_put(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_is_told_of_code_only),
        cmocka_unit_test(foreign_memory_is_stepped_around),
        cmocka_unit_test(nothing_above_the_guest_is_reached),
        cmocka_unit_test(low_addresses_are_refused),
        cmocka_unit_test(stack_and_special_areas_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
