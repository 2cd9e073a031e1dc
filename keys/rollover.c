// SPDX-License-Identifier: ISC
#include "keys/rollover.h"

// ── What is wanted ───────────────────────────────────────────────────────────────────────────────

static keyset_mask wanted(const struct keyset *set, enum key_role role)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].wanted && (set->keys[i].role & role) != 0)
            mask |= keyset_bit(i);
    return mask;
}

static uint8_t wanted_algorithm(const struct keyset *set, const struct rollover_policy *policy)
{
    bool ordered = set->algorithm != 0 && set->algorithm_of_policy == policy->algorithm;
    return ordered ? set->algorithm : policy->algorithm;
}

static bool is_to_be_signed(const struct keyset *set, const struct rollover_policy *policy)
{
    return policy->is_signed && set->order == KEYSET_NO_ORDER;
}

// The roles that keys are wanted for. A CSK does not stand in for a KSK: its signatures would be two kinds of thing.
static size_t wanted_roles(const struct rollover_policy *policy, enum key_role ret[2])
{
    ret[0] = policy->split_keys ? KEY_ROLE_KSK : KEY_ROLE_CSK;
    ret[1] = KEY_ROLE_ZSK;
    return policy->split_keys ? 2 : 1;
}

static bool fits(const struct keyset *set, const struct rollover_policy *policy,
                 const struct keyset_key *key)
{
    enum key_role roles[2];
    size_t count = wanted_roles(policy, roles);
    bool role = key->role == roles[0] || (count > 1 && key->role == roles[1]);
    return is_to_be_signed(set, policy) && role && !key->spent &&
           key->id.algorithm == wanted_algorithm(set, policy);
}

// When a key in use is to be replaced by age. A ZSK's successor is published early enough to sign when the time is
// over, but not before half of it is.
static int64_t old_at(const struct rollover_policy *policy, const struct keyset_key *key)
{
    bool zsk = key->role == KEY_ROLE_ZSK;
    uint32_t lifetime = zsk ? policy->zsk_lifetime : policy->ksk_lifetime;
    int64_t begun_at = zsk ? key->active_at : key->ds_seen_at;
    if (lifetime == 0 || begun_at == 0)
        return INT64_MAX;
    uint32_t lead = zsk ? policy->dnskey_ttl + policy->propagation_delay : 0;
    return begun_at + lifetime - (lead < lifetime / 2 ? lead : lifetime / 2);
}

static void tell(struct rollover_events *events, enum rollover_event_kind kind,
                 struct dnskey_id key)
{
    if (events->count < ROLLOVER_EVENTS_MAX)
        events->list[events->count++] = (struct rollover_event){kind, key};
}

static bool is_in_rollover(const struct keyset *set)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role != 0 && !set->keys[i].wanted)
            return true;
    return false;
}

static bool choose_wanted(struct keyset *set, const struct rollover_policy *policy, int64_t now,
                          struct rollover_events *events)
{
    bool changed = false, busy = is_in_rollover(set);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        if (!key->wanted)
            continue;
        if (!busy && now >= old_at(policy, key))
            key->spent = true;
        if (fits(set, policy, key))
            continue;
        key->wanted = false;
        changed = true;
        tell(events, ROLLOVER_BEGINS, key->id);
    }
    return changed;
}

// One that is on its way out may stay after all: `retire` was taken back.
static bool take_back(struct keyset *set, const struct rollover_policy *policy, enum key_role role)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        if (key->role != role || key->wanted || !fits(set, policy, key))
            continue;
        key->wanted = true;
        return true;
    }
    return false;
}

static bool has_room(const struct keyset *set)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role == 0)
            return true;
    return false;
}

static bool fill_roles(struct keyset *set, const struct rollover_policy *policy,
                       struct rollover_need *ret_need)
{
    enum key_role roles[2];
    size_t count = is_to_be_signed(set, policy) ? wanted_roles(policy, roles) : 0;
    bool changed = false;
    for (size_t r = 0; r < count; r++) {
        keyset_mask of_role = 0;
        for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
            if (set->keys[i].wanted && set->keys[i].role == roles[r])
                of_role |= keyset_bit(i);
        if (of_role != 0)
            continue;
        if (take_back(set, policy, roles[r]))
            changed = true;
        else if (has_room(set) && ret_need->role == 0)
            *ret_need = (struct rollover_need){roles[r], wanted_algorithm(set, policy)};
    }
    return changed;
}

// ── Changes ──────────────────────────────────────────────────────────────────────────────────────

struct step {
    struct keyset *set;
    const struct rollover_policy *policy;
    int64_t now;
    struct rollover_events *events;
};

static void note(struct step *step, keyset_mask before, keyset_mask after,
                 enum rollover_event_kind came, enum rollover_event_kind went)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        bool was = (before & keyset_bit(i)) != 0, is = (after & keyset_bit(i)) != 0;
        struct keyset_key *key = &step->set->keys[i];
        if (was == is)
            continue;
        tell(step->events, is ? came : went, key->id);
        if (is && came == ROLLOVER_PUBLISHED)
            key->published_at = step->now;
        if (is && came == ROLLOVER_SIGNS)
            key->active_at = step->now;
        if (came == ROLLOVER_SIGNS)
            key->retired_at = is ? 0 : step->now;
        if (came == ROLLOVER_OFFERED)
            key->offered_at = is ? step->now : 0;
    }
}

static bool try_signatures(struct step *step, keyset_mask keys)
{
    struct keyset *set = step->set;
    keyset_mask before = keyset_signers(set);
    struct keyset_version version = {.keys = keys};
    if (keys == before || !keyset_would_hold(set, KEYSET_SIGNATURES, &version) ||
        !keyset_publish(set, KEYSET_SIGNATURES, keys, 0, step->policy->largest_ttl, step->now))
        return false;
    note(step, before, keys, ROLLOVER_SIGNS, ROLLOVER_RETIRED);
    if (keys == 0)
        tell(step->events, ROLLOVER_WENT_UNSIGNED, (struct dnskey_id){0});
    return true;
}

static bool try_dnskeys(struct step *step, keyset_mask keys, keyset_mask signers)
{
    struct keyset *set = step->set;
    keyset_mask before = keyset_dnskeys(set), signed_before = keyset_key_signers(set);
    struct keyset_version version = {.keys = keys, .signers = signers};
    if ((keys == before && signers == signed_before) ||
        !keyset_would_hold(set, KEYSET_DNSKEYS, &version) ||
        !keyset_publish(set, KEYSET_DNSKEYS, keys, signers, step->policy->dnskey_ttl, step->now))
        return false;
    note(step, before, keys, ROLLOVER_PUBLISHED, ROLLOVER_REMOVED);
    // Of a CSK it is told with the other signatures.
    keyset_mask ksks = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role == KEY_ROLE_KSK)
            ksks |= keyset_bit(i);
    note(step, signed_before & ksks, signers & ksks, ROLLOVER_SIGNS, ROLLOVER_RETIRED);
    return true;
}

static bool try_ds(struct step *step, keyset_mask keys)
{
    struct keyset *set = step->set;
    keyset_mask before = set->offered;
    struct keyset_version version = {.keys = keys};
    if (keys == before || !keyset_would_hold(set, KEYSET_DS, &version) ||
        !keyset_publish(set, KEYSET_DS, keys, 0, 0, step->now))
        return false;
    note(step, before, keys, ROLLOVER_OFFERED, ROLLOVER_WITHDRAWN);
    return true;
}

// Of the keys those whose algorithm none of the others has.
static keyset_mask new_algorithms(const struct keyset *set, keyset_mask keys, keyset_mask others)
{
    keyset_mask ret = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        bool known = (keys & keyset_bit(i)) == 0;
        for (size_t k = 0; !known && k < KEYSET_KEYS_MAX; k++)
            known = (others & keyset_bit(k)) != 0 &&
                    set->keys[k].id.algorithm == set->keys[i].id.algorithm;
        if (!known)
            ret |= keyset_bit(i);
    }
    return ret;
}

// With double-ds: keys that come into the DNSKEY set only when their DS is what every cache has.
static keyset_mask waiting_for_ds(const struct step *step)
{
    const struct keyset *set = step->set;
    const struct keyset_history *ds = &set->history[KEYSET_DS];
    if (!step->policy->double_ds || !keyset_is_secure(set))
        return 0;
    keyset_mask next = wanted(set, KEY_ROLE_KSK) & ~keyset_dnskeys(set);
    next &= ~new_algorithms(set, next, keyset_key_signers(set));
    keyset_mask everywhere = next;
    for (size_t i = 0; i < ds->count; i++)
        everywhere &= ds->list[i].keys;
    return next & ~everywhere;
}

static bool try_next(struct step *step)
{
    const struct keyset *set = step->set;
    keyset_mask zone = wanted(set, KEY_ROLE_ZSK), entry = wanted(set, KEY_ROLE_KSK);
    keyset_mask signers = keyset_signers(set), dnskeys = keyset_dnskeys(set);
    if (try_signatures(step, zone) ||
        try_signatures(step, signers | new_algorithms(set, zone, signers)))
        return true;
    keyset_mask held = waiting_for_ds(step);
    if (held != 0 && try_ds(step, set->offered | held))
        return true;
    keyset_mask next = (keyset_mask)(dnskeys | ((zone | entry) & ~held));
    return try_dnskeys(step, zone | entry, entry) ||
           try_dnskeys(step, next, (keyset_mask)(keyset_key_signers(set) | (entry & next))) ||
           try_ds(step, entry);
}

static bool bury(struct keyset *set, struct rollover_events *events)
{
    bool any = false;
    keyset_mask needed = keyset_remembered(set);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        if (set->keys[i].role == 0 || set->keys[i].wanted || (needed & keyset_bit(i)) != 0)
            continue;
        tell(events, ROLLOVER_DEAD, set->keys[i].id);
        keyset_drop(set, i);
        any = true;
    }
    return any;
}

bool rollover_step(struct keyset *set, const struct rollover_policy *policy, int64_t now,
                   struct rollover_events *events, struct rollover_need *ret_need)
{
    *ret_need = (struct rollover_need){.role = 0};
    keyset_note_ttls(set, policy->dnskey_ttl, policy->largest_ttl);
    bool changed = keyset_expire(set, now);
    changed = choose_wanted(set, policy, now, events) || changed;
    changed = fill_roles(set, policy, ret_need) || changed;
    if (ret_need->role != 0)
        return changed;
    struct step step = {set, policy, now, events};
    while (try_next(&step))
        changed = true;
    return bury(set, events) || changed;
}

static bool is_in_use(const struct keyset *set, const struct keyset_key *key)
{
    return key->wanted && !is_in_rollover(set);
}

int64_t rollover_next(const struct keyset *set, const struct rollover_policy *policy)
{
    int64_t next = keyset_next(set);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        int64_t at = is_in_use(set, &set->keys[i]) ? old_at(policy, &set->keys[i]) : INT64_MAX;
        next = at < next ? at : next;
    }
    return next;
}

// ── Orders ───────────────────────────────────────────────────────────────────────────────────────

void rollover_order_roll(struct keyset *set, const struct rollover_policy *policy,
                         enum key_role roles, uint8_t algorithm, bool compromised, int64_t now)
{
    set->order = KEYSET_NO_ORDER;
    set->ordered_at = now;
    if (algorithm != 0) {
        set->algorithm = algorithm;
        set->algorithm_of_policy = policy->algorithm;
    }
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        if (key->role == 0 || (key->role & roles) == 0)
            continue;
        key->spent = true;
        key->compromised = key->compromised || compromised;
    }
}

void rollover_order_retire(struct keyset *set, enum keyset_order order, int64_t now)
{
    set->order = order;
    set->ordered_at = now;
}

enum status rollover_order_import(struct keyset *set, struct dnskey_id id, enum key_role role,
                                  int64_t now)
{
    size_t slot = keyset_find(set, id);
    bool known = slot < KEYSET_KEYS_MAX;
    if (known && (set->keys[slot].role != role || set->keys[slot].compromised))
        return STATUS_STATE;
    if (!known)
        slot = keyset_add(set, id, role, now);
    if (slot == KEYSET_KEYS_MAX)
        return STATUS_RANGE;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((set->keys[i].role & role) != 0)
            set->keys[i].spent = i != slot;
    set->keys[slot].wanted = true;
    set->order = KEYSET_NO_ORDER;
    set->ordered_at = now;
    set->algorithm = set->algorithm_of_policy = 0;
    return STATUS_OK;
}
