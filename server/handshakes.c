// SPDX-License-Identifier: ISC
#include "server/handshakes.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct bucket {
    uint64_t key;
    uint64_t paid; // when, µs; 0: never used
};

#define LINE_BUCKETS 4

struct table {
    uint64_t debt; // of one handshake, µs
    struct bucket lines[HANDSHAKES_LINES][LINE_BUCKETS];
};

struct handshakes {
    uint64_t seed[2];
    struct table addresses, networks;
};

struct handshakes *handshakes_new(uint32_t per_second, const uint64_t seed[2])
{
    struct handshakes *handshakes = xcalloc(1, sizeof(*handshakes));
    handshakes->seed[0] = seed[0];
    handshakes->seed[1] = seed[1] | 1;
    handshakes->addresses.debt = 1000000 / per_second;
    handshakes->networks.debt = handshakes->addresses.debt / HANDSHAKES_TOTAL;
    return handshakes;
}

void handshakes_free(struct handshakes *handshakes)
{
    free(handshakes);
}

// An IPv4 address, or an IPv6 /64; no host has ffff:ffff::/32.
static uint64_t address_key(const struct address *client)
{
    uint64_t high;
    if (client->any.sa_family == AF_INET)
        return UINT64_MAX << 32 | be32toh(client->v4.sin_addr.s_addr);
    memcpy(&high, &client->v6.sin6_addr, sizeof(high));
    return be64toh(high);
}

// An IPv4 /24, or an IPv6 /48.
static uint64_t network_key(const struct address *client)
{
    unsigned host_bits = client->any.sa_family == AF_INET ? 32 - 24 : 64 - 48;
    return address_key(client) >> host_bits << host_bits;
}

static uint64_t left(const struct bucket *bucket, uint64_t now)
{
    return bucket->paid > now ? bucket->paid - now : 0;
}

// What its debt would be with one more, and where that is kept.
struct found {
    struct bucket *bucket;
    struct bucket next;
};

// The bucket of the key; else the place for it is that of the smallest debt in its line.
static struct found find(struct table *table, const uint64_t seed[2], uint64_t key, uint64_t now)
{
    unsigned __int128 product = (unsigned __int128)(key ^ seed[0]) * seed[1];
    uint64_t hash = (uint64_t)product ^ (uint64_t)(product >> 64);
    struct bucket *line = table->lines[hash % HANDSHAKES_LINES];
    struct bucket *place = line;
    for (unsigned i = 0; i < LINE_BUCKETS; i++) {
        if (line[i].paid != 0 && line[i].key == key)
            return (struct found){&line[i], {key, now + left(&line[i], now) + table->debt}};
        if (left(&line[i], now) < left(place, now))
            place = &line[i];
    }
    return (struct found){place, {key, now + table->debt}};
}

bool handshakes_take(struct handshakes *handshakes, const struct address *client, uint64_t now_ms)
{
    uint64_t now = now_ms * 1000;
    uint64_t until = now + HANDSHAKES_WINDOW_MS * UINT64_C(1000);
    struct found address = find(&handshakes->addresses, handshakes->seed, address_key(client), now);
    struct found network = find(&handshakes->networks, handshakes->seed, network_key(client), now);
    if (address.next.paid > until || network.next.paid > until)
        return false;
    *address.bucket = address.next;
    *network.bucket = network.next;
    return true;
}
