// SPDX-License-Identifier: ISC
// What a child writes to its standard error, as lines: whole events of base/log.h, and what else comes there (the last
// words of a sanitizer, of abort(), of a library). Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"

// Octets that have no newline yet. Zero-initialise.
struct lines {
    char text[LOG_LINE_MAX];
    size_t len;
};

// Calls take for each line that is complete now: NUL-terminated, without its newline. One that is longer than any of
// ours comes in pieces. Empty ones are left out.
void lines_put(struct lines *lines, const char *octets, size_t len,
               void (*take)(void *data, const char *line), void *data);
// Nothing follows: what has no newline is a line too.
void lines_end(struct lines *lines, void (*take)(void *data, const char *line), void *data);

#define LINE_EVENT_MAX 64 // and its NUL

// A line of base/log.h: `level program event …`.
struct line_event {
    enum log_level level;
    char event[LINE_EVENT_MAX]; // a-z, 0-9 and "-" only: fit for a subject or a shell
    const char *rest;           // in the line: from the event's name on
};

// False for everything else, also for a line with control characters, which log_event does not let through: a program
// that somebody took over can say nothing to a terminal, and begin no line of another.
bool line_event_read(const char *line, struct line_event *ret);
