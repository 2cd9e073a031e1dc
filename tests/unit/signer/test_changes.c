// SPDX-License-Identifier: ISC
// A change makes those zones anew that it is about, and no others.
#include "tests/unit/signer/box.h"

#include "dns/serial.h"
#include "signer/questions.h"

#include <cmocka.h>

static const char domains[] = "  - example.com\n  - example.net\n  - below.example.net\n"
                              "  - {name: news.example.net, zone: parent}\n"
                              "  - {name: example.org, records-file: example.org.records}\n";

// How many zones are looked at when the files are read again.
static size_t zones_looked_at(struct publisher *publisher, int64_t now)
{
    uint64_t before = publisher_counts(publisher).looked_at;
    take(publisher, now);
    return (size_t)(publisher_counts(publisher).looked_at - before);
}

static struct publisher *start_with_all(void)
{
    write_text("example.org.records", "a TXT one\n");
    write_config(domains);
    struct publisher *publisher = begin(NOW);
    return publisher;
}

static void assert_one_changes(const char *lines, const char *zone)
{
    struct publisher *publisher = start_with_all();
    uint32_t serial = serial_of(publisher, zone);
    write_config(lines);
    assert_int_equal(zones_looked_at(publisher, NOW + 1), 1);
    assert_true(serial_is_later(serial_of(publisher, zone), serial));
    publisher_close(publisher);
}

static void a_domains_own_lines_make_it_anew_alone(void **state)
{
    (void)state;
    assert_one_changes("  - {name: example.com, records: [a TXT b]}\n  - example.net\n"
                       "  - below.example.net\n  - {name: news.example.net, zone: parent}\n"
                       "  - {name: example.org, records-file: example.org.records}\n",
                       "example.com");
}

static void a_domain_inside_makes_the_zone_around_it_anew(void **state)
{
    (void)state;
    assert_one_changes("  - example.com\n  - example.net\n  - below.example.net\n"
                       "  - {name: news.example.net, zone: parent, records: [a TXT b]}\n"
                       "  - {name: example.org, records-file: example.org.records}\n",
                       "example.net");
}

static void the_order_of_domains_and_comments_change_nothing(void **state)
{
    (void)state;
    struct publisher *publisher = start_with_all();
    write_config("  - {name: example.org, records-file: example.org.records} # here\n"
                 "  - below.example.net\n  - {zone: parent, name: news.example.net}\n"
                 "  - example.com\n\n  - example.net\n");
    assert_true(zones_looked_at(publisher, NOW + 1) <= 1); // the order of options is an own one
    publisher_close(publisher);
}

static void a_file_makes_its_own_zone_anew(void **state)
{
    (void)state;
    struct publisher *publisher = start_with_all();
    uint32_t serial = serial_of(publisher, "example.org");
    write_text("example.org.records", "a TXT two\n");
    assert_int_equal(zones_looked_at(publisher, NOW + 1), 1);
    assert_true(serial_is_later(serial_of(publisher, "example.org"), serial));
    serial = serial_of(publisher, "example.com");
    write_text("host.pub", other_host_key);
    assert_int_equal(zones_looked_at(publisher, NOW + 2), 1);
    assert_true(serial_is_later(serial_of(publisher, "example.com"), serial));
    publisher_close(publisher);
}

static void a_zone_below_that_goes_makes_the_one_above_anew(void **state)
{
    (void)state;
    struct publisher *publisher = start_with_all();
    uint32_t serial = serial_of(publisher, "example.net");
    write_config("  - example.com\n  - example.net\n  - {name: news.example.net, zone: parent}\n"
                 "  - {name: example.org, records-file: example.org.records}\n");
    assert_int_equal(zones_looked_at(publisher, NOW + 1), 1);
    assert_true(serial_is_later(serial_of(publisher, "example.net"), serial));
    publisher_close(publisher);
}

static void reports_to_another_domain_make_both_anew(void **state)
{
    (void)state;
    struct publisher *publisher = start_with_all();
    uint32_t serial = serial_of(publisher, "example.org");
    write_config("  - {name: example.com, dmarc: {reports: dmarc@example.org}}\n  - example.net\n"
                 "  - below.example.net\n  - {name: news.example.net, zone: parent}\n"
                 "  - {name: example.org, records-file: example.org.records}\n");
    assert_int_equal(zones_looked_at(publisher, NOW + 1), 2);
    assert_true(serial_is_later(serial_of(publisher, "example.org"), serial));
    publisher_close(publisher);
}

// The table of zones stays where there are the same ones, and with it what is asked about them.
static void a_change_of_one_takes_nothing_from_the_others(void **state)
{
    (void)state;
    struct publisher *publisher = start_with_all();
    struct observe_question questions[16];
    publisher_has_channel(publisher);
    size_t count = questions_take(publisher, NOW + 1, questions, 16);
    assert_true(count > 0);
    const struct zone *list = publisher->zones.list;
    write_text("example.org.records", "a TXT two\n");
    take(publisher, NOW + 2);
    write_config("  - example.com\n  - {name: example.net, records: [a TXT b]}\n"
                 "  - below.example.net\n  - {name: news.example.net, zone: parent}\n"
                 "  - {name: example.org, records-file: example.org.records}\n");
    take(publisher, NOW + 3);
    assert_ptr_equal(publisher->zones.list, list);
    for (size_t i = 0; i < count; i++) {
        struct observe_answer answer = {
            .version = OBSERVE_VERSION, .id = questions[i].id, .seen_at = NOW + 3, .ok = 2};
        questions_answer(publisher, &answer, NOW + 4);
    }
    for (size_t i = 0; i < publisher->zones.count; i++)
        assert_int_equal(publisher->zones.list[i].watch.parent.looked_at != 0, true);
    publisher_close(publisher);
}

static void what_all_share_makes_all_anew(void **state)
{
    (void)state;
    struct publisher *publisher = start_with_all();
    char *lines = xasprintf("%sttl: {default: 2h}\n", domains);
    write_config(lines);
    free(lines);
    assert_int_equal(zones_looked_at(publisher, NOW + 1), 4);
    publisher_close(publisher);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, box_set_up, box_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_domains_own_lines_make_it_anew_alone),
        TEST(a_domain_inside_makes_the_zone_around_it_anew),
        TEST(the_order_of_domains_and_comments_change_nothing),
        TEST(a_file_makes_its_own_zone_anew),
        TEST(a_zone_below_that_goes_makes_the_one_above_anew),
        TEST(reports_to_another_domain_make_both_anew),
        TEST(a_change_of_one_takes_nothing_from_the_others),
        TEST(what_all_share_makes_all_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
