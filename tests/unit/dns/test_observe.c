// SPDX-License-Identifier: ISC
// What counts of a TXT when it is compared with what was asked for.
#include "dns/observe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_counts(const char *text, const char *what)
{
    uint8_t octets[64];
    memcpy(octets, text, strlen(text));
    assert_int_equal(observe_text(octets, strlen(text)), strlen(what));
    assert_memory_equal(octets, what, strlen(what));
}

static void white_space_does_not_count(void **state)
{
    (void)state;
    assert_counts("v=DKIM1; k=rsa; p=ab cd", "v=DKIM1;k=rsa;p=abcd");
    assert_counts(" \t\r\n\v\fp=a\t", "p=a");
    assert_counts("", "");
    assert_counts("   ", "");
}

static void one_semicolon_at_the_end_does_not_count(void **state)
{
    (void)state;
    assert_counts("v=DKIM1; p=;", "v=DKIM1;p=");
    assert_counts("v=DKIM1; p= ; ", "v=DKIM1;p=");
    assert_counts("p=;;", "p=;");
    assert_counts(";", "");
}

static void everything_else_counts(void **state)
{
    (void)state;
    assert_counts("V=dkim1;P=aB\x01\xff", "V=dkim1;P=aB\x01\xff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_does_not_count),
        cmocka_unit_test(one_semicolon_at_the_end_does_not_count),
        cmocka_unit_test(everything_else_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
