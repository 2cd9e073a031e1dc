// SPDX-License-Identifier: ISC
// Which keys a zone is signed with, and whether one may be made.
//
// A key is made once, for a zone that never had one. When state/ knows a key or the published zone is signed and
// the files are gone, a new key would make the zone bogus for everybody who has the old DS: the zone stays as it is
// until the files are back. The way out for one who has lost them: take the DS out at the parent, publish the zone
// with `dnssec: off` for as long as the DS lives, then switch it on again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "keys/dnskey.h"
#include "signer/state.h"

// What a zone's past says of its keys.
struct keyring_past {
    const struct zone_state *state;
    bool published_signed; // serve/ has the zone with signatures
};

enum keyring_verdict { KEYRING_USE, KEYRING_MAKE, KEYRING_REFUSE };

// Pure. found: the public keys there are.
enum keyring_verdict keyring_decide(const struct keyring_past *past,
                                    const struct dnskey_set *found);

struct keyring {
    char *directory;
    struct dnskey_listing listing; // as read last, with what was made since
};

enum status keyring_open(const char *directory, struct keyring *ret, struct error *err);
void keyring_done(struct keyring *keyring);
// Reads the list of files again.
enum status keyring_refresh(struct keyring *keyring, struct error *err);

// Loads the zone's public keys, or makes a key: it has its private part then. STATE with the reason when there
// should be keys and there are none.
enum status keyring_get(struct keyring *keyring, const char *zone, const struct keyring_past *past,
                        int64_t now, struct dnskey_set *ret, struct error *err);
// Loads the keys that the zone was published with last, private parts and all: to sign it again whatever other files
// there are.
enum status keyring_get_known(const struct keyring *keyring, const char *zone,
                              const struct zone_state *state, struct dnskey_set *ret,
                              struct error *err);
// Loads the private parts as well, unless they are there.
enum status keyring_unlock(struct keyring *keyring, const char *zone, struct dnskey_set *set,
                           struct error *err);
// Notes the keys in the state of the zone.
void keyring_remember(const struct dnskey_set *set, struct zone_state *state);
