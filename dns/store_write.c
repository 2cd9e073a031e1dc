// SPDX-License-Identifier: ISC
// The writer's transactions.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/store_lmdb.h"

// LMDB's page header, which a value with pages of its own stands behind.
#define PAGE_HEADER 16

// Pages of the tree that one change may add at most: each level copied and split, in a tree of ten levels, which no
// store reaches.
#define CHANGE_PAGES 32
// The same for a commit: the root's and the free list's.
#define COMMIT_PAGES 256

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    uint64_t pages; // that it may have added so far, at most
};

enum status store_begin(struct store *store, struct store_txn **ret, struct error *err)
{
    MDB_txn *lmdb_txn;
    int dead;
    // A system call for each process that reads; without it a worker killed in a batch would pin all pages that were
    // in use then, and the file grow with every commit.
    int code = mdb_reader_check(store->env, &dead);
    if (code == 0)
        code = mdb_txn_begin(store->env, NULL, 0, &lmdb_txn);
    if (code != 0)
        return store_lmdb_error(err, store, code, "cannot write");
    struct store_txn *txn = xcalloc(1, sizeof(*txn));
    txn->store = store;
    txn->txn = lmdb_txn;
    *ret = txn;
    return STATUS_OK;
}

// An image fills its pages to the end, and has at least one of its own: LMDB keeps values of less than half a page
// among others, where they are not aligned and move when a neighbour is written.
static size_t padded_len(const struct store *store, size_t len)
{
    size_t pages = (len + PAGE_HEADER + store->page_size - 1) / store->page_size;
    return pages * store->page_size - PAGE_HEADER;
}

enum status store_put(struct store_txn *txn, enum store_db db, const struct store_entry *entry,
                      struct error *err)
{
    const struct store *store = txn->store;
    size_t len = db == STORE_IMAGES ? padded_len(store, entry->value_len) : entry->value_len;
    MDB_val lmdb_key = store_val(entry->key, entry->key_len);
    MDB_val room = {.mv_size = len};
    int code = mdb_put(txn->txn, store->dbs[db], &lmdb_key, &room, MDB_RESERVE);
    if (code != 0)
        return store_lmdb_error(err, store, code, "cannot write");
    if (entry->value_len > 0)
        memcpy(room.mv_data, entry->value, entry->value_len);
    memset((uint8_t *)room.mv_data + entry->value_len, 0, len - entry->value_len);
    txn->pages += len / store->page_size + 1 + CHANGE_PAGES;
    return STATUS_OK;
}

enum status store_keep_image(struct store_txn *txn, const void *key, size_t key_len,
                             struct error *err)
{
    const struct store *store = txn->store;
    MDB_val lmdb_key = store_val(key, key_len);
    MDB_val image;
    int code = mdb_get(txn->txn, store->dbs[STORE_IMAGES], &lmdb_key, &image);
    if (code == MDB_NOTFOUND)
        return STATUS_OK;
    MDB_val room = {.mv_size = image.mv_size};
    if (code == 0)
        code = mdb_put(txn->txn, store->dbs[STORE_PREVIOUS], &lmdb_key, &room, MDB_RESERVE);
    if (code != 0)
        return store_lmdb_error(err, store, code, "cannot write");
    // Pages that were committed before stay as they are until the transaction ends.
    memcpy(room.mv_data, image.mv_data, image.mv_size);
    txn->pages += image.mv_size / store->page_size + 1 + CHANGE_PAGES;
    return STATUS_OK;
}

enum status store_delete(struct store_txn *txn, enum store_db db, const void *key, size_t key_len,
                         struct error *err)
{
    MDB_val lmdb_key = store_val(key, key_len);
    int code = mdb_del(txn->txn, txn->store->dbs[db], &lmdb_key, NULL);
    if (code != 0 && code != MDB_NOTFOUND)
        return store_lmdb_error(err, txn->store, code, "cannot write");
    txn->pages += CHANGE_PAGES;
    return STATUS_OK;
}

// LMDB does not write pages at the file's end that were taken and given back in one transaction, though it counts
// them: the file would be shorter than it says of itself, as if it had been cut (store.c, check_length). So the file
// is made long enough before; what is not written takes no space.
static enum status lengthen(const struct store_txn *txn, struct error *err)
{
    const struct store *store = txn->store;
    MDB_envinfo info;
    int fd;
    struct stat file;
    mdb_env_info(store->env, &info);
    mdb_env_get_fd(store->env, &fd);
    // The list of free pages takes 8 octets a page.
    uint64_t pages = info.me_last_pgno + 1 + txn->pages;
    pages += pages * 8 / store->page_size * 2 + COMMIT_PAGES;
    off_t len = (off_t)(pages * store->page_size);
    if (fstat(fd, &file) < 0 || (file.st_size < len && ftruncate(fd, len) < 0))
        return store_lmdb_error(err, store, errno, "cannot write");
    return STATUS_OK;
}

enum status store_commit(struct store_txn *txn, uint64_t *ret_id, struct error *err)
{
    struct store *store = txn->store;
    enum status status = lengthen(txn, err);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    int code = mdb_txn_commit(txn->txn);
    free(txn);
    if (code != 0)
        return store_lmdb_error(err, store, code, "cannot write");
    if (ret_id != NULL) { // a transaction without changes has none of its own
        MDB_envinfo info;
        mdb_env_info(store->env, &info);
        *ret_id = info.me_last_txnid;
    }
    return STATUS_OK;
}

void store_abort(struct store_txn *txn)
{
    if (txn == NULL)
        return;
    mdb_txn_abort(txn->txn);
    free(txn);
}
