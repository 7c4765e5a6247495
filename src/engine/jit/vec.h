/*
 * What the lifters of Advanced SIMD share (vec.c): fields, constants, and
 * building blocks on host registers that work for every lane size. Sizes are
 * log2 of a lane's bytes. T0 to T3 are XMM_T0 to XMM_T3; all pieces may use RAX.
 */
#ifndef ENGINE_JIT_VEC_H
#define ENGINE_JIT_VEC_H

#include "engine/jit/lifters.h"

#define IS_Q(w) bit(w, 30)
#define LANE(w) bits(w, 23, 22)

/* Of SHIFT BY IMMEDIATE: immh:immb holds the lane size in its highest bit, and the count from there. */
static inline unsigned imm_size(uint32_t w)
{
    return 31u - (unsigned)__builtin_clz(bits(w, 22, 19));
}

static inline unsigned count_right(uint32_t w)
{
    return (16u << imm_size(w)) - bits(w, 22, 16);
}

static inline unsigned count_left(uint32_t w)
{
    return bits(w, 22, 16) - (8u << imm_size(w));
}

/* A scalar form works on the lowest lane and zeroes the rest, as a vector form without Q does. */
#define AS_SCALAR(w) ((w) & ~(1u << 30))

/* Which lanes an instruction works on: those of the register, or of its half without Q; or the lowest. */
enum shape { VECTOR, SCALAR };

/* An operation for each lane size; 0: the host has none. */
struct lanes {
    uint32_t op[4];
};

extern const struct lanes lanes_add, lanes_sub, lanes_cmpeq, lanes_cmpgt, lanes_unpack_low,
    lanes_unpack_high;
extern const struct lanes lanes_broadcast, lanes_insert, lanes_extract;
extern const struct lanes lanes_mins, lanes_maxs, lanes_minu, lanes_maxu; /* no doublewords */

/* Constants in the pool by lane size: the sign, the largest signed number. */
extern const uint16_t vec_sign[4], vec_max[4];

/* d = op(V[n], V[m]), whichever encodings op has. Uses T0 and T1. */
void vec_op(struct lift *l, uint32_t op, int d, unsigned n, unsigned m);
/* Where a last operation may put its result: V[n]'s own place if op can write it, or t. */
int vec_dest(uint32_t op, unsigned n, int t);

/* V[Rd] = x, its low half only when Q is 0. */
void vec_commit(struct lift *l, uint32_t w, int x);
/* V[Rd] = the lanes of x that take part. */
void vec_result(struct lift *l, uint32_t w, enum shape shape, unsigned size, int x);
/* Zeroes the other lanes of x. */
void vec_keep(struct lift *l, uint32_t w, enum shape shape, unsigned size, int x);
/* The narrowed lanes in the low half of x go to the half of V[Rd] that Q names. */
void vec_commit_narrow(struct lift *l, uint32_t w, int x);

/* x = a constant in every 32 or 64 bits. */
void vec_const32(struct lift *l, int x, uint32_t v);
void vec_const64(struct lift *l, int x, uint64_t v);
static inline void vec_zero(struct lift *l, int x)
{
    x_v(&l->e, VPXOR, x, x, rm_reg(x));
}
static inline void vec_ones(struct lift *l, int x)
{
    x_v(&l->e, VPCMPEQD, x, x, rm_reg(x));
}
/* x = ~x. */
void vec_not(struct lift *l, int x);

/* d = |s|, s below XMM16; uses T1. */
void vec_abs(struct lift *l, unsigned size, int d, int s);

/* d = s shifted by count (0 to the lane's bits); d and s differ from t, which a signed shift of doublewords uses. */
void vec_shl(struct lift *l, unsigned size, int d, int s, unsigned count);
void vec_shr(struct lift *l, unsigned size, bool is_signed, int d, int s, unsigned count, int t);

/* d = the half of V[n] that Q names, each lane widened to twice its size. Any register. */
void vec_widen(struct lift *l, uint32_t w, unsigned size, bool is_signed, int d, unsigned n);
/* Low half of x = the low halves of the lanes of x, which have twice `size`. */
void vec_truncate(struct lift *l, unsigned size, int x);

/* even, odd = even and odd lanes of a followed by b, which are destroyed; even may be a. */
void vec_unzip(struct lift *l, unsigned size, int even, int odd, int a, int b);

/* d = s shifted right by count (1 to the lane's bits) and rounded. Uses T1 and T3, which d is not. */
void vec_shr_rounded(struct lift *l, unsigned size, bool is_signed, int d, int s, unsigned count);

/* T0 = signed words or doublewords a + b (a - b) saturated, T2 = not saturated. Uses T3; a and b may be T0, T1. */
void vec_saturating(struct lift *l, unsigned size, bool subtract, int a, int b);

/*
 * FPSR.QC is sticky: what lies between vec_qc_ask and vec_qc_tell finds out
 * whether a lane saturated (x is not zero then), and is jumped over when QC is
 * set already. Behind flags_clobber, which vec_qc_ask does.
 */
uint8_t *vec_qc_ask(struct lift *l);
void vec_qc_tell(struct lift *l, uint8_t *known, int x);

#endif
