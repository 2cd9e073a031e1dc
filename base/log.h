// SPDX-License-Identifier: ISC
// One line an event, to standard error: `level program event key=value key="two words"`. Only *_main.c files and
// the loops of the daemons log; libraries return errors. What happens per packet is counted, not logged.
// Secrets never appear here.
//
// A slow reader of the log never stops a program: a line that standard error does not take at once is lost, and how
// many were is said as soon as one gets through.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Octets of a line with its newline. One write() of it keeps the lines of several processes apart.
#define LOG_LINE_MAX 4000

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

// In the environment: a level ("debug") that counts instead of log_open's. zoned's children always say all, and zoned
// passes on what `log: level:` wants.
#define LOG_LEVEL_VARIABLE "ZONEBOX_LOG_LEVEL"

// Names the program in every line (a static string) and sets the most talkative level that is written.
void log_open(const char *program, enum log_level level);
const char *log_name(void); // that name
void log_set_level(enum log_level level);

// Takes every line instead of standard error: NUL-terminated, without newline, of len octets. NULL: standard error.
void log_set_sink(void (*sink)(void *data, enum log_level level, const char *line, size_t len),
                  void *data);
// For a sink: one whole line with its newline to standard error, or lost, as said above.
void log_write(const char *text, size_t len);

const char *log_level_name(enum log_level level);
// "warning" → LOG_LEVEL_WARNING; false when it is none.
bool log_level_read(const char *text, size_t len, enum log_level *ret);

// Pairs of key and value follow, all `const char *`, then NULL. Values are quoted where they need it, control
// characters escaped, so that a line stays a line. A NULL value leaves its pair out.
//     log_event(LOG_LEVEL_NOTICE, "zone-published", "zone", name, "serial", log_u64(serial), NULL);
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

// Between these, lines are gathered and written some at a time: for who has hundreds to say in a row.
void log_hold(void);
void log_release(void);

#define LOG_NUMBER_MAX 24
const char *log_number(char *text, int64_t value);
// Numbers as text, living as long as the enclosing block.
#define log_u64(value) log_number((char[LOG_NUMBER_MAX]){0}, (int64_t)(value))
