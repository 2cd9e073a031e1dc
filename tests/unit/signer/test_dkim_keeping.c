// SPDX-License-Identifier: ISC
// DKIM keys in a running publisher: what waits for them, and what a spoilt file takes from its zone.
#include "tests/unit/signer/box.h"

#include "dns/types.h"

#define ED25519 "addresses: [192.0.2.1], ssh: [], tls: [], dkim: {algorithms: [ed25519]}"
#define EIGHT_DAYS                                                                                 \
    "addresses: [192.0.2.1], ssh: [], tls: [], dkim: {algorithms: [ed25519], lifetime: 8d}"

static void a_zone_above_gets_the_ds_of_one_that_waited_for_its_dkim_key(void **state)
{
    (void)state;
    write_box(ED25519, "  - example.com\n  - below.example.com\n");
    struct publisher *publisher = begin(NOW);
    work(publisher, NOW + 2 * DAY); // caches have forgotten it without signatures
    assert_true(zone_has(publisher, "example.com", "below.example.com", RR_TYPE_DS));
    publisher_close(publisher);
}

static void a_spoilt_key_file_keeps_its_record_and_nothing_else(void **state)
{
    (void)state;
    write_box(ED25519, "  - {name: example.com, www: no}\n");
    in_shell("mkdir -p state/dkim/example.com && openssl genpkey -algorithm ED25519 | openssl pkey "
             "-pubout >state/dkim/example.com/news.pub");
    struct publisher *publisher = begin(NOW);
    assert_true(zone_has(publisher, "example.com", "news._domainkey.example.com", RR_TYPE_TXT));
    in_shell("echo spoilt >state/dkim/example.com/news.pub");
    write_box(ED25519, "  - {name: example.com, www: yes}\n");
    listen_to_log();
    take(publisher, NOW + 1);
    assert_int_equal(end_listening("input-bad path="), 1);
    assert_true(publisher_has_trouble(publisher));
    assert_true(zone_has(publisher, "example.com", "www.example.com", RR_TYPE_A));
    assert_true(zone_has(publisher, "example.com", "news._domainkey.example.com", RR_TYPE_TXT));
    in_shell("rm state/dkim/example.com/news.pub");
    publisher_touch_all(publisher);
    work(publisher, NOW + 2);
    assert_false(zone_has(publisher, "example.com", "news._domainkey.example.com", RR_TYPE_TXT));
    publisher_close(publisher);
}

static void a_start_takes_no_key_from_the_tables(void **state)
{
    (void)state;
    write_box(ED25519, "  - example.com\n  - below.example.com\n");
    struct publisher *publisher = begin(NOW);
    publisher_close(publisher);
    in_shell("cp state/dkim/SigningTable before && test $(grep -c example.com before) = 2");
    write_box(ED25519, "  - example.com\n  - below.example.com\nttl: {default: 2h}\n");
    publisher = start(NOW + 1);
    // The zone below is published before the one above is looked at.
    struct batch *batch = sign_next(publisher, NOW + 1);
    assert_non_null(batch);
    assert_int_equal(publisher_commit(publisher, batch, NOW + 1), STATUS_OK);
    in_shell("cmp before state/dkim/SigningTable");
    work(publisher, NOW + 1);
    in_shell("cmp before state/dkim/SigningTable");
    publisher_close(publisher);
}

static void a_zone_that_comes_from_a_file_has_no_keys_to_look_after(void **state)
{
    (void)state;
    write_text("com.zone", "@ 3600 SOA ns1.example.net. root.example.net. 1 2 3 4 5\n"
                           "@ 3600 NS ns1.example.net.\n");
    write_box(EIGHT_DAYS, "  - example.org\n");
    struct publisher *publisher = begin(NOW);
    int64_t rotation = NOW + 7 * DAY;
    write_box(EIGHT_DAYS, "  - {name: example.org, zone-file: com.zone}\n");
    take(publisher, NOW + 1);
    work(publisher, rotation); // when a successor would have been made
    assert_true(publisher_next(publisher, rotation) > rotation);
    publisher_close(publisher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_zone_above_gets_the_ds_of_one_that_waited_for_its_dkim_key),
        TEST(a_spoilt_key_file_keeps_its_record_and_nothing_else),
        TEST(a_start_takes_no_key_from_the_tables),
        TEST(a_zone_that_comes_from_a_file_has_no_keys_to_look_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
