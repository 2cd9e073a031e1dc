// SPDX-License-Identifier: ISC
// A key that signs, or checks, many messages: what libcrypto needs for it is set up once (a third of the cost of a
// P-256 signature otherwise). Pure: octets → signature, in any thread, but one `signing_key` in one thread at a time.
// Several of the same key may be in use at once.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/dnskey.h"
#include "keys/ecdsa_check.h"

// RSA of 4096 bits.
#define SIGNATURE_LEN_MAX 512

struct signing_key;

// key stays in use. STATE when it has no private part, CRYPTO when libcrypto will not have it.
enum status signing_key_new(const struct dnskey *key, struct signing_key **ret, struct error *err);
// One that only checks, from the rdata of a DNSKEY record. NULL: the algorithm is not known here, or it is none of it.
struct signing_key *signing_key_of_rdata(const uint8_t *rdata, size_t len);
void signing_key_free(struct signing_key *signing); // NULL is fine

// Octets of each signature by the key in RRSIG's Signature field; 0 when it has no private part.
size_t signing_len(const struct dnskey *key);

// One message that is to be signed.
struct signing_item {
    struct signing_key *key; // with its private part
    const uint8_t *octets;
    size_t len;
    uint8_t *ret; // room for signing_len
    bool done;    // is set: false when libcrypto failed
};
// Makes all signatures in that form (RFC 3110 §3, RFC 6605 §4: r and s without DER around them, RFC 8080 §4). Many at a
// time cost less each (keys/ecdsa_sign.h).
void signing_run(struct signing_item *items, size_t count);

// Is it a signature of the octets by this key?
bool signing_key_verify(struct signing_key *signing, const uint8_t *octets, size_t len,
                        const uint8_t *signature, size_t signature_len);
// The same, answered later where that costs less: false is final, true only when ecdsa_checks_run has found nothing
// wrong with the subject.
struct signing_later {
    struct ecdsa_checks *checks;
    size_t subject;
};
bool signing_key_verify_later(struct signing_key *signing, const uint8_t *octets, size_t len,
                              const uint8_t *signature, size_t signature_len,
                              const struct signing_later *later);
