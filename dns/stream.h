// SPDX-License-Identifier: ISC
// What came over a TCP connection and waits: messages, each behind its length (RFC 1035 §4.2.2), the last one maybe
// incomplete. Zero-initialise; an empty one holds no memory, so that idle connections cost none.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define STREAM_PREFIX_LEN 2

struct stream {
    uint8_t *octets;
    size_t len;
    size_t cap;
};

void stream_done(struct stream *stream);
// Appends the octets.
void stream_keep(struct stream *stream, const uint8_t *octets, size_t len);
// Takes as many away from the front.
void stream_drop(struct stream *stream, size_t len);

// How many octets the message at the start takes with its prefix, or 0 when it is not whole.
size_t stream_whole(const uint8_t *octets, size_t len);
