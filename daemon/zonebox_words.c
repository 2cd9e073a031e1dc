// SPDX-License-Identifier: ISC
// Times and long lines, as the command `zonebox` prints them.
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/zonebox.h"

#define LINE_MAX_COLUMNS 80

const char *zonebox_span(int64_t seconds, char text[ZONEBOX_SPAN_MAX])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
    size_t i = 0;
    if (seconds < 0)
        seconds = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    int64_t rest = i < 3 ? seconds % units[i].seconds / units[i + 1].seconds : 0;
    int len = snprintf(text, ZONEBOX_SPAN_MAX, "%lld %s", (long long)(seconds / units[i].seconds),
                       units[i].name);
    if (rest > 0)
        snprintf(text + len, ZONEBOX_SPAN_MAX - (size_t)len, " %lld %s", (long long)rest,
                 units[i + 1].name);
    return text;
}

const char *zonebox_date(int64_t when, char text[ZONEBOX_MOMENT_MAX])
{
    time_t time = (time_t)when;
    struct tm parts;
    if (localtime_r(&time, &parts) == NULL ||
        strftime(text, ZONEBOX_MOMENT_MAX, "%Y-%m-%d %H:%M", &parts) == 0)
        strcpy(text, "?");
    return text;
}

const char *zonebox_moment(int64_t when, int64_t now, char text[ZONEBOX_MOMENT_MAX])
{
    char date[ZONEBOX_MOMENT_MAX], left[ZONEBOX_SPAN_MAX];
    zonebox_date(when, date);
    zonebox_span(when >= now ? when - now : now - when, left);
    if (when > now)
        snprintf(text, ZONEBOX_MOMENT_MAX, "%.32s (in %.40s)", date, left);
    else if (when == now)
        snprintf(text, ZONEBOX_MOMENT_MAX, "%.32s (now)", date);
    else
        snprintf(text, ZONEBOX_MOMENT_MAX, "%.32s (%.40s ago)", date, left);
    return text;
}

size_t zonebox_columns(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80; // UTF-8: not within a character
    return count;
}

void zonebox_wrap(const char *words, size_t column, struct buf *ret)
{
    size_t at = column;
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        size_t wide = zonebox_columns(words, len);
        if (at > column && at + 1 + wide > LINE_MAX_COLUMNS) {
            buf_printf(ret, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            buf_put_text(ret, " ");
            at++;
        }
        buf_put(ret, words, len);
        at += wide;
        words += len;
        words += strspn(words, " ");
    }
}

bool zonebox_has_marks(FILE *out)
{
    setlocale(LC_CTYPE, "");
    return isatty(fileno(out)) == 1 && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}
