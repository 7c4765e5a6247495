/*
 * The bytes of the guest's vDSO (kernel/vdso/, linked for arm64 by the
 * Makefile), carried in the runtime's read-only data.
 */
	.section .rodata
	.balign	16
	.globl	vdso_image
	.hidden	vdso_image
vdso_image:
	.incbin	"vdso.so"
	.globl	vdso_image_end
	.hidden	vdso_image_end
vdso_image_end:
	.section .note.GNU-stack, "", @progbits
