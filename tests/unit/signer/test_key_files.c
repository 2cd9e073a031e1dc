// SPDX-License-Identifier: ISC
// The files of a zone's keys through its life: halves that are left of a pair, and files that are of no more use.
#include "tests/unit/signer/key_world.h"

#include <cmocka.h>

#include "signer/life.h"
#include "signer/life_order.h"

static struct publisher *start_with_key(struct dnskey_id *ret)
{
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    *ret = world_wanted(publisher);
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
    assert_int_equal(world_wanted(publisher).tag, before.tag);
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

// So many hours go by, in which everything is seen everywhere.
static int64_t hours(struct publisher *publisher, int64_t now, int count)
{
    for (int i = 0; i < count; i++)
        world_see(publisher, now += 3600);
    return now;
}

static void order_roll(struct publisher *publisher, bool compromised, int64_t now)
{
    struct zone *zone = &publisher->zones.list[0];
    struct rollover_policy policy = life_policy(zone, 0);
    struct keyset set;
    struct error err = {0};
    life_read(&zone->state, &set);
    rollover_order_roll(&set, &policy, KEY_ROLE_CSK, 0, compromised, now);
    assert_int_equal(life_keep(publisher, zone, &set, &err), STATUS_OK);
    work(publisher, now);
}

static bool has_file(struct dnskey_id id, const char *ending)
{
    char *path = xasprintf("%s/state/keys/Kexample.com.+%03u+%05u.%s", directory, id.algorithm,
                           id.tag, ending);
    bool has = access(path, F_OK) == 0;
    free(path);
    return has;
}

static void files_stay_for_thirty_days_and_then_go(void **state)
{
    (void)state;
    struct dnskey_id old;
    struct publisher *publisher = start_with_key(&old);
    int64_t now = hours(publisher, NOW, 6);
    order_roll(publisher, false, now);
    assert_true(has_file(old, "private")); // it is needed yet
    now = hours(publisher, now, 4 * 24);
    struct keyset set;
    life_read(&publisher->zones.list[0].state, &set);
    assert_int_equal(keyset_find(&set, old), KEYSET_KEYS_MAX); // dead
    struct dnskey_id young = world_wanted(publisher);
    assert_int_equal(count_keys(), 4);
    for (int day = 0; day < 25; day++)
        world_see(publisher, now += DAY);
    assert_true(has_file(old, "key") && has_file(old, "private"));
    for (int day = 0; day < 7; day++)
        world_see(publisher, now += DAY);
    assert_false(has_file(old, "key") || has_file(old, "private"));
    // Nothing else went, whatever its own times say.
    assert_int_equal(count_keys(), 2);
    if (!has_file(young, "private"))
        fail_msg("the files of a key in use went");
    publisher_close(publisher);
}

static void what_the_keyset_has_is_never_removed(void **state)
{
    (void)state;
    struct dnskey_id own;
    struct publisher *publisher = start_with_key(&own);
    in_shell("cd state/keys && for f in K*.private; do "
             "echo 'Delete: 20200101000000' >>$f; done && for f in K*.key; do "
             "sed -i '1i; Delete: 20200101000000 (long ago)' $f; done && cp -r . ../../copy");
    for (int day = 1; day < 4; day++) {
        publisher_touch_all(publisher);
        work(publisher, NOW + day * DAY);
    }
    in_shell("ls copy >before; ls state/keys >after; cmp before after");
    publisher_close(publisher);
}

static void the_private_part_of_a_compromised_key_goes_at_once(void **state)
{
    (void)state;
    struct dnskey_id old;
    struct publisher *publisher = start_with_key(&old);
    int64_t now = hours(publisher, NOW, 6);
    order_roll(publisher, true, now);
    assert_true(has_file(old, "private"));
    struct keyset set;
    for (int i = 0; i < 4 * 24; i++) {
        world_see(publisher, now += 3600);
        life_read(&publisher->zones.list[0].state, &set);
        bool dead = keyset_find(&set, old) == KEYSET_KEYS_MAX;
        assert_int_equal(has_file(old, "private"), !dead);
    }
    assert_int_equal(keyset_find(&set, old), KEYSET_KEYS_MAX);
    assert_true(has_file(old, "key"));
    // The zone goes on with what is left of it lying there.
    publisher_touch_all(publisher);
    work(publisher, now + 1);
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

static bool is_out_of_use(const struct publisher *publisher, struct dnskey_id id)
{
    struct keyset set;
    life_read(&publisher->zones.list[0].state, &set);
    size_t slot = keyset_find(&set, id);
    keyset_mask used = keyset_dnskeys(&set) | keyset_signers(&set) | set.offered;
    return slot < KEYSET_KEYS_MAX && (used & keyset_bit(slot)) == 0;
}

// Somebody was quicker with the private part, or broke it: caches may know the key yet, but nothing needs its files.
static void what_becomes_of_a_key_out_of_use_stops_nothing(void **state)
{
    (void)state;
    static const char *const mishaps[] = {"rm $K.private", "echo broken >$K.private",
                                          "echo broken >$K.key", "rm $K.key $K.private"};
    for (size_t i = 0; i < sizeof(mishaps) / sizeof(mishaps[0]); i++) {
        struct dnskey_id old;
        in_shell("rm -rf state");
        struct publisher *publisher = start_with_key(&old);
        int64_t now = hours(publisher, NOW, 6);
        order_roll(publisher, false, now);
        for (int hour = 0; hour < 7 * 24 && !is_out_of_use(publisher, old); hour++)
            now = hours(publisher, now, 1);
        assert_true(is_out_of_use(publisher, old));
        char *command = xasprintf("K=state/keys/Kexample.com.+%03u+%05u; %s", old.algorithm,
                                  old.tag, mishaps[i]);
        in_shell(command);
        free(command);
        now = hours(publisher, now, 4 * 24);
        assert_false(publisher_has_trouble(publisher));
        struct keyset set;
        life_read(&publisher->zones.list[0].state, &set);
        assert_int_equal(keyset_find(&set, old), KEYSET_KEYS_MAX);
        publisher_close(publisher);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

// The loop goes on meanwhile: no key is made while zones are collected.
static void a_key_that_takes_long_is_made_in_the_pool(void **state)
{
    (void)state;
    write_config("  - {name: example.com, dnssec: {algorithm: rsasha256, keys: ksk+zsk}}\n"
                 "  - example.org\n");
    struct publisher *publisher = start(NOW);
    struct batch *batch = publisher_collect(publisher, NOW);
    assert_non_null(batch);
    assert_int_equal(batch_key_count(batch), 1);
    assert_true(batch_is_long(batch));
    assert_int_equal(count_keys(), 2); // of the other zone
    for (size_t i = 0; i < batch_piece_count(batch); i++)
        batch_run_piece(batch, i);
    assert_int_equal(publisher_commit(publisher, batch, NOW), STATUS_OK);
    assert_int_equal(count_keys(), 4);
    assert_int_equal(serial_of(publisher, "example.com"), 0);
    publisher_close(publisher); // it is killed; the next one takes the key
    publisher = begin(NOW + 60);
    assert_int_equal(count_keys(), 6);
    assert_true(serial_of(publisher, "example.com") != 0);
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lost_public_part_is_written_again),
        TEST(what_is_left_of_a_pair_is_taken_over_without_state),
        TEST(no_key_is_made_beside_a_broken_half),
        TEST(files_stay_for_thirty_days_and_then_go),
        TEST(what_the_keyset_has_is_never_removed),
        TEST(the_private_part_of_a_compromised_key_goes_at_once),
        TEST(what_becomes_of_a_key_out_of_use_stops_nothing),
        TEST(a_key_that_takes_long_is_made_in_the_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
