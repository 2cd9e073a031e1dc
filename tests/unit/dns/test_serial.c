// SPDX-License-Identifier: ISC
#include "dns/serial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000)

static void serials_compare_in_a_circle(void **state)
{
    (void)state;
    static const struct {
        uint32_t a, b;
        bool later;
    } rows[] = {
        {2, 1, true},           {1, 2, false},          {1, 1, false},
        {0, UINT32_MAX, true},  {UINT32_MAX, 0, false}, {5, UINT32_MAX - 5, true},
        {0x80000000, 0, false}, {0, 0x80000000, false}, // undefined in RFC 1982 §3.2
        {0x7fffffff, 0, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(serial_is_later(rows[i].a, rows[i].b), rows[i].later);
}

static void times_of_the_wire_are_near_now(void **state)
{
    (void)state;
    assert_int_equal(serial_time((uint32_t)NOW, NOW), NOW);
    assert_int_equal(serial_time((uint32_t)(NOW - 9), NOW), NOW - 9);
    int64_t wrap = INT64_C(0x100000000); // February 2106
    assert_int_equal(serial_time(10, wrap - 10), wrap + 10);
    assert_int_equal(serial_time((uint32_t)(wrap - 10), wrap + 10), wrap - 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serials_compare_in_a_circle),
        cmocka_unit_test(times_of_the_wire_are_near_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
