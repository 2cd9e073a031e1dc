// SPDX-License-Identifier: ISC
// The files of a zone's keys through its life: halves that are left of a pair, and files that are of no more use.
#include "tests/unit/signer/box.h"

#include <cmocka.h>

#include "signer/life.h"

static struct dnskey_id own_key(const struct publisher *publisher)
{
    struct keyset set;
    for (size_t i = 0; i < publisher->zones.count; i++)
        if (strcmp(publisher->zones.list[i].name, "example.com") == 0)
            life_read(&publisher->zones.list[i].state, &set);
    return set.keys[0].id;
}

static struct publisher *start_with_key(struct dnskey_id *ret)
{
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    *ret = own_key(publisher);
    assert_int_equal(count_keys(), 2);
    return publisher;
}

static void a_lost_public_part_is_written_again(void **state)
{
    (void)state;
    struct dnskey_id before;
    struct publisher *publisher = start_with_key(&before);
    in_shell("cp -r state/keys copy; rm state/keys/Kexample.com.*.key");
    publisher_touch_all(publisher);
    work(publisher, NOW + 1);
    assert_false(publisher_has_trouble(publisher));
    in_shell("diff -r copy state/keys");
    publisher_close(publisher);
}

static void what_is_left_of_a_pair_is_taken_over_without_state(void **state)
{
    (void)state;
    struct dnskey_id before;
    publisher_close(start_with_key(&before));
    in_shell("cp -r state/keys copy; rm -r state/state state/serve state/keys/*.key");
    struct publisher *publisher = begin(NOW + 1);
    assert_false(publisher_has_trouble(publisher));
    assert_int_equal(own_key(publisher).tag, before.tag);
    in_shell("diff -r copy state/keys");
    publisher_close(publisher);
}

static void no_key_is_made_beside_a_broken_half(void **state)
{
    (void)state;
    struct dnskey_id before;
    publisher_close(start_with_key(&before));
    in_shell("rm -r state/state state/serve state/keys/*.key; "
             "for f in state/keys/Kexample.com*; do echo broken >$f; done");
    struct publisher *publisher = begin(NOW + 1);
    assert_true(publisher_has_trouble(publisher));
    assert_int_equal(count_keys(), 1);
    publisher_close(publisher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_public_part_is_written_again),
        TEST(what_is_left_of_a_pair_is_taken_over_without_state),
        TEST(no_key_is_made_beside_a_broken_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
