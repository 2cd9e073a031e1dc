// SPDX-License-Identifier: ISC
#include "tests/unit/signer/signer_zone.h"

#include "dns/types.h"

static struct dnskey_set keys;

static int set_up(void **state)
{
    make_scratch(state);
    keys = new_keys(scratch);
    return 0;
}

static int tear_down(void **state)
{
    dnskey_set_done(&keys);
    return remove_scratch(state);
}

static unsigned sigs(const struct image *image, const char *text, uint16_t type)
{
    const struct image_rrset *rrset = find_rrset(image, APEX, text, type);
    assert_non_null(rrset);
    return rrset->sig_count;
}

static void what_is_signed_verifies(void **state)
{
    (void)state;
    struct signed_zone zone;
    struct error err = {0};
    sign_records(read_records(zone_text), &keys, NULL, NOW, &zone);
    if (verify_signed(&zone.image, &keys, NOW, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    signed_zone_done(&zone);
}

static void only_what_is_authoritative_is_signed(void **state)
{
    (void)state;
    struct signed_zone zone;
    sign_records(read_records(zone_text), &keys, NULL, NOW, &zone);
    assert_int_equal(sigs(&zone.image, "example.com", RR_TYPE_DNSKEY), 1);
    assert_int_equal(sigs(&zone.image, "example.com", RR_TYPE_NS), 1);
    assert_int_equal(sigs(&zone.image, "*.wild.example.com", RR_TYPE_TXT), 1);
    assert_int_equal(sigs(&zone.image, "secure.example.com", RR_TYPE_DS), 1);
    assert_int_equal(sigs(&zone.image, "secure.example.com", RR_TYPE_NS), 0);
    assert_int_equal(sigs(&zone.image, "cut.example.com", RR_TYPE_NS), 0);
    assert_int_equal(sigs(&zone.image, "cut.example.com", RR_TYPE_NSEC), 1);
    assert_int_equal(sigs(&zone.image, "ns.cut.example.com", RR_TYPE_A), 0);
    assert_null(find_rrset(&zone.image, APEX, "ns.cut.example.com", RR_TYPE_NSEC));
    assert_null(find_rrset(&zone.image, APEX, "below.secure.example.com", RR_TYPE_NSEC));
    assert_null(find_rrset(&zone.image, APEX, "_tcp.mail.example.com", RR_TYPE_NSEC)); // empty
    signed_zone_done(&zone);
}

static void nsec_lives_as_long_as_a_negative_answer(void **state)
{
    (void)state;
    struct signed_zone zone;
    sign_records(read_records(zone_text), &keys, NULL, NOW, &zone);
    assert_int_equal(find_rrset(&zone.image, APEX, "example.com", RR_TYPE_NSEC)->ttl, 900);
    signed_zone_done(&zone);
    sign_records(
        read_records("@ 300 SOA ns1 h 1 14400 3600 604800 900\n@ NS ns1\nns1 A 192.0.2.1\n"), &keys,
        NULL, NOW, &zone);
    assert_int_equal(find_rrset(&zone.image, APEX, "example.com", RR_TYPE_NSEC)->ttl, 300);
    signed_zone_done(&zone);
}

static void nothing_changed_signs_nothing(void **state)
{
    (void)state;
    struct signed_zone first, second;
    sign_records(read_records(zone_text), &keys, NULL, NOW, &first);
    assert_int_equal(first.reused, 0);
    sign_records(read_records(zone_text), &keys, &first.image, NOW + DAY, &second);
    assert_int_equal(second.made, 0);
    assert_int_equal(second.reused, first.made);
    signed_zone_done(&first);
    signed_zone_done(&second);
}

// Signs zone_text, then zone_text with `more` and a new serial, and says how many signatures that made.
static size_t made_after(const char *more, const struct dnskey_set *new_set, int64_t now)
{
    struct signed_zone first, second;
    struct error err = {0};
    sign_records(read_records(zone_text), &keys, NULL, NOW, &first);
    char *text = xasprintf("%s%s", zone_text, more);
    struct records *records = read_records(text);
    records_arrange(records);
    records_set_serial(records, 2);
    sign_records(records, new_set, &first.image, now, &second);
    if (verify_signed(&second.image, new_set, now, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    size_t made = second.made;
    free(text);
    signed_zone_done(&first);
    signed_zone_done(&second);
    return made;
}

static void a_change_signs_itself_and_the_soa(void **state)
{
    (void)state;
    assert_int_equal(made_after("", &keys, NOW + 60), 1);
    // Another address at a name that has some: its RRset and the SOA.
    assert_int_equal(made_after("mail A 192.0.2.9\n", &keys, NOW + 60), 2);
    // A new type: its RRset, the SOA, and the NSEC that names it.
    assert_int_equal(made_after("ns1 AAAA 2001:db8::1\n", &keys, NOW + 60), 3);
    // A new name: its RRset and NSEC, the NSEC before it, the SOA.
    assert_int_equal(made_after("new TXT \"x\"\n", &keys, NOW + 60), 4);
    // Glue is not signed.
    assert_int_equal(made_after("ns.cut AAAA 2001:db8::53\n", &keys, NOW + 60), 1);
}

static void another_ttl_or_spelling_signs_as_it_must(void **state)
{
    (void)state;
    // The RRset takes the lower TTL (RFC 2181 §5.2).
    assert_int_equal(made_after("ns1 60 A 192.0.2.1\n", &keys, NOW + 60), 2);
    // The same record in other letters is the same record.
    assert_int_equal(made_after("@ MX 10 mAIL.exampLE.com.\n", &keys, NOW + 60), 1);
}

static void time_signs_what_is_due(void **state)
{
    (void)state;
    struct signed_zone first, second;
    sign_records(read_records(zone_text), &keys, NULL, NOW, &first);
    int64_t due = plan_due_at(&two_weeks, first.image.header->meta.expires_at);
    sign_records(read_records(zone_text), &keys, &first.image, due - DAY / 4, &second);
    assert_int_equal(second.made, 0);
    signed_zone_done(&second);
    sign_records(read_records(zone_text), &keys, &first.image, due, &second);
    assert_true(second.made > 0 && second.made < first.made);
    struct error err = {0};
    if (verify_signed(&second.image, &keys, due, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    signed_zone_done(&second);
    sign_records(read_records(zone_text), &keys, &first.image, NOW + 8 * DAY, &second);
    assert_int_equal(second.made, first.made);
    signed_zone_done(&second);
    signed_zone_done(&first);
}

static void a_clock_set_back_signs_again(void **state)
{
    (void)state;
    struct signed_zone first, second;
    sign_records(read_records(zone_text), &keys, NULL, NOW + 30 * DAY, &first);
    sign_records(read_records(zone_text), &keys, &first.image, NOW, &second);
    assert_int_equal(second.reused, 0);
    signed_zone_done(&first);
    signed_zone_done(&second);
}

static void another_key_signs_everything_again(void **state)
{
    (void)state;
    char *elsewhere = make_directory();
    struct dnskey_set others = new_keys(elsewhere);
    struct signed_zone first, second;
    sign_records(read_records(zone_text), &keys, NULL, NOW, &first);
    sign_records(read_records(zone_text), &others, &first.image, NOW, &second);
    assert_int_equal(second.reused, 0);
    // A key of the same tag is another key.
    others.keys[0].tag = keys.keys[0].tag;
    signed_zone_done(&second);
    sign_records(read_records(zone_text), &others, &first.image, NOW, &second);
    assert_int_equal(second.reused, 0);
    signed_zone_done(&first);
    signed_zone_done(&second);
    dnskey_set_done(&others);
    remove_directory(elsewhere);
}

static void ksk_and_zsk_share_the_work(void **state)
{
    (void)state;
    char *elsewhere = make_directory();
    struct dnskey_set zsk = new_keys(elsewhere);
    zsk.keys[0].flags = DNSKEY_FLAGS_ZONE;
    ldns_rdf_deep_free(ldns_rr_set_rdf(
        zsk.keys[0].rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, DNSKEY_FLAGS_ZONE), 0));
    zsk.keys[0].tag = ldns_calc_keytag(zsk.keys[0].rr);
    struct dnskey both[] = {keys.keys[0], zsk.keys[0]};
    both[0].use = DNSKEY_PUBLISHED | DNSKEY_SIGNS_KEYS;
    both[1].use = DNSKEY_PUBLISHED | DNSKEY_SIGNS_ZONE;
    struct dnskey_set set = {both, 2};
    struct signed_zone zone, again;
    struct error err = {0};
    sign_records(read_records(zone_text), &set, NULL, NOW, &zone);
    if (verify_signed(&zone.image, &set, NOW, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    // Without the ZSK the CSK does both, and all but DNSKEY was somebody else's.
    sign_records(read_records(zone_text), &keys, &zone.image, NOW, &again);
    assert_int_equal(again.reused, 0);
    signed_zone_done(&zone);
    signed_zone_done(&again);
    dnskey_set_done(&zsk);
    remove_directory(elsewhere);
}

static enum status prepare_with(struct dnskey *key)
{
    struct dnskey_set set = {key, 1};
    struct records *records = read_records(zone_text);
    records_arrange(records);
    struct error err = {0};
    assert_int_equal(chain_add(records, DENIAL_NSEC, &err), STATUS_OK);
    struct sign_request request = {records, &set, NULL, two_weeks, NOW};
    struct signing *signing = NULL;
    enum status status = sign_prepare(&request, &signing, &err);
    assert_int_equal(status == STATUS_OK, signing != NULL);
    assert_int_equal(status == STATUS_OK, err.text[0] == '\0');
    sign_free(signing);
    records_free(records);
    return status;
}

static void a_key_signs_what_it_is_used_for(void **state)
{
    (void)state;
    struct dnskey key = keys.keys[0];
    assert_int_equal(prepare_with(&key), STATUS_OK);
    key.use = DNSKEY_PUBLISHED | DNSKEY_SIGNS_KEYS;
    assert_int_equal(prepare_with(&key), STATUS_STATE);
    key.use = DNSKEY_PUBLISHED | DNSKEY_SIGNS_ZONE;
    assert_int_equal(prepare_with(&key), STATUS_STATE);
}

static void records_read_back_from_an_image_are_the_same(void **state)
{
    (void)state;
    struct signed_zone zone;
    struct error err = {0};
    struct records *before = read_records(zone_text);
    records_arrange(before);
    uint64_t digest = records_digest(before);
    records_free(before);
    sign_records(read_records(zone_text), &keys, NULL, NOW, &zone);
    struct name apex = apex_name();
    struct records *after = records_new(apex.wire);
    assert_int_equal(records_add_image(after, &zone.image, true, &err), STATUS_OK);
    struct signed_zone again;
    sign_records(after, &keys, &zone.image, NOW + 60, &again);
    assert_int_equal(again.made, 0);
    assert_int_equal(again.reused, zone.made);
    assert_int_not_equal(digest, 0);
    signed_zone_done(&zone);
    signed_zone_done(&again);
}

static uint64_t digest_of(const char *more)
{
    char *text = xasprintf("%s%s", zone_text, more);
    struct records *records = read_records(text);
    records_arrange(records);
    uint64_t digest = records_digest(records);
    records_free(records);
    free(text);
    return digest;
}

static void the_digest_sees_every_change_and_no_order(void **state)
{
    (void)state;
    uint64_t digest = digest_of("");
    assert_int_equal(digest_of(""), digest);
    assert_int_equal(digest_of("ns1 A 192.0.2.1\n"), digest); // twice is once
    assert_int_not_equal(digest_of("ns1 A 192.0.2.8\n"), digest);
    assert_int_not_equal(digest_of("ns1 60 A 192.0.2.1\n"), digest);
    assert_int_equal(digest_of("x A 192.0.2.8\ny A 192.0.2.9\n"),
                     digest_of("y A 192.0.2.9\nx A 192.0.2.8\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_verifies),
        cmocka_unit_test(only_what_is_authoritative_is_signed),
        cmocka_unit_test(nsec_lives_as_long_as_a_negative_answer),
        cmocka_unit_test(nothing_changed_signs_nothing),
        cmocka_unit_test(a_change_signs_itself_and_the_soa),
        cmocka_unit_test(another_ttl_or_spelling_signs_as_it_must),
        cmocka_unit_test(time_signs_what_is_due),
        cmocka_unit_test(a_clock_set_back_signs_again),
        cmocka_unit_test(another_key_signs_everything_again),
        cmocka_unit_test(ksk_and_zsk_share_the_work),
        cmocka_unit_test(a_key_signs_what_it_is_used_for),
        cmocka_unit_test(records_read_back_from_an_image_are_the_same),
        cmocka_unit_test(the_digest_sees_every_change_and_no_order),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
