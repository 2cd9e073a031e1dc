// SPDX-License-Identifier: ISC
// Which fields a type has is in ldns' table (ldns_rr_descript); what words they take in rdata_kinds.c.
#include "zonegen/rdata_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// ── Types by name ────────────────────────────────────────────────────────────────────────────────

#define TYPE_DSYNC    66
#define TYPE_AMTRELAY 260

// Those that ldns 1.8.3 has no text form for (RFC 9859, RFC 8777).
static const struct {
    const char *name;
    uint16_t type;
    rdata_field *put;
} more_types[] = {
    {"DSYNC", TYPE_DSYNC, rdata_put_dsync},
    {"AMTRELAY", TYPE_AMTRELAY, rdata_put_amtrelay},
};

static uint16_t type_number(const char *digits)
{
    size_t len = strspn(digits, "0123456789");
    if (len == 0 || len > 5 || digits[len] != '\0')
        return 0;
    long value = strtol(digits, NULL, 10);
    return value <= UINT16_MAX ? (uint16_t)value : 0;
}

uint16_t rdata_type(const char *text)
{
    if (strncasecmp(text, "TYPE", 4) == 0 && text[4] >= '0' && text[4] <= '9')
        return type_number(text + 4);
    for (size_t i = 0; i < sizeof(more_types) / sizeof(more_types[0]); i++) {
        if (strcasecmp(text, more_types[i].name) == 0)
            return more_types[i].type;
    }
    ldns_rr_type type = ldns_get_rr_type_by_name(text);
    const ldns_rr_descriptor *known = ldns_rr_descript((uint16_t)type);
    bool same =
        type != 0 && known != NULL && known->_name != NULL && strcasecmp(known->_name, text) == 0;
    return same ? (uint16_t)type : 0;
}

const char *rdata_type_name(uint16_t type, char text[16])
{
    const ldns_rr_descriptor *known = ldns_rr_descript(type);
    for (size_t i = 0; i < sizeof(more_types) / sizeof(more_types[0]); i++) {
        if (more_types[i].type == type)
            return more_types[i].name;
    }
    if (known != NULL && known->_type == type && known->_name != NULL)
        return known->_name;
    snprintf(text, 16, "TYPE%u", type);
    return text;
}

// ── Data ─────────────────────────────────────────────────────────────────────────────────────────

// RFC 3597 §5: the length, then the octets.
static enum status put_generic(struct rdata_words *words, struct buf *ret, struct error *err)
{
    uint32_t len = 0;
    words->at++;
    enum status status = rdata_number(words, "a length", UINT16_MAX, &len, err);
    if (status == STATUS_OK)
        status = rdata_put_hex(words, false, true, ret, err);
    if (status == STATUS_OK && ret->len != len)
        status = rdata_wrong(words, err, "%zu octets where \\# says %u", ret->len, len);
    return status;
}

static enum status put_fields(const ldns_rr_descriptor *known, struct rdata_words *words,
                              struct buf *ret, struct error *err)
{
    size_t least = ldns_rr_descriptor_minimum(known);
    size_t most = ldns_rr_descriptor_maximum(known);
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < most; i++) {
        if (i >= least && rdata_peek(words) == NULL)
            break;
        rdata_field *put = rdata_field_of(ldns_rr_descriptor_field_type(known, i));
        if (put == NULL)
            return error_set(err, STATUS_SYNTAX,
                             "this type has no text form here; write \\# LENGTH HEX (RFC 3597 §5)");
        status = put(words, ret, err);
    }
    return status;
}

// Has each of its fields a text form?
static bool is_written(const ldns_rr_descriptor *known)
{
    for (size_t i = 0; i < ldns_rr_descriptor_minimum(known); i++) {
        if (rdata_field_of(ldns_rr_descriptor_field_type(known, i)) == NULL)
            return false;
    }
    return true;
}

static enum status put_known(uint16_t type, struct rdata_words *words, struct buf *ret,
                             struct error *err)
{
    const ldns_rr_descriptor *known = ldns_rr_descript(type);
    for (size_t i = 0; i < sizeof(more_types) / sizeof(more_types[0]); i++) {
        if (more_types[i].type == type)
            return more_types[i].put(words, ret, err);
    }
    if (type == LDNS_RR_TYPE_WKS)
        return rdata_put_wks(words, ret, err);
    if (type == LDNS_RR_TYPE_NSAP_PTR) // a string in ldns' table; RFC 1348 has a name
        return rdata_put_name(words, ret, err);
    if (known == NULL || known->_type != type)
        return error_set(err, STATUS_SYNTAX,
                         "this type has no text form here; write \\# LENGTH HEX (RFC 3597 §5)");
    return put_fields(known, words, ret, err);
}

// ── What a field says about another ──────────────────────────────────────────────────────────────

struct digest {
    uint16_t type;
    uint8_t kind_at; // where the octet is that says which digest follows
    uint8_t kind;
    uint8_t len;
};

// RFC 4034 §5.1.4, RFC 4509, RFC 6605, RFC 4255, RFC 6594, RFC 6698 §2.1.3
static const struct digest digests[] = {
    {LDNS_RR_TYPE_DS, 3, 1, 20},     {LDNS_RR_TYPE_DS, 3, 2, 32},
    {LDNS_RR_TYPE_DS, 3, 3, 32},     {LDNS_RR_TYPE_DS, 3, 4, 48},
    {LDNS_RR_TYPE_DLV, 3, 1, 20},    {LDNS_RR_TYPE_DLV, 3, 2, 32},
    {LDNS_RR_TYPE_DLV, 3, 4, 48},    {LDNS_RR_TYPE_SSHFP, 1, 1, 20},
    {LDNS_RR_TYPE_SSHFP, 1, 2, 32},  {LDNS_RR_TYPE_TLSA, 2, 1, 32},
    {LDNS_RR_TYPE_TLSA, 2, 2, 64},   {LDNS_RR_TYPE_SMIMEA, 2, 1, 32},
    {LDNS_RR_TYPE_SMIMEA, 2, 2, 64},
};

static enum status check_digest(uint16_t type, const struct buf *data, struct error *err)
{
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        const struct digest *digest = &digests[i];
        if (digest->type != type || data->len <= digest->kind_at ||
            data->data[digest->kind_at] != digest->kind)
            continue;
        size_t len = data->len - digest->kind_at - 1;
        if (len != digest->len)
            return error_set(err, STATUS_SYNTAX,
                             "a digest of %zu octets; one of type %u has %u octets, %u hexadecimal "
                             "digits",
                             len, digest->kind, digest->len, 2u * digest->len);
    }
    return STATUS_OK;
}

// RFC 1183 §3.1: X.25 addresses are numbers. ldns takes any string.
static enum status check_x25(const struct buf *data, struct error *err)
{
    bool good = data->len >= 5;
    for (size_t i = 1; i < data->len; i++)
        good = good && data->data[i] >= '0' && data->data[i] <= '9';
    return good ? STATUS_OK
                : error_set(err, STATUS_SYNTAX, "no X.25 address; one has four digits or more");
}

static enum status check_data(uint16_t type, const struct buf *data, struct error *err)
{
    if (data->len > UINT16_MAX)
        return error_set(err, STATUS_RANGE, "%zu octets of data; a record has %u at most",
                         data->len, UINT16_MAX);
    if (type == LDNS_RR_TYPE_X25)
        return check_x25(data, err);
    if (type == LDNS_RR_TYPE_NAPTR)
        return rdata_check_naptr(data, err);
    if (type == LDNS_RR_TYPE_URI && data->len <= 4)
        return error_set(err, STATUS_SYNTAX, "an empty URI");
    if (type == LDNS_RR_TYPE_CAA && data->len >= 2 && data->len == 2u + data->data[1])
        return error_set(err, STATUS_SYNTAX,
                         "an empty value; \";\" says that nobody may (RFC 8659 §4.2)");
    return check_digest(type, data, err);
}

// As ldns writes it; what it cannot write has no text.
static bool print(const ldns_rr *rr, struct buf *ret)
{
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        char *part = ldns_rdf2str(ldns_rr_rdf(rr, i));
        if (part == NULL)
            return false;
        buf_printf(ret, "%s ", part);
        free(part);
    }
    return true;
}

// Octets of a type with a text form: do they say what that form can say? Written and read back they must be the same.
static bool survives(uint16_t type, const ldns_rr *rr, const struct buf *data)
{
    const struct name root = {.len = 1};
    struct buf text = {0};
    struct buf again = {0};
    struct master_entry entry = {0};
    bool good = print(rr, &text);
    if (good) {
        struct master_reader reader = master_reader(text.data, text.len);
        good = master_next(&reader, &entry, NULL) == STATUS_OK;
    }
    struct rdata_words words = {&entry, 0, entry.count, &root};
    good = good && put_known(type, &words, &again, NULL) == STATUS_OK && words.at == words.end &&
           check_data(type, &again, NULL) == STATUS_OK && again.len == data->len &&
           memcmp(again.data, data->data, data->len) == 0;
    master_entry_done(&entry);
    buf_done(&again);
    buf_done(&text);
    return good;
}

// DSYNC and AMTRELAY: a name at the end, or an address of its length.
static bool has_tail(uint16_t type, const struct buf *data)
{
    static const size_t lengths[] = {0, 4, 16};
    size_t head = type == TYPE_DSYNC ? 5 : 2;
    unsigned kind = type == TYPE_DSYNC ? 3 : data->len >= head ? data->data[1] & 0x7f : 4;
    struct name name;
    if (kind > 3 || data->len < head)
        return false;
    if (kind < 3)
        return data->len - head == lengths[kind];
    return name_from_wire(data->data + head, data->len - head, &name) == STATUS_OK &&
           name.len == data->len - head;
}

static enum status check_form(uint16_t type, const struct buf *data, struct error *err)
{
    const struct name root = {.len = 1};
    const ldns_rr_descriptor *known = ldns_rr_descript(type);
    ldns_rr *rr = NULL;
    bool good = rdata_record(&root, type, 0, data, &rr) == STATUS_OK;
    if (good && (type == TYPE_DSYNC || type == TYPE_AMTRELAY))
        good = has_tail(type, data);
    else if (good && type != LDNS_RR_TYPE_WKS && known->_type == type && is_written(known))
        good = survives(type, rr, data);
    ldns_rr_free(rr);
    return good ? STATUS_OK
                : error_set(err, STATUS_SYNTAX, "the data has not the form of its type");
}

static bool is_generic(const struct rdata_words *words)
{
    const char *first = rdata_peek(words);
    return first != NULL && !words->entry->words[words->at].quoted && strcmp(first, "\\#") == 0;
}

enum status rdata_read(uint16_t type, struct rdata_words *words, struct buf *ret, struct error *err)
{
    enum status status =
        is_generic(words) ? put_generic(words, ret, err) : put_known(type, words, ret, err);
    if (status == STATUS_OK && rdata_peek(words) != NULL)
        status =
            error_set(err, STATUS_SYNTAX, "\"%s\" is more than this type has", rdata_peek(words));
    return status;
}

enum status rdata_from_text(uint16_t type, struct rdata_words *words, struct buf *ret,
                            struct error *err)
{
    bool generic = is_generic(words);
    enum status status = rdata_read(type, words, ret, err);
    if (status == STATUS_OK)
        status = check_data(type, ret, err);
    if (status == STATUS_OK && generic)
        status = check_form(type, ret, err);
    return status;
}

bool rdata_is_readable(uint16_t type)
{
    const ldns_rr_descriptor *known = ldns_rr_descript(type);
    for (size_t i = 0; i < sizeof(more_types) / sizeof(more_types[0]); i++) {
        if (more_types[i].type == type)
            return true;
    }
    return known != NULL && known->_type == type && is_written(known);
}

// ── Records ──────────────────────────────────────────────────────────────────────────────────────

// ldns follows compression pointers, and forgets what it does not understand.
bool rdata_says(const ldns_rr *rr, const struct buf *data)
{
    ldns_buffer *wire = ldns_buffer_new(data->len + 1);
    bool same = wire != NULL && ldns_rr_rdata2buffer_wire(wire, rr) == LDNS_STATUS_OK &&
                ldns_buffer_position(wire) == data->len &&
                (data->len == 0 || memcmp(ldns_buffer_begin(wire), data->data, data->len) == 0);
    ldns_buffer_free(wire);
    return same;
}

static bool is_complete(const ldns_rr *rr)
{
    size_t count = ldns_rr_rd_count(rr);
    bool complete =
        count >= ldns_rr_descriptor_minimum(ldns_rr_descript((uint16_t)ldns_rr_get_type(rr)));
    for (size_t i = 0; i < count; i++)
        complete = complete && ldns_rr_rdf(rr, i) != NULL;
    return complete;
}

enum status rdata_record(const struct name *owner, uint16_t type, uint32_t ttl,
                         const struct buf *data, ldns_rr **ret)
{
    struct buf wire = {0};
    ldns_rr *rr = NULL;
    size_t at = 0;
    buf_put(&wire, owner->wire, owner->len);
    buf_put_u16(&wire, type);
    buf_put_u16(&wire, LDNS_RR_CLASS_IN);
    buf_put_u32(&wire, ttl);
    buf_put_u16(&wire, (uint16_t)data->len);
    buf_put(&wire, data->data, data->len);
    ldns_status status = ldns_wire2rr(&rr, wire.data, wire.len, &at, LDNS_SECTION_ANSWER);
    buf_done(&wire);
    if (status == LDNS_STATUS_OK && is_complete(rr) && rdata_says(rr, data)) {
        *ret = rr;
        return STATUS_OK;
    }
    if (status == LDNS_STATUS_OK)
        ldns_rr_free(rr);
    return STATUS_SYNTAX;
}
