/*
 * host_window_syscall(poll, nr, a0..a5): the test of *poll and the system
 * call as one step. host/signal.c knows the labels: a PC in [begin, end) is
 * moved to _not_entered or, where the kernel had begun the call and wants it
 * made again, to _restart. The kernel leaves the address behind the
 * instruction in rcx when it is entered; before, rcx is 0. (With FRED it leaves
 * rcx alone; signal.c finds that out and then takes the PC's word for it.)
 */
    .text
    .globl host_window_syscall, host_window_begin, host_window_call, host_window_end
    .globl host_window_not_entered, host_window_restart
    .type host_window_syscall, @function
host_window_syscall:
    .cfi_startproc
    mov %rdi, %r11
    mov %rsi, %rax
    mov %rdx, %rdi
    mov %rcx, %rsi
    mov %r8, %rdx
    mov %r9, %r10
    mov 8(%rsp), %r8
    mov 16(%rsp), %r9
    xor %ecx, %ecx
host_window_begin:
    cmpl $0, (%r11)
    jne host_window_not_entered
host_window_call:
    syscall
host_window_end:
    ret
host_window_not_entered:
    mov $-513, %rax /* -LINUX_ERESTARTNOINTR */
    ret
host_window_restart:
    mov $-512, %rax /* -LINUX_ERESTARTSYS */
    ret
    .cfi_endproc
    .size host_window_syscall, . - host_window_syscall

    .section .note.GNU-stack, "", @progbits
