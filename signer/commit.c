// SPDX-License-Identifier: ISC
// The second half of a batch: images are compiled, verified and committed.
#include "base/log.h"
#include "signer/life.h"
#include "signer/publisher.h"
#include "signer/verify_late.h"

// Its keyset was changed after the build began: what follows from the one before is not published.
static bool is_overtaken(struct build *build)
{
    struct zone *zone = build->zone;
    if (!zone->overtaken)
        return false;
    build_done(build);
    zone->urgent = true;
    queue_touch(zone);
    return true;
}

typedef enum status finish_step(const struct build_context *context, struct build *build,
                                struct error *err);

static enum status settle(const struct build_context *context, struct build *build,
                          struct error *err)
{
    enum status status = build_verified(context, build, err);
    return status == STATUS_OK ? life_write_times(context, build, err) : status;
}

// Takes one build of the batch a step further. False: it is out of it, and its zone is told, or waits for a disk with
// room, which is no fault of the zone: then *ret_status is NO_SPACE, with words.
static bool finish(struct publisher *publisher, const struct build_context *context,
                   finish_step *step, struct build *build, enum status *ret_status,
                   struct error *ret_err)
{
    struct zone *zone = build->zone;
    struct error err = {0};
    if (is_overtaken(build))
        return false;
    enum status status = step(context, build, &err);
    if (status == STATUS_OK)
        return true;
    const char *path = zone_file_path(zone);
    // Whoever signed the zone looks into the file.
    if (build->dnssec == CONFIG_DNSSEC_PRESIGNED && path != NULL)
        (void)error_prefix(&err, status, "%s", path);
    if (status != STATUS_NO_SPACE)
        publisher_zone_fails(publisher, zone, &err, context->now);
    build_done(build);
    if (status == STATUS_NO_SPACE) {
        *ret_status = status;
        *ret_err = err;
        queue_touch(zone);
    }
    return false;
}

static enum status finish_builds(struct publisher *publisher, const struct build_context *context,
                                 finish_step *step, struct error *err)
{
    struct batch *batch = publisher->batch;
    enum status status = STATUS_OK;
    size_t good = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (finish(publisher, context, step, &batch->builds[i], &status, err))
            batch->builds[good++] = batch->builds[i];
    batch->count = good;
    return status;
}

// Those of zones that stay as they are published.
static enum status finish_news(struct publisher *publisher, const struct build_context *context,
                               struct error *err)
{
    struct batch *batch = publisher->batch;
    enum status status = STATUS_OK;
    size_t good = 0;
    for (size_t i = 0; i < batch->news_count; i++)
        if (finish(publisher, context, life_write_times, &batch->news[i], &status, err))
            batch->news[good++] = batch->news[i];
    batch->news_count = good;
    return status;
}

static enum status finish_all(struct publisher *publisher, const struct build_context *context,
                              struct error *err)
{
    struct build_context own = *context;
    own.later = verify_later_new();
    enum status status = finish_builds(publisher, &own, build_finish, err);
    verify_late(own.later);
    enum status settled = finish_builds(publisher, &own, settle, err);
    verify_later_free(own.later);
    status = settled != STATUS_OK ? settled : status;
    settled = finish_news(publisher, context, err);
    return settled != STATUS_OK ? settled : status;
}

// What is remembered of a zone from now on. What is offered of it concerns the zone above, if that is one of ours.
static void remember(struct publisher *publisher, struct build *build)
{
    struct zone *zone = build->zone;
    struct keyset before, after;
    life_read(&zone->state, &before);
    zone_state_done(&zone->state);
    zone->state = build->state;
    build->state.keyset = NULL; // moved
    life_read(&zone->state, &after);
    zone->keyset_unsaved = false;
    zone->life_next = life_next(zone);
    queue_settle(zone);
    life_tell(build);
    dsboot_settle(&publisher->dsboot, &publisher->zones, zone);
    publisher->offer_file.kept.stale = true;
    struct zone *parent = zones_find(&publisher->zones, zone->target->parent);
    if (parent != NULL && before.offered != after.offered)
        queue_touch(parent);
}

static enum status put_states(const struct batch *batch, const struct build_context *context,
                              struct store_txn *txn, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < batch->count; i++) {
        const struct build *build = &batch->builds[i];
        status = state_zone_put(txn, &build->zone->key, &build->state, err);
        if (status == STATUS_OK && !build->zone->from_published)
            status = build_keep_inputs(context, build->zone, txn, err);
    }
    for (size_t i = 0; status == STATUS_OK && i < batch->news_count; i++) {
        const struct build *build = &batch->news[i];
        if (build->state_changed)
            status = state_zone_put(txn, &build->zone->key, &build->state, err);
        if (status == STATUS_OK)
            status = build_keep_inputs(context, build->zone, txn, err);
    }
    return status;
}

// Before the commit: a crash between the two leaves a key that nothing needs in the keyset, and not its secret on the
// disk.
static void destroy_dead(const struct batch *batch, const struct build_context *context)
{
    for (size_t i = 0; i < batch->count; i++)
        life_destroy(context, &batch->builds[i]);
    for (size_t i = 0; i < batch->news_count; i++)
        life_destroy(context, &batch->news[i]);
}

// First half: serials and keysets are written before anybody can see what follows from them.
static enum status commit_state(struct publisher *publisher, const struct build_context *context,
                                struct error *err)
{
    struct batch *batch = publisher->batch;
    struct store_txn *txn = NULL;
    enum status status = store_begin(publisher->stores.state, &txn, err);
    if (status != STATUS_OK)
        return status;
    status = put_states(batch, context, txn, err);
    if (status == STATUS_OK)
        status = state_serve_id_put(txn, publisher->stores.serve_id, err);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    destroy_dead(batch, context);
    status = store_commit(txn, NULL, err);
    for (size_t i = 0; status == STATUS_OK && i < batch->count; i++)
        remember(publisher, &batch->builds[i]);
    for (size_t i = 0; status == STATUS_OK && i < batch->news_count; i++)
        if (batch->news[i].state_changed)
            remember(publisher, &batch->news[i]);
    return status;
}

// The image takes the place of the published one, which is kept as the one before it, or not.
static enum status put_image(const struct publisher *publisher, struct build *build,
                             struct store_txn *txn, int64_t now, struct error *err)
{
    const struct name_key *key = &build->zone->key;
    struct store_entry entry = {key->octets, key->len, build->image.data, build->image.len};
    enum status status = STATUS_OK;
    build->keeps = aside_keeps(publisher, build->zone, now);
    if (build->keeps)
        status = store_keep_image(txn, key->octets, key->len, err);
    else if (publisher->distrust)
        status = store_delete(txn, STORE_PREVIOUS, key->octets, key->len, err);
    return status == STATUS_OK ? store_put(txn, STORE_IMAGES, &entry, err) : status;
}

static enum status delete_images(struct store_txn *txn, const struct name_key *key,
                                 struct error *err)
{
    enum status status = store_delete(txn, STORE_IMAGES, key->octets, key->len, err);
    return status == STATUS_OK ? store_delete(txn, STORE_PREVIOUS, key->octets, key->len, err)
                               : status;
}

static enum status commit_serve(struct publisher *publisher, int64_t now, struct error *err)
{
    struct batch *batch = publisher->batch;
    struct zones *zones = &publisher->zones;
    struct store_txn *txn = NULL;
    enum status status = store_begin(publisher->stores.serve, &txn, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; status == STATUS_OK && i < batch->count; i++)
        status = put_image(publisher, &batch->builds[i], txn, now, err);
    for (size_t i = 0; status == STATUS_OK && i < zones->gone_count; i++)
        status = delete_images(txn, &zones->gone[i].key, err);
    if (status != STATUS_OK) {
        store_abort(txn);
        return status;
    }
    return stores_commit_serve(&publisher->stores, txn, err);
}

// ── Public keys ──────────────────────────────────────────────────────────────────────────────────

static void read_keys(const struct build *build, struct public_keys *ret)
{
    struct image image;
    image_trust(build->image.data, &image);
    public_keys_read(&image, build->dnssec == CONFIG_DNSSEC_OFF, ret);
}

// Before the commit: what is served and what will be.
static void announce_keys(struct publisher *publisher, int64_t now)
{
    enum kept_when when = KEPT_IN_TIME;
    for (size_t i = 0; i < publisher->batch->count; i++) {
        struct zone *zone = publisher->batch->builds[i].zone;
        struct public_keys next, both;
        read_keys(&publisher->batch->builds[i], &next);
        public_keys_both(&zone->keys, &next, &both);
        if (zone->keys.kind != PUBLIC_NOTHING && !public_keys_equal(&zone->keys, &both))
            when = KEPT_AT_ONCE;
        public_file_take(&publisher->public_file, zone, &both);
        public_keys_done(&next);
    }
    public_file_write(&publisher->public_file, &publisher->zones, when, now);
}

// Behind it: what is served. The file follows when the round is over, as do the zones that signal for this one.
static void settle_keys(struct publisher *publisher, const struct build *build)
{
    struct public_keys keys;
    struct image image;
    read_keys(build, &keys);
    public_file_take(&publisher->public_file, build->zone, &keys);
    image_trust(build->image.data, &image);
    dsboot_take(build->zone, &image);
    dsboot_settle(&publisher->dsboot, &publisher->zones, build->zone);
}

// ── The commit ───────────────────────────────────────────────────────────────────────────────────

static void tell_published(struct publisher *publisher, const struct build *build)
{
    const struct zone *zone = build->zone;
    publisher->counts.published++;
    publisher->counts.signatures += build->signatures_made;
    publisher->counts.reused += build->signatures_kept;
    if (zone->published.exists && zone->published.serial == build->state.serial)
        log_event(LOG_LEVEL_WARNING, "serial-not-raised", "zone", zone->name, "serial",
                  log_u64(build->state.serial), "reason",
                  "the zone file has other records under the same serial: secondaries will not "
                  "notice; raise it",
                  NULL);
    log_event(LOG_LEVEL_NOTICE, "zone-published", "zone", zone->name, "serial",
              log_u64(build->state.serial), "signed",
              build->is_signed ? log_u64(build->signatures_made) : NULL, "signatures-kept",
              build->is_signed ? log_u64(build->signatures_kept) : NULL, NULL);
}

static void take_over(struct publisher *publisher, int64_t now)
{
    struct batch *batch = publisher->batch;
    log_hold();
    for (size_t i = 0; i < batch->count; i++) {
        const struct build *build = &batch->builds[i];
        struct zone *zone = build->zone;
        tell_published(publisher, build);
        settle_keys(publisher, build);
        struct image image;
        image_trust(build->image.data, &image);
        zone->published = build_published(&image);
        zone->kept_at = build->keeps ? now : zone->kept_at;
        zone->alarmed = false;
        audit_published(publisher, zone, now);
        publisher_zone_is_well(zone);
    }
    for (size_t i = 0; i < publisher->zones.gone_count; i++)
        log_event(LOG_LEVEL_NOTICE, "zone-removed", "zone", publisher->zones.gone[i].name, NULL);
    log_release();
    publisher->zones.gone_count = 0;
}

// LMDB came upon a damaged page: serve/ is made anew from the rest, since it would never take a zone again.
static void remake_serve(struct publisher *publisher, const struct error *why)
{
    struct error err = {0};
    if (stores_remake_serve(&publisher->stores, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_ERROR, "serve-not-made-anew", "reason", err.text, NULL);
        return;
    }
    log_event(LOG_LEVEL_WARNING, "serve-made-anew", "reason", why->text, NULL);
    for (size_t i = 0; i < publisher->zones.count; i++)
        publisher->zones.list[i].published = (struct zone_published){.exists = false};
    publisher->zones.gone_count = 0;
    publisher_touch_all(publisher);
}

// Nothing was committed: everything is still to be done.
static void put_back(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        queue_touch(batch->builds[i].zone);
    for (size_t i = 0; i < batch->news_count; i++)
        queue_touch(batch->news[i].zone);
}

static enum status commit_batch(struct publisher *publisher, int64_t now, struct error *err)
{
    struct batch *batch = publisher->batch;
    enum status status = stores_renew(&publisher->stores, err);
    if (status != STATUS_OK)
        return status;
    struct build_context context = publisher_context(publisher, batch->now);
    context.verify = batch->job_count <= PUBLISH_VERIFIED_JOBS ? VERIFY_NEW : VERIFY_SAMPLE;
    status = finish_all(publisher, &context, err);
    bool images = batch->count > 0 || publisher->zones.gone_count > 0;
    if (status == STATUS_OK && (images || batch->news_count > 0))
        status = commit_state(publisher, &context, err);
    stores_reset(&publisher->stores);
    if (status != STATUS_OK || !images)
        return status;
    announce_keys(publisher, now);
    status = commit_serve(publisher, now, err);
    if (status == STATUS_STATE)
        remake_serve(publisher, err);
    if (status != STATUS_OK)
        return status;
    take_over(publisher, now);
    dkim_tables_write(&publisher->dkim_tables, &publisher->zones, KEPT_IN_TIME, now);
    publisher_stores_work(publisher);
    return STATUS_OK;
}

// What the world has of these zones is looked at again.
static void look_again(struct publisher *publisher, int64_t now)
{
    for (size_t i = 0; i < publisher->batch->count; i++)
        life_ask_again(publisher, publisher->batch->builds[i].zone, now);
    for (size_t i = 0; i < publisher->batch->news_count; i++)
        life_ask_again(publisher, publisher->batch->news[i].zone, now);
}

// A key was made and written, or not: its zone is looked at once more, before the others.
static void settle_order(struct publisher *publisher, struct zone *zone, enum status status,
                         const struct error *err, int64_t now)
{
    if (status == STATUS_NO_SPACE) {
        publisher_stores_fail(publisher, err, now);
        queue_touch(zone);
    } else if (status != STATUS_OK) {
        publisher_zone_fails(publisher, zone, err, now);
    } else if (!zone->failed) {
        zone->urgent = true;
        queue_touch(zone);
    }
}

static void store_keys(struct publisher *publisher, int64_t now)
{
    const struct batch *batch = publisher->batch;
    for (size_t i = 0; i < batch->orders.count; i++) {
        const struct dkim_order *order = &batch->orders.list[i];
        struct error err = {0};
        enum status status = dkim_order_store(publisher->dkim_tables.directory, order, now, &err);
        settle_order(publisher, order->zone, status, &err, now);
    }
    for (size_t i = 0; i < batch->key_orders.count; i++) {
        struct key_order *order = &batch->key_orders.list[i];
        struct error err = {0};
        enum status status = key_order_store(&publisher->keyring, order, now, &err);
        settle_order(publisher, order->zone, status, &err, now);
    }
}

enum status publisher_commit(struct publisher *publisher, struct batch *batch, int64_t now)
{
    struct error err = {0};
    publisher->batch = batch;
    store_keys(publisher, now);
    enum status status = commit_batch(publisher, now, &err);
    if (status == STATUS_OK)
        look_again(publisher, now);
    if (status != STATUS_OK) {
        put_back(batch);
        publisher_stores_fail(publisher, &err, now);
    } else if (publisher->stores.spoilt && !publisher->distrust) {
        log_event(LOG_LEVEL_ERROR, "serve-written-by-others", "reason",
                  "serve/ was changed by somebody else; every zone is made anew", NULL);
        publisher->distrust = true;
        publisher->stores.spoilt = false;
        publisher_touch_all(publisher);
    }
    batch_clear(batch);
    return status;
}
