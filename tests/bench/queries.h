// SPDX-License-Identifier: ISC
// What the bench's clients share: the file of queries, and a clock. Whatever goes wrong is said on stderr and ends the
// program: nothing can be measured then.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/buf.h"

// Messages, each behind two octets of length, as on TCP.
struct queries {
    struct buf text;
    const uint8_t **framed; // where each one's length begins
    uint16_t *lens;         // of the message
    size_t count;
};

struct queries queries_read(const char *path);
void queries_done(struct queries *queries);

static inline const uint8_t *queries_message(const struct queries *queries, uint64_t which)
{
    return queries->framed[which % queries->count] + 2;
}

static inline size_t queries_len(const struct queries *queries, uint64_t which)
{
    return queries->lens[which % queries->count];
}

// The server that two words of the command line name.
struct address queries_server(const char *host, const char *port);

double seconds_now(void);

// What a client prints at its end: answered, lost, seconds. Returns its exit code.
int queries_report(uint64_t answered, uint64_t lost, double seconds);
