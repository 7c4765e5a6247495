/*
 * The drivers of lane-wise operations: which registers and lanes an
 * instruction reads and writes (Arm ARM C4.1.96, "Advanced SIMD ...");
 * what happens to a lane is in simd_*.c.
 */
#include "engine/interp/simd.h"

void simd_apply(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, unsigned bytes,
                union lanes y)
{
    union lanes r = low_bytes(vr(cpu, rd(word)), bytes);
    union lanes x = low_bytes(vr(cpu, rn(word)), bytes);

    y = low_bytes(y, bytes);
    if (op(&r, &x, &y, size))
        cpu->fpsr |= FPSR_QC;
    set_vr(cpu, rd(word), r, bytes);
}

void simd_vec(struct cpu *cpu, uint32_t word, lane_op *op)
{
    simd_apply(cpu, word, op, size_field(word), vec_bytes(word), vr(cpu, rm(word)));
}

void simd_scalar(struct cpu *cpu, uint32_t word, lane_op *op)
{
    simd_apply(cpu, word, op, size_field(word), 1u << size_field(word), vr(cpu, rm(word)));
}

void simd_elem(struct cpu *cpu, uint32_t word, lane_op *op)
{
    simd_apply(cpu, word, op, size_field(word), vec_bytes(word),
               simd_element(cpu, word, size_field(word)));
}

void simd_elem_scalar(struct cpu *cpu, uint32_t word, lane_op *op)
{
    simd_apply(cpu, word, op, size_field(word), 1u << size_field(word),
               simd_element(cpu, word, size_field(word)));
}

void simd_long(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, union lanes y)
{
    union lanes r = vr(cpu, rd(word));
    union lanes x = half(vr(cpu, rn(word)), bit(word, 30));

    if (op(&r, &x, &y, size))
        cpu->fpsr |= FPSR_QC;
    set_vr(cpu, rd(word), r, 16);
}

void simd_narrow(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, union lanes y)
{
    union lanes r = {0};
    union lanes x = vr(cpu, rn(word));

    if (op(&r, &x, &y, size))
        cpu->fpsr |= FPSR_QC;
    set_vr_half(cpu, rd(word), r.u64[0], bit(word, 30));
}

void simd_narrow_scalar(struct cpu *cpu, uint32_t word, lane_op *op, unsigned size, union lanes y)
{
    union lanes r = {0};
    union lanes x = low_bytes(vr(cpu, rn(word)), 2u << size);

    if (op(&r, &x, &y, size))
        cpu->fpsr |= FPSR_QC;
    set_vr(cpu, rd(word), r, 1u << size);
}

union lanes simd_element(const struct cpu *cpu, uint32_t word, unsigned size)
{
    unsigned h = bit(word, 11), l = bit(word, 21), m = bit(word, 20);
    unsigned reg = size == 1 ? bits(word, 19, 16) : rm(word);
    unsigned index = size == 1 ? h << 2 | l << 1 | m : size == 2 ? h << 1 | l : h;
    union lanes v = vr(cpu, reg);

    return lanes_of(size, lane(&v, size, index));
}

union lanes simd_unzip(const union lanes *x, const union lanes *y, unsigned size, unsigned bytes,
                       unsigned part)
{
    union lanes r = {0};
    unsigned n = bytes >> size, half_n = n / 2;

    for (unsigned i = 0; i < half_n; i++) {
        set_lane(&r, size, i, lane(x, size, 2 * i + part));
        set_lane(&r, size, half_n + i, lane(y, size, 2 * i + part));
    }
    return r;
}

void simd_fp_apply(struct cpu *cpu, uint32_t word, fp_op *op, enum fpu_fmt fmt, unsigned bytes,
                   const union lanes *x, const union lanes *y)
{
    struct fpu f = fpu_begin(cpu);
    union lanes r = vr(cpu, rd(word));

    for (unsigned i = 0; i < bytes >> fmt; i++)
        set_lane(&r, fmt, i, op(&f, fmt, lane(&r, fmt, i), lane(x, fmt, i), lane(y, fmt, i)));
    set_vr(cpu, rd(word), r, bytes);
    fpu_end(cpu, &f);
}
