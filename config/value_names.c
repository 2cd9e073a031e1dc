// SPDX-License-Identifier: ISC
// Names: hosts, domains, selectors; other scripts by IDNA2008.
#include "config/values.h"

#include <stdlib.h>
#include <string.h>

#include <idn2.h>

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

#define HOST_NAME_MAX_OCTETS 253 // RFC 1035 §2.3.4: 255 on the wire
#define LABEL_MAX_OCTETS     63

enum { NAME_UNDERSCORES = 1, NAME_ONE_LABEL = 2 };

bool value_is_alphanumeric(char c)
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
        if (value_is_alphanumeric(c) || c == '-' || (c == '_' && (flags & NAME_UNDERSCORES) != 0))
            continue;
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

bool value_is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

enum status value_to_ascii(struct arena *arena, const char *text, char **ret, struct error *err)
{
    if (value_is_ascii(text)) {
        *ret = arena_text(arena, text);
        return STATUS_OK;
    }
    char quoted[VALUE_QUOTE_MAX];
    char *ascii = NULL;
    // Without transitional forms: ß and others that IDNA2003 lost are letters (RFC 5894 §7.2).
    int code = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK)
        return error_set(
            err, STATUS_SYNTAX,
            "%s cannot be a name in the DNS: %s (IDNA2008); write another spelling, or "
            "its A-labels (xn--…)",
            value_quote(text, quoted), idn2_strerror(code));
    *ret = arena_text(arena, ascii);
    idn2_free(ascii);
    return STATUS_OK;
}

static enum status read_name(struct arena *arena, const char *text, int flags, char **ret,
                             struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    size_t max = (flags & NAME_ONE_LABEL) != 0 ? LABEL_MAX_OCTETS : HOST_NAME_MAX_OCTETS;
    char *name;
    enum status status = value_to_ascii(arena, text, &name, err);
    if (status != STATUS_OK)
        return status;
    size_t len = strlen(name);
    if (len == 0)
        return error_set(err, STATUS_SYNTAX, "the name is empty; write one");
    if (strcmp(name, ".") == 0)
        return error_set(err, STATUS_SYNTAX,
                         "\".\" is the root; write a full name, such as example.com");
    if (name[len - 1] == '.' && (flags & NAME_ONE_LABEL) == 0)
        len--;
    if (len > max)
        return error_set(err, STATUS_SYNTAX, "%s has %zu octets; at most %zu are possible",
                         value_quote(text, quoted), len, max);
    // There may be 100,000 names, so they are quoted only when there is something to say.
    if (check_labels("", name, len, flags, NULL) != STATUS_OK)
        return check_labels(value_quote(text, quoted), name, len, flags, err);
    name[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
    *ret = name;
    return STATUS_OK;
}

enum status value_host_name(struct arena *arena, const char *text, char **ret, struct error *err)
{
    return read_name(arena, text, 0, ret, err);
}

enum status value_zone_name(struct arena *arena, const char *text, char **ret, struct error *err)
{
    return read_name(arena, text, NAME_UNDERSCORES, ret, err);
}

enum status value_selector(struct arena *arena, const char *text, char **ret, struct error *err)
{
    return read_name(arena, text, NAME_ONE_LABEL, ret, err);
}
