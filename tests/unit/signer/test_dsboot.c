// SPDX-License-Identifier: ISC
// Signalling records (RFC 9615): in which zones they are, since when, and how often those are made for them.
#include "tests/unit/signer/box.h"

#include "dns/types.h"
#include "signer/dsboot.h"
#include "signer/life.h"

#define OFFERED (NOW + 2 * DAY) // by then the DS of every zone is
#define AT_ORG1 "_dsboot.example.org._signal.ns1.box.example.com"
#define AT_ORG2 "_dsboot.example.org._signal.ns2.box.example.com"

// Until nothing is to be done any more, however fast this machine.
static void settle(struct publisher *publisher, int64_t now)
{
    work(publisher, now);
    for (int turns = 0; publisher->dsboot.count > 0; turns++) {
        assert_true(turns < 5000);
        usleep(1000);
        work(publisher, now);
    }
}

// Somebody has looked at all servers of the parent: they have the DS that is offered, or none.
static void see_ds(struct publisher *publisher, const char *name, bool is_there, int64_t now)
{
    struct zone *zone = zone_named(publisher, name);
    struct keyset set;
    life_read(&zone->state, &set);
    assert_true(set.begun && set.offered != 0);
    struct keyset_parent_sight sight = {.seen_at = now, .ok = 2, .ttl = 3600, .set_count = 1};
    sight.sets[0].keys = is_there ? set.offered : 0;
    assert_true(keyset_see_parent(&set, &sight, now));
    life_put(&set, &zone->state);
    zone->keyset_unsaved = true;
    queue_touch(zone);
}

static void see_and_settle(struct publisher *publisher, const char *name, bool is_there,
                           int64_t now)
{
    see_ds(publisher, name, is_there, now);
    settle(publisher, now);
}

static struct publisher *begin_offered(const char *domains)
{
    write_config(domains);
    struct publisher *publisher = begin(NOW);
    settle(publisher, OFFERED);
    assert_false(publisher_has_trouble(publisher));
    return publisher;
}

static void put_rdata(const struct image *image, const struct image_rrset *rrset, struct buf *ret)
{
    struct image_cursor cursor;
    struct image_rr rr;
    assert_non_null(rrset);
    assert_true(rrset->sig_count > 0);
    for (image_rrs(&cursor, image, rrset, false); image_rrs_next(&cursor, &rr);)
        buf_put(ret, rr.rdata, rr.rdata_len);
}

static void assert_equal_to_apex(struct publisher *publisher, const char *owner, uint16_t type)
{
    struct image image;
    struct buf said = {0}, meant = {0};
    assert_true(look(publisher, "example.com", &image));
    put_rdata(&image, find_rrset(&image, "example.com", owner, type), &said);
    stores_reset(&publisher->stores);
    assert_true(look(publisher, "example.org", &image));
    put_rdata(&image, find_rrset(&image, "example.org", "example.org", type), &meant);
    assert_int_equal(said.len, meant.len);
    assert_memory_equal(said.data, meant.data, said.len);
    stores_reset(&publisher->stores);
    buf_done(&said);
    buf_done(&meant);
}

static bool is_signalled(struct publisher *publisher, const char *owner)
{
    bool cds = zone_has(publisher, "example.com", owner, RR_TYPE_CDS);
    assert_int_equal(cds, zone_has(publisher, "example.com", owner, RR_TYPE_CDNSKEY));
    return cds;
}

static void assert_count(const struct publisher *publisher, const char *zone, size_t names,
                         size_t said, size_t guests)
{
    size_t counts[3];
    dsboot_count(zone_named(publisher, zone), &counts[0], &counts[1], &counts[2]);
    assert_int_equal(counts[0], names);
    assert_int_equal(counts[1], said);
    assert_int_equal(counts[2], guests);
}

// ── Since when ───────────────────────────────────────────────────────────────────────────────────

static void a_domain_is_signalled_until_its_first_ds_is_seen(void **state)
{
    (void)state;
    struct publisher *publisher = begin_offered("  - example.com\n  - example.org\n");
    assert_true(zone_has(publisher, "example.org", "example.org", RR_TYPE_CDS));
    assert_false(is_signalled(publisher, AT_ORG1)); // nobody could trust it
    assert_count(publisher, "example.org", 2, 0, 0);
    assert_count(publisher, "example.com", 0, 0, 0);
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    assert_true(is_signalled(publisher, AT_ORG1) && is_signalled(publisher, AT_ORG2));
    assert_count(publisher, "example.org", 2, 2, 0);
    assert_count(publisher, "example.com", 0, 0, 2);
    assert_equal_to_apex(publisher, AT_ORG1, RR_TYPE_CDS);
    assert_equal_to_apex(publisher, AT_ORG2, RR_TYPE_CDNSKEY);
    assert_valid(publisher, "example.com", OFFERED + 1);
    see_and_settle(publisher, "example.org", true, OFFERED + 2);
    assert_false(is_signalled(publisher, AT_ORG1) || is_signalled(publisher, AT_ORG2));
    assert_count(publisher, "example.org", 0, 0, 0);
    assert_count(publisher, "example.com", 0, 0, 0);
    assert_valid(publisher, "example.com", OFFERED + 2);
    // What was seen once was entered: that it is out again is somebody's will.
    see_and_settle(publisher, "example.org", false, OFFERED + 3);
    assert_false(is_signalled(publisher, AT_ORG1));
    publisher_close(publisher);
}

static void a_host_that_loses_its_ds_vouches_for_nobody(void **state)
{
    (void)state;
    struct publisher *publisher = begin_offered("  - example.com\n  - example.org\n");
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    assert_true(is_signalled(publisher, AT_ORG1));
    see_and_settle(publisher, "example.com", false, OFFERED + 2);
    assert_false(is_signalled(publisher, AT_ORG1));
    see_and_settle(publisher, "example.com", true, OFFERED + 3);
    assert_true(is_signalled(publisher, AT_ORG1));
    publisher_close(publisher);
}

static void the_domains_own_records_are_served_first(void **state)
{
    (void)state;
    write_config("  - example.com\n");
    struct publisher *publisher = begin(NOW);
    work(publisher, OFFERED);
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    write_config("  - example.com\n  - example.org\n");
    publisher_set_inputs(publisher, read_inputs(), OFFERED + 1);
    struct batch *batch;
    int64_t now = OFFERED + 1;
    bool signalled = false;
    for (int turns = 0; !signalled; turns++) { // each commit is seen by the world
        assert_true(turns < 5000);
        now = turns == 0 ? now : OFFERED + 4 * DAY;
        batch = sign_next(publisher, now);
        if (batch != NULL)
            assert_int_equal(publisher_commit(publisher, batch, now), STATUS_OK);
        else
            usleep(1000);
        signalled = is_signalled(publisher, AT_ORG1);
        if (signalled)
            assert_true(zone_has(publisher, "example.org", "example.org", RR_TYPE_CDS));
    }
    publisher_close(publisher);
}

static void after_a_start_everything_is_as_it_was(void **state)
{
    (void)state;
    struct publisher *publisher = begin_offered("  - example.com\n  - example.org\n");
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    uint32_t serial = serial_of(publisher, "example.com");
    publisher_close(publisher);
    publisher = start(OFFERED + 3);
    settle(publisher, OFFERED + 3);
    assert_true(is_signalled(publisher, AT_ORG1));
    assert_int_equal(serial_of(publisher, "example.com"), serial);
    publisher_close(publisher);
}

// ── For whom ─────────────────────────────────────────────────────────────────────────────────────

static void only_servers_outside_of_a_domain_vouch_for_it(void **state)
{
    (void)state;
    struct publisher *publisher = begin_offered(
        "  - example.com\n"
        "  - {name: example.org, nameservers: [{name: ns.example.org, addresses: [192.0.2.2]}, "
        "ns1.box.example.com, ns.elsewhere.example]}\n"
        "  - sub.example.com\n");
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    see_and_settle(publisher, "sub.example.com", false, OFFERED + 1);
    assert_true(is_signalled(publisher, AT_ORG1));
    assert_false(is_signalled(publisher, AT_ORG2));
    assert_int_equal(zone_named(publisher, "example.com")->dsboot->guest_count, 1);
    publisher_close(publisher);
}

static void what_is_switched_off_or_gone_is_not_signalled(void **state)
{
    (void)state;
    struct publisher *publisher =
        begin_offered("  - example.com\n  - example.org\n  - example.net\n");
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    assert_true(is_signalled(publisher, AT_ORG1));
    write_config("  - example.com\n  - {name: example.org, dnssec: {cds: no}}\n");
    publisher_set_inputs(publisher, read_inputs(), OFFERED + 1);
    settle(publisher, OFFERED + 1);
    assert_false(is_signalled(publisher, AT_ORG1));
    assert_false(is_signalled(publisher, "_dsboot.example.net._signal.ns1.box.example.com"));
    write_config("  - example.com\n  - example.org\n");
    publisher_set_inputs(publisher, read_inputs(), OFFERED + 1);
    settle(publisher, OFFERED + 1);
    assert_true(is_signalled(publisher, AT_ORG1));
    publisher_close(publisher);
}

#define LABEL "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" // 63

static void names_too_long_are_left_out_and_told_once(void **state)
{
    (void)state;
    char *domains = xasprintf(
        "  - example.com\n  - example.org\n  - %s.%s.%s.longer-than-all-of-that.example\n", LABEL,
        LABEL, LABEL);
    listen_to_log();
    struct publisher *publisher = begin_offered(domains);
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    publisher_touch_all(publisher);
    settle(publisher, OFFERED + 1);
    assert_int_equal(end_listening("signalling-name-too-long"), 1);
    assert_true(is_signalled(publisher, AT_ORG1));
    assert_int_equal(zone_named(publisher, "example.com")->dsboot->guest_count, 2);
    assert_valid(publisher, "example.com", OFFERED + 1);
    publisher_close(publisher);
    free(domains);
}

static void what_the_admin_wrote_at_such_a_name_stays_alone(void **state)
{
    (void)state;
    struct publisher *publisher = begin_offered(
        "  - name: example.com\n"
        "    records: ['_dsboot.example.org._signal.ns1.box CNAME elsewhere.example.']\n"
        "  - example.org\n");
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    assert_false(is_signalled(publisher, AT_ORG1));
    assert_true(zone_has(publisher, "example.com", AT_ORG1, RR_TYPE_CNAME));
    assert_true(is_signalled(publisher, AT_ORG2));
    assert_valid(publisher, "example.com", OFFERED + 1);
    publisher_close(publisher);
}

// ── How often ────────────────────────────────────────────────────────────────────────────────────

#define MANY 60

static void many_at_a_time_cost_one_zone(void **state)
{
    (void)state;
    struct buf domains = {0};
    buf_put_text(&domains, "  - example.com\n");
    for (int i = 0; i < MANY; i++)
        buf_printf(&domains, "  - d%d.example\n", i);
    struct publisher *publisher = begin_offered(buf_text(&domains));
    see_and_settle(publisher, "example.com", true, OFFERED + 1);
    struct zone *host = zone_named(publisher, "example.com");
    assert_int_equal(host->dsboot->guest_count, 2 * MANY);
    // All of them are seen within one round, in no order.
    uint64_t published = publisher_counts(publisher).published;
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof(name), "d%d.example", i * 7 % MANY);
        see_ds(publisher, name, true, OFFERED + 2);
    }
    settle(publisher, OFFERED + 2);
    assert_int_equal(host->dsboot->guest_count, 0);
    assert_int_equal(host->dsboot->wanted, 0);
    assert_int_equal(publisher_counts(publisher).published, published + 1);
    assert_false(is_signalled(publisher, "_dsboot.d1.example._signal.ns1.box.example.com"));
    publisher_close(publisher);
    buf_done(&domains);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_domain_is_signalled_until_its_first_ds_is_seen),
        TEST(a_host_that_loses_its_ds_vouches_for_nobody),
        TEST(the_domains_own_records_are_served_first),
        TEST(after_a_start_everything_is_as_it_was),
        TEST(only_servers_outside_of_a_domain_vouch_for_it),
        TEST(what_is_switched_off_or_gone_is_not_signalled),
        TEST(names_too_long_are_left_out_and_told_once),
        TEST(what_the_admin_wrote_at_such_a_name_stays_alone),
        TEST(many_at_a_time_cost_one_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
