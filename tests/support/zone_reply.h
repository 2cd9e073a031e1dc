// SPDX-License-Identifier: ISC
// A zone and the replies that it gives, without a store.
#pragma once

#include "base/buf.h"
#include "dns/image.h"

struct zone_reply {
    struct buf octets;
    struct image image;
};

// Opens the zone `example.` out of a master file. What is wrong with it fails the test. buf_done frees its octets.
void zone_reply_open(struct zone_reply *zone, const char *text);

// Writes the reply to a question (tests/support/ask.h) of at most `limit` octets. Returns its length.
size_t zone_reply_write(const struct image *image, const char *question, uint8_t *out,
                        size_t limit);
