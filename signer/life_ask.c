// SPDX-License-Identifier: ISC
// When zones are looked at, and what is asked of them then; what answers change is in life_answer.c.
#include "signer/life_ask.h"

#include <string.h>

#include "dns/types.h"
#include "signer/life.h"
#include "signer/life_keys.h"
#include "signer/life_notify.h"
#include "signer/life_rounds.h"
#include "signer/publisher.h"
#include "signer/questions.h"

// A look follows the one before after this part of the time since something changed.
#define PAUSE_PART 10
// Of zones that nobody has looked at since the start so many are looked at in a second: what is wrong out there is told
// again soon, and ten thousand zones do not come at once.
#define FIRST_LOOKS 10
// Looks at leisure are so many in the time that is left when signatures are renewed, where that is short.
#define LEISURE_PART 4

void life_desk_done(struct life_desk *desk)
{
    due_done(&desk->due);
}

// ── When ─────────────────────────────────────────────────────────────────────────────────────────

static enum rollover_wait waits_for(const struct zone *zone, const struct keyset *set, int64_t now)
{
    struct rollover_policy policy = life_policy(zone, 0);
    return set->begun ? rollover_waits(set, &policy, now).wait : ROLLOVER_DONE;
}

// When anything about its keys or its DS was changed last.
static int64_t changed_at(const struct keyset *set, int64_t now)
{
    int64_t last = 0;
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
        for (size_t i = 0; i < set->history[c].count; i++)
            if (set->history[c].list[i].since > last && set->history[c].list[i].since <= now)
                last = set->history[c].list[i].since;
    return last;
}

// The same for the same zone each time, so that ten thousand are spread.
static uint32_t jitter(const struct zone *zone, uint32_t within)
{
    uint64_t hash = image_key_hash(zone->key.octets, zone->key.len);
    return within > 0 ? (uint32_t)(hash % within) : 0;
}

static uint32_t leisure(const struct publisher *publisher, const struct zone *zone)
{
    uint32_t interval = question_interval(publisher);
    uint32_t short_of = zone->target->policy->signature_refresh / LEISURE_PART;
    uint32_t pause = short_of < LIFE_LEISURE_S ? short_of : LIFE_LEISURE_S;
    return pause > interval ? pause : interval;
}

// When a DS that was seen gone is over in all caches, INT64_MAX: there is none. Then it has to be seen gone once more
// (keys/keyset.h), which is nothing to wait long for.
static int64_t forgotten_at(const struct keyset *set)
{
    const struct keyset_history *ds = &set->history[KEYSET_DS];
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < ds->count; i++) {
        int64_t until = keyset_until(&ds->list[i]);
        if (until < KEYSET_OPEN && until < first)
            first = until;
    }
    return first;
}

// Seconds in which all zones get their first look.
static uint32_t first_looks(const struct publisher *publisher)
{
    size_t seconds = publisher->zones.count / FIRST_LOOKS;
    return seconds < LIFE_LEISURE_S ? (uint32_t)seconds : LIFE_LEISURE_S;
}

// The longer it waits the less often.
static int64_t pause_in_wait(const struct publisher *publisher, const struct zone *zone,
                             const struct keyset *set, int64_t now)
{
    int64_t interval = question_interval(publisher);
    int64_t longer = (zone->watch.asked_at - changed_at(set, now)) / PAUSE_PART;
    longer = longer < LIFE_PAUSE_MAX_S ? longer : LIFE_PAUSE_MAX_S;
    return longer > interval ? longer : interval;
}

// While caches are waited for nothing is expected of the world, and a DS that comes now is too early: the sooner that
// is told the less mail is lost. Ten thousand new zones wait like that at a time.
static int64_t look_in_wait_for_caches(const struct publisher *publisher, const struct zone *zone,
                                       const struct keyset *set, int64_t now)
{
    int64_t pause = pause_in_wait(publisher, zone, set, now), all = first_looks(publisher);
    return zone->watch.asked_at + (pause > all ? pause : all);
}

static int64_t look_at_leisure(const struct publisher *publisher, const struct zone *zone)
{
    uint32_t pause = leisure(publisher, zone), first = first_looks(publisher);
    return zone->watch.asked_at == 0
               ? publisher->life.looks_at + jitter(zone, first < pause ? first : pause)
               : zone->watch.asked_at + pause + jitter(zone, pause / LEISURE_PART);
}

static int64_t usual_look_at(const struct publisher *publisher, const struct zone *zone,
                             const struct keyset *set, int64_t now)
{
    enum rollover_wait wait = waits_for(zone, set, now);
    int64_t usual = look_at_leisure(publisher, zone), asked_at = zone->watch.asked_at;
    if (wait == ROLLOVER_DONE || wait == ROLLOVER_FOR_AGE)
        return usual;
    if (wait != ROLLOVER_FOR_CACHES)
        return asked_at == 0 ? now : asked_at + pause_in_wait(publisher, zone, set, now);
    int64_t sooner = look_in_wait_for_caches(publisher, zone, set, now);
    return asked_at == 0 || usual < sooner ? usual : sooner;
}

static int64_t look_at(const struct publisher *publisher, const struct zone *zone,
                       const struct keyset *set, int64_t now)
{
    int64_t usual = usual_look_at(publisher, zone, set, now), again = forgotten_at(set);
    if (again == INT64_MAX)
        return usual;
    int64_t soonest = zone->watch.asked_at + question_interval(publisher);
    again = again > soonest ? again : soonest;
    return again < usual ? again : usual;
}

static int64_t next_look(const struct publisher *publisher, const struct zone *zone, int64_t now)
{
    struct keyset set;
    if (!questions_have_eyes(publisher) || !zone->published.exists || zone->watch.asked ||
        zone->state.mode == STATE_PRESIGNED)
        return DUE_NEVER;
    life_read(&zone->state, &set);
    return look_at(publisher, zone, &set, now);
}

void life_plan_look(struct publisher *publisher, const struct zone *zone, int64_t now)
{
    due_set(&publisher->life.due, (size_t)(zone - publisher->zones.list),
            next_look(publisher, zone, now));
}

void life_ask_anew(struct publisher *publisher, int64_t now)
{
    struct life_desk *desk = &publisher->life;
    struct zones *zones = &publisher->zones;
    bool has_eyes = questions_have_eyes(publisher), lost_eyes = desk->has_eyes && !has_eyes;
    // Who asks for a look again and again does not keep those from it that are last.
    if (!desk->has_eyes || now < desk->looks_at ||
        (desk->stale && now >= desk->looks_at + first_looks(publisher)))
        desk->looks_at = now;
    memset(desk->rounds, 0, sizeof(desk->rounds));
    due_reset(&desk->due, zones->count);
    desk->stale = false;
    desk->now = now;
    desk->has_eyes = has_eyes;
    for (size_t i = 0; i < zones->count; i++) {
        struct life_watch *watch = &zones->list[i].watch;
        if (watch->asked || watch->asked_at > now)
            watch->asked_at = 0;
        watch->asked = false;
        life_plan_look(publisher, &zones->list[i], now);
        if (lost_eyes)
            queue_touch(&zones->list[i]); // what is not secure goes by time now
    }
}

void life_ask_soon(struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->zones.count; i++)
        publisher->zones.list[i].watch.asked_at = 0;
    publisher->life.stale = true;
}

void life_ask_again(struct publisher *publisher, struct zone *zone, int64_t now)
{
    struct life_watch *watch = &zone->watch;
    struct keyset set;
    life_read(&zone->state, &set);
    if (set.revision != watch->asked_revision || set.offered != watch->asked_offered)
        watch->asked_at = 0;
    life_plan_look(publisher, zone, now);
}

// ── Questions ────────────────────────────────────────────────────────────────────────────────────

static struct life_round *free_round(struct life_desk *desk)
{
    for (size_t i = 0; i < LIFE_ROUNDS_MAX; i++)
        if (desk->rounds[i].zone == NULL)
            return &desk->rounds[i];
    return NULL;
}

static struct observe_question *ask(struct publisher *publisher, struct life_round *round,
                                    enum life_part part, struct observe_question *ret)
{
    static const uint16_t kinds[] = {
        [LIFE_PART_KEYS] = OBSERVE_KEYS,
        [LIFE_PART_DS] = OBSERVE_DS,
        [LIFE_PART_CDS] = OBSERVE_RECORD,
        [LIFE_PART_NOTIFY] = OBSERVE_NOTIFY_CDS,
    };
    question_begin(publisher, kinds[part], round->zone->name, ret);
    round->asked[part] = ret->id;
    return ret;
}

static void put_used_keys(struct observe_question *question, const struct life_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->list[i].use != 0)
            question->keys[question->key_count++] = keys->list[i];
}

static void put_all_keys(struct observe_question *question, const struct life_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        question->keys[question->key_count] = keys->list[i];
        question->keys[question->key_count++].use = 0;
    }
}

// What is to be asked about CDS: do the servers have it, and then, has the parent heard of it?
static size_t ask_about_cds(struct publisher *publisher, struct life_round *round,
                            const struct keyset *set, const struct life_keys *keys,
                            struct observe_question *ret)
{
    struct zone *zone = round->zone;
    uint8_t digest[32];
    uint64_t content = life_cds_content(zone, set);
    round->content = life_cds_said(zone, set);
    if ((content == 0 && !life_ds_has_to_go(set)) || !life_cds_digest(set, keys, digest))
        return 0;
    if (life_cds_lags(zone, set)) {
        struct observe_question *question = ask(publisher, round, LIFE_PART_CDS, ret);
        question->type = RR_TYPE_CDS;
        question_name(zone->name, question->owner);
        memcpy(question->digest, digest, sizeof(digest));
        return 1;
    }
    if (content == 0 || !life_notify_is_due(zone, content, round->begun_at))
        return 0;
    ask(publisher, round, LIFE_PART_NOTIFY, ret);
    life_notify_begin(zone, content, round->begun_at);
    return 1;
}

// Returns how many questions; 0: nothing can be asked of it now.
static size_t begin(struct publisher *publisher, struct life_round *round, struct zone *zone,
                    int64_t now, struct observe_question *ret)
{
    struct keyset set;
    struct life_keys keys;
    size_t count = 0;
    life_read(&zone->state, &set);
    zone->watch.asked_at = now;
    zone->watch.asked_revision = set.revision;
    zone->watch.asked_offered = set.offered;
    if (!life_keys_read(zone, &set, &publisher->keyring, &keys))
        return 0;
    *round = (struct life_round){
        .zone = zone, .begun_at = now, .revision = set.revision, .key_count = keys.count};
    memcpy(round->ids, keys.ids, sizeof(round->ids));
    zone->watch.asked = true;
    if (set.begun)
        put_used_keys(ask(publisher, round, LIFE_PART_KEYS, &ret[count++]), &keys);
    put_all_keys(ask(publisher, round, LIFE_PART_DS, &ret[count++]), &keys);
    if (set.begun)
        count += ask_about_cds(publisher, round, &set, &keys, &ret[count]);
    return count;
}

static void give_up_old(struct publisher *publisher, int64_t now)
{
    for (size_t i = 0; i < LIFE_ROUNDS_MAX; i++) {
        struct life_round *round = &publisher->life.rounds[i];
        if (round->zone != NULL && question_is_late(round->begun_at, now))
            life_round_end(publisher, round, now);
    }
}

size_t life_questions(struct publisher *publisher, int64_t now, struct observe_question *ret,
                      size_t max)
{
    struct life_desk *desk = &publisher->life;
    size_t count = 0, item;
    if (desk->stale || desk->has_eyes != questions_have_eyes(publisher) || now < desk->now)
        life_ask_anew(publisher, now);
    desk->now = now;
    give_up_old(publisher, now);
    while (due_first(&desk->due, &item) <= now) {
        struct zone *zone = &publisher->zones.list[item];
        struct life_round *round = free_round(desk);
        if (round == NULL || count + LIFE_PARTS > max)
            break;
        count += begin(publisher, round, zone, now, ret + count);
        life_plan_look(publisher, zone, now);
        if (due_at(&desk->due, item) <= now) // whatever it is due for, others come first
            due_set(&desk->due, item, now + 1);
    }
    return count;
}

int64_t life_ask_next(const struct publisher *publisher)
{
    const struct life_desk *desk = &publisher->life;
    int64_t next = DUE_NEVER;
    bool any_free = false;
    for (size_t i = 0; i < LIFE_ROUNDS_MAX; i++) {
        const struct life_round *round = &desk->rounds[i];
        any_free = any_free || round->zone == NULL;
        if (round->zone != NULL && round->begun_at + OBSERVE_PATIENCE_S < next)
            next = round->begun_at + OBSERVE_PATIENCE_S;
    }
    int64_t first = any_free ? due_first(&desk->due, NULL) : DUE_NEVER;
    return first < next ? first : next;
}
