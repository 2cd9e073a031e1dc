// SPDX-License-Identifier: ISC
// DIR/public/zones.key: the public keys of all zones of this box, for validators that trust the box itself:
// zone-resolver with `trust-own-keys`, and as it is Unbound (trust-anchor-file) and drill (-k).
//
//   example.com. 86400 IN DNSKEY 257 3 13 …       each key of a signed zone
//   ; unsigned: example.org.                      a zone without
//
// A zone's keys are there before the commit that needs them, and those of before until it is done: whoever reads the
// file at any instant can validate what is served then. That holds for each zone that is in the file; a zone that is
// new comes into it before its first commit or soon after, since with thousands of them the file is not written for
// each batch.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "signer/kept_file.h"
#include "signer/zones.h"

struct public_file {
    char *path;
    struct kept_file kept;
};

// Makes DIR/public.
enum status public_file_open(const char *directory, struct public_file *ret, struct error *err);
void public_file_done(struct public_file *file);

// The zone has these keys from now on; they are moved.
void public_file_take(struct public_file *file, struct zone *zone, struct public_keys *keys);

// Writes the file when its content is another. One that cannot be written is logged and tried again later: the zones
// are published all the same, since the world needs them more than the box.
void public_file_write(struct public_file *file, const struct zones *zones, enum kept_when when,
                       int64_t now);
