// SPDX-License-Identifier: ISC
// Sets of DNSSEC algorithms (RFC 4034 appendix A.1). A zone's are compared for each of its RRsets, so they are small.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ALGORITHMS_WORDS (256 / 64)

struct algorithms {
    uint64_t bits[ALGORITHMS_WORDS];
};

static inline void algorithms_add(struct algorithms *set, uint8_t algorithm)
{
    set->bits[algorithm / 64] |= 1ULL << (algorithm % 64);
}

// The lowest of the set that is not among the others, or -1.
static inline int algorithms_lacking(const struct algorithms *set, const struct algorithms *others)
{
    for (int i = 0; i < ALGORITHMS_WORDS; i++) {
        uint64_t left = set->bits[i] & ~others->bits[i];
        if (left != 0)
            return 64 * i + __builtin_ctzll(left);
    }
    return -1;
}
