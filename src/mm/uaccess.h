/*
 * The only door to the guest's bytes for everything above the engines: checks
 * that the range is the guest's and turns a fault into -LINUX_EFAULT. No lock
 * needed; may fault and sleep.
 */
#ifndef MM_UACCESS_H
#define MM_UACCESS_H

#include "base/types.h"

/* 0 or -LINUX_EFAULT. */
int uaccess_read(void *dst, gva src, size_t bytes) must_check;
int uaccess_write(gva dst, const void *src, size_t bytes) must_check;
int uaccess_clear(gva dst, size_t bytes) must_check;

/* Copies a string with its NUL: its length, -LINUX_EFAULT, or -LINUX_ENAMETOOLONG when it does not fit cap. */
long uaccess_str(char *dst, gva src, size_t cap) must_check;

/* As above for one object: UGET(&local, addr), UPUT(addr, &local). */
#define UGET(obj, addr) uaccess_read((obj), (addr), sizeof(*(obj)))
#define UPUT(addr, obj) uaccess_write((addr), (obj), sizeof(*(obj)))

/*
 * The host pointer for a range that is wholly the guest's, to hand to the host
 * kernel (which checks access itself), or NULL when it is not the guest's.
 * Never dereferenced by us.
 */
void *uaccess_host(gva p, uint64_t bytes);

#endif
