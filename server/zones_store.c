// SPDX-License-Identifier: ISC
// The store under the table of zones: opened, read in batches, opened again when its files were replaced.
#include "server/zones_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

#define TABLE_MIN 64 // cells at first; always a power of two, at most half full

static void forget_all(struct zones *zones)
{
    for (size_t i = 0; i < zones->cap; i++)
        free(zones->table[i].entry);
    free(zones->table);
    zones->cap = TABLE_MIN;
    zones->count = 0;
    memset(zones->depths, 0, sizeof(zones->depths));
    zones->table = xcalloc(zones->cap, sizeof(*zones->table));
}

static void close_store(struct zones *zones)
{
    store_reader_close(zones->reader);
    store_close(zones->store);
    zones->reader = NULL;
    zones->store = NULL;
    zones->in_batch = false;
}

struct zones *zones_new(const char *directory)
{
    struct zones *zones = xcalloc(1, sizeof(*zones));
    zones->directory = xstrdup(directory);
    zones->statistics = &zones->unread;
    forget_all(zones);
    return zones;
}

void zones_free(struct zones *zones)
{
    if (zones == NULL)
        return;
    close_store(zones);
    forget_all(zones);
    free(zones->table);
    free(zones->directory);
    free(zones);
}

void zones_complain(struct zones *zones, const char *event, const struct error *err)
{
    if (!zones->complained)
        log_event(LOG_LEVEL_ERROR, event, "directory", zones->directory, "reason", err->text, NULL);
    zones->complained = true;
}

static bool open_store(struct zones *zones)
{
    struct error err = {0};
    struct store *store;
    struct store_reader *reader;
    enum status status = store_open_reader(zones->directory, STORE_SERVE, &store, &err);
    if (status == STATUS_OK) {
        status = store_reader_open(store, &reader, &err);
        if (status != STATUS_OK)
            store_close(store);
    }
    if (status != STATUS_OK) {
        if (status != STATUS_NOT_FOUND)
            zones_complain(zones, "store-not-opened", &err);
        return false;
    }
    close_store(zones);
    forget_all(zones);
    zones->store = store;
    zones->reader = reader;
    zones->complained = false;
    log_event(LOG_LEVEL_INFO, "store-opened", "directory", zones->directory, NULL);
    return true;
}

bool zones_attend(struct zones *zones)
{
    if (zones->store != NULL && !store_is_replaced(zones->store))
        return true;
    return open_store(zones) || zones->store != NULL; // being made anew: what is open still holds
}

void zones_begin(struct zones *zones)
{
    if (zones->store == NULL)
        return;
    struct error err = {0};
    uint64_t before = zones->snapshot;
    if (store_reader_renew(zones->reader, &zones->snapshot, &err) == STATUS_OK) {
        zones->in_batch = true;
        if (zones->snapshot != before)
            zones->statistics->snapshots++;
        return;
    }
    zones_complain(zones, "store-not-readable", &err);
    close_store(zones); // zones_attend opens it again
}

void zones_end(struct zones *zones)
{
    if (zones->in_batch)
        store_reader_reset(zones->reader);
    zones->in_batch = false;
}

void zones_count_in(struct zones *zones, struct statistics *statistics)
{
    zones->statistics = statistics;
}

bool zones_describe(const struct zones *zones, struct store_info *ret)
{
    if (zones->store == NULL)
        return false;
    store_describe(zones->store, ret);
    return true;
}

size_t zones_count(const struct zones *zones)
{
    return zones->in_batch ? store_count(zones->reader, STORE_IMAGES) : 0;
}
