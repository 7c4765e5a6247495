/*
 * The CPU models, and what Linux shows of each, computed from feature.def.
 * Identities and feature sets of real processors are those that Linux prints
 * on them; what they have beyond user space (SVE and MTE of some, too) is left out.
 */
#include "a64/model.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define F1(a) A64_FEAT_BIT(a)
#define FEATURES_V8_0 \
    (F1(BASE) | F1(FP) | F1(ASIMD) | F1(AES) | F1(PMULL) | F1(SHA1) | F1(SHA256) | F1(CRC32))
#define FEATURES_N1                                                                       \
    (FEATURES_V8_0 | F1(LSE) | F1(FP16) | F1(RDM) | F1(LRCPC) | F1(DCPOP) | F1(DOTPROD) | \
     F1(SSBS) | F1(LOR))
#define FEATURES_M1                                                                              \
    (FEATURES_N1 | F1(JSCVT) | F1(FCMA) | F1(SHA3) | F1(SHA512) | F1(FHM) | F1(DIT) | F1(LSE2) | \
     F1(LRCPC2) | F1(FLAGM) | F1(SB) | F1(PAUTH) | F1(DCPODP) | F1(FLAGM2) | F1(FRINTTS))

/*
 * What an x86-64 host does fast: locked instructions, TSO, its own AES, SHA and carry-less
 * multiplication, memcpy for MOPS. Left out: half precision (computed by hand), pointer
 * authentication (a NOP without it), SHA-512 and SHA-3 (ordinary code is as fast). Its identity
 * is Neoverse N1's: glibc before 2.38 copies by vector registers only where it knows the part.
 */
#define FEATURES_DEFAULT                                                                   \
    (FEATURES_V8_0 | F1(LSE) | F1(RDM) | F1(JSCVT) | F1(LRCPC) | F1(DCPOP) | F1(DOTPROD) | \
     F1(LSE2) | F1(LRCPC2) | F1(FLAGM) | F1(FLAGM2) | F1(FRINTTS) | F1(SB) | F1(MOPS) | F1(LOR))

#define FEATURES_MAX ((1ull << A64_FEAT_COUNT) - 1)

const struct cpu_model cpu_models[] = {
    {"default", "Armv8 with what is fast on this host", FEATURES_DEFAULT, 0, 0x413fd0c1},
    {"v8.0", "Armv8.0-A with the cryptographic extension (Cortex-A72)", FEATURES_V8_0, 0,
     0x410fd083},
    {"neoverse-n1", "Arm Neoverse N1, Armv8.2-A", FEATURES_N1, 0, 0x413fd0c1},
    {"apple-m1", "Apple M1, Armv8.5-A", FEATURES_M1, 0, 0x611f0231},
    {"max", "everything that is implemented", FEATURES_MAX, 0, 0x000fe171},
    {NULL, NULL, 0, 0, 0},
};

const struct cpu_model *model_find(const char *name)
{
    if (!name)
        return &cpu_models[0];
    for (const struct cpu_model *m = cpu_models; m->name; m++)
        if (!strcasecmp(m->name, name))
            return m;
    return NULL;
}

/* Fields of one ID register are named by the register's CRm and op2. */
enum id_register {
    NONE,
    AA64PFR0 = 4 << 3 | 0,
    AA64PFR1 = 4 << 3 | 1,
    AA64DFR0 = 5 << 3 | 0,
    AA64ISAR0 = 6 << 3 | 0,
    AA64ISAR1 = 6 << 3 | 1,
    AA64ISAR2 = 6 << 3 | 2,
    AA64MMFR0 = 7 << 3 | 0,
    AA64MMFR2 = 7 << 3 | 2,
};

static const struct announcement {
    enum a64_feature feature;
    uint8_t word, bit; /* HWCAP (1), HWCAP2 (2) or none (0) */
    const char *cpuinfo;
    enum id_register id;
    uint8_t lsb, value;
} announcements[] = {
#define F(name, word, bit, cpuinfo, idreg, lsb, value) \
    {A64_FEAT_##name, word, bit, cpuinfo, idreg, lsb, value},
#define H(name, word, bit, cpuinfo, idreg, lsb, value) \
    {A64_FEAT_##name, word, bit, cpuinfo, idreg, lsb, value},
#include "a64/feature.def"
};

static bool has(const struct cpu_model *m, const struct announcement *a)
{
    return (m->features & ~m->quiet) >> a->feature & 1;
}

static uint64_t hwcap_word(const struct cpu_model *m, unsigned word)
{
    uint64_t caps = 0;

    for (size_t i = 0; i < ARRAY_LEN(announcements); i++)
        if (announcements[i].word == word && has(m, &announcements[i]))
            caps |= 1ull << announcements[i].bit;
    return caps;
}

uint64_t model_hwcap(const struct cpu_model *m)
{
    return hwcap_word(m, 1);
}

uint64_t model_hwcap2(const struct cpu_model *m)
{
    return hwcap_word(m, 2);
}

/* What Linux puts into fields that it does not show (arch/arm64/kernel/cpufeature.c, safe values). */
static uint64_t hidden_fields(enum id_register id)
{
    switch (id) {
    case AA64PFR0: return 0x11; /* EL0 and EL1 run AArch64 only */
    case AA64DFR0: return 0x6;
    case AA64MMFR0: return 0xff000000; /* TGran4, TGran64: not told */
    default: return 0;
    }
}

bool model_id_register(const struct cpu_model *m, unsigned crm, unsigned op2, uint64_t *value)
{
    enum id_register id = (enum id_register)(crm << 3 | op2);

    if (crm == 0) {
        if (op2 != 0 && op2 != 5 && op2 != 6)
            return false;
        /* MIDR; MPIDR with nothing but RES1; REVIDR */
        *value = op2 == 0 ? m->midr : op2 == 5 ? 1ull << 31 : 0;
        return true;
    }
    if (crm < 2 || crm > 7)
        return false;
    *value = hidden_fields(id);
    for (size_t i = 0; i < ARRAY_LEN(announcements); i++) {
        const struct announcement *a = &announcements[i];

        if (a->id == id && has(m, a) && (*value >> a->lsb & 15) < a->value)
            *value = (*value & ~(15ull << a->lsb)) | (uint64_t)a->value << a->lsb;
    }
    return true;
}

static const char *cpuinfo_word(unsigned word, unsigned bit)
{
    for (size_t i = 0; i < ARRAY_LEN(announcements); i++)
        if (announcements[i].word == word && announcements[i].bit == bit)
            return announcements[i].cpuinfo;
    return NULL;
}

/* snprintf behind what is there already; n counts on past the end of the buffer. */
#define APPEND(n, buf, cap, ...)                              \
    (n) += snprintf((size_t)(n) < (cap) ? (buf) + (n) : NULL, \
                    (size_t)(n) < (cap) ? (cap) - (size_t)(n) : 0, __VA_ARGS__)

int model_cpuinfo(const struct cpu_model *m, unsigned processor, char *buf, size_t cap)
{
    int n = 0;

    /* BogoMIPS follows the timer's frequency, which is 1 GHz. */
    APPEND(n, buf, cap, "processor\t: %u\nBogoMIPS\t: 2000.00\nFeatures\t:", processor);
    for (unsigned word = 1; word <= 2; word++)
        for (unsigned bit = 0; bit < 64; bit++)
            if (hwcap_word(m, word) >> bit & 1)
                APPEND(n, buf, cap, " %s", cpuinfo_word(word, bit));
    APPEND(n, buf, cap,
           "\nCPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\n"
           "CPU part\t: 0x%03x\nCPU revision\t: %u\n\n",
           m->midr >> 24, m->midr >> 20 & 15, m->midr >> 4 & 0xfff, m->midr & 15);
    return n;
}
