// SPDX-License-Identifier: ISC
#include "base/acceptor.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define CLIENTS 5
#define LIMIT   64

static uv_loop_t loop;
static struct acceptor acceptor;
static struct sockaddr_in address;
static int clients[CLIENTS];
static int taken[CLIENTS]; // their other ends
static unsigned taken_count;
static unsigned room_asked;
static int filler[LIMIT];
static unsigned filler_count;

static void on_connected(struct acceptor *own, int fd)
{
    assert_ptr_equal(own, &acceptor);
    taken[taken_count++] = fd;
}

static bool give_room(struct acceptor *own)
{
    (void)own;
    room_asked++;
    if (filler_count == 0)
        return false;
    close(filler[--filler_count]);
    return true;
}

static void set_limit(rlim_t most)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = most;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void use_up_descriptors(void)
{
    set_limit(LIMIT);
    for (int fd; (fd = dup(STDERR_FILENO)) >= 0;)
        filler[filler_count++] = fd;
}

static void give_descriptors_back(void)
{
    while (filler_count > 0)
        close(filler[--filler_count]);
}

static int listen_with_clients(void **state)
{
    (void)state;
    socklen_t len = sizeof(address);
    taken_count = room_asked = filler_count = 0;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    acceptor = (struct acceptor){.connected = on_connected};
    assert_int_equal(acceptor_open(&acceptor, &loop, fd, 16), 0);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(clients[i], (struct sockaddr *)&address, sizeof(address)), 0);
    }
    return 0;
}

static void forget(struct acceptor *own)
{
    (void)own;
}

static int close_all(void **state)
{
    (void)state;
    give_descriptors_back();
    for (unsigned i = 0; i < taken_count; i++)
        close(taken[i]);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    acceptor_close(&acceptor, forget);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static void who_comes_is_taken(void **state)
{
    (void)state;
    uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(taken_count, CLIENTS);
}

// The loop must go on in each of these: with libuv's own listening it would not (alarm ends the test then).
static void without_descriptors_who_comes_waits(void **state)
{
    (void)state;
    use_up_descriptors();
    uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(taken_count, 0);
    uv_run(&loop, UV_RUN_NOWAIT);
    give_descriptors_back();
    uv_run(&loop, UV_RUN_ONCE); // the pause
    uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(taken_count, CLIENTS);
}

static void room_is_asked_for_while_somebody_waits_and_no_longer(void **state)
{
    (void)state;
    acceptor.make_room = give_room;
    use_up_descriptors();
    for (int i = 0; i < 10; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(taken_count, CLIENTS);
    assert_int_equal(room_asked, CLIENTS);
}

static void one_that_is_held_takes_nobody_until_it_goes_on(void **state)
{
    (void)state;
    acceptor_hold(&acceptor);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(taken_count, 0);
    acceptor_go_on(&acceptor);
    uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(taken_count, CLIENTS);
}

static void what_is_no_listening_socket_is_refused(void **state)
{
    (void)state;
    struct acceptor other = {.connected = on_connected};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_true(acceptor_open(&other, &loop, ends[0], 16) < 0);
    acceptor_close(&other, forget);
    uv_run(&loop, UV_RUN_NOWAIT);
    close(ends[1]);
}

int main(void)
{
    alarm(60);
#define LISTENING(name) cmocka_unit_test_setup_teardown(name, listen_with_clients, close_all)
    const struct CMUnitTest tests[] = {
        LISTENING(who_comes_is_taken),
        LISTENING(without_descriptors_who_comes_waits),
        LISTENING(room_is_asked_for_while_somebody_waits_and_no_longer),
        LISTENING(one_that_is_held_takes_nobody_until_it_goes_on),
        LISTENING(what_is_no_listening_socket_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
