// SPDX-License-Identifier: ISC
// The .private file of a DNSSEC key, "Private-key-format: v1.2" or "v1.3", and what OpenSSL makes
// of it. Internal to keys/: whoever signs uses dnskey.h.
#pragma once

#include <stdint.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/status.h"
#include "keys/dnskey.h"

// How an algorithm signs. One row per algorithm that zonebox signs with (RFC 8624 as RFC 9904 keeps
// it; the SHA-1 ones are not, RFC 9905).
struct key_algorithm {
    uint8_t number;
    const char *name;   // BIND's mnemonic
    const char *type;   // OpenSSL's: "RSA", "EC", "ED25519", "ED448"
    const char *group;  // of "EC"
    const char *digest; // NULL: the signature scheme has its own
    size_t half;        // octets of r and of s in the signature of "EC"
};
// NULL when it is not one of them.
const struct key_algorithm *key_algorithm(uint8_t number);

// Parses the text of the file (it is modified). *ret_key: the key pair; ret_public: the Public Key
// field that its DNSKEY has (RFC 3110, RFC 6605, RFC 8080), appended.
enum status private_key_parse(char *text, uint8_t algorithm, EVP_PKEY **ret_key,
                              struct dnskey_times *ret_times, struct buf *ret_public,
                              struct error *err);

// Makes an ECDSAP256SHA256 key pair: the line "PrivateKey: …" without newline for the file goes to
// ret_line.
enum status private_key_generate(EVP_PKEY **ret_key, struct buf *ret_public, struct buf *ret_line,
                                 struct error *err);

// Wipes and releases a buffer that held a secret.
void secret_done(struct buf *buf);
