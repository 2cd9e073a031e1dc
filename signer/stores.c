// SPDX-License-Identifier: ISC
#include "signer/stores.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "signer/state.h"

// A zone-signer that was told to end, or whose zoned was killed, has the lock for a moment yet.
#define LOCK_PATIENCE_MS 2000
#define LOCK_STEP_MS     20

// In state/, since zone-signer may make nothing in the directory above where that is root's.
static enum status take_lock(const char *state, int *ret, struct error *err)
{
    char *path = path_join(state, "signer.lock");
    enum status status = file_lock(path, ret, err);
    for (int waited = 0; status == STATUS_STATE && waited < LOCK_PATIENCE_MS;
         waited += LOCK_STEP_MS) {
        (void)poll(NULL, 0, LOCK_STEP_MS);
        status = file_lock(path, ret, err);
    }
    free(path);
    return status;
}

static enum status try_serve(const char *directory, struct store **ret,
                             struct store_reader **ret_reader, struct error *err)
{
    *ret = NULL;
    *ret_reader = NULL;
    enum status status = store_open_writer(directory, STORE_SERVE, ret, err);
    if (status == STATUS_OK)
        status = store_reader_open(*ret, ret_reader, err);
    if (status == STATUS_OK)
        return STATUS_OK;
    store_close(*ret);
    *ret = NULL;
    return status;
}

static enum status open_serve(const char *directory, struct store **ret,
                              struct store_reader **ret_reader, struct error *err)
{
    enum status status = try_serve(directory, ret, ret_reader, err);
    if (status != STATUS_STATE)
        return status;
    log_event(LOG_LEVEL_WARNING, "serve-made-anew", "reason", err->text, NULL);
    *err = (struct error){0};
    status = store_destroy(directory, err);
    return status == STATUS_OK ? try_serve(directory, ret, ret_reader, err) : status;
}

// serve/ shows the transaction that state/ has seen, or the one that a crash kept it from seeing. Where state/ was lost
// there is nothing to compare with.
static void look_for_strangers(struct stores *stores)
{
    uint64_t known;
    bool expected = !state_serve_id_get(stores->state_reader, &known) ||
                    stores->serve_id == known || stores->serve_id == known + 1;
    stores->spoilt = !expected && store_count(stores->serve_reader, STORE_IMAGES) > 0;
}

enum status stores_open(const char *directory, struct stores *ret, struct error *err)
{
    *ret = (struct stores){.lock = -1};
    char *state = path_join(directory, "state");
    char *serve = ret->serve_directory = path_join(directory, "serve");
    enum status status = directory_make(directory, 0755, err);
    if (status == STATUS_OK)
        status = directory_make(state, 0700, err);
    if (status == STATUS_OK)
        status = take_lock(state, &ret->lock, err);
    if (status == STATUS_OK)
        status = store_open_writer(state, STORE_STATE, &ret->state, err);
    if (status == STATUS_OK)
        status = open_serve(serve, &ret->serve, &ret->serve_reader, err);
    if (status == STATUS_OK)
        status = store_reader_open(ret->state, &ret->state_reader, err);
    if (status == STATUS_OK)
        status = stores_renew(ret, err);
    free(state);
    if (status != STATUS_OK) {
        stores_close(ret);
        return status;
    }
    look_for_strangers(ret);
    stores_reset(ret);
    return STATUS_OK;
}

void stores_close(struct stores *stores)
{
    store_reader_close(stores->state_reader);
    store_reader_close(stores->serve_reader);
    store_close(stores->state);
    store_close(stores->serve);
    if (stores->lock >= 0)
        close(stores->lock);
    free(stores->serve_directory);
    *stores = (struct stores){.lock = -1};
}

enum status stores_renew(struct stores *stores, struct error *err)
{
    uint64_t state_id;
    enum status status = store_reader_renew(stores->state_reader, &state_id, err);
    if (status == STATUS_OK) {
        status = store_reader_renew(stores->serve_reader, &stores->serve_id, err);
        if (status != STATUS_OK)
            store_reader_reset(stores->state_reader);
    }
    stores->stuck = stores->stuck || status == STATUS_STATE;
    return status;
}

void stores_reset(struct stores *stores)
{
    store_reader_reset(stores->state_reader);
    store_reader_reset(stores->serve_reader);
}

enum status stores_remake_serve(struct stores *stores, struct error *err)
{
    struct store *serve = NULL;
    struct store_reader *reader = NULL;
    enum status status = store_destroy(stores->serve_directory, err);
    if (status == STATUS_OK)
        status = try_serve(stores->serve_directory, &serve, &reader, err);
    if (status != STATUS_OK)
        return status;
    store_reader_close(stores->serve_reader);
    store_close(stores->serve);
    stores->serve = serve;
    stores->serve_reader = reader;
    return STATUS_OK;
}

enum status stores_commit_serve(struct stores *stores, struct store_txn *txn, struct error *err)
{
    uint64_t id;
    enum status status = store_commit(txn, &id, err);
    if (status != STATUS_OK)
        return status;
    if (id != stores->serve_id + 1)
        stores->spoilt = true;
    stores->serve_id = id;
    return STATUS_OK;
}
