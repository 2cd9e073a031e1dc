// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/quarantine.h"

static void an_id_is_in_it_once_it_was_added(void **state)
{
    (void)state;
    struct quarantine quarantine = {0};
    assert_false(quarantine_has(&quarantine, 7));
    assert_int_equal(quarantine_add(&quarantine, 7), 0);
    assert_int_equal(quarantine_add(&quarantine, 8), 0);
    assert_int_equal(quarantine_add(&quarantine, 7), 0);
    assert_int_equal(quarantine.count, 2);
    assert_true(quarantine_has(&quarantine, 7) && quarantine_has(&quarantine, 8));
    assert_false(quarantine_has(&quarantine, 9));
}

static void a_full_one_forgets_the_oldest(void **state)
{
    (void)state;
    struct quarantine quarantine = {0};
    for (uint64_t id = 1; id <= QUARANTINE_MAX; id++)
        assert_int_equal(quarantine_add(&quarantine, id), 0);
    assert_int_equal(quarantine_add(&quarantine, 1), 0); // is there, and goes nowhere
    assert_int_equal(quarantine_add(&quarantine, 1000), 1);
    assert_int_equal(quarantine_add(&quarantine, 1001), 2);
    assert_int_equal(quarantine.count, QUARANTINE_MAX);
    assert_false(quarantine_has(&quarantine, 2));
    assert_true(quarantine_has(&quarantine, 3) && quarantine_has(&quarantine, 1001));
}

static void ids_are_written_and_read_as_16_digits(void **state)
{
    (void)state;
    static const uint64_t ids[] = {1, 0x123456789abcdef0, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        uint64_t id = 0;
        assert_true(quarantine_read(quarantine_words(ids[i]), &id));
        assert_int_equal(id, ids[i]);
    }
    assert_string_equal(quarantine_words(0xab), "00000000000000ab");
    static const char *const wrong[] = {"",
                                        "1",
                                        "0000000000000000",
                                        "00000000000000aB",
                                        "00000000000000abc",
                                        "0x000000000000ab",
                                        " 0000000000000ab"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint64_t id;
        assert_false(quarantine_read(wrong[i], &id));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_in_it_once_it_was_added),
        cmocka_unit_test(a_full_one_forgets_the_oldest),
        cmocka_unit_test(ids_are_written_and_read_as_16_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
