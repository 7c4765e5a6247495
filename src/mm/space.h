/*
 * One address space of the guest: the interval tree of its mappings (with
 * each mapping's cap, MEMORY.md), its brk, and the calls that change it. The
 * only owner of the guest's memory. Shared by the tasks of a process and,
 * under CLONE_VM without CLONE_THREAD (vfork), by several processes. Every call takes the
 * space's lock itself; none may be called with it held.
 *
 * Results are >= 0 or -LINUX_Exxx; a failing call has changed nothing.
 */
#ifndef MM_SPACE_H
#define MM_SPACE_H

#include "base/types.h"
#include "engine/engine.h"

struct space;

/* A new, empty space; engine is told about every change. NULL: no memory. */
struct space *space_new(const struct engine *engine) must_check;
struct space *space_get(struct space *s);
/* Drops a reference; the last one frees the bookkeeping (and never the memory: the process is ending or is another's). */
void space_put(struct space *s);

/* Lock across fork, and the child's side of it (the child owns an identical copy). */
void space_fork_lock(struct space *s);
void space_fork_unlock(struct space *s, bool in_child);

/* mmap(2) and family with the guest's arguments, unchecked. Return the address or an error. */
long space_mmap(struct space *s, gva addr, uint64_t len, int prot, int flags, int fd, uint64_t offset);
long space_munmap(struct space *s, gva addr, uint64_t len);
long space_mprotect(struct space *s, gva addr, uint64_t len, int prot);
long space_mremap(struct space *s, gva old, uint64_t old_len, uint64_t new_len, int flags, gva new_addr);
long space_madvise(struct space *s, gva addr, uint64_t len, int advice);
long space_msync(struct space *s, gva addr, uint64_t len, int flags);
long space_brk(struct space *s, gva brk);
long space_shmat(struct space *s, int shmid, gva addr, int flags);
long space_shmdt(struct space *s, gva addr);

/* The loader's calls: a named region that the maps view shows ("[stack]", "[heap]", "[vdso]"). */
long space_map_special(struct space *s, gva addr, uint64_t len, int prot, int flags, const char *name);
/* Where brk starts (end of the program's data); called once by exec. */
void space_set_brk(struct space *s, gva start);
/* The stack's mapping: grows down on demand to limit bytes below top. */
long space_map_stack(struct space *s, gva top, uint64_t limit, bool executable);

/* One mapping as the views and the crash report need it. */
struct mapping {
    gva start;
    uint64_t len;
    int prot;     /* LINUX_PROT_* */
    int may_prot; /* the cap */
    int flags;    /* LINUX_MAP_SHARED or LINUX_MAP_PRIVATE, ANONYMOUS, GROWSDOWN... */
    uint64_t offset;
    uint64_t dev, ino;
    char name[256]; /* path or [name], possibly truncated */
};
/* The first mapping that ends above addr; false when there is none. */
bool space_next(struct space *s, gva addr, struct mapping *out);

#endif
