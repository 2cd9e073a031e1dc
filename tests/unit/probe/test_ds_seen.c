// SPDX-License-Identifier: ISC
// Which DS a parent's server has, and whom the parent wants to be told.
#include "probe/ds_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns/types.h"
#include "probe/dsync.h"

#define SOA(zone) zone " 300 IN SOA ns.org. h.org. 7 1 1 1 1"
#define DS        "Example.org. 3600 IN DS "

static struct observe_question question;
static ldns_pkt *packet;

static int start(void **state)
{
    (void)state;
    question = (struct observe_question){.kind = OBSERVE_DS, .key_count = 2};
    memcpy(question.zone, "\7example\3org", 13);
    for (unsigned i = 0; i < 2; i++) {
        struct observe_key *key = &question.keys[i];
        key->tag = (uint16_t)(1000 + i);
        key->algorithm = 13;
        memset(key->sha1, 0x10 + (int)i, sizeof(key->sha1));
        memset(key->sha256, 0x20 + (int)i, sizeof(key->sha256));
        memset(key->sha384, 0x30 + (int)i, sizeof(key->sha384));
    }
    packet = ldns_pkt_new();
    ldns_pkt_set_aa(packet, true);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ldns_pkt_free(packet);
    return 0;
}

static void put(ldns_pkt_section section, const char *text)
{
    ldns_rr *rr = NULL;
    assert_int_equal(ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL), LDNS_STATUS_OK);
    ldns_pkt_push_rr(packet, section, rr);
}

// A DS whose digest is an octet, so many times.
static void put_ds(const char *start_of_rdata, const char *octet, unsigned count)
{
    struct buf text = {0};
    buf_printf(&text, DS "%s ", start_of_rdata);
    for (unsigned i = 0; i < count; i++)
        buf_printf(&text, "%s", octet);
    buf_put_u8(&text, 0);
    put(LDNS_SECTION_ANSWER, (const char *)text.data);
    buf_done(&text);
}

static struct observe_set set_seen(void)
{
    struct observe_set set;
    uint32_t ttl;
    assert_true(ds_read(&question, packet, &set, &ttl));
    assert_int_equal(set.servers, 0);
    return set;
}

static bool is_answer(void)
{
    struct observe_set set;
    uint32_t ttl;
    return ds_read(&question, packet, &set, &ttl);
}

// ── DS ───────────────────────────────────────────────────────────────────────────────────────────

static void each_digest_names_the_key(void **state)
{
    (void)state;
    put_ds("1000 13 2", "20", 32);
    assert_int_equal(set_seen().keys, 1);
    put_ds("1001 13 4", "31", 48);
    assert_int_equal(set_seen().keys, 3);
    put_ds("1000 13 1", "10", 20);
    struct observe_set set = set_seen();
    assert_int_equal(set.keys, 3);
    assert_int_equal(set.foreign, 0);
}

static void what_names_no_key_is_foreign(void **state)
{
    (void)state;
    put_ds("1000 13 2", "21", 32); // the digest of the other key
    put_ds("1000 8 2", "20", 32);
    put_ds("1002 13 2", "20", 32);
    put_ds("1000 13 3", "20", 32); // GOST
    put_ds("1000 13 2", "20", 31);
    put_ds("1000 13 4", "20", 32);
    struct observe_set set = set_seen();
    assert_int_equal(set.keys, 0);
    assert_int_equal(set.foreign, 6);
}

static void expect_set(uint16_t strong, uint16_t traits)
{
    struct observe_set set = set_seen();
    assert_int_equal(set.strong, strong);
    assert_int_equal(set.traits, traits);
}

// What validators of others make of such sets: tests/integration/test_ds_sets.py.
static void of_the_strongest_digest_type_each_algorithm_should_name_a_key(void **state)
{
    (void)state;
    put(LDNS_SECTION_AUTHORITY, SOA("org."));
    expect_set(0, 0);
    put_ds("1000 200 4", "5a", 48); // of an algorithm that nobody has: does not count
    put_ds("1000 13 5", "5a", 32);  // nor does such a digest
    expect_set(0, 0);
    put_ds("1000 13 1", "10", 20);
    expect_set(1, OBSERVE_DS_COUNTS);
    put_ds("1002 8 1", "5a", 20);
    expect_set(1, OBSERVE_DS_COUNTS | OBSERVE_DS_LACKS);
    put_ds("1001 13 2", "21", 32);
    expect_set(2, OBSERVE_DS_COUNTS);
    put_ds("1001 13 2", "5a", 32);
    put_ds("1000 13 1", "5b", 20);
    expect_set(2, OBSERVE_DS_COUNTS);
    put_ds("1000 15 2", "20", 32);
    expect_set(2, OBSERVE_DS_COUNTS | OBSERVE_DS_LACKS);
    put_ds("1000 13 4", "30", 48);
    expect_set(1, OBSERVE_DS_COUNTS);
    put_ds("1000 13 2", "20", 32);
    expect_set(1, OBSERVE_DS_COUNTS);
}

static void a_stronger_digest_that_names_no_key_leaves_none(void **state)
{
    (void)state;
    put_ds("1000 13 2", "20", 32);
    put_ds("1000 13 4", "5a", 48);
    expect_set(0, OBSERVE_DS_COUNTS | OBSERVE_DS_LACKS);
    assert_int_equal(set_seen().keys, 1);
}

static void the_same_record_twice_is_one(void **state)
{
    (void)state;
    put_ds("1002 13 2", "20", 32);
    put_ds("1002 13 2", "20", 32);
    assert_int_equal(set_seen().foreign, 1);
}

static void the_ttl_is_that_of_the_rrset(void **state)
{
    (void)state;
    struct observe_set set;
    uint32_t ttl = 1;
    put(LDNS_SECTION_AUTHORITY, SOA("org."));
    assert_true(ds_read(&question, packet, &set, &ttl));
    assert_int_equal(ttl, 0);
    put_ds("1000 13 2", "20", 32);
    assert_true(ds_read(&question, packet, &set, &ttl));
    assert_int_equal(ttl, 3600);
}

static void nothing_is_a_set_when_the_parent_says_so(void **state)
{
    (void)state;
    assert_false(is_answer()); // nobody says so
    put(LDNS_SECTION_AUTHORITY, SOA("org."));
    struct observe_set set = set_seen();
    assert_int_equal(set.keys, 0);
    assert_int_equal(set.foreign, 0);
}

static void nothing_said_by_the_zone_itself_is_no_answer(void **state)
{
    (void)state;
    put(LDNS_SECTION_AUTHORITY, SOA("EXAMPLE.org."));
    assert_false(is_answer());
}

static void errors_and_what_has_no_authority_are_no_answer(void **state)
{
    (void)state;
    static const ldns_pkt_rcode rcodes[] = {LDNS_RCODE_NXDOMAIN, LDNS_RCODE_SERVFAIL,
                                            LDNS_RCODE_REFUSED};
    put_ds("1000 13 2", "20", 32);
    put(LDNS_SECTION_AUTHORITY, SOA("org."));
    assert_true(is_answer());
    for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
        ldns_pkt_set_rcode(packet, (uint8_t)rcodes[i]);
        assert_false(is_answer());
    }
    ldns_pkt_set_rcode(packet, LDNS_RCODE_NOERROR);
    ldns_pkt_set_aa(packet, false);
    assert_false(is_answer());
}

static void more_records_than_anybody_has_are_no_answer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 65; i++) {
        char text[32];
        snprintf(text, sizeof(text), "%u 13 2", i);
        put_ds(text, "20", 32);
    }
    assert_false(is_answer());
}

static void sets_are_told_apart_and_counted(void **state)
{
    (void)state;
    struct observe_answer answer = {0};
    struct observe_set set = {.keys = 1};
    assert_true(ds_count(&answer, &set));
    assert_true(ds_count(&answer, &set));
    set.foreign = 1;
    assert_true(ds_count(&answer, &set));
    assert_int_equal(answer.set_count, 2);
    assert_int_equal(answer.sets[0].servers, 2);
    assert_int_equal(answer.sets[1].servers, 1);
    while (answer.set_count < OBSERVE_SETS_MAX) {
        set.foreign++;
        assert_true(ds_count(&answer, &set));
    }
    assert_true(ds_count(&answer, &set));
    set.foreign++;
    assert_false(ds_count(&answer, &set));
    assert_int_equal(answer.set_count, OBSERVE_SETS_MAX);
}

// ── DSYNC ────────────────────────────────────────────────────────────────────────────────────────

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_from_text(text, &name, NULL), STATUS_OK);
    return name;
}

// Each name that is looked at, when every answer says that this zone has nothing; NULL: says no zone.
static void expect_looks(const char *zone, const char *apex, const char *const *names)
{
    struct dsync_search search;
    struct name looked, above = name_of(apex != NULL ? apex : ".");
    char text[NAME_TEXT_MAX];
    dsync_begin(&search, name_of(zone).wire);
    while (dsync_name(&search, &looked)) {
        assert_non_null(*names);
        assert_string_equal(name_to_text(looked.wire, text), *names++);
        dsync_go_on(&search, apex != NULL ? above.wire : NULL);
    }
    assert_null(*names);
}

static void names_are_looked_at_in_the_order_of_the_rfc(void **state)
{
    (void)state;
    expect_looks("child.example", "example",
                 (const char *[]){"child._dsync.example.", "_dsync.example.", NULL});
    expect_looks(
        "city.ise.mie.jp", "jp",
        (const char *[]){"city._dsync.ise.mie.jp.", "city.ise.mie._dsync.jp.", "_dsync.jp.", NULL});
    expect_looks("example", ".", (const char *[]){"example._dsync.", "_dsync.", NULL});
    expect_looks("child.example", NULL,
                 (const char *[]){"child._dsync.example.", "_dsync.example.", NULL});
    // A zone of its own for the targets.
    expect_looks("child.example", "_dsync.example",
                 (const char *[]){"child._dsync.example.", "_dsync.example.", NULL});
    expect_looks(".", NULL, (const char *[]){NULL});
}

static void a_zone_above_that_is_never_the_same_ends_the_search(void **state)
{
    (void)state;
    struct dsync_search search;
    struct name looked, zone = name_of("a.b.c.d.e.f.g.h.i.j");
    unsigned looks = 0;
    dsync_begin(&search, zone.wire);
    while (dsync_name(&search, &looked)) {
        looks++;
        dsync_go_on(&search,
                    search.zone.wire + search.above + 2); // one label further up, each time
    }
    assert_int_equal(looks, DSYNC_LOOKS_MAX);
}

static void a_name_that_is_too_long_is_not_looked_at(void **state)
{
    (void)state;
    struct dsync_search search;
    struct name looked, zone = {.len = 251};
    for (unsigned i = 0; i < 125; i++)
        memcpy(zone.wire + 2 * i, "\1a", 2);
    dsync_begin(&search, zone.wire);
    assert_false(dsync_name(&search, &looked));
}

static void only_targets_for_cds_by_notify_count(void **state)
{
    (void)state;
    // CDS NOTIFY 5359 t.; the same; CSYNC; scheme 0; scheme 2; port 0; the root; an octet too many; no target
    static const char *const records[] = {"a._dsync.org. 60 IN TYPE66 \\# 8 003b0114ef017400",
                                          "A._dsync.org. 60 IN TYPE66 \\# 8 003b0114ef015400",
                                          "a._dsync.org. 60 IN TYPE66 \\# 8 003e0114ef017400",
                                          "a._dsync.org. 60 IN TYPE66 \\# 8 003b0014ef017400",
                                          "a._dsync.org. 60 IN TYPE66 \\# 8 003b0214ef017400",
                                          "a._dsync.org. 60 IN TYPE66 \\# 8 003b010000017400",
                                          "a._dsync.org. 60 IN TYPE66 \\# 6 003b0114ef00",
                                          "a._dsync.org. 60 IN TYPE66 \\# 9 003b0114ef01740000",
                                          "a._dsync.org. 60 IN TYPE66 \\# 5 003b0114ef",
                                          "b._dsync.org. 60 IN TYPE66 \\# 8 003b0114ef017600"};
    struct dsync_target targets[DSYNC_TARGETS_MAX];
    char text[NAME_TEXT_MAX];
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
        put(LDNS_SECTION_ANSWER, records[i]);
    struct name owner = name_of("a._dsync.org");
    assert_int_equal(dsync_targets(ldns_pkt_answer(packet), owner.wire, targets), 1);
    assert_int_equal(targets[0].port, 5359);
    assert_string_equal(name_to_text(targets[0].host.wire, text), "t.");
    for (unsigned i = 0; i < 6; i++) {
        snprintf(text, sizeof(text), "a._dsync.org. 60 IN TYPE66 \\# 8 003b0100%02x017400", 1 + i);
        put(LDNS_SECTION_ANSWER, text);
    }
    assert_int_equal(dsync_targets(ldns_pkt_answer(packet), owner.wire, targets),
                     DSYNC_TARGETS_MAX);
}

#define test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(each_digest_names_the_key),
        test(what_names_no_key_is_foreign),
        test(of_the_strongest_digest_type_each_algorithm_should_name_a_key),
        test(a_stronger_digest_that_names_no_key_leaves_none),
        test(the_same_record_twice_is_one),
        test(the_ttl_is_that_of_the_rrset),
        test(nothing_is_a_set_when_the_parent_says_so),
        test(nothing_said_by_the_zone_itself_is_no_answer),
        test(errors_and_what_has_no_authority_are_no_answer),
        test(more_records_than_anybody_has_are_no_answer),
        test(sets_are_told_apart_and_counted),
        test(names_are_looked_at_in_the_order_of_the_rfc),
        test(a_zone_above_that_is_never_the_same_ends_the_search),
        test(a_name_that_is_too_long_is_not_looked_at),
        test(only_targets_for_cds_by_notify_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
