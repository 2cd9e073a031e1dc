// SPDX-License-Identifier: ISC
// What a tick costs when little is due, and in which order zones have their turns.
#include "tests/unit/signer/box.h"

static struct publisher *begin_with(size_t count)
{
    struct buf domains = {0};
    buf_put_text(&domains, "  - example.com\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(&domains, "  - {name: d%zu.test, mail: no, dnssec: off}\n", i);
    write_config(buf_text(&domains));
    buf_done(&domains);
    return begin(NOW);
}

// How many zones are reached by ticks through half a year in which nothing changes but the one signed zone.
static size_t zones_reached(size_t count)
{
    in_shell("rm -rf state"); // of the time before
    struct publisher *publisher = begin_with(count);
    size_t before = publisher->queue.woken;
    uint64_t looked_at = publisher_counts(publisher).looked_at;
    for (int64_t now = NOW; now < NOW + 180 * DAY; now += DAY / 4)
        work(publisher, now);
    size_t reached = publisher->queue.woken - before;
    assert_in_range(publisher_counts(publisher).looked_at - looked_at, 20, 200);
    assert_in_range(reached, 20, 200);
    assert_valid(publisher, "example.com", NOW + 180 * DAY - DAY / 4);
    publisher_close(publisher);
    return reached;
}

static void a_tick_costs_nothing_for_zones_that_are_not_due(void **state)
{
    (void)state;
    assert_int_equal(zones_reached(2), zones_reached(600));
}

static void a_touched_zone_has_its_turn_alone(void **state)
{
    (void)state;
    struct publisher *publisher = begin_with(50);
    uint64_t before = publisher_counts(publisher).looked_at;
    assert_int_equal(queue_time(&publisher->queue) > NOW, 1);
    queue_touch(&publisher->zones.list[20]);
    assert_true(publisher_next(publisher, NOW) <= NOW);
    work(publisher, NOW);
    assert_int_equal(publisher_counts(publisher).looked_at - before, 1);
    publisher_close(publisher);
}

static const char *name_of_next(struct publisher *publisher)
{
    struct zone *zone = queue_next(&publisher->queue);
    if (zone == NULL)
        return "";
    zone->waiting = false;
    queue_settle(zone);
    return zone->name;
}

static void the_host_and_what_was_just_changed_come_first(void **state)
{
    (void)state;
    write_config("  - a.test\n  - b.test\n  - example.com\n");
    struct publisher *publisher = begin(NOW);
    queue_touch(&publisher->zones.list[1]);
    queue_touch(&publisher->zones.list[2]);
    publisher->zones.list[2].urgent = true;
    queue_settle(&publisher->zones.list[2]);
    queue_touch(&publisher->zones.list[0]);
    assert_string_equal(publisher->zones.list[0].name, "example.com");
    assert_string_equal(name_of_next(publisher), "example.com");
    assert_string_equal(name_of_next(publisher), "b.test");
    assert_string_equal(name_of_next(publisher), "a.test");
    assert_string_equal(name_of_next(publisher), "");
    publisher_close(publisher);
}

static void who_was_touched_first_comes_first(void **state)
{
    (void)state;
    write_config("  - a.test\n  - b.test\n  - c.test\n");
    struct publisher *publisher = begin(NOW);
    struct zone *zones = publisher->zones.list + 1; // behind the host's own
    queue_touch(&zones[1]);
    queue_touch(&zones[0]);
    queue_touch(&zones[2]);
    queue_touch(&zones[1]); // keeps its turn
    assert_string_equal(name_of_next(publisher), zones[1].name);
    queue_touch(&zones[1]); // which is over now
    assert_string_equal(name_of_next(publisher), zones[0].name);
    assert_string_equal(name_of_next(publisher), zones[2].name);
    assert_string_equal(name_of_next(publisher), zones[1].name);
    publisher_close(publisher);
}

static void a_zone_waits_for_those_it_delegates(void **state)
{
    (void)state;
    write_config("  - a.test\n  - x.a.test\n  - y.a.test\n");
    struct publisher *publisher = begin(NOW);
    struct zone *zones = publisher->zones.list + 1;
    queue_touch(&zones[0]);
    queue_touch(&zones[1]);
    queue_touch(&zones[2]);
    assert_string_equal(zones[0].name, "a.test");
    assert_int_equal(zones[0].busy_below, 2);
    assert_string_equal(name_of_next(publisher), "x.a.test");
    zones[1].in_batch = true;
    queue_settle(&zones[1]);
    assert_string_equal(name_of_next(publisher), "y.a.test");
    assert_string_equal(name_of_next(publisher), ""); // one is not committed yet
    zones[1].in_batch = false;
    queue_settle(&zones[1]);
    assert_string_equal(name_of_next(publisher), "a.test");
    publisher_close(publisher);
}

// Touched between collecting and committing: it must not be forgotten.
static void what_is_touched_in_a_batch_has_another_turn(void **state)
{
    (void)state;
    write_config("  - example.com\n  - a.test\n");
    struct publisher *publisher = start(NOW);
    struct batch *batch = sign_next(publisher, NOW);
    assert_non_null(batch);
    struct zone *zone = batch->builds[0].zone;
    queue_touch(zone);
    assert_int_equal(publisher_commit(publisher, batch, NOW), STATUS_OK);
    assert_true(zone->waiting);
    uint64_t before = publisher_counts(publisher).looked_at;
    work(publisher, NOW);
    assert_true(publisher_counts(publisher).looked_at > before);
    assert_false(zone->waiting);
    publisher_close(publisher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tick_costs_nothing_for_zones_that_are_not_due, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(a_touched_zone_has_its_turn_alone, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(the_host_and_what_was_just_changed_come_first, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(who_was_touched_first_comes_first, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(a_zone_waits_for_those_it_delegates, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(what_is_touched_in_a_batch_has_another_turn, box_set_up,
                                        box_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
