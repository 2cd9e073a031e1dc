// SPDX-License-Identifier: ISC
// Response rate limiting against simulated clients: floods, innocents beside them, and minutes that pass in no time.
#include "server/limits.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/outcome.h"

#define RATE    200
#define SECONDS UINT64_C(1000)

static struct limits *limits;
static uint64_t now; // ms
static uint64_t dice;

// What became of replies.
struct tally {
    uint64_t sent, slipped, dropped;
};

static uint64_t any(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice;
}

static int set_up(void **state)
{
    (void)state;
    dice = UINT64_C(88172645463325252);
    now = 3 * SECONDS;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    limits_free(limits);
    limits = NULL;
    return 0;
}

static void limit(uint32_t rate, uint32_t slip)
{
    struct limits_settings settings = {.rate = rate, .slip = slip};
    for (unsigned i = 0; i < 4; i++)
        settings.key[i] = any();
    limits = limits_new(&settings);
}

static struct address at(const char *text)
{
    struct error err = {0};
    struct address address;
    if (address_parse(text, 4242, &address, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return address;
}

// One of the addresses 10.0.0.0 and up.
static struct address number(uint32_t host)
{
    struct address address = {
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000 + host)}};
    return address;
}

static struct outcome positive(uint64_t name)
{
    return (struct outcome){.kind = OUTCOME_ANSWER, .source = name};
}

static bool ask(const struct address *client, struct outcome outcome, struct tally *tally)
{
    limits_prefetch(limits, client);
    enum limits_verdict verdict = limits_judge(limits, client, &outcome, now);
    tally->sent += verdict == LIMITS_SEND;
    tally->slipped += verdict == LIMITS_SLIP;
    tally->dropped += verdict == LIMITS_DROP;
    return verdict == LIMITS_SEND;
}

static void ask_often(const struct address *client, struct outcome outcome, unsigned times,
                      struct tally *tally)
{
    for (unsigned i = 0; i < times; i++)
        ask(client, outcome, tally);
}

// `per_ms` questions each millisecond.
static void flood(const struct address *client, struct outcome outcome, unsigned per_ms,
                  uint64_t duration, struct tally *tally)
{
    for (uint64_t end = now + duration; now < end; now++)
        ask_often(client, outcome, per_ms, tally);
}

// Is the number that which is expected, give or take this part of it?
static void assert_about(uint64_t number, uint64_t expected, double part)
{
    double distance = (double)number - (double)expected;
    if (distance > part * (double)expected || -distance > part * (double)expected)
        fail_msg("%ju is not about %ju", (uintmax_t)number, (uintmax_t)expected);
}

// ── A flood ──────────────────────────────────────────────────────────────────────────────────────

static void test_a_flood_gets_the_rate_and_slips(void **state)
{
    (void)state;
    static const struct {
        uint32_t slip;
        double part;
    } cases[] = {{0, 0}, {1, 1}, {2, 0.5}, {10, 0.1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address victim = at("192.0.2.1");
        struct tally tally = {0};
        limit(RATE, cases[i].slip);
        flood(&victim, positive(1), 100, 60 * SECONDS, &tally);
        assert_in_range(tally.sent, 60 * RATE, 61 * RATE);
        uint64_t limited = tally.slipped + tally.dropped;
        assert_int_equal(tally.sent + limited, 6000000);
        assert_about(tally.slipped, (uint64_t)((double)limited * cases[i].part), 0.01);
        tear_down(NULL);
    }
}

static void test_one_below_the_rate_is_never_limited(void **state)
{
    (void)state;
    struct address client = at("192.0.2.1");
    struct tally tally = {0};
    limit(RATE, 2);
    for (unsigned i = 0; i < 120 * RATE; i++, now += 1000 / RATE)
        ask(&client, positive(1), &tally);
    assert_int_equal(tally.sent, 120 * RATE);
}

static void test_a_window_after_a_flood_all_is_as_before(void **state)
{
    (void)state;
    struct address client = at("192.0.2.1");
    struct tally tally = {0};
    limit(RATE, 2);
    flood(&client, positive(1), 100, 10 * SECONDS, &tally);
    tally = (struct tally){0};
    ask_often(&client, positive(1), 10, &tally);
    assert_in_range(tally.sent, 0, 1); // what it gets meanwhile is the rate
    now += LIMITS_WINDOW_MS;
    tally = (struct tally){0};
    ask_often(&client, positive(1), RATE + 1, &tally);
    assert_int_equal(tally.sent, RATE);
}

static void test_a_small_share_still_allows_a_burst(void **state)
{
    (void)state;
    struct address client = at("192.0.2.1");
    struct tally tally = {0};
    limit(3, 2); // as of 200 over 64 workers
    ask_often(&client, positive(1), 100, &tally);
    assert_int_equal(tally.sent, LIMITS_BURST_MIN);
    flood(&client, positive(1), 100, 60 * SECONDS, &tally);
    assert_in_range(tally.sent, 3 * 60, 3 * 60 + LIMITS_BURST_MIN + 1);
}

static void test_the_highest_rate_is_kept_within_a_part_of_it(void **state)
{
    (void)state;
    struct address client = at("192.0.2.1");
    struct tally tally = {0};
    limit(LIMITS_RATE_MAX, 2);
    flood(&client, positive(1), 100, 10 * SECONDS, &tally);
    assert_about(tally.sent, UINT64_C(11) * LIMITS_RATE_MAX, 0.03);
}

// A time in a bucket comes round after hours; a client does not pay for that.
static void test_hours_later_nothing_is_left(void **state)
{
    (void)state;
    struct address client = at("192.0.2.1");
    limit(RATE, 2);
    for (unsigned hours = 1; hours < 12; hours++) {
        struct tally tally = {0};
        ask_often(&client, positive(1), 2 * RATE, &tally);
        assert_int_equal(tally.sent, RATE);
        now += hours * 3600 * SECONDS;
    }
}

// ── What is counted together ─────────────────────────────────────────────────────────────────────

static void test_a_network_is_counted_together_and_its_neighbours_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *client, *other;
        bool together;
    } cases[] = {
        {"192.0.2.1", "192.0.2.254", true},
        {"192.0.2.1", "192.0.3.1", false},
        {"192.0.2.1", "192.0.1.1", false},
        {"2001:db8:0:ff00::1", "2001:db8:0:ffff:ffff::2", true},
        {"2001:db8:0:ff00::1", "2001:db8:0:fe00::1", false},
        {"2001:db8:0:ff00::1", "2001:db9:0:ff00::1", false},
        {"::", "0.0.0.0", false},
        {"0:0:c000:0200::", "192.0.2.0", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address client = at(cases[i].client), other = at(cases[i].other);
        struct tally tally = {0};
        limit(RATE, 2);
        ask_often(&client, positive(1), RATE, &tally);
        assert_int_equal(tally.sent, RATE);
        if (ask(&other, positive(1), &tally) == cases[i].together)
            fail_msg("%s and %s", cases[i].client, cases[i].other);
        tear_down(NULL);
    }
}

static void test_kinds_of_replies_are_counted_apart(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {OUTCOME_ANSWER, OUTCOME_WILDCARD, OUTCOME_NODATA,
                                    OUTCOME_NXDOMAIN, OUTCOME_REFERRAL};
    struct address client = at("192.0.2.1");
    for (size_t i = 0; i < sizeof(kinds); i++) {
        for (size_t k = 0; k < sizeof(kinds); k++) {
            struct tally tally = {0};
            limit(RATE, 2);
            ask_often(&client, (struct outcome){.kind = kinds[i], .source = 7}, RATE, &tally);
            assert_int_equal(tally.sent, RATE);
            bool sent = ask(&client, (struct outcome){.kind = kinds[k], .source = 7}, &tally);
            assert_int_equal(sent, i != k);
            tear_down(NULL);
        }
    }
}

static void test_errors_are_counted_by_network_alone(void **state)
{
    (void)state;
    struct address client = at("192.0.2.1");
    struct tally tally = {0};
    limit(RATE, 2);
    for (unsigned i = 0; i < 100 * RATE; i++)
        ask(&client, (struct outcome){.kind = OUTCOME_ERROR, .source = any()}, &tally);
    assert_int_equal(tally.sent, RATE);
    assert_true(ask(&client, positive(1), &tally));
}

static void test_many_names_gain_no_more_than_the_total(void **state)
{
    (void)state;
    struct address client = at("192.0.2.1");
    static const unsigned names[] = {3, 5, 8, 100, 100000};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct tally tally = {0};
        unsigned times = names[i] < LIMITS_TOTAL ? names[i] : LIMITS_TOTAL;
        limit(RATE, 2);
        for (uint64_t end = now + 30 * SECONDS; now < end; now++)
            for (unsigned k = 0; k < 100; k++)
                ask(&client, positive(any() % names[i]), &tally);
        assert_in_range(tally.sent, 30 * RATE * times * 9 / 10, 31 * RATE * times + 1);
        tear_down(NULL);
    }
}

static void test_a_cookie_lifts_the_limit_and_costs_nothing(void **state)
{
    (void)state;
    static const uint8_t others[] = {COOKIE_NONE, COOKIE_CLIENT, COOKIE_BAD};
    struct address client = at("192.0.2.1");
    struct tally tally = {0};
    struct outcome known = positive(1);
    known.cookie = COOKIE_GOOD;
    limit(RATE, 2);
    ask_often(&client, known, 100 * RATE, &tally);
    assert_int_equal(tally.sent, 100 * RATE);
    for (size_t i = 0; i < sizeof(others); i++) {
        struct outcome other = positive(i);
        other.cookie = others[i];
        tally = (struct tally){0};
        ask_often(&client, other, 2 * RATE, &tally);
        assert_int_equal(tally.sent, RATE);
    }
    assert_true(ask(&client, known, &tally));
}

// ── Innocents ────────────────────────────────────────────────────────────────────────────────────

// 100,000 networks that ask once a second for one of a thousand names, a dozen of them in each line of the table,
// while others flood it in each other line.
static void test_innocents_lose_nothing_beside_floods(void **state)
{
    (void)state;
    struct tally innocent = {0}, flooding = {0};
    limit(RATE / 2, 2);
    for (uint64_t end = now + 10 * SECONDS; now < end; now++) {
        for (unsigned i = 0; i < 100; i++) {
            struct address client = number(((uint32_t)(now % 1000) * 100 + i) << 8);
            ask(&client, positive(any() % 1000), &innocent);
        }
        for (unsigned i = 0; i < 400; i++) {
            struct address victim = number((200000 + (uint32_t)(any() % 64)) << 8);
            ask(&victim, positive(any() % 4), &flooding);
        }
    }
    assert_int_equal(innocent.sent, 1000000);
    assert_in_range(flooding.sent, 64 * 10 * 4 * RATE / 2 * 9 / 10, 64 * 11 * 4 * RATE / 2);
}

// As many networks as a forger likes, each asking once: the one that is flooded is still limited, and a resolver that
// asks as much as it may still is not.
static void a_million_networks(uint32_t rate, double more)
{
    struct address victim = at("192.0.2.1"), resolver = at("198.51.100.1");
    struct tally flooding = {0}, asking = {0}, forged = {0};
    limit(rate, 2);
    for (uint64_t end = now + 8 * SECONDS; now < end; now++) {
        for (unsigned i = 0; i < 125; i++) {
            struct address client = number((uint32_t)any());
            ask(&client, positive(any() % 10), &forged);
        }
        ask_often(&victim, positive(1), 25, &flooding);
        if (now % ((1000 + rate - 1) / rate) == 0)
            ask(&resolver, positive(now % 3), &asking);
    }
    assert_int_equal(asking.slipped + asking.dropped, 0);
    assert_int_equal(forged.slipped + forged.dropped, 0);
    uint64_t burst = rate > LIMITS_BURST_MIN ? rate : LIMITS_BURST_MIN;
    assert_in_range(flooding.sent, 8 * rate, (uint64_t)((double)(8 * rate + burst) * more) + 1);
}

static void test_a_million_forged_networks_change_nothing(void **state)
{
    (void)state;
    a_million_networks(RATE / 2, 1);
}

static void test_a_million_forged_networks_change_little_with_a_tiny_share(void **state)
{
    (void)state;
    a_million_networks(3, 1);
}

// ── What is told ─────────────────────────────────────────────────────────────────────────────────

static unsigned count_events(struct limits_event *ret_last)
{
    unsigned count = 0;
    while (limits_next_event(limits, now, ret_last))
        count++;
    return count;
}

static void test_a_limited_network_is_told_about_when_it_begins_and_when_it_ends(void **state)
{
    (void)state;
    struct address client = at("2001:db8:0:ff12::1");
    struct limits_event event;
    struct tally tally = {0};
    limit(RATE, 2);
    ask_often(&client, positive(1), RATE, &tally);
    assert_int_equal(count_events(&event), 0);
    flood(&client, positive(1), 1, 5 * SECONDS, &tally);
    assert_int_equal(count_events(&event), 1);
    assert_int_equal(event.kind, LIMITS_BEGUN);
    struct address network = at("2001:db8:0:ff00::");
    assert_memory_equal(&event.network.v6.sin6_addr, &network.v6.sin6_addr, 16);
    assert_int_equal(event.prefix_len, 56);
    flood(&client, positive(1), 1, 5 * SECONDS, &tally);
    now += LIMITS_QUIET_MS - 2;
    assert_int_equal(count_events(&event), 0);
    now += 2;
    assert_int_equal(count_events(&event), 1);
    assert_int_equal(event.kind, LIMITS_ENDED);
    assert_int_equal(event.limited, tally.slipped + tally.dropped);
    assert_int_equal(event.slipped, tally.slipped);
    now += 10 * LIMITS_QUIET_MS;
    assert_int_equal(count_events(&event), 0);
}

static void test_a_flood_of_networks_is_told_about_in_few_lines(void **state)
{
    (void)state;
    struct limits_event event;
    struct tally tally = {0};
    unsigned told = 0;
    limit(10, 2);
    for (uint64_t end = now + 30 * SECONDS; now < end; now += 100) {
        for (uint32_t i = 0; i < 1000; i++) {
            struct address client = number(i << 8);
            ask_often(&client, positive(1), 10, &tally);
        }
        told += count_events(&event);
    }
    assert_int_equal(told, LIMITS_WATCHED);
    now += LIMITS_QUIET_MS;
    assert_int_equal(count_events(&event), LIMITS_WATCHED);
    struct address victim = at("192.0.2.77");
    ask_often(&victim, positive(1), 100, &tally);
    assert_int_equal(count_events(&event), 1);
    assert_int_equal(event.network.v4.sin_addr.s_addr, htonl(0xc0000200));
    assert_int_equal(event.prefix_len, 24);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_flood_gets_the_rate_and_slips),
        TEST(test_one_below_the_rate_is_never_limited),
        TEST(test_a_window_after_a_flood_all_is_as_before),
        TEST(test_a_small_share_still_allows_a_burst),
        TEST(test_the_highest_rate_is_kept_within_a_part_of_it),
        TEST(test_hours_later_nothing_is_left),
        TEST(test_a_network_is_counted_together_and_its_neighbours_are_not),
        TEST(test_kinds_of_replies_are_counted_apart),
        TEST(test_errors_are_counted_by_network_alone),
        TEST(test_many_names_gain_no_more_than_the_total),
        TEST(test_a_cookie_lifts_the_limit_and_costs_nothing),
        TEST(test_innocents_lose_nothing_beside_floods),
        TEST(test_a_million_forged_networks_change_nothing),
        TEST(test_a_million_forged_networks_change_little_with_a_tiny_share),
        TEST(test_a_limited_network_is_told_about_when_it_begins_and_when_it_ends),
        TEST(test_a_flood_of_networks_is_told_about_in_few_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
