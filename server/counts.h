// SPDX-License-Identifier: ISC
// What a worker counts, for `status`: plain numbers in its own memory, written by its one loop only.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct counts {
    uint64_t udp; // messages that came as queries
    uint64_t tcp;
    uint64_t dropped;   // of these, such as get no reply: too short, or replies themselves
    uint64_t truncated; // replies with TC
    uint64_t
        rcodes[16]; // replies by the code in their header; BADVERS counts as its low bits, NOERROR
};

// Counts one reply; len 0: there was none.
static inline void counts_reply(struct counts *counts, const uint8_t *reply, size_t len)
{
    if (len == 0) {
        counts->dropped++;
        return;
    }
    counts->truncated += reply[2] >> 1 & 1; // RFC 1035 §4.1.1
    counts->rcodes[reply[3] & 0x0f]++;
}
