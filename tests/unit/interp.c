/*
 * The interpreter where qemu-aarch64 cannot be the judge: what it lacks (MOPS,
 * CSSC), what belongs to the CPU model or the run loop (traps, polls, changed
 * code), alignment, exclusives, precise state after faults. Expectations are
 * written from the Arm manual's pseudocode and Linux' behaviour.
 */
#include "insn/machine.h" /* before headers whose macros would break abi/structs.h */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine/interp/interp.h"

static struct cpu *const cpu = &machine_cpu;
static struct trap trap;

#define DATA_END (INSN_DATA + INSN_DATA_BYTES)

/* Fresh registers with the model, and the words at INSN_CODE, BRK behind them. */
static void start(const char *model, const uint32_t *code, size_t words)
{
    uint32_t *at = (uint32_t *)INSN_CODE;

    host_signal_sync_install(); /* cmocka puts its own handlers before each test */
    memset(cpu->x, 0, sizeof(cpu->x));
    cpu->nzcv = cpu->poll = 0;
    cpu->sp = INSN_DATA + INSN_DATA_BYTES / 2;
    cpu->pc = INSN_CODE;
    engine_interp.thread_exit(cpu); /* what is decoded already is another model's */
    assert_int_equal(engine_interp.thread_init(cpu), 0);
    cpu->model = model_find(model);
    for (size_t i = 0; i < 64; i++)
        at[i] = i < words ? code[i] : INSN_BRK;
    memset((void *)INSN_DATA, 0, INSN_DATA_BYTES);
}

#define START(model, ...)                              \
    do {                                               \
        static const uint32_t code_[] = {__VA_ARGS__}; \
        start(model, code_, ARRAY_LEN(code_));         \
    } while (0)

static void run(void)
{
    engine_interp.run(cpu, &trap);
}

/* Runs to the BRK behind `words` instructions. */
static void run_through(unsigned words)
{
    run();
    assert_int_equal(trap.kind, TRAP_BREAKPOINT);
    assert_int_equal(cpu->pc, INSN_CODE + 4 * words);
}

static void assert_undefined(void)
{
    run();
    assert_int_equal(trap.kind, TRAP_UNDEFINED);
    assert_int_equal(trap.sig, LINUX_SIGILL);
    assert_int_equal(cpu->pc, INSN_CODE);
}

static void assert_fault(int sig, int code, uint64_t addr)
{
    assert_int_equal(trap.kind, TRAP_FAULT);
    assert_int_equal(trap.sig, sig);
    assert_int_equal(trap.code, code);
    assert_int_equal(trap.addr, addr);
}

static uint8_t *data(uint64_t addr)
{
    return (uint8_t *)addr;
}

static void fill(uint64_t addr, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *data(addr + i) = (uint8_t)(i * 7 + i / 251);
}

static bool is_filled(uint64_t addr, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (*data(addr + i) != (uint8_t)(i * 7 + i / 251))
            return false;
    return true;
}

/* ---- MOPS: x0 = to, x1 = from or value, x2 = size ---- */

#define CPYF 0x19010440, 0x19410440, 0x19810440
#define CPY 0x1d010440, 0x1d410440, 0x1d810440
#define SET 0x19c10440, 0x19c14440, 0x19c18440
#define SET_XZR 0x19df0440, 0x19df4440, 0x19df8440

static void test_mops_copy_forward(void **state)
{
    const uint64_t from = INSN_DATA + 0x123, to = INSN_DATA + 0x7345, size = 10000;

    START("max", CPYF);
    fill(from, size);
    cpu->x[0] = to;
    cpu->x[1] = from;
    cpu->x[2] = size;
    run_through(3);
    assert_true(is_filled(to, size));
    assert_int_equal(*data(to - 1), 0);
    assert_int_equal(*data(to + size), 0);
    assert_int_equal(cpu->x[0], to + size);
    assert_int_equal(cpu->x[1], from + size);
    assert_int_equal(cpu->x[2], 0);
    assert_int_equal(cpu->nzcv, NZCV_C);
}

/* Overlapping in both directions, tags on the addresses. */
static void test_mops_copy_overlap(void **state)
{
    for (int distance = -5000; distance <= 5000; distance += 1250) {
        const uint64_t from = INSN_DATA + 0x4001, to = from + (uint64_t)distance, size = 9000;

        START("max", CPY);
        fill(from, size);
        cpu->x[0] = to | 0x3aull << 56;
        cpu->x[1] = from | 0x55ull << 56;
        cpu->x[2] = size;
        run_through(3);
        assert_true(is_filled(to, size));
        assert_int_equal(cpu->x[2], 0);
        assert_int_equal(cpu->x[0] >> 56, 0x3a);
        assert_int_equal(!!(cpu->nzcv & NZCV_N), distance > 0);
    }
}

static void test_mops_nothing(void **state)
{
    START("max", CPY);
    cpu->x[0] = cpu->x[1] = 16; /* unmapped, and not touched */
    run_through(3);
    START("max", SET);
    cpu->x[0] = 16;
    run_through(3);
}

/* The size is saturated by the prologue. */
static void test_mops_saturation(void **state)
{
    START("max", 0x1d010440);
    cpu->x[2] = ~0ull;
    run_through(1);
    assert_int_equal(cpu->x[2], 0x007fffffffffffff);
    START("max", 0x19010440);
    cpu->x[2] = ~0ull;
    run_through(1);
    assert_int_equal(cpu->x[2], 0x7fffffffffffffff);
    START("max", 0x19c10440);
    cpu->x[2] = 1ull << 63;
    run_through(1);
    assert_int_equal(cpu->x[2], 0x7fffffffffffffff);
}

/* A fault names the first byte that cannot be written; mended, the instruction goes on. */
static void test_mops_fault_and_go_on(void **state)
{
    const uint64_t hole = INSN_DATA + 0x9000, from = INSN_DATA + 0x100, to = hole - 5001;

    START("max", CPY);
    fill(from, 7000);
    cpu->x[0] = to;
    cpu->x[1] = from;
    cpu->x[2] = 7000;
    assert_int_equal(mprotect(data(hole), 4096, PROT_READ), 0);
    run();
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_ACCERR, hole);
    assert_int_equal(cpu->pc, INSN_CODE + 4);
    assert_int_equal(cpu->x[0] + cpu->x[2], to + 7000);
    assert_int_equal(cpu->x[0] - to, cpu->x[1] - from);
    assert_true(is_filled(to, cpu->x[0] - to));
    assert_int_equal(mprotect(data(hole), 4096, PROT_READ | PROT_WRITE), 0);
    run_through(3);
    assert_true(is_filled(to, 7000));
}

/* Downwards the first byte is the last one. */
static void test_mops_fault_down(void **state)
{
    START("max", CPY);
    cpu->x[0] = DATA_END - 100;
    cpu->x[1] = DATA_END - 200;
    cpu->x[2] = 150;
    run();
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, DATA_END + 49);
    assert_int_equal(cpu->x[0], DATA_END + 50);
    assert_int_equal(cpu->x[2], 150);
}

static void test_mops_set(void **state)
{
    START("max", SET);
    cpu->x[0] = INSN_DATA + 77;
    cpu->x[1] = 0x1234567890abcdef;
    cpu->x[2] = 9001;
    run_through(3);
    for (unsigned i = 0; i < 9001; i++)
        assert_int_equal(*data(INSN_DATA + 77 + i), 0xef);
    assert_int_equal(*data(INSN_DATA + 76), 0);
    assert_int_equal(*data(INSN_DATA + 77 + 9001), 0);
    assert_int_equal(cpu->x[0], INSN_DATA + 77 + 9001);
    START("max", SET_XZR);
    memset(data(INSN_DATA), 1, 100);
    cpu->x[0] = INSN_DATA;
    cpu->x[2] = 99;
    run_through(3);
    assert_int_equal(*data(INSN_DATA + 98), 0);
    assert_int_equal(*data(INSN_DATA + 99), 1);
}

/* Flags changed between prologue and main part: the copy starts again, from registers of the other format. */
static void test_mops_wrong_format(void **state)
{
    START("max", CPYF);
    fill(INSN_DATA, 100);
    cpu->x[0] = INSN_DATA + 1100;
    cpu->x[1] = INSN_DATA + 100;
    cpu->x[2] = -100ull; /* option A: ends, and minus what is left */
    cpu->pc = INSN_CODE + 4;
    run_through(3);
    assert_true(is_filled(INSN_DATA + 1000, 100));
    START("max", SET);
    cpu->x[0] = INSN_DATA + 20;
    cpu->x[1] = 9;
    cpu->x[2] = -10ull;
    cpu->pc = INSN_CODE + 8;
    run_through(3);
    assert_int_equal(*data(INSN_DATA + 9), 0);
    assert_int_equal(*data(INSN_DATA + 10), 9);
    assert_int_equal(*data(INSN_DATA + 19), 9);
    assert_int_equal(*data(INSN_DATA + 20), 0);
}

static void test_mops_registers(void **state)
{
    START("max", 0x19010420); /* Rs == Rn */
    assert_undefined();
    START("max", 0x1901045f); /* Rd == 31 */
    assert_undefined();
    START("neoverse-n1", CPYF);
    assert_undefined();
}

/* A poll interrupts a long copy with the rest still to do. */
static void test_mops_interrupted(void **state)
{
    START("max", CPYF);
    fill(INSN_DATA, 20000);
    cpu->x[0] = INSN_DATA + 30000;
    cpu->x[1] = INSN_DATA;
    cpu->x[2] = 20000;
    engine_interp.step(cpu, &trap);
    cpu->poll = 1;
    engine_interp.step(cpu, &trap);
    assert_int_equal(cpu->pc, INSN_CODE + 4);
    assert_true(cpu->x[2] < 20000 && cpu->x[2] > 0);
    cpu->poll = 0;
    run_through(3);
    assert_true(is_filled(INSN_DATA + 30000, 20000));
}

/* ---- CSSC ---- */

static void test_cssc(void **state)
{
    static const struct {
        uint32_t word; /* x0 = op(x1, x2) */
        uint64_t x1, x2, expected;
    } cases[] = {
        {0x91c00000 | 0xffu << 10 | 1 << 5, 5, 0, 5},                   /* smax x0, x1, #-1 */
        {0x91c00000 | 0xffu << 10 | 1 << 5, -5ull, 0, -1ull},           /* smax x0, x1, #-1 */
        {0x11c00000 | 0xffu << 10 | 1 << 5, 0xfffffffb, 0, 0xffffffff}, /* smax w0, w1, #-1 */
        {0x91c40000 | 0xffu << 10 | 1 << 5, 5, 0, 255},                 /* umax x0, x1, #255 */
        {0x91c80000 | 0x80u << 10 | 1 << 5, 5, 0, -128ull},             /* smin x0, x1, #-128 */
        {0x11c80000 | 0x7fu << 10 | 1 << 5, 0x80000000, 0, 0x80000000}, /* smin w0, w1, #127 */
        {0x91cc0000 | 0x10u << 10 | 1 << 5, 1ull << 63, 0, 16},         /* umin x0, x1, #16 */
        {0x9ac26020, 1, -1ull, 1},                                      /* smax x0, x1, x2 */
        {0x1ac26020, 1ull << 32 | 7, 0xffffffff, 7},                    /* smax w0, w1, w2 */
        {0x9ac26420, 1, -1ull, -1ull},                                  /* umax x0, x1, x2 */
        {0x9ac26820, 1, -1ull, -1ull},                                  /* smin x0, x1, x2 */
        {0x9ac26c20, 1, -1ull, 1},                                      /* umin x0, x1, x2 */
        {0xdac01820, 0x8000, 0, 15},                                    /* ctz x0, x1 */
        {0xdac01820, 0, 0, 64},
        {0x5ac01820, 1ull << 40, 0, 32}, /* ctz w0, w1 */
        {0xdac01c20, 0xff00ff, 0, 16},   /* cnt x0, x1 */
        {0x5ac01c20, ~0ull, 0, 32},      /* cnt w0, w1 */
        {0xdac02020, -5ull, 0, 5},       /* abs x0, x1 */
        {0xdac02020, 1ull << 63, 0, 1ull << 63},
        {0x5ac02020, 0xffffffff, 0, 1}, /* abs w0, w1 */
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        start("max", &cases[i].word, 1);
        cpu->x[1] = cases[i].x1;
        cpu->x[2] = cases[i].x2;
        run_through(1);
        if (cpu->x[0] != cases[i].expected)
            fail_msg("%08x: %lx", cases[i].word, cpu->x[0]);
    }
    START("apple-m1", 0xdac01820);
    assert_undefined();
}

/* ---- alignment, tags, ranges ---- */

static void test_alignment(void **state)
{
    static const uint32_t ordered[] = {0xc85f7c20, 0xc8dffc20, 0xc89ffc20, 0xf8230020, 0xc8a07c23};

    for (size_t i = 0; i < ARRAY_LEN(ordered); i++) {
        start("neoverse-n1", &ordered[i], 1); /* has LSE, not LSE2 */
        cpu->x[1] = INSN_DATA + 4;
        run();
        assert_fault(LINUX_SIGBUS, LINUX_BUS_ADRALN, INSN_DATA + 4);
        assert_int_equal(cpu->pc, INSN_CODE);
    }
    /* With LSE2 ordered and atomic accesses inside 16 bytes are fine, across them and exclusives not. */
    START("max", 0xf8230020);
    cpu->x[1] = INSN_DATA + 4;
    run_through(1);
    START("max", 0xf8230020);
    cpu->x[1] = INSN_DATA + 12;
    run();
    assert_fault(LINUX_SIGBUS, LINUX_BUS_ADRALN, INSN_DATA + 12);
    START("max", 0xc85f7c20);
    cpu->x[1] = INSN_DATA + 4;
    run();
    assert_fault(LINUX_SIGBUS, LINUX_BUS_ADRALN, INSN_DATA + 4);
    /* SP as a base */
    START("max", 0xf94003e0);
    cpu->sp += 8;
    run();
    assert_fault(LINUX_SIGBUS, LINUX_BUS_ADRALN, cpu->sp);
    /* PC */
    START("max", 0xd61f0020);
    cpu->x[1] = INSN_CODE + 6;
    run();
    assert_fault(LINUX_SIGBUS, LINUX_BUS_ADRALN, INSN_CODE + 6);
    assert_int_equal(cpu->pc, INSN_CODE + 6);
}

static void test_address_ranges(void **state)
{
    static const struct {
        uint64_t base, reported;
    } bad[] = {
        {GUEST_MAX, GUEST_MAX},
        {GUEST_MAX - 4, GUEST_MAX - 4},
        {0x00007fffffff0000, 0x00007fffffff0000},
        {0x5a007fffffff0000, 0x00007fffffff0000}, /* the tag is not shown */
        {0xffffffffffff0000, 0xffffffffffff0000},
        {0x0080000000000000, 0x0080000000000000}, /* bit 55: the upper half has no tags */
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        START("max", 0xf9400020);
        cpu->x[1] = bad[i].base;
        run();
        assert_fault(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, bad[i].reported);
        assert_int_equal(trap.esr, 0x92000007);
    }
    START("max", 0xf9000024); /* a store */
    cpu->x[1] = 8;
    run();
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, 8);
    assert_int_equal(trap.esr, 0x92000047);
}

/* ---- instruction fetch ---- */

static void jump_to(uint64_t target)
{
    START("max", 0xd61f0020);
    cpu->x[1] = target;
    run();
    assert_int_equal(cpu->pc, trap.addr);
}

static void test_fetch(void **state)
{
    jump_to(INSN_DATA); /* readable, not executable */
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_ACCERR, INSN_DATA);
    assert_int_equal(trap.esr, 0x8200000f);
    jump_to(DATA_END);
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, DATA_END);
    assert_int_equal(trap.esr, 0x82000007);
    jump_to(GUEST_MAX);
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, GUEST_MAX);
    jump_to(0xfff0000000001000);
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, 0xfff0000000001000);
    /* a tag on a branch's target is taken off */
    START("max", 0xd61f0020);
    cpu->x[1] = (INSN_CODE + 4) | 0x12ull << 56;
    run_through(1);
}

/* Execution permission comes and goes with protect and unmap. */
static void test_fetch_protect(void **state)
{
    START("max", 0xd61f0020, 0xd503201f);
    cpu->x[1] = INSN_CODE + 4;
    run_through(2);
    engine_interp.protect(gva_of(INSN_CODE), 4096, LINUX_PROT_READ);
    cpu->pc = INSN_CODE;
    run();
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_ACCERR, INSN_CODE);
    engine_interp.protect(gva_of(INSN_CODE), 4096, LINUX_PROT_READ | LINUX_PROT_EXEC);
    run_through(2);
    engine_interp.unmap(gva_of(INSN_CODE), 4096);
    cpu->pc = INSN_CODE;
    run();
    assert_int_equal(trap.kind, TRAP_FAULT);
    engine_interp.map(gva_of(INSN_CODE), 4096, LINUX_PROT_READ | LINUX_PROT_EXEC);
    run_through(2);
}

/* str w3, [x1]; ic ivau, x1; dsb; isb; and then the instruction that was changed, with no branch between. */
static void test_changed_code(void **state)
{
    START("max", 0x14000002, 0x14000006, 0xb9000023, 0xd50b7521, 0xd5033b9f, 0xd5033fdf, 0x91000420,
          0x17fffffa);
    cpu->pc = INSN_CODE + 24; /* run the old one once: x0 = x1 + 1 */
    cpu->x[1] = INSN_CODE + 24;
    *(uint32_t *)(INSN_CODE + 28) = INSN_BRK;
    run();
    assert_int_equal(cpu->x[0], INSN_CODE + 25);
    cpu->pc = INSN_CODE;
    cpu->x[3] = 0x91002020; /* add x0, x1, #8 */
    run();
    assert_int_equal(trap.kind, TRAP_BREAKPOINT);
    assert_int_equal(cpu->x[0], INSN_CODE + 32);
}

/* ---- exclusives ---- */

#define LDXR_X0 0xc85f7c20 /* ldxr x0, [x1] */
#define STXR_X3 0xc8027c23 /* stxr w2, x3, [x1] */
#define CLREX 0xd5033f5f
#define STR_X4 0xf9000024  /* str x4, [x1] */
#define LDXP_X0 0xc87f1420 /* ldxp x0, x5, [x1] */
#define STXP_X3 0xc8221023 /* stxp w2, x3, x4, [x1] */

static void exclusives_setup(void)
{
    cpu->x[1] = INSN_DATA;
    cpu->x[2] = 0x55;
    cpu->x[3] = 0x333;
    cpu->x[4] = 0x444;
    *(uint64_t *)INSN_DATA = 0x111;
    *(uint64_t *)(INSN_DATA + 8) = 0x222;
}

static void test_exclusives(void **state)
{
    START("v8.0", LDXR_X0, STXR_X3);
    exclusives_setup();
    run_through(2);
    assert_int_equal(cpu->x[0], 0x111);
    assert_int_equal(cpu->x[2], 0);
    assert_int_equal(*(uint64_t *)INSN_DATA, 0x333);

    START("v8.0", STXR_X3); /* no monitor */
    exclusives_setup();
    run_through(1);
    assert_int_equal(cpu->x[2], 1);
    assert_int_equal(*(uint64_t *)INSN_DATA, 0x111);

    START("v8.0", LDXR_X0, CLREX, STXR_X3);
    exclusives_setup();
    run_through(3);
    assert_int_equal(cpu->x[2], 1);

    START("v8.0", LDXR_X0, STR_X4, STXR_X3); /* changed meanwhile */
    exclusives_setup();
    run_through(3);
    assert_int_equal(cpu->x[2], 1);
    assert_int_equal(*(uint64_t *)INSN_DATA, 0x444);

    START("v8.0", LDXR_X0, STXR_X3, STXR_X3); /* a store closes the monitor */
    exclusives_setup();
    run_through(3);
    assert_int_equal(cpu->x[2], 1);

    START("v8.0", LDXP_X0, STXP_X3);
    exclusives_setup();
    run_through(2);
    assert_int_equal(cpu->x[0], 0x111);
    assert_int_equal(cpu->x[5], 0x222);
    assert_int_equal(cpu->x[2], 0);
    assert_int_equal(*(uint64_t *)INSN_DATA, 0x333);
    assert_int_equal(*(uint64_t *)(INSN_DATA + 8), 0x444);

    START("v8.0", LDXP_X0, STXR_X3); /* another size */
    exclusives_setup();
    run_through(2);
    assert_int_equal(cpu->x[2], 1);

    START("v8.0", LDXR_X0, 0xd4000001, STXR_X3); /* an exception in between: SVC */
    exclusives_setup();
    run();
    assert_int_equal(trap.kind, TRAP_SYSCALL);
    run_through(3);
    assert_int_equal(cpu->x[2], 1);
}

/* ---- system ---- */

static void test_traps(void **state)
{
    START("max", 0xd40000e1); /* svc #7 */
    run();
    assert_int_equal(trap.kind, TRAP_SYSCALL);
    assert_int_equal(trap.imm, 7);
    assert_int_equal(cpu->pc, INSN_CODE + 4);
    START("max", 0xd4200000 | 0x1234 << 5); /* brk */
    run();
    assert_int_equal(trap.kind, TRAP_BREAKPOINT);
    assert_int_equal(trap.imm, 0x1234);
    assert_int_equal(trap.esr, 0xf2001234);
    assert_int_equal(cpu->pc, INSN_CODE);
    START("max", 0x00001234); /* udf */
    assert_undefined();
    assert_int_equal(trap.word, 0x1234);
    START("max", 0xd5380100); /* mrs x0, id_pfr0_el1: not for EL0 */
    assert_undefined();
    START("max", 0xd53be020); /* cntpct_el0 */
    assert_undefined();
}

/* HLT #0x1e5 is undefined but in the vDSO. */
static void test_vdso_clock(void **state)
{
    START("max", 0xd4403ca0);
    assert_undefined();
    START("max", 0xd4403ca0);
    cpu->vdso_page = INSN_CODE;
    cpu->x[0] = 1; /* CLOCK_MONOTONIC */
    cpu->x[1] = INSN_DATA;
    run_through(1);
    assert_int_equal(cpu->x[0], 0);
    assert_true(*(uint64_t *)INSN_DATA > 0);
    assert_true(*(uint64_t *)(INSN_DATA + 8) < 1000000000);
    cpu->vdso_page = 0;
}

static void test_registers(void **state)
{
    static const struct {
        uint32_t write, read;
        uint64_t value, expected;
    } cases[] = {
        {0xd51b4401, 0xd53b4400, ~0ull, 0x07c80000}, /* FPCR */
        {0xd51b4421, 0xd53b4420, ~0ull, 0x0800009f}, /* FPSR */
        {0xd51bd041, 0xd53bd040, ~0ull, ~0ull},      /* TPIDR_EL0 */
        {0xd51b42a1, 0xd53b42a0, ~0ull, 1 << 24},    /* DIT */
        {0xd51b4201, 0xd53b4200, ~0ull, 0xf0000000}, /* NZCV */
        {0xd503201f, 0xd53b0020, 0, 0x94448004},     /* CTR_EL0: IDC, not DIC */
        {0xd503201f, 0xd53b00e0, 0, 4},              /* DCZID_EL0: 64 bytes */
        {0xd503201f, 0xd53bd060, 0, 0},              /* TPIDRRO_EL0 */
        {0xd503201f, 0xd53be000, 0, 1000000000},     /* CNTFRQ_EL0 */
        {0xd503201f, 0xd5380000, 0, 0x000fe171},     /* MIDR_EL1 */
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint32_t code[] = {cases[i].write, cases[i].read};

        start("max", code, 2);
        cpu->x[1] = cases[i].value;
        run_through(2);
        if (cpu->x[0] != cases[i].expected)
            fail_msg("%08x: %lx", cases[i].read, cpu->x[0]);
    }
    cpu->fpcr = cpu->fpsr = 0;
    START("v8.0", 0xd51b4401, 0xd53b4400); /* no FZ16 without half precision */
    cpu->x[1] = ~0ull;
    run_through(2);
    assert_int_equal(cpu->x[0], 0x07c00000);
    cpu->fpcr = 0;
    START("v8.0", 0xd51b42a1);
    assert_undefined();
}

static void test_counter(void **state)
{
    uint64_t first;

    START("max", 0xd53be040);
    run_through(1);
    first = cpu->x[0];
    cpu->pc = INSN_CODE;
    usleep(2000);
    run_through(1);
    assert_in_range(cpu->x[0] - first, 2000000, 2000000000);
}

static void test_dc(void **state)
{
    START("max", 0xd50b7421); /* dc zva, x1 */
    memset(data(INSN_DATA), 0xaa, 256);
    cpu->x[1] = INSN_DATA + 64 + 13;
    run_through(1);
    assert_int_equal(*data(INSN_DATA + 63), 0xaa);
    assert_int_equal(*data(INSN_DATA + 64), 0);
    assert_int_equal(*data(INSN_DATA + 127), 0);
    assert_int_equal(*data(INSN_DATA + 128), 0xaa);
    START("max", 0xd50b7b21); /* dc cvau of nothing */
    cpu->x[1] = DATA_END;
    run();
    assert_fault(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, DATA_END);
}

/* ---- pointer authentication ---- */

static void test_pauth(void **state)
{
    const uint64_t pointer = 0x0000123456789abc;
    uint64_t signed_pointer;

    START("apple-m1", 0xdac10040); /* pacia x0, x2 */
    cpu->x[0] = pointer;
    cpu->x[2] = 42;
    run_through(1);
    signed_pointer = cpu->x[0];
    assert_int_not_equal(signed_pointer, pointer);
    assert_int_equal(signed_pointer & ~(0x7full << 48), pointer);

    START("apple-m1", 0xdac11040); /* autia x0, x2 */
    cpu->x[0] = signed_pointer;
    cpu->x[2] = 42;
    run_through(1);
    assert_int_equal(cpu->x[0], pointer);

    START("apple-m1", 0xdac11040); /* another modifier: an error code makes the pointer unusable */
    cpu->x[0] = signed_pointer;
    cpu->x[2] = 43;
    run_through(1);
    assert_int_equal(cpu->x[0], pointer | 1ull << 53);

    START("apple-m1", 0xdac143e0); /* xpaci x0 */
    cpu->x[0] = signed_pointer;
    run_through(1);
    assert_int_equal(cpu->x[0], pointer);

    START("apple-m1", 0xd503233f, 0xd50323bf); /* paciasp, autiasp */
    cpu->x[30] = pointer;
    run_through(2);
    assert_int_equal(cpu->x[30], pointer);

    START("apple-m1", 0xd503233f, 0xd65f0bff); /* paciasp, retaa */
    cpu->x[30] = INSN_CODE + 20;
    run();
    assert_int_equal(cpu->pc, INSN_CODE + 20);
}

static void test_pauth_absent(void **state)
{
    START("v8.0", 0xd503233f); /* paciasp is a NOP */
    cpu->x[30] = 0x1234;
    run_through(1);
    assert_int_equal(cpu->x[30], 0x1234);
    START("v8.0", 0xdac10040);
    assert_undefined();
    START("v8.0", 0xd65f0bff);
    assert_undefined();
}

/* ---- features ---- */

static void test_model_lacks(void **state)
{
    START("v8.0", 0xf8230020); /* ldadd */
    assert_undefined();
    START("v8.0", 0x38bfc020); /* ldaprb */
    assert_undefined();
    START("v8.0", 0x1ee22820); /* fadd h0, h1, h2 */
    assert_undefined();
    START("neoverse-n1", 0xf8230020);
    cpu->x[1] = INSN_DATA;
    run_through(1);
}

/* ---- the run loop ---- */

static void on_alarm(int sig)
{
    cpu->poll = 1;
}

static void test_interrupt(void **state)
{
    static const struct itimerval soon = {.it_value = {.tv_usec = 20000}};

    signal(SIGALRM, on_alarm);
    START("max", 0x14000000); /* b . */
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    run();
    assert_int_equal(trap.kind, TRAP_INTERRUPT);
    assert_int_equal(cpu->pc, INSN_CODE);
    START("max", 0x14000000);
    engine_interp.kick(cpu);
    run();
    assert_int_equal(trap.kind, TRAP_INTERRUPT);
    cpu->poll = 0;
}

static void test_step(void **state)
{
    START("max", 0x91000400, 0x91000400); /* add x0, x0, #1 */
    engine_interp.step(cpu, &trap);
    assert_int_equal(trap.kind, TRAP_STEP);
    assert_int_equal(cpu->pc, INSN_CODE + 4);
    assert_int_equal(cpu->x[0], 1);
    cpu->single_step = 1;
    run();
    cpu->single_step = 0;
    assert_int_equal(trap.kind, TRAP_STEP);
    assert_int_equal(cpu->x[0], 2);
}

static int setup(void **state)
{
    machine_init("max", 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mops_copy_forward),
        cmocka_unit_test(test_mops_copy_overlap),
        cmocka_unit_test(test_mops_nothing),
        cmocka_unit_test(test_mops_saturation),
        cmocka_unit_test(test_mops_fault_and_go_on),
        cmocka_unit_test(test_mops_fault_down),
        cmocka_unit_test(test_mops_set),
        cmocka_unit_test(test_mops_wrong_format),
        cmocka_unit_test(test_mops_registers),
        cmocka_unit_test(test_mops_interrupted),
        cmocka_unit_test(test_cssc),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_address_ranges),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_fetch_protect),
        cmocka_unit_test(test_changed_code),
        cmocka_unit_test(test_exclusives),
        cmocka_unit_test(test_traps),
        cmocka_unit_test(test_vdso_clock),
        cmocka_unit_test(test_registers),
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_dc),
        cmocka_unit_test(test_pauth),
        cmocka_unit_test(test_pauth_absent),
        cmocka_unit_test(test_model_lacks),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_step),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
