// SPDX-License-Identifier: ISC
#include "probe/smtp.h"

#include <string.h>
#include <strings.h>

struct line {
    const uint8_t *octets;
    size_t len; // without its end
};

// The line at `at`, and *at behind it; false when its end is not there.
static bool next_line(const uint8_t *octets, size_t len, size_t *at, struct line *ret)
{
    const uint8_t *end = memchr(octets + *at, '\n', len - *at);
    if (end == NULL)
        return false;
    ret->octets = octets + *at;
    ret->len = (size_t)(end - ret->octets);
    if (ret->len > 0 && ret->octets[ret->len - 1] == '\r')
        ret->len--;
    *at = (size_t)(end - octets) + 1;
    return true;
}

static bool is_digit(uint8_t octet)
{
    return octet >= '0' && octet <= '9';
}

// "250-text", "250 text" or "250". Returns the code, 0 when it is none.
static unsigned read_code(const struct line *line, bool *ret_last)
{
    const uint8_t *at = line->octets;
    if (line->len < 3 || at[0] < '2' || at[0] > '5' || !is_digit(at[1]) || !is_digit(at[2]))
        return 0;
    if (line->len > 3 && at[3] != ' ' && at[3] != '-')
        return 0;
    *ret_last = line->len == 3 || at[3] == ' ';
    return (unsigned)(at[0] - '0') * 100 + (unsigned)(at[1] - '0') * 10 + (unsigned)(at[2] - '0');
}

// A keyword of EHLO, in any case of letters; STARTTLS has no parameters.
static bool offers_starttls(const struct line *line)
{
    static const char keyword[] = "STARTTLS";
    size_t len = line->len;
    while (len > 4 && line->octets[len - 1] == ' ')
        len--;
    return len == 4 + strlen(keyword) &&
           strncasecmp((const char *)line->octets + 4, keyword, strlen(keyword)) == 0;
}

static void keep_text(const struct line *line, char text[SMTP_TEXT_MAX])
{
    size_t len = line->len < SMTP_TEXT_MAX - 1 ? line->len : SMTP_TEXT_MAX - 1;
    for (size_t i = 0; i < len; i++)
        text[i] = line->octets[i] >= ' ' && line->octets[i] <= '~' ? (char)line->octets[i] : '?';
    text[len] = '\0';
}

enum smtp_reading smtp_read(const uint8_t *octets, size_t len, struct smtp_reply *ret)
{
    struct line line;
    size_t at = 0;
    bool last = false;
    *ret = (struct smtp_reply){0};
    while (!last) {
        if (!next_line(octets, len, &at, &line))
            return SMTP_MORE;
        unsigned code = read_code(&line, &last);
        if (code == 0 || (ret->code != 0 && ret->code != code))
            return SMTP_BROKEN;
        if (ret->code != 0 && offers_starttls(&line)) // the first line has the server's name
            ret->starttls = true;
        ret->code = code;
    }
    ret->used = at;
    keep_text(&line, ret->text);
    return SMTP_REPLY;
}
