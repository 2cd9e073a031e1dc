// SPDX-License-Identifier: ISC
#include "probe/check_verdict.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *const check_names[] = {
#define X(name, text) [CHECK_##name] = text,
    CHECK_MAP(X)
#undef X
};

const char *check_name(enum check_kind check)
{
    return check_names[check];
}

const char *verdict_name(enum verdict_kind kind)
{
    static const char *const names[] = {
        [VERDICT_OK] = "ok", [VERDICT_WRONG] = "wrong", [VERDICT_UNKNOWN] = "unknown"};
    return names[kind];
}

static char *format_words(const char *format, va_list arguments)
{
    char *words = NULL;
    if (vasprintf(&words, format, arguments) < 0)
        abort();
    return words;
}

void verdict_add(struct verdicts *verdicts, enum check_kind check, enum verdict_kind kind,
                 const char *subject, const char *format, ...)
{
    va_list arguments;
    verdicts->list =
        array_grow(verdicts->list, &verdicts->cap, verdicts->count, sizeof(struct verdict));
    struct verdict *verdict = &verdicts->list[verdicts->count++];
    *verdict = (struct verdict){
        .check = check, .kind = kind, .subject = xstrdup(subject), .todo = xstrdup("")};
    va_start(arguments, format);
    verdict->text = format_words(format, arguments);
    va_end(arguments);
}

void verdict_todo(struct verdicts *verdicts, const char *format, ...)
{
    struct verdict *verdict = &verdicts->list[verdicts->count - 1];
    va_list arguments;
    free(verdict->todo);
    va_start(arguments, format);
    verdict->todo = format_words(format, arguments);
    va_end(arguments);
}

void verdicts_clear(struct verdicts *verdicts)
{
    for (size_t i = 0; i < verdicts->count; i++) {
        free(verdicts->list[i].subject);
        free(verdicts->list[i].text);
        free(verdicts->list[i].todo);
    }
    free(verdicts->list);
    *verdicts = (struct verdicts){0};
}

// Insertion sort: stable, and the lists are short and nearly in order.
void verdicts_sort(struct verdicts *verdicts)
{
    for (size_t i = 1; i < verdicts->count; i++) {
        struct verdict moved = verdicts->list[i];
        size_t at = i;
        for (; at > 0 && verdicts->list[at - 1].check > moved.check; at--)
            verdicts->list[at] = verdicts->list[at - 1];
        verdicts->list[at] = moved;
    }
}

// Of one text: a list of all servers that a zone may have is no longer.
#define TEXT_MAX 8000

// C0, DEL, and C1 in UTF-8 (0xc2 0x80 …): what a terminal may take for an order.
static bool is_control(const char *at)
{
    unsigned char octet = (unsigned char)at[0], next = (unsigned char)at[1];
    return octet < ' ' || octet == 0x7f || (octet == 0xc2 && next >= 0x80 && next < 0xa0);
}

// What strangers say is shown to a person at a terminal, as root perhaps: without control characters, cut, and, where
// it is no UTF-8, in ASCII.
static json_t *text_value(const char *text)
{
    char *plain = xstrdup(text);
    size_t len = strlen(plain) < TEXT_MAX ? strlen(plain) : TEXT_MAX;
    while (len > 0 && ((unsigned char)plain[len] & 0xc0) == 0x80) // not within a character
        len--;
    plain[len] = '\0';
    for (char *at = plain; *at != '\0'; at++) {
        if (!is_control(at))
            continue;
        if ((unsigned char)*at >= 0x80)
            *at++ = '?'; // the first of two
        *at = '?';
    }
    json_t *value = json_string(plain);
    for (char *at = plain; value == NULL && *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    if (value == NULL)
        value = json_string(plain);
    free(plain);
    return value;
}

void verdict_print(const struct verdict *verdict, const char *zone, struct buf *ret)
{
    json_t *line = json_object();
    json_object_set_new(line, "zone", text_value(zone));
    json_object_set_new(line, "check", text_value(check_name(verdict->check)));
    json_object_set_new(line, "subject", text_value(verdict->subject));
    json_object_set_new(line, "verdict", text_value(verdict_name(verdict->kind)));
    json_object_set_new(line, "text", text_value(verdict->text));
    json_object_set_new(line, "todo", text_value(verdict->todo));
    char *text = json_dumps(line, JSON_COMPACT);
    if (text != NULL)
        buf_put_text(ret, text);
    buf_put_u8(ret, '\n');
    free(text);
    json_decref(line);
}
