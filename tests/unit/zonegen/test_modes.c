// SPDX-License-Identifier: ISC
// Zones that others serve, and reverse zones.
#include "tests/unit/zonegen/world.h"

static void an_external_zone_has_no_servers_here(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com, sub.example.com]\n");
    w.inputs->config->domains[0].mode = CONFIG_EXTERNAL;
    char *text = dump_zone(&w, "example.com");
    assert_no(text, "IN SOA ");
    assert_no(text, "@ 86400 IN NS");
    assert_line(text, "@ 3600 IN MX 10 box.example.com.");
    assert_line(text, "ns1.box 3600 IN A 192.0.2.10"); // whom sub.example.com has
    assert_line(text, "sub 86400 IN NS ns1.box.example.com.");
    free(text);
    world_done(&w);
}

static void an_external_zone_below_is_delegated_as_far_as_is_known(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com, sub.example.com]\n");
    char name[] = "ns.elsewhere.example";
    struct config_nameserver server = {.name = name};
    struct config_domain *sub = &w.inputs->config->domains[1];
    sub->mode = CONFIG_EXTERNAL;
    char *text = dump_zone(&w, "example.com");
    assert_has(text, "; missing: sub.example.com. NS");
    assert_no(text, "sub 86400");
    free(text);
    sub->nameservers = &server;
    sub->nameserver_count = 1;
    find_targets(&w);
    text = dump_zone(&w, "example.com");
    assert_line(text, "sub 86400 IN NS ns.elsewhere.example.");
    assert_has(text, "; missing: sub.example.com. DS");
    free(text);
    sub->nameservers = NULL;
    sub->nameserver_count = 0;
    world_done(&w);
}

static void a_hidden_primary_is_not_among_the_servers(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.net, example.com]\n");
    char first[] = "ns1.example.net", second[] = "ns2.example.net";
    struct config_address address = {0};
    assert_int_equal(address_parse("198.51.100.1", 0, &address.address, NULL), STATUS_OK);
    struct config_nameserver servers[] = {
        {.name = first, .addresses = &address, .address_count = 1}, {.name = second}};
    struct config_domain *domain = &w.inputs->config->domains[0];
    domain->mode = CONFIG_HIDDEN_PRIMARY;
    domain->nameservers = servers;
    domain->nameserver_count = 2;
    find_targets(&w);
    char *text = dump_zone(&w, "example.net");
    assert_line(text, "@ 3600 IN SOA ns1.example.net. hostmaster.box.example.com. 1 14400 3600 "
                      "604800 3600");
    assert_line(text, "@ 86400 IN NS ns1.example.net.");
    assert_line(text, "@ 86400 IN NS ns2.example.net.");
    assert_no(text, "IN NS ns1.box");
    assert_line(text, "ns1 3600 IN A 198.51.100.1");
    assert_has(text, "; missing: ns2.example.net. A");
    free(text);
    domain->nameservers = NULL;
    domain->nameserver_count = 0;
    world_done(&w);
}

static void a_reverse_zone_has_names_and_nothing_else(void **state)
{
    (void)state;
    struct world w = world(
        "  nameservers: [ns1.example.com, {name: ns2.example.com, addresses: [192.0.2.53]}]\n",
        "domains: [example.com, 2.0.192.in-addr.arpa, 8.b.d.0.1.0.0.2.ip6.arpa]\n");
    char *text = dump_zone(&w, "2.0.192.in-addr.arpa");
    assert_line(text, "10 3600 IN PTR box.example.com.");
    assert_line(text, "53 3600 IN PTR ns2.example.com.");
    assert_line(text, "@ 86400 IN NS ns1.example.com.");
    assert_no(text, " MX ");
    assert_no(text, " A ");
    assert_no(text, " TXT ");
    free(text);
    text = dump_zone(&w, "8.b.d.0.1.0.0.2.ip6.arpa");
    assert_line(text, "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 3600 IN PTR "
                      "box.example.com.");
    free(text);
    world_done(&w);
}

static void each_type_has_its_ttl(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com, example.net]\n");
    struct config_ttl ttl = {.standard = 1,
                             .soa = 2,
                             .ns = 3,
                             .negative = 4,
                             .address = 5,
                             .mx = 6,
                             .txt = 7,
                             .tlsa = 8,
                             .sshfp = 9,
                             .srv = 10,
                             .caa = 11};
    w.inputs->config->domains[0].ttl = &ttl;
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "@ 2 IN SOA ns1.box.example.com. hostmaster.box.example.com. 1 14400 3600 "
                      "604800 4");
    assert_line(text, "@ 3 IN NS ns1.box.example.com.");
    assert_line(text, "@ 5 IN A 192.0.2.10");
    assert_line(text, "box 5 IN AAAA 2001:db8::10");
    assert_line(text, "@ 6 IN MX 10 box.example.com.");
    assert_line(text, "www 6 IN MX 0 .");
    assert_line(text, "_dmarc 7 IN TXT \"v=DMARC1; p=quarantine; sp=quarantine; np=reject\"");
    assert_line(text, "_imaps._tcp 10 IN SRV 0 1 993 box.example.com.");
    assert_no(text, " 3600 IN ");
    free(text);
    text = dump_zone(&w, "example.net");
    assert_line(text, "@ 3600 IN MX 10 box.example.com.");
    free(text);
    w.inputs->config->domains[0].ttl = &w.inputs->config->ttl;
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_external_zone_has_no_servers_here),
        cmocka_unit_test(an_external_zone_below_is_delegated_as_far_as_is_known),
        cmocka_unit_test(a_hidden_primary_is_not_among_the_servers),
        cmocka_unit_test(a_reverse_zone_has_names_and_nothing_else),
        cmocka_unit_test(each_type_has_its_ttl),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
