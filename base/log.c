// SPDX-License-Identifier: ISC
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// One write() a line keeps the lines of several processes apart; pipes take this much in one piece (PIPE_BUF).
#define LOG_LINE_MAX 4000

static const char *log_program = "zonebox";
static enum log_level log_most = LOG_LEVEL_INFO;

struct line {
    char text[LOG_LINE_MAX + 1];
    size_t len;
};

void log_open(const char *program, enum log_level level)
{
    log_program = program;
    log_most = level;
}

const char *log_name(void)
{
    return log_program;
}

static void put_char(struct line *line, char c)
{
    if (line->len < LOG_LINE_MAX - 1) // the last octet is the newline's
        line->text[line->len++] = c;
}

static void put_text(struct line *line, const char *text)
{
    while (*text != '\0')
        put_char(line, *text++);
}

static bool value_is_plain(const char *value)
{
    if (*value == '\0')
        return false;
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++)
        if (*c <= ' ' || *c == '"' || *c == '\\' || *c == 0x7f)
            return false;
    return true;
}

static void put_value(struct line *line, const char *value)
{
    if (value_is_plain(value)) {
        put_text(line, value);
        return;
    }
    put_char(line, '"');
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if (*c == '\n') {
            put_text(line, "\\n");
        } else if (*c < ' ' || *c == 0x7f) {
            char escape[5];
            snprintf(escape, sizeof(escape), "\\x%02x", *c);
            put_text(line, escape);
        } else {
            if (*c == '"' || *c == '\\')
                put_char(line, '\\');
            put_char(line, (char)*c);
        }
    }
    put_char(line, '"');
}

void log_event(enum log_level level, const char *event, ...)
{
    static const char *const levels[] = {"error", "warning", "notice", "info", "debug"};
    if (level > log_most)
        return;
    struct line line = {.len = 0};
    put_text(&line, levels[level]);
    put_char(&line, ' ');
    put_text(&line, log_program);
    put_char(&line, ' ');
    put_text(&line, event);
    va_list args;
    va_start(args, event);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        const char *value = va_arg(args, const char *);
        if (value == NULL)
            continue;
        put_char(&line, ' ');
        put_text(&line, key);
        put_char(&line, '=');
        put_value(&line, value);
    }
    va_end(args);
    line.text[line.len++] = '\n';
    // A log that cannot be written must not stop what is being logged.
    if (write(STDERR_FILENO, line.text, line.len) < 0)
        return;
}

const char *log_number(char *text, int64_t value)
{
    snprintf(text, LOG_NUMBER_MAX, "%" PRId64, value);
    return text;
}
