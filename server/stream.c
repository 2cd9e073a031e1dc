// SPDX-License-Identifier: ISC
#include "server/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/wire.h"

void query_stream_done(struct query_stream *stream)
{
    stream_done(&stream->queries);
    free(stream->replies);
    *stream = (struct query_stream){.replies = NULL};
}

// ── Replies ──────────────────────────────────────────────────────────────────────────────────────

// Writes the replies gathered, or keeps what is not taken.
static enum stream_state flush(struct query_stream *stream, struct stream_desk *desk, void *to)
{
    size_t len = desk->out_len;
    desk->out_len = 0;
    if (len == 0)
        return STREAM_QUIET;
    ssize_t taken = desk->write(to, desk->out, len);
    if (taken < 0)
        return STREAM_LOST;
    size_t done = (size_t)taken;
    if (done == len)
        return STREAM_ANSWERED;
    stream->replies = xmemdup(desk->out + done, len - done);
    stream->replies_len = len - done;
    stream->replies_done = 0;
    return STREAM_BLOCKED;
}

// Writes the replies that wait.
static enum stream_state write_waiting(struct query_stream *stream, struct stream_desk *desk,
                                       void *to)
{
    ssize_t taken = desk->write(to, stream->replies + stream->replies_done,
                                stream->replies_len - stream->replies_done);
    if (taken < 0)
        return STREAM_LOST;
    stream->replies_done += (size_t)taken;
    if (stream->replies_done < stream->replies_len)
        return STREAM_BLOCKED;
    free(stream->replies);
    stream->replies = NULL;
    return STREAM_ANSWERED;
}

static void answer(struct stream_desk *desk, const uint8_t *query, size_t len)
{
    uint8_t *out = desk->out + desk->out_len;
    struct exchange exchange = {.octets = query,
                                .len = len,
                                .client = desk->client,
                                .out = out + STREAM_PREFIX_LEN,
                                .out_cap = DNS_MESSAGE_MAX};
    respond(desk->responder, desk->transport, &exchange, 1);
    statistics_count(desk->statistics, desk->transport, &exchange, 1);
    if (exchange.out_len == 0)
        return;
    wire_set_u16(out, (uint16_t)exchange.out_len);
    desk->out_len += STREAM_PREFIX_LEN + exchange.out_len;
}

// ── Turns ────────────────────────────────────────────────────────────────────────────────────────

// Answers the whole queries at the start of the octets, as long as the client takes the replies. *ret_done: octets that
// are done with.
static enum stream_state answer_whole(struct query_stream *stream, struct stream_desk *desk,
                                      void *to, const uint8_t *octets, size_t len, size_t *ret_done)
{
    enum stream_state state = STREAM_QUIET;
    size_t at = 0;
    size_t query_len = stream_whole(octets, len);
    while (query_len > 0) {
        answer(desk, octets + at + STREAM_PREFIX_LEN, query_len - STREAM_PREFIX_LEN);
        at += query_len;
        query_len = stream_whole(octets + at, len - at);
        if (query_len > 0 && STREAM_OUT_MAX - desk->out_len >= STREAM_PREFIX_LEN + DNS_MESSAGE_MAX)
            continue;
        enum stream_state flushed = flush(stream, desk, to);
        state = flushed == STREAM_QUIET ? state : flushed;
        if (state == STREAM_BLOCKED || state == STREAM_LOST)
            break;
    }
    *ret_done = at;
    return state;
}

static enum stream_state answer_waiting(struct query_stream *stream, struct stream_desk *desk,
                                        void *to)
{
    size_t done;
    enum stream_state state =
        answer_whole(stream, desk, to, stream->queries.octets, stream->queries.len, &done);
    stream_drop(&stream->queries, done);
    return state;
}

enum stream_state query_stream_take(struct query_stream *stream, struct stream_desk *desk, void *to,
                                    const uint8_t *octets, size_t len)
{
    if (stream->queries.len > 0) {
        stream_keep(&stream->queries, octets, len);
        return answer_waiting(stream, desk, to);
    }
    size_t done;
    enum stream_state state = answer_whole(stream, desk, to, octets, len, &done);
    if (done < len) // the usual case copies nothing
        stream_keep(&stream->queries, octets + done, len - done);
    return state;
}

enum stream_state query_stream_resume(struct query_stream *stream, struct stream_desk *desk,
                                      void *to)
{
    enum stream_state state = write_waiting(stream, desk, to);
    if (state != STREAM_ANSWERED || stream->queries.len == 0)
        return state;
    enum stream_state next = answer_waiting(stream, desk, to);
    return next == STREAM_QUIET ? state : next;
}
