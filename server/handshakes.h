// SPDX-License-Identifier: ISC
// How many handshakes a client gets: one over TLS costs as much as a hundred queries, all of it the server's, and a
// client that connects needs nothing for it. So those of an address are spread over time: as many as `per_second`
// begin in a second, three times as many at once after a pause, and the others wait. An address is what
// server/clients.h takes for one, and how many wait is bounded there. Networks (IPv4 /24, IPv6 /48) may have four times
// as much, so that a range of addresses gains no more than that.
//
// A bucket is one number: when its debt is paid, as in server/limits.h; what is not begun is no debt. Who begins a
// handshake keeps a bucket alive for 1/per_second, so even a server that makes 5000 a second, and spends more than a
// core on that, has some 250 alive of the 1024 that there are at 20 a second. Where a line of them is full, the
// smallest debt is forgotten.
//
// Pure: the clock is the caller's, milliseconds of any clock that does not go back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

#define HANDSHAKES_RATE_MAX  10000 // more is no limit: no core makes as many
#define HANDSHAKES_WINDOW_MS 3000
#define HANDSHAKES_TOTAL     4 // of a network, times those of an address
#define HANDSHAKES_LINES     256

struct handshakes;

// per_second: 1 to HANDSHAKES_RATE_MAX. `seed` is random, so that strangers cannot choose addresses that share a line.
struct handshakes *handshakes_new(uint32_t per_second, const uint64_t seed[2]);
void handshakes_free(struct handshakes *handshakes); // NULL is fine

// May the client have another one now? Then it is counted.
bool handshakes_take(struct handshakes *handshakes, const struct address *client, uint64_t now_ms);
