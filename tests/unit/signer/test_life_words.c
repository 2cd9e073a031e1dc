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
    assert_non_null(strstr(life_wait_words(&set, &in, 2, true), own));
    assert_non_null(strstr(life_wait_words(&set, &in, 1, true), other));
    assert_non_null(strstr(life_wait_words(&set, &out, 1, true), own));
    assert_non_null(strstr(life_wait_words(&set, &out, 2, true), other));
}

static void who_waits_for_nothing_has_no_words(void **state)
{
    (void)state;
    const struct rollover_waiting nothing = {ROLLOVER_DONE, INT64_MAX, 0};
    assert_null(life_wait_words(&set, &nothing, 1, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ds_is_its_own_or_that_of_another_key),
        cmocka_unit_test(who_waits_for_nothing_has_no_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
