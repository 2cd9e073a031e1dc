// SPDX-License-Identifier: ISC
#include "resolver/own_zones.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"
#include "dns/types.h"

// ── The text ─────────────────────────────────────────────────────────────────────────────────────

static const char unsigned_mark[] = "unsigned:";

static enum status on_comment(void *data, const char *text, struct error *err)
{
    struct own_zones *zones = data;
    struct name zone;
    if (strncmp(text, unsigned_mark, strlen(unsigned_mark)) != 0)
        return STATUS_OK;
    text += strlen(unsigned_mark);
    text += strspn(text, " \t");
    if (zones->unsigned_count == RECORDS_MAX)
        return error_set(err, STATUS_RANGE, "more than %d zones", RECORDS_MAX);
    enum status status = name_from_text(text, &zone, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < zone.len; i++)
        zone.wire[i] = name_lower(zone.wire[i]);
    zones->unsigned_zones = array_grow(zones->unsigned_zones, &zones->unsigned_cap,
                                       zones->unsigned_count, sizeof(zone));
    zones->unsigned_zones[zones->unsigned_count++] = zone;
    return STATUS_OK;
}

static int compare_names(const void *a, const void *b)
{
    return name_compare(((const struct name *)a)->wire, ((const struct name *)b)->wire);
}

static void sort_unsigned(struct own_zones *zones)
{
    size_t kept = 0;
    if (zones->unsigned_count > 1)
        qsort(zones->unsigned_zones, zones->unsigned_count, sizeof(struct name), compare_names);
    for (size_t i = 0; i < zones->unsigned_count; i++)
        if (kept == 0 ||
            compare_names(&zones->unsigned_zones[kept - 1], &zones->unsigned_zones[i]) != 0)
            zones->unsigned_zones[kept++] = zones->unsigned_zones[i];
    zones->unsigned_count = kept;
}

static enum status check_keys(const char *name, const struct own_zones *zones, struct error *err)
{
    char text[NAME_TEXT_MAX];
    for (size_t i = 0; i < zones->keys.count; i++) {
        const struct record *key = &zones->keys.list[i];
        if (key->type != RR_TYPE_DNSKEY)
            return error_set(err, STATUS_SYNTAX, "%s: %s: a DS record, only keys belong here", name,
                             name_to_text(key->owner.wire, text));
        if (zones->unsigned_count > 0 &&
            bsearch(&key->owner, zones->unsigned_zones, zones->unsigned_count, sizeof(struct name),
                    compare_names) != NULL)
            return error_set(err, STATUS_SYNTAX, "%s: %s: has keys and is said to be unsigned",
                             name, name_to_text(key->owner.wire, text));
    }
    return STATUS_OK;
}

enum status own_zones_parse(const char *name, const struct buf *text, struct own_zones *ret,
                            struct error *err)
{
    struct own_zones zones = {0};
    struct records_comment comment = {on_comment, &zones};
    enum status status = records_read(name, text, &comment, &zones.keys, err);
    if (status == STATUS_OK) {
        records_sort(&zones.keys);
        sort_unsigned(&zones);
        status = check_keys(name, &zones, err);
    }
    if (status == STATUS_OK)
        *ret = zones;
    else
        own_zones_done(&zones);
    return status;
}

bool own_zones_equal(const struct own_zones *a, const struct own_zones *b)
{
    if (a->keys.count != b->keys.count || a->unsigned_count != b->unsigned_count)
        return false;
    for (size_t i = 0; i < a->keys.count; i++)
        if (!record_equal(&a->keys.list[i], &b->keys.list[i]))
            return false;
    for (size_t i = 0; i < a->unsigned_count; i++)
        if (compare_names(&a->unsigned_zones[i], &b->unsigned_zones[i]) != 0)
            return false;
    return true;
}

void own_zones_copy(const struct own_zones *zones, struct own_zones *ret)
{
    *ret = (struct own_zones){0};
    if (zones->unsigned_count > 0) {
        ret->unsigned_zones =
            xmemdup(zones->unsigned_zones, zones->unsigned_count * sizeof(struct name));
        ret->unsigned_count = ret->unsigned_cap = zones->unsigned_count;
    }
    for (size_t i = 0; i < zones->keys.count; i++)
        records_add(&ret->keys, &zones->keys.list[i]);
}

void own_zones_done(struct own_zones *zones)
{
    free(zones->unsigned_zones);
    records_done(&zones->keys);
    *zones = (struct own_zones){0};
}

size_t own_zones_count(const struct own_zones *zones)
{
    size_t count = zones->unsigned_count;
    for (size_t i = 0; i < zones->keys.count; i++)
        if (i == 0 ||
            !name_equal(zones->keys.list[i - 1].owner.wire, zones->keys.list[i].owner.wire))
            count++;
    return count;
}

// ── The file ─────────────────────────────────────────────────────────────────────────────────────

// Asked for by stat(2) and not by inotify: it holds also when the directory is made later or replaced (a restored
// backup), and costs a microsecond.
struct own_zones_watch {
    uv_timer_t timer;
    const char *path;
    own_zones_changed *changed;
    own_zones_failed *failed;
    void *data;
    struct stat seen; // st_ino 0: not there
    int seen_errno;
    struct own_zones zones;
    bool has_zones;
};

static enum status read_file(struct own_zones_watch *watch, struct own_zones *ret,
                             struct error *err)
{
    struct buf text = {0};
    enum status status = file_read(watch->path, OWN_ZONES_FILE_MAX, &text, err);
    if (status == STATUS_OK)
        status = own_zones_parse(watch->path, &text, ret, err);
    buf_done(&text);
    return status;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void look(struct own_zones_watch *watch)
{
    struct stat now = {0};
    struct error err = {0};
    struct own_zones zones;
    int failure = stat(watch->path, &now) == 0 ? 0 : errno;
    if (failure == watch->seen_errno && same_file(&now, &watch->seen))
        return;
    watch->seen = now;
    watch->seen_errno = failure;
    enum status status = read_file(watch, &zones, &err);
    if (status != STATUS_OK) {
        watch->failed(watch->data, status, &err);
        return;
    }
    if (watch->has_zones && own_zones_equal(&zones, &watch->zones)) {
        own_zones_done(&zones);
        return;
    }
    own_zones_done(&watch->zones);
    watch->zones = zones;
    watch->has_zones = true;
    watch->changed(watch->data, &watch->zones);
}

// While the signer makes ten thousand zones, the file changes all the time, and each change costs half a second: no
// more than a fifth of the time goes into this.
static void on_time(uv_timer_t *timer)
{
    uint64_t began = uv_hrtime();
    look(timer->data);
    uint64_t pause = 4 * (uv_hrtime() - began) / 1000000;
    uv_timer_start(timer, on_time, pause > OWN_ZONES_MS ? pause : OWN_ZONES_MS, 0);
}

struct own_zones_watch *own_zones_follow(uv_loop_t *loop, const char *path,
                                         own_zones_changed *changed, own_zones_failed *failed,
                                         void *data)
{
    struct own_zones_watch *watch = xcalloc(1, sizeof(*watch));
    watch->path = path;
    watch->changed = changed;
    watch->failed = failed;
    watch->data = data;
    uv_timer_init(loop, &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_time, OWN_ZONES_MS, 0);
    look(watch);
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    struct own_zones_watch *watch = handle->data;
    own_zones_done(&watch->zones);
    free(watch);
}

void own_zones_unfollow(struct own_zones_watch *watch)
{
    if (watch != NULL)
        uv_close((uv_handle_t *)&watch->timer, on_closed);
}
