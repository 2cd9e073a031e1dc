// SPDX-License-Identifier: ISC
// A second look at a zone file. ldns decides what the records are, with their owners and TTLs; the data of each is read
// once more by the stricter reader of custom records (zonegen/rdata_text.h), since a typo must not be published as
// something else.
#include "zonegen/maker.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "zonegen/rdata_text.h"

struct rereading {
    struct name origin;
    struct master_entry entry;
    size_t wrong; // the word that an error is about
};

static bool is_class(const char *text)
{
    return strcasecmp(text, "IN") == 0 || strcasecmp(text, "CLASS1") == 0;
}

// The word with the type: behind owner, TTL and class. entry.count: there is none.
static size_t find_type(const struct master_entry *entry, uint32_t *ret_ttl, bool *ret_too_long)
{
    size_t at = entry->follows ? 0 : 1;
    for (; at < entry->count; at++) {
        const char *text = master_text(entry, at);
        enum status status = rdata_duration(text, ret_ttl);
        *ret_too_long = *ret_too_long || status == STATUS_RANGE;
        if (status == STATUS_SYNTAX && !is_class(text))
            break;
    }
    return at;
}

// Makes the record anew from the data, with owner and TTL as they are.
static enum status replace(struct zone_file_record *record, uint16_t type, const struct buf *data,
                           struct error *err)
{
    const ldns_rdf *name = ldns_rr_owner(record->rr);
    struct name owner = {.len = (uint8_t)ldns_rdf_size(name)};
    ldns_rr *rr = NULL;
    memcpy(owner.wire, ldns_rdf_data(name), owner.len);
    if (data->len > UINT16_MAX ||
        rdata_record(&owner, type, ldns_rr_ttl(record->rr), data, &rr) != STATUS_OK)
        return error_set(err, STATUS_SYNTAX, "the data has not the form of its type");
    ldns_rr_free(record->rr);
    record->rr = rr;
    return STATUS_OK;
}

static enum status reread_record(struct rereading *rereading, struct zone_file_record *record,
                                 struct error *err)
{
    const struct master_entry *entry = &rereading->entry;
    if (ldns_rr_get_class(record->rr) != LDNS_RR_CLASS_IN)
        return STATUS_OK; // refused by zone_check
    uint32_t ttl = 0;
    bool too_long = false;
    size_t at = find_type(entry, &ttl, &too_long);
    uint16_t type = at < entry->count ? rdata_type(master_text(entry, at)) : 0;
    if (too_long)
        return error_set(err, STATUS_SYNTAX, "a TTL of more than 2147483647 seconds (RFC 2181 §8)");
    rereading->wrong = at;
    if (type != ldns_rr_get_type(record->rr))
        return error_set(err, STATUS_SYNTAX,
                         "not read alike by all; write owner, TTL, class, type and data");
    if (!rdata_is_readable(type))
        return STATUS_OK;
    struct buf data = {0};
    struct rdata_words words = {entry, at + 1, entry->count, &rereading->origin};
    enum status status = rdata_read(type, &words, &data, err);
    rereading->wrong = words.at;
    if (status == STATUS_OK && !rdata_says(record->rr, &data))
        status = replace(record, type, &data, err);
    buf_done(&data);
    if (status == STATUS_OK)
        return STATUS_OK;
    char *title = record_title(record->rr);
    (void)error_prefix(err, status, "%s", title);
    free(title);
    return status;
}

static bool is_directive(const struct master_entry *entry)
{
    return !entry->follows && !entry->words[0].quoted && master_text(entry, 0)[0] == '$';
}

// ldns takes every $ORIGIN for absolute, against RFC 1035 §5.1; what the author means nobody knows.
static enum status follow_origin(struct rereading *rereading, struct error *err)
{
    const struct master_entry *entry = &rereading->entry;
    struct name origin;
    if (strcasecmp(master_text(entry, 0), "$ORIGIN") != 0 || entry->count < 2)
        return STATUS_OK;
    const char *text = master_text(entry, 1);
    size_t len = strlen(text);
    if (len == 0 || text[len - 1] != '.')
        return error_set(err, STATUS_SYNTAX,
                         "$ORIGIN: \"%s\" without a last dot, which is read in "
                         "two ways; write the whole name and the dot",
                         text);
    enum status status = rdata_name(text, &rereading->origin, &origin, err);
    if (status == STATUS_OK)
        rereading->origin = origin;
    return status;
}

// Where the entry is wrong: at that word, or where master_next says.
static enum status refuse(const struct rereading *rereading, const char *path, enum status status,
                          struct error *err)
{
    const struct master_entry *entry = &rereading->entry;
    bool known = rereading->wrong < entry->count;
    const struct master_word *word = known ? &entry->words[rereading->wrong] : NULL;
    return error_prefix(err, status, "%s:%u:%u", path, known ? word->line : entry->line,
                        known ? word->column : entry->column);
}

// What is wrong with a record that ldns cannot read, if it is wrong here as well.
static enum status explain_record(struct rereading *rereading, struct error *err)
{
    const struct master_entry *entry = &rereading->entry;
    struct name owner = rereading->origin;
    uint32_t ttl = 0;
    bool too_long = false;
    rereading->wrong = 0;
    enum status status = entry->follows
                             ? STATUS_OK
                             : rdata_name(master_text(entry, 0), &rereading->origin, &owner, err);
    if (status != STATUS_OK)
        return status;
    size_t at = find_type(entry, &ttl, &too_long);
    rereading->wrong = at;
    if (at == entry->count)
        return error_set(err, STATUS_SYNTAX,
                         "a record without a type; it has owner, TTL, class, type and data");
    const char *word = master_text(entry, at);
    uint16_t type = rdata_type(word);
    if (type == 0)
        return error_set(err, STATUS_SYNTAX,
                         "\"%s\" is no type of records; one that has no name yet is "
                         "written as TYPE and its number (RFC 3597 §5)",
                         word);
    bool generic = at + 1 < entry->count && strcmp(master_text(entry, at + 1), "\\#") == 0;
    if (!generic && !rdata_is_readable(type))
        return STATUS_OK;
    struct buf data = {0};
    struct rdata_words words = {entry, at + 1, entry->count, &rereading->origin};
    status =
        generic ? rdata_from_text(type, &words, &data, err) : rdata_read(type, &words, &data, err);
    buf_done(&data);
    if (status == STATUS_OK)
        return STATUS_OK;
    rereading->wrong = words.at < entry->count ? words.at : at;
    char text[NAME_TEXT_MAX];
    char type_text[16];
    return error_prefix(err, status, "%s %s", name_to_text(owner.wire, text),
                        rdata_type_name(type, type_text));
}

bool zone_file_explain(const struct input_file *file, const char *apex, unsigned line,
                       struct error *err)
{
    struct rereading rereading = {.origin = {.len = 0}};
    struct master_reader reader = master_reader(file->octets, file->len);
    enum status status = name_from_text(apex, &rereading.origin, NULL);
    bool found = false;
    while (status == STATUS_OK && !found) {
        status = master_next(&reader, &rereading.entry, err);
        rereading.wrong = SIZE_MAX;
        found = rereading.entry.line >= line;
        if (status == STATUS_OK && is_directive(&rereading.entry))
            status = follow_origin(&rereading, err);
        else if (status == STATUS_OK && found)
            status = explain_record(&rereading, err);
    }
    bool explained = status != STATUS_OK && status != STATUS_NOT_FOUND;
    if (explained)
        (void)refuse(&rereading, file->path, status, err);
    master_entry_done(&rereading.entry);
    return explained;
}

enum status zone_file_reread(const struct input_file *file, const char *apex,
                             struct zone_file_record *records, size_t count, struct error *err)
{
    struct rereading rereading = {.origin = {.len = 0}};
    struct master_reader reader = master_reader(file->octets, file->len);
    enum status status = name_from_text(apex, &rereading.origin, err);
    size_t at = 0;
    while (status == STATUS_OK) {
        status = master_next(&reader, &rereading.entry, err);
        rereading.wrong = status == STATUS_OK ? 0 : SIZE_MAX;
        if (status == STATUS_OK && is_directive(&rereading.entry))
            status = follow_origin(&rereading, err);
        else if (status == STATUS_OK && at == count)
            status =
                error_set(err, STATUS_SYNTAX, "not read alike by all; write one record a line");
        else if (status == STATUS_OK)
            status = reread_record(&rereading, &records[at++], err);
    }
    if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    else
        (void)refuse(&rereading, file->path, status, err);
    master_entry_done(&rereading.entry);
    return status;
}
