// SPDX-License-Identifier: ISC
// RFC 7208 §4.5, §4.6.1, §5, §6, §7.1 and §12: the grammar of SPF records.
#include "dns/spf.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define VERSION "v=spf1"

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

#define SHOWN_MAX 60 // octets of a term in words

// Writes "\"term\": words".
static enum status wrong(const struct spf_term *term, struct error *err, const char *words)
{
    return error_set(err, STATUS_SYNTAX, "\"%.*s\": %s",
                     (int)(term->text_len < SHOWN_MAX ? term->text_len : SHOWN_MAX), term->text,
                     words);
}

// ── Macros (§7.1) and domain-spec ────────────────────────────────────────────────────────────────

// What stands at text as a macro: its length, or 0 when it is none. exp= may use the letters c, r and t (§7.2), but in
// the text that it names only.
static size_t macro_len(const char *text, size_t len)
{
    if (len >= 2 && strchr("%_-", text[1]) != NULL && text[1] != '\0')
        return 2;
    if (len < 4 || text[1] != '{' || text[2] == '\0' || strchr("slodiphvSLODIPHV", text[2]) == NULL)
        return 0;
    size_t at = 3;
    size_t digits = at;
    unsigned parts = 0;
    for (; at < len && is_digit(text[at]) && at - digits < 3; at++)
        parts = parts * 10 + (unsigned)(text[at] - '0');
    if (at > digits && parts == 0) // §7.3: the number must not be zero
        return 0;
    if (at < len && (text[at] == 'r' || text[at] == 'R'))
        at++;
    while (at < len && text[at] != '\0' && strchr(".-+,/_=", text[at]) != NULL)
        at++;
    return at < len && text[at] == '}' ? at + 1 : 0;
}

// Literals and macros. *ret_last is where the last macro ends, 0 when there is none.
static bool is_macro_string(const char *text, size_t len, size_t *ret_last)
{
    *ret_last = 0;
    for (size_t at = 0; at < len;) {
        size_t step = 1;
        if (text[at] == '%') {
            step = macro_len(text + at, len - at);
            if (step == 0)
                return false;
            *ret_last = at + step;
        }
        at += step;
    }
    return true;
}

// §7.1: the last label of a domain: letters, digits and hyphens, not digits alone, no hyphen at either end.
static bool is_toplabel(const char *text, size_t len)
{
    bool only_digits = true;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]) && !is_alpha(text[i]) && text[i] != '-')
            return false;
        only_digits = only_digits && is_digit(text[i]);
    }
    return len > 0 && !only_digits && text[0] != '-' && text[len - 1] != '-';
}

#define NAME_MAX_TEXT  254 // RFC 1035 §2.3.4, with the last dot
#define LABEL_MAX_TEXT 63

// Labels of a name without macros: none empty, none too long.
static bool are_labels(const char *text, size_t len)
{
    size_t label = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != '.') {
            label++;
            continue;
        }
        if (label == 0 || label > LABEL_MAX_TEXT)
            return false;
        label = 0;
    }
    return len < NAME_MAX_TEXT;
}

static enum status check_domain(struct spf_term *term, struct error *err)
{
    size_t last = 0;
    const char *text = term->domain;
    size_t len = term->domain_len;
    if (len == 0)
        return wrong(term, err, "a domain is missing");
    if (!is_macro_string(text, len, &last))
        return wrong(term, err, "the macro (\"%\") is wrong (RFC 7208 §7.1)");
    term->has_macro = last > 0;
    if (last == len) // domain-end may be a macro
        return STATUS_OK;
    size_t end = text[len - 1] == '.' ? len - 1 : len;
    const char *dot = end > 0 ? memrchr(text, '.', end) : NULL;
    if (dot == NULL || !is_toplabel(dot + 1, end - (size_t)(dot + 1 - text)) ||
        (!term->has_macro && !are_labels(text, end)))
        return wrong(term, err, "not a domain");
    return STATUS_OK;
}

// ── Prefix lengths ───────────────────────────────────────────────────────────────────────────────

// Takes "/24" (or "//64", with two slashes) from the end of the text. False: it is there, but out of range.
static bool take_prefix(const char *text, size_t *len, unsigned slashes, unsigned max,
                        unsigned *ret)
{
    size_t digits = 0;
    unsigned value = 0;
    while (digits < *len && is_digit(text[*len - digits - 1]))
        digits++;
    size_t start = *len - digits;
    if (start < slashes || text[start - 1] != '/' || (slashes == 2 && text[start - 2] != '/'))
        return true;
    if (digits == 0 || digits > 3 || (digits > 1 && text[start] == '0'))
        return false;
    for (size_t i = start; i < *len; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    if (value > max)
        return false;
    *ret = value;
    *len = start - slashes;
    return true;
}

// ── Mechanisms and modifiers ─────────────────────────────────────────────────────────────────────

enum argument {
    NO_ARGUMENT,     // all
    NEEDS_DOMAIN,    // include, exists; redirect, exp
    MAY_HAVE_DOMAIN, // ptr
    DOMAIN_PREFIXES, // a, mx
    ADDRESS4,
    ADDRESS6,
};

static const struct mechanism {
    const char *name;
    enum spf_kind kind;
    enum argument argument;
} mechanisms[] = {
    {"all", SPF_ALL, NO_ARGUMENT},     {"include", SPF_INCLUDE, NEEDS_DOMAIN},
    {"a", SPF_A, DOMAIN_PREFIXES},     {"mx", SPF_MX, DOMAIN_PREFIXES},
    {"ptr", SPF_PTR, MAY_HAVE_DOMAIN}, {"ip4", SPF_IP4, ADDRESS4},
    {"ip6", SPF_IP6, ADDRESS6},        {"exists", SPF_EXISTS, NEEDS_DOMAIN},
};

static enum status read_address(struct spf_term *term, int family, struct error *err)
{
    char text[INET6_ADDRSTRLEN];
    unsigned max = family == AF_INET ? 32 : 128;
    unsigned *prefix = family == AF_INET ? &term->prefix4 : &term->prefix6;
    if (!take_prefix(term->domain, &term->domain_len, 1, max, prefix))
        return wrong(term, err, "the prefix length is out of range");
    bool fits = term->domain_len > 0 && term->domain_len < sizeof(text);
    if (fits) {
        memcpy(text, term->domain, term->domain_len);
        text[term->domain_len] = '\0';
    }
    if (!fits || inet_pton(family, text, term->address) != 1)
        return wrong(term, err, family == AF_INET ? "not an IPv4 address" : "not an IPv6 address");
    return STATUS_OK;
}

static enum status read_prefixes(struct spf_term *term, bool has_domain, struct error *err)
{
    if (!take_prefix(term->domain, &term->domain_len, 2, 128, &term->prefix6) ||
        !take_prefix(term->domain, &term->domain_len, 1, 32, &term->prefix4))
        return wrong(term, err, "the prefix length is out of range");
    if (has_domain)
        return check_domain(term, err);
    return term->domain_len == 0 ? STATUS_OK : wrong(term, err, "not a mechanism of SPF");
}

// term->domain is what follows the name and, when has_colon, the colon behind it.
static enum status read_argument(struct spf_term *term, enum argument argument, bool has_colon,
                                 struct error *err)
{
    switch (argument) {
    case NO_ARGUMENT:
        return has_colon || term->domain_len > 0 ? wrong(term, err, "it takes no argument")
                                                 : STATUS_OK;
    case NEEDS_DOMAIN:
        return has_colon ? check_domain(term, err) : wrong(term, err, "a domain is missing");
    case MAY_HAVE_DOMAIN:
        return has_colon ? check_domain(term, err) : STATUS_OK;
    case DOMAIN_PREFIXES:
        return read_prefixes(term, has_colon, err);
    default:
        if (!has_colon)
            return wrong(term, err, "an address is missing");
        return read_address(term, argument == ADDRESS4 ? AF_INET : AF_INET6, err);
    }
}

static enum status read_mechanism(struct spf_term *term, const char *name, size_t len,
                                  struct error *err)
{
    size_t name_len = 0;
    while (name_len < len && name[name_len] != ':' && name[name_len] != '/')
        name_len++;
    bool has_colon = name_len < len && name[name_len] == ':';
    term->domain = name + name_len + has_colon;
    term->domain_len = len - name_len - has_colon;
    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        const struct mechanism *mechanism = &mechanisms[i];
        if (strlen(mechanism->name) != name_len ||
            strncasecmp(mechanism->name, name, name_len) != 0)
            continue;
        term->kind = mechanism->kind;
        if (mechanism->argument != DOMAIN_PREFIXES && !has_colon && term->domain_len > 0)
            return wrong(term, err, "a prefix length does not go with it");
        return read_argument(term, mechanism->argument, has_colon, err);
    }
    return wrong(term, err, "not a mechanism of SPF"); // §4.6.1: a permanent error
}

// §4.6.1: name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), of a modifier.
static bool is_modifier_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_alpha(text[i]) &&
            (i == 0 || (!is_digit(text[i]) && strchr("-_.", text[i]) == NULL)))
            return false;
    }
    return len > 0;
}

static bool is_word(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

static enum status read_modifier(struct spf_term *term, size_t name_len, struct error *err)
{
    size_t last;
    term->domain = term->text + name_len + 1;
    term->domain_len = term->text_len - name_len - 1;
    term->kind = is_word(term->text, name_len, "redirect") ? SPF_REDIRECT
                 : is_word(term->text, name_len, "exp")    ? SPF_EXP
                                                           : SPF_OTHER;
    if (term->kind != SPF_OTHER)
        return check_domain(term, err);
    return is_macro_string(term->domain, term->domain_len, &last)
               ? STATUS_OK
               : wrong(term, err, "the macro (\"%\") is wrong (RFC 7208 §7.1)");
}

enum status spf_parse_term(const char *text, size_t len, struct spf_term *ret, struct error *err)
{
    *ret = (struct spf_term){
        .qualifier = '+', .text = text, .text_len = len, .prefix4 = 32, .prefix6 = 128};
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return error_set(err, STATUS_SYNTAX, "an octet that is not printable ASCII");
    }
    const char *equals = len > 0 ? memchr(text, '=', len) : NULL;
    if (equals != NULL && is_modifier_name(text, (size_t)(equals - text)))
        return read_modifier(ret, (size_t)(equals - text), err);
    if (len > 0 && strchr("+-~?", text[0]) != NULL) {
        ret->qualifier = text[0];
        return read_mechanism(ret, text + 1, len - 1, err);
    }
    return read_mechanism(ret, text, len, err);
}

// ── The record ───────────────────────────────────────────────────────────────────────────────────

bool spf_costs_lookup(const struct spf_term *term)
{
    switch (term->kind) {
    case SPF_INCLUDE:
    case SPF_A:
    case SPF_MX:
    case SPF_PTR:
    case SPF_EXISTS:
    case SPF_REDIRECT:
        return true;
    default:
        return false;
    }
}

bool spf_is(const char *text, size_t len)
{
    size_t version = strlen(VERSION);
    return len >= version && strncasecmp(text, VERSION, version) == 0 &&
           (len == version || text[version] == ' ');
}

static bool has_kind(const struct spf *spf, enum spf_kind kind)
{
    for (size_t i = 0; i < spf->count; i++) {
        if (spf->terms[i].kind == kind)
            return true;
    }
    return false;
}

// Counts what is asked. §5.1: mechanisms behind `all` are never reached, and redirect means nothing beside it.
static void count_lookups(struct spf *spf)
{
    bool all = has_kind(spf, SPF_ALL);
    for (size_t i = 0; i < spf->count; i++) {
        const struct spf_term *term = &spf->terms[i];
        if (term->kind == SPF_ALL && spf->all == '\0')
            spf->all = term->qualifier;
        bool reached = term->kind == SPF_REDIRECT ? !all : spf->all == '\0';
        spf->lookups += reached && spf_costs_lookup(term);
    }
}

static enum status append(struct spf *spf, const char *text, size_t len, struct error *err)
{
    struct spf_term term;
    if (spf->count == SPF_TERMS_MAX)
        return error_set(err, STATUS_SYNTAX, "more than %d terms", SPF_TERMS_MAX);
    enum status status = spf_parse_term(text, len, &term, err);
    if (status != STATUS_OK)
        return status;
    // §6: these two may be there once
    if ((term.kind == SPF_REDIRECT || term.kind == SPF_EXP) && has_kind(spf, term.kind))
        return wrong(&term, err, "this modifier is there twice (RFC 7208 §6)");
    spf->terms[spf->count++] = term;
    return STATUS_OK;
}

enum status spf_parse(const char *text, size_t len, struct spf *ret, struct error *err)
{
    ret->count = 0;
    ret->lookups = 0;
    ret->all = '\0';
    if (!spf_is(text, len))
        return error_set(err, STATUS_SYNTAX, "it must begin with \"" VERSION "\" and a blank");
    for (size_t at = strlen(VERSION); at < len;) {
        size_t end = at;
        while (end < len && text[end] != ' ')
            end++;
        enum status status = end > at ? append(ret, text + at, end - at, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        at = end + 1;
    }
    count_lookups(ret);
    return STATUS_OK;
}
