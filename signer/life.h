// SPDX-License-Identifier: ISC
// The life of a zone's keys, one step of it with each build: what the keyset (keys/keyset.h) says is what the zone is
// published and signed with, and every change of it is remembered in state/ before the zone that follows from it is
// committed to serve/. So a crash between the two leaves a version in the history that nobody saw, which costs a wait
// and no more.
//
//   keyset in state/        it goes on from there; a key file that it needs and that is missing, unreadable or another
//                           stops the changes of the zone, and what is served stays (signer/trouble.h)
//   none, but key files     they are taken over as their timing metadata says: brought along, or state/ was lost
//   none, and no files      a new zone gets its first keys; one that was signed before does not: new ones would not
//                           match the DS at the parent. Who has lost them takes the DS out there, publishes the
//                           zone with `dnssec: off` for as long as it lives, and switches it on again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "keys/rollover.h"
#include "signer/build.h"

// The policy of a zone whose records have this TTL at most.
struct rollover_policy life_policy(const struct zone *zone, uint32_t largest_ttl);

// Before a zone's records are arranged: brings its keyset up to date, makes keys that are due, loads those in use into
// build->keys with their `use`, adds DNSKEY, CDS and CDNSKEY to the records, sets build->dnssec, and leaves the keyset
// to be remembered in build->state. With what is published signed again, nothing of that changes. STATE and the like
// with words when the zone cannot be signed.
enum status life_step(const struct build_context *context, struct build *build, struct error *err);

// The zone above, when that is one of the box's own and signed here, so that the DS of this one comes and goes there
// by itself; else NULL.
const char *life_parent_here(const struct zone *zone);
// When a step is due by time, INT64_MAX: never. Read from the keyset in zone->state.
int64_t life_next(const struct zone *zone);

// Before state/ is committed: the files' timing metadata follows the keyset, so that whoever takes the keys over
// (dnssec-settime, BIND, or this program without its state) goes on in the right place. Files of keys that are out of
// use and cannot be read are logged and left.
enum status life_write_times(const struct build_context *context, struct build *build,
                             struct error *err);
// Likewise: destroys compromised keys that are dead, by the keyset of before and that of the build.
void life_destroy(const struct build_context *context, const struct build *build);
// Behind it: logs what happened.
void life_tell(const struct build *build);

// The keyset of a zone, decoded; begun is false when there is none.
void life_read(const struct zone_state *state, struct keyset *ret);
void life_put(const struct keyset *set, struct zone_state *ret);
