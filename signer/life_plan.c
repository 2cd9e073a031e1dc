// SPDX-License-Identifier: ISC
#include "signer/life_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/control.h"
#include "keys/rollover_forecast.h"
#include "signer/life.h"
#include "signer/life_words.h"
#include "signer/publisher.h"

// ── Words ────────────────────────────────────────────────────────────────────────────────────────

static const char *role_word(enum key_role role)
{
    return role == KEY_ROLE_KSK ? "KSK" : role == KEY_ROLE_ZSK ? "ZSK" : "key";
}

static bool is_same_key(const struct rollover_forecast_key *a,
                        const struct rollover_forecast_key *b)
{
    return a->role == b->role && a->algorithm == b->algorithm && a->is_new == b->is_new &&
           a->tag == b->tag;
}

static void put_key(const struct rollover_forecast_key *key, struct buf *ret)
{
    if (key->is_new)
        buf_printf(ret, "the new %s", role_word(key->role));
    else
        buf_printf(ret, "%s %u", role_word(key->role), key->tag);
}

static const char *const does[] = {
    [ROLLOVER_BEGINS] = "is on its way out",
    [ROLLOVER_PUBLISHED] = "is published",
    [ROLLOVER_SIGNS] = "signs",
    [ROLLOVER_OFFERED] = "has its DS offered to the parent",
    [ROLLOVER_WITHDRAWN] = "has its DS offered no more",
    [ROLLOVER_RETIRED] = "signs no more",
    [ROLLOVER_REMOVED] = "is published no more",
    [ROLLOVER_DEAD] = "is needed no more",
    [ROLLOVER_WENT_UNSIGNED] = "the zone is unsigned",
};

// Said already of that key, or said by what else happens to it?
static bool is_worth_a_word(const struct rollover_forecast_step *step, size_t index)
{
    const struct rollover_forecast_event *event = &step->events[index];
    for (size_t i = 0; i < step->event_count; i++) {
        const struct rollover_forecast_event *other = &step->events[i];
        if (i == index || !is_same_key(&other->key, &event->key))
            continue;
        if (event->kind == ROLLOVER_BEGINS || (i < index && other->kind == event->kind))
            return false;
    }
    return true;
}

// "the new key is published, signs and has its DS offered to the parent"
static void put_key_events(const struct rollover_forecast_step *step, size_t first,
                           bool told[ROLLOVER_FORECAST_EVENTS_MAX], struct buf *ret)
{
    const char *verbs[ROLLOVER_FORECAST_EVENTS_MAX];
    size_t count = 0;
    for (size_t i = first; i < step->event_count; i++) {
        if (!is_same_key(&step->events[i].key, &step->events[first].key))
            continue;
        told[i] = true;
        if (is_worth_a_word(step, i))
            verbs[count++] = does[step->events[i].kind];
    }
    buf_put_text(ret, ret->len > 0 ? "; " : "");
    if (step->events[first].key.role != 0) {
        put_key(&step->events[first].key, ret);
        buf_put_text(ret, " ");
    }
    for (size_t i = 0; i < count; i++)
        buf_printf(ret, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", verbs[i]);
}

static void put_events(const struct rollover_forecast_step *step, struct buf *ret)
{
    bool told[ROLLOVER_FORECAST_EVENTS_MAX] = {false};
    for (size_t i = 0; i < step->event_count; i++)
        if (!told[i])
            put_key_events(step, i, told, ret);
}

static void put_ds(const struct rollover_forecast_step *step, struct buf *ret)
{
    buf_put_text(ret, "the DS of ");
    for (size_t i = 0; i < step->wait_key_count; i++) {
        buf_put_text(ret, i > 0 ? " and " : "");
        put_key(&step->wait_keys[i], ret);
    }
    if (step->wait_key_count == 0)
        buf_put_text(ret, "the zone");
}

// The DS that are to be taken out in the same turn.
static void put_replaced(const struct rollover_forecast_step *step, struct buf *ret)
{
    const char *before = ", in the place of that of ";
    for (size_t i = 0; i < step->event_count; i++) {
        if (step->events[i].kind != ROLLOVER_WITHDRAWN)
            continue;
        buf_put_text(ret, before);
        put_key(&step->events[i].key, ret);
        before = " and ";
    }
}

// here: the zone above, when the box itself has its DS put there; else NULL.
static void put_change(const struct rollover_forecast_step *step, const char *here, struct buf *ret)
{
    bool in = step->wait == ROLLOVER_FOR_DS_IN;
    if (here != NULL)
        buf_put_text(ret, in ? "this box enters " : "this box takes ");
    put_ds(step, ret);
    if (here != NULL)
        buf_printf(ret, in ? " in %s" : " out of %s", here);
    else
        buf_put_text(ret, in ? " has to be entered at the parent"
                             : " has to be taken out at the parent");
    if (in)
        put_replaced(step, ret);
}

static void put_waits(const struct rollover_forecast_step *step, const char *here, struct buf *ret)
{
    switch (step->wait) {
    case ROLLOVER_DONE:
    case ROLLOVER_FOR_AGE:
        return;
    case ROLLOVER_FOR_SERVERS:
        buf_put_text(ret, "all name servers have to be seen with that");
        return;
    case ROLLOVER_FOR_CACHES:
        buf_put_text(ret, "what resolvers have kept has to run out");
        return;
    case ROLLOVER_FOR_DS_IN:
    case ROLLOVER_FOR_DS_OUT:
        put_change(step, here, ret);
        return;
    case ROLLOVER_FOR_PARENT:
        buf_put_text(ret, "all servers of the parent have to be seen");
        return;
    }
}

// ── The plan ─────────────────────────────────────────────────────────────────────────────────────

static json_t *step_of(const struct rollover_forecast_step *step, const char *here)
{
    struct buf happens = {0}, waits = {0};
    json_t *object = json_object();
    bool timed = step->wait == ROLLOVER_FOR_CACHES && step->parent_acts == 0;
    put_events(step, &happens);
    put_waits(step, here, &waits);
    control_set(object, "at", control_time(step->parent_acts == 0 ? step->at : 0));
    control_set(object, "acts", json_integer(step->parent_acts));
    control_set(object, "after", json_integer(step->after));
    control_set(object, "step", json_string_nocheck(buf_text(&happens)));
    control_set(object, "wait", control_text(life_wait_name(step->wait)));
    control_set(object, "waits", control_text(waits.len > 0 ? buf_text(&waits) : NULL));
    control_set(object, "until", control_time(timed ? step->until : 0));
    buf_done(&happens);
    buf_done(&waits);
    return object;
}

// The zone's records stay what they are: their largest TTL is the one that the signatures were published with last.
static uint32_t largest_ttl(const struct keyset *set)
{
    const struct keyset_history *history = &set->history[KEYSET_SIGNATURES];
    return history->count > 0 ? history->list[history->count - 1].ttl : 0;
}

json_t *life_plan(const struct publisher *publisher, const struct zone *zone,
                  const struct keyset *set, int64_t now)
{
    struct rollover_policy policy = life_policy(zone, largest_ttl(set));
    struct rollover_assumptions assumptions = {
        .now = now,
        .check_interval = publisher->zones.inputs->config->probe.interval,
        .parent_delay = 0, // the earliest
    };
    struct rollover_forecast *forecast = xmalloc(sizeof(*forecast));
    rollover_forecast(set, &policy, &assumptions, forecast);
    json_t *list = json_array();
    for (size_t i = 0; i < forecast->count; i++)
        json_array_append_new(list, step_of(&forecast->steps[i], life_parent_here(zone)));
    if (!forecast->ends)
        json_array_append_new(list,
                              json_pack("{s:n,s:i,s:i,s:s,s:s}", "at", "acts", 0, "after", 0,
                                        "step", "and so on", "waits", "more than is looked ahead"));
    free(forecast);
    return list;
}
