// SPDX-License-Identifier: ISC
// The front on real sockets, with an engine that answers when the test says so: names that begin with "now" at once,
// "large" ones with 60,000 octets. Answers are secure, but for names that begin with "plain", "bogus" or "fails".
#include "resolver/front.h"

#include <errno.h>
#include <ifaddrs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "dns/wire.h"
#include "resolver/front_ask.h"
#include "tests/support/ask.h"

#define LARGE 60000

// ── The engine ───────────────────────────────────────────────────────────────────────────────────

struct engine_query {
    engine_answer *answer;
    void *data;
    uint8_t qname[NAME_WIRE_MAX];
    uint16_t qtype;
    bool open;
};

static struct engine_query asked[4096];
static unsigned asked_count;
static unsigned cancelled_count;
static size_t running; // what engine_running says, beside the open ones

static bool begins(const uint8_t *qname, const char *text)
{
    return memcmp(qname + 1, text, strlen(text)) == 0;
}

static void answer(const uint8_t *qname, uint16_t qtype, engine_answer *callback, void *data)
{
    static uint8_t packet[DNS_MESSAGE_MAX];
    size_t len = name_wire_len(qname);
    memcpy(packet, "\x00\x00\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00", 12);
    memcpy(packet + 12, qname, len);
    wire_set_u16(packet + 12 + len, qtype);
    wire_set_u16(packet + 14 + len, RR_CLASS_IN);
    len += 16;
    uint16_t rdata_len = begins(qname, "large") ? LARGE : 4;
    memcpy(packet + len, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10", 10);
    wire_set_u16(packet + len + 10, rdata_len);
    memset(packet + len + 12, 7, rdata_len);
    struct engine_result result = {
        .packet = packet, .packet_len = len + 12 + rdata_len, .security = ENGINE_SECURE};
    if (begins(qname, "plain"))
        result.security = ENGINE_INSECURE;
    if (begins(qname, "bogus"))
        result.security = ENGINE_BOGUS;
    if (begins(qname, "fails"))
        result.rcode = RCODE_SERVFAIL;
    callback(data, &result);
}

struct engine_query *engine_ask(struct engine *engine, const uint8_t *qname, uint16_t qtype,
                                engine_answer *callback, void *data)
{
    (void)engine;
    if (begins(qname, "now")) {
        answer(qname, qtype, callback, data);
        return NULL;
    }
    assert_true(asked_count < sizeof(asked) / sizeof(asked[0]));
    struct engine_query *query = &asked[asked_count++];
    *query = (struct engine_query){.answer = callback, .data = data, .qtype = qtype, .open = true};
    memcpy(query->qname, qname, name_wire_len(qname));
    return query;
}

void engine_cancel(struct engine_query *query)
{
    assert_true(query->open);
    query->open = false;
    cancelled_count++;
}

size_t engine_running(const struct engine *engine)
{
    size_t count = running;
    (void)engine;
    for (unsigned i = 0; i < asked_count; i++)
        count += asked[i].open ? 1 : 0;
    return count;
}

static void answer_now(unsigned i)
{
    assert_true(i < asked_count && asked[i].open);
    asked[i].open = false;
    answer(asked[i].qname, asked[i].qtype, asked[i].answer, asked[i].data);
}

// ── The front and its clients ────────────────────────────────────────────────────────────────────

struct bench {
    uv_loop_t loop;
    struct front *front;
    struct address udp;
    struct address tcp;
    bool done;
};

static struct bench bench;

static int listen_on(const char *text, int type, struct address *ret)
{
    struct error err = {0};
    int fd;
    assert_int_equal(address_parse(text, 1, ret, &err), STATUS_OK);
    if (ret->any.sa_family == AF_INET)
        ret->v4.sin_port = 0;
    else
        ret->v6.sin6_port = 0;
    if (address_bind(ret, type, false, &fd, &err) != STATUS_OK)
        return -1;
    socklen_t len = sizeof(*ret);
    assert_int_equal(getsockname(fd, &ret->any, &len), 0);
    return fd;
}

static void set_up_with(const struct front_settings *settings)
{
    struct error err = {0};
    asked_count = 0;
    cancelled_count = 0;
    running = 0;
    bench.done = false;
    assert_int_equal(uv_loop_init(&bench.loop), 0);
    bench.front = front_new(&bench.loop, NULL, settings);
    int udp = listen_on("127.0.0.1", SOCK_DGRAM, &bench.udp);
    int tcp = listen_on("127.0.0.1", SOCK_STREAM, &bench.tcp);
    assert_int_equal(front_serve(bench.front, udp, &err), STATUS_OK);
    assert_int_equal(front_serve(bench.front, tcp, &err), STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    static const struct front_settings settings = {100, 10, 4, 60000};
    set_up_with(&settings);
    return 0;
}

static void on_done(void *data)
{
    *(bool *)data = true;
}

static int tear_down(void **state)
{
    (void)state;
    if (!bench.done)
        front_close(bench.front, 0, on_done, &bench.done);
    uv_run(&bench.loop, UV_RUN_DEFAULT);
    assert_true(bench.done);
    assert_int_equal(uv_loop_close(&bench.loop), 0);
    return 0;
}

// Lets the loop run until the condition holds; 10 s at most.
#define RUN_UNTIL(condition)                                                                       \
    do {                                                                                           \
        int64_t deadline = clock_ms() + 10000;                                                     \
        while (!(condition)) {                                                                     \
            uv_run(&bench.loop, UV_RUN_NOWAIT);                                                    \
            if (clock_ms() > deadline)                                                             \
                fail_msg("not within 10 s: %s", #condition);                                       \
        }                                                                                          \
    } while (0)

static int client_with(int type, int receive_buffer)
{
    const struct address *address = type == SOCK_DGRAM ? &bench.udp : &bench.tcp;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (receive_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    assert_true(connect(fd, &address->any, address_len(address)) == 0 || errno == EINPROGRESS);
    if (type == SOCK_STREAM) { // the kernel has finished the handshake: the front need not run
        int64_t deadline = clock_ms() + 5000;
        while (send(fd, "", 0, MSG_NOSIGNAL) < 0 && clock_ms() < deadline)
            ;
    }
    return fd;
}

static int client(int type)
{
    return client_with(type, 0);
}

// Connections whose buffers in the kernel hold less than one large answer.
static int tight_client(void)
{
    struct error err = {0};
    int size = 4096;
    int listener = listen_on("127.0.0.1", SOCK_STREAM, &bench.tcp);
    setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    assert_int_equal(front_serve(bench.front, listener, &err), STATUS_OK);
    return client_with(SOCK_STREAM, size);
}

static void reset_and_close(int fd)
{
    struct linger reset = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
}

// Writes the query, over TCP with its length in front. Returns what it takes.
static size_t make_query(int type, const char *name, uint16_t id, uint8_t *out)
{
    char question[300];
    snprintf(question, sizeof(question), "%s A +edns", name);
    size_t at = type == SOCK_STREAM ? 2 : 0;
    size_t len = ask_query(question, out + at);
    wire_set_u16(out + at, id);
    wire_set_u16(out + at + 2, HEADER_RD | HEADER_AD);
    if (at > 0)
        wire_set_u16(out, (uint16_t)len);
    return at + len;
}

static void ask(int fd, int type, const char *name, uint16_t id)
{
    uint8_t octets[ASK_MAX + 2];
    size_t len = make_query(type, name, id, octets);
    assert_int_equal(send(fd, octets, len, MSG_NOSIGNAL), len);
}

static bool receive(int fd, uint8_t *out, size_t len)
{
    ssize_t got = recv(fd, out, len, MSG_DONTWAIT | MSG_PEEK);
    return got > 0 && (size_t)got >= len;
}

// The id and the rcode of the next reply; -1 at the end of the connection.
static int reply(int fd, int type, unsigned *ret_rcode)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    size_t at = type == SOCK_STREAM ? 2 : 0;
    ssize_t got = -1;
    RUN_UNTIL(receive(fd, out, at + DNS_HEADER_LEN) ||
              (got = recv(fd, out, 1, MSG_DONTWAIT | MSG_PEEK)) == 0 ||
              (got < 0 && errno == ECONNRESET));
    if (got == 0 || (got < 0 && !receive(fd, out, at + DNS_HEADER_LEN)))
        return -1;
    size_t len = type == SOCK_STREAM ? wire_get_u16(out) + 2U : sizeof(out);
    if (type == SOCK_STREAM)
        RUN_UNTIL(receive(fd, out, len));
    assert_true(recv(fd, out, len, MSG_DONTWAIT) > 0);
    if (ret_rcode != NULL)
        *ret_rcode = out[at + 3] & 15U;
    return wire_get_u16(out + at);
}

static bool is_silent(int fd)
{
    uint8_t octet;
    for (unsigned i = 0; i < 20; i++)
        uv_run(&bench.loop, UV_RUN_NOWAIT);
    return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

// ── UDP ──────────────────────────────────────────────────────────────────────────────────────────

static void answers_go_to_those_who_asked(void **state)
{
    (void)state;
    int a = client(SOCK_DGRAM);
    int b = client(SOCK_DGRAM);
    unsigned rcode = 99;
    ask(a, SOCK_DGRAM, "later.a.", 1);
    ask(b, SOCK_DGRAM, "now.b.", 2);
    ask(a, SOCK_DGRAM, "later.c.", 3);
    assert_int_equal(reply(b, SOCK_DGRAM, &rcode), 2);
    assert_int_equal(rcode, RCODE_NOERROR);
    RUN_UNTIL(asked_count == 2);
    assert_int_equal(front_waiting(bench.front), 2);
    answer_now(1);
    assert_int_equal(reply(a, SOCK_DGRAM, NULL), 3);
    answer_now(0);
    assert_int_equal(reply(a, SOCK_DGRAM, NULL), 1);
    struct front_counters counters = front_counters(bench.front);
    assert_int_equal(counters.queries, 3);
    assert_int_equal(counters.secure, 3);
    assert_int_equal(counters.tcp, 0);
    assert_int_equal(front_waiting(bench.front), 0);
    close(a);
    close(b);
}

static void each_outcome_is_counted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned rcode;
    } outcomes[] = {{"plain.a.", RCODE_NOERROR},
                    {"bogus.a.", RCODE_SERVFAIL},
                    {"fails.a.", RCODE_SERVFAIL},
                    {"secure.a.", RCODE_NOERROR}};
    int fd = client(SOCK_DGRAM);
    for (unsigned i = 0; i < 4; i++) {
        unsigned rcode;
        ask(fd, SOCK_DGRAM, outcomes[i].name, (uint16_t)i);
        RUN_UNTIL(asked_count == i + 1);
        answer_now(i);
        assert_int_equal(reply(fd, SOCK_DGRAM, &rcode), i);
        assert_int_equal(rcode, outcomes[i].rcode);
    }
    struct front_counters counters = front_counters(bench.front);
    assert_int_equal(counters.insecure, 1);
    assert_int_equal(counters.bogus, 1);
    assert_int_equal(counters.failed, 1);
    assert_int_equal(counters.secure, 1);
    close(fd);
}

static void what_is_no_query_gets_its_error_or_nothing(void **state)
{
    (void)state;
    int fd = client(SOCK_DGRAM);
    unsigned rcode;
    uint8_t octets[2000] = {0};
    assert_int_equal(send(fd, "short", 5, 0), 5);
    memcpy(octets, "\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00", 12); // a reply
    assert_int_equal(send(fd, octets, 20, 0), 20);
    assert_int_equal(send(fd, octets, 0, 0), 0);
    assert_true(is_silent(fd));
    octets[2] = 0x28; // an update
    assert_int_equal(send(fd, octets, sizeof(octets), 0), sizeof(octets));
    assert_int_equal(reply(fd, SOCK_DGRAM, &rcode), 0x1234);
    assert_int_equal(rcode, RCODE_NOTIMP);
    struct front_counters counters = front_counters(bench.front);
    assert_int_equal(counters.dropped, 3);
    assert_int_equal(counters.rejected, 1);
    close(fd);
}

static void a_client_over_its_quota_takes_nothing_from_others(void **state)
{
    (void)state;
    int greedy = client(SOCK_DGRAM);
    int other = client(SOCK_DGRAM);
    unsigned rcode;
    for (uint16_t id = 0; id < 200; id++)
        ask(greedy, SOCK_DGRAM, "later.a.", id);
    for (uint16_t id = 10; id < 200; id++) {
        assert_int_equal(reply(greedy, SOCK_DGRAM, &rcode), id);
        assert_int_equal(rcode, RCODE_SERVFAIL);
    }
    assert_int_equal(front_counters(bench.front).over_quota, 190);
    assert_int_equal(asked_count, 10);
    ask(other, SOCK_DGRAM, "later.b.", 1000);
    RUN_UNTIL(asked_count == 11);
    answer_now(10);
    assert_int_equal(reply(other, SOCK_DGRAM, &rcode), 1000);
    assert_int_equal(rcode, RCODE_NOERROR);
    answer_now(3);
    assert_int_equal(reply(greedy, SOCK_DGRAM, &rcode), 3);
    ask(greedy, SOCK_DGRAM, "later.c.", 300); // there is room for one again
    RUN_UNTIL(asked_count == 12);
    close(greedy);
    close(other);
}

static void the_engine_is_not_asked_for_more_than_the_quota_in_all(void **state)
{
    (void)state;
    int fd = client(SOCK_DGRAM);
    unsigned rcode;
    running = 99; // others', cancelled ones included
    ask(fd, SOCK_DGRAM, "later.a.", 1);
    ask(fd, SOCK_DGRAM, "later.b.", 2);
    assert_int_equal(reply(fd, SOCK_DGRAM, &rcode), 2);
    assert_int_equal(rcode, RCODE_SERVFAIL);
    assert_int_equal(asked_count, 1);
    close(fd);
}

static void many_queries_wait_and_are_answered(void **state)
{
    (void)state;
    static const struct front_settings settings = {1000, 100000, 4, 60000};
    set_up_with(&settings);
    int fd = client(SOCK_DGRAM);
    for (unsigned round = 0; round < 2; round++) { // the second finds records of the first
        for (uint16_t id = 0; id < 400; id++) {
            ask(fd, SOCK_DGRAM, "later.a.", id);
            RUN_UNTIL(asked_count == round * 400 + id + 1);
        }
        assert_int_equal(front_waiting(bench.front), 400);
        for (uint16_t id = 0; id < 400; id++) {
            answer_now(round * 400 + id);
            assert_int_equal(reply(fd, SOCK_DGRAM, NULL), id);
        }
    }
    close(fd);
}

// ── TCP ──────────────────────────────────────────────────────────────────────────────────────────

static void answers_over_tcp_come_as_they_are_found(void **state)
{
    (void)state;
    int fd = client(SOCK_STREAM);
    uint8_t octets[4 * (ASK_MAX + 2)];
    size_t len = 0;
    static const char *const names[] = {"later.a.", "now.b.", "later.c.", "now.d."};
    for (uint16_t i = 0; i < 4; i++)
        len += make_query(SOCK_STREAM, names[i], i, octets + len);
    assert_int_equal(send(fd, octets, len, 0), len);
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), 1);
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), 3);
    answer_now(1);
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), 2);
    answer_now(0);
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), 0);
    assert_int_equal(front_counters(bench.front).tcp, 4);
    close(fd);
}

static void a_query_may_come_octet_by_octet(void **state)
{
    (void)state;
    int fd = client(SOCK_STREAM);
    uint8_t octets[ASK_MAX + 2];
    size_t len = make_query(SOCK_STREAM, "now.a.", 7, octets);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(send(fd, octets + i, 1, 0), 1);
        uv_run(&bench.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), 7);
    close(fd);
}

static void a_connection_waits_at_its_quota(void **state)
{
    (void)state;
    int fd = client(SOCK_STREAM);
    for (uint16_t id = 0; id < 25; id++)
        ask(fd, SOCK_STREAM, "later.a.", id);
    RUN_UNTIL(asked_count == 10);
    assert_true(is_silent(fd));
    assert_int_equal(asked_count, 10);
    for (unsigned i = 0; i < 25; i++) {
        RUN_UNTIL(asked_count > i);
        answer_now(i);
        assert_int_equal(reply(fd, SOCK_STREAM, NULL), i);
    }
    assert_int_equal(front_counters(bench.front).over_quota, 0);
    close(fd);
}

static void what_was_asked_before_the_end_is_answered(void **state)
{
    (void)state;
    int fd = client(SOCK_STREAM);
    ask(fd, SOCK_STREAM, "later.a.", 1);
    ask(fd, SOCK_STREAM, "now.b.", 2);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), 2);
    RUN_UNTIL(asked_count == 1);
    answer_now(0);
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), 1);
    assert_int_equal(reply(fd, SOCK_STREAM, NULL), -1);
    close(fd);
}

static void queries_of_a_client_that_left_are_cancelled(void **state)
{
    (void)state;
    int fd = client(SOCK_STREAM);
    ask(fd, SOCK_STREAM, "later.a.", 1);
    ask(fd, SOCK_STREAM, "later.b.", 2);
    RUN_UNTIL(asked_count == 2);
    reset_and_close(fd);
    RUN_UNTIL(cancelled_count == 2);
    assert_int_equal(front_waiting(bench.front), 0);
    assert_int_equal(front_counters(bench.front).dropped, 2);
}

// Nothing is read at the quota, so that only writing tells.
static void a_client_that_left_at_its_quota_is_noticed(void **state)
{
    (void)state;
    int fd = client(SOCK_STREAM);
    for (uint16_t id = 0; id < 12; id++)
        ask(fd, SOCK_STREAM, "later.a.", id);
    RUN_UNTIL(asked_count == 10);
    reset_and_close(fd);
    answer_now(0);
    RUN_UNTIL(front_waiting(bench.front) == 0);
    assert_int_equal(cancelled_count, 9);
}

static void a_client_that_leaves_while_answers_wait_is_noticed(void **state)
{
    (void)state;
    int fd = tight_client();
    for (uint16_t id = 0; id < 3; id++)
        ask(fd, SOCK_STREAM, "large.a.", id);
    RUN_UNTIL(asked_count == 3);
    answer_now(0);
    answer_now(1);
    assert_int_equal(front_waiting(bench.front), 1);
    reset_and_close(fd);
    RUN_UNTIL(cancelled_count == 1);
}

static void long_runs_of_queries_get_turns(void **state)
{
    (void)state;
    int busy = client(SOCK_STREAM);
    static uint8_t octets[200 * (ASK_MAX + 2)];
    size_t len = 0;
    for (uint16_t id = 0; id < 200; id++)
        len += make_query(SOCK_STREAM, "now.a.", id, octets + len);
    assert_int_equal(send(busy, octets, len, 0), len);
    for (uint16_t id = 0; id < 200; id++)
        assert_int_equal(reply(busy, SOCK_STREAM, NULL), id);
    close(busy);
}

static void the_oldest_connection_makes_room(void **state)
{
    (void)state;
    int fds[5];
    for (unsigned i = 0; i < 5; i++) {
        fds[i] = client(SOCK_STREAM);
        ask(fds[i], SOCK_STREAM, "now.a.", (uint16_t)i);
        assert_int_equal(reply(fds[i], SOCK_STREAM, NULL), i);
    }
    assert_int_equal(reply(fds[0], SOCK_STREAM, NULL), -1);
    ask(fds[1], SOCK_STREAM, "now.a.", 1);
    assert_int_equal(reply(fds[1], SOCK_STREAM, NULL), 1);
    for (unsigned i = 0; i < 5; i++)
        close(fds[i]);
}

static void a_client_that_does_not_read_is_cut_off(void **state)
{
    (void)state;
    int slow = tight_client();
    int other = client(SOCK_STREAM);
    for (uint16_t id = 0; id < 12; id++)
        ask(slow, SOCK_STREAM, "large.a.", id);
    RUN_UNTIL(asked_count == 10);
    answer_now(0);
    assert_true(is_silent(other));
    assert_int_equal(asked_count, 10); // it is not asked for more while it does not read
    unsigned answered = 1;
    while (cancelled_count == 0)
        answer_now(answered++);
    assert_in_range(answered, 3, 6); // of 60,000 octets each
    assert_int_equal(cancelled_count, 10 - answered);
    ask(other, SOCK_STREAM, "now.a.", 1);
    assert_int_equal(reply(other, SOCK_STREAM, NULL), 1);
    close(slow);
    close(other);
}

static void a_client_that_reads_late_gets_it_all(void **state)
{
    (void)state;
    int late = tight_client();
    static uint8_t octets[DNS_MESSAGE_MAX];
    for (uint16_t id = 0; id < 4; id++)
        ask(late, SOCK_STREAM, "large.a.", id);
    RUN_UNTIL(asked_count == 4);
    for (unsigned i = 0; i < 4; i++)
        answer_now(i);
    assert_int_equal(front_waiting(bench.front), 0);
    size_t total = 0;
    size_t whole = 4 * (2 + 12 + 13 + 11 + 12 + LARGE); // prefix, header, question, OPT, record
    ssize_t got;
    while (total < whole) {
        RUN_UNTIL((got = recv(late, octets, sizeof(octets), MSG_DONTWAIT)) > 0);
        total += (size_t)got;
    }
    assert_int_equal(total, whole);
    ask(late, SOCK_STREAM, "now.a.", 9);
    assert_int_equal(reply(late, SOCK_STREAM, NULL), 9);
    close(late);
}

static void idle_connections_are_closed_but_not_those_that_wait(void **state)
{
    (void)state;
    static const struct front_settings settings = {100, 10, 4, 100};
    set_up_with(&settings);
    int idle = client(SOCK_STREAM);
    int waiting = client(SOCK_STREAM);
    int half = client(SOCK_STREAM);
    ask(waiting, SOCK_STREAM, "later.a.", 1);
    assert_int_equal(send(half, "\x00", 1, 0), 1);
    assert_int_equal(reply(idle, SOCK_STREAM, NULL), -1);
    assert_int_equal(reply(half, SOCK_STREAM, NULL), -1);
    assert_true(is_silent(waiting));
    answer_now(0);
    assert_int_equal(reply(waiting, SOCK_STREAM, NULL), 1);
    assert_int_equal(reply(waiting, SOCK_STREAM, NULL), -1);
    close(idle);
    close(waiting);
    close(half);
}

// ── Who may ask ──────────────────────────────────────────────────────────────────────────────────

static void loopback_is_what_it_is_in_both_families(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool loopback;
    } addresses[] = {
        {"127.0.0.1", true},
        {"127.255.255.254", true},
        {"128.0.0.1", false},
        {"192.0.2.1", false},
        {"0.0.0.0", false},
        {"::1", true},
        {"::", false},
        {"2001:db8::1", false},
        {"::ffff:127.0.0.1", true},
        {"::ffff:127.9.9.9", true},
        {"::ffff:10.0.0.1", false},
        {"fe80::1", false},
    };
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct error err = {0};
        struct address address;
        assert_int_equal(address_parse(addresses[i].text, 53, &address, &err), STATUS_OK);
        if (front_is_loopback(&address) != addresses[i].loopback)
            fail_msg("%s", addresses[i].text);
    }
    struct address local = {.any.sa_family = AF_UNIX};
    assert_false(front_is_loopback(&local));
}

static void sockets_that_others_reach_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.0.0.0", "192.0.2.1", "::", "2001:db8::1"};
    for (size_t i = 0; i < 2 * sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = {0};
        struct address address;
        int fd = listen_on(texts[i / 2], i % 2 == 0 ? SOCK_DGRAM : SOCK_STREAM, &address);
        if (fd < 0)
            continue; // no such family here
        assert_int_equal(front_serve(bench.front, fd, &err), STATUS_DENIED);
        assert_non_null(strstr(err.text, "127.0.0.1"));
        assert_int_equal(close(fd), -1); // it was the front's to close
    }
    struct error err = {0};
    assert_int_equal(front_serve(bench.front, -1, &err), STATUS_IO);
}

static void sockets_of_the_other_family_are_served_too(void **state)
{
    (void)state;
    struct error err = {0};
    struct address address;
    int fd = listen_on("::1", SOCK_DGRAM, &address);
    if (fd < 0)
        skip();
    assert_int_equal(front_serve(bench.front, fd, &err), STATUS_OK);
    int from = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(from, &address.any, address_len(&address)), 0);
    ask(from, SOCK_DGRAM, "now.a.", 6);
    assert_int_equal(reply(from, SOCK_DGRAM, NULL), 6);
    close(from);
}

// A socket of this host's that is bound to one of its other addresses can reach 127.0.0.1.
static bool find_other_address(struct address *ret)
{
    struct ifaddrs *interfaces;
    bool found = false;
    assert_int_equal(getifaddrs(&interfaces), 0);
    for (struct ifaddrs *at = interfaces; at != NULL && !found; at = at->ifa_next) {
        if (at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET)
            continue;
        memcpy(&ret->v4, at->ifa_addr, sizeof(ret->v4));
        ret->v4.sin_port = 0;
        found = !front_is_loopback(ret);
    }
    freeifaddrs(interfaces);
    return found;
}

static void clients_with_other_addresses_get_nothing(void **state)
{
    (void)state;
    struct address other;
    if (!find_other_address(&other))
        skip();
    uint8_t octets[ASK_MAX + 2];
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(udp, &other.any, address_len(&other)), 0);
    size_t len = make_query(SOCK_DGRAM, "now.a.", 1, octets);
    assert_int_equal(sendto(udp, octets, len, 0, &bench.udp.any, address_len(&bench.udp)), len);
    RUN_UNTIL(front_counters(bench.front).foreign == 1);
    assert_true(is_silent(udp));
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(tcp, &other.any, address_len(&other)), 0);
    assert_int_equal(connect(tcp, &bench.tcp.any, address_len(&bench.tcp)), 0);
    assert_int_equal(reply(tcp, SOCK_STREAM, NULL), -1);
    struct front_counters counters = front_counters(bench.front);
    assert_int_equal(counters.foreign, 2);
    assert_int_equal(counters.queries, 0);
    close(udp);
    close(tcp);
}

// ── The end ──────────────────────────────────────────────────────────────────────────────────────

static void what_is_under_way_is_answered_before_the_end(void **state)
{
    (void)state;
    int udp = client(SOCK_DGRAM);
    int tcp = client(SOCK_STREAM);
    ask(udp, SOCK_DGRAM, "later.a.", 1);
    RUN_UNTIL(asked_count == 1);
    ask(tcp, SOCK_STREAM, "later.b.", 2);
    RUN_UNTIL(asked_count == 2);
    front_close(bench.front, 60000, on_done, &bench.done);
    ask(tcp, SOCK_STREAM, "later.c.", 3); // too late
    answer_now(1);
    assert_int_equal(reply(tcp, SOCK_STREAM, NULL), 2);
    assert_false(bench.done);
    assert_int_equal(asked_count, 2);
    answer_now(0);
    assert_int_equal(reply(udp, SOCK_DGRAM, NULL), 1);
    RUN_UNTIL(bench.done);
    assert_int_equal(reply(tcp, SOCK_STREAM, NULL), -1);
    close(udp);
    close(tcp);
}

static void what_takes_longer_is_cancelled_at_the_end(void **state)
{
    (void)state;
    int udp = client(SOCK_DGRAM);
    int tcp = client(SOCK_STREAM);
    ask(udp, SOCK_DGRAM, "later.a.", 1);
    ask(tcp, SOCK_STREAM, "later.b.", 2);
    RUN_UNTIL(asked_count == 2);
    front_close(bench.front, 20, on_done, &bench.done);
    RUN_UNTIL(bench.done);
    assert_int_equal(cancelled_count, 2);
    close(udp);
    close(tcp);
}

static void the_end_waits_for_clients_that_read(void **state)
{
    (void)state;
    int tcp = tight_client();
    static uint8_t rest[DNS_MESSAGE_MAX];
    for (uint16_t id = 0; id < 4; id++)
        ask(tcp, SOCK_STREAM, "large.a.", id);
    RUN_UNTIL(asked_count == 4);
    front_close(bench.front, 60000, on_done, &bench.done);
    for (unsigned i = 0; i < 4; i++)
        answer_now(i);
    size_t total = 0;
    for (ssize_t got = 0; !bench.done || got > 0;) {
        got = recv(tcp, rest, sizeof(rest), MSG_DONTWAIT);
        total += got > 0 ? (size_t)got : 0;
        if (!bench.done)
            uv_run(&bench.loop, UV_RUN_NOWAIT);
    }
    assert_true(total > 4 * LARGE);
    close(tcp);
}

#define FRONT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRONT_TEST(answers_go_to_those_who_asked),
        FRONT_TEST(each_outcome_is_counted),
        FRONT_TEST(what_is_no_query_gets_its_error_or_nothing),
        FRONT_TEST(a_client_over_its_quota_takes_nothing_from_others),
        FRONT_TEST(the_engine_is_not_asked_for_more_than_the_quota_in_all),
        cmocka_unit_test_teardown(many_queries_wait_and_are_answered, tear_down),
        FRONT_TEST(answers_over_tcp_come_as_they_are_found),
        FRONT_TEST(a_query_may_come_octet_by_octet),
        FRONT_TEST(a_connection_waits_at_its_quota),
        FRONT_TEST(what_was_asked_before_the_end_is_answered),
        FRONT_TEST(queries_of_a_client_that_left_are_cancelled),
        FRONT_TEST(a_client_that_left_at_its_quota_is_noticed),
        FRONT_TEST(a_client_that_leaves_while_answers_wait_is_noticed),
        FRONT_TEST(long_runs_of_queries_get_turns),
        FRONT_TEST(the_oldest_connection_makes_room),
        FRONT_TEST(a_client_that_does_not_read_is_cut_off),
        FRONT_TEST(a_client_that_reads_late_gets_it_all),
        cmocka_unit_test_teardown(idle_connections_are_closed_but_not_those_that_wait, tear_down),
        cmocka_unit_test(loopback_is_what_it_is_in_both_families),
        FRONT_TEST(sockets_that_others_reach_are_refused),
        FRONT_TEST(sockets_of_the_other_family_are_served_too),
        FRONT_TEST(clients_with_other_addresses_get_nothing),
        FRONT_TEST(what_is_under_way_is_answered_before_the_end),
        FRONT_TEST(what_takes_longer_is_cancelled_at_the_end),
        FRONT_TEST(the_end_waits_for_clients_that_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
