// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"
#include "zonegen/paste.h"

#define HEAD                                                                                       \
    "$ORIGIN example.com.\n@ 3600 IN SOA ns1 hostmaster 1 14400 3600 604800 3600\n@ NS ns1\nns1 "  \
    "A 192.0.2.1\n"

// What there is to enter of a zone file with these further lines.
static char *paste(const char *lines)
{
    char *text = xasprintf(HEAD "%s", lines);
    put_file("zone", text);
    free(text);
    struct world w = world("", "domains: [{name: example.com, zone-file: zone}]\n");
    struct zone_content *content = make_zone(&w, "example.com");
    struct buf out = {0};
    zone_content_paste(content, &out);
    text = xstrdup(buf_text(&out));
    buf_done(&out);
    zone_content_free(content);
    world_done(&w);
    return text;
}

static void each_type_has_the_fields_of_its_form(void **state)
{
    (void)state;
    static const struct {
        const char *record, *fields;
    } cases[] = {
        {"@ 300 MX 10 mail\n", "  Type            MX\n"
                               "  Name            @\n"
                               "  Name in full    example.com\n"
                               "  TTL             300\n"
                               "  Priority        10\n"
                               "  Value           mail.example.com\n"},
        {"_imaps._tcp 300 SRV 0 1 993 mail\n", "  Type            SRV\n"
                                               "  Name            _imaps._tcp\n"
                                               "  Name in full    _imaps._tcp.example.com\n"
                                               "  Or Service:     _imaps, Protocol: _tcp\n"
                                               "  TTL             300\n"
                                               "  Priority        0\n"
                                               "  Weight          1\n"
                                               "  Port            993\n"
                                               "  Target          mail.example.com\n"},
        {"mail 300 CAA 0 issue \"ca.example; accounturi=https://ca.example/1\"\n",
         "  TTL             300\n"
         "  Flags           0\n"
         "  Tag             issue\n"
         "  Value           ca.example; accounturi=https://ca.example/1\n"},
        {"_25._tcp.mail TLSA 3 1 1 "
         "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
         "  Usage           3\n"
         "  Selector        1\n"
         "  Matching type   1\n"
         "  Value           9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"},
        {"nomail MX 0 .\n", "  Priority        0\n  Value           .\n"},
        {"www CNAME elsewhere.example.\n", "  Value           elsewhere.example\n"},
        {"x TXT \"a \\\"quoted\\\" \\\\ text\" \" in two\"\n",
         "  Value           a \"quoted\" \\ text in two\n"},
        {"x TXT \"\"\n", "  Value           \n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = paste(cases[i].record);
        assert_has(text, cases[i].fields);
        free(text);
    }
}

static void a_key_is_one_string_however_long(void **state)
{
    (void)state;
    char key[393];
    memset(key, 'A', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    char *record = xasprintf("s._domainkey TXT \"v=DKIM1; p=%.200s\" \"%s\"\n", key, key + 200);
    char *value = xasprintf("  Value           v=DKIM1; p=%s\n", key);
    char *text = paste(record);
    assert_has(text, value);
    free(text);
    free(value);
    free(record);
}

static void what_a_provider_has_itself_is_left_out(void **state)
{
    (void)state;
    char *text = paste("sub NS ns.example.net.\n");
    assert_has(text, "example.com: 2 records for the web form");
    assert_no(text, "SOA");
    assert_has(text, "  Type            NS\n  Name            sub\n");
    assert_no(text, "  Name in full    example.com\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_the_fields_of_its_form),
        cmocka_unit_test(a_key_is_one_string_however_long),
        cmocka_unit_test(what_a_provider_has_itself_is_left_out),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
