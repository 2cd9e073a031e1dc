// SPDX-License-Identifier: ISC
// The status as text for people: what is wrong first, then the programs, the zones, the trust anchors.
#include <string.h>

#include "daemon/zonebox.h"

// More are no help on a screen.
#define PROBLEMS_MAX 20
// An error of a program that runs is shown for so long, a week-old one is history.
#define ERROR_SHOWN_S 86400

static long long number(const json_t *object, const char *key)
{
    return (long long)zonebox_number(object, key);
}

static const char *plural(long long count)
{
    return count == 1 ? "" : "s";
}

// ── Parts ────────────────────────────────────────────────────────────────────────────────────────

static void show_problems(const json_t *problems, bool list_all, struct buf *ret)
{
    size_t i;
    json_t *problem;
    if (json_array_size(problems) == 0) {
        buf_put_text(ret, "All is well.\n");
        return;
    }
    buf_put_text(ret, "Wrong:\n");
    json_array_foreach(problems, i, problem)
    {
        if (i == PROBLEMS_MAX && !list_all) {
            buf_printf(ret, "  … and %zu more (zonebox status --all)\n",
                       json_array_size(problems) - i);
            break;
        }
        buf_printf(ret, "  %s\n", json_string_value(problem));
    }
}

// What the program says of itself, in a few words.
static void show_reply(const char *name, const json_t *reply, struct buf *ret)
{
    if (!json_is_true(json_object_get(reply, "ok")))
        return;
    if (strcmp(name, "zone-signer") == 0) {
        buf_printf(ret, "  %lld zone%s", number(reply, "zone-count"),
                   plural(number(reply, "zone-count")));
        if (number(reply, "waiting") > 0)
            buf_printf(ret, ", %lld to be looked at", number(reply, "waiting"));
        if (number(reply, "unseen") > 0)
            buf_printf(ret, ", %lld not seen from outside yet", number(reply, "unseen"));
    } else if (strcmp(name, "zone-resolver") == 0) {
        buf_printf(ret, "  %lld queries, %lld secure, %lld bogus, %lld failed",
                   number(reply, "queries"), number(reply, "secure"), number(reply, "bogus"),
                   number(reply, "failed"));
    } else if (strcmp(name, "zone-probe") == 0) {
        buf_printf(ret, "  %lld questions, %lld asked, %lld without an answer",
                   number(reply, "questions"), number(reply, "asked"), number(reply, "unanswered"));
    } else {
        buf_printf(ret, "  %lld zone%s, %lld queries", number(reply, "zones"),
                   plural(number(reply, "zones")), number(reply, "queries"));
        const json_t *tls = json_object_get(reply, "tls");
        if (tls != NULL)
            buf_printf(ret, ", %lld handshake%s, %lld resumed", number(tls, "handshakes"),
                       plural(number(tls, "handshakes")), number(tls, "resumed"));
    }
}

static void show_programs(const json_t *status, int64_t now, struct buf *ret)
{
    const json_t *zoned = json_object_get(status, "zoned");
    char text[ZONEBOX_SPAN_MAX];
    size_t i;
    json_t *child;
    buf_printf(ret, "\nPrograms\n  %-15s %-8s %10s  pid %lld, %s\n", "zoned", "running",
               zonebox_span(now - zonebox_number(zoned, "since"), text), number(zoned, "pid"),
               zonebox_text(zoned, "config"));
    json_array_foreach(json_object_get(zoned, "programs"), i, child)
    {
        const char *name = zonebox_text(child, "name");
        int64_t since = zonebox_number(child, "since");
        buf_printf(ret, "  %-15s %-8s %10s", name, zonebox_text(child, "state"),
                   since > 0 ? zonebox_span(now - since, text) : "-");
        show_reply(name, json_object_get(json_object_get(status, "programs"), name), ret);
        if (number(child, "restarts") > 0)
            buf_printf(ret, ", restarted %lld time%s", number(child, "restarts"),
                       plural(number(child, "restarts")));
        buf_put_text(ret, "\n");
        int64_t error_age = now - zonebox_number(child, "last-error-at");
        if (zonebox_text(child, "last-error")[0] != '\0' && error_age < ERROR_SHOWN_S)
            buf_printf(ret, "      last error, %s ago: %s\n", zonebox_span(error_age, text),
                       zonebox_text(child, "last-error"));
    }
    buf_put_text(ret, "  listening on");
    json_array_foreach(json_object_get(zoned, "listen"), i, child)
        buf_printf(ret, "%s %s", i > 0 ? "," : "", json_string_value(child));
    buf_put_text(ret, json_array_size(json_object_get(zoned, "listen")) > 0 ? "\n" : " nothing\n");
    json_array_foreach(json_object_get(zoned, "listen-tls"), i, child)
        buf_printf(ret, "%s %s%s", i > 0 ? "," : "  over TLS on", json_string_value(child),
                   i + 1 == json_array_size(json_object_get(zoned, "listen-tls")) ? "\n" : "");
    if (zonebox_text(zoned, "metrics")[0] != '\0')
        buf_printf(ret, "  numbers for Prometheus on %s\n", zonebox_text(zoned, "metrics"));
}

static void show_external(const json_t *zone, struct buf *ret)
{
    size_t i;
    json_t *key;
    buf_printf(ret, "  %s\n", zonebox_text(zone, "name"));
    zonebox_show_dkim(zone, ret);
    json_array_foreach(json_object_get(zone, "dkim"), i, key)
    {
        const char *todo = zonebox_text(key, "todo");
        if (todo[0] != '\0')
            buf_printf(ret, "      %s: %s\n", zonebox_text(key, "selector"), todo);
    }
}

// Domains that others serve: what their keys wait for, or what the admin has to do there.
static void show_externals(const json_t *signer, bool list, struct buf *ret)
{
    size_t i;
    json_t *zone;
    if (number(signer, "external-count") == 0 || !json_is_true(json_object_get(signer, "ok")))
        return;
    buf_printf(ret, "\nServed by others: %lld\n", number(signer, "external-count"));
    if (list)
        json_array_foreach(json_object_get(signer, "external"), i, zone) show_external(zone, ret);
    else
        buf_put_text(ret, "  (zonebox status --all lists them)\n");
}

// Of more zones than are listed: those for which something has to be done at the registrar.
static void show_open(const json_t *signer, const struct zonebox_view *view, struct buf *ret)
{
    size_t i, listed = 0;
    json_t *zone;
    json_array_foreach(json_object_get(signer, "zones"), i, zone)
    {
        struct buf words = {0};
        if (zonebox_ds_words(zone, view->now, &words)) {
            buf_printf(ret, "  %s: ", zonebox_text(zone, "name"));
            zonebox_wrap(buf_text(&words), 4, ret);
            buf_put_text(ret, "\n");
            listed++;
        }
        buf_done(&words);
    }
    if (number(signer, "open") > (long long)listed)
        buf_printf(ret, "  … and %lld more that wait for their DS at the parent\n",
                   number(signer, "open") - (long long)listed);
    buf_put_text(ret, "  (zonebox status --all lists them)\n");
}

static void show_zones(const json_t *signer, const struct zonebox_view *view, struct buf *ret)
{
    static const char *const kinds[] = {"signed", "unsigned", "presigned"};
    char text[ZONEBOX_MOMENT_MAX];
    size_t i;
    json_t *zone;
    bool any = false;
    if (!json_is_true(json_object_get(signer, "ok")))
        return;
    buf_printf(ret, "\nZones: %lld", number(signer, "zone-count"));
    for (i = 0; i < 3; i++)
        if (number(signer, kinds[i]) > 0) {
            buf_printf(ret, "%s%lld %s", any ? ", " : " (", number(signer, kinds[i]), kinds[i]);
            any = true;
        }
    buf_put_text(ret, any ? ")\n" : "\n");
    if (zonebox_number(signer, "signatures-expire") > 0)
        buf_printf(ret, "  the first signatures expire %s\n",
                   zonebox_moment(zonebox_number(signer, "signatures-expire"), view->now, text));
    if (zonebox_number(signer, "sign-next") > 0)
        buf_printf(ret, "  zones are signed again     %s\n",
                   zonebox_moment(zonebox_number(signer, "sign-next"), view->now, text));
    if (view->list_zones)
        json_array_foreach(json_object_get(signer, "zones"), i, zone)
            zonebox_show_zone(zone, view, ret);
    else
        show_open(signer, view, ret);
}

static void show_resolver(const json_t *resolver, struct buf *ret)
{
    size_t i;
    json_t *anchor, *forward;
    if (!json_is_true(json_object_get(resolver, "ok")))
        return;
    buf_put_text(ret, "\nTrust anchors\n");
    json_array_foreach(json_object_get(resolver, "anchors"), i, anchor) buf_printf(
        ret, "  %-24s key %5lld  %-8s %s\n", zonebox_text(anchor, "zone"), number(anchor, "tag"),
        zonebox_text(anchor, "state"), zonebox_text(anchor, "source"));
    buf_printf(ret, "  own zones: %lld, validated %s\n", number(resolver, "own-zones"),
               json_is_true(json_object_get(resolver, "trust-own-keys"))
                   ? "by this box's own keys"
                   : "from the root like all others");
    json_array_foreach(json_object_get(resolver, "forward"), i, forward)
        buf_printf(ret, "  asks %s\n", json_string_value(forward));
}

// The zone that was asked for, alone.
static void show_one(const json_t *signer, const struct zonebox_view *view, struct buf *ret)
{
    size_t i;
    json_t *zone;
    if (json_is_true(json_object_get(signer, "ok")))
        buf_put_text(ret, "\n");
    json_array_foreach(json_object_get(signer, "zones"), i, zone)
        zonebox_show_zone(zone, view, ret);
    json_array_foreach(json_object_get(signer, "external"), i, zone) show_external(zone, ret);
}

void zonebox_show(const json_t *status, const struct zonebox_view *view, struct buf *ret)
{
    const json_t *programs = json_object_get(status, "programs");
    const json_t *signer = json_object_get(programs, "zone-signer");
    show_problems(json_object_get(status, "problems"), view->list_zones, ret);
    if (json_is_null(json_object_get(status, "zoned")))
        return;
    if (view->is_one) {
        show_one(signer, view, ret);
        return;
    }
    show_programs(status, view->now, ret);
    zonebox_show_queries(json_object_get(status, "statistics"),
                         zonebox_number(json_object_get(status, "zoned"), "since"), view->now, ret);
    show_zones(signer, view, ret);
    show_externals(signer, view->list_zones, ret);
    zonebox_show_tls(signer, view->now, ret);
    show_resolver(json_object_get(programs, "zone-resolver"), ret);
}
