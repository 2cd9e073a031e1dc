// SPDX-License-Identifier: ISC
// A zone for the web form of a DNS provider: a block per record, a line per field of the form. Values are in one piece
// and without quotes, since forms cut and quote by themselves, and mangle what was cut and quoted already.
#include "zonegen/paste.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/maker.h"

#define FIELD_WIDTH 16
#define FIELDS_MAX  4

// The fields of a form by type; the last one takes all that is left of the rdata. Other types have a Value.
static const struct {
    ldns_rr_type type;
    const char *fields[FIELDS_MAX + 1];
} forms[] = {
    {LDNS_RR_TYPE_MX, {"Priority", "Value"}},
    {LDNS_RR_TYPE_SRV, {"Priority", "Weight", "Port", "Target"}},
    {LDNS_RR_TYPE_CAA, {"Flags", "Tag", "Value"}},
    {LDNS_RR_TYPE_TLSA, {"Usage", "Selector", "Matching type", "Value"}},
    {LDNS_RR_TYPE_SMIMEA, {"Usage", "Selector", "Matching type", "Value"}},
    {LDNS_RR_TYPE_SSHFP, {"Algorithm", "Type of hash", "Value"}},
    {LDNS_RR_TYPE_DS, {"Key tag", "Algorithm", "Digest type", "Value"}},
    {LDNS_RR_TYPE_HTTPS, {"Priority", "Target", "Value"}},
    {LDNS_RR_TYPE_SVCB, {"Priority", "Target", "Value"}},
    {LDNS_RR_TYPE_URI, {"Priority", "Weight", "Target"}},
};

static const char *const *fields_of(ldns_rr_type type)
{
    static const char *const plain[] = {"Value", NULL};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].type == type)
            return forms[i].fields;
    }
    return plain;
}

static void put_field(struct buf *ret, const char *name, const char *value)
{
    buf_printf(ret, "  %-*s%s\n", FIELD_WIDTH, name, value);
}

// ── Values ───────────────────────────────────────────────────────────────────────────────────────

// Text as it is; an octet that a form cannot take is written as in a master file.
static void put_octets(struct buf *ret, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (octets[i] < 0x20 || octets[i] == 0x7f)
            buf_printf(ret, "\\%03u", octets[i]);
        else
            buf_put_u8(ret, octets[i]);
    }
}

static void put_value(struct buf *ret, const ldns_rdf *rdf)
{
    const uint8_t *octets = ldns_rdf_data(rdf);
    size_t len = ldns_rdf_size(rdf);
    char *text;
    switch (ldns_rdf_get_type(rdf)) {
    case LDNS_RDF_TYPE_STR: // a length octet, then the text
        put_octets(ret, octets + 1, len - 1);
        return;
    case LDNS_RDF_TYPE_LONG_STR: // the text alone
        put_octets(ret, octets, len);
        return;
    case LDNS_RDF_TYPE_DNAME:
        text = ldns_rdf2str(rdf);
        if (strlen(text) > 1)
            text[strlen(text) - 1] = '\0';
        break;
    default:
        text = ldns_rdf2str(rdf);
    }
    buf_put_text(ret, text);
    free(text);
}

static void put_fields(struct buf *ret, const ldns_rr *rr)
{
    ldns_rr_type type = ldns_rr_get_type(rr);
    const char *const *fields = fields_of(type);
    // The strings of a TXT are one text (RFC 7208 §3.3, RFC 6376 §3.6.2.2)
    const char *between = type == LDNS_RR_TYPE_TXT ? "" : " ";
    struct buf value = {0};
    size_t field = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        if (value.len > 0)
            buf_put_text(&value, between);
        put_value(&value, ldns_rr_rdf(rr, i));
        if (fields[field + 1] == NULL && i + 1 < ldns_rr_rd_count(rr))
            continue;
        put_field(ret, fields[field++], buf_text(&value));
        buf_clear(&value);
    }
    buf_done(&value);
}

// ── Records ──────────────────────────────────────────────────────────────────────────────────────

// Some forms have fields of their own for the first two labels of an SRV's or a TLSA's name.
static void put_service(struct buf *ret, const char *name)
{
    const char *end = strchr(name, '.');
    if (name[0] != '_' || end == NULL || end[1] != '_')
        return;
    size_t protocol = strcspn(end + 1, ".");
    buf_printf(ret, "  %-*s%.*s, Protocol: %.*s\n", FIELD_WIDTH, "Or Service:", (int)(end - name),
               name, (int)protocol, end + 1);
}

static void put_record(struct buf *ret, const ldns_rr *rr, const char *apex)
{
    char *name = ldns_rdf2str(ldns_rr_owner(rr));
    char *type = ldns_rr_type2str(ldns_rr_get_type(rr));
    char ttl[16];
    size_t apex_len = strlen(apex);
    size_t len = strlen(name) - 1;
    name[len] = '\0';
    snprintf(ttl, sizeof(ttl), "%u", ldns_rr_ttl(rr));
    buf_put_text(ret, "\n");
    put_field(ret, "Type", type);
    if (len == apex_len)
        put_field(ret, "Name", "@");
    else
        buf_printf(ret, "  %-*s%.*s\n", FIELD_WIDTH, "Name", (int)(len - apex_len - 1), name);
    put_field(ret, "Name in full", name);
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SRV)
        put_service(ret, name);
    put_field(ret, "TTL", ttl);
    put_fields(ret, rr);
    free(type);
    free(name);
}

// What the provider makes by itself: SOA, the apex' NS, and all that belongs to its signatures.
static bool is_for_a_form(const ldns_rr *rr, const ldns_rdf *apex)
{
    switch (ldns_rr_get_type(rr)) {
    case LDNS_RR_TYPE_SOA:
    case LDNS_RR_TYPE_DNSKEY:
    case LDNS_RR_TYPE_CDNSKEY:
    case LDNS_RR_TYPE_CDS:
    case LDNS_RR_TYPE_RRSIG:
    case LDNS_RR_TYPE_NSEC:
    case LDNS_RR_TYPE_NSEC3:
    case LDNS_RR_TYPE_NSEC3PARAM:
    case LDNS_RR_TYPE_ZONEMD:
        return false;
    case LDNS_RR_TYPE_NS:
        return ldns_dname_compare(ldns_rr_owner(rr), apex) != 0;
    default:
        return true;
    }
}

static void put_head(struct buf *ret, const char *zone, size_t count)
{
    buf_printf(ret,
               "── %s: %zu records for the web form of a DNS provider ──\n\n"
               "Name: most forms add .%s by themselves, and take @ or nothing for the domain "
               "itself.\n"
               "Others, who show whole names, want the name in full.\n"
               "Value: without quotes, in one piece however long, no blanks or line ends added. "
               "Only where\n"
               "a form refuses more than 255 characters, enter the strings with their quotes as "
               "`zonegen --dump`\n"
               "prints them. A host name that comes out with .%s twice wants a dot at its end.\n",
               zone, count, zone, zone);
}

void zone_content_paste(const struct zone_content *content, struct buf *ret)
{
    ldns_rdf *apex = ldns_dname_new_frm_str(content->name);
    const char *why = "";
    size_t count = 0;
    for (size_t i = 0; i < content->record_count; i++)
        count += content->records[i].rr != NULL && is_for_a_form(content->records[i].rr, apex);
    put_head(ret, content->name, count);
    for (size_t i = 0; i < content->record_count; i++) {
        const struct zone_record *record = &content->records[i];
        if (record->rr == NULL) {
            buf_printf(ret, "\n# missing: %s — %s\n", record->missing, record->why);
            why = "";
            continue;
        }
        if (!is_for_a_form(record->rr, apex))
            continue;
        if (strcmp(record->why, why) != 0)
            buf_printf(ret, "\n# %s\n", record->why);
        why = record->why;
        put_record(ret, record->rr, content->name);
    }
    ldns_rdf_deep_free(apex);
}
