// SPDX-License-Identifier: ISC
// DNSSEC keys: the files, the public records, and signing.
//
// Files are the ecosystem's own, as BIND and ldns write them: Kexample.com.+013+12345.key with the DNSKEY record and
// timing comments, .private (v1.3, 0600 from the moment it exists) with the same times, so that dnssec-settime,
// ldns-signzone and BIND read them, and keys of theirs are read here. All keys lie in one directory.
//
// Only zone-signer makes keys. Whoever finds none says so and goes on; a key is never made in the place of one that
// cannot be read.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>

#include "base/status.h"

#define DNSKEY_FLAGS_ZONE 256
#define DNSKEY_FLAGS_SEP  257 // KSK, or a CSK: what the parent's DS names
#define DNSKEY_ALGORITHM_ECDSAP256SHA256 13

struct dnskey {
    ldns_rr *rr;         // the DNSKEY record, owned; its TTL is the caller's business
    uint16_t tag;        // RFC 4034 appendix B
    uint8_t algorithm;
    uint16_t flags;
    int64_t created;     // Unix times of the timing metadata, 0 = not given
    int64_t publish;
    int64_t activate;
    int64_t inactive;
    int64_t remove;
    char *path;          // of the .key file
    EVP_PKEY *private;   // NULL when only the public part was asked for
};

struct dnskey_set {
    struct dnskey *keys; // by tag
    size_t count;
};

// Loads the zone's keys from directory: every K<zone>.+AAA+TTTTT.key there (.private too when with_private).
// Zero keys is OK with count 0. A file that cannot be read, does not match its name, its zone or its private part is an
// error that names it: nothing is loaded then. zone: text with or without last dot.
enum status dnskey_load(const char *directory, const char *zone, bool with_private,
                        struct dnskey_set *ret, struct error *err);
void dnskey_set_done(struct dnskey_set *set);

// Makes a combined signing key (flags 257, algorithm 13), writes .private, then .key (each created, never replaced),
// with Created, Publish and Activate at now, and returns with it in *ret. Tags that another key of the zone has are
// avoided.
enum status dnskey_make(const char *directory, const char *zone, int64_t now, struct dnskey *ret,
                        struct error *err);
void dnskey_done(struct dnskey *key);

// The DS of a key with SHA-256 (RFC 4509) as a record that the caller frees with ldns_rr_free.
ldns_rr *dnskey_ds(const struct dnskey *key);

#define DNSKEY_SIGNATURE_MAX 512
// octets → signature in the form of RRSIG's Signature field (RFC 6605 §4: r and s, 32 octets each, for algorithm
// 13). Pure, and may run in another thread than the one that loaded the key.
enum status dnskey_sign(const struct dnskey *key, const uint8_t *octets, size_t len,
                        uint8_t ret_signature[DNSKEY_SIGNATURE_MAX], size_t *ret_len,
                        struct error *err);
