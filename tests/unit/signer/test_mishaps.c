// SPDX-License-Identifier: ISC
// What an admin, a reboot or a broken file does to a running publisher: nothing that was good is lost, and what is
// wrong is said once.
#include "tests/unit/signer/box.h"

#include "dns/serial.h"

// ── Notes ────────────────────────────────────────────────────────────────────────────────────────

// Valid for the ten days from NOW on.
static void write_certificate(void)
{
    in_shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 "
             "-subj /CN=box.example.com -keyout tls.key -out tls.pem 2>errors");
}

static void a_certificate_that_expires_is_said_once_when_it_does(void **state)
{
    (void)state;
    write_certificate();
    int64_t now = time(NULL);
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: [tls.pem]", "  - example.com\n");
    struct publisher *publisher = start(now);
    listen_to_log();
    work(publisher, now);
    int64_t next = publisher_next(publisher, now);
    assert_int_equal(end_listening("expired"), 0);
    // Signatures are renewed first; the end of the certificate is no later than the next but one.
    listen_to_log();
    for (int64_t end = now + 11 * DAY; next < end; next = publisher_next(publisher, next))
        work(publisher, next);
    assert_int_equal(end_listening("zone-note zone=example.com input="), 1);
    // A change that has nothing to do with it does not say it again.
    listen_to_log();
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: [tls.pem]",
              "  - example.com\n  - example.org\n");
    take(publisher, now + 11 * DAY);
    assert_int_equal(end_listening("zone-note"), 0);
    publisher_close(publisher);
}

// ── What is lacking ──────────────────────────────────────────────────────────────────────────────

// A boot where the network comes later.
static void a_box_without_addresses_keeps_those_it_published(void **state)
{
    (void)state;
    write_box("dkim: no, ssh: [], tls: []", "  - example.com\n");
    struct inputs *inputs = read_inputs();
    free(inputs->found);
    inputs->found = xcalloc(1, sizeof(*inputs->found));
    inputs->found_count = 1;
    assert_int_equal(address_parse("8.8.8.8", 0, &inputs->found[0], NULL), STATUS_OK);
    struct publisher *publisher = start(NOW);
    publisher_set_inputs(publisher, inputs, NOW);
    work(publisher, NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    assert_true(zone_has(publisher, "example.com", "box.example.com", LDNS_RR_TYPE_A));
    inputs = read_inputs();
    inputs->found_count = 0;
    listen_to_log();
    publisher_set_inputs(publisher, inputs, NOW + 1);
    work(publisher, NOW + 1);
    assert_int_equal(end_listening("zone-kept zone=example.com"), 1);
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    // It is signed on meanwhile.
    work(publisher, NOW + 10 * DAY);
    assert_valid(publisher, "example.com", NOW + 10 * DAY);
    assert_true(zone_has(publisher, "example.com", "box.example.com", LDNS_RR_TYPE_A));
    publisher_close(publisher);
}

static void a_box_that_never_had_an_address_is_told(void **state)
{
    (void)state;
    write_box("dkim: no, ssh: [], tls: []", "  - example.com\n");
    struct inputs *inputs = read_inputs();
    inputs->found_count = 0;
    struct publisher *publisher = start(NOW);
    publisher_set_inputs(publisher, inputs, NOW);
    listen_to_log();
    work(publisher, NOW);
    assert_int_equal(end_listening("zone-note zone=example.com reason=\"box.example.com. A is"), 1);
    publisher_close(publisher);
}

static void another_certificate_that_is_not_there_keeps_the_tlsa(void **state)
{
    (void)state;
    int64_t now = time(NULL);
    write_certificate();
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: [tls.pem]", "  - example.com\n");
    struct publisher *publisher = begin(now);
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: [typo.pem]", "  - example.com\n");
    take(publisher, now);
    assert_true(zone_has(publisher, "example.com", "_25._tcp.box.example.com", LDNS_RR_TYPE_TLSA));
    assert_true(publisher_has_trouble(publisher));
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: []", "  - example.com\n");
    take(publisher, now); // that is said clearly
    assert_false(zone_has(publisher, "example.com", "_25._tcp.box.example.com", LDNS_RR_TYPE_TLSA));
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

// ── Zones below zones ────────────────────────────────────────────────────────────────────────────

static void a_zone_below_that_breaks_stays_delegated(void **state)
{
    (void)state;
    write_text("sub.zone", "@ 3600 SOA what\n");
    write_config("  - example.com\n  - sub.example.com\n");
    struct publisher *publisher = begin(NOW);
    work(publisher, NOW + 2 * DAY);
    uint32_t serial = serial_of(publisher, "example.com");
    assert_true(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    write_config("  - example.com\n  - {name: sub.example.com, zone-file: sub.zone}\n");
    take(publisher, NOW + 2 * DAY + 1);
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    assert_true(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_NS));
    assert_valid(publisher, "sub.example.com", NOW + 2 * DAY + 1);
    publisher_close(publisher);
}

static void a_ds_comes_when_caches_have_forgotten_the_zone_without_signatures(void **state)
{
    (void)state;
    write_config("  - example.com\n  - {name: sub.example.com, dnssec: off}\n");
    struct publisher *publisher = begin(NOW);
    assert_false(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    write_config("  - example.com\n  - sub.example.com\n");
    take(publisher, NOW + 1);
    assert_valid(publisher, "sub.example.com", NOW + 1);
    assert_false(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    struct zones *zones = &publisher->zones;
    const struct zone_target *target =
        zonegen_target_find(zones->targets, zones->count, "sub.example.com");
    int64_t next = zones_find(zones, target)->life_next;
    assert_in_range(next, NOW + DAY, NOW + 2 * DAY);
    work(publisher, next - 1);
    assert_false(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    work(publisher, next);
    assert_true(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    publisher_close(publisher);
}

static void a_zone_switched_off_stays_signed_while_its_ds_may_be_known(void **state)
{
    (void)state;
    write_config("  - example.com\n  - sub.example.com\n");
    struct publisher *publisher = begin(NOW);
    work(publisher, NOW + 2 * DAY);
    assert_true(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    write_config("  - example.com\n  - {name: sub.example.com, dnssec: off}\n");
    take(publisher, NOW + 2 * DAY + 1);
    assert_false(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    assert_true(zone_has(publisher, "sub.example.com", "sub.example.com", LDNS_RR_TYPE_DNSKEY));
    assert_valid(publisher, "sub.example.com", NOW + 2 * DAY + 1);
    publisher_close(publisher);
}

// After the loss of serve/ nobody sees the delegation without its DS.
static void a_zone_below_is_published_before_the_one_above(void **state)
{
    (void)state;
    write_config("  - example.com\n  - sub.example.com\n  - deep.sub.example.com\n");
    struct publisher *publisher = begin(NOW);
    work(publisher, NOW + 2 * DAY);
    publisher_close(publisher);
    in_shell("rm -r state/serve");
    publisher = begin(NOW + 2 * DAY + 1);
    assert_int_equal(publisher_counts(publisher).published, 3);
    assert_true(zone_has(publisher, "example.com", "sub.example.com", LDNS_RR_TYPE_DS));
    assert_true(zone_has(publisher, "sub.example.com", "deep.sub.example.com", LDNS_RR_TYPE_DS));
    publisher_close(publisher);
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────

static void signatures_that_fall_due_while_others_are_made_are_published(void **state)
{
    (void)state;
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: []", "  - example.com\n");
    struct publisher *publisher = begin(NOW);
    int64_t due = publisher_next(publisher, NOW);
    int64_t now = due - 2 * (two_weeks.lifetime / PLAN_WINDOW_PART);
    uint32_t serial = serial_of(publisher, "example.com");
    write_box("dkim: no, addresses: [192.0.2.2], ssh: [], tls: []", "  - example.com\n");
    publisher_set_inputs(publisher, read_inputs(), now);
    struct batch *batch = sign_next(publisher, now);
    assert_non_null(batch);
    assert_int_equal(publisher_commit(publisher, batch, due + 1), STATUS_OK);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    assert_false(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

// ── Damage ───────────────────────────────────────────────────────────────────────────────────────

// Batches that fail are tried again, as publisher_next says.
static void work_on(struct publisher *publisher, int64_t now)
{
    for (int turns = 0; turns < 20; turns++) {
        struct batch *batch;
        while ((batch = sign_next(publisher, now)) != NULL)
            if (publisher_commit(publisher, batch, now) != STATUS_OK)
                break;
        now++;
    }
}

// LMDB notes where a database begins behind its name, 40 octets on; opening a store does not follow all of it.
static void damage_serve(void)
{
    in_shell("perl -0777 -e '$f = \"state/serve/data.mdb\"; open F, \"+<\", $f; $_ = <F>; "
             "s/(images.{40})(.)(.)/$1$2\\x7f/sg; seek F, 0, 0; print F'");
}

static void a_damaged_serve_is_made_anew(void **state)
{
    (void)state;
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: []",
              "  - example.com\n  - example.org\n");
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.org");
    publisher_close(publisher);
    damage_serve(); // while nobody runs
    publisher = begin(NOW + 60);
    assert_valid(publisher, "example.org", NOW + 60);
    damage_serve(); // and while it does
    write_box("dkim: no, addresses: [192.0.2.2], ssh: [], tls: []",
              "  - example.com\n  - example.org\n");
    publisher_set_inputs(publisher, read_inputs(), NOW + 120);
    work_on(publisher, NOW + 120);
    assert_null(publisher->trouble);
    assert_valid(publisher, "example.com", NOW + 180);
    assert_valid(publisher, "example.org", NOW + 180);
    assert_true(serial_is_later(serial_of(publisher, "example.org"), serial + 1));
    publisher_close(publisher);
}

// ── DKIM ─────────────────────────────────────────────────────────────────────────────────────────

static void write_dkim_config(unsigned address)
{
    char *options =
        xasprintf("addresses: [192.0.2.%u], ssh: [], tls: [], dkim: {selector: m}", address);
    write_box(options, "  - example.com\n");
    free(options);
}

static void published_dkim_keys_that_are_gone_stay_published(void **state)
{
    (void)state;
    write_dkim_config(1);
    struct publisher *publisher = begin(NOW);
    assert_true(zone_has(publisher, "example.com", "m-ed25519-20261118._domainkey.example.com",
                         LDNS_RR_TYPE_TXT));
    assert_false(publisher_has_trouble(publisher));
    // The public file is written again from the private one.
    in_shell("rm state/dkim/example.com/*.pub");
    write_dkim_config(2);
    take(publisher, NOW);
    assert_false(publisher_has_trouble(publisher));
    in_shell("test $(ls state/dkim/example.com | wc -l) = 4");
    uint32_t serial = serial_of(publisher, "example.com");
    in_shell("mv state/dkim/example.com backup");
    write_dkim_config(3);
    take(publisher, NOW);
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    assert_true(publisher_has_trouble(publisher));
    in_shell("test ! -e state/dkim/example.com");
    in_shell("mv backup state/dkim/example.com");
    take(publisher, NOW + PUBLISH_RETRY_S);
    assert_false(publisher_has_trouble(publisher));
    assert_int_not_equal(serial_of(publisher, "example.com"), serial);
    // An empty directory is the admin's word that nobody signs with the old ones.
    in_shell("rm state/dkim/example.com/*");
    publisher_touch_all(publisher);
    work(publisher, NOW + 2 * DAY);
    assert_false(publisher_has_trouble(publisher));
    in_shell("test $(ls state/dkim/example.com | wc -l) = 4");
    publisher_close(publisher);
}

static void a_broken_dkim_key_stops_nothing_but_itself(void **state)
{
    (void)state;
    write_dkim_config(1);
    struct publisher *publisher = begin(NOW);
    uint32_t serial = serial_of(publisher, "example.com");
    in_shell("echo garbage >state/dkim/example.com/newsletter.pub");
    write_dkim_config(2);
    listen_to_log();
    take(publisher, NOW);
    assert_int_equal(end_listening("newsletter.pub"), 1);
    assert_int_not_equal(serial_of(publisher, "example.com"), serial);
    assert_true(publisher_has_trouble(publisher));
    // So with a private file: it was never published.
    in_shell("echo garbage >state/dkim/example.com/mine.private; "
             "openssl genpkey -algorithm ED25519 | openssl pkey -pubout "
             "-out state/dkim/example.com/newsletter.pub");
    publisher_touch_all(publisher);
    work(publisher, NOW + 1);
    assert_true(
        zone_has(publisher, "example.com", "newsletter._domainkey.example.com", LDNS_RR_TYPE_TXT));
    assert_true(publisher_has_trouble(publisher));
    in_shell("rm state/dkim/example.com/mine.private");
    publisher_touch_all(publisher);
    work(publisher, NOW + 2);
    assert_false(publisher_has_trouble(publisher));
    // One that is published and cannot be read any more keeps its record, and holds nothing else up.
    serial = serial_of(publisher, "example.com");
    in_shell("echo garbage >state/dkim/example.com/newsletter.pub");
    write_dkim_config(3);
    take(publisher, NOW + 3);
    assert_int_not_equal(serial_of(publisher, "example.com"), serial);
    assert_true(
        zone_has(publisher, "example.com", "newsletter._domainkey.example.com", LDNS_RR_TYPE_TXT));
    assert_true(publisher_has_trouble(publisher));
    publisher_close(publisher);
}

// ── Many zones ───────────────────────────────────────────────────────────────────────────────────

// All zones are to be made anew; the one whose own lines changed does not wait for the others.
static void what_the_admin_changed_comes_first(void **state)
{
    (void)state;
    write_box("dkim: no, addresses: [192.0.2.1], ssh: [], tls: []",
              "  - example.com\n  - a.test\n  - b.test\n  - c.test\n");
    struct publisher *publisher = begin(NOW);
    write_box("dkim: no, addresses: [192.0.2.2], ssh: [], tls: []",
              "  - example.com\n  - {name: a.test, dnssec: off}\n  - b.test\n  - c.test\n");
    publisher_set_inputs(publisher, read_inputs(), NOW);
    assert_non_null(publisher_collect(publisher, NOW));
    assert_true(publisher->batch->count >= 2);
    assert_string_equal(publisher->batch->builds[0].zone->name, "example.com"); // has the host
    assert_string_equal(publisher->batch->builds[1].zone->name, "a.test");
    publisher_close(publisher);
}

// ── Foreign key files ────────────────────────────────────────────────────────────────────────────

// Somebody's .key without .private is none of the keys that the zone lives with.
static void a_foreign_key_file_changes_nothing(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    in_shell("ldns-keygen -a 13 -k example.com > made && rm -f *.ds && "
             "mv Kexample.com.*.key state/keys");
    publisher_touch_all(publisher);
    for (int64_t now = NOW; now < NOW + 30 * DAY; now += DAY)
        work(publisher, now);
    assert_false(publisher_has_trouble(publisher));
    in_shell("rm \"state/keys/$(cat made).key\"");
    assert_valid(publisher, "example.com", NOW + 30 * DAY);
    publisher_close(publisher);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_that_expires_is_said_once_when_it_does),
        TEST(a_box_without_addresses_keeps_those_it_published),
        TEST(a_box_that_never_had_an_address_is_told),
        TEST(another_certificate_that_is_not_there_keeps_the_tlsa),
        TEST(a_zone_below_that_breaks_stays_delegated),
        TEST(a_ds_comes_when_caches_have_forgotten_the_zone_without_signatures),
        TEST(a_zone_switched_off_stays_signed_while_its_ds_may_be_known),
        TEST(a_zone_below_is_published_before_the_one_above),
        TEST(signatures_that_fall_due_while_others_are_made_are_published),
        TEST(a_damaged_serve_is_made_anew),
        TEST(published_dkim_keys_that_are_gone_stay_published),
        TEST(a_broken_dkim_key_stops_nothing_but_itself),
        TEST(what_the_admin_changed_comes_first),
        TEST(a_foreign_key_file_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
