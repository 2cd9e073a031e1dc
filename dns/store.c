// SPDX-License-Identifier: ISC
// Opening the store: what must be true of the files before LMDB's map is trusted.
#include "dns/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/store_lmdb.h"

// Address space, not memory, so that it never has to grow: 64 GiB hold a million zones of 60 kB. Every process of
// the store maps all of it. 32-bit machines do with 1 GiB.
#define MAP_SIZE ((size_t)(sizeof(size_t) > 4 ? UINT64_C(1) << 36 : UINT64_C(1) << 30))

// Slots for readers, one for each worker, transfer and tool: many more than a machine has cores.
#define READERS_MAX 1024

#define DATA_FILE "data.mdb"
#define LOCK_FILE "lock.mdb"

// The layout of all databases. Another number is another program's store.
#define FORMAT_KEY   "format"
#define FORMAT_VALUE "zonebox 1"

static const struct {
    const char *name;
    bool in_serve, in_state;
} databases[STORE_DB_COUNT] = {
    [STORE_IMAGES] = {"images", true, false}, [STORE_PREVIOUS] = {"previous", true, false},
    [STORE_ZONES] = {"zones", false, true},   [STORE_INPUTS] = {"inputs", false, true},
    [STORE_META] = {"meta", true, true},
};

bool store_has_db(enum store_kind kind, enum store_db db)
{
    return kind == STORE_SERVE ? databases[db].in_serve : databases[db].in_state;
}

// ── Errors ───────────────────────────────────────────────────────────────────────────────────────

enum status store_lmdb_status(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return STATUS_OK;
    case MDB_NOTFOUND:
        return STATUS_NOT_FOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STATUS_NO_SPACE;
    case MDB_BAD_VALSIZE:
        return STATUS_RANGE;
    default: // LMDB's own codes are negative; all others say that its files are not what they should be
        return code < 0 ? STATUS_STATE : error_set_errno(NULL, code, "%s", "");
    }
}

enum status store_lmdb_error(struct error *err, const struct store *store, int code,
                             const char *doing)
{
    return error_set(err, store_lmdb_status(code), "%s: %s: %s", store->directory, doing,
                     mdb_strerror(code));
}

MDB_val store_val(const void *octets, size_t len)
{
    return (MDB_val){.mv_size = len, .mv_data = (void *)(uintptr_t)octets};
}

// NOT_FOUND without words.
static enum status value_of(const struct store *store, MDB_txn *txn, enum store_db db,
                            const void *key, size_t key_len, MDB_val *ret)
{
    MDB_val lmdb_key = store_val(key, key_len);
    return store_lmdb_status(mdb_get(txn, store->dbs[db], &lmdb_key, ret));
}

// ── Opening ──────────────────────────────────────────────────────────────────────────────────────

// A file that is shorter than its own root says would end readers with SIGBUS at some page. The writer keeps the file
// at least that long (store_write.c), so that a shorter one has been cut.
static enum status check_length(const struct store *store, struct error *err)
{
    MDB_envinfo info;
    int fd;
    struct stat file;
    mdb_env_info(store->env, &info);
    mdb_env_get_fd(store->env, &fd);
    if (fstat(fd, &file) < 0)
        return error_set_errno(err, errno, "%s/%s", store->directory, DATA_FILE);
    if (info.me_last_pgno >= MAP_SIZE / store->page_size ||
        (uint64_t)file.st_size < (info.me_last_pgno + 1) * store->page_size)
        return error_set(err, STATUS_STATE, "%s/%s: damaged: cut off at %lld octets",
                         store->directory, DATA_FILE, (long long)file.st_size);
    return STATUS_OK;
}

// LMDB's two root pages (format 1), which it divides by, asserts and follows without a look: page header, then this.
struct root {
    size_t page;
    uint16_t pad, page_flags, lower, upper;
    uint32_t magic, version;
    void *address;
    size_t map_size;
    struct {
        uint32_t page_size; // of the first; unused in the second
        uint16_t flags, depth;
        size_t branch_pages, leaf_pages, overflow_pages, entries, root;
    } trees[2]; // free pages, the rest
    size_t last_page, transaction;
};

#define ROOT_MAGIC   0xbeefc0deU
#define ROOT_VERSION 1

static bool is_root_sound(const struct root *root, bool in_force)
{
    // Pages are the system's, of 4 to 64 KiB.
    uint32_t size = root->trees[0].page_size;
    if (size < 4096 || size > 65536 || (size & (size - 1)) != 0)
        return false;
    if (root->trees[0].flags != MDB_INTEGERKEY || root->trees[1].flags != 0)
        return false;
    // Where the write of a root fails, LMDB takes back its transaction and its length, but not its trees: that is the
    // one that was not in force, and is not now.
    for (int i = 0; in_force && i < 2; i++) { // none, or a page behind the roots
        size_t page = root->trees[i].root;
        if (page != SIZE_MAX && (page < 2 || page > root->last_page))
            return false;
    }
    return true;
}

static enum status check_roots(const struct store *store, struct error *err)
{
    char *path = path_join(store->directory, DATA_FILE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status status = STATUS_OK;
    struct root roots[2] = {0};
    bool known[2] = {false}; // what is not there or of another format is LMDB's to judge
    for (int i = 0; fd >= 0 && i < 2; i++) {
        off_t at = i * (off_t)roots[0].trees[0].page_size;
        known[i] = pread(fd, &roots[i], sizeof(roots[i]), at) == (ssize_t)sizeof(roots[i]) &&
                   roots[i].magic == ROOT_MAGIC && roots[i].version == ROOT_VERSION;
    }
    int newest = roots[0].transaction < roots[1].transaction ? 1 : 0; // as LMDB chooses
    for (int i = 0; i < 2 && status == STATUS_OK; i++)
        if (known[i] && !is_root_sound(&roots[i], i == newest || !known[newest]))
            status = error_set(err, STATUS_STATE, "%s: damaged: root %d", path, i);
    if (fd >= 0)
        close(fd);
    free(path);
    return status;
}

// Opens the environment's files. Flags and mode as mdb_env_open.
static enum status open_env(struct store *store, unsigned flags, mode_t mode, struct error *err)
{
    enum status status = check_roots(store, err);
    if (status != STATUS_OK)
        return status;
    int code = mdb_env_create(&store->env);
    if (code == 0)
        code = mdb_env_set_mapsize(store->env, MAP_SIZE);
    if (code == 0)
        code = mdb_env_set_maxreaders(store->env, READERS_MAX);
    if (code == 0)
        code = mdb_env_set_maxdbs(store->env, STORE_DB_COUNT);
    // NOTLS: a reader is an object, not a thread.
    if (code == 0)
        code = mdb_env_open(store->env, store->directory, flags | MDB_NOTLS, mode);
    if (code != 0)
        return store_lmdb_error(err, store, code, "cannot open the store");
    MDB_stat stat;
    mdb_env_stat(store->env, &stat);
    store->page_size = stat.ms_psize;
    return check_length(store, err);
}

static enum status check_format(const struct store *store, MDB_txn *txn, struct error *err)
{
    MDB_val value;
    enum status status = value_of(store, txn, STORE_META, FORMAT_KEY, strlen(FORMAT_KEY), &value);
    if (status == STATUS_OK && value.mv_size == strlen(FORMAT_VALUE) &&
        memcmp(value.mv_data, FORMAT_VALUE, value.mv_size) == 0)
        return STATUS_OK;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_STATE, "%s: a store of another format than this (\"%s\")",
                         store->directory, FORMAT_VALUE);
    return error_set(err, status, "%s: cannot read the store's format", store->directory);
}

// Opens the databases of this kind in the transaction.
static int open_dbs(struct store *store, MDB_txn *txn, unsigned flags)
{
    for (enum store_db db = 0; db < STORE_DB_COUNT; db++) {
        if (!store_has_db(store->kind, db))
            continue;
        int code = mdb_dbi_open(txn, databases[db].name, flags, &store->dbs[db]);
        if (code != 0)
            return code;
    }
    return 0;
}

// A new store gets its databases and format in one transaction, so that there is none without.
static enum status prepare_writer(struct store *store, struct error *err)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (code != 0)
        return store_lmdb_error(err, store, code, "cannot write");
    MDB_dbi root;
    MDB_stat stat = {0};
    code = mdb_dbi_open(txn, NULL, 0, &root);
    if (code == 0)
        code = mdb_stat(txn, root, &stat);
    bool is_new = stat.ms_entries == 0;
    if (code == 0)
        code = open_dbs(store, txn, is_new ? MDB_CREATE : 0);
    if (code == 0 && is_new) {
        MDB_val key = store_val(FORMAT_KEY, strlen(FORMAT_KEY));
        MDB_val value = store_val(FORMAT_VALUE, strlen(FORMAT_VALUE));
        code = mdb_put(txn, store->dbs[STORE_META], &key, &value, 0);
    }
    enum status status = STATUS_OK;
    if (code == 0)
        status = check_format(store, txn, err);
    if (code != 0 || status != STATUS_OK) {
        mdb_txn_abort(txn);
        if (code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE)
            return error_set(err, STATUS_STATE, "%s: a store of another program", store->directory);
        return code != 0 ? store_lmdb_error(err, store, code, "cannot read the store") : status;
    }
    code = mdb_txn_commit(txn);
    return code == 0 ? STATUS_OK : store_lmdb_error(err, store, code, "cannot write");
}

int store_begin_reading(const struct store *store, MDB_txn **ret)
{
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, ret);
    if (code != MDB_READERS_FULL)
        return code;
    int dead;
    code = mdb_reader_check(store->env, &dead);
    return code != 0 ? code : mdb_txn_begin(store->env, NULL, MDB_RDONLY, ret);
}

static enum status prepare_reader(struct store *store, struct error *err)
{
    MDB_txn *txn;
    int code = store_begin_reading(store, &txn);
    if (code != 0)
        return store_lmdb_error(err, store, code, "cannot read the store");
    code = open_dbs(store, txn, 0);
    if (code != 0) { // MDB_NOTFOUND: its writer has not come that far
        mdb_txn_abort(txn);
        return store_lmdb_error(err, store, code, "cannot read the store");
    }
    enum status status = check_format(store, txn, err);
    code = mdb_txn_commit(txn); // keeps the handles of the databases
    if (status == STATUS_OK && code != 0)
        return store_lmdb_error(err, store, code, "cannot read the store");
    return status;
}

// Gives a file its mode whatever the umask was.
static enum status set_mode(const struct store *store, const char *name, mode_t mode,
                            struct error *err)
{
    char *path = path_join(store->directory, name);
    struct stat file;
    enum status status = STATUS_OK;
    if (stat(path, &file) < 0 || ((file.st_mode & 07777) != mode && chmod(path, mode) < 0))
        status = error_set_errno(err, errno, "%s: cannot set its mode", path);
    free(path);
    return status;
}

static struct store *new_store(const char *directory, enum store_kind kind)
{
    struct store *store = xcalloc(1, sizeof(*store));
    store->directory = xstrdup(directory);
    store->kind = kind;
    return store;
}

enum status store_open_writer(const char *directory, enum store_kind kind, struct store **ret,
                              struct error *err)
{
    // Workers of the server are in the group of serve/. They must write the lock file to be readers.
    mode_t data_mode = kind == STORE_SERVE ? 0640 : 0600;
    mode_t lock_mode = kind == STORE_SERVE ? 0660 : 0600;
    enum status status = directory_make(directory, kind == STORE_SERVE ? 0750 : 0700, err);
    if (status != STATUS_OK)
        return status;
    struct store *store = new_store(directory, kind);
    status = open_env(store, 0, data_mode, err);
    if (status == STATUS_OK)
        status = set_mode(store, DATA_FILE, data_mode, err);
    if (status == STATUS_OK)
        status = set_mode(store, LOCK_FILE, lock_mode, err);
    if (status == STATUS_OK)
        status = prepare_writer(store, err);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    *ret = store;
    return STATUS_OK;
}

// A reader that cannot write the lock file would be one that the writer does not know of, whose pages it would write
// over. LMDB lets it pass on a read-only file system; we do not.
static enum status check_lock_file(const struct store *store, struct error *err)
{
    char *path = path_join(store->directory, LOCK_FILE);
    enum status status = STATUS_OK;
    if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) < 0 && errno != ENOENT)
        status = error_set_errno(err, errno, "%s: readers must be able to write it", path);
    free(path);
    return status;
}

static enum status check_data_file(const struct store *store, struct error *err)
{
    char *path = path_join(store->directory, DATA_FILE);
    struct stat file;
    enum status status = STATUS_OK;
    if (stat(path, &file) < 0)
        status = error_set_errno(err, errno, "%s", path);
    else if (file.st_size == 0) // its writer has only just begun
        status = error_set(err, STATUS_NOT_FOUND, "%s: still empty", path);
    free(path);
    return status;
}

enum status store_open_reader(const char *directory, enum store_kind kind, struct store **ret,
                              struct error *err)
{
    struct store *store = new_store(directory, kind);
    enum status status = check_data_file(store, err);
    if (status == STATUS_OK)
        status = check_lock_file(store, err);
    if (status == STATUS_OK)
        status = open_env(store, MDB_RDONLY, kind == STORE_SERVE ? 0660 : 0600, err);
    if (status == STATUS_OK)
        status = prepare_reader(store, err);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    *ret = store;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    mdb_env_close(store->env);
    free(store->directory);
    free(store);
}

bool store_is_replaced(const struct store *store)
{
    char *path = path_join(store->directory, DATA_FILE);
    int fd;
    struct stat open_file;
    struct stat file;
    mdb_env_get_fd(store->env, &fd);
    bool same = fstat(fd, &open_file) == 0 && stat(path, &file) == 0 &&
                open_file.st_dev == file.st_dev && open_file.st_ino == file.st_ino;
    free(path);
    return !same;
}

bool store_is_there(const char *directory)
{
    char *path = path_join(directory, DATA_FILE);
    struct stat file;
    bool is_there = stat(path, &file) == 0 && file.st_size > 0;
    free(path);
    return is_there;
}

enum status store_destroy(const char *directory, struct error *err)
{
    static const char *const names[] = {DATA_FILE, LOCK_FILE};
    for (size_t i = 0; i < 2; i++) {
        char *path = path_join(directory, names[i]);
        enum status status = STATUS_OK;
        if (unlink(path) < 0 && errno != ENOENT)
            status = error_set_errno(err, errno, "%s: cannot remove", path);
        free(path);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}
