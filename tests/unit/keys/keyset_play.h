// SPDX-License-Identifier: ISC
// A zone whose keys are played through time, minute by minute: looks each five minutes, and what happens becomes a
// text, with the keys as A, B … in the order in which they are made, and times in hours and minutes since it was
// read last.
#pragma once

#include "keys/rollover.h"

#define PLAY_T0       INT64_C(1800000000)
#define PLAY_DNSKEY   3600 // TTLs
#define PLAY_LARGEST  7200
#define PLAY_DS       14400
#define PLAY_DELAY    600  // propagation of the name servers
#define PLAY_PARENT   1800 // of the parent
#define PLAY_INTERVAL 300  // between looks

struct play {
    struct keyset set;
    struct rollover_policy policy;
    int64_t now, read_at;
    uint8_t algorithms[26];
    size_t made;
    keyset_mask parent[2]; // the DS at two of its servers
    keyset_mask strong;    // those that are there with a stronger digest, too; 0: all have the same
    uint32_t ds_ttl;       // as the parent says it; 0: PLAY_DS
    unsigned foreign;
    bool cds_lags;           // a name server has the CDS of before
    bool by_cds;             // the parent takes what is offered at the next look
    unsigned wrong, unknown; // of three name servers
    unsigned parent_unknown;
    bool blind;
    char log[4096];
};

// Signed from the start, by the policy; not played yet.
void play_begin(struct play *play, bool split_keys, uint8_t algorithm);
// The same, with the DS in and all at rest.
void play_secure(struct play *play, bool split_keys, uint8_t algorithm);
void play_minutes(struct play *play, int64_t minutes);
// Until nothing has happened for three days, at most a year.
void play_out(struct play *play);
// What happened since it was asked last, "0:00 published B, 1:15 signs B"; forgets it.
const char *play_read(struct play *play);
void play_expect(struct play *play, const char *expected);
// A key by its letter.
size_t play_slot(const struct play *play, char letter);
keyset_mask play_keys(const struct play *play, const char *letters);
