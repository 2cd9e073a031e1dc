// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"
#include "tests/support/make_key.h"

#define NOW 1795329900

static int fresh(void **state)
{
    (void)state;
    return system("rm -rf state");
}

static char *make_key(const char *zone)
{
    struct dnskey key = {0};
    struct error err = {0};
    assert_int_equal(make_csk("state/keys", zone, NOW, &key, &err), STATUS_OK);
    char *line = xasprintf("DS     %u 13 2 ", key.tag);
    dnskey_done(&key);
    return line;
}

static void a_zone_below_is_delegated_with_glue_and_ds(void **state)
{
    (void)state;
    char *ds = make_key("box.example.com");
    struct world w = world("", "domains: [example.com, box.example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "box 86400 IN NS ns1.box.example.com.");
    assert_line(text, "ns1.box 3600 IN A 192.0.2.10");
    assert_line(text, "ns2.box 3600 IN AAAA 2001:db8::10");
    assert_has(text, ds);
    assert_no(text, "\nbox       3600 IN A");
    assert_no(text, "TLSA");
    assert_no(text, "SSHFP");
    free(text);
    text = dump_zone(&w, "box.example.com");
    assert_no(text, "IN DS");
    assert_line(text, "ns1 3600 IN A 192.0.2.10");
    free(text);
    world_done(&w);
    free(ds);
}

static void without_a_key_the_ds_is_a_gap(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com, sub.example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_has(text, "; missing: sub.example.com. DS — the delegated zone has no key yet");
    assert_line(text, "sub 86400 IN NS ns2.box.example.com.");
    free(text);
    world_done(&w);
}

static void an_unusable_key_is_an_error(void **state)
{
    (void)state;
    run("mkdir -p state/keys; echo garbage >state/keys/Ksub.example.com.+013+00001.key");
    struct world w = world("", "domains: [example.com, sub.example.com]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    assert_true(find_note(content, "DS of sub.example.com: ")->error);
    zone_content_free(content);
    world_done(&w);
}

static void only_the_nearest_zone_delegates(void **state)
{
    (void)state;
    struct world w =
        world("", "domains: [example.com, b.example.com, a.b.example.com, www.example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "b 86400 IN NS ns1.box.example.com.");
    assert_line(text, "www 86400 IN NS ns1.box.example.com.");
    assert_no(text, "a.b");
    assert_no(text, "\nwww       3600 IN A");
    free(text);
    text = dump_zone(&w, "b.example.com");
    assert_line(text, "a 86400 IN NS ns1.box.example.com.");
    free(text);
    world_done(&w);
}

static void unsigned_zones_have_and_get_no_ds(void **state)
{
    (void)state;
    free(make_key("sub.example.com"));
    struct world w = world("", "domains: [example.com, {name: sub.example.com, dnssec: off}]\n");
    char *text = dump_zone(&w, "example.com");
    assert_no(text, " DS ");
    free(text);
    world_done(&w);
    w = world("", "domains: [{name: example.com, dnssec: off}, sub.example.com]\n");
    text = dump_zone(&w, "example.com");
    assert_no(text, " DS ");
    assert_line(text, "sub 86400 IN NS ns1.box.example.com.");
    free(text);
    world_done(&w);
}

static void child_from_a_file_names_its_own_servers(void **state)
{
    (void)state;
    put_file("sub.zone",
             "@ 60 SOA a h 1 2 3 4 5\n@ 60 NS A.sub.example.com.\n@ 60 NS ns.example.net.\n"
             "a 60 A 198.51.100.5\nb 60 A 198.51.100.6\n@ 60 DNSKEY 257 3 13 AAAA\n"
             "@ 60 DNSKEY 256 3 13 BBBB\n"
             "@ 60 RRSIG SOA 13 3 60 20300101000000 20200101000000 1 @ AAAA\n");
    struct world w = world("", "domains: [example.com, {name: sub.example.com, zone-file: "
                               "sub.zone, dnssec: presigned}]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "sub 86400 IN NS A.sub.example.com.");
    assert_line(text, "sub 86400 IN NS ns.example.net.");
    assert_line(text, "a.sub 3600 IN A 198.51.100.5");
    assert_no(text, "198.51.100.6");
    assert_no(text, "ns1.box.example.com.\nsub");
    assert_has(text, "DS     1038 13 2 ");
    free(text);
    world_done(&w);
    put_file("sub.zone", "broken");
    w = world("", "domains: [example.com, {name: sub.example.com, zone-file: sub.zone}]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    const struct zone_note *note = find_note(content, "delegation of sub.example.com: ");
    assert_true(note->error);
    assert_has(note->input, "sub.zone");
    zone_content_free(content);
    world_done(&w);
}

#define FILE_HEAD "$TTL 60\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns.example.net.\n"

static void parent_from_a_file_gets_what_it_lacks(void **state)
{
    (void)state;
    char *ds = make_key("sub.example.com");
    const char *more = "domains: [{name: example.com, zone-file: p}, sub.example.com]\n";
    put_file("p", FILE_HEAD);
    struct world w = world("", more);
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "sub 86400 IN NS ns1.box.example.com.");
    assert_has(text, ds);
    free(text);
    world_done(&w);
    put_file("p", FILE_HEAD "sub NS other.example.net.\n");
    w = world("", more);
    text = dump_zone(&w, "example.com");
    assert_no(text, "ns1.box");
    assert_has(text, ds);
    free(text);
    world_done(&w);
    put_file("p", FILE_HEAD "sub NS other.example.net.\nsub DS 1 13 2 00\n");
    w = world("", more);
    text = dump_zone(&w, "example.com");
    assert_no(text, ds);
    free(text);
    world_done(&w);
    free(ds);
}

static void records_of_the_admin_are_never_hidden_by_a_delegation(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {FILE_HEAD "a.sub A 192.0.2.1\n",
         "domains: [{name: example.com, zone-file: p}, sub.example.com]\n"},
        {FILE_HEAD, "domains: [{name: example.com, zone-file: p, dnssec: off}, sub.example.com]\n"},
    };
    for (size_t i = 0; i < 2; i++) {
        put_file("p", cases[i][0]);
        struct world w = world("", cases[i][1]);
        struct zone_content *content = make_zone(&w, "example.com");
        assert_non_null(
            find_note(content, "sub.example.com is served here as a zone of its own, but not"));
        zone_content_free(content);
        char *text = dump_zone(&w, "example.com");
        assert_no(text, "ns1.box");
        free(text);
        world_done(&w);
    }
}

int main(void)
{
#define fresh_test(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        fresh_test(a_zone_below_is_delegated_with_glue_and_ds),
        fresh_test(without_a_key_the_ds_is_a_gap),
        fresh_test(an_unusable_key_is_an_error),
        fresh_test(only_the_nearest_zone_delegates),
        fresh_test(unsigned_zones_have_and_get_no_ds),
        fresh_test(child_from_a_file_names_its_own_servers),
        fresh_test(parent_from_a_file_gets_what_it_lacks),
        fresh_test(records_of_the_admin_are_never_hidden_by_a_delegation),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
