// SPDX-License-Identifier: ISC
// The .private file of a DNSSEC key, "Private-key-format: v1.2" or "v1.3", and what OpenSSL makes
// of it. Internal to keys/: whoever signs uses dnskey.h.
#pragma once

#include <stdbool.h>
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
    bool made; // here, and not only read (RFC 8624 §3.1: RSASHA512 is not to be begun with)
};
// NULL when it is not one of them.
const struct key_algorithm *key_algorithm(uint8_t number);

// Parses the text of the file (it is modified). *ret_key: the key pair; ret_public: the Public Key
// field that its DNSKEY has (RFC 3110, RFC 6605, RFC 8080), appended.
enum status private_key_parse(char *text, uint8_t algorithm, EVP_PKEY **ret_key,
                              struct dnskey_times *ret_times, struct buf *ret_public,
                              struct error *err);

// The numbers of an RSA key, in the order of the file's lines.
#define PRIVATE_RSA_FIELDS 8
struct private_rsa_field {
    const char *name;
    const char *param; // OpenSSL's
};
extern const struct private_rsa_field private_rsa_fields[PRIVATE_RSA_FIELDS];

// Makes a key pair, and appends the Public Key field of its DNSKEY. RANGE when keys of the algorithm are not made here.
enum status private_key_generate(uint8_t algorithm, EVP_PKEY **ret_key, struct buf *ret_public,
                                 struct error *err);

// The room that the text of a file takes at most: a buffer that has it from the start never grows, and leaves no copy
// of the secret behind.
#define PRIVATE_TEXT_MAX 8192
// Appends the text of the key's file, without times. CRYPTO when it is not a key of that algorithm.
enum status private_key_put(const EVP_PKEY *key, uint8_t algorithm, struct buf *ret_text,
                            struct error *err);
bool private_key_is_of(const EVP_PKEY *key, uint8_t algorithm);
// The key as it is read from that text, and its Public Key field.
enum status private_key_again(const EVP_PKEY *key, uint8_t algorithm, EVP_PKEY **ret_key,
                              struct buf *ret_public, struct error *err);
