// SPDX-License-Identifier: ISC
#include "signer/dkim_ask.h"

#include <string.h>

#include "dns/types.h"
#include "signer/publisher.h"
#include "signer/questions.h"

// A look follows the one before after this part of the time since the key was made.
#define PATIENCE_PART 10

bool dkim_watch_sees(const struct dkim_watch *watch)
{
    return watch->looked_at != 0 && watch->ok > 0 && watch->wrong == 0 && watch->unknown == 0;
}

bool dkim_watch_misses(const struct dkim_watch *watch)
{
    return watch->looked_at != 0 && watch->wrong > 0;
}

static int64_t look_at(const struct dkim_watch *watch, uint32_t interval)
{
    int64_t pause = (watch->asked_at - watch->since) / PATIENCE_PART;
    if (watch->asked_at == 0)
        return 0;
    if (pause > DKIM_PAUSE_MAX_S)
        pause = DKIM_PAUSE_MAX_S;
    return watch->asked_at + (pause > interval ? pause : interval);
}

// ── Questions ────────────────────────────────────────────────────────────────────────────────────

static struct dkim_round *free_round(struct dkim_desk *desk)
{
    for (size_t i = 0; i < DKIM_ROUNDS_MAX; i++)
        if (desk->rounds[i].id == 0)
            return &desk->rounds[i];
    return NULL;
}

static void begin(struct publisher *publisher, struct dkim_round *round, struct zone *zone,
                  struct dkim_watch *watch, struct observe_question *ret)
{
    question_begin(publisher, OBSERVE_RECORD, zone->name, ret);
    round->id = ret->id;
    ret->type = RR_TYPE_TXT;
    question_name(watch->owner, ret->owner);
    memcpy(ret->digest, watch->digest, sizeof(ret->digest));
    memcpy(round->digest, watch->digest, sizeof(round->digest));
    round->zone = zone;
}

static size_t ask_about(struct publisher *publisher, struct zone *zone, int64_t now,
                        struct observe_question *ret, size_t max)
{
    uint32_t interval = question_interval(publisher);
    size_t count = 0;
    for (size_t i = 0; zone->dkim != NULL && i < zone->dkim->watch_count && count < max; i++) {
        struct dkim_watch *watch = &zone->dkim->watches[i];
        struct dkim_round *round = free_round(&publisher->dkim);
        // A clock that was set back does not keep anybody from looking.
        bool due = look_at(watch, interval) <= now || watch->asked_at > now;
        if (watch->asked || !due || round == NULL)
            continue;
        begin(publisher, round, zone, watch, &ret[count++]);
        round->begun_at = watch->asked_at = now;
        watch->asked = true;
    }
    return count;
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

static struct dkim_watch *watch_of(const struct dkim_round *round)
{
    struct zone_dkim *dkim = round->zone->dkim;
    for (size_t i = 0; dkim != NULL && i < dkim->watch_count; i++)
        if (memcmp(dkim->watches[i].digest, round->digest, sizeof(round->digest)) == 0)
            return &dkim->watches[i];
    return NULL; // the key is gone
}

static void finish(struct dkim_round *round, const struct observe_answer *answer, int64_t now)
{
    struct dkim_watch *watch = watch_of(round);
    round->id = 0;
    if (watch == NULL)
        return;
    bool saw = dkim_watch_sees(watch), missed = dkim_watch_misses(watch);
    watch->asked = false;
    watch->looked_at = now;
    watch->ok = answer->ok;
    watch->wrong = answer->wrong;
    watch->unknown = answer->unknown;
    if (saw != dkim_watch_sees(watch) || missed != dkim_watch_misses(watch))
        queue_touch(round->zone);
}

// Nobody answered: it is unknown.
static void give_up_old(struct dkim_desk *desk, int64_t now)
{
    static const struct observe_answer nothing = {.unknown = 1};
    for (size_t i = 0; i < DKIM_ROUNDS_MAX; i++) {
        struct dkim_round *round = &desk->rounds[i];
        if (round->id != 0 && question_is_late(round->begun_at, now))
            finish(round, &nothing, now);
    }
}

void dkim_answer(struct publisher *publisher, const struct observe_answer *answer, int64_t now)
{
    for (size_t i = 0; i < DKIM_ROUNDS_MAX && answer->id != 0; i++) {
        struct dkim_round *round = &publisher->dkim.rounds[i];
        if (round->id == answer->id && answer_makes_sense(answer, round->begun_at, now))
            finish(round, answer, now);
    }
}

size_t dkim_questions(struct publisher *publisher, int64_t now, struct observe_question *ret,
                      size_t max)
{
    struct dkim_desk *desk = &publisher->dkim;
    struct zones *zones = &publisher->zones;
    size_t count = 0;
    if (!questions_wanted(publisher))
        return 0;
    give_up_old(desk, now);
    for (size_t i = 0; i < zones->external_count; i++) {
        if (count == max || free_round(desk) == NULL)
            break;
        if (desk->cursor >= zones->external_count)
            desk->cursor = 0;
        struct zone *zone = &zones->externals[desk->cursor++];
        count += ask_about(publisher, zone, now, ret + count, max - count);
    }
    return count;
}

int64_t dkim_ask_next(const struct publisher *publisher)
{
    const struct zones *zones = &publisher->zones;
    int64_t next = INT64_MAX;
    bool any_free = false;
    if (!questions_wanted(publisher))
        return next;
    for (size_t i = 0; i < DKIM_ROUNDS_MAX; i++) {
        const struct dkim_round *round = &publisher->dkim.rounds[i];
        any_free = any_free || round->id == 0;
        if (round->id != 0 && round->begun_at + OBSERVE_PATIENCE_S < next)
            next = round->begun_at + OBSERVE_PATIENCE_S;
    }
    for (size_t i = 0; any_free && i < zones->external_count; i++) {
        const struct zone_dkim *dkim = zones->externals[i].dkim;
        for (size_t k = 0; dkim != NULL && k < dkim->watch_count; k++) {
            int64_t at = look_at(&dkim->watches[k], question_interval(publisher));
            if (!dkim->watches[k].asked && at < next)
                next = at;
        }
    }
    return next;
}

void dkim_ask_anew(struct publisher *publisher, bool soon)
{
    const struct zones *zones = &publisher->zones;
    memset(publisher->dkim.rounds, 0, sizeof(publisher->dkim.rounds));
    for (size_t i = 0; i < zones->external_count; i++) {
        struct zone_dkim *dkim = zones->externals[i].dkim;
        for (size_t k = 0; dkim != NULL && k < dkim->watch_count; k++) {
            if (soon || dkim->watches[k].asked)
                dkim->watches[k].asked_at = 0;
            dkim->watches[k].asked = false;
        }
    }
}
