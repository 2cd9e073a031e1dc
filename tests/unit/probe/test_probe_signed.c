// SPDX-License-Identifier: ISC
// A signed zone in a small world, and what its servers can do to the chain of trust.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/unit/probe/world.h"

#define DAY  86400
#define LIFE (14 * DAY)

#define SOA  "example.com. 300 IN SOA ns1.example.com. host.example.com. 7 14400 3600 604800 3600\n"
#define NS   "example.com. 300 IN NS ns1.example.com.\nexample.com. 300 IN NS ns2.example.com.\n"
#define A1   "ns1.example.com. 300 IN A 192.0.2.10\n"
#define A2   "ns2.example.com. 300 IN A 192.0.2.20\n"
#define NSEC "example.com. 300 IN NSEC ns1.example.com. NS SOA RRSIG NSEC DNSKEY\n"
#define LAST "ns2.example.com. 300 IN NSEC example.com. A RRSIG NSEC\n"
#define COM  "com. NS a.nic.com.\ncom. SOA a b 1 2 3 4 5\na.nic.com. A 192.0.2.2\n"

// ── Keys and signatures ──────────────────────────────────────────────────────────────────────────

// Lists of one, which is how ldns takes a key to sign with; the list owns it.
static ldns_key_list *key, *other;

static ldns_key *key_of(ldns_key_list *list)
{
    return ldns_key_list_key(list, 0);
}

static ldns_key_list *make_key(void)
{
    ldns_key *made = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
    assert_non_null(made);
    ldns_key_set_pubkey_owner(made, ldns_dname_new_frm_str("example.com."));
    ldns_key_set_flags(made, LDNS_KEY_ZONE_KEY | LDNS_KEY_SEP_KEY);
    ldns_rr *dnskey = ldns_key2rr(made);
    ldns_key_set_keytag(made, ldns_calc_keytag(dnskey));
    ldns_rr_free(dnskey);
    ldns_key_list *list = ldns_key_list_new();
    ldns_key_list_push_key(list, made);
    return list;
}

static int make_keys(void **state)
{
    (void)state;
    key = make_key();
    other = make_key();
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    ldns_key_list_free(key);
    ldns_key_list_free(other);
    return 0;
}

static void put_rr(struct buf *ret, const ldns_rr *rr)
{
    char *text = ldns_rr2str(rr);
    buf_put_text(ret, text);
    free(text);
}

// The records of one RRset, a line each, and their signature. Behind the end of it, when `until` has passed.
static void put_signed(struct buf *ret, const char *lines, ldns_key_list *signer, int64_t until)
{
    ldns_rr_list *rrset = ldns_rr_list_new();
    char *copy = xstrdup(lines), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        ldns_rr *rr = NULL;
        if (*line == '\0')
            continue;
        assert_int_equal(ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL), LDNS_STATUS_OK);
        ldns_rr_list_push_rr(rrset, rr);
        put_rr(ret, rr);
    }
    ldns_key_set_inception(key_of(signer), (uint32_t)(until - LIFE));
    ldns_key_set_expiration(key_of(signer), (uint32_t)until);
    ldns_rr_list *signatures = ldns_sign_public(rrset, signer);
    assert_int_equal(ldns_rr_list_rr_count(signatures), 1);
    put_rr(ret, ldns_rr_list_rr(signatures, 0));
    ldns_rr_list_deep_free(signatures);
    ldns_rr_list_deep_free(rrset);
    free(copy);
}

static char *dnskey_text(ldns_key_list *of)
{
    ldns_rr *rr = ldns_key2rr(key_of(of));
    ldns_rr_set_ttl(rr, 300);
    char *text = ldns_rr2str(rr);
    ldns_rr_free(rr);
    return text;
}

static void put_ds(struct buf *ret, ldns_key_list *of)
{
    ldns_rr *dnskey = ldns_key2rr(key_of(of));
    ldns_rr *ds = ldns_key_rr2ds(dnskey, LDNS_SHA256);
    put_rr(ret, ds);
    ldns_rr_free(ds);
    ldns_rr_free(dnskey);
}

// All of the zone but its DNSKEY, and the one RRset that the configuration is said to have.
static void put_rest(struct buf *ret, ldns_key_list *signer, int64_t until)
{
    static const char *const rrsets[] = {SOA, NS, A2, NSEC, LAST};
    for (size_t i = 0; i < sizeof(rrsets) / sizeof(rrsets[0]); i++)
        put_signed(ret, rrsets[i], signer, until);
}

// With one key, signed by that.
static void put_zone(struct buf *ret, ldns_key_list *signer, int64_t until)
{
    char *dnskey = dnskey_text(signer);
    put_signed(ret, dnskey, signer, until);
    put_signed(ret, A1, signer, until);
    put_rest(ret, signer, until);
    free(dnskey);
}

static void put_dnskey(struct buf *ret)
{
    char *dnskey = dnskey_text(key);
    put_signed(ret, dnskey, key, WORLD_NOW + 10 * DAY);
    free(dnskey);
}

// ── The world ────────────────────────────────────────────────────────────────────────────────────

static struct verdicts seen;

static int forget(void **state)
{
    (void)state;
    verdicts_clear(&seen);
    return 0;
}

// first and second: what the zone's servers have; the DS at the parent is that of `key`.
static void judge(const char *first, const char *second)
{
    struct buf com = {0};
    buf_put_text(&com, COM NS A1 A2);
    put_ds(&com, key);
    struct world world = {
        .servers = {{.address = "192.0.2.1", .zone = ".", .records = ". NS a.root.\n"},
                    {.address = "192.0.2.2", .zone = "com", .records = buf_text(&com)},
                    {.address = "192.0.2.10", .zone = "example.com", .records = first},
                    {.address = "192.0.2.20", .zone = "example.com", .records = second}},
        .server_count = 4,
        .elsewhere = "a.root. A 192.0.2.1\n",
    };
    world_judge(&world,
                "{\"format\":1,\"hostname\":\"box.example.net\",\"zones\":[{\"name\":"
                "\"example.com\",\"mode\":\"authoritative\",\"dnssec\":\"csk\",\"nameservers\":[{"
                "\"name\":\"ns1.example.com\",\"addresses\":[\"192.0.2.10\"]},{\"name\":"
                "\"ns2.example.com\",\"addresses\":[\"192.0.2.20\"]}],\"records\":[{\"name\":"
                "\"ns1.example.com\",\"ttl\":300,\"type\":\"A\",\"data\":\"192.0.2.10\"}]}]}",
                &seen);
    buf_done(&com);
}

// What is wrong or unknown is this alone, of the second server, and says so; NULL: nothing is.
static void assert_second_is(enum check_kind check, const char *words)
{
    size_t count = 0;
    for (size_t i = 0; i < seen.count; i++) {
        const struct verdict *verdict = &seen.list[i];
        if (verdict->kind == VERDICT_OK)
            continue;
        print_message("%s %s: %s\n", check_name(verdict->check), verdict->subject, verdict->text);
        count++;
        assert_non_null(words);
        assert_int_equal(verdict->kind, VERDICT_WRONG);
        assert_int_equal(verdict->check, check);
        assert_string_equal(verdict->subject, "ns2.example.com (192.0.2.20)");
        assert_non_null(strstr(verdict->text, words));
    }
    assert_int_equal(count, words != NULL);
}

static void judge_second(const struct buf *second)
{
    struct buf first = {0};
    put_zone(&first, key, WORLD_NOW + 10 * DAY);
    judge(buf_text(&first), (const char *)second->data);
    buf_done(&first);
}

// ── Tests ────────────────────────────────────────────────────────────────────────────────────────

static void a_sound_chain_is_fine(void **state)
{
    (void)state;
    struct buf zone = {0};
    put_zone(&zone, key, WORLD_NOW + 10 * DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_DS, NULL);
    buf_done(&zone);
}

static void each_server_has_to_show_the_chain(void **state)
{
    (void)state;
    struct buf zone = {0};
    put_zone(&zone, other, WORLD_NOW + 10 * DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_DS, "no key that a DS there names");
    buf_done(&zone);
}

static void the_key_that_the_ds_names_has_to_sign_the_keys(void **state)
{
    (void)state;
    struct buf zone = {0};
    char *one = dnskey_text(key), *two = dnskey_text(other);
    char *both = xasprintf("%s%s", one, two);
    put_signed(&zone, both, other, WORLD_NOW + 10 * DAY);
    put_signed(&zone, A1, other, WORLD_NOW + 10 * DAY);
    put_rest(&zone, other, WORLD_NOW + 10 * DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_DS, "not signed by a key that a DS there names");
    buf_done(&zone);
    free(both);
    free(two);
    free(one);
}

// That they have the same data does not make a signature's time worth anything.
static void a_signature_that_does_not_hold_has_no_time(void **state)
{
    (void)state;
    struct buf zone = {0}, later = {0};
    put_zone(&zone, key, WORLD_NOW + DAY);
    put_signed(&later, SOA, other, WORLD_NOW + 10 * DAY);
    buf_put_text(&zone, strchr(buf_text(&later), '\n') + 1);
    later.len = 0;
    char *dnskey = dnskey_text(key);
    put_signed(&later, dnskey, other, WORLD_NOW + 10 * DAY);
    buf_put_text(&zone, strchr(buf_text(&later), '\n') + 1);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, "were not renewed");
    buf_done(&zone);
    buf_done(&later);
    free(dnskey);
}

static void an_expired_signature_is_told(void **state)
{
    (void)state;
    struct buf zone = {0};
    put_zone(&zone, key, WORLD_NOW - DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, "it has expired");
    buf_done(&zone);
}

// Each is a verification of each key that may fit (CVE-2023-50387).
static void more_keys_and_signatures_than_anybody_needs_are_refused(void **state)
{
    (void)state;
    struct buf zone = {0}, more = {0};
    put_zone(&zone, key, WORLD_NOW + 10 * DAY);
    for (int i = 0; i < 20; i++) {
        more.len = 0;
        put_signed(&more, SOA, other, WORLD_NOW + 10 * DAY + i);
        buf_put_text(&zone, strchr(buf_text(&more), '\n') + 1);
    }
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, "SOA: there are more than validators try");
    zone.len = more.len = 0;
    for (int i = 0; i < 20; i++)
        buf_printf(&more, "example.com. 300 IN DNSKEY 256 3 13 AwEAAAA%c\n", 'A' + i);
    put_signed(&zone, buf_text(&more), key, WORLD_NOW + 10 * DAY);
    put_signed(&zone, A1, key, WORLD_NOW + 10 * DAY);
    put_rest(&zone, key, WORLD_NOW + 10 * DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, "more keys than validators try");
    buf_done(&zone);
    buf_done(&more);
}

// A zone that was edited by hand, or put together of two: its SOA and its keys are well signed.
static void every_record_that_is_looked_at_has_to_be_signed(void **state)
{
    (void)state;
    struct buf zone = {0};
    put_dnskey(&zone);
    put_rest(&zone, key, WORLD_NOW + 10 * DAY);
    size_t rest = zone.len;
    buf_put_text(&zone, A1);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, "ns1.example.com A: there is none");
    zone.len = rest;
    put_signed(&zone, A1, other, WORLD_NOW + 10 * DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, "ns1.example.com A: it was not made by a key of the zone");
    zone.len = rest;
    put_signed(&zone, A1, key, WORLD_NOW + DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, "hold until");
    buf_done(&zone);
}

// The first of all to expire counts, of those who validate.
static void the_time_is_that_of_the_first_to_expire(void **state)
{
    (void)state;
    struct buf zone = {0};
    put_dnskey(&zone);
    put_rest(&zone, key, WORLD_NOW + 10 * DAY);
    put_signed(&zone, A1, key, WORLD_NOW + 5 * DAY);
    buf_text(&zone);
    judge_second(&zone);
    assert_second_is(CHECK_SIGNATURES, NULL);
    time_t first = WORLD_NOW + 5 * DAY;
    char words[64];
    strftime(words, sizeof(words), "valid at 2 addresses, until %Y-%m-%d %H:%M", gmtime(&first));
    bool said = false;
    for (size_t i = 0; i < seen.count; i++)
        said = said || strstr(seen.list[i].text, words) != NULL;
    assert_true(said);
    buf_done(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_sound_chain_is_fine, forget),
        cmocka_unit_test_teardown(each_server_has_to_show_the_chain, forget),
        cmocka_unit_test_teardown(the_key_that_the_ds_names_has_to_sign_the_keys, forget),
        cmocka_unit_test_teardown(a_signature_that_does_not_hold_has_no_time, forget),
        cmocka_unit_test_teardown(an_expired_signature_is_told, forget),
        cmocka_unit_test_teardown(every_record_that_is_looked_at_has_to_be_signed, forget),
        cmocka_unit_test_teardown(the_time_is_that_of_the_first_to_expire, forget),
        cmocka_unit_test_teardown(more_keys_and_signatures_than_anybody_needs_are_refused, forget),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
