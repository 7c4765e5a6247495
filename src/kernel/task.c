/*
 * The bookkeeping of tasks and groups: making, listing, freeing. What they do
 * is in clone.c, exec.c and signal.c.
 */
#include "kernel/task.h"

#include "base/alloc.h"
#include "host/ptrace.h"

struct sighand *sighand_new(const struct sighand *from)
{
    struct sighand *s = mem_alloc(sizeof *s);

    if (!s)
        return NULL;
    if (from)
        *s = *from;
    s->lock = (struct lock)LOCK_INIT(LOCK_SIGHAND);
    s->refs = 1;
    return s;
}

void sighand_put(struct sighand *s)
{
    if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0)
        mem_free(s);
}

struct group *group_new(const struct options *options, const struct engine *engine)
{
    struct group *g = mem_alloc(sizeof *g);

    if (!g)
        return NULL;
    g->lock = (struct lock)LOCK_INIT(LOCK_GROUP);
    g->options = options;
    g->engine = engine;
    g->sighand = sighand_new(NULL);
    if (!g->sighand) {
        mem_free(g);
        return NULL;
    }
    return g;
}

void group_put(struct group *g)
{
    if (__atomic_sub_fetch(&g->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (g->space)
        space_put(g->space);
    sighand_put(g->sighand);
    mem_free(g->image.path);
    mem_free(g);
}

struct task *task_new(struct group *g)
{
    struct task *t = mem_alloc(sizeof *t);

    if (!t)
        return NULL;
    __atomic_add_fetch(&g->refs, 1, __ATOMIC_RELAXED);
    t->group = g;
    t->sys_nr = CALL_NONE;
    t->altstack.ss_flags = LINUX_SS_DISABLE;
    t->cpu.engine = g->engine;
    t->host.poll = &t->cpu.poll;
    t->host.mark = HOST_THREAD_MARK;
    return t;
}

void task_free(struct task *t)
{
    struct group *g = t->group;

    seccomp_drop(t);
    mem_free(t);
    group_put(g);
}

void task_add(struct task *t)
{
    struct group *g = t->group;

    lock_acquire(&g->lock);
    t->next = g->tasks;
    g->tasks = t;
    lock_release(&g->lock);
}

bool task_remove(struct task *t)
{
    struct group *g = t->group;

    lock_acquire(&g->lock);
    for (struct task **at = &g->tasks; *at; at = &(*at)->next) {
        if (*at == t) {
            *at = t->next;
            break;
        }
    }
    bool last = !g->tasks;

    lock_release(&g->lock);
    return last;
}
