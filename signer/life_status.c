// SPDX-License-Identifier: ISC
#include "signer/life_status.h"

#include <stdlib.h>
#include <string.h>

#include "base/control.h"
#include "signer/life.h"
#include "signer/life_words.h"

static void set_value(json_t *object, const char *key, json_t *value)
{
    json_object_set_new_nocheck(object, key, value);
}

static json_t *time_or_null(int64_t time)
{
    return time > 0 && time < KEYSET_OPEN ? json_integer(time) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string_nocheck(text) : json_null();
}

// ── Waiting ──────────────────────────────────────────────────────────────────────────────────────

static void set_waiting(json_t *object, const struct keyset *set,
                        const struct rollover_waiting *waiting, bool observed)
{
    set_value(object, "wait", text_or_null(life_wait_name(waiting->wait)));
    set_value(object, "waits", text_or_null(life_wait_words(set, waiting->wait, observed)));
    set_value(object, "until", time_or_null(waiting->until));
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

static json_t *key_of(const struct keyset *set, const struct rollover_policy *policy, size_t slot,
                      bool observed, int64_t now)
{
    const struct keyset_key *key = &set->keys[slot];
    keyset_mask bit = keyset_bit(slot);
    enum rollover_state state = rollover_key_state(set, slot);
    struct rollover_waiting waiting = rollover_key_waits(set, policy, slot, now);
    json_t *object = json_object();
    set_value(object, "tag", json_integer(key->id.tag));
    set_value(object, "algorithm", json_integer(key->id.algorithm));
    set_value(object, "flags",
              json_integer(key->role == KEY_ROLE_ZSK ? DNSKEY_FLAGS_ZONE : DNSKEY_FLAGS_SEP));
    set_value(object, "role", json_string_nocheck(role_name(key->role)));
    set_value(object, "state", json_string_nocheck(rollover_state_name(state)));
    set_value(object, "since", time_or_null(since(key, state)));
    set_value(object, "leaving", json_boolean(!key->wanted));
    set_value(object, "compromised", json_boolean(key->compromised));
    set_value(object, "published", json_boolean((keyset_dnskeys(set) & bit) != 0));
    set_value(object, "signs-keys", json_boolean((keyset_key_signers(set) & bit) != 0));
    set_value(object, "signs-zone", json_boolean((keyset_signers(set) & bit) != 0));
    set_value(object, "ds", text_or_null(ds_name(set, slot)));
    set_waiting(object, set, &waiting, observed);
    set_value(object, "created-at", time_or_null(key->created_at));
    set_value(object, "published-at", time_or_null(key->published_at));
    set_value(object, "active-at", time_or_null(key->active_at));
    set_value(object, "offered-at", time_or_null(key->offered_at));
    set_value(object, "ds-seen-at", time_or_null(key->ds_seen_at));
    set_value(object, "retired-at", time_or_null(key->retired_at));
    return object;
}

static json_t *public_key_of(const struct public_key *key)
{
    json_t *object = json_object();
    set_value(object, "tag", json_integer(key->tag));
    set_value(object, "algorithm", json_integer(key->algorithm));
    set_value(object, "flags", json_integer(key->flags));
    return object;
}

json_t *life_keys_status(const struct zone *zone, bool observed, int64_t now)
{
    struct keyset set;
    json_t *list = json_array();
    life_read(&zone->state, &set);
    struct rollover_policy policy = life_policy(zone, 0);
    for (size_t i = 0; set.begun && i < KEYSET_KEYS_MAX; i++)
        if (set.keys[i].role != 0)
            json_array_append_new(list, key_of(&set, &policy, i, observed, now));
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
    set_value(object, "order", text_or_null(orders[set.order]));
    set_value(object, "ordered-at",
              time_or_null(set.order != KEYSET_NO_ORDER ? set.ordered_at : 0));
    set_value(object, "observed", json_boolean(observed));
    set_value(object, "secure", json_boolean(keyset_is_secure(&set)));
    set_value(object, "ds-is-in", json_boolean(set.offered != 0 && keyset_ds_is_in(&set)));
    set_value(object, "ds-foreign", json_integer(set.ds_foreign));
    set_value(object, "ds-ttl", json_integer(set.ds_ttl));
    set_value(object, "holds", json_boolean(keyset_holds(&set)));
    set_waiting(object, &set, &waiting, observed);
    set_value(object, "next", time_or_null(zone->life_next));
    return object;
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
    char *text = life_server_text(octets);
    json_t *ret = text_or_null(text);
    free(text);
    return ret;
}

static json_t *sight_of(const struct life_sight *sight)
{
    json_t *object = json_object();
    set_value(object, "looked-at", time_or_null(sight->looked_at));
    set_value(object, "ok", json_integer(sight->ok));
    set_value(object, "wrong", json_integer(sight->wrong));
    set_value(object, "unknown", json_integer(sight->unknown));
    set_value(object, "first-wrong", server_or_null(sight->first_wrong));
    set_value(object, "first-unknown", server_or_null(sight->first_unknown));
    return object;
}

json_t *life_served_status(const struct zone *zone)
{
    if (zone->watch.served.looked_at == 0)
        return json_null();
    json_t *object = sight_of(&zone->watch.served);
    set_value(object, "expires", time_or_null(zone->watch.expires_at));
    return object;
}

json_t *life_parent_status(const struct zone *zone)
{
    if (zone->watch.parent.looked_at == 0)
        return json_null();
    json_t *object = sight_of(&zone->watch.parent);
    set_value(object, "ds-foreign", json_integer(zone->watch.foreign));
    return object;
}
