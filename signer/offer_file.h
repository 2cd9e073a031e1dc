// SPDX-License-Identifier: ISC
// DIR/public/ds (keys/offer.h): what the parents should have as DS, for `zonegen --ds`.
#pragma once

#include <stdint.h>

#include "signer/keyring.h"
#include "signer/kept_file.h"
#include "signer/zones.h"

struct offer_file {
    char *path;
    struct kept_file kept;
};

void offer_file_open(const char *directory, struct offer_file *ret);
void offer_file_done(struct offer_file *file);

// Writes the file when its content is another. One that cannot be written is logged and tried again later.
void offer_file_write(struct offer_file *file, const struct zones *zones,
                      const struct keyring *keyring, enum kept_when when, int64_t now);
