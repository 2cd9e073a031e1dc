// SPDX-License-Identifier: ISC
// What keys wait for, in words that are true of the key that is asked about.
#include "signer/life_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// The key in slot 0, the old one, and that in slot 1, which takes its place.
static const struct keyset set = {.offered = 2};

static void a_ds_is_its_own_or_that_of_another_key(void **state)
{
    (void)state;
    const struct rollover_waiting in = {ROLLOVER_FOR_DS_IN, INT64_MAX, 2};
    const struct rollover_waiting out = {ROLLOVER_FOR_DS_OUT, INT64_MAX, 1};
    const char *own = "its DS has to be ", *other = "the DS of another key has to be ";
    const struct life_view first = {1, true, false}, second = {2, true, false};
    assert_non_null(strstr(life_wait_words(&set, &in, &second), own));
    assert_non_null(strstr(life_wait_words(&set, &in, &first), other));
    assert_non_null(strstr(life_wait_words(&set, &out, &first), own));
    assert_non_null(strstr(life_wait_words(&set, &out, &second), other));
}

static void a_ds_in_a_zone_of_the_box_is_nobodys_task(void **state)
{
    (void)state;
    const struct rollover_waiting in = {ROLLOVER_FOR_DS_IN, INT64_MAX, 2};
    const struct rollover_waiting out = {ROLLOVER_FOR_DS_OUT, INT64_MAX, 1};
    const struct life_view first = {1, true, true}, second = {2, true, true};
    const char *words = life_wait_words(&set, &in, &second);
    assert_string_equal(words, "this box enters its DS in the zone above");
    words = life_wait_words(&set, &in, &first);
    assert_string_equal(words, "this box enters the DS of another key in the zone above");
    words = life_wait_words(&set, &out, &first);
    assert_string_equal(words, "this box takes its DS out of the zone above");
    words = life_wait_words(&set, &out, &second);
    assert_string_equal(words, "this box takes the DS of another key out of the zone above");
}

static void who_waits_for_nothing_has_no_words(void **state)
{
    (void)state;
    const struct rollover_waiting nothing = {ROLLOVER_DONE, INT64_MAX, 0};
    assert_null(life_wait_words(&set, &nothing, &(struct life_view){1, true, false}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ds_is_its_own_or_that_of_another_key),
        cmocka_unit_test(a_ds_in_a_zone_of_the_box_is_nobodys_task),
        cmocka_unit_test(who_waits_for_nothing_has_no_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
