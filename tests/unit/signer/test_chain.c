// SPDX-License-Identifier: ISC
// The NSEC3 chain that is made here: which names have one, what it says of them, and what a change costs.
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

static void sign_nsec3(const char *text, const struct image *previous, struct signed_zone *ret)
{
    struct sign_wish wish = {DENIAL_NSEC3, previous, NOW};
    sign_as(&wish, read_records(text), &keys, ret);
}

static void assert_holds(const struct image *image)
{
    struct error err = {0};
    if (verify_signed(image, &keys, NOW, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

// ldns hashes here, so that our own hash is under test as well.
static void hash_text(const char *text, uint8_t ret[NSEC3_HASH_LEN])
{
    struct name name;
    assert_int_equal(name_from_text(text, &name, NULL), STATUS_OK);
    ldns_rdf *rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name.len, name.wire);
    ldns_rdf *hashed = ldns_nsec3_hash_name(rdf, NSEC3_ALGORITHM, 0, 0, NULL);
    assert_true(nsec3_owner_hash(ldns_rdf_data(hashed), ret));
    ldns_rdf_deep_free(hashed);
    ldns_rdf_deep_free(rdf);
}

// The types that the NSEC3 of a name has, as ldns writes them; NULL when the name has none. The caller frees the text.
static char *types_of(const struct image *image, const char *text)
{
    uint8_t hash[NSEC3_HASH_LEN];
    bool matches;
    hash_text(text, hash);
    const struct image_rrset *rrset = image_find_nsec3(image, hash, &matches);
    if (rrset == NULL || !matches)
        return NULL;
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, image, rrset, false);
    assert_true(image_rrs_next(&cursor, &rr));
    ldns_rr *read = records_to_ldns(&rr);
    assert_non_null(read);
    const ldns_rdf *bitmap = ldns_nsec3_bitmap(read); // NULL: an empty one
    char *words = bitmap != NULL ? ldns_rdf2str(bitmap) : xstrdup("");
    ldns_rr_free(read);
    return words;
}

static void assert_types(const struct image *image, const char *text, const char *expected)
{
    char *types = types_of(image, text);
    if (types == NULL)
        fail_msg("%s has no NSEC3", text);
    size_t len = strlen(types); // ldns ends with a blank
    while (len > 0 && types[len - 1] == ' ')
        types[--len] = '\0';
    assert_string_equal(types, expected);
    free(types);
}

// ── The chain ────────────────────────────────────────────────────────────────────────────────────

static void every_name_has_one_with_its_types(void **state)
{
    (void)state;
    struct signed_zone zone;
    sign_nsec3(zone_text, NULL, &zone);
    assert_holds(&zone.image);
    assert_types(&zone.image, "example.com", "NS SOA MX TXT RRSIG DNSKEY NSEC3PARAM");
    assert_types(&zone.image, "mail.example.com", "A AAAA RRSIG");
    assert_types(&zone.image, "_tcp.mail.example.com", "");
    assert_types(&zone.image, "wild.example.com", "");
    assert_types(&zone.image, "*.wild.example.com", "TXT RRSIG");
    assert_types(&zone.image, "cut.example.com", "NS");
    assert_types(&zone.image, "secure.example.com", "NS DS RRSIG");
    assert_types(&zone.image, "odd.example.com", "RRSIG TYPE65400");
    assert_null(types_of(&zone.image, "ns.cut.example.com"));
    assert_null(types_of(&zone.image, "below.secure.example.com"));
    // The apex, eight names with records, two cuts, two empty non-terminals.
    assert_int_equal(zone.image.header->nsec3_count, 12);
    signed_zone_done(&zone);
}

static void the_parameters_are_those_of_rfc_9276(void **state)
{
    (void)state;
    static const uint8_t parameters[] = {1, 0, 0, 0, 0};
    struct signed_zone zone;
    sign_nsec3(zone_text, NULL, &zone);
    const struct image_rrset *param =
        find_rrset(&zone.image, APEX, "example.com", RR_TYPE_NSEC3PARAM);
    assert_non_null(param);
    assert_int_equal(param->sig_count, 1);
    struct image_cursor cursor;
    struct image_rr rr;
    image_rrs(&cursor, &zone.image, param, false);
    assert_true(image_rrs_next(&cursor, &rr));
    assert_int_equal(rr.rdata_len, sizeof(parameters));
    assert_memory_equal(rr.rdata, parameters, sizeof(parameters));
    for (uint32_t i = 0; i < zone.image.header->nsec3_count; i++) {
        const struct image_rrset *rrset = &zone.image.rrsets[zone.image.nsec3[i].rrset];
        assert_int_equal(rrset->sig_count, 1);
        image_rrs(&cursor, &zone.image, rrset, false);
        assert_true(image_rrs_next(&cursor, &rr));
        assert_memory_equal(rr.rdata, parameters, sizeof(parameters));
    }
    signed_zone_done(&zone);
}

static void it_lives_as_long_as_a_negative_answer(void **state)
{
    (void)state;
    struct signed_zone zone;
    sign_nsec3(zone_text, NULL, &zone);
    assert_int_equal(zone.image.rrsets[zone.image.nsec3[0].rrset].ttl, 900);
    signed_zone_done(&zone);
    sign_nsec3("@ 300 SOA ns1 h 1 14400 3600 604800 900\n@ NS ns1\nns1 A 192.0.2.1\n", NULL, &zone);
    assert_int_equal(zone.image.rrsets[zone.image.nsec3[0].rrset].ttl, 300);
    signed_zone_done(&zone);
}

static void nothing_is_missed_in_odd_places(void **state)
{
    (void)state;
    static const char soa[] = "@ SOA ns h 1 14400 3600 604800 900\n@ NS ns.example.net.\n";
    static const char *const odd[] = {
        "",                                                       // a chain of one
        "a.b.c.d TXT x\ne.b.c.d TXT x\nb TXT x\nz.y.c.d TXT x\n", // empty names side by side
        "a.b.c NS ns.example.net.\nx.a.b.c A 192.0.2.1\n",        // a cut below empty names
        "*.a.*.b TXT x\n",                                        // wildcards inside
        "@ DNAME example.net.\n",                                 // it occludes every name
        "d DNAME example.net.\nx.y.d TXT x\n",                    // and these
        "\\000.x TXT x\n\\001.x TXT x\nA.b.X TXT x\na.B.x A 192.0.2.1\n",
    };
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct signed_zone zone, again;
        char *text = xasprintf("%s%s", soa, odd[i]);
        sign_nsec3(text, NULL, &zone);
        assert_holds(&zone.image);
        sign_nsec3(text, &zone.image, &again);
        assert_int_equal(again.made, 0);
        signed_zone_done(&zone);
        signed_zone_done(&again);
        free(text);
    }
}

// A name of the zone may look like one of the chain (RFC 5155 §7.2.8): they have nothing to do with each other.
static void a_name_that_looks_like_a_hash_is_a_name(void **state)
{
    (void)state;
    static const char *const records[] = {"A 192.0.2.9", "NS ns.example.net.", "CNAME mail"};
    uint8_t hash[NSEC3_HASH_LEN];
    char label[NSEC3_LABEL_LEN + 1] = {0};
    hash_text("mail.example.com", hash);
    nsec3_label(hash, (uint8_t *)label);
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        struct signed_zone zone;
        char *text = xasprintf("%s%s %s\n", zone_text, label, records[i]);
        sign_nsec3(text, NULL, &zone);
        assert_holds(&zone.image);
        assert_int_equal(zone.image.header->nsec3_count, 13);
        assert_types(&zone.image, "mail.example.com", "A AAAA RRSIG");
        signed_zone_done(&zone);
        free(text);
    }
}

static void two_names_with_one_hash_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct chain_name names[] = {
        {.hash = {2}, .name = (const uint8_t *)"\1a\0"},
        {.hash = {1}, .name = (const uint8_t *)"\1b\0"},
        {.hash = {2, 1}, .name = (const uint8_t *)"\1c\0"},
    };
    assert_int_equal(chain_sort(names, 3, &err), STATUS_OK);
    assert_memory_equal(names[0].name, "\1b", 2);
    assert_memory_equal(names[1].name, "\1a", 2);
    assert_memory_equal(names[2].name, "\1c", 2);
    names[2].hash[1] = 0;
    assert_int_equal(chain_sort(names, 3, &err), STATUS_STATE);
    assert_non_null(strstr(err.text, "a."));
    assert_non_null(strstr(err.text, "c."));
    assert_non_null(strstr(err.text, "denial: nsec"));
}

// 222 octets are the most: a hash takes 33, a name 255.
static void a_zone_whose_name_leaves_no_room_is_refused(void **state)
{
    (void)state;
    for (int last = 28; last <= 29; last++) {
        struct name apex;
        struct error err = {0};
        char *text = xasprintf("%063d.%063d.%063d.%0*d", 1, 2, 3, last, 4);
        assert_int_equal(name_from_text(text, &apex, NULL), STATUS_OK);
        assert_int_equal(apex.len, 194 + last);
        struct records *records = records_new(apex.wire);
        struct image_rr soa = {apex.wire, RR_TYPE_SOA, 22, 3600, (const uint8_t[22]){0}};
        assert_int_equal(records_add(records, &soa, &err), STATUS_OK);
        records_arrange(records);
        assert_int_equal(chain_add(records, DENIAL_NSEC3, &err),
                         last == 28 ? STATUS_OK : STATUS_RANGE);
        records_free(records);
        free(text);
    }
}

// ── What it costs ────────────────────────────────────────────────────────────────────────────────

static size_t made_after(const char *more)
{
    struct signed_zone first, second;
    sign_nsec3(zone_text, NULL, &first);
    char *text = xasprintf("%s%s", zone_text, more);
    struct records *records = read_records(text);
    records_arrange(records);
    records_set_serial(records, 2);
    struct sign_wish wish = {DENIAL_NSEC3, &first.image, NOW + 60};
    sign_as(&wish, records, &keys, &second);
    assert_holds(&second.image);
    size_t made = second.made;
    free(text);
    signed_zone_done(&first);
    signed_zone_done(&second);
    return made;
}

static void a_change_signs_itself_and_the_links_beside_it(void **state)
{
    (void)state;
    assert_int_equal(made_after(""), 1); // the SOA
    assert_int_equal(made_after("mail A 192.0.2.9\n"), 2);
    assert_int_equal(made_after("ns1 AAAA 2001:db8::1\n"), 3);
    assert_int_equal(made_after("new TXT \"x\"\n"), 4); // its own and the one before it
    assert_int_equal(made_after("ns.cut AAAA 2001:db8::53\n"), 1);
    assert_int_equal(made_after("cut2 NS ns.elsewhere.example.\n"), 3);
}

static void the_other_chain_keeps_what_is_no_link(void **state)
{
    (void)state;
    struct signed_zone first, second, third;
    sign_records(read_records(zone_text), &keys, NULL, NOW, &first);
    sign_nsec3(zone_text, &first.image, &second);
    assert_holds(&second.image);
    assert_int_equal(second.made, 12 + 1); // and NSEC3PARAM
    assert_null(find_rrset(&second.image, APEX, "example.com", RR_TYPE_NSEC));
    sign_records(read_records(zone_text), &keys, &second.image, NOW, &third);
    assert_holds(&third.image);
    assert_int_equal(third.made, 10);
    assert_null(find_rrset(&third.image, APEX, "example.com", RR_TYPE_NSEC3PARAM));
    assert_int_equal(third.image.header->nsec3_count, 0);
    signed_zone_done(&first);
    signed_zone_done(&second);
    signed_zone_done(&third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_has_one_with_its_types),
        cmocka_unit_test(the_parameters_are_those_of_rfc_9276),
        cmocka_unit_test(it_lives_as_long_as_a_negative_answer),
        cmocka_unit_test(nothing_is_missed_in_odd_places),
        cmocka_unit_test(a_name_that_looks_like_a_hash_is_a_name),
        cmocka_unit_test(two_names_with_one_hash_are_refused),
        cmocka_unit_test(a_zone_whose_name_leaves_no_room_is_refused),
        cmocka_unit_test(a_change_signs_itself_and_the_links_beside_it),
        cmocka_unit_test(the_other_chain_keeps_what_is_no_link),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
