// SPDX-License-Identifier: ISC
// What only zone files have: an apex of their own, signatures, records twice. The rules that all zones keep are in
// zone_check.c.
#include "zonegen/zone_check.h"

#include <stdlib.h>
#include <string.h>

static ldns_rr_type type_of(const struct view_record *record)
{
    return ldns_rr_get_type(record->rr);
}

static void check_apex(const struct zone_check *check, const char *path)
{
    const struct zone_view *view = check->view;
    const struct zone_place whole = {.file = path};
    const struct zone_place *last = &whole; // the SOA that comes last in the file
    const char *name = check->maker->target->name;
    unsigned soas = 0;
    size_t from = view_find(view, &view->apex_key);
    size_t to = from < view->count ? view_run_end(view, from) : from;
    for (size_t i = from; i < to; i++) {
        const struct view_record *record = &view->records[i];
        if (type_of(record) != LDNS_RR_TYPE_SOA)
            continue;
        soas++;
        if (record->place.line > last->line)
            last = &record->place;
    }
    if (soas != 1)
        maker_refuse(check->maker, last, "%s has %s SOA record; a zone has exactly one", name,
                     soas == 0 ? "no" : "more than one");
    else if (view_find_type(view, from, to, LDNS_RR_TYPE_NS) == NULL)
        maker_refuse(check->maker, &whole, "%s has no NS record; a zone names its servers", name);
}

// ── Signatures in the file ───────────────────────────────────────────────────────────────────────

// What signing makes, and what would be wrong beside our own.
static bool is_made_by_signing(ldns_rr_type type)
{
    switch ((int)type) {
    case LDNS_RR_TYPE_RRSIG:
    case LDNS_RR_TYPE_NSEC:
    case LDNS_RR_TYPE_NSEC3:
    case LDNS_RR_TYPE_NSEC3PARAM:
    case LDNS_RR_TYPE_DNSKEY:
    case LDNS_RR_TYPE_CDS:
    case LDNS_RR_TYPE_CDNSKEY:
    case LDNS_RR_TYPE_ZONEMD:
        return true;
    default:
        return false;
    }
}

// Takes them out; returns how many stay.
static size_t strip_signing(struct zone_file_record *records, size_t count,
                            struct zone_place *ret_first)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_made_by_signing(ldns_rr_get_type(records[i].rr))) {
            records[kept++] = records[i];
            continue;
        }
        if (ret_first->line == 0)
            *ret_first = records[i].place;
        ldns_rr_free(records[i].rr);
    }
    return kept;
}

// What an unsigned zone cannot have: a resolver would take it for a signed one.
static bool speaks_of_signatures(ldns_rr_type type)
{
    return type == LDNS_RR_TYPE_RRSIG || type == LDNS_RR_TYPE_NSEC || type == LDNS_RR_TYPE_NSEC3 ||
           type == LDNS_RR_TYPE_NSEC3PARAM;
}

static void check_signatures(const struct zone_check *check, const char *path,
                             enum config_dnssec dnssec)
{
    const struct zone_view *view = check->view;
    struct zone_place place = {.file = path};
    bool has_key = false;
    bool has_signature = false;
    for (size_t i = 0; i < view->count; i++) {
        const struct view_record *record = &view->records[i];
        if (speaks_of_signatures(type_of(record)) &&
            (place.line == 0 || record->place.line < place.line))
            place = record->place;
        if (!view_at_apex(view, record))
            continue;
        has_key = has_key || type_of(record) == LDNS_RR_TYPE_DNSKEY;
        has_signature = has_signature || (type_of(record) == LDNS_RR_TYPE_RRSIG &&
                                          ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(record->rr)) ==
                                              LDNS_RR_TYPE_SOA);
    }
    if (dnssec == CONFIG_DNSSEC_PRESIGNED && (!has_key || !has_signature))
        maker_refuse(check->maker, &(struct zone_place){.file = path},
                     "has no %s, so it is not presigned; without `dnssec: presigned` it is signed "
                     "here",
                     has_key ? "signature over its SOA" : "DNSKEY");
    if (dnssec == CONFIG_DNSSEC_OFF && place.line > 0)
        maker_refuse(
            check->maker, &place,
            "has records of a signed zone; `dnssec: presigned` serves them, `dnssec: off` is for "
            "unsigned zones");
}

// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

// The same record twice counts once (RFC 2181 §5): the later one goes, leaving a NULL in its place.
static void drop_repeated(struct zone_view *view, struct zone_file_record *records)
{
    size_t kept = 0;
    for (size_t i = 0; i < view->count; i++) {
        struct view_record *record = &view->records[i];
        const struct view_record *before = kept > 0 ? &view->records[kept - 1] : NULL;
        if (before != NULL && view_same_owner(view, before, record) &&
            type_of(before) == type_of(record) && view_compare_rdata(before->rr, record->rr) == 0) {
            ldns_rr_free(record->rr);
            records[record->index].rr = NULL;
        } else {
            view->records[kept++] = *record;
        }
    }
    view->count = kept;
}

enum status zone_file_check(struct zone_maker *maker, const char *path,
                            struct zone_file_record *records, size_t *count, struct error *err)
{
    enum config_dnssec dnssec = maker->content->dnssec;
    size_t refused = maker->refused;
    struct zone_place stripped = {0};
    if (dnssec == CONFIG_DNSSEC_ON)
        *count = strip_signing(records, *count, &stripped);
    if (stripped.line > 0)
        maker_note(
            maker, false, path,
            "%s:%u:%u: DNSKEY, RRSIG, NSEC and the like are left out: the zone is signed here; "
            "`dnssec: presigned` would serve it as it is",
            path, stripped.line, stripped.column);
    struct zone_view view;
    zone_view_init(&view, maker->target->name);
    for (size_t i = 0; i < *count; i++)
        zone_view_add(&view, records[i].rr, &records[i].place, true);
    zone_view_sort(&view);
    drop_repeated(&view, records);
    const struct zone_check check = {.maker = maker, .view = &view, .is_file = true};
    zone_check_rules(&check);
    if (maker->refused == refused)
        check_apex(&check, path);
    if (maker->refused == refused)
        check_signatures(&check, path, dnssec);
    zone_view_done(&view);
    return maker->refused == refused ? STATUS_OK
                                     : error_set(err, STATUS_SYNTAX, "%s", maker->refusal.text);
}
