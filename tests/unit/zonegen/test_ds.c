// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"
#include "tests/support/make_key.h"

#include "zonegen/json.h"

#define NOW 1795329900

static int fresh(void **state)
{
    (void)state;
    return system("rm -rf state");
}

static enum status ds(const char *box, const char *more, const char *zone, char **ret,
                      struct error *err)
{
    struct world w = world(box, more);
    struct buf text = {0};
    const struct zone_target *target = zonegen_target_find(w.targets, w.count, zone);
    enum status status = zonegen_ds(w.inputs, &keys, target, &text, err);
    *ret = xstrdup(buf_text(&text));
    buf_done(&text);
    world_done(&w);
    return status;
}

static void all_forms_are_printed(void **state)
{
    (void)state;
    struct dnskey key = {0};
    struct error err = {0};
    char *text = NULL;
    assert_int_equal(make_csk("state/keys", "example.com", NOW, &key, &err), STATUS_OK);
    assert_int_equal(ds("", "domains: [example.com]\n", "example.com", &text, &err), STATUS_OK);
    put_file("out", text);
    run("for type in SHA-256 SHA-384; do dnssec-dsfromkey -a $type state/keys/*.key; done | "
        "cut -d' ' -f2- >theirs; "
        "sed -n 's/^  example.com. 3600 \\(IN DS\\)/\\1/p' out | diff - theirs");
    run("grep -v '^;' state/keys/*.key | sed 's/.*IN DNSKEY 257 3 13 //' >key; "
        "sed -n 's/^  Public key   //p' out | diff - key; "
        "sed -n 's/^  example.com. 3600 IN DNSKEY 257 3 13 //p' out | diff - key; "
        "sed -n 's/^  Digest       //p' out >digest; head -1 theirs | cut -d' ' -f6 | diff - "
        "digest");
    char *tag = xasprintf("  Key tag      %u\n", key.tag);
    assert_has(text, tag);
    free(tag);
    assert_has(text, "  Algorithm    13 (ECDSAP256SHA256)\n");
    assert_has(text, "  Digest type  2 (SHA-256)\n");
    assert_has(text, "  Flags        257 (KSK)\n");
    assert_has(text, "  Protocol     3 (always 3)\n");
    assert_has(text, "enter this at its registrar, not here");
    assert_has(text, "  ns1.box.example.com  192.0.2.10  2001:db8::10\n");
    assert_has(text, "Warning: all name servers have one address.");
    assert_has(text, "  Ask the provider of the address to set the reverse name of 192.0.2.10 to "
                     "box.example.com\n");
    free(text);
    dnskey_done(&key);
}

static void reports_that_go_elsewhere_need_a_record_there(void **state)
{
    (void)state;
    char *text = NULL;
    struct error err = {0};
    (void)ds("  dmarc: {reports: d@away.example}\n", "domains: [example.com]\n", "example.com",
             &text, &err);
    assert_has(text,
               "\n  Ask away.example for the record example.com._report._dmarc.away.example. TXT "
               "\"v=DMARC1;\"\n");
    assert_has(text,
               "\n  Ask away.example for the record box.example.com._report._dmarc.away.example. "
               "TXT \"v=DMARC1;\"\n");
    free(text);
    text = NULL;
    (void)ds("  dmarc: {reports: d@away.example}\n", "domains: [example.com, box.example.com]\n",
             "example.com", &text, &err);
    assert_has(text, " example.com._report");
    assert_no(text, "box.example.com._report");
    free(text);
}

static void several_keys_are_told_one_by_one(void **state)
{
    (void)state;
    struct dnskey key = {0};
    struct error err = {0};
    char *text = NULL;
    assert_int_equal(make_csk("state/keys", "example.com", NOW, &key, &err), STATUS_OK);
    dnskey_done(&key);
    assert_int_equal(make_csk("state/keys", "example.com", NOW, &key, &err), STATUS_OK);
    dnskey_done(&key);
    assert_int_equal(ds("", "domains: [example.com]\n", "example.com", &text, &err), STATUS_OK);
    assert_has(text, "Key 1 of 2, with the tag ");
    assert_has(text, "Key 2 of 2, with the tag ");
    put_file("out", text);
    run("for type in SHA-256 SHA-384; do for key in state/keys/*.key; do "
        "dnssec-dsfromkey -a $type $key; done; done | cut -d' ' -f2- | sort >theirs; "
        "sed -n 's/^  example.com. 3600 \\(IN DS\\)/\\1/p' out | sort | diff - theirs");
    free(text);
}

static void reverse_names_in_a_zone_of_ours_are_ours(void **state)
{
    (void)state;
    struct error err = {0};
    char *text = NULL;
    (void)ds("", "domains: [example.com, 2.0.192.in-addr.arpa]\n", "example.com", &text, &err);
    assert_has(text,
               "  192.0.2.10: the record is 10.2.0.192.in-addr.arpa. PTR box.example.com., in "
               "2.0.192.in-addr.arpa, which is yours\n");
    assert_has(text, "set the reverse name of 2001:db8::10 to box.example.com\n");
    free(text);
    // They are told once, where the host is.
    (void)ds("", "domains: [example.com, 2.0.192.in-addr.arpa]\n", "2.0.192.in-addr.arpa", &text,
             &err);
    assert_no(text, "PTR");
    free(text);
}

static void without_a_key_the_name_servers_are_still_told(void **state)
{
    (void)state;
    struct error err = {0};
    char *text = NULL;
    assert_int_equal(ds("", "domains: [example.net]\n", "example.net", &text, &err),
                     STATUS_NOT_FOUND);
    assert_has(err.text, "example.net: no key yet in state/keys");
    assert_no(text, "DNSKEY");
    // Outside the domain: the addresses are entered elsewhere.
    assert_has(text, "  ns1.box.example.com\n");
    free(text);
}

static void servers_apart_are_no_reason_for_a_warning(void **state)
{
    (void)state;
    struct error err = {0};
    char *text = NULL;
    static const char *const apart[] = {
        "  nameservers: [ns1.box.example.com, {name: ns2.box.example.com, addresses: "
        "[198.51.100.1]}]\n",
        "  nameservers: [ns1.box.example.com, ns.elsewhere.org]\n",
    };
    for (size_t i = 0; i < 2; i++) {
        (void)ds(apart[i], "domains: [example.com]\n", "example.com", &text, &err);
        assert_no(text, "Warning");
        free(text);
    }
    (void)ds("  nameservers: [ns1.box.example.com]\n", "domains: [example.com]\n", "example.com",
             &text, &err);
    assert_has(text, "Warning: one name server only.");
    free(text);
}

static void unsigned_and_nested_zones_are_told_apart(void **state)
{
    (void)state;
    struct error err = {0};
    char *text = NULL;
    assert_int_equal(
        ds("", "domains: [{name: example.com, dnssec: off}]\n", "example.com", &text, &err),
        STATUS_NOT_FOUND);
    assert_has(err.text, "is not signed (dnssec: off); the registrar must have no DS");
    free(text);
    struct dnskey key = {0};
    assert_int_equal(make_csk("state/keys", "sub.example.com", NOW, &key, &err), STATUS_OK);
    dnskey_done(&key);
    assert_int_equal(
        ds("", "domains: [example.com, sub.example.com]\n", "sub.example.com", &text, &err),
        STATUS_OK);
    assert_has(text, "nothing to enter at a registrar: example.com is served here, too");
    free(text);
}

static void presigned_zone_tells_the_keys_of_its_file(void **state)
{
    (void)state;
    struct error err = {0};
    char *text = NULL;
    put_file("z",
             "@ 60 SOA a h 1 2 3 4 5\n@ 60 NS a\na 60 A 198.51.100.5\n@ 60 DNSKEY 257 3 13 AAAA\n"
             "@ 60 DNSKEY 256 3 13 BBBB\n@ 60 RRSIG SOA 13 2 60 20300101000000 20200101000000 1 @ "
             "AAAA\n");
    const char *more = "domains: [{name: example.org, zone-file: z, dnssec: presigned}]\n";
    assert_int_equal(ds("", more, "example.org", &text, &err), STATUS_OK);
    assert_has(text, "  Public key   AAAA\n");
    assert_no(text, "BBBB");
    assert_has(text, "  a.example.org  198.51.100.5\n");
    free(text);
}

// Looking at all records for each of the domains took half a minute.
static void many_domains_in_one_zone_are_printed_soon(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, "domains:\n  - example.com\n");
    for (unsigned i = 0; i < 800; i++)
        buf_printf(&text,
                   "  - {name: d%u.example.com, zone: parent, mta-sts: yes, records: "
                   "['Sel._DomainKey TXT p=']}\n",
                   i);
    struct world w = world("", buf_text(&text));
    struct zone_content *content = make_zone(&w, "example.com");
    struct elsewhere elsewhere;
    buf_clear(&text);
    struct json_output json = {.text = &text};
    const int64_t before = seconds_used();
    (void)!elsewhere_gather(w.inputs, &keys, &w.targets[0], content, &elsewhere, NULL);
    json_zone(&json, &elsewhere, false, NOW);
    assert_true(seconds_used() - before < 5);
    assert_int_equal(elsewhere.policy_count, 800);
    assert_has(buf_text(&text), "{\"name\": \"d799.example.com\", \"selectors\": [\"sel\"], "
                                "\"mta-sts-policy\": \"version: STSv1");
    elsewhere_done(&elsewhere);
    zone_content_free(content);
    buf_done(&text);
    world_done(&w);
}

// What zonegen says with these lines in public/ds.
static enum status ds_offered(const char *more, const char *lines, const char *zone, char **ret,
                              char **dump)
{
    struct world w = world("", more);
    struct offers offers;
    struct error err = {0};
    struct buf text = {0}, head = {0};
    char *file = xasprintf("zonebox-ds 1\n%s", lines);
    put_file("ds", file);
    free(file);
    if (offers_load(".", &offers, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    struct zonegen_keys with = keys;
    with.offers = &offers;
    const struct zone_target *target = zonegen_target_find(w.targets, w.count, zone);
    enum status status = zonegen_ds(w.inputs, &with, target, &text, &err);
    struct zone_content *content = NULL;
    assert_int_equal(zonegen_make(w.inputs, &with, target, &content, &err), STATUS_OK);
    zone_content_dump(content, &head);
    *ret = xstrdup(buf_text(&text));
    *dump = xstrdup(buf_text(&head));
    zone_content_free(content);
    offers_done(&offers);
    buf_done(&text);
    buf_done(&head);
    world_done(&w);
    return status;
}

#define KEY_LINE "key example.com 257 3 13 a2V5\n"

static void when_the_ds_is_to_be_entered_is_told_first(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *words, *head;
        bool has_key;
        enum status status;
    } cases[] = {
        {"zone example.com wait 2026-11-22T12:00:00Z\n" KEY_LINE,
         "DS: enter after 2026-11-22T12:00:00Z, not before\n",
         ";; DS at the parent: enter after 2026-11-22T12:00:00Z\n", true, STATUS_OK},
        {"zone example.com wait -\n" KEY_LINE, "DS: do not enter it yet\n",
         ";; DS at the parent: enter later\n", true, STATUS_OK},
        {"zone example.com enter -\n" KEY_LINE, "DS: enter now\n",
         ";; DS at the parent: enter now\n", true, STATUS_OK},
        {"zone example.com in 2026-11-22T12:00:00Z\n" KEY_LINE,
         "DS: entered, nothing to do\n  All servers of the parent have what is below, since "
         "2026-11-22T12:00:00Z.\n",
         ";; DS at the parent: in, since 2026-11-22T12:00:00Z\n", true, STATUS_OK},
        {"zone example.com remove -\n", "DS: take out now\n", ";; DS at the parent: take out now\n",
         false, STATUS_OK},
        {"zone example.com none -\n", "DS: none\n",
         ";; DS at the parent: none, it is not signed now\n", false, STATUS_NOT_FOUND},
    };
    struct dnskey key = {0};
    struct error err = {0};
    // A key file that the signer does not offer is not told.
    assert_int_equal(make_csk("state/keys", "example.com", NOW, &key, &err), STATUS_OK);
    dnskey_done(&key);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text, *dump;
        assert_int_equal(
            ds_offered("domains: [example.com]\n", cases[i].lines, "example.com", &text, &dump),
            cases[i].status);
        assert_has(text, cases[i].words);
        assert_has(dump, cases[i].head);
        const char *form = strstr(text, "  Public key   a2V5\n");
        assert_true((form != NULL) == cases[i].has_key);
        assert_true(form == NULL || strstr(text, cases[i].words) < form);
        assert_int_equal(strstr(text, "DS record, in one line") != NULL, cases[i].has_key);
        free(text);
        free(dump);
    }
}

static void nobody_enters_what_the_signer_enters_itself(void **state)
{
    (void)state;
    char *text, *dump;
    assert_int_equal(ds_offered("domains: [example.com, sub.example.com]\n",
                                "zone sub.example.com enter -\nkey sub.example.com 257 3 13 a2V5\n",
                                "sub.example.com", &text, &dump),
                     STATUS_OK);
    assert_has(text, "nothing to enter at a registrar");
    assert_no(text, "DS: enter now");
    free(text);
    free(dump);
}

int main(void)
{
#define fresh_test(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        fresh_test(all_forms_are_printed),
        fresh_test(reports_that_go_elsewhere_need_a_record_there),
        fresh_test(several_keys_are_told_one_by_one),
        fresh_test(reverse_names_in_a_zone_of_ours_are_ours),
        fresh_test(without_a_key_the_name_servers_are_still_told),
        fresh_test(servers_apart_are_no_reason_for_a_warning),
        fresh_test(unsigned_and_nested_zones_are_told_apart),
        fresh_test(presigned_zone_tells_the_keys_of_its_file),
        fresh_test(when_the_ds_is_to_be_entered_is_told_first),
        fresh_test(nobody_enters_what_the_signer_enters_itself),
        cmocka_unit_test(many_domains_in_one_zone_are_printed_soon),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
