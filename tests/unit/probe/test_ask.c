// SPDX-License-Identifier: ISC
// Questions to a server on loopback that answers well, badly, or not at all.
#include "probe/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/types.h"
#include "dns/wire.h"
#include "tests/unit/probe/stand_in.h"

#define TIMEOUT_MS 600

static const uint8_t www[] = "\3www\7example";

static uv_loop_t loop;
static struct asker *asker;
static struct stand_in server;

struct seen {
    enum ask_outcome outcome;
    enum ask_transport transport;
    bool truncated;
    unsigned rcode;
    unsigned answers; // records
    unsigned count;   // calls of done
    char text[ASK_TEXT_MAX];
};

static int start(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    memset(&server, 0, sizeof(server));
    stand_in_start(&server, &loop);
    asker = asker_new(&loop, TIMEOUT_MS);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    asker_close(asker);
    stand_in_stop(&server);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void on_done(void *data, struct ask_answer *answer)
{
    struct seen *seen = data;
    seen->outcome = answer->outcome;
    seen->transport = answer->transport;
    seen->truncated = answer->truncated;
    memcpy(seen->text, answer->text, sizeof(seen->text));
    if (answer->packet != NULL) {
        seen->rcode = ldns_pkt_get_rcode(answer->packet);
        seen->answers = ldns_pkt_ancount(answer->packet);
    }
    seen->count++;
}

static struct seen ask(enum ask_transport transport)
{
    struct seen seen = {0};
    struct ask_question question = {
        .server = server.address, .name = www, .type = RR_TYPE_A, .transport = transport};
    asker_ask(asker, &question, on_done, &seen);
    assert_int_equal(seen.count, 0);
    while (seen.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(seen.count, 1);
    return seen;
}

// ── What the server says ─────────────────────────────────────────────────────────────────────────

// The question with QR and an A record for its name.
static void put_answer(const uint8_t *query, unsigned flags, struct buf *ret)
{
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1};
    size_t at = ret->len;
    buf_put(ret, query, DNS_HEADER_LEN + sizeof(www) + 4);
    wire_set_u16(ret->data + at + 2, (uint16_t)(HEADER_QR | HEADER_AA | flags));
    wire_set_u16(ret->data + at + 6, 1);
    wire_set_u16(ret->data + at + 10, 0);
    buf_put(ret, record, sizeof(record));
}

static void answer(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret)
{
    (void)stand_in;
    (void)len;
    put_answer(octets, 0, ret);
}

static bool answer_stream(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                          struct buf *ret)
{
    struct buf message = {0};
    (void)stand_in;
    if (octets == NULL)
        return true;
    assert_int_equal(wire_get_u16(octets), len - 2);
    put_answer(octets + 2, 0, &message);
    buf_put_u16(ret, (uint16_t)message.len);
    buf_put(ret, message.data, message.len);
    buf_done(&message);
    return true;
}

static void answer_truncated(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                             struct buf *ret)
{
    (void)stand_in;
    (void)len;
    put_answer(octets, HEADER_TC, ret);
}

// ── Tests ────────────────────────────────────────────────────────────────────────────────────────

static void an_answer_over_udp_is_taken(void **state)
{
    (void)state;
    server.datagram = answer;
    struct seen seen = ask(ASK_UDP);
    assert_int_equal(seen.outcome, ASK_ANSWERED);
    assert_int_equal(seen.transport, ASK_UDP);
    assert_int_equal(seen.answers, 1);
    assert_string_equal(seen.text, "");
}

// What came, with QR: the same opcode, question and nothing else.
static void acknowledge(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                        struct buf *ret)
{
    struct buf *heard = stand_in->data;
    buf_put(heard, octets, len);
    buf_put(ret, octets, len);
    wire_set_u16(ret->data + 2, wire_get_u16(ret->data + 2) | HEADER_QR);
}

static void answer_as_to_a_query(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                                 struct buf *ret)
{
    acknowledge(stand_in, octets, len, ret);
    wire_set_u16(ret->data + 2, HEADER_QR);
}

static struct seen notify(void)
{
    struct seen seen = {0};
    struct ask_question question = {.server = server.address,
                                    .name = www,
                                    .type = RR_TYPE_CDS,
                                    .transport = ASK_UDP,
                                    .udp_only = true,
                                    .notify = true};
    asker_ask(asker, &question, on_done, &seen);
    while (seen.count == 0)
        uv_run(&loop, UV_RUN_ONCE);
    return seen;
}

static void a_notification_has_no_edns_and_gets_an_answer_of_its_kind(void **state)
{
    (void)state;
    static const uint8_t flags[] = {0x24, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    struct buf heard = {0};
    server.data = &heard;
    server.datagram = acknowledge;
    struct seen seen = notify();
    assert_int_equal(seen.outcome, ASK_ANSWERED);
    assert_int_equal(seen.rcode, RCODE_NOERROR);
    assert_int_equal(heard.len, DNS_HEADER_LEN + sizeof(www) + 4);
    assert_memory_equal(heard.data + 2, flags, sizeof(flags));
    assert_int_equal(wire_get_u16(heard.data + DNS_HEADER_LEN + sizeof(www)), RR_TYPE_CDS);
    server.datagram = answer_as_to_a_query;
    assert_int_equal(notify().outcome, ASK_TIMEOUT);
    buf_done(&heard);
}

static void an_answer_over_tcp_is_taken(void **state)
{
    (void)state;
    server.stream = answer_stream;
    struct seen seen = ask(ASK_TCP);
    assert_int_equal(seen.outcome, ASK_ANSWERED);
    assert_int_equal(seen.transport, ASK_TCP);
    assert_int_equal(server.datagrams, 0);
}

static bool answer_in_drops(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                            struct buf *ret)
{
    bool more = answer_stream(stand_in, octets, len, ret);
    if (ret->len > 20)
        ret->len = 20;
    return more;
}

static void a_truncated_answer_is_asked_for_over_tcp(void **state)
{
    (void)state;
    server.datagram = answer_truncated;
    server.stream = answer_stream;
    struct seen seen = ask(ASK_UDP);
    assert_int_equal(seen.outcome, ASK_ANSWERED);
    assert_int_equal(seen.transport, ASK_TCP);
    assert_true(seen.truncated);
    assert_int_equal(server.connections, 1);
}

static void silence_is_a_timeout_after_three_sendings(void **state)
{
    (void)state;
    struct seen seen = ask(ASK_UDP);
    assert_int_equal(seen.outcome, ASK_TIMEOUT);
    assert_string_equal(seen.text, "no answer within 0.6 s");
    assert_int_equal(server.datagrams, 3);
}

static void answer_third(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                         struct buf *ret)
{
    if (stand_in->datagrams == 3)
        answer(stand_in, octets, len, ret);
}

static void lost_datagrams_do_not_matter(void **state)
{
    (void)state;
    server.datagram = answer_third;
    assert_int_equal(ask(ASK_UDP).outcome, ASK_ANSWERED);
}

// One of them right in all but one thing, then the answer.
static void answer_after_strays(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                                struct buf *ret)
{
    size_t name = DNS_HEADER_LEN;
    put_answer(octets, 0, ret);
    switch (stand_in->datagrams) {
    case 1:
        ret->data[0] ^= 1; // another id
        break;
    case 2:
        ret->data[name + 1] ^= 1; // another name
        break;
    default:
        break;
    }
    (void)len;
}

static void what_is_no_answer_to_the_question_is_not_looked_at(void **state)
{
    (void)state;
    server.datagram = answer_after_strays;
    assert_int_equal(ask(ASK_UDP).outcome, ASK_ANSWERED);
    assert_int_equal(server.datagrams, 3);
}

static void echo(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret)
{
    (void)stand_in;
    buf_put(ret, octets, len); // no QR
}

static void a_question_is_no_answer(void **state)
{
    (void)state;
    server.datagram = echo;
    assert_int_equal(ask(ASK_UDP).outcome, ASK_TIMEOUT);
}

static void answer_formerr(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                           struct buf *ret)
{
    (void)stand_in;
    (void)len;
    memset(buf_extend(ret, DNS_HEADER_LEN), 0, DNS_HEADER_LEN);
    memcpy(ret->data, octets, 2);
    wire_set_u16(ret->data + 2, HEADER_QR | RCODE_FORMERR);
}

static void an_error_without_the_question_is_an_answer(void **state)
{
    (void)state;
    server.datagram = answer_formerr;
    struct seen seen = ask(ASK_UDP);
    assert_int_equal(seen.outcome, ASK_ANSWERED);
    assert_int_equal(seen.rcode, RCODE_FORMERR);
}

static void answer_garbage(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                           struct buf *ret)
{
    (void)stand_in;
    (void)len;
    put_answer(octets, 0, ret);
    wire_set_u16(ret->data + 6, 7); // and has one
}

static void an_answer_that_cannot_be_read_is_broken(void **state)
{
    (void)state;
    server.datagram = answer_garbage;
    struct seen seen = ask(ASK_UDP);
    assert_int_equal(seen.outcome, ASK_BROKEN);
    assert_non_null(strstr(seen.text, "cannot be read"));
}

static void answer_many(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                        struct buf *ret)
{
    (void)stand_in;
    (void)len;
    put_answer(octets, 0, ret);
    wire_set_u16(ret->data + 6, ASK_RECORDS_MAX + 1);
}

static void more_records_than_anybody_needs_are_refused(void **state)
{
    (void)state;
    server.datagram = answer_many;
    struct seen seen = ask(ASK_UDP);
    assert_int_equal(seen.outcome, ASK_BROKEN);
    assert_string_equal(seen.text, "an answer with 1002 records, more than 1000");
}

static void an_answer_that_drips_is_a_timeout(void **state)
{
    (void)state;
    server.stream = answer_in_drops;
    assert_int_equal(ask(ASK_TCP).outcome, ASK_TIMEOUT);
}

static bool hang_up(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret)
{
    (void)stand_in;
    (void)len;
    (void)ret;
    return octets == NULL;
}

static void a_connection_closed_without_an_answer_is_broken(void **state)
{
    (void)state;
    server.stream = hang_up;
    struct seen seen = ask(ASK_TCP);
    assert_int_equal(seen.outcome, ASK_BROKEN);
    assert_string_equal(seen.text, "closed the connection without an answer");
}

// A whole message, and then for ever more.
static bool answer_without_end(struct stand_in *stand_in, const uint8_t *octets, size_t len,
                               struct buf *ret)
{
    bool more = answer_stream(stand_in, octets, len, ret);
    if (octets != NULL)
        memset(buf_extend(ret, 4 << 20), 'x', 4 << 20);
    return more;
}

static void a_stream_without_end_costs_nothing(void **state)
{
    (void)state;
    server.stream = answer_without_end;
    assert_int_equal(ask(ASK_TCP).outcome, ASK_ANSWERED);
    while (server.open > 0)
        uv_run(&loop, UV_RUN_ONCE);
}

static void nobody_there_is_unreachable(void **state)
{
    (void)state;
    struct stand_in gone = {0};
    stand_in_start(&gone, &loop);
    struct address address = gone.address;
    stand_in_stop(&gone);
    uv_run(&loop, UV_RUN_NOWAIT);
    server.address = address;
    struct seen udp = ask(ASK_UDP);
    assert_int_equal(udp.outcome, ASK_UNREACHABLE);
    assert_string_equal(udp.text, "nobody listens there");
    assert_int_equal(ask(ASK_TCP).outcome, ASK_UNREACHABLE);
}

// Only some are under way at a time, and all get their turn.
static void many_questions_wait_for_their_turn(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct ask_question question = {
        .server = server.address, .name = www, .type = RR_TYPE_A, .transport = ASK_UDP};
    server.datagram = answer;
    for (unsigned i = 0; i < 300; i++)
        asker_ask(asker, &question, on_done, &seen);
    while (asker_counts(asker)->asked == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(asker_counts(asker)->asked, ASK_FLIGHT_PER_SERVER_MAX);
    while (seen.count < 300)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(asker_counts(asker)->answered, 300);
}

// The names that it is asked about may be strangers', who then keep nobody else waiting.
static void the_resolver_is_asked_more_at_a_time(void **state)
{
    (void)state;
    static struct seen seen; // some are given up behind this
    struct ask_question question = {
        .server = server.address, .name = www, .type = RR_TYPE_A, .recursive = true};
    for (unsigned i = 0; i < 300; i++)
        asker_ask(asker, &question, on_done, &seen);
    while (asker_counts(asker)->asked == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(asker_counts(asker)->asked, ASK_FLIGHT_RESOLVER_MAX);
}

static void a_closed_asker_gives_up_what_waits_and_what_comes(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct ask_question question = {
        .server = server.address, .name = www, .type = RR_TYPE_A, .transport = ASK_UDP};
    struct asker *closed = asker_new(&loop, TIMEOUT_MS);
    for (unsigned i = 0; i < 10; i++)
        asker_ask(closed, &question, on_done, &seen);
    while (asker_counts(closed)->asked == 0)
        uv_run(&loop, UV_RUN_NOWAIT);
    asker_close(closed);
    assert_int_equal(seen.count, 10);
    assert_int_equal(seen.outcome, ASK_GIVEN_UP);
    asker_ask(closed, &question, on_done, &seen);
    assert_int_equal(seen.count, 11);
}

#define test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_answer_over_udp_is_taken),
        test(a_notification_has_no_edns_and_gets_an_answer_of_its_kind),
        test(an_answer_over_tcp_is_taken),
        test(a_truncated_answer_is_asked_for_over_tcp),
        test(silence_is_a_timeout_after_three_sendings),
        test(lost_datagrams_do_not_matter),
        test(what_is_no_answer_to_the_question_is_not_looked_at),
        test(a_question_is_no_answer),
        test(an_error_without_the_question_is_an_answer),
        test(an_answer_that_cannot_be_read_is_broken),
        test(more_records_than_anybody_needs_are_refused),
        test(an_answer_that_drips_is_a_timeout),
        test(a_connection_closed_without_an_answer_is_broken),
        test(a_stream_without_end_costs_nothing),
        test(nobody_there_is_unreachable),
        test(many_questions_wait_for_their_turn),
        test(the_resolver_is_asked_more_at_a_time),
        test(a_closed_asker_gives_up_what_waits_and_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
