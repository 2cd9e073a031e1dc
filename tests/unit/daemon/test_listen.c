// SPDX-License-Identifier: ISC
#include "daemon/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"

// An address on loopback whose port is free for UDP and TCP.
static struct address free_address(const char *host)
{
    for (;;) {
        uint16_t port = (uint16_t)(12000 + random() % 20000);
        struct address address;
        struct error err = {0};
        assert_int_equal(address_parse(host, port, &address, &err), STATUS_OK);
        if (address_probe(&address, SOCK_DGRAM, &err) == STATUS_OK &&
            address_probe(&address, SOCK_STREAM, &err) == STATUS_OK)
            return address;
    }
}

static void send_to(const struct address *address, const char *text)
{
    int fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(fd, text, strlen(text), 0, &address->any, address_len(address)),
                     strlen(text));
    close(fd);
}

// How many datagrams wait in the worker's UDP sockets.
static unsigned waiting(const struct listen_set *set, size_t worker)
{
    unsigned count = 0;
    char octets[64];
    for (size_t i = 0; i < set->address_count; i++)
        while (recv(listen_pairs(set, worker)[i].udp, octets, sizeof(octets), MSG_DONTWAIT) > 0)
            count++;
    return count;
}

static void another_program_on_the_port_is_seen(void **state)
{
    (void)state;
    struct address address = free_address("127.0.0.1");
    struct error err = {0};
    int other = -1; // with SO_REUSEPORT, as another server of ours would have it
    assert_int_equal(address_bind(&address, SOCK_DGRAM, true, &other, &err), STATUS_OK);
    struct listen_set set = {0};
    assert_int_not_equal(listen_change(&set, &address, 1, 2, &err), STATUS_OK);
    assert_non_null(strstr(err.text, "127.0.0.1@"));
    assert_int_equal(set.address_count, 0);
    close(other);
    assert_int_equal(listen_change(&set, &address, 1, 2, &err), STATUS_OK);
    listen_done(&set);
}

static void what_stays_keeps_its_sockets_and_what_waits_in_them(void **state)
{
    (void)state;
    struct address both[2] = {free_address("127.0.0.1"), free_address("::1")};
    struct error err = {0};
    struct listen_set set = {0};
    assert_int_equal(listen_change(&set, both, 1, 1, &err), STATUS_OK);
    send_to(&both[0], "one");
    send_to(&both[0], "two");
    struct listen_pair before = listen_pairs(&set, 0)[0];
    assert_false(listen_is(&set, both, 2, 2));
    struct address turned[2] = {both[1], both[0]};
    assert_int_equal(listen_change(&set, turned, 2, 2, &err), STATUS_OK);
    assert_true(listen_is(&set, both, 2, 2)); // the order says nothing
    assert_int_equal(listen_pairs(&set, 0)[1].udp, before.udp);
    assert_int_equal(listen_pairs(&set, 0)[1].tcp, before.tcp);
    assert_int_equal(waiting(&set, 0), 2);
    listen_done(&set);
}

static void a_change_that_fails_leaves_the_set_as_it_was(void **state)
{
    (void)state;
    struct address addresses[2] = {free_address("127.0.0.1"), free_address("127.0.0.1")};
    struct error err = {0};
    int other = -1;
    struct listen_set set = {0};
    assert_int_equal(listen_change(&set, addresses, 1, 2, &err), STATUS_OK);
    struct listen_pair before = listen_pairs(&set, 1)[0];
    assert_int_equal(address_bind(&addresses[1], SOCK_STREAM, false, &other, &err), STATUS_OK);
    assert_int_not_equal(listen_change(&set, addresses, 2, 2, &err), STATUS_OK);
    assert_true(listen_is(&set, addresses, 1, 2));
    assert_int_equal(listen_pairs(&set, 1)[0].udp, before.udp);
    close(other);
    listen_done(&set);
}

static void more_addresses_than_a_worker_takes_are_refused(void **state)
{
    (void)state;
    struct address addresses[LISTEN_ADDRESSES_MAX + 1] = {0};
    struct error err = {0};
    struct listen_set set = {0};
    assert_int_equal(listen_change(&set, addresses, LISTEN_ADDRESSES_MAX + 1, 1, &err),
                     STATUS_RANGE);
    assert_non_null(strstr(err.text, "server: listen:"));
    assert_int_equal(set.address_count, 0);
}

static void what_goes_gets_nothing_new_while_it_is_still_open(void **state)
{
    (void)state;
    struct address address = free_address("127.0.0.1");
    struct error err = {0};
    struct listen_set set = {0};
    char octets[64];
    assert_int_equal(listen_change(&set, &address, 1, 3, &err), STATUS_OK);
    int going[2] = {dup(listen_pairs(&set, 1)[0].udp), dup(listen_pairs(&set, 2)[0].udp)};
    assert_int_equal(listen_change(&set, &address, 1, 1, &err), STATUS_OK);
    for (int i = 0; i < 32; i++) // each from a port of its own, so that the kernel spreads them
        send_to(&address, "query");
    assert_int_equal(waiting(&set, 0), 32);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(recv(going[i], octets, sizeof(octets), MSG_DONTWAIT), -1);
        close(going[i]);
    }
    listen_settle(&set);
    assert_int_equal(listen_change(&set, &address, 1, 2, &err), STATUS_OK);
    for (int i = 0; i < 64; i++)
        send_to(&address, "query");
    unsigned first = waiting(&set, 0);
    assert_in_range(first, 1, 63);
    assert_int_equal(first + waiting(&set, 1), 64);
    listen_done(&set);
}

// Inputs with a configuration that holds nothing but addresses.
static void wanted_are_those_of_the_configuration_or_of_the_box(void **state)
{
    (void)state;
    struct address found[2];
    struct address given[3];
    struct error err = {0};
    assert_int_equal(address_parse("192.0.2.1", 0, &found[0], &err), STATUS_OK);
    assert_int_equal(address_parse("2001:db8::1", 0, &found[1], &err), STATUS_OK);
    assert_int_equal(address_parse("127.0.0.1@5300", 53, &given[0], &err), STATUS_OK);
    assert_int_equal(address_parse("::1@5301", 53, &given[1], &err), STATUS_OK);
    given[2] = given[0]; // named twice
    struct config config = {.server = {.listen_count = 0}};
    struct inputs inputs = {.config = &config, .found = found, .found_count = 2};
    struct listen_set set = {0};
    struct address *wanted = NULL;
    size_t count = 0;
    char text[ADDRESS_TEXT_MAX];

    listen_wanted(&set, &inputs, &wanted, &count);
    assert_int_equal(count, 2);
    assert_string_equal(address_text(&wanted[0], true, text), "192.0.2.1@53");
    assert_string_equal(address_text(&wanted[1], true, text), "2001:db8::1@53");
    free(wanted);

    config.server.listen = given;
    config.server.listen_count = 3;
    listen_wanted(&set, &inputs, &wanted, &count);
    assert_int_equal(count, 2);
    assert_string_equal(address_text(&wanted[0], true, text), "127.0.0.1@5300");
    assert_string_equal(address_text(&wanted[1], true, text), "::1@5301");
    free(wanted);
}

static struct address parsed(const char *text)
{
    struct address address;
    struct error err = {0};
    assert_int_equal(address_parse(text, 53, &address, &err), STATUS_OK);
    return address;
}

static void expect_tls(const struct listen_set *set, const struct listen_set *plain,
                       const struct config_server_tls *tls, const char *words)
{
    struct address *wanted = NULL;
    size_t count = 0;
    char text[ADDRESS_TEXT_MAX], all[256] = "";
    listen_wanted_tls(set, plain, tls, &wanted, &count);
    for (size_t i = 0; i < count; i++) {
        strcat(all, i > 0 ? " " : "");
        strcat(all, address_text(&wanted[i], true, text));
    }
    assert_string_equal(all, words);
    free(wanted);
}

static void tls_is_where_the_server_is_unless_something_is_written(void **state)
{
    (void)state;
    struct address addresses[] = {parsed("192.0.2.1@53"), parsed("192.0.2.1@5300"),
                                  parsed("2001:db8::1@53")};
    struct address written[] = {parsed("192.0.2.9@8530"), parsed("192.0.2.9@8530")};
    struct listen_given given = {parsed("192.0.2.7@853"), {-1, -1}};
    struct listen_set set = {.streams_only = true}, empty = {0};
    struct listen_set plain = {.addresses = addresses, .address_count = 3};
    struct config_server_tls tls = {.enabled = true};
    expect_tls(&set, &plain, &tls, "192.0.2.1@853 2001:db8::1@853");
    expect_tls(&set, &empty, &tls, ""); // a box without an address
    tls.listen = written;
    tls.listen_count = 2;
    expect_tls(&set, &plain, &tls, "192.0.2.9@8530");
    set.given = &given;
    set.given_count = 1;
    expect_tls(&set, &plain, &tls, "192.0.2.7@853");
}

static void given_streams_need_no_datagrams(void **state)
{
    (void)state;
    struct error err = {0};
    struct listen_given given = {free_address("127.0.0.1"), {-1, -1}};
    assert_int_equal(address_bind(&given.address, SOCK_STREAM, false, &given.pair.tcp, &err),
                     STATUS_OK);
    struct listen_set set = {.streams_only = true, .given = &given, .given_count = 1};
    for (int i = 0; i < 2; i++) { // switched off and on
        struct stat kept, copy;
        assert_int_equal(listen_change(&set, &given.address, 1, 1, &err), STATUS_OK);
        assert_int_equal(listen_pairs(&set, 0)->udp, -1);
        assert_int_equal(fstat(given.pair.tcp, &kept), 0);
        assert_int_equal(fstat(listen_pairs(&set, 0)->tcp, &copy), 0);
        assert_int_equal(copy.st_ino, kept.st_ino);
        listen_done(&set);
    }
    close(given.pair.tcp);
}

static void given_sockets_are_shared_by_all_workers(void **state)
{
    (void)state;
    struct error err = {0};
    struct listen_given given = {0};
    assert_int_equal(address_parse("127.0.0.1", 0, &given.address, &err), STATUS_OK);
    // Bound alone, as by systemd without ReusePort=.
    int udp = -1, tcp = -1;
    while (tcp < 0) {
        given.address.v4.sin_port = htons((uint16_t)(12000 + random() % 20000));
        if (address_bind(&given.address, SOCK_DGRAM, false, &udp, &err) != STATUS_OK)
            continue;
        if (address_bind(&given.address, SOCK_STREAM, false, &tcp, &err) != STATUS_OK)
            close(udp);
    }
    given.pair = (struct listen_pair){udp, tcp};
    struct listen_set set = {.given = &given, .given_count = 1};
    struct address *wanted = NULL;
    size_t count = 0;
    struct config config = {.server = {.listen_count = 0}};
    struct inputs inputs = {.config = &config};
    listen_wanted(&set, &inputs, &wanted, &count);
    assert_int_equal(count, 1);
    assert_int_equal(listen_change(&set, wanted, 1, 3, &err), STATUS_OK);
    struct stat kept, copy;
    assert_int_equal(fstat(udp, &kept), 0);
    for (size_t worker = 0; worker < 3; worker++) {
        assert_int_equal(fstat(listen_pairs(&set, worker)->udp, &copy), 0);
        assert_int_equal(copy.st_ino, kept.st_ino);
    }
    listen_done(&set);
    assert_int_equal(listen_change(&set, wanted, 1, 1, &err), STATUS_OK); // again, as a resolver is
    listen_done(&set);
    assert_int_equal(fstat(udp, &kept), 0); // the owner's
    free(wanted);
    close(udp);
    close(tcp);
}

int main(void)
{
    srandom((unsigned)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_is_where_the_server_is_unless_something_is_written),
        cmocka_unit_test(given_streams_need_no_datagrams),
        cmocka_unit_test(given_sockets_are_shared_by_all_workers),
        cmocka_unit_test(another_program_on_the_port_is_seen),
        cmocka_unit_test(what_stays_keeps_its_sockets_and_what_waits_in_them),
        cmocka_unit_test(a_change_that_fails_leaves_the_set_as_it_was),
        cmocka_unit_test(more_addresses_than_a_worker_takes_are_refused),
        cmocka_unit_test(what_goes_gets_nothing_new_while_it_is_still_open),
        cmocka_unit_test(wanted_are_those_of_the_configuration_or_of_the_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
