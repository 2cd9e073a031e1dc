// SPDX-License-Identifier: ISC
// The audit: everything that is served is verified cryptographically at least once a day, whatever was verified when
// it was published (signer/verify.h) and whatever has become of it since: a page of the store gone bad, somebody who
// wrote there, a fault in the signer itself.
//
// It goes on between batches in steps of some milliseconds, zone by zone, from a snapshot of the store that is held for
// one step only; between two steps it keeps the place in the zone, and begins anew where that was published meanwhile.
// What was never verified since it was published comes first; then each zone has its time, 12 to 23 hours behind the
// last, another one for each zone, so that they spread. Four hundred thousand signatures are 40 to 60 s of CPU time.
//
// A zone that fails is an alarm (`audit-failed`). It is made anew, and nothing of that image is used for it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/due.h"

struct publisher;
struct verifier;
struct zone;

// A step verifies for so long; what else the loop has to do waits no longer.
#define AUDIT_STEP_MS 4
// Between two steps: 2% of a core. When a zone is late by more than an hour, 20%.
#define AUDIT_REST_MS      196
#define AUDIT_REST_LATE_MS 16

struct zone_audit {     // of one zone
    int64_t audited_at; // 0: not since it was published
    int64_t not_before; // it failed: the next look at what is published then
    bool failed;        // what is published did not hold up
};

struct audit {                 // all zero: nothing to do
    struct due zones;          // when each is begun
    bool active;               // one is under way:
    size_t zone;               // its place in the table
    uint64_t image;            // which image
    uint32_t rrset;            // the next of it
    struct verifier *verifier; // with its keys
    uint64_t audited;          // zones, since the start, likewise below
    uint64_t signatures, failures;
    int64_t spent_us;
};

// The table of zones is another.
void audit_reset(struct publisher *publisher, int64_t now);
void audit_done(struct audit *audit);
// The zone was published.
void audit_published(struct publisher *publisher, struct zone *zone, int64_t now);
// One step. Returns the milliseconds after which the next is due, UINT64_MAX: there are no zones.
uint64_t audit_step(struct publisher *publisher, int64_t now);

// For the status: how many zones were audited since they were published, and the oldest of these times, 0: none.
size_t audit_count(const struct publisher *publisher, int64_t *ret_oldest);
