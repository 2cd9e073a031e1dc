// SPDX-License-Identifier: ISC
#include "daemon/workers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define SOCKETS 4

static void one_that_is_down_is_served_by_the_one_before_it(void **state)
{
    (void)state;
    static const bool ready[4] = {true, false, true, true};
    assert_int_equal(workers_drain_count(ready, 4, 0, SOCKETS, 100), SOCKETS);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(workers_drain_count(ready, 4, i, SOCKETS, 100), 0);
}

static void the_circle_has_no_end(void **state)
{
    (void)state;
    static const bool ready[4] = {false, false, true, false};
    assert_int_equal(workers_drain_count(ready, 4, 2, SOCKETS, 100), 3 * SOCKETS);
    static const bool alone[1] = {true};
    assert_int_equal(workers_drain_count(alone, 1, 0, SOCKETS, 0), 0);
}

static void no_more_are_named_than_were_given(void **state)
{
    (void)state;
    static const bool ready[4] = {true, false, false, false};
    assert_int_equal(workers_drain_count(ready, 4, 0, SOCKETS, 2 * SOCKETS), 2 * SOCKETS);
}

// Whatever is down: each is served exactly once as long as any is ready.
static void each_that_is_down_is_served_once(void **state)
{
    (void)state;
    for (unsigned mask = 1; mask < 64; mask++) {
        bool ready[6];
        unsigned served[6] = {0};
        for (size_t i = 0; i < 6; i++)
            ready[i] = (mask >> i & 1) != 0;
        for (size_t i = 0; i < 6; i++)
            for (size_t k = 1; k <= workers_drain_count(ready, 6, i, 1, 100); k++)
                served[(i + k) % 6]++;
        for (size_t i = 0; i < 6; i++)
            assert_int_equal(served[i], ready[i] ? 0 : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_down_is_served_by_the_one_before_it),
        cmocka_unit_test(the_circle_has_no_end),
        cmocka_unit_test(no_more_are_named_than_were_given),
        cmocka_unit_test(each_that_is_down_is_served_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
