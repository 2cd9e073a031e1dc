// SPDX-License-Identifier: ISC
#include "keys/rollover_forecast.h"

// Keys that the plan makes have tags from here on, which no other key of the set has: what is beyond the set's
// sixteen keys is free enough.
#define NEW_TAG 1
// Looks until the end. With one each minute and TTLs of days it goes from event to event, so few are needed.
#define LOOKS_MAX 512

struct dream {
    struct keyset set;
    const struct rollover_policy *policy;
    const struct rollover_assumptions *assumptions;
    struct rollover_forecast *forecast;
    struct dnskey_id made[KEYSET_KEYS_MAX]; // by the plan
    size_t made_count;
    keyset_mask parent; // the DS that are there
    int64_t now, acted_at;
    int64_t act_at; // when the parent has what is offered, INT64_MAX: nobody has to act
};

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

// 0: it was there before.
static uint16_t number_of(const struct dream *dream, struct dnskey_id id)
{
    for (size_t i = 0; i < dream->made_count; i++)
        if (dream->made[i].tag == id.tag && dream->made[i].algorithm == id.algorithm)
            return (uint16_t)(i + 1);
    return 0;
}

static struct rollover_forecast_key key_of(const struct dream *dream, const struct keyset_key *key)
{
    uint16_t number = number_of(dream, key->id);
    return (struct rollover_forecast_key){
        .role = key->role,
        .algorithm = key->id.algorithm,
        .is_new = number != 0,
        .tag = number != 0 ? number : key->id.tag,
    };
}

static bool make_key(struct dream *dream, const struct rollover_need *need)
{
    struct dnskey_id id = {NEW_TAG, need->algorithm};
    while (keyset_find(&dream->set, id) < KEYSET_KEYS_MAX || number_of(dream, id) != 0)
        id.tag++;
    if (dream->made_count == KEYSET_KEYS_MAX ||
        keyset_add(&dream->set, id, need->role, dream->now) == KEYSET_KEYS_MAX)
        return false;
    dream->made[dream->made_count++] = id;
    return true;
}

// ── Steps ────────────────────────────────────────────────────────────────────────────────────────

static void add_event(const struct dream *dream, const struct keyset *before,
                      const struct rollover_event *event, struct rollover_forecast_step *step)
{
    if (step->event_count == ROLLOVER_FORECAST_EVENTS_MAX)
        return;
    struct rollover_forecast_event *added = &step->events[step->event_count++];
    *added = (struct rollover_forecast_event){.kind = event->kind};
    size_t slot = keyset_find(&dream->set, event->key);
    const struct keyset *set = slot < KEYSET_KEYS_MAX ? &dream->set : before; // dead: in none now
    slot = keyset_find(set, event->key);
    if (event->kind != ROLLOVER_WENT_UNSIGNED && slot < KEYSET_KEYS_MAX)
        added->key = key_of(dream, &set->keys[slot]);
}

static void take_wait(const struct dream *dream, const struct rollover_waiting *waits,
                      struct rollover_forecast_step *step)
{
    step->wait = waits->wait;
    step->until = waits->until;
    step->wait_key_count = 0;
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if ((waits->keys & keyset_bit(i)) != 0 && dream->set.keys[i].role != 0)
            step->wait_keys[step->wait_key_count++] = key_of(dream, &dream->set.keys[i]);
}

static struct rollover_forecast_step *new_step(const struct dream *dream)
{
    struct rollover_forecast *forecast = dream->forecast;
    if (forecast->count == ROLLOVER_FORECAST_STEPS_MAX)
        return NULL;
    struct rollover_forecast_step *step = &forecast->steps[forecast->count++];
    *step = (struct rollover_forecast_step){
        .at = dream->now,
        .parent_acts = forecast->parent_acts,
        .after = forecast->parent_acts > 0 ? dream->now - dream->acted_at : 0,
        .wait = ROLLOVER_FOR_SERVERS,
        .until = INT64_MAX,
    };
    return step;
}

// Of what is waited for in turn the most that people can do something about is told.
static void note_wait(struct dream *dream)
{
    static const unsigned weight[] = {
        [ROLLOVER_FOR_SERVERS] = 1, [ROLLOVER_FOR_CACHES] = 2, [ROLLOVER_FOR_DS_IN] = 4,
        [ROLLOVER_FOR_DS_OUT] = 4,  [ROLLOVER_FOR_PARENT] = 0, [ROLLOVER_FOR_AGE] = 0,
    };
    if (dream->forecast->count == 0)
        return;
    struct rollover_forecast_step *step = &dream->forecast->steps[dream->forecast->count - 1];
    struct rollover_waiting waits = rollover_waits(&dream->set, dream->policy, dream->now);
    if (weight[waits.wait] > weight[step->wait])
        take_wait(dream, &waits, step);
}

static void note_end(struct dream *dream)
{
    struct rollover_waiting waits = rollover_waits(&dream->set, dream->policy, dream->now);
    if (dream->forecast->count == 0)
        return;
    struct rollover_forecast_step *step = &dream->forecast->steps[dream->forecast->count - 1];
    if (step->at == dream->now)
        take_wait(dream, &waits, step);
}

static void add_step(struct dream *dream, const struct keyset *before,
                     const struct rollover_events *events)
{
    struct rollover_forecast_step *step = new_step(dream);
    for (size_t i = 0; step != NULL && i < events->count; i++)
        add_event(dream, before, &events->list[i], step);
    note_wait(dream);
}

// One step of the keys' life. False: it could not be made.
static bool live(struct dream *dream)
{
    struct rollover_events events = {.count = 0};
    struct rollover_need need;
    const struct keyset before = dream->set;
    do {
        rollover_step(&dream->set, dream->policy, dream->now, &events, &need);
        if (need.role != 0 && !make_key(dream, &need))
            return false;
    } while (need.role != 0);
    if (events.count > 0)
        add_step(dream, &before, &events);
    // DS of keys that are forgotten are foreign, whoever has the slot now.
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (before.keys[i].role != 0 && keyset_find(&dream->set, before.keys[i].id) != i)
            dream->parent &= (keyset_mask)~keyset_bit(i);
    return true;
}

// ── The good world ───────────────────────────────────────────────────────────────────────────────

static void look(struct dream *dream)
{
    const struct keyset_sight zone = {
        .seen_at = dream->now,
        .revision = dream->set.revision,
        .ok = 1,
        .propagation_delay = dream->policy->propagation_delay,
    };
    const struct keyset_parent_sight parent = {
        .seen_at = dream->now,
        .ok = 1,
        .ttl = dream->set.ds_ttl,
        .propagation_delay = dream->policy->parent_propagation_delay,
        .sets = {{.keys = dream->parent, .strong = dream->parent}},
        .set_count = 1,
    };
    keyset_see_zone(&dream->set, &zone, dream->now);
    keyset_see_parent(&dream->set, &parent, dream->now);
}

// The last step says what the parent has to do, also where it does that before anybody looks.
static void note_act(const struct dream *dream)
{
    const struct rollover_forecast *forecast = dream->forecast;
    struct rollover_forecast_step *step =
        forecast->count > 0 ? &dream->forecast->steps[forecast->count - 1] : new_step(dream);
    keyset_mask in = dream->set.offered & (keyset_mask)~dream->parent;
    keyset_mask out = dream->parent & (keyset_mask)~dream->set.offered;
    const struct rollover_waiting waits = {in != 0 ? ROLLOVER_FOR_DS_IN : ROLLOVER_FOR_DS_OUT,
                                           INT64_MAX, in != 0 ? in : out};
    take_wait(dream, &waits, step);
}

// Somebody sees to it that the parent gets what is offered.
static void plan_act(struct dream *dream)
{
    if (dream->parent == dream->set.offered) {
        dream->act_at = INT64_MAX;
    } else if (dream->act_at == INT64_MAX) {
        dream->act_at = dream->now + dream->assumptions->parent_delay;
        note_act(dream);
    }
}

static void act(struct dream *dream)
{
    if (dream->now < dream->act_at)
        return;
    dream->parent = dream->set.offered;
    dream->act_at = INT64_MAX;
    dream->acted_at = dream->now;
    dream->forecast->parent_acts++;
}

static bool is_over(const struct dream *dream)
{
    for (size_t i = 0; i < KEYSET_KEYS_MAX; i++)
        if (dream->set.keys[i].role != 0 && !dream->set.keys[i].wanted)
            return false;
    enum rollover_wait wait = rollover_waits(&dream->set, dream->policy, dream->now).wait;
    return wait == ROLLOVER_DONE || wait == ROLLOVER_FOR_AGE;
}

// The next look that can find something: the next one, or that behind the next time that something expires.
static int64_t next_look(const struct dream *dream)
{
    int64_t interval = dream->assumptions->check_interval;
    interval = interval > 0 ? interval : 1;
    int64_t until = dream->act_at;
    for (size_t c = 0; c < KEYSET_COMPONENTS; c++)
        for (size_t i = 0; i < dream->set.history[c].count; i++) {
            int64_t at = keyset_until(&dream->set.history[c].list[i]);
            if (at == KEYSET_OPEN || at <= dream->now)
                return dream->now + interval;
            until = at < until ? at : until;
        }
    if (until >= KEYSET_OPEN || until <= dream->now + interval)
        return dream->now + interval;
    return dream->now + (until - dream->now + interval - 1) / interval * interval;
}

// Expirations alone need no look: the step comes when they do.
static int64_t next_time(const struct dream *dream, int64_t next)
{
    int64_t expires_at = keyset_next(&dream->set);
    return expires_at > dream->now && expires_at < next ? expires_at : next;
}

static keyset_mask at_parent(const struct keyset *set)
{
    keyset_mask mask = 0;
    for (size_t i = 0; i < set->history[KEYSET_DS].count; i++) {
        const struct keyset_version *version = &set->history[KEYSET_DS].list[i];
        if (version->gone_at == KEYSET_NOW && version->seen_at != 0)
            mask |= version->keys;
    }
    return mask;
}

void rollover_forecast(const struct keyset *set, const struct rollover_policy *policy,
                       const struct rollover_assumptions *assumptions,
                       struct rollover_forecast *ret)
{
    struct dream dream = {
        .set = *set,
        .policy = policy,
        .assumptions = assumptions,
        .forecast = ret,
        .parent = at_parent(set),
        .now = assumptions->now,
        .act_at = INT64_MAX,
    };
    *ret = (struct rollover_forecast){.count = 0};
    int64_t look_at = dream.now;
    for (size_t i = 0; i < LOOKS_MAX; i++) {
        if (!live(&dream))
            return;
        if (is_over(&dream)) {
            note_end(&dream);
            ret->ends = true;
            return;
        }
        plan_act(&dream);
        if (dream.now >= look_at)
            look_at = next_look(&dream);
        dream.now = next_time(&dream, look_at);
        act(&dream);
        if (dream.now >= look_at)
            look(&dream);
        note_wait(&dream);
    }
}
