// SPDX-License-Identifier: ISC
#include "daemon/deaths.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"

#define NOW 1796209600

static struct deaths deaths;

static int set_up(void **state)
{
    deaths = (struct deaths){.count = 0};
    return make_scratch(state);
}

static enum deaths_verdict count(uint64_t image)
{
    uint64_t forgotten;
    return deaths_count(&deaths, image, NOW, &forgotten);
}

static void the_second_death_sets_an_image_aside(void **state)
{
    (void)state;
    assert_int_equal(count(7), DEATHS_SUSPECT);
    assert_null(deaths_find(&deaths, 7));
    assert_int_equal(count(8), DEATHS_SUSPECT);
    assert_int_equal(count(7), DEATHS_SET_ASIDE);
    assert_int_equal(deaths_find(&deaths, 7)->kept.since, NOW);
    assert_null(deaths_find(&deaths, 8));
    assert_int_equal(count(7), DEATHS_KNOWN);
    assert_int_equal(deaths.count, 1);
}

static void the_oldest_is_forgotten_with_the_quota_and_may_come_again(void **state)
{
    (void)state;
    uint64_t forgotten;
    for (uint64_t image = 1; image <= QUARANTINE_MAX; image++) {
        deaths_count(&deaths, image, NOW, &forgotten);
        assert_int_equal(deaths_count(&deaths, image, NOW, &forgotten), DEATHS_SET_ASIDE);
        assert_int_equal(forgotten, 0);
    }
    deaths_count(&deaths, 1000, NOW, &forgotten);
    assert_int_equal(deaths_count(&deaths, 1000, NOW, &forgotten), DEATHS_SET_ASIDE);
    assert_int_equal(forgotten, 1);
    assert_int_equal(deaths.count, QUARANTINE_MAX);
    assert_null(deaths_find(&deaths, 1));
    assert_non_null(deaths_find(&deaths, 1000));
    assert_int_equal(deaths_count(&deaths, 1, NOW, &forgotten), DEATHS_SUSPECT);
}

static void faults_blame_and_signals_of_others_do_not(void **state)
{
    (void)state;
    static const int faults[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP};
    static const int others[] = {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGXCPU, SIGALRM, SIGPIPE};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        assert_true(deaths_is_fault(0, faults[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(deaths_is_fault(0, others[i]));
    assert_false(deaths_is_fault(0, 0));
    assert_true(deaths_is_fault(99, 0));
}

static void what_is_set_aside_is_read_as_it_was_written(void **state)
{
    (void)state;
    assert_int_equal(deaths_read(&deaths, scratch, NULL), STATUS_NOT_FOUND);
    for (uint64_t image = 1; image < 10; image++) {
        count(image);
        count(image);
        snprintf(deaths_find(&deaths, image)->kept.zone, QUARANTINE_ZONE_MAX, "%s",
                 image % 2 == 0 ? "example.com" : "");
    }
    count(77);
    assert_int_equal(deaths_write(&deaths, scratch, NULL), STATUS_OK);
    struct deaths again;
    assert_int_equal(deaths_read(&again, scratch, NULL), STATUS_OK);
    assert_int_equal(again.count, 9);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(again.aside[i].kept.id, deaths.aside[i].kept.id);
        assert_int_equal(again.aside[i].kept.since, NOW);
        assert_string_equal(again.aside[i].kept.zone, deaths.aside[i].kept.zone);
    }
    assert_int_equal(again.suspects.count, 0);
}

static void write_file(const char *text)
{
    char *path = in_scratch(QUARANTINE_FILE);
    assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), STATUS_OK);
    free(path);
}

static void another_version_begins_anew_and_says_so(void **state)
{
    (void)state;
    struct error err = {0};
    count(1), count(1);
    write_file("# zonebox 0.0.0: images\n0000000000000001 2026-11-23T02:00:00Z -\n");
    assert_int_equal(deaths_read(&deaths, scratch, &err), STATUS_STATE);
    assert_non_null(strstr(err.text, "another version"));
    assert_int_equal(deaths.count, 0);
}

static void lines_that_make_no_sense_are_left_out(void **state)
{
    (void)state;
    char *path = in_scratch(QUARANTINE_FILE);
    struct buf text = {0};
    assert_int_equal(deaths_write(&deaths, scratch, NULL), STATUS_OK);
    assert_int_equal(file_read(path, 1000, &text, NULL), STATUS_OK);
    buf_put_text(&text, "\n0000000000000001\n0000000000000002 yesterday example.com\n"
                        "xyz 2026-11-23T02:00:00Z example.com\n"
                        "0000000000000003 2026-11-23T02:00:00Z example.com\n"
                        "0000000000000003 2026-11-23T02:00:00Z example.org\n"
                        "0000000000000004 2026-11-23T02:00:00Z ");
    for (int i = 0; i < 30; i++)
        buf_put_text(&text, "0123456789");
    write_file(buf_text(&text));
    assert_int_equal(deaths_read(&deaths, scratch, NULL), STATUS_OK);
    assert_int_equal(deaths.count, 1);
    assert_string_equal(deaths.aside[0].kept.zone, "example.com");
    for (size_t len = 0; len < text.len; len += 7) { // cut anywhere
        text.data[text.len - len] = '\0';
        write_file((const char *)text.data);
        (void)deaths_read(&deaths, scratch, NULL);
        assert_in_range(deaths.count, 0, 2); // with the long name cut, too
    }
    buf_done(&text);
    free(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, remove_scratch)
    const struct CMUnitTest tests[] = {
        TEST(the_second_death_sets_an_image_aside),
        TEST(the_oldest_is_forgotten_with_the_quota_and_may_come_again),
        TEST(faults_blame_and_signals_of_others_do_not),
        TEST(what_is_set_aside_is_read_as_it_was_written),
        TEST(another_version_begins_anew_and_says_so),
        TEST(lines_that_make_no_sense_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
