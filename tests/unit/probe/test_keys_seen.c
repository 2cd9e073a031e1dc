// SPDX-License-Identifier: ISC
// With which keys a zone is served: answers made with real keys, and everything that can be wrong with them.
#include "probe/keys_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dns/name.h"

#define SOA  "Example.org. 300 IN SOA ns.example.org. h.example.org. 7 1 1 1 1"
#define LIFE 86400

// Made once: two keys of the zone, one of somebody else's.
enum { FIRST, SECOND, STRANGE, KEYS };

static ldns_key *keys[KEYS];
static ldns_key_list *signers[KEYS]; // each of one, which is the list's
static ldns_rr *dnskeys[KEYS];
static int64_t now;

static struct observe_question question;
static ldns_pkt *dnskey_answer;
static ldns_pkt *soa_answer;

// ── What is asked ────────────────────────────────────────────────────────────────────────────────

static void expect(unsigned key, uint8_t use)
{
    struct observe_key *expected = &question.keys[question.key_count++];
    ldns_rr *ds = ldns_key_rr2ds(dnskeys[key], LDNS_SHA256);
    memcpy(expected->sha256, ldns_rdf_data(ldns_rr_rdf(ds, 3)), sizeof(expected->sha256));
    expected->tag = ldns_calc_keytag(dnskeys[key]);
    expected->algorithm = LDNS_ECDSAP256SHA256;
    expected->use = use;
    ldns_rr_free(ds);
}

#define ALL (OBSERVE_IN_DNSKEY | OBSERVE_SIGNS_KEYS | OBSERVE_SIGNS_ZONE)

// ── What is answered ─────────────────────────────────────────────────────────────────────────────

static ldns_rr *record(const char *text)
{
    ldns_rr *rr = NULL;
    assert_int_equal(ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL), LDNS_STATUS_OK);
    return rr;
}

static void put(ldns_pkt *packet, ldns_rr *rr)
{
    ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER, rr);
}

// All records of that type in the answer, signed for these times.
static void sign_from_to(ldns_pkt *packet, ldns_rr_type type, unsigned key, int64_t from,
                         int64_t until)
{
    ldns_rr_list *rrset = ldns_rr_list_new();
    ldns_rr_list *records = ldns_pkt_answer(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++)
        if (ldns_rr_get_type(ldns_rr_list_rr(records, i)) == type)
            ldns_rr_list_push_rr(rrset, ldns_rr_clone(ldns_rr_list_rr(records, i)));
    ldns_key_set_inception(keys[key], (uint32_t)from);
    ldns_key_set_expiration(keys[key], (uint32_t)until);
    ldns_rr_list *signatures = ldns_sign_public(rrset, signers[key]);
    assert_int_equal(ldns_rr_list_rr_count(signatures), 1);
    put(packet, ldns_rr_list_pop_rr(signatures));
    ldns_rr_list_free(signatures);
    ldns_rr_list_deep_free(rrset);
}

static void sign(ldns_pkt *packet, ldns_rr_type type, unsigned key)
{
    sign_from_to(packet, type, key, now - LIFE, now + LIFE);
}

static ldns_pkt *new_answer(void)
{
    ldns_pkt *packet = ldns_pkt_new();
    ldns_pkt_set_aa(packet, true);
    return packet;
}

static int start(void **state)
{
    (void)state;
    question = (struct observe_question){.kind = OBSERVE_KEYS};
    memcpy(question.zone, "\7example\3org", 13);
    dnskey_answer = new_answer();
    soa_answer = new_answer();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ldns_pkt_free(dnskey_answer);
    ldns_pkt_free(soa_answer);
    return 0;
}

// The zone with one key, as it should be.
static void answer_well(void)
{
    expect(FIRST, ALL);
    put(dnskey_answer, ldns_rr_clone(dnskeys[FIRST]));
    sign(dnskey_answer, LDNS_RR_TYPE_DNSKEY, FIRST);
    put(soa_answer, record(SOA));
    sign(soa_answer, LDNS_RR_TYPE_SOA, FIRST);
}

struct seen {
    struct keys_seen dnskey;
    struct keys_seen soa;
};

static struct seen look(void)
{
    struct seen seen;
    struct keys_list list;
    keys_read_dnskey(&question, dnskey_answer, now, &seen.dnskey, &list);
    keys_read_soa(&question, soa_answer, &list, now, &seen.soa);
    keys_list_done(&list);
    return seen;
}

static void expect_seen(bool dnskey, bool soa)
{
    struct seen seen = look();
    assert_int_equal(seen.dnskey.right, dnskey);
    assert_int_equal(seen.soa.right, soa);
}

// ── Tests ────────────────────────────────────────────────────────────────────────────────────────

static void a_zone_that_is_served_as_it_should_be_is_right(void **state)
{
    (void)state;
    answer_well();
    struct seen seen = look();
    assert_true(seen.dnskey.right && seen.soa.right);
    assert_int_equal(seen.dnskey.ttl, 1800);
    assert_int_equal(seen.dnskey.expires_at, now + LIFE);
    assert_int_equal(seen.soa.expires_at, now + LIFE);
}

static void each_key_signs_what_it_should_and_nothing_else(void **state)
{
    (void)state;
    expect(FIRST, OBSERVE_IN_DNSKEY | OBSERVE_SIGNS_KEYS);
    expect(SECOND, OBSERVE_IN_DNSKEY | OBSERVE_SIGNS_ZONE);
    put(dnskey_answer, ldns_rr_clone(dnskeys[FIRST]));
    put(dnskey_answer, ldns_rr_clone(dnskeys[SECOND]));
    sign(dnskey_answer, LDNS_RR_TYPE_DNSKEY, FIRST);
    put(soa_answer, record(SOA));
    sign(soa_answer, LDNS_RR_TYPE_SOA, SECOND);
    expect_seen(true, true);
    question.keys[0].use |= OBSERVE_SIGNS_ZONE;
    expect_seen(true, false);
    question.keys[0].use = OBSERVE_IN_DNSKEY | OBSERVE_SIGNS_KEYS;
    sign(dnskey_answer, LDNS_RR_TYPE_DNSKEY, SECOND);
    expect_seen(false, true);
    question.keys[1].use = ALL;
    expect_seen(true, true);
}

static void a_key_too_many_or_too_few_is_wrong(void **state)
{
    (void)state;
    answer_well();
    question.keys[0].use = ALL;
    expect(SECOND, OBSERVE_IN_DNSKEY);
    expect_seen(false, true);
    question.key_count = 1;
    put(dnskey_answer, ldns_rr_clone(dnskeys[STRANGE]));
    expect_seen(false, true);
}

static void a_key_that_may_only_sign_is_wrong_among_the_keys(void **state)
{
    (void)state;
    answer_well();
    question.keys[0].use = OBSERVE_SIGNS_KEYS | OBSERVE_SIGNS_ZONE;
    expect_seen(false, true);
}

static void signatures_may_come_before_their_key(void **state)
{
    (void)state;
    answer_well();
    expect(SECOND, OBSERVE_SIGNS_ZONE);
    expect_seen(true, false);
    sign(soa_answer, LDNS_RR_TYPE_SOA, SECOND);
    expect_seen(true, true);
}

static void a_signature_that_is_missing_is_wrong(void **state)
{
    (void)state;
    expect(FIRST, ALL);
    put(dnskey_answer, ldns_rr_clone(dnskeys[FIRST]));
    put(soa_answer, record(SOA));
    expect_seen(false, false);
    assert_int_equal(look().soa.expires_at, 0);
}

static void a_signature_that_does_not_fit_is_wrong(void **state)
{
    (void)state;
    answer_well();
    ldns_rr *soa = ldns_rr_list_rr(ldns_pkt_answer(soa_answer), 0);
    ldns_rdf_deep_free(ldns_rr_set_rdf(soa, ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, 8), 2));
    expect_seen(true, false);
}

static void a_signature_of_a_strange_key_with_the_tag_is_wrong(void **state)
{
    (void)state;
    expect(FIRST, ALL);
    put(dnskey_answer, ldns_rr_clone(dnskeys[FIRST]));
    sign(dnskey_answer, LDNS_RR_TYPE_DNSKEY, FIRST);
    put(soa_answer, record(SOA));
    ldns_key_set_keytag(keys[STRANGE], question.keys[0].tag);
    sign(soa_answer, LDNS_RR_TYPE_SOA, STRANGE);
    ldns_key_set_keytag(keys[STRANGE], ldns_calc_keytag(dnskeys[STRANGE]));
    expect_seen(true, false);
}

static void a_signature_of_a_strange_key_beside_ours_is_wrong(void **state)
{
    (void)state;
    answer_well();
    sign(soa_answer, LDNS_RR_TYPE_SOA, STRANGE);
    expect_seen(true, false);
}

static void a_signature_holds_in_its_time_only(void **state)
{
    (void)state;
    answer_well();
    now += LIFE + 1;
    expect_seen(false, false);
    assert_int_equal(look().soa.expires_at, now - 1);
    now -= 2 * LIFE + 2;
    expect_seen(false, false);
    now += LIFE + 1;
}

static void the_first_expiration_counts(void **state)
{
    (void)state;
    answer_well();
    sign_from_to(soa_answer, LDNS_RR_TYPE_SOA, FIRST, now - LIFE, now + 10);
    struct seen seen = look();
    assert_true(seen.soa.right);
    assert_int_equal(seen.soa.expires_at, now + 10);
}

static void more_signatures_than_anybody_makes_are_wrong(void **state)
{
    (void)state;
    answer_well();
    for (unsigned i = 1; i < KEYS_SIGNATURES_MAX; i++)
        sign(soa_answer, LDNS_RR_TYPE_SOA, FIRST);
    expect_seen(true, true);
    sign(soa_answer, LDNS_RR_TYPE_SOA, FIRST);
    expect_seen(true, false);
}

static void a_zone_without_keys_has_no_signature_anywhere(void **state)
{
    (void)state;
    put(soa_answer, record(SOA));
    expect_seen(true, true);
    ldns_pkt_push_rr(dnskey_answer, LDNS_SECTION_AUTHORITY,
                     record("a.example.org. 300 IN RRSIG NSEC 13 3 300 20300101000000 "
                            "20200101000000 1 example.org. AAAA"));
    expect_seen(false, true);
    sign(soa_answer, LDNS_RR_TYPE_SOA, FIRST);
    put(dnskey_answer, ldns_rr_clone(dnskeys[FIRST]));
    expect_seen(false, false);
}

static void without_one_soa_nothing_is_right(void **state)
{
    (void)state;
    expect_seen(true, false);
    put(soa_answer, record(SOA));
    put(soa_answer, record("example.org. 300 IN SOA ns.example.org. h.example.org. 8 1 1 1 1"));
    expect_seen(true, false);
}

static void a_zone_that_is_said_not_to_exist_is_wrong(void **state)
{
    (void)state;
    put(soa_answer, record(SOA));
    ldns_pkt_set_rcode(dnskey_answer, LDNS_RCODE_NXDOMAIN);
    expect_seen(false, true);
}

// As ldns reads records whose rdata ends early.
static void records_without_all_of_their_data_are_wrong(void **state)
{
    (void)state;
    static const ldns_rr_type types[] = {LDNS_RR_TYPE_DNSKEY, LDNS_RR_TYPE_RRSIG};
    answer_well();
    for (size_t i = 0; i < 2; i++) {
        ldns_rr *rr = ldns_rr_new_frm_type(types[i]);
        ldns_rr_set_owner(rr, ldns_dname_new_frm_str("example.org."));
        while (ldns_rr_rd_count(rr) > 0)
            ldns_rdf_deep_free(ldns_rr_pop_rdf(rr));
        put(dnskey_answer, rr);
    }
    expect_seen(false, true);
}

static void a_ttl_that_is_none_counts_as_zero(void **state)
{
    (void)state;
    answer_well();
    ldns_rr_set_ttl(ldns_rr_list_rr(ldns_pkt_answer(dnskey_answer), 0), UINT32_C(1) << 31);
    assert_int_equal(look().dnskey.ttl, 0);
}

// ── All of them ──────────────────────────────────────────────────────────────────────────────────

static int make_keys(void **state)
{
    (void)state;
    now = (int64_t)time(NULL);
    for (unsigned i = 0; i < KEYS; i++) {
        keys[i] = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
        ldns_key_set_pubkey_owner(keys[i], ldns_dname_new_frm_str("example.org."));
        dnskeys[i] = ldns_key2rr(keys[i]);
        ldns_rr_set_ttl(dnskeys[i], 1800);
        ldns_key_set_keytag(keys[i], ldns_calc_keytag(dnskeys[i]));
        ldns_key_set_origttl(keys[i], 300);
        signers[i] = ldns_key_list_new();
        ldns_key_list_push_key(signers[i], keys[i]);
    }
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KEYS; i++) {
        ldns_rr_free(dnskeys[i]);
        ldns_key_list_free(signers[i]);
    }
    return 0;
}

#define test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_zone_that_is_served_as_it_should_be_is_right),
        test(each_key_signs_what_it_should_and_nothing_else),
        test(a_key_too_many_or_too_few_is_wrong),
        test(a_key_that_may_only_sign_is_wrong_among_the_keys),
        test(signatures_may_come_before_their_key),
        test(a_signature_that_is_missing_is_wrong),
        test(a_signature_that_does_not_fit_is_wrong),
        test(a_signature_of_a_strange_key_with_the_tag_is_wrong),
        test(a_signature_of_a_strange_key_beside_ours_is_wrong),
        test(a_signature_holds_in_its_time_only),
        test(the_first_expiration_counts),
        test(more_signatures_than_anybody_makes_are_wrong),
        test(a_zone_without_keys_has_no_signature_anywhere),
        test(without_one_soa_nothing_is_right),
        test(a_zone_that_is_said_not_to_exist_is_wrong),
        test(records_without_all_of_their_data_are_wrong),
        test(a_ttl_that_is_none_counts_as_zero),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
