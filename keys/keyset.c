// SPDX-License-Identifier: ISC
#include "keys/keyset.h"

#include <string.h>

// ── Looking ──────────────────────────────────────────────────────────────────────────────────────

size_t keyset_find(const struct keyset *set, struct dnskey_id id)
{
    size_t i = 0;
    while (i < KEYSET_KEYS_MAX && (set->keys[i].role == 0 || set->keys[i].id.tag != id.tag ||
                                   set->keys[i].id.algorithm != id.algorithm))
        i++;
    return i;
}

static const struct keyset_version *current(const struct keyset *set,
                                            enum keyset_component component)
{
    static const struct keyset_version none;
    const struct keyset_history *history = &set->history[component];
    return history->count > 0 ? &history->list[history->count - 1] : &none;
}

keyset_mask keyset_dnskeys(const struct keyset *set)
{
    return current(set, KEYSET_DNSKEYS)->keys;
}

keyset_mask keyset_key_signers(const struct keyset *set)
{
    return current(set, KEYSET_DNSKEYS)->signers;
}

keyset_mask keyset_signers(const struct keyset *set)
{
    return current(set, KEYSET_SIGNATURES)->keys;
}

bool keyset_is_signed(const struct keyset *set)
{
    return keyset_dnskeys(set) != 0;
}

keyset_mask keyset_remembered_ds(const struct keyset *set)
{
    const struct keyset_history *history = &set->history[KEYSET_DS];
    keyset_mask mask = 0;
    for (size_t i = 0; i < history->count; i++)
        mask |= history->list[i].keys;
    return mask;
}

bool keyset_is_secure(const struct keyset *set)
{
    return keyset_remembered_ds(set) != 0;
}

// What is offered has one digest type.
static bool is_offer(const struct keyset *set, const struct keyset_version *version)
{
    return version->keys == set->offered && version->signers == set->offered;
}

bool keyset_ds_is_in(const struct keyset *set)
{
    const struct keyset_history *history = &set->history[KEYSET_DS];
    bool seen = false;
    for (size_t i = 0; i < history->count; i++) {
        const struct keyset_version *version = &history->list[i];
        bool last = version->seen_at == set->ds_looked_at;
        if (version->gone_at != KEYSET_NOW)
            continue;
        // The parent may have the same keys with other digests, or a stronger one of a stranger.
        if (version->keys != set->offered || (!last && !is_offer(set, version)))
            return false;
        seen = seen || last;
    }
    return seen && set->ds_known;
}

keyset_mask keyset_remembered(const struct keyset *set)
{
    keyset_mask mask = set->offered;
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
        for (size_t i = 0; i < set->history[c].count; i++)
            mask |= set->history[c].list[i].keys | set->history[c].list[i].signers;
    return mask;
}

// ── Changing ─────────────────────────────────────────────────────────────────────────────────────

void keyset_begin(struct keyset *set, uint32_t ttl, int64_t now)
{
    *set = (struct keyset){.begun = true};
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++) {
        set->history[c].list[0] =
            (struct keyset_version){.ttl = ttl, .since = now, .gone_at = KEYSET_NOW};
        set->history[c].count = 1;
    }
}

size_t keyset_add(struct keyset *set, struct dnskey_id id, enum key_role role, int64_t now)
{
    size_t i = 0;
    while (i < KEYSET_KEYS_MAX && set->keys[i].role != 0)
        i++;
    if (i < KEYSET_KEYS_MAX)
        set->keys[i] =
            (struct keyset_key){.id = id, .role = role, .wanted = true, .created_at = now};
    return i;
}

void keyset_drop(struct keyset *set, size_t slot)
{
    set->keys[slot] = (struct keyset_key){.role = 0};
}

static void remove_version(struct keyset_history *history, size_t index)
{
    history->count--;
    memmove(&history->list[index], &history->list[index + 1],
            (history->count - index) * sizeof(history->list[0]));
}

// The version of the history with these keys, or NULL.
static struct keyset_version *find_version(struct keyset_history *history, keyset_mask keys,
                                           keyset_mask signers)
{
    for (size_t i = 0; i < history->count; i++)
        if (history->list[i].keys == keys && history->list[i].signers == signers)
            return &history->list[i];
    return NULL;
}

// Removes a version that restricts nothing, having none of our keys, and is not what is offered.
static bool remove_empty(struct keyset *set)
{
    struct keyset_history *history = &set->history[KEYSET_DS];
    for (size_t i = 0; i < history->count; i++)
        if (history->list[i].keys == 0 && set->offered != 0) {
            remove_version(history, i);
            return true;
        }
    return false;
}

// Makes room for what is seen at the parent, which cannot be refused: the version that would go first gives way.
static void make_room(struct keyset *set)
{
    struct keyset_history *history = &set->history[KEYSET_DS];
    if (remove_empty(set))
        return;
    size_t victim = is_offer(set, &history->list[0]) ? 1 : 0;
    for (size_t i = victim + 1; i < history->count; i++)
        if (!is_offer(set, &history->list[i]) &&
            keyset_until(&history->list[i]) < keyset_until(&history->list[victim]))
            victim = i;
    remove_version(history, victim);
}

static struct keyset_version *add_ds(struct keyset *set, keyset_mask keys, keyset_mask strong)
{
    struct keyset_history *history = &set->history[KEYSET_DS];
    struct keyset_version *version = &history->list[history->count++];
    *version = (struct keyset_version){
        .keys = keys, .signers = strong, .ttl = set->ds_ttl != 0 ? set->ds_ttl : KEYSET_DS_TTL};
    return version;
}

static bool offer(struct keyset *set, keyset_mask keys, int64_t now)
{
    struct keyset_history *history = &set->history[KEYSET_DS];
    struct keyset_version *version = find_version(history, keys, keys);
    if (version == NULL && history->count == KEYSET_VERSIONS_MAX && !remove_empty(set))
        return false;
    if (version == NULL)
        version = add_ds(set, keys, keys);
    if (version->gone_at != KEYSET_NOW) {
        version->since = now;
        version->gone_at = KEYSET_NOW;
    }
    set->offered = keys;
    return true;
}

// Merges versions that have become the same.
static void merge_ds(struct keyset_history *history)
{
    for (size_t i = 0; i < history->count; i++)
        for (size_t k = history->count - 1; k > i; k--) {
            struct keyset_version *a = &history->list[i], *b = &history->list[k];
            if (a->keys != b->keys || a->signers != b->signers)
                continue;
            if (keyset_until(b) > keyset_until(a)) {
                a->gone_at = b->gone_at;
                a->hold = b->hold;
            }
            a->ttl = b->ttl > a->ttl ? b->ttl : a->ttl;
            a->seen_at = b->seen_at > a->seen_at ? b->seen_at : a->seen_at;
            remove_version(history, k);
        }
}

bool keyset_disown(struct keyset *set)
{
    keyset_mask kept = set->offered, all = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        kept |= set->keys[i].wanted ? keyset_bit(i) : 0;
        all |= set->keys[i].role != 0 ? keyset_bit(i) : 0;
    }
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++)
        for (size_t i = 0; i < set->history[c].count; i++)
            kept |= set->history[c].list[i].keys;
    struct keyset_history *ds = &set->history[KEYSET_DS];
    for (size_t i = 0; i < ds->count; i++) {
        ds->list[i].keys &= kept;
        ds->list[i].signers &= kept;
    }
    merge_ds(ds);
    return (all & ~kept) != 0;
}

// A version that is published anew, while servers may still have the same one of before, is cached as long as that.
static uint32_t ttl_of_same(const struct keyset_history *history, keyset_mask keys,
                            keyset_mask signers, uint32_t ttl)
{
    for (size_t i = 0; i < history->count; i++)
        if (history->list[i].keys == keys && history->list[i].signers == signers &&
            history->list[i].ttl > ttl)
            ttl = history->list[i].ttl;
    return ttl;
}

bool keyset_publish(struct keyset *set, enum keyset_component component, keyset_mask keys,
                    keyset_mask signers, uint32_t ttl, int64_t now)
{
    if (component == KEYSET_DS)
        return offer(set, keys, now);
    struct keyset_history *history = &set->history[component];
    if (history->count == KEYSET_VERSIONS_MAX)
        return false;
    ttl = ttl_of_same(history, keys, signers, ttl);
    history->list[history->count - 1].gone_at = KEYSET_OPEN;
    history->list[history->count++] = (struct keyset_version){
        .keys = keys, .signers = signers, .ttl = ttl, .since = now, .gone_at = KEYSET_NOW};
    // A look at the one is a look at the other: both are asked for at a time.
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++)
        set->history[c].list[set->history[c].count - 1].seen_at = 0;
    set->zone_ok = set->zone_wrong = set->zone_unknown = 0;
    set->revision++;
    return true;
}

void keyset_note_ttls(struct keyset *set, uint32_t dnskey_ttl, uint32_t largest_ttl)
{
    const uint32_t ttls[] = {[KEYSET_DNSKEYS] = dnskey_ttl, [KEYSET_SIGNATURES] = largest_ttl};
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++) {
        struct keyset_history *history = &set->history[c];
        if (history->count > 0 && history->list[history->count - 1].ttl < ttls[c])
            history->list[history->count - 1].ttl = ttls[c];
    }
}

int64_t keyset_until(const struct keyset_version *version)
{
    return version->gone_at >= KEYSET_OPEN ? version->gone_at : version->gone_at + version->hold;
}

static void no_later(int64_t *time, int64_t now)
{
    if (now < *time && *time < KEYSET_OPEN)
        *time = now;
}

// What a clock wrote that was set back since: it happened, and not later than now.
static void heal_times(struct keyset *set, int64_t now)
{
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
        for (size_t i = 0; i < set->history[c].count; i++) {
            struct keyset_version *version = &set->history[c].list[i];
            no_later(&version->since, now);
            no_later(&version->seen_at, now);
            no_later(&version->gone_at, now);
        }
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        int64_t *times[] = {&key->created_at, &key->published_at, &key->active_at,
                            &key->retired_at, &key->offered_at,   &key->ds_seen_at};
        for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++)
            no_later(times[t], now);
    }
    no_later(&set->ds_looked_at, now);
    no_later(&set->zone_looked_at, now);
    no_later(&set->ordered_at, now);
}

bool keyset_expire(struct keyset *set, int64_t now)
{
    bool any = false;
    heal_times(set, now);
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++) {
        struct keyset_history *history = &set->history[c];
        for (size_t i = history->count; i-- > 0;)
            if (keyset_until(&history->list[i]) <= now) {
                remove_version(history, i);
                any = true;
            }
    }
    return any;
}

int64_t keyset_next(const struct keyset *set)
{
    int64_t next = INT64_MAX;
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++)
        for (size_t i = 0; i < set->history[c].count; i++) {
            int64_t until = keyset_until(&set->history[c].list[i]);
            if (until < KEYSET_OPEN && until < next)
                next = until;
        }
    return next;
}

void keyset_wait_anew(struct keyset *set, int64_t now)
{
    heal_times(set, now);
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
        for (size_t i = 0; i < set->history[c].count; i++)
            if (set->history[c].list[i].gone_at < KEYSET_OPEN)
                set->history[c].list[i].gone_at = now;
}

// ── What was seen ────────────────────────────────────────────────────────────────────────────────

static void goes(struct keyset_version *version, int64_t seen_at, uint32_t propagation_delay)
{
    version->gone_at = seen_at;
    version->hold = propagation_delay + version->ttl;
}

// All name servers have the current version; or one has it no more, and may have any that was before.
static bool see_versions(struct keyset_history *history, const struct keyset_sight *sight)
{
    struct keyset_version *now = &history->list[history->count - 1];
    bool all = sight->ok > 0 && sight->wrong == 0 && sight->unknown == 0;
    bool changed = false;
    if (all && now->seen_at == 0) {
        now->seen_at = sight->seen_at;
        changed = true;
    } else if (sight->wrong > 0 && now->seen_at != 0) {
        now->seen_at = 0;
        changed = true;
    }
    for (size_t i = 0; changed && i + 1 < history->count; i++) {
        struct keyset_version *before = &history->list[i];
        if (!all)
            before->gone_at = KEYSET_OPEN;
        else if (before->gone_at == KEYSET_OPEN)
            goes(before, sight->seen_at, sight->propagation_delay);
    }
    return changed;
}

bool keyset_see_zone(struct keyset *set, const struct keyset_sight *sight, int64_t now)
{
    if (!set->begun || sight->revision != set->revision || sight->seen_at > now ||
        (sight->seen_at < set->zone_looked_at && set->zone_looked_at <= now))
        return false;
    bool changed = see_versions(&set->history[KEYSET_DNSKEYS], sight);
    changed = see_versions(&set->history[KEYSET_SIGNATURES], sight) || changed;
    set->zone_looked_at = sight->seen_at;
    set->zone_ok = sight->ok;
    set->zone_wrong = sight->wrong;
    set->zone_unknown = sight->unknown;
    return changed;
}

static bool see_sets(struct keyset *set, const struct keyset_parent_sight *sight, uint32_t ttl)
{
    bool changed = false;
    for (size_t i = 0; i < sight->set_count; i++) {
        keyset_mask keys = sight->sets[i].keys, strong = sight->sets[i].strong;
        struct keyset_version *version = find_version(&set->history[KEYSET_DS], keys, strong);
        if (version == NULL && set->history[KEYSET_DS].count == KEYSET_VERSIONS_MAX)
            make_room(set);
        if (version == NULL)
            version = add_ds(set, keys, strong);
        if (version->gone_at != KEYSET_NOW || version->seen_at == 0) {
            changed = true;
            version->gone_at = KEYSET_NOW;
            if (version->since == 0)
                version->since = sight->seen_at;
            if (version->seen_at == 0 && version->keys != 0)
                version->ttl = ttl;
        }
        if (version->ttl < ttl)
            version->ttl = ttl;
        version->seen_at = sight->seen_at;
    }
    return changed;
}

// At no server any more: the wait begins. It ends only when a look behind it finds the same, since who enters DS
// may have read what was offered long before he acts.
static bool see_gone(struct keyset *set, const struct keyset_parent_sight *sight)
{
    bool changed = false;
    struct keyset_history *history = &set->history[KEYSET_DS];
    for (size_t i = history->count; i-- > 0;) {
        struct keyset_version *version = &history->list[i];
        if (version->seen_at == sight->seen_at || is_offer(set, version) ||
            version->since > sight->seen_at)
            continue;
        if (version->gone_at == KEYSET_NOW) {
            if (sight->cds_lags)
                continue;
            goes(version, sight->seen_at, sight->propagation_delay);
            changed = true;
        } else if (keyset_until(version) <= sight->seen_at) {
            remove_version(history, i);
            changed = true;
        }
    }
    return changed;
}

// A key's DS is in when every server of the parent has it.
static bool note_ds(struct keyset *set, const struct keyset_parent_sight *sight)
{
    keyset_mask all = sight->set_count > 0 ? (keyset_mask)~0U : 0;
    bool changed = false;
    for (size_t i = 0; i < sight->set_count; i++)
        all &= sight->sets[i].keys;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        bool in = (all & keyset_bit(i)) != 0;
        if (key->role == 0 || in == (key->ds_seen_at != 0))
            continue;
        key->ds_seen_at = in ? sight->seen_at : 0;
        changed = true;
    }
    return changed;
}

bool keyset_see_parent(struct keyset *set, const struct keyset_parent_sight *sight, int64_t now)
{
    // Looks by a clock that was set back since do not count.
    if (!set->begun || sight->seen_at > now ||
        (sight->seen_at <= set->ds_looked_at && set->ds_looked_at <= now))
        return false;
    bool complete = sight->ok > 0 && sight->wrong == 0 && sight->unknown == 0;
    uint32_t foreign = 0;
    for (size_t i = 0; i < sight->set_count; i++)
        foreign = sight->sets[i].foreign > foreign ? sight->sets[i].foreign : foreign;
    bool changed = complete != set->ds_known || foreign != set->ds_foreign;
    uint32_t ttl = sight->ttl < KEYSET_TTL_MAX ? sight->ttl : KEYSET_TTL_MAX;
    if (ttl > 0)
        set->ds_ttl = ttl;
    changed = see_sets(set, sight, ttl) || changed;
    if (complete) {
        changed = see_gone(set, sight) || changed;
        changed = note_ds(set, sight) || changed;
    }
    set->ds_looked_at = sight->seen_at;
    set->ds_known = complete;
    set->ds_foreign = foreign;
    set->ds_ok = sight->ok;
    set->ds_wrong = sight->wrong;
    set->ds_unknown = sight->unknown;
    return changed;
}
