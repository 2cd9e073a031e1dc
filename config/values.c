// SPDX-License-Identifier: ISC
#include "config/values.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/file.h"

#define HOST_NAME_MAX_OCTETS 253 // RFC 1035 §2.3.4: 255 on the wire
#define LABEL_MAX_OCTETS     63
#define ACCOUNT_NAME_MAX     32 // what useradd(8) takes
#define QUOTE_SHOWN_MAX      64 // octets of the text itself, before "…"

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

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

enum { NAME_UNDERSCORES = 1, NAME_ONE_LABEL = 2 };

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static enum status check_label(const char *quoted, const char *label, size_t len, int flags,
                               struct error *err)
{
    if (len == 0)
        return error_set(err, STATUS_SYNTAX, "%s has an empty label; write one dot between labels",
                         quoted);
    if (len > LABEL_MAX_OCTETS)
        return error_set(err, STATUS_SYNTAX, "%s has a label of %zu octets; a label has at most 63",
                         quoted, len);
    for (size_t i = 0; i < len; i++) {
        char c = label[i];
        if (is_alphanumeric(c) || c == '-' || (c == '_' && (flags & NAME_UNDERSCORES) != 0))
            continue;
        if ((unsigned char)c >= 0x80)
            return error_set(err, STATUS_SYNTAX,
                             "%s is not ASCII; write its A-label (xn--…), which `idn2` prints",
                             quoted);
        if ((unsigned char)c < 0x20 || c == 0x7f)
            return error_set(err, STATUS_SYNTAX,
                             "%s has a control character in it; write letters, digits, hyphens and "
                             "dots",
                             quoted);
        return error_set(err, STATUS_SYNTAX,
                         "%s has \"%c\" in it; write letters, digits, hyphens and dots", quoted, c);
    }
    if (label[0] == '-' || label[len - 1] == '-')
        return error_set(err, STATUS_SYNTAX,
                         "%s has a label that begins or ends with a hyphen; take it off", quoted);
    return STATUS_OK;
}

static enum status check_labels(const char *quoted, const char *name, size_t len, int flags,
                                struct error *err)
{
    size_t labels = 0, last = 0;
    for (size_t start = 0; start <= len; labels++) {
        const char *dot = memchr(name + start, '.', len - start);
        size_t end = dot != NULL ? (size_t)(dot - name) : len;
        enum status status = check_label(quoted, name + start, end - start, flags, err);
        if (status != STATUS_OK)
            return status;
        last = start;
        start = end + 1;
    }
    if ((flags & NAME_ONE_LABEL) != 0)
        return STATUS_OK;
    if (labels == 1)
        return error_set(err, STATUS_SYNTAX,
                         "%s is a single label; write the full name, such as example.com", quoted);
    // RFC 1123 §2.1: what ends in a number is an address, or was meant as one.
    if (strspn(name + last, "0123456789") >= len - last)
        return error_set(err, STATUS_SYNTAX,
                         "%s ends in a number like an IP address; write a name, such as "
                         "example.com",
                         quoted);
    return STATUS_OK;
}

static enum status read_name(const char *text, size_t max, int flags, char **ret, struct error *err)
{
    char buffer[VALUE_QUOTE_MAX];
    const char *quoted = value_quote(text, buffer);
    size_t len = strlen(text);
    if (len == 0)
        return error_set(err, STATUS_SYNTAX, "the name is empty; write one");
    if (strcmp(text, ".") == 0)
        return error_set(err, STATUS_SYNTAX,
                         "\".\" is the root; write a full name, such as example.com");
    if (text[len - 1] == '.' && (flags & NAME_ONE_LABEL) == 0)
        len--;
    if (len > max)
        return error_set(err, STATUS_SYNTAX, "%s has %zu octets; at most %zu are possible", quoted,
                         len, max);
    enum status status = check_labels(quoted, text, len, flags, err);
    if (status != STATUS_OK)
        return status;
    char *name = xmalloc(len + 1);
    for (size_t i = 0; i < len; i++)
        name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    name[len] = '\0';
    *ret = name;
    return STATUS_OK;
}

enum status value_host_name(const char *text, char **ret, struct error *err)
{
    return read_name(text, HOST_NAME_MAX_OCTETS, 0, ret, err);
}

enum status value_zone_name(const char *text, char **ret, struct error *err)
{
    return read_name(text, HOST_NAME_MAX_OCTETS, NAME_UNDERSCORES, ret, err);
}

enum status value_selector(const char *text, char **ret, struct error *err)
{
    return read_name(text, LABEL_MAX_OCTETS, NAME_ONE_LABEL, ret, err);
}

// ── Addresses ────────────────────────────────────────────────────────────────────────────────────

enum status value_address(const char *text, struct address *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    struct address address;
    if (strchr(text, '@') != NULL)
        return error_set(err, STATUS_SYNTAX, "%s has a port; write the address alone", quoted);
    enum status status = address_parse(text, 0, &address, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", quoted);
    switch (address_scope(&address)) {
    case ADDRESS_LOOPBACK:
        return error_set(err, STATUS_SYNTAX,
                         "%s is loopback, which nobody else reaches; write the address that others "
                         "see",
                         quoted);
    case ADDRESS_LINK_LOCAL:
        return error_set(err, STATUS_SYNTAX,
                         "%s is link-local, which only neighbours reach; write the address that "
                         "others see",
                         quoted);
    case ADDRESS_SPECIAL:
        return error_set(err, STATUS_SYNTAX,
                         "%s is no host's address (RFC 6890); write the address that others see",
                         quoted);
    default:
        *ret = address;
        return STATUS_OK;
    }
}

enum status value_listen(const char *text, struct address *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    struct address address;
    enum status status = address_parse(text, 53, &address, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", quoted);
    if (address_scope(&address) == ADDRESS_SPECIAL)
        return error_set(err, STATUS_SYNTAX,
                         "%s is not one address of this box; name each address to listen on, or "
                         "leave the option out for all of them",
                         quoted);
    *ret = address;
    return STATUS_OK;
}

enum status value_listen_local(const char *text, struct address *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    struct address address;
    enum status status = value_listen(text, &address, err);
    if (status != STATUS_OK)
        return status;
    if (address_scope(&address) != ADDRESS_LOOPBACK)
        return error_set(err, STATUS_SYNTAX,
                         "%s is not loopback; the resolver is for this box alone, write 127.0.0.1 "
                         "or ::1",
                         value_quote(text, quoted));
    *ret = address;
    return STATUS_OK;
}

enum status value_forward(const char *text, struct config_forward *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    const char *sign = strchr(text, '#');
    struct config_forward forward = {0};
    char *where = xasprintf("%.*s", (int)strcspn(text, "#"), text);
    enum status status = address_parse(where, sign != NULL ? 853 : 53, &forward.address, err);
    free(where);
    if (status != STATUS_OK)
        return error_prefix(err, status, "%s", quoted);
    if (address_scope(&forward.address) == ADDRESS_SPECIAL)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no host's address (RFC 6890); write the address of a resolver",
                         quoted);
    if (sign != NULL) {
        status = value_host_name(sign + 1, &forward.tls_name, err);
        if (status != STATUS_OK)
            return error_prefix(err, status, "the name behind \"#\"");
    }
    *ret = forward;
    return STATUS_OK;
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

enum status value_dnssec(const char *text, enum config_dnssec *ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    bool yes;
    if (value_is_yes_no(text, &yes))
        *ret = yes ? CONFIG_DNSSEC_ON : CONFIG_DNSSEC_OFF;
    else if (strcmp(text, "presigned") == 0)
        *ret = CONFIG_DNSSEC_PRESIGNED;
    else
        return error_set(err, STATUS_SYNTAX, "%s is not known here; write yes, no or presigned",
                         value_quote(text, quoted));
    return STATUS_OK;
}

// The index of text among the words, or count.
static size_t find_word(const char *text, const char *const *words, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(words[i], text) != 0)
        i++;
    return i;
}

enum status value_log_target(const char *text, enum config_log_target *ret, struct error *err)
{
    static const char *const words[] = {"stderr", "syslog"};
    char quoted[VALUE_QUOTE_MAX];
    size_t found = find_word(text, words, 2);
    if (found == 2)
        return error_set(err, STATUS_SYNTAX,
                         "%s is not known here; write stderr (which systemd puts into the journal) "
                         "or syslog",
                         value_quote(text, quoted));
    *ret = (enum config_log_target)found;
    return STATUS_OK;
}

enum status value_log_level(const char *text, enum log_level *ret, struct error *err)
{
    static const char *const words[] = {"error", "warning", "notice", "info", "debug"};
    char quoted[VALUE_QUOTE_MAX];
    size_t found = find_word(text, words, 5);
    if (found == 5)
        return error_set(err, STATUS_SYNTAX,
                         "%s is not known here; write error, warning, notice, info or debug",
                         value_quote(text, quoted));
    *ret = (enum log_level)found;
    return STATUS_OK;
}

enum status value_command(const char *text, char **ret, struct error *err)
{
    bool yes;
    if (text[strspn(text, " \t\n")] == '\0' || value_is_yes_no(text, &yes))
        return error_set(err, STATUS_SYNTAX,
                         "this is no command; write one for the shell, or leave the option out");
    *ret = xstrdup(text);
    return STATUS_OK;
}

static enum status read_account(const char *text, const char *kind, char **ret, struct error *err)
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
        *ret = xasprintf("%u", (uint32_t)number);
        return STATUS_OK;
    }
    bool fine =
        len > 0 && len <= ACCOUNT_NAME_MAX && text[0] != '-' && strspn(text, "0123456789") < len;
    for (size_t i = 0; fine && i < len; i++)
        fine = is_alphanumeric(text[i]) || strchr("_-.", text[i]) != NULL;
    if (!fine)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no name of a %s; write one as `getent %s` shows it, or a number",
                         quoted, kind, strcmp(kind, "user") == 0 ? "passwd" : kind);
    *ret = xstrdup(text);
    return STATUS_OK;
}

enum status value_user(const char *text, char **ret, struct error *err)
{
    char *user;
    enum status status = read_account(text, "user", &user, err);
    if (status != STATUS_OK)
        return status;
    if (strcmp(user, "root") == 0 || strcmp(user, "0") == 0) {
        free(user);
        return error_set(err, STATUS_SYNTAX,
                         "root has every right, and the programs need few; write a user made for "
                         "this, or leave the option out");
    }
    *ret = user;
    return STATUS_OK;
}

enum status value_group(const char *text, char **ret, struct error *err)
{
    return read_account(text, "group", ret, err);
}

enum status value_path(const char *text, const char *directory, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    if (text[0] == '\0')
        return error_set(err, STATUS_SYNTAX, "the file name is empty; write one");
    char *path = path_join(directory, text);
    if (strlen(path) >= PATH_MAX) {
        free(path);
        return error_set(err, STATUS_SYNTAX, "%s is longer than a file name can be; shorten it",
                         value_quote(text, quoted));
    }
    *ret = path;
    return STATUS_OK;
}
