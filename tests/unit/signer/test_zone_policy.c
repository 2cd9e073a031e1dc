// SPDX-License-Identifier: ISC
// Each zone is signed as its own domain says, and as the box says where that says nothing.
#include "tests/unit/signer/box.h"

#include <cmocka.h>

static const struct zone *zone_of(const struct publisher *publisher, const char *name)
{
    for (size_t i = 0; i < publisher->zones.count; i++)
        if (strcmp(publisher->zones.list[i].name, name) == 0)
            return &publisher->zones.list[i];
    fail_msg("%s is no zone", name);
    return NULL;
}

static int64_t days_left(const struct publisher *publisher, const char *name)
{
    return (zone_of(publisher, name)->published.expires_at - NOW + DAY - 1) / DAY;
}

static struct publisher *start_with(const char *lines)
{
    write_text("host.pub", host_key);
    write_config(lines);
    struct publisher *publisher = start(NOW);
    work(publisher, NOW);
    assert_false(publisher_has_trouble(publisher));
    return publisher;
}

static void signatures_live_and_are_renewed_by_zone(void **state)
{
    (void)state;
    struct publisher *publisher =
        start_with("  - example.com\n"
                   "  - {name: example.net, dnssec: {signature-lifetime: 4d}}\n"
                   "  - {name: example.org, dnssec: {signature-lifetime: 30d}}\n"
                   "dnssec: {signature-lifetime: 10d, signature-refresh: 2d}\n");
    assert_int_equal(days_left(publisher, "example.com"), 10);
    assert_int_equal(days_left(publisher, "example.net"), 4);
    assert_int_equal(days_left(publisher, "example.org"), 29); // jitter: a day of 30
    uint32_t quick = serial_of(publisher, "example.net"),
             slow = serial_of(publisher, "example.com");
    int64_t then = publisher_next(publisher, NOW);
    assert_in_range(then - NOW, DAY, 2 * DAY);
    work(publisher, then);
    assert_int_not_equal(serial_of(publisher, "example.net"), quick);
    assert_int_equal(serial_of(publisher, "example.com"), slow);
    publisher_close(publisher);
}

static void a_box_that_does_not_sign_has_domains_that_are(void **state)
{
    (void)state;
    struct publisher *publisher = start_with("  - example.net\n"
                                             "  - {name: example.org, dnssec: yes}\n"
                                             "dnssec: no\n");
    assert_false(zone_of(publisher, "box.example.com")->published.is_signed); // its own zone
    assert_false(zone_of(publisher, "example.net")->published.is_signed);
    assert_true(zone_of(publisher, "example.org")->published.is_signed);
    assert_int_equal(count_keys(), 2); // of one pair
    write_config("  - example.net\n  - {name: example.org, dnssec: no}\n");
    take(publisher, NOW + 1);
    assert_true(zone_of(publisher, "box.example.com")->published.is_signed);
    assert_true(zone_of(publisher, "example.net")->published.is_signed);
    assert_false(zone_of(publisher, "example.org")->published.is_signed);
    publisher_close(publisher);
}

static void keys_have_the_ttl_of_their_domain(void **state)
{
    (void)state;
    struct publisher *publisher = start_with("  - example.com\n"
                                             "  - {name: example.net, ttl: {dnskey: 5m}}\n"
                                             "ttl: {dnskey: 2h}\n");
    assert_int_equal(zone_of(publisher, "example.com")->keys.ttl, 7200);
    assert_int_equal(zone_of(publisher, "example.net")->keys.ttl, 300);
    publisher_close(publisher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signatures_live_and_are_renewed_by_zone),
        TEST(a_box_that_does_not_sign_has_domains_that_are),
        TEST(keys_have_the_ttl_of_their_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
