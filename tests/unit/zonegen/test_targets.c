// SPDX-License-Identifier: ISC
#include "tests/unit/zonegen/world.h"

static const struct zone_target *find(const struct world *world, const char *name)
{
    return zonegen_target_find(world->targets, world->count, name);
}

static void host_name_outside_all_domains_is_a_zone_and_comes_first(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.net, example.org]\n");
    assert_int_equal(w.count, 3);
    assert_string_equal(w.targets[0].name, "box.example.com");
    assert_null(w.targets[0].domain);
    assert_string_equal(w.targets[1].name, "example.net");
    assert_ptr_equal(w.targets[1].domain, &w.inputs->config->domains[0]);
    world_done(&w);
}

static void host_name_in_a_domain_is_no_zone(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.net, example.com]\n");
    assert_int_equal(w.count, 2);
    world_done(&w);
    w = world("", "domains: [box.example.com]\n");
    assert_int_equal(w.count, 1);
    assert_non_null(w.targets[0].domain);
    world_done(&w);
    // Label by label, not by the end of the text.
    w = world("", "domains: [ox.example.com, a.box.example.com]\n");
    assert_int_equal(w.count, 3);
    world_done(&w);
}

static void zones_know_the_nearest_above_and_below(void **state)
{
    (void)state;
    struct world w =
        world("", "domains: [a.b.example.com, example.com, z.example.com, example.net, "
                  "x.y.z.example.com, xample.com, b.example.com, a-b.example.com]\n");
    const struct zone_target *top = find(&w, "example.com");
    assert_null(top->parent);
    assert_int_equal(top->child_count, 3);
    assert_ptr_equal(find(&w, "b.example.com")->parent, top);
    assert_ptr_equal(find(&w, "a-b.example.com")->parent, top);
    assert_ptr_equal(find(&w, "a.b.example.com")->parent, find(&w, "b.example.com"));
    assert_ptr_equal(find(&w, "b.example.com")->children[0], find(&w, "a.b.example.com"));
    assert_ptr_equal(find(&w, "x.y.z.example.com")->parent, find(&w, "z.example.com"));
    assert_null(find(&w, "xample.com")->parent);
    assert_int_equal(find(&w, "example.net")->child_count, 0);
    world_done(&w);
}

static void names_are_found_in_any_spelling(void **state)
{
    (void)state;
    struct world w = world("", "domains: [Example.COM]\n");
    assert_non_null(find(&w, "example.com"));
    assert_non_null(find(&w, "EXAMPLE.com."));
    assert_null(find(&w, "example.co"));
    assert_null(find(&w, "ample.com"));
    assert_null(find(&w, ""));
    assert_null(find(&w, "."));
    world_done(&w);
}

static void domains_inside_a_zone_are_no_zones(void **state)
{
    (void)state;
    struct world w = world("", "domains: [a.news.example.com, example.com, news.example.com, "
                               "mail.example.com, example.net]\n");
    w.inputs->config->domains[0].in_parent = true;
    w.inputs->config->domains[3].in_parent = true;
    find_targets(&w);
    assert_int_equal(w.count, 3);
    const struct zone_target *top = find(&w, "example.com");
    assert_int_equal(top->inside_count, 1);
    assert_string_equal(top->inside[0]->name, "mail.example.com");
    assert_int_equal(find(&w, "news.example.com")->inside_count, 1);
    assert_null(find(&w, "mail.example.com"));
    assert_int_equal(find(&w, "example.net")->inside_count, 0);
    world_done(&w);
}

static struct config_text mailto(const char *address)
{
    return (struct config_text){.text = xasprintf("mailto:%s", address)};
}

static void a_zone_knows_whose_reports_come_to_it(void **state)
{
    (void)state;
    struct world w = world("", "domains: [example.com, sub.example.com, example.net, example.org, "
                               "parked.example, other.example.com]\n");
    struct config *config = w.inputs->config;
    struct config_text reports[] = {mailto("a@example.com"), mailto("B@Reports.Example.NET!10m"),
                                    mailto("c@elsewhere.example"), mailto("d@sub.example.com")};
    struct config_mail mail = config->box.mail;
    mail.dmarc.reports = reports;
    mail.dmarc.report_count = 4;
    for (size_t i = 0; i < config->domain_count; i++)
        config->domains[i].mail = &mail;
    config->domains[4].has_mail = false;
    find_targets(&w);
    const struct zone_target *com = find(&w, "example.com");
    const struct zone_target *net = find(&w, "example.net");
    // sub.example.com is the same organisation's; parked.example sends nothing.
    assert_int_equal(com->reporter_count, 2);
    assert_string_equal(com->reporters[0].name, "example.net");
    assert_string_equal(com->reporters[1].name, "example.org");
    assert_ptr_equal(com->reporters[1].mail, &mail);
    assert_int_equal(net->reporter_count, 4);
    assert_int_equal(find(&w, "sub.example.com")->reporter_count, 2);
    assert_string_equal(net->reporters[0].name, "example.com");
    assert_int_equal(find(&w, "example.org")->reporter_count, 0);
    for (size_t i = 0; i < config->domain_count; i++)
        config->domains[i].mail = &config->box.mail;
    world_done(&w);
    for (size_t i = 0; i < 4; i++)
        free(reports[i].text);
}

static void a_zone_knows_the_name_servers_in_it(void **state)
{
    (void)state;
    struct world w = world("  nameservers: [ns1.example.com, {name: ns2.example.net, addresses: "
                           "[198.51.100.2]}, ns3.elsewhere.example]\n",
                           "domains: [example.com, example.net, example.org]\n");
    struct config *config = w.inputs->config;
    struct config_nameserver own[] = {{.name = config->box.nameservers[1].name},
                                      {.name = config->box.nameservers[2].name}};
    config->domains[2].nameservers = own;
    config->domains[2].nameserver_count = 2;
    find_targets(&w);
    assert_int_equal(find(&w, "example.com")->server_count, 1);
    assert_string_equal(find(&w, "example.com")->servers[0]->name, "ns1.example.com");
    assert_int_equal(find(&w, "example.net")->server_count, 1);
    assert_int_equal(find(&w, "example.net")->servers[0]->address_count, 1);
    assert_int_equal(find(&w, "example.org")->server_count, 0);
    config->domains[2].nameservers = NULL;
    config->domains[2].nameserver_count = 0;
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_name_outside_all_domains_is_a_zone_and_comes_first),
        cmocka_unit_test(host_name_in_a_domain_is_no_zone),
        cmocka_unit_test(zones_know_the_nearest_above_and_below),
        cmocka_unit_test(names_are_found_in_any_spelling),
        cmocka_unit_test(domains_inside_a_zone_are_no_zones),
        cmocka_unit_test(a_zone_knows_whose_reports_come_to_it),
        cmocka_unit_test(a_zone_knows_the_name_servers_in_it),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
