// SPDX-License-Identifier: ISC
// The owner names of NSEC3 RRs (RFC 5155 §3).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NSEC3_HASH_LEN  20 // SHA-1, the only algorithm there is
#define NSEC3_LABEL_LEN 32 // the hash in base32hex without padding (RFC 4648 §7)
#define NSEC3_ALGORITHM 1

// Reads the hash that the first label of a valid wire name is made of. False when it is none.
bool nsec3_owner_hash(const uint8_t *owner, uint8_t ret[NSEC3_HASH_LEN]);
// The other way round: the characters of the label, in lower case.
void nsec3_label(const uint8_t hash[NSEC3_HASH_LEN], uint8_t ret[NSEC3_LABEL_LEN]);
