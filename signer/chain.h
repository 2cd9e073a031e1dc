// SPDX-License-Identifier: ISC
// What a zone denies names and types with: the chain of NSEC (RFC 4034 §4) or of NSEC3 (RFC 5155 §7.1) over its names.
//
// NSEC3 is `1 0 0 -` (RFC 9276): no further iterations, no salt, no opt-out. So every name has one, those at cuts
// without DS and empty non-terminals too, and the NSEC3PARAM at the apex says so. What is below a cut or a DNAME is
// no name of the zone.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "dns/nsec3.h"
#include "signer/records.h"

enum denial { DENIAL_NSEC, DENIAL_NSEC3 };

// Adds the chain to arranged records that have none, and arranges them. Its TTL is that of negative answers (RFC 9077
// §3). STATE: the zone has no SOA, or two names have one hash; RANGE: the zone's own name leaves no room for a hash;
// CRYPTO: no SHA-1 (keys/name_hash.h).
enum status chain_add(struct records *records, enum denial denial, struct error *err);

struct chain_name {
    uint8_t hash[NSEC3_HASH_LEN];
    const uint8_t *name;       // wire, lower case
    const struct owner *owner; // NULL: an empty non-terminal
};

// Sorts by hash. STATE with both names when two have the same: a chain cannot tell them apart (RFC 5155 §7.1).
enum status chain_sort(struct chain_name *names, size_t count, struct error *err);
