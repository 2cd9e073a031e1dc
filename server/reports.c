// SPDX-License-Identifier: ISC
#include "server/reports.h"

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "dns/store.h"
#include "server/metrics.h"
#include "server/metrics_http.h"
#include "server/statistics_table.h"
#include "server/zones.h"

void reports_open(struct reports *reports, const struct reports_options *options,
                  struct zones *zones)
{
    struct error err = {0};
    *reports = (struct reports){.options = *options, .zones = zones, .since = time(NULL)};
    uint64_t now = (uint64_t)reports->since;
    if (statistics_open(options->statistics, options->index, now, &reports->pages,
                        &reports->statistics, &err) != STATUS_OK) {
        log_event(LOG_LEVEL_WARNING, "statistics-not-shared", "reason", err.text, NULL);
        pages_close(&reports->pages);
        (void)statistics_open(-1, options->index, now, &reports->pages, &reports->statistics, &err);
    }
    zones_count_in(zones, reports->statistics);
}

void reports_close(struct reports *reports)
{
    pages_close(&reports->pages);
}

// ── The endpoint ─────────────────────────────────────────────────────────────────────────────────

static struct metrics_common common_of(const struct reports *reports)
{
    struct store_info info = {0};
    struct metrics_common common = {.store_open = zones_describe(reports->zones, &info)};
    zones_begin(reports->zones);
    common.zones = zones_count(reports->zones);
    zones_end(reports->zones);
    common.snapshot = info.transaction;
    common.store_octets_used = info.used;
    common.store_octets_max = info.most;
    common.store_readers = info.readers;
    return common;
}

static void write_metrics(void *data, struct buf *ret)
{
    const struct reports *reports = data;
    struct metrics_common common = common_of(reports);
    metrics_write(&reports->pages, &common, ret);
}

bool reports_serve(struct reports *reports, uv_loop_t *loop)
{
    const struct reports_metrics *metrics = &reports->options.metrics;
    struct error err = {0};
    int fd = metrics->fd;
    if (!metrics->wanted)
        return true;
    enum status status = STATUS_OK;
    if (!metrics->inherited)
        status = address_bind(&metrics->address, SOCK_STREAM, false, &fd, &err);
    int failed = 0;
    if (status == STATUS_OK)
        failed = metrics_http_open(loop, fd, write_metrics, reports, &reports->http);
    if (status == STATUS_OK && failed == 0)
        return true;
    log_event(LOG_LEVEL_ERROR, "metrics-not-served", "reason",
              status == STATUS_OK ? uv_strerror(failed) : err.text, NULL);
    return metrics->inherited;
}

void reports_hush(struct reports *reports)
{
    metrics_http_close(reports->http);
    reports->http = NULL;
}

static enum status not_loopback(const char *text, struct error *err)
{
    return error_set(
        err, STATUS_DENIED,
        "%s is not loopback: numbers are for this box alone, and a collector elsewhere "
        "comes through a proxy or tunnel that knows who it is",
        text);
}

enum status reports_argument(const struct argument *argument, const char *text, void *to,
                             struct error *err)
{
    struct reports_metrics *metrics = to;
    metrics->wanted = true;
    metrics->inherited = text[strspn(text, "0123456789")] == '\0';
    if (metrics->inherited)
        return argument_descriptor(argument, text, &metrics->fd, err);
    enum status status = address_parse(text, 0, &metrics->address, err);
    if (status != STATUS_OK)
        return status;
    if (address_scope(&metrics->address) != ADDRESS_LOOPBACK)
        return not_loopback(text, err);
    if (address_port(&metrics->address) == 0)
        return error_set(err, STATUS_SYNTAX, "%s has no port; write %s@9153", text, text);
    return STATUS_OK;
}

// ── The control socket ───────────────────────────────────────────────────────────────────────────

static json_t *family_json(const struct statistics_family *family,
                           const struct statistics *statistics)
{
    char text[STATISTICS_NAME_MAX];
    if (family->label == NULL)
        return json_integer((json_int_t)family->value(statistics, 0));
    json_t *object = json_object();
    for (size_t i = 0; i < family->count; i++) {
        uint64_t value = family->value(statistics, i);
        const char *name = family->name(i, text);
        if (name == NULL || (value == 0 && family->sparse))
            continue;
        bool above = family->kind == STATISTICS_SIZES && i + 1 == family->count;
        json_object_set_new(object, above ? "more" : name, json_integer((json_int_t)value));
    }
    return object;
}

static void set_number(json_t *reply, const char *key, uint64_t value)
{
    json_object_set_new(reply, key, json_integer((json_int_t)value));
}

static json_t *numbers_json(const struct statistics *sum)
{
    json_t *object = json_object();
    for (size_t i = 0; i < statistics_family_count; i++)
        json_object_set_new(object, statistics_families[i].key,
                            family_json(&statistics_families[i], sum));
    set_number(object, "query-octets", sum->query_octets);
    set_number(object, "reply-octets", sum->reply_octets);
    return object;
}

static json_t *slot_json(const struct reports *reports, unsigned slot)
{
    struct statistics sum;
    statistics_of_slot(&reports->pages, slot, &sum);
    return numbers_json(&sum);
}

static json_t *store_json(const struct reports *reports)
{
    struct metrics_common common = common_of(reports);
    json_t *object = json_object();
    json_object_set_new(object, "open", json_boolean(common.store_open));
    set_number(object, "zones", common.zones);
    set_number(object, "transaction", common.snapshot);
    set_number(object, "used-octets", common.store_octets_used);
    set_number(object, "size-octets", common.store_octets_max);
    set_number(object, "readers", common.store_readers);
    return object;
}

void reports_statistics(const struct reports *reports, json_t *reply)
{
    json_t *workers = json_object();
    char name[STATISTICS_SLOT_NAME_MAX];
    struct statistics sum;
    statistics_of_all(&reports->pages, &sum);
    for (const struct page_head *page = pages_next(&reports->pages, NULL); page != NULL;
         page = pages_next(&reports->pages, page)) {
        unsigned slot = (unsigned)(page->slot - 1);
        statistics_slot_name(slot, name);
        if (json_object_get(workers, name) == NULL)
            json_object_set_new(workers, name, slot_json(reports, slot));
    }
    json_object_set_new(reply, "store", store_json(reports));
    json_object_set_new(reply, "sum", numbers_json(&sum));
    json_object_set_new(reply, "workers", workers);
}

static json_t *replies_of(const struct statistics *statistics)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN"};
    json_t *replies = json_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        set_number(replies, names[i], statistics->rcodes[i]);
    return replies;
}

void reports_status(const struct reports *reports, json_t *reply)
{
    struct statistics sum;
    statistics_of_slot(&reports->pages, reports->options.index, &sum);
    uint64_t udp = sum.queries[PATH_UDP4] + sum.queries[PATH_UDP6];
    uint64_t tcp = sum.queries[PATH_TCP4] + sum.queries[PATH_TCP6];
    uint64_t tls = sum.queries[PATH_TLS4] + sum.queries[PATH_TLS6];
    bool open = zones_attend(reports->zones);
    zones_begin(reports->zones);
    size_t zones = zones_count(reports->zones);
    zones_end(reports->zones);
    set_number(reply, "since", (uint64_t)reports->since);
    json_object_set_new(reply, "store-open", json_boolean(open));
    set_number(reply, "zones", zones);
    set_number(reply, "queries", udp + tcp + tls);
    set_number(reply, "queries-udp", udp);
    set_number(reply, "queries-tcp", tcp);
    set_number(reply, "queries-tls", tls);
    set_number(reply, "dropped", sum.kinds[OUTCOME_DROPPED]);
    set_number(reply, "truncated", sum.truncated);
    set_number(reply, "rate-limited", sum.limited);
    set_number(reply, "slipped", sum.slipped);
    json_object_set_new(reply, "replies", replies_of(&sum));
    set_number(reply, "connections", sum.connections);
    set_number(reply, "draining", sum.draining);
}
