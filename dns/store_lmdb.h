// SPDX-License-Identifier: ISC
// The inside of the store; included by its own files only: store.c opens, store_write.c and store_read.c do what their
// names say. Nothing else in zonebox knows LMDB.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lmdb.h>

#include "base/status.h"
#include "dns/store.h"

struct store {
    MDB_env *env;
    char *directory;
    enum store_kind kind;
    size_t page_size;
    MDB_dbi dbs[STORE_DB_COUNT]; // those of this kind
};

// Does an environment of this kind have the database?
bool store_has_db(enum store_kind kind, enum store_db db);

// What LMDB's return code means, with words about what was being done.
enum status store_lmdb_error(struct error *err, const struct store *store, int code,
                             const char *doing);
// The same where nobody wants words.
enum status store_lmdb_status(int code);

// As mdb_txn_begin for a reader. Readers that were killed leave their slots behind: where a worker dies again and
// again while nobody writes, the next reader makes room for itself.
int store_begin_reading(const struct store *store, MDB_txn **ret);

// LMDB takes what it only reads as void *.
MDB_val store_val(const void *octets, size_t len);
