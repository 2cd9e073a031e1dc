// SPDX-License-Identifier: ISC
#include "daemon/lines.h"

#include <string.h>

static void give(struct lines *lines, void (*take)(void *data, const char *line), void *data)
{
    size_t len = lines->len;
    lines->len = 0;
    if (len == 0)
        return;
    lines->text[len] = '\0';
    take(data, lines->text);
}

void lines_put(struct lines *lines, const char *octets, size_t len,
               void (*take)(void *data, const char *line), void *data)
{
    for (size_t i = 0; i < len; i++) {
        if (octets[i] == '\n') {
            give(lines, take, data);
            continue;
        }
        if (lines->len == sizeof(lines->text) - 1)
            give(lines, take, data);
        // A NUL would end the line for whoever reads it.
        lines->text[lines->len++] = octets[i] != '\0' ? octets[i] : ' ';
    }
}

void lines_end(struct lines *lines, void (*take)(void *data, const char *line), void *data)
{
    give(lines, take, data);
}

// The length of a word of the small alphabet that programs and events are named with.
static size_t word_len(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

static bool has_control_characters(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c < ' ' || *c == 0x7f)
            return true;
    return false;
}

bool line_event_read(const char *line, struct line_event *ret)
{
    size_t level_len = word_len(line);
    if (line[level_len] != ' ' || !log_level_read(line, level_len, &ret->level))
        return false;
    const char *program = line + level_len + 1;
    size_t program_len = word_len(program);
    if (program_len == 0 || program[program_len] != ' ')
        return false;
    const char *event = program + program_len + 1;
    size_t event_len = word_len(event);
    if (event_len == 0 || event_len >= LINE_EVENT_MAX ||
        (event[event_len] != ' ' && event[event_len] != '\0') || has_control_characters(event))
        return false;
    memcpy(ret->event, event, event_len);
    ret->event[event_len] = '\0';
    ret->rest = event;
    return true;
}
