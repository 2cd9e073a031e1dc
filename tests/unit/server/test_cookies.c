// SPDX-License-Identifier: ISC
// Cookies by the examples of RFC 9018 appendix A, their ages, and the two kinds of secrets.
#include "server/cookies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define DAY    86400U

static struct cookies *cookies;
static struct address client;
static uint8_t reply[COOKIES_LEN];

static size_t read_hex(const char *text, uint8_t *ret)
{
    size_t len = strlen(text) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned octet;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &octet), 1);
        ret[i] = (uint8_t)octet;
    }
    return len;
}

static void use(const struct secrets *secrets)
{
    struct error err = {0};
    cookies_free(cookies);
    assert_int_equal(cookies_new(secrets, &cookies, &err), STATUS_OK);
}

static void share(const char *secrets)
{
    struct secrets all;
    all.shared = (uint8_t)(read_hex(secrets, all.octets[0]) / SECRET_LEN);
    use(&all);
}

static void come_from(const char *address)
{
    struct error err = {0};
    assert_int_equal(address_parse(address, 1053, &client, &err), STATUS_OK);
}

static enum outcome_cookie judge_octets(const uint8_t *octets, size_t len, uint32_t now)
{
    struct query query = {.options = QUERY_COOKIE, .cookie = octets, .cookie_len = (uint8_t)len};
    cookies_turn(cookies, now);
    return cookies_judge(cookies, &query, &client, now, reply);
}

static enum outcome_cookie judge(const char *cookie, uint32_t now)
{
    uint8_t octets[COOKIE_LEN_MAX];
    return judge_octets(octets, read_hex(cookie, octets), now);
}

static void expect_reply(const char *cookie)
{
    uint8_t octets[COOKIES_LEN];
    assert_int_equal(read_hex(cookie, octets), COOKIES_LEN);
    assert_memory_equal(reply, octets, COOKIES_LEN);
}

static void a_client_learns_a_cookie(void **state) // RFC 9018 §A.1
{
    (void)state;
    share(SECRET);
    come_from("198.51.100.100");
    assert_int_equal(judge("2464c4abcf10c957", 1559731985), COOKIE_CLIENT);
    expect_reply("2464c4abcf10c957010000005cf79f111f8130c3eee29480");
}

static void it_gets_a_new_one_after_half_an_hour(void **state) // §A.2
{
    (void)state;
    const char *cookie = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
    share(SECRET);
    come_from("198.51.100.100");
    assert_int_equal(judge(cookie, 1559731985 + 1800), COOKIE_GOOD);
    expect_reply(cookie);
    assert_int_equal(judge(cookie, 1559731985 + 1801), COOKIE_GOOD);
    assert_int_equal(judge(cookie, 1559734385), COOKIE_GOOD);
    expect_reply("2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

static void reserved_octets_count_as_they_are(void **state) // §A.3
{
    (void)state;
    const char *cookie = "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
    share(SECRET);
    come_from("203.0.113.203");
    assert_int_equal(judge(cookie, 1559727985), COOKIE_GOOD);
    assert_int_equal(judge("fc93fc62807ddb86010000005cf78f71a314227b6679ebf5", 1559727985),
                     COOKIE_BAD);
    assert_int_equal(judge(cookie, 1559734700), COOKIE_BAD); // almost two hours later
    expect_reply("fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

static void an_older_secret_counts_but_is_replaced(void **state) // §A.4
{
    (void)state;
    const char *cookie = "22681ab97d52c298010000005cf7c57926556bd0934c72f8";
    come_from("2001:db8:220:1:59de:d0f4:8769:82b8");
    share("445536bcd2513298075a5d379663c962");
    assert_int_equal(judge(cookie, 1559741961), COOKIE_BAD);
    share("445536bcd2513298075a5d379663c962dd3bdf9344b678b185a6f5cb60fca715");
    assert_int_equal(judge(cookie, 1559741961), COOKIE_GOOD);
    expect_reply("22681ab97d52c298010000005cf7c609a6bb79d16625507a");
    come_from("2001:db8:220:1:59de:d0f4:8769:82b9");
    assert_int_equal(judge(cookie, 1559741961), COOKIE_BAD);
}

// One of ours, made at a time.
static void learn(uint32_t now, uint8_t ret[COOKIES_LEN])
{
    assert_int_equal(judge("0123456789abcdef", now), COOKIE_CLIENT);
    memcpy(ret, reply, COOKIES_LEN);
}

static void a_cookie_lasts_an_hour_and_clocks_may_differ(void **state)
{
    (void)state;
    static const uint32_t times[] = {1559731985, 0, UINT32_MAX - 100}; // RFC 1982 arithmetic
    uint8_t cookie[COOKIES_LEN];
    share(SECRET);
    come_from("192.0.2.1");
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        learn(times[i], cookie);
        assert_int_equal(judge_octets(cookie, COOKIES_LEN, times[i] + 3600), COOKIE_GOOD);
        assert_int_equal(judge_octets(cookie, COOKIES_LEN, times[i] + 3601), COOKIE_BAD);
        assert_int_equal(judge_octets(cookie, COOKIES_LEN, times[i] - 300), COOKIE_GOOD);
        assert_memory_equal(reply, cookie, COOKIES_LEN);
        assert_int_equal(judge_octets(cookie, COOKIES_LEN, times[i] - 301), COOKIE_BAD);
    }
}

static void every_octet_counts(void **state)
{
    (void)state;
    uint8_t cookie[COOKIES_LEN];
    share(SECRET);
    come_from("192.0.2.1");
    learn(1559731985, cookie);
    for (size_t i = 0; i < COOKIES_LEN; i++) {
        cookie[i] ^= 1;
        assert_int_equal(judge_octets(cookie, COOKIES_LEN, 1559731985), COOKIE_BAD);
        cookie[i] ^= 1;
    }
    assert_int_equal(judge_octets(cookie, COOKIES_LEN, 1559731985), COOKIE_GOOD);
    assert_int_equal(judge_octets(cookie, COOKIES_LEN - 8, 1559731985), COOKIE_BAD);
    uint8_t longer[COOKIE_LEN_MAX] = {0};
    memcpy(longer, cookie, COOKIES_LEN);
    assert_int_equal(judge_octets(longer, COOKIE_LEN_MAX, 1559731985), COOKIE_BAD);
}

static void rolling_secrets_are_of_a_day_and_the_one_before_counts(void **state)
{
    (void)state;
    static const struct secrets master = {0, {"a master secret"}};
    uint8_t today[COOKIES_LEN];
    uint8_t tomorrow[COOKIES_LEN];
    uint32_t midnight = 20000 * DAY;
    come_from("192.0.2.1");
    use(&master);
    learn(midnight - 10, today);
    assert_int_equal(judge_octets(today, COOKIES_LEN, midnight - 1), COOKIE_GOOD);
    assert_memory_equal(reply, today, COOKIES_LEN);
    assert_int_equal(judge_octets(today, COOKIES_LEN, midnight + 5), COOKIE_GOOD);
    assert_memory_not_equal(reply, today, COOKIES_LEN); // one of the new day
    memcpy(tomorrow, reply, COOKIES_LEN);
    assert_int_equal(judge_octets(tomorrow, COOKIES_LEN, midnight + 5), COOKIE_GOOD);
    assert_memory_equal(reply, tomorrow, COOKIES_LEN);

    // Another worker with the same master has the same; with another one it has not.
    use(&master);
    assert_int_equal(judge_octets(today, COOKIES_LEN, midnight + 5), COOKIE_GOOD);
    static const struct secrets other = {0, {"another secret."}};
    use(&other);
    assert_int_equal(judge_octets(tomorrow, COOKIES_LEN, midnight + 5), COOKIE_BAD);
}

static void each_day_has_a_secret_of_its_own(void **state)
{
    (void)state;
    static const struct secrets master = {0, {"a master secret"}};
    uint8_t today[SECRET_LEN], tomorrow[SECRET_LEN], again[SECRET_LEN];
    use(&master);
    cookies_secret_of_day(cookies, 20000, today);
    cookies_secret_of_day(cookies, 20001, tomorrow);
    cookies_secret_of_day(cookies, 20000, again);
    assert_memory_equal(today, again, SECRET_LEN);
    assert_memory_not_equal(today, tomorrow, SECRET_LEN);
    assert_memory_not_equal(today, today + SECRET_LEN / 2, SECRET_LEN / 2);
    assert_memory_not_equal(today, master.octets[0], SECRET_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_learns_a_cookie),
        cmocka_unit_test(it_gets_a_new_one_after_half_an_hour),
        cmocka_unit_test(reserved_octets_count_as_they_are),
        cmocka_unit_test(an_older_secret_counts_but_is_replaced),
        cmocka_unit_test(a_cookie_lasts_an_hour_and_clocks_may_differ),
        cmocka_unit_test(every_octet_counts),
        cmocka_unit_test(rolling_secrets_are_of_a_day_and_the_one_before_counts),
        cmocka_unit_test(each_day_has_a_secret_of_its_own),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cookies_free(cookies);
    return failed;
}
