/*
 * The two moments of a host thread for which C has no words: its first
 * instructions on a stack of its own, and its last after that stack is gone.
 */
#include <sys/syscall.h>

    .text
/*
 * long host_clone_call(flags, stack, ptid, ctid, tls): clone(2) of the host.
 * long host_clone3_call(args, size): clone3(2).
 * The child finds entry and its argument at the top of its stack.
 */
    .globl host_clone_call
    .type host_clone_call, @function
host_clone_call:
    .cfi_startproc
    mov %rcx, %r10
    mov $SYS_clone, %eax
    syscall
    test %rax, %rax
    jz child_start
    ret
    .cfi_endproc
    .size host_clone_call, . - host_clone_call

    .globl host_clone3_call
    .type host_clone3_call, @function
host_clone3_call:
    .cfi_startproc
    mov $SYS_clone3, %eax
    syscall
    test %rax, %rax
    jz child_start
    ret
    .cfi_endproc
    .size host_clone3_call, . - host_clone3_call

    .type child_start, @function
child_start:
    .cfi_startproc
    .cfi_undefined rip
    xor %ebp, %ebp
    pop %rax
    pop %rdi
    call *%rax
    ud2
    .cfi_endproc
    .size child_start, . - child_start

/*
 * void host_exit_call(void *block, size_t bytes, int status, void **kept): the block goes
 * to *kept, or is unmapped if that is NULL; exit. No stack is touched from there on.
 */
    .globl host_exit_call
    .type host_exit_call, @function
host_exit_call:
    .cfi_startproc
    mov %edx, %ebx
    test %rcx, %rcx
    jz 1f
    mov %rdi, (%rcx)
    jmp 2f
1:  mov $SYS_munmap, %eax
    syscall
2:  mov %ebx, %edi
    mov $SYS_exit, %eax
    syscall
    ud2
    .cfi_endproc
    .size host_exit_call, . - host_exit_call

/* The kernel wants a way back from handlers. */
    .globl host_signal_restorer
    .type host_signal_restorer, @function
host_signal_restorer:
    mov $SYS_rt_sigreturn, %eax
    syscall
    .size host_signal_restorer, . - host_signal_restorer

    .section .note.GNU-stack, "", @progbits
