// SPDX-License-Identifier: ISC
#include "signer/life.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "signer/cds.h"
#include "signer/keyset_state.h"

// Times are whole seconds here and in caches, where a record of n seconds is used for up to a second more (seen with
// Unbound: a signature that was out of the world by the second was there for the next one).
#define ROUNDING_S 2

// ── The keyset ───────────────────────────────────────────────────────────────────────────────────

void life_read(const struct zone_state *state, struct keyset *ret)
{
    *ret = (struct keyset){.begun = false};
    if (state->keyset != NULL && keyset_decode(state->keyset, state->keyset_len, ret) != STATUS_OK)
        *ret = (struct keyset){.begun = false};
}

void life_put(const struct keyset *set, struct zone_state *ret)
{
    struct buf octets = {0};
    if (set->begun)
        keyset_encode(set, &octets);
    free(ret->keyset);
    ret->keyset = octets.len > 0 ? xmemdup(octets.data, octets.len) : NULL;
    ret->keyset_len = octets.len;
    buf_done(&octets);
}

struct rollover_policy life_policy(const struct zone *zone, uint32_t largest_ttl)
{
    const struct config_dnssec_policy *policy = zone->target->policy;
    return (struct rollover_policy){
        .is_signed = zone_dnssec(zone) == CONFIG_DNSSEC_ON,
        .algorithm = policy->algorithm,
        .split_keys = policy->split_keys,
        .double_ds = policy->double_ds,
        .ksk_lifetime = policy->ksk_lifetime,
        .zsk_lifetime = policy->zsk_lifetime,
        .propagation_delay = policy->propagation_delay + ROUNDING_S,
        .parent_propagation_delay = policy->parent_propagation_delay + ROUNDING_S,
        .dnskey_ttl = zone->target->ttl->dnskey,
        .largest_ttl = largest_ttl,
    };
}

const char *life_parent_here(const struct zone *zone)
{
    const struct zone_target *above = zone->target->parent;
    bool signs = above != NULL && above->dnssec == CONFIG_DNSSEC_ON &&
                 (above->domain == NULL || above->domain->mode != CONFIG_EXTERNAL);
    return signs ? above->name : NULL;
}

int64_t life_next(const struct zone *zone)
{
    struct keyset set;
    life_read(&zone->state, &set);
    struct rollover_policy policy = life_policy(zone, 0);
    return set.begun ? rollover_next(&set, &policy) : INT64_MAX;
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────

static enum status refuse(const struct build_context *context, const struct zone *zone,
                          struct error *err)
{
    return error_set(err, STATUS_STATE,
                     "%s: the key files of %s are gone, and it was published signed; no new key is "
                     "made, since it would not match the DS at the parent: put the files back from "
                     "the backup",
                     context->keyring->directory, zone->name);
}

// No state: from the files, or from nothing. What was read of the files stays in build->keys.
static enum status begin(const struct build_context *context, struct build *build, uint32_t ttl,
                         struct keyset *set, struct error *err)
{
    const struct zone *zone = build->zone;
    struct dnskey_set *files = &build->keys;
    struct dnskey_listing *listing = &context->keyring->listing;
    enum status status = dnskey_complete(listing, zone->name, NULL, err);
    if (status == STATUS_OK)
        status = dnskey_load_listed(listing, zone->name, false, files, err);
    if (status != STATUS_OK)
        return status;
    size_t adopted = files->count > 0 ? keyset_adopt(set, files, ttl, context->now) : 0;
    if (adopted > 0)
        return STATUS_OK;
    bool was_signed =
        zone->state.mode == STATE_SIGNED || (zone->published.exists && zone->published.is_signed &&
                                             zone->state.mode != STATE_PRESIGNED);
    if (was_signed)
        return refuse(context, zone, err);
    keyset_begin(set, ttl, context->now);
    return STATUS_OK;
}

// What is not there yet and takes long is ordered (signer/key_orders.h): the build ends here, and begins anew with it.
static enum status make_key(const struct build_context *context, struct zone *zone,
                            const struct rollover_need *need, struct keyset *set, struct error *err)
{
    struct dnskey_id ids[KEYSET_KEYS_MAX];
    struct dnskey_ids taken = {ids, 0};
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role != 0)
            ids[taken.count++] = set->keys[i].id;
    struct dnskey_recipe recipe = {
        .taken = &taken,
        .flags = need->role == KEY_ROLE_ZSK ? DNSKEY_FLAGS_ZONE : DNSKEY_FLAGS_SEP,
        .algorithm = need->algorithm,
        .in_use = !keyset_is_secure(set),
        .no_new = dnskey_takes_long(need->algorithm),
    };
    struct dnskey_id id;
    enum status status =
        keyring_make(context->keyring, zone->name, &recipe, context->now, &id, err);
    if (status == STATUS_NOT_FOUND) {
        key_orders_add(context->key_orders, zone, recipe.flags, need->algorithm);
        return error_set(err, STATUS_STATE, "%s: a key is being made", zone->name);
    }
    if (status != STATUS_OK)
        return status;
    if (keyset_add(set, id, need->role, context->now) == KEYSET_KEYS_MAX)
        return error_set(err, STATUS_RANGE, "more than %d keys at a time", KEYSET_KEYS_MAX);
    return STATUS_OK;
}

static unsigned use_of(const struct keyset *set, size_t slot)
{
    keyset_mask bit = keyset_bit(slot);
    return ((keyset_dnskeys(set) & bit) != 0 ? DNSKEY_PUBLISHED : 0U) |
           ((keyset_key_signers(set) & bit) != 0 ? DNSKEY_SIGNS_KEYS : 0U) |
           ((keyset_signers(set) & bit) != 0 ? DNSKEY_SIGNS_ZONE : 0U);
}

static enum status missing(const struct build_context *context, const struct zone *zone,
                           struct dnskey_id id, struct error *err)
{
    return error_set(
        err, STATUS_STATE,
        "%s: the key file K%s.+%03u+%05u.key is gone; no new key is made in its place, "
        "since it would not match what is published and the DS at the parent: put it "
        "and its .private back from the backup",
        context->keyring->directory, zone->name, id.algorithm, id.tag);
}

static enum status read_keys(const struct build_context *context, struct build *build,
                             const struct dnskey_ids *known, struct error *err)
{
    const char *zone = build->zone->name;
    struct dnskey_listing *listing = &context->keyring->listing;
    size_t read = 0; // when the keyset began, without private parts
    for (size_t i = 0; i < known->count; i++)
        read += dnskey_set_find(&build->keys, known->list[i]) != NULL ? 1 : 0;
    if (build->keys.count > 0 && read == known->count)
        return dnskey_load_privates(known, &build->keys, err);
    dnskey_set_done(&build->keys);
    build->keys = (struct dnskey_set){0};
    enum status status = dnskey_complete(listing, zone, known, err);
    return status == STATUS_OK ? dnskey_load_known(listing, zone, known, true, &build->keys, err)
                               : status;
}

// Loads the keys that the zone is published or signed with, or offered with to the parent, private parts and all.
static enum status load_keys(const struct build_context *context, struct build *build,
                             const struct keyset *set, struct error *err)
{
    const struct zone *zone = build->zone;
    struct dnskey_id ids[KEYSET_KEYS_MAX];
    struct dnskey_ids known = {ids, 0};
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role != 0 && (use_of(set, i) != 0 || (set->offered & keyset_bit(i)) != 0))
            ids[known.count++] = set->keys[i].id;
    enum status status = read_keys(context, build, &known, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < known.count; i++) {
        struct dnskey *key = dnskey_set_find(&build->keys, ids[i]);
        if (key == NULL)
            return missing(context, zone, ids[i], err);
        key->use = use_of(set, keyset_find(set, ids[i]));
    }
    return STATUS_OK;
}

// ── The step ─────────────────────────────────────────────────────────────────────────────────────

static uint32_t largest_ttl(const struct records *records)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < records->count; i++)
        largest = records->list[i].ttl > largest ? records->list[i].ttl : largest;
    return largest;
}

// What had a larger TTL than there is now, as what was lowered or removed a moment ago, is cached for as long as that:
// without a keyset, which remembers the TTLs of its versions, nobody else knows.
static void note_lowered_ttl(const struct build_context *context, struct build *build)
{
    const struct zone *zone = build->zone;
    const struct zone_published *published = &zone->published;
    int64_t until = context->now + published->largest_ttl + zone->target->policy->propagation_delay;
    build->state.cached_until = zone->state.cached_until;
    if (published->exists && published->largest_ttl > largest_ttl(build->records) &&
        until > build->state.cached_until)
        build->state.cached_until = until;
}

// The TTL of what caches have when a keyset begins. By a clock that was set back the rest is no more than caches allow.
static uint32_t ttl_before(const struct build_context *context, const struct build *build,
                           uint32_t ttl)
{
    int64_t left = build->state.cached_until - context->now;
    left = left < KEYSET_TTL_MAX ? left : KEYSET_TTL_MAX;
    return left > (int64_t)ttl ? (uint32_t)left : ttl;
}

// Where nobody looks at the world, time alone says that name servers have what is published, for as long as no DS of
// ours can be anywhere: then no validator expects anything. With a DS out there, what was not seen is not taken for
// granted.
static void see_by_time(const struct build_context *context, const struct rollover_policy *policy,
                        struct keyset *set)
{
    struct keyset_sight sight = {.seen_at = context->now,
                                 .revision = set->revision,
                                 .ok = 1,
                                 .propagation_delay = policy->propagation_delay};
    if (!context->has_eyes && !keyset_is_secure(set))
        keyset_see_zone(set, &sight, context->now);
}

// Keys whose files are gone when the zone is to be unsigned are not taken back when it is signed again.
static void write_off(const struct build_context *context, const struct zone *zone,
                      struct keyset *set)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        if (key->role != 0 && !dnskey_is_listed(&context->keyring->listing, zone->name, key->id))
            key->spent = true;
    }
}

static enum status go_on(const struct build_context *context, struct build *build,
                         struct keyset *set, struct error *err)
{
    struct zone *zone = build->zone;
    struct rollover_policy policy = life_policy(zone, largest_ttl(build->records));
    enum status status = STATUS_OK;
    if (!set->begun)
        status = begin(context, build, ttl_before(context, build, policy.largest_ttl), set, err);
    if (status == STATUS_OK && !policy.is_signed)
        write_off(context, zone, set);
    struct rollover_need need = {.role = 0};
    do {
        if (status == STATUS_OK && need.role != 0)
            status = make_key(context, zone, &need, set, err);
        if (status == STATUS_OK)
            rollover_step(set, &policy, context->now, &build->events, &need);
    } while (status == STATUS_OK && need.role != 0);
    if (status == STATUS_OK)
        see_by_time(context, &policy, set);
    return status;
}

// An unsigned zone whose keys are all forgotten needs no keyset.
static void settle(struct keyset *set, const struct zone *zone)
{
    bool keys = false;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        keys = keys || set->keys[i].role != 0;
    if (zone_dnssec(zone) != CONFIG_DNSSEC_ON && !keys && !keyset_is_secure(set))
        set->begun = false;
}

enum status life_step(const struct build_context *context, struct build *build, struct error *err)
{
    const struct zone *zone = build->zone;
    struct keyset set;
    life_read(&zone->state, &set);
    build->dnssec = zone_dnssec(zone);
    note_lowered_ttl(context, build);
    if (build->dnssec == CONFIG_DNSSEC_PRESIGNED ||
        (build->dnssec == CONFIG_DNSSEC_OFF && !set.begun))
        return STATUS_OK;
    enum status status = STATUS_OK;
    if (!zone->from_published || !set.begun)
        status = go_on(context, build, &set, err);
    if (status == STATUS_OK)
        status = load_keys(context, build, &set, err);
    if (status != STATUS_OK)
        return status;
    build->dnssec = keyset_is_signed(&set) ? CONFIG_DNSSEC_ON : CONFIG_DNSSEC_OFF;
    uint32_t ttl = zone->target->ttl->dnskey;
    status = sign_add_dnskeys(build->records, &build->keys, ttl, err);
    if (status == STATUS_OK && build->dnssec == CONFIG_DNSSEC_ON && zone->target->policy->cds)
        status = cds_add(build->records, &set, &build->keys, ttl, err);
    settle(&set, zone);
    life_put(&set, &build->state);
    return status;
}

// ── Behind it ────────────────────────────────────────────────────────────────────────────────────

static bool is_of(const struct rollover_event *event, struct dnskey_id id)
{
    return event->key.tag == id.tag && event->key.algorithm == id.algorithm;
}

// Is it the first event of its key? All of a key's are written at once.
static bool is_first(const struct rollover_events *events, size_t index)
{
    struct dnskey_id id = events->list[index].key;
    bool first = id.algorithm != 0;
    for (size_t i = 0; first && i < index; i++)
        first = !is_of(&events->list[i], id);
    return first;
}

// A key that waits to sign gets the time when it will at the earliest: others take none for "now".
static int64_t earliest(const struct zone *zone, int64_t now)
{
    return now + zone->target->ttl->dnskey + zone->target->policy->propagation_delay;
}

static enum status write_key_times(const struct build_context *context, const struct build *build,
                                   struct dnskey *key, struct error *err)
{
    const struct rollover_events *events = &build->events;
    struct dnskey_id id = {key->tag, key->algorithm};
    const struct dnskey_times before = key->times;
    for (size_t i = 0; i < events->count; i++)
        if (is_of(&events->list[i], id))
            rollover_note_times(events->list[i].kind, context->now, &key->times);
    if (key->times.publish != 0 && key->times.activate == 0)
        key->times.activate = earliest(build->zone, context->now);
    if (memcmp(&before, &key->times, sizeof(before)) == 0)
        return STATUS_OK;
    return dnskey_write_times(key, err);
}

// What is broken or gone of a key that nothing needs any more stops nothing.
static enum status write_times_unused(const struct build_context *context,
                                      const struct build *build, struct dnskey_id id,
                                      struct error *err)
{
    const struct dnskey_ids one = {&id, 1};
    const char *zone = build->zone->name;
    struct dnskey_set files = {0};
    struct error own = {0};
    enum status status = STATUS_OK;
    if (dnskey_load_known(&context->keyring->listing, zone, &one, true, &files, &own) != STATUS_OK)
        log_event(LOG_LEVEL_WARNING, "key-times-not-written", "zone", zone, "key", log_u64(id.tag),
                  "reason", own.text, "kept", "the key is out of use, and the zone goes on", NULL);
    struct dnskey *key = dnskey_set_find(&files, id);
    if (key != NULL)
        status = write_key_times(context, build, key, err);
    dnskey_set_done(&files);
    return status;
}

enum status life_write_times(const struct build_context *context, struct build *build,
                             struct error *err)
{
    const struct rollover_events *events = &build->events;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < events->count; i++) {
        struct dnskey_id id = events->list[i].key;
        if (!is_first(events, i))
            continue;
        struct dnskey *key = dnskey_set_find(&build->keys, id);
        status = key != NULL ? write_key_times(context, build, key, err)
                             : write_times_unused(context, build, id, err);
    }
    return status;
}

static const struct {
    const char *event;
    const char *reason;
} words[] = {
    [ROLLOVER_BEGINS] = {"key-to-be-replaced", "by policy, age or order"},
    [ROLLOVER_PUBLISHED] = {"key-published", "it is in the DNSKEY set"},
    [ROLLOVER_SIGNS] = {"key-active", "it signs"},
    [ROLLOVER_OFFERED] = {"ds-offered",
                          "enter its DS at the parent, if that does not take CDS: `zonegen --ds`"},
    [ROLLOVER_WITHDRAWN] = {"ds-withdrawn",
                            "take its DS out at the parent, if that does not take CDS"},
    [ROLLOVER_RETIRED] = {"key-retired", "it signs no more"},
    [ROLLOVER_REMOVED] = {"key-removed", "it is out of the DNSKEY set"},
    [ROLLOVER_DEAD] = {"key-dead", "no cache has anything of it any more"},
    [ROLLOVER_WENT_UNSIGNED] = {"zone-unsigned", "no cache has a DS for it any more"},
};

static const char *reason_of(enum rollover_event_kind kind, const char *here)
{
    if (here != NULL && kind == ROLLOVER_OFFERED)
        return "this box enters its DS in the zone above";
    if (here != NULL && kind == ROLLOVER_WITHDRAWN)
        return "this box takes its DS out of the zone above";
    return words[kind].reason;
}

void life_tell(const struct build *build)
{
    const char *here = life_parent_here(build->zone);
    for (size_t i = 0; i < build->events.count; i++) {
        const struct rollover_event *event = &build->events.list[i];
        bool of_key = event->key.algorithm != 0;
        log_event(LOG_LEVEL_NOTICE, words[event->kind].event, "zone", build->zone->name, "key",
                  of_key ? log_u64(event->key.tag) : NULL, "algorithm",
                  of_key ? log_u64(event->key.algorithm) : NULL, "reason",
                  reason_of(event->kind, here), NULL);
    }
}

void life_destroy(const struct build_context *context, const struct build *build)
{
    struct keyset before;
    life_read(&build->zone->state, &before);
    for (size_t i = 0; i < build->events.count; i++) {
        const struct rollover_event *event = &build->events.list[i];
        size_t slot = keyset_find(&before, event->key);
        struct error err = {0};
        if (event->kind != ROLLOVER_DEAD || slot == KEYSET_KEYS_MAX ||
            !before.keys[slot].compromised)
            continue;
        if (dnskey_destroy(context->keyring->directory, build->zone->name, event->key, &err) !=
            STATUS_OK)
            log_event(LOG_LEVEL_ERROR, "key-not-destroyed", "zone", build->zone->name, "key",
                      log_u64(event->key.tag), "reason", err.text, NULL);
    }
}
