// SPDX-License-Identifier: ISC
#include "keys/tls_plan.h"

#include <string.h>

static const char *const state_names[] = {
    [TLS_NEXT] = "next",       [TLS_SAFE] = "safe",       [TLS_CURRENT] = "current",
    [TLS_LEAVING] = "leaving", [TLS_DROPPED] = "dropped",
};

const char *tls_state_name(enum tls_state state)
{
    return state_names[state];
}

bool tls_state_read(const char *text, enum tls_state *ret)
{
    for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
        if (strcmp(state_names[i], text) == 0) {
            *ret = (enum tls_state)i;
            return true;
        }
    }
    return false;
}

// ── Digests and keys ─────────────────────────────────────────────────────────────────────────────

static bool same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, TLS_DIGEST_LEN) == 0;
}

bool tls_digests_have(const struct tls_digests *digests, const uint8_t digest[TLS_DIGEST_LEN])
{
    for (size_t i = 0; i < digests->count; i++)
        if (same(digests->list[i], digest))
            return true;
    return false;
}

bool tls_digests_add(struct tls_digests *digests, const uint8_t digest[TLS_DIGEST_LEN])
{
    if (tls_digests_have(digests, digest))
        return true;
    if (digests->count == TLS_KEYS_MAX)
        return false;
    memcpy(digests->list[digests->count++], digest, TLS_DIGEST_LEN);
    return true;
}

static struct tls_key *find(struct tls_plan *plan, const uint8_t *digest)
{
    for (size_t i = 0; i < plan->count; i++)
        if (same(plan->keys[i].digest, digest))
            return &plan->keys[i];
    return NULL;
}

const struct tls_key *tls_plan_find(const struct tls_plan *plan,
                                    const uint8_t digest[TLS_DIGEST_LEN])
{
    for (size_t i = 0; i < plan->count; i++)
        if (same(plan->keys[i].digest, digest))
            return &plan->keys[i];
    return NULL;
}

static bool has_state(const struct tls_plan *plan, enum tls_state first, enum tls_state last)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->keys[i].state >= first && plan->keys[i].state <= last)
            return true;
    return false;
}

bool tls_plan_knows_servers(const struct tls_plan *plan)
{
    return has_state(plan, TLS_CURRENT, TLS_LEAVING);
}

// One step: what it works on and what it knows.
struct step {
    struct tls_plan *plan;
    const struct tls_facts *facts;
    int64_t now;
    struct tls_events *events;
    bool changed;
    bool first; // there is no record yet, so nobody can have kept another one
};

static void tell(struct tls_events *events, enum tls_event_kind kind, const uint8_t *digest)
{
    if (events->count == TLS_EVENTS_MAX)
        return;
    struct tls_event *event = &events->list[events->count++];
    event->kind = kind;
    memcpy(event->digest, digest, TLS_DIGEST_LEN);
}

// A look at one thing says nothing of the other, and one of before the change nothing of after it.
static void enter(struct step *step, struct tls_key *key, enum tls_state state)
{
    key->state = state;
    key->since = step->now;
    key->looked_at = key->absent_at = 0;
    key->ok = key->wrong = key->unknown = 0;
    key->told = false;
    if (state != TLS_CURRENT)
        key->surprise = false;
    step->changed = true;
}

static enum tls_state announced_state(const struct step *step, const struct tls_key *key)
{
    return key->safe_at != 0 && step->now >= key->safe_at ? TLS_SAFE : TLS_NEXT;
}

// ── Room ─────────────────────────────────────────────────────────────────────────────────────────

static void remove_key(struct step *step, struct tls_key *key)
{
    struct tls_plan *plan = step->plan;
    size_t index = (size_t)(key - plan->keys);
    memmove(key, key + 1, (plan->count - index - 1) * sizeof(*key));
    memset(&plan->keys[--plan->count], 0, sizeof(*key));
    step->changed = true;
}

static struct tls_key *oldest(struct tls_plan *plan, enum tls_state first, enum tls_state last)
{
    struct tls_key *found = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        struct tls_key *key = &plan->keys[i];
        if (key->state >= first && key->state <= last &&
            (found == NULL || key->since < found->since))
            found = key;
    }
    return found;
}

static size_t count_dropped(const struct tls_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += plan->keys[i].state == TLS_DROPPED;
    return count;
}

static void drop(struct step *step, struct tls_key *key, enum tls_event_kind kind)
{
    uint8_t digest[TLS_DIGEST_LEN];
    memcpy(digest, key->digest, TLS_DIGEST_LEN);
    if (count_dropped(step->plan) == TLS_DROPPED_MAX)
        remove_key(step, oldest(step->plan, TLS_DROPPED, TLS_DROPPED));
    key = find(step->plan, digest); // it may have moved
    enter(step, key, TLS_DROPPED);
    key->seen_at = key->safe_at = 0;
    tell(step->events, kind, digest);
}

// A key of a certificate needs a place more than one that left, and more than one to come.
static bool make_room(struct step *step, bool for_certificate)
{
    if (step->plan->count - count_dropped(step->plan) < TLS_KEYS_MAX)
        return true;
    struct tls_key *victim = oldest(step->plan, TLS_LEAVING, TLS_LEAVING);
    if (victim == NULL && for_certificate)
        victim = oldest(step->plan, TLS_NEXT, TLS_SAFE);
    if (victim == NULL)
        return false;
    drop(step, victim, TLS_CROWDED_OUT);
    return true;
}

// The key with this digest, put in when it is new or comes back from being dropped; NULL: no room.
static struct tls_key *take(struct step *step, const uint8_t *digest, enum tls_state state)
{
    struct tls_plan *plan = step->plan;
    if (!make_room(step, state == TLS_CURRENT)) {
        if (!plan->crowded)
            tell(step->events, TLS_NOT_TAKEN, digest);
        plan->crowded = true;
        return NULL;
    }
    struct tls_key *key = find(plan, digest);
    if (key == NULL) {
        key = &plan->keys[plan->count++];
        memset(key, 0, sizeof(*key));
        memcpy(key->digest, digest, TLS_DIGEST_LEN);
    }
    key->added_at = step->now;
    enter(step, key, state);
    return key;
}

// ── The step ─────────────────────────────────────────────────────────────────────────────────────

// What the zone has is from before the plan was lost. Only then: serve/ can be spoilt by others, state/ cannot.
static void adopt(struct step *step)
{
    const struct tls_facts *facts = step->facts;
    const struct tls_digests *known =
        facts->published.count > 0 ? &facts->published : &facts->certificates;
    if (step->plan->begun)
        return;
    for (size_t i = 0; i < known->count; i++) {
        bool current = tls_digests_have(&facts->certificates, known->list[i]);
        bool next = tls_digests_have(&facts->next, known->list[i]);
        (void)take(step, known->list[i], current ? TLS_CURRENT : next ? TLS_NEXT : TLS_LEAVING);
    }
}

static void follow_ttl(struct step *step)
{
    struct tls_plan *plan = step->plan;
    uint32_t ttl = step->facts->ttl;
    int64_t longest = step->now + 2 * (int64_t)plan->ttl;
    uint32_t old_ttl = plan->ttl;
    int64_t old_until = plan->ttl_until;
    if (ttl >= plan->ttl || (plan->ttl_until != 0 && step->now >= plan->ttl_until)) {
        plan->ttl = ttl;
        plan->ttl_until = 0;
    } else if (plan->ttl_until == 0 || plan->ttl_until > longest) {
        plan->ttl_until = longest;
    }
    if (plan->ttl != old_ttl || plan->ttl_until != old_until)
        step->changed = true;
}

// The clock was set back: what lies ahead of it cannot have been.
static void clamp_times(struct step *step)
{
    for (size_t i = 0; i < step->plan->count; i++) {
        struct tls_key *key = &step->plan->keys[i];
        int64_t now = step->now;
        if (key->since <= now && key->added_at <= now && key->seen_at <= now &&
            key->absent_at <= now && key->looked_at <= now)
            continue;
        key->since = key->since > now ? now : key->since;
        key->added_at = key->added_at > now ? now : key->added_at;
        key->absent_at = key->absent_at > now ? now : key->absent_at;
        key->looked_at = key->looked_at > now ? 0 : key->looked_at;
        if (key->seen_at > now) {
            key->seen_at = now;
            key->safe_at = now + 2 * (int64_t)step->plan->ttl;
        }
        if (key->state == TLS_SAFE && key->safe_at > now) {
            enter(step, key, TLS_NEXT);
            tell(step->events, TLS_NOT_SAFE, key->digest);
        }
        step->changed = true;
    }
}

// Is it in what validators may have kept?
static bool is_known(const struct step *step, const struct tls_key *key)
{
    return announced_state(step, key) == TLS_SAFE ||
           (key->state == TLS_LEAVING && step->now - key->added_at >= 2 * (int64_t)step->plan->ttl);
}

static void use(struct step *step, const uint8_t *digest)
{
    struct tls_key *key = find(step->plan, digest);
    enum tls_event_kind kind;
    if (key == NULL || (key->state == TLS_DROPPED && !key->forgotten)) {
        key = take(step, digest, TLS_CURRENT);
        kind = step->first ? TLS_DEPLOYED : TLS_UNANNOUNCED;
    } else if (key->state == TLS_CURRENT || key->state == TLS_DROPPED) {
        return;
    } else {
        kind = step->first || is_known(step, key) ? TLS_DEPLOYED : TLS_TOO_EARLY;
        enter(step, key, TLS_CURRENT);
    }
    if (key == NULL)
        return;
    key->surprise = kind != TLS_DEPLOYED;
    tell(step->events, kind, digest);
}

static void announce(struct step *step, const uint8_t *digest)
{
    struct tls_key *key = find(step->plan, digest);
    if (key == NULL || (key->state == TLS_DROPPED && !key->forgotten))
        key = take(step, digest, TLS_NEXT);
    else if (key->state == TLS_LEAVING)
        enter(step, key, announced_state(step, key));
    else
        return;
    if (key != NULL)
        tell(step->events, TLS_ANNOUNCED, digest);
}

static void let_go(struct step *step, struct tls_key *key)
{
    const struct tls_facts *facts = step->facts;
    bool has_certificate = tls_digests_have(&facts->certificates, key->digest);
    bool is_next = tls_digests_have(&facts->next, key->digest);
    if (key->state == TLS_CURRENT && !has_certificate && facts->certificates_known) {
        enter(step, key, is_next ? announced_state(step, key) : TLS_LEAVING);
        tell(step->events, TLS_LEAVES, key->digest);
    } else if ((key->state == TLS_NEXT || key->state == TLS_SAFE) && !is_next &&
               facts->next_known) {
        // A server may have it all the same: files are moved one after the other.
        enter(step, key, TLS_LEAVING);
        tell(step->events, TLS_LEAVES, key->digest);
    }
}

static bool is_absent(const struct tls_key *key)
{
    return key->ok == 0 && key->unknown == 0 && key->wrong > 0;
}

static void let_time_work(struct step *step, struct tls_key *key)
{
    int64_t wait = 2 * (int64_t)step->plan->ttl;
    if (key->state == TLS_NEXT && key->safe_at != 0 && step->now >= key->safe_at) {
        enter(step, key, TLS_SAFE);
        tell(step->events, TLS_IS_SAFE, key->digest);
    } else if (key->state == TLS_LEAVING && key->absent_at != 0 && is_absent(key) &&
               key->looked_at - key->absent_at >= wait &&
               has_state(step->plan, TLS_CURRENT, TLS_CURRENT)) {
        drop(step, key, TLS_GONE);
    } else if (key->surprise && step->now - key->since >= wait) {
        key->surprise = false; // validators have caught up
        step->changed = true;
    }
}

// A dropped key is remembered while something names it, so that it is not taken for a new one.
static void forget_dropped(struct step *step)
{
    const struct tls_facts *facts = step->facts;
    for (size_t i = step->plan->count; i > 0; i--) {
        struct tls_key *key = &step->plan->keys[i - 1];
        bool named = tls_digests_have(&facts->published, key->digest) ||
                     tls_digests_have(&facts->certificates, key->digest) ||
                     tls_digests_have(&facts->next, key->digest);
        if (key->state == TLS_DROPPED && !named && facts->certificates_known && facts->next_known)
            remove_key(step, key);
    }
}

bool tls_plan_step(struct tls_plan *plan, const struct tls_facts *facts, int64_t now,
                   struct tls_events *events)
{
    struct step step = {.plan = plan, .facts = facts, .now = now, .events = events};
    bool crowded = plan->crowded;
    plan->crowded = crowded && plan->count - count_dropped(plan) >= TLS_KEYS_MAX;
    clamp_times(&step);
    follow_ttl(&step);
    adopt(&step);
    step.first = facts->published.count == 0 && !tls_plan_knows_servers(plan);
    for (size_t i = 0; i < facts->certificates.count; i++)
        use(&step, facts->certificates.list[i]);
    for (size_t i = 0; i < facts->next.count; i++)
        announce(&step, facts->next.list[i]);
    for (size_t i = 0; i < plan->count; i++)
        let_go(&step, &plan->keys[i]);
    for (size_t i = plan->count; i > 0; i--) // a dropped one may make another move up
        let_time_work(&step, &plan->keys[i - 1]);
    forget_dropped(&step);
    step.changed = step.changed || !plan->begun || plan->crowded != crowded;
    plan->begun = true;
    return step.changed;
}

int64_t tls_plan_next(const struct tls_plan *plan, int64_t now)
{
    int64_t next = plan->ttl_until != 0 ? plan->ttl_until : INT64_MAX;
    for (size_t i = 0; i < plan->count; i++) {
        const struct tls_key *key = &plan->keys[i];
        int64_t at = INT64_MAX;
        if (key->state == TLS_NEXT && key->safe_at != 0)
            at = key->safe_at;
        else if (key->surprise)
            at = key->since + 2 * (int64_t)plan->ttl;
        next = at < next ? at : next;
    }
    return next < now ? now : next;
}

// ── What was seen ────────────────────────────────────────────────────────────────────────────────

bool tls_plan_wants(const struct tls_key *key, enum tls_look *ret)
{
    *ret = key->state == TLS_NEXT || key->state == TLS_SAFE ? TLS_LOOK_RECORD : TLS_LOOK_SERVERS;
    return key->state != TLS_DROPPED;
}

// A key that goes is looked for often in its first day: who connects to a mail server each minute for ever fills its
// log.
int64_t tls_plan_look_at(const struct tls_key *key, uint32_t interval, int64_t now)
{
    if (key->looked_at == 0 || key->looked_at > now)
        return now;
    bool waits =
        key->state == TLS_NEXT || (key->state == TLS_LEAVING && now - key->since < 24 * 3600);
    return key->looked_at + (waits || interval > TLS_LEISURE_S ? interval : TLS_LEISURE_S);
}

static bool see_record(struct tls_plan *plan, struct tls_key *key, const struct tls_sight *sight,
                       struct step *step)
{
    int64_t ttl = sight->ttl > plan->ttl ? sight->ttl : plan->ttl;
    if (sight->wrong > 0) {
        bool was_seen = key->seen_at != 0;
        key->seen_at = key->safe_at = 0;
        if (key->state == TLS_SAFE) {
            key->state = TLS_NEXT;
            key->since = step->now;
            tell(step->events, TLS_NOT_SAFE, key->digest);
        }
        return was_seen;
    }
    if (sight->ok == 0 || sight->unknown > 0)
        return false;
    bool first = key->seen_at == 0;
    if (first)
        key->seen_at = key->looked_at;
    bool later = key->state == TLS_NEXT && key->seen_at + 2 * ttl > key->safe_at;
    if (later)
        key->safe_at = key->seen_at + 2 * ttl;
    return first || later;
}

static bool any_leaving_is_seen(const struct tls_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->keys[i].state == TLS_LEAVING && plan->keys[i].ok > 0)
            return true;
    return false;
}

static bool see_servers(const struct tls_plan *plan, struct tls_key *key, struct step *step)
{
    int64_t before = key->absent_at;
    if (key->ok > 0) {
        key->absent_at = 0;
        key->told = false;
    } else if (is_absent(key) && key->absent_at == 0) {
        key->absent_at = key->looked_at;
    }
    if (key->state == TLS_CURRENT && is_absent(key) && !key->told &&
        key->looked_at - key->absent_at >= TLS_RELOAD_S) {
        key->told = true;
        tell(step->events, any_leaving_is_seen(plan) ? TLS_NOT_RELOADED : TLS_STRANGE_KEY,
             key->digest);
    }
    return key->absent_at != before;
}

bool tls_plan_see(struct tls_plan *plan, const struct tls_sight *sight, int64_t now,
                  struct tls_events *events)
{
    struct step step = {.plan = plan, .now = now, .events = events};
    struct tls_key *key = find(plan, sight->digest);
    enum tls_look look;
    int64_t seen_at = sight->seen_at > now ? now : sight->seen_at;
    if (key == NULL || !tls_plan_wants(key, &look) || look != sight->look ||
        seen_at < key->looked_at || seen_at < key->since)
        return false;
    key->looked_at = seen_at;
    key->ok = sight->ok;
    key->wrong = sight->wrong;
    key->unknown = sight->unknown;
    return look == TLS_LOOK_RECORD ? see_record(plan, key, sight, &step)
                                   : see_servers(plan, key, &step);
}

// ── The admin's order ────────────────────────────────────────────────────────────────────────────

enum status tls_plan_forget(struct tls_plan *plan, const uint8_t digest[TLS_DIGEST_LEN], bool force,
                            int64_t now, struct error *err)
{
    struct tls_key *key = find(plan, digest);
    struct tls_events events = {.count = 0};
    struct step step = {.plan = plan, .now = now, .events = &events};
    if (key == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no TLSA record names this key");
    if (key->state == TLS_DROPPED && key->forgotten)
        return error_set(err, STATUS_STATE, "this key is dropped already");
    if (key->state == TLS_CURRENT && !force)
        return error_set(err, STATUS_STATE,
                         "a certificate in force has this key: without its record, senders that "
                         "validate refuse the mail server. Deploy another key first, or --force");
    drop(&step, key, TLS_GONE);
    key = find(plan, digest);
    key->forgotten = true;
    return STATUS_OK;
}
