/*
 * System calls about the guest's memory: what is left to do between the
 * registers and mm/. Tags in the top byte are taken off where Linux takes
 * them off (Documentation/arch/arm64/tagged-address-abi.rst), ranges go
 * through mm/space so that none reaches the runtime. Refused by name in
 * abi/syscalls.def: map_shadow_stack (no CPU model has guarded control stacks).
 */
#include "abi/errno.h"
#include "abi/flags.h"
#include "a64/model.h"
#include "mm/space.h"
#include "sys/sys.h"

#define SPACE (current->group->space)

/* Linux's untagged_addr: bits 63..56 become copies of bit 55, if that is 0. */
static gva untagged(gva p)
{
    return gva_of(p.a & (uint64_t)((int64_t)(p.a << 8) >> 8));
}

#define UNKNOWN_PROT 0x40000000
#define PKEY_RIGHTS 3 /* PKEY_DISABLE_ACCESS, PKEY_DISABLE_WRITE */

/* PROT_BTI means something only to a CPU that has it; elsewhere it stays, to be refused. */
static int without_bti(uint64_t wide)
{
    /* The parameter is a long in Linux: a bit up there is as unknown as one down here. */
    int prot = wide >> 32 ? (int)wide | UNKNOWN_PROT : (int)wide;

    return current->cpu.model->features & A64_FEAT_BIT(BTI) ? prot & ~LINUX_PROT_BTI : prot;
}

long sys_brk(gva brk)
{
    return space_brk(SPACE, brk);
}

long sys_mmap(gva addr, uint64_t len, uint64_t prot, int flags, int fd, uint64_t offset)
{
    long rc = space_mmap(SPACE, addr, len, (int)prot, flags, fd, offset);

    if (unlikely(current->group->rings && rc > 0 && !(flags & LINUX_MAP_ANONYMOUS)))
        sys_uring_mapped(fd, offset, gva_of((uint64_t)rc));
    return rc;
}

long sys_munmap(gva addr, uint64_t len)
{
    return space_munmap(SPACE, untagged(addr), len);
}

long sys_mprotect(gva addr, uint64_t len, uint64_t prot)
{
    return space_mprotect(SPACE, untagged(addr), len, without_bti(prot));
}

/* Without permission overlays there is key 0, which every page has, and -1, which changes none. */
long sys_pkey_mprotect(gva addr, uint64_t len, uint64_t prot, int pkey)
{
    if (pkey == 0 || pkey == -1)
        return sys_mprotect(addr, len, prot);
    return !len && !(addr.a & (GUEST_PAGE - 1)) ? 0 : -LINUX_EINVAL;
}

/* As the kernel answers on a CPU without the extension. */
long sys_pkey_alloc(uint64_t flags, uint64_t rights)
{
    return flags || rights & ~(uint64_t)PKEY_RIGHTS ? -LINUX_EINVAL : -LINUX_ENOSPC;
}

long sys_pkey_free(int pkey)
{
    return pkey == 0 ? 0 : -LINUX_EINVAL;
}

long sys_mremap(gva old, uint64_t old_len, uint64_t new_len, uint64_t flags, gva new_addr)
{
    if (flags >> 32)
        return -LINUX_EINVAL;
    return space_mremap(SPACE, untagged(old), old_len, new_len, (int)flags, new_addr);
}

long sys_madvise(gva addr, uint64_t len, int advice)
{
    return space_madvise(SPACE, untagged(addr), len, advice);
}

long sys_process_madvise(int pidfd, gva vec, uint64_t count, int advice, uint64_t flags)
{
    return SYS_HOST(pidfd, sys_iovec(vec.a, count), count, advice, flags);
}

long sys_msync(gva addr, uint64_t len, int flags)
{
    return space_range_call(LINUX_SYS_msync, untagged(addr), len, (uint64_t)flags, 0, 0, 0);
}

long sys_mincore(gva addr, uint64_t len, gva vec)
{
    uint64_t pages = len / GUEST_PAGE + (len % GUEST_PAGE != 0);
    addr = untagged(addr);
    if (!(addr.a & (GUEST_PAGE - 1)) && !gva_range_ok(addr, len))
        return -LINUX_ENOMEM; /* before the vector is looked at */
    return space_range_call(LINUX_SYS_mincore, addr, len, sys_pointer(vec.a, pages), 0, 0, 0);
}

long sys_mlock(gva addr, uint64_t len)
{
    return space_range_call(LINUX_SYS_mlock, untagged(addr), len, 0, 0, 0, 0);
}

long sys_mlock2(gva addr, uint64_t len, int flags)
{
    return space_range_call(LINUX_SYS_mlock2, untagged(addr), len, (uint64_t)flags, 0, 0, 0);
}

long sys_munlock(gva addr, uint64_t len)
{
    return space_range_call(LINUX_SYS_munlock, untagged(addr), len, 0, 0, 0, 0);
}

long sys_mlockall(int flags)
{
    return space_mlockall(SPACE, flags);
}

long sys_munlockall(void)
{
    return space_munlockall(SPACE);
}

long sys_mseal(gva addr, uint64_t len, uint64_t flags)
{
    return space_range_call(LINUX_SYS_mseal, untagged(addr), len, flags, 0, 0, 0);
}

/* The host maps the file anew at the same place with the same rights: nothing to book. */
long sys_remap_file_pages(gva addr, uint64_t len, uint64_t prot, uint64_t pgoff, int flags)
{
    return space_range_call(LINUX_SYS_remap_file_pages, addr, len, prot, pgoff, (uint64_t)flags, 0);
}

long sys_mbind(gva addr, uint64_t len, int mode, gva nodes, uint64_t max_node, uint32_t flags)
{
    return space_range_call(LINUX_SYS_mbind, untagged(addr), len, (uint64_t)mode, nodes.a, max_node,
                            flags);
}

long sys_set_mempolicy_home_node(gva addr, uint64_t len, uint64_t home_node, uint64_t flags)
{
    return space_range_call(LINUX_SYS_set_mempolicy_home_node, untagged(addr), len, home_node,
                            flags, 0, 0);
}

long sys_get_mempolicy(gva mode, gva nodes, uint64_t max_node, gva addr, uint64_t flags)
{
    return SYS_HOST(mode.a, nodes.a, max_node, sys_pointer(untagged(addr).a, 1), flags);
}

#define BARRIERS_CORE                                            \
    (LINUX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | \
     LINUX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)

/*
 * An engine may have registered the process for its own needs, which is not the guest's registration. To
 * register for one of the special barriers is shown as registering for the plain one too (kernel/sched/membarrier.c).
 */
long sys_membarrier(int command, uint32_t flags, int cpu)
{
    uint32_t mine = space_barriers(SPACE, 0);
    long rc;

    switch (command) {
    case LINUX_MEMBARRIER_CMD_GET_REGISTRATIONS:
        if (flags)
            return -LINUX_EINVAL;
        return mine | (mine & BARRIERS_CORE ? LINUX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED : 0);
    case LINUX_MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case LINUX_MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
    case LINUX_MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
        rc = SYS_HOST(command, flags, cpu);
        return rc != -LINUX_EINVAL && !(mine & (uint32_t)command << 1) ? -LINUX_EPERM : rc;
    case LINUX_MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
    case LINUX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
    case LINUX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
    case LINUX_MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
        rc = SYS_HOST(command, flags, cpu);
        if (rc == 0)
            space_barriers(SPACE, (uint32_t)command);
        return rc;
    default: return SYS_HOST(command, flags, cpu);
    }
}

long sys_shmat(int shmid, gva addr, int flags)
{
    return space_shmat(SPACE, shmid, addr, flags);
}

long sys_shmdt(gva addr)
{
    return space_shmdt(SPACE, addr);
}
