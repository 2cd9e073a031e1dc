// SPDX-License-Identifier: ISC
// What a plan says before it begins, and that it comes true.
#include "keys/rollover_forecast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "keyset_play.h"

static struct play play;
static struct rollover_forecast forecast;

static void ahead(uint32_t parent_delay)
{
    const struct rollover_assumptions assumptions = {
        .now = play.now, .check_interval = PLAY_INTERVAL, .parent_delay = parent_delay};
    const struct keyset before = play.set;
    rollover_forecast(&play.set, &play.policy, &assumptions, &forecast);
    assert_memory_equal(&before, &play.set, sizeof(before));
}

// As keyset_play.h writes it; new keys get the letters that they would get there.
static const char *text(void)
{
    static const char *const names[] = {"begins",  "published", "signs", "offered", "withdrawn",
                                        "retired", "removed",   "dead",  "unsigned"};
    static char all[4096];
    size_t len = 0;
    all[0] = '\0';
    for (size_t i = 0; i < forecast.count; i++)
        for (size_t e = 0; e < forecast.steps[i].event_count; e++) {
            const struct rollover_forecast_event *event = &forecast.steps[i].events[e];
            int64_t minutes = (forecast.steps[i].at - play.now) / 60;
            len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%lld:%02lld %s",
                                    len > 0 ? ", " : "", (long long)(minutes / 60),
                                    (long long)(minutes % 60), names[event->kind]);
            char letter = (char)(event->key.is_new ? 'A' + (char)play.made + event->key.tag - 1
                                                   : event->key.tag);
            if (event->key.role != 0)
                len += (size_t)snprintf(all + len, sizeof(all) - len, " %c", letter);
        }
    return all;
}

static void comes_true(void)
{
    static char plan[4096];
    ahead(0);
    assert_true(forecast.ends);
    snprintf(plan, sizeof(plan), "%s", text());
    play.by_cds = true;
    play_out(&play);
    play_expect(&play, plan);
}

static void the_plan_of_each_rollover_comes_true(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 32; i++) {
        play_secure(&play, (i & 1) != 0, 13);
        play.policy.double_ds = (i & 2) != 0;
        if ((i & 4) != 0)
            play.policy.algorithm = 15;
        if ((i & 8) != 0)
            play.policy.split_keys = !play.policy.split_keys;
        if ((i & 16) != 0)
            rollover_order_roll(&play.set, &play.policy, KEY_ROLE_CSK, 0, false, play.now);
        comes_true();
    }
    play_secure(&play, false, 13);
    rollover_order_retire(&play.set, KEYSET_RETIRE, play.now);
    comes_true();
}

static void times_behind_an_act_of_the_parent_count_from_there(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    rollover_order_roll(&play.set, &play.policy, KEY_ROLE_CSK, 0, false, play.now);
    ahead(86400);
    assert_int_equal(forecast.count, 4);
    assert_int_equal(forecast.parent_acts, 1);
    const struct rollover_forecast_step *offered = &forecast.steps[1], *gone = &forecast.steps[2];
    assert_int_equal(offered->parent_acts, 0);
    assert_int_equal(offered->at, play.now + 4500);
    assert_int_equal(offered->wait, ROLLOVER_FOR_DS_IN);
    assert_int_equal(offered->wait_key_count, 1);
    assert_true(offered->wait_keys[0].is_new && offered->wait_keys[0].role == KEY_ROLE_CSK);
    assert_int_equal(gone->parent_acts, 1);
    assert_int_equal(gone->after, PLAY_PARENT + PLAY_DS);
    assert_in_range(gone->at, offered->at + 86400 + gone->after,
                    offered->at + 86400 + gone->after + PLAY_INTERVAL);
    assert_int_equal(forecast.steps[3].wait, ROLLOVER_DONE);
}

// Also where the parent does at once what it has to, so that nobody ever sees it waited for.
static void what_the_parent_has_to_do_is_always_told(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    rollover_order_roll(&play.set, &play.policy, KEY_ROLE_CSK, 0, false, play.now);
    ahead(0);
    assert_int_equal(forecast.steps[1].wait, ROLLOVER_FOR_DS_IN);
    assert_int_equal(forecast.steps[1].wait_key_count, 1);
    assert_true(forecast.steps[1].wait_keys[0].is_new);
    play_secure(&play, false, 13);
    rollover_order_retire(&play.set, KEYSET_RETIRE, play.now);
    play_minutes(&play, 60); // its withdrawal is behind
    ahead(0);
    assert_int_equal(forecast.steps[0].wait, ROLLOVER_FOR_DS_OUT);
    assert_int_equal(forecast.steps[0].event_count, 0);
    assert_int_equal(forecast.steps[0].wait_key_count, 1);
    assert_int_equal(forecast.steps[0].wait_keys[0].tag, 'A');
    assert_int_equal(forecast.steps[1].parent_acts, 1);
}

static void a_new_zone_waits_for_its_first_ds(void **state)
{
    (void)state;
    play_begin(&play, true, 8);
    ahead(0);
    assert_true(forecast.ends);
    assert_string_equal(text(), "0:00 published A, 0:00 published B, 0:00 signs A, 0:00 signs B, "
                                "2:15 offered A");
    assert_int_equal(forecast.steps[1].wait, ROLLOVER_FOR_DS_IN);
    assert_int_equal(forecast.steps[0].events[0].key.role, KEY_ROLE_KSK);
    assert_int_equal(forecast.steps[0].events[0].key.algorithm, 8);
}

static void where_nothing_is_to_be_done_there_is_no_step(void **state)
{
    (void)state;
    play_secure(&play, false, 13);
    play.policy.ksk_lifetime = 365 * 86400;
    ahead(0);
    assert_true(forecast.ends);
    assert_int_equal(forecast.count, 0);
}

static void a_rollover_in_its_middle_is_gone_on_with(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    rollover_order_roll(&play.set, &play.policy, KEY_ROLE_CSK, 0, false, play.now);
    play_minutes(&play, 100);
    play_read(&play);
    comes_true();
}

static void ttls_of_days_and_looks_each_minute_are_no_obstacle(void **state)
{
    (void)state;
    play_secure(&play, true, 13);
    play.policy.dnskey_ttl = play.policy.largest_ttl = 7 * 86400;
    play.policy.algorithm = 15;
    const struct rollover_assumptions assumptions = {
        .now = play.now, .check_interval = 1, .parent_delay = 90 * 86400};
    rollover_forecast(&play.set, &play.policy, &assumptions, &forecast);
    assert_true(forecast.ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_of_each_rollover_comes_true),
        cmocka_unit_test(times_behind_an_act_of_the_parent_count_from_there),
        cmocka_unit_test(what_the_parent_has_to_do_is_always_told),
        cmocka_unit_test(a_new_zone_waits_for_its_first_ds),
        cmocka_unit_test(where_nothing_is_to_be_done_there_is_no_step),
        cmocka_unit_test(a_rollover_in_its_middle_is_gone_on_with),
        cmocka_unit_test(ttls_of_days_and_looks_each_minute_are_no_obstacle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
