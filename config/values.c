// SPDX-License-Identifier: ISC
#include "config/values.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ACCOUNT_NAME_MAX 32 // what useradd(8) takes
#define QUOTE_SHOWN_MAX  64 // octets of the text itself, before "…"

// Printable octets at text: 1 or more, or 0 for a control character (also the C1 ones, U+0080 to
// U+009F).
static bool is_control(const char *text)
{
    unsigned char c = (unsigned char)text[0];
    unsigned char next = (unsigned char)text[1];
    return c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next <= 0x9f);
}

const char *value_quote(const char *text, char ret[VALUE_QUOTE_MAX])
{
    size_t shown = strlen(text);
    bool cut = shown > QUOTE_SHOWN_MAX;
    if (cut) {
        shown = QUOTE_SHOWN_MAX;
        while (shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
            shown--; // not through the middle of a character
    }
    size_t len = 0;
    ret[len++] = '"';
    for (size_t i = 0; i < shown && len < VALUE_QUOTE_MAX - 12; i++) {
        if (is_control(text + i)) {
            len += (size_t)snprintf(ret + len, 5, "\\x%02X", (unsigned char)text[i]);
            if ((unsigned char)text[i] == 0xc2)
                len += (size_t)snprintf(ret + len, 5, "\\x%02X", (unsigned char)text[++i]);
        } else {
            ret[len++] = text[i];
        }
    }
    snprintf(ret + len, VALUE_QUOTE_MAX - len, "%s\"", cut ? "…" : "");
    return ret;
}

// ── Numbers and times ────────────────────────────────────────────────────────────────────────────

// Decimal digits at the front of text; false when there are none or more than a value can need.
static bool read_digits(const char *text, uint64_t *ret, const char **ret_rest)
{
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 12)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    *ret = value;
    *ret_rest = text + len;
    return true;
}

enum status value_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                         struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    uint64_t value;
    const char *rest;
    if (!read_digits(text, &value, &rest) || *rest != '\0')
        return error_set(err, STATUS_SYNTAX, "%s is not a number; write %u to %u",
                         value_quote(text, quoted), min, max);
    if (value < min || value > max)
        return error_set(err, STATUS_RANGE, "%s is out of range; write %u to %u",
                         value_quote(text, quoted), min, max);
    *ret = (uint32_t)value;
    return STATUS_OK;
}

enum status value_limit(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                        struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    bool yes;
    if (value_is_yes_no(text, &yes) && !yes) {
        *ret = 0;
        return STATUS_OK;
    }
    enum status status = value_number(text, min, max, ret, NULL);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(err, status, "%s is %s; write %u to %u, or no", value_quote(text, quoted),
                     status == STATUS_RANGE ? "out of range" : "not a number", min, max);
}

static const struct unit {
    const char *name;
    uint64_t ms;
} units[] = {
    {"w", 604800000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static bool read_duration(const char *text, uint64_t *ret_ms)
{
    uint64_t value;
    const char *rest;
    if (!read_digits(text, &value, &rest))
        return false;
    if (*rest == '\0')
        rest = "s";
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strcmp(units[i].name, rest) == 0) {
            *ret_ms = value * units[i].ms; // 12 digits × 10^9 fit
            return true;
        }
    }
    return false;
}

const char *value_duration(uint64_t ms, char ret[VALUE_DURATION_MAX])
{
    size_t i = 1; // not weeks: bounds and lifetimes read best in days
    while (ms % units[i].ms != 0 || (ms == 0 && units[i].ms != 1000))
        i++;
    snprintf(ret, VALUE_DURATION_MAX, "%llu%s", (unsigned long long)(ms / units[i].ms),
             units[i].name);
    return ret;
}

static enum status read_bounded(const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                                struct error *err)
{
    char quoted[VALUE_QUOTE_MAX], from[VALUE_DURATION_MAX], to[VALUE_DURATION_MAX];
    value_quote(text, quoted);
    uint64_t ms;
    if (!read_duration(text, &ms))
        return error_set(err, STATUS_SYNTAX,
                         "%s is not a time; write a number with s, m, h, d or w behind it", quoted);
    if (ms < min || ms > max)
        return error_set(err, STATUS_RANGE, "%s is out of range; write %s to %s", quoted,
                         value_duration(min, from), value_duration(max, to));
    *ret = ms;
    return STATUS_OK;
}

enum status value_seconds(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                          struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    uint64_t ms;
    enum status status = read_bounded(text, min * 1000ULL, max * 1000ULL, &ms, err);
    if (status != STATUS_OK)
        return status;
    if (ms % 1000 != 0)
        return error_set(err, STATUS_SYNTAX, "%s is not in whole seconds; round it",
                         value_quote(text, quoted));
    *ret = (uint32_t)(ms / 1000);
    return STATUS_OK;
}

enum status value_milliseconds(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                               struct error *err)
{
    uint64_t ms;
    enum status status = read_bounded(text, min, max, &ms, err);
    if (status == STATUS_OK)
        *ret = (uint32_t)ms;
    return status;
}

// ── Words and paths ──────────────────────────────────────────────────────────────────────────────

bool value_is_yes_no(const char *text, bool *ret)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"yes", true},  {"no", false},  {"on", true},
        {"off", false}, {"true", true}, {"false", false},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(words[i].word, text) == 0) {
            *ret = words[i].value;
            return true;
        }
    }
    return false;
}

enum status value_word(const char *text, const char *const *words, unsigned *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX], known[VALUE_WORDS_MAX];
    bool yes;
    const char *plain = value_is_yes_no(text, &yes) ? (yes ? "yes" : "no") : text;
    for (unsigned i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], plain) == 0) {
            *ret = i;
            return STATUS_OK;
        }
    return error_set(err, STATUS_SYNTAX, "%s is not known here; write %s",
                     value_quote(text, quoted), value_words(words, known));
}

const char *value_words(const char *const *words, char ret[VALUE_WORDS_MAX])
{
    size_t len = 0;
    for (size_t i = 0; words[i] != NULL; i++) {
        const char *before = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";
        len += (size_t)snprintf(ret + len, VALUE_WORDS_MAX - len, "%s%s", before, words[i]);
    }
    return ret;
}

enum status value_lifetime(const char *text, uint32_t min, uint32_t max, uint32_t *ret,
                           struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    uint64_t ms;
    if (strcmp(text, "never") == 0) {
        *ret = 0;
        return STATUS_OK;
    }
    if (!read_duration(text, &ms))
        return error_set(
            err, STATUS_SYNTAX,
            "%s is not a time; write a number with s, m, h, d or w behind it, or never",
            value_quote(text, quoted));
    return value_seconds(text, min, max, ret, err);
}

enum status value_command(struct arena *arena, const char *text, char **ret, struct error *err)
{
    bool yes;
    if (text[strspn(text, " \t\n")] == '\0' || value_is_yes_no(text, &yes))
        return error_set(err, STATUS_SYNTAX,
                         "this is no command; write one for the shell, or leave the option out");
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

enum status value_told(struct arena *arena, const char *text, char **ret, struct error *err)
{
    bool yes;
    if (value_is_yes_no(text, &yes)) {
        if (yes)
            return error_set(err, STATUS_SYNTAX, "what is to be told? write the text, or no");
        *ret = NULL;
        return STATUS_OK;
    }
    size_t len = strlen(text);
    if (len == 0 || len > CONFIG_TOLD_MAX)
        return error_set(err, STATUS_RANGE, "a text of 1 to %d characters is needed, or no",
                         CONFIG_TOLD_MAX);
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return error_set(
                err, STATUS_SYNTAX,
                "the text has more than printable characters of ASCII; leave them out");
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

static enum status read_account(struct arena *arena, const char *text, const char *kind, char **ret,
                                struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    size_t len = strlen(text);
    uint64_t number;
    const char *rest;
    if (read_digits(text, &number, &rest) && *rest == '\0') {
        if (number >= UINT32_MAX) // (uid_t)-1 means "leave as it is" to chown(2) and others
            return error_set(err, STATUS_RANGE, "%s is out of range; write 0 to %u", quoted,
                             UINT32_MAX - 1);
        *ret = arena_printf(arena, "%u", (uint32_t)number);
        return STATUS_OK;
    }
    bool fine =
        len > 0 && len <= ACCOUNT_NAME_MAX && text[0] != '-' && strspn(text, "0123456789") < len;
    for (size_t i = 0; fine && i < len; i++)
        fine = value_is_alphanumeric(text[i]) || strchr("_-.", text[i]) != NULL;
    if (!fine)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no name of a %s; write one as `getent %s` shows it, or a number",
                         quoted, kind, strcmp(kind, "user") == 0 ? "passwd" : kind);
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

enum status value_user(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char *user;
    enum status status = read_account(arena, text, "user", &user, err);
    if (status != STATUS_OK)
        return status;
    if (strcmp(user, "root") == 0 || strcmp(user, "0") == 0)
        return error_set(err, STATUS_SYNTAX,
                         "root has every right, and the programs need few; write a user made for "
                         "this, or leave the option out");
    *ret = user;
    return STATUS_OK;
}

enum status value_group(struct arena *arena, const char *text, char **ret, struct error *err)
{
    return read_account(arena, text, "group", ret, err);
}

enum status value_path(struct arena *arena, const char *text, const char *directory, char **ret,
                       struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    if (text[0] == '\0')
        return error_set(err, STATUS_SYNTAX, "the file name is empty; write one");
    bool yes;
    if (value_is_yes_no(text, &yes))
        return error_set(err, STATUS_SYNTAX,
                         "%s is no file name; write one, or ./%s if a file is called that",
                         value_quote(text, quoted), text);
    size_t len = strlen(text) + (text[0] == '/' ? 0 : strlen(directory) + 1);
    if (len >= PATH_MAX)
        return error_set(err, STATUS_SYNTAX, "%s is longer than a file name can be; shorten it",
                         value_quote(text, quoted));
    // As path_join(): no second slash behind that of the root.
    const char *slash = directory[strlen(directory) - 1] == '/' ? "" : "/";
    *ret = text[0] == '/' ? arena_text(arena, text)
                          : arena_printf(arena, "%s%s%s", directory, slash, text);
    return STATUS_OK;
}
