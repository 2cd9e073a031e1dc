// SPDX-License-Identifier: ISC
// The narrow entry with the zone table behind it, on a real store that changes under it.
#include "server/respond.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "dns/image.h"
#include "dns/store.h"
#include "dns/types.h"
#include "tests/support/ask.h"
#include "tests/support/scratch.h"
#include "tests/support/zone_text.h"

#define HEAD "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n"
#define SOA(zone)                                                                                  \
    "authority " zone " SOA/300 ns1." zone " hostmaster." zone " 1 14400 3600 604800 300\n"

static char *directory;
static struct store *store;
static struct store_txn *txn;
static struct zones *zones;

static void fine(enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        fail_msg("%s", err->text);
}

static void open_writer(void)
{
    struct error err = {0};
    fine(store_open_writer(directory, STORE_SERVE, &store, &err), &err);
}

// An empty directory without a store, and a table on it.
static int set_up(void **state)
{
    make_scratch(state);
    directory = in_scratch("serve");
    zones = zones_new(directory);
    return 0;
}

static int tear_down(void **state)
{
    zones_free(zones);
    store_close(store);
    store = NULL;
    free(directory);
    return remove_scratch(state);
}

static void begin(void)
{
    struct error err = {0};
    fine(store_begin(store, &txn, &err), &err);
}

static void commit(void)
{
    struct error err = {0};
    fine(store_commit(txn, NULL, &err), &err);
}

static void make_key(const char *zone, struct name_key *ret)
{
    struct error err = {0};
    struct name name;
    fine(name_from_text(zone, &name, &err), &err);
    name_key(name.wire, ret);
}

static void put_octets(const char *zone, const void *octets, size_t len)
{
    struct error err = {0};
    struct name_key key;
    make_key(zone, &key);
    struct store_entry entry = {key.octets, key.len, octets, len};
    fine(store_put(txn, STORE_IMAGES, &entry, &err), &err);
}

static void put(const char *zone, const char *text)
{
    struct buf image = {0};
    zone_text_image(zone, text, &image);
    put_octets(zone, image.data, image.len);
    buf_done(&image);
}

static void take_away(const char *zone)
{
    struct error err = {0};
    struct name_key key;
    make_key(zone, &key);
    fine(store_delete(txn, STORE_IMAGES, key.octets, key.len, &err), &err);
}

static void put_alone(const char *zone, const char *text)
{
    begin();
    put(zone, text);
    commit();
}

static struct outcome outcome; // of the last query

// Inside a batch.
static size_t respond_in(const uint8_t *message, size_t len, enum transport transport, uint8_t *out,
                         size_t out_cap)
{
    const struct responder responder = {.zones = zones};
    const struct address client = {.v4 = {.sin_family = AF_INET}};
    struct exchange exchange = {
        .octets = message, .len = len, .client = &client, .out = out, .out_cap = out_cap};
    respond(&responder, transport, &exchange, 1);
    outcome = exchange.outcome;
    return exchange.out_len;
}

static size_t respond_to(const uint8_t *message, size_t len, enum transport transport, uint8_t *out,
                         size_t out_cap)
{
    struct responder responder = {.zones = zones};
    respond_begin(&responder);
    size_t out_len = respond_in(message, len, transport, out, out_cap);
    respond_end(&responder);
    return out_len;
}

static size_t ask(const char *question, enum transport transport, uint8_t *out)
{
    uint8_t message[ASK_MAX];
    return respond_to(message, ask_query(question, message), transport, out, DNS_MESSAGE_MAX);
}

static void expect(const char *question, const char *expected)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    char *text = ask_text(out, ask(question, TRANSPORT_UDP, out));
    if (strcmp(text, expected) != 0)
        fail_msg("%s\n%s--- expected:\n%s", question, text, expected);
    free(text);
}

static void without_a_store_the_answer_is_not_ready(void **state)
{
    (void)state;
    assert_false(zones_attend(zones));
    expect("www.example. A +edns", "SERVFAIL\nopt ede 14\n");
    open_writer();
    put_alone("example.", HEAD "www A 192.0.2.1\n");
    expect("www.example. A", "SERVFAIL\n");
    assert_true(zones_attend(zones));
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.1\n");
    assert_true(zones_attend(zones));
}

// More queries than are taken together, of all kinds and in another order each time: each gets the reply that it gets
// alone, whatever its neighbours are.
static void a_batch_answers_each_query_as_if_it_were_alone(void **state)
{
    (void)state;
    enum { COUNT = 100, ROOM = 1232 };
    static const char *const questions[] = {
        "www.example. A",       "www.example. A +do",      "example. MX",
        "nothing.example. A",   "x.wild.example. TXT",     "chain.example. A",
        "x.name.example. A",    "child.example. SOA",      "child.example. DS",
        "www.child.example. A", "below.cut.example. A",    "www.example.net. A +edns",
        "broken.test. A",       "www.example. AXFR +edns", "www.sub.child.example. A"};
    enum { KINDS = sizeof(questions) / sizeof(*questions) };
    open_writer();
    begin();
    put("example.", HEAD "www A 192.0.2.1\n*.wild TXT text\nchain CNAME name\nname DNAME wild\n"
                         "cut NS ns.cut\nns.cut A 192.0.2.2\nchild NS ns1\n");
    put("child.example.", HEAD "www A 192.0.2.3\n");
    put_octets("broken.test.", "damaged", 7);
    commit();
    zones_attend(zones);
    static uint8_t messages[COUNT][ASK_MAX], out[COUNT][ROOM], alone[ROOM];
    struct exchange exchanges[COUNT];
    const struct address client = {.v4 = {.sin_family = AF_INET}};
    struct responder responder = {.zones = zones};
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            size_t len = ask_query(questions[(i * (round + 1) + i / KINDS) % KINDS], messages[i]);
            exchanges[i] = (struct exchange){.octets = messages[i],
                                             .len = len,
                                             .client = &client,
                                             .out = out[i],
                                             .out_cap = ROOM};
            if (i % 7 == round % 7)
                exchanges[i].len = i % 12; // no query at all
        }
        respond_begin(&responder);
        respond(&responder, TRANSPORT_UDP, exchanges, COUNT);
        for (unsigned i = 0; i < COUNT; i++) {
            const struct exchange *exchange = &exchanges[i];
            size_t len = respond_in(exchange->octets, exchange->len, TRANSPORT_UDP, alone, ROOM);
            assert_int_equal(exchange->out_len, len);
            assert_memory_equal(out[i], alone, len);
            assert_int_equal(exchange->outcome.kind, outcome.kind);
            assert_int_equal(exchange->outcome.rcode, outcome.rcode);
            assert_int_equal(exchange->outcome.qtype, outcome.qtype);
            assert_int_equal(exchange->outcome.truncated, outcome.truncated);
            assert_true(exchange->outcome.source == outcome.source);
        }
        respond_end(&responder);
    }
}

static void names_of_no_zone_are_refused(void **state)
{
    (void)state;
    open_writer();
    put_alone("example.", HEAD);
    zones_attend(zones);
    expect("www.example.net. A +edns", "REFUSED\nopt ede 20\n");
    expect("notexample. A", "REFUSED\n");
    expect(". NS", "REFUSED\n");
    expect("example. MX", "NOERROR aa\n" SOA("example."));
    expect("www.example.net. A", "REFUSED\n");
}

static void a_commit_is_seen_by_the_next_batch(void **state)
{
    (void)state;
    open_writer();
    put_alone("example.", HEAD "www A 192.0.2.1\n");
    put_alone("example.net.", HEAD "www A 192.0.2.3\n");
    zones_attend(zones);
    static uint8_t out[DNS_MESSAGE_MAX];
    uint8_t message[ASK_MAX];
    size_t len = ask_query("www.example. A", message);
    zones_begin(zones);
    assert_int_equal(zones_count(zones), 2);
    put_alone("example.", HEAD "www A 192.0.2.2\n");
    size_t out_len = respond_in(message, len, TRANSPORT_UDP, out, sizeof(out));
    zones_end(zones);
    char *text = ask_text(out, out_len);
    assert_string_equal(text, "NOERROR aa\nanswer www.example. A 192.0.2.1\n");
    free(text);
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.2\n");
    expect("www.example.net. A", "NOERROR aa\nanswer www.example.net. A 192.0.2.3\n");
    begin();
    take_away("example.");
    commit();
    expect("www.example. A", "REFUSED\n");
    put_alone("example.", HEAD "www A 192.0.2.4\n");
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.4\n");
}

// The store uses pages again: some commits later an image of another layout lies where the one lay
// that was served last. Which commit that is, is LMDB's affair: several distances are tried.
static void an_image_where_another_lay_is_taken_anew(void **state)
{
    (void)state;
    open_writer();
    for (unsigned i = 0; i < 60; i++) {
        struct buf text = {0};
        char expected[100];
        buf_printf(&text, HEAD "www A 192.0.2.%u\n", i);
        for (unsigned k = 0; k < i % 7; k++)
            buf_printf(&text, "a%u.b%u TXT \"%u\"\n", k, k, i);
        put_alone("example.", buf_text(&text));
        buf_done(&text);
        if (i % (2 + i / 20) != 0)
            continue;
        zones_attend(zones);
        snprintf(expected, sizeof(expected), "NOERROR aa\nanswer www.example. A 192.0.2.%u\n", i);
        expect("www.example. A", expected);
        expect("a6.b6.example. TXT", "NXDOMAIN aa\n" SOA("example."));
    }
}

static void the_deepest_zone_answers_whenever_it_came(void **state)
{
    (void)state;
    open_writer();
    put_alone("example.", HEAD "www.sub TXT parent\n*.sub2 TXT parent\n");
    zones_attend(zones);
    expect("www.sub.example. TXT", "NOERROR aa\nanswer www.sub.example. TXT \"parent\"\n");
    put_alone("sub.example.", HEAD "www TXT child\n");
    expect("www.sub.example. TXT", "NOERROR aa\nanswer www.sub.example. TXT \"child\"\n");
    expect("x.sub2.example. TXT", "NOERROR aa\nanswer x.sub2.example. TXT \"parent\"\n");
    put_alone("b.a.sub.example.", HEAD "www TXT grandchild\n");
    expect("www.sub.example. TXT", "NOERROR aa\nanswer www.sub.example. TXT \"child\"\n");
    expect("www.b.a.sub.example. TXT",
           "NOERROR aa\nanswer www.b.a.sub.example. TXT \"grandchild\"\n");
    expect("a.sub.example. TXT", "NXDOMAIN aa\n" SOA("sub.example."));
    begin();
    take_away("sub.example.");
    commit();
    expect("www.sub.example. TXT", "NOERROR aa\nanswer www.sub.example. TXT \"parent\"\n");
    expect("www.b.a.sub.example. TXT",
           "NOERROR aa\nanswer www.b.a.sub.example. TXT \"grandchild\"\n");
}

// RFC 4035 §3.1.4.1
static void the_parent_answers_for_the_ds_of_an_apex(void **state)
{
    (void)state;
    open_writer();
    put_alone("sub.example.", HEAD);
    zones_attend(zones);
    expect("sub.example. DS", "NOERROR aa\n" SOA("sub.example."));
    put_alone("example.",
              HEAD "sub NS ns1.sub\nsub DS 1 13 2 "
                   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n");
    expect("sub.example. DS", "NOERROR aa\nanswer sub.example. DS\n");
    expect("sub.example. NS", "NOERROR aa\nanswer sub.example. NS ns1.sub.example.\n");
    expect("x.sub.example. DS", "NXDOMAIN aa\n" SOA("sub.example."));
    expect("example. DS", "NOERROR aa\n" SOA("example."));
}

static void a_damaged_image_fails_its_zone_alone(void **state)
{
    (void)state;
    struct buf image = {0};
    zone_text_image("broken.", HEAD "www A 192.0.2.1\n", &image);
    image.data[image.len - 1] ^= 1;
    open_writer();
    begin();
    put_octets("broken.", image.data, image.len);
    put_octets("tiny.", "x", 1);
    put("example.", HEAD "www A 192.0.2.1\n");
    commit();
    zones_attend(zones);
    expect("www.broken. A +edns", "SERVFAIL\nopt ede 24\n");
    expect("www.tiny. A", "SERVFAIL\n");
    expect("www.broken. A", "SERVFAIL\n");
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.1\n");
    image.data[image.len - 1] ^= 1;
    begin();
    put_octets("broken.", image.data, image.len);
    commit();
    expect("www.broken. A", "NOERROR aa\nanswer www.broken. A 192.0.2.1\n");
    begin();
    put_octets("other.", image.data, image.len); // whole, but of another zone
    commit();
    expect("www.other. A", "SERVFAIL\n");
    buf_done(&image);
}

// Takes their kind from the pages of the store's trees, or gives it back, under the eyes of the reader.
static void spoil_trees(bool spoil)
{
    enum { PAGE = 4096, FLAGS = 10, BRANCH_OR_LEAF = 3, SPOILT = 0x40 };
    char *path = path_join(directory, "data.mdb");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    uint16_t flags;
    for (off_t at = 2 * PAGE + FLAGS; pread(fd, &flags, sizeof(flags), at) == sizeof(flags);
         at += PAGE) {
        if (spoil && (flags & ~BRANCH_OR_LEAF) == 0 && flags != 0)
            flags = (uint16_t)(flags | SPOILT) & (uint16_t)~BRANCH_OR_LEAF;
        else if (!spoil && flags == SPOILT)
            flags = 2;
        assert_int_equal(pwrite(fd, &flags, sizeof(flags), at), sizeof(flags));
    }
    close(fd);
    free(path);
}

static void what_the_store_cannot_tell_is_no_absent_zone(void **state)
{
    (void)state;
    open_writer();
    begin();
    put("example.", HEAD "www A 192.0.2.1\n");
    put("sub.example.", HEAD "www A 192.0.2.2\n");
    commit();
    zones_attend(zones);
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.1\n");
    spoil_trees(true);
    expect("www.sub.example. A", "SERVFAIL\n"); // neither REFUSED nor the NXDOMAIN of example.
    expect("www.example.net. A +edns", "SERVFAIL\nopt ede 24\n");
    spoil_trees(false);
    expect("www.sub.example. A", "NOERROR aa\nanswer www.sub.example. A 192.0.2.2\n");
    begin();
    put("example.", HEAD "www A 192.0.2.3\n");
    commit();
    spoil_trees(true);
    expect("www.example. A", "SERVFAIL\n"); // known, but not under this snapshot
    spoil_trees(false);
    begin();
    put("example.", HEAD "www A 192.0.2.4\n");
    commit();
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.4\n");
}

static void more_nsec3_iterations_than_anybody_takes_are_not_served(void **state)
{
    (void)state;
    open_writer();
    put_alone("example.", HEAD "@ NSEC3PARAM 1 0 501 -\n"
                               "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 501 - "
                               "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom SOA NS\n");
    zones_attend(zones);
    expect("example. SOA", "SERVFAIL\n");
}

static void a_store_made_anew_is_noticed(void **state)
{
    (void)state;
    struct error err = {0};
    open_writer();
    put_alone("example.", HEAD "www A 192.0.2.1\n");
    zones_attend(zones);
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.1\n");
    store_close(store);
    fine(store_destroy(directory, &err), &err);
    assert_true(zones_attend(zones)); // what was open still holds
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.1\n");
    open_writer();
    put_alone("example.", HEAD "www A 192.0.2.2\n");
    assert_true(zones_attend(zones));
    expect("www.example. A", "NOERROR aa\nanswer www.example. A 192.0.2.2\n");
}

static void garbage_in_place_of_the_store_is_no_store(void **state)
{
    (void)state;
    struct error err = {0};
    fine(directory_make(directory, 0700, &err), &err);
    char *path = path_join(directory, "data.mdb");
    char garbage[10000];
    memset(garbage, 'x', sizeof(garbage));
    fine(file_write(path, garbage, sizeof(garbage), 0600, &err), &err);
    assert_false(zones_attend(zones));
    assert_false(zones_attend(zones));
    expect("www.example. A", "SERVFAIL\n");
    assert_int_equal(zones_count(zones), 0);
    free(path);
}

static void put_many(unsigned from, unsigned to, const char *address)
{
    begin();
    for (unsigned i = from; i < to; i++) {
        char zone[32];
        char text[200];
        snprintf(zone, sizeof(zone), "zone%u.", i);
        snprintf(text, sizeof(text), HEAD "www A %s\n", address);
        put(zone, text);
    }
    commit();
}

static void expect_many(unsigned from, unsigned to, const char *address)
{
    for (unsigned i = from; i < to; i++) {
        char question[64];
        char expected[100];
        snprintf(question, sizeof(question), "www.zone%u. A", i);
        if (address == NULL)
            snprintf(expected, sizeof(expected), "REFUSED\n");
        else
            snprintf(expected, sizeof(expected), "NOERROR aa\nanswer www.zone%u. A %s\n", i,
                     address);
        expect(question, expected);
    }
}

static void many_zones_come_and_go(void **state)
{
    (void)state;
    open_writer();
    put_many(0, 300, "192.0.2.1");
    zones_attend(zones);
    expect_many(0, 300, "192.0.2.1");
    begin();
    for (unsigned i = 100; i < 300; i++) {
        char zone[32];
        snprintf(zone, sizeof(zone), "zone%u.", i);
        take_away(zone);
    }
    commit();
    put_many(300, 1200, "192.0.2.3");
    expect_many(300, 1200, "192.0.2.3"); // the table grows, and what is gone leaves it
    expect_many(0, 100, "192.0.2.1");
    expect_many(100, 300, NULL);
}

static void udp_is_limited_and_tcp_is_not(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, HEAD);
    for (unsigned i = 0; i < 30; i++)
        buf_printf(&text, "large TXT \"%0100u\"\n", i);
    open_writer();
    put_alone("example.", buf_text(&text));
    buf_done(&text);
    zones_attend(zones);
    static uint8_t out[DNS_MESSAGE_MAX];
    expect("large.example. TXT", "NOERROR aa tc\n");
    expect("large.example. TXT +size=4096", "NOERROR aa tc\nopt\n");
    size_t len = ask("large.example. TXT", TRANSPORT_TCP, out);
    assert_true(len > 3000);
    assert_int_equal(out[2] & 2, 0);
    uint8_t message[ASK_MAX];
    size_t question_len = ask_query("large.example. TXT", message);
    len = respond_to(message, question_len, TRANSPORT_TCP, out, 1000);
    assert_true(len <= 1000);
    assert_int_equal(out[2] & 2, 2);
}

static void what_is_no_query_gets_an_error_or_nothing(void **state)
{
    (void)state;
    uint8_t message[ASK_MAX];
    uint8_t out[DNS_UDP_EDNS_MAX];
    size_t len = ask_query("www.example. A", message);
    message[2] = 0x80;
    assert_int_equal(respond_to(message, len, TRANSPORT_UDP, out, sizeof(out)), 0);
    message[2] = 0;
    assert_int_equal(respond_to(message, len - 1, TRANSPORT_UDP, out, sizeof(out)), 12);
    assert_int_equal(out[3], RCODE_FORMERR);
}

// ── Outcomes ─────────────────────────────────────────────────────────────────────────────────────

// Asks, and returns the source.
static uint64_t expect_outcome(const char *question, enum outcome_kind kind, unsigned rcode)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    ask(question, TRANSPORT_UDP, out);
    if (outcome.kind != kind || outcome.rcode != rcode)
        fail_msg("%s: kind %u, rcode %u", question, outcome.kind, outcome.rcode);
    return outcome.source;
}

static void an_outcome_says_what_became_of_the_query(void **state)
{
    (void)state;
    open_writer();
    put_alone("example.",
              HEAD "www A 192.0.2.1\n*.wild A 192.0.2.2\nsub NS ns.sub\nns.sub A 192.0.2.3\n"
                   "c CNAME www\naway CNAME www.example.net.\n");
    zones_attend(zones);
    uint64_t www = expect_outcome("www.example. A +edns", OUTCOME_ANSWER, RCODE_NOERROR);
    assert_true(outcome.edns && !outcome.dnssec_ok && !outcome.truncated);
    assert_int_equal(outcome.qtype, RR_TYPE_A);
    assert_true(expect_outcome("c.example. A", OUTCOME_ANSWER, RCODE_NOERROR) == www);
    assert_true(expect_outcome("away.example. A", OUTCOME_ANSWER, RCODE_NOERROR) != www);
    uint64_t wild = expect_outcome("a.wild.example. A", OUTCOME_WILDCARD, RCODE_NOERROR);
    assert_true(expect_outcome("b.c.wild.example. A", OUTCOME_WILDCARD, RCODE_NOERROR) == wild);
    uint64_t cut = expect_outcome("a.sub.example. A", OUTCOME_REFERRAL, RCODE_NOERROR);
    assert_true(expect_outcome("b.sub.example. TXT", OUTCOME_REFERRAL, RCODE_NOERROR) == cut);
    uint64_t denied = expect_outcome("x.example. A", OUTCOME_NXDOMAIN, RCODE_NXDOMAIN);
    assert_true(expect_outcome("y.www.example. A", OUTCOME_NXDOMAIN, RCODE_NXDOMAIN) == denied);
    assert_true(expect_outcome("www.example. TXT", OUTCOME_NODATA, RCODE_NOERROR) == denied);
    assert_true(www != wild && wild != cut && cut != denied);
    assert_true(expect_outcome("example.net. A", OUTCOME_ERROR, RCODE_REFUSED) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_store_the_answer_is_not_ready),
        TEST(a_batch_answers_each_query_as_if_it_were_alone),
        TEST(names_of_no_zone_are_refused),
        TEST(a_commit_is_seen_by_the_next_batch),
        TEST(an_image_where_another_lay_is_taken_anew),
        TEST(the_deepest_zone_answers_whenever_it_came),
        TEST(the_parent_answers_for_the_ds_of_an_apex),
        TEST(a_damaged_image_fails_its_zone_alone),
        TEST(what_the_store_cannot_tell_is_no_absent_zone),
        TEST(more_nsec3_iterations_than_anybody_takes_are_not_served),
        TEST(a_store_made_anew_is_noticed),
        TEST(garbage_in_place_of_the_store_is_no_store),
        TEST(many_zones_come_and_go),
        TEST(udp_is_limited_and_tcp_is_not),
        TEST(what_is_no_query_gets_an_error_or_nothing),
        TEST(an_outcome_says_what_became_of_the_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
