// SPDX-License-Identifier: ISC
#include "signer/life_alarm.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "signer/life_words.h"

static const struct {
    enum life_alarm alarm;
    enum log_level level;
    const char *event, *over;
    const char *reason;
} kinds[] = {
    {LIFE_RUNS_OUT, LOG_LEVEL_ERROR, "served-signatures-run-out", "served-signatures-good-again",
     "a name server has signatures that are nearer to their end than they should be: see why it "
     "does not fetch the zone"},
    {LIFE_OTHER_KEYS, LOG_LEVEL_ERROR, "served-keys-differ", "served-keys-good-again",
     "a name server has other keys or signatures than are published, for longer than a transfer "
     "takes: see why it does not fetch the zone"},
    {LIFE_DS_BOGUS, LOG_LEVEL_ERROR, "ds-makes-zone-bogus", "ds-good-again",
     "there is a DS at the parent, and none that this zone can be validated with, so resolvers "
     "refuse it"},
    {LIFE_DOES_NOT_HOLD, LOG_LEVEL_ERROR, "keys-do-not-fit-together", "keys-fit-together-again",
     "a DS came to the parent, or back, before its time: resolvers may refuse the zone until what "
     "they have kept has run out"},
    {LIFE_DS_STRICT, LOG_LEVEL_ERROR, "ds-refused-by-some", "ds-refused-by-nobody",
     "the parent has a DS that fits no key of this zone, of another algorithm or with a stronger "
     "digest than ours: resolvers that ask for the strongest, or for each algorithm, refuse the "
     "zone; take it out there"},
    {LIFE_DS_FOREIGN, LOG_LEVEL_WARNING, "foreign-ds", "foreign-ds-gone",
     "the parent has a DS that fits no key of this zone: beside ours, of the same algorithm and "
     "with no stronger digest, it does no harm, and should be taken out there"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

// ── Judging ──────────────────────────────────────────────────────────────────────────────────────

// Signatures of our own are renewed before, and told of when they are not.
static bool runs_out(const struct zone *zone, int64_t now)
{
    int64_t least = zone_policy(zone).refresh / 2, served = zone->watch.expires_at;
    int64_t own = zone->published.expires_at;
    return served != 0 && served - now <= least && (own == 0 || own - now > least);
}

// When what is published now was published.
static int64_t published_at(const struct keyset *set)
{
    int64_t at = 0;
    for (size_t c = KEYSET_DNSKEYS; c <= KEYSET_SIGNATURES; c++) {
        const struct keyset_history *history = &set->history[c];
        if (history->count > 0 && history->list[history->count - 1].since > at)
            at = history->list[history->count - 1].since;
    }
    return at;
}

// A secondary that hears no NOTIFY looks after `refresh`, and once more after `retry` (RFC 1035 §3.3.13).
static bool is_late(const struct zone *zone, const struct keyset *set, int64_t now)
{
    int64_t since = zone->watch.wrong_since, published = published_at(set);
    since = since != 0 && published > since ? published : since;
    return set->begun && since != 0 && now - since > zone->published.transfer_s;
}

static unsigned judge(const struct zone *zone, const struct keyset *set, int64_t now)
{
    const struct life_watch *watch = &zone->watch;
    bool strict = watch->ds_strict && !watch->ds_bogus;
    bool foreign = watch->foreign > 0 && !watch->ds_bogus && !strict;
    return (runs_out(zone, now) ? LIFE_RUNS_OUT : 0U) |
           (is_late(zone, set, now) ? LIFE_OTHER_KEYS : 0U) |
           (watch->ds_bogus ? LIFE_DS_BOGUS : 0U) | (strict ? LIFE_DS_STRICT : 0U) |
           (foreign ? LIFE_DS_FOREIGN : 0U) |
           (set->begun && !keyset_holds(set) ? LIFE_DOES_NOT_HOLD : 0U);
}

// What to do about a DS that has the zone refused.
static const char *todo(const struct zone *zone, const struct keyset *set)
{
    if (!set->begun || !keyset_is_signed(set))
        return "the zone is not signed: take the DS out at the registrar";
    if (set->offered == 0)
        return "take the DS out at the registrar; `zonegen --ds` says when ours is to be entered";
    return zone->target->parent != NULL
               ? "the zone above is to have what `zonegen --ds` prints"
               : "replace the DS at the registrar by what `zonegen --ds` prints";
}

// NULL: it is not about a server. The caller frees.
static char *server_of(const struct life_watch *watch, enum life_alarm alarm)
{
    if (alarm == LIFE_RUNS_OUT)
        return life_server_text(watch->expiring);
    return alarm == LIFE_OTHER_KEYS ? life_server_text(watch->served.first_wrong) : NULL;
}

static void tell(const struct zone *zone, const struct keyset *set, size_t kind, int64_t now)
{
    enum life_alarm alarm = kinds[kind].alarm;
    const struct life_watch *watch = &zone->watch;
    char *server = server_of(watch, alarm);
    int64_t left = watch->expires_at > now ? watch->expires_at - now : 0;
    log_event(kinds[kind].level, kinds[kind].event, "zone", zone->name, "server", server,
              "seconds-left", alarm == LIFE_RUNS_OUT ? log_u64(left) : NULL, "reason",
              kinds[kind].reason, "todo", alarm == LIFE_DS_BOGUS ? todo(zone, set) : NULL, NULL);
    free(server);
}

void life_judge(struct zone *zone, const struct keyset *set, int64_t now)
{
    struct life_watch *watch = &zone->watch;
    unsigned before = watch->alarms;
    watch->alarms = judge(zone, set, now);
    watch->todo = todo(zone, set);
    for (size_t i = 0; i < KINDS; i++) {
        bool was = (before & kinds[i].alarm) != 0, is = (watch->alarms & kinds[i].alarm) != 0;
        if (is && !was)
            tell(zone, set, i, now);
        else if (was && !is)
            log_event(LOG_LEVEL_NOTICE, kinds[i].over, "zone", zone->name, NULL);
    }
}

// ── Words ────────────────────────────────────────────────────────────────────────────────────────

char *life_alarm_words(const struct zone *zone)
{
    const struct life_watch *watch = &zone->watch;
    size_t i = 0;
    while (i < KINDS && (watch->alarms & LIFE_ALARMS & kinds[i].alarm) == 0)
        i++;
    if (i == KINDS)
        return NULL;
    if (kinds[i].alarm == LIFE_DS_BOGUS)
        return xasprintf("%s; %s", kinds[i].reason, watch->todo);
    char *server = server_of(watch, kinds[i].alarm);
    char *words =
        server != NULL ? xasprintf("%s (%s)", kinds[i].reason, server) : xstrdup(kinds[i].reason);
    free(server);
    return words;
}
