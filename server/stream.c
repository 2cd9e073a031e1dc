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

// Gathers the replies of a batch; where there is no room, what is gathered is written first. Returns how many of its
// queries are done with: the reply to another is dropped, since the client has to read first.
static unsigned put_batch(struct query_stream *stream, struct stream_desk *desk, void *to,
                          unsigned count, enum stream_state *state)
{
    for (unsigned i = 0; i < count; i++) {
        size_t len = desk->exchanges[i].out_len;
        if (len == 0)
            continue;
        if (STREAM_OUT_MAX - desk->out_len < STREAM_PREFIX_LEN + len) {
            *state = flush(stream, desk, to);
            if (*state != STREAM_ANSWERED)
                return i;
        }
        wire_set_u16(desk->out + desk->out_len, (uint16_t)len);
        memcpy(desk->out + desk->out_len + STREAM_PREFIX_LEN, desk->replies[i], len);
        desk->out_len += STREAM_PREFIX_LEN + len;
    }
    return count;
}

// ── Turns ────────────────────────────────────────────────────────────────────────────────────────

// Makes a batch of the whole queries at the start of the octets. Returns of how many.
static unsigned gather(struct stream_desk *desk, const uint8_t *octets, size_t len)
{
    unsigned count = 0;
    size_t at = 0, query_len;
    while (count < STREAM_BATCH && (query_len = stream_whole(octets + at, len - at)) > 0) {
        desk->exchanges[count] = (struct exchange){.octets = octets + at + STREAM_PREFIX_LEN,
                                                   .len = query_len - STREAM_PREFIX_LEN,
                                                   .client = desk->client,
                                                   .out = desk->replies[count],
                                                   .out_cap = DNS_MESSAGE_MAX};
        at += query_len;
        count++;
    }
    return count;
}

// Answers the whole queries at the start of the octets, as long as the client takes the replies. *ret_done: octets that
// are done with.
static enum stream_state answer_whole(struct query_stream *stream, struct stream_desk *desk,
                                      void *to, const uint8_t *octets, size_t len, size_t *ret_done)
{
    enum stream_state state = STREAM_QUIET;
    unsigned count;
    *ret_done = 0;
    while ((count = gather(desk, octets + *ret_done, len - *ret_done)) > 0) {
        respond(desk->responder, desk->transport, desk->exchanges, count);
        unsigned done = put_batch(stream, desk, to, count, &state);
        statistics_count(desk->statistics, desk->transport, desk->exchanges, done);
        for (unsigned i = 0; i < done; i++)
            *ret_done += STREAM_PREFIX_LEN + desk->exchanges[i].len;
        if (done < count)
            return state;
    }
    enum stream_state last = flush(stream, desk, to);
    return last == STREAM_QUIET ? state : last;
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
