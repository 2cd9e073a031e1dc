// SPDX-License-Identifier: ISC
// What must hold of a domain, and between domains.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "config/check.h"

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

// Sorted by name; the order of the files among equals.
struct names {
    const struct config_domain **list;
    size_t count;
};

static int compare_domains(const void *left, const void *right)
{
    const struct config_domain *a = *(const struct config_domain *const *)left;
    const struct config_domain *b = *(const struct config_domain *const *)right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a > b) - (a < b);
}

static struct names sort_names(const struct config *config)
{
    struct names names = {xcalloc(config->domain_count, sizeof(struct config_domain *)), 0};
    for (size_t i = 0; i < config->domain_count; i++)
        if (config->domains[i].name != NULL)
            names.list[names.count++] = &config->domains[i];
    if (names.count > 0)
        qsort(names.list, names.count, sizeof(struct config_domain *), compare_domains);
    return names;
}

static int compare_name(const void *key, const void *element)
{
    return strcmp(key, (*(const struct config_domain *const *)element)->name);
}

static const struct config_domain *find_name(const struct names *names, const char *name)
{
    const struct config_domain *const *found =
        bsearch(name, names->list, names->count, sizeof(struct config_domain *), compare_name);
    return found != NULL ? *found : NULL;
}

static void check_once(const struct reader *reader, const struct names *names)
{
    const struct config *config = reader->config;
    for (size_t i = 1, first = 0; i < names->count; i++) {
        const struct config_domain *domain = names->list[i], *before = names->list[first];
        if (strcmp(domain->name, before->name) != 0)
            first = i;
        else if (domain->place.file == before->place.file)
            reader_complain(reader, domain->place, "domains",
                            "%s is listed twice, first in line %u; remove one", domain->name,
                            before->place.line);
        else
            reader_complain(reader, domain->place, "domains",
                            "%s is listed twice, first in %s:%u; remove one", domain->name,
                            config->files[before->place.file].path, before->place.line);
    }
}

static bool is_at_or_below(const char *name, const char *parent)
{
    size_t len = strlen(name), parent_len = strlen(parent);
    return len >= parent_len && strcmp(name + len - parent_len, parent) == 0 &&
           (len == parent_len || name[len - parent_len - 1] == '.');
}

bool check_is_reverse(const char *name)
{
    return is_at_or_below(name, "in-addr.arpa") || is_at_or_below(name, "ip6.arpa");
}

// ── Names that are made below ────────────────────────────────────────────────────────────────────

// The longest name that is made below a mail domain, as octets before it, and what for.
static size_t longest_label(const struct config *config, const struct config_domain *domain,
                            const char **ret_what)
{
    const char *prefix = config->box.dkim_selector;
    size_t selector = (prefix != NULL ? strlen(prefix) + 1 : 0) + strlen("ed25519-20260101-9");
    size_t dkim = domain->dkim ? selector + strlen("._domainkey.") : 0;
    size_t least = strlen("autodiscover.");
    size_t service = 0;
    for (size_t i = 0; i < domain->mail->service_count; i++) {
        const char *name = domain->mail->services[i].name;
        size_t len = name != NULL ? strlen("_._tcp.") + strlen(name) : 0;
        service = len > service ? len : service;
    }
    *ret_what = dkim >= service ? "DKIM" : "SRV";
    size_t longest = dkim >= service ? dkim : service;
    if (longest < least)
        *ret_what = "autodiscover";
    return longest < least ? least : longest;
}

static void check_length(const struct reader *reader, const struct config_domain *domain)
{
    const char *what;
    size_t longest = strlen(domain->name) + longest_label(reader->config, domain, &what);
    if (longest > NAME_MAX_OCTETS)
        reader_complain(reader, domain->place, "domains.name",
                        "%s is too long: the name of its %s record would have %zu octets; at most "
                        "253 are possible",
                        domain->name, what, longest);
}

// ── One domain ───────────────────────────────────────────────────────────────────────────────────

static bool is_own_mail(const struct reader *reader, const struct config_domain *domain)
{
    return domain->mail != &reader->config->box.mail ||
           (domain->dkim_place.line != 0 && domain->dkim);
}

// What was asked for and is generated only; an option with which nothing is made does no harm.
static const char *generated_option(const struct config_domain *domain)
{
    if (domain->address_count > 0)
        return "addresses";
    if (domain->www && domain->www_place.line != 0)
        return "www";
    return domain->caa.given && !domain->caa.none ? "caa" : NULL;
}

// A zone file is complete: what would be generated has no place beside it.
static void check_zone_file(const struct reader *reader, const struct config_domain *domain)
{
    if (domain->record_count > 0 || domain->records_file != NULL)
        reader_complain(reader, domain->zone_file_place, "domains.zone-file",
                        "%s has custom records besides, and a zone file is complete; write the "
                        "records there",
                        domain->name);
    const char *option = generated_option(domain);
    if (option != NULL)
        reader_complain(reader, domain->zone_file_place, "domains.zone-file",
                        "%s has `%s` besides, and a zone file is complete; write the records "
                        "there",
                        domain->name, option);
    if (is_own_mail(reader, domain))
        reader_complain(reader, domain->zone_file_place, "domains.zone-file",
                        "%s has options of mail besides, and a zone file is complete; take them "
                        "out, or the zone file",
                        domain->name);
    if (domain->in_parent)
        reader_complain(reader, domain->in_parent_place, "domains.zone",
                        "%s has a zone file and so a zone of its own; write `zone: own`, or "
                        "`records-file` for a part of the parent",
                        domain->name);
}

static void check_without_mail(const struct reader *reader, const struct config_domain *domain)
{
    if (is_own_mail(reader, domain))
        reader_complain(reader, domain->has_mail_place, "domains.mail",
                        "%s has no mail and says how its mail is handled; take one of them out",
                        domain->name);
}

static void check_with_mail(const struct reader *reader, const struct config_domain *domain)
{
    if (check_is_reverse(domain->name))
        reader_complain(reader, domain->has_mail_place, "domains.mail",
                        "%s is of addresses, which have no mail; write `mail: no`", domain->name);
    else if (strchr(domain->name, '_') != NULL)
        reader_complain(reader, domain->place, "domains.name",
                        "%s has \"_\" in it, which no mail domain has; only a zone with "
                        "`zone-file: FILE` or `mail: no` may",
                        domain->name);
    else
        check_length(reader, domain);
}

// With addresses of its own that are none of the box's, a server below the host name is another machine.
static bool is_this_box(const struct config_box *box, const struct config_nameserver *server)
{
    if (!is_at_or_below(server->name, box->hostname))
        return false;
    for (size_t i = 0; i < server->address_count; i++)
        for (size_t k = 0; k < box->address_count; k++)
            if (address_equal(&server->addresses[i].address, &box->addresses[k].address))
                return true;
    return server->address_count == 0;
}

static void check_hidden(const struct reader *reader, const struct config_domain *domain)
{
    const struct config_box *box = &reader->config->box;
    bool own = domain->nameserver_count > 0;
    const struct config_nameserver *servers = own ? domain->nameservers : box->nameservers;
    size_t count = own ? domain->nameserver_count : box->nameserver_count;
    for (size_t i = 0; i < count; i++)
        if (servers[i].name == NULL || box->hostname == NULL || // wrong, and said
            !is_this_box(box, &servers[i]))
            return;
    reader_complain(reader, domain->mode_place, "domains.mode",
                    "%s would be served by nobody: all its name servers are this box; write "
                    "`nameservers:` with those that serve it",
                    domain->name);
}

static void check_domain(const struct reader *reader, const struct config_domain *domain)
{
    if (domain->dnssec == CONFIG_DNSSEC_PRESIGNED && domain->zone_file == NULL)
        reader_complain(reader, domain->place, "domains.dnssec",
                        "%s is to be presigned and has no zone file; write `zone-file: FILE`, or "
                        "`dnssec: yes` to have it signed here",
                        domain->name);
    if (domain->mode == CONFIG_HIDDEN_PRIMARY)
        check_hidden(reader, domain);
    if (domain->www && domain->www_place.line != 0 && domain->no_addresses)
        reader_complain(reader, domain->www_place, "domains.www",
                        "%s has no addresses that www could have; write `addresses:`, or take www "
                        "out",
                        domain->name);
    if (domain->zone_file != NULL)
        check_zone_file(reader, domain);
    else if (domain->has_mail)
        check_with_mail(reader, domain);
    else
        check_without_mail(reader, domain);
}

// ── Zones of others ──────────────────────────────────────────────────────────────────────────────

// The nearest listed domain above that has a zone of its own, or NULL.
static const struct config_domain *zone_above(const struct names *names, const char *name)
{
    while ((name = strchr(name, '.')) != NULL) {
        const struct config_domain *above = find_name(names, ++name);
        if (above != NULL && !above->in_parent)
            return above;
    }
    return NULL;
}

// What a zone has and not a domain inside one.
static const char *zone_option(const struct config_domain *domain)
{
    if (domain->nameserver_count > 0)
        return "nameservers";
    if (domain->mode != CONFIG_AUTHORITATIVE)
        return "mode";
    return domain->dnssec_place.line != 0 ? "dnssec" : NULL;
}

static void check_parent(const struct reader *reader, const struct names *names,
                         const struct config_domain *domain)
{
    const struct config_domain *above = zone_above(names, domain->name);
    const char *option = zone_option(domain);
    if (above == NULL)
        reader_complain(reader, domain->in_parent_place, "domains.zone",
                        "no domain above %s is listed; list it, or leave the option out for a zone "
                        "of its own",
                        domain->name);
    else if (above->zone_file != NULL)
        reader_complain(reader, domain->in_parent_place, "domains.zone",
                        "the zone of %s is a zone file, into which nothing is put; leave the "
                        "option out for a zone of its own",
                        above->name);
    else if (option != NULL)
        reader_complain(reader, domain->in_parent_place, "domains.zone",
                        "%s has no zone of its own, and `%s` is a zone's; write it at %s",
                        domain->name, option, above->name);
}

void check_domains(const struct reader *reader)
{
    const struct config *config = reader->config;
    struct names names = sort_names(config);
    check_once(reader, &names);
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        if (domain->name == NULL)
            continue;
        check_domain(reader, domain);
        if (domain->in_parent && domain->zone_file == NULL)
            check_parent(reader, &names, domain);
    }
    free(names.list);
}
