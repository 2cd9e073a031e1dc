// SPDX-License-Identifier: ISC
#include "base/log.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line goes into a pipe in one piece or not at all");

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};
#define LEVEL_COUNT (sizeof(level_names) / sizeof(level_names[0]))

static const char *log_program = "zonebox";
static enum log_level log_most = LOG_LEVEL_INFO;
static void (*log_to)(void *data, enum log_level level, const char *line, size_t len);
static void *log_to_data;
static uint64_t log_lost;

struct line {
    char text[LOG_LINE_MAX + 1];
    size_t len;
};

static struct {
    char text[PIPE_BUF]; // likewise
    size_t len;
    uint64_t lines;
    bool on;
} log_held;

bool log_level_read(const char *text, size_t len, enum log_level *ret)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strlen(level_names[i]) == len && memcmp(level_names[i], text, len) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

void log_open(const char *program, enum log_level level)
{
    const char *wanted = getenv(LOG_LEVEL_VARIABLE);
    log_program = program;
    log_most = level;
    if (wanted != NULL)
        (void)log_level_read(wanted, strlen(wanted), &log_most);
}

void log_set_level(enum log_level level)
{
    log_most = level;
}

void log_set_sink(void (*sink)(void *data, enum log_level level, const char *line, size_t len),
                  void *data)
{
    log_to = sink;
    log_to_data = data;
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

static void put_head(struct line *line, enum log_level level, const char *event)
{
    put_text(line, level_names[level]);
    put_char(line, ' ');
    put_text(line, log_program);
    put_char(line, ' ');
    put_text(line, event);
}

static void put_pair(struct line *line, const char *key, const char *value)
{
    put_char(line, ' ');
    put_text(line, key);
    put_char(line, '=');
    put_value(line, value);
}

// A descriptor that waits for its reader is asked first: the write of a whole line would wait too. What poll() does
// not know is tried.
static bool write_now(const char *text, size_t len)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) == 0)
        return false;
    return write(STDERR_FILENO, text, len) >= 0;
}

static bool tell_lost(void)
{
    struct line line = {.len = 0};
    put_head(&line, LOG_LEVEL_WARNING, "log-lines-lost");
    put_pair(&line, "count", log_u64(log_lost));
    put_pair(&line, "reason", "whoever reads the log was too slow");
    line.text[line.len++] = '\n';
    return write_now(line.text, line.len);
}

static void write_lines(const char *text, size_t len, uint64_t lines)
{
    if (log_lost > 0 && tell_lost())
        log_lost = 0;
    if (log_lost > 0 || !write_now(text, len))
        log_lost += lines;
}

void log_write(const char *text, size_t len)
{
    write_lines(text, len, 1);
}

static void write_held(void)
{
    if (log_held.lines > 0)
        write_lines(log_held.text, log_held.len, log_held.lines);
    log_held.len = log_held.lines = 0;
}

static void hold(const char *text, size_t len)
{
    if (log_held.len + len > sizeof(log_held.text))
        write_held();
    memcpy(log_held.text + log_held.len, text, len);
    log_held.len += len;
    log_held.lines++;
}

void log_hold(void)
{
    log_held.on = true;
}

void log_release(void)
{
    log_held.on = false;
    write_held();
}

void log_event(enum log_level level, const char *event, ...)
{
    if (level > log_most)
        return;
    struct line line = {.len = 0};
    put_head(&line, level, event);
    va_list args;
    va_start(args, event);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        const char *value = va_arg(args, const char *);
        if (value != NULL)
            put_pair(&line, key, value);
    }
    va_end(args);
    if (log_to != NULL) {
        line.text[line.len] = '\0';
        log_to(log_to_data, level, line.text, line.len);
        return;
    }
    line.text[line.len++] = '\n';
    if (log_held.on)
        hold(line.text, line.len);
    else
        log_write(line.text, line.len);
}

const char *log_number(char *text, int64_t value)
{
    snprintf(text, LOG_NUMBER_MAX, "%" PRId64, value);
    return text;
}
