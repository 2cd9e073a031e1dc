// SPDX-License-Identifier: ISC
// How many handshakes an address and a network get, in minutes that pass in no time.
#include "server/handshakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define RATE    20
#define BURST   60 // in three seconds
#define SECONDS UINT64_C(1000)

static const uint64_t seed[2] = {0x0123456789abcdef, 0xfedcba9876543210};
static struct handshakes *handshakes;

static int set_up(void **state)
{
    (void)state;
    handshakes = handshakes_new(RATE, seed);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    handshakes_free(handshakes);
    return 0;
}

static bool take(const char *text, uint64_t now)
{
    struct address address;
    struct error err = {0};
    assert_int_equal(address_parse(text, 853, &address, &err), STATUS_OK);
    return handshakes_take(handshakes, &address, now);
}

// How many of so many attempts at one time.
static unsigned taken(const char *text, unsigned attempts, uint64_t now)
{
    unsigned count = 0;
    for (unsigned i = 0; i < attempts; i++)
        count += take(text, now) ? 1 : 0;
    return count;
}

static void who_comes_after_a_pause_gets_many_at_once_and_then_the_rate(void **state)
{
    (void)state;
    assert_int_equal(taken("192.0.2.1", 1000, 10 * SECONDS), BURST);
    unsigned count = 0;
    for (uint64_t ms = 10 * SECONDS + 1; ms <= 20 * SECONDS; ms++)
        count += taken("192.0.2.1", 3, ms);
    assert_int_equal(count, 10 * RATE);
    assert_int_equal(taken("192.0.2.1", 1000, 22 * SECONDS), 2 * RATE); // not all is paid yet
    assert_int_equal(taken("192.0.2.1", 1000, 60 * SECONDS), BURST);
}

static void what_is_not_begun_is_no_debt(void **state)
{
    (void)state;
    assert_int_equal(taken("192.0.2.1", 100000, 10 * SECONDS), BURST);
    assert_false(take("192.0.2.1", 10 * SECONDS + 49));
    assert_true(take("192.0.2.1", 10 * SECONDS + 50));
    assert_false(take("192.0.2.1", 10 * SECONDS + 51));
}

static void addresses_are_by_themselves_and_an_ipv6_64_is_one(void **state)
{
    (void)state;
    assert_int_equal(taken("192.0.2.1", 100, 10 * SECONDS), BURST);
    assert_int_equal(taken("192.0.2.2", 100, 10 * SECONDS), BURST);
    assert_int_equal(taken("2001:db8:0:1::1", 100, 10 * SECONDS), BURST);
    assert_int_equal(taken("2001:db8:0:1:ffff::2", 100, 10 * SECONDS), 0);
    assert_int_equal(taken("2001:db8:0:2::1", 100, 10 * SECONDS), BURST);
}

// A network's four times the rate, through any number of its addresses; the next one has its own.
static void a_network_gets_four_times_as_much(void **state)
{
    (void)state;
    char text[64];
    unsigned v4 = 0, v6 = 0;
    for (unsigned i = 0; i < 256; i++) {
        snprintf(text, sizeof(text), "192.0.2.%u", i);
        v4 += taken(text, 5, 10 * SECONDS);
        snprintf(text, sizeof(text), "2001:db8:0:%x::1", i);
        v6 += taken(text, 5, 10 * SECONDS);
    }
    assert_int_equal(v4, HANDSHAKES_TOTAL * BURST);
    assert_int_equal(v6, HANDSHAKES_TOTAL * BURST);
    assert_true(take("192.0.3.1", 10 * SECONDS));
    assert_true(take("2001:db8:1::1", 10 * SECONDS));
}

// Whoever comes from very many networks makes others' debts forgotten at most, and is refused nothing by theirs.
static void a_table_that_is_full_refuses_nobody_new(void **state)
{
    (void)state;
    char text[64];
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "2001:%x:%x::1", i / 1000 + 1, i % 1000 + 1);
        assert_int_equal(taken(text, 2, 10 * SECONDS), 2);
    }
    assert_int_equal(taken("192.0.2.1", 100, 10 * SECONDS), BURST);
}

static void the_largest_debt_is_the_last_to_be_forgotten(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(taken("192.0.2.1", 100, 10 * SECONDS), BURST);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(text, sizeof(text), "2001:%x:%x::1", i / 1000 + 1, i % 1000 + 1);
        (void)take(text, 10 * SECONDS);
    }
    assert_false(take("192.0.2.1", 10 * SECONDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_comes_after_a_pause_gets_many_at_once_and_then_the_rate,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_begun_is_no_debt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(addresses_are_by_themselves_and_an_ipv6_64_is_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_network_gets_four_times_as_much, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_is_full_refuses_nobody_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_largest_debt_is_the_last_to_be_forgotten, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
