// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

static void the_exchanger_sends_and_nobody_else(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "@ 3600 IN MX 10 box.example.com.");
    assert_line(text, "@ 3600 IN TXT \"v=spf1 mx -all\"");
    assert_line(text, "box 3600 IN TXT \"v=spf1 a -all\"");
    assert_no(text, "box 3600 IN MX");
    free(text);
    world_done(&w);
}

static void relays_stand_between(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com, example.net]\n");
    struct config_mail *mail = own_mail(&w, 0);
    struct config_text relays[] = {words("ip4:192.0.2.0/24"), words("include:spf.example.net")};
    mail->spf.relays = relays;
    mail->spf.relay_count = 2;
    mail->spf.soft = true;
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "@ 3600 IN TXT \"v=spf1 mx ip4:192.0.2.0/24 include:spf.example.net ~all\"");
    assert_line(text, "box 3600 IN TXT \"v=spf1 a -all\"");
    free(text);
    mail->spf.enabled = false;
    text = dump_zone(&w, "example.com");
    assert_no(text, "@ 3600 IN TXT \"v=spf1");
    free(text);
    world_done(&w);
}

static void a_long_record_is_cut_into_strings(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_mail *mail = own_mail(&w, 0);
    struct config_text relays[20];
    char term[32];
    for (unsigned i = 0; i < 16; i++) {
        snprintf(term, sizeof(term), "ip6:2001:db8:%x::/48", i);
        relays[i] = words(term);
    }
    mail->spf.relays = relays;
    mail->spf.relay_count = 16;
    struct zone_content *content = make_zone(&w, "example.com");
    unsigned seen = 0;
    for (size_t i = 0; i < content->record_count; i++) {
        const ldns_rr *rr = content->records[i].rr;
        if (rr == NULL || ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT || ldns_rr_rd_count(rr) != 2)
            continue;
        assert_int_equal(ldns_rdf_size(ldns_rr_rdf(rr, 0)), 256); // with the length octet
        assert_memory_equal(ldns_rdf_data(ldns_rr_rdf(rr, 0)) + 1, "v=spf1 mx ip6:", 14);
        seen++;
    }
    assert_int_equal(seen, 1);
    zone_content_free(content);
    world_done(&w);
}

static void what_would_be_a_permanent_error_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *relay;
        const char *words;
    } cases[] = {
        {"include:x", "not a domain"},
        {"ip4:192.0.2.300", "not an IPv4 address"},
        {"spf.example.net", "not a mechanism of SPF"},
        {"all", "comes last"},
        {"ptr", "not to be used"},
        {"redirect=spf.example.net", "a modifier is no relay"},
        {"-include:spf.example.net", "without a qualifier"},
        {"a b", "printable"},
    };
    struct world w = world("", "domains: [example.com, example.net]\n");
    struct config_mail *mail = own_mail(&w, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_text relays[] = {words("ip4:192.0.2.1"), words(cases[i].relay)};
        relays[1].place = (struct config_place){.line = 7, .column = 9};
        mail->spf.relays = relays;
        mail->spf.relay_count = 2;
        assert_zone_refused(&w, "example.com", "zonebox.yaml:7:9: spf: relays: ");
        assert_zone_refused(&w, "example.com", cases[i].words);
    }
    free(dump_zone(&w, "example.net")); // the others stay as they are
    world_done(&w);
}

static void more_than_ten_look_ups_are_refused(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    struct config_mail *mail = own_mail(&w, 0);
    struct config_text relays[11];
    char term[32];
    for (unsigned i = 0; i < 11; i++) {
        snprintf(term, sizeof(term), "include:%c.example", 'a' + i);
        relays[i] = words(term);
    }
    relays[0].place = (struct config_place){.line = 3, .column = 5};
    mail->spf.relays = relays;
    mail->spf.relay_count = 9; // and mx
    free(dump_zone(&w, "example.com"));
    mail->spf.relay_count = 10;
    assert_zone_refused(&w, "example.com", "zonebox.yaml:3:5: spf: relays: with 11 terms");
    world_done(&w);
}

static void a_domain_inside_has_mail_of_its_own(void **state)
{
    (void)state;
    struct world w = world("", "domains: [news.example.com, example.com]\n");
    struct config_mail *mail = own_mail(&w, 0);
    struct config_text relay = words("a:x.example");
    mail->spf.relays = &relay;
    mail->spf.relay_count = 1;
    w.inputs->config->domains[0].in_parent = true;
    find_targets(&w);
    assert_int_equal(w.count, 1);
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "news 3600 IN MX 10 box.example.com.");
    assert_line(text, "news 3600 IN TXT \"v=spf1 mx a:x.example -all\"");
    assert_line(text, "@ 3600 IN TXT \"v=spf1 mx -all\"");
    assert_line(text,
                "_dmarc.news 3600 IN TXT \"v=DMARC1; p=quarantine; sp=quarantine; np=reject\"");
    assert_line(text, "www.news 3600 IN A 192.0.2.10");
    assert_no(text, "news 3600 IN MX 0 .");
    free(text);
    relay = words("bad");
    assert_zone_refused(&w, "example.com", "not a mechanism");
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exchanger_sends_and_nobody_else),
        cmocka_unit_test(relays_stand_between),
        cmocka_unit_test(a_long_record_is_cut_into_strings),
        cmocka_unit_test(what_would_be_a_permanent_error_is_refused_at_its_place),
        cmocka_unit_test(more_than_ten_look_ups_are_refused),
        cmocka_unit_test(a_domain_inside_has_mail_of_its_own),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
