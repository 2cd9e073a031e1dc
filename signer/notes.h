// SPDX-License-Identifier: ISC
// What zonegen notes about a zone that is published all the same: an expired certificate, a zone file without TLSA.
// Each is logged once, when it first holds: that may be long after the zone was made, so the notes are kept with it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zonegen/zonegen.h"

// A zone file can be odd in every line; the rest is what `zonegen --check` is for.
#define NOTES_MAX 20

struct note {
    char *input; // or NULL
    char *text;
    int64_t from;
    int64_t until;
    bool told;
};

struct notes {
    struct note list[NOTES_MAX];
    size_t count;
};

void notes_free(struct notes *notes); // NULL, here and below: there are none

// Takes the notes of a zone that was made anew, in the place of the old ones, which are freed. What was told and is
// noted again counts as told.
struct notes *notes_take(struct notes *old, const struct zone_content *content);
// Logs what holds now and was not told yet.
void notes_tell(struct notes *notes, const char *zone, int64_t now);
// When the next one begins to hold behind now, INT64_MAX: none.
int64_t notes_next(const struct notes *notes, int64_t now);
