// SPDX-License-Identifier: ISC
// What zone-signer does with one zone's keys in the world of rollover_world.h: steps, key files with their times, looks
// at servers, crashes and lost states. As in signer/life.c, but without files, records and signatures.
#pragma once

#include "keys/rollover.h"
#include "rollover_world.h"

#define T0   INT64_C(1800000000)
#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)

// More than are kept at a time: files of dead keys go after thirty days.
#define FILES_MAX 512

struct run {
    struct world world;
    struct keyset set;
    struct rollover_policy policy;
    struct dnskey files[FILES_MAX];
    size_t file_count;
    int64_t clock;          // the signer's, ahead of the world's
    uint32_t largest_ttl;   // used lately
    int64_t lag;            // of name servers, at most
    size_t dead, adoptions; // keys that went all the way, states that were lost
};

int64_t run_now(const struct run *run); // by the signer's clock
uint64_t run_random(struct run *run, uint64_t below);
// The numbers of the keys of a mask.
void run_numbers(const struct run *run, keyset_mask mask, struct world_keys *ret);
bool run_wants_any(const struct run *run);
struct dnskey_id run_make_file(struct run *run, enum key_role role, uint8_t algorithm, bool in_use);
// A step; with a crash behind it, what is published stays as it was.
void run_step(struct run *run, bool crash);
// The state is written and read back.
void run_reload(struct run *run);
// The state is lost, and comes back from the files.
void run_adopt(struct run *run);
// Looks at all servers; late: other things have happened when the answers come.
void run_look(struct run *run, bool late);
void run_purge_files(struct run *run);
