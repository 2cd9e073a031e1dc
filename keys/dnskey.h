// SPDX-License-Identifier: ISC
// DNSSEC keys: the files, the public records, and signing.
//
// Files are the ecosystem's own, as BIND and ldns write them: Kexample.com.+013+12345.key with the
// DNSKEY record and timing comments, .private (v1.3, 0600 from the moment it exists) with the same
// times, so that dnssec-settime, ldns-signzone and BIND read them, and keys of theirs are read
// here. All keys lie in one directory.
//
// Only zone-signer makes keys. Whoever finds none says so and goes on; a key is never made in the
// place of one that cannot be read.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldns/ldns.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/status.h"

#define DNSKEY_FLAGS_ZONE                256
#define DNSKEY_FLAGS_SEP                 257 // KSK, or a CSK: what the parent's DS names
#define DNSKEY_ALGORITHM_ECDSAP256SHA256 13

// What names a key within its zone.
struct dnskey_id {
    uint16_t tag;
    uint8_t algorithm;
};

// What a zone does with a key: bits of struct dnskey's `use`.
#define DNSKEY_PUBLISHED  1U // in the DNSKEY RRset
#define DNSKEY_SIGNS_KEYS 2U // signs that, and CDS and CDNSKEY (RFC 7344 §4.1)
#define DNSKEY_SIGNS_ZONE 4U // signs the rest

// The timing metadata of the files, Unix seconds, 0 = not given.
struct dnskey_times {
    int64_t created;
    int64_t publish;
    int64_t activate;
    int64_t inactive;
    int64_t remove;       // Delete
    int64_t sync_publish; // its DS may be at the parent from then on
    int64_t sync_remove;  // SyncDelete
};

struct dnskey {
    ldns_rr *rr;       // the DNSKEY record, owned; its TTL is the caller's business
    uint16_t tag;      // RFC 4034 appendix B
    uint8_t algorithm; // 8, 10, 13, 14, 15 or 16
    uint16_t flags;
    struct dnskey_times times;
    char *path;        // of the .key file
    EVP_PKEY *private; // NULL when only the public part was asked for
    unsigned use;      // set by who signs a zone; 0 when loaded or made
};

struct dnskey_set {
    struct dnskey *keys; // by tag, then algorithm
    size_t count;
};

// The names of the key files in a directory, sorted: read once for many zones, since each zone's
// files can only be found by listing the directory. Case does not matter.
struct dnskey_listing {
    char *directory;
    char **names; // K….key and K….private
    size_t count;
};

// A directory that does not exist is an empty listing.
enum status dnskey_listing_read(const char *directory, struct dnskey_listing *ret,
                                struct error *err);
void dnskey_listing_done(struct dnskey_listing *listing);
// Is there a .private file of this key?
bool dnskey_is_listed(const struct dnskey_listing *listing, const char *zone, struct dnskey_id id);

// Loads the zone's keys: every K<zone>.+AAA+TTTTT.key of the listing (.private too when
// with_private). Zero keys is OK with count 0. A file that cannot be read, does not match its name,
// its zone or its private part is an error that names it: nothing is loaded then. zone: text with
// or without last dot. Times are those of the .private file where it is read, as BIND does it, else
// those of the comments.
enum status dnskey_load_listed(const struct dnskey_listing *listing, const char *zone,
                               bool with_private, struct dnskey_set *ret, struct error *err);
// The same, of these keys only (NULL: of all): what else lies there may be as broken as it likes.
struct dnskey_ids {
    const struct dnskey_id *list;
    size_t count;
};
enum status dnskey_load_known(const struct dnskey_listing *listing, const char *zone,
                              const struct dnskey_ids *known, bool with_private,
                              struct dnskey_set *ret, struct error *err);
// What dnskey_load_known would load with private parts, of keys that were just loaded without: the .key files are not
// read again. Keys that are not in known are dropped; on error nothing is left.
enum status dnskey_load_privates(const struct dnskey_ids *known, struct dnskey_set *set,
                                 struct error *err);
// As dnskey_load_listed for one zone: lists the directory, then loads.
enum status dnskey_load(const char *directory, const char *zone, bool with_private,
                        struct dnskey_set *ret, struct error *err);
void dnskey_set_done(struct dnskey_set *set);
// NULL when it is not there.
struct dnskey *dnskey_set_find(const struct dnskey_set *set, struct dnskey_id id);
// Would the tag of a new key be taken by one of the set, or by what one becomes when it is revoked
// (RFC 5011 §2.1)?
bool dnskey_set_has_tag(const struct dnskey_set *set, uint16_t tag);

// Writes the .key files that are missing beside .private files of the zone (of these keys only; NULL: of all), and
// lists them: the file was lost, or a crash came between the two. The tag in the file's name tells the flags. One that
// cannot be read, or has a tag of its own, is an error that names it.
enum status dnskey_complete(struct dnskey_listing *listing, const char *zone,
                            const struct dnskey_ids *known, struct error *err);

// A key pair that no zone has yet. To make one takes long for some algorithms (RSA: tenths of a second); it may be done
// in any thread.
struct dnskey_pair {
    EVP_PKEY *private;
    struct buf public; // the Public Key field of the DNSKEY
};
bool dnskey_takes_long(uint8_t algorithm);
enum status dnskey_pair_make(uint8_t algorithm, struct dnskey_pair *ret, struct error *err);
void dnskey_pair_done(struct dnskey_pair *pair);

// What key is to be made.
struct dnskey_recipe {
    uint16_t flags;                 // DNSKEY_FLAGS_SEP or _ZONE
    uint8_t algorithm;              // RSA has 2048 bits
    bool in_use;                    // Publish and Activate are now; else they are not given
    const struct dnskey_ids *taken; // keys that it must not be; NULL: none
    struct dnskey_pair *pair;       // made before, and given away; NULL: it is made now
    bool no_new;                    // a spare one, or NOT_FOUND without words
};

// Makes a key: writes .private, then .key (each created, never replaced; the directory is made when missing), with
// Created at now, lists them, and returns with it in *ret. Tags that another key of the zone has are avoided. No key is
// made beside a spare one that fits: made earlier and never scheduled, by a crash or by `dnssec-keygen -G`; that is
// returned. Nor beside one that cannot be read (dnskey_complete). With a listing read earlier, for many zones in a row;
// nobody else may have made files of this zone since. RANGE: the algorithm is not one that keys are made for. EXISTS:
// the tag of the pair that was given is taken.
enum status dnskey_make_listed(struct dnskey_listing *listing, const char *zone,
                               const struct dnskey_recipe *recipe, int64_t now, struct dnskey *ret,
                               struct error *err);
// Writes key->times into both files of the key, each replaced at once and synced. NOT_FOUND: they are gone.
enum status dnskey_write_times(const struct dnskey *key, struct error *err);
// Removes the private part for good, the octets overwritten first. None there is fine.
enum status dnskey_destroy(const char *directory, const char *zone, struct dnskey_id id,
                           struct error *err);
// Removes the files of the zone's keys whose Delete lies before that time, but for those that are kept; the octets of
// private parts are overwritten first. What cannot be read stays. *ret_count: so many keys; the listing is as before.
enum status dnskey_purge(const struct dnskey_listing *listing, const char *zone,
                         const struct dnskey_ids *kept, int64_t before, size_t *ret_count,
                         struct error *err);
void dnskey_done(struct dnskey *key);

// Has OpenSSL read its configuration, and load what that names, now instead of at the first use: for a program that
// gives up the right to.
void dnskey_prepare(void);

// Does a DNSKEY record say that the parent's DS may name it: SEP and not revoked (RFC 4034 §2.1.1, RFC 5011 §2.1)?
bool dnskey_is_sep(const ldns_rr *rr);
// The DS of a key with SHA-256 (RFC 4509) as a record that the caller frees with ldns_rr_free.
ldns_rr *dnskey_ds(const struct dnskey *key);
