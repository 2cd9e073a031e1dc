// SPDX-License-Identifier: ISC
// The records of a zone by owner, so that looking at one name does not look at all. Internal to zonegen/.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#define OWNERS_NONE SIZE_MAX

struct zone_record;

// Zero-initialise. Knows records by their index; those without an ldns_rr are nobody's.
struct owners {
    size_t *heads; // buckets; index + 1 of the newest record, 0: none
    size_t bucket_count;
    size_t *next; // of each record, the one before it in its bucket, likewise; as many as buckets
    size_t count;
};

void owners_done(struct owners *owners);
// Takes the records in that are new since the last call.
void owners_follow(struct owners *owners, const struct zone_record *records, size_t count);
// The newest record at the name (any case) before index `before`, OWNERS_NONE to begin with; OWNERS_NONE when there is
// none any more.
size_t owners_find(const struct owners *owners, const struct zone_record *records,
                   const ldns_rdf *name, size_t before);
// The indices of all records at the name in their order. Returns how many; the caller frees *ret.
size_t owners_list(const struct owners *owners, const struct zone_record *records,
                   const ldns_rdf *name, size_t **ret);
