/*
 * Guest memory as the interpreter's functions see it. Guest address == host
 * address, the host's MMU enforces the guest's protections; here the tag is
 * taken off (top-byte-ignore, Arm ARM D8.8), the range is checked, and the
 * access is one host instruction, so that it is single-copy atomic wherever
 * the architecture says so (B2.2.1).
 *
 * An access that faults does not return. The barrier after each access keeps
 * register writes behind it, so that a fault finds the registers unchanged:
 * a function makes all its accesses first, then commits.
 */
#ifndef INTERP_MEM_H
#define INTERP_MEM_H

#include <immintrin.h>

#include "engine/interp/exec.h"

#define MEM_BARRIER() __asm__ volatile("" ::: "memory")

/*
 * The address without its tag. Under Linux only the user's half has
 * top-byte-ignore, so that an address with bit 55 set stays as it is.
 */
static inline uint64_t mem_untag(uint64_t addr)
{
    return addr & (uint64_t)((int64_t)(addr << 8) >> 8);
}

/* The host's address of [addr, addr + size); raises when it is not the guest's. */
static inline void *mem_host(struct cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    uint64_t a = addr & ((1ull << 56) - 1);

    if (unlikely(a - GUEST_MIN > GUEST_MAX - GUEST_MIN - size))
        raise_unmapped(cpu, mem_untag(addr), write);
    if (write && unlikely(cpu->on_store != NULL))
        cpu->on_store(cpu, a, size);
    return (void *)a;
}

/* Ordered, exclusive and atomic accesses: aligned, or inside an aligned 16 bytes with LSE2 (B2.2.1.1). */
static inline void mem_check_aligned(struct cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    if (likely(!(addr & (size - 1))))
        return;
    if (FEATURE(cpu, LSE2) && (addr & 15) + size <= 16)
        return;
    raise_unaligned(cpu, mem_untag(addr), write);
}

#define MEM_ACCESS(bits_)                                                                    \
    typedef uint##bits_##_t mem_u##bits_ __attribute__((aligned(1), may_alias));             \
    static inline uint##bits_##_t mem_read##bits_(struct cpu *cpu, uint64_t addr)            \
    {                                                                                        \
        uint##bits_##_t v = *(volatile mem_u##bits_ *)mem_host(cpu, addr, bits_ / 8, false); \
        MEM_BARRIER();                                                                       \
        return v;                                                                            \
    }                                                                                        \
    static inline void mem_write##bits_(struct cpu *cpu, uint64_t addr, uint##bits_##_t v)   \
    {                                                                                        \
        *(volatile mem_u##bits_ *)mem_host(cpu, addr, bits_ / 8, true) = v;                  \
        MEM_BARRIER();                                                                       \
    }

MEM_ACCESS(8)
MEM_ACCESS(16)
MEM_ACCESS(32)
MEM_ACCESS(64)
#undef MEM_ACCESS

/* 16 bytes by one vector move: atomic when aligned, on every host with AVX. */
static inline unsigned __int128 mem_read128(struct cpu *cpu, uint64_t addr)
{
    const void *p = mem_host(cpu, addr, 16, false);
    union vreg v;
    __m128i m;

    __asm__ volatile("movdqu %1, %0" : "=x"(m) : "m"(*(const char(*)[16])p) : "memory");
    _mm_store_si128((__m128i *)&v, m);
    return v.q;
}

static inline void mem_write128(struct cpu *cpu, uint64_t addr, unsigned __int128 value)
{
    void *p = mem_host(cpu, addr, 16, true);
    union vreg v = {.q = value};

    __asm__ volatile("movdqu %1, %0"
                     : "=m"(*(char(*)[16])p)
                     : "x"(_mm_load_si128((__m128i *)&v))
                     : "memory");
}

/* Rn or SP as the base of an access; a misaligned SP faults (SCTLR_EL1.SA0). */
static inline uint64_t mem_base(struct cpu *cpu, unsigned n)
{
    if (n != 31)
        return cpu->x[n];
    if (unlikely(cpu->sp & 15))
        raise_sp_unaligned(cpu);
    return cpu->sp;
}

/* size is log2 of bytes, 0 to 3; the value is zero-extended. */
static inline uint64_t mem_read(struct cpu *cpu, uint64_t addr, unsigned size)
{
    switch (size) {
    case 0: return mem_read8(cpu, addr);
    case 1: return mem_read16(cpu, addr);
    case 2: return mem_read32(cpu, addr);
    default: return mem_read64(cpu, addr);
    }
}

static inline void mem_write(struct cpu *cpu, uint64_t addr, unsigned size, uint64_t value)
{
    switch (size) {
    case 0: mem_write8(cpu, addr, (uint8_t)value); break;
    case 1: mem_write16(cpu, addr, (uint16_t)value); break;
    case 2: mem_write32(cpu, addr, (uint32_t)value); break;
    default: mem_write64(cpu, addr, value);
    }
}

#endif
