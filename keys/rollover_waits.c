// SPDX-License-Identifier: ISC
// What a zone and each of its keys wait for: read from the same history that the rule is about.
#include "keys/rollover.h"

// What stands in the way, from the worst to what time alone cures.
struct blocked {
    bool servers;     // not all name servers were seen with what is published
    bool ds_in;       // offered, and not at the parent
    bool ds_out;      // at the parent, and not offered
    int64_t until;    // caches; 0: none
    keyset_mask keys; // the DS concerned
};

static void block_by_zone(const struct keyset_version *version, struct blocked *blocked)
{
    int64_t until = keyset_until(version);
    if (until >= KEYSET_OPEN)
        blocked->servers = true;
    else if (until > blocked->until)
        blocked->until = until;
}

static void block_by_ds(const struct keyset *set, const struct keyset_version *version,
                        struct blocked *blocked)
{
    if (version->gone_at == KEYSET_NOW) {
        bool offered = version->keys == set->offered;
        blocked->ds_in = blocked->ds_in || offered;
        blocked->ds_out = blocked->ds_out || !offered;
        blocked->keys |= offered ? version->keys : (version->keys & ~set->offered);
    } else if (keyset_until(version) > blocked->until) {
        blocked->until = keyset_until(version);
    }
}

static struct rollover_waiting waiting(const struct keyset *set, const struct blocked *blocked)
{
    if (blocked->servers)
        return (struct rollover_waiting){ROLLOVER_FOR_SERVERS, INT64_MAX, 0};
    if (blocked->ds_in || blocked->ds_out) {
        enum rollover_wait wait = !set->ds_known      ? ROLLOVER_FOR_PARENT
                                  : set->offered != 0 ? ROLLOVER_FOR_DS_IN
                                                      : ROLLOVER_FOR_DS_OUT;
        return (struct rollover_waiting){wait, INT64_MAX, blocked->keys};
    }
    if (blocked->until != 0)
        return (struct rollover_waiting){ROLLOVER_FOR_CACHES, blocked->until, 0};
    return (struct rollover_waiting){ROLLOVER_DONE, INT64_MAX, 0};
}

static bool is_settled(const struct keyset *set, enum keyset_component component)
{
    const struct keyset_history *history = &set->history[component];
    return history->count > 0 && history->list[history->count - 1].seen_at != 0;
}

struct rollover_waiting rollover_waits(const struct keyset *set,
                                       const struct rollover_policy *policy, int64_t now)
{
    struct blocked blocked = {.servers = false};
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++) {
        const struct keyset_history *history = &set->history[c];
        blocked.servers = blocked.servers || !is_settled(set, (enum keyset_component)c);
        for (size_t i = 0; i + 1 < history->count; i++)
            block_by_zone(&history->list[i], &blocked);
    }
    const struct keyset_history *ds = &set->history[KEYSET_DS];
    for (size_t i = 0; i < ds->count; i++) {
        const struct keyset_version *version = &ds->list[i];
        bool in = version->gone_at == KEYSET_NOW && version->keys == set->offered &&
                  (version->keys == 0 || keyset_ds_is_in(set));
        // A parent that never had any DS has none to take out.
        if (!in && version->keys != 0)
            block_by_ds(set, version, &blocked);
    }
    struct rollover_waiting ret = waiting(set, &blocked);
    int64_t next = rollover_next(set, policy);
    if (ret.wait == ROLLOVER_DONE && next != INT64_MAX && next > now)
        ret = (struct rollover_waiting){ROLLOVER_FOR_AGE, next, 0};
    return ret;
}

// The versions that a key's next state waits for: those that do not have it where it is to be, or that have it where it
// is not to be any more.
static void block_by_history(const struct keyset *set, enum keyset_component component,
                             keyset_mask bit, bool is_to_be, struct blocked *blocked)
{
    const struct keyset_history *history = &set->history[component];
    for (size_t i = 0; i < history->count; i++) {
        const struct keyset_version *version = &history->list[i];
        bool has = ((version->keys | version->signers) & bit) != 0;
        if (has == is_to_be || (component == KEYSET_DS && is_to_be && version->keys == 0 &&
                                version->gone_at != KEYSET_NOW))
            continue;
        if (component == KEYSET_DS)
            block_by_ds(set, version, blocked);
        else
            block_by_zone(version, blocked);
    }
}

struct rollover_waiting rollover_key_waits(const struct keyset *set,
                                           const struct rollover_policy *policy, size_t slot,
                                           int64_t now)
{
    const struct keyset_key *key = &set->keys[slot];
    keyset_mask bit = keyset_bit(slot);
    struct blocked blocked = {.servers = false};
    block_by_history(set, KEYSET_DNSKEYS, bit, key->wanted, &blocked);
    if ((key->role & KEY_ROLE_ZSK) != 0)
        block_by_history(set, KEYSET_SIGNATURES, bit, key->wanted, &blocked);
    bool entry = (key->role & KEY_ROLE_KSK) != 0;
    if (entry && (!key->wanted || key->offered_at != 0) && !(key->wanted && key->ds_seen_at != 0))
        block_by_history(set, KEYSET_DS, bit, key->wanted, &blocked);
    struct rollover_waiting ret = waiting(set, &blocked);
    if (ret.wait == ROLLOVER_DONE && key->wanted) {
        int64_t next = rollover_next(set, policy);
        if (next != INT64_MAX && next > now)
            ret = (struct rollover_waiting){ROLLOVER_FOR_AGE, next, bit};
    }
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
    if (key->published_at == 0 && !in && (keyset_signers(set) & bit) == 0)
        return key->offered_at != 0 ? ROLLOVER_KEY_PUBLISHED : ROLLOVER_KEY_GENERATED;
    if (!in && key->published_at != 0)
        return ROLLOVER_KEY_DEAD;
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
