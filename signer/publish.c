// SPDX-License-Identifier: ISC
#include "signer/publish.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "signer/life_rounds.h"
#include "signer/notes.h"
#include "signer/publisher.h"
#include "signer/questions.h"

// ── Opening and closing ──────────────────────────────────────────────────────────────────────────

enum status publisher_open(const char *directory, struct publisher **ret, struct error *err)
{
    struct publisher *publisher = xcalloc(1, sizeof(*publisher));
    publisher->growth = 1;
    *ret = NULL;
    char *keys = path_join(directory, "keys");
    publisher->dkim_tables.directory = path_join(directory, "dkim");
    enum status status = stores_open(directory, &publisher->stores, err);
    if (status == STATUS_OK)
        status = directory_make(keys, 0700, err);
    if (status == STATUS_OK)
        status = directory_make(publisher->dkim_tables.directory, 0750, err);
    if (status == STATUS_OK)
        status = public_file_open(directory, &publisher->public_file, err);
    if (status == STATUS_OK) {
        file_sweep(keys);
        file_sweep(publisher->dkim_tables.directory);
    }
    if (status == STATUS_OK)
        status = keyring_open(keys, &publisher->keyring, err);
    free(keys);
    if (status != STATUS_OK) {
        publisher_close(publisher);
        return status;
    }
    tls_desk_open(&publisher->tls, directory);
    offer_file_open(directory, &publisher->offer_file);
    publisher->distrust = publisher->stores.spoilt;
    if (publisher->distrust)
        log_event(LOG_LEVEL_ERROR, "serve-written-by-others", "reason",
                  "serve/ was changed by somebody else; every zone is made anew", NULL);
    *ret = publisher;
    return STATUS_OK;
}

void publisher_close(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    for (size_t i = 0; i < PUBLISH_BATCHES; i++)
        batch_done(&publisher->batches[i]);
    if (publisher->zones.inputs != NULL)
        lastgood_undo(&publisher->lastgood, publisher->zones.inputs);
    zones_done(&publisher->zones);
    queue_done(&publisher->queue);
    audit_done(&publisher->audit);
    lastgood_done(&publisher->lastgood);
    keyring_done(&publisher->keyring);
    public_file_done(&publisher->public_file);
    offer_file_done(&publisher->offer_file);
    tls_desk_done(&publisher->tls);
    life_desk_done(&publisher->life);
    dsboot_done(&publisher->dsboot);
    stores_close(&publisher->stores);
    dkim_tables_done(&publisher->dkim_tables);
    free(publisher->trouble);
    free(publisher->clock_trouble);
    free(publisher);
}

void publisher_has_channel(struct publisher *publisher)
{
    publisher->has_channel = true;
}

// ── Inputs ───────────────────────────────────────────────────────────────────────────────────────

// The table of zones is another.
static void begin_anew(struct publisher *publisher, int64_t now)
{
    struct zones *zones = &publisher->zones;
    dkim_ask_anew(publisher, false);
    for (size_t i = 0; publisher->distrust && i < zones->count; i++) { // those of a stranger, maybe
        public_keys_done(&zones->list[i].keys);
        dsboot_forget(&zones->list[i]);
    }
    publisher->public_file.kept.stale = true;
    publisher->dkim_tables.kept.stale = true;
    publisher_set_ahead(publisher);
    queue_reset(&publisher->queue, zones, now);
    audit_reset(publisher, now);
    life_ask_anew(publisher, now);
    aside_reset(publisher, now);
    dsboot_reset(&publisher->dsboot, zones);
}

// The policies of those that wait may be others.
static void plan_looks(struct publisher *publisher, int64_t now)
{
    for (size_t i = 0; i < publisher->zones.count; i++)
        if (publisher->zones.list[i].waiting)
            life_plan_look(publisher, &publisher->zones.list[i], now);
}

bool publisher_set_inputs(struct publisher *publisher, struct inputs *inputs, int64_t now)
{
    struct zones *zones = &publisher->zones;
    struct error err = {0};
    if (zones->inputs != NULL) {
        lastgood_undo(&publisher->lastgood, zones->inputs);
        if (inputs_equal(zones->inputs, inputs)) {
            inputs_free(inputs);
            return false;
        }
    }
    if (stores_renew(&publisher->stores, &err) != STATUS_OK) {
        publisher_stores_fail(publisher, &err, now);
        inputs_free(inputs);
        return false;
    }
    bool others =
        zones_take(zones, inputs, publisher->stores.state_reader, publisher->stores.serve_reader);
    stores_reset(&publisher->stores);
    publisher->tls.stale = true;
    publisher->offer_file.kept.stale = true; // a policy says when
    lastgood_forget(&publisher->lastgood, inputs);
    if (others || publisher->distrust)
        begin_anew(publisher, now);
    else
        plan_looks(publisher, now);
    return true;
}

void publisher_touch_all(struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->zones.count; i++)
        queue_touch(&publisher->zones.list[i]);
    for (size_t i = 0; i < publisher->zones.external_count; i++)
        queue_touch(&publisher->zones.externals[i]);
    dkim_ask_anew(publisher, true);
    life_ask_soon(publisher);
    publisher->public_file.kept.stale = true;
    publisher->offer_file.kept.stale = true;
    publisher->dkim_tables.kept.stale = true;
    publisher->tls.stale = true;
}

// ── Collecting ───────────────────────────────────────────────────────────────────────────────────

bool publisher_runs_out(const struct zone *zone, int64_t now)
{
    int64_t expires_at = zone->published.expires_at;
    return expires_at != 0 && expires_at - now <= zone_policy(zone).refresh / 2;
}

struct build_context publisher_context(struct publisher *publisher, int64_t now)
{
    return (struct build_context){
        .inputs = publisher->zones.inputs,
        .zones = &publisher->zones,
        .dkim_directory = publisher->dkim_tables.directory,
        .tls = tls_plan_of(publisher),
        .keyring = &publisher->keyring,
        .lastgood = &publisher->lastgood,
        .serve = publisher->stores.serve_reader,
        .state = publisher->stores.state_reader,
        .orders = publisher->batch != NULL ? &publisher->batch->orders : NULL,
        .key_orders = publisher->batch != NULL ? &publisher->batch->key_orders : NULL,
        .dkim_changed = &publisher->dkim_tables.kept.stale,
        .dkim_held = publisher->dkim_tables.kept.trouble != NULL,
        .has_eyes = questions_have_eyes(publisher),
        .distrust = publisher->distrust,
        .now = now,
    };
}

// False: no room on the disk, so the others need not be tried.
static bool look_at(struct publisher *publisher, const struct build_context *context,
                    struct zone *zone)
{
    struct batch *batch = publisher->batch;
    struct build build;
    struct error err = {0};
    enum status status = STATUS_OK;
    publisher->counts.looked_at++;
    batch->looked_at++;
    zone->waiting = zone->urgent = false; // until the batch fails
    struct build_context own = *context;
    own.distrust = own.distrust || zone->audit.failed;
    switch (build_prepare(&own, zone, &build, &status, &err)) {
    case BUILD_READY:
        batch_take(batch, &build);
        return true;
    case BUILD_WAITS:
        break;
    case BUILD_UNCHANGED:
        publisher_zone_is_well(zone);
        // Whatever it was due for, it is not due for that again at once.
        if (!build.state_changed && zone->life_next <= context->now)
            zone->life_next = context->now + PUBLISH_RETRY_S;
        if (!build.state_changed && !build_has_news(context, zone))
            break;
        batch_take_news(batch, &build);
        return true;
    case BUILD_FAILED:
        if (status == STATUS_NO_SPACE) {
            zone->waiting = true;
            publisher_stores_fail(publisher, &err, context->now);
        } else {
            publisher_zone_fails(publisher, zone, &err, context->now);
        }
        break;
    }
    build_done(&build);
    return status != STATUS_NO_SPACE;
}

// The keys of a domain that others serve. False: as above.
static bool look_at_external(struct publisher *publisher, const struct build_context *context,
                             struct zone *zone)
{
    struct batch *batch = publisher->batch;
    struct error err = {0};
    size_t ordered = batch->orders.count;
    publisher->counts.looked_at++;
    batch->looked_at++;
    zone->waiting = zone->urgent = false;
    enum status status = dkim_keep(context, zone, &batch->orders, &err);
    zone_dkim_slim(zone->dkim);
    if (status == STATUS_NO_SPACE) {
        zone->waiting = true;
        publisher_stores_fail(publisher, &err, context->now);
    } else if (status != STATUS_OK) {
        publisher_zone_fails(publisher, zone, &err, context->now);
    } else if (batch->orders.count == ordered) {
        publisher_zone_is_well(zone);
    }
    return status != STATUS_NO_SPACE;
}

static bool is_full(const struct batch *batch, unsigned growth, int64_t begin_ms)
{
    return batch->job_count >= (size_t)growth * PUBLISH_BATCH_JOBS ||
           batch->looked_at >= PUBLISH_BATCH_ZONES ||
           batch_key_count(batch) >= PUBLISH_BATCH_KEYS ||
           clock_ms() >= begin_ms + (int64_t)growth * PUBLISH_BATCH_MS;
}

// At least one is looked at, however slow the clock makes it look.
static void fill_batch(struct publisher *publisher, const struct build_context *context)
{
    struct batch *batch = publisher->batch;
    int64_t begin = clock_ms();
    unsigned growth = publisher->growth;
    struct zone *zone;
    bool goes_on = true, full = false;
    while (goes_on && !full && (zone = queue_next(&publisher->queue)) != NULL) {
        goes_on = zone_is_external(zone) ? look_at_external(publisher, context, zone)
                                         : look_at(publisher, context, zone);
        queue_settle(zone);
        full = is_full(batch, growth, begin);
    }
    if (!full)
        publisher->growth = 1;
    else if (growth < PUBLISH_BATCH_GROWTH)
        publisher->growth = 2 * growth;
}

// Once per round: key files that came or went since the last.
static enum status begin_round(struct publisher *publisher, struct error *err)
{
    if (publisher->in_round)
        return STATUS_OK;
    enum status status = keyring_refresh(&publisher->keyring, err);
    publisher->in_round = status == STATUS_OK;
    return status;
}

bool publisher_is_busy(const struct publisher *publisher)
{
    bool busy = false;
    for (size_t i = 0; i < PUBLISH_BATCHES; i++)
        busy = busy || publisher->batches[i].taken;
    return busy;
}

// A batch that is free. NULL also while keys are made: what needs them would ask for them again.
static struct batch *free_batch(struct publisher *publisher)
{
    struct batch *found = NULL;
    for (size_t i = 0; i < PUBLISH_BATCHES; i++) {
        struct batch *batch = &publisher->batches[i];
        if (batch->taken && batch_key_count(batch) > 0)
            return NULL;
        if (!batch->taken)
            found = batch;
    }
    return found;
}

// Everything is as it should be, and committed.
static void end_round(struct publisher *publisher, int64_t now)
{
    publisher->in_round = false;
    publisher->distrust = false;      // all was made anew
    publisher_stores_work(publisher); // also where there was something to remember only
    public_file_write(&publisher->public_file, &publisher->zones, KEPT_AT_ONCE, now);
    offer_file_write(&publisher->offer_file, &publisher->zones, &publisher->keyring, KEPT_AT_ONCE,
                     now);
    dkim_tables_write(&publisher->dkim_tables, &publisher->zones, KEPT_AT_ONCE, now);
    purge_go_on(publisher, now);
}

static enum status collect(struct publisher *publisher, int64_t now, struct error *err)
{
    enum status status = begin_round(publisher, err);
    if (status == STATUS_OK)
        status = stores_renew(&publisher->stores, err);
    if (status != STATUS_OK)
        return status;
    struct build_context context = publisher_context(publisher, now);
    publisher->batch->now = now;
    fill_batch(publisher, &context);
    stores_reset(&publisher->stores);
    return STATUS_OK;
}

struct batch *publisher_collect(struct publisher *publisher, int64_t now)
{
    struct error err = {0};
    bool busy = publisher_is_busy(publisher);
    struct batch *batch = free_batch(publisher);
    if (batch == NULL || publisher->zones.inputs == NULL || now < publisher->retry_at)
        return NULL;
    publisher->batch = batch;
    (void)queue_wake(&publisher->queue, now); // what is to be said is, whatever becomes of the rest
    if (tls_follow(publisher, now, &err) != STATUS_OK) {
        publisher_stores_fail(publisher, &err, now);
        return NULL;
    }
    bool any = queue_next(&publisher->queue) != NULL || publisher->zones.gone_count > 0;
    if (!any && !busy)
        any = dsboot_wake(&publisher->dsboot, &publisher->zones, now);
    if (!any) {
        if (!busy)
            end_round(publisher, now);
        return NULL;
    }
    if (collect(publisher, now, &err) != STATUS_OK) {
        publisher_stores_fail(publisher, &err, now);
        return NULL;
    }
    if (busy && batch->looked_at == 0) // what is to do waits for the batches under way
        return NULL;
    batch->taken = true;
    return batch;
}

int64_t publisher_next(const struct publisher *publisher, int64_t now)
{
    int64_t next = publisher->zones.gone_count > 0 ? now : queue_time(&publisher->queue);
    int64_t tls = tls_next(publisher, now), dkim = dkim_ask_next(publisher);
    next = tls < next ? tls : next;
    next = dkim < next ? dkim : next;
    int64_t keys = kept_file_next(&publisher->public_file.kept);
    int64_t tables = kept_file_next(&publisher->dkim_tables.kept);
    next = keys < next ? keys : next;
    int64_t offers = kept_file_next(&publisher->offer_file.kept);
    next = offers < next ? offers : next;
    next = tables < next ? tables : next;
    int64_t signals = dsboot_next(&publisher->dsboot);
    next = signals < next ? signals : next;
    return next < publisher->retry_at ? publisher->retry_at : next;
}

struct publisher_counts publisher_counts(const struct publisher *publisher)
{
    return publisher->counts;
}
