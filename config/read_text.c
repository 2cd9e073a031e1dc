// SPDX-License-Identifier: ISC
// Single values: by the type of their option into its place.
#include <stdlib.h>
#include <string.h>

#include "config/read_parts.h"
#include "config/values.h"

static enum status store_yes_no(const struct option *row, const char *text, bool *ret,
                                struct error *err)
{
    if (value_is_yes_no(text, ret))
        return STATUS_OK;
    const struct option *first = row->type == OPTION_SWITCH ? options_at(row->section, 0) : NULL;
    if (first == NULL)
        return error_set(err, STATUS_SYNTAX, "neither yes nor no; write one of them");
    return error_set(err, STATUS_SYNTAX,
                     "neither yes nor no; write one of them or a mapping, such as %s: {%s: …}",
                     row->name, first->name);
}

static enum status store_either(const struct option *row, const char *text, bool *ret,
                                struct error *err)
{
    unsigned word;
    enum status status = value_word(text, row->words, &word, err);
    if (status == STATUS_OK)
        *ret = word == 1;
    return status;
}

static enum status store_domain(struct arena *arena, const char *text, struct config_domain *domain,
                                struct error *err)
{
    enum status status = value_zone_name(arena, text, &domain->name, err);
    if (status == STATUS_OK && !value_is_ascii(text))
        domain->unicode = arena_text(arena, text);
    return status;
}

static enum status store_algorithm(const struct option *row, const char *text, uint8_t *ret,
                                   struct error *err)
{
    unsigned word;
    enum status status = value_word(text, row->words, &word, err);
    if (status == STATUS_OK)
        *ret = row->numbers[word];
    return status;
}

static enum status store_dnssec(const struct option *row, const char *text, unsigned *ret,
                                struct error *err)
{
    char quoted[VALUE_QUOTE_MAX], known[VALUE_WORDS_MAX];
    if (value_word(text, row->words, ret, NULL) == STATUS_OK)
        return STATUS_OK;
    if (strcmp(text, "presigned") == 0)
        return error_set(err, STATUS_SYNTAX,
                         "only what is in a zone file can be signed already; write it at the "
                         "domain that has one, and yes, no or a mapping here");
    return error_set(err, STATUS_SYNTAX,
                     "%s is not known here; write %s, or a mapping such as dnssec: {%s: …}",
                     value_quote(text, quoted), value_words(row->words, known),
                     options_at(row->section, 0)->name);
}

// Numbers and words.
static enum status store_number(const struct option *row, const char *text, void *target,
                                struct error *err)
{
    switch (row->type) {
    case OPTION_NUMBER:
        return value_number(text, row->min, row->max, target, err);
    case OPTION_LIMIT:
        return value_limit(text, row->min, row->max, target, err);
    case OPTION_SECONDS:
        return value_seconds(text, row->min, row->max, target, err);
    case OPTION_LIFETIME:
        return value_lifetime(text, row->min, row->max, target, err);
    case OPTION_MILLISECONDS:
        return value_milliseconds(text, row->min, row->max, target, err);
    case OPTION_WORD:
        return value_word(text, row->words, target, err);
    case OPTION_EITHER:
        return store_either(row, text, target, err);
    case OPTION_DNSSEC:
        return store_dnssec(row, text, target, err);
    case OPTION_ALGORITHM:
        return store_algorithm(row, text, target, err);
    case OPTION_SWITCH:
    case OPTION_YES_NO:
        return store_yes_no(row, text, target, err);
    default:
        abort(); // lists and sections have no text
    }
}

enum status store_text(const struct reader *reader, const struct option *row, const char *text,
                       void *base, struct error *err)
{
    struct arena *arena = &reader->config->arena;
    void *target = SLOT_AT(base, row->target, void);
    switch (row->type) {
    case OPTION_HOST_NAME:
        return value_host_name(arena, text, target, err);
    case OPTION_DOMAIN_NAME:
        return store_domain(arena, text, base, err);
    case OPTION_OWNER_NAME:
        return value_owner(arena, text, target, err);
    case OPTION_SELECTOR:
        return value_selector(arena, text, target, err);
    case OPTION_SERVICE:
        return value_service(arena, text, target, err);
    case OPTION_RECORD_TYPE:
        return value_record_type(arena, text, target, err);
    case OPTION_TEXT:
        *(char **)target = arena_text(arena, text);
        return STATUS_OK;
    case OPTION_RECORD_LINE:
        return value_record_line(arena, text, target, err);
    case OPTION_PATH:
        return value_path(arena, text, reader->config->directory, target, err);
    case OPTION_USER:
        return value_user(arena, text, target, err);
    case OPTION_GROUP:
        return value_group(arena, text, target, err);
    case OPTION_TOLD:
        return value_told(arena, text, target, err);
    case OPTION_COMMAND:
        return value_command(arena, text, target, err);
    default:
        return store_number(row, text, target, err);
    }
}
