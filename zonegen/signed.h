// SPDX-License-Identifier: ISC
// What is served now, read from the store: as a master file for `zonegen --dump --signed`, as records for `--diff`.
#pragma once

#include "base/buf.h"
#include "base/status.h"
#include "base/quarantine.h"
#include "dns/store.h"
#include "zonegen/diff.h"

// Of each zone its newest image is served, or the one before it when that is set aside (decision 037).
struct served {
    struct store *store;
    struct store_reader *reader;
    struct quarantine aside;
};

// Opens what is served out of the state directory. NOT_FOUND with words when there is nothing yet.
enum status served_open(const char *state, struct served *ret, struct error *err);
void served_close(struct served *served); // zeroed and half opened ones are fine
// Is the newest image of the zone set aside? *ret says so in words then.
bool served_has_aside(const struct served *served, const char *zone, struct error *ret);

// Prints the zone with this name (text) as its image has it, signatures and all. NOT_FOUND when it is not served, STATE
// when its images are set aside.
enum status signed_dump(const struct served *served, const char *zone, struct buf *ret,
                        struct error *err);

// Its records, for a comparison: *ret says that there is none when it is not served. On failure there is nothing in it.
enum status signed_read(const struct served *served, const char *zone, struct diff_side *ret,
                        struct error *err);

// The names of all zones that are served, without the last dot, in canonical order. The caller frees each, and the
// array.
char **signed_zones(const struct served *served, size_t *ret_count);
