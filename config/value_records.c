// SPDX-License-Identifier: ISC
// The shapes of custom records. What they mean is for zonegen, which has a parser of every type.
#include "config/values.h"

#include <string.h>
#include <strings.h>

// The first control character (also line ends), or NULL.
static const char *find_control(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return text;
    return NULL;
}

static enum status check_line(const char *text, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    const char *control = find_control(text);
    if (control != NULL && *control == '\n')
        return error_set(err, STATUS_SYNTAX,
                         "more than one line; write each record as an item of its own, or a "
                         "`records-file`");
    if (control != NULL)
        return error_set(err, STATUS_SYNTAX, "%s has a control character in it; write \\DDD",
                         value_quote(text, quoted));
    if (text[strspn(text, " \t")] == '\0' || text[strspn(text, " \t")] == ';')
        return error_set(err, STATUS_SYNTAX,
                         "nothing is written here; write a record, or take the "
                         "line out");
    return STATUS_OK;
}

// ── Words of a line ──────────────────────────────────────────────────────────────────────────────

// The octets of the word at text, which may be in quotes; a backslash takes the next octet.
static size_t word_len(const char *text)
{
    bool quoted = text[0] == '"';
    size_t len = quoted ? 1 : 0;
    for (; text[len] != '\0'; len++) {
        if (text[len] == '\\' && text[len + 1] != '\0')
            len++;
        else if (quoted ? text[len] == '"' : strchr(" \t\"", text[len]) != NULL)
            break;
    }
    return quoted && text[len] == '"' ? len + 1 : len;
}

static bool word_is(const char *word, size_t len, const char *wanted)
{
    return len == strlen(wanted) && strncasecmp(word, wanted, len) == 0;
}

// Names become A-labels word by word. Texts stay: what is in quotes, and what follows a type that holds texts.
static enum status to_ascii_line(struct arena *arena, const char *text, char **ret,
                                 struct error *err)
{
    struct buf line = {0};
    enum status status = STATUS_OK;
    bool texts = false;
    for (const char *at = text; *at != '\0' && status == STATUS_OK;) {
        size_t blanks = strspn(at, " \t");
        buf_put(&line, at, blanks);
        at += blanks;
        size_t len = word_len(at);
        texts = texts || word_is(at, len, "TXT") || word_is(at, len, "SPF") ||
                word_is(at, len, "HINFO");
        char *word = arena_printf(arena, "%.*s", (int)len, at);
        if (!texts && word[0] != '"')
            status = value_to_ascii(arena, word, &word, err);
        buf_put_text(&line, word);
        at += len;
    }
    if (status == STATUS_OK)
        *ret = arena_text(arena, buf_text(&line));
    buf_done(&line);
    return status;
}

enum status value_record_data(struct arena *arena, const char *text, char **ret, struct error *err)
{
    enum status status = check_line(text, err);
    if (status != STATUS_OK)
        return status;
    if (!value_is_ascii(text))
        return to_ascii_line(arena, text, ret, err);
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

enum status value_record_line(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    if (text[0] == ' ' || text[0] == '\t')
        return error_set(
            err, STATUS_SYNTAX,
            "the line begins with a blank; begin with a name, @ for the domain itself");
    if (text[0] == '$')
        return error_set(err, STATUS_SYNTAX,
                         "%s is a directive; write records here, or a `records-file`",
                         value_quote(text, quoted));
    enum status status = check_line(text, err);
    if (status != STATUS_OK)
        return status;
    size_t name = word_len(text);
    if (text[name + strspn(text + name, " \t")] == '\0')
        return error_set(err, STATUS_SYNTAX, "%s has no type and data; write NAME TYPE DATA",
                         value_quote(text, quoted));
    return value_record_data(arena, text, ret, err);
}

// ── Parts ────────────────────────────────────────────────────────────────────────────────────────

enum status value_owner(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    enum status status = check_line(text, err);
    if (status == STATUS_OK && word_len(text) != strlen(text))
        status = error_set(err, STATUS_SYNTAX, "%s is more than a name; write the name alone",
                           value_quote(text, quoted));
    if (status == STATUS_OK)
        status = value_to_ascii(arena, text, ret, err);
    return status;
}

enum status value_record_type(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    size_t len = strlen(text);
    bool fine = len > 0 && len <= 20 && !(text[0] >= '0' && text[0] <= '9');
    for (size_t i = 0; fine && i < len; i++)
        fine = value_is_alphanumeric(text[i]) || text[i] == '-';
    if (!fine)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no type of records; write one such as CNAME or TYPE64",
                         value_quote(text, quoted));
    char *type = arena_text(arena, text);
    for (size_t i = 0; i < len; i++)
        if (type[i] >= 'a' && type[i] <= 'z')
            type[i] = (char)(type[i] - 'a' + 'A');
    *ret = type;
    return STATUS_OK;
}
