// SPDX-License-Identifier: ISC
#include "server/http_get.h"

#include <string.h>
#include <strings.h>

// A line without its end (CRLF, or LF alone: RFC 9112 §2.2).
struct line {
    const char *text;
    size_t len;
};

// False when it is not whole yet.
static bool next_line(const char *octets, size_t len, size_t *at, struct line *ret)
{
    const char *end = memchr(octets + *at, '\n', len - *at);
    if (end == NULL)
        return false;
    ret->text = octets + *at;
    ret->len = (size_t)(end - ret->text);
    *at += ret->len + 1;
    if (ret->len > 0 && ret->text[ret->len - 1] == '\r')
        ret->len--;
    return true;
}

static bool is(const struct line *word, const char *text)
{
    return word->len == strlen(text) && memcmp(word->text, text, word->len) == 0;
}

// Cuts the next word off the line: what stands before a space.
static struct line next_word(struct line *line)
{
    const char *space = memchr(line->text, ' ', line->len);
    size_t len = space != NULL ? (size_t)(space - line->text) : line->len;
    struct line word = {line->text, len};
    size_t taken = space != NULL ? len + 1 : len;
    line->text += taken;
    line->len -= taken;
    return word;
}

// RFC 9112 §3: method, target, version. A query behind the path says nothing to us.
static unsigned judge(struct line line, const char *path, bool has_host, bool *ret_head_only)
{
    struct line method = next_word(&line), target = next_word(&line);
    bool old = is(&line, "HTTP/1.0");
    if (!old && !is(&line, "HTTP/1.1"))
        return line.len > 7 && memcmp(line.text, "HTTP/", 5) == 0 ? 505 : 400;
    if (method.len == 0 || target.len == 0 || (!old && !has_host)) // §3.2
        return 400;
    const char *query = memchr(target.text, '?', target.len);
    if (query != NULL)
        target.len = (size_t)(query - target.text);
    *ret_head_only = is(&method, "HEAD");
    if (!*ret_head_only && !is(&method, "GET"))
        return 405;
    return is(&target, path) ? 200 : 404;
}

unsigned http_get_read(const char *octets, size_t len, const char *path, bool *ret_head_only)
{
    struct line request, field;
    size_t at = 0;
    bool has_host = false;
    *ret_head_only = false;
    bool whole = next_line(octets, len, &at, &request);
    while (whole && (whole = next_line(octets, len, &at, &field)) && field.len > 0)
        has_host = has_host || (field.len >= 5 && strncasecmp(field.text, "Host:", 5) == 0);
    if (!whole)
        return len >= HTTP_GET_HEAD_MAX ? 431 : 0;
    return judge(request, path, has_host, ret_head_only);
}

const char *http_get_reason(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}
