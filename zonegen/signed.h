// SPDX-License-Identifier: ISC
// What is served now, read from the store: as a master file for `zonegen --dump --signed`, as records for `--diff`.
#pragma once

#include "base/buf.h"
#include "base/status.h"
#include "dns/store.h"
#include "zonegen/diff.h"

// Prints the zone with this name (text) as its image has it, signatures and all. NOT_FOUND when it is not served.
enum status signed_dump(struct store_reader *reader, const char *zone, struct buf *ret,
                        struct error *err);

// Its records, for a comparison: *ret says that there is none when it is not served. On failure there is nothing in it.
enum status signed_read(struct store_reader *reader, const char *zone, struct diff_side *ret,
                        struct error *err);

// The names of all zones that are served, without the last dot, in canonical order. The caller frees each, and the
// array.
char **signed_zones(struct store_reader *reader, size_t *ret_count);
