// SPDX-License-Identifier: ISC
#include "probe/spf_macro.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

// Parts that a name can be cut into; more than any name has.
#define PARTS_MAX 128

// RFC 7208 §7.3: IPv4 as usual, IPv6 as nibbles with dots.
static void put_address(const struct address *address, struct buf *ret)
{
    char text[ADDRESS_TEXT_MAX];
    if (address->any.sa_family == AF_INET) {
        buf_put_text(ret, address_text(address, false, text));
        return;
    }
    for (size_t i = 0; i < 16; i++) {
        unsigned octet = address->v6.sin6_addr.s6_addr[i];
        buf_printf(ret, "%s%x.%x", i > 0 ? "." : "", octet >> 4, octet & 15U);
    }
}

static void put_letter(const struct spf_macro *macro, int letter, struct buf *ret)
{
    switch (letter) {
    case 's':
        buf_printf(ret, "%s@%s", macro->local, macro->sender);
        break;
    case 'l':
        buf_put_text(ret, macro->local);
        break;
    case 'o':
        buf_put_text(ret, macro->sender);
        break;
    case 'd':
        buf_put_text(ret, macro->domain);
        break;
    case 'i':
        put_address(macro->address, ret);
        break;
    case 'v':
        buf_put_text(ret, macro->address->any.sa_family == AF_INET ? "in-addr" : "ip6");
        break;
    case 'h':
        buf_put_text(ret, macro->helo);
        break;
    default: // p: §7.3 says "unknown" may stand for what should not be looked up
        buf_put_text(ret, "unknown");
        break;
    }
}

// Cuts value at the delimiters, turns the parts round, keeps the last `keep` of them (0: all), joins with dots.
static void put_parts(char *value, const char *delimiters, bool reverse, unsigned keep,
                      struct buf *ret)
{
    char *parts[PARTS_MAX];
    size_t count = 0;
    for (char *rest = value; rest != NULL && count < PARTS_MAX;)
        parts[count++] = strsep(&rest, delimiters);
    size_t first = keep > 0 && keep < count ? count - keep : 0;
    for (size_t i = first; i < count; i++) {
        // Of the reversed list the last ones are the first of the list as it was.
        size_t at = reverse ? count - 1 - i : i;
        buf_printf(ret, "%s%s", i > first ? "." : "", parts[at]);
    }
}

// text is what stands between the braces. RFC 7208 §7.1: letter, digits, "r", delimiters.
static void put_macro(const struct spf_macro *macro, const char *text, size_t len, struct buf *ret)
{
    struct buf value = {0};
    char delimiters[16] = ".";
    unsigned keep = 0;
    bool reverse = false;
    size_t at = 1, given = 0;
    for (; at < len && isdigit((unsigned char)text[at]); at++)
        keep = keep < 1000 ? keep * 10 + (unsigned)(text[at] - '0') : keep;
    if (at < len && (text[at] == 'r' || text[at] == 'R')) {
        reverse = true;
        at++;
    }
    for (; at < len && given < sizeof(delimiters) - 1; at++)
        delimiters[given++] = text[at];
    put_letter(macro, tolower((unsigned char)text[0]), &value);
    char *copy = xstrdup(buf_text(&value));
    put_parts(copy, delimiters, reverse, keep, ret);
    free(copy);
    buf_done(&value);
}

bool spf_macro_expand(const struct spf_macro *macro, const char *text, size_t len, struct buf *ret)
{
    size_t begin = ret->len;
    for (size_t at = 0; at < len; at++) {
        const char *end;
        if (text[at] != '%' || at + 1 == len) {
            buf_put_u8(ret, (uint8_t)text[at]);
            continue;
        }
        at++;
        if (text[at] == '{' && (end = memchr(text + at, '}', len - at)) != NULL) {
            put_macro(macro, text + at + 1, (size_t)(end - text) - at - 1, ret);
            at = (size_t)(end - text);
        } else {
            buf_put_text(ret, text[at] == '-' ? "%20" : text[at] == '_' ? " " : "%");
        }
    }
    // Too long: whole labels are taken away from the left.
    const char *name = buf_text(ret) + begin;
    while (strlen(name) > SPF_NAME_MAX && (name = strchr(name, '.')) != NULL)
        name++;
    if (name == NULL || *name == '\0')
        return false;
    size_t rest = strlen(name);
    memmove(ret->data + begin, name, rest);
    ret->len = begin + rest;
    return true;
}
