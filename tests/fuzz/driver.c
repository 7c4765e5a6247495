/*
 * A fuzz target without libFuzzer: each seed as it is, then damaged ones, for
 * some seconds or as many as asked for.
 *
 *   TARGET [-s SEED] [-n INPUTS] [-t SECONDS]    runs (default: two seconds)
 *   TARGET -w DIR                                writes the seeds into DIR, for libFuzzer
 *   TARGET FILE...                               runs these inputs
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

enum { SEED_ROOM = 16384 };

static uint64_t state = 1;

static uint64_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint8_t input[SEED_ROOM];

static int write_seeds(const char *dir)
{
    size_t bytes;

    for (unsigned n = 0; (bytes = fuzz_seed(n, input, sizeof(input))); n++) {
        char name[4096];
        FILE *f;

        snprintf(name, sizeof(name), "%s/seed-%u", dir, n);
        f = fopen(name, "wb");
        if (!f || fwrite(input, 1, bytes, f) != bytes || fclose(f)) {
            perror(name);
            return 1;
        }
    }
    return 0;
}

static int run_file(const char *name)
{
    FILE *f = fopen(name, "rb");

    if (!f) {
        perror(name);
        return 1;
    }
    size_t bytes = fread(input, 1, sizeof(input), f);
    fclose(f);
    return LLVMFuzzerTestOneInput(input, bytes);
}

/* Bits, bytes, words with edges, pieces copied about, an end cut off. */
static size_t damage(size_t bytes)
{
    static const uint64_t edges[] = {0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 1ul << 31, ~0ul, 1ul << 46};

    for (uint64_t left = 1 + rnd() % 8; left && bytes; left--) {
        size_t at = rnd() % bytes, from = rnd() % bytes, len = 1 + rnd() % 16;
        uint64_t edge = edges[rnd() % (sizeof(edges) / sizeof(*edges))] + rnd() % 3 - 1;

        len = len < bytes - at ? len : bytes - at;
        len = len < bytes - from ? len : bytes - from;
        switch (rnd() % 6) {
        case 0: input[at] ^= (uint8_t)(1 << rnd() % 8); break;
        case 1: input[at] = (uint8_t)rnd(); break;
        case 2: memcpy(input + at, &edge, len < 8 ? len : 8); break;
        case 3: memmove(input + at, input + from, len); break;
        case 4: memset(input + at, 0, len); break;
        default:
            if (rnd() % 8 == 0)
                bytes = at;
        }
    }
    return bytes;
}

int main(int argc, char **argv)
{
    uint64_t inputs = 0, done = 0;
    time_t seconds = 2;
    unsigned seeds = 0;
    int option, failed = 0;

    while ((option = getopt(argc, argv, "s:n:t:w:")) != -1) {
        switch (option) {
        case 's': state = strtoull(optarg, NULL, 0) | 1; break;
        case 'n': inputs = strtoull(optarg, NULL, 0); break;
        case 't': seconds = strtol(optarg, NULL, 0); break;
        case 'w': return write_seeds(optarg);
        default: return 2;
        }
    }
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = optind; i < argc; i++)
        failed |= run_file(argv[i]);
    if (optind < argc)
        return failed;
    for (size_t bytes; (bytes = fuzz_seed(seeds, input, sizeof(input))); seeds++)
        LLVMFuzzerTestOneInput(input, bytes);
    for (time_t end = time(NULL) + seconds; inputs ? done < inputs : time(NULL) < end; done++)
        LLVMFuzzerTestOneInput(input, damage(fuzz_seed(rnd() % seeds, input, sizeof(input))));
    printf("%u seeds, %lu inputs\n", seeds, (unsigned long)done);
    return 0;
}
