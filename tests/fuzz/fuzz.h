// SPDX-License-Identifier: ISC
// The entry of a fuzz target: libFuzzer calls it with made-up inputs, replay.c with those of a corpus. It aborts when
// something that must hold does not; the sanitizers see the rest.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

// A message that is one line, and not an empty one.
static inline void fuzz_check_line(const char *text)
{
    MUST(text[0] != '\0');
    for (; *text != '\0'; text++)
        MUST((unsigned char)*text >= 0x20 && *text != 0x7f);
}
