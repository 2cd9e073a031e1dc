// SPDX-License-Identifier: ISC
// ECDSA signatures of many digests in a row, by libcrypto, a tenth cheaper than one by one.
//
// libcrypto knows two ways to the nonce k of a signature. Asked for the signature as a whole it makes k from random
// numbers, the private number and the digest, so that a source of random numbers that repeats itself (a machine that
// goes on twice from one snapshot) does not give k to two messages, which would tell the private number. Asked for the
// parts of k first (ECDSA_sign_setup) it takes random numbers alone, and saves the hash and the memory of each. Here
// the private numbers and all digests of the row go into the thread's random generator instead, together with new
// randomness, before the first k is drawn from it: as safe, once a row. That cannot be left out, so there is no
// function for one signature.
//
// A key is an EC_KEY here, as keys/ec_key.h makes it: nothing is to be set up.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

struct ecdsa_key;

// From a key with its private number, on a curve whose numbers have so many octets. The key is kept in use. NULL: it is
// none of those.
struct ecdsa_key *ecdsa_key_new(EVP_PKEY *key, size_t half);
void ecdsa_key_free(struct ecdsa_key *key); // NULL is fine

struct ecdsa_item {
    const struct ecdsa_key *key;
    const uint8_t *digest; // as many octets as the curve's numbers have
    uint8_t *ret;          // gets r and s (RFC 6605 §4), so many octets each
    bool done;             // is set: false when libcrypto failed
};
// In any thread; a key may be in several rows at a time.
void ecdsa_sign(struct ecdsa_item *items, size_t count);
