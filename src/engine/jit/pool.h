/*
 * The pool of constants at the start of the arena, by rm_const(K_xxx): 16
 * bytes each, families of them at K_xxx + 16 * i. Written once by emit_pool.
 */
#ifndef ENGINE_JIT_POOL_H
#define ENGINE_JIT_POOL_H

#include "engine/jit/emit.h"

enum jit_const {
    K_ABS_D = 0, /* masks of one low element, the rest zero */
    K_SIGN_D = 16,
    K_ABS_S = 32,
    K_SIGN_S = 48,
    K_ABS_2D = 64, /* masks of every element */
    K_SIGN_2D = 80,
    K_ABS_4S = 96,
    K_SIGN_4S = 112,
    K_TWO63_D = 128, /* 2^63 and 2^32 as double and single, low element */
    K_TWO63_S = 144,
    K_EVEN_BYTES = 160, /* masks and numbers in every byte */
    K_NIBBLES = 176,
    K_BYTES_10 = 192,
    K_BYTES_70 = 208,
    K_BITS = 224, /* how many bits 0 to 15 have, for PSHUFB */
    K_REVERSE =
        240, /* orders for PSHUFB: bytes of halfwords, bytes, then halfwords of words, then of doublewords */
    K_ONES = 336,        /* every bit */
    K_EVEN_HALVES = 352, /* the low halves of words, of doublewords */
    K_EVEN_WORDS = 368,
    K_BYTES_01 = 384, /* 1 in every byte, halfword, word, doubleword */
    K_HALVES_01 = 400,
    K_WORDS_01 = 416,
    K_DOUBLES_01 = 432,
    K_SIGN_16B =
        448, /* the sign of every byte, of every halfword; those of words and doublewords stand above */
    K_SIGN_8H = 464,
    K_LANE = 480,      /* by log2 of its bytes: the lowest lane */
    K_SHL_BYTES = 544, /* by count 0 to 8: what a left shift of bytes keeps, */
    K_SHR_BYTES = 688, /* a right shift keeps, */
    K_SAR_BYTES = 832, /* and where that leaves the sign */
    K_SHIFT_MUL =
        976,         /* by count 1 to 15: the factor for which PMULHRSW is a rounding right shift */
    K_HALVES = 1216, /* orders for PSHUFB by lane size 0 and 1: even lanes, then odd ones; */
    K_QUARTERS = 1248, /* every fourth one from 0, 1, 2, 3; */
    K_SPLIT3 =
        1280, /* by size 0 to 3, 144 bytes each: LD3's lanes for its register k from row r, 3k + r; */
    K_MERGE3 = 1856, /* ST3's for its row r from register k, 3r + k */
    K_TABLE = 2432,  /* by registers less one: the last index of TBX's table in every byte */
    K_HIGH_HALF =
        2496, /* by size 0 to 2: half of a unit of the upper halves of lanes twice as wide */
    K_HALF_2D = 2544, /* 0.5 and 1.0 in every lane */
    K_HALF_4S = 2560,
    K_ONE_2D = 2576,
    K_ONE_4S = 2592,
    K_CRC32 = 2608, /* the polynomial's inverse modulo x^64, the polynomial; bits reflected */
    K_SHA1 = 2624,  /* minus the constants of SHA-1's rounds, in every word */
    K_RBIT = 2672, /* the matrix for GF2P8AFFINEQB that reverses the bits of each byte */
    K_POOL_BYTES = 2688
};

/* Writes the pool at e->p and makes it the emitter's. */
void emit_pool(struct emit *e);

#endif
