// SPDX-License-Identifier: ISC
// Which zone is looked at next, and when: so that a tick costs nothing for the zones that are not due, however many
// there are. Zones wait in the order in which they were touched,
//
//   1. the one with the host name, since certificates change most
//   2. those that the admin has just changed (zone->urgent)
//   3. all others
//   4. those that others serve
//
// but a zone that delegates another of ours comes behind it, once that is committed: it is delegated with the keys that
// are published there. Whatever changes one of the fields that a zone is due by (waiting, in_batch, failed, retry_at,
// published, life_next, dkim, notes, alarmed) calls queue_settle.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/due.h"

struct zone;
struct zones;

struct queue { // all zero: of no zones
    struct zones *zones;
    struct due turns;  // of those that wait, in the order above
    struct due looks;  // when the others have to be looked at
    struct due words;  // when there is something to say about one
    int64_t last_turn; // turns are given out in rising order
    int64_t now;       // of the last tick
    size_t woken;      // how often a zone was reached because its time had come, for tests
};

// The table of zones is another: all zones are put in again. zones stays in use.
void queue_reset(struct queue *queue, struct zones *zones, int64_t now);
void queue_done(struct queue *queue);

// The zone is to be looked at in the next batch.
void queue_touch(struct zone *zone);
// What it is due by has changed. A zone that is in no queue stays so.
void queue_settle(struct zone *zone);

// What is due by now waits from now on; what is to be said of zones is said. A clock that was set back has all zones
// put in again. Is there a zone whose turn it is?
bool queue_wake(struct queue *queue, int64_t now);
// The zone whose turn it is, or NULL.
struct zone *queue_next(const struct queue *queue);
// When queue_wake has something to do, INT64_MAX: never by time alone. 0 when it is somebody's turn.
int64_t queue_time(const struct queue *queue);
