// SPDX-License-Identifier: ISC
// What a zone and each of its keys wait for: read from the same history that the rule is about.
#include "keys/rollover.h"

// What stands in the way, from the worst to what time alone cures.
struct blocked {
    bool servers;        // not all name servers were seen with what is published
    bool look;           // only a look at the parent tells
    keyset_mask in, out; // DS: offered, and not at the parent; there, and not offered
    int64_t until;       // caches; 0: none
};

static void block_by_zone(const struct keyset_version *version, struct blocked *blocked)
{
    int64_t until = keyset_until(version);
    if (until >= KEYSET_OPEN)
        blocked->servers = blocked->servers || until == KEYSET_OPEN || version->seen_at == 0;
    else if (until > blocked->until)
        blocked->until = until;
}

// The offered ones that not all of the parent's servers have.
static keyset_mask not_in(const struct keyset *set)
{
    keyset_mask mask = set->offered;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (set->keys[i].ds_seen_at != 0)
            mask &= (keyset_mask)~keyset_bit(i);
    return mask;
}

static void block_by_ds(const struct keyset *set, const struct keyset_version *version, int64_t now,
                        struct blocked *blocked)
{
    int64_t until = keyset_until(version);
    if (version->gone_at != KEYSET_NOW) {
        // The time is over when a look behind it finds nothing.
        blocked->look = blocked->look || until <= now;
        if (until > now && until > blocked->until)
            blocked->until = until;
        return;
    }
    blocked->in |= not_in(set);
    if (version->keys == set->offered)
        return;
    // It is out, and nothing is sure before all name servers ask for it no more.
    bool is_out = set->ds_known && version->seen_at != set->ds_looked_at;
    if (version->seen_at != 0 && is_out)
        blocked->servers = true;
    else if (version->seen_at != 0)
        blocked->out |= version->keys & ~set->offered;
    else
        blocked->look = true;
}

static struct rollover_waiting waiting(const struct keyset *set, const struct blocked *blocked)
{
    if (blocked->servers)
        return (struct rollover_waiting){ROLLOVER_FOR_SERVERS, INT64_MAX, 0};
    if ((blocked->in != 0 || blocked->out != 0) && !set->ds_known)
        return (struct rollover_waiting){ROLLOVER_FOR_PARENT, INT64_MAX,
                                         blocked->in | blocked->out};
    if (blocked->in != 0)
        return (struct rollover_waiting){ROLLOVER_FOR_DS_IN, INT64_MAX, blocked->in};
    if (blocked->out != 0)
        return (struct rollover_waiting){ROLLOVER_FOR_DS_OUT, INT64_MAX, blocked->out};
    if (blocked->until != 0)
        return (struct rollover_waiting){ROLLOVER_FOR_CACHES, blocked->until, 0};
    if (blocked->look)
        return (struct rollover_waiting){ROLLOVER_FOR_PARENT, INT64_MAX, blocked->out};
    return (struct rollover_waiting){ROLLOVER_DONE, INT64_MAX, 0};
}

struct rollover_waiting rollover_waits(const struct keyset *set,
                                       const struct rollover_policy *policy, int64_t now)
{
    struct blocked blocked = {.servers = false};
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++) {
        const struct keyset_history *history = &set->history[c];
        for (size_t i = 0; i < history->count; i++)
            block_by_zone(&history->list[i], &blocked);
    }
    const struct keyset_history *ds = &set->history[KEYSET_DS];
    // A parent that never had any DS has none to take out.
    for (size_t i = 0; i < ds->count; i++)
        if (ds->list[i].keys != 0)
            block_by_ds(set, &ds->list[i], now, &blocked);
    struct rollover_waiting ret = waiting(set, &blocked);
    int64_t next = rollover_next(set, policy);
    if (ret.wait == ROLLOVER_DONE && next != INT64_MAX && next > now)
        ret = (struct rollover_waiting){ROLLOVER_FOR_AGE, next, 0};
    return ret;
}

struct key_view {
    const struct keyset *set;
    keyset_mask bit;
    bool is_to_be; // in use; else out of it
    int64_t now;
};

// The versions that a key's next state waits for: those that do not have it where it is to be, or that have it
// where it is not to be any more. Returns whether what is published or offered now has got there.
static bool block_by_history(const struct key_view *view, enum keyset_component component,
                             struct blocked *blocked)
{
    const struct keyset_history *history = &view->set->history[component];
    for (size_t i = 0; i < history->count; i++) {
        const struct keyset_version *version = &history->list[i];
        bool has = ((version->keys | version->signers) & view->bit) != 0;
        if (has == view->is_to_be && (component == KEYSET_DS || version->gone_at != KEYSET_NOW))
            continue;
        if (component != KEYSET_DS)
            block_by_zone(version, blocked);
        else if (!view->is_to_be || version->keys != 0)
            block_by_ds(view->set, version, view->now, blocked);
    }
    keyset_mask now = component == KEYSET_DNSKEYS      ? keyset_dnskeys(view->set)
                      : component == KEYSET_SIGNATURES ? keyset_signers(view->set)
                                                       : view->set->offered;
    return ((now & view->bit) != 0) == view->is_to_be;
}

struct rollover_waiting rollover_key_waits(const struct keyset *set,
                                           const struct rollover_policy *policy, size_t slot,
                                           int64_t now)
{
    const struct keyset_key *key = &set->keys[slot];
    struct key_view view = {set, keyset_bit(slot), key->wanted, now};
    struct blocked blocked = {.servers = false};
    bool there = block_by_history(&view, KEYSET_DNSKEYS, &blocked);
    if ((key->role & KEY_ROLE_ZSK) != 0)
        there = block_by_history(&view, KEYSET_SIGNATURES, &blocked) && there;
    if ((key->role & KEY_ROLE_KSK) != 0 && !(key->wanted && key->ds_seen_at != 0))
        there = block_by_history(&view, KEYSET_DS, &blocked) && there;
    if (key->wanted)
        blocked.in |= not_in(set) & view.bit;
    struct rollover_waiting ret = waiting(set, &blocked);
    if (ret.wait != ROLLOVER_DONE)
        return ret;
    // It waits for the others, which have to let it in or go on without it.
    if (!there)
        return rollover_waits(set, policy, now);
    int64_t next = key->wanted ? rollover_key_next(set, policy, slot) : INT64_MAX;
    if (next != INT64_MAX && next > now)
        ret = (struct rollover_waiting){ROLLOVER_FOR_AGE, next, view.bit};
    return ret;
}

// ── States ───────────────────────────────────────────────────────────────────────────────────────

static bool is_everywhere(const struct keyset_history *history, keyset_mask bit)
{
    for (size_t i = 0; i < history->count; i++)
        if ((history->list[i].keys & bit) == 0)
            return false;
    return true;
}

enum rollover_state rollover_key_state(const struct keyset *set, size_t slot)
{
    const struct keyset_key *key = &set->keys[slot];
    keyset_mask bit = keyset_bit(slot);
    bool in = (keyset_dnskeys(set) & bit) != 0;
    bool entry = (key->role & KEY_ROLE_KSK) != 0;
    bool in_use = entry ? key->ds_seen_at != 0 && (keyset_key_signers(set) & bit) != 0
                        : (keyset_signers(set) & bit) != 0;
    bool signs = (keyset_signers(set) & bit) != 0;
    if (!in && !key->wanted && key->published_at != 0)
        return ROLLOVER_KEY_DEAD;
    if (!in && !signs)
        return key->offered_at != 0 ? ROLLOVER_KEY_PUBLISHED : ROLLOVER_KEY_GENERATED;
    if (!key->wanted && !in_use)
        return ROLLOVER_KEY_RETIRED;
    if (in_use)
        return ROLLOVER_KEY_ACTIVE;
    return is_everywhere(&set->history[KEYSET_DNSKEYS], bit) ? ROLLOVER_KEY_READY
                                                             : ROLLOVER_KEY_PUBLISHED;
}

const char *rollover_state_name(enum rollover_state state)
{
    static const char *const names[] = {
        [ROLLOVER_KEY_GENERATED] = "generated", [ROLLOVER_KEY_PUBLISHED] = "published",
        [ROLLOVER_KEY_READY] = "ready",         [ROLLOVER_KEY_ACTIVE] = "active",
        [ROLLOVER_KEY_RETIRED] = "retired",     [ROLLOVER_KEY_DEAD] = "dead",
    };
    return names[state];
}
