// SPDX-License-Identifier: ISC
// A world in which the keys of one zone live for years: its name servers, the parent's servers, whoever enters DS
// there, and caches that may have kept anything which any server ever said, for as long as its TTL allows.
//
// It knows nothing of keysets. Keys are numbers, each publication is what a server would answer with, and the
// validator follows RFC 4035 §5 and RFC 6840 §5.11. What is looked for: is there any choice of a DS RRset, a DNSKEY
// RRset and a signature, each of which a cache may have, that a validator would call bogus?
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_SERVERS 3
#define WORLD_LIST    24
#define WORLD_PAST    64

// Numbers of keys.
struct world_keys {
    uint16_t list[WORLD_LIST];
    size_t count;
};
bool world_has(const struct world_keys *keys, uint16_t key);
void world_put(struct world_keys *keys, uint16_t key);
void world_drop(struct world_keys *keys, uint16_t key);
bool world_same(const struct world_keys *a, const struct world_keys *b);

// What the zone says of itself.
struct world_zone {
    struct world_keys dnskeys, key_signers, signers;
    int64_t dnskey_ttl, rrset_ttl;
    struct world_keys cds; // what the parent is asked for
    bool cds_delete;
};

// What the parent says of it.
struct world_ds {
    struct world_keys keys;
    struct world_keys strong; // those of them that it names with the strongest digest type
    unsigned foreign;         // of keys that nobody here has
    bool is_fault;            // somebody entered what nobody had offered: validators may complain
    int64_t ttl;
};

// A version, and until when some server said it (INT64_MAX: one still does).
struct world_version {
    uint64_t number; // 1, 2 …
    int64_t served_until;
    union {
        struct world_zone zone;
        struct world_ds ds;
    };
};

// Servers of a kind: each has a version, and gets the newest when its time comes.
struct world_servers {
    struct world_version past[WORLD_PAST]; // oldest first; the last is the newest
    size_t count;
    uint64_t last;
    struct {
        uint64_t number;
        int64_t due_at;      // gets the newest then
        int64_t silent_till; // serves, and cannot be asked by us
    } servers[WORLD_SERVERS];
};

struct world {
    uint64_t random;
    int64_t now;
    uint8_t algorithms[4096]; // of the keys by number
    uint16_t key_count;
    struct world_servers zone, parent;
    bool changed; // since it was last judged
    int64_t bogus, judged;
    char why[512];
};

void world_begin(struct world *world, uint64_t seed, int64_t now, int64_t ttl);
uint64_t world_random(struct world *world, uint64_t below);
bool world_chance(struct world *world, unsigned percent);

// The primary and the parent's own have it at once, the others by and by, within lag.
void world_publish(struct world *world, const struct world_zone *zone, int64_t lag);
void world_enter(struct world *world, const struct world_ds *ds, int64_t lag);
uint64_t world_zone_number(const struct world *world, size_t server);
const struct world_zone *world_zone_of(const struct world *world, size_t server);
const struct world_ds *world_ds_of(const struct world *world, size_t server);
const struct world_zone *world_zone_newest(const struct world *world);
const struct world_ds *world_ds_newest(const struct world *world);
// Time goes on: servers get what they are due.
void world_go(struct world *world, int64_t now);
// All servers are well, and get what is new at once.
void world_heal(struct world *world);
// Counts the combinations that are bogus now, of those that a cache may have; `why` tells of the first ever.
void world_judge(struct world *world);
