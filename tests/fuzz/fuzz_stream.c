// SPDX-License-Identifier: ISC
// The server's side of a stream: octets cut at any place, and a client that takes replies as it likes. The input is
// steps behind their number, and then what the client says. A step is how much comes with the next read, and how much
// the client takes of what is written meanwhile; with the last one it begins again.
//
// Whatever the steps, the client gets what each message gets by itself, whole, in order and once; and never does more
// wait than the quotas of server/stream.h.
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dns/wire.h"
#include "server/stream.h"
#include "tests/support/small_store.h"

#define QUERIES_MAX (STREAM_PREFIX_LEN + DNS_MESSAGE_MAX + STREAM_READ_MAX)

static struct small_store store;
static struct stream_desk *const desk = &store.desk;
// Kept from input to input: half of the time went into new pages of memory for them.
static struct buf got, expected;

// What one client does.
struct play {
    const uint8_t *steps;
    size_t step_count;
    size_t step;
    size_t patience; // octets that it takes with the next writes
    size_t waits;    // how often it had to be waited for
};

// Takes as much as the client is patient for; then it has to be asked again.
static ssize_t take(void *to, const uint8_t *octets, size_t len)
{
    struct play *play = to;
    size_t taken = len < play->patience ? len : play->patience;
    MUST(len > 0);
    play->patience -= taken;
    buf_put(&got, octets, taken);
    return (ssize_t)taken;
}

static void release(void)
{
    small_store_close(&store);
    buf_done(&got);
    buf_done(&expected);
}

// Answers of a few octets, of some hundred, and so large that a few fill all buffers.
static void set_up(void)
{
    struct buf text = {0};
    buf_put_text(&text, "*.w CNAME ns1\n");
    for (unsigned i = 0; i < 300; i++)
        buf_printf(&text, "l TXT %0100u\n", i);
    for (unsigned i = 0; i < 20; i++)
        buf_printf(&text, "m TXT %0100u\n", i);
    small_store_open(buf_text(&text), &store);
    atexit(release);
    buf_done(&text);
    desk->write = take;
}

static uint8_t next_step(struct play *play)
{
    if (play->step_count == 0)
        return UINT8_MAX;
    return play->steps[play->step++ % play->step_count];
}

// Small numbers as they are, larger ones up to `most`.
static size_t size_of_step(uint8_t step, size_t most)
{
    static const size_t sizes[] = {16, 31, 60, 127, 512, 1000, 2048, 4095};
    if (step < 8)
        return step;
    size_t size = step < 16 ? sizes[step - 8] : (size_t)step * step;
    return size < most ? size : most;
}

static void check_held(const struct query_stream *stream, enum stream_state state)
{
    MUST(stream->queries.len <= QUERIES_MAX);
    MUST(query_stream_is_blocked(stream) == (state == STREAM_BLOCKED));
    MUST(!query_stream_is_blocked(stream) || stream->replies_len <= STREAM_OUT_MAX);
    MUST(desk->out_len == 0);
    if (state != STREAM_BLOCKED)
        MUST(stream->queries.len == 0 ||
             stream_whole(stream->queries.octets, stream->queries.len) == 0);
}

// A client that takes nothing for ever is closed when its time is up. This one takes more each time that it was waited
// for, so that the steps end.
static void be_patient(struct play *play)
{
    play->patience = size_of_step(next_step(play), STREAM_OUT_MAX) + 8 * play->waits;
}

static void play_all(struct play *play, const uint8_t *octets, size_t len)
{
    struct query_stream stream = {.replies = NULL};
    size_t at = 0;
    while (at < len || query_stream_is_blocked(&stream)) {
        enum stream_state state;
        if (query_stream_is_blocked(&stream)) {
            play->waits++;
            be_patient(play);
            state = query_stream_resume(&stream, desk, play);
        } else {
            size_t size = size_of_step(next_step(play), STREAM_READ_MAX) + 1;
            size = size < len - at ? size : len - at;
            size = size < STREAM_READ_MAX ? size : STREAM_READ_MAX;
            memcpy(desk->read, octets + at, size);
            at += size;
            be_patient(play);
            state = query_stream_take(&stream, desk, play, desk->read, size);
        }
        MUST(state != STREAM_LOST);
        check_held(&stream, state);
    }
    query_stream_done(&stream);
}

// What each message gets by itself.
static void answer_alone(const uint8_t *octets, size_t len)
{
    static uint8_t out[DNS_MESSAGE_MAX];
    size_t at = 0, whole;
    while ((whole = stream_whole(octets + at, len - at)) > 0) {
        struct exchange exchange = {.octets = octets + at + STREAM_PREFIX_LEN,
                                    .len = whole - STREAM_PREFIX_LEN,
                                    .client = desk->client,
                                    .out = out,
                                    .out_cap = sizeof(out)};
        respond(desk->responder, TRANSPORT_TCP, &exchange, 1);
        at += whole;
        if (exchange.out_len == 0)
            continue;
        uint8_t prefix[STREAM_PREFIX_LEN];
        wire_set_u16(prefix, (uint16_t)exchange.out_len);
        buf_put(&expected, prefix, sizeof(prefix));
        buf_put(&expected, out, exchange.out_len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    if (store.zones == NULL)
        set_up();
    if (len < 1)
        return 0;
    size_t step_count = octets[0] < len - 1 ? octets[0] : len - 1;
    struct play play = {.steps = octets + 1, .step_count = step_count};
    const uint8_t *said = octets + 1 + step_count;
    size_t said_len = len - 1 - step_count;
    buf_clear(&got);
    buf_clear(&expected);
    respond_begin(desk->responder);
    answer_alone(said, said_len);
    play_all(&play, said, said_len);
    respond_end(desk->responder);
    MUST(got.len == expected.len);
    MUST(expected.len == 0 || memcmp(got.data, expected.data, expected.len) == 0);
    return 0;
}
