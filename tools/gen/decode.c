/*
 * Makes the decoder's tables from a64.def: the rows with their fixed bits, and
 * a decision tree over them. Fails, naming the rows, when a pattern is
 * malformed or two rows overlap with the same number of fixed bits.
 *
 * The tree is an array of words. A node is one word, shift << 8 | width, and
 * after it 1 << width children, one for each value of those bits of the
 * instruction: LEAF | enum a64_op, or the index of another node.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAF = 0x80000000u, MAX_WIDTH = 7, MAX_TREE = 1 << 20 };

struct pattern {
    const char *name, *text, *feature;
    uint32_t mask, value;
    int op, fixed;
};

static struct pattern row[] = {
#define I(name, text, feature) {#name, text, #feature, 0, 0, 0, 0},
#include "a64/a64.def"
#undef I
};

static struct pattern hole[] = {
#define I(name, text, feature)
#define U(text) {"(hole)", text, "BASE", 0, 0, 0, 0},
#include "a64/a64.def"
#undef I
};

enum {
    ROWS = sizeof(row) / sizeof(row[0]),
    HOLES = sizeof(hole) / sizeof(hole[0]),
    ALL = ROWS + HOLES
};

static int failures;

static void parse(struct pattern *p)
{
    int bits = 0;

    for (const char *s = p->text; *s; s++) {
        if (*s == ' ')
            continue;
        p->mask = p->mask << 1 | (*s == '0' || *s == '1');
        p->value = p->value << 1 | (*s == '1');
        bits++;
    }
    if (bits != 32) {
        fprintf(stderr, "a64.def: %s: the pattern has %d bits: %s\n", p->name, bits, p->text);
        failures++;
    }
    p->fixed = __builtin_popcount(p->mask);
}

static void check_overlaps(void)
{
    for (int i = 0; i < ROWS; i++)
        for (int j = i + 1; j < ROWS; j++) {
            if ((row[i].value ^ row[j].value) & row[i].mask & row[j].mask)
                continue;
            if (row[i].fixed == row[j].fixed) {
                fprintf(stderr, "a64.def: %s and %s overlap and neither has more fixed bits\n",
                        row[i].name, row[j].name);
                failures++;
            }
        }
}

/* Holes first, then rows with more fixed bits. */
static int by_priority(const void *a, const void *b)
{
    const struct pattern *p = *(struct pattern *const *)a, *q = *(struct pattern *const *)b;

    if ((p->op == ROWS) != (q->op == ROWS))
        return p->op == ROWS ? -1 : 1;
    if (p->fixed != q->fixed)
        return q->fixed - p->fixed;
    return p->op - q->op;
}

static uint32_t tree[MAX_TREE];
static uint32_t tree_size;

/* Nodes already made, found again by what they decide: the same candidates over the same known bits. */
struct made {
    uint32_t known, node;
    int n;
    struct pattern **set;
};
static struct made made[1 << 16];
static int made_count;

static uint32_t undecided(struct pattern **set, int n, uint32_t known)
{
    uint32_t m = 0;

    for (int i = 0; i < n; i++)
        m |= set[i]->mask;
    return m & ~known;
}

/*
 * The bits to look at next: the run of undecided bits, at most MAX_WIDTH wide,
 * that leaves the fewest candidates on average.
 */
static void choose(struct pattern **set, int n, uint32_t known, int *shift, int *width)
{
    uint32_t open = undecided(set, n, known);
    uint64_t best = UINT64_MAX;

    for (int s = 0; s < 32; s++)
        for (int w = 1; w <= MAX_WIDTH && s + w <= 32; w++) {
            uint32_t field = ((1u << w) - 1) << s;
            uint64_t cost = 0;

            if (!(open >> s & 1) || !(open >> (s + w - 1) & 1))
                continue;
            /* A candidate goes to every child that its fixed bits of the field allow. */
            for (int i = 0; i < n; i++)
                cost += 1ull << (w - __builtin_popcount(field & set[i]->mask));
            cost = (cost << 12 >> w) + (1u << w);
            if (cost < best) {
                best = cost;
                *shift = s;
                *width = w;
            }
        }
}

static uint32_t build(struct pattern **set, int n, uint32_t known)
{
    int shift = 0, width = 1;
    uint32_t node;

    if (n == 0)
        return LEAF | ROWS;
    if (!(set[0]->mask & ~known))
        return LEAF | (uint32_t)set[0]->op;
    for (int i = 0; i < made_count; i++)
        if (made[i].n == n && made[i].known == known &&
            !memcmp(made[i].set, set, (size_t)n * sizeof(*set)))
            return made[i].node;

    choose(set, n, known, &shift, &width);
    node = tree_size;
    tree_size += 1 + (1u << width);
    if (tree_size > MAX_TREE || made_count == (int)(sizeof(made) / sizeof(made[0]))) {
        fprintf(stderr, "a64.def: the decision tree is too large\n");
        exit(1);
    }
    made[made_count] = (struct made){known, node, n, malloc((size_t)n * sizeof(*set))};
    memcpy(made[made_count++].set, set, (size_t)n * sizeof(*set));

    tree[node] = (uint32_t)(shift << 8 | width);
    for (uint32_t v = 0; v < 1u << width; v++) {
        uint32_t field = ((1u << width) - 1) << shift;
        struct pattern **sub = malloc((size_t)n * sizeof(*sub));
        int k = 0;

        for (int i = 0; i < n; i++)
            if (!((v << shift ^ set[i]->value) & set[i]->mask & field))
                sub[k++] = set[i];
        tree[node + 1 + v] = build(sub, k, known | field);
        free(sub);
    }
    return node;
}

int main(void)
{
    static struct pattern *all[ALL];

    for (int i = 0; i < ROWS; i++) {
        parse(&row[i]);
        row[i].op = i;
        all[i] = &row[i];
    }
    for (int i = 0; i < HOLES; i++) {
        parse(&hole[i]);
        hole[i].op = ROWS;
        all[ROWS + i] = &hole[i];
    }
    check_overlaps();
    if (failures)
        return 1;
    qsort(all, ALL, sizeof(all[0]), by_priority);
    if (build(all, ALL, 0) != 0)
        return 1;

    printf("/* Made from a64.def by tools/gen/decode.c. */\n");
    printf("const struct a64_row a64_rows[A64_OP_COUNT] = {\n");
    for (int i = 0; i < ROWS; i++)
        printf("    {\"%s\", \"%s\", 0x%08x, 0x%08x, A64_FEAT_%s},\n", row[i].name, row[i].text,
               row[i].mask, row[i].value, row[i].feature);
    printf("    {\"undefined\", \"\", 0, 0, A64_FEAT_BASE},\n};\n");
    printf("#define TREE_LEAF 0x%08xu\nstatic const uint32_t tree[%u] = {", (unsigned)LEAF,
           tree_size);
    for (uint32_t i = 0; i < tree_size; i++)
        printf("%s0x%x,", i % 12 ? " " : "\n    ", tree[i]);
    printf("\n};\n");
    return 0;
}
