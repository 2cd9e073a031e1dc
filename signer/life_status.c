// SPDX-License-Identifier: ISC
#include "signer/life_status.h"

#include <stdlib.h>
#include <string.h>

#include "base/control.h"
#include "signer/life.h"
#include "signer/life_words.h"

// ── Waiting ──────────────────────────────────────────────────────────────────────────────────────

static void set_waiting(json_t *object, const struct keyset *set,
                        const struct rollover_waiting *waiting, const struct life_view *view)
{
    control_set(object, "wait", control_text(life_wait_name(waiting->wait)));
    control_set(object, "waits", control_text(life_wait_words(set, waiting, view)));
    // A version that was not seen gone has no end yet.
    control_set(object, "until",
                waiting->until < KEYSET_OPEN ? control_time(waiting->until) : json_null());
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

static const char *role_name(enum key_role role)
{
    return role == KEY_ROLE_CSK ? "csk" : role == KEY_ROLE_KSK ? "ksk" : "zsk";
}

// Since when the key is in its state, as far as that is known.
static int64_t since(const struct keyset_key *key, enum rollover_state state)
{
    bool entry = (key->role & KEY_ROLE_KSK) != 0;
    switch (state) {
    case ROLLOVER_KEY_GENERATED:
        return key->created_at;
    case ROLLOVER_KEY_PUBLISHED:
        return key->published_at != 0 ? key->published_at : key->offered_at;
    case ROLLOVER_KEY_READY:
        return entry && key->offered_at > key->published_at ? key->offered_at : key->published_at;
    case ROLLOVER_KEY_ACTIVE:
        return entry && key->ds_seen_at > key->active_at ? key->ds_seen_at : key->active_at;
    case ROLLOVER_KEY_RETIRED:
    case ROLLOVER_KEY_DEAD:
        return key->retired_at;
    }
    return 0;
}

// Where its DS is; NULL: it never has one.
static const char *ds_name(const struct keyset *set, size_t slot)
{
    const struct keyset_key *key = &set->keys[slot];
    const struct keyset_history *history = &set->history[KEYSET_DS];
    if ((key->role & KEY_ROLE_KSK) == 0)
        return NULL;
    if ((set->offered & keyset_bit(slot)) != 0)
        return key->ds_seen_at != 0 ? "in" : "offered";
    for (size_t i = 0; i < history->count; i++)
        if ((history->list[i].keys & keyset_bit(slot)) != 0)
            return history->list[i].gone_at == KEYSET_NOW ? "out" : "cached";
    return "none";
}

// view: but for its keys.
static json_t *key_of(const struct keyset *set, const struct rollover_policy *policy, size_t slot,
                      const struct life_view *view, int64_t now)
{
    const struct keyset_key *key = &set->keys[slot];
    keyset_mask bit = keyset_bit(slot);
    enum rollover_state state = rollover_key_state(set, slot);
    struct rollover_waiting waiting = rollover_key_waits(set, policy, slot, now);
    json_t *object = json_object();
    control_set(object, "tag", json_integer(key->id.tag));
    control_set(object, "algorithm", json_integer(key->id.algorithm));
    control_set(object, "flags",
                json_integer(key->role == KEY_ROLE_ZSK ? DNSKEY_FLAGS_ZONE : DNSKEY_FLAGS_SEP));
    control_set(object, "role", json_string_nocheck(role_name(key->role)));
    control_set(object, "state", json_string_nocheck(rollover_state_name(state)));
    control_set(object, "since", control_time(since(key, state)));
    control_set(object, "leaving", json_boolean(!key->wanted));
    control_set(object, "compromised", json_boolean(key->compromised));
    control_set(object, "published", json_boolean((keyset_dnskeys(set) & bit) != 0));
    control_set(object, "signs-keys", json_boolean((keyset_key_signers(set) & bit) != 0));
    control_set(object, "signs-zone", json_boolean((keyset_signers(set) & bit) != 0));
    control_set(object, "ds", control_text(ds_name(set, slot)));
    const struct life_view own = {bit, view->observed, view->here};
    set_waiting(object, set, &waiting, &own);
    control_set(object, "created-at", control_time(key->created_at));
    control_set(object, "published-at", control_time(key->published_at));
    control_set(object, "active-at", control_time(key->active_at));
    control_set(object, "offered-at", control_time(key->offered_at));
    control_set(object, "ds-seen-at", control_time(key->ds_seen_at));
    control_set(object, "retired-at", control_time(key->retired_at));
    return object;
}

static json_t *public_key_of(const struct public_key *key)
{
    json_t *object = json_object();
    control_set(object, "tag", json_integer(key->tag));
    control_set(object, "algorithm", json_integer(key->algorithm));
    control_set(object, "flags", json_integer(key->flags));
    return object;
}

json_t *life_keys_status(const struct zone *zone, bool observed, int64_t now)
{
    struct keyset set;
    json_t *list = json_array();
    life_read(&zone->state, &set);
    struct rollover_policy policy = life_policy(zone, 0);
    const struct life_view view = {0, observed, life_parent_here(zone) != NULL};
    for (size_t i = 0; set.begun && i < KEYSET_KEYS_MAX; i++)
        if (set.keys[i].role != 0)
            json_array_append_new(list, key_of(&set, &policy, i, &view, now));
    for (size_t i = 0; !set.begun && i < zone->keys.count; i++)
        json_array_append_new(list, public_key_of(&zone->keys.list[i]));
    return list;
}

// ── The zone ─────────────────────────────────────────────────────────────────────────────────────

json_t *life_status(const struct zone *zone, bool observed, int64_t now)
{
    static const char *const orders[] = {
        [KEYSET_NO_ORDER] = NULL, [KEYSET_RETIRE] = "retire", [KEYSET_MOVE] = "move"};
    struct keyset set;
    life_read(&zone->state, &set);
    if (!set.begun)
        return json_null();
    struct rollover_policy policy = life_policy(zone, 0);
    struct rollover_waiting waiting = rollover_waits(&set, &policy, now);
    json_t *object = json_object();
    control_set(object, "order", control_text(orders[set.order]));
    control_set(object, "ordered-at",
                control_time(set.order != KEYSET_NO_ORDER ? set.ordered_at : 0));
    control_set(object, "observed", json_boolean(observed));
    control_set(object, "secure", json_boolean(keyset_is_secure(&set)));
    control_set(object, "ds-is-in", json_boolean(set.offered != 0 && keyset_ds_is_in(&set)));
    control_set(object, "ds-foreign", json_integer(set.ds_foreign));
    control_set(object, "ds-ttl", json_integer(set.ds_ttl));
    control_set(object, "ns-ttl", json_integer(life_ns_ttl(zone)));
    control_set(object, "holds", json_boolean(keyset_holds(&set)));
    const struct life_view view = {waiting.keys, observed, life_parent_here(zone) != NULL};
    set_waiting(object, &set, &waiting, &view);
    control_set(object, "next", control_time(zone->life_next));
    return object;
}

uint32_t life_ns_ttl(const struct zone *zone)
{
    const uint32_t usual = 172800; // .com and many others
    uint32_t parent = zone->watch.ns_ttl != 0 ? zone->watch.ns_ttl : usual;
    parent = parent < KEYSET_TTL_MAX ? parent : KEYSET_TTL_MAX;
    return zone->target->ttl->ns > parent ? zone->target->ttl->ns : parent;
}

bool life_is_open(const struct zone *zone, int64_t now)
{
    struct keyset set;
    life_read(&zone->state, &set);
    if (!set.begun)
        return false;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((set.offered & keyset_bit(i)) != 0 && set.keys[i].ds_seen_at == 0)
            return true;
    struct rollover_policy policy = life_policy(zone, 0);
    return rollover_waits(&set, &policy, now).wait == ROLLOVER_FOR_DS_OUT;
}

// ── The world ────────────────────────────────────────────────────────────────────────────────────

static json_t *server_or_null(const uint8_t octets[16])
{
    return control_taken_text(life_server_text(octets));
}

static json_t *sight_of(const struct life_sight *sight)
{
    json_t *object = json_object();
    control_set(object, "looked-at", control_time(sight->looked_at));
    control_set(object, "ok", json_integer(sight->ok));
    control_set(object, "wrong", json_integer(sight->wrong));
    control_set(object, "unknown", json_integer(sight->unknown));
    control_set(object, "first-wrong", server_or_null(sight->first_wrong));
    control_set(object, "first-unknown", server_or_null(sight->first_unknown));
    return object;
}

json_t *life_served_status(const struct zone *zone)
{
    if (zone->watch.served.looked_at == 0)
        return json_null();
    json_t *object = sight_of(&zone->watch.served);
    control_set(object, "expires", control_time(zone->watch.expires_at));
    control_set(object, "first-expiring", server_or_null(zone->watch.expiring));
    return object;
}

json_t *life_parent_status(const struct zone *zone)
{
    if (zone->watch.parent.looked_at == 0)
        return json_null();
    json_t *object = sight_of(&zone->watch.parent);
    control_set(object, "ds-foreign", json_integer(zone->watch.foreign));
    return object;
}
