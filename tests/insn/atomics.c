/*
 * Calls of the helpers by which compilers reach LSE atomics ("outline
 * atomics"): a byte says whether the processor has them, the helper does one
 * and returns. And what a fault in an atomic access shows of the registers.
 *
 * test: timeout=60
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "sys/test.h"

#define PAGE 4096

/* One page each: who calls, the helper, the byte and the variable. */
struct place {
    uint32_t caller[PAGE / 4];
    uint32_t helper[PAGE / 4];
    uint8_t have_lse;
    _Alignas(64) uint64_t variable;
};

#define BTI_C 0xd503245fu
#define ADRP_X16_NEXT 0xb0000010u
#define LDRB_W16_X16 0x39400210u
#define CBZ_W16(words) (0x34000010u | (words) << 5)
#define LDADD_X0_X0_X1 0xf8200020u
#define SWP_X0_X0_X1 0xf8208020u
#define CAS_X0_X2_X1 0xc8a07c22u
#define MOV_X0_XZR 0xaa1f03e0u
#define RET 0xd65f03c0u

enum { AT_ATOMIC = 4, AT_WITHOUT = 6 };

static void sync_code(void *from, size_t bytes)
{
    __builtin___clear_cache((char *)from, (char *)from + bytes);
}

/* caller(value, pointer, wanted) calls the helper; without LSE that returns 0. */
static struct place *make_place(uint32_t atomic)
{
    static const uint32_t caller[] = {
        0xa9bf7bfd, /* stp x29, x30, [sp, #-16]! */
        0x94000000, /* bl helper */
        0xa8c17bfd, /* ldp x29, x30, [sp], #16 */
        RET,
    };
    const uint32_t helper[] = {BTI_C,  ADRP_X16_NEXT, LDRB_W16_X16, CBZ_W16(3),
                               atomic, RET,           MOV_X0_XZR,   RET};
    struct place *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memcpy(p->caller, caller, sizeof(caller));
    p->caller[1] |= (uint32_t)(p->helper - &p->caller[1]);
    memcpy(p->helper, helper, sizeof(helper));
    sync_code(p->caller, 2 * PAGE);
    p->have_lse = 1;
    return p;
}

static uint64_t call(struct place *p, uint64_t value, void *at, uint64_t other)
{
    return ((uint64_t(*)(uint64_t, void *, uint64_t))(uintptr_t)p->caller)(value, at, other);
}

/* Often enough that whoever translates what is called often has done so. */
enum { OFTEN = 40 };

static void warm(struct place *p)
{
    for (int i = 0; i < OFTEN; i++)
        call(p, 0, &p->variable, 0);
}

TEST(helper_with_and_without)
{
    struct place *p = make_place(LDADD_X0_X0_X1);

    warm(p);
    p->variable = 5;
    CHECK_EQ(call(p, 3, &p->variable, 0), 5);
    CHECK_EQ(call(p, 3, &p->variable, 0), 8);
    p->have_lse = 0;
    CHECK_EQ(call(p, 3, &p->variable, 0), 0);
    CHECK_EQ(p->variable, 11);
    p->have_lse = 1;
    CHECK_EQ(call(p, 1, &p->variable, 0), 11);
    munmap(p, sizeof(*p));
}

TEST(helper_of_compare_and_swap)
{
    struct place *p = make_place(CAS_X0_X2_X1);

    warm(p);
    p->variable = 7;
    CHECK_EQ(call(p, 6, &p->variable, 9), 7);
    CHECK_EQ(p->variable, 7);
    CHECK_EQ(call(p, 7, &p->variable, 9), 7);
    CHECK_EQ(p->variable, 9);
    munmap(p, sizeof(*p));
}

/* The caller is what it was; only the helper's own code is announced as changed, or goes. */
TEST(helper_that_changes)
{
    struct place *p = make_place(LDADD_X0_X0_X1);

    warm(p);
    p->variable = 5;
    CHECK_EQ(call(p, 3, &p->variable, 0), 5);
    p->helper[AT_ATOMIC] = SWP_X0_X0_X1;
    sync_code(&p->helper[AT_ATOMIC], 4);
    CHECK_EQ(call(p, 3, &p->variable, 0), 8);
    CHECK_EQ(p->variable, 3);
    p->helper[0] = MOV_X0_XZR;
    p->helper[1] = RET;
    sync_code(p->helper, 8);
    CHECK_EQ(call(p, 4, &p->variable, 0), 0);
    CHECK_EQ(p->variable, 3);
    munmap(p, sizeof(*p));
}

static struct {
    uint64_t pc, addr, x[31];
} seen;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    seen.pc = uc->uc_mcontext.pc;
    seen.addr = (uint64_t)info->si_addr;
    memcpy(seen.x, uc->uc_mcontext.regs, sizeof(seen.x));
    uc->uc_mcontext.pc += 4;
}

static void catch_faults(void)
{
    struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &sa, NULL);
}

TEST(fault_in_a_helper)
{
    struct place *p = make_place(LDADD_X0_X0_X1);
    uint64_t *closed = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    catch_faults();
    warm(p);
    for (int i = 0; i < 3; i++) {
        memset(&seen, 0, sizeof(seen));
        CHECK_EQ(call(p, 77, closed, 0), 77);
        CHECK_EQ(seen.pc, (uint64_t)&p->helper[AT_ATOMIC]);
        CHECK_EQ(seen.addr, (uint64_t)closed);
        CHECK_EQ(seen.x[16], 1);
        CHECK_EQ(seen.x[30], (uint64_t)&p->caller[2]);
        CHECK_EQ(seen.x[0], 77);
    }
    CHECK_EQ(closed[0], 0);
    munmap(closed, PAGE);
    munmap(p, sizeof(*p));
}

/* Returns the sum of the registers behind it. */
static uint64_t casp_at(void *at)
{
    register uint64_t x2 __asm__("x2") = 2, x3 __asm__("x3") = 3, x20 __asm__("x20") = 20,
                         x19 __asm__("x19") = 19, x21 __asm__("x21") = 21;
    register void *base __asm__("x6") = at;

    __asm__ volatile("casp x20, x21, x2, x3, [%[base]]\n\tadd x19, x19, #1"
                     : "+r"(x2), "+r"(x3), "+r"(x20), "+r"(x19), "+r"(x21)
                     : [base] "r"(base)
                     : "memory");
    return x2 + x3 + x20 + x19 + x21;
}

/* CASP of two doublewords on a page that cannot be written: no register has changed. */
TEST(fault_in_a_pair)
{
    uint64_t *closed = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    catch_faults();
    for (int i = 0; i < OFTEN; i++)
        casp_at(closed);
    memset(&seen, 0, sizeof(seen));
    CHECK_EQ(casp_at(closed), 2 + 3 + 20 + 20 + 21);
    CHECK_EQ(seen.addr, (uint64_t)closed);
    CHECK_EQ(seen.x[2], 2);
    CHECK_EQ(seen.x[3], 3);
    CHECK_EQ(seen.x[19], 19);
    CHECK_EQ(seen.x[20], 20);
    CHECK_EQ(seen.x[21], 21);
    munmap(closed, PAGE);
}

TEST_MAIN()
