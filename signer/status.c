// SPDX-License-Identifier: ISC
#include "signer/status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/control.h"
#include "signer/dkim_words.h"
#include "signer/dsboot.h"
#include "signer/life_alarm.h"
#include "signer/life_status.h"
#include "signer/notes.h"
#include "signer/publisher.h"
#include "signer/questions.h"

static const char *const kinds[] = {
    [CONFIG_DNSSEC_ON] = "signed",
    [CONFIG_DNSSEC_OFF] = "unsigned",
    [CONFIG_DNSSEC_PRESIGNED] = "presigned",
};

struct summary {
    size_t kinds[3];
    size_t wrong, waiting, unseen;
    int64_t expire, next; // the earliest, INT64_MAX: none
};

// What is wrong with it, or NULL. The caller frees it.
static char *error_of(const struct zone *zone, int64_t now)
{
    char *aside = aside_words(zone);
    if (aside != NULL)
        return aside;
    if (zone->complaint != NULL)
        return xstrdup(zone->complaint);
    if (zone->audit.failed)
        return xstrdup("what is served of it did not hold up in the audit; it is to be made anew");
    if (publisher_runs_out(zone, now))
        return xstrdup("its signatures run out and were not renewed");
    return life_alarm_words(zone);
}

static int64_t next_of(const struct zone *zone)
{
    return zone->failed ? zone->retry_at : build_due_at(zone);
}

static json_t *notes_of(const struct zone *zone, int64_t now)
{
    json_t *list = json_array();
    for (size_t i = 0; zone->notes != NULL && i < zone->notes->count; i++) {
        const struct note *note = &zone->notes->list[i];
        if (now >= note->from && now < note->until)
            json_array_append_new(list, control_text(note->text));
    }
    return list;
}

static void append_dkim(json_t *list, const struct publisher *publisher, const struct zone *zone,
                        const struct dkim_domain *domain, const struct dkim_key *key)
{
    json_t *object = json_object();
    control_set(object, "domain", json_string_nocheck(domain->name));
    control_set(object, "selector", control_text(key->selector));
    control_set(object, "algorithm",
                control_text(key->trouble == NULL ? dkim_algorithm_name(key->algorithm) : NULL));
    control_set(
        object, "state",
        json_string_nocheck(key->trouble == NULL ? dkim_state_name(key->state) : "unusable"));
    control_set(object, "since", control_time(key->changed));
    control_set(object, "todo",
                control_taken_text(dkim_words(zone, domain, key, questions_wanted(publisher))));
    json_array_append_new(list, object);
}

static json_t *dkim_of(const struct publisher *publisher, const struct zone *zone)
{
    json_t *list = json_array();
    for (size_t i = 0; zone->dkim != NULL && i < zone->dkim->count; i++) {
        const struct dkim_domain *domain = &zone->dkim->list[i];
        for (size_t k = 0; k < domain->set.count; k++)
            append_dkim(list, publisher, zone, domain, &domain->set.list[k]);
    }
    return list;
}

// As it is, which is not always what the configuration wants (signer/life.h).
static enum config_dnssec kind_of(const struct zone *zone)
{
    static const enum config_dnssec of_mode[] = {
        [STATE_SIGNED] = CONFIG_DNSSEC_ON,
        [STATE_UNSIGNED] = CONFIG_DNSSEC_OFF,
        [STATE_PRESIGNED] = CONFIG_DNSSEC_PRESIGNED,
    };
    return zone->state.mode == STATE_NEVER ? zone_dnssec(zone) : of_mode[zone->state.mode];
}

// How it denies what does not exist, null: without signatures of this box.
static json_t *denial_of(const struct zone *zone)
{
    if (!zone->published.is_signed || kind_of(zone) != CONFIG_DNSSEC_ON)
        return json_null();
    return json_string_nocheck(zone->published.has_nsec3 ? "nsec3" : "nsec");
}

// Signalling records (RFC 9615): under how many of its servers' names its first DS is said, of how many it could be;
// and how many it says for other zones.
static json_t *signalling_of(const struct zone *zone)
{
    size_t names, said, guests;
    dsboot_count(zone, &names, &said, &guests);
    if (names + guests == 0)
        return json_null();
    json_t *object = json_object();
    control_set(object, "names", json_integer((json_int_t)names));
    control_set(object, "said", json_integer((json_int_t)said));
    control_set(object, "guests", json_integer((json_int_t)guests));
    return object;
}

static json_t *zone_of(const struct publisher *publisher, const struct zone *zone, char *error,
                       int64_t now)
{
    const struct zone_published *published = &zone->published;
    json_t *object = json_object();
    control_set(object, "name", json_string_nocheck(zone->name));
    control_set(object, "serial",
                published->exists ? json_integer(published->serial) : json_null());
    control_set(object, "dnssec", json_string_nocheck(kinds[kind_of(zone)]));
    control_set(object, "denial", denial_of(zone));
    control_set(object, "signalling", signalling_of(zone));
    control_set(object, "signatures-expire", control_time(published->expires_at));
    control_set(object, "sign-next", control_time(next_of(zone)));
    control_set(object, "keys", life_keys_status(zone, questions_have_eyes(publisher), now));
    control_set(object, "life", life_status(zone, questions_have_eyes(publisher), now));
    control_set(object, "served", life_served_status(zone));
    control_set(object, "parent", life_parent_status(zone));
    control_set(object, "dkim", dkim_of(publisher, zone));
    control_set(object, "dkim-next", control_time(zone_dkim_next(zone->dkim)));
    control_set(object, "error", control_taken_text(error));
    control_set(object, "notes", notes_of(zone, now));
    return object;
}

// One that others serve.
static json_t *external_of(const struct publisher *publisher, const struct zone *zone, char *error)
{
    json_t *object = json_object();
    control_set(object, "name", json_string_nocheck(zone->name));
    control_set(object, "dkim", dkim_of(publisher, zone));
    control_set(object, "dkim-next", control_time(zone_dkim_next(zone->dkim)));
    control_set(object, "error", control_taken_text(error));
    return object;
}

static void earliest(int64_t *time, int64_t other)
{
    if (other != 0 && other < *time)
        *time = other;
}

// Has nobody looked at it from outside since the start, so that nothing is known to be wrong there?
static bool is_unseen(const struct publisher *publisher, const struct zone *zone)
{
    return questions_have_eyes(publisher) && zone->published.exists &&
           zone->state.mode != STATE_PRESIGNED && zone->watch.parent.looked_at == 0;
}

static void sum_up(struct summary *summary, const struct publisher *publisher,
                   const struct zone *zone, bool is_wrong)
{
    summary->kinds[kind_of(zone)]++;
    summary->wrong += is_wrong ? 1 : 0;
    summary->waiting += zone->waiting ? 1 : 0;
    summary->unseen += is_unseen(publisher, zone) ? 1 : 0;
    earliest(&summary->expire, zone->published.expires_at);
    earliest(&summary->next, next_of(zone));
}

static json_t *errors_of(const struct publisher *publisher)
{
    json_t *list = json_array();
    const struct lastgood *lastgood = &publisher->lastgood;
    const char *const troubles[] = {publisher->trouble,
                                    publisher->clock_trouble,
                                    publisher->offer_file.kept.trouble,
                                    publisher->public_file.kept.trouble,
                                    publisher->tls.text.trouble,
                                    publisher->dkim_tables.kept.trouble};
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
        if (troubles[i] != NULL)
            json_array_append_new(list, control_text(troubles[i]));
    const char *path, *words;
    for (size_t i = 0; lastgood_word(lastgood, i, &path, &words); i++) {
        char *line = xasprintf("%s: %s", path, words);
        json_array_append_new(list, control_text(strstr(words, path) != NULL ? words : line));
        free(line);
    }
    return list;
}

static bool is_wanted(const char *wanted, const struct zone *zone, bool is_wrong)
{
    if (strcmp(wanted, "all") == 0)
        return true;
    bool wrong = strcmp(wanted, "wrong") == 0 || strcmp(wanted, "open") == 0;
    return wrong ? is_wrong : strcasecmp(wanted, zone->name) == 0;
}

// For "open": a zone with nothing wrong that waits for somebody, of which the first are listed.
static bool is_open(const char *wanted, const struct zone *zone, int64_t now, size_t *count)
{
    if (strcmp(wanted, "open") != 0 || !life_is_open(zone, now))
        return false;
    return ++*count <= STATUS_OPEN_MAX;
}

// Lists those that others serve. Returns how many are wrong.
static size_t list_externals(const struct publisher *publisher, const char *wanted, json_t *list)
{
    size_t wrong = 0;
    for (size_t i = 0; publisher != NULL && i < publisher->zones.external_count; i++) {
        const struct zone *zone = &publisher->zones.externals[i];
        char *error = zone->complaint != NULL
                          ? xstrdup(zone->complaint)
                          : dkim_unsigned_words(zone, questions_wanted(publisher));
        wrong += error != NULL ? 1 : 0;
        if (is_wanted(wanted, zone, error != NULL))
            json_array_append_new(list, external_of(publisher, zone, error));
        else
            free(error);
    }
    return wrong;
}

static json_t *audit_of(const struct publisher *publisher)
{
    const struct audit *audit = &publisher->audit;
    int64_t oldest;
    json_t *object = json_object();
    control_set(object, "zones", json_integer((json_int_t)audit_count(publisher, &oldest)));
    control_set(object, "oldest", control_time(oldest));
    control_set(object, "signatures", json_integer((json_int_t)audit->signatures));
    control_set(object, "milliseconds", json_integer(audit->spent_us / 1000));
    control_set(object, "failures", json_integer((json_int_t)audit->failures));
    return object;
}

enum status status_answer(const struct publisher *publisher, int64_t now, const json_t *request,
                          json_t *reply, struct error *err)
{
    static const struct zones none;
    const struct zones *zones = publisher != NULL ? &publisher->zones : &none;
    const json_t *asked = json_object_get(request, "zones");
    const char *wanted = json_is_string(asked) ? json_string_value(asked) : "all";
    struct summary summary = {.expire = INT64_MAX, .next = INT64_MAX};
    size_t open = 0;
    json_t *list = json_array(), *externals = json_array();
    for (size_t i = 0; i < zones->count; i++) {
        const struct zone *zone = &zones->list[i];
        char *error = error_of(zone, now);
        sum_up(&summary, publisher, zone, error != NULL);
        if (is_open(wanted, zone, now, &open) || is_wanted(wanted, zone, error != NULL))
            json_array_append_new(list, zone_of(publisher, zone, error, now));
        else
            free(error);
    }
    summary.wrong += list_externals(publisher, wanted, externals);
    bool one =
        strcmp(wanted, "all") != 0 && strcmp(wanted, "wrong") != 0 && strcmp(wanted, "open") != 0;
    control_set(reply, "zone-count", json_integer((json_int_t)zones->count));
    for (size_t i = 0; i < 3; i++)
        control_set(reply, kinds[i], json_integer((json_int_t)summary.kinds[i]));
    control_set(reply, "wrong", json_integer((json_int_t)summary.wrong));
    control_set(reply, "waiting", json_integer((json_int_t)summary.waiting));
    control_set(reply, "unseen", json_integer((json_int_t)summary.unseen));
    if (strcmp(wanted, "open") == 0)
        control_set(reply, "open", json_integer((json_int_t)open));
    control_set(reply, "signatures-expire", control_time(summary.expire));
    control_set(reply, "sign-next", control_time(summary.next));
    control_set(reply, "errors", publisher != NULL ? errors_of(publisher) : json_array());
    control_set(reply, "tls", publisher != NULL ? tls_status(publisher) : json_null());
    control_set(reply, "audit", publisher != NULL ? audit_of(publisher) : json_null());
    control_set(reply, "zones", list);
    control_set(reply, "external-count", json_integer((json_int_t)zones->external_count));
    control_set(reply, "external", externals);
    if (one && json_array_size(list) + json_array_size(externals) == 0)
        return error_set(err, STATUS_NOT_FOUND, "%s is no zone of this box", wanted);
    return STATUS_OK;
}
