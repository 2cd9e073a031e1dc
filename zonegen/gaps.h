// SPDX-License-Identifier: ISC
// Which gaps a zone has already, by record and reason: a hash table, since 10,000 domains without keys may be in one
// zone. Internal to zonegen/.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct zone_record;

// Zero-initialise.
struct gaps {
    size_t *slots; // index of the record + 1; 0: free
    size_t size;   // a power of two, at least twice the count
    size_t count;
};

void gaps_done(struct gaps *gaps);
// Takes records[index] in, which is a gap. False: there is one that says the same.
bool gaps_add(struct gaps *gaps, const struct zone_record *records, size_t index);
