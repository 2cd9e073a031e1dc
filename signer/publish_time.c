// SPDX-License-Identifier: ISC
#include "signer/publish_time.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "signer/life.h"
#include "signer/publisher.h"

// ── The newest time ──────────────────────────────────────────────────────────────────────────────

static int64_t newest_image(struct store_reader *serve)
{
    struct store_entry entry;
    struct name_key at = {.len = 0};
    int64_t newest = 0;
    for (bool after = false;
         store_seek(serve, STORE_IMAGES, at.octets, at.len, after, &entry) == STATUS_OK &&
         entry.key_len <= sizeof(at.octets);
         after = true) {
        struct image image;
        at.len = (uint16_t)entry.key_len;
        for (size_t i = 0; i < entry.key_len; i++)
            at.octets[i] = entry.key[i];
        if (image_open(entry.value, entry.value_len, &image, NULL) == STATUS_OK &&
            image.header->meta.made_at > newest)
            newest = image.header->meta.made_at;
    }
    return newest;
}

int64_t publisher_newest_time(struct publisher *publisher)
{
    struct stores *stores = &publisher->stores;
    if (stores_renew(stores, NULL) != STATUS_OK)
        return 0;
    if (!state_time_get(stores->state_reader, &publisher->kept_time))
        publisher->kept_time = newest_image(stores->serve_reader);
    stores_reset(stores);
    return publisher->kept_time;
}

// One that is believed may also be earlier than what was written: that was wrong then.
static void keep_time(struct publisher *publisher, const struct time_sense *sense)
{
    int64_t kept = publisher->kept_time;
    bool back = !sense->doubt && sense->now < kept - TIME_SLACK_S;
    if (sense->now < publisher->retry_at || (!back && sense->now < kept + TIME_KEPT_EVERY_S))
        return;
    struct store_txn *txn = NULL;
    struct error err = {0};
    enum status status = store_begin(publisher->stores.state, &txn, &err);
    if (status == STATUS_OK) {
        status = state_time_put(txn, sense->now, &err);
        if (status == STATUS_OK)
            status = store_commit(txn, NULL, &err);
        else
            store_abort(txn);
    }
    if (status == STATUS_OK)
        publisher->kept_time = sense->now;
    else
        publisher_stores_fail(publisher, &err, sense->now);
}

// ── Jumps ────────────────────────────────────────────────────────────────────────────────────────

struct waiting_zone {
    struct zone *zone;
    struct zone_state state; // as it is to be
};

// The zones that wait for caches, with their waits begun anew. The caller ends with drop_zones.
static size_t collect_zones(struct publisher *publisher, int64_t now, struct waiting_zone **ret)
{
    struct zones *zones = &publisher->zones;
    struct waiting_zone *list = xcalloc(zones->count + 1, sizeof(*list));
    size_t count = 0;
    for (size_t i = 0; i < zones->count; i++) {
        struct zone *zone = &zones->list[i];
        struct keyset set;
        life_read(&zone->state, &set);
        if (!set.begun || keyset_next(&set) == INT64_MAX)
            continue;
        keyset_wait_anew(&set, now);
        list[count].zone = zone;
        list[count].state = zone->state;
        list[count].state.keyset = NULL;
        life_put(&set, &list[count++].state);
    }
    *ret = list;
    return count;
}

static enum status put_zones(struct publisher *publisher, const struct waiting_zone *list,
                             size_t count, struct error *err)
{
    struct store_txn *txn = NULL;
    enum status status = store_begin(publisher->stores.state, &txn, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = state_zone_put(txn, &list[i].zone->key, &list[i].state, err);
    if (status == STATUS_OK)
        return store_commit(txn, NULL, err);
    store_abort(txn);
    return status;
}

// All waits for caches begin anew, in state/ first.
static bool wait_anew(struct publisher *publisher, int64_t now)
{
    struct waiting_zone *list;
    struct error err = {0};
    if (now < publisher->retry_at)
        return false;
    size_t count = collect_zones(publisher, now, &list);
    enum status status = count > 0 ? put_zones(publisher, list, count, &err) : STATUS_OK;
    if (status == STATUS_OK)
        status = tls_wait_anew(publisher, now, &err);
    if (status != STATUS_OK)
        publisher_stores_fail(publisher, &err, now);
    else if (count > 0)
        log_event(LOG_LEVEL_NOTICE, "waits-begin-anew", "zones", log_u64((int64_t)count), "reason",
                  "the clock was set, or the box was off: how much of them has passed is not known",
                  NULL);
    for (size_t i = 0; i < count; i++) {
        struct zone *zone = list[i].zone;
        if (status == STATUS_OK) {
            zone_state_done(&zone->state);
            zone->state = list[i].state;
            zone->life_next = life_next(zone);
            queue_settle(zone);
        } else {
            zone_state_done(&list[i].state);
        }
    }
    free(list);
    return status == STATUS_OK;
}

// What was put off to a time that is far ahead now is not put off.
static void go_back(struct publisher *publisher, int64_t now)
{
    struct zones *zones = &publisher->zones;
    if (publisher->retry_at > now)
        publisher->retry_at = now;
    for (size_t i = 0; i < zones->count + zones->external_count; i++) {
        struct zone *zone =
            i < zones->count ? &zones->list[i] : &zones->externals[i - zones->count];
        if (zone->retry_at > now)
            zone->retry_at = now;
        queue_settle(zone);
    }
    audit_reset(publisher, now);
}

// ── Doubt ────────────────────────────────────────────────────────────────────────────────────────

static void tell(struct publisher *publisher, const struct time_sense *sense)
{
    bool told = publisher->clock_trouble != NULL;
    if (told == sense->doubt)
        return;
    free(publisher->clock_trouble);
    publisher->clock_trouble = NULL;
    if (!sense->doubt) {
        log_event(LOG_LEVEL_NOTICE, "clock-good-again", NULL);
        return;
    }
    bool back = sense->difference < 0;
    publisher->clock_trouble = xasprintf(
        "the clock is %lld seconds %s what it should be, and the kernel does not say that it is "
        "synchronised: set it, and run an NTP client; until then zones stay signed, and no "
        "rollover goes on too early",
        (long long)(back ? -sense->difference : sense->difference), back ? "behind" : "ahead of");
    log_event(LOG_LEVEL_ERROR, "clock-wrong", "reason", publisher->clock_trouble, NULL);
}

void publisher_set_ahead(struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->zones.count; i++)
        publisher->zones.list[i].ahead = publisher->ahead;
}

bool publisher_take_time(struct publisher *publisher, const struct time_sense *sense)
{
    tell(publisher, sense);
    if (publisher->ahead != sense->ahead) {
        publisher->ahead = sense->ahead;
        publisher_set_ahead(publisher);
        for (size_t i = 0; i < publisher->zones.count; i++)
            queue_settle(&publisher->zones.list[i]);
    }
    if (sense->now < publisher->queue.now)
        go_back(publisher, sense->now);
    if (sense->jumped && (publisher_is_busy(publisher) || publisher->zones.inputs == NULL ||
                          !wait_anew(publisher, sense->now)))
        return false;
    keep_time(publisher, sense);
    return true;
}
