/*
 * The decoder against a linear search with the rule of decode.h, words with
 * known names, and the CPU models against what real machines show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "a64/decode.h"
#include "a64/model.h"

/* ---- decoder ---- */

struct fixed {
    uint32_t mask, value;
};

static struct fixed parse(const char *pattern)
{
    struct fixed f = {0, 0};

    for (; *pattern; pattern++)
        if (*pattern != ' ') {
            f.mask = f.mask << 1 | (*pattern == '0' || *pattern == '1');
            f.value = f.value << 1 | (*pattern == '1');
        }
    return f;
}

static const char *const holes[] = {
#define I(name, pattern, feature)
#define U(pattern) pattern,
#include "a64/a64.def"
#undef I
};

static enum a64_op search(uint32_t word)
{
    enum a64_op best = A64_undefined;
    int best_fixed = -1;

    for (size_t i = 0; i < ARRAY_LEN(holes); i++) {
        struct fixed f = parse(holes[i]);

        if ((word & f.mask) == f.value)
            return A64_undefined;
    }
    for (int op = 0; op < A64_undefined; op++) {
        int fixed = __builtin_popcount(a64_rows[op].mask);

        if ((word & a64_rows[op].mask) == a64_rows[op].value && fixed > best_fixed) {
            best = (enum a64_op)op;
            best_fixed = fixed;
        }
    }
    return best;
}

static uint32_t random_word(void)
{
    return (uint32_t)random() << 16 ^ (uint32_t)random();
}

/* Words of every row, so that each row is reached, and words of no row. */
static void test_decode_is_search(void **state)
{
    srandom(1);
    for (int op = 0; op < A64_undefined; op++) {
        const struct a64_row *row = &a64_rows[op];
        struct fixed f = parse(row->pattern);
        bool reached = false;

        assert_int_equal(row->mask, f.mask);
        assert_int_equal(row->value, f.value);
        for (int i = 0; i < 64; i++) {
            uint32_t word = (random_word() & ~row->mask) | row->value;
            enum a64_op got = a64_decode(word);

            if (got != search(word))
                fail_msg("%s: %08x decodes as %s", row->name, word, a64_rows[got].name);
            reached |= got == (enum a64_op)op;
        }
        if (!reached)
            fail_msg("%s is never reached", row->name);
    }
    for (int i = 0; i < 20000; i++) {
        uint32_t word = random_word();

        assert_int_equal(a64_decode(word), search(word));
    }
}

static void test_decode_known(void **state)
{
    static const struct {
        uint32_t word;
        enum a64_op op;
    } known[] = {
        {0x00000000, A64_undefined}, /* UDF */
        {0xffffffff, A64_undefined},
        {0x04200000, A64_undefined}, /* SVE */
        {0xd503201f, A64_hint},
        {0xd503233f, A64_pac_sp},
        {0xd50320ff, A64_xpaclri},
        {0xd53bd040, A64_mrs_tpidr},
        {0xd53be020, A64_undefined}, /* CNTPCT_EL0: Linux keeps it from user space */
        {0xd4000001, A64_svc},
        {0xd4000002, A64_undefined}, /* HVC */
        {0xd69f03e0, A64_undefined}, /* ERET */
        {0x91000420, A64_add_imm},
        {0x12000020, A64_and_imm},
        {0x12400020, A64_undefined}, /* 32 bits with N */
        {0x9240fc20, A64_undefined}, /* an element of ones only */
        {0xb9800020, A64_ldrs_imm},
        {0xf9800020, A64_prfm_imm},
        {0xf9c00020, A64_undefined},
        {0xf8400420, A64_ldr_post},
        {0xa9bf7bfd, A64_stp_pre},
        {0xc85f7c20, A64_ldxr},
        {0x08207c22, A64_casp},
        {0x08217c22, A64_undefined}, /* CASP from an odd register */
        {0xf8bfc020, A64_ldapr},
        {0x19010440, A64_cpyf_p},
        {0x3dc00020, A64_ldr_simd_q_uimm},
        {0x1e622820, A64_fadd_scalar},
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (a64_decode(known[i].word) != known[i].op)
            fail_msg("%08x decodes as %s, not %s", known[i].word,
                     a64_rows[a64_decode(known[i].word)].name, a64_rows[known[i].op].name);
}

/* ---- models ---- */

static void test_model_find(void **state)
{
    assert_ptr_equal(model_find(NULL), &cpu_models[0]);
    assert_string_equal(model_find("Neoverse-N1")->name, "neoverse-n1");
    assert_null(model_find("pentium"));
    assert_null(model_find(""));
    for (const struct cpu_model *m = cpu_models; m->name; m++)
        assert_ptr_equal(model_find(m->name), m);
}

static uint64_t id(const char *model, unsigned crm, unsigned op2)
{
    uint64_t value = 0x5555;

    assert_true(model_id_register(model_find(model), crm, op2, &value));
    return value;
}

/* What a Graviton 2 shows under Linux. */
static void test_model_neoverse_n1(void **state)
{
    const struct cpu_model *m = model_find("neoverse-n1");
    char text[1024];

    assert_int_equal(model_hwcap(m), 0x10119fff);
    assert_int_equal(model_hwcap2(m), 0);
    assert_int_equal(id("neoverse-n1", 6, 0), 0x0000100010211120); /* ID_AA64ISAR0 */
    assert_int_equal(id("neoverse-n1", 6, 1), 0x0000000000100001); /* ID_AA64ISAR1 */
    assert_int_equal(id("neoverse-n1", 4, 0), 0x0000000000110011); /* ID_AA64PFR0, visible part */
    assert_int_equal(id("neoverse-n1", 0, 0), 0x413fd0c1);         /* MIDR */
    assert_true(model_cpuinfo(m, 3, text, sizeof(text)) > 0);
    assert_string_equal(text, "processor\t: 3\n"
                              "BogoMIPS\t: 2000.00\n"
                              "Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp "
                              "asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs\n"
                              "CPU implementer\t: 0x41\n"
                              "CPU architecture: 8\n"
                              "CPU variant\t: 0x3\n"
                              "CPU part\t: 0xd0c\n"
                              "CPU revision\t: 1\n\n");
}

static void test_model_cpuinfo_bounds(void **state)
{
    char text[1024], cut[64];
    int n = model_cpuinfo(model_find("max"), 0, text, sizeof(text));

    assert_int_equal(n, strlen(text));
    memset(cut, 'x', sizeof(cut));
    assert_int_equal(model_cpuinfo(model_find("max"), 0, cut, 32), n);
    assert_memory_equal(cut, text, 31);
    assert_int_equal(cut[31], 0);
    assert_int_equal(cut[32], 'x');
    assert_int_equal(model_cpuinfo(model_find("max"), 0, NULL, 0), n);
}

/* Which registers EL0 may read: CRm 0 three of them, CRm 2 to 7 all. */
static void test_model_id_registers(void **state)
{
    const struct cpu_model *m = model_find("v8.0");
    uint64_t value;

    for (unsigned crm = 0; crm < 16; crm++)
        for (unsigned op2 = 0; op2 < 8; op2++) {
            bool readable = crm == 0 ? op2 == 0 || op2 == 5 || op2 == 6 : crm >= 2 && crm <= 7;

            assert_int_equal(model_id_register(m, crm, op2, &value), readable);
        }
    assert_int_equal(id("v8.0", 0, 5), 0x80000000);         /* MPIDR */
    assert_int_equal(id("v8.0", 7, 0), 0xff000000);         /* ID_AA64MMFR0 */
    assert_int_equal(id("v8.0", 5, 0), 6);                  /* ID_AA64DFR0 */
    assert_int_equal(id("v8.0", 6, 0), 0x0000000000011120); /* ID_AA64ISAR0 */
    assert_int_equal(id("apple-m1", 6, 0) >> 12 & 15, 2);   /* SHA2: SHA-512 too */
    assert_int_equal(id("apple-m1", 6, 0) >> 52 & 15, 2);   /* TS: FLAGM2 */
}

/* A feature and its HWCAP stand and fall together, and no two features share a bit. */
static void test_model_one_source(void **state)
{
    uint64_t seen[3] = {0};

    for (int f = 0; f < A64_FEAT_COUNT; f++) {
        struct cpu_model with = {"with", "", 1ull << f, 0, 0}, none = {"none", "", 0, 0, 0},
                         quiet = {"quiet", "", 1ull << f, 1ull << f, 0};

        assert_int_equal(model_hwcap(&none) | model_hwcap2(&none), 0);
        assert_int_equal(model_hwcap(&quiet) | model_hwcap2(&quiet), 0);
        assert_int_equal(seen[1] & model_hwcap(&with), 0);
        assert_int_equal(seen[2] & model_hwcap2(&with), 0);
        seen[1] |= model_hwcap(&with);
        seen[2] |= model_hwcap2(&with);
    }
    assert_int_equal(seen[1], model_hwcap(model_find("max")));
    assert_int_equal(seen[2], model_hwcap2(model_find("max")));
}

/* The default leaves out what would be slow here. */
static void test_model_default(void **state)
{
    uint64_t f = model_find(NULL)->features;

    assert_true(f & A64_FEAT_BIT(LSE));
    assert_true(f & A64_FEAT_BIT(MOPS));
    assert_false(f & A64_FEAT_BIT(PAUTH));
    assert_false(f & A64_FEAT_BIT(FP16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_is_search),     cmocka_unit_test(test_decode_known),
        cmocka_unit_test(test_model_find),           cmocka_unit_test(test_model_neoverse_n1),
        cmocka_unit_test(test_model_cpuinfo_bounds), cmocka_unit_test(test_model_id_registers),
        cmocka_unit_test(test_model_one_source),     cmocka_unit_test(test_model_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
