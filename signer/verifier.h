// SPDX-License-Identifier: ISC
// Verifies signatures of an image cryptographically: what libcrypto needs for each key of a DNSKEY set is set up once,
// and used for all RRsets. The canonical form and order are ldns' (RFC 4034 §6), so that they are not those that the
// signer has signed with. Pure, but for what it keeps; times, names and who should sign are not looked at.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/image.h"
#include "keys/dnskey.h"
#include "keys/signing.h"

struct verifier;

// With the DNSKEY set at the image's apex, which is copied. NULL: there is none, or one is malformed.
struct verifier *verifier_new(const struct image *image);
void verifier_free(struct verifier *verifier); // NULL is fine
// A key that is loaded whole: libcrypto knows it already. One that is not in the set (its signatures come before it in
// the rollover of an algorithm) verifies all the same.
void verifier_lend(struct verifier *verifier, const struct dnskey *key);

// From now on, what verifier_check may put off is answered by these checks (signing_key_verify_later).
void verifier_defer(struct verifier *verifier, const struct signing_later *later);

// Is there a key with that tag and algorithm, in the set or lent?
bool verifier_knows(const struct verifier *verifier, struct dnskey_id id);
// Has the set a key of that algorithm that signatures count of: a zone key, not revoked (RFC 4034 §2.1.1, RFC 5011
// §2.1)?
bool verifier_expects(const struct verifier *verifier, uint8_t algorithm);

// Do all signatures of the RRset verify that are by keys it knows? Others are passed over, as validators do.
// by[algorithm] is set for each that does; by may be NULL.
bool verifier_check(struct verifier *verifier, const struct image *image,
                    const struct image_rrset *rrset, bool by[256]);
