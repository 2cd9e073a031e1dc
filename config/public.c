// SPDX-License-Identifier: ISC
#include "config/public.h"

#include <string.h>

static bool line_is(const uint8_t *line, size_t len, const char *boundary)
{
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    return len == strlen(boundary) && memcmp(line, boundary, len) == 0;
}

void public_certificates(const uint8_t *octets, size_t len, struct buf *ret)
{
    const uint8_t *block = NULL; // its BEGIN line, while in one
    for (size_t at = 0; at < len;) {
        const uint8_t *line = octets + at;
        const uint8_t *newline = memchr(line, '\n', len - at);
        size_t line_len = newline != NULL ? (size_t)(newline - line) : len - at;
        at += line_len + (newline != NULL ? 1 : 0);
        if (line_is(line, line_len, "-----BEGIN CERTIFICATE-----")) {
            block = line;
        } else if (block != NULL && line_is(line, line_len, "-----END CERTIFICATE-----")) {
            buf_put(ret, block, (size_t)(line + line_len - block));
            buf_put_u8(ret, '\n');
            block = NULL;
        } else if (memmem(line, line_len, "-----", 5) != NULL) {
            block = NULL;
        }
    }
}

bool public_has_private_key(const uint8_t *octets, size_t len)
{
    static const char boundary[] = "PRIVATE KEY-----";
    return len > 0 && memmem(octets, len, boundary, strlen(boundary)) != NULL;
}
