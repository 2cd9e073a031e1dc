// SPDX-License-Identifier: ISC
// What a worker counts, for `status`: plain numbers in its own memory, written by its one loop only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "server/outcome.h"

struct counts {
    uint64_t udp; // messages that came as queries
    uint64_t tcp;
    uint64_t dropped;   // of these, such as get no reply: too short, or replies themselves
    uint64_t truncated; // replies with TC
    uint64_t
        rcodes[16]; // replies by the code in their header; BADVERS counts as its low bits, NOERROR
};

static inline void counts_outcome(struct counts *counts, const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_DROPPED) {
        counts->dropped++;
        return;
    }
    counts->truncated += outcome->truncated;
    counts->rcodes[outcome->rcode & 0x0f]++;
}
