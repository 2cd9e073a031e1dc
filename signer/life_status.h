// SPDX-License-Identifier: ISC
// The keys of a zone as the status has them (docs/man/zonebox.8): state, what each waits for, and what the world was
// last seen to have.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "signer/zone.h"

// "keys": [{…}]; of a zone without a keyset those that its DNSKEY RRset has. observed: is there somebody to look?
json_t *life_keys_status(const struct zone *zone, bool observed, int64_t now);
// "life": {…}, null without a keyset.
json_t *life_status(const struct zone *zone, bool observed, int64_t now);
// "served" and "parent": the last look at the name servers, and at the parent's; null: there was none.
json_t *life_served_status(const struct zone *zone);
json_t *life_parent_status(const struct zone *zone);
// How long resolvers keep the NS of the zone, its own and the parent's, seconds. What was not seen at the parent is
// taken to be as long as registries have it.
uint32_t life_ns_ttl(const struct zone *zone);
// Does it wait for somebody to change its DS at the parent?
bool life_is_open(const struct zone *zone, int64_t now);
