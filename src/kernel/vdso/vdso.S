/*
 * The guest's vDSO: arm64 code, linked into an ELF shared object of its own
 * and mapped into every guest at AT_SYSINFO_EHDR. The same four names and the
 * same version as Linux arm64 gives; see vdso(7).
 *
 * The time comes through HLT #0x1e5, which an engine serves in place without
 * leaving guest code: x0 = clock, x1 = where the timespec goes, result in x0.
 * An engine that cannot answers -ENOSYS, and the system call does it.
 */
	.equ	SYS_clock_gettime, 113
	.equ	SYS_clock_getres, 114
	.equ	SYS_rt_sigreturn, 139
	.equ	SYS_gettimeofday, 169
	.equ	ENOSYS, 38
	.equ	CLOCK_TIME, 0x1e5

	.text

	.globl	__kernel_clock_gettime
	.type	__kernel_clock_gettime, %function
	.balign	16
__kernel_clock_gettime:
	.cfi_startproc
	mov	x2, x0
	hlt	#CLOCK_TIME
	cmn	x0, #ENOSYS
	b.eq	1f
	ret
1:	mov	x0, x2
	mov	x8, #SYS_clock_gettime
	svc	#0
	ret
	.cfi_endproc
	.size	__kernel_clock_gettime, . - __kernel_clock_gettime

/* A caller that wants the time zone, or wants nothing, goes to the kernel. */
	.globl	__kernel_gettimeofday
	.type	__kernel_gettimeofday, %function
	.balign	16
__kernel_gettimeofday:
	.cfi_startproc
	cbz	x0, 1f
	cbnz	x1, 1f
	mov	x3, x0
	sub	sp, sp, #16
	.cfi_adjust_cfa_offset 16
	mov	x0, #0
	mov	x1, sp
	hlt	#CLOCK_TIME
	ldp	x4, x5, [sp], #16
	.cfi_adjust_cfa_offset -16
	cbnz	x0, 2f
	mov	x6, #1000
	udiv	x5, x5, x6
	stp	x4, x5, [x3]
	ret
2:	mov	x0, x3
	mov	x1, #0
1:	mov	x8, #SYS_gettimeofday
	svc	#0
	ret
	.cfi_endproc
	.size	__kernel_gettimeofday, . - __kernel_gettimeofday

	.globl	__kernel_clock_getres
	.type	__kernel_clock_getres, %function
	.balign	16
__kernel_clock_getres:
	.cfi_startproc
	mov	x8, #SYS_clock_getres
	svc	#0
	ret
	.cfi_endproc
	.size	__kernel_clock_getres, . - __kernel_clock_getres

/*
 * Return address of signal handlers. Without CFI, as in Linux since 5.9:
 * libgcc, libunwind and gdb know the frame by these two instructions and then
 * restore every register, which no CFI here could say. The nop keeps an
 * unwinder that looks up "return address - 1" out of the function before.
 */
	.balign	16
	nop
	.globl	__kernel_rt_sigreturn
	.type	__kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
	mov	x8, #SYS_rt_sigreturn
	svc	#0
	.size	__kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.Linux, "a", %note
	.balign	4
	.word	2f - 1f
	.word	4f - 3f
	.word	0
1:	.asciz	"Linux"
2:	.balign	4
3:	.word	0x061200
4:
	.section .note.GNU-stack, "", %progbits
