// SPDX-License-Identifier: ISC
// The name server's numbers as text for people: what was asked, what came of it, and which process did it.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/zonebox.h"

// Of more, the largest are named.
#define NAMED_MAX 8
// Rows that fit a screen beside all else.
#define ROWS_MAX 16
#define COLUMN   13 // where words begin, behind what they are about

#define NUMBER_MAX 32

// "1,234,567"
static const char *grouped(int64_t number, char text[NUMBER_MAX])
{
    char digits[NUMBER_MAX];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, number);
    char *to = text;
    for (int i = 0; i < len; i++) {
        *to++ = digits[i];
        if (digits[i] != '-' && i + 1 < len && (len - i - 1) % 3 == 0)
            *to++ = ',';
    }
    *to = '\0';
    return text;
}

// "1.2 MB", for octets.
static const char *sized(int64_t octets, char text[NUMBER_MAX])
{
    static const char *const units[] = {"octets", "kB", "MB", "GB", "TB"};
    double value = (double)octets;
    size_t i = 0;
    for (; value >= 1000 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
        value /= 1000;
    snprintf(text, NUMBER_MAX, i == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, units[i]);
    return text;
}

// Of numbers that make no sense the sum makes none, and that is all.
static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t sum_of(json_t *numbers)
{
    const char *key;
    json_t *value;
    int64_t sum = 0;
    json_object_foreach(numbers, key, value) sum = add(sum, json_integer_value(value));
    return sum;
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────────

struct named {
    const char *name;
    int64_t count;
};

// The most first, else by name.
static int compare(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return strcmp(left->name, right->name);
}

// "name count, name count, others count", those that are 0 left out.
static void put_list(const struct named *list, size_t count, size_t most, struct buf *ret)
{
    char text[NUMBER_MAX];
    int64_t others = 0;
    for (size_t i = 0; i < count; i++) {
        if (i >= most)
            others = add(others, list[i].count);
        else if (list[i].count != 0)
            buf_printf(ret, "%s%s %s", ret->len > 0 ? ", " : "", list[i].name,
                       grouped(list[i].count, text));
    }
    if (others != 0)
        buf_printf(ret, ", others %s", grouped(others, text));
}

// A line of the section, wrapped; none without words. Empties them.
static void put_line(const char *about, struct buf *words, struct buf *ret)
{
    if (words->len > 0) {
        buf_printf(ret, "  %-*s", COLUMN - 2, about);
        zonebox_wrap(buf_text(words), COLUMN, ret);
        buf_put_text(ret, "\n");
    }
    buf_done(words);
    *words = (struct buf){0};
}

static void put_ranked(const char *about, json_t *numbers, struct buf *ret)
{
    struct buf words = {0};
    const char *key;
    json_t *value;
    size_t count = 0;
    struct named *list = xcalloc(json_object_size(numbers) + 1, sizeof(*list));
    json_object_foreach(numbers, key, value) list[count++] =
        (struct named){key, json_integer_value(value)};
    qsort(list, count, sizeof(*list), compare);
    put_list(list, count, NAMED_MAX, &words);
    put_line(about, &words, ret);
    free(list);
}

// ── Lines ────────────────────────────────────────────────────────────────────────────────────────

static int64_t both(const json_t *queries, const char *v4, const char *v6)
{
    return add(zonebox_number(queries, v4), zonebox_number(queries, v6));
}

static void put_transports(const json_t *queries, struct buf *ret)
{
    struct buf words = {0};
    char text[NUMBER_MAX];
    const struct named list[] = {{"UDP", both(queries, "udp4", "udp6")},
                                 {"TCP", both(queries, "tcp4", "tcp6")},
                                 {"TLS", both(queries, "tls4", "tls6")}};
    int64_t v6 = add(zonebox_number(queries, "udp6"), both(queries, "tcp6", "tls6"));
    put_list(list, 3, 3, &words);
    if (words.len > 0)
        buf_printf(&words, "; over IPv6 %s", grouped(v6, text));
    put_line("over", &words, ret);
}

static void put_average(const char *what, json_t *sizes, int64_t octets, struct buf *ret)
{
    int64_t count = sum_of(sizes);
    char text[NUMBER_MAX];
    if (count > 0)
        buf_printf(ret, "%s%s %s octets", ret->len > 0 ? ", " : "", what,
                   grouped(add(octets, count / 2) / count, text));
}

static void put_sizes(const json_t *sum, struct buf *ret)
{
    struct buf words = {0};
    put_average("queries", json_object_get(sum, "query-sizes"), zonebox_number(sum, "query-octets"),
                &words);
    put_average("replies", json_object_get(sum, "reply-sizes"), zonebox_number(sum, "reply-octets"),
                &words);
    if (words.len > 0)
        buf_put_text(&words, " on average");
    put_line("size", &words, ret);
}

static void put_clients(const json_t *sum, struct buf *ret)
{
    struct buf words = {0};
    const json_t *cookies = json_object_get(sum, "cookies");
    const struct named list[] = {
        {"EDNS", zonebox_number(sum, "edns")},
        {"DNSSEC", zonebox_number(sum, "dnssec-ok")},
        {"cookies", add(both(cookies, "client", "bad"), zonebox_number(cookies, "good"))}};
    put_list(list, 3, 3, &words);
    put_line("with", &words, ret);
}

// What an admin should see when it is not 0.
static void put_unusual(const json_t *sum, struct buf *ret)
{
    struct buf words = {0};
    const struct named list[] = {{"truncated", zonebox_number(sum, "truncated")},
                                 {"dropped", zonebox_number(sum, "dropped")},
                                 {"limited", zonebox_number(sum, "limited")},
                                 {"slipped", zonebox_number(sum, "slipped")},
                                 {"not sent", zonebox_number(sum, "unsent")},
                                 {"of broken zones", zonebox_number(sum, "broken")}};
    size_t count = sizeof(list) / sizeof(list[0]);
    put_list(list, count, count, &words);
    put_line("unusual", &words, ret);
}

static void put_connections(const json_t *sum, struct buf *ret)
{
    struct buf words = {0};
    json_t *handshakes = json_object_get(sum, "handshakes");
    const struct named list[] = {{"accepted", zonebox_number(sum, "connections-accepted")},
                                 {"open", zonebox_number(sum, "connections")},
                                 {"handshakes", sum_of(handshakes)},
                                 {"resumed", zonebox_number(handshakes, "resumed")},
                                 {"failed", zonebox_number(handshakes, "failed")},
                                 {"delayed", zonebox_number(sum, "handshakes-delayed")}};
    size_t count = sizeof(list) / sizeof(list[0]);
    put_list(list, count, count, &words);
    put_line("streams", &words, ret);
}

static void put_store(const json_t *store, struct buf *ret)
{
    struct buf words = {0};
    char used[NUMBER_MAX], most[NUMBER_MAX], text[NUMBER_MAX];
    if (json_is_true(json_object_get(store, "open")))
        buf_printf(&words, "%s zone%s, %s of %s, transaction %lld, %lld readers",
                   grouped(zonebox_number(store, "zones"), text),
                   zonebox_number(store, "zones") == 1 ? "" : "s",
                   sized(zonebox_number(store, "used-octets"), used),
                   sized(zonebox_number(store, "size-octets"), most),
                   (long long)zonebox_number(store, "transaction"),
                   (long long)zonebox_number(store, "readers"));
    put_line("store", &words, ret);
}

// ── Processes ────────────────────────────────────────────────────────────────────────────────────

static void put_row(const char *name, const json_t *numbers, struct buf *ret)
{
    static const char *const keys[] = {"truncated", "dropped", "limited", "slipped", "connections"};
    char text[NUMBER_MAX];
    buf_printf(ret, "  %-*s%14s", COLUMN - 2, name,
               grouped(sum_of(json_object_get(numbers, "queries")), text));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        buf_printf(ret, " %9s", grouped(zonebox_number(numbers, keys[i]), text));
    buf_put_text(ret, "\n");
}

// With one there is nothing to tell apart.
static void put_workers(json_t *workers, struct buf *ret)
{
    const char *name;
    json_t *numbers;
    size_t rows = 0;
    if (json_object_size(workers) < 2)
        return;
    buf_printf(ret, "  %-*s%14s %9s %9s %9s %9s %9s\n", COLUMN - 2, "worker", "queries",
               "truncated", "dropped", "limited", "slipped", "open");
    json_object_foreach(workers, name, numbers)
    {
        if (rows++ == ROWS_MAX) {
            buf_printf(ret, "  … and %zu more (zonebox status --json)\n",
                       json_object_size(workers) - ROWS_MAX);
            return;
        }
        put_row(name, numbers, ret);
    }
}

void zonebox_show_queries(const json_t *statistics, int64_t since, int64_t now, struct buf *ret)
{
    const json_t *sum = json_object_get(statistics, "sum");
    json_t *queries = json_object_get(sum, "queries");
    char text[NUMBER_MAX], span[ZONEBOX_SPAN_MAX];
    if (!json_is_object(sum))
        return;
    buf_printf(ret, "\nQueries: %s in %s\n", grouped(sum_of(queries), text),
               zonebox_span(now - since, span));
    put_transports(queries, ret);
    put_ranked("types", json_object_get(sum, "types"), ret);
    put_ranked("replies", json_object_get(sum, "rcodes"), ret);
    put_ranked("found", json_object_get(sum, "kinds"), ret);
    put_sizes(sum, ret);
    put_clients(sum, ret);
    put_unusual(sum, ret);
    put_connections(sum, ret);
    put_store(json_object_get(statistics, "store"), ret);
    put_workers(json_object_get(statistics, "workers"), ret);
}
