// SPDX-License-Identifier: ISC
#include "signer/aside.h"

#include <string.h>

#include "base/alloc.h"
#include "base/control.h"
#include "base/log.h"
#include "base/time_text.h"
#include "signer/life.h"
#include "signer/publisher.h"

void publisher_set_aside(struct publisher *publisher, const struct quarantine *images)
{
    publisher->aside = (struct aside){.suspects = *images, .images = *images};
}

bool aside_keeps(const struct publisher *publisher, const struct zone *zone, int64_t now)
{
    const struct zone_published *published = &zone->published;
    if (!published->exists || publisher->distrust || zone->audit.failed ||
        quarantine_has(&publisher->aside.suspects, published->id))
        return false;
    bool proven = now - published->made_at >= ASIDE_PROVEN_S;
    return proven || zone->kept_at == 0 || now - zone->kept_at >= ASIDE_KEPT_S;
}

// ── Setting aside ────────────────────────────────────────────────────────────────────────────────

static void look_before(struct publisher *publisher, struct zone *zone)
{
    struct zone_published *published = &zone->published;
    struct store_entry entry;
    struct image image;
    published->has_before = store_get(publisher->stores.serve_reader, STORE_PREVIOUS,
                                      zone->key.octets, zone->key.len, &entry) == STATUS_OK &&
                            image_open(entry.value, entry.value_len, &image, NULL) == STATUS_OK &&
                            !quarantine_has(&publisher->aside.images, image.header->checksum);
    if (!published->has_before)
        return;
    published->before_serial = image.header->serial;
    published->before_expires_at = image.header->meta.expires_at;
}

// The name servers of this box have what was published before: for its keys that is as if one had been seen with it, so
// that none of them goes on before the newest is seen again.
static void hold_keys(struct zone *zone, int64_t now)
{
    struct keyset set;
    life_read(&zone->state, &set);
    struct keyset_sight sight = {.seen_at = now, .revision = set.revision, .wrong = 1};
    if (!set.begun || !keyset_see_zone(&set, &sight, now))
        return;
    life_put(&set, &zone->state);
    zone->keyset_unsaved = true;
    zone->overtaken = zone->in_batch;
    queue_touch(zone);
}

static void set_aside(struct publisher *publisher, struct zone *zone, int64_t now)
{
    zone->published.aside = true;
    look_before(publisher, zone);
    hold_keys(zone, now);
}

static struct zone *find(const struct publisher *publisher, uint64_t id)
{
    for (size_t i = 0; i < publisher->zones.count; i++)
        if (publisher->zones.list[i].published.id == id)
            return &publisher->zones.list[i];
    return NULL;
}

void aside_reset(struct publisher *publisher, int64_t now)
{
    const struct quarantine *images = &publisher->aside.images;
    if (images->count == 0 || stores_renew(&publisher->stores, NULL) != STATUS_OK)
        return;
    for (size_t i = 0; i < publisher->zones.count; i++) {
        struct zone *zone = &publisher->zones.list[i];
        if (quarantine_has(images, zone->published.id) && !zone->published.aside)
            set_aside(publisher, zone, now);
    }
    stores_reset(&publisher->stores);
}

// ── Orders ───────────────────────────────────────────────────────────────────────────────────────

static void tell_zone(const struct zone *zone, json_t *reply)
{
    const struct zone_published *published = &zone->published;
    control_set(reply, "zone", json_string_nocheck(zone->name));
    control_set(reply, "serial", json_integer(published->serial));
    json_t *before = json_null();
    if (published->has_before) {
        before = json_object();
        control_set(before, "serial", json_integer(published->before_serial));
        control_set(before, "expires", control_time(published->before_expires_at));
    }
    control_set(reply, "before", before);
}

enum status aside_order(struct publisher *publisher, const json_t *request, json_t *reply,
                        int64_t now, struct error *err)
{
    const char *text = json_string_value(json_object_get(request, "image"));
    uint64_t id;
    if (text == NULL || !quarantine_read(text, &id))
        return error_set(err, STATUS_SYNTAX, "set-aside: \"image\" is 16 hexadecimal digits");
    struct zone *zone = find(publisher, id);
    quarantine_add(&publisher->aside.suspects, id);
    if (!json_is_true(json_object_get(request, "suspect"))) {
        quarantine_add(&publisher->aside.images, id);
        enum status status = zone != NULL ? stores_renew(&publisher->stores, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        if (zone != NULL) {
            set_aside(publisher, zone, now);
            stores_reset(&publisher->stores);
        }
    }
    if (zone != NULL)
        tell_zone(zone, reply);
    return STATUS_OK;
}

char *aside_words(const struct zone *zone)
{
    const struct zone_published *published = &zone->published;
    char until[TIME_TEXT_MAX];
    if (!published->aside)
        return NULL;
    if (!published->has_before)
        return xstrdup("zone-server died of its image, which is set aside, and there is none from "
                       "before: it is not served until it changes");
    return xasprintf(
        "zone-server died of its image, which is set aside: serial %u is served "
        "instead%s%s, until it changes",
        published->before_serial,
        published->before_expires_at != 0 ? ", whose signatures hold until " : "",
        published->before_expires_at != 0 ? time_text(published->before_expires_at, until) : "");
}
