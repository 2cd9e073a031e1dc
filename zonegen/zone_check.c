// SPDX-License-Identifier: ISC
// The rules about names, sets, delegations and hosts.
#include "zonegen/zone_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "zonegen/rdata_text.h"

// ── Telling ──────────────────────────────────────────────────────────────────────────────────────

__attribute__((format(printf, 3, 0))) static char *
with_title(const struct view_record *record, char **ret_words, const char *format, va_list args)
{
    if (vasprintf(ret_words, format, args) < 0)
        abort(); // as base/alloc.h does when memory ends
    return record_title(record->rr);
}

void zone_check_tell(const struct zone_check *check, const struct view_record *record,
                     enum severity severity, const char *format, ...)
{
    char *words = NULL;
    va_list args;
    va_start(args, format);
    char *title = with_title(record, &words, format, args);
    va_end(args);
    if (severity == RULE_WRONG || !check->is_file)
        maker_refuse(check->maker, &record->place, "%s: %s", title, words);
    else
        maker_remark(check->maker, &record->place, "%s: %s", title, words);
    free(title);
    free(words);
}

void zone_check_note(const struct zone_check *check, const struct view_record *record,
                     const char *format, ...)
{
    char *words = NULL;
    va_list args;
    va_start(args, format);
    char *title = with_title(record, &words, format, args);
    va_end(args);
    maker_remark(check->maker, &record->place, "%s: %s", title, words);
    free(title);
    free(words);
}

const struct view_record *zone_check_culprit(const struct view_record *a,
                                             const struct view_record *b)
{
    return a->place.file == NULL && b->place.file != NULL ? b : a;
}

static ldns_rr_type type_of(const struct view_record *record)
{
    return ldns_rr_get_type(record->rr);
}

// ── Each record by itself ────────────────────────────────────────────────────────────────────────

// Types that only messages have (RFC 6895 §3.1), and the reserved 0.
static bool is_meta(ldns_rr_type type)
{
    return type == 0 || type == LDNS_RR_TYPE_OPT || (type >= 128 && type <= 255);
}

static const char *judge_record(const struct zone_view *view, const struct view_record *record)
{
    ldns_rr_type type = type_of(record);
    const uint8_t *owner = ldns_rdf_data(ldns_rr_owner(record->rr));
    if (ldns_rr_get_class(record->rr) != LDNS_RR_CLASS_IN)
        return "a record of another class than IN";
    if (!name_is_under(owner, view->apex.wire))
        return "a record outside the zone; does a name lack its last dot, or have one too many?";
    if (type == LDNS_RR_TYPE_SOA && !view_at_apex(view, record))
        return "an SOA that is not at the apex of the zone";
    if (type == LDNS_RR_TYPE_DS && view_at_apex(view, record))
        return "a DS at the apex of the zone; it belongs into the zone above (RFC 4035 §2.4)";
    if (name_is_wildcard(owner) && type == LDNS_RR_TYPE_NS)
        return "a wildcard that is delegated, which means nothing (RFC 4592 §4.2)";
    if (name_is_wildcard(owner) && type == LDNS_RR_TYPE_DNAME)
        return "a DNAME at a wildcard, which every cache would take for another one (RFC 4592 "
               "§4.4)";
    if (is_meta(type))
        return "a type that no zone can have";
    // A short "\# …" of a known type.
    if (ldns_rr_rd_count(record->rr) < ldns_rr_descriptor_minimum(ldns_rr_descript((uint16_t)type)))
        return "incomplete data for its type";
    if (ldns_rr_ttl(record->rr) > INT32_MAX)
        return "a TTL of more than 2147483647 (RFC 2181 §8)";
    return NULL;
}

static bool is_doubled(const struct zone_view *view, const ldns_rdf *name)
{
    uint8_t doubled[NAME_WIRE_MAX];
    size_t len = view->apex.len - 1u; // without the root
    if (len + view->apex.len > NAME_WIRE_MAX)
        return false;
    memcpy(doubled, view->apex.wire, len);
    memcpy(doubled + len, view->apex.wire, view->apex.len);
    return len > 0 && name_is_under(ldns_rdf_data(name), doubled);
}

// The first such name in the record, its owner before its data, or NULL.
static const ldns_rdf *find_doubled(const struct zone_view *view, const ldns_rr *rr)
{
    if (is_doubled(view, ldns_rr_owner(rr)))
        return ldns_rr_owner(rr);
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *data = ldns_rr_rdf(rr, i);
        if (ldns_rdf_get_type(data) == LDNS_RDF_TYPE_DNAME && is_doubled(view, data))
            return data;
    }
    return NULL;
}

// "www.example.com A …" in example.com: the name lacks its last dot. Nothing breaks, and nobody finds it.
static void check_doubled(const struct zone_check *check, const struct view_record *record)
{
    bool written = record->place.file != NULL || check->is_file;
    const ldns_rdf *name = written ? find_doubled(check->view, record->rr) : NULL;
    char text[NAME_TEXT_MAX];
    if (name != NULL)
        zone_check_note(check, record, "%s has the zone's name twice; does it lack its last dot?",
                        name_to_text(ldns_rdf_data(name), text));
}

static bool check_records(const struct zone_check *check)
{
    bool good = true;
    for (size_t i = 0; i < check->view->count; i++) {
        const struct view_record *record = &check->view->records[i];
        const char *words = judge_record(check->view, record);
        if (words != NULL)
            zone_check_tell(check, record, RULE_WRONG, "%s", words);
        else
            check_doubled(check, record);
        good = good && words == NULL;
    }
    return good;
}

// ── The records of one name ──────────────────────────────────────────────────────────────────────

static bool goes_with_cname(ldns_rr_type type)
{
    // RFC 2181 §10.1, RFC 4034 §3, §4.
    return type == LDNS_RR_TYPE_CNAME || type == LDNS_RR_TYPE_RRSIG || type == LDNS_RR_TYPE_NSEC;
}

static void check_cname(const struct zone_check *check, size_t from, size_t to)
{
    const struct zone_view *view = check->view;
    const struct view_record *cname = view_find_type(view, from, to, LDNS_RR_TYPE_CNAME);
    const struct view_record *other = NULL;
    const struct view_record *second = NULL;
    for (size_t i = from; cname != NULL && i < to; i++) {
        const struct view_record *record = &view->records[i];
        if (!goes_with_cname(type_of(record)))
            other = other == NULL ? record : zone_check_culprit(other, record);
        else if (type_of(record) == LDNS_RR_TYPE_CNAME && record != cname)
            second = record;
    }
    if (second != NULL)
        zone_check_tell(check, zone_check_culprit(second, cname), RULE_WRONG,
                        "more than one CNAME at a name (RFC 2181 §10.1)");
    if (other == NULL)
        return;
    char type[16];
    const char *name = rdata_type_name((uint16_t)type_of(other), type);
    if (cname->place.file == NULL && other->place.file != NULL)
        zone_check_tell(check, other, RULE_WRONG,
                        "stands beside a CNAME that zonebox makes; an alias has nothing else (RFC "
                        "1034 §3.6.2)");
    else
        zone_check_tell(
            check, cname, RULE_WRONG,
            "an alias beside other records of the name (%s%s); an alias has nothing "
            "else (RFC 1034 §3.6.2)",
            name, other->place.file == NULL && !check->is_file ? ", which zonebox makes" : "");
}

static void check_dname(const struct zone_check *check, size_t from, size_t to)
{
    const struct zone_view *view = check->view;
    const struct view_record *dname = view_find_type(view, from, to, LDNS_RR_TYPE_DNAME);
    const struct view_record *second = NULL;
    if (dname == NULL)
        return;
    for (size_t i = from; i < to; i++) {
        if (type_of(&view->records[i]) == LDNS_RR_TYPE_DNAME && &view->records[i] != dname)
            second = &view->records[i];
    }
    if (second != NULL)
        zone_check_tell(check, second, RULE_WRONG, "more than one DNAME at a name (RFC 6672 §2.4)");
    if (!view_at_apex(view, dname) && view_find_type(view, from, to, LDNS_RR_TYPE_NS) != NULL)
        zone_check_tell(check, dname, RULE_WRONG,
                        "the name is delegated, too; there is one of them (RFC 6672 §2.3)");
    if (to < view->count && view_below(view, &view->records[to], dname))
        zone_check_tell(check, zone_check_culprit(&view->records[to], dname), RULE_WRONG,
                        "there are records below a DNAME, where none may be (RFC 6672 §2.4)");
}

// ── Sets ─────────────────────────────────────────────────────────────────────────────────────────

// What answers of 65,535 octets have room for beside header, question, owner and signatures.
#define SET_OCTETS_MAX 64000

static void check_size(const struct zone_check *check, size_t from, size_t to)
{
    size_t octets = 0;
    for (size_t i = from; i < to; i++) {
        octets += 12; // owner as a pointer, type, class, TTL, length
        for (size_t k = 0; k < ldns_rr_rd_count(check->view->records[i].rr); k++)
            octets += ldns_rdf_size(ldns_rr_rdf(check->view->records[i].rr, k));
    }
    if (octets > SET_OCTETS_MAX)
        zone_check_tell(check, &check->view->records[from], RULE_WRONG,
                        "%zu octets in the %zu records of this name and type; an answer has room "
                        "for %d",
                        octets, to - from, SET_OCTETS_MAX);
}

// In a file the lowest counts (RFC 2181 §5.2). Otherwise those that say none follow the one that was written.
static void check_ttls(const struct zone_check *check, size_t from, size_t to)
{
    const struct view_record *written = NULL;
    for (size_t i = from; i < to; i++) {
        const struct view_record *record = &check->view->records[i];
        if (!record->ttl_given && !check->is_file)
            continue;
        if (written == NULL)
            written = record;
        if (ldns_rr_ttl(record->rr) == ldns_rr_ttl(written->rr))
            continue;
        zone_check_tell(check, record, RULE_ODD,
                        "the TTL differs from line %u of the same set; %s (RFC 2181 §5.2)",
                        written->place.line,
                        check->is_file ? "the lowest counts for both" : "a set has one");
        if (!check->is_file)
            return;
    }
    for (size_t i = from; written != NULL && !check->is_file && i < to; i++)
        ldns_rr_set_ttl(check->view->records[i].rr, ldns_rr_ttl(written->rr));
}

// RFC 7505 §3: a null MX says that there is no mail, and others beside it that there is.
static void check_null_mx(const struct zone_check *check, size_t from, size_t to)
{
    for (size_t i = from; to - from > 1 && i < to; i++) {
        const struct view_record *record = &check->view->records[i];
        if (ldns_rdf_size(ldns_rr_rdf(record->rr, 1)) == 1) // the root
            zone_check_tell(check, record, RULE_ODD,
                            "a null MX beside others; it says that the name has no mail (RFC 7505 "
                            "§3)");
    }
}

static void check_sets(const struct zone_check *check, size_t from, size_t to)
{
    for (size_t first = from, last; first < to; first = last) {
        ldns_rr_type type = type_of(&check->view->records[first]);
        last = first + 1;
        while (last < to && type_of(&check->view->records[last]) == type)
            last++;
        if (type == LDNS_RR_TYPE_RRSIG)
            continue;
        if (type == LDNS_RR_TYPE_MX)
            check_null_mx(check, first, last);
        check_size(check, first, last);
        check_ttls(check, first, last);
    }
}

// ── Hosts ────────────────────────────────────────────────────────────────────────────────────────

const ldns_rdf *zone_check_host_of(const ldns_rr *rr)
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

const struct config_service *zone_check_service(const struct config *config,
                                                const struct zone_target *target, const char *host)
{
    if (strcasecmp(config->box.hostname, host) == 0)
        return NULL; // mostly; there may be many domains to look at
    for (size_t i = 0; i <= target->inside_count; i++) {
        const struct config_domain *domain = i == 0 ? target->domain : target->inside[i - 1];
        for (size_t k = 0; domain != NULL && k < domain->mail->service_count; k++) {
            const struct config_service *service = &domain->mail->services[k];
            if (service->host != NULL && strcasecmp(service->host, host) == 0)
                return service;
        }
    }
    return NULL;
}

// Of ours only SRV can lead astray: its host is written, and its record is not.
static bool place_service(const struct zone_check *check, struct view_record *record,
                          const char *host)
{
    char plain[NAME_TEXT_MAX];
    size_t len = strlen(host) - 1; // without the last dot
    memcpy(plain, host, len);
    plain[len] = '\0';
    const struct config_service *service =
        len > 0 ? zone_check_service(check->maker->config, check->maker->target, plain) : NULL;
    if (service == NULL)
        return false;
    record->place = config_zone_place(check->maker->config, &service->place);
    return true;
}

static void check_host(const struct zone_check *check, const struct view_record *written)
{
    const ldns_rdf *host = zone_check_host_of(written->rr);
    bool is_ours = written->place.file == NULL && !check->is_file;
    if (host == NULL || (is_ours && type_of(written) != LDNS_RR_TYPE_SRV))
        return;
    struct view_record copy = *written;
    const struct view_record *record = &copy;
    char text[NAME_TEXT_MAX];
    name_to_text(ldns_rdf_data(host), text);
    if (is_ours && !place_service(check, &copy, text))
        return;
    switch (view_look_up(check->view, host)) {
    case VIEW_HOST_ALIAS:
        zone_check_tell(check, record, RULE_ODD,
                        "points at %s, an alias; it takes the name that the alias stands for (RFC "
                        "2181 §10.3)",
                        text);
        break;
    case VIEW_HOST_BARE:
        zone_check_tell(check, record, RULE_ODD,
                        "points at %s, which has no address in this zone; give it an A or AAAA, or "
                        "does the name lack its last dot?",
                        text);
        break;
    default:
        break;
    }
}

// RFC 1123 §2.1. Services of Windows have addresses at names with "_", so it is no error.
static void check_hostname(const struct zone_check *check, const struct view_record *record)
{
    ldns_rr_type type = type_of(record);
    const uint8_t *wire = ldns_rdf_data(ldns_rr_owner(record->rr));
    if (record->place.file == NULL || check->is_file ||
        (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA && type != LDNS_RR_TYPE_MX))
        return;
    for (size_t at = name_is_wildcard(wire) ? 2 : 0; wire[at] != 0; at += 1u + wire[at]) {
        for (size_t i = 1; i <= wire[at]; i++) {
            uint8_t c = name_lower(wire[at + i]);
            bool inner = c == '-' && i > 1 && i < wire[at];
            if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || inner)
                continue;
            zone_check_note(check, record,
                            "not a name for hosts, which have letters, digits and inner hyphens; "
                            "some programs refuse it (RFC 1123 §2.1)");
            return;
        }
    }
}

// ── Delegations ──────────────────────────────────────────────────────────────────────────────────

static bool is_address(ldns_rr_type type)
{
    return type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA;
}

// Glue for name servers that lie in what they serve; without it nobody gets there (RFC 9471).
static void check_glue(const struct zone_check *check, const struct view_record *ns)
{
    const struct zone_view *view = check->view;
    const uint8_t *host = ldns_rdf_data(ldns_rr_rdf(ns->rr, 0));
    const uint8_t *cut = ldns_rdf_data(ldns_rr_owner(ns->rr));
    struct name_key key;
    char text[NAME_TEXT_MAX];
    if (!name_is_under(host, cut)) {
        check_host(check, ns);
        return;
    }
    name_key(host, &key);
    size_t from = view_find(view, &key);
    size_t to = from < view->count ? view_run_end(view, from) : from;
    if (view_find_type(view, from, to, LDNS_RR_TYPE_A) == NULL &&
        view_find_type(view, from, to, LDNS_RR_TYPE_AAAA) == NULL)
        zone_check_tell(check, ns, RULE_ODD,
                        "the name server %s lies in what is delegated to it, and its address is "
                        "not here; write its A or AAAA as glue (RFC 9471)",
                        name_to_text(host, text));
}

// What may stand at a cut besides NS and DS (RFC 4035 §2.2, RFC 4034 §4). A DNAME may not, which is told elsewhere.
static bool goes_with_cut(ldns_rr_type type)
{
    return type == LDNS_RR_TYPE_NS || type == LDNS_RR_TYPE_DS || type == LDNS_RR_TYPE_RRSIG ||
           type == LDNS_RR_TYPE_NSEC || type == LDNS_RR_TYPE_DNAME;
}

static void check_hidden(const struct zone_check *check, const struct view_record *record,
                         const struct view_record *cut)
{
    char text[NAME_TEXT_MAX];
    if (is_address(type_of(record)) && view_is_nameserver(check->view, record))
        return;
    zone_check_tell(check, zone_check_culprit(record, cut), RULE_ODD,
                    "%s is delegated to other servers, so nobody sees %s here; only the addresses "
                    "of its name servers may be (RFC 1034 §4.2.1)",
                    name_to_text(ldns_rdf_data(ldns_rr_owner(cut->rr)), text),
                    record->place.file == NULL && cut->place.file != NULL ? "what zonebox makes"
                                                                          : "this record");
}

// The records at a cut. `cut` is its first NS.
static void check_cut(const struct zone_check *check, size_t from, size_t to,
                      const struct view_record *cut)
{
    for (size_t i = from; i < to; i++) {
        const struct view_record *record = &check->view->records[i];
        if (type_of(record) == LDNS_RR_TYPE_NS)
            check_glue(check, record);
        else if (!goes_with_cut(type_of(record)))
            check_hidden(check, record, cut);
    }
}

static void check_run(const struct zone_check *check, size_t from, size_t to)
{
    const struct zone_view *view = check->view;
    const struct view_record *ds = view_find_type(view, from, to, LDNS_RR_TYPE_DS);
    if (ds != NULL && !view_at_apex(view, ds))
        zone_check_tell(check, ds, RULE_ODD,
                        "a DS where nothing is delegated; write the NS records, too (RFC 4035 "
                        "§2.4)");
    for (size_t i = from; i < to; i++) {
        check_host(check, &view->records[i]);
        check_hostname(check, &view->records[i]);
    }
    zone_check_texts(check, from, to);
}

void zone_check_rules(const struct zone_check *check)
{
    const struct zone_view *view = check->view;
    const struct view_record *cut = NULL;
    if (!check_records(check))
        return;
    for (size_t from = 0, to; from < view->count; from = to) {
        const struct view_record *first = &view->records[from];
        to = view_run_end(view, from);
        check_cname(check, from, to);
        check_dname(check, from, to);
        check_sets(check, from, to);
        if (cut != NULL && view_below(view, first, cut)) {
            for (size_t i = from; i < to; i++)
                check_hidden(check, &view->records[i], cut);
            continue;
        }
        cut = view_at_apex(view, first) ? NULL : view_find_type(view, from, to, LDNS_RR_TYPE_NS);
        if (cut != NULL)
            check_cut(check, from, to, cut);
        else
            check_run(check, from, to);
    }
}

void zone_check(struct zone_maker *maker)
{
    struct zone_view view;
    zone_view_content(&view, maker->content);
    zone_check_rules(&(struct zone_check){.maker = maker, .view = &view});
    zone_view_done(&view);
}
