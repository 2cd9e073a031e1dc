// SPDX-License-Identifier: ISC
#include "signer/offer_file.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "keys/offer.h"
#include "keys/rollover.h"
#include "signer/life.h"

void offer_file_open(const char *directory, struct offer_file *ret)
{
    char *public = path_join(directory, "public");
    *ret = (struct offer_file){.path = path_join(public, OFFER_FILE), .kept.stale = true};
    free(public);
}

void offer_file_done(struct offer_file *file)
{
    free(file->path);
    kept_file_done(&file->kept);
    *file = (struct offer_file){.path = NULL};
}

// What is said of a zone: the keys whose DS the parent should have, or will have to.
struct said {
    enum offer_state state;
    int64_t time;
    keyset_mask keys;
};

static keyset_mask wanted_at_parent(const struct keyset *set)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].wanted && (set->keys[i].role & KEY_ROLE_KSK) != 0)
            mask |= keyset_bit(i);
    return mask;
}

static int64_t seen_since(const struct keyset *set)
{
    int64_t since = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((set->offered & keyset_bit(i)) != 0 && set->keys[i].ds_seen_at > since)
            since = set->keys[i].ds_seen_at;
    return since;
}

static struct said say(const struct zone *zone, const struct keyset *set, int64_t now)
{
    struct rollover_policy policy = life_policy(zone, 0);
    if (set->offered != 0 && keyset_ds_is_in(set))
        return (struct said){OFFER_IN, seen_since(set), set->offered};
    if (set->offered != 0)
        return (struct said){OFFER_ENTER, 0, set->offered};
    if (keyset_is_secure(set))
        return (struct said){OFFER_REMOVE, 0, 0};
    if (!keyset_is_signed(set))
        return (struct said){OFFER_NONE, 0, 0};
    struct rollover_waiting waiting = rollover_waits(set, &policy, now);
    int64_t until = waiting.wait == ROLLOVER_FOR_CACHES ? waiting.until : 0;
    return (struct said){OFFER_WAIT, until, wanted_at_parent(set)};
}

static const struct public_key *find_public(const struct zone *zone, struct dnskey_id id)
{
    for (size_t i = 0; i < zone->keys.count; i++)
        if (zone->keys.list[i].tag == id.tag && zone->keys.list[i].algorithm == id.algorithm)
            return &zone->keys.list[i];
    return NULL;
}

// One that is not published yet: its DS goes before it (ksk-rollover: double-ds).
static void put_from_file(const struct zone *zone, const struct keyring *keyring,
                          struct dnskey_id id, struct buf *ret)
{
    struct dnskey_ids one = {&id, 1};
    struct dnskey_set set = {0};
    struct error err = {0};
    if (dnskey_load_known(&keyring->listing, zone->name, &one, false, &set, &err) != STATUS_OK ||
        set.count == 0)
        return;
    ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
    if (wire != NULL && ldns_rr_rdata2buffer_wire(wire, set.keys[0].rr) == LDNS_STATUS_OK)
        offer_put_key(zone->name, ldns_buffer_begin(wire), ldns_buffer_position(wire), ret);
    ldns_buffer_free(wire);
    dnskey_set_done(&set);
}

static void put_zone(const struct zone *zone, const struct keyring *keyring, int64_t now,
                     struct buf *ret)
{
    struct keyset set;
    life_read(&zone->state, &set);
    if (!set.begun)
        return;
    struct said said = say(zone, &set, now);
    offer_put_zone(zone->name, said.state, said.time, ret);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        if ((said.keys & keyset_bit(i)) == 0)
            continue;
        const struct public_key *key = find_public(zone, set.keys[i].id);
        if (key != NULL)
            offer_put_key(zone->name, key->rdata, key->len, ret);
        else
            put_from_file(zone, keyring, set.keys[i].id, ret);
    }
}

void offer_file_write(struct offer_file *file, const struct zones *zones,
                      const struct keyring *keyring, enum kept_when when, int64_t now)
{
    if (!kept_file_is_due(&file->kept, when, now))
        return;
    struct error err = {0};
    struct buf text = {0};
    kept_file_begin(&file->kept);
    offer_put_head(&text);
    for (size_t i = 0; i < zones->count; i++)
        put_zone(&zones->list[i], keyring, now, &text);
    enum status status = file_update(file->path, text.data, text.len, 0644, &err);
    buf_done(&text);
    if (kept_file_end(&file->kept, status, &err, now) == KEPT_FAILED)
        log_event(LOG_LEVEL_ERROR, "ds-not-written", "reason", err.text, "kept",
                  "`zonegen --ds` says what held before", NULL);
}
