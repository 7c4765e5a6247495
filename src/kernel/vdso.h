/*
 * The guest's vDSO as bytes, and where the kernel room's own entry points in
 * it are. kernel/vdso/vdso.s is the source.
 */
#ifndef KERNEL_VDSO_H
#define KERNEL_VDSO_H

#include "base/types.h"
#include "vdso_offsets.h" /* generated: VDSO_RT_SIGRETURN */

extern const char vdso_image[], vdso_image_end[];

/* Where a signal handler returns to when it has no restorer: group->image.vdso + this. */
static inline gva vdso_sigreturn(gva vdso)
{
    return gva_add(vdso, VDSO_RT_SIGRETURN);
}

#endif
