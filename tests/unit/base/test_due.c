// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/due.h"

#define MANY 300

static void nothing_is_due_at_first(void **state)
{
    (void)state;
    struct due due = {0};
    assert_true(due_first(&due, NULL) == DUE_NEVER);
    due_reset(&due, 3);
    assert_true(due_first(&due, NULL) == DUE_NEVER);
    assert_true(due_at(&due, 2) == DUE_NEVER);
    due_done(&due);
}

static void the_earliest_comes_first(void **state)
{
    (void)state;
    struct due due = {0};
    size_t item = 9;
    due_reset(&due, 3);
    due_set(&due, 0, 30);
    due_set(&due, 1, 10);
    due_set(&due, 2, 20);
    assert_int_equal(due_first(&due, &item), 10);
    assert_int_equal(item, 1);
    due_set(&due, 1, 40);
    assert_int_equal(due_first(&due, &item), 20);
    assert_int_equal(item, 2);
    due_set(&due, 2, DUE_NEVER);
    assert_int_equal(due_first(&due, &item), 30);
    due_set(&due, 0, DUE_NEVER);
    due_set(&due, 1, DUE_NEVER);
    assert_true(due_first(&due, &item) == DUE_NEVER);
    due_done(&due);
}

// Against a plain search, through changes of all kinds.
static void any_changes_keep_the_order(void **state)
{
    (void)state;
    struct due due = {0};
    int64_t times[MANY];
    unsigned seed = 1;
    due_reset(&due, MANY);
    for (size_t i = 0; i < MANY; i++)
        times[i] = DUE_NEVER;
    for (size_t turn = 0; turn < 100 * MANY; turn++) {
        size_t item = (size_t)rand_r(&seed) % MANY, first = 0;
        times[item] = rand_r(&seed) % 4 == 0 ? DUE_NEVER : rand_r(&seed) % 1000;
        due_set(&due, item, times[item]);
        int64_t least = DUE_NEVER;
        for (size_t i = 0; i < MANY; i++)
            least = times[i] < least ? times[i] : least;
        assert_true(due_first(&due, &first) == least);
        assert_true(least == DUE_NEVER || times[first] == least);
        assert_true(due_at(&due, item) == times[item]);
    }
    due_done(&due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_due_at_first),
        cmocka_unit_test(the_earliest_comes_first),
        cmocka_unit_test(any_changes_keep_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
