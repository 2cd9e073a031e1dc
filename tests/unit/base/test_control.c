// SPDX-License-Identifier: ISC
// The program's end of a control socket, its loop turned by the test; who asks is a plain socket that does what no
// client of ours would.
#include "base/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "tests/support/scratch.h"

#define PATIENCE_MS 20000 // a slow machine is no failure
#define LARGE       (4U << 20)

static uv_loop_t loop;
static struct control *control;
static char *path;
static unsigned calls;

// ── The program ──────────────────────────────────────────────────────────────────────────────────

static enum status run_status(void *data, const json_t *request, json_t *reply, struct error *err)
{
    (void)err;
    calls++;
    json_object_set_new(reply, "data", control_text(data));
    json_object_set(reply, "echo", json_object_get(request, "say"));
    return STATUS_OK;
}

static void reply_with(json_t *reply, size_t len)
{
    char *text = xmalloc(len);
    memset(text, 'x', len);
    json_object_set_new(reply, "text", json_stringn(text, len));
    free(text);
}

static enum status run_large(void *data, const json_t *request, json_t *reply, struct error *err)
{
    (void)data;
    (void)request;
    (void)err;
    calls++;
    reply_with(reply, LARGE);
    return STATUS_OK;
}

// Two of these are more than may wait. The first takes longer than a client may.
static enum status run_huge(void *data, const json_t *request, json_t *reply, struct error *err)
{
    (void)data;
    (void)request;
    (void)err;
    if (calls++ == 0)
        uv_sleep(CONTROL_CLIENT_MS + 500);
    reply_with(reply, CONTROL_REPLY_MAX / 2 + 1);
    return STATUS_OK;
}

static enum status run_fail(void *data, const json_t *request, json_t *reply, struct error *err)
{
    (void)data;
    (void)request;
    json_object_set_new(reply, "secret", json_true());
    return error_set(err, STATUS_IO, "the disk is \xff full");
}

static enum status run_close(void *data, const json_t *request, json_t *reply, struct error *err)
{
    (void)data;
    (void)request;
    (void)reply;
    (void)err;
    control_close(control);
    control = NULL;
    return STATUS_OK;
}

static const struct control_command commands[] = {{"status", run_status}, {"large", run_large},
                                                  {"huge", run_huge},     {"fail", run_fail},
                                                  {"close", run_close},   {NULL, NULL}};

static int start(void **state)
{
    static char data[] = "words";
    (void)state;
    struct error err = {0};
    int fd = -1;
    uv_loop_init(&loop);
    path = path_join(scratch, "test.sock");
    assert_int_equal(control_bind(path, 0600, (gid_t)-1, &fd, &err), STATUS_OK);
    assert_int_equal(control_open(&loop, fd, commands, data, &control, &err), STATUS_OK);
    calls = 0;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    control_close(control);
    control = NULL;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    unlink(path);
    free(path);
    return 0;
}

// ── A plain client ───────────────────────────────────────────────────────────────────────────────

static int join(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

// Turns the loop until the client has a line or its connection has ended (NULL). The line is the caller's.
static char *hear(int fd)
{
    int64_t end = clock_ms() + PATIENCE_MS;
    struct buf line = {0};
    char *whole = NULL;
    bool ended = false;
    while (whole == NULL && !ended) {
        char octet;
        ssize_t got = recv(fd, &octet, 1, 0);
        if (got == 1 && octet == '\n') {
            whole = xstrdup(buf_text(&line));
        } else if (got == 1) {
            buf_put(&line, &octet, 1);
        } else if (got == 0 || errno == ECONNRESET) {
            ended = true;
        } else {
            assert_int_equal(errno, EAGAIN);
            assert_true(clock_ms() < end);
            uv_run(&loop, UV_RUN_NOWAIT);
        }
    }
    buf_done(&line);
    return whole;
}

static void expect(int fd, const char *wanted)
{
    char *line = hear(fd);
    assert_non_null(line);
    if (strstr(line, wanted) == NULL)
        fail_msg("%s is not in: %s", wanted, line);
    free(line);
}

static void expect_end(int fd)
{
    assert_null(hear(fd));
    close(fd);
}

static void turn(unsigned times)
{
    while (times-- > 0)
        uv_run(&loop, UV_RUN_NOWAIT);
}

// ── Serving ──────────────────────────────────────────────────────────────────────────────────────

static void a_line_is_answered_and_the_connection_may_ask_again(void **state)
{
    (void)state;
    int fd = join();
    say(fd, "{\"command\":\"status\",\"say\":\"one\"}\n");
    expect(fd, "{\"ok\":true,\"program\":\"test\",\"data\":\"words\",\"echo\":\"one\"}");
    say(fd, "{\"say\":[2],\"command\":\"status\"}\n");
    expect(fd, "\"echo\":[2]}");
    close(fd);
}

static void lines_that_come_together_are_answered_in_order(void **state)
{
    (void)state;
    int fd = join();
    say(fd, "{\"command\":\"status\",\"say\":1}\n{\"command\":\"status\",\"say\":2}\n{\"comm");
    shutdown(fd, SHUT_WR); // what was asked is answered all the same
    expect(fd, "\"echo\":1}");
    expect(fd, "\"echo\":2}");
    expect(fd, "a request ends with a line feed");
    expect_end(fd);
}

static void many_requests_of_one_connection_leave_others_their_turn(void **state)
{
    (void)state;
    int greedy = join(), other = join();
    for (unsigned i = 0; i < 100; i++)
        say(greedy, "{\"command\":\"status\"}\n");
    say(other, "{\"command\":\"status\"}\n");
    expect(other, "\"ok\":true");
    assert_true(calls < 50); // libuv tells of what was written up to nine times a turn
    close(greedy);
    close(other);
}

static void a_line_may_come_octet_by_octet(void **state)
{
    (void)state;
    int fd = join();
    for (const char *c = "{\"command\":\"status\"}\n"; *c != '\0'; c++) {
        assert_int_equal(send(fd, c, 1, 0), 1);
        turn(2);
    }
    expect(fd, "\"ok\":true");
    close(fd);
}

static void what_is_no_request_is_refused_with_words(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"hello\n", "not JSON"},
        {"\n", "not JSON"},
        {"{\"command\":\"status\"\n", "not JSON"},
        {"{\"command\":\"status\",\"command\":\"fail\"}\n", "duplicate"},
        {"{\"command\":\"status\"} {}\n", "not JSON"},
        {"{\"command\":\"\xff\xfe\"}\n", "not JSON"},
        {"{\"command\":\"a\\u0000b\"}\n", "not JSON"},
        {"{\"command\":1e999}\n", "not JSON"},
        {"[\"command\",\"status\"]\n", "a request is an object"},
        {"{\"command\":7}\n", "a request is an object"},
        {"{}\n", "a request is an object"},
        {"{\"command\":\"Status\"}\n",
         "unknown command: Status; there are: status, large, huge, fail"},
    };
    int fd = join();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say(fd, cases[i][0]);
        char *line = hear(fd);
        assert_non_null(line);
        assert_non_null(strstr(line, "{\"ok\":false,\"program\":\"test\",\"error\":\""));
        if (strstr(line, cases[i][1]) == NULL)
            fail_msg("%s was answered: %s", cases[i][0], line);
        free(line);
    }
    assert_int_equal(calls, 0);
    say(fd, "{\"command\":\"status\"}\n"); // and all is well
    expect(fd, "\"ok\":true");
    close(fd);
}

static void octets_without_sense_end_nothing(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (unsigned round = 0; round < 200; round++) {
        char octets[1500];
        for (size_t i = 0; i < sizeof(octets); i++)
            octets[i] = (char)(rand_r(&seed) >> 7);
        octets[sizeof(octets) - 1] = '\n';
        int fd = join();
        assert_int_equal(send(fd, octets, sizeof(octets), 0), sizeof(octets));
        expect(fd, "\"ok\":false");
        close(fd);
    }
    turn(3);
}

static void json_of_any_depth_is_refused(void **state)
{
    (void)state;
    char line[CONTROL_LINE_MAX];
    memset(line, '[', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    int fd = join();
    assert_int_equal(send(fd, line, sizeof(line), 0), sizeof(line));
    expect(fd, "not JSON");
    close(fd);
}

static void a_line_that_is_too_long_ends_the_connection(void **state)
{
    (void)state;
    char line[CONTROL_LINE_MAX + 100];
    memset(line, ' ', sizeof(line));
    int fd = join();
    assert_int_equal(send(fd, line, sizeof(line), 0), sizeof(line));
    expect(fd, "one line of at most 4095 octets");
    expect_end(fd);
    // The longest that may be
    static const char request[] = "{\"command\":\"status\"}";
    memcpy(line, request, sizeof(request) - 1);
    line[CONTROL_LINE_MAX - 1] = '\n';
    fd = join();
    assert_int_equal(send(fd, line, CONTROL_LINE_MAX, 0), CONTROL_LINE_MAX);
    expect(fd, "\"ok\":true");
    close(fd);
}

static void a_command_that_fails_is_told_in_its_words_only(void **state)
{
    (void)state;
    int fd = join();
    say(fd, "{\"command\":\"fail\"}\n");
    expect(fd, "{\"ok\":false,\"program\":\"test\",\"error\":\"the disk is ? full\"}");
    close(fd);
}

static void clients_that_vanish_leave_nothing_behind(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        int fd = join();
        if (i % 5 > 0)
            say(fd, i % 5 == 1 ? "{\"comm" : "{\"command\":\"large\"}\n");
        if (i % 5 > 2)
            turn(i % 5); // after it has begun to answer
        close(fd);
        turn(1);
    }
    int fd = join();
    say(fd, "{\"command\":\"status\"}\n");
    expect(fd, "\"ok\":true");
    close(fd);
}

static void those_above_the_quota_wait_for_their_turn(void **state)
{
    (void)state;
    int fds[CONTROL_CLIENTS_MAX + 4];
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX + 4; i++) {
        fds[i] = join();
        turn(2);
    }
    say(fds[CONTROL_CLIENTS_MAX], "{\"command\":\"status\"}\n");
    turn(20);
    assert_int_equal(calls, 0);
    close(fds[3]);
    expect(fds[CONTROL_CLIENTS_MAX], "\"ok\":true");
    say(fds[CONTROL_CLIENTS_MAX + 1], "{\"command\":\"status\"}\n");
    turn(20);
    assert_int_equal(calls, 1);
    // The others are given up after their time, also without saying anything.
    expect(fds[CONTROL_CLIENTS_MAX + 1], "\"ok\":true");
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX + 4; i++)
        if (i != 3)
            close(fds[i]);
}

static bool has_ended(int fd)
{
    struct pollfd peer = {.fd = fd};
    return poll(&peer, 1, 0) == 1 && (peer.revents & POLLHUP) != 0;
}

static void who_sends_no_line_or_reads_nothing_is_closed_in_time(void **state)
{
    (void)state;
    static char got[LARGE];
    int silent = join(), half = join(), deaf = join(), slow = join();
    say(deaf, "{\"command\":\"large\"}\n");
    say(slow, "{\"command\":\"large\"}\n");
    int64_t begin = clock_ms();
    size_t slow_len = 0;
    while (!has_ended(silent) || !has_ended(half) || !has_ended(deaf)) {
        assert_true(clock_ms() - begin < PATIENCE_MS);
        send(half, " ", 1, MSG_NOSIGNAL);        // octets alone are no line
        ssize_t len = recv(slow, got, 20000, 0); // reads, if slowly
        slow_len += len > 0 ? (size_t)len : 0;
        turn(1);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    assert_true(clock_ms() - begin >= CONTROL_CLIENT_MS * 9 / 10);
    size_t deaf_len = 0;
    for (ssize_t len; (len = recv(deaf, got, LARGE, 0)) > 0;)
        deaf_len += (size_t)len;
    assert_true(deaf_len > 0 && deaf_len < LARGE); // cut off
    while (slow_len < LARGE) {
        ssize_t len = recv(slow, got, LARGE, 0);
        assert_true(len > 0 || (len < 0 && errno == EAGAIN));
        slow_len += len > 0 ? (size_t)len : 0;
        turn(1);
    }
    close(silent);
    close(half);
    close(deaf);
    close(slow);
}

static void a_client_has_one_reply_waiting_at_most(void **state)
{
    (void)state;
    int fd = join();
    for (unsigned i = 0; i < 20; i++)
        say(fd, "{\"command\":\"large\"}\n");
    turn(100);
    assert_int_equal(calls, 1);
    close(fd);
}

static void all_replies_that_wait_together_have_a_quota(void **state)
{
    (void)state;
    int deaf[2] = {join(), join()}, other = join();
    say(deaf[0], "{\"command\":\"huge\"}\n");
    turn(5);
    say(deaf[1], "{\"command\":\"huge\"}\n");
    expect(deaf[1], "the reply is too large, or others that are have not been read yet");
    say(other, "{\"command\":\"status\"}\n");
    expect(other, "\"ok\":true");
    close(deaf[0]);
    turn(5);
    say(deaf[1], "{\"command\":\"huge\"}\n");
    turn(5);
    char octets[100];
    assert_int_equal(recv(deaf[1], octets, sizeof(octets), 0), sizeof(octets));
    assert_memory_equal(octets, "{\"ok\":true", 10);
    close(deaf[1]);
    close(other);
}

static void it_may_be_closed_by_a_command(void **state)
{
    (void)state;
    int fd = join(), other = join();
    turn(3);
    say(fd, "{\"command\":\"close\"}\n");
    expect_end(fd);
    expect_end(other);
    assert_null(control);
}

static void what_is_no_socket_is_not_served(void **state)
{
    (void)state;
    struct error err = {0};
    struct control *none = NULL;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(control_open(&loop, fd, commands, NULL, &none, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "is no control socket"));
    assert_null(none);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void what_there_is_none_of_is_null(void **state)
{
    (void)state;
    json_t *reply = json_object();
    control_set(reply, "words", control_text(NULL));
    control_set(reply, "taken", control_taken_text(xstrdup("caf\xe9")));
    control_set(reply, "never", control_time(0));
    control_set(reply, "some-day", control_time(INT64_MAX));
    control_set(reply, "then", control_time(1795000000));
    char *text = json_dumps(reply, JSON_COMPACT);
    assert_string_equal(text, "{\"words\":null,\"taken\":\"caf?\",\"never\":null,"
                              "\"some-day\":null,\"then\":1795000000}");
    free(text);
    json_decref(reply);
}

int main(void)
{
#define SERVED(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        SERVED(a_line_is_answered_and_the_connection_may_ask_again),
        SERVED(lines_that_come_together_are_answered_in_order),
        SERVED(many_requests_of_one_connection_leave_others_their_turn),
        SERVED(a_line_may_come_octet_by_octet),
        SERVED(what_is_no_request_is_refused_with_words),
        SERVED(octets_without_sense_end_nothing),
        SERVED(json_of_any_depth_is_refused),
        SERVED(a_line_that_is_too_long_ends_the_connection),
        SERVED(a_command_that_fails_is_told_in_its_words_only),
        SERVED(clients_that_vanish_leave_nothing_behind),
        SERVED(those_above_the_quota_wait_for_their_turn),
        SERVED(who_sends_no_line_or_reads_nothing_is_closed_in_time),
        SERVED(a_client_has_one_reply_waiting_at_most),
        SERVED(all_replies_that_wait_together_have_a_quota),
        SERVED(it_may_be_closed_by_a_command),
        SERVED(what_is_no_socket_is_not_served),
        cmocka_unit_test(what_there_is_none_of_is_null),
    };
    signal(SIGPIPE, SIG_IGN);
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
