// SPDX-License-Identifier: ISC
// A keyset out of key files alone: brought along from elsewhere, or what is left when the state is lost. Their
// timing metadata says what is published and what signs, now and before: from it comes back what servers and caches
// may still have. As BIND reads them: a key is published from Publish to Delete, and signs from Activate to
// Inactive, published or not; one without any times does both.
#include "keys/keyset.h"

// A name server that does not reach its primary serves what it has until the zone expires: a week is what zones of
// ours and most others say in their SOA (RFC 1035 §3.3.13).
#define LAG 604800
// Keys that begin one after the other within so many seconds, and none before, were made for one beginning: nothing was
// signed by the first of them alone.
#define BEGINNING 60

// What is so from one time to another.
struct span {
    int64_t from, to;
};

static bool is_in(const struct span *span, int64_t at)
{
    return span->from <= at && at < span->to;
}

struct adopted_key {
    const struct dnskey *file;
    struct span published, active;
    size_t slot; // KEYSET_KEYS_MAX: not taken
};

struct adoption {
    struct adopted_key keys[KEYSET_KEYS_MAX];
    size_t count;
    bool syncs; // who wrote the files noted what was offered to the parent
    int64_t now;
    uint32_t ttl;
};

static bool is_sep(const struct dnskey *key)
{
    return (key->flags & DNSKEY_FLAGS_SEP) == DNSKEY_FLAGS_SEP;
}

// One that was made and never scheduled is kept for later (dnssec-keygen -G); tools without times schedule nothing.
static bool is_standby(const struct dnskey_times *times)
{
    return times->created != 0 && times->publish == 0 && times->activate == 0 &&
           times->sync_publish == 0;
}

static struct adopted_key read_times(const struct dnskey *file)
{
    const struct dnskey_times *times = &file->times;
    bool untimed = times->created == 0 && times->publish == 0 && times->activate == 0;
    int64_t end = times->remove != 0 ? times->remove : INT64_MAX;
    struct adopted_key key = {
        .file = file,
        .published = {times->publish != 0 || untimed ? times->publish : INT64_MAX, end},
        .active = {times->activate != 0 || untimed ? times->activate : INT64_MAX, end},
        .slot = KEYSET_KEYS_MAX,
    };
    if (times->inactive != 0 && times->inactive < end)
        key.active.to = times->inactive;
    return key;
}

// Is anything of it public, or was it so lately that somebody may have it still?
static bool is_of_use(const struct adoption *found, const struct adopted_key *key)
{
    int64_t since = found->now - LAG - (int64_t)found->ttl;
    bool is = (key->published.from <= found->now && key->published.to > since) ||
              is_in(&key->active, found->now);
    bool offered = key->file->times.sync_publish != 0 &&
                   key->file->times.sync_publish <= found->now && key->published.to > since;
    return !is_standby(&key->file->times) && (is || offered);
}

static int64_t latest_of(const struct dnskey_times *times, bool ends)
{
    const int64_t all[] = {times->created,      times->publish,     times->activate,
                           times->sync_publish, times->sync_remove, times->inactive,
                           times->remove};
    size_t count = sizeof(all) / sizeof(all[0]) - (ends ? 0 : 2);
    int64_t latest = 0;
    for (size_t i = 0; i < count; i++)
        latest = all[i] > latest ? all[i] : latest;
    return latest;
}

// Where no key is active, or one was made in the future, the clock was set back since: what the files say has
// happened.
static int64_t now_of(const struct dnskey_set *files, int64_t now)
{
    int64_t latest = now;
    bool active = false, future = false;
    for (size_t i = 0; i < files->count; i++) {
        struct adopted_key key = read_times(&files->keys[i]);
        active = active || (!is_standby(&files->keys[i].times) && is_in(&key.active, now));
        future = future || files->keys[i].times.created > now;
    }
    for (size_t i = 0; i < files->count; i++) {
        int64_t last = latest_of(&files->keys[i].times, future);
        latest = !is_standby(&files->keys[i].times) && last > latest ? last : latest;
    }
    return active && !future ? now : latest;
}

// A key is alone for both roles when no other of its algorithm has the other flag; one without SEP only when it was
// offered to the parent or the zone has no other: else its KSK is still to come, as in the rollover of an algorithm.
static enum key_role role_of(const struct dnskey_set *files, const struct dnskey *key, int64_t now)
{
    bool alone = true, kin = false;
    for (size_t i = 0; i < files->count; i++) {
        const struct dnskey *other = &files->keys[i];
        bool gone = other->times.remove != 0 && other->times.remove <= now;
        bool differs = is_sep(other) != is_sep(key) && !gone && !is_standby(&other->times);
        alone = alone && !differs;
        kin = kin || (differs && other->algorithm == key->algorithm);
    }
    if (is_sep(key))
        return kin ? KEY_ROLE_KSK : KEY_ROLE_CSK;
    return alone || key->times.sync_publish != 0 ? KEY_ROLE_CSK : KEY_ROLE_ZSK;
}

static void adopt_key(struct keyset *set, const struct dnskey_set *files, struct adoption *found,
                      struct adopted_key *key)
{
    const struct dnskey_times *times = &key->file->times;
    struct dnskey_id id = {key->file->tag, key->file->algorithm};
    key->slot = keyset_add(set, id, role_of(files, key->file, found->now),
                           times->created != 0 ? times->created : found->now);
    if (key->slot == KEYSET_KEYS_MAX)
        return;
    struct keyset_key *kept = &set->keys[key->slot];
    if (key->published.from <= found->now)
        kept->published_at = times->publish != 0 ? times->publish : kept->created_at;
    if (key->active.from <= found->now)
        kept->active_at = times->activate != 0 ? times->activate : kept->created_at;
    if (key->active.to <= found->now) {
        kept->retired_at = key->active.to;
        kept->spent = true;
    }
    found->syncs = found->syncs || times->sync_publish != 0;
}

// When a key was to begin to sign, -1: nobody has said.
static int64_t begins_at(const struct adopted_key *key)
{
    return key->active.from != INT64_MAX ? key->active.from : -1;
}

// In the middle of a rollover there are two of a role: the one that signs last is to stay. Where files say no times,
// all are: nobody knows which of them the parent's DS names.
static void choose_successors(struct keyset *set, const struct adoption *found)
{
    for (size_t i = 0; i < found->count; i++)
        for (size_t k = 0; k < found->count; k++) {
            const struct adopted_key *key = &found->keys[i], *other = &found->keys[k];
            if (key->slot < KEYSET_KEYS_MAX && other->slot < KEYSET_KEYS_MAX &&
                set->keys[other->slot].role == set->keys[key->slot].role &&
                !set->keys[other->slot].spent && other->file->algorithm == key->file->algorithm &&
                begins_at(other) > begins_at(key))
                set->keys[key->slot].spent = true;
        }
}

// ── What was so at a time ────────────────────────────────────────────────────────────────────────

static keyset_mask published_at(const struct adoption *found, int64_t at)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < found->count; i++)
        if (found->keys[i].slot < KEYSET_KEYS_MAX && is_in(&found->keys[i].published, at))
            mask |= keyset_bit(found->keys[i].slot);
    return mask;
}

// Those of a role; an inactive KSK signs on: its DS may be at the parent.
static keyset_mask of_role(const struct keyset *set, keyset_mask keys, enum key_role role)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((keys & keyset_bit(i)) != 0 && (set->keys[i].role & role) != 0)
            mask |= keyset_bit(i);
    return mask;
}

static keyset_mask of_algorithm(const struct keyset *set, keyset_mask keys, uint8_t algorithm)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((keys & keyset_bit(i)) != 0 && set->keys[i].id.algorithm == algorithm)
            mask |= keyset_bit(i);
    return mask;
}

static keyset_mask active_at(const struct keyset *set, const struct adoption *found, int64_t at)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < found->count; i++)
        if (found->keys[i].slot < KEYSET_KEYS_MAX && is_in(&found->keys[i].active, at))
            mask |= keyset_bit(found->keys[i].slot);
    return of_role(set, mask, KEY_ROLE_ZSK);
}

// The published keys of algorithms that no active one has: any of them may have signed, as the CSK that it was.
static keyset_mask unsigned_by(const struct keyset *set, keyset_mask published, keyset_mask active)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((published & keyset_bit(i)) != 0 &&
            of_algorithm(set, active, set->keys[i].id.algorithm) == 0)
            mask |= keyset_bit(i);
    return mask;
}

// ── What may be remembered ───────────────────────────────────────────────────────────────────────

static void push(struct keyset *set, enum keyset_component component, keyset_mask keys,
                 keyset_mask signers, uint32_t ttl)
{
    struct keyset_history *history = &set->history[component];
    for (size_t i = 0; i < history->count; i++)
        if (history->list[i].keys == keys && history->list[i].signers == signers)
            return;
    // Room is left for what is so now, and for what comes next.
    if (history->count + 2 < KEYSET_VERSIONS_MAX)
        history->list[history->count++] = (struct keyset_version){
            .keys = keys, .signers = signers, .ttl = ttl, .gone_at = KEYSET_OPEN};
}

// Of several of an algorithm each may be the one that signs: of CSKs one may sign the DNSKEY set only, and an
// Activate may be what was planned.
static void push_signatures(struct keyset *set, keyset_mask all, uint32_t ttl)
{
    bool sure = true;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        keyset_mask bit = keyset_bit(i);
        keyset_mask kin = of_algorithm(set, all, set->keys[i].id.algorithm) & (keyset_mask)~bit;
        if ((all & bit) == 0 || kin == 0)
            continue;
        push(set, KEYSET_SIGNATURES, all & (keyset_mask)~kin, 0, ttl);
        sure = false;
    }
    if (sure)
        push(set, KEYSET_SIGNATURES, all, 0, ttl);
}

static void push_zone_at(struct keyset *set, const struct adoption *found, int64_t at)
{
    keyset_mask published = published_at(found, at), active = active_at(set, found, at);
    push(set, KEYSET_DNSKEYS, published, of_role(set, published, KEY_ROLE_KSK), found->ttl);
    push_signatures(set, active | unsigned_by(set, published, active), found->ttl);
}

// The time of the last change before `at`, INT64_MIN: there is none.
static int64_t change_before(const struct adoption *found, int64_t at)
{
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < found->count; i++) {
        const struct adopted_key *key = &found->keys[i];
        const int64_t times[] = {key->published.from, key->published.to, key->active.from,
                                 key->active.to};
        for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++)
            if (times[t] < at && times[t] > last)
                last = times[t];
    }
    return last;
}

// Did the first key begin only just before `at`, and did nobody offer one to the parent by then?
static bool is_beginning(const struct adoption *found, int64_t at)
{
    int64_t first = INT64_MIN;
    for (size_t i = 0; i < found->count; i++) {
        int64_t offered = found->keys[i].file->times.sync_publish;
        if (offered != 0 && offered < at)
            return false;
    }
    for (int64_t before = change_before(found, at); before != INT64_MIN;
         before = change_before(found, before))
        first = before;
    return first != INT64_MIN && at - first < BEGINNING;
}

static void set_current(struct keyset *set, enum keyset_component component, keyset_mask keys,
                        keyset_mask signers, const struct adoption *found)
{
    struct keyset_history *history = &set->history[component];
    for (size_t i = 0; i < history->count; i++)
        if (history->list[i].keys == keys && history->list[i].signers == signers) {
            for (size_t k = i; k + 1 < history->count; k++)
                history->list[k] = history->list[k + 1];
            history->count--;
            break;
        }
    history->list[history->count++] = (struct keyset_version){.keys = keys,
                                                              .signers = signers,
                                                              .ttl = found->ttl,
                                                              .since = found->now,
                                                              .gone_at = KEYSET_NOW};
}

static void adopt_zone(struct keyset *set, const struct adoption *found)
{
    int64_t at = found->now + 1, since = found->now - LAG - (int64_t)found->ttl;
    push_zone_at(set, found, found->now);
    for (int64_t change = change_before(found, at); change > since;
         change = change_before(found, change))
        if (!is_beginning(found, change))
            push_zone_at(set, found, change - 1);
    keyset_mask published = published_at(found, found->now);
    keyset_mask active = active_at(set, found, found->now), before = 0;
    for (size_t i = 0; i < set->history[KEYSET_SIGNATURES].count; i++)
        before |= set->history[KEYSET_SIGNATURES].list[i].keys;
    // What is a KSK beside its ZSK may have been a CSK before.
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((of_role(set, published, KEY_ROLE_KSK) & keyset_bit(i)) != 0)
            push(set, KEYSET_SIGNATURES, keyset_bit(i), 0, found->ttl);
    set_current(set, KEYSET_DNSKEYS, published, of_role(set, published, KEY_ROLE_KSK), found);
    // All that may have signed lately sign on, whatever was planned for now; of an algorithm that goes they do so when
    // its keys are out of the DNSKEY set.
    set_current(set, KEYSET_SIGNATURES, active | before, 0, found);
}

// ── The parent ───────────────────────────────────────────────────────────────────────────────────

// What was offered: as the files say; where they say nothing, what has been in use for so long that all know it.
static bool was_offered(const struct adoption *found, const struct adopted_key *key)
{
    const struct dnskey_times *times = &key->file->times;
    bool withdrawn = times->sync_remove != 0 && times->sync_remove <= found->now;
    if (found->syncs)
        return times->sync_publish != 0 && times->sync_publish <= found->now && !withdrawn;
    return is_in(&key->active, found->now) &&
           key->published.from <= found->now - LAG - (int64_t)found->ttl;
}

// The parent may have the DS of each alone, and those that are offered, until it is seen.
static void adopt_ds(struct keyset *set, const struct adoption *found)
{
    keyset_mask entries = of_role(set, keyset_dnskeys(set), KEY_ROLE_KSK);
    for (size_t i = 0; i < found->count; i++) {
        const struct adopted_key *key = &found->keys[i];
        keyset_mask bit = key->slot < KEYSET_KEYS_MAX ? keyset_bit(key->slot) : 0;
        if (was_offered(found, key) && of_role(set, bit, KEY_ROLE_KSK) != 0) {
            set->offered |= bit;
            set->keys[key->slot].offered_at = found->now;
        }
        if ((entries & bit) != 0 && (!found->syncs || key->file->times.sync_publish != 0))
            push(set, KEYSET_DS, bit, bit, KEYSET_DS_TTL);
    }
    for (size_t i = 0; i < set->history[KEYSET_DS].count; i++) {
        set->history[KEYSET_DS].list[i].since = found->now;
        set->history[KEYSET_DS].list[i].gone_at = KEYSET_NOW;
    }
    struct adoption ds = *found;
    ds.ttl = KEYSET_DS_TTL;
    set_current(set, KEYSET_DS, set->offered, set->offered, &ds);
}

size_t keyset_adopt(struct keyset *set, const struct dnskey_set *files, uint32_t ttl, int64_t now)
{
    struct adoption found = {.now = now_of(files, now), .ttl = ttl};
    size_t count = 0;
    *set = (struct keyset){.begun = true};
    for (size_t i = 0; i < files->count && found.count < KEYSET_KEYS_MAX; i++) {
        struct adopted_key key = read_times(&files->keys[i]);
        if (is_of_use(&found, &key))
            found.keys[found.count++] = key;
    }
    for (size_t i = 0; i < found.count; i++) {
        adopt_key(set, files, &found, &found.keys[i]);
        count += found.keys[i].published.to > found.now ? 1 : 0;
    }
    choose_successors(set, &found);
    adopt_zone(set, &found);
    adopt_ds(set, &found);
    return count;
}
