// SPDX-License-Identifier: ISC
// The certificate that the server shows over TLS, and its private key: read from a descriptor, so that neither lies in
// a file that the server could read, and checked before anybody is served with them.
#pragma once

#include <stdint.h>

#include <openssl/ssl.h>

#include "base/status.h"

// Both are handed over in one piece. The largest that zoned reads: chains are a few thousand octets.
#define CERTIFICATE_MAX ((1U << 20) + (64U << 10))

struct certificate {
    X509 *leaf;
    STACK_OF(X509) * chain; // of its issuers
    EVP_PKEY *key;
    int64_t from, until; // Unix seconds
};

// Reads PEM to the end of the descriptor, from its start where it has one: the certificate, those of its issuers behind
// it, and its key anywhere. The descriptor stays open; what was read is wiped. SYNTAX, RANGE or CRYPTO, and err says
// what is wrong with which; on failure *ret is empty.
enum status certificate_read(int fd, struct certificate *ret, struct error *err);
void certificate_done(struct certificate *certificate);
