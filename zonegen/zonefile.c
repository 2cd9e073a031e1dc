// SPDX-License-Identifier: ISC
// A zone that the admin brings as a master file (RFC 1035 §5). Where it is not plain (zonefile_plain.c) ldns reads it;
// here are places, words, and what the file becomes. What a zone must keep is in zonefile_check.c.
#include "zonegen/maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/name.h"

static struct zone_place place_of(const struct input_file *file, unsigned line, size_t start,
                                  size_t at)
{
    return (struct zone_place){file->path, line, (unsigned)(at - start) + 1};
}

// The place of the next record: comments and blank lines before it are skipped.
static struct zone_place next_place(const struct input_file *file, size_t at, unsigned line)
{
    size_t start = at;
    while (at < file->len) {
        while (at < file->len && strchr(" \t\r", file->octets[at]) != NULL && file->octets[at] != 0)
            at++;
        if (at >= file->len || (file->octets[at] != '\n' && file->octets[at] != ';'))
            break;
        const uint8_t *end = memchr(file->octets + start, '\n', file->len - start);
        if (end == NULL)
            break;
        start = at = (size_t)(end - file->octets) + 1;
        line++;
    }
    return place_of(file, line, start, at);
}

static enum status refuse(const struct zone_place *place, const char *words, struct error *err)
{
    struct error wrong = zone_place_words(place, words);
    return error_set(err, STATUS_SYNTAX, "%s", wrong.text);
}

static const char *words_of(ldns_status status)
{
    if (status == LDNS_STATUS_SYNTAX_INCLUDE || status == LDNS_STATUS_SYNTAX_INCLUDE_ERR_NOTIMPL)
        return "$INCLUDE is not followed; write the records into the file itself";
    return ldns_get_errorstr_by_id(status);
}

struct reading {
    FILE *stream;
    ldns_rdf *origin;
    ldns_rdf *previous;
    uint32_t ttl;
    int line;
};

static bool is_directive(ldns_status status)
{
    return status == LDNS_STATUS_SYNTAX_TTL || status == LDNS_STATUS_SYNTAX_ORIGIN ||
           status == LDNS_STATUS_SYNTAX_EMPTY;
}

static bool is_long_name(const ldns_rdf *name)
{
    return ldns_rdf_get_type(name) == LDNS_RDF_TYPE_DNAME && ldns_rdf_size(name) > NAME_WIRE_MAX;
}

// ldns puts the origin behind a name without asking how long that makes it. Nobody else may see such a name.
static bool has_long_name(const ldns_rr *rr)
{
    bool has = is_long_name(ldns_rr_owner(rr));
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        has = has || is_long_name(ldns_rr_rdf(rr, i));
    return has;
}

static enum status read_records(struct reading *reading, const struct input_file *file,
                                const char *apex, struct zone_file_record **ret, size_t *ret_count,
                                struct error *err)
{
    size_t cap = 0;
    while (!feof(reading->stream)) {
        ldns_rr *rr = NULL;
        long at = ftell(reading->stream);
        struct zone_place place =
            next_place(file, at > 0 ? (size_t)at : 0, (unsigned)reading->line);
        ldns_status status =
            ldns_rr_new_frm_fp_l(&rr, reading->stream, &reading->ttl, &reading->origin,
                                 &reading->previous, &reading->line);
        if (is_directive(status))
            continue;
        if (status != LDNS_STATUS_OK)
            return zone_file_explain(file, apex, place.line, err)
                       ? STATUS_SYNTAX
                       : refuse(&place, words_of(status), err);
        if (has_long_name(rr)) {
            ldns_rr_free(rr);
            return refuse(&place, "a name of more than 255 octets (RFC 1035 §2.3.4)", err);
        }
        *ret = array_grow(*ret, &cap, *ret_count, sizeof(**ret));
        (*ret)[(*ret_count)++] = (struct zone_file_record){rr, place};
    }
    return STATUS_OK;
}

void zone_file_records_free(struct zone_file_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ldns_rr_free(records[i].rr);
    free(records);
}

// ldns closes what a file leaves open, a quote or a parenthesis, and takes the lines behind it for part of the record.
static enum status check_open_ends(const struct input_file *file, struct error *err)
{
    size_t start = 0; // of the line
    unsigned line = 1;
    struct zone_place opened = {0}; // the open parenthesis
    struct zone_place quote = {0};
    bool quoted = false;
    bool comment = false;
    for (size_t i = 0; i < file->len; i++) {
        uint8_t c = file->octets[i];
        if (c == '\n' && quoted)
            break;
        if (c == '\n') {
            comment = false;
            line++;
            start = i + 1;
        } else if (comment) {
            continue;
        } else if (c == '\\' && i + 1 < file->len && file->octets[i + 1] != '\n') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
            quote = place_of(file, line, start, i);
        } else if (!quoted && c == ';') {
            comment = true;
        } else if (!quoted && (c == '(' || c == ')')) {
            struct zone_place place = place_of(file, line, start, i);
            if ((c == '(') == (opened.line != 0))
                return refuse(&place,
                              c == '(' ? "\"(\" without its counterpart"
                                       : "\")\" without its counterpart",
                              err);
            opened = c == '(' ? place : (struct zone_place){0};
        }
    }
    if (quoted)
        return refuse(&quote, "a quote is not closed in its line", err);
    return opened.line == 0 ? STATUS_OK : refuse(&opened, "\"(\" is never closed", err);
}

static enum status check_text(const struct input_file *file, struct error *err)
{
    if (file->len == 0)
        return error_set(err, STATUS_SYNTAX, "%s: is empty; a zone needs an SOA record",
                         file->path);
    if (memchr(file->octets, 0, file->len) != NULL)
        return error_set(err, STATUS_SYNTAX, "%s: has octets 0; a master file is text", file->path);
    return check_open_ends(file, err);
}

enum status zone_file_parse(const struct input_file *file, const char *apex, uint32_t ttl,
                            struct zone_file_record **ret, size_t *ret_count, struct error *err)
{
    if (zone_file_plain(file, apex, ttl, ret, ret_count))
        return STATUS_OK;
    struct reading reading = {.ttl = ttl, .line = 1, .origin = ldns_dname_new_frm_str(apex)};
    struct zone_file_record *records = NULL;
    size_t count = 0;
    enum status status = check_text(file, err);
    if (status != STATUS_OK) {
        ldns_rdf_deep_free(reading.origin);
        return status;
    }
    if (reading.origin == NULL)
        status = error_set(err, STATUS_SYNTAX, "%s: not a domain name", apex);
    else if ((reading.stream = fmemopen(file->octets, file->len, "r")) == NULL)
        status = error_set(err, STATUS_IO, "%s: cannot be read from memory", file->path);
    else
        status = read_records(&reading, file, apex, &records, &count, err);
    if (status == STATUS_OK)
        status = zone_file_reread(file, apex, records, count, err);
    if (reading.stream != NULL)
        fclose(reading.stream);
    ldns_rdf_deep_free(reading.origin);
    ldns_rdf_deep_free(reading.previous);
    if (status != STATUS_OK) {
        zone_file_records_free(records, count);
        return status;
    }
    *ret = records;
    *ret_count = count;
    return STATUS_OK;
}

// SOA first, the others in the order of the file; the content takes the records over.
static void take_records(struct zone_maker *maker, const char *path,
                         struct zone_file_record *records, size_t count)
{
    char *why = xasprintf("as in the zone file %s", display_path(maker->config, path));
    for (int soa = 1; soa >= 0; soa--) {
        for (size_t i = 0; i < count; i++) {
            if (records[i].rr == NULL ||
                (ldns_rr_get_type(records[i].rr) == LDNS_RR_TYPE_SOA) != soa)
                continue;
            maker_take(maker, records[i].rr, why);
            maker->content->records[maker->content->record_count - 1].place = records[i].place;
            records[i].rr = NULL;
        }
    }
    free(why);
}

// What is generated for the host is not put into a file of the admin's; without it DANE does not work.
static void note_host(struct zone_maker *maker, const char *path)
{
    const struct config_box *box = &maker->config->box;
    bool has_tlsa = false;
    if (!target_holds(maker->target, box->hostname))
        return;
    for (size_t i = 0; i < maker->content->record_count && !has_tlsa; i++)
        has_tlsa = ldns_rr_get_type(maker->content->records[i].rr) == LDNS_RR_TYPE_TLSA;
    if (!has_tlsa)
        maker_note(
            maker, false, path,
            "%s: %s lies in this zone; its addresses, TLSA and SSHFP records must be in the file, "
            "which has no TLSA",
            path, box->hostname);
}

enum status zone_file_make(struct zone_maker *maker, struct error *err)
{
    const struct config_domain *domain = maker->target->domain;
    const struct input_file *file = inputs_file(maker->inputs, domain->zone_file);
    struct zone_file_record *records = NULL;
    size_t count = 0;
    if (file == NULL || file->octets == NULL) {
        (void)config_complain(maker->config, domain->zone_file_place, err, "zone-file: %s",
                              file != NULL ? file->error.text : "the zone file was not read");
        return STATUS_NOT_FOUND;
    }
    enum status status =
        zone_file_parse(file, domain->name, domain->ttl->standard, &records, &count, err);
    if (status == STATUS_OK)
        status = zone_file_check(maker, file->path, records, &count, err);
    if (status == STATUS_OK) {
        take_records(maker, file->path, records, count);
        note_host(maker, file->path);
        make_delegations(maker);
    }
    zone_file_records_free(records, count);
    return status;
}
