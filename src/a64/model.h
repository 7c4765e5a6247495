/*
 * CPU models: what processor the guest sees. A model is a set of features and
 * an identity; everything Linux shows of it (HWCAP, HWCAP2, the ID registers
 * as EL0 reads them, /proc/cpuinfo's lines) is computed from feature.def, so
 * that they cannot disagree. What a model lacks is undefined for the guest.
 */
#ifndef A64_MODEL_H
#define A64_MODEL_H

#include "a64/feature.h"
#include "base/types.h"

struct cpu_model {
    const char *name;
    const char *help;  /* one line for --help */
    uint64_t features; /* A64_FEAT_BIT set */
    uint64_t quiet;    /* those among them that nothing announces, though they work */
    uint32_t midr;     /* MIDR_EL1: implementer, variant, architecture, part, revision */
};

/* Ends with a row whose name is NULL; the first is the default. */
extern const struct cpu_model cpu_models[];

/* By name, case ignored; NULL = the default model; NULL is returned for a name that does not exist. */
const struct cpu_model *model_find(const char *name);

/* AT_HWCAP and AT_HWCAP2. */
uint64_t model_hwcap(const struct cpu_model *m);
uint64_t model_hwcap2(const struct cpu_model *m);

/*
 * MRS of op0 = 3, op1 = 0, CRn = 0 as Linux emulates it for EL0
 * (Documentation/arch/arm64/cpu-feature-registers.rst): false when the
 * register is not one that EL0 may read.
 */
bool model_id_register(const struct cpu_model *m, unsigned crm, unsigned op2, uint64_t *value);

/*
 * CTR_EL0 and DCZID_EL0: 64-byte lines; DIC = 0, IDC = 1, so that changed code
 * is announced by IC IVAU and nothing else; L1Ip = VIPT, so that it is
 * announced at the address where it runs. DC ZVA clears 64 bytes.
 */
#define A64_CTR_EL0 0x94448004ull
#define A64_DCZID_EL0 4ull
#define A64_LINE 64u
/* CNTFRQ_EL0: the generic timer counts nanoseconds. */
#define A64_COUNTER_HZ 1000000000u

/*
 * The text of one processor in /proc/cpuinfo (from "processor" to the blank
 * line), as snprintf counts: what would have been written without the NUL.
 */
int model_cpuinfo(const struct cpu_model *m, unsigned processor, char *buf, size_t cap);

#endif
