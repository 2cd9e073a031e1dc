// SPDX-License-Identifier: ISC
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static char said[8192];
static int kept_stderr;
static int catching;

static void catch_stderr(void)
{
    catching = memfd_create("stderr", MFD_CLOEXEC);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(catching >= 0 && kept_stderr >= 0);
    assert_int_equal(dup2(catching, STDERR_FILENO), STDERR_FILENO);
}

static void give_stderr_back(void)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    ssize_t len = pread(catching, said, sizeof(said) - 1, 0);
    close(catching);
    assert_true(len >= 0);
    said[len] = '\0';
}

static void what_strangers_write_cannot_begin_a_line_or_a_pair(void **state)
{
    (void)state;
    catch_stderr();
    log_event(LOG_LEVEL_ERROR, "seen", "name", "a\nerror zoned forged", "other", "\x1b[2J\x7f",
              NULL);
    log_event(LOG_LEVEL_ERROR, "seen", "name", "a\" b=\"c\\", "empty", "", NULL);
    give_stderr_back();
    assert_string_equal(said,
                        "error test seen name=\"a\\nerror zoned forged\" other=\"\\x1b[2J\\x7f\"\n"
                        "error test seen name=\"a\\\" b=\\\"c\\\\\" empty=\"\"\n");
}

static void pairs_without_value_and_events_too_chatty_are_left_out(void **state)
{
    (void)state;
    catch_stderr();
    log_event(LOG_LEVEL_DEBUG, "unseen", NULL);
    log_event(LOG_LEVEL_NOTICE, "seen", "zone", "example.com.", "serial", NULL, "count", log_u64(7),
              NULL);
    give_stderr_back();
    assert_string_equal(said, "notice test seen zone=example.com. count=7\n");
}

static void line_stays_one_line_however_long_its_value(void **state)
{
    (void)state;
    static char value[6000];
    memset(value, 'x', sizeof(value) - 1);
    catch_stderr();
    log_event(LOG_LEVEL_ERROR, "seen", "name", value, NULL);
    give_stderr_back();
    assert_in_range(strlen(said), 3000, 4096); // PIPE_BUF
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void lines_that_are_held_come_whole_and_in_order(void **state)
{
    (void)state;
    char wanted[sizeof(said)];
    size_t len = 0;
    catch_stderr();
    log_hold();
    for (unsigned i = 100; i < 300; i++) {
        log_event(LOG_LEVEL_INFO, "many", "number", log_u64(i), NULL);
        len += (size_t)sprintf(wanted + len, "info test many number=%u\n", i);
    }
    off_t written = lseek(STDERR_FILENO, 0, SEEK_CUR);
    log_release();
    log_event(LOG_LEVEL_INFO, "after", NULL);
    give_stderr_back();
    sprintf(wanted + len, "info test after\n");
    assert_string_equal(said, wanted);
    assert_in_range(written, 4000, 4096); // PIPE_BUF: they go into a pipe in one piece
    assert_int_equal(said[written - 1], '\n');
}

// Floods a pipe that nobody reads, and looks at what is said of that.
static void lose_lines(bool held)
{
    int ends[2];
    static char octets[65536];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    int kept = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO); // a write that waited would wait for ever
    if (held)
        log_hold();
    for (unsigned i = 0; i < 10000; i++)
        log_event(LOG_LEVEL_INFO, "flood", "number", log_u64(i), NULL);
    log_release();
    unsigned lines = 0;
    for (ssize_t len; (len = read(ends[0], octets, sizeof(octets))) > 0;)
        for (ssize_t i = 0; i < len; i++)
            lines += octets[i] == '\n';
    assert_in_range(lines, 1, 9999);
    log_event(LOG_LEVEL_INFO, "after", NULL);
    dup2(kept, STDERR_FILENO);
    ssize_t len = read(ends[0], octets, sizeof(octets) - 1);
    assert_true(len > 0);
    octets[len] = '\0';
    char wanted[80];
    snprintf(wanted, sizeof(wanted), "warning test log-lines-lost count=%u reason=", 10000 - lines);
    assert_memory_equal(octets, wanted, strlen(wanted));
    assert_string_equal(strchr(octets, '\n') + 1, "info test after\n");
    close(kept);
    close(ends[0]);
    close(ends[1]);
}

static void a_full_pipe_loses_lines_and_says_how_many(void **state)
{
    (void)state;
    lose_lines(false);
    lose_lines(true);
}

static void keep_line(void *data, enum log_level level, const char *line, size_t len)
{
    assert_int_equal(level, LOG_LEVEL_WARNING);
    assert_int_equal(strlen(line), len);
    snprintf(data, sizeof(said), "%s", line);
}

static void a_sink_gets_the_lines_instead(void **state)
{
    (void)state;
    log_set_sink(keep_line, said);
    log_event(LOG_LEVEL_WARNING, "seen", "a", "b", NULL);
    log_set_sink(NULL, NULL);
    assert_string_equal(said, "warning test seen a=b");
}

static void the_environment_may_say_the_level(void **state)
{
    (void)state;
    setenv(LOG_LEVEL_VARIABLE, "debug", 1);
    log_open("test", LOG_LEVEL_INFO);
    catch_stderr();
    log_event(LOG_LEVEL_DEBUG, "seen", NULL);
    setenv(LOG_LEVEL_VARIABLE, "nonsense", 1);
    log_open("test", LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_DEBUG, "unseen", NULL);
    unsetenv(LOG_LEVEL_VARIABLE);
    give_stderr_back();
    assert_string_equal(said, "debug test seen\n");
}

int main(void)
{
    log_open("test", LOG_LEVEL_INFO);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_strangers_write_cannot_begin_a_line_or_a_pair),
        cmocka_unit_test(pairs_without_value_and_events_too_chatty_are_left_out),
        cmocka_unit_test(line_stays_one_line_however_long_its_value),
        cmocka_unit_test(lines_that_are_held_come_whole_and_in_order),
        cmocka_unit_test(a_full_pipe_loses_lines_and_says_how_many),
        cmocka_unit_test(a_sink_gets_the_lines_instead),
        cmocka_unit_test(the_environment_may_say_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
