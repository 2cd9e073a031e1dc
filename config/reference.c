// SPDX-License-Identifier: ISC
// What there is to know of options, from their table: for a terminal, and for the manual page.
#include <stdio.h>
#include <string.h>

#include "config/options.h"
#include "config/schema.h"
#include "config/values.h"

#define COLUMNS 80

// ── What a value is ──────────────────────────────────────────────────────────────────────────────

static void put_bounds(struct buf *ret, const struct option *row)
{
    char from[VALUE_DURATION_MAX], to[VALUE_DURATION_MAX];
    uint64_t unit = row->type == OPTION_MILLISECONDS ? 1 : 1000;
    if (row->type == OPTION_NUMBER || row->type == OPTION_LIMIT)
        buf_printf(ret, "a number, %u to %u", row->min, row->max);
    else
        buf_printf(ret, "a time, %s to %s", value_duration(row->min * unit, from),
                   value_duration(row->max * unit, to));
    if (row->type == OPTION_LIFETIME)
        buf_put_text(ret, ", or never");
    if (row->type == OPTION_LIMIT)
        buf_put_text(ret, ", or no");
}

static const char *item_text(enum option_type type)
{
    switch (type) {
    case OPTION_ADDRESSES:
        return "IP addresses";
    case OPTION_LISTEN:
    case OPTION_LISTEN_LOCAL:
    case OPTION_LISTEN_TLS:
    case OPTION_LISTEN_METRICS:
        return "IP addresses with ports";
    case OPTION_FORWARD:
        return "resolvers";
    case OPTION_PORTS:
        return "ports";
    case OPTION_PATHS:
        return "files";
    case OPTION_PATTERNS:
        return "patterns of files";
    case OPTION_RELAYS:
        return "mechanisms of SPF";
    case OPTION_REPORTS:
        return "mail addresses or URIs";
    case OPTION_ISSUERS:
        return "CAs";
    case OPTION_ACCOUNTS:
        return "https: URIs";
    case OPTION_NAMESERVERS:
        return "names or mappings";
    case OPTION_SERVICES:
        return "services or mappings";
    case OPTION_RECORDS:
        return "records or mappings";
    case OPTION_DOMAINS:
        return "domains or mappings";
    default:
        return "values";
    }
}

static const char *single_text(enum option_type type)
{
    switch (type) {
    case OPTION_SECTION:
        return "a mapping";
    case OPTION_SWITCH:
        return "yes, no or a mapping";
    case OPTION_CAA:
        return "no, automatic, CAs or a mapping";
    case OPTION_YES_NO:
        return "yes or no";
    case OPTION_HOST_NAME:
    case OPTION_DOMAIN_NAME:
    case OPTION_OWNER_NAME:
        return "a name";
    case OPTION_SELECTOR:
        return "labels";
    case OPTION_PATH:
        return "a file or directory";
    case OPTION_USER:
        return "a user";
    case OPTION_GROUP:
        return "a group";
    case OPTION_COMMAND:
        return "a command";
    case OPTION_TOLD:
        return "no, or a text";
    default:
        return "a text";
    }
}

static void put_kind(struct buf *ret, const struct option *row)
{
    char words[VALUE_WORDS_MAX];
    if (row->type == OPTION_FLAGS)
        buf_printf(ret, "a list of %s", value_words(row->words, words));
    else if (row->words != NULL)
        buf_printf(ret, "%s%s", value_words(row->words, words),
                   row->type == OPTION_DNSSEC ? ", or a mapping" : "");
    else if (option_is_list(row))
        buf_printf(ret, "%sa list of %s", row->takes_no ? "no, or " : "", item_text(row->type));
    else if (row->type >= OPTION_NUMBER && row->type <= OPTION_MILLISECONDS)
        put_bounds(ret, row);
    else
        buf_put_text(ret, single_text(row->type));
}

// ── For a terminal ───────────────────────────────────────────────────────────────────────────────

// Words of the text, filled into lines that begin at the column; the first line is there up to `column` already.
static void put_filled(struct buf *ret, size_t column, const char *text)
{
    size_t at = column;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (at > column && at + 1 + len > COLUMNS) {
            buf_printf(ret, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            buf_put_u8(ret, ' ');
            at++;
        }
        buf_put(ret, text, len);
        at += len;
        text += len + strspn(text + len, " ");
    }
    buf_put_u8(ret, '\n');
}

static void put_line(struct buf *ret, const char *path, const char *help)
{
    static const size_t column = 32;
    size_t len = strlen(path);
    buf_put_text(ret, path);
    if (len + 1 > column)
        buf_printf(ret, "\n%*s", (int)column, "");
    else
        buf_printf(ret, "%*s", (int)(column - len), "");
    put_filled(ret, column, help);
}

static void put_lines(struct buf *ret, const struct section *section, const char *path)
{
    char below[OPTION_PATH_MAX];
    const struct option *row;
    for (size_t i = 0; (row = options_at(section, i)) != NULL; i++) {
        if (row->type == OPTION_LATER)
            continue;
        snprintf(below, sizeof(below), "%s%s%s", path, path[0] != '\0' ? "." : "", row->name);
        put_line(ret, below, row->help);
        if (row->section != NULL)
            put_lines(ret, row->section, below);
    }
}

static void put_option(struct buf *ret, const struct option *row, const char *path)
{
    struct buf kind = {0};
    put_kind(&kind, row);
    buf_printf(ret, "%s: %s%s\n    ", path, buf_text(&kind), row->required ? ", required" : "");
    put_filled(ret, 4, row->help);
    if (row->more != NULL) {
        buf_put_text(ret, "    ");
        put_filled(ret, 4, row->more);
    }
    if (row->standard != NULL)
        buf_printf(ret, "    Default: %s\n", row->standard);
    if (row->section != NULL) {
        buf_put_u8(ret, '\n');
        put_lines(ret, row->section, path);
    }
    buf_done(&kind);
}

static enum status refuse(const struct section *section, const char *name, const char *key,
                          struct error *err)
{
    char near[OPTION_PATH_MAX], quoted[VALUE_QUOTE_MAX];
    value_quote(key, quoted);
    if (options_suggest(section, name, near) != NULL)
        return error_set(err, STATUS_NOT_FOUND, "there is no option %s; did you mean \"%.*s%s\"?",
                         quoted, strchr(near, '.') != NULL ? 0 : (int)(strlen(key) - strlen(name)),
                         key, near);
    return error_set(err, STATUS_NOT_FOUND,
                     "there is no option %s; without a name, all of them are listed", quoted);
}

enum status config_reference_text(const char *key, struct buf *ret, struct error *err)
{
    if (key == NULL) {
        put_lines(ret, &options_top, "");
        return STATUS_OK;
    }
    const struct section *section = &options_top;
    const struct option *row = NULL;
    for (const char *at = key; row == NULL || *at != '\0';) {
        char name[OPTION_PATH_MAX];
        size_t len = strcspn(at, ".");
        snprintf(name, sizeof(name), "%.*s", len < sizeof(name) ? (int)len : 0, at);
        int found = section != NULL ? options_find(section, name) : -1;
        row = found >= 0 ? options_at(section, (size_t)found) : NULL;
        if (row != NULL && row->type == OPTION_LATER)
            return error_set(err, STATUS_NOT_FOUND, "%s: not available in this version", key);
        if (row == NULL)
            return refuse(section != NULL ? section : &options_top, at, key, err);
        section = row->section;
        at += len + (at[len] == '.' && at[len + 1] != '\0' ? 1 : 0);
    }
    put_option(ret, row, key);
    return STATUS_OK;
}

// ── For the manual ───────────────────────────────────────────────────────────────────────────────

#define SECTIONS_MAX 32 // more than the table has

// Sections that were described already, and where.
struct manual {
    struct buf *ret;
    const struct section *seen[SECTIONS_MAX];
    bool partial[SECTIONS_MAX]; // there are others at that path
    char path[SECTIONS_MAX][OPTION_PATH_MAX];
    size_t count;
};

// A text as roff: what is in `…` in bold, each sentence of it on the same line.
static void put_roff(struct buf *ret, const char *text)
{
    bool bold = false;
    if (text[0] == '.' || text[0] == '\'')
        buf_put_text(ret, "\\&");
    for (; *text != '\0'; text++) {
        if (*text == '`') {
            bold = !bold;
            buf_put_text(ret, bold ? "\\fB" : "\\fR");
        } else if (*text == '\\') {
            buf_put_text(ret, "\\e");
        } else if (*text == '"') {
            buf_put_text(ret, "\\(dq");
        } else {
            buf_put_u8(ret, (uint8_t)*text);
        }
    }
}

// With a capital letter, unless it begins with a word of the configuration ("no: …").
static void put_sentence(struct buf *ret, const char *text)
{
    bool is_word = text[strcspn(text, ": ")] == ':';
    if (text[0] >= 'a' && text[0] <= 'z' && !is_word)
        buf_put_u8(ret, (uint8_t)(*text++ - 'a' + 'A'));
    put_roff(ret, text);
    buf_put_text(ret, ".\n");
}

static void put_about(struct buf *ret, const struct option *row)
{
    struct buf kind = {0};
    put_kind(&kind, row);
    put_sentence(ret, row->help);
    if (row->more != NULL) {
        put_roff(ret, row->more);
        buf_put_u8(ret, '\n');
    }
    buf_put_text(ret, row->required ? "Must be given: " : "Takes ");
    put_roff(ret, buf_text(&kind));
    if (row->standard != NULL) {
        buf_put_text(ret, "; default: \\fB");
        put_roff(ret, row->standard);
        buf_put_text(ret, "\\fR");
    }
    buf_put_text(ret, ".\n");
    buf_done(&kind);
}

// Names the options of a section that was described already. False: it was not.
static bool put_seen(const struct manual *manual, const struct section *section)
{
    size_t at = 0;
    while (at < manual->count && manual->seen[at] != section)
        at++;
    if (at == manual->count)
        return false;
    if (!manual->partial[at]) {
        buf_printf(manual->ret, "Its options are those of\n.Ic %s .\n", manual->path[at]);
        return true;
    }
    buf_printf(manual->ret, "Of the options of\n.Ic %s\nit has\n", manual->path[at]);
    const struct option *row;
    const char *before = "";
    for (size_t i = 0; (row = options_at(section, i)) != NULL; i++) {
        if (row->type == OPTION_LATER)
            continue;
        buf_printf(manual->ret, "%s.Ic %s", before, row->name);
        before = " ,\n";
    }
    buf_put_text(manual->ret, " .\n");
    return true;
}

static void put_items(struct manual *manual, const struct section *section, const char *path,
                      bool partial)
{
    struct buf *ret = manual->ret;
    if (put_seen(manual, section))
        return;
    if (manual->count < SECTIONS_MAX) {
        manual->seen[manual->count] = section;
        manual->partial[manual->count] = partial;
        snprintf(manual->path[manual->count++], OPTION_PATH_MAX, "%s", path);
    }
    buf_put_text(ret, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < section->count; i++) {
        const struct option *row = &section->rows[i];
        if (row->type == OPTION_LATER)
            continue;
        char below[OPTION_PATH_MAX];
        snprintf(below, sizeof(below), "%s.%s", path, row->name);
        buf_printf(ret, ".It Ic %s\n", row->name);
        put_about(ret, row);
        if (row->section != NULL)
            put_items(manual, row->section, below, false);
    }
    buf_put_text(ret, ".El\n");
    if (section->also != NULL) {
        buf_put_text(ret, ".Pp\n");
        if (put_seen(manual, section->also))
            return;
        buf_put_text(ret, "Moreover:\n");
        put_items(manual, section->also, path, true);
    }
}

void config_reference_man(struct buf *ret)
{
    struct manual manual = {.ret = ret};
    const struct option *row;
    for (size_t i = 0; (row = options_at(&options_top, i)) != NULL; i++) {
        if (row->type == OPTION_LATER)
            continue;
        buf_printf(ret, ".Ss %s\n", row->name);
        put_about(ret, row);
        if (row->section != NULL)
            put_items(&manual, row->section, row->name, false);
    }
}
