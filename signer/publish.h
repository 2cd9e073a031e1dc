// SPDX-License-Identifier: ISC
// The publisher: keeps serve/ as the inputs say, batch by batch.
//
//   publisher_set_inputs   new inputs: what may have changed waits to be looked at, what is gone will be deleted
//   publisher_collect      takes zones that wait or are due, as many as are 50 ms of work, and prepares them
//   batch_run_piece        signs, or makes a key, in any thread: pieces 0 … batch_piece_count - 1
//   publisher_commit       compiles, verifies, and commits: first the serials to state/, then the images to serve/
//   publisher_next         when to come again
//
// While one batch is signed the next is collected, so that all cores sign; they are committed in the order in which
// they were collected.
//
// No clock but for the 50 ms, no loop, no threads: signer/loop.c has those, tests call the steps one after the other.
// Zones that fail keep what is published; the others of the batch go on. It logs, being the work of the daemon.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/quarantine.h"
#include "base/status.h"
#include "config/inputs.h"

// A batch ends when it has prepared for this long …
#define PUBLISH_BATCH_MS 50
// … or has this many signatures to make: 50 ms on two cores …
#define PUBLISH_BATCH_JOBS 4000
// … or this many keys to make: a change that comes meanwhile waits for them, half a second …
#define PUBLISH_BATCH_KEYS 8
// … or this many zones, whose images wait in memory.
#define PUBLISH_BATCH_ZONES 512
// After a full batch the next may take twice as long and have twice as many signatures, up to so many times those
// numbers: where thousands of zones are due, commits are fewer. A change that comes then waits for 0.8 s, not for 0.2.
#define PUBLISH_BATCH_GROWTH 4
// A batch of no more signatures has all of them verified: 20 ms, at most.
#define PUBLISH_VERIFIED_JOBS 200
// A zone that failed is looked at again then: key files may have come back, a disk may have room again.
#define PUBLISH_RETRY_S 60

// So many batches are under way at a time: one that is being signed, and the next.
#define PUBLISH_BATCHES 2

struct publisher;
struct batch;

// Opens (and makes) state/, serve/, keys/, dkim/ and public/ in directory and takes state/signer.lock. A serve/ that
// cannot be read is made anew. STATE when another zone-signer runs.
enum status publisher_open(const char *directory, struct publisher **ret, struct error *err);
void publisher_close(struct publisher *publisher); // NULL is fine

// There is a channel to zone-probe, or will be when this run is over: what has to be seen is waited for. Until that is
// said there is none.
void publisher_has_channel(struct publisher *publisher);

// Images of which zone-server died before the start (signer/aside.h).
void publisher_set_aside(struct publisher *publisher, const struct quarantine *images);

// Takes the inputs over; no batch is under way. What is equal to the inputs before changes nothing. False then.
bool publisher_set_inputs(struct publisher *publisher, struct inputs *inputs, int64_t now);
// Every zone is looked at again: SIGHUP.
void publisher_touch_all(struct publisher *publisher);

// Prepares a batch. NULL: there is nothing to do now, or not before the batches under way are committed.
struct batch *publisher_collect(struct publisher *publisher, int64_t now);
size_t batch_piece_count(const struct batch *batch);
// Is it more work than a thread of its own is worth?
bool batch_is_long(const struct batch *batch);
void batch_run_piece(struct batch *batch, size_t index);
// Ends the batch, the oldest of those under way. An error is one of the store and is logged: the zones wait on, and
// publisher_collect does nothing before publisher_next.
enum status publisher_commit(struct publisher *publisher, struct batch *batch, int64_t now);

// When there is something to do: now or earlier when zones wait. INT64_MAX: only when inputs change.
int64_t publisher_next(const struct publisher *publisher, int64_t now);

// Has LMDB given up, as it does when one of its root pages could not be written? Only a new process gets on.
bool publisher_is_stuck(const struct publisher *publisher);
// Is there anything that is not as it should be: a zone that failed, an input that is bad, a store that cannot be
// written?
bool publisher_has_trouble(const struct publisher *publisher);

struct publisher_counts { // since the start
    uint64_t looked_at;   // zones prepared
    uint64_t published;
    uint64_t signatures;
    uint64_t reused;
};
struct publisher_counts publisher_counts(const struct publisher *publisher);
