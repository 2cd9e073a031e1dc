// SPDX-License-Identifier: ISC
// When a file that others read is due, and what is told of it.
#include "signer/kept_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "signer/publish.h"

#define NOW 1700000000

static enum kept_news write_it(struct kept_file *kept, enum status status, const char *why,
                               int64_t now)
{
    struct error err = {0};
    if (status != STATUS_OK)
        error_set(&err, status, "%s", why);
    kept_file_begin(kept);
    return kept_file_end(kept, status, &err, now);
}

static void only_what_is_stale_is_due(void **state)
{
    (void)state;
    struct kept_file kept = {.stale = false};
    assert_false(kept_file_is_due(&kept, KEPT_AT_ONCE, NOW));
    assert_true(kept_file_next(&kept) == INT64_MAX);
    kept.stale = true;
    assert_true(kept_file_is_due(&kept, KEPT_IN_TIME, NOW));
    assert_true(kept_file_next(&kept) <= NOW);
    assert_int_equal(write_it(&kept, STATUS_OK, NULL, NOW), KEPT_AS_BEFORE);
    assert_false(kept_file_is_due(&kept, KEPT_AT_ONCE, NOW));
    kept_file_done(&kept);
}

static void writing_takes_a_hundredth_of_the_time_unless_it_is_needed_at_once(void **state)
{
    (void)state;
    struct kept_file kept = {.stale = true};
    kept_file_begin(&kept);
    kept.begun_ms -= 10000; // it took ten seconds
    assert_int_equal(kept_file_end(&kept, STATUS_OK, NULL, NOW), KEPT_AS_BEFORE);
    int64_t rest = kept.rest_ms - clock_ms();
    assert_true(rest > 900000 && rest < 1100000);
    kept.stale = true;
    assert_false(kept_file_is_due(&kept, KEPT_IN_TIME, NOW));
    assert_true(kept_file_is_due(&kept, KEPT_AT_ONCE, NOW));
    kept_file_done(&kept);
}

static void what_cannot_be_written_is_told_once_and_tried_later(void **state)
{
    (void)state;
    int64_t later = NOW + PUBLISH_RETRY_S;
    struct kept_file kept = {.stale = true};
    assert_int_equal(write_it(&kept, STATUS_NO_SPACE, "full", NOW), KEPT_FAILED);
    assert_string_equal(kept.trouble, "full");
    assert_false(kept_file_is_due(&kept, KEPT_AT_ONCE, later - 1));
    assert_int_equal(kept_file_next(&kept), later);
    assert_true(kept_file_is_due(&kept, KEPT_AT_ONCE, later));
    assert_int_equal(write_it(&kept, STATUS_NO_SPACE, "full", later), KEPT_AS_BEFORE);
    assert_int_equal(write_it(&kept, STATUS_DENIED, "denied", later), KEPT_FAILED);
    assert_string_equal(kept.trouble, "denied");
    assert_int_equal(write_it(&kept, STATUS_OK, NULL, later), KEPT_AGAIN);
    assert_null(kept.trouble);
    kept.stale = true; // another time, nothing is left of the failure
    assert_true(kept_file_next(&kept) <= NOW);
    assert_int_equal(write_it(&kept, STATUS_OK, NULL, later), KEPT_AS_BEFORE);
    kept_file_done(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_stale_is_due),
        cmocka_unit_test(writing_takes_a_hundredth_of_the_time_unless_it_is_needed_at_once),
        cmocka_unit_test(what_cannot_be_written_is_told_once_and_tried_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
