// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/recent.h"

// The entries from the oldest to the newest, and back, are those of `wanted`.
static void assert_order(const struct recent *recent, struct recent_entry *const *wanted,
                         unsigned count)
{
    assert_int_equal(recent->count, count);
    const struct recent_entry *entry = recent->oldest;
    for (unsigned i = 0; i < count; i++, entry = entry->newer)
        assert_ptr_equal(entry, wanted[i]);
    assert_null(entry);
    entry = recent->newest;
    for (unsigned i = count; i > 0; i--, entry = entry->older)
        assert_ptr_equal(entry, wanted[i - 1]);
    assert_null(entry);
}

static void the_oldest_is_the_one_longest_unused(void **state)
{
    (void)state;
    struct recent recent = {0};
    struct recent_entry a, b, c;
    recent_add(&recent, &a, 1);
    recent_add(&recent, &b, 2);
    recent_add(&recent, &c, 3);
    assert_order(&recent, (struct recent_entry *[]){&a, &b, &c}, 3);
    recent_touch(&recent, &a, 4);
    assert_order(&recent, (struct recent_entry *[]){&b, &c, &a}, 3);
    recent_touch(&recent, &c, 5);
    assert_order(&recent, (struct recent_entry *[]){&b, &a, &c}, 3);
    recent_touch(&recent, &c, 6);
    assert_order(&recent, (struct recent_entry *[]){&b, &a, &c}, 3);
    assert_int_equal(c.at, 6);
    assert_int_equal(recent.oldest->at, 2);
}

static void entries_go_from_both_ends_and_the_middle(void **state)
{
    (void)state;
    struct recent recent = {0};
    struct recent_entry a, b, c;
    recent_add(&recent, &a, 1);
    recent_add(&recent, &b, 1);
    recent_add(&recent, &c, 1);
    recent_remove(&recent, &b);
    assert_order(&recent, (struct recent_entry *[]){&a, &c}, 2);
    recent_remove(&recent, &a);
    assert_order(&recent, (struct recent_entry *[]){&c}, 1);
    recent_add(&recent, &a, 2);
    recent_remove(&recent, &a);
    recent_remove(&recent, &c);
    assert_order(&recent, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_is_the_one_longest_unused),
        cmocka_unit_test(entries_go_from_both_ends_and_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
