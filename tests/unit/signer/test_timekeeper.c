// SPDX-License-Identifier: ISC
// Clocks that jump, or are wrong from the start: what time it is, and what becomes of zones meanwhile.
#include "tests/unit/signer/box.h"

#include "base/file.h"
#include "dns/serial.h"
#include "signer/life.h"
#include "signer/publish_time.h"

#define HOUR INT64_C(3600)

// A machine: its clock, its uptime.
static struct time_reading machine;
static struct timekeeper keeper;
static struct time_sense sense;

static void boot(int64_t newest, int64_t real)
{
    machine = (struct time_reading){.real_ms = real * 1000, .boot_ms = 5000};
    timekeeper_begin(&keeper, newest, &machine);
    timekeeper_look(&keeper, &machine, &sense);
}

// Time passes, then the clock is set by `set` seconds.
static void pass(int64_t seconds, int64_t set)
{
    machine.boot_ms += seconds * 1000;
    machine.real_ms += (seconds + set) * 1000;
    timekeeper_look(&keeper, &machine, &sense);
}

static void assert_time(int64_t now, int64_t ahead, bool doubt)
{
    assert_int_equal(sense.now, now);
    assert_int_equal(sense.doubt, doubt);
    assert_in_range(sense.ahead, ahead, ahead == 0 ? 0 : ahead + HOUR);
}

static void a_clock_that_goes_is_believed(void **state)
{
    (void)state;
    boot(NOW - 60, NOW);
    assert_time(NOW, 0, false);
    assert_false(sense.jumped);
    for (int i = 0; i < 1000; i++)
        pass(60, i % 2 == 0 ? 30 : -30);
    pass(7 * DAY, 0); // suspended
    assert_time(NOW + 60000 + 7 * DAY, 0, false);
    assert_false(sense.jumped);
    boot(0, NOW); // nothing was ever written
    assert_time(NOW, 0, false);
}

static void after_a_pause_the_clock_is_believed_and_waits_begin_anew(void **state)
{
    (void)state;
    boot(NOW - 2 * HOUR, NOW);
    assert_time(NOW, 0, false);
    assert_true(sense.jumped);
    timekeeper_told(&keeper);
    pass(1, 0);
    assert_false(sense.jumped);
}

static void a_jump_ahead_is_in_doubt_for_a_day(void **state)
{
    (void)state;
    boot(NOW, NOW);
    pass(100, 90 * DAY);
    assert_time(NOW + 100, 90 * DAY, true);
    pass(DAY - 10, 0);
    assert_time(NOW + 100 + DAY - 10, 90 * DAY, true);
    assert_false(sense.jumped);
    pass(10, 0);
    assert_time(NOW + 100 + DAY + 90 * DAY, 0, false);
    assert_true(sense.jumped);
}

static void a_jump_ahead_and_back_again_changes_nothing(void **state)
{
    (void)state;
    boot(NOW, NOW);
    pass(100, 300 * DAY);
    pass(100, -300 * DAY);
    assert_time(NOW + 200, 0, false);
    assert_false(sense.jumped);
}

static void another_jump_begins_the_day_anew(void **state)
{
    (void)state;
    boot(NOW, NOW);
    pass(100, 90 * DAY);
    pass(DAY - 10, 0);
    pass(5, 2 * HOUR);
    pass(DAY - 10, 0);
    assert_true(sense.doubt);
    pass(10, 0);
    assert_false(sense.doubt);
}

static void a_clock_set_back_is_in_doubt_until_it_is_good(void **state)
{
    (void)state;
    boot(NOW, NOW);
    pass(100, -90 * DAY);
    assert_time(NOW + 100 - 90 * DAY, 90 * DAY, true);
    pass(10 * DAY, 0);
    assert_time(NOW + 100 - 80 * DAY, 90 * DAY, true);
    machine.synchronised = true;
    pass(1, 0);
    assert_time(NOW + 101 - 80 * DAY, 0, false);
    assert_true(sense.jumped);
}

static void a_clock_plainly_wrong_at_boot_is_not_followed(void **state)
{
    (void)state;
    boot(NOW, 0); // no battery: 1970
    assert_time(NOW, 0, true);
    pass(3 * DAY, 0);
    assert_time(NOW + 3 * DAY, 0, true);
    machine.synchronised = true; // the network has come
    pass(1, NOW + 5 * DAY - 3 * DAY - 1);
    assert_time(NOW + 5 * DAY, 0, false);
    assert_true(sense.jumped);
    boot(NOW, NOW + 20 * 366 * DAY);
    assert_time(NOW, 0, true);
}

static void a_clock_behind_the_newest_time_may_be_right_all_the_same(void **state)
{
    (void)state;
    boot(NOW, NOW - 30 * DAY);
    assert_time(NOW - 30 * DAY, 30 * DAY, true);
    boot(NOW, NOW + 60 * DAY); // was it off so long?
    assert_time(NOW, 60 * DAY, true);
}

// ── Zones ────────────────────────────────────────────────────────────────────────────────────────

// What the loop does.
static void tick(struct publisher *publisher)
{
    if (publisher_take_time(publisher, &sense))
        timekeeper_told(&keeper);
    work(publisher, sense.now);
}

// Validators by either of the two clocks must be content.
static void assert_valid_by_both(struct publisher *publisher)
{
    assert_valid(publisher, "example.com", sense.now);
    assert_valid(publisher, "example.com", sense.now + sense.ahead - HOUR);
}

static struct publisher *begin_at(int64_t now)
{
    write_config("  - example.com\n");
    boot(0, now);
    struct publisher *publisher = start(now);
    tick(publisher);
    return publisher;
}

static void signatures_hold_by_both_clocks_whatever_jumps(void **state)
{
    (void)state;
    static const int64_t jumps[] = {20 * DAY,   300 * DAY,  -20 * DAY,
                                    -300 * DAY, 5000 * DAY, -15000 * DAY};
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct publisher *publisher = begin_at(NOW);
        uint32_t serial = serial_of(publisher, "example.com");
        pass(100, jumps[i]);
        listen_to_log();
        tick(publisher);
        assert_int_equal(end_listening("clock-wrong"), 1);
        assert_true(publisher_has_trouble(publisher));
        assert_valid_by_both(publisher);
        uint32_t then = serial_of(publisher, "example.com");
        assert_true(then == serial || serial_is_later(then, serial));
        for (int day = 0; day < 40 && sense.doubt; day++) {
            pass(DAY / 2, 0);
            tick(publisher);
            assert_valid_by_both(publisher);
        }
        machine.real_ms -= jumps[i] * 1000; // set right
        machine.synchronised = true;
        pass(1, 0);
        tick(publisher);
        assert_false(sense.doubt);
        assert_false(publisher_has_trouble(publisher));
        assert_valid(publisher, "example.com", sense.now);
        assert_true(!serial_is_later(serial, serial_of(publisher, "example.com")));
        publisher_close(publisher);
        in_shell("rm -rf state");
    }
}

static void a_boot_in_1970_leaves_zones_as_they_are(void **state)
{
    (void)state;
    struct publisher *publisher = begin_at(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    publisher_close(publisher);
    char *path = path_join(directory, "state");
    struct error err = {0};
    assert_int_equal(publisher_open(path, &publisher, &err), STATUS_OK);
    free(path);
    boot(publisher_newest_time(publisher), 1000);
    assert_int_equal(sense.now, NOW);
    publisher_set_inputs(publisher, read_inputs(), sense.now);
    tick(publisher);
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    assert_int_equal(publisher_counts(publisher).published, 0);
    pass(30 * DAY, 0); // and it goes on for a month without a clock
    tick(publisher);
    assert_valid(publisher, "example.com", NOW + 30 * DAY);
    publisher_close(publisher);
}

static void a_lost_state_knows_the_time_of_the_images(void **state)
{
    (void)state;
    publisher_close(begin_at(NOW));
    in_shell("rm -rf state/state");
    char *path = path_join(directory, "state");
    struct publisher *publisher;
    struct error err = {0};
    assert_int_equal(publisher_open(path, &publisher, &err), STATUS_OK);
    free(path);
    assert_int_equal(publisher_newest_time(publisher), NOW);
    publisher_close(publisher);
}

static void the_newest_time_is_kept_and_goes_back_only_when_it_is_believed(void **state)
{
    (void)state;
    struct publisher *publisher = begin_at(NOW);
    assert_int_equal(publisher_newest_time(publisher), NOW);
    pass(HOUR, 0);
    tick(publisher);
    assert_int_equal(publisher_newest_time(publisher), NOW + HOUR);
    pass(HOUR, -90 * DAY);
    tick(publisher);
    assert_int_equal(publisher_newest_time(publisher), NOW + HOUR);
    machine.synchronised = true;
    pass(1, 0);
    tick(publisher);
    assert_int_equal(publisher_newest_time(publisher), sense.now);
    assert_int_equal(sense.now, NOW + 2 * HOUR + 1 - 90 * DAY);
    publisher_close(publisher);
}

// Caches have the zone without signatures for a day: a clock that jumps a month does not make them forget it.
static void no_wait_ends_by_a_jump(void **state)
{
    (void)state;
    struct publisher *publisher = begin_at(NOW);
    struct zone *zone = &publisher->zones.list[0];
    struct keyset set;
    assert_string_equal(zone->name, "example.com");
    life_read(&zone->state, &set);
    int64_t wait = keyset_next(&set) - NOW;
    assert_in_range(wait, HOUR + 1, 29 * DAY);
    machine.synchronised = true; // it is believed at once
    pass(HOUR, 30 * DAY);
    tick(publisher);
    life_read(&zone->state, &set);
    assert_int_equal(keyset_next(&set), sense.now + wait);
    assert_int_equal(zone->life_next, sense.now + wait);
    struct zone_state kept;
    assert_int_equal(stores_renew(&publisher->stores, NULL), STATUS_OK);
    state_zone_get(publisher->stores.state_reader, &zone->key, &kept);
    stores_reset(&publisher->stores);
    life_read(&kept, &set);
    assert_int_equal(keyset_next(&set), sense.now + wait);
    zone_state_done(&kept);
    publisher_close(publisher);
}

static void no_jump_is_taken_while_a_batch_is_under_way(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    boot(0, NOW);
    struct publisher *publisher = start(NOW);
    struct batch *batch = sign_next(publisher, NOW);
    machine.synchronised = true;
    pass(10, 90 * DAY);
    assert_false(publisher_take_time(publisher, &sense));
    assert_int_equal(publisher_commit(publisher, batch, sense.now), STATUS_OK);
    assert_true(publisher_take_time(publisher, &sense));
    publisher_close(publisher);
}

#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_goes_is_believed),
        cmocka_unit_test(after_a_pause_the_clock_is_believed_and_waits_begin_anew),
        cmocka_unit_test(a_jump_ahead_is_in_doubt_for_a_day),
        cmocka_unit_test(a_jump_ahead_and_back_again_changes_nothing),
        cmocka_unit_test(another_jump_begins_the_day_anew),
        cmocka_unit_test(a_clock_set_back_is_in_doubt_until_it_is_good),
        cmocka_unit_test(a_clock_plainly_wrong_at_boot_is_not_followed),
        cmocka_unit_test(a_clock_behind_the_newest_time_may_be_right_all_the_same),
        WITH_BOX(signatures_hold_by_both_clocks_whatever_jumps),
        WITH_BOX(a_boot_in_1970_leaves_zones_as_they_are),
        WITH_BOX(a_lost_state_knows_the_time_of_the_images),
        WITH_BOX(the_newest_time_is_kept_and_goes_back_only_when_it_is_believed),
        WITH_BOX(no_wait_ends_by_a_jump),
        WITH_BOX(no_jump_is_taken_while_a_batch_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
