// SPDX-License-Identifier: ISC
// Where servers are, as a resolver on loopback tells it: aliases, addresses of all kinds, zone cuts, and more of
// everything than anybody needs. Servers beyond loopback are for the integration tests.
#include "probe/servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dns/types.h"
#include "tests/unit/probe/told.h"

#define SOA " 300 IN SOA ns.example. h.example. 1 2 3 4 5\n"

// Who does not ask for it leaves validation to nobody.
static int stop(void **state)
{
    return told_stop(state) != 0 || validations != 0;
}

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(text, &name, NULL), STATUS_OK);
    return name;
}

// ── One name ─────────────────────────────────────────────────────────────────────────────────────

struct seen {
    unsigned count;
    enum resolve_outcome outcome;
    bool secure;
    char canonical[NAME_TEXT_MAX];
    char text[ASK_TEXT_MAX];
    struct resolve_addresses addresses;
};

static void on_answer(void *data, const struct resolve_answer *got)
{
    struct seen *seen = data;
    seen->count++;
    seen->outcome = got->outcome;
    seen->secure = got->secure;
    name_to_text(got->canonical.wire, seen->canonical);
    memcpy(seen->text, got->text, sizeof(seen->text));
}

static void on_addresses(void *data, const struct resolve_addresses *got)
{
    struct seen *seen = data;
    seen->count++;
    seen->outcome = got->outcome;
    seen->addresses = *got;
}

static struct seen look_up(const char *text, const struct told *what)
{
    struct seen seen = {0};
    struct name name = name_of(text);
    told = what;
    resolve(&resolver, name.wire, RR_TYPE_A, on_answer, &seen);
    while (seen.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    return seen;
}

static struct seen look_up_addresses(const char *text, const struct told *what)
{
    struct seen seen = {0};
    struct name name = name_of(text);
    told = what;
    resolve_addresses(&resolver, name.wire, 25, on_addresses, &seen);
    while (seen.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    return seen;
}

static void what_a_resolver_says_is_told_apart(void **state)
{
    (void)state;
    static const struct told what[] = {
        {"a.example. A", LDNS_RCODE_NOERROR, "A.Example. 1 IN A 192.0.2.1", NULL},
        {"alias.example. A", LDNS_RCODE_NOERROR,
         "alias.example. 1 IN CNAME b.example.\nb.example. 1 IN A 192.0.2.1", NULL},
        {"dangling.example. A", LDNS_RCODE_NXDOMAIN, "dangling.example. 1 IN CNAME b.example.",
         NULL},
        {"other.example. A", LDNS_RCODE_NOERROR, "strange.example. 1 IN A 192.0.2.1", NULL},
        {"none.example. A", LDNS_RCODE_NXDOMAIN, NULL, "example." SOA},
        {"empty.example. A", LDNS_RCODE_NOERROR, NULL, "example." SOA},
        {"broken.example. A", LDNS_RCODE_SERVFAIL, NULL, NULL},
        {"refused.example. A", LDNS_RCODE_REFUSED, NULL, NULL},
        {"loop.example. A", LDNS_RCODE_NOERROR,
         "loop.example. 1 IN CNAME b.example.\nb.example. 1 IN CNAME loop.example.", NULL},
        {0}};
    static const struct {
        const char *name;
        enum resolve_outcome outcome;
        const char *canonical;
        const char *text;
    } cases[] = {
        {"a.example", RESOLVE_FOUND, "a.example.", ""},
        {"alias.example", RESOLVE_FOUND, "b.example.", ""},
        {"dangling.example", RESOLVE_NONE, "b.example.", ""},
        {"other.example", RESOLVE_NONE, "other.example.", ""},
        {"none.example", RESOLVE_NONE, "none.example.", ""},
        {"empty.example", RESOLVE_NONE, "empty.example.", ""},
        {"broken.example", RESOLVE_UNKNOWN, "broken.example.", "the resolver: rcode 2"},
        {"refused.example", RESOLVE_UNKNOWN, "refused.example.", "the resolver: rcode 5"},
        {"loop.example", RESOLVE_UNKNOWN, "loop.example.", "the resolver: rcode 0"},
        {"silent.example", RESOLVE_UNKNOWN, "silent.example.",
         "the resolver: no answer within 0.4 s"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct seen seen = look_up(cases[i].name, what);
        assert_int_equal(seen.outcome, cases[i].outcome);
        assert_string_equal(seen.canonical, cases[i].canonical);
        assert_string_equal(seen.text, cases[i].text);
    }
}

static void who_wants_it_validated_is_told_whether_it_is_secure(void **state)
{
    (void)state;
    static const struct told what[] = {
        {"a.example. A", LDNS_RCODE_NOERROR, "a.example. 1 IN A 192.0.2.1", NULL}, {0}};
    secure = true;
    assert_false(look_up("a.example", what).secure);
    assert_int_equal(validations, 0);
    for (unsigned i = 0; i < 2; i++) {
        struct seen seen = {0};
        struct name name = name_of("a.example");
        resolve_validated(&resolver, name.wire, RR_TYPE_A, on_answer, &seen);
        while (seen.count == 0)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(seen.outcome, RESOLVE_FOUND);
        assert_int_equal(seen.secure, secure);
        secure = false;
    }
    assert_int_equal(validations, 2);
    validations = 0;
}

static void addresses_are_those_of_both_families(void **state)
{
    (void)state;
    static const struct told what[] = {
        {"mx.example. A", LDNS_RCODE_NOERROR,
         "mx.example. 1 IN CNAME b.example.\nb.example. 1 IN A 192.0.2.1\nb.example. 1 IN A "
         "10.0.0.1",
         NULL},
        {"mx.example. AAAA", LDNS_RCODE_NOERROR,
         "mx.example. 1 IN CNAME b.example.\nb.example. 1 IN AAAA 2001:db8::1\n"
         "b.example. 1 IN AAAA ::1\nb.example. 1 IN AAAA ::ffff:192.0.2.1",
         NULL},
        {0}};
    struct seen seen = look_up_addresses("mx.example", what);
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(seen.outcome, RESOLVE_FOUND);
    assert_true(seen.addresses.alias);
    assert_false(seen.addresses.partial || seen.addresses.more);
    assert_int_equal(seen.addresses.count, 2);
    assert_string_equal(address_text(&seen.addresses.list[0], true, text), "192.0.2.1@25");
    assert_string_equal(address_text(&seen.addresses.list[1], true, text), "2001:db8::1@25");
    assert_int_equal(seen.addresses.unreachable_count, 3);
}

static void a_family_that_is_not_known_is_told(void **state)
{
    (void)state;
    static const struct told what[] = {
        {"half.example. A", LDNS_RCODE_NOERROR, "half.example. 1 IN A 192.0.2.1", NULL},
        {"half.example. AAAA", LDNS_RCODE_SERVFAIL, NULL, NULL},
        {"empty.example. A", LDNS_RCODE_NOERROR, NULL, NULL},
        {"empty.example. AAAA", LDNS_RCODE_SERVFAIL, NULL, NULL},
        {"none.example. A", LDNS_RCODE_NXDOMAIN, NULL, NULL},
        {"none.example. AAAA", LDNS_RCODE_NXDOMAIN, NULL, NULL},
        {0}};
    struct seen seen = look_up_addresses("half.example", what);
    assert_int_equal(seen.outcome, RESOLVE_FOUND);
    assert_true(seen.addresses.partial);
    assert_int_equal(look_up_addresses("empty.example", what).outcome, RESOLVE_UNKNOWN);
    assert_int_equal(look_up_addresses("none.example", what).outcome, RESOLVE_NONE);
}

// "owner 1 IN TYPE prefix0suffix", "…prefix1suffix" and so on, a line each; the caller frees.
static char *many(const char *prefix, const char *suffix, unsigned count)
{
    struct buf text = {0};
    for (unsigned i = 0; i < count; i++)
        buf_printf(&text, "%s%u%s\n", prefix, i, suffix);
    buf_put_u8(&text, 0);
    return (char *)text.data;
}

static void more_addresses_than_anybody_has_are_left_out(void **state)
{
    (void)state;
    char *list = many("mx.example. 1 IN A 192.0.2.", "", 40);
    const struct told what[] = {{"mx.example. A", LDNS_RCODE_NOERROR, list, NULL},
                                {"mx.example. AAAA", LDNS_RCODE_NOERROR, NULL, NULL},
                                {0}};
    struct seen seen = look_up_addresses("mx.example", what);
    assert_int_equal(seen.addresses.count, RESOLVE_ADDRESSES_MAX);
    assert_true(seen.addresses.more);
    free(list);
}

// ── The servers of a zone ────────────────────────────────────────────────────────────────────────

static struct zone_servers *found;

static void on_found(void *data, struct zone_servers *servers)
{
    (void)data;
    found = servers;
}

static void find(const char *text, const struct told *what)
{
    struct name zone = name_of(text);
    told = what;
    found = NULL;
    servers_find(&resolver, zone.wire, on_found, NULL);
    while (found == NULL)
        uv_run(&loop, UV_RUN_ONCE);
}

static void the_zone_above_is_the_next_cut(void **state)
{
    (void)state;
    static const struct told what[] = {
        {"b.c.example. SOA", LDNS_RCODE_NXDOMAIN, NULL, "example." SOA},
        {"example. NS", LDNS_RCODE_NOERROR, "example. 1 IN NS ns.example.", NULL},
        {"ns.example. A", LDNS_RCODE_NOERROR, "ns.example. 1 IN A 10.0.0.1", NULL},
        {"ns.example. AAAA", LDNS_RCODE_NOERROR, "ns.example. 1 IN AAAA ::1", NULL},
        {0}};
    char text[NAME_TEXT_MAX];
    find("a.b.c.example", what);
    assert_int_equal(found->parent_outcome, RESOLVE_FOUND);
    assert_string_equal(name_to_text(found->parent.wire, text), "example.");
    assert_int_equal(found->parents.name_count, 1);
    assert_int_equal(found->parents.count, 2);
    for (size_t i = 0; i < 2; i++) { // neither can be reached by the world
        assert_int_equal(found->parents.list[i].outcome, ASK_NOT_ASKED);
        assert_null(found->parents.list[i].answer);
    }
    assert_int_equal(found->servers.name_count, 0);
    zone_servers_free(found);
}

static void what_is_not_known_of_the_zone_above_is_unknown(void **state)
{
    (void)state;
    static const struct told failing[] = {{"example. SOA", LDNS_RCODE_SERVFAIL, NULL, NULL}, {0}};
    static const struct told nothing[] = {{"example. SOA", LDNS_RCODE_NOERROR, NULL, NULL}, {0}};
    static const struct told strange[] = {{"example. SOA", LDNS_RCODE_NOERROR, NULL, "other." SOA},
                                          {0}};
    static const struct told no_servers[] = {
        {"example. SOA", LDNS_RCODE_NOERROR, "example." SOA, NULL},
        {"example. NS", LDNS_RCODE_NOERROR, NULL, "example." SOA},
        {0}};
    static const struct {
        const struct told *what;
        const char *text;
    } cases[] = {{failing, "the resolver: rcode 2"},
                 {nothing, "the resolver tells no zone above"},
                 {strange, "the resolver tells no zone above"},
                 {no_servers, "the zone above names no servers of its own"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        find("a.example", cases[i].what);
        assert_int_equal(found->parent_outcome, RESOLVE_UNKNOWN);
        assert_string_equal(found->text, cases[i].text);
        zone_servers_free(found);
    }
}

static void the_root_has_no_zone_above(void **state)
{
    (void)state;
    static const struct told what[] = {
        {". NS", LDNS_RCODE_NOERROR, ". 1 IN NS ns.example.", NULL},
        {"ns.example. A", LDNS_RCODE_NOERROR,
         "ns.example. 1 IN CNAME b.example.\nb.example. 1 IN A 127.0.0.1", NULL},
        {"ns.example. AAAA", LDNS_RCODE_NOERROR, NULL, NULL},
        {0}};
    find(".", what);
    assert_int_equal(found->parent_outcome, RESOLVE_NONE);
    assert_int_equal(found->servers.name_count, 1);
    assert_true(found->servers.names[0].alias);
    assert_int_equal(found->servers.count, 1);
    zone_servers_free(found);
}

static void more_servers_than_anybody_has_are_left_out(void **state)
{
    (void)state;
    char *names = many("example. 1 IN NS ns", ".example.", 60);
    struct told what[2 + 120 + 1] = {{"example. SOA", LDNS_RCODE_NOERROR, "example." SOA, NULL},
                                     {"example. NS", LDNS_RCODE_NOERROR, names, NULL}};
    char *texts[240];
    for (unsigned i = 0; i < 60; i++) {
        texts[4 * i] = xasprintf("ns%u.example. A", i);
        texts[4 * i + 1] =
            xasprintf("ns%u.example. 1 IN A 10.0.%u.1\nns%u.example. 1 IN A 10.0.%u.2", i, i, i, i);
        texts[4 * i + 2] = xasprintf("ns%u.example. AAAA", i);
        texts[4 * i + 3] = xasprintf("ns%u.example. 1 IN AAAA fd00::%x", i, i);
        what[2 + 2 * i] = (struct told){texts[4 * i], LDNS_RCODE_NOERROR, texts[4 * i + 1], NULL};
        what[3 + 2 * i] =
            (struct told){texts[4 * i + 2], LDNS_RCODE_NOERROR, texts[4 * i + 3], NULL};
    }
    find("a.example", what);
    assert_int_equal(found->parents.name_count, SERVERS_NAMES_MAX);
    assert_int_equal(found->parents.count, SERVERS_ADDRESSES_MAX);
    assert_true(found->parents.more);
    zone_servers_free(found);
    for (unsigned i = 0; i < 240; i++)
        free(texts[i]);
    free(names);
}

static void an_asker_that_is_closed_ends_the_search(void **state)
{
    (void)state;
    static const struct told what[] = {{0}};
    struct name zone = name_of("a.example");
    struct resolver closing = {asker_new(&loop, TOLD_TIMEOUT_MS), server.address};
    told = what;
    found = NULL;
    servers_find(&closing, zone.wire, on_found, NULL);
    asker_close(closing.asker);
    assert_non_null(found);
    assert_int_equal(found->parent_outcome, RESOLVE_UNKNOWN);
    zone_servers_free(found);
}

#define test(function) cmocka_unit_test_setup_teardown(function, told_start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(what_a_resolver_says_is_told_apart),
        test(who_wants_it_validated_is_told_whether_it_is_secure),
        test(addresses_are_those_of_both_families),
        test(a_family_that_is_not_known_is_told),
        test(more_addresses_than_anybody_has_are_left_out),
        test(the_zone_above_is_the_next_cut),
        test(what_is_not_known_of_the_zone_above_is_unknown),
        test(the_root_has_no_zone_above),
        test(more_servers_than_anybody_has_are_left_out),
        test(an_asker_that_is_closed_ends_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
