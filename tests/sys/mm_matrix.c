/*
 * MEMORY.md's matrix: {SHARED, PRIVATE} x {NONE, R, RW, RX} x {O_RDONLY, O_WRONLY, O_RDWR} x {hint,
 * FIXED, FIXED_NOREPLACE} x {offset 0, 4 KiB, 16 KiB} x {1 page, 3 MiB, past the end}; each mapping is
 * then loaded, stored to, protected, moved, forked, truncated, synced and dropped. One line of facts
 * for each of the 648, which tests/golden/mm_matrix.sh compares with those of a real arm64 kernel.
 *
 * test: timeout=120 all
 */
#include "mm.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define WINDOW ((char *)0x230000000000)
#define WINDOW_BYTES (16 * MIB)

struct word {
    const char *name;
    long value;
};

static const struct word types[] = {{"SHARED", MAP_SHARED}, {"PRIVATE", MAP_PRIVATE}};
static const struct word prots[] = {{"NONE", PROT_NONE},
                                    {"R", PROT_READ},
                                    {"RW", PROT_READ | PROT_WRITE},
                                    {"RX", PROT_READ | PROT_EXEC}};
static const struct word modes[] = {
    {"O_RDONLY", O_RDONLY}, {"O_WRONLY", O_WRONLY}, {"O_RDWR", O_RDWR}};
static const struct word places[] = {
    {"hint", 0}, {"FIXED", MAP_FIXED}, {"NOREPLACE", MAP_FIXED_NOREPLACE}};
static const struct word offsets[] = {{"0", 0}, {"4K", 4096}, {"16K", 16384}};
static const struct word lengths[] = {{"1page", PAGE}, {"3MiB", 3 * MIB}, {"past", 3 * PAGE}};

static const char *error_word(long failed)
{
    return failed ? strerrorname_np(errno) : "ok";
}

static const char *fault_word(struct fault f, const char *at)
{
    if (!f.sig)
        return "ok";
    if (f.addr != at)
        return "WRONG-ADDRESS";
    if (f.sig == SIGBUS)
        return f.code == BUS_ADRERR ? "BUS" : "BUS?";
    return f.code == SEGV_ACCERR ? "ACC" : f.code == SEGV_MAPERR ? "MAP" : "SEGV?";
}

static const char *load_word(const char *p)
{
    return fault_word(load(p), p);
}

static const char *store_word(char *p)
{
    return fault_word(store(p), p);
}

/* The byte at p, or the fault. */
static void print_byte(const char *what, const char *p)
{
    const char *word = load_word(p);
    if (strcmp(word, "ok"))
        printf(" %s=%s", what, word);
    else
        printf(" %s=%02x", what, (unsigned char)*(const volatile char *)p);
}

/* Fills a file with bytes that tell its pages apart: the first, the second and the last of the mapping. */
static void fill(const char *path, off_t offset, size_t len, int past)
{
    off_t bytes = past ? offset + (off_t)PAGE + 100 : offset + (off_t)len;
    int fd = open(path, O_RDWR);
    if (fd < 0 || ftruncate(fd, 0) || ftruncate(fd, bytes) || pwrite(fd, "F", 1, offset) != 1 ||
        (len > PAGE && pwrite(fd, "S", 1, offset + (off_t)PAGE) != 1) ||
        (!past && pwrite(fd, "L", 1, offset + (off_t)(len - 1)) != 1))
        printf("cannot fill the file: %s\n", strerror(errno));
    close(fd);
}

static void print_file_byte(const char *path, off_t at)
{
    char c = 0;
    int fd = open(path, O_RDONLY);
    if (pread(fd, &c, 1, at) != 1)
        c = '?';
    close(fd);
    printf(" file=%02x", (unsigned char)c);
}

static void print_protections(char *p, size_t len)
{
    static const struct word asked[] = {{"rw", PROT_READ | PROT_WRITE},
                                        {"none", PROT_NONE},
                                        {"x", PROT_EXEC},
                                        {"w", PROT_WRITE},
                                        {"r", PROT_READ}};
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        printf(" %s=%s", asked[i].name, error_word(mprotect(p, len, (int)asked[i].value)));
        printf(",%s,%s", load_word(p), store_word(p));
    }
}

static char *print_remap(char *p, size_t len, size_t *grown)
{
    *grown = len + 2 * PAGE;
    char *q = mremap(p, len, *grown, MREMAP_MAYMOVE);
    printf(" grow=%s", error_word(q == MAP_FAILED));
    if (q == MAP_FAILED) {
        *grown = len;
        return p;
    }
    print_byte("tail", q + len);
    printf(" cap=%s", error_word(mprotect(q, *grown, PROT_READ | PROT_WRITE)));
    char *to = WINDOW + WINDOW_BYTES / 2;
    char *moved = mremap(q, *grown, *grown, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    printf(" move=%s", error_word(moved != to));
    q = moved == to ? to : q;
    print_byte("first", q);
    printf(" shrink=%s", error_word(mremap(q, *grown, len, 0) != q));
    *grown = len;
    return q;
}

static void print_fork(char *p)
{
    int status = IN_CHILD(store(p).sig ? 1 : load(p).sig ? 2 : 3);
    printf(" child=%d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    print_byte("parent", p);
}

static void print_truncation(char *p, const char *path, off_t offset, size_t len, int past)
{
    printf(" cut=%s", error_word(truncate(path, offset)));
    printf(",%s,%s", load_word(p), store_word(p));
    fill(path, offset, len, past);
    print_byte("refilled", p);
}

static void print_sync(char *p, size_t len)
{
    printf(" msync=%s", error_word(msync(p, len, MS_SYNC)));
    printf(" dontneed=%s", error_word(madvise(p, len, MADV_DONTNEED)));
    print_byte("reread", p);
}

/* What stood at the window before a MAP_FIXED: is it still there? */
static void print_refusal(int place, size_t len)
{
    if (place == MAP_FIXED)
        printf(" before=%s",
               is_mapped(WINDOW) && WINDOW[0] == 'o' && WINDOW[len - 1] == 'o' ? "kept" : "lost");
    else
        printf(" before=%s", is_mapped(WINDOW) ? "mapped" : "free");
}

static void one_case(const char *path, const struct word *type, const struct word *prot,
                     const struct word *mode, const struct word *place, const struct word *offset,
                     const struct word *length)
{
    size_t len = (size_t)length->value, mapped = len;
    int past = !strcmp(length->name, "past");
    munmap(WINDOW, WINDOW_BYTES);
    fill(path, offset->value, len, past);
    if (place->value == MAP_FIXED) {
        mmap(WINDOW, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        memset(WINDOW, 'o', len);
    }
    int fd = open(path, (int)mode->value);
    char *p =
        mmap(WINDOW, len, (int)prot->value, (int)(type->value | place->value), fd, offset->value);
    printf("= %s %s %s %s %s %s: map=%s", type->name, prot->name, mode->name, place->name,
           offset->name, length->name, error_word(p == MAP_FAILED));
    close(fd);
    if (p == MAP_FAILED) {
        print_refusal((int)place->value, len);
        printf("\n");
        return;
    }
    printf(" at=%s", p == WINDOW ? "asked" : "elsewhere");
    print_byte("first", p);
    print_byte("last", p + len - 1);
    if (len > PAGE)
        print_byte("second", p + PAGE);
    printf(" store=%s,%s", store_word(p), store_word(p + len - 1));
    print_file_byte(path, offset->value);
    print_protections(p, len);
    p = print_remap(p, len, &mapped);
    print_fork(p);
    print_truncation(p, path, offset->value, len, past);
    print_sync(p, mapped);
    print_file_byte(path, offset->value);
    printf(" unmap=%s\n", error_word(munmap(p, mapped)));
}

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)

TEST(matrix)
{
    char path[64];
    int cases = 0;
    close(stamped_file(path, 1));
    EACH(t, types)
    EACH(r, prots)
    EACH(m, modes)
    EACH(w, places)
    EACH(o, offsets)
    EACH(l, lengths)
    {
        one_case(path, &types[t], &prots[r], &modes[m], &places[w], &offsets[o], &lengths[l]);
        cases++;
    }
    CHECK_EQ(cases, 648);
    unlink(path);
}

TEST_MAIN()
