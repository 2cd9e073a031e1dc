// SPDX-License-Identifier: ISC
#include "resolver/records.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/types.h"

// Words of a record: an RSA key of 4096 bits in lines of 64 characters has 11.
#define WORDS_MAX 128
// A DNSKEY's rdata has 4 octets in front of a key of at most 1026 (RSA of 4096 bits with a long exponent), in base64.
#define RDATA_MAX 2048

struct word {
    const char *text;
    size_t len;
};

struct reader {
    const char *name;
    const char *at;
    const char *end;
    unsigned line;
    struct word words[WORDS_MAX];
    size_t count;
    struct word remark;
    bool indented; // the record's first line begins with a blank
};

static enum status complain(const struct reader *reader, struct error *err, const char *words)
{
    return error_set(err, STATUS_SYNTAX, "%s:%u: %s", reader->name, reader->line, words);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct word trimmed(const char *from, const char *to)
{
    while (from < to && (*from == ';' || is_blank(*from)))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    return (struct word){from, (size_t)(to - from)};
}

static char *copy_word(struct word word)
{
    char *copy = xmalloc(word.len + 1);
    memcpy(copy, word.text, word.len);
    copy[word.len] = '\0';
    return copy;
}

static const char *line_end(const struct reader *reader)
{
    const char *end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    return end != NULL ? end : reader->end;
}

// ── Text to words ────────────────────────────────────────────────────────────────────────────────

// Reads the words of one line. Brackets that open or close change *depth.
static enum status read_line(struct reader *reader, unsigned *depth, struct error *err)
{
    const char *end = line_end(reader);
    while (reader->at < end) {
        char c = *reader->at;
        if (is_blank(c)) {
            reader->at++;
        } else if (c == ';') {
            reader->remark = trimmed(reader->at, end);
            reader->at = end;
        } else if (c == '(' || c == ')') {
            if ((c == '(') == (*depth == 1))
                return complain(reader, err, "brackets do not match");
            *depth = c == '(';
            reader->at++;
        } else {
            const char *from = reader->at;
            while (reader->at < end && !is_blank(*reader->at) && strchr(";()", *reader->at) == NULL)
                reader->at++;
            if (reader->at == from) // strchr finds NUL too
                return complain(reader, err, "an octet 0");
            if (reader->count == WORDS_MAX)
                return complain(reader, err, "a record of too many words");
            reader->words[reader->count++] = (struct word){from, (size_t)(reader->at - from)};
        }
    }
    return STATUS_OK;
}

// Reads lines up to the end of a record, or one that has none: then count is 0.
static enum status read_words(struct reader *reader, struct error *err)
{
    unsigned depth = 0;
    reader->count = 0;
    reader->indented = reader->at < reader->end && is_blank(*reader->at);
    do {
        reader->line++;
        reader->remark = (struct word){NULL, 0};
        enum status status = read_line(reader, &depth, err);
        if (status != STATUS_OK)
            return status;
        if (reader->at < reader->end)
            reader->at++; // the end of the line
    } while (depth > 0 && reader->at < reader->end);
    return depth > 0 ? complain(reader, err, "a bracket is not closed") : STATUS_OK;
}

// ── Words to records ─────────────────────────────────────────────────────────────────────────────

static bool word_is(struct word word, const char *text)
{
    return word.len == strlen(text) && strncasecmp(word.text, text, word.len) == 0;
}

static bool word_number(struct word word, unsigned long most, unsigned long *ret)
{
    unsigned long value = 0;
    if (word.len == 0 || word.len > 10)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.text[i] < '0' || word.text[i] > '9')
            return false;
        value = value * 10 + (unsigned long)(word.text[i] - '0');
    }
    *ret = value;
    return value <= most;
}

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

// Appends the octets of a base64 text (RFC 4648 §4), padding and all.
static bool base64_decode(const char *text, size_t len, struct buf *ret)
{
    if (len == 0 || len % 4 != 0)
        return false;
    size_t padding = text[len - 1] == '=' ? (text[len - 2] == '=' ? 2 : 1) : 0;
    for (size_t i = 0; i < len; i += 4) {
        uint32_t octets = 0;
        size_t missing = i + 4 == len ? padding : 0;
        for (size_t k = 0; k < 4; k++) {
            int value = k >= 4 - missing ? 0 : base64_value(text[i + k]);
            if (value < 0)
                return false;
            octets = octets << 6 | (uint32_t)value;
        }
        for (size_t k = 0; k < 3 - missing; k++)
            buf_put_u8(ret, (uint8_t)(octets >> (16 - 8 * k)));
    }
    return true;
}

// RFC 4034 appendix B (RSAMD5, the exception there, has been out of use for long: RFC 6725).
static uint16_t key_tag(const struct buf *rdata)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < rdata->len; i++)
        sum += i & 1 ? rdata->data[i] : (uint32_t)rdata->data[i] << 8;
    sum += sum >> 16 & 0xffff;
    return (uint16_t)sum;
}

// The words from first on, joined, into text; false when they are too long.
static bool join(const struct reader *reader, size_t first, struct buf *text)
{
    for (size_t i = first; i < reader->count; i++)
        buf_put(text, reader->words[i].text, reader->words[i].len);
    return text->len <= RDATA_MAX;
}

static enum status read_dnskey(const struct reader *reader, size_t at, struct record *record,
                               struct error *err)
{
    unsigned long numbers[3];
    struct buf key = {0};
    struct buf rdata = {0};
    bool good = reader->count > at + 3 && join(reader, at + 3, &key) &&
                word_number(reader->words[at], 0xffff, &numbers[0]) &&
                word_number(reader->words[at + 1], 3, &numbers[1]) &&
                numbers[1] == 3 && // RFC 4034 §2.1.2
                word_number(reader->words[at + 2], 0xff, &numbers[2]);
    if (good) {
        buf_put_u16(&rdata, (uint16_t)numbers[0]);
        buf_put_u8(&rdata, (uint8_t)numbers[1]);
        buf_put_u8(&rdata, (uint8_t)numbers[2]);
        good = base64_decode((const char *)key.data, key.len, &rdata);
    }
    if (good) {
        record->flags = (uint16_t)numbers[0];
        record->algorithm = (uint8_t)numbers[2];
        record->tag = key_tag(&rdata);
        record->text = xasprintf("%lu 3 %lu %s", numbers[0], numbers[2], buf_text(&key));
    }
    buf_done(&key);
    buf_done(&rdata);
    return good ? STATUS_OK
                : complain(reader, err, "not a DNSKEY (flags, 3, algorithm, key in base64)");
}

static enum status read_ds(const struct reader *reader, size_t at, struct record *record,
                           struct error *err)
{
    unsigned long numbers[3];
    struct buf digest = {0};
    bool good = reader->count > at + 3 && join(reader, at + 3, &digest) &&
                word_number(reader->words[at], 0xffff, &numbers[0]) &&
                word_number(reader->words[at + 1], 0xff, &numbers[1]) &&
                word_number(reader->words[at + 2], 0xff, &numbers[2]) && digest.len % 2 == 0 &&
                strspn(buf_text(&digest), "0123456789abcdefABCDEF") == digest.len;
    if (good) {
        record->tag = (uint16_t)numbers[0];
        record->algorithm = (uint8_t)numbers[1];
        record->digest = (uint8_t)numbers[2];
        record->text = xasprintf("%lu %lu %lu %s", numbers[0], numbers[1], numbers[2],
                                 (const char *)digest.data);
    }
    buf_done(&digest);
    return good ? STATUS_OK
                : complain(reader, err, "not a DS (tag, algorithm, digest type, digest in hex)");
}

static enum status read_owner(const struct reader *reader, struct name *ret, struct error *err)
{
    struct word word = reader->words[0];
    char text[NAME_TEXT_MAX];
    struct error reason = {0};
    if (reader->indented || word.text[0] == '$' || word.text[0] == '@' ||
        word.len >= sizeof(text) || word.text[word.len - 1] != '.')
        return complain(reader, err, "the owner has to be written out, with its last dot");
    memcpy(text, word.text, word.len);
    text[word.len] = '\0';
    if (name_from_text(text, ret, &reason) != STATUS_OK)
        return complain(reader, err, reason.text);
    for (size_t i = 0; i < ret->len; i++) // length octets are below 64 and so no letters
        ret->wire[i] = name_lower(ret->wire[i]);
    return STATUS_OK;
}

static enum status read_record(const struct reader *reader, struct record *record,
                               struct error *err)
{
    unsigned long ttl;
    size_t at = 1;
    enum status status = read_owner(reader, &record->owner, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < 2 && at < reader->count; i++) // TTL and class in either order
        if (word_is(reader->words[at], "IN") || word_number(reader->words[at], UINT32_MAX, &ttl))
            at++;
    if (at < reader->count && word_is(reader->words[at], "DNSKEY")) {
        record->type = RR_TYPE_DNSKEY;
        status = read_dnskey(reader, at + 1, record, err);
    } else if (at < reader->count && word_is(reader->words[at], "DS")) {
        record->type = RR_TYPE_DS;
        status = read_ds(reader, at + 1, record, err);
    } else {
        return complain(reader, err, "neither a DNSKEY nor a DS record");
    }
    if (status == STATUS_OK && reader->remark.len > 0)
        record->remark = copy_word(reader->remark);
    return status;
}

static enum status tell_comment(const struct reader *reader, const struct records_comment *comment,
                                struct error *err)
{
    struct error reason = {0};
    char *text = copy_word(reader->remark);
    enum status status = comment->call(comment->data, text, &reason);
    free(text);
    return status == STATUS_OK ? STATUS_OK : complain(reader, err, reason.text);
}

enum status records_read(const char *name, const struct buf *text,
                         const struct records_comment *comment, struct records *ret,
                         struct error *err)
{
    const char *from = text->len > 0 ? (const char *)text->data : "";
    struct reader reader = {.name = name, .at = from, .end = from + text->len};
    while (reader.at < reader.end) {
        enum status status = read_words(&reader, err);
        struct record record = {0};
        if (status == STATUS_OK && reader.count > 0) {
            status = read_record(&reader, &record, err);
            if (status == STATUS_OK && ret->count == RECORDS_MAX) {
                free(record.text);
                free(record.remark);
                return error_set(err, STATUS_RANGE, "%s: more than %d records", name, RECORDS_MAX);
            }
            if (status == STATUS_OK) {
                ret->list = array_grow(ret->list, &ret->cap, ret->count, sizeof(*ret->list));
                ret->list[ret->count++] = record;
            }
        } else if (status == STATUS_OK && comment != NULL && reader.remark.text != NULL) {
            status = tell_comment(&reader, comment, err);
        }
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

// ── Lists of them ────────────────────────────────────────────────────────────────────────────────

static int record_compare(const void *a, const void *b)
{
    const struct record *left = a;
    const struct record *right = b;
    int order = name_compare(left->owner.wire, right->owner.wire);
    if (order == 0)
        order = (int)left->type - (int)right->type;
    return order != 0 ? order : strcmp(left->text, right->text);
}

bool record_equal(const struct record *a, const struct record *b)
{
    return record_compare(a, b) == 0;
}

static void record_done(struct record *record)
{
    free(record->text);
    free(record->remark);
}

void records_sort(struct records *records)
{
    size_t kept = 0;
    if (records->count > 1)
        qsort(records->list, records->count, sizeof(*records->list), record_compare);
    for (size_t i = 0; i < records->count; i++) {
        if (kept > 0 && record_equal(&records->list[kept - 1], &records->list[i]))
            record_done(&records->list[i]);
        else
            records->list[kept++] = records->list[i];
    }
    records->count = kept;
}

void records_add(struct records *records, const struct record *record)
{
    records->list =
        array_grow(records->list, &records->cap, records->count, sizeof(*records->list));
    struct record *copy = &records->list[records->count++];
    *copy = *record;
    copy->text = xstrdup(record->text);
    copy->remark = record->remark != NULL ? xstrdup(record->remark) : NULL;
}

void records_done(struct records *records)
{
    for (size_t i = 0; i < records->count; i++)
        record_done(&records->list[i]);
    free(records->list);
    *records = (struct records){0};
}

void owner_print(const uint8_t *wire, struct buf *ret)
{
    if (wire[0] == 0)
        buf_put_u8(ret, '.');
    for (; wire[0] != 0; wire += 1 + wire[0]) {
        for (uint8_t i = 1; i <= wire[0]; i++) {
            uint8_t c = wire[i];
            if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '-' || c == '_')
                buf_put_u8(ret, c);
            else
                buf_printf(ret, "\\%03u", c);
        }
        buf_put_u8(ret, '.');
    }
}

void record_print(const struct record *record, struct buf *ret)
{
    owner_print(record->owner.wire, ret);
    buf_printf(ret, " IN %s %s", record->type == RR_TYPE_DS ? "DS" : "DNSKEY", record->text);
}
