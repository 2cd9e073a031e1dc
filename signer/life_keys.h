// SPDX-License-Identifier: ISC
// The keys of a keyset as zone-probe is told of them (dns/observe.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dns/observe.h"
#include "keys/keyset.h"
#include "signer/keyring.h"
#include "signer/zone.h"

_Static_assert(OBSERVE_KEYS_MAX == KEYSET_KEYS_MAX, "a question has room for all of them");

struct life_keys {
    struct dnskey_id ids[KEYSET_KEYS_MAX];
    struct observe_key list[KEYSET_KEYS_MAX]; // with `use` as the keyset has it now
    size_t count;
};

// All keys of the keyset, with the digests of their DNSKEY records: as published, else from their files. False: the
// file of one that is in use or offered cannot be read, so what is seen could not be told to be ours. One that is
// neither has no digests then: a DS of it is a foreign one.
bool life_keys_read(const struct zone *zone, const struct keyset *set,
                    const struct keyring *keyring, struct life_keys *ret);

// The rdata of a DS with SHA-256 for the key, as CDS has it: 36 octets.
#define LIFE_DS_LEN 36
void life_keys_ds(const struct observe_key *key, uint8_t ret[LIFE_DS_LEN]);
