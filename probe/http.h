// SPDX-License-Identifier: ISC
// The answer to one HTTP GET (RFC 9112), read octet by octet as it comes. Pure; nothing of it is kept but the
// status, the type of the content, and the content.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define HTTP_TEXT_MAX 100

enum http_stage {
    HTTP_STATUS_LINE,
    HTTP_FIELDS,
    HTTP_LENGTH,     // `left` octets of content
    HTTP_CHUNK_SIZE, // a line
    HTTP_CHUNK,      // `left` octets of content
    HTTP_CHUNK_END,  // an empty line
    HTTP_TRAILER,
    HTTP_UNTIL_END, // content until the connection ends
    HTTP_DONE,
    HTTP_BROKEN, // text says why
};

// Zero-initialise but for the limits; http_done releases.
struct http {
    size_t head_max; // octets of all lines: head, sizes of chunks, trailer
    size_t body_max;
    enum http_stage stage;
    unsigned status;
    char content_type[64]; // without parameters, lower case
    struct buf body;
    char text[HTTP_TEXT_MAX];
    struct buf line;
    size_t head_len;
    uint64_t left;
    bool has_length;
    bool chunked;
};

// Takes the next octets; len 0: the connection has ended. What comes after DONE or BROKEN is not looked at.
void http_take(struct http *http, const uint8_t *octets, size_t len);
void http_done(struct http *http);
