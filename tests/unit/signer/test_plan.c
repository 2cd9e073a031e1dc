// SPDX-License-Identifier: ISC
#include "signer/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "dns/name.h"
#include "dns/serial.h"
#include "dns/types.h"

#define DAY 86400
#define NOW INT64_C(1795000000)

static const struct plan_policy two_weeks = {.lifetime = 14 * DAY, .refresh = 7 * DAY};

static void the_serial_is_the_time_or_the_next_or_the_files(void **state)
{
    (void)state;
    assert_int_equal(plan_serial_next(7, NOW, 1), NOW);
    assert_int_equal(plan_serial_next((uint32_t)NOW, NOW, 1), NOW + 1);
    assert_int_equal(plan_serial_next((uint32_t)NOW + 500, NOW, 1), NOW + 501);
    assert_int_equal(plan_serial_next((uint32_t)NOW, NOW, 2026112201), 2026112201);
    assert_int_equal(plan_serial_first(NOW, 2026112201), 2026112201);
    assert_int_equal(plan_serial_first(NOW, 1), NOW);
}

static void the_serial_never_goes_backwards(void **state)
{
    (void)state;
    static const int64_t clocks[] = {
        0, 1, NOW - 10 * 365 * DAY, NOW, INT64_C(0xffffffff), INT64_C(0x100000005)};
    static const uint32_t lasts[] = {1,          (uint32_t)NOW, 0x7fffffff, 0x80000000,
                                     0xfffffffe, 0xffffffff,    0};
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
        for (size_t k = 0; k < sizeof(lasts) / sizeof(lasts[0]); k++)
            for (uint32_t floor = 0; floor < 3; floor++) {
                uint32_t next = plan_serial_next(lasts[k], clocks[i], floor * 0x50000000U);
                assert_true(serial_is_later(next, lasts[k]));
            }
}

static void signatures_live_as_long_as_they_should(void **state)
{
    (void)state;
    int64_t least = INT64_MAX, most = 0;
    for (unsigned i = 0; i < 2000; i++) {
        char text[64];
        struct name name;
        snprintf(text, sizeof(text), "host%u.example.com.", i);
        assert_int_equal(name_from_text(text, &name, NULL), STATUS_OK);
        struct plan_times times = plan_times(&two_weeks, NOW, name.wire, RR_TYPE_A);
        assert_int_equal(times.inception, NOW - 3600);
        int64_t lives = times.expiration - NOW;
        assert_true(lives <= 14 * DAY && lives >= 14 * DAY - 14 * DAY / 28);
        least = lives < least ? lives : least;
        most = lives > most ? lives : most;
        struct plan_times again = plan_times(&two_weeks, NOW + 5, name.wire, RR_TYPE_A);
        assert_int_equal(again.expiration, times.expiration + 5);
    }
    assert_true(most - least > DAY / 2 - DAY / 20); // spread over the half day
}

static void types_of_one_name_expire_apart(void **state)
{
    (void)state;
    struct name name;
    assert_int_equal(name_from_text("example.com.", &name, NULL), STATUS_OK);
    assert_int_not_equal(plan_times(&two_weeks, NOW, name.wire, RR_TYPE_A).expiration,
                         plan_times(&two_weeks, NOW, name.wire, RR_TYPE_AAAA).expiration);
}

static void renewal_comes_with_refresh_left_and_takes_neighbours_along(void **state)
{
    (void)state;
    int64_t expiration = NOW + 7 * DAY;
    assert_int_equal(plan_due_at(&two_weeks, expiration), NOW);
    assert_true(plan_is_due(&two_weeks, NOW, expiration));
    assert_false(plan_is_due(&two_weeks, NOW - 1, expiration));
    int64_t window = 14 * DAY / 112;
    assert_true(plan_is_taken_along(&two_weeks, NOW, expiration + window));
    assert_false(plan_is_taken_along(&two_weeks, NOW, expiration + window + 1));
}

static void what_was_just_signed_is_never_due(void **state)
{
    (void)state;
    struct name name;
    assert_int_equal(name_from_text("a.example.", &name, NULL), STATUS_OK);
    for (uint32_t lifetime = 2; lifetime < 20 * DAY; lifetime += lifetime / 3 + 1) {
        struct config_dnssec_policy config = {.signature_lifetime = lifetime,
                                              .signature_refresh = lifetime};
        struct plan_policy policy = plan_policy(&config);
        for (uint16_t type = 1; type < 60; type++) {
            struct plan_times times = plan_times(&policy, NOW, name.wire, type);
            assert_false(plan_is_taken_along(&policy, NOW, times.expiration));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_serial_is_the_time_or_the_next_or_the_files),
        cmocka_unit_test(the_serial_never_goes_backwards),
        cmocka_unit_test(signatures_live_as_long_as_they_should),
        cmocka_unit_test(types_of_one_name_expire_apart),
        cmocka_unit_test(renewal_comes_with_refresh_left_and_takes_neighbours_along),
        cmocka_unit_test(what_was_just_signed_is_never_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
