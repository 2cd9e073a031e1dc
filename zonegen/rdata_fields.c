// SPDX-License-Identifier: ISC
// Words → octets: numbers, names, addresses, strings, Base64 and hexadecimal digits.
#include "zonegen/rdata_fields.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "config/values.h"

const char *rdata_peek(const struct rdata_words *words)
{
    return words->at < words->end ? master_text(words->entry, words->at) : NULL;
}

enum status rdata_take(struct rdata_words *words, const char *what, const char **ret,
                       struct error *err)
{
    const char *text = rdata_peek(words);
    if (text == NULL)
        return error_set(err, STATUS_SYNTAX, "%s is missing", what);
    words->at++;
    *ret = text;
    return STATUS_OK;
}

enum status rdata_wrong(struct rdata_words *words, struct error *err, const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    words->at--;
    return error_set(err, STATUS_SYNTAX, "%s", text);
}

// ── Numbers ──────────────────────────────────────────────────────────────────────────────────────

enum status rdata_number(struct rdata_words *words, const char *what, uint32_t most, uint32_t *ret,
                         struct error *err)
{
    const char *text = NULL;
    enum status status = rdata_take(words, what, &text, err);
    if (status != STATUS_OK)
        return status;
    size_t len = strspn(text, "0123456789");
    uint64_t value = 0;
    for (size_t i = 0; i < len && value <= most; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    if (len == 0 || text[len] != '\0' || value > most)
        return rdata_wrong(words, err, "\"%s\" where %s is expected, 0 to %u", text, what, most);
    *ret = (uint32_t)value;
    return STATUS_OK;
}

enum status rdata_put_number(struct rdata_words *words, const char *what, unsigned octets,
                             struct buf *ret, struct error *err)
{
    static const uint32_t most[] = {[1] = UINT8_MAX, [2] = UINT16_MAX, [4] = UINT32_MAX};
    uint32_t value = 0;
    enum status status = rdata_number(words, what, most[octets], &value, err);
    if (status != STATUS_OK)
        return status;
    if (octets == 4)
        buf_put_u32(ret, value);
    else if (octets == 2)
        buf_put_u16(ret, (uint16_t)value);
    else
        buf_put_u8(ret, (uint8_t)value);
    return STATUS_OK;
}

enum status rdata_put_type(struct rdata_words *words, const char *hint, struct buf *ret,
                           struct error *err)
{
    const char *text = NULL;
    enum status status = rdata_take(words, "a type", &text, err);
    if (status != STATUS_OK)
        return status;
    uint16_t type = rdata_type(text);
    if (type == 0)
        return rdata_wrong(words, err, "\"%s\" is no record type%s", text, hint);
    buf_put_u16(ret, type);
    return STATUS_OK;
}

enum status rdata_duration(const char *text, uint32_t *ret)
{
    static const char units[] = "smhdw";
    static const uint32_t seconds[] = {1, 60, 3600, 86400, 604800};
    uint64_t total = 0;
    if (*text == '\0')
        return STATUS_SYNTAX;
    for (bool first = true; *text != '\0'; first = false) {
        uint64_t value = 0;
        size_t len = strspn(text, "0123456789");
        if (len == 0)
            return STATUS_SYNTAX;
        for (size_t i = 0; i < len && value <= UINT32_MAX; i++)
            value = value * 10 + (uint64_t)(text[i] - '0');
        text += len;
        const char *unit = *text != '\0' ? strchr(units, *text | 0x20) : NULL;
        if (unit == NULL && (*text != '\0' || !first))
            return STATUS_SYNTAX;
        if (unit != NULL) {
            value *= seconds[unit - units];
            text++;
        }
        total += value;
        if (total > INT32_MAX) // RFC 2181 §8
            return STATUS_RANGE;
    }
    *ret = (uint32_t)total;
    return STATUS_OK;
}

// ── Names and addresses ──────────────────────────────────────────────────────────────────────────

// Ends the text with a dot that no backslash takes away?
static bool is_absolute(const char *text)
{
    size_t len = strlen(text);
    size_t escapes = 0;
    if (len == 0 || text[len - 1] != '.')
        return false;
    while (escapes + 1 < len && text[len - 2 - escapes] == '\\')
        escapes++;
    return escapes % 2 == 0;
}

enum status rdata_name(const char *text, const struct name *origin, struct name *ret,
                       struct error *err)
{
    if (strcmp(text, "@") == 0) {
        *ret = *origin;
        return STATUS_OK;
    }
    if (strstr(text, "://") != NULL)
        return error_set(err, STATUS_SYNTAX, "it is a URL; write the host's name alone");
    struct arena arena = {0};
    char *ascii = NULL;
    enum status status = value_to_ascii(&arena, text, &ascii, err); // IDN
    if (status == STATUS_OK)
        status = name_from_text(ascii, ret, err);
    arena_done(&arena);
    if (status != STATUS_OK || is_absolute(text))
        return status;
    if (ret->len - 1 + origin->len > NAME_WIRE_MAX)
        return error_set(err, STATUS_RANGE, "a name of more than %d octets with its domain",
                         NAME_WIRE_MAX);
    memcpy(ret->wire + ret->len - 1, origin->wire, origin->len);
    ret->len = (uint8_t)(ret->len - 1 + origin->len);
    return STATUS_OK;
}

enum status rdata_put_name(struct rdata_words *words, struct buf *ret, struct error *err)
{
    struct name name;
    const char *text = NULL;
    struct error why = {0};
    enum status status = rdata_take(words, "a name", &text, err);
    if (status != STATUS_OK)
        return status;
    if (words->entry->words[words->at - 1].quoted)
        return rdata_wrong(words, err, "\"%s\" in quotes; a name has none", text);
    if (rdata_name(text, words->origin, &name, &why) != STATUS_OK)
        return rdata_wrong(words, err, "\"%s\" is no name: %s", text, why.text);
    buf_put(ret, name.wire, name.len);
    return STATUS_OK;
}

enum status rdata_put_ipv4(struct rdata_words *words, struct buf *ret, struct error *err)
{
    const char *text = NULL;
    uint8_t octets[4];
    enum status status = rdata_take(words, "an IPv4 address", &text, err);
    if (status != STATUS_OK)
        return status;
    if (inet_pton(AF_INET, text, octets) != 1)
        return rdata_wrong(words, err, "\"%s\" is no IPv4 address; one is like 192.0.2.1", text);
    buf_put(ret, octets, sizeof(octets));
    return STATUS_OK;
}

enum status rdata_put_ipv6(struct rdata_words *words, struct buf *ret, struct error *err)
{
    const char *text = NULL;
    uint8_t octets[16];
    enum status status = rdata_take(words, "an IPv6 address", &text, err);
    if (status != STATUS_OK)
        return status;
    if (inet_pton(AF_INET6, text, octets) != 1)
        return rdata_wrong(words, err, "\"%s\" is no IPv6 address; one is like 2001:db8::1", text);
    buf_put(ret, octets, sizeof(octets));
    return STATUS_OK;
}

// ── Strings and binary data ──────────────────────────────────────────────────────────────────────

enum status rdata_unescape(struct rdata_words *words, const char *text, struct buf *ret,
                           struct error *err)
{
    for (; *text != '\0'; text++) {
        if (*text != '\\') {
            buf_put_u8(ret, (uint8_t)*text);
            continue;
        }
        text++;
        size_t digits = strspn(text, "0123456789");
        if (*text == '\0')
            return rdata_wrong(words, err, "nothing behind the last \\");
        if (digits == 0) {
            buf_put_u8(ret, (uint8_t)*text);
            continue;
        }
        unsigned value = digits < 3
                             ? 256
                             : (unsigned)(text[0] - '0') * 100 + (unsigned)(text[1] - '0') * 10 +
                                   (unsigned)(text[2] - '0');
        if (value > 255)
            return rdata_wrong(words, err,
                               "\\%.3s is no octet; \\ takes three digits up to 255, or one other "
                               "character",
                               text);
        buf_put_u8(ret, (uint8_t)value);
        text += 2;
    }
    return STATUS_OK;
}

// Puts the remaining words, or the next one, together.
static enum status join(struct rdata_words *words, bool one, const char *what, struct buf *ret,
                        struct error *err)
{
    const char *text = NULL;
    enum status status = rdata_take(words, what, &text, err);
    while (status == STATUS_OK) {
        buf_put_text(ret, text);
        if (one || rdata_peek(words) == NULL)
            break;
        status = rdata_take(words, what, &text, err);
    }
    return status;
}

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

bool rdata_base64(const char *text, struct buf *ret)
{
    size_t len = strlen(text);
    if (len == 0 || len % 4 != 0)
        return false;
    size_t padding = (text[len - 1] == '=') + (size_t)(text[len - 2] == '=');
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        int value = i >= len - padding && text[i] == '=' ? 0 : base64_value(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 3)
            continue;
        size_t count = i == len - 1 ? 3 - padding : 3;
        if ((count == 1 && (bits & 0xffff) != 0) || (count == 2 && (bits & 0xff) != 0))
            return false; // RFC 4648 §3.5: the bits left over are zero
        for (size_t k = 0; k < count; k++)
            buf_put_u8(ret, (uint8_t)(bits >> (16 - 8 * k)));
        bits = 0;
    }
    return true;
}

enum status rdata_put_base64(struct rdata_words *words, bool one, struct buf *ret,
                             struct error *err)
{
    struct buf text = {0};
    enum status status = join(words, one, "Base64 data", &text, err);
    if (status == STATUS_OK && !rdata_base64(buf_text(&text), ret))
        status = rdata_wrong(words, err,
                             "no whole Base64 data; it has four characters of A-Z a-z 0-9 + / for "
                             "three octets, \"=\" only at its end");
    buf_done(&text);
    return status;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum status rdata_put_hex(struct rdata_words *words, bool one, bool empty, struct buf *ret,
                          struct error *err)
{
    struct buf text = {0};
    if (empty && rdata_peek(words) == NULL)
        return STATUS_OK;
    enum status status = join(words, one, "hexadecimal data", &text, err);
    if (status == STATUS_OK && (text.len == 0 || text.len % 2 != 0))
        status =
            rdata_wrong(words, err, "%zu hexadecimal digits; an octet has two of them", text.len);
    for (size_t i = 0; status == STATUS_OK && i < text.len; i += 2) {
        int high = hex_value((char)text.data[i]);
        int low = hex_value((char)text.data[i + 1]);
        if (high < 0 || low < 0)
            status = rdata_wrong(words, err, "\"%c\" is no hexadecimal digit",
                                 (char)text.data[high < 0 ? i : i + 1]);
        else
            buf_put_u8(ret, (uint8_t)(high << 4 | low));
    }
    buf_done(&text);
    return status;
}
