/*
 * Random instructions with awkward operands: every row of a64.def on our
 * interpreter and, in the same states, elsewhere, and all that is left
 * behind compared: registers, flags, FPSR, memory, the signal and its address.
 *
 *   insn_random [-n CASES] [-s SEED] [-r ROW] [-m MODEL] [-x COMMAND] [-v]
 *
 * CASES per row; ROW: only rows whose name contains it; COMMAND runs the
 * guest program tests/insn/runner: "qemu-aarch64 -cpu max,sve=off" without -x; "build/elver
 * --cpu=max --engine=jit" compares that engine with the interpreter. What a
 * row cannot be compared in, and why, is in the tables below.
 *
 * test: timeout=120
 */
#include "insn/machine.h" /* before fcntl.h, whose macros would break abi/structs.h */

#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <unistd.h>

#include "a64/decode.h"

static uint64_t seed = 1;

static uint64_t rnd(void)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)(rnd() % n);
}

/* ---- what is compared where ---- */

/* Shell patterns of row names that make no sense outside elver, or whose result is not the architecture's. */
static const struct {
    const char *rows, *why;
} not_run[] = {
    {"svc", "enters the kernel"},
    {"hlt", "semihosting in qemu"},
    {"m[rs][sr]_tpidr*", "the thread pointer of the runner's libc"},
    {"mrs_ctr", "the model's"},
    {"mrs_dczid", "the model's"},
    {"mrs_id", "the model's"},
    {"dc_zva", "the block's size is the model's"},
    {"dc_c*", "qemu looks at no address"},
    {"msr_fpcr", "qemu keeps AArch32's Len and Stride"},
    {"msr_fpsr", "qemu keeps AArch32's flags"},
    {"mrs_cnt*", "time"},
    {"mrs_rndr*", "random"},
    {"pac", "the code is IMPLEMENTATION DEFINED"},
    {"pacz", "the code is IMPLEMENTATION DEFINED"},
    {"pac_*", "the code is IMPLEMENTATION DEFINED"},
    {"pacga", "the code is IMPLEMENTATION DEFINED"},
    {"b*ra", "the code is IMPLEMENTATION DEFINED"},
    {"b*raz", "the code is IMPLEMENTATION DEFINED"},
    {"reta", "the code is IMPLEMENTATION DEFINED"},
    {"ldra", "the code is IMPLEMENTATION DEFINED"},
};

/* qemu 7.2 does not have these features, or not right. */
static const struct {
    enum a64_feature feature;
    const char *why;
} not_in_qemu[] = {
    {A64_FEAT_MOPS, "qemu 8.2"},
    {A64_FEAT_CSSC, "qemu 11"},
    {A64_FEAT_HBC, "qemu 8.2"},
    {A64_FEAT_DCPOP, "not in user mode"},
    {A64_FEAT_DCPODP, "not in user mode"},
    {A64_FEAT_LSE2, "qemu 8.1; unaligned ordered accesses fault"},
    {A64_FEAT_ECV, "the sanitised counter came later"},
};

static bool using_qemu = true;

static bool row_is_run(const struct a64_row *row)
{
    for (size_t i = 0; i < ARRAY_LEN(not_run); i++)
        if (!fnmatch(not_run[i].rows, row->name, 0))
            return false;
    for (size_t i = 0; using_qemu && i < ARRAY_LEN(not_in_qemu); i++)
        if (not_in_qemu[i].feature == row->feature)
            return false;
    return true;
}

/* ---- words ---- */

static unsigned field(uint32_t word, unsigned hi, unsigned lo)
{
    return (word >> lo) & ((1u << (hi - lo + 1)) - 1);
}

/* Loads and stores, C4.1: op0 = x1x0. */
static bool is_memory(uint32_t word)
{
    return (word & 0x0a000000) == 0x08000000;
}

static bool is_pair(uint32_t word)
{
    return (word & 0x3a000000) == 0x28000000;
}

static bool is_unsigned_offset(uint32_t word)
{
    return (word & 0x3b000000) == 0x39000000;
}

static bool is_register_offset(uint32_t word)
{
    return (word & 0x3b200c00) == 0x38200800;
}

static bool is_structure(uint32_t word)
{
    return (word & 0xbe000000) == 0x0c000000;
}

/* Single structures and pairs of general registers, exclusives, atomics: must be aligned to be compared. */
static bool wants_alignment(uint32_t word)
{
    bool exclusive_or_ordered = (word & 0x3f000000) == 0x08000000;
    bool ordered_unscaled = (word & 0x3f000000) == 0x19000000;
    bool atomic = (word & 0x3b200c00) == 0x38200000;

    return exclusive_or_ordered || ordered_unscaled || atomic;
}

/* Cache maintenance by address. */
static bool is_dc(uint32_t word)
{
    return (word & 0xfffff000) == 0xd50b7000;
}

/*
 * A word of the row. Offsets of loads and stores are kept small, so that the
 * access lies in the window; registers are chosen so that no CONSTRAINED UNPREDICTABLE case comes up.
 */
static uint32_t make_word(enum a64_op op)
{
    const struct a64_row *row = &a64_rows[op];

    for (unsigned tries = 0; tries < 10000; tries++) {
        uint32_t word = ((uint32_t)rnd() & ~row->mask) | row->value;
        unsigned t = field(word, 4, 0), n = field(word, 9, 5), t2 = field(word, 14, 10),
                 s = field(word, 20, 16);

        if (is_memory(word)) {
            if (is_pair(word))
                word = (word & ~(0x70u << 15)) | (word >> 21 & 1 ? 0x70u << 15 : 0);
            if (is_unsigned_offset(word))
                word &= ~(0xff0u << 10);
            if (t == n || t2 == n || s == n || t == s || t == t2 || s == t2)
                continue;
        }
        if (a64_decode(word) == op)
            return word;
    }
    return 0;
}

/* ---- states ---- */

static uint64_t make_integer(void)
{
    static const uint64_t special[] = {
        0,
        1,
        2,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x80000001,
        0x100000000,
        0x7fffffffffffffff,
        1ull << 63,
        ~0ull,
        ~0ull - 1,
        0xffffffff80000000,
        0x8000000080000000,
    };

    switch (below(4)) {
    case 0: return special[below(ARRAY_LEN(special))];
    case 1: return below(130);
    case 2: return rnd() >> below(64);
    default: return rnd();
    }
}

static uint64_t make_half(void)
{
    static const uint16_t special[] = {
        0x0000, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x7c01, 0xfd55, 0x0001,
        0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x3800, 0x3e00, 0x4100, 0x4248, 0x6400, 0x7800,
    };

    return below(3) ? special[below(ARRAY_LEN(special))] : rnd() & 0xffff;
}

static uint64_t make_single(void)
{
    static const uint32_t special[] = {
        0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
        0xffc12345, 0x7f800001, 0xffa55555, 0x00000001, 0x80000001, 0x007fffff, 0x00800000,
        0x80800000, 0x7f7fffff, 0xff7fffff, 0x3f000000, 0x3fc00000, 0x40200000, 0x4f000000,
        0xcf000000, 0x4effffff, 0x5f000000, 0xdf000000, 0x5f800000, 0x33800000, 0x38800000,
        0x477ff000, 0x47800000, 0x3f7fffff, 0x3f800001, 0x01000000, 0x7e800000, 0x42c80000,
    };

    switch (below(4)) {
    case 0: return rnd() & 0xffffffff;
    case 1: /* near 1.0 */ return 0x3f000000 + (rnd() & 0x80ffffff);
    default: return special[below(ARRAY_LEN(special))];
    }
}

static uint64_t make_double(void)
{
    static const uint64_t special[] = {
        0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
        0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000012345678,
        0x7ff0000000000001, 0xfff5555555555555, 0x0000000000000001, 0x8000000000000001,
        0x000fffffffffffff, 0x0010000000000000, 0x8010000000000000, 0x7fefffffffffffff,
        0xffefffffffffffff, 0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000,
        0x41e0000000000000, 0xc1e0000000000000, 0xc1e0000000200000, 0x41dfffffffc00000,
        0x43e0000000000000, 0xc3e0000000000000, 0x43f0000000000000, 0x47efffffe0000000,
        0x47effffff0000000, 0x3810000000000000, 0x380fffffffffffff, 0x36a0000000000000,
        0x3690000000000000, 0x3fefffffffffffff, 0x3ff0000000000001, 0x7fe0000000000000,
    };

    switch (below(4)) {
    case 0: return rnd();
    case 1: /* near 1.0 */ return 0x3fe0000000000000 + (rnd() & 0x801fffffffffffff);
    default: return special[below(ARRAY_LEN(special))];
    }
}

static unsigned __int128 make_vector(void)
{
    unsigned lane = below(5);
    unsigned bits = lane == 0 ? 16 : lane == 1 ? 32 : lane == 2 ? 64 : lane == 3 ? 64 : 8;
    unsigned __int128 v = 0;

    for (unsigned i = 0; i < 128 / bits; i++) {
        uint64_t e = lane == 0   ? make_half()
                     : lane == 1 ? make_single()
                     : lane == 2 ? make_double()
                     : lane == 3 ? make_integer()
                                 : (below(3) ? rnd() & 0xff : (below(2) ? 0x80 : 0x7f));

        v |= (unsigned __int128)e << (i * bits);
    }
    return v;
}

static uint32_t make_fpcr(void)
{
    uint32_t fpcr = 0;

    if (below(3) == 0)
        return 0;
    fpcr |= below(4) << 22; /* RMode */
    if (below(3) == 0)
        fpcr |= 1u << 24; /* FZ */
    if (below(4) == 0)
        fpcr |= 1u << 25; /* DN */
    if (below(4) == 0)
        fpcr |= 1u << 26; /* AHP */
    if (below(4) == 0)
        fpcr |= 1u << 19; /* FZ16 */
    return fpcr;
}

/* Branches into another case's instruction would compare that one, too. */
static bool enters_other_slot(uint32_t word, uint32_t slot)
{
    int64_t offset;
    uint64_t at = (uint64_t)slot * INSN_SLOT;

    if ((word & 0x7c000000) == 0x14000000) /* B, BL */
        offset = (int32_t)(word << 6) >> 6;
    else if ((word & 0xfe000000) == 0x54000000 ||
             (word & 0x7e000000) == 0x34000000) /* B.cond, CBZ */
        offset = (int32_t)(word << 8) >> 13;
    else if ((word & 0x7e000000) == 0x36000000) /* TBZ */
        offset = (int32_t)(word << 13) >> 18;
    else
        return false;
    at += (uint64_t)offset * 4;
    return at < INSN_MAX_CASES * INSN_SLOT && at % INSN_SLOT == 0;
}

/* Points the base register into the window, now and then to an edge of the region or with a tag. */
static void aim(struct insn_case *c)
{
    unsigned n = is_dc(c->word) ? field(c->word, 4, 0) : field(c->word, 9, 5);
    int64_t offset = INSN_DATA_BYTES / 2 + below(16), window;
    uint64_t addr;

    if (below(20) == 0)
        offset = (below(2) ? INSN_DATA_BYTES : 0) + (int64_t)below(96) - 48;
    if (wants_alignment(c->word) || n == 31)
        offset &= ~15ll;
    window = (offset & ~15ll) - INSN_WINDOW / 2;
    c->in.window = window < 0                               ? 0
                   : window > INSN_DATA_BYTES - INSN_WINDOW ? INSN_DATA_BYTES - INSN_WINDOW
                                                            : (uint32_t)window;
    addr = INSN_DATA + (uint64_t)offset;
    if (n == 31)
        c->in.sp = addr;
    else
        c->in.x[n] = below(8) ? addr : addr | rnd() << 56;
    if (is_register_offset(c->word) || is_structure(c->word)) {
        unsigned m = field(c->word, 20, 16);

        if (m != 31 && m != n)
            c->in.x[m] = below(2) && field(c->word, 15, 13) != 2 ? -(uint64_t)below(32) : below(32);
    }
}

/* For BR, BLR, RET: a BRK, or nothing. Always aligned, as qemu sees the missing page first. */
static uint64_t make_target(void)
{
    if (below(2))
        return (rnd() << 56 & ~(1ull << 55)) | (INSN_CODE_BASE + 4 * below(INSN_CODE_MARGIN / 4));
    return (rnd() & ~3ull) | 1ull << 45;
}

static void make_case(enum a64_op op, uint32_t slot, struct insn_case *c)
{
    memset(c, 0, sizeof(*c));
    do
        c->word = make_word(op);
    while (enters_other_slot(c->word, slot));
    for (unsigned i = 0; i < 31; i++)
        c->in.x[i] = make_integer();
    for (unsigned i = 0; i < 32; i++)
        c->in.v[i] = make_vector();
    for (unsigned i = 0; i < INSN_WINDOW; i += 16) {
        unsigned __int128 v = make_vector();

        memcpy(c->in.mem + i, &v, 16);
    }
    c->in.sp = INSN_DATA + 16 * below(INSN_DATA_BYTES / 16);
    c->in.nzcv = below(16) << 28;
    c->in.fpcr = make_fpcr();
    c->in.fpsr = below(4) ? 0 : (uint32_t)rnd() & 0x0800009f;
    if (is_memory(c->word) || is_dc(c->word))
        aim(c);
    if ((c->word & 0xfe000000) == 0xd6000000 && field(c->word, 9, 5) != 31)
        c->in.x[field(c->word, 9, 5)] = make_target();
}

/* ---- the other side ---- */

static const char *command = "qemu-aarch64 -cpu max,sve=off";

static bool write_all(const char *path, const void *p, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    size_t done = 0;

    while (fd >= 0 && done < bytes) {
        ssize_t n = write(fd, (const char *)p + done, bytes - done);

        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    return done == bytes;
}

static bool read_all(const char *path, void *p, size_t bytes)
{
    int fd = open(path, O_RDONLY);
    size_t done = 0;

    while (fd >= 0 && done < bytes) {
        ssize_t n = read(fd, (char *)p + done, bytes - done);

        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    return done == bytes;
}

/* file: struct insn_file and its cases. */
static bool run_elsewhere(const struct insn_file *file, struct insn_state *results)
{
    const char *build = getenv("BUILD") ? getenv("BUILD") : "build";
    const char *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char cases[256], out[256], line[1024];
    bool ok;

    snprintf(cases, sizeof(cases), "%s/insn-%d.cases", dir, getpid());
    snprintf(out, sizeof(out), "%s/insn-%d.results", dir, getpid());
    snprintf(line, sizeof(line), "%s %s/tests/insn/runner %s %s", command, build, cases, out);
    ok = write_all(cases, file, sizeof(*file) + file->count * sizeof(struct insn_case)) &&
         system(line) == 0 && read_all(out, results, file->count * sizeof(*results));
    unlink(cases);
    unlink(out);
    return ok;
}

/* ---- comparing ---- */

static int failures, shown;

static void print_state_differences(const struct insn_case *c, const struct insn_state *ours,
                                    const struct insn_state *theirs)
{
    for (unsigned i = 0; i < 31; i++)
        if (ours->x[i] != theirs->x[i])
            printf("  x%u: before %016lx ours %016lx theirs %016lx\n", i, c->in.x[i], ours->x[i],
                   theirs->x[i]);
    for (unsigned i = 0; i < 32; i++)
        if (ours->v[i] != theirs->v[i])
            printf("  v%u: before %016lx_%016lx ours %016lx_%016lx theirs %016lx_%016lx\n", i,
                   (uint64_t)(c->in.v[i] >> 64), (uint64_t)c->in.v[i], (uint64_t)(ours->v[i] >> 64),
                   (uint64_t)ours->v[i], (uint64_t)(theirs->v[i] >> 64), (uint64_t)theirs->v[i]);
#define DIFFER(field, fmt)                                                                         \
    if (ours->field != theirs->field)                                                              \
    printf("  " #field ": before " fmt " ours " fmt " theirs " fmt "\n", c->in.field, ours->field, \
           theirs->field)
    DIFFER(sp, "%lx");
    DIFFER(pc, "%lx");
    DIFFER(nzcv, "%x");
    DIFFER(fpcr, "%x");
    DIFFER(fpsr, "%x");
    DIFFER(sig, "%d");
    DIFFER(code, "%d");
    DIFFER(addr, "%lx");
    for (unsigned i = 0, lines = 0; i < INSN_WINDOW && lines < 16; i++)
        if (ours->mem[i] != theirs->mem[i] && ++lines)
            printf("  mem[%d]: before %02x ours %02x theirs %02x\n", (int)(i - INSN_WINDOW / 2),
                   c->in.mem[i], ours->mem[i], theirs->mem[i]);
}

/* Where qemu 7.2 is known to be wrong, or more lenient than hardware may be: theirs is mended. */
static void forgive_qemu(const char *row, const struct insn_case *c, const struct insn_state *ours,
                         struct insn_state *theirs)
{
    if (ours->sig != theirs->sig)
        return;
    if (ours->sig == LINUX_SIGILL) /* ILL_ILLOPN for ILL_ILLOPC */
        theirs->code = ours->code;
    if (ours->sig == LINUX_SIGSEGV &&
        ours->addr >> 47) /* it has no address that the host cannot have */
        theirs->addr = ours->addr;
    if (ours->sig == LINUX_SIGSEGV && is_memory(c->word)) /* vectors loaded before the fault */
        memcpy(theirs->v, c->in.v, sizeof(theirs->v));
    if (!strcmp(row, "fjcvtzs") &&
        c->in.fpcr & 1u << 24) /* Z for a flushed denormal: FPToFixedJS */
        theirs->nzcv = ours->nzcv;
    if (!fnmatch("fcvtz?_fixed_scalar_h", row, 0)) /* Vd<31:16> are zeroes */
        theirs->v[c->word & 31] &= 0xffff;
}

static bool same(const char *row, const struct insn_case *c, const struct insn_state *ours,
                 struct insn_state *theirs)
{
    if (using_qemu)
        forgive_qemu(row, c, ours, theirs);
    if (ours->sig == LINUX_SIGSEGV) /* memory behind a store that faulted is UNKNOWN */
        memcpy(theirs->mem, ours->mem, sizeof(ours->mem));
    return !memcmp(ours, theirs, sizeof(*ours));
}

static void print_operands(const struct insn_case *c)
{
    static const char name[] = "dnam"; /* at bits 0, 5, 10, 16 */
    static const unsigned pos[] = {0, 5, 10, 16};

    for (unsigned i = 0; i < 4; i++) {
        unsigned r = field(c->word, pos[i] + 4, pos[i]);

        printf("  R%c = %u: x %016lx v %016lx_%016lx\n", name[i], r, r < 31 ? c->in.x[r] : 0,
               (uint64_t)(c->in.v[r] >> 64), (uint64_t)c->in.v[r]);
    }
}

static void compare_batch(struct insn_file *file, struct insn_state *theirs, const char **names)
{
    struct insn_case *cases = (struct insn_case *)(file + 1);
    const char *last = NULL;
    int shown_of_row = 0;

    machine_protect_code(PROT_READ | PROT_WRITE);
    for (uint32_t i = 0; i < file->count; i++)
        machine_put_code(i, cases[i].word);
    machine_protect_code(PROT_READ);
    engine_interp.flush(gva_of(INSN_CODE), (uint64_t)file->count * INSN_SLOT);
    if (!run_elsewhere(file, theirs)) {
        printf("%s: failed\n", command);
        exit(1);
    }
    for (uint32_t i = 0; i < file->count; i++) {
        struct insn_state ours;

        machine_run(i, &cases[i].in, &ours);
        if (same(names[i], &cases[i], &ours, &theirs[i]))
            continue;
        failures++;
        if (names[i] != last)
            shown_of_row = 0;
        last = names[i];
        if (shown_of_row++ >= 2 || shown++ >= 100)
            continue;
        printf("%s: word %08x (case %u) nzcv %x fpcr %08x fpsr %x\n", names[i], cases[i].word, i,
               cases[i].in.nzcv >> 28, cases[i].in.fpcr, cases[i].in.fpsr);
        print_operands(&cases[i]);
        print_state_differences(&cases[i], &ours, &theirs[i]);
    }
}

int main(int argc, char **argv)
{
    enum { BATCH = 16384 };
    struct insn_file *file = calloc(1, sizeof(*file) + BATCH * sizeof(struct insn_case));
    struct insn_state *theirs = calloc(BATCH, sizeof(*theirs));
    const char **names = calloc(BATCH, sizeof(*names)), *only = "", *model = "max";
    unsigned per_row = 48, rows = 0;
    uint64_t total = 0;
    bool verbose = false;
    int opt;

    while ((opt = getopt(argc, argv, "n:s:r:m:x:v")) != -1) {
        switch (opt) {
        case 'n': per_row = (unsigned)atoi(optarg); break;
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 'r': only = optarg; break;
        case 'm': model = optarg; break;
        case 'x':
            command = optarg;
            using_qemu = strstr(optarg, "qemu") != NULL;
            break;
        case 'v': verbose = true; break;
        default: return 2;
        }
    }
    if (using_qemu && system("command -v qemu-aarch64 >/dev/null") != 0) {
        printf("qemu-aarch64 is not installed\n");
        return 77;
    }
    machine_init(model, using_qemu ? A64_FEAT_BIT(LSE2) : 0);
    for (int op = 0; op < A64_undefined; op++) {
        if (!row_is_run(&a64_rows[op]) || !strstr(a64_rows[op].name, only))
            continue;
        rows++;
        if (verbose)
            printf("%s\n", a64_rows[op].name);
        for (unsigned k = 0; k < per_row; k++) {
            make_case((enum a64_op)op, file->count, (struct insn_case *)(file + 1) + file->count);
            names[file->count++] = a64_rows[op].name;
            total++;
            if (file->count == BATCH) {
                compare_batch(file, theirs, names);
                file->count = 0;
            }
        }
    }
    if (file->count)
        compare_batch(file, theirs, names);
    printf("%u rows, %lu cases, %d differ\n", rows, total, failures);
    return failures != 0 || total == 0;
}
