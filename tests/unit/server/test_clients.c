// SPDX-License-Identifier: ISC
// Quotas of connections, in all and per address, and who makes room.
#include "server/clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const uint64_t seed[2] = {0x0123456789abcdef, 0xfedcba9876543210};

static struct clients *clients;
static struct client_connection connections[1000];

static struct address from(const char *text)
{
    struct address address;
    struct error err = {0};
    assert_int_equal(address_parse(text, 53, &address, &err), STATUS_OK);
    return address;
}

static void add(unsigned i, const char *text, uint64_t now)
{
    struct address address = from(text);
    clients_add(clients, &connections[i], &address, now);
}

static void make(unsigned in_all, unsigned per_address)
{
    clients = clients_new((struct clients_limits){in_all, per_address}, seed);
}

static void done(void)
{
    struct client_connection *oldest;
    while ((oldest = clients_oldest(clients)) != NULL)
        clients_remove(clients, oldest);
    assert_int_equal(clients_count(clients), 0);
    clients_free(clients);
}

static void expect_room(const char *text, enum clients_room room, unsigned leaver)
{
    struct address address = from(text);
    struct client_connection *ret = NULL;
    assert_int_equal(clients_room(clients, &address, &ret), room);
    assert_ptr_equal(ret, room == CLIENTS_ROOM ? NULL : &connections[leaver]);
}

static void at_the_quota_in_all_the_longest_idle_makes_room(void **state)
{
    (void)state;
    make(3, 3);
    add(0, "192.0.2.1", 10);
    add(1, "192.0.2.2", 11);
    expect_room("192.0.2.3", CLIENTS_ROOM, 0);
    add(2, "192.0.2.3", 12);
    expect_room("192.0.2.4", CLIENTS_FULL, 0);
    clients_active(clients, &connections[0], 13);
    expect_room("192.0.2.4", CLIENTS_FULL, 1);
    clients_remove(clients, &connections[1]);
    expect_room("192.0.2.4", CLIENTS_ROOM, 0);
    done();
}

static void at_its_quota_an_address_makes_room_for_itself(void **state)
{
    (void)state;
    make(10, 2);
    add(0, "192.0.2.9", 10); // older than all, and not asked
    add(1, "192.0.2.1@1000", 11);
    add(2, "192.0.2.1@1001", 12);
    expect_room("192.0.2.1@1002", CLIENTS_ADDRESS_FULL, 1);
    expect_room("192.0.2.2", CLIENTS_ROOM, 0);
    clients_active(clients, &connections[1], 13);
    expect_room("192.0.2.1@1002", CLIENTS_ADDRESS_FULL, 2);
    clients_remove(clients, &connections[2]);
    expect_room("192.0.2.1@1002", CLIENTS_ROOM, 0);
    done();
}

static void when_both_are_reached_it_is_its_own_that_leaves(void **state)
{
    (void)state;
    make(3, 2);
    add(0, "192.0.2.9", 10);
    add(1, "192.0.2.1", 11);
    add(2, "192.0.2.1", 12);
    expect_room("192.0.2.1", CLIENTS_ADDRESS_FULL, 1);
    expect_room("192.0.2.2", CLIENTS_FULL, 0);
    done();
}

static void an_ipv6_address_is_its_64(void **state)
{
    (void)state;
    make(10, 2);
    add(0, "2001:db8:0:1::1", 10);
    add(1, "2001:db8:0:1:ffff::2", 11);
    expect_room("2001:db8:0:1:8000::3", CLIENTS_ADDRESS_FULL, 0);
    expect_room("2001:db8:0:2::1", CLIENTS_ROOM, 0);
    expect_room("2001:db8::1", CLIENTS_ROOM, 0);
    expect_room("32.1.13.184", CLIENTS_ROOM, 0); // the same octets in front
    done();
}

static void many_addresses_are_told_apart(void **state)
{
    (void)state;
    make(1000, 1);
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), i % 2 == 0 ? "10.0.%u.%u" : "2001:db8:%x:%x::1", i / 250,
                 i % 250);
        expect_room(text, CLIENTS_ROOM, 0);
        add(i, text, i);
    }
    for (unsigned i = 0; i < 1000; i += 3)
        clients_remove(clients, &connections[i]);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), i % 2 == 0 ? "10.0.%u.%u" : "2001:db8:%x:%x::1", i / 250,
                 i % 250);
        expect_room(text, i % 3 == 0 ? CLIENTS_ROOM : CLIENTS_ADDRESS_FULL, i);
    }
    unsigned i = 1;
    for (const struct client_connection *each = clients_oldest(clients); each != NULL;
         each = clients_newer(each), i += i % 3 == 1 ? 1 : 2)
        assert_ptr_equal(each, &connections[i]);
    assert_int_equal(i, 1000);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_quota_in_all_the_longest_idle_makes_room),
        cmocka_unit_test(at_its_quota_an_address_makes_room_for_itself),
        cmocka_unit_test(when_both_are_reached_it_is_its_own_that_leaves),
        cmocka_unit_test(an_ipv6_address_is_its_64),
        cmocka_unit_test(many_addresses_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
