// SPDX-License-Identifier: ISC
// The key files of all zones, as their directory is listed: read once per round, since each zone's files can only be
// found by listing it.
#pragma once

#include <stdint.h>
#include <time.h>

#include "base/status.h"
#include "keys/dnskey.h"

struct keyring {
    char *directory;
    struct dnskey_listing listing; // as read last, with what was made since
    struct timespec changed_at; // the directory's change time then; 0: to be read again in any case
};

enum status keyring_open(const char *directory, struct keyring *ret, struct error *err);
void keyring_done(struct keyring *keyring);
// Reads the list of files again, unless the directory has not changed since.
enum status keyring_refresh(struct keyring *keyring, struct error *err);

// Makes a key of the zone, or finds a spare one (dnskey_make_listed).
enum status keyring_make(struct keyring *keyring, const char *zone,
                         const struct dnskey_recipe *recipe, int64_t now, struct dnskey_id *ret,
                         struct error *err);
