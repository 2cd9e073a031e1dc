// SPDX-License-Identifier: ISC
// The words of master files.
#include "zonegen/master.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct master_reader master_reader(const void *text, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct master_reader reader = {.text = text, .len = len, .line = 1};
    if (len >= 3 && memcmp(text, mark, 3) == 0) // an editor's byte order mark, which nobody sees
        reader.at = reader.line_start = 3;
    return reader;
}

void master_entry_done(struct master_entry *entry)
{
    buf_done(&entry->text);
    free(entry->words);
    *entry = (struct master_entry){0};
}

const char *master_text(const struct master_entry *entry, size_t word)
{
    return (const char *)entry->text.data + entry->words[word].at;
}

static unsigned column_of(const struct master_reader *reader)
{
    return (unsigned)(reader->at - reader->line_start) + 1;
}

// The octet `ahead` of the reader; a line feed at the end of the text, so that every line ends.
static char peek(const struct master_reader *reader, size_t ahead)
{
    return ahead < reader->len - reader->at ? reader->text[reader->at + ahead] : '\n';
}

static bool at_end(const struct master_reader *reader)
{
    return reader->at >= reader->len;
}

// "\r\n" ends a line as "\n" does.
static bool at_line_end(const struct master_reader *reader)
{
    return peek(reader, 0) == '\n' || (peek(reader, 0) == '\r' && peek(reader, 1) == '\n');
}

static void skip_to_line_end(struct master_reader *reader)
{
    while (!at_line_end(reader))
        reader->at++;
}

// To the first octet of the next line.
static void next_line(struct master_reader *reader)
{
    skip_to_line_end(reader);
    if (peek(reader, 0) == '\r')
        reader->at++;
    if (!at_end(reader))
        reader->at++;
    reader->line++;
    reader->line_start = reader->at;
}

static enum status refuse(struct master_reader *reader, struct master_entry *entry,
                          struct error *err, const char *words)
{
    entry->line = reader->line;
    entry->column = column_of(reader);
    next_line(reader);
    return error_set(err, STATUS_SYNTAX, "%s", words);
}

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

// Copies one octet, with its escape. False: a control character, or a backslash that ends the line.
static bool take_octet(struct master_reader *reader, struct buf *text)
{
    if (peek(reader, 0) == '\\') {
        buf_put_u8(text, '\\');
        reader->at++;
        if (at_line_end(reader))
            return false;
    }
    if (is_control(peek(reader, 0)))
        return false;
    buf_put_u8(text, (uint8_t)reader->text[reader->at++]);
    return true;
}

static const char bad_octet[] =
    "a control character, or a \\ at the end of the line; an octet that is not printable is "
    "written as \\DDD, in decimal";

// Up to and with the closing quote. `keep`: the quotes belong to the word.
static const char *take_quoted(struct master_reader *reader, struct buf *text, bool keep)
{
    reader->at++;
    if (keep)
        buf_put_u8(text, '"');
    while (peek(reader, 0) != '"') {
        if (at_line_end(reader))
            return "a quote is not closed in its line";
        if (!take_octet(reader, text))
            return bad_octet;
    }
    reader->at++;
    if (keep)
        buf_put_u8(text, '"');
    return NULL;
}

static bool ends_word(const struct master_reader *reader)
{
    return at_line_end(reader) || strchr(" \t;()", peek(reader, 0)) != NULL;
}

static const char *take_plain(struct master_reader *reader, struct buf *text)
{
    while (!ends_word(reader)) {
        const char *words = NULL;
        if (peek(reader, 0) != '"')
            words = take_octet(reader, text) ? NULL : bad_octet;
        else if (text->len == 0 || text->data[text->len - 1] != '=')
            words = "a quote in the middle of a word; leave a blank before it, or write \\\"";
        else
            words = take_quoted(reader, text, true);
        if (words != NULL)
            return words;
    }
    return NULL;
}

static const char *take_word(struct master_reader *reader, struct master_entry *entry)
{
    entry->words = array_grow(entry->words, &entry->cap, entry->count, sizeof(*entry->words));
    struct master_word *word = &entry->words[entry->count++];
    *word = (struct master_word){
        .at = entry->text.len,
        .line = reader->line,
        .column = column_of(reader),
        .quoted = peek(reader, 0) == '"',
    };
    const char *words =
        word->quoted ? take_quoted(reader, &entry->text, false) : take_plain(reader, &entry->text);
    if (words == NULL && word->quoted && !ends_word(reader))
        words = "something directly behind a closing quote; leave a blank there";
    buf_put_u8(&entry->text, 0);
    return words;
}

// An octet 0 anywhere makes the text none, and strchr would find it among the separators.
static bool is_zero(const struct master_reader *reader)
{
    return !at_end(reader) && reader->text[reader->at] == '\0';
}

// One step: a blank, a comment, a parenthesis, a word. *open is the line of the open parenthesis, or 0.
static const char *take_step(struct master_reader *reader, struct master_entry *entry,
                             unsigned *open)
{
    char c = peek(reader, 0);
    if (is_zero(reader))
        return "an octet 0; a master file is text";
    if (c == ' ' || c == '\t') {
        reader->at++;
    } else if (c == ';') {
        entry->comment = true;
        skip_to_line_end(reader);
    } else if (c == '(') {
        if (*open != 0)
            return "\"(\" inside of parentheses";
        *open = reader->line;
        reader->at++;
    } else if (c == ')') {
        if (*open == 0)
            return "\")\" without its counterpart";
        *open = 0;
        reader->at++;
    } else {
        return take_word(reader, entry);
    }
    return NULL;
}

enum status master_next(struct master_reader *reader, struct master_entry *entry, struct error *err)
{
    unsigned open = 0;
    buf_clear(&entry->text);
    entry->count = 0;
    entry->comment = false;
    entry->follows = peek(reader, 0) == ' ' || peek(reader, 0) == '\t';
    for (;;) {
        if (at_end(reader) && open != 0) {
            entry->line = open;
            entry->column = 1;
            return error_set(err, STATUS_SYNTAX, "\"(\" is never closed");
        }
        if (at_line_end(reader)) {
            bool end = at_end(reader);
            next_line(reader);
            if (open != 0)
                continue;
            if (entry->count > 0 || end)
                break;
            entry->follows = peek(reader, 0) == ' ' || peek(reader, 0) == '\t';
            continue;
        }
        const char *words = take_step(reader, entry, &open);
        if (words != NULL)
            return refuse(reader, entry, err, words);
    }
    if (entry->count == 0)
        return STATUS_NOT_FOUND;
    entry->line = entry->words[0].line;
    entry->column = entry->words[0].column;
    return STATUS_OK;
}
