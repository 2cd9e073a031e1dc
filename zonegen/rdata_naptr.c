// SPDX-License-Identifier: ISC
// The substitution in a NAPTR record (RFC 3402 §3.2): DELIMITER ERE DELIMITER REPLACEMENT DELIMITER FLAGS.
#include "zonegen/rdata_fields.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

// The string at *at, or false when there is no whole one.
static bool take_string(const struct buf *data, size_t *at, const uint8_t **ret, size_t *ret_len)
{
    if (*at >= data->len || data->data[*at] > data->len - *at - 1)
        return false;
    *ret_len = data->data[*at];
    *ret = data->data + *at + 1;
    *at += 1 + *ret_len;
    return true;
}

// The part up to the delimiter, which a backslash takes away; *at is behind it then.
static bool take_part(const char *text, size_t *at, char delimiter, struct buf *ret)
{
    for (; text[*at] != '\0' && text[*at] != delimiter; (*at)++) {
        if (text[*at] == '\\' && text[*at + 1] != '\0') {
            if (text[*at + 1] != delimiter)
                buf_put_u8(ret, (uint8_t)text[*at]);
            (*at)++;
        }
        buf_put_u8(ret, (uint8_t)text[*at]);
    }
    return text[(*at)++] == delimiter;
}

// Every \N in the replacement is a group of the expression.
static bool has_groups(const char *replacement, size_t groups)
{
    for (; *replacement != '\0'; replacement++) {
        if (replacement[0] != '\\')
            continue;
        replacement++;
        if (*replacement == '\0' || *replacement == '0' ||
            (*replacement >= '1' && *replacement <= '9' && (size_t)(*replacement - '0') > groups))
            return false;
    }
    return true;
}

// What an expression may grow to. regcomp(3) writes repetitions out: 30 characters with one in the other take
// more memory than there is.
#define REPETITIONS_MAX 100

// Are all {N,M} of the expression together that small, as if each stood in the one before?
static bool is_small(const char *text)
{
    unsigned long total = 1;
    for (const char *c = text; (c = strchr(c, '{')) != NULL;) {
        unsigned long most = 1;
        for (c++; *c != '\0' && strchr("0123456789,", *c) != NULL;) {
            size_t digits = strspn(c, "0123456789");
            unsigned long number = digits < 6 ? strtoul(c, NULL, 10) : REPETITIONS_MAX + 1;
            most = number > most ? number : most;
            c += digits > 0 ? digits : 1;
        }
        total *= most;
        if (total > REPETITIONS_MAX)
            return false;
    }
    return true;
}

static bool is_substitution(const char *text)
{
    struct buf expression = {0};
    struct buf replacement = {0};
    regex_t compiled;
    size_t at = 1;
    char delimiter = text[0];
    bool good = (delimiter < '1' || delimiter > '9') && delimiter != '\\' && delimiter != 'i' &&
                take_part(text, &at, delimiter, &expression) &&
                take_part(text, &at, delimiter, &replacement) &&
                (text[at] == '\0' || strcmp(text + at, "i") == 0) &&
                regcomp(&compiled, buf_text(&expression), REG_EXTENDED) == 0;
    if (good) {
        good = expression.len > 0 && has_groups(buf_text(&replacement), compiled.re_nsub);
        regfree(&compiled);
    }
    buf_done(&replacement);
    buf_done(&expression);
    return good;
}

enum status rdata_check_naptr(const struct buf *data, struct error *err)
{
    size_t at = 4; // order and preference
    const uint8_t *string = NULL;
    size_t len = 0;
    char text[RDATA_STRING_MAX + 1];
    bool whole = true;
    for (int i = 0; i < 3; i++) // flags, service, expression
        whole = whole && take_string(data, &at, &string, &len);
    if (!whole)
        return error_set(err, STATUS_SYNTAX, "no whole NAPTR data");
    if (len > 0)
        memcpy(text, string, len);
    text[len] = '\0';
    if (len > 0 && !is_small(text))
        return error_set(err, STATUS_SYNTAX,
                         "\"%s\" repeats too often; the numbers in braces multiply to %d at most",
                         text, REPETITIONS_MAX);
    if (len > 0 && (strlen(text) != len || !is_substitution(text)))
        return error_set(err, STATUS_SYNTAX,
                         "\"%s\" is no substitution; one is like \"!^.*$!sip:info@example.com!\", "
                         "with \\\\1 for a group (RFC 3402 §3.2)",
                         text);
    return STATUS_OK;
}
