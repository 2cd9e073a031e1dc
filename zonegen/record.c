// SPDX-License-Identifier: ISC
#include "zonegen/record.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/name.h"

#define TXT_STRING_MAX 255 // RFC 1035 §3.3: one length octet

static ldns_rdf *make_name(const char *text)
{
    struct name name;
    if (name_from_text(text, &name, NULL) != STATUS_OK)
        return NULL;
    return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name.len, name.wire);
}

static ldns_rr *make_rr(const char *owner, uint32_t ttl, ldns_rr_type type)
{
    ldns_rdf *name = make_name(owner);
    ldns_rr *rr = name != NULL ? ldns_rr_new() : NULL;
    if (rr == NULL) {
        ldns_rdf_deep_free(name);
        return NULL;
    }
    ldns_rr_set_owner(rr, name);
    ldns_rr_set_ttl(rr, ttl);
    ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
    ldns_rr_set_type(rr, type);
    return rr;
}

// One field that has been read from *at on; *at then stands at the next. False: it is left to ldns.
typedef bool read_field(const char **at, ldns_rr *rr);

// A decimal number that ends at a blank or with the line.
static bool read_number(const char **at, uint32_t max, uint32_t *ret)
{
    uint64_t number = 0;
    const char *from = *at;
    for (; **at >= '0' && **at <= '9' && number <= max; ++*at)
        number = number * 10 + (uint64_t)(**at - '0');
    if (*at == from || number > max || (**at != ' ' && **at != '\0'))
        return false;
    *at += **at == ' ';
    *ret = (uint32_t)number;
    return true;
}

static bool read_u16(const char **at, ldns_rr *rr)
{
    uint32_t number;
    return read_number(at, UINT16_MAX, &number) &&
           ldns_rr_push_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, (uint16_t)number));
}

static bool read_u32(const char **at, ldns_rr *rr)
{
    uint32_t number;
    return read_number(at, UINT32_MAX, &number) &&
           ldns_rr_push_rdf(rr, ldns_native2rdf_int32(LDNS_RDF_TYPE_INT32, number));
}

static bool read_period(const char **at, ldns_rr *rr)
{
    uint32_t number;
    return read_number(at, UINT32_MAX, &number) &&
           ldns_rr_push_rdf(rr, ldns_native2rdf_int32(LDNS_RDF_TYPE_PERIOD, number));
}

// An absolute name without escapes that ends at a blank or with the line.
static bool read_name(const char **at, ldns_rr *rr)
{
    char text[NAME_TEXT_MAX];
    size_t len = strcspn(*at, " \t\\;\"()");
    if (len == 0 || len >= sizeof(text) || (*at)[len - 1] != '.' ||
        ((*at)[len] != ' ' && (*at)[len] != '\0'))
        return false;
    memcpy(text, *at, len);
    text[len] = '\0';
    *at += len + ((*at)[len] == ' ');
    ldns_rdf *name = make_name(text);
    return name != NULL && ldns_rr_push_rdf(rr, name);
}

static bool read_a(const char **at, ldns_rr *rr)
{
    struct in_addr address;
    if (inet_pton(AF_INET, *at, &address) != 1)
        return false;
    *at += strlen(*at);
    return ldns_rr_push_rdf(
        rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, sizeof(address.s_addr), &address));
}

static bool read_aaaa(const char **at, ldns_rr *rr)
{
    struct in6_addr address;
    if (inet_pton(AF_INET6, *at, &address) != 1)
        return false;
    *at += strlen(*at);
    return ldns_rr_push_rdf(rr,
                            ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, sizeof(address), &address));
}

#define FIELDS_MAX 7

static const struct quick_type {
    const char *name;
    ldns_rr_type type;
    read_field *fields[FIELDS_MAX];
} quick_types[] = {
    {"A", LDNS_RR_TYPE_A, {read_a}},
    {"AAAA", LDNS_RR_TYPE_AAAA, {read_aaaa}},
    {"MX", LDNS_RR_TYPE_MX, {read_u16, read_name}},
    {"NS", LDNS_RR_TYPE_NS, {read_name}},
    {"SOA",
     LDNS_RR_TYPE_SOA,
     {read_name, read_name, read_u32, read_period, read_period, read_period, read_period}},
    {"SRV", LDNS_RR_TYPE_SRV, {read_u16, read_u16, read_u16, read_name}},
};

static ldns_rr *make_quickly(const struct quick_type *type, const char *owner, uint32_t ttl,
                             const char *rdata)
{
    ldns_rr *rr = make_rr(owner, ttl, type->type);
    bool good = rr != NULL;
    for (size_t i = 0; good && i < FIELDS_MAX && type->fields[i] != NULL; i++)
        good = type->fields[i](&rdata, rr);
    if (good && *rdata == '\0')
        return rr;
    ldns_rr_free(rr);
    return NULL;
}

ldns_status record_make(const char *owner, uint32_t ttl, const char *type, const char *rdata,
                        ldns_rr **ret)
{
    for (size_t i = 0; i < sizeof(quick_types) / sizeof(quick_types[0]); i++) {
        if (strcmp(quick_types[i].name, type) != 0)
            continue;
        *ret = make_quickly(&quick_types[i], owner, ttl, rdata);
        if (*ret != NULL)
            return LDNS_STATUS_OK;
    }
    char *line = xasprintf("%s. %u IN %s %s", owner, ttl, type, rdata);
    ldns_status status = ldns_rr_new_frm_str(ret, line, 0, NULL, NULL);
    free(line);
    return status;
}

ldns_status record_make_text(const char *owner, uint32_t ttl, const char *text, ldns_rr **ret)
{
    ldns_rr *rr = make_rr(owner, ttl, LDNS_RR_TYPE_TXT);
    if (rr == NULL)
        return LDNS_STATUS_DOMAINNAME_OVERFLOW;
    size_t len = strlen(text);
    size_t at = 0;
    do {
        uint8_t string[1 + TXT_STRING_MAX];
        size_t part = len - at < TXT_STRING_MAX ? len - at : TXT_STRING_MAX;
        string[0] = (uint8_t)part;
        memcpy(string + 1, text + at, part);
        ldns_rr_push_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, part + 1, string));
        at += part;
    } while (at < len);
    *ret = rr;
    return LDNS_STATUS_OK;
}
