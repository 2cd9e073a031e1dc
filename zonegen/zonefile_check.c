// SPDX-License-Identifier: ISC
// What a zone must keep whoever serves it. A file that breaks a rule is refused with its line, so that what was served
// before stays; what is odd but works is a note.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct check {
    struct zone_maker *maker;
    const char *path;
    ldns_rdf *apex;
    struct zone_file_record **sorted; // by owner in canonical order, type, rdata
    size_t count;
};

static ldns_rr_type type_of(const struct zone_file_record *record)
{
    return ldns_rr_get_type(record->rr);
}

static int compare_rdata(const ldns_rr *a, const ldns_rr *b)
{
    size_t a_count = ldns_rr_rd_count(a);
    size_t b_count = ldns_rr_rd_count(b);
    for (size_t i = 0; i < a_count && i < b_count; i++) {
        const ldns_rdf *x = ldns_rr_rdf(a, i);
        const ldns_rdf *y = ldns_rr_rdf(b, i);
        size_t x_len = ldns_rdf_size(x);
        size_t y_len = ldns_rdf_size(y);
        int order = memcmp(ldns_rdf_data(x), ldns_rdf_data(y), x_len < y_len ? x_len : y_len);
        if (order != 0 || x_len != y_len)
            return order != 0 ? order : (x_len < y_len ? -1 : 1);
    }
    return (a_count > b_count) - (a_count < b_count);
}

static int compare_records(const void *a, const void *b)
{
    const struct zone_file_record *x = *(struct zone_file_record *const *)a;
    const struct zone_file_record *y = *(struct zone_file_record *const *)b;
    int order = ldns_dname_compare(ldns_rr_owner(x->rr), ldns_rr_owner(y->rr));
    if (order == 0)
        order = (type_of(x) > type_of(y)) - (type_of(x) < type_of(y));
    if (order == 0)
        order = compare_rdata(x->rr, y->rr);
    // The earlier one of two equal records is the one that stays.
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static bool same_owner(const struct zone_file_record *a, const struct zone_file_record *b)
{
    return ldns_dname_compare(ldns_rr_owner(a->rr), ldns_rr_owner(b->rr)) == 0;
}

static bool at_apex(const struct check *check, const struct zone_file_record *record)
{
    return ldns_dname_compare(ldns_rr_owner(record->rr), check->apex) == 0;
}

// The records in sorted[from, to) that have this type: the first, or NULL.
static const struct zone_file_record *find_type(const struct check *check, size_t from, size_t to,
                                                ldns_rr_type type)
{
    for (size_t i = from; i < to; i++) {
        if (type_of(check->sorted[i]) == type)
            return check->sorted[i];
    }
    return NULL;
}

// Where the run of the name begins; it may not be there: then count.
static size_t find_owner(const struct check *check, const ldns_rdf *name)
{
    size_t low = 0;
    size_t high = check->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ldns_dname_compare(ldns_rr_owner(check->sorted[middle]->rr), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < check->count && ldns_dname_compare(ldns_rr_owner(check->sorted[low]->rr), name) == 0)
        return low;
    return check->count;
}

// ── Each record by itself ────────────────────────────────────────────────────────────────────────

// Types that only messages have (RFC 6895 §3.1), and the reserved 0.
static bool is_meta(ldns_rr_type type)
{
    return type == 0 || type == LDNS_RR_TYPE_OPT || (type >= 128 && type <= 255);
}

static enum status check_record(const struct check *check, const struct zone_file_record *record,
                                struct error *err)
{
    ldns_rr_type type = type_of(record);
    const char *words = NULL;
    if (ldns_rr_get_class(record->rr) != LDNS_RR_CLASS_IN)
        words = "a record of another class than IN";
    else if (!at_apex(check, record) &&
             !ldns_dname_is_subdomain(ldns_rr_owner(record->rr), check->apex))
        words = "a record outside the zone; does a name lack its last dot, or have one too many?";
    else if (type == LDNS_RR_TYPE_SOA && !at_apex(check, record))
        words = "an SOA that is not at the apex of the zone";
    else if (is_meta(type))
        words = "a type that no zone can have";
    else if (ldns_rr_rd_count(record->rr) < ldns_rr_descriptor_minimum(ldns_rr_descript(
                                                (uint16_t)type))) // a short "\\# …" of a known type
        words = "incomplete data for its type";
    else if (ldns_rr_ttl(record->rr) > INT32_MAX) // RFC 2181 §8
        words = "a TTL of more than 2147483647";
    if (words == NULL)
        return STATUS_OK;
    char *owner = ldns_rdf2str(ldns_rr_owner(record->rr));
    char *type_text = ldns_rr_type2str(type);
    enum status status = error_set(err, STATUS_SYNTAX, "%s:%u: %s %s: %s", check->path,
                                   record->line, owner, type_text, words);
    free(type_text);
    free(owner);
    return status;
}

// ── The records of one name ──────────────────────────────────────────────────────────────────────

static bool goes_with_cname(ldns_rr_type type)
{
    // RFC 2181 §10.1, RFC 4034 §3, §4.
    return type == LDNS_RR_TYPE_CNAME || type == LDNS_RR_TYPE_RRSIG || type == LDNS_RR_TYPE_NSEC;
}

static enum status name_error(const struct check *check, const struct zone_file_record *record,
                              const char *words, struct error *err)
{
    char *owner = ldns_rdf2str(ldns_rr_owner(record->rr));
    enum status status =
        error_set(err, STATUS_SYNTAX, "%s:%u: %s %s", check->path, record->line, owner, words);
    free(owner);
    return status;
}

static enum status check_cname(const struct check *check, size_t from, size_t to, struct error *err)
{
    const struct zone_file_record *cname = find_type(check, from, to, LDNS_RR_TYPE_CNAME);
    unsigned cnames = 0;
    for (size_t i = from; cname != NULL && i < to; i++) {
        cnames += type_of(check->sorted[i]) == LDNS_RR_TYPE_CNAME;
        if (!goes_with_cname(type_of(check->sorted[i])))
            return name_error(
                check, cname,
                "has a CNAME and other records; an alias has nothing else (RFC 1034 §3.6.2)", err);
    }
    return cnames > 1 ? name_error(check, cname, "has more than one CNAME (RFC 2181 §10.1)", err)
                      : STATUS_OK;
}

static enum status check_dname(const struct check *check, size_t from, size_t to, struct error *err)
{
    unsigned dnames = 0;
    const struct zone_file_record *dname = find_type(check, from, to, LDNS_RR_TYPE_DNAME);
    if (dname == NULL)
        return STATUS_OK;
    for (size_t i = from; i < to; i++)
        dnames += type_of(check->sorted[i]) == LDNS_RR_TYPE_DNAME;
    if (dnames > 1)
        return name_error(check, dname, "has more than one DNAME (RFC 6672 §2.4)", err);
    if (!at_apex(check, dname) && find_type(check, from, to, LDNS_RR_TYPE_NS) != NULL)
        return name_error(check, dname, "has a DNAME and is delegated (RFC 6672 §2.3)", err);
    if (to < check->count &&
        ldns_dname_is_subdomain(ldns_rr_owner(check->sorted[to]->rr), ldns_rr_owner(dname->rr)))
        maker_note(check->maker, false, check->path,
                   "%s:%u: records below a DNAME are never seen (RFC 6672 §2.4)", check->path,
                   check->sorted[to]->line);
    return STATUS_OK;
}

static void note_ttls(const struct check *check, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++) {
        const struct zone_file_record *record = check->sorted[i];
        const struct zone_file_record *before = check->sorted[i - 1];
        if (type_of(record) != type_of(before) || type_of(record) == LDNS_RR_TYPE_RRSIG ||
            ldns_rr_ttl(record->rr) == ldns_rr_ttl(before->rr))
            continue;
        maker_note(
            check->maker, false, check->path,
            "%s:%u: the TTL differs from line %u of the same set; the lowest counts for both "
            "(RFC 2181 §5.2)",
            check->path, record->line, before->line);
    }
}

// The host that NS, MX and SRV point at, or NULL.
static const ldns_rdf *host_of(const ldns_rr *rr)
{
    switch ((int)ldns_rr_get_type(rr)) {
    case LDNS_RR_TYPE_NS:
        return ldns_rr_rdf(rr, 0);
    case LDNS_RR_TYPE_MX:
        return ldns_rr_rdf(rr, 1);
    case LDNS_RR_TYPE_SRV:
        return ldns_rr_rdf(rr, 3);
    default:
        return NULL;
    }
}

static void note_hosts(const struct check *check, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct zone_file_record *record = check->sorted[i];
        const ldns_rdf *host = host_of(record->rr);
        if (host == NULL || !ldns_dname_is_subdomain(host, check->apex))
            continue;
        size_t first = find_owner(check, host);
        const char *words = NULL;
        if (first < check->count && type_of(check->sorted[first]) == LDNS_RR_TYPE_CNAME)
            words = "points at an alias (RFC 2181 §10.3)";
        else if (first == check->count && type_of(record) == LDNS_RR_TYPE_NS)
            words = "points at a name server of this zone that has no address";
        if (words != NULL)
            maker_note(check->maker, false, check->path, "%s:%u: %s", check->path, record->line,
                       words);
    }
}

static enum status check_name(const struct check *check, size_t from, size_t to, struct error *err)
{
    enum status status = check_cname(check, from, to, err);
    if (status == STATUS_OK)
        status = check_dname(check, from, to, err);
    if (status == STATUS_OK) {
        note_ttls(check, from, to);
        note_hosts(check, from, to);
    }
    return status;
}

static enum status check_apex(const struct check *check, struct error *err)
{
    size_t from = find_owner(check, check->apex);
    size_t to = from;
    unsigned soas = 0;
    for (; to < check->count && at_apex(check, check->sorted[to]); to++)
        soas += type_of(check->sorted[to]) == LDNS_RR_TYPE_SOA;
    const char *name = check->maker->target->name;
    if (soas != 1)
        return error_set(err, STATUS_SYNTAX, "%s: %s has %s SOA record; a zone has exactly one",
                         check->path, name, soas == 0 ? "no" : "more than one");
    if (find_type(check, from, to, LDNS_RR_TYPE_NS) == NULL)
        return error_set(err, STATUS_SYNTAX, "%s: %s has no NS record; a zone names its servers",
                         check->path, name);
    return STATUS_OK;
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
                            unsigned *ret_first_line)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_made_by_signing(type_of(&records[i]))) {
            records[kept++] = records[i];
            continue;
        }
        if (*ret_first_line == 0)
            *ret_first_line = records[i].line;
        ldns_rr_free(records[i].rr);
    }
    return kept;
}

static enum status check_signatures(const struct check *check, enum config_dnssec dnssec,
                                    struct error *err)
{
    bool has_key = false;
    bool has_signature = false;
    unsigned signature_line = 0;
    for (size_t i = 0; i < check->count; i++) {
        const struct zone_file_record *record = check->sorted[i];
        if (type_of(record) == LDNS_RR_TYPE_RRSIG && signature_line == 0)
            signature_line = record->line;
        if (!at_apex(check, record))
            continue;
        has_key = has_key || type_of(record) == LDNS_RR_TYPE_DNSKEY;
        has_signature = has_signature || (type_of(record) == LDNS_RR_TYPE_RRSIG &&
                                          ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(record->rr)) ==
                                              LDNS_RR_TYPE_SOA);
    }
    if (dnssec == CONFIG_DNSSEC_PRESIGNED && (!has_key || !has_signature))
        return error_set(err, STATUS_SYNTAX,
                         "%s: has no %s, so it is not presigned; without `dnssec: presigned` it is "
                         "signed here",
                         check->path, has_key ? "signature over its SOA" : "DNSKEY");
    if (dnssec == CONFIG_DNSSEC_OFF && signature_line > 0)
        return error_set(
            err, STATUS_SYNTAX,
            "%s:%u: has signatures; `dnssec: presigned` serves them, `dnssec: off` is for "
            "unsigned zones",
            check->path, signature_line);
    return STATUS_OK;
}

// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

// The same record twice counts once (RFC 2181 §5): the later one goes, leaving a NULL in its place.
static void drop_repeated(struct check *check)
{
    size_t kept = 0;
    for (size_t i = 0; i < check->count; i++) {
        struct zone_file_record *record = check->sorted[i];
        if (kept > 0 && same_owner(check->sorted[kept - 1], record) &&
            type_of(check->sorted[kept - 1]) == type_of(record) &&
            compare_rdata(check->sorted[kept - 1]->rr, record->rr) == 0) {
            ldns_rr_free(record->rr);
            record->rr = NULL;
        } else {
            check->sorted[kept++] = record;
        }
    }
    check->count = kept;
}

static enum status check_all(struct check *check, enum config_dnssec dnssec, struct error *err)
{
    enum status status = check_apex(check, err);
    for (size_t from = 0, to; status == STATUS_OK && from < check->count; from = to) {
        for (to = from + 1;
             to < check->count && same_owner(check->sorted[from], check->sorted[to]);)
            to++;
        status = check_name(check, from, to, err);
    }
    return status == STATUS_OK ? check_signatures(check, dnssec, err) : status;
}

enum status zone_file_check(struct zone_maker *maker, const char *path,
                            struct zone_file_record *records, size_t *count, struct error *err)
{
    enum config_dnssec dnssec = maker->content->dnssec;
    struct check check = {.maker = maker, .path = path};
    unsigned stripped_line = 0;
    if (dnssec == CONFIG_DNSSEC_ON)
        *count = strip_signing(records, *count, &stripped_line);
    if (stripped_line > 0)
        maker_note(maker, false, path,
                   "%s:%u: DNSKEY, RRSIG, NSEC and the like are left out: the zone is signed here; "
                   "`dnssec: presigned` would serve it as it is",
                   path, stripped_line);
    check.apex = ldns_dname_new_frm_str(maker->target->name);
    check.sorted = xcalloc(*count, sizeof(struct zone_file_record *));
    check.count = *count;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < *count; i++) {
        check.sorted[i] = &records[i];
        status = check_record(&check, &records[i], err);
    }
    if (status == STATUS_OK) {
        qsort(check.sorted, check.count, sizeof(struct zone_file_record *), compare_records);
        drop_repeated(&check);
        status = check_all(&check, dnssec, err);
    }
    free(check.sorted);
    ldns_rdf_deep_free(check.apex);
    return status;
}
