// SPDX-License-Identifier: ISC
// Who is asked no more.
#include "probe/check_quiet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct quiet *quiet;
static struct address resolver, server;

static int start(void **state)
{
    (void)state;
    assert_int_equal(address_parse("127.0.0.1", 53, &resolver, NULL), STATUS_OK);
    assert_int_equal(address_parse("192.0.2.1", 53, &server, NULL), STATUS_OK);
    quiet = quiet_new(&resolver);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    quiet_free(quiet);
    return 0;
}

static void note(const struct address *address, bool tcp, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        quiet_note(quiet, address, tcp, false);
}

static void who_has_not_answered_for_long_is_quiet(void **state)
{
    (void)state;
    note(&server, false, QUIET_MAX - 1);
    assert_false(quiet_is(quiet, &server, false));
    quiet_note(quiet, &server, false, true);
    note(&server, false, QUIET_MAX - 1);
    assert_false(quiet_is(quiet, &server, false));
    note(&server, false, 1);
    assert_true(quiet_is(quiet, &server, false));
    assert_false(quiet_is(quiet, &server, true));
}

// A zone whose names nobody answers for would otherwise end the check of all others.
static void the_resolver_is_asked_for_longer(void **state)
{
    (void)state;
    note(&resolver, false, QUIET_RESOLVER_MAX - 1);
    assert_false(quiet_is(quiet, &resolver, false));
    note(&resolver, false, 1);
    assert_true(quiet_is(quiet, &resolver, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_has_not_answered_for_long_is_quiet, start, stop),
        cmocka_unit_test_setup_teardown(the_resolver_is_asked_for_longer, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
