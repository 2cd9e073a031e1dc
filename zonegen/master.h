// SPDX-License-Identifier: ISC
// Master files (RFC 1035 §5.1) as words with places: what a record says is decided in record_text.h, from these.
// Strict where ldns and BIND guess: a quote ends in its line, parentheses do not nest, a quote in the middle of a
// word is refused.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"

// One word, escapes as written. quoted: it stood in quotes, which are taken off. A value in quotes behind "=" keeps
// them: key="a b" is one word (RFC 9460 §2.1).
struct master_word {
    size_t at; // of its text in the entry's, see master_text
    unsigned line;
    unsigned column;
    bool quoted;
};

// One entry: a record or a directive, over several lines where there are parentheses.
struct master_entry {
    struct buf text; // the words, each with a NUL behind it
    struct master_word *words;
    size_t count;
    size_t cap;
    unsigned line; // of its first word
    unsigned column;
    bool comment; // there is one in it
    bool follows; // begins with a blank: its owner is that of the record before
};

struct master_reader {
    const char *text; // borrowed
    size_t len;
    size_t at;
    size_t line_start;
    unsigned line; // of what comes next
};

struct master_reader master_reader(const void *text, size_t len);
// Reads the next entry into *entry, which is zeroed before the first and reused; comments and empty lines are passed
// over. NOT_FOUND at the end. SYNTAX with words and the place in entry->line and ->column; the reader stands behind the
// line then, so that reading can go on.
enum status master_next(struct master_reader *reader, struct master_entry *entry,
                        struct error *err);
void master_entry_done(struct master_entry *entry);
// The text of a word, NUL-terminated: a text has no octet 0, master_next refuses it.
const char *master_text(const struct master_entry *entry, size_t word);
