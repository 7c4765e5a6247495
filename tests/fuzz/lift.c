/*
 * The decoder, the interpreter's predecoding and the translator on any words:
 * each word has a row or none, and a region can be made of them, at any place
 * on its page and in both floating-point modes. Nothing of it is run.
 */
#include "fuzz/guest.h"

#include <string.h>

#include "a64/decode.h"
#include "a64/model.h"
#include "abi/flags.h"
#include "engine/jit/jit.h"

enum { CODE_BYTES = 2 * GUEST_PAGE };

static uint8_t *memory;
static struct cpu cpu;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct engine_options options = {.cache_bytes = 8 << 20};

    memory = guest_memory(CODE_BYTES);
    FUZZ_CHECK(engine_jit.process_init(&options) == 0);
    cpu.model = model_find("max");
    FUZZ_CHECK(engine_jit.thread_init(&cpu) == 0);
    engine_jit.map(gva_of(FUZZ_GUEST), CODE_BYTES, LINUX_PROT_READ | LINUX_PROT_EXEC);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes < 2)
        return 0;
    uint64_t offset = data[0] * 16ul;
    uint8_t mode = data[1] % 2;
    bytes -= 2;
    bytes = bytes < CODE_BYTES - offset ? bytes & ~3ul : CODE_BYTES - offset;
    memset(memory, 0, CODE_BYTES);
    memcpy(memory + offset, data + 2, bytes);

    lock_acquire(&jit.lock);
    if (jit.emit.p + REGION_CODE > jit.emit.end)
        cache_reset();
    struct region *r = region_translate(FUZZ_GUEST + offset, &cpu, mode);
    FUZZ_CHECK(r && r->insns);
    FUZZ_CHECK(cache_region_at(r->code) == r);
    lock_release(&jit.lock);
    engine_jit.flush(gva_of(FUZZ_GUEST), CODE_BYTES);
    return 0;
}

/* All rows, sixteen words at a time, with whatever in their fields. */
size_t fuzz_seed(unsigned n, uint8_t *to, size_t room)
{
    enum { WORDS = 16 };
    uint32_t word[WORDS];

    if (n >= (A64_OP_COUNT + WORDS - 1) / WORDS || room < 2 + sizeof(word))
        return 0;
    for (unsigned i = 0; i < WORDS; i++) {
        const struct a64_row *row = &a64_rows[(n + i * 61) % A64_OP_COUNT];

        word[i] = row->value | (~row->mask & (n * WORDS + i) * 0x9e3779b1u);
    }
    to[0] = (uint8_t)n;
    to[1] = n & 1;
    memcpy(to + 2, word, sizeof(word));
    return 2 + sizeof(word);
}
