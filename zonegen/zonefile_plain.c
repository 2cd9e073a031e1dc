// SPDX-License-Identifier: ISC
// Zone files that can be read in one way only: $ORIGIN and $TTL, and records of common types with owner, TTL, class,
// type and data in this order, without escapes in owners. Such a file is read once, by the reader of custom records.
// What has anything else, or anything wrong, is left to ldns and the second look (zonefile_reread.c), which say what
// they make of it; that takes three times as long, and most zones are plain.
#include "zonegen/maker.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "zonegen/rdata_text.h"

struct plain {
    const struct input_file *file;
    struct master_entry entry;
    struct name origin;
    struct name owner; // of the last record
    bool has_owner;
    uint32_t ttl; // of records that have none
    struct buf data;
    struct zone_file_record *records;
    size_t count, cap;
};

// ldns reads all fields of these types as they are meant, or refuses them.
static bool is_plain_type(uint16_t type)
{
    switch ((int)type) {
    case LDNS_RR_TYPE_A:
    case LDNS_RR_TYPE_AAAA:
    case LDNS_RR_TYPE_CAA:
    case LDNS_RR_TYPE_CNAME:
    case LDNS_RR_TYPE_MX:
    case LDNS_RR_TYPE_NS:
    case LDNS_RR_TYPE_PTR:
    case LDNS_RR_TYPE_SOA:
    case LDNS_RR_TYPE_SRV:
    case LDNS_RR_TYPE_SSHFP:
    case LDNS_RR_TYPE_TLSA:
    case LDNS_RR_TYPE_TXT:
        return true;
    default:
        return false;
    }
}

// ASCII without quotes and escapes.
static bool is_plain_word(const struct master_entry *entry, size_t word)
{
    if (word >= entry->count || entry->words[word].quoted)
        return false;
    for (const char *c = master_text(entry, word); *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80 || *c == '\\' || *c == '"')
            return false;
    return true;
}

// In capitals, as RFC 1035 §5.1 has them: ldns knows no others.
static bool take_directive(struct plain *plain)
{
    const struct master_entry *entry = &plain->entry;
    const char *text = master_text(entry, 0);
    if (entry->count != 2 || !is_plain_word(entry, 0) || !is_plain_word(entry, 1))
        return false;
    const char *value = master_text(entry, 1);
    if (strcmp(text, "$TTL") == 0)
        return rdata_duration(value, &plain->ttl) == STATUS_OK;
    size_t len = strlen(value);
    return strcmp(text, "$ORIGIN") == 0 && len > 0 && value[len - 1] == '.' &&
           name_from_text(value, &plain->origin, NULL) == STATUS_OK;
}

// Word 0, or nothing, where the line begins with a blank.
static bool take_owner(struct plain *plain)
{
    const struct master_entry *entry = &plain->entry;
    if (entry->follows)
        return plain->has_owner;
    plain->has_owner = is_plain_word(entry, 0) && rdata_name(master_text(entry, 0), &plain->origin,
                                                             &plain->owner, NULL) == STATUS_OK;
    return plain->has_owner;
}

static bool take_record(struct plain *plain)
{
    const struct master_entry *entry = &plain->entry;
    size_t at = entry->follows ? 0 : 1;
    uint32_t ttl = plain->ttl;
    if (!take_owner(plain))
        return false;
    if (is_plain_word(entry, at) && rdata_duration(master_text(entry, at), &ttl) == STATUS_OK)
        at++;
    if (is_plain_word(entry, at) && strcasecmp(master_text(entry, at), "IN") == 0)
        at++;
    uint16_t type = is_plain_word(entry, at) ? rdata_type(master_text(entry, at)) : 0;
    bool generic = at + 1 < entry->count && strcmp(master_text(entry, at + 1), "\\#") == 0;
    if (!is_plain_type(type) || generic)
        return false;
    struct rdata_words words = {entry, at + 1, entry->count, &plain->origin};
    ldns_rr *rr = NULL;
    buf_clear(&plain->data);
    if (rdata_read(type, &words, &plain->data, NULL) != STATUS_OK || plain->data.len > UINT16_MAX ||
        rdata_record(&plain->owner, type, ttl, &plain->data, &rr) != STATUS_OK)
        return false;
    plain->records = array_grow(plain->records, &plain->cap, plain->count, sizeof(*plain->records));
    plain->records[plain->count++] =
        (struct zone_file_record){rr, {plain->file->path, entry->line, entry->column}};
    return true;
}

static bool take_all(struct plain *plain)
{
    struct master_reader reader = master_reader(plain->file->octets, plain->file->len);
    bool good = reader.at == 0; // an editor's mark is a name for ldns
    while (good) {
        enum status status = master_next(&reader, &plain->entry, NULL);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND;
        bool directive = !plain->entry.follows && master_text(&plain->entry, 0)[0] == '$';
        good = directive ? take_directive(plain) : take_record(plain);
    }
    return false;
}

bool zone_file_plain(const struct input_file *file, const char *apex, uint32_t ttl,
                     struct zone_file_record **ret, size_t *ret_count)
{
    struct plain plain = {.file = file, .ttl = ttl};
    bool good = name_from_text(apex, &plain.origin, NULL) == STATUS_OK && take_all(&plain) &&
                plain.count > 0;
    master_entry_done(&plain.entry);
    buf_done(&plain.data);
    if (!good) {
        zone_file_records_free(plain.records, plain.count);
        return false;
    }
    *ret = plain.records;
    *ret_count = plain.count;
    return true;
}
