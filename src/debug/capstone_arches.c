/*
 * The linker takes from libcapstone.a what its table of architectures names:
 * all eleven, 8 MiB with a relocation for every string, which a static PIE
 * pays for at each start. Guest code is arm64 and ours is x86-64, so the entry points of
 * the others stand here and say that they are not built in, as capstone does
 * when it is configured without them.
 */
#include <capstone/capstone.h>

/* capstone's internal cs_struct: only passed through. */
struct cs_struct;

#define ABSENT(arch)                                                            \
    cs_err arch##_global_init(struct cs_struct *ud);                            \
    cs_err arch##_option(struct cs_struct *ud, cs_opt_type type, size_t value); \
    cs_err arch##_global_init(struct cs_struct *ud)                             \
    {                                                                           \
        return CS_ERR_ARCH;                                                     \
    }                                                                           \
    cs_err arch##_option(struct cs_struct *ud, cs_opt_type type, size_t value)  \
    {                                                                           \
        return CS_ERR_ARCH;                                                     \
    }

ABSENT(ARM)
ABSENT(EVM)
ABSENT(M680X)
ABSENT(M68K)
ABSENT(Mips)
ABSENT(PPC)
ABSENT(Sparc)
ABSENT(SystemZ)
ABSENT(TMS320C64x)
ABSENT(XCore)
