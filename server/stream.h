// SPDX-License-Identifier: ISC
// The server's side of one stream of messages, each behind its length (RFC 1035 §4.2.2): octets of queries in, octets
// of replies out. No sockets in here: TCP and TLS, tests and the fuzzer use the same code.
//
// A client may send queries without waiting for replies (RFC 7766 §6.2.1.1). Replies go out in the order of the
// queries, all that belong to what one read brought in one piece. What waits has bounds:
//
//   queries   at most one incomplete one (65535 octets), and what one read brought (STREAM_READ_MAX)
//   replies   what the client did not take of one piece (STREAM_OUT_MAX). While any wait, no query is answered
//
// Queries and replies that wait are in memory of their own; a stream on which nothing waits has none.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dns/stream.h"
#include "dns/types.h"
#include "server/statistics.h"
#include "server/respond.h"

// What one read takes, and all that a stream gets in one turn: like a batch or two over UDP. More would let clients
// that send without end keep others waiting.
#define STREAM_READ_MAX 4096
// Queries that are answered together: as many as it takes to fetch what one needs from memory while others are worked
// on.
#define STREAM_BATCH 16
// Where one of their replies is made: an odd number of cache lines, so that those of a batch do not all want the same
// places in the cache.
#define STREAM_REPLY_SPACE (1025 * 64)
// The replies that are written at once: room for the largest one, and more behind smaller ones.
#define STREAM_OUT_MAX (2 * (STREAM_PREFIX_LEN + DNS_MESSAGE_MAX))

// What all streams of a worker share: none needs it beyond its turn.
struct stream_desk {
    struct responder *responder;
    struct statistics *statistics;
    enum transport transport;
    const struct address *client; // of the turn
    // Takes replies on their way: how many of the octets, the rest has to wait until the client has read; negative: the
    // stream is lost. `to` is what the turn was given.
    ssize_t (*write)(void *to, const uint8_t *octets, size_t len);
    struct exchange exchanges[STREAM_BATCH];
    uint8_t replies[STREAM_BATCH]
                   [STREAM_REPLY_SPACE]; // of the batch; of most only the beginning is ever touched
    uint8_t out[STREAM_OUT_MAX];         // those that are to be written
    size_t out_len;
    uint8_t read[STREAM_READ_MAX]; // for the caller to read into
};

// All zero: nothing has come.
struct query_stream {
    struct stream queries; // that wait
    uint8_t *replies;      // that wait, replies_len octets; NULL: none
    size_t replies_len;
    size_t replies_done; // of these, taken
};

enum stream_state {
    STREAM_QUIET,    // no reply was written: no query is whole yet, or what came has no reply
    STREAM_ANSWERED, // all replies are on their way
    STREAM_BLOCKED,  // the client has to read first
    STREAM_LOST,
};

void query_stream_done(struct query_stream *stream);
// One turn, inside a batch of the zones: takes octets that came, at most STREAM_READ_MAX, and answers what is whole.
// Not while it is blocked.
enum stream_state query_stream_take(struct query_stream *stream, struct stream_desk *desk, void *to,
                                    const uint8_t *octets, size_t len);
// One turn of a stream that was blocked, when the client may have read.
enum stream_state query_stream_resume(struct query_stream *stream, struct stream_desk *desk,
                                      void *to);
static inline bool query_stream_is_blocked(const struct query_stream *stream)
{
    return stream->replies != NULL;
}
