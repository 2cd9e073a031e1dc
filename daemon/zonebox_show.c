// SPDX-License-Identifier: ISC
// The status as text for people: what is wrong first, then the programs, the zones, the trust anchors.
#include <string.h>
#include <time.h>

#include "daemon/zonebox.h"

#define SPAN_MAX 40
// More are no help on a screen.
#define PROBLEMS_MAX 20
// An error of a program that runs is shown for so long, a week-old one is history.
#define ERROR_SHOWN_S 86400

// "3 d 4 h", the two largest units. Returns text.
static const char *span(int64_t seconds, char text[SPAN_MAX])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    size_t i = 0;
    if (seconds < 0)
        seconds = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    int64_t rest = i < 3 ? seconds % units[i].seconds / units[i + 1].seconds : 0;
    int len =
        snprintf(text, SPAN_MAX, "%lld %s", (long long)(seconds / units[i].seconds), units[i].name);
    if (rest > 0)
        snprintf(text + len, SPAN_MAX - (size_t)len, " %lld %s", (long long)rest,
                 units[i + 1].name);
    return text;
}

const char *zonebox_moment(int64_t when, int64_t now, char text[ZONEBOX_MOMENT_MAX])
{
    char date[32] = "?", left[SPAN_MAX];
    time_t time = (time_t)when;
    struct tm parts;
    if (localtime_r(&time, &parts) != NULL)
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &parts);
    snprintf(text, ZONEBOX_MOMENT_MAX, when >= now ? "%s (in %s)" : "%s (%s ago)", date,
             span(when >= now ? when - now : now - when, left));
    return text;
}

static long long number(const json_t *object, const char *key)
{
    return (long long)zonebox_number(object, key);
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
        buf_printf(ret, "  %lld zones", number(reply, "zone-count"));
        if (number(reply, "waiting") > 0)
            buf_printf(ret, ", %lld to be looked at", number(reply, "waiting"));
    } else if (strcmp(name, "zone-resolver") == 0) {
        buf_printf(ret, "  %lld queries, %lld secure, %lld bogus, %lld failed",
                   number(reply, "queries"), number(reply, "secure"), number(reply, "bogus"),
                   number(reply, "failed"));
    } else if (strcmp(name, "zone-probe") == 0) {
        buf_printf(ret, "  %lld questions, %lld asked, %lld without an answer",
                   number(reply, "questions"), number(reply, "asked"), number(reply, "unanswered"));
    } else {
        buf_printf(ret, "  %lld zones, %lld queries", number(reply, "zones"),
                   number(reply, "queries"));
    }
}

static void show_programs(const json_t *status, int64_t now, struct buf *ret)
{
    const json_t *zoned = json_object_get(status, "zoned");
    char text[SPAN_MAX];
    size_t i;
    json_t *child;
    buf_printf(ret, "\nPrograms\n  %-15s %-8s %10s  pid %lld, %s\n", "zoned", "running",
               span(now - zonebox_number(zoned, "since"), text), number(zoned, "pid"),
               zonebox_text(zoned, "config"));
    json_array_foreach(json_object_get(zoned, "programs"), i, child)
    {
        const char *name = zonebox_text(child, "name");
        int64_t since = zonebox_number(child, "since");
        buf_printf(ret, "  %-15s %-8s %10s", name, zonebox_text(child, "state"),
                   since > 0 ? span(now - since, text) : "-");
        show_reply(name, json_object_get(json_object_get(status, "programs"), name), ret);
        if (number(child, "restarts") > 0)
            buf_printf(ret, ", restarted %lld times", number(child, "restarts"));
        buf_put_text(ret, "\n");
        int64_t error_age = now - zonebox_number(child, "last-error-at");
        if (zonebox_text(child, "last-error")[0] != '\0' && error_age < ERROR_SHOWN_S)
            buf_printf(ret, "      last error, %s ago: %s\n", span(error_age, text),
                       zonebox_text(child, "last-error"));
    }
    buf_put_text(ret, "  listening on");
    json_array_foreach(json_object_get(zoned, "listen"), i, child)
        buf_printf(ret, "%s %s", i > 0 ? "," : "", json_string_value(child));
    buf_put_text(ret, json_array_size(json_object_get(zoned, "listen")) > 0 ? "\n" : " nothing\n");
}

static void show_keys(const json_t *zone, struct buf *ret)
{
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(zone, "keys"), i, key)
        buf_printf(ret, "%s %lld", i > 0 ? "," : "; key", number(key, "tag"));
}

// The DKIM keys, by domain where the zone has several mail domains.
static void show_dkim(const json_t *zone, struct buf *ret)
{
    const char *last = "";
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(zone, "dkim"), i, key)
    {
        const char *domain = zonebox_text(key, "domain");
        bool same = strcmp(domain, last) == 0;
        if (!same)
            buf_printf(ret, "%s      DKIM%s%s:", i > 0 ? "\n" : "",
                       strcmp(domain, zonebox_text(zone, "name")) != 0 ? " of " : "",
                       strcmp(domain, zonebox_text(zone, "name")) != 0 ? domain : "");
        buf_printf(ret, "%s %s %s", same ? "," : "", zonebox_text(key, "selector"),
                   zonebox_text(key, "state"));
        last = domain;
    }
    if (last[0] != '\0')
        buf_put_text(ret, "\n");
}

static void show_zone(const json_t *zone, int64_t now, struct buf *ret)
{
    char text[ZONEBOX_MOMENT_MAX];
    size_t i;
    json_t *note;
    int64_t expire = zonebox_number(zone, "signatures-expire");
    buf_printf(ret, "  %-24s ", zonebox_text(zone, "name"));
    if (json_is_integer(json_object_get(zone, "serial")))
        buf_printf(ret, "%10lld  %s", number(zone, "serial"), zonebox_text(zone, "dnssec"));
    else
        buf_printf(ret, "%10s  not published", "-");
    if (expire > 0)
        buf_printf(ret, " until %s", zonebox_moment(expire, now, text));
    show_keys(zone, ret);
    buf_put_text(ret, "\n");
    show_dkim(zone, ret);
    json_array_foreach(json_object_get(zone, "notes"), i, note)
        buf_printf(ret, "      note: %s\n", json_string_value(note));
}

static void show_external(const json_t *zone, struct buf *ret)
{
    size_t i;
    json_t *key;
    buf_printf(ret, "  %s\n", zonebox_text(zone, "name"));
    show_dkim(zone, ret);
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

static void show_zones(const json_t *signer, bool list, int64_t now, struct buf *ret)
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
                   zonebox_moment(zonebox_number(signer, "signatures-expire"), now, text));
    if (zonebox_number(signer, "sign-next") > 0)
        buf_printf(ret, "  zones are signed again     %s\n",
                   zonebox_moment(zonebox_number(signer, "sign-next"), now, text));
    if (list)
        json_array_foreach(json_object_get(signer, "zones"), i, zone) show_zone(zone, now, ret);
    else
        buf_put_text(ret, "  (zonebox status --all lists them)\n");
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

void zonebox_show(const json_t *status, bool list_zones, int64_t now, struct buf *ret)
{
    const json_t *programs = json_object_get(status, "programs");
    show_problems(json_object_get(status, "problems"), list_zones, ret);
    if (json_is_null(json_object_get(status, "zoned")))
        return;
    show_programs(status, now, ret);
    show_zones(json_object_get(programs, "zone-signer"), list_zones, now, ret);
    show_externals(json_object_get(programs, "zone-signer"), list_zones, ret);
    zonebox_show_tls(json_object_get(programs, "zone-signer"), now, ret);
    show_resolver(json_object_get(programs, "zone-resolver"), ret);
}
