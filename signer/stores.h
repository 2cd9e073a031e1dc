// SPDX-License-Identifier: ISC
// state/ and serve/ as the signer has them open: one writer and one reader each, and the watch over who writes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "dns/store.h"

struct stores {
    int lock; // signer.lock, -1: not held
    struct store *state;
    struct store *serve;
    char *serve_directory;
    struct store_reader *state_reader;
    struct store_reader *serve_reader;
    uint64_t serve_id; // of the last transaction of serve/
    bool spoilt;       // somebody else wrote to serve/
    bool stuck;        // LMDB cannot go on: a write of a root page failed
};

// Makes directory (0755) where it is missing, takes state/signer.lock in it (STATE: another zone-signer runs) and opens
// both. A serve/ that cannot be read is made anew. On failure there is nothing to close.
enum status stores_open(const char *directory, struct stores *ret, struct error *err);
void stores_close(struct stores *stores);

// Takes the newest snapshots of both for the readers, and lets go of them. Where LMDB has given up, which it tells in
// every answer from then on, `stuck` is set: the files are as they were committed last, and good for the next process.
enum status stores_renew(struct stores *stores, struct error *err);
void stores_reset(struct stores *stores);

// Makes serve/ anew, empty: it is damaged. On failure the old one stays open, and it can be tried again.
enum status stores_remake_serve(struct stores *stores, struct error *err);

// Commits to serve/ and looks whether the transaction is the one behind the last.
enum status stores_commit_serve(struct stores *stores, struct store_txn *txn, struct error *err);
