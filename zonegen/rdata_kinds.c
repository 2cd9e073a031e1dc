// SPDX-License-Identifier: ISC
// Which words a field takes, by its kind in ldns' table of types.
#include "zonegen/rdata_fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

// ── Numbers that have names ──────────────────────────────────────────────────────────────────────

struct mnemonic {
    const char *name;
    uint8_t value;
};

static const struct mnemonic usages[] = {{"PKIX-TA", 0}, {"PKIX-EE", 1},    {"DANE-TA", 2},
                                         {"DANE-EE", 3}, {"PrivCert", 255}, {NULL, 0}};
static const struct mnemonic selectors[] = {{"Cert", 0}, {"SPKI", 1}, {"PrivSel", 255}, {NULL, 0}};
static const struct mnemonic matchings[] = {
    {"Full", 0}, {"SHA2-256", 1}, {"SHA2-512", 2}, {"PrivMatch", 255}, {NULL, 0}};

// RFC 7218. What no registry has is a typo: no client can use it.
static enum status put_registered(struct rdata_words *words, const struct mnemonic *list,
                                  const char *what, struct buf *ret, struct error *err)
{
    const char *text = rdata_peek(words);
    size_t highest = 0;
    for (size_t i = 0; list[i].name != NULL; i++) {
        highest = list[i].value < 255 ? list[i].value : highest;
        if (text == NULL || strcasecmp(list[i].name, text) != 0)
            continue;
        words->at++;
        buf_put_u8(ret, list[i].value);
        return STATUS_OK;
    }
    uint32_t value = 0;
    enum status status = rdata_number(words, what, UINT8_MAX, &value, err);
    if (status != STATUS_OK)
        return status;
    if (value > highest && value != 255)
        return rdata_wrong(words, err, "%u is no %s; 0 to %zu are", value, what, highest);
    buf_put_u8(ret, (uint8_t)value);
    return STATUS_OK;
}

// A number, or a name of one of ldns' tables.
static enum status put_looked_up(struct rdata_words *words, ldns_lookup_table *table,
                                 unsigned octets, struct buf *ret, struct error *err)
{
    const char *text = rdata_peek(words);
    const ldns_lookup_table *found = text != NULL ? ldns_lookup_by_name(table, text) : NULL;
    if (found == NULL)
        return rdata_put_number(words, octets == 1 ? "an algorithm" : "a certificate type", octets,
                                ret, err);
    words->at++;
    if (octets == 2)
        buf_put_u16(ret, (uint16_t)found->id);
    else
        buf_put_u8(ret, (uint8_t)found->id);
    return STATUS_OK;
}

// ── Other kinds ──────────────────────────────────────────────────────────────────────────────────

static enum status put_string(struct rdata_words *words, struct buf *ret, struct error *err)
{
    const char *text = NULL;
    size_t start = ret->len;
    enum status status = rdata_take(words, "a string", &text, err);
    if (status != STATUS_OK)
        return status;
    buf_put_u8(ret, 0);
    status = rdata_unescape(words, text, ret, err);
    size_t len = ret->len - start - 1;
    if (status == STATUS_OK && len > RDATA_STRING_MAX)
        status = rdata_wrong(words, err,
                             "a string of %zu octets; one has %d at most, so cut it into several, "
                             "or write it as `text:`",
                             len, RDATA_STRING_MAX);
    ret->data[start] = (uint8_t)len;
    return status;
}

static enum status put_long_string(struct rdata_words *words, struct buf *ret, struct error *err)
{
    const char *text = NULL;
    enum status status = rdata_take(words, "a value in quotes", &text, err);
    return status == STATUS_OK ? rdata_unescape(words, text, ret, err) : status;
}

// RFC 8659 §4.1: letters and digits; in lower case, as it is registered and compared.
static enum status put_tag(struct rdata_words *words, struct buf *ret, struct error *err)
{
    const char *text = NULL;
    enum status status = rdata_take(words, "a tag", &text, err);
    if (status != STATUS_OK)
        return status;
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    if (len == 0 || text[len] != '\0' || len > RDATA_STRING_MAX)
        return rdata_wrong(words, err, "\"%s\" is no tag; one has letters and digits only", text);
    buf_put_u8(ret, (uint8_t)len);
    for (size_t i = 0; i < len; i++)
        buf_put_u8(ret, name_lower((uint8_t)text[i]));
    return STATUS_OK;
}

// Groups of hexadecimal digits as the format has them: four at most between colons, two between hyphens.
static enum status put_groups(struct rdata_words *words, const char *format, struct buf *ret,
                              struct error *err)
{
    const char *text = NULL;
    bool colons = format[0] == 'x' && strchr(format, ':') != NULL;
    unsigned most = colons ? 4 : 2;
    unsigned groups = (unsigned)(strlen(format) + 1) / (most + 1);
    enum status status = rdata_take(words, "an identifier", &text, err);
    const char *at = text;
    for (unsigned i = 0; status == STATUS_OK && i < groups; i++) {
        size_t len = strspn(at, "0123456789abcdefABCDEF");
        bool last = i + 1 == groups;
        bool wrong = len > most || len < (colons ? 1 : most) ||
                     at[len] != (last     ? '\0'
                                 : colons ? ':'
                                          : '-');
        if (wrong)
            return rdata_wrong(words, err, "\"%s\" has not the form %s", text, format);
        unsigned long value = strtoul(at, NULL, 16);
        if (colons)
            buf_put_u16(ret, (uint16_t)value);
        else
            buf_put_u8(ret, (uint8_t)value);
        at += len + 1;
    }
    return status;
}

// RFC 4034 §4.1.2: windows of 256 types.
static enum status put_bitmap(struct rdata_words *words, struct buf *ret, struct error *err)
{
    uint8_t bits[65536 / 8] = {0};
    struct buf octets = {0};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && rdata_peek(words) != NULL) {
        buf_clear(&octets);
        status = rdata_put_type(words, "", &octets, err);
        if (status == STATUS_OK)
            bits[octets.data[0] * 32 + octets.data[1] / 8] |=
                (uint8_t)(0x80 >> (octets.data[1] % 8));
    }
    for (unsigned window = 0; status == STATUS_OK && window < 256; window++) {
        uint8_t len = 32;
        while (len > 0 && bits[window * 32 + len - 1] == 0)
            len--;
        if (len == 0)
            continue;
        buf_put_u8(ret, (uint8_t)window);
        buf_put_u8(ret, len);
        buf_put(ret, bits + (size_t)window * 32, len);
    }
    buf_done(&octets);
    return status;
}

static enum status put_nsap(struct rdata_words *words, struct buf *ret, struct error *err)
{
    const char *text = NULL;
    struct buf digits = {0};
    enum status status = rdata_take(words, "an address", &text, err);
    if (status != STATUS_OK)
        return status;
    if (strncasecmp(text, "0x", 2) != 0)
        return rdata_wrong(words, err, "\"%s\" does not begin with 0x", text);
    for (const char *c = text + 2; *c != '\0'; c++) {
        if (*c != '.')
            buf_put_u8(&digits, (uint8_t)*c);
    }
    const char *hex = buf_text(&digits);
    if (digits.len == 0 || digits.len % 2 != 0 ||
        strspn(hex, "0123456789abcdefABCDEF") != digits.len)
        status = rdata_wrong(words, err, "\"%s\" is no even number of hexadecimal digits", text);
    for (size_t i = 0; status == STATUS_OK && i < digits.len; i += 2)
        buf_put_u8(ret, (uint8_t)strtoul((const char[]){hex[i], hex[i + 1], '\0'}, NULL, 16));
    buf_done(&digits);
    return status;
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

static enum status put_int8(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return rdata_put_number(words, "a number", 1, ret, err);
}

static enum status put_int16(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return rdata_put_number(words, "a number", 2, ret, err);
}

static enum status put_int32(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return rdata_put_number(words, "a number", 4, ret, err);
}

static enum status put_period(struct rdata_words *words, struct buf *ret, struct error *err)
{
    uint32_t seconds = 0;
    const char *text = rdata_peek(words);
    if (text == NULL || rdata_duration(text, &seconds) != STATUS_OK)
        return rdata_put_number(words, "a duration", 4, ret, err);
    words->at++;
    buf_put_u32(ret, seconds);
    return STATUS_OK;
}

static enum status put_base64(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return rdata_put_base64(words, false, ret, err);
}

static enum status put_hex(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return rdata_put_hex(words, false, false, ret, err);
}

static enum status put_algorithm(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_looked_up(words, ldns_algorithms, 1, ret, err);
}

static enum status put_cert_type(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_looked_up(words, ldns_cert_algorithms, 2, ret, err);
}

static enum status put_usage(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_registered(words, usages, "certificate usage", ret, err);
}

static enum status put_selector(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_registered(words, selectors, "selector", ret, err);
}

static enum status put_matching(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_registered(words, matchings, "matching type", ret, err);
}

static enum status put_ilnp64(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_groups(words, "xxxx:xxxx:xxxx:xxxx", ret, err);
}

static enum status put_eui48(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_groups(words, "xx-xx-xx-xx-xx-xx", ret, err);
}

static enum status put_eui64(struct rdata_words *words, struct buf *ret, struct error *err)
{
    return put_groups(words, "xx-xx-xx-xx-xx-xx-xx-xx", ret, err);
}

rdata_field *rdata_field_of(ldns_rdf_type kind)
{
    static rdata_field *const fields[] = {
        [LDNS_RDF_TYPE_DNAME] = rdata_put_name,
        [LDNS_RDF_TYPE_INT8] = put_int8,
        [LDNS_RDF_TYPE_INT16] = put_int16,
        [LDNS_RDF_TYPE_INT32] = put_int32,
        [LDNS_RDF_TYPE_PERIOD] = put_period,
        [LDNS_RDF_TYPE_A] = rdata_put_ipv4,
        [LDNS_RDF_TYPE_AAAA] = rdata_put_ipv6,
        [LDNS_RDF_TYPE_STR] = put_string,
        [LDNS_RDF_TYPE_LONG_STR] = put_long_string,
        [LDNS_RDF_TYPE_TAG] = put_tag,
        [LDNS_RDF_TYPE_B64] = put_base64,
        [LDNS_RDF_TYPE_HEX] = put_hex,
        [LDNS_RDF_TYPE_NSEC] = put_bitmap,
        [LDNS_RDF_TYPE_ALG] = put_algorithm,
        [LDNS_RDF_TYPE_CERT_ALG] = put_cert_type,
        [LDNS_RDF_TYPE_CERTIFICATE_USAGE] = put_usage,
        [LDNS_RDF_TYPE_SELECTOR] = put_selector,
        [LDNS_RDF_TYPE_MATCHING_TYPE] = put_matching,
        [LDNS_RDF_TYPE_ILNP64] = put_ilnp64,
        [LDNS_RDF_TYPE_EUI48] = put_eui48,
        [LDNS_RDF_TYPE_EUI64] = put_eui64,
        [LDNS_RDF_TYPE_NSAP] = put_nsap,
        [LDNS_RDF_TYPE_SVCPARAMS] = rdata_put_svcparams,
        [LDNS_RDF_TYPE_LOC] = rdata_put_loc,
        [LDNS_RDF_TYPE_IPSECKEY] = rdata_put_ipseckey,
        [LDNS_RDF_TYPE_HIP] = rdata_put_hip,
        [LDNS_RDF_TYPE_APL] = rdata_put_apl,
    };
    return kind < sizeof(fields) / sizeof(fields[0]) ? fields[kind] : NULL;
}
