// SPDX-License-Identifier: ISC
#include "signer/public_file.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"

static const char head[] =
    "; The public keys of the zones of this box, written by zone-signer. Whoever trusts the box "
    "can\n"
    "; take them as trust anchors; the rest of the world begins at the root.\n";

enum status public_file_open(const char *directory, struct public_file *ret, struct error *err)
{
    char *public = path_join(directory, "public");
    *ret = (struct public_file){.path = path_join(public, "zones.key"), .kept.stale = true};
    enum status status = directory_make(public, 0755, err);
    free(public);
    return status;
}

void public_file_done(struct public_file *file)
{
    free(file->path);
    kept_file_done(&file->kept);
    *file = (struct public_file){.path = NULL};
}

void public_file_take(struct public_file *file, struct zone *zone, struct public_keys *keys)
{
    if (!public_keys_equal(&zone->keys, keys))
        file->kept.stale = true;
    public_keys_done(&zone->keys);
    zone->keys = *keys;
    *keys = (struct public_keys){.kind = PUBLIC_NOTHING};
}

static enum status write_keys(const struct public_file *file, const struct zones *zones,
                              struct error *err)
{
    struct buf wanted = {0};
    buf_put_text(&wanted, head);
    for (size_t i = 0; i < zones->count; i++)
        public_keys_print(&zones->list[i].keys, zones->list[i].name, &wanted);
    enum status status = file_update(file->path, wanted.data, wanted.len, 0644, err);
    buf_done(&wanted);
    return status;
}

void public_file_write(struct public_file *file, const struct zones *zones, enum kept_when when,
                       int64_t now)
{
    if (!kept_file_is_due(&file->kept, when, now))
        return;
    struct error err = {0};
    kept_file_begin(&file->kept);
    enum status status = write_keys(file, zones, &err);
    if (kept_file_end(&file->kept, status, &err, now) == KEPT_FAILED)
        log_event(LOG_LEVEL_ERROR, "public-keys-not-written", "reason", err.text, "kept",
                  "the zones are published all the same", NULL);
}
