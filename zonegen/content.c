// SPDX-License-Identifier: ISC
// How records, gaps and notes get into a zone.
#include "zonegen/maker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "zonegen/record.h"
#include "zonegen/custom.h"
#include "zonegen/rdata_text.h"
#include "zonegen/record_index.h"

struct zone_maker zone_maker(const struct inputs *inputs, const struct zonegen_keys *keys,
                             const struct zone_target *target)
{
    struct zone_content *content = xcalloc(1, sizeof(*content));
    content->name = xstrdup(target->name);
    content->domain = target->domain;
    content->dnssec = target->dnssec;
    content->policy = target->policy;
    if (keys->offers != NULL)
        content->offer = offers_find(keys->offers, target->name);
    struct zone_maker maker = {
        .inputs = inputs,
        .config = inputs->config,
        .keys = keys,
        .target = target,
        .content = content,
        .index = record_index_new(),
    };
    maker_turn_to(&maker, target->domain);
    return maker;
}

void maker_turn_to(struct zone_maker *maker, const struct config_domain *domain)
{
    maker->domain = domain;
    maker->name = domain != NULL ? domain->name : maker->config->box.hostname;
    maker->ttl = domain != NULL ? domain->ttl : &maker->config->ttl;
}

void maker_done(struct zone_maker *maker)
{
    record_index_free(maker->index);
    gaps_done(&maker->gaps);
    owners_done(&maker->owners);
    custom_free(maker->custom);
    maker->index = NULL;
    maker->custom = NULL;
}

void zone_content_free(struct zone_content *content)
{
    if (content == NULL)
        return;
    for (size_t i = 0; i < content->record_count; i++) {
        ldns_rr_free(content->records[i].rr);
        free(content->records[i].missing);
        free(content->records[i].why);
    }
    for (size_t i = 0; i < content->note_count; i++) {
        free(content->notes[i].input);
        free(content->notes[i].text);
    }
    free(content->records);
    free(content->notes);
    free(content->name);
    free(content);
}

bool zone_note_holds(const struct zone_note *note, int64_t now)
{
    return now >= note->from && (note->until == 0 || now < note->until);
}

bool zone_note_repeats(const struct zone_content *content, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(content->notes[i].text, content->notes[index].text) == 0)
            return true;
    }
    return false;
}

bool name_text_under(const char *name, const char *ancestor)
{
    size_t name_len = strlen(name);
    size_t len = strlen(ancestor);
    if (name_len < len || strcmp(name + name_len - len, ancestor) != 0)
        return false;
    return name_len == len || name[name_len - len - 1] == '.';
}

const char *display_path(const struct config *config, const char *path)
{
    size_t len = strlen(config->directory);
    if (strncmp(path, config->directory, len) == 0 && path[len] == '/')
        return path + len + 1;
    return path;
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

// One line whatever a path or a certificate has in it: comments of the dump must not end early. Hardly any text has to
// be changed, and looking at a known number of octets is fast.
static char *one_line(char *text)
{
    size_t len = strlen(text);
    unsigned found = 0;
    for (size_t i = 0; i < len; i++)
        found |= is_control(text[i]);
    for (size_t i = 0; found != 0 && i < len; i++) {
        if (is_control(text[i]))
            text[i] = '?';
    }
    return text;
}

__attribute__((format(printf, 1, 0))) static char *format_line(const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        abort(); // as base/alloc.h does when memory ends
    return one_line(text);
}

static struct zone_record *new_record(struct zone_maker *maker)
{
    struct zone_content *content = maker->content;
    content->records = array_grow(content->records, &maker->record_cap, content->record_count,
                                  sizeof(*content->records));
    struct zone_record *record = &content->records[content->record_count++];
    *record = (struct zone_record){0};
    return record;
}

static void put_record(struct zone_maker *maker, ldns_rr *rr, const char *why)
{
    struct zone_record *record = new_record(maker);
    record->rr = rr;
    record->why = one_line(xstrdup(why));
}

void maker_take(struct zone_maker *maker, ldns_rr *rr, const char *why)
{
    record_index_add(maker->index, rr);
    put_record(maker, rr, why);
}

bool maker_take_new(struct zone_maker *maker, ldns_rr *rr, const char *why)
{
    if (!record_index_add(maker->index, rr))
        return false;
    put_record(maker, rr, why);
    return true;
}

static uint32_t ttl_of(const struct config_ttl *ttl, const char *type)
{
    const struct {
        const char *type;
        uint32_t seconds;
    } types[] = {
        {"SOA", ttl->soa}, {"NS", ttl->ns},   {"A", ttl->address}, {"AAAA", ttl->address},
        {"MX", ttl->mx},   {"TXT", ttl->txt}, {"TLSA", ttl->tlsa}, {"SSHFP", ttl->sshfp},
        {"SRV", ttl->srv}, {"CAA", ttl->caa},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].type, type) == 0)
            return types[i].seconds;
    }
    return ttl->standard;
}

// Takes what became of making a record.
static void add(struct zone_maker *maker, const char *owner, const char *type, const char *why,
                ldns_status status, ldns_rr *rr)
{
    if (status != LDNS_STATUS_OK) {
        struct zone_record *gap = new_record(maker);
        gap->missing = one_line(xasprintf("%s. %s", owner, type));
        gap->why = one_line(xasprintf("cannot be written: %s", ldns_get_errorstr_by_id(status)));
        maker_note(maker, true, NULL, "%s. %s cannot be written: %s", owner, type,
                   ldns_get_errorstr_by_id(status));
    } else if (custom_replaces(maker, rr) || !maker_take_new(maker, rr, why)) {
        ldns_rr_free(rr);
    }
}

__attribute__((format(printf, 5, 0))) static void add_line(struct zone_maker *maker,
                                                           const char *owner, const char *type,
                                                           const char *why, const char *format,
                                                           va_list args)
{
    ldns_rr *rr = NULL;
    char *line = strchr(format, '%') != NULL ? format_line(format, args) : NULL;
    const char *rdata = line != NULL ? line : format; // as it is, most often
    ldns_status status = record_make(owner, ttl_of(maker->ttl, type), type, rdata, &rr);
    free(line);
    add(maker, owner, type, why, status, rr);
}

void maker_add(struct zone_maker *maker, const char *owner, const char *type, const char *why,
               const char *rdata_format, ...)
{
    if (!target_holds(maker->target, owner))
        return;
    va_list args;
    va_start(args, rdata_format);
    add_line(maker, owner, type, why, rdata_format, args);
    va_end(args);
}

void maker_add_text(struct zone_maker *maker, const char *owner, const char *why,
                    const char *format, ...)
{
    if (!target_holds(maker->target, owner))
        return;
    va_list args;
    va_start(args, format);
    char *line = strchr(format, '%') != NULL ? format_line(format, args) : NULL;
    va_end(args);
    ldns_rr *rr = NULL;
    ldns_status status =
        record_make_text(owner, maker->ttl->txt, line != NULL ? line : format, &rr);
    free(line);
    add(maker, owner, "TXT", why, status, rr);
}

void maker_add_cut(struct zone_maker *maker, const char *owner, const char *type, const char *why,
                   const char *rdata_format, ...)
{
    va_list args;
    va_start(args, rdata_format);
    add_line(maker, owner, type, why, rdata_format, args);
    va_end(args);
}

void maker_missing(struct zone_maker *maker, const char *owner, const char *type,
                   const char *why_format, ...)
{
    if (!name_text_under(owner, maker->target->name) || custom_has(maker, owner, type))
        return;
    va_list args;
    va_start(args, why_format);
    char *why = format_line(why_format, args);
    va_end(args);
    char *missing = one_line(xasprintf("%s. %s", owner, type));
    struct zone_content *content = maker->content;
    *new_record(maker) = (struct zone_record){.missing = missing, .why = why};
    if (gaps_add(&maker->gaps, content->records, content->record_count - 1))
        return;
    content->record_count--; // it is said already
    free(missing);
    free(why);
}

struct zone_note *maker_note(struct zone_maker *maker, bool error, const char *input,
                             const char *format, ...)
{
    struct zone_content *content = maker->content;
    content->notes =
        array_grow(content->notes, &maker->note_cap, content->note_count, sizeof(*content->notes));
    struct zone_note *note = &content->notes[content->note_count++];
    va_list args;
    va_start(args, format);
    *note = (struct zone_note){
        .error = error,
        .input = input != NULL ? xstrdup(input) : NULL,
        .text = format_line(format, args),
    };
    va_end(args);
    return note;
}

char *record_title(const ldns_rr *rr)
{
    char *owner = ldns_rdf2str(ldns_rr_owner(rr));
    char type[16];
    char *title = xasprintf("%s %s", owner, rdata_type_name((uint16_t)ldns_rr_get_type(rr), type));
    free(owner);
    return title;
}

#define TOLD_MAX 50 // of a kind; a file that is wrong throughout is not worth more lines

struct error zone_place_words(const struct zone_place *place, const char *words)
{
    struct error err = {0};
    if (place->file == NULL)
        error_set(&err, STATUS_SYNTAX, "%s", words);
    else if (place->column > 0)
        error_set(&err, STATUS_SYNTAX, "%s:%u:%u: %s", place->file, place->line, place->column,
                  words);
    else if (place->line > 0)
        error_set(&err, STATUS_SYNTAX, "%s:%u: %s", place->file, place->line, words);
    else
        error_set(&err, STATUS_SYNTAX, "%s: %s", place->file, words);
    return err;
}

void maker_refuse(struct zone_maker *maker, const struct zone_place *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *words = format_line(format, args);
    va_end(args);
    struct error err = zone_place_words(place, words);
    free(words);
    if (maker->refused++ == 0)
        maker->refusal = err;
    if (maker->refused <= TOLD_MAX)
        maker_note(maker, true, NULL, "%s", err.text);
    else if (maker->refused == TOLD_MAX + 1)
        maker_note(maker, true, NULL, "and more like this");
}

struct zone_place config_zone_place(const struct config *config, const struct config_place *place)
{
    return (struct zone_place){
        .file = place->file < config->file_count ? config->files[place->file].path : config->path,
        .line = place->line,
        .column = place->column,
    };
}

void maker_note_input(struct zone_maker *maker, const struct config_place *place, const char *path,
                      const char *words)
{
    struct zone_place where = config_zone_place(maker->config, place);
    if (where.line == 0)
        where.file = NULL;
    maker_note(maker, true, path, "%s", zone_place_words(&where, words).text);
}

void maker_remark(struct zone_maker *maker, const struct zone_place *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *words = format_line(format, args);
    va_end(args);
    if (maker->remarks++ < TOLD_MAX)
        maker_note(maker, false, place->file, "%s", zone_place_words(place, words).text);
    else if (maker->remarks == TOLD_MAX + 1)
        maker_note(maker, false, place->file, "and more like this");
    free(words);
}
