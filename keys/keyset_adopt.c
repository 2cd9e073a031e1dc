// SPDX-License-Identifier: ISC
// A keyset out of key files alone: brought along from elsewhere, or what is left when the state is lost. Their timing
// metadata says what is published and what signs; what caches may have is taken to be the worst that it allows.
#include "keys/keyset.h"

static bool has_ended(int64_t end, int64_t now)
{
    return end != 0 && now >= end;
}

// One that was made and never scheduled is kept for later (dnssec-keygen -G); tools without times schedule nothing.
static bool is_standby(const struct dnskey *key)
{
    return key->times.created != 0 && key->times.publish == 0 && key->times.activate == 0;
}

// Published beforehand, and nobody has said when it is to sign (dnssec-keygen -P now -A none).
static bool is_unscheduled(const struct dnskey *key)
{
    return key->times.created != 0 && key->times.activate == 0;
}

static bool is_active(const struct dnskey *key, int64_t now)
{
    return !is_unscheduled(key) && key->times.publish <= now && key->times.activate <= now &&
           !has_ended(key->times.inactive, now) && !has_ended(key->times.remove, now);
}

// Where no key is active, the clock was set back behind the making of the keys: they are good all the same.
static int64_t starts_before(const struct dnskey_set *files, int64_t now)
{
    for (size_t i = 0; i < files->count; i++)
        if (is_active(&files->keys[i], now))
            return now;
    return INT64_MAX;
}

static bool is_sep(const struct dnskey *key)
{
    return (key->flags & DNSKEY_FLAGS_SEP) == DNSKEY_FLAGS_SEP;
}

// A key is alone for both roles when no other of its algorithm has the other flag.
static enum key_role role_of(const struct dnskey_set *files, const struct dnskey *key, int64_t now)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct dnskey *other = &files->keys[i];
        if (other->algorithm == key->algorithm && is_sep(other) != is_sep(key) &&
            !has_ended(other->times.remove, now))
            return is_sep(key) ? KEY_ROLE_KSK : KEY_ROLE_ZSK;
    }
    return KEY_ROLE_CSK;
}

struct adoption {
    keyset_mask published, active, inactive, young;
    keyset_mask entry, zone; // by role
    int64_t begins_at[KEYSET_KEYS_MAX];
};

static void adopt_key(struct keyset *set, const struct dnskey_set *files, const struct dnskey *key,
                      uint32_t ttl, int64_t now, struct adoption *ret)
{
    int64_t start = starts_before(files, now);
    if (has_ended(key->times.remove, now) || is_standby(key) || key->times.publish > start)
        return;
    enum key_role role = role_of(files, key, now);
    struct dnskey_id id = {key->tag, key->algorithm};
    size_t slot = keyset_add(set, id, role, key->times.created != 0 ? key->times.created : now);
    if (slot == KEYSET_KEYS_MAX)
        return;
    keyset_mask bit = keyset_bit(slot);
    struct keyset_key *kept = &set->keys[slot];
    kept->published_at = key->times.publish != 0 ? key->times.publish : kept->created_at;
    ret->published |= bit;
    ret->entry |= (role & KEY_ROLE_KSK) != 0 ? bit : 0;
    ret->zone |= (role & KEY_ROLE_ZSK) != 0 ? bit : 0;
    ret->begins_at[slot] = is_unscheduled(key) ? -1 : key->times.activate;
    if (!is_unscheduled(key) && key->times.activate <= start &&
        !has_ended(key->times.inactive, now)) {
        kept->active_at = key->times.activate != 0 ? key->times.activate : kept->created_at;
        ret->active |= bit;
    }
    if (has_ended(key->times.inactive, now)) {
        kept->retired_at = key->times.inactive;
        kept->spent = true;
        ret->inactive |= bit;
    }
    if (key->times.publish > now - (int64_t)ttl)
        ret->young |= bit;
}

// In the middle of a rollover there are two of a role: the one that signs last is to stay. Where files say no times,
// all are: nobody knows which of them the parent's DS names.
static void choose_successors(struct keyset *set, const struct adoption *found)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        for (size_t k = 0; set->keys[i].role != 0 && k < KEYSET_KEYS_MAX; k++)
            if (set->keys[k].role == set->keys[i].role && !set->keys[k].spent &&
                set->keys[k].id.algorithm == set->keys[i].id.algorithm &&
                found->begins_at[k] > found->begins_at[i])
                set->keys[i].spent = true;
}

static void push(struct keyset *set, enum keyset_component component, keyset_mask keys,
                 keyset_mask signers, uint32_t ttl, int64_t now)
{
    struct keyset_history *history = &set->history[component];
    if (history->count < KEYSET_VERSIONS_MAX)
        history->list[history->count++] = (struct keyset_version){
            .keys = keys, .signers = signers, .ttl = ttl, .since = now, .gone_at = KEYSET_OPEN};
}

static void push_zone(struct keyset *set, const struct adoption *found, uint32_t ttl, int64_t now)
{
    keyset_mask old = found->published & ~found->young;
    keyset_mask signers = found->active & found->entry;
    if (old != found->published)
        push(set, KEYSET_DNSKEYS, old, signers & old, ttl, now);
    push(set, KEYSET_DNSKEYS, found->published, signers, ttl, now);
    if ((found->inactive & found->zone) != 0)
        push(set, KEYSET_SIGNATURES, found->inactive & found->zone, 0, ttl, now);
    push(set, KEYSET_SIGNATURES, found->active & found->zone, 0, ttl, now);
}

size_t keyset_adopt(struct keyset *set, const struct dnskey_set *files, uint32_t ttl, int64_t now)
{
    struct adoption found = {0};
    size_t count = 0;
    *set = (struct keyset){.begun = true};
    for (size_t i = 0; i < files->count; i++)
        adopt_key(set, files, &files->keys[i], ttl, now, &found);
    choose_successors(set, &found);
    push_zone(set, &found, ttl, now);
    // The parent may have a DS of any of them.
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        keyset_mask bit = keyset_bit(i);
        count += set->keys[i].role != 0 ? 1 : 0;
        if ((found.active & found.entry & bit) != 0) {
            push(set, KEYSET_DS, bit, 0, KEYSET_DS_TTL, now);
            set->keys[i].offered_at = now;
        }
    }
    set->offered = found.active & found.entry;
    push(set, KEYSET_DS, set->offered, 0, KEYSET_DS_TTL, now);
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
        set->history[c].list[set->history[c].count - 1].gone_at = KEYSET_NOW;
    for (size_t i = 0; i < set->history[KEYSET_DS].count; i++)
        set->history[KEYSET_DS].list[i].gone_at = KEYSET_NOW;
    return count;
}
