// SPDX-License-Identifier: ISC
// DKIM keys (RFC 6376, RFC 8301, RFC 8463), in files that OpenDKIM and Rspamd read as they are.
//
//   DIRECTORY/example.com/rsa-20261122.private   PKCS#8 PEM, 0640 (OpenDKIM insists on safe modes) from the moment it
//                                                exists, and never replaced
//   DIRECTORY/example.com/rsa-20261122.pub       SubjectPublicKeyInfo PEM, 0644: all that zonegen reads
//
// What is known of a key stands in its .pub file, before the PEM block, where every reader of PEM skips it
// (RFC 7468 §2):
//
//   Made-By: zone-signer             only such a key is ever deleted
//   State: active
//   Created: 2026-11-22T06:45:00Z
//   Announced: 2026-11-22T06:45:02Z  when it was first seen in the published zone
//   Changed: 2026-11-23T06:46:00Z    when it came into this state
//
// A file without these lines was brought along, or is of an earlier version: active since it came here. A public file
// without a private one beside it, brought along, belongs to somebody who signs elsewhere: it is published, and left
// alone.
//
//   pending    the record is published, nobody signs with it yet
//   active     signed with
//   retiring   not signed with any more; mail on its way still verifies
//   revoked    the record has an empty p= (RFC 6376 §3.6.1)
//   removed    no record. A key that was made here is deleted instead
//
// keys/dkim_plan.h decides the steps from state to state; here they are done. What is written is written whole or not
// at all, and in an order that a crash at any instant leaves a key that nobody signs with, or one as it was.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/status.h"

// Verifiers do not accept less (RFC 8301 §3.2), and what is larger hardly fits into UDP answers.
#define DKIM_BITS_MIN 1024
#define DKIM_BITS_MAX 4096
// Selectors of one domain. A rotation has four at a time of each algorithm; the rest is for what is brought along.
#define DKIM_KEYS_MAX 64

enum dkim_algorithm { DKIM_RSA = 1, DKIM_ED25519 = 2 }; // numbers as in config/config.h
#define DKIM_ALGORITHMS 2
// "rsa", "ed25519": as in the k= tag.
const char *dkim_algorithm_name(enum dkim_algorithm algorithm);

enum dkim_state { DKIM_PENDING, DKIM_ACTIVE, DKIM_RETIRING, DKIM_REVOKED, DKIM_REMOVED };
const char *dkim_state_name(enum dkim_state state);

struct dkim_key {
    char *selector;
    enum dkim_algorithm algorithm;
    enum dkim_state state;
    bool made;         // by zone-signer
    bool has_private;  // there is a private file, readable or not
    bool is_published; // set by the caller: the zone that is served has its record
    bool is_missed;    // likewise: some name server was seen without it; is_published is false then
    int64_t created;   // Unix seconds
    int64_t announced; // 0: not seen published yet
    int64_t changed;
    struct timespec arrived; // the public file: its inode's change; 0: it could not be looked at
    // What p= is the base64 of: a SubjectPublicKeyInfo for RSA (RFC 6376 §3.6.1), 32 octets for Ed25519 (RFC 8463 §4).
    uint8_t *p;
    size_t p_len;
    // The public file cannot be used: one line with its path. algorithm and p are nothing then
    char *trouble;
    bool lines_wrong; // since what its lines say is not understood
};

// A private file: never read but to write the public one.
struct dkim_private {
    char *selector;
    struct timespec arrived; // as above
    int reason;              // errno: it could not be looked at
};

struct dkim_set {
    struct dkim_key *list; // sorted by selector
    size_t count;
    struct dkim_private *privates; // likewise
    size_t private_count;
    bool exists;  // the domain has a directory
    bool is_left; // in it is what file_sweep takes away
};

// The keys of a domain, read already.
struct dkim_domain {
    char *name;
    struct dkim_set set;
};

// Reads the public files of a domain. A file that cannot be used is a key with trouble; the error is for what concerns
// all: the domain is no name, the directory cannot be read, more than DKIM_KEYS_MAX. No directory is fine.
enum status dkim_load(const char *directory, const char *domain, struct dkim_set *ret,
                      struct error *err);
void dkim_set_done(struct dkim_set *set);

// The key that mail is signed with, or NULL: active, with a private file, the newest.
const struct dkim_key *dkim_signer(const struct dkim_set *set, enum dkim_algorithm algorithm);
// The text of its record: with an empty p= when it is revoked (RFC 6376 §3.6.1). The caller frees.
char *dkim_record_text(const struct dkim_key *key);
// Does it belong to somebody who signs elsewhere?
bool dkim_is_foreign(const struct dkim_key *key);

// Writes the public file of each private one that has none, or an older one (the admin has put another key there), or
// one whose key set has trouble with. What is said of the key stays while it is the same. Lines that are not understood
// are somebody's wish with a slip of the pen, to revoke the key maybe: such a file is left alone. set: as just loaded;
// *ret_changed: load it again. A private file that cannot be used is an error that names it, when the others were
// looked at.
enum status dkim_complete(const char *directory, const char *domain, const struct dkim_set *set,
                          bool *ret_changed, struct error *err);

// ── Making ───────────────────────────────────────────────────────────────────────────────────────

struct dkim_pair {
    enum dkim_algorithm algorithm;
    struct buf private; // PEM
    struct buf p;
};

// Makes a key pair: RSA of 2048 bits takes some 0.1 s. Touches nothing else, so it may run in any thread.
enum status dkim_pair_make(enum dkim_algorithm algorithm, struct dkim_pair *ret, struct error *err);
void dkim_pair_done(struct dkim_pair *pair); // wipes the secret

// A selector that the domain does not have: "PREFIX-rsa-20261122", without prefix (NULL or "") "rsa-20261122", with
// "-2" and so on behind it when that is taken. The caller frees.
char *dkim_selector(const struct dkim_set *set, const char *prefix, enum dkim_algorithm algorithm,
                    int64_t now);
// Writes a new key, pending. EXISTS when there is one with that selector.
enum status dkim_store(const char *directory, const char *domain, const char *selector,
                       const struct dkim_pair *pair, int64_t now, struct error *err);

// ── Changing ─────────────────────────────────────────────────────────────────────────────────────

// Writes the public file as key says it, state and times.
enum status dkim_save(const char *directory, const char *domain, const struct dkim_key *key,
                      struct error *err);
// Deletes the files of a key that was made here, the private one first.
enum status dkim_delete(const char *directory, const char *domain, const struct dkim_key *key,
                        struct error *err);

// For who has no set at hand: DIRECTORY/domain/selector.private. The caller frees.
char *dkim_private_path(const char *directory, const char *domain, const char *selector);
