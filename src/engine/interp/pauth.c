/*
 * Pointer authentication (Arm ARM D8.10, J1.1 AddPAC, Auth, Strip). The code
 * is an IMPLEMENTATION DEFINED one: a cheap mix of pointer, modifier and key
 * number, as the guest has no way to see keys. Addresses have 48 bits; under
 * Linux the lower half, the user's, has top-byte-ignore and the upper half
 * has not, so that a code is bits 54..48 of a pointer, and 63..56 too when bit 55 is set.
 * The hint-space instructions are NOPs in a model without PAUTH.
 */
#include "engine/interp/mem.h"

enum pac_key { KEY_IA, KEY_IB, KEY_DA, KEY_DB, KEY_GA };

static uint64_t pac_field(uint64_t ptr)
{
    return ptr >> 55 & 1 ? 0xff7full << 48 : 0x7full << 48;
}

static uint64_t compute_pac(uint64_t ptr, uint64_t modifier, enum pac_key key)
{
    uint64_t h = ptr * 0x9e3779b97f4a7c15 + (uint64_t)(key + 1) * 0xd1b54a32d192ed03;

    h = (h ^ h >> 29 ^ modifier) * 0xbf58476d1ce4e5b9;
    h = (h ^ h >> 32) * 0x94d049bb133111eb;
    return h ^ h >> 31;
}

/* The pointer with bit 55 copied over the code's place. */
static uint64_t strip(uint64_t ptr)
{
    return ptr >> 55 & 1 ? ptr | pac_field(ptr) : ptr & ~pac_field(ptr);
}

static uint64_t add_pac(uint64_t ptr, uint64_t modifier, enum pac_key key)
{
    uint64_t original = strip(ptr), field = pac_field(ptr);
    uint64_t code = compute_pac(original, modifier, key);

    if (ptr != original) /* not canonical: the code must not authenticate */
        code ^= 1ull << (ptr >> 55 & 1 ? 62 : 53);
    return (ptr & ~field) | (code & field);
}

/* A failure puts an error code below the top bit of the field, so that the pointer's use faults. */
static uint64_t authenticate(uint64_t ptr, uint64_t modifier, enum pac_key key)
{
    uint64_t original = strip(ptr);
    uint64_t error = key == KEY_IB || key == KEY_DB ? 2 : 1;
    unsigned place = ptr >> 55 & 1 ? 61 : 53;

    if (((compute_pac(original, modifier, key) ^ ptr) & pac_field(ptr)) == 0)
        return original;
    return (original & ~(3ull << place)) | error << place;
}

/* ---- hint space ---- */

/* word<7>: authenticate; word<6>: key B. */
static void hint_pac(struct cpu *cpu, uint32_t word, uint64_t *ptr, uint64_t modifier)
{
    enum pac_key key = bit(word, 6) ? KEY_IB : KEY_IA;

    if (FEATURE(cpu, PAUTH))
        *ptr = bit(word, 7) ? authenticate(*ptr, modifier, key) : add_pac(*ptr, modifier, key);
}

EXEC(pac_1716)
{
    hint_pac(cpu, word, &cpu->x[17], cpu->x[16]);
}

EXEC(pac_z)
{
    hint_pac(cpu, word, &cpu->x[30], 0);
}

EXEC(pac_sp)
{
    hint_pac(cpu, word, &cpu->x[30], cpu->sp);
}

EXEC(xpaclri)
{
    if (FEATURE(cpu, PAUTH))
        cpu->x[30] = strip(cpu->x[30]);
}

/* ---- data processing ---- */

/* word<12>: authenticate; word<11:10>: key IA, IB, DA, DB. */
EXEC(pac)
{
    enum pac_key key = (enum pac_key)bits(word, 11, 10);
    uint64_t ptr = xr(cpu, rd(word)), modifier = xsp(cpu, rn(word));

    set_xr(cpu, rd(word),
           bit(word, 12) ? authenticate(ptr, modifier, key) : add_pac(ptr, modifier, key));
}

EXEC(pacz)
{
    enum pac_key key = (enum pac_key)bits(word, 11, 10);
    uint64_t ptr = xr(cpu, rd(word));

    set_xr(cpu, rd(word), bit(word, 12) ? authenticate(ptr, 0, key) : add_pac(ptr, 0, key));
}

EXEC(xpac)
{
    set_xr(cpu, rd(word), strip(xr(cpu, rd(word))));
}

EXEC(pacga)
{
    uint64_t code = compute_pac(xr(cpu, rn(word)), xsp(cpu, rm(word)), KEY_GA);

    set_xr(cpu, rd(word), code & 0xffffffff00000000);
}

/* ---- branches; word<10>: key B ---- */

static inline uint64_t branch_target(struct cpu *cpu, uint32_t word, uint64_t modifier)
{
    return authenticate(xr(cpu, rn(word)), modifier, bit(word, 10) ? KEY_IB : KEY_IA);
}

EXEC(braz)
{
    cpu->next = branch_target(cpu, word, 0);
}

EXEC(bra)
{
    cpu->next = branch_target(cpu, word, xsp(cpu, rd(word)));
}

EXEC(blraz)
{
    cpu->next = branch_target(cpu, word, 0);
    cpu->x[30] = cpu->pc + 4;
}

EXEC(blra)
{
    cpu->next = branch_target(cpu, word, xsp(cpu, rd(word)));
    cpu->x[30] = cpu->pc + 4;
}

EXEC(reta)
{
    cpu->next = authenticate(cpu->x[30], cpu->sp, bit(word, 10) ? KEY_IB : KEY_IA);
}

/* ---- LDRAA, LDRAB: word<23> key B, word<22>:imm9 scaled by 8, word<11> writeback ---- */
EXEC(ldra)
{
    int64_t offset = (sbits(word, 22, 22) * 512 + bits(word, 20, 12)) * 8;
    uint64_t base = authenticate(mem_base(cpu, rn(word)), 0, bit(word, 23) ? KEY_DB : KEY_DA);
    uint64_t addr = base + (uint64_t)offset;
    uint64_t value = mem_read64(cpu, addr);

    set_xr(cpu, rd(word), value);
    if (bit(word, 11))
        set_xsp(cpu, rn(word), addr);
}
