// SPDX-License-Identifier: ISC
// The publisher through months and mishaps: real configuration, keys and stores in a scratch directory, time as an
// argument. After every step each published image must hold up for validators at that time.
#include "tests/unit/signer/box.h"

#include "dns/serial.h"

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────

static void months_pass_and_signatures_never_run_low(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    size_t publications = 0;
    int64_t end = NOW + 120 * DAY;
    for (int64_t now = NOW; now < end;) {
        int64_t next = publisher_next(publisher, now);
        assert_true(next > now);
        now = next < now + DAY ? next : now + DAY;
        work(publisher, now);
        assert_valid(publisher, "example.com", now);
        uint32_t then = serial_of(publisher, "example.com");
        assert_true(then == serial || serial_is_later(then, serial));
        publications += then != serial;
        serial = then;
    }
    // 17 weeks; what was signed when the DS was offered has a time of its own
    assert_true(publications >= 16 && publications <= 6 * 18);
    publisher_close(publisher);
}

static void a_clock_set_back_signs_again_with_a_later_serial(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW + 400 * DAY);
    uint32_t serial = serial_of(publisher, "example.com");
    work(publisher, NOW);
    assert_valid(publisher, "example.com", NOW);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    publisher_close(publisher);
}

static void a_second_start_does_nothing(void **state)
{
    (void)state;
    write_config("  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    publisher_close(publisher);
    publisher = begin(NOW + 100);
    assert_int_equal(publisher_counts(publisher).published, 0);
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

// ── What gets lost ───────────────────────────────────────────────────────────────────────────────

static void a_batch_is_collected_while_another_is_signed(void **state)
{
    (void)state;
    write_text("host.pub", host_key);
    struct buf domains = {0};
    for (int i = 0; i < PUBLISH_BATCH_ZONES + 9; i++)
        buf_printf(&domains, "  - {name: d%d.test, dnssec: off}\n", i);
    buf_put_text(&domains, "  - example.com\n  - below.example.com\n");
    write_config(buf_text(&domains));
    buf_done(&domains);
    struct publisher *publisher = start(NOW);
    size_t total = publisher->zones.count;
    struct batch *batches[200];
    size_t given = 0, committed = 0, zones = 0;
    for (;;) {
        struct batch *batch = sign_next(publisher, NOW);
        if (batch != NULL) {
            assert_in_range(given - committed, 0, PUBLISH_BATCHES - 1);
            batches[given++] = batch;
            continue;
        }
        if (committed == given)
            break;
        // The oldest. No zone is in two of them.
        zones += batches[committed]->count;
        assert_int_equal(publisher_commit(publisher, batches[committed++], NOW), STATUS_OK);
    }
    assert_in_range(given, 3, sizeof(batches) / sizeof(batches[0]));
    assert_in_range(zones, total, total + 1); // a zone waits for the keys of the one below
    assert_false(publisher_has_trouble(publisher));
    assert_valid(publisher, "example.com", NOW);
    assert_valid(publisher, "below.example.com", NOW);
    publisher_close(publisher);
}

static void lost_state_goes_on_behind_what_was_published(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    publisher_close(publisher);
    in_shell("rm -rf state/state");
    write_text("host.pub", other_host_key);
    publisher = begin(NOW - 1000 * DAY); // and the clock does not help
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    assert_int_equal(count_keys(), 2);
    publisher_close(publisher);
}

static void a_spoilt_record_of_state_costs_no_serial_and_no_key(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    struct name_key key = publisher->zones.list[0].key;
    struct store_entry entry = {key.octets, key.len, (const uint8_t *)"spoilt", 6};
    struct store_txn *txn = NULL;
    assert_int_equal(store_begin(publisher->stores.state, &txn, NULL), STATUS_OK);
    assert_int_equal(store_put(txn, STORE_ZONES, &entry, NULL), STATUS_OK);
    assert_int_equal(store_commit(txn, NULL, NULL), STATUS_OK);
    publisher_close(publisher);
    write_text("host.pub", other_host_key);
    publisher = begin(NOW);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    assert_valid(publisher, "example.com", NOW);
    assert_int_equal(count_keys(), 2);
    publisher_close(publisher);
}

static void lost_serve_is_made_anew_behind_the_serial_of_before(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    publisher_close(publisher);
    in_shell("printf 'no LMDB at all' > state/serve/data.mdb");
    publisher = begin(NOW);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    assert_valid(publisher, "example.com", NOW);
    publisher_close(publisher);
}

// A crash between the two commits: state/ has reserved a serial that serve/ does not have.
static void a_crash_between_the_commits_skips_a_serial(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    publisher_close(publisher);
    in_shell("cp -a state/serve kept");
    write_text("host.pub", other_host_key);
    publisher = begin(NOW);
    assert_int_equal(serial_of(publisher, "example.com"), serial + 1);
    publisher_close(publisher);
    in_shell("rm -rf state/serve && mv kept state/serve");
    publisher = start(NOW);
    assert_false(publisher->distrust);
    work(publisher, NOW);
    assert_int_equal(serial_of(publisher, "example.com"), serial + 2);
    publisher_close(publisher);
}

static void write_as_a_stranger(struct publisher *publisher)
{
    struct store_txn *txn = NULL;
    struct store_entry entry = {(const uint8_t *)"x", 1, (const uint8_t *)"y", 1};
    assert_int_equal(store_begin(publisher->stores.serve, &txn, NULL), STATUS_OK);
    assert_int_equal(store_put(txn, STORE_META, &entry, NULL), STATUS_OK);
    assert_int_equal(store_commit(txn, NULL, NULL), STATUS_OK);
}

static void what_others_wrote_to_serve_is_not_used(void **state)
{
    (void)state;
    write_config("  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    write_as_a_stranger(publisher);
    write_as_a_stranger(publisher);
    publisher_close(publisher);
    publisher = begin(NOW);
    struct publisher_counts counts = publisher_counts(publisher);
    assert_int_equal(counts.published, 2);
    assert_int_equal(counts.reused, 0);
    // And while it runs: seen at the next commit.
    write_as_a_stranger(publisher);
    write_text("host.pub", other_host_key);
    take(publisher, NOW);
    assert_true(publisher_counts(publisher).published >= counts.published + 3);
    assert_valid(publisher, "example.org", NOW);
    publisher_close(publisher);
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

static void without_its_key_a_zone_stays_and_no_key_is_made(void **state)
{
    (void)state;
    write_config("  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    publisher_close(publisher);
    in_shell("mkdir away && mv state/keys/Kexample.com.* away");
    write_text("host.pub", other_host_key);
    publisher = begin(NOW);
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    assert_int_equal(count_keys(), 2); // of example.org
    assert_true(publisher_has_trouble(publisher));
    // When they are back, all goes on, without a restart.
    in_shell("mv away/* state/keys");
    work(publisher, NOW + PUBLISH_RETRY_S);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    assert_valid(publisher, "example.com", NOW + PUBLISH_RETRY_S);
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

static void switched_off_for_a_while_is_the_way_to_a_new_key(void **state)
{
    (void)state;
    write_config("  - example.org\n");
    struct publisher *publisher = begin(NOW);
    in_shell("rm state/keys/Kexample.org.*");
    write_config("  - {name: example.org, dnssec: off}\n");
    take(publisher, NOW);
    struct image image;
    assert_true(look(publisher, "example.org", &image));
    assert_int_equal(image.header->flags & IMAGE_SIGNED, 0);
    stores_reset(&publisher->stores);
    write_config("  - example.org\n");
    take(publisher, NOW + 5);
    assert_valid(publisher, "example.org", NOW + 5);
    publisher_close(publisher);
}

// ── Inputs ───────────────────────────────────────────────────────────────────────────────────────

static void an_input_that_goes_bad_changes_nothing(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    write_text("host.pub", "garbage\n");
    take(publisher, NOW + 1);
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    assert_true(publisher_has_trouble(publisher));
    publisher_close(publisher);
    in_shell("rm host.pub");
    publisher = begin(NOW + 2); // and a restart does not either
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    // What else changes is published with the last good input.
    write_config("  - example.com\n  - sub.example.com\n");
    take(publisher, NOW + 3);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    serial = serial_of(publisher, "example.com");
    write_text("host.pub", host_key);
    take(publisher, NOW + 4);
    assert_int_equal(serial_of(publisher, "example.com"), serial); // it says the same again
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

static const char good_zone[] =
    "@ 3600 SOA ns1 h 2026112201 14400 3600 604800 3600\n@ 3600 NS ns1\n"
    "ns1 3600 A 192.0.2.1\n";

static void a_broken_zone_file_is_signed_on_as_it_was(void **state)
{
    (void)state;
    write_text("org.zone", good_zone);
    write_config("  - example.com\n  - {name: example.org, zone-file: org.zone}\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.org");
    assert_int_equal(serial, 2026112201);
    write_text("org.zone", "@ 3600 SOA what\n");
    take(publisher, NOW + 1);
    assert_int_equal(serial_of(publisher, "example.org"), serial);
    assert_true(publisher_has_trouble(publisher));
    publisher_close(publisher);
    // Two weeks later, restarted: still served, freshly signed. Even where state/ is lost meanwhile.
    publisher = begin(NOW + 10 * DAY);
    assert_valid(publisher, "example.org", NOW + 10 * DAY);
    publisher_close(publisher);
    in_shell("rm -rf state/state");
    publisher = begin(NOW + 20 * DAY);
    assert_valid(publisher, "example.org", NOW + 20 * DAY);
    publisher_close(publisher);
}

static void a_domain_taken_out_is_no_longer_served_and_keeps_its_key(void **state)
{
    (void)state;
    write_config("  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.org");
    write_config("  - example.com\n");
    take(publisher, NOW);
    assert_int_equal(serial_of(publisher, "example.org"), 0);
    assert_int_equal(count_keys(), 4);
    write_config("  - example.com\n  - example.org\n");
    take(publisher, NOW);
    assert_true(serial_is_later(serial_of(publisher, "example.org"), serial));
    assert_int_equal(count_keys(), 4);
    publisher_close(publisher);
}

// The zone's own servers have it then, with its own signatures.
static void a_domain_that_becomes_external_is_no_longer_served(void **state)
{
    (void)state;
    write_config("  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.org");
    assert_int_not_equal(serial, 0);
    write_config("  - example.com\n  - example.org # external\n");
    struct inputs *inputs = read_inputs();
    inputs->config->domains[1].mode = CONFIG_EXTERNAL;
    publisher_set_inputs(publisher, inputs, NOW);
    work(publisher, NOW);
    assert_int_equal(serial_of(publisher, "example.org"), 0);
    assert_int_not_equal(serial_of(publisher, "example.com"), 0);
    assert_false(publisher_has_trouble(publisher));
    // The host name's zone may be one of those.
    write_config("  - example.com # external\n  - example.org\n");
    inputs = read_inputs();
    inputs->config->domains[0].mode = CONFIG_EXTERNAL;
    publisher_set_inputs(publisher, inputs, NOW);
    work(publisher, NOW);
    assert_int_equal(serial_of(publisher, "example.com"), 0);
    assert_true(serial_is_later(serial_of(publisher, "example.org"), serial));
    assert_int_equal(count_keys(), 4);
    publisher_close(publisher);
}

static void zones_served_as_they_are_keep_their_serial_and_never_go_back(void **state)
{
    (void)state;
    write_text("org.zone", good_zone);
    write_config("  - example.com\n  - {name: example.org, zone-file: org.zone, dnssec: off}\n");
    struct publisher *publisher = begin(NOW);
    assert_int_equal(serial_of(publisher, "example.org"), 2026112201);
    write_text("org.zone", "@ 3600 SOA ns1 h 2026112101 14400 3600 604800 3600\n@ 3600 NS ns1\n"
                           "ns1 3600 A 192.0.2.2\n");
    take(publisher, NOW);
    assert_int_equal(serial_of(publisher, "example.org"), 2026112201);
    assert_true(publisher_has_trouble(publisher));
    write_text("org.zone", "@ 3600 SOA ns1 h 2026112202 14400 3600 604800 3600\n@ 3600 NS ns1\n"
                           "ns1 3600 A 192.0.2.2\n");
    take(publisher, NOW);
    assert_int_equal(serial_of(publisher, "example.org"), 2026112202);
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

static void assert_sub_has_ds(const char *domains)
{
    write_config(domains);
    struct publisher *publisher = begin(NOW);
    struct image image;
    work(publisher, NOW + 2 * DAY);
    assert_true(look(publisher, "example.com", &image));
    const struct image_node *node = image_find(&image, (const uint8_t *)"sub", 4);
    assert_non_null(node);
    assert_non_null(image_rrset(&image, node, LDNS_RR_TYPE_DS));
    stores_reset(&publisher->stores);
    publisher_close(publisher);
}

static void a_zone_below_gets_its_ds_with_its_first_signatures(void **state)
{
    (void)state;
    assert_sub_has_ds("  - example.com\n  - sub.example.com\n");
}

// Its DKIM keys come first, and the zone above does not wait for them.
static void a_zone_below_that_comes_later_gets_its_ds_too(void **state)
{
    (void)state;
    assert_sub_has_ds("  - example.com\n"
                      "  - {name: sub.example.com, dkim: {algorithms: [ed25519]}}\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(months_pass_and_signatures_never_run_low),
        TEST(a_clock_set_back_signs_again_with_a_later_serial),
        TEST(a_second_start_does_nothing),
        TEST(a_batch_is_collected_while_another_is_signed),
        TEST(lost_state_goes_on_behind_what_was_published),
        TEST(a_spoilt_record_of_state_costs_no_serial_and_no_key),
        TEST(lost_serve_is_made_anew_behind_the_serial_of_before),
        TEST(a_crash_between_the_commits_skips_a_serial),
        TEST(what_others_wrote_to_serve_is_not_used),
        TEST(without_its_key_a_zone_stays_and_no_key_is_made),
        TEST(switched_off_for_a_while_is_the_way_to_a_new_key),
        TEST(an_input_that_goes_bad_changes_nothing),
        TEST(a_broken_zone_file_is_signed_on_as_it_was),
        TEST(a_domain_taken_out_is_no_longer_served_and_keeps_its_key),
        TEST(a_domain_that_becomes_external_is_no_longer_served),
        TEST(zones_served_as_they_are_keep_their_serial_and_never_go_back),
        TEST(a_zone_below_gets_its_ds_with_its_first_signatures),
        TEST(a_zone_below_that_comes_later_gets_its_ds_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
