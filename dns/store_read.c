// SPDX-License-Identifier: ISC
// Readers: a slot, a snapshot taken and let go of, and looking things up in it. Nothing here allocates after
// store_reader_open.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/store_lmdb.h"

struct store_reader {
    struct store *store;
    MDB_txn *txn;
    MDB_txn *witness; // see renew_exactly
    MDB_cursor *cursors[STORE_DB_COUNT];
    bool renewed[STORE_DB_COUNT]; // is the cursor in this snapshot?
};

enum status store_reader_open(struct store *store, struct store_reader **ret, struct error *err)
{
    struct store_reader *reader = xcalloc(1, sizeof(*reader));
    reader->store = store;
    int code = store_begin_reading(store, &reader->txn);
    if (code == 0)
        code = store_begin_reading(store, &reader->witness);
    for (enum store_db db = 0; code == 0 && db < STORE_DB_COUNT; db++) {
        if (store_has_db(store->kind, db))
            code = mdb_cursor_open(reader->txn, store->dbs[db], &reader->cursors[db]);
    }
    if (code != 0) {
        store_reader_close(reader);
        return store_lmdb_error(err, store, code, "cannot read the store");
    }
    mdb_txn_reset(reader->txn);
    mdb_txn_reset(reader->witness);
    *ret = reader;
    return STATUS_OK;
}

void store_reader_close(struct store_reader *reader)
{
    if (reader == NULL)
        return;
    for (enum store_db db = 0; db < STORE_DB_COUNT; db++) {
        if (reader->cursors[db] != NULL)
            mdb_cursor_close(reader->cursors[db]);
    }
    mdb_txn_abort(reader->txn); // NULL is fine
    mdb_txn_abort(reader->witness);
    free(reader);
}

// LMDB takes a snapshot in two steps: its id first, then the page that describes it, and two such pages take turns. A
// reader that is held up between the steps while two commits pass gets the second one's content under the id of before;
// but an id must name one content. So the id is taken once more afterwards: as long as it is the same, that page has
// not been touched. Each further round takes a commit in the microsecond between.
static int renew_exactly(struct store_reader *reader)
{
    int code = mdb_txn_renew(reader->txn);
    while (code == 0 && (code = mdb_txn_renew(reader->witness)) == 0) {
        bool exact = mdb_txn_id(reader->witness) == mdb_txn_id(reader->txn);
        if (!exact) {
            MDB_txn *newer = reader->witness;
            reader->witness = reader->txn;
            reader->txn = newer;
        }
        mdb_txn_reset(reader->witness);
        if (exact)
            return 0;
    }
    mdb_txn_reset(reader->txn);
    return code;
}

enum status store_reader_renew(struct store_reader *reader, uint64_t *ret_id, struct error *err)
{
    int code = renew_exactly(reader);
    if (code != 0)
        return store_lmdb_error(err, reader->store, code, "cannot read the store");
    memset(reader->renewed, 0, sizeof(reader->renewed));
    *ret_id = mdb_txn_id(reader->txn);
    return STATUS_OK;
}

void store_reader_reset(struct store_reader *reader)
{
    mdb_txn_reset(reader->txn);
}

static void fill_entry(const MDB_val *key, const MDB_val *value, struct store_entry *ret)
{
    *ret = (struct store_entry){
        .key = key->mv_data,
        .key_len = key->mv_size,
        .value = value->mv_data,
        .value_len = value->mv_size,
    };
}

// Moves the database's cursor. key is what is looked for and what was found.
static int move_cursor(struct store_reader *reader, enum store_db db, MDB_val *key, MDB_val *value,
                       MDB_cursor_op op)
{
    if (!reader->renewed[db]) {
        int code = mdb_cursor_renew(reader->txn, reader->cursors[db]);
        if (code != 0)
            return code;
        reader->renewed[db] = true;
    }
    return mdb_cursor_get(reader->cursors[db], key, value, op);
}

enum status store_get(struct store_reader *reader, enum store_db db, const void *key,
                      size_t key_len, struct store_entry *ret)
{
    MDB_val lmdb_key = store_val(key, key_len);
    MDB_val value;
    int code = move_cursor(reader, db, &lmdb_key, &value, MDB_SET_KEY);
    if (code == 0)
        fill_entry(&lmdb_key, &value, ret);
    return store_lmdb_status(code);
}

enum status store_seek(struct store_reader *reader, enum store_db db, const void *key,
                       size_t key_len, bool after, struct store_entry *ret)
{
    MDB_val found = store_val(key, key_len);
    MDB_val value;
    int code = move_cursor(reader, db, &found, &value, key_len > 0 ? MDB_SET_RANGE : MDB_FIRST);
    if (code == 0 && after && found.mv_size == key_len && memcmp(found.mv_data, key, key_len) == 0)
        code = move_cursor(reader, db, &found, &value, MDB_NEXT);
    if (code == 0)
        fill_entry(&found, &value, ret);
    return store_lmdb_status(code);
}

// The last entry whose key is not greater.
static int seek_before(struct store_reader *reader, const uint8_t *key, size_t key_len,
                       MDB_val *ret_key, MDB_val *ret_value)
{
    *ret_key = store_val(key, key_len);
    int code = move_cursor(reader, STORE_IMAGES, ret_key, ret_value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND)
        return move_cursor(reader, STORE_IMAGES, ret_key, ret_value, MDB_LAST);
    if (code != 0 || (ret_key->mv_size == key_len && memcmp(ret_key->mv_data, key, key_len) == 0))
        return code;
    return move_cursor(reader, STORE_IMAGES, ret_key, ret_value, MDB_PREV);
}

// How many of the name's first `labels` labels, from the root, the found key has in common with it.
static unsigned common_labels(const struct name_key *name, unsigned labels, const MDB_val *found)
{
    size_t len = found->mv_size < name->end[labels] ? found->mv_size : name->end[labels];
    const uint8_t *octets = found->mv_data;
    size_t same = 0;
    while (same < len && octets[same] == name->octets[same])
        same++;
    while (name->end[labels] > same)
        labels--;
    return labels;
}

// A zone above the name has a key that is not greater. The last such key either is that zone's, or everything between
// what it shares with the name and the name itself is not there; then the search goes on above that.
enum status store_find_zone(struct store_reader *reader, const struct name_key *name, bool parent,
                            struct store_entry *ret, unsigned *ret_labels)
{
    if (parent && name->labels == 0)
        return STATUS_NOT_FOUND;
    unsigned labels = parent ? name->labels - 1u : name->labels;
    while (labels > 0) {
        MDB_val key;
        MDB_val value;
        int code = seek_before(reader, name->octets, name->end[labels], &key, &value);
        if (code != 0)
            return store_lmdb_status(code);
        labels = common_labels(name, labels, &key);
        if (labels > 0 && key.mv_size == name->end[labels]) {
            fill_entry(&key, &value, ret);
            *ret_labels = labels;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

size_t store_count(struct store_reader *reader, enum store_db db)
{
    MDB_stat stat = {0};
    mdb_stat(reader->txn, reader->store->dbs[db], &stat);
    return stat.ms_entries;
}

void store_describe(const struct store *store, struct store_info *ret)
{
    MDB_envinfo info = {0};
    MDB_stat stat = {0};
    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &stat);
    *ret = (struct store_info){.transaction = info.me_last_txnid,
                               .used = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize,
                               .most = info.me_mapsize,
                               .readers = info.me_numreaders};
}
