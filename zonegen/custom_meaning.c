// SPDX-License-Identifier: ISC
// Which custom record stands in the place of which generated one: by what they mean, not by how they are spelt. A
// custom DMARC record replaces ours whatever its blanks, and a TXT that is something else stands beside it.
#include "zonegen/custom.h"

#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"

enum txt_family custom_txt_family(const ldns_rr *rr, struct buf *ret_text)
{
    char owner[NAME_TEXT_MAX];
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *string = ldns_rr_rdf(rr, i);
        if (ldns_rdf_size(string) > 1) // behind the length octet
            buf_put(ret_text, ldns_rdf_data(string) + 1, ldns_rdf_size(string) - 1);
    }
    name_to_text(ldns_rdf_data(ldns_rr_owner(rr)), owner);
    return txt_meant(owner, buf_text(ret_text), ret_text->len);
}

static bool is_address(ldns_rr_type type)
{
    return type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA;
}

static bool same_family(const ldns_rr *a, const ldns_rr *b)
{
    struct buf a_text = {0};
    struct buf b_text = {0};
    enum txt_family family = custom_txt_family(a, &a_text);
    bool same = family != TXT_OTHER && family == custom_txt_family(b, &b_text);
    buf_done(&a_text);
    buf_done(&b_text);
    return same;
}

// What a name that has no mail says of it (RFC 7505, RFC 7208 §10.1.2).
static bool is_null_mail(const ldns_rr *rr)
{
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_MX)
        return ldns_rdf_size(ldns_rr_rdf(rr, 1)) == 1; // the root
    struct buf text = {0};
    bool null = ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT &&
                custom_txt_family(rr, &text) == TXT_SPF &&
                strcasecmp(buf_text(&text), "v=spf1 -all") == 0;
    buf_done(&text);
    return null;
}

// Names such as _dmarc.example.com and sel._domainkey.example.com have one kind of record each, which an alias there
// leaves to somebody else: it is how services that keep such records are used.
static bool is_for_services(const ldns_rr *rr)
{
    const uint8_t *wire = ldns_rdf_data(ldns_rr_owner(rr));
    for (size_t at = 0; wire[at] != 0; at += 1u + wire[at]) {
        if (wire[at + 1] == '_')
            return true;
    }
    return false;
}

// Both have the same owner.
static bool replaces(const ldns_rr *custom, const ldns_rr *ours)
{
    ldns_rr_type type = ldns_rr_get_type(ours);
    switch (ldns_rr_get_type(custom)) {
    case LDNS_RR_TYPE_A:
    case LDNS_RR_TYPE_AAAA: // both families: one of ours beside it would lead elsewhere
        return is_address(type) || type == LDNS_RR_TYPE_CNAME;
    case LDNS_RR_TYPE_CNAME:
        return is_address(type) || type == LDNS_RR_TYPE_CNAME || is_null_mail(ours) ||
               is_for_services(ours);
    case LDNS_RR_TYPE_TXT:
        return type == LDNS_RR_TYPE_TXT && same_family(custom, ours);
    default:
        return ldns_rr_get_type(custom) == type;
    }
}

// Does a custom delegation or DNAME take the name away?
static bool is_cut_off(const struct custom *custom, const ldns_rdf *owner, size_t apex_len)
{
    const uint8_t *wire = ldns_rdf_data(owner);
    size_t at = 0;
    while (ldns_rdf_size(owner) - at > apex_len) {
        ldns_rdf name;
        ldns_rdf_set_type(&name, LDNS_RDF_TYPE_DNAME);
        ldns_rdf_set_size(&name, ldns_rdf_size(owner) - at);
        ldns_rdf_set_data(&name, (void *)(uintptr_t)(wire + at));
        for (const struct custom_record *record = custom_first(custom, &name); record != NULL;
             record = custom_next(custom, record)) {
            ldns_rr_type type = ldns_rr_get_type(record->rr);
            if (type == LDNS_RR_TYPE_NS || (type == LDNS_RR_TYPE_DNAME && at > 0))
                return true;
        }
        at += 1u + wire[at];
    }
    return false;
}

bool custom_replaces(const struct zone_maker *maker, const ldns_rr *default_rr)
{
    struct custom *custom = maker->custom;
    const ldns_rdf *owner = ldns_rr_owner(default_rr);
    struct name apex;
    if (custom == NULL || custom->count == 0 ||
        name_from_text(maker->target->name, &apex, NULL) != STATUS_OK)
        return false;
    bool replaced = custom->cuts && is_cut_off(custom, owner, apex.len);
    for (const struct custom_record *record = replaced ? NULL : custom_first(custom, owner);
         record != NULL && !replaced; record = custom_next(custom, record))
        replaced = replaces(record->rr, default_rr);
    if (replaced && ldns_rr_get_type(default_rr) == LDNS_RR_TYPE_TLSA) {
        if (custom->tlsa == NULL)
            custom->tlsa = ldns_rr_list_new();
        ldns_rr_list_push_rr(custom->tlsa, ldns_rr_clone(default_rr));
    }
    return replaced;
}

// ── Into the zone ────────────────────────────────────────────────────────────────────────────────

void custom_put(struct zone_maker *maker)
{
    struct custom *custom = maker->custom;
    if (custom == NULL)
        return;
    custom_note_tlsa(maker);
    for (size_t i = 0; i < custom->count; i++) {
        struct custom_record *record = &custom->records[i];
        char *why = xasprintf("custom record, %s:%u",
                              display_path(maker->config, record->place.file), record->place.line);
        if (maker_take_new(maker, record->rr, why)) {
            struct zone_record *put = &maker->content->records[maker->content->record_count - 1];
            put->place = record->place;
            put->ttl_given = record->ttl_given;
            record->handed = true;
        } // the same record twice is one (RFC 2181 §5)
        free(why);
    }
}
