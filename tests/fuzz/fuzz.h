/*
 * What a fuzz target is: a function that is given bytes and must survive them,
 * and inputs to begin with. libFuzzer calls the first in a sanitized build of
 * clang (make fuzz); driver.c calls it in every other build with the seeds,
 * damaged at random.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Both names and the result 0 are libFuzzer's. Initialize is called once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Writes the n-th seed of at most `room` bytes and returns its size; 0: there are no more. */
size_t fuzz_seed(unsigned n, uint8_t *to, size_t room);

/* A promise that the room under test makes whatever it is given. */
#define FUZZ_CHECK(cond)                                                       \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
            __builtin_trap();                                                  \
        }                                                                      \
    } while (0)

#endif
