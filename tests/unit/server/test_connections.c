// SPDX-License-Identifier: ISC
// Connections on a loop, with clients in the same program: what slow ones, many, and those that are gone cost. Each
// test ends with a loop that nothing is left in.
#include "server/connections.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns/wire.h"
#include "server/tcp.h"
#include "tests/support/ask.h"
#include "tests/support/small_store.h"

#define CLIENTS_MAX 64
#define NEVER_MS    600000
#define SOON_MS     100

static struct small_store store;
static uint64_t *const closed = store.statistics.closed;
static uv_loop_t loop;
static struct connections *all;
static struct sockaddr_in server;
static int clients[CLIENTS_MAX];
static unsigned client_count;

static int set_up(void **state)
{
    char records[250 * 220];
    size_t len = 0;
    (void)state;
    for (unsigned i = 0; i < 250; i++)
        len += (size_t)snprintf(records + len, sizeof(records) - len, "large TXT %0200u\n", i);
    small_store_open(records, &store);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    small_store_close(&store);
    return 0;
}

static int start(void **state)
{
    (void)state;
    memset(&store.statistics, 0, sizeof(store.statistics));
    client_count = 0;
    return uv_loop_init(&loop);
}

static int finish(void **state)
{
    (void)state;
    connections_close(all);
    for (unsigned i = 0; i < client_count; i++)
        close(clients[i]);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop); // fails while a handle is open
}

static void serve(unsigned in_all, unsigned per_address, uint64_t idle_ms)
{
    struct connections_listener *listener;
    socklen_t len = sizeof(server);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    all = connections_new(&loop, &tcp_way,
                          &(struct connections_options){.responder = &store.responder,
                                                        .statistics = &store.statistics,
                                                        .limits = {in_all, per_address},
                                                        .idle_ms = idle_ms});
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&server, sizeof(server)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&server, &len), 0);
    assert_int_equal(connections_listen(all, fd, &listener), 0);
}

static void turn(void)
{
    uv_run(&loop, UV_RUN_NOWAIT);
}

// From 127.0.0.`host`, in the kernel's queue until the loop turns. Returns its number.
static unsigned come(unsigned host)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + host)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); // what is said is there
    assert_int_equal(connect(fd, (struct sockaddr *)&server, sizeof(server)), 0);
    clients[client_count] = fd;
    return client_count++;
}

static void say(unsigned client, const char *question)
{
    uint8_t message[STREAM_PREFIX_LEN + ASK_MAX];
    size_t len = ask_query(question, message + STREAM_PREFIX_LEN);
    wire_set_u16(message, (uint16_t)len);
    (void)send(clients[client], message, STREAM_PREFIX_LEN + len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Turns until the client has something to read: octets (true) or the end.
static bool hears(unsigned client)
{
    uint8_t octets[512];
    ssize_t len;
    do
        turn();
    while ((len = recv(clients[client], octets, sizeof(octets), MSG_DONTWAIT)) < 0 &&
           errno == EAGAIN);
    return len > 0;
}

static uint64_t answered(void)
{
    return store.statistics.queries[PATH_TCP4];
}

static void expect_closed(enum statistics_close why, uint64_t count)
{
    for (unsigned i = 0; i < STATISTICS_CLOSES; i++)
        assert_int_equal(closed[i], i == why ? count : 0);
}

static void who_does_not_read_has_no_more_answered(void **state)
{
    (void)state;
    serve(10, 10, NEVER_MS);
    unsigned client = come(1);
    uint64_t before;
    do { // until the kernel takes no more: what it holds, and one piece here
        before = answered();
        assert_in_range(before, 0, 500);
        for (unsigned i = 0; i < 100; i++) {
            say(client, "large.example. TXT");
            turn();
        }
    } while (answered() > before);
    assert_int_equal(connections_count(all), 1);
    unsigned other = come(1);
    say(other, "ns1.example. A");
    assert_true(hears(other));
    expect_closed(CLOSE_CLIENT, 0);
}

static void who_does_not_read_is_closed_with_the_idle_time(void **state)
{
    (void)state;
    serve(10, 10, SOON_MS);
    unsigned client = come(1);
    while (closed[CLOSE_IDLE] == 0) {
        say(client, "large.example. TXT");
        turn();
    }
    expect_closed(CLOSE_IDLE, 1);
    assert_int_equal(connections_count(all), 0);
}

static void who_sends_octet_by_octet_is_closed_with_the_idle_time(void **state)
{
    (void)state;
    serve(10, 10, SOON_MS);
    unsigned client = come(1);
    while (closed[CLOSE_IDLE] == 0) {
        (void)send(clients[client], "\xff", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        turn();
    }
    expect_closed(CLOSE_IDLE, 1);
    assert_int_equal(answered(), 0);
}

static void at_its_quota_an_address_makes_room_for_itself(void **state)
{
    (void)state;
    serve(10, 2, NEVER_MS);
    unsigned other = come(2);
    unsigned first = come(1), second = come(1), third = come(1);
    assert_false(hears(first));
    say(second, "ns1.example. A");
    say(third, "ns1.example. A");
    say(other, "ns1.example. A");
    assert_true(hears(second) && hears(third) && hears(other));
    expect_closed(CLOSE_ADDRESS, 1);
}

static void at_the_quota_in_all_the_longest_idle_makes_room(void **state)
{
    (void)state;
    serve(2, 2, NEVER_MS);
    unsigned first = come(1), second = come(2);
    while (connections_count(all) < 2)
        turn();
    for (uint64_t now = uv_now(&loop);
         uv_now(&loop) == now;) // which of two is older is known by the millisecond
        turn();
    say(first, "ns1.example. A");
    assert_true(hears(first)); // so the second one has gone longest without
    unsigned third = come(3);
    assert_false(hears(second));
    say(third, "ns1.example. A");
    assert_true(hears(third));
    expect_closed(CLOSE_ROOM, 1);
}

static void all_may_be_gone_at_once(void **state)
{
    (void)state;
    serve(CLIENTS_MAX, CLIENTS_MAX, NEVER_MS);
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        say(come(1), i % 2 == 0 ? "large.example. TXT" : "ns1.example. A");
    while (connections_count(all) < CLIENTS_MAX)
        turn();
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        struct linger reset = {.l_onoff = 1};
        say(i, "large.example. TXT");
        setsockopt(clients[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(clients[i]);
    }
    client_count = 0;
    while (connections_count(all) > 0)
        turn();
    assert_int_equal(closed[CLOSE_ERROR] + closed[CLOSE_CLIENT], CLIENTS_MAX);
}

static void the_end_closes_those_whose_answers_wait_too(void **state)
{
    (void)state;
    serve(10, 10, NEVER_MS);
    unsigned client = come(1);
    come(1);
    while (answered() < 20) {
        say(client, "large.example. TXT");
        turn();
    }
    connections_end(all);
    for (unsigned i = 0; i < 10; i++)
        turn();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(who_does_not_read_has_no_more_answered),
        TEST(who_does_not_read_is_closed_with_the_idle_time),
        TEST(who_sends_octet_by_octet_is_closed_with_the_idle_time),
        TEST(at_its_quota_an_address_makes_room_for_itself),
        TEST(at_the_quota_in_all_the_longest_idle_makes_room),
        TEST(all_may_be_gone_at_once),
        TEST(the_end_closes_those_whose_answers_wait_too),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
