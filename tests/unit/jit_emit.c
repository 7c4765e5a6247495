/*
 * The translator's emitter against capstone: what the functions of emit.h
 * write reads as the instruction that they are named for, in every shape of
 * operand that has an encoding of its own. And what it knows of the scratch
 * registers is forgotten when it must be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <capstone/capstone.h>

#include "engine/jit/state.h"
#include "engine/jit/vops.h"

static uint8_t code[4096];
static struct emit e;

static void begin(void)
{
    memset(&e, 0, sizeof e);
    e.p = code;
    e.end = code + sizeof code;
    emit_forget(&e);
}

/* The instructions since begin(), "; " between them. */
static const char *text(void)
{
    static char buf[512];
    csh handle;
    cs_insn *insn;

    assert_int_equal(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), CS_ERR_OK);
    size_t count = cs_disasm(handle, code, (size_t)(e.p - code), 0x1000, 0, &insn), used = 0,
           bytes = 0;
    buf[0] = 0;
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(buf + used, sizeof buf - used, "%s%s %s", i ? "; " : "",
                                 insn[i].mnemonic, insn[i].op_str);
        bytes += insn[i].size;
    }
    assert_int_equal(bytes, e.p - code);
    cs_free(insn, count);
    cs_close(&handle);
    for (char *at; (at = strstr(buf, " ,"));) /* capstone 4 prints a blank behind xmm16 */
        memmove(at, at + 1, strlen(at));
    return buf;
}

#define READS(call, expected)                  \
    do {                                       \
        begin();                               \
        call;                                  \
        assert_string_equal(text(), expected); \
    } while (0)

static void every_base_and_index(void **state)
{
    READS(x_load(&e, true, RAX, rm_mem(RDI, 0)), "mov rax, qword ptr [rdi]");
    READS(x_load(&e, true, R9, rm_mem(RBP, 0)), "mov r9, qword ptr [rbp]");
    READS(x_load(&e, false, R9, rm_mem(R13, 0)), "mov r9d, dword ptr [r13]");
    READS(x_load(&e, true, RAX, rm_mem(R12, 8)), "mov rax, qword ptr [r12 + 8]");
    READS(x_load(&e, true, RAX, rm_mem(RSP, 8)), "mov rax, qword ptr [rsp + 8]");
    READS(x_load(&e, true, RAX, rm_mem(RSI, 4096)), "mov rax, qword ptr [rsi + 0x1000]");
    READS(x_load(&e, true, RAX, rm_sib(RBP, R8, 3, 0)), "mov rax, qword ptr [rbp + r8*8]");
    READS(x_load(&e, true, R11, rm_sib(R13, R12, 0, -1)), "mov r11, qword ptr [r13 + r12 - 1]");
}

static void widths_and_byte_registers(void **state)
{
    READS(x_store8(&e, rm_mem(RDI, 0), RSI), "mov byte ptr [rdi], sil");
    READS(x_store8(&e, rm_mem(RDI, 0), RBX), "mov byte ptr [rdi], bl");
    READS(x_store16(&e, rm_mem(R8, 2), R9), "mov word ptr [r8 + 2], r9w");
    READS(x_movzx8(&e, RBX, rm_reg(RBP)), "movzx ebx, bpl");
    READS(x_movsx8(&e, true, R8, rm_reg(RDI)), "movsx r8, dil");
    READS(x_movsx16(&e, false, R8, rm_mem(RDI, 0)), "movsx r8d, word ptr [rdi]");
    READS(x_movsxd(&e, RSI, rm_reg(R10)), "movsxd rsi, r10d");
    READS(x_setcc(&e, CC_LE, rm_reg(RSI)), "setle sil");
}

static void constants_are_short(void **state)
{
    READS(x_imm(&e, R8, 0), "mov r8d, 0");
    READS(x_imm(&e, RAX, 0xffffffff), "mov eax, 0xffffffff");
    READS(x_imm(&e, RAX, ~0ull), "mov rax, -1");
    READS(x_imm(&e, R12, 0x123456789abc), "movabs r12, 0x123456789abc");
    begin();
    x_imm(&e, RAX, ~0ull);
    assert_int_equal(e.p - code, 7);
}

static void arithmetic(void **state)
{
    READS(x_alu(&e, ALU_ADD, true, RDI, rm_reg(R9)), "add rdi, r9");
    READS(x_alu_store(&e, ALU_CMP, false, rm_mem(R15, -8), RSI), "cmp dword ptr [r15 - 8], esi");
    READS(x_alu_imm(&e, ALU_AND, true, rm_reg(R11), -64), "and r11, 0xffffffffffffffc0");
    READS(x_alu_imm(&e, ALU_CMP, false, rm_mem(R15, 0x94), 1000),
          "cmp dword ptr [r15 + 0x94], 0x3e8");
    READS(x_shift(&e, SH_SAR, true, rm_reg(RAX), 1), "sar rax, 1");
    READS(x_shift(&e, SH_ROR, false, rm_reg(R14), 5), "ror r14d, 5");
    READS(x_shiftx(&e, SHX_SHL, true, RDI, rm_reg(R8), RCX), "shlx rdi, r8, rcx");
    READS(x_shiftx(&e, SHX_SAR, false, R9, rm_mem(R15, 8), RSI),
          "sarx r9d, dword ptr [r15 + 8], esi");
    READS(x_rorx(&e, true, RDI, rm_reg(R13), 7), "rorx rdi, r13, 7");
    READS(x_andn(&e, true, RDI, RSI, rm_reg(R8)), "andn rdi, rsi, r8");
    READS(x_mulx(&e, true, RAX, RCX, rm_reg(RCX)), "mulx rax, rcx, rcx");
    READS(x_bswap(&e, true, R9), "bswap r9");
    READS(x_cmov(&e, CC_A, true, RSI, rm_reg(R10)), "cmova rsi, r10");
    READS((x_lock(&e), x_rm(&e, true, 0xb1 | OP_0F, RDX, rm_mem(RDI, 0))),
          "lock cmpxchg qword ptr [rdi], rdx");
}

static void vectors_below_and_above_sixteen(void **state)
{
    READS(x_v(&e, VPADDD, 1, 2, rm_reg(3)), "vpaddd xmm1, xmm2, xmm3");
    READS(x_v(&e, VPADDD, 1, 2, rm_reg(12)), "vpaddd xmm1, xmm2, xmm12");
    READS(x_v(&e, VPADDQ, 16, 2, rm_reg(31)), "vpaddq xmm16, xmm2, xmm31");
    READS(x_v(&e, VPADDD, 3, 24, rm_mem(R15, 64)), "vpaddd xmm3, xmm24, xmmword ptr [r15 + 0x40]");
    READS(x_v(&e, VMOVDQU_ST, 20, 0, rm_mem(RDI, 16)), "vmovdqu64 xmmword ptr [rdi + 0x10], xmm20");
    READS(x_v(&e, VFP(FP_MUL, true, false), 17, 18, rm_reg(19)), "vmulsd xmm17, xmm18, xmm19");
    READS(x_v(&e, VFMA(FMA_231, FMA_NADD, true, false), 12, 1, rm_reg(2)),
          "vfnmadd231sd xmm12, xmm1, xmm2");
    READS(x_v(&e, VMOVQ_TO_R, 25, 0, rm_reg(R9)), "vmovq r9, xmm25");
    READS(x_v(&e, VMOVDQU_LD | VOP_256, 12, 0, rm_mem(RDX, 0)), "vmovdqu ymm12, ymmword ptr [rdx]");
    READS(x_vi(&e, VINSERTPS, 1, 1, rm_reg(1), 0x0e), "vinsertps xmm1, xmm1, xmm1, 0xe");
}

static void jumps_that_are_patched_lie_in_one_quadword(void **state)
{
    for (unsigned before = 0; before < 8; before++) {
        uint8_t *(*const make[])(struct emit *) = {x_jmp_aligned, x_call_aligned};
        for (unsigned k = 0; k < 2; k++) {
            begin();
            for (unsigned i = 0; i < before; i++)
                e8(&e, 0x90);
            assert_in_range((uintptr_t)make[k](&e) & 7, 0, 4);
        }
        begin();
        for (unsigned i = 0; i < before; i++)
            e8(&e, 0x90);
        assert_in_range((uintptr_t)x_jcc_aligned(&e, CC_NE) & 7, 0, 4);
    }
}

/* RAX holds the slot at R15 + 40 in all of these. */
static void begin_holding(void)
{
    begin();
    x_store(&e, true, rm_mem(R15, 40), RAX);
    emit_hold(&e, RAX, 40);
    e.p = code;
}

#define READS_HELD(call, expected)             \
    do {                                       \
        begin_holding();                       \
        call;                                  \
        assert_string_equal(text(), expected); \
    } while (0)

static void a_held_slot_is_not_read_again(void **state)
{
    struct rm slot40 = rm_mem(R15, 40);

    READS_HELD(x_load(&e, true, RDI, slot40), "mov rdi, rax");
    READS_HELD(x_load(&e, false, RDI, slot40), "mov edi, eax");
    READS_HELD(x_alu(&e, ALU_ADD, true, RDI, slot40), "add rdi, rax");
    READS_HELD(x_alu_imm(&e, ALU_CMP, false, slot40, 3), "cmp eax, 3");
    READS_HELD(x_load(&e, true, RDI, rm_mem(R15, 48)), "mov rdi, qword ptr [r15 + 0x30]");
    begin_holding();
    x_load(&e, true, RAX, slot40);
    assert_ptr_equal(e.p, code);
}

static void a_held_slot_is_forgotten(void **state)
{
    static const char *const from_memory = "mov rdi, qword ptr [r15 + 0x28]";
    struct rm slot40 = rm_mem(R15, 40);

#define FORGETS(call)                             \
    do {                                          \
        begin_holding();                          \
        call;                                     \
        e.p = code;                               \
        x_load(&e, true, RDI, slot40);            \
        assert_string_equal(text(), from_memory); \
    } while (0)

    FORGETS(x_imm(&e, RAX, 1));
    FORGETS(x_load(&e, true, RAX, rm_mem(RDI, 0)));
    FORGETS(x_alu_imm(&e, ALU_ADD, true, rm_reg(RAX), 1));
    FORGETS(x_lea(&e, true, RAX, rm_mem(RAX, 1)));
    FORGETS(x_setcc(&e, CC_E, rm_reg(RAX)));
    FORGETS(x_shift(&e, SH_SHL, true, rm_reg(RAX), 1));
    FORGETS(x_un(&e, UN_DIV, true, rm_reg(RCX)));
    FORGETS(x_rm(&e, true, 0xb1 | OP_0F, RDX, rm_mem(RDI, 0)));
    FORGETS(x_rorx(&e, true, RAX, rm_reg(RDI), 1));
    FORGETS(x_v(&e, VMOVQ_TO_R, 20, 0, rm_reg(RAX)));
    FORGETS(x_pop(&e, RAX));
    FORGETS(x_lahf(&e));
    FORGETS(x_call(&e));
    FORGETS(x_store(&e, true, slot40, RDI));
    FORGETS(x_store_imm(&e, true, slot40, 0));
    FORGETS(x_alu_store(&e, ALU_ADD, true, slot40, RDI));
    FORGETS(x_store16(&e, rm_mem(R15, 44), RDI));
#undef FORGETS
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_base_and_index),
        cmocka_unit_test(widths_and_byte_registers),
        cmocka_unit_test(constants_are_short),
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(vectors_below_and_above_sixteen),
        cmocka_unit_test(jumps_that_are_patched_lie_in_one_quadword),
        cmocka_unit_test(a_held_slot_is_not_read_again),
        cmocka_unit_test(a_held_slot_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
