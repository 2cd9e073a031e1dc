// SPDX-License-Identifier: ISC
// What is served now, read from the store as a master file: the other half of `zonegen --dump`.
#pragma once

#include "base/buf.h"
#include "base/status.h"
#include "dns/store.h"

// Prints the zone with this name (text) as its image has it, signatures and all. NOT_FOUND when it is not served.
enum status signed_dump(struct store_reader *reader, const char *zone, struct buf *ret,
                        struct error *err);
