/*
 * Catches (a setjmp of our own, because the host libc's keeps a mangled copy
 * and knows no faults) and the copies that survive faults. host/fault.c knows
 * the labels: a fault with its PC in [begin, end) of a copy continues at that
 * copy's _fault label, with the registers as they are.
 */
    .set CATCHER, 8 /* offsetof(struct host_thread, catcher), asserted in fault.c */

    .text
    .globl host_catch, host_throw_to, host_catch_fault
    .type host_catch, @function
host_catch:
    .cfi_startproc
    mov (%rsp), %rdx
    lea 8(%rsp), %rcx
    mov %rbx, (%rdi)
    mov %rbp, 8(%rdi)
    mov %r12, 16(%rdi)
    mov %r13, 24(%rdi)
    mov %r14, 32(%rdi)
    mov %r15, 40(%rdi)
    mov %rcx, 48(%rdi)
    mov %rdx, 56(%rdi)
    mov %fs:host_self@tpoff, %rax
    mov %rdi, CATCHER(%rax)
    xor %eax, %eax
    ret
    .cfi_endproc
    .size host_catch, . - host_catch

    .type host_throw_to, @function
host_throw_to:
    .cfi_startproc
    mov $1, %eax
    jmp 1f
/* The fault handler resumes here with the catch in rdi. */
host_catch_fault:
    cld
    mov $2, %eax
1:  mov %fs:host_self@tpoff, %rcx
    movq $0, CATCHER(%rcx)
    mov (%rdi), %rbx
    mov 8(%rdi), %rbp
    mov 16(%rdi), %r12
    mov 24(%rdi), %r13
    mov 32(%rdi), %r14
    mov 40(%rdi), %r15
    mov 48(%rdi), %rsp
    jmp *56(%rdi)
    .cfi_endproc
    .size host_throw_to, . - host_throw_to

/* long host_copy(void *dst, const void *src, size_t bytes) */
    .globl host_copy, host_copy_begin, host_copy_end, host_copy_fault
    .type host_copy, @function
host_copy:
    .cfi_startproc
    mov %rdx, %rcx
    xor %eax, %eax
    cmp $64, %rdx
    ja 3f
host_copy_begin:
    sub $8, %rcx
    jb 2f
1:  mov (%rsi), %r8
    mov %r8, (%rdi)
    add $8, %rsi
    add $8, %rdi
    sub $8, %rcx
    jae 1b
2:  add $8, %rcx
3:  rep movsb
host_copy_end:
    ret
host_copy_fault:
    mov $-14, %rax /* -LINUX_EFAULT */
    ret
    .cfi_endproc
    .size host_copy, . - host_copy

/* long host_copy_str(char *dst, const char *src, size_t cap) */
    .globl host_copy_str, host_copy_str_begin, host_copy_str_end
    .type host_copy_str, @function
host_copy_str:
    .cfi_startproc
    xor %eax, %eax
host_copy_str_begin:
1:  cmp %rdx, %rax
    je host_copy_str_end
    movzbl (%rsi,%rax), %ecx
    mov %cl, (%rdi,%rax)
    test %cl, %cl
    je host_copy_str_end
    inc %rax
    jmp 1b
host_copy_str_end:
    ret
    .cfi_endproc
    .size host_copy_str, . - host_copy_str

/* long host_load32(const uint32_t *p, uint32_t *value) */
    .globl host_word_begin, host_word_end
    .globl host_load32
    .type host_load32, @function
host_word_begin:
host_load32:
    .cfi_startproc
    mov (%rdi), %eax
    mov %eax, (%rsi)
    xor %eax, %eax
    ret
    .cfi_endproc
    .size host_load32, . - host_load32

/* long host_cas32(uint32_t *p, uint32_t expect, uint32_t desired, uint32_t *seen) */
    .globl host_cas32
    .type host_cas32, @function
host_cas32:
    .cfi_startproc
    mov %esi, %eax
    lock cmpxchg %edx, (%rdi)
    mov %eax, (%rcx)
    xor %eax, %eax
host_word_end:
    ret
    .cfi_endproc
    .size host_cas32, . - host_cas32

    .section .note.GNU-stack, "", @progbits
