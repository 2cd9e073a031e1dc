// SPDX-License-Identifier: ISC
// The server's side of a stream: what is written when, and what waits.
#include "server/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "dns/wire.h"
#include "tests/support/ask.h"
#include "tests/support/small_store.h"

static struct small_store store;
static struct responder *const responder = &store.responder;
static struct statistics *const statistics = &store.statistics;
static struct stream_desk *const desk = &store.desk;
static struct query_stream stream;

// The client: what it said and got, and how much more it takes.
static struct buf said, got;
static size_t patience;
static unsigned writes;
static bool gone;

static ssize_t take(void *to, const uint8_t *octets, size_t len)
{
    assert_ptr_equal(to, &said);
    size_t taken = len < patience ? len : patience;
    patience -= taken;
    writes++;
    buf_put(&got, octets, taken);
    return gone ? -1 : (ssize_t)taken;
}

static int set_up(void **state)
{
    struct buf text = {0};
    (void)state;
    for (unsigned i = 0; i < 250; i++)
        buf_printf(&text, "large TXT %0200u\n", i);
    small_store_open(buf_text(&text), &store);
    buf_done(&text);
    desk->write = take;
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
    memset(statistics, 0, sizeof(*statistics));
    patience = SIZE_MAX;
    writes = 0;
    gone = false;
    respond_begin(responder);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    respond_end(responder);
    query_stream_done(&stream);
    buf_done(&said);
    buf_done(&got);
    return 0;
}

static void say(const char *question, uint16_t id)
{
    uint8_t message[STREAM_PREFIX_LEN + ASK_MAX];
    size_t len = ask_query(question, message + STREAM_PREFIX_LEN);
    wire_set_u16(message, (uint16_t)len);
    wire_set_u16(message + STREAM_PREFIX_LEN, id);
    buf_put(&said, message, STREAM_PREFIX_LEN + len);
}

static enum stream_state take_said(size_t from, size_t to)
{
    return query_stream_take(&stream, desk, &said, said.data + from, to - from);
}

// The replies, whole and with the IDs from 0 on, of `count` queries.
static void expect_replies(unsigned count)
{
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t len = stream_whole(got.data + at, got.len - at);
        assert_true(len > 0);
        assert_int_equal(wire_get_u16(got.data + at + STREAM_PREFIX_LEN), i);
        at += len;
    }
    assert_int_equal(at, got.len);
    assert_int_equal(statistics->queries[PATH_TCP4], count);
}

static void expect_nothing_waits(void)
{
    assert_null(stream.queries.octets);
    assert_null(stream.replies);
}

static void what_one_read_brought_is_answered_with_one_write(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 40; i++)
        say(i % 2 == 0 ? "ns1.example. A" : "nothing.example. A +do", i);
    assert_int_equal(take_said(0, said.len), STREAM_ANSWERED);
    assert_int_equal(writes, 1);
    expect_replies(40);
    expect_nothing_waits();
}

static void octet_by_octet_one_incomplete_query_waits(void **state)
{
    (void)state;
    say("ns1.example. A", 0);
    size_t first = said.len;
    say("ns1.example. AAAA", 1);
    for (size_t i = 0; i < said.len; i++) {
        bool whole = i + 1 == first || i + 1 == said.len;
        assert_int_equal(take_said(i, i + 1), whole ? STREAM_ANSWERED : STREAM_QUIET);
        assert_int_equal(stream.queries.len, whole ? 0 : i < first ? i + 1 : i + 1 - first);
    }
    expect_replies(2);
    expect_nothing_waits();
}

static void behind_whole_queries_the_rest_waits(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 20; i++)
        say("ns1.example. A", i);
    assert_int_equal(take_said(0, said.len - 1), STREAM_ANSWERED);
    expect_replies(19);
    assert_int_equal(take_said(said.len - 1, said.len), STREAM_ANSWERED);
    expect_replies(20);
    expect_nothing_waits();
}

static void no_more_is_answered_than_the_client_takes(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 60; i++)
        say("large.example. TXT", i);
    patience = 0;
    assert_int_equal(take_said(0, said.len), STREAM_BLOCKED);
    assert_int_equal(got.len, 0);
    assert_in_range(stream.replies_len, 1, STREAM_OUT_MAX);
    assert_in_range(statistics->queries[PATH_TCP4], 1, 3);
    unsigned turns = 0;
    enum stream_state last;
    do {
        patience = 10001;
        last = query_stream_resume(&stream, desk, &said);
        assert_int_equal(query_stream_is_blocked(&stream), last == STREAM_BLOCKED);
        if (last == STREAM_BLOCKED)
            assert_in_range(stream.replies_len, 1, STREAM_OUT_MAX);
        turns++;
    } while (last == STREAM_BLOCKED);
    assert_int_equal(last, STREAM_ANSWERED);
    assert_in_range(turns, 300, 320);
    expect_replies(60);
    expect_nothing_waits();
}

static void messages_without_a_reply_are_passed_over(void **state)
{
    (void)state;
    static const uint8_t empty[2 * 100];
    buf_put(&said, empty, sizeof(empty));
    assert_int_equal(take_said(0, said.len), STREAM_QUIET);
    assert_int_equal(writes, 0);
    say("ns1.example. A", 0);
    assert_int_equal(take_said(sizeof(empty), said.len), STREAM_ANSWERED);
    assert_int_equal(statistics->kinds[OUTCOME_DROPPED], 100);
    assert_int_equal(wire_get_u16(got.data + STREAM_PREFIX_LEN), 0);
    expect_nothing_waits();
}

static void a_client_that_is_gone_is_told(void **state)
{
    (void)state;
    gone = true;
    say("ns1.example. A", 0);
    assert_int_equal(take_said(0, said.len), STREAM_LOST);
    query_stream_done(&stream);
    gone = false;
    patience = 5;
    assert_int_equal(take_said(0, said.len), STREAM_BLOCKED);
    gone = true;
    assert_int_equal(query_stream_resume(&stream, desk, &said), STREAM_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_one_read_brought_is_answered_with_one_write, start,
                                        finish),
        cmocka_unit_test_setup_teardown(octet_by_octet_one_incomplete_query_waits, start, finish),
        cmocka_unit_test_setup_teardown(behind_whole_queries_the_rest_waits, start, finish),
        cmocka_unit_test_setup_teardown(no_more_is_answered_than_the_client_takes, start, finish),
        cmocka_unit_test_setup_teardown(messages_without_a_reply_are_passed_over, start, finish),
        cmocka_unit_test_setup_teardown(a_client_that_is_gone_is_told, start, finish),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
