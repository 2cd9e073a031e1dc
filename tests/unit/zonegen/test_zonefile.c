// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

#include "zonegen/maker.h"

#define HEAD                                                                                       \
    "$TTL 600\n@ SOA ns1 hostmaster 5 14400 3600 604800 3600\n@ NS ns1\nns1 A 192.0.2.1\n" // lines 1 to 4

static const char *const domains[] = {
    [CONFIG_DNSSEC_ON] = "domains: [{name: example.org, zone-file: z}]\n",
    [CONFIG_DNSSEC_OFF] = "domains: [{name: example.org, zone-file: z, dnssec: off}]\n",
    [CONFIG_DNSSEC_PRESIGNED] = "domains: [{name: example.org, zone-file: z, dnssec: presigned}]\n",
};

static void assert_refused(enum config_dnssec dnssec, const char *text, const char *words)
{
    put_file("z", text);
    struct world w = world("", domains[dnssec]);
    struct zone_content *content = NULL;
    struct error err = {0};
    const struct zone_target *target = zonegen_target_find(w.targets, w.count, "example.org");
    if (zonegen_make(w.inputs, &keys, target, &content, &err) == STATUS_OK)
        fail_msg("taken: %s", text);
    assert_null(content);
    assert_has(err.text, words);
    assert_has(err.text, "/z:");
    world_done(&w);
}

static void a_good_file_keeps_its_order_with_the_soa_first(void **state)
{
    (void)state;
    put_file("z",
             "; comment\n$ORIGIN org.\nexample 60 IN NS ns1.example\n\t60 IN NS ns2.example\n"
             "$ORIGIN example.org.\n$TTL 1h\n@ IN SOA ns1 h ( 2026112201 ; serial\n 1 2 3 4 )\n"
             "ns1 A 192.0.2.1\nns2 300 A 192.0.2.2\n* TXT ( \"a;b(\\\"\"\n 'c' ) ; \"(\n\nns2 A "
             "192.0.2.2\n");
    struct world w = world("", domains[CONFIG_DNSSEC_ON]);
    struct zone_content *content = make_zone(&w, "example.org");
    static const char *const expected[] = {
        "example.org.\t3600\tIN\tSOA\tns1.example.org. h.example.org. 2026112201 1 2 3 4\n",
        "example.org.\t60\tIN\tNS\tns1.example.org.\n",
        "example.org.\t60\tIN\tNS\tns2.example.org.\n",
        "ns1.example.org.\t3600\tIN\tA\t192.0.2.1\n",
        "ns2.example.org.\t300\tIN\tA\t192.0.2.2\n",
        "*.example.org.\t3600\tIN\tTXT\t\"a;b(\\\"\" \"'c'\"\n",
    };
    assert_int_equal(content->record_count, 6);
    for (size_t i = 0; i < 6; i++) {
        char *text = ldns_rr2str(content->records[i].rr);
        assert_string_equal(text, expected[i]);
        free(text);
        assert_string_equal(content->records[i].why, "as in the zone file z");
    }
    zone_content_free(content);
    world_done(&w);
}

static void strange_owners_are_escaped_in_the_dump(void **state)
{
    (void)state;
    put_file("z",
             HEAD "\\@a A 192.0.2.5\n\\$TTL A 192.0.2.6\na\\.b A 192.0.2.7\n\\009 A 192.0.2.8\n");
    struct world w = world("", domains[CONFIG_DNSSEC_ON]);
    char *text = dump_zone(&w, "example.org");
    assert_line(text, "\\@a 600 IN A 192.0.2.5");
    assert_line(text, "\\$TTL 600 IN A 192.0.2.6");
    assert_line(text, "a\\.b 600 IN A 192.0.2.7");
    assert_line(text, "\\009 600 IN A 192.0.2.8");
    world_done(&w);
    put_file("z", text);
    w = world("", domains[CONFIG_DNSSEC_ON]);
    char *again = dump_zone(&w, "example.org");
    assert_string_equal(again, text);
    free(again);
    free(text);
    world_done(&w);
}

// The caller frees the octets.
static struct input_file file_of(const char *text)
{
    static char path[] = "z";
    return (struct input_file){
        .path = path, .octets = (uint8_t *)xstrdup(text), .len = strlen(text)};
}

// Every word that one of the two readers could take for something else.
static const char plain_text[] =
    "; a comment first\n\n$TTL 1h\n@ SOA ns1 Host\\.Master ( 2026112201 ; serial\n 4h 1H 2w 3600 "
    ")\n"
    "\tNS ns1\n 1d NS ns2.example.net. ; another\nns1 A 192.0.2.1\nNS1 60 IN AAAA 2001:DB8::1\r\n"
    "$ORIGIN Sub.example.org.\n@ 0 MX 10 mail\n mx 20 @\n$TTL 5m\nmail in A 192.0.2.2\n* CNAME "
    "mail\n"
    "a.b IN TXT \"one; \\\"two\\\"\" three\\032four ( \"\"\n\n \"five\" )\n1d A 192.0.2.3\n"
    "in A 192.0.2.4\nA A 192.0.2.5\n_25._tcp TLSA 3 1 1 ( 0123456789abcdef0123456789ABCDEF\n"
    "  0123456789abcdef0123456789abcdef )\n_s._tcp SRV 0 5 443 mail\n"
    "example.org. CAA 128 ISSUE \"ca.example; a=b\"\nexample.org. 1h30m SSHFP 4 2 "
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\np PTR .\n";

static void a_plain_file_says_the_same_to_both_readers(void **state)
{
    (void)state;
    struct zone_file_record *plain, *both;
    size_t count, both_count;
    struct error err = {0};
    char longer[sizeof(plain_text) + 64];
    snprintf(longer, sizeof(longer), "%sx TYPE65280 \\# 1 00\n", plain_text); // ldns has to read it
    struct input_file file = file_of(plain_text);
    assert_true(zone_file_plain(&file, "example.org", 77, &plain, &count));
    free(file.octets);
    file = file_of(longer);
    assert_false(zone_file_plain(&file, "example.org", 77, &both, &both_count));
    if (zone_file_parse(&file, "example.org", 77, &both, &both_count, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(both_count, count + 1);
    for (size_t i = 0; i < count; i++) {
        char *one = ldns_rr2str(plain[i].rr), *other = ldns_rr2str(both[i].rr);
        assert_string_equal(one, other);
        assert_int_equal(plain[i].place.line, both[i].place.line);
        assert_int_equal(plain[i].place.column, both[i].place.column);
        free(one);
        free(other);
    }
    free(file.octets);
    zone_file_records_free(plain, count);
    zone_file_records_free(both, both_count);
}

static void what_can_be_read_in_two_ways_is_not_plain(void **state)
{
    (void)state;
    static const char *const texts[] = {
        " A 192.0.2.1\n",
        "a\\.b A 192.0.2.1\n",
        "\"a\" A 192.0.2.1\n",
        "\xc3\xa9 A 192.0.2.1\n",
        "\xef\xbb\xbf@ A 192.0.2.1\n",
        "a IN 60 A 192.0.2.1\n",
        "a CH A 192.0.2.1\n",
        "a A \\# 4 c0000201\n",
        "a \"A\" 192.0.2.1\n",
        "a NSEC b A\n",
        "a A\n",
        "a A 192.0.2.1 x\n",
        "$ORIGIN sub\na A 192.0.2.1\n",
        "$INCLUDE x\n",
        "$ttl 60\na A 192.0.2.1\n",
        "; nothing\n",
        "$TTL\na A 192.0.2.1\n",
        "a 4294967295 A 192.0.2.1\n",
        "a A ( 192.0.2.1\n",
        "a TXT \"b\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct zone_file_record *records;
        size_t count;
        struct input_file file = file_of(texts[i]);
        if (zone_file_plain(&file, "example.org", 77, &records, &count))
            fail_msg("taken: %s", texts[i]);
        free(file.octets);
    }
}

static void windows_line_ends_are_read(void **state)
{
    (void)state;
    put_file("z", "$TTL 600\r\n@ SOA ns1 h 1 2 3 4 5\r\n@ NS ns1\r\nns1 A 192.0.2.1\r\n\r\n; end");
    struct world w = world("", domains[CONFIG_DNSSEC_ON]);
    struct zone_content *content = make_zone(&w, "example.org");
    assert_int_equal(content->record_count, 3);
    zone_content_free(content);
    world_done(&w);
}

#define LABELS_9  "a.a.a.a.a.a.a.a.a."
#define LABELS_63 LABELS_9 LABELS_9 LABELS_9 LABELS_9 LABELS_9 LABELS_9 LABELS_9

static void broken_files_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"", "z: is empty"},
        {"; only a comment\n", "z: example.org has no SOA record"},
        {"@ NS ns1\n", "has no SOA record"},
        {"@ SOA ns1 h 1 2 3 4 5\n", "z: example.org has no NS record"},
        {HEAD "@ SOA ns1 h 2 2 3 4 5\n", "more than one SOA"},
        {HEAD "d DNAME a.\nx.d A 192.0.2.1\n",
         "z:6:1: x.d.example.org. A: there are records below a DNAME"},
        {HEAD "@ DS 1 13 2 00\n", "z:5:1: example.org. DS: a DS at the apex"},
        {HEAD "*.w NS ns1\n", "z:5:1: *.w.example.org. NS: a wildcard that is delegated"},
        {HEAD "*.w DNAME a.\n", "z:5:1: *.w.example.org. DNAME: a DNAME at a wildcard"},
        {HEAD LABELS_63 LABELS_63 "a NS ns1\n", "z:5:1: a name of more than 255 octets"},
        {HEAD "x MINFO ns1 " LABELS_63 LABELS_63 "a\n", "z:5:1: a name of more than 255"},
        {HEAD "sub SOA ns1 h 2 2 3 4 5\n",
         "z:5:1: sub.example.org. SOA: an SOA that is not at the apex"},
        {HEAD "\n; x\n\nwww A 192.0.2\n", "z:8:7: www.example.org. A: \"192.0.2\" is no IPv4"},
        {HEAD "www A\n", "z:5:5: www.example.org. A: "},
        {HEAD "www NOTYPE x\n", "z:5:5: \"NOTYPE\" is no type"},
        {HEAD "www 300 IN\n", "z:5:1: a record without a type"},
        {HEAD "a..b A 192.0.2.1\n", "z:5:1: an empty label"},
        {HEAD "$ORIGIN x.example.org.\n\nwww MX 10 (\n a..b )\n",
         "z:8:2: www.x.example.org. MX: \"a..b\" is no name"},
        {HEAD "www TYPE65280 \\# 3 0102\n", "z:5:20: www.example.org. TYPE65280: 2 octets where"},
        {HEAD "www TYPE1 \\# 3 010203\n", "z:5:5: www.example.org. A: the data has not"},
        {HEAD "www TYPE15 \\# 4 000a0161\n", "z:5:5: www.example.org. MX: the data has not"},
        {HEAD "example.net. A 192.0.2.1\n", "z:5:1: example.net. A: a record outside the zone"},
        {HEAD "www CH TXT x\n", "z:5:1: www.example.org. TXT: a record of another class than IN"},
        {HEAD "$INCLUDE more\n", "z:5:1: $INCLUDE is not followed"},
        {HEAD "www TYPE255 \\# 0\n",
         "z:5:1: www.example.org. TYPE255: a type that no zone can have"},
        {HEAD "www TYPE41 \\# 0\n", "a type that no zone can have"},
        {HEAD "www TYPE24 \\# 3 010203\n",
         "z:5:1: www.example.org. SIG: incomplete data for its type"},
        {HEAD "www MX \\# 2 000a\n", "z:5:1: "},
        {HEAD "www CNAME ns1\nwww A 192.0.2.1\n",
         "z:5:1: www.example.org. CNAME: an alias beside other records"},
        {HEAD "www A 192.0.2.1\nWWW CNAME ns1\n",
         "z:6:1: WWW.example.org. CNAME: an alias beside other records"},
        {HEAD "www CNAME ns1\nwww CNAME ns2\n", "more than one CNAME"},
        {HEAD "@ CNAME ns1\n", "an alias beside other records"},
        {HEAD "d DNAME a.\nd DNAME b.\n", "more than one DNAME"},
        {HEAD "d DNAME a.\nd NS b.\n", "z:5:1: d.example.org. DNAME: the name is delegated, too"},
        {HEAD "d DNAME a.\nd CNAME b.\n", "an alias beside other records"},
        {HEAD "www 4294967295 A 192.0.2.1\n", "z:5:1: "},
        {HEAD "x TXT \"unfinished\ny A 192.0.2.1\n", "z:5:7: a quote is not closed"},
        {HEAD "\nx A ( 192.0.2.1 ; )\ny A 192.0.2.1\n", "z:6:5: \"(\" is never closed"},
        {HEAD "x A 192.0.2.1 )\n", "z:5:15: \")\" without its counterpart"},
        {HEAD "x A ( ( 192.0.2.1 ) )\n", "z:5:7: \"(\" without its counterpart"},
        {HEAD "a..b A 192.0.2.1\n", "z:5:1: "},
        {HEAD "$ORIGIN a..b\n", "z:5:1: "},
        {HEAD "www MX 65536 ns1\n",
         "z:5:8: www.example.org. MX: \"65536\" where a number is expected, 0 to 65535"},
        {HEAD "www TXT a ; b\nwww 60 IN SRV ( 0 0\n 70000 ns1 )\n",
         "z:7:2: www.example.org. SRV: \"70000\" where a number is expected"},
        {HEAD "$ORIGIN sub.example.org\nx A 192.0.2.1\n",
         "z:5:1: $ORIGIN: \"sub.example.org\" without a last dot"},
        {HEAD "www TLSA 3 1 1 abc\n", "z:5:16: www.example.org. TLSA: 3 hexadecimal digits"},
        {HEAD "www A 192.0.2.1 more\n", "z:5:17: www.example.org. A: \"more\" is more"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(CONFIG_DNSSEC_ON, cases[i].text, cases[i].words);
}

static void data_is_what_is_written(void **state)
{
    (void)state;
    put_file("z", HEAD "$ORIGIN sub.example.org.\n@ MX 10 a\n\tMX 20 b.example.net.\n$ORIGIN "
                       "deeper.sub.example.org.\n"
                       "x 60 CAA 0 ISSUE \"ca.example\"\nx HTTPS 1 . port=443 alpn=h2\n"
                       "x TYPE65280 \\# 2 abcd\n");
    struct world w = world("", domains[CONFIG_DNSSEC_ON]);
    char *text = dump_zone(&w, "example.org");
    assert_line(text, "sub 600 IN MX 10 a.sub.example.org.");
    assert_line(text, "sub 600 IN MX 20 b.example.net.");
    assert_line(text, "x.deeper.sub 60 IN CAA 0 issue \"ca.example\"");
    assert_line(text, "x.deeper.sub 600 IN HTTPS 1 . alpn=h2 port=443");
    assert_line(text, "x.deeper.sub 600 IN TYPE65280 \\# 2 abcd");
    free(text);
    world_done(&w);
}

static void binary_and_missing_files_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct zone_content *content = NULL;
    assert_int_equal(file_write("z", HEAD "\0", sizeof(HEAD) + 1, 0644, &err), STATUS_OK);
    struct world w = world("", domains[CONFIG_DNSSEC_ON]);
    const struct zone_target *target = zonegen_target_find(w.targets, w.count, "example.org");
    assert_int_equal(zonegen_make(w.inputs, &keys, target, &content, &err), STATUS_SYNTAX);
    assert_has(err.text, "has octets 0");
    world_done(&w);
    unlink("z");
    w = world("", domains[CONFIG_DNSSEC_ON]);
    target = zonegen_target_find(w.targets, w.count, "example.org");
    assert_int_not_equal(zonegen_make(w.inputs, &keys, target, &content, &err), STATUS_OK);
    assert_has(err.text, "zonebox.yaml:");
    assert_has(err.text, ": zone-file: ");
    assert_has(err.text, "/z: cannot open");
    world_done(&w);
}

static void odd_but_harmless_things_are_notes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {HEAD "www 60 A 192.0.2.1\nwww 70 A 192.0.2.2\n",
         "z:6:1: www.example.org. A: the TTL differs from line 5"},
        {HEAD "@ MX 10 www\nwww CNAME ns1\n",
         "z:5:1: example.org. MX: points at www.example.org., an alias"},
        {HEAD "@ NS ns2\n",
         "z:5:1: example.org. NS: points at ns2.example.org., which has no address"},
        {HEAD "@ DNSKEY 257 3 13 AAAA\n", "z:5:1: DNSKEY, RRSIG, NSEC and the like are left out"},
        {HEAD "@ CDS 0 0 0 00\n", "left out"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put_file("z", cases[i].text);
        struct world w = world("", domains[CONFIG_DNSSEC_ON]);
        struct zone_content *content = make_zone(&w, "example.org");
        const struct zone_note *note = find_note(content, cases[i].words);
        if (note == NULL)
            fail_msg("no note \"%s\"", cases[i].words);
        assert_false(note->error);
        assert_int_equal(content->note_count, 1);
        zone_content_free(content);
        world_done(&w);
    }
    put_file("z", HEAD "sub NS ns.sub\nns.sub A 192.0.2.9\nd DNAME example.net.\nwww CNAME ns1\nx "
                       "TYPE65280 \\# 0\n"
                       "x TYPE65281 \\# 1 00\n");
    struct world w = world("", domains[CONFIG_DNSSEC_ON]);
    struct zone_content *content = make_zone(&w, "example.org");
    assert_int_equal(content->note_count, 0);
    assert_int_equal(content->record_count, 9);
    zone_content_free(content);
    world_done(&w);
}

static void host_name_in_a_zone_file_is_the_admins_business(void **state)
{
    (void)state;
    const char *more = "domains: [{name: example.com, zone-file: z}]\n";
    put_file("z", "@ 60 SOA ns.example.net. h 1 2 3 4 5\n@ 60 NS ns.example.net.\n");
    struct world w = world("", more);
    struct zone_content *content = make_zone(&w, "example.com");
    assert_int_equal(content->record_count, 2);
    assert_non_null(find_note(content, "box.example.com lies in this zone"));
    zone_content_free(content);
    world_done(&w);
    put_file("z", "@ 60 SOA ns.example.net. h 1 2 3 4 5\n@ 60 NS ns.example.net.\n_25._tcp.box 60 "
                  "TLSA 3 1 1 00\n");
    w = world("", more);
    content = make_zone(&w, "example.com");
    assert_int_equal(content->note_count, 0);
    zone_content_free(content);
    world_done(&w);
}

static int sign(void **state)
{
    (void)state;
    put_file("plain", HEAD);
    run("rm -rf k; mkdir k; dnssec-keygen -q -K k -a 13 -f KSK example.org >/dev/null && "
        "dnssec-signzone -q -z -S -K k -o example.org -f nsec plain >/dev/null 2>&1 && "
        "dnssec-signzone -q -z -S -K k -3 - -o example.org -f nsec3 plain >/dev/null 2>&1");
    return 0;
}

static void signed_files_are_stripped_or_served_as_they_are(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        runf("cp %s z", i == 0 ? "nsec" : "nsec3");
        struct world w = world("", domains[CONFIG_DNSSEC_ON]);
        struct zone_content *content = make_zone(&w, "example.org");
        assert_int_equal(content->record_count, 3);
        assert_int_equal(content->note_count, 1);
        zone_content_free(content);
        world_done(&w);
        w = world("", domains[CONFIG_DNSSEC_PRESIGNED]);
        content = make_zone(&w, "example.org");
        assert_true(content->record_count > 9);
        assert_int_equal(content->dnssec, CONFIG_DNSSEC_PRESIGNED);
        assert_int_equal(content->note_count, 0);
        zone_content_free(content);
        world_done(&w);
    }
}

static void dnssec_option_and_file_must_agree(void **state)
{
    (void)state;
    struct buf text = {0};
    struct error err = {0};
    assert_refused(CONFIG_DNSSEC_PRESIGNED, HEAD, "z: has no DNSKEY, so it is not presigned");
    assert_refused(CONFIG_DNSSEC_PRESIGNED, HEAD "@ DNSKEY 257 3 13 AAAA\n",
                   "z: has no signature over its SOA");
    assert_int_equal(file_read("nsec", 100000, &text, &err), STATUS_OK);
    assert_refused(CONFIG_DNSSEC_OFF, buf_text(&text),
                   "has records of a signed zone; `dnssec: presigned`");
    buf_done(&text);
    put_file("z", HEAD);
    struct world w = world("", domains[CONFIG_DNSSEC_OFF]);
    struct zone_content *content = make_zone(&w, "example.org");
    assert_int_equal(content->dnssec, CONFIG_DNSSEC_OFF);
    zone_content_free(content);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_keeps_its_order_with_the_soa_first),
        cmocka_unit_test(a_plain_file_says_the_same_to_both_readers),
        cmocka_unit_test(what_can_be_read_in_two_ways_is_not_plain),
        cmocka_unit_test(windows_line_ends_are_read),
        cmocka_unit_test(strange_owners_are_escaped_in_the_dump),
        cmocka_unit_test(broken_files_are_refused_with_their_place),
        cmocka_unit_test(data_is_what_is_written),
        cmocka_unit_test(binary_and_missing_files_are_refused),
        cmocka_unit_test(odd_but_harmless_things_are_notes),
        cmocka_unit_test(host_name_in_a_zone_file_is_the_admins_business),
        cmocka_unit_test_setup(signed_files_are_stripped_or_served_as_they_are, sign),
        cmocka_unit_test_setup(dnssec_option_and_file_must_agree, sign),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
