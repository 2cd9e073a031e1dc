// SPDX-License-Identifier: ISC
// The store: two LMDB environments, each one writer and many readers in other processes.
//
//   serve/  what the server answers from: one image per zone, and the one before it, for when the newest makes workers
//           die (decision 037). Disposable, made anew when missing or damaged.
//   state/  what only the signer knows: serials, keys in use, last good inputs. With the key files, the backup.
//
// A commit is atomic and durable; a reader sees the snapshot of its transaction and nothing else. The rules that
// readers must keep (DESIGN: each bites when ignored) live in store_reader: MDB_NOTLS; renewed at the start of a
// batch and reset at its end, so that an idle process pins no old pages; values are padded so that each has
// pages of its own and does not move when a neighbour is written. The map is huge and fixed.
//
// Keys are name keys (dns/name.h), so that a database is in canonical order and the zones below a zone follow it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "dns/name.h"

enum store_kind { STORE_SERVE, STORE_STATE };

enum store_db {
    STORE_IMAGES,   // serve: apex key → zone image
    STORE_PREVIOUS, // serve: apex key → the zone's image before that, once there was one
    STORE_ZONES,    // state: apex key → what the signer remembers of the zone (signer/state.h)
    STORE_INPUTS,   // state: any octets (a path) → the last good content of that input
    STORE_META,     // both: text → small values
    STORE_DB_COUNT,
};

struct store;

struct store_entry {
    const uint8_t *key;
    size_t key_len;
    // Read: into the map; images are aligned to 8, and padded by up to a page (in value_len).
    const uint8_t *value;
    size_t value_len;
};

// Opens the environment in `directory` (made when missing, 0700 state / 0750 serve) for writing. There is one
// writer: the caller holds a file_lock. NO_SPACE, DENIED, IO as the system says; one that LMDB cannot read, that was
// cut off or is of another format is STATE: the caller removes serve/ with store_destroy and opens again. A process
// opens an environment once (LMDB's locks do not stand twice), and not before a fork.
enum status store_open_writer(const char *directory, enum store_kind kind, struct store **ret,
                              struct error *err);
// Opens it for reading. NOT_FOUND when there is none yet. DENIED also when the lock file cannot be written (not in its
// group, a read-only file system).
enum status store_open_reader(const char *directory, enum store_kind kind, struct store **ret,
                              struct error *err);
void store_close(struct store *store); // NULL is fine
// Have its files been removed or made anew since it was opened (store_destroy)? A reader then reads what nobody
// writes any more, and opens again.
bool store_is_replaced(const struct store *store);
// Is there one in the directory that has begun to be written? Looks at the file only, and opens nothing.
bool store_is_there(const char *directory);
// Removes the environment's files. Only for serve/, which is made anew from state, keys and configuration.
enum status store_destroy(const char *directory, struct error *err);

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────
struct store_txn;

// Lets go of the snapshots of readers that died first, so that their pages can be used again.
enum status store_begin(struct store *store, struct store_txn **ret, struct error *err);
// RANGE: a key that is empty or has more than 511 octets.
enum status store_put(struct store_txn *txn, enum store_db db, const struct store_entry *entry,
                      struct error *err);
// Copies what STORE_IMAGES has under the key to STORE_PREVIOUS, in the place of what is there. To be called before this
// transaction puts another image; where there is none nothing happens.
enum status store_keep_image(struct store_txn *txn, const void *key, size_t key_len,
                             struct error *err);
// A key that is not there is fine.
enum status store_delete(struct store_txn *txn, enum store_db db, const void *key, size_t key_len,
                         struct error *err);
// Ends the transaction, durable on return; the id that readers will see goes to ret_id (may be NULL). On failure
// nothing was written. Either way txn is gone.
enum status store_commit(struct store_txn *txn, uint64_t *ret_id, struct error *err);
void store_abort(struct store_txn *txn); // NULL is fine

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────
struct store_reader;

// Two reader slots; those of readers that died are taken when none is left. Works on a writer's store, too.
enum status store_reader_open(struct store *store, struct store_reader **ret, struct error *err);
void store_reader_close(struct store_reader *reader); // NULL is fine
// Takes the newest snapshot and returns its id through ret_id. As long as the id is the one of before, every
// address got under it still holds.
enum status store_reader_renew(struct store_reader *reader, uint64_t *ret_id, struct error *err);
// Lets go of the snapshot. Addresses are not to be followed until a renew returns the same id.
void store_reader_reset(struct store_reader *reader);

// The value under exactly this key. NOT_FOUND without words.
enum status store_get(struct store_reader *reader, enum store_db db, const void *key,
                      size_t key_len, struct store_entry *ret);
// The first entry at or behind the key (len 0: the first of all); with `after` strictly behind it.
enum status store_seek(struct store_reader *reader, enum store_db db, const void *key,
                       size_t key_len, bool after, struct store_entry *ret);
// The zone that a name lies in: the entry whose key is the longest ancestor-or-self of name. With parent set
// the name itself does not count (where the DS of an apex is asked, RFC 4035 §3.1.4.1). ret_labels: how many
// labels the found zone has. NOT_FOUND when none.
enum status store_find_zone(struct store_reader *reader, const struct name_key *name, bool parent,
                            struct store_entry *ret, unsigned *ret_labels);
// What the store's file is like.
struct store_info {
    uint64_t transaction; // the newest
    uint64_t used;        // octets of the file that were ever used
    uint64_t most;        // octets that it may have
    uint64_t readers;     // slots that are taken
};
void store_describe(const struct store *store, struct store_info *ret);
// How many entries.
size_t store_count(struct store_reader *reader, enum store_db db);
