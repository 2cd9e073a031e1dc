// SPDX-License-Identifier: ISC
// One line an event, to standard error: `level program event key=value key="two words"`. Only *_main.c files and
// the loops of the daemons log; libraries return errors. What happens per packet is counted, not logged.
// Secrets never appear here.
#pragma once

#include <stdint.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

// Names the program in every line (a static string) and sets the most talkative level that is written.
void log_open(const char *program, enum log_level level);
const char *log_name(void); // that name

// Pairs of key and value follow, all `const char *`, then NULL. Values are quoted where they need it, control
// characters escaped, so that a line stays a line. A NULL value leaves its pair out.
//     log_event(LOG_LEVEL_NOTICE, "zone-published", "zone", name, "serial", log_u64(serial), NULL);
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

#define LOG_NUMBER_MAX 24
const char *log_number(char *text, int64_t value);
// Numbers as text, living as long as the enclosing block.
#define log_u64(value) log_number((char[LOG_NUMBER_MAX]){0}, (int64_t)(value))
