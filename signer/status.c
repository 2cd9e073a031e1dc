// SPDX-License-Identifier: ISC
#include "signer/status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/control.h"
#include "signer/dkim_words.h"
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
    size_t wrong, waiting;
    int64_t expire, next; // the earliest, INT64_MAX: none
};

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new_nocheck(object, key, value);
}

static json_t *time_or_null(int64_t time)
{
    return time != 0 && time != INT64_MAX ? json_integer(time) : json_null();
}

// What is wrong with it, or NULL. The caller frees it.
static char *error_of(const struct zone *zone, int64_t now)
{
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

static json_t *text_or_null(char *text) // which is freed
{
    json_t *ret = text != NULL ? control_text(text) : json_null();
    free(text);
    return ret;
}

static void append_dkim(json_t *list, const struct publisher *publisher, const struct zone *zone,
                        const struct dkim_domain *domain, const struct dkim_key *key)
{
    json_t *object = json_object();
    set(object, "domain", json_string_nocheck(domain->name));
    set(object, "selector", control_text(key->selector));
    set(object, "algorithm",
        key->trouble == NULL ? json_string_nocheck(dkim_algorithm_name(key->algorithm))
                             : json_null());
    set(object, "state",
        json_string_nocheck(key->trouble == NULL ? dkim_state_name(key->state) : "unusable"));
    set(object, "since", time_or_null(key->changed));
    set(object, "todo", text_or_null(dkim_words(zone, domain, key, questions_wanted(publisher))));
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

static json_t *zone_of(const struct publisher *publisher, const struct zone *zone, char *error,
                       int64_t now)
{
    const struct zone_published *published = &zone->published;
    json_t *object = json_object();
    set(object, "name", json_string_nocheck(zone->name));
    set(object, "serial", published->exists ? json_integer(published->serial) : json_null());
    set(object, "dnssec", json_string_nocheck(kinds[kind_of(zone)]));
    set(object, "signatures-expire", time_or_null(published->expires_at));
    set(object, "sign-next", time_or_null(next_of(zone)));
    set(object, "keys", life_keys_status(zone, questions_have_eyes(publisher), now));
    set(object, "life", life_status(zone, questions_have_eyes(publisher), now));
    set(object, "served", life_served_status(zone));
    set(object, "parent", life_parent_status(zone));
    set(object, "dkim", dkim_of(publisher, zone));
    set(object, "dkim-next", time_or_null(zone_dkim_next(zone->dkim)));
    set(object, "error", text_or_null(error));
    set(object, "notes", notes_of(zone, now));
    return object;
}

// One that others serve.
static json_t *external_of(const struct publisher *publisher, const struct zone *zone, char *error)
{
    json_t *object = json_object();
    set(object, "name", json_string_nocheck(zone->name));
    set(object, "dkim", dkim_of(publisher, zone));
    set(object, "dkim-next", time_or_null(zone_dkim_next(zone->dkim)));
    set(object, "error", text_or_null(error));
    return object;
}

static void earliest(int64_t *time, int64_t other)
{
    if (other != 0 && other < *time)
        *time = other;
}

static void sum_up(struct summary *summary, const struct zone *zone, bool is_wrong)
{
    summary->kinds[kind_of(zone)]++;
    summary->wrong += is_wrong ? 1 : 0;
    summary->waiting += zone->waiting ? 1 : 0;
    earliest(&summary->expire, zone->published.expires_at);
    earliest(&summary->next, next_of(zone));
}

static json_t *errors_of(const struct publisher *publisher)
{
    json_t *list = json_array();
    const struct lastgood *lastgood = &publisher->lastgood;
    if (publisher->trouble != NULL)
        json_array_append_new(list, control_text(publisher->trouble));
    if (publisher->clock_trouble != NULL)
        json_array_append_new(list, control_text(publisher->clock_trouble));
    if (publisher->offer_file.kept.trouble != NULL)
        json_array_append_new(list, control_text(publisher->offer_file.kept.trouble));
    if (publisher->public_file.kept.trouble != NULL)
        json_array_append_new(list, control_text(publisher->public_file.kept.trouble));
    if (publisher->tls.text.trouble != NULL)
        json_array_append_new(list, control_text(publisher->tls.text.trouble));
    if (publisher->dkim_tables.kept.trouble != NULL)
        json_array_append_new(list, control_text(publisher->dkim_tables.kept.trouble));
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
    set(object, "zones", json_integer((json_int_t)audit_count(publisher, &oldest)));
    set(object, "oldest", time_or_null(oldest));
    set(object, "signatures", json_integer((json_int_t)audit->signatures));
    set(object, "milliseconds", json_integer(audit->spent_us / 1000));
    set(object, "failures", json_integer((json_int_t)audit->failures));
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
        sum_up(&summary, zone, error != NULL);
        if (is_open(wanted, zone, now, &open) || is_wanted(wanted, zone, error != NULL))
            json_array_append_new(list, zone_of(publisher, zone, error, now));
        else
            free(error);
    }
    summary.wrong += list_externals(publisher, wanted, externals);
    bool one =
        strcmp(wanted, "all") != 0 && strcmp(wanted, "wrong") != 0 && strcmp(wanted, "open") != 0;
    set(reply, "zone-count", json_integer((json_int_t)zones->count));
    for (size_t i = 0; i < 3; i++)
        set(reply, kinds[i], json_integer((json_int_t)summary.kinds[i]));
    set(reply, "wrong", json_integer((json_int_t)summary.wrong));
    set(reply, "waiting", json_integer((json_int_t)summary.waiting));
    if (strcmp(wanted, "open") == 0)
        set(reply, "open", json_integer((json_int_t)open));
    set(reply, "signatures-expire", time_or_null(summary.expire));
    set(reply, "sign-next", time_or_null(summary.next));
    set(reply, "errors", publisher != NULL ? errors_of(publisher) : json_array());
    set(reply, "tls", publisher != NULL ? tls_status(publisher) : json_null());
    set(reply, "audit", publisher != NULL ? audit_of(publisher) : json_null());
    set(reply, "zones", list);
    set(reply, "external-count", json_integer((json_int_t)zones->external_count));
    set(reply, "external", externals);
    if (one && json_array_size(list) + json_array_size(externals) == 0)
        return error_set(err, STATUS_NOT_FOUND, "%s is no zone of this box", wanted);
    return STATUS_OK;
}
