/*
 * One address space of the guest: the interval tree of its mappings (with
 * each mapping's cap, MEMORY.md), its brk, and the calls that change it. The
 * only owner of the guest's memory. Shared by the tasks of a process and,
 * under CLONE_VM without CLONE_THREAD (vfork), by several processes. Every call takes the
 * space's lock itself; none may be called with it held.
 *
 * Results are >= 0 or -LINUX_Exxx; a failing call has changed nothing, except
 * where Linux itself keeps the part done before the error (mprotect over a hole).
 *
 * The host kernel is the truth about contents, file names, offsets and inodes
 * (/proc/self/maps below GUEST_MAX is already the guest's own list); the tree
 * knows what the host does not: what is free for the guest, what it asked to
 * be executable, and the names of areas that we made.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include "base/types.h"
#include "engine/engine.h"

struct space;

/*
 * A new, empty space with its random layout (personality and RLIMIT_STACK
 * decide as on Linux); engine is told about every change. NULL: no memory.
 */
struct space *space_new(const struct engine *engine) must_check;
struct space *space_get(struct space *s);
/* Drops a reference; the last one frees the bookkeeping (and never the memory: the process is ending or is another's). */
void space_put(struct space *s);

/* Lock across fork, and the child's side of it (the child owns an identical copy). */
void space_fork_lock(struct space *s);
void space_fork_unlock(struct space *s, bool in_child);

/* mmap(2) and family with the guest's arguments, unchecked. Return the address or an error. */
long space_mmap(struct space *s, gva addr, uint64_t len, int prot, int flags, int fd,
                uint64_t offset);
long space_munmap(struct space *s, gva addr, uint64_t len);
long space_mprotect(struct space *s, gva addr, uint64_t len, int prot);
long space_mremap(struct space *s, gva old, uint64_t old_len, uint64_t new_len, int flags,
                  gva new_addr);
long space_madvise(struct space *s, gva addr, uint64_t len, int advice);
long space_brk(struct space *s, gva brk);
long space_shmat(struct space *s, int shmid, gva addr, int flags);
long space_shmdt(struct space *s, gva addr);
/* These mean the guest's mappings, not the runtime's. */
long space_mlockall(struct space *s, int flags);
long space_munlockall(struct space *s);
/*
 * A host call on the range that its first two arguments give and that changes no bookkeeping (msync,
 * mlock, mincore...). It never reaches the runtime's memory: what is not the guest's counts as
 * unmapped. Takes no lock.
 */
long space_range_call(long nr, gva addr, uint64_t len, uint64_t a2, uint64_t a3, uint64_t a4,
                      uint64_t a5);

/* The registrations of membarrier(2), which belong to a space: adds these bits, returns all. Takes no lock. */
uint32_t space_barriers(struct space *s, uint32_t add);

/* personality(2) has changed: the new value. */
void space_set_personality(struct space *s, uint64_t persona);

/* ---- for the loader ---- */

/* Where the stack of the first thread ends (page aligned, randomised); mmap's addresses start below its gap. */
gva space_stack_top(struct space *s);
/* Where an ET_DYN program that has an interpreter is loaded (ELF_ET_DYN_BASE, randomised). */
gva space_program_base(struct space *s);
/*
 * The stack of the first thread: [top - small, top) at first, growing down on
 * demand as far as RLIMIT_STACK of the moment allows. Returns 0 or an error.
 */
long space_map_stack(struct space *s, gva top, uint64_t limit, bool executable);
/*
 * Private anonymous memory that the maps view shows under a name ("[vdso]"; a string that lives
 * as long as the space). addr 0: anywhere. flags: LINUX_MAP_FIXED or 0. Returns the address.
 */
long space_map_special(struct space *s, gva addr, uint64_t len, int prot, int flags,
                       const char *name);
/* Where brk starts (after the program's data; page aligned up, randomised here); called once by exec. Returns it. */
gva space_set_brk(struct space *s, gva start);

/* ---- for views ---- */

/*
 * One mapping as the tree knows it. Neighbours with equal attributes are one,
 * whatever they map: file, offset and inode are in the host's maps file.
 */
struct mapping {
    gva start;
    uint64_t len;
    int prot;         /* LINUX_PROT_* as the guest asked */
    int may_prot;     /* the cap */
    int flags;        /* LINUX_MAP_SHARED or LINUX_MAP_PRIVATE; ANONYMOUS, GROWSDOWN */
    const char *name; /* "[vdso]", "[stack]", "[heap]"; NULL: the host's maps file knows best */
};
/* The first mapping that ends above addr; false when there is none. */
bool space_next(struct space *s, gva addr, struct mapping *out);

#endif
