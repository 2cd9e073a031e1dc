// SPDX-License-Identifier: ISC
#include "zonegen/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void put_decimal(struct buf *ret, uint32_t number)
{
    char digits[10];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    buf_put(ret, digits + at, sizeof(digits) - at);
}

// "\000" to "\255".
static void put_escaped(struct buf *ret, uint8_t octet)
{
    const char text[4] = {'\\', (char)('0' + octet / 100), (char)('0' + octet / 10 % 10),
                          (char)('0' + octet % 10)};
    buf_put(ret, text, sizeof(text));
}

// What is not in names of hosts, services and wildcards is escaped: readers differ in what they take bare (BIND ends a
// word at a quote, Knot refuses "#").
static void put_label(struct buf *ret, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool graphic = octets[i] < 0x80 && isgraph(octets[i]);
        if (graphic && !isalnum(octets[i]) && octets[i] != '-' && octets[i] != '_' &&
            octets[i] != '*' && octets[i] != '/')
            buf_put_u8(ret, '\\');
        if (graphic)
            buf_put_u8(ret, octets[i]);
        else
            put_escaped(ret, octets[i]);
    }
}

// The labels of a name before `end`, dots between them.
static void put_labels(struct buf *ret, const uint8_t *at, const uint8_t *end)
{
    for (bool first = true; at < end && *at != 0; at += 1 + *at) {
        if (!first)
            buf_put_u8(ret, '.');
        first = false;
        put_label(ret, at + 1, *at);
    }
}

void text_put_name(struct buf *ret, const ldns_rdf *name)
{
    const uint8_t *wire = ldns_rdf_data(name);
    put_labels(ret, wire, wire + ldns_rdf_size(name));
    buf_put_u8(ret, '.');
}

// Where the apex begins in the name, or NULL when the name does not lie in it.
static const uint8_t *find_apex(const ldns_rdf *name, const ldns_rdf *apex)
{
    size_t len = ldns_rdf_size(name);
    size_t apex_len = ldns_rdf_size(apex);
    const uint8_t *at = ldns_rdf_data(name);
    const uint8_t *wanted = at + len - apex_len;
    if (len < apex_len ||
        strncasecmp((const char *)wanted, (const char *)ldns_rdf_data(apex), apex_len) != 0)
        return NULL;
    while (at < wanted)
        at += 1 + *at;
    return at == wanted ? at : NULL;
}

void text_put_owner(struct buf *ret, const ldns_rdf *owner, const ldns_rdf *apex)
{
    const uint8_t *wire = ldns_rdf_data(owner);
    const uint8_t *end = find_apex(owner, apex);
    if (end == wire) {
        buf_put_u8(ret, '@');
        return;
    }
    if (end != NULL)
        put_labels(ret, wire, end);
    else
        text_put_name(ret, owner);
}

static void put_string(struct buf *ret, const uint8_t *octets, size_t len)
{
    buf_put_u8(ret, '"');
    for (size_t i = 0; i < len; i++) {
        if (octets[i] == '"' || octets[i] == '\\')
            buf_put_u8(ret, '\\');
        if ((octets[i] < 0x80 && isprint(octets[i])) || octets[i] == '\t')
            buf_put_u8(ret, octets[i]);
        else
            put_escaped(ret, octets[i]);
    }
    buf_put_u8(ret, '"');
}

static void put_hex(struct buf *ret, const uint8_t *octets, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        buf_put_u8(ret, (uint8_t)digits[octets[i] >> 4]);
        buf_put_u8(ret, (uint8_t)digits[octets[i] & 15]);
    }
}

static void put_by_ldns(struct buf *ret, const ldns_rdf *rdf)
{
    char *text = ldns_rdf2str(rdf);
    buf_put_text(ret, text != NULL ? text : "");
    free(text);
}

void text_put_rdf(struct buf *ret, const ldns_rdf *rdf)
{
    const uint8_t *octets = ldns_rdf_data(rdf);
    size_t len = ldns_rdf_size(rdf);
    char address[INET6_ADDRSTRLEN];
    switch (ldns_rdf_get_type(rdf)) {
    case LDNS_RDF_TYPE_DNAME:
        text_put_name(ret, rdf);
        break;
    case LDNS_RDF_TYPE_INT8:
        put_decimal(ret, octets[0]);
        break;
    case LDNS_RDF_TYPE_INT16:
        put_decimal(ret, ldns_rdf2native_int16(rdf));
        break;
    case LDNS_RDF_TYPE_INT32:
    case LDNS_RDF_TYPE_PERIOD:
        put_decimal(ret, ldns_rdf2native_int32(rdf));
        break;
    case LDNS_RDF_TYPE_A:
        buf_put_text(ret, inet_ntop(AF_INET, octets, address, sizeof(address)));
        break;
    case LDNS_RDF_TYPE_AAAA:
        buf_put_text(ret, inet_ntop(AF_INET6, octets, address, sizeof(address)));
        break;
    case LDNS_RDF_TYPE_STR:
        put_string(ret, octets + 1, octets[0]);
        break;
    case LDNS_RDF_TYPE_HEX:
        if (len > 0) {
            put_hex(ret, octets, len);
            break;
        } // ldns has a word for nothing
        __attribute__((fallthrough));
    default:
        put_by_ldns(ret, rdf);
    }
}
