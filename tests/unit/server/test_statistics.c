// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dns/types.h"
#include "server/statistics.h"

#define QTYPE_CAA 257

static struct pages pages;
static struct statistics *statistics;
static const struct address v4 = {.v4 = {.sin_family = AF_INET}};
static const struct address v6 = {.v6 = {.sin6_family = AF_INET6}};
static uint8_t octets[64];

static int open_private(void **state)
{
    (void)state;
    memset(octets, 0, sizeof(octets));
    return statistics_open(-1, 0, 1000, &pages, &statistics, NULL) == STATUS_OK ? 0 : -1;
}

static int close_pages(void **state)
{
    (void)state;
    pages_close(&pages);
    return 0;
}

// A query of 40 octets with a reply of 100.
static struct exchange exchange_of(const struct address *client, struct outcome outcome)
{
    return (struct exchange){
        .octets = octets, .len = 40, .client = client, .out_len = 100, .outcome = outcome};
}

static uint64_t sum(const uint64_t *numbers, size_t count)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += numbers[i];
    return all;
}

static void a_query_counts_once_in_each_kind_of_number(void **state)
{
    (void)state;
    const struct exchange exchanges[] = {
        exchange_of(&v4, (struct outcome){.qtype = RR_TYPE_A, .kind = OUTCOME_ANSWER}),
        exchange_of(&v4, (struct outcome){.qtype = QTYPE_CAA,
                                          .kind = OUTCOME_NXDOMAIN,
                                          .rcode = RCODE_NXDOMAIN,
                                          .edns = true,
                                          .dnssec_ok = true,
                                          .cookie = COOKIE_GOOD,
                                          .truncated = true}),
        exchange_of(&v4, (struct outcome){.qtype = 65280, .kind = OUTCOME_NODATA, .edns = true}),
    };
    statistics_count(statistics, TRANSPORT_UDP, exchanges, 3);
    assert_int_equal(statistics->batches, 1);
    assert_int_equal(statistics->queries[PATH_UDP4], 3);
    assert_int_equal(sum(statistics->queries, STATISTICS_PATHS), 3);
    assert_int_equal(statistics->types[RR_TYPE_A], 1);
    assert_int_equal(statistics->types[QTYPE_CAA], 1);
    assert_int_equal(statistics->types[STATISTICS_TYPES - 1], 1);
    assert_int_equal(sum(statistics->types, STATISTICS_TYPES), 3);
    assert_int_equal(statistics->rcodes[RCODE_NOERROR], 2);
    assert_int_equal(statistics->rcodes[RCODE_NXDOMAIN], 1);
    assert_int_equal(statistics->kinds[OUTCOME_ANSWER], 1);
    assert_int_equal(statistics->kinds[OUTCOME_NXDOMAIN], 1);
    assert_int_equal(statistics->kinds[OUTCOME_NODATA], 1);
    assert_int_equal(statistics->features[0], 1);
    assert_int_equal(statistics->features[STATISTICS_EDNS], 1);
    assert_int_equal(statistics->features[STATISTICS_EDNS + STATISTICS_DNSSEC_OK +
                                          STATISTICS_COOKIE * COOKIE_GOOD],
                     1);
    assert_int_equal(statistics->truncated, 1);
    assert_int_equal(statistics->query_octets, 120);
    assert_int_equal(statistics->reply_octets, 300);
}

static void transports_are_told_apart(void **state)
{
    (void)state;
    const struct outcome outcome = {.qtype = RR_TYPE_A, .kind = OUTCOME_ANSWER};
    const struct exchange over_v4[] = {exchange_of(&v4, outcome), exchange_of(&v4, outcome)};
    const struct exchange over_v6 = exchange_of(&v6, outcome);
    statistics_count(statistics, TRANSPORT_TCP, over_v4, 2);
    statistics_count(statistics, TRANSPORT_TCP, &over_v6, 1);
    statistics_count(statistics, TRANSPORT_TLS, &over_v6, 1);
    statistics_count(statistics, TRANSPORT_UDP, &over_v6, 1);
    assert_int_equal(statistics->queries[PATH_TCP4], 2);
    assert_int_equal(statistics->queries[PATH_TCP6], 1);
    assert_int_equal(statistics->queries[PATH_TLS4], 0);
    assert_int_equal(statistics->queries[PATH_TLS6], 1);
    assert_int_equal(statistics->queries[PATH_UDP6], 1);
}

static void a_batch_of_none_counts_nothing(void **state)
{
    (void)state;
    statistics_count(statistics, TRANSPORT_TCP, NULL, 0);
    assert_int_equal(statistics->batches, 0);
}

static void what_gets_no_reply_is_dropped_or_limited(void **state)
{
    (void)state;
    struct exchange exchanges[] = {
        exchange_of(&v4, (struct outcome){.kind = OUTCOME_DROPPED}),
        exchange_of(&v4, (struct outcome){.qtype = RR_TYPE_A, .kind = OUTCOME_ANSWER}),
        exchange_of(&v4, (struct outcome){.qtype = RR_TYPE_A, .kind = OUTCOME_ANSWER}),
    };
    exchanges[0].out_len = exchanges[1].out_len = 0;
    statistics_count(statistics, TRANSPORT_UDP, exchanges, 3);
    assert_int_equal(sum(statistics->queries, STATISTICS_PATHS), 3);
    assert_int_equal(statistics->kinds[OUTCOME_DROPPED], 1);
    assert_int_equal(statistics->limited, 1);
    assert_int_equal(sum(statistics->rcodes, STATISTICS_RCODES), 1);
    assert_int_equal(sum(statistics->kinds, STATISTICS_KINDS), 2);
    assert_int_equal(sum(statistics->reply_sizes, STATISTICS_REPLY_SIZES), 1);
    assert_int_equal(statistics->types[0], 1);
}

static void sizes_have_their_upper_end_in_the_class(void **state)
{
    (void)state;
    static const struct {
        size_t len, class;
    } cases[] = {{12, 1},   {16, 1},    {17, 2},    {512, 32},
                 {513, 33}, {1232, 77}, {1233, 78}, {65535, 78}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct exchange exchange = exchange_of(&v4, (struct outcome){.kind = OUTCOME_ANSWER});
        exchange.len = exchange.out_len = cases[i].len;
        uint64_t replies = statistics->reply_sizes[cases[i].class];
        statistics_count(statistics, TRANSPORT_TCP, &exchange, 1);
        assert_int_equal(statistics->reply_sizes[cases[i].class], replies + 1);
    }
    assert_int_equal(statistics->query_sizes[32], 1);
    assert_int_equal(statistics->query_sizes[STATISTICS_QUERY_SIZES - 1], 4);
}

static void other_opcodes_than_query_are_counted(void **state)
{
    (void)state;
    octets[2] = 4 << 3 | 1; // NOTIFY, RD
    struct exchange exchange =
        exchange_of(&v4, (struct outcome){.kind = OUTCOME_ERROR, .rcode = RCODE_NOTIMP});
    statistics_count(statistics, TRANSPORT_UDP, &exchange, 1);
    octets[2] = 1;
    statistics_count(statistics, TRANSPORT_UDP, &exchange, 1);
    assert_int_equal(statistics->opcodes[4], 1);
    assert_int_equal(sum(statistics->opcodes, STATISTICS_OPCODES), 1);
}

// Another process of slot 1 counts, and is killed.
static void count_and_die(uint64_t snapshots, uint64_t connections)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct pages own;
        struct statistics *page;
        if (statistics_open(dup(pages.fd), 1, 1000, &own, &page, NULL) != STATUS_OK)
            abort();
        page->snapshots += snapshots;
        page->connections += connections;
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, NULL, 0);
}

static void the_dead_are_counted_but_not_what_they_had_open(void **state)
{
    int fd;
    struct statistics all;
    (void)state;
    pages_close(&pages);
    assert_int_equal(pages_make(&fd, NULL), STATUS_OK);
    assert_int_equal(statistics_open(fd, 0, 1000, &pages, &statistics, NULL), STATUS_OK);
    statistics->snapshots = 1;
    statistics->connections = 2;
    count_and_die(10, 20);
    statistics_of_slot(&pages, 0, &all);
    assert_int_equal(all.snapshots, 1);
    assert_int_equal(all.connections, 2);
    statistics_of_slot(&pages, 1, &all);
    assert_int_equal(all.snapshots, 10);
    assert_int_equal(all.connections, 0);
    count_and_die(100, 20);
    statistics_of_slot(&pages, 1, &all);
    assert_int_equal(all.snapshots, 110);
    statistics_of_slot(&pages, 2, &all);
    assert_int_equal(all.snapshots, 0);
}

static void all_pages_are_summed_up(void **state)
{
    int fd;
    struct statistics all;
    (void)state;
    pages_close(&pages);
    assert_int_equal(pages_make(&fd, NULL), STATUS_OK);
    assert_int_equal(statistics_open(fd, 0, 1000, &pages, &statistics, NULL), STATUS_OK);
    statistics->snapshots = 1;
    statistics->delayed = 5;
    count_and_die(10, 20);
    statistics_of_all(&pages, &all);
    assert_int_equal(all.snapshots, 11);
    assert_int_equal(all.delayed, 5);
    assert_int_equal(all.connections, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_private, close_pages)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_query_counts_once_in_each_kind_of_number),
        TEST(transports_are_told_apart),
        TEST(a_batch_of_none_counts_nothing),
        TEST(all_pages_are_summed_up),
        TEST(what_gets_no_reply_is_dropped_or_limited),
        TEST(sizes_have_their_upper_end_in_the_class),
        TEST(other_opcodes_than_query_are_counted),
        TEST(the_dead_are_counted_but_not_what_they_had_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
