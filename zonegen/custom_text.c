// SPDX-License-Identifier: ISC
// Custom records as text: lines of a master file, YAML mappings, records files.
#include "zonegen/custom.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "zonegen/rdata_text.h"

struct reading {
    struct zone_maker *maker;
    const struct custom_source *source;
    const struct config_record *record; // NULL: a file
    const struct config_place *at;      // of the record, or of the one of its data that is read
    struct master_entry entry;
    struct name origin;
    struct name owner; // of the last record
    bool has_owner;
    bool has_ttl; // $TTL was there
    uint32_t ttl;
};

// What is being read of one record.
struct draft {
    size_t at; // next word
    uint16_t type;
    bool ttl_given;
    uint32_t ttl;
    bool class_given;
};

static struct zone_place place_of(const struct reading *reading, size_t word)
{
    struct zone_place place = {.file = reading->source->file};
    if (reading->record != NULL) {
        place.line = reading->at->line;
        place.column = reading->at->column;
    } else {
        const struct master_entry *entry = &reading->entry;
        bool known = word < entry->count;
        place.line = known ? entry->words[word].line : entry->line;
        place.column = known ? entry->words[word].column : entry->column;
    }
    return place;
}

static void refuse(const struct reading *reading, size_t word, const char *words)
{
    struct zone_place place = place_of(reading, word);
    maker_refuse(reading->maker, &place, "%s", words);
}

// With the owner and, where it is known, the type of the record.
static void refuse_record(const struct reading *reading, uint16_t type, size_t word,
                          const char *words)
{
    char type_text[16];
    char owner[NAME_TEXT_MAX];
    struct zone_place place = place_of(reading, word);
    maker_refuse(reading->maker, &place, "%s%s%s: %s", name_to_text(reading->owner.wire, owner),
                 type != 0 ? " " : "", type != 0 ? rdata_type_name(type, type_text) : "", words);
}

static uint32_t default_ttl(const struct config_ttl *ttl, uint16_t type)
{
    switch (type) {
    case LDNS_RR_TYPE_A:
    case LDNS_RR_TYPE_AAAA:
        return ttl->address;
    case LDNS_RR_TYPE_NS:
        return ttl->ns;
    case LDNS_RR_TYPE_MX:
        return ttl->mx;
    case LDNS_RR_TYPE_TXT:
        return ttl->txt;
    case LDNS_RR_TYPE_TLSA:
        return ttl->tlsa;
    case LDNS_RR_TYPE_SSHFP:
        return ttl->sshfp;
    case LDNS_RR_TYPE_SRV:
        return ttl->srv;
    case LDNS_RR_TYPE_CAA:
        return ttl->caa;
    default:
        return ttl->standard;
    }
}

// ── One record ───────────────────────────────────────────────────────────────────────────────────

static const char ttl_words[] =
    "a TTL of more than 2147483647 seconds (RFC 2181 §8); a day is 86400 or 1d";

static void keep(struct reading *reading, const struct draft *draft, const struct buf *data,
                 size_t word)
{
    ldns_rr *rr = NULL;
    uint32_t ttl = draft->ttl_given   ? draft->ttl
                   : reading->has_ttl ? reading->ttl
                                      : default_ttl(reading->source->ttl, draft->type);
    struct name owner = reading->owner;
    for (size_t i = 0; i < owner.len; i++) // length octets are below 'A'
        owner.wire[i] = name_lower(owner.wire[i]);
    if (rdata_record(&owner, draft->type, ttl, data, &rr) != STATUS_OK) {
        refuse_record(reading, draft->type, word, "the data has not the form of its type");
        return;
    }
    struct custom_record written = {
        .place = place_of(reading, word),
        .ttl_given = draft->ttl_given || reading->has_ttl,
    };
    custom_keep(reading->maker, &owner, rr, &written);
}

// The data from word `at` to the end of the entry.
static void read_data(struct reading *reading, const struct draft *draft)
{
    struct buf data = {0};
    struct error err = {0};
    struct rdata_words words = {&reading->entry, draft->at, reading->entry.count, &reading->origin};
    const char *reason = custom_refuse_type(draft->type);
    if (reason != NULL)
        refuse_record(reading, draft->type, 0, reason);
    else if (rdata_from_text(draft->type, &words, &data, &err) == STATUS_OK)
        keep(reading, draft, &data, 0);
    else
        refuse_record(reading, draft->type, words.at, err.text);
    buf_done(&data);
}

// The name of the record. False: refused.
static bool set_owner(struct reading *reading, const char *text, size_t word)
{
    struct error err = {0};
    struct name name;
    size_t len = strlen(text);
    if (rdata_name(text, &reading->origin, &name, &err) != STATUS_OK) {
        struct zone_place place = place_of(reading, word);
        maker_refuse(reading->maker, &place, "\"%s\" is no name: %s", text, err.text);
        return false;
    }
    reading->owner = name;
    reading->has_owner = true;
    if (!reading->source->everywhere || len == 0 || text[len - 1] != '.')
        return true;
    refuse_record(reading, 0, word,
                  "an absolute name in the `records:` of all zones; leave the last dot away, or "
                  "write it into the records of its domain");
    return false;
}

static bool is_other_class(const char *text)
{
    return strcasecmp(text, "CH") == 0 || strcasecmp(text, "HS") == 0 ||
           strcasecmp(text, "CS") == 0 || strcasecmp(text, "ANY") == 0 ||
           strcasecmp(text, "NONE") == 0 ||
           (strncasecmp(text, "CLASS", 5) == 0 && text[5] >= '0' && text[5] <= '9');
}

// A TTL or a class at the next word. *ret_words: what is wrong with it, or NULL. False: it is neither.
static bool take_ttl_or_class(const struct reading *reading, struct draft *draft,
                              const char **ret_words)
{
    const char *text = master_text(&reading->entry, draft->at);
    enum status status = rdata_duration(text, &draft->ttl);
    *ret_words = NULL;
    if (status == STATUS_RANGE)
        *ret_words = ttl_words;
    else if (status == STATUS_OK && draft->ttl_given)
        *ret_words = "two TTLs";
    else if (status == STATUS_OK)
        draft->ttl_given = true;
    else if (is_other_class(text))
        *ret_words = "a record of another class than IN";
    else if (strcasecmp(text, "IN") != 0 && strcasecmp(text, "CLASS1") != 0)
        return false;
    else if (draft->class_given)
        *ret_words = "two classes";
    else
        draft->class_given = true;
    draft->at++;
    return true;
}

// TTL, class and type.
static bool read_head(const struct reading *reading, struct draft *draft)
{
    const char *words = NULL;
    while (draft->at < reading->entry.count && take_ttl_or_class(reading, draft, &words)) {
        if (words != NULL) {
            refuse_record(reading, 0, draft->at - 1, words);
            return false;
        }
    }
    if (draft->at == reading->entry.count) {
        refuse_record(reading, 0, draft->at,
                      "has no type and data; a record is like \"www 300 IN A 192.0.2.80\"");
        return false;
    }
    const char *text = master_text(&reading->entry, draft->at);
    draft->type = rdata_type(text);
    if (draft->type == 0) {
        char *unknown = xasprintf("\"%s\" is no record type; one that has no name here is written "
                                  "as TYPE65280 \\# LENGTH HEX (RFC 3597 §5)",
                                  text);
        refuse_record(reading, 0, draft->at, unknown);
        free(unknown);
        return false;
    }
    draft->at++;
    return true;
}

static void read_record(struct reading *reading)
{
    struct draft draft = {0};
    if (!reading->entry.follows) {
        if (!set_owner(reading, master_text(&reading->entry, 0), 0))
            return;
        draft.at = 1;
    } else if (!reading->has_owner) {
        refuse(reading, 0, "begins with a blank, but no record is before it whose name it has");
        return;
    }
    if (read_head(reading, &draft))
        read_data(reading, &draft);
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────

static void read_ttl(struct reading *reading)
{
    enum status status = reading->entry.count == 2
                             ? rdata_duration(master_text(&reading->entry, 1), &reading->ttl)
                             : STATUS_SYNTAX;
    reading->has_ttl = reading->has_ttl || status == STATUS_OK;
    if (status != STATUS_OK)
        refuse(reading, 0, status == STATUS_RANGE ? ttl_words : "$TTL takes one duration: $TTL 1h");
}

static void read_origin(struct reading *reading)
{
    struct error err = {0};
    struct name origin;
    if (reading->entry.count != 2) {
        refuse(reading, 0, "$ORIGIN takes one name");
    } else if (rdata_name(master_text(&reading->entry, 1), &reading->origin, &origin, &err) !=
               STATUS_OK) {
        struct zone_place place = place_of(reading, 1);
        maker_refuse(reading->maker, &place, "$ORIGIN: %s", err.text);
    } else {
        reading->origin = origin;
    }
}

static void read_directive(struct reading *reading)
{
    const char *text = master_text(&reading->entry, 0);
    if (strcasecmp(text, "$TTL") == 0)
        read_ttl(reading);
    else if (strcasecmp(text, "$ORIGIN") == 0)
        read_origin(reading);
    else if (strcasecmp(text, "$INCLUDE") == 0)
        refuse(reading, 0, "$INCLUDE is not followed; write the records into the file itself");
    else
        refuse(reading, 0, "no directive that is known here; $ORIGIN and $TTL are");
}

void custom_read_file(struct zone_maker *maker, const struct custom_source *source,
                      const void *text, size_t len)
{
    struct reading reading = {.maker = maker, .source = source, .origin = source->origin};
    struct master_reader reader = master_reader(text, len);
    struct error err = {0};
    enum status status;
    while ((status = master_next(&reader, &reading.entry, &err)) != STATUS_NOT_FOUND) {
        const struct master_entry *entry = &reading.entry;
        if (status != STATUS_OK) {
            struct zone_place place = {
                .file = source->file, .line = entry->line, .column = entry->column};
            maker_refuse(maker, &place, "%s", err.text);
        } else if (!entry->follows && !entry->words[0].quoted && master_text(entry, 0)[0] == '$') {
            read_directive(&reading);
        } else {
            read_record(&reading);
        }
    }
    master_entry_done(&reading.entry);
}

// ── The configuration ────────────────────────────────────────────────────────────────────────────

// Reads the only entry of a text. False: refused.
static bool read_only(struct reading *reading, const char *text)
{
    struct master_entry more = {0};
    struct master_reader reader = master_reader(text, strlen(text));
    struct error err = {0};
    enum status status = master_next(&reader, &reading->entry, &err);
    bool alone = status == STATUS_OK && master_next(&reader, &more, NULL) == STATUS_NOT_FOUND;
    master_entry_done(&more);
    if (alone && !reading->entry.comment)
        return true;
    refuse(reading, 0,
           alone                        ? "\";\" begins a comment; a text with one goes in quotes"
           : status == STATUS_OK        ? "more than one record; each is an element of the list"
           : status == STATUS_NOT_FOUND ? "no record; one is like \"www 300 IN A 192.0.2.80\""
                                        : err.text);
    return false;
}

static void read_line(struct reading *reading)
{
    if (!read_only(reading, reading->record->line))
        return;
    if (!reading->entry.words[0].quoted && master_text(&reading->entry, 0)[0] == '$')
        refuse(reading, 0,
               "a directive, where a record should be; those are for a `records-file:`");
    else
        read_record(reading);
}

// `text:` as TXT: cut into strings, which its readers join again.
static void read_text(struct reading *reading, const struct draft *draft)
{
    const char *text = reading->record->text;
    struct buf data = {0};
    size_t len = strlen(text);
    if (draft->type != LDNS_RR_TYPE_TXT) {
        refuse_record(reading, draft->type, 0, "`text:` is for TXT; other types have `data:`");
        return;
    }
    for (size_t at = 0; at == 0 || at < len; at += 255) { // RFC 1035 §3.3: one length octet
        size_t part = len - at < 255 ? len - at : 255;
        buf_put_u8(&data, (uint8_t)part);
        buf_put(&data, text + at, part);
    }
    if (data.len > UINT16_MAX)
        refuse_record(reading, draft->type, 0, "a text of more than 65,279 octets");
    else
        keep(reading, draft, &data, 0);
    buf_done(&data);
}

static void read_mapping(struct reading *reading)
{
    const struct config_record *record = reading->record;
    struct draft draft = {.ttl_given = record->ttl_given, .ttl = record->ttl};
    if (!set_owner(reading, record->name != NULL ? record->name : "@", 0))
        return;
    const char *type = record->type != NULL ? record->type : record->text != NULL ? "TXT" : "";
    draft.type = rdata_type(type);
    if (draft.type == 0) {
        char *unknown =
            xasprintf("\"%s\" is no record type; `type:` is like A, or TYPE65280", type);
        refuse_record(reading, 0, 0, unknown);
        free(unknown);
    } else if (draft.ttl_given && draft.ttl > INT32_MAX) {
        refuse_record(reading, draft.type, 0, ttl_words);
    } else if (record->text != NULL) {
        read_text(reading, &draft);
    } else if (record->data_count == 0) {
        refuse_record(reading, draft.type, 0, "has no `data:`");
    }
    if (draft.type == 0 || record->text != NULL)
        return;
    for (size_t i = 0; i < record->data_count; i++) {
        reading->at = &record->data[i].place;
        if (read_only(reading, record->data[i].text))
            read_data(reading, &draft);
    }
}

void custom_read_record(struct zone_maker *maker, const struct custom_source *source,
                        const struct config_record *record)
{
    struct reading reading = {
        .maker = maker,
        .source = source,
        .record = record,
        .at = &record->place,
        .origin = source->origin,
    };
    if (record->line != NULL)
        read_line(&reading);
    else
        read_mapping(&reading);
    master_entry_done(&reading.entry);
}
