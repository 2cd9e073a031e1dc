// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

static void assert_silent(const char *text, const char *name)
{
    char line[128];
    snprintf(line, sizeof(line), "%s 3600 IN MX 0 .", name);
    assert_line(text, line);
    snprintf(line, sizeof(line), "%s 3600 IN TXT \"v=spf1 -all\"", name);
    assert_line(text, line);
    snprintf(line, sizeof(line), "_dmarc%s%s 3600 IN TXT \"v=DMARC1; p=reject\"",
             name[0] == '@' ? "" : ".", name[0] == '@' ? "" : name);
    assert_line(text, line);
}

static void names_with_addresses_and_no_mail_say_so(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_silent(text, "www");
    assert_silent(text, "ns1.box");
    assert_silent(text, "ns2.box");
    assert_no(text, "@ 3600 IN MX 0 .");
    assert_no(text, "box 3600 IN MX");
    assert_no(text, "_dmarc.mail");
    free(text);
    world_done(&w);
}

static void glue_is_left_alone(void **state)
{
    (void)state;
    struct world w = world("  nameservers: [ns1.sub.example.com, ns2.example.com]\n",
                           "domains: [example.com, sub.example.com]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "ns1.sub 3600 IN A 192.0.2.10");
    assert_no(text, "ns1.sub 3600 IN MX");
    assert_silent(text, "ns2");
    free(text);
    text = dump_zone(&w, "sub.example.com");
    assert_silent(text, "ns1");
    free(text);
    world_done(&w);
}

static void a_parked_domain_lets_nobody_send(void **state)
{
    (void)state;
    struct world w = world("", "domains: [{name: example.net, mail: no, www: no}, example.com]\n");
    w.inputs->config->domains[0].no_addresses = true;
    char *text = dump_zone(&w, "example.net");
    assert_line(text, "@ 3600 IN MX 0 .");
    assert_line(text, "@ 3600 IN TXT \"v=spf1 -all\"");
    assert_line(text, "_dmarc 3600 IN TXT \"v=DMARC1; p=reject\"");
    assert_line(text, "*._domainkey 3600 IN TXT \"v=DKIM1; p=\"");
    assert_no(text, " A ");
    assert_no(text, " SRV ");
    assert_no(text, "www");
    free(text);
    world_done(&w);
}

// Custom records count: a name that they make has no mail, one that they give mail has.
static void custom_records_are_seen(void **state)
{
    (void)state;
    struct world w = world(
        "", "domains:\n"
            "  - name: example.com\n"
            "    records: [\"plain A 192.0.2.1\", \"*.wild A 192.0.2.2\", \"mx A 192.0.2.3\", "
            "\"mx MX 5 mx.example.com.\", \"sender A 192.0.2.4\", \"sender TXT \\\"v=spf1 a "
            "-all\\\"\", \"null A 192.0.2.5\", \"null MX 0 .\", \"cut NS ns.cut\", "
            "\"ns.cut A 192.0.2.6\", \"www CNAME plain\", '_dmarc.plain TXT \"v=DMARC1;p=none\"']\n"
            "  - {name: example.net, mail: no, records: [\"@ MX 10 mx.elsewhere.example.\"]}\n"
            "  - {name: example.org, mail: no, records: [\"@ MX 0 .\"]}\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "plain 3600 IN MX 0 .");
    assert_line(text, "plain 3600 IN TXT \"v=spf1 -all\"");
    assert_no(text, "_dmarc.plain 3600 IN TXT \"v=DMARC1; p=reject\"");
    assert_line(text, "*.wild 3600 IN MX 0 .");
    assert_no(text, "_dmarc.*");
    assert_no(text, "mx 3600 IN TXT");
    assert_no(text, "sender 3600 IN MX");
    assert_silent(text, "null");
    assert_no(text, "ns.cut 3600 IN MX");
    assert_no(text, "www 3600 IN MX");
    free(text);
    text = dump_zone(&w, "example.net");
    assert_no(text, "@ 3600 IN TXT");
    assert_no(text, "_domainkey");
    assert_silent(text, "www");
    free(text);
    text = dump_zone(&w, "example.org");
    assert_silent(text, "@");
    assert_line(text, "*._domainkey 3600 IN TXT \"v=DKIM1; p=\"");
    free(text);
    world_done(&w);
}

static void a_host_without_a_mail_domain_still_sends(void **state)
{
    (void)state;
    struct world w = world("", "domains: [{name: box.example.com, mail: no}]\n");
    char *text = dump_zone(&w, "box.example.com");
    assert_line(text, "@ 3600 IN TXT \"v=spf1 a -all\"");
    assert_line(text, "_dmarc 3600 IN TXT \"v=DMARC1; p=quarantine; sp=quarantine; np=reject\"");
    assert_no(text, "@ 3600 IN MX");
    assert_silent(text, "www");
    free(text);
    world_done(&w);
}

static void addresses_may_be_the_domains_own(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.net]\n");
    struct config_address own[2] = {0};
    assert_int_equal(address_parse("198.51.100.7", 0, &own[0].address, NULL), STATUS_OK);
    assert_int_equal(address_parse("2001:db8::7", 0, &own[1].address, NULL), STATUS_OK);
    w.inputs->config->domains[0].addresses = own;
    w.inputs->config->domains[0].address_count = 2;
    char *text = dump_zone(&w, "example.net");
    assert_line(text, "@ 3600 IN A 198.51.100.7");
    assert_line(text, "www 3600 IN AAAA 2001:db8::7");
    assert_no(text, "192.0.2.10");
    free(text);
    w.inputs->config->domains[0].addresses = NULL;
    w.inputs->config->domains[0].address_count = 0;
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_with_addresses_and_no_mail_say_so),
        cmocka_unit_test(glue_is_left_alone),
        cmocka_unit_test(a_parked_domain_lets_nobody_send),
        cmocka_unit_test(custom_records_are_seen),
        cmocka_unit_test(a_host_without_a_mail_domain_still_sends),
        cmocka_unit_test(addresses_may_be_the_domains_own),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
