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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_name_outside_all_domains_is_a_zone_and_comes_first),
        cmocka_unit_test(host_name_in_a_domain_is_no_zone),
        cmocka_unit_test(zones_know_the_nearest_above_and_below),
        cmocka_unit_test(names_are_found_in_any_spelling),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
