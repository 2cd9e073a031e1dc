// SPDX-License-Identifier: ISC
// The keys of session tickets over hours that pass in no time.
#include "server/tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOUR (INT64_C(3600) * 1000)
#define T0   INT64_C(5000)

static struct tickets tickets;

static int set_up(void **state)
{
    (void)state;
    memset(&tickets, 0, sizeof(tickets));
    return 0;
}

static struct ticket_key newest(int64_t now)
{
    const struct ticket_key *key = tickets_newest(&tickets, now);
    assert_non_null(key);
    return *key;
}

static bool found(const struct ticket_key *key, int64_t now)
{
    const struct ticket_key *ret = tickets_find(&tickets, now, key->name);
    if (ret == NULL)
        return false;
    assert_memory_equal(ret->cipher, key->cipher, sizeof(key->cipher));
    assert_memory_equal(ret->mac, key->mac, sizeof(key->mac));
    return true;
}

static void a_key_makes_tickets_for_an_hour_and_then_there_is_another(void **state)
{
    (void)state;
    struct ticket_key first = newest(T0);
    struct ticket_key same = newest(T0 + HOUR - 1);
    assert_memory_equal(&first, &same, sizeof(first));
    struct ticket_key second = newest(T0 + HOUR);
    assert_memory_not_equal(first.name, second.name, sizeof(first.name));
    assert_memory_not_equal(first.cipher, second.cipher, sizeof(first.cipher));
    assert_memory_not_equal(first.mac, second.mac, sizeof(first.mac));
}

// Until the last ticket that it made has ended, and no longer.
static void a_key_takes_tickets_for_two_hours(void **state)
{
    (void)state;
    struct ticket_key first = newest(T0);
    struct ticket_key second = newest(T0 + HOUR);
    assert_true(found(&first, T0 + HOUR));
    assert_true(found(&first, T0 + 2 * HOUR - 1));
    assert_false(found(&first, T0 + 2 * HOUR));
    assert_true(found(&second, T0 + 2 * HOUR));
    struct ticket_key third = newest(T0 + 2 * HOUR);
    assert_false(found(&first, T0 + 2 * HOUR));
    assert_true(found(&second, T0 + 3 * HOUR - 1));
    assert_true(found(&third, T0 + 3 * HOUR - 1));
}

static void nobody_comes_for_a_day_and_no_old_ticket_is_taken(void **state)
{
    (void)state;
    struct ticket_key first = newest(T0);
    assert_false(found(&first, T0 + 24 * HOUR));
    struct ticket_key second = newest(T0 + 24 * HOUR);
    assert_false(found(&first, T0 + 24 * HOUR));
    assert_true(found(&second, T0 + 24 * HOUR));
}

// As after a restart: whoever comes with a ticket of the process before has a whole handshake.
static void a_process_takes_no_tickets_but_its_own(void **state)
{
    (void)state;
    struct ticket_key mine = newest(T0), other = mine;
    static const uint8_t nothing[TICKET_NAME_LEN];
    other.name[0] ^= 1;
    assert_null(tickets_find(&tickets, T0, other.name));
    assert_null(tickets_find(&tickets, T0, nothing)); // the name of a key that was never made
    memset(&tickets, 0, sizeof(tickets));
    assert_null(tickets_find(&tickets, T0, mine.name));
    assert_null(tickets_find(&tickets, T0, nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_key_makes_tickets_for_an_hour_and_then_there_is_another, set_up),
        cmocka_unit_test_setup(a_key_takes_tickets_for_two_hours, set_up),
        cmocka_unit_test_setup(nobody_comes_for_a_day_and_no_old_ticket_is_taken, set_up),
        cmocka_unit_test_setup(a_process_takes_no_tickets_but_its_own, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
