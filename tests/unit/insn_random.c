/*
 * Random instructions with awkward operands: every row of a64.def on our
 * interpreter and, in the same states, elsewhere, and all that is left
 * behind compared: registers, flags, FPSR, memory, the signal and its address.
 *
 *   insn_random [-n CASES] [-u WORDS] [-b BLOCKS] [-s SEED] [-r ROW] [-m MODEL] [-x COMMAND]
 *
 * CASES per row, then WORDS of which many are unallocated, then BLOCKS of
 * several instructions; ROW: only rows whose name contains it; COMMAND runs the
 * guest program tests/insn/runner: "qemu-aarch64 -cpu max,sve=off" without -x;
 * "build/elver --cpu=max --engine=jit" compares that engine with the
 * interpreter (ELVER_JIT_DEBUG=eager is set: the translator shall not leave
 * code that runs once to it). What a row cannot be compared in, and why, is in the tables below.
 *
 * test: timeout=120
 */
#include "insn/machine.h" /* before fcntl.h, whose macros would break abi/structs.h */

#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <unistd.h>

#include "insn/generate.h"

/* ---- what is compared where ---- */

struct exception {
    const char *rows, *why; /* shell pattern of row names */
};

/* No two runs need agree. */
static const struct exception never_run[] = {
    {"svc", "enters the kernel"},
    {"hlt", "semihosting in qemu"},
    {"m[rs][sr]_tpidr", "the thread pointer of the runner's libc"},
    {"mrs_cnt[pv]*", "time"},
    {"mrs_rndr*", "random"},
};

/* The model's, or not right in qemu 7.2. */
static const struct exception not_with_qemu[] = {
    {"mrs_ctr", "the model's"},
    {"mrs_dczid", "the model's"},
    {"mrs_id", "the model's"},
    {"mrs_cntfrq", "the model's"},
    {"dc_zva", "the block's size is the model's"},
    {"dc_c*", "qemu looks at no address"},
    {"msr_fpcr", "qemu keeps AArch32's Len and Stride"},
    {"msr_fpsr", "qemu keeps AArch32's flags"},
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

/* Unallocated words (Arm ARM C4.1.96) that qemu 7.2 does not refuse. */
static const struct {
    uint32_t mask, value;
    const char *why;
} accepted_by_qemu[] = {
    {0xbff8fc00, 0x2f00fc00, "FMOV of halves with op = 1"},
    {0xaf7e0c00, 0x0e700800, "across lanes and pairs of halves with bit 22 set"},
    {0x8f7e0c00, 0x0e780800, "FP16 two-register miscellaneous: an assertion fails"},
};

static bool using_qemu = true;

static bool is_accepted_by_qemu(uint32_t word)
{
    for (size_t i = 0; i < ARRAY_LEN(accepted_by_qemu); i++)
        if ((word & accepted_by_qemu[i].mask) == accepted_by_qemu[i].value)
            return a64_decode(word) == A64_undefined;
    return false;
}

static bool is_exception(const struct exception *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!fnmatch(list[i].rows, name, 0))
            return true;
    return false;
}

static bool row_is_run(const struct a64_row *row)
{
    if (is_exception(never_run, ARRAY_LEN(never_run), row->name))
        return false;
    if (!using_qemu)
        return true;
    if (is_exception(not_with_qemu, ARRAY_LEN(not_with_qemu), row->name))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(not_in_qemu); i++)
        if (not_in_qemu[i].feature == row->feature)
            return false;
    return true;
}

/*
 * In a block nothing of qemu's can be mended (forgive_qemu), so that its faulty rows stay out, and
 * store exclusives, whose alignment it forgets when the monitor is closed.
 */
static bool row_is_in_blocks(const struct a64_row *row)
{
    if (using_qemu && (!strcmp(row->name, "fjcvtzs") || wants_alignment(row->value) ||
                       !fnmatch("fcvtz?_fixed_scalar_h", row->name, 0)))
        return false;
    return row_is_run(row);
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
    if (ours->sig == LINUX_SIGSEGV) /* vectors loaded before the fault; ours keep what they had */
        memcpy(theirs->v, c->word[1] == INSN_BRK ? c->in.v : ours->v, sizeof(theirs->v));
    if (!strcmp(row, "fjcvtzs") &&
        c->in.fpcr & 1u << 24) /* Z for a flushed denormal: FPToFixedJS */
        theirs->nzcv = ours->nzcv;
    if (!fnmatch("fcvtz?_fixed_scalar_h", row, 0)) /* Vd<31:16> are zeroes */
        theirs->v[c->word[0] & 31] &= 0xffff;
}

/*
 * Arm looks for underflow before rounding, the host after it: a result that rounds up to the smallest
 * normal number lacks UFC in translated code. Counted, because it must stay a rarity.
 */
enum { FPSR_UFC = 1 << 3, FPSR_IXC = 1 << 4, LATE_UNDERFLOWS_IN = 10000 };
static uint64_t late_underflows;

/*
 * The translator does not keep flags that are dead on every way on, once a branch is behind the
 * instruction that set them (engine/jit/discover.c): a fault shows older ones.
 */
static void forgive_translator(const struct insn_case *c, const struct insn_state *ours,
                               struct insn_state *theirs)
{
    bool branches = false;
    unsigned lsb, width;

    for (unsigned i = 0; i < INSN_SLOT_WORDS && c->word[i] != INSN_BRK; i++)
        branches |= is_direct_branch(c->word[i], &lsb, &width);
    if (branches && c->word[1] != INSN_BRK && ours->sig != LINUX_SIGTRAP)
        theirs->nzcv = ours->nzcv;
    if (theirs->fpsr == (ours->fpsr & ~FPSR_UFC) && ours->fpsr & FPSR_UFC &&
        ours->fpsr & FPSR_IXC) {
        theirs->fpsr = ours->fpsr;
        late_underflows++;
    }
}

static bool same(const char *row, const struct insn_case *c, const struct insn_state *ours,
                 struct insn_state *theirs)
{
    if (using_qemu)
        forgive_qemu(row, c, ours, theirs);
    else
        forgive_translator(c, ours, theirs);
    if (ours->sig == LINUX_SIGSEGV) /* memory behind a store that faulted is UNKNOWN */
        memcpy(theirs->mem, ours->mem, sizeof(ours->mem));
    return !memcmp(ours, theirs, sizeof(*ours));
}

static void print_operands(const struct insn_case *c)
{
    static const char name[] = "dnam"; /* at bits 0, 5, 10, 16 */
    static const unsigned pos[] = {0, 5, 10, 16};

    for (unsigned i = 0; i < 4; i++) {
        unsigned r = field(c->word[0], pos[i] + 4, pos[i]);

        printf("  R%c = %u: x %016lx v %016lx_%016lx\n", name[i], r, r < 31 ? c->in.x[r] : 0,
               (uint64_t)(c->in.v[r] >> 64), (uint64_t)c->in.v[r]);
    }
}

static void print_case(const struct insn_case *c, const char *name, uint32_t i)
{
    printf("%s (case %u): nzcv %x fpcr %08x fpsr %x\n", name, i, c->in.nzcv >> 28, c->in.fpcr,
           c->in.fpsr);
    for (unsigned k = 0; k < INSN_SLOT_WORDS && c->word[k] != INSN_BRK; k++)
        printf("  %08x %s\n", c->word[k], a64_rows[a64_decode(c->word[k])].name);
}

/* names: of each case, for the report. Empties the file. */
static void compare_batch(struct insn_file *file, struct insn_state *theirs, const char **names)
{
    struct insn_case *cases = (struct insn_case *)(file + 1);
    const char *last = NULL;
    int shown_of_row = 0;

    machine_protect_code(PROT_READ | PROT_WRITE);
    for (uint32_t i = 0; i < file->count; i++)
        memcpy((char *)INSN_CODE + (uint64_t)i * INSN_SLOT, cases[i].word, INSN_SLOT);
    for (uint64_t at = file->count * INSN_SLOT; at < INSN_MAX_CASES * INSN_SLOT; at += 4)
        *(uint32_t *)(INSN_CODE + at) = INSN_BRK; /* a literal load may see it */
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
        print_case(&cases[i], names[i], i);
        print_operands(&cases[i]);
        print_state_differences(&cases[i], &ours, &theirs[i]);
    }
    file->count = 0;
}

int main(int argc, char **argv)
{
    enum { BATCH = 16384 };
    struct insn_file *file = calloc(1, sizeof(*file) + BATCH * sizeof(struct insn_case));
    struct insn_case *cases = (struct insn_case *)(file + 1);
    struct insn_state *theirs = calloc(BATCH, sizeof(*theirs));
    const char **names = calloc(BATCH, sizeof(*names)), *only = "", *model = "max";
    unsigned per_row = 48, near = 16384, blocks = 2000, rows = 0;
    uint64_t total = 0;
    int opt;

    while ((opt = getopt(argc, argv, "n:u:b:s:r:m:x:")) != -1) {
        switch (opt) {
        case 'n': per_row = (unsigned)atoi(optarg); break;
        case 'u': near = (unsigned)atoi(optarg); break;
        case 'b': blocks = (unsigned)atoi(optarg); break;
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 'r':
            only = optarg;
            near = blocks = 0;
            break;
        case 'm': model = optarg; break;
        case 'x':
            command = optarg;
            using_qemu = strstr(optarg, "qemu") != NULL;
            break;
        default: return 2;
        }
    }
    if (using_qemu && system("command -v qemu-aarch64 >/dev/null") != 0) {
        printf("qemu-aarch64 is not installed\n");
        return 77;
    }
    setenv("ELVER_JIT_DEBUG", "eager", 1);
    machine_init(model, using_qemu ? A64_FEAT_BIT(LSE2) : 0);
    for (int op = 0; op < A64_undefined; op++) {
        if (!row_is_run(&a64_rows[op]) || !strstr(a64_rows[op].name, only))
            continue;
        rows++;
        for (unsigned k = 0; k < per_row; k++, total++) {
            make_case((enum a64_op)op, file->count, &cases[file->count]);
            names[file->count++] = a64_rows[op].name;
            if (file->count == BATCH)
                compare_batch(file, theirs, names);
        }
    }
    for (unsigned k = 0; k < near; k++, total++) {
        do
            make_near_case(&cases[file->count]);
        while (using_qemu && is_accepted_by_qemu(cases[file->count].word[0]));
        names[file->count] = a64_rows[a64_decode(cases[file->count].word[0])].name;
        if (++file->count == BATCH)
            compare_batch(file, theirs, names);
    }
    for (unsigned k = 0; k < blocks; k++, total++) {
        make_block(2 + below(INSN_SLOT_WORDS - 2), row_is_in_blocks, &cases[file->count]);
        names[file->count++] = "block";
        if (file->count == BATCH)
            compare_batch(file, theirs, names);
    }
    if (file->count)
        compare_batch(file, theirs, names);
    printf("%u rows, %lu cases, %d differ, %lu late underflows\n", rows, total, failures,
           late_underflows);
    free(file);
    free(theirs);
    free(names);
    return failures != 0 || total == 0 || late_underflows > total / LATE_UNDERFLOWS_IN;
}
