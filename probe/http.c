// SPDX-License-Identifier: ISC
#include "probe/http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void fail(struct http *http, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct http *http, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(http->text, sizeof(http->text), format, arguments);
    va_end(arguments);
    http->stage = HTTP_BROKEN;
}

// ── Lines ────────────────────────────────────────────────────────────────────────────────────────

// RFC 9112 §4: HTTP/1.1 200 OK
static void take_status_line(struct http *http, const char *line)
{
    unsigned minor;
    int used = 0;
    if (sscanf(line, "HTTP/1.%1u %3u%n", &minor, &http->status, &used) != 2 || http->status < 100 ||
        http->status > 599 || (line[used] != ' ' && line[used] != '\0'))
        fail(http, "not HTTP/1");
    else
        http->stage = HTTP_FIELDS;
}

// The digits at the beginning of text; false when there are none, or more than any body here may have.
static bool read_number(const char *text, unsigned base, uint64_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = text;
    *ret = 0;
    for (; *at != '\0'; at++) {
        const char *digit = strchr(digits, *at | (*at > '9' ? 0x20 : 0));
        if (digit == NULL || (size_t)(digit - digits) >= base)
            break;
        *ret = *ret * base + (uint64_t)(digit - digits);
        if (*ret > UINT32_MAX)
            return false;
    }
    return at > text && (*at == '\0' || *at == ';' || *at == ' ');
}

static void take_length(struct http *http, const char *value)
{
    uint64_t length;
    if (!read_number(value, 10, &length) || (http->has_length && length != http->left))
        fail(http, "no single Content-Length");
    http->has_length = true;
    http->left = length;
}

static void take_type(struct http *http, const char *value)
{
    size_t len = strcspn(value, "; \t");
    if (len >= sizeof(http->content_type))
        len = 0;
    for (size_t i = 0; i < len; i++)
        http->content_type[i] = value[i] < '!' || value[i] > '~'     ? '?'
                                : value[i] >= 'A' && value[i] <= 'Z' ? (char)(value[i] | 0x20)
                                                                     : value[i];
    http->content_type[len] = '\0';
}

// RFC 9112 §5. A line that is no field is passed over.
static void take_field(struct http *http, char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL)
        return;
    *colon = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    if (strcasecmp(line, "content-length") == 0)
        take_length(http, value);
    else if (strcasecmp(line, "content-type") == 0)
        take_type(http, value);
    else if (strcasecmp(line, "transfer-encoding") != 0)
        return;
    else if (strcasecmp(value, "chunked") == 0)
        http->chunked = true;
    else
        fail(http, "a transfer encoding other than chunked");
}

// RFC 9112 §6.3, in its order. An interim answer (1xx) has another one behind it.
static void end_head(struct http *http)
{
    if (http->status < 200)
        http->stage = HTTP_STATUS_LINE;
    else if (http->status == 204 || http->status == 304)
        http->stage = HTTP_DONE;
    else if (http->chunked)
        http->stage = HTTP_CHUNK_SIZE;
    else if (!http->has_length)
        http->stage = HTTP_UNTIL_END;
    else
        http->stage = http->left > 0 ? HTTP_LENGTH : HTTP_DONE;
}

static void take_chunk_size(struct http *http, const char *line)
{
    if (!read_number(line, 16, &http->left))
        fail(http, "a chunk without a size");
    else
        http->stage = http->left > 0 ? HTTP_CHUNK : HTTP_TRAILER;
}

static void take_line(struct http *http, char *line)
{
    switch (http->stage) {
    case HTTP_STATUS_LINE:
        take_status_line(http, line);
        break;
    case HTTP_FIELDS:
        if (line[0] == '\0')
            end_head(http);
        else
            take_field(http, line);
        break;
    case HTTP_CHUNK_SIZE:
        take_chunk_size(http, line);
        break;
    case HTTP_CHUNK_END:
        if (line[0] == '\0')
            http->stage = HTTP_CHUNK_SIZE;
        else
            fail(http, "a chunk longer than its size");
        break;
    default: // the trailer
        if (line[0] == '\0')
            http->stage = HTTP_DONE;
        break;
    }
}

static void take_line_octet(struct http *http, uint8_t octet)
{
    if (++http->head_len > http->head_max) {
        fail(http, "a head of more than %zu octets", http->head_max);
        return;
    }
    if (octet != '\n') {
        buf_put_u8(&http->line, octet);
        return;
    }
    if (http->line.len > 0 && http->line.data[http->line.len - 1] == '\r')
        http->line.len--;
    buf_put_u8(&http->line, '\0');
    take_line(http, (char *)http->line.data);
    buf_clear(&http->line);
}

// ── Content ──────────────────────────────────────────────────────────────────────────────────────

// Returns how many octets were content.
static size_t take_content(struct http *http, const uint8_t *octets, size_t len)
{
    if (http->stage != HTTP_UNTIL_END && len > http->left)
        len = (size_t)http->left;
    if (len > http->body_max - http->body.len) {
        fail(http, "more than %zu octets", http->body_max);
        return len;
    }
    buf_put(&http->body, octets, len);
    if (http->stage == HTTP_UNTIL_END)
        return len;
    http->left -= len;
    if (http->left == 0)
        http->stage = http->stage == HTTP_CHUNK ? HTTP_CHUNK_END : HTTP_DONE;
    return len;
}

void http_take(struct http *http, const uint8_t *octets, size_t len)
{
    if (len == 0 && http->stage == HTTP_UNTIL_END)
        http->stage = HTTP_DONE;
    else if (len == 0 && http->stage != HTTP_DONE && http->stage != HTTP_BROKEN)
        fail(http, "ended in the middle");
    while (len > 0 && http->stage != HTTP_DONE && http->stage != HTTP_BROKEN) {
        size_t used = 1;
        if (http->stage == HTTP_LENGTH || http->stage == HTTP_CHUNK ||
            http->stage == HTTP_UNTIL_END)
            used = take_content(http, octets, len);
        else
            take_line_octet(http, octets[0]);
        octets += used;
        len -= used;
    }
}

void http_done(struct http *http)
{
    buf_done(&http->body);
    buf_done(&http->line);
}
