// SPDX-License-Identifier: ISC
// The hash of a name as NSEC3 `1 0 0 -` has it: SHA-1 over the wire form, no further iterations, no salt (RFC 5155 §5,
// RFC 9276 §3.1).
//
// One hasher serves many names: a digest that is fetched and allocated anew for each costs several times the hash.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "dns/nsec3.h"

struct name_hasher;

// CRYPTO: this OpenSSL has no SHA-1 (a provider or policy that leaves it out).
enum status name_hasher_new(struct name_hasher **ret, struct error *err);
void name_hasher_free(struct name_hasher *hasher); // NULL is fine

// `lower` is a valid wire name in lower case, which is what is hashed (RFC 5155 §5).
enum status name_hash(struct name_hasher *hasher, const uint8_t *lower, uint8_t ret[NSEC3_HASH_LEN],
                      struct error *err);
