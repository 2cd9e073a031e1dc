// SPDX-License-Identifier: ISC
// The world as the signer's questions about keys see it, with a simulated clock: name servers that may be behind, and a
// parent whose DS follow CDS after a while.
#pragma once

#include "tests/unit/signer/box.h"

#include "dns/observe.h"
#include "keys/rollover.h"
#include "signer/life_ask.h"

#define WORLD_ZONE       "example.com"
#define WORLD_REGISTRAR  1800 // seconds until the parent follows CDS
#define WORLD_PARENT_TTL 7200
#define WORLD_NS_TTL     259200

struct world {
    bool behind;          // a secondary serves what was before; its address is 192.0.2.53
    bool lacks_cds;       // or only the CDS of before
    uint32_t unreachable; // name servers
    int64_t expires_at;   // at a server with the address 192.0.2.77; 0: as it should be
    bool parent_is_silent;
    bool parent_takes_cds;
    struct dnskey_id ds[KEYSET_KEYS_MAX]; // of ours, at the parent
    size_t ds_count;
    uint16_t foreign;
    bool foreign_is_stronger;             // by its digest type
    bool foreign_is_other;                // of an algorithm that the zone does not have
    int64_t follows_at;                   // the parent does then; 0: nothing to follow
    size_t asked[OBSERVE_NOTIFY_CDS + 1]; // questions, by kind
};

struct zone *world_zone(const struct publisher *publisher);
void world_keyset(const struct publisher *publisher, struct keyset *ret);
// The one key of the keyset that is wanted.
struct dnskey_id world_wanted(const struct publisher *publisher);
bool world_has_ds(const struct world *world, struct dnskey_id id);

// Everything is seen everywhere, as it should be, and what follows from that is done.
void world_see(struct publisher *publisher, int64_t now);

// Answers one question as things are now. Is what it says of keys and signatures true of what is published?
void world_answer(struct publisher *publisher, struct world *world,
                  const struct observe_question *question, int64_t now);
// All that is asked now.
size_t world_answer_all(struct publisher *publisher, struct world *world, int64_t now);
// Everything that happens until then, in order. What is published holds at each step. Returns when it stopped: end, or
// as soon as done says so.
int64_t world_run(struct publisher *publisher, struct world *world, int64_t now, int64_t end,
                  bool (*done)(const struct publisher *publisher));
