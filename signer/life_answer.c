// SPDX-License-Identifier: ISC
// What answers about a zone's keys change.
#include <string.h>

#include "signer/life.h"
#include "signer/life_alarm.h"
#include "signer/life_notify.h"
#include "signer/life_rounds.h"
#include "signer/publisher.h"
#include "signer/questions.h"

void life_round_end(struct publisher *publisher, struct life_round *round, int64_t now)
{
    struct zone *zone = round->zone;
    *round = (struct life_round){.zone = NULL};
    zone->watch.asked = false;
    life_plan_look(publisher, zone, now);
}

// What was seen is remembered with the next write; news leads to one.
static void take_keyset(struct zone *zone, const struct keyset *set, bool is_news)
{
    life_put(set, &zone->state);
    if (!is_news)
        return;
    zone->keyset_unsaved = true;
    queue_touch(zone);
}

static void note_sight(struct life_sight *sight, const struct observe_answer *answer)
{
    *sight = (struct life_sight){.looked_at = answer->seen_at,
                                 .ok = answer->ok,
                                 .wrong = answer->wrong,
                                 .unknown = answer->unknown};
    memcpy(sight->first_wrong, answer->first_wrong, sizeof(sight->first_wrong));
    memcpy(sight->first_unknown, answer->first_unknown, sizeof(sight->first_unknown));
}

// ── The name servers ─────────────────────────────────────────────────────────────────────────────

static bool see_zone(struct zone *zone, const struct life_round *round,
                     const struct observe_answer *answer, int64_t now)
{
    struct life_watch *watch = &zone->watch;
    struct keyset set;
    life_read(&zone->state, &set);
    if (!set.begun || set.revision != round->revision)
        return false;
    note_sight(&watch->served, answer);
    watch->expires_at = answer->expires_at;
    memcpy(watch->expiring, answer->first_expiring, sizeof(watch->expiring));
    if (answer->wrong == 0)
        watch->wrong_since = 0;
    else if (watch->wrong_since == 0 || watch->wrong_since > now)
        watch->wrong_since = now;
    struct keyset_sight sight = {
        .seen_at = answer->seen_at,
        .revision = round->revision,
        .ok = answer->ok,
        .wrong = answer->wrong,
        .unknown = answer->unknown,
        .propagation_delay = life_policy(zone, 0).propagation_delay,
    };
    bool is_news = keyset_see_zone(&set, &sight, now);
    take_keyset(zone, &set, is_news);
    life_judge(zone, &set, now);
    return true;
}

// ── The parent ───────────────────────────────────────────────────────────────────────────────────

// Are the keys the same, in the same slots' order, that the question was about?
static bool same_keys(const struct keyset *set, const struct life_round *round)
{
    size_t count = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++) {
        const struct keyset_key *key = &set->keys[i];
        if (key->role == 0)
            continue;
        if (count == round->key_count || key->id.tag != round->ids[count].tag ||
            key->id.algorithm != round->ids[count].algorithm)
            return false;
        count++;
    }
    return count == round->key_count;
}

static keyset_mask slots_of(const struct keyset *set, const struct life_round *round,
                            uint16_t indexes)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < round->key_count; i++)
        if (((unsigned)indexes >> i & 1U) != 0)
            mask |= keyset_bit(keyset_find(set, round->ids[i]));
    return mask;
}

// Sets that differ in foreign ones only are one to the keyset.
static void add_set(struct keyset_parent_sight *sight, keyset_mask keys, keyset_mask strong,
                    uint16_t foreign)
{
    size_t i = 0;
    while (i < sight->set_count && (sight->sets[i].keys != keys || sight->sets[i].strong != strong))
        i++;
    if (i == sight->set_count) {
        sight->sets[sight->set_count].keys = keys;
        sight->sets[sight->set_count].strong = strong;
        sight->sets[sight->set_count++].foreign = 0;
    }
    if (foreign > sight->sets[i].foreign)
        sight->sets[i].foreign = foreign;
}

// A set of DS with none that the zone can be validated with has it refused by whoever gets it; one in which none of
// the strongest digest type is, or an algorithm has none, by those who ask for that.
static void judge_set(struct life_watch *watch, keyset_mask keys, keyset_mask strong,
                      const struct observe_set *set)
{
    bool counts = (set->traits & OBSERVE_DS_COUNTS) != 0;
    bool lacks = (set->traits & OBSERVE_DS_LACKS) != 0;
    watch->ds_bogus = watch->ds_bogus || (counts && keys == 0);
    watch->ds_strict = watch->ds_strict || (counts && (strong == 0 || lacks));
    if (set->foreign > watch->foreign)
        watch->foreign = set->foreign;
}

_Static_assert(OBSERVE_SETS_MAX <= KEYSET_VERSIONS_MAX,
               "a sight has room for all sets of an answer");

static bool see_parent(struct zone *zone, const struct life_round *round,
                       const struct observe_answer *answer, int64_t now)
{
    struct keyset set;
    life_read(&zone->state, &set);
    if (answer->set_count > OBSERVE_SETS_MAX) // nonsense
        return true;
    if (!same_keys(&set, round))
        return false;
    struct keyset_parent_sight sight = {
        .seen_at = answer->seen_at,
        .ok = answer->ok,
        .wrong = answer->wrong,
        .unknown = answer->unknown,
        .ttl = answer->ttl,
        .propagation_delay = life_policy(zone, 0).parent_propagation_delay,
        .cds_lags = life_cds_lags(zone, &set),
    };
    keyset_mask fit = set.begun ? keyset_dnskeys(&set) & keyset_key_signers(&set) : 0;
    zone->watch.foreign = 0;
    zone->watch.ds_bogus = zone->watch.ds_strict = false;
    for (size_t i = 0; i < answer->set_count; i++) {
        keyset_mask keys = slots_of(&set, round, answer->sets[i].keys);
        keyset_mask strong = slots_of(&set, round, answer->sets[i].strong);
        add_set(&sight, keys, strong, answer->sets[i].foreign);
        judge_set(&zone->watch, keys & fit, strong & fit, &answer->sets[i]);
    }
    note_sight(&zone->watch.parent, answer);
    if (answer->ns_ttl != 0)
        zone->watch.ns_ttl = answer->ns_ttl;
    bool is_news = keyset_see_parent(&set, &sight, now);
    if (set.begun)
        take_keyset(zone, &set, is_news);
    life_judge(zone, &set, now);
    return true;
}

// ── CDS ──────────────────────────────────────────────────────────────────────────────────────────

static bool see_cds(struct zone *zone, const struct life_round *round,
                    const struct observe_answer *answer)
{
    bool everywhere = answer->ok > 0 && answer->wrong == 0 && answer->unknown == 0;
    if (!everywhere)
        return true;
    zone->watch.cds_seen = round->content;
    return false; // look again: now the parent may be told
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

// False: it was about what is not so any more, or leads to more questions.
static bool take(struct life_round *round, enum life_part part, const struct observe_answer *answer,
                 int64_t now)
{
    struct zone *zone = round->zone;
    switch (part) {
    case LIFE_PART_KEYS:
        return !zone->in_batch && see_zone(zone, round, answer, now);
    case LIFE_PART_DS:
        return !zone->in_batch && see_parent(zone, round, answer, now);
    case LIFE_PART_CDS:
        return see_cds(zone, round, answer);
    case LIFE_PART_NOTIFY:
        life_notify_tell(zone, answer);
        break;
    case LIFE_PARTS:
        break;
    }
    return true;
}

static bool makes_sense(enum life_part part, const struct observe_answer *answer, int64_t asked_at,
                        int64_t now)
{
    // Without a parent, or a target there, nobody is counted.
    bool may_be_nobody = part == LIFE_PART_DS || part == LIFE_PART_NOTIFY;
    return may_be_nobody ? answer_is_ours(answer, asked_at, now)
                         : answer_makes_sense(answer, asked_at, now);
}

static void answer_part(struct publisher *publisher, struct life_round *round, enum life_part part,
                        const struct observe_answer *answer, int64_t now)
{
    bool left = false;
    round->asked[part] = 0;
    if (!take(round, part, answer, now))
        round->again = true;
    for (size_t i = 0; i < LIFE_PARTS; i++)
        left = left || round->asked[i] != 0;
    if (left)
        return;
    if (round->again)
        round->zone->watch.asked_at = 0;
    life_round_end(publisher, round, now);
}

void life_answer(struct publisher *publisher, const struct observe_answer *answer, int64_t now)
{
    for (size_t i = 0; i < LIFE_ROUNDS_MAX && answer->id != 0; i++) {
        struct life_round *round = &publisher->life.rounds[i];
        for (size_t part = 0; round->zone != NULL && part < LIFE_PARTS; part++) {
            if (round->asked[part] != answer->id ||
                !makes_sense((enum life_part)part, answer, round->begun_at, now))
                continue;
            answer_part(publisher, round, (enum life_part)part, answer, now);
            return;
        }
    }
}
