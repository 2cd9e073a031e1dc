// SPDX-License-Identifier: ISC
// A zone in the status for people: its keys with their lives, its DS at the parent, what was seen of it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/zonebox.h"

#define INDENT 6

static long long number(const json_t *object, const char *key)
{
    return (long long)zonebox_number(object, key);
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bool is(const json_t *object, const char *key, const char *word)
{
    return strcmp(zonebox_text(object, key), word) == 0;
}

// A line of its own, indented; words is freed.
static void put_line(char *words, struct buf *ret)
{
    buf_printf(ret, "%*s", INDENT, "");
    zonebox_wrap(words, INDENT, ret);
    buf_put_text(ret, "\n");
    free(words);
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

static const char *role_word(const json_t *key)
{
    return is(key, "role", "ksk") ? "KSK" : is(key, "role", "zsk") ? "ZSK" : "key";
}

static void show_key(const json_t *key, const struct zonebox_view *view, struct buf *ret)
{
    char text[ZONEBOX_MOMENT_MAX];
    const char *algorithm = config_algorithm_word((uint8_t)zonebox_number(key, "algorithm"));
    int64_t until = zonebox_number(key, "until");
    struct buf words = {0};
    buf_printf(&words, "%s %lld: %s", role_word(key), number(key, "tag"),
               zonebox_text(key, "state"));
    if (zonebox_number(key, "since") > 0)
        buf_printf(&words, " since %s", zonebox_date(zonebox_number(key, "since"), text));
    // What is retired or dead is nowhere else to go.
    if (is_true(key, "leaving") && !is(key, "state", "retired") && !is(key, "state", "dead"))
        buf_put_text(&words, ", on its way out");
    if (is_true(key, "compromised"))
        buf_put_text(&words, ", compromised");
    if (algorithm != NULL)
        buf_printf(&words, " (%s)", algorithm);
    if (zonebox_text(key, "waits")[0] != '\0')
        buf_printf(&words, "; waits: %s", zonebox_text(key, "waits"));
    if (until > 0)
        buf_printf(&words, ", until %s", zonebox_moment(until, view->now, text));
    put_line(xstrdup(buf_text(&words)), ret);
    buf_done(&words);
    buf_printf(ret, "%*s", INDENT + 2, "");
    zonebox_timeline(key, view->now, view->has_marks, ret);
    buf_put_text(ret, "\n");
}

static void show_keys(const json_t *zone, const struct zonebox_view *view, struct buf *ret)
{
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(zone, "keys"), i,
                       key) if (zonebox_text(key, "state")[0] != '\0') show_key(key, view, ret);
}

// ── The parent ───────────────────────────────────────────────────────────────────────────────────

// The tags of the keys whose DS is there in that way: " 12345 and 23456".
static bool put_tags(const json_t *zone, const char *ds, struct buf *ret)
{
    size_t i;
    json_t *key;
    bool any = false;
    json_array_foreach(json_object_get(zone, "keys"), i, key)
    {
        if (!is(key, "ds", ds))
            continue;
        buf_printf(ret, "%s %lld", any ? " and" : "", number(key, "tag"));
        any = true;
    }
    return any;
}

bool zonebox_ds_words(const json_t *zone, int64_t now, struct buf *ret)
{
    char text[ZONEBOX_MOMENT_MAX];
    const json_t *life = json_object_get(zone, "life");
    struct buf tags = {0};
    bool waits = zonebox_number(life, "until") > 0 && is(life, "wait", "caches");
    bool todo = true;
    if (put_tags(zone, "offered", &tags))
        buf_printf(ret, "DS of%s: enter now, in the place of any other; `zonegen --ds %s` has it",
                   buf_text(&tags), zonebox_text(zone, "name"));
    else if (is(life, "wait", "ds-out"))
        buf_printf(ret, "DS%s%s: take it out now", put_tags(zone, "out", &tags) ? " of" : "",
                   buf_text(&tags));
    else
        todo = false;
    if (!todo && put_tags(zone, "in", &tags))
        buf_printf(ret, "DS of%s: in, at all the parent's servers", buf_text(&tags));
    else if (!todo && is_true(life, "secure"))
        buf_put_text(ret, "DS: out, and kept by resolvers for a while");
    else if (!todo && !is(zone, "dnssec", "signed"))
        buf_put_text(ret, "DS: none");
    else if (!todo && waits)
        buf_printf(ret, "DS: enter after %s, not before",
                   zonebox_moment(zonebox_number(life, "until"), now, text));
    else if (!todo)
        buf_printf(ret, "DS: not to be entered yet%s%s",
                   zonebox_text(life, "waits")[0] != '\0' ? ", waits: " : "",
                   zonebox_text(life, "waits"));
    if (number(life, "ds-foreign") > 0)
        buf_printf(ret, "; foreign: %lld of keys that nobody here has", number(life, "ds-foreign"));
    buf_done(&tags);
    return todo;
}

static void show_parent(const json_t *zone, const struct zonebox_view *view, struct buf *ret)
{
    struct buf words = {0};
    if (json_is_object(json_object_get(zone, "life"))) {
        zonebox_ds_words(zone, view->now, &words);
        put_line(xstrdup(buf_text(&words)), ret);
    }
    buf_done(&words);
}

// ── Beside the keys ──────────────────────────────────────────────────────────────────────────────

static void show_signalling(const json_t *zone, struct buf *ret)
{
    const json_t *signalling = json_object_get(zone, "signalling");
    long long names = number(signalling, "names"), said = number(signalling, "said");
    long long guests = number(signalling, "guests");
    if (said > 0)
        put_line(xasprintf("first DS: signalled below %lld name%s of its servers (RFC 9615), for a "
                           "parent that looks there",
                           said, said == 1 ? "" : "s"),
                 ret);
    else if (names > 0)
        put_line(xstrdup("first DS: signalled as soon as the zone of its servers' names is secure "
                         "itself (RFC 9615)"),
                 ret);
    if (guests > 0)
        put_line(xasprintf("signals the first DS of others (RFC 9615): %lld name%s", guests,
                           guests == 1 ? "" : "s"),
                 ret);
}

// ── What was seen ────────────────────────────────────────────────────────────────────────────────

// first: one of them, "" where none is known.
static void put_others(long long count, const char *what, const char *first, struct buf *ret)
{
    if (count > 0)
        buf_printf(ret, ", %lld %s", count, what);
    if (count > 0 && first[0] != '\0')
        buf_printf(ret, " (%s)", first);
}

// head: whose addresses; has: what they should have.
static void show_sight(const char *head, const char *has, const json_t *sight,
                       const struct zonebox_view *view, struct buf *ret)
{
    char text[ZONEBOX_MOMENT_MAX];
    struct buf words = {0};
    if (!json_is_object(sight))
        return;
    long long wrong = number(sight, "wrong"), unknown = number(sight, "unknown");
    buf_printf(&words, "%s: %lld of %lld addresses have %s", head, number(sight, "ok"),
               number(sight, "ok") + wrong + unknown, has);
    put_others(wrong, "something else", zonebox_text(sight, "first-wrong"), &words);
    put_others(unknown, "could not be asked", zonebox_text(sight, "first-unknown"), &words);
    buf_printf(&words, "; seen %s",
               zonebox_moment(zonebox_number(sight, "looked-at"), view->now, text));
    const char *where = zonebox_text(sight, "first-expiring");
    if (zonebox_number(sight, "expires") > 0)
        buf_printf(&words, "; of the signatures seen the first expires %s%s%s",
                   zonebox_moment(zonebox_number(sight, "expires"), view->now, text),
                   where[0] != '\0' ? ", at " : "", where);
    put_line(xstrdup(buf_text(&words)), ret);
    buf_done(&words);
}

// ── Orders ───────────────────────────────────────────────────────────────────────────────────────

static void show_order(const json_t *zone, struct buf *ret)
{
    const json_t *life = json_object_get(zone, "life");
    const char *name = zonebox_text(zone, "name");
    char text[ZONEBOX_SPAN_MAX];
    bool is_out = is(zone, "dnssec", "unsigned") && !is_true(life, "secure");
    if (is(life, "order", "retire"))
        put_line(xasprintf("ordered: back to unsigned%s (`zonebox retire --undo %s` takes it back)",
                           is_out ? ", which it is" : "", name),
                 ret);
    else if (is(life, "order", "move") && is_out)
        put_line(xasprintf("ordered: to leave this box. It is unsigned: change the delegation at "
                           "the registrar now, serve it here for %s more, then take it out of the "
                           "configuration",
                           zonebox_span(zonebox_number(life, "ns-ttl"), text)),
                 ret);
    else if (is(life, "order", "move"))
        put_line(xasprintf("ordered: to leave this box. Do not change the delegation yet: not "
                           "before it is unsigned (`zonebox move --undo %s` takes it back)",
                           name),
                 ret);
}

// ── The zone ─────────────────────────────────────────────────────────────────────────────────────

// The DKIM keys, by domain where the zone has several mail domains.
void zonebox_show_dkim(const json_t *zone, struct buf *ret)
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

// Those of which no more is known: of a zone that is signed elsewhere.
static void put_key_tags(const json_t *zone, struct buf *ret)
{
    size_t i;
    json_t *key;
    bool any = false;
    json_array_foreach(json_object_get(zone, "keys"), i, key)
    {
        if (zonebox_text(key, "state")[0] != '\0')
            continue;
        buf_printf(ret, "%s %lld", any ? "," : "; key", number(key, "tag"));
        any = true;
    }
}

void zonebox_show_zone(const json_t *zone, const struct zonebox_view *view, struct buf *ret)
{
    char text[ZONEBOX_MOMENT_MAX];
    size_t i;
    json_t *note;
    int64_t expire = zonebox_number(zone, "signatures-expire");
    int64_t next = zonebox_number(zone, "sign-next");
    buf_printf(ret, "  %-24s ", zonebox_text(zone, "name"));
    if (json_is_integer(json_object_get(zone, "serial")))
        buf_printf(ret, "%10lld  %s%s", number(zone, "serial"), zonebox_text(zone, "dnssec"),
                   is(zone, "denial", "nsec3") ? " (NSEC3)" : "");
    else
        buf_printf(ret, "%10s  not published", "-");
    if (expire > 0)
        buf_printf(ret, " until %s", zonebox_moment(expire, view->now, text));
    put_key_tags(zone, ret);
    buf_put_text(ret, "\n");
    if (view->is_one && next > 0)
        put_line(xasprintf("signed again %s", zonebox_moment(next, view->now, text)), ret);
    show_order(zone, ret);
    show_parent(zone, view, ret);
    show_signalling(zone, ret);
    show_keys(zone, view, ret);
    if (view->is_one) {
        show_sight("name servers", "what is published", json_object_get(zone, "served"), view, ret);
        show_sight("parent's servers", "the DS as it should be", json_object_get(zone, "parent"),
                   view, ret);
    }
    zonebox_show_dkim(zone, ret);
    json_array_foreach(json_object_get(zone, "notes"), i, note)
        put_line(xasprintf("note: %s", json_string_value(note)), ret);
}
