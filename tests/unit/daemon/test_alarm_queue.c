// SPDX-License-Identifier: ISC
#include "daemon/alarm_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct alarm_queue queue;
static struct alarm told;
static uint64_t wait;

static int empty(void **state)
{
    (void)state;
    queue = (struct alarm_queue){.tokens = ALARM_BURST};
    return 0;
}

static void an_alarm_is_told_at_once_and_once(void **state)
{
    (void)state;
    assert_false(alarm_queue_next(&queue, 5, &told, &wait));
    assert_true(wait == UINT64_MAX);
    alarm_queue_add(&queue, "zone-server.0", "child-died", "the line", 10);
    assert_true(alarm_queue_next(&queue, 10, &told, &wait));
    assert_string_equal(told.program, "zone-server.0");
    assert_string_equal(told.event, "child-died");
    assert_string_equal(told.line, "the line");
    assert_int_equal(told.count, 1);
    assert_false(alarm_queue_next(&queue, 11, &told, &wait));
    assert_true(wait == UINT64_MAX);
}

static void more_of_a_kind_wait_and_come_as_one_with_their_number(void **state)
{
    (void)state;
    alarm_queue_add(&queue, "zoned", "child-died", "first", 0);
    assert_true(alarm_queue_next(&queue, 0, &told, &wait));
    for (int i = 0; i < 100; i++)
        alarm_queue_add(&queue, "zoned", "child-died", i < 99 ? "more" : "newest", 1000);
    alarm_queue_add(&queue, "zone-signer", "child-died", "another program's", 1000);
    assert_true(alarm_queue_next(&queue, 1000, &told, &wait));
    assert_string_equal(told.program, "zone-signer");
    assert_false(alarm_queue_next(&queue, 1000, &told, &wait));
    assert_int_equal(wait, ALARM_SAME_MS - 1000);
    assert_false(alarm_queue_next(&queue, ALARM_SAME_MS - 1, &told, &wait));
    assert_true(alarm_queue_next(&queue, ALARM_SAME_MS, &told, &wait));
    assert_string_equal(told.line, "newest");
    assert_int_equal(told.count, 100);
}

static void all_kinds_together_have_a_rate(void **state)
{
    (void)state;
    char event[16];
    for (unsigned i = 0; i < ALARM_BURST + 3; i++) {
        snprintf(event, sizeof(event), "event-%u", i);
        alarm_queue_add(&queue, "zoned", event, event, i);
    }
    for (unsigned i = 0; i < ALARM_BURST; i++) { // the one that waits longest first
        assert_true(alarm_queue_next(&queue, 100, &told, &wait));
        snprintf(event, sizeof(event), "event-%u", i);
        assert_string_equal(told.event, event);
    }
    assert_false(alarm_queue_next(&queue, 100, &told, &wait));
    assert_in_range(wait, 1, ALARM_EVERY_MS);
    uint64_t now = 100 + wait;
    assert_true(alarm_queue_next(&queue, now, &told, &wait));
    assert_false(alarm_queue_next(&queue, now, &told, &wait));
    assert_int_equal(wait, ALARM_EVERY_MS);
    now += 100 * (uint64_t)ALARM_EVERY_MS; // a long silence gives no more than a burst
    assert_true(alarm_queue_next(&queue, now, &told, &wait));
    assert_true(alarm_queue_next(&queue, now, &told, &wait));
    assert_false(alarm_queue_next(&queue, now, &told, &wait));
    assert_true(wait == UINT64_MAX);
    assert_int_equal(queue.tokens, ALARM_BURST - 2);
}

static void room_for_kinds_is_bounded_and_what_is_over_is_counted(void **state)
{
    (void)state;
    char event[16];
    for (unsigned i = 0; i < ALARM_KINDS + 4; i++) {
        snprintf(event, sizeof(event), "event-%u", i);
        alarm_queue_add(&queue, "zoned", event, event, i);
    }
    assert_int_equal(queue.dropped, 4);
    assert_true(alarm_queue_next(&queue, 100, &told, &wait));
    alarm_queue_add(&queue, "zoned", "another", "another", 100); // in the place of the one told
    assert_int_equal(queue.dropped, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_alarm_is_told_at_once_and_once, empty),
        cmocka_unit_test_setup(more_of_a_kind_wait_and_come_as_one_with_their_number, empty),
        cmocka_unit_test_setup(all_kinds_together_have_a_rate, empty),
        cmocka_unit_test_setup(room_for_kinds_is_bounded_and_what_is_over_is_counted, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
