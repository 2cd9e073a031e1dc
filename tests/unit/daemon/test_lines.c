// SPDX-License-Identifier: ISC
#include "daemon/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char taken[16][LOG_LINE_MAX];
static size_t taken_count;

static void take(void *data, const char *line)
{
    (void)data;
    snprintf(taken[taken_count++], LOG_LINE_MAX, "%s", line);
}

static int forget(void **state)
{
    (void)state;
    taken_count = 0;
    return 0;
}

static void lines_are_put_together_from_whatever_pieces_come(void **state)
{
    (void)state;
    struct lines lines = {.len = 0};
    const char text[] = "info a b\n\nnotice c d\nhalf";
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        lines_put(&lines, text + i, 1, take, NULL);
    assert_int_equal(taken_count, 2);
    assert_string_equal(taken[0], "info a b");
    assert_string_equal(taken[1], "notice c d");
    lines_end(&lines, take, NULL);
    lines_end(&lines, take, NULL);
    assert_int_equal(taken_count, 3);
    assert_string_equal(taken[2], "half");
}

static void a_line_without_end_comes_in_pieces(void **state)
{
    (void)state;
    struct lines lines = {.len = 0};
    char octets[3 * LOG_LINE_MAX];
    memset(octets, 'x', sizeof(octets));
    octets[10] = '\0';
    lines_put(&lines, octets, sizeof(octets), take, NULL);
    assert_int_equal(taken_count, 3);
    assert_int_equal(strlen(taken[0]), LOG_LINE_MAX - 1);
    assert_int_equal(taken[0][10], ' ');
    lines_end(&lines, take, NULL);
    assert_int_equal(strlen(taken[3]), 3); // what the three pieces left
}

static void an_event_is_told_from_other_output(void **state)
{
    (void)state;
    struct line_event event;
    assert_true(line_event_read("warning zone-server late-reply ms=7", &event));
    assert_int_equal(event.level, LOG_LEVEL_WARNING);
    assert_string_equal(event.event, "late-reply");
    assert_string_equal(event.rest, "late-reply ms=7");
    assert_true(line_event_read("error zone-signer gone", &event));
    assert_string_equal(event.rest, "gone");

    static const char *const others[] = {
        "",
        "error",
        "error ",
        "error zone-signer",
        "error zone-signer ",
        "panic zone-signer gone",
        "==1==ERROR: AddressSanitizer: heap-use-after-free",
        "error zone-signer $(reboot) a=b",
        "error zone-signer gone;reboot",
        "error zone-signer gone \x1b[2J",
        "error zone-signer gone a=\x7f",
        "error Zone-Signer gone",
        "error zone-signer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa x=y",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(line_event_read(others[i], &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_are_put_together_from_whatever_pieces_come, forget),
        cmocka_unit_test_setup(a_line_without_end_comes_in_pieces, forget),
        cmocka_unit_test(an_event_is_told_from_other_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
