// SPDX-License-Identifier: ISC
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
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

int main(void)
{
    log_open("test", LOG_LEVEL_INFO);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_strangers_write_cannot_begin_a_line_or_a_pair),
        cmocka_unit_test(pairs_without_value_and_events_too_chatty_are_left_out),
        cmocka_unit_test(line_stays_one_line_however_long_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
