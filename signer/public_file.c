// SPDX-License-Identifier: ISC
#include "signer/public_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

#define RETRY_S 60
// Rest after writing, times what it took: a tenth of the time at most.
#define REST 9
// Octets that are read to compare: a million zones in a rollover.
#define FILE_MAX (512U << 20)

static const char head[] =
    "; The public keys of the zones of this box, written by zone-signer. Whoever trusts the box "
    "can\n"
    "; take them as trust anchors; the rest of the world begins at the root.\n";

enum status public_file_open(const char *directory, struct public_file *ret, struct error *err)
{
    char *public = path_join(directory, "public");
    *ret = (struct public_file){.path = path_join(public, "zones.key"), .stale = true};
    enum status status = directory_make(public, 0755, err);
    free(public);
    return status;
}

void public_file_done(struct public_file *file)
{
    free(file->path);
    free(file->trouble);
    *file = (struct public_file){.path = NULL};
}

void public_file_take(struct public_file *file, struct zone *zone, struct public_keys *keys)
{
    if (!public_keys_equal(&zone->keys, keys))
        file->stale = true;
    public_keys_done(&zone->keys);
    zone->keys = *keys;
    *keys = (struct public_keys){.kind = PUBLIC_NOTHING};
}

static int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static enum status write_changed(const struct public_file *file, const struct zones *zones,
                                 struct error *err)
{
    struct buf wanted = {0}, there = {0};
    buf_put_text(&wanted, head);
    for (size_t i = 0; i < zones->count; i++)
        public_keys_print(&zones->list[i].keys, zones->list[i].name, &wanted);
    enum status status = file_read(file->path, FILE_MAX, &there, NULL);
    bool same = status == STATUS_OK && there.len == wanted.len &&
                memcmp(there.data, wanted.data, wanted.len) == 0;
    status = same ? STATUS_OK : file_write(file->path, wanted.data, wanted.len, 0644, err);
    buf_done(&wanted);
    buf_done(&there);
    return status;
}

static void fail(struct public_file *file, const struct error *err, int64_t now)
{
    file->retry_at = now + RETRY_S;
    if (file->trouble != NULL && strcmp(file->trouble, err->text) == 0)
        return;
    log_event(LOG_LEVEL_ERROR, "public-keys-not-written", "reason", err->text, "kept",
              "the zones are published all the same", NULL);
    free(file->trouble);
    file->trouble = xstrdup(err->text);
}

void public_file_write(struct public_file *file, const struct zones *zones, enum public_when when,
                       int64_t now)
{
    int64_t begin = monotonic_ms();
    if (!file->stale || now < file->retry_at || (when == PUBLIC_IN_TIME && begin < file->rest_ms))
        return;
    struct error err = {0};
    enum status status = write_changed(file, zones, &err);
    int64_t end = monotonic_ms();
    file->rest_ms = end + REST * (end - begin);
    if (status != STATUS_OK) {
        fail(file, &err, now);
        return;
    }
    file->stale = false;
    file->retry_at = 0;
    free(file->trouble);
    file->trouble = NULL;
}
