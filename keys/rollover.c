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

static size_t free_slots(const struct keyset *set)
{
    size_t count = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        count += set->keys[i].role == 0 ? 1 : 0;
    return count;
}

// Nothing begins that could not go on: a successor needs a slot.
static bool can_begin(const struct keyset *set, const struct rollover_policy *policy)
{
    enum key_role roles[2];
    return !is_to_be_signed(set, policy) || free_slots(set) >= wanted_roles(policy, roles);
}

// Is a key of this role on its way out? Then none is replaced by age: one thing at a time.
static bool is_in_rollover(const struct keyset *set, enum key_role role)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role == role && !set->keys[i].wanted)
            return true;
    return false;
}

// Is another key wanted for its role?
static bool has_other(const struct keyset *set, const struct rollover_policy *policy, size_t slot)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (i != slot && set->keys[i].wanted && set->keys[i].role == set->keys[slot].role &&
            fits(set, policy, &set->keys[i]))
            return true;
    return false;
}

static bool choose_wanted(struct keyset *set, const struct rollover_policy *policy, int64_t now,
                          struct rollover_events *events)
{
    bool changed = false, room = can_begin(set, policy);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        struct keyset_key *key = &set->keys[i];
        // Of keys that were brought along several may be wanted: one of them does not have to wait for room.
        if (!key->wanted || (!room && !has_other(set, policy, i)))
            continue;
        if (now >= old_at(policy, key) && !is_in_rollover(set, key->role))
            key->spent = true;
        if (fits(set, policy, key))
            continue;
        key->wanted = false;
        changed = true;
        tell(events, ROLLOVER_BEGINS, key->id);
    }
    return changed;
}

// How far a key is on its way into use: the one that the DS names is the best to stay.
static unsigned progress(const struct keyset *set, size_t slot)
{
    const struct keyset_key *key = &set->keys[slot];
    keyset_mask bit = keyset_bit(slot);
    return (key->ds_seen_at != 0 ? 4U : 0U) + ((set->offered & bit) != 0 ? 2U : 0U) +
           ((keyset_dnskeys(set) & bit) != 0 ? 1U : 0U);
}

// One that is on its way out may stay after all: `retire` was taken back.
static bool take_back(struct keyset *set, const struct rollover_policy *policy, enum key_role role)
{
    size_t best = KEYSET_KEYS_MAX;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        const struct keyset_key *key = &set->keys[i];
        if (key->role == role && !key->wanted && fits(set, policy, key) &&
            (best == KEYSET_KEYS_MAX || progress(set, i) > progress(set, best)))
            best = i;
    }
    if (best < KEYSET_KEYS_MAX)
        set->keys[best].wanted = true;
    return best < KEYSET_KEYS_MAX;
}

// Sees that there is a wanted key for each role. *ret_complete: there is; else one is needed, or there is no slot
// for it.
static bool fill_roles(struct keyset *set, const struct rollover_policy *policy,
                       struct rollover_need *ret_need, bool *ret_complete)
{
    enum key_role roles[2];
    size_t count = is_to_be_signed(set, policy) ? wanted_roles(policy, roles) : 0;
    bool changed = false;
    *ret_complete = true;
    for (size_t r = 0; r < count; r++) {
        bool has = false;
        for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
            has = has || (set->keys[i].wanted && set->keys[i].role == roles[r]);
        if (has)
            continue;
        if (take_back(set, policy, roles[r])) {
            changed = true;
            continue;
        }
        *ret_complete = false;
        if (free_slots(set) > 0 && ret_need->role == 0)
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

static bool try_signatures(struct step *step, keyset_mask keys)
{
    struct keyset *set = step->set;
    struct keyset_version version = {.keys = keys};
    return keys != keyset_signers(set) && keyset_would_hold(set, KEYSET_SIGNATURES, &version) &&
           keyset_publish(set, KEYSET_SIGNATURES, keys, 0, step->policy->largest_ttl, step->now);
}

static bool try_dnskeys(struct step *step, keyset_mask keys, keyset_mask signers)
{
    struct keyset *set = step->set;
    struct keyset_version version = {.keys = keys, .signers = signers};
    return (keys != keyset_dnskeys(set) || signers != keyset_key_signers(set)) &&
           keyset_would_hold(set, KEYSET_DNSKEYS, &version) &&
           keyset_publish(set, KEYSET_DNSKEYS, keys, signers, step->policy->dnskey_ttl, step->now);
}

static bool try_ds(struct step *step, keyset_mask keys)
{
    struct keyset *set = step->set;
    struct keyset_version version = {.keys = keys, .signers = keys};
    return keys != set->offered && keyset_would_hold(set, KEYSET_DS, &version) &&
           keyset_publish(set, KEYSET_DS, keys, 0, 0, step->now);
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
        if (ds->list[i].keys != 0)
            everywhere &= ds->list[i].keys;
    return next & ~everywhere;
}

// All keys of that one's algorithm.
static keyset_mask kin_of(const struct keyset *set, size_t slot)
{
    keyset_mask kin = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].role != 0 && set->keys[i].id.algorithm == set->keys[slot].id.algorithm)
            kin |= keyset_bit(i);
    return kin;
}

// An order in the middle of a rollover leaves keys that nobody needs. Leaves out of the version those that may go
// and can, an algorithm as a whole before single keys, since half of one holds with nothing.
static bool leave_out(const struct step *step, enum keyset_component component, keyset_mask may_go,
                      struct keyset_version *version)
{
    bool any = false;
    for (size_t i = 0; i < 2 * KEYSET_KEYS_MAX; i++) {
        size_t slot = i % KEYSET_KEYS_MAX;
        keyset_mask going = i < KEYSET_KEYS_MAX ? kin_of(step->set, slot) : keyset_bit(slot);
        going &= may_go & version->keys;
        struct keyset_version fewer = {.keys = version->keys & ~going,
                                       .signers = version->signers & ~going};
        if ((may_go & version->keys & keyset_bit(slot)) == 0 ||
            !keyset_would_hold(step->set, component, &fewer))
            continue;
        *version = fewer;
        any = true;
    }
    return any;
}

static bool next_signatures(struct step *step)
{
    const struct keyset *set = step->set;
    keyset_mask zone = wanted(set, KEY_ROLE_ZSK), signers = keyset_signers(set);
    keyset_mask others = signers;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((zone & keyset_bit(i)) != 0)
            others &= (keyset_mask)~kin_of(set, i);
    keyset_mask more = signers | new_algorithms(set, zone, signers);
    struct keyset_version fewer = {.keys = more};
    return try_signatures(step, zone) || try_signatures(step, zone | others) ||
           (leave_out(step, KEYSET_SIGNATURES, ~zone, &fewer) &&
            try_signatures(step, fewer.keys)) ||
           try_signatures(step, more);
}

static bool next_dnskeys(struct step *step, keyset_mask held)
{
    const struct keyset *set = step->set;
    keyset_mask zone = wanted(set, KEY_ROLE_ZSK), entry = wanted(set, KEY_ROLE_KSK);
    struct keyset_version more = {.keys = keyset_dnskeys(set) | ((zone | entry) & ~held)};
    more.signers = keyset_key_signers(set) | (entry & more.keys);
    struct keyset_version fewer = more;
    return try_dnskeys(step, zone | entry, entry) ||
           (leave_out(step, KEYSET_DNSKEYS, ~(zone | entry), &fewer) &&
            try_dnskeys(step, fewer.keys, fewer.signers)) ||
           try_dnskeys(step, more.keys, more.signers);
}

static bool try_next(struct step *step)
{
    const struct keyset *set = step->set;
    keyset_mask entry = wanted(set, KEY_ROLE_KSK);
    if (next_signatures(step))
        return true;
    // Beside what the parent may have now. Where that does not hold, of double DS nothing comes: double signature
    // then.
    keyset_mask held = waiting_for_ds(step);
    keyset_mask beside = (keyset_remembered_ds(set) & keyset_dnskeys(set)) | held;
    if (held != 0 && try_ds(step, beside))
        return true;
    if ((held & ~set->offered) != 0)
        held = 0;
    return next_dnskeys(step, held) || try_ds(step, entry);
}

// ── What happened ────────────────────────────────────────────────────────────────────────────────

// A CSK signs for as long as it signs anything.
static keyset_mask all_signers(const struct keyset *set)
{
    return keyset_signers(set) | keyset_key_signers(set);
}

static void remember(struct keyset_key *key, enum rollover_event_kind kind, int64_t now)
{
    if (kind == ROLLOVER_PUBLISHED)
        key->published_at = now;
    if (kind == ROLLOVER_SIGNS) {
        key->active_at = now;
        key->retired_at = 0;
    }
    if (kind == ROLLOVER_RETIRED)
        key->retired_at = now;
    if (kind == ROLLOVER_OFFERED)
        key->offered_at = now;
    if (kind == ROLLOVER_WITHDRAWN)
        key->offered_at = 0;
}

static void note(struct step *step, keyset_mask keys, enum rollover_event_kind kind)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        if ((keys & keyset_bit(i)) == 0)
            continue;
        tell(step->events, kind, step->set->keys[i].id);
        remember(&step->set->keys[i], kind, step->now);
    }
}

// Makes all changes that are safe, and tells what has come and gone with all of them.
static bool make_changes(struct step *step)
{
    struct keyset *set = step->set;
    keyset_mask dnskeys = keyset_dnskeys(set), signers = all_signers(set), offered = set->offered;
    bool was_signing = keyset_signers(set) != 0, changed = false;
    while (try_next(step))
        changed = true;
    note(step, keyset_dnskeys(set) & ~dnskeys, ROLLOVER_PUBLISHED);
    note(step, all_signers(set) & ~signers, ROLLOVER_SIGNS);
    note(step, set->offered & ~offered, ROLLOVER_OFFERED);
    note(step, offered & ~set->offered, ROLLOVER_WITHDRAWN);
    note(step, signers & ~all_signers(set), ROLLOVER_RETIRED);
    note(step, dnskeys & ~keyset_dnskeys(set), ROLLOVER_REMOVED);
    if (was_signing && keyset_signers(set) == 0)
        tell(step->events, ROLLOVER_WENT_UNSIGNED, (struct dnskey_id){0});
    return changed;
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
    struct step step = {set, policy, now, events};
    bool complete;
    *ret_need = (struct rollover_need){.role = 0};
    if (set->algorithm_of_policy != policy->algorithm)
        set->algorithm = 0;
    keyset_note_ttls(set, policy->dnskey_ttl, policy->largest_ttl);
    bool changed = keyset_expire(set, now);
    if (!can_begin(set, policy))
        changed = keyset_disown(set) || changed;
    changed = bury(set, events) || changed;
    changed = choose_wanted(set, policy, now, events) || changed;
    changed = fill_roles(set, policy, ret_need, &complete) || changed;
    // Without its key a role would count as not wanted: the zone would go unsigned.
    if (complete)
        changed = make_changes(&step) || changed;
    return bury(set, events) || changed;
}

int64_t rollover_key_next(const struct keyset *set, const struct rollover_policy *policy,
                          size_t slot)
{
    const struct keyset_key *key = &set->keys[slot];
    if (!key->wanted || is_in_rollover(set, key->role) || !can_begin(set, policy))
        return INT64_MAX;
    return old_at(policy, key);
}

int64_t rollover_next(const struct keyset *set, const struct rollover_policy *policy)
{
    int64_t next = keyset_next(set);
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        int64_t at = rollover_key_next(set, policy, i);
        next = at < next ? at : next;
    }
    return next;
}
