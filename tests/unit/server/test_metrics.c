// SPDX-License-Identifier: ISC
// The text for Prometheus: its form (exposition format 0.0.4), its names, its sums. What its own client library makes
// of it, an integration test has.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/metrics.h"
#include "server/statistics_table.h"

static struct pages pages;
static struct statistics *statistics;

static int open_private(void **state)
{
    (void)state;
    return statistics_open(-1, 0, 1000, &pages, &statistics, NULL) == STATUS_OK ? 0 : -1;
}

static int close_pages(void **state)
{
    (void)state;
    pages_close(&pages);
    return 0;
}

static char *written(void)
{
    const struct metrics_common common = {.store_open = true, .zones = 3, .store_readers = 7};
    struct buf text = {0};
    metrics_write(&pages, &common, &text);
    char *copy = strdup(buf_text(&text));
    buf_done(&text);
    assert_non_null(copy);
    return copy;
}

static void assert_line(const char *text, const char *line)
{
    size_t len = strlen(line);
    for (const char *at = strstr(text, line); at != NULL; at = strstr(at + 1, line))
        if ((at == text || at[-1] == '\n') && at[len] == '\n')
            return;
    fail_msg("no line \"%s\"", line);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

// https://prometheus.io/docs/practices/naming: counters end in _total, units are base units, and labels say no more
// than what they are.
static void names_are_as_the_field_has_them(void **state)
{
    char text[STATISTICS_NAME_MAX];
    (void)state;
    for (size_t i = 0; i < statistics_family_count; i++) {
        const struct statistics_family *family = &statistics_families[i];
        assert_int_equal(family->metric[strspn(family->metric, "abcdefghijklmnopqrstuvwxyz_")],
                         '\0');
        assert_int_equal(ends_with(family->metric, "_total"), family->kind == STATISTICS_COUNTER);
        assert_true(family->kind != STATISTICS_SIZES || ends_with(family->metric, "_bytes"));
        // Neither help nor labels have anything that the format would want escaped.
        assert_null(strpbrk(family->help, "\\\n"));
        for (size_t k = 0; family->label != NULL && k < family->count; k++) {
            const char *name = family->name(k, text);
            assert_true(name == NULL || strpbrk(name, "\\\"\n") == NULL);
        }
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(family->metric, statistics_families[k].metric);
            assert_string_not_equal(family->key, statistics_families[k].key);
        }
    }
}

// The metric's name at the start of a line, without what histograms put behind it.
static void name_of(const char *line, char ret[64])
{
    size_t len = strcspn(line, "{ \n");
    assert_in_range(len, 1, 63);
    memcpy(ret, line, len);
    ret[len] = '\0';
    static const char *const ends[] = {"_bucket", "_sum", "_count"};
    for (size_t i = 0; i < 3; i++)
        if (ends_with(ret, ends[i]) && strstr(ret, "_bytes") != NULL)
            ret[strlen(ret) - strlen(ends[i])] = '\0';
}

static void each_metric_has_its_help_and_type_once_and_right_before_it(void **state)
{
    char *text = written(), helped[64] = "", typed[64] = "", name[64];
    size_t heads = 0;
    (void)state;
    assert_true(ends_with(text, "\n")); // "The last line must end with a line feed"
    for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "# HELP ", 7) == 0) {
            name_of(line + 7, helped);
            heads++;
            char again[80];
            snprintf(again, sizeof(again), "# HELP %s ", helped);
            assert_null(strstr(line + 1, again));
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            name_of(line + 7, typed);
            assert_string_equal(typed, helped);
        } else {
            name_of(line, name);
            assert_string_equal(name, typed);
            assert_int_equal(strncmp(name, "zonebox_", 8), 0);
        }
    }
    assert_int_equal(heads, statistics_family_count + 7); // and what all workers have in common
    free(text);
}

static void numbers_have_their_labels_and_zeros_are_there_or_not(void **state)
{
    (void)state;
    statistics->queries[PATH_TCP6] = 5;
    statistics->types[1] = 18446744073709551615U;
    statistics->types[STATISTICS_TYPES - 1] = 2;
    statistics->rcodes[3] = 9;
    statistics->handshakes[HANDSHAKE_RESUMED] = 4;
    char *text = written();
    assert_line(text, "# TYPE zonebox_queries_total counter");
    assert_line(text, "zonebox_queries_total{worker=\"0\",proto=\"tcp\",family=\"ipv6\"} 5");
    assert_line(text, "zonebox_queries_total{worker=\"0\",proto=\"udp\",family=\"ipv4\"} 0");
    assert_line(text, "zonebox_queries_by_type_total{worker=\"0\",type=\"A\"} "
                      "18446744073709551615");
    assert_line(text, "zonebox_queries_by_type_total{worker=\"0\",type=\"other\"} 2");
    assert_null(strstr(text, "type=\"MX\"")); // nobody asked
    assert_line(text, "zonebox_responses_total{worker=\"0\",rcode=\"NXDOMAIN\"} 9");
    assert_line(text, "zonebox_responses_total{worker=\"0\",rcode=\"REFUSED\"} 0");
    assert_line(text, "zonebox_tls_handshakes_total{worker=\"0\",result=\"resumed\"} 4");
    assert_line(text, "zonebox_zones 3");
    assert_line(text, "zonebox_store_open 1");
    assert_line(text, "zonebox_store_readers 7");
    free(text);
}

static void buckets_are_cumulative_and_end_with_all(void **state)
{
    (void)state;
    statistics->reply_sizes[2] = 1;                           // to 32
    statistics->reply_sizes[3] = 2;                           // to 48
    statistics->reply_sizes[77] = 4;                          // to 1232
    statistics->reply_sizes[STATISTICS_REPLY_SIZES - 1] = 8;  // above
    statistics->query_sizes[32] = 16;                         // to 512
    statistics->query_sizes[STATISTICS_QUERY_SIZES - 1] = 32; // above
    statistics->reply_octets = 1000;
    statistics->query_octets = 2000;
    char *text = written();
    assert_line(text, "# TYPE zonebox_response_size_bytes histogram");
    assert_line(text, "zonebox_response_size_bytes_bucket{worker=\"0\",le=\"32\"} 1");
    assert_line(text, "zonebox_response_size_bytes_bucket{worker=\"0\",le=\"48\"} 3");
    assert_line(text, "zonebox_response_size_bytes_bucket{worker=\"0\",le=\"1024\"} 3");
    assert_line(text, "zonebox_response_size_bytes_bucket{worker=\"0\",le=\"1232\"} 7");
    assert_line(text, "zonebox_response_size_bytes_bucket{worker=\"0\",le=\"+Inf\"} 15");
    assert_line(text, "zonebox_response_size_bytes_sum{worker=\"0\"} 1000");
    assert_line(text, "zonebox_response_size_bytes_count{worker=\"0\"} 15");
    assert_line(text, "zonebox_query_size_bytes_bucket{worker=\"0\",le=\"384\"} 0");
    assert_line(text, "zonebox_query_size_bytes_bucket{worker=\"0\",le=\"512\"} 16");
    assert_line(text, "zonebox_query_size_bytes_bucket{worker=\"0\",le=\"+Inf\"} 48");
    assert_line(text, "zonebox_query_size_bytes_sum{worker=\"0\"} 2000");
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_private, close_pages)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_as_the_field_has_them),
        TEST(each_metric_has_its_help_and_type_once_and_right_before_it),
        TEST(numbers_have_their_labels_and_zeros_are_there_or_not),
        TEST(buckets_are_cumulative_and_end_with_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
