/*
 * The classic BPF machine: accumulator A, index X, sixteen scratch words, a
 * read-only packet that is the struct linux_seccomp_data. Programs come from
 * the guest and are hostile until bpf_check has passed them; bpf_run trusts
 * what was checked. Source: Documentation/networking/filter.rst and the
 * restrictions of seccomp_check_filter in kernel/seccomp.c.
 */
#include "kernel/bpf.h"

#include <string.h>

#define DATA_BYTES ((uint32_t)sizeof(struct linux_seccomp_data))

/* Operations that seccomp allows, by whole opcode; what each needs is checked beside it. */
static bool opcode_known(const struct linux_sock_filter *f)
{
    switch (f->code & BPF_CLASS_MASK) {
    case BPF_CLASS_LD:
        if (f->code == (BPF_CLASS_LD | BPF_MODE_ABS))
            return f->k < DATA_BYTES && f->k % 4 == 0;
        return f->code == (BPF_CLASS_LD | BPF_MODE_IMM) ||
               f->code == (BPF_CLASS_LD | BPF_MODE_LEN) ||
               (f->code == (BPF_CLASS_LD | BPF_MODE_MEM) && f->k < LINUX_BPF_MEMWORDS);
    case BPF_CLASS_LDX:
        return f->code == (BPF_CLASS_LDX | BPF_MODE_IMM) ||
               f->code == (BPF_CLASS_LDX | BPF_MODE_LEN) ||
               (f->code == (BPF_CLASS_LDX | BPF_MODE_MEM) && f->k < LINUX_BPF_MEMWORDS);
    case BPF_CLASS_ST:
    case BPF_CLASS_STX: return (f->code & ~BPF_CLASS_MASK) == 0 && f->k < LINUX_BPF_MEMWORDS;
    case BPF_CLASS_ALU: {
        bool by_x = f->code & BPF_SRC_X;
        switch (f->code & BPF_OP_MASK) {
        case BPF_OP_NEG: return !by_x && f->code < 0x100;
        case BPF_OP_DIV: return (by_x || f->k != 0) && f->code < 0x100;
        case BPF_OP_LSH:
        case BPF_OP_RSH: return (by_x || f->k < 32) && f->code < 0x100;
        case BPF_OP_ADD:
        case BPF_OP_SUB:
        case BPF_OP_MUL:
        case BPF_OP_OR:
        case BPF_OP_AND:
        case BPF_OP_XOR: return f->code < 0x100;
        }
        return false;
    }
    case BPF_CLASS_JMP:
        switch (f->code & BPF_OP_MASK) {
        case BPF_OP_JA: return f->code == (BPF_CLASS_JMP | BPF_OP_JA);
        case BPF_OP_JEQ:
        case BPF_OP_JGT:
        case BPF_OP_JGE:
        case BPF_OP_JSET: return f->code < 0x100;
        }
        return false;
    case BPF_CLASS_RET:
        return f->code == (BPF_CLASS_RET | BPF_RET_K) || f->code == (BPF_CLASS_RET | BPF_RET_A);
    case BPF_CLASS_MISC:
        return f->code == (BPF_CLASS_MISC | BPF_MISC_TAX) ||
               f->code == (BPF_CLASS_MISC | BPF_MISC_TXA);
    }
    return false;
}

static bool jump_inside(const struct linux_sock_filter *f, unsigned pc, unsigned len)
{
    if ((f->code & BPF_CLASS_MASK) != BPF_CLASS_JMP)
        return true;
    unsigned room = len - pc - 1; /* instructions behind this one */
    if ((f->code & BPF_OP_MASK) == BPF_OP_JA)
        return f->k < room;
    return f->jt < room && f->jf < room;
}

/*
 * Every path writes a scratch word before it reads it. Jumps only go forward,
 * so one pass suffices: written[pc] holds the words sure to be written on all
 * the paths that reach pc.
 */
static bool scratch_written(const struct linux_sock_filter *prog, unsigned len)
{
    uint16_t written[LINUX_BPF_MAXINSNS];
    memset(written, 0xff, len * sizeof(written[0]));
    uint16_t now = 0;
    for (unsigned pc = 0; pc < len; pc++) {
        const struct linux_sock_filter *f = &prog[pc];
        now &= written[pc];
        switch (f->code & BPF_CLASS_MASK) {
        case BPF_CLASS_ST:
        case BPF_CLASS_STX: now |= (uint16_t)(1u << f->k); break;
        case BPF_CLASS_LD:
        case BPF_CLASS_LDX:
            if ((f->code & 0xe0) == BPF_MODE_MEM && !(now & (1u << f->k)))
                return false;
            break;
        case BPF_CLASS_JMP:
            if ((f->code & BPF_OP_MASK) == BPF_OP_JA) {
                written[pc + 1 + f->k] &= now;
            } else {
                written[pc + 1 + f->jt] &= now;
                written[pc + 1 + f->jf] &= now;
            }
            now = 0xffff; /* the next instruction is reached by jumps alone */
            break;
        }
    }
    return true;
}

bool bpf_check(const struct linux_sock_filter *prog, unsigned len)
{
    if (len == 0 || len > LINUX_BPF_MAXINSNS)
        return false;
    for (unsigned pc = 0; pc < len; pc++)
        if (!opcode_known(&prog[pc]) || !jump_inside(&prog[pc], pc, len))
            return false;
    return (prog[len - 1].code & BPF_CLASS_MASK) == BPF_CLASS_RET && scratch_written(prog, len);
}

static uint32_t alu(uint16_t code, uint32_t a, uint32_t b)
{
    switch (code & BPF_OP_MASK) {
    case BPF_OP_ADD: return a + b;
    case BPF_OP_SUB: return a - b;
    case BPF_OP_MUL: return a * b;
    case BPF_OP_DIV: return b ? a / b : 0;
    case BPF_OP_OR: return a | b;
    case BPF_OP_AND: return a & b;
    case BPF_OP_LSH: return a << (b & 31);
    case BPF_OP_RSH: return a >> (b & 31);
    case BPF_OP_XOR: return a ^ b;
    default: return -a; /* BPF_OP_NEG */
    }
}

static bool jump_taken(uint16_t code, uint32_t a, uint32_t b)
{
    switch (code & BPF_OP_MASK) {
    case BPF_OP_JEQ: return a == b;
    case BPF_OP_JGT: return a > b;
    case BPF_OP_JGE: return a >= b;
    default: return a & b; /* BPF_OP_JSET */
    }
}

uint32_t bpf_run(const struct linux_sock_filter *prog, const struct linux_seccomp_data *data)
{
    uint32_t a = 0, x = 0, scratch[LINUX_BPF_MEMWORDS] = {0};
    for (const struct linux_sock_filter *f = prog;; f++) {
        uint32_t operand = f->code & BPF_SRC_X ? x : f->k;
        uint32_t value = f->k;
        switch (f->code & BPF_CLASS_MASK) {
        case BPF_CLASS_LD:
        case BPF_CLASS_LDX:
            switch (f->code & 0xe0) {
            case BPF_MODE_ABS: memcpy(&value, (const char *)data + f->k, sizeof(value)); break;
            case BPF_MODE_MEM: value = scratch[f->k]; break;
            case BPF_MODE_LEN: value = DATA_BYTES; break;
            }
            if ((f->code & BPF_CLASS_MASK) == BPF_CLASS_LD)
                a = value;
            else
                x = value;
            break;
        case BPF_CLASS_ST: scratch[f->k] = a; break;
        case BPF_CLASS_STX: scratch[f->k] = x; break;
        case BPF_CLASS_ALU:
            /* A division by an X of zero ends the program with 0. */
            if ((f->code & BPF_OP_MASK) == BPF_OP_DIV && operand == 0)
                return 0;
            a = alu(f->code, a, operand);
            break;
        case BPF_CLASS_JMP:
            if ((f->code & BPF_OP_MASK) == BPF_OP_JA)
                f += f->k;
            else
                f += jump_taken(f->code, a, operand) ? f->jt : f->jf;
            break;
        case BPF_CLASS_RET: return f->code & BPF_RET_A ? a : f->k;
        default:
            if (f->code & BPF_MISC_TXA)
                a = x;
            else
                x = a;
            break;
        }
    }
}
