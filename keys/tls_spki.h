// SPDX-License-Identifier: ISC
// What TLSA records are made of: SHA-256 digests of SubjectPublicKeyInfos (RFC 6698 §2.1, selector 1, matching type 1).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "keys/tls_plan.h"

struct tls_chain {
    uint8_t key[TLS_DIGEST_LEN]; // of the certificate
    // Of its issuer, when that stands in the file: a server sends what is there, and a `2 1 1` only matches what a
    // server sends (RFC 7671 §5.2.2).
    bool has_issuer;
    uint8_t issuer[TLS_DIGEST_LEN];
};

// The first CERTIFICATE block is the server's own, the others are its chain (RFC 9846 §4.5.1). SYNTAX when it is none.
enum status tls_spki_of_chain(const uint8_t *pem, size_t len, struct tls_chain *ret,
                              struct error *err);
// The first PUBLIC KEY block, as `openssl pkey -pubout` writes it. SYNTAX when there is none.
enum status tls_spki_of_public(const uint8_t *pem, size_t len, uint8_t ret[TLS_DIGEST_LEN],
                               struct error *err);

#define TLS_DIGEST_HEX (2 * TLS_DIGEST_LEN + 1)
const char *tls_digest_text(const uint8_t digest[TLS_DIGEST_LEN], char text[TLS_DIGEST_HEX]);
// False unless text is 64 hexadecimal digits.
bool tls_digest_read(const char *text, uint8_t ret[TLS_DIGEST_LEN]);
