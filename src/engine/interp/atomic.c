/*
 * Exclusive, ordered and atomic accesses (Arm ARM C4.1.88; B2.3 for the order,
 * B2.9 for the monitor).
 *
 * Order: every plain host access on x86-64 is already an acquire or a release;
 * what TSO lacks is a store-release followed by a load-acquire staying in
 * that order, so the releasing store is an exchange (a full barrier). Locked
 * instructions are sequentially consistent and serve every A/R variant.
 *
 * Exclusives: the monitor remembers address, size and the value loaded; the
 * store is a compare-exchange against that value. A location that changed and
 * changed back in between is not noticed, which real programs cannot rely on
 * either way.
 */
#include "engine/interp/mem.h"

static inline unsigned size_of(uint32_t word)
{
    return word >> 30;
}

/* The host's address of an aligned location of 1 << size bytes at [Xn]. */
static inline void *atomic_at(struct cpu *cpu, uint32_t word, unsigned bytes, bool write)
{
    uint64_t addr = mem_base(cpu, rn(word));

    mem_check_aligned(cpu, addr, bytes, write);
    return mem_host(cpu, addr, bytes, write);
}

/* ---- ordered ---- */

static inline uint64_t load_acquire(void *p, unsigned size)
{
    uint64_t v;

    switch (size) {
    case 0: v = *(volatile mem_u8 *)p; break;
    case 1: v = *(volatile mem_u16 *)p; break;
    case 2: v = *(volatile mem_u32 *)p; break;
    default: v = *(volatile mem_u64 *)p;
    }
    MEM_BARRIER();
    return v;
}

#define XCHG(suffix, p, v) \
    __asm__ volatile("xchg" suffix : "+r"(v), "+m"(*(__typeof__(v) *)(p)) : : "memory")

/* Exchanges 1 << size bytes; misaligned locations are allowed (LSE2). Returns the old value. */
static inline uint64_t exchange(void *p, unsigned size, uint64_t value)
{
    switch (size) {
    case 0: {
        uint8_t v = (uint8_t)value;
        XCHG("b %0, %1", p, v);
        return v;
    }
    case 1: {
        uint16_t v = (uint16_t)value;
        XCHG("w %0, %1", p, v);
        return v;
    }
    case 2: {
        uint32_t v = (uint32_t)value;
        XCHG("l %0, %1", p, v);
        return v;
    }
    default: XCHG("q %0, %1", p, value); return value;
    }
}

EXEC(ldar)
{
    void *p = atomic_at(cpu, word, 1u << size_of(word), false);

    set_xr(cpu, rd(word), load_acquire(p, size_of(word)));
}

EXEC(stlr)
{
    void *p = atomic_at(cpu, word, 1u << size_of(word), true);

    exchange(p, size_of(word), xr(cpu, rd(word)));
}

EXEC(ldlar)
{
    exec_ldar(cpu, word);
}

EXEC(stllr)
{
    exec_stlr(cpu, word);
}

/* RCpc acquire: need not be ordered after an earlier store-release. */
EXEC(ldapr)
{
    exec_ldar(cpu, word);
}

/* LRCPC2: the same with an unscaled offset. */
static inline void *unscaled_at(struct cpu *cpu, uint32_t word, bool write)
{
    uint64_t addr = mem_base(cpu, rn(word)) + (uint64_t)sbits(word, 20, 12);

    mem_check_aligned(cpu, addr, 1u << size_of(word), write);
    return mem_host(cpu, addr, 1u << size_of(word), write);
}

EXEC(stlur)
{
    exchange(unscaled_at(cpu, word, true), size_of(word), xr(cpu, rd(word)));
}

EXEC(ldapur)
{
    set_xr(cpu, rd(word), load_acquire(unscaled_at(cpu, word, false), size_of(word)));
}

/* opc<0>: the result is 32 bits. */
static inline void load_unscaled_signed(struct cpu *cpu, uint32_t word)
{
    unsigned unused = 64 - (8u << size_of(word));
    uint64_t raw = load_acquire(unscaled_at(cpu, word, false), size_of(word));
    int64_t v = (int64_t)(raw << unused) >> unused;

    set_xr(cpu, rd(word), bit(word, 22) ? (uint32_t)v : (uint64_t)v);
}

EXEC(ldapursb)
{
    load_unscaled_signed(cpu, word);
}

EXEC(ldapursh)
{
    load_unscaled_signed(cpu, word);
}

EXEC(ldapursw)
{
    load_unscaled_signed(cpu, word);
}

/* ---- compare and exchange ---- */

#define CMPXCHG(suffix, p, expected, desired)                             \
    __asm__ volatile("lock cmpxchg" suffix                                \
                     : "+a"(expected), "+m"(*(__typeof__(expected) *)(p)) \
                     : "r"(desired)                                       \
                     : "memory", "cc")

/* Stores desired if the location holds expected; returns what it held. */
static inline uint64_t compare_exchange(void *p, unsigned size, uint64_t expected, uint64_t desired)
{
    switch (size) {
    case 0: {
        uint8_t e = (uint8_t)expected, d = (uint8_t)desired;
        CMPXCHG("b %2, %1", p, e, d);
        return e;
    }
    case 1: {
        uint16_t e = (uint16_t)expected, d = (uint16_t)desired;
        CMPXCHG("w %2, %1", p, e, d);
        return e;
    }
    case 2: {
        uint32_t e = (uint32_t)expected, d = (uint32_t)desired;
        CMPXCHG("l %2, %1", p, e, d);
        return e;
    }
    default: {
        uint64_t e = expected;
        CMPXCHG("q %2, %1", p, e, desired);
        return e;
    }
    }
}

/* The same for 16 bytes; p is aligned. *expected becomes what the location held. */
static inline bool compare_exchange16(void *p, union vreg *expected, const union vreg *desired)
{
    bool equal;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(equal), "+m"(*(union vreg *)p), "+a"(expected->d[0]),
                       "+d"(expected->d[1])
                     : "b"(desired->d[0]), "c"(desired->d[1])
                     : "memory");
    return equal;
}

EXEC(cas)
{
    unsigned size = size_of(word), s = rm(word);
    void *p = atomic_at(cpu, word, 1u << size, true);

    set_xr(cpu, s, compare_exchange(p, size, xr(cpu, s), xr(cpu, rd(word))));
}

/* Rs and Rt are even; 31 as the second register of a pair is the zero register. */
EXEC(casp)
{
    unsigned s = rm(word), t = rd(word);

    if (bit(word, 30)) {
        union vreg expected = {.d = {xr(cpu, s), xr(cpu, s + 1)}};
        union vreg desired = {.d = {xr(cpu, t), xr(cpu, t + 1)}};

        compare_exchange16(atomic_at(cpu, word, 16, true), &expected, &desired);
        set_xr(cpu, s, expected.d[0]);
        set_xr(cpu, s + 1, expected.d[1]);
    } else {
        uint64_t expected = (uint64_t)wr(cpu, s + 1) << 32 | wr(cpu, s);
        uint64_t desired = (uint64_t)wr(cpu, t + 1) << 32 | wr(cpu, t);
        uint64_t old = compare_exchange(atomic_at(cpu, word, 8, true), 3, expected, desired);

        set_xr(cpu, s, (uint32_t)old);
        set_xr(cpu, s + 1, old >> 32);
    }
}

/* ---- LSE: read, modify, write ---- */

/* MemOp of J1.1; x and y have 1 << size bytes in their low bits, the result's upper bits do not matter. */
enum mem_op { OP_ADD, OP_CLR, OP_EOR, OP_SET, OP_SMAX, OP_SMIN, OP_UMAX, OP_UMIN };

static inline uint64_t mem_op(enum mem_op op, unsigned size, uint64_t x, uint64_t y)
{
    unsigned unused = 64 - (8u << size);
    int64_t sx = (int64_t)(x << unused), sy = (int64_t)(y << unused);

    switch (op) {
    case OP_ADD: return x + y;
    case OP_CLR: return x & ~y;
    case OP_EOR: return x ^ y;
    case OP_SET: return x | y;
    case OP_SMAX: return sx > sy ? x : y;
    case OP_SMIN: return sx < sy ? x : y;
    case OP_UMAX: return (uint64_t)sx > (uint64_t)sy ? x : y;
    default: return (uint64_t)sx < (uint64_t)sy ? x : y;
    }
}

static inline void load_modify(struct cpu *cpu, uint32_t word, enum mem_op op)
{
    unsigned size = size_of(word);
    uint64_t operand = xr(cpu, rm(word));
    void *p = atomic_at(cpu, word, 1u << size, true);
    uint64_t seen = load_acquire(p, size), old;

    do {
        old = seen;
        seen = compare_exchange(p, size, old, mem_op(op, size, old, operand));
    } while (seen != old);
    set_xr(cpu, rd(word), old);
}

EXEC(ldadd)
{
    load_modify(cpu, word, OP_ADD);
}

EXEC(ldclr)
{
    load_modify(cpu, word, OP_CLR);
}

EXEC(ldeor)
{
    load_modify(cpu, word, OP_EOR);
}

EXEC(ldset)
{
    load_modify(cpu, word, OP_SET);
}

EXEC(ldsmax)
{
    load_modify(cpu, word, OP_SMAX);
}

EXEC(ldsmin)
{
    load_modify(cpu, word, OP_SMIN);
}

EXEC(ldumax)
{
    load_modify(cpu, word, OP_UMAX);
}

EXEC(ldumin)
{
    load_modify(cpu, word, OP_UMIN);
}

EXEC(swp)
{
    unsigned size = size_of(word);
    void *p = atomic_at(cpu, word, 1u << size, true);

    set_xr(cpu, rd(word), exchange(p, size, xr(cpu, rm(word))));
}

/* ---- exclusive ---- */

/* Exclusives stay aligned even with LSE2 (B2.2.1.1: they may fault otherwise). */
static inline void *exclusive_at(struct cpu *cpu, uint32_t word, unsigned bytes, bool write)
{
    uint64_t addr = mem_base(cpu, rn(word));

    if (unlikely(addr & (bytes - 1)))
        raise_unaligned(cpu, mem_untag(addr), write);
    return mem_host(cpu, addr, bytes, write);
}

static inline void open_monitor(struct cpu *cpu, void *p, unsigned bytes)
{
    cpu->excl_addr = (uint64_t)p;
    cpu->excl_size = bytes;
}

EXEC(ldxr)
{
    unsigned size = size_of(word);
    void *p = exclusive_at(cpu, word, 1u << size, false);

    cpu->excl_value.d[0] = load_acquire(p, size);
    open_monitor(cpu, p, 1u << size);
    set_xr(cpu, rd(word), cpu->excl_value.d[0]);
}

EXEC(ldaxr)
{
    exec_ldxr(cpu, word);
}

/* Closes the monitor: was it open on exactly this location? */
static inline bool close_monitor(struct cpu *cpu, void *p, unsigned bytes)
{
    bool open = cpu->excl_size == bytes && cpu->excl_addr == (uint64_t)p;

    cpu->excl_size = 0;
    return open;
}

/* The status register is 0 when the store was done, 1 when not. */
EXEC(stxr)
{
    unsigned size = size_of(word);
    uint64_t value = cpu->excl_value.d[0];
    void *p = exclusive_at(cpu, word, 1u << size, true);
    bool done = false;

    if (close_monitor(cpu, p, 1u << size))
        done = compare_exchange(p, size, value, xr(cpu, rd(word))) == value;
    set_xr(cpu, rm(word), !done);
}

EXEC(stlxr)
{
    exec_stxr(cpu, word);
}

EXEC(ldxp)
{
    unsigned bytes = bit(word, 30) ? 16 : 8;
    void *p = exclusive_at(cpu, word, bytes, false);

    if (bytes == 16) {
        union vreg v = {.q = mem_read128(cpu, (uint64_t)p)};

        cpu->excl_value = v;
        set_xr(cpu, rd(word), v.d[0]);
        set_xr(cpu, ra(word), v.d[1]);
    } else {
        uint64_t v = load_acquire(p, 3);

        cpu->excl_value.d[0] = v;
        set_xr(cpu, rd(word), (uint32_t)v);
        set_xr(cpu, ra(word), v >> 32);
    }
    open_monitor(cpu, p, bytes);
}

EXEC(ldaxp)
{
    exec_ldxp(cpu, word);
}

EXEC(stxp)
{
    unsigned bytes = bit(word, 30) ? 16 : 8;
    void *p = exclusive_at(cpu, word, bytes, true);
    bool done = false;

    if (close_monitor(cpu, p, bytes)) {
        union vreg expected = cpu->excl_value;

        if (bytes == 16) {
            union vreg desired = {.d = {xr(cpu, rd(word)), xr(cpu, ra(word))}};

            done = compare_exchange16(p, &expected, &desired);
        } else {
            uint64_t desired = (uint64_t)wr(cpu, ra(word)) << 32 | wr(cpu, rd(word));

            done = compare_exchange(p, 3, expected.d[0], desired) == expected.d[0];
        }
    }
    set_xr(cpu, rm(word), !done);
}

EXEC(stlxp)
{
    exec_stxp(cpu, word);
}
