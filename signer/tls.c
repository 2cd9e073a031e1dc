// SPDX-License-Identifier: ISC
#include "signer/tls.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "dns/types.h"
#include "keys/tls_spki.h"
#include "keys/tls_text.h"
#include "signer/tls_desk.h"
#include "zonegen/tls_files.h"

void tls_desk_open(struct tls_desk *desk, const char *directory)
{
    *desk = (struct tls_desk){
        .public_directory = path_join(directory, "public"), .stale = true, .text.stale = true};
}

void tls_desk_done(struct tls_desk *desk)
{
    free(desk->public_directory);
    free(desk->hostname);
    kept_file_done(&desk->text);
    *desk = (struct tls_desk){.active = false};
}

const struct zone *tls_host_zone(const struct publisher *publisher)
{
    const struct zones *zones = &publisher->zones;
    const struct zone *zone = zones->host < zones->count ? &zones->list[zones->host] : NULL;
    struct name hostname, child;
    if (zone == NULL ||
        name_from_text(zones->inputs->config->box.hostname, &hostname, NULL) != STATUS_OK)
        return NULL;
    for (size_t i = 0; i < zone->target->child_count; i++) // one that is served elsewhere
        if (name_from_text(zone->target->children[i]->name, &child, NULL) == STATUS_OK &&
            name_is_under(hostname.wire, child.wire))
            return NULL;
    return zone;
}

const struct tls_plan *tls_plan_of(const struct publisher *publisher)
{
    return publisher->tls.active ? &publisher->tls.plan : NULL;
}

// ── Telling ──────────────────────────────────────────────────────────────────────────────────────

static const struct {
    enum log_level level;
    const char *event;
    const char *reason;
} words[] = {
    [TLS_ANNOUNCED] = {LOG_LEVEL_NOTICE, "tls-key-announced",
                       "its record is published; `zonebox status` says when it is safe to deploy"},
    [TLS_IS_SAFE] = {LOG_LEVEL_NOTICE, "tls-key-safe",
                     "all name servers have had its record for two TTLs: it may be deployed"},
    [TLS_DEPLOYED] = {LOG_LEVEL_NOTICE, "tls-key-deployed", "a certificate has it, as announced"},
    [TLS_TOO_EARLY] = {LOG_LEVEL_ERROR, "tls-key-too-early",
                       "a certificate has this key before all name servers were seen with its "
                       "record for two TTLs: senders that validate may refuse the mail server for "
                       "as long. Put the certificate of before back, if you can; both keys are "
                       "published"},
    [TLS_UNANNOUNCED] =
        {LOG_LEVEL_ERROR, "tls-key-unannounced",
         "a certificate has a key that was not announced: senders that validate may "
         "refuse the mail server for two TTLs. Put the certificate of before back, "
         "if you can; both keys are published. Renew with the same key, or use "
         "`zonebox tls-next`"},
    [TLS_LEAVES] = {LOG_LEVEL_NOTICE, "tls-key-leaving",
                    "no file has it any more; its record goes when no server has been seen with it "
                    "for two TTLs"},
    [TLS_GONE] = {LOG_LEVEL_NOTICE, "tls-key-withdrawn", "no server has it"},
    [TLS_CROWDED_OUT] = {LOG_LEVEL_ERROR, "tls-key-crowded-out",
                         "there are too many keys: its record is withdrawn, though a server may "
                         "have it still. Can zone-probe reach the mail server?"},
    [TLS_NOT_TAKEN] = {LOG_LEVEL_ERROR, "tls-key-not-taken",
                       "there are too many keys, so it has no record; `zonebox tls-next --forget` "
                       "drops one"},
    [TLS_NOT_SAFE] = {LOG_LEVEL_WARNING, "tls-key-not-safe",
                      "a name server does not have its record, or the clock was set back: do not "
                      "deploy it; the wait of two TTLs begins anew"},
    [TLS_NOT_RELOADED] = {LOG_LEVEL_WARNING, "tls-server-not-reloaded",
                          "the mail server does not present the key of its certificate file, but "
                          "the one of before: reload it. Both are published"},
    [TLS_STRANGE_KEY] = {LOG_LEVEL_ERROR, "tls-server-has-another-key",
                         "the mail server presents a key that is not in the certificates of box: "
                         "tls:, so senders that validate refuse it: reload it, or name its "
                         "certificate"},
};

const char *tls_file_of(const struct inputs *inputs, const uint8_t digest[TLS_DIGEST_LEN])
{
    for (size_t i = 0; i < inputs->file_count; i++) {
        const struct input_file *file = &inputs->files[i];
        struct tls_chain chain = {.has_issuer = false};
        enum status status = STATUS_NOT_FOUND;
        if (file->octets != NULL && file->kind == INPUT_CERTIFICATE)
            status = tls_spki_of_chain(file->octets, file->len, &chain, NULL);
        else if (file->octets != NULL && file->kind == INPUT_TLS_NEXT)
            status = tls_spki_of_public(file->octets, file->len, chain.key, NULL);
        if (status == STATUS_OK && memcmp(chain.key, digest, TLS_DIGEST_LEN) == 0)
            return file->path;
    }
    return NULL;
}

void tls_tell(const struct publisher *publisher, const struct tls_events *events)
{
    char hex[TLS_DIGEST_HEX];
    for (size_t i = 0; i < events->count; i++) {
        const struct tls_event *event = &events->list[i];
        log_event(words[event->kind].level, words[event->kind].event, "key",
                  tls_digest_text(event->digest, hex), "file",
                  tls_file_of(publisher->zones.inputs, event->digest), "reason",
                  words[event->kind].reason, NULL);
    }
}

// ── Facts ────────────────────────────────────────────────────────────────────────────────────────

// The keys that `3 1 1` records at an owner name.
static void add_published(struct tls_facts *facts, const struct image *image,
                          const struct zone *zone, const char *owner)
{
    struct name name;
    struct name_key key;
    struct image_rr rr;
    static const uint8_t ours[] = {3, 1, 1};
    if (name_from_text(owner, &name, NULL) != STATUS_OK)
        return;
    name_key(name.wire, &key);
    const struct image_node *node =
        image_find(image, key.octets + zone->key.len, (size_t)(key.len - zone->key.len));
    const struct image_rrset *rrset = node != NULL ? image_rrset(image, node, RR_TYPE_TLSA) : NULL;
    if (rrset == NULL)
        return;
    struct image_cursor *cursor = xmalloc(sizeof(*cursor));
    image_rrs(cursor, image, rrset, false);
    while (image_rrs_next(cursor, &rr))
        if (rr.rdata_len == sizeof(ours) + TLS_DIGEST_LEN &&
            memcmp(rr.rdata, ours, sizeof(ours)) == 0)
            (void)tls_digests_add(&facts->published, rr.rdata + sizeof(ours));
    free(cursor);
}

// The stores are renewed. What others may have written to serve/ is left out of account.
static void read_published(const struct publisher *publisher, const struct zone *zone,
                           struct tls_facts *facts)
{
    const struct config_box *box = &publisher->zones.inputs->config->box;
    struct image image;
    facts->published.count = 0;
    if (publisher->distrust ||
        build_open(publisher->stores.serve_reader, &zone->key, &image, NULL) != STATUS_OK)
        return;
    for (size_t i = 0; i < box->tls_port_count; i++) {
        char *owner = xasprintf("_%u._tcp.%s", box->tls_ports[i], box->hostname);
        add_published(facts, &image, zone, owner);
        free(owner);
    }
}

static void read_facts(struct publisher *publisher, const struct zone *zone)
{
    struct tls_desk *desk = &publisher->tls;
    struct tls_facts *facts = &desk->facts;
    if (desk->stale) {
        tls_facts_read(publisher->zones.inputs, zone->target, facts);
        desk->stale = false;
    }
    read_published(publisher, zone, facts);
    desk->serial = zone->published.serial;
}

// ── The plan's keeping ───────────────────────────────────────────────────────────────────────────

static void recall(struct publisher *publisher)
{
    struct tls_desk *desk = &publisher->tls;
    const char *hostname = publisher->zones.inputs->config->box.hostname;
    if (desk->hostname != NULL && strcmp(desk->hostname, hostname) == 0)
        return;
    free(desk->hostname);
    desk->hostname = xstrdup(hostname);
    desk->plan = (struct tls_plan){.begun = false};
    memset(desk->rounds, 0, sizeof(desk->rounds));
    desk->text.stale = true;
    if (state_tls_get(publisher->stores.state_reader, hostname, &desk->plan) == STATUS_SYNTAX)
        log_event(LOG_LEVEL_ERROR, "tls-keys-lost", "host", hostname, "reason",
                  "the record of the TLSA keys in state/ does not hold up; what is published is "
                  "taken for granted",
                  NULL);
}

static enum status keep(struct publisher *publisher, const struct tls_plan *plan, struct error *err)
{
    struct store_txn *txn = NULL;
    enum status status = store_begin(publisher->stores.state, &txn, err);
    if (status != STATUS_OK)
        return status;
    status = state_tls_put(txn, publisher->tls.hostname, plan, err);
    if (status == STATUS_OK)
        return store_commit(txn, NULL, err);
    store_abort(txn);
    return status;
}

// For zonegen only, so one that cannot be written stops nothing.
static void publish_text(struct tls_desk *desk, int64_t now)
{
    if (!kept_file_is_due(&desk->text, KEPT_AT_ONCE, now))
        return;
    struct buf text = {0};
    struct error err = {0};
    char *path = path_join(desk->public_directory, TLS_TEXT_FILE);
    kept_file_begin(&desk->text);
    tls_plan_print(&desk->plan, &text);
    enum status status = file_write(path, text.data, text.len, 0644, &err);
    if (kept_file_end(&desk->text, status, &err, now) == KEPT_FAILED)
        log_event(LOG_LEVEL_ERROR, "tls-keys-not-written", "reason", err.text, NULL);
    buf_done(&text);
    free(path);
}

// Takes the changed plan over: first to where it survives, then to the zone.
static enum status take_plan(struct publisher *publisher, const struct tls_plan *plan,
                             struct error *err)
{
    struct tls_desk *desk = &publisher->tls;
    enum status status = keep(publisher, plan, err);
    if (status != STATUS_OK)
        return status;
    publisher_stores_work(publisher);
    desk->plan = *plan;
    desk->seen_news = false;
    desk->text.stale = true;
    queue_touch(&publisher->zones.list[publisher->zones.host]);
    return STATUS_OK;
}

// ── Following ────────────────────────────────────────────────────────────────────────────────────

static bool has_plan(const struct publisher *publisher, const struct zone *zone)
{
    return zone != NULL && zone_file_path(zone) == NULL &&
           !tls_is_declined(publisher->zones.inputs->config);
}

// The answers so far are in desk->plan; the step is made on a copy, which counts when it is written.
static enum status advance(struct publisher *publisher, const struct zone *zone, int64_t now,
                           struct error *err)
{
    struct tls_desk *desk = &publisher->tls;
    struct tls_events events = {.count = 0};
    enum status status = stores_renew(&publisher->stores, err);
    if (status != STATUS_OK)
        return status;
    recall(publisher);
    read_facts(publisher, zone);
    stores_reset(&publisher->stores);
    struct tls_plan plan = desk->plan;
    desk->looked = false;
    bool changed = tls_plan_step(&plan, &desk->facts, now, &events) || desk->seen_news;
    if (changed)
        status = take_plan(publisher, &plan, err);
    if (status == STATUS_OK)
        tls_tell(publisher, &events);
    else
        desk->stale = true;
    return status;
}

static enum status delete_kept(struct publisher *publisher, const char *hostname, struct error *err)
{
    struct store_txn *txn = NULL;
    enum status status = store_begin(publisher->stores.state, &txn, err);
    if (status != STATUS_OK)
        return status;
    status = state_tls_delete(txn, hostname, err);
    if (status == STATUS_OK)
        return store_commit(txn, NULL, err);
    store_abort(txn);
    return status;
}

// Whoever wants no records now, and wants them again later, begins anew.
static enum status give_up(struct publisher *publisher, struct error *err)
{
    struct tls_desk *desk = &publisher->tls;
    const char *hostname = publisher->zones.inputs->config->box.hostname;
    struct tls_plan kept;
    enum status status = stores_renew(&publisher->stores, err);
    if (status != STATUS_OK)
        return status;
    bool is_kept =
        state_tls_get(publisher->stores.state_reader, hostname, &kept) != STATUS_NOT_FOUND;
    stores_reset(&publisher->stores);
    if (is_kept)
        status = delete_kept(publisher, hostname, err);
    if (status != STATUS_OK)
        return status;
    free(desk->hostname);
    desk->hostname = NULL;
    desk->given_up = true;
    return STATUS_OK;
}

enum status tls_follow(struct publisher *publisher, int64_t now, struct error *err)
{
    struct tls_desk *desk = &publisher->tls;
    const struct zone *zone = tls_host_zone(publisher);
    bool due = desk->stale || desk->looked || desk->seen_news;
    if (publisher->zones.inputs == NULL || !has_plan(publisher, zone)) {
        desk->active = false;
        desk->stale = true;
        return zone != NULL && !desk->given_up ? give_up(publisher, err) : STATUS_OK;
    }
    desk->given_up = false;
    due = due || !desk->active || tls_plan_next(&desk->plan, now) <= now ||
          desk->serial != zone->published.serial;
    desk->active = true;
    enum status status = due ? advance(publisher, zone, now, err) : STATUS_OK;
    publish_text(desk, now);
    return status;
}

enum status tls_wait_anew(struct publisher *publisher, int64_t now, struct error *err)
{
    if (!has_plan(publisher, tls_host_zone(publisher)))
        return STATUS_OK;
    enum status status = stores_renew(&publisher->stores, err);
    if (status != STATUS_OK)
        return status;
    recall(publisher);
    stores_reset(&publisher->stores);
    struct tls_plan plan = publisher->tls.plan;
    return tls_plan_wait_anew(&plan, now) ? take_plan(publisher, &plan, err) : STATUS_OK;
}

int64_t tls_next(const struct publisher *publisher, int64_t now)
{
    const struct tls_desk *desk = &publisher->tls;
    if (publisher->zones.inputs == NULL || !has_plan(publisher, tls_host_zone(publisher)))
        return INT64_MAX;
    if (desk->stale || desk->looked || desk->seen_news ||
        desk->serial != tls_host_zone(publisher)->published.serial)
        return now;
    int64_t next = tls_plan_next(&desk->plan, now);
    int64_t text = kept_file_next(&desk->text), ask = tls_ask_next(publisher, now);
    next = text < next ? text : next;
    return ask < next ? ask : next;
}

// ── The admin's order ────────────────────────────────────────────────────────────────────────────

static enum status find_key(const struct tls_plan *plan, const char *digits,
                            const struct tls_key **ret, struct error *err)
{
    char hex[TLS_DIGEST_HEX];
    size_t found = 0, len = strlen(digits);
    if (len < 8)
        return error_set(err, STATUS_NOT_FOUND, "\"%s\": give 8 digits of the key or more", digits);
    for (size_t i = 0; i < plan->count; i++) {
        if (strncasecmp(tls_digest_text(plan->keys[i].digest, hex), digits, len) != 0)
            continue;
        *ret = &plan->keys[i];
        found++;
    }
    if (found == 1)
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND, "%s: %s; `zonebox status` lists the keys", digits,
                     found == 0 ? "no TLSA record names this key"
                                : "that is the beginning of several keys");
}

enum status tls_forget(struct publisher *publisher, const char *digits, bool force, int64_t now,
                       struct error *err)
{
    struct tls_desk *desk = &publisher->tls;
    const struct tls_key *key = NULL;
    if (!desk->active || desk->hostname == NULL)
        return error_set(err, STATUS_NOT_FOUND, "this box publishes no TLSA records");
    struct tls_plan plan = desk->plan;
    enum status status = find_key(&plan, digits, &key, err);
    if (status == STATUS_OK)
        status = tls_plan_forget(&plan, key->digest, force, now, err);
    if (status == STATUS_OK)
        status = keep(publisher, &plan, err);
    if (status != STATUS_OK)
        return status;
    desk->plan = plan;
    desk->seen_news = true; // the zone follows when no batch is under way
    log_event(LOG_LEVEL_NOTICE, "tls-key-forgotten", "key", digits, NULL);
    return STATUS_OK;
}
