// SPDX-License-Identifier: ISC
// Each zone is signed as its own domain says, and as the box says where that says nothing.
#include "tests/unit/signer/box.h"

#include <cmocka.h>

#include "dns/serial.h"
#include "dns/types.h"

static int64_t days_left(const struct publisher *publisher, const char *name)
{
    return (zone_named(publisher, name)->published.expires_at - NOW + DAY - 1) / DAY;
}

static void signatures_live_and_are_renewed_by_zone(void **state)
{
    (void)state;
    struct publisher *publisher =
        begin_sound("  - example.com\n"
                    "  - {name: example.net, dnssec: {signature-lifetime: 4d}}\n"
                    "  - {name: example.org, dnssec: {signature-lifetime: 30d}}\n"
                    "dnssec: {signature-lifetime: 10d, signature-refresh: 2d}\n");
    assert_int_equal(days_left(publisher, "example.com"), 10);
    assert_int_equal(days_left(publisher, "example.net"), 4);
    assert_int_equal(days_left(publisher, "example.org"), 29); // jitter: a day of 30
    int64_t offered = publisher_next(publisher, NOW);
    work(publisher, offered); // the DS of each
    uint32_t quick = serial_of(publisher, "example.net"),
             slow = serial_of(publisher, "example.com");
    int64_t then = publisher_next(publisher, offered);
    assert_in_range(then - NOW, DAY, 2 * DAY);
    work(publisher, then);
    assert_int_not_equal(serial_of(publisher, "example.net"), quick);
    assert_int_equal(serial_of(publisher, "example.com"), slow);
    publisher_close(publisher);
}

static void a_box_that_does_not_sign_has_domains_that_are(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.net\n"
                                              "  - {name: example.org, dnssec: yes}\n"
                                              "dnssec: no\n");
    assert_false(zone_named(publisher, "box.example.com")->published.is_signed); // its own zone
    assert_false(zone_named(publisher, "example.net")->published.is_signed);
    assert_true(zone_named(publisher, "example.org")->published.is_signed);
    assert_int_equal(count_keys(), 2); // of one pair
    write_config("  - example.net\n  - {name: example.org, dnssec: no}\n");
    take(publisher, NOW + 1);
    assert_true(zone_named(publisher, "box.example.com")->published.is_signed);
    assert_true(zone_named(publisher, "example.net")->published.is_signed);
    assert_false(zone_named(publisher, "example.org")->published.is_signed);
    publisher_close(publisher);
}

static void keys_have_the_ttl_of_their_domain(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n"
                                              "  - {name: example.net, ttl: {dnskey: 5m}}\n"
                                              "ttl: {dnskey: 2h}\n");
    assert_int_equal(zone_named(publisher, "example.com")->keys.ttl, 7200);
    assert_int_equal(zone_named(publisher, "example.net")->keys.ttl, 300);
    publisher_close(publisher);
}

static bool has_nsec3(struct publisher *publisher)
{
    bool nsec3 = zone_has(publisher, "example.com", "example.com", RR_TYPE_NSEC3PARAM);
    assert_int_equal(zone_has(publisher, "example.com", "example.com", RR_TYPE_NSEC), !nsec3);
    assert_valid(publisher, "example.com", NOW);
    return nsec3;
}

static void one_chain_follows_the_other_in_one_version(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - example.com\n");
    assert_false(has_nsec3(publisher));
    uint32_t serial = serial_of(publisher, "example.com");
    size_t key_files = count_keys();
    write_config("  - {name: example.com, dnssec: {denial: nsec3}}\n");
    take(publisher, NOW + 1);
    assert_true(has_nsec3(publisher));
    assert_int_equal(serial_of(publisher, "example.com"), serial + 1);
    take(publisher, NOW + 2);
    assert_int_equal(serial_of(publisher, "example.com"), serial + 1);
    write_config("  - example.com\n");
    take(publisher, NOW + 3);
    assert_false(has_nsec3(publisher));
    assert_int_equal(count_keys(), key_files);
    publisher_close(publisher);
}

// What should be published does not hold up: what is published is signed again, chain and all.
static void what_is_signed_again_keeps_its_chain(void **state)
{
    (void)state;
    struct publisher *publisher = begin_sound("  - {name: example.com, dnssec: {denial: nsec3}}\n");
    write_text("spoilt.records", "@ NS\n");
    write_config("  - {name: example.com, records-file: spoilt.records}\n");
    take(publisher, NOW + 1);
    assert_true(publisher_has_trouble(publisher));
    uint32_t serial = serial_of(publisher, "example.com");
    work(publisher, NOW + 8 * DAY);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    assert_valid(publisher, "example.com", NOW + 8 * DAY);
    assert_true(zone_has(publisher, "example.com", "example.com", RR_TYPE_NSEC3PARAM));
    write_text("spoilt.records", "good TXT x\n");
    take(publisher, NOW + 8 * DAY);
    assert_false(zone_has(publisher, "example.com", "example.com", RR_TYPE_NSEC3PARAM));
    assert_true(zone_has(publisher, "example.com", "good.example.com", RR_TYPE_TXT));
    publisher_close(publisher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signatures_live_and_are_renewed_by_zone),
        TEST(a_box_that_does_not_sign_has_domains_that_are),
        TEST(keys_have_the_ttl_of_their_domain),
        TEST(one_chain_follows_the_other_in_one_version),
        TEST(what_is_signed_again_keeps_its_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
