// SPDX-License-Identifier: ISC
// What is served is verified again, and what does not hold up is made anew.
#include "tests/unit/signer/box.h"

#include "dns/serial.h"
#include "dns/types.h"
#include "tests/support/spoil.h"

static const char *const names[] = {"box.example.com", "example.org", "example.net"};

static struct publisher *begin_box(void)
{
    write_config("  - example.org\n  - example.net\n");
    return begin(NOW);
}

// Steps until all that is due then is verified. How many.
static size_t audit(struct publisher *publisher, int64_t now)
{
    size_t steps = 0;
    uint64_t rest;
    do {
        rest = audit_step(publisher, now);
        assert_in_range(++steps, 1, 1000);
    } while (rest <= AUDIT_REST_MS);
    return steps;
}

static size_t signatures_of(struct publisher *publisher, const char *name)
{
    struct image image;
    size_t count = 0;
    assert_true(look(publisher, name, &image));
    for (uint32_t i = 0; i < image.header->rrset_count; i++)
        count += image.rrsets[i].sig_count;
    stores_reset(&publisher->stores);
    return count;
}

// As a fault of the signer would, in what serve/ has of that type.
static void spoil(struct publisher *publisher, const char *name, uint16_t type)
{
    struct image image;
    struct error err = {0};
    assert_true(look(publisher, name, &image));
    size_t size = image.header->size;
    uint8_t *octets = xmemdup(image.header, size);
    stores_reset(&publisher->stores);
    spoil_signature(octets, type);
    struct zone *zone = zone_named(publisher, name);
    struct store_entry entry = {zone->key.octets, zone->key.len, octets, size};
    struct store_txn *txn = NULL;
    assert_int_equal(store_begin(publisher->stores.serve, &txn, &err), STATUS_OK);
    assert_int_equal(store_put(txn, STORE_IMAGES, &entry, &err), STATUS_OK);
    assert_int_equal(stores_commit_serve(&publisher->stores, txn, &err), STATUS_OK);
    free(octets);
}

static void all_that_is_served_is_verified_soon_and_each_day(void **state)
{
    (void)state;
    struct publisher *publisher = begin_box();
    size_t signatures = 0;
    for (size_t i = 0; i < 3; i++)
        signatures += signatures_of(publisher, names[i]);
    int64_t oldest;
    assert_int_equal(audit_count(publisher, &oldest), 0);
    audit(publisher, NOW);
    assert_int_equal(publisher->audit.signatures, signatures);
    assert_int_equal(audit_count(publisher, &oldest), 3);
    assert_int_equal(oldest, NOW);
    assert_true(audit_step(publisher, NOW + 60) > AUDIT_REST_MS); // done
    for (int64_t now = NOW; now < NOW + 10 * DAY; now += 600) {
        audit(publisher, now);
        assert_int_equal(audit_count(publisher, &oldest), 3);
        assert_true(now - oldest < DAY);
    }
    assert_in_range(publisher->audit.audited, 3 * 10, 3 * 20);
    assert_int_equal(publisher->audit.failures, 0);
    publisher_close(publisher);
}

static void what_was_just_published_comes_first(void **state)
{
    (void)state;
    struct publisher *publisher = begin_box();
    audit(publisher, NOW);
    int64_t now = NOW + DAY; // all are due
    write_config("  - {name: example.org, records: [a TXT b]}\n  - example.net\n");
    take(publisher, now);
    size_t first = SIZE_MAX;
    assert_true(due_first(&publisher->audit.zones, &first) < now);
    assert_string_equal(publisher->zones.list[first].name, "example.org");
    publisher_close(publisher);
}

static void a_bad_signature_is_an_alarm_and_the_zone_is_made_anew(void **state)
{
    (void)state;
    static const uint16_t types[] = {RR_TYPE_SOA, RR_TYPE_NS, RR_TYPE_DNSKEY, RR_TYPE_NSEC};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct publisher *publisher = begin_box();
        uint32_t serial = serial_of(publisher, "example.org");
        spoil(publisher, "example.org", types[i]);
        listen_to_log();
        audit(publisher, NOW);
        assert_int_equal(end_listening("audit-failed zone=example.org what=\"example.org. "), 1);
        assert_int_equal(publisher->audit.failures, 1);
        assert_true(zone_named(publisher, "example.org")->audit.failed);
        uint64_t reused = publisher_counts(publisher).reused;
        work(publisher, NOW);
        assert_int_equal(publisher_counts(publisher).reused, reused); // nothing of it
        assert_true(serial_is_later(serial_of(publisher, "example.org"), serial));
        assert_valid(publisher, "example.org", NOW);
        assert_false(zone_named(publisher, "example.org")->audit.failed);
        audit(publisher, NOW + PUBLISH_RETRY_S);
        assert_int_equal(publisher->audit.failures, 1);
        publisher_close(publisher);
        in_shell("rm -rf state");
    }
}

static void another_image_than_was_published_is_found(void **state)
{
    (void)state;
    struct publisher *publisher = begin_box();
    struct zone *zone = zone_named(publisher, "box.example.com");
    zone->published.serial--; // as if an older one had been put back
    listen_to_log();
    audit(publisher, NOW);
    assert_int_equal(end_listening("audit-failed zone=box.example.com"), 1);
    work(publisher, NOW);
    assert_valid(publisher, "box.example.com", NOW);
    publisher_close(publisher);
}

static void what_fails_again_and_again_is_not_published_in_a_circle(void **state)
{
    (void)state;
    struct publisher *publisher = begin_box();
    spoil(publisher, "example.org", RR_TYPE_SOA);
    for (int i = 0; i < 3; i++) {
        int64_t now = NOW + i * PUBLISH_RETRY_S;
        audit(publisher, now);
        assert_int_equal(publisher->audit.failures, i + 1);
        work(publisher, now);
        spoil(publisher, "example.org", RR_TYPE_SOA);
        audit(publisher, now + PUBLISH_RETRY_S - 1);
        assert_int_equal(publisher->audit.failures, i + 1);
    }
    publisher_close(publisher);
}

static void a_step_is_short_and_the_next_goes_on(void **state)
{
    (void)state;
    struct buf domains = {0};
    buf_put_text(&domains, "  - name: example.org\n    records:\n");
    for (int i = 0; i < 600; i++)
        buf_printf(&domains, "      - h%d A 192.0.2.1\n", i);
    write_config(buf_text(&domains));
    buf_done(&domains);
    struct publisher *publisher = begin(NOW);
    size_t steps = audit(publisher, NOW);
    assert_true(steps > 3); // 1,200 signatures are more than 12 ms on any machine
    assert_int_equal(publisher->audit.signatures, signatures_of(publisher, "example.org") +
                                                      signatures_of(publisher, "box.example.com"));
    // Published in the middle of it: it is begun anew, with the new image.
    write_config("  - {name: example.org, records: [a TXT b]}\n");
    audit_published(publisher, zone_named(publisher, "example.org"), NOW);
    (void)audit_step(publisher, NOW);
    assert_true(publisher->audit.active);
    take(publisher, NOW + 1);
    assert_false(publisher->audit.active);
    audit(publisher, NOW + 1);
    assert_int_equal(publisher->audit.failures, 0);
    publisher_close(publisher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_is_served_is_verified_soon_and_each_day,
                                        box_set_up, box_tear_down),
        cmocka_unit_test_setup_teardown(what_was_just_published_comes_first, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(a_bad_signature_is_an_alarm_and_the_zone_is_made_anew,
                                        box_set_up, box_tear_down),
        cmocka_unit_test_setup_teardown(another_image_than_was_published_is_found, box_set_up,
                                        box_tear_down),
        cmocka_unit_test_setup_teardown(what_fails_again_and_again_is_not_published_in_a_circle,
                                        box_set_up, box_tear_down),
        cmocka_unit_test_setup_teardown(a_step_is_short_and_the_next_goes_on, box_set_up,
                                        box_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
