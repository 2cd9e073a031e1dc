// SPDX-License-Identifier: ISC
// What the records of mail and certificates are made of: mechanisms of SPF, report addresses, CAs, services.
#include "config/values.h"

#include <stdio.h>
#include <string.h>

// ── SPF ──────────────────────────────────────────────────────────────────────────────────────────

// The number behind "/", which is at most max.
static enum status check_prefix(const char *digits, uint32_t max, struct error *err)
{
    uint32_t length;
    if (value_number(digits, 0, max, &length, NULL) == STATUS_OK)
        return STATUS_OK;
    char quoted[VALUE_QUOTE_MAX];
    return error_set(err, STATUS_SYNTAX, "%s is no length of a prefix; write /0 to /%u",
                     value_quote(digits, quoted), max);
}

// "192.0.2.0/24", "2001:db8::1". family 0: either.
static enum status read_network(struct arena *arena, const char *text, int family, char **ret,
                                struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    size_t len = strcspn(text, "/");
    struct address address;
    char *alone = arena_printf(arena, "%.*s", (int)len, text);
    if (strpbrk(alone, "@[]%") != NULL || address_parse(alone, 0, &address, NULL) != STATUS_OK ||
        (family != 0 && address.any.sa_family != family))
        return error_set(err, STATUS_SYNTAX, "%s is no %s; write one such as %s",
                         value_quote(text, quoted),
                         family == AF_INET6 ? "IPv6 address or prefix" : "IPv4 address or prefix",
                         family == AF_INET6 ? "2001:db8::/48" : "192.0.2.0/24");
    bool is_v6 = address.any.sa_family == AF_INET6;
    if (text[len] == '/') {
        enum status status = check_prefix(text + len + 1, is_v6 ? 128 : 32, err);
        if (status != STATUS_OK)
            return status;
    }
    *ret = arena_printf(arena, "%s:%s", is_v6 ? "ip6" : "ip4", text);
    return STATUS_OK;
}

// RFC 7208 §7.1: macros are %{…}, %%, %_ and %-. Is every percent sign one of them, and all of it printable?
static bool is_domain_spec(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at == 0x7f)
            return false;
        if (*at != '%')
            continue;
        at++;
        if (*at == '{')
            at += strcspn(at, "}");
        else if (strchr("%_-", *at) == NULL)
            return false;
        if (*at == '\0')
            return false;
    }
    return true;
}

static enum status read_domain_spec(struct arena *arena, const char *text, char **ret,
                                    struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    if (strchr(text, '%') == NULL)
        return value_zone_name(arena, text, ret, err);
    if (!value_is_ascii(text) || !is_domain_spec(text) || strlen(text) > 253)
        return error_set(err, STATUS_SYNTAX,
                         "%s has a macro that is none (RFC 7208 section 7); write it as %%{i}",
                         value_quote(text, quoted));
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

// "example.net/24//64" behind a: or mx:
static enum status read_hosts(struct arena *arena, const char *mechanism, const char *text,
                              char **ret, struct error *err)
{
    size_t len = strcspn(text, "/");
    char *name;
    enum status status =
        read_domain_spec(arena, arena_printf(arena, "%.*s", (int)len, text), &name, err);
    if (status != STATUS_OK)
        return status;
    const char *prefixes = text + len;
    const char *v6 = strstr(prefixes, "//");
    size_t v4_len = v6 != NULL ? (size_t)(v6 - prefixes) : strlen(prefixes);
    if (v4_len > 0)
        status = check_prefix(arena_printf(arena, "%.*s", (int)v4_len - 1, prefixes + 1), 32, err);
    if (status == STATUS_OK && v6 != NULL)
        status = check_prefix(v6 + 2, 128, err);
    if (status == STATUS_OK)
        *ret = arena_printf(arena, "%s:%s%s", mechanism, name, prefixes);
    return status;
}

static enum status refuse_relay(const char *text, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    if (strchr("+-~?", text[0]) != NULL && text[0] != '\0')
        return error_set(err, STATUS_SYNTAX,
                         "%s has a qualifier; leave it out, a relay is one that may send", quoted);
    if (strncmp(text, "v=spf1", 6) == 0 || strchr(text, ' ') != NULL)
        return error_set(err, STATUS_SYNTAX,
                         "%s is more than one mechanism; write each as an item of its own", quoted);
    if (strncmp(text, "redirect=", 9) == 0)
        return error_set(err, STATUS_SYNTAX,
                         "%s would replace the record; write include:NAME to add what is there",
                         quoted);
    return error_set(err, STATUS_SYNTAX,
                     "%s is no mechanism of SPF; write an address, a prefix, include:NAME, a:NAME, "
                     "mx:NAME or exists:NAME",
                     quoted);
}

enum status value_relay(struct arena *arena, const char *text, char **ret, struct error *err)
{
    size_t len = strcspn(text, ":");
    const char *rest = text[len] == ':' ? text + len + 1 : NULL;
    char *alone = arena_printf(arena, "%.*s", (int)strcspn(text, "/"), text);
    struct address address;
    if (address_parse(alone, 0, &address, NULL) == STATUS_OK)
        return read_network(arena, text, 0, ret, err);
    if (rest == NULL || strchr(text, ' ') != NULL)
        return refuse_relay(text, err);
    char *mechanism = arena_printf(arena, "%.*s", (int)len, text);
    if (strcmp(mechanism, "ip4") == 0)
        return read_network(arena, rest, AF_INET, ret, err);
    if (strcmp(mechanism, "ip6") == 0)
        return read_network(arena, rest, AF_INET6, ret, err);
    if (strcmp(mechanism, "a") == 0 || strcmp(mechanism, "mx") == 0)
        return read_hosts(arena, mechanism, rest, ret, err);
    if (strcmp(mechanism, "include") != 0 && strcmp(mechanism, "exists") != 0)
        return refuse_relay(text, err);
    char *name;
    enum status status = read_domain_spec(arena, rest, &name, err);
    if (status == STATUS_OK)
        *ret = arena_printf(arena, "%s:%s", mechanism, name);
    return status;
}

// ── Reports ──────────────────────────────────────────────────────────────────────────────────────

// RFC 5322 §3.2.3 atext and dots: what needs quotes is no address for reports.
static bool is_local_part(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!value_is_alphanumeric(text[i]) && strchr("!#$%&'*+-/=?^_`{|}~.", text[i]) == NULL)
            return false;
    return len > 0 && len <= 64;
}

static enum status read_mailbox(struct arena *arena, const char *text, char **ret,
                                struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    const char *at = strrchr(text, '@');
    size_t len = at != NULL ? (size_t)(at - text) : 0;
    if (at == NULL || !is_local_part(text, len))
        return error_set(err, STATUS_SYNTAX,
                         "%s is neither a mail address nor a URI; write one such as "
                         "reports@example.com",
                         value_quote(text, quoted));
    char *domain;
    enum status status = value_host_name(arena, at + 1, &domain, err);
    if (status == STATUS_OK)
        *ret = arena_printf(arena, "mailto:%.*s@%s", (int)len, text, domain);
    return status;
}

enum status value_report(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    value_quote(text, quoted);
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr(",;!", *at) != NULL)
            return error_set(err, STATUS_SYNTAX,
                             "%s has \"%c\" in it, which separates in the record; write %%%02X, or "
                             "each address as an item of its own",
                             quoted, *at, (unsigned)*at);
        if (*at == ' ' || *at == '"' || *at == '\\')
            return error_set(err, STATUS_SYNTAX,
                             "%s has \"%c\" in it; write an address or URI without it", quoted,
                             *at);
    }
    if (strncasecmp(text, "mailto:", 7) == 0)
        return read_mailbox(arena, text + 7, ret, err);
    bool is_web = strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0;
    if (!is_web)
        return read_mailbox(arena, text, ret, err);
    const char *host = strchr(text, '/') + 2;
    if (!value_is_ascii(text) || host[strcspn(host, "/?#")] == host[0])
        return error_set(err, STATUS_SYNTAX, "%s is no URI; write one such as %s", quoted,
                         "https://reports.example.com/tls");
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

// ── Certificates ─────────────────────────────────────────────────────────────────────────────────

enum status value_issuer(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    if (strchr(text, ';') != NULL)
        return error_set(err, STATUS_SYNTAX,
                         "%s has a parameter; write the CA's domain here, and the parameters under "
                         "`accounts` and `methods`",
                         value_quote(text, quoted));
    return value_host_name(arena, text, ret, err);
}

enum status value_account(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    bool fine = strncmp(text, "https://", 8) == 0 && text[8] != '\0' && strlen(text) <= 200;
    for (const char *at = text; fine && *at != '\0'; at++)
        fine = *at > ' ' && *at < 0x7f && strchr(";\"\\", *at) == NULL;
    if (!fine)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no URI of an account; write it as the CA gave it, https://…",
                         value_quote(text, quoted));
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

enum status value_method(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    size_t len = strlen(text);
    bool fine = len > 0 && len <= 63;
    for (size_t i = 0; fine && i < len; i++)
        fine = value_is_alphanumeric(text[i]) || text[i] == '-';
    if (!fine)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no method of validation; write one such as http-01, dns-01 or "
                         "tls-alpn-01",
                         value_quote(text, quoted));
    *ret = arena_text(arena, text);
    return STATUS_OK;
}

// ── Services ─────────────────────────────────────────────────────────────────────────────────────

static const struct {
    const char *name;
    uint32_t port;
} services[] = {
    {"submissions", 465},  {"submission", 587}, {"imaps", 993},  {"imap", 143},
    {"pop3s", 995},        {"pop3", 110},       {"sieve", 4190}, {"caldavs", 443},
    {"caldav", 80},        {"carddavs", 443},   {"carddav", 80}, {"jmap", 443},
    {"autodiscover", 443},
};

uint32_t value_service_port(const char *name)
{
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
        if (strcmp(services[i].name, name) == 0)
            return services[i].port;
    return 0;
}

enum status value_service(struct arena *arena, const char *text, char **ret, struct error *err)
{
    char quoted[VALUE_QUOTE_MAX];
    size_t len = strlen(text);
    if (text[0] == '_')
        return error_set(err, STATUS_SYNTAX, "%s begins with \"_\"; write the name without it",
                         value_quote(text, quoted));
    bool fine = len > 0 && len <= 15 && text[0] != '-' && text[len - 1] != '-';
    for (size_t i = 0; fine && i < len; i++)
        fine = value_is_alphanumeric(text[i]) || text[i] == '-';
    if (!fine)
        return error_set(err, STATUS_SYNTAX,
                         "%s is no name of a service; write one such as imaps (at most 15 letters, "
                         "digits and hyphens)",
                         value_quote(text, quoted));
    char *name = arena_text(arena, text);
    for (size_t i = 0; i < len; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
    *ret = name;
    return STATUS_OK;
}
